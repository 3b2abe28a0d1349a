"""The room: everything that operator, facilitator and seats can do, for pages and programs alike.

One object serves one store. All of its methods may be called from any thread; each acts under the lock of the exercise
that it is about, so that no exercise waits for another, and returns plain data. What it acknowledges is committed;
what somebody may not do, or what is not legal now, is a `RoomError` with a sentence in both languages.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

from detente import nature
from detente.room import briefing, debrief, export, ready, setup
from detente.room.exercise import AUTOPILOT, CLOSED, HUMAN, Exercise, finished, read
from detente.room.kernel import Kernel
from detente.room.rules import rules
from detente.room.setup import ANNOUNCEMENT, DAY, LETTER, RoomError
from detente.room.store import Entry, Pass, Store
from detente.room.work import KINDS, Queue
from detente.scenario import SLOTS, month_name, nearest, parse_month

OPERATOR, DESK, SEAT, WATCHER = "operator", "desk", "seat", "watcher"
WARNED = 14
"""Days before links expire in which the desk is told."""
LETTERS = 20
"""Letters that a seat may write in one month."""
HEARTBEAT = 5.0
"""Seconds between notes of how long an open stage still has: what a killed server forgets at most."""

UNKEPT = (sa.exc.SQLAlchemyError, OSError)
"""What the store raises where it cannot keep something."""
log = logging.getLogger(__name__)

Listener = Callable[[str], None]
"""Told the topic of what changed: stage, own, letter, desk, announcement, ended."""


class Made(NamedTuple):
    """The links of a new exercise, shown once."""

    exercise: str
    desk: str
    watcher: str
    seats: dict[str, str]


def _locked(method: Callable[..., Any]) -> Callable[..., Any]:
    """Under the lock of the exercise that the pass opens."""

    @functools.wraps(method)
    def under(self: Room, who: Pass, *arguments: Any, **named: Any) -> Any:
        with self.lock(who.exercise):
            return method(self, who, *arguments, **named)

    return under


class Room:
    """A store of exercises, a kernel that plays them, and those who look on."""

    def __init__(
        self, store: Store, kernel: Kernel, clock: Callable[[], float] = time.monotonic, queue: Queue | None = None
    ) -> None:
        self.store, self.kernel, self.clock, self.queue = store, kernel, clock, queue
        self.locks: dict[str, threading.RLock] = {}
        self.live: dict[str, Exercise] = {}
        self.listeners: dict[str, list[tuple[Pass, Listener]]] = {}
        self.beat = clock()

    def lock(self, exercise: str) -> threading.RLock:
        """The lock of an exercise; that of no exercise is the operator's."""
        return self.locks.setdefault(exercise, threading.RLock())

    # ---- links ----
    def operator_link(self) -> str:
        """A new operator's token; the one of an earlier start dies."""
        with self.store.begin() as db:
            return self.store.issue(db, OPERATOR)

    def enter(self, token: str) -> Pass:
        """What a link opens."""
        found = self.store.opens(token) if 0 < len(token) <= 200 else None
        if found is None:
            raise RoomError("link", *WRONG_LINK)
        if found.exercise:
            self._not_expired(found.exercise)
        return found

    def _not_expired(self, exercise: str) -> None:
        row = self.store.setup(exercise)
        if row is None:
            raise RoomError("link", *WRONG_LINK)
        days = int(row["setup"]["expires"])
        if time.time() > row["acted"] + days * DAY:
            raise RoomError(
                "expired",
                f"This link has expired: nothing happened for {days} days. The operator can issue a new one.",
                f"Срок ссылки истёк: {days} дн. без действий. Оператор может выдать новую.",
            )

    def wake(self) -> None:
        """Open what was going on when the server stopped: each such exercise is paused until its desk resumes it."""
        for row in self.store.setups():
            if row["version"] == self.kernel.version:
                with self.lock(row["id"]):
                    self._loaded(row["id"])

    # ---- making ----
    @_locked
    def create(self, who: Pass, data: dict[str, Any]) -> Made:
        """Make an exercise: its links are shown now and never again."""
        _must(who, OPERATOR)
        found = setup.checked(self.kernel.scenario, data)
        made = Entry(0, time.time(), "made", found.first, None, {"setup": found.model_dump()})
        return self._born(self.kernel.version, found, [made])

    def _born(self, version: str, found: setup.Setup, log: list[Entry], parent: str | None = None) -> Made:
        """A new exercise with the beginning of its log, kept at once; then it goes on by itself."""
        ident = secrets.token_hex(8)
        with self.store.begin() as db:
            self.store.add(db, ident, version, found.model_dump(), parent)
            self.store.append(db, ident, log, None)
            links = self._links(db, ident, found.seats)
        with self.lock(ident):
            ex = self.live[ident] = self._opened(ident)
            self._stepped(ex)
        return links

    def _opened(self, ident: str) -> Exercise:
        ex = Exercise(ident, self.store, self.kernel, self.clock)
        ex.observers.append(briefing.shown)
        return ex

    def _links(self, db: sa.Connection, ident: str, seats: list[str]) -> Made:
        one = functools.partial(self.store.issue, db)
        each = {seat: one(SEAT, ident, seat) for seat in seats}
        return Made(ident, one(DESK, ident), one(WATCHER, ident), each)

    def _loaded(self, ident: str) -> Exercise:
        if ident not in self.live:
            ex = self._opened(ident)
            if ex.log and not ex.state.ended and ex.readable and not ex.state.paused:
                ex.note("paused", {"paused": True, "why": "restart"})
                ex.commit()
            self.live[ident] = ex
        return self.live[ident]

    def _playable(self, who: Pass) -> Exercise:
        ex = self._loaded(who.exercise)
        if not ex.readable:
            raise RoomError("version", *OTHER_VERSION)
        return ex

    def _going(self, who: Pass) -> Exercise:
        ex = self._playable(who)
        if ex.state.ended:
            raise RoomError("ended", *ENDED)
        return ex

    @contextlib.contextmanager
    def _safely(self, ex: Exercise) -> Iterator[None]:
        """What fails on the way is forgotten: the exercise is read again from what was kept."""
        try:
            yield
        except BaseException as error:
            if ex.fresh or not isinstance(error, RoomError):
                self.live.pop(ex.id, None)
                self._tell(ex.id, "stage")
            raise

    def _step(self, ex: Exercise, topic: str = "stage") -> None:
        """Let the exercise go on as far as it can by itself, and keep everything."""
        before = ex.state.stage
        with self._safely(ex):
            ex.go_on(ex.ready())
            while why := ex.ready():
                ex.go_on(why)
            ex.commit()
        if ex.state.stage is not before:
            self._tell(ex.id, "ended" if ex.state.ended else topic)

    def _stepped(self, ex: Exercise) -> bool:
        """Step after something that is kept already; what follows from it waits where the store cannot be written."""
        try:
            self._step(ex)
        except UNKEPT:
            log.exception("exercise %s does not go on", ex.id)
            return False
        return True

    @_locked
    def exercises(self, who: Pass) -> list[dict[str, Any]]:
        """All exercises, for the operator."""
        _must(who, OPERATOR)
        return [
            {
                "id": row["id"],
                "title": row["setup"]["title"],
                "made": row["made"],
                "acted": row["acted"],
                "seats": row["setup"]["seats"],
                "parent": row["parent"],
                "same_version": row["version"] == self.kernel.version,
            }
            for row in self.store.setups()
        ]

    @_locked
    def delete(self, who: Pass, exercise: str) -> None:
        """Delete an exercise for good."""
        _must(who, OPERATOR)
        if self.store.setup(exercise) is None:
            raise RoomError("unknown", "There is no such exercise.", "Такого учения нет.")
        with self.lock(exercise):
            self.live.pop(exercise, None)
            self.store.delete(exercise)
            self._tell(exercise, "ended")

    @_locked
    def desk_link(self, who: Pass, exercise: str) -> str:
        """A new link to the desk of an exercise, for the operator."""
        _must(who, OPERATOR)
        if self.store.setup(exercise) is None:
            raise RoomError("unknown", "There is no such exercise.", "Такого учения нет.")
        with self.lock(exercise), self.store.begin() as db:
            self.store.append(db, exercise, [], None)
            return self.store.issue(db, DESK, exercise)

    # ---- a seat ----
    @_locked
    def brief(self, who: Pass, lang: str = "en") -> dict[str, Any]:
        """A seat's page as data, in one language."""
        _must(who, SEAT)
        ex = self._loaded(who.exercise)
        if not ex.readable:
            return self._read_only(ex, who, lang)
        data = briefing.brief(self.kernel, briefing.known(ex, who.seat))
        return briefing.spoken(data, lang) | self._now(ex, who)

    def _read_only(self, ex: Exercise, who: Pass, lang: str) -> dict[str, Any]:
        seen = self.store.seen(ex.id, who.seat)
        last = briefing.spoken(seen[-1]["data"], lang) if seen else {}
        return last | {"read_only": dict(zip(("en", "ru"), OTHER_VERSION, strict=True))[lang], "ended": "version"}

    def _now(self, ex: Exercise, who: Pass) -> dict[str, Any]:
        """What changes from second to second, and what the seat itself has filed or put together."""
        s, stage = ex.state, ex.state.stage
        mine = stage is not None and who.seat in stage.asked
        filed = s.filed.get(who.seat)
        key = stage.key if stage else ""
        return {
            "title": ex.setup.title,
            "held": s.holders.get(who.seat, AUTOPILOT),
            "paused": s.paused,
            "ended": s.ended,
            "seconds_left": ex.seconds(),
            "open": mine and s.holders[who.seat] == HUMAN and not s.ended,
            "legal": ex.legal(who.seat) if mine else {},
            "filed": filed.answers if filed else None,
            "revision": filed.revision if filed else 0,
            "draft": self.store.drafted(ex.id, who.seat, key) if mine else None,
            "standing": s.standing.get(who.seat),
            "before": briefing.before(self.store.last_seen(ex.id, who.seat, s.month)),
        }

    @_locked
    def shown(self, who: Pass, lang: str = "en") -> list[dict[str, Any]]:
        """What the seat was shown at the opening of each stage."""
        _must(who, SEAT)
        return [
            {"month": month_name(row["month"]), "stage": row["stage"], "data": briefing.spoken(row["data"], lang)}
            for row in self.store.seen(who.exercise, who.seat)
        ]

    @_locked
    def file(self, who: Pass, stage: str, answers: dict[str, Any], revision: int = 0) -> dict[str, Any]:
        """Confirm answers to the open stage.

        stage: its `key`; answers: {"plan": [row, …]} or {question: option}; revision: of the answer that this one
        replaces, 0 for the first. It counts once this returns.
        """
        _must(who, SEAT)
        ex = self._going(who)
        key = ex.state.stage.key if ex.state.stage else ""
        if ex.ready() == "time":
            self._step(ex)
        with self._safely(ex):
            filed = ex.file(who.seat, stage, answers, revision)
            ex.commit()
        self._tell(ex.id, "own", who.seat)
        self._tell(ex.id, "desk", "")
        done = self._stepped(ex) and (ex.state.stage is None or ex.state.stage.key != key)
        return {"revision": filed.revision, "stage": key, "closed": done}

    @_locked
    def draft(self, who: Pass, stage: str, answers: dict[str, Any]) -> None:
        """Keep what the seat has put together so far; its other browsers see it."""
        _must(who, SEAT)
        ex = self._going(who)
        now = ex.state.stage
        if now is None or now.key != stage or who.seat not in now.asked:
            return
        if len(str(answers)) > LETTER:
            raise RoomError("size", "The draft is too large.", "Черновик слишком велик.")
        self.store.draft(ex.id, who.seat, stage, answers)
        self._tell(ex.id, "own", who.seat)

    @_locked
    def standing(self, who: Pass, rows: list[str] | None) -> None:
        """Leave standing instructions for quiet months: rows that are done where they are open; none: autopilot."""
        _must(who, SEAT)
        ex = self._going(who)
        own = ex.st.seat_rows[ex.st.deciders.index(who.seat)]
        known = {ex.st.rows[i].name for i in range(own.start, own.stop)}
        wrong = [name for name in rows or [] if name not in known]
        if wrong or len(rows or []) > SLOTS:
            raise RoomError(
                "illegal",
                f"Standing instructions are at most {SLOTS} rows of the seat's own menu.",
                f"Постоянные указания – не больше {SLOTS} строк меню этого места.",
                sorted(known),
            )
        with self._safely(ex):
            ex.note("standing", {"rows": rows or []}, who.seat)
            ex.commit()
        self._tell(ex.id, "own", who.seat)

    @_locked
    def write(self, who: Pass, to: list[str], text: str, about: str = "") -> dict[str, Any]:
        """Send a letter to other seats."""
        _must(who, SEAT)
        ex = self._going(who)
        text = text.strip()
        if not 1 <= len(text) <= LETTER:
            raise RoomError(
                "size",
                f"A letter has 1 to {LETTER} characters; this one has {len(text)}. Nothing was sent.",
                f"В письме от 1 до {LETTER} знаков; в этом – {len(text)}. Ничего не отправлено.",
            )
        wrong = [seat for seat in to if seat not in ex.st.deciders or seat == who.seat]
        if wrong or not to or len(set(to)) < len(to):
            others = [seat for seat in ex.st.deciders if seat != who.seat]
            raise RoomError("illegal", "A letter goes to other seats.", "Письмо пишут другим местам.", others)
        month = [one for one in ex.state.letters if one.sender == who.seat and one.month == ex.state.month]
        if len(month) + len(to) > LETTERS:
            raise RoomError("rate", f"At most {LETTERS} letters a month.", f"Не больше {LETTERS} писем в месяц.")
        if len(about) > 200:
            raise RoomError("size", "`about` names one row or question.", "`about` называет одну строку или вопрос.")
        with self._safely(ex):
            sent = [self._send(ex, who.seat, one, text, about) for one in to]
            ex.commit()
        self._tell(ex.id, "own", who.seat)
        self._tell(ex.id, "desk", "")
        for line in sent:
            if line["at_once"]:
                self._tell(ex.id, "letter", str(line["to"]))
        return {"sent": sent}

    def _send(self, ex: Exercise, sender: str, to: str, text: str, about: str) -> dict[str, Any]:
        arrives, at_once = ex.arrival(sender, to, rules(self.kernel.scenario).lags)
        data = {"to": [to], "text": text, "about": about, "arrives": list(arrives), "at_once": at_once}
        ex.note("letter", data, sender)
        read = ex.state.holders.get(to, AUTOPILOT) == HUMAN
        return {"to": to, "at_once": at_once, "read": read, "arrives": month_name(arrives[0])}

    # ---- the desk ----
    @_locked
    def desk(self, who: Pass, lang: str = "en") -> dict[str, Any]:
        """Everything that the facilitator sees."""
        _must(who, DESK)
        ex = self._loaded(who.exercise)
        s, stage, row = ex.state, ex.state.stage, self.store.setup(ex.id) or {}
        left = int(ex.setup.expires) - int((time.time() - row["acted"]) / DAY)
        return {
            "exercise": ex.id,
            "setup": ex.setup.model_dump(),
            "month": month_name(s.month),
            "ended": s.ended,
            "paused": s.paused,
            "read_only": "" if ex.readable else dict(zip(("en", "ru"), OTHER_VERSION, strict=True))[lang],
            "stage": {"key": stage.key, "kind": stage.kind, "asked": stage.asked, "limit": stage.limit}
            if stage
            else None,
            "seconds_left": ex.seconds(),
            "quiet": s.quiet,
            "expires_in_days": left,
            "expires_soon": left <= WARNED,
            "seats": [
                {
                    "seat": seat,
                    "held": s.holders[seat],
                    "asked": bool(stage and seat in stage.asked),
                    "filed": s.filed[seat].answers if seat in s.filed else None,
                    "standing": s.standing.get(seat),
                }
                for seat in ex.setup.seats
            ],
            "letters": [one._asdict() | {"month": month_name(one.month)} for one in s.letters],
            "months": [month_name(m.month) for m in s.months],
            "events": briefing.spoken(
                briefing.events(self.kernel, ex.happened(), ex.setup.first) if ex.readable else [], lang
            ),
            "injected": {month_name(m): names for m, names in s.injected.items()},
            "announcements": [{"month": month_name(m), "text": text} for m, text in s.announced],
            "nature": list(nature.names(ex.st).all),
        }

    @_locked
    def act(self, who: Pass, action: str, **given: Any) -> dict[str, Any]:
        """Do one of the desk's `ACTIONS`, by name."""
        _must(who, DESK)
        if action not in ACTIONS:
            raise RoomError(
                "illegal",
                f"There is no action '{action}'; {nearest(action, ACTIONS)}",
                f"Действия «{action}» нет.",
                sorted(ACTIONS),
            )
        ex = self._playable(who)
        _fits(action, given)
        with self._safely(ex):
            found = ACTIONS[action](self, ex, **given)
            ex.commit()
        self._stepped(ex)
        self._tell(ex.id, "desk", "")
        return found or {}

    def pause(self, ex: Exercise) -> None:
        """Stop every clock."""
        _going_on(ex)
        if not ex.state.paused:
            ex.hold_clock()
            ex.note("paused", {"paused": True, "why": "desk"})
            self._tell(ex.id, "stage")

    def resume(self, ex: Exercise) -> None:
        """Let the clocks run again from where they stood."""
        _going_on(ex)
        if ex.state.paused:
            ex.hold_clock()
            ex.note("resumed", {"paused": False})
            self._tell(ex.id, "stage")

    def extend(self, ex: Exercise, seconds: int) -> None:
        """Give the open stage more time."""
        _going_on(ex)
        if not 1 <= int(seconds) <= 86400:
            raise RoomError("illegal", "Extend by 1 to 86400 seconds.", "Продлить можно на 1–86400 секунд.")
        if ex.seconds() is None:
            raise RoomError("illegal", "The open stage has no limit.", "У открытого этапа нет срока.")
        ex.hold_clock()
        ex.left = (ex.left or 0.0) + int(seconds)
        ex.note("extended", {"seconds": int(seconds)})
        self._tell(ex.id, "stage")

    def close(self, ex: Exercise) -> None:
        """Close the open stage now; who has not answered is silent. With nobody in a seat: play one month."""
        _going_on(ex)
        ex.go_on("desk")
        self._tell(ex.id, "ended" if ex.state.ended else "stage")

    def end(self, ex: Exercise) -> None:
        """End the exercise and open the debrief."""
        _going_on(ex)
        ex.note("ended", {"ended": CLOSED})
        self._tell(ex.id, "ended")

    def hand(self, ex: Exercise, seat: str, to: str) -> None:
        """Hand a seat to autopilot, or back to people."""
        _going_on(ex)
        _seat_of(ex, seat)
        if to not in (HUMAN, AUTOPILOT):
            raise RoomError(
                "illegal",
                "Hand a seat to human or autopilot.",
                "Место передают human или autopilot.",
                [HUMAN, AUTOPILOT],
            )
        if ex.state.holders[seat] != to:
            ex.note("handed", {"to": to}, seat)
            self._tell(ex.id, "own", seat)

    def reissue(self, ex: Exercise, seat: str = "", role: str = SEAT) -> dict[str, str]:
        """A new link, of a seat (so it goes to another person), of the watcher or of the desk; the old one dies."""
        if role == SEAT:
            _seat_of(ex, seat)
        if role not in (SEAT, WATCHER, DESK):
            raise RoomError("illegal", "No such link.", "Такой ссылки нет.", [SEAT, WATCHER, DESK])
        whose = seat if role == SEAT else None
        ex.note("reissued", {"role": role}, whose)
        with self.store.begin() as db:
            token = self.store.issue(db, role, ex.id, whose)
            ex.keep(db)
        ex.kept()
        self._tell(ex.id, "reissued", seat if role == SEAT else "")
        return {"token": token}

    def inject(self, ex: Exercise, event: str) -> dict[str, str]:
        """Let an event of nature happen: when the next month begins."""
        _going_on(ex)
        names = nature.names(ex.st).all
        if event not in names:
            raise RoomError(
                "illegal",
                f"Nature has no event '{event}'; {nearest(event, names)}",
                f"У природы нет события «{event}».",
                list(names),
            )
        month = ex.state.month + 1
        if month > ex.setup.last:
            raise RoomError("illegal", "There is no next month.", "Следующего месяца нет.")
        ex.note("injected", {"event": event, "month": month})
        return {"month": month_name(month)}

    def announce(self, ex: Exercise, text: str) -> None:
        """Say something to all."""
        if not 1 <= len(text.strip()) <= ANNOUNCEMENT:
            raise RoomError(
                "size",
                f"An announcement has 1 to {ANNOUNCEMENT} characters.",
                f"В объявлении от 1 до {ANNOUNCEMENT} знаков.",
            )
        ex.note("announced", {"text": text.strip()})
        self._tell(ex.id, "announcement")

    def pass_quiet(self, ex: Exercise, months: int) -> None:
        """Let so many quiet months in a row pass by themselves from the next month on; 0: none."""
        _going_on(ex)
        if not 0 <= int(months) <= 144:
            raise RoomError("illegal", "0 to 144 months.", "От 0 до 144 месяцев.")
        ex.note("quiet", {"quiet": int(months)})

    def rewind(self, ex: Exercise, to: str) -> None:
        """Go back to the beginning of an earlier month; links stay, the branch left is kept in the log."""
        month = _month_of(ex, to)
        ex.note("rewound", {"to": month})
        ex.hear_again()
        self._tell(ex.id, "stage")

    def fork(self, ex: Exercise, at: str, title: str = "") -> dict[str, Any]:
        """A new exercise that begins with this one's months before one of them, with links of its own."""
        month = _month_of(ex, at)
        found = ex.setup.model_copy(update={"title": (title or f"{ex.setup.title} ({at})")[: setup.TITLE]})
        made = {"setup": found.model_dump(), "parent": ex.id, "at": at}
        first = Entry(0, time.time(), "made", found.first, None, made)
        rest = [entry._replace(number=n + 1) for n, entry in enumerate(finished(ex, month))]
        links = self._born(ex.version, found, [first, *rest], ex.id)
        ex.note("forked", {"to": links.exercise, "at": at})
        return links._asdict()

    # ---- debrief, export ----
    def _over(self, who: Pass) -> Exercise:
        """The exercise, for its desk; for all others only when it is over."""
        ex = self._playable(who)
        if who.role != DESK and not ex.state.ended:
            raise RoomError("forbidden", *NOT_YET)
        return ex

    @_locked
    def debrief(self, who: Pass, lang: str = "en") -> dict[str, Any]:
        """The parts of the debrief that are ready at once, and the work on the others."""
        _must(who, DESK, SEAT, WATCHER)
        ex = self._over(who)
        found = {
            "title": ex.setup.title,
            "ended": ex.state.ended,
            "seats": ex.setup.seats,
            "months": debrief.beside(ex),
            "beliefs": debrief.beliefs(ex),
            "feelings": debrief.feelings(ex),
            "letters": [
                {"from": one.sender, "to": one.to, "month": month_name(one.month), "text": one.text}
                for one in ex.state.letters
            ],
        }
        if ex.setup.exercise:
            one = ready.exercise(self.kernel.scenario, ex.setup.exercise)
            found["questions"] = [briefing.both(asked.text) for asked in one.question]
        told = self.queue.latest(ex.id, "debrief") if self.queue else None
        return briefing.spoken(found | {"work": told}, lang)

    @_locked
    def ask(self, who: Pass, kind: str) -> str:
        """Begin background work: `debrief` (turning points, aims) or `alike` (how unusual is this world)."""
        _must(who, DESK)
        ex = self._playable(who)
        if self.queue is None:
            raise RoomError("busy", "This server does no background work.", "Этот сервер не ведёт фоновых работ.")
        if kind == "debrief" and not ex.state.months:
            raise RoomError("illegal", "No month is over yet.", "Ни один месяц ещё не окончен.")
        return self.queue.submit(kind, {}, ex.id)

    @_locked
    def stop(self, who: Pass, kind: str) -> None:
        """Stop background work of this exercise."""
        _must(who, DESK)
        found = self.queue.latest(who.exercise, kind) if self.queue and kind in KINDS else None
        if found and self.queue:
            self.queue.stop(found["id"])

    @_locked
    def found(self, who: Pass, kind: str, lang: str = "en") -> dict[str, Any] | None:
        """How far background work is, and what it has found."""
        _must(who, DESK, SEAT)
        if who.role != DESK:
            self._over(who)
        told = self.queue.latest(who.exercise, kind) if self.queue and kind in KINDS else None
        return briefing.spoken(told, lang) if told else None

    @_locked
    def export(self, who: Pass, *, letters: bool = True) -> bytes:
        """Everything as a ZIP of JSON and CSV."""
        _must(who, DESK, SEAT)
        ex = self._loaded(who.exercise)
        if who.role != DESK and not ex.state.ended:
            raise RoomError("forbidden", *NOT_YET)
        return export.packed(ex, letters=letters)

    @_locked
    def restore(self, who: Pass, blob: bytes) -> dict[str, Any]:
        """Make an exercise of an exported one, with new links; says whether replay gives the same World to the bit."""
        _must(who, OPERATOR)
        told, log, seen = export.unpacked(blob)
        found = setup.checked(self.kernel.scenario, told["setup"])
        try:
            read(log)
        except (KeyError, ValueError, TypeError, AttributeError, IndexError):
            raise RoomError("import", "The log cannot be read.", "Журнал не читается.") from None
        ident = secrets.token_hex(8)
        with self.store.begin() as db:
            self.store.add(db, ident, str(told["model"]), found.model_dump(), None)
            self.store.append(db, ident, log, None)
            for row in seen:
                self.store.show(db, ident, row["number"], row["month"], row["stage"], row["seat"], row["data"])
            links = self._links(db, ident, found.seats)
        differs = None
        with self.lock(ident):
            ex = self._loaded(ident)
            if ex.readable:
                try:
                    ex.replay()
                except RoomError as error:
                    differs = error.legal
        return links._asdict() | {"same": ex.readable and differs is None, "differs": differs, "readable": ex.readable}

    # ---- ready-made ----
    def ready(self, lang: str = "en") -> list[dict[str, Any]]:
        """The ready-made exercises: settings, plan, questions."""
        return [ready.guide(one, lang) for one in ready.exercises(self.kernel.scenario).values()]

    @_locked
    def sheet(self, who: Pass, lang: str = "en") -> dict[str, Any] | None:
        """The seat's role sheet, where the exercise has one."""
        _must(who, SEAT)
        ex = self._loaded(who.exercise)
        if not ex.setup.exercise:
            return None
        one = ready.exercise(self.kernel.scenario, ex.setup.exercise)
        return ready.sheet(self.kernel.scenario, one, who.seat, lang)

    # ---- everybody ----
    @_locked
    def watch(self, who: Pass, lang: str = "en") -> dict[str, Any]:
        """Public events and the clock."""
        ex = self._loaded(who.exercise)
        return briefing.spoken(briefing.public(ex), lang) | {"seconds_left": ex.seconds()}

    def tick(self) -> None:
        """Close what has run out; call it about every half second."""
        beats = self.clock() - self.beat >= HEARTBEAT
        for ident in list(self.live):
            with self.lock(ident):
                ex = self.live.get(ident)
                if ex is None:
                    continue
                going = not (ex.readable and ex.ready()) or self._stepped(ex)
                if beats and going and ex.state.stage is not None and ex.seconds() is not None:
                    self.store.left(ex.id, ex.seconds())
        if beats:
            self.beat = self.clock()
        if self.queue is not None:
            self.queue.tick()

    def secluded(self) -> bool:
        """Whether an exercise runs that closes Explore and Ask to all but operator and desk."""
        return any(ex.setup.closed and not ex.state.ended for ex in list(self.live.values()))

    def goes_on(self, exercise: str) -> bool:
        """Whether an exercise is there and not over."""
        ex = self.live.get(exercise)
        return ex is not None and not ex.state.ended

    @_locked
    def subscribe(self, who: Pass, listener: Listener) -> Callable[[], None]:
        """Be told of what changes for this pass; returns what ends it. The listener must return at once."""
        line = (who, listener)
        self.listeners.setdefault(who.exercise, []).append(line)

        def leave() -> None:
            with self.lock(who.exercise), contextlib.suppress(ValueError):
                self.listeners[who.exercise].remove(line)

        return leave

    def _tell(self, exercise: str, topic: str, seat: str | None = None) -> None:
        """seat: None for all, "" for the desk alone, else that seat alone."""
        for who, listener in list(self.listeners.get(exercise, [])):
            if seat is None or (who.role == DESK if seat == "" else who.seat == seat):
                with contextlib.suppress(Exception):
                    listener(topic)


ACTIONS: dict[str, Callable[..., Any]] = {
    "pause": Room.pause,
    "resume": Room.resume,
    "extend": Room.extend,
    "close": Room.close,
    "end": Room.end,
    "hand": Room.hand,
    "reissue": Room.reissue,
    "inject": Room.inject,
    "announce": Room.announce,
    "pass_quiet": Room.pass_quiet,
    "rewind": Room.rewind,
    "fork": Room.fork,
}
"""What a desk may do, by name."""


def _fits(action: str, given: dict[str, Any]) -> None:
    """An action is given what it needs and nothing else."""
    wanted = inspect.signature(ACTIONS[action])
    names = [name for name in wanted.parameters if name not in ("self", "ex")]
    try:
        wanted.bind(None, None, **given)
    except TypeError:
        what = ", ".join(names) or "-"
        raise RoomError("illegal", f"{action} takes: {what}.", f"{action}: нужны поля: {what}.", names) from None


def _must(who: Pass, *roles: str) -> None:
    if who.role not in roles:
        raise RoomError("forbidden", "This link does not open that.", "Эта ссылка этого не открывает.")


def _seat_of(ex: Exercise, seat: str) -> None:
    if seat not in ex.setup.seats:
        raise RoomError(
            "illegal", f"'{seat}' is no seat of this exercise.", f"«{seat}» – не место этого учения.", ex.setup.seats
        )


def _month_of(ex: Exercise, text: str) -> int:
    lived = [m.month for m in ex.state.months] + [ex.state.month]
    try:
        month = parse_month(text)
    except ValueError:
        month = -1
    if month not in lived:
        names = [month_name(m) for m in dict.fromkeys(lived)]
        raise RoomError("illegal", f"{text} is no month that was played.", f"{text} – не сыгранный месяц.", names)
    return month


def _going_on(ex: Exercise) -> None:
    if ex.state.ended:
        raise RoomError("ended", *ENDED)


WRONG_LINK = (
    "This link opens nothing: it is mistyped, or a newer one was issued. Ask your facilitator for the present link.",
    "Эта ссылка ничего не открывает: в ней опечатка или выдана новая. Попросите ведущего о действующей ссылке.",
)
OTHER_VERSION = (
    "This exercise was made with another version of the model. It can be read from what was shown, not played.",
    "Это учение сделано с другой версией модели. Его можно читать по тому, что показывали местам, но не продолжать.",
)
NOT_YET = (
    "This opens when the exercise is over; until then only to the facilitator.",
    "Это откроется, когда учение окончится; до того – только ведущему.",
)
ENDED = ("The exercise is over.", "Учение окончено.")
