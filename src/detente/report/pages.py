"""The page of a run: one HTML file that needs nothing else, in English or Russian."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
from markupsafe import Markup

from detente import __version__
from detente.lab import prior
from detente.lab.ensemble import Ensemble
from detente.lab.store import put
from detente.report import charts, sections
from detente.report.chances import events
from detente.report.paper import environment
from detente.report.sections import Block, Book, Chance, Section, Table
from detente.report.story import tell, typical
from detente.report.words import texts
from detente.scenario import Source

THREADS = 90
"""Worlds drawn as threads at the head of the page."""


def html(ensemble: Ensemble, lang: str = "en", world: int | None = None) -> str:
    """The report as one self-contained page; `world` is told as a story, by default a typical one."""
    book = Book(ensemble, lang)
    parts = [
        sections.reading(book),
        sections.tension(book),
        sections.balance(book),
        sections.leanings(book),
        sections.output(book),
        sections.berlin(book),
        sections.crises(book),
        sections.treaties(book),
        sections.leaders(book),
        events(book),
        sections.pressure(book),
        coverage(book),
        story(book, typical(ensemble) if world is None else world),
        sources(book),
    ]
    worlds = book.number(ensemble.worlds)
    words = {
        key: book.t("page", key, worlds=worlds)
        for key in ("title", "headline", "brand", "kicker", "lede", "contents", "table")
    }
    shown = [s for s in parts if s.panels or s.blocks or s.years or s.text]
    return render(lang, words, threads(book), figures(book), shown, colophon(book))


def render(
    lang: str,
    words: dict[str, str],
    head: Markup,
    figures: list[dict[str, str]],
    sections: list[Section],
    colophon: list[tuple[str, str]],
) -> str:
    """A page that needs no other file: its words, the picture at its head, its figures and sections."""
    css = Markup(resources.files("detente.report").joinpath("templates/report.css").read_text(encoding="utf-8"))
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            lang=lang,
            version=__version__,
            css=css,
            t=words,
            threads=head,
            figures=figures,
            sections=sections,
            colophon=colophon,
        )
    )


def write(ensemble: Ensemble, file: Path, lang: str = "en", world: int | None = None) -> None:
    """Write the report so that the file is either whole or not there."""
    put(file, html(ensemble, lang, world).encode())


def threads(book: Book) -> Markup:
    """Tension between the two strongest, in many worlds at once."""
    name = next(iter(book.named("tension")), None)
    if name is None:
        return Markup("")
    lines = np.asarray(book.ensemble.series[name][:THREADS], dtype=float)
    chart = charts.threads(book.years, lines, charts.colour("ussr"))
    text = charts.svg(
        chart,
        "threads",
        book.scenario.series[name].name[book.lang],
        book.t("page", "headline", worlds=str(len(lines))),
        book.lang,
        width=1200,
        height=170,
    )
    return Markup(text.replace("<svg ", '<svg preserveAspectRatio="none" ', 1))


def figures(book: Book) -> list[dict[str, str]]:
    """Five numbers at the head of the page."""
    chance = book.chance
    changes = float(np.median(book.tally.changes.sum(axis=1)))
    ended = book.tally.ladders[..., :3].sum() + book.tally.ladders[..., 4].sum()
    found = {
        "war": book.percent(book.tally.war),
        "crises": book.number(float(ended), 1),
        "changes": book.number(changes, 0),
        "wall": book.percent(chance["berlin-wall"]) if "berlin-wall" in chance else "",
        "ban": book.percent(chance["partial-test-ban"]) if "partial-test-ban" in chance else "",
    }
    return [{"value": value, "label": book.t("figure", key)} for key, value in found.items() if value]


# ---- sections that are not pictures ----
def coverage(book: Book) -> Section:
    """Prior predictive coverage of the observed series, where the laboratory gives it."""
    rows = [row for row in prior.coverage(book.ensemble) if row.coverage is not None]
    if not rows:
        return book.section("coverage", blocks=[Block(text=book.t("section", "coverage", "absent"))])
    names = [_measured(row, book) for row in rows]
    told = [
        Chance(name, row.coverage or 0.0, book.percent(row.coverage or 0.0))
        for name, row in zip(names, rows, strict=True)
    ]
    head = [book.t("section", "coverage", key) for key in ("series", "points", "inside", "crps", "persistence")]
    body = [
        [
            name,
            str(row.points),
            book.percent(row.coverage or 0.0),
            book.number(row.crps or 0.0),
            book.number(row.persistence or 0.0),
        ]
        for name, row in zip(names, rows, strict=True)
    ]
    note = book.t("section", "coverage", "note")
    return book.section(
        "coverage",
        blocks=[Block(chances=told), Block(book.t("page", "table"), note, folded=True, table=Table(head, body))],
    )


def _measured(row: prior.Row, book: Book) -> str:
    """What was measured, and of whom."""
    title = texts("page")["measured"].get(row.entry, {}).get(book.lang, row.entry)
    actor = row.series.partition(".")[2]
    return f"{title}: {book.scenario.actors[actor].name[book.lang]}" if actor in book.scenario.actors else str(title)


def story(book: Book, world: int) -> Section:
    """One world told month by month beside the record."""
    months = tell(book.ensemble, world, book.lang)
    years = [{"year": y, "months": [m for m in months if m.year == y]} for y in sorted({m.year for m in months})]
    here, there, quiet = (book.t("section", "story", key) for key in ("here", "there", "quiet"))
    part = book.section("story", years=years, here=here, there=there, quiet=quiet)
    return replace(part, text=[p.format(world=book.number(world)) for p in part.text])


def sources(book: Book) -> Section:
    """Works cited."""
    works = sorted(book.scenario.sources.values(), key=lambda s: (s.author.casefold(), s.year))
    title = book.t("section", "sources", "works", count=len(works))
    return book.section("sources", blocks=[Block(title, folded=True, works=[cited(w) for w in works])])


def cited(source: Source) -> str:
    """A work as a list of literature has it."""
    where = source.journal or source.publisher
    tail = f". {where}" if where else ""
    by, when = (f"{source.author}: " if source.author != "unknown" else ""), (f", {source.year}" if source.year else "")
    return f"{by}{source.title}{tail}{when}." + (f" doi:{source.doi}" if source.doi else "")


def colophon(book: Book) -> list[tuple[str, str]]:
    """What made this page: enough to make it again."""
    ens = book.ensemble
    nature = str(ens.manifest.get("nature", "given"))
    facts = {
        "version": f"detente {__version__}",
        "scenario": book.scenario.name,
        "worlds": book.number(ens.worlds),
        "seed": str(ens.seed),
        "span": f"{ens.month_names[0]} – {ens.month_names[-1]}",
        "nature": book.t("nature", nature) if nature in ("given", "drawn") else nature,
        "speed": book.number(float(ens.worlds_per_second), 0),
        "digest": str(ens.digest),
    }
    return [(book.t("section", "sources", key), value) for key, value in facts.items()]
