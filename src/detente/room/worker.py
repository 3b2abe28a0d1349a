"""The process in which heavy work is done: one job after another, at low priority, told by lines of JSON.

A line of standard input is a job (`job`, `kind`, `ask`); a line of standard output says how far it has come (`done`,
`total`), what it found (`found`) or what is wrong with it (`wrong`). When the room goes, so does its worker.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache, partial
from queue import Queue
from typing import Any

from detente import crisis as crises
from detente import explain as explainer
from detente.games.tree import Game
from detente.interop import gambit
from detente.lab import ensemble
from detente.lab import whatif as questions
from detente.report import gamepage
from detente.report import whatif as answers
from detente.report.solved import history, solved
from detente.scenario import Scenario, load
from detente.seats.record import Record, record
from detente.structure import Structure, structure

NICENESS = 10
"""Below the room's own pages in every scheduler's eyes."""
LANGUAGES = ("en", "ru")
FEW = 60
"""Most outcomes of a game whose payoffs are shown one by one; of more, those called alike together."""
Tell = Callable[[int, int], None]


class Walked:
    """The record of a scenario, walked no further than it was asked for, and kept."""

    def __init__(self, name: str) -> None:
        ensemble.prepare(1)
        self.scenario: Scenario = load(name)
        self.st: Structure = structure(self.scenario)
        self.told: Record = record(self.st)
        self.heard: list[explainer.Heard] = []
        self.months: Iterator[tuple[int, explainer.Heard]] = explainer.walk(self.st, self.told)

    def month(self, month: int, tell: Tell) -> explainer.Heard:
        """What was heard in a month."""
        while len(self.heard) <= month:
            tell(len(self.heard), month + 1)
            self.heard.append(next(self.months)[1])
        return self.heard[month]


@cache
def walked(name: str) -> Walked:
    """The one walk through a scenario's record."""
    return Walked(name)


def explain(ask: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """A recorded choice in both languages: menu, probabilities, what would have flipped it."""
    import jax

    with jax.enable_x64(new_val=True):
        way = walked(ask["scenario"])
        event = way.scenario.chronicle.events[ask["event"]]
        found = explainer.of(way.st, way.told, event, way.month(event.month, tell))
    flips = {lang: [explainer.turning(question, lang) for question in found.questions] for lang in LANGUAGES}
    return {lang: {**found.table(lang), "turning": flips[lang]} for lang in LANGUAGES}


def situation(ask: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """A named crisis as a game in Gambit's format, in both languages, with the precision of the law."""
    import jax

    with jax.enable_x64(new_val=True):
        way = walked(ask["scenario"])
        crisis = way.scenario.crises[ask["crisis"]]
        opened = way.scenario.chronicle.events[crisis.opened_by].month
        stands = crises.stands(way.st, crisis, way.month(opened, tell))
        games = {lang: gambit.write(stands.game(lang)) for lang in LANGUAGES}
    return {"games": games, "precision": stands.precision}


def solve(ask: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """A game solved, as a page in both languages, and its payoffs."""
    found = solved(gambit.parse(ask["game"]), ask["precision"])
    game = found.game
    ends = singly(game) if len(game.outcomes) <= FEW else alike(game)
    pages = {lang: gamepage.html(found, lang) for lang in LANGUAGES}
    told = {"title": game.title, "players": list(game.players), "game": ask["game"], "precision": ask["precision"]}
    return {"pages": pages, "ends": ends, **told}


def singly(game: Game) -> list[dict[str, Any]]:
    """Every outcome with what it is worth, and how it is first reached."""
    first = {int(game.outcome[node]): node for node in reversed(range(len(game.parent)))}
    return [
        {"label": end.label, "first": history(game, first[k]) if k in first else "", "payoffs": list(end.payoffs)}
        for k, end in enumerate(game.outcomes)
    ]


def alike(game: Game) -> list[dict[str, Any]]:
    """Outcomes called alike, with how many they are and between what they are worth."""
    groups: dict[str, list[tuple[float, ...]]] = {}
    for end in game.outcomes:
        groups.setdefault(end.label, []).append(end.payoffs)
    spans = {label: [(min(x), max(x)) for x in zip(*rows, strict=True)] for label, rows in groups.items()}
    return [{"label": label, "count": len(rows), "spans": spans[label]} for label, rows in groups.items()]


def whatif(ask: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """A question to the record: its page in both languages, and the answer as JSON."""
    found = questions.whatif(
        ask["scenario"], ask["worlds"], ask["seed"], ask["measure"], progress=tell, devices=1, **ask["written"]
    )
    pages = {lang: answers.html(found, lang) for lang in LANGUAGES}
    asked = {lang: answers.Telling(found, lang).question for lang in LANGUAGES}
    return {"pages": pages, "asked": asked, "table": found.table()}


def kernel(ask: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Compile the month in which people play, and keep it on disk."""
    from detente.room.kernel import Kernel

    return {"version": Kernel(load(ask["scenario"])).version}


KINDS: dict[str, Callable[[dict[str, Any], Tell], dict[str, Any]]] = {
    "explain": explain,
    "situation": situation,
    "solve": solve,
    "whatif": whatif,
    "kernel": kernel,
}
"""What a worker can be asked to do."""
OURS = {"ScenarioError", "RunError", "WrongError", "GameError"}
"""Errors that already are a sentence for a person."""


def serve(lines: Iterator[str], say: Callable[[dict[str, Any]], None]) -> None:
    """Do every job of the lines in turn."""
    for line in lines:
        job = json.loads(line)
        name, tell = job["job"], partial(_told, say, job["job"])
        try:
            tell(0, 0)
            say({"job": name, "found": KINDS[job["kind"]](job["ask"], tell)})
        except Exception as error:
            known = {kind.__name__ for kind in type(error).__mro__} & OURS
            say({"job": name, "wrong": str(error) if known else f"{type(error).__name__}: {error}"})


def _told(say: Callable[[dict[str, Any]], None], name: str, done: int, total: int) -> None:
    say({"job": name, "done": done, "total": total})


def _coming() -> Iterator[str]:
    """Lines of standard input as they come; at its end the process ends, whatever it is at."""
    waiting: Queue[str] = Queue()

    def listen() -> None:
        for line in sys.stdin:
            waiting.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        yield waiting.get()


def main() -> None:
    """Serve until the room closes standard input."""
    from detente.console import plain

    os.nice(NICENESS)
    voice = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print must not be taken for an answer

    def say(what: dict[str, Any]) -> None:
        voice.write(json.dumps(plain(what), ensure_ascii=False) + "\n")
        voice.flush()

    serve(_coming(), say)


if __name__ == "__main__":
    main()
