"""One measurement in a process of its own: `python -m benchmarks.measure NAME [NUMBER]` prints one JSON object.

A fresh process knows what a first call costs, and its peak memory is its own.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

Found = dict[str, Any]
CALLS = 5


def peak(core: int) -> Found:
    """The measured peak of one core."""
    from benchmarks import machine

    _pin(core)
    return dict(machine.peak())


def ensemble(worlds: int) -> Found:
    """A run in memory, from the process's birth: start, compilation, run."""
    from detente.lab import ensemble

    scenario = ensemble.load()
    started = _age()
    run = ensemble.run(scenario, worlds=worlds)
    return {
        "worlds": worlds,
        "start": started,
        "compile": run.manifest["seconds"]["compile"],
        "run": run.manifest["seconds"]["run"],
        "total": _age(),
        "worlds_per_second": run.worlds_per_second,
        "devices": run.manifest["devices"],
        "memory": _memory(),
        "code": run.manifest["code_hash"][:12],
        "version": run.manifest["version"],
    }


def disk(worlds: int) -> Found:
    """A run streamed to disk."""
    from detente.lab import ensemble

    with tempfile.TemporaryDirectory(prefix="detente-bench-") as folder:
        began = time.perf_counter()
        run = ensemble.run(worlds=worlds, out=folder)
        seconds = time.perf_counter() - began - run.manifest["seconds"]["compile"]
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    return {
        "worlds": worlds,
        "worlds_per_second": run.worlds_per_second,
        "seconds": seconds,
        "with_tables": worlds / seconds,
        "memory": _memory(),
        "disk": size,
    }


def kernel(_: int) -> Found:
    """The compiled model alone on all cores, results left where they are: its speed, and what it does in a month."""
    import jax
    import jax.numpy as jnp

    from detente import drive, laws
    from detente.lab import ensemble

    block = ensemble.BLOCK
    st, made = _kernel(block, None)
    seconds = _times(lambda: [running.result() for running in _under_way(made)])
    values = laws.tree({name: drawn[jnp.arange(block) % laws.DRAWS] for name, drawn in made.draws.items()})
    opening = jax.jit(lambda v: drive.begin(st, v, block, jnp.float32)).lower(values).compile()
    whole, first = made.call.cost_analysis() or {}, opening.cost_analysis() or {}

    def of_month(key: str) -> float:  # XLA counts the body of the scan once, and the opening before it
        return float(whole.get(key, 0.0) - first.get(key, 0.0)) / block

    reading = _times(lambda: [made.read(running) for running in _under_way(made)])
    batch = block * made.devices
    return {
        "block": block,
        "cores": made.devices,
        "worlds_per_second": batch / min(seconds),
        "read_per_second": batch / min(reading),
        "operations": of_month("flops"),
        "transcendentals": of_month("transcendentals"),
        "bytes": of_month("bytes accessed"),
        "loops": _loops(made.call.as_text()),
        "months": made.settings.months,
        "lanes": ensemble.LANES,
    }


def one(_: int) -> Found:
    """One world from start to end: a block of the smallest size, of which one lane is kept."""
    from detente.lab import ensemble

    _pin(0)
    _, made = _kernel(ensemble.LANES, 1)
    return {"worlds_per_second": 1 / _median(_times(lambda: made.read(made(0)))), "lanes": ensemble.LANES}


def month(_: int) -> Found:
    """One month of one world as one jitted call, as a room with people in it would make it."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    from detente import decisions, drive, laws, noise, scenario, structure
    from detente.lab.ensemble import LANES
    from detente.series import declared

    _pin(0)
    st = structure.structure(scenario.load("coexistence"))
    menu, series = decisions.layout(st), declared(st)
    values = jax.tree.map(lambda v: np.full(LANES, v, np.float32), laws.best(st.scenario))
    keys = noise.world_keys(1, jnp.arange(LANES))

    def step(world: Any, v: laws.Laws, k: jax.Array, when: jax.Array) -> Any:
        return drive.run_month(world, noise.at_month(k, when), v, st, menu, series, when, given=True)

    world = jax.jit(lambda v: drive.begin(st, v, LANES, jnp.float32))(values)
    began = time.perf_counter()
    call = jax.jit(step).lower(world, values, keys, jnp.int32(0)).compile()
    compiled = time.perf_counter() - began
    seconds = []
    for when in range(120):
        began = time.perf_counter()
        world, _trace = jax.block_until_ready(call(world, values, keys, jnp.int32(when)))
        seconds.append(time.perf_counter() - began)
    seconds = sorted(seconds[20:])
    return {"compile": compiled, "median": _median(seconds), "slow": seconds[int(0.95 * len(seconds))]}


def reduced(worlds: int) -> Found:
    """The reduced model in our style and in Mesa, one core each, in the same process."""
    import jax
    import numpy as np

    from benchmarks import reduced, reduced_mesa

    _pin(0)
    many = 1024
    run, keys = reduced.runner(many), reduced.keys(1, 0, many)
    ours = np.asarray(run(keys)[0])
    seconds = _times(lambda: jax.block_until_ready(run(keys)))
    began = time.perf_counter()
    theirs = np.array([reduced_mesa.tension(seed) for seed in range(worlds)]).T
    mesa_seconds = time.perf_counter() - began
    error = np.sqrt(ours[-1].var() / many + theirs[-1].var() / worlds)
    return {
        "ours": many / min(seconds),
        "mesa": worlds / mesa_seconds,
        "mesa_worlds": worlds,
        "our_mean": float(ours[-1].mean()),
        "mesa_mean": float(theirs[-1].mean()),
        "apart": float(abs(ours[-1].mean() - theirs[-1].mean()) / error),
    }


def solve(variants: int) -> Found:
    """The model's ladder at positions drawn anew, solved in one batch, and some of them by Gambit."""
    from benchmarks import crises

    return crises.measure(variants, theirs=variants // 100, seconds=600.0)


MEASURES = {f.__name__: f for f in (peak, ensemble, disk, kernel, one, month, reduced, solve)}


# ---- helpers ----


def _kernel(block: int, devices: int | None) -> tuple[Any, Any]:
    from detente import structure
    from detente.lab import ensemble
    from detente.scenario import MONTHS

    ready = ensemble.prepare(devices)
    st = structure.structure(ensemble.load())
    settings = ensemble.Settings(block * ready, 1, MONTHS, given=True, whole=False, block=block)
    return st, ensemble.Kernel(st, settings, ready)


def _under_way(made: Any) -> list[Any]:
    """A block begun on every core."""
    return [made(core * made.settings.block) for core in range(made.devices)]


def _loops(text: str) -> int | None:
    """Fused loops (and calls of such) that the compiler made of a month: each has a cost of its own.

    The month is the body of the largest loop.
    """
    names = set(re.findall(r"\bwhile\(.*?body=%?([\w.\-]+)", text))
    bodies = (re.search(rf"^%?{re.escape(name)} \(.*?^}}", text, re.M | re.S) for name in names)
    kinds = r" (?:fusion|call|reduce|dot|gather|scatter|sort|copy|concatenate|custom-call)\("
    return max((len(re.findall(kinds, found[0])) for found in bodies if found), default=None)


def _times(call: Any) -> list[float]:
    call()
    found = []
    for _ in range(CALLS):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return found


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _pin(core: int) -> None:
    """Stay on one core: before JAX begins, so that it makes one thread."""
    if hasattr(os, "sched_setaffinity"):
        ours = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {ours[core % len(ours)]})


def _age() -> float:
    """Seconds since this process was born."""
    return time.time() - float(psutil.Process().create_time())


def _memory() -> int:
    """The most memory this process has held, bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text(encoding="utf-8").splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    print(json.dumps(MEASURES[sys.argv[1]](int(sys.argv[2]) if len(sys.argv) > 2 else 0)))
