"""What a showdown is worth to the one who would open it: the ladder thought through a few times over.

A seat weighing a showdown takes what it believes of both sides and solves the ladder that it would open. At first
nobody's moves tell anything; the best noisy replies to that follow from the last move backwards. Taken for what
everybody will do, they say what a move would tell, and the replies are worked out again.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from detente.ladder.quantal import Plan, flat, respond
from detente.ladder.stakes import Positions, payoffs
from detente.laws import Laws
from detente.sums import add

DEPTH = 3
"""How often it is thought through. Under the medians of the laws the value is then within 0.3 % of the stake of the
equilibrium's in 95 of a hundred positions, over the whole prior within 3 % (`docs/model/ladder.md`)."""


def worth(x: Positions, laws: Laws, depth: int = DEPTH) -> Array:
    """Value of the opening to a challenger who does not yet know how resolute he will be, in the shape of `x.rung`.

    Laws are scalars or [world], the last axis of the positions.
    """
    shape = x.rung.shape
    one: Positions = jax.tree.map(lambda a: jnp.broadcast_to(a, shape).reshape(-1), x)
    spread = jax.tree.map(lambda c: jnp.broadcast_to(c, shape).reshape(-1), laws.ladder)
    y = payoffs(one, Laws(ladder=spread))

    def think(known: Plan, _: Array) -> tuple[Plan, Array]:
        (challenger, _), replies = respond(y, spread.quantal.precision, known)
        return replies, add(challenger * y.prior[0], 0)

    values: Array = jax.lax.scan(think, flat(y), jnp.arange(depth))[1]  # written out, it is twice as slow on a CPU
    return values[-1].reshape(shape)
