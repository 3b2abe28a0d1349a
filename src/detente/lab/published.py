"""Estimates of others, run again: the disputes of the nineteenth century and the students' ultimatum game."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from detente.lab import strategic, ultimatum
from detente.lab.maximise import Fit
from detente.lab.observed import tables
from detente.lab.strategic import CONSTANT, Data, Decision, Formula, Model

DISPUTE = Decision("1", {"keep": "sq", "challenge": Decision("2", {"yield": "capit", "resist": "war"})})
STAKES: dict[str, dict[str, Formula]] = {
    "1": {"sq": (CONSTANT, "s_wt_re1", "revis1"), "war": (CONSTANT, "regime1=dem", "regime1=mixed")},
    "2": {"war": (CONSTANT, "balanc", "regime2=dem", "regime2=mixed")},
}
KNOWN_STAKES: dict[str, dict[str, Formula]] = {"1": {"sq": -1.0, "war": -1.4}, "2": {"war": 0.1}}
ULTIMATUM = ultimatum.Ultimatum((CONSTANT, "gender1"), (CONSTANT, "gender2"), prize=100.0, responder_scale=3.0)


@dataclass(frozen=True)
class Case:
    """What others found: log-likelihood, estimates and standard errors where they were given, and how near is near."""

    name: str
    model: str
    loglik: float
    tolerance: dict[str, float]
    estimates: tuple[float, ...] = field(default=())
    errors: tuple[float, ...] = field(default=())


def cases() -> list[Case]:
    """Every published case."""
    found: dict[str, Any] = tomllib.loads((tables.HOME / "published.toml").read_text(encoding="utf-8"))["case"]
    return [Case(name=name, **entry) for name, entry in found.items()]


def again(case: Case) -> Fit:
    """The same estimate by our own estimator."""
    return MODELS[case.model]()


@cache
def disputes() -> Model:
    """The model of war1800 with normal errors of agents."""
    return Model(DISPUTE, STAKES)


def complete() -> list[dict[str, str]]:
    """The disputes for which nothing is missing."""
    return [row for row in tables.read("war1800") if all(row.values())]


def war1800(rows: Sequence[dict[str, str]]) -> Data:
    """Disputes as data: reservation and balance as they are, regimes as columns of 0 and 1 (autocracy is the base)."""
    columns = {name: np.array([float(row[name]) for row in rows]) for name in ("s_wt_re1", "revis1", "balanc")}
    for regime in ("regime1", "regime2"):
        columns |= strategic.dummies(regime, [row[regime] for row in rows], base="autoc")
    return Data(columns, endings(rows))


def endings(rows: Sequence[dict[str, str]]) -> list[str]:
    """How each dispute ended: status quo, capitulation, war."""
    return [next(end for end in ("sq", "capit", "war") if row[end] == "1") for row in rows]


def _late() -> Fit:
    rows = complete()
    late = np.array([float(int(row["year"]) >= 1850) for row in rows])
    return strategic.fit(disputes(), war1800(rows), starts=2, weights=late)


def _fixed() -> Fit:
    model = Model(DISPUTE, KNOWN_STAKES, scale="estimated")
    return strategic.fit(model, Data({}, endings(tables.read("war1800"))), starts=3)


def _ultimatum() -> Fit:
    rows = tables.read("ultimatum2010")
    gender = {name: [float(row[name]) for row in rows] for name in ("gender1", "gender2")}
    return ultimatum.fit(
        ULTIMATUM, gender, [float(row["offer"]) for row in rows], [row["accept"] == "1" for row in rows]
    )


MODELS: dict[str, Callable[[], Fit]] = {
    "war1800-probit": lambda: strategic.fit(disputes(), war1800(complete()), starts=2),
    "war1800-logit": lambda: strategic.fit(Model(DISPUTE, STAKES, link="logit"), war1800(complete()), starts=2),
    "war1800-private": lambda: strategic.fit(Model(DISPUTE, STAKES, errors="private"), war1800(complete()), starts=2),
    "war1800-late": _late,
    "war1800-fixed": _fixed,
    "ultimatum": _ultimatum,
}
