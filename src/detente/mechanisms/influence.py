"""Influence: where governments and parties lean, and what draws them.

altfeld1984 a leaning trades security against autonomy, as a logit over poles with inertia; patronage goodwill is earned
by aid and lost by pressure; example a centre's authority follows success; a rival centre draws only as far as it has
broken away.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.deeds import Deeds
from detente.laws import Laws
from detente.structure import Structure, to_actors
from detente.sums import add, most
from detente.world import Influence, World


def step(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Influence:
    """Leanings, goodwill and authority at the end of the month."""
    authority = example(world, deeds, laws, st)
    goodwill = patronage(world, deeds, laws, st)
    government, party = altfeld1984(world, goodwill, authority, laws, st)
    independent = jnp.clip(world.influence.independent + deeds.nature["independence"], 0.0, 1.0)
    return Influence(government, party, world.influence.rest, goodwill, authority, independent)


def anchored(world: World, laws: Laws, st: Structure) -> World:
    """The opening World with the rest position of its leanings set: only changes since January 1953 move them."""
    i = world.influence
    return world._replace(influence=i._replace(rest=offers(world, i.goodwill, i.authority, laws, st)))


def example(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Array:
    """Authority of a centre as an example: firsts and growth raise it, retreats and quarrels lower it, [P, world].

    When an agreed conference is left, the centre that warned against dealing with the enemy is proved right.
    """
    p, old = laws.influence.example, world.influence.authority
    firsts = add(deeds.nature["firsts"][2:, st.cen_dec], 0)
    growth = world.economy.growth[st.cen] - world.economy.growth[st.cen].mean(axis=0)
    lost = deeds.after.yielded[st.cen_dec]
    scandal = deeds.nature["leak"][st.cen_dec]
    quarrel = add(world.bloc.polemic[:, st.cen_dec], 0)
    change = p.first * firsts + p.growth * growth - p.retreat * lost - p.scandal * scandal - p.quarrel * quarrel
    change = change - p.withdrawn * deeds.gave_back(world.arsenals.hosted + world.arsenals.hidden)[st.cen_dec]
    change = change + p.vindicated * _orthodoxy(world, st) * deeds.after.left.max(axis=(0, 1))
    return jnp.clip(0.5 + p.memory * (old - 0.5) + change, 0.0, 1.0)


def _orthodoxy(world: World, st: Structure) -> Array:
    """By how much a centre's party line is more orthodox than the mean of the communist centres, [P, world]."""
    line, red = world.bloc.line[st.cen], np.isin(np.arange(len(st.cen)), st.red)
    return jnp.maximum(line[st.red].mean(axis=0) - line, 0.0) * red[:, None]


def patronage(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Array:
    """Goodwill of each actor towards each centre, [P, A, world]: aid, arms and visits earn it, pressure costs it.

    Small recipients are moved more; a proposal at the United Nations reaches all who share its stake. Overtures and
    defiance of those
    who hold no seat are read the same way.
    """
    p, old = laws.influence.patronage, world.influence.goodwill
    gifts = p.aid * deeds.to("aid") + p.arms * deeds.to("arms", "nuclear-aid") + p.visit * deeds.to("visit", "trade")
    smallness = 1.0 / (p.size + jnp.asarray(st.weight, old.dtype)[:, None])
    force = p.pressure * deeds.pressure + p.intervention * deeds.to("intervene", "covert-action")
    side = jnp.asarray(np.sign(st.stake[:, st.dec]).T, old.dtype)
    voice = jnp.einsum("diw,di,ia->daw", deeds.on("un-proposal"), side, jnp.asarray(st.stake, old.dtype))
    rescue = p.rescue * deeds.after.granted
    change = (gifts * smallness - force + p.proposal * voice + rescue)[st.cen_dec]
    own_acts = (
        p.overture * deeds.nature["overture"]
        - p.defiance * deeds.nature["defiance"] * jnp.asarray(st.camp, old.dtype)[..., None]
    )
    return jnp.clip(p.memory * old + change + own_acts, -3.0, 3.0)


def protection(world: World, laws: Laws, st: Structure) -> Array:
    """What a centre's shield is worth in others' eyes: its share of forces as publicly believed, [P, world]."""
    p = laws.influence.altfeld1984
    missiles = jnp.expm1(world.intelligence.public)
    strength = (
        1.0 + world.arsenals.bombers[st.cen] + p.missile * missiles + p.ground * world.arsenals.conventional[st.cen]
    )
    return strength / add(strength, 0)


def altfeld1984(world: World, goodwill: Array, authority: Array, laws: Laws, st: Structure) -> tuple[Array, Array]:
    """Leanings of governments [P + 1, A] and parties [R + 1, A] move towards a logit of what each pole offers.

    Altfeld, The Decision to Ally, Western Political Quarterly (1984), and Morrow, AJPS (1991): security against
    autonomy.
    Where the party rules, the government's leaning is the party's.
    """
    p, old = laws.influence.altfeld1984, world.influence
    drift = (offers(world, goodwill, authority, laws, st) - old.rest) / p.temperature
    government = old.government + p.inertia * (logit(st.leaning, drift) - old.government)
    own_way = jnp.concatenate([drift[st.red], drift[-1:]])
    party = old.party + p.inertia * (logit(st.party_leaning, own_way) - old.party)
    outside = (
        jnp.asarray([float(k not in st.red) for k in range(len(st.cen))], old.party.dtype)[:, None, None]
        * government[:-1]
    )
    rest = 1.0 - add(outside, 0)
    tied = jnp.concatenate([outside, (rest * party[-1])[None]])
    for k, c in enumerate(st.red):
        tied = tied.at[c].set(rest * party[k])
    rules = jnp.asarray(st.party_rules, old.party.dtype)[:, None]
    return rules * tied + (1.0 - rules) * government, party


def logit(opening: np.ndarray, drift: Array) -> Array:
    """A logit whose constants make the opening its rest position: [pole, A, world]."""
    score = jnp.log(jnp.asarray(np.clip(opening, 0.005, 1.0), drift.dtype))[..., None] + drift
    weight = jnp.exp(score - most(score, 0))
    return weight / add(weight, 0)


def offers(world: World, goodwill: Array, authority: Array, laws: Laws, st: Structure) -> Array:
    """What each centre, and standing alone, offers each actor, [P + 1, A, world].

    A revolutionary government is drawn to the red centres and away from the others, as far as each centre's shield
    counts.
    """
    p, b = laws.influence.altfeld1984, world.bloc
    need = jnp.asarray(st.opening("protection_need"), authority.dtype)[:, None]
    shield = protection(world, laws, st)[:, None]
    gap = jnp.abs(b.line[None] - b.line[st.cen][:, None])
    rules = jnp.asarray(st.party_rules, authority.dtype)
    creed = rules[None, :, None] * rules[st.cen][:, None, None]
    broken = jnp.asarray(st.subordinate, authority.dtype)[:, None] * jnp.log(p.rift_floor + rift(world, st))
    revolt = (
        (2.0 * rules[st.cen] - 1.0)[:, None, None] * shield * (revolution(world, st) * (1.0 - rules)[:, None])[None]
    )
    centre = (
        p.alliance * b.alliance
        + p.dependence * b.dependence
        + p.shield * need * shield
        + goodwill
        + p.authority * authority[:, None]
        - p.line * gap * creed
        + p.rift * broken[:, None]
        + p.revolution * revolt
        - p.grip * (b.control * world.home.liberalisation)[None] * st.camp[..., None]
        + walt1987(world, shield, laws, st)
    )
    industry = world.economy.industry - jnp.asarray(st.opening("industry"), authority.dtype)[:, None]
    alone = p.autonomy * industry + p.ferment * world.home.unrest
    return jnp.concatenate([centre, alone[None]])


def walt1987(world: World, shield: Array, laws: Laws, st: Structure) -> Array:
    """What danger adds to a centre's offer, [P, A, world]: who is menaced by one turns from it to the others' shields.

    Walt, The Origins of Alliances (1987): states balance against what threatens them, not against power alone.
    """
    p, menace = laws.influence.walt1987, world.relations.tension[st.cen_dec]
    alike = np.eye(len(st.cen))[..., None, None]
    others = most(menace[None] - 2.0 * alike, 1)
    return p.refuge * shield * jnp.maximum(others, 0.0) - p.menace * menace


def revolution(world: World, st: Structure) -> Array:
    """How much more revolutionary the person in office is than the one of the opening, [A, world]; 0 without a seat."""
    lines = st.leader_table("line")
    now = jnp.einsum("dlw,dl->dw", world.home.leader, jnp.asarray(lines, world.war.dtype))
    start = jnp.asarray(lines[np.arange(len(st.deciders)), st.opening_leader], world.war.dtype)[:, None]
    return to_actors(st, jnp.maximum(start - now, 0.0))


def rift(world: World, st: Structure) -> Array:
    """How far each centre has broken away from the camp it stood in, 0 for a camp's own leader, [P, world]."""
    out = []
    for c in range(len(st.cen)):
        lead = int(st.leader_of_camp[st.cen_dec[c]])
        if lead == c or lead not in st.red:
            out.append(jnp.zeros_like(world.war))
        else:
            out.append(1.0 - world.influence.party[int(np.flatnonzero(st.red == lead)[0]), st.cen[c]])
    return jnp.stack(out)
