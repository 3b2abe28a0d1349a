"""What if: the record beside twin worlds that share its luck, under interventions; answers with measures.

World k takes draw k mod 64 of the laws and luck addressed by (seed, k), under a word of its own that no run uses. The
compiled kernel knows nothing of the question: interventions are arrays, so a new question compiles nothing.
"""

from __future__ import annotations

import contextlib
import io
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from detente import laws, noise, structure
from detente import twin as twinned
from detente.answers import consent_rows
from detente.drive import Trace
from detente.lab import compiled, ensemble, events, interventions, measures, tables
from detente.lab.ensemble import Ensemble, Progress
from detente.lab.interventions import Intervention, Written
from detente.lab.measures import Effect, Measure
from detente.lab.store import Arrays, Memory, RunError, put
from detente.scenario import MONTHS, Event, Scenario, month_name
from detente.seats.record import record
from detente.series import declared
from detente.structure import Structure
from detente.world import World

TWINS = 5 * laws.DRAWS
"""Twins that the compiled months hold at once, beside one factual lane for each draw of the laws."""
LUCK = "abduction"
"""The word folded into the seed for luck that explains a record; no run uses it."""
DECISIONS = ("moves", "said", "nature", "successor", "meeting", "deadline", "discovery", "ladder")
RECORDS = 60
"""Records kept in the cache folder, one a month in which a question begins, of up to 10 MB each."""
WORLD = "world:"
"""How the names begin of the arrays of a record that are no traces."""
LATER = 12
"""So many later events and series are shown where no measure is named."""


class Parting(NamedTuple):
    """Where twins part from the record, what is intervened upon apart."""

    share: float
    months: NDArray[np.int64]  # [world] first month in which anything else differs, the span's length for never
    first: int | None


@dataclass
class WhatIf:
    """A question to the record, and its answers."""

    scenario: Scenario
    structure: Structure
    interventions: tuple[Intervention, ...]
    seed: int
    worlds: int
    factual: Ensemble
    """One world for each draw of the laws."""
    twin: Ensemble
    """World k beside the factual world k mod 64."""
    why: twinned.Why
    asked: list[Measure] = field(default_factory=list)

    @property
    def first(self) -> int:
        """The first month that an intervention touches."""
        return min((one.first for one in self.interventions), default=0)

    @property
    def draw(self) -> NDArray[np.int64]:
        """Which draw of the laws each world has."""
        return np.arange(self.worlds) % laws.DRAWS

    @cached_property
    def halves(self) -> tuple[Arrays, Arrays]:
        """Decisions, without those after war, and series of both halves, worlds first."""
        return tables.until_war(_arrays(self.factual)), tables.until_war(_arrays(self.twin))

    @cached_property
    def measured(self) -> list[Effect]:
        """Every measure asked for; where none was, what changed most."""
        return [self.effect(m) for m in self.asked] if self.asked else self.changed

    def effect(self, measure: Measure) -> Effect:
        """One measure in both halves."""
        return measures.effect(measure.name, *self.both(measure.read), self.draw)

    def both(self, read: Callable[[Arrays], NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
        """What is read of every twin's record and of the twin, [world]."""
        one, two = (read(half) for half in self.halves)
        return one[self.draw], two

    @cached_property
    def changed(self) -> list[Effect]:
        """The chances of later events and the means of series that the intervention moved most."""
        later = [m for m in self.later if m.effect or m.factual]
        chances = sorted(later, key=lambda e: -abs(e.effect))[:LATER]
        texts = [f"mean:{name}" for name in self.scenario.series]
        found = [self.effect(m) for text in texts for m in measures.read(self.structure, text, self.first)]
        spread = [float(np.nanstd(self.twin.values(e.name.partition(":")[2])[:, self.first :])) for e in found]
        size = [
            abs(e.effect) / s if s > 1e-9 and np.isfinite(e.effect) else 0.0 for e, s in zip(found, spread, strict=True)
        ]
        best = sorted(range(len(found)), key=lambda k: -size[k])[:LATER]
        return [e for e in chances if e.effect] + [found[k] for k in best if size[k] > 0.01]

    @cached_property
    def later(self) -> list[Effect]:
        """Every later entry of the chronicle: whether its kind happens in its window, in both halves."""
        st, out = self.structure, []
        for event in self.later_events:
            kind = events.kind(event, st, self.factual.months)
            kind = events.Kind(kind.id, kind.array, kind.places, kind.value, max(kind.first, self.first), kind.last)
            told, own = self.both(kind.happens)
            out.append(measures.effect(f"p:{event.id}", told.astype(float), own.astype(float), self.draw))
        return out

    @property
    def later_events(self) -> list[Event]:
        """Entries from the first month of the interventions on, those inside crises apart."""
        entries = sorted(self.scenario.chronicle, key=lambda e: (e.date, e.id))
        return [e for e in entries if not e.crisis_move and self.first <= e.month < self.factual.months]

    def usual_month(self, event: Event) -> int | None:
        """The median month in which the like of an entry happens in the twins that have it."""
        kind = events.kind(event, self.structure, self.factual.months)
        happens = kind.months(self.halves[1])
        had = happens.any(axis=1)
        return int(kind.first + np.median(happens[had].argmax(axis=1))) if had.any() else None

    @cached_property
    def parting(self) -> Parting:
        """Where the twins part from the record."""
        months = parted(self.structure, *self.halves, self.interventions)
        apart = months < self.factual.months
        first = int(np.median(months[apart])) if apart.any() else None
        return Parting(float(apart.mean()), months, first)

    @property
    def necessity(self) -> list[dict[str, Any]]:
        """Of each chance asked for: the share of worlds, of those in which it happened, where its twin lacks it."""
        return self._attributed(happened=True)

    @property
    def sufficiency(self) -> list[dict[str, Any]]:
        """Of each chance asked for: the share of worlds, of those in which it did not happen, where its twin has it."""
        return self._attributed(happened=False)

    def _attributed(self, *, happened: bool) -> list[dict[str, Any]]:
        out = []
        for m in self.asked:
            if m.chance:
                one, two = self.both(m.read)
                where = (one > 0.5) == happened
                if where.any():
                    turned = (two > 0.5) != (one > 0.5)
                    out.append({"measure": m.name, **measures.given(turned.astype(float), where, self.draw)})
        return out

    def table(self) -> dict[str, Any]:
        """The answers as JSON has them (design, section 10)."""
        apart = self.parting
        return {
            "scenario": self.scenario.name,
            "seed": self.seed,
            "worlds": self.worlds,
            "interventions": interventions.describe(self.interventions),
            "divergence": {
                "share_of_worlds": apart.share,
                "first_month": month_name(apart.first) if apart.first is not None else None,
            },
            "measures": [
                {"name": e.name, "factual": e.factual, "twin": e.twin, "effect": e.effect, "low": e.low, "high": e.high}
                | {"error": e.error}
                for e in self.measured
            ],
            "necessity": self.necessity,
            "sufficiency": self.sufficiency,
        }


def _arrays(half: Ensemble) -> Arrays:
    series = np.stack([half.values(str(name)) for name in half.series.data_vars], axis=-1)
    return {"moves": np.asarray(half.moves), "series": series} | {k: np.asarray(v) for k, v in half.trace.items()}


def parted(st: Structure, factual: Arrays, other: Arrays, found: Sequence[Intervention]) -> NDArray[np.int64]:
    """The first month in which a twin differs in more than was done to it, [world]; the span's length for never."""
    lanes, worlds = len(factual["moves"]), len(other["moves"])
    if worlds > lanes:
        cuts = [slice(k, min(k + lanes, worlds)) for k in range(0, worlds, lanes)]
        pairs = [
            ({n: a[: c.stop - c.start] for n, a in factual.items()}, {n: a[c] for n, a in other.items()}) for c in cuts
        ]
        return np.concatenate([parted(st, *pair, found) for pair in pairs])
    factual = {name: array[:worlds] for name, array in factual.items()}
    months = other["moves"].shape[1]
    apart = np.zeros((worlds, months), dtype=bool)
    touched: dict[str, set[tuple[int, ...]]] = {}
    for cell in (cell for one in found for cell in one.cells):
        touched.setdefault(cell.array, set()).add(cell.place)
    done = np.array([row in {p[0] for p in touched.get("rows", ())} for row in range(len(st.rows))])
    moves = [np.sort(_cleared(half["moves"], done), axis=2) for half in (factual, other)]
    apart |= (moves[0] != moves[1]).any(axis=(2, 3))
    aliases = {"said": "consent", "successor": "succession"}
    for name in DECISIONS[1:]:
        differs = factual[name] != other[name]
        places = {p[0] for p in touched.get(aliases.get(name, name), ())}
        differs[:, :, sorted(places)] = False
        if name == "said" and "rows" in touched:
            differs[:, :, np.flatnonzero(done[consent_rows(st)])] = False
        apart |= differs.any(axis=2)
    return np.where(apart.any(axis=1), apart.argmax(axis=1), months)


def _cleared(moves: NDArray[Any], done: NDArray[np.bool_]) -> NDArray[Any]:
    return np.where((moves >= 0) & done[np.maximum(moves, 0)], -1, moves)


# ---- the kernel ----
class Kept(NamedTuple):
    """The record under every draw of the laws until a month, walked once for all questions that begin there."""

    trace: Arrays  # [lane, month, ...], empty where no month has gone by
    world: World  # [..., lane] at the beginning of the month


class Kernel:
    """The compiled pair of worlds: `TWINS` twins with their record; as many such calls at a time as `devices` says."""

    def __init__(self, st: Structure, months: int, devices: int) -> None:
        self.st, self.names, self.devices, self.months = st, tuple(laws.names(st.scenario)), devices, months
        self.told = twinned.told_by(record(st))
        self.told = twinned.Told(
            *(x if n == "exact" else x[:months] for n, x in zip(twinned.Told._fields, self.told, strict=True))
        )
        self.none = twinned.unchanged(st, self.told, len(self.names))
        self.pool, self.lock = ThreadPoolExecutor(devices, "twins"), threading.Lock()
        drawn = {name: np.zeros(laws.DRAWS, np.float32) for name in self.names}
        self.januaries: Any = jax.jit(lambda values: twinned.januaries(st, self.names, values))
        self.world = jax.eval_shape(self.januaries, np.zeros((len(self.names), laws.DRAWS), np.float32))
        self.call = self._compiled(drawn)
        self.kept: dict[tuple[int, int], Kept] = {}

    def _compiled(self, drawn: Any) -> Any:
        """The walk of one strip of twins."""
        walk = twinned.twins(self.st, declared(self.st), self.names, self.months)
        start = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), self.world)
        arguments = self._arguments(0, 1, drawn, drawn, self.none, start, 0)
        trace: Any = Trace(*Trace._fields)  # type: ignore[arg-type]
        why: Any = twinned.Why(*twinned.Why._fields)  # type: ignore[arg-type]
        what = stamp(self.st.scenario), "twins", str(TWINS), str(self.months)
        return compiled.kept(
            what, arguments, twinned.Walked(trace, why, start), lambda: jax.jit(walk).lower(*arguments).compile()
        )

    def _arguments(
        self,
        first: int,
        seed: int,
        drawn: Any,
        altered: Any,
        changes: twinned.Changes,
        start: World,
        begin: int,
        end: int | None = None,
    ) -> tuple[Any, ...]:
        """Coefficients of the record and of the twins, keys of both halves, and the rest."""
        one, two = (np.stack([np.asarray(v[n], np.float32) for n in self.names]) for v in (drawn, altered))
        lanes, numbers = np.arange(laws.DRAWS), first + np.arange(TWINS)
        keys = [noise.other_keys(seed, jnp.asarray(at, jnp.int32), LUCK) for at in (lanes, numbers)]
        span = np.int32(begin), np.int32(self.months if end is None else end)
        start = jax.tree.map(lambda x: np.asarray(x)[..., lanes], start)
        return one[:, lanes], two[:, lanes], *keys, self.told, changes, start, *span

    def record(self, seed: int, drawn: Any, month: int) -> Kept:
        """The record until a month: from memory, from the cache folder, or walked on from the last month at hand."""
        with self.lock:
            if (seed, month) not in self.kept:
                self.kept[seed, month] = kept_record(self, seed, month) or self._walked(seed, drawn, month)
            return self.kept[seed, month]

    def _walked(self, seed: int, drawn: Any, month: int) -> Kept:
        begin = max((m for s, m in self.kept if s == seed and m < month), default=0)
        base = self.kept.get((seed, begin)) or self._january(drawn)
        if month == 0:
            return keep_record(self, seed, month, base)
        result = self(0, seed, drawn, drawn, self.none, base.world, begin, month).result()
        trace, *_ = self.read(result, base, begin, month)
        world = jax.tree.map(lambda x: np.asarray(x)[..., : laws.DRAWS], result.after)
        return keep_record(self, seed, month, Kept(trace, world))

    def _january(self, drawn: Any) -> Kept:
        values = np.stack([np.asarray(drawn[n], np.float32) for n in self.names])
        return Kept({}, jax.tree.map(np.asarray, self.januaries(values)))

    def __call__(self, *arguments: Any) -> Future[twinned.Walked]:
        """Begin to compute the twins from number `first` on, a multiple of the number of draws."""
        return self.pool.submit(lambda: jax.block_until_ready(self.call(*self._arguments(*arguments))))

    def read(
        self, result: twinned.Walked, kept: Kept, begin: int, end: int
    ) -> tuple[Arrays, Arrays, dict[str, NDArray[Any]]]:
        """Record [lane, month, ...] and twins [world, month, ...] on the host until `end`, and why they part."""
        factual, twins = {}, {}
        for name, array in result.trace._asdict().items():
            x = lane_first(np.asarray(array)[begin:end])  # the record's lanes, then the twins
            past = kept.trace[name] if begin else x[: laws.DRAWS, :0]
            factual[name] = np.concatenate([past, x[: laws.DRAWS]], axis=1)
            later = x[laws.DRAWS :]
            twins[name] = np.concatenate([np.tile(past, (len(later) // len(past), *[1] * (x.ndim - 1))), later], axis=1)
        why = {name: lane_first(np.asarray(a)) for name, a in result.why._asdict().items()}
        return factual, twins, why


def lane_first(array: NDArray[Any]) -> NDArray[Any]:
    """The world axis moved from the last place to the first."""
    return np.ascontiguousarray(np.moveaxis(array, -1, 0))


def stamp(scenario: Scenario) -> str:
    """What identifies a scenario with the code that runs it."""
    what = scenario.model_dump_json(exclude={"root"}), ensemble.code(), jax.__version__
    return blake2b("\0".join(what).encode(), digest_size=12).hexdigest()


def _cache(kernel: Kernel, seed: int, month: int) -> Path:
    """Where the record of a scenario under a seed until a month is kept between questions."""
    what = stamp(kernel.st.scenario), str(seed), str(kernel.months), str(month)
    name = blake2b("\0".join(what).encode(), digest_size=12).hexdigest()
    return compiled.cache("records") / f"{name}.npz"


def kept_record(kernel: Kernel, seed: int, month: int) -> Kept | None:
    """The record from the cache folder; None if it is not there."""
    try:
        with np.load(_cache(kernel, seed, month)) as file:
            found = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile):
        return None
    count, shape = len(jax.tree.leaves(kernel.world)), jax.tree.structure(kernel.world)
    leaves = [found.pop(f"{WORLD}{k}") for k in range(count)]
    return Kept(found, jax.tree.unflatten(shape, leaves))


def keep_record(kernel: Kernel, seed: int, month: int, kept: Kept) -> Kept:
    """Put the record into the cache folder if that can be written; only the last `RECORDS` are held."""
    place = _cache(kernel, seed, month)
    leaves: Arrays = {f"{WORLD}{k}": leaf for k, leaf in enumerate(jax.tree.leaves(kept.world))}
    raw = io.BytesIO()
    np.savez(raw, allow_pickle=False, **kept.trace, **leaves)
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        put(place, raw.getvalue())
        compiled.drop_old(place.parent, "*", RECORDS)
    return kept


_KERNELS: dict[tuple[int, int, int], Kernel] = {}
_MAKING = threading.Lock()


def kernel(st: Structure, months: int = MONTHS, devices: int | None = None) -> Kernel:
    """The compiled kernel of a scenario: made once, whatever is asked."""
    ready = ensemble.prepare(devices)
    key = (id(st), months, ready)
    with _MAKING:
        if key not in _KERNELS:
            _KERNELS[key] = Kernel(st, months, ready)
        return _KERNELS[key]


# ---- the question ----
def whatif(
    scenario: Scenario | str = "coexistence",
    worlds: int = 2000,
    seed: int = 1,
    measure: Written = (),
    progress: Progress | None = None,
    devices: int | None = None,
    **written: Written,
) -> WhatIf:
    """Ask the record what if.

    Interventions as on the command line: without="u2-shootdown", forbid="berlin-wall@1961-01..1962-12",
    with_="1960-06:ussr:ultimatum:berlin", move="…=1960-06", set="mechanism.law.coefficient=0.2@1958-01",
    off="influence.decolonisation"; several as a list. `measure` names what is asked, see `lab/measures.py`; without one
    it is found what changed most.
    """
    sc = ensemble.load(scenario) if isinstance(scenario, str) else scenario
    st = structure.structure(sc)
    return ask(st, interventions.read(st, **written), worlds, seed, measure, progress, devices)


def ask(
    st: Structure,
    found: tuple[Intervention, ...],
    worlds: int,
    seed: int,
    measure: Written = (),
    progress: Progress | None = None,
    devices: int | None = None,
) -> WhatIf:
    """As `whatif`, of interventions that are read already; wrong measures are refused before anything is computed."""
    if worlds < 1:
        raise RunError(f"worlds = {worlds}: ask for at least one world.")
    first = min((one.first for one in found), default=0)
    texts = [measure] if isinstance(measure, str) else list(measure)
    asked = [m for text in texts for m in measures.read(st, text, first)]
    stores: list[Memory] = []
    whys = []
    for start, factual, twins, why in walks(st, found, worlds, seed, progress=progress, devices=devices):
        if not stores:
            stores = [Memory(st, n, MONTHS, tuple(st.scenario.series)) for n in (laws.DRAWS, worlds)]
            stores[0].add(0, factual)
        stores[1].add(start, twins)
        whys.append(why)
    joined: dict[str, Any] = {name: np.concatenate([w[name] for w in whys]) for name in twinned.Why._fields}
    reasons = twinned.Why(**joined)
    one, two = (_half(st, store, store.worlds, seed) for store in stores)
    return WhatIf(st.scenario, st, found, seed, worlds, one, two, reasons, asked)


def walks(
    st: Structure,
    found: tuple[Intervention, ...],
    worlds: int,
    seed: int,
    end: int = MONTHS,
    progress: Progress | None = None,
    devices: int | None = None,
) -> Iterator[tuple[int, Arrays, Arrays, dict[str, NDArray[Any]]]]:
    """The twins batch by batch, until before month `end`.

    First world, the record [lane, month, ...], twins [world, month, ...] and why choices part. The record is walked
    once for all questions; twins are walked from the first month that an intervention touches.
    """
    if progress:
        progress(0, worlds)
    work = kernel(st, devices=devices)
    drawn = laws.draw(st.scenario, seed)
    begin = min((one.first for one in found), default=0)
    altered, kept = interventions.altered(drawn, found), work.record(seed, drawn, begin)
    changes = interventions.lay(work.none, found, work.names)
    rest = (seed, drawn, altered, changes, kept.world, begin, max(end, begin + 1))
    batches = range(0, worlds, TWINS)
    under_way = compiled.ahead(work, [(first, *rest) for first in batches], work.devices)
    for first, running in zip(batches, under_way, strict=True):
        factual, twins, why = work.read(running.result(), kept, begin, rest[-1])
        keep = min(worlds - first, TWINS)
        cut = [{name: array[:keep] for name, array in half.items()} for half in (twins, why)]
        yield first, factual, cut[0], cut[1]
        if progress:
            progress(min(first + keep, worlds), worlds)


def _half(st: Structure, store: Memory, worlds: int, seed: int) -> Ensemble:
    done = store.finish()
    return Ensemble(
        st.scenario, st, seed, worlds, MONTHS, done.series, done.moves, done.trace, done.digest, {"nature": "given"}
    )
