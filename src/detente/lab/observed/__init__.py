"""What was measured, 1953–1964: series that the model is scored against, never fed with.

Each series is one small CSV (a row a year or month, a column a model series) and one table of `catalogue.toml`.
Growth and refugees are not here: they answer Shocks, and stand in the scenario's `shocks.toml`.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

HOME = Path(__file__).parent
YEARS = range(1953, 1965)


@dataclass(frozen=True)
class Entry:
    """One published series as cut for scoring: what it means, whose it is, how it was made."""

    name: str
    title: dict[str, str]
    unit: str
    frequency: Literal["year", "month"]
    actors: tuple[str, ...]
    producer: str
    licence: str
    sources: tuple[str, ...]
    input: str
    derivation: str
    model_series: tuple[str, ...]
    absent: Literal["zero", "gap"]
    note: dict[str, str]

    @property
    def path(self) -> Path:
        """Where the series lies."""
        return HOME / f"{self.name}.csv"

    @property
    def periods(self) -> tuple[str, ...]:
        """The rows, in order: `1953` … or `1953-01` …."""
        if self.frequency == "year":
            return tuple(str(year) for year in YEARS)
        return tuple(f"{year}-{month:02d}" for year in YEARS for month in range(1, 13))


def catalogue() -> dict[str, Entry]:
    """Every observed series by name."""
    tables = tomllib.loads((HOME / "catalogue.toml").read_text(encoding="utf-8"))["series"]
    return {name: _entry(name, table) for name, table in tables.items()}


def _entry(name: str, table: dict[str, Any]) -> Entry:
    frozen: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Entry(name=name, **frozen)


def read(entry: Entry) -> dict[str, dict[str, float]]:
    """Model series → period → observed value; what nobody measured is left out."""
    with entry.path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        series: {row[entry.frequency]: float(row[series]) for row in rows if row[series]}
        for series in entry.model_series
    }
