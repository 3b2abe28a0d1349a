"""A room for a test: one kernel for all of them, a store of its own each, and a clock that stands until it is moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from room_kit import Clock, Table, made

from detente.room.kernel import Kernel
from detente.room.service import Room
from detente.room.store import Pass, Store
from detente.scenario import Scenario
from fixtures_kernel import FAST


@pytest.fixture(scope="session")
def months(coexistence: Scenario) -> Kernel:
    """The compiled month of an exercise, compiled quickly."""
    return Kernel(coexistence, FAST)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'room.db'}"


@pytest.fixture
def room(months: Kernel, url: str, clock: Clock) -> Iterator[Room]:
    found = Room(Store(url), months, clock)
    yield found
    found.store.engine.dispose()


@pytest.fixture
def operator(room: Room) -> Pass:
    return room.enter(room.operator_link())


@pytest.fixture
def table(room: Room, operator: Pass) -> Callable[..., Table]:
    """Make an exercise: a table of passes."""

    def make(**settings: Any) -> Table:
        return made(room, operator, **settings)

    return make
