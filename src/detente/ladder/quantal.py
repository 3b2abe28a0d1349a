"""The agent quantal response equilibrium of a ladder with private resolve.

McKelvey and Palfrey, Experimental Economics 1 (1998): each side's type chooses each move with probability proportional
to exp(λ · expected payoff), expecting under beliefs that follow from the other's strategy by Bayes. Given beliefs the
tree is solved backwards at once; beliefs and strategies are brought into agreement by damped iteration, and what is
left of their disagreement is the residual, always reported. Where the
iteration does not settle, the ladder is played at a lower precision, which is reported: in a few cases in a hundred at
the precisions of the model's prior. The general solver in `games` follows the principal branch to any precision.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from detente.ladder.stakes import Payoffs
from detente.ladder.tree import MOVES, ON, TYPES, climbed, mover
from detente.sums import add


class Care(NamedTuple):
    """How long and how closely to look."""

    steps: int  # iterations in one try
    tries: int  # where one has not settled, the next is made at a lower precision; the last gives what it has
    enough: float  # residual (largest change of a probability in a step) at which the iteration stops


CAREFUL = Care(24, 8, 9e-5)
"""For ladders that are played."""
ROUGH = Care(16, 1, 1e-3)
"""For what a seat makes of a ladder beforehand."""
BLUNTER = 0.6
"""So much lower is the precision of the next try."""
DAMPING, HALVING = 0.9, 30.0
"""Share of the new answer in the first step, and the steps in which it falls by half: what circles is damped."""
RELAXED = 0.3
"""Share of the correction in a step of the linear equations of the gradient."""


class Strategy(NamedTuple):
    """What each type does at each node of one depth."""

    play: Array  # [TYPES, PLAYS, node, world] of the mover
    yes: Array  # [TYPES, node, world] of the other, if offered a settlement


Strategies = tuple[Strategy, ...]


class Solution(NamedTuple):
    """What the ladder is worth to each side's types before the first move, and how it runs."""

    value: tuple[Array, Array]  # [TYPES, world] to challenger and defender
    line: Array  # probability of each way of running, [LINES, world]; types weighed by the prior
    residual: Array  # [world]
    precision: Array  # [world] at which it is one
    strategies: Strategies


class Reach(NamedTuple):
    """How likely a side's type plays so as to come to each node, prior included, [TYPES, node, world] by side."""

    challenger: Array
    defender: Array


def solve(x: Payoffs, precision: Array, care: Care = CAREFUL) -> Solution:
    """Iterate to agreement; differentiable by the implicit function theorem, forwards and backwards."""
    found, sharp = _iterate(*jax.lax.stop_gradient((x, precision)), care)
    own = precision * (sharp / jax.lax.stop_gradient(precision))

    def apart(s: Strategies) -> Strategies:
        return jax.tree.map(jnp.subtract, respond(x, own, s)[1], s)

    strategies = jax.lax.custom_root(apart, found, lambda _, s: s, partial(_relax, 2 * care.steps))
    values, answer = respond(x, own, strategies)
    residual = distance(answer, strategies)
    return Solution(values, lines(x, strategies), residual, own, strategies)


def _relax(steps: int, slope: Callable[[Strategies], Strategies], wanted: Strategies) -> Strategies:
    """Solve slope · u = wanted by damped iteration; slope is that of `answer - strategy`, or its transpose."""

    def step(u: Strategies, _: None) -> tuple[Strategies, None]:
        return jax.tree.map(lambda old, s, w: old + RELAXED * (s - w), u, slope(u), wanted), None

    return jax.lax.scan(step, jax.tree.map(jnp.negative, wanted), None, length=steps)[0]


def _iterate(x: Payoffs, precision: Array, care: Care) -> tuple[Strategies, Array]:
    """Strategies, and the precision at which they are in equilibrium."""
    State = tuple[Strategies, Array, Array, Array]

    def go_on(state: State) -> Array:
        return (state[1] < care.steps * care.tries) & (state[2] > care.enough).any()

    def step(state: State) -> State:
        old, n, gap, sharp = state
        new = respond(x, sharp, old)[1]
        share = DAMPING * jnp.exp2(-(n % care.steps).astype(gap.dtype) / HALVING)
        moved = jnp.where(gap > care.enough, share, 0.0)  # a ladder that has settled rests: the others do not touch it
        mixed = jax.tree.map(lambda a, b: b + moved * (a - b), new, old)
        now = jnp.where(gap > care.enough, distance(new, old), gap)
        again = (n % care.steps == care.steps - 1) & (now > care.enough)
        return mixed, n + 1, now, jnp.where(again, BLUNTER * sharp, sharp)

    sharp = jnp.broadcast_to(precision, x.risk.shape[1:])
    start = respond(x, sharp, flat(x))[1]
    found = jax.lax.while_loop(go_on, step, (start, jnp.int32(0), jnp.ones_like(x.risk[0]), sharp))
    return found[0], found[3]


def distance(one: Strategies, other: Strategies) -> Array:
    """The largest difference of a probability, [world]."""
    gaps = [
        jnp.abs(a - b).max(axis=tuple(range(a.ndim - 1)))
        for s, t in zip(one, other, strict=True)
        for a, b in zip(s, t, strict=True)
    ]
    out = gaps[0]
    for gap in gaps[1:]:
        out = jnp.maximum(out, gap)
    return out


def flat(x: Payoffs) -> Strategies:
    """Everybody does everything as often."""
    world = x.risk.shape[1:]
    return tuple(
        Strategy(
            jnp.full((TYPES, 4, ON**d, *world), 0.25, x.risk.dtype), jnp.full((TYPES, ON**d, *world), 0.5, x.risk.dtype)
        )
        for d in range(MOVES)
    )


def _children(parts: list[Array]) -> Array:
    """Interleave what holds for each way of going on: [.., node, world] × 3 → [.., 3 node, world]."""
    stacked = jnp.stack(parts, axis=-2)
    return stacked.reshape(*stacked.shape[:-3], -1, stacked.shape[-1])


def reach(x: Payoffs, strategies: Strategies) -> list[Reach]:
    """How likely each type comes to each node by its own play, depth by depth."""
    out = [Reach(x.prior[0][:, None], x.prior[1][:, None])]
    for d, s in enumerate(strategies):
        now, moves = out[-1], mover(d)
        own, other = now[moves], now[1 - moves]
        mine = _children([own * s.play[:, a] for a in range(ON)])
        theirs = _children([other, other, other * (1.0 - s.yes)])
        out.append(Reach(mine, theirs) if moves == 0 else Reach(theirs, mine))
    return out


def respond(x: Payoffs, precision: Array, old: Strategies) -> tuple[tuple[Array, Array], Strategies]:
    """Values at the opening and logit answers at every node, under the beliefs that the old strategies give rise to.

    Values of a node are [TYPES challenger, TYPES defender, node, world] for each side.
    """
    known = reach(x, old)
    world = x.risk.shape[1:]
    shape = (TYPES, TYPES, ON**MOVES, *world)
    value = [jnp.broadcast_to(held[climbed(MOVES)], shape) for held in x.held]
    fresh: list[Strategy] = []
    for d in reversed(range(MOVES)):
        value, strategy = _node(x, precision, d, value, known[d], old[d])
        fresh.insert(0, strategy)
    opening = [v[:, :, 0] for v in value]
    challenger = add(opening[0] * x.prior[1][None], 1)
    defender = add(opening[1] * x.prior[0][:, None], 0)
    return (challenger, defender), tuple(fresh)


def _node(
    x: Payoffs, precision: Array, d: int, after: list[Array], known: Reach, old: Strategy
) -> tuple[list[Array], Strategy]:
    moves, count = mover(d), climbed(d)
    other = 1 - moves
    pressed, held, refused = (
        [v.reshape(*v.shape[:2], -1, ON, v.shape[-1])[:, :, :, a] for v in after] for a in range(ON)
    )

    def slips(value: list[Array], risk: Array) -> list[Array]:
        return [v + risk * (war - v) for v, war in zip(value, x.war, strict=True)]

    press = slips(pressed, x.risk[count + 1])
    hold = slips(held, x.risk[count])
    refuse = slips(refused, x.risk[count])
    settled = [_typed(x.settled[side], side) for side in (0, 1)]
    backs = [_typed(x.backs[moves][side][:, count], side) for side in (0, 1)]

    def over(side: int, v: Array, weight: Array) -> Array:
        """Mean over one side's types, [TYPES of the other, node, world]."""
        w = weight / add(weight, 0)
        return add(v * (w[:, None] if side == 0 else w[None]), side)

    # the other answers an offer, believing that it came from types that offer
    offering = known[moves] * old.play[:, 2]
    no = over(moves, refuse[other], offering)
    yes = jax.nn.sigmoid(precision * (x.settled[other][:, None] - no))
    accepts = yes[None] if other == 1 else yes[:, None]
    offer = [r + accepts * (s - r) for r, s in zip(refuse, settled, strict=True)]
    options = [press, hold, offer, backs]
    expected = [over(other, jnp.broadcast_to(option[moves], press[moves].shape), known[other]) for option in options]
    play = _softmax([precision * e for e in expected])
    weight = [p[:, None] if moves == 0 else p[None] for p in play]
    value = [weight[0] * press[i] + weight[1] * hold[i] + weight[2] * offer[i] + weight[3] * backs[i] for i in (0, 1)]
    return value, Strategy(jnp.stack(play, axis=1), yes)


def _typed(payoff: Array, side: int) -> Array:
    """A side's payoff by its own types, laid out [challenger, defender, node, world]."""
    spread = payoff if payoff.ndim == 3 else payoff[:, None]
    return spread[:, None] if side == 0 else spread[None]


def _softmax(score: list[Array]) -> list[Array]:
    top = jnp.maximum(jnp.maximum(score[0], score[1]), jnp.maximum(score[2], score[3]))
    weight = [jnp.exp(s - top) for s in score]
    total = weight[0] + weight[1] + weight[2] + weight[3]
    return [w / total for w in weight]


def lines(x: Payoffs, strategies: Strategies) -> Array:
    """Probability of every way of running, in the order of `tree.LINES`; types summed out, [LINES, world]."""
    known = reach(x, strategies)
    calm = jnp.ones_like(x.risk[:1])
    parts = []
    for d, s in enumerate(strategies):
        moves, count = mover(d), climbed(d)
        own, other = known[d][moves], known[d][1 - moves]
        there = calm * add(other, 0)
        parts.append(there * add(own * s.play[:, 3], 0))
        parts.append(calm * add(own * s.play[:, 2], 0) * add(other * s.yes, 0))
        risk = _children([x.risk[count + 1], x.risk[count], x.risk[count]])
        onward = _children([calm, calm, calm])
        parts.append(onward * add(known[d + 1].challenger, 0) * add(known[d + 1].defender, 0) * risk)
        calm = onward * (1.0 - risk)
    parts.append(calm * add(known[MOVES].challenger, 0) * add(known[MOVES].defender, 0))
    return jnp.concatenate(parts)
