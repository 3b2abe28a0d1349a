"""Playing a ladder inside a month: who opened it, how it may end, and what the ending means."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.deeds import LADDER_ENDS, Ladders
from detente.ladder.quantal import solve
from detente.ladder.stakes import RUNGS, payoffs, positions
from detente.laws import Laws
from detente.structure import Structure
from detente.views import View
from detente.world import World


class Game(NamedTuple):
    """The ladders of a month before they are played."""

    open: Array  # [K, world] 0/1
    challenger: Array  # [K, world] +1 the changers, -1 the keepers
    log_ending: Array  # [K, ends × rungs, world] log-probability of each (ending, rung)


class Outcome(NamedTuple):
    """What came of them."""

    ladders: Ladders
    still: Array  # [K, world] signed: a ladder carried into the next month
    rung: Array  # [K, world]
    war: Array  # [world]


def openers(world: World, enacted: Array, n: dict[str, Array], due: Array, dated: Array, pairs_issue: np.ndarray, pairs_side: np.ndarray, found: Array, met: Array, st: Structure) -> tuple[Array, Array]:
    """Who opens a ladder on each showdown issue: [K, 2, world] by side, and whether by a strike [K, world].

    A deadline enforced, a show of force or blockade seen, an accident, a discovery answered by force.
    """
    shape = (len(st.showdown), 2, *world.war.shape)
    opened = jnp.zeros(shape, world.war.dtype)
    strike = jnp.zeros((shape[0], shape[2]), world.war.dtype)
    enforced = due * (dated == 0)
    demander = world.issues.demand[st.showdown]
    opened = jnp.maximum(opened, enforced[:, None] * demander)
    for i in st.where("show-force", "blockade"):
        row = st.rows[i]
        actor = st.dec[st.row_seat[i]]
        issue = st.row_issue[i] if row.issue else (st.showdown[st.host_issue[st.row_target[i]]] if st.host_issue[st.row_target[i]] >= 0 else -1)
        if issue < 0 or st.stake[issue, actor] == 0:
            continue
        k = int(np.flatnonzero(st.showdown == issue)[0])
        side = 0 if st.stake[issue, actor] > 0 else 1
        opened = opened.at[k, side].max(enacted[i])
    for j, (k, side) in enumerate(zip(pairs_issue, pairs_side, strict=True)):
        if k < 0:
            continue
        opened = opened.at[k, side].max(found[j] * (met[j] >= 2))
        strike = strike.at[k].max(found[j] * (met[j] == 3))
    opened = opened.at[:, 1].max(n["accident"] * (1.0 - opened[:, 0]))
    return opened, strike


def ladders(world: World, seen: View, laws: Laws, st: Structure, enacted: Array, n: dict[str, Array], due: Array, dated: Array, pairs: object, found: Array, met: Array) -> Game:
    """Set up every ladder that is open this month and solve it as things stand."""
    opened, strike = openers(world, enacted, n, due, dated, pairs.issue, pairs.side, found, met, st)  # type: ignore[attr-defined]
    carried = world.issues.open
    fresh = jnp.where(opened[:, 0] > 0, 1.0, jnp.where(opened[:, 1] > 0, -1.0, 0.0))
    sign = jnp.where(jnp.abs(carried) > 0, carried, fresh)
    start_at = jnp.where(jnp.abs(carried) > 0, world.issues.rung, 1.0 + 3.0 * strike)
    start = (start_at[None] == jnp.arange(RUNGS, dtype=start_at.dtype)[:, None, None]).astype(world.war.dtype)
    endings = [solve(payoffs(positions(seen, laws, st, side, believed=False), laws), laws.ladder.quantal.precision, start).ending for side in (0, 1)]
    ending = jnp.where(sign > 0, endings[0], endings[1])
    flat = ending.reshape(-1, *ending.shape[2:])
    return Game(jnp.abs(sign), sign, jnp.log(jnp.maximum(jnp.swapaxes(flat, 0, 1), 1e-12)))


def outcome(game: Game, ended: Array, world: World, st: Structure) -> Outcome:
    """Read the drawn (or recorded) ending of each ladder."""
    end, rung = ended // RUNGS, (ended % RUNGS).astype(world.war.dtype)
    hot = (end[:, None] == np.arange(len(LADDER_ENDS))[:, None]).astype(world.war.dtype) * game.open[:, None]
    still = hot[:, LADDER_ENDS.index("hold")] * game.challenger
    record = Ladders(game.open, game.challenger, rung * game.open, hot)
    return Outcome(record, still, jnp.maximum(rung, 1.0) * jnp.abs(still), hot[:, LADDER_ENDS.index("war")].max(axis=0))
