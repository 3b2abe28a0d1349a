"""The record as a seat: what was chosen, month by month, read from the chronicle."""

from __future__ import annotations

from itertools import dropwhile, groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente import answers, nature
from detente.ladder.tree import LINES, typical
from detente.scenario import ANSWERS, FIRST_YEAR, MONTHS, SLOTS, Crisis, Event, ScenarioError, nearest
from detente.structure import Structure

Array = NDArray[np.float64]
PLACE = {(line.plays, line.end): n for n, line in enumerate(LINES)}
"""Where a line of play stands among all."""


class Record(NamedTuple):
    """Recorded answers and which of them are known, by month."""

    rows: NDArray[np.int64]  # [month, SLOTS, D] row or -1 for routine
    rows_known: Array
    nature: Array  # [month, E]
    consent: NDArray[np.int64]  # [month, B]
    consent_known: Array
    meeting: NDArray[np.int64]  # [month, 2 I]
    meeting_known: Array
    deadline: NDArray[np.int64]  # [month, K]
    deadline_known: Array
    discovery: NDArray[np.int64]  # [month, pair]
    discovery_known: Array
    ladder: NDArray[np.int64]  # [month, K]
    ladder_known: Array
    line_known: Array  # [month, K] 1 where it is recorded how a ladder ran, 0 where only how it ended
    succession: NDArray[np.int64]  # [month, D]
    succession_known: Array
    growth: Array  # [month, A]
    growth_known: Array
    refugees: Array
    refugees_known: Array


def row_of(event: Event, st: Structure) -> int:
    """The one menu row an entry names; a clear error where it names none."""
    row = st.find.get((event.actor, event.instrument, event.issue, event.target))
    if row is None:
        file = st.scenario.chronicle.files[event.id]
        same = [r for r in st.rows if r.seat == event.actor and r.instrument == event.instrument]
        rows = ", ".join(f"{r.issue or '–'}/{r.target or '–'}" for r in same) or "none"
        raise ScenarioError(
            file,
            event.id,
            f"no menu row of {event.actor} is {event.instrument} / {event.issue or '–'} / {event.target or '–'}",
            f"Rows of this instrument (issue/target): {rows}",
        )
    return row


def nature_name(event: Event) -> str:
    """The address of an event of nature."""
    if event.nature == "overture":
        return f"overture:{event.on}:{event.towards}"
    if event.nature == "accident":
        return f"accident:{event.issue}"
    return f"{event.nature}:{event.on}"


def nature_index(event: Event, st: Structure) -> int:
    """Which of nature's events an entry names; -1 for a pure succession."""
    if event.nature == "succession":
        return -1
    names = nature.names(st).all
    name = nature_name(event)
    if event.nature == "discovery":
        hosts = [n for n in names if n.startswith(f"discovery:{event.on}:")]
        name = next((n for n in hosts if n.split(":")[2] in event.also), hosts[0] if hosts else name)
    if name not in names:
        raise ScenarioError(
            st.scenario.chronicle.files[event.id],
            event.id,
            f"nature has no event '{name}'",
            f"Correct it: {nearest(name, names)}",
        )
    return names.index(name)


def line_of_play(crisis: Crisis) -> int | None:
    """The line of the ladder that a crisis ran, a place in `LINES`; None where its record is none.

    The challenger's moves before the defender's first have opened it and are left out. Of several moves in a row by
    one side the last counts. An offer that the other side next meets with an offer is accepted and ends the line. What
    then has too many moves, too few for its outcome, a third party, or moves after the end, is no line.
    """
    answered = dropwhile(lambda move: move.actor == crisis.challenger, crisis.move)
    turns = [(actor, [m.play for m in moves]) for actor, moves in groupby(answered, key=lambda move: move.actor)]
    if {actor for actor, _ in turns} - {crisis.challenger, crisis.defender}:
        return None
    plays: list[str] = []
    for n, (_, turn) in enumerate(turns):
        if plays[-1:] == ["offer"] == turn[:1]:
            return PLACE.get((tuple(plays), crisis.outcome)) if n == len(turns) - 1 else None
        plays.append(turn[-1])
    return PLACE.get((tuple(plays), crisis.outcome))


class Sheet(NamedTuple):
    """The arrays that the chronicle's moves and events of nature are written into."""

    st: Structure
    rows: NDArray[np.int64]
    known: Array
    events: Array
    said: NDArray[np.int64]
    said_known: Array
    heirs: NDArray[np.int64]
    heirs_known: Array
    consent: NDArray[np.int64]
    filled: NDArray[np.int64]

    def wrong(self, event: Event, what: str, mend: str) -> ScenarioError:
        """An error that names the entry's file."""
        return ScenarioError(self.st.scenario.chronicle.files[event.id], event.id, what, mend)

    def move(self, event: Event) -> None:
        """A menu row fills the next slot of its seat; a proposal carries its answer."""
        m, d, row = event.month, self.st.deciders.index(event.actor), row_of(event, self.st)
        slot = self.filled[m, d]
        if slot >= SLOTS:
            what = f"{event.actor} has more than {SLOTS} moves in {event.date:%Y-%m}"
            raise self.wrong(event, what, "Join two entries, or move one to its true month")
        if row in self.rows[m, :, d]:
            what = f"{event.actor} makes the same move twice in {event.date:%Y-%m}"
            raise self.wrong(event, what, "Join the two entries")
        self.rows[m, slot, d], self.known[m, slot, d] = row, float(not event.unknown)
        self.filled[m, d] += 1
        if row in self.consent:
            b = int(np.flatnonzero(self.consent == row)[0])
            self.said[m, b] = 0 if event.target in event.accepted_by or not event.refused_by else 1
            told = event.target in (*event.accepted_by, *event.refused_by)
            self.said_known[m, b] = float(told and not event.unknown)

    def nature(self, event: Event) -> None:
        """An event of nature, and who followed where somebody had to."""
        at = nature_index(event, self.st)
        if at >= 0:
            self.events[event.month, at] = 1.0
        if event.successor and event.on in self.st.deciders:
            d = self.st.deciders.index(event.on)
            if event.successor not in self.st.leaders[d]:
                what = f"{event.on} has no heir '{event.successor}'"
                raise self.wrong(event, what, f"Heirs: {', '.join(self.st.leaders[d])}")
            self.heirs[event.month, d] = self.st.leaders[d].index(event.successor)
            self.heirs_known[event.month, d] = 1.0

    def close(self) -> None:
        """Slots after the first routine of a month are not asked."""
        slots = np.arange(SLOTS)[None, :, None]
        self.known[:] = np.where(slots > self.filled[:, None, :], 0.0, self.known)


def record(st: Structure) -> Record:
    """Lay the chronicle out by month: every entry names exactly one row, forced answer or event of nature."""
    n_d, n_k = len(st.deciders), len(st.showdown)
    consent = answers.consent_rows(st)
    names = nature.names(st).all
    authors, _ = nature.secret_pairs(st)
    rows = np.full((MONTHS, SLOTS, n_d), -1)
    known = np.ones((MONTHS, SLOTS, n_d))
    events = np.zeros((MONTHS, len(names)))
    said = np.zeros((MONTHS, len(consent)), dtype=int)
    said_known = np.zeros((MONTHS, len(consent)))
    meeting, meeting_known = np.zeros((MONTHS, 2 * len(st.issues)), dtype=int), np.ones((MONTHS, 2 * len(st.issues)))
    deadline, deadline_known = np.full((MONTHS, n_k), 2), np.zeros((MONTHS, n_k))
    discovery, discovery_known = np.zeros((MONTHS, len(authors)), dtype=int), np.zeros((MONTHS, len(authors)))
    ladder, ladder_known = np.full((MONTHS, n_k), typical("settled", 0)), np.zeros((MONTHS, n_k))
    line_known = np.zeros((MONTHS, n_k))
    heirs, heirs_known = np.zeros((MONTHS, n_d), dtype=int), np.zeros((MONTHS, n_d))
    sheet = Sheet(
        st, rows, known, events, said, said_known, heirs, heirs_known, consent, np.zeros((MONTHS, n_d), dtype=int)
    )
    for event in sorted(st.scenario.chronicle, key=lambda e: e.date):
        if event.instrument:
            sheet.move(event)
        elif event.nature:
            sheet.nature(event)
        elif event.decision:
            _forced(event, st, meeting, deadline, deadline_known, discovery, discovery_known)
        if event.crisis:
            crisis = st.scenario.crises[event.crisis]
            at = np.flatnonzero(st.showdown == st.issues.index(crisis.issue))
            played = line_of_play(crisis)
            ladder[event.month, at] = typical(crisis.outcome, 1) if played is None else played
            ladder_known[event.month, at], line_known[event.month, at] = 1.0, float(played is not None)
    sheet.close()
    growth, growth_known = _shock("growth", st, lambda x: x / 100.0)
    refugees, refugees_known = _shock("refugees", st, np.log)
    return Record(
        rows,
        known,
        events,
        said,
        said_known,
        meeting,
        meeting_known,
        deadline,
        deadline_known,
        discovery,
        discovery_known,
        ladder,
        ladder_known,
        line_known,
        heirs,
        heirs_known,
        growth,
        growth_known,
        refugees,
        refugees_known,
    )


def _forced(
    event: Event,
    st: Structure,
    meeting: np.ndarray,
    deadline: np.ndarray,
    deadline_known: np.ndarray,
    discovery: np.ndarray,
    discovery_known: np.ndarray,
) -> None:
    answer = ANSWERS[event.decision].index(event.answer)
    issue = st.issues.index(event.issue)
    d = st.deciders.index(event.actor)
    if event.decision == "meeting":
        for side in (0, 1):
            if st.principals[issue, side] == d:
                meeting[event.month, side * len(st.issues) + issue] = answer
    elif event.decision == "deadline":
        k = int(np.flatnonzero(st.showdown == issue)[0])
        deadline[event.month, k], deadline_known[event.month, k] = answer, 1.0
    else:
        authors, hosts = nature.secret_pairs(st)
        for j, (author, host) in enumerate(zip(authors, hosts, strict=True)):
            at = st.host_issue[host]
            if at >= 0 and st.showdown[at] == issue and st.cen_dec[st.rival_centre[author]] == d:
                discovery[event.month, j], discovery_known[event.month, j] = answer, 1.0


def _shock(kind: str, st: Structure, unit: object) -> tuple[Array, Array]:
    value, known = np.zeros((MONTHS, len(st.actors))), np.zeros((MONTHS, len(st.actors)))
    for name, series in st.scenario.chronicle.shocks.items():
        head, _, actor = name.partition(".")
        if head == kind and actor in st.actors:
            a = st.actors.index(actor)
            for year, number in series.values.items():
                months = slice((year - FIRST_YEAR) * 12, (year - FIRST_YEAR) * 12 + 12)
                value[months, a], known[months, a] = unit(number), 1.0  # type: ignore[operator]
    return value, known
