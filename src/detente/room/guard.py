"""What the room refuses before any page is asked: foreign origins, foreign names, bodies beyond all measure."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from detente.room.pages.shell import CLOSED

SAFE = ("GET", "HEAD", "OPTIONS")
API = "/api/"
SOCKET = "/_nicegui_ws"
"""Part of the address of NiceGUI's socket, which can be asked by plain requests too."""
LARGEST = 2 * 1024 * 1024
"""Bytes of a request's body."""
BROUGHT = 33 * 1024 * 1024
"""... of one that brings in an exercise."""
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """Stands before the whole application, sockets included."""

    def __init__(self, app: ASGIApp, site: Any, hosts: tuple[str, ...], public_url: str = "") -> None:
        self.app, self.site = app, site
        named = urlsplit(public_url).hostname
        self.hosts = {*hosts, *([named] if named else [])}
        self.public = public_url.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on; what goes out carries the headers of safety."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        scope["detente"] = self.site
        wrong = self.refused(scope)
        if wrong:
            await self._refuse(scope, receive, send, *wrong)
            return
        await self.app(scope, self._measured(scope, receive), self._dressed(scope, send))

    def refused(self, scope: Scope) -> tuple[int, str] | None:
        """Why a request is refused, None if it is not."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name(host) not in self.hosts:
            return (
                421,
                "This room does not answer to that name. Open it by the address that it printed when it started.",
            )
        asks = scope["type"] == "websocket" or scope["method"] not in SAFE or "upgrade" in headers
        asks = asks or SOCKET in scope["path"]
        origin = headers.get("origin")
        if asks and origin is not None and not self._own(origin, host) and not _veiled(scope, headers):
            return 403, "This came from a page of another site, and is refused."
        length = headers.get("content-length", "0")
        if scope["path"].startswith(API):
            return None  # which measures by itself
        most = most_of(scope["path"])
        if not length.isdigit() or int(length) > most:
            return 413, f"That is too large: at most {most // 1024 // 1024} MB."
        return None

    def _measured(self, scope: Scope, receive: Receive) -> Receive:
        return receive if scope["path"].startswith(API) else _limited(receive, most_of(scope["path"]))

    def _own(self, origin: str, host: str) -> bool:
        return origin == self.public or urlsplit(origin).netloc == host

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, status: int, why: str) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": why})
            return
        await PlainTextResponse(why, status_code=status)(scope, receive, send)

    def _dressed(self, scope: Scope, send: Send) -> Send:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", CLOSED)
                if scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "public, max-age=31536000, immutable"
                else:
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        return dressed


def _veiled(scope: Scope, headers: Headers) -> bool:
    """Whether this is a form of our own page, whose origin the policy of no referrer hides (`Origin: null`).

    Where a browser says from where a request comes (it does on loopback and over TLS), that decides; where it does not,
    the cookies do, which no browser sends along with a foreign page's form (SameSite=Strict).
    """
    form = scope["type"] == "http" and scope["method"] == "POST" and SOCKET not in scope["path"]
    hidden = form and headers.get("origin") == "null"
    return hidden and headers.get("sec-fetch-site", "same-origin") == "same-origin"


def most_of(path: str) -> int:
    """Bytes that a request to a path may have."""
    return BROUGHT if path == "/seats/import" else LARGEST


def _limited(receive: Receive, most: int) -> Receive:
    """A body of unknown length ends where it becomes too long."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message: Any = await receive()
        seen += len(message.get("body", b"") or b"")
        return {"type": "http.disconnect"} if seen > most else message

    return limited


def _name(host: str) -> str:
    """A host without its port."""
    return host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
