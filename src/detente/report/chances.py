"""How often what happened happens: turning points, the whole chronicle in groups, and what only the worlds do."""

from __future__ import annotations

from detente.report import tallies
from detente.report.annals import Deed
from detente.report.sections import Block, Book, Chance, Section
from detente.report.story import phrase
from detente.scenario import Event, Scenario

TURNING_POINTS = (
    "austria-treaty secret-speech hungary-intervention first-icbm berlin-ultimatum-1958 camp-david "
    "u2-shootdown paris-summit-fails experts-withdrawn bay-of-pigs vienna berlin-wall tests-resumed-1961 "
    "missile-gap-disclosed cuba-missiles-deployed cuba-blockade hotline partial-test-ban "
    "romania-concession-1963 khrushchev-removed"
).split()
"""Entries of the chronicle that every run reports by name, where the scenario has them."""
BOUNDS = (0.9, 0.5, 0.1, 1e-12)
"""Where the groups of the whole chronicle begin."""
UNRECORDED = 24
COMMON = 0.25
"""From this share of worlds a move that the record does not know is worth telling."""


def turning_points(scenario: Scenario, chance: dict[str, float]) -> list[tuple[Event, float]]:
    """The named entries in the order of their dates."""
    found = [
        (scenario.chronicle.events[i], chance[i])
        for i in TURNING_POINTS
        if i in chance and i in scenario.chronicle.events
    ]
    return sorted(found, key=lambda pair: pair[0].date)


def events(book: Book) -> Section:
    """The section: turning points, groups of the chronicle, roads not taken."""
    chance = book.chance
    blocks = [_named(book, chance), *_groups(book, chance), _unrecorded(book)]
    if not chance:
        blocks = [Block(text=book.t("section", "events", "absent")), _unrecorded(book)]
    return book.section("events", blocks=[b for b in blocks if b.chances or b.text])


def _chance(book: Book, event: Event, share: float) -> Chance:
    form = "{0.day}.{0.month:02d}.{0.year}" if event.precision == "day" else "{0.month:02d}.{0.year}"
    date = (
        form.format(event.date)
        if book.lang == "ru"
        else f"{event.date:%-d %b %Y}"
        if event.precision == "day"
        else f"{event.date:%b %Y}"
    )
    return Chance(event.text[book.lang], share, book.percent(share), date)


def _named(book: Book, chance: dict[str, float]) -> Block:
    rows = [_chance(book, event, p) for event, p in turning_points(book.scenario, chance)]
    return Block(book.t("section", "events", "named"), chances=rows)


def _groups(book: Book, chance: dict[str, float]) -> list[Block]:
    events = [(e, chance[e.id]) for e in sorted(book.scenario.chronicle, key=lambda e: e.date) if e.id in chance]
    titles = book.lines("section", "events", "groups")
    blocks, high = [], 2.0
    for title, low in zip(titles, (*BOUNDS, -1.0), strict=True):
        rows = [_chance(book, e, p) for e, p in events if low <= p < high]
        blocks.append(Block(f"{title}: {len(rows)}", folded=True, chances=rows))
        high = low
    return blocks


def _unrecorded(book: Book) -> Block:
    """The commonest moves of the worlds that stand nowhere in the chronicle."""
    record = tallies.recorded_rows(book.scenario, book.st)
    share = book.tally.row_share
    rows = sorted((r for r in range(len(record)) if record[r] == 0 and share[r] >= COMMON), key=lambda r: -share[r])
    told = []
    for r in rows[:UNRECORDED]:
        row = book.st.rows[r]
        sentence = phrase([Deed(0, ("deed", row.instrument), row.seat, row.target, issue=row.issue)], book.words)[0]
        told.append(Chance(sentence.text, float(share[r]), book.percent(float(share[r]))))
    return Block(
        book.t("section", "events", "unrecorded"),
        book.t("section", "events", "unrecorded_text"),
        folded=True,
        chances=told,
    )
