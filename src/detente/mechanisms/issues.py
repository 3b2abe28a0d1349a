"""Issues: demands, deadlines, conferences, settlements, regimes, borders.

A demand stands until it is enforced, moved, traded or dropped; a settlement holds as far as both sides keep it; an
open border drains the poorer and less free side; a closed one does not.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.deeds import Deeds
from detente.laws import Laws
from detente.structure import Structure, to_actors
from detente.sums import add, most
from detente.world import NEVER, Issues, World


def refugees(world: World, laws: Laws, st: Structure) -> tuple[Array, Array]:
    """Mean and scale of log thousands a year who leave through an open border, [A, world]. S5.1, S5.2.

    A gap in living standards, tension, unrest and the fear of closure under a standing demand drive people out;
    Hirschman, Exit,
    Voice and the Fate of the German Democratic Republic, World Politics (1993), on exit.
    """
    p = laws.issues.hirschman1993
    level = world.economy.output * (
        world.economy.shares[0] / jnp.asarray(st.opening("population"), world.war.dtype)[:, None]
    )
    gap = jnp.log(level[st.open_border_to] / level)
    threat = most(world.relations.tension, 0)
    pressed = most(world.issues.demand, 1)
    drains = np.maximum(st.drains, 0)
    feared = pressed[drains] * jnp.asarray(st.drains >= 0, world.war.dtype)[:, None]
    people = jnp.log(jnp.asarray(st.opening("population"), world.war.dtype))[:, None]
    mean = (
        p.rate + people + p.gap * gap + p.tension * (threat - p.usual) + p.fear * feared + p.unrest * world.home.unrest
    )
    return mean - p.closing * world.issues.closed, p.scale + 0.0 * mean


def step(world: World, deeds: Deeds, leaving: Array, laws: Laws, st: Structure) -> Issues:
    """What is in dispute, at the end of the month. leaving: log thousands a year through each border [A, world]."""
    q, p = world.issues, laws.issues
    side = np.where(st.stake[:, st.dec].T > 0, 0, 1)
    asked = deeds.on("demand", "ultimatum")
    sides = jnp.stack([most(asked * (side == s)[..., None], 0) for s in (0, 1)], axis=1)
    dated = most(deeds.on("ultimatum"), 0)
    given = deeds.on("withdraw-demand")
    dropped = jnp.stack([most(given * (side == s)[..., None], 0) for s in (0, 1)], axis=1)
    extended = most(deeds.on("extend-deadline"), 0)
    settled = most(deeds.on("treaty"), 0)
    ended = settled + deeds.after.ladder_over + deeds.after.deadline[:, 2]
    demand = jnp.maximum(q.demand, sides) * (1 - jnp.minimum(dropped + ended[:, None], 1.0))
    standing = most(demand, 1)
    moved = jnp.minimum(extended + deeds.after.deadline[:, 1], 1.0)
    clock = jnp.where(dated > 0, p.deadline.months, jnp.where(moved > 0, p.deadline.months, q.deadline - 1.0))
    clock = jnp.maximum(clock, 0.0)
    clock = jnp.where((standing > 0) & ((q.deadline < NEVER) | (dated > 0)), clock, NEVER)
    return Issues(
        status=status(world, deeds, settled, laws, st),
        demand=demand,
        deadline=clock,
        commitment=commitment(world, deeds, side, laws, st),
        publicity=jnp.clip(
            p.publicity.memory * q.publicity
            + p.publicity.deed * (dated + p.publicity.undated * most(sides, 1)) * (1 - q.publicity),
            p.publicity.least,
            1.0,
        ),
        meeting=meetings(world, deeds, st),
        treaty=treaties(world, deeds, settled, laws, st),
        moratorium=jnp.clip(
            jnp.maximum(q.moratorium, most(deeds.on("moratorium"), 1)) * (1 - deeds.own("test-series")), 0.0, 1.0
        ),
        closed=jnp.maximum(q.closed, to_actors(st, most(deeds.to("close-border"), 1))),
        drain=drain(world, leaving, laws, st),
        leaving=leaving,
        embargo=embargoes(world, deeds, laws),
        open=deeds.after.ladder_open,
        rung=deeds.after.ladder_rung,
    )


def status(world: World, deeds: Deeds, settled: Array, laws: Laws, st: Structure) -> Array:
    """Status of each issue on [0, 1], [I, world].

    Settlements meet halfway, ladders and faits accomplis shift it; where it is about a government, it follows that
    government's leaning.
    """
    q, p = world.issues, laws.issues.status
    ladder = deeds.ladders
    won = ladder.end[:, 1] - ladder.end[:, 0]
    at = (st.showdown[None] == np.arange(len(st.issues))[:, None]).astype(float)
    shift = p.victory * jnp.einsum("ik,kw->iw", jnp.asarray(at, won.dtype), won * ladder.challenger)
    closing = to_actors(st, most(deeds.to("close-border"), 1))
    shift = shift + p.fact * jnp.einsum("ia,aw->iw", jnp.asarray(_drained(st) * np.sign(st.stake), won.dtype), closing)
    freed = p.freedom * deeds.nature["independence"]
    colonial = jnp.asarray(_newcomers(st), q.status.dtype)[:, None]
    target = q.status + p.settlement * settled * (0.5 - q.status)
    at = np.flatnonzero((st.about >= 0) & (st.principals >= 0).all(axis=1))
    plus, minus = (world.influence.government[st.pole[st.principals[at, side]], st.about[at]] for side in (0, 1))
    leaning = p.possession * (0.5 + 0.5 * (plus - minus) - q.status[at])
    return jnp.clip((target + shift + freed * colonial).at[at].add(leaning), 0.0, 1.0)


def _drained(st: Structure) -> np.ndarray:
    """1 where an actor's open border concerns an issue, [I, A]."""
    return ((st.drains[None] == np.arange(len(st.issues))[:, None]) & (st.drains >= 0)[None]).astype(float)


def _newcomers(st: Structure) -> np.ndarray:
    """1 for issues whose largest stake is held by an actor that is not yet wholly independent, [I]."""
    acts = st.scenario.actors
    shares = [acts[a].opening.share_independent for a in st.actors]
    partial = np.array([share is not None and share.value < 1 for share in shares])
    return partial[np.abs(st.stake).argmax(axis=1)].astype(float)


def commitment(world: World, deeds: Deeds, side: np.ndarray, laws: Laws, st: Structure) -> Array:
    """How far each side's hands are tied on an issue, [I, 2, world]; fades slowly, cut by a settlement or a climb-down.

    Fearon, American Political Science Review (1994): what is said aloud is dear to take back.
    """
    p, q = laws.issues.commitment, world.issues
    word = deeds.words
    added = jnp.stack([add(word * (side == s)[..., None], 0) for s in (0, 1)], axis=1)
    return jnp.clip(p.rest + p.memory * (q.commitment - p.rest) + p.word * added * (1 - q.commitment), 0.0, 1.0)


def meetings(world: World, deeds: Deeds, st: Structure) -> Array:
    """Months to the agreed conference on each issue, [I, world]; the lead is the instrument's."""
    q = world.issues.meeting
    leads = {k: st.scenario.instruments[k].lead for k in ("conference", "summit-conference")}
    clock = jnp.where(q < NEVER, q - 1.0, NEVER)
    for key, lead in leads.items():
        called = most(deeds.on(key), 0)
        clock = jnp.where((called > 0) & (clock >= NEVER), float(lead), clock)
    return jnp.where(clock <= 0.0, NEVER, clock)


def treaties(world: World, deeds: Deeds, settled: Array, laws: Laws, st: Structure) -> Array:
    """How far a settlement or regime is in force, 0-1, [I, world].

    Signed it holds; a demand or a test against it breaks it.
    """
    p, q = laws.issues.treaty, world.issues
    broken = most(deeds.on("ultimatum", "show-force"), 0)
    return jnp.clip(jnp.maximum(q.treaty * p.holding, settled) * (1 - p.breach * broken), 0.0, 1.0)


def drain(world: World, leaving: Array, laws: Laws, st: Structure) -> Array:
    """Loss of people relative to the population as it is felt, in units of 1 % a year, [A, world].

    It builds up slowly, and goes faster once the border is closed.
    """
    p = laws.issues.hirschman1993
    share = jnp.exp(leaving) / (10.0 * jnp.asarray(st.opening("population"), world.war.dtype)[:, None])
    open_ = jnp.asarray(st.open_border, world.war.dtype)[:, None] * (1 - world.issues.closed)
    pace = jnp.maximum(p.smoothing, p.sealing * world.issues.closed)
    return world.issues.drain + pace * (jnp.clip(share, 0, 5) * open_ - world.issues.drain)


def embargoes(world: World, deeds: Deeds, laws: Laws) -> Array:
    """How far a seat keeps goods from an actor, 0-1, [D, A, world]."""
    p, old = laws.issues.embargo, world.issues.embargo
    return jnp.clip(
        old
        + p.step * deeds.to("embargo", "break-relations") * (1 - old)
        - p.step * deeds.to("trade", "recognise") * old,
        0.0,
        1.0,
    )


def stakes(world: World, laws: Laws, st: Structure) -> Array:
    """Size of every actor's stake in every issue now, [I, A, world].

    Drains raise it, settlements and closed borders lower it; a government as the changers want it is no dispute. S5.3,
    S5.6.
    """
    p, q = laws.issues.stakes, world.issues
    about = jnp.asarray(st.about >= 0, world.war.dtype)[:, None]
    base = jnp.asarray(np.abs(st.stake), world.war.dtype)[..., None] * (1.0 - about * q.status)[:, None]
    drained = _drained(st)
    suffer = np.abs(st.stake)[:, :, None] * (
        np.sign(st.stake)[:, :, None] * np.sign(st.stake * drained)[:, None, :] > 0
    )
    extra = p.drain * jnp.einsum("ibc,cw->ibw", jnp.asarray(suffer, world.war.dtype), q.drain)
    closed = p.sealed * jnp.einsum("ia,aw->iw", jnp.asarray(drained, world.war.dtype), q.closed)
    return base * (1 - p.settled * q.treaty[:, None]) * (1 - jnp.minimum(closed, 0.9)[:, None]) + extra
