"""Sums and maxima over axes of the model."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from detente.sums import SHORT, add, most


@pytest.mark.parametrize("size", [0, 1, 3, SHORT, SHORT + 1])
@pytest.mark.parametrize("axis", [0, 1])
def test_it_is_the_sum_over_that_axis(size: int, axis: int) -> None:
    x = np.random.default_rng(size).normal(size=(size, size, 5)).astype(np.float32)
    np.testing.assert_allclose(add(jnp.asarray(x), axis), x.sum(axis=axis), atol=1e-5)


@pytest.mark.parametrize("size", [1, 3, SHORT, SHORT + 1])
@pytest.mark.parametrize("axis", [0, 1])
def test_it_is_the_largest_over_that_axis(size: int, axis: int) -> None:
    x = np.random.default_rng(size).normal(size=(size, size, 5)).astype(np.float32)
    np.testing.assert_array_equal(most(jnp.asarray(x), axis), x.max(axis=axis))
