"""What happened, as plain deeds by month: read from one simulated world, or from the chronicle, in the same terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from detente import answers, nature
from detente.lab.ensemble import Ensemble
from detente.ladder.tree import LINES, Line, mover
from detente.scenario import ANSWERS, MONTHS, Event, Scenario
from detente.structure import Structure

NEVER = -1


@dataclass(frozen=True)
class Deed:
    """One thing that happened in a month: a path into `words.toml` and what fills it."""

    month: int
    path: tuple[str, ...]
    actor: str = ""
    target: str = ""
    host: str = ""
    issue: str = ""
    old: str = ""
    new: str = ""
    reply: str = ""
    event: str = ""
    plays: tuple[tuple[str, str], ...] = ()  # of a ladder: who does what, in order

    @property
    def kind(self) -> str:
        """The family: deed, answer, ladder, nature."""
        return self.path[0]


# ---- a simulated world ----
def simulated(ensemble: Ensemble, world: int) -> list[Deed]:
    """The deeds of one world of an ensemble, up to the month in which war ends it."""
    return list(_Reader(ensemble, world).deeds())


class _Reader:
    """One world's arrays, and what must be remembered from month to month."""

    def __init__(self, ensemble: Ensemble, world: int) -> None:
        self.st: Structure = ensemble.structure
        self.sc: Scenario = ensemble.scenario
        self.moves = np.asarray(ensemble.moves[world])
        self.trace = {
            name: np.asarray(ensemble.trace[name][world])
            for name in ("said", "nature", "successor", "meeting", "deadline", "discovery", "ladder")
        }
        self.last = last_month(ensemble, world)
        self.names = nature.names(self.st).all
        self.consent = {int(row): b for b, row in enumerate(answers.consent_rows(self.st))}
        self.pairs = [
            (self.st.deciders[d], self.st.actors[a]) for d, a in zip(*nature.secret_pairs(self.st), strict=True)
        ]
        self.ranked = sorted(range(len(self.st.deciders)), key=lambda d: rank(self.sc, self.st.deciders[d]))
        self.office = [int(k) for k in self.st.opening_leader]
        self.demander: dict[str, str] = {}
        self.pressing: dict[str, str] = {}

    def deeds(self) -> Iterator[Deed]:
        for month in range(self.last + 1):
            yield from self.calendar(month)
            yield from self.events(month)
            yield from self.moved(month)
            yield from self.forced(month)
            yield from self.ladders(month)

    def calendar(self, month: int) -> Iterator[Deed]:
        yield from calendar(self.sc, month)

    def events(self, month: int) -> Iterator[Deed]:
        fell = {self.names[e] for e in np.flatnonzero(self.trace["nature"][month] == 1)}
        ended = {g.on: g.nature for g in self.sc.calendar.values() if g.month == month and g.nature != "independence"}
        for d in np.flatnonzero(self.trace["successor"][month] >= 0):
            seat, old, new = self.st.deciders[d], self.office[d], int(self.trace["successor"][month, d])
            kind = "removal" if f"removal:{seat}" in fell else ended.get(seat, "succession")
            self.office[d] = new
            yield Deed(month, ("nature", kind), seat, old=self.st.leaders[d][old], new=self.st.leaders[d][new])
        for name in sorted(fell):
            if not name.startswith("removal:"):
                yield natural(month, name)

    def moved(self, month: int) -> Iterator[Deed]:
        said = self.trace["said"][month]
        for d in self.ranked:
            for row in (int(r) for r in self.moves[month, :, d] if r >= 0):
                r = self.st.rows[row]
                answer = int(said[self.consent[row]]) if row in self.consent else NEVER
                reply = {0: "accepted", 1: "refused"}.get(answer, "")
                if r.instrument in ("demand", "ultimatum"):
                    self.demander[r.issue] = r.seat
                if r.instrument == "show-force":
                    self.pressing.setdefault(r.issue, r.seat)
                if r.instrument == "blockade":
                    self._press_at(r.seat, r.target)
                yield Deed(month, ("deed", r.instrument), r.seat, r.target, issue=r.issue, reply=reply)

    def _press_at(self, seat: str, target: str) -> None:
        k = self.st.host_issue[self.st.actors.index(target)]
        if k >= 0:
            self.pressing.setdefault(self.st.issues[self.st.showdown[k]], seat)

    def forced(self, month: int) -> Iterator[Deed]:
        st, t = self.st, self.trace
        met: set[str] = set()
        for j in np.flatnonzero(t["meeting"][month] >= 0):
            issue, side = st.issues[j % len(st.issues)], int(j // len(st.issues))
            answer = ANSWERS["meeting"][int(t["meeting"][month, j])]
            if answer == "leave" or issue not in met:
                met.add(issue)
                yield Deed(month, ("answer", "meeting", answer), self._principal(issue, side), issue=issue)
        for k in np.flatnonzero(t["deadline"][month] >= 0):
            issue = st.issues[st.showdown[k]]
            seat = self.demander.get(issue, self._principal(issue, 0))
            answer = ANSWERS["deadline"][int(t["deadline"][month, k])]
            if answer == "enforce":
                self.pressing.setdefault(issue, seat)
            yield Deed(month, ("answer", "deadline", answer), seat, issue=issue)
        for j in np.flatnonzero(t["discovery"][month] >= 0):
            author, host = self.pairs[j]
            finder = st.deciders[st.cen_dec[st.rival_centre[st.deciders.index(author)]]]
            answer = ANSWERS["discovery"][int(t["discovery"][month, j])]
            if answer in ("blockade", "strike"):
                self._press_at(finder, host)
            yield Deed(month, ("answer", "discovery", answer), finder, author, host)

    def ladders(self, month: int) -> Iterator[Deed]:
        for k in np.flatnonzero(self.trace["ladder"][month] >= 0):
            issue, line = self.st.issues[self.st.showdown[k]], LINES[int(self.trace["ladder"][month, k])]
            end = line.end
            sides = [self._principal(issue, 0), self._principal(issue, 1)]
            seat = self.pressing.get(issue, sides[1])
            mine = 0 if self.st.stake[self.st.issues.index(issue), self.st.actors.index(seat)] > 0 else 1
            if end != "hold":
                self.pressing.pop(issue, None)
            pair = sides[mine], sides[1 - mine]
            yield Deed(month, ("ladder", end), *pair, issue=issue, plays=moves(line, *pair))
        carried = {self.st.issues[self.st.showdown[k]] for k in np.flatnonzero(self.trace["ladder"][month] >= 0)}
        self.pressing = {issue: seat for issue, seat in self.pressing.items() if issue in carried}

    def _principal(self, issue: str, side: int) -> str:
        return self.st.deciders[self.st.principals[self.st.issues.index(issue), side]]


def moves(line: Line, challenger: str, defender: str) -> tuple[tuple[str, str], ...]:
    """Who does what on a ladder that runs so: the defender answers first, then in turn; `refused` is a vain offer."""
    out = []
    for n, play in enumerate(line.plays):
        taken = line.end == "settled" and n == len(line.plays) - 1
        out.append(((challenger, defender)[mover(n)], "refused" if play == "offer" and not taken else play))
    return tuple(out)


def last_month(ensemble: Ensemble, world: int) -> int:
    """The last month that a world lives through: the span's, or the one in which war comes."""
    months = ensemble.months
    if "at_war" not in ensemble.series:
        return months - 1
    war = np.asarray(ensemble.series["at_war"][world]) > 0.5
    return int(war.argmax()) if war.any() else months - 1


# ---- the chronicle ----
def recorded(scenario: Scenario, st: Structure) -> list[Deed]:
    """The deeds of the chronicle and the calendar, in the terms in which a simulated world is told."""
    out = [deed for month in range(MONTHS) for deed in calendar(scenario, month)]
    for event in scenario.chronicle:
        out += _recorded(event, scenario)
    out += _offices(scenario, st)
    out += _conferences(scenario)
    order = {"nature": 0, "deed": 1, "answer": 2, "ladder": 3}
    return sorted(
        out, key=lambda d: (d.month, order[d.kind], rank(scenario, d.actor) if d.kind == "deed" else (False, 0.0))
    )


def _recorded(event: Event, scenario: Scenario) -> Iterator[Deed]:
    m = event.month
    if event.instrument:
        consents = scenario.instruments[event.instrument].consent and scenario.actors[event.target].decides
        reply = ("refused" if event.target in event.refused_by else "accepted") if consents else ""
        yield Deed(
            m, ("deed", event.instrument), event.actor, event.target, issue=event.issue, reply=reply, event=event.id
        )
    elif event.decision:
        yield Deed(m, ("answer", event.decision, event.answer), event.actor, issue=event.issue, event=event.id)
    elif event.nature == "accident":
        yield Deed(m, ("nature", "accident"), issue=event.issue, event=event.id)
    elif event.nature == "removal" and scenario.actors[event.on].decides:
        pass  # told with the successor
    elif event.nature and event.nature != "succession":
        yield Deed(m, ("nature", event.nature), event.on, event.towards, event=event.id)
    if event.crisis:
        crisis = scenario.crises[event.crisis]
        yield Deed(
            m,
            ("ladder", crisis.outcome),
            crisis.challenger,
            crisis.defender,
            issue=crisis.issue,
            event=event.id,
            plays=tuple((move.actor, move.play) for move in crisis.move),
        )


def _offices(scenario: Scenario, st: Structure) -> Iterator[Deed]:
    """Changes of leader as recorded, with the reason that the chronicle or the calendar gives."""
    for d, seat in enumerate(st.deciders):
        removed = {e.month for e in scenario.chronicle if e.nature == "removal" and e.on == seat}
        ended = {g.month: g.nature for g in scenario.calendar.values() if g.on == seat}
        old = st.leaders[d][int(st.opening_leader[d])]
        for month, new in in_office(scenario, seat):
            if new != old and month >= 0:
                near = [month, month - 1, month + 1]
                kind = next(
                    (("removal" if m in removed else ended[m]) for m in near if m in removed or m in ended),
                    "succession",
                )
                yield Deed(month, ("nature", kind), seat, old=old, new=new)
            old = new


def in_office(scenario: Scenario, seat: str) -> list[tuple[int, str]]:
    """(month of taking office, person), in order."""
    spans = [(s.start, p.id) for p in scenario.actors[seat].leader for s in p.in_office]
    return [((d.year - 1953) * 12 + d.month - 1, who) for d, who in sorted(spans)]


def _conferences(scenario: Scenario) -> Iterator[Deed]:
    """Agreed conferences that met: the record keeps only those that were left."""
    left = [(e.month, e.issue) for e in scenario.chronicle if e.decision == "meeting"]
    for e in scenario.chronicle:
        lead = scenario.instruments[e.instrument].lead if e.instrument else 0
        due = e.month + lead
        broken = any(issue == e.issue and e.month < m <= due + 2 for m, issue in left)
        if lead and e.target not in e.refused_by and due < MONTHS and not broken:
            yield Deed(due, ("answer", "meeting", "attend"), e.actor, issue=e.issue)


# ---- shared ----
def rank(scenario: Scenario, actor: str) -> tuple[bool, float]:
    """Order in which the deeds of a month are told: centres first, then by weight in the world."""
    if actor not in scenario.actors:
        return (True, 0.0)
    return (not scenario.actors[actor].centre, -scenario.actors[actor].opening.cinc.value)


def calendar(scenario: Scenario, month: int) -> Iterator[Deed]:
    """What is given in a month and is told by itself: ends of office of deciders are told with their successors."""
    given: Sequence[Any] = [g for g in scenario.calendar.values() if g.month == month]
    if any(g.nature == "independence" for g in given):
        yield Deed(month, ("nature", "independence"))
    for g in given:
        if g.nature != "independence" and not scenario.actors[g.on].decides:
            yield Deed(month, ("nature", g.nature), g.on, event=g.id)


def natural(month: int, name: str) -> Deed:
    """An event of nature from its address, `kind:whom` or `kind:whom:other`."""
    kind, whom, *other = name.split(":")
    if kind == "accident":
        return Deed(month, ("nature", kind), issue=whom)
    if kind == "discovery":
        return Deed(month, ("nature", kind), whom, host=other[0])
    return Deed(month, ("nature", kind), whom, other[0] if other else "")
