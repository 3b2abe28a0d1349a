"""The agent quantal response equilibrium of a ladder with private resolve.

McKelvey and Palfrey, Experimental Economics 1 (1998): each side's type chooses each move with probability proportional
to exp(λ · expected payoff), expecting under beliefs that follow from the other's strategy by Bayes. Given beliefs the
tree is solved backwards at once; beliefs and strategies are brought into agreement by iteration, accelerated as in
Anderson, Journal of the ACM 12 (1965), and what is left of their disagreement is the residual, always reported. Where
the iteration does not settle, the ladder is played at a lower precision, which is reported: in about three cases in a
hundred at the precisions of the model's prior. The general solver in `games` follows the principal branch to any
precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from detente.ladder.stakes import Payoffs
from detente.ladder.tree import MOVES, ON, PLAYS, TYPES, climbed, mover
from detente.sums import add


class Care(NamedTuple):
    """How long and how closely to look."""

    steps: int  # iterations in one try
    tries: int  # where one has not settled, the next is made at a lower precision; the last gives what it has
    enough: float  # residual (largest change of a probability in a step) at which the iteration stops


CAREFUL = Care(32, 6, 9e-5)
"""For ladders that are played."""
EXACT = Care(150, 4, 1e-11)
"""In double precision, where slopes are taken and compared."""
BLUNTER = 0.6
"""So much lower is the precision of the next try."""
FOLD = 20
"""Rows put together at a time."""
PLAYED = len(PLAYS)
"""What a mover can do."""
LEAST, TINY = 1e-7, 1e-30
"""The least probability on the way to an equilibrium, and the least square by which anything is divided."""

Plan = Array
"""Everybody's strategies in one column, [SIZE, world]: depth by depth the plays, then the replies to an offer."""


class Strategy(NamedTuple):
    """What each type does at each node of one depth."""

    play: Array  # [TYPES, PLAYS, node, world] of the mover
    yes: Array  # [TYPES, node, world] of the other, if offered a settlement


class Solution(NamedTuple):
    """What the ladder is worth to each side's types before the first move, and how it runs."""

    value: tuple[Array, Array]  # [TYPES, world] to challenger and defender
    line: Array  # probability of each way of running, [LINES, world]; types weighed by the prior
    residual: Array  # [world]
    precision: Array  # [world] at which it is one
    share: Array  # [world] of the precision asked for
    strategies: tuple[Strategy, ...]


class Reach(NamedTuple):
    """How likely a side's type plays so as to come to each node, prior included, [TYPES, node, world] by side."""

    challenger: Array
    defender: Array


def suited(care: Care, dtype: Any) -> Care:
    """The care to take in this precision of arithmetic."""
    return EXACT if dtype == jnp.float64 else care


def solve(x: Payoffs, precision: Array, care: Care = CAREFUL, asked: Array | None = None) -> Solution:
    """Iterate to agreement; differentiable by the implicit function theorem, forwards and backwards.

    Ladders not asked for, [world] 0, are given back as they were begun.
    """
    gap = jnp.full_like(x.risk[0], jnp.inf) if asked is None else jnp.where(asked > 0, jnp.inf, 0.0)
    found, blunt, residual = _iterate(*jax.lax.stop_gradient((x, precision)), gap, care)
    own = precision * blunt

    def apart(plan: Plan) -> Plan:
        return respond(x, own, plan)[1] - plan

    plan = jax.lax.custom_root(apart, found, lambda _, start: start, partial(_linear, gap, care))
    return Solution(respond(x, own, plan)[0], lines(x, plan), residual, own, blunt, unpacked(plan))


def _linear(gap: Array, care: Care, slope: Callable[[Plan], Plan], wanted: Plan) -> Plan:
    """Solve slope · u = wanted, where slope is that of `answer - strategy`, forwards and backwards."""
    steps = care.tries * care.steps

    def by_steps(map_: Callable[[Plan], Plan], goal: Plan) -> Plan:
        return _settled(lambda u: u + map_(u) - goal, -goal, gap, steps, care.enough)[0]

    solved: Plan = jax.lax.custom_linear_solve(slope, wanted, by_steps, transpose_solve=by_steps)
    return solved


def _iterate(x: Payoffs, precision: Array, gap: Array, care: Care) -> tuple[Plan, Array, Array]:
    """Strategies, the share of the precision at which they are in equilibrium, and by how much they are not."""
    State = tuple[Plan, Array, Array, Array]

    def go_on(state: State) -> Array:
        return (state[3] < care.tries) & (state[1] > care.enough).any()

    def attempt(state: State) -> State:
        start, gap, blunt, n = state
        blunt = jnp.where((gap > care.enough) & (n > 0), BLUNTER * blunt, blunt)

        def answer(plan: Plan) -> Plan:
            return respond(x, blunt * precision, plan)[1]

        found, gap = _settled(answer, start, gap, care.steps, care.enough, _proper)
        return found, gap, blunt, n + 1

    state = (flat(x), gap, jnp.ones_like(gap), jnp.int32(0))
    found, residual, blunt, _ = jax.lax.while_loop(go_on, attempt, state)
    return packed(Strategy(s.play / add(s.play, 1)[:, None], s.yes) for s in unpacked(found)), blunt, residual


def _settled(
    answer: Callable[[Plan], Plan],
    start: Plan,
    gap: Array,
    steps: int,
    enough: float,
    proper: Callable[[Plan], Plan] = lambda plan: plan,
) -> tuple[Plan, Array]:
    """A point that is its own answer, and by how much it is not, [world]; worlds whose gap is small stay as they are.

    Each step goes to the answer, less its regression on the last step's change (Anderson 1965, with a memory of one):
    where answers swing about the point, to their middle.
    """
    State = tuple[Plan, Plan, Plan, Array, Array]

    def go_on(state: State) -> Array:
        return (state[3] < steps) & (state[4] > enough).any()

    def step(state: State) -> State:
        now, last, last_miss, n, gap = state
        miss = answer(now) - now
        turn = miss - last_miss
        along = jnp.where(n == 0, 0.0, _fold(jnp.add, turn * miss) / jnp.maximum(_fold(jnp.add, turn * turn), TINY))
        aim = proper(now - along * (now - last) + miss - along * turn)
        moving = gap > enough
        gap = jnp.where(moving, _fold(jnp.maximum, jnp.abs(miss)), gap)
        return jnp.where(gap > enough, aim, now), now, miss, n + 1, gap

    found = jax.lax.while_loop(go_on, step, (start, start, jnp.zeros_like(start), jnp.int32(0), gap))
    return found[1], found[4]


def _fold(pair: Callable[[Array, Array], Array], column: Array) -> Array:
    """A column put together pair by pair, [world]: some rows at a time, so that worlds fill the vector lanes."""
    while column.shape[0] > 1:
        rows = math.gcd(column.shape[0], FOLD)
        column = reduce(pair, column.reshape(rows, -1, column.shape[-1]))
    return column[0]


def _proper(plan: Plan) -> Plan:
    """Probabilities again: none below the least. The sum over a node's moves may be off by as much on the way."""
    return jnp.clip(plan, LEAST, 1.0 - LEAST)


def flat(x: Payoffs) -> Plan:
    """Everybody does everything as often."""
    world = x.risk.shape[1:]
    return packed(
        Strategy(
            jnp.full((TYPES, PLAYED, ON**d, *world), 1.0 / PLAYED, x.risk.dtype),
            jnp.full((TYPES, ON**d, *world), 0.5, x.risk.dtype),
        )
        for d in range(MOVES)
    )


def packed(strategies: Iterable[Strategy]) -> Plan:
    """Strategies of all depths in one column."""
    return jnp.concatenate([part.reshape(-1, part.shape[-1]) for s in strategies for part in s])


def unpacked(plan: Plan) -> tuple[Strategy, ...]:
    """The strategies of each depth."""
    out, at, world = [], 0, plan.shape[1:]
    for d in range(MOVES):
        one = TYPES * ON**d
        play = plan[at : at + PLAYED * one].reshape(TYPES, PLAYED, ON**d, *world)
        at += PLAYED * one
        out.append(Strategy(play, plan[at : at + one].reshape(TYPES, ON**d, *world)))
        at += one
    return tuple(out)


def _children(parts: list[Array]) -> Array:
    """Interleave what holds for each way of going on: [.., node, world] × 3 → [.., 3 node, world]."""
    stacked = jnp.stack(parts, axis=-2)
    return stacked.reshape(*stacked.shape[:-3], -1, stacked.shape[-1])


def reach(x: Payoffs, strategies: Sequence[Strategy]) -> list[Reach]:
    """How likely each type comes to each node by its own play, depth by depth."""
    out = [Reach(x.prior[0][:, None], x.prior[1][:, None])]
    for d, s in enumerate(strategies):
        now, moves = out[-1], mover(d)
        own, other = now[moves], now[1 - moves]
        mine = _children([own * s.play[:, a] for a in range(ON)])
        theirs = _children([other, other, other * (1.0 - s.yes)])
        out.append(Reach(mine, theirs) if moves == 0 else Reach(theirs, mine))
    return out


def respond(x: Payoffs, precision: Array, plan: Plan) -> tuple[tuple[Array, Array], Plan]:
    """Values at the opening and logit answers at every node, under the beliefs that the old strategies give rise to.

    Values of a node are [TYPES challenger, TYPES defender, node, world] for each side.
    """
    old = unpacked(plan)
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
    return (challenger, defender), packed(fresh)


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


def lines(x: Payoffs, plan: Plan) -> Array:
    """Probability of every way of running, in the order of `tree.LINES`; types summed out, [LINES, world]."""
    strategies = unpacked(plan)
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
