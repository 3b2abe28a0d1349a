"""Playing a ladder inside a month: who opened it, how it may end, and what the ending means."""

from __future__ import annotations

from typing import NamedTuple

import jax
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


def openers(
    world: World,
    enacted: Array,
    n: dict[str, Array],
    due: Array,
    dated: Array,
    pairs_issue: np.ndarray,
    pairs_side: np.ndarray,
    found: Array,
    met: Array,
    st: Structure,
) -> tuple[Array, Array]:
    """Who opens a ladder on each showdown issue: [K, 2, world] by side, and whether by a strike [K, world].

    A deadline enforced, a show of force or blockade seen, an accident, a discovery answered by force.
    """
    enforced = (due * (dated == 0))[:, None] * world.issues.demand[st.showdown]
    shown = enacted[_opening_rows(st)].max(axis=2)
    forced = (found * (met >= 2)).astype(world.war.dtype)
    struck = (found * (met == 3)).astype(world.war.dtype)
    where = np.zeros((len(st.showdown), 2, len(pairs_issue)))
    for j, (k, side) in enumerate(zip(pairs_issue, pairs_side, strict=True)):
        if k >= 0:
            where[k, side, j] = 1.0
    where_ = jnp.asarray(where, world.war.dtype)
    answered = jnp.einsum("ksj,jw->ksw", where_, forced)
    strike = jnp.minimum(jnp.einsum("ksj,jw->kw", where_, struck), 1.0)
    opened = jnp.minimum(enforced + shown + answered, 1.0)
    slip = n["accident"] * (1.0 - opened[:, 0])
    opened = jnp.stack([opened[:, 0], jnp.maximum(opened[:, 1], slip)], axis=1)
    return opened, strike


def _opening_rows(st: Structure) -> np.ndarray:
    """Rows that open a ladder when done, by showdown issue and side, padded with N, [K, 2, m]."""
    cells: dict[tuple[int, int], list[int]] = {}
    for i in st.where("show-force", "blockade"):
        actor, host = st.dec[st.row_seat[i]], st.host_issue[st.row_target[i]]
        issue = int(st.row_issue[i]) if st.rows[i].issue else (int(st.showdown[host]) if host >= 0 else -1)
        if issue in st.showdown and st.stake[issue, actor] != 0:
            k = int(np.flatnonzero(st.showdown == issue)[0])
            cells.setdefault((k, 0 if st.stake[issue, actor] > 0 else 1), []).append(int(i))
    width = max(len(rows) for rows in cells.values())
    out = np.full((len(st.showdown), 2, width), len(st.rows))
    for (k, side), rows in cells.items():
        out[k, side, : len(rows)] = rows
    return out


def ladders(
    world: World,
    seen: View,
    laws: Laws,
    st: Structure,
    enacted: Array,
    n: dict[str, Array],
    due: Array,
    dated: Array,
    pairs: object,
    found: Array,
    met: Array,
) -> Game:
    """Set up every ladder that is open this month and solve it as things stand."""
    opened, strike = openers(world, enacted, n, due, dated, pairs.issue, pairs.side, found, met, st)  # type: ignore[attr-defined]
    carried = world.issues.open
    fresh = jnp.where(opened[:, 0] > 0, 1.0, jnp.where(opened[:, 1] > 0, -1.0, 0.0))
    sign = jnp.where(jnp.abs(carried) > 0, carried, fresh)
    start_at = jnp.where(jnp.abs(carried) > 0, world.issues.rung, 1.0 + 3.0 * strike)
    start = (start_at[None] == jnp.arange(RUNGS, dtype=start_at.dtype)[:, None, None]).astype(world.war.dtype)
    both = [positions(seen, laws, st, side, believed=False) for side in (0, 1)]
    stands = jax.tree.map(lambda plus, minus: jnp.where(sign > 0, plus, minus), *both)
    ending = solve(payoffs(stands, laws), laws.ladder.quantal.precision, start).ending
    flat = ending.reshape(-1, *ending.shape[2:])
    return Game(jnp.abs(sign), sign, jnp.log(jnp.maximum(jnp.swapaxes(flat, 0, 1), 1e-12)))


def outcome(game: Game, ended: Array) -> Outcome:
    """Read the drawn (or recorded) ending of each ladder."""
    end, rung = ended // RUNGS, (ended % RUNGS).astype(game.open.dtype)
    hot = (end[:, None] == np.arange(len(LADDER_ENDS))[:, None]).astype(game.open.dtype) * game.open[:, None]
    still = hot[:, LADDER_ENDS.index("hold")] * game.challenger
    record = Ladders(game.open, game.challenger, rung * game.open, hot)
    return Outcome(record, still, jnp.maximum(rung, 1.0) * jnp.abs(still), hot[:, LADDER_ENDS.index("war")].max(axis=0))
