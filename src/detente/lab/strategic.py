"""Stakes estimated from what was done: strategic probit and logit on any tree of decisions.

Each decision is a choice by a player who weighs what the others will do next. Utilities of endings are fixed numbers
or linear in covariates; the coefficients are found by maximum likelihood or as a posterior.

Source: C. S. Signorino, "Strategic Interaction and the Statistical Analysis of International Conflict", American
Political Science Review 93(2), 1999; B. Kenkel and C. S. Signorino, "Estimating Extensive Form Games in R", Journal
of Statistical Software 56(8), 2014.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import log_ndtr
from numpy.typing import ArrayLike, NDArray

from detente.lab.maximise import Climber, Fit, Posterior, nuts

Floats = NDArray[np.float64]
Formula = tuple[str, ...] | float
"""Names of covariates, one coefficient each, `"1"` being the constant; or a fixed utility."""
CONSTANT = "1"
LOG_SCALE = "log scale"


@dataclass(frozen=True)
class Decision:
    """A player chooses among named actions; each leads to another decision or to an ending, which is a name."""

    player: str
    actions: Mapping[str, Decision | str]


@dataclass(frozen=True)
class Data:
    """Observed plays: covariates by name, shape [play] each, and the ending of each play."""

    covariates: Mapping[str, Floats]
    endings: Sequence[str]

    def take(self, rows: ArrayLike) -> Data:
        """Some of the plays, by mask or by number."""
        chosen = np.arange(len(self.endings))[np.asarray(rows)]
        return Data({k: v[chosen] for k, v in self.covariates.items()}, [self.endings[i] for i in chosen])


@dataclass(frozen=True)
class Model:
    """A tree with utilities to estimate, and where its chance comes from.

    Parameters
    ----------
    tree
        The first decision.
    utilities
        Player → ending → formula. What is not named is worth 0.
    link
        Normal errors (two actions at each decision) or logistic ones (any number).
    errors
        `agent`: whoever decides errs anew at each decision, with standard deviation 1 (normal) or scale 1 (logistic).
        `private`: each player alone knows its own normal error in the worth of each end of the tree, and others know
        its distribution; no player may then decide twice on a path.
    scale
        `one`, or `estimated`: one common log scale, where utilities are fixed numbers.
    """

    tree: Decision
    utilities: Mapping[str, Mapping[str, Formula]]
    link: Literal["probit", "logit"] = "probit"
    errors: Literal["agent", "private"] = "agent"
    scale: Literal["one", "estimated"] = "one"

    def __post_init__(self) -> None:
        for fault in _faults(self):
            raise ValueError(fault)

    @cached_property
    def endings(self) -> tuple[str, ...]:
        """The names of endings, in the order of the tree."""
        return tuple(dict.fromkeys(_leaves(self.tree)))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """One name a parameter: `player:ending:covariate`, and the log scale last."""
        own = [f"{who}:{end}:{name}" for who, end, formula in self._formulas() for name in formula]
        return (*own, *([LOG_SCALE] if self.scale == "estimated" else []))

    @cached_property
    def covariates(self) -> tuple[str, ...]:
        """The covariates that the formulas name."""
        used = dict.fromkeys(name for _, _, formula in self._formulas() for name in formula)
        return tuple(name for name in used if name != CONSTANT)

    @cached_property
    def climber(self) -> Climber:
        """The weighted log-likelihood plus log-prior: parameters, covariates, ending numbers, weights, prior sd."""

        def density(parameters: Any, columns: Any, ends: Any, weights: Any, prior: Any) -> Any:
            told = jnp.take_along_axis(self.log_probabilities(parameters, columns), ends[:, None], axis=1)[:, 0]
            return jnp.sum(weights * told) - 0.5 * jnp.sum((parameters / prior) ** 2)

        return Climber(density, self.names)

    def log_probabilities(self, parameters: Any, columns: Mapping[str, Any]) -> Any:
        """Log-probability of each ending, shape [play, ending]; differentiable."""
        plays = jnp.zeros_like(next(iter(columns.values())))
        scale = jnp.exp(parameters[-1]) if self.scale == "estimated" else 1.0
        ends = self._below(self.tree, self._worth(parameters, columns, plays), scale, plays)
        by_name = [jnp.stack([chance for end, chance in ends if end == name]) for name in self.endings]
        return jnp.stack([jax.nn.logsumexp(chances, axis=0) for chances in by_name], axis=1)

    def _formulas(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for who, ends in self.utilities.items():
            for end, formula in ends.items():
                if isinstance(formula, tuple):
                    yield who, end, formula

    def _worth(self, parameters: Any, columns: Mapping[str, Any], plays: Any) -> dict[str, dict[str, Any]]:
        """Player → ending → utility in each play."""
        weigh = iter(parameters)
        known = {CONSTANT: plays + 1.0, **columns}
        return {
            who: {
                end: sum((next(weigh) * known[name] for name in formula), plays)
                if isinstance(formula, tuple)
                else plays + formula
                for end, formula in ends.items()
            }
            for who, ends in self.utilities.items()
        }

    def _below(self, node: Decision | str, worth: Any, scale: Any, plays: Any) -> list[tuple[str, Any]]:
        """Every end below a node with its log-probability once the node is reached."""
        if isinstance(node, str):
            return [(node, plays)]
        own = worth.get(node.player, {})
        branches = [self._below(child, worth, scale, plays) for child in node.actions.values()]
        values = [sum((jnp.exp(c) * own.get(end, 0.0) for end, c in branch), plays) for branch in branches]
        if self.link == "logit":
            chosen = jax.nn.log_softmax(jnp.stack(values) / scale, axis=0)
        else:
            lead = (values[0] - values[1]) / (scale * self._spread(branches))
            chosen = jnp.stack([log_ndtr(lead), log_ndtr(-lead)])
        return [(end, c + chosen[i]) for i, branch in enumerate(branches) for end, c in branch]

    def _spread(self, branches: Sequence[Sequence[tuple[str, Any]]]) -> Any:
        """Standard deviation of the difference of two actions' errors, in units of the scale."""
        if self.errors == "agent":
            return np.sqrt(2.0)
        return jnp.sqrt(sum(jnp.exp(2 * chance) for branch in branches for _, chance in branch))

    def arrays(self, data: Data) -> tuple[dict[str, Floats], NDArray[np.int64]]:
        """The data as the likelihood takes them.

        Raises
        ------
        ValueError
            Where a covariate is missing or not finite, or an ending unknown.
        """
        if missing := [name for name in self.covariates if name not in data.covariates]:
            raise ValueError(f"the data have no column {', '.join(missing)}; there are {', '.join(data.covariates)}.")
        if strange := sorted(set(data.endings) - set(self.endings)):
            raise ValueError(f"the tree has no ending {', '.join(strange)}; there are {', '.join(self.endings)}.")
        columns = {name: np.asarray(data.covariates[name], dtype=np.float64) for name in self.covariates}
        if gaps := [name for name, column in columns.items() if not np.isfinite(column).all()]:
            raise ValueError(f"column {', '.join(gaps)} has missing values: fill them or leave those plays out.")
        if not columns:
            columns = {CONSTANT: np.ones(len(data.endings))}
        return columns, np.array([self.endings.index(end) for end in data.endings], dtype=np.int64)

    def probabilities(self, parameters: ArrayLike, data: Data) -> Floats:
        """Probability of each ending in each play, shape [play, ending]."""
        columns, _ = self.arrays(data)
        with jax.enable_x64(new_val=True):
            return np.exp(np.asarray(self._predict(jnp.asarray(parameters, dtype=float), columns)))

    @cached_property
    def _predict(self) -> Any:
        return jax.jit(self.log_probabilities)

    def starts(self, data: Data, number: int, seed: int, spread: float = 1.0) -> Floats:
        """Zero, then random parameters, each of a size that moves utilities by about `spread`; shape [start, name]."""
        columns, _ = self.arrays(data)
        size = {name: np.sqrt(np.mean(column**2)) or 1.0 for name, column in columns.items()}
        unit = np.array([1 / size.get(name.rpartition(":")[2], 1.0) for name in self.names])
        drawn = np.random.default_rng(seed).normal(scale=spread, size=(number - 1, len(self.names)))
        return np.vstack([np.zeros(len(self.names)), drawn * unit])


def fit(
    model: Model,
    data: Data,
    *,
    starts: int | Floats = 5,
    seed: int = 1,
    prior: float | Floats = np.inf,
    weights: Floats | None = None,
) -> Fit:
    """Maximum likelihood, or maximum a posteriori under independent normal priors of mean 0.

    Parameters
    ----------
    prior
        Standard deviation of the priors: one for all, or one a parameter.
    starts
        How many (the first is zero, the others random by `seed`), or the starts themselves, shape [start, parameter].
    weights
        What each play counts; 1 by default, and 0 leaves it out.
    """
    columns, ends = model.arrays(data)
    first = model.starts(data, starts, seed) if isinstance(starts, int) else starts
    counted = np.ones(len(ends)) if weights is None else weights
    return model.climber.climb(first, columns, ends, counted, np.asarray(prior, dtype=np.float64))


def posterior(
    model: Model,
    data: Data,
    *,
    prior: float | Floats,
    draws: int = 500,
    warmup: int = 500,
    chains: int = 2,
    seed: int = 1,
) -> Posterior:
    """Draws under independent normal priors of mean 0 and sd `prior`, by NUTS, from about the maximum."""
    columns, ends = model.arrays(data)
    top = fit(model, data, prior=prior, seed=seed).estimate
    told = (columns, ends, np.ones(len(ends)), np.asarray(prior, dtype=np.float64))
    return nuts(model.climber, told, top, draws=draws, warmup=warmup, chains=chains, seed=seed)


def dummies(name: str, values: Sequence[str], base: str) -> dict[str, Floats]:
    """A category as columns of 0 and 1, one for each value but the base: `name=value`."""
    kinds = sorted(set(values) - {base})
    return {f"{name}={kind}": np.array([float(value == kind) for value in values]) for kind in kinds}


def _leaves(node: Decision | str) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    else:
        for child in node.actions.values():
            yield from _leaves(child)


def _nodes(node: Decision | str, above: tuple[str, ...] = ()) -> Iterator[tuple[Decision, tuple[str, ...]]]:
    """Every decision, with the players who decided before it."""
    if isinstance(node, Decision):
        yield node, above
        for child in node.actions.values():
            yield from _nodes(child, (*above, node.player))


def _faults(model: Model) -> Iterator[str]:
    players = {node.player for node, _ in _nodes(model.tree)}
    ends = set(_leaves(model.tree))
    for who, formulas in model.utilities.items():
        if who not in players:
            yield f"utilities name a player {who!r} who never decides; the tree has {', '.join(sorted(players))}."
        if unknown := sorted(set(formulas) - ends):
            yield f"utilities of {who} name endings {', '.join(unknown)}; the tree has {', '.join(sorted(ends))}."
    for node, above in _nodes(model.tree):
        count = len(node.actions)
        if count < 2 or (count > 2 and model.link == "probit"):
            yield f"{node.player} has {count} actions somewhere: two with probit, at least two with logit."
        if model.errors == "private" and node.player in above:
            yield f"{node.player} decides twice on a path: private information is not solved there; use agent errors."
    if model.errors == "private" and model.link == "logit":
        yield "private information is solved with normal errors only: use the probit link."
    fixed = {f for formulas in model.utilities.values() for f in formulas.values() if isinstance(f, float | int)}
    if model.scale == "estimated" and not fixed - {0}:
        yield "an estimated scale needs a fixed utility other than 0, or nothing tells it from the coefficients."
