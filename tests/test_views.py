"""A seat knows what is public and what is its own: the rest of the World may change without its noticing."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from detente import drive, laws, views
from detente.masks import allowed
from detente.seats import preferences
from detente.structure import Structure
from detente.world import AXES, NEVER, World
from fixtures_kernel import FAST

WHOLE = "everybody may know all of it"
OWN = "each seat knows its own row"
OWN_ACTOR = "each seat knows its own entry"
OWN_ROWS = "each seat knows its own menu rows"
NOBODY = "nobody knows it"
AS_THREAT = "each seat knows its own row; the highest is public as how threatened an actor is"

KNOWN = {
    **{path: WHOLE for path in AXES if path.split(".")[0] in ("economy", "bloc", "issues", "influence")},
    **{
        f"arsenals.{k}": WHOLE
        for k in "bombers conventional tests bomb h_bomb icbm_age satellite_age crewed hosted".split()
    },
    "arsenals.intervention": WHOLE,
    "arsenals.icbm": OWN_ACTOR,
    "arsenals.pipeline": OWN_ACTOR,
    "arsenals.warheads": OWN_ACTOR,
    "arsenals.work": NOBODY,
    "arsenals.hidden": OWN,
    "arsenals.ripe": OWN,
    **{f"intelligence.{k}": OWN for k in "force_mean force_variance recon resolve concede".split()},
    "intelligence.public": WHOLE,
    "intelligence.disclosed": WHOLE,
    "influence.rest": NOBODY,
    "influence.goodwill": NOBODY,
    "issues.leaving": NOBODY,
    "relations.tension": AS_THREAT,
    "relations.affinity": OWN,
    "relations.trust": OWN,
    **{f"home.{k}": WHOLE for k in "leader tenure turnover prestige massive unrest liberalisation".split()},
    **{f"home.{k}": OWN for k in "standing fear unpublished lesson".split()},
    "home.fatigue": OWN_ROWS,
    "war": WHOLE,
}
"""Who may know each field of the World."""

IDLE = {
    "arsenals.pipeline": "orders are not yet forces; no law lets anyone reckon with them",
    "arsenals.warheads": "warheads beyond launchers change no expectation",
    "arsenals.work": "what is spent on a first shows when it comes",
    "arsenals.bomb": "decides what may be done with a bomb (mask)",
    "arsenals.ripe": "readiness counts when a deployment is found, not when it is chosen",
    "arsenals.crewed": "a first flight is news in its month; having flown changes no taste",
    "arsenals.satellite_age": "decides whether satellites may be flown (mask), not what they are worth",
    "intelligence.recon": "acts through the beliefs that it sharpens",
    "influence.rest": "a constant of the law of leanings",
    "influence.goodwill": "acts through leanings",
    "issues.leaving": "acts through the drain that is seen a month later",
    "issues.deadline": "lets a deadline be moved (mask) and forces an answer when due; worth comes from the demand",
    "issues.rung": "read by the ladder itself",
    "issues.open": "bars a second show of force (mask)",
    "bloc.garrison": "decides whether troops can be withdrawn (mask)",
    "home.prestige": "acts through standing; no taste depends on what one has already",
    "home.turnover": "how often leaders change is for nature; no taste depends on it",
    "home.standing": "a weak leader is removed by nature; no taste depends on standing yet",
    "war": "after it nothing is decided",
}
"""Fields that move no utility of a slot, and why."""


def read(world: World, path: str) -> Any:
    value: Any = world
    for part in path.split("."):
        value = getattr(value, part)
    return value


def put(world: World, path: str, value: Any) -> World:
    if "." not in path:
        return world._replace(**{path: value})
    head, name = path.split(".")
    return world._replace(**{head: getattr(world, head)._replace(**{name: value})})


def stirred(world: World, path: str, mask: np.ndarray, seed: int = 0) -> World:
    """The field changed wherever the mask is 1, within the range of what it measures."""
    rng = np.random.default_rng(seed)
    old = np.asarray(read(world, path))
    if path in ("issues.deadline", "issues.meeting"):
        new = np.where(old < NEVER, NEVER, 4.0)
    elif path in ("arsenals.icbm_age", "arsenals.satellite_age"):
        new = np.where(old > 0, 0.0, 5.0)
    elif path == "home.leader":
        new = np.roll(old, 1, axis=1)
    elif old.min() >= 0 and old.max() <= 1:
        new = np.where(old > 0.5, old - rng.uniform(0.2, 0.5, old.shape), old + rng.uniform(0.2, 0.5, old.shape))
    else:
        new = old * rng.uniform(1.5, 3.0, old.shape) + rng.uniform(0.2, 1.0, old.shape)
    return put(world, path, np.where(mask[..., None] > 0, new, old).astype(old.dtype))


def below_the_highest(changed: World, world: World, st: Structure, seat: int) -> World:
    """Tensions of others changed below the highest that is public, which stays."""
    old, new = read(world, "relations.tension"), read(changed, "relations.tension")
    top = (old * st.hostile[..., None]).max(axis=0)
    others = (np.arange(len(st.deciders)) != seat)[:, None, None]
    free = others & ((old < top) | (st.hostile[..., None] == 0))
    capped = np.where(st.hostile[..., None] > 0, np.minimum(new, top), new)
    return put(world, "relations.tension", np.where(free, capped, old).astype(old.dtype))


@pytest.fixture(scope="module")
def lively(st: Structure) -> World:
    """A World in which every quantity is in play: rockets, quarrels, demands, deployments, secrets."""
    tree = laws.best(st.scenario)
    opened = jax.jit(lambda x: drive.begin(st, x, 1, np.float32), compiler_options=FAST)(tree)
    rng = np.random.default_rng(1)
    world = jax.tree.map(np.asarray, opened)
    for path in AXES:
        old = read(world, path)
        if path in ("issues.deadline", "issues.meeting"):
            new = np.where(rng.random(old.shape) < 0.5, NEVER, 3.0)
        elif path in ("home.leader", "war", "issues.open", "issues.rung") or path.startswith("influence."):
            new = old
        elif path in ("arsenals.icbm", "arsenals.icbm_age", "arsenals.satellite_age", "arsenals.tests"):
            new = rng.uniform(1, 30, old.shape)
        elif path in ("arsenals.hosted", "arsenals.hidden"):
            new = rng.uniform(0.05, 0.45, old.shape)
        elif path in ("relations.affinity", "home.prestige", "bloc.line"):
            new = rng.uniform(-0.7, 0.7, old.shape)
        elif path.startswith("intelligence.force_mean") or path == "intelligence.public":
            new = rng.uniform(1, 4, old.shape)
        elif old.min() >= 0 and old.max() <= 1:
            new = np.clip(old + rng.uniform(0.1, 0.5, old.shape), 0.05, 0.95)
        else:
            new = old * rng.uniform(0.8, 1.2, old.shape)
        world = put(world, path, new.astype(np.float32))
    return world


@pytest.fixture(scope="module")
def mind(st: Structure) -> Any:
    """A World → what the seats see, what they may do, and what each row is worth to them; compiled once."""
    tree = laws.best(st.scenario)

    def all_of(world: World) -> Any:
        seen = views.view(world, tree, st)
        return seen, allowed(world, st), preferences.slots(seen, tree, st)

    compiled = jax.jit(all_of, compiler_options=FAST)
    return lambda world: jax.tree.map(np.asarray, compiled(jax.tree.map(jnp.asarray, world)))


@pytest.fixture(scope="module")
def before(mind: Any, lively: World) -> Any:
    return mind(lively)


def own(st: Structure, path: str, seat: int, shape: tuple[int, ...]) -> np.ndarray:
    """1 where this seat may know a field."""
    mask = np.zeros(shape)
    rule = KNOWN[path]
    if rule == WHOLE:
        mask[...] = 1
    elif rule in (OWN, AS_THREAT):
        mask[seat] = 1
    elif rule == OWN_ACTOR:
        mask[st.dec[seat]] = 1
    elif rule == OWN_ROWS:
        mask[st.seat_rows[seat]] = 1
    return mask


def test_every_field_of_the_world_says_who_may_know_it() -> None:
    assert set(KNOWN) == set(AXES)


def test_axes_of_the_world_are_as_declared(lively: World, st: Structure) -> None:
    for path, axes in AXES.items():
        shape = read(lively, path).shape
        assert len(shape) == len(axes) + 1, path
        if axes and axes[0] == "D":
            assert shape[0] == len(st.deciders), path


HIDDEN = [path for path, rule in KNOWN.items() if rule != WHOLE]


@pytest.mark.parametrize("path", HIDDEN)
def test_a_seat_does_not_notice_what_it_cannot_know(
    path: str, st: Structure, lively: World, before: Any, mind: Any
) -> None:
    """Its view, the rows open to it and their worth to it stay as they were, to the bit."""
    seen, open_, worth = before
    for d, seat in enumerate(st.deciders):
        hidden = 1 - own(st, path, d, read(lively, path).shape[:-1])
        changed = stirred(lively, path, hidden)
        assert not np.array_equal(read(changed, path), read(lively, path))
        after, now_open, now_worth = mind(changed)
        ours, theirs = views.of(seen, st, d), views.of(after, st, d)
        leaks = [name for name in ours if not np.array_equal(ours[name], theirs[name])]
        if KNOWN[path] == AS_THREAT:
            leaks = [name for name in leaks if name != "public.threat"]
        assert leaks == [], f"{seat} sees {path} of others in {leaks}"
        rows = st.seat_rows[d]
        masked = [st.rows[rows][k].name for k in np.flatnonzero((open_[rows] != now_open[rows]).any(axis=1))]
        assert masked == [], f"{path} of others opens or shuts rows of {seat}: {masked[:5]}"
        if KNOWN[path] == AS_THREAT:
            changed = below_the_highest(changed, lively, st, d)
            now_worth = mind(changed)[2]
            assert not np.array_equal(read(changed, path), read(lively, path))
        valued = [st.rows[rows][k].name for k in np.flatnonzero((worth[rows] != now_worth[rows]).any(axis=1))]
        assert valued == [], f"{path} of others changes what rows are worth to {seat}: {valued[:5]}"


def known_changes(path: str, st: Structure, lively: World, mind: Any, before: Any) -> list[str]:
    """Seats whose utilities change when what they may know of a field is altered."""
    out = []
    whole = KNOWN[path] in (WHOLE, NOBODY)
    for d, seat in enumerate(st.deciders):
        if d == 0 or not whole:
            mask = np.ones(read(lively, path).shape[:-1]) if whole else own(st, path, d, read(lively, path).shape[:-1])
            now_worth = mind(stirred(lively, path, mask))[2]
        rows = st.seat_rows[d]
        if not np.array_equal(before[2][rows], now_worth[rows]):
            out.append(seat)
    return out


@pytest.mark.parametrize("path", [path for path in AXES if path not in IDLE])
def test_what_a_seat_may_know_counts(path: str, st: Structure, lively: World, before: Any, mind: Any) -> None:
    assert known_changes(path, st, lively, mind, before), f"no seat's utilities depend on {path}"


@pytest.mark.parametrize("path", IDLE)
def test_fields_listed_as_idle_are_idle(path: str, st: Structure, lively: World, before: Any, mind: Any) -> None:
    assert not known_changes(path, st, lively, mind, before), f"{path} counts now: take it off the list"


def test_what_a_seat_may_know_of_others_is_the_same_for_all(st: Structure, before: Any) -> None:
    """Public fields are one array; nobody is told more."""
    first = views.of(before[0], st, 0)
    for d in range(1, len(st.deciders)):
        known = views.of(before[0], st, d)
        assert set(known) == set(first)
        assert all(known[name] is first[name] for name in known if name.startswith("public."))


def test_a_bluff_is_believed_by_others_and_not_by_its_author(
    st: Structure, lively: World, before: Any, mind: Any
) -> None:
    """The public estimate of a leading centre moves how strong it looks, not what it knows of itself."""
    after = mind(stirred(lively, "intelligence.public", np.ones(len(st.centres))))[0]
    for c, seat in enumerate(st.cen_dec):
        if st.leader_of_camp[seat] == c:
            assert after.bluff[seat] != before[0].bluff[seat]
            assert after.leverage[seat] > before[0].leverage[seat]
            assert after.own_missiles[seat] == before[0].own_missiles[seat]
            assert after.real_leverage[seat] == before[0].real_leverage[seat]
