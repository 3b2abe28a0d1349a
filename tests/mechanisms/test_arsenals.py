"""Arsenals: forces, orders, firsts, missiles with hosts."""

import numpy as np
import pytest
from deeds_kit import Bench, experiment

from detente import laws
from detente.mechanisms import arsenals
from detente.mechanisms.arsenals import FIRSTS


@experiment("arsenals.build")
def test_money_builds_bombers_and_warheads_of_a_nuclear_state_only(bench: Bench) -> None:
    for stock in ("bombers", "warheads"):
        assert bench.moved("arsenals.build", f"arsenals.{stock}[usa]").on > 0.0
        assert bench.moved("arsenals.build", f"arsenals.{stock}[usa]").off == 0.0
        assert bench.moved("arsenals.build", f"arsenals.{stock}[prc]").on == 0.0


@experiment("arsenals.build")
def test_with_no_rival_the_arsenal_decays(bench: Bench) -> None:
    alone = bench.with_({"economy.shares[strategic,usa]": 0.0, "arsenals.intervention[usa]": 3.0})
    for stock in ("bombers", "intervention"):
        got = alone.moved("arsenals.build", f"arsenals.{stock}[usa]", months=2)
        assert got.on < 0.0
        assert got.off == 0.0


@experiment("arsenals.build")
def test_tests_ships_and_divisions_follow_their_orders(bench: Bench) -> None:
    for deed, stock in (("usa:test-series", "tests"), ("usa:build-navy", "intervention")):
        got = bench.did(deed).moved("arsenals.build", f"arsenals.{stock}[usa]")
        assert got.on > 0.0
        assert got.off == 0.0
    armed = bench.with_({"economy.shares[conventional,ussr]": 0.3}).moved(
        "arsenals.build", "arsenals.conventional[ussr]"
    )
    assert armed.on > 0.0
    assert armed.off == 0.0


@experiment("arsenals.pipeline")
def test_launchers_are_ordered_only_after_the_first_flight_and_come_later(bench: Bench) -> None:
    law = "arsenals.pipeline"
    assert bench.moved(law, "arsenals.pipeline[ussr]").on == 0.0
    flown = bench.with_({"arsenals.icbm_age[ussr]": 24.0})
    assert flown.moved(law, "arsenals.pipeline[ussr]").on > 0.0
    assert flown.moved(law, "arsenals.pipeline[ussr]").off == 0.0
    assert flown.moved(law, "arsenals.icbm[ussr]", months=1).on == 0.0
    assert flown.moved(law, "arsenals.icbm[ussr]", months=2).on > 0.0


@experiment("arsenals.pipeline")
def test_an_order_to_build_missiles_fills_the_pipeline(bench: Bench) -> None:
    flown = bench.with_({"arsenals.icbm_age[ussr]": 24.0})
    assert (
        flown.did("ussr:build-missiles").moved("arsenals.pipeline", "arsenals.pipeline[ussr]").on
        > flown.moved("arsenals.pipeline", "arsenals.pipeline[ussr]").on
    )


def hazard(bench: Bench, first: str, seat: str, values: laws.Laws) -> float:
    odds = arsenals.firsts(bench.world, values, bench.st)
    return float(odds[FIRSTS.index(first), bench.st.deciders.index(seat), 0])


@experiment("arsenals.firsts")
def test_a_first_is_likelier_with_effort_and_with_a_nuclear_teacher(bench: Bench) -> None:
    off = bench.without("arsenals.firsts")
    poor = bench.with_({"economy.shares[strategic,ussr]": 0.01})
    assert hazard(bench, "first-h-bomb", "ussr", bench.laws) > hazard(poor, "first-h-bomb", "ussr", bench.laws)
    assert hazard(bench, "first-h-bomb", "ussr", off) == hazard(poor, "first-h-bomb", "ussr", off) == -30.0
    alone, taught = (bench.with_({"bloc.experts[ussr,prc]": level}) for level in (0.0, 1.0))
    assert hazard(taught, "first-bomb", "prc", bench.laws) > hazard(alone, "first-bomb", "prc", bench.laws)
    assert hazard(taught, "first-bomb", "prc", off) == -30.0


@experiment("arsenals.firsts")
def test_switched_off_the_firsts_stay_finite_for_everyone(bench: Bench) -> None:
    assert np.isfinite(arsenals.firsts(bench.world, bench.without("arsenals.firsts"), bench.st)).all()


def test_each_first_opens_the_next_and_comes_once(bench: Bench) -> None:
    assert hazard(bench, "first-bomb", "usa", bench.laws) == -30.0
    assert hazard(bench, "first-icbm", "prc", bench.laws) == -30.0
    armed = bench.first("first-h-bomb", "ussr").after("arsenals", bench.laws)
    assert bench.read(armed, "arsenals.h_bomb[ussr]") == 1.0
    flown = bench.first("first-icbm", "ussr").after("arsenals", bench.laws)
    assert bench.read(flown, "arsenals.icbm_age[ussr]") == 1.0
    assert bench.read(flown, "arsenals.icbm_age[usa]") == 0.0


@experiment("arsenals.stationing")
def test_missiles_are_placed_with_a_host_and_withdrawn(bench: Bench) -> None:
    place = "arsenals.hosted[usa,turkey]"
    got = bench.did("usa:station-missiles:turkey").moved("arsenals.stationing", place)
    assert got.on == pytest.approx(30.0)
    assert got.off == 0.0
    assert bench.with_({place: 30.0}).did("usa:withdraw-forces:turkey").moved("arsenals.stationing", place).on == -30.0


@experiment("arsenals.stationing")
def test_a_secret_deployment_ripens_unless_it_is_found(bench: Bench) -> None:
    law, place = "arsenals.stationing", "arsenals.hosted[ussr,cuba]"
    sent = bench.with_({"arsenals.hidden[ussr,cuba]": 1.0})
    assert sent.moved(law, place, months=3).on == 0.0
    assert sent.moved(law, place, months=5).on == pytest.approx(40.0)
    assert sent.moved(law, place, months=5).off == 0.0
    found = sent.befell("found[ussr,cuba]").after("arsenals", bench.laws)
    assert bench.read(found, "arsenals.hidden[ussr,cuba]") == 0.0
    assert bench.read(found, place) == 0.0


def test_a_ladder_lost_takes_the_missiles_away(bench: Bench) -> None:
    lost = bench.with_({"arsenals.hosted[ussr,cuba]": 40.0}).befell("removed[ussr,cuba]").after("arsenals", bench.laws)
    assert bench.read(lost, "arsenals.hosted[ussr,cuba]") == 0.0


@experiment("arsenals.firsts")
def test_a_first_takes_months_of_work_and_the_count_begins_anew_after_each(bench: Bench) -> None:
    fresh, long_ = (bench.with_({"arsenals.work[uk]": months}) for months in (0.0, 60.0))
    assert hazard(fresh, "first-h-bomb", "uk", bench.laws) < hazard(long_, "first-h-bomb", "uk", bench.laws) - 3.0
    assert bench.read(long_.after("arsenals", bench.laws), "arsenals.work[uk]") == 61.0
    assert bench.read(long_.first("first-h-bomb", "uk").after("arsenals", bench.laws), "arsenals.work[uk]") == 0.0


@experiment("arsenals.firsts")
def test_where_several_powers_keep_troops_no_bomb_is_made(bench: Bench) -> None:
    assert hazard(bench, "first-bomb", "frg", bench.laws) == -30.0
    left = bench.with_({"bloc.garrison[uk,frg]": 0.0, "bloc.garrison[france,frg]": 0.0})
    assert hazard(left, "first-bomb", "frg", bench.laws) > -30.0
