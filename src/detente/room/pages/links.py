"""Links and the cookies that they are exchanged for: who a reader is, without any account."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

import segno
from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from detente.room import api
from detente.room.pages.site import Site, of
from detente.room.store import Pass


def token_in(text: str) -> str:
    """The token of a link as it was pasted: what stands behind the #, or the text itself."""
    return text.strip().rpartition("#")[2][:200]


def entered(request: Request, site: Site, token: str) -> tuple[Pass, Response]:
    """Exchange a link's token for its cookie; the answer leads to the page that it opens."""
    assert site.room is not None
    who = site.room.enter(token)
    answer = RedirectResponse(page_of(who), status_code=303)
    give(answer, request, who, token)
    return who, answer


def give(answer: Response, request: Request, who: Pass, token: str) -> None:
    """Put the cookie of a pass into an answer."""
    secure = request.url.scheme == "https" or of(request).public_url.startswith("https:")
    answer.set_cookie(api.cookie(who), token, httponly=True, samesite="strict", secure=secure, path="/")


def page_of(who: Pass) -> str:
    """The page that a pass opens."""
    return {
        "operator": "/seats",
        "desk": f"/live/desk/{who.exercise}",
        "watcher": f"/live/watch/{who.exercise}",
        "seat": f"/live/seat/{who.exercise}/{who.seat}",
    }[who.role]


def holder(request: Request, role: str, exercise: str = "", seat: str = "") -> Pass | None:
    """Who a reader is for one page, by its own cookie; None where there is none that still opens it."""
    return of(request).held(request, api.cookie(Pass(exercise, role, seat)))


def address(request: Request, token: str) -> str:
    """A link as it is handed out."""
    base = of(request).public_url or f"{request.url.scheme}://{urlsplit(str(request.url)).netloc}"
    return f"{base.rstrip('/')}/enter#{token}"


def code(text: str) -> Markup:
    """A text as a QR code, as a picture in the page."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=3, dark="#20262b", light="#fff"
    )
    return Markup(out.getvalue().decode())
