"""What a seat's browser receives is the same to the byte, whatever changes that the seat may not know."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from room_browser import CHROMIUM, FLAGS
from room_kit import NO_CLOCKS, Table, made, veil

from detente.room import app, briefing
from detente.room.exercise import Exercise
from detente.room.kernel import Kernel
from detente.room.pages import live
from detente.room.service import Room

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the extra `test`")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium")
SEAT = "usa"
RANDOM = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # a page, a tab, a document
    r'|(?<="sid":")[\w-]+|(?<=nonce=")[\w-]+|(?<=nonce=\\")[\w-]+'
)
"""What is random in a page and on its socket: all that the server makes anew for each."""


@pytest.fixture(scope="module")
def served(months: Kernel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Table]]:
    """The room in a thread of this process, so that its World can be altered; its exercise at an open stage."""
    with pytest.MonkeyPatch.context() as patch:
        folder: Path = tmp_path_factory.mktemp("leaks")
        patch.setenv("NICEGUI_STORAGE_PATH", str(folder / "nicegui"))
        there = threading.Event()
        found = app.create(data=folder, announce=lambda _: there.set(), kernel=lambda _: months)
        server = uvicorn.Server(uvicorn.Config(found, port=0, log_level="error", access_log=False))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        assert there.wait(120), "the room did not open"
        port = server.servers[0].sockets[0].getsockname()[1]
        room: Room = found.state.room
        boss = room.enter(room.operator_link())
        t = made(room, boss, seats=["usa", "ussr", "cuba"], start="1962-08", end="1963-03", clocks=NO_CLOCKS)
        for _ in range(2):
            room.write(t.seats["usa"], ["ussr"], "From Washington")
            room.write(t.seats["ussr"], ["cuba", "usa"], "From Moscow")
            month = t.live.state.month
            while t.live.state.month == month:
                t.quiet()
        yield f"http://localhost:{port}", t
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


class Ear:
    """Everything that a page's browser is sent: bodies of answers by address, and frames of its sockets."""

    def __init__(self, context: Any) -> None:
        self.page = context.new_page()
        self.answers: list[Any] = []
        self.frames: list[str] = []
        self.page.on("response", lambda answer: self.answers.append(answer))
        self.page.on("websocket", lambda line: line.on("framereceived", lambda frame: self.frames.append(str(frame))))

    def heard(self) -> list[str]:
        """... since the last time, random identifiers replaced by their order."""
        bodies = []
        for answer in self.answers:
            with suppress(playwright.Error):  # a redirection has no body
                bodies.append(f"{answer.request.method} {answer.url} {answer.status} {answer.body()!r}")
        told = sorted(bodies) + [frame for frame in self.frames if frame not in ("2", "3")]
        self.answers.clear()
        self.frames.clear()
        order: dict[str, str] = {}
        return [RANDOM.sub(lambda m: order.setdefault(m[0], f"<{len(order)}>"), one) for one in told]


def listened(browser: Any, url: str, t: Table) -> list[str]:
    """A seat opens its page, ticks a move, asks the interface, and hears of a stage: all that it receives."""
    context = browser.new_context(locale="en", viewport={"width": 1280, "height": 900})
    try:
        ear = Ear(context)
        page = ear.page
        page.goto(f"{url}/enter#{t.links.seats[SEAT]}")
        page.wait_for_selector(".seat-top")
        page.wait_for_function("() => window.did_handshake")
        page.locator("input[name=plan]").nth(1).check()
        page.wait_for_function("() => document.querySelector('[data-draft]').dataset.draft !== ''")
        ask = """async what => (await fetch('/api/v1/' + what, {headers:
            {'X-Detente-Pass': document.querySelector('[data-pass]').dataset.pass}})).text()"""
        for what in ("brief", "shown", "me", "sheet"):
            page.evaluate(ask, what)
        t.room._tell(t.id, "stage")  # every page makes its parts again, and sends what differs
        page.wait_for_timeout(400)
        return ear.heard()
    finally:
        context.close()


def altered(browser: Any, url: str, t: Table, real: Exercise, n: int) -> list[str]:
    """The same in a World altered in everything that the seat may not know; others have drafts of their own."""
    t.room.store.draft(t.id, SEAT, "none", {})
    t.room.live[t.id] = veil(real, SEAT, n)
    t.room.store.draft(t.id, "ussr", real.state.stage.key if real.state.stage else "", {"plan": [f"draft {n}"]})
    try:
        return listened(browser, url, t)
    finally:
        t.room.live[t.id] = real


@pytest.mark.parametrize("worlds", [3, pytest.param(24, marks=pytest.mark.slow)])
def test_bodies_and_frames_are_the_same_in_altered_worlds(browser, served, worlds):
    url, t = served
    real = t.live
    t.room.store.draft(t.id, SEAT, "none", {})
    before = listened(browser, url, t)
    assert any("/live/seat/" in one for one in before)
    assert any("/api/v1/brief" in one for one in before)
    assert any(one.startswith('42["update"') for one in before)
    for n in range(worlds):
        assert altered(browser, url, t, real, n) == before, n


def test_nothing_comes_while_others_act(browser, served):
    """The page is open while World, luck, answers, orders and letters of others change under it."""
    url, t = served
    real, context = t.live, browser.new_context(locale="en")
    ear = Ear(context)
    ear.page.goto(f"{url}/enter#{t.links.seats[SEAT]}")
    ear.page.wait_for_selector(".seat-top")
    ear.page.wait_for_function("() => window.did_handshake")
    ear.page.wait_for_timeout(300)
    ear.heard()
    for n in range(3):
        t.room.live[t.id] = veil(real, SEAT, n)
        t.room._tell(t.id, "stage")
        ear.page.wait_for_timeout(300)
        assert ear.heard() == []
    t.room.live[t.id] = real
    t.file("ussr", {"plan": []})
    t.room.write(t.seats["ussr"], ["cuba"], "In the month")
    ear.page.wait_for_timeout(300)
    assert ear.heard() == []
    context.close()


def truth(patch: pytest.MonkeyPatch) -> None:
    """A builder takes the truth for a belief."""
    plain: Callable[..., Any] = briefing.knows

    def knows(heard: Any, ex: Exercise, seat: str) -> Any:
        centre = ex.st.rival_centre[ex.st.deciders.index(seat)]
        return plain(heard, ex, seat) | {"rival_missiles": np.log1p(ex.world.arsenals.icbm[ex.st.cen[centre]])}

    patch.setattr(briefing, "knows", knows)


def count(patch: pytest.MonkeyPatch) -> None:
    """The interface tells how many have answered."""
    plain: Callable[..., Any] = Room._now
    patch.setattr(Room, "_now", lambda room, ex, who: plain(room, ex, who) | {"answered": sorted(ex.state.filed)})


def orders(patch: pytest.MonkeyPatch) -> None:
    """The page says what others have left as standing orders."""
    plain: Callable[..., Any] = live._data

    def data(who: Any, draft: str) -> Any:
        found = plain(who, draft)
        return found + str(sorted(map(str, ROOM[0].live[who.exercise].state.standing.values())))

    patch.setattr(live, "_data", data)


ROOM: list[Room] = []


@pytest.mark.parametrize("leak", [truth, count, orders])
def test_a_planted_leak_is_found_in_the_browser(browser, served, monkeypatch, leak):
    url, t = served
    real = t.live
    ROOM[:] = [t.room]
    leak(monkeypatch)
    t.room.store.draft(t.id, SEAT, "none", {})
    before = listened(browser, url, t)
    assert any(altered(browser, url, t, real, n) != before for n in range(4))


def test_a_frame_that_tells_of_others_is_found(browser, served, monkeypatch):
    """A leak on the socket alone: a page that is sent something whenever another seat acts."""
    url, t = served
    real, context = t.live, browser.new_context(locale="en")
    plain: Callable[..., Any] = live._data
    monkeypatch.setattr(live, "_data", lambda who, draft: plain(who, draft) + f"<!-- {time.monotonic_ns()} -->")
    ear = Ear(context)
    ear.page.goto(f"{url}/enter#{t.links.seats[SEAT]}")
    ear.page.wait_for_selector(".seat-top")
    ear.page.wait_for_function("() => window.did_handshake")
    ear.page.wait_for_timeout(300)
    ear.heard()
    t.room.live[t.id] = veil(real, SEAT, 1)
    t.room._tell(t.id, "stage")
    ear.page.wait_for_timeout(400)
    t.room.live[t.id] = real
    assert ear.heard() != []
    context.close()
