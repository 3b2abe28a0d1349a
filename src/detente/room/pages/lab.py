"""The crisis lab: a crisis of the record or a game of one's own, solved, its payoffs open to change."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from detente.games.normal import Table
from detente.games.tree import Game, GameError, Outcome
from detente.interop import gambit
from detente.report.transcript import ENDS
from detente.room.lanes import FullError, Job, key_of
from detente.room.pages import explore, shell
from detente.room.pages.explore import closed_page
from detente.room.pages.site import Site, closed, missing, of, stopped

router = APIRouter(include_in_schema=False)
LARGEST = 200
"""Kilobytes of a game that is brought."""


@router.get("/explore/lab")
async def lab(request: Request, crisis: str = "") -> Response:
    """The crises of the record, and a place to bring a game."""
    if await closed(request):
        return closed_page(request)
    return _lab(request)


def _lab(request: Request, wrong: str = "", text: str = "", precision: str = "", status: int = 200) -> Response:
    site, lang = of(request), shell.language(request)
    sc = site.scenario
    rows = []
    for one in sorted(sc.crises.values(), key=lambda c: sc.chronicle.events[c.opened_by].date):
        opened = sc.chronicle.events[one.opened_by]
        sides = [explore.who(seat, sc, lang) for seat in (one.challenger, one.defender)]
        rows.append((one.id, one.name[lang], explore.day(opened, lang, year=True), sides, ENDS[one.outcome][lang]))
    return shell.page(
        request,
        "lab.html.j2",
        status,
        tab="lab",
        crises=rows,
        wrong=wrong,
        text=text,
        precision=precision,
        size=LARGEST,
    )


@router.get("/explore/lab/crisis/{name}")
async def crisis(request: Request, name: str) -> Response:
    """A named crisis: laid out as things stood when it opened, then solved."""
    if await closed(request):
        return closed_page(request)
    site = of(request)
    if name not in site.scenario.crises:
        return missing(request)
    job = site.work.known("situation", name)
    if (job is None or job.state in ("failed", "stopped")) and await site.may_work(request):
        job = _ask(site, "situation", name, {"scenario": site.name, "crisis": name})
    if job and job.found:
        text = job.found["games"][shell.language(request)]
        return await _solve(request, text, job.found["precision"])
    return waiting(request, job, "situation", site.scenario.crises[name].name[shell.language(request)])


def _ask(site: Site, kind: str, key: str, ask: dict[str, Any]) -> Job | None:
    try:
        return site.work.ask(kind, key, ask)
    except FullError:
        return None


async def _solve(request: Request, text: str, precision: float | None) -> Response:
    """Ask for a game to be solved, and lead to its address."""
    site = of(request)
    ask = {"game": text, "precision": precision}
    key = key_of(ask)
    if await site.may_work(request):
        _ask(site, "solve", key, ask)
    return RedirectResponse(f"/explore/lab/game/{key}", status_code=303)


def waiting(request: Request, job: Job | None, kind: str, title: str) -> Response:
    """A page that waits for a job; its part tells when it is over."""
    said, over = way(of(request), job, kind, shell.language(request))
    if request.headers.get("X-Part"):
        html = shell.fragment("under_way.html.j2", shell.language(request), said=said, job=job)
        return HTMLResponse(html, 200 if over else 202)
    return shell.page(request, "waiting.html.j2", tab="lab", title=title, said=said, job=job, over=over)


def way(site: Site, job: Job | None, kind: str, lang: str) -> tuple[str, bool]:
    """How far a job has come, in a sentence, and whether it is over."""

    def t(key: str, **values: object) -> str:
        return shell.text(lang, f"lab.way.{key}", **values)

    what = t(kind)
    if job is None:
        return shell.text(lang, "explore.explain.full"), True
    if job.state == "failed":
        return t("failed", why=job.wrong), True
    if job.state == "stopped":
        return t("stopped"), True
    if job.state == "waiting":
        return t("wait", what=what, count=site.work.before(job)), False
    return (t("step", what=what, done=job.done + 1, total=job.total) if job.done else t("plain", what=what)), False


@router.post("/explore/lab/game")
async def brought(
    request: Request,
    text: Annotated[str, Form()] = "",
    precision: Annotated[str, Form()] = "",
    file: UploadFile | None = None,
) -> Response:
    """A game that a reader brings."""
    if await closed(request):
        return closed_page(request)
    lang = shell.language(request)
    raw = await file.read(LARGEST * 1024 + 1) if file and file.filename else text.encode()
    if len(raw) > LARGEST * 1024:
        return _lab(request, shell.text(lang, "lab.large", size=LARGEST), status=413)
    told = raw.decode("utf-8-sig", errors="replace")
    try:
        at = number(precision, lang)
        if not told.strip():
            raise GameError(shell.text(lang, "lab.empty"))
        game = await asyncio.to_thread(tree, told)
    except GameError as error:
        return _lab(request, str(error), told, precision, 422)
    return await _solve(request, gambit.write(game), at)


def tree(text: str) -> Game:
    """A game from its text, as a tree."""
    found = gambit.parse(text)
    return found.tree if isinstance(found, Table) else found


def number(text: str, lang: str) -> float | None:
    """A precision as it was typed; None for the limit."""
    if not text.strip():
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise GameError(shell.text(lang, "lab.number", what=text[:40]))
    return value


# ---- one game ----
@router.get("/explore/lab/game/{key}.efg")
async def download(request: Request, key: str) -> Response:
    """The game in Gambit's format."""
    job = None if await closed(request) else of(request).work.known("solve", key)
    if job is None or not job.found:
        return missing(request)
    name = f'attachment; filename="detente-{key}.efg"'
    return Response(job.found["game"], media_type="text/plain; charset=utf-8", headers={"Content-Disposition": name})


@router.get("/explore/lab/game/{key}")
async def game_page(request: Request, key: str) -> Response:
    """A solved game with its slider of precision, its payoffs to be changed, and its file."""
    if await closed(request):
        return closed_page(request)
    site, lang = of(request), shell.language(request)
    job = site.work.known("solve", key)
    if job is None:
        return missing(request)
    if not job.found:
        return waiting(request, job, "solve", shell.text(lang, "lab.title"))
    if request.headers.get("X-Part"):
        return HTMLResponse("", headers={"X-Reload": "1"})
    extra = shell.fragment("payoffs.html.j2", lang, key=key, found=job.found)
    return shell.framed(request, job.found["pages"][lang], extra)


@router.post("/explore/lab/game/{key}/stop")
async def stop(request: Request, key: str) -> Response:
    """Stop solving."""
    return await stopped(request, "solve", key, f"/explore/lab/game/{key}")


@router.post("/explore/lab/game/{key}/payoffs")
async def payoffs(request: Request, key: str) -> Response:
    """The same game with other payoffs."""
    if await closed(request):
        return closed_page(request)
    site, lang = of(request), shell.language(request)
    job = site.work.known("solve", key)
    if job is None or not job.found:
        return missing(request)
    form = await request.form()
    game = tree(job.found["game"])
    try:
        ends = revalued(game, {name: str(value) for name, value in form.items()}, lang)
        at = number(str(form.get("precision", "")), lang)
        changed = replace(game, outcomes=tuple(ends))
    except GameError as error:
        return _lab(request, str(error), status=422)
    return await _solve(request, gambit.write(changed), at)


def revalued(game: Game, form: dict[str, str], lang: str) -> list[Outcome]:
    """Outcomes with the payoffs of a form: one by one (`p0-1`), or of those called alike by how much more (`s0-1`)."""
    shifts = any(name.startswith("s") for name in form)
    groups = list(dict.fromkeys(end.label for end in game.outcomes))

    def worth(k: int, i: int, end: Outcome) -> float:
        if shifts:
            return end.payoffs[i] + _payoff(form.get(f"s{groups.index(end.label)}-{i}", "0"), lang)
        return _payoff(form.get(f"p{k}-{i}", repr(end.payoffs[i])), lang)

    return [
        replace(end, payoffs=tuple(worth(k, i, end) for i in range(len(end.payoffs))))
        for k, end in enumerate(game.outcomes)
    ]


def _payoff(text: str, lang: str) -> float:
    try:
        value = float(text.replace(",", ".").replace("−", "-"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > 1e9:
        raise GameError(shell.text(lang, "lab.number", what=text[:40]))
    return value
