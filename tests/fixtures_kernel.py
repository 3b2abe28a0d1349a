"""One month of the shipped scenario, compiled once for all tests that need it: float64, eight worlds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from detente import decisions, drive, laws, noise, scenario, series, structure
from detente.scenario import Scenario
from detente.structure import Structure

WORLDS = 8
FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
"""Compiler options: a third of the time to compile, slower to run."""


@contextmanager
def addressed(translate: Callable[[str], str]) -> Iterator[list[str]]:
    """Every named draw passes through `translate`; yields the list of names asked for, in order."""
    asked: list[str] = []
    plain = noise.address

    def spy(name: str) -> int:
        asked.append(name)
        return plain(translate(name))

    noise.address = spy
    try:
        yield asked
    finally:
        noise.address = plain


@dataclass
class Kernel:
    """A compiled month of one scenario, and the names of the draws that it makes."""

    st: Structure
    month: Callable[..., Any]
    series: series.Series
    asked: list[str] = field(default_factory=list)

    def begin(self, tree: laws.Laws, worlds: int = WORLDS) -> Any:
        return drive.begin(self.st, tree, worlds, np.float64)

    def run(self, months: int, tree: laws.Laws, seed: int = 3) -> tuple[list[Any], list[Any]]:
        """Worlds and traces of the first months."""
        with jax.enable_x64(new_val=True):
            keys = noise.world_keys(seed, jnp.arange(WORLDS))
            world, worlds, traces = self.begin(tree), [], []
            for m in range(months):
                world, trace = self.month(world, noise.at_month(keys, jnp.int32(m)), tree, jnp.int32(m))
                worlds.append(world)
                traces.append(jax.tree.map(np.asarray, trace))
        return worlds, traces


def drawn(sc: Scenario) -> laws.Laws:
    """One prior draw of the laws a world, float64 [world]."""
    return laws.tree({name: jnp.asarray(value[:WORLDS]) for name, value in laws.draw(sc, 5).items()})


def compiled(st: Structure, translate: Callable[[str], str] = str) -> Kernel:
    """Compile one month; the names of its draws are noted, and translated before they become addresses."""
    told = series.declared(st)

    def step(world: Any, keys: noise.WorldKeys, tree: laws.Laws, when: Any) -> Any:
        return drive.run_month(world, keys, tree, st, decisions.layout(st), told, when, True)

    with jax.enable_x64(new_val=True):
        tree = drawn(st.scenario)
        world = drive.begin(st, tree, WORLDS, np.float64)
        keys = noise.at_month(noise.world_keys(0, jnp.arange(WORLDS)), jnp.int32(0))
        with addressed(translate) as asked:
            month = jax.jit(step, compiler_options=FAST).lower(world, keys, tree, jnp.int32(0)).compile()
    return Kernel(st, month, told, asked)


@pytest.fixture(scope="session")
def coexistence() -> Scenario:
    return scenario.load("coexistence")


@pytest.fixture(scope="session")
def st(coexistence: Scenario) -> Structure:
    return structure.structure(coexistence)


@pytest.fixture(scope="session")
def kernel(st: Structure) -> Kernel:
    return compiled(st)
