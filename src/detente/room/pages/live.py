"""Pages that change while one looks at them: a seat, the desk, the watcher's page, pushed over NiceGUI's socket.

A page is made of parts, each a piece of HTML made on the server from what `service.Room` hands to this reader. When the
room tells of a change, the parts are made again and those that differ are sent. Nothing else is on the socket, and no
script: so NiceGUI runs here without `unsafe-eval`, its own scripts by a nonce of each answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from nicegui import core, ui
from nicegui.element import Element
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from detente.explain import row_name
from detente.room import api
from detente.room.pages import links, seats, shell
from detente.room.pages.shell import CLOSED
from detente.room.pages.site import Site, of
from detente.room.setup import RoomError
from detente.room.store import Pass

log = logging.getLogger(__name__)
MOUNT = "/live"
PATIENCE = 20.0
"""Seconds for which a page that lost its connection is kept."""
SLOWEST = 120.0
"""Seconds that a page may take to be made: the first after a start replays its exercise."""
_TAGS = re.compile(rb"<(script|style)\b")
Parts = dict[str, Markup]
Make = Callable[[Site, Pass, str], Parts]
GONE = ("link", "expired", "unknown")
"""Errors after which a page has nothing to show any more."""


def mount(app: FastAPI) -> None:
    """Put the live pages below `MOUNT`; once in the life of a process."""
    core.sio.eio.cors_allowed_origins = []  # the guard has checked the origin; no header invites others
    ui.run_with(
        app,
        mount_path=MOUNT,
        title="Detente",
        tailwind=False,
        gzip_middleware_factory=None,
        reconnect_timeout=PATIENCE,
        show_welcome_message=False,
    )


# ---- three pages ----
@ui.page("/seat/{exercise}/{seat}", response_timeout=SLOWEST)
async def seat_page(request: Request, exercise: str, seat: str) -> Any:
    """A seat."""
    return await _open(request, "seat", exercise, seat, seat_parts)


@ui.page("/desk/{exercise}", response_timeout=SLOWEST)
async def desk_page(request: Request, exercise: str) -> Any:
    """The facilitator's desk."""
    return await _open(request, "desk", exercise, "", desk_parts)


@ui.page("/watch/{exercise}", response_timeout=SLOWEST)
async def watch_page(request: Request, exercise: str) -> Any:
    """The watcher's page, for the projector."""
    return await _open(request, "watcher", exercise, "", watch_parts)


async def _open(request: Request, role: str, exercise: str, seat: str, parts: Make) -> Any:
    site, lang = of(request), shell.language(request)
    who = await asyncio.to_thread(links.holder, request, role, exercise, seat)
    if site.room is None:
        title = shell.text(lang, "seats.door.title")
        return shell.page(request, "preparing.html.j2", 503, title=title, said=seats.preparing(site, lang))
    if who is None:
        return RedirectResponse("/enter", status_code=303)
    try:
        first = await asyncio.to_thread(parts, site, who, lang)
    except Exception as error:  # NiceGUI would show what went wrong to whoever asks
        log.exception("a live page failed")
        title, told = (shell.text(lang, f"site.error.{key}") for key in ("wrong", "fault"))
        told = error.text[lang] if isinstance(error, RoomError) else told
        return shell.page(request, "said.html.j2", 500, title=title, told=told)
    _head(request, lang, role)
    page = Live(site, who, request.cookies[api.cookie(who)], lang, parts, first)
    page.watch()
    return None


def _head(request: Request, lang: str, role: str) -> None:
    ui.page_title(f"{shell.text(lang, 'seats.desk.title') if role == 'desk' else shell.text(lang, 'seats.door.title')}")
    for name in ("bar.css", "room.css"):
        ui.add_head_html(f'<link rel="stylesheet" href="{shell.STATIC}/{name}?{shell.stamp()}">')
    ui.add_body_html(f'<script src="{shell.STATIC}/live.js?{shell.stamp()}" defer></script>')
    _html("div", shell.fragment("bar.html.j2", lang, here=request.url.path, area="seats"))


def _html(tag: str, content: Markup, **props: str) -> Element:
    """An element that holds HTML of ours, put in as it is: everything in it that people wrote is escaped already."""
    made = Element(tag)
    made.props.update(props | {"innerHTML": str(content)})
    return made


class Live:
    """A page that is open in one browser."""

    def __init__(self, site: Site, who: Pass, token: str, lang: str, make: Make, first: Parts) -> None:
        self.site, self.who, self.token, self.lang, self.make, self.shown = site, who, token, lang, make, first
        layout = LAYOUTS[who.role]
        self.elements: dict[str, Element] = {}
        with Element("main").props("id=main").classes(layout[0]):
            for row in layout[1]:
                with Element("div").classes("wide" if len(row) > 1 else "whole"):
                    for column in row:
                        with Element("div"):
                            self.elements |= {name: _html("div", first[name]) for name in column}
        self.stale = False
        self.task: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """Follow the room's changes for as long as the page is open."""
        loop, client = asyncio.get_running_loop(), ui.context.client
        assert self.site.room is not None
        leave = self.site.room.subscribe(self.who, lambda topic: loop.call_soon_threadsafe(self.renew))
        client.on_delete(leave)

    def renew(self) -> None:
        """Make the parts again; changes that come meanwhile are taken together."""
        self.stale = True
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        while self.stale:
            self.stale = False
            fresh = await asyncio.to_thread(self._made)
            for name, html in fresh.items():
                if html != self.shown.get(name) and name in self.elements:
                    self.shown[name] = html
                    self.elements[name].props["innerHTML"] = str(html)
                    self.elements[name].update()

    def _made(self) -> Parts:
        try:
            assert self.site.room is not None
            self.site.room.enter(self.token)  # a link that was issued anew opens nothing any more
            return self.make(self.site, self.who, self.lang)
        except RoomError as error:
            return {"data": Markup('<div data-gone="/enter"></div>')} if error.code in GONE else {}


LAYOUTS: dict[str, tuple[str, list[list[list[str]]]]] = {
    "seat": ("seat", [[["top"]], [["act", "letters", "write"], ["news", "side"]], [["data"]]]),
    "desk": ("desk", [[["main"]], [["tools"], ["log"]], [["data"]]]),
    "watcher": ("projector", [[["main"]], [["data"]]]),
}
"""Class of the main part, and its rows: columns of parts."""


# ---- parts ----
def seat_parts(site: Site, who: Pass, lang: str) -> Parts:
    """A seat's page: what is asked of it, what it knows, its letters."""
    assert site.room is not None
    b = site.room.brief(who, lang)
    names = site.names(lang)
    month = shell.month(b["month"], lang)
    plan = b.get("plan") or {"rows": []}
    abouts = [(q["id"], q["title"]) for q in b["questions"]] + [(r["id"], r["name"]) for r in plan["rows"]]
    told = dict(abouts)
    standing = ", ".join(told.get(row, row) for row in b.get("standing") or [])
    setup = site.setup(who.exercise)
    first = b["month"] == setup["start"]
    act = shell.fragment(
        "seat_act.html.j2",
        lang,
        b=b,
        first=first,
        quiet=setup["quiet"] > 0,
        standing=standing,
        debrief=site.debrief(who),
    )
    news = shell.fragment("seat_news.html.j2", lang, b=b)
    letters = shell.fragment("seat_letters.html.j2", lang, b=b, names=names)
    write = shell.fragment("seat_write.html.j2", lang, b=b, abouts=abouts)
    units = {unit: words[lang] for unit, words in shell.texts("seats")["unit"].items()}
    side = shell.fragment(
        "seat_side.html.j2", lang, b=b, first=first, names=names, units=units, sheet=site.room.sheet(who, lang)
    )
    draft = json.dumps({"stage": b["stage"]["key"], "answers": b["draft"]}) if b.get("draft") else ""
    return {
        "top": shell.fragment("seat_top.html.j2", lang, b=b, month=month),
        "act": act,
        "news": news,
        "letters": letters,
        "write": write,
        "side": side,
        "data": _data(who, draft),
    }


def desk_parts(site: Site, who: Pass, lang: str) -> Parts:
    """The desk: seats, clock, what may be done, the log."""
    assert site.room is not None
    d = site.room.desk(who, lang)
    names = site.names(lang)
    months = [*d["months"], d["month"]] if d["months"] else []
    filed = {s["seat"]: _filed(site, s["filed"], lang) for s in d["seats"]}
    branches = shell.fragment("desk_branches.html.j2", lang, months=months)
    nature = [(name, nature_name(site, name, lang)) for name in d["nature"]]
    month, debrief = shell.month(d["month"], lang), site.debrief(who)
    return {
        "main": shell.fragment("desk_main.html.j2", lang, d=d, names=names, filed=filed, month=month, debrief=debrief),
        "tools": shell.fragment("desk_tools.html.j2", lang, d=d, nature=nature, branches=branches),
        "log": shell.fragment("desk_log.html.j2", lang, d=d, names=names),
        "data": _data(who, ""),
    }


def watch_parts(site: Site, who: Pass, lang: str) -> Parts:
    """The projector: public events and the clock."""
    assert site.room is not None
    w = site.room.watch(who, lang)
    return {
        "main": shell.fragment("watch.html.j2", lang, w=w, month=shell.month(w["month"], lang)),
        "data": _data(who, ""),
    }


def _data(who: Pass, draft: str) -> Markup:
    return Markup('<div data-pass="{}" data-draft="{}" hidden></div>').format(api.cookie(who), draft)


def _filed(site: Site, answers: dict[str, Any] | None, lang: str) -> str:
    """What a seat has filed, in words."""
    rows = _row_names(site, lang)
    out = []
    for value in (answers or {}).values():
        out += [rows.get(str(v), str(v)) for v in (value if isinstance(value, list) else [value])]
    return "; ".join(out)


@lru_cache(maxsize=4)
def _row_names(site: Site, lang: str) -> dict[str, str]:
    return {row.name: row_name(site.st, k)[lang] for k, row in enumerate(site.st.rows)}


def nature_name(site: Site, name: str, lang: str) -> str:
    """An event of nature in words: what, and to whom."""
    kind, *rest = re.split(r"[.:]", name)
    known = shell.texts("explore")["nature"]
    what = str(known[kind][lang]) if kind in known else kind
    whom = [site.scenario.actors[a].name[lang] if a in site.scenario.actors else a for a in rest]
    return f"{what}: {', '.join(whom)}" if whom else what


# ---- the answer's policy ----
class Nonced:
    """Gives NiceGUI's own scripts and styles a nonce, and the page its language; nothing else may run."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Change pages on their way out; all else passes as it is."""
        live = scope["type"] == "http" and scope["path"].startswith(
            (f"{MOUNT}/seat", f"{MOUNT}/desk", f"{MOUNT}/watch")
        )
        if not live:
            await self.app(scope, receive, send)
            return
        lang = shell.language(Request(scope))
        begun: list[Message] = []
        body = bytearray()

        async def held(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                await _sent(begun[0], bytes(body), lang, send)

        await self.app(scope, receive, held)


async def _sent(start: Message, body: bytes, lang: str, send: Send) -> None:
    nonce = secrets.token_urlsafe(18)
    html = any(name == b"content-type" and value.startswith(b"text/html") for name, value in start["headers"])
    if html:
        # NiceGUI escapes < in everything that it puts into its page, so these are the tags of its template alone
        body = _TAGS.sub(rb'<\1 nonce="%s"' % nonce.encode(), body)
        body = body.replace(b' style="display: none"', b" hidden", 1)
        body = re.sub(rb"<html[^>]*>", b'<html lang="%s">' % lang.encode(), body, count=1)
    keep = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    told = [(b"content-length", str(len(body)).encode()), (b"content-security-policy", policy(nonce).encode())]
    await send({**start, "headers": keep + told})
    await send({"type": "http.response.body", "body": body})


def policy(nonce: str) -> str:
    """What a live page may load: as our other pages, and NiceGUI's own scripts and styles by the nonce."""
    own = f"'self' 'nonce-{nonce}'"
    told = CLOSED.replace("script-src 'self'", f"script-src {own}")
    return told.replace("style-src 'self'", f"style-src {own}")
