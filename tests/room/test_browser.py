"""The room in headless Chromium: a whole exercise of three people, keyboard alone, accessibility, both languages."""

from __future__ import annotations

import io
import json
import re
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from room_browser import CHROMIUM, FLAGS
from room_kit import Clock, essence

from detente.ladder.tree import PLAYS
from detente.room import api, export
from detente.room.briefing import STEP_NAMES
from detente.room.kernel import Kernel
from detente.room.pages import shell
from detente.room.service import Room
from detente.room.store import Entry, Store

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the extra `test`")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe, of the extra `test`")
SCRIPT = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium"),
]


class Server:
    """The room in a process that can be killed."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://localhost:{self.port}"
        self.start()

    def start(self) -> None:
        script = Path(__file__).with_name("serve_room.py")
        command = [sys.executable, str(script), str(self.port), str(self.data)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.token = self.process.stdout.readline().strip()
        assert self.token, "the room did not start"

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("room"))
    yield found
    found.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """What consoles said and what was asked of other hosts; empty at the end."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def opened(browser: Any, server: Server, faults: list[str]) -> Iterator[Callable[..., Any]]:
    """A page of a browser of its own."""
    contexts = []

    def context(lang: str = "en", width: int = 1280, hosts: tuple[str, ...] = (server.url,)) -> Any:
        made = browser.new_context(locale=lang, viewport={"width": width, "height": 900})
        made.on(
            "console",
            lambda m: (
                faults.append(m.text)
                if m.type == "error" and not re.search("Failed to load|ERR_CONNECTION", m.text)
                else None
            ),
        )
        made.on("weberror", lambda e: faults.append(str(e.error)))
        made.on("request", lambda r: faults.append(r.url) if not r.url.startswith((*hosts, "data:", "blob:")) else None)
        made.set_default_timeout(60_000)
        contexts.append(made)
        return made

    def page(path: str, lang: str = "en", width: int = 1280, within: Any = None, **named: Any) -> Any:
        found = (within or context(lang, width, **named)).new_page()
        found.goto(path if path.startswith("http") else server.url + path)
        return found

    page.context = context  # type: ignore[attr-defined]
    yield page
    for one in contexts:
        one.close()


def link(server: Server, token: str) -> str:
    return f"{server.url}/enter#{token}"


def made(opened: Any, server: Server, lang: str = "en", end: str = "1962-11") -> tuple[Any, list[str]]:
    """The operator makes the exercise of thirty minutes; the links of desk, watcher, seats."""
    page = opened(link(server, server.token), lang)
    page.wait_for_url("**/seats")
    page.goto(server.url + "/seats/new?exercise=cuba-thirty-minutes")
    for name in ("plan", "answer", "crisis"):
        page.fill(f"input[name={name}]", "0")
    page.fill("input[name=end]", end)
    page.click("form.setup button:not([value])")
    page.wait_for_selector(".links")
    return page, [one.inner_text().strip() for one in page.locator(".links .code").all()]


def entered(opened: Any, url: str, lang: str = "en") -> Any:
    page = opened(url, lang)
    page.wait_for_selector(".seat-top")
    return page


BOLD = ("blockade", "show-force", "ultimatum", "deploy")
"""What a menu's row is named after that may open a crisis."""
PATIENCE = 10_000
"""Milliseconds after which a form is looked for anew."""
CALM = ("accept", "back-down", "offer", "hold")
"""How tests play a ladder, the first that is open: so that few of them end in war."""


def answer(page: Any, nth: int, *, bold: bool = False) -> bool:
    """File what is asked of a seat, if anything is; any legal answer will do."""
    form = page.locator("#decide form[data-send=answers]")
    if not form.count() or page.locator("#decide .said.good").count():
        return False
    before = mark(page)
    menu = "input[name=plan]:not(:checked):not(:disabled)"
    try:
        if form.locator("input[name=plan]").count():
            picked = form.locator(", ".join(f"{menu}[value*={name}]" for name in BOLD))
            (picked.first if bold and picked.count() else form.locator(menu).nth(nth % 9)).check(timeout=PATIENCE)
        for group in form.locator("fieldset:has(input[type=radio])").all():
            steps = [one for name in CALM for one in group.locator(f"input[value={name}]").all()]
            (steps[0] if steps else group.locator("input[type=radio]").first).check(timeout=PATIENCE)
        form.locator("button:not([type=button])").first.click(timeout=PATIENCE)
    except playwright.TimeoutError:  # the page was renewed meanwhile: another stage is open
        if mark(page) == before:
            raise
        return False
    page.wait_for_function(f"was => ({MARK}) !== was", arg=before)
    return True


MARK = """(form => form ? form.dataset.stage + form.dataset.revision : "")(
    document.querySelector("form[data-send=answers]"))"""
"""What changes when answers are filed: the stage, or the revision of what was filed."""


def mark(page: Any) -> str:
    return str(page.evaluate(MARK))


def play(pages: list[Any], until: Callable[[], bool], seconds: float = 90, *, bold: bool = False) -> None:
    end, k = time.monotonic() + seconds, 0
    while not until():
        assert time.monotonic() < end, "the exercise did not go on"
        acted = [answer(page, k + n, bold=bold) for n, page in enumerate(pages)]
        if not any(acted):
            pages[0].wait_for_timeout(200)
        k += 1


# ---- a whole exercise ----
@pytest.mark.parametrize(
    ("end", "middle"), [("1962-11", ""), pytest.param("1963-09", "April 1963", marks=pytest.mark.slow)]
)
def test_three_people_play_from_set_up_to_debrief_through_letters_reloads_and_a_killed_server(
    opened, server, tmp_path, months, end, middle
):
    """Two months; the long form twelve, with a crisis that a move has opened, its server killed in the middle."""
    _, links = made(opened, server, end=end)
    desk, watcher = entered(opened, links[0]), entered(opened, links[1])
    seats = [entered(opened, url) for url in links[2:]]
    titles = [page.locator(".seat-top .kicker").inner_text() for page in seats]
    assert len({*titles}) == 3

    # a letter with script in it arrives as text, with the next month
    one, other = seats[1], seats[2]
    to = other.url.rpartition("/")[2]
    one.click("#write summary")
    one.check(f"#write input[value={to}]")
    one.fill("#write textarea", SCRIPT)
    one.click("#write button")
    playwright.expect(one.locator("#write .said")).to_have_text(shell.text("en", "seats.seat.sent"))
    assert other.locator(".letter").count() == 0

    # a draft is there again after a reload and in a second browser
    other.locator("input[name=plan]").nth(2).check()
    picked = other.locator(".picked").inner_text()
    other.wait_for_timeout(700)
    second = entered(opened, next(url for url in links[2:] if url != links[2] and url != links[3]))
    same = second if second.url == other.url else other
    same.reload()
    same.wait_for_selector(".picked li:not(.none)")
    assert same.locator(".picked").inner_text() == picked

    month = watcher.locator("h1").inner_text()
    play(seats, lambda: watcher.locator("h1").inner_text() != month, bold=True)
    other.wait_for_selector(".letter")
    assert SCRIPT in other.locator(".letter").first.inner_text()
    assert all(page.title() != "run" for page in [*seats, desk, watcher])
    assert watcher.locator(".letter").count() == 0

    if middle:
        play(seats, lambda: watcher.locator("h1").inner_text() == middle, 900, bold=True)

    # a seat is handed to autopilot, and the server is killed in the middle
    desk.locator("form[data-send='desk/hand'] button").first.click()
    playwright.expect(seats[0].locator("#decide .note")).to_have_text(shell.text("en", "seats.seat.handed"))
    filed = answer(one, 3)
    server.kill()
    server.start()
    desk.wait_for_selector("form[data-send='desk/resume']", timeout=60_000)  # it comes back by itself
    desk.locator("form[data-send='desk/resume'] button").click()
    playwright.expect(desk.locator("form[data-send='desk/pause']")).to_be_visible()
    for page in [*seats, watcher]:
        page.wait_for_selector(".seat-top")
    if filed and one.locator("h1").inner_text() == desk.locator("h1").inner_text():
        assert one.locator("#decide .said.good").count() or not one.locator("#decide form[data-send=answers]").count()

    play(seats[1:], lambda: desk.locator("a[href$='/debrief']:not(.plainly)").count() > 0, 900)

    # the debrief beside the record, and everything to take along
    desk.click("a[href$='/debrief']")
    desk.wait_for_selector(".rail")
    assert desk.locator(".rail").count() == (12 if middle else 2)
    assert SCRIPT in desk.locator(".letter").first.inner_text()
    with desk.expect_download() as download:
        desk.click("a[href$='export.zip']")
    blob = Path(download.value.path()).read_bytes()
    content = zipfile.ZipFile(io.BytesIO(blob))
    told = json.loads(content.read("manifest.json"))
    log = export.unpacked(blob)[1]
    if middle:
        assert len(told["months"]) == 12
        assert any(e.kind == "closed" and e.data["steps"] for e in log), "no crisis opened"
    assert {e.data["why"] for e in log if e.kind == "paused"} == {"restart"}

    if middle:
        matters(desk)

    # seats see it too, and the exercise can be brought in again, the same to the bit
    seats[1].goto(desk.url)
    seats[1].wait_for_selector(".rail")
    empty = Server(tmp_path)
    try:
        operator = empty_handed(opened, empty)
        operator.set_input_files("form[action='/seats/import'] input", download.value.path())
        operator.click("form[action='/seats/import'] button")
        playwright.expect(operator.locator(".note.good")).to_have_text(shell.text("en", "seats.import.same"))
    finally:
        empty.stop()

    # and the same answers through the interface for programs alone give the same log
    assert again(log, months, f"sqlite:///{tmp_path / 'again.db'}") == [(e.kind, e.month, e.seat, e.data) for e in log]


def matters(desk: Any) -> None:
    """The desk starts both works of the debrief from its page, and sees what they find."""
    desk.click("form[action$='/alike'] button")
    desk.wait_for_selector("section[aria-labelledby='h-u'] .works li", timeout=900_000)
    assert desk.locator("section[aria-labelledby='h-u'] .works li").count() == 3  # the measures of the exercise
    desk.click("form[action$='/begin'] button")
    desk.wait_for_selector("section[aria-labelledby='h-m'] progress", timeout=900_000)
    desk.wait_for_selector("form[action$='/stop']", state="detached", timeout=1_800_000)
    desk.wait_for_selector("section[aria-labelledby='h-m'] table")
    plays = "|".join(STEP_NAMES[play].en for play in PLAYS)  # a crisis, play by play
    assert re.search(f": ({plays})", desk.locator("section[aria-labelledby='h-m']").inner_text())
    assert not desk.locator("section[aria-labelledby='h-m'] .note").count()


def empty_handed(opened: Any, server: Server) -> Any:
    """The operator of a server that has no exercise yet, at the form for bringing one in."""
    page = opened(link(server, server.token), hosts=(server.url,))
    page.wait_for_url("**/seats")
    page.click("details:has(form[action='/seats/import']) > summary")
    return page


def again(log: list[Entry], months: Kernel, url: str) -> list[tuple[Any, ...]]:
    """What people did in an exercise, done again over the interface for programs; the log that comes of it."""
    room = Room(Store(url), months, Clock())
    client = TestClient(api.application(room))
    boss, setup = {"authorization": f"Bearer {room.operator_link()}"}, log[0].data["setup"]
    links = client.post(f"{api.PREFIX}/exercises", json=setup, headers=boss).json()
    revision: dict[tuple[str, str | None], int] = {}

    def post(path: str, body: dict[str, Any], seat: str | None = None) -> None:
        token = links["seats"][seat] if seat else links["desk"]
        found = client.post(f"{api.PREFIX}/{path}", json=body, headers={"authorization": f"Bearer {token}"})
        assert found.status_code == 200, (path, body, found.text)

    for e in log:
        if e.kind == "filed":
            before = revision.get((e.data["stage"], e.seat), 0)
            post("answers", {**e.data, "revision": before}, e.seat)
            revision[e.data["stage"], e.seat] = before + 1
        elif e.kind == "letter":
            post("letters", {"to": e.data["to"], "text": e.data["text"], "about": e.data["about"]}, e.seat)
        elif e.kind == "handed":
            post("desk/hand", {"seat": e.seat, "to": e.data["to"]})
        elif e.kind == "resumed":
            post("desk/resume", {})
        elif e.kind == "paused":
            room = Room(room.store, months, Clock())
            room.wake()
            client = TestClient(api.application(room))
    return essence(room.live[links["exercise"]])


def test_one_click_plays_alone_by_keyboard_alone(opened, server):
    page = opened("/seats", "en")
    page.wait_for_selector("form[action='/seats/alone'] button:enabled")
    reach(page, "form[action='/seats/alone'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".seat-top")
    month = page.locator("h1").inner_text()
    reach(page, "input[data-find]")
    page.keyboard.type("reform")
    shown = page.locator("#decide .menu label:visible")
    assert 0 < shown.count() < page.locator("#decide .menu label").count()
    assert all("reform" in text.lower() for text in shown.all_inner_texts())
    reach(page, "input[name=plan]")
    page.keyboard.press("Space")
    page.wait_for_selector(".picked li:not(.none)")
    reach(page, "#decide .acts button:not([type=button])", back=True)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "was => document.querySelector('h1').innerText !== was || document.querySelector('fieldset input[type=radio]')",
        arg=month,
    )


def reach(page: Any, selector: str, *, back: bool = False) -> None:
    """Press Tab until something is reached."""
    for _ in range(200):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("query => document.activeElement.matches(query)", selector):
            return
    pytest.fail(f"{selector} cannot be reached by keyboard")


def test_a_wrong_link_a_closed_stage_and_a_letter_beyond_measure_are_told_in_a_sentence(opened, server):
    page = opened(link(server, "no-such-token"))
    page.wait_for_selector(".note.bad")
    assert "facilitator" in page.locator(".note.bad").inner_text()
    _, links = made(opened, server)
    seat, desk = entered(opened, links[2]), entered(opened, links[0])
    seat.locator("input[name=plan]").first.check()
    stage = seat.locator("form[data-send=answers]").get_attribute("data-stage")
    late = """async ([stage, text]) => {
      const pass = document.querySelector('[data-pass]').dataset.pass;
      const post = (path, body) => fetch('/api/v1/' + path, {method: 'POST', body: JSON.stringify(body),
        headers: {'Content-Type': 'application/json', 'X-Detente-Pass': pass}})
        .then(async r => [r.status, (await r.json()).message]);
      return [await post('answers', {stage: stage, answers: {plan: ['no such row']}, revision: 0}),
              await post('letters', {to: ['ussr'], text: 'x'.repeat(text)})];
    }"""
    (status, said), (large, too) = seat.evaluate(late, [stage, 10_000_000])
    assert (status, large) == (422, 413)
    assert said
    assert too
    desk.locator("form[data-send='desk/close'] button").click()
    playwright.expect(seat.locator("form[data-send=answers]")).not_to_have_attribute("data-stage", stage or "")
    ((status, said), _) = seat.evaluate(late, [stage, 10])
    assert status == 409
    assert said
    desk.click("tr:has-text('Cuba') form[data-send='desk/reissue'] button")
    desk.wait_for_selector("#fresh-link:visible img")
    fresh = desk.locator("#fresh-link .code").inner_text().strip()
    seat.wait_for_url("**/enter")
    seat.goto(fresh)
    seat.wait_for_selector(".seat-top")
    ended(desk)


def ended(desk: Any) -> None:
    """The desk ends its exercise."""
    desk.click(".sure summary")
    desk.click("form[data-send='desk/end'] button")
    desk.wait_for_selector("a[href$='/debrief']:not(.plainly)")


CLOSED = ("/explore", "/explore/event/berlin-wall", "/explore/claims", "/explore/lab", "/ask")


def test_explore_and_ask_are_closed_to_seats_while_an_exercise_asks_for_it(opened, server):
    operator, links = made(opened, server)
    desk, seat = entered(opened, links[0]), entered(opened, links[2])
    anybody = opened("/")

    def status(page: Any) -> list[int]:
        return [page.context.request.get(server.url + path).status for path in CLOSED]

    assert status(seat) == status(anybody) == [403] * len(CLOSED)
    assert status(operator) == status(desk) == [200] * len(CLOSED)
    anybody.goto(server.url + "/explore")
    assert anybody.locator("h1").inner_text() == shell.text("en", "site.error.closed")
    ended(desk)
    assert status(seat) == status(anybody) == [200] * len(CLOSED)


def test_who_plays_alone_does_not_look_up_the_record_unless_he_wants_to(opened, server):
    for wants in (False, True):
        page = opened("/seats")
        page.wait_for_selector("form[action='/seats/alone'] button:enabled")
        form = page.locator("form[action='/seats/alone']").first
        form.locator("input[name=closed]").set_checked(not wants)
        form.locator("button").click()
        page.wait_for_selector(".seat-top")
        page.goto(server.url + "/explore")
        assert (page.locator("h1").inner_text() == shell.text("en", "site.error.closed")) is not wants
        assert opened("/explore").locator("h1").inner_text() != shell.text("en", "site.error.closed")
        if not wants:
            page.click("a[href*='/live/desk/']")
            page.wait_for_selector(".sure")
            ended(page)
            page.goto(server.url + "/explore")
            assert page.locator("h1").inner_text() != shell.text("en", "site.error.closed")


# ---- accessibility ----
OPEN = (
    "/",
    "/explore",
    "/explore?year=1961&actor=gdr",
    "/explore/event/berlin-wall",
    "/explore/claims",
    "/explore/claims/S5.1",
    "/explore/lab",
    "/ask",
    "/ask?who=ussr&without=u2-shootdown&measure=p:berlin-wall",
    "/seats",
    "/enter",
    "/seats/sheets/cuba-thirty-minutes",
    "/no-such-page",
)


def checked(page: Any, faults: list[str]) -> list[str]:
    """Serious faults that axe finds, and what reaches beyond the page's width; what axe itself provokes is dropped."""
    page.wait_for_timeout(50)
    before = len(faults)
    found = axe.Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [
        f"{page.url}: {v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical")
    ]
    page.wait_for_timeout(50)
    del faults[before:]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return serious + ([f"{page.url} is wider than the screen"] if wide else [])


@pytest.mark.parametrize(("lang", "width"), [("ru", 390), ("en", 1280)])
def test_no_page_has_a_serious_fault_of_accessibility(opened, server, faults, lang, width):
    found = []
    context = opened.context(lang, width)
    page = opened("/", within=context)
    for path in OPEN:
        answer = page.goto(server.url + path)
        assert answer.status in (200, 404), f"{path} is closed: an exercise goes on"
        assert page.locator("html").get_attribute("lang") == lang
        found += checked(page, faults)
    page.goto(link(server, server.token))
    page.wait_for_url("**/seats")
    page.goto(server.url + "/seats/new?exercise=berlin-1958")
    found += checked(page, faults)
    page.fill("input[name=end]", "1958-11")
    page.click("form.setup button:not([value])")
    page.wait_for_selector(".links")
    found += checked(page, faults)
    links = [one.inner_text().strip() for one in page.locator(".links .code").all()]
    for url in links[:3]:
        page.goto(url)
        page.wait_for_selector(".seat-top")
        assert page.locator("html").get_attribute("lang") == lang
        if page.locator("#write").count():
            page.click("#write summary")
        found += checked(page, faults)
    page.goto(f"{server.url}{'/live/desk/' + page.url.split('/')[-2]}")
    page.click(".sure summary")
    page.click("form[data-send='desk/end'] button")
    page.click("a[href$='/debrief']")
    page.wait_for_selector(".rail")
    found += checked(page, faults)
    assert found == []
