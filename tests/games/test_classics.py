"""Closed forms against the numbers worked out for them, and against what makes them equilibria."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from detente.games import classics

CHALLENGER = (0.6, 1.0, 0.0, 0.3)
DEFENDER = (0.8, 0.2, -0.4)
shares = st.floats(0.01, 0.99)


@pytest.mark.parametrize(
    ("beliefs", "play"),
    [
        ((0.3, 0.2), (1, 0.428571, 0.25, 0.40, 0.36, 0.12, 0.12)),
        ((0.7, 0.2), (1, 1, 0, 0, 0.80, 0.06, 0.14)),
        ((0.3, 0.5), (1, 0, 0, 0.70, 0.15, 0, 0.15)),
        ((0.3, 0.7), (0, 0, 0, 1, 0, 0, 0)),
    ],
)
def test_the_four_regions_of_unilateral_deterrence(beliefs, play):
    found = classics.zagare_kilgour2000(*beliefs, challenger=CHALLENGER, defender=DEFENDER)
    assert_allclose(np.array(found), play, atol=1e-6)


def test_beliefs_may_be_arrays():
    pairs = np.array([[0.3, 0.2], [0.7, 0.2], [0.3, 0.5], [0.3, 0.7]])
    found = classics.zagare_kilgour2000(pairs[:, 0], pairs[:, 1], challenger=CHALLENGER, defender=DEFENDER)
    assert found.war.dtype == np.float64
    assert_allclose(found.war, [0.12, 0.14, 0.15, 0])


@given(shares, shares, st.lists(st.floats(0.02, 1), min_size=6, max_size=6))
def test_nobody_in_the_deterrence_game_would_rather_do_otherwise(pc, pd, steps):
    down, fight, quo, wins = np.cumsum([0, *steps[:3]])
    broken, yields, spared = np.cumsum([0, *steps[3:5]])
    play = classics.zagare_kilgour2000(pc, pd, challenger=(quo, wins, down, fight), defender=(spared, yields, broken))
    resisted = pd + (1 - pd) * play.soft_resists
    for attacks, end in ((play.hard_attacks, fight), (play.soft_attacks, down)):
        gain = (1 - resisted) * wins + resisted * end - quo
        assert gain * (1 - attacks) <= 1e-9
        assert -gain * attacks <= 1e-9
    attacked = pc * play.hard_attacks + (1 - pc) * play.soft_attacks
    if attacked > 0:
        hard = pc * play.hard_attacks / attacked
        gain = hard * broken + (1 - hard) * spared - yields
        assert gain * (1 - play.soft_resists) <= 1e-9
        assert -gain * play.soft_resists <= 1e-9
    assert sum(play[3:]) == pytest.approx(1)


def test_the_risk_return_trade_off():
    assert_allclose(np.array(classics.fearon1995(0.5, 0.1, 0.5)), (0.70, 0.40, 0.58), atol=1e-12)


def test_a_known_rival_is_never_fought():
    assert classics.fearon1995_known(0.5, 0.2) == pytest.approx(0.7)


@given(shares, st.floats(0, 1), st.floats(0.01, 1), st.floats(0, 1))
def test_no_other_demand_is_worth_more(power, cost, rival, other):
    best = classics.fearon1995(power, cost, rival)
    refused = np.clip((other - power) / rival, 0, 1)
    assert (1 - refused) * other + refused * (power - cost) <= best.value + 1e-12


def test_a_costly_gesture_is_mimicked_and_half_believed():
    assert classics.kydd2000_threshold(0, 1, 2, 3) == pytest.approx(0.5)
    found = classics.kydd2000(0.3, 0.5, costs=(0.5, 1.5), gains=(2, 3))
    assert_allclose(np.array(found), (1, 0.428571428571, 0.5, 0, 0.5), atol=1e-9)


def test_a_gesture_too_dear_for_the_untrustworthy_separates():
    found = classics.kydd2000(0.3, 0.5, costs=(0.5, 3.5), gains=(2, 3))
    assert_allclose(np.array(found), (1, 0, 1, 0, 1.5))


def test_who_is_trusted_anyway_makes_no_gesture():
    found = classics.kydd2000(0.7, 0.5, costs=(0.5, 1.5), gains=(2, 3))
    assert_allclose(np.array(found), (0, 0, 1, 1, 0))


@given(shares, shares, *[st.floats(0.01, 3) for _ in range(4)])
def test_a_concession_reassures_only_where_it_hurts_an_expansionist_more(trust, m, cost, dear, gain, lure):
    assume(lure > gain)
    found = classics.kydd2000(trust, m, costs=(cost, dear), gains=(gain, lure))
    assert found.net_gain >= -1e-12
    if found.trustworthy_signals:
        assert dear > cost - 1e-12
    if found.untrustworthy_signals:
        told = trust / (trust + (1 - trust) * found.untrustworthy_signals)
        assert told == pytest.approx(m)
        assert found.trusted_after * lure == pytest.approx(dear)


def test_critical_risk():
    assert classics.ellsberg1959(1, 0, -9) == pytest.approx(0.1, abs=1e-12)


@given(st.floats(0.1, 5), st.floats(0.1, 5))
def test_at_the_critical_risk_firm_and_yielding_are_worth_the_same(prize, harm):
    risk = classics.ellsberg1959(prize, 0, -harm)
    assert (1 - risk) * prize - risk * harm == pytest.approx(0, abs=1e-12)


def test_richardsons_race_rests_or_runs_away():
    calm = classics.richardson1960((0.3, 0.2), (0.15, 0.2), (0.09, 0.06))
    assert_allclose(np.array(calm[:4]), (0.9, 1.2, -0.069722, -0.430278), atol=1e-6)
    assert calm.stable
    race = classics.richardson1960((0.1, 0.1), (0.2, 0.3), (0, 0))
    assert_allclose(np.array(race[2:4]), (0.144949, -0.344949), atol=1e-6)
    assert not race.stable


@given(*[st.floats(0.01, 2) for _ in range(4)], st.floats(-1, 1), st.floats(-1, 1))
def test_a_race_is_stable_iff_fatigue_outweighs_fear(a, b, k, el, g, h):
    assume(abs(a * b - k * el) > 1e-3)
    race = classics.richardson1960((a, b), (k, el), (g, h))
    assert race.stable == (a * b > k * el)
    assert k * race.other - a * race.own + g == pytest.approx(0, abs=1e-6)
    eigenvalues = np.sort(np.linalg.eigvals([[-a, k], [el, -b]]).real)
    assert_allclose([race.fast, race.slow], eigenvalues, atol=1e-9)


def test_the_race_before_1914():
    found = classics.richardson1960_growth([199.2, 204.8, 214.9, 238.5, 289.0])
    assert found.slope == pytest.approx(0.7355, abs=0.01)
    assert found.rest == pytest.approx(195.05, abs=1.5)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: classics.ellsberg1959(1, 0, 0.5), "disaster"),
        (lambda: classics.fearon1995(0.5, 0.1, 0), "rival_cost"),
        (lambda: classics.kydd2000_threshold(2, 1, 2, 3), "sucker"),
        (lambda: classics.kydd2000(0.3, 1, costs=(1, 1), gains=(1, 1)), "threshold"),
        (lambda: classics.richardson1960((1, 1), (1, 1), (0, 0)), "no point of rest"),
        (lambda: classics.richardson1960((1, 1), (-1, 1), (0, 0)), "defence"),
        (lambda: classics.richardson1960_growth([1, 2]), "three years"),
        (lambda: classics.zagare_kilgour2000(0.3, 0.2, challenger=(0.6, 0.5, 0, 0.3), defender=DEFENDER), "concession"),
    ],
)
def test_payoffs_out_of_order_are_refused_by_name(call, says):
    with pytest.raises(ValueError, match=says):
        call()
