"""Economy: growth, guns and butter, late industry."""

import numpy as np
import pytest
from deeds_kit import Bench, experiment

from detente.mechanisms import economy


def grows(bench: Bench, actor: str) -> tuple[float, float]:
    got = bench.both(
        "economy.solow1956", lambda values: economy.growth(bench.world, values, bench.st)[0], ("A",), actor
    )
    return got.on, got.off


@experiment("economy.solow1956")
def test_capital_helps_growth_and_arms_hurt_it(bench: Bench) -> None:
    rest = grows(bench, "ussr")
    invested = grows(bench.with_({"economy.shares[investment,ussr]": 0.5}), "ussr")
    armed = grows(bench.with_({"economy.shares[conventional,ussr]": 0.3}), "ussr")
    assert armed[0] < rest[0] < invested[0]
    assert armed[1] == rest[1] == invested[1]


@experiment("economy.solow1956")
def test_experts_from_abroad_help_growth(bench: Bench) -> None:
    left, stayed = (grows(bench.with_({"bloc.experts[ussr,prc]": level}), "prc") for level in (0.0, 1.0))
    assert stayed[0] > left[0]
    assert stayed[1] == left[1]


@experiment("economy.solow1956")
def test_expectations_follow_what_people_have_come_to_know(bench: Bench) -> None:
    got = bench.grew("ussr", 0.1).moved("economy.solow1956", "economy.expected[ussr]")
    assert got.on > 0.0
    assert got.off == 0.0


def test_output_grows_by_the_years_luck(bench: Bench) -> None:
    after = bench.grew("usa", 0.12).after("economy", bench.laws)
    assert bench.read(after, "economy.output[usa]") == pytest.approx(
        bench.read(bench.world, "economy.output[usa]") * np.exp(0.01), rel=1e-5
    )


@experiment("economy.guns_butter")
def test_arms_answer_threat_and_sink_when_it_passes(bench: Bench) -> None:
    law, place = "economy.guns_butter", "economy.shares[conventional,ussr]"
    hot, calm = (bench.with_({"relations.tension": level}) for level in (0.9, 0.0))
    assert hot.moved(law, place).on > 0.0 > calm.moved(law, place).on
    assert hot.moved(law, place).off == calm.moved(law, place).off == 0.0


@experiment("economy.guns_butter")
def test_the_strategic_share_follows_the_rivals_believed_lead_and_orders(bench: Bench) -> None:
    law, place = "economy.guns_butter", "economy.shares[strategic,usa]"
    still = bench.moved(law, place).on
    assert bench.with_({"intelligence.force_mean[usa,ussr]": 5.0}).moved(law, place).on > still
    assert bench.did("usa:build-missiles").moved(law, place).on > still
    assert bench.did("usa:build-missiles").moved(law, place).off == 0.0


@experiment("economy.guns_butter")
def test_a_gift_is_paid_from_output_and_a_freer_people_consumes_more(bench: Bench) -> None:
    law = "economy.guns_butter"
    given = bench.did("ussr:aid:egypt").moved(law, "economy.shares[aid,ussr]")
    freer = bench.with_({"home.liberalisation[ussr]": 0.9}).moved(law, "economy.shares[consumption,ussr]")
    assert given.on > 0.0
    assert given.off == pytest.approx(0.0, abs=1e-7)
    assert freer.on > 0.0
    assert freer.off == pytest.approx(0.0, abs=1e-6)


@experiment("economy.guns_butter")
def test_shares_sum_to_one_whatever_is_ordered(bench: Bench) -> None:
    orders = (
        "usa:build-missiles",
        "usa:raise-conventional",
        "usa:build-navy",
        "usa:aid:egypt",
        "ussr:cut-conventional",
    )
    shares = bench.with_({"relations.tension": 1.0}).did(*orders).after("economy", bench.laws, months=2).economy.shares
    np.testing.assert_allclose(np.asarray(shares).sum(axis=0), 1.0, atol=1e-6)
    assert (np.asarray(shares) >= 0).all()


@experiment("economy.gerschenkron1962")
def test_the_late_industrialise_faster_with_capital_and_experts(bench: Bench) -> None:
    law, place = "economy.gerschenkron1962", "economy.industry[prc]"
    got = bench.moved(law, place)
    assert got.on > 0.0
    assert got.off == 0.0
    assert got.on > bench.with_({"bloc.experts[ussr,prc]": 0.0}).moved(law, place).on
    assert got.on > bench.moved(law, "economy.industry[usa]").on
