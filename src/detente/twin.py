"""Two worlds side by side: the record, and the same luck under an intervention (design, section 7).

The first lanes of the world axis follow the record, the others are its twins; all go through one traced month, and
several twins share a factual lane, since the record under one draw of the laws is one world. At every
question the luck that explains the recorded answer is drawn from its distribution given that answer (abduction), and
the twin answers with its own utilities and that luck. Sampling is top-down, for the Gumbel-max form of a logit choice
(Oberst and Sontag 2019: Counterfactual off-policy evaluation with Gumbel-max structural causal models). Luck is kept
relative to the factual world's utilities, so that a twin in the same state answers the same, to the bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.answers import marked, shut
from detente.decisions import (
    BANNED,
    ROUTINE,
    Chance,
    Decision,
    Menu,
    Nested,
    Question,
    Shock,
    argmax,
    layout,
)
from detente.drive import Trace, Utilities, begin, drive, solving, traced
from detente.ladder.tree import LINE_END
from detente.laws import Laws, tree
from detente.noise import WorldKeys, addresses, at_month, exponential, gumbel
from detente.scenario import MONTHS, SLOTS
from detente.seats.record import Record
from detente.series import Series
from detente.structure import Structure
from detente.world import World

BEYOND = 1.0 + 2.0**-21
"""The least step by which one waiting time is later than another."""
STEEP = 20.0
"""From here log(1 + exp(x)) is x."""
FALLBACK = {"consent": 1, "meeting": 1, "deadline": 2, "discovery": 0, "succession": 0, "ladder": 0}
"""Answer where an intervention leaves no other: refuse, stay away, drop, accept the fact."""
FLAT = ("consent", "meeting", "deadline", "discovery", "succession")
"""Kinds of flat Decision in whose options an intervention may reach."""
WEIGHED = ("meeting", "deadline", "discovery")
"""Kinds of flat Decision whose worths are kept where choices part."""


class Told(NamedTuple):
    """The record with a world axis at the end, of length one where all worlds have the same record."""

    rows: Array  # [month, SLOTS, D, w]
    nature: Array  # [month, E, w]
    consent: Array  # [month, B, w]
    meeting: Array
    deadline: Array
    discovery: Array
    ladder: Array
    succession: Array
    growth: Array
    growth_known: Array
    refugees: Array
    refugees_known: Array
    exact: Array  # [] 1 where it is recorded how ladders ran, not only how they ended


class Changes(NamedTuple):
    """Interventions as data, by arm (factual, twin) and month: -1 banned, 1 brought about, 0 left alone."""

    rows: Array  # [2, month, N]
    nature: Array  # [2, month, E]
    consent: Array  # [2, month, B, 2]
    meeting: Array  # [2, month, 2 I, 2]
    deadline: Array  # [2, month, K, 3]
    discovery: Array  # [2, month, pair, 4]
    succession: Array  # [2, month, D, L]
    since: Array  # [coefficient] month from which the twin's laws are the altered ones
    free: (
        Array  # [month] 1 where seats and nature of the factual lanes do not follow the record but draw for themselves
    )


ARMS = tuple(name for name in Changes._fields if name not in ("since", "free"))
"""Fields of `Changes` that have an arm and a month."""


class Why(NamedTuple):
    """What both answers to each question were worth in both worlds, in the month in which choices first part.

    Worths stand in the order: recorded answer in the record and in the twin, the twin's answer in both; for slots also
    acting in both.
    """

    month: Array  # [W], the span's length where they never part
    slots: Array  # [SLOTS, D, 6, W]
    meeting: Array  # [2 I, 4, W]
    deadline: Array  # [K, 4, W]
    discovery: Array  # [pair, 4, W]


class Luck(NamedTuple):
    """Noise of choice as the scores that it gave to options of such a worth."""

    score: Array  # [B, O, W]
    base: Array  # [B, O, W]


class Race(NamedTuple):
    """Noise of rows as the waiting times that it gave to rows of such a rate."""

    time: Array  # [N, W]
    rate: Array  # [N, W]


# ---- luck given what was recorded ----
def explained(utility: Array, allowed: Array, chosen: Array, given: Array, top: Array, rest: Array) -> Luck:
    """Gumbel noise of a flat logit choice, drawn given the recorded choice.

    The largest score is Gumbel about log Σ exp of the utilities and belongs to what was chosen; the others are Gumbel
    about their utility, cut off there (Maddison, Tarlow and Minka 2014: A* sampling). Where nothing is recorded, or an
    option was not open, its noise is as ever.

    utility, allowed, rest (fresh Gumbel): [B, O, W]; chosen, given, top (fresh Gumbel): [B, W].
    """
    best = jnp.where(allowed > 0, utility, BANNED).max(axis=-2, keepdims=True)
    total = jnp.exp(jnp.where(allowed > 0, utility, BANNED) - best).sum(axis=-2)  # a reduction: worked out once
    peak = (best[..., 0, :] + jnp.log(total) + top)[..., None, :]
    free = utility + rest
    below = jnp.where(peak - free > STEEP, free, peak - jnp.log(1.0 + jnp.exp(jnp.minimum(peak - free, STEEP))))
    below = jnp.minimum(below, peak - (1.0 + jnp.abs(peak)) * (BEYOND - 1.0))
    told = chosen[..., None, :] == jnp.arange(utility.shape[-2])[:, None]
    use = (given[..., None, :] > 0) & (allowed > 0)
    return Luck(jnp.where(use, jnp.where(told, peak, below), rest), jnp.where(use, utility, 0.0))


def chosen_by(luck: Luck, utility: Array, allowed: Array) -> Array:
    """The choice that such luck makes of such utilities, [B, W]."""
    return argmax(jnp.where(allowed > 0, luck.score + (utility - luck.base), BANNED))


def raced(menu: Menu, rate: Array, rows: Array, given: Array, first: Array, rest: Array) -> Race:
    """Waiting times of all rows, drawn given the rows that were chosen one after the other.

    A nest's rows race: exponential waiting times with the rows' weights as rates. The rows chosen from one nest, in the
    order of slots, are the first to arrive in it. By the lack of memory of the exponential, each arrives after the one
    before it by an exponential time whose rate is the sum of those still waiting, and who was not chosen arrives after
    the last of them, by its own exponential time.

    rate, rest (fresh exponential): [N, W]; rows, given, first (fresh exponential): [SLOTS, D, W].
    """
    number = jnp.arange(len(menu.seat), dtype=jnp.int32)[:, None]
    nest = jnp.asarray(menu.nest)[:, None]
    clock, time, waiting = jnp.zeros_like(rate), jnp.zeros_like(rate), rate
    for slot in range(rows.shape[0]):
        row, acts = rows[slot], (given[slot] > 0) & (rows[slot] >= 0)
        family = jnp.asarray(menu.nest)[jnp.maximum(row, 0)]
        inside = (nest == family[menu.seat]) & acts[menu.seat]
        total = _by_seat(menu, jnp.where(inside, waiting, 0.0), jnp.sum)
        before = _by_seat(menu, jnp.where(inside, clock, 0.0), jnp.max)
        now = jnp.maximum(before + first[slot] / jnp.where(total > 0, total, 1.0), before * BEYOND)
        clock = jnp.where(inside, now[menu.seat], clock)
        mine = inside & (number == row[menu.seat])
        time, waiting = jnp.where(mine, clock, time), jnp.where(mine, 0.0, waiting)
    open_ = rate > 0
    rate = jnp.where(open_, rate, 1.0)
    late = jnp.maximum(clock + rest / rate, clock * BEYOND)
    return Race(jnp.where(open_ & (waiting <= 0), time, jnp.where(open_, late, rest)), rate)


def _by_seat(menu: Menu, values: Array, reduce: Callable[..., Array]) -> Array:
    return jnp.stack([reduce(values[rows], axis=0) for rows in menu.rows])


def first_of(menu: Menu, race: Race, values: Nested, nest: Array) -> Array:
    """The row of the chosen nest that arrives first, global number, [D, W]."""
    inside = (jnp.asarray(menu.nest)[:, None] == nest[menu.seat]) & (values.weight > 0)
    wait = race.time * (race.rate / jnp.where(values.weight > 0, values.weight, 1.0))
    wait = jnp.where(inside, wait, jnp.inf)
    number = jnp.arange(len(menu.seat), dtype=jnp.int32)[:, None]
    return jnp.stack(
        [
            jnp.where(wait[rows] == wait[rows].min(axis=0), number[rows], jnp.int32(2**30)).min(axis=0)
            for rows in menu.rows
        ]
    )


def bar(logit: Array) -> Array:
    """What exponential noise must exceed for an event to happen, log(1 + exp(-log odds)), in plain logarithms."""
    return jnp.where(-logit > STEEP, -logit, jnp.log(1.0 + jnp.exp(jnp.minimum(-logit, STEEP))))


def waited(logit: Array, happened: Array, given: Array, rest: Array) -> Array:
    """Exponential noise of events of nature, drawn given whether they happened.

    An event happens when its noise exceeds log(1 + exp(-log odds)): beyond it the noise goes on without memory, and
    below it the noise is an exponential cut off there. All arrays [E, W].
    """
    wait = bar(logit)
    yes = jnp.maximum(wait + rest, wait * BEYOND)
    no = jnp.minimum(-jnp.log(1.0 - (1.0 - jnp.exp(-wait)) * jnp.exp(-rest)), wait)
    return jnp.where(given > 0, jnp.where(happened > 0, yes, no), rest)


def places(names: list[str], options: int) -> tuple[np.ndarray, np.ndarray]:
    """Addresses of the noise of flat choices: of the largest score [B, 1], and of every option [B, O, 1]."""
    each = addresses([f"{name}:{option}" for name in names for option in range(options)])
    return addresses([f"{name}:largest" for name in names]), each.reshape(len(names), options, 1)


# ---- the two worlds ----
class _Pair:
    """One month of both halves: answers every question of `month`, and remembers what is kept."""

    def __init__(
        self,
        keys: WorldKeys,
        lanes: WorldKeys,
        laws: Laws,
        st: Structure,
        menu: Menu,
        told: Told,
        changes: Changes,
        when: Array,
    ) -> None:
        self.keys, self.lanes, self.laws, self.st, self.menu = keys, lanes, laws, st, menu
        self.told: Any = Told(*(x if name == "exact" else x[when] for name, x in zip(Told._fields, told, strict=True)))
        now = {arm: getattr(changes, arm)[:, when] for arm in ARMS}
        self.changes: Any = changes._replace(**now, free=changes.free[when])
        self.wish = Utilities(laws, st)
        self.worlds, self.facts = keys.low.shape[0], lanes.low.shape[0]
        self.known = 1.0 - self.changes.free
        self.log: dict[str, Any] = {"moves": []}
        self.worth: dict[str, Any] = {"slots": []}
        self.turned: list[Array] = []
        self.open: Any = None
        self.due: Any = None
        self.taken: Any = None
        self.closed: Any = None
        self.given: Any = None
        self.race: Any = None

    # lanes of the world axis
    def fact(self, x: Array) -> Array:
        """The factual lanes, of all lanes or of all twins."""
        return x[..., : self.facts]

    def spread(self, x: Array) -> Array:
        """Each twin's factual lane, or a recorded value for each twin."""
        if x.shape[-1] == 1:
            return jnp.broadcast_to(x, (*x.shape[:-1], self.worlds))
        return jnp.tile(x, self.worlds // self.facts)

    def first(self, x: Array) -> Array:
        return self.spread(self.fact(x))

    def second(self, x: Array) -> Array:
        return x[..., self.facts :]

    def both(self, x: Array) -> Array:
        """What twins have, for the factual lanes too."""
        return jnp.concatenate([self.fact(x), x], axis=-1)

    def arms(self, x: Array) -> Array:
        """What is done to each arm, [2, ...] → [..., lanes]."""
        sizes = (self.facts, self.worlds)
        return jnp.concatenate([jnp.broadcast_to(x[k][..., None], (*x.shape[1:], n)) for k, n in enumerate(sizes)], -1)

    def recorded(self, told: Array, own: Array) -> Array:
        """The record in the factual lanes, unless they go on by themselves; the worlds' own answers elsewhere."""
        factual = jnp.where(self.known > 0, self.fact(told).astype(own.dtype), self.fact(own))
        return jnp.concatenate([factual, self.second(own)], axis=-1)

    def __call__(self, question: Question) -> Array:
        """Answer a question in both halves."""
        if isinstance(question, Chance):
            return self.chance(question)
        if isinstance(question, Shock):
            return self.shock(question)
        return self.slot(question) if question.kind == "slot" else self.flat(question)

    def chance(self, question: Chance) -> Array:
        """Events of nature."""
        happened = self.spread(self.told.nature)
        rest = exponential(self.keys, addresses([f"nature:{name}" for name in question.names]), question.logit.dtype)
        noise = waited(self.first(question.logit), happened, jnp.broadcast_to(self.known, happened.shape), rest)
        own = (self.both(noise) > bar(question.logit)).astype(question.logit.dtype)
        done = self.arms(self.changes.nature)
        answer = self.recorded(happened, own)
        self.log["nature"] = jnp.where(done != 0, (done > 0).astype(own.dtype), answer)
        return self.log["nature"]

    def shock(self, question: Shock) -> Array:
        """Measured luck: its residual in the record; where nothing is recorded none, the law's mean, as in `follow`."""
        kind = question.names[0].split(".")[0]
        told, known = (self.spread(getattr(self.told, name)) for name in (kind, f"{kind}_known"))
        mean, scale = self.first(question.mean), self.first(question.scale)
        value = jnp.where(known > 0, told, mean)
        residual = (value - mean) / scale
        moved = (self.second(question.mean) - mean) + (self.second(question.scale) - scale) * residual
        return jnp.concatenate([self.fact(value), value + moved], axis=-1)

    def luck(self, name: list[str], utility: Array, allowed: Array, told: Array, given: Array) -> Luck:
        """Noise of a flat choice; name: an address for each of its lines."""
        return self.luck_at(*places(name, utility.shape[-2]), utility, allowed, told, given)

    def luck_at(self, top: Any, rest: Any, utility: Array, allowed: Array, told: Array, given: Array) -> Luck:
        """The same at addresses: of the largest score [B, 1] and of each option [B, O, 1]."""
        noise = (gumbel(self.keys, at, utility.dtype) for at in (top, rest))
        found = explained(self.first(utility), self.first(allowed), told, given, *noise)
        return Luck(self.both(found.score), self.both(found.base))

    def slot(self, question: Decision) -> Array:
        """A slot: act or routine, nest, row."""
        slot, dtype, menu = question.slot, question.mask.dtype, self.menu
        rows = self.spread(self.told.rows)
        if slot == 0:
            self.begin_slots(question, rows)
        values = self.wish.valued(question._replace(mask=self.open * (1.0 - shut(self.taken, self.st))), menu)
        told, given = rows[slot], self.given[slot]
        acting = jnp.stack([jnp.zeros_like(values.act), values.act], axis=1)
        seats = [f"{seat}:{slot}" for seat in self.st.deciders]
        luck = self.luck([f"twin:act:{s}" for s in seats], acting, jnp.ones_like(acting), (told >= 0) * 1, given)
        acts = chosen_by(luck, acting, jnp.ones_like(acting)) == 1
        alive = (values.nest > BANNED / 2).astype(dtype)
        family = jnp.asarray(menu.nest)[jnp.maximum(told, 0)]
        luck = self.luck([f"twin:nest:{s}" for s in seats], values.nest, alive, family, given * (told >= 0))
        nest = chosen_by(luck, values.nest, alive)
        own = jnp.where(acts, first_of(menu, self.race, values, nest), ROUTINE).astype(jnp.int32)
        row = self.brought(self.recorded(told, own), question)
        self.taken = jnp.minimum(self.taken + marked(row, self.st, self.taken), 1.0)
        self.log["moves"].append(jnp.where(question.asked > 0, row, -1))
        self.worth["slots"].append(self.worth_of_rows(row, values))
        self.turned.append(self.turned_by_itself(self.log["moves"][-1]))
        return row

    def turned_by_itself(self, row: Array) -> Array:
        """1 where a row differs and neither was intervened upon, [W]."""
        told, own = self.first(row), self.second(row)
        done = self.changes.rows[1]
        ours = ((told >= 0) & (done[jnp.maximum(told, 0)] < 0)) | ((own >= 0) & (done[jnp.maximum(own, 0)] > 0))
        return ((told != own) & ~ours).any(axis=0)

    def begin_slots(self, question: Decision, rows: Array) -> None:
        """Once a month: what is open, and the race of the rows given all that was chosen in it."""
        dtype, done = question.mask.dtype, self.arms(self.changes.rows)
        told = jnp.minimum(sum(marked(row, self.st, self.first(question.mask)) for row in rows), 1.0) * self.known
        odd = told * (1.0 - self.first(question.mask))  # recorded, though the World of the record does not allow it
        self.open = jnp.where(done < 0, 0.0, jnp.maximum(question.mask, self.both(odd))).astype(dtype)
        self.due = (done > 0).astype(dtype) * self.open
        self.taken, self.closed = jnp.zeros_like(self.open), jnp.zeros_like(question.asked, dtype=bool)
        asked = jnp.cumprod(jnp.concatenate([jnp.ones_like(rows[:1]), rows[:-1] >= 0]), axis=0)
        self.given = asked * jnp.broadcast_to(self.known, rows.shape)
        values = self.wish.valued(question._replace(mask=self.open), self.menu)
        lines = [[f"twin:row:{seat}:{slot}:first" for seat in self.st.deciders] for slot in range(SLOTS)]
        self.race = Race(
            *map(
                self.both,
                raced(
                    self.menu,
                    self.first(values.weight),
                    rows,
                    self.given,
                    exponential(self.keys, np.stack([addresses(line) for line in lines]), dtype),
                    exponential(self.keys, self.menu.row_address, dtype),
                ),
            )
        )

    def brought(self, row: Array, question: Decision) -> Array:
        """Rows that an intervention brings about fill the slots that a seat leaves, or its last ones."""
        row = jnp.where(self.closed, ROUTINE, row)
        due = self.due * (1.0 - self.taken)
        number = jnp.arange(len(self.menu.seat), dtype=jnp.int32)[:, None]
        pending = _by_seat(self.menu, due, jnp.sum)
        place = _by_seat(self.menu, jnp.where(due > 0, number, jnp.int32(2**30)), jnp.min)
        mine = jnp.take_along_axis(due, jnp.maximum(row, 0), axis=0) * (row >= 0)
        put = (pending > 0) & (mine < 0.5) & ((row < 0) | (pending >= SLOTS - question.slot))
        self.closed = self.closed | (put & (row < 0))
        return jnp.where(put, place, row).astype(jnp.int32)

    def worth_of_rows(self, row: Array, values: Nested) -> Array:
        """What both answers are worth in both worlds, and acting, [D, 6, W]."""
        told, own = self.first(row), self.second(row)
        wants: Any = self.wish.rows
        parts = [
            jnp.where(r >= 0, jnp.take_along_axis(half(wants), jnp.maximum(r, 0), axis=0), 0.0)
            for r in (told, own)
            for half in (self.first, self.second)
        ]
        return jnp.stack([*parts, self.first(values.act), self.second(values.act)], axis=1)

    def flat(self, question: Decision) -> Array:
        """A forced Decision: one flat logit choice a line."""
        utility, kind, options = self.wish(question), question.kind, question.mask.shape[1]
        told = self.spread(getattr(self.told, kind).astype(jnp.int32))
        given = self.first(question.asked) * self.known
        if kind == "ladder":
            answer = self.ladders(question, utility, told, given)
            self.log |= solving(question)
            self.log[kind] = jnp.where(question.asked > 0, answer, -1)
            return answer
        where = [f"twin:{kind}:{name}" for name in question.names]
        one = (told[:, None] == jnp.arange(options)[:, None]).astype(question.mask.dtype)
        odd = one * (1.0 - self.first(question.mask)) * self.known
        open_ = jnp.maximum(question.mask, self.both(odd))
        luck = self.luck(where, utility, open_, told, given)
        answer = self.recorded(told, self.altered(kind, luck, utility, open_))
        answer = self.enforced(kind, answer, luck, utility, open_)
        self.log[kind] = jnp.where(question.asked > 0, answer, -1)
        self.weigh(kind, answer, utility, question.asked)
        return answer

    def ladders(self, question: Decision, utility: Array, told: Array, given: Array) -> Array:
        """How ladders run: most are closed in most months, and one closed in all worlds is passed over."""
        where = [f"twin:ladder:{name}" for name in question.names]
        paths = addresses([f"{line}:{k}:path" for line in where for k in range(utility.shape[1])])
        at = (*map(jnp.asarray, places(where, utility.shape[1])), paths.reshape(*utility.shape[:2], 1))

        def one(issue: tuple[Array, ...]) -> Array:
            wants, open_, line, known, asked, top, rest, path = (x[None] for x in issue)

            def play() -> Array:
                drawn = self.path(wants, line, path)
                luck = self.luck_at(top, rest, wants, open_, drawn, known)
                return self.recorded(drawn, chosen_by(luck, wants, open_)).astype(jnp.int32)

            return jax.lax.cond(asked.max() > 0, play, lambda: jnp.zeros(asked.shape, jnp.int32))[0]

        return jax.lax.map(one, (utility, question.mask, told, given, question.asked, *at))

    def weigh(self, kind: str, answer: Array, utility: Array, asked: Array) -> None:
        """What both answers are worth in both worlds, [B, 4, W], and whether they differ."""
        told, own = self.first(answer), self.second(answer)
        if kind in WEIGHED:
            options = jnp.arange(utility.shape[1])[:, None]
            picked = [(half(utility), r) for r in (told, own) for half in (self.first, self.second)]
            self.worth[kind] = jnp.stack(
                [jnp.where(r[:, None] == options, u, 0.0).sum(axis=1) for u, r in picked], axis=1
            )
        done = (getattr(self.changes, kind)[1] != 0).any(axis=1)[:, None]
        open_ = (self.first(asked) > 0) & (self.second(asked) > 0)
        self.turned.append(((told != own) & open_ & ~done).any(axis=0))

    def left(self, kind: str, open_: Array) -> Array:
        """The options that an intervention leaves."""
        done = self.arms(getattr(self.changes, kind))
        wanted = jnp.where((done > 0).any(axis=1, keepdims=True), done > 0, done == 0)
        return open_ * wanted

    def altered(self, kind: str, luck: Luck, utility: Array, open_: Array) -> Array:
        """The worlds' own answers among what is left."""
        left = self.left(kind, open_)
        own = chosen_by(luck, utility, left)
        none = chosen_by(luck, utility, open_) if kind == "succession" else jnp.full_like(own, FALLBACK[kind])
        return jnp.where(left.max(axis=1) > 0, own, none)

    def enforced(self, kind: str, answer: Array, luck: Luck, utility: Array, open_: Array) -> Array:
        """The recorded answer too gives way to an intervention in that arm."""
        touched = (getattr(self.changes, kind)[0] != 0).any(axis=1)[:, None]
        own = self.altered(kind, luck, utility, open_)
        factual = jnp.where(touched, self.fact(own), self.fact(answer))
        return jnp.concatenate([factual, self.second(answer)], axis=-1)

    def path(self, utility: Array, told: Array, where: Array) -> Array:
        """A line of play that ends as recorded: drawn where only the ending is known; where: addresses [B, O, 1]."""
        end, told = jnp.asarray(LINE_END), self.fact(told)
        same = end[:, None] == end[told][:, None]
        noise = gumbel(self.lanes, where, utility.dtype)
        drawn = argmax(jnp.where(same, self.fact(utility) + noise, 4 * BANNED))
        return self.spread(jnp.where(self.told.exact > 0, told, drawn))

    def parted(self) -> Array:
        """1 where any choice turned this month, [W]."""
        return jnp.stack(self.turned).any(axis=0)

    def why(self, when: Array) -> Why:
        """What the answers of this month are worth."""
        slots = jnp.stack(self.worth["slots"])
        return Why(jnp.broadcast_to(when, (self.worlds,)), slots, *(self.worth[kind] for kind in WEIGHED))


def pair_month(
    world: World,
    keys: WorldKeys,
    lanes: WorldKeys,
    laws: Laws,
    st: Structure,
    menu: Menu,
    series: Series,
    told: Told,
    changes: Changes,
    when: Array,
) -> tuple[World, Trace, Array, Why]:
    """One month of record and twins: World and trace [..., lanes], whose choices part, and what they were worth."""
    pair = _Pair(keys, lanes, laws, st, menu, told, changes, when)
    new = drive(world, laws, st, when, given=True, answer=pair)
    return new, traced(pair.log, new, series), pair.parted(), pair.why(when)


def told_by(record: Record) -> Told:
    """The record of one history, for any number of worlds; of its ladders only the endings are recorded."""
    parts: dict[str, Any] = {n: np.asarray(getattr(record, n))[..., None] for n in Told._fields if n != "exact"}
    return Told(**parts, exact=jnp.zeros((), jnp.int32))


class Walked(NamedTuple):
    """What a walk through the months gives; months that were not walked hold zeros."""

    trace: Trace  # [month, ..., F + W]
    why: Why
    after: World  # [..., F] factual Worlds at the end of the walk


Carry = tuple[World, Why]
Walk = Callable[[Array, Array, Array, Array, Told, Changes, World, Array, Array], Walked]


def twins(st: Structure, series: Series, names: tuple[str, ...], months: int = MONTHS) -> Walk:
    """A function that walks F factual lanes and W twins, a multiple of F, from month `begin` until before `end`.

    Of coefficients [coefficient, F] under `names`, the same altered [coefficient, F], keys of the lanes [F, 2] and of
    luck [W, 2], the record, the changes, the factual Worlds [..., F] at the beginning of month `begin`, `begin` and
    `end`; gives the traces of the months walked, why choices first part and the factual Worlds at the end. Twin w
    belongs to lane w mod F. Before the first month that an intervention touches a twin is its lane, so a walk may begin
    there, from the Worlds at the end of another.
    """
    menu = layout(st)

    def laws_of(values: Array) -> Laws:
        return tree(dict(zip(names, values, strict=True)))

    def walk(
        values: Array,
        altered: Array,
        lanes: Array,
        keys: Array,
        told: Told,
        changes: Changes,
        start: World,
        begin: Array,
        end: Array,
    ) -> Walked:
        worlds, facts, dtype = keys.shape[0], lanes.shape[0], values.dtype
        told = Told(*(jnp.asarray(x, dtype if x.dtype.kind == "f" else jnp.int32) for x in told))
        whole = {name: jnp.asarray(getattr(changes, name), jnp.int32) for name in (*ARMS, "since")}
        changes = Changes(**whole, free=jnp.asarray(changes.free, dtype))

        def pair(fact: Array, other: Array) -> Array:
            return jnp.concatenate([fact, jnp.tile(other, worlds // facts)], axis=-1)

        @jax.jit  # traced once: for the shapes of what it gives, and for the loop
        def one(carry: Carry, when: Array) -> tuple[Carry, Trace]:
            world, why = carry
            other = jnp.where((when >= changes.since)[:, None], altered, values)
            laws, luck = laws_of(pair(values, other)), (at_month(keys, when), at_month(lanes, when))
            new, trace, parts, reason = pair_month(world, *luck, laws, st, menu, series, told, changes, when)
            now = parts & (why.month >= months)
            kept = jax.tree.map(lambda old, fresh: jnp.where(now, fresh, old), why, reason)
            return (new, kept), trace

        def step(when: Array, state: tuple[Carry, Trace]) -> tuple[Carry, Trace]:
            carry, traces = state
            after, trace = one(carry, when)
            return after, jax.tree.map(lambda all_, x: all_.at[when].set(x), traces, trace)

        sizes = {kind: (getattr(told, kind).shape[1], 4) for kind in WEIGHED}
        none = {kind: jnp.zeros((*size, worlds), dtype) for kind, size in sizes.items()}
        slots = jnp.zeros((SLOTS, len(st.deciders), 6, worlds), dtype)
        why = Why(month=jnp.full(worlds, months, jnp.int32), slots=slots, **none)
        first: Carry = jax.tree.map(lambda x: pair(x, x), start), why
        shape = jax.eval_shape(one, first, jnp.int32(0))[1]
        traces: Trace = jax.tree.map(lambda x: jnp.zeros((months, *x.shape), x.dtype), shape)
        (world, why), traces = jax.lax.fori_loop(begin, end, step, (first, traces))
        return Walked(traces, why, jax.tree.map(lambda x: x[..., :facts], world))

    return walk


def januaries(st: Structure, names: tuple[str, ...], values: Array) -> World:
    """January 1953 in lanes with these coefficients, [coefficient, F]."""
    return begin(st, tree(dict(zip(names, values, strict=True))), values.shape[1], values.dtype)


def unchanged(st: Structure, told: Told, coefficients: int) -> Changes:
    """No intervention at all, as arrays that one can write into."""

    def none(*shape: int) -> Any:
        return np.zeros(shape, np.int8)

    months = told.rows.shape[0]
    lines = {kind: getattr(told, kind).shape[1] for kind in FLAT}
    width = {"consent": 2, "meeting": 2, "deadline": 3, "discovery": 4, "succession": st.n_leaders}
    return Changes(
        rows=none(2, months, len(st.rows)),
        nature=none(2, months, told.nature.shape[1]),
        **{kind: none(2, months, lines[kind], width[kind]) for kind in FLAT},
        since=np.full(coefficients, months, np.int32),  # type: ignore[arg-type]
        free=none(months),
    )
