"""Exercises in tests: made, played by a rule, and Worlds with everything altered that a seat may not know."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from detente.menus import Row
from detente.nature import names, secret_pairs
from detente.resume import Answers
from detente.room.exercise import Exercise, Filed, Letter, Month
from detente.room.service import Room
from detente.room.store import Pass
from detente.structure import Structure
from detente.world import World

NO_CLOCKS = {"plan": 0, "answer": 0, "crisis": 0}


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Table:
    """An exercise with all its passes."""

    room: Room
    id: str
    links: Any
    desk: Pass
    watcher: Pass
    seats: dict[str, Pass]

    @property
    def live(self) -> Exercise:
        return self.room.live[self.id]

    def act(self, action: str, **given: Any) -> dict[str, Any]:
        return self.room.act(self.desk, action, **given)

    def file(self, seat: str, answers: dict[str, Any], stage: str | None = None, revision: int | None = None) -> Any:
        brief = self.room.brief(self.seats[seat])
        key = stage if stage is not None else brief["stage"]["key"]
        return self.room.file(self.seats[seat], key, answers, brief["revision"] if revision is None else revision)

    def quiet(self) -> None:
        """Everybody who is asked answers the default."""
        for seat, who in self.seats.items():
            brief = self.room.brief(who)
            if brief["open"] and not brief["filed"]:
                self.file(seat, default(brief))


def made(room: Room, operator: Pass, **settings: Any) -> Table:
    base = {"title": "Test", "start": "1962-09", "end": "1962-12", "seats": ["usa", "ussr"], "clocks": NO_CLOCKS}
    links = room.create(operator, base | settings)
    seats = {seat: room.enter(token) for seat, token in links.seats.items()}
    return Table(room, links.exercise, links, room.enter(links.desk), room.enter(links.watcher), seats)


def default(brief: dict[str, Any]) -> dict[str, Any]:
    """Silence, as an answer."""
    if brief["stage"]["kind"] == "plan":
        return {"plan": []}
    crises = {c["id"]: c["default"] for c in brief["crises"] if c["options"]}
    return {q["id"]: q["default"] for q in brief["questions"]} | crises


def chosen(brief: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Some legal answer, chosen by nothing but what a client can see."""
    if brief["stage"]["kind"] == "plan":
        rows = brief["legal"]["plan"]
        return {"plan": rng.sample(rows, min(len(rows), rng.randint(0, 3)))}
    return {name: rng.choice(options) for name, options in brief["legal"].items()}


def play(brief: Any, file: Any, seats: list[str], seed: int = 1, stages: int = 400) -> None:
    """Play to the end by `chosen`: brief(seat) → data, file(seat, stage, answers, revision)."""
    rng = random.Random(seed)
    for _ in range(stages):
        told = {seat: brief(seat) for seat in seats}
        if any(one["ended"] for one in told.values()):
            return
        for seat in seats:
            one = brief(seat)
            if one["open"] and one["filed"] is None:
                file(seat, one["stage"]["key"], chosen(one, rng), one["revision"])
    raise AssertionError("the exercise does not end")


def essence(exercise: Exercise) -> list[tuple[Any, ...]]:
    """The log without wall-clock times."""
    return [(e.kind, e.month, e.seat, e.data) for e in exercise.log]


# ---- what a seat may not know ----
WHOLE = {"economy", "bloc", "issues", "influence"}
OWN_ACTOR = {"arsenals.icbm", "arsenals.pipeline", "arsenals.warheads"}
OWN = {
    *(f"arsenals.{k}" for k in ("hidden", "ripe")),
    *(f"intelligence.{k}" for k in ("force_mean", "force_variance", "recon", "resolve", "concede")),
    *(f"relations.{k}" for k in ("affinity", "trust")),
    *(f"home.{k}" for k in ("standing", "fear", "unpublished", "lesson")),
}
NOBODY = {"arsenals.work", "influence.rest", "influence.goodwill", "issues.leaving"}


def veiled(
    st: Structure,
    world: World,
    seat: str,
    rng: np.random.Generator,
    found: Sequence[tuple[int, int]] = (),
    put: Sequence[tuple[int, int]] = (),
) -> World:
    """The same World to a seat's eye, everything else altered. The fields are those of `test_views.KNOWN`.

    found: deployments (author, host) that are found this month, so that they are there; put: those whose discovery is
    put to the seat, so that it sees how ready they are.
    Fields are taken in the order of their names, so that a seed is one alteration in every process.
    """
    d = st.deciders.index(seat)
    out = jax.tree.map(np.array, world)

    def stir(path: str, own: Any) -> None:
        head, name = path.split(".")
        old = getattr(getattr(out, head), name)
        new = (old * rng.uniform(0.2, 2.0, old.shape) + rng.uniform(0.0, 0.5, old.shape)).astype(old.dtype)
        if own is not None:
            new[own] = old[own]
        getattr(out, head)  # the array is changed in place below
        old[...] = new

    for path in sorted(OWN):
        stir(path, d)
    for path in sorted(OWN_ACTOR):
        stir(path, st.dec[d])
    for path in sorted(NOBODY):
        stir(path, None)
    for pair in put:
        out.arsenals.ripe[pair] = world.arsenals.ripe[pair]
    for pair in found:
        out.arsenals.hidden[pair] += (out.arsenals.hidden[pair] <= 0.5).astype(np.float32)
    stir("home.fatigue", st.seat_rows[d])
    tension = out.relations.tension
    top = np.where(st.hostile > 0, tension, 0.0).max(axis=0)  # how threatened an actor is, which is public
    rest = np.minimum(tension * rng.uniform(0.2, 1.0, tension.shape).astype(tension.dtype), top)
    keep = (tension == top) | (np.arange(len(st.deciders)) == d)[:, None] | (st.hostile == 0)
    tension[...] = np.where(keep, tension, rest)
    return out


def veil(ex: Exercise, seat: str, seed: int) -> Exercise:
    """The same exercise to a seat's eye: World, luck, others' answers, standing orders, secrets and letters altered."""
    rng = np.random.default_rng(seed)
    other = object.__new__(Exercise)
    other.__dict__ |= ex.__dict__
    altered = veiled(ex.st, ex.world, seat, rng, discovered(ex), discovered(ex, seat))
    other._heard, other._deeds, other._world = None, {}, (ex.state.month, altered)
    other.setup = ex.setup.model_copy(update={"seed": int(rng.integers(2**31))})
    s = other.state = type(ex.state)(**ex.state.__dict__)
    strangers = [one for one in ex.st.deciders if one != seat]
    s.months = [secrets(ex.st, m, strangers, rng) for m in s.months]
    one, two = strangers[0], strangers[1]
    s.letters = [*s.letters, Letter(999_999, one, two, f"secret {seed}", "", s.month, (s.month, 0), at_once=True)]
    s.filed = {who: filed for who, filed in s.filed.items() if who == seat} | {
        who: Filed({"plan": [] if rng.random() < 0.5 else ["?"]}, 1)
        for who in ex.setup.seats
        if who != seat and rng.random() < 0.7
    }
    s.standing = s.standing | {who: [f"order {seed}"] for who in ex.setup.seats if who != seat}
    hold_fast(ex, other)
    # the opening is worked out from the seed: hold the real one fast
    begun = ex.begun
    other.kernel = Fixed(ex.kernel, begun)  # type: ignore[assignment]
    return other


def discovered(ex: Exercise, seat: str = "") -> list[tuple[int, int]]:
    """The hidden deployments that are found this month; with a seat those whose discovery is put to it now."""
    authors, hosts = secret_pairs(ex.st)
    mine = ex.state.stage.asked.get(seat, []) if ex.state.stage else []
    at = np.flatnonzero(ex.heard().asked.discovery > 0)
    return [(int(authors[n]), int(hosts[n])) for n in at if not seat or f"discovery:{n}" in mine]


def hold_fast(ex: Exercise, other: Exercise) -> None:
    """What was decided before the open stage stays: unrest, then nature and plans, in a crisis the answers too."""
    told, kind = ex.heard().answers, ex.state.stage.kind if ex.state.stage else ""
    kinds = {"plan": [], "answer": ["rows", "nature", "succession"]}.get(kind, list(Answers._fields))
    known = {name: np.array(getattr(told, name)) for name in kinds if name != "ladder"}
    if kind == "plan":  # everybody has heard of this month's unrest, and of nothing else of it
        unrest, nature = names(ex.st).kinds["unrest"], np.array(ex.kernel.none.nature)
        nature[unrest] = np.asarray(told.nature)[unrest]
        known = {"nature": nature}
    filled = ex.kernel.none._replace(**known)
    other.filled = lambda: filled  # type: ignore[method-assign]


class Fixed:
    """A kernel whose opening World does not follow an altered seed."""

    def __init__(self, kernel: Any, begun: Any) -> None:
        self.kernel, self.begun = kernel, begun

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kernel, name)

    def __call__(self, *arguments: Any) -> Any:
        return self.kernel(*arguments)

    def opened(self, *arguments: Any, **named: Any) -> Any:
        return self.begun


def secrets(st: Structure, month: Month, strangers: list[str], rng: np.random.Generator) -> Month:
    """A month with secret deeds of others put into free slots."""
    rows = np.array(month.answers.rows)
    for who in strangers:
        d = st.deciders.index(who)
        secret = [k for k, r in enumerate(st.rows) if r.seat == who and hidden(st, r)]
        free = np.flatnonzero(rows[:, d] < 0)
        if secret and len(free):
            rows[free[0], d] = int(rng.choice(secret))
    parts: Answers = month.answers._replace(rows=rows)
    return month._replace(answers=parts)


def hidden(st: Structure, row: Row) -> bool:
    """Whether nobody but its author hears of a row."""
    instrument = st.scenario.instruments[row.instrument]
    return instrument.hidden or (instrument.publicity < 0.15 and instrument.operation not in ("open", "close"))
