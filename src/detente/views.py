"""What a seat may know of a World. Only this module reads the truth on behalf of a seat.

Fields under `public` are the same for all; every other field has the seat as its first axis, and row d holds what seat
d knows and nothing else: its own forces, its beliefs about others, its own standing, words and hidden deployments.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.laws import Laws
from detente.mechanisms.economy import threat
from detente.mechanisms.influence import protection, rift
from detente.mechanisms.issues import stakes
from detente.structure import Structure
from detente.world import World


class Public(NamedTuple):
    """What everybody can read in the newspapers."""

    output: Array  # [A]
    shares: Array  # [5, A]
    surprise: Array  # [A] growth against what people expected
    industry: Array  # [A]
    conventional: Array  # [A]
    bombers: Array  # [A]
    tests: Array  # [A]
    bomb: Array  # [A]
    h_bomb: Array  # [A]
    icbm_age: Array  # [A] months since the first test
    satellite_age: Array  # [A]
    hosted: Array  # [D, A] missiles stationed openly
    estimate: Array  # [P] public estimate of log(1 + ICBM)
    disclosed: Array  # [P]
    government: Array  # [P + 1, A]
    party: Array  # [R + 1, A]
    authority: Array  # [P]
    independent: Array  # []
    shield: Array  # [P] protection as publicly believed
    line: Array  # [A]
    dependence: Array  # [P, A]
    control: Array  # [A]
    alliance: Array  # [P, A]
    experts: Array  # [P, A]
    polemic: Array  # [D, D]
    rift: Array  # [P]
    stake: Array  # [I, A] size of stakes now
    status: Array  # [I]
    demand: Array  # [I, 2]
    deadline: Array  # [I]
    commitment: Array  # [I, 2]
    publicity: Array  # [I]
    meeting: Array  # [I]
    treaty: Array  # [I]
    moratorium: Array  # [D]
    closed: Array  # [A]
    drain: Array  # [A]
    embargo: Array  # [D, A]
    open: Array  # [K]
    rung: Array  # [K]
    leader: Array  # [D, L]
    tenure: Array  # [D]
    unrest: Array  # [A]
    liberalisation: Array  # [A]
    prestige: Array  # [D]
    massive: Array  # [D]
    threat: Array  # [A] highest tension with a hostile decider


class View(NamedTuple):
    """Public knowledge, and what each seat knows besides."""

    public: Public
    own_missiles: Array  # [D] log(1 + own ICBM), exact
    rival_missiles: Array  # [D] mean belief of log(1 + ICBM) of the rival centre
    doubt: Array  # [D, P] variance of the belief about each centre
    belief: Array  # [D, P] mean belief about each centre
    bluff: Array  # [D] what the world believes of one's own missiles (of the camp leader's for the others)
    leverage: Array  # [D] strategic leverage at public estimate, 0-1: what a bluffer can use
    real_leverage: Array  # [D] the same at one's own true count
    local: Array  # [D, I] share of conventional strength that can be brought to bear on an issue, 0-1
    tension: Array  # [D, A] as the seat feels it
    affinity: Array  # [D, A]
    trust: Array  # [D, D]
    resolve: Array  # [D, D]
    concede: Array  # [D, D]
    standing: Array  # [D]
    fear: Array  # [D]
    lesson: Array  # [D]
    unpublished: Array  # [D]
    hidden: Array  # [D, A] own secret deployments
    ripe: Array  # [D, A] their readiness
    fatigue: Array  # [N] own recent use, row by row


PUBLIC_FIELDS = Public._fields
PRIVATE_FIELDS = tuple(name for name in View._fields if name not in ("public", "fatigue"))


def view(world: World, laws: Laws, st: Structure) -> View:
    """What all seats know at this moment."""
    own = jnp.log1p(world.arsenals.icbm[st.dec])
    each = np.arange(len(st.deciders))
    rival = world.intelligence.force_mean[each, st.rival_centre]
    lead = np.maximum(st.leader_of_camp, 0)
    shown = world.intelligence.public[lead]
    leads = jnp.asarray((st.leader_of_camp >= 0) & (st.cen_dec[lead] == each), own.dtype)[:, None]
    count = leads * own + (1 - leads) * shown
    return View(
        public=_public(world, laws, st),
        own_missiles=own,
        rival_missiles=rival,
        doubt=world.intelligence.force_variance,
        belief=world.intelligence.force_mean,
        bluff=shown,
        leverage=leverage(world, shown, rival, laws, st),
        real_leverage=leverage(world, count, rival, laws, st),
        local=local_balance(world, laws, st),
        tension=world.relations.tension,
        affinity=world.relations.affinity,
        trust=world.relations.trust,
        resolve=world.intelligence.resolve,
        concede=world.intelligence.concede,
        standing=world.home.standing,
        fear=world.home.fear,
        lesson=world.home.lesson,
        unpublished=world.home.unpublished,
        hidden=world.arsenals.hidden,
        ripe=world.arsenals.ripe,
        fatigue=world.home.fatigue,
    )


def leverage(world: World, own: Array, rival: Array, laws: Laws, st: Structure) -> Array:
    """Strategic leverage of each seat, 0-1, from log missile counts [D, world]; an ally has part of its leader's.

    The share of deliverable forces, flattened by a floor of what any exchange would cost (Powell, Nuclear Deterrence
    Theory, 1990).
    """
    p = laws.intelligence.leverage
    lead = st.cen[np.maximum(st.leader_of_camp, 0)]
    bombers = world.arsenals.bombers
    mine = bombers[lead] + p.missile * jnp.expm1(own)
    theirs = bombers[st.cen[st.rival_centre]] + p.missile * jnp.expm1(rival)
    share = (mine + p.floor) / (mine + theirs + 2.0 * p.floor)
    led = (st.leader_of_camp >= 0)[:, None]
    leads = (st.cen_dec[np.maximum(st.leader_of_camp, 0)] == np.arange(len(st.deciders)))[:, None]
    return share * jnp.where(led & leads, 1.0, jnp.where(led, p.lent, 0.0))


def local_balance(world: World, laws: Laws, st: Structure) -> Array:
    """Share of the conventional strength that a seat can bring to bear on an issue.

    Against the other side's principal, [D, I, world].

    Boulding, Conflict and Defense (1962): strength falls with distance; navies carry it further.
    """
    p = laws.intelligence.boulding1962
    place = (np.abs(st.stake) + 1e-6 * st.opening("cinc")).argmax(axis=1)  # of equal stakes, the stronger
    reach = jnp.asarray(st.distance[st.dec][:, place], world.war.dtype)[..., None]
    afloat = world.arsenals.intervention[st.dec][:, None]
    strength = world.arsenals.conventional[st.dec][:, None] * jnp.exp(-reach / (p.gradient * afloat))
    sign = np.sign(st.stake[:, st.dec]).T
    plus = strength[np.maximum(st.principals[:, 0], 0), np.arange(len(st.issues))]
    minus = strength[np.maximum(st.principals[:, 1], 0), np.arange(len(st.issues))]
    other = jnp.where(jnp.asarray(sign > 0)[..., None], minus[None], plus[None])
    return strength / (strength + other + 1e-6)


def _public(world: World, laws: Laws, st: Structure) -> Public:
    e, a, i, b, q, h = world.economy, world.arsenals, world.influence, world.bloc, world.issues, world.home
    return Public(
        e.output,
        e.shares,
        e.growth - e.expected,
        e.industry,
        a.conventional,
        a.bombers,
        a.tests,
        a.bomb,
        a.h_bomb,
        a.icbm_age,
        a.satellite_age,
        a.hosted,
        world.intelligence.public,
        world.intelligence.disclosed,
        i.government,
        i.party,
        i.authority,
        i.independent,
        protection(world, laws, st),
        b.line,
        b.dependence,
        b.control,
        b.alliance,
        b.experts,
        b.polemic,
        rift(world, st),
        stakes(world, laws, st),
        q.status,
        q.demand,
        q.deadline,
        q.commitment,
        q.publicity,
        q.meeting,
        q.treaty,
        q.moratorium,
        q.closed,
        q.drain,
        q.embargo,
        q.open,
        q.rung,
        h.leader,
        h.tenure,
        h.unrest,
        h.liberalisation,
        h.prestige,
        h.massive,
        threat(world, st),
    )


def of(whole: View, st: Structure, seat: int) -> dict[str, Array]:
    """Everything one seat knows, by field: public fields, its own rows, its own fatigue."""
    known = {f"public.{name}": getattr(whole.public, name) for name in PUBLIC_FIELDS}
    known |= {name: getattr(whole, name)[seat] for name in PRIVATE_FIELDS}
    known["fatigue"] = whole.fatigue[st.seat_rows[seat]]
    return known
