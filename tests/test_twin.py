"""Twin worlds: luck drawn given a choice, on small menus; and records that the model drew."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from detente import decisions, laws, noise, series, twin
from detente.decisions import Menu, Nested
from detente.scenario import load
from detente.seats.record import record
from detente.structure import Structure, structure
from test_decisions import BOARD, LEVEL, SCALE, menu_of, quick, valued

MANY = 40_000
FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def draws(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).exponential(size=(*shape, MANY)).astype(np.float32)


def gumbels(seed: int, *shape: int) -> np.ndarray:
    return -np.log(draws(seed, *shape))


def same_law(found: np.ndarray, cdf: Any) -> None:
    assert stats.kstest(found[:20_000], cdf).pvalue > LEVEL


# ---- flat choices ----
U = np.array([0.3, -1.2, 1.1, 0.0])


class Flat(NamedTuple):
    """Choices made by fresh luck, and the luck that explains them."""

    utility: jax.Array
    chosen: jax.Array
    luck: twin.Luck


@pytest.fixture(scope="module")
def flat() -> Flat:
    utility = jnp.asarray(np.broadcast_to(U[None, :, None], (1, 4, MANY)), jnp.float32)
    chosen = jnp.argmax(utility + gumbels(1, 1, 4), axis=1)
    one = jnp.ones_like(utility)
    luck = quick(twin.explained)(utility, one, chosen, one[:, 0], gumbels(2, 1), gumbels(3, 1, 4))
    return Flat(utility, chosen, luck)


def test_luck_that_explains_a_choice_makes_it_again(flat: Flat) -> None:
    again = twin.chosen_by(flat.luck, flat.utility, jnp.ones_like(flat.utility))
    np.testing.assert_array_equal(again, flat.chosen)


def test_luck_given_choices_averages_to_luck_as_it_was(flat: Flat) -> None:
    """Posterior luck, averaged over choices drawn from the model, is standard Gumbel and independent of other lines."""
    noise_ = np.asarray(flat.luck.score - flat.luck.base)[0]
    for line in noise_:
        same_law(line, stats.gumbel_r.cdf)
    assert np.abs(np.corrcoef(noise_[:, :20_000]) - np.eye(4)).max() < 5 / np.sqrt(20_000)


def test_a_twin_of_drawn_choices_chooses_as_if_it_had_been_asked_at_once(flat: Flat) -> None:
    other = flat.utility + jnp.asarray([0.5, 1.0, -0.8, 0.0])[None, :, None]
    mask = jnp.ones_like(other).at[:, 3].set(0.0)
    counts = np.bincount(np.asarray(twin.chosen_by(flat.luck, other, mask))[0], minlength=4)
    p = np.exp(U + np.array([0.5, 1.0, -0.8, 0.0])) * [1, 1, 1, 0]
    assert counts[3] == 0
    assert stats.chisquare(counts[:3], MANY * p[:3] / p.sum()).pvalue > LEVEL


def test_what_becomes_more_likely_is_not_given_up(flat: Flat) -> None:
    """Counterfactual stability (Oberst and Sontag 2019): a choice changes only to what gained odds on it."""
    other = flat.utility + jnp.asarray([0.5, 1.0, -0.8, 0.0])[None, :, None]
    now = np.asarray(twin.chosen_by(flat.luck, other, jnp.ones_like(other)))[0]
    before, gain = np.asarray(flat.chosen)[0], np.array([0.5, 1.0, -0.8, 0.0])
    changed = now != before
    assert changed.any()
    assert (gain[now] > gain[before])[changed].all()


def test_what_was_not_open_in_the_record_keeps_luck_as_ever() -> None:
    utility = jnp.asarray(np.broadcast_to(U[None, :, None], (1, 4, MANY)), jnp.float32)
    open_ = jnp.ones_like(utility).at[:, 2].set(0.0)
    rest = gumbels(3, 1, 4)
    chosen = jnp.zeros((1, MANY), jnp.int32)
    luck = quick(twin.explained)(utility, open_, chosen, jnp.ones((1, MANY)), gumbels(2, 1), rest)
    np.testing.assert_array_equal(luck.score[:, 2], rest[:, 2])
    assert (twin.chosen_by(luck, utility, open_) == 0).all()


# ---- rows of a nest, three slots ----
class Raced(NamedTuple):
    """A month of slots played by fresh luck, and the race that explains it."""

    menu: Menu
    values: Nested
    rows: np.ndarray  # [SLOTS, D, W]
    race: twin.Race


def slots(menu: Menu, values: Nested, nests: np.ndarray, race: twin.Race) -> np.ndarray:
    """The rows that one race gives, slot by slot, when these nests are chosen; [SLOTS, D, W]."""
    taken, out = jnp.zeros_like(values.row), []
    number = np.arange(len(menu.seat))[:, None]
    for nest in nests:
        left = decisions.without(menu, values, taken, jnp.asarray(SCALE, values.row.dtype))
        row = twin.first_of(menu, race, left, jnp.asarray(nest))
        taken = taken + (number == row[menu.seat])
        out.append(np.asarray(row))
    return np.stack(out)


NESTS = ((0, 3), (0, 6), (1, 3))
"""Nests of the two seats of the board in each slot: the first seat takes two rows of one nest, then of another."""


@pytest.fixture(scope="module")
def raced() -> Raced:
    menu = menu_of(*BOARD)
    u = np.random.default_rng(4).normal(size=(9, 1)).astype(np.float32)
    values = valued(menu, np.broadcast_to(u, (9, MANY)))
    nests = np.broadcast_to(np.array(NESTS)[..., None], (3, 2, MANY))
    fresh = twin.Race(jnp.asarray(draws(6, 9)), jnp.ones((9, MANY), jnp.float32))
    rows = slots(menu, values, nests, fresh)
    race = quick(lambda *x: twin.raced(menu, *x))(
        values.weight, rows, jnp.ones((3, 2, MANY)), draws(7, 3, 2), draws(8, 9)
    )
    return Raced(menu, values, rows, race)


def test_a_race_that_explains_three_slots_gives_them_again(raced: Raced) -> None:
    nests = np.broadcast_to(np.array(NESTS)[..., None], (3, 2, MANY))
    np.testing.assert_array_equal(slots(raced.menu, raced.values, nests, raced.race), raced.rows)


def test_races_given_choices_average_to_races_as_they_were(raced: Raced) -> None:
    noise_ = np.asarray(raced.race.time * raced.race.rate)
    for line in noise_:
        same_law(line, stats.expon.cdf)
    assert np.abs(np.corrcoef(noise_[:, :20_000]) - np.eye(9)).max() < 5 / np.sqrt(20_000)


def test_a_twin_of_drawn_slots_chooses_rows_as_if_it_had_been_asked_at_once(raced: Raced) -> None:
    """Other utilities and one row taken away: pairs of rows in one nest come as often as by fresh luck."""
    menu, mask = raced.menu, np.ones((9, MANY), np.float32)
    mask[1] = 0.0
    other = np.random.default_rng(9).normal(size=(9, 1)).astype(np.float32)
    values = valued(menu, np.broadcast_to(other, (9, MANY)), mask)
    nests = np.broadcast_to(np.array(NESTS)[..., None], (3, 2, MANY))
    fresh = twin.Race(jnp.asarray(draws(10, 9)), jnp.ones((9, MANY), jnp.float32))
    told, own = (slots(menu, values, nests, race) for race in (fresh, raced.race))
    table = np.array([np.bincount(x[0, 0] * 9 + x[1, 0], minlength=81) for x in (told, own)])
    assert stats.chi2_contingency(table[:, table.sum(axis=0) > 20]).pvalue > LEVEL
    assert not (own == 1).any()


# ---- nature ----
def test_luck_of_events_explains_them_and_averages_to_luck_as_it_was() -> None:
    logit = jnp.asarray(np.array([[-3.0], [0.2], [2.0]]) * np.ones((1, MANY)), jnp.float32)
    happened = (draws(11, 3) > jax.nn.softplus(-logit)).astype(jnp.float32)
    luck = quick(twin.waited)(logit, happened, jnp.ones_like(logit), draws(12, 3))
    np.testing.assert_array_equal(luck > twin.bar(logit), happened > 0)
    for line in np.asarray(luck):
        same_law(line, stats.expon.cdf)
    likelier = luck > twin.bar(logit + 0.7)
    assert (likelier >= (happened > 0)).all()


# ---- the shipped scenario ----
MONTHS, WORLDS = 9, 64


class Walk(NamedTuple):
    """The compiled twins of the first months, any record and any intervention as data."""

    st: Structure
    names: tuple[str, ...]
    call: Any
    values: jax.Array
    told: twin.Told
    none: twin.Changes
    start: Any

    def walked(
        self, seed: int, told: Any = None, changes: Any = None, altered: Any = None, worlds: Any = None, **span: Any
    ) -> Any:
        """A walk from `begin` until before `end` from given Worlds, by default from the first month to the last."""
        at = jnp.arange(WORLDS) if worlds is None else jnp.asarray(worlds)
        luck = noise.other_keys(seed, at, "abduction")
        asked = (
            self.values,
            self.values if altered is None else altered,
            luck,
            luck,
            told or self.told,
            changes or self.none,
            span.get("start", self.start),
            np.int32(span.get("begin", 0)),
            np.int32(span.get("end", MONTHS)),
        )
        return jax.tree.map(np.asarray, self.call(*asked))

    def run(self, seed: int, **asked: Any) -> Any:
        """Traces of both halves and why they part; worlds: their numbers."""
        traces, why, _ = self.walked(seed, **asked)
        one, two = (
            {n: x[..., cut] for n, x in traces._asdict().items()} for cut in (slice(WORLDS), slice(WORLDS, None))
        )
        return one, two, why


@pytest.fixture(scope="module")
def walk() -> Walk:
    st = structure(load("coexistence"))
    names = tuple(laws.names(st.scenario))
    whole = twin.told_by(record(st))
    cut = {n: x if n == "exact" else np.repeat(x[:MONTHS], WORLDS, axis=-1) for n, x in whole._asdict().items()}
    told = twin.Told(**cut)
    none = twin.unchanged(st, told, len(names))
    drawn = laws.draw(st.scenario, 2)
    values = jnp.stack([jnp.asarray(drawn[n][:WORLDS], jnp.float32) for n in names])
    luck = noise.other_keys(1, jnp.arange(WORLDS), "abduction")
    lane = twin.twins(st, series.declared(st), names, MONTHS)
    start = twin.januaries(st, names, values)
    span = np.int32(0), np.int32(MONTHS)
    asked = (values, values, luck, luck, told, none, start, *span)
    call = jax.jit(lane, compiler_options=FAST).lower(*asked).compile()
    return Walk(st, names, call, values, told, none, start)


def told_from(walk: Walk, half: dict[str, np.ndarray]) -> twin.Told:
    """What a half did, as the record of each of its worlds."""
    answers = {
        k: np.maximum(half[n], 0).astype(np.int32)
        for k, n in (
            ("consent", "said"),
            ("succession", "successor"),
            *((k, k) for k in ("meeting", "deadline", "discovery", "ladder")),
        )
    }
    rows, nature = half["moves"].astype(np.int32), half["nature"].astype(np.float32)
    return walk.told._replace(rows=rows, nature=nature, **answers, exact=np.ones((), np.int32))


def banned(walk: Walk, instruments: tuple[str, ...], first: int = 0, arm: int = 1) -> twin.Changes:
    rows = np.array(walk.none.rows)
    rows[arm, first:, walk.st.where(*instruments)] = -1
    return walk.none._replace(rows=rows)


LATE = 5


@pytest.mark.slow
def test_without_intervention_the_twin_is_the_record_to_the_bit(walk: Walk) -> None:
    one, two, why = walk.run(3)
    for name in one:
        np.testing.assert_array_equal(one[name], two[name], err_msg=name)
    np.testing.assert_array_equal(one["moves"], walk.told.rows)
    assert (why.month == MONTHS).all()


@pytest.mark.slow
def test_nothing_before_an_intervention_changes(walk: Walk) -> None:
    one, two, _ = walk.run(3, changes=banned(walk, ("protest", "demand", "treaty", "visit", "denounce", "aid"), LATE))
    for name in one:
        np.testing.assert_array_equal(one[name][:LATE], two[name][:LATE], err_msg=name)
    assert (one["moves"][LATE:] != two["moves"][LATE:]).any()


@pytest.mark.slow
def test_a_walk_may_begin_where_the_intervention_does(walk: Walk) -> None:
    """From the Worlds that the record had by then, the months from there on are the same to the bit."""
    changes = banned(walk, ("protest", "demand", "treaty", "visit", "denounce", "aid"), LATE)
    whole = walk.walked(3, changes=changes)
    start = walk.walked(3, end=LATE).after
    part = walk.walked(3, changes=changes, start=start, begin=LATE, end=MONTHS - 1)
    for name, array in whole.trace._asdict().items():
        later = getattr(part.trace, name)
        np.testing.assert_array_equal(later[LATE:-1], array[LATE:-1], err_msg=name)
        assert not later[:LATE].any()
        assert not later[-1:].any()


@pytest.mark.slow
def test_from_the_month_in_which_luck_is_drawn_anew_the_record_is_left(walk: Walk) -> None:
    free = np.array(walk.none.free)
    free[LATE:] = 1
    one, two, _ = walk.run(3, changes=walk.none._replace(free=free))
    np.testing.assert_array_equal(one["moves"][:LATE], walk.told.rows[:LATE])
    assert (one["moves"][LATE:] != walk.told.rows[LATE:]).any()
    np.testing.assert_array_equal(one["moves"], two["moves"])


@pytest.mark.slow
def test_a_pair_is_the_same_wherever_it_stands_in_an_ensemble(walk: Walk) -> None:
    changes = banned(walk, ("demand", "protest"), 2)
    whole = walk.run(3, changes=changes)
    other = np.concatenate([np.arange(WORLDS // 2), np.arange(900, 900 + WORLDS // 2)])
    again = walk.run(3, changes=changes, worlds=other)
    for name in whole[1]:
        np.testing.assert_array_equal(
            whole[1][name][..., : WORLDS // 2], again[1][name][..., : WORLDS // 2], err_msg=name
        )


@pytest.mark.slow
@pytest.mark.parametrize(("name", "x"), [("preferences.nest.scale", 0.95), ("ladder.stakes.prize", 0.05)])
def test_a_law_altered_late_leaves_the_months_before(walk: Walk, name: str, x: float) -> None:
    """A coefficient of the ladder changes what it is worth to open one."""
    at = walk.names.index(name)
    since = np.array(walk.none.since)
    since[at] = LATE
    one, two, _ = walk.run(3, changes=walk.none._replace(since=since), altered=walk.values.at[at].set(x))
    np.testing.assert_array_equal(one["moves"][:LATE], two["moves"][:LATE])
    assert (one["moves"][LATE:] != two["moves"][LATE:]).any()


@pytest.mark.slow
def test_twins_of_drawn_records_are_distributed_as_if_the_change_had_been_made_at_once(walk: Walk) -> None:
    """At level 1e-4: how often each instrument is used after a ban, by twins of drawn records and by a forward run."""
    free = walk.none._replace(free=np.ones(MONTHS, np.int8))
    ban = banned(walk, ("protest", "visit", "aid", "denounce"), 0)
    counts = np.zeros((2, len(walk.st.instruments)))
    mismatch = 0
    for seed in range(20, 26):
        drawn, forward, _ = walk.run(seed, changes=free._replace(rows=ban.rows))
        one, two, _ = walk.run(seed + 1000, told=told_from(walk, drawn), changes=ban)
        mismatch += int((one["moves"] != drawn["moves"]).sum())
        for k, half in enumerate((forward, two)):
            made = half["moves"][half["moves"] >= 0].astype(int)
            counts[k] += np.bincount(walk.st.row_instrument[made], minlength=counts.shape[1])
    assert mismatch == 0
    known = counts.sum(axis=0) > 30
    table = np.column_stack([counts[:, known], counts[:, ~known].sum(axis=1)])
    assert stats.chi2_contingency(table[:, table.sum(axis=0) > 0]).pvalue > LEVEL
