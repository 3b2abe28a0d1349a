"""Kill a server at random moments while clients answer and write; then look for what it had acknowledged.

Usage: python scripts/room_kills.py [KILLS] [--db URL] [--seed S]

Every answer and letter to which the server said 200 must stand in the log, and the exercise must open and replay.
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

import httpx

SEATS = ["usa", "ussr", "prc"]
FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def serve(url: str) -> None:
    """A server on a port of the system's choice; tells port and operator's token on standard output."""
    import socket

    import uvicorn

    from detente import scenario
    from detente.room import api
    from detente.room.kernel import Kernel
    from detente.room.service import Room
    from detente.room.store import Store

    room = Room(Store(url), Kernel(scenario.load("coexistence"), FAST))
    room.wake()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    print(json.dumps({"port": listening.getsockname()[1], "token": room.operator_link()}), flush=True)
    server = uvicorn.Server(uvicorn.Config(api.application(room), log_level="error"))
    server.run(sockets=[listening])


class Client(threading.Thread):
    """One seat: answers and writes as fast as it can, and remembers what was acknowledged."""

    def __init__(self, seat: str, seed: int) -> None:
        super().__init__(daemon=True)
        self.seat, self.rng = seat, random.Random(seed)
        self.base, self.token, self.stop = "", "", False
        self.answers: list[tuple[str, Any]] = []
        self.letters: list[str] = []

    def run(self) -> None:
        while not self.stop:
            try:
                self.once()
            except (httpx.HTTPError, ValueError, KeyError):
                time.sleep(0.2)

    def once(self) -> None:
        head = {"authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=self.base, headers=head, timeout=10, verify=False) as client:
            brief = client.get("/api/v1/brief").json()
            if self.rng.random() < 0.3:
                text = f"{self.seat} {self.rng.random()}"
                to = self.rng.choice([seat for seat in SEATS if seat != self.seat])
                if client.post("/api/v1/letters", json={"to": [to], "text": text}).status_code == 200:
                    self.letters.append(text)
            if not brief["open"]:
                time.sleep(0.05)
                return
            legal = brief["legal"]
            if "plan" in legal:
                answers: dict[str, Any] = {"plan": self.rng.sample(legal["plan"], 2)}
            else:
                answers = {name: self.rng.choice(options) for name, options in legal.items()}
            body = {"stage": brief["stage"]["key"], "answers": answers, "revision": brief["revision"]}
            if client.post("/api/v1/answers", json=body).status_code == 200:
                self.answers.append((body["stage"], answers))


def start(url: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """A server in a process of its own, and what it tells."""
    process = subprocess.Popen([sys.executable, __file__, "--serve", url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def kills(count: int, url: str, seed: int) -> dict[str, int]:
    """Kill so often; what was acknowledged, what of it is lost, and how many months were played."""
    rng = random.Random(seed)
    clients = [Client(seat, seed + n) for n, seat in enumerate(SEATS)]
    links: dict[str, Any] = {}
    for number in range(count + 1):
        process, told = start(url)
        atexit.register(process.kill)
        base = f"http://127.0.0.1:{told['port']}"
        with httpx.Client(base_url=base, timeout=60) as boss:
            head = {"authorization": f"Bearer {told['token']}"}
            if not links:
                body = {"title": "Kills", "start": "1953-02", "end": "1964-12", "seats": SEATS}
                clocks = {"plan": 0, "answer": 0, "crisis": 0}
                links = boss.post("/api/v1/exercises", json=body | {"clocks": clocks}, headers=head).json()
            boss.post("/api/v1/desk/resume", json={}, headers={"authorization": f"Bearer {links['desk']}"})
        for client in clients:
            client.base, client.token = base, links["seats"][client.seat]
            if not client.is_alive():
                client.start()
        if number == count:
            for client in clients:
                client.stop = True
                client.join(timeout=15)
        else:
            time.sleep(rng.uniform(0.2, 1.5))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    return verdict(url, links["exercise"], clients)


def verdict(url: str, exercise: str, clients: list[Client]) -> dict[str, int]:
    """Look for everything that was acknowledged."""
    from detente import scenario
    from detente.room.exercise import Exercise
    from detente.room.kernel import Kernel
    from detente.room.store import Store

    store = Store(url)
    log = store.log(exercise)
    filed = [(e.seat, e.data["stage"], e.data["answers"]) for e in log if e.kind == "filed"]
    letters = {e.data["text"] for e in log if e.kind == "letter"}
    lost = sum((c.seat, *answer) not in filed for c in clients for answer in c.answers)
    lost += sum(text not in letters for c in clients for text in c.letters)
    ex = Exercise(exercise, store, Kernel(scenario.load("coexistence"), FAST), time.monotonic)
    ex.replay()
    acknowledged = sum(len(c.answers) + len(c.letters) for c in clients)
    return {"acknowledged": acknowledged, "lost": lost, "months": len(ex.state.months), "opened": 1}


def main() -> int:
    """Kill, look, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("kills", nargs="?", type=int, default=100)
    parser.add_argument("--db", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serve", default="")
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        found = kills(given.kills, given.db or f"sqlite:///{folder}/room.db", given.seed)
    print(json.dumps({"kills": given.kills, **found}))
    return int(found["lost"] > 0 or found["acknowledged"] == 0)


if __name__ == "__main__":
    sys.exit(main())
