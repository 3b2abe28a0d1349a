"""Many payoffs on one tree: `detente.games.batch` beside Gambit, in one run.

python -m benchmarks.solve                     a ladder of 62 information sets, 10,000 variants, Gambit on 100 of them
python -m benchmarks.solve GAME.efg --precision 2 --variants 1000 --gambit 10

Both find the agent quantal response equilibrium of the principal branch to the same precision; the largest difference
is printed with the times. Compilation is measured apart. Gambit stops after `--seconds` whatever is left, and the
number of its games is printed.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import machine
from detente.games import batch
from detente.games.normal import Table
from detente.games.tree import Game, Tree
from detente.interop import gambit

TYPES = 2
MOVES = ("press", "hold", "back down")


def ladder(depth: int) -> Game:
    """A crisis of a fixed number of moves in turn: private resolve in two types, backing down ends it."""
    pairs = [(i, j) for i in range(TYPES) for j in range(TYPES)]
    tree = Tree("ladder", ["challenger", "defender"])
    level = [("", tree.chance({f"{i}{j}": 1 / len(pairs) for i, j in pairs}))]
    for turn in range(depth):
        fresh = []
        for past, nodes in level:
            after = _move(tree, turn, past, nodes, pairs)
            for node in after[-1]:
                tree.end(node, 0.0, 0.0)
            fresh += [(f"{past}{move[0]}", ends) for move, ends in zip(MOVES[:-1], after[:-1], strict=True)]
        level = fresh
    for _, nodes in level:
        for node in nodes:
            tree.end(node, 0.0, 0.0)
    return tree.game()


def _move(tree: Tree, turn: int, past: str, nodes: list[int], pairs: list[tuple[int, int]]) -> list[list[int]]:
    after = [[-1] * len(pairs) for _ in MOVES]
    for kind in range(TYPES):
        held = [k for k, pair in enumerate(pairs) if pair[turn % 2] == kind]
        ends = tree.move(tree.players[turn % 2], [nodes[k] for k in held], MOVES, f"{past}/{kind}")
        for row, new in zip(after, ends, strict=True):
            for k, node in zip(held, new, strict=True):
                row[k] = node
    return after


def measure(game: Game, payoffs: NDArray[Any], precision: float, theirs: int, seconds: float) -> dict[str, Any]:
    """Times a game of both, and how far they are apart."""
    begun = time.perf_counter()
    batch.solve(game, payoffs[: batch.CHUNK], precision)
    compiled = time.perf_counter()
    found = batch.solve(game, payoffs, precision)
    ours = (time.perf_counter() - compiled) / len(payoffs)
    apart, times = _gambit(game, payoffs, precision, found, theirs, seconds)
    mean = float(np.mean(times))
    return {
        "machine": machine.describe(),
        "information_sets": len(game.sizes),
        "choices": len(game.owner),
        "nodes": len(game.parent),
        "precision": precision,
        "variants": len(payoffs),
        "first_chunk_with_compilation_seconds": compiled - begun,
        "seconds_a_game": ours,
        "residual": float(found.residual.max()),
        "converged": int(found.converged.sum()),
        "branch_turned": int(found.turned.sum()),
        "gambit_games": len(times),
        "gambit_seconds_a_game": mean,
        "times_faster": mean / ours,
        "times_faster_with_compilation": mean * len(payoffs) / (ours * len(payoffs) + compiled - begun),
        "largest_difference": apart,
    }


def _gambit(
    game: Game, payoffs: NDArray[Any], precision: float, found: batch.Solutions, count: int, seconds: float
) -> tuple[float, list[float]]:
    import pygambit  # type: ignore[import-untyped]

    picked = np.random.default_rng(1).permutation(len(payoffs))[:count]
    apart, times = 0.0, []
    for k in picked:
        theirs = pygambit.read_efg(io.StringIO(gambit.write(game.paid(payoffs[k]))))
        begun = time.perf_counter()
        told = pygambit.qre.logit_solve_lambda(theirs, precision)
        times.append(time.perf_counter() - begun)
        told = told[0] if isinstance(told, list) else told
        apart = max(apart, max(abs(told[i] - p) for i, p in enumerate(found.probabilities[k])))
        if sum(times) > seconds:
            break
    return apart, times


def main() -> None:
    """The command."""
    said = argparse.ArgumentParser(prog="python -m benchmarks.solve", description=(__doc__ or "").split("\n")[0])
    said.add_argument("game", nargs="?", type=Path, help="a tree in Gambit's format; without it, a ladder")
    said.add_argument("--depth", type=int, default=5, help="moves of the ladder")
    said.add_argument("--precision", type=float, default=1.0, help="per unit of payoff")
    said.add_argument("--variants", type=int, default=10_000, help="games with payoffs drawn anew")
    said.add_argument("--gambit", type=int, default=100, help="how many of them Gambit solves too")
    said.add_argument("--seconds", type=float, default=3600.0, help="when Gambit stops, whatever is left")
    asked = said.parse_args()
    read = gambit.read(asked.game) if asked.game else ladder(asked.depth)
    game = read.tree if isinstance(read, Table) else read
    found = measure(game, varied(game, asked.variants), asked.precision, asked.gambit, asked.seconds)
    print(json.dumps(found, indent=2))


def varied(game: Game, variants: int) -> NDArray[Any]:
    """Payoffs of a game drawn anew, [variant, ...]."""
    noise = np.random.default_rng(0).normal(size=(variants, *game.payoffs.shape))
    return np.asarray(game.payoffs + noise * (game.payoffs.std() or 1.0))


if __name__ == "__main__":
    main()
