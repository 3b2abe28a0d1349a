"""The room as a web application: its routes, what it refuses, and how it is served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import platformdirs
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from detente import __version__
from detente.room.guard import Guard
from detente.room.pages import ask, explore, lab, ledger, shell
from detente.room.pages.site import Site, missing, of
from detente.scenario import load

YEAR = 365 * 24 * 3600


def create(
    scenario: str = "coexistence",
    data: Path | None = None,
    claims: Path | None = None,
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]"),
    public_url: str = "",
    *,
    loopback: bool = True,
) -> FastAPI:
    """The application.

    data: folder of what is found, that of the user where none is named; hosts: names under which it may be called;
    loopback: whether nobody but this machine can reach it.
    """
    folder = data or platformdirs.user_data_path("detente")
    site = Site(scenario, load(scenario), folder, claims, loopback)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        await site.work.close()

    app = FastAPI(title="Detente: the room", version=__version__, lifespan=life, docs_url=None, redoc_url=None)
    app.state.site = site
    static = resources.files("detente.room.pages").joinpath("static")
    app.mount(shell.STATIC, StaticFiles(directory=str(static)), name="static")
    for part in (explore, ledger, lab, ask):
        app.include_router(part.router)
    app.add_api_route("/", home, include_in_schema=False)
    app.add_api_route("/lang/{lang}", switch, include_in_schema=False)
    app.add_exception_handler(HTTPException, refused)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(Guard, hosts=hosts, public_url=public_url)
    return app


async def home(request: Request) -> Response:
    """The first page."""
    site, lang = of(request), shell.language(request)
    sc = site.scenario
    return shell.page(
        request,
        "home.html.j2",
        events=len(sc.chronicle.events),
        actors=len(sc.actors),
        doors=("explore", "ask"),
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
