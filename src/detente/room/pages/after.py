"""After the exercise: the debrief, what mattered, export and import; and the sheets that are handed out before."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from detente.room import ready
from detente.room.pages import links, live, seats, shell
from detente.room.pages.site import Site, missing, of
from detente.room.setup import RoomError
from detente.room.store import Pass

router = APIRouter(include_in_schema=False)
GOING = ("waiting", "running")
LARGEST = 32 * 1024 * 1024
"""Bytes of an export that is brought in."""


def holder(request: Request, exercise: str) -> Pass | None:
    """Who asks after an exercise: its desk, else a seat of it, else its watcher."""
    names = [name for name in request.cookies if f"-{exercise}" in name]
    roles = sorted(
        (tuple(name.split("-", 3)[1:]) for name in names), key=lambda r: ("desk", "seat", "watcher").index(r[0])
    )
    for role, *rest in roles:
        who = links.holder(request, role, exercise, rest[1] if len(rest) > 1 else "")
        if who is not None:
            return who
    return None


# ---- the debrief ----
@router.get("/seats/{exercise}/debrief")
async def debrief_page(request: Request, exercise: str) -> Response:
    """The debrief."""
    site, lang = of(request), shell.language(request)
    who = await asyncio.to_thread(holder, request, exercise)
    if who is None or site.room is None:
        return RedirectResponse("/enter", status_code=303)
    try:
        d = await asyncio.to_thread(site.room.debrief, who, lang)
    except RoomError as error:
        return shell.page(request, "said.html.j2", 403, title=_not_yet(lang), told=error.text[lang])
    names = site.names(lang)
    work = d.get("work")
    html, going = found(site, work, lang)
    desk = who.role == "desk"
    alike = await asyncio.to_thread(site.room.found, who, "alike", lang) if desk else None
    return shell.page(
        request,
        "debrief.html.j2",
        d=d,
        desk=desk,
        alike=alike and alike["state"] == "done" and alike["result"],
        alike_said=_said(alike, lang) if alike else "",
        alike_going=bool(alike and alike["state"] in GOING),
        measures=measures_of(site, lang),
        back=links.page_of(who),
        names=names,
        found=html,
        going=going,
        months=any(m["exercise"] for m in d["months"]),
        beliefs=[_belief(one, names, lang) for one in d["beliefs"] if one["months"]],
        feelings=[_feeling(one, names, lang) for one in d["feelings"]],
        injected={x: live.nature_name(site, x, lang) for m in d["months"] for x in m["injected"]},
    )


def _not_yet(lang: str) -> str:
    return shell.text(lang, "seats.debrief.not_yet")


def _feeling(one: dict[str, Any], names: dict[str, str], lang: str) -> str:
    (a, b), (c, d) = (tuple(f"{x:.2f}" for x in one[key]) for key in ("tension", "trust"))
    pair = {"one": names[one["one"]], "other": names[one["other"]]}
    return shell.text(lang, "seats.debrief.feeling", **pair, a=a, b=b, c=c, d=d)


def _belief(one: dict[str, Any], names: dict[str, str], lang: str) -> tuple[str, Markup]:
    """What a seat believed of the other's missiles beside the truth, as a picture."""
    title = shell.text(lang, "seats.debrief.wrong_note", other=names[one["of"]], seat=names[one["seat"]])
    return title, belief_svg(one["months"], title)


def belief_svg(months: list[dict[str, Any]], title: str) -> Markup:
    """A band of belief, its middle, and the truth, by month."""
    width, height, left = 460, 190, 48
    top = max(max(m["high"], m["truth"]) for m in months) * 1.05 or 1.0

    def at(k: int, value: float) -> str:
        x = left + (width - left - 8) * k / max(len(months) - 1, 1)
        return f"{x:.1f} {height - 24 - (height - 34) * min(value, top) / top:.1f}"

    def line(key: str) -> str:
        return "M" + "L".join(at(k, m[key]) for k, m in enumerate(months))

    band = line("low") + "L" + "L".join(at(k, m["high"]) for k, m in reversed(list(enumerate(months)))) + "Z"
    ticks = "".join(
        f'<line x1="{left}" x2="{width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ded8ca"/>'
        f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,.0f}</text>'
        for value in (0.0, top / 2, top)
        for y in [height - 24 - (height - 34) * value / top]
    )
    return Markup(
        '<svg viewBox="0 0 {w} {h}" role="img" aria-label="{title}" font-family="Helvetica, Arial, sans-serif" '
        'font-size="12" fill="#565d62">{ticks}<path d="{band}" fill="#2b5c8a" fill-opacity=".16"/>'
        '<path d="{belief}" fill="none" stroke="#2b5c8a" stroke-width="2"/>'
        '<path d="{truth}" fill="none" stroke="#a92f26" stroke-width="2"/>'
        '<text x="{left}" y="{foot}">{first}</text><text x="{w}" y="{foot}" text-anchor="end">{last}</text></svg>'
    ).format(
        w=width,
        h=height,
        title=title,
        ticks=Markup(ticks),
        band=band,
        belief=line("belief"),
        truth=line("truth"),
        left=left,
        foot=height - 6,
        first=months[0]["month"],
        last=months[-1]["month"],
    )


# ---- what mattered ----
def found(site: Site, work: dict[str, Any] | None, lang: str) -> tuple[Markup, bool]:
    """What background work has found so far, and whether more will come."""
    going = bool(work and work["state"] in GOING)
    told = (work or {}).get("result") or {}
    by_seat: dict[str, list[dict[str, Any]]] = {}
    for point in told.get("points", []):
        for effect in point["effects"]:
            effect["strong"] = effect["low"] > 0 or effect["high"] < 0
        by_seat.setdefault(point["seat"], []).append(point)
    for points in by_seat.values():
        points.sort(key=lambda p: -sum(e["strong"] for e in p["effects"]))
    html = shell.fragment(
        "found.html.j2",
        lang,
        said=_said(work, lang),
        going=going,
        done=(work or {}).get("done", 0),
        total=(work or {}).get("total", 0),
        by_seat=list(by_seat.items()),
        aims=told.get("aims"),
        unusual=told.get("unusual"),
        worlds=_worlds(told),
        names=site.names(lang),
        measures=measures_of(site, lang),
    )
    return html, going


def measures_of(site: Site, lang: str) -> dict[str, str]:
    """What a debrief measures, in words."""
    war = shell.text(lang, "seats.setup.war")
    return {"war": war, "at_war": war} | {name: entry.name[lang] for name, entry in site.scenario.series.items()}


def _worlds(told: dict[str, Any]) -> int:
    first = next((x for a in told.get("aims") or [] for x in a["aims"]), None)
    return int(first["autopilot"]["worlds"]) if first else 0


def _said(work: dict[str, Any] | None, lang: str) -> str:
    if work is None:
        return shell.text(lang, "seats.debrief.later")
    state = work["state"]
    if state == "done":
        return ""
    if state == "running":
        key = "running" if work["total"] else "starting"
        return shell.text(
            lang, f"seats.debrief.{key}", **({"done": work["done"], "total": work["total"]} if work["total"] else {})
        )
    return shell.text(lang, f"seats.debrief.{state}", **({"why": work["error"]} if state == "failed" else {}))


@router.get("/seats/{exercise}/debrief/found")
async def found_part(request: Request, exercise: str) -> Response:
    """What was found so far: 202 while more will come."""
    site, lang = of(request), shell.language(request)
    who = await asyncio.to_thread(holder, request, exercise)
    if who is None or site.room is None or who.role == "watcher":
        return missing(request)
    try:
        work = await asyncio.to_thread(site.room.found, who, "debrief", lang)
    except RoomError:
        return missing(request)
    html, going = found(site, work, lang)
    return HTMLResponse(html, 202 if going else 200, headers=None if going else {"X-Reload": "1"})


@router.get("/seats/{exercise}/debrief/alike")
async def alike_part(request: Request, exercise: str) -> Response:
    """How far the comparison with Worlds opened alike is: 202 while more will come."""
    lang = shell.language(request)
    site, who = of(request), await asyncio.to_thread(holder, request, exercise)
    if who is None or site.room is None or who.role != "desk":
        return missing(request)
    work = await asyncio.to_thread(site.room.found, who, "alike", lang)
    going = bool(work and work["state"] in GOING)
    html = Markup('<p class="note"><span class="pulse">{}</span></p>').format(_said(work, lang))
    return HTMLResponse(html, 202 if going else 200, headers=None if going else {"X-Reload": "1"})


WORK = {"begin": "debrief", "stop": "debrief", "alike": "alike"}
"""What the desk can begin or stop here, and which work that is."""


@router.post("/seats/{exercise}/debrief/{what}")
async def begin(request: Request, exercise: str, what: str) -> Response:
    """Begin, or stop, looking for what mattered, or how unusual this world is: the desk alone."""
    site, lang = of(request), shell.language(request)
    who = await asyncio.to_thread(holder, request, exercise)
    if who is None or site.room is None or what not in WORK:
        return missing(request)
    try:
        await asyncio.to_thread(site.room.stop if what == "stop" else site.room.ask, who, WORK[what])
    except RoomError as error:
        title = shell.text(lang, "site.error.wrong")
        return shell.page(request, "said.html.j2", 403, title=title, told=error.text[lang])
    return RedirectResponse(f"/seats/{exercise}/debrief", status_code=303)


# ---- taking along and bringing in ----
@router.get("/seats/{exercise}/debrief/export.zip")
async def export(request: Request, exercise: str, letters: int = 1) -> Response:
    """Everything as a ZIP of JSON and CSV."""
    site, lang = of(request), shell.language(request)
    who = await asyncio.to_thread(holder, request, exercise)
    if who is None or site.room is None:
        return RedirectResponse("/enter", status_code=303)
    try:
        blob = await asyncio.to_thread(lambda: site.room and site.room.export(who, letters=bool(letters)))
    except RoomError as error:
        return shell.page(request, "said.html.j2", 403, title=_not_yet(lang), told=error.text[lang])
    name = f'attachment; filename="detente-exercise-{exercise}.zip"'
    return Response(blob, media_type="application/zip", headers={"Content-Disposition": name})


@router.post("/seats/import")
async def bring_in(request: Request, file: UploadFile) -> Response:
    """Make an exercise of an exported one, with new links."""
    site, lang = of(request), shell.language(request)
    operator = await asyncio.to_thread(links.holder, request, "operator")
    if operator is None or site.room is None:
        return await seats.refuse(request, shell.text(lang, "seats.door.operator"), 403)
    blob = await file.read(LARGEST + 1)
    try:
        made = await asyncio.to_thread(site.room.restore, operator, blob)
    except RoomError as error:
        return await seats.refuse(request, error.text[lang], 422)
    if not made["readable"]:
        said = shell.text(lang, "seats.import.unreadable")
    elif made["differs"]:
        said = shell.text(lang, "seats.import.differs", month=made["differs"]["month"])
    else:
        said = shell.text(lang, "seats.import.same")
    title = site.setup(made["exercise"])["title"]
    return seats.made_page(request, made["exercise"], made["desk"], made["watcher"], made["seats"], title, said)


@router.get("/seats/sheets/{exercise}")
async def sheets(request: Request, exercise: str) -> Response:
    """The facilitator's plan and a role sheet a seat, to be printed."""
    site, lang = of(request), shell.language(request)
    one = next((e for e in site.exercises() if e.id == exercise), None)
    if one is None:
        return missing(request)
    told = [ready.sheet(site.scenario, one, seat, lang) for seat in one.setup.seats]
    return shell.page(request, "sheets.html.j2", g=ready.guide(one, lang), sheets=told)
