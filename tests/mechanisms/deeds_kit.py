"""A bench for one law at a time: a hand-made month, and the slice of the World that it moves.

Places are written as in `series.toml`: `relations.tension[usa,ussr]`, `issues.open[west-berlin]`; a place without
brackets is the whole array.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from detente import laws
from detente.deeds import LADDER_ENDS, Consequences, Deeds, Ladders
from detente.laws import Laws
from detente.mechanisms.arsenals import FIRSTS
from detente.mechanisms.influence import anchored
from detente.scenario import Scenario
from detente.series import labels
from detente.structure import Structure
from detente.world import AXES, World, opening

NATURE_AXES = {
    **dict.fromkeys(("removal", "exposed", "leak", "changed", "constitution"), ("D",)),
    **dict.fromkeys(("unrest", "defiance", "attack"), ("A",)),
    "overture": ("P", "A"),
    "accident": ("K",),
    "successor": ("D", "L"),
    "independence": (),
}
AFTER_AXES = {
    **dict.fromkeys(("yielded", "stood", "ladder_heat", "deadline_dropped"), ("D",)),
    **dict.fromkeys(("found", "removed", "granted"), ("D", "A")),
    **dict.fromkeys(("ladder_open", "ladder_rung"), ("K",)),
    "ladder_over": ("I",),
    "deadline": ("I", "answer"),
    "attended": ("I", "side"),
    "left": ("I", "side"),
    "discovery": ("D", "A", "reply"),
}
EXPERIMENTS: dict[str, list[str]] = {}


def experiment(law: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Says which law a test shows at work; the meta-test reads these words."""

    def mark(test: Callable[..., None]) -> Callable[..., None]:
        EXPERIMENTS.setdefault(law, []).append(test.__name__)
        return test

    return mark


class Pair(NamedTuple):
    """What came out with a law at its best values and with the law switched off."""

    on: float
    off: float


@dataclass(frozen=True)
class Bench:
    """A scenario at its best values, and its opening World; `with_` gives a changed copy."""

    scenario: Scenario
    st: Structure
    laws: Laws
    world: World
    deeds: Deeds
    growth: Array
    leaving: Array
    firsts: Array

    @classmethod
    def of(cls, scenario: Scenario, st: Structure) -> "Bench":
        best = laws.best(scenario)
        world = anchored(opening(st, 1), best, st)
        still = quiet(st)
        return cls(scenario, st, best, world, still, world.economy.growth, world.issues.leaving, still.nature["firsts"])

    # ---- places ----
    def index(self, axes: tuple[str, ...], words: str) -> tuple[int, ...]:
        names = [word.strip() for word in words.split(",")] if words else []
        assert len(names) <= len(axes), words
        return tuple(labels(self.st, axis).index(name) for axis, name in zip(axes, names, strict=False))

    def place(self, text: str) -> tuple[str, tuple[int, ...]]:
        path, _, words = text.rstrip("]").partition("[")
        return path, self.index(AXES[path], words)

    def read(self, world: World, text: str) -> Any:
        path, index = self.place(text)
        value = world
        for part in path.split("."):
            value = getattr(value, part)
        found = np.asarray(value)[index][..., 0]
        return float(found) if found.ndim == 0 else found

    # ---- a hand-made month ----
    def with_(self, places: dict[str, float] | None = None, /) -> "Bench":
        """The same bench with parts of the World set by hand."""
        world = self.world
        for text, value in (places or {}).items():
            path, index = self.place(text)
            head, _, field = path.partition(".")
            if not field:
                world = world._replace(**{head: jnp.full_like(getattr(world, head), value)})
                continue
            part = getattr(world, head)
            array = getattr(part, field)
            world = world._replace(**{head: part._replace(**{field: array.at[index].set(value)})})
        return replace(self, world=world)

    def row(self, name: str) -> int:
        """A row by the beginning of its name, which must fit one row only."""
        names = [row.name for row in self.st.rows]
        hits = [name] if name in names else [n for n in names if n.startswith(f"{name}:")]
        assert len(hits) == 1, f"{name} fits {hits}"
        return names.index(hits[0])

    def did(self, *names: str) -> "Bench":
        """These rows take effect this month."""
        return replace(
            self,
            deeds=replace(self.deeds, enacted=self.deeds.enacted.at[np.array([self.row(n) for n in names])].set(1.0)),
        )

    def refused(self, *names: str) -> "Bench":
        """These proposals are turned down."""
        return replace(
            self,
            deeds=replace(self.deeds, refused=self.deeds.refused.at[np.array([self.row(n) for n in names])].set(1.0)),
        )

    def befell(self, text: str, value: float = 1.0) -> "Bench":
        """A consequence or an event of nature: `leak[ussr]`, `independence`."""
        kind, _, words = text.rstrip("]").partition("[")
        if kind in AFTER_AXES:
            came = getattr(self.deeds.after, kind).at[self.index(AFTER_AXES[kind], words)].set(value)
            return replace(self, deeds=replace(self.deeds, after=self.deeds.after._replace(**{kind: came})))
        array = self.deeds.nature[kind]
        changed = array.at[self.index(NATURE_AXES[kind], words)].set(value)
        return replace(self, deeds=replace(self.deeds, nature=self.deeds.nature | {kind: changed}))

    def first(self, name: str, seat: str) -> "Bench":
        """A technical first of a seat."""
        firsts = self.firsts.at[FIRSTS.index(name), self.st.deciders.index(seat)].set(1.0)
        return replace(self, firsts=firsts, deeds=replace(self.deeds, nature=self.deeds.nature | {"firsts": firsts}))

    def ladder(self, issue: str, end: str, rung: float = 2.0, challenger: float = 1.0) -> "Bench":
        """A ladder of this month and its ending."""
        k, lad = labels(self.st, "K").index(issue), self.deeds.ladders
        played = Ladders(
            lad.opened.at[k].set(1.0),
            lad.challenger.at[k].set(challenger),
            lad.rung.at[k].set(rung),
            lad.end.at[k, LADDER_ENDS.index(end)].set(1.0),
        )
        return replace(self, deeds=replace(self.deeds, ladders=played))

    def grew(self, actor: str, value: float) -> "Bench":
        """Growth of the running year of one actor, share a year."""
        return replace(self, growth=self.growth.at[self.st.actors.index(actor)].set(value))

    def left(self, actor: str, thousands: float) -> "Bench":
        """People who leave one actor in the year."""
        return replace(self, leaving=self.leaving.at[self.st.actors.index(actor)].set(np.log(thousands)))

    # ---- the law at work ----
    def after(self, mechanism: str, values: Laws, months: int = 1) -> World:
        """The World after one mechanism has stepped; everything else stands still."""
        world, step = self.world, stepper(mechanism, self.st)
        done = {f.name: getattr(self.deeds, f.name) for f in fields(Deeds) if f.name != "st"}
        extra = {"economy": (self.growth,), "arsenals": (self.firsts,), "issues": (self.leaving,)}.get(mechanism, ())
        for _ in range(months):
            world = world._replace(**{mechanism: step(world, done, extra, values)})
        return world

    def moved(self, law: str, text: str, months: int = 1) -> Pair:
        """By how much one place of the law's own slice moves, with the law and with it switched off."""
        start, mechanism = self.read(self.world, text), law.partition(".")[0]
        on, off = (
            self.read(self.after(mechanism, values, months), text) - start for values in (self.laws, self.without(law))
        )
        return Pair(on, off)

    def without(self, law: str) -> Laws:
        return laws.off(self.scenario, self.laws, law)

    def both(self, law: str, leaf: Callable[[Laws], Array], axes: tuple[str, ...] = (), words: str = "") -> Pair:
        """One number of a leaf function, with the law and with it switched off."""
        index = self.index(axes, words)
        return Pair(
            *(float(np.asarray(leaf(values))[index].reshape(-1)[0]) for values in (self.laws, self.without(law)))
        )


@cache
def stepper(mechanism: str, st: Structure) -> Callable[..., Any]:
    """A mechanism's step, compiled once for all experiments."""
    step = import_module(f"detente.mechanisms.{mechanism}").step

    def one(world: World, done: dict[str, Any], extra: tuple[Array, ...], values: Laws) -> Any:
        return step(world, Deeds(st, **done), *extra, values, st)

    return jax.jit(one)


def quiet(st: Structure, worlds: int = 1) -> Deeds:
    """A month in which nothing whatever was done."""
    n_d, n_a, n_k, n_i, n_r = len(st.deciders), len(st.actors), len(st.showdown), len(st.issues), len(st.rows)
    size = {"P": len(st.centres), "D": n_d, "A": n_a, "K": n_k, "I": n_i, "L": st.n_leaders}
    size |= {"side": 2, "answer": 3, "reply": 4}

    def none(*shape: int) -> Array:
        return jnp.zeros((*shape, worlds))

    told = {kind: none(*(size[axis] for axis in axes)) for kind, axes in NATURE_AXES.items()}
    told["firsts"] = none(len(FIRSTS), n_d)
    return Deeds(
        st,
        enacted=none(n_r + 1),
        refused=none(n_r + 1),
        after=Consequences(**{kind: none(*(size[axis] for axis in axes)) for kind, axes in AFTER_AXES.items()}),
        nature=told,
        ladders=Ladders(none(n_k), none(n_k), none(n_k), none(n_k, len(LADDER_ENDS))),
    )
