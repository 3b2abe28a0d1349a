"""Ways to answer a month: run (the seat's own choice, addressed luck) and follow (the record, and how likely it was).

Both drive the one generator of `month.py`; a driver is a function from a question to an answer. Two more stand in
modules of their own: `twin` (the record and worlds that share its luck) and `resume` (an exercise with people in it).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from detente.answers import marked
from detente.decisions import (
    Chance,
    Decision,
    Menu,
    Nested,
    Question,
    Shock,
    draw,
    draw_chance,
    draw_shock,
    draw_slot,
    layout,
    log_probability,
    nested,
    slot_log_probability,
    without,
)
from detente.ladder.tree import LINE_END
from detente.laws import Laws
from detente.mechanisms.influence import anchored
from detente.month import month
from detente.noise import WorldKeys, at_month
from detente.scenario import MONTHS
from detente.seats import equilibrium, preferences
from detente.seats.record import Record
from detente.series import Series, read
from detente.structure import Structure
from detente.world import World, opening

Answer = Callable[[Question], Array]


class Trace(NamedTuple):
    """What is kept of a month: every decision, and the named series."""

    moves: Array  # [SLOTS, D, world] row number or -1
    said: Array  # [B, world] answers to proposals, -1 where none was made
    nature: Array  # [E, world] events of nature, 0/1
    successor: Array  # [D, world] who followed, -1 where nobody had to
    meeting: Array  # [2 I, world] -1 where none was due
    deadline: Array  # [K, world]
    discovery: Array  # [pair, world]
    ladder: Array  # [K, world] how it ran, a place in `ladder.tree.LINES`, -1 where none was open
    residual: Array  # [K, world] of the equilibrium of each open ladder, 0 where none was open
    precision: Array  # [K, world] at which it was played, over that of the laws; 1 where none was open
    series: Array  # [series, world]


class Score(NamedTuple):
    """Log-probability of what was recorded in a month."""

    act: Array  # [D] whether to act
    what: Array  # [D] which row
    forced: Array  # [kind] consent, meeting, deadline, discovery, ladder, succession
    nature: Array  # [E]
    shock: Array  # [shock]
    banned: Array  # [SLOTS, D] 1 where a recorded row was not allowed


FORCED = ("consent", "meeting", "deadline", "discovery", "ladder", "succession")
"""Kinds of forced Decision, in the order of `Score.forced`."""


class Utilities:
    """The seats' utilities for one month.

    Its questions share one view, and so the slots' utilities and the worth of a showdown.
    """

    def __init__(self, laws: Laws, st: Structure) -> None:
        self.laws, self.st = laws, st
        self.ladders: preferences.Ladders | None = None
        self.rows: Array | None = None
        self.first: tuple[Array, Nested] | None = None

    def valued(self, question: Decision, menu: Menu) -> Nested:
        """The nested values of a slot: worked out for the first of a month, then only what is taken is left out."""
        scale = self.laws.preferences.nest.scale
        if self.first is None:
            self.first = question.mask, nested(menu, self(question), question.mask, scale)
            return self.first[1]
        mask, values = self.first
        return without(menu, values, mask - question.mask, scale)

    def __call__(self, question: Decision) -> Array:
        """Utilities of a Decision's options."""
        if question.view is not None and self.ladders is None:
            self.ladders = preferences.crisis_values(question.view, self.laws, self.st)
        if question.kind == "slot":
            if self.rows is None:
                self.rows = preferences.slots(question.view, self.laws, self.st, self.ladders)
            return self.rows
        if question.kind in ("deadline", "discovery"):
            weigh = {"deadline": preferences.deadline, "discovery": preferences.discovery}[question.kind]
            return weigh(question, self.laws, self.st, self.ladders)
        return {
            "consent": preferences.consent,
            "meeting": preferences.meeting,
            "ladder": equilibrium.ladder,
            "succession": equilibrium.heirs,
        }[question.kind](question, self.laws, self.st)


def drive(world: World, laws: Laws, st: Structure, when: Array, given: bool, answer: Answer) -> World:
    """Run one month to its end, answering every question."""
    questions = month(world, laws, st, when, given)
    reply: Any = None
    try:
        while True:
            reply = answer(questions.send(reply))
    except StopIteration as end:
        return end.value


def run_month(
    world: World, keys: WorldKeys, laws: Laws, st: Structure, menu: Menu, series: Series, when: Array, given: bool
) -> tuple[World, Trace]:
    """One month in which every seat chooses for itself, with addressed luck."""
    wish = Utilities(laws, st)
    log: dict[str, Any] = {"moves": []}

    def answer(question: Question) -> Array:
        if isinstance(question, Chance):
            log["nature"] = draw_chance(question, keys)
            return log["nature"]
        if isinstance(question, Shock):
            return draw_shock(question, keys)
        if question.kind == "slot":
            row = draw_slot(menu, wish.valued(question, menu), keys, question.slot)
            row = jnp.where(question.asked > 0, row, -1)
            log["moves"].append(row)
            return row
        choice = draw(question, wish(question), keys)
        log.update(solving(question))
        log[question.kind] = jnp.where(question.asked > 0, choice, -1)
        return choice

    new = drive(world, laws, st, when, given, answer)
    return new, traced(log, new, series)


def solving(question: Decision) -> dict[str, Array]:
    """How well the open ladders were solved; of another question nothing."""
    if question.kind != "ladder":
        return {}
    residual, precision = question.state.residual, question.state.precision
    asked = question.asked > 0
    return {"residual": jnp.where(asked, residual, 0.0), "precision": jnp.where(asked, precision, 1.0)}


def traced(log: dict[str, Any], new: World, series: Series) -> Trace:
    """What is kept of a month, from its answers by kind of question (moves slot by slot) and the World it led to."""
    small = {
        k: log[k].astype(jnp.int8) for k in ("consent", "nature", "succession", "meeting", "deadline", "discovery")
    }
    return Trace(
        jnp.stack(log["moves"]).astype(jnp.int16),
        small["consent"],
        small["nature"],
        small["succession"],
        small["meeting"],
        small["deadline"],
        small["discovery"],
        log["ladder"].astype(jnp.int16),
        log["residual"],
        log["precision"],
        read(new, series),
    )


def begin(st: Structure, laws: Laws, worlds: int, dtype: Any) -> World:
    """January 1953, before its first month."""
    return anchored(opening(st, worlds, dtype), laws, st)


def runner(st: Structure, series: Series, months: int = MONTHS, given: bool = True) -> Callable[[Laws, Array], Trace]:
    """A function of (laws [world].

    World keys [world, 2]) that runs a block of worlds and gives the trace of every month, [month, ...].
    """
    menu = layout(st)

    def block(laws: Laws, keys: Array) -> Trace:
        start = begin(st, laws, keys.shape[0], jnp.float32)

        def one(world: World, when: Array) -> tuple[World, Trace]:
            return run_month(world, at_month(keys, when), laws, st, menu, series, when, given)

        return jax.lax.scan(one, start, jnp.arange(months))[1]

    return block


def follow_month(
    world: World, record: Record, laws: Laws, st: Structure, menu: Menu, when: Array
) -> tuple[World, Score]:
    """One month as it was recorded, with the log-probability of every recorded answer."""
    wish = Utilities(laws, st)
    parts: dict[str, Any] = {"act": 0.0, "what": 0.0, "banned": []}
    forced: dict[str, Array] = {}

    def answer(question: Question) -> Array:
        if isinstance(question, Chance):
            event = record.nature[when][:, None]
            parts["nature"] = (
                event * -jnp.logaddexp(0.0, -question.logit) + (1 - event) * -jnp.logaddexp(0.0, question.logit)
            ).mean(axis=1)
            return jnp.broadcast_to(event, question.logit.shape).astype(question.logit.dtype)
        if isinstance(question, Shock):
            return _recorded_shock(question, record, parts, when)
        if question.kind == "slot":
            return _recorded_slot(question, record, parts, when)
        told = getattr(record, question.kind)[when]
        known = getattr(record, f"{question.kind}_known")[when]
        reply = jnp.broadcast_to(told[:, None], question.asked.shape).astype(jnp.int32)
        exact = record.line_known[when][:, None]
        terms = _log_of(question, wish(question), reply, exact) * known[:, None] * question.asked
        forced[question.kind] = terms.sum(axis=0).mean()
        return reply

    def _recorded_slot(question: Decision, record: Record, parts: dict[str, Any], when: Array) -> Array:
        row = jnp.broadcast_to(record.rows[when, question.slot][:, None], question.asked.shape).astype(jnp.int32)
        known = record.rows_known[when, question.slot][:, None] * question.asked
        open_ = jnp.maximum(question.mask, marked(row, st, question.mask))
        values = nested(menu, wish(question), open_, laws.preferences.nest.scale)
        act, what = slot_log_probability(menu, values, row)
        parts["act"] = parts["act"] + (act * known).mean(axis=1)
        parts["what"] = parts["what"] + (what * known).mean(axis=1)
        chosen = jnp.take_along_axis(question.mask, jnp.maximum(row, 0), axis=0)
        parts["banned"].append(((row >= 0) & (chosen < 0.5)).astype(question.mask.dtype).mean(axis=1))
        return row

    new = drive(world, laws, st, when, given=True, answer=answer)
    return new, Score(
        parts["act"],
        parts["what"],
        jnp.stack([forced[k] for k in FORCED]),
        parts["nature"],
        jnp.concatenate([parts["shock.growth"], parts["shock.refugees"]]),
        jnp.stack(parts["banned"]),
    )


def _log_of(question: Decision, utility: Array, reply: Array, exact: Array) -> Array:
    """Log-probability of an answer; of a ladder of which only the end is known, summed over the lines that end so."""
    if question.kind != "ladder":
        return log_probability(question, utility, reply)
    lines = jnp.arange(len(LINE_END))[:, None]
    same = jnp.asarray(LINE_END)[:, None] == jnp.asarray(LINE_END)[reply][:, None]
    same = jnp.where(exact[:, None] > 0, lines == reply[:, None], same)
    return jax.nn.logsumexp(jnp.where(same, utility, -jnp.inf), axis=1)


def _recorded_shock(question: Shock, record: Record, parts: dict[str, Any], when: Array) -> Array:
    """The recorded value where there is a record, the law's mean elsewhere.

    Scored in the month in which it is drawn.
    """
    kind = question.names[0].split(".")[0]
    told = getattr(record, kind)[when][:, None]
    known = getattr(record, f"{kind}_known")[when][:, None]
    z = (told - question.mean) / question.scale
    log = -0.5 * z**2 - jnp.log(question.scale) - 0.9189385332046727
    parts[f"shock.{kind}"] = (jnp.where(known > 0, log, 0.0) * question.due).mean(axis=1)
    return jnp.where(known > 0, told, question.mean)


def follower(st: Structure, record: Record, months: int = MONTHS) -> Callable[[Laws], tuple[World, Score]]:
    """A function of laws (scalars) that replays the record in one world.

    Worlds of every month and their score, [month, ...].
    """
    menu = layout(st)

    def replay(laws: Laws) -> tuple[World, Score]:
        dtype = jax.tree.leaves(laws)[0].dtype
        start = begin(st, laws, 1, dtype)
        told: Any = Record(*(jnp.asarray(x, dtype if x.dtype.kind == "f" else jnp.int32) for x in record))  # type: ignore[arg-type]

        def one(world: World, when: Array) -> tuple[World, tuple[World, Score]]:
            new, score = follow_month(world, told, laws, st, menu, when)
            return new, (new, score)

        return jax.lax.scan(one, start, jnp.arange(months))[1]

    return replay
