"""Seats whose utilities are read off a solution: the ladder's endings, and the choice of an heir."""

from __future__ import annotations

from jax import Array

from detente.decisions import Decision
from detente.laws import Laws
from detente.structure import Structure


def ladder(decision: Decision, laws: Laws, st: Structure) -> Array:
    """Log-probability of every way in which a ladder can run in its equilibrium, [K, LINES, world]."""
    del laws, st
    return decision.state.log_line


def heirs(decision: Decision, laws: Laws, st: Structure) -> Array:
    """Log weight of every eligible heir, [D, L, world]."""
    del laws, st
    return decision.state
