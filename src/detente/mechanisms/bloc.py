"""Bloc: line, dependence, control, alliances and quarrels inside a camp and a movement.

`line` an ideological position drifts with the leader's ideal and with deeds; hirschman1945
dependence follows trade, credit and experts; `grip` control follows intervention, repression and reform; `quarrel`
polemics have memory.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from detente.deeds import Deeds
from detente.laws import Laws
from detente.structure import Structure, to_actors
from detente.sums import add, most
from detente.world import Bloc, World


def step(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Bloc:
    """What binds, at the end of the month."""
    return Bloc(
        line=line(world, deeds, laws, st),
        dependence=hirschman1945(world, deeds, laws, st),
        control=grip(world, deeds, laws, st),
        alliance=alliances(world, deeds, st),
        experts=experts(world, deeds, laws, st),
        polemic=quarrel(world, deeds, laws, st),
        garrison=jnp.clip(
            world.bloc.garrison * (1 - deeds.to("withdraw-forces")) + deeds.to("intervene") * st.friends[..., None],
            0.0,
            1.0,
        ),
    )


def line(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Array:
    """Ideological position of each actor on [-1, 1].

    The leader's ideal draws it; words and deals with the enemy move it, [A, world].

    Conciliation towards the adversary's camp, proposed or accepted, makes reformist, pressure on it makes orthodox; a
    failed liberalisation hardens.
    """
    p, old = laws.bloc.line, world.bloc.line
    hostile = jnp.asarray(st.hostile, old.dtype)[..., None]
    towards = add((deeds.conciliation + deeds.agreed) * hostile, 1)
    against = add(deeds.pressure * hostile, 1)
    spoken = deeds.own("criticise-past")
    ideal = jnp.einsum("dlw,dl->dw", world.home.leader, jnp.asarray(st.leader_table("line"), old.dtype))
    scare = world.home.unrest[st.dec] * world.home.liberalisation[st.dec]
    seat = old[st.dec]
    moved = (
        seat
        + p.leader * (ideal - seat)
        + p.deal * towards
        - p.pressure * against
        + p.speech * spoken
        - p.backlash * scare
    )
    return jnp.clip(old + to_actors(st, moved - seat), -1.0, 1.0)


def hirschman1945(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Array:
    """Dependence on a centre, [P, A, world]: aid, arms and trade deepen it, cuts and embargoes end it.

    Hirschman, National Power and the Structure of Foreign Trade (1945).
    """
    p, old = laws.bloc.hirschman1945, world.bloc.dependence
    opened = (deeds.to("aid", "arms", "nuclear-aid") + p.trade * deeds.to("trade"))[st.cen_dec]
    closed = (deeds.to("cut-aid", "withdraw-experts") + p.trade * deeds.to("embargo", "break-relations"))[st.cen_dec]
    away = 1.0 - world.influence.government[:-1]
    return jnp.clip(old + p.deepen * opened * (1 - old) - p.cut * closed * old - p.diversify * away * old, 0.0, 1.0)


def grip(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Array:
    """Control of the patron over an actor, [A, world].

    Force and conferences tighten it, reform and withdrawal loosen it.
    """
    p, old = laws.bloc.grip, world.bloc.control
    forced = most(deeds.to("intervene"), 0)
    left = most(deeds.to("withdraw-forces"), 0)
    called = most(deeds.own("bloc-conference")[st.cen_dec][:, None] * st.camp[..., None], 0)
    looser = world.home.liberalisation + deeds.nature["defiance"]
    red = jnp.asarray(st.party_rules, old.dtype)[:, None]
    change = (
        p.force * forced * (1 - old)
        + p.council * called * (1 - old)
        - p.withdrawal * left * old
        - p.loosen * looser * old
    )
    return jnp.clip(old + red * change, 0.0, 1.0)


def alliances(world: World, deeds: Deeds, st: Structure) -> Array:
    """Formal alliance with each centre, 0/1, [P, A, world]: made by consent, left by choice."""
    old = world.bloc.alliance
    asked = deeds.to("alliance")
    made = asked[st.cen_dec] + to_actors(st, jnp.swapaxes(asked[:, st.cen], 0, 1), axis=1)
    gone = to_actors(st, jnp.swapaxes(deeds.to("leave-alliance")[:, st.cen], 0, 1), axis=1)
    return jnp.clip(jnp.maximum(old, jnp.minimum(made, 1.0)) * (1.0 - jnp.minimum(gone, 1.0)), 0.0, 1.0)


def experts(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Array:
    """Experts of each centre at work with an actor, 0-1, [P, A, world]."""
    p, old = laws.bloc.hirschman1945, world.bloc.experts
    sent = deeds.to("aid", "nuclear-aid")[st.cen_dec]
    withdrawn = deeds.to("withdraw-experts", "break-relations")[st.cen_dec]
    stopped = p.partial * deeds.to("end-nuclear-aid", "cut-aid")[st.cen_dec]
    return jnp.clip(old * (1 - p.fade) + p.send * sent * (1 - old), 0.0, 1.0) * (
        1 - jnp.minimum(withdrawn + stopped, 1.0)
    )


def quarrel(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Array:
    """Open quarrel of a seat (row) with another (column), 0-1, [D, D, world].

    Veiled words count less, and all are remembered.
    """
    p, old = laws.bloc.quarrel, world.bloc.polemic
    words = deeds.to("denounce", "break-relations") + p.veiled * deeds.to("denounce-veiled")
    return jnp.clip(p.memory * old + p.word * words[:, st.dec] * (1 - old), 0.0, 1.0)
