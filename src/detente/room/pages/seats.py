"""Take a seat: the door, playing alone, making an exercise, its links."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from detente.room import setup as setups
from detente.room.pages import links, shell
from detente.room.pages.site import ALONE as ALONE_COOKIE
from detente.room.pages.site import Site, missing, of
from detente.room.setup import RoomError
from detente.room.store import Pass
from detente.scenario import Scenario

router = APIRouter(include_in_schema=False)
ALONE = {"clocks": {"plan": 0, "answer": 0, "crisis": 0}, "closed": False, "expires": 30}
"""Playing alone: no clock, and nothing closed to others; to the player by a cookie of his own."""
SET_UP = {
    "title": "",
    "start": "1961-01",
    "end": "1962-12",
    "opens": "record",
    "seed": 1,
    "seats": [],
    "plan": 5.0,
    "answer": 3.0,
    "crisis": 2.0,
    "fixed_times": False,
    "quiet": 0,
    "closed": True,
    "measures": ["war"],
    "expires": 90,
    "exercise": "",
}
"""What the set-up page begins with."""


# ---- the door ----
@router.get("/seats")
async def door(request: Request) -> Response:
    """Where one takes a seat."""
    return await _door(request)


async def refuse(request: Request, wrong: str, status: int) -> Response:
    """The door, with why something was refused."""
    return await _door(request, wrong, status)


async def _door(request: Request, wrong: str = "", status: int = 200) -> Response:
    site, lang = of(request), shell.language(request)
    operator = await asyncio.to_thread(links.holder, request, "operator")
    exercises = await asyncio.to_thread(site.room.exercises, operator) if operator and site.room else []
    names = {seat: site.scenario.actors[seat].name[lang] for seat in site.deciders}
    for one in exercises:
        one["names"] = ", ".join(names[seat] for seat in one["seats"])
    return shell.page(
        request,
        "seats.html.j2",
        status,
        ready=site.room is not None,
        preparing=preparing(site, lang),
        wrong=wrong,
        offered=offered(site, lang),
        may_alone=site.loopback or operator is not None,
        operator=operator is not None,
        exercises=exercises,
    )


@router.get("/seats/ready")
async def ready(request: Request) -> Response:
    """Whether the model is ready: 202 while it is not."""
    site, lang = of(request), shell.language(request)
    if site.room is not None:
        return HTMLResponse("", headers={"X-Reload": "1"})
    html = shell.fragment("under_way.html.j2", lang, said=preparing(site, lang), job=None)
    return HTMLResponse(html, 200 if site.failed else 202)


def preparing(site: Site, lang: str) -> str:
    """How far the model is from being ready, in a sentence."""
    if site.failed:
        return shell.text(lang, "seats.door.failed", why=site.failed)
    return shell.text(lang, "seats.door.preparing")


def offered(site: Site, lang: str) -> list[dict[str, Any]]:
    """The ready-made exercises as the door shows them."""
    out = []
    for one in site.exercises():
        takes = setups.estimate(one.setup)
        out.append(
            {
                "id": one.id,
                "title": one.name[lang],
                "about": one.about[lang],
                "minutes": one.minutes,
                "months": takes.months,
                "start": one.setup.start,
                "end": one.setup.end,
                "seats": [(seat, site.scenario.actors[seat].name[lang]) for seat in one.setup.seats],
            }
        )
    return out


@router.post("/seats/alone")
async def alone(
    request: Request,
    exercise: Annotated[str, Form()],
    seat: Annotated[str, Form()] = "",
    closed: Annotated[str, Form()] = "",
) -> Response:
    """Play alone now: one seat, everyone else on autopilot, no clock."""
    site, lang = of(request), shell.language(request)
    if site.room is None or site.operator_pass is None:
        return await _door(request, preparing(site, lang), 503)
    if not await site.may_work(request):
        return await _door(request, shell.text(lang, "site.error.operator"), 403)
    one = next((e for e in site.exercises() if e.id == exercise), None)
    if one is None:
        return missing(request)
    chosen = seat if seat in one.setup.seats else one.setup.seats[0]
    own = {"seats": [chosen], "title": one.name[lang], "exercise": one.id}
    data = one.setup.model_dump() | ALONE | own
    try:
        made = await asyncio.to_thread(site.room.create, site.operator_pass, data)
    except RoomError as error:
        return await _door(request, error.text[lang], 422)
    who = Pass(made.exercise, "seat", chosen)
    answer = RedirectResponse(links.page_of(who), status_code=303)
    links.give(answer, request, who, made.seats[chosen])
    links.give(answer, request, Pass(made.exercise, "desk", ""), made.desk)
    if closed:
        answer.set_cookie(ALONE_COOKIE, made.exercise, httponly=True, samesite="strict", path="/")
    return answer


# ---- links ----
@router.get("/enter")
async def enter_page(request: Request) -> Response:
    """Where a link leads: its token stands behind the #, which no server sees."""
    return shell.page(request, "enter.html.j2", wrong="")


@router.post("/enter")
async def enter(request: Request, token: Annotated[str, Form()]) -> Response:
    """Exchange a token for its cookie."""
    site, lang = of(request), shell.language(request)
    if site.room is None:
        return shell.page(request, "enter.html.j2", 503, wrong=preparing(site, lang))
    try:
        site.limit(request)
        return (await asyncio.to_thread(links.entered, request, site, links.token_in(token)))[1]
    except RoomError as error:
        return shell.page(request, "enter.html.j2", 401, wrong=error.text[lang])


class Shown(BaseModel):
    """A token whose link is to be drawn."""

    token: str


@router.post("/seats/qr")
async def qr(request: Request, shown: Shown) -> Response:
    """The QR code of a link that was just made."""
    site = of(request)
    try:
        assert site.room is not None
        await asyncio.to_thread(site.room.enter, shown.token)
    except (RoomError, AssertionError):
        return missing(request)
    return Response(str(links.code(links.address(request, shown.token))), media_type="image/svg+xml")


# ---- making an exercise ----
@router.get("/seats/new")
async def set_up(request: Request, exercise: str = "") -> Response:
    """The set-up page."""
    site, lang = of(request), shell.language(request)
    if await asyncio.to_thread(links.holder, request, "operator") is None:
        return await _door(request, shell.text(lang, "seats.door.operator"), 403)
    values: dict[str, Any] = SET_UP | {"seats": _leading(site.scenario)}
    one = next((e for e in site.exercises() if e.id == exercise), None)
    if one is not None:
        given = one.setup.model_dump()
        values |= {k: v for k, v in given.items() if k in values} | {"title": one.name[lang], "exercise": one.id}
        values |= {k: v / 60 for k, v in given["clocks"].items()}
    return _set_up(request, values)


def _leading(scenario: Scenario) -> list[str]:
    """The two strongest centres."""
    centres = [actor for actor in scenario.actors.values() if actor.centre]
    return [actor.id for actor in sorted(centres, key=lambda actor: -actor.opening.cinc.value)[:2]]


def _set_up(
    request: Request, values: dict[str, Any], wrong: str = "", estimate: str = "", status: int = 200
) -> HTMLResponse:
    site, lang = of(request), shell.language(request)
    return shell.page(
        request,
        "setup.html.j2",
        status,
        s=values,
        wrong=wrong,
        estimate=estimate,
        offered=offered(site, lang),
        seats=[(seat, site.scenario.actors[seat].name[lang]) for seat in site.deciders],
        measures=[
            ("war", shell.text(lang, "seats.setup.war")),
            *((name, entry.name[lang]) for name, entry in site.scenario.series.items()),
        ],
    )


@router.post("/seats/new")
async def make(request: Request) -> Response:
    """Make an exercise, or say how long it would take."""
    site, lang = of(request), shell.language(request)
    operator = await asyncio.to_thread(links.holder, request, "operator")
    if operator is None or site.room is None:
        return await _door(request, shell.text(lang, "seats.door.operator"), 403)
    form = await request.form()
    values = _typed(dict(form), [str(x) for x in form.getlist("seats")], [str(x) for x in form.getlist("measures")])
    try:
        data = _data(values, lang)
        found = setups.checked(site.scenario, data)
        if form.get("only") == "estimate":
            return _set_up(request, values, estimate=_takes(found, lang))
        made = await asyncio.to_thread(site.room.create, operator, data)
    except RoomError as error:
        return _set_up(request, values, error.text[lang], status=422)
    return made_page(request, made.exercise, made.desk, made.watcher, made.seats, found.title)


def _typed(form: dict[str, Any], seats: list[str], measures: list[str]) -> dict[str, Any]:
    """The form as it was filled in."""
    values = {key: str(form.get(key, "")) for key in SET_UP}
    ticks = {key: key in form for key in ("fixed_times", "closed")}
    return values | ticks | {"seats": seats, "measures": measures or ["war"]}


def _data(values: dict[str, Any], lang: str) -> dict[str, Any]:
    """The form as a set-up; a number that is none is said to be so."""

    def number(key: str, kind: Callable[[float], Any] = int) -> Any:
        try:
            return kind(float(str(values[key]).replace(",", ".") or 0))
        except (ValueError, OverflowError):
            what = shell.text("en", f"seats.setup.{key}"), shell.text("ru", f"seats.setup.{key}")
            raise RoomError("setup", f"{what[0]}: this is no number.", f"{what[1]}: это не число.") from None

    clocks = {key: number(key, lambda minutes: round(minutes * 60)) for key in ("plan", "answer", "crisis")}
    whole = {key: number(key) for key in ("seed", "quiet", "expires")}
    kept = ("title", "start", "end", "opens", "seats", "fixed_times", "closed", "measures", "exercise")
    return {key: values[key] for key in kept} | whole | {"clocks": clocks}


def _takes(found: setups.Setup, lang: str) -> str:
    takes = setups.estimate(found)
    numbers = {"months": takes.months, "least": round(takes.least), "most": round(takes.most)}
    waits = not any((found.clocks.plan, found.clocks.answer, found.clocks.crisis))
    return shell.text(lang, "seats.setup.waits" if waits else "seats.setup.takes", **numbers)


def made_page(
    request: Request, exercise: str, desk: str, watcher: str, tokens: dict[str, str], title: str, said: str = ""
) -> Response:
    """The links of a new exercise, shown once, ready to be printed."""
    site, lang = of(request), shell.language(request)
    named = [
        (shell.text(lang, "seats.links.desk"), desk),
        (shell.text(lang, "seats.links.watcher"), watcher),
        *((site.scenario.actors[seat].name[lang], token) for seat, token in tokens.items()),
    ]
    told = [(name, url, links.code(url)) for name, token in named for url in [links.address(request, token)]]
    who = Pass(exercise, "desk", "")
    plain = not site.loopback and not told[0][1].startswith("https:")
    values: dict[str, Any] = {"title": title, "said": said, "desk_page": links.page_of(who), "plain": plain}
    answer = shell.page(request, "links.html.j2", links=told, **values)
    links.give(answer, request, who, desk)
    return answer


@router.post("/seats/{exercise}/desk")
async def open_desk(request: Request, exercise: str) -> Response:
    """A new link to a desk, opened at once."""
    return await _operator(request, partial(_desk, request, exercise))


def _desk(request: Request, exercise: str, site: Site, operator: Any) -> Response:
    assert site.room is not None
    token = site.room.desk_link(operator, exercise)
    return links.entered(request, site, token)[1]


@router.post("/seats/{exercise}/delete")
async def delete(request: Request, exercise: str) -> Response:
    """Delete an exercise for good."""
    return await _operator(request, partial(_delete, exercise))


def _delete(exercise: str, site: Site, operator: Any) -> Response:
    assert site.room is not None
    site.room.delete(operator, exercise)
    return RedirectResponse("/seats", status_code=303)


async def _operator(request: Request, do: Callable[[Site, Any], Response]) -> Response:
    """Something that only the operator may do."""
    site, lang = of(request), shell.language(request)
    operator = await asyncio.to_thread(links.holder, request, "operator")
    if operator is None or site.room is None:
        return await _door(request, shell.text(lang, "seats.door.operator"), 403)
    try:
        return await asyncio.to_thread(do, site, operator)
    except RoomError as error:
        return await _door(request, error.text[lang], 422)
