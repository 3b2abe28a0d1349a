"""What a showdown is worth to the one who would open it: a table, solved once for each draw of the laws.

A seat weighing a showdown asks four things: how much the other has at stake beside itself, whom the balance favours,
how resolute the other is taken to be, and how loud both have been. The ladder is solved on a grid of these and read
between its points; the rest stands at its middle.
"""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.ladder.quantal import ROUGH, solve, suited
from detente.ladder.stakes import Positions, payoffs
from detente.laws import Laws
from detente.sums import add

STAKE = 0.5
"""The challenger's own stake on the grid; the value read is taken in proportion to the true one."""
GRID = (
    np.linspace(-2.4, 2.4, 7),  # log of the other's stake over one's own
    np.linspace(-1.0, 1.0, 7),  # balance in one's favour
    np.linspace(0.05, 0.95, 4),  # belief in the other's resolve
    np.linspace(0.0, 1.4, 3),  # how loud both have committed themselves
)
"""Axes of the table."""


def situations(ratio: Array, favour: Array, resolve: Array, loud: Array) -> Positions:
    """The ladder that a challenger has in mind."""
    own = jnp.full_like(ratio, STAKE)
    nothing = jnp.zeros_like(ratio)
    half = jnp.full_like(ratio, 0.5)
    return Positions(
        stake=(own, jnp.minimum(own * jnp.exp(ratio), 1.0)),
        favour=(favour, -favour),
        audience=(loud, loud),
        side_payment=(nothing, nothing),
        resolve=(half, resolve),
        safety=jnp.ones_like(ratio),
        rung=jnp.ones_like(ratio),
    )


def worth(x: Positions, laws: Laws) -> Array:
    """Value of the opening to a challenger who does not yet know how resolute he will be, as [..., world]."""
    shape = x.rung.shape
    flat: Positions = jax.tree.map(lambda a: a.reshape(1, -1), x)
    one = jax.tree.map(lambda a: a[0], flat)
    spread = jax.tree.map(lambda c: jnp.broadcast_to(c, shape).reshape(-1), laws.ladder)
    y = payoffs(one, Laws(ladder=spread))
    found = solve(y, spread.quantal.precision, suited(ROUGH, x.rung.dtype))
    return add(found.value[0] * y.prior[0], 0).reshape(shape)


def openings(laws: Laws) -> Array:
    """The table for each draw of the laws, [ratio × favour × resolve × loud, world]."""
    like = jnp.asarray(laws.ladder.stakes.prize)
    points = np.array(list(itertools.product(*GRID)))
    shape = (len(points), *(like.shape or (1,)))
    four = [jnp.broadcast_to(jnp.asarray(points[:, n], like.dtype)[:, None], shape) for n in range(4)]
    return worth(situations(*four), laws)


def prepared(laws: Laws) -> Laws:
    """The laws with the table beside them: worked out once, before the months run, never inside one."""
    return laws if "derived" in laws else Laws(laws | {"derived": Laws(openings=openings(laws))})


def read(table: Array, ratio: Array, favour: Array, resolve: Array, loud: Array) -> Array:
    """The value between the points of the grid, multilinear, for [.., world] coordinates."""
    place, share, stride = [], [], []
    size = 1
    for axis, x in zip(reversed(GRID), (loud, resolve, favour, ratio), strict=True):
        step = axis[1] - axis[0]
        at = jnp.clip((x - axis[0]) / step, 0.0, len(axis) - 1.0)
        low = jnp.minimum(jnp.floor(at), len(axis) - 2.0)
        place.append(low.astype(jnp.int32) * size)
        share.append(at - low)
        stride.append(size)
        size *= len(axis)
    first = place[0] + place[1] + place[2] + place[3]
    out = jnp.zeros_like(ratio)
    for corner in itertools.product((0, 1), repeat=4):
        index = first + sum(s * c for s, c in zip(stride, corner, strict=True))
        weight = jnp.ones_like(ratio)
        for c, w in zip(corner, share, strict=True):
            weight = weight * (w if c else 1.0 - w)
        out = out + weight * jnp.take_along_axis(table, index, axis=0)
    return out
