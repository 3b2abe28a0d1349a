"""Explore: the chronicle as a line of time, an event with its sources, and what else stood in the menu."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from detente.report.pages import cited
from detente.room.lanes import FullError, Job
from detente.room.pages import shell
from detente.room.pages.site import Site, closed, missing, of
from detente.scenario import FIRST_YEAR, LAST_YEAR, MONTHS, Event, Scenario

router = APIRouter(include_in_schema=False)
YEARS = range(FIRST_YEAR, LAST_YEAR + 1)
SHOWN = 10
"""Options of a menu shown before the rest is folded away."""


@dataclass(frozen=True)
class Wanted:
    """Which entries a reader wants to see."""

    actor: str = ""
    issue: str = ""
    instrument: str = ""
    year: str = ""
    q: str = ""

    def keeps(self, event: Event) -> bool:
        """Whether an entry is among them."""
        concerned = (event.actor, event.target, event.on, event.towards, *event.also)
        text = f"{event.text.en} {event.text.ru} {event.id}".casefold()
        return (
            (not self.actor or self.actor in concerned)
            and (not self.issue or event.issue == self.issue)
            and (not self.instrument or kind_of(event) == self.instrument)
            and (not self.year or str(event.date.year) == self.year)
            and all(word in text for word in self.q.casefold().split())
        )


def kind_of(event: Event) -> str:
    """What an entry is: an instrument, `forced:KIND`, `nature:KIND`, or `crisis` for a move inside one."""
    if event.instrument:
        return event.instrument
    if event.decision:
        return f"forced:{event.decision}"
    return f"nature:{event.nature}" if event.nature else "crisis"


def chronicle(sc: Scenario) -> list[Event]:
    """All entries in order of date."""
    return sorted(sc.chronicle, key=lambda e: (e.date, e.id))


def kind_name(event: Event, sc: Scenario, lang: str) -> str:
    """What an entry is, in words."""
    if event.instrument:
        return sc.instruments[event.instrument].name[lang]
    if event.decision:
        return shell.text(lang, f"explore.forced.{event.decision}")
    if event.nature:
        return shell.text(lang, f"explore.nature.{event.nature}")
    return sc.crises[event.crisis_move].name[lang]


def who(name: str, sc: Scenario, lang: str) -> str:
    """An actor or nature by name."""
    return sc.actors[name].name[lang] if name in sc.actors else shell.text(lang, "explore.event.nature")


def short(event: Event, sc: Scenario, lang: str) -> dict[str, Any]:
    """An entry as the line of time shows it."""
    other = event.target or event.on
    return {
        "id": event.id,
        "date": day(event, lang),
        "iso": event.date.isoformat(),
        "text": event.text[lang],
        "who": who(event.actor, sc, lang),
        "what": kind_name(event, sc, lang),
        "whom": sc.actors[other].name[lang] if other in sc.actors else "",
        "issue": sc.issues[event.issue].name[lang] if event.issue in sc.issues else "",
    }


def day(event: Event, lang: str, *, year: bool = False) -> str:
    """A date as people write it."""
    date = event.date
    names = shell.text(lang, "site.month.names").split()
    month = names[date.month - 1]
    if event.precision == "month":
        return f"{month} {date.year}" if year else month
    if lang == "ru":
        month = of_month(month)
    return f"{date.day} {month} {date.year}" if year else f"{date.day} {month}"


def of_month(name: str) -> str:
    """A Russian month in the genitive."""
    return f"{name}а" if name.endswith("т") else f"{name[:-1]}я"


# ---- pages ----
@router.get("/explore")
async def line(
    request: Request, actor: str = "", issue: str = "", instrument: str = "", year: str = "", q: str = ""
) -> Response:
    """The chronicle."""
    if await closed(request):
        return closed_page(request)
    site, lang = of(request), shell.language(request)
    sc, wanted = site.scenario, Wanted(actor, issue, instrument, year, q[:80])
    every = chronicle(sc)
    kept = [event for event in every if wanted.keeps(event)]
    by_year = [(y, [short(e, sc, lang) for e in kept if e.date.year == y]) for y in YEARS]
    return shell.page(
        request,
        "line.html.j2",
        tab="chronicle",
        wanted=wanted,
        strip=strip(every if kept == every else kept, sc, lang, "#y"),
        years=[(y, events) for y, events in by_year if events],
        count=len(kept),
        all=len(every),
        choices=choices(sc, lang),
    )


def choices(sc: Scenario, lang: str) -> dict[str, Any]:
    """What the filters offer."""
    seen = {kind_of(e) for e in sc.chronicle}
    actors = {e.actor for e in sc.chronicle} | {e.target for e in sc.chronicle if e.target}
    named = sorted(((a, who(a, sc, lang)) for a in actors), key=lambda p: (p[0] == "nature", p[1]))
    issues = {e.issue for e in sc.chronicle if e.issue in sc.issues}
    nests: dict[str, list[tuple[str, str]]] = {}
    for key, tool in sc.instruments.items():
        if key in seen:
            nests.setdefault(shell.text(lang, f"explore.nest.{tool.nest}"), []).append((key, tool.name[lang]))
    forced = [k for k in sorted(seen) if k.startswith("forced:")]
    drawn = [k for k in sorted(seen) if k.startswith("nature:")]
    for title, keys in (("answers", forced), ("nature", drawn)):
        group = [(k, shell.text(lang, f"explore.{k.replace(':', '.')}")) for k in keys]
        nests[shell.text(lang, f"explore.line.{title}")] = group
    nests[shell.text(lang, "explore.line.inside")] = [("crisis", shell.text(lang, "explore.line.inside"))]
    return {
        "actor": named,
        "issue": sorted(((i, sc.issues[i].name[lang]) for i in issues), key=lambda p: p[1]),
        "instrument": list(nests.items()),
        "year": [str(y) for y in YEARS],
    }


def closed_page(request: Request) -> HTMLResponse:
    """Explore and Ask while an exercise runs."""
    lang = shell.language(request)
    alone = of(request).alone(request)
    title, told = (
        shell.text(lang, f"site.error.{key}") for key in ("closed", "closed_alone" if alone else "closed_text")
    )
    desk = f"/live/desk/{alone}" if alone else ""
    return shell.page(request, "said.html.j2", 403, title=title, told=told, desk=desk)


@router.get("/explore/event/{name}")
async def event_page(request: Request, name: str) -> Response:
    """One entry with everything that is known of it."""
    if await closed(request):
        return closed_page(request)
    site, lang = of(request), shell.language(request)
    sc = site.scenario
    event = sc.chronicle.events.get(name)
    if event is None:
        return missing(request)
    every = chronicle(sc)
    at = every.index(event)
    near = {"before": every[at - 1] if at else None, "after": every[at + 1] if at + 1 < len(every) else None}
    return shell.page(
        request,
        "event.html.j2",
        tab="chronicle",
        e=event,
        date=day(event, lang, year=True),
        told=short(event, sc, lang),
        rows=facts(event, sc, lang),
        works=works(event.sources, sc),
        against=works(event.disagreement.sources, sc) if event.disagreement else [],
        near={k: short(e, sc, lang) if e else None for k, e in near.items()},
        changeable=not event.crisis_move,
        explained=box(site, name, lang)[0],
    )


def facts(event: Event, sc: Scenario, lang: str) -> list[tuple[str, str, str]]:
    """Rows of an entry: what, value, where it leads."""

    def t(key: str) -> str:
        return shell.text(lang, f"explore.event.{key}")

    other = event.target or event.on
    crisis = event.crisis or event.crisis_move
    kind = kind_of(event)
    rows = [
        (t("actor"), who(event.actor, sc, lang), f"/explore?actor={event.actor}"),
        (t("target"), who(other, sc, lang) if other else "", f"/explore?actor={other}"),
        (t("what"), kind_name(event, sc, lang), f"/explore?instrument={kind}"),
        (
            t("issue"),
            sc.issues[event.issue].name[lang] if event.issue in sc.issues else "",
            f"/explore?issue={event.issue}",
        ),
        (t("crisis"), sc.crises[crisis].name[lang] if crisis else "", f"/explore/lab?crisis={crisis}"),
        (t("accepted"), ", ".join(who(a, sc, lang) for a in event.accepted_by), ""),
        (t("refused"), ", ".join(who(a, sc, lang) for a in event.refused_by), ""),
    ]
    return [row for row in rows if row[1]]


def works(keys: Iterable[str], sc: Scenario) -> list[str]:
    """Citations as works, with the place cited where there is one."""
    out = []
    for key in keys:
        name, _, where = key.partition(" ")
        told = cited(sc.sources[name]) if name in sc.sources else name
        out.append(f"{told.rstrip('.')}, {where}." if where else told)
    return out


# ---- what else stood in the menu ----
@router.get("/explore/event/{name}/explain")
async def explain_part(request: Request, name: str) -> Response:
    """The explanation of an entry, or how far it has come (202 while it is under way)."""
    if await closed(request):
        return closed_page(request)
    site, lang = of(request), shell.language(request)
    if name not in site.scenario.chronicle.events:
        return missing(request)
    if await site.may_work(request):
        try:
            site.work.ask("explain", name, {"scenario": site.name, "event": name})
        except FullError:
            return HTMLResponse(f"<p>{shell.text(lang, 'explore.explain.full')}</p>")
    html, ready = box(site, name, lang)
    return HTMLResponse(html, 200 if ready else 202)


def box(site: Site, name: str, lang: str) -> tuple[Markup, bool]:
    """The explanation as far as it is there, and whether nothing more will come."""
    job = site.work.known("explain", name)
    found = job.found[lang] if job and job.found else None
    if found:
        return shell.fragment("explained.html.j2", lang, found=found, shown=SHOWN), True
    over = bool(job and job.over)
    return shell.fragment("under_way.html.j2", lang, said=progress(site, job, lang), job=job), over


def progress(site: Site, job: Job | None, lang: str) -> str:
    """How far a replay has come, in a sentence."""

    def t(key: str, **values: object) -> str:
        return shell.text(lang, f"explore.explain.{key}", **values)

    if job is None:
        return t("compiling")
    if job.state == "failed":
        return f"{t('failed', why=job.wrong)} {t('again')}"
    if job.state == "waiting":
        return t("waiting", count=site.work.before(job))
    return t("walking", done=job.done + 1, total=job.total) if job.done else t("compiling")


# ---- the strip ----
def strip(events: Iterable[Event], sc: Scenario, lang: str, link: str) -> Markup:
    """Moves by month, weighed by pressure and conciliation; a year links to its part."""
    up, down = [0.0] * MONTHS, [0.0] * MONTHS
    for event in events:
        tool = sc.instruments.get(event.instrument)
        if tool:
            up[event.month] += tool.conciliation
            down[event.month] += tool.pressure
    width, middle, scale = 8, 62, 54 / max(*up, *down, 0.1)
    out = [
        f'<svg viewBox="0 0 {MONTHS * width} 142" role="group" aria-label="{shell.text(lang, "site.strip.title")}">',
        f'<line x1="0" x2="{MONTHS * width}" y1="{middle}" y2="{middle}" stroke="#20262b"/>',
    ]
    for m in range(MONTHS):
        a, b = up[m] * scale, down[m] * scale
        if a:
            out.append(
                f'<rect x="{m * width + 1}" y="{middle - a:.1f}" width="{width - 2}" height="{a:.1f}" fill="#2b5c8a"/>'
            )
        if b:
            out.append(f'<rect x="{m * width + 1}" y="{middle}" width="{width - 2}" height="{b:.1f}" fill="#a92f26"/>')
    for k, y in enumerate(YEARS):
        x = k * 12 * width
        out.append(
            f'<a href="{link}{y}" aria-label="{y}"><rect class="hit" x="{x}" y="0" width="{12 * width}" height="142"/>'
            f'<line x1="{x}" x2="{x}" y1="122" y2="130" stroke="#20262b"/>'
            f'<text x="{x + 5}" y="137" font-size="17" font-family="Helvetica, Arial, Liberation Sans, sans-serif" '
            f'fill="#20262b">{y}</text></a>'
        )
    return Markup("".join([*out, "</svg>"]))
