"""Playing a ladder inside a month: who opened it, how it may run, and what its end means."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.deeds import LADDER_ENDS, Ladders
from detente.ladder.quantal import CAREFUL, Care, solve, suited
from detente.ladder.stakes import Positions, payoffs, positions
from detente.ladder.tree import LINE_CLIMBED, LINE_END, LINES, RUNGS
from detente.laws import Laws
from detente.structure import Structure
from detente.sums import most
from detente.views import View
from detente.world import World

ROOM = 16
"""Ladders solved at a time: few are open in a month, so they are gathered and drained."""
NEVER = 1e-30

Solved = tuple[Array, Array, Array]
"""How ladders may run, residuals, and precisions over those of the laws."""
Queue = tuple[Array, Array, Array, Array]
"""How many are done, and the same three."""


class Ground(NamedTuple):
    """On what a ladder may open this month."""

    enacted: Array  # [N, world] rows done
    accident: Array  # [K, world] 0/1, nature's
    due: Array  # [K, world] 0/1 a deadline is reached
    dated: Array  # [K, world] how it was met
    issue: np.ndarray  # [pair] the showdown issue that a hidden force concerns, -1 for none
    side: np.ndarray  # [pair] of those who found it
    found: Array  # [pair, world] 0/1 discovered
    met: Array  # [pair, world] how it was met


class Game(NamedTuple):
    """The ladders of a month before they are played."""

    open: Array  # [K, world] 0/1
    challenger: Array  # [K, world] +1 the changers, -1 the keepers
    start: Array  # [K, world] rung on which it begins
    log_line: Array  # [K, LINES, world] log-probability of each way of running
    residual: Array  # [K, world] of the equilibrium
    precision: Array  # [K, world] at which it is one, over that of the laws: below 1 where it was lowered


class Outcome(NamedTuple):
    """What came of them."""

    ladders: Ladders
    still: Array  # [K, world] signed: a ladder carried into the next month
    rung: Array  # [K, world]
    war: Array  # [world]


def openers(world: World, ground: Ground, st: Structure) -> tuple[Array, Array]:
    """Who opens a ladder on each showdown issue: [K, 2, world] by side, and whether by a strike [K, world].

    A deadline enforced, a show of force or blockade seen, an accident, a discovery answered by force.
    """
    enforced = (ground.due * (ground.dated == 0))[:, None] * world.issues.demand[st.showdown]
    shown = most(ground.enacted[_opening_rows(st)], 2)
    forced = (ground.found * (ground.met >= 2)).astype(world.war.dtype)
    struck = (ground.found * (ground.met == 3)).astype(world.war.dtype)
    where = np.zeros((len(st.showdown), 2, len(ground.issue)))
    for j, (k, side) in enumerate(zip(ground.issue, ground.side, strict=True)):
        if k >= 0:
            where[k, side, j] = 1.0
    where_ = jnp.asarray(where, world.war.dtype)
    answered = jnp.einsum("ksj,jw->ksw", where_, forced)
    strike = jnp.minimum(jnp.einsum("ksj,jw->kw", where_, struck), 1.0)
    opened = jnp.minimum(enforced + shown + answered, 1.0)
    slip = ground.accident * (1.0 - opened[:, 0])
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


def ladders(world: World, seen: View, laws: Laws, st: Structure, ground: Ground) -> Game:
    """Set up every ladder that is open this month and solve it."""
    opened, strike = openers(world, ground, st)
    carried = world.issues.open
    fresh = jnp.where(opened[:, 0] > 0, 1.0, jnp.where(opened[:, 1] > 0, -1.0, 0.0))
    sign = jnp.where(jnp.abs(carried) > 0, carried, fresh)
    start = jnp.where(jnp.abs(carried) > 0, world.issues.rung, 1.0 + 3.0 * strike)
    both = [positions(seen, laws, st, side, believed=False) for side in (0, 1)]
    stands: Positions = jax.tree.map(lambda plus, minus: jnp.where(sign > 0, plus, minus), *both)
    return Game(jnp.abs(sign), sign, start, *solved(jnp.abs(sign), stands._replace(rung=start), laws))


def solved(open_: Array, stands: Positions, laws: Laws) -> Solved:
    """Log-probability of every line of the open ladders, [K, LINES, world], residuals and precisions, [K, world].

    Where there are few worlds every ladder is solved; where there are many, the open ones are gathered ROOM at a time.
    """
    shape = open_.shape
    spread = jax.tree.map(lambda c: jnp.broadcast_to(c, shape).reshape(-1), laws.ladder)
    flat: Positions = jax.tree.map(lambda a: a.reshape(-1), stands)
    care = suited(CAREFUL, flat.rung.dtype)
    if shape[-1] < ROOM:
        found = solve(payoffs(flat, Laws(ladder=spread)), spread.quantal.precision, care, open_.reshape(-1))
        line, residual, precision = found.line, found.residual, found.share
    else:
        line, residual, precision = _drained(open_.reshape(-1) > 0, flat, spread, care)
    lines = jnp.log(jnp.maximum(line, NEVER)).reshape(len(LINES), *shape)
    return jnp.swapaxes(lines, 0, 1), residual.reshape(shape), precision.reshape(shape)


def _drained(open_: Array, flat: Positions, coefficients: Laws, care: Care) -> Solved:
    size = open_.shape[0]
    place = jnp.cumsum(open_) - 1  # place in the queue
    number = open_.sum()
    queue = (
        jnp.zeros(size, jnp.int32).at[jnp.where(open_, place, size)].set(jnp.arange(size, dtype=jnp.int32), mode="drop")
    )

    def go_on(state: Queue) -> Array:
        return state[0] < number

    def drain(state: Queue) -> Queue:
        first, line, residual, precision = state
        turn = first + jnp.arange(ROOM)
        who = queue[jnp.minimum(turn, size - 1)]
        taken = jax.tree.map(lambda a: a[who], (flat, coefficients))
        real = (turn < number).astype(flat.rung.dtype)
        found = solve(payoffs(taken[0], Laws(ladder=taken[1])), taken[1].quantal.precision, care, real)
        to = jnp.where(turn < number, who, size)
        return (
            first + ROOM,
            line.at[:, to].set(found.line, mode="drop"),
            residual.at[to].set(found.residual, mode="drop"),
            precision.at[to].set(found.share, mode="drop"),
        )

    empty = jnp.full((len(LINES), size), 1.0 / len(LINES), flat.rung.dtype)
    none, whole = jnp.zeros(size, flat.rung.dtype), jnp.ones(size, flat.rung.dtype)
    _, line, residual, precision = jax.lax.while_loop(go_on, drain, (jnp.int32(0), empty, none, whole))
    return line, residual, precision


def outcome(game: Game, ran: Array) -> Outcome:
    """Read how each ladder ran (drawn or recorded), [K, world]."""
    here = (ran[:, None] == np.arange(len(LINES))[:, None]).astype(game.open.dtype) * game.open[:, None]
    ends = jnp.asarray(LINE_END[None] == np.arange(len(LADDER_ENDS))[:, None], here.dtype)
    hot = jnp.swapaxes(jnp.tensordot(ends, here, axes=(1, 1)), 0, 1)
    climbed = jnp.tensordot(jnp.asarray(LINE_CLIMBED, here.dtype), here, axes=(0, 1))
    rung = jnp.minimum(game.start + climbed, RUNGS - 1.0) * game.open
    still = hot[:, LADDER_ENDS.index("hold")] * game.challenger
    record = Ladders(game.open, game.challenger, rung, hot)
    return Outcome(record, still, jnp.maximum(rung, 1.0) * jnp.abs(still), most(hot[:, LADDER_ENDS.index("war")], 0))
