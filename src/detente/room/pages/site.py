"""What the pages of one room work with."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from detente.lab import whatif
from detente.room import api
from detente.room.lanes import Work
from detente.room.pages import shell
from detente.room.ready import Ready, exercises
from detente.room.service import Room
from detente.room.setup import RoomError
from detente.room.store import Pass
from detente.scenario import Scenario
from detente.structure import Structure, structure

ALONE = "detente-alone"
"""The cookie that names an exercise which its reader plays alone, and does not want to look up meanwhile."""


@dataclass(eq=False)
class Site:
    """A scenario, the work done for it, and who may do what."""

    name: str
    scenario: Scenario
    data: Path
    """Folder of what is found: answers, explanations, solved games."""
    claims: Path | None = None
    """Kept results of `detente claims --json`."""
    loopback: bool = True
    public_url: str = ""
    room: Room | None = None
    """None until the model is ready."""
    operator_pass: Pass | None = None
    failed: str = ""
    """Why the model could not be made ready."""
    work: Work = field(init=False)
    tries: api.Limiter = field(default_factory=api.Limiter)

    def __post_init__(self) -> None:
        self.work = Work(self.data / "found" / self.stamp)

    @cached_property
    def stamp(self) -> str:
        """What identifies the scenario with the code that runs it: results of another version are not shown."""
        return whatif.stamp(self.scenario)

    @property
    def warm(self) -> bool:
        """Whether the compiled month of this model was made on this machine before."""
        return (self.work.folder / "kernel" / "kernel.json").exists()

    @cached_property
    def st(self) -> Structure:
        """Positions of the scenario."""
        return structure(self.scenario)

    async def may_work(self, request: Request) -> bool:
        """Whether this reader may start work in the background: beyond loopback only the operator."""
        return self.loopback or await asyncio.to_thread(self.operator, request)

    def operator(self, request: Request) -> bool:
        """Whether the reader came by the operator's link."""
        return self.held(request, "detente-operator") is not None

    def held(self, request: Request, cookie: str) -> Pass | None:
        """What a reader's cookie opens; None where it opens nothing, or another pass's link was put into it."""
        token = request.cookies.get(cookie, "")
        if self.room is None or not token:
            return None
        try:
            found = self.room.enter(token)
        except RoomError:
            return None
        return found if api.cookie(found) == cookie else None

    def alone(self, request: Request) -> str:
        """The exercise that this reader plays alone and for which Explore and Ask are closed to him; empty if none."""
        exercise = request.cookies.get(ALONE, "")
        return exercise if exercise and self.room is not None and self.room.goes_on(exercise) else ""

    def limit(self, request: Request) -> None:
        """So many links a minute may be tried from one address."""
        self.tries.check("try", request.client.host if request.client else "", api.TRIES)

    @property
    def deciders(self) -> tuple[str, ...]:
        """Actors that decide, and so have a seat."""
        return tuple(self.st.deciders)

    def names(self, lang: str) -> dict[str, str]:
        """Every actor by name."""
        return {name: actor.name[lang] for name, actor in self.scenario.actors.items()}

    def setup(self, exercise: str) -> dict[str, Any]:
        """How an exercise was set up."""
        row = self.room.store.setup(exercise) if self.room else None
        return dict(row["setup"]) if row else {}

    def exercises(self) -> list[Ready]:
        """The ready-made exercises."""
        return list(exercises(self.scenario).values())

    def debrief(self, who: Pass) -> str:
        """Where the debrief of a pass's exercise stands."""
        return f"/seats/{who.exercise}/debrief"


def of(request: Request) -> Site:
    """The site that a request is made to."""
    return cast(Site, request.scope["detente"])


async def closed(request: Request) -> bool:
    """Whether Explore and Ask are closed to this reader, since an exercise runs that asks for it."""
    return await asyncio.to_thread(_closed, request)


def _closed(request: Request) -> bool:
    site = of(request)
    if site.alone(request):
        return True
    if site.room is None or not site.room.secluded() or site.operator(request):
        return False
    desks = [name for name in request.cookies if name.startswith("detente-desk-")]
    return not any(site.held(request, name) for name in desks)


async def stopped(request: Request, kind: str, key: str, page: str) -> Response:
    """Stop work that is under way, and go back to its page."""
    site = of(request)
    job = site.work.known(kind, key)
    if job is None or not await site.may_work(request):
        return missing(request)
    site.work.stop(job)
    return RedirectResponse(page, status_code=303)


def missing(request: Request) -> HTMLResponse:
    """There is no such page."""
    lang = shell.language(request)
    return shell.page(
        request,
        "said.html.j2",
        404,
        title=shell.text(lang, "site.error.missing"),
        told=shell.text(lang, "site.error.missing_text"),
    )


def loopback(host: str) -> bool:
    """Whether nobody but this machine can reach a host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
