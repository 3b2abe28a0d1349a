"""Alignment as a landscape: which two camps a set of states falls into when each drifts to lower energy.

A configuration puts every state on one of two sides; its energy is the sum over ordered pairs of
size × size × propensity × distance, the distance 1 across the sides and 0 within one. A configuration is stable when
no single state lowers the energy by changing sides. The mirror image of a configuration is the same configuration, so
n states have 2^(n−1).

Source: R. Axelrod and D. S. Bennett, "A Landscape Theory of Aggregation", British Journal of Political Science 23(2),
1993.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detente.lab.observed import tables

Floats = NDArray[np.float64]
Sides = NDArray[np.bool_]
MOST = 24
"""States beyond which not every configuration is visited: 2^23 energies are 64 MB."""


class Stable(NamedTuple):
    """A stable configuration: who stands apart from the first state, its energy, how many configurations end in it."""

    apart: tuple[int, ...]
    energy: float
    basin: int


@dataclass(frozen=True)
class Landscape:
    """Energies of all configurations, and where each one ends.

    `energy[c]` and `ends[c]` belong to configuration c: bit i set means that state i + 1 stands apart from state 0.
    """

    energy: Floats
    ends: NDArray[np.int64]
    switches: Floats

    def minima(self, *, strict: bool = False, tie: float = 1e-9) -> NDArray[np.int64]:
        """Configurations that no switch improves; if `strict`, those that every switch makes worse."""
        bar = tie if strict else -tie
        return np.flatnonzero(np.all(self.switches > bar, axis=1))

    def stable(self) -> list[Stable]:
        """Where descents end, the lowest energy first, with the size of each basin."""
        ends, basins = np.unique(self.ends, return_counts=True)
        found = [Stable(members(int(c)), float(self.energy[c]), int(n)) for c, n in zip(ends, basins, strict=True)]
        return sorted(found, key=lambda state: state.energy)


def members(configuration: int) -> tuple[int, ...]:
    """Positions of the states that stand apart from the first."""
    return tuple(i + 1 for i in range(configuration.bit_length()) if configuration >> i & 1)


def axelrod_bennett1993(sizes: ArrayLike, propensity: ArrayLike) -> Landscape:
    """Every configuration's energy, and its end under steepest descent by single switches.

    Parameters
    ----------
    sizes
        What a state weighs, positive, shape [state].
    propensity
        How far each pair is drawn together (positive) or driven apart, shape [state, state] or one number for all.
        The diagonal does not count.

    Raises
    ------
    ValueError
        With fewer than two or more than 24 states, or shapes that do not fit.
    """
    s = np.asarray(sizes, dtype=np.float64)
    if s.ndim != 1 or not 2 <= s.size <= MOST:
        raise ValueError(f"sizes: give between 2 and {MOST} states; with more, not every configuration can be visited.")
    try:
        p = np.broadcast_to(np.asarray(propensity, dtype=np.float64), (s.size, s.size))
    except ValueError:
        raise ValueError(f"propensity: give one number or a {s.size} × {s.size} table, a row a state.") from None
    weight = np.outer(s, s) * p * (1 - np.eye(s.size))
    pull = weight + weight.T
    sides = configurations(s.size)
    spin = np.where(sides, -1.0, 1.0)
    near = spin * (spin @ pull)
    energy = (pull.sum() - near.sum(axis=1)) / 4
    steepest = np.argmin(near, axis=1)
    falls = np.take_along_axis(near, steepest[:, None], axis=1)[:, 0] < -1e-9
    return Landscape(energy, _descend(np.where(falls, _switch(steepest, s.size), np.arange(len(sides)))), near)


def configurations(states: int) -> Sides:
    """All 2^(states − 1) configurations, shape [configuration, state]; the first state never stands apart."""
    codes = np.arange(2 ** (states - 1))[:, None]
    return np.hstack([np.zeros_like(codes, dtype=bool), (codes >> np.arange(states - 1) & 1).astype(bool)])


def _switch(state: NDArray[np.intp], states: int) -> NDArray[np.int64]:
    """The configuration reached when a state switches; the first state's switch is everybody else's."""
    codes = np.arange(2 ** (states - 1))
    return np.where(state == 0, codes ^ (2 ** (states - 1) - 1), codes ^ (1 << np.maximum(state - 1, 0)))


def _descend(onward: NDArray[np.int64]) -> NDArray[np.int64]:
    """Follow every path to its end by doubling its steps; energy falls at each, so there is one."""
    while np.any(onward != (further := onward[onward])):
        onward = further
    return onward


def jittered(sizes: Sequence[float], rounding: float, draws: int, seed: int) -> NDArray[np.int64]:
    """Stable configurations in the all-rivals landscape when sizes are only known up to rounding: one count a draw."""
    random = np.random.default_rng(seed)
    noise = random.uniform(-rounding / 2, rounding / 2, size=(draws, len(sizes)))
    return np.array([len(axelrod_bennett1993(np.asarray(sizes) + d, -1.0).minima()) for d in noise])


@dataclass(frozen=True)
class State:
    """A European state of 1936: its share of world capability in per cent, and its side as predicted and as it was."""

    name: str
    size: float
    predicted: int
    actual: int | None


def europe1936() -> list[State]:
    """The seventeen states of Axelrod and Bennett's Table 1, with their first predicted configuration."""
    return [
        State(row["country"], float(row["size"]), int(row["predicted"]), int(row["actual"]) if row["actual"] else None)
        for row in tables.read("alignment1936")
    ]


def share_correct(states: Sequence[State]) -> float:
    """Share of size that the prediction puts on the right side; who stayed neutral counts as an error."""
    right = sum(s.size for s in states if s.predicted == s.actual)
    return right / sum(s.size for s in states)
