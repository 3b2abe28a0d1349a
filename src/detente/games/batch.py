"""One tree with many payoffs: equilibria of all of them at once, and their derivatives.

With perfect recall a player's own logit reply to the others follows by one induction over its sequences of choices.
So one player can be eliminated: the unknowns are the log-odds of the others, and the branch is where they reproduce
themselves, y = T(y; payoffs, precision). It is followed in precision by prediction and Newton's method, all games in
step; a game whose branch turns back is handed to `quantal`, which follows it around the turn.

Derivatives follow from the implicit function theorem at the solution: dy = (1 − ∂T/∂y)⁻¹ ∂T.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.linalg import lu_factor, lu_solve
from numpy.typing import ArrayLike

from detente.games import quantal
from detente.games.tree import CHANCE, TREMBLE, Floats, Game, GameError, Ints

CHUNK = 128
"""Games solved together; changes no result."""
DENSE = 20_000_000
"""Most entries of the table (ending, choice) of a tree that is solved in batches."""
NEAR, FAR = 0.2, 0.8
"""Error of prediction, in log-odds, that a step aims at, and at which it is taken back."""
SHORTEST = 1e-6
STEPS = 600
DONE = 1e-11
"""Last correction of Newton's method, in log-odds."""


class Level(NamedTuple):
    """Information sets of one player after equally many own choices."""

    choices: Ints  # [choice of the level] as all choices are numbered
    slots: Ints  # [set, action] places in `choices`, padded with their number
    below: Floats  # [choice of the level, set of the next level] 1 where the set follows the choice


class Side(NamedTuple):
    """What a player's reply depends on."""

    player: int
    ends: Floats  # [ending, choice] choices of the others on the way to each ending
    log_chance_nodes: Floats  # [own node]
    nodes: Floats  # [own node, choice] the same on the way to each own node
    members: Ints  # [own set, node] padded with the number of own nodes
    place: Ints  # [choice] own set of each own choice, -1 of another's
    after: Ints  # [ending] the own last choice before it, among own choices; their number if there is none
    own: Ints  # [own choice] as all choices are numbered
    levels: tuple[Level, ...]  # from the root down
    sets: tuple[Ints, ...]  # own sets of each level


@dataclass(frozen=True, eq=False)
class Solutions:
    """Equilibria of many games on one tree."""

    log_profile: Floats  # [game, choice]
    residual: Floats  # [game]
    converged: np.ndarray  # [game]
    turned: np.ndarray  # [game] whether the branch was handed to `quantal`

    @property
    def probabilities(self) -> Floats:
        """Probability of each choice, [game, choice]."""
        return np.exp(self.log_profile)


def solve(game: Game, payoffs: ArrayLike, precision: ArrayLike, chunk: int = CHUNK) -> Solutions:
    """The equilibria of the principal branch for many payoffs, [game, ending, player], and precisions, [game] or one.

    Raises
    ------
    GameError
        Where shapes do not fit, or a number is not finite, or a precision negative.
    """
    u, pace = _checked(game, payoffs, precision)
    count = len(u)
    logs, residual = np.zeros((count, len(game.owner))), np.full(count, np.inf)
    with jax.enable_x64(new_val=True):
        many = _compiled(game)
        for start in range(0, count, chunk):
            rows = np.arange(start, start + chunk).clip(max=count - 1)
            found, error = many(u[rows], pace[rows])
            part = slice(start, min(start + chunk, count))
            logs[part], residual[part] = np.asarray(found)[: count - start], np.asarray(error)[: count - start]
    turned = ~(residual <= quantal.RESIDUAL)
    converged = ~turned
    for k in np.flatnonzero(turned):
        one = quantal.solve(game.paid(u[k]), float(pace[k]))
        logs[k], residual[k], converged[k] = one.log_profile, one.residual, one.converged
    return Solutions(logs, residual, converged, turned)


def log_profile(game: Game, payoffs: Array, precision: Array) -> Array:
    """The equilibrium of one game in logs, [choice], as a function that JAX can map, compile and differentiate once.

    payoffs: [ending, player]; precision: a number. Not a number where the branch cannot be followed without turning.

    Raises
    ------
    GameError
        Outside of `jax.enable_x64`: the solver needs float64.
    """
    if jnp.result_type(payoffs, float) != jnp.float64:
        raise GameError("equilibria need float64: call inside `with jax.enable_x64(True):`")
    return _implicit(game, jnp.asarray(payoffs), jnp.asarray(precision, float))


def values(game: Game, payoffs: Array, log_profile: Array) -> Array:
    """What the game is worth to each player under a profile, [player], differentiable."""
    return jnp.exp(game.log_chance + jnp.asarray(_dense(game)) @ log_profile) @ payoffs


def ends(game: Game, log_profile: Array) -> Array:
    """Log-probability of each ending under a profile, [ending], differentiable."""
    return jnp.asarray(game.log_chance) + jnp.asarray(_dense(game)) @ log_profile


def _checked(game: Game, payoffs: ArrayLike, precision: ArrayLike) -> tuple[Floats, Floats]:
    u = np.asarray(payoffs, float)
    shape = game.payoffs.shape
    if u.ndim != 3 or u.shape[1:] != shape:
        raise GameError(
            f"{game.name}: payoffs have the shape {u.shape}; give (games, {shape[0]} endings, {shape[1]} players)"
        )
    if not np.isfinite(u).all():
        raise GameError(
            f"{game.name}: payoffs of game {int(np.argwhere(~np.isfinite(u))[0][0])} are not all finite numbers"
        )
    try:
        pace = np.broadcast_to(np.asarray(precision, float), (len(u),))
    except ValueError:
        raise GameError(
            f"{game.name}: {np.size(precision)} precisions for {len(u)} games; give one, or one each"
        ) from None
    if not (np.isfinite(pace) & (pace >= 0)).all():
        raise GameError(f"{game.name}: a precision is negative, infinite or not a number; give 0 (blind play) or more")
    return u, pace


@lru_cache(maxsize=8)
def _compiled(game: Game) -> Callable[[Floats, Floats], tuple[Array, Array]]:
    return jax.jit(jax.vmap(partial(_alone, game)))


# ---- one game ----
def _alone(game: Game, u: Array, precision: Array) -> tuple[Array, Array]:
    """Log-profile and residual."""
    full = _profile(game, _follow(game, u, precision), u, precision)
    reply = full
    for side in _split(game)[0]:
        reply = reply.at[side.own].set(_reply(side, game, full, u, precision))
    return full, abs(jnp.exp(reply) - jnp.exp(full)).max(initial=0.0)


def _implicit(game: Game, u: Array, precision: Array) -> Array:
    """The log-profile, with derivatives by the implicit function theorem: one Newton step at the solution."""
    still = jax.lax.stop_gradient
    y = still(_follow(game, still(u), still(precision)))
    if len(y):
        slopes = jnp.eye(len(y)) - jax.jacfwd(lambda z: _again(game, z, u, precision))(y)
        y = y - lu_solve(lu_factor(still(slopes)), y - _again(game, y, u, precision))
    return _profile(game, y, u, precision)


class _State(NamedTuple):
    share: Array  # of the way to the precision
    y: Array
    way: Array  # dy by share
    step: Array
    steps: Array
    error: Array  # of the last prediction; at the end, the last correction


def _follow(game: Game, u: Array, precision: Array) -> Array:
    """The log-odds of the free players at the precision, from blind play; not a number where the branch turns back."""
    free, _ = _split(game)
    size = sum(len(side.own) - len(side.members) for side in free)
    if not size:
        return jnp.zeros(0, u.dtype)
    spread = jnp.maximum(jnp.ptp(u, axis=0).max(), 1e-300)

    def at(y: Array, share: Array) -> Array:
        return _again(game, y, u, share * precision)

    def more(s: _State) -> Array:
        return ((s.share < 1.0) & (s.step > SHORTEST) | (s.share == 1.0) & (s.error > DONE)) & (s.steps < STEPS)

    def advance(s: _State) -> _State:
        share = jnp.minimum(s.share + s.step, 1.0)
        taken = share - s.share
        ahead = s.y + taken * s.way
        slopes = lu_factor(jnp.eye(size) - jax.jacfwd(at)(ahead, share))
        first = lu_solve(slopes, at(ahead, share) - ahead)
        near = ahead + first
        onward, along = jax.jvp(lambda t: at(near, t), (share,), (jnp.ones_like(share),))
        second = lu_solve(slopes, onward - near)
        error, rest = abs(first).max(), abs(second).max()
        good = (error < FAR) & (rest < 0.3 * error + 1e-9)
        grow = jnp.clip(jnp.sqrt(NEAR / jnp.maximum(error, 1e-9)), 0.3, 3.0)
        fresh = _State(share, near + second, lu_solve(slopes, along), taken * grow, s.steps + 1, error)
        stay = s._replace(step=0.4 * taken, steps=s.steps + 1)
        return jax.tree.map(lambda a, b: jnp.where(good, a, b), fresh, stay)

    begin = jnp.zeros(size, u.dtype)
    zero = jnp.zeros((), u.dtype)
    _, way = jax.jvp(lambda t: at(begin, t), (zero,), (jnp.ones_like(zero),))
    step = jnp.minimum(1.0, 0.3 / jnp.maximum(precision * spread, 1e-9))
    start = _State(zero, begin, way, step, jnp.zeros((), int), jnp.full_like(zero, jnp.inf))
    end = jax.lax.while_loop(more, advance, start)
    return jnp.where((end.share < 1.0) | (end.error > DONE), jnp.nan, end.y)


def _again(game: Game, y: Array, u: Array, precision: Array) -> Array:
    """T: the log-odds of the free players' replies to a profile in which the last one replies to the free ones."""
    free, _ = _split(game)
    full = _profile(game, y, u, precision)
    return jnp.concatenate([_odds(side, _reply(side, game, full, u, precision)) for side in free])


def _profile(game: Game, y: Array, u: Array, precision: Array) -> Array:
    """All log-probabilities, [choice], from the log-odds of the free players."""
    free, last = _split(game)
    full = jnp.zeros(len(game.owner), u.dtype)
    at = 0
    for side in free:
        width = len(side.own) - len(side.members)
        full = full.at[side.own].set(_shares(side, y[at : at + width]))
        at += width
    if last is not None:
        full = full.at[last.own].set(_reply(last, game, full, u, precision))
    return full


def _reply(side: Side, game: Game, full: Array, u: Array, precision: Array) -> Array:
    """A player's logit reply, its later agents' replies included, in logs, [own choice]."""
    log_end = game.log_chance + side.ends @ full
    log_node = side.log_chance_nodes + side.nodes @ full
    log_set = jax.nn.logsumexp(jnp.append(log_node, -jnp.inf)[side.members], axis=1)
    of = jnp.append(log_set[side.place], 0.0)[side.after]
    held = side.after < len(side.own)
    worth = jnp.where(held, jnp.exp(jnp.where(held, log_end - of, 0.0)), 0.0) * u[:, side.player]
    gains = jax.ops.segment_sum(worth, side.after, len(side.own) + 1)[:-1]
    rank = {int(c): k for k, c in enumerate(side.own)}
    value, found = jnp.zeros(0, u.dtype), jnp.zeros(len(side.own), u.dtype)
    for depth in reversed(range(len(side.levels))):
        level = side.levels[depth]
        mine = np.array([rank[int(c)] for c in level.choices])
        q = gains[mine]
        if depth + 1 < len(side.levels):
            later = side.sets[depth + 1]
            above = level.below.argmax(axis=0)
            q = q + level.below @ (jnp.exp(log_set[later] - log_set[side.place[mine[above]]]) * value)
        table = jnp.append(q, 0.0)[level.slots]
        there = level.slots < len(mine)
        log_p = jax.nn.log_softmax(jnp.where(there, precision * table, -jnp.inf), axis=1)
        value = (jnp.where(there, jnp.exp(log_p), 0.0) * table).sum(axis=1)
        found = found.at[mine[level.slots[there]]].set(log_p[there])
    return found


def _odds(side: Side, reply: Array) -> Array:
    """Log-odds of all but the first action of each set against the first."""
    rest, ahead = _firsts(side)
    return reply[rest] - reply[ahead]


def _shares(side: Side, odds: Array) -> Array:
    """Log-probabilities from log-odds."""
    rest, _ = _firsts(side)
    logits = jnp.zeros(len(side.own), odds.dtype).at[rest].set(odds)
    sets = side.place
    top = jax.ops.segment_max(logits, sets, len(side.members))
    total = jnp.log(jax.ops.segment_sum(jnp.exp(logits - top[sets]), sets, len(side.members)))
    return logits - top[sets] - total[sets]


def _firsts(side: Side) -> tuple[Ints, Ints]:
    """All actions but the first of each set, and the first of their set."""
    first = np.concatenate([[True], side.place[1:] != side.place[:-1]])
    return np.flatnonzero(~first), np.flatnonzero(first)[side.place][~first]


# ---- what a tree is, as arrays ----
@lru_cache(maxsize=8)
def _split(game: Game) -> tuple[tuple[Side, ...], Side | None]:
    """The players whose log-odds are unknown, and the one with most choices, who replies to them."""
    sides = [_side(game, player) for player in range(len(game.players)) if (game.owner == player).any()]
    if not sides:
        return (), None
    last = max(sides, key=lambda side: len(side.own) - len(side.members))
    return tuple(side for side in sides if side is not last), last


@lru_cache(maxsize=8)
def _dense(game: Game) -> Floats:
    if len(game.terminals) * len(game.owner) > DENSE:
        raise GameError(
            f"{game.name}: too large for batches: {len(game.terminals):,} endings times {len(game.owner):,} choices, "
            f"and the limit is {DENSE:,}; solve it alone"
        )
    return np.asarray(game.paths.toarray(), float)


def _side(game: Game, player: int) -> Side:
    own = np.flatnonzero(game.owner == player)
    mine = np.flatnonzero(np.isin(np.arange(len(game.sizes)), game.set_of[own]))
    rank = {int(game.personal[s]): k for k, s in enumerate(mine)}
    nodes = np.flatnonzero(game.mover == player + 1)
    ways, chances = np.zeros((len(nodes), len(game.owner))), np.zeros(len(nodes))
    last_before = np.full(len(mine), -1)
    members: list[list[int]] = [[] for _ in mine]
    for k, node in enumerate(nodes.tolist()):
        members[rank[int(game.infoset[node])]].append(k)
        last_before[rank[int(game.infoset[node])]], chances[k] = _way(game, node, player, ways[k])
    dense = _dense(game).copy()
    dense[:, own] = 0.0
    place = np.searchsorted(mine, game.set_of[own])
    number = np.full(len(game.owner) + 1, len(own))
    number[own] = np.arange(len(own))
    levels, sets = _levels(game, own, place, number, last_before)
    return Side(
        player,
        dense,
        chances,
        ways,
        _padded(members, len(nodes)),
        place,
        number[_last(game, player)],
        own,
        levels,
        sets,
    )


def _way(game: Game, node: int, player: int, row: Floats) -> tuple[int, float]:
    """Mark the others' choices on the way to a node; the own last choice there, and chance's log-probability."""
    last, chance = -1, 0.0
    while game.parent[node] >= 0:
        above, choice = int(game.parent[node]), int(game.choice[node])
        if game.mover[above] == CHANCE:
            chance += np.log(max(game.infosets[game.infoset[above]].probabilities[game.branch[node]], TREMBLE))
        elif game.owner[choice] != player:
            row[choice] = 1.0
        elif last < 0:
            last = choice
        node = above
    return last, chance


def _last(game: Game, player: int) -> Ints:
    """The player's last choice before each ending, [ending]; -1 without one."""
    last = np.full(len(game.parent), -1)
    own = np.append(game.owner == player, [False])[game.choice]
    for node, above in enumerate(game.parent.tolist()):
        if above >= 0:
            last[node] = game.choice[node] if own[node] else last[above]
    return last[game.terminals]


def _levels(
    game: Game, own: Ints, place: Ints, number: Ints, before: Ints
) -> tuple[tuple[Level, ...], tuple[Ints, ...]]:
    """The player's sets by how many own choices come before them."""
    depth = np.zeros(len(before), int)
    for k in range(len(before)):
        at = k
        while before[at] >= 0:
            at = int(place[number[before[at]]])
            depth[k] += 1
    levels, sets = [], [np.flatnonzero(depth == d) for d in range(depth.max(initial=-1) + 1)]
    for d, here in enumerate(sets):
        choices = own[np.isin(place, here)]
        of = place[np.isin(place, here)]
        slots = _padded([np.flatnonzero(of == k).tolist() for k in here], len(choices))
        later = sets[d + 1] if d + 1 < len(sets) else np.zeros(0, int)
        below = (choices[:, None] == before[later][None, :]).astype(float)
        levels.append(Level(choices, slots, below))
    return tuple(levels), tuple(sets)


def _padded(rows: list[list[int]], pad: int) -> Ints:
    table = np.full((len(rows), max(map(len, rows), default=0)), pad)
    for k, row in enumerate(rows):
        table[k, : len(row)] = row
    return table
