"""What `detente solve` shows of a game: strategies, beliefs, values and regrets of its quantal response equilibrium."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from detente.games import normal, quantal
from detente.games.tree import Floats, Game
from detente.report.words import texts

ROWS = 40
"""Information sets of a player shown on screen; the JSON has all."""
HELD = 100
"""Most nodes of an information set whose beliefs are given at all: the likeliest."""
ENDINGS = 12
"""Endings whose probability is shown, the likeliest first."""
BELIEFS = 4
"""Nodes of an information set whose beliefs are shown."""


class Option(NamedTuple):
    """An action at an information set."""

    label: str
    probability: float
    worth: float


class Belief(NamedTuple):
    """A node of an information set as its player thinks of it: what was done before it, and how likely it is."""

    history: str
    probability: float


class Choice(NamedTuple):
    """What is played at an information set."""

    rank: int  # among the game's personal sets
    player: str
    label: str
    options: tuple[Option, ...]
    beliefs: tuple[Belief, ...]
    reach: float
    agent_regret: float


@dataclass(frozen=True, eq=False)
class Solved:
    """A game and its equilibrium, ready to be shown."""

    found: quantal.Equilibrium
    limit: bool

    @property
    def game(self) -> Game:
        """The game as a tree."""
        return self.found.game

    @cached_property
    def choices(self) -> list[Choice]:
        """All information sets of all players, in order."""
        game, play = self.game, self.found.play
        told = labels(game)
        nodes: dict[int, list[int]] = {}
        for node, index in enumerate(game.infoset.tolist()):
            nodes.setdefault(index, []).append(node)
        rows = []
        for k, index in enumerate(game.personal.tolist()):
            one = game.infosets[index]
            part = range(int(game.first[k]), int(game.first[k] + game.sizes[k]))
            options = [
                Option(a, float(self.found.probabilities[c]), float(play.action_values[c]))
                for a, c in zip(one.actions, part, strict=True)
            ]
            likely = sorted(nodes[index], key=lambda n: -play.beliefs[n])[:HELD]
            beliefs = [Belief(history(game, n), float(play.beliefs[n])) for n in sorted(likely)]
            rows.append(
                Choice(
                    k,
                    game.players[one.player - 1],
                    told[k],
                    tuple(options),
                    tuple(beliefs),
                    float(play.reach[k]),
                    float(play.agent_regret[k]),
                )
            )
        return rows

    @cached_property
    def endings(self) -> dict[str, float]:
        """How likely the game ends in each outcome that has a label; outcomes called alike are one."""
        game, total = self.game, dict[str, float]()
        for node in game.terminals.tolist():
            label = game.outcomes[game.outcome[node]].label if game.outcome[node] >= 0 else ""
            if label:
                total[label] = total.get(label, 0.0) + float(np.exp(self.found.play.log_nodes[node]))
        return total

    def table(self) -> dict[str, Any]:
        """The same as JSON has it (design, section 10)."""
        game, play = self.game, self.found.play
        return {
            "title": game.title,
            "precision": self.found.precision,
            "limit": self.limit,
            "converged": self.found.converged,
            "reason": self.found.reason,
            "residual": self.found.residual,
            "folds": self.found.folds,
            "forks": self.found.forks,
            "regret": float(play.regret.max(initial=0.0)),
            "agent_regret": float(play.agent_regret.max(initial=0.0)),
            "nash_conv": play.nash_conv,
            "values": by_player(game, play.values),
            "regrets": by_player(game, play.regret),
            "endings": self.endings,
            "infosets": [
                {
                    "player": c.player,
                    "label": c.label,
                    "actions": {o.label: o.probability for o in c.options},
                    "worth": {o.label: o.worth for o in c.options},
                    "reach": c.reach,
                    "agent_regret": c.agent_regret,
                    "beliefs": [b._asdict() for b in c.beliefs],
                }
                for c in self.choices
            ],
        }


def solved(game: Game | normal.Table, precision: float | None = None, limit: bool = False) -> Solved:
    """Solve a game at a precision; without one, or with `limit`, in the limit of perfect precision.

    Raises
    ------
    GameError
        Where both or a wrong precision are given, or the game is too large.
    """
    tree = game.tree if isinstance(game, normal.Table) else game
    if precision is None or limit:
        return Solved(quantal.limit(tree), limit=True)
    return Solved(quantal.solve(tree, precision), limit=False)


def by_player(game: Game, values: Floats) -> dict[str, float]:
    """A value a player, by name."""
    return {name: float(v) for name, v in zip(game.players, values, strict=True)}


def labels(game: Game) -> list[str]:
    """Information sets as a reader tells them apart: by label, by number where that is empty or not the only one."""
    names: list[str] = []
    for player in range(1, len(game.players) + 1):
        own = [game.infosets[i].label for i in game.personal if game.infosets[i].player == player]
        names += [name if name and own.count(name) == 1 else str(k + 1) for k, name in enumerate(own)]
    return names


def history(game: Game, node: int) -> str:
    """The actions that lead to a node, chance's included."""
    steps: list[str] = []
    while game.parent[node] >= 0:
        above = int(game.parent[node])
        steps.append(game.infosets[game.infoset[above]].actions[game.branch[node]])
        node = above
    return " · ".join(reversed(steps))


# ---- words ----
def word(lang: str, key: str, **values: object) -> str:
    """A phrase in a language."""
    return texts("solved")["words"][key][lang].format(**values)


def figure(value: float) -> str:
    """A number as a reader wants it."""
    if value == 0:
        return "0"
    if abs(value) >= 1e4:
        return f"{value:.0f}" if abs(value) < 1e7 else f"{value:.3e}"
    return f"{value:.4g}" if abs(value) >= 1e-3 else f"{value:.1e}"


def headline(found: Solved, lang: str) -> str:
    """What was asked for."""
    return word(lang, "headline_limit" if found.limit else "headline", precision=figure(found.found.precision))


# ---- screen ----
def shown(found: Solved, lang: str = "en") -> RenderableType:
    """The equilibrium on screen: a table a player."""
    game, play = found.game, found.found.play
    size = word(lang, "size", players=len(game.players), sets=len(game.sizes), ends=len(game.terminals))
    facts = [
        (word(lang, "precision"), figure(found.found.precision)),
        (word(lang, "residual"), figure(found.found.residual)),
    ]
    facts += [(word(lang, "folds"), str(found.found.folds))] if found.found.folds else []
    facts += [(word(lang, "forks"), str(found.found.forks))] if found.found.forks else []
    parts: list[RenderableType] = [
        Text(game.title, style="bold"),
        Text(f"{headline(found, lang)} ({word(lang, 'kind')})"),
        Text(size, style="dim"),
        Text(" · ".join(f"{name} {value}" for name, value in facts), style="dim"),
    ]
    if game.comment:
        parts += [Text(), Text(game.comment)]
    if len(found.endings) > 1:
        likely = sorted(found.endings.items(), key=lambda end: -end[1])[:ENDINGS]
        told = " · ".join(f"{label} {p:.3f}" for label, p in likely)
        parts += [Text(), Text(f"{word(lang, 'endings')}: {told}")]
    if not found.found.converged:
        parts.append(Text(word(lang, "stopped", reason=found.found.reason), style="yellow"))
    choices = found.choices
    for name, value, regret in zip(game.players, play.values, play.regret, strict=True):
        parts += [
            Text(),
            Text.assemble(
                (name, "bold"), f"  {word(lang, 'value')} {value:.6g} · {word(lang, 'regret')} {figure(float(regret))}"
            ),
        ]
        own = [c for c in choices if c.player == name]
        if own:
            parts.append(_strategy(own[:ROWS], lang))
            held = [c for c in own[:ROWS] if len(c.beliefs) > 1]
            parts += [Text(f"{word(lang, 'believes', set=c.label)}: {believed(c)}", style="dim") for c in held]
        if len(own) > ROWS:
            parts.append(Text(word(lang, "more", count=len(own) - ROWS), style="dim"))
    return Group(*parts)


def _strategy(choices: list[Choice], lang: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for key in ("set", "action"):
        table.add_column(word(lang, key))
    for key in ("probability", "worth", "reach", "at_set"):
        table.add_column(word(lang, key), justify="right")
    for choice in choices:
        for k, option in enumerate(choice.options):
            at = (choice.label, f"{choice.reach:.4f}", figure(choice.agent_regret)) if k == 0 else ("", "", "")
            table.add_row(Text(at[0]), Text(option.label), f"{option.probability:.6f}", f"{option.worth:.4g}", *at[1:])
    return table


def believed(choice: Choice) -> str:
    """Beliefs in a line, the likeliest first."""
    told = sorted(choice.beliefs, key=lambda b: -b.probability)
    line = "; ".join(f"{b.history} {b.probability:.3f}" for b in told[:BELIEFS])
    rest = len(told) - BELIEFS
    return f"{line}; +{rest}" if rest > 0 else line


def points(found: Solved, most: int = 120) -> list[tuple[float, Floats]]:
    """Points (precision, log-profile) of the branch, at most so many; the last is the equilibrium."""
    unit = quantal.scale(found.game)
    path = found.found.path
    keep = np.unique(np.linspace(0, len(path) - 1, min(most, len(path))).round().astype(int))
    return [(path[k].pace / unit, path[k].log_profile) for k in keep]
