"""The fourth way to answer a month: what is filled in is read, and what is open is drawn as a seat of its own would.

One month of one world with people in it is one call of a compiled function. Answers that are known (a person's, or
those of a log) are passed in; every other is drawn with addressed luck, so that nothing which a person did not decide
depends on when or in which order this is called. Beside the next World come back all questions of the month: what was
allowed, who was asked, and what each answer was worth to whom it was put. With everything filled in it is a replay,
which decides nothing; with the record filled in, the record.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.decisions import Chance, Decision, Menu, Question, Shock, draw, draw_chance, draw_shock, draw_slot
from detente.drive import Utilities, drive, solving
from detente.laws import Laws
from detente.noise import WorldKeys
from detente.seats.record import Record
from detente.series import Series, read
from detente.structure import Structure
from detente.views import View
from detente.world import World

UNKNOWN = -2
"""An answer that is not filled in; -1 is `routine`, or that nobody was asked."""
LUCK = ("growth", "refugees")
"""Kinds of measured luck: answers that are numbers, not choices."""
DRAWN, MEAN = np.nan, np.inf
"""Measured luck that is not filled in: drawn, or held at the law's mean as `follow` does where nothing is recorded."""


class Answers(NamedTuple):
    """Everything that a month asks, [..., world]; UNKNOWN (for measured luck DRAWN) where it is not filled in."""

    rows: Array  # [SLOTS, D]
    nature: Array  # [E] 0/1
    succession: Array  # [D]
    consent: Array  # [B]
    meeting: Array  # [2 I]
    deadline: Array  # [K]
    discovery: Array  # [pair]
    ladder: Array  # [K] a place in `ladder.tree.LINES`
    growth: Array  # [A]
    refugees: Array  # [A]


class Asked(NamedTuple):
    """Which forced Decisions of a month were put, 0/1 [..., world]."""

    succession: Array  # [D]
    consent: Array  # [B]
    meeting: Array  # [2 I]
    deadline: Array  # [K]
    discovery: Array  # [pair]
    ladder: Array  # [K]


class Worth(NamedTuple):
    """What every answer was worth to whom it was put, in units of the choice noise, [..., world]."""

    rows: Array  # [N]
    consent: Array  # [B, 2]
    meeting: Array  # [2 I, 2]
    deadline: Array  # [K, 3]
    discovery: Array  # [pair, 4]
    showdown: Array  # [K, 2] opening a ladder, for the principal of each side, as it believes


class Crises(NamedTuple):
    """The ladders of a month before they are played, [K, world]."""

    challenger: Array  # +1 the changers, -1 the keepers
    start: Array  # rung
    line: Array  # [K, LINES, world] log-probability of each way of running
    residual: Array
    precision: Array


class Heard(NamedTuple):
    """One month: where it led with these answers, and what it asked."""

    world: World
    answers: Answers  # those that were used; -1 where a forced Decision was not put
    view: View  # what seats knew when they chose
    mask: Array  # [N, world] what the World allowed
    asked: Asked
    worth: Worth
    crises: Crises
    series: Array  # [series, world] of the World it led to


class _Ear:
    """Answers one month's questions, and keeps what they were."""

    def __init__(self, filled: Answers, keys: WorldKeys, laws: Laws, st: Structure, menu: Menu) -> None:
        self.filled, self.keys, self.menu = filled, keys, menu
        self.wish = Utilities(laws, st)
        self.used: dict[str, Any] = {"rows": []}
        self.asked: dict[str, Array] = {}
        self.worth: dict[str, Array] = {}
        self.view: Any = None
        self.mask: Any = None
        self.game: Any = None
        self.solved: dict[str, Array] = {}

    def __call__(self, question: Question) -> Array:
        if isinstance(question, Chance):
            told = self.filled.nature
            happened = jnp.where(told >= 0, told.astype(question.logit.dtype), draw_chance(question, self.keys))
            self.used["nature"] = happened.astype(jnp.int32)
            return happened
        if isinstance(question, Shock):
            return self.shock(question)
        return self.slot(question) if question.kind == "slot" else self.forced(question)

    def shock(self, question: Shock) -> Array:
        """Measured luck."""
        kind = question.names[0].split(".")[0]
        told = getattr(self.filled, kind)
        drawn = jnp.where(jnp.isposinf(told), question.mean, draw_shock(question, self.keys))
        self.used[kind] = jnp.where(jnp.isfinite(told), told, drawn)
        return self.used[kind]

    def slot(self, question: Decision) -> Array:
        """A slot of every seat."""
        if question.slot == 0:
            self.view, self.mask = question.view, question.mask
        own = draw_slot(self.menu, self.wish.valued(question, self.menu), self.keys, question.slot)
        told = self.filled.rows[question.slot]
        row = jnp.where(told == UNKNOWN, own, told)
        self.used["rows"].append(jnp.where(question.asked > 0, row, -1))
        return row

    def forced(self, question: Decision) -> Array:
        """A forced Decision."""
        kind, worth = question.kind, self.wish(question)
        told = getattr(self.filled, kind)
        answer = jnp.where(told >= 0, told, draw(question, worth, self.keys))
        self.asked[kind] = question.asked
        self.used[kind] = jnp.where(question.asked > 0, answer, -1)
        if kind == "ladder":
            self.game, self.solved = question.state, solving(question)
        elif kind != "succession":
            self.worth[kind] = worth
        return answer


def resume_month(
    world: World,
    filled: Answers,
    keys: WorldKeys,
    laws: Laws,
    st: Structure,
    menu: Menu,
    series: Series,
    when: Array,
) -> Heard:
    """One month with these answers filled in and all others drawn."""
    ear = _Ear(filled, keys, laws, st, menu)
    new = drive(world, laws, st, when, given=True, answer=ear)
    used = ear.used | {"rows": jnp.stack(ear.used["rows"])}
    ladders: Any = ear.wish.ladders
    rows: Any = ear.wish.rows
    return Heard(
        new,
        Answers(**used),
        ear.view,
        ear.mask,
        Asked(**ear.asked),
        Worth(rows=rows, showdown=ladders.value, **ear.worth),
        Crises(ear.game.challenger, ear.game.start, ear.game.log_line, **ear.solved),
        read(new, series),
    )


def nothing(st: Structure, record: Record) -> Answers:
    """A month with nothing filled in, as arrays [...] that one can write into."""
    wide = {kind: getattr(record, kind).shape[1:] for kind in Answers._fields if kind not in LUCK}
    told: dict[str, Any] = {kind: np.full(shape, UNKNOWN, np.int32) for kind, shape in wide.items()}
    luck: dict[str, Any] = {kind: np.full(len(st.actors), DRAWN, np.float32) for kind in LUCK}
    return Answers(**told, **luck)


def recorded(record: Record, month: int) -> Answers:
    """A month as it is recorded, [...]; where measured luck is not, the law's mean."""
    told: dict[str, Any] = {
        kind: np.asarray(getattr(record, kind)[month]).astype(np.int32) for kind in Answers._fields if kind not in LUCK
    }
    luck: dict[str, Any] = {
        kind: np.where(getattr(record, f"{kind}_known")[month] > 0, getattr(record, kind)[month], MEAN).astype(
            np.float32
        )
        for kind in LUCK
    }
    return Answers(**told, **luck)
