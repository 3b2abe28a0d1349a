"""The debrief: what an exercise is set beside, what mattered, and work in the background."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from room_kit import Table, chosen, made, play

from detente import scenario as scenarios
from detente.room import debrief, ready, setup, work
from detente.room.kernel import LANES, Kernel
from detente.room.service import Room
from detente.room.setup import RoomError
from detente.room.store import Store
from detente.scenario import Scenario


def finished(table: Callable[..., Table], **settings: Any) -> Table:
    t = table(**({"start": "1953-06", "end": "1953-09", "seats": ["usa", "ussr"]} | settings))
    play(lambda s: t.room.brief(t.seats[s]), lambda s, *a: t.room.file(t.seats[s], *a), list(t.seats))
    return t


def test_the_exercise_stands_beside_the_record_with_sources(table: Callable[..., Table]) -> None:
    t = finished(table)
    found = t.room.debrief(t.seats["usa"])
    assert [m["month"] for m in found["months"]] == ["1953-06", "1953-07", "1953-08", "1953-09"]
    entries = [e for m in found["months"] for e in m["record"]]
    assert entries
    assert all(e["sources"] for e in entries)
    truth = [line["truth"] for line in found["beliefs"][0]["months"]]
    assert len(truth) == len(t.live.state.months)


def test_it_opens_to_the_desk_at_once_and_to_others_at_the_end(table: Callable[..., Table]) -> None:
    t = table()
    assert t.room.debrief(t.desk)["months"]
    for who in (t.seats["usa"], t.watcher):
        with pytest.raises(RoomError) as early:
            t.room.debrief(who)
        assert early.value.code == "forbidden"


def test_aims_stand_beside_what_autopilot_reached_in_that_seat(table: Callable[..., Table]) -> None:
    t = finished(table)
    others = debrief.alike(t.live, worlds=LANES)
    for seat in debrief.reached(t.live, others):
        assert sum(aim["weight"] for aim in seat["aims"]) == pytest.approx(1, abs=0.01)
        for aim in seat["aims"]:
            spread = aim["autopilot"]
            assert 0 <= spread["low"] <= spread["median"] <= spread["high"] <= 1
            assert spread["worlds"] == LANES
    for line in debrief.unusual(t.live, others):
        assert 0 <= line["below"] <= 1


def test_worlds_opened_alike_differ_in_luck_alone(table: Callable[..., Table]) -> None:
    t = finished(table)
    one, two = (debrief.alike(t.live, worlds=LANES) for _ in range(2))
    np.testing.assert_array_equal(one.series, two.series)
    assert len(np.unique(one.series[-1], axis=1).T) == LANES


def test_at_most_ten_answers_a_seat_are_looked_at_and_only_those_of_people(table: Callable[..., Table]) -> None:
    t = finished(table, end="1954-01")
    found = debrief.candidates(t.live)
    assert found
    for seat in ("usa", "ussr"):
        assert sum(c.seat == seat for c in found) <= debrief.MOST
    assert {c.seat for c in found} <= {"usa", "ussr"}
    for c in found:
        assert debrief.described(t.live, c)["what"]["ru"]


@pytest.mark.slow
def test_twins_of_an_exercise_repeat_it_until_an_answer_is_taken_away(table: Callable[..., Table]) -> None:
    """No change: every twin is the exercise, to the bit. One answer gone: nothing before it changes."""
    t = finished(table, end="1953-12")
    twins = debrief.Twins(t.live)
    same = twins(None)
    assert (same["twin"] == same["record"][:, :1]).all()
    np.testing.assert_allclose(same["record"][:, 0], t.live.series()[-1], rtol=1e-5, atol=1e-5)
    change = next(c for c in debrief.candidates(t.live) if c.kind == "rows")
    effects = twins.effect(change)
    assert all(e["twins"] >= debrief.TWINS for e in effects)
    apart = twins(change)
    assert (apart["record"] == same["record"]).all()
    assert (apart["twin"] != same["record"][:, :1]).any()


def test_a_crisis_as_it_was_played_stands_beside_the_one_left_to_the_ladder(table: Callable[..., Table]) -> None:
    """Ended with the month of the crisis, every World with it as played is the exercise; without, luck plays it."""
    t = table(seats=["usa", "ussr", "cuba"], start="1962-10", end="1963-12", seed=4)
    rng = random.Random(2)
    while not any(e.kind == "closed" and e.data["steps"] for e in t.live.log) or t.live.state.move:
        for seat, who in t.seats.items():
            told = t.room.brief(who)
            if told["open"] and told["filed"] is None:
                bold = [row for row in told["legal"].get("plan", []) if "show-force" in row or "blockade" in row]
                t.file(seat, {"plan": bold[:1]} if bold else chosen(told, rng))
    t.act("end")
    change = next(c for c in debrief.candidates(t.live) if c.kind == debrief.LADDER)
    assert change.month == t.live.state.months[-1].month
    assert "→" in debrief.described(t.live, change)["what"]["ru"]
    endings = debrief.Endings(t.live)
    played, left = (endings(t.live.state.months[-1], place, 0) for place in (None, change.place))
    assert (played == t.live.series()[-1][:, None]).all()
    assert (left != played).any()
    assert (left != left[:, :1]).any()


# ---- ready-made exercises ----


@pytest.fixture(scope="module")
def shipped() -> Scenario:
    return scenarios.load("coexistence")


def test_every_ready_made_exercise_can_be_played_and_printed(shipped: Scenario) -> None:
    found = ready.exercises(shipped)
    assert {"cuba-thirty-minutes", "berlin-1958", "the-split"} <= set(found)
    for one in found.values():
        for lang in ("en", "ru"):
            guide = ready.guide(one, lang)
            assert guide["plan"]
            assert guide["questions"]
            for seat in one.setup.seats:
                facts = ready.sheet(shipped, one, seat, lang)["facts"]
                assert all(fact["sources"] for fact in facts)
        assert setup.estimate(one.setup).least <= one.minutes
        assert [step.minute for step in one.plan] == sorted(step.minute for step in one.plan)
        assert one.plan[-1].minute <= one.minutes


def test_an_exercise_starts_from_its_guide(room: Room) -> None:
    guide = next(one for one in room.ready() if one["id"] == "the-split")
    t = made(room, room.enter(room.operator_link()), **(guide["setup"] | {"start": "1953-02", "end": "1953-03"}))
    assert room.sheet(t.seats["prc"], "ru")["facts"]
    assert room.debrief(t.desk)["questions"]


# ---- background work ----


def kinds(monkeypatch: pytest.MonkeyPatch, **found: str) -> None:
    monkeypatch.setattr(work, "KINDS", work.KINDS | {k: f"test_debrief:{v}" for k, v in found.items()})


def good(store: Store, exercise: str, asked: dict[str, Any], report: Any) -> dict[str, Any]:
    report(1, 2, {"half": True})
    return {"sum": asked["a"] + 1}


def bad(store: Store, exercise: str, asked: dict[str, Any], report: Any) -> dict[str, Any]:
    report(1, 2, {"half": True})
    raise ValueError("no luck")


def test_work_tells_how_far_it_is_and_keeps_what_it_found(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds(monkeypatch, good="good", bad="bad")
    store = Store(url)
    monkeypatch.setattr(work.Queue, "_begin", lambda self: None)
    queue = work.Queue(store, url)
    done = []
    for kind in ("good", "bad"):
        ident = queue.submit(kind, {"a": 1})
        with store.begin() as db:
            db.execute(work.jobs.update().where(work.jobs.c.id == ident).values(state=work.RUNNING))
        work.work(store, ident)
        done.append(queue.state(ident))
    assert done[0]["state"] == work.DONE
    assert done[0]["result"] == {"sum": 2}
    assert done[1]["state"] == work.FAILED
    assert done[1]["result"] == {"half": True}
    assert "no luck" in done[1]["error"]


def test_work_can_be_stopped_and_a_full_queue_says_so(table: Callable[..., Table], url: str) -> None:
    t = table(start="1953-02", end="1953-03")
    queue = t.room.queue = work.Queue(t.room.store, url)
    first = t.room.ask(t.desk, "alike")
    assert queue.state(first)["state"] == work.RUNNING
    waiting = [t.room.ask(t.desk, "alike") for _ in range(work.MOST)]
    with pytest.raises(RoomError) as full:
        t.room.ask(t.desk, "alike")
    assert full.value.code == "busy"
    for ident in [*waiting, first]:
        queue.stop(ident)
        assert queue.state(ident)["state"] == work.STOPPED
    assert queue.process is None
    queue.close()


def test_random_play_never_breaks_an_exercise(months: Kernel, room: Room) -> None:
    """Whatever legal answers are given, from anywhere in the span, the exercise goes on and replays."""
    rng = random.Random(11)
    boss = room.enter(room.operator_link())
    for _ in range(2):
        first = rng.randrange(0, 12)
        start = f"{1953 + first // 12}-{first % 12 + 1:02d}"
        end = f"{1953 + (first + 2) // 12}-{(first + 2) % 12 + 1:02d}"
        seats = rng.sample(list(months.st.deciders), 4)
        t = made(room, boss, start=start, end=end, seats=seats, opens="simulated", seed=rng.randrange(5), draw=3)
        play(lambda s, t=t: t.room.brief(t.seats[s]), lambda s, *a, t=t: t.room.file(t.seats[s], *a), seats, first)
        assert t.live.state.ended
        t.live.replay()
