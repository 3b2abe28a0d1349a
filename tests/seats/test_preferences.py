"""Preferences: every law moves what it is about, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from detente import answers, laws
from detente.answers import Rows
from detente.decisions import Decision, layout, nested
from detente.mechanisms.influence import anchored
from detente.scenario import load
from detente.seats import preferences
from detente.structure import NESTS, Structure, structure
from detente.views import View, view
from detente.world import World, opening
from fixtures_kernel import FAST

FAMILY = {
    "demand": "demands",
    "climb_down": "climb_downs",
    "settle": "settlements",
    "moratorium": "moratoria",
    "pact": "pacts",
    "relations": "ruptures",
    "meet": "meetings",
    "council": "councils",
    "threaten": "threats",
    "boast": "boasts",
    "reassure": "talk",
    "protest": "protests",
    "polemic": "polemics",
    "own_past": "own_past",
    "proposal": "proposals",
    "dissent": "dissents",
    "doctrine": "doctrines",
    "arm": "armament",
    "station": "stationings",
    "withdraw": "withdrawals",
    "show": "shows",
    "intervene": "interventions",
    "border": "borders",
    "blockade": "blockades",
    "trade": "trades",
    "give": "gifts",
    "sanction": "sanctions",
    "look": "looks",
    "disclose": "disclosures",
    "appeal": "appeals",
    "home": "home_rule",
    "mediate": "go_betweens",
}
"""The family of instruments that each law weighs."""
SHARED = {
    "marginal": ("meetings", "ruptures", "gifts", "sanctions"),
    **dict.fromkeys(("ends", "act"), tuple(f.__name__ for f, _ in preferences.FAMILIES)),
}
"""Laws that several families share."""
ASKED = {"consent": "consent", "deadline": "deadline", "attend": "meeting", "discovery": "discovery"}
"""The forced question that each law answers."""
CHOICE = ("threshold", "constant", "nest")
"""Laws of the choice itself."""


@cache
def seats() -> Structure:
    return structure(load("coexistence"))


@cache
def stirred() -> World:
    """A World in which everything is a little in motion, so that every motive has something to speak about."""
    st = seats()
    quiet = anchored(opening(st, 4), laws.best(st.scenario), st)
    luck = np.random.default_rng(3)

    def move(x: Any) -> Any:
        return x * (1.0 + 0.2 * luck.random(x.shape)) + 0.3 * luck.random(x.shape)

    world = jax.tree.map(move, quiet)
    home = world.home._replace(leader=quiet.home.leader, fatigue=0.3 * jnp.ones_like(quiet.home.fatigue))
    return world._replace(home=home, arsenals=world.arsenals._replace(icbm_age=30.0 + world.arsenals.icbm_age))


def asked(seen: View, world: World, values: laws.Laws) -> dict[str, Any]:
    """Utilities of every forced question."""
    st = seats()
    proposals = Rows(st, answers.consent_rows(st))
    pairs, _ = answers.discoveries(world, jnp.ones((len(answers.pair_names(st)), 4)), st)

    def of(kind: str, state: Any = None) -> Decision:
        return Decision(kind, (), (), None, None, view=seen, state=state)

    return {
        "consent": preferences.consent(of("consent", proposals), values, st),
        "deadline": preferences.deadline(of("deadline"), values, st),
        "meeting": preferences.meeting(of("meeting", jnp.ones((len(st.deciders), 4))), values, st),
        "discovery": preferences.discovery(of("discovery", pairs.state(world)), values, st),
    }


@cache
def weigh() -> Callable[..., Any]:
    st = seats()

    def all_of(world: World, values: laws.Laws) -> Any:
        seen = view(world, values, st)
        return {"slots": preferences.slots(seen, values, st)} | asked(seen, world, values)

    return jax.jit(all_of, compiler_options=FAST)


def weighed(values: laws.Laws) -> dict[str, np.ndarray]:
    shaped = jax.tree.map(lambda x: jnp.full(4, x, jnp.float32), values)
    return {kind: np.asarray(x) for kind, x in weigh()(stirred(), shaped).items()}


@cache
def rest() -> dict[str, np.ndarray]:
    return weighed(laws.best(seats().scenario))


def moved(law: str) -> tuple[set[str], set[str]]:
    """Families and forced questions whose utilities differ with a law switched off."""
    st = seats()
    now = weighed(laws.off(st.scenario, laws.best(st.scenario), f"preferences.{law}"))
    changed = {kind: np.abs(now[kind] - rest()[kind]) > 1e-5 for kind in now}
    rows = {r for r in range(len(st.rows)) if changed["slots"][r].any()}
    families = {f.__name__ for f, instruments in preferences.FAMILIES if rows & set(st.where(*instruments))}
    return families, {kind for kind in changed if kind != "slots" and changed[kind].any()}


@pytest.mark.parametrize("law", FAMILY)
def test_the_law_of_a_family_moves_its_own_instruments_and_no_others(law: str) -> None:
    families, _ = moved(law)
    assert families == {FAMILY[law]}


@pytest.mark.parametrize("law", SHARED)
def test_a_shared_law_moves_all_families_that_share_it(law: str) -> None:
    families, _ = moved(law)
    assert families == set(SHARED[law])


@pytest.mark.parametrize("law", ASKED)
def test_the_law_of_a_forced_question_moves_that_question_only(law: str) -> None:
    families, questions = moved(law)
    assert families == set()
    assert questions == {ASKED[law]}


def test_who_is_asked_to_settle_weighs_it_as_who_proposes() -> None:
    assert moved("settle")[1] == {"consent"}


def test_a_constant_moves_its_own_instrument_only() -> None:
    st, best = seats(), laws.best(seats().scenario)
    for name in ("aid", "threaten"):
        more = laws.replaced(best, {f"preferences.constant.{name}": best.preferences.constant[name] + 1.0})
        rise = weighed(more)["slots"] - rest()["slots"]
        own = np.isin(np.arange(len(st.rows)), st.where(name))
        np.testing.assert_allclose(rise[own], 1.0, atol=1e-4)
        np.testing.assert_array_equal(rise[~own], 0.0)


def test_a_higher_threshold_holds_back_its_own_nest_by_as_much() -> None:
    st, best = seats(), laws.best(seats().scenario)
    name = "force"
    higher = laws.replaced(best, {f"preferences.threshold.{name}": best.preferences.threshold[name] + 1.0})
    fall = rest()["slots"] - weighed(higher)["slots"]
    inside = st.row_nest == NESTS.index(name)
    lasting = inside & (st.coordinate("finality") < 0.5)
    np.testing.assert_allclose(fall[lasting], 1.0, atol=1e-4)
    assert (fall[inside] > 0.0).all()
    np.testing.assert_array_equal(fall[~inside], 0.0)


def test_the_less_rows_of_a_nest_are_apart_the_less_a_nest_of_many_is_worth() -> None:
    st = seats()
    utility, menu = jnp.asarray(rest()["slots"]), layout(st)
    scale = float(laws.best(st.scenario).preferences.nest.scale)
    alike, apart = (nested(menu, utility, jnp.ones_like(utility), jnp.full(4, x)).act for x in (0.5 * scale, scale))
    assert (alike < apart).all()


def test_every_law_of_preferences_has_its_experiment() -> None:
    tried = {*FAMILY, *SHARED, *ASKED, *CHOICE}
    assert tried == set(seats().scenario.laws["preferences"])


def place(name: str) -> int:
    return [row.name for row in seats().rows].index(name)


def worth(world: World, **altered: float) -> np.ndarray:
    best = laws.best(seats().scenario)
    told = laws.replaced(best, {f"preferences.act.{key}": value for key, value in altered.items()})
    return np.asarray(weigh()(world, jax.tree.map(lambda x: jnp.full(4, x, jnp.float32), told))["slots"])


def test_momentum_makes_light_deeds_lately_done_worth_more() -> None:
    gain = worth(stirred(), momentum=2.0, fatigue=0.0) - worth(stirred(), momentum=0.0, fatigue=0.0)
    light, heavy = place("ussr:protest:west-berlin:usa"), place("gdr:close-border:frg")
    assert (gain[light] > 0.3).all()
    np.testing.assert_allclose(gain[heavy], 0.0, atol=1e-5)
    fresh = stirred()._replace(home=stirred().home._replace(fatigue=jnp.zeros_like(stirred().home.fatigue)))
    np.testing.assert_array_equal(worth(fresh, momentum=2.0), worth(fresh, momentum=0.0))


def test_a_patron_holds_back_its_client_but_not_where_their_side_demands() -> None:
    k = seats().issues.index("west-berlin")
    loss = worth(stirred(), tether=0.0) - worth(stirred(), tether=4.0)
    leader, client = place("ussr:show-force:west-berlin:usa"), place("gdr:show-force:west-berlin:usa")
    q = stirred().issues
    loyal = stirred()._replace(issues=q._replace(demand=q.demand.at[k, 0].set(1.0)))
    backed = worth(loyal, tether=0.0) - worth(loyal, tether=4.0)
    assert (loss[client] > loss[leader] + 0.2).all()
    assert (backed[client] < loss[client] - 0.2).all()
