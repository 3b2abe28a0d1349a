"""`detente explain`: probabilities are those of the choice rule, and the replay hears what was asked."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from detente import console, decisions, explain
from detente.decisions import ROUTINE
from detente.scenario import load
from detente.structure import NESTS, structure


def menu(seed: int, rows: int = 12):
    luck = np.random.default_rng(seed)
    return luck.normal(0, 2, rows), luck.integers(0, 3, rows), luck.random(rows) > 0.25


@settings(max_examples=50, deadline=None)
@given(some.integers(0, 2**31), some.floats(0.2, 1.0))
def test_probabilities_sum_to_one_and_what_is_banned_has_none(seed, scale):
    utility, nest, allowed = menu(seed)
    routine, rows = explain.chances(utility, nest, allowed, scale)
    assert routine + rows.sum() == pytest.approx(1)
    assert (rows[~allowed] == 0).all()


@settings(max_examples=50, deadline=None)
@given(some.integers(0, 2**31), some.floats(0.2, 1.0), some.integers(0, 11), some.integers(-1, 11))
def test_the_rise_that_flips_a_choice_makes_the_two_level(seed, scale, row, told):
    utility, nest, _ = menu(seed)
    if row == told:
        return
    utility[row] += explain._rise(utility, nest, np.ones(12, bool), scale, row, told)
    routine, rows = explain.chances(utility, nest, np.ones(12, bool), scale)
    assert rows[row] == pytest.approx(routine if told == ROUTINE else rows[told], rel=1e-6)


def test_it_is_the_choice_rule_of_the_kernel():
    st = structure(load())
    layout = decisions.layout(st)
    luck = np.random.default_rng(1)
    utility, mask = luck.normal(0, 1, (len(st.rows), 1)), (luck.random((len(st.rows), 1)) > 0.2) * 1.0
    values = decisions.nested(layout, jnp.asarray(utility), jnp.asarray(mask), jnp.asarray(0.7))
    for seat, rows in enumerate(st.seat_rows):
        told = int(rows.start + np.flatnonzero(mask[rows, 0])[3])
        answer = jnp.full((len(st.deciders), 1), ROUTINE).at[seat].set(told)
        act, what = decisions.slot_log_probability(layout, values, answer)
        _, chance = explain.chances(utility[rows, 0], st.row_nest[rows], mask[rows, 0] > 0, 0.7)
        assert np.log(chance[told - rows.start]) == pytest.approx(float(act[seat, 0] + what[seat, 0]), abs=1e-4)
    assert st.row_nest.max() < len(NESTS)


@pytest.mark.slow
def test_a_recorded_choice_is_explained():
    sc = load()
    event = min((e for e in sc.chronicle if e.instrument and e.accepted_by), key=lambda e: e.date)
    found = explain.explain("coexistence", event.id)
    choice, consent = found.questions[:2]
    assert sum(o.probability for o in choice.options) == pytest.approx(1)
    assert choice.chosen is not None
    assert choice.rank is not None
    assert sum(o.probability for o in consent.options) == pytest.approx(1)
    assert found.view
    assert found.leader is not None
    for lang in ("en", "ru"):
        screen = console.screen()
        with screen.capture() as kept:
            screen.print(explain.shown(found, lang))
        assert event.id in kept.get()
        assert found.table(lang)["questions"][0]["rank"] == choice.rank
