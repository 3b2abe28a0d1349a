"""Nature: how likely each kind of event is, and that a hazard switched off is none."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from deeds_kit import Bench, experiment

from detente import nature
from detente.laws import Laws
from detente.structure import Structure
from detente.world import World


@cache
def hazards(st: Structure):
    def logit(world: World, values: Laws):
        return nature.omens(world, values, st, jnp.asarray(5), True).logit

    return jax.jit(logit)


def odds(bench: Bench, name: str, law: str) -> tuple[float, float]:
    at = nature.names(bench.st).all.index(name)
    return tuple(float(hazards(bench.st)(bench.world, values)[at, 0]) for values in (bench.laws, bench.without(law)))


def rises(bench: Bench, law: str, name: str, *causes: dict[str, float]) -> None:
    """Each cause raises the odds; with the law off the event practically never happens."""
    rest = odds(bench, name, law)
    for cause in causes:
        got = odds(bench.with_(cause), name, law)
        assert got[0] > rest[0], cause
        assert got[1] <= -20.0
    assert rest[1] <= -20.0


@experiment("nature.accident")
def test_incidents_come_with_tension_and_standing_demands(bench: Bench) -> None:
    rises(
        bench,
        "nature.accident",
        "accident:west-berlin",
        {"relations.tension": 0.9},
        {"issues.demand[west-berlin,+]": 1.0},
    )


@experiment("nature.attack")
def test_the_threatened_and_the_restless_attack(bench: Bench) -> None:
    rises(bench, "nature.attack", "attack:north-korea", {"relations.tension": 0.9}, {"home.unrest[north-korea]": 0.9})


@experiment("nature.defiance")
def test_an_ally_defies_where_hope_meets_control_and_the_street(bench: Bench) -> None:
    hope = {"home.liberalisation[hungary]": 0.9, "bloc.control[hungary]": 0.9}
    rises(
        bench,
        "nature.defiance",
        "defiance:hungary",
        hope,
        {"home.unrest[hungary]": 0.9},
        {"influence.government[moscow,hungary]": 0.1},
    )


@experiment("nature.discovery")
def test_a_secret_deployment_is_found_sooner_when_watched_and_when_ripe(bench: Bench) -> None:
    sent = bench.with_({"arsenals.hidden[ussr,cuba]": 1.0})
    assert odds(bench, "discovery:ussr:cuba", "nature.discovery")[0] == nature.IMPOSSIBLE
    rises(
        sent,
        "nature.discovery",
        "discovery:ussr:cuba",
        {"arsenals.ripe[ussr,cuba]": 0.9},
        {"intelligence.recon[usa,ussr]": 2.0},
    )


@experiment("nature.leak")
def test_only_secret_words_leak(bench: Bench) -> None:
    spoken = {"home.unpublished[ussr]": 1.0}
    rises(bench, "nature.leak", "leak:ussr", spoken)
    assert odds(bench, "leak:ussr", "nature.leak")[0] == nature.IMPOSSIBLE


@experiment("nature.overture")
def test_an_actor_turns_to_a_centre_that_has_earned_its_goodwill(bench: Bench) -> None:
    open_ = {"influence.government[moscow,egypt]": 0.5}
    rises(
        bench.with_({"influence.government[moscow,egypt]": 0.1}),
        "nature.overture",
        "overture:egypt:ussr",
        {"influence.goodwill[ussr,egypt]": 1.0},
        open_,
    )


@experiment("nature.shoot_down")
def test_flights_are_lost_where_there_are_flights_and_rockets(bench: Bench) -> None:
    flown = bench.with_({"home.fatigue[usa:overflight:ussr]": 1.0})
    assert odds(bench, "shoot-down:usa", "nature.shoot_down")[0] == nature.IMPOSSIBLE
    rises(
        flown,
        "nature.shoot_down",
        "shoot-down:usa",
        {"arsenals.icbm_age[ussr]": 36.0},
        {"home.fatigue[usa:overflight:prc]": 1.0},
    )


def test_every_chance_of_nature_is_a_probability(bench: Bench) -> None:
    for heat in (0.0, 1.0):
        logit = np.asarray(
            hazards(bench.st)(
                bench.with_({"relations.tension": heat, "home.unrest": heat, "home.standing": 1 - heat}).world,
                bench.laws,
            )
        )
        chance = 1 / (1 + np.exp(-logit.astype(np.float64)))
        assert np.isfinite(logit).all()
        assert ((chance >= 0) & (chance <= 1)).all()


@experiment("nature.attack")
def test_a_patron_restrains_a_loyal_ally(bench: Bench) -> None:
    alone = bench.with_({"bloc.alliance[ussr,bulgaria]": 0.0})
    assert odds(bench, "attack:bulgaria", "nature.attack")[0] < odds(alone, "attack:bulgaria", "nature.attack")[0]
