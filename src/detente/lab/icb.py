"""The crisis ladder estimated on the crises of 1945–1991, and scored on those it has not seen.

Who challenges whom and how a crisis ends stand in `observed/tables/crises.toml`, fixed before any fit. The model is the
ladder cut down to five decisions; its rivals are base rates and multinomial logits of the same covariates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from detente.lab import strategic
from detente.lab.maximise import Fit, Posterior
from detente.lab.observed import tables
from detente.lab.observed.tables.derive import crisis_rule
from detente.lab.strategic import CONSTANT, Data, Decision, Model

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Forecaster = Callable[["Crises", Mask], Floats]
"""Crises, and which of them may be learnt from → probability of each ending in each crisis."""

ENDINGS: tuple[str, ...] = tuple(crisis_rule()["ending"]["order"])
LADDER = Decision(
    "defender",
    {
        "back down": "defender-backs-down",
        "stand": Decision(
            "challenger",
            {
                "back down": "challenger-backs-down",
                "press": Decision(
                    "defender",
                    {
                        "offer": Decision("challenger", {"accept": "settled", "refuse": "hold"}),
                        "press": Decision("challenger", {"stop": "hold", "fight": "war"}),
                    },
                ),
            },
        ),
    },
)
"""The defender may yield to the challenge; the challenger may yield to resistance; then they talk or fight."""
STAKES: Mapping[str, Mapping[str, strategic.Formula]] = {
    "defender": {
        "defender-backs-down": (CONSTANT, "stake", "balance", "democracy_defender"),
        "challenger-backs-down": 1.0,
        "settled": (CONSTANT,),
        "war": (CONSTANT, "balance", "nuclear_challenger", "allied_defender"),
    },
    "challenger": {
        "challenger-backs-down": (CONSTANT, "balance", "democracy_challenger", "allied_defender", "nuclear_defender"),
        "settled": (CONSTANT, "disputes", "trigger_military"),
        "war": (
            CONSTANT,
            "balance",
            "nuclear_defender",
            "stake",
            "disputes",
            "trigger_military",
            "trigger_violent",
            "same_region",
        ),
    },
}
"""A stalemate is worth 0 to both, the other's retreat 1 to the defender: the zero and the unit of the scale."""
COVARIATES = (
    "balance",
    "stake",
    "disputes",
    "nuclear_challenger",
    "nuclear_defender",
    "democracy_challenger",
    "democracy_defender",
    "allied_defender",
    "trigger_military",
    "trigger_violent",
    "same_region",
)
LEVEL, SLOPE = 2.5, 1.0
"""Prior standard deviations of constants and of slopes, in units of the choice noise and per sd of the covariate."""
FOLDS = 10
ERA = (1953, 1964)
BINS = 5


@dataclass(frozen=True)
class Crises:
    """Crises in a table: who, when, and what was known when they began; covariates have mean 0 and sd 1."""

    data: Data
    names: tuple[str, ...]
    years: NDArray[np.int64]
    pairs: NDArray[np.int64]
    """Number of the pair of states, whoever of the two challenged."""

    @property
    def ends(self) -> NDArray[np.int64]:
        """Number of each crisis's ending in ENDINGS."""
        return np.array([ENDINGS.index(end) for end in self.data.endings])

    @property
    def design(self) -> Floats:
        """Constant and covariates, shape [crisis, 1 + covariate]."""
        columns = [self.data.covariates[name] for name in COVARIATES]
        return np.column_stack([np.ones(len(self.names)), *columns])


def crises() -> Crises:
    """The crises of the table, with balance = log(CINC of the challenger / CINC of the defender).

    Disputes enter as log(1 + number). What is missing gets the mean of what is known.
    """
    rows = tables.read("crises1945")
    raw = {
        name: np.array([float(row[name] or np.nan) for row in rows])
        for name in ("power_challenger", "power_defender", *(name for name in COVARIATES if name != "balance"))
    }
    raw["balance"] = np.log(raw.pop("power_challenger") / raw.pop("power_defender"))
    raw["disputes"] = np.log1p(raw["disputes"])
    covariates = {name: standardised(column) for name, column in raw.items()}
    pairs = ["-".join(sorted((row["challenger"], row["defender"]))) for row in rows]
    return Crises(
        Data(covariates, [row["ending"] for row in rows]),
        tuple(row["name"] for row in rows),
        np.array([int(row["date"][:4]) for row in rows]),
        np.unique(pairs, return_inverse=True)[1].astype(np.int64),
    )


def standardised(column: Floats) -> Floats:
    """Mean 0 and standard deviation 1 over what is known; what is missing becomes 0."""
    return np.nan_to_num((column - np.nanmean(column)) / np.nanstd(column))


@cache
def ladder() -> Model:
    """The strategic model: five decisions, logistic errors of agents."""
    return Model(LADDER, STAKES, link="logit")


@cache
def ridge() -> Model:
    """The multinomial logit as a tree with one decision, by nobody in particular; hold is its zero."""
    free = (CONSTANT, *COVARIATES)
    lottery = Decision("outcome", {end: end for end in ENDINGS})
    return Model(lottery, {"outcome": {end: free for end in ENDINGS if end != "hold"}}, link="logit")


def prior(model: Model) -> Floats:
    """Prior standard deviation of each parameter, its mean being 0."""
    return np.array([LEVEL if name.endswith(f":{CONSTANT}") else SLOPE for name in model.names])


def estimate(model: Model, known: Crises, learn: Mask | None = None, starts: int = 3) -> Fit:
    """The maximum a posteriori of a model on the crises that may be learnt from (all by default)."""
    weights = None if learn is None else learn.astype(np.float64)
    return strategic.fit(model, known.data, starts=starts, prior=prior(model), weights=weights)


def draws(model: Model, known: Crises, *, number: int, warmup: int, seed: int) -> Posterior:
    """The posterior of a model on all crises."""
    return strategic.posterior(model, known.data, prior=prior(model), draws=number, warmup=warmup, seed=seed)


# Forecasters


def base_rates(known: Crises, learn: Mask) -> Floats:
    """How often each ending came, half a crisis added to each."""
    counts = np.bincount(known.ends[learn], minlength=len(ENDINGS)) + 0.5
    return np.tile(counts / counts.sum(), (len(learn), 1))


def multinomial_logit(known: Crises, learn: Mask) -> Floats:
    """Statsmodels' multinomial logit of all covariates, by maximum likelihood."""
    from statsmodels.discrete.discrete_model import MNLogit

    found = MNLogit(known.ends[learn], known.design[learn]).fit(method="bfgs", maxiter=1000, disp=False)
    return np.asarray(found.predict(known.design))


def by_model(build: Callable[[], Model]) -> Forecaster:
    """A forecaster that fits a tree of decisions and reads its probabilities."""

    def forecast(known: Crises, learn: Mask) -> Floats:
        model = build()
        found = model.probabilities(estimate(model, known, learn).estimate, known.data)
        return found[:, [model.endings.index(end) for end in ENDINGS]]

    return forecast


OWN = "strategic ladder"
FORECASTERS: dict[str, Forecaster] = {
    OWN: by_model(ladder),
    "base rates": base_rates,
    "multinomial logit": multinomial_logit,
    "multinomial logit, same priors": by_model(ridge),
}


# Scores


@dataclass(frozen=True)
class Score:
    """A mean over crises and its 5–95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """How well one forecaster did, and by how much the ladder beats it (positive: the ladder is better)."""

    forecaster: str
    log_score: Score
    brier: Score
    miscalibration: float
    ladder_log: Score
    ladder_brier: Score


def folds(number: int, count: int = FOLDS, seed: int = 1) -> NDArray[np.int64]:
    """A fold for each crisis, as even as can be."""
    return np.random.default_rng(seed).permutation(np.arange(number) % count)


def unseen(known: Crises, forecaster: Forecaster, fold: NDArray[np.int64]) -> Floats:
    """Probabilities for each crisis by a forecaster that has not seen its fold; fold −1 is never forecast."""
    found = np.full((len(fold), len(ENDINGS)), np.nan)
    for held in np.unique(fold[fold >= 0]):
        found[fold == held] = forecaster(known, fold != held)[fold == held]
    return found


def log_scores(chances: Floats, ends: NDArray[np.int64]) -> Floats:
    """Log-probability given to what happened."""
    return np.asarray(np.log(np.maximum(chances[np.arange(len(ends)), ends], 1e-12)))


def brier_scores(chances: Floats, ends: NDArray[np.int64]) -> Floats:
    """Squared distance between the forecast and what happened, 0 to 2."""
    return np.asarray(np.sum((chances - np.eye(len(ENDINGS))[ends]) ** 2, axis=1))


@dataclass(frozen=True)
class Bin:
    """Forecasts of about one size: how many, their mean, and how often what they speak of happened."""

    forecasts: int
    mean: float
    happened: float


def reliability(chances: Floats, ends: NDArray[np.int64], bins: int = BINS) -> list[Bin]:
    """Forecasts of all endings together, in bins of equal number, the smallest first."""
    said, came = chances.ravel(), np.eye(len(ENDINGS))[ends].ravel()
    parts = np.array_split(np.argsort(said, kind="stable"), bins)
    return [Bin(len(part), float(said[part].mean()), float(came[part].mean())) for part in parts]


def miscalibration(chances: Floats, ends: NDArray[np.int64]) -> float:
    """Mean distance of what was said from what happened, over the bins."""
    found = reliability(chances, ends)
    return float(np.average([abs(b.mean - b.happened) for b in found], weights=[b.forecasts for b in found]))


def bootstrap(values: Floats, pairs: NDArray[np.int64], draws: int = 4000, seed: int = 1) -> Score:
    """The mean over crises, with an interval from pairs of states drawn anew, each with all its crises."""
    _, own = np.unique(pairs, return_inverse=True)
    sums, counts = np.bincount(own, weights=values), np.bincount(own)
    picks = np.random.default_rng(seed).integers(len(sums), size=(draws, len(sums)))
    low, high = np.quantile(sums[picks].sum(axis=1) / counts[picks].sum(axis=1), [0.05, 0.95])
    return Score(float(values.mean()), float(low), float(high))


def scoreboard(known: Crises, fold: NDArray[np.int64]) -> list[Line]:
    """Every forecaster on the crises of folds 0 and up, each unseen by it."""
    scored = fold >= 0
    ends, pairs = known.ends[scored], known.pairs[scored]
    said = {name: unseen(known, forecaster, fold)[scored] for name, forecaster in FORECASTERS.items()}
    own_log, own_brier = log_scores(said[OWN], ends), brier_scores(said[OWN], ends)
    return [
        Line(
            name,
            bootstrap(log_scores(chances, ends), pairs),
            bootstrap(brier_scores(chances, ends), pairs),
            miscalibration(chances, ends),
            bootstrap(own_log - log_scores(chances, ends), pairs),
            bootstrap(brier_scores(chances, ends) - own_brier, pairs),
        )
        for name, chances in said.items()
    ]


def era_fold(known: Crises) -> NDArray[np.int64]:
    """The crises of 1953–1964 are one fold; the rest is only learnt from."""
    return np.where((known.years >= ERA[0]) & (known.years <= ERA[1]), 0, -1)
