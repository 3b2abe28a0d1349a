"""Gambit's formats: `.efg` (games as trees) and `.nfg` (games as tables), read and written.

What Gambit 16 reads is read here, with one exception: text after the last node of a tree is an error, since it mostly
means that an information set above lists too few actions. Names that are empty or repeated where they must differ get
a number, as Gambit gives them.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from detente.games.normal import Table
from detente.games.tree import CHANCE, TOLERANCE, Game, GameError, Infoset, Outcome

_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\"|\\)*+")
    | (?P<mark>[{},])
    | (?P<number>[+-]?(?:\d+/\d+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?=[\s{},"]|$))
    | (?P<symbol>[^\s{},"]+|")""",
    re.VERBOSE,
)
_LONGEST = 40


def read(source: str | Path) -> Game | Table:
    """A game from a file in Gambit's format: a tree from `.efg`, a table from `.nfg`; told apart by what is in it.

    Raises
    ------
    GameError
        Where the file is none of them: one sentence with file, line and reason.
    OSError
        Where the file cannot be read.
    """
    path = Path(source)
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    try:
        return parse(text)
    except GameError as error:
        raise GameError(f"{path}: {error}") from None


def parse(text: str) -> Game | Table:
    """A game from the text of such a file."""
    tokens = _Tokens(text)
    kind = tokens.word("'EFG' or 'NFG': this is no game in Gambit's format", "EFG", "NFG")
    return _tree(tokens) if kind == "EFG" else _table(tokens)


class _Tokens:
    """The words of a file one by one, with the next in sight; a mistake knows its line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.kind: str | None = None  # None at the end
        self.value = ""
        self._breaks: list[int] | None = None
        self._rest = _TOKEN.finditer(text)
        self._match: re.Match[str] | None = None
        self.next()

    def next(self) -> str:
        """Take the word in sight."""
        taken = self.value
        self._match = found = next(self._rest, None)
        if found is None:
            self.kind, self.value = None, ""
        else:
            self.kind, self.value = found.lastgroup, found[0]
        return taken

    @property
    def at(self) -> int:
        """Where the word in sight begins in the text."""
        return self._match.start() if self._match else len(self.text.rstrip())

    def line(self, at: int | None = None) -> int:
        """The line of a place in the text, from 1."""
        if self._breaks is None:
            self._breaks = [m.start() for m in re.finditer("\n", self.text)]
        return bisect_right(self._breaks, (self.at if at is None else at) - 1) + 1

    def wrong(self, reason: str, at: int | None = None) -> GameError:
        return GameError(f"line {self.line(at)}: {reason}")

    def expected(self, what: str) -> GameError:
        if self.kind is None:
            return self.wrong(f"the file ends where there should be {what}")
        if self.value == '"':
            return self.wrong("a quoted name begins here and never ends; close it with a quotation mark")
        short = self.value if len(self.value) <= _LONGEST else self.value[:_LONGEST] + "…"
        return self.wrong(f"there should be {what}, and there is {short}")

    def word(self, what: str, *words: str) -> str:
        if self.kind is None or self.value not in words:
            raise self.expected(what)
        return self.next()

    def mark(self, mark: str, what: str) -> None:
        if self.value != mark or self.kind != "mark":
            raise self.expected(f"{mark} {what}")
        self.next()

    def sees(self, mark: str) -> bool:
        return self.kind == "mark" and self.value == mark

    def name(self, what: str) -> str:
        if self.kind != "text":
            raise self.expected(f"{what} in quotation marks")
        return self.next()[1:-1].replace('\\"', '"')

    def whole(self, what: str) -> int:
        if self.kind != "number" or not self.value.isdigit():
            raise self.expected(f"{what}, a whole number")
        return int(self.next())

    def number(self, what: str) -> float:
        if self.kind != "number":
            raise self.expected(f"{what}, a number")
        try:
            value = float(Fraction(self.value) if "/" in self.value else self.value)
        except (ZeroDivisionError, OverflowError):
            value = math.inf
        if math.isinf(value):
            raise self.expected(f"{what}, a finite number")
        self.next()
        return value

    def names(self, what: str) -> list[str]:
        self.mark("{", f"before {what}")
        found = []
        while self.kind == "text":
            found.append(self.name(what))
        self.mark("}", f"after {what}")
        return found

    def payoffs(self, players: int, what: str) -> tuple[float, ...]:
        found = []
        for _ in range(players):
            found.append(self.number(what))
            if self.sees(","):
                self.next()
        return tuple(found)


def _head(tokens: _Tokens, version: str) -> tuple[str, list[str]]:
    tokens.word(f"the version {version}", version)
    tokens.word("R or D, the kind of numbers", "R", "D")
    title = tokens.name("the title")
    return title, _numbered(tokens.names("names of players"))


def _numbered(names: list[str]) -> list[str]:
    """The names, those that are empty or stand twice told apart by a number, as Gambit does it."""
    counts, used, seen = Counter(names), set(names), Counter[str]()
    found = []
    for name in names:
        if counts[name] == 1 and name:
            found.append(name)
            continue
        fresh = name
        while fresh in used:
            seen[name] += 1
            fresh = f"{name}_{seen[name]}"
        used.add(fresh)
        found.append(fresh)
    return found


# ---- trees ----
class _Nodes:
    """The nodes read so far, and what they refer to by number."""

    def __init__(self, tokens: _Tokens, players: list[str]) -> None:
        self.tokens, self.players = tokens, players
        self.parent: list[int] = []
        self.branch: list[int] = []
        self.infoset: list[int] = []
        self.outcome: list[int] = []
        self.labels: list[str] = []
        self.places: list[int] = []
        self.infosets: list[Infoset] = []
        self.outcomes: list[Outcome] = []
        self._sets: dict[tuple[int, int], int] = {}
        self._ends: dict[int, int] = {}

    def read(self) -> None:
        """All nodes in preorder; a stack holds the moves that still wait for a branch."""
        waiting: list[list[int]] = []
        above, by = -1, -1
        while True:
            node = len(self.parent)
            self.parent.append(above)
            self.branch.append(by)
            width = self._node()
            if width:
                waiting.append([node, 0, width])
            while waiting and waiting[-1][1] == waiting[-1][2]:
                waiting.pop()
            if not waiting:
                return
            above, by = waiting[-1][0], waiting[-1][1]
            waiting[-1][1] += 1

    def _node(self) -> int:
        """One node; how many branches follow it."""
        tokens = self.tokens
        self.places.append(tokens.at)
        kind = tokens.word("a node: c, p or t (the tree is not complete)", "c", "p", "t")
        self.labels.append(tokens.name("the label of the node"))
        if kind == "t":
            self.infoset.append(-1)
        else:
            self.infoset.append(self._set(CHANCE if kind == "c" else self._player()))
        self.outcome.append(self._outcome())
        return 0 if kind == "t" else len(self.infosets[self.infoset[-1]].actions)

    def _player(self) -> int:
        at = self.tokens.at
        player = self.tokens.whole("the number of the player")
        if not 1 <= player <= len(self.players):
            raise self.tokens.wrong(f"there is no player {player}; the head names {len(self.players)}", at)
        return player

    def _set(self, player: int) -> int:
        tokens, at = self.tokens, self.tokens.at
        number = tokens.whole("the number of the information set")
        known = self._sets.get((player, number))
        who = f"information set {number} of {self.players[player - 1] if player else 'chance'}"
        if tokens.kind != "text":
            if known is None:
                raise tokens.wrong(f"{who} is named here before its actions were given", at)
            return known
        one = self._described(player, who)
        if known is not None:
            if self.infosets[known] != one:
                raise tokens.wrong(f"{who} has another label, other actions or other probabilities than above", at)
            return known
        self._sets[player, number] = len(self.infosets)
        self.infosets.append(one)
        return len(self.infosets) - 1

    def _described(self, player: int, who: str) -> Infoset:
        tokens = self.tokens
        label, at = tokens.name("the label of the information set"), tokens.at
        tokens.mark("{", "before the actions")
        actions: list[str] = []
        chances: list[float] = []
        while not tokens.sees("}") or not actions:
            actions.append(tokens.name("an action"))
            if player == CHANCE:
                chances.append(tokens.number("the probability of the action"))
        tokens.next()
        if player == CHANCE and (min(chances) < 0 or abs(math.fsum(chances) - 1.0) > TOLERANCE):
            raise tokens.wrong(
                f"the probabilities of {who} sum to {math.fsum(chances):.10g}, or one is negative; they must sum to 1",
                at,
            )
        return Infoset(player, label, tuple(_numbered(actions)), tuple(chances))

    def _outcome(self) -> int:
        tokens, at = self.tokens, self.tokens.at
        number = tokens.whole("the number of the outcome (0 for none)")
        if tokens.kind == "text":
            one = self._received(number, at)
            if number not in self._ends:
                self._ends[number] = len(self.outcomes)
                self.outcomes.append(one)
            elif self.outcomes[self._ends[number]] != one:
                raise tokens.wrong(f"outcome {number} has another label or other payoffs than above", at)
        elif number and number not in self._ends:
            raise tokens.wrong(f"outcome {number} is named here before its payoffs were given", at)
        return self._ends[number] if number else -1

    def _received(self, number: int, at: int) -> Outcome:
        tokens = self.tokens
        if not number:
            raise tokens.wrong("outcome 0 means that nothing is received; it can have no payoffs", at)
        label = tokens.name("the label of the outcome")
        tokens.mark("{", "before the payoffs")
        payoffs = tokens.payoffs(len(self.players), f"a payoff for each of {len(self.players)} players")
        tokens.mark("}", f"after {len(self.players)} payoffs")
        return Outcome(label, payoffs)


def _tree(tokens: _Tokens) -> Game:
    title, players = _head(tokens, "2")
    comment = tokens.name("a comment") if tokens.kind == "text" else ""
    nodes = _Nodes(tokens, players)
    nodes.read()
    if tokens.kind is not None:
        raise tokens.expected("nothing more: every action above has its branch")
    return Game(
        title,
        tuple(players),
        tuple(nodes.infosets),
        np.array(nodes.parent),
        np.array(nodes.branch),
        np.array(nodes.infoset),
        np.array(nodes.outcome),
        tuple(nodes.outcomes),
        labels=tuple(nodes.labels) if any(nodes.labels) else (),
        comment=comment,
        lines=tuple(tokens.line(at) for at in nodes.places),
    )


# ---- tables ----
def _table(tokens: _Tokens) -> Table:
    title, players = _head(tokens, "1")
    strategies = _strategies(tokens, players)
    comment = tokens.name("a comment") if tokens.kind == "text" else ""
    shape = [len(s) for s in strategies]
    cells, count = math.prod(shape), len(players)
    body: Callable[[_Tokens, int, int], list[tuple[float, ...]]] = _by_outcome if tokens.sees("{") else _by_payoff
    rows = body(tokens, cells, count)
    if tokens.kind is not None:
        raise tokens.expected(f"nothing more after {' × '.join(map(str, shape))} cells")
    payoffs = (
        np.array(rows, float).reshape((*shape, count), order="F")
        if count == 0
        else np.stack([np.array(column).reshape(shape, order="F") for column in zip(*rows, strict=True)], axis=-1)
    )
    return Table(title, tuple(players), tuple(map(tuple, strategies)), payoffs, comment)


def _strategies(tokens: _Tokens, players: list[str]) -> list[list[str]]:
    tokens.mark("{", "before the strategies")
    found: list[list[str]] = []
    while not tokens.sees("}"):
        if tokens.kind == "number":
            found.append([str(k + 1) for k in range(tokens.whole("how many strategies a player has"))])
        else:
            found.append(_numbered(tokens.names("strategies of a player")))
    if len(found) != len(players) or not all(found):
        raise tokens.wrong(
            f"strategies are given for {sum(map(bool, found))} of {len(players)} players; each needs at least one"
        )
    tokens.next()
    return found


def _by_payoff(tokens: _Tokens, cells: int, players: int) -> list[tuple[float, ...]]:
    return [
        tokens.payoffs(players, f"payoff {players * cell + 1} and so on of {players * cells}") for cell in range(cells)
    ]


def _by_outcome(tokens: _Tokens, cells: int, players: int) -> list[tuple[float, ...]]:
    tokens.mark("{", "before the outcomes")
    outcomes = [(0.0,) * players]
    while not tokens.sees("}"):
        tokens.mark("{", "before an outcome")
        tokens.name("the label of the outcome")
        if tokens.sees(","):
            tokens.next()
        outcomes.append(tokens.payoffs(players, "a payoff"))
        tokens.mark("}", f"after {players} payoffs")
    tokens.next()
    rows = []
    for cell in range(cells):
        at = tokens.at
        number = tokens.whole(f"the outcome of cell {cell + 1} of {cells}")
        if number >= len(outcomes):
            raise tokens.wrong(f"there is no outcome {number}; {len(outcomes) - 1} are given", at)
        rows.append(outcomes[number])
    return rows


# ---- writing ----
def write(game: Game | Table, *, outcomes: bool = False) -> str:
    """The text of an `.efg` file, or of an `.nfg` file for a table.

    outcomes: a table with its outcomes numbered, in place of payoffs one after the other. Probabilities are written as
    fractions that sum to 1 exactly, as Gambit demands.
    """
    if isinstance(game, Table):
        return _written_table(game, outcomes)
    numbers: dict[int, int] = {}
    counts: Counter[int] = Counter()
    for index in dict.fromkeys(game.infoset[game.infoset >= 0].tolist()):
        counts[game.infosets[index].player] += 1
        numbers[index] = counts[game.infosets[index].player]
    lines = [f"EFG 2 R {_quoted(game.title)} {_list(game.players)}", _quoted(game.comment), ""]
    sets = [_written_set(one, numbers[index]) for index, one in enumerate(game.infosets)]
    ends = [
        f"{k + 1} {_quoted(o.label)} {{ {', '.join(map(_plain, o.payoffs))} }}" for k, o in enumerate(game.outcomes)
    ]
    for node, (index, outcome) in enumerate(zip(game.infoset.tolist(), game.outcome.tolist(), strict=True)):
        label = _quoted(game.labels[node] if game.labels else "")
        received = ends[outcome] if outcome >= 0 else "0"
        if index < 0:
            lines.append(f"t {label} {received}")
        else:
            lines.append(f"{'p' if game.infosets[index].player else 'c'} {label} {sets[index]} {received}")
    return "\n".join(lines) + "\n"


def _written_set(one: Infoset, number: int) -> str:
    if one.player == CHANCE:
        actions = " ".join(f"{_quoted(a)} {p}" for a, p in zip(one.actions, _exact(one.probabilities), strict=True))
        return f"{number} {_quoted(one.label)} {{ {actions} }}"
    return f"{one.player} {number} {_quoted(one.label)} {_list(one.actions)}"


def _written_table(table: Table, outcomes: bool) -> str:
    strategies = " ".join(map(_list, table.strategies))
    head = f"NFG 1 R {_quoted(table.title)} {_list(table.players)}\n\n{{ {strategies} }}\n{_quoted(table.comment)}\n\n"
    cells = np.stack([table.payoffs[..., i].ravel(order="F") for i in range(len(table.players))], axis=-1).tolist()
    if not outcomes:
        return head + " ".join(_plain(x) for cell in cells for x in cell) + "\n"
    rows = "\n".join(f'{{ "" {", ".join(map(_plain, cell))} }}' for cell in cells)
    return f"{head}{{\n{rows}\n}}\n{' '.join(str(k + 1) for k in range(len(cells)))}\n"


def _quoted(text: str) -> str:
    if text.endswith("\\"):
        raise GameError(f"the name {text} ends in a backslash, which Gambit's format cannot hold; rename it")
    escaped = text.replace('"', '\\"')
    return f'"{escaped}"'


def _list(names: tuple[str, ...]) -> str:
    return f"{{ {' '.join(map(_quoted, names))} }}"


def _plain(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _exact(probabilities: tuple[float, ...]) -> list[Fraction]:
    """Fractions as near as floats can tell, that sum to 1."""
    found = []
    for p in probabilities:
        simple = Fraction(p).limit_denominator(1_000_000)
        found.append(simple if float(simple) == p else Fraction(repr(p)))
    largest = max(range(len(found)), key=lambda k: found[k])
    found[largest] += 1 - sum(found)
    return found
