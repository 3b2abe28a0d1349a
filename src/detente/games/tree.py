"""A finite game in extensive form: who moves when, knowing what, and what every ending is worth to whom.

Nodes stand in preorder (a node before all that follows it), so that one pass forwards carries what is known from the
root down, and one pass backwards what is worth from the endings up. Player 0 is chance, as in Gambit; players proper
count from 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CHANCE = 0
TOLERANCE = 1e-9
"""How far the probabilities of a chance move may sum from 1."""
TREMBLE = 1e-300
"""Stands for the probability 0 of a chance move, so that beliefs after it are those of a vanishing tremble."""
LARGEST = 10_000_000
"""Most pairs (ending, choice on the way to it) of a game that is evaluated or solved: some 500 MB."""


class GameError(Exception):
    """A game, a file of a game, or a question about a game that is wrong: one sentence."""


@dataclass(frozen=True)
class Infoset:
    """What a player knows when called to choose: the nodes it cannot tell apart, and the actions open at them."""

    player: int  # 0 = chance
    label: str
    actions: tuple[str, ...]
    probabilities: tuple[float, ...] = ()  # of chance's actions; empty for players


@dataclass(frozen=True)
class Outcome:
    """What is received on reaching a node: one payoff a player."""

    label: str
    payoffs: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Game:
    """An extensive game with perfect recall; checked when built, never changed after.

    Raises
    ------
    GameError
        Where the arrays are no game: the tree is broken, an information set holds nodes with other actions or other
        memories, chance does not sum to 1, a payoff is not finite.
    """

    title: str
    players: tuple[str, ...]
    infosets: tuple[Infoset, ...]
    parent: Ints  # [node] -1 at the root
    branch: Ints  # [node] which action of the parent leads here; -1 at the root
    infoset: Ints  # [node] -1 at an ending
    outcome: Ints  # [node] -1 where nothing is received
    outcomes: tuple[Outcome, ...]
    labels: tuple[str, ...] = ()  # of nodes; empty if none has one
    comment: str = ""
    lines: tuple[int, ...] = field(default=(), repr=False)  # of a file, for messages

    def __post_init__(self) -> None:
        for name in ("parent", "branch", "infoset", "outcome"):
            array = np.array(getattr(self, name), dtype=np.int64)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        for check in (_shape, _labels, _chance, _payoffs, _tree, _recall):
            check(self)

    # ---- the tree ----
    @cached_property
    def mover(self) -> Ints:
        """Who moves at each node, [node]: 0 chance, -1 nobody (an ending)."""
        of = np.array([i.player for i in self.infosets] + [-1], np.int64)
        return of[self.infoset]

    @cached_property
    def terminals(self) -> Ints:
        """The endings, [ending], as nodes."""
        return np.flatnonzero(self.infoset < 0)

    @cached_property
    def children(self) -> list[list[int]]:
        """The nodes after each node, by action."""
        found: list[list[int]] = [[-1] * len(self.infosets[i].actions) if i >= 0 else [] for i in self.infoset.tolist()]
        for node, (above, by) in enumerate(zip(self.parent.tolist(), self.branch.tolist(), strict=True)):
            if above >= 0:
                found[above][by] = node
        return found

    @cached_property
    def payoffs(self) -> Floats:
        """What each ending is worth, [ending, player]: all outcomes met on the way to it."""
        table = np.array([o.payoffs for o in self.outcomes] + [(0.0,) * len(self.players)], float)
        total = table[self.outcome]
        if (self.outcome[self.infoset >= 0] >= 0).any():
            for node, above in enumerate(self.parent.tolist()):
                if above >= 0:
                    total[node] += total[above]
        return total[self.terminals]

    # ---- choices: every action of every player's information set, one after the other ----
    @cached_property
    def personal(self) -> Ints:
        """The information sets of players proper, [set], as indices into `infosets`.

        By player, and a player's in the order in which they appear in the tree, as Gambit has them.
        """
        found, first = np.unique(self.infoset, return_index=True)
        told = sorted(
            (self.infosets[i].player, f, i) for i, f in zip(found.tolist(), first.tolist(), strict=True) if i >= 0
        )
        return np.array([i for player, _, i in told if player != CHANCE], np.int64)

    @cached_property
    def sizes(self) -> Ints:
        """How many actions each personal information set has, [set]."""
        return np.array([len(self.infosets[i].actions) for i in self.personal], np.int64)

    @cached_property
    def first(self) -> Ints:
        """Where the actions of each personal information set begin among all choices, [set]."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.int64)[: len(self.sizes)]

    @cached_property
    def set_of(self) -> Ints:
        """The personal information set of each choice, [choice]."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def owner(self) -> Ints:
        """The player of each choice, [choice], counted from 0."""
        return np.array([self.infosets[i].player - 1 for i in self.personal], np.int64)[self.set_of]

    @cached_property
    def choice(self) -> Ints:
        """The choice that leads to each node, [node]; -1 where chance does, and at the root."""
        start = np.full(len(self.infosets) + 1, -1, np.int64)
        start[self.personal] = self.first
        above = np.where(self.parent >= 0, self.infoset[self.parent], -1)
        return np.where(start[above] >= 0, start[above] + self.branch, -1)

    @cached_property
    def log_chance(self) -> Floats:
        """Log-probability that chance lets each ending be, [ending]."""
        step = np.zeros(len(self.parent))
        for node, (above, by) in enumerate(zip(self.parent.tolist(), self.branch.tolist(), strict=True)):
            if above < 0:
                continue
            step[node] = step[above]
            if self.mover[above] == CHANCE:
                step[node] += np.log(max(self.infosets[self.infoset[above]].probabilities[by], TREMBLE))
        return step[self.terminals]

    @cached_property
    def paths(self) -> sparse.csr_array:
        """Which choices lie on the way to which ending, [ending, choice], 0 or 1."""
        moves = [0] * len(self.parent)
        for node, (above, choice) in enumerate(zip(self.parent.tolist(), self.choice.tolist(), strict=True)):
            if above >= 0:
                moves[node] = moves[above] + (choice >= 0)
        pairs = int(np.array(moves)[self.terminals].sum())
        if pairs > LARGEST:
            raise GameError(
                f"{self.name}: too large to be evaluated: {len(self.terminals):,} endings with {pairs:,} choices on "
                f"the way to them, and the limit is {LARGEST:,}; merge or cut branches of the tree"
            )
        rows, cols = [], []
        at, ending = self.terminals, np.arange(len(self.terminals))
        while len(at):
            held = self.choice[at] >= 0
            rows.append(ending[held])
            cols.append(self.choice[at][held])
            at = self.parent[at]
            at, ending = at[at >= 0], ending[at >= 0]
        row, col = np.concatenate(rows), np.concatenate(cols)
        shape = (len(self.terminals), int(self.sizes.sum()))
        return sparse.csr_array((np.ones(len(row)), (row, col)), shape=shape)

    @cached_property
    def ways(self) -> sparse.csc_array:
        """The same, by choice: the endings that each choice may lead to."""
        return self.paths.tocsc()

    @cached_property
    def taken(self) -> Ints:
        """The choice of each pair (ending, choice) of `ways`, [pair]."""
        return np.repeat(np.arange(self.ways.shape[1]), np.diff(self.ways.indptr))

    @cached_property
    def stake(self) -> Floats:
        """What the ending of each such pair is worth to whoever makes the choice, [pair]."""
        return self.payoffs[self.ways.indices, self.owner[self.taken]]

    def paid(self, payoffs: Floats) -> Game:
        """The same tree with other payoffs, [ending, player]."""
        if np.shape(payoffs) != self.payoffs.shape:
            raise GameError(f"{self.name}: payoffs have the shape {np.shape(payoffs)}; give {self.payoffs.shape}")
        outcome = np.full(len(self.parent), -1)
        outcome[self.terminals] = np.arange(len(self.terminals))
        outcomes = tuple(Outcome("", tuple(row)) for row in np.asarray(payoffs, float).tolist())
        return replace(self, outcome=outcome, outcomes=outcomes)

    # ---- words ----
    @property
    def name(self) -> str:
        """How messages call the game."""
        return f"game '{self.title}'" if self.title else "the game"

    def called(self, index: int) -> str:
        """How messages call an information set."""
        one = self.infosets[index]
        who = "chance" if one.player == CHANCE else self.players[one.player - 1]
        named = f"'{one.label}'" if one.label else index + 1
        return f"information set {named} of {who}"

    def __repr__(self) -> str:
        sizes = f"{len(self.players)} players, {len(self.personal)} information sets, {len(self.parent)} nodes"
        return f"<Game '{self.title}': {sizes}>"


# ---- checks ----
def _where(game: Game, node: int) -> str:
    return f"line {game.lines[node]}: " if game.lines else ""


def _shape(game: Game) -> None:
    count = len(game.parent)
    if count == 0:
        raise GameError(f"{game.name}: it has no node; a game has at least an ending")
    if any(len(a) != count for a in (game.branch, game.infoset, game.outcome)):
        raise GameError(f"{game.name}: parent, branch, infoset and outcome must have one entry a node")
    if game.infoset.max() >= len(game.infosets) or game.outcome.max() >= len(game.outcomes):
        raise GameError(f"{game.name}: a node names an information set or an outcome that is not there")
    for index, one in enumerate(game.infosets):
        if not 0 <= one.player <= len(game.players):
            raise GameError(
                f"{game.name}: information set {index + 1} belongs to player {one.player}, who is not there"
            )
    unused = set(range(len(game.infosets))) - set(game.infoset.tolist())
    if unused:
        raise GameError(f"{game.name}: no node lies in {game.called(min(unused))}; leave it out")


def _labels(game: Game) -> None:
    _distinct(game.players, f"{game.name}: two players are called")
    for index, one in enumerate(game.infosets):
        if not one.actions:
            raise GameError(f"{game.name}: {game.called(index)} has no actions; give it at least one")
        _distinct(one.actions, f"{game.name}: two actions of {game.called(index)} are called")


def _distinct(names: Sequence[str], what: str) -> None:
    if len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise GameError(f"{what} '{twice}'; give each a name of its own")


def _chance(game: Game) -> None:
    for index, one in enumerate(game.infosets):
        if one.player != CHANCE:
            continue
        p = np.array(one.probabilities, float)
        called = f"{game.name}: {game.called(index)}"
        if len(p) != len(one.actions):
            raise GameError(f"{called} has {len(one.actions)} actions and {len(p)} probabilities; give one each")
        if not np.isfinite(p).all() or (p < 0).any():
            raise GameError(f"{called}: a probability is negative or not a number ({', '.join(map(str, p))})")
        if abs(p.sum() - 1.0) > TOLERANCE:
            raise GameError(f"{called}: its probabilities sum to {p.sum():.10g}; they must sum to 1")


def _payoffs(game: Game) -> None:
    for number, one in enumerate(game.outcomes):
        named = f"'{one.label}'" if one.label else number + 1
        called = f"{game.name}: outcome {named}"
        if len(one.payoffs) != len(game.players):
            raise GameError(f"{called} has {len(one.payoffs)} payoffs for {len(game.players)} players; give one each")
        if not all(np.isfinite(one.payoffs)):
            raise GameError(f"{called} has a payoff that is not a finite number ({', '.join(map(str, one.payoffs))})")


def _tree(game: Game) -> None:
    parent, count = game.parent, len(game.parent)
    if parent[0] != -1 or (parent[1:] < 0).any() or (parent >= np.arange(count)).any():
        raise GameError(f"{game.name}: node 1 must be the root, and every other node must come after its parent")
    if (game.infoset[parent[1:]] < 0).any():
        raise GameError(f"{game.name}: a node follows an ending; give its parent an information set")
    width = np.array([len(i.actions) for i in game.infosets] + [0], np.int64)[game.infoset]
    wrong = np.flatnonzero((game.branch[1:] < 0) | (game.branch[1:] >= width[parent[1:]])) + 1
    if len(wrong):
        raise GameError(f"{game.name}: {_where(game, wrong[0])}node {wrong[0] + 1} follows an action that is not there")
    held = np.bincount(parent[1:], minlength=count)
    start = np.concatenate([[0], np.cumsum(width)[:-1]])
    slots = start[parent[1:]] + game.branch[1:]
    if len(np.unique(slots)) < len(slots) or (held != width).any():
        bad = int(np.flatnonzero(held != width)[0]) if (held != width).any() else 0
        raise GameError(f"{game.name}: {_where(game, bad)}node {bad + 1} must be followed by one node an action")


def _recall(game: Game) -> None:
    """Perfect recall: all nodes of an information set follow the same choices of its own player."""
    above, choice = game.parent.tolist(), game.choice.tolist()
    for player in range(1, len(game.players) + 1):
        own = (np.append(game.owner, -1)[game.choice] == player - 1).tolist()
        last = [-1] * len(above)
        memory: dict[int, int] = {}
        at = np.where(game.mover == player, game.infoset, -1).tolist()
        for node, up in enumerate(above):
            if up >= 0:
                last[node] = choice[node] if own[node] else last[up]
            if at[node] >= 0 and memory.setdefault(at[node], last[node]) != last[node]:
                raise GameError(
                    f"{game.name}: {_where(game, node)}imperfect recall: {game.players[player - 1]} forgets an own "
                    f"choice at {game.called(at[node])}; split the set by what its player did before"
                )


# ---- building by hand ----
class Tree:
    """A game grown from its root: every call makes a move at some ends of the branches and gives the new ends.

    Examples
    --------
    >>> poker = Tree("Poker", ["Alice", "Bob"])
    >>> king, queen = poker.chance({"King": 0.5, "Queen": 0.5})
    >>> (bet,), (fold,) = poker.move("Alice", [king], ["Raise", "Fold"], "King")
    """

    def __init__(self, title: str, players: Sequence[str]) -> None:
        self.title, self.players = title, tuple(players)
        self._parent, self._branch, self._infoset, self._outcome = [-1], [-1], [-1], [-1]
        self._infosets: list[Infoset] = []
        self._outcomes: list[Outcome] = []

    def chance(self, probabilities: Mapping[str, float], node: int = 0) -> list[int]:
        """Chance moves at a node: the node after each of its actions."""
        one = Infoset(CHANCE, "", tuple(probabilities), tuple(probabilities.values()))
        return [ends[0] for ends in self._grow([node], one)]

    def move(self, player: str, nodes: Sequence[int], actions: Sequence[str], label: str = "") -> list[list[int]]:
        """A player moves at nodes that it cannot tell apart: for each action, the node after it for each node."""
        if player not in self.players:
            raise GameError(
                f"game '{self.title}': there is no player '{player}'; name one of {', '.join(self.players)}"
            )
        return self._grow(nodes, Infoset(self.players.index(player) + 1, label, tuple(actions)))

    def end(self, node: int, *payoffs: float, label: str = "") -> None:
        """What is received on reaching a node, a payoff for each player."""
        self._outcome[node] = len(self._outcomes)
        self._outcomes.append(Outcome(label, tuple(map(float, payoffs))))

    def game(self, comment: str = "") -> Game:
        """The game as it stands, its nodes in preorder."""
        order = list(self._preorder())
        place = {node: rank for rank, node in enumerate(order)}
        place[-1] = -1
        return Game(
            self.title,
            self.players,
            tuple(self._infosets),
            np.array([place[self._parent[n]] for n in order]),
            np.array([self._branch[n] for n in order]),
            np.array([self._infoset[n] for n in order]),
            np.array([self._outcome[n] for n in order]),
            tuple(self._outcomes),
            comment=comment,
        )

    def _grow(self, nodes: Sequence[int], one: Infoset) -> list[list[int]]:
        ends: list[list[int]] = []
        taken = [n for n in nodes if self._infoset[n] >= 0]
        if taken:
            raise GameError(f"game '{self.title}': a move stands at node {taken[0] + 1} already; grow the ends only")
        for node in nodes:
            self._infoset[node] = len(self._infosets)
        for k in range(len(one.actions)):
            ends.append(list(range(len(self._parent), len(self._parent) + len(nodes))))
            self._parent += nodes
            self._branch += [k] * len(nodes)
            self._infoset += [-1] * len(nodes)
            self._outcome += [-1] * len(nodes)
        self._infosets.append(one)
        return ends

    def _preorder(self) -> Iterator[int]:
        below: dict[int, list[int]] = {}
        for node, above in enumerate(self._parent):
            below.setdefault(above, []).append(node)
        for nodes in below.values():
            nodes.sort(key=lambda n: self._branch[n], reverse=True)
        stack = [0]
        while stack:
            node = stack.pop()
            yield node
            stack += below.get(node, [])
