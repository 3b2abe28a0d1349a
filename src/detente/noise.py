"""Random draws by address (seed, world, month, name), never by order of call.

A Threefry key is folded from (seed, world, month); each named element then has a fixed 32-bit address, the CRC-32 of
its name, and its bits are a keyed counter hash of that address (two rounds of the MurmurHash3 finaliser). One more
named stream therefore changes no other. `tests/test_noise.py` runs the statistical battery and the collision test.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

_GOLDEN = np.uint32(0x9E3779B9)


def address(name: str) -> int:
    """The fixed 32-bit address of a name."""
    return zlib.crc32(name.encode("utf-8"))


def addresses(names: Sequence[str]) -> np.ndarray:
    """Addresses of many names, shape [names, 1], ready to broadcast over worlds."""
    return np.array([address(name) for name in names], dtype=np.uint32)[:, None]


class WorldKeys(NamedTuple):
    """Two words of key per world for one month: uint32 [world] each."""

    low: Array
    high: Array


def world_keys(seed: int, worlds: Array) -> Array:
    """One Threefry key a world, uint32 [world, 2], from the seed and the world's number alone."""
    base = jax.random.key_data(jax.random.key(seed, impl="threefry2x32"))
    return jax.vmap(lambda k: _fold(base, k))(worlds)


def other_keys(seed: int, worlds: Array, purpose: str) -> Array:
    """As `world_keys`, for luck of another purpose: a constant word is folded into the seed before the world."""
    base = _fold(jax.random.key_data(jax.random.key(seed, impl="threefry2x32")), jnp.uint32(address(purpose)))
    return jax.vmap(lambda k: _fold(base, k))(worlds)


def _fold(key: Array, data: Array) -> Array:
    folded = jax.random.fold_in(jax.random.wrap_key_data(key, impl="threefry2x32"), data)
    return jax.random.key_data(folded)


def at_month(keys: Array, month: Array) -> WorldKeys:
    """The worlds' keys of one month."""
    folded = jax.vmap(_fold, in_axes=(0, None))(keys, month)
    return WorldKeys(folded[:, 0], folded[:, 1])


def _mix(x: Array) -> Array:
    x = (x ^ (x >> 16)) * jnp.uint32(0x85EBCA6B)
    x = (x ^ (x >> 13)) * jnp.uint32(0xC2B2AE35)
    return x ^ (x >> 16)


def bits(keys: WorldKeys, where: Array | np.ndarray) -> Array:
    """32 random bits for each address and world, uint32 [..., world]."""
    return _mix(_mix(jnp.asarray(where) * _GOLDEN + keys.low) ^ keys.high)


def uniform(keys: WorldKeys, where: Array | np.ndarray, dtype: jnp.dtype = jnp.float32) -> Array:
    """Uniform on (0, 1), never an end, [..., world]; 23 bits."""
    mantissa = jax.lax.bitcast_convert_type((bits(keys, where) >> 9) | jnp.uint32(0x3F800000), jnp.float32)
    return mantissa.astype(dtype) - (1.0 - 2.0**-24)


def exponential(keys: WorldKeys, where: Array | np.ndarray, dtype: jnp.dtype = jnp.float32) -> Array:
    """Standard exponential waiting time, [..., world]; minus its logarithm is standard Gumbel noise."""
    return -jnp.log(uniform(keys, where, dtype))


def gumbel(keys: WorldKeys, where: Array | np.ndarray, dtype: jnp.dtype = jnp.float32) -> Array:
    """Standard Gumbel noise of choice, [..., world]."""
    return -jnp.log(exponential(keys, where, dtype))


def normal(keys: WorldKeys, where: Array | np.ndarray, dtype: jnp.dtype = jnp.float32) -> Array:
    """Standard normal shock, [..., world]."""
    return jax.scipy.special.ndtri(uniform(keys, where, dtype))
