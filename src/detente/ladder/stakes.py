"""Stakes of a ladder: all payoffs through one formula with shared coefficients.

A named crisis holds no payoffs. Each side weighs war by the balance as it believes it itself, and does not know how
much the other's stake is worth to it: that is the other's private resolve.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.ladder.tree import MOVES, RUNGS
from detente.laws import Laws
from detente.structure import Structure
from detente.sums import add, most
from detente.views import View

Pair = tuple[Array, Array]
"""Something of the challenger and the same of the defender."""
SURE = 0.05
"""No belief in resolve is surer than this."""


class Payoffs(NamedTuple):
    """Payoffs of each ending to (challenger, defender), and how likely their types are.

    What depends on the rung has an axis of presses since the opening, [MOVES + 1].
    """

    prior: Pair  # [TYPES, world]
    backs: tuple[Pair, Pair]  # by who backs down: [TYPES, presses, world]
    settled: Pair  # [TYPES, world]
    held: Pair  # [presses, world]
    war: Pair  # [world]
    risk: Array  # [presses, world] chance that a move slips into war


class Positions(NamedTuple):
    """What the formula reads, (challenger, defender) each, [world]."""

    stake: Pair
    favour: Pair  # the balance of forces in one's favour as one believes it oneself, -1 to 1
    audience: Pair  # how loud one has committed oneself
    side_payment: Pair  # what a secret part of a settlement could bring one
    resolve: Pair  # how resolute the other takes one to be, 0-1
    safety: Array  # share of the autonomous risk that is left
    rung: Array  # where it starts


def payoffs(x: Positions, laws: Laws) -> Payoffs:
    """One formula for all ladders.

    Yielding loses the stake and an audience cost that grows with the rung (Fearon, APSR 1994); a settlement splits the
    stake, costs face where it is seen, and may have a secret part; war costs both, less to whom strength favours; each
    rung carries an autonomous risk (Powell 1990; Schelling 1966). A resolute side's stake is worth more to it, an
    irresolute one's less, by the same factor.
    """
    p = laws.ladder.stakes
    rung = jnp.minimum(x.rung + _axis(np.arange(MOVES + 1.0), x.rung), RUNGS - 1.0)
    height = rung / (RUNGS - 1)
    worth = [p.prize * s * jnp.exp(p.resolve * _axis(np.array([-1.0, 1.0]), s)) for s in x.stake]
    face = [p.audience * a * (0.5 + height) for a in x.audience]
    level = jnp.ones_like(height)
    wins = [w[:, None] * level for w in worth]
    loses = [-w[:, None] - f for w, f in zip(worth, face, strict=True)]
    split = [
        sign * 0.5 * w - p.seen * a - p.indivisible * s + p.side_payment * g
        for sign, w, a, s, g in zip((1.0, -1.0), worth, x.audience, x.stake, x.side_payment, strict=True)
    ]
    believed = [jnp.clip(r, SURE, 1.0 - SURE) for r in x.resolve]
    return Payoffs(
        prior=_pair([jnp.stack([1.0 - b, b]) for b in believed]),
        backs=((loses[0], wins[1]), (wins[0], loses[1])),
        settled=_pair(split),
        held=_pair([-p.pressed * height * (1.0 - f) - p.waiting for f in x.favour]),
        war=_pair([-p.war * (1.0 - f) for f in x.favour]),
        risk=jnp.clip(p.risk * jnp.exp(p.steepness * (rung - 1.0)) * x.safety, 0.0, 0.5),
    )


def _axis(values: np.ndarray, like: Array) -> Array:
    return jnp.asarray(values, like.dtype).reshape((-1,) + (1,) * like.ndim)


def _pair(two: list[Array]) -> Pair:
    return two[0], two[1]


def positions(
    view: View, laws: Laws, st: Structure, side: int, believed: bool, on: np.ndarray | None = None
) -> Positions:
    """What the formula reads for a challenge by one side (0 the changers, 1 the keepers) of every showdown issue.

    on: of these issues instead, [K].

    Each field is [K, world]. believed: through the challenger's eyes, who takes the other to see the public estimate of
    forces; else each side sees its own estimate, which a bluff may have raised.
    """
    p = laws.ladder.stakes
    k = st.showdown if on is None else on
    one, other = st.principals[k, side], st.principals[k, 1 - side]
    v = view.public
    said = 0.5 + 0.5 * v.publicity[k]
    bases = jnp.minimum(most(v.hosted, 1), 1.0)
    behind = p.backing * (_backing(view, st, one, k) - _backing(view, st, other, k))
    hostile = jnp.asarray((st.hostile[one, st.dec[other]] > 0), said.dtype)[:, None]

    def favour(local: Array, lead: Array) -> Array:
        return p.local * (2.0 * local - 1.0) + p.leverage * (2.0 * lead - 1.0) * hostile

    own = favour(view.local[one, k], view.real_leverage[one]) + behind
    public = favour(1.0 - view.local[one, k], 1.0 - view.leverage[one])
    theirs = (public if believed else favour(view.local[other, k], view.real_leverage[other])) - behind
    return Positions(
        stake=(v.stake[k, st.dec[one]], v.stake[k, st.dec[other]]),
        favour=(own, theirs),
        audience=(said * (0.3 + v.commitment[k, side]), said * (0.3 + v.commitment[k, 1 - side])),
        side_payment=(bases[other], bases[one]),
        resolve=(view.resolve[other, one], view.resolve[one, other]),
        safety=1.0 - p.hotline * _direct_line(view, st)[k],
        rung=jnp.ones_like(said),
    )


def _backing(view: View, st: Structure, seat: np.ndarray, issues: np.ndarray) -> Array:
    """Share of an alliance's strength that stands behind its principal on an issue, less what deserts, [K, world].

    An ally backs as far as it is allied, leans to the principal's pole and has a stake on the same side; one with a
    stake on the other side deserts. Allies count by capability (Altfeld and Bueno de Mesquita 1979).
    """
    v, actor = view.public, st.dec[seat]
    own = (np.arange(len(st.actors)) == st.cen[:, None]).astype(float)
    tied = jnp.maximum(v.alliance, own[..., None])
    bound = most(tied[:, actor][:, :, None] * tied[:, None], 0)  # [K, A, world]
    bound = bound * (np.arange(len(st.actors)) != actor[:, None])[..., None]
    strength = st.opening("cinc")[:, None] * bound
    loyal = strength * v.government[st.pole[seat]]
    same = st.stake[issues] * np.sign(st.stake[issues, actor])[:, None]
    whole = st.opening("cinc")[actor][:, None] + add(strength, 1)
    return add(loyal * same[..., None], 1) / whole


def _direct_line(view: View, st: Structure) -> Array:
    """How far direct communication between the principals of an issue is in force, [I, world]."""
    link = np.zeros((len(st.issues), len(st.issues)))
    for k in range(len(st.issues)):
        for j, issue in enumerate(st.issues):
            same = set(st.principals[k]) == set(st.principals[j])
            link[k, j] = float(same and st.scenario.issues[issue].direct_line)
    return jnp.clip(jnp.asarray(link, view.fear.dtype) @ view.public.treaty, 0.0, 1.0)
