"""Where exercises are kept: a log that only grows, and what can be made again from it.

SQLite in WAL mode by default, PostgreSQL by URL. Whatever is acknowledged has been committed before. Tokens are kept as
their hash alone. Snapshots and progress of background work are a cache; the log is the exercise.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Column, Connection, Float, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text

TOKEN_BYTES = 24
"""192 bits: beyond guessing."""
WAIT = 30.0
"""Seconds that a writer waits for another before it gives up."""

IDENT = re.compile("[0-9a-f]{1,32}")
"""What the name of an exercise looks like."""

meta = MetaData()


def _of_exercise(**options: Any) -> Column[Any]:
    return Column("exercise", String(32), ForeignKey("exercise.id", ondelete="CASCADE"), index=True, **options)


exercises = Table(
    "exercise",
    meta,
    Column("id", String(32), primary_key=True),
    Column("made", Float, nullable=False),
    Column("acted", Float, nullable=False),
    Column("version", String(64), nullable=False),
    Column("setup", Text, nullable=False),
    Column("left", Float),  # seconds that the open stage had left when last looked at
    Column("parent", String(32)),
)
entries = Table(
    "entry",
    meta,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _of_exercise(nullable=False),
    Column("number", Integer, nullable=False),
    Column("time", Float, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("month", Integer, nullable=False),
    Column("seat", String(64)),
    Column("data", Text, nullable=False),
    sa.UniqueConstraint("exercise", "number"),
)
tokens = Table(
    "token",
    meta,
    Column("hash", String(64), primary_key=True),
    _of_exercise(),
    Column("role", String(16), nullable=False),  # operator | desk | seat | watcher
    Column("seat", String(64)),
    Column("made", Float, nullable=False),
    Column("revoked", Float),
)
shown = Table(
    "shown",
    meta,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _of_exercise(nullable=False),
    Column("number", Integer, nullable=False),  # of the log when it was shown
    Column("month", Integer, nullable=False),
    Column("stage", String(24), nullable=False),
    Column("seat", String(64), nullable=False),
    Column("data", LargeBinary, nullable=False),
)
snapshots = Table(
    "snapshot",
    meta,
    _of_exercise(primary_key=True),
    Column("month", Integer, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("world", LargeBinary, nullable=False),
)
drafts = Table(
    "draft",
    meta,
    _of_exercise(primary_key=True),
    Column("seat", String(64), primary_key=True),
    Column("stage", String(48), nullable=False),
    Column("data", Text, nullable=False),
)
jobs = Table(
    "job",
    meta,
    Column("id", String(32), primary_key=True),
    _of_exercise(),
    Column("kind", String(24), nullable=False),
    Column("made", Float, nullable=False),
    Column("state", String(16), nullable=False),  # waiting | running | done | stopped | failed
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("asked", Text, nullable=False),
    Column("result", Text),
    Column("error", Text),
)


class Entry(NamedTuple):
    """One thing that was decided."""

    number: int
    time: float
    kind: str
    month: int
    seat: str | None
    data: dict[str, Any]


class Pass(NamedTuple):
    """What a link opens: an exercise in a role, for a seat the seat."""

    exercise: str
    role: str
    seat: str


def hashed(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


def packed(data: Any) -> bytes:
    """JSON, compressed."""
    return zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 6)


def unpacked(blob: bytes) -> Any:
    """The data again."""
    return json.loads(zlib.decompress(blob))


class Store:
    """A database of exercises."""

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url, pool_pre_ping=True, connect_args=_arguments(url))
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _pragmas)
        meta.create_all(self.engine)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction: all of it is kept, or nothing."""
        with self.engine.begin() as connection:
            yield connection

    # ---- exercises ----
    def add(self, db: Connection, exercise: str, version: str, setup: dict[str, Any], parent: str | None) -> None:
        now = time.time()
        row = {"id": exercise, "made": now, "acted": now, "version": version, "parent": parent}
        db.execute(exercises.insert().values(**row, setup=json.dumps(setup), left=None))

    def setups(self) -> list[dict[str, Any]]:
        """Every exercise, the latest first."""
        with self.begin() as db:
            rows = db.execute(exercises.select().order_by(exercises.c.made.desc())).mappings().all()
        return [{**row, "setup": json.loads(row["setup"])} for row in rows]

    def setup(self, exercise: str) -> dict[str, Any] | None:
        """An exercise's row, with its settings; nothing where there is none."""
        if not IDENT.fullmatch(exercise):
            return None
        with self.begin() as db:
            row = db.execute(exercises.select().where(exercises.c.id == exercise)).mappings().first()
        return {**row, "setup": json.loads(row["setup"])} if row else None

    def delete(self, exercise: str) -> None:
        """An exercise, for good, with everything that belongs to it."""
        with self.begin() as db:
            for table in (entries, tokens, shown, snapshots, drafts, jobs):
                db.execute(table.delete().where(table.c.exercise == exercise))
            db.execute(exercises.delete().where(exercises.c.id == exercise))

    def left(self, exercise: str, seconds: float | None) -> None:
        """Note how long the open stage still has."""
        with self.begin() as db:
            db.execute(exercises.update().where(exercises.c.id == exercise).values(left=seconds))

    # ---- the log ----
    def append(self, db: Connection, exercise: str, found: Sequence[Entry], left: float | None) -> None:
        """Add to the log; two writers that number alike cannot both succeed."""
        if found:
            lines = [{**e._asdict(), "exercise": exercise, "data": json.dumps(e.data)} for e in found]
            db.execute(entries.insert(), lines)
        when = found[-1].time if found else time.time()
        db.execute(exercises.update().where(exercises.c.id == exercise).values(acted=when, left=left))

    def log(self, exercise: str) -> list[Entry]:
        """Everything that was decided, in order."""
        with self.begin() as db:
            rows = db.execute(entries.select().where(entries.c.exercise == exercise).order_by(entries.c.number))
            return [Entry(r.number, r.time, r.kind, r.month, r.seat, json.loads(r.data)) for r in rows]

    # ---- links ----
    def issue(self, db: Connection, role: str, exercise: str | None = None, seat: str | None = None) -> str:
        """A new link; the old ones of the same role and seat die."""
        now, token = time.time(), secrets.token_urlsafe(TOKEN_BYTES)
        same = (tokens.c.role == role) & (tokens.c.revoked.is_(None))
        same &= tokens.c.exercise.is_(None) if exercise is None else tokens.c.exercise == exercise
        same &= tokens.c.seat.is_(None) if seat is None else tokens.c.seat == seat
        db.execute(tokens.update().where(same).values(revoked=now))
        row = {"hash": hashed(token), "exercise": exercise, "role": role, "seat": seat, "made": now}
        db.execute(tokens.insert().values(**row, revoked=None))
        return token

    def opens(self, token: str) -> Pass | None:
        """What a token opens; nothing where it is unknown or dead."""
        with self.begin() as db:
            row = db.execute(tokens.select().where(tokens.c.hash == hashed(token))).first()
        if row is None or row.revoked is not None:
            return None
        return Pass(row.exercise or "", row.role, row.seat or "")

    # ---- what was shown ----
    def show(self, db: Connection, exercise: str, number: int, month: int, stage: str, seat: str, data: Any) -> None:
        row = {"exercise": exercise, "number": number, "month": month, "stage": stage, "seat": seat}
        db.execute(shown.insert().values(**row, data=packed(data)))

    def seen(self, exercise: str, seat: str | None = None) -> list[dict[str, Any]]:
        """What seats were shown, in order."""
        where = shown.c.exercise == exercise
        where = where & (shown.c.seat == seat) if seat else where
        with self.begin() as db:
            rows = db.execute(shown.select().where(where).order_by(shown.c.id)).mappings().all()
        keep = ("number", "month", "stage", "seat")
        return [{**{k: row[k] for k in keep}, "data": unpacked(row["data"])} for row in rows]

    def last_seen(self, exercise: str, seat: str, before: int) -> dict[str, Any] | None:
        """What a seat was last shown in an earlier month."""
        where = (shown.c.exercise == exercise) & (shown.c.seat == seat) & (shown.c.month < before)
        with self.begin() as db:
            row = db.execute(shown.select().where(where).order_by(shown.c.id.desc()).limit(1)).first()
        return {"month": row.month, "data": unpacked(row.data)} if row else None

    # ---- caches ----
    def snapshot(self, db: Connection, exercise: str, month: int, digest: str, world: bytes) -> None:
        """Keep a World at the beginning of a month."""
        where = (snapshots.c.exercise == exercise) & (snapshots.c.month == month)
        db.execute(snapshots.delete().where(where))
        db.execute(snapshots.insert().values(exercise=exercise, month=month, digest=digest, world=world))

    def snapped(self, exercise: str, month: int) -> tuple[str, bytes] | None:
        """A kept World and its digest."""
        where = (snapshots.c.exercise == exercise) & (snapshots.c.month == month)
        with self.begin() as db:
            row = db.execute(snapshots.select().where(where)).first()
        return (row.digest, row.world) if row else None

    def draft(self, exercise: str, seat: str, stage: str, data: Any) -> None:
        """What a seat has put together and not yet confirmed: all its browsers see it."""
        where = (drafts.c.exercise == exercise) & (drafts.c.seat == seat)
        with self.begin() as db:
            db.execute(drafts.delete().where(where))
            db.execute(drafts.insert().values(exercise=exercise, seat=seat, stage=stage, data=json.dumps(data)))

    def drafted(self, exercise: str, seat: str, stage: str) -> Any:
        where = (drafts.c.exercise == exercise) & (drafts.c.seat == seat) & (drafts.c.stage == stage)
        with self.begin() as db:
            row = db.execute(drafts.select().where(where)).first()
        return json.loads(row.data) if row else None


def _arguments(url: str) -> dict[str, Any]:
    return {"timeout": WAIT, "check_same_thread": False} if url.startswith("sqlite") else {}


def _pragmas(connection: Any, _: Any) -> None:
    for line in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {line}")
