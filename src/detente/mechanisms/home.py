"""Home: who decides, how firmly they sit, what their people bear, and what a crisis leaves behind.

bueno_de_mesquita2003 standing follows success; `ousting` a weak leader falls; linz1978 a regime whose governments keep
falling is replaced; davies1962 raised expectations that are
disappointed bring unrest; `fear` crises and arsenals teach it, time dulls it; `lesson` a lost showdown teaches which
forces count.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.deeds import Deeds
from detente.laws import Laws
from detente.mechanisms.economy import threat
from detente.structure import Structure, to_actors
from detente.sums import add, most
from detente.world import Home, World


def ousting(world: World, laws: Laws, st: Structure) -> Array:
    """Log odds in a month that a leader is removed, [D, world].

    Bueno de Mesquita, Smith, Siverson and Morrow, The Logic of Political Survival (2003), in reduced form: low
    standing, unrest and early months are dangerous. Where leaders changed often before the opening they change often:
    institutions outlast the persons (Warwick, Government Survival in Parliamentary Democracies, 1994), until they are
    changed themselves.
    """
    p, h = laws.home.ousting, world.home
    custom = p.custom * jnp.log1p(h.turnover / p.rare)
    early = jnp.exp(-h.tenure / jnp.maximum(p.settling, 1.0))
    return p.base + custom + p.weakness * (0.5 - h.standing) + p.unrest * h.unrest[st.dec] + p.early * early


def linz1978(world: World, laws: Laws, st: Structure) -> Array:
    """Log odds in a month that a state gives itself a constitution under which governments last, [D, world].

    Linz, The Breakdown of Democratic Regimes: Crisis, Breakdown, and Reequilibration (1978): a regime whose governments
    keep falling loses its efficacy, and in unrest is replaced. None where governments last already.
    """
    p, h = laws.home.linz1978, world.home
    odds = p.base + p.turnover * jnp.log1p(h.turnover / laws.home.ousting.rare) + p.unrest * h.unrest[st.dec]
    return jnp.where(h.turnover > p.settled, odds, -30.0)


def heirs(world: World, month_eligible: Array, laws: Laws, st: Structure) -> Array:
    """Log weights of who follows, [D, L, world]: standing among the heirs; nobody follows himself."""
    p = laws.home.succession
    weight = jnp.asarray(st.leader_table("weight"), world.war.dtype)[..., None]
    able = month_eligible[..., None] * (1 - world.home.leader)
    return jnp.where(able > 0, p.weight * weight, -1e9)


def turmoil(world: World, laws: Laws, st: Structure) -> Array:
    """Log odds in a month of open unrest in each actor, [A, world]. Davies, American Sociological Review (1962)."""
    p, h = laws.home.davies1962, world.home
    return p.base + p.pressure * h.unrest + p.hope * h.liberalisation * world.bloc.control


def step(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Home:
    """Inside, at the end of the month."""
    h, p = world.home, laws.home
    changed = deeds.nature["changed"]
    leader = jnp.where(changed[:, None] > 0, deeds.nature["successor"], h.leader)
    prestige = reputation(world, deeds, laws, st)
    standing = bueno_de_mesquita2003(world, deeds, prestige - h.prestige, laws, st)
    unrest, liberal = davies1962(world, deeds, laws, st)
    doctrine = deeds.own("massive-retaliation") - deeds.own("flexible-response")
    return Home(
        leader=leader,
        tenure=jnp.where(changed > 0, 0.0, h.tenure + 1.0),
        turnover=jnp.where(deeds.nature["constitution"] > 0, jnp.minimum(h.turnover, p.linz1978.settled), h.turnover),
        standing=jnp.where(changed > 0, p.succession.honeymoon, standing),
        unrest=unrest,
        liberalisation=liberal,
        fear=fear(world, deeds, laws, st),
        prestige=prestige,
        massive=jnp.clip(h.massive + p.doctrine.step * doctrine, 0.0, 1.0),
        unpublished=jnp.clip(
            jnp.maximum(h.unpublished, deeds.own("criticise-past")) * (1 - deeds.nature["leak"]), 0.0, 1.0
        ),
        lesson=jnp.clip(p.lesson.memory * h.lesson + p.lesson.learned * deeds.after.yielded * (1 - h.lesson), 0.0, 1.0),
        fatigue=fatigue(world, deeds, laws, st),
    )


def reputation(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Array:
    """Prestige of each seat, [D, world].

    Firsts, meetings as equals and ladders won raise it; retreats, missiles taken back in the open, refusals, walk-outs
    and the defiance of a member of one's camp lower it.
    """
    p, old = laws.home.prestige, world.home.prestige
    met = deeds.to("summit")
    parity = add(met, 1) + add(met[:, st.dec], 0)
    firsts = add(deeds.nature["firsts"][2:], 0)
    walked = jnp.asarray((st.principals[None] == np.arange(len(st.deciders))[:, None, None]).astype(float), old.dtype)
    snub = deeds.refused_by_seat() + jnp.einsum("dis,isw->dw", walked, deeds.after.left[:, ::-1])
    exposed = deeds.nature["exposed"]
    gave = deeds.own("withdraw-demand") + deeds.after.deadline_dropped
    change = p.first * firsts + p.parity * parity - p.snub * snub - p.exposed * exposed - p.climbdown * gave
    change = change + p.ladder * (deeds.after.stood - deeds.after.yielded)
    held = world.arsenals.hosted + world.arsenals.hidden
    change = change - p.withdrawn * deeds.gave_back(held) - p.defied * _defied(deeds, st)
    return jnp.clip(p.memory * old + change, -1.0, 1.0)


def _defied(deeds: Deeds, st: Structure) -> Array:
    """How many members of its camp openly defy its leader, [D, world]."""
    members = np.zeros((len(st.deciders), len(st.actors)))
    for d in np.flatnonzero(_is_leader(st)):
        members[d] = st.camp[st.leader_of_camp[d]]
    return jnp.asarray(members, deeds.nature["defiance"].dtype) @ deeds.nature["defiance"]


def bueno_de_mesquita2003(world: World, deeds: Deeds, prestige: Array, laws: Laws, st: Structure) -> Array:
    """Standing of each leader, [D, world].

    Returns to the middle, follows prestige, growth against expectation, quarrels in the camp and unrest.
    """
    p, h, e = laws.home.standing, world.home, world.economy
    surprise = (e.growth - e.expected)[st.dec]
    followers = _lost_followers(world, st)
    broken = add(world.bloc.polemic[:, st.cen_dec], 1) * _is_leader(st)[:, None]
    risk = jnp.einsum("dlw,dl->dw", h.leader, jnp.asarray(st.leader_table("risk"), h.standing.dtype))
    drain = world.issues.drain[st.dec] * jnp.asarray(st.open_border, h.standing.dtype)[st.dec][:, None]
    moved = (
        p.rest * (0.5 - h.standing)
        + p.prestige * prestige * (1.0 + p.gambler * jnp.abs(risk))
        + p.growth * surprise
        - p.unrest * h.unrest[st.dec]
        - p.followers * followers
        - p.quarrel * broken
        - p.drain * drain
    )
    return jnp.clip(h.standing + moved, 0.0, 1.0)


def _is_leader(st: Structure) -> np.ndarray:
    """1 for a centre that leads its own camp, [D]."""
    return np.array(
        [float(d in st.cen_dec and st.leader_of_camp[d] == list(st.cen_dec).index(d)) for d in range(len(st.deciders))]
    )


def _lost_followers(world: World, st: Structure) -> Array:
    """Weight of the camp's members that have leaned away since the opening, for camp leaders, [D, world]."""
    out = []
    for d in range(len(st.deciders)):
        c = int(st.leader_of_camp[d])
        if c < 0 or st.cen_dec[c] != d:
            out.append(jnp.zeros_like(world.war))
            continue
        members = jnp.asarray(st.camp[c] * st.weight, world.war.dtype)[:, None]
        away = jnp.maximum(jnp.asarray(st.leaning[c], world.war.dtype)[:, None] - world.influence.government[c], 0.0)
        out.append((members * away).sum(axis=0) / members.sum())
    return jnp.stack(out)


def stirred(world: World, rising: Array, laws: Laws) -> World:
    """The World as seats find it when they choose: they know of unrest that broke out this month, [A, world] 0/1."""
    h = world.home
    return world._replace(home=h._replace(unrest=h.unrest + laws.home.davies1962.rising * rising * (1 - h.unrest)))


def davies1962(world: World, deeds: Deeds, laws: Laws, st: Structure) -> tuple[Array, Array]:
    """Unrest and liberalisation, [A, world] each. S18.1, S19.1, S19.2.

    Davies, Toward a Theory of Revolution (1962): hopes raised and not met. The words of a centre against its own past
    raise hopes where its party's kin rule, once they are known.
    """
    p, h, e = laws.home.davies1962, world.home, world.economy
    zero = jnp.zeros_like(h.unrest)
    reform = to_actors(st, deeds.own("reform"))
    repress = to_actors(st, deeds.own("repress"))
    leaked = (
        most(deeds.nature["leak"][st.cen_dec][:, None] * st.camp[..., None], 0)
        * jnp.asarray(st.party_rules, zero.dtype)[:, None]
    )
    crushed = most(deeds.to("intervene"), 0)
    rising = deeds.nature["unrest"]
    disappointed = jnp.maximum(e.expected - e.growth, 0.0)
    hope = leaked * world.bloc.control + p.reform * reform
    unrest = (
        h.unrest * p.memory
        + p.rising * rising * (1 - h.unrest)
        + p.speech * hope * (1 - h.unrest)
        + p.disappointment * disappointed
    )
    unrest = unrest * (1 - p.repression * jnp.minimum(repress + crushed, 1.0)) * (1 - p.reform * reform * h.unrest)
    rest = jnp.asarray(st.opening("liberalisation"), zero.dtype)[:, None]
    liberal = (
        rest + p.habit * (h.liberalisation - rest) + p.opening * (reform + p.speech * leaked) * (1 - h.liberalisation)
    )
    liberal = liberal * (1 - p.repression * jnp.minimum(repress + crushed, 1.0))
    return jnp.clip(unrest, 0.0, 1.0), jnp.clip(liberal, 0.0, 1.0)


def fear(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Array:
    """Fear of war of each seat, 0-1, [D, world].

    H-bombs on both sides, boasts, and ladders climbed teach it; time dulls it. S1.5, S9.2, S11.4. It comes to rest the
    higher the tenser one's relations are, and what is conciliatory soothes it (Osgood, An Alternative to War or
    Surrender, 1962; Etzioni, The Kennedy Experiment, 1967). S8.4.
    """
    p, h, a = laws.home.fear, world.home, world.arsenals
    mutual = a.h_bomb[st.dec] * a.h_bomb[st.cen[st.rival_centre]]
    floor = p.floor + p.mutual * mutual + p.tension * (threat(world, st)[st.dec] - p.usual)
    shown = jnp.swapaxes((deeds.conciliation + deeds.agreed)[:, st.dec], 0, 1)
    kind = add(shown * jnp.asarray(st.hostile[:, st.dec], floor.dtype)[..., None], 1)
    foes = jnp.asarray(st.hostile[:, st.dec].T, h.fear.dtype)
    words = foes @ deeds.own("boast", "threaten")
    tests = foes @ deeds.own("test-series")
    ladder = deeds.after.ladder_heat
    kept = floor + p.memory * (h.fear - floor)
    rise = p.words * words + p.tests * tests + p.ladder * ladder
    return jnp.clip(kept + rise * (1 - h.fear) - p.relief * kind * h.fear, 0.0, 1.0)


def fatigue(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Array:
    """Recent use of each row, refused proposals among them, [N, world]: soon forgotten for talk, long for deeds."""
    p = laws.home.fatigue
    heavy = jnp.asarray(np.clip(st.coordinate("finality") + st.coordinate("cost"), 0.0, 1.0), world.war.dtype)[:, None]
    memory = p.talk + (p.deed - p.talk) * heavy
    return memory * world.home.fatigue + deeds.enacted[:-1] + deeds.refused[:-1]
