"""The room as a web application: its routes, what it refuses, and how it is served."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import platformdirs
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from detente import __version__
from detente.room import api
from detente.room.guard import Guard
from detente.room.kernel import Kernel
from detente.room.pages import after, ask, explore, lab, ledger, seats, shell
from detente.room.pages.site import Site, missing, of
from detente.room.service import Room
from detente.room.store import Store
from detente.room.work import Queue
from detente.scenario import Scenario, load

log = logging.getLogger(__name__)
TICK = 0.5
"""Seconds between looks at the clocks."""
YEAR = 365 * 24 * 3600


def create(
    scenario: str = "coexistence",
    data: Path | None = None,
    claims: Path | None = None,
    db: str = "",
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]"),
    public_url: str = "",
    *,
    loopback: bool = True,
    play: bool = True,
    announce: Callable[[str], None] | None = None,
    kernel: Callable[[Scenario], Kernel] | None = None,
) -> FastAPI:
    """The application.

    data: folder of what is found, that of the user where none is named; db: the store of exercises, SQLite in that
    folder where none is named; hosts: names under which it may be called; loopback: whether nobody but this machine
    can reach it; play: whether seats can be taken; announce: is given the operator's token once it opens something;
    kernel: how the model is made ready, in a process of its own where none is named.
    """
    folder = data or platformdirs.user_data_path("detente")
    folder.mkdir(parents=True, exist_ok=True)
    site = Site(scenario, load(scenario), folder, claims, loopback, public_url.rstrip("/"))
    url = db or f"sqlite:///{folder / 'room.db'}"

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        going = asyncio.create_task(open_room(app, site, url, announce, kernel)) if play else None
        yield
        if going:
            going.cancel()
        await site.work.close()
        if site.room and site.room.queue:
            site.room.queue.close()

    app = FastAPI(title="Detente: the room", version=__version__, lifespan=life, docs_url=None, redoc_url=None)
    app.state.site, app.state.room = site, None
    static = resources.files("detente.room.pages").joinpath("static")
    app.mount(shell.STATIC, StaticFiles(directory=str(static)), name="static")
    api.install(app, None)
    for part in (explore, ledger, lab, ask, after, seats):
        app.include_router(part.router)
    app.add_api_route("/", home, include_in_schema=False)
    app.add_api_route("/lang/{lang}", switch, include_in_schema=False)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(Exception, fault)
    if play:
        from detente.room.pages import live

        app.add_middleware(live.Nonced)
        live.mount(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(Guard, site=site, hosts=hosts, public_url=public_url)
    return app


async def open_room(
    app: FastAPI,
    site: Site,
    url: str,
    announce: Callable[[str], None] | None,
    made: Callable[[Scenario], Kernel] | None,
) -> None:
    """Make the model ready beside the pages, then keep the clocks of all exercises."""
    try:
        if made is None and not site.warm:
            job = site.work.ask("kernel", "kernel", {"scenario": site.name})
            while not job.over:
                await asyncio.sleep(0.5)
            if job.wrong:
                raise RuntimeError(job.wrong)
        kernel = await asyncio.to_thread(made or Kernel, site.scenario)
        store = await asyncio.to_thread(Store, url)
        room = Room(store, kernel, queue=Queue(store, url))
        token = room.operator_link()
        site.operator_pass = room.enter(token)
        await asyncio.to_thread(room.wake)
    except Exception as error:
        site.failed = f"{type(error).__name__}: {error}"
        return
    site.room = app.state.room = room
    if announce:
        announce(token)
    while True:
        await asyncio.sleep(TICK)
        try:
            await asyncio.to_thread(room.tick)
        except Exception:  # the clocks go on, whatever one look at them came to
            log.exception("a look at the clocks failed")


async def home(request: Request) -> Response:
    """The first page."""
    site, lang = of(request), shell.language(request)
    sc = site.scenario
    return shell.page(
        request,
        "home.html.j2",
        events=len(sc.chronicle.events),
        actors=len(sc.actors),
        doors=("explore", "ask", "seats"),
        strip=explore.strip(sc.chronicle, sc, lang, "/explore?year="),
    )


async def switch(request: Request, lang: str, to: str = "/") -> Response:
    """Keep the language that a reader chose, and go back to where he was."""
    if lang not in ("en", "ru"):
        return missing(request)
    here = to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"
    answer = RedirectResponse(here, status_code=303)
    answer.set_cookie(shell.COOKIE, lang, max_age=YEAR, samesite="lax", httponly=True)
    return answer


async def refused(request: Request, error: Any) -> Response:
    """An error as a page for a reader, or as JSON for a program."""
    if request.url.path.startswith("/api"):
        from fastapi.exception_handlers import http_exception_handler

        return await http_exception_handler(request, error)
    if error.status_code == 404:
        return missing(request)
    title = shell.text(shell.language(request), "site.error.wrong")
    return shell.page(request, "said.html.j2", error.status_code, title=title, told=str(error.detail))


async def fault(request: Request, error: Exception) -> Response:
    """A fault of the room itself: a sentence, never a traceback."""
    lang = shell.language(request)
    title, told = (shell.text(lang, f"site.error.{key}") for key in ("wrong", "fault"))
    if request.url.path.startswith("/api"):
        return JSONResponse({"code": "fault", "message": told, "legal": None}, 500)
    return shell.page(request, "said.html.j2", 500, title=title, told=told)
