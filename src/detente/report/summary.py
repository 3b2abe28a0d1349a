"""The summary of a run on one screen: what a historian asks first."""

from __future__ import annotations

import numpy as np
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from detente.deeds import LADDER_ENDS
from detente.lab.ensemble import Ensemble
from detente.report import tallies
from detente.report.chances import turning_points
from detente.report.sections import Book
from detente.report.story import title

PAIRS, HOLDERS = 7, 3
WIDTH = 20


def summary(ensemble: Ensemble, lang: str = "en") -> RenderableType:
    """Who pressed whom, how crises ended, how far the bloc came apart, who stayed, what happened."""
    book = Book(ensemble, lang)
    span = f"{title(0, lang)} – {title(ensemble.months - 1, lang)}"
    war = book.t("summary", "war", share=book.percent(book.tally.war)) if book.tally.war else book.t("summary", "none")
    head = Text.assemble(
        (book.t("summary", "title", worlds=book.number(ensemble.worlds), span=span), "bold"), "  ", (war, "red")
    )
    left = Group(*_part(book, "pressure", _pressure(book)), *_part(book, "bloc", _bloc(book)))
    right = Group(*_part(book, "crises", _crises(book)), *_solving(book), *_part(book, "office", _office(book)))
    columns = Table.grid(padding=(0, 3))
    columns.add_row(left, right)
    return Group(head, columns, *_part(book, "events", _events(book)))


def _part(book: Book, name: str, body: RenderableType) -> list[RenderableType]:
    return [Padding(Text(book.t("summary", name), style="bold blue"), (1, 0, 0, 0)), body]


def _plain(*heads: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=any(heads), header_style="dim")
    for k, head in enumerate(heads):
        table.add_column(head, justify="left" if k == 0 else "right")
    return table


def _pressure(book: Book) -> Table:
    """The pairs between which the worlds press most, beside the record."""
    worlds = tallies.pressure(book.tally.row_mean, book.st)
    record = tallies.pressure(tallies.recorded_rows(book.scenario, book.st, book.ensemble.months), book.st)
    table = _plain("", book.t("summary", "in_worlds"), book.t("summary", "record"))
    for place in np.argsort(-worlds, axis=None)[:PAIRS]:
        d, a = np.unravel_index(int(place), worlds.shape)
        who, whom = (book.scenario.actors[x].name[book.lang] for x in (book.st.deciders[d], book.st.actors[a]))
        table.add_row(f"{who} → {whom}", book.number(worlds[d, a], 1), book.number(record[d, a], 1))
    return table


def _crises(book: Book) -> Table:
    """On which issues it came to a showdown, and how those ended."""
    ends = [end for end in LADDER_ENDS if end != "hold"]
    table = _plain("", book.t("page", "share"), *(book.t("outcome", end) for end in ends))
    for column in table.columns[2:]:
        column.max_width = 12
    for k, i in enumerate(book.st.showdown):
        counts = book.tally.ladders[:, k].sum(axis=0)
        ended = [counts[LADDER_ENDS.index(end)] for end in ends]
        cells = [book.percent(n / sum(ended)) if sum(ended) else "–" for n in ended]
        table.add_row(
            book.scenario.issues[book.st.issues[i]].name[book.lang], book.percent(book.tally.ladder_share[k]), *cells
        )
    return table


def _solving(book: Book) -> list[RenderableType]:
    """How well the crises were solved."""
    told = book.ensemble.solving
    if not told or not told["solved"]:
        return []
    words = {"residual": f"{told['largest_residual']:.0e}", "share": book.percent(told["lower_precision"])}
    return [Text(book.t("summary", "solving", **words), style="dim")]


def _bloc(book: Book) -> Table:
    """Leanings of the communist governments at the beginning and at the end."""
    table = _plain("", book.t("summary", "opening"), book.t("summary", "closing"), "5–95 %")
    names = [
        n
        for n in book.named("leaning")
        if n.startswith("leaning.") and book.scenario.actors[n.split(".")[1]].party_rules
    ]
    for name in [*names, *(n for n in ("tension.ussr.prc",) if n in book.bands)]:
        bands = book.bands[name]
        low, high = book.number(bands[0, -1]), book.number(bands[4, -1])
        table.add_row(
            book.scenario.series[name].name[book.lang],
            book.number(bands[2, 0]),
            book.number(bands[2, -1]),
            f"{low} – {high}",
        )
    return table


def _office(book: Book) -> Group:
    """Who is in office at the end in most worlds; a dot marks the record."""
    table = _plain("", "")
    table.columns[1].justify = "left"
    last = book.ensemble.months - 1
    for d, seat in enumerate(book.st.deciders):
        shares = book.tally.office[last, d]
        held = tallies.recorded_holder(book.scenario, seat, last)
        best = sorted((k for k in range(len(book.st.leaders[d])) if shares[k] > 0), key=lambda k: -shares[k])[:HOLDERS]
        told = [
            f"{_person(book, seat, d, k)}{' •' if book.st.leaders[d][k] == held else ''} {book.percent(shares[k])}"
            for k in best
        ]
        table.add_row(book.scenario.actors[seat].name[book.lang], ", ".join(told))
    return Group(Text(book.t("summary", "holder"), style="dim"), table)


def _person(book: Book, seat: str, d: int, k: int) -> str:
    return book.words.leader(seat, book.st.leaders[d][k])


def _events(book: Book) -> Table:
    """The turning points with the share of worlds in which they happen, in two columns."""
    rows = []
    for event, share in turning_points(book.scenario, book.chance):
        full = round(WIDTH * share / 2)
        bar = Text("█" * full + "░" * (WIDTH // 2 - full), style="blue")
        rows.append((f"{event.date:%Y-%m}", event.id, bar, book.percent(share)))
    table = Table.grid(padding=(0, 2, 0, 0))
    half = -(-len(rows) // 2)
    for k in range(half):
        table.add_row(*rows[k], *(rows[half + k] if half + k < len(rows) else ("",) * 4))
    return table
