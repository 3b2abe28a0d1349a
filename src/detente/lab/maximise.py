"""Estimates from a log-density: the best of several climbs, standard errors, draws from the posterior. Float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
Density = Callable[..., Any]
"""Parameters, then data as arrays or trees of arrays → one number to be made large."""
FALSE = 1e-3
"""A climb that ends so far below the best, in log-likelihood, ended in a false maximum."""
STEP = 1e-5
"""Step of the differences that give second derivatives, for a parameter of size 1."""
FLAT = 1e-10
"""Information in one direction, as a share of the largest, at which the data say nothing about it."""


@dataclass(frozen=True)
class Fit:
    """The best maximum found, how sure it is, and where every climb ended.

    `error` are standard errors from the inverse of the observed information, NaN where it is not positive definite;
    `climbs` the log-density each start led to, shape [start]; `slope` the largest entry of the gradient at the end.
    """

    names: tuple[str, ...]
    estimate: Floats
    error: Floats
    value: float
    climbs: Floats
    slope: float

    @property
    def false_maxima(self) -> float:
        """Share of climbs that ended below the best."""
        return float(np.mean(self.climbs < self.value - FALSE))

    def __getitem__(self, name: str) -> float:
        return float(self.estimate[self.names.index(name)])


class Climber:
    """A log-density with its derivatives, compiled once and climbed as often as wanted."""

    def __init__(self, density: Density, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.density = density
        self._value = jax.jit(jax.value_and_grad(density))

    def gradient(self, parameters: Floats, *data: Any) -> tuple[float, Floats]:
        """The log-density and its gradient."""
        with jax.enable_x64(new_val=True):
            value, slope = self._value(jnp.asarray(parameters, dtype=float), *data)
            return float(value), np.asarray(slope)

    def curvature(self, parameters: Floats, *data: Any) -> Floats:
        """Second derivatives: central differences of the exact gradient, so that nothing more need be compiled."""
        at = np.asarray(parameters, dtype=np.float64)
        steps = np.diag(STEP * np.maximum(1.0, np.abs(at)))
        rows = [
            (self.gradient(at + step, *data)[1] - self.gradient(at - step, *data)[1]) / (2 * step.sum())
            for step in steps
        ]
        found = np.array(rows)
        return np.asarray((found + found.T) / 2)

    def climb(self, starts: Floats, *data: Any) -> Fit:
        """The best maximum reached from `starts`, shape [start, parameter]: BFGS, then a trust region at the top."""
        ends = [self._bfgs(start, data) for start in np.atleast_2d(starts)]
        climbs = np.array([value for value, _ in ends])
        if not np.isfinite(climbs).any():
            raise ValueError("no start has a finite likelihood: give starts nearer to 0 or rescale the covariates.")
        top = self._newton(ends[int(np.nanargmax(climbs))][1], data)
        value, slope = self.gradient(top, *data)
        return Fit(self.names, top, self._errors(top, data), value, climbs, float(np.abs(slope).max()))

    def _bfgs(self, start: Floats, data: tuple[Any, ...]) -> tuple[float, Floats]:
        def down(parameters: Floats) -> tuple[float, Floats]:
            value, slope = self.gradient(parameters, *data)
            return -value, -slope

        # from a bad start a line search may overflow on its way; what counts is where it ends
        with np.errstate(all="ignore"):
            found = minimize(down, start, jac=True, method="BFGS", options={"gtol": 1e-6, "maxiter": 2000})
        return -float(found.fun), np.asarray(found.x)

    def _newton(self, start: Floats, data: tuple[Any, ...]) -> Floats:
        found = minimize(
            lambda x: -self.gradient(x, *data)[0],
            start,
            jac=lambda x: -self.gradient(x, *data)[1],
            hess=lambda x: -self.curvature(x, *data),
            method="trust-exact",
            options={"gtol": 1e-9, "maxiter": 50},
        )
        return np.asarray(found.x)

    def _errors(self, top: Floats, data: tuple[Any, ...]) -> Floats:
        information = -self.curvature(top, *data)
        widths = np.linalg.eigvalsh(information)
        if widths[0] <= FLAT * widths[-1]:
            return np.full(len(top), np.nan)
        return np.asarray(np.sqrt(np.diag(np.linalg.inv(information))))


@dataclass(frozen=True)
class Posterior:
    """Draws from a posterior, shape [draw, parameter], and whether the chains agree."""

    names: tuple[str, ...]
    draws: Floats
    r_hat: Floats
    effective: Floats
    divergences: int


def nuts(
    climber: Climber, data: tuple[Any, ...], top: Floats, *, draws: int, warmup: int, chains: int, seed: int
) -> Posterior:
    """The posterior by the No-U-Turn Sampler, begun about its maximum `top` in the metric that holds there.

    Needs NumPyro: install the extra `estimate`.

    Raises
    ------
    ValueError
        With fewer than two chains: one alone cannot show that it has settled.

    Source: M. D. Hoffman and A. Gelman, "The No-U-Turn Sampler", Journal of Machine Learning Research 15, 2014.
    """
    from numpyro.diagnostics import effective_sample_size, gelman_rubin
    from numpyro.infer import MCMC, NUTS

    if chains < 2:
        raise ValueError("chains: give at least two, or nothing shows that they agree.")
    spread = np.linalg.cholesky(np.linalg.inv(-climber.curvature(top, *data)))
    with jax.enable_x64(new_val=True):

        def potential(standard: Any) -> Any:
            return -climber.density(jnp.asarray(top) + jnp.asarray(spread) @ standard, *data)

        sampler = MCMC(
            NUTS(potential_fn=potential, target_accept_prob=0.9, max_tree_depth=7),
            num_warmup=warmup,
            num_samples=draws,
            num_chains=chains,
            chain_method="vectorized",
            progress_bar=False,
        )
        first = np.random.default_rng(seed).normal(size=(chains, len(top)))
        sampler.run(jax.random.key(seed), init_params=jnp.asarray(first), extra_fields=("diverging",))
        by_chain = top + np.asarray(sampler.get_samples(group_by_chain=True)) @ spread.T
        return Posterior(
            climber.names,
            by_chain.reshape(-1, len(top)),
            np.asarray(gelman_rubin(by_chain)),
            np.asarray(effective_sample_size(by_chain)),
            int(np.sum(np.asarray(sampler.get_extra_fields()["diverging"]))),
        )
