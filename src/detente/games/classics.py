"""Closed forms of the field's classics, each named after its authors: numbers in, numbers out, float64.

Every argument may be a number or an array; arrays broadcast. A payoff order without which the closed form means
nothing is refused with a `ValueError` that names it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Deterrence(NamedTuple):
    """How the unilateral deterrence game is played, and how it ends; hard defenders always resist."""

    hard_attacks: Floats
    soft_attacks: Floats
    soft_resists: Floats
    status_quo: Floats
    defender_concedes: Floats
    challenger_backs_down: Floats
    war: Floats


def zagare_kilgour2000(
    challenger_hard: ArrayLike,
    defender_hard: ArrayLike,
    *,
    challenger: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike],
    defender: tuple[ArrayLike, ArrayLike, ArrayLike],
) -> Deterrence:
    """A challenger attacks or not, a defender resists or not, and neither knows whether the other would fight.

    The challenger keeps the status quo or attacks; the defender concedes or resists; a resisted challenger backs down
    if soft and fights if hard. A soft defender would rather concede than fight. Four regions: deterrence (nobody
    attacks), separation (only the hard attack), attack (all do) and bluff (the soft attack and resist now and then).
    Steadfast deterrence, in which soft defenders would resist an attack that never comes, may stand beside them; it
    is not returned.

    Parameters
    ----------
    challenger_hard, defender_hard
        Probabilities that the challenger and the defender would fight.
    challenger
        Payoffs (status quo, defender concedes, challenger backs down, war when hard).
    defender
        Payoffs (challenger backs down, defender concedes, war when soft).

    Raises
    ------
    ValueError
        Where payoffs are not ordered as the story says.

    Source: F. C. Zagare and D. M. Kilgour, *Perfect Deterrence*, Cambridge University Press, 2000.
    """
    pc, pd = _floats(challenger_hard, defender_hard)
    quo, wins, down, fight = _floats(*challenger)
    spared, yields, broken = _floats(*defender)
    _ordered(down, fight, "challenger: a hard challenger must prefer war to backing down")
    _ordered(fight, quo, "challenger: the status quo must beat war")
    _ordered(quo, wins, "challenger: the defender's concession must beat the status quo")
    _ordered(broken, yields, "defender: a soft defender must prefer conceding to war")
    _ordered(yields, spared, "defender: the challenger's retreat must beat conceding")
    deters = (wins - quo) / (wins - fight)
    deters_soft = (wins - quo) / (wins - down)
    cowed = (spared - yields) / (spared - broken)

    bluff = (pd < deters_soft) & (pc < cowed)
    hard = np.where(pd < deters, 1.0, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):  # pc = 1 or pd = 1 never bluff: the other branch is taken
        bluffs = pc * (1 - cowed) / (cowed * (1 - pc))
        stands = (deters_soft - pd) / (1 - pd)
    soft = np.where(pd < deters_soft, np.where(bluff, bluffs, 1.0), 0.0)
    resists = np.where(bluff, stands, 0.0)

    attacks_hard, attacks_soft = pc * hard, (1 - pc) * soft
    attacked = attacks_hard + attacks_soft
    resisted = pd + (1 - pd) * resists
    return Deterrence(
        hard, soft, resists, 1 - attacked, attacked * (1 - resisted), attacks_soft * resisted, attacks_hard * resisted
    )


class Bargain(NamedTuple):
    """The demand that is made, the chance that it brings war, and what it is worth to its author."""

    demand: Floats
    war: Floats
    value: Floats


def fearon1995(power: ArrayLike, cost: ArrayLike, rival_cost: ArrayLike) -> Bargain:
    """Why a state that does not know its rival's costs of war rationally risks one: the risk-return trade-off.

    A wins a war over a pie of one with probability `power`, at `cost`; B's cost is uniform on [0, `rival_cost`]. A
    demands once; B yields where the rest beats war. No demand beyond the whole pie.

    Raises
    ------
    ValueError
        Where the highest cost of the rival is not positive.

    Source: J. D. Fearon, "Rationalist Explanations for War", International Organization 49(3), 1995.
    """
    p, c, b = _floats(power, cost, rival_cost)
    _ordered(np.zeros_like(b), b, "rival_cost: the rival's highest cost of war must be positive")
    demand = np.minimum(p + np.maximum(b - c, 0) / 2, np.maximum(p, 1.0))
    war = (demand - p) / b
    return Bargain(demand, war, (1 - war) * demand + war * (p - c))


def fearon1995_known(power: ArrayLike, rival_cost: ArrayLike) -> Floats:
    """The demand when the rival's cost is known: all that it would give up to be spared the war; no war follows."""
    p, c = _floats(power, rival_cost)
    return np.asarray(p + c)


class Reassurance(NamedTuple):
    """Who makes the costly gesture, who is trusted after it and without it, and what the trustworthy gain net."""

    trustworthy_signals: Floats
    untrustworthy_signals: Floats
    trusted_after: Floats
    trusted_without: Floats
    net_gain: Floats


def kydd2000_threshold(sucker: ArrayLike, punishment: ArrayLike, reward: ArrayLike, temptation: ArrayLike) -> Floats:
    """How likely the other must be trustworthy for cooperation to pay, where the trustworthy reciprocate.

    Raises
    ------
    ValueError
        Where the payoffs are not those of a Prisoner's Dilemma.
    """
    s, p, r, t = _floats(sucker, punishment, reward, temptation)
    _ordered(s, p, "sucker: mutual defection must beat being cheated")
    _ordered(p, r, "punishment: mutual cooperation must beat mutual defection")
    _ordered(r, t, "reward: cheating must beat mutual cooperation")
    return np.asarray((p - s) / ((p - s) + (t - r)))


def kydd2000(
    trust: ArrayLike,
    threshold: ArrayLike,
    *,
    costs: tuple[ArrayLike, ArrayLike],
    gains: tuple[ArrayLike, ArrayLike],
) -> Reassurance:
    """When a costly concession shows that its author can be trusted.

    If the untrustworthy would pay more than trust brings them, the gesture separates. If not, and trust is short, they
    mimic until the gesture persuades just to the threshold, and it is believed just often enough to leave them
    indifferent; the trustworthy then make it only while it costs them, for their gain, no more than it costs the
    others. With trust enough nobody needs a gesture.

    Parameters
    ----------
    trust, threshold
        Prior probability that the sender is trustworthy, and the least at which the receiver cooperates.
    costs, gains
        Cost of the gesture, and gain from being trusted: (trustworthy, untrustworthy).

    Raises
    ------
    ValueError
        Where a gain is not positive, or the threshold not inside (0, 1).

    Source: A. Kydd, "Trust, Reassurance, and Cooperation", International Organization 54(2), 2000, in reduced form.
    """
    t, m, cost, dear, gain, lure = _floats(trust, threshold, *costs, *gains)
    zero = np.zeros_like(t)
    _ordered(zero, np.minimum(gain, lure), "gains: being trusted must be worth something")
    _ordered(zero, np.minimum(m, 1 - m), "threshold: it must lie between 0 and 1")
    separates = (cost <= gain) & (dear >= lure)
    short = ~separates & (t < m)
    believed = np.clip(dear / lure, 0, 1)
    mixes = short & (believed * gain >= cost)
    with np.errstate(divide="ignore", invalid="ignore"):  # t = 1 is never short of trust
        mimics = t * (1 - m) / (m * (1 - t))
    after = np.where(separates, 1.0, np.where(mixes, believed, np.where(short, 0.0, 1.0)))
    return Reassurance(
        np.where(separates | mixes, 1.0, 0.0),
        np.where(mixes, mimics, 0.0),
        after,
        np.where(separates | short, 0.0, 1.0),
        np.where(separates | mixes, after * gain - cost, 0.0),
    )


def ellsberg1959(win: ArrayLike, give_way: ArrayLike, disaster: ArrayLike) -> Floats:
    """Critical risk: the highest probability that the opponent stands firm at which standing firm still pays.

    Raises
    ------
    ValueError
        Where the payoffs are not ordered disaster < give way < win.

    Source: D. Ellsberg, "The Theory and Practice of Blackmail", lecture of 1959 (RAND paper P-3883, 1968); so used by
    G. H. Snyder and P. Diesing, *Conflict among Nations*, 1977.
    """
    high, mid, low = _floats(win, give_way, disaster)
    _ordered(low, mid, "disaster: it must be worse than giving way")
    _ordered(mid, high, "give_way: it must be worse than winning")
    return np.asarray((high - mid) / (high - low))


class ArmsRace(NamedTuple):
    """Where an arms race rests, how it moves about that point, and whether it returns to it."""

    own: Floats
    other: Floats
    slow: Floats
    fast: Floats
    stable: NDArray[np.bool_]


def richardson1960(
    fatigue: tuple[ArrayLike, ArrayLike], defence: tuple[ArrayLike, ArrayLike], grievance: tuple[ArrayLike, ArrayLike]
) -> ArmsRace:
    """Two states arm against each other: x' = k y − a x + g, y' = l x − b y + h.

    Parameters
    ----------
    fatigue, defence, grievance
        (a, b), (k, l) and (g, h): the weight of own cost, the reaction to the other's arms, standing grievances.

    Returns
    -------
    ArmsRace
        The point of rest, the larger and smaller eigenvalue, and whether both are negative.

    Raises
    ------
    ValueError
        Where defence coefficients are negative, or ab = kl, so that there is no point of rest.

    Source: L. F. Richardson, *Arms and Insecurity*, 1960.
    """
    a, b, k, el, g, h = _floats(*fatigue, *defence, *grievance)
    if np.any(np.minimum(k, el) < 0):
        raise ValueError("defence: a state does not disarm because its rival arms; give numbers of at least 0.")
    brake = a * b - k * el
    if np.any(brake == 0):
        raise ValueError("fatigue and defence: ab = kl leaves no point of rest; change one of the four.")
    spread = np.sqrt((a - b) ** 2 + 4 * k * el)
    slow, fast = (-(a + b) + spread) / 2, (-(a + b) - spread) / 2
    return ArmsRace((b * g + k * h) / brake, (a * h + el * g) / brake, slow, fast, slow < 0)


class Growth(NamedTuple):
    """Yearly growth of two alliances' armaments for each unit of their sum, and the sum at which it would be nil."""

    slope: float
    rest: float


def richardson1960_growth(totals: ArrayLike) -> Growth:
    """Richardson's line through a race of two alliances: yearly change of the sum on the mean of adjacent sums.

    `totals`: spending of both together, one number a year, at least three.
    """
    sums = np.asarray(totals, dtype=np.float64)
    if sums.ndim != 1 or sums.size < 3:
        raise ValueError("totals: give one series of at least three years.")
    slope, start = np.polyfit((sums[1:] + sums[:-1]) / 2, np.diff(sums), 1)
    return Growth(float(slope), float(-start / slope))


def _floats(*values: ArrayLike) -> list[Floats]:
    return [np.asarray(array) for array in np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in values))]


def _ordered(low: Floats, high: Floats, must: str) -> None:
    if not np.all(low < high):
        raise ValueError(f"{must}.")
