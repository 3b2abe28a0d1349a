"""Issues: demands, deadlines, settlements, borders, stakes."""

import numpy as np
import pytest
from deeds_kit import Bench, experiment

from detente.laws import Laws
from detente.mechanisms import issues
from detente.world import NEVER

ULTIMATUM = "ussr:ultimatum:west-berlin"


@experiment("issues.deadline")
def test_an_ultimatum_sets_a_clock_that_runs_and_an_extension_sets_it_anew(bench: Bench) -> None:
    clock = "issues.deadline[west-berlin]"
    dated = bench.did(ULTIMATUM).after("issues", bench.laws)
    assert bench.read(dated, clock) == 6.0
    longer = Laws(bench.laws | {"issues": Laws(bench.laws["issues"] | {"deadline": Laws(months=9.0)})})
    assert bench.read(bench.did(ULTIMATUM).after("issues", longer), clock) == 9.0
    assert bench.read(bench.did(ULTIMATUM).after("issues", bench.without("issues.deadline")), clock) == 6.0
    standing = bench.with_({"issues.demand[west-berlin,+]": 1.0, clock: 3.0})
    assert standing.moved("issues.deadline", clock) == (-1.0, -1.0)
    assert bench.read(standing.did("ussr:extend-deadline:west-berlin").after("issues", bench.laws), clock) == 6.0


def test_a_demand_withdrawn_settled_or_let_drop_stands_no_more(bench: Bench) -> None:
    demand, clock = "issues.demand[west-berlin,+]", "issues.deadline[west-berlin]"
    standing = bench.with_({demand: 1.0, clock: 3.0})
    for ended in (standing.did("ussr:withdraw-demand:west-berlin"), standing.befell("ladder_over[west-berlin]")):
        after = ended.after("issues", bench.laws)
        assert bench.read(after, demand) == 0.0
        assert bench.read(after, clock) == NEVER


@experiment("issues.commitment")
def test_what_is_said_aloud_ties_the_hands_and_slowly_loosens(bench: Bench) -> None:
    law, place = "issues.commitment", "issues.commitment[west-berlin,+]"
    said = bench.did(ULTIMATUM).moved(law, place)
    assert said.on > 0.1
    assert said.off == pytest.approx(0.0, abs=1e-7)
    assert bench.did(ULTIMATUM).moved(law, "issues.commitment[west-berlin,-]").on == pytest.approx(0.0, abs=1e-7)
    fading = bench.with_({place: 0.8}).moved(law, place)
    assert fading.on < 0.0
    assert fading.off == pytest.approx(0.0, abs=1e-7)


@experiment("issues.publicity")
def test_an_ultimatum_is_front_page_news_for_a_while(bench: Bench) -> None:
    law, place = "issues.publicity", "issues.publicity[west-berlin]"
    assert bench.did(ULTIMATUM).moved(law, place).on > 0.2
    assert bench.did(ULTIMATUM).moved(law, place).off == pytest.approx(0.0, abs=1e-7)
    assert bench.with_({place: 0.9}).moved(law, place).on < 0.0


@experiment("issues.embargo")
def test_an_embargo_cuts_trade_and_an_agreement_opens_it(bench: Bench) -> None:
    law, place = "issues.embargo", "issues.embargo[usa,ussr]"
    shut, opened = bench.did("usa:embargo:ussr").moved(law, place), bench.did("usa:trade:ussr").moved(law, place)
    assert shut.on > 0.0 > opened.on
    assert shut.off == opened.off == 0.0


def streams(bench: Bench) -> tuple[float, float]:
    return tuple(
        bench.both(
            "issues.hirschman1993", lambda values: issues.refugees(bench.world, values, bench.st)[0], ("A",), "gdr"
        )
    )


@experiment("issues.hirschman1993")
def test_a_poorer_life_unrest_tension_and_the_fear_of_closure_drive_people_out(bench: Bench) -> None:
    rest = streams(bench)
    causes = (
        {"economy.output[frg]": 2 * bench.read(bench.world, "economy.output[frg]")},
        {"home.unrest[gdr]": 0.9},
        {"relations.tension": 0.9},
        {"issues.demand[west-berlin,+]": 1.0},
    )
    for cause in causes:
        got = streams(bench.with_(cause))
        assert got[0] > rest[0]
        assert got[1] == pytest.approx(rest[1])


@experiment("issues.hirschman1993")
def test_a_closed_border_ends_the_drain(bench: Bench) -> None:
    law, place = "issues.hirschman1993", "issues.drain[gdr]"
    assert streams(bench.with_({"issues.closed[gdr]": 1.0}))[0] < streams(bench)[0] - 1.0
    flowing = bench.with_({place: 0.5}).left("gdr", 300.0)
    closed = flowing.with_({"issues.closed[gdr]": 1.0})
    assert flowing.moved(law, place).on > 0.0 > closed.moved(law, place).on
    assert flowing.moved(law, place).off == closed.moved(law, place).off == 0.0


def test_a_border_once_closed_stays_closed(bench: Bench) -> None:
    shut = bench.did("gdr:close-border:frg").after("issues", bench.laws)
    assert bench.read(shut, "issues.closed[gdr]") == 1.0
    assert bench.read(bench.with_({"issues.closed[gdr]": 1.0}).after("issues", bench.laws), "issues.closed[gdr]") == 1.0


def stake(bench: Bench) -> tuple[float, float]:
    return tuple(
        bench.both(
            "issues.stakes", lambda values: issues.stakes(bench.world, values, bench.st), ("I", "A"), "west-berlin,gdr"
        )
    )


@experiment("issues.stakes")
def test_a_drain_raises_the_stake_and_a_settlement_or_a_wall_lowers_it(bench: Bench) -> None:
    dry = bench.with_({"issues.drain": 0.0})
    rest = stake(dry)
    assert stake(dry.with_({"issues.drain[gdr]": 2.0}))[0] > rest[0]
    assert stake(dry.with_({"issues.treaty[west-berlin]": 1.0}))[0] < rest[0]
    assert stake(dry.with_({"issues.closed[gdr]": 1.0}))[0] < rest[0]
    off = abs(bench.st.stake[bench.st.issues.index("west-berlin"), bench.st.actors.index("gdr")])
    for b in (
        dry,
        dry.with_({"issues.drain[gdr]": 2.0}),
        dry.with_({"issues.treaty[west-berlin]": 1.0, "issues.closed[gdr]": 1.0}),
    ):
        assert stake(b)[1] == pytest.approx(off)


@experiment("issues.status")
def test_a_settlement_meets_halfway_and_a_victory_goes_to_the_winner(bench: Bench) -> None:
    law = "issues.status"
    signed = (
        bench.with_({"issues.status[austria]": 0.0}).did("ussr:treaty:austria:usa").moved(law, "issues.status[austria]")
    )
    assert 0.0 < signed.on <= 0.5
    assert signed.off == 0.0
    place = "issues.status[west-berlin]"
    middle = bench.with_({place: 0.5})
    won, lost = (
        middle.ladder("west-berlin", end).moved(law, place) for end in ("defender-backs-down", "challenger-backs-down")
    )
    assert won.on > 0.0 > lost.on
    assert won.off == lost.off == 0.0


@experiment("issues.status")
def test_a_wall_and_independence_are_facts(bench: Bench) -> None:
    law, place = "issues.status", "issues.status[west-berlin]"
    wall = bench.with_({place: 0.5}).did("gdr:close-border:frg").moved(law, place)
    sign = np.sign(bench.st.stake[bench.st.issues.index("west-berlin"), bench.st.actors.index("gdr")])
    assert wall.on * sign > 0.0
    assert wall.off == 0.0
    freed = bench.befell("independence", 0.2).moved(law, "issues.status[decolonisation]")
    assert freed.on > 0.0 == freed.off


@experiment("issues.treaty")
def test_a_settlement_holds_until_it_is_attacked(bench: Bench) -> None:
    law, place = "issues.treaty", "issues.treaty[west-berlin]"
    settled = bench.with_({place: 1.0})
    held, broken = settled.moved(law, place), settled.did(ULTIMATUM).moved(law, place)
    assert -0.01 < held.on < 0.0
    assert broken.on < -0.3
    assert held.off == broken.off == 0.0
    assert bench.read(bench.did("ussr:treaty:austria:usa").after("issues", bench.laws), "issues.treaty[austria]") == 1.0


def test_a_test_ends_a_moratorium(bench: Bench) -> None:
    place = "issues.moratorium[usa]"
    assert bench.read(bench.did("usa:moratorium:testing").after("issues", bench.laws), place) == 1.0
    assert bench.read(bench.with_({place: 1.0}).after("issues", bench.laws), place) == 1.0
    assert bench.read(bench.with_({place: 1.0}).did("usa:test-series").after("issues", bench.laws), place) == 0.0


def test_an_agreed_conference_falls_due(bench: Bench) -> None:
    place, called = "issues.meeting[testing]", bench.did("usa:conference:testing")
    lead = float(bench.scenario.instruments["conference"].lead)
    assert bench.read(called.after("issues", bench.laws), place) == lead
    agreed = bench.with_({place: lead})
    assert bench.read(agreed.after("issues", bench.laws, months=int(lead)), place) == NEVER


@experiment("issues.status")
def test_a_dispute_about_a_government_follows_its_leaning(bench: Bench) -> None:
    law, place = "issues.status", "issues.status[cuba]"
    turned = {"influence.government[washington,cuba]": 0.0, "influence.government[moscow,cuba]": 0.9}
    assert bench.with_(turned).moved(law, place).on < -0.03
    assert bench.with_(turned).moved(law, place).off == 0.0
    assert abs(bench.moved(law, place).on) < 0.01


@experiment("issues.stakes")
def test_a_government_as_the_changers_want_it_is_no_dispute(bench: Bench) -> None:
    place = bench.index(("I", "A"), "cuba,usa")
    worlds = [bench.with_({"issues.status[cuba]": status}).world for status in (0.0, 1.0)]
    hostile, friendly = (float(issues.stakes(world, bench.laws, bench.st)[place][0]) for world in worlds)
    assert hostile > 0.5
    assert friendly == 0.0


@experiment("issues.hirschman1993")
def test_the_drain_is_felt_less_soon_once_the_border_is_closed(bench: Bench) -> None:
    law, place = "issues.hirschman1993", "issues.drain[gdr]"
    draining = bench.with_({place: 1.5})
    shut = draining.with_({"issues.closed[gdr]": 1.0}).moved(law, place, months=6)
    assert shut.on < -0.9
    assert shut.off == pytest.approx(0.0, abs=1e-6)
