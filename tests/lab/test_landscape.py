"""The landscape of alignments against Axelrod and Bennett's printed numbers, and against its own definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.lab import landscape

EUROPE = landscape.europe1936()
SIZES = [state.size for state in EUROPE]
GREAT = ["Britain", "France", "Germany", "Italy", "USSR"]


def test_seventeen_states_hold_half_of_the_worlds_capability():
    assert len(EUROPE) == 17
    assert sum(SIZES) == pytest.approx(49.40)


def test_if_all_were_rivals_europe_had_about_209_stable_alignments():
    europe = landscape.axelrod_bennett1993(SIZES, -1.0)
    assert len(europe.energy) == 65_536
    weak, strict = len(europe.minima()), len(europe.minima(strict=True))
    assert (strict, weak) == (195, 226)  # printed sizes tie; the printed 209 lies between
    jittered = landscape.jittered(SIZES, 0.01, draws=8, seed=1)
    assert 202 <= jittered.mean() <= 223
    assert np.all((jittered >= 195) & (jittered <= 226))


def test_five_great_powers_have_four_stable_alignments():
    sizes = {state.name: state.size for state in EUROPE}
    found = landscape.axelrod_bennett1993([sizes[name] for name in GREAT], -1.0).stable()
    apart = [{GREAT[i] for i in state.apart} for state in found]
    assert apart == [
        {"France", "Germany", "Italy"},
        {"France", "USSR"},
        {"Italy", "USSR"},
        {"Germany", "USSR"},
    ]  # who stands apart from Britain; none is the historical alignment
    assert [state.energy for state in found] == pytest.approx([-936.1328, -933.9602, -923.8208, -890.4], abs=1e-4)
    assert [state.basin for state in found] == [7, 5, 3, 1]


def test_the_first_prediction_is_right_for_96_per_cent_of_size():
    assert landscape.share_correct(EUROPE) == pytest.approx(0.9575, abs=5e-5)


def test_two_tries_with_two_errors_or_fewer_are_no_luck():
    codes = np.arange(2**16)
    errors = np.array([bin(c).count("1") for c in codes])
    within_two = np.count_nonzero(np.minimum(errors, 17 - errors) <= 2)
    assert 2 * within_two / 65_536 == pytest.approx(0.0047, abs=5e-5)


@settings(max_examples=40)
@given(st.integers(2, 6), st.randoms(use_true_random=False))
def test_energy_switches_and_ends_follow_the_definition(states, random):
    draw = np.random.default_rng(random.getrandbits(32))
    sizes, propensity = draw.uniform(0.1, 3, states), draw.normal(size=(states, states))
    found = landscape.axelrod_bennett1993(sizes, propensity)
    sides = landscape.configurations(states)

    def energy(side):
        return sum(
            sizes[i] * sizes[j] * propensity[i, j]
            for i in range(states)
            for j in range(states)
            if i != j and side[i] != side[j]
        )

    for c, side in enumerate(sides):
        assert found.energy[c] == pytest.approx(energy(side))
        gains = []
        for i in range(states):
            other = side.copy()
            other[i] = ~other[i]
            gains.append(energy(other) - energy(side))
        assert found.switches[c] == pytest.approx(gains, abs=1e-9)
        assert found.energy[found.ends[c]] <= found.energy[c] + 1e-9
        assert found.ends[c] in found.minima()
    assert sum(state.basin for state in found.stable()) == 2 ** (states - 1)


@pytest.mark.parametrize(("sizes", "propensity", "says"), [([1.0], -1, "sizes"), ([1, 2, 3], [1, 2], "propensity")])
def test_what_makes_no_landscape_is_refused(sizes, propensity, says):
    with pytest.raises(ValueError, match=says):
        landscape.axelrod_bennett1993(sizes, propensity)
