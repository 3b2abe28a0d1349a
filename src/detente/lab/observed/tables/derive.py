"""Rebuild the tables from the public files, byte for byte.

    python -m detente.lab.observed.tables.derive --data DIR [NAME …]

DIR (or DETENTE_DATA) holds the public files named under `inputs` in `tables.toml`. Without a name, all are rebuilt.
"""

from __future__ import annotations

import csv
import io
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from detente.lab.observed.derive import Recipe, rebuild
from detente.lab.observed.tables import HOME, catalogue

Row = Mapping[str, str]
Files = Mapping[str, Sequence[Row]]
"""Public file name → its rows."""
Line = Mapping[str, object]
Derivation = Callable[[Files], Iterable[Line]]

OUTCOMES = {"1": "victory", "2": "compromise", "3": "stalemate", "4": "defeat", "5": "other"}
VIOLENCE = {"1": "no_violence", "2": "minor", "3": "serious", "4": "war"}
ARSENALS = {"China": 710, "France": 220, "Israel": 666, "USSR/Russia": 365, "United Kingdom": 200, "United States": 2}
REGIONS = (200, 400, 630, 700)
"""First Correlates of War codes of Europe, Africa, the Middle East, Asia and Oceania; below them the Americas."""
MEMORY = 10
"""Years in which past disputes of a pair count, and a regime may be looked up."""
EXISTENCE = 6
"""The gravest value of the order; 7 is `other`."""


def crisis_rule() -> dict[str, Any]:
    """Who challenges whom, and how a crisis ends: fixed before any fit."""
    return tomllib.loads((HOME / "crises.toml").read_text(encoding="utf-8"))


def chosen(file: str, **columns: str) -> Derivation:
    """Some columns of one file under new names, numbers to six figures."""

    def lines(files: Files) -> Iterator[Line]:
        for row in files[file]:
            yield {name: short(row[column]) for name, column in columns.items()}

    return lines


def short(cell: str) -> str:
    """A number to six figures; a word as it is; nothing for what is missing or neutral."""
    try:
        return f"{float(cell):.6g}"
    except ValueError:
        return "" if cell in ("NA", "neutral") else cell


def icb_outcomes(files: Files) -> Iterator[Line]:
    """How crises ended for their actors, and how violent they were, year by year."""
    actors = Counter((row["actor_trigger_date"][:4], row["outcom"]) for row in files["icb_v14_actors_1945_1991.csv"])
    crises = Counter((row["yrtrig"], row["viol"]) for row in files["icb_v14_crises_1945_1991.csv"])
    for year in sorted({year for year, _ in [*actors, *crises]}):
        yield {
            "year": year,
            **{name: actors[year, code] for code, name in OUTCOMES.items()},
            **{name: crises[year, code] for code, name in VIOLENCE.items()},
        }


def crises1945(files: Files) -> Iterator[Line]:
    """One line a crisis with a challenger, a defender and an ending."""
    rule, context = crisis_rule(), Context(files)
    for crisis in context.crises():
        defender = context.defender(crisis, rule)
        if defender is None:
            continue
        challenger = next((row for row in crisis if row["cracid"] == defender["trigent"]), None)
        if ending := ending_of(defender, challenger, rule["ending"]):
            yield context.line(defender, ending)


def ending_of(defender: Row, challenger: Row | None, rule: Mapping[str, Any]) -> str | None:
    """War if either saw one; else what the defender's outcome says, save where both won or both lost."""
    if any(int(side["viol"]) >= rule["war_from"] for side in (defender, challenger) if side):
        return "war"
    both = f"{defender['outcom']},{challenger['outcom']}" if challenger else ""
    found: str | None = rule["of_both"].get(both) or rule["of_defender"].get(defender["outcom"])
    return found


class Context:
    """What the public files say about states and pairs, by code and year."""

    def __init__(self, files: Files) -> None:
        self.actors = files["icb_v14_actors_1945_1991.csv"]
        self.power = {
            (int(row["ccode"]), int(row["year"])): float(row["cinc"])
            for row in files["cow_nmc_v6_1945_1991.csv"]
            if row["cinc"]
        }
        self.wars = {
            (frozenset((int(row["ccode1"]), int(row["ccode2"]))), int(row["year"]))
            for row in files["cow_interstate_war_dyadyear_1945_1991.csv"]
        }
        self.disputes = Counter(
            (frozenset((int(row["ccode1"]), int(row["ccode2"]))), int(row["year"]))
            for row in files["gml_mid_221_dyadyear_all_1945_1991.csv"]
            if row["onset_year"] == "1"
        )
        self.armed = {
            (ARSENALS[row["country"]], int(row["year"]))
            for row in files["nuclear_warhead_stockpiles_fas_1945_1991.csv"]
            if row["country"] in ARSENALS and float(row["warheads_stockpile"] or 0) > 0
        }

    def crises(self) -> Iterator[list[Row]]:
        """The actors of each crisis in the order of their triggers."""
        for number in dict.fromkeys(row["crisno"] for row in self.actors):
            yield sorted(
                (row for row in self.actors if row["crisno"] == number), key=lambda row: row["actor_trigger_date"]
            )

    def defender(self, crisis: Sequence[Row], rule: Mapping[str, Any]) -> Row | None:
        """The first actor that a single state challenged, of one day the strongest; None where there is no pair."""
        challenged = [
            row
            for row in crisis
            if int(row["trigent"]) < rule["pair"]["no_state_from"] and row["trigent"] != row["cracid"]
        ]
        if not challenged:
            return None
        first = min(
            challenged,
            key=lambda row: (row["actor_trigger_date"], -self.power.get((int(row["cracid"]), year(row)), 0.0)),
        )
        sides = int(first["cracid"]), int(first["trigent"])
        known = all((side, year(first)) in self.power for side in sides)
        inside = rule["window"]["from"] <= first["actor_trigger_date"] <= rule["window"]["until"]
        fighting = (frozenset(sides), year(first) - 1) in self.wars
        return first if known and inside and not fighting else None

    def democracy(self, state: int, when: int) -> str:
        """ICB's word on a state's regime, from the record of it nearest in time."""
        own = [(abs(year(row) - when), row["regime"]) for row in self.actors if int(row["cracid"]) == state]
        gap, regime = min(own, default=(MEMORY + 1, ""))
        return str(int(regime == "1")) if gap <= MEMORY else ""

    def line(self, row: Row, ending: str) -> Line:
        """One crisis as the columns of crises.toml say."""
        challenger, defender, now = int(row["trigent"]), int(row["cracid"]), year(row)
        pair = frozenset((challenger, defender))
        return {
            "crisis": row["crisno"],
            "name": row["crisname"],
            "date": row["actor_trigger_date"],
            "challenger": challenger,
            "defender": defender,
            "ending": ending,
            "power_challenger": f"{self.power[challenger, now]:.6g}",
            "power_defender": f"{self.power[defender, now]:.6g}",
            "nuclear_challenger": int((challenger, now - 1) in self.armed),
            "nuclear_defender": int((defender, now - 1) in self.armed),
            "democracy_challenger": self.democracy(challenger, now),
            "democracy_defender": int(row["regime"] == "1"),
            "allied_defender": int(row["allycap"] in ("3", "4")),
            "stake": row["gravty"] if int(row["gravty"]) <= EXISTENCE else "",
            "disputes": sum(self.disputes[pair, past] for past in range(now - MEMORY, now)),
            "trigger_military": int(row["triggr"] == "7"),
            "trigger_violent": int(row["triggr"] in ("8", "9")),
            "same_region": int(region(challenger) == region(defender)),
        }


def year(row: Row) -> int:
    """The year in which an actor's crisis was triggered."""
    return int(row["actor_trigger_date"][:4])


def region(state: int) -> int:
    """The region of a Correlates of War code."""
    return sum(state >= first for first in REGIONS)


DERIVATIONS: dict[str, Derivation] = {
    "alignment1936": chosen(
        "formal/axelrod_bennett_1936_sizes.csv",
        country="country",
        size="size_pct_world_1936",
        predicted="config1_side",
        actual="actual_side_wwii",
    ),
    "icb_outcomes": icb_outcomes,
    "crises1945": crises1945,
    "war1800": chosen(
        "formal/war1800.csv",
        **{name: name for name in "year sq capit war s_wt_re1 revis1 balanc regime1 regime2".split()},
    ),
    "ultimatum2010": chosen(
        "formal/ultimatum2010.csv", **{name: name for name in "offer accept gender1 gender2".split()}
    ),
}


def table(name: str, data: Path) -> str:
    """A table as CSV text."""
    files: dict[str, list[dict[str, str]]] = {}
    for source in catalogue()[name].inputs:
        with (data / source).open(encoding="utf-8", newline="") as file:
            files[source] = list(csv.DictReader(file))
    lines = list(DERIVATIONS[name](files))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def main(argv: list[str] | None = None) -> int:
    """Rebuild the named tables, or all."""
    recipes = {name: Recipe(entry.inputs, entry.path, partial(table, name)) for name, entry in catalogue().items()}
    return rebuild("python -m detente.lab.observed.tables.derive", __doc__, recipes, argv)


if __name__ == "__main__":
    sys.exit(main())
