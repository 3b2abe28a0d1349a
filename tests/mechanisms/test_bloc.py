"""Bloc: line, dependence, control, quarrels, alliances."""

import numpy as np
import pytest
from deeds_kit import Bench, experiment


@experiment("bloc.line")
def test_the_leaders_ideal_draws_the_line(bench: Bench) -> None:
    law, place = "bloc.line", "bloc.line[ussr]"
    for start in (-1.0, 1.0):
        got = bench.with_({place: start}).moved(law, place)
        assert got.on * start < 0.0
        assert got.off == 0.0


@experiment("bloc.line")
def test_deals_with_the_enemy_and_words_against_the_past_are_reformist_and_pressure_is_orthodox(bench: Bench) -> None:
    law, place = "bloc.line", "bloc.line[ussr]"
    still = bench.moved(law, place).on
    for deed in ("ussr:treaty:austria:usa", "ussr:criticise-past"):
        assert bench.did(deed).moved(law, place).on > still
        assert bench.did(deed).moved(law, place).off == 0.0
    assert bench.did("ussr:ultimatum:west-berlin").moved(law, place).on < still
    scared = bench.with_({"home.unrest[ussr]": 1.0, "home.liberalisation[ussr]": 0.9})
    assert scared.moved(law, place).on < still


@experiment("bloc.hirschman1945")
def test_aid_deepens_dependence_and_cuts_end_it(bench: Bench) -> None:
    law, place = "bloc.hirschman1945", "bloc.dependence[ussr,egypt]"
    leaning = bench.with_({place: 0.5})
    still = leaning.moved(law, place).on
    assert leaning.did("ussr:aid:egypt").moved(law, place).on > still
    assert leaning.did("ussr:cut-aid:egypt").moved(law, place).on < still < 0.0
    assert leaning.did("ussr:cut-aid:egypt").moved(law, place).off == 0.0


@experiment("bloc.hirschman1945")
def test_experts_come_with_aid_fade_and_are_withdrawn(bench: Bench) -> None:
    law, place = "bloc.hirschman1945", "bloc.experts[ussr,prc]"
    still = bench.moved(law, place)
    assert still.on < 0.0 == still.off
    assert bench.did("ussr:aid:prc").moved(law, place).on > still.on
    assert bench.did("ussr:aid:prc").moved(law, place).off == 0.0
    assert bench.read(bench.did("ussr:withdraw-experts:prc").after("bloc", bench.laws), place) == 0.0


@experiment("bloc.grip")
def test_force_tightens_control_and_liberalisation_loosens_it(bench: Bench) -> None:
    law, place = "bloc.grip", "bloc.control[hungary]"
    loose = bench.with_({place: 0.3, "home.liberalisation[hungary]": 0.8})
    drifting, crushed = loose.moved(law, place), loose.did("ussr:intervene:hungary").moved(law, place)
    assert drifting.on < 0.0 < crushed.on
    assert drifting.off == crushed.off == 0.0
    assert loose.did("ussr:withdraw-forces:hungary").moved(law, place).on < drifting.on
    assert loose.did("ussr:bloc-conference:movement-leadership").moved(law, place).on > drifting.on


@experiment("bloc.quarrel")
def test_polemics_are_remembered_and_veiled_words_count_less(bench: Bench) -> None:
    law, place = "bloc.quarrel", "bloc.polemic[prc,ussr]"
    open_, veiled = (
        bench.did("prc:denounce:ussr").moved(law, place),
        bench.did("prc:denounce-veiled:ussr").moved(law, place),
    )
    assert open_.on > veiled.on > 0.0
    assert open_.off == veiled.off == 0.0
    assert bench.with_({place: 0.8}).moved(law, place).on < 0.0 == bench.with_({place: 0.8}).moved(law, place).off


def test_alliances_are_made_by_consent_and_left_by_choice(bench: Bench) -> None:
    left = bench.did("gdr:leave-alliance:ussr").after("bloc", bench.laws)
    assert bench.read(left, "bloc.alliance[ussr,gdr]") == 0.0
    made = bench.with_({"bloc.alliance[usa,frg]": 0.0}).did("usa:alliance:frg").after("bloc", bench.laws)
    assert bench.read(made, "bloc.alliance[usa,frg]") == 1.0
    assert np.array_equal(
        np.asarray(bench.after("bloc", bench.laws).bloc.alliance), np.asarray(bench.world.bloc.alliance)
    )


def test_everything_that_binds_stays_in_its_bounds(bench: Bench) -> None:
    deeds = (
        "ussr:aid:prc",
        "ussr:intervene:hungary",
        "ussr:cut-aid:egypt",
        "prc:denounce:ussr",
        "ussr:withdraw-forces:poland",
    )
    after = bench.did(*deeds).after("bloc", bench.laws, months=3).bloc
    assert all(np.asarray(part).min() >= 0.0 for name, part in zip(after._fields, after, strict=True) if name != "line")
    assert all(np.abs(np.asarray(part)).max() <= 1.0 + 1e-6 for part in after)
    assert bench.read(bench.world, "bloc.control[france]") == pytest.approx(0.0)


@experiment("bloc.line")
def test_a_deal_accepted_moves_the_line_as_one_proposed_does(bench: Bench) -> None:
    law, place = "bloc.line", "bloc.line[ussr]"
    own, accepted = bench.did("ussr:summit:usa").moved(law, place), bench.did("usa:summit:ussr").moved(law, place)
    assert own.on == pytest.approx(accepted.on)
    assert accepted.on > bench.moved(law, place).on
    assert bench.did("usa:reassure:ussr").moved(law, place).on == pytest.approx(bench.moved(law, place).on)
