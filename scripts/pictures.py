"""Pictures of the room, made by a browser: all pages, both languages, three widths."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "room"))
KEPT = ROOT / "docs" / "pictures"
BEST = (
    "explore-1280-en",
    "event-1280-en",
    "ledger-1280-en",
    "seat-1280-en",
    "seat-390-ru",
    "desk-1280-ru",
    "answer-1280-ru",
)
"""Pictures that go into the documentation."""
WIDTHS = {390: 844, 1280: 800, 1920: 1080}
OPEN = {
    "home": "/",
    "explore": "/explore",
    "event": "/explore/event/berlin-wall",
    "ledger": "/explore/claims#S5",
    "claim": "/explore/claims/S5.1",
    "lab": "/explore/lab",
    "ask": "/ask?who=ussr&without=u2-shootdown&measure=p:berlin-wall",
    "seats": "/seats",
    "sheets": "/seats/sheets/cuba-thirty-minutes",
}
SLOW = 300_000
"""Milliseconds to wait for what is worked out in the background."""


@contextmanager
def served(data: Path) -> Iterator[tuple[str, str]]:
    """The room on a free port: its address, and the operator's token."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = (
        "import sys, uvicorn; from pathlib import Path; from detente.room.app import create; "
        "app = create(data=Path(sys.argv[2]), announce=lambda token: print(token, flush=True)); "
        "uvicorn.run(app, port=int(sys.argv[1]), log_level='error', access_log=False)"
    )
    command = [sys.executable, "-c", code, str(port), str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://localhost:{port}", process.stdout.readline().strip()
        finally:
            process.terminate()


def prepared(page: Page, url: str, token: str) -> dict[str, str]:
    """Ask, solve, and play a month, so that there is something to see; pages by name."""
    page.goto(f"{url}/explore/event/berlin-wall")
    page.goto(f"{url}/explore/lab/crisis/cuba-1962")
    page.wait_for_selector("#slider", timeout=SLOW)
    found = {"crisis": page.url}
    page.goto(f"{url}/explore/event/berlin-wall")
    page.wait_for_selector("tr.told", timeout=SLOW)
    page.goto(f"{url}/ask?without=u2-shootdown&measure=p:berlin-wall&measure=mean:tension.usa.ussr&worlds=128")
    page.click("form[method=post][action='/ask'] button")
    page.wait_for_selector("#asked", timeout=SLOW)
    found["answer"] = page.url
    page.goto(f"{url}/enter#{token}")
    page.wait_for_url("**/seats")
    page.goto(f"{url}/seats/new?exercise=cuba-thirty-minutes")
    found["set-up"] = page.url
    page.fill("input[name=plan]", "6")
    page.uncheck("input[name=closed]")
    page.click("form.setup button:not([value])")
    page.wait_for_selector(".links")
    links = [one.inner_text().strip() for one in page.locator(".links .code").all()]
    page.goto(links[0])
    page.wait_for_selector(".seat-top")
    found["desk"] = page.url
    for link in links[1:]:
        page.goto(link)
        page.wait_for_selector(".seat-top")
        if "/watch/" in page.url:
            found["watch"] = page.url
            continue
        found["seat"] = page.url
        page.locator("input[name=plan]").nth(0).check()
        page.locator("#decide button:not([type=button])").first.click()
        page.wait_for_timeout(900)
    page.goto(found["desk"])
    page.wait_for_selector(".seat-top")
    while page.locator("h1").inner_text() == "October 1962":
        page.locator("form[data-send='desk/close'] button").click()
        page.wait_for_timeout(900)
    page.locator("form[data-send='desk/pause'] button").click()
    page.wait_for_timeout(900)
    return found


def main() -> None:
    """Take all pictures."""
    from room_browser import CHROMIUM, FLAGS

    if CHROMIUM is None:
        sys.exit("Chromium is not there: apt-get install chromium")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    with served(Path(tempfile.mkdtemp())) as (url, token), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        first = browser.new_context(locale="en")
        pages = {**{name: url + path for name, path in OPEN.items()}, **prepared(first.new_page(), url, token)}
        state: Any = first.storage_state()
        for lang in ("en", "ru"):
            for width, height in WIDTHS.items():
                size = {"width": width, "height": height}
                context = browser.new_context(locale=lang, viewport=size, storage_state=state)
                page = context.new_page()
                for name, address in pages.items():
                    page.goto(address)
                    page.wait_for_timeout(900)
                    page.screenshot(path=folder / f"{name}-{width}-{lang}.png")
                context.close()
        browser.close()
    KEPT.mkdir(parents=True, exist_ok=True)
    for name in BEST:
        shutil.copy(folder / f"{name}.png", KEPT / f"{name}.png")
    print(f"all pictures: {folder}; the best: {KEPT}")


if __name__ == "__main__":
    main()
