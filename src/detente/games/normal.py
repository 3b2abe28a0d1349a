"""Games in normal form: a table of payoffs, its logit equilibria, and the precision of recorded play.

A table is a tree in which everybody moves once, not knowing what the others do; its quantal response equilibria
(McKelvey and Palfrey 1995, "Quantal response equilibria for normal form games") are the agent equilibria of that tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import optimize

from detente.games import quantal
from detente.games.tree import Floats, Game, GameError, Infoset, Outcome


@dataclass(frozen=True, eq=False)
class Table:
    """A game in normal form.

    Raises
    ------
    GameError
        Where names and payoffs do not fit, or a payoff is not finite.
    """

    title: str
    players: tuple[str, ...]
    strategies: tuple[tuple[str, ...], ...]
    payoffs: Floats  # [strategy of player 1, strategy of player 2, ..., player]
    comment: str = ""

    def __post_init__(self) -> None:
        payoffs = np.array(self.payoffs, float)
        payoffs.flags.writeable = False
        object.__setattr__(self, "payoffs", payoffs)
        shape = (*map(len, self.strategies), len(self.players))
        if len(self.strategies) != len(self.players):
            raise GameError(
                f"game '{self.title}': strategies of {len(self.strategies)} players, and {len(self.players)} players"
            )
        if payoffs.shape != shape:
            raise GameError(f"game '{self.title}': payoffs have the shape {payoffs.shape}; the names ask for {shape}")
        if not np.isfinite(payoffs).all():
            raise GameError(
                f"game '{self.title}': a payoff is not a finite number; give one for every player everywhere"
            )

    @cached_property
    def tree(self) -> Game:
        """The table as a tree: one player after the other, none knowing what was chosen before."""
        counts = [len(s) for s in self.strategies]
        infosets = tuple(Infoset(i + 1, "", s) for i, s in enumerate(self.strategies))
        parent, branch, infoset, outcome = [-1], [-1], [0 if counts else -1], [-1]
        stack: list[tuple[int, tuple[int, ...]]] = [(0, (k,)) for k in reversed(range(counts[0]))] if counts else []
        outcomes: list[Outcome] = []
        while stack:
            above, chosen = stack.pop()
            node, depth = len(parent), len(chosen)
            ends = depth == len(counts)
            parent.append(above)
            branch.append(chosen[-1])
            infoset.append(-1 if ends else depth)
            outcome.append(len(outcomes) if ends else -1)
            if ends:
                outcomes.append(Outcome("", tuple(self.payoffs[chosen].tolist())))
            else:
                stack += [(node, (*chosen, k)) for k in reversed(range(counts[depth]))]
        return Game(
            self.title,
            self.players,
            infosets,
            np.array(parent),
            np.array(branch),
            np.array(infoset),
            np.array(outcome),
            tuple(outcomes),
            comment=self.comment,
        )


@dataclass(frozen=True)
class Estimate:
    """The precision at which recorded play is likeliest."""

    precision: float
    log_likelihood: float
    equilibrium: quantal.Equilibrium


def estimate(game: Game | Table, counts: Sequence[float] | Floats, upto: float = 1e3) -> Estimate:
    """The precision on the principal branch that makes the record likeliest (McKelvey and Palfrey 1995).

    counts: how often each choice was taken, [choice], in the order of `Game.personal`; frequencies of equal weight
    serve as well. upto: the highest precision looked at, per range of payoffs.

    Raises
    ------
    GameError
        Where counts do not fit the game, or are negative or not finite.
    """
    tree = game.tree if isinstance(game, Table) else game
    seen = np.array(counts, float).ravel()
    if seen.shape != tree.owner.shape:
        raise GameError(f"{tree.name}: {len(tree.owner)} counts are needed, one a choice; {seen.size} were given")
    if not np.isfinite(seen).all() or (seen < 0).any() or not seen.sum():
        raise GameError(f"{tree.name}: counts must be 0 or more, finite, and not all 0")
    path, _ = quantal.trace(tree, upto)
    fits = [float(seen @ point.log_profile) for point in path]
    best = int(np.argmax(fits))
    near = path[max(best - 1, 0)]

    def loss(pace: float) -> float:
        return -float(seen @ _at(tree, near, pace).log_profile)

    low, high = near.pace, path[min(best + 1, len(path) - 1)].pace
    pace = (
        optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-9 * max(high, 1.0)}).x
        if high > low
        else low
    )
    found = quantal.solve(tree, float(pace) / quantal.scale(tree))
    return Estimate(found.precision, float(seen @ found.log_profile), found)


def _at(tree: Game, near: quantal.Point, pace: float) -> quantal.Point:
    return quantal.trace(tree, pace, near)[0][-1]
