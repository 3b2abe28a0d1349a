"""What `detente check` reports: every problem that can be found in a scenario, and, where there is none, what it holds.

Three rounds, each on what the one before let through: the form of every file, names and dates between files, then
menus, the record and sources. A round collects all its problems before the check stops.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from detente import menus, nature, scenario, series
from detente.console import said
from detente.lab import claims, prior
from detente.lab.store import RunError
from detente.room import ready
from detente.scenario import (
    ASSUMPTION,
    FIRST_YEAR,
    LAST_YEAR,
    SLOTS,
    Actor,
    Chronicle,
    Coefficient,
    Crisis,
    Event,
    Given,
    Instrument,
    Issue,
    Named,
    Scenario,
    ScenarioError,
    Series,
    Source,
    nearest,
)
from detente.seats.record import nature_index, nature_name, record, row_of
from detente.structure import Structure, structure

V = TypeVar("V")
UNSEEN = 2 / 3
"""Share of menu rows that must never occur in the record: menus come from structure, not from what happened."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, what, and how to mend it."""

    file: str
    key: str
    wrong: str
    mend: str


@dataclass(frozen=True)
class Findings:
    """What a check has found out."""

    root: str
    problems: tuple[Problem, ...]
    round: str
    menus: dict[str, int]
    rows: int
    unseen: float
    years: dict[str, int]
    seats: dict[str, int]
    entries: int
    early: int
    coefficients: int
    assumed: int

    @property
    def warnings(self) -> list[str]:
        """What is allowed and yet worth a look."""
        if self.rows and self.entries and self.unseen < UNSEEN:
            return [f"only {self.unseen:.0%} of menu rows never occur in the record; at least two thirds should"]
        return []

    def table(self) -> dict[str, Any]:
        """The findings as JSON has them."""
        return asdict(self) | {"problems": [asdict(p) for p in self.problems], "warnings": self.warnings}


# ---- first round: the form of each file ----


class Shape(NamedTuple):
    """Files of one kind: the table they hold (`x[]` a list of them, `**` laws, empty the file itself) and its model."""

    files: str
    head: str
    model: type[BaseModel]
    bears: bool
    """Whether names elsewhere rest on every entry, so that nothing can be compared while one is malformed."""


SHAPES = {
    "sources": Shape("sources*.toml", "source", Source, bears=False),
    "actors": Shape("actors/*.toml", "", Actor, bears=True),
    "issues": Shape("issues.toml", "issue", Issue, bears=True),
    "instruments": Shape("instruments.toml", "instrument", Instrument, bears=True),
    "laws": Shape("laws/*.toml", "**", Coefficient, bears=True),
    "series": Shape("series.toml", "series", Named, bears=False),
    "calendar": Shape("calendar.toml", "given[]", Given, bears=False),
    "crises": Shape("crises/*.toml", "", Crisis, bears=False),
    "events": Shape("chronicle/*.toml", "event[]", Event, bears=False),
    "shocks": Shape("shocks.toml", "shock", Series, bears=False),
}
NEEDED = ("sources", "actors", "issues", "instruments", "laws", "series")
LATER = ("claims/", "exercises/")
"""Folders that other verbs read and check."""


class Reading:
    """All files of a scenario, read one by one: what is of good form, where each id stands, and the problems."""

    def __init__(self, root: Path) -> None:
        self.root, self.problems = root, list[Problem]()
        self.made: dict[str, dict[str, Any]] = {kind: {} for kind in SHAPES}
        self.place: dict[str, dict[str, str]] = {kind: {} for kind in SHAPES}
        read = set[Path]()
        for kind, shape in SHAPES.items():
            paths = sorted(root.glob(shape.files))
            read.update(paths)
            if not paths and kind in NEEDED:
                self.wrong(shape.files, "file", "it is missing", "Restore it, or start anew with `detente new DIR`")
            for path in paths:
                self._file(path, kind, shape)
        for path in sorted(set(root.rglob("*.toml")) - read):
            if not self._name(path).startswith(LATER):
                known = ", ".join(shape.files for shape in SHAPES.values())
                self.wrong(
                    self._name(path),
                    "file",
                    "nothing reads a file of this name",
                    f"Rename or remove it; the files are {known}",
                )

    @property
    def sound(self) -> bool:
        """Whether everything is there that names elsewhere rest on."""
        return all(
            set(self.made[k]) == set(self.place[k]) and self.made[k] for k, shape in SHAPES.items() if shape.bears
        )

    def wrong(self, file: str, key: str, wrong: str, mend: str) -> None:
        self.problems.append(Problem(file, key, wrong, mend))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _file(self, path: Path, kind: str, shape: Shape) -> None:
        file = self._name(path)
        try:
            tables = list(_tables(file, scenario._read(self.root, path), shape.head, path.stem))
        except ScenarioError as error:
            self.problems.append(_told(error))
            self.place[kind][file] = file  # whatever stands in it is missing from what could be made
            return
        for name, key, table in tables:
            self._entry(file, kind, name, key, table)
            if kind in ("actors", "crises") and isinstance(table, dict) and table.get("id") != path.stem:
                self.wrong(
                    file, "id", f"the id is '{table.get('id')}', the file's name says '{path.stem}'", "Let them agree"
                )

    def _entry(self, file: str, kind: str, name: str, key: str, table: Any) -> None:
        place, made = self.place[kind], self.made[kind]
        if name in place:
            self.wrong(
                file, key, f"this id stands already in {place[name]}", "Give one of them another id, or remove it"
            )
            return
        place[name] = file
        try:
            made[name] = SHAPES[kind].model.model_validate(table)
        except ValidationError as error:
            for one in error.errors():
                where = ".".join([key, *(str(part) for part in one["loc"])])
                self.wrong(file, where, *_words(one, SHAPES[kind].model))
        year = file.removeprefix("chronicle/").removesuffix(".toml")
        if kind == "events" and year.isdigit() and name in made and made[name].date.year != int(year):
            self.wrong(
                file,
                f"{name}.date",
                f"{made[name].date} is not in {year}",
                "Correct the date, or move the entry to the file of its year",
            )

    def scenario(self, name: str) -> Scenario:
        """The scenario as far as its files are of good form; names not yet compared."""
        laws: dict[str, dict[str, dict[str, Coefficient]]] = {}
        for key, value in self.made["laws"].items():
            mechanism, law, coefficient = key.split(".")
            laws.setdefault(mechanism, {}).setdefault(law, {})[coefficient] = value
        parts = {k: v for k, v in self.made.items() if k not in ("laws", "events", "shocks")}
        files = {key: file for key, file in self.place["events"].items() if key in self.made["events"]}
        past = Chronicle(events=self.made["events"], files=files, shocks=self.made["shocks"])
        return Scenario(name=name, root=str(self.root), laws=laws, chronicle=past, **parts)


def _tables(file: str, data: dict[str, Any], head: str, stem: str) -> Iterator[tuple[str, str, Any]]:
    """Id, key in the file and content of every table."""
    if not head:
        yield stem, stem, data
    elif head == "**":
        for law, table in data.items():
            if not isinstance(table, dict):
                raise ScenarioError(file, law, "a law is a table of coefficients", f"Write [{law}.coefficient]")
            yield from ((f"{stem}.{law}.{key}", f"{law}.{key}", value) for key, value in table.items())
    elif head.endswith("[]"):
        inside = _inside(file, data, head.removesuffix("[]"), list, "[[{}]]")
        for k, table in enumerate(inside):
            key = str(table.get("id", f"number {k + 1}"))
            yield key, key, table
    else:
        inside = _inside(file, data, head, dict, "[{}.…]")
        yield from ((key, f"{head}.{key}", table) for key, table in inside.items())


def _inside(file: str, data: dict[str, Any], name: str, kind: type[Any], form: str) -> Any:
    for key in data:
        if key != name:
            raise ScenarioError(file, key, "unknown table", f"This file holds {form.format(name)} tables only")
    inside = data.get(name, kind())
    if not isinstance(inside, kind):
        raise ScenarioError(file, name, "it stands in the wrong brackets", f"Write {form.format(name)}")
    return inside


def _words(one: Any, model: type[BaseModel]) -> tuple[str, str]:
    wrong = one["msg"].removeprefix("Value error, ")
    if one["type"] == "extra_forbidden":
        known = [field.alias or name for name, field in model.model_fields.items()]
        hint = nearest(str(one["loc"][-1]), known) if len(one["loc"]) == 1 else ""
        return "unknown key", f"Remove it, or correct its spelling{f': {hint}' if hint.startswith('did') else ''}"
    if one["type"] == "missing":
        return "this key is missing", "Add the key"
    if one["type"] != "value_error" and isinstance(one["input"], str | int | float | bool):
        wrong = f"{wrong} (it is {one['input']!r})"
    return wrong, "Correct the value"


def _told(error: ScenarioError) -> Problem:
    return Problem(error.file, error.key, error.wrong, error.mend)


# ---- second round: names and dates between files ----


class Only(dict[str, V]):
    """A table that knows all its words and shows one, so that a rule that stops at its first fault sees all."""

    def __init__(self, full: Mapping[str, V], shown: str = "") -> None:
        super().__init__(full)
        self.shown = {shown: full[shown]} if shown else {}

    def values(self) -> Any:
        return self.shown.values()

    def items(self) -> Any:
        return self.shown.items()


def names(sc: Scenario, reading: Reading) -> Iterator[Problem]:
    """Everything that `scenario.cross_check` forbids, entry by entry, and dates outside the span."""
    for part in _parts(sc, reading):
        try:
            scenario.cross_check(part)
        except ScenarioError as error:
            yield _told(error)
    yield from _dates(sc)


def _parts(sc: Scenario, reading: Reading) -> Iterator[Scenario]:
    """The scenario again and again, each time with one entry shown and the rest, even malformed, known by name."""
    known = {kind: dict.fromkeys(reading.place[kind]) for kind in ("events", "crises")}
    nobody = {"neighbours": [], "garrisons": [], "open_border_to": ""}
    calm = {key: actor.model_copy(update=nobody) for key, actor in sc.actors.items()}
    nothing = {"stakes": {}, "forms": [], "begins_with": ""}
    mute = {key: issue.model_copy(update=nothing) for key, issue in sc.issues.items()}
    past = sc.chronicle.model_copy(update={"events": Only(known["events"])})
    bare = sc.model_copy(
        update={
            "actors": calm,
            "issues": mute,
            "calendar": Only(sc.calendar),
            "crises": Only(known["crises"]),
            "chronicle": past,
        }
    )
    yield from (bare.model_copy(update={"actors": Only(sc.actors, key)}) for key in sc.actors)
    yield from (bare.model_copy(update={"issues": Only(sc.issues, key)}) for key in sc.issues)
    yield from (bare.model_copy(update={"calendar": Only(sc.calendar, key)}) for key in sc.calendar)
    yield from (bare.model_copy(update={"crises": Only(known["crises"] | sc.crises, key)}) for key in sc.crises)
    for key in sc.chronicle.events:
        yield bare.model_copy(update={"chronicle": past.model_copy(update={"events": Only(sc.chronicle.events, key)})})


def _dates(sc: Scenario) -> Iterator[Problem]:
    """Dates of the calendar, of crises and of years of series; the chronicle's own are checked with its names."""
    dated = [("calendar.toml", f"{g.id}.date", g.date) for g in sc.calendar.values()]
    for crisis in sc.crises.values():
        file = f"crises/{crisis.id}.toml"
        dated += [
            (file, "start", crisis.start),
            (file, "end", crisis.end),
            *((file, "move.date", m.date) for m in crisis.move),
        ]
        if crisis.end < crisis.start:
            yield Problem(
                file, "end", f"it ends ({crisis.end}) before it begins ({crisis.start})", "Correct one of the dates"
            )
    for file, key, date in dated:
        if not FIRST_YEAR <= date.year <= LAST_YEAR:
            yield Problem(file, key, f"{date} lies outside {FIRST_YEAR}–{LAST_YEAR}", "Correct the date")
    for key, shock in sc.chronicle.shocks.items():
        for year in shock.values:
            if not FIRST_YEAR <= year <= LAST_YEAR:
                yield Problem(
                    "shocks.toml",
                    f"shock.{key}.values",
                    f"{year} lies outside {FIRST_YEAR}–{LAST_YEAR}",
                    "Leave the year out",
                )


# ---- third round: menus, the record, sources ----


BOUND = ("opponent", "ally-in-dispute")
"""Rules of address that read an issue."""


def seats(sc: Scenario) -> Iterator[Problem]:
    """Empty and overfull menus, and instruments in no seat's menu."""
    file, used = "instruments.toml", set[str]()
    loose = [key for key, one in sc.instruments.items() if one.whom in BOUND and not menus.bound_to(sc, key)]
    for key in loose:
        yield Problem(
            file, key, "no issue lists it in `forms`, so it has no opponent", "Add it there, or change `whom`"
        )
    rest = sc.model_copy(update={"instruments": {k: one for k, one in sc.instruments.items() if k not in loose}})
    for seat in sc.deciders:
        try:
            own = menus.menu(rest, seat)
        except ScenarioError as error:
            yield _told(error)
            return
        used |= {row.instrument for row in own}
        if not own:
            yield Problem(file, seat, "this seat has no menu row at all", "Widen a rule or the forms of an issue")
        if len(own) > menus.MENU_LIMIT:
            yield Problem(file, seat, f"{len(own)} menu rows, more than {menus.MENU_LIMIT}", "Narrow a rule")
    for key in rest.instruments:
        if key not in used:
            yield Problem(file, key, "this instrument stands in no seat's menu", "Widen its rule, or remove it")


def told(st: Structure) -> Iterator[Problem]:
    """Entries of the chronicle that name no row, no question or no event of nature; months with too many moves."""
    sc = st.scenario
    filled: dict[tuple[str, str], list[Event]] = {}
    for event in sorted(sc.chronicle, key=lambda e: e.date):
        file = sc.chronicle.files[event.id]
        try:
            if event.instrument:
                row_of(event, st)
                filled.setdefault((event.actor, f"{event.date:%Y-%m}"), []).append(event)
            elif event.nature:
                yield from _natural(event, st, file)
            elif event.decision:
                yield from _forced(event, st, file)
        except ScenarioError as error:
            yield _told(error)
    for (actor, month), moves in filled.items():
        yield from _full(sc, actor, month, moves)


def _natural(event: Event, st: Structure, file: str) -> Iterator[Problem]:
    if event.nature == "discovery" and not any(n.startswith(f"{nature_name(event)}:") for n in nature.names(st).all):
        yield Problem(
            file,
            event.id,
            f"'{event.on}' can deploy nothing in secret: no menu has such a row",
            "Name its author in `on`, or widen the rule of deploy-secretly",
        )
        return
    nature_index(event, st)
    if event.successor and event.on in st.deciders:
        heirs = st.leaders[st.deciders.index(event.on)]
        if event.successor not in heirs:
            yield Problem(
                file,
                f"{event.id}.successor",
                f"{event.on} has no heir '{event.successor}'",
                f"Heirs: {', '.join(heirs)}",
            )


def _forced(event: Event, st: Structure, file: str) -> Iterator[Problem]:
    """A forced answer whose question could never be put to its actor."""
    if event.issue not in st.issues:
        yield Problem(file, f"{event.id}.issue", "a forced answer names the issue on which it was due", "Add `issue`")
        return
    if event.actor not in st.deciders:
        yield Problem(
            file, f"{event.id}.actor", f"'{event.actor}' does not decide", f"Deciders: {', '.join(st.deciders)}"
        )
        return
    issue, seat = st.issues.index(event.issue), st.deciders.index(event.actor)
    leads = [st.deciders[d] for d in st.principals[issue] if d >= 0]
    if event.decision != "meeting" and issue not in st.showdown:
        yield Problem(
            file,
            f"{event.id}.issue",
            f"'{event.issue}' can never come to a {event.decision}",
            f"Issues that can: {', '.join(st.issues[k] for k in st.showdown)}",
        )
    elif event.decision == "discovery":
        finders = _finders(st, issue)
        if event.actor not in finders:
            yield Problem(
                file,
                f"{event.id}.actor",
                f"no discovery on '{event.issue}' is put to {event.actor}",
                f"It is put to: {', '.join(finders) or 'nobody'}",
            )
    elif seat not in st.principals[issue]:
        yield Problem(
            file,
            f"{event.id}.actor",
            f"a {event.decision} on '{event.issue}' is not put to {event.actor}",
            f"It is put to: {', '.join(leads) or 'nobody'}",
        )


def _finders(st: Structure, issue: int) -> list[str]:
    authors, hosts = nature.secret_pairs(st)
    pairs = zip(authors, hosts, strict=True)
    return sorted(
        {
            st.deciders[st.cen_dec[st.rival_centre[a]]]
            for a, h in pairs
            if st.host_issue[h] >= 0 and st.showdown[st.host_issue[h]] == issue
        }
    )


def _full(sc: Scenario, actor: str, month: str, moves: list[Event]) -> Iterator[Problem]:
    file = sc.chronicle.files[moves[0].id]
    ids = ", ".join(move.id for move in moves)
    if len(moves) > SLOTS:
        yield Problem(
            file,
            f"{actor} {month}",
            f"{len(moves)} moves in a month of {SLOTS} slots ({ids})",
            "Join two entries, make one part of a crisis, or move one to its true month",
        )
    rows = Counter((move.instrument, move.issue, move.target) for move in moves)
    for row, count in rows.items():
        if count > 1:
            same = ", ".join(m.id for m in moves if (m.instrument, m.issue, m.target) == row)
            yield Problem(
                file, f"{actor} {month}", f"the same move {count} times in one month ({same})", "Join the entries"
            )


def works(sc: Scenario, reading: Reading) -> Iterator[Problem]:
    """Sources cited but not declared; and, where every entry could be read, those declared but nowhere cited."""
    uses, declared = scenario.citations(sc), reading.place["sources"]
    for key, places in ready.cited(sc).items():
        uses.setdefault(key, []).extend(places)
    for key, places in sorted(uses.items()):
        if key not in declared and key != ASSUMPTION:
            file, _, entry = places[0].partition(" ")
            more = f" and {len(places) - 1} more places" if len(places) > 1 else ""
            yield Problem(
                file.rstrip(":"),
                f"{entry or 'source'}{more}",
                f"it cites '{key}', which is not declared",
                f"Declare [source.{key}], or correct the key: {nearest(key, declared)}",
            )
    if all(set(reading.made[kind]) == set(reading.place[kind]) for kind in SHAPES):
        elsewhere = prior.cited().keys() | claims.cited(sc).keys()
        for key, file in declared.items():
            if key not in uses and key not in elsewhere:
                yield Problem(
                    file, f"source.{key}", "nothing cites this work", "Cite it where it is used, or remove it"
                )


def charts(st: Structure) -> Iterator[Problem]:
    """Named series that are no place in the World."""
    for key, entry in st.scenario.series.items():
        try:
            series.declared(replace(st, scenario=st.scenario.model_copy(update={"series": {key: entry}})))
        except ScenarioError as error:
            yield _told(error)


def ledger(st: Structure) -> Iterator[Problem]:
    """The first claim that cannot be read; a scenario without a chronicle has no record to hold claims against."""
    if st.scenario.chronicle.events:
        try:
            claims.read(st)
        except RunError as error:
            file, _, rest = str(error).partition(": ")
            key, _, wrong = rest.partition(": ")
            yield (
                Problem(file, key, wrong.rstrip(".") or key, "Mend the entry")
                if wrong
                else Problem(file, "file", key.rstrip("."), "Mend the file")
            )


def exercises(sc: Scenario) -> Iterator[Problem]:
    """The first ready-made exercise that cannot be read or played."""
    try:
        ready.exercises(sc)
    except ScenarioError as error:
        yield _told(error)


# ---- the whole ----


def check(name: str = "coexistence") -> Findings:
    """Check a scenario, round by round, as far as what was met allows."""
    root = scenario.home_of(name)
    reading = Reading(root)
    if not reading.sound:
        return _found(root, reading.problems, "form")
    sc = reading.scenario(name if re.fullmatch(r"[a-z0-9-]+", name) else root.name)
    between = list(names(sc, reading))
    problems = [*reading.problems, *between, *works(sc, reading)]
    if any(p.file.startswith(("actors/", "issues.toml")) for p in between):
        return _found(root, problems, "names", sc)
    menu = list(seats(sc))
    if menu:
        return _found(root, [*problems, *menu], "menus", sc)
    st = structure(sc)
    problems += [*told(st), *charts(st)]
    problems += [] if problems else [*_laid_out(st), *ledger(st), *exercises(sc)]
    return _found(root, problems, "record", sc, st)


def _laid_out(st: Structure) -> Iterator[Problem]:
    """What only laying out the whole record brings to light."""
    try:
        record(st)
    except ScenarioError as error:
        yield _told(error)


def _found(
    root: Path, problems: Iterable[Problem], stage: str, sc: Scenario | None = None, st: Structure | None = None
) -> Findings:
    events = list(sc.chronicle) if sc else []
    sizes = (
        {seat: int(rows.stop - rows.start) for seat, rows in zip(st.deciders, st.seat_rows, strict=True)} if st else {}
    )
    total = len(st.rows) if st else 0
    seen = {key for e in events if (key := (e.actor, e.instrument, e.issue, e.target)) in st.find} if st else set()
    numbers = [c for laws in sc.laws.values() for law in laws.values() for c in law.values()] if sc else []
    choices = [e for e in events if e.actor != "nature"]
    return Findings(
        root=str(root),
        problems=tuple(dict.fromkeys(problems)),
        round=stage,
        menus=sizes,
        rows=total,
        unseen=1 - len(seen) / total if total else 0.0,
        years=dict(sorted(Counter(str(e.date.year) for e in events).items())),
        seats={
            seat: sum(e.actor == seat for e in choices)
            for seat in [*(sc.deciders if sc else ()), *(["nature"] if events else [])]
        }
        | ({"nature": len(events) - len(choices)} if events else {}),
        entries=len(events),
        early=sum(e.date.year < 1958 for e in events),
        coefficients=len(numbers),
        assumed=sum(set(c.source) == {ASSUMPTION} for c in numbers),
    )


def shown(found: Findings, lang: str = "en") -> RenderableType:
    """The findings on screen."""
    return _faults(found, lang) if found.problems else _whole(found, lang)


ROUNDS = {
    "form": (
        "Names, menus, record and sources are checked once the files are in order.",
        "Имена, меню, летопись и источники проверяются, когда файлы в порядке.",
    ),
    "names": (
        "Menus and record are checked once names and dates agree.",
        "Меню и летопись проверяются, когда имена и даты согласованы.",
    ),
    "menus": (
        "The record is checked once every seat has its menu.",
        "Летопись проверяется, когда у каждого места есть меню.",
    ),
    "record": ("", ""),
}


def _faults(found: Findings, lang: str) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0))
    table.add_column(said(lang, "where", "где"), overflow="fold", ratio=2)
    table.add_column(
        said(lang, "what is wrong, and how to mend it", "что не так и как исправить"), overflow="fold", ratio=3
    )
    for problem in found.problems:
        table.add_row(Text(f"{problem.file}\n{problem.key}"), Text(f"{problem.wrong}.\n{problem.mend}."))
    count = Text(
        said(
            lang,
            f"{len(found.problems)} {'problem' if len(found.problems) == 1 else 'problems'}.",
            f"Ошибок: {len(found.problems)}.",
        ),
        style="bold red",
    )
    more = said(lang, *ROUNDS[found.round])
    return Group(table, count, *([Text(more)] if more else []))


def _whole(found: Findings, lang: str) -> RenderableType:
    table = Table(box=None, pad_edge=False)
    for en, ru in (("seat", "место"), ("menu rows", "строк меню"), ("entries", "записей")):
        table.add_column(said(lang, en, ru), justify="left" if en == "seat" else "right")
    for seat, count in found.seats.items():
        table.add_row(seat, str(found.menus.get(seat, "–")), str(count))
    for seat, size in found.menus.items():
        if seat not in found.seats:
            table.add_row(seat, str(size), "0")
    years = "  ".join(f"{year}: {count}" for year, count in found.years.items())
    lines = [
        said(
            lang,
            f"{found.rows} menu rows; {found.unseen:.0%} of them never occur in the record.",
            f"Строк меню: {found.rows}; {found.unseen:.0%} из них в летописи не встречаются.",
        ),
        said(
            lang,
            f"{found.entries} entries, {found.early} of them before 1958.  {years}",
            f"Записей: {found.entries}, из них до 1958 года: {found.early}.  {years}",
        ),
        said(
            lang,
            f"{found.coefficients} coefficients; {found.assumed} rest on assumption only.",
            f"Коэффициентов: {found.coefficients}; только на допущении стоят {found.assumed}.",
        ),
    ]
    warnings = [Text(f"{said(lang, 'warning', 'предупреждение')}: {line}", style="yellow") for line in found.warnings]
    good = Text(said(lang, "No problems.", "Ошибок нет."), style="bold green")
    return Group(table, *(Text(line) for line in lines), *warnings, good)
