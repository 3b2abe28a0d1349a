"""A reduced model, small enough to be written twice: here in our style, in `reduced_mesa.py` as Mesa's users write.

Three seats, 144 months. `x[i, j]` is the hostility that seat i feels towards seat j. Each month

1. every seat, without sight of the others, takes one of ten rows by a logit choice at temperature 1: do nothing, arm,
   or one of four deeds (threaten, press, protest, visit) to one of the two others. A row is worth

       u = base[deed] + pull[deed] · (x[i, j] − 1),        with the mean of x[i, ·] where the row has no target;

2. hostility follows Richardson (1960) and the deeds received:

       x[i, j] ← max(0, x[i, j] + REACT · x[j, i] − FORGET · x[i, j] + GRIEVANCE[i, j] + Σ effect[deeds of j to i])

   where arming is felt by both others.

Tension is the mean of x over the six pairs; every month's tension and moves are kept. Both forms have the same
numbers, the ones below; their luck differs, so that only distributions agree, and the benchmark compares the means.
The numbers are chosen for liveliness, not for history: this model is a yardstick and says nothing of the Cold War.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.decisions import argmax
from detente.noise import addresses, at_month, gumbel, world_keys

MONTHS = 144
SEATS = ("west", "east", "south")
REACT, FORGET = 0.05, 0.08
GRIEVANCE = np.array([[0.0, 0.04, 0.01], [0.04, 0.0, 0.03], [0.01, 0.03, 0.0]])
OPENING = np.array([[0.0, 1.5, 0.5], [1.5, 0.0, 0.5], [0.5, 0.5, 0.0]])


class Deed(NamedTuple):
    """What one can do: its worth, how hostility draws to it, what it does to the hostility of whom it meets."""

    base: float
    pull: float
    effect: float


DEEDS = {
    "nothing": Deed(1.0, 0.0, 0.0),
    "arm": Deed(-1.0, 0.5, 0.05),
    "threaten": Deed(-2.5, 1.0, 0.20),
    "press": Deed(-1.5, 0.6, 0.10),
    "protest": Deed(-0.5, 0.2, 0.02),
    "visit": Deed(-1.0, -0.6, -0.15),
}
UNTARGETED = ("nothing", "arm")


def menu(seat: int) -> list[tuple[str, int | None]]:
    """The ten rows of a seat: deed and target."""
    others = [j for j in range(len(SEATS)) if j != seat]
    aimed = [(deed, j) for deed in DEEDS if deed not in UNTARGETED for j in others]
    return [*((deed, None) for deed in UNTARGETED), *aimed]


class Tables(NamedTuple):
    """The menus as arrays: `felt @ x` is the hostility that each row looks at."""

    base: np.ndarray  # [seat, row, 1]
    pull: np.ndarray  # [seat, row, 1]
    looks: np.ndarray  # [seat, row, target, 1]
    effect: np.ndarray  # [seat, row, target, 1] on the target's hostility towards the seat
    address: np.ndarray  # [seat, row, 1]


def tables() -> Tables:
    """Lay the menus out once, on the host."""
    n, rows = len(SEATS), [menu(i) for i in range(len(SEATS))]
    looks = np.zeros((n, len(rows[0]), n, 1), np.float32)
    effect = np.zeros_like(looks)
    for i, mine in enumerate(rows):
        for r, (deed, target) in enumerate(mine):
            whom = [target] if target is not None else [j for j in range(n) if j != i]
            looks[i, r, whom] = 1 / len(whom)
            effect[i, r, whom] = DEEDS[deed].effect
    base, pull = (
        np.array([[[getattr(DEEDS[deed], key)] for deed, _ in mine] for mine in rows], np.float32)
        for key in ("base", "pull")
    )
    names = [f"{SEATS[i]}:{deed}:{target}" for i, mine in enumerate(rows) for deed, target in mine]
    return Tables(base, pull, looks, effect, addresses(names).reshape(n, -1, 1))


def month(x: Array, keys: Array, when: Array, t: Tables) -> tuple[Array, tuple[Array, Array]]:
    """One month of many worlds, worlds last."""
    utility = t.base + t.pull * ((t.looks * x[:, None]).sum(axis=2) - 1)
    row = argmax(utility + gumbel(at_month(keys, when), t.address))
    taken = (row[:, None] == np.arange(t.base.shape[1])[:, None]).astype(x.dtype)
    done = (t.effect * taken[:, :, None]).sum(axis=1)  # [seat, target, world]
    x = x + REACT * x.swapaxes(0, 1) - FORGET * x + GRIEVANCE[:, :, None].astype(np.float32) + done.swapaxes(0, 1)
    x = jnp.maximum(x, 0) * (1 - np.eye(len(SEATS), dtype=np.float32))[:, :, None]
    return x, (x.sum(axis=(0, 1)) / 6, row.astype(jnp.int8))


def runner(worlds: int) -> Callable[[Array], tuple[Array, Array]]:
    """From world keys to tension [month, world] and moves [month, seat, world]."""
    t = tables()

    @jax.jit
    def run(keys: Array) -> tuple[Array, Array]:
        start = jnp.broadcast_to(OPENING.astype(np.float32)[:, :, None], (*OPENING.shape, worlds))
        found: tuple[Array, Array] = jax.lax.scan(lambda x, m: month(x, keys, m, t), start, jnp.arange(MONTHS))[1]
        return found

    return run


def keys(seed: int, first: int, worlds: int) -> Array:
    """Keys of the worlds from one on."""
    return world_keys(seed, jnp.arange(first, first + worlds))
