"""What the pages of one room work with."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import cast

from fastapi import Request
from fastapi.responses import HTMLResponse

from detente.lab import whatif
from detente.room.pages import shell
from detente.room.work import Work
from detente.scenario import Scenario
from detente.structure import Structure, structure


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
    work: Work = field(init=False)

    def __post_init__(self) -> None:
        self.work = Work(self.data / "found" / self.stamp)

    @cached_property
    def stamp(self) -> str:
        """What identifies the scenario with the code that runs it: results of another version are not shown."""
        return whatif.stamp(self.scenario)

    @cached_property
    def st(self) -> Structure:
        """Positions of the scenario."""
        return structure(self.scenario)

    def may_work(self, request: Request) -> bool:
        """Whether this reader may start work in the background: beyond loopback only the operator."""
        return self.loopback or self.operator(request)

    def operator(self, request: Request) -> bool:
        """Whether the reader came by the operator's link."""
        return False


def of(request: Request) -> Site:
    """The site that a request is made to."""
    return cast(Site, request.app.state.site)


def closed(request: Request) -> bool:
    """Whether Explore and Ask are closed to this reader, since an exercise runs that asks for it."""
    return False


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
