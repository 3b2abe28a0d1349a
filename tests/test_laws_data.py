"""Every number of a law says what it means, in what unit, how sure we are, whence it is and how it is switched off."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from detente import laws, noise
from detente.scenario import ASSUMPTION, Scenario
from fixtures_kernel import WORLDS, drawn


def entries(sc: Scenario) -> dict[str, Any]:
    return {name: laws.coefficient(sc, name) for name in laws.names(sc)}


def test_every_coefficient_has_meaning_unit_range_and_source(coexistence: Scenario) -> None:
    for name, entry in entries(coexistence).items():
        assert len(entry.meaning.split()) >= 2, f"{name} does not say what it means"
        assert entry.unit.strip(), f"{name} has no unit"
        assert entry.bounds[0] < entry.bounds[1], name
        assert entry.low < entry.high, f"{name} claims to be known exactly"
        for cited in entry.source:
            key = cited.split()[0]
            assert key == ASSUMPTION or key in coexistence.sources, f"{name} rests on '{key}', which is not declared"


def test_an_assumed_coefficient_says_why(coexistence: Scenario) -> None:
    assumed = {n: e for n, e in entries(coexistence).items() if ASSUMPTION in e.source}
    assert all(len(e.why.split()) >= 3 for e in assumed.values())


def test_neutral_values_lie_in_a_sensible_domain(coexistence: Scenario) -> None:
    """Within the bounds of the coefficient, or at the end where it speaks no more: odds of never, an endless scale."""
    odd = {}
    for name, e in entries(coexistence).items():
        never = e.unit == "log odds" and e.neutral == -30.0
        endless = e.neutral == 1e9 and e.bounds[0] >= 0
        if not (e.bounds[0] <= e.neutral <= e.bounds[1] or never or endless):
            odd[name] = (e.neutral, e.bounds)
    assert odd == {}


NO_SWITCH = {
    "issues.deadline": "how long a deadline is, which cannot be nothing",
    "preferences.threshold": "how rare deeds of a family are: without it everybody acts at once",
}


def test_every_law_has_a_switch(coexistence: Scenario) -> None:
    """At its neutral values a law differs from the law at its best values: there is something to switch off."""
    off = {
        f"{mechanism}.{law}"
        for mechanism, table in coexistence.laws.items()
        for law, row in table.items()
        if all(e.neutral == e.best for e in row.values())
    }
    assert off == set(NO_SWITCH)


def test_prior_draws_lie_within_bounds_and_around_the_median(coexistence: Scenario) -> None:
    for name, value in laws.draw(coexistence, 1, draws=16).items():
        entry = laws.coefficient(coexistence, name)
        assert value.shape == (16,)
        assert (entry.bounds[0] <= value).all(), name
        assert (value <= entry.bounds[1]).all(), name
        assert value.min() < entry.best < value.max(), f"{name}: all sixteen draws fall on one side of the median"


@pytest.mark.parametrize("family", ["normal", "lognormal", "logit"])
def test_five_and_ninety_five_per_cent_of_a_prior_are_its_low_and_high(coexistence: Scenario, family: str) -> None:
    z = np.array([-1.6448536269514722, 0.0, 1.6448536269514722])
    for name, e in entries(coexistence).items():
        if e.family == family:
            np.testing.assert_allclose(
                laws._quantile(e, z), [e.low, e.best, e.high], rtol=1e-9, atol=1e-12, err_msg=name
            )


def test_a_coefficient_more_changes_no_other_draw(coexistence: Scenario) -> None:
    mechanism, table = next(iter(coexistence.laws.items()))
    law, row = next(iter(table.items()))
    key, entry = next(iter(row.items()))
    more = {**coexistence.laws, mechanism: {**table, law: {**row, "another": entry}}}
    before = laws.draw(coexistence, 3, draws=4)
    after = laws.draw(coexistence.model_copy(update={"laws": more}), 3, draws=4)
    assert all((before[name] == after[name]).all() for name in before)
    assert not (after[f"{mechanism}.{law}.another"] == after[f"{mechanism}.{law}.{key}"]).all()


def test_a_later_draw_does_not_depend_on_how_many_are_drawn(coexistence: Scenario) -> None:
    few, many = laws.draw(coexistence, 3, draws=2), laws.draw(coexistence, 3, draws=5)
    assert all((few[name] == many[name][:2]).all() for name in few)


def test_with_any_one_law_switched_off_the_first_month_stays_finite(kernel: Any, coexistence: Scenario) -> None:
    """Neutral values are values that the equations can bear: none divides by zero or takes the log of nothing."""
    broken = []
    with jax.enable_x64(new_val=True):
        tree = drawn(coexistence)
        keys = noise.at_month(noise.world_keys(1, jnp.arange(WORLDS)), jnp.int32(0))
        world = kernel.begin(tree)
        for mechanism, table in coexistence.laws.items():
            for law in table:
                off = jax.tree.map(jnp.asarray, laws.off(coexistence, tree, f"{mechanism}.{law}"))
                after, trace = kernel.month(world, keys, off, jnp.int32(0))
                finite = all(np.isfinite(x).all() for x in jax.tree.leaves((after, trace)))
                if not finite:
                    broken.append(f"{mechanism}.{law}")
    assert broken == []
