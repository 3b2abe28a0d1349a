"""Coefficients of the laws as a tree of arrays, and their prior draws.

`laws.relations.richardson1960.decay` is an array [world] (or a scalar): world k of an ensemble uses draw k mod DRAWS,
and a draw is addressed by (seed, draw, coefficient), so a new coefficient changes no other's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import ndtri

from detente.noise import address
from detente.scenario import Coefficient, Scenario

DRAWS = 64
"""Prior draws of the laws in an ensemble (design, section 11)."""


@jax.tree_util.register_pytree_with_keys_class
class Laws(dict[str, Any]):
    """A nested table read with dots; a pytree whose leaves are coefficients."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no law or coefficient '{name}'; known: {', '.join(self)}") from None

    def tree_flatten_with_keys(self) -> tuple[list[tuple[Any, Any]], tuple[str, ...]]:
        keys = tuple(sorted(self))
        return [(jax.tree_util.DictKey(key), self[key]) for key in keys], keys

    def tree_flatten(self) -> tuple[list[Any], tuple[str, ...]]:
        keys = tuple(sorted(self))
        return [self[key] for key in keys], keys

    @classmethod
    def tree_unflatten(cls, keys: tuple[str, ...], values: Any) -> Laws:
        return cls(zip(keys, values, strict=True))


def names(scenario: Scenario) -> list[str]:
    """Every coefficient as mechanism.law.coefficient, sorted."""
    return sorted(
        f"{m}.{law}.{key}" for m, laws in scenario.laws.items() for law, table in laws.items() for key in table
    )


def coefficient(scenario: Scenario, name: str) -> Coefficient:
    """The entry behind a name."""
    mechanism, law, key = name.split(".")
    return scenario.laws[mechanism][law][key]


def tree(values: dict[str, Any]) -> Laws:
    """Flat names → nested Laws."""
    out = Laws()
    for name, value in values.items():
        mechanism, law, key = name.split(".")
        out.setdefault(mechanism, Laws()).setdefault(law, Laws())[key] = value
    return out


def best(scenario: Scenario) -> Laws:
    """The median of every prior, float64 scalars."""
    return tree({name: np.float64(coefficient(scenario, name).best) for name in names(scenario)})


Scale = Callable[[Any], Any]
SCALES: dict[str, tuple[Scale, Scale]] = {
    "normal": (lambda x: x, lambda y: y),
    "lognormal": (np.log, np.exp),
    "logit": (lambda x: np.log(x / (1 - x)), lambda y: 1 / (1 + np.exp(-y))),
}
"""The scale on which a family of priors is normal, and the way back."""
TRACED: dict[str, tuple[Scale, Scale]] = {
    "normal": SCALES["normal"],
    "lognormal": (jnp.log, jnp.exp),
    "logit": (lambda x: jnp.log(x / (1 - x)), jax.nn.sigmoid),
}
"""The same where gradients are taken."""
Z95 = 1.6448536269514722
"""Standard normal score of the 95 % point."""


def _quantile(entry: Coefficient, z: np.ndarray) -> np.ndarray:
    """The prior's value at standard normal score z: two halves meet at the median, 5 % and 95 % are exact."""
    to, back = SCALES[entry.family]
    low, mid, high = (to(np.float64(x)) for x in (entry.low, entry.best, entry.high))
    spread = np.where(z < 0, mid - low, high - mid) / Z95
    return np.clip(back(mid + spread * z), *entry.bounds)


def at_score(entry: Any, z: Any) -> Any:
    """As `_quantile`, differentiable, before the bounds: the value that lies z prior standard deviations off."""
    to, back = SCALES[entry.family][0], TRACED[entry.family][1]
    low, mid, high = (to(np.float64(x)) for x in (entry.low, entry.best, entry.high))
    return back(mid + jnp.where(z < 0, mid - low, high - mid) / Z95 * z)


def replaced(laws: Laws, values: dict[str, Any]) -> Laws:
    """The same laws with some coefficients (mechanism.law.coefficient) at other values."""
    out = laws
    for name, value in values.items():
        mechanism, law, key = name.split(".")
        out = Laws(out | {mechanism: Laws(out[mechanism] | {law: Laws(out[mechanism][law] | {key: value})})})
    return out


def draw(scenario: Scenario, seed: int, draws: int = DRAWS) -> dict[str, np.ndarray]:
    """Prior draws, name → float64 [draw]."""
    out = {}
    for name in names(scenario):
        rng = [np.random.Philox(key=[seed, address(f"law:{name}")], counter=[0, 0, 0, k]) for k in range(draws)]
        u = np.array([(np.random.Generator(r).integers(1, 2**53) / 2**53) for r in rng])
        out[name] = _quantile(coefficient(scenario, name), ndtri(u))
    return out


def off(scenario: Scenario, laws: Laws, name: str) -> Laws:
    """The same laws with one law (mechanism.law) at its neutral values: the law switched off."""
    mechanism, law = name.split(".")
    table = Laws(
        {
            key: np.broadcast_to(entry.neutral, np.shape(laws[mechanism][law][key]))
            for key, entry in scenario.laws[mechanism][law].items()
        }
    )
    return Laws(laws | {mechanism: Laws(laws[mechanism] | {law: table})})
