"""The likelihood of recorded slots as a function of preferences alone.

On the record the World of a month does not depend on preferences, so the record is followed once, its months are laid
side by side as if they were worlds, and the coefficients of choice are fitted by penalised likelihood without
following it again. This is how the common scales of choice are set (`choices.toml`): on moves before a month named
there, so that what comes after can be scored.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from detente import laws, nature
from detente.answers import marked, shut
from detente.decisions import layout, nested, slot_log_probability
from detente.drive import follower
from detente.lab.likelihood import begins
from detente.laws import Laws
from detente.masks import allowed
from detente.mechanisms import home
from detente.scenario import MONTHS, SLOTS, Scenario, parse_month
from detente.seats import preferences
from detente.seats.record import Record, record
from detente.structure import Structure, structure
from detente.views import View, view

Floats = NDArray[np.float64]
PLAN = Path(__file__).with_name("choices.toml")
"""What is fitted, and from which priors."""


class Months(NamedTuple):
    """What seats knew and chose on the record, months side by side on the last axis."""

    view: View
    mask: jax.Array  # [N, month]
    rows: jax.Array  # [SLOTS, D, month]
    known: jax.Array  # [SLOTS, D, month] 1 where a slot is asked and its answer is told


def months(st: Structure, told: Record, values: Laws) -> Months:
    """Follow the record once, in the precision of the laws."""
    worlds, _ = jax.jit(follower(st, told))(values)
    before = jax.tree.map(lambda x: jnp.moveaxis(x[..., 0], 0, -1), begins(st, values, worlds))
    busy = np.ones((SLOTS, len(st.deciders), MONTHS))
    rows = np.moveaxis(told.rows, 0, -1)
    for slot in range(1, SLOTS):
        busy[slot] = busy[slot - 1] * (rows[slot - 1] >= 0)
    known = np.moveaxis(told.rows_known, 0, -1) * busy
    rising = jnp.asarray(told.nature[:, nature.names(st).kinds["unrest"]].T)
    seen = jax.jit(lambda w, v: (view(home.stirred(w, rising, v), v, st), allowed(w, st)))(before, values)
    return Months(seen[0], seen[1], jnp.asarray(rows, jnp.int32), jnp.asarray(known))


def log_likelihood(x: Months, values: Laws, st: Structure) -> tuple[jax.Array, jax.Array]:
    """Log-probability of whether to act and of what, each [D, month]."""
    menu, utility = layout(st), preferences.slots(x.view, values, st)
    taken = jnp.zeros_like(x.mask)
    acts = whats = jnp.zeros((len(st.deciders), x.mask.shape[-1]), x.mask.dtype)
    for slot in range(SLOTS):
        row = x.rows[slot]
        mark = marked(row, st, x.mask)
        open_ = jnp.maximum(x.mask * (1.0 - shut(taken, st)), mark)
        act, what = slot_log_probability(menu, nested(menu, utility, open_, values.preferences.nest.scale), row)
        acts, whats = acts + act * x.known[slot], whats + what * x.known[slot]
        taken = taken + mark
    return acts, whats


class Prior(NamedTuple):
    """What a coefficient is taken to be before the fit: 5 %, median and 95 % on the scale of its family."""

    family: str
    low: float
    best: float
    high: float

    def at(self, z: Any) -> Any:
        """The value that lies z standard deviations from the median."""
        return laws.at_score(self, z)


def plan() -> tuple[str, dict[str, Prior]]:
    """The first month that is not fitted, and the coefficients with the priors that the fit starts from."""
    told = tomllib.loads(PLAN.read_text(encoding="utf-8"))
    return told["until"], {name: Prior(**entry) for name, entry in told["prior"].items()}


@dataclass(frozen=True)
class Fit:
    """Fitted values with their curvature, and the log-likelihood of moves that were fitted and of later ones."""

    until: str
    values: dict[str, tuple[float, float, float]]  # 5 %, best, 95 %
    moves: tuple[int, int]  # fitted, later
    before: tuple[tuple[float, float], tuple[float, float]]  # (act, what) of the fitted and of the later moves
    after: tuple[tuple[float, float], tuple[float, float]]


def fit(scenario: Scenario, progress: Callable[[float], None] | None = None) -> Fit:
    """Penalised maximum likelihood of the planned coefficients; all others stay at their priors' medians.

    The 5 and 95 % come from the curvature at the maximum (Laplace's approximation).
    """
    st = structure(scenario)
    told = record(st)
    end, priors = plan()
    until = parse_month(end)
    with jax.enable_x64(new_val=True):
        base = jax.tree.map(jnp.float64, laws.best(scenario))
        x = months(st, told, base)

        def parts(z: jax.Array) -> jax.Array:
            values = laws.replaced(base, {name: prior.at(z[k]) for k, (name, prior) in enumerate(priors.items())})
            by_month = jnp.stack([part.sum(axis=0) for part in log_likelihood(x, values, st)])
            return jnp.stack([by_month[:, :until].sum(axis=1), by_month[:, until:].sum(axis=1)])

        def loss(z: jax.Array) -> jax.Array:
            return -parts(z)[0].sum() + 0.5 * (z**2).sum()

        value, split = jax.jit(jax.value_and_grad(loss)), jax.jit(parts)

        def called(z: Floats) -> tuple[float, Floats]:
            f, g = value(jnp.asarray(z))
            if progress:
                progress(float(f))
            return float(f), np.asarray(g)

        zero = np.zeros(len(priors))
        best = minimize(called, zero, jac=True, method="L-BFGS-B", bounds=[(-6.0, 6.0)] * len(priors)).x
        step = 1e-4 * np.eye(len(priors))
        curvature = np.stack([(called(best + h)[1] - called(best - h)[1]) / 2e-4 for h in step])
        spread = laws.Z95 * np.sqrt(np.diag(np.linalg.inv(0.5 * (curvature + curvature.T))))
        scores = [tuple(map(tuple, np.asarray(split(jnp.asarray(z))).tolist())) for z in (zero, best)]
        values = {
            name: tuple(float(prior.at(jnp.asarray(z))) for z in (best[k] - spread[k], best[k], best[k] + spread[k]))
            for k, (name, prior) in enumerate(priors.items())
        }
    made = np.asarray((x.known > 0) & (x.rows >= 0)).sum(axis=(0, 1))
    return Fit(end, values, (int(made[:until].sum()), int(made[until:].sum())), *scores)  # type: ignore[arg-type]
