"""Compiled kernels kept between runs whole, so that a later run neither traces nor compiles.

JAX keeps what its compiler made, but traces a function anew in every process, which for a walk through the months takes
longer than many a question. What is kept here is loaded as it is; it lies in the user's own cache folder, under a name
made of all that decides it, the machine included.
"""

from __future__ import annotations

import contextlib
import gc
import os
import platform
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import platformdirs
from jax.experimental import serialize_executable
from jax.experimental.compilation_cache import compilation_cache

from detente.lab.store import put

HELD = 12
"""Compiled kernels held; the oldest go."""
SWITCH = "jax_enable_compilation_cache"


def cache(name: str) -> Path:
    """A folder of the user's cache, or of the place that JAX's variable for kernels names."""
    named = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    return (Path(named) if named else platformdirs.user_cache_path("detente")) / name


def kept(what: Sequence[str], arguments: Any, results: Any, build: Callable[[], Any]) -> Any:
    """A compiled function of one device: loaded if it was kept, else built and kept.

    what: all that decides it; arguments, results: trees of the shape of a call's and of what it gives. Whatever goes
    wrong in keeping or loading, the function is built.
    """
    machine = platform.node(), _processor(), version("jax"), version("jaxlib")
    place = cache("compiled") / blake2b("\0".join([*what, *machine]).encode(), digest_size=12).hexdigest()
    trees = jax.tree.structure((arguments, {})), jax.tree.structure(results)
    with contextlib.suppress(Exception):
        here = jax.devices("cpu")[:1]
        return serialize_executable.deserialize_and_load(place.read_bytes(), *trees, execution_devices=here)
    with _afresh():
        built = build()
    with contextlib.suppress(Exception):
        content, *found = serialize_executable.serialize(built)
        if tuple(found) == trees:
            place.parent.mkdir(parents=True, exist_ok=True)
            put(place, content)
            drop_old(place.parent, "*", HELD)
    return built


def _processor() -> str:
    """What this machine's processor can do: code made for another may stop on it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8", errors="replace").splitlines() if told.exists() else []
    abilities = next((line for line in lines if line.lower().startswith(("flags", "features"))), platform.processor())
    return f"{platform.machine()} {abilities}"


@contextlib.contextmanager
def _afresh() -> Iterator[None]:
    """Compile past JAX's own cache: what that gives back cannot be kept whole, since parts are loaded only when run.

    Tracing makes millions of objects that all stay: to look through them for garbage would take a sixth of its time.
    """
    used, collects = getattr(jax.config, SWITCH), gc.isenabled()
    jax.config.update(SWITCH, val=False)
    compilation_cache.reset_cache()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
        jax.config.update(SWITCH, used)
        compilation_cache.reset_cache()


def ahead(call: Callable[..., Future[Any]], asked: Sequence[tuple[Any, ...]], devices: int) -> Iterator[Future[Any]]:
    """Calls in their order, begun so early that no device waits; none outlives the loop."""
    begun = deque[Future[Any]]()
    try:
        for arguments in asked:
            begun.append(call(*arguments))
            if len(begun) > devices:
                yield begun.popleft()
        while begun:
            yield begun.popleft()
    finally:
        for running in begun:
            running.cancel()


def drop_old(folder: Path, pattern: str, held: int) -> list[Path]:
    """Remove all files of a pattern but the last ones written; those removed."""
    old = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime)[:-held]
    for path in old:
        path.unlink(missing_ok=True)
    return old
