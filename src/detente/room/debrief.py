"""The debrief: the exercise beside the record, what each side had wrong, how far aims were met, and what mattered.

What mattered is found by twins of the exercise itself: its log takes the record's place in the twin driver, one answer
is taken away, and everything else answers as the luck that explains the log would have it. A person's other answers are
explained by the preferences of their seat, which also choose for them after the twins part.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from detente import laws, noise, scenario, twin, views
from detente.answers import consent_rows
from detente.explain import KINDS as HEADS
from detente.explain import row_name
from detente.lab import whatif
from detente.resume import LUCK, Answers, Heard
from detente.room import aims, briefing
from detente.room.exercise import Exercise, Month
from detente.room.kernel import LANES, Kernel
from detente.room.ready import work as cited
from detente.room.store import Store
from detente.scenario import LANGUAGES, MONTHS, month_name
from detente.seats.human import KINDS, OPTIONS, STEPS

TWINS, MOST = 200, 10
"""At least so many twins an answer, and at most so many answers a seat."""
ENDINGS_FROM = 10_000
"""Number of the first world that goes on from a crisis; no other worlds of an exercise have such numbers."""
ALIKE = 64
"""Worlds opened alike, with every seat on autopilot."""
LANES_OF, LUCK_OF = "debrief-lanes", "debrief-luck"
"""Words folded into the seed for the luck that explains a log; no exercise uses them."""
WAR = "at_war"
LADDER, CRISIS_WEIGHT = "ladder", 40.0
"""A candidate that is a crisis, and what it weighs beside forced answers (20) and moves (at most 20)."""
Report = Callable[[int, int, Any], None]


# ---- beside the record ----
def beside(ex: Exercise) -> list[dict[str, Any]]:
    """Month by month: what happened in the exercise, what was put in, and what the record says, with sources."""
    sc = ex.kernel.scenario
    told = {m["month"]: m["events"] for m in briefing.events(ex.kernel, ex.happened(), ex.setup.first)}
    out = []
    for month in range(ex.setup.first, ex.setup.last + 1):
        entries = sorted((e for e in [*sc.chronicle, *sc.calendar.values()] if e.month == month), key=lambda e: e.date)
        record = [
            {"id": e.id, "text": briefing.both(e.text), "sources": [cited(sc, s) for s in e.sources]} for e in entries
        ]
        name = month_name(month)
        put_in = ex.state.injected.get(month, [])
        out.append({"month": name, "exercise": told.get(name, []), "record": record, "injected": put_in})
    return out


# ---- what each side had wrong ----
def heard(ex: Exercise) -> Iterator[tuple[int, Heard]]:
    """Every month that is over, heard again."""
    world = ex.opening
    for month in ex.state.months:
        found = ex.kernel(ex.values, world, month.answers, ex.setup.seed, month.month)
        yield month.month, found
        world = found.world


def beliefs(ex: Exercise) -> list[dict[str, Any]]:
    """What each seat of a person believed of its rival's missiles, beside the truth, month by month."""
    st, out = ex.st, []
    worlds = dict(heard(ex))
    before = dict(zip([m.month for m in ex.state.months], ex.replay(strict=False)[:-1], strict=True))
    for seat in ex.setup.seats:
        d = st.deciders.index(seat)
        centre = int(st.rival_centre[d])
        other = st.centres[centre]
        lines = []
        for month, found in worlds.items():
            mean, doubt = float(found.view.belief[d, centre]), float(found.view.doubt[d, centre])
            reach = 1.645 * np.sqrt(max(doubt, 0.0))
            lines.append(
                {
                    "month": month_name(month),
                    "belief": briefing.number(np.expm1(mean)),
                    "low": briefing.number(np.expm1(max(mean - reach, 0.0))),
                    "high": briefing.number(np.expm1(mean + reach)),
                    "truth": briefing.number(before[month].arsenals.icbm[st.cen[centre]]),
                }
            )
        out.append({"seat": seat, "of": other, "what": "icbm", "months": lines})
    return out


def feelings(ex: Exercise) -> list[dict[str, Any]]:
    """How tense two seats of people thought their relation to be, from either side, at the end."""
    final = ex.heard().view
    at = {seat: ex.st.deciders.index(seat) for seat in ex.setup.seats}
    return [
        {
            "one": a,
            "other": b,
            "tension": [briefing.number(final.tension[at[x], ex.st.dec[at[y]]]) for x, y in ((a, b), (b, a))],
            "trust": [briefing.number(final.trust[at[x], at[y]]) for x, y in ((a, b), (b, a))],
        }
        for n, a in enumerate(ex.setup.seats)
        for b in ex.setup.seats[n + 1 :]
    ]


# ---- aims, beside autopilot ----
class Alike(NamedTuple):
    """Worlds opened alike, with every seat on autopilot."""

    series: NDArray[np.float32]  # [month, series, world]
    met: dict[str, dict[str, NDArray[np.float64]]]  # seat → end → [world], at the end


def alike(ex: Exercise, report: Callable[[int, int], None] = lambda done, total: None, worlds: int = ALIKE) -> Alike:
    """Play the months that are over in many worlds opened alike, all seats on autopilot, luck drawn anew."""
    kernel, lived = ex.kernel, [m.month for m in ex.state.months]
    blocks = range(LANES, LANES + worlds, LANES)
    parts, met = [], []
    for n, first in enumerate(blocks):
        world, line = kernel.spread(ex.opening), []
        for month in lived:
            found = kernel.months(ex.values, world, kernel.spread(kernel.none), ex.setup.seed, month, first)
            world = found.world
            line.append(found.series)
        last = kernel.months(ex.values, world, kernel.spread(kernel.none), ex.setup.seed, ex.state.month, first)
        parts.append(np.stack(line) if line else np.zeros((0, len(kernel.series.names), LANES), np.float32))
        met += [
            {seat: aims.met(ex.st, _knows(ex, last, seat, lane), ex.st.deciders.index(seat)) for seat in ex.setup.seats}
            for lane in range(LANES)
        ]
        report(n + 1, len(blocks))
    ends = aims.TEXTS
    return Alike(
        np.concatenate(parts, axis=-1),
        {seat: {end: np.array([one[seat][end] for one in met]) for end in ends} for seat in ex.setup.seats},
    )


def _knows(ex: Exercise, found: Heard, seat: str, lane: int) -> dict[str, Any]:
    whole = jax.tree.map(lambda x: np.asarray(x)[..., lane], found.view)
    known = views.of(whole, ex.st, ex.st.deciders.index(seat))
    return {name: np.asarray(value) for name, value in known.items()}


def reached(ex: Exercise, others: Alike) -> list[dict[str, Any]]:
    """How far each seat's aims are met at the end, beside what autopilot reached in that seat, with its spread."""
    out = []
    for seat in ex.setup.seats:
        known = briefing.knows(ex.heard(), ex, seat)
        lines = []
        for aim in aims.aims(ex.kernel, ex.values, known, ex.st.deciders.index(seat)):
            spread = others.met[seat][aim.end]
            low, median, high = (briefing.number(x) for x in np.quantile(spread, (0.05, 0.5, 0.95)))
            lines.append(
                {
                    "end": aim.end,
                    "text": briefing.both(aim.text),
                    "weight": briefing.number(aim.share),
                    "met": briefing.number(aim.met),
                    "autopilot": {"low": low, "median": median, "high": high, "worlds": len(spread)},
                }
            )
        out.append({"seat": seat, "aims": lines})
    return out


def unusual(ex: Exercise, others: Alike) -> list[dict[str, Any]]:
    """Where this world stands among those opened alike, at the same month: the share of them that lies below."""
    if not ex.state.months:
        return []
    mine, names = ex.series()[-1], list(ex.kernel.series.names)
    out = []
    for name in _measures(ex):
        k = names.index(name)
        theirs = others.series[-1, k]
        below = float((theirs < mine[k]).mean() + 0.5 * (theirs == mine[k]).mean())
        low, median, high = (briefing.number(x) for x in np.quantile(theirs, (0.05, 0.5, 0.95)))
        value = briefing.number(mine[k])
        out.append({"measure": name, "value": value, "below": below, "low": low, "median": median, "high": high})
    return out


def _measures(ex: Exercise) -> list[str]:
    """The series that are measured; war is one of them."""
    return [WAR if name == "war" else name for name in ex.setup.measures]


# ---- turning points ----
class Candidate(NamedTuple):
    """An answer of a person that may have mattered."""

    seat: str
    month: int
    kind: str  # rows, a forced Decision, or LADDER
    place: int
    option: int  # -1 for rows; of a ladder the line that it ran
    weight: float


def candidates(ex: Exercise) -> list[Candidate]:
    """The answers of people, screened cheaply: at most MOST a seat, by what kind of deed they were.

    Crises first, then forced answers, then moves by Goldstein's weight, finality and commitment.
    """
    found: list[Candidate] = []
    humans = _closed_by_people(ex)
    consents = consent_rows(ex.st)
    for month in ex.state.months:
        for seat in ex.setup.seats:
            if (month.month, seat) in humans:
                found += _moves(ex, month.answers, month.month, seat)
        for kind in KINDS:
            told = np.asarray(getattr(month.answers, kind))
            for place in np.flatnonzero(told >= 0):
                if (month.month, f"{kind}:{place}") in humans:
                    seat = humans[month.month, f"{kind}:{place}"]
                    weight = 20.0 if kind != "consent" else 10.0 + _weight(ex, int(consents[place]))
                    found.append(Candidate(seat, month.month, kind, int(place), int(told[place]), weight))
        for ladder, seat in sorted(_climbed(ex, month.month)):
            line = int(np.asarray(month.answers.ladder)[ladder])
            found.append(Candidate(seat, month.month, LADDER, ladder, line, CRISIS_WEIGHT))
    out = []
    for seat in ex.setup.seats:
        out += sorted((c for c in found if c.seat == seat), key=lambda c: (-c.weight, c.month))[:MOST]
    return out


def _closed_by_people(ex: Exercise) -> dict[tuple[int, str], str]:
    """Months in which a person planned for a seat, and forced Decisions that a person answered."""
    out: dict[tuple[int, str], str] = {}
    for entry in ex.lineage():
        if entry.kind == "closed":
            out |= {(entry.month, seat): seat for seat in entry.data["rows"]}
            asked = entry.data.get("asked", {})
            out |= {(entry.month, name): seat for seat, names in asked.items() for name in names}
    return out


def _climbed(ex: Exercise, month: int) -> set[tuple[int, str]]:
    """The ladders of a month with the people who made moves on them."""
    closed = [e for e in ex.lineage() if e.kind == "closed" and e.month == month]
    asked = {(name, seat) for e in closed for seat, names in e.data.get("asked", {}).items() for name in names}
    return {(int(name.partition(":")[2]), seat) for name, seat in asked if name.startswith(f"{LADDER}:")}


def _moves(ex: Exercise, answers: Answers, month: int, seat: str) -> Iterator[Candidate]:
    for row in np.asarray(answers.rows)[:, ex.st.deciders.index(seat)]:
        if row >= 0:
            yield Candidate(seat, month, "rows", int(row), -1, _weight(ex, int(row)))


def _weight(ex: Exercise, row: int) -> float:
    i = ex.kernel.scenario.instruments[ex.st.rows[row].instrument]
    return abs(i.goldstein) + 5.0 * i.finality + 5.0 * i.commitment


class Twins:
    """Twins of one exercise, by the compiled pair of worlds that `whatif` uses."""

    def __init__(self, ex: Exercise) -> None:
        self.ex, self.work = ex, whatif.kernel(ex.st)
        self.worlds = ex.replay(strict=False)
        self.told = told_by(ex, self.work.told)
        self.values = np.ascontiguousarray(np.repeat(ex.values[:, None], laws.DRAWS, -1))

    def __call__(self, change: Candidate | None, first: int = 0, begin: int | None = None) -> dict[str, Any]:
        """Series at the end of the exercise in the record's lanes and in the twins, [series, lane] each."""
        ex, call = self.ex, self.work.call
        month = begin if begin is not None else change.month if change else ex.setup.first
        changes = jax.tree.map(np.array, self.work.none)
        if change is not None:
            where = getattr(changes, change.kind)
            where[(1, change.month, change.place, *([change.option] if change.option >= 0 else []))] = -1
        lanes, numbers = np.arange(laws.DRAWS), first + np.arange(whatif.TWINS)
        keys = [
            np.asarray(noise.other_keys(ex.setup.seed, jnp.asarray(at, jnp.int32), word))
            for at, word in ((lanes, LANES_OF), (numbers, LUCK_OF))
        ]
        start = self.worlds[month - ex.setup.first]
        world = jax.tree.map(lambda x: np.repeat(np.asarray(x)[..., None], len(lanes), -1), start)
        end = ex.state.months[-1].month + 1
        arguments = self.values, self.values, *keys, self.told, changes, world, np.int32(month), np.int32(end)
        series = np.asarray(call(*arguments).trace.series)[end - 1]
        return {"record": series[:, : laws.DRAWS], "twin": series[:, laws.DRAWS :]}

    def effect(self, change: Candidate) -> list[dict[str, Any]]:
        """What the exercise would have come to without an answer, by measure."""
        found = list(self.work.pool.map(lambda first: self(change, first), range(0, TWINS, whatif.TWINS)))
        names = list(self.ex.kernel.series.names)
        out = []
        for name in _measures(self.ex):
            k = names.index(name)
            twins = np.concatenate([one["twin"][k] for one in found]).astype(np.float64)
            fact = np.full(len(twins), float(found[0]["record"][k, 0]))
            out.append(_effect(name, fact, twins))
        return out


class Endings:
    """Worlds that go on from a month of an exercise, a crisis of it as it was played, and left to the solved ladder."""

    def __init__(self, ex: Exercise) -> None:
        self.ex = ex
        self.worlds = dict(zip([m.month for m in ex.state.months], ex.replay(strict=False), strict=False))

    def __call__(self, month: Month, place: int | None, first: int) -> NDArray[np.float32]:
        """Series at the end of the exercise [series, world]; place: of the ladder that is left open, None for none."""
        ex, kernel = self.ex, self.ex.kernel
        told = Answers(*map(np.array, month.answers))  # type: ignore[arg-type]
        if place is not None:
            told.ladder[place] = kernel.none.ladder[place]
        world, filled = kernel.spread(self.worlds[month.month]), kernel.spread(told)
        for at in range(month.month, ex.state.months[-1].month + 1):
            found = kernel.months(ex.values, world, filled, ex.setup.seed, at, first)
            world, filled = found.world, kernel.spread(kernel.none)
        return np.asarray(found.series)

    def effect(self, change: Candidate) -> list[dict[str, Any]]:
        """What the exercise comes to with the crisis as it was played, less what it comes to without, by measure."""
        month = next(m for m in self.ex.state.months if m.month == change.month)
        blocks = range(ENDINGS_FROM, ENDINGS_FROM + TWINS, LANES)
        played, left = (
            np.concatenate([self(month, place, first) for first in blocks], axis=-1).astype(np.float64)
            for place in (None, change.place)
        )
        return [
            _effect(name, played[k], left[k])
            for name in _measures(self.ex)
            for k in [list(self.ex.kernel.series.names).index(name)]
        ]


def _effect(measure: str, played: NDArray[np.float64], without: NDArray[np.float64]) -> dict[str, Any]:
    """One measure with an answer and without it, world by world: means, their gap and its 90 % interval."""
    gap = played - without
    error = float(gap.std(ddof=1) / np.sqrt(len(gap)))
    return {
        "measure": measure,
        "exercise": briefing.number(played.mean()),
        "without": briefing.number(without.mean()),
        "effect": briefing.number(gap.mean()),
        "low": briefing.number(gap.mean() - 1.645 * error),
        "high": briefing.number(gap.mean() + 1.645 * error),
        "twins": len(gap),
        "parted": float((gap != 0).mean()),
    }


def told_by(ex: Exercise, like: twin.Told) -> twin.Told:
    """The log in the place of the record: months as they were answered, and of ladders the very line."""
    parts: dict[str, Any] = {name: np.array(getattr(like, name)) for name in twin.Told._fields if name != "exact"}
    for month in ex.state.months:
        for name in Answers._fields:
            value = np.asarray(getattr(month.answers, name))
            if name != "rows" and name not in LUCK:
                value = np.maximum(value, 0)
            parts[name][month.month, ..., 0] = value
        parts["growth_known"][month.month] = parts["refugees_known"][month.month] = 1.0
    return twin.Told(**parts, exact=jnp.ones((), jnp.int32))


def described(ex: Exercise, c: Candidate) -> dict[str, Any]:
    """An answer in words."""
    if c.kind == "rows":
        what = briefing.both(row_name(ex.st, c.place))
    elif c.kind == LADDER:
        name = ex.kernel.scenario.issues[ex.st.issues[ex.st.showdown[c.place]]].name
        steps = [briefing.both(briefing.STEP_NAMES[step]) for step in STEPS[c.option]]
        what = {lang: f"{name[lang]}: {' → '.join(step[lang] for step in steps)}" for lang in LANGUAGES}
    else:
        option = OPTIONS[c.kind][c.option]
        named = briefing.named(c.kind, option)
        if c.kind == "consent":
            row = int(consent_rows(ex.st)[c.place])
            asks, said = ex.kernel.scenario.actors[ex.st.rows[row].seat].name, row_name(ex.st, row)
            what = {lang: f"{asks[lang]}: {said[lang]} – {named[lang]}" for lang in LANGUAGES}
        else:
            head = briefing.both(HEADS[c.kind])
            what = {lang: f"{head[lang]} – {named[lang]}" for lang in LANGUAGES}
    return {"seat": c.seat, "month": month_name(c.month), "kind": c.kind, "what": what}


# ---- background work ----
def opened(store: Store, exercise: str) -> Exercise:
    """An exercise, opened to be read in another process."""
    kernel = Kernel(scenario.load(_scenario(store, exercise)))
    return Exercise(exercise, store, kernel, time.monotonic)


def _scenario(store: Store, exercise: str) -> str:
    row = store.setup(exercise)
    return str(row["setup"].get("scenario", "coexistence")) if row else "coexistence"


def alike_job(store: Store, exercise: str, asked: dict[str, Any], report: Report) -> dict[str, Any]:
    """How unusual this world is."""
    del asked
    ex = opened(store, exercise)
    others = alike(ex, lambda done, total: report(done, total, None))
    return {"month": month_name(max(ex.state.month - 1, 0)), "worlds": ALIKE, "unusual": unusual(ex, others)}


def job(store: Store, exercise: str, asked: dict[str, Any], report: Report) -> dict[str, Any]:
    """Everything of the debrief that takes long, the quick parts first."""
    del asked
    ex = opened(store, exercise)
    found: dict[str, Any] = {"points": []}
    those = candidates(ex)
    total = len(those) + 1
    others = alike(ex)
    found |= {"aims": reached(ex, others), "unusual": unusual(ex, others)}
    report(1, total, found)
    if those and ex.state.months and max(c.month for c in those) < MONTHS:
        crises, answers = ([c for c in those if (c.kind == LADDER) == is_one] for is_one in (True, False))
        looks: list[tuple[list[Candidate], Callable[[Exercise], Twins | Endings]]] = [
            (crises, Endings),
            (answers, Twins),
        ]
        for some, look in looks:
            effects = look(ex).effect if some else None
            for change in some:
                assert effects is not None
                found["points"].append(described(ex, change) | {"effects": effects(change)})
                report(len(found["points"]) + 1, total, found)
    return found
