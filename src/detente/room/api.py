"""The room for programs: everything that operator, facilitator, seats and watchers can do, as REST with OpenAPI.

A bot is a client like a browser. A link's token goes into `Authorization: Bearer …`, or is exchanged once for an
HttpOnly cookie; which of several cookies is meant, the header `X-Detente-Pass` says, which no foreign page can send.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict, deque
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from detente.room import setup as setups
from detente.room.service import ACTIONS, Room
from detente.room.setup import RoomError
from detente.room.store import Pass

PREFIX = "/api/v1"
STATUS = {
    "link": 401,
    "expired": 410,
    "forbidden": 403,
    "unknown": 404,
    "closed": 409,
    "handed": 409,
    "conflict": 409,
    "ended": 409,
    "version": 409,
    "differs": 409,
    "busy": 409,
    "size": 413,
    "rate": 429,
    "preparing": 503,
    "store": 503,
}
"""HTTP status of each kind of error; 422 for all others."""
BODY, UPLOAD = 64 * 1024, 32 * 1024 * 1024
"""Most bytes of a request, and of one that brings an exercise."""
READS, WRITES, TRIES = 1200, 240, 60
"""Requests a minute: of one link that read, that write; and of one address with links that open nothing."""
MINUTE = 60.0
UNKEPT = {
    "en": "The server cannot keep anything at present (is its disk full?). Nothing was changed; try again.",
    "ru": "Сервер сейчас ничего не может записать (переполнен диск?). Ничего не изменено; повторите попытку.",
}
log = logging.getLogger(__name__)

Text = Annotated[str, Field(max_length=200)]


class Body(BaseModel):
    """A request in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid")


class Enter(Body):
    """A link's token."""

    token: Text


class File(Body):
    """A seat's answers to the open stage."""

    stage: Text
    answers: dict[Text, Text | Annotated[list[Text], Field(max_length=8)]] = Field(max_length=64)
    revision: int = Field(default=0, ge=0)


class Draft(Body):
    """What a seat has put together and not confirmed."""

    stage: Text
    answers: dict[Text, Text | Annotated[list[Text], Field(max_length=8)]] = Field(max_length=64)


class Write(Body):
    """A letter."""

    to: list[Text] = Field(min_length=1, max_length=16)
    text: str
    about: Text = ""


class Standing(Body):
    """Standing instructions for quiet months."""

    rows: list[Text] = Field(max_length=8)


class Act(Body):
    """What an action of the desk needs: only the fields that it names."""

    seconds: int | None = None
    seat: Text | None = None
    to: Text | None = None
    role: Text | None = None
    event: Text | None = None
    text: str | None = None
    months: int | None = None
    at: Text | None = None
    title: Text | None = None


class Limiter:
    """So many requests a minute by whom."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def check(self, kind: str, whom: str, most: int) -> None:
        """Count a request; refuse it where there were too many."""
        now, line = time.monotonic(), self.seen[kind, whom]
        while line and line[0] < now - MINUTE:
            line.popleft()
        if len(line) >= most:
            raise RoomError("rate", "Too many requests; wait a minute.", "Слишком много запросов; подождите минуту.")
        line.append(now)
        if len(self.seen) > 10_000:
            self.seen = defaultdict(deque, {k: v for k, v in self.seen.items() if v and v[-1] > now - MINUTE})


def room_of(request: Request) -> Room:
    """The room of this server."""
    found: Room | None = request.app.state.room
    if found is None:
        raise RoomError("preparing", "The model is being made ready.", "Модель готовится.")
    return found


TheRoom = Annotated[Room, Depends(room_of)]


def cookie(who: Pass) -> str:
    """The name of the cookie of one pass: two seats and the desk can be open in one browser."""
    return "-".join(part for part in ("detente", who.role, who.exercise, who.seat) if part)


def lang_of(request: Request) -> str:
    """English or Russian: as asked for, else as the browser prefers."""
    asked = request.query_params.get("lang") or request.headers.get("accept-language", "")
    return "ru" if asked.lower().startswith("ru") else "en"


Lang = Annotated[str, Depends(lang_of)]


def pass_of(request: Request, room: TheRoom) -> Pass:
    """Who asks, by bearer token or by the cookie that is named."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        token = request.cookies.get(request.headers.get("x-detente-pass", ""), "")
    limiter: Limiter = request.app.state.limiter
    try:
        who = room.enter(token.strip())
    except RoomError:
        limiter.check("try", request.client.host if request.client else "", TRIES)
        raise
    reads = request.method in ("GET", "HEAD")
    limiter.check("read" if reads else "write", cookie(who), READS if reads else WRITES)
    return who


Who = Annotated[Pass, Depends(pass_of)]
router = APIRouter(prefix=PREFIX, tags=["room"])


@router.post("/enter")
def enter(body: Enter, request: Request, response: Response, room: TheRoom) -> dict[str, str]:
    """Exchange a link's token for a cookie of that seat, desk or watcher alone."""
    limiter: Limiter = request.app.state.limiter
    limiter.check("enter", request.client.host if request.client else "", TRIES)
    who = room.enter(body.token)
    secure = request.url.scheme == "https"
    response.set_cookie(cookie(who), body.token, httponly=True, samesite="strict", secure=secure, path="/")
    return {"pass": cookie(who), **who._asdict()}


@router.get("/me")
def me(who: Who) -> dict[str, str]:
    """What the link opens."""
    return who._asdict()


# ---- a seat ----
@router.get("/brief")
def brief(who: Who, room: TheRoom, lang: Lang) -> dict[str, Any]:
    """A seat's page as data: aims, brief, letters, open questions and what is legal."""
    return room.brief(who, lang)


@router.get("/shown")
def shown(who: Who, room: TheRoom, lang: Lang) -> list[dict[str, Any]]:
    """What the seat was shown at the opening of each stage."""
    return room.shown(who, lang)


@router.post("/answers")
def answers(body: File, who: Who, room: TheRoom) -> dict[str, Any]:
    """Confirm answers to the open stage; until it closes they can be changed, naming the revision that is replaced."""
    return room.file(who, body.stage, dict(body.answers), body.revision)


@router.put("/draft", status_code=204)
def draft(body: Draft, who: Who, room: TheRoom) -> None:
    """Keep what is put together so far for the seat's other windows."""
    room.draft(who, body.stage, dict(body.answers))


@router.post("/letters")
def write(body: Write, who: Who, room: TheRoom) -> dict[str, Any]:
    """Write to other seats. The facilitator can read letters, and they enter the debrief."""
    return room.write(who, body.to, body.text, body.about)


@router.put("/standing", status_code=204)
def standing(body: Standing, who: Who, room: TheRoom) -> None:
    """Leave standing instructions for quiet months."""
    room.standing(who, body.rows)


# ---- desk and watcher ----
@router.get("/desk")
def desk(who: Who, room: TheRoom, lang: Lang) -> dict[str, Any]:
    """Everything that the facilitator sees."""
    return room.desk(who, lang)


@router.post("/desk/{action}", description="One of: " + ", ".join(ACTIONS))
def act(action: str, body: Act, who: Who, room: TheRoom) -> dict[str, Any]:
    """Do something at the desk."""
    return room.act(who, action, **body.model_dump(exclude_none=True))


@router.get("/watch")
def watch(who: Who, room: TheRoom, lang: Lang) -> dict[str, Any]:
    """Public events and the clock."""
    return room.watch(who, lang)


# ---- operator ----
@router.get("/exercises")
def exercises(who: Who, room: TheRoom) -> list[dict[str, Any]]:
    """All exercises."""
    return room.exercises(who)


@router.post("/exercises", status_code=201)
def create(body: setups.Setup, who: Who, room: TheRoom) -> dict[str, Any]:
    """Make an exercise; its links are given now and never again."""
    return room.create(who, body.model_dump())._asdict()


@router.post("/estimate")
def estimate(body: setups.Setup, who: Who, room: TheRoom) -> dict[str, float]:
    """How long an exercise takes, in minutes."""
    return setups.estimate(setups.checked(room.kernel.scenario, body.model_dump()))._asdict()


@router.delete("/exercises/{exercise}", status_code=204)
def delete(exercise: str, who: Who, room: TheRoom) -> None:
    """Delete an exercise for good."""
    room.delete(who, exercise)


@router.post("/exercises/{exercise}/desk")
def desk_link(exercise: str, who: Who, room: TheRoom) -> dict[str, str]:
    """A new link to an exercise's desk; the old one dies."""
    return {"token": room.desk_link(who, exercise)}


@router.post("/import", status_code=201)
async def restore(request: Request, who: Who, room: TheRoom) -> dict[str, Any]:
    """Make an exercise of an exported one (the ZIP as body), with new links."""
    blob = await request.body()
    return await run_in_threadpool(room.restore, who, blob)


# ---- debrief and export ----
@router.get("/debrief")
def debrief(who: Who, room: TheRoom, lang: Lang) -> dict[str, Any]:
    """The exercise beside the record, what each side had wrong, and the work on what mattered."""
    return room.debrief(who, lang)


@router.get("/work/{kind}")
def found(kind: str, who: Who, room: TheRoom, lang: Lang) -> dict[str, Any] | None:
    """How far background work is, and what it has found."""
    return room.found(who, kind, lang)


@router.post("/work/{kind}", status_code=202)
def ask(kind: str, who: Who, room: TheRoom) -> dict[str, str]:
    """Begin background work: debrief or alike."""
    return {"id": room.ask(who, kind)}


@router.delete("/work/{kind}", status_code=204)
def stop(kind: str, who: Who, room: TheRoom) -> None:
    """Stop background work; what it has found stays."""
    room.stop(who, kind)


@router.get("/export", response_class=Response, responses={200: {"content": {"application/zip": {}}}})
def export(who: Who, room: TheRoom, *, letters: bool = True) -> Response:
    """Everything as a ZIP of JSON and CSV, with a manifest; letters can be left out."""
    blob = room.export(who, letters=letters)
    name = f"attachment; filename=exercise-{who.exercise}.zip"
    return Response(blob, media_type="application/zip", headers={"content-disposition": name})


# ---- ready-made ----
@router.get("/ready")
def ready(room: TheRoom, lang: Lang) -> list[dict[str, Any]]:
    """The ready-made exercises: settings, the facilitator's plan, questions for the debrief."""
    return room.ready(lang)


@router.get("/sheet")
def sheet(who: Who, room: TheRoom, lang: Lang) -> dict[str, Any] | None:
    """The seat's role sheet, where the exercise has one."""
    return room.sheet(who, lang)


# ---- the application ----
def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RoomError)
    body = {"code": error.code, "message": error.text[lang_of(request)], "legal": error.legal}
    return JSONResponse(body, STATUS.get(error.code, 422))


def _misread(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    en, ru = f"{where}: {first['msg']}.", f"{where}: запрос не разобран ({first['msg']})."
    return JSONResponse({"code": "request", "message": ru if lang_of(request) == "ru" else en, "legal": None}, 422)


def _unkept(request: Request, error: Exception) -> Response:
    log.error("not kept: %s", error)
    body = {"code": "store", "message": UNKEPT[lang_of(request)], "legal": None}
    return JSONResponse(body, STATUS["store"])


class Sized:
    """Refuses a request to the interface that is too large, however it is sent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes in."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        most = UPLOAD if scope["path"] == f"{PREFIX}/import" else BODY
        parts: list[Message] = []
        size = 0
        while True:
            message = await receive()
            parts.append(message)
            size += len(message.get("body", b""))
            if size > most:
                await too_large(most)(scope, receive, send)
                return
            if not message.get("more_body", False):
                break

        async def again() -> Message:
            return parts.pop(0) if parts else await receive()

        await self.app(scope, again, send)


def too_large(most: int) -> JSONResponse:
    """The answer to a request that is too large."""
    en = f"The request is larger than {most // 1024} KB. Nothing was done."
    ru = f"Запрос больше {most // 1024} КБ. Ничего не сделано."
    return JSONResponse({"code": "size", "message": en, "ru": ru, "legal": None}, 413)


def install(app: FastAPI, room: Room | None) -> None:
    """Put the interface into an application; without a room it says that it is not ready until there is one."""
    app.state.room, app.state.limiter = room, Limiter()
    app.add_exception_handler(RoomError, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(SQLAlchemyError, _unkept)
    app.add_middleware(Sized)
    app.include_router(router)


def application(room: Room) -> FastAPI:
    """The interface alone, for programs and tests."""
    app = FastAPI(title="Détente: the room", version="1", docs_url=None, redoc_url=None)
    install(app, room)
    return app
