"""What is acknowledged is kept, whatever happens to the server, in either database."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from room_kit import essence, made, play

from detente.room import api
from detente.room.kernel import Kernel, digest
from detente.room.service import Room
from detente.room.store import Store

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_a_killed_server_loses_nothing_that_it_acknowledged(months: Kernel) -> None:
    """Three kills; the long form is `python scripts/room_kills.py 100`."""
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / "room_kills.py"), "3"], capture_output=True, text=True, timeout=240, check=False
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    assert found["lost"] == 0
    assert found["acknowledged"] > 5
    assert found["opened"] == 1


class Full:
    """A store whose disk is full from the so many-th transaction on that writes to a log."""

    def __init__(self, store: Store, after: int = 0) -> None:
        self.store, self.after, self.plain = store, after, store.append

    def __enter__(self) -> None:
        self.store.append = self.append  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        self.store.append = self.plain  # type: ignore[method-assign]

    def append(self, *given: Any) -> None:
        self.after -= 1
        if self.after < 0:
            self.plain(*given)  # what a transaction has done before it fails is undone with it
            raise sa.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))
        self.plain(*given)


WRITTEN = {
    "an answer": lambda t: t.file("usa", {"plan": []}, t.live.state.stage.key, 0),
    "a letter": lambda t: t.room.write(t.seats["usa"], ["ussr"], "Sent?"),
    "standing instructions": lambda t: t.room.standing(t.seats["usa"], []),
    "a refusal": lambda t: t.file("usa", {"plan": ["none"]}, t.live.state.stage.key, 0),
    "a hand-over": lambda t: t.act("hand", seat="usa", to="autopilot"),
    "a close": lambda t: t.act("close"),
    "a rewind": lambda t: t.act("rewind", to="1953-02"),
    "a fork": lambda t: t.act("fork", at="1953-02"),
    "a new link": lambda t: t.act("reissue", seat="usa"),
    "an end": lambda t: t.act("end"),
}


@pytest.mark.parametrize("what", WRITTEN)
def test_what_is_not_committed_is_forgotten_whole(months: Kernel, url: str, what: str) -> None:
    """Where the disk is full the exercise stays as the store has it, and goes on when there is room again."""
    room = Room(Store(url), months)
    t = made(room, room.enter(room.operator_link()), start="1953-02", end="1953-04")
    before, known = essence(t.live), len(room.store.setups())
    with Full(room.store), pytest.raises(sa.exc.OperationalError):
        WRITTEN[what](t)
    assert [(e.kind, e.month, e.seat, e.data) for e in room.store.log(t.id)] == before
    assert len(room.store.setups()) == known
    assert room.enter(t.links.seats["usa"]) == t.seats["usa"]
    brief = room.brief(t.seats["usa"])
    assert (brief["filed"], brief["letters"], brief["held"], brief["ended"]) == (None, [], "human", "")
    assert essence(t.live) == [(e.kind, e.month, e.seat, e.data) for e in room.store.log(t.id)]
    room.act(t.desk, "resume")
    t.file("usa", {"plan": []})
    assert room.brief(t.seats["usa"])["filed"] == {"plan": []}


def test_an_answer_is_kept_though_what_follows_cannot_be(months: Kernel, url: str) -> None:
    """The last answer is acknowledged; the month that it closes waits for the disk, and nobody sees it before."""
    room = Room(Store(url), months)
    t = made(room, room.enter(room.operator_link()), start="1953-02", end="1953-04")
    t.file("usa", {"plan": []})
    with Full(room.store, after=1):
        assert t.file("ussr", {"plan": []})["closed"] is False
        room.tick()
    assert [e.kind for e in room.store.log(t.id)].count("filed") == 2
    assert room.brief(t.seats["ussr"])["month"] == "1953-02"
    room.act(t.desk, "resume")
    assert room.brief(t.seats["ussr"])["month"] == "1953-03"


def test_the_interface_says_that_nothing_can_be_kept(months: Kernel, url: str) -> None:
    room = Room(Store(url), months)
    t = made(room, room.enter(room.operator_link()), start="1953-02", end="1953-04")
    client = TestClient(api.application(room), headers={"authorization": f"Bearer {t.links.seats['usa']}"})
    body = {"stage": t.live.state.stage.key, "answers": {"plan": []}}
    with Full(room.store):
        answer = client.post(f"{api.PREFIX}/answers", json=body)
    assert (answer.status_code, answer.json()["code"]) == (503, "store")
    assert client.post(f"{api.PREFIX}/answers", json=body).status_code == 200


def test_a_snapshot_that_is_wrong_is_not_believed(months: Kernel, url: str) -> None:
    room = Room(Store(url), months)
    t = made(room, room.enter(room.operator_link()), start="1953-02", end="1953-12")
    while len(t.live.state.months) < 2:
        t.quiet()
    right = digest(t.live.world)
    from detente.room import worlds

    with room.store.begin() as db:
        room.store.snapshot(db, t.id, t.live.state.month, right, worlds.packed(t.live.opening))
    other = Room(Store(url), months)
    other.wake()
    assert digest(other.live[t.id].world) == right


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of its own on loopback; as root it runs as the user `postgres`, which it demands."""
    if not all(shutil.which(name) for name in ("initdb", "postgres")):
        pytest.skip("no PostgreSQL server here: install Debian's package `postgresql` to run this")
    pytest.importorskip("psycopg", reason="psycopg is not installed: install the extra `postgres`")
    root = os.getuid() == 0
    place = tmp_path_factory.mktemp("postgres")
    user: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if root else {}
    if root:
        try:
            shutil.chown(place, "postgres", "postgres")
        except LookupError:
            pytest.skip("PostgreSQL does not run as root, and there is no user `postgres`")
        for folder in (place, *place.parents):
            if folder.stat().st_uid == 0 and folder != Path("/"):
                folder.chmod(folder.stat().st_mode | 0o111)
    data, quiet = place / "data", {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(
        ["initdb", "-D", str(data), "-A", "trust", "-U", "room", "-N"], check=True, cwd=place, **quiet, **user
    )
    options = ["-c", "listen_addresses=", "-c", "fsync=off"]
    server = subprocess.Popen(["postgres", "-D", str(data), "-k", str(place), *options], cwd=place, **quiet, **user)
    url = f"postgresql+psycopg://room@/postgres?host={place}"
    try:
        _wait(url)
        yield url
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown: it waits for no connection
        server.wait(timeout=30)


def _wait(url: str) -> None:
    import time

    for _ in range(100):
        try:
            with sa.create_engine(url).connect():
                return
        except sa.exc.OperationalError:
            time.sleep(0.1)
    pytest.fail("PostgreSQL does not answer")


def test_postgresql_keeps_the_same_log_as_sqlite(months: Kernel, postgres: str, url: str) -> None:
    logs = []
    for where in (url, postgres):
        room = Room(Store(where), months)
        t = made(room, room.enter(room.operator_link()), start="1953-02", end="1953-04")
        room.write(t.seats["usa"], ["ussr"], "Привет \u0000 <b>")
        play(lambda s, t=t: t.room.brief(t.seats[s]), lambda s, *a, t=t: t.room.file(t.seats[s], *a), ["usa", "ussr"])
        again = Room(Store(where), months)
        assert again.desk(t.desk)["months"] == ["1953-02", "1953-03", "1953-04"]
        assert again.shown(t.seats["usa"])
        logs.append(essence(t.live))
        room.delete(room.enter(room.operator_link()), t.id)
        assert room.store.log(t.id) == []
    assert logs[0] == logs[1]
