"""The page of a solved game: its tree, and a slider of precision that follows the branch. One file, no network."""

from __future__ import annotations

import heapq
import json
from importlib import resources
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from detente import __version__
from detente.games import quantal
from detente.games.play import Play
from detente.games.tree import CHANCE, TREMBLE, Game
from detente.report.paper import environment
from detente.report.solved import Solved, figure, headline, labels, points, word

ENDS = 160
"""Most ends of branches drawn; a larger tree is drawn where it is likely to go."""
PANELS = 24
"""Most information sets whose probabilities are drawn against precision."""
SMALL = 120
"""A game of at most so many choices is followed to the limit for the slider, whatever precision was asked for."""
LINKED = 40
"""Most ends of a tree whose information sets are joined by curves; in a larger one they are told by name."""
COLUMN, MARGIN = 178, 26
INKS = ("#2b5c8a", "#b0362c", "#4f7a3a", "#8a5a9c", "#a8741a", "#3a7f86")
"""Colours of players, in turn."""


class Node(NamedTuple):
    """A node that is drawn."""

    node: int
    above: int  # as drawn; -1 at the root
    x: float
    y: float
    hidden: int  # nodes below it that are not drawn


def html(found: Solved, lang: str = "en") -> str:
    """The page, in English or Russian."""
    game = found.game
    drawn = layout(game, shown_nodes(found))
    steps = _steps(found)
    rows = found.choices
    panels = sorted(sorted(rows, key=lambda c: -c.reach)[:PANELS], key=lambda c: c.rank)
    page = environment().get_template("gamepage.html.j2")
    linked = sum(game.infoset[n.node] < 0 or n.hidden > 0 for n in drawn) <= LINKED
    notes = [word(lang, "tree_note"), word(lang, "joined" if linked else "named")]
    if len(drawn) < len(game.parent):
        notes.append(word(lang, "cut", shown=f"{len(drawn):,}", all=f"{len(game.parent):,}"))
    width = max(n.x for n in drawn) + COLUMN * 0.2 + 9 * max(len(_worth(game, n.node)) for n in drawn) + 40
    return page.render(
        lang=lang,
        version=__version__,
        css=Markup(_file("report.css") + _file("gamepage.css")),
        script=Markup(_file("gamepage.js")),
        title=game.title or "—",
        comment=game.comment,
        headline=headline(found, lang),
        kind=word(lang, "kind"),
        w=lambda key, **values: word(lang, key, **values),
        size=word(lang, "size", players=len(game.players), sets=len(game.sizes), ends=len(game.terminals)),
        stopped="" if found.found.converged else word(lang, "stopped", reason=found.found.reason),
        players=[
            {"name": name, "ink": ink(k + 1), "value": figure(v), "regret": figure(float(r))}
            for k, (name, v, r) in enumerate(
                zip(game.players, found.found.play.values, found.found.play.regret, strict=True)
            )
        ],
        facts={
            "precision": figure(found.found.precision),
            "residual": figure(found.found.residual),
            "agent_regret": figure(float(found.found.play.agent_regret.max(initial=0.0))),
        },
        notes=notes,
        width=round(width),
        height=round(max(n.y for n in drawn) + MARGIN),
        nodes=[_node(game, n, name) for n, name in zip(drawn, _names(found, drawn, linked), strict=True)],
        edges=[_edge(game, n, drawn[n.above]) for n in drawn if n.above >= 0],
        links=_links(game, drawn) if linked else [],
        rows=rows,
        panels=panels,
        ink_of=lambda name: ink(game.players.index(name) + 1),
        choices_cut=word(lang, "choices_cut", count=PANELS) if len(rows) > PANELS else "",
        asked=_nearest(steps, found.found.precision),
        steps=len(steps) - 1,
        data=Markup(json.dumps(_data(game, drawn, steps, panels), separators=(",", ":")).replace("</", "<\\/")),
    )


def ink(player: int) -> str:
    """The colour of a player; chance is grey."""
    return "#7b8187" if player == CHANCE else INKS[(player - 1) % len(INKS)]


def _file(name: str) -> str:
    return resources.files("detente.report").joinpath(f"templates/{name}").read_text(encoding="utf-8")


def _steps(found: Solved) -> list[tuple[float, Any]]:
    """Where the slider may stand: the points of the branch, that which was asked for among them."""
    if not found.limit and found.found.converged and len(found.game.owner) <= SMALL:
        far = points(Solved(quantal.limit(found.game), limit=True))
        asked = (found.found.precision, found.found.log_profile)
        if not any(b[0] < a[0] for a, b in pairwise(far)):
            return sorted([*far, asked], key=lambda p: p[0])
    return points(found)


def _nearest(steps: list[tuple[float, Any]], precision: float) -> int:
    return min(range(len(steps)), key=lambda k: abs(steps[k][0] - precision))


def shown_nodes(found: Solved) -> set[int]:
    """The nodes that are drawn: all of a small tree; of a large one those reached most, with their siblings."""
    game = found.game
    if len(game.terminals) <= ENDS:
        return set(range(len(game.parent)))
    kept, ends = {0}, 1
    queue = [(-float(found.found.play.log_nodes[0]), 0)]
    while queue and ends < ENDS:
        _, node = heapq.heappop(queue)
        below = game.children[node]
        if below and ends + len(below) - 1 <= ENDS:
            kept.update(below)
            ends += len(below) - 1
            for child in below:
                heapq.heappush(queue, (-float(found.found.play.log_nodes[child]), child))
    return kept


def layout(game: Game, kept: set[int]) -> list[Node]:
    """Places of the drawn nodes, in preorder: ends one below the other, a move in the middle of what follows it."""
    order = sorted(kept)
    rank = {node: k for k, node in enumerate(order)}
    size = np.ones(len(game.parent), int)
    for node in range(len(game.parent) - 1, 0, -1):
        size[game.parent[node]] += size[node]
    depth, y, below = [0] * len(order), [0.0] * len(order), [[] for _ in order]  # type: list[int], list[float], list[list[int]]
    for k, node in enumerate(order[1:], start=1):
        above = rank[int(game.parent[node])]
        depth[k] = depth[above] + 1
        below[above].append(k)
    row, height = 0, 46 if sum(not b for b in below) <= LINKED else 32
    for k in range(len(order)):
        if not below[k]:
            y[k] = MARGIN + row * height
            row += 1
    for k in reversed(range(len(order))):
        if below[k]:
            y[k] = (y[below[k][0]] + y[below[k][-1]]) / 2
    return [
        Node(
            node,
            rank[int(game.parent[node])] if node else -1,
            MARGIN + depth[k] * COLUMN,
            y[k],
            0 if below[k] or game.infoset[node] < 0 else int(size[node]) - 1,
        )
        for k, node in enumerate(order)
    ]


def _node(game: Game, n: Node, name: str) -> dict[str, Any]:
    mover = int(game.mover[n.node])
    worth = _payoff(game, n.node) if mover < 0 else []
    return {
        "x": n.x,
        "y": n.y,
        "ink": ink(mover) if mover >= 0 else "",
        "chance": mover == CHANCE,
        "end": mover < 0,
        "hidden": f"{n.hidden:,}" if n.hidden else "",
        "label": name,
        "payoffs": [{"ink": ink(k + 1), "value": figure(v)} for k, v in enumerate(worth)],
    }


def _names(found: Solved, drawn: list[Node], linked: bool) -> list[str]:
    """What is written over each drawn node: who moves; where there are no curves, its information set as well."""
    game = found.game
    told = dict(zip(game.personal.tolist(), labels(game), strict=True))
    names = []
    for n in drawn:
        mover, index = int(game.mover[n.node]), int(game.infoset[n.node])
        who = game.players[mover - 1] if mover > CHANCE else ""
        names.append(_short(who if linked or not who else f"{_short(who, 12)} {told[index]}", 22))
    return names


def _payoff(game: Game, node: int) -> list[float]:
    return game.payoffs[int(np.searchsorted(game.terminals, node))].tolist()


def _worth(game: Game, node: int) -> str:
    return "" if game.infoset[node] >= 0 else "  ".join(map(figure, _payoff(game, node)))


def _edge(game: Game, n: Node, above: Node) -> dict[str, Any]:
    bend, flat = above.x + 0.34 * COLUMN, above.x + 0.48 * COLUMN
    action = game.infosets[game.infoset[above.node]].actions[game.branch[n.node]]
    return {
        "path": f"M{above.x:g} {above.y:g}C{bend:g} {above.y:g} {bend:g} {n.y:g} {flat:g} {n.y:g}H{n.x:g}",
        "x": above.x + 0.5 * COLUMN,
        "y": n.y - 6,
        "action": _short(action, 14),
        "full": action,
        "ink": ink(int(game.mover[above.node])),
    }


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _links(game: Game, drawn: list[Node]) -> list[dict[str, Any]]:
    """Curves between drawn nodes of one information set."""
    last: dict[int, Node] = {}
    found = []
    for n in sorted((n for n in drawn if game.mover[n.node] > CHANCE), key=lambda n: (n.y, n.x)):
        index = int(game.infoset[n.node])
        if index in last:
            a = last[index]
            bow = min(46.0, 10 + abs(n.y - a.y) * 0.12)
            path = f"M{a.x:g} {a.y:g}C{a.x - bow:g} {a.y + 10:g} {n.x - bow:g} {n.y - 10:g} {n.x:g} {n.y:g}"
            found.append({"path": path, "ink": ink(int(game.mover[n.node]))})
        last[index] = n
    return found


def _data(game: Game, drawn: list[Node], steps: list[tuple[float, Any]], panels: list[Any]) -> dict[str, Any]:
    """What the slider needs: the points of the branch; whose probability each drawn branch has."""
    plays = [Play(game, log_profile) for _, log_profile in steps]
    held = [n for n in drawn if n.above >= 0]
    return {
        "precision": [figure(p) for p, _ in steps],
        "pace": [p * quantal.scale(game) for p, _ in steps],
        "choices": [[round(float(x), 5) for x in np.exp(log_profile)] for _, log_profile in steps],
        "values": [[figure(float(v)) for v in play.values] for play in plays],
        "regrets": [[figure(float(v)) for v in play.regret] for play in plays],
        "above": [n.above for n in held],
        "choice": [int(game.choice[n.node]) for n in held],
        "chance": [_chance(game, n.node) for n in held],
        "panels": [list(range(int(game.first[c.rank]), int(game.first[c.rank] + game.sizes[c.rank]))) for c in panels],
    }


def _chance(game: Game, node: int) -> float:
    above = int(game.infoset[game.parent[node]])
    p = game.infosets[above].probabilities
    return max(p[game.branch[node]], TREMBLE) if p else 0.0
