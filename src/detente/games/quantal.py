"""Agent quantal response equilibria of an extensive game, followed from blind play to any precision.

At precision λ each information set is played by an agent that errs: it takes action a with probability proportional
to exp(λ Q(a)), where Q(a) is what a is worth once the set is reached, all else (its player's later agents included) as
it is (McKelvey and Palfrey 1998, "Quantal response equilibria for extensive form games"). At λ = 0 all actions are
equally likely; from there the *principal branch* leads on, and its limit is a sequential equilibrium. The branch is
followed in log-probabilities by prediction along the tangent and correction by Newton's method on an arc (Turocy 2005,
"A dynamic homotopy interpretation of the logistic quantal response equilibrium correspondence"; Turocy 2010,
"Computing sequential equilibria using agent quantal response equilibria"), so that it may turn back in λ.

With ℓ the log-probabilities, the branch is where ℓ = log softmax(λ Q(ℓ)) at every information set.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from detente.games.play import Play, by_set, log_softmax, uniform
from detente.games.tree import Floats, Game, GameError

RESIDUAL = 1e-9
"""Largest residual of a solution: how far a probability may be from the logit reply."""
LIMIT = 1e6
"""Where the limit is read: this precision, per range of payoffs."""
CHOICES = 3000
"""Most choices of a game that is solved: each step inverts a dense matrix of this size."""
STEPS = 4000
"""Most steps along a branch."""
NEAR = 0.03
"""Error of prediction, in log-probability, that the length of a step aims at."""
FAR = 0.4
"""Error of prediction at which a step is taken back and halved."""
CONVERGED = 1e-10
"""Last correction of Newton's method, relative to the log-probabilities."""
SHORTEST = 1e-9
"""Shortest step, in units of the range of payoffs."""


@dataclass(frozen=True, eq=False)
class Point:
    """A point of the branch, and which way it leads on."""

    log_profile: Floats  # [choice]
    pace: float  # precision per range of payoffs
    dlog: Floats  # the tangent: [choice] and along the pace, of length 1 where all choices together weigh as one
    dpace: float
    side: float = 1.0  # sign of the determinant; it changes where another branch is crossed


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """The quantal response equilibrium that was asked for, or how far the branch could be followed."""

    game: Game
    precision: float  # per unit of payoff
    log_profile: Floats  # [choice]
    residual: float
    converged: bool
    reason: str  # why the branch was left, in words; empty if it was not
    path: tuple[Point, ...]  # the branch from precision 0 to here

    @property
    def probabilities(self) -> Floats:
        """Probability of each choice, [choice]."""
        return np.exp(self.log_profile)

    @cached_property
    def play(self) -> Play:
        """Values, beliefs and regrets of the equilibrium."""
        return Play(self.game, self.log_profile)

    @property
    def folds(self) -> int:
        """How many times the branch turned in precision on the way."""
        return _changes([point.dpace for point in self.path])

    @property
    def forks(self) -> int:
        """How many other branches it crossed on the way; where it is more than 0, the game has a symmetry.

        The principal branch is unique for almost all games only; at a crossing this one goes straight on, keeping the
        symmetry, and other programs may leave it.
        """
        return _changes([point.side for point in self.path])


def solve(game: Game, precision: float) -> Equilibrium:
    """The equilibrium of the principal branch at a precision; the first one met where the branch turns back.

    Raises
    ------
    GameError
        Where the precision is negative, infinite or not a number, or the game too large.
    """
    if math.isnan(precision) or precision < 0:
        raise GameError(f"precision {precision}: it must be a number, 0 (blind play) or more")
    if math.isinf(precision):
        raise GameError("precision inf: ask for the limit instead (--limit, or limit=True)")
    path, reason = trace(game, precision * scale(game))
    return _found(game, path, reason, precision)


def limit(game: Game, upto: float = LIMIT) -> Equilibrium:
    """Where the principal branch leads as precision grows: a sequential equilibrium.

    The branch is followed to precision `upto` per range of payoffs. Where it cannot be followed so far, the farthest
    point that is exact is given; it counts as converged if there nobody can gain more than 1e-9 of the range.
    """
    path, reason = trace(game, upto)
    unit = scale(game)
    while len(path) > 1 and residual(game, path[-1].pace / unit, path[-1].log_profile) > RESIDUAL:
        path.pop()
    found = _found(game, path, reason, path[-1].pace / unit)
    if reason and found.play.regret.max(initial=0.0) <= 1e-9 * unit and found.residual <= RESIDUAL:
        return replace(found, converged=True, reason="")
    return found


def _changes(values: list[float]) -> int:
    signs = np.sign(values)
    return int((signs[1:] * signs[:-1] < 0).sum())


def _found(game: Game, path: list[Point], reason: str, precision: float) -> Equilibrium:
    last = path[-1]
    reached = last.pace / scale(game) if reason else precision
    error = residual(game, reached, last.log_profile)
    if not reason and error > RESIDUAL:
        reason = f"the residual there is {error:.1e}, above {RESIDUAL:.0e}"
    return Equilibrium(game, reached, last.log_profile, error, not reason, reason, tuple(path))


def scale(game: Game) -> float:
    """The largest range of a player's payoffs: precision times it has no unit."""
    return float(np.ptp(game.payoffs, axis=0).max(initial=0.0)) or 1.0


def residual(game: Game, precision: float, log_profile: Floats) -> float:
    """How far a profile is from its own logit reply: the largest difference of a probability."""
    reply = log_softmax(game, precision * Play(game, log_profile).action_values)
    return float(abs(np.exp(reply) - np.exp(log_profile)).max(initial=0.0))


def trace(game: Game, target: float, start: Point | None = None) -> tuple[list[Point], str]:
    """The branch up to a pace (precision per range of payoffs), from blind play or from a point; and why it ended.

    The length of a step follows from the error of the prediction before it.
    """
    _fits(game)
    point = start or Point(uniform(game), 0.0, np.zeros(len(game.owner)), 1.0)
    if not len(game.owner):
        return [replace(point, pace=target)], ""
    if start is None:
        point = _tangent(game, point)
    path, step = [point], 0.1
    for _ in range(STEPS):
        if point.pace >= target:
            return path, ""
        last = point.dpace > 0 and point.pace + step * point.dpace >= target
        length = (target - point.pace) / point.dpace if last else step
        got, error = _correct(game, point, length, target if last else None)
        if got is None or (got.pace > target and not last):
            step = 0.5 * length
            if step < SHORTEST * max(1.0, point.pace):
                return path, f"beyond precision {point.pace / scale(game):.6g} Newton's method finds no next point"
            continue
        point = got
        path.append(point)
        step = length * min(2.0, max(0.3, math.sqrt(NEAR / max(error, 1e-12))))
    return path, f"{STEPS:,} steps lead only to precision {point.pace / scale(game):.6g}"


def _fits(game: Game) -> None:
    if len(game.owner) > CHOICES:
        raise GameError(
            f"{game.name}: too large to be solved: {len(game.owner):,} choices at {len(game.sizes):,} information "
            f"sets, and the limit is {CHOICES:,}; cut branches, or merge information sets"
        )


def _correct(game: Game, point: Point, length: float, pace: float | None) -> tuple[Point | None, float]:
    """The next point at some length along the tangent, or at a pace; None where Newton's method does not lead to it.

    Also the error of the prediction.
    """
    log_profile, at = point.log_profile + length * point.dlog, point.pace + length * point.dpace
    if pace is not None:
        at = pace
    row = (point.dlog / len(point.dlog), point.dpace) if pace is None else (np.zeros_like(point.dlog), 1.0)
    error, sizes = math.inf, [math.inf]
    while sizes[-1] > CONVERGED:
        try:
            f, slopes, along = gap(game, log_profile, at)
            change = np.linalg.solve(_bordered(slopes, along, row), np.append(-f, 0.0))
        except np.linalg.LinAlgError:
            return None, error
        if math.isinf(error):
            error = float(abs(change[:-1]).max())
        sizes.append(float((abs(change[:-1]) / np.maximum(1.0, abs(log_profile))).max()))
        if not (error <= FAR and sizes[-1] < max(CONVERGED, 0.7 * sizes[-2])) or len(sizes) > 9:
            return None, error
        log_profile, at = log_profile + change[:-1], at + change[-1]
    try:
        return _tangent(game, Point(log_profile, at, point.dlog, point.dpace)), error
    except np.linalg.LinAlgError:
        return None, error


def _tangent(game: Game, point: Point) -> Point:
    """The point with its own tangent, on the side of the one it has."""
    _, slopes, along = gap(game, point.log_profile, point.pace)
    row = (point.dlog / len(point.dlog), point.dpace)
    table = _bordered(slopes, along, row)
    way = np.linalg.solve(table, np.append(np.zeros(len(along)), 1.0))
    way /= math.sqrt(float(way[:-1] @ way[:-1]) / len(along) + way[-1] ** 2)
    return Point(point.log_profile, point.pace, way[:-1], float(way[-1]), float(np.linalg.slogdet(table).sign))


def _bordered(slopes: Floats, along: Floats, row: tuple[Floats, float]) -> Floats:
    return np.block([[slopes, along[:, None]], [row[0][None, :], np.array([[row[1]]])]])


def gap(game: Game, log_profile: Floats, pace: float) -> tuple[Floats, Floats, Floats]:
    """F(ℓ, λ), its slopes in ℓ, [choice, choice], and in λ; λ per range of payoffs.

    The first row of each information set asks that its probabilities sum to 1, the others that the log-odds against
    its first action are λ times the difference in value (Turocy 2010): linear in λQ, so that Newton's method
    serves at any λ.
    """
    unit = scale(game)
    play = Play(game, log_profile)
    q, slopes = play.action_values / unit, play.slopes / unit
    ahead, lead = game.first[game.set_of], game.first
    f = log_profile - log_profile[ahead] - pace * (q - q[ahead])
    turn = pace * (slopes[ahead] - slopes)
    np.fill_diagonal(turn, turn.diagonal() + 1.0)
    turn[np.arange(len(q)), ahead] -= 1.0
    along = q[ahead] - q
    top = np.maximum.reduceat(log_profile, lead)
    sums = top + np.log(by_set(game, np.exp(log_profile - top[game.set_of])))
    weight = 1.0 / max(1.0, pace)  # rows of one size, for the pivots
    f, along, turn = f * weight, along * weight, turn * weight
    f[lead], along[lead], turn[lead] = sums, 0.0, 0.0
    turn[ahead, np.arange(len(q))] = np.exp(log_profile - sums[game.set_of])
    return f, turn, along
