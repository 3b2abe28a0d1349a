"""Economy: output, and its split between butter, tomorrow's butter, guns and friends.

solow1956 growth answers investment and the defence burden; guns_butter the shares answer threat, rivals' forces and
orders; gerschenkron1962 the late industrialise faster with capital and experts.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.deeds import Deeds
from detente.laws import Laws
from detente.structure import Structure, to_actors
from detente.sums import add, most
from detente.world import Economy, World


def growth(world: World, laws: Laws, st: Structure) -> tuple[Array, Array]:
    """Mean and scale of a year's growth of output, share a year, [A, world].

    Solow (1956) in reduced form with a defence burden (Deger and Smith, 1983): capital helps, arms hurt.
    """
    p, e = laws.economy.solow1956, world.economy
    start = st.opening("growth")[:, None]
    invested = e.shares[1] - st.opening("investment")[:, None]
    arms = e.shares[2] + e.shares[3] - (st.opening("conventional") + st.opening("strategic"))[:, None]
    trend = p.trend + p.persistence * (start - p.trend)
    mean = trend + p.capital * invested - p.burden * arms + p.assistance * _assistance(world, st)
    return mean, p.scale + 0.0 * mean


def _assistance(world: World, st: Structure) -> Array:
    """Experts and credit at work, relative to the opening, [A, world]."""
    opening = st.camp * st.party_rules * 0.5
    opening[np.arange(len(st.cen)), st.cen] = 0.0
    return add(world.bloc.experts - opening[..., None], 0)


def step(world: World, deeds: Deeds, yearly: Array, laws: Laws, st: Structure) -> Economy:
    """Output grows by the year's luck, spread evenly; shares answer threat and orders; industry rises.

    yearly: growth of the running year [A, world].
    """
    e = world.economy
    p = laws.economy
    shares = guns_butter(world, deeds, laws, st)
    learned = p.gerschenkron1962.capital * shares[1] + p.gerschenkron1962.experts * add(world.bloc.experts, 0)
    return Economy(
        output=e.output * jnp.exp(yearly / 12.0),
        shares=shares,
        expected=e.expected + p.solow1956.adapting * (yearly - e.expected),
        growth=yearly,
        industry=e.industry + learned * (1.0 - e.industry),
    )


def threat(world: World, st: Structure) -> Array:
    """How threatened each actor is: the highest tension that a hostile decider has with it, [A, world]."""
    return most(world.relations.tension * st.hostile[..., None], 0)


def guns_butter(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Array:
    """Shares of output [5, A, world]: arms follow threat, the rival's believed force and orders; the rest is civil.

    Richardson (1960) reactions through perception; Powell, American Political Science Review (1993), on guns and
    butter.
    """
    p, e = laws.economy.guns_butter, world.economy
    conventional = to_actors(st, deeds.own("raise-conventional") - deeds.own("cut-conventional"))
    strategic = to_actors(st, deeds.own("build-missiles"))
    navy = to_actors(st, deeds.own("build-navy"))
    given = to_actors(st, add(deeds.to("aid", "arms"), 1))
    felt = threat(world, st) - p.calm
    c0, s0, a0 = (st.opening(k)[:, None] for k in ("conventional", "strategic", "aid"))
    gap = believed_gap(world, laws, st)
    want_c = c0 * (1.0 + p.threat * felt)
    want_s = s0 * (1.0 + p.race * gap + p.strategic * p.threat * felt)
    c = e.shares[2] + p.inertia * (want_c - e.shares[2]) + p.order * c0 * (conventional + navy)
    s = e.shares[3] + p.inertia * (want_s - e.shares[3]) + p.order * jnp.maximum(s0, p.entry) * strategic
    a = e.shares[4] + p.inertia * (a0 - e.shares[4]) + p.gift * given
    c, s, a = jnp.clip(c, 0.005, 0.3), jnp.clip(s, 0.0, 0.12), jnp.clip(a, 0.0, 0.05)
    civil = 1.0 - c - s - a
    inv0 = (st.opening("investment") / (st.opening("investment") + st.opening("consumption")))[:, None]
    freer = world.home.liberalisation - st.opening("liberalisation")[:, None]
    investing = jnp.clip(inv0 * (1.0 - p.consumer * freer), 0.02, 0.6)
    return jnp.stack([civil * (1.0 - investing), civil * investing, c, s, a])


def believed_gap(world: World, laws: Laws, st: Structure) -> Array:
    """How far a rival's force.

    As believed, is ahead of one's own (log), 0 for those without rival or bomb, [A, world].
    """
    p = laws.economy.guns_butter
    own = jnp.log1p(world.arsenals.icbm[st.dec])
    rival = world.intelligence.force_mean[np.arange(len(st.deciders)), st.rival_centre]
    gap = jnp.clip(rival - own, p.ahead, p.behind) * world.arsenals.bomb[st.dec]
    return to_actors(st, gap)
