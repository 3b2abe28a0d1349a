"""Prior predictive coverage: how far the ensemble, knowing only the opening, reaches what was measured.

Yearly stocks are compared with December, shares with the mean of the year, tests with the growth of their sum, removals
and crises with what the trace counts. Conflict is measured on an open scale, so both sides are standardised first.
A measured series to which the ensemble has no counterpart stands in the table without a score.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente import nature
from detente.lab import observed
from detente.lab.ensemble import Ensemble

Floats = NDArray[np.float64]
BAND = (0.05, 0.95)
STOCKS = ("icbm", "bombers", "warheads")
SHARES = ("milex",)


@dataclass(frozen=True)
class Row:
    """One observed series against the ensemble."""

    entry: str
    series: str
    points: int
    coverage: float | None
    """Share of points inside the 90 % band."""
    crps: float | None
    """Continuous ranked probability score, mean over points, in the unit of the series; lower is better."""
    persistence: float | None
    """The same for a forecast that the first measured value stays: it too knows only the opening."""


def cited() -> dict[str, list[str]]:
    """What the observed series cite: source key -> where."""
    found: dict[str, list[str]] = {}
    for name, entry in observed.catalogue().items():
        for key in entry.sources:
            found.setdefault(key, []).append(f"lab/observed/catalogue.toml: {name}")
    return found


def crps(samples: Floats, value: float) -> float:
    """Continuous ranked probability score of a sample: E|X - y| - E|X - X'| / 2."""
    x = np.sort(samples)
    n = len(x)
    spread = float(np.sum((2 * np.arange(1, n + 1) - n - 1) * x)) / n**2
    return float(np.abs(x - value).mean()) - spread


def coverage(ensemble: Ensemble) -> list[Row]:
    """Every observed series: share of points inside the 90 % band, and CRPS beside that of persistence."""
    asked = [
        (entry, observed.read(entry), name) for entry in observed.catalogue().values() for name in entry.model_series
    ]
    return [_row(ensemble, entry.name, entry.frequency, name, told[name]) for entry, told, name in asked]


def _row(ensemble: Ensemble, name: str, frequency: str, series: str, told: dict[str, float]) -> Row:
    months = counterpart(ensemble, series)
    last = ensemble.months // 12 if frequency == "year" else ensemble.months
    periods = [f"{1953 + k}" for k in range(last)] if frequency == "year" else ensemble.month_names
    known = [k for k, period in enumerate(periods) if period in told]
    if months is None or not known:
        return Row(name, series, len(known), None, None, None)
    values = _yearly(series, months) if frequency == "year" else months
    measured = np.array([told[periods[k]] for k in known])
    if name == "tension":
        values = (values - np.nanmean(values)) / max(float(np.nanstd(values)), 1e-9)
        measured = (measured - measured.mean()) / max(float(measured.std()), 1e-9)
    samples = [values[:, k][~np.isnan(values[:, k])] for k in known]
    pairs = [(x, y) for x, y in zip(samples, measured, strict=True) if len(x)]
    if not pairs:
        return Row(name, series, 0, None, None, None)
    bands = np.array([np.quantile(x, BAND) for x, _ in pairs])
    found = np.array([y for _, y in pairs])
    inside = (bands[:, 0] <= found) & (found <= bands[:, 1])
    score = np.mean([crps(x, y) for x, y in pairs])
    return Row(name, series, len(pairs), float(inside.mean()), float(score), float(np.abs(found - found[0]).mean()))


def _yearly(series: str, months: Floats) -> Floats:
    """Years of a monthly series, [world, year]; a year that war cuts short is no year."""
    years = months.shape[1] // 12
    cut = months[:, : years * 12].reshape(len(months), years, 12)
    kind = series.split(".")[0]
    if kind in STOCKS:
        return np.asarray(cut[:, :, -1])
    return np.asarray(cut.mean(axis=2) if kind in SHARES else cut.sum(axis=2))


def counterpart(ensemble: Ensemble, series: str) -> Floats | None:
    """What the ensemble holds of a measured series, [world, month], NaN after war; None where it holds nothing."""
    kind, _, actor = series.partition(".")
    special: dict[str, Callable[[], Any]] = {
        "tension_usa_ussr": lambda: _named(ensemble, "tension.usa.ussr"),
        "tests": lambda: _growth(_named(ensemble, series)),
        "crises": lambda: _openings(ensemble),
        "removals": lambda: _removals(ensemble, actor),
    }
    found = special.get(kind, lambda: _named(ensemble, series))()
    return None if found is None else np.where(ensemble.alive, found, np.nan)


def _named(ensemble: Ensemble, name: str) -> Floats | None:
    return ensemble.values(name).astype(np.float64) if name in ensemble.series else None


def _growth(stock: Floats | None) -> Floats | None:
    return None if stock is None else np.diff(stock, axis=1, prepend=stock[:, :1])


def _openings(ensemble: Ensemble) -> Floats:
    """Ladders opened in a month in which Washington or Moscow is a principal."""
    st = ensemble.structure
    sides = st.principals[st.showdown]
    great = [st.deciders.index(seat) for seat in ("usa", "ussr") if seat in st.deciders]
    ours = np.isin(sides, great).any(axis=1)
    out = []
    for piece in ensemble.pieces():
        opened = piece["ladder"] >= 0
        opened[:, 1:] &= ~(piece["ladder"] >= 0)[:, :-1]  # one carried on is no new crisis
        out.append(opened[:, :, ours].sum(axis=2))
    return np.concatenate(out).astype(np.float64)


def _removals(ensemble: Ensemble, seat: str) -> Floats | None:
    """Removals of a seat's leader by others than the calendar."""
    name = f"removal:{seat}"
    known = nature.names(ensemble.structure).all
    if name not in known:
        return None
    at = known.index(name)
    return np.concatenate([piece["nature"][:, :, at] for piece in ensemble.pieces()]).astype(np.float64)
