"""How likely the recorded moves are to each seat, beside two baselines with the same menus.

Whether to act and what to do are scored apart. The uniform baseline tosses a coin whether to act and picks one
allowed row as soon as another. The seat-frequency baseline knows how often the seat acts in its own record, and which
instruments it used in its *other* moves (one pseudo-move an allowed instrument); the allowed rows of one instrument
are equal. It has thus seen the record, which the model's priors have not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from detente import laws
from detente.drive import Score, begin, follower
from detente.masks import allowed
from detente.scenario import MONTHS, Scenario
from detente.seats.record import Record, record
from detente.structure import Structure, structure
from detente.world import World

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """One seat: its moves, the slots asked, and log-probabilities of the record."""

    seat: str
    moves: int
    slots: int
    act: float
    what: float
    uniform_act: float
    uniform_what: float
    frequency_act: float
    frequency_what: float


def table(scenario: Scenario, months: int = MONTHS) -> list[Line]:
    """Follow the record at the best values of the laws, in float64: a line a seat, and their sum."""
    st = structure(scenario)
    told = record(st)
    with jax.enable_x64(new_val=True):
        values = laws.best(scenario)
        worlds, score = jax.jit(follower(st, told, months))(values)
        return lines(st, told, begins(st, values, worlds), score)


def begins(st: Structure, values: laws.Laws, worlds: World) -> World:
    """The World in which each month begins, from the Worlds in which it ends."""
    start = begin(st, values, 1, jax.tree.leaves(worlds)[0].dtype)
    return jax.tree.map(lambda first, rest: jnp.concatenate([first[None], rest[:-1]]), start, worlds)


def lines(st: Structure, told: Record, before: World, score: Score) -> list[Line]:
    """The table from a followed record; before: the World in which each month begins, [month, ..., 1]."""
    masks = np.asarray(jax.vmap(lambda world: allowed(world, st))(before))[..., 0]
    act, what = np.asarray(score.act).sum(axis=0), np.asarray(score.what).sum(axis=0)
    out = []
    for d, seat in enumerate(st.deciders):
        options = _options(told, masks, st, d)
        rows = [row for row, _ in options if row >= 0]
        out.append(
            Line(
                seat,
                len(rows),
                len(options),
                float(act[d]),
                float(what[d]),
                *_uniform(options),
                *_frequency(options, st.row_instrument, rows),
            )
        )
    return [*out, _sum(out)]


Options = list[tuple[int, NDArray[np.int64]]]
"""The recorded row (or -1) and the rows that were open, for every slot that is known."""


def _options(told: Record, masks: Floats, st: Structure, d: int) -> Options:
    out, seat = [], st.seat_rows[d]
    own = np.arange(seat.start, seat.stop)
    for m in range(len(masks)):
        taken: list[int] = []
        for slot in range(told.rows.shape[1]):
            row = int(told.rows[m, slot, d])
            open_ = own[(masks[m, seat] > 0.5) & ~np.isin(own, taken)]
            if told.rows_known[m, slot, d] > 0:
                out.append((row, np.union1d(open_, [row]) if row >= 0 else open_))
            taken += [row, *st.contrary[row]] if row >= 0 else []
            if row < 0:
                break
    return out


def _uniform(options: Options) -> tuple[float, float]:
    return len(options) * np.log(0.5), -float(sum(np.log(len(open_)) for row, open_ in options if row >= 0))


def _frequency(options: Options, instrument: NDArray[np.int64], rows: list[int]) -> tuple[float, float]:
    n, k = len(options), len(rows)
    act = sum(x * np.log(x / n) for x in (k, n - k) if x)
    used = np.bincount(instrument[np.array(rows, dtype=np.int64)], minlength=int(instrument.max()) + 1)
    what = 0.0
    for row, open_ in options:
        if row >= 0:
            other = used - (np.arange(len(used)) == instrument[row])
            kinds, size = np.unique(instrument[open_], return_counts=True)
            weight = other[kinds] + 1.0
            at = np.flatnonzero(kinds == instrument[row])[0]
            what += np.log(weight[at] / weight.sum() / size[at])
    return float(act), float(what)


def _sum(out: Iterable[Line]) -> Line:
    names = [f.name for f in fields(Line) if f.name != "seat"]
    return Line("all", **{name: sum(getattr(line, name) for line in out) for name in names})


def text(out: Iterable[Line]) -> str:
    """The table as Markdown."""
    head = "| seat | moves | slots | act | … coin | … frequency | what | … uniform | … frequency |\n|---|" + "---:|" * 8
    names = ("act", "uniform_act", "frequency_act", "what", "uniform_what", "frequency_what")
    rows = [
        f"| {x.seat} | {x.moves} | {x.slots} | " + " | ".join(f"{getattr(x, n):.1f}" for n in names) + " |" for x in out
    ]
    return "\n".join([head, *rows])
