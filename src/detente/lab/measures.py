"""What is measured on two worlds, and what a difference between them is worth.

A measure is written `kind:of@FROM..TO`; without a window it runs from the first month that an intervention touches to
the end of the span (an event's own window for `p:`). Months after war do not count.

p:EVENT           whether the kind of an entry happens in the window (its own window where none is named)
date:EVENT        month in which it first does, counted from January 1953; where it does not, the end of the window
mean|max|min|at:SERIES   of a named series, or of one less another: `SERIES - SERIES`
outcome:CRISIS[=END]    how a ladder on the crisis's issue ends first: one line an ending, and one for none
tenure:ACTOR      months until who is in office is followed by another
moves:ACTOR[:INSTRUMENT]   how many moves
alternation:ACTOR share of a seat's successive moves that turn from pressure to conciliation or back
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri

from detente.deeds import LADDER_ENDS
from detente.lab import events
from detente.lab.interventions import event_of, window_of
from detente.lab.store import Arrays, RunError
from detente.lab.tables import alive
from detente.ladder.tree import LINE_END
from detente.laws import Z95
from detente.scenario import MONTHS, nearest
from detente.structure import Structure

Floats = NDArray[np.float64]
KINDS = ("p", "date", "mean", "max", "min", "at", "outcome", "tenure", "moves", "alternation")


@dataclass(frozen=True)
class Measure:
    """A number of each world."""

    name: str
    kind: str
    of: str
    first: int
    last: int
    read: Callable[[Arrays], Floats]
    """Value in every world, [world], of decisions without those after war; NaN where a world has none."""

    @property
    def chance(self) -> bool:
        """Whether it is 0 or 1, so that its mean is a probability."""
        return self.kind in ("p", "outcome")


class Effect(NamedTuple):
    """A measure in both halves, and their difference over worlds and over draws of the laws."""

    name: str
    factual: float
    twin: float
    effect: float
    low: float
    high: float
    error: float
    """Monte Carlo standard error of the effect."""


# ---- reading ----
def read(st: Structure, text: str, first: int, months: int = MONTHS) -> list[Measure]:
    """The measures that one text names; first: the month from which effects are looked for."""
    kind, colon, rest = text.strip().partition(":")
    if not colon or kind not in KINDS:
        raise RunError(
            f"'{text}' is no measure: {nearest(kind, KINDS)} Write KIND:OF@FROM..TO; kinds: {', '.join(KINDS)}."
        )
    of, at, window = rest.partition("@")
    span = window_of(window, f"measure {text}") if at else None
    if span and span[0] >= months:
        raise RunError(f"measure {text}: the window lies after the last month.")
    return READERS[kind](
        st, Measure(text.strip(), kind, of, *(span or (first, months - 1)), np.asarray), span is not None
    )


def _event(st: Structure, m: Measure, windowed: bool) -> list[Measure]:
    event = event_of(st, m.of, f"measure {m.name}: ")
    if event.crisis_move:
        raise RunError(
            f"measure {m.name}: a move inside a crisis is not counted by itself; ask for outcome:{event.crisis_move}."
        )
    kind = events.kind(event, st, MONTHS)
    if m.kind == "p" and not windowed:
        m = replace(m, first=kind.first, last=kind.last)
    kind = replace(kind, first=m.first, last=m.last)
    if m.kind == "p":
        return [replace(m, read=lambda a: kind.happens(a).astype(float))]
    return [replace(m, read=lambda a: _date(kind, a))]


def _date(kind: events.Kind, arrays: Arrays) -> Floats:
    found = kind.months(arrays)
    return np.where(found.any(axis=1), kind.first + found.argmax(axis=1), kind.first + found.shape[1]).astype(float)


def parts(of: str) -> list[str]:
    """The series of a measure: one, or one less another."""
    return of.split(" - ")


def _series(st: Structure, m: Measure, windowed: bool) -> list[Measure]:
    names, found = list(st.scenario.series), parts(m.of)
    for name in found:
        if name not in names:
            raise RunError(f"measure {m.name}: there is no series '{name}': {nearest(name, names)}")
    if m.kind == "at":
        m = replace(m, first=m.last)
    reduce: Any = {"mean": np.nanmean, "max": np.nanmax, "min": np.nanmin, "at": np.nanmean}[m.kind]

    def of(arrays: Arrays) -> Floats:
        cut = slice(m.first, m.last + 1)
        k, *less = (names.index(name) for name in found)
        whole = arrays["series"][:, cut, k].astype(np.float64)
        for other in less:
            whole = whole - arrays["series"][:, cut, other]
        values = np.where(alive(arrays["ladder"])[:, cut], whole, np.nan)
        known = ~np.isnan(values).all(axis=1)
        out = np.full(len(values), np.nan)
        out[known] = reduce(values[known], axis=1)
        return out

    return [replace(m, read=of)]


def _outcome(st: Structure, m: Measure, windowed: bool) -> list[Measure]:
    crises = st.scenario.crises
    name, _, wanted = m.of.partition("=")
    if name not in crises:
        raise RunError(f"measure {m.name}: there is no crisis '{name}': {nearest(name, crises)}")
    crisis = crises[name]
    if not windowed:
        begun = st.scenario.chronicle.events[crisis.opened_by]
        m = replace(m, first=max(begun.month - begun.window, 0), last=min(begun.month + begun.window, MONTHS - 1))
    k = int(np.flatnonzero(st.showdown == st.issues.index(crisis.issue))[0])
    hold = LADDER_ENDS.index("hold")

    def ending(arrays: Arrays) -> NDArray[np.int64]:
        cut = arrays["ladder"][:, m.first : m.last + 1, k].astype(int)
        end = np.where(cut >= 0, LINE_END[cut], -1)
        over = (end >= 0) & (end != hold)
        found = np.take_along_axis(end, over.argmax(axis=1)[:, None], axis=1)[:, 0]
        return np.where(over.any(axis=1), found, -1)

    def ends_so(end: int) -> Callable[[Arrays], Floats]:
        return lambda arrays: (ending(arrays) == end).astype(float)

    ends = {-1: "none"} | {e: name for e, name in enumerate(LADDER_ENDS) if e != hold}
    if not wanted:
        return [replace(m, name=f"{m.name}={name}", read=ends_so(end)) for end, name in ends.items()]
    if wanted not in ends.values():
        raise RunError(f"measure {m.name}: a crisis does not end '{wanted}': {nearest(wanted, list(ends.values()))}")
    return [replace(m, read=ends_so(end)) for end, name in ends.items() if name == wanted]


def _seat(st: Structure, m: Measure, seat: str) -> int:
    if seat not in st.deciders:
        raise RunError(f"measure {m.name}: no actor '{seat}' makes moves here: {nearest(seat, st.deciders)}")
    return st.deciders.index(seat)


def _tenure(st: Structure, m: Measure, windowed: bool) -> list[Measure]:
    d = _seat(st, m, m.of)

    def of(arrays: Arrays) -> Floats:
        gone = arrays["successor"][:, m.first : m.last + 1, d] >= 0
        return np.where(gone.any(axis=1), gone.argmax(axis=1), gone.shape[1]).astype(float)

    return [replace(m, read=of)]


def _moves(st: Structure, m: Measure, windowed: bool) -> list[Measure]:
    seat, _, instrument = m.of.partition(":")
    d = _seat(st, m, seat)
    rows = st.seat_rows[d]
    own = sorted({st.rows[k].instrument for k in range(rows.start, rows.stop)})
    if instrument and instrument not in own:
        raise RunError(f"measure {m.name}: {seat} has no instrument '{instrument}': {nearest(instrument, own)}")
    counted = np.array([not instrument or row.instrument == instrument for row in st.rows])
    weight = st.coordinate("pressure") - st.coordinate("conciliation")

    def count(arrays: Arrays) -> Floats:
        made = arrays["moves"][:, m.first : m.last + 1, :, d].astype(int)
        return ((made >= 0) & counted[np.maximum(made, 0)]).sum(axis=(1, 2)).astype(float)

    def turns(arrays: Arrays) -> Floats:
        made = arrays["moves"][:, m.first : m.last + 1, :, d].astype(int).reshape(len(arrays["moves"]), -1)
        sign = np.where(made >= 0, np.sign(weight[np.maximum(made, 0)]), 0)
        return np.array([_alternation(line[line != 0]) for line in sign])

    return [replace(m, read=count if m.kind == "moves" else turns)]


def _alternation(signs: NDArray[Any]) -> float:
    return float((signs[1:] != signs[:-1]).mean()) if len(signs) > 1 else np.nan


READERS: dict[str, Callable[[Structure, Measure, bool], list[Measure]]] = {
    **dict.fromkeys(("p", "date"), _event),
    **dict.fromkeys(("mean", "max", "min", "at"), _series),
    "outcome": _outcome,
    "tenure": _tenure,
    **dict.fromkeys(("moves", "alternation"), _moves),
}


# ---- effects ----
PARTS = (np.arange(11) + 0.5) / 11
"""Middles of equal parts of a probability, at which a distribution is read."""
NORMAL = ndtri(PARTS) / ndtri(PARTS).std()
"""A standard normal distribution as so many equal weights."""
SPREADS = np.linspace(0.0, 3.0, 61)
"""Spreads of the effect over the laws that are weighed, in units of that of the draws' means."""
SELDOM = 2.0
"""What was seen in none of n worlds may come in up to 3.3 / n of them (Hanley and Lippman-Hand, JAMA, 1983: 3 / n)."""


def effect(name: str, factual: Floats, twin: Floats, draw: NDArray[np.int64]) -> Effect:
    """The mean difference of twins; its interval is that of its mean under the laws' uncertainty."""
    return Effect(name, _mean(factual), _mean(twin), *difference(factual, twin, draw))


def difference(one: Floats, two: Floats, draw: NDArray[np.int64]) -> tuple[float, float, float, float]:
    """By how much the second exceeds the first, with its interval as `interval` has it; a chance's lies within ±1."""
    counts = whole(one, two)
    middle, low, high, error = interval(two - one, draw, whole=counts)
    most = 1.0 if counts and all(np.nanmax(np.abs(x), initial=0.0) <= 1.0 for x in (one, two)) else np.inf
    return middle, max(low, -most), min(high, most), error


def _mean(x: Floats) -> float:
    return float(np.nanmean(x)) if (~np.isnan(x)).any() else np.nan


def whole(*values: Floats) -> bool:
    """Whether a measure counts: all its values are whole numbers, so that it may differ seldom and then by one."""
    return all(bool((np.isnan(x) | (x == np.round(x))).all()) for x in values)


def interval(x: Floats, draw: NDArray[np.int64], *, whole: bool = False) -> tuple[float, float, float, float]:
    """Mean over worlds; 5 % and 95 % of the mean over draws of the laws; Monte Carlo error of the mean.

    The spread of the draws' means is that of the laws and of luck together. Luck's part is known from the worlds within
    each draw; how much is left for the laws is itself unsure, and all that it may be is weighed (random effects with a
    level prior on the spread: Gelman, Bayesian Analysis, 2006). Each draw's own effect lies between its mean and the
    whole one; the interval is that of all of them, and what luck leaves open of the whole mean is added. With one world
    a draw nothing tells luck from laws, and all of the spread counts as theirs. whole: of a measure that counts.
    """
    known = ~np.isnan(x)
    if not known.any():
        return np.nan, np.nan, np.nan, np.nan
    x, (_, at, size) = x[known], np.unique(draw[known], return_inverse=True, return_counts=True)
    means = np.bincount(at, x) / size
    middle, n, free = float(x.mean()), len(x), len(x) - len(size)
    squares = float(((x - means[at]) ** 2).sum())
    spread = float(means.std(ddof=1)) if len(size) > 1 else 0.0
    luck = squares / free / n if free else spread**2 / len(size)
    error = float(np.hypot(np.sqrt(luck), SELDOM / n if whole else 0.0))
    low = high = 0.0
    if spread > 0.0:
        low, high = _over_laws(means - means.mean(), size, squares, free, spread)
    down, up = float(np.hypot(min(low, 0.0), Z95 * error)), float(np.hypot(max(high, 0.0), Z95 * error))
    return middle, middle - down, middle + up, error


def _over_laws(off: Floats, size: NDArray[np.int64], squares: float, free: int, spread: float) -> tuple[float, float]:
    """5 % and 95 % of the draws' own effects, from their means less the whole one."""
    if not free:
        low, high = np.quantile(off, (0.05, 0.95))
        return float(low), float(high)
    laws = spread * SPREADS
    chi2 = 2.0 * gammaincinv(free / 2.0, PARTS)
    luck = np.maximum(squares / chi2, 1e-12 * spread**2)
    precision = 1.0 / (laws[:, None, None] ** 2 + luck[:, None] / size)
    sums = precision.sum(axis=-1)
    mean = (precision * off).sum(axis=-1) / sums
    score = np.log(precision).sum(axis=-1) - (precision * (off - mean[..., None]) ** 2).sum(axis=-1) - np.log(sums)
    weight = np.exp((score - score.max()) / 2).sum(axis=1)
    own = laws[:, None] ** 2 / (laws[:, None] ** 2 + squares / free / size + 1e-300)
    effects = (own * off)[..., None] + (laws[:, None] * np.sqrt(1.0 - own))[..., None] * NORMAL
    weights = np.broadcast_to(weight[:, None, None], effects.shape).ravel()
    order = effects.ravel().argsort()
    share = weights[order].cumsum() - weights[order] / 2
    low, high = np.interp((0.05, 0.95), share / weights.sum(), effects.ravel()[order])
    return float(low), float(high)


def given(x: Floats, where: NDArray[np.bool_], draw: NDArray[np.int64]) -> dict[str, float]:
    """A probability among some of the worlds, with its interval: necessity and sufficiency (Pearl 2000)."""
    middle, low, high, error = interval(np.where(where, x, np.nan), draw, whole=True)
    low, high = max(low, 0.0), min(high, 1.0)
    return {"value": middle, "low": low, "high": high, "error": error, "worlds": int(where.sum())}
