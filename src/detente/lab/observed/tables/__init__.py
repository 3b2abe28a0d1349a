"""Tables cut from public files for estimates and checks: one CSV each, one entry in `tables.toml`.

Unlike the series beside them they reach beyond 1953–1964, or are no series at all.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOME = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """A table: what its rows are, whose data, under what terms, from which files, how it was made."""

    name: str
    rows: str
    producer: str
    licence: str
    citation: tuple[str, ...]
    inputs: tuple[str, ...]
    derivation: str
    note: str

    @property
    def path(self) -> Path:
        """Where the table lies."""
        return HOME / f"{self.name}.csv"


def catalogue() -> dict[str, Entry]:
    """Every table by name."""
    found: dict[str, Any] = tomllib.loads((HOME / "tables.toml").read_text(encoding="utf-8"))["table"]
    return {name: _entry(name, table) for name, table in found.items()}


def _entry(name: str, table: dict[str, Any]) -> Entry:
    frozen: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Entry(name=name, **frozen)


def read(name: str) -> list[dict[str, str]]:
    """The rows of a table, each cell as it is written."""
    with catalogue()[name].path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
