"""Relations: tension, affinity and trust between deciders and actors.

richardson1960 tension answers hostile and friendly deeds and decays; heider1958 a friend of my enemy loses my
affinity; kydd2005 trust answers signals by what they cost.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.deeds import Deeds
from detente.laws import Laws
from detente.structure import Structure, to_actors
from detente.sums import most
from detente.world import Relations, World


def step(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Relations:
    """Tension [D, A], affinity [D, A] and trust [D, D] at the end of the month."""
    old, p = world.relations, laws.relations
    pressure, conciliation = deeds.pressure, deeds.conciliation
    alarm = deeds.alarm[:, None] * st.hostile[..., None]
    hostile = pressure + p.richardson1960.alarm * alarm
    return Relations(
        tension=richardson1960(world, deeds, hostile, conciliation, laws, st),
        affinity=heider1958(old, hostile, conciliation + deeds.agreed, laws, st),
        trust=kydd2005(old, deeds, hostile, laws, st),
    )


def both_ways(flow: Array, st: Structure) -> Array:
    """Deeds of either side count for a pair, where the other side decides too, [D, A, world]."""
    return flow + to_actors(st, jnp.swapaxes(flow[:, st.dec], 0, 1), axis=1)


def richardson1960(world: World, deeds: Deeds, hostile: Array, friendly: Array, laws: Laws, st: Structure) -> Array:
    """Tension rises with pressure received or given, falls with conciliation, and decays to what the camps leave.

    Richardson, Arms and Insecurity (1960), with fatigue; standing demands, ladders, aircraft caught and attacks by
    third parties keep it up. What it decays to rises as two grow apart.
    """
    p, old = laws.relations.richardson1960, world.relations.tension
    base = p.rest + p.camps * st.hostile[..., None]
    climate = _climate(old, st) - (p.rest + p.camps)
    rest = base + p.climate * climate * st.hostile[..., None] + _estrangement(world, laws, st)
    kept = rest + p.decay * (old - rest)
    foes = jnp.asarray(st.hostile, old.dtype)[..., None]
    exposed = deeds.nature["exposed"]
    caught = jnp.asarray(_rival_pairs(st), old.dtype) * exposed[:, None]
    push = p.pressure * both_ways(hostile, st) + _showdowns(world, deeds, laws, st)
    walkout = jnp.einsum(
        "dan,nw->daw", jnp.asarray(_principal_pairs(st), old.dtype)[..., : len(st.issues)], most(deeds.after.left, 1)
    )
    push = push + p.walkout * walkout
    push = push + p.attack * deeds.nature["attack"][None] * foes + p.incident * both_ways(caught, st)
    pull = p.conciliation * both_ways(friendly, st)
    return jnp.clip(kept + push * (1.0 - old) - pull * old, 0.0, 1.0)


def _estrangement(world: World, laws: Laws, st: Structure) -> Array:
    """What the rest of tension gains between those who have grown apart, [D, A, world].

    Affinity below what the camps leave (Heider 1958), trust below caution (Kydd 2005), and lines of two ruling parties
    further apart than at the opening: who shares a creed fears the heretic (Haas, The Ideological Origins of Great
    Power Politics, 2005).
    """
    p, old = laws.relations.richardson1960, world.relations
    cool = laws.relations.heider1958.camps * (st.friends - st.hostile)[..., None] - old.affinity
    shy = jnp.maximum(laws.relations.kydd2005.rest - old.trust, 0.0)
    rules = jnp.asarray(st.party_rules, cool.dtype)
    start, line = jnp.asarray(st.opening("line"), cool.dtype)[:, None], world.bloc.line
    apart = jnp.abs(line[st.dec][:, None] - line) - jnp.abs(start[st.dec][:, None] - start)
    creed = (rules[st.dec][:, None] * rules)[..., None]
    mutual = 0.5 * (p.cool * cool + p.mistrust * to_actors(st, shy, axis=1))
    one_sided = 1.0 - jnp.asarray(np.isin(np.arange(len(st.actors)), st.dec), cool.dtype)[:, None]
    return both_ways(mutual, st) + mutual * one_sided + p.creed * apart * creed


def _rival_pairs(st: Structure) -> np.ndarray:
    """1 where the actor is the decider's rival centre, [D, A, 1]."""
    rival = st.cen[st.rival_centre]
    return (rival[:, None] == np.arange(len(st.actors))).astype(float)[..., None]


def _climate(tension: Array, st: Structure) -> Array:
    """Tension between the two strongest hostile centres, [world]."""
    first, second = strongest_rivals(st)
    return tension[st.cen_dec[first], st.cen[second]]


def strongest_rivals(st: Structure) -> tuple[int, int]:
    """The two strongest centres that stand in opposed camps, as centre indices."""
    power = st.opening("cinc")[st.cen]
    pairs = [(a, b) for a in range(len(st.cen)) for b in range(a) if st.hostile[st.cen_dec[a], st.cen[b]] > 0]
    first, second = max(pairs, key=lambda pair: power[pair[0]] + power[pair[1]])
    return (first, second) if power[first] >= power[second] else (second, first)


def _showdowns(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Array:
    """Tension that standing demands and ladders add between the principals, [D, A, world]."""
    p = laws.relations.richardson1960
    standing = most(world.issues.demand, 1) * p.demand
    ladder = p.rung * deeds.ladders.rung * deeds.ladders.opened
    heat = jnp.concatenate([standing, ladder])
    pairs = jnp.asarray(_principal_pairs(st), heat.dtype)
    return jnp.einsum("dan,nw->daw", pairs, heat)


def _principal_pairs(st: Structure) -> np.ndarray:
    """1 where decider and actor are the principals of an issue, issues then showdowns, [D, A, I + K]."""
    issues = [*range(len(st.issues)), *st.showdown]
    out = np.zeros((len(st.deciders), len(st.actors), len(issues)))
    for n, issue in enumerate(issues):
        one, other = st.principals[issue]
        if one >= 0 and other >= 0:
            out[one, st.dec[other], n] = out[other, st.dec[one], n] = 1.0
    return out


def heider1958(old: Relations, hostile: Array, friendly: Array, laws: Laws, st: Structure) -> Array:
    """Affinity answers what an actor does to me and what it does to those I quarrel with.

    Balance theory (Heider, The Psychology of Interpersonal Relations, 1958): conciliation of my adversary estranges.
    """
    p = laws.relations.heider1958
    net = friendly - hostile
    rest = p.camps * (st.friends - st.hostile)[..., None]
    direct = jnp.swapaxes(net[:, st.dec], 0, 1)
    quarrel = jnp.maximum(old.tension - p.threshold, 0.0)
    third = -jnp.einsum("jkw,ikw->ijw", net, quarrel) + direct * quarrel[:, st.dec]
    change = p.direct * direct + p.balance * third
    kept = rest + p.decay * (old.affinity - rest)
    return jnp.clip(kept + to_actors(st, change, axis=1), -1.0, 1.0)


def kydd2005(old: Relations, deeds: Deeds, hostile: Array, laws: Laws, st: Structure) -> Array:
    """Trust rises with signals that cost their author, falls with pressure, and returns to caution.

    Kydd, Trust and Mistrust in International Relations (2005): what an aggressor would not give says most. An ally that
    stands aside where one has a stake is trusted less (Snyder, Alliance Politics, 1997: abandonment).
    """
    p = laws.relations.kydd2005
    signal = jnp.swapaxes(deeds.costly[:, st.dec], 0, 1)
    breach = jnp.swapaxes(hostile[:, st.dec], 0, 1)
    kept = p.rest + p.decay * (old.trust - p.rest)
    own_stakes = jnp.asarray(np.abs(st.stake[:, st.dec]).T, old.trust.dtype)
    aside = jnp.einsum("di,jiw->djw", own_stakes, deeds.on("neutrality")) * st.friends[:, st.dec][..., None]
    loss = p.breach * breach + p.aside * aside
    return jnp.clip(kept + p.signal * signal * (1 - old.trust) - loss * old.trust, 0.0, 1.0)
