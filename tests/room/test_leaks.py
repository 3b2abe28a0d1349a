"""What a seat is shown is the same to the byte, whatever changes that it may not know."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from room_kit import Table, chosen, veil

from detente.room import api, briefing
from detente.room.exercise import Exercise
from detente.room.service import Room
from test_views import KNOWN, NOBODY, OWN, OWN_ACTOR
from test_views import WHOLE as EVERYBODY

WORLDS = 8


def page(ex: Exercise, seat: str) -> str:
    return json.dumps(briefing.brief(ex.kernel, briefing.known(ex, seat)), ensure_ascii=False)


def played(table: Callable[..., Table], **settings: Any) -> Table:
    """Two months into an exercise, letters written, a plan filed, at an open stage of planning."""
    t = table(seats=["usa", "ussr", "cuba"], start="1962-08", end="1963-03", **settings)
    for _ in range(2):
        while t.live.state.stage and t.live.state.stage.kind != "plan":
            t.quiet()
        t.room.write(t.seats["usa"], ["ussr"], "From Washington")
        t.room.write(t.seats["ussr"], ["cuba"], "From Moscow")
        t.quiet()
    while t.live.state.stage and t.live.state.stage.kind != "plan":
        t.quiet()
    return t


def test_the_kit_alters_all_that_a_seat_may_not_know() -> None:
    """Its lists are those of the views: nothing that is hidden is left unaltered."""
    import room_kit

    assert {p for p, rule in KNOWN.items() if rule == OWN} == room_kit.OWN
    assert {p for p, rule in KNOWN.items() if rule == OWN_ACTOR} == room_kit.OWN_ACTOR
    assert {p for p, rule in KNOWN.items() if rule == NOBODY} == room_kit.NOBODY
    rest = {p for p, rule in KNOWN.items() if rule not in (OWN, OWN_ACTOR, NOBODY, EVERYBODY)}
    assert rest == {"relations.tension", "home.fatigue"}


def test_builders_hand_out_the_same_bytes(table: Callable[..., Table]) -> None:
    t = played(table)
    for n in range(WORLDS):
        seat = t.live.setup.seats[n % 3]
        altered = veil(t.live, seat, n)
        assert not np.array_equal(altered.world.arsenals.icbm, t.live.world.arsenals.icbm)
        assert page(altered, seat) == page(t.live, seat)


def test_stages_of_answers_and_of_a_crisis_tell_no_more(table: Callable[..., Table]) -> None:
    """Played from Cuba's autumn on by a rule, until both kinds of stage were open."""
    t = table(seats=["usa", "ussr", "cuba"], start="1962-10", end="1963-12", seed=4)
    rng, looked = random.Random(2), {"answer": 0, "crisis": 0}
    for _ in range(60):
        stage = t.live.state.stage
        if stage is None:
            break
        if stage.kind in looked and looked[stage.kind] < 4:
            looked[stage.kind] += 1
            for seat in t.seats:
                for n in range(WORLDS):
                    assert page(veil(t.live, seat, n), seat) == page(t.live, seat), (stage, n)
        for seat, who in t.seats.items():
            told = t.room.brief(who)
            if told["open"] and told["filed"] is None and t.live.state.stage is not None:
                bold = [row for row in told["legal"].get("plan", []) if "show-force" in row or "blockade" in row]
                t.file(seat, {"plan": bold[:1]} if bold else chosen(told, rng))
    assert min(looked.values()) >= 1, looked


def test_what_mediating_is_worth_rests_on_what_is_public(table: Callable[..., Table]) -> None:
    """A third knows how threatened the two sides are, not what each feels for the other."""
    t = table(seats=["india"], start="1953-02", end="1953-03")
    for seat in range(4):
        assert page(veil(t.live, "india", seat), "india") == page(t.live, "india")
    worth = [row["worth"] for row in t.room.brief(t.seats["india"])["plan"]["rows"] if row["instrument"] == "mediate"]
    assert worth
    assert None not in worth


def test_the_interface_hands_out_the_same_bytes(table: Callable[..., Table]) -> None:
    t = played(table)
    client, ex = TestClient(api.application(t.room)), t.live

    def bodies(seat: str) -> list[bytes]:
        head = {"authorization": f"Bearer {t.links.seats[seat]}"}
        get = [client.get(f"{api.PREFIX}/{what}?lang=ru", headers=head) for what in ("brief", "shown", "me", "sheet")]
        watch = client.get(f"{api.PREFIX}/watch", headers={"authorization": f"Bearer {t.links.watcher}"})
        assert all(answer.status_code == 200 for answer in [*get, watch])
        return [answer.content for answer in [*get, watch]]

    for n in range(6):
        seat = ex.setup.seats[n % 3]
        before = bodies(seat)
        t.room.live[t.id] = veil(ex, seat, n)
        t.room.store.draft(t.id, "usa" if seat != "usa" else "ussr", ex.state.stage.key, {"plan": [f"draft {n}"]})
        after = bodies(seat)
        t.room.live[t.id] = ex
        assert after == before


def test_a_planted_leak_is_found(table: Callable[..., Table], monkeypatch: pytest.MonkeyPatch) -> None:
    """The truth in place of a belief, another's letter, another's answer: each changes the bytes."""
    t = played(table)
    plain, door = briefing.knows, briefing.known

    def truth(heard: Any, ex: Exercise, seat: str) -> Any:
        centre = ex.st.rival_centre[ex.st.deciders.index(seat)]
        return plain(heard, ex, seat) | {"rival_missiles": np.log1p(ex.world.arsenals.icbm[ex.st.cen[centre]])}

    def letters(ex: Exercise, seat: str) -> Any:
        return door(ex, seat)._replace(letters=tuple(ex.state.letters))

    def count(ex: Exercise, seat: str) -> Any:
        return door(ex, seat)._replace(announced=((ex.state.month, f"{len(ex.state.filed)} have answered"),))

    def deeds(ex: Exercise, seat: str) -> Any:
        return door(ex, seat)._replace(heard_of=tuple(ex.happened()))

    for name, leak in (("knows", truth), ("known", letters), ("known", count), ("known", deeds)):
        with monkeypatch.context() as patch:
            patch.setattr(briefing, name, leak)
            found = [page(veil(t.live, "usa", n), "usa") != page(t.live, "usa") for n in range(4)]
        assert any(found), leak.__name__


def test_a_seat_is_not_told_that_another_has_answered(table: Callable[..., Table]) -> None:
    t = played(table)
    room: Room = t.room
    heard: dict[str, list[str]] = {"usa": [], "ussr": [], "cuba": []}
    for seat, who in t.seats.items():
        room.subscribe(who, heard[seat].append)
    before = room.brief(t.seats["usa"])
    t.file("ussr", {"plan": []})
    assert room.brief(t.seats["usa"]) == before
    assert heard == {"usa": [], "ussr": ["own"], "cuba": []}
