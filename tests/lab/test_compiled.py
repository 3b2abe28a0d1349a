"""Kernels kept between runs: what is loaded computes what was built, and nothing that is broken stops a question."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from detente.lab import compiled

X = np.arange(4, dtype=np.float32)


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(compiled, "cache", lambda name: tmp_path / name)
    return tmp_path / "compiled"


class Builder:
    """Counts how often it builds."""

    def __init__(self) -> None:
        self.built = 0

    def __call__(self) -> Any:
        self.built += 1
        return jax.jit(lambda x: {"y": 2 * x + 1}).lower(X).compile()


def ask(what: str, build: Builder) -> Any:
    found = compiled.kept([what], (X,), {"y": 0}, build)
    return np.asarray(found(jnp.asarray(X))["y"])


def test_what_was_kept_is_loaded_and_computes_the_same(cached: Path) -> None:
    build = Builder()
    first, second = ask("one", build), ask("one", build)
    np.testing.assert_array_equal(first, 2 * X + 1)
    np.testing.assert_array_equal(first, second)
    assert build.built == 1
    assert len(list(cached.iterdir())) == 1


def test_another_scenario_or_code_is_built_anew(cached: Path) -> None:
    build = Builder()
    ask("one", build)
    ask("two", build)
    assert build.built == 2


def test_what_is_broken_is_built_again(cached: Path) -> None:
    build = Builder()
    ask("one", build)
    for file in cached.iterdir():
        file.write_bytes(b"broken")
    np.testing.assert_array_equal(ask("one", build), 2 * X + 1)
    assert build.built == 2


def test_only_the_last_are_held(cached: Path) -> None:
    build = Builder()
    for k in range(compiled.HELD + 3):
        ask(str(k), build)
    assert len(list(cached.iterdir())) == compiled.HELD


def test_calls_keep_their_order_and_none_is_begun_long_before_it_is_read() -> None:
    begun: list[int] = []

    def call(n: int) -> Future[int]:
        begun.append(n)
        done = Future[int]()
        done.set_result(n)
        return done

    read = []
    for running in compiled.ahead(call, [(n,) for n in range(7)], 2):
        read.append(running.result())
        assert len(begun) <= len(read) + 2
    assert read == begun == list(range(7))


def test_what_waits_is_given_up_when_nobody_reads_on() -> None:
    waiting: list[Future[int]] = []

    def call(n: int) -> Future[int]:
        del n
        waiting.append(Future[int]())
        return waiting[-1]

    running = compiled.ahead(call, [(n,) for n in range(7)], 2)
    next(running)
    running.close()
    assert [one.cancelled() for one in waiting] == [False, True, True]
