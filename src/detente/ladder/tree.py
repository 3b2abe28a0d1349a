"""The tree of a ladder: who moves when, how rungs rise, and every way it can run, move by move.

The challenger has opened; the defender moves first, then in turn, four moves in a month. A mover presses (one rung
up), holds, offers a settlement, or backs down. An offer is accepted, which ends it, or refused, and the ladder goes on
as if the mover had held. After a press, a hold or a refused offer the ladder may slip into war of its own accord. What
has not ended after the last move is carried into the next month at its rung.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from detente.deeds import LADDER_ENDS

RUNGS = 6
MOVES = 4
PLAYS = ("press", "hold", "offer", "back-down")
ON = 3
"""Ways in which it goes on from a node: pressed, held, offer refused; node h has children 3h, 3h + 1, 3h + 2."""
TYPES = 2
"""Private types of a side: irresolute, resolute."""


class Line(NamedTuple):
    """One way a ladder can run: its plays in order, how it ends, and how often a side pressed."""

    plays: tuple[str, ...]
    end: str  # one of LADDER_ENDS
    climbed: int  # presses


def mover(move: int) -> int:
    """Which side moves: 1 the defender, 0 the challenger."""
    return 1 - move % 2


def climbed(depth: int) -> np.ndarray:
    """How often a side has pressed on the way to each node of a depth, [3 ** depth]."""
    count = np.zeros(1, dtype=int)
    for _ in range(depth):
        count = np.stack([count + 1, count, count], axis=-1).reshape(-1)
    return count


def _history(depth: int, node: int) -> tuple[str, ...]:
    out: list[str] = []
    for _ in range(depth):
        out.insert(0, PLAYS[node % ON])
        node //= ON
    return tuple(out)


def _lines() -> tuple[Line, ...]:
    out: list[Line] = []

    def put(depth: int, last: tuple[str, ...], end: str) -> None:
        presses = climbed(depth)
        out.extend(Line((*_history(depth, h), *last), end, int(presses[h])) for h in range(ON**depth))

    for depth in range(MOVES):
        put(depth, ("back-down",), LADDER_ENDS[0] if mover(depth) == 0 else LADDER_ENDS[1])
        put(depth, ("offer",), "settled")
        put(depth + 1, (), "war")
    put(MOVES, (), "hold")
    return tuple(out)


LINES = _lines()
"""Every way a ladder can run, in the order in which `quantal.solve` gives their probabilities."""
LINE_NAMES = tuple(f"{'.'.join(line.plays)}:{line.end}" for line in LINES)
LINE_END = np.array([LADDER_ENDS.index(line.end) for line in LINES])
"""How each line ends, a position in LADDER_ENDS."""
LINE_CLIMBED = np.array([line.climbed for line in LINES])


def typical(end: str, climbed: int) -> int:
    """The shortest line that ends so after so many presses: what stands for a crisis of which only the end is told."""
    fit = [n for n, line in enumerate(LINES) if line.end == end and line.climbed == climbed]
    return min(fit, key=lambda n: len(LINES[n].plays))
