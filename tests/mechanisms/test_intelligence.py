"""Intelligence: what is believed, apart from the fact, and what a view makes of it."""

import numpy as np
import pytest
from deeds_kit import Bench, experiment

from detente import views


@experiment("intelligence.reconnaissance")
def test_flights_and_satellites_sharpen_the_eye_and_it_dulls_without_them(bench: Bench) -> None:
    law, place = "intelligence.reconnaissance", "intelligence.recon[usa,ussr]"
    orbiting = bench.with_({"arsenals.satellite_age[usa]": 12.0})
    for seen in (bench.did("usa:overflight:ussr"), orbiting.did("usa:satellite")):
        assert seen.moved(law, place).on > 0.3
        assert seen.moved(law, place).off == 0.0
    assert bench.with_({place: 1.0}).moved(law, place).on < 0.0 == bench.with_({place: 1.0}).moved(law, place).off
    assert bench.did("usa:overflight:ussr").moved(law, "intelligence.recon[uk,ussr]").on > 0.0


@experiment("intelligence.could_have_built")
def test_a_tested_missile_is_credited_with_a_force_that_nobody_has_seen(bench: Bench) -> None:
    law, place = "intelligence.could_have_built", "intelligence.force_mean[usa,ussr]"
    flown = bench.with_({"arsenals.icbm_age[ussr]": 24.0, "intelligence.force_variance": 1.0}).moved(
        law, place, months=2
    )
    assert flown.on > 0.1
    assert flown.off == pytest.approx(0.0, abs=1e-6)
    assert bench.moved(law, place).on == pytest.approx(0.0, abs=1e-6)


@experiment("intelligence.kalman1960")
def test_observation_corrects_belief_towards_the_truth(bench: Bench) -> None:
    law, place = "intelligence.kalman1960", "intelligence.force_mean[usa,ussr]"
    few = bench.with_({place: 5.0, "arsenals.icbm[ussr]": 4.0, "intelligence.recon[usa,ussr]": 2.0})
    got = few.moved(law, place)
    assert np.log1p(4.0) - 5.0 < got.on < 0.0 == got.off
    assert (
        few.moved(law, "intelligence.force_variance[usa,ussr]").on
        < 0.0
        == few.moved(law, "intelligence.force_variance[usa,ussr]").off
    )
    assert few.moved(law, place).on < few.with_({"intelligence.recon[usa,ussr]": 0.0}).moved(law, place).on


@experiment("intelligence.bluff")
def test_boasts_feed_the_public_estimate_and_disclosure_ends_them(bench: Bench) -> None:
    law, place = "intelligence.bluff", "intelligence.public[ussr]"
    flown = bench.with_({"arsenals.icbm_age[ussr]": 24.0})
    quiet, boasted = flown.moved(law, place), flown.did("ussr:boast").moved(law, place)
    assert boasted.on > quiet.on > 0.0
    assert boasted.off == quiet.off == 0.0
    bluffed = flown.with_({place: 5.0})
    assert bluffed.did("usa:disclose:ussr").moved(law, place).on < -1.0
    known = bluffed.with_({"intelligence.disclosed[ussr]": 1.0})
    assert known.did("ussr:boast").moved(law, place).on == pytest.approx(known.moved(law, place).on, abs=0.02)
    assert known.moved(law, place).on < 0.0


@experiment("intelligence.jervis1970")
def test_who_stands_is_believed_resolved_and_who_yields_is_not(bench: Bench) -> None:
    law, place = "intelligence.jervis1970", "intelligence.resolve[usa,ussr]"
    for firm in (bench.did("ussr:ultimatum:west-berlin"), bench.befell("stood[ussr]")):
        assert firm.moved(law, place).on > 0.0 == firm.moved(law, place).off
    assert (
        bench.befell("yielded[ussr]").moved(law, place).on < 0.0 == bench.befell("yielded[ussr]").moved(law, place).off
    )


@experiment("intelligence.jervis1970")
def test_a_visit_shows_readiness_to_concede_and_a_threat_the_contrary(bench: Bench) -> None:
    law, place = "intelligence.jervis1970", "intelligence.concede[ussr,usa]"
    warm, cold = bench.did("usa:summit:ussr").moved(law, place), bench.did("usa:threaten:ussr").moved(law, place)
    assert warm.on > 0.0 > cold.on
    assert warm.off == cold.off == pytest.approx(0.0, abs=1e-7)


def leverage(bench: Bench, own: float) -> tuple[float, float]:
    def leaf(values):
        mine = bench.world.home.fear * 0.0 + own
        return views.leverage(bench.world, mine, mine * 0.0, values, bench.st)

    return tuple(bench.both("intelligence.leverage", leaf, ("D",), "usa"))


@experiment("intelligence.leverage")
def test_missiles_give_leverage_that_a_floor_of_mutual_loss_flattens(bench: Bench) -> None:
    few, many = leverage(bench, 0.0), leverage(bench, 5.0)
    assert 0.0 < few[0] < many[0] < 1.0
    assert few[1] == many[1] == pytest.approx(0.5)


@experiment("intelligence.boulding1962")
def test_strength_falls_with_distance_and_navies_carry_it(bench: Bench) -> None:
    def at(b: Bench, issue: str) -> tuple[float, float]:
        return tuple(
            b.both(
                "intelligence.boulding1962",
                lambda values: views.local_balance(b.world, values, b.st),
                ("D", "I"),
                f"usa,{issue}",
            )
        )

    near, far = at(bench, "cuba"), at(bench, "west-berlin")
    assert near[0] > far[0]
    assert near[1] == pytest.approx(far[1], abs=1e-6)
    assert at(bench.with_({"arsenals.intervention[usa]": 3.0}), "west-berlin")[0] > far[0]


def test_beliefs_keep_to_their_bounds(bench: Bench) -> None:
    busy = (
        bench.did("ussr:ultimatum:west-berlin", "usa:threaten:ussr", "ussr:boast")
        .befell("stood[ussr]")
        .after("intelligence", bench.laws, months=3)
    )
    i = busy.intelligence
    for chance in (i.resolve, i.concede, i.disclosed):
        assert np.asarray(chance).min() >= 0.0
        assert np.asarray(chance).max() <= 1.0
    assert np.asarray(i.force_variance).min() >= 0.0


@experiment("intelligence.jervis1970")
def test_a_demand_let_go_or_missiles_taken_back_in_the_open_cost_the_name_of_firmness(bench: Bench) -> None:
    law, place = "intelligence.jervis1970", "intelligence.resolve[usa,ussr]"
    hidden = bench.with_({"arsenals.hidden[ussr,cuba]": 1.0})
    for given in (bench.befell("deadline_dropped[ussr]"), hidden.befell("removed[ussr,cuba]")):
        got = given.moved(law, place)
        assert got.on < -0.02
        assert got.off == pytest.approx(0.0, abs=1e-7)
