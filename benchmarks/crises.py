"""The model's own ladder at many payoffs, beside Gambit: `python -m benchmarks.crises [VARIANTS [GAMBIT]]`.

Positions are drawn at random over their ranges, payoffs and precision are those of the medians of the laws. Ours are
solved in double precision in one batch on all cores; Gambit follows the principal branch of the same game, written out
with private resolve, to the same precision, one after the other.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

STRIP = 16
"""Ladders that are iterated together, as in a month."""
SETTLED = 1e-9


def measure(variants: int, theirs: int, seconds: float) -> dict[str, Any]:
    """Times a ladder of both, and how far strategies are apart."""
    import jax

    jax.config.update("jax_enable_x64", val=True)
    from detente import laws
    from detente.lab import ensemble
    from detente.ladder import quantal
    from detente.ladder.stakes import payoffs

    best = jax.tree.map(np.float64, laws.best(ensemble.load()).ladder)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    part = -(-variants // (cores * STRIP)) * STRIP
    drawn = _positions(part * cores)
    precision = float(best.quantal.precision)
    spread = jax.tree.map(lambda c: np.broadcast_to(c, (part * cores,)), best)
    paid = jax.jit(lambda x: payoffs(x, laws.Laws(ladder=spread)))(drawn)

    def solve(x: Any) -> Any:
        strips = jax.tree.map(lambda a: np.moveaxis(a.reshape(*a.shape[:-1], -1, STRIP), -2, 0), x)
        return jax.lax.map(lambda one: quantal.solve(one, np.full(STRIP, precision), quantal.EXACT), strips)

    def half(core: int) -> Any:
        return jax.tree.map(lambda a: np.asarray(a)[..., core * part : (core + 1) * part], paid)

    begun = time.perf_counter()
    call = jax.jit(solve).lower(half(0)).compile()
    compiled = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        found = list(pool.map(lambda core: jax.block_until_ready(call(half(core))), range(cores)))
    ours = (time.perf_counter() - compiled) / (part * cores)
    solution = jax.tree.map(lambda *a: np.concatenate([_last(one) for one in a], axis=-1), *found)
    whole = (solution.residual <= SETTLED) & (solution.share > 0.999)
    apart, times = _gambit(paid, precision, solution, np.flatnonzero(whole), theirs, seconds)
    return {
        "variants": part * cores,
        "information_sets": 2 * sum(2 * 3**d for d in range(4)),
        "precision": precision,
        "settled": int(whole.sum()),
        "largest_residual": float(solution.residual[whole].max()),
        "compile": compiled - begun,
        "seconds_a_game": ours,
        "gambit_games": len(times),
        "gambit_seconds_a_game": float(np.mean(times)),
        "times_faster": float(np.mean(times)) / ours,
        "largest_difference": max(apart),
        "elsewhere": int((np.array(apart) > 1e-5).sum()),
    }


def _positions(count: int) -> Any:
    from detente.ladder.stakes import Positions

    rng = np.random.default_rng(1)

    def pair(low: float, high: float) -> tuple[Any, Any]:
        return rng.uniform(low, high, count), rng.uniform(low, high, count)

    return Positions(
        stake=pair(0.1, 1.0),
        favour=pair(-0.5, 0.5),
        audience=pair(0.0, 1.0),
        side_payment=pair(0.0, 1.0),
        resolve=pair(0.05, 0.95),
        safety=rng.uniform(0.5, 1.0, count),
        rung=rng.uniform(1.0, 4.0, count),
    )


def _last(x: Any) -> Any:
    """Strips put side by side again, the last axis."""
    a = np.moveaxis(np.asarray(x), 0, -2)
    return a.reshape(*a.shape[:-2], -1)


def _gambit(x: Any, precision: float, solution: Any, settled: Any, count: int, seconds: float) -> Any:
    import pygambit  # type: ignore[import-untyped]

    from detente.interop import gambit
    from detente.ladder.game import game

    apart, times = [], []
    for k in np.random.default_rng(2).permutation(settled)[:count]:
        own = game(x, world=int(k))
        theirs = pygambit.read_efg(io.StringIO(gambit.write(own)))
        begun = time.perf_counter()
        told = pygambit.qre.logit_solve_lambda(theirs, precision)
        times.append(time.perf_counter() - begun)
        told = told[0] if isinstance(told, list) else told
        apart.append(max(abs(told[i] - p) for i, p in enumerate(_profile(own, solution, int(k)))))
        if sum(times) > seconds:
            break
    return apart, times


def _profile(own: Any, solution: Any, one: int) -> list[float]:
    """Our strategies in the order of the game's choices."""
    from detente.ladder.game import OWN
    from detente.ladder.tree import MOVES

    refused = OWN.refused.format(play=OWN.plays[2])
    goes_on = (OWN.plays[0], OWN.plays[1], refused)
    found: dict[str, list[float]] = {}
    for depth in range(MOVES):
        for node in range(3**depth):
            digits = [node // 3 ** (depth - 1 - n) % 3 for n in range(depth)]
            after = OWN.after.format(plays=", ".join(goes_on[d] for d in digits)) if depth else ""
            for kind, name in enumerate(OWN.types):
                strategy = solution.strategies[depth]
                yes = float(strategy.yes[kind, node, one])
                found[f"{name}, {after or OWN.first}"] = [float(p) for p in strategy.play[kind, :, node, one]]
                found[f"{name}, {' '.join(filter(None, [OWN.offered, after]))}"] = [yes, 1.0 - yes]
    return [p for index in own.personal for p in found[own.infosets[index].label]]


if __name__ == "__main__":
    asked = [int(word) for word in sys.argv[1:]]
    print(json.dumps(measure(*(asked + [10_000, 100][len(asked) :]), seconds=600.0), indent=2))
