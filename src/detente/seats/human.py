"""A person as a seat: no function, but the questions that are put to it, what may be answered, and what silence means.

In the ladder a person moves one move at a time. How the other side answers when it is on autopilot, whether an offer is
taken, and whether the ladder slips into war follow from the solved ladder: the probability of a play is that of all
lines that go on so, over that of all lines that come this far.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.answers import consent_rows
from detente.ladder.tree import LINES, MOVES, PLAYS, Line, mover
from detente.nature import secret_pairs
from detente.scenario import ANSWERS
from detente.structure import Structure

KINDS = ("consent", "meeting", "deadline", "discovery")
"""Forced Decisions that are put in the stage of answers."""
OPTIONS = {"consent": ("accept", "refuse"), **ANSWERS}
"""What may be answered to each kind, in the order of the kernel."""
SILENCE = {"consent": 1, "meeting": 1, "deadline": 2, "discovery": 0}
"""The default of each kind: refuse, stay away, drop, accept the fact."""
HOLD, TAKEN, REFUSED, WAR, ON = "hold", "accept", "refuse", "war", "on"
"""A person's silence on the ladder; answers to an offer; what the ladder may do of its own accord."""
REPLIES = (TAKEN, REFUSED)


class Question(NamedTuple):
    """A forced Decision put to one seat."""

    kind: str
    place: int  # its place in the kernel's batch
    seat: str
    options: tuple[str, ...]
    default: str

    @property
    def id(self) -> str:
        """The address of the question within its month."""
        return f"{self.kind}:{self.place}"


def asked_of(st: Structure, kind: str, index: int, demand: NDArray[np.floating]) -> str:
    """Which seat answers a forced Decision; demand: standing demands by issue and side [I, 2]."""
    if kind == "consent":
        return st.deciders[st.row_target_dec[consent_rows(st)[index]]]
    if kind == "meeting":
        side, issue = divmod(index, len(st.issues))
        return st.deciders[st.principals[issue, side]]
    if kind == "deadline":
        issue = int(st.showdown[index])
        return st.deciders[st.principals[issue, 0 if demand[issue, 0] > 0 else 1]]
    author = secret_pairs(st)[0][index]
    return st.deciders[st.cen_dec[st.rival_centre[author]]]


def questions(
    st: Structure, asked: dict[str, NDArray[np.floating]], demand: NDArray[np.floating]
) -> tuple[Question, ...]:
    """The forced Decisions of a month, asked: kind → 0/1 by place."""
    return tuple(
        Question(kind, int(index), asked_of(st, kind, int(index), demand), OPTIONS[kind], OPTIONS[kind][SILENCE[kind]])
        for kind in KINDS
        for index in np.flatnonzero(np.asarray(asked[kind]) > 0)
    )


# ---- the ladder, move by move ----
class Turn(NamedTuple):
    """Where a ladder stands: what is due next."""

    who: str  # challenger, defender, chance, or "" when it is over
    options: tuple[str, ...]
    line: int  # the line it has run, a place in LINES; -1 while it is not over


def _steps(line: Line) -> tuple[str, ...]:
    """A line as everything that was decided on its way: plays, answers to offers, and what chance did."""
    out: list[str] = []
    for n, play in enumerate(line.plays):
        last = n == len(line.plays) - 1
        out.append(play)
        if play == "back-down":
            break
        if play == "offer":
            if last and line.end == "settled":
                out.append(TAKEN)
                break
            out.append(REFUSED)
        out.append(WAR if last and line.end == "war" else ON)
    return tuple(out)


STEPS = tuple(_steps(line) for line in LINES)
"""Every line of the ladder, step by step; no line begins another."""


def turn(path: Sequence[str]) -> Turn:
    """What is due after these steps."""
    here = tuple(path)
    if here in STEPS:
        return Turn("", (), STEPS.index(here))
    move = sum(step in PLAYS for step in here)
    sides = ("challenger", "defender")
    if not here or here[-1] == ON:
        return Turn(sides[mover(move)], PLAYS, -1)
    if here[-1] == "offer":
        return Turn(sides[1 - mover(move - 1)], REPLIES, -1)
    return Turn("chance", (WAR, ON), -1)


def chances(log_line: NDArray[np.floating], path: Sequence[str], options: Sequence[str]) -> NDArray[np.float64]:
    """Probability of each option after these steps; log_line: log-probability of every line [LINES].

    Where the equilibrium never comes this far (a person did what nobody would), all options are alike.
    """
    whole = np.exp(np.asarray(log_line, np.float64))
    here = tuple(path)
    mass = np.array([sum(p for p, s in zip(whole, STEPS, strict=True) if _goes(s, (*here, o))) for o in options])
    total = mass.sum()
    return mass / total if total > 0 else np.full(len(mass), 1.0 / len(mass))


def _goes(steps: tuple[str, ...], start: tuple[str, ...]) -> bool:
    return steps[: len(start)] == start


def moves(path: Sequence[str]) -> int:
    """How many of the ladder's moves are made."""
    return min(sum(step in PLAYS for step in path), MOVES)
