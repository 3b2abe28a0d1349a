"""Relations: tension, affinity, trust."""

import pytest
from deeds_kit import Bench, experiment


@experiment("relations.richardson1960")
def test_tension_decays_to_what_the_camps_leave(bench: Bench) -> None:
    law, pair = "relations.richardson1960", "relations.tension[usa,ussr]"
    hot = bench.with_({pair: 0.9}).moved(law, pair, months=2)
    assert hot.on < -0.03
    assert hot.off == 0.0
    assert bench.with_({pair: 0.0}).moved(law, pair).on > 0.0


@experiment("relations.richardson1960")
def test_pressure_raises_tension_on_both_sides_and_conciliation_lowers_it(bench: Bench) -> None:
    law = "relations.richardson1960"
    still = bench.moved(law, "relations.tension[usa,ussr]").on
    for pair in ("relations.tension[usa,ussr]", "relations.tension[ussr,usa]"):
        pressed = bench.did("ussr:threaten:usa").moved(law, pair)
        soothed = bench.did("ussr:reassure:usa").moved(law, pair)
        assert pressed.on > still + 0.01
        assert soothed.on < still - 0.005
        assert pressed.off == soothed.off == 0.0


@experiment("relations.richardson1960")
def test_a_standing_demand_and_a_ladder_keep_tension_up(bench: Bench) -> None:
    law, pair = "relations.richardson1960", "relations.tension[usa,ussr]"
    still = bench.moved(law, pair).on
    assert bench.with_({"issues.demand[west-berlin,+]": 1.0}).moved(law, pair).on > still
    assert bench.ladder("west-berlin", "settled").moved(law, pair).on > still
    assert bench.ladder("west-berlin", "settled").moved(law, pair).off == 0.0


@experiment("relations.heider1958")
def test_who_is_kind_to_me_gains_my_affinity(bench: Bench) -> None:
    got = bench.did("ussr:aid:prc").moved("relations.heider1958", "relations.affinity[prc,ussr]")
    assert got.on > bench.moved("relations.heider1958", "relations.affinity[prc,ussr]").on
    assert got.off == 0.0


@experiment("relations.heider1958")
def test_who_courts_my_adversary_loses_my_affinity(bench: Bench) -> None:
    law, pair = "relations.heider1958", "relations.affinity[prc,ussr]"
    still = bench.moved(law, pair).on
    assert bench.did("ussr:summit:usa").moved(law, pair).on < still
    assert bench.with_({"relations.tension[prc,usa]": 0.0}).did("ussr:summit:usa").moved(law, pair).on == pytest.approx(
        still
    )


@experiment("relations.kydd2005")
def test_a_costly_signal_earns_more_trust_than_a_cheap_one(bench: Bench) -> None:
    law, pair = "relations.kydd2005", "relations.trust[usa,ussr]"
    still = bench.moved(law, pair).on
    costly = bench.did("ussr:treaty:austria:usa").moved(law, pair)
    cheap = bench.did("ussr:reassure:usa").moved(law, pair)
    assert costly.on > cheap.on >= still
    assert costly.off == 0.0


@experiment("relations.kydd2005")
def test_pressure_costs_trust_and_caution_returns(bench: Bench) -> None:
    law, pair = "relations.kydd2005", "relations.trust[usa,ussr]"
    trusted = bench.with_({pair: 0.9})
    assert trusted.moved(law, pair).on < 0.0
    assert trusted.did("ussr:threaten:usa").moved(law, pair).on < trusted.moved(law, pair).on
    assert trusted.did("ussr:threaten:usa").moved(law, pair).off == 0.0


@experiment("relations.richardson1960")
def test_those_who_grow_apart_come_to_rest_at_a_higher_tension(bench: Bench) -> None:
    """Affinity lost, trust lost, and lines of ruling parties further apart than at the opening."""
    law, place = "relations.richardson1960", "relations.tension[ussr,prc]"
    still = bench.moved(law, place)
    for apart in (
        {"relations.affinity[ussr,prc]": -0.2},
        {"relations.affinity[prc,ussr]": -0.2},
        {"relations.trust[prc,ussr]": 0.0},
        {"bloc.line[ussr]": 0.5},
    ):
        got = bench.with_(apart).moved(law, place)
        assert got.on > still.on + 0.002, apart
        assert got.off == pytest.approx(0.0, abs=1e-7)


@experiment("relations.richardson1960")
def test_a_party_s_line_is_nothing_to_those_who_do_not_share_its_creed(bench: Bench) -> None:
    law, place = "relations.richardson1960", "relations.tension[usa,ussr]"
    assert bench.with_({"bloc.line[ussr]": 0.5}).moved(law, place).on == pytest.approx(bench.moved(law, place).on)


@experiment("relations.kydd2005")
def test_an_ally_that_stands_aside_is_trusted_less_by_whose_stake_it_is(bench: Bench) -> None:
    law, aside = "relations.kydd2005", bench.did("ussr:neutrality:india-china-border")
    place = "relations.trust[prc,ussr]"
    assert aside.moved(law, place).on < bench.moved(law, place).on - 0.01
    assert aside.moved(law, place).off == pytest.approx(0.0, abs=1e-7)
    stranger = "relations.trust[india,ussr]"
    assert aside.moved(law, stranger).on == pytest.approx(bench.moved(law, stranger).on)


@experiment("relations.heider1958")
def test_who_accepts_my_adversary_s_offer_loses_my_affinity_as_well(bench: Bench) -> None:
    """A visit takes two: Beijing holds it against Moscow that it went, whoever asked."""
    law, place = "relations.heider1958", "relations.affinity[prc,ussr]"
    got = bench.did("usa:summit:ussr").moved(law, place)
    assert got.on < bench.moved(law, place).on - 0.005
    assert got.off == pytest.approx(0.0, abs=1e-7)
