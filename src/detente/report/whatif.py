"""What if, told: the answers on screen, and a page with two rails, later events, series and the story of one twin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from detente import __version__
from detente.lab import tables
from detente.lab.interventions import Intervention
from detente.lab.measures import Effect
from detente.lab.store import put
from detente.lab.whatif import WhatIf
from detente.report import charts
from detente.report.annals import Deed, simulated
from detente.report.pages import render
from detente.report.sections import Block, Book, Chance, Key, Panel, Section, Table
from detente.report.story import phrase, tell, title, typical
from detente.report.words import texts
from detente.scenario import ANSWERS, month_name

SHOWN = 8
"""Series drawn, and choices told of a parting."""
MOVED = 0.02
"""From this change of chance a later event is worth telling."""


@dataclass
class Telling:
    """A question and its answers in the words of one language."""

    found: WhatIf
    lang: str

    @cached_property
    def book(self) -> Book:
        """Words and numbers for the twins."""
        return Book(self.found.twin, self.lang)

    @cached_property
    def record(self) -> Book:
        """The same for the worlds of the record."""
        return Book(self.found.factual, self.lang)

    def t(self, part: str, key: str, **values: object) -> str:
        """A text."""
        return str(texts("whatif")[part][key][self.lang]).format(**values)

    def section(self, name: str, **more: Any) -> Section:
        """A section with its title and paragraphs."""
        text = more.pop("text", None) or list(texts("whatif")[name]["text"][self.lang])
        return Section(name, self.t(name, "title"), text, **more)

    # ---- words ----
    def asked(self, one: Intervention) -> str:
        """An intervention in words."""
        what, _, span = one.text.replace("=", "@").partition("@") if one.events else (one.text, "", "")
        entry = self.found.scenario.chronicle.events.get(what)
        name = entry.text[self.lang].rstrip(".") if entry and one.events else one.text
        return self.t("option", one.option, what=name, span=span or month_name(one.first))

    @property
    def question(self) -> str:
        """All interventions in one phrase."""
        return "; ".join(self.asked(one) for one in self.found.interventions) or "–"

    def name(self, measure: str) -> str:
        """A measure in words, or as it was written."""
        kind, _, rest = measure.partition(":")
        of, _, span = rest.partition("@")
        sc = self.found.scenario
        span = span or f"{month_name(self.found.first)}…"
        if kind in ("p", "date") and of in sc.chronicle.events:
            event = sc.chronicle.events[of]
            return self.t(
                "kind",
                kind,
                what=event.text[self.lang].rstrip("."),
                span=span if "@" in rest else f"{event.date:%Y-%m}±{event.window}",
            )
        if kind in texts("whatif")["kind"] and of in sc.series:
            return self.t("kind", kind, what=sc.series[of].name[self.lang], span=span)
        return measure

    def value(self, effect: Effect, x: float, *, signed: bool = False) -> str:
        """A number of a measure as it is read."""
        if effect.name.startswith(("p:", "outcome:")):
            sign = "+" if signed and x > 0 else ("−" if signed and x < 0 else "")
            return f"{sign}{self.book.percent(abs(x))}"
        digits = None if abs(x) >= 1 else 3
        return ("+" if signed and x > 0 else "") + self.book.number(x, digits)

    def row(self, effect: Effect) -> list[str]:
        """A line of the table of answers."""
        low, high = (self.value(effect, x, signed=True) for x in (effect.low, effect.high))
        mean = self.value(effect, effect.effect, signed=True)
        return [
            self.name(effect.name),
            self.value(effect, effect.factual),
            self.value(effect, effect.twin),
            mean,
            f"{low} … {high}",
        ]

    def attributed(self) -> list[str]:
        """Necessity and sufficiency as sentences."""
        out = []
        for kind in ("necessity", "sufficiency"):
            for found in getattr(self.found, kind):
                share, low, high = (self.book.percent(min(max(found[k], 0.0), 1.0)) for k in ("value", "low", "high"))
                what = self.name(found["measure"])
                out.append(f"{self.t('answers', kind, what=what)}: {share} ({low} … {high}).")
        return out

    # ---- one twin ----
    @cached_property
    def world(self) -> int | None:
        """An ordinary pair among those that part."""
        apart = self.found.parting.months < self.found.factual.months
        return typical(self.found.twin, among=apart) if apart.any() else None

    def flips(self, world: int) -> list[str]:
        """The choices that turned in the month in which those of a pair first part, the most turned first."""
        month = int(self.found.why.month[world])
        if month >= self.found.factual.months:
            return []
        turns = sorted([*self._moves(world, month), *self._answers(world, month)], key=lambda t: -t[0])
        return [line for _, line in turns[:SHOWN]]

    def _moves(self, world: int, month: int) -> list[tuple[float, str]]:
        """Slots in which a pair differs: how far the worths turned, and the sentence."""
        one, two = self.sides("moves", world, month)
        out = []
        for slot, d in np.argwhere(one != two):
            worth = self.found.why.slots[world, slot, d]
            numbers = dict(zip("abcdef", (self.book.number(float(x), 2) for x in worth), strict=True))
            told, own = (self.deed(month, int(x[slot, d])) for x in (one, two))
            who = self.book.words.actor(self.found.structure.deciders[d])
            line = self.t("parting", "instead", when=title(month, self.lang), who=who, told=told, own=own, **numbers)
            out.append((_turn(worth) + abs(float(worth[5] - worth[4])), line))
        return out

    def sides(self, name: str, world: int, month: int) -> tuple[Any, Any]:
        """What a pair decided in a month."""
        one, two = self.found.halves
        return one[name][self.found.draw[world], month], two[name][world, month]

    def _answers(self, world: int, month: int) -> list[tuple[float, str]]:
        """Forced answers in which a pair differs."""
        st, out = self.found.structure, []
        for kind in ("meeting", "deadline", "discovery"):
            one, two = self.sides(kind, world, month)
            for b in np.flatnonzero((one != two) & (one >= 0) & (two >= 0)):
                worth = getattr(self.found.why, kind)[world, b]
                numbers = dict(zip("abcd", (self.book.number(float(x), 2) for x in worth), strict=True))
                told, own = (self.t("reply", ANSWERS[kind][int(x[b])]) for x in (one, two))
                what = self.t("forced", kind, what=tables.forced_names(st, kind)[b])
                line = self.t(
                    "parting", "answer", when=title(month, self.lang), what=what, told=told, own=own, **numbers
                )
                out.append((_turn(worth), line))
        return out

    def deed(self, month: int, row: int) -> str:
        """A menu row as a sentence."""
        if row < 0:
            return self.t("parting", "calm")
        r = self.found.structure.rows[row]
        deed = Deed(month, ("deed", r.instrument), r.seat, r.target, issue=r.issue)
        return phrase([deed], self.book.words)[0].text

    def differences(self, world: int, months: int = 12) -> list[str]:
        """What stands only in the record or only in the twin, month by month from the parting on."""
        pair = ((self.found.factual, int(self.found.draw[world])), (self.found.twin, world))
        one, two = (_by_month(simulated(half, k)) for half, k in pair)
        start, out = int(self.found.parting.months[world]), []
        for m in range(start, self.found.factual.months):
            a, b = one.get(m, {}), two.get(m, {})
            for key, here, there in (("only_record", a, b), ("only_twin", b, a)):
                lone = [deed for k, deed in here.items() if k not in there]
                if lone:
                    what = " ".join(s.text for s in phrase(lone, self.book.words))
                    out.append(f"{title(m, self.lang)}, {self.t('parting', key, what=what)}")
            if len(out) >= months:
                break
        return out


def _turn(worth: Any) -> float:
    told, told_there, own, own_there = (float(x) for x in worth[:4])
    return abs((own_there - own) - (told_there - told))


def _by_month(deeds: list[Deed]) -> dict[int, dict[tuple[object, ...], Deed]]:
    out: dict[int, dict[tuple[object, ...], Deed]] = {}
    for d in deeds:
        key = (d.path, d.actor, d.target, d.host, d.issue, d.new, d.reply)
        out.setdefault(d.month, {})[key] = d
    return out


# ---- the screen ----
def summary(found: WhatIf, lang: str = "en") -> RenderableType:
    """What a historian reads on screen."""
    telling = Telling(found, lang)
    parting = found.parting
    apart = telling.t("summary", "never")
    if parting.first is not None:
        apart = telling.t(
            "summary", "apart", share=telling.book.percent(parting.share), month=month_name(parting.first)
        )
    head = Text(telling.t("page", "headline", what=telling.question), style="bold")
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for k, key in enumerate(("measure", "record", "twin", "effect", "interval")):
        grid.add_column(
            telling.t("answers", key), justify="left" if k == 0 else "right", max_width=64 if k == 0 else None
        )
    for effect in found.measured:
        grid.add_row(*telling.row(effect))
    body: list[RenderableType] = [head, Text(apart), Padding(grid, (1, 0, 0, 0))]
    if not found.measured:
        body[-1] = Text(telling.t("answers", "nothing"))
    body += [Text(line) for line in telling.attributed()]
    if telling.world is not None:
        body.append(Padding(Text(telling.t("parting", "title"), style="bold blue"), (1, 0, 0, 0)))
        lines = [*telling.flips(telling.world)[:3], *telling.differences(telling.world, 4)]
        body += [Text(f"· {line}") for line in lines]
    return Group(*body)


# ---- the page ----
def html(found: WhatIf, lang: str = "en") -> str:
    """The answers as one self-contained page."""
    telling = Telling(found, lang)
    parts = [answers(telling), parting(telling), rails(telling), later(telling), courses(telling)]
    words = {k: telling.t("page", k) for k in ("title", "brand", "kicker", "contents", "table")}
    worlds = telling.book.number(found.worlds)
    words |= {
        "headline": telling.t("page", "headline", what=telling.question),
        "lede": telling.t("page", "lede", worlds=worlds),
    }
    share = found.parting
    figures = [
        {"value": worlds, "label": telling.t("page", "pairs")},
        {"value": telling.book.percent(share.share), "label": telling.t("page", "apart")},
    ]
    if share.first is not None:
        figures.append({"value": title(share.first, lang), "label": telling.t("page", "first")})
    facts = {
        "version": f"detente {__version__}",
        "scenario": found.scenario.name,
        "worlds": worlds,
        "seed": str(found.seed),
        "asked": " ".join(one.name for one in found.interventions),
    }
    colophon = [(telling.t("colophon", key), value) for key, value in facts.items()]
    return render(lang, words, Markup(""), figures, [s for s in parts if s], colophon)


def write(found: WhatIf, file: Path, lang: str = "en") -> None:
    """Write the page so that the file is either whole or not there."""
    put(file, html(found, lang).encode())


def answers(telling: Telling) -> Section:
    """The table of measures."""
    head = [telling.t("answers", key) for key in ("measure", "record", "twin", "effect", "interval")]
    rows = [telling.row(effect) for effect in telling.found.measured]
    blocks = [Block(table=Table(head, rows))] if rows else [Block(text=telling.t("answers", "nothing"))]
    return telling.section("answers", blocks=[*blocks, *(Block(text=line) for line in telling.attributed())])


def parting(telling: Telling) -> Section:
    """The first divergence of a typical twin, and the chain from there."""
    world = telling.world
    if world is None:
        return telling.section("parting", text=[telling.t("parting", "never")])
    text = [str(p).format(world=world) for p in texts("whatif")["parting"]["text"][telling.lang]]
    lines = [*telling.flips(world), *telling.differences(world)]
    return telling.section("parting", text=text, blocks=[Block(works=lines)])


def rails(telling: Telling) -> Section | None:
    """The typical twin and the record side by side, from a little before the intervention."""
    if telling.world is None:
        return None
    months = [
        m for m in tell(telling.found.twin, telling.world, telling.lang) if m.index >= max(telling.found.first - 2, 0)
    ]
    years = [{"year": y, "months": [m for m in months if m.year == y]} for y in sorted({m.year for m in months})]
    here, there, quiet = (telling.t("rails", key) for key in ("here", "there", "quiet"))
    return telling.section("rails", years=years, here=here, there=there, quiet=quiet)


def later(telling: Telling) -> Section | None:
    """Later events: whether they still come, and when."""
    found, rows = telling.found, []
    moved = sorted((e for e in found.later if abs(e.effect) >= MOVED), key=lambda e: e.effect)
    for effect in moved:
        event = found.scenario.chronicle.events[effect.name.partition(":")[2]]
        when = found.usual_month(event)
        date = f"{event.date:%Y-%m}" + (
            f" → {telling.t('later', 'when', month=month_name(when))}" if when is not None else ""
        )
        rows.append(Chance(event.text[telling.lang], effect.twin, telling.book.percent(effect.twin), date))
    return telling.section("later", blocks=[Block(chances=rows)]) if rows else None


def courses(telling: Telling) -> Section:
    """Series that the change moved most, with bands."""
    found = telling.found
    named = [
        e.name.partition(":")[2].partition("@")[0]
        for e in found.measured
        if e.name.split(":")[0] in ("mean", "max", "min", "at")
    ]
    names = list(
        dict.fromkeys([*named, *(n for n in ("tension.usa.ussr", "tension.ussr.prc") if n in found.scenario.series)])
    )
    return telling.section("series", panels=[_course(telling, name) for name in names[:SHOWN]])


def _course(telling: Telling, name: str) -> Panel:
    entry = telling.found.scenario.series[name]
    told, bands = telling.record.bands[name], telling.book.bands[name]
    lines = {"record": told[2], "twin": bands[2]}
    inks = {"record": charts.INK, "twin": charts.colour("ussr")}
    chart = charts.curves(telling.book.years, lines, {"twin": inks["twin"]} | inks, band=bands[[0, 4]])
    heading = entry.name[telling.lang]
    keys = [Key(telling.t("series", k), inks[k], "" if k == "record" else "dash") for k in lines]
    svg = telling.book.picture(chart, f"course-{name}", heading, f"{heading}, {entry.unit}")
    return Panel(heading, svg, telling.book.unit(entry.unit), keys)
