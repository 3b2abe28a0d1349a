"""The page of a run: one HTML file that needs nothing else, in English or Russian."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from detente import __version__
from detente.lab.ensemble import Ensemble
from detente.lab.store import put
from detente.report import charts, sections
from detente.report.chances import events, probabilities
from detente.report.sections import Block, Book, Section, Table
from detente.report.story import tell, typical
from detente.scenario import Source

THREADS = 90
"""Worlds drawn as threads at the head of the page."""


def html(ensemble: Ensemble, lang: str = "en", world: int | None = None) -> str:
    """The report of an ensemble as one self-contained page; `world` is the one told as a story, by default a typical one."""
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
    page = _environment().get_template("report.html.j2")
    worlds = book.number(ensemble.worlds)
    words = {key: book.t("page", key, worlds=worlds) for key in ("title", "headline", "brand", "kicker", "lede", "contents", "table")}
    css = Markup(resources.files("detente.report").joinpath("templates/report.css").read_text(encoding="utf-8"))  # noqa: S704
    return page.render(
        lang=lang, version=__version__, css=css, t=words, threads=threads(book), figures=figures(book), sections=[s for s in parts if s.panels or s.blocks or s.years or s.text], colophon=colophon(book)
    )


def write(ensemble: Ensemble, file: Path, lang: str = "en", world: int | None = None) -> None:
    """Write the report so that the file is either whole or not there."""
    put(file, html(ensemble, lang, world).encode())


def _environment() -> Environment:
    return Environment(loader=PackageLoader("detente.report"), autoescape=select_autoescape(("html", "j2"), default=True), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def threads(book: Book) -> Markup:
    """Tension between the two strongest, in many worlds at once."""
    name = next(iter(book.named("tension")), None)
    if name is None:
        return Markup("")
    lines = np.asarray(book.ensemble.series[name][:THREADS], dtype=float)
    chart = charts.threads(book.years, lines, charts.colour("ussr"))
    text = charts.svg(chart, "threads", book.scenario.series[name].name[book.lang], book.t("page", "headline", worlds=str(len(lines))), book.lang, width=1200, height=170)
    return Markup(text.replace("<svg ", '<svg preserveAspectRatio="none" ', 1))  # noqa: S704


def figures(book: Book) -> list[dict[str, str]]:
    """Five numbers at the head of the page."""
    chance = probabilities(book.ensemble)
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
    rows = _covered(book.ensemble)
    if not rows:
        return book.section("coverage", blocks=[Block(text=book.t("section", "coverage", "absent"))])
    head = [book.t("section", "coverage", key) for key in ("series", "points", "inside")]
    known = book.scenario.series
    body = [[_label(row, known, book), _count(row, book), book.percent(_inside(row))] for row in rows]
    return book.section("coverage", blocks=[Block(table=Table(head, body))])


def _covered(ensemble: Ensemble) -> list[Mapping[str, Any]]:
    try:
        from detente.lab import prior
    except ImportError:
        return []
    found = prior.coverage(ensemble)
    return [row if isinstance(row, Mapping) else vars(row) for row in found]


def _label(row: Mapping[str, Any], known: Mapping[str, Any], book: Book) -> str:
    name = str(row.get("series", row.get("name", "")))
    return str(known[name].name[book.lang]) if name in known else name


def _count(row: Mapping[str, Any], book: Book) -> str:
    return book.number(float(row.get("points", row.get("n", np.nan))), 0)


def _inside(row: Mapping[str, Any]) -> float:
    return float(row.get("inside", row.get("coverage", np.nan)))


def story(book: Book, world: int) -> Section:
    """One world told month by month beside the record."""
    months = tell(book.ensemble, world, book.lang)
    years = [{"year": y, "months": [m for m in months if m.year == y]} for y in sorted({m.year for m in months})]
    names = {key: book.t("section", "story", key) for key in ("here", "there", "quiet")}
    part = book.section("story", years=years, **names)
    return Section(part.id, part.title, [p.format(world=book.number(world)) for p in part.text], years=years, **names)


def sources(book: Book) -> Section:
    """Works cited."""
    works = sorted(book.scenario.sources.values(), key=lambda s: (s.author.casefold(), s.year))
    title = book.t("section", "sources", "works", count=len(works))
    return book.section("sources", blocks=[Block(title, folded=True, works=[_work(w) for w in works])])


def _work(source: Source) -> str:
    where = source.journal or source.publisher
    tail = f". {where}" if where else ""
    return f"{source.author}: {source.title}{tail}, {source.year}." + (f" doi:{source.doi}" if source.doi else "")


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
