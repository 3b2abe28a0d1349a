"""The machine: what it is, and the most arithmetic it does when nothing but arithmetic is asked of it."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import psutil  # type: ignore[import-untyped]

PACKAGES = ("jax", "jaxlib", "numpy", "mesa")
REPEATS = 15
STEPS = 2000
UNROLLED = 8


def cores() -> list[int]:
    """Processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def describe() -> dict[str, Any]:
    """Processor, cores, memory, versions; nothing that names the machine or its owner."""
    return {
        "processor": _processor(),
        "vectors": _vectors(),
        "cores": len(cores()),
        "l2": _l2(),
        "memory": psutil.virtual_memory().total,
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "busy": busy(),
    }


def busy(seconds: float = 2.0) -> float:
    """Share of the processor that others use, 0 to 1: asked while we do nothing."""
    return float(psutil.cpu_percent(interval=seconds)) / 100


def _processor() -> str:
    fields = _cpuinfo()
    name = fields.get("model name") or platform.processor() or platform.machine()
    if "cpu family" not in fields:
        return name
    return f"{name}, family {fields['cpu family']}, model {fields.get('model', '?')}"


def _vectors() -> str:
    flags = _cpuinfo().get("flags", "").split()
    return next((shown for flag, shown in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if flag in flags), "unknown")


def _cpuinfo() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    first = path.read_text(encoding="utf-8").split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _l2() -> str:
    path = Path("/sys/devices/system/cpu/cpu0/cache/index2/size")
    size = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    return f"{int(size[:-1]):,} KiB".replace(",", " ") if size.endswith("K") else "unknown"


# ---- the measured peak of the core that this process is pinned to ----


def peak() -> dict[str, float]:
    """Operations a second, float32, with all data in cache; an FMA counts as two. The best of two ways each."""
    return {
        "fma_jax": max(_jax_fma(lanes) for lanes in (512, 1024, 2048)),
        "fma_numpy": max(_numpy_fma(side) for side in (256, 384)),
        "exp_jax": max(_jax_exp(lanes) for lanes in (1024, 4096)),
        "exp_numpy": max(_numpy_exp(lanes) for lanes in (1024, 4096)),
    }


def _best(call: Callable[[], object]) -> float:
    """Shortest of many: what disturbs a measurement only ever makes it longer."""
    call()
    found = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return min(found)


def _jax_fma(lanes: int) -> float:
    import jax

    def steps(_: int, x: jax.Array) -> jax.Array:
        for _ in range(UNROLLED):
            x = x * np.float32(0.999) + np.float32(0.001)
        return x

    chain = jax.jit(lambda x: jax.lax.fori_loop(0, STEPS, steps, x))
    start = jax.numpy.ones(lanes, jax.numpy.float32)
    return 2 * UNROLLED * STEPS * lanes / _best(lambda: chain(start).block_until_ready())


def _jax_exp(lanes: int) -> float:
    import jax

    chain = jax.jit(lambda x: jax.lax.fori_loop(0, STEPS, lambda _, y: jax.numpy.exp(np.float32(-0.5) * y), x))
    start = jax.numpy.ones(lanes, jax.numpy.float32)
    return STEPS * lanes / _best(lambda: chain(start).block_until_ready())


def _numpy_fma(side: int) -> float:
    """A product of matrices that fit in L2: the library's kernels are written for this processor by hand."""
    a = np.random.default_rng(1).random((side, side), dtype=np.float32)
    out = np.empty_like(a)
    return 2 * side**3 / _best(lambda: np.dot(a, a, out=out))


def _numpy_exp(lanes: int) -> float:
    a = np.linspace(-1, 1, lanes, dtype=np.float32)
    out = np.empty_like(a)

    def many() -> None:
        for _ in range(100):
            np.exp(a, out=out)

    return 100 * lanes / _best(many)
