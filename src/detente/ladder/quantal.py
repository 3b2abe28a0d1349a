"""The logit equilibrium of a ladder with known stakes.

A finite game of perfect information: its agent quantal response equilibrium (McKelvey and Palfrey 1998) follows
exactly by
backward induction, each mover choosing with probability proportional to exp(λ · expected payoff). Private resolve
will take the place of known stakes here.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from detente.deeds import LADDER_ENDS
from detente.ladder.stakes import Payoffs

MOVES = 6
PLAYS = ("press", "hold", "offer", "back-down")


class Solution(NamedTuple):
    """What the ladder is worth, and how it ends."""

    value: tuple[Array, Array]  # to challenger and defender at the opening, [..., world]
    ending: Array  # joint probability of (ending, rung), [5, RUNGS, ..., world]
    plays: list[Array]  # probabilities [4, RUNGS, ..., world] of each move


def solve(x: Payoffs, precision: Array, start: Array | None = None) -> Solution:
    """Backward induction over (move, rung), then the forward flow of probability into endings.

    The challenged moves first; a raised rung may slip into war of its own accord. start: one-hot rung [RUNGS, ...,
    world].
    """
    held, war = x.held, x.war
    value = held
    strategies: list[Array] = []
    accepts: list[Array] = []
    for move in reversed(range(MOVES)):
        mover = 1 - move % 2  # 1 = defender first
        up = tuple(_raised(v) for v in value)
        risk_up, risk = _raised(x.risk), x.risk
        press = tuple((1 - risk_up) * u + risk_up * w for u, w in zip(up, war, strict=True))
        hold = tuple((1 - risk) * v + risk * w for v, w in zip(value, war, strict=True))
        other = 1 - mover
        yes = jax.nn.sigmoid(precision * (x.settled[other] - hold[other]))
        offer = tuple(yes * s + (1 - yes) * h for s, h in zip(x.settled, hold, strict=True))
        yields = x.challenger_yields if mover == 0 else x.defender_yields
        options = [jnp.stack([press[i], hold[i], offer[i], yields[i]]) for i in (0, 1)]
        chance = jax.nn.softmax(precision * options[mover], axis=0)
        value = tuple((chance * option).sum(axis=0) for option in options)  # type: ignore[assignment]
        strategies.insert(0, chance)
        accepts.insert(0, yes)
    begin = jnp.zeros_like(x.risk).at[1].set(1.0) if start is None else start
    worth = tuple((begin * v).sum(axis=0) for v in value)
    return Solution((worth[0], worth[1]), _flow(x, strategies, accepts, begin), strategies)


def _raised(v: Array) -> Array:
    """The value one rung up; the top rung stays."""
    return jnp.concatenate([v[1:], v[-1:]])


def _flow(x: Payoffs, strategies: list[Array], accepts: list[Array], start: Array) -> Array:
    """Probability of each (ending, rung), [5, RUNGS, ..., world]; sums to 1."""
    mass = start
    end = {name: jnp.zeros_like(x.risk) for name in LADDER_ENDS}
    for move, (chance, yes) in enumerate(zip(strategies, accepts, strict=True)):
        mover = 1 - move % 2
        press, hold, offer, back = (mass * chance[k] for k in range(4))
        end["challenger-backs-down" if mover == 0 else "defender-backs-down"] += back
        end["settled"] += offer * yes
        raised = jnp.concatenate([jnp.zeros_like(press[:1]), press[:-2], (press[-2] + press[-1])[None]])
        still = hold + offer * (1 - yes)
        end["war"] += (raised + still) * x.risk
        mass = (raised + still) * (1 - x.risk)
    end["hold"] += mass
    return jnp.stack([end[name] for name in LADDER_ENDS])
