"""How long people wait: 30 seats in 5 exercises, 10 watchers, and one browser beside them.

Usage: python scripts/room_load.py [--seconds S] [--json FILE]

Server and clients share this machine. Every seat has its page open by its socket and answers over the interface for
programs after a moment of thought; one of them is a real Chromium. The time from click to acknowledgement, and from the
last answer of a stage to the new stage on all screens of the exercise, is taken twice: in peace, and beside a what-if.
A move of a crisis that follows another changes no month and no kind of stage and is left out of the second figure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from ast import literal_eval
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import connect

EXERCISES, WATCHERS = 5, 2
SEATS = ["usa", "ussr", "uk", "france", "prc", "gdr"]
THOUGHT = (2.0, 8.0)
"""Seconds between the opening of a stage and a seat's answer."""
BLIND = 8.0
"""Seconds after which a seat looks for itself whether something new is asked: after a change that it could not see."""
ADVISED = 12
"""Seats choose among so many rows that their staff thinks best, and back down in a crisis: war would end the load."""
QUESTION = {"without": ["u2-shootdown"], "measure": ["p:berlin-wall"], "worlds": 512}
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "room"))


# ---- the server ----
def serve(data: str) -> None:
    """The room on a free port; tells port and operator's token, at its end where its time went."""
    import uvicorn

    from detente.room.app import create
    from detente.room.kernel import Kernel
    from detente.room.pages import live
    from detente.room.service import Room
    from detente.room.store import Store

    spent: dict[str, list[float]] = defaultdict(list)

    def timed(owner: Any, name: str, label: str) -> None:
        plain = getattr(owner, name)

        def around(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return plain(*given, **named)
            finally:
                spent[label].append(time.perf_counter() - began)

        setattr(owner, name, around)

    class Lock:
        """The lock of an exercise, and how long it was waited for."""

        def __init__(self) -> None:
            self.lock = threading.RLock()

        def __enter__(self) -> None:
            began = time.perf_counter()
            self.lock.acquire()
            spent["waiting for the lock"].append(time.perf_counter() - began)

        def __exit__(self, *_: object) -> None:
            self.lock.release()

    timed(Kernel, "__call__", "a month of the model")
    timed(Room, "brief", "a seat's brief")
    timed(Room, "file", "an answer, all that follows included")
    timed(live, "seat_parts", "a seat's page")
    timed(live, "watch_parts", "a projector's page")
    timed(Store, "append", "writing to the log")
    Room.lock = lambda room, exercise: room.locks.setdefault(exercise, Lock())  # type: ignore[method-assign,assignment]
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    port = listening.getsockname()[1]

    def announce(token: str) -> None:
        print(json.dumps({"port": port, "token": token}), flush=True)

    signal.signal(signal.SIGTERM, lambda *_: None)  # the server ends by itself, and tells afterwards
    app = create(data=Path(data), announce=announce)
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=2)).run(
        [listening]
    )
    print(json.dumps({label: described(times) for label, times in spent.items()}), flush=True)


def described(times: list[float]) -> dict[str, float]:
    """Median, 95th percentile and sum of some seconds."""
    line = sorted(times)
    at = [line[min(int(len(line) * share), len(line) - 1)] for share in (0.5, 0.95)] if line else [0.0, 0.0]
    return {"count": len(line), "median": round(at[0], 3), "p95": round(at[1], 3), "sum": round(sum(line), 1)}


# ---- clients ----
@dataclass
class Table:
    """An exercise: its screens, and how long its people waited."""

    links: dict[str, Any]
    screens: dict[str, tuple[str, float]] = field(default_factory=dict)  # screen → the stage on it, since when
    last: float = 0.0  # when the last answer was sent
    clicks: list[float] = field(default_factory=list)
    stages: list[float] = field(default_factory=list)
    browser: list[float] = field(default_factory=list)
    drawn: list[float] = field(default_factory=list)


HEADS = re.compile(r"<h1>(.*?)</h1>.*?role=\S{1,2}timer.*?<span>(.*?)</span>", re.S)


def stage_in(text: str) -> str:
    """The stage that a page or a frame of it tells, by its month and its kind; empty where it tells none."""
    found = HEADS.search(text.replace("&lt;", "<").replace("&gt;", ">"))
    return f"{found[1]} {found[2].split(' · ')[0]}".strip() if found else ""


class Screen:
    """A page that is open: its HTML, then what its socket brings."""

    def __init__(self, base: str, table: Table, name: str, token: str) -> None:
        self.base, self.table, self.name, self.token = base, table, name, token
        self.changed = asyncio.Event()

    async def look(self) -> None:
        async with httpx.AsyncClient(base_url=self.base, timeout=60) as client:
            entered = (await client.post("/api/v1/enter", json={"token": self.token})).json()
            path = {"seat": f"seat/{entered['exercise']}/{entered['seat']}", "watcher": f"watch/{entered['exercise']}"}
            page = (await client.get(f"/live/{path[entered['role']]}")).text
            cookies = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
        self.note(page)
        query = literal_eval(re.search(r"query: (\{.*?\})", page)[1])  # type: ignore[index]
        told = urlencode(
            query
            | {
                "EIO": 4,
                "transport": "websocket",
                "implicit_handshake": "true",
                "tab_id": self.name,
                "document_id": self.name,
                "next_message_id": query.get("next_message_id", 0),
            }
        )
        address = f"{self.base.replace('http', 'ws')}/live/_nicegui_ws/socket.io/?{told}"
        async with connect(address, additional_headers={"Cookie": cookies, "Origin": self.base}, max_size=None) as line:
            await line.recv()
            await line.send("40")
            async for frame in line:
                if frame == "2":
                    await line.send("3")
                elif isinstance(frame, str):
                    self.note(frame)

    def note(self, text: str) -> None:
        stage = stage_in(text)
        if stage and stage != self.table.screens.get(self.name, ("", 0.0))[0]:
            self.table.screens[self.name] = stage, time.perf_counter()
            self.changed.set()


class Seat:
    """One seat: looks what is asked, thinks, answers."""

    def __init__(self, base: str, table: Table, name: str, token: str, seed: int) -> None:
        self.base, self.table, self.name, self.token = base, table, name, token
        self.rng = random.Random(seed)
        self.screen = Screen(base, table, name, token)

    async def live(self) -> None:
        look = asyncio.create_task(self.screen.look())
        head = {"authorization": f"Bearer {self.token}"}
        try:
            async with httpx.AsyncClient(base_url=self.base, headers=head, timeout=60) as client:
                while True:
                    self.screen.changed.clear()
                    brief = (await client.get("/api/v1/brief")).json()
                    if brief["ended"]:
                        return
                    if brief["open"] and brief["filed"] is None:
                        await asyncio.sleep(self.rng.uniform(*THOUGHT))
                        await self.answer(client, brief)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self.screen.changed.wait(), BLIND)
        finally:
            look.cancel()

    async def answer(self, client: httpx.AsyncClient, brief: dict[str, Any]) -> None:
        if brief["plan"]:
            best = [row["id"] for row in brief["plan"]["rows"][:ADVISED]]
            answers: dict[str, Any] = {"plan": self.rng.sample(best, min(2, len(best)))}
        else:
            answers = {q["id"]: self.rng.choice(brief["legal"][q["id"]]) for q in brief["questions"]}
            answers |= {c["id"]: c["options"][-1]["id"] for c in brief["crises"] if c["options"]}
        body = {"stage": brief["stage"]["key"], "answers": answers, "revision": brief["revision"]}
        began = time.perf_counter()
        found = await client.post("/api/v1/answers", json=body)
        if found.status_code == 200:
            self.table.clicks.append(time.perf_counter() - began)
            if found.json()["closed"]:
                asyncio.get_running_loop().create_task(everywhere(self.table, began))


async def everywhere(table: Table, began: float) -> None:
    """Wait until every screen shows something that came after the last answer, and note how long the last one took."""
    table.last = began
    for _ in range(300):
        if table.screens and all(since > began for _, since in table.screens.values()):
            table.stages.append(max(since for _, since in table.screens.values()) - began)
            return
        if table.last != began:
            return  # the next stage closed before
        await asyncio.sleep(0.05)


async def chromium(base: str, table: Table, token: str) -> None:
    """A seat in a real browser: clicks, and the time until the page says that the answer is filed."""
    from playwright.async_api import Error, async_playwright
    from room_browser import CHROMIUM, FLAGS

    filed = """() => [...document.querySelectorAll('#decide .said.good')].some(x => x.innerText)
        || !document.querySelector('#decide form[data-send=answers]')
        || document.querySelector('form[data-send=answers]').dataset.stage !== window.was"""

    def seen(head: str) -> None:
        stage = stage_in(head)
        if stage != table.screens.get("chromium", ("", 0.0))[0]:
            table.screens["chromium"] = stage, time.perf_counter()

    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await (await browser.new_context(locale="en")).new_page()
        await page.goto(f"{base}/enter#{token}")
        await page.wait_for_selector(".seat-top")
        seen(await page.evaluate("document.querySelector('.seat-top').outerHTML"))
        await page.expose_function("seen", seen)
        await page.evaluate("""() => new MutationObserver(() => seen(document.querySelector('.seat-top').outerHTML))
            .observe(document.body, {childList: true, subtree: true})""")
        rng = random.Random(0)
        try:
            while True:
                form = page.locator("#decide form[data-send=answers]")
                if not await form.count() or await page.locator("#decide .said.good").count():
                    await asyncio.sleep(0.05)
                    continue
                key = await form.get_attribute("data-stage")
                with suppress(Error):
                    await asyncio.wait_for(asyncio.sleep(rng.uniform(*THOUGHT)), None)
                    if await form.get_attribute("data-stage") != key:
                        continue
                    boxes = form.locator("input[name=plan]:not(:checked)")
                    if await boxes.count():
                        await boxes.nth(rng.randrange(5)).check()
                    for group in await form.locator("fieldset:has(input[type=radio])").all():
                        await group.locator("input[type=radio]").last.check()  # refuse, back down
                    began = time.perf_counter()
                    spent = await page.evaluate(
                        f"""key => new Promise(done => {{
                            window.was = key;
                            const began = performance.now(), filed = {filed};
                            const look = () => filed() ? done((performance.now() - began) / 1000)
                                : requestAnimationFrame(look);
                            document.querySelector('#decide form[data-send=answers] button:not([type=button])').click();
                            look();
                        }})""",
                        key,
                    )
                    table.browser.append(spent)
                    last = form.page.locator("#decide .said.good")
                    if not await last.count():
                        asyncio.get_running_loop().create_task(everywhere(table, began))
        finally:
            with suppress(Exception):
                await browser.close()


# ---- the course ----
async def load(base: str, token: str, seconds: float) -> dict[str, Any]:
    """Everybody plays for a while; then again while a what-if runs."""
    async with httpx.AsyncClient(base_url=base, headers={"authorization": f"Bearer {token}"}, timeout=120) as boss:
        tables = []
        for n in range(EXERCISES):
            body = {"title": f"Load {n}", "start": "1958-11", "end": "1964-12", "seats": SEATS, "closed": False}
            clocks = {"plan": 900, "answer": 900, "crisis": 900}
            made = await boss.post("/api/v1/exercises", json=body | {"clocks": clocks, "seed": n})
            tables.append(Table(made.json()))
    going = []
    for n, table in enumerate(tables):
        for k, (seat, link) in enumerate(table.links["seats"].items()):
            real = n == 0 and k == 0
            going.append(chromium(base, table, link) if real else Seat(base, table, seat, link, 100 * n + k).live())
        going += [Screen(base, table, f"watcher {w}", table.links["watcher"]).look() for w in range(WATCHERS)]
    tasks = [asyncio.create_task(one) for one in going]
    await asyncio.sleep(20)  # pages open, first stages close
    out: dict[str, Any] = {}
    for name in ("in peace", "while a what-if runs"):
        for table in tables:
            table.clicks, table.stages, table.browser = [], [], []
        asking = asyncio.create_task(ask(base, token)) if "what-if" in name else None
        await asyncio.sleep(seconds)
        out[name] = {
            "click to acknowledgement": described([x for t in tables for x in t.clicks]),
            "click to acknowledgement in Chromium": described(tables[0].browser),
            "last answer to all screens": described([x for t in tables for x in t.stages]),
        }
        if asking:
            out["the what-if was done within the time"] = asking.done()
            asking.cancel()
    broken = [repr(task.exception()) for task in tasks if task.done() and not task.cancelled() and task.exception()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return out | {"clients that broke": broken}


async def ask(base: str, token: str) -> None:
    """Put a what-if as the operator, and wait for its answer."""
    async with httpx.AsyncClient(base_url=base, timeout=60, follow_redirects=True) as client:
        await client.post("/api/v1/enter", json={"token": token})
        seed = random.randrange(2**31)  # a question that was put before would be answered at once
        put = await client.post(
            "/ask", data={"question": json.dumps(QUESTION | {"seed": seed})}, headers={"origin": base}
        )
        put.raise_for_status()
        while (await client.get(f"{put.url.path}.json")).status_code != 200:
            await asyncio.sleep(2)


def main() -> int:
    """Serve, load, and say how long people waited."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=90.0, help="of play in peace, and again beside a what-if")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", default="")
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--serve", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            try:
                found = asyncio.run(load(f"http://localhost:{told['port']}", told["token"], given.seconds))
            finally:
                process.send_signal(signal.SIGTERM)
            found["where the server's time went"] = json.loads(process.stdout.readline() or "{}")
    text = json.dumps(found, indent=1)
    print(text)
    if given.json:
        given.json.write_text(text + "\n")
    return int(bool(found["clients that broke"]))


if __name__ == "__main__":
    sys.exit(main())
