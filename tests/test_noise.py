"""Luck is addressed, not queued: names do not collide, neighbours are unrelated, no draw depends on another."""

from __future__ import annotations

import zlib
from collections import Counter
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from detente import decisions, noise
from detente.noise import WorldKeys
from detente.structure import Structure

LEVEL = 1e-4
"""Each battery's level after Bonferroni: a sound generator fails one of its batteries once in ten thousand seeds."""
SEEDS = (1, 2, 1953)
WORLDS = 4096
STREAMS = 64
SHIFTS = {"address": (0, 1), "world": (1, 0)}


def names_of_a_month(st: Structure) -> list[str]:
    """Names like those of the model, near neighbours in spelling."""
    return [f"row:{row.name}" for row in st.rows[:STREAMS]]


def keys(seed: int, month: int = 0, worlds: int = WORLDS) -> WorldKeys:
    return noise.at_month(noise.world_keys(seed, jnp.arange(worlds)), jnp.int32(month))


def draws(where: np.ndarray, seed: int, month: int = 0) -> np.ndarray:
    return np.asarray(noise.uniform(keys(seed, month), where))


def batteries(st: Structure) -> dict[str, np.ndarray]:
    """Two kinds of address: the model's own, and consecutive integers (the hardest case for a counter hash)."""
    return {
        "names": noise.addresses(names_of_a_month(st)),
        "counters": np.arange(STREAMS, dtype=np.uint32)[:, None],
        "high bits": (np.arange(STREAMS, dtype=np.uint32) << 26)[:, None],
    }


def sound(p_values: Any) -> None:
    """None of many p-values is improbably small, nor (too even to be chance) improbably near one."""
    p = np.ravel(p_values)
    assert p.min() > LEVEL / len(p), f"smallest of {len(p)} p-values is {p.min():.2g}"
    assert p.max() < 1 - LEVEL / len(p) / 10, f"largest of {len(p)} p-values is {p.max():.6f}"


def correlation_p(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Two-sided p-value of the correlation of each row of x with the same row of y (normal for thousands of draws)."""
    r = ((x - 0.5) * (y - 0.5)).mean(axis=-1) * 12.0
    return 2 * stats.norm.sf(np.abs(r) * np.sqrt(x.shape[-1]))


# ---- addresses ----


def test_no_two_named_draws_of_the_shipped_scenario_share_an_address(kernel: Any) -> None:
    names = set(kernel.asked)
    assert len(names) > 2 * len(kernel.st.rows), "not every draw was seen"
    count = Counter(zlib.crc32(name.encode()) for name in names)
    twice = [name for name in names if count[zlib.crc32(name.encode())] > 1]
    assert twice == []


def test_every_kind_of_draw_has_its_own_names(kernel: Any) -> None:
    kinds = Counter(name.split(":")[0] for name in set(kernel.asked))
    asked = {"row", "slot0", "slot1", "slot2", "consent", "meeting", "deadline", "discovery", "ladder", "succession"}
    assert set(kinds) == asked | {"nature", "shock"}


def test_no_name_is_drawn_twice_in_a_month(kernel: Any) -> None:
    """Rows, nests and acts get their addresses once, in the layout; a name met twice would tie two choices together."""
    count = Counter(name for name in kernel.asked if ":pad" not in name)
    assert [name for name, times in count.items() if times > 1] == []


# ---- quality ----


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["names", "counters", "high bits"])
def test_draws_are_uniform(st: Structure, seed: int, kind: str) -> None:
    u = draws(batteries(st)[kind], seed)
    assert u.min() > 0.0
    assert u.max() < 1.0
    across_worlds = [np.histogram(row, bins=64, range=(0, 1))[0] for row in u]
    across_names = [np.histogram(block, bins=16, range=(0, 1))[0] for block in u.T.reshape(64, -1)]
    sound(stats.chisquare(across_worlds, axis=1).pvalue)
    sound(stats.chisquare(across_names, axis=1).pvalue)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["names", "counters", "high bits"])
def test_neighbours_are_uncorrelated(st: Structure, seed: int, kind: str) -> None:
    """Neighbouring addresses, worlds, months and seeds."""
    where = batteries(st)[kind]
    u = draws(where, seed)
    sound(correlation_p(u[1:], u[:-1]))
    sound(correlation_p(u[:, 1:], u[:, :-1]))
    sound(correlation_p(u.T[1:], u.T[:-1]))
    sound(correlation_p(u, draws(where, seed, month=1)))
    sound(correlation_p(u, draws(where, seed + 1)))


@pytest.mark.parametrize("kind", ["names", "counters", "high bits"])
def test_neighbouring_addresses_fill_the_square_evenly(st: Structure, kind: str) -> None:
    """Pairs of neighbours fall evenly on an 8 × 8 board: no dependence that a correlation would miss."""
    u = (draws(batteries(st)[kind], 1) * 8).astype(int)
    boards = [np.bincount(a * 8 + b, minlength=64) for a, b in zip(u[1:], u[:-1], strict=True)]
    worlds = [np.bincount(a * 8 + b, minlength=64) for a, b in zip(u[:, 1:], u[:, :-1], strict=True)]
    sound(stats.chisquare(boards, axis=1).pvalue)
    sound(stats.chisquare(worlds, axis=1).pvalue)


def test_every_bit_of_an_address_turns_half_the_bits_of_the_draw() -> None:
    base = noise.bits(keys(1, worlds=2048), np.array([[12345]], dtype=np.uint32))[0]
    for bit in range(32):
        turned = noise.bits(keys(1, worlds=2048), np.array([[12345 ^ (1 << bit)]], dtype=np.uint32))[0]
        changed = np.unpackbits(np.asarray(base ^ turned).view(np.uint8)).mean()
        assert abs(changed - 0.5) < 5 * 0.5 / np.sqrt(2048 * 32), f"bit {bit} turns {changed:.4f} of the bits"


@pytest.mark.parametrize("seed", SEEDS)
def test_choice_noise_is_gumbel_and_shocks_are_normal(st: Structure, seed: int) -> None:
    where = batteries(st)["names"]
    g = np.asarray(noise.gumbel(keys(seed), where), dtype=float).ravel()
    z = np.asarray(noise.normal(keys(seed), where), dtype=float).ravel()
    n = len(g)
    assert g.mean() == pytest.approx(np.euler_gamma, abs=4 * np.pi / np.sqrt(6 * n))
    assert g.var() == pytest.approx(np.pi**2 / 6, abs=4 * np.sqrt((5.4 - 1) / n) * np.pi**2 / 6)
    assert stats.skew(g) == pytest.approx(1.1395, abs=0.05)
    sound([stats.kstest(g[::16], "gumbel_r").pvalue, stats.kstest(z[::16], "norm").pvalue])


# ---- independence of what else is drawn ----


@pytest.mark.parametrize("dtype", [np.float32])
def test_one_more_named_event_changes_no_other(dtype: type) -> None:
    names = tuple(f"unrest:{k}" for k in range(40))
    more = (*names[:17], "comet", *names[17:])
    k = keys(1, worlds=256)

    def happen(words: tuple[str, ...]) -> dict[str, np.ndarray]:
        out = decisions.draw_chance(decisions.Chance(words, jnp.zeros((len(words), 256), dtype)), k)
        return dict(zip(words, np.asarray(out), strict=True))

    def shake(words: tuple[str, ...]) -> dict[str, np.ndarray]:
        flat = jnp.ones((len(words), 256), dtype)
        shock = decisions.Shock(words, 0 * flat, flat, jnp.ones(()))
        return dict(zip(words, np.asarray(decisions.draw_shock(shock, k)), strict=True))

    for draw in (happen, shake):
        before, after = draw(names), draw(more)
        assert all((before[name] == after[name]).all() for name in names)
        assert not (after["comet"] == before[names[0]]).all()


def test_one_more_choice_changes_no_other() -> None:
    """One more question of a kind, put in the middle, leaves the answers to the others as they were."""
    k = keys(4, worlds=512)

    def answers(names: tuple[str, ...]) -> dict[str, np.ndarray]:
        ones = jnp.ones((len(names), 2, 512))
        question = decisions.Decision("consent", names, ("yes", "no"), ones, ones[:, 0])
        return dict(zip(names, np.asarray(decisions.draw(question, 0.0 * ones, k)), strict=True))

    before, after = answers(("a", "b", "c")), answers(("a", "new", "b", "c"))
    assert all((before[name] == after[name]).all() for name in before)


def test_a_world_draws_the_same_however_many_worlds_there_are(st: Structure) -> None:
    where = batteries(st)["names"]
    many = np.asarray(noise.gumbel(keys(7, month=30, worlds=10_000), where))
    few = np.asarray(noise.gumbel(keys(7, month=30, worlds=10), where))
    np.testing.assert_array_equal(few, many[:, :10])
    late = noise.at_month(noise.world_keys(7, jnp.arange(9_000, 9_008)), jnp.int32(30))
    np.testing.assert_array_equal(np.asarray(noise.gumbel(late, where)), many[:, 9_000:9_008])


def test_worlds_months_and_seeds_have_their_own_keys() -> None:
    pairs = [np.stack(keys(seed, month, worlds=2000), axis=1) for seed in (1, 2) for month in (0, 1, 143)]
    assert len(np.unique(np.concatenate(pairs), axis=0)) == 2 * 3 * 2000
