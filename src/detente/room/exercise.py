"""One exercise: its log, and where it stands.

Everything that is decided is an entry of the log; where an exercise stands is what its entries say when they are read
in order. The same reading serves the running exercise and one that is opened again: months are replayed with every
answer told, and nothing is decided twice. What is worked out between entries (who must be asked what) is a pure
function of the World and the answers so far, with addressed luck.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from sqlalchemy import Connection

from detente import nature, noise
from detente.resume import Answers, Heard
from detente.room import deeds, worlds
from detente.room.kernel import EXERCISE, Kernel, digest
from detente.room.setup import RoomError, Setup
from detente.room.store import Entry, Store
from detente.scenario import SLOTS, month_name
from detente.seats import human
from detente.seats.human import KINDS, Question
from detente.world import World

PLAN, ANSWER, CRISIS = "plan", "answer", "crisis"
HUMAN, AUTOPILOT = "human", "autopilot"
WAR, OVER, CLOSED = "war", "over", "closed"


class Stage(NamedTuple):
    """A stretch of a month in which seats are asked without sight of each other."""

    month: int
    kind: str
    move: int
    asked: dict[str, list[str]]  # seat → addresses of its questions
    limit: int  # seconds, 0 for none

    @property
    def key(self) -> str:
        """Its address within the exercise."""
        return f"{month_name(self.month)}:{self.kind}" + (f":{self.move}" if self.kind == CRISIS else "")


class Filed(NamedTuple):
    """What a seat has confirmed in the open stage."""

    answers: dict[str, Any]
    revision: int


class Letter(NamedTuple):
    """A letter: when it was written, and when it arrives."""

    number: int  # of its entry in the log
    sender: str
    to: str
    text: str
    about: str  # a row or a question that it points to
    month: int
    arrives: tuple[int, int]  # month and move; (month, 0) is the beginning of a month
    at_once: bool


class Month(NamedTuple):
    """A month that is over."""

    month: int
    answers: Answers
    digest: str


@dataclass
class State:
    """Where an exercise stands: what its entries say, read in order."""

    month: int = 0
    months: list[Month] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    announced: list[tuple[int, str]] = field(default_factory=list)
    injected: dict[int, list[str]] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    standing: dict[str, list[str]] = field(default_factory=dict)
    paused: bool = False
    ended: str = ""
    quiet: int = 0
    quiet_run: int = 0
    done: str = ""
    """The last stage of this month that is closed."""
    move: int = 0
    rows: dict[str, list[int]] = field(default_factory=dict)
    forced: dict[str, int] = field(default_factory=dict)
    paths: dict[int, list[str]] = field(default_factory=dict)
    stage: Stage | None = None
    filed: dict[str, Filed] = field(default_factory=dict)

    def begin(self, month: int) -> None:
        """A month begins."""
        self.month, self.done, self.move = month, "", 0
        self.rows, self.forced, self.paths = {}, {}, {}
        self.stage, self.filed = None, {}


# ---- reading the log ----
def _made(s: State, e: Entry) -> None:
    setup = Setup.model_validate(e.data["setup"])
    s.holders = dict.fromkeys(setup.seats, HUMAN)
    s.quiet = setup.quiet
    s.begin(setup.first)


def _stage(s: State, e: Entry) -> None:
    d = e.data
    s.stage, s.filed = Stage(e.month, d["kind"], d["move"], d["asked"], d["limit"]), {}
    if d["kind"] == CRISIS:
        s.move = d["move"]
        for k in d["ladders"]:
            s.paths.setdefault(int(k), [])
    s.quiet_run = 0


def _filed(s: State, e: Entry) -> None:
    before = s.filed.get(e.seat or "")
    s.filed[e.seat or ""] = Filed(e.data["answers"], before.revision + 1 if before else 1)


def _closed(s: State, e: Entry) -> None:
    s.rows |= {seat: list(rows) for seat, rows in e.data["rows"].items()}
    s.forced |= e.data["forced"]
    for k, step in e.data["steps"].items():
        s.paths[int(k)].append(step)
    s.done, s.stage, s.filed = e.data["kind"], None, {}


def _passed(s: State, e: Entry) -> None:
    s.rows |= {seat: list(rows) for seat, rows in e.data["rows"].items()}
    s.done, s.quiet_run = PLAN, s.quiet_run + int(e.data["quiet"])


def _played(s: State, e: Entry) -> None:
    s.paths.setdefault(int(e.data["ladder"]), []).append(e.data["step"])


def _month(s: State, e: Entry) -> None:
    s.months.append(Month(e.month, worlds.told(e.data["answers"]), e.data["digest"]))
    s.begin(e.month + 1)
    s.ended = e.data["ended"]


def _letter(s: State, e: Entry) -> None:
    d = e.data
    s.letters += [
        Letter(e.number, e.seat or "", to, d["text"], d["about"], e.month, tuple(d["arrives"]), d["at_once"])
        for to in d["to"]
    ]


def _rewound(s: State, e: Entry) -> None:
    to = int(e.data["to"])
    s.months = [m for m in s.months if m.month < to]
    s.letters = [one for one in s.letters if one.month < to]
    s.injected = {m: names for m, names in s.injected.items() if m <= to}
    s.ended, s.quiet_run = "", 0
    s.begin(to)


def _handed(s: State, e: Entry) -> None:
    s.holders[e.seat or ""] = e.data["to"]


def _put(name: str) -> Callable[[State, Entry], None]:
    def put(s: State, e: Entry) -> None:
        setattr(s, name, e.data[name])

    return put


READERS: dict[str, Callable[[State, Entry], None]] = {
    "made": _made,
    "stage": _stage,
    "filed": _filed,
    "closed": _closed,
    "passed": _passed,
    "played": _played,
    "month": _month,
    "letter": _letter,
    "rewound": _rewound,
    "handed": _handed,
    "paused": _put("paused"),
    "resumed": _put("paused"),
    "quiet": _put("quiet"),
    "ended": _put("ended"),
    "announced": lambda s, e: s.announced.append((e.month, e.data["text"])),
    "injected": lambda s, e: s.injected.setdefault(int(e.data["month"]), []).append(e.data["event"]),
    "standing": lambda s, e: s.standing.update({e.seat or "": list(e.data["rows"])}),
    "extended": lambda s, e: None,
    "refused": lambda s, e: None,
    "forked": lambda s, e: None,
    "reissued": lambda s, e: None,
}
"""How each kind of entry changes where an exercise stands."""


def read(log: Iterable[Entry]) -> State:
    """Where an exercise stands after these entries."""
    state = State()
    for entry in log:
        READERS[entry.kind](state, entry)
    return state


class Exercise:
    """A running exercise. Not safe for threads: the room calls it under a lock."""

    def __init__(self, ident: str, store: Store, kernel: Kernel, clock: Callable[[], float]) -> None:
        self.id, self.store, self.kernel, self.clock = ident, store, kernel, clock
        row = store.setup(ident)
        if row is None:
            raise RoomError("unknown", "There is no such exercise.", "Такого учения нет.")
        self.setup = Setup.model_validate(row["setup"])
        self.version, self.parent = row["version"], row["parent"]
        self.st = kernel.st
        self.values = kernel.values(self.setup.seed, self.setup.draw)
        self.log = store.log(ident)
        self.state = read(self.log)
        self.left: float | None = row["left"]
        self.since = clock()
        self.fresh: list[Entry] = []
        self.told: list[tuple[str, str, Any]] = []  # seat, stage, what it is shown
        self.snaps: list[tuple[int, str, bytes]] = []
        self._heard: Heard | None = None
        self._world: tuple[int, World] | None = None
        self._deeds: dict[int, tuple[list[Answers], list[deeds.Known]]] = {}  # from a month on, of these months
        self.observers: list[Callable[[Exercise, Stage], Iterable[tuple[str, Any]]]] = []

    @property
    def readable(self) -> bool:
        """Whether this program is of the version that the exercise was made with."""
        return self.version == self.kernel.version

    # ---- the log ----
    def note(self, kind: str, data: dict[str, Any], seat: str | None = None, month: int | None = None) -> Entry:
        """Add an entry; it counts once `commit` has kept it."""
        number = self.log[-1].number + 1 if self.log else 0
        entry = Entry(number, time.time(), kind, self.state.month if month is None else month, seat, data)
        READERS[kind](self.state, entry)
        self.log.append(entry)
        self.fresh.append(entry)
        return entry

    def commit(self) -> None:
        """Keep everything noted since the last time, or nothing of it."""
        with self.store.begin() as db:
            self.keep(db)
        self.kept()

    def keep(self, db: Connection) -> None:
        """Put everything noted since the last time into a transaction; `kept` follows when it is committed."""
        self.store.append(db, self.id, self.fresh, self.seconds())
        for seat, stage, data in self.told:
            self.store.show(db, self.id, self.log[-1].number, self.state.month, stage, seat, data)
        for month, mark, blob in self.snaps:
            self.store.snapshot(db, self.id, month, mark, blob)

    def kept(self) -> None:
        """What was noted has been committed."""
        self.fresh, self.told, self.snaps = [], [], []

    # ---- the World ----
    @property
    def world(self) -> World:
        """The World at the beginning of the month."""
        if self._world is None or self._world[0] != self.state.month:
            self._world = self.state.month, self._replayed()
        return self._world[1]

    def _replayed(self) -> World:
        """From the snapshot if it is the one that the log names, else month by month with everything told."""
        months = self.state.months
        if months:
            kept = self.store.snapped(self.id, self.state.month)
            if kept and kept[0] == months[-1].digest:
                world = worlds.unpacked(kept[1], self.opening)
                if digest(world) == months[-1].digest:
                    return world
        return self.replay(strict=False)[-1]

    @property
    def opening(self) -> World:
        """The World at the beginning of the first month."""
        return self.begun.world

    @property
    def begun(self) -> Any:
        """The opening World and the answers before it."""
        recorded = self.setup.opens == "record"
        return self.kernel.opened(self.values, self.setup.seed, self.setup.first, recorded=recorded)

    def replay(self, *, strict: bool = True) -> list[World]:
        """The World before every month and after the last, replayed from the log; strictly, as the log has it."""
        out = [self.opening]
        for month in self.state.months:
            heard = self.kernel(self.values, out[-1], month.answers, self.setup.seed, month.month)
            found = digest(heard.world)
            if strict and found != month.digest:
                name = month_name(month.month)
                raise RoomError(
                    "differs",
                    f"Replay differs from the log first in {name}: this machine computes otherwise.",
                    f"Повторение впервые расходится с журналом в {name}: эта машина считает иначе.",
                    {"month": name, "log": month.digest, "replay": found},
                )
            out.append(heard.world)
        return out

    def series(self) -> list[Any]:
        """The named series at the end of every month that is over, [series] each."""
        world, out = self.opening, []
        for month in self.state.months:
            heard = self.kernel(self.values, world, month.answers, self.setup.seed, month.month)
            world = heard.world
            out.append(heard.series)
        return out

    def lineage(self) -> list[Entry]:
        """The entries that still stand: without those of branches that were left by a rewind."""
        out: list[Entry] = []
        for entry in self.log:
            if entry.kind == "rewound":
                out = [e for e in out if e.month < int(entry.data["to"]) or e.kind in ("made", "handed")]
            out.append(entry)
        return out

    def heard(self) -> Heard:
        """The month so far: everything that it asks, with the answers given until now."""
        if self._heard is None:
            filled = self.filled()
            self._heard = self.kernel(self.values, self.world, filled, self.setup.seed, self.state.month)
        return self._heard

    def filled(self) -> Answers:
        """The answers that are given, all others unknown."""
        s, none = self.state, self.kernel.none
        out: Any = Answers(*map(np.array, none))  # type: ignore[arg-type]
        names = nature.names(self.st).all
        for name in s.injected.get(s.month, []):
            out.nature[names.index(name)] = 1
        for seat, rows in s.rows.items():
            out.rows[:, self.st.deciders.index(seat)] = [*rows, *[-1] * (SLOTS - len(rows))]
        for name, option in s.forced.items():
            kind, at = name.split(":")
            getattr(out, kind)[int(at)] = option
        for k, path in s.paths.items():
            line = human.turn(path).line
            if line >= 0:
                out.ladder[k] = line
        return out

    # ---- who is asked what ----
    def humans(self) -> list[str]:
        """Seats that a person holds."""
        return [seat for seat in self.setup.seats if self.state.holders[seat] == HUMAN]

    def questions(self) -> tuple[Question, ...]:
        """The forced Decisions of this month that are put to people."""
        heard, people = self.heard(), self.humans()
        asked = {kind: getattr(heard.asked, kind) for kind in KINDS}
        found = human.questions(self.st, asked, np.asarray(heard.view.public.demand))
        return tuple(q for q in found if q.seat in people)

    def sides(self, k: int) -> tuple[str, str]:
        """Challenger and defender of a ladder, by its place among showdown issues."""
        pair = [self.st.deciders[self.st.principals[self.st.showdown[k], side]] for side in (0, 1)]
        return (pair[0], pair[1]) if self.heard().crises.challenger[k] > 0 else (pair[1], pair[0])

    def ladders(self) -> list[int]:
        """Ladders that are open this month with a person on a side, or already begun move by move."""
        open_ = [int(k) for k in np.flatnonzero(np.asarray(self.heard().asked.ladder) > 0)]
        people = self.humans()
        return [k for k in open_ if k in self.state.paths or any(side in people for side in self.sides(k))]

    def due(self, k: int) -> tuple[human.Turn, str]:
        """What is due next on a ladder, and who decides it: a seat, or `chance`."""
        turn = human.turn(self.state.paths.get(k, []))
        who = dict(zip(("challenger", "defender"), self.sides(k), strict=True))
        return turn, who.get(turn.who, turn.who)

    # ---- the course of a month ----
    def go_on(self, why: str = "") -> None:
        """Close the stage if it is to be closed, and open what follows, until people are asked or all is over."""
        self._close(why)
        month = self.state.month
        while not self.state.ended and self.state.stage is None:
            if not self.state.done and not self.humans() and not (why == "desk" and self.state.month == month):
                return  # nobody sits at the table: the next month waits
            self._next()

    def _next(self) -> None:
        step = {"": self._begin, PLAN: self._answers, ANSWER: self._crisis, CRISIS: self._crisis}
        step[self.state.done]()

    def _begin(self) -> None:
        people = self.humans()
        if people and not self._passes():
            self._open(PLAN, {seat: ["plan"] for seat in people})
            return
        rows = {seat: self._standing(seat) for seat in people if seat in self.state.standing}
        self.note("passed", {"rows": rows, "quiet": bool(people)})
        self._heard = None

    def _passes(self) -> bool:
        """Whether this month is quiet for all seats of people, and may pass by itself."""
        s, people = self.state, self.humans()
        if s.quiet_run >= s.quiet:
            return False
        if any(one.to in people and one.arrives == (s.month, 0) for one in s.letters):
            return False
        public = self.heard().view.public
        if np.abs(np.asarray(public.open)).max(initial=0.0) > 0:
            return False
        due = np.minimum(np.asarray(public.deadline), np.asarray(public.meeting)) <= 1.0
        ours = [seat for issue in np.flatnonzero(due) for seat in self._principals(int(issue))]
        return not set(ours) & set(people) and not any(q.kind != "consent" for q in self.questions())

    def _principals(self, issue: int) -> list[str]:
        return [self.st.deciders[d] for d in self.st.principals[issue] if d >= 0]

    def _standing(self, seat: str) -> list[int]:
        """The rows of a seat's standing instructions that the World allows."""
        rows, mask = [worlds.row(self.st, name) for name in self.state.standing[seat]], self.heard().mask
        return [row for row in rows if mask[row] > 0.5][:SLOTS]

    def _answers(self) -> None:
        asked: dict[str, list[str]] = {}
        for q in self.questions():
            asked.setdefault(q.seat, []).append(q.id)
        if asked or (self.setup.fixed_times and self.humans()):
            self._open(ANSWER, asked)
        else:
            self._crisis()

    def _crisis(self) -> None:
        asked: dict[str, list[str]] = {}
        running = self.ladders()
        for k in running:
            self._advance(k, asked)
        if asked:
            self._open(CRISIS, asked, running)
        else:
            self._finish()

    def _advance(self, k: int, asked: dict[str, list[str]]) -> None:
        """Let chance and autopilots move until a person must."""
        while True:
            turn, who = self.due(k)
            if not turn.options:
                self._heard = None
                return
            if who in self.humans():
                asked.setdefault(who, []).append(f"ladder:{k}")
                return
            step = self._drawn(k, turn.options)
            self.note("played", {"ladder": k, "by": who, "step": step})

    def _drawn(self, k: int, options: Sequence[str]) -> str:
        path, month = self.state.paths.get(k, []), self.state.month
        odds = human.chances(np.asarray(self.heard().crises.line[k]), path, options)
        where = noise.address(f"room:{self.st.issues[self.st.showdown[k]]}:{'.'.join(path)}")
        keys = noise.at_month(noise.other_keys(self.setup.seed, jnp.arange(1), EXERCISE), jnp.int32(month))
        u = float(noise.uniform(keys, np.array([where], np.uint32))[0])
        return options[min(int(np.searchsorted(np.cumsum(odds), u)), len(options) - 1)]

    def _finish(self) -> None:
        """The month is over: the World goes on."""
        self._heard = None
        heard, month = self.heard(), self.state.month
        mark = digest(heard.world)
        over = WAR if float(heard.world.war) > 0 else OVER if month >= self.setup.last else ""
        self.note("month", {"answers": worlds.plain(heard.answers), "digest": mark, "ended": over}, month=month)
        self.snaps.append((month + 1, mark, worlds.packed(heard.world)))
        self._world, self._heard, self.left = (month + 1, heard.world), None, None

    # ---- stages ----
    def _open(self, kind: str, asked: dict[str, list[str]], ladders: Sequence[int] = ()) -> None:
        move, limit = self.state.move + 1 if kind == CRISIS else 0, self.setup.clocks.of(kind)
        self.note("stage", {"kind": kind, "move": move, "asked": asked, "limit": limit, "ladders": list(ladders)}, None)
        self.left, self.since = float(limit) if limit else None, self.clock()
        stage = self.state.stage
        for show in self.observers:
            if stage is not None:
                self.told += [(seat, stage.key, data) for seat, data in show(self, stage)]

    def seconds(self) -> float | None:
        """What the open stage has left; None without a limit."""
        if self.left is None or self.state.stage is None:
            return None
        gone = 0.0 if self.state.paused else max(self.clock() - self.since, 0.0)
        return max(self.left - gone, 0.0)

    def hold_clock(self) -> None:
        """Take what is left as what there is from now on."""
        self.left, self.since = self.seconds(), self.clock()

    def ready(self) -> str:
        """Why the open stage closes now, empty where it stays open."""
        s = self.state
        if s.stage is None or s.paused or s.ended:
            return ""
        left = self.seconds()
        if left is not None and left <= 0:
            return "time"
        waits = [seat for seat in s.stage.asked if seat not in s.filed and s.holders[seat] == HUMAN]
        return "" if waits or self.setup.fixed_times else "all"

    def _close(self, why: str) -> None:
        s, stage = self.state, self.state.stage
        if stage is None or not why:
            return
        rows: dict[str, list[int]] = {}
        forced: dict[str, int] = {}
        steps: dict[str, str] = {}
        silent = []
        kept = {q.id: q for q in self.questions()} if stage.kind == ANSWER else {}
        for seat, asked in stage.asked.items():
            if s.holders[seat] != HUMAN:
                continue
            answers = s.filed[seat].answers if seat in s.filed else None
            silent += [seat] if answers is None else []
            if stage.kind == PLAN:
                rows[seat] = [worlds.row(self.st, name) for name in (answers or {}).get("plan", [])]
                continue
            for name in asked:
                given = (answers or {}).get(name)
                if stage.kind == ANSWER:
                    q = kept[name]
                    forced[name] = q.options.index(given or q.default)
                else:
                    steps[name.split(":")[1]] = given or self._silence(int(name.split(":")[1]))
        data: dict[str, Any] = {
            "kind": stage.kind,
            "move": stage.move,
            "why": why,
            "rows": rows,
            "forced": forced,
            "steps": steps,
        }
        data["asked"] = {seat: names for seat, names in stage.asked.items() if s.holders[seat] == HUMAN}
        self.note("closed", data | {"silent": silent, "filed": {seat: f.answers for seat, f in s.filed.items()}})
        self._heard = None

    def _silence(self, k: int) -> str:
        return human.HOLD if human.HOLD in self.due(k)[0].options else human.REFUSED

    # ---- what a seat may do ----
    def legal(self, seat: str) -> dict[str, list[str]]:
        """What a seat may answer now, by question."""
        stage = self.state.stage
        if stage is None or seat not in stage.asked:
            return {}
        if stage.kind == PLAN:
            own, mask = self.st.seat_rows[self.st.deciders.index(seat)], self.heard().mask
            return {"plan": [self.st.rows[i].name for i in range(own.start, own.stop) if mask[i] > 0.5]}
        if stage.kind == ANSWER:
            return {q.id: list(q.options) for q in self.questions() if q.seat == seat}
        return {name: list(self.due(int(name.split(":")[1]))[0].options) for name in stage.asked[seat]}

    def file(self, seat: str, key: str, answers: dict[str, Any], revision: int) -> Filed:
        """Confirm a seat's answers to the open stage; refused answers are logged with what would be legal."""
        stage, s = self.state.stage, self.state
        if stage is None or stage.key != key or seat not in stage.asked or s.ended:
            raise self.refuse(seat, answers, "closed", *CLOSED_STAGE)
        if s.holders[seat] != HUMAN:
            raise self.refuse(seat, answers, "handed", *HANDED)
        before = s.filed[seat].revision if seat in s.filed else 0
        if revision != before:
            raise RoomError(
                "conflict", *CONFLICT, {"revision": before, "answers": s.filed[seat].answers if before else {}}
            )
        legal = self.legal(seat)
        fault = _fault(self.st, seat, answers, legal, np.asarray(self.heard().mask), stage.kind)
        if fault:
            raise self.refuse(seat, answers, "illegal", *fault, legal)
        self.note("filed", {"stage": stage.key, "answers": answers}, seat)
        return s.filed[seat]

    def refuse(self, seat: str, what: Any, code: str, en: str, ru: str, legal: Any = None) -> RoomError:
        """Log what is refused, and say why."""
        text = str(what)[:500]
        self.note("refused", {"what": text, "code": code}, seat)
        self.commit()
        return RoomError(code, en, ru, legal)

    def hotline(self, one: str, other: str) -> bool:
        """Whether direct communication between two seats stands in this World."""
        pair = {self.st.deciders.index(one), self.st.deciders.index(other)}
        treaty = np.asarray(self.world.issues.treaty)
        return any(
            self.st.scenario.issues[issue].direct_line
            and set(self.st.principals[i].tolist()) == pair
            and treaty[i] > 0.5
            for i, issue in enumerate(self.st.issues)
        )

    def arrival(self, sender: str, to: str, lags: tuple[int, int]) -> tuple[tuple[int, int], bool]:
        """When a letter written now arrives, and whether it does so at once; lags in months and in moves."""
        s = self.state
        if self.hotline(sender, to):
            return (s.month, s.move), True
        if s.stage is not None and s.stage.kind == CRISIS:
            return (s.month, s.move + lags[1]), False
        return (s.month + lags[0], 0), False

    def arrived(self, seat: str) -> list[Letter]:
        """The letters that a seat has received."""
        now = self.state.month, self.state.move
        return [one for one in self.state.letters if one.to == seat and one.arrives <= now]

    def hear_again(self) -> None:
        """Work out the open month anew."""
        self._heard = None

    # ---- what happened ----
    def happened(self, since: int | None = None) -> list[deeds.Known]:
        """The deeds of the months that are over, each with who may know of it."""
        first = self.setup.first if since is None else since
        past = [*self.begun.past, *(month.answers for month in self.state.months)]
        kept = self._deeds.get(first)
        if kept is None or [*map(id, kept[0])] != [*map(id, past)]:
            kept = self._deeds[first] = past, deeds.of(self.st, past, first)
        return kept[1]


CLOSED_STAGE = (
    "This stage is closed; nothing was changed. Reload to see what is open now.",
    "Этот этап закрыт; ничего не изменено. Обновите страницу, чтобы увидеть, что открыто сейчас.",
)
HANDED = (
    "The seat is on autopilot now; the facilitator can hand it back.",
    "Место сейчас на автопилоте; вернуть его может ведущий.",
)
CONFLICT = (
    "This seat has already answered in another window. Look at that answer; while the stage is open you can change it.",
    "За это место уже ответили из другого окна. Посмотрите тот ответ; пока этап открыт, его можно изменить.",
)


def _fault(
    st: Any, seat: str, answers: dict[str, Any], legal: dict[str, list[str]], mask: Any, kind: str
) -> tuple[str, str] | None:
    """Why answers are not legal, None where they are."""
    missing, extra = sorted(set(legal) - set(answers)), sorted(set(answers) - set(legal))
    if missing:
        return f"Not answered: {', '.join(missing)}.", f"Нет ответа: {', '.join(missing)}."
    if extra:
        return f"Not asked: {', '.join(map(str, extra))}.", f"Об этом не спрашивали: {', '.join(map(str, extra))}."
    if kind == PLAN:
        rows = answers["plan"]
        if not isinstance(rows, list) or not all(isinstance(name, str) for name in rows):
            return "A plan is a list of rows.", "План – это список строк меню."
        if len(rows) > SLOTS:
            return f"At most {SLOTS} moves a month.", f"Не больше {SLOTS} шагов в месяц."
        if len(set(rows)) < len(rows):
            return "The same move is named twice.", "Один и тот же шаг назван дважды."
        wrong = [name for name in rows if name not in legal["plan"]]
        return (f"Not open now: {', '.join(wrong)}.", f"Сейчас недоступно: {', '.join(wrong)}.") if wrong else None
    wrong = [name for name, options in legal.items() if answers[name] not in options]
    return (f"No such answer: {', '.join(wrong)}.", f"Такого ответа нет: {', '.join(wrong)}.") if wrong else None


def finished(ex: Exercise, before: int) -> list[Entry]:
    """The entries of months that are over and still stand, and the letters written in them, in order."""
    months = {e.month: e.number for e in ex.log if e.kind == "month"}  # of a month played twice the last
    stands = {months[m.month] for m in ex.state.months if m.month < before}
    stands |= {one.number for one in ex.state.letters if one.month < before}
    return [e for e in ex.log if e.kind in ("month", "letter") and e.number in stands]
