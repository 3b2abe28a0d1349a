"""Random positions of a ladder, its laws spread over them, and the same game written out as a tree."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from detente.games.tree import Game, Tree
from detente.ladder.quantal import Solution
from detente.ladder.stakes import Payoffs, Positions
from detente.ladder.tree import PLAYS, Line, climbed, mover
from detente.laws import Laws

WIDTH = 128
"""Ladders solved at a time in these tests."""
SIDES = ("challenger", "defender")


def drawn(seed: int, size: int = WIDTH, dtype: Any = np.float64) -> Positions:
    """Positions all over the range that a World may come to."""
    rng = np.random.default_rng(seed)

    def draw(low: float, high: float) -> Any:
        return jnp.asarray(rng.uniform(low, high, size), dtype)

    def pair(low: float, high: float) -> Any:
        return draw(low, high), draw(low, high)

    return Positions(
        stake=pair(0.2, 1.0),
        favour=pair(-0.8, 0.8),
        audience=pair(0.0, 1.2),
        side_payment=pair(0.0, 1.0),
        resolve=pair(0.05, 0.95),
        safety=draw(0.5, 1.0),
        rung=jnp.asarray(rng.integers(1, 5, size), dtype),
    )


def spread(laws: Laws, size: int = WIDTH, dtype: Any = np.float64) -> Laws:
    """The laws of the ladder, one copy a ladder."""
    copied: Laws = jax.tree.map(lambda c: jnp.full(size, c, dtype), laws.ladder)
    return Laws(ladder=copied)


def written_out(  # noqa: C901 -- the branches of one tree
    x: Payoffs, one: int, moves: int, lines: tuple[Line, ...]
) -> tuple[Game, list[int], dict[str, tuple[int, int, int]]]:
    """One of the ladders as a general game: nature draws both types, and may let any move slip into war.

    Also the line that each ending of the game belongs to, and where the choices of each information set stand in a
    `Strategy`: (depth, type, node), by its label.
    """
    place = {line: n for n, line in enumerate((line.plays, line.end) for line in lines)}
    tree = Tree("ladder", SIDES)
    prior = [np.asarray(p)[:, one] for p in x.prior]
    types = [(a, b) for a in (0, 1) for b in (0, 1)]
    roots = tree.chance({f"{a}{b}": float(prior[0][a] * prior[1][b]) for a, b in types})
    label_of: dict[str, tuple[int, int, int]] = {}
    risk = np.asarray(x.risk)[:, one]

    def ends(nodes: list[int], line: tuple[tuple[str, ...], str], pay: Any) -> None:
        for node, (a, b) in zip(nodes, types, strict=True):
            tree.end(node, *pay(a, b), label=str(place[line]))

    def ask(side: int, nodes: list[int], actions: tuple[str, ...], label: str) -> list[list[int]]:
        """A side chooses, each of its types not knowing the other's: for each action, nodes in the order of types."""
        after = [[-1] * len(nodes) for _ in actions]
        for own in (0, 1):
            here = [k for k, pair in enumerate(types) if pair[side] == own]
            found = tree.move(SIDES[side], [nodes[k] for k in here], list(actions), f"{label}{own}")
            for action, places in enumerate(found):
                for k, node in zip(here, places, strict=True):
                    after[action][k] = node
        return after

    def slip(nodes: list[int], depth: int, node: int, plays: tuple[str, ...]) -> None:
        p = float(risk[climbed(depth)[node]])
        halves = [tree.chance({"war": p, "on": 1.0 - p}, n) for n in nodes]
        ends([h[0] for h in halves], (plays, "war"), lambda a, b: [float(w[one]) for w in x.war])
        grow([h[1] for h in halves], depth, node, plays)

    def grow(nodes: list[int], depth: int, node: int, plays: tuple[str, ...]) -> None:
        count = int(climbed(depth)[node])
        if depth == moves:
            ends(nodes, (plays, "hold"), lambda a, b: [float(h[count, one]) for h in x.held])
            return
        side, at = mover(depth), f"{depth}.{node}."
        for own in (0, 1):
            label_of[f"{at}play{own}"] = label_of[f"{at}reply{own}"] = (depth, own, node)
        press, hold, offer, back = ask(side, nodes, PLAYS, f"{at}play")
        slip(press, depth + 1, 3 * node, (*plays, "press"))
        slip(hold, depth + 1, 3 * node + 1, (*plays, "hold"))
        yes, no = ask(1 - side, offer, ("yes", "no"), f"{at}reply")
        ends(yes, ((*plays, "offer"), "settled"), lambda a, b: (x.settled[0][a, one], x.settled[1][b, one]))
        slip(no, depth + 1, 3 * node + 2, (*plays, "offer"))
        lost = x.backs[side]
        ends(
            back,
            ((*plays, "back-down"), f"{SIDES[side]}-backs-down"),
            lambda a, b: (lost[0][a, count, one], lost[1][b, count, one]),
        )

    grow(list(roots), 0, 0, ())
    game = tree.game()
    line = [int(game.outcomes[game.outcome[node]].label) for node in game.terminals]
    return game, line, label_of


def as_profile(game: Game, label_of: dict[str, tuple[int, int, int]], found: Solution, one: int = 0) -> np.ndarray:
    """The strategies of a solved ladder in the order of the game's choices, [choice]."""
    out: list[float] = []
    for index in game.personal:
        label = game.infosets[index].label
        depth, own, node = label_of[label]
        strategy = found.strategies[depth]
        if "play" in label:
            out += [float(p) for p in strategy.play[own, :, node, one]]
        else:
            yes = float(strategy.yes[own, node, one])
            out += [yes, 1.0 - yes]
    return np.array(out)
