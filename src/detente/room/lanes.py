"""Heavy work kept away from the pages: one queue a lane, a process of low priority for each, what was found kept."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections import deque
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

from detente.lab.store import put

State = Literal["waiting", "working", "done", "failed", "stopped"]
LANES = {"explain": "record", "situation": "record", "solve": "games", "whatif": "questions", "kernel": "room"}
"""Which process does what: a long question holds up neither the chronicle nor the games."""
WAITING = 20
"""Most jobs that may wait in a lane."""
HELD = 400
"""Most results of a kind that are kept; the oldest go."""
LINE = 64 * 1024 * 1024


class FullError(Exception):
    """A lane has too many jobs waiting."""


@dataclass
class Job:
    """Something asked of a lane."""

    kind: str
    key: str
    ask: dict[str, Any]
    state: State = "waiting"
    done: int = 0
    total: int = 0
    found: dict[str, Any] | None = None
    wrong: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ("done", "failed", "stopped")


def key_of(ask: Any) -> str:
    """The permanent address of something asked: the same question, the same address."""
    return blake2b(json.dumps(ask, sort_keys=True, ensure_ascii=False).encode(), digest_size=10).hexdigest()


@dataclass
class Lane:
    """A queue and the process that empties it."""

    name: str
    waiting: deque[Job] = field(default_factory=deque)
    at: Job | None = None
    process: asyncio.subprocess.Process | None = None
    runner: asyncio.Task[None] | None = None


class Work:
    """All lanes, and the folder in which results are kept under the model's stamp."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lanes = {name: Lane(name) for name in LANES.values()}
        self.jobs: dict[tuple[str, str], Job] = {}

    def place(self, kind: str, key: str) -> Path:
        """Where a result lies."""
        return self.folder / kind / f"{key}.json"

    def known(self, kind: str, key: str) -> Job | None:
        """A job that was asked for, in this life of the room or in an earlier one."""
        if (kind, key) not in self.jobs and self.place(kind, key).exists():
            with contextlib.suppress(OSError, ValueError):
                found = json.loads(self.place(kind, key).read_text(encoding="utf-8"))
                self.jobs[kind, key] = Job(kind, key, {}, "done", found=found)
        return self.jobs.get((kind, key))

    def ask(self, kind: str, key: str, ask: dict[str, Any]) -> Job:
        """Put a job into its lane, unless it is there, done or under way; a failed or stopped one is tried again."""
        job = self.known(kind, key)
        if job and job.state not in ("failed", "stopped"):
            return job
        lane = self.lanes[LANES[kind]]
        if len(lane.waiting) >= WAITING:
            raise FullError(kind)
        job = self.jobs[kind, key] = Job(kind, key, ask)
        lane.waiting.append(job)
        if lane.runner is None or lane.runner.done():
            lane.runner = asyncio.create_task(self._run(lane))
        return job

    def before(self, job: Job) -> int:
        """How many jobs stand before one that waits."""
        lane = self.lanes[LANES[job.kind]]
        return lane.waiting.index(job) + (lane.at is not None) if job in lane.waiting else 0

    def stop(self, job: Job) -> None:
        """Stop a job: one that waits is taken out, one at work ends with its process."""
        lane = self.lanes[LANES[job.kind]]
        if job in lane.waiting:
            lane.waiting.remove(job)
        if not job.over:
            job.state = "stopped"
        if lane.at is job and lane.process:
            with contextlib.suppress(ProcessLookupError):
                lane.process.kill()

    async def close(self) -> None:
        """End all processes."""
        for lane in self.lanes.values():
            if lane.runner:
                lane.runner.cancel()
            if lane.process and lane.process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    lane.process.kill()
                await lane.process.wait()

    # ---- the other side ----
    async def _run(self, lane: Lane) -> None:
        while lane.waiting:
            job = lane.at = lane.waiting.popleft()
            job.state = "working"
            try:
                await self._do(lane, job)
            except Exception as error:
                job.state, job.wrong = "failed", f"{type(error).__name__}: {error}"
            lane.at = None

    async def _do(self, lane: Lane, job: Job) -> None:
        process = await self._process(lane)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"job": job.key, "kind": job.kind, "ask": job.ask}).encode() + b"\n")
        await process.stdin.drain()
        while not job.over:
            line = await process.stdout.readline()
            if not line:
                lane.process = None
                if not job.over:
                    job.state, job.wrong = "failed", "the process that did the work has ended"
                return
            told = json.loads(line)
            if told["job"] == job.key:
                self._hear(job, told)

    def _hear(self, job: Job, told: dict[str, Any]) -> None:
        if job.over:
            return
        if "wrong" in told:
            job.state, job.wrong = "failed", str(told["wrong"])
        elif "found" in told:
            self._keep(job, told["found"])
            job.found, job.state = told["found"], "done"
        else:
            job.done, job.total = int(told["done"]), int(told["total"])

    def _keep(self, job: Job, found: dict[str, Any]) -> None:
        place = self.place(job.kind, job.key)
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            put(place, json.dumps(found, ensure_ascii=False).encode())
            for old in sorted(place.parent.glob("*.json"), key=lambda p: p.stat().st_mtime)[:-HELD]:
                old.unlink(missing_ok=True)

    async def _process(self, lane: Lane) -> asyncio.subprocess.Process:
        if lane.process is None or lane.process.returncode is not None:
            lane.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "detente.room.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=LINE,
            )
        return lane.process
