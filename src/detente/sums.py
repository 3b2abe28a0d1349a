"""Sums and maxima over an axis of the model, written so that worlds fill the vector lanes."""

from __future__ import annotations

from functools import reduce
from operator import add as plus

import jax.numpy as jnp
from jax import Array

SHORT = 32
"""Up to so many slices a sum is a chain, which the compiler fuses with what feeds it; a longer one is a reduction."""


def add(x: Array, axis: int) -> Array:
    """The sum over one axis: a chain over its slices where it is short. The last axis is worlds and is never summed."""
    if x.shape[axis] > SHORT or x.shape[axis] == 0:
        return x.sum(axis=axis)
    return reduce(plus, [_slice(x, k, axis) for k in range(x.shape[axis])])


def most(x: Array, axis: int) -> Array:
    """The largest over one axis: a chain over its slices where it is short. Equals share a slope."""
    if x.shape[axis] > SHORT or x.shape[axis] == 0:
        return x.max(axis=axis)
    return reduce(jnp.maximum, [_slice(x, k, axis) for k in range(x.shape[axis])])


def _slice(x: Array, k: int, axis: int) -> Array:
    index: list[slice | int] = [slice(None)] * x.ndim
    index[axis] = k
    return x[tuple(index)]
