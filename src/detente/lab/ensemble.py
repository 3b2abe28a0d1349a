"""Ensembles: many worlds of one scenario, each a pure function of (scenario, draws of the laws, seed, world's number).

World k takes draw k mod 64 of the laws and luck addressed by (seed, k, month, name), so it is the same in an ensemble
of ten and of ten thousand, in any block, on any number of devices, in memory and on disk, after a kill or without one.

Blocks of 64 worlds run side by side, one a processor core, through one compiled kernel. Compiled kernels are kept
between runs in the user's cache folder (`platformdirs.user_cache_path("detente")`, or wherever
`JAX_COMPILATION_CACHE_DIR` points), so only the first run of a version on a machine waits for the compiler.
"""

from __future__ import annotations

import inspect
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import platformdirs
import xarray as xr
from numpy.typing import NDArray

from detente import answers, decisions, drive, laws, nature, noise, scenario, structure
from detente.lab import compiled, events, store
from detente.lab.store import CHUNK, WORLD, Arrays, Folder, Memory, Result, RunError
from detente.lab.tables import alive
from detente.scenario import MONTHS, SLOTS, Scenario, home_of, month_name, parse_month
from detente.series import Series, declared
from detente.structure import Structure
from detente.world import AXES, World, opening

BLOCK = 64
"""Worlds that one core computes at once."""
LANES = 64
"""Worlds that the compiled month holds at once; a block is padded to a multiple of it and worked off in such strips.

One shape for all blocks: matrix products and fused loops of another shape may round otherwise in the last bit.
"""
MEMORY = 2**29
"""Bytes of results that a run without a folder keeps in memory; a larger one goes to a temporary folder."""
WHOLE = 0.999
"""A precision below this share of the law's was lowered; above it the two differ by rounding."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

Progress = Callable[[int, int], None]
"""Told (worlds finished, worlds asked for): once before the kernel is compiled, then after every block."""


@dataclass
class Ensemble:
    """The worlds of one run and what can be asked of them."""

    scenario: Scenario
    structure: Structure
    seed: int
    worlds: int
    months: int
    series: xr.Dataset
    moves: Any
    trace: dict[str, Any]
    digest: str
    manifest: dict[str, Any]
    path: Path | None = None
    holder: Any = field(default=None, repr=False)

    @property
    def worlds_per_second(self) -> float:
        """Speed of the run, its compilation apart."""
        return float(self.manifest.get("worlds_per_second") or 0.0)

    @property
    def month_names(self) -> list[str]:
        """The months of the run, `1953-01` first."""
        return [month_name(m) for m in range(self.months)]

    def pieces(self) -> Iterator[Arrays]:
        """Moves and trace of some worlds after the other, world first: memory does not grow with worlds."""
        for first in range(0, self.worlds, CHUNK):
            cut = slice(first, first + CHUNK)
            named = {"moves": self.moves} | self.trace
            yield {name: np.asarray(array[cut]) for name, array in named.items()}

    def events(self) -> list[dict[str, str | float]]:
        """Every entry of the chronicle: its id, and the share of worlds in which its kind happens in its window."""
        return events.shares(self.structure, self.months, self.pieces())

    @cached_property
    def solving(self) -> dict[str, float]:
        """How well the crises of the run were solved: their number, worst residual, share at a lower precision.

        A crisis carried into another month is solved and counted anew. Precision is lowered where the iteration does
        not settle at the law's. Empty for runs kept before this was recorded.
        """
        if "residual" not in self.trace:
            return {}
        solved, lowered, residual = 0, 0, 0.0
        for piece in self.pieces():
            open_ = piece["ladder"] >= 0
            solved += int(open_.sum())
            lowered += int((open_ & (piece["precision"] < WHOLE)).sum())
            residual = max(residual, float(piece["residual"].max(initial=0.0)))
        return {"solved": solved, "largest_residual": residual, "lower_precision": lowered / max(solved, 1)}

    @cached_property
    def alive(self) -> NDArray[np.bool_]:
        """Where a world still goes on, [world, month]; months after war are left out of all quantiles."""
        chunks = range(0, self.worlds, CHUNK)
        return np.concatenate([alive(np.asarray(self.trace["ladder"][k : k + CHUNK])) for k in chunks])

    def values(self, name: str) -> NDArray[np.float32]:
        """One named series of all worlds, [world, month]."""
        return np.asarray(self.series[name].values)

    def bands(self, names: Sequence[str], quantiles: Sequence[float] = QUANTILES) -> NDArray[np.float64]:
        """Quantiles over worlds, [quantile, series, month]; months after war are left out."""
        return np.stack([_bands(self.values(name), self.alive, quantiles) for name in names], axis=1)

    def quantiles(self) -> dict[str, dict[str, Any]]:
        """Every series: months, median, 5 % and 95 % quantiles over worlds (None where no world is left)."""
        out: dict[str, dict[str, Any]] = {}
        for name in map(str, self.series.data_vars):
            low, median, high = ([_plain(x) for x in band] for band in self.bands([name], (0.05, 0.5, 0.95))[:, 0])
            out[name] = {"month": self.month_names, "median": median, "low": low, "high": high}
        return out


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _bands(values: NDArray[Any], lives: NDArray[np.bool_], quantiles: Sequence[float]) -> NDArray[np.float64]:
    """Quantiles over the worlds that live, by month: linear between order statistics."""
    ordered = np.sort(np.where(lives, values, np.float32(np.nan)), axis=0)  # those left out come last
    at = np.asarray(quantiles)[:, None] * np.maximum(lives.sum(axis=0) - 1, 0)
    low = np.floor(at).astype(int)
    high = np.ceil(at).astype(int)
    month = np.arange(values.shape[1])
    one, two = ordered[low, month].astype(np.float64), ordered[high, month].astype(np.float64)
    return np.asarray(one + (two - one) * (at - low))


# ---- the kernel ----


def prepare(devices: int | None = None) -> int:
    """Make the cache of compiled kernels ready; how many blocks are computed side by side: so many, or one a core."""
    if not getattr(jax.config, "jax_compilation_cache_dir", None):
        jax.config.update("jax_compilation_cache_dir", str(platformdirs.user_cache_path("detente") / "kernels"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 1.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    return devices or _cores()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


Lane = Callable[[laws.Laws, jax.Array], Any]


def _with_worlds(st: Structure, series: Series, months: int, given: bool) -> Lane:
    """As `drive.runner`, with the whole World of every month beside the trace."""
    menu = decisions.layout(st)

    def block(values: laws.Laws, keys: jax.Array) -> tuple[drive.Trace, World]:
        start = drive.begin(st, values, keys.shape[0], jnp.float32)

        def one(world: World, when: jax.Array) -> tuple[World, tuple[drive.Trace, World]]:
            luck = noise.at_month(keys, when)
            new, trace = drive.run_month(world, luck, values, st, menu, series, when, given)
            return new, (trace, new)

        found: tuple[drive.Trace, World] = jax.lax.scan(one, start, jnp.arange(months))[1]
        return found

    return block


def _strips(lane: Lane) -> Lane:
    """The same function, worked off in strips of LANES worlds."""

    def block(values: laws.Laws, keys: jax.Array) -> Any:
        strips = keys.shape[0] // LANES
        cut = (
            jax.tree.map(lambda x: jnp.moveaxis(x.reshape(*x.shape[:-1], strips, LANES), -2, 0), values),
            keys.reshape(strips, LANES, -1),
        )
        found = jax.lax.map(lambda strip: lane(*strip), cut)
        return jax.tree.map(lambda x: jnp.moveaxis(x, 0, -2).reshape(*x.shape[1:-1], -1), found)

    return block


def _outline(st: Structure, whole: bool) -> Any:
    """The tree of what a kernel gives, without tracing it."""
    trace = drive.Trace(*drive.Trace._fields)  # type: ignore[arg-type]
    return (trace, jax.eval_shape(lambda: opening(st, 1))) if whole else trace


class Kernel:
    """The compiled model: from the number of a first world to the traces of a block of worlds.

    Calls return at once; as many blocks as there are `devices` are computed at a time, the others wait their turn.
    """

    def __init__(self, st: Structure, settings: Settings, devices: int) -> None:
        self.settings, self.devices = settings, devices
        # worlds beyond the block are computed and dropped
        self.numbers = np.arange(-(-settings.block // LANES) * LANES)
        self.draws = {name: v.astype(np.float32) for name, v in laws.draw(st.scenario, settings.seed).items()}
        self.keys: Any = jax.jit(lambda numbers: noise.world_keys(settings.seed, numbers))
        lane = _with_worlds if settings.whole else drive.runner
        arguments = self._arguments(0)

        def build() -> Any:
            months: Any = _strips(lane(st, declared(st), settings.months, settings.given))
            return jax.jit(months).lower(*arguments).compile()

        told = describe(st.scenario, settings)
        what = [
            str(told[key]) for key in ("scenario_hash", "laws_hash", "code_hash", "months", "nature", "keep", "block")
        ]
        self.call: Any = compiled.kept(["run", _here(), *what], arguments, _outline(st, settings.whole), build)
        self.pool = ThreadPoolExecutor(devices, "worlds")

    def _arguments(self, first: int) -> tuple[laws.Laws, jax.Array]:
        """Laws and keys of the worlds from one on."""
        numbers = first + self.numbers
        values = {name: drawn[numbers % laws.DRAWS] for name, drawn in self.draws.items()}
        return laws.tree(values), self.keys(jnp.asarray(numbers, jnp.int32))

    def __call__(self, first: int) -> Future[Any]:
        """Begin to compute; the result is waited for when it is read."""
        return self.pool.submit(lambda: jax.block_until_ready(self.call(*self._arguments(first))))

    def read(self, running: Future[Any]) -> Arrays:
        """The result on the host, the world axis first."""
        trace, world = running.result() if self.settings.whole else (running.result(), None)
        named = trace._asdict()
        for path in AXES if world is not None else ():
            value: Any = world
            for part in path.split("."):
                value = getattr(value, part)
            named[WORLD + path] = value
        return {name: _world_first(np.asarray(value))[: self.settings.block] for name, value in named.items()}


def _world_first(array: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(np.moveaxis(array, -1, 0))


# ---- settings and size ----


class Settings(NamedTuple):
    """What decides every number of a run, and how it is cut."""

    worlds: int
    seed: int
    months: int
    given: bool
    whole: bool
    block: int


def _settings(worlds: int, seed: int, until: str, nature: str, keep: str | None, block: int) -> Settings:
    if worlds < 1:
        raise RunError(f"worlds = {worlds}: ask for at least one world.")
    if not 0 <= seed < 2**31:
        raise RunError(f"seed = {seed}: a seed lies between 0 and {2**31 - 1}.")
    if nature not in ("given", "drawn"):
        raise RunError(f"nature = '{nature}': it is 'given' or 'drawn'.")
    if keep not in (None, "world"):
        raise RunError(f"keep = '{keep}': only 'world' can be kept besides moves and series.")
    if block < 8:
        raise RunError(f"block = {block}: a block holds at least 8 worlds.")
    try:
        months = parse_month(until) + 1
    except ValueError as error:
        raise RunError(f"until: {error}.") from None
    return Settings(worlds, seed, months, nature == "given", keep == "world", block)


def bytes_in_memory(st: Structure, worlds: int, months: int = MONTHS) -> int:
    """Bytes that moves, trace and series of so many worlds take in memory (on disk about a quarter)."""
    deciders, ladders = len(st.deciders), len(st.showdown)
    small = len(answers.consent_rows(st)) + len(nature.names(st).all) + deciders + 2 * len(st.issues) + 2 * ladders
    small += len(nature.secret_pairs(st)[0]) + 8 * ladders  # how well they were solved, two floats each
    return worlds * months * (small + 2 * SLOTS * deciders + 4 * len(st.scenario.series))


def bytes_of_worlds(st: Structure, worlds: int, months: int = MONTHS) -> int:
    """Bytes that `keep="world"` adds before compression: say it before such a run begins."""
    one = jax.eval_shape(lambda: opening(st, 1))
    return worlds * months * 4 * sum(int(math.prod(leaf.shape)) for leaf in jax.tree.leaves(one))


def _hash(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def code() -> str:
    """A hash of the modules that decide a run's numbers."""
    root = Path(inspect.getfile(scenario)).parent
    apart = ("lab", "report", "room", "interop", "scenarios")
    files = [p for p in sorted(root.rglob("*.py")) if p.relative_to(root).parts[0].removesuffix(".py") not in apart]
    mine = [p for p in files if p.relative_to(root).parts[0] not in ("__init__.py", "__main__.py", "cli.py")]
    return _hash("\0".join(f"{p.relative_to(root).as_posix()}\0{p.read_text(encoding='utf-8')}" for p in mine))


def _here() -> str:
    """A hash of this module, which cuts worlds into strips and is no part of what decides their numbers."""
    return _hash(Path(__file__).read_text(encoding="utf-8"))


def _name(sc: Scenario) -> str:
    """How the scenario is loaded again: its name if it is shipped, else its folder."""
    try:
        shipped = home_of(sc.name) == Path(sc.root)
    except scenario.ScenarioError:
        shipped = False
    return sc.name if shipped else sc.root


def describe(sc: Scenario, settings: Settings) -> dict[str, Any]:
    """The manifest of a run that has not begun: everything from which it can be repeated."""
    return {
        "version": version("detente"),
        "scenario": _name(sc),
        "scenario_hash": _hash(sc.model_dump_json(exclude={"chronicle", "laws", "root", "sources", "crises"})),
        "laws_hash": _hash(repr(sorted((n, laws.coefficient(sc, n)) for n in laws.names(sc)))),
        "code_hash": code(),
        "packages": {name: version(name) for name in ("jax", "jaxlib", "numpy", "scipy")},
        "seed": settings.seed,
        "worlds": settings.worlds,
        "months": settings.months,
        "until": month_name(settings.months - 1),
        "nature": "given" if settings.given else "drawn",
        "keep": "world" if settings.whole else None,
        "block": settings.block,
        "digest": None,
    }


# ---- the run ----


def run(
    scenario: Scenario | str = "coexistence",
    worlds: int = 1000,
    seed: int = 1,
    until: str = "1964-12",
    nature: str = "given",
    out: str | Path | None = None,
    keep: str | None = None,
    progress: Progress | None = None,
    devices: int | None = None,
    block: int = BLOCK,
) -> Ensemble:
    """Run an ensemble.

    Without `out` the results stay in memory up to `MEMORY` bytes and go to a temporary folder beyond, which is removed
    with the Ensemble. With `out` every finished block is written at once, and the same call after a kill or Ctrl-C
    goes on where it stopped. `keep="world"` also keeps every array of the World (`bytes_of_worlds` says how much that
    is). The digest depends on none of `out`, `keep`, `devices` and `block`.
    """
    sc = load(scenario) if isinstance(scenario, str) else scenario
    st = structure.structure(sc)
    settings = _settings(worlds, seed, until, nature, keep, block)
    manifest = describe(sc, settings)
    holder = None
    path = Path(out) if out is not None else None
    if path is None and (settings.whole or bytes_in_memory(st, worlds, settings.months) > MEMORY):
        holder = tempfile.TemporaryDirectory(prefix="detente-")
    kept = path or (Path(holder.name) if holder else None)
    place: Memory | Folder
    if kept is None:
        place = Memory(st, worlds, settings.months, tuple(sc.series))
    else:
        manifest = store.claim(kept, manifest)
        settings = settings._replace(block=manifest["block"])
        place = Folder(st, kept, manifest, tuple(sc.series))
    missing = place.missing(settings.block)
    if missing:
        manifest |= _compute(st, settings, devices, missing, place, progress)
    elif progress:
        progress(worlds, worlds)
    return _ensemble(st, settings, manifest, place.finish(), kept, holder)


def load(name: str = "coexistence") -> Scenario:
    """Read and check a scenario, shipped or in a folder."""
    return scenario.load(name)


def _ensemble(
    st: Structure, settings: Settings, manifest: dict[str, Any], result: Result, path: Path | None, holder: Any = None
) -> Ensemble:
    manifest["digest"] = result.digest
    found = Ensemble(
        st.scenario,
        st,
        settings.seed,
        settings.worlds,
        settings.months,
        result.series,
        result.moves,
        result.trace,
        result.digest,
        manifest,
        path,
        holder,
    )
    if "ladders" not in manifest and "residual" in result.trace:
        manifest["ladders"] = found.solving
        if path is not None:
            with store.writing(path):
                store.note(path, manifest)
    return found


def _compute(
    st: Structure,
    settings: Settings,
    devices: int | None,
    missing: list[int],
    place: Memory | Folder,
    progress: Progress | None,
) -> dict[str, Any]:
    """Compute the missing blocks and put each away; how fast that was."""
    told = settings.worlds - sum(min(settings.block, settings.worlds - first) for first in missing)
    if progress:
        progress(told, settings.worlds)
    began = time.perf_counter()
    side_by_side = min(prepare(devices), len(missing))
    kernel = Kernel(st, settings, side_by_side)
    made = time.perf_counter()
    done = 0
    for first, arrays in _blocks(kernel, settings, missing):
        place.add(first, arrays)
        done += len(arrays["moves"])
        if progress:
            progress(told + done, settings.worlds)
    ended = time.perf_counter()
    return {
        "devices": side_by_side,
        "worlds_per_second": done / (ended - made),
        "seconds": {"compile": made - began, "run": ended - made},
    }


def _blocks(kernel: Any, settings: Settings, missing: list[int]) -> Iterator[tuple[int, Arrays]]:
    """First world and arrays of every missing block; the next ones are under way while one is put away."""
    under_way = compiled.ahead(kernel, [(first,) for first in missing], kernel.devices)
    for first, running in zip(missing, under_way, strict=True):
        arrays = kernel.read(running)
        yield first, {name: array[: settings.worlds - first] for name, array in arrays.items()}


def reopen(path: str | Path, scenario: Scenario | str | None = None) -> Ensemble:
    """A finished ensemble from its folder."""
    folder = Path(path)
    manifest = store.read_manifest(folder)
    if not manifest.get("digest"):
        raise RunError(f"The run in {folder} is not finished: give its command again to go on with it.")
    named = scenario if scenario is not None else manifest["scenario"]
    st = structure.structure(load(named) if isinstance(named, str) else named)
    return _ensemble(st, _recorded(manifest), manifest, store.opened(st, folder, manifest), folder)


def _recorded(m: dict[str, Any]) -> Settings:
    return _settings(m["worlds"], m["seed"], m["until"], m["nature"], m["keep"], m["block"])


class Replay(NamedTuple):
    """A run repeated, and whether it gave the same bytes."""

    ensemble: Ensemble
    recorded: str
    same: bool
    changed: list[str]
    """What is no longer as it was: version, scenario, laws, code or packages."""


def replay(
    manifest: str | Path | dict[str, Any],
    scenario: Scenario | str | None = None,
    progress: Progress | None = None,
    devices: int | None = None,
) -> Replay:
    """Run again what a manifest describes, and compare the digests."""
    old = manifest if isinstance(manifest, dict) else store.read_manifest(Path(manifest))
    if not old.get("digest"):
        raise RunError("This manifest has no digest, so its run was not finished: there is nothing to compare.")
    named = scenario if scenario is not None else old["scenario"]
    sc = load(named) if isinstance(named, str) else named
    s = _recorded(old)
    ens = run(sc, s.worlds, s.seed, old["until"], old["nature"], None, None, progress, devices, s.block)
    keys = ("version", "scenario_hash", "laws_hash", "code_hash", "packages")
    changed = [key for key in keys if ens.manifest[key] != old.get(key)]
    return Replay(ens, old["digest"], ens.digest == old["digest"], changed)
