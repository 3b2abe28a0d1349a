"""The measured series that answer Shocks: the values of the scenario's `shocks.toml`, printed and never written.

    python -m detente.lab.observed.luck --data DIR

They are scored as Shocks only. No dataset used here feeds a series of `catalogue.toml`.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from detente.lab.observed import YEARS
from detente.lab.observed.derive import COW

Row = Mapping[str, str]
Values = dict[str, dict[int, float]]
"""Shock → year → value."""

MADDISON = "maddison_2020_key_1945_1991.csv"
ANDERS = "gdp_population_fariss_anders_1945_1991.csv"
REFUGEES = "gdr_refugees_to_frg_1949_1962.csv"
DIVIDED = ("frg", "gdr", "north-korea")
"""Actors that Maddison does not tell apart, or hardly follows: their growth is from Anders, Fariss and Markowitz."""
OPEN_BORDER = range(1953, 1962)
"""Years in which the table of refugees counts those who fled, not those let go as well."""


def growth(rows: Iterable[Row]) -> Values:
    """Growth of output in per cent, as the Maddison Project's output implies."""
    values: Values = {}
    for row in rows:
        actor = COW.get(row["ccode"])
        if actor and actor not in DIVIDED and int(row["year"]) in YEARS and row["gdp_growth_pct"]:
            values.setdefault(f"growth.{actor}", {})[int(row["year"])] = round(float(row["gdp_growth_pct"]), 1)
    return values


def growth_of_the_divided(rows: Iterable[Row]) -> Values:
    """Growth of output in per cent of the Germanies and North Korea, from the levels of two years."""
    levels = {
        (COW[row["ccode"]], int(row["year"])): float(row["anders_gdp_2011usd"])
        for row in rows
        if COW.get(row["ccode"]) in DIVIDED and row["anders_gdp_2011usd"]
    }
    return {
        f"growth.{actor}": {
            year: round(100 * (levels[actor, year] / levels[actor, year - 1] - 1), 1)
            for year in YEARS
            if {(actor, year), (actor, year - 1)} <= set(levels)
        }
        for actor in DIVIDED
        if any(name == actor for name, _ in levels)
    }


def refugees(rows: Iterable[Row]) -> Values:
    """Thousands who fled the GDR for the West while the border was open."""
    counted = {int(row["year"]): float(row["refugees_thousands"]) for row in rows}
    return {"refugees.gdr": {year: counted[year] for year in OPEN_BORDER if year in counted}}


def values(data: Path) -> Values:
    """Every observed Shock that the public files give."""
    return (
        growth(_rows(data / MADDISON)) | growth_of_the_divided(_rows(data / ANDERS)) | refugees(_rows(data / REFUGEES))
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main(argv: list[str] | None = None) -> int:
    """Print the values as they stand in `shocks.toml`."""
    parser = argparse.ArgumentParser(prog="python -m detente.lab.observed.luck", description=__doc__)
    parser.add_argument("--data", default=os.environ.get("DETENTE_DATA"), help="folder of the public files")
    data = parser.parse_args(argv).data
    if not data or not all((Path(data) / name).is_file() for name in (MADDISON, ANDERS, REFUGEES)):
        parser.error(f"give --data DIR or set DETENTE_DATA: a folder with {MADDISON}, {ANDERS} and {REFUGEES}")
    for name, series in values(Path(data)).items():
        listed = ", ".join(f"{year} = {value:.1f}" for year, value in series.items())
        sys.stdout.write(f'[shock."{name}"]\nvalues = {{ {listed} }}\n')
    return 0


if __name__ == "__main__":
    sys.exit(main())
