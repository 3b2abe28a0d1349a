"""How often the kind of a recorded event happens in an ensemble.

The kind of an entry is its menu row and seat, its event of nature by name, or its forced answer; its window is its
month ± what the entry says (twelve months unless it says otherwise), cut to the span. A proposal that was accepted in
the record counts in a world only where it is accepted. Months after war do not count. Moves inside a crisis
belong to its line of play and are left out, and so are entries after the last month of the ensemble.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detente import answers, nature
from detente.lab.tables import Arrays, until_war
from detente.scenario import ANSWERS, Event, ScenarioError
from detente.seats.record import nature_index, row_of
from detente.structure import Structure


@dataclass(frozen=True)
class Kind:
    """What must stand in which array of the trace, and in which months."""

    id: str
    array: str
    places: tuple[int, ...]
    value: int | None
    first: int
    last: int

    def happens(self, arrays: Arrays) -> NDArray[np.bool_]:
        """Whether it happens in its window, by world."""
        return np.asarray(self.months(arrays).any(axis=1))

    def months(self, arrays: Arrays) -> NDArray[np.bool_]:
        """In which months of its window it happens, [world, month]."""
        cut = arrays[self.array][:, self.first : self.last + 1]
        if not self.places:
            return np.zeros(cut.shape[:2], dtype=bool)
        if self.array == "moves":
            return np.asarray((cut[..., self.places[0]] == self.value).any(axis=2))
        cut = cut[..., list(self.places)]
        found = cut >= 0 if self.value is None else cut == self.value
        return np.asarray(found.any(axis=2))


def kinds(st: Structure, months: int) -> list[Kind]:
    """The kinds of all entries that lie within the first months of the span."""
    entries = sorted(st.scenario.chronicle, key=lambda e: (e.date, e.id))
    return [kind(e, st, months) for e in entries if not e.crisis_move and e.month < months]


def kind(event: Event, st: Structure, months: int) -> Kind:
    """The kind of one entry, and its own window."""
    first, last = max(event.month - event.window, 0), min(event.month + event.window, months - 1)
    find = _nature if event.nature else forced if event.decision else _row
    try:
        array, places, value = find(event, st)
    except ScenarioError:  # `detente check` says so; what stands in no menu happens in no world
        array, places, value = "nature", (), 1
    return Kind(event.id, array, places, value, first, last)


def _row(event: Event, st: Structure) -> tuple[str, tuple[int, ...], int | None]:
    row = row_of(event, st)
    place = np.flatnonzero(answers.consent_rows(st) == row)
    if event.accepted_by and len(place):
        return "said", (int(place[0]),), 0
    return "moves", (int(st.row_seat[row]),), row


def _nature(event: Event, st: Structure) -> tuple[str, tuple[int, ...], int | None]:
    at = nature_index(event, st)
    if at >= 0:
        return "nature", (at,), 1
    return "successor", ((st.deciders.index(event.on),) if event.on in st.deciders else ()), None


def forced(event: Event, st: Structure) -> tuple[str, tuple[int, ...], int]:
    """Where the answer of an entry stands: array of the trace, places, option."""
    seat, issue = st.deciders.index(event.actor), st.issues.index(event.issue)
    if event.decision == "meeting":
        n = len(st.issues)
        places = [side * n + issue for side in (0, 1) if st.principals[issue, side] == seat]
    elif event.decision == "deadline":
        places = [int(k) for k in np.flatnonzero(st.showdown == issue)]
    else:
        places = [
            j for j, pair in enumerate(zip(*nature.secret_pairs(st), strict=True)) if _finds(st, pair, seat, issue)
        ]
    return event.decision, tuple(places), ANSWERS[event.decision].index(event.answer)


def _finds(st: Structure, pair: tuple[int, int], seat: int, issue: int) -> bool:
    """Whether it is this seat that answers the discovery of a deployment, on this issue."""
    author, host = pair
    at = st.host_issue[host]
    return bool(at >= 0 and st.showdown[at] == issue and st.cen_dec[st.rival_centre[author]] == seat)


def shares(st: Structure, months: int, pieces: Iterable[Arrays]) -> list[dict[str, str | float]]:
    """Every entry's id and the share of worlds in which its kind happens in its window."""
    asked = kinds(st, months)
    count, worlds = np.zeros(len(asked)), 0
    for piece in pieces:
        cut = until_war(piece)
        worlds += len(cut["moves"])
        count += [kind.happens(cut).sum() for kind in asked]
    return [{"id": kind.id, "probability": float(n / worlds)} for kind, n in zip(asked, count, strict=True)]
