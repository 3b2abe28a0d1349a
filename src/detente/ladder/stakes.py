"""Stakes of a ladder: all payoffs through one formula with shared coefficients.

A named crisis holds no payoffs. The same formula reads a World (payoffs as they fall) or a seat's View (as it
believes them).
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.laws import Laws
from detente.structure import Structure
from detente.views import View

RUNGS = 6


class Payoffs(NamedTuple):
    """Payoffs (challenger, defender) of each ending, [..., world].

    Those that depend on the rung are [RUNGS, ..., world].
    """

    challenger_yields: tuple[Array, Array]
    defender_yields: tuple[Array, Array]
    settled: tuple[Array, Array]
    held: tuple[Array, Array]
    war: tuple[Array, Array]
    risk: Array


class Positions(NamedTuple):
    """What the formula reads, for each ladder, [..., world]."""

    stake: tuple[Array, Array]
    local: Array
    leverage: Array
    audience: tuple[Array, Array]
    side_payment: tuple[Array, Array]
    safety: Array


def payoffs(x: Positions, laws: Laws) -> Payoffs:
    """One formula for all ladders.

    Yielding loses the stake and an audience cost that grows with the rung (Fearon, APSR 1994); settling splits the
    stake and is dear
    where it is seen; war costs both, less to whom strength favours; each rung carries an autonomous risk (Powell
    1990; Schelling 1966).
    """
    p = laws.ladder.stakes
    rung = jnp.arange(RUNGS, dtype=x.local.dtype).reshape((RUNGS,) + (1,) * x.local.ndim)
    height = rung / (RUNGS - 1)
    win = tuple(p.prize * s for s in x.stake)
    lose = tuple(-p.prize * s - p.audience * a * (0.5 + height) for s, a in zip(x.stake, x.audience, strict=True))
    seen = tuple(p.seen * a for a in x.audience)
    halves = (0.5 * win[0], -0.5 * win[1])
    split = tuple(h - s + p.side_payment * g for h, s, g in zip(halves, seen, x.side_payment, strict=True))
    favour = p.local * (2.0 * x.local - 1.0) + p.leverage * (2.0 * x.leverage - 1.0)
    war = (-p.war * (1.0 - favour), -p.war * (1.0 + favour))
    pressed = p.pressed * height
    losing = (-pressed * (1.0 - favour), -pressed * (1.0 + favour))
    risk = jnp.clip(p.risk * jnp.exp(p.steepness * (rung - 1.0)) * x.safety, 0.0, 0.5)
    ones = jnp.ones_like(height * x.local)
    return Payoffs(
        challenger_yields=(lose[0] * ones, win[1] * ones),
        defender_yields=(win[0] * ones, lose[1] * ones),
        settled=(split[0] * ones, split[1] * ones),
        held=(losing[0] - p.waiting, losing[1] - p.waiting),
        war=(war[0] * ones, war[1] * ones),
        risk=risk * ones,
    )


def positions(view: View, laws: Laws, st: Structure, side: int, believed: bool) -> Positions:
    """What the formula reads for a challenge by one side (0 the changers.

    1 the keepers) of every showdown issue, [K, world].

    believed: through the challenger's eyes (the other's stake weighed by its believed resolve, leverage at the public
    estimate),
    else as things stand.
    """
    p = laws.ladder.stakes
    k = st.showdown
    one, other = st.principals[k, side], st.principals[k, 1 - side]
    v = view.public
    mine, theirs = v.stake[k, st.dec[one]], v.stake[k, st.dec[other]]
    firmness = 1.0 + p.resolve * (2.0 * view.resolve[one, other] - 1.0) if believed else jnp.ones_like(mine)
    lead = view.leverage[one] if believed else view.real_leverage[one]
    against = jnp.asarray((st.hostile[one, st.dec[other]] > 0), lead.dtype)[:, None]
    share = 0.5 + (lead - 0.5) * against
    local = view.local[one, k]
    bases = jnp.minimum(v.hosted.max(axis=1), 1.0)
    calm = _hotline(view, st)[k]
    said = 0.5 + 0.5 * v.publicity[k]
    return Positions(
        stake=(mine, theirs * firmness),
        local=local,
        leverage=share,
        audience=(said * (0.3 + v.commitment[k, side]), said * (0.3 + v.commitment[k, 1 - side])),
        side_payment=(bases[other], bases[one]),
        safety=1.0 - p.hotline * calm,
    )


def _hotline(view: View, st: Structure) -> Array:
    """How far direct communication between the principals of an issue is in force, [I, world].

    A settlement on accidental war.
    """
    link = np.zeros((len(st.issues), len(st.issues)))
    for k in range(len(st.issues)):
        for j in range(len(st.issues)):
            forms = st.scenario.issues[st.issues[j]].forms
            same = set(st.principals[k]) == set(st.principals[j])
            if (
                same
                and "conference" in forms
                and not set(forms) & {"ultimatum", "demand", "show-force", "un-proposal", "summit-conference"}
            ):
                link[k, j] = 1.0
    return jnp.clip(jnp.asarray(link, view.fear.dtype) @ view.public.treaty, 0.0, 1.0)
