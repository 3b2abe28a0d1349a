"""Influence: leanings, goodwill, authority."""

import numpy as np
import pytest
from deeds_kit import Bench, experiment


@experiment("influence.altfeld1984")
def test_goods_and_an_alliance_draw_a_leaning_to_their_giver(bench: Bench) -> None:
    law, place = "influence.altfeld1984", "influence.government[moscow,egypt]"
    for tie in (
        {"bloc.dependence[ussr,egypt]": 0.9},
        {"bloc.alliance[ussr,egypt]": 1.0},
        {"influence.goodwill[ussr,egypt]": 2.0},
    ):
        got = bench.with_(tie).moved(law, place)
        assert got.on > 0.0
        assert got.off == pytest.approx(0.0, abs=1e-7)


@experiment("influence.altfeld1984")
def test_own_industry_draws_a_party_to_its_own_way(bench: Bench) -> None:
    law, grown = "influence.altfeld1984", bench.with_({"economy.industry[romania]": 0.95})
    assert grown.moved(law, "influence.party[own,romania]").on > 0.0
    assert grown.moved(law, "influence.party[own,romania]").off == pytest.approx(0.0, abs=1e-7)
    assert grown.moved(law, "influence.government[moscow,romania]").on < 0.0


@experiment("influence.altfeld1984")
def test_a_rift_in_lines_parts_the_parties(bench: Bench) -> None:
    parted = bench.with_({"bloc.line[albania]": -1.0, "bloc.line[ussr]": 1.0})
    assert parted.moved("influence.altfeld1984", "influence.party[moscow,albania]").on < 0.0


@experiment("influence.altfeld1984")
def test_with_nothing_changed_since_january_1953_no_leaning_moves(bench: Bench) -> None:
    calm = bench.after("influence", bench.laws).influence
    start = bench.world.influence
    free = bench.st.party_rules == 0
    np.testing.assert_allclose(np.asarray(calm.party), np.asarray(start.party), atol=5e-3)
    np.testing.assert_allclose(np.asarray(calm.government)[:, free], np.asarray(start.government)[:, free], atol=5e-3)


def test_leanings_stay_on_the_simplex(bench: Bench) -> None:
    for pull in (-3.0, 3.0):
        after = (
            bench.with_({"influence.goodwill[ussr]": pull, "bloc.line[prc]": -1.0})
            .after("influence", bench.laws, months=2)
            .influence
        )
        for leaning in (after.government, after.party):
            np.testing.assert_allclose(np.asarray(leaning).sum(axis=0), 1.0, atol=1e-5)
            assert (np.asarray(leaning) >= 0).all()


@experiment("influence.patronage")
def test_aid_and_arms_earn_goodwill_and_pressure_costs_it(bench: Bench) -> None:
    law, place = "influence.patronage", "influence.goodwill[ussr,egypt]"
    for gift in ("ussr:aid:egypt", "ussr:arms:egypt", "ussr:visit:egypt"):
        got = bench.did(gift).moved(law, place)
        assert got.on > 0.01
        assert got.off == 0.0
    meddled = bench.did("ussr:covert-action:egypt").moved(law, place)
    assert meddled.on < 0.0 == meddled.off
    assert bench.did("ussr:threaten:turkey").moved(law, "influence.goodwill[ussr,turkey]").on < 0.0


@experiment("influence.patronage")
def test_goodwill_fades_and_small_states_are_moved_more(bench: Bench) -> None:
    law = "influence.patronage"
    assert bench.with_({"influence.goodwill[ussr,egypt]": 1.0}).moved(law, "influence.goodwill[ussr,egypt]").on < 0.0
    both = bench.did("ussr:aid:albania", "ussr:aid:prc")
    assert both.moved(law, "influence.goodwill[ussr,albania]").on > both.moved(law, "influence.goodwill[ussr,prc]").on


@experiment("influence.example")
def test_firsts_raise_a_centres_authority_and_scandal_quarrel_and_retreat_lower_it(bench: Bench) -> None:
    law, place = "influence.example", "influence.authority[ussr]"
    still = bench.moved(law, place).on
    first = bench.first("first-satellite", "ussr").moved(law, place)
    assert first.on > still
    assert first.off == pytest.approx(0.0, abs=1e-7)
    for worse in (
        bench.befell("leak[ussr]"),
        bench.befell("yielded[ussr]"),
        bench.with_({"bloc.polemic[prc,ussr]": 1.0}),
    ):
        assert worse.moved(law, place).on < still
        assert worse.moved(law, place).off == pytest.approx(0.0, abs=1e-7)


def test_independence_adds_up_and_stops_at_everybody(bench: Bench) -> None:
    freed = bench.befell("independence", 0.3)
    start = bench.read(bench.world, "influence.independent")
    assert bench.read(freed.after("influence", bench.laws), "influence.independent") == pytest.approx(
        min(start + 0.3, 1.0)
    )
    assert bench.read(freed.after("influence", bench.laws, months=5), "influence.independent") == 1.0


@experiment("influence.walt1987")
def test_who_is_menaced_by_one_centre_turns_to_another(bench: Bench) -> None:
    law, menaced = "influence.walt1987", bench.with_({"relations.tension[usa,cuba]": 0.9})
    moscow, washington = (f"influence.government[{pole},cuba]" for pole in ("moscow", "washington"))
    assert menaced.moved(law, moscow).on > bench.moved(law, moscow).on + 0.0002
    assert menaced.moved(law, washington).on < bench.moved(law, washington).on - 0.005
    for place in (moscow, washington):
        assert menaced.moved(law, place).off == pytest.approx(bench.moved(law, place).off, abs=1e-7)


@experiment("influence.example")
def test_missiles_taken_back_cost_authority_and_a_conference_left_proves_the_orthodox_right(bench: Bench) -> None:
    law, place = "influence.example", "influence.authority[ussr]"
    back = bench.with_({"arsenals.hidden[ussr,cuba]": 1.0}).befell("removed[ussr,cuba]")
    assert back.moved(law, place).on < bench.moved(law, place).on - 0.01
    assert back.moved(law, place).off == pytest.approx(0.0, abs=1e-7)
    place = "influence.authority[prc]"
    apart = bench.with_({"bloc.line[ussr]": 0.4, "bloc.line[prc]": -0.4})
    left = apart.befell("left[german-settlement,-]")
    assert left.moved(law, place).on > apart.moved(law, place).on + 0.01
    assert left.moved(law, place).off == pytest.approx(0.0, abs=1e-7)
    reformist = "influence.authority[ussr]"
    assert left.moved(law, reformist).on == pytest.approx(apart.moved(law, reformist).on)
