"""The bench on which every law is tried."""

import pytest
from deeds_kit import Bench

from detente.scenario import load
from detente.structure import structure


@pytest.fixture(scope="session")
def bench() -> Bench:
    scenario = load("coexistence")
    return Bench.of(scenario, structure(scenario))
