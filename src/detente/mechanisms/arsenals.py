"""Arsenals: what money, orders and technical luck build, with lags.

pipeline launchers are ordered, then deployed; firsts technical firsts are chance with a hazard that grows with
effort; stationing missiles with a host, openly or in secret.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from detente.deeds import Deeds
from detente.laws import Laws
from detente.mechanisms.economy import threat
from detente.menus import POWER
from detente.structure import Structure, to_actors
from detente.sums import add, most
from detente.world import Arsenals, World

FIRSTS = ("first-bomb", "first-h-bomb", "first-icbm", "first-satellite", "first-crewed-flight")
"""Technical firsts of a seat, in the order in which each opens the next."""
SEVERAL = 1.5
"""More than one foreign garrison."""


def firsts(world: World, laws: Laws, st: Structure) -> Array:
    """Log odds in a month of each technical first, [5, D, world]; banned where it has come or its ground is missing.

    The hazard grows with effort (strategic share of output; for a first bomb also what a threatened industry that
    nobody garrisons could spare) and with help
    from an ally that has it; who already reaches the rival with bombers puts less into rockets. A warhead or a rocket
    takes two tasks, one after the other, of some months each. Whose soil several powers hold is not master of its arms.
    """
    p, a, e = laws.arsenals.firsts, world.arsenals, world.economy
    money = e.shares[3][st.dec] * e.output[st.dec]
    power = jnp.asarray(st.opening("cinc")[st.dec] >= POWER, money.dtype)[:, None]
    guards = add(world.bloc.garrison, 0)[st.dec]
    watched = 1.0 + guards
    latent = p.latent * power * watched**-p.garrison * e.industry[st.dec] * e.output[st.dec]
    latent = latent * threat(world, st)[st.dec]
    warhead = p.effort * (jnp.log(1e-3 + money + latent) - p.scale)
    rocket = p.effort * (jnp.log(1e-3 + money / (1.0 + a.bombers[st.dec] / jnp.maximum(p.bombers, 1.0))) - p.scale)
    spent = (a.work[st.dec] + 1.0) / jnp.maximum(p.task, 0.01)
    done = jnp.log(-jnp.expm1(-spent) - spent * jnp.exp(-spent))
    pupil = _nuclear_help(world, st)
    bomb, h_bomb, crewed = (x[st.dec] for x in (a.bomb, a.h_bomb, a.crewed))
    icbm, satellite = a.icbm_age[st.dec] > 0, a.satellite_age[st.dec] > 0
    ready = jnp.stack(
        [
            (1 - bomb) * power * (guards < SEVERAL),
            bomb * (1 - h_bomb),
            h_bomb * (1 - icbm),
            icbm * (1 - satellite),
            satellite * (1 - crewed),
        ]
    )
    hazard = jnp.stack(
        [
            p.bomb + p.help * pupil + warhead + done,
            p.h_bomb + warhead + done,
            p.icbm + rocket + done,
            p.satellite + rocket,
            p.crewed + rocket,
        ]
    )
    return jnp.where(ready > 0, hazard, -30.0)


def _nuclear_help(world: World, st: Structure) -> Array:
    """Experts of a nuclear ally at work in a seat, 0-1, [D, world]."""
    bombs = world.arsenals.bomb[st.cen][:, None]
    return most(world.bloc.experts[:, st.dec] * bombs, 0)


def step(world: World, deeds: Deeds, happened: Array, laws: Laws, st: Structure) -> Arsenals:
    """Forces at the end of the month; happened: technical firsts [5, D, world]."""
    a, e, p = world.arsenals, world.economy, laws.arsenals
    news = [to_actors(st, first) for first in happened]
    money = e.output * e.shares[3] * a.bomb
    ripeness = (1.0 - jnp.exp(-a.icbm_age / jnp.maximum(p.pipeline.learning, 1.0))) ** p.pipeline.steepness
    ordered = to_actors(st, deeds.own("build-missiles"))
    orders = (p.pipeline.rate * money / 12.0 * (1.0 + p.pipeline.order * ordered)) * ripeness
    deployed = a.pipeline / jnp.maximum(p.pipeline.lag, 1.0)
    trial = to_actors(st, deeds.own("test-series")) * p.build.tests
    navy = to_actors(st, deeds.own("build-navy"))
    ground = e.output * e.shares[2]
    reference = (st.opening("output") * st.opening("conventional")).max()
    hosted, hidden, ripe = stationing(world, deeds, laws, st)
    return Arsenals(
        bombers=a.bombers * (1 - p.build.scrapping) + p.build.bombers * money / 12.0,
        icbm=a.icbm + deployed,
        pipeline=a.pipeline + orders - deployed,
        warheads=a.warheads + p.build.warheads * money / 12.0 * (1 + p.build.learning * jnp.log1p(a.tests)),
        conventional=a.conventional + p.build.inertia * (ground / reference - a.conventional),
        intervention=a.intervention * (1 - p.build.decay * (1 - jnp.exp(1 - a.intervention))) + p.build.navy * navy,
        tests=a.tests + trial,
        bomb=jnp.maximum(a.bomb, news[0]),
        h_bomb=jnp.maximum(a.h_bomb, news[1]),
        icbm_age=jnp.where((a.icbm_age > 0) | (news[2] > 0), a.icbm_age + 1.0, 0.0),
        satellite_age=jnp.where((a.satellite_age > 0) | (news[3] > 0), a.satellite_age + 1.0, 0.0),
        crewed=jnp.maximum(a.crewed, news[4]),
        work=jnp.where(news[0] + news[1] + news[2] > 0, 0.0, a.work + 1.0),
        hosted=hosted,
        hidden=hidden,
        ripe=ripe,
    )


def stationing(world: World, deeds: Deeds, laws: Laws, st: Structure) -> tuple[Array, Array, Array]:
    """Missiles with hosts, [D, A, world] each: ready, hidden, readiness of the hidden.

    A found deployment that is accepted, or that ripens unfound, stands; a ladder lost by its author, or settled,
    takes it away
    and with a settlement the other side's missiles near the author may go too.
    """
    a, p = world.arsenals, laws.arsenals.stationing
    placed = deeds.to("station-missiles") * p.battery
    secret = deeds.to("deploy-secretly")
    hidden = jnp.maximum(a.hidden, secret)
    ripe = jnp.where(hidden > 0, a.ripe + 1.0 / jnp.maximum(p.months, 1.0), 0.0)
    found = deeds.after.found
    done = jnp.minimum(hidden, jnp.floor(jnp.minimum(ripe, 1.0) + 1e-6))
    accepted = found * deeds.after.discovery[:, :, 0]
    lost = jnp.clip(deeds.after.removed, 0.0, 1.0)
    hosted = (a.hosted + placed + p.secret * jnp.maximum(done * (1 - a_done(a.ripe)), accepted)) * (1.0 - lost)
    hidden = hidden * (1.0 - found) * (1.0 - lost)
    return hosted * (1.0 - deeds.to("withdraw-forces")), hidden, ripe * hidden


def a_done(ripe: Array) -> Array:
    """1 where a hidden deployment was ready before this month."""
    return jnp.floor(jnp.minimum(ripe, 1.0) + 1e-6)
