"""Preferences: what a government wants, and what it expects of each thing it could do.

A value vector over eight ends, shared mean and the leader's own deviation, weighs the changes that a row is expected to
bring under the seat's own beliefs. One small function a family of instruments; all coefficients are shared by all
seats.
Utilities are in units of the choice noise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy.special import expit

from detente.answers import Rows
from detente.decisions import Decision
from detente.ladder import foresight
from detente.ladder.stakes import Positions, positions
from detente.laws import Laws
from detente.scenario import ENDS
from detente.structure import NESTS, Structure
from detente.sums import most
from detente.views import View
from detente.world import NEVER

TENTH = 0.1
"""A unit, no law: a burden of arms counts one for every tenth of output."""
FIVE_POINTS = 0.05
"""A unit, no law: a shortfall of growth counts one for every five points a year."""


class Wants(NamedTuple):
    """Weights of the ends for each seat's leader, [D, world] each, and traits that colour expectation."""

    security: Array
    prosperity: Array
    prestige: Array
    influence: Array
    unity: Array
    survival: Array
    peace: Array
    orthodoxy: Array
    risk: Array
    line: Array
    optimism: Array


def wants(view: View, laws: Laws, st: Structure) -> Wants:
    """The person in office: shared mean weight × exp(own deviation), and traits."""
    mean = laws.preferences.ends
    person = view.public.leader
    own = jnp.exp(jnp.einsum("edl,dlw->edw", jnp.asarray(st.deviations, person.dtype), person))
    traits = [
        jnp.einsum("dl,dlw->dw", jnp.asarray(st.leader_table(t), person.dtype), person)
        for t in ("risk", "line", "optimism")
    ]
    return Wants(*(mean[end] * own[e] for e, end in enumerate(ENDS)), *traits)


Family = Callable[[View, Wants, Laws, Rows, "Ladders"], Array]


class Ladders(NamedTuple):
    """Expected value of opening a ladder for the principal of each side, [K, 2, world]."""

    value: Array


def crisis_values(view: View, laws: Laws, st: Structure) -> Ladders:
    """What a showdown on each issue is worth to a challenger, side by side, as it believes.

    What the other takes it for it does not know.
    """
    both = [positions(view, laws, st, side, believed=True) for side in (0, 1)]
    stands: Positions = jax.tree.map(lambda *sides: jnp.stack(sides, axis=1), *both)
    blind = jnp.full_like(stands.rung, 0.5)
    return Ladders(foresight.worth(stands._replace(resolve=(blind, stands.resolve[1])), laws))


def _crisis(view: View, r: Rows, c: Ladders) -> Array:
    """Value of a ladder for the rows' issue and side; 0 where the issue has none, or another seat leads the side.

    What a side has already it cannot win: of a gain only the part that is wanting counts.
    """
    where = {int(issue): n for n, issue in enumerate(r.st.showdown)}
    at = np.array([where.get(int(k), -1) for k in r.k])
    leads = (at >= 0) & (r.st.principals[r.kz, r.side] == r.s)
    value = c.value[np.maximum(at, 0), r.side]
    return jnp.where(leads[:, None], jnp.minimum(value, 0.0) + jnp.maximum(value, 0.0) * _gap(view, r), 0.0)


def _gap(view: View, r: Rows) -> Array:
    """How far the status is from what the author's side wants, 0-1."""
    s = view.public.status[r.kz]
    return jnp.where((r.side == 0)[:, None], 1.0 - s, s)


def _stake(view: View, r: Rows) -> Array:
    return view.public.stake[r.kz, r.a]


def _arms(view: View, actor: np.ndarray) -> Array:
    """Burden of all arms on an actor, in tenths of output."""
    return (view.public.shares[2][actor] + view.public.shares[3][actor]) / TENTH


def _marginal(view: View, laws: Laws, r: Rows) -> Array:
    """How much the target's government could still be moved to the author's pole: L(1 - L), weighed by its worth."""
    lean = view.public.government[r.pole, r.tz]
    worth = jnp.asarray(r.st.weight[r.tz], lean.dtype)[:, None]
    partial = jnp.asarray([a.opening.share_independent is not None for a in r.st.scenario.actors.values()], lean.dtype)[
        r.tz
    ][:, None]
    alive = 1.0 - partial + partial * view.public.independent
    return worth * alive * (laws.preferences.marginal.floor + lean * (1.0 - lean))


def demands(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Demand, ultimatum.

    Chance that the other gives way × prize, against loss of face and the showdown that may come.
    """
    p = laws.preferences.demand
    stake = _stake(v, r)
    dependent = v.public.dependence[r.pole, r.tz]
    lever = jnp.where(r.hostile > 0, 2.0 * v.leverage[r.s] - 1.0, 2.0 * dependent - 1.0)
    odds = (
        p.odds
        + p.leverage * lever
        + p.local * (2.0 * v.local[r.s, r.kz] - 1.0)
        - p.resolve * (2.0 * v.resolve[r.s, r.tdz] - 1.0)
        + p.stakes * (stake - v.public.stake[r.kz, r.tz])
        + p.concede * (v.concede[r.s, r.tdz] - p.usual)
    )
    chance = jax.nn.sigmoid(odds)
    dated = r.named("ultimatum")
    prize = w.security[r.s] * p.prize * stake * _gap(v, r) * (p.undated + (1.0 - p.undated) * dated)
    face = w.prestige[r.s] * p.face * (chance - (1.0 - chance) * (p.mild + (1.0 - p.mild) * dated))
    showdown = p.showdown * dated * (1.0 - chance) * _crisis(v, r, c) * (1.0 + p.boldness * w.risk[r.s])
    return prize * chance + face + showdown


def climb_downs(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Move a deadline, withdraw a demand: relief from the showdown, hope of talks, against what was said aloud."""
    p = laws.preferences.climb_down
    tied = v.public.commitment[r.kz, r.side]
    relief = p.relief * jnp.maximum(-_crisis(v, r, c), 0.0) + w.peace[r.s] * p.fear * v.fear[r.s]
    hope = p.hope * v.concede[r.s, r.tdz] * r.named("extend-deadline")
    loss = w.prestige[r.s] * p.face * tied + w.security[r.s] * p.prize * _stake(v, r) * _gap(v, r)
    rival_centre = p.rival * w.unity[r.s] * most(v.public.rift, 0) * r.friend * r.named("withdraw-demand")
    return relief + hope - loss * (1.0 - p.spared * r.named("extend-deadline")) + rival_centre


def common_interest(st: Structure) -> np.ndarray:
    """How far an issue is shared: 1 - geometric mean of the principals' stakes, [I]; 0 where only one has a seat."""
    out = []
    for k, (one, other) in enumerate(st.principals):
        sizes = [abs(st.stake[k, st.dec[d]]) for d in (one, other) if d >= 0]
        out.append(1.0 - float(np.sqrt(np.prod(sizes))) if len(sizes) == 2 else 0.0)
    return np.array(out)


def settlements(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Propose a settlement or regime.

    Meet halfway, share the fear of war, save on arms; seen to concede. S1.5, S2.4, S9.2, S20.1, S21.1.
    """
    return _settling(v, w, laws, r, r.s, r.a, r.side)


def _settling(v: View, w: Wants, laws: Laws, r: Rows, seat: np.ndarray, actor: np.ndarray, side: np.ndarray) -> Array:
    p = laws.preferences.settle
    shared = jnp.asarray(common_interest(r.st)[r.kz], v.fear.dtype)[:, None]
    stake = v.public.stake[r.kz, actor]
    status = v.public.status[r.kz]
    gain = jnp.where((side == 0)[:, None], 0.5 - status, status - 0.5)
    spheres = v.public.alliance.mean(axis=1).sum(axis=0)
    other = np.where(seat == r.s, r.tdz, r.s)
    return (
        w.security[seat] * p.gain * stake * gain
        + w.peace[seat] * p.fear * shared * v.fear[seat]
        + w.prosperity[seat] * p.relief * shared * _arms(v, actor)
        + p.trust * (v.trust[seat, other] - p.wary)
        + p.spheres * spheres
        - w.prestige[seat] * p.face * stake * jnp.maximum(-gain, 0.0) * 2.0
        - p.done * v.public.treaty[r.kz]
        - w.orthodoxy[seat] * p.creed * jnp.maximum(-w.line[seat], 0.0) * r.hostile
    )


def meetings(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Meetings, conferences, visits.

    Standing as an equal, hope that the other concedes, relief; among friends, unity. S6.
    """
    p = laws.preferences.meet
    target = r.td
    rank = w.prestige[r.s] * parity(v, laws, r.tz, r.a) * (target >= 0)[:, None] * r.hostile
    hope = w.security[r.s] * p.hope * v.concede[r.s, r.tdz] * r.hostile * v.public.demand.max(axis=(0, 1))
    fear = w.peace[r.s] * p.fear * v.fear[r.s] * r.hostile
    lean = v.public.government[r.pole, r.tz]
    unity = w.unity[r.s] * p.unity * (1.0 - lean) * r.friend
    court = w.influence[r.s] * p.court * _marginal(v, laws, r) * (1.0 - r.hostile) * (1.0 + w.optimism[r.s])
    warmth = p.affinity * v.affinity[r.s, r.tz]
    creed = w.orthodoxy[r.s] * p.creed * jnp.maximum(-w.line[r.s], 0.0) * r.hostile
    pending = p.pending * (v.public.meeting[r.kz] < NEVER) * (r.k >= 0)[:, None]
    return rank + hope + fear + unity + court + warmth - creed - pending


def parity(v: View, laws: Laws, other: np.ndarray, own: np.ndarray) -> Array:
    """What meeting as equals gives, or takes from, whoever meets a richer, or a poorer, adversary."""
    p = laws.preferences.meet
    return p.parity * jnp.clip(jnp.log(v.public.output[other] / v.public.output[own]), p.lowest, p.highest)


def councils(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Conference of one's own bloc or movement: worth calling as it comes apart. S16.1, S17.2."""
    p = laws.preferences.council
    camp = jnp.asarray(r.st.camp[r.pole] * r.st.weight, v.fear.dtype)
    lost = jnp.einsum("na,naw->nw", camp, 1.0 - v.public.government[r.pole]) / camp.sum(axis=1)[:, None]
    return (
        w.unity[r.s]
        * (p.unity * lost + p.rift * most(v.public.rift, 0))
        * (p.follower + (1.0 - p.follower) * r.is_centre)
    )


def threats(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Threat of force: leverage makes it cheap, a standing demand or a threatened client gives it a use.

    S1.2, S1.6, S11.5.
    """
    p = laws.preferences.threaten
    use = v.public.demand.sum(axis=(0, 1)) + p.client * v.public.threat[r.a]
    lever = 2.0 * v.leverage[r.s] - p.level
    return w.security[r.s] * p.use * lever * use + p.massive * v.public.massive[r.s] - p.lesson * v.lesson[r.s]


def talk(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Conciliatory talk: the burden of arms, fear and tension make it welcome; a creed forbids it. S4, S8.4."""
    p = laws.preferences.reassure
    return (
        w.prosperity[r.s] * p.burden * _arms(v, r.a)
        + w.peace[r.s] * p.fear * v.fear[r.s] * v.tension[r.s, r.tz]
        + w.influence[r.s] * p.optimism * w.optimism[r.s]
        - w.orthodoxy[r.s] * p.creed * jnp.maximum(-w.line[r.s], 0.0)
    )


def boasts(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Boasting pays while forces are hidden and believed: prestige, and leverage one does not have. S7.1, S8.1."""
    p = laws.preferences.boast
    can = (v.public.icbm_age[r.a] > 0) + p.bomb * v.public.h_bomb[r.a]
    room = (1.0 - v.public.disclosed[r.pole]) * jnp.clip(v.bluff[r.s] - v.own_missiles[r.s] + p.start, 0.0, p.most)
    return w.security[r.s] * p.bluff * can * room + w.prestige[r.s] * p.pride * can * (1.0 + w.optimism[r.s])


def protests(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """A note costs little and keeps a claim alive."""
    p = laws.preferences.protest
    return w.security[r.s] * p.claim * _stake(v, r) * _gap(v, r) + p.heat * v.tension[r.s, r.tz]


def polemics(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Denounce another party.

    Its distance from one's creed pays, one's leaning to it and need of it forbid. S12, S15, S19.3.
    """
    p = laws.preferences.polemic
    apart = v.public.line[r.tz] - v.public.line[r.a]
    outrage = w.orthodoxy[r.s] * p.outrage * jnp.maximum(apart - p.tolerance, 0.0)
    cooled = w.orthodoxy[r.s] * p.estranged * r.friend * jnp.maximum(p.warmth - v.affinity[r.s, r.tz], 0.0)
    attacked = v.public.polemic[r.tdz, r.s] * (r.td >= 0)[:, None]
    reply = w.unity[r.s] * p.reply * attacked
    target_is_centre = np.isin(r.tz, r.st.cen)
    red = list(r.st.cen[r.st.red])
    pole = np.array([red.index(a) if a in red else 0 for a in r.tz])
    mine = v.public.party[pole, r.a] * target_is_centre[:, None]
    need = (
        v.public.dependence[np.array([list(r.st.cen).index(a) if a in r.st.cen else 0 for a in r.tz]), r.a]
        * target_is_centre[:, None]
    )
    taboo = p.taboo * mine + p.need * need
    veil = r.named("denounce-veiled")
    return (outrage + cooled + reply) * (1.0 - p.softer * veil) - taboo * (1.0 - p.veil * veil)


def own_past(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Criticise one's own past: moves the line to the leader's ideal, disarms rivals early in a term. S18, S19."""
    p = laws.preferences.own_past
    want = w.line[r.s] - v.public.line[r.a]
    early = jnp.exp(-v.public.tenure[r.s] / p.months)
    return (
        w.prosperity[r.s] * p.line * want
        + w.survival[r.s] * p.early * early * (0.5 + 0.5 * w.risk[r.s])
        - p.done * v.unpublished[r.s]
        - p.unrest * v.public.unrest[r.a]
    )


def proposals(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Proposals at the United Nations.

    Sympathy of those who share the stake, embarrassment of those who do not. S3.2, S3.3.
    """
    p = laws.preferences.proposal
    sign = jnp.asarray(np.sign(r.st.stake[r.kz, r.a]), v.fear.dtype)[:, None]
    shared = jnp.asarray((r.st.stake[r.kz] * r.st.third_world).sum(axis=1), v.fear.dtype)[:, None] * sign
    free = p.unfree + (1.0 - p.unfree) * v.public.independent
    return w.influence[r.s] * p.sympathy * shared * free * (1.0 + p.optimism * w.optimism[r.s])


def dissents(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Dissent inside one's bloc: the stake, and a rival centre that makes it safe; dependence makes it dear. S16."""
    p = laws.preferences.dissent
    pressed = most(v.public.demand[r.kz], 1)
    need = v.public.dependence[r.pole, r.a] + v.public.control[r.a]
    claim = _stake(v, r) * (
        p.base + p.pressed * pressed + p.rival * most(v.public.rift, 0) + p.industry * v.public.industry[r.a]
    )
    return w.security[r.s] * claim + w.prestige[r.s] * p.pride - p.need * need - p.shield * v.public.threat[r.a]


def doctrines(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Massive retaliation is cheap while one leads; once the other can answer, more steps are wanted. S1.3, S22."""
    p = laws.preferences.doctrine
    massive = r.named("massive-retaliation")
    lead = 2.0 * v.real_leverage[r.s] - 1.0
    burden = v.public.shares[2][r.a] / TENTH
    answer = jnp.tanh(v.rival_missiles[r.s] / p.ample) + v.fear[r.s]
    cheap = w.prosperity[r.s] * p.cheap * burden + w.security[r.s] * p.lead * lead - p.have * v.public.massive[r.s]
    steps = (
        w.security[r.s] * p.steps * answer * v.public.massive[r.s]
        + p.lesson * v.lesson[r.s]
        - p.have * (1.0 - v.public.massive[r.s])
    )
    return jnp.where(massive > 0, cheap, steps)


def armament(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Raise or cut forces, order missiles or ships, test.

    Threat and the rival's force as believed, against the burden. S2, S9, S11.2, S11.6.
    """
    p = laws.preferences.arm
    threat = v.public.threat[r.a]
    burden = _arms(v, r.a)
    gap = jnp.clip(v.rival_missiles[r.s] - v.own_missiles[r.s], p.ahead, p.behind)
    tests = jnp.log1p(v.public.tests[r.st.cen[r.st.rival_centre[r.s]]]) - jnp.log1p(v.public.tests[r.a])
    banned = v.public.treaty[_testing(r.st)] * (1.0 if _testing(r.st) >= 0 else 0.0)
    wait = most(v.public.moratorium, 0)
    frustrated = v.public.demand.sum(axis=(0, 1))
    up = (
        w.security[r.s] * p.threat * threat
        - w.prosperity[r.s] * p.burden * burden
        + p.flexible * (1.0 - v.public.massive[r.s])
    )
    down = (
        w.prosperity[r.s] * p.burden * burden + p.massive * v.public.massive[r.s] - w.security[r.s] * p.threat * threat
    )
    missiles = w.security[r.s] * p.gap * gap + p.infatuation * v.public.massive[r.s]
    ships = w.security[r.s] * p.lesson * v.lesson[r.s] - p.infatuation * v.public.massive[r.s]
    test = (
        w.security[r.s] * (p.test * (1.0 + tests) + p.frustrated * frustrated)
        - p.banned * banned
        - p.held * wait * (1.0 - v.fear[r.s])
        - w.peace[r.s] * p.fallout * v.fear[r.s]
    )
    parts = (
        ("raise-conventional", up),
        ("cut-conventional", down),
        ("build-missiles", missiles),
        ("build-navy", ships),
        ("test-series", test),
    )
    return jnp.stack([r.named(name) * value for name, value in parts]).sum(axis=0)


def _testing(st: Structure) -> int:
    """The issue on which tests can be stopped."""
    for k, issue in enumerate(st.issues):
        if "moratorium" in st.scenario.issues[issue].forms:
            return k
    return -1


def moratoria(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Stop tests of one's own accord: fear, the applause of the many, against being behind."""
    p = laws.preferences.moratorium
    behind = jnp.log1p(v.public.tests[r.st.cen[r.st.rival_centre[r.s]]]) - jnp.log1p(v.public.tests[r.a])
    others = most(v.public.moratorium, 0)
    return (
        w.peace[r.s] * p.fear * v.fear[r.s]
        + w.prestige[r.s] * p.applause
        + p.others * others
        - w.security[r.s] * p.behind * behind
    )


def stationings(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Missiles with a host.

    Leverage near the rival, and a shield for the host; in secret, times the chance to be ready unfound. S10.1.

    Two motives, two coefficients: the balance (what 40 launchers add to the leverage that is really believed), and
    the ally's need.
    """
    p = laws.preferences.station
    more = jnp.log1p(jnp.expm1(v.own_missiles[r.s]) + p.battery)
    lift = _leverage_gain(v, r, more, laws.intelligence.leverage.floor)
    believed = v.leverage[r.s] - v.real_leverage[r.s]
    balance = w.security[r.s] * p.balance * jnp.maximum(lift - believed, p.least)
    need = v.public.threat[r.tz] * v.public.government[r.pole, r.tz]
    shield = w.influence[r.s] * p.shield * need
    secret = r.named("deploy-secretly")
    found = p.found * (0.5 + v.resolve[r.s, r.st.cen_dec[r.st.rival_centre[r.s]]]) * (1.0 - p.boldness * w.risk[r.s])
    have = jnp.minimum(v.public.hosted[r.s, r.tz] + v.hidden[r.s, r.tz], 1.0)
    return (balance + shield) * (1.0 - secret * p.unready) - secret * found - p.have * have


def _leverage_gain(v: View, r: Rows, more: Array, floor: Array) -> Array:
    """Rise of true leverage if so many more missiles could reach the rival."""
    base = v.real_leverage[r.s]
    return (
        (jnp.expm1(more) - jnp.expm1(v.own_missiles[r.s]))
        / (floor + jnp.expm1(more) + jnp.expm1(v.rival_missiles[r.s]))
        * (1.0 - base)
    )


def withdrawals(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Withdraw troops: they cost, and leaving shows good faith.

    Where the host might leave too, they stay. S21.1, S21.2.
    """
    p = laws.preferences.withdraw
    friend = r.friend
    hold = friend * (p.member + p.unrest * v.public.unrest[r.tz] + p.lean * (1.0 - v.public.government[r.pole, r.tz]))
    burden = w.prosperity[r.s] * p.burden * v.public.shares[2][r.a] / TENTH
    faith = w.peace[r.s] * p.faith * (1.0 - friend) * (1.0 - most(v.tension[r.s], 1))
    gone = p.gone * v.fatigue[r.index]
    return burden + faith - w.unity[r.s] * hold - w.security[r.s] * p.front * v.public.threat[r.a] * friend - gone


def shows(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """A show of force opens the ladder: its value as believed."""
    p = laws.preferences.show
    return (
        p.value * _crisis(v, r, c) * (1.0 + p.boldness * w.risk[r.s])
        + w.security[r.s] * p.stake * _stake(v, r) * _gap(v, r)
        + p.local * (2.0 * v.local[r.s, r.kz] - 1.0)
    )


def interventions(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Use force in another country.

    To keep a member that is leaving, to topple a government of the other side, in secret also one that has gone over to
    it; the rival's shield deters. S1.2, S19.2.
    """
    p = laws.preferences.intervene
    lean = v.public.government[r.pole, r.tz]
    own = jnp.asarray(r.st.camp[r.pole, r.tz], lean.dtype)[:, None]
    worth = jnp.asarray(r.st.weight[r.tz], lean.dtype)[:, None]
    gone = jnp.maximum(jnp.asarray(r.st.leaning[r.pole, r.tz], lean.dtype)[:, None] - lean, 0.0)
    unrest = v.public.unrest[r.tz]
    leaving = own * (p.unrest * unrest + p.lean * gone - p.quiet * (1.0 - unrest) * (1.0 - gone))
    covert = r.named("covert-action")
    other = 1.0 - own + own * gone * covert
    lost = other * p.lost * (1.0 - lean) * (1.0 - v.public.government[-1, r.tz])
    rival = r.st.rival_centre[r.s]
    shield = (
        p.shield * v.public.government[rival, r.tz] * (1.0 - v.leverage[r.s])
        + p.alliance * v.public.alliance[rival, r.tz]
    )
    scale = worth**p.size
    return (
        w.unity[r.s] * leaving * scale * (1.0 - covert)
        + w.influence[r.s] * lost * scale * (1.0 + p.boldness * w.risk[r.s])
        - w.peace[r.s] * shield * (1.0 - p.hidden * covert)
    )


def borders(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Close the border to people.

    Ends the drain; admits defeat; waits while a standing demand may end it otherwise. S5.6, S23.2.
    """
    p = laws.preferences.border
    drain = v.public.drain[r.a]
    hope = most(v.public.demand[r.st.drains[r.a].clip(0)], 1)
    return (
        w.survival[r.s] * p.drain * drain
        + w.prosperity[r.s] * p.loss * drain
        - w.prestige[r.s] * p.shame
        - p.hope * hope
    )


def blockades(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Blockade a neighbour that has gone over to the other side."""
    p = laws.preferences.blockade
    rival = r.st.rival_centre[r.s]
    over = v.public.government[rival, r.tz]
    return (
        w.security[r.s] * p.over * over + p.local - w.peace[r.s] * p.fear * v.fear[r.s] * v.public.alliance[rival, r.tz]
    )


def trades(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Trade where it is quiet, embargo where it is not; both cost or bring a little."""
    p = laws.preferences.trade
    cold = v.tension[r.s, r.tz]
    open_ = (
        w.prosperity[r.s] * p.gain * v.public.embargo[r.s, r.tz]
        - w.security[r.s] * p.cold * cold
        - w.orthodoxy[r.s] * p.creed * jnp.maximum(-w.line[r.s], 0.0) * r.hostile
    )
    lost = jnp.maximum(
        jnp.asarray(r.st.leaning[r.pole, r.tz], cold.dtype)[:, None] - v.public.government[r.pole, r.tz], 0.0
    )
    shut = w.security[r.s] * p.punish * (cold + p.lost * lost - v.affinity[r.s, r.tz]) * (
        1.0 - v.public.embargo[r.s, r.tz]
    ) - w.prosperity[r.s] * p.gain * (1.0 - v.public.embargo[r.s, r.tz])
    return jnp.where(r.named("embargo") > 0, shut, open_)


def ruptures(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Break off relations where affinity and creed are spent; recognise where the status quo is to be sealed. S5.7."""
    p = laws.preferences.relations
    quarrel = jnp.maximum(v.public.polemic[r.tdz, r.s], v.public.polemic[r.s, r.tdz]) * (r.td >= 0)[:, None]
    breach = (
        -p.cold * v.affinity[r.s, r.tz]
        + w.orthodoxy[r.s] * p.quarrel * quarrel
        + p.tension * v.tension[r.s, r.tz]
        - p.lean * v.public.government[r.pole, r.tz]
    )
    court = (
        w.influence[r.s] * p.court * _marginal(v, laws, r)
        + w.prosperity[r.s] * p.calm * (1.0 - v.tension[r.s, r.tz])
        + p.line * w.line[r.s]
    )
    return jnp.where(r.named("break-relations") > 0, breach, court)


def gifts(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Aid, arms, nuclear help.

    What the recipient can still be moved, what the donor can afford, how it believes history runs. S2.6, S3.1.
    """
    p = laws.preferences.give
    means = jnp.log(v.public.output[r.a] / p.middling)
    success = (v.public.icbm_age[r.a] > 0) * 1.0 + v.public.authority[r.pole] - 0.5
    court = (
        w.influence[r.s] * p.court * _marginal(v, laws, r) * (1.0 + p.optimism * w.optimism[r.s] + p.success * success)
    )
    thrift = p.means * means + p.surprise * v.public.surprise[r.a]
    keep = w.unity[r.s] * p.keep * r.friend * v.public.government[r.pole, r.tz] * (p.calm + v.public.threat[r.tz])
    cold = p.cold * jnp.maximum(-v.affinity[r.s, r.tz], 0.0)
    arms = r.named("arms") * (p.arms + p.need * v.public.threat[r.tz])
    atom = r.named("nuclear-aid") * (p.atom + v.fear[r.s])
    other = (1.0 - r.friend) * v.public.government[r.st.rival_centre[r.s], r.tz] * p.taken
    return court + thrift + keep - cold + arms - atom - other


def sanctions(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Cut aid, withdraw experts, stop nuclear help: saves money, punishes; pays when little is left to lose. S13."""
    p = laws.preferences.sanction
    lean = v.public.government[r.pole, r.tz]
    need = v.public.dependence[r.pole, r.tz] + v.public.experts[r.pole, r.tz]
    defiance = v.public.polemic[r.tdz, r.s] * (r.td >= 0)[:, None]
    lost = jnp.maximum(jnp.asarray(r.st.leaning[r.pole, r.tz], lean.dtype)[:, None] - lean, 0.0)
    punish = w.unity[r.s] * (p.defiance * defiance + p.lost * lost) * (p.least + need)
    save = w.prosperity[r.s] * p.save * need
    risk = w.influence[r.s] * p.risk * _marginal(v, laws, r)
    atom = r.named("end-nuclear-aid") * p.atom * v.fear[r.s]
    return punish + save - risk - p.cold * v.affinity[r.s, r.tz] + atom


def looks(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Overflight, satellite: worth what is not known about the rival. S7.5."""
    p = laws.preferences.look
    rival = r.st.rival_centre[r.s]
    doubt = v.doubt[r.s, rival] * (p.nothing + (1.0 - p.nothing) * jnp.tanh(v.belief[r.s, rival]))
    orbit = r.named("satellite")
    return w.security[r.s] * p.doubt * doubt * (1.0 + p.orbit * orbit) - w.peace[r.s] * p.risk * (
        1.0 - most(v.tension[r.s], 1)
    ) * (1.0 - orbit)


def disclosures(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Disclose the other's true count.

    Worth the difference between what the world believes and what one knows; not worth it while one doubts. S7.2.
    """
    p = laws.preferences.disclose
    rival = np.array([list(r.st.cen).index(a) for a in r.tz])
    inflated = jnp.maximum(v.public.estimate[rival] - v.belief[r.s, rival], 0.0)
    pressed = v.public.demand.sum(axis=(0, 1))
    return (
        w.security[r.s] * p.value * inflated * (p.quiet + pressed)
        - p.doubt * v.doubt[r.s, rival]
        - p.done * v.public.disclosed[rival]
        - p.none * (v.public.icbm_age[r.tz] <= 0)
    )


def pacts(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Form, join or leave an alliance: a shield against a threat, autonomy for those who no longer lean. S20.1."""
    p = laws.preferences.pact
    own_centre = np.array([list(r.st.cen).index(a) if a in r.st.cen else 0 for a in r.tz])
    centre = np.where(np.isin(r.tz, r.st.cen), own_centre, r.pole)
    member = np.where(np.isin(r.tz, r.st.cen), r.a, r.tz)
    lean = v.public.government[centre, member]
    threat = v.public.threat[member]
    join = w.security[r.s] * p.shield * threat * lean - p.have * v.public.alliance[centre, member]
    leave = (
        p.autonomy * (1.0 - lean)
        - w.security[r.s] * p.shield * threat * v.public.shield[centre]
        - p.have * (1.0 - v.public.alliance[centre, member])
        - p.grip * v.public.control[member]
    )
    return jnp.where(r.named("leave-alliance") > 0, leave, join)


def appeals(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Ask a patron: need, and nearness to it. S10.2, S23."""
    p = laws.preferences.appeal
    centre = np.array([list(r.st.cen).index(a) for a in r.tz])
    lean = v.public.government[centre, r.a]
    need = (
        v.public.threat[r.a]
        + p.drain * v.public.drain[r.a] * jnp.asarray(r.st.open_border[r.a], lean.dtype)[:, None]
        + v.public.unrest[r.a]
    )
    return w.security[r.s] * p.need * need * lean + p.lean * (lean - p.lukewarm) + p.affinity * v.affinity[r.s, r.tz]


def home_rule(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Reform where people are disappointed and the leader inclines to it; repress where unrest threatens. S18.5.

    Where people are free, repression is dear (Poe and Tate 1994).
    """
    p = laws.preferences.home
    people = jnp.asarray(r.st.opening("population")[r.a], v.fear.dtype)[:, None]
    poor = -jnp.log(v.public.output[r.a] / people / p.comfort)
    shortfall = jnp.maximum(-v.public.surprise[r.a], 0.0) / FIVE_POINTS
    unrest, free = v.public.unrest[r.a], v.public.liberalisation[r.a]
    reform = (
        w.prosperity[r.s] * (p.poor * poor + p.disappointed * shortfall)
        + p.line * (w.line[r.s] - v.public.line[r.a])
        - p.free * free
    )
    repress = w.survival[r.s] * p.unrest * unrest - p.line * w.line[r.s] - p.calm * (1.0 - unrest) - p.rights * free
    return jnp.where(r.named("reform") > 0, reform, repress)


def go_betweens(v: View, w: Wants, laws: Laws, r: Rows, c: Ladders) -> Array:
    """Mediate, or declare neutrality: prestige where others are known to quarrel and one stands between. S14.1."""
    p = laws.preferences.mediate
    one, other = (r.st.principals[r.kz, n].clip(0) for n in (0, 1))
    heat = jnp.minimum(v.public.threat[r.st.dec[one]], v.public.threat[r.st.dec[other]])
    cross = jnp.minimum(v.affinity[r.s, r.st.dec[one]], v.affinity[r.s, r.st.dec[other]])
    return w.prestige[r.s] * p.heat * heat + p.cross * cross + w.peace[r.s] * p.fear * v.fear[r.s]


FAMILIES: tuple[tuple[Family, tuple[str, ...]], ...] = (
    (demands, ("demand", "ultimatum")),
    (climb_downs, ("extend-deadline", "withdraw-demand")),
    (settlements, ("treaty",)),
    (moratoria, ("moratorium",)),
    (pacts, ("alliance", "leave-alliance")),
    (ruptures, ("recognise", "break-relations")),
    (meetings, ("summit", "summit-conference", "conference", "visit")),
    (councils, ("bloc-conference",)),
    (threats, ("threaten",)),
    (boasts, ("boast",)),
    (talk, ("reassure",)),
    (protests, ("protest",)),
    (polemics, ("denounce", "denounce-veiled")),
    (own_past, ("criticise-past",)),
    (proposals, ("un-proposal",)),
    (dissents, ("dissent",)),
    (doctrines, ("massive-retaliation", "flexible-response")),
    (armament, ("raise-conventional", "cut-conventional", "build-missiles", "build-navy", "test-series")),
    (stationings, ("station-missiles", "deploy-secretly")),
    (withdrawals, ("withdraw-forces",)),
    (shows, ("show-force",)),
    (interventions, ("intervene", "covert-action")),
    (borders, ("close-border",)),
    (blockades, ("blockade",)),
    (trades, ("embargo", "trade")),
    (gifts, ("aid", "arms", "nuclear-aid")),
    (sanctions, ("cut-aid", "withdraw-experts", "end-nuclear-aid")),
    (looks, ("overflight", "satellite")),
    (disclosures, ("disclose",)),
    (appeals, ("appeal",)),
    (home_rule, ("reform", "repress")),
    (go_betweens, ("mediate", "neutrality")),
)
"""Every instrument belongs to one family; a test holds us to it."""


def rust1987(value: Array, discount: Array) -> Array:
    """Value of doing a final deed now over keeping the choice: s = u - δV with V = log(exp u + exp δV).

    Rust, Econometrica (1987): optimal stopping under logit noise. Without it 144 months of noise make every final
    deed happen early. With c = δ / (1 - δ) it is the root of s + c log(1 + exp s) = u: convex and rising, so that its
    tangents bound the root from above and Newton's steps fall to it; two reach 1e-3, far below the noise.
    """
    c = discount / (1.0 - discount)
    s = value
    for at in (-4.0, -2.5, -1.0, 0.5):
        slope = 1.0 + c * float(expit(at))
        s = jnp.minimum(s, at + (value - at - c * float(np.logaddexp(0.0, at))) / slope)
    for _ in range(2):
        e = jnp.exp(-jnp.abs(s))
        soft = jnp.maximum(s, 0.0) + jnp.log1p(e)
        sigma = jnp.where(s > 0, 1.0, e) / (1.0 + e)
        s = s - (s + c * soft - value) / (1.0 + c * sigma)
    return s


def slots(view: View, laws: Laws, st: Structure, ladders: Ladders | None = None) -> Array:
    """Utility of every menu row for its seat, in units of the choice noise, [N, world]."""
    w = wants(view, laws, st)
    c = ladders or crisis_values(view, laws, st)
    utility = jnp.zeros((len(st.rows), *view.fear.shape[1:]), view.fear.dtype)
    for family, instruments in FAMILIES:
        index = st.where(*instruments)
        if len(index):  # written in place: a concatenation and a permutation would be worked out element by element
            rows = Rows(st, index)
            value = common(view, w, family(view, w, laws, rows, c), laws, rows)
            utility = utility.at[index].set(value, unique_indices=True, indices_are_sorted=True)
    return utility


def common(v: View, w: Wants, worth: Array, laws: Laws, r: Rows) -> Array:
    """What every row has in common.

    Its family's worth, fear of war, cost, what a patron forbids, fatigue, momentum, the nest's threshold, the
    instrument's constant (McFadden 1978), the value of waiting. Momentum: what a government has lately begun it goes on
    with more easily, for routines outlive their occasion (Allison and Zelikow 1999); the lighter a deed, the more.
    """
    p = laws.preferences.act

    def told(name: str) -> Array:
        return jnp.asarray(r.st.coordinate(name)[r.index], worth.dtype)[:, None]

    t = np.where(r.t >= 0, r.t, r.st.cen[r.st.rival_centre[r.s]])
    loud = p.quiet + (1.0 - p.quiet) * told("publicity")
    tension = v.tension[r.s, t]
    change = loud * (p.heat * told("pressure") * (1.0 - tension) - p.calm * told("conciliation") * tension)
    dread = jnp.exp(p.convexity * (tension - 1.0)) * (jnp.exp(p.convexity * change) - 1.0)
    peace = -w.peace[r.s] * p.war * (1.0 + p.fear * v.fear[r.s]) * dread * (1.0 - p.boldness * w.risk[r.s])
    cost = w.prosperity[r.s] * p.cost * told("cost")
    abroad = jnp.asarray((r.t >= 0) | (r.k >= 0), worth.dtype)[:, None]
    size = jnp.log(jnp.maximum(jnp.asarray(r.st.opening("cinc")[r.a], worth.dtype)[:, None] / p.middling, 1e-3))
    used, light = v.fatigue[r.index], 1.0 - jnp.clip(told("finality") + told("cost"), 0.0, 1.0)
    routine = p.momentum * light * -jnp.expm1(-used) - p.fatigue * used
    bound = p.tether * told("pressure") * told("commitment") * tether(v, r)
    value = p.scale * worth + peace - cost - bound + p.reach * abroad * size + routine
    constant = laws.preferences.constant
    for q in np.unique(r.st.row_nest[r.index]):
        here = r.st.row_nest[r.index] == q
        value = value - jnp.asarray(here, worth.dtype)[:, None] * laws.preferences.threshold[NESTS[q]]
    for name in dict.fromkeys(r.st.rows[i].instrument for i in r.index):
        if name in constant:
            value = value + r.named(name) * constant[name]
    final = r.st.coordinate("finality")[r.index] >= 0.5
    if not final.any():
        return value
    return jnp.where(jnp.asarray(final)[:, None], rust1987(value, p.discount), value)


def tether(v: View, r: Rows) -> Array:
    """How far an ally is held back from binding its alliance against an adversary by its own deed, 0-1.

    A patron restrains whom it would have to rescue (Snyder 1997): as far as the two are allied and the ally is the
    weaker, but not on an issue on which their side presses a demand already, and not where the ally itself leads it.
    """
    patron = np.maximum(r.st.patron[r.a], 0)
    strength = r.st.opening("cinc")
    weaker = np.clip(1.0 - strength[r.a] / strength[r.st.cen[patron]], 0.0, 1.0) * (r.st.patron[r.a] >= 0)
    leads = (r.k >= 0) & (r.st.principals[r.kz, r.side] == r.s)
    held = jnp.asarray(weaker * ~leads * (r.t >= 0), v.fear.dtype)[:, None] * r.hostile
    backed = v.public.demand[r.kz, r.side] * (r.k >= 0)[:, None]
    return held * v.public.alliance[patron, r.a] * (1.0 - backed)


def consent(decision: Decision, laws: Laws, st: Structure) -> Array:
    """Accept or refuse a proposal, for the seat that is asked: [proposal row, 2, world]."""
    v, r = decision.view, decision.state
    p = laws.preferences.consent
    w = wants(v, laws, st)
    seat, actor = r.tdz, r.tz
    side = 1 - r.side
    deal = _settling(v, w, laws, r, seat, actor, side) * r.named("treaty")
    meet = r.named("summit") + r.named("conference") + r.named("summit-conference")
    warm = v.affinity[seat, r.a]
    talk_ = (
        p.meet
        + w.peace[seat] * p.fear * v.fear[seat]
        - w.orthodoxy[seat] * p.creed * jnp.maximum(-w.line[seat], 0.0) * r.hostile
        + w.prestige[seat] * parity(v, laws, r.a, actor) * r.hostile
    )
    back = r.named("appeal") * (
        p.back
        + w.unity[seat] * p.client * v.public.government[r.pole, r.a]
        - w.peace[seat] * p.risk * v.public.threat[r.a]
    )
    ally = (r.named("alliance") + r.named("station-missiles")) * (p.ally + w.security[seat] * v.public.threat[actor])
    yes = p.base - p.treaty * r.named("treaty") + p.affinity * warm + p.scale * deal + meet * talk_ + back + ally
    return jnp.stack([yes, jnp.zeros_like(yes)], axis=1)


def deadline(decision: Decision, laws: Laws, st: Structure, ladders: Ladders | None = None) -> Array:
    """A deadline falls due: enforce, move or drop, for the demander, [K, 3, world]. S5.4."""
    v = decision.view
    c = ladders or crisis_values(v, laws, st)
    p = laws.preferences.deadline
    w = wants(v, laws, st)
    k = st.showdown
    plus = v.public.demand[k, 0] > 0
    seat = [np.maximum(st.principals[k, n], 0) for n in (0, 1)]

    def of(x: Array) -> Array:
        return jnp.where(plus, x[seat[0]], x[seat[1]])

    other = jnp.where(plus, v.concede[seat[0], seat[1]], v.concede[seat[1], seat[0]])
    tied = jnp.where(plus, v.public.commitment[k, 0], v.public.commitment[k, 1])
    value = jnp.where(plus, c.value[:, 0], c.value[:, 1])
    stake = jnp.where(plus, v.public.stake[k, st.dec[seat[0]]], v.public.stake[k, st.dec[seat[1]]])
    enforce = p.enforce * value * (1.0 + p.boldness * of(w.risk)) - of(w.peace) * p.fear * of(v.fear)
    move = p.move + p.hope * other - of(w.prestige) * p.face * tied * (1.0 - p.spared)
    drop = -of(w.prestige) * p.face * tied - of(w.security) * p.prize * stake + p.drop
    return jnp.stack([enforce, move, drop], axis=1)


def meeting(decision: Decision, laws: Laws, st: Structure) -> Array:
    """An agreed conference falls due.

    Attend or leave, for the principal of each side, [2 I, 2, world]. S6.3, S6.4, S17.1.
    """
    v = decision.view
    p = laws.preferences.attend
    w = wants(v, laws, st)
    out = []
    for side in (0, 1):
        me, you = (st.principals[:, n].clip(0) for n in (side, 1 - side))
        hope = w.security[me] * p.hope * v.concede[me, you]
        insult = w.prestige[me] * p.insult * jnp.maximum(v.tension[me, st.dec[you]] - p.calm, 0.0)
        fear = w.peace[me] * p.fear * v.fear[me]
        incident = p.incident * decision.state[you]
        out.append(p.base + hope + fear - insult - incident)
    stay = jnp.concatenate(out)
    return jnp.stack([stay, jnp.zeros_like(stay)], axis=1)


def discovery(decision: Decision, laws: Laws, st: Structure, ladders: Ladders | None = None) -> Array:
    """Hidden missiles are found.

    Accept the fact, demand, blockade or strike, for the rival centre, [pair, 4, world]. S10.
    """
    v, (author, host, ripe) = decision.view, decision.state
    p = laws.preferences.discovery
    w = wants(v, laws, st)
    me = st.cen_dec[st.rival_centre[author]]
    at = st.host_issue[host]
    k = np.maximum(at, 0)
    issue = st.showdown[k]
    c = ladders or crisis_values(v, laws, st)
    side = np.where(st.stake[issue, st.dec[me]] > 0, 0, 1)
    ladder = jnp.where((at >= 0)[:, None], c.value[k, side], 0.0)
    danger = w.security[me] * p.danger * (1.0 + v.public.stake[issue, st.dec[me]])
    ready = p.ready * ripe
    massive = v.public.massive[me]
    accept = -danger + ready
    demand = -p.wait * danger
    blockade = p.ladder * ladder + p.local * (2.0 * v.local[me, issue] - 1.0) + p.flexible * (1.0 - massive)
    strike = (
        p.ladder * ladder
        + p.strike * (2.0 * v.local[me, issue] - 1.0)
        - w.peace[me] * p.war * (v.fear[me] + ready)
        - p.legal
        + p.boldness * w.risk[me]
    )
    return jnp.stack([accept + 0.0 * ladder, demand, blockade, strike], axis=1)
