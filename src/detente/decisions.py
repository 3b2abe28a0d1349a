"""What is asked, and how an answer is drawn from utilities.

`Decision` is a choice of seats, `Chance` an event of nature, `Shock` observed continuous luck. The choice rule is a
logit with temperature 1, drawn as utilities + Gumbel noise, argmax, so that it can be replayed and twinned; slots are
nested (act or routine, nest, row).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.noise import WorldKeys, addresses, exponential, gumbel, normal
from detente.scenario import SLOTS
from detente.structure import NESTS, Structure
from detente.sums import add

BANNED = -1e9
"""Utility of what is masked: large and negative, never infinite."""
ROUTINE = -1
"""The answer of a seat that does not act."""
FAR = 80.0
"""A row this far below the best of its menu (after division by λ) is as good as never chosen: exp stays a number."""
FEW = 4
"""Up to so many options are compared one by one."""


class Decision(NamedTuple):
    """Somebody must choose: a batch of choices made without sight of each other."""

    kind: str  # slot | consent | deadline | meeting | discovery | ladder | succession
    names: tuple[str, ...]  # one address a choice [B]
    options: tuple[str, ...]
    mask: Array  # [B, O, world] or, for slots, [N, world]: 1 where allowed
    asked: Array  # [B, world]: 1 where the question is open
    view: Any = None
    state: Any = None  # what a seat needs besides its view to weigh this question
    slot: int = 0


class Chance(NamedTuple):
    """Events of nature: each happens or not."""

    names: tuple[str, ...]
    logit: Array  # [E, world] log odds of the month
    given: Array | None = None  # 1 where the calendar says so


class Shock(NamedTuple):
    """Observed continuous luck: asked at the frequency of its record."""

    names: tuple[str, ...]
    mean: Array  # [S, world]
    scale: Array  # [S, world]
    due: Array  # [] 1 in the month in which it is drawn


Question = Decision | Chance | Shock


class Nested(NamedTuple):
    """Values of one slot, level by level."""

    act: Array  # [D, world] value of acting; routine is 0
    nest: Array  # [D, Q, world]
    row: Array  # [N, world] utilities divided by λ
    weight: Array  # [N, world] exp of a row's distance from the best of its seat's menu, 0 where masked
    best: Array  # [D, world]


class Menu(NamedTuple):
    """Static layout of the seats' menus: one flat list of rows, seat after seat."""

    rows: tuple[slice, ...]  # a seat's rows
    seat: np.ndarray  # [N] whose row it is
    nest: np.ndarray  # [N]
    member: tuple[np.ndarray, ...]  # per seat, [Q, own rows] 0/1
    row_address: np.ndarray  # [N, 1], shared by the slots of a month
    nest_address: list[np.ndarray]  # per slot [D, Q, 1]
    act_address: list[np.ndarray]  # per slot [D, 2, 1]


def layout(st: Structure) -> Menu:
    """Give every row its seat and nest, and every draw its address."""
    seats = np.concatenate([np.full(rows.stop - rows.start, d) for d, rows in enumerate(st.seat_rows)])
    member = tuple((st.row_nest[rows] == np.arange(len(NESTS))[:, None]).astype(float) for rows in st.seat_rows)

    def named(level: str, words: list[list[str]]) -> np.ndarray:
        flat = [f"{level}:{word}" for line in words for word in line]
        return addresses(flat).reshape(len(words), -1, 1)

    nests = [[f"{d}:nest:{q}" for q in NESTS] for d in st.deciders]
    acts = [[f"{d}:routine", f"{d}:act"] for d in st.deciders]
    slots = range(SLOTS)
    return Menu(
        tuple(st.seat_rows),
        seats,
        st.row_nest,
        member,
        addresses([f"row:{row.name}" for row in st.rows]),
        [named(f"slot{s}", nests) for s in slots],
        [named(f"slot{s}", acts) for s in slots],
    )


def nested(menu: Menu, utility: Array, mask: Array, scale: Array) -> Nested:
    """Nested-logit values (McFadden 1978): a nest is worth λ log Σ exp(u/λ), acting log Σ exp of the nests.

    utility, mask: [N, world]; scale: λ in (0, 1].
    """
    row = jnp.where(mask > 0, utility / scale, BANNED)
    best = jnp.stack([row[rows].max(axis=0) for rows in menu.rows])
    weight = jnp.where(mask > 0, jnp.exp(jnp.maximum(row - best[menu.seat], -FAR)), 0.0)
    return _totals(menu, row, weight, best, scale)


def without(menu: Menu, values: Nested, taken: Array, scale: Array) -> Nested:
    """The same month's values when some rows are taken, [N, world] 0/1: what the next slot sees."""
    left = 1.0 - taken
    return _totals(menu, jnp.where(taken > 0, BANNED, values.row), values.weight * left, values.best, scale)


def _totals(menu: Menu, row: Array, weight: Array, best: Array, scale: Array) -> Nested:
    total = jnp.stack(
        [jnp.asarray(member, row.dtype) @ weight[rows] for member, rows in zip(menu.member, menu.rows, strict=True)]
    )
    alive = total > 0
    nest = jnp.where(alive, scale * (best[:, None] + jnp.log(jnp.where(alive, total, 1.0))), BANNED)
    return Nested(logsumexp(nest, 1), nest, row, weight, best)


def argmax(score: Array) -> Array:
    """Index of the largest along axis -2, int32 [..., world]: one of the largest, the first where all are equal.

    A tree of halves, so that worlds fill the vector lanes; the last step is a reduction, which the compiler keeps
    apart from its users.
    """
    index = jnp.broadcast_to(jnp.arange(score.shape[-2], dtype=jnp.int32)[:, None], score.shape)
    while score.shape[-2] > 4:
        half = (score.shape[-2] + 1) // 2
        left, right = score[..., :half, :], score[..., half:, :]
        if right.shape[-2] < half:
            right = jnp.concatenate([right, jnp.full_like(left[..., :1, :], 4 * BANNED)], axis=-2)
            beyond = jnp.concatenate([index[..., half:, :], jnp.zeros_like(index[..., :1, :])], axis=-2)
        else:
            beyond = index[..., half:, :]
        better = right > left
        score, index = jnp.where(better, right, left), jnp.where(better, beyond, index[..., :half, :])
    best = score.max(axis=-2, keepdims=True)
    return jnp.where(score == best, index, jnp.int32(2**30)).min(axis=-2)


def logsumexp(x: Array, axis: int) -> Array:
    """Log Σ exp along an axis, safe where everything is banned."""
    best = x.max(axis=axis, keepdims=True)
    return best.squeeze(axis) + jnp.log(add(jnp.exp(x - best), axis))


def draw_slot(menu: Menu, values: Nested, keys: WorldKeys, slot: int) -> Array:
    """The row a seat chooses (global number) or ROUTINE, int32 [D, world].

    Within a nest the Gumbel-max draw is made as a race: the row with the largest exp(u/λ) / E, E a standard
    exponential, wins (the same argmax, since log E is minus a Gumbel). The slots of a month share the rows' noise: a
    row taken is masked, and the best of what is left under the same noise is again a logit choice among what is left
    (the Gumbel-top-k identity), so three draws cost one.
    """
    dtype = values.row.dtype
    luck = gumbel(keys, menu.act_address[slot], dtype)
    acts = values.act + luck[:, 1] > luck[:, 0]
    nest = argmax(values.nest + gumbel(keys, menu.nest_address[slot], dtype))
    inside = jnp.asarray(menu.nest)[:, None] == nest[menu.seat]
    race = jnp.where(inside, values.weight / exponential(keys, menu.row_address, dtype), -1.0)
    number = jnp.arange(len(menu.seat), dtype=jnp.int32)[:, None]
    chosen = [
        jnp.where(race[rows] == race[rows].max(axis=0), number[rows], jnp.int32(2**30)).min(axis=0)
        for rows in menu.rows
    ]
    return jnp.where(acts, jnp.stack(chosen), ROUTINE).astype(jnp.int32)


def slot_log_probability(menu: Menu, values: Nested, row: Array) -> tuple[Array, Array]:
    """Log-probability of a recorded slot: (whether to act, what), each [D, world]; what is 0 for routine."""
    acts = row >= 0
    log_act = -jnp.logaddexp(0.0, -values.act)
    log_routine = -jnp.logaddexp(0.0, values.act)
    place = jnp.maximum(row, 0)
    nest_of = jnp.where(acts, jnp.asarray(menu.nest)[place], 0)
    log_nest = jnp.take_along_axis(values.nest, nest_of[:, None, :], axis=1)[:, 0] - values.act
    inside = jnp.asarray(menu.nest)[:, None] == nest_of[menu.seat]
    within = jnp.stack([logsumexp(jnp.where(inside[rows], values.row[rows], BANNED), 0) for rows in menu.rows])
    log_row = jnp.take_along_axis(values.row, place, axis=0) - within
    return jnp.where(acts, log_act, log_routine), jnp.where(acts, log_nest + log_row, 0.0)


def draw(decision: Decision, utility: Array, keys: WorldKeys) -> Array:
    """A flat logit choice, int32 [B, world].

    Utilities [B, O, world] + Gumbel noise, argmax; a full ban gives option 0.
    """
    names = [f"{decision.kind}:{name}:{option}" for name in decision.names for option in decision.options]
    where = addresses(names).reshape(len(decision.names), len(decision.options), 1)
    if len(decision.options) > FEW:
        score = jnp.where(decision.mask > 0, utility + gumbel(keys, where, utility.dtype), BANNED)
        return argmax(score)
    best, answer = jnp.full_like(utility[:, 0], 2 * BANNED), jnp.zeros(utility[:, 0].shape, jnp.int32)
    for option in range(len(decision.options)):  # option by option: worlds fill the vector lanes
        luck = gumbel(keys, where[:, option], utility.dtype)
        score = jnp.where(decision.mask[:, option] > 0, utility[:, option] + luck, BANNED)
        best, answer = jnp.maximum(best, score), jnp.where(score > best, jnp.int32(option), answer)
    return answer


def log_probability(decision: Decision, utility: Array, answer: Array) -> Array:
    """Log-probability of an answer, [B, world]; 0 where nobody was asked."""
    banned = jnp.where(decision.mask > 0, utility, BANNED)
    chosen = jnp.take_along_axis(banned, answer[:, None, :], axis=1)[:, 0]
    return jnp.where(decision.asked > 0, chosen - logsumexp(banned, 1), 0.0)


def draw_chance(chance: Chance, keys: WorldKeys) -> Array:
    """Which events of nature happen, 0/1 [E, world]."""
    wait = exponential(keys, addresses([f"nature:{name}" for name in chance.names]), chance.logit.dtype)
    return (wait > jax.nn.softplus(-chance.logit)).astype(chance.logit.dtype)


def draw_shock(shock: Shock, keys: WorldKeys) -> Array:
    """The value of each shock, [S, world]."""
    return shock.mean + shock.scale * normal(
        keys, addresses([f"shock:{name}" for name in shock.names]), shock.mean.dtype
    )


def one_hot(index: Array, size: int, dtype: Any) -> Array:
    """0/1 [.., size, world] of an index [.., world]."""
    return (index[..., None, :] == jnp.arange(size)[:, None]).astype(dtype)


Seat = Callable[[Decision], Array]
"""A seat turns a Decision into utilities."""
