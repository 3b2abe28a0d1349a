"""The statistical ultimatum game: reservation values read from offers and answers.

A proposer offers y of a prize Q; a responder accepts where y beats its reservation value R2 plus a logistic error of
scale s2; the proposer, whose own reservation value is R1 plus a logistic error of scale s1, offers what is best for it.
Offers outside [0, Q] are made at the bound. Accepting and offering are scored together.

Source: K. W. Ramsay and C. S. Signorino, "A Statistical Model of the Ultimatum Game", working paper, 2009; B. Kenkel
and C. S. Signorino, "Estimating Extensive Form Games in R", Journal of Statistical Software 56(8), 2014.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from detente.lab.maximise import Climber, Fit

Floats = NDArray[np.float64]
CONSTANT = "1"


@dataclass(frozen=True)
class Ultimatum:
    """Reservation values linear in covariates (`"1"` is the constant); the responder's scale is fixed.

    Parameters
    ----------
    proposer, responder
        Names of the covariates of R1 and R2.
    prize
        What is divided.
    responder_scale
        Scale of the responder's logistic error, in units of the prize.
    """

    proposer: tuple[str, ...]
    responder: tuple[str, ...]
    prize: float
    responder_scale: float

    @cached_property
    def names(self) -> tuple[str, ...]:
        """One name a parameter: those of R1, of R2, and the proposer's log scale."""
        return (*(f"R1:{n}" for n in self.proposer), *(f"R2:{n}" for n in self.responder), "log s1")

    @cached_property
    def climber(self) -> Climber:
        """The log-likelihood: parameters, both sides' covariates, offers, answers."""
        return Climber(self.log_likelihood, self.names)

    def log_likelihood(self, parameters: Any, own: Any, other: Any, offer: Any, accepted: Any) -> Any:
        """Density of the offers, probability of the bounds, and probability of the answers."""
        cut = len(self.proposer)
        r1, r2, log_s1 = own @ parameters[:cut], other @ parameters[cut:-1], parameters[-1]
        s1, s2, prize = jnp.exp(log_s1), self.responder_scale, self.prize
        lead = (offer - r2) / s2
        # the first-order condition, solved for the error that makes this offer the best
        error = (prize - offer - r1 - s2 * (1 + jnp.exp(lead))) / s1
        inside = jax.nn.log_sigmoid(error) + jax.nn.log_sigmoid(-error) - log_s1 + jnp.log1p(jnp.exp(lead))
        made = jnp.where(
            offer <= 0,
            jax.nn.log_sigmoid(-error),
            jnp.where(offer >= prize, jax.nn.log_sigmoid(error), inside),
        )
        answered = jax.nn.log_sigmoid(jnp.where(accepted, lead, -lead))
        return jnp.sum(made + answered)


def fit(
    model: Ultimatum,
    covariates: Mapping[str, ArrayLike],
    offers: ArrayLike,
    accepted: Sequence[bool],
    *,
    starts: int = 8,
    seed: int = 1,
) -> Fit:
    """Maximum likelihood from several starts: constants about half the prize, the rest about 0.

    Raises
    ------
    ValueError
        Where an offer lies outside [0, prize].
    """
    y = np.asarray(offers, dtype=np.float64)
    if np.any((y < 0) | (y > model.prize)):
        raise ValueError(f"offers lie between 0 and the prize, {model.prize:g}.")
    known = {CONSTANT: np.ones_like(y), **{k: np.asarray(v, dtype=np.float64) for k, v in covariates.items()}}
    own = np.column_stack([known[name] for name in model.proposer])
    other = np.column_stack([known[name] for name in model.responder])
    constant = np.array([name.endswith(f":{CONSTANT}") for name in model.names])
    centre = np.where(constant, model.prize / 2, 0.0)
    centre[-1] = np.log(model.prize / 4)
    step = np.where(constant, model.prize / 10, model.prize / 20)
    step[-1] = 0.5
    drawn = np.random.default_rng(seed).normal(size=(starts - 1, len(centre)))
    first = np.vstack([centre, centre + step * drawn])
    return model.climber.climb(first, own, other, y, np.asarray(accepted, dtype=bool))
