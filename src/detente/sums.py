"""Sums over an axis of the model, written so that worlds fill the vector lanes."""

from __future__ import annotations

from functools import reduce
from operator import add as plus

from jax import Array

SHORT = 32
"""Up to so many slices a sum is a chain, which the compiler fuses with what feeds it; a longer one is a reduction."""


def add(x: Array, axis: int) -> Array:
    """The sum over one axis: a chain over its slices where it is short. The last axis is worlds and is never summed."""
    if x.shape[axis] > SHORT or x.shape[axis] == 0:
        return x.sum(axis=axis)
    slices = [_slice(x, k, axis) for k in range(x.shape[axis])]
    return reduce(plus, slices)


def _slice(x: Array, k: int, axis: int) -> Array:
    index: list[slice | int] = [slice(None)] * x.ndim
    index[axis] = k
    return x[tuple(index)]
