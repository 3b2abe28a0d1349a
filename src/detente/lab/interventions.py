"""What is done to the twin: interventions as a person writes them, read into cells of the kernel's arrays.

`without` masks what an entry records, for its seat (or nature), in its month only; `forbid` does so over a window;
`with` brings a menu row or an event of nature about; `move` shifts an entry to another month; `set` gives a coefficient
another value from a month on; `off` puts a law at its neutral values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from detente import laws, nature
from detente.lab import events
from detente.lab.store import RunError
from detente.scenario import MONTHS, Event, Scenario, month_name, nearest, parse_month
from detente.seats.record import nature_index, row_of
from detente.structure import Structure
from detente.twin import Changes

OPTIONS = ("without", "forbid", "with", "move", "set", "off")
"""Ways to intervene, as the command line names them."""
Written = str | Sequence[str]


class Cell(NamedTuple):
    """A place in one of the arrays of `Changes`, over some months: -1 banned, 1 brought about."""

    array: str
    place: tuple[int, ...]
    first: int
    last: int
    way: int


class Turn(NamedTuple):
    """Another value of a coefficient from a month on."""

    coefficient: str
    value: float
    since: int


@dataclass(frozen=True)
class Intervention:
    """One intervention: how it was written, and what it does."""

    option: str
    text: str
    cells: tuple[Cell, ...] = ()
    turns: tuple[Turn, ...] = ()
    events: tuple[str, ...] = field(default=())
    """Entries of the chronicle that it takes out, shifts or forbids."""
    drawn: int | None = None
    """Month from which the record is not followed and luck is drawn anew in both halves."""

    @property
    def first(self) -> int:
        """The first month that it touches."""
        fresh = [] if self.drawn is None else [self.drawn]
        return min([c.first for c in self.cells] + [t.since for t in self.turns] + fresh)

    @property
    def name(self) -> str:
        """As on the command line."""
        return f"--{self.option} {self.text}"


def read(st: Structure, **written: Written) -> tuple[Intervention, ...]:
    """Read interventions by option, each a text or several; checked one by one and against each other.

    without="u2-shootdown", off=["influence.decolonisation"] … ; `with` is written `with_` in Python.
    """
    if not st.scenario.chronicle.events:
        raise RunError(
            f"The scenario '{st.scenario.name}' has no chronicle, so there is no record to change: use `detente run`."
        )
    found = []
    for option, texts in written.items():
        name = option.rstrip("_")
        if name not in READERS:
            raise RunError(
                f"There is no intervention '{option}': {nearest(name, OPTIONS)} Known: {', '.join(OPTIONS)}."
            )
        found += [READERS[name](st, text.strip()) for text in ([texts] if isinstance(texts, str) else texts)]
    _consistent(found)
    return tuple(found)


def _consistent(found: Sequence[Intervention]) -> None:
    """No two may pull one thing different ways."""
    for k, one in enumerate(found):
        for other in found[:k]:
            if _clash(one, other):
                raise RunError(f"{other.name} and {one.name} contradict each other: drop one of them.")


def _clash(one: Intervention, other: Intervention) -> bool:
    for a in one.cells:
        for b in other.cells:
            same = a.array == b.array and a.place == b.place and a.first <= b.last and b.first <= a.last
            if same and a.way != b.way:
                return True
    values = {turn.coefficient: turn.value for turn in other.turns}
    return any(turn.coefficient in values and values[turn.coefficient] != turn.value for turn in one.turns)


# ---- words of the language ----
def event_of(st: Structure, name: str, where: str = "") -> Event:
    """An entry of the chronicle by its id."""
    known = st.scenario.chronicle.events
    if name in known:
        return known[name]
    if name in st.scenario.calendar:
        raise RunError(
            f"'{name}' stands in the calendar, which holds in every world: change an entry of the chronicle."
        )
    raise RunError(f"{where}the chronicle has no entry '{name}': {nearest(name, known)}")


def month_of(text: str, where: str) -> int:
    """A month of the span."""
    try:
        return parse_month(text)
    except ValueError as error:
        raise RunError(f"{where}: {error}.") from None


def window_of(text: str, where: str) -> tuple[int, int]:
    """FROM..TO as months; one month stands for itself."""
    start, dots, end = text.partition("..")
    first = month_of(start, where)
    last = month_of(end, where) if dots else first
    if last < first:
        raise RunError(f"{where}: the window {text} is empty, since it ends before it begins.")
    return first, last


def cells_of(st: Structure, event: Event, first: int, last: int, way: int) -> tuple[Cell, ...]:
    """Where an entry stands in the kernel's arrays."""
    if event.crisis_move:
        crisis = st.scenario.crises[event.crisis_move]
        raise RunError(
            f"'{event.id}' is a move inside the crisis '{crisis.id}', which is played as one: "
            f"take out what opened it, '{crisis.opened_by}'."
        )
    if event.instrument:
        return (Cell("rows", (row_of(event, st),), first, last, way),)
    if event.decision:
        array, places, answer = events.forced(event, st)
        return tuple(Cell(array, (place, answer), first, last, way) for place in places)
    at = nature_index(event, st)
    if at >= 0:
        return (Cell("nature", (at,), first, last, way),)
    seat = st.deciders.index(event.on)
    return (Cell("succession", (seat, st.leaders[seat].index(event.successor)), first, last, way),)


def _without(st: Structure, text: str) -> Intervention:
    event = event_of(st, text)
    return Intervention("without", text, cells_of(st, event, event.month, event.month, -1), events=(event.id,))


def _forbid(st: Structure, text: str) -> Intervention:
    name, at, window = text.partition("@")
    event = event_of(st, name)
    first, last = window_of(window, f"--forbid {text}") if at else (event.month, MONTHS - 1)
    return Intervention("forbid", text, cells_of(st, event, first, last, -1), events=(event.id,))


def _with(st: Structure, text: str) -> Intervention:
    parts = text.split(":")
    if len(parts) < 3:
        raise RunError(
            f"--with {text}: write it as 1960-06:ussr:demand:west-berlin (month, actor, instrument, on what)."
        )
    month = month_of(parts[0], f"--with {text}")
    if parts[1] == "nature":
        names, name = nature.names(st).all, ":".join(parts[2:])
        if name not in names:
            raise RunError(f"--with {text}: nature has no event '{name}': {nearest(name, names)}")
        return Intervention("with", text, (Cell("nature", (names.index(name),), month, month, 1),))
    row = _row(st, parts[1], parts[2], parts[3:], f"--with {text}")
    return Intervention("with", text, (Cell("rows", (row,), month, month, 1),))


def _row(st: Structure, seat: str, instrument: str, words: Sequence[str], where: str) -> int:
    """The one menu row of a seat that these words name; a part of a name is enough where it names one row."""
    if seat not in st.deciders:
        raise RunError(f"{where}: no actor '{seat}' makes moves here: {nearest(seat, st.deciders)}")
    own = {st.rows[k].instrument for k in range(len(st.rows)) if st.rows[k].seat == seat}
    if instrument not in own:
        raise RunError(f"{where}: {seat} has no instrument '{instrument}': {nearest(instrument, own)}")
    rows = [k for k, r in enumerate(st.rows) if r.seat == seat and r.instrument == instrument]
    exact = [k for k in rows if all(w in (st.rows[k].issue, st.rows[k].target) for w in words)]
    near = exact or [k for k in rows if all(w in st.rows[k].issue or w in st.rows[k].target for w in words)]
    if len(near) == 1:
        return near[0]
    shown = ", ".join(st.rows[k].name for k in (near or rows)[:12])
    raise RunError(
        f"{where}: {'these words name several moves' if near else 'there is no such move'}. Choose: {shown}."
    )


def _move(st: Structure, text: str) -> Intervention:
    name, at, month = text.partition("=")
    event = event_of(st, name)
    if not at:
        raise RunError(f"--move {text}: write it as {name}=1960-06 (the entry, and its new month).")
    to = month_of(month, f"--move {text}")
    if to == event.month:
        raise RunError(f"--move {text}: this is the month in which it happened; name another.")
    gone = cells_of(st, event, event.month, event.month, -1)
    if event.decision or gone[0].array == "succession":
        raise RunError(f"--move {text}: an answer that was forced has no date of its own; move what called for it.")
    return Intervention("move", text, (*gone, *cells_of(st, event, to, to, 1)), events=(event.id,))


def coefficient_of(scenario: Scenario, name: str, where: str) -> str:
    """A coefficient by its whole name, or without its mechanism where that names one."""
    known = laws.names(scenario)
    found = [k for k in known if k == name] or [k for k in known if k.partition(".")[2] == name]
    if len(found) != 1:
        said = "several laws have" if found else "no law has"
        raise RunError(f"{where}: {said} a coefficient '{name}': {nearest(name, known)}")
    return found[0]


def _set(st: Structure, text: str) -> Intervention:
    where = f"--set {text}"
    name, equals, rest = text.partition("=")
    number, at, month = rest.partition("@")
    try:
        value = float(number)
    except ValueError:
        raise RunError(f"{where}: write it as mechanism.law.coefficient=0.2@1958-01.") from None
    coefficient = coefficient_of(st.scenario, name, where)
    low, high = laws.coefficient(st.scenario, coefficient).bounds
    if not (equals and low <= value <= high):
        raise RunError(f"{where}: {coefficient} lies between {low:g} and {high:g}.")
    since = month_of(month, where) if at else 0
    return Intervention("set", text, turns=(Turn(coefficient, value, since),))


def _off(st: Structure, text: str) -> Intervention:
    name, at, month = text.partition("@")
    known = sorted({k.rpartition(".")[0] for k in laws.names(st.scenario)})
    if name not in known:
        raise RunError(f"--off {text}: there is no law '{name}': {nearest(name, known)}")
    since = month_of(month, f"--off {text}") if at else 0
    entries = {k: laws.coefficient(st.scenario, k) for k in laws.names(st.scenario) if k.rpartition(".")[0] == name}
    return Intervention("off", text, turns=tuple(Turn(k, float(e.neutral), since) for k, e in entries.items()))


def afresh(month: int) -> Intervention:
    """From a month on the record is not followed: both halves go on with luck of their own, the same in both."""
    return Intervention("afresh", month_name(month), drawn=month)


READERS = {"without": _without, "forbid": _forbid, "with": _with, "move": _move, "set": _set, "off": _off}


# ---- into arrays ----
def lay(none: Changes, found: Iterable[Intervention], names: Sequence[str], arm: int = 1) -> Changes:
    """The interventions written into arrays of one arm (1: the twin, 0: the first world); `none` stays as it is."""
    fresh: dict[str, Any] = {name: np.array(x) for name, x in none._asdict().items()}
    out: Any = Changes(**fresh)
    months = out.rows.shape[1]
    for one in found:
        for cell in one.cells:
            span = slice(cell.first, min(cell.last + 1, months))
            getattr(out, cell.array)[(arm, span, *cell.place)] = cell.way
        for turn in one.turns:
            out.since[names.index(turn.coefficient)] = turn.since
        if one.drawn is not None:
            out.free[one.drawn :] = 1
    return out


def altered(values: Mapping[str, Any], found: Iterable[Intervention]) -> dict[str, Any]:
    """The coefficients [draw] with those that are set or switched off at their other values."""
    out = dict(values)
    for turn in (turn for one in found for turn in one.turns):
        out[turn.coefficient] = np.full_like(np.asarray(values[turn.coefficient]), turn.value)
    return out


def describe(found: Iterable[Intervention]) -> list[dict[str, str]]:
    """The interventions as JSON has them."""
    return [{"option": one.option, "text": one.text, "first_month": month_name(one.first)} for one in found]
