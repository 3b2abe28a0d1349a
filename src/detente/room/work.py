"""Background work of the room: one queue, one process of low priority, so that play never waits.

A job is a row of the store: what was asked, how far it is, what is found so far. The process that does it can be
killed at any moment; what it had found stays.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from detente.room.setup import RoomError
from detente.room.store import Store, jobs

KINDS = {
    "debrief": "detente.room.debrief:job",
    "alike": "detente.room.debrief:alike_job",
}
"""What can be done, and where: a function of (store, exercise, what was asked, report)."""
WAITING, RUNNING, DONE, STOPPED, FAILED = "waiting", "running", "done", "stopped", "failed"
NICE, LONGEST, MOST = 10, 1800.0, 20
"""Priority of the process, its longest time in seconds, and most jobs that wait."""
DB = "DETENTE_ROOM_DB"
Report = Callable[[int, int, Any], None]
"""Told how much is done, of how much, and what is found so far."""


class Queue:
    """The jobs of a store, done one after the other."""

    def __init__(self, store: Store, url: str) -> None:
        self.store, self.url = store, url
        self.process: tuple[str, subprocess.Popen[bytes], float] | None = None
        self.lock = threading.RLock()
        with store.begin() as db:
            db.execute(jobs.update().where(jobs.c.state == RUNNING).values(state=WAITING))

    def submit(self, kind: str, asked: dict[str, Any], exercise: str | None = None) -> str:
        """Put a job into the queue."""
        if kind not in KINDS:
            raise RoomError("illegal", f"There is no such work: {kind}.", f"Такой работы нет: {kind}.", list(KINDS))
        with self.lock, self.store.begin() as db:
            waits = db.execute(sa.select(sa.func.count()).where(jobs.c.state == WAITING).select_from(jobs)).scalar_one()
            if waits >= MOST:
                raise RoomError("busy", "The queue is full; try later.", "Очередь полна; попробуйте позже.")
            ident = secrets.token_hex(8)
            row = {"id": ident, "exercise": exercise, "kind": kind, "made": time.time(), "state": WAITING}
            db.execute(jobs.insert().values(**row, done=0, total=0, asked=json.dumps(asked)))
        self.tick()
        return ident

    def tick(self) -> None:
        """Look after the running job and begin the next; call it about every half second."""
        with self.lock:
            if self.process is not None:
                ident, process, since = self.process
                if process.poll() is None:
                    if time.monotonic() - since > LONGEST:
                        self.stop(ident)
                    return
                self.process = None
                with self.store.begin() as db:
                    lost = (jobs.c.id == ident) & (jobs.c.state == RUNNING)
                    db.execute(jobs.update().where(lost).values(state=FAILED, error="the process ended"))
            self._begin()

    def _begin(self) -> None:
        with self.store.begin() as db:
            first = db.execute(jobs.select().where(jobs.c.state == WAITING).order_by(jobs.c.made)).first()
            if first is None:
                return
            db.execute(jobs.update().where(jobs.c.id == first.id).values(state=RUNNING))
        command = [sys.executable, "-m", "detente.room.work", first.id]
        process = subprocess.Popen(command, env=os.environ | {DB: self.url}, start_new_session=True)
        self.process = first.id, process, time.monotonic()

    def stop(self, ident: str) -> None:
        """Stop a job; what it had found stays."""
        with self.lock:
            if self.process is not None and self.process[0] == ident:
                self.process[1].kill()
                self.process[1].wait()
                self.process = None
            with self.store.begin() as db:
                going = (jobs.c.id == ident) & jobs.c.state.in_((WAITING, RUNNING))
                db.execute(jobs.update().where(going).values(state=STOPPED))

    def state(self, ident: str) -> dict[str, Any] | None:
        """How far a job is, and what it has found."""
        with self.store.begin() as db:
            row = db.execute(jobs.select().where(jobs.c.id == ident)).mappings().first()
        return _told(row) if row else None

    def latest(self, exercise: str, kind: str) -> dict[str, Any] | None:
        """The last job of a kind for an exercise."""
        with self.store.begin() as db:
            where = (jobs.c.exercise == exercise) & (jobs.c.kind == kind)
            row = db.execute(jobs.select().where(where).order_by(jobs.c.made.desc())).mappings().first()
        return _told(row) if row else None

    def close(self) -> None:
        """Stop the process that this queue has begun."""
        with self.lock:
            if self.process is not None:
                self.stop(self.process[0])


def _told(row: Any) -> dict[str, Any]:
    return {**row, "asked": json.loads(row["asked"]), "result": json.loads(row["result"]) if row["result"] else None}


def work(store: Store, ident: str) -> None:
    """Do one job in this process."""
    with store.begin() as db:
        row = db.execute(jobs.select().where(jobs.c.id == ident)).first()
    if row is None:
        return

    def put(**values: Any) -> None:
        with store.begin() as db:
            db.execute(jobs.update().where((jobs.c.id == ident) & (jobs.c.state == RUNNING)).values(**values))

    def report(done: int, total: int, found: Any) -> None:
        put(done=done, total=total, result=json.dumps(found))

    module, _, name = KINDS[row.kind].partition(":")
    try:
        found = getattr(import_module(module), name)(store, row.exercise, json.loads(row.asked), report)
    except Exception as error:
        put(state=FAILED, error=f"{type(error).__name__}: {error}"[:500])
        return
    put(result=json.dumps(found), state=DONE)


def main() -> None:
    """Do the job that the command line names."""
    os.nice(NICE)
    work(Store(os.environ[DB]), sys.argv[1])


if __name__ == "__main__":
    main()
