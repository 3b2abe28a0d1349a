"""Accounting identities for random coefficients: nothing appears from nowhere, and nothing is ever NaN."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as some
from jax import Array

from detente import laws
from detente.decisions import layout
from detente.drive import Trace, begin, run_month
from detente.laws import Laws
from detente.noise import at_month, world_keys
from detente.scenario import Scenario, load
from detente.series import declared
from detente.structure import Structure, structure
from detente.world import NEVER, World
from fixtures_kernel import FAST

WORLDS, MONTHS = 8, 4
SIGNED = (
    "bloc.line",
    "relations.affinity",
    "home.prestige",
    "influence.goodwill",
    "influence.rest",
    "issues.leaving",
    "issues.open",
    "economy.growth",
    "economy.expected",
)
CHANCES = """
    intelligence.resolve intelligence.concede intelligence.disclosed influence.authority influence.independent
    bloc.dependence bloc.control bloc.alliance bloc.experts bloc.polemic bloc.garrison issues.status
    issues.demand issues.commitment issues.publicity issues.treaty issues.moratorium issues.closed
    issues.embargo relations.tension relations.trust home.standing home.unrest home.liberalisation home.fear
    home.massive home.unpublished home.lesson war
""".split()


class Setting(NamedTuple):
    scenario: Scenario
    st: Structure
    month: Callable[[World, Array, Laws, Array], tuple[World, Trace]]


@pytest.fixture(scope="module")
def setting() -> Setting:
    """One compiled month for every example: laws, keys and the month are arguments."""
    scenario = load("coexistence")
    st = structure(scenario)
    menu, series = layout(st), declared(st)

    def month(world: World, keys: Array, values: Laws, when: Array) -> tuple[World, Trace]:
        return run_month(world, at_month(keys, when), values, st, menu, series, when, True)

    return Setting(scenario, st, jax.jit(month, compiler_options=FAST))


def drawn(scenario: Scenario, seed: int, wild: bool) -> Laws:
    """Coefficients of every world: uniform between their bounds, or the prior's far tails."""
    rng = np.random.default_rng(seed)
    out = {}
    for name in laws.names(scenario):
        entry = laws.coefficient(scenario, name)
        low, high = entry.bounds if wild else (entry.low, entry.high)
        out[name] = jnp.asarray(rng.uniform(low, high, WORLDS), jnp.float32)
    return laws.tree(out)


def ordinary(scenario: Scenario) -> Laws:
    """The best value of every coefficient in every world."""
    return jax.tree.map(lambda x: jnp.full(WORLDS, x, jnp.float32), laws.best(scenario))


def leaves(world: World) -> dict[str, np.ndarray]:
    found = {"war": np.asarray(world.war)}
    for name, part in zip(world._fields[:-1], world[:-1], strict=True):
        found |= {f"{name}.{field}": np.asarray(value) for field, value in zip(part._fields, part, strict=True)}
    return found


def check(setting: Setting, before: World, after: World, trace: Trace) -> None:
    was, now = leaves(before), leaves(after)
    for name, value in now.items():
        assert np.isfinite(value).all(), f"{name} is not finite"
        if name not in SIGNED:
            assert (value >= -1e-6).all(), f"{name} is negative"
    for name in CHANCES:
        assert (now[name] <= 1 + 1e-5).all(), f"{name} is above one"
    for name in ("economy.shares", "influence.government", "influence.party", "home.leader"):
        total = now[name].sum(axis=1 if name == "home.leader" else 0)
        np.testing.assert_allclose(total, 1.0, atol=2e-5, err_msg=name)
    k = setting.st.showdown
    due = (was["issues.deadline"][k] <= 1) & (was["issues.demand"][k].max(axis=1) > 0.5) & (was["war"] == 0)
    answered = np.asarray(trace.deadline) >= 0
    moved = (now["issues.deadline"][k] > 1) & (now["issues.deadline"][k] < NEVER)
    ended = now["issues.demand"][k].max(axis=1) < 0.5
    met = answered | moved | ended
    assert met[due].all(), "a deadline fell due and nothing met it"
    expired = (now["issues.deadline"][k] <= 0) & (was["issues.deadline"][k] <= 0) & (was["war"] == 0)
    assert not (expired & ~answered).any(), "a deadline has passed and nobody was asked"


@settings(max_examples=6, derandomize=True, deadline=None, database=None, phases=[Phase.generate])
@given(seed=some.integers(0, 2**31), wild=some.booleans())
def test_identities_hold_for_any_coefficients_within_their_bounds(setting: Setting, seed: int, wild: bool) -> None:
    values = drawn(setting.scenario, seed, wild)
    keys = world_keys(seed, jnp.arange(WORLDS))
    world = begin(setting.st, values, WORLDS, jnp.float32)
    for when in range(MONTHS):
        new, trace = setting.month(world, keys, values, jnp.asarray(when))
        check(setting, world, new, trace)
        world = new


def test_a_deadline_that_falls_due_is_enforced_moved_or_dropped(setting: Setting) -> None:
    values = ordinary(setting.scenario)
    start = begin(setting.st, values, WORLDS, jnp.float32)
    k = setting.st.issues.index("west-berlin")
    issues = start.issues._replace(
        demand=start.issues.demand.at[k, 0].set(1.0), deadline=start.issues.deadline.at[k].set(1.0)
    )
    world = start._replace(issues=issues)
    new, trace = setting.month(world, world_keys(3, jnp.arange(WORLDS)), values, jnp.asarray(70))
    check(setting, world, new, trace)
    at = list(setting.st.showdown).index(k)
    asked = np.asarray(trace.deadline)[at] >= 0
    moves = np.asarray(trace.moves)
    rows = [
        n
        for n, row in enumerate(setting.st.rows)
        if row.issue == "west-berlin" and row.instrument in ("extend-deadline", "withdraw-demand")
    ]
    touched = np.isin(moves, rows).any(axis=(0, 1))
    assert (asked | touched).all()


def test_a_world_at_war_stands_still(setting: Setting) -> None:
    values = ordinary(setting.scenario)
    start = begin(setting.st, values, WORLDS, jnp.float32)
    world = start._replace(war=jnp.ones_like(start.war))
    new, _ = setting.month(world, world_keys(3, jnp.arange(WORLDS)), values, jnp.asarray(5))
    for name, value in leaves(new).items():
        np.testing.assert_array_equal(value, leaves(world)[name], err_msg=name)
