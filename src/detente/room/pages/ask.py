"""Ask: a what-if built by clicking, answered in the background, kept under a permanent address."""

from __future__ import annotations

import asyncio
import json
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field, ValidationError

from detente import __version__, laws
from detente.lab import interventions, measures
from detente.lab.store import RunError, put
from detente.room.lanes import FullError, Job, key_of
from detente.room.pages import explore, shell
from detente.room.pages.explore import closed_page
from detente.room.pages.site import Site, closed, missing, of, stopped

router = APIRouter(include_in_schema=False)
SIZES = (128, 512, 2000)
"""Twins that can be asked for."""
PACE = 6.0
"""Twins a second on one core of a laptop, for the estimate on the page; an assumption, measured on two cores."""
MOST = 12
"""Interventions, and measures, of one question."""
OPTIONS = interventions.OPTIONS
SERIES_KINDS = ("mean", "max", "min", "at")


class Question(BaseModel):
    """A question as its address holds it."""

    without: list[str] = Field(default=[], max_length=MOST)
    forbid: list[str] = Field(default=[], max_length=MOST)
    with_: list[str] = Field(default=[], max_length=MOST, alias="with")
    move: list[str] = Field(default=[], max_length=MOST)
    set: list[str] = Field(default=[], max_length=MOST)
    off: list[str] = Field(default=[], max_length=MOST)
    measure: list[str] = Field(default=[], max_length=MOST)
    worlds: int = Field(default=512, ge=1, le=max(SIZES))
    seed: int = Field(default=1, ge=0, le=2**31 - 1)

    def written(self) -> dict[str, list[str]]:
        """Interventions by option, those that are there."""
        found = {option: list(getattr(self, "with_" if option == "with" else option)) for option in OPTIONS}
        return {option: texts for option, texts in found.items() if texts}

    def pairs(self) -> list[tuple[str, str]]:
        """All that was chosen, as fields of a form."""
        chosen = [(option, text) for option, texts in self.written().items() for text in texts]
        return [*chosen, *(("measure", text) for text in self.measure)]

    def address(self) -> str:
        """The page on which it is put together."""
        return "/ask?" + urlencode([*self.pairs(), ("worlds", str(self.worlds)), ("seed", str(self.seed))])

    def command(self) -> str:
        """The same on the command line."""
        parts = [f"--{option} {_quoted(text)}" for option, text in self.pairs()]
        return " ".join(["detente whatif", *parts, f"--worlds {self.worlds} --seed {self.seed}"])

    def key(self, scenario: str) -> str:
        """Its permanent address: a hash of the question, whatever the order in which it was put together."""
        sorted_ = {option: sorted(texts) for option, texts in self.written().items()}
        return key_of([scenario, sorted_, sorted(self.measure), self.worlds, self.seed])


def _quoted(text: str) -> str:
    return f"'{text}'" if set(text) & set(" |&;") else text


def question_of(pairs: list[tuple[str, str]]) -> Question:
    """A question from the fields of a form or an address; fields without a text are left out."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        value = value.strip()[:200]
        if name in (*OPTIONS, "measure") and value:
            found.setdefault(name, [])
            if value not in found[name]:
                found[name].append(value)
        elif name in ("worlds", "seed") and value:
            found[name] = value
    return Question.model_validate(found)


# ---- the builder ----
@router.get("/ask")
async def builder(request: Request) -> Response:
    """The question so far, and everything that can be added to it."""
    if await closed(request):
        return closed_page(request)
    pairs = list(request.query_params.multi_items())
    try:
        question = question_of([*pairs, *composed(dict(pairs))])
    except ValidationError as error:
        return await _builder(request, Question(), str(error.errors()[0]["msg"]), 422)
    wrong = await asyncio.to_thread(faults, of(request), question)
    return await _builder(request, question, wrong, 422 if wrong else 200, request.query_params.get("who", ""))


def composed(form: dict[str, str]) -> list[tuple[str, str]]:
    """What the small forms of the builder add, written as on the command line."""

    def get(name: str) -> str:
        return form.get(name, "").strip()

    window = f"@{get('from')}..{get('until') or get('from')}" if get("from") else ""
    since = f"@{get('since')}" if get("since") else ""
    made = {
        "without": get("event"),
        "forbid": f"{get('event')}{window}",
        "with": f"{get('month')}:{get('row')}",
        "move": f"{get('event')}={get('to')}",
        "set": f"{get('coefficient')}={get('value')}{since}",
        "off": f"{get('law')}{since}",
        "event": f"{get('kind') or 'p'}:{get('event')}{window}",
        "series": f"{get('kind') or 'mean'}:{get('series')}{window}",
        "outcome": f"outcome:{get('crisis')}{window}",
        "seat": f"{get('kind') or 'moves'}:{get('seat')}{window}",
    }
    part = get("add")
    if part not in made:
        return []
    return [(part if part in OPTIONS else "measure", made[part])]


def faults(site: Site, question: Question) -> str:
    """What is wrong with a question, nothing if it can be asked."""
    try:
        found = interventions.read(site.st, **question.written())
        first = min((one.first for one in found), default=0)
        for text in question.measure:
            measures.read(site.st, text, first)
    except RunError as error:
        return str(error)
    return ""


async def _builder(request: Request, question: Question, wrong: str, status: int = 200, who: str = "") -> Response:
    site, lang = of(request), shell.language(request)
    seat = who if who in site.st.deciders else ""
    return shell.page(
        request,
        "ask.html.j2",
        status,
        q=question,
        chosen=[
            (option, text, told(site, option, text, lang), _without(question, option, text))
            for option, text in question.pairs()
        ],
        wrong=wrong,
        seat=seat,
        rows=rows_of(site, seat, lang) if seat else [],
        sizes=[(n, _size(n, lang)) for n in sorted({*SIZES, question.worlds})],
        lists=lists(site, lang),
        ready=bool(question.written()) and not wrong,
        may=await site.may_work(request),
        recent=await asyncio.to_thread(recent, site, lang),
    )


def _size(worlds: int, lang: str) -> str:
    seconds = worlds / PACE
    if seconds < 100:
        return shell.text(lang, "ask.few", worlds=worlds, seconds=round(seconds / 10 + 1) * 10)
    return shell.text(lang, "ask.many", worlds=worlds, minutes=round(seconds / 60) + 1)


def _without(question: Question, option: str, text: str) -> str:
    """The builder's address with one part taken back."""
    rest = [pair for pair in question.pairs() if pair != (option, text)]
    return "/ask?" + urlencode([*rest, ("worlds", str(question.worlds)), ("seed", str(question.seed))])


def told(site: Site, option: str, text: str, lang: str) -> str:
    """A part of a question in words, where there are words for it."""
    sc = site.scenario
    name = text.partition("@")[0]
    if option in ("without", "forbid", "move"):
        entry = sc.chronicle.events.get(name.partition("=")[0])
        return entry.text[lang] if entry else ""
    if option == "measure":
        kind, _, of_ = name.partition(":")
        if kind in ("p", "date") and of_ in sc.chronicle.events:
            return f"{shell.text(lang, f'ask.measure.{kind}')}: {sc.chronicle.events[of_].text[lang]}"
        if kind in SERIES_KINDS and of_ in sc.series:
            return f"{shell.text(lang, f'ask.measure.{kind}')}: {sc.series[of_].name[lang]}"
        if kind == "outcome" and of_.partition("=")[0] in sc.crises:
            return f"{shell.text(lang, 'ask.told.outcome')}: {sc.crises[of_.partition('=')[0]].name[lang]}"
    if option == "with":
        _, _, row = text.partition(":")
        return next(
            (label for _, rows in _rows(site, row.partition(":")[0], lang) for v, label in rows if v == row), ""
        )
    return ""


def rows_of(site: Site, seat: str, lang: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every menu row of an actor by nest: as `with` has it, and in words."""
    return _rows(site, seat, lang)


@lru_cache(maxsize=64)
def _rows(site: Site, seat: str, lang: str) -> list[tuple[str, list[tuple[str, str]]]]:
    sc, nests = site.scenario, dict[str, list[tuple[str, str]]]()
    for row in site.st.rows:
        if row.seat != seat:
            continue
        tool = sc.instruments[row.instrument]
        parts = [tool.name[lang]]
        parts += [sc.issues[row.issue].name[lang]] if row.issue in sc.issues else []
        parts += [sc.actors[row.target].name[lang]] if row.target in sc.actors else []
        value = ":".join(filter(None, (row.seat, row.instrument, row.issue, row.target)))
        nests.setdefault(shell.text(lang, f"explore.nest.{tool.nest}"), []).append((value, " · ".join(parts)))
    return list(nests.items())


@lru_cache(maxsize=4)
def lists(site: Site, lang: str) -> dict[str, Any]:
    """What the builder offers to choose from."""
    sc = site.scenario
    events = [e for e in explore.chronicle(sc) if not e.crisis_move]
    names = laws.names(sc)
    return {
        "events": [(e.id, f"{e.date:%Y-%m} · {explore.who(e.actor, sc, lang)}: {e.text[lang]}"[:140]) for e in events],
        "seats": [(d, sc.actors[d].name[lang]) for d in site.st.deciders],
        "laws": sorted({name.rpartition(".")[0] for name in names}),
        "coefficients": [(name, laws.coefficient(sc, name)) for name in names],
        "series": [(name, entry.name[lang]) for name, entry in sc.series.items()],
        "crises": [(c.id, c.name[lang]) for c in sc.crises.values()],
    }


# ---- asking ----
@router.post("/ask")
async def ask(request: Request, question: Annotated[str, Form()] = "{}") -> Response:
    """Put a question: it is checked, given its address, and begun."""
    if await closed(request):
        return closed_page(request)
    site = of(request)
    try:
        put_ = Question.model_validate_json(question)
    except ValidationError as error:
        return await _builder(request, Question(), str(error.errors()[0]["msg"]), 422)
    wrong = await asyncio.to_thread(faults, site, put_)
    if wrong or not put_.written():
        return await _builder(request, put_, wrong or shell.text(shell.language(request), "ask.nothing"), 422)
    if not await site.may_work(request):
        return await _builder(request, put_, shell.text(shell.language(request), "site.error.operator"), 403)
    key = put_.key(site.name)
    keep(site, key, put_)
    begin(site, key, put_)
    return RedirectResponse(f"/ask/{key}", status_code=303)


def keep(site: Site, key: str, question: Question) -> None:
    """Write down a question under its address, so that it outlives the room and the version of the model."""
    place = site.data / "questions" / f"{key}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    put(place, question.model_dump_json(by_alias=True).encode())


def asked(site: Site, key: str) -> Question | None:
    """The question of an address."""
    if not key.isalnum():
        return None
    try:
        return Question.model_validate_json((site.data / "questions" / f"{key}.json").read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


def begin(site: Site, key: str, question: Question) -> Job | None:
    """Put a question into its lane; None where too many wait."""
    what = {
        "scenario": site.name,
        "worlds": question.worlds,
        "seed": question.seed,
        "measure": question.measure,
        "written": question.written(),
    }
    try:
        return site.work.ask("whatif", key, what)
    except FullError:
        return None


@router.get("/ask/{key}.json")
async def answer_data(request: Request, key: str) -> Response:
    """The answer as JSON."""
    site = of(request)
    job = None if await closed(request) else site.work.known("whatif", key)
    if job is None or not job.found:
        return missing(request)
    return JSONResponse({"version": __version__, "stamp": site.stamp, **job.found["table"]})


@router.get("/ask/{key}")
async def answer(request: Request, key: str) -> Response:
    """The answer, or how far it has come."""
    if await closed(request):
        return closed_page(request)
    site, lang = of(request), shell.language(request)
    question = asked(site, key)
    if question is None:
        return missing(request)
    job = site.work.known("whatif", key)
    if job is None and await site.may_work(request):
        job = begin(site, key, question)
    part = bool(request.headers.get("X-Part"))
    if job and job.found:
        if part:
            return HTMLResponse("", headers={"X-Reload": "1"})
        extra = shell.fragment("asked.html.j2", lang, q=question, key=key)
        return shell.framed(request, job.found["pages"][lang], extra)
    said, over = way(site, job, lang)
    if part:
        html = shell.fragment("under_way.html.j2", lang, said=said, job=job)
        return HTMLResponse(html, 200 if over else 202, headers={"X-Reload": "1"} if over else None)
    chosen = [(option, text, told(site, option, text, lang)) for option, text in question.pairs()]
    return shell.page(request, "answer.html.j2", q=question, key=key, chosen=chosen, job=job, said=said, over=over)


def way(site: Site, job: Job | None, lang: str) -> tuple[str, bool]:
    """How far an answer has come, in a sentence, and whether nothing more will come."""

    def t(key: str, **values: object) -> str:
        return shell.text(lang, f"ask.way.{key}", **values)

    if job is None:
        return t("not_begun"), True
    if job.state == "failed":
        return t("failed", why=job.wrong), True
    if job.state == "stopped":
        return t("stopped"), True
    if job.state == "waiting":
        return t("wait", count=site.work.before(job)), False
    return (t("step", done=job.done, total=job.total) if job.done else t("whatif") + "."), False


@router.post("/ask/{key}/stop")
async def stop(request: Request, key: str) -> Response:
    """Stop a question that is under way."""
    return await stopped(request, "whatif", key, f"/ask/{key}")


@router.post("/ask/{key}/begin")
async def again(request: Request, key: str) -> Response:
    """Begin again a question that was stopped."""
    site = of(request)
    question = asked(site, key)
    if question is None or await closed(request) or not await site.may_work(request):
        return missing(request)
    begin(site, key, question)
    return RedirectResponse(f"/ask/{key}", status_code=303)


def recent(site: Site, lang: str, most: int = 6) -> list[tuple[str, str]]:
    """Questions asked last: address and what was asked."""
    places = sorted((site.data / "questions").glob("*.json"), key=lambda p: -p.stat().st_mtime)[:most]
    out = []
    for place in places:
        try:
            texts = json.loads(place.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        words = [f"{shell.text(lang, f'ask.option.{o}')}: {x}" for o in OPTIONS for x in texts.get(o, [])]
        out.append((place.stem, "; ".join(words)))
    return out
