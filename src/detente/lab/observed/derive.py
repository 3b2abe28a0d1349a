"""Rebuild the observed series from the public files, byte for byte.

    python -m detente.lab.observed.derive --data DIR [NAME …]

DIR (or DETENTE_DATA) holds the tidied public files named under `input` in `catalogue.toml`. Without a name, all
are rebuilt.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from detente.lab.observed import Entry, catalogue

Row = Mapping[str, str]
Cell = tuple[str, str, float]
"""Period, model series, value."""
Derivation = Callable[[Iterable[Row]], Iterator[Cell]]

COW = {
    "2": "usa", "40": "cuba", "200": "uk", "220": "france", "260": "frg", "265": "gdr", "290": "poland",
    "305": "austria", "310": "hungary", "315": "czechoslovakia", "339": "albania", "345": "yugoslavia",
    "355": "bulgaria", "360": "romania", "365": "ussr", "375": "finland", "640": "turkey", "651": "egypt",
    "710": "prc", "731": "north-korea", "750": "india", "850": "indonesia",
}  # fmt: skip
"""Correlates of War (and Gleditsch–Ward) country codes of our actors."""
NAMES = {
    "United States": "usa", "USSR/Russia": "ussr", "Russia": "ussr", "United Kingdom": "uk", "France": "france",
    "China": "prc", "West Germany": "frg", "Turkey": "turkey", "India": "india",
}  # fmt: skip
"""Names that the datasets without codes use for our actors."""
TESTERS = {"usa": "usa", "ussr": "ussr", "uk": "uk", "fr": "france", "prc": "prc"}
FEWEST_VOTES = 10
"""An ideal point that rests on fewer roll calls is no measurement."""


def yearly(series: str, who: str, column: str, actors: Mapping[str, str]) -> Derivation:
    """One column, a value for each actor and year."""

    def cells(rows: Iterable[Row]) -> Iterator[Cell]:
        for row in rows:
            if row[who] in actors and row[column]:
                yield row["year"], f"{series}.{actors[row[who]]}", float(row[column])

    return cells


def launchers(series: str, kind: str) -> Derivation:
    """Launchers of one kind with which each of the two powers reaches the other's capital."""

    def cells(rows: Iterable[Row]) -> Iterator[Cell]:
        for row in rows:
            if (row["ccode1"], row["ccode2"]) == ("2", "365"):
                yield row["year"], f"{series}.usa", float(row[f"{kind}1"])
                yield row["year"], f"{series}.ussr", float(row[f"{kind}2"])

    return cells


def tension(rows: Iterable[Row]) -> Iterator[Cell]:
    """Net conflict between the two powers: the deeds of both towards each other, hostile ones positive."""
    for row in rows:
        yield month(row), "tension_usa_ussr", -float(row["us2ussr"]) - float(row["ussr2us"])


def tests(rows: Iterable[Row]) -> Iterator[Cell]:
    """Nuclear explosions in a month."""
    for row in rows:
        yield month(row), f"tests.{TESTERS.get(row['country'], row['country'])}", float(row["n_tests"])


def military_burden(rows: Iterable[Row]) -> Iterator[Cell]:
    """Military spending as a share of output (the file gives per cent)."""
    for year, series, percent in yearly("milex", "entity", "milex_share_gdp_pct", NAMES)(rows):
        yield year, series, percent / 100


def un_ideal(rows: Iterable[Row]) -> Iterator[Cell]:
    """Position in the General Assembly's votes, where enough were cast to tell."""
    voted = (row for row in rows if int(row["n_votes"]) >= FEWEST_VOTES)
    return yearly("un_ideal", "ccode", "ideal_point", COW)(voted)


def crises(rows: Iterable[Row]) -> Iterator[Cell]:
    """A crisis begins in which Washington or Moscow is an actor."""
    for row in rows:
        if "1" in (row["usa_actor"], row["ussr_actor"]):
            yield row["trigger_date"][:7], "crises.month", 1


def removals(rows: Iterable[Row]) -> Iterator[Cell]:
    """A leader leaves office otherwise than by natural death."""
    for row in rows:
        if row["gw_ccode"] in COW and not row["exit"].startswith(("Natural Death", "Still in Office")):
            yield row["enddate"][:4], f"removals.{COW[row['gw_ccode']]}", 1


def trade_with_moscow(rows: Iterable[Row]) -> Iterator[Cell]:
    """Goods both ways between the USSR and a partner; a zero that only means silence is left out."""
    for row in rows:
        pair = {row["ccode1"], row["ccode2"]}
        flows = row["imports_of_1_from_2_musd"], row["imports_of_2_from_1_musd"]
        if "365" in pair and row["bloc_zero_suspect"] != "1" and all(flows):
            (partner,) = pair - {"365"}
            yield row["year"], f"trade_ussr.{COW.get(partner, partner)}", sum(map(float, flows))


DERIVATIONS: dict[str, Derivation] = {
    "tension": tension,
    "icbm": launchers("icbm", "land_launchers"),
    "bombers": launchers("bombers", "bombers"),
    "warheads": yearly("warheads", "country", "warheads_stockpile", NAMES),
    "tests": tests,
    "troops": yearly("troops", "ccode", "milper_k", COW),
    "milex": military_burden,
    "un_ideal": un_ideal,
    "crises": crises,
    "removals": removals,
    "trade_ussr": trade_with_moscow,
}


def month(row: Row) -> str:
    """The month of a row as YYYY-MM."""
    return f"{int(row['year'])}-{int(row['month']):02d}"


def table(entry: Entry, data: Path) -> str:
    """The series as CSV text: counts add up from zero, measurements stand alone or leave a gap."""
    counted = entry.absent == "zero"
    wanted = {(period, series): 0.0 for period in entry.periods for series in entry.model_series}
    found = dict(wanted) if counted else {}
    with (data / entry.input).open(encoding="utf-8", newline="") as file:
        for period, series, value in DERIVATIONS[entry.name](csv.DictReader(file)):
            if (period, series) not in wanted:
                continue
            if not counted and (period, series) in found:
                raise ValueError(f"{entry.input}: two values of {series} for {period}")
            found[period, series] = found.get((period, series), 0.0) + value
    lines = [[entry.frequency, *entry.model_series]]
    lines += [[p, *(text(found.get((p, series))) for series in entry.model_series)] for p in entry.periods]
    return "".join(",".join(line) + "\n" for line in lines)


def text(value: float | None) -> str:
    """Six figures at most, no negative zero, nothing for a gap."""
    return "" if value is None else f"{value + 0.0:.6g}"


class Recipe(NamedTuple):
    """How a file of ours is made: from which public files, where it lies, and its text."""

    inputs: Sequence[str]
    path: Path
    made: Callable[[Path], str]


def rebuild(prog: str, about: str | None, recipes: Mapping[str, Recipe], argv: list[str] | None) -> int:
    """The command: make the named files anew from a folder of public files, or all."""
    parser = argparse.ArgumentParser(prog=prog, description=about)
    parser.add_argument("--data", default=os.environ.get("DETENTE_DATA"), help="folder of the public files")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(recipes)}")
    asked = parser.parse_args(argv)
    if not asked.data or not Path(asked.data).is_dir():
        parser.error("no folder of public files: give --data DIR or set DETENTE_DATA")
    data, names = Path(asked.data), asked.names or list(recipes)
    if unknown := set(names) - set(recipes):
        parser.error(f"nothing is called {', '.join(sorted(unknown))}; there are {', '.join(recipes)}")
    if absent := [source for name in names for source in recipes[name].inputs if not (data / source).is_file()]:
        parser.error(f"{', '.join(absent)} is not in {data}")
    for name in names:
        recipes[name].path.write_text(recipes[name].made(data), encoding="utf-8", newline="\n")
    return 0


def main(argv: list[str] | None = None) -> int:
    """Rebuild the named series, or all."""
    recipes = {name: Recipe((entry.input,), entry.path, partial(table, entry)) for name, entry in catalogue().items()}
    return rebuild("python -m detente.lab.observed.derive", __doc__, recipes, argv)


if __name__ == "__main__":
    sys.exit(main())
