"""The sections of the page of a run: what is drawn, counted and said in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from detente.deeds import LADDER_ENDS
from detente.lab.ensemble import Ensemble
from detente.report import charts, tallies
from detente.report.charts import Floats
from detente.report.words import Words, texts
from detente.scenario import FIRST_YEAR, Named, Scenario
from detente.structure import Structure

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
EITHER_OR = ("issues.closed", "issues.demand", "issues.treaty", "war")
"""Places of the World that are as good as 0 or 1: drawn as shares of worlds."""
SINGLES = 5


@dataclass(frozen=True)
class Key:
    """One entry of a legend."""

    label: str
    ink: str
    form: str = ""


@dataclass(frozen=True)
class Table:
    """The table twin of a picture."""

    head: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Panel:
    """One picture with its caption, its legend and its twin."""

    title: str
    svg: Markup
    unit: str = ""
    key: list[Key] = field(default_factory=list)
    table: Table | None = None


@dataclass(frozen=True)
class Chance:
    """Something that may happen, and in what share of worlds it does."""

    name: str
    share: float
    text: str
    date: str = ""


@dataclass(frozen=True)
class Block:
    """A table or a list below the pictures, folded away or not."""

    title: str = ""
    text: str = ""
    folded: bool = False
    table: Table | None = None
    chances: list[Chance] = field(default_factory=list)
    works: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Section:
    """A section of the page."""

    id: str
    title: str
    text: list[str]
    panels: list[Panel] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    key: list[Key] = field(default_factory=list)
    years: list[dict[str, Any]] = field(default_factory=list)
    large: bool = False
    here: str = ""
    there: str = ""
    quiet: str = ""


@dataclass
class Book:
    """An ensemble being made into a page: its numbers, counted once, and the words of one language."""

    ensemble: Ensemble
    lang: str

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario that was run."""
        return self.ensemble.scenario

    @cached_property
    def st(self) -> Structure:
        """Its positions."""
        return self.ensemble.structure

    @cached_property
    def words(self) -> Words:
        """Names and sentences."""
        return Words(self.scenario, self.lang)

    @cached_property
    def tally(self) -> tallies.Tally:
        """Counts over all worlds."""
        return tallies.tally(self.ensemble)

    @cached_property
    def chance(self) -> dict[str, float]:
        """Entry of the chronicle → share of worlds in which its kind happens in its window."""
        return {str(row["id"]): float(row["probability"]) for row in self.ensemble.events()}

    @cached_property
    def years(self) -> list[float]:
        """The months as years."""
        return charts.years_of(self.ensemble.month_names)

    @cached_property
    def bands(self) -> dict[str, Floats]:
        """Quantiles of every named series by month."""
        names = [str(name) for name in self.ensemble.series]
        values = np.asarray(self.ensemble.bands(names, QUANTILES), dtype=float)
        return {name: values[:, k] for k, name in enumerate(names)}

    @cached_property
    def outlived(self) -> NDArray[np.bool_]:
        """Where a world still goes on, [world, month]."""
        return self.ensemble.alive

    def t(self, *path: str, **values: object) -> str:
        """A text of this language."""
        at: Any = texts("page")
        for part in path:
            at = at[part]
        return str(at[self.lang]).format(**values) if values else str(at[self.lang])

    def lines(self, *path: str, **values: object) -> list[str]:
        """Paragraphs of this language."""
        at: Any = texts("page")
        for part in path:
            at = at[part]
        return [str(p).format(**values) if values else str(p) for p in at[self.lang]]

    def section(self, name: str, panels: Sequence[Panel] = (), **more: Any) -> Section:
        """A section with its title and paragraphs."""
        values = {"worlds": self.number(self.ensemble.worlds), "world": "{world}"}
        return Section(
            name, self.t("section", name, "title"), self.lines("section", name, "text", **values), list(panels), **more
        )

    # ---- numbers ----
    def number(self, value: float, digits: int | None = None) -> str:
        """A number as the language writes it, to a sensible number of digits."""
        if not np.isfinite(value):
            return "–"
        if digits is None:
            digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
        text = f"{value:,.{digits}f}".replace("-", "−")
        return text.replace(",", "\u202f").replace(".", ",") if self.lang == "ru" else text

    def percent(self, share: float) -> str:
        """A share in per cent; shares that are not quite none or all say so."""
        less = "<\u202f1" if 0 < share < 0.005 else ">\u202f99" if 0.995 < share < 1 else f"{100 * share:.0f}"
        return f"{less}\u202f%"

    # ---- pictures ----
    def picture(
        self, chart: charts.Layers, uid: str, title: str, description: str, height: int = charts.HEIGHT
    ) -> Markup:
        """A chart as SVG inside the page."""
        return Markup(charts.svg(chart, uid.replace(".", "-"), title, description, self.lang, height=height))

    def unit(self, unit: str) -> str:
        """A unit in words."""
        known = texts("page")["unit"].get(unit)
        return str(known[self.lang]) if known else unit

    def series(self, name: str, title: str = "") -> Panel:
        """The panel of one named series: bands, or the share of worlds for what is or is not."""
        entry = self.scenario.series[name]
        title = title or entry.name[self.lang]
        if entry.path in EITHER_OR:
            return self.shares(name, title, ink_of(entry))
        bands, ink = self.bands[name], charts.colour(ink_of(entry))
        singles = np.asarray(self.ensemble.series[name][:SINGLES], dtype=float)
        domain = {"0-1": (0.0, 1.0), "-1 to 1": (-1.0, 1.0)}.get(entry.unit)
        chart = charts.fan(self.years, bands, ink, singles, domain)
        return Panel(
            title,
            self.picture(chart, name, title, self.described(bands)),
            self.unit(entry.unit),
            table=self.yearly(bands),
        )

    def shares(self, name: str, title: str, ink: str) -> Panel:
        """The share of worlds in which something is so."""
        value = np.asarray(self.ensemble.series[name]) > 0.5
        alive = np.ones_like(value) if self.scenario.series[name].path == "war" else self.outlived
        line = (value & alive).sum(axis=0) / np.maximum(alive.sum(axis=0), 1)
        chart = charts.curves(self.years, {"s": line}, {"s": charts.colour(ink)}, (0.0, 1.0), "%")
        said = f"{self.percent(line[0])} → {self.percent(line[-1])}"
        rows = [[str(FIRST_YEAR + m // 12), self.percent(line[m])] for m in self.decembers]
        return Panel(
            title,
            self.picture(chart, name, title, said),
            self.unit("worlds"),
            table=Table([self.t("page", "year"), self.t("page", "share")], rows),
        )

    @property
    def decembers(self) -> list[int]:
        """The last month of every year, and of the run."""
        last = len(self.years) - 1
        return sorted({*range(11, last + 1, 12), last})

    def yearly(self, bands: Floats) -> Table:
        """Median and 5–95 % at the end of every year."""
        head = [self.t("page", "year"), self.t("page", "median"), self.t("page", "low"), self.t("page", "high")]
        return Table(
            head, [[str(FIRST_YEAR + m // 12), *(self.number(bands[q, m]) for q in (2, 0, 4))] for m in self.decembers]
        )

    def described(self, bands: Floats) -> str:
        """What a band shows, in one sentence for those who do not see it."""
        first, last = self.number(bands[2, 0]), self.number(bands[2, -1])
        low, high = self.number(bands[0, -1]), self.number(bands[4, -1])
        return f"{self.t('page', 'median')}: {first} → {last}; 5–95 %: {low} – {high}"

    def named(self, *groups: str) -> list[str]:
        """The series of some groups that the run kept."""
        return [n for n, entry in self.scenario.series.items() if entry.group in groups and n in self.ensemble.series]

    @property
    def fan_key(self) -> list[Key]:
        """The legend of every band."""
        forms = (("median", "line"), ("half", "half"), ("most", "most"), ("single", "thin"))
        return [Key(self.t("key", name), charts.INK, form) for name, form in forms]


def ink_of(entry: Named) -> str:
    """The actor whose colour a series takes."""
    return next((word for word in reversed(entry.of) if word in charts.COLOURS), "")


# ---- sections ----
def reading(book: Book) -> Section:
    """What the page is."""
    return book.section("reading", key=book.fan_key)


def tension(book: Book) -> Section:
    """How close to blows."""
    panels = [book.series(name) for name in book.named("tension")]
    return book.section(
        "tension",
        [*panels, book.series("at_war", book.t("panel", "war"))] if "at_war" in book.ensemble.series else panels,
    )


def balance(book: Book) -> Section:
    """What existed and what was believed."""
    panels = [
        book_of_beliefs(book, "ussr", ["icbm.ussr", "belief.usa.ussr", "public.ussr"]),
        book_of_beliefs(book, "usa", ["icbm.usa", "belief.ussr.usa"]),
    ]
    rest = [n for n in book.named("arsenals", "beliefs") if not n.startswith(("icbm.", "belief.", "public."))]
    return book.section("balance", [*(p for p in panels if p), *(book.series(n) for n in rest)])


def book_of_beliefs(book: Book, actor: str, names: Sequence[str]) -> Panel | None:
    """Truth, private belief and public estimate of one side's launchers."""
    labels = dict(zip(("truth", "private", "public"), names, strict=False))
    if any(name not in book.bands for name in names):
        return None
    title = book.t("panel", f"balance-{actor}")
    inks = dict(zip(labels, (charts.colour(actor), charts.INK, "#c08a1e"), strict=False))
    lines = {label: book.bands[name][2] for label, name in labels.items()}
    chart = charts.curves(book.years, lines, inks, band=book.bands[names[0]][[0, 4]])
    key = [
        Key(book.t("key", label), inks[label], form)
        for label, form in zip(labels, ("line", "dash", "dots"), strict=False)
    ]
    said = "; ".join(f"{book.t('key', label)}: {book.number(line[-1])}" for label, line in lines.items())
    head = [book.t("page", "year"), *(book.t("key", label) for label in labels)]
    rows = [[str(FIRST_YEAR + m // 12), *(book.number(line[m]) for line in lines.values())] for m in book.decembers]
    return Panel(
        title, book.picture(chart, f"balance-{actor}", title, said), book.unit("launchers"), key, Table(head, rows)
    )


def leanings(book: Book) -> Section:
    """Triangles where two poles are kept, bands where only one is."""
    by_actor: dict[str, list[str]] = {}
    for name in book.named("leaning"):
        head, actor, pole = name.split(".")
        if head == "leaning":
            by_actor.setdefault(actor, []).append(pole)
    panels, drawn = [], set()
    for pair in (("washington", "moscow"), ("moscow", "beijing")):
        for actor, poles in by_actor.items():
            if all(p in poles for p in pair) and actor not in drawn:
                drawn.add(actor)
                panels.append(_triangle(book, actor, pair))
    rest = [n for n in book.named("leaning") if n.split(".")[1] not in drawn or n.startswith("party.")]
    return book.section("leanings", [*panels, *(book.series(n) for n in rest)])


def _triangle(book: Book, actor: str, poles: tuple[str, str]) -> Panel:
    names = [f"leaning.{actor}.{pole}" for pole in poles]
    median = np.stack([book.bands[n][2] for n in names], axis=-1)
    path = np.concatenate([median, np.maximum(1 - median.sum(axis=-1, keepdims=True), 0)], axis=-1)
    path = path / path.sum(axis=-1, keepdims=True)
    ends = np.stack([np.asarray(book.ensemble.series[n][:400, -1], dtype=float) for n in names], axis=-1)
    ends = np.concatenate([ends, np.maximum(1 - ends.sum(axis=-1, keepdims=True), 0)], axis=-1)
    own = book.scenario.actors[actor].party_rules and "washington" not in poles
    corners = [*(book.t("pole", pole) for pole in poles), book.t("panel", "own" if own else "others")]
    title = book.scenario.actors[actor].name[book.lang]
    chart = charts.triangle(path, ends, corners, charts.colour(actor))
    said = "; ".join(
        f"{c}: {book.percent(a)} → {book.percent(b)}" for c, a, b in zip(corners, path[0], path[-1], strict=True)
    )
    rows = [[str(FIRST_YEAR + m // 12), *(book.percent(v) for v in path[m])] for m in book.decembers]
    return Panel(
        title,
        book.picture(chart, f"lean-{actor}", title, said, height=312),
        table=Table([book.t("page", "year"), *corners], rows),
    )


def output(book: Book) -> Section:
    """What economies make, and what goes to arms."""
    return book.section("output", [book.series(n) for n in book.named("output", "shares")])


def berlin(book: Book) -> Section:
    """People who leave, the border, the demand."""
    titles = {"closed.gdr": book.t("panel", "border"), "demand.west-berlin": book.t("panel", "demand")}
    return book.section("berlin", [book.series(n, titles.get(n, "")) for n in book.named("berlin")])


def treaties(book: Book) -> Section:
    """Treaties, independence, unrest."""
    return book.section("treaties", [book.series(n) for n in book.named("regimes", "influence", "home")])


def crises(book: Book) -> Section:
    """Showdowns by year, issue and ending."""
    counts = 100 * book.tally.ladders
    span = -(-len(book.years) // 12)
    padded = np.zeros((span * 12, *counts.shape[1:]))
    padded[: len(counts)] = counts
    yearly = padded.reshape(span, 12, *counts.shape[1:]).sum(axis=1)
    key = [Key(book.t("outcome", end), charts.OUTCOMES[end]) for end in LADDER_ENDS]
    marks: dict[str, list[float]] = {}
    for crisis in book.scenario.crises.values():
        marks.setdefault(crisis.issue, []).append(crisis.start.year + 0.5)
    panels = []
    for k, issue in enumerate(book.st.issues[i] for i in book.st.showdown):
        title = book.scenario.issues[issue].name[book.lang]
        chart = charts.bars(
            {end: yearly[:, k, e] for e, end in enumerate(LADDER_ENDS)},
            FIRST_YEAR,
            charts.OUTCOMES,
            marks.get(issue, []),
        )
        mean = book.tally.ladders[:, k].sum(axis=0)
        said = "; ".join(f"{book.t('outcome', end)}: {book.number(mean[e])}" for e, end in enumerate(LADDER_ENDS))
        rows = [[str(FIRST_YEAR + y), *(book.number(v, 1) for v in yearly[y, k])] for y in range(span)]
        table = Table([book.t("page", "year"), *(book.t("outcome", end) for end in LADDER_ENDS)], rows)
        panels.append(
            Panel(title, book.picture(chart, f"crisis-{issue}", title, said), book.unit("crises"), table=table)
        )
    return book.section(
        "crises",
        panels,
        blocks=[Block(table=_endings(book))],
        key=[*key, Key(book.t("page", "record"), charts.INK, "down")],
    )


def _endings(book: Book) -> Table:
    """How often a world comes to a showdown on each issue, and how it ends."""
    head = [
        book.t("panel", "issue"),
        book.t("panel", "any"),
        *(book.t("outcome", end) for end in LADDER_ENDS),
        book.t("page", "record"),
    ]
    rows = []
    for k, i in enumerate(book.st.showdown):
        issue = book.st.issues[i]
        known = [
            f"{c.start.year}: {book.t('outcome', c.outcome)}" for c in book.scenario.crises.values() if c.issue == issue
        ]
        means = book.tally.ladders[:, k].sum(axis=0)
        rows.append(
            [
                book.scenario.issues[issue].name[book.lang],
                book.percent(book.tally.ladder_share[k]),
                *(book.number(v, 2) for v in means),
                "; ".join(known) or "–",
            ]
        )
    return Table(head, rows)


def leaders(book: Book) -> Section:
    """Who is in office, and how firmly."""
    seats = sorted(
        range(len(book.st.deciders)),
        key=lambda d: (
            not book.scenario.actors[book.st.deciders[d]].centre,
            -book.scenario.actors[book.st.deciders[d]].opening.cinc.value,
        ),
    )
    panels = [_office(book, d) for d in seats]
    standing = [book.series(n) for n in book.named("standing")]
    return book.section("leaders", [*panels, *standing])


def _office(book: Book, d: int) -> Panel:
    seat = book.st.deciders[d]
    persons = [p.id for p in book.scenario.actors[seat].leader]
    last = len(book.years) - 1
    held = [tallies.recorded_holder(book.scenario, seat, m) for m in range(last + 1)]
    shares = {p: book.tally.office[:, d, k] for k, p in enumerate(persons)}
    shown = [p for p in persons if shares[p].max() > 0.02 or p in held]
    inks = {p: charts.PEOPLE[k % len(charts.PEOPLE)] for k, p in enumerate(shown)}
    spans = []
    for m in range(last + 1):
        if m == 0 or held[m] != held[m - 1]:
            end = next((n for n in range(m, last + 1) if held[n] != held[m]), last + 1)
            spans.append((FIRST_YEAR + m / 12, FIRST_YEAR + end / 12, held[m]))
    title = book.t("panel", "office", actor=book.scenario.actors[seat].name[book.lang])
    chart = charts.offices(book.years, {p: shares[p] for p in shown}, spans, inks)
    names = {p: book.words.leader(seat, p) for p in shown}
    said = "; ".join(f"{names[p]}: {book.percent(shares[p][-1])}" for p in shown)
    ever = {p: book.tally.ever[d, k] for k, p in enumerate(persons)}
    rows = [
        [names[p], book.percent(ever[p]), book.percent(shares[p][-1]), "•" if held[last] == p else ""] for p in shown
    ]
    table = Table(
        [book.t("panel", "person"), book.t("panel", "ever"), book.t("panel", "december"), book.t("page", "record")],
        rows,
    )
    return Panel(
        title,
        book.picture(chart, f"office-{seat}", title, said),
        book.unit("worlds"),
        [Key(names[p], inks[p]) for p in shown],
        table,
    )


def pressure(book: Book) -> Section:
    """Who pressed whom: the worlds and the record side by side."""
    simulated = tallies.pressure(book.tally.row_mean, book.st)
    record = tallies.pressure(tallies.recorded_rows(book.scenario, book.st, len(book.years)), book.st)
    seats = sorted(range(len(book.st.deciders)), key=lambda d: -simulated[d].sum())
    targets = sorted(
        (a for a in range(len(book.st.actors)) if simulated[:, a].sum() + record[:, a].sum() > 0),
        key=lambda a: -simulated[:, a].sum(),
    )
    columns = [book.words.actor(book.st.deciders[d]) for d in seats]
    rows = [book.words.actor(book.st.actors[a]) for a in targets]
    columns, rows = [c[:1].upper() + c[1:] for c in columns], [r[:1].upper() + r[1:] for r in rows]
    panels = [
        _heat(book, name, values[np.ix_(seats, targets)].T, columns, rows)
        for name, values in (("worlds", simulated), ("record", record))
    ]
    return book.section("pressure", panels, large=True)


def _heat(book: Book, name: str, values: Floats, columns: list[str], rows: list[str]) -> Panel:
    title = book.t("section", "pressure", name)
    chart = charts.heat(values, columns, rows)
    most = np.unravel_index(values.argmax(), values.shape)
    said = f"{columns[int(most[1])]} → {rows[int(most[0])]}: {book.number(values.max(), 1)}"
    table = Table(
        ["", *columns], [[r, *(book.number(v, 1) for v in line)] for r, line in zip(rows, values, strict=True)]
    )
    return Panel(title, book.picture(chart, f"press-{name}", title, said, height=110 + 21 * len(rows)), table=table)
