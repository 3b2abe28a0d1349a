"""The choice rule: a nested logit, drawn by addressed noise, that agrees with its own probabilities."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from detente import decisions
from detente.decisions import BANNED, ROUTINE, Decision, Menu, Nested
from detente.menus import Row
from detente.noise import WorldKeys, at_month, world_keys
from fixtures_kernel import FAST

LEVEL = 1e-4
"""Level of the chi-square tests; seeds are fixed."""
SCALE = 0.6
"""λ: how far rows of a nest are chosen apart from each other."""
MANY = 60_000


def menu_of(*nests: tuple[int, ...]) -> Menu:
    """A menu of made-up seats, each given as the nest of every row."""
    seats = tuple(f"seat{d}" for d in range(len(nests)))
    rows = tuple(Row(seat, f"deed{k}") for seat, own in zip(seats, nests, strict=True) for k in range(len(own)))
    ends = np.cumsum([len(own) for own in nests])
    slices = [slice(int(end - len(own)), int(end)) for end, own in zip(ends, nests, strict=True)]
    return decisions.layout(
        SimpleNamespace(deciders=seats, rows=rows, seat_rows=slices, row_nest=np.concatenate(nests))  # type: ignore[arg-type]
    )


@lru_cache
def all_keys() -> WorldKeys:
    return jax.jit(lambda k: at_month(world_keys(11, k), jnp.int32(0)), compiler_options=FAST)(jnp.arange(MANY))  # type: ignore[no-any-return]


def keys(worlds: int) -> WorldKeys:
    every = all_keys()
    return WorldKeys(every.low[:worlds], every.high[:worlds])


def probabilities(menu: Menu, values: Nested) -> np.ndarray:
    """Of routine and of every row, seat by seat: [D, 1 + R, world]."""
    seats, width = len(menu.rows), max(rows.stop - rows.start for rows in menu.rows)
    first, last = (np.array([[getattr(rows, end)] for rows in menu.rows]) for end in ("start", "stop"))
    real = first + np.arange(width) < last
    rows = np.concatenate([np.full((seats, 1), ROUTINE), np.where(real, first + np.arange(width), first)], axis=1)

    def of(v: Nested) -> Any:
        asked = [jnp.broadcast_to(rows[:, [k]], (seats, v.act.shape[-1])) for k in range(width + 1)]
        return jnp.stack([jnp.exp(sum(decisions.slot_log_probability(menu, v, row))) for row in asked], axis=1)

    return np.asarray(quick(of)(values)) * np.concatenate([np.ones((seats, 1)), real], axis=1)[..., None]


def quick(function: Any) -> Any:
    return jax.jit(function, compiler_options=FAST)


def drawn_slot(menu: Menu, values: Nested, luck: WorldKeys, slot: int) -> np.ndarray:
    return np.asarray(quick(lambda v, k: decisions.draw_slot(menu, v, k, slot))(values, luck))


def valued(menu: Menu, utility: Any, mask: Any = None) -> Nested:
    u = jnp.asarray(utility)
    allowed = jnp.ones_like(u) if mask is None else jnp.asarray(mask, u.dtype)
    return quick(lambda x, m: decisions.nested(menu, x, m, jnp.asarray(SCALE, x.dtype)))(u, allowed)  # type: ignore[no-any-return]


def random_cases(rows: int, cases: int = 300) -> np.ndarray:
    """Utilities of many independent cases, one a world, from flat to far apart."""
    rng = np.random.default_rng(5)
    return rng.normal(size=(rows, cases)) * rng.uniform(0.1, 6.0, size=cases) - rng.uniform(0, 4, size=cases)


BOARD = ((0, 0, 0, 1, 1, 2), (3, 3, 6))


def test_probabilities_of_routine_and_all_rows_sum_to_one() -> None:
    with jax.enable_x64(new_val=True):
        menu = menu_of(*BOARD)
        p = probabilities(menu, valued(menu, random_cases(9)))
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-12)
    assert (p >= 0).all()


def test_probabilities_follow_the_textbook_formula() -> None:
    """McFadden (1978), written out for one seat: λ log-sum within nests, log-sum over nests against routine at 0."""
    with jax.enable_x64(new_val=True):
        menu, u = menu_of((0, 0, 4)), np.array([[0.3], [-1.1], [0.8]])
        p = probabilities(menu, valued(menu, u))[0, :, 0]
    one, two = SCALE * np.log(np.exp(u[0, 0] / SCALE) + np.exp(u[1, 0] / SCALE)), u[2, 0]
    act = np.log(np.exp(one) + np.exp(two))
    within = np.exp(u[:2, 0] / SCALE) / np.exp(u[:2, 0] / SCALE).sum()
    acts = 1 / (1 + np.exp(-act))
    expected = [1 - acts, *(acts * np.exp(one - act) * within), acts * np.exp(two - act)]
    np.testing.assert_allclose(p, expected, rtol=1e-10)


def test_a_copy_of_a_row_in_its_nest_changes_little_outside_the_nest() -> None:
    """By no more than λ·log 2 / 4: wording one deed twice is no second reason for it."""
    with jax.enable_x64(new_val=True):
        before, after = menu_of((0, 0, 1, 1, 2)), menu_of((0, 0, 1, 1, 2, 0))
        u = random_cases(5)
        p = probabilities(before, valued(before, u))[0]
        q = probabilities(after, valued(after, np.concatenate([u, u[:1]])))[0]
    outside = [0, 3, 4, 5]  # routine, and the rows of other nests
    gap = np.abs(p[outside] - q[outside])
    assert gap.max() <= SCALE * np.log(2) / 4 + 1e-12
    assert gap.max() > 0.02, "the cases are too tame to test the bound"


def test_a_hopeless_row_changes_nothing_that_matters() -> None:
    """A row 8 below the best of its nest (after division by λ) moves no probability by more than 0.001."""
    with jax.enable_x64(new_val=True):
        before, after = menu_of((0, 0, 1, 1, 2)), menu_of((0, 0, 1, 1, 2, 0))
        u = random_cases(5)
        poor = u[:2].max(axis=0, keepdims=True) - 8.0 * SCALE
        p = probabilities(before, valued(before, u))[0]
        q = probabilities(after, valued(after, np.concatenate([u, poor])))[0]
    assert np.abs(p - q[:-1]).max() < 0.001
    assert q[-1].max() < 0.001


def counted(menu: Menu, rows: np.ndarray, seat: int) -> np.ndarray:
    """How often a seat chose routine and each of its rows."""
    own = menu.rows[seat]
    return np.bincount(np.where(rows < 0, 0, rows - own.start + 1), minlength=1 + own.stop - own.start)


def agrees(observed: np.ndarray, p: np.ndarray) -> None:
    keep = p > 0
    assert observed[~keep].sum() == 0
    expected = p[keep] / p[keep].sum() * observed.sum()
    assert expected.min() > 5, "too few expected for a chi-square"
    assert stats.chisquare(observed[keep], expected).pvalue > LEVEL


@pytest.mark.parametrize("slot", [0, 1, 2])
@pytest.mark.parametrize("mask", [(1,) * 9, (1, 0, 1, 1, 1, 0, 1, 1, 1)], ids=["all allowed", "some banned"])
def test_what_is_drawn_is_as_frequent_as_it_is_probable(slot: int, mask: tuple[int, ...]) -> None:
    menu, u = menu_of(*BOARD), np.random.default_rng(2).normal(size=(9, 1)).astype(np.float32)
    banned = np.array(mask, np.float32)[:, None]
    values = valued(menu, np.broadcast_to(u, (9, MANY)), np.broadcast_to(banned, (9, MANY)))
    drawn = drawn_slot(menu, values, keys(MANY), slot)
    p = probabilities(menu, valued(menu, u, banned))
    for seat in (0, 1):
        own = menu.rows[seat].stop - menu.rows[seat].start
        agrees(counted(menu, drawn[seat], seat), p[seat, : 1 + own, 0])


def test_the_second_move_is_a_logit_choice_among_what_the_first_left() -> None:
    """Slots share the rows' noise, and the best of what is left is again a logit choice (Gumbel top-k)."""
    menu, u = menu_of(*BOARD), np.array([0.5, 0.2, -0.3, 0.4, 0.1, 0.0, 1.0, 0.6, 0.3], np.float32)[:, None]
    every = np.broadcast_to(u, (9, MANY))
    first = drawn_slot(menu, valued(menu, every), keys(MANY), 0)
    taken = (np.arange(9)[:, None] == np.concatenate([np.repeat(first[:1], 6, 0), np.repeat(first[1:], 3, 0)])) * 1.0
    left = (1.0 - taken).astype(np.float32)
    second = drawn_slot(menu, valued(menu, every, left), keys(MANY), 1)
    for seat, rows in ((0, range(6)), (1, range(6, 9))):
        own = len(rows)
        for row in rows:
            here = first[seat] == row
            mask = np.ones((9, 1), np.float32)
            mask[row] = 0
            p = probabilities(menu, valued(menu, u, mask))[seat, : 1 + own, 0]
            seen = counted(menu, second[seat, here], seat)
            assert seen[1 + row - rows[0]] == 0, "the same move twice"
            agrees(seen, p)


def test_what_the_next_slot_sees_is_what_a_menu_without_the_taken_rows_is_worth() -> None:
    with jax.enable_x64(new_val=True):
        menu, u = menu_of(*BOARD), jnp.asarray(random_cases(9))
        taken = jnp.zeros_like(u).at[jnp.array([1, 7])].set(1.0)
        scale = jnp.asarray(SCALE)
        left = decisions.without(menu, decisions.nested(menu, u, jnp.ones_like(u), scale), taken, scale)
        plain = decisions.nested(menu, u, 1.0 - taken, scale)
    np.testing.assert_allclose(left.act, plain.act, atol=1e-9)
    np.testing.assert_allclose(left.nest, plain.nest, rtol=1e-9)


def test_a_seat_with_every_row_banned_does_the_routine() -> None:
    for wide in (False, True):
        with jax.enable_x64(new_val=wide):
            menu, u = menu_of(*BOARD), random_cases(9, 500)
            mask = np.ones_like(u)
            mask[:6] = 0
            values = valued(menu, u, mask)
            drawn = drawn_slot(menu, values, keys(500), 0)
            act, _ = decisions.slot_log_probability(menu, values, jnp.full((2, 500), ROUTINE))
        assert (drawn[0] == ROUTINE).all()
        assert (drawn[1] != ROUTINE).any()
        np.testing.assert_allclose(act[0], 0.0, atol=1e-6)


def flat(worlds: int, mask: Any, kind: str = "deadline") -> Decision:
    allowed = jnp.broadcast_to(jnp.asarray(mask, float)[None, :, None], (1, len(mask), worlds))
    return Decision(kind, ("here",), tuple("abcd"[: len(mask)]), allowed, jnp.ones((1, worlds)))


def test_a_forced_choice_with_everything_banned_takes_its_default() -> None:
    """The first option is the default, in either precision."""
    for wide in (False, True):
        with jax.enable_x64(new_val=wide):
            utility = jnp.asarray(random_cases(3, 400))[None]
            drawn = np.asarray(decisions.draw(flat(400, (0, 0, 0)), utility, keys(400)))
        assert (drawn == 0).all()


@pytest.mark.parametrize("mask", [(1, 1, 1, 1), (0, 1, 1, 0)])
def test_a_forced_choice_is_as_frequent_as_it_is_probable(mask: tuple[int, ...]) -> None:
    u = np.array([0.0, 1.0, -0.5, 0.3], np.float32)
    utility = jnp.broadcast_to(u[None, :, None], (1, 4, MANY))
    question = flat(MANY, mask)
    drawn = np.asarray(decisions.draw(question, utility, keys(MANY)))[0]
    log = [decisions.log_probability(question, utility, jnp.full((1, MANY), k))[0, 0] for k in range(4)]
    p = np.exp(np.asarray(log, float)) * np.array(mask)
    assert p.sum() == pytest.approx(1.0, abs=1e-5)
    agrees(np.bincount(drawn, minlength=4), p)


def test_events_of_nature_are_as_frequent_as_they_are_probable() -> None:
    logit = jnp.broadcast_to(jnp.array([-30.0, -3.0, 0.0, 2.0])[:, None], (4, MANY))
    happened = np.asarray(decisions.draw_chance(decisions.Chance(("a", "b", "c", "d"), logit), keys(MANY)))
    p = 1 / (1 + np.exp(-np.asarray(logit[:, 0], float)))
    assert happened[0].sum() == 0
    for k in (1, 2, 3):
        assert stats.binomtest(int(happened[k].sum()), MANY, p[k]).pvalue > LEVEL


@pytest.mark.parametrize("size", [1, 2, 5, 8, 9, 31, 150])
def test_the_tree_of_halves_finds_the_same_place_as_argmax(size: int) -> None:
    """Also where much is banned; of equals it finds one of the best, and the first where all are equal."""
    rng = np.random.default_rng(size)
    score = rng.normal(size=(2, size, 500)).astype(np.float32)
    score[rng.random(score.shape) < 0.2] = BANNED
    score[:, rng.integers(size), :] = 5.0
    score[:, :, :5] = 2 * BANNED
    found = np.asarray(decisions.argmax(jnp.asarray(score)))
    np.testing.assert_array_equal(found, score.argmax(axis=-2))
    tied = rng.integers(-1, 2, size=score.shape).astype(np.float32)
    found = np.asarray(decisions.argmax(jnp.asarray(tied)))
    np.testing.assert_array_equal(np.take_along_axis(tied, found[:, None], axis=1)[:, 0], tied.max(axis=-2))


def test_single_and_double_precision_agree() -> None:
    """Log-probabilities to a relative 1e-5, and the move chosen in all but a hair's breadth of the worlds."""
    u, worlds = random_cases(9, 4000), 4000
    got = {}
    for wide in (False, True):
        with jax.enable_x64(new_val=wide):
            menu = menu_of(*BOARD)
            values = valued(menu, u.astype(np.float64 if wide else np.float32))
            assert values.row.dtype == (jnp.float64 if wide else jnp.float32)
            drawn = drawn_slot(menu, values, keys(worlds), 0)
            logs = decisions.slot_log_probability(menu, values, jnp.broadcast_to(jnp.array([[1], [7]]), (2, worlds)))
            got[wide] = drawn, np.stack([np.asarray(x, float) for x in logs])
    np.testing.assert_allclose(got[False][1], got[True][1], rtol=1e-5, atol=1e-4)
    assert (got[False][0] == got[True][0]).mean() > 0.999
