"""The World: one frozen slice per mechanism, monthly.

Worlds are the last axis of every array. Axes before it: A actors, D deciders, P centres, I issues, K showdown issues,
N menu rows. Shares and leanings lie on simplices; tension, trust, standing, unrest and the like lie on [0, 1].
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.structure import Structure

NEVER = 999.0
"""Months of a deadline that is not set."""


class Economy(NamedTuple):
    """Output and what becomes of it."""

    output: Array  # [A] billion 2011 int'l $ a year
    shares: Array  # [5, A] consumption, investment, conventional, strategic, aid; sums to 1
    expected: Array  # [A] growth that people have come to expect, share a year
    growth: Array  # [A] growth of the running year, share a year
    industry: Array  # [A] index of industry on [0, 1]


class Arsenals(NamedTuple):
    """Forces that exist."""

    bombers: Array  # [A] intercontinental bombers
    icbm: Array  # [A] launchers of intercontinental reach
    pipeline: Array  # [A] launchers ordered, not yet deployed
    warheads: Array  # [A]
    conventional: Array  # [A] relative to the opening of the strongest
    intervention: Array  # [A] naval and intervention forces, index, opening 1
    tests: Array  # [A] cumulative tests
    bomb: Array  # [A] 0/1
    h_bomb: Array  # [A] 0/1
    icbm_age: Array  # [A] months since the first ICBM test, 0 before it
    satellite_age: Array  # [A] months since the first satellite, 0 before it
    crewed: Array  # [A] 1 once a person has flown in orbit
    work: Array  # [A] months since the last first in warheads or rockets, or of work towards one
    hosted: Array  # [D, A] medium-range missiles stationed with an actor, ready
    hidden: Array  # [D, A] missiles stationed in secret, not yet found
    ripe: Array  # [D, A] readiness of the hidden deployment, 0-1


class Intelligence(NamedTuple):
    """What is believed, apart from the fact."""

    force_mean: Array  # [D, P] mean belief of log(1 + ICBM) of each centre
    force_variance: Array  # [D, P]
    public: Array  # [P] public estimate of log(1 + ICBM)
    recon: Array  # [D, P] quality of observation
    resolve: Array  # [D, D] belief (row holder) in the resolve of another (column), mean of a Beta, 0-1
    concede: Array  # [D, D] belief that the other is ready to concede, 0-1
    disclosed: Array  # [P] 1 once the count of a centre has been made public


class Influence(NamedTuple):
    """Where governments and parties lean."""

    government: Array  # [P + 1, A] leaning to each centre, and to none; sums to 1
    party: Array  # [R + 1, A] leaning of the communist party to each communist centre, and its own way
    rest: Array  # [P + 1, A] what each pole offered at the opening: the rest position of the leanings
    goodwill: Array  # [P, A] what a centre has earned or lost with an actor
    authority: Array  # [P] standing of a centre as an example
    independent: Array  # [] share of the new states' people that is independent


class Bloc(NamedTuple):
    """What binds camps and the movement."""

    line: Array  # [A] ideological position, -1 revolutionary ... +1 reformist
    dependence: Array  # [P, A] on a centre's goods, credit, experts, 0-1
    control: Array  # [A] grip of the patron, 0-1
    alliance: Array  # [P, A] formal alliance with a centre, 0/1
    experts: Array  # [P, A] experts present, 0-1
    polemic: Array  # [D, D] open quarrel, 0-1
    garrison: Array  # [D, A] troops on the actor's soil, 0/1


class Issues(NamedTuple):
    """What is in dispute."""

    status: Array  # [I] 0 as the keepers want it, 1 as the changers want it
    demand: Array  # [I, 2] standing demand by side (+, -), 0/1
    deadline: Array  # [I] months to the deadline, NEVER when none
    commitment: Array  # [I, 2] how far each side has tied its hands, 0-1
    publicity: Array  # [I] 0-1
    meeting: Array  # [I] months to an agreed conference, NEVER when none
    treaty: Array  # [I] how far a settlement or regime is in force, 0-1
    moratorium: Array  # [D] 1 while a seat holds back its tests
    closed: Array  # [A] 1 once the border is closed to people
    drain: Array  # [A] smoothed loss of people, per cent of the population a year
    leaving: Array  # [A] log thousands who would leave in the running year through an open border
    embargo: Array  # [D, A] 0-1
    open: Array  # [K] while a ladder is open: +1 the changers challenged, -1 the keepers
    rung: Array  # [K] rung of the open ladder


class Relations(NamedTuple):
    """Between deciders and actors."""

    tension: Array  # [D, A] 0-1
    affinity: Array  # [D, A] -1 ... 1
    trust: Array  # [D, D] row holder's trust in the column, 0-1


class Home(NamedTuple):
    """Inside."""

    leader: Array  # [D, L] one-hot: who is in office
    tenure: Array  # [D] months in office
    turnover: Array  # [D] changes of leader a year that the constitution makes customary
    standing: Array  # [D] 0-1
    unrest: Array  # [A] 0-1
    liberalisation: Array  # [A] 0-1
    fear: Array  # [D] fear of war left by crises and arsenals, 0-1
    prestige: Array  # [D] -1 ... 1 around the opening
    massive: Array  # [D] reliance on massive retaliation, 0-1
    unpublished: Array  # [D] 1 while words of the seat are secret and could leak
    lesson: Array  # [D] lesson that local forces decide, 0-1
    fatigue: Array  # [N] recent use of a row by its seat


class World(NamedTuple):
    """Everything, at the end of a month."""

    economy: Economy
    arsenals: Arsenals
    intelligence: Intelligence
    influence: Influence
    bloc: Bloc
    issues: Issues
    relations: Relations
    home: Home
    war: Array  # [] 1 once a ladder has ended in war: absorbing


def opening(st: Structure, worlds: int, dtype: np.dtype | type = np.float32) -> World:
    """January 1953: the same in every world, shapes [..., world]."""
    n_dec, n_act, n_cen, n_iss = len(st.deciders), len(st.actors), len(st.centres), len(st.issues)

    def full(value: np.ndarray | float, *shape: int) -> Array:
        base = np.broadcast_to(np.asarray(value, dtype=float), shape)
        return jnp.asarray(np.broadcast_to(base[..., None], (*shape, worlds)), dtype=dtype)

    o = st.opening
    shares = np.array([o(k) for k in ("consumption", "investment", "conventional", "strategic", "aid")])
    strength = o("conventional") * o("output")
    seat_line = o("line")
    alliance = st.camp.copy()
    leader = np.eye(st.n_leaders)[st.opening_leader]
    hosted = np.zeros((n_dec, n_act))
    base_tension = 0.08 + 0.30 * st.hostile
    return World(
        economy=Economy(
            full(o("output"), n_act),
            full(shares, 5, n_act),
            full(o("growth"), n_act),
            full(o("growth"), n_act),
            full(o("industry"), n_act),
        ),
        arsenals=Arsenals(
            bombers=full(o("bombers"), n_act),
            icbm=full(o("icbm"), n_act),
            pipeline=full(0.0, n_act),
            warheads=full(o("warheads"), n_act),
            conventional=full(strength / strength.max(), n_act),
            intervention=full(1.0, n_act),
            tests=full(o("tests"), n_act),
            bomb=full(o("bomb"), n_act),
            h_bomb=full(o("h_bomb"), n_act),
            icbm_age=full(0.0, n_act),
            satellite_age=full(0.0, n_act),
            crewed=full(0.0, n_act),
            work=full(o("work"), n_act),
            hosted=full(hosted, n_dec, n_act),
            hidden=full(0.0, n_dec, n_act),
            ripe=full(0.0, n_dec, n_act),
        ),
        intelligence=Intelligence(
            full(0.0, n_dec, n_cen),
            full(0.3, n_dec, n_cen),
            full(0.0, n_cen),
            full(0.0, n_dec, n_cen),
            full(0.5, n_dec, n_dec),
            full(0.3, n_dec, n_dec),
            full(0.0, n_cen),
        ),
        influence=Influence(
            full(st.leaning, n_cen + 1, n_act),
            full(st.party_leaning, len(st.red) + 1, n_act),
            full(0.0, n_cen + 1, n_act),
            full(0.0, n_cen, n_act),
            full(0.5, n_cen),
            full(
                np.sum(
                    [
                        a.opening.share_independent.value
                        for a in st.scenario.actors.values()
                        if a.opening.share_independent
                    ]
                ),
            ),
        ),
        bloc=Bloc(
            line=full(seat_line, n_act),
            dependence=full(st.trade, n_cen, n_act),
            control=full(np.max(np.where(st.garrison > 0, 0.6, 0.3) * st.friends, axis=0) * st.party_rules, n_act),
            alliance=full(alliance, n_cen, n_act),
            experts=full(st.camp * st.party_rules * (np.arange(n_act) != st.cen[:, None]) * 0.5, n_cen, n_act),
            polemic=full(0.0, n_dec, n_dec),
            garrison=full(st.garrison, n_dec, n_act),
        ),
        issues=Issues(
            status=full(st.status, n_iss),
            demand=full(0.0, n_iss, 2),
            deadline=full(NEVER, n_iss),
            commitment=full(0.1, n_iss, 2),
            publicity=full(0.2, n_iss),
            meeting=full(NEVER, n_iss),
            treaty=full(0.0, n_iss),
            moratorium=full(0.0, n_dec),
            closed=full(0.0, n_act),
            drain=full(st.open_border * 0.8, n_act),
            leaving=full(0.0, n_act),
            embargo=full(0.5 * st.hostile, n_dec, n_act),
            open=full(0.0, len(st.showdown)),
            rung=full(0.0, len(st.showdown)),
        ),
        relations=Relations(
            full(base_tension, n_dec, n_act),
            full(0.4 * st.friends - 0.4 * st.hostile, n_dec, n_act),
            full(0.5 * st.friends[:, st.dec] + 0.25, n_dec, n_dec),
        ),
        home=Home(
            leader=full(leader, n_dec, st.n_leaders),
            tenure=full(12.0, n_dec),
            turnover=full(st.turnover, n_dec),
            standing=full(o("standing")[st.dec], n_dec),
            unrest=full(o("unrest"), n_act),
            liberalisation=full(o("liberalisation"), n_act),
            fear=full(0.2, n_dec),
            prestige=full(0.0, n_dec),
            massive=full(0.4 * o("bomb")[st.dec], n_dec),
            unpublished=full(0.0, n_dec),
            lesson=full(0.0, n_dec),
            fatigue=full(0.0, len(st.rows)),
        ),
        war=full(0.0),
    )


AXES: dict[str, tuple[str, ...]] = {
    "economy.output": ("A",),
    "economy.shares": ("share", "A"),
    "economy.expected": ("A",),
    "economy.growth": ("A",),
    "economy.industry": ("A",),
    **{f"arsenals.{k}": ("A",) for k in Arsenals._fields if k not in ("hosted", "hidden", "ripe")},
    **{f"arsenals.{k}": ("D", "A") for k in ("hosted", "hidden", "ripe")},
    "intelligence.force_mean": ("D", "P"),
    "intelligence.force_variance": ("D", "P"),
    "intelligence.public": ("P",),
    "intelligence.recon": ("D", "P"),
    "intelligence.resolve": ("D", "D"),
    "intelligence.concede": ("D", "D"),
    "intelligence.disclosed": ("P",),
    "influence.government": ("pole", "A"),
    "influence.party": ("party", "A"),
    "influence.rest": ("pole", "A"),
    "influence.goodwill": ("P", "A"),
    "influence.authority": ("P",),
    "influence.independent": (),
    "bloc.line": ("A",),
    "bloc.dependence": ("P", "A"),
    "bloc.control": ("A",),
    "bloc.alliance": ("P", "A"),
    "bloc.experts": ("P", "A"),
    "bloc.polemic": ("D", "D"),
    "bloc.garrison": ("D", "A"),
    "issues.status": ("I",),
    "issues.demand": ("I", "side"),
    "issues.deadline": ("I",),
    "issues.commitment": ("I", "side"),
    "issues.publicity": ("I",),
    "issues.meeting": ("I",),
    "issues.treaty": ("I",),
    "issues.moratorium": ("D",),
    "issues.closed": ("A",),
    "issues.drain": ("A",),
    "issues.leaving": ("A",),
    "issues.embargo": ("D", "A"),
    "issues.open": ("K",),
    "issues.rung": ("K",),
    "relations.tension": ("D", "A"),
    "relations.affinity": ("D", "A"),
    "relations.trust": ("D", "D"),
    "home.leader": ("D", "L"),
    **{
        f"home.{k}": ("D",)
        for k in ("tenure", "turnover", "standing", "fear", "prestige", "massive", "unpublished", "lesson")
    },
    "home.unrest": ("A",),
    "home.liberalisation": ("A",),
    "home.fatigue": ("N",),
    "war": (),
}
"""Axes of every array of the World before the world axis."""
