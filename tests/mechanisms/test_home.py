"""Home: standing, removal, unrest, fear, prestige, lessons, doctrine."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from deeds_kit import Bench, experiment

from detente.laws import Laws
from detente.mechanisms import home
from detente.world import World


@experiment("home.davies1962")
def test_a_rising_brings_unrest_and_time_calms_it(bench: Bench) -> None:
    law, place = "home.davies1962", "home.unrest[hungary]"
    risen = bench.befell("unrest[hungary]").moved(law, place)
    assert risen.on > 0.1
    assert risen.off == pytest.approx(0.0, abs=1e-7)
    calming = bench.with_({place: 0.8}).moved(law, place, months=2)
    assert calming.on < 0.0
    assert calming.off == pytest.approx(0.0, abs=1e-7)


@experiment("home.davies1962")
def test_seats_choose_in_knowledge_of_the_month_s_unrest(bench: Bench) -> None:
    """It changes what is known of unrest where it broke out, and nothing else."""
    where = bench.st.actors.index("hungary")
    rising = jnp.zeros_like(bench.world.home.unrest).at[where].set(1.0)

    def known(values: Laws) -> World:
        return home.stirred(bench.world, rising, values)

    got = bench.both("home.davies1962", lambda values: known(values).home.unrest, ("A",), "hungary")
    before = float(bench.world.home.unrest[where].max())
    assert before < got.on <= 1.0
    assert got.off == pytest.approx(before)
    new = known(bench.laws)
    changed = jax.tree.map(lambda a, b: bool((a != b).any()), new, bench.world)
    assert sum(jax.tree.leaves(changed)) == changed.home.unrest == 1
    assert (
        (new.home.unrest != bench.world.home.unrest).any(axis=1) == (np.arange(len(bench.st.actors)) == where)
    ).all()


@experiment("home.davies1962")
def test_words_against_the_past_once_known_raise_hopes_through_the_camp(bench: Bench) -> None:
    law, leaked = "home.davies1962", bench.befell("leak[ussr]")
    for place in ("home.unrest[hungary]", "home.liberalisation[hungary]"):
        assert leaked.moved(law, place).on > bench.moved(law, place).on
        assert leaked.moved(law, place).off == pytest.approx(0.0, abs=1e-7)
    place = "home.unrest[france]"
    assert leaked.moved(law, place).on == pytest.approx(bench.moved(law, place).on)


@experiment("home.davies1962")
def test_repression_ends_unrest_and_freedom_alike(bench: Bench) -> None:
    law, loose = "home.davies1962", bench.with_({"home.unrest[gdr]": 0.6, "home.liberalisation[gdr]": 0.6})
    for place in ("home.unrest[gdr]", "home.liberalisation[gdr]"):
        got = loose.did("gdr:repress").moved(law, place)
        assert got.on < loose.moved(law, place).on
        assert got.off == pytest.approx(0.0, abs=1e-7)


@experiment("home.davies1962")
def test_a_rising_is_likelier_where_hopes_meet_control(bench: Bench) -> None:
    law, hopeful = "home.davies1962", bench.with_({"home.liberalisation[hungary]": 0.8, "bloc.control[hungary]": 0.9})
    got, rest = (
        b.both(law, lambda values, b=b: home.turmoil(b.world, values, b.st), ("A",), "hungary")
        for b in (hopeful, bench)
    )
    assert got.on > rest.on
    assert got.off == rest.off == -30.0


@experiment("home.doctrine")
def test_a_declared_doctrine_shifts_the_reliance_on_the_bomb(bench: Bench) -> None:
    for deed, sign in (("usa:massive-retaliation", 1), ("usa:flexible-response", -1)):
        got = bench.did(deed).moved("home.doctrine", "home.massive[usa]")
        assert got.on * sign > 0.1
        assert got.off == 0.0


@experiment("home.fatigue")
def test_deeds_are_remembered_longer_than_talk(bench: Bench) -> None:
    talk, deed = "home.fatigue[usa:boast]", "home.fatigue[usa:station-missiles:turkey]"
    used = bench.with_({talk: 1.0, deed: 1.0})
    assert -1.0 < used.moved("home.fatigue", talk).on < used.moved("home.fatigue", deed).on < 0.0
    assert used.moved("home.fatigue", talk).off == used.moved("home.fatigue", deed).off == -1.0


@experiment("home.fear")
def test_crises_and_threats_teach_fear_and_time_dulls_it(bench: Bench) -> None:
    law, place = "home.fear", "home.fear[usa]"
    still = bench.moved(law, place).on
    for louder in (
        bench.did("ussr:threaten:usa"),
        bench.did("ussr:test-series"),
        bench.befell("ladder_heat[usa]", 0.8),
    ):
        assert louder.moved(law, place).on > still
        assert louder.moved(law, place).off == pytest.approx(0.0, abs=1e-7)
    assert bench.with_({place: 0.9}).moved(law, place).on < 0.0


@experiment("home.fear")
def test_h_bombs_on_both_sides_raise_what_fear_sinks_to(bench: Bench) -> None:
    law, place = "home.fear", "home.fear[usa]"
    both = bench.with_({"arsenals.h_bomb[usa]": 1.0, "arsenals.h_bomb[ussr]": 1.0})
    assert both.moved(law, place).on > bench.with_({"arsenals.h_bomb[ussr]": 0.0}).moved(law, place).on


@experiment("home.lesson")
def test_a_lost_showdown_teaches_which_forces_count(bench: Bench) -> None:
    law, place = "home.lesson", "home.lesson[ussr]"
    assert bench.befell("yielded[ussr]").moved(law, place).on > 0.3
    assert bench.befell("yielded[ussr]").moved(law, place).off == 0.0
    assert bench.with_({place: 0.5}).moved(law, place).on < 0.0 == bench.with_({place: 0.5}).moved(law, place).off


@experiment("home.ousting")
def test_a_weak_or_a_new_leader_falls_more_often(bench: Bench) -> None:
    def odds(b: Bench) -> tuple[float, float]:
        return tuple(b.both("home.ousting", lambda values: home.ousting(b.world, values, b.st), ("D",), "ussr"))

    rest = odds(bench)
    for weaker in ({"home.standing[ussr]": 0.1}, {"home.unrest[ussr]": 0.9}, {"home.tenure[ussr]": 0.0}):
        got = odds(bench.with_(weaker))
        assert got[0] > rest[0]
        assert got[1] == rest[1] == -30.0


@experiment("home.ousting")
def test_of_two_alike_the_one_falls_more_often_whose_state_changed_its_leaders_often(bench: Bench) -> None:
    alike = bench.with_(
        {f"home.{what}[{seat}]": 0.5 for what in ("standing", "unrest", "tenure") for seat in ("ussr", "france")}
    )
    ussr, france = (
        alike.both("home.ousting", lambda values: home.ousting(alike.world, values, alike.st), ("D",), seat)
        for seat in ("ussr", "france")
    )
    assert bench.st.turnover[bench.st.deciders.index("france")] > bench.st.turnover[bench.st.deciders.index("ussr")]
    assert france.on > ussr.on + 1.0
    assert france.off == ussr.off == -30.0


@experiment("home.succession")
def test_the_heavier_heir_is_likelier_and_nobody_follows_himself(bench: Bench) -> None:
    def weights(b: Bench, law: str) -> tuple[np.ndarray, np.ndarray]:
        able = jnp.asarray(b.st.eligible[40])
        found = (home.heirs(b.world, able, values, b.st) for values in (b.laws, b.without(law)))
        return tuple(np.asarray(x)[b.st.deciders.index("ussr"), :, 0] for x in found)

    on, off = weights(bench, "home.succession")
    heirs = on > -1e8
    given = bench.st.leader_table("weight")[bench.st.deciders.index("ussr")]
    assert heirs.sum() > 1
    np.testing.assert_allclose(on[heirs], 4.0 * given[heirs], rtol=1e-5)
    assert (off[heirs] == 0.0).all()
    assert not heirs[bench.st.opening_leader[bench.st.deciders.index("ussr")]]


@experiment("home.succession")
def test_a_new_leader_begins_with_a_honeymoon(bench: Bench) -> None:
    fallen = bench.with_({"home.standing[ussr]": 0.1}).befell("changed[ussr]").befell("successor[ussr,1]")
    after = fallen.after("home", bench.laws)
    assert bench.read(after, "home.standing[ussr]") == pytest.approx(0.55)
    assert bench.read(after, "home.tenure[ussr]") == 0.0
    assert bench.read(after, "home.leader[ussr]").tolist() == [float(k == 1) for k in range(bench.st.n_leaders)]


@experiment("home.prestige")
def test_firsts_and_ladders_won_raise_prestige_and_retreats_lower_it(bench: Bench) -> None:
    law, place = "home.prestige", "home.prestige[ussr]"
    up = (bench.first("first-satellite", "ussr"), bench.befell("stood[ussr]"), bench.did("ussr:summit:usa"))
    down = (
        bench.befell("yielded[ussr]"),
        bench.befell("exposed[ussr]"),
        bench.did("ussr:withdraw-demand:west-berlin"),
        bench.refused("ussr:summit:usa"),
    )
    assert all(b.moved(law, place).on > 0.0 for b in up)
    assert all(b.moved(law, place).on < 0.0 for b in down)
    assert all(b.moved(law, place).off == 0.0 for b in (*up, *down))


@experiment("home.standing")
def test_standing_follows_success_at_home_and_in_the_camp(bench: Bench) -> None:
    law, place = "home.standing", "home.standing[ussr]"
    still = bench.moved(law, place).on
    assert bench.with_({"economy.growth[ussr]": 0.3}).moved(law, place).on > still
    assert bench.first("first-satellite", "ussr").moved(law, place).on > still
    worse = (
        {"home.unrest[ussr]": 0.9},
        {"influence.government[moscow]": 0.1},
        {"bloc.polemic[ussr,prc]": 1.0},
    )
    for bad in worse:
        assert bench.with_(bad).moved(law, place).on < still
        assert bench.with_(bad).moved(law, place).off == 0.0
    assert (
        bench.with_({"issues.drain[gdr]": 3.0}).moved(law, "home.standing[gdr]").on
        < bench.moved(law, "home.standing[gdr]").on
    )


def test_standing_and_prestige_keep_to_their_bounds(bench: Bench) -> None:
    high = (
        bench.with_({"home.prestige": 0.99, "home.standing": 0.99})
        .befell("stood[usa]")
        .befell("stood[ussr]")
        .after("home", bench.laws, months=2)
        .home
    )
    assert np.asarray(high.standing).max() <= 1.0
    assert np.asarray(high.prestige).max() <= 1.0


@experiment("home.linz1978")
def test_a_regime_whose_governments_keep_falling_is_replaced_and_then_they_last(bench: Bench) -> None:
    def odds(b: Bench, seat: str) -> tuple[float, float]:
        return tuple(b.both("home.linz1978", lambda values: home.linz1978(b.world, values, b.st), ("D",), seat))

    rest = odds(bench, "france")
    assert odds(bench.with_({"home.unrest[france]": 0.9}), "france")[0] > rest[0]
    assert odds(bench.with_({"home.turnover[france]": 0.5}), "france")[0] < rest[0]
    assert odds(bench.with_({"home.turnover[france]": 0.0}), "france")[0] == rest[1] == -30.0
    place = "home.turnover[france]"
    replaced = bench.befell("constitution[france]").after("home", bench.laws)
    assert bench.read(replaced, place) == pytest.approx(float(bench.laws.home.linz1978.settled))
    assert bench.read(bench.after("home", bench.laws), place) == bench.read(bench.world, place)
    fallen = home.ousting(bench.world, bench.laws, bench.st), home.ousting(replaced, bench.laws, bench.st)
    at = bench.st.deciders.index("france")
    assert fallen[1][at, 0] < fallen[0][at, 0] - 1.0


@experiment("home.fatigue")
def test_a_proposal_turned_down_is_remembered_as_use(bench: Bench) -> None:
    row = "usa:treaty:testing:ussr"
    assert bench.refused(row).moved("home.fatigue", f"home.fatigue[{row}]").on == 1.0


@experiment("home.fear")
def test_fear_follows_tension_and_is_soothed_by_a_visit(bench: Bench) -> None:
    law, place = "home.fear", "home.fear[usa]"
    rest = bench.moved(law, place).on
    assert bench.with_({"relations.tension[ussr,usa]": 0.9}).moved(law, place).on > rest + 0.001
    for deed in ("ussr:summit:usa", "ussr:reassure:usa"):
        soothed = bench.did(deed).moved(law, place)
        assert soothed.on < rest
        assert soothed.off == pytest.approx(0.0, abs=1e-7)


@experiment("home.prestige")
def test_missiles_taken_back_in_the_open_cost_face_and_those_traded_elsewhere_do_not(bench: Bench) -> None:
    law, there = "home.prestige", bench.with_({"arsenals.hidden[ussr,cuba]": 1.0})
    lost = there.befell("removed[ussr,cuba]").moved(law, "home.prestige[ussr]")
    assert lost.on < -0.05
    assert lost.off == 0.0
    traded = bench.with_({"arsenals.hosted[usa,turkey]": 15.0}).befell("removed[usa,turkey]", 0.5)
    assert traded.moved(law, "home.prestige[usa]").on == 0.0
    assert bench.befell("removed[ussr,cuba]").moved(law, "home.prestige[ussr]").on == 0.0
    yielded = there.befell("yielded[ussr]")
    both = yielded.befell("removed[ussr,cuba]").moved(law, "home.prestige[ussr]")
    assert both.on == pytest.approx(yielded.moved(law, "home.prestige[ussr]").on)


@experiment("home.prestige")
def test_open_defiance_costs_the_leader_of_the_camp_and_nobody_else(bench: Bench) -> None:
    law, defied = "home.prestige", bench.befell("defiance[hungary]")
    assert defied.moved(law, "home.prestige[ussr]").on < -0.02
    assert defied.moved(law, "home.prestige[ussr]").off == 0.0
    assert defied.moved(law, "home.prestige[usa]").on == defied.moved(law, "home.prestige[prc]").on == 0.0
