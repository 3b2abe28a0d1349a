"""A ladder as a game in extensive form, so that it can be looked at, saved, and solved like any other.

Nature draws how resolute each side is; each knows its own type and everything that is done. After a press, a hold or
a refused offer nature may let the ladder slip into war.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import numpy as np
from numpy.typing import ArrayLike

from detente.deeds import LADDER_ENDS
from detente.games.tree import Game, Tree
from detente.ladder.stakes import Payoffs
from detente.ladder.tree import MOVES, PLAYS, TYPES, mover

Cells = dict[tuple[int, int], int]
"""The nodes after one history, by the types of challenger and defender."""
Worth = Callable[[int, int], ArrayLike]
"""What an ending is worth to a side of a type."""


class Names(NamedTuple):
    """The words of a ladder; those of the program itself unless others are given."""

    sides: tuple[str, str] = ("challenger", "defender")
    types: tuple[str, str] = ("irresolute", "resolute")
    plays: tuple[str, ...] = PLAYS
    replies: tuple[str, str] = ("accept", "refuse")
    luck: tuple[str, str] = ("no war", "war")
    ends: tuple[str, ...] = LADDER_ENDS
    first: str = "first move"
    after: str = "after {plays}"
    offered: str = "offered"
    refused: str = "{play} refused"


OWN = Names()


def game(x: Payoffs, names: Names = OWN, title: str = "Ladder", comment: str = "", world: int = 0) -> Game:
    """The ladder of one world as a game; player 1 is the challenger, player 2 the defender, who moves first.

    An information set is called by its owner's type and what has been done: `resolute, after press, hold`.
    """
    one: Payoffs = jax.tree.map(lambda a: np.asarray(a, float)[..., world], x)
    return _Ladder(one, names, title).game(comment)


class _Ladder:
    """A ladder while it grows."""

    def __init__(self, x: Payoffs, names: Names, title: str) -> None:
        self.x, self.names = x, names
        self.tree = Tree(title, names.sides)

    def game(self, comment: str) -> Game:
        cells: Cells = {}
        for c, node in enumerate(self.tree.chance(self._drawn(0))):
            cells |= {(c, d): after for d, after in enumerate(self.tree.chance(self._drawn(1), node))}
        self.grow(cells, 0, ())
        return self.tree.game(comment)

    def _drawn(self, side: int) -> Mapping[str, float]:
        """Types as nature draws them; the two sum to 1 whatever the precision of the prior."""
        resolute = float(self.x.prior[side][1])
        who = (f"{self.names.sides[side]}: {kind}" for kind in self.names.types)
        return dict(zip(who, (1.0 - resolute, resolute), strict=True))

    def grow(self, cells: Cells, presses: int, done: tuple[str, ...]) -> None:
        """Everything that may follow a history."""
        if len(done) == MOVES:
            self.end(cells, "hold", lambda side, _: self.x.held[side][presses])
            return
        who = mover(len(done))
        press, hold, offer, back = self.choose(cells, who, self.names.plays, self.label(done))
        loser = self.x.backs[who]
        self.end(back, LADDER_ENDS[who], lambda side, kind: loser[side][kind, presses])
        accept, refuse = self.choose(offer, 1 - who, self.names.replies, self.label(done, self.names.offered))
        self.end(accept, "settled", lambda side, kind: self.x.settled[side][kind])
        plays = self.names.plays
        refused = self.names.refused.format(play=plays[2])
        for after, count, play in (
            (press, presses + 1, plays[0]),
            (hold, presses, plays[1]),
            (refuse, presses, refused),
        ):
            self.grow(self.slip(after, count), count, (*done, play))

    def choose(self, cells: Cells, who: int, actions: tuple[str, ...], label: str) -> list[Cells]:
        """One side chooses, knowing its own type only: the nodes after each action."""
        after: list[Cells] = [{} for _ in actions]
        for own in range(TYPES):
            held = [key for key in cells if key[who] == own]
            name = f"{self.names.types[own]}, {label}"
            grown = self.tree.move(self.names.sides[who], [cells[key] for key in held], actions, name)
            for action, nodes in zip(after, grown, strict=True):
                action.update(zip(held, nodes, strict=True))
        return after

    def slip(self, cells: Cells, presses: int) -> Cells:
        """Nature may let it slip into war; the nodes where it does not."""
        risk = float(self.x.risk[presses])
        odds = dict(zip(self.names.luck, (1.0 - risk, risk), strict=True))
        both = {key: self.tree.chance(odds, node) for key, node in cells.items()}
        self.end({key: war for key, (_, war) in both.items()}, "war", lambda side, _: self.x.war[side])
        return {key: calm for key, (calm, _) in both.items()}

    def end(self, cells: Cells, end: str, worth: Worth) -> None:
        """The ladder ends so at these nodes."""
        label = self.names.ends[LADDER_ENDS.index(end)]
        for types, node in cells.items():
            self.tree.end(node, *(float(np.asarray(worth(side, kind))) for side, kind in enumerate(types)), label=label)

    def label(self, done: tuple[str, ...], what: str = "") -> str:
        """What has been done, in words."""
        after = self.names.after.format(plays=", ".join(done)) if done else ""
        return " ".join(filter(None, [what, after])) or self.names.first
