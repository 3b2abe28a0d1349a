"""The interface for programs: whatever is sent, a clear sentence comes back and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from room_kit import Table

from detente.room import api
from detente.room.service import ACTIONS, Room

P = api.PREFIX


def head(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
def client(room: Room) -> TestClient:
    return TestClient(api.application(room), base_url="https://room.example")


def test_a_wrong_link_opens_nothing(client: TestClient) -> None:
    for token in ("", "nonsense", "x" * 5000, "Ω"):
        answer = client.get(f"{P}/brief", headers={"authorization": f"Bearer {token}".encode()})
        assert answer.status_code in (401, 429)
        assert answer.json()["message"]
    assert client.get(f"{P}/brief").status_code == 401
    russian = client.get(f"{P}/brief", headers={"accept-language": "ru"}).json()["message"]
    assert "ссылка" in russian.lower()


def test_a_link_opens_its_own_place_alone(client: TestClient, table: Callable[..., Table]) -> None:
    t = table()
    for path in ("desk", "exercises"):
        assert client.get(f"{P}/{path}", headers=head(t.links.seats["usa"])).status_code == 403
    assert client.get(f"{P}/brief", headers=head(t.links.desk)).status_code == 403
    assert client.get(f"{P}/export", headers=head(t.links.seats["usa"])).status_code == 403
    assert client.get(f"{P}/debrief", headers=head(t.links.watcher)).status_code == 403
    assert client.post(f"{P}/exercises", json={}, headers=head(t.links.desk)).status_code == 422


def test_a_token_becomes_a_cookie_of_that_seat_alone(client: TestClient, table: Callable[..., Table]) -> None:
    """Two seats and the desk can be open in one browser; a page that cannot name the cookie gets nothing."""
    t = table()
    names = {}
    for place, token in {**t.links.seats, "desk": t.links.desk}.items():
        answer = client.post(f"{P}/enter", json={"token": token})
        names[place] = answer.json()["pass"]
        kept = answer.headers["set-cookie"].lower()
        assert "httponly" in kept
        assert "samesite=strict" in kept
        assert "secure" in kept
    assert len(set(names.values())) == 3
    for seat in t.seats:
        assert client.get(f"{P}/brief", headers={"x-detente-pass": names[seat]}).json()["seat"] == seat
    assert client.get(f"{P}/brief").status_code == 401


def test_a_letter_of_ten_megabytes_is_refused(client: TestClient, table: Callable[..., Table]) -> None:
    t = table()
    body = {"to": ["ussr"], "text": "x" * 10_000_000}
    answer = client.post(f"{P}/letters", json=body, headers=head(t.links.seats["usa"]))
    assert answer.status_code == 413
    assert "Nothing was done" in answer.json()["message"]
    assert t.live.state.letters == []


def test_script_in_a_letter_stays_text(client: TestClient, table: Callable[..., Table]) -> None:
    t = table()
    text = "<script>alert('x')</script> & \"quotes\" \u202e \u0000"
    sent = client.post(f"{P}/letters", json={"to": ["ussr"], "text": text}, headers=head(t.links.seats["usa"]))
    assert sent.status_code == 200
    assert t.live.state.letters[0].text == text.strip()
    assert sent.headers["content-type"] == "application/json"


def test_an_answer_to_a_closed_stage_changes_nothing(client: TestClient, table: Callable[..., Table]) -> None:
    t = table()
    t.quiet()
    before = [m.digest for m in t.live.state.months]
    body = {"stage": "1962-09:plan", "answers": {"plan": ["usa:boast"]}}
    answer = client.post(f"{P}/answers?lang=ru", json=body, headers=head(t.links.seats["usa"]))
    assert answer.status_code == 409
    assert "закрыт" in answer.json()["message"]
    assert [m.digest for m in t.live.state.months] == before


def test_of_two_answers_at_once_one_counts_and_the_other_is_told(
    client: TestClient, table: Callable[..., Table]
) -> None:
    t = table()
    bodies = [{"stage": "1962-09:plan", "answers": {"plan": [row]}} for row in ("usa:boast", "usa:reform")]

    def post(body: dict[str, Any]) -> Any:
        return client.post(f"{P}/answers", json=body, headers=head(t.links.seats["usa"]))

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(post, bodies))
    codes = sorted(answer.status_code for answer in answers)
    assert codes in ([200, 409], [200, 422])
    kept = t.room.brief(t.seats["usa"])["filed"]
    won = next(body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 200)
    assert kept == won["answers"]


def test_the_clock_is_the_servers_whatever_zone_anybody_lives_in(
    client: TestClient, table: Callable[..., Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    t = table(clocks={"plan": 60, "answer": 60, "crisis": 60})
    left = []
    for zone in ("Asia/Kamchatka", "America/Los_Angeles"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        left.append(client.get(f"{P}/brief", headers=head(t.links.seats["usa"])).json()["seconds_left"])
    monkeypatch.undo()
    time.tzset()
    assert left == [60.0, 60.0]


def test_everything_that_a_desk_may_do_is_there(client: TestClient, table: Callable[..., Table]) -> None:
    """Each action by name: done, or refused with what it takes."""
    t = table()
    what: dict[str, dict[str, Any]] = {
        "hand": {"seat": "ussr", "to": "autopilot"},
        "reissue": {"seat": "ussr"},
        "inject": {"event": "unrest:poland"},
        "announce": {"text": "Ten minutes more."},
        "pass_quiet": {"months": 2},
        "rewind": {"to": "1962-09"},
        "fork": {"at": "1962-09"},
    }
    for action in ACTIONS:
        if action not in ("end", "extend"):
            answer = client.post(f"{P}/desk/{action}", json=what.get(action, {}), headers=head(t.links.desk))
            assert answer.status_code == 200, (action, answer.text)
    assert client.post(f"{P}/desk/extend", json={"seconds": 5}, headers=head(t.links.desk)).status_code == 422
    assert client.post(f"{P}/desk/end", json={}, headers=head(t.links.desk)).status_code == 200
    assert client.post(f"{P}/desk/pause", json={}, headers=head(t.links.desk)).status_code == 409
    assert client.get(f"{P}/debrief", headers=head(t.links.watcher)).status_code == 200


def test_too_many_requests_are_told_to_wait(
    client: TestClient, table: Callable[..., Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "READS", 5)
    t = table()
    codes = [client.get(f"{P}/me", headers=head(t.links.seats["usa"])).status_code for _ in range(7)]
    assert codes == [200] * 5 + [429] * 2
    assert client.get(f"{P}/me", headers=head(t.links.seats["ussr"])).status_code == 200


def requested(operation: Any, tokens: list[str]) -> list[int]:
    """What the server answers to random requests of one operation, under each link."""
    asked: list[int] = []

    @settings(max_examples=4, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def run(case: Any) -> None:
        for token in tokens:
            answer = case.call(headers=head(token))
            asked.append(answer.status_code)
            assert answer.status_code < 500, (case.method, case.path, answer.text)

    run()
    return asked


def test_no_request_breaks_the_server(room: Room, table: Callable[..., Table], monkeypatch: pytest.MonkeyPatch) -> None:
    """Schemathesis: random requests, well formed and not, under each kind of link; never a fault of the server."""
    for name in ("READS", "WRITES", "TRIES"):
        monkeypatch.setattr(api, name, 10**9)
    t = table()
    schema = schemathesis.openapi.from_asgi("/openapi.json", api.application(room))
    tokens = [t.links.seats["usa"], t.links.desk, room.operator_link()]
    asked: list[int] = []

    for found in schema.get_all_operations():
        operation = found.ok()
        if room.store.opens(tokens[1]) is None or t.live.state.ended:  # a random request ended it or reissued its link
            t = table()
            tokens = [t.links.seats["usa"], t.links.desk, room.operator_link()]

        asked += requested(operation, tokens)
    assert len(asked) > 100
