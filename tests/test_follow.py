"""Following the record: every move allowed, gradients right, and `run` the same without a chronicle."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from detente import laws
from detente.decisions import layout
from detente.drive import Score, begin, follower, run_month
from detente.lab import likelihood
from detente.laws import Laws
from detente.noise import at_month, world_keys
from detente.scenario import Chronicle, Scenario, load
from detente.seats.record import record
from detente.series import declared
from detente.structure import Structure, structure
from detente.world import World
from fixtures_kernel import FAST

MONTHS = 24


class Followed(NamedTuple):
    """The record at the best values of the laws: value, score and worlds, and the function they came from."""

    scenario: Scenario
    st: Structure
    values: Laws
    call: Any
    total: float
    worlds: World
    score: Score


@pytest.fixture(scope="module")
def followed() -> Followed:
    scenario = load("coexistence")
    st = structure(scenario)
    with jax.enable_x64(True):
        follow = follower(st, record(st), MONTHS)

        def total(values: Laws) -> tuple[jax.Array, tuple[World, Score]]:
            worlds, score = follow(values)
            return sum(part.sum() for part in (score.act, score.what, score.forced, score.nature, score.shock)), (
                worlds,
                score,
            )

        def sloping(values: Laws, way: Laws) -> Any:
            return jax.jvp(total, (values,), (way,), has_aux=True)

        call = jax.jit(sloping, compiler_options=FAST)
        values = laws.best(scenario)
        value, _, (worlds, score) = call(values, jax.tree.map(np.zeros_like, values))
        return Followed(scenario, st, values, call, float(value), worlds, jax.tree.map(np.asarray, score))


def test_the_record_is_possible_and_its_log_likelihood_finite(followed: Followed) -> None:
    for name, part in zip(Score._fields, followed.score, strict=True):
        assert np.isfinite(part).all(), name
    assert all((part <= 1e-9).all() for part in followed.score[:4])
    assert followed.total < 0.0


def test_every_recorded_move_was_allowed(followed: Followed) -> None:
    told = record(followed.st)
    banned = np.argwhere(followed.score.banned > 0.5)
    names = [f"month {m}: {followed.st.rows[told.rows[m, slot, d]].name}" for m, slot, d in banned]
    assert not names, "; ".join(names)


def test_a_table_sets_each_seat_beside_its_baselines(followed: Followed) -> None:
    with jax.enable_x64(True):
        before = likelihood.begins(followed.st, followed.values, followed.worlds)
        table = likelihood.lines(followed.st, record(followed.st), before, followed.score)
    *seats, every = table
    assert [line.seat for line in seats] == list(followed.st.deciders)
    for line in table:
        assert line.act <= 0 >= line.what
        assert line.uniform_act <= line.frequency_act <= 0
        assert line.uniform_what <= 0 >= line.frequency_what
        assert (line.moves == 0) == (line.what == 0)
    assert every.moves == sum(line.moves for line in seats)
    assert every.what == pytest.approx(followed.score.what.sum())
    assert likelihood.text(table).count("\n") == len(table) + 1


def ways(followed: Followed, count: int) -> list[Laws]:
    """Random directions, one prior scale long in every coefficient."""
    rng = np.random.default_rng(7)
    entries = {name: laws.coefficient(followed.scenario, name) for name in laws.names(followed.scenario)}
    return [laws.tree({n: (e.high - e.low) / 2 * rng.normal() for n, e in entries.items()}) for _ in range(count)]


def test_gradients_agree_with_central_differences(followed: Followed) -> None:
    """In forward mode, which compiles sooner; `scripts/gradients.py` does every law in reverse mode.

    A little off the medians: round numbers may meet a threshold exactly, and there two slopes are right.
    """
    step = 1e-5
    with jax.enable_x64(True):
        aside, *directions = ways(followed, 3)
        here = jax.tree.map(lambda x, v: x + 1e-3 * v, followed.values, aside)
        for way in directions:
            exact = float(followed.call(here, way)[1])
            below, above = (
                float(followed.call(jax.tree.map(lambda x, v, k=k: x + k * step * v, here, way), way)[0])
                for k in (-1, 1)
            )
            assert (above - below) / (2 * step) == pytest.approx(exact, rel=1e-4)


def emptied(scenario: Scenario) -> Scenario:
    """The same scenario with nothing in its chronicle."""
    return scenario.model_copy(update={"chronicle": Chronicle(events={}, files={}, shocks={})})


def test_run_has_no_access_to_the_chronicle() -> None:
    full = structure(load("coexistence"))
    bare = structure(emptied(full.scenario))
    assert full.rows == bare.rows
    assert full.actors == bare.actors
    assert full.issues == bare.issues
    for name in (
        "dec",
        "cen",
        "stake",
        "showdown",
        "eligible",
        "ends_of_office",
        "independence",
        "deviations",
        "garrison",
        "open_border",
    ):
        np.testing.assert_array_equal(getattr(full, name), getattr(bare, name), err_msg=name)


def test_two_months_without_a_chronicle_are_the_same_computation() -> None:
    """The two trace to one program with the same constants, so their bytes are the same without running either."""
    full = load("coexistence")
    programs = [_program(structure(scenario)) for scenario in (full, emptied(full))]
    assert programs[0] == programs[1]


def _program(st: Structure) -> str:
    menu, series = layout(st), declared(st)
    values = jax.tree.map(lambda x: jnp.full(2, x, jnp.float32), laws.best(st.scenario))
    keys = world_keys(1, jnp.arange(2))

    def two(values: Laws, keys: jax.Array) -> Any:
        def one(world: World, when: jax.Array) -> Any:
            return run_month(world, at_month(keys, when), values, st, menu, series, when, True)

        return jax.lax.scan(one, begin(st, values, 2, jnp.float32), jnp.arange(2))

    return jax.jit(two).lower(values, keys).as_text()
