"""The cited numbers of exercises that no law needs: how long letters take, and what the public hears of."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from detente.scenario import Number, Scenario, Strict, _make, _read


class Rules(Strict):
    """`exercises/rules.toml` of a scenario."""

    letter_months: Number
    letter_moves: Number
    public_from: Number

    @property
    def lags(self) -> tuple[int, int]:
        """How long a letter takes: in months, and in moves of a crisis."""
        return int(self.letter_months.value), int(self.letter_moves.value)


@lru_cache(maxsize=4)
def _rules(root: str) -> Rules:
    place = Path(root)
    return _make(Rules, _read(place, place / "exercises" / "rules.toml"), "exercises/rules.toml", "rules")


def rules(scenario: Scenario) -> Rules:
    """The numbers of a scenario."""
    return _rules(scenario.root)
