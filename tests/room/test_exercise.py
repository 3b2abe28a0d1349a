"""An exercise: the course of a month, what people may do in it, and that its log is all there is."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from room_kit import Clock, Table, chosen, essence, made, play

from detente import resume
from detente.ladder.tree import LINES
from detente.room import api, export, setup, worlds
from detente.room.exercise import read
from detente.room.kernel import Kernel, digest
from detente.room.service import Room
from detente.room.setup import RoomError
from detente.room.store import Pass, Store
from detente.scenario import month_of
from detente.seats import human

# ---- the kernel ----


def test_a_month_with_every_answer_told_is_the_same_month(months: Kernel) -> None:
    """Replay decides nothing: the World is the same to the bit, under whatever luck."""
    values = months.values(1, -1)
    start = months.opened(values, 3, 100, recorded=True).world
    first = months(values, start, months.none, 3, 100)
    kept = worlds.told(worlds.plain(first.answers))
    again = months(values, start, kept, 12345, 100)
    assert digest(again.world) == digest(first.world)
    assert digest(months(values, start, months.none, 4, 100).world) != digest(first.world)


def test_what_a_person_does_leaves_the_luck_of_the_month_as_it_was(months: Kernel) -> None:
    """Nature and the plans of all others are the same whatever one seat files."""
    values = months.values(1, 5)
    start = months.opened(values, 3, 12, recorded=True).world
    usa = months.st.deciders.index("usa")
    told = months.none._replace(rows=np.array(months.none.rows))
    told.rows[:, usa] = [months.st.seat_rows[usa].start, -1, -1]
    one, two = months(values, start, months.none, 3, 12), months(values, start, told, 3, 12)
    np.testing.assert_array_equal(one.answers.nature, two.answers.nature)
    others = np.arange(len(months.st.deciders)) != usa
    np.testing.assert_array_equal(one.answers.rows[:, others], two.answers.rows[:, others])
    assert digest(one.world) != digest(two.world)


def test_the_record_filled_in_makes_the_recorded_moves(months: Kernel) -> None:
    begun = months.opened(months.values(1, -1), 1, 120, recorded=True)
    for month in (0, 57, 119):
        told = resume.recorded(months.record, month)
        np.testing.assert_array_equal(begun.past[month].rows, told.rows)
        np.testing.assert_array_equal(begun.past[month].nature, told.nature)


def test_measured_luck_unknown_to_the_record_is_the_mean_of_its_law(months: Kernel) -> None:
    told = resume.recorded(months.record, 12)
    assert np.isinf(told.growth).any()
    heard = months(months.values(1, -1), months.opened(months.values(1, -1), 1, 12, recorded=True).world, told, 1, 12)
    assert np.isfinite(heard.answers.growth).all()


# ---- the ladder, move by move ----


def test_chances_along_a_line_multiply_to_the_lines_probability() -> None:
    rng = np.random.default_rng(1)
    line = rng.dirichlet(np.ones(len(LINES)))
    for n in rng.choice(len(LINES), 40, replace=False):
        path, product = list(human.STEPS[n]), 1.0
        for k, step in enumerate(path):
            due = human.turn(path[:k])
            odds = human.chances(np.log(line), path[:k], due.options)
            assert odds.sum() == pytest.approx(1.0)
            product *= odds[due.options.index(step)]
        assert human.turn(path).line == n
        assert product == pytest.approx(line[n])


def test_sides_move_in_turn_and_an_offer_is_answered_by_the_other() -> None:
    assert human.turn([]).who == "defender"
    assert human.turn(["hold"]).who == "chance"
    assert human.turn(["hold", "on"]).who == "challenger"
    assert human.turn(["hold", "on", "offer"]) == ("defender", human.REPLIES, -1)
    assert LINES[human.turn(["offer", "accept"]).line].end == "settled"
    assert LINES[human.turn(["press", "war"]).line].end == "war"


# ---- the course of a month ----


def test_an_exercise_is_played_to_its_end_and_replays_to_the_bit(table: Callable[..., Table]) -> None:
    t = table(seats=["usa", "ussr", "cuba"])
    play(
        lambda seat: t.room.brief(t.seats[seat]),
        lambda seat, *a: t.room.file(t.seats[seat], *a),
        ["usa", "ussr", "cuba"],
    )
    assert t.live.state.ended in ("over", "war")
    assert len(t.live.replay()) == len(t.live.state.months) + 1
    again = read(t.room.store.log(t.id))
    assert [m.digest for m in again.months] == [m.digest for m in t.live.state.months]
    kinds = {e.kind for e in t.live.log}
    assert {"made", "stage", "filed", "closed", "month"} <= kinds


def test_the_same_answers_through_the_interface_give_the_same_log(
    months: Kernel, room: Room, operator: Pass, tmp_path: Any
) -> None:
    settings: dict[str, Any] = {"seats": ["usa", "ussr", "cuba"], "end": "1962-11", "seed": 7}
    one = made(room, operator, **settings)
    play(lambda s: room.brief(one.seats[s]), lambda s, *a: room.file(one.seats[s], *a), settings["seats"])
    other = Room(Store(f"sqlite:///{tmp_path / 'api.db'}"), months)
    client = TestClient(api.application(other))
    boss = {"authorization": f"Bearer {other.operator_link()}"}
    base = {"title": "Test", "start": "1962-09", "clocks": {"plan": 0, "answer": 0, "crisis": 0}}
    links = client.post(f"{api.PREFIX}/exercises", json=base | settings, headers=boss).json()

    def head(seat: str) -> dict[str, str]:
        return {"authorization": f"Bearer {links['seats'][seat]}"}

    def file(seat: str, stage: str, answers: Any, revision: int) -> None:
        body = {"stage": stage, "answers": answers, "revision": revision}
        assert client.post(f"{api.PREFIX}/answers", json=body, headers=head(seat)).status_code == 200

    play(lambda s: client.get(f"{api.PREFIX}/brief", headers=head(s)).json(), file, settings["seats"])
    assert essence(other.live[links["exercise"]]) == essence(one.live)


def test_silence_is_routine_and_the_default(table: Callable[..., Table], clock: Clock) -> None:
    t = table(clocks={"plan": 60, "answer": 30, "crisis": 30}, end="1962-09")
    clock.now += 61
    t.room.tick()
    closed = [e for e in t.live.log if e.kind == "closed"]
    assert closed[0].data["why"] == "time"
    assert closed[0].data["rows"] == {"usa": [], "ussr": []}
    assert closed[0].data["silent"] == ["usa", "ussr"]


def test_a_stage_closes_when_all_have_answered_unless_times_are_fixed(
    table: Callable[..., Table], clock: Clock
) -> None:
    clocks = {"plan": 60, "answer": 30, "crisis": 30}
    free, fixed = table(clocks=clocks), table(clocks=clocks, fixed_times=True)
    for t in (free, fixed):
        t.file("usa", {"plan": []})
        t.file("ussr", {"plan": []})
    assert free.live.state.done == "plan" or free.live.state.month > month_of_start()
    assert fixed.live.state.stage is not None
    assert fixed.live.state.stage.kind == "plan"
    clock.now += 60
    fixed.room.tick()
    assert fixed.live.state.stage.kind == "answer"


def month_of_start() -> int:
    return setup.parse_month("1962-09")


def test_a_pause_stops_the_clock_and_an_extension_adds_to_it(table: Callable[..., Table], clock: Clock) -> None:
    t = table(clocks={"plan": 60, "answer": 60, "crisis": 60})
    clock.now += 20
    t.act("pause")
    clock.now += 500
    t.room.tick()
    assert t.room.brief(t.seats["usa"])["seconds_left"] == pytest.approx(40)
    t.act("resume")
    t.act("extend", seconds=30)
    clock.now += 10
    assert t.room.brief(t.seats["usa"])["seconds_left"] == pytest.approx(60)


def test_after_a_restart_an_exercise_is_paused_with_its_clock_as_it_was(
    table: Callable[..., Table], months: Kernel, url: str, clock: Clock
) -> None:
    t = table(clocks={"plan": 60, "answer": 60, "crisis": 60})
    clock.now += 10
    t.file("usa", {"plan": []})
    later = Clock()
    later.now = 5.0
    other = Room(Store(url), months, later)
    other.wake()
    brief = other.brief(t.seats["ussr"])
    assert brief["paused"]
    assert brief["seconds_left"] == pytest.approx(50)
    assert other.brief(t.seats["usa"])["filed"] == {"plan": []}


# ---- answers ----


def test_an_illegal_answer_is_refused_with_what_is_legal_and_logged(table: Callable[..., Table]) -> None:
    t = table()
    for wrong in (
        {"plan": ["ussr:boast"]},
        {"plan": ["usa:boast"] * 2},
        {"plan": "usa:boast"},
        {},
        {"plan": [], "x": "y"},
    ):
        with pytest.raises(RoomError) as refused:
            t.file("usa", wrong)
        assert refused.value.code == "illegal"
        assert "usa:boast" in refused.value.legal["plan"]
    assert sum(e.kind == "refused" for e in t.room.store.log(t.id)) == 5
    assert t.room.brief(t.seats["usa"])["filed"] is None


def test_the_first_confirmed_answer_counts_and_can_be_changed(table: Callable[..., Table]) -> None:
    t = table()
    assert t.file("usa", {"plan": ["usa:boast"]})["revision"] == 1
    with pytest.raises(RoomError) as other:
        t.file("usa", {"plan": []}, revision=0)
    assert other.value.code == "conflict"
    assert other.value.legal == {"revision": 1, "answers": {"plan": ["usa:boast"]}}
    assert t.file("usa", {"plan": []}, revision=1)["revision"] == 2
    t.file("ussr", {"plan": []})
    with pytest.raises(RoomError) as late:
        t.file("usa", {"plan": []}, stage="1962-09:plan", revision=2)
    assert late.value.code == "closed"


def test_drafts_are_seen_in_all_windows_of_a_seat_and_nowhere_else(table: Callable[..., Table]) -> None:
    t = table()
    key = t.room.brief(t.seats["usa"])["stage"]["key"]
    t.room.draft(t.seats["usa"], key, {"plan": ["usa:boast"]})
    assert t.room.brief(t.seats["usa"])["draft"] == {"plan": ["usa:boast"]}
    assert t.room.brief(t.seats["ussr"])["draft"] is None


# ---- letters ----


def test_a_letter_is_read_when_the_next_month_begins(table: Callable[..., Table]) -> None:
    t = table()
    text = "<script>alert(1)</script>"
    sent = t.room.write(t.seats["usa"], ["ussr"], text)["sent"]
    assert sent == [{"to": "ussr", "at_once": False, "read": True, "arrives": "1962-10"}]
    assert t.room.brief(t.seats["ussr"])["letters"] == []
    while t.live.state.month == month_of_start():
        t.quiet()
    assert [one["text"] for one in t.room.brief(t.seats["ussr"])["letters"]] == [text]


def test_a_letter_is_read_at_once_where_the_hotline_stands(table: Callable[..., Table]) -> None:
    """The line is opened by a settlement between the two of an issue that provides one."""
    t = table()
    line = [i for i, name in enumerate(t.live.st.issues) if t.live.kernel.scenario.issues[name].direct_line]
    assert not t.live.hotline("usa", "ussr")
    for issue in line:
        t.live.world.issues.treaty[issue] = 1.0
    assert t.live.hotline("usa", "ussr")
    assert not t.live.hotline("usa", "prc")
    assert t.room.write(t.seats["ussr"], ["usa"], "Now")["sent"][0]["at_once"]
    assert [one["text"] for one in t.room.brief(t.seats["usa"])["letters"]] == ["Now"]


def test_letters_never_touch_the_world(table: Callable[..., Table]) -> None:
    one, two = table(), table()
    one.room.write(one.seats["usa"], ["ussr"], "Words")
    for t in (one, two):
        while t.live.state.month == month_of_start():
            t.quiet()
    assert one.live.state.months[0].digest == two.live.state.months[0].digest


def test_letters_have_limits(table: Callable[..., Table]) -> None:
    t = table()
    for to, text, code in ((["ussr"], "x" * 4001, "size"), (["ussr"], " ", "size"), (["usa"], "x", "illegal")):
        with pytest.raises(RoomError) as error:
            t.room.write(t.seats["usa"], to, text)
        assert error.value.code == code
    for _ in range(20):
        t.room.write(t.seats["usa"], ["ussr"], "x")
    with pytest.raises(RoomError) as many:
        t.room.write(t.seats["usa"], ["ussr"], "x")
    assert many.value.code == "rate"


# ---- the desk ----


def test_a_seat_on_autopilot_is_not_waited_for_and_can_come_back(table: Callable[..., Table]) -> None:
    t = table(end="1963-03")
    t.file("usa", {"plan": []})
    t.act("hand", seat="ussr", to="autopilot")
    assert t.live.state.done == "plan" or t.live.state.month > month_of_start()
    with pytest.raises(RoomError) as handed:
        t.file("ussr", {"plan": []}, stage="1962-09:plan")
    assert handed.value.code == "closed"
    t.act("hand", seat="ussr", to="human")
    for _ in range(12):
        if "plan" in t.room.brief(t.seats["ussr"])["legal"]:
            break
        t.quiet()
    assert "plan" in t.room.brief(t.seats["ussr"])["legal"]


def test_with_nobody_at_the_table_the_next_month_waits_for_the_desk(table: Callable[..., Table]) -> None:
    t = table(start="1953-02", end="1953-12")
    for seat in t.seats:
        t.act("hand", seat=seat, to="autopilot")
    assert [m.month for m in t.live.state.months] == [1]
    t.act("close")
    assert [m.month for m in t.live.state.months] == [1, 2]
    t.act("hand", seat="usa", to="human")
    assert t.room.brief(t.seats["usa"])["stage"]["key"] == "1953-04:plan"


def test_an_injected_event_happens_in_the_next_month_and_is_logged(table: Callable[..., Table]) -> None:
    t = table()
    assert t.act("inject", event="unrest:poland") == {"month": "1962-10"}
    while len(t.live.state.months) < 2:
        t.quiet()
    names = list(t.room.desk(t.desk)["nature"])
    assert t.live.state.months[1].answers.nature[names.index("unrest:poland")] == 1
    with pytest.raises(RoomError):
        t.act("inject", event="unrest:atlantis")


def test_rewinding_plays_the_same_luck_again_and_keeps_the_branch(table: Callable[..., Table]) -> None:
    t = table()
    while len(t.live.state.months) < 2:
        t.quiet()
    left = [m.digest for m in t.live.state.months]
    t.act("rewind", to="1962-09")
    assert t.live.state.months == []
    assert t.room.brief(t.seats["usa"])["month"] == "1962-09"
    while len(t.live.state.months) < 2:
        t.quiet()
    assert [m.digest for m in t.live.state.months] == left
    assert sum(e.kind == "month" for e in t.live.log) == 4


def test_a_fork_begins_as_its_parent_stood_with_links_of_its_own(table: Callable[..., Table]) -> None:
    t = table()
    while len(t.live.state.months) < 2:
        t.quiet()
    links = t.act("fork", at="1962-10")
    child = t.room.live[links["exercise"]]
    assert [m.digest for m in child.state.months] == [t.live.state.months[0].digest]
    assert digest(child.replay()[-1]) == t.live.state.months[0].digest
    assert set(links["seats"].values()).isdisjoint(t.links.seats.values())
    assert t.room.brief(t.room.enter(links["seats"]["usa"]))["month"] == "1962-10"


def test_a_reissued_link_kills_the_old_one(table: Callable[..., Table]) -> None:
    t = table()
    fresh = t.act("reissue", seat="usa")["token"]
    assert t.room.enter(fresh) == t.seats["usa"]
    with pytest.raises(RoomError) as dead:
        t.room.enter(t.links.seats["usa"])
    assert dead.value.code == "link"


def test_quiet_months_pass_by_themselves_until_somebody_must_answer(table: Callable[..., Table]) -> None:
    t = table(seats=["india"], start="1954-01", end="1955-12", quiet=4)
    passed = [e for e in t.live.log if e.kind == "passed"]
    stages = [e for e in t.live.log if e.kind == "stage"]
    assert 1 <= len(passed) <= 4
    assert len(stages) == 1
    assert t.live.state.quiet_run == 0


def test_standing_instructions_are_followed_in_quiet_months(table: Callable[..., Table]) -> None:
    t = table(seats=["usa"], start="1954-01", end="1955-12")
    t.room.standing(t.seats["usa"], ["usa:boast"])
    t.act("pass_quiet", months=3)
    t.quiet()
    while not any(e.kind == "passed" for e in t.live.log) and not t.live.state.ended:
        t.quiet()
    row = worlds.row(t.live.st, "usa:boast")
    assert next(e for e in t.live.log if e.kind == "passed").data["rows"] == {"usa": [row]}


def test_a_desk_may_do_only_what_there_is(table: Callable[..., Table]) -> None:
    t = table()
    for action, given in (
        ("dance", {}),
        ("extend", {}),
        ("hand", {"seat": "mars", "to": "human"}),
        ("rewind", {"to": "x"}),
    ):
        with pytest.raises(RoomError) as error:
            t.act(action, **given)
        assert error.value.code == "illegal"
        assert error.value.legal
    with pytest.raises(RoomError) as seat:
        t.room.act(t.seats["usa"], "pause")
    assert seat.value.code == "forbidden"


# ---- links, versions, files ----


def test_links_expire_and_deleted_exercises_are_gone(
    table: Callable[..., Table], operator: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    t = table(expires=1)
    with monkeypatch.context() as later:
        now = setup.DAY * 2 + __import__("time").time()
        later.setattr("detente.room.service.time.time", lambda: now)
        with pytest.raises(RoomError) as expired:
            t.room.enter(t.links.desk)
        assert expired.value.code == "expired"
    t.room.delete(operator, t.id)
    with pytest.raises(RoomError):
        t.room.enter(t.links.desk)
    assert t.room.store.log(t.id) == []
    assert t.room.exercises(operator) == []


def test_tokens_are_long_and_kept_only_as_hashes(table: Callable[..., Table], tmp_path: Any) -> None:
    t = table()
    token = t.links.seats["usa"]
    assert len(token) * 6 >= 128
    t.room.store.engine.dispose()
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("room.db*"))
    assert token.encode() not in raw


def test_an_exercise_of_another_version_is_read_from_what_was_shown(
    table: Callable[..., Table], months: Kernel, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    t = table()
    shown = t.room.brief(t.seats["usa"])["aims"]
    monkeypatch.setattr(months, "version", "another")
    other = Room(Store(url), months)
    brief = other.brief(t.seats["usa"])
    assert brief["aims"] == shown
    assert brief["read_only"]
    with pytest.raises(RoomError) as version:
        other.file(t.seats["usa"], "1962-09:plan", {"plan": []}, 0)
    assert version.value.code == "version"


def test_an_exported_exercise_is_imported_and_goes_on(
    table: Callable[..., Table], months: Kernel, tmp_path: Any
) -> None:
    t = table()
    t.room.write(t.seats["usa"], ["ussr"], "A secret hope")
    while len(t.live.state.months) < 2:
        t.quiet()
    blob, bare = t.room.export(t.desk), t.room.export(t.desk, letters=False)
    other = Room(Store(f"sqlite:///{tmp_path / 'other.db'}"), months)
    boss = other.enter(other.operator_link())
    found = other.restore(boss, blob)
    assert found["same"]
    copy = other.live[found["exercise"]]
    assert digest(copy.world) == digest(t.live.world)
    assert essence(copy)[: len(t.live.log)] == essence(t.live)
    other.act(other.enter(found["desk"]), "resume")
    who = other.enter(found["seats"]["usa"])
    assert other.brief(who)["open"] == t.room.brief(t.seats["usa"])["open"]
    assert "A secret hope" not in str(export.unpacked(bare))
    assert "A secret hope" in str(export.unpacked(blob))


@pytest.mark.parametrize("blob", [b"", b"PK\x03\x04", b"x" * 1000])
def test_a_file_that_is_no_exercise_is_refused(room: Room, operator: Pass, blob: bytes) -> None:
    with pytest.raises(RoomError) as wrong:
        room.restore(operator, blob)
    assert wrong.value.code == "import"


def test_a_setup_that_cannot_be_played_is_refused(room: Room, operator: Pass) -> None:
    base: dict[str, Any] = {"title": "x", "start": "1962-09", "end": "1962-12", "seats": ["usa"]}
    for wrong in (
        {"seats": ["egypt"]},
        {"seats": []},
        {"end": "1961-01"},
        {"start": "1970-01"},
        {"measures": ["joy"]},
        {"seed": -1},
        {"colour": "red"},
    ):
        with pytest.raises(RoomError) as error:
            room.create(operator, base | wrong)
        assert error.value.code == "setup"
        assert error.value.text.ru
    assert room.exercises(operator) == []


def test_the_first_month_opens_in_the_world_of_the_record(table: Callable[..., Table]) -> None:
    """Missiles that the record has on Cuba by September 1962 are known to their author alone."""
    t = table(seats=["usa", "ussr", "cuba"], start="1962-09")
    assert t.live.setup.first == month_of(__import__("datetime").date(1962, 9, 1))
    author, host = t.live.st.deciders.index("ussr"), t.live.st.actors.index("cuba")
    assert t.live.world.arsenals.hidden[author, host] > 0.5


def test_a_seat_opens_knowing_what_was_public_in_the_months_before(table: Callable[..., Table]) -> None:
    t = table(seats=["usa"], start="1962-10", end="1962-12")
    events = t.room.brief(t.seats["usa"])["events"]
    assert [one["month"] for one in events] == ["1962-09", "1962-08", "1962-07"]
    assert all(one["events"] for one in events)


def test_a_crisis_tells_who_did_what(table: Callable[..., Table]) -> None:
    t = table(seats=["usa", "ussr", "cuba"], start="1962-10", end="1963-12", seed=4)
    rng, looked = random.Random(2), 0
    for _ in range(60):
        for seat, who in t.seats.items():
            told = t.room.brief(who)
            for crisis in told["crises"]:
                sides = crisis["challenger"], crisis["defender"]
                assert all(step.partition(":")[0] in sides for step in crisis["path"])
                looked += len(crisis["path"])
            if told["open"] and told["filed"] is None:
                bold = [row for row in told["legal"].get("plan", []) if "show-force" in row or "blockade" in row]
                t.file(seat, {"plan": bold[:1]} if bold else chosen(told, rng))
    assert looked
