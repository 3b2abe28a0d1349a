"""The compiled month of an exercise: one world with people in it, and what comes before its first month.

A month is one call. Its worlds are padded to LANES; an exercise uses the first, and what is asked of many worlds opened
alike (how a seat on autopilot fares) uses all. The kernel is kept whole between runs, so that only the first start of a
version on a machine waits for the compiler.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from detente import decisions, drive, laws, noise, resume
from detente.lab import compiled, ensemble, whatif
from detente.resume import Answers, Asked, Crises, Heard, Worth
from detente.scenario import Scenario
from detente.seats.record import Record, record
from detente.series import declared
from detente.structure import Structure, structure
from detente.views import Public, View
from detente.world import World

LANES = 16
"""Worlds of one call: from this number on only ladders that are open are solved."""
EXERCISE = "exercise"
"""The word folded into the seed for the luck of exercises; no run uses it."""


class Begun(NamedTuple):
    """A world at the beginning of a month, and everything that was answered before it."""

    world: World  # [...] without a world axis
    past: tuple[Answers, ...]  # a month each, from January 1953


def digest(world: World) -> str:
    """The hash of a World to the bit."""
    bits = blake2b(digest_size=16)
    for leaf in jax.tree.leaves(world):
        bits.update(np.ascontiguousarray(leaf).tobytes())
    return bits.hexdigest()


def _outline(world: World) -> Heard:
    """The tree of what a month gives, without tracing it."""

    def leaves(kind: Any) -> Any:
        return kind(*[0] * len(kind._fields))

    view = leaves(View)._replace(public=leaves(Public))
    none: Any = 0
    return Heard(world, leaves(Answers), view, none, leaves(Asked), leaves(Worth), leaves(Crises), none)


class Kernel:
    """The compiled month of one scenario."""

    def __init__(self, scenario: Scenario, options: dict[str, Any] | None = None) -> None:
        ensemble.prepare(None)
        self.scenario = scenario
        self.st: Structure = structure(scenario)
        self.record: Record = record(self.st)
        self.names = tuple(laws.names(scenario))
        self.series = declared(self.st)
        self.none = resume.nothing(self.st, self.record)
        self.options = options
        self.version = whatif.stamp(scenario)
        """What identifies the scenario with its laws and the code that runs it: an exercise of another is read-only."""
        self.call, self.january = self._compiled()
        self.begun: dict[tuple[Any, ...], list[Begun]] = {}
        self.lock = threading.RLock()

    def _compiled(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        st, menu = self.st, decisions.layout(self.st)

        def month(values: Any, world: Any, filled: Any, keys: Any, when: Any) -> Heard:
            tree = laws.tree(dict(zip(self.names, values, strict=True)))
            told = Answers(*(jnp.asarray(x) for x in filled))
            return resume.resume_month(world, told, noise.at_month(keys, when), tree, st, menu, self.series, when)

        def january(values: Any) -> World:
            tree = laws.tree(dict(zip(self.names, values, strict=True)))
            return drive.begin(st, tree, LANES, jnp.float32)

        values = np.zeros((len(self.names), LANES), np.float32)
        start = jax.eval_shape(january, values)
        world = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), start)
        filled = self.spread(self.none)
        arguments = values, world, filled, np.zeros((LANES, 2), np.uint32), np.int32(0)
        what = [self.version, "resume", str(LANES), str(sorted((self.options or {}).items()))]

        def built(function: Any, *given: Any) -> Callable[[], Any]:
            return lambda: jax.jit(function, compiler_options=self.options).lower(*given).compile()

        whole = compiled.kept([*what, "month"], arguments, _outline(start), built(month, *arguments))
        first = compiled.kept([*what, "january"], (values,), start, built(january, values))
        return whole, first

    @staticmethod
    def spread(tree: Any) -> Any:
        """The same in all lanes, [..., LANES]."""
        return jax.tree.map(lambda x: np.ascontiguousarray(np.repeat(np.asarray(x)[..., None], LANES, -1)), tree)

    def values(self, seed: int, draw: int) -> NDArray[np.float32]:
        """Coefficients of a draw of the laws, -1 for the medians, [coefficient]."""
        if draw < 0:
            best = [laws.coefficient(self.scenario, name).best for name in self.names]
            return np.array(best, np.float32)
        drawn = laws.draw(self.scenario, seed)
        return np.array([drawn[name][draw % laws.DRAWS] for name in self.names], np.float32)

    def months(
        self, values: NDArray[np.float32], world: World, filled: Answers, seed: int, month: int, first: int = 0
    ) -> Heard:
        """A month of LANES worlds that stand alike or differ [..., LANES]; luck of the worlds from number `first`."""
        keys = noise.other_keys(seed, jnp.arange(first, first + LANES, dtype=jnp.int32), EXERCISE)
        return jax.tree.map(
            np.asarray, self.call(self.spread(values), world, filled, np.asarray(keys), np.int32(month))
        )

    def __call__(self, values: NDArray[np.float32], world: World, filled: Answers, seed: int, month: int) -> Heard:
        """A month of the exercise itself, without a world axis."""
        many = self.months(values, self.spread(world), self.spread(filled), seed, month)
        return jax.tree.map(lambda x: np.array(x[..., 0]), many)

    def opened(self, values: NDArray[np.float32], seed: int, month: int, *, recorded: bool) -> Begun:
        """The world at the beginning of a month: after the record until then, or simulated by its seed."""
        key = values.tobytes(), recorded, -1 if recorded else seed
        with self.lock:
            if key not in self.begun:
                start = jax.tree.map(lambda x: np.array(np.asarray(x)[..., 0]), self.january(self.spread(values)))
                self.begun[key] = [Begun(start, ())]
            line = self.begun[key]
            while len(line) <= month:
                at = len(line) - 1
                filled = resume.recorded(self.record, at) if recorded else self.none
                heard = self(values, line[at].world, filled, seed, at)
                line.append(Begun(heard.world, (*line[at].past, heard.answers)))
            return line[month]
