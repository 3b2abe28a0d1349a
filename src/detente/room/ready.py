"""Ready-made exercises: the settings, a role sheet a seat, the facilitator's plan and questions for the debrief."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import Field

from detente.room.rules import rules
from detente.room.setup import RoomError, Setup, checked, estimate
from detente.scenario import Bilingual, Scenario, ScenarioError, Sources, Strict, _make, _read, nearest

RULES = "rules.toml"


class Fact(Strict):
    """Something that a seat's government knew when the exercise opens."""

    text: Bilingual
    sources: Sources


class Sheet(Strict):
    """A seat's role sheet."""

    id: str
    role: Bilingual
    fact: list[Fact] = Field(min_length=1)


class Step(Strict):
    """A line of the facilitator's plan."""

    minute: int = Field(ge=0)
    text: Bilingual


class Asked(Strict):
    """A question for the debrief."""

    text: Bilingual


class Ready(Strict):
    """An exercise that can be made with one click."""

    id: str
    name: Bilingual
    about: Bilingual
    minutes: int = Field(ge=1)
    setup: Setup
    plan: list[Step] = Field(min_length=1)
    question: list[Asked] = Field(min_length=1)
    seat: list[Sheet] = Field(min_length=1)


@lru_cache(maxsize=4)
def _all(root: str) -> dict[str, Ready]:
    place = Path(root)
    out = {}
    for path in sorted((place / "exercises").glob("*.toml")):
        if path.name != RULES:
            found = _make(Ready, _read(place, path), f"exercises/{path.name}", path.stem)
            out[found.id] = found
    return out


def exercises(scenario: Scenario) -> dict[str, Ready]:
    """The ready-made exercises of a scenario; a fault names its file."""
    found = _all(scenario.root)
    if found:
        rules(scenario)
    for one in found.values():
        file = f"exercises/{one.id}.toml"
        try:
            checked(scenario, one.setup.model_dump())
        except RoomError as error:
            raise ScenarioError(file, "setup", str(error), "Correct the value") from None
        if [sheet.id for sheet in one.seat] != one.setup.seats:
            raise ScenarioError(file, "seat", "the sheets are not those of the seats", "One [[seat]] a seat, in order")
    return found


def exercise(scenario: Scenario, ident: str) -> Ready:
    """One of them by its id."""
    found = exercises(scenario)
    if ident not in found:
        raise RoomError(
            "unknown", f"There is no exercise '{ident}'; {nearest(ident, found)}", f"Учения «{ident}» нет.", list(found)
        )
    return found[ident]


def cited(scenario: Scenario) -> dict[str, list[str]]:
    """What the exercises cite: source key → where; a file that cannot be read is passed over, `exercises` names it."""
    found: dict[str, list[str]] = {}
    with contextlib.suppress(ScenarioError):
        for place, citations in _citing(scenario):
            for citation in citations:
                key, _, locator = citation.partition(" ")
                found.setdefault(key, []).append(f"exercises/{place} {locator}".strip())
    return found


def _citing(scenario: Scenario) -> Iterator[tuple[str, list[str]]]:
    for one in _all(scenario.root).values():
        for sheet in one.seat:
            for fact in sheet.fact:
                yield f"{one.id}.toml: {sheet.id}", fact.sources
    if (Path(scenario.root) / "exercises").is_dir():
        for name, number in rules(scenario):
            yield f"{RULES}: {name}", number.source


def sheet(scenario: Scenario, one: Ready, seat: str, lang: str) -> dict[str, Any]:
    """A seat's printable role sheet, in one language."""
    found = next(s for s in one.seat if s.id == seat)
    return {
        "exercise": one.name[lang],
        "seat": scenario.actors[seat].name[lang],
        "role": found.role[lang],
        "facts": [
            {"text": fact.text[lang], "sources": [work(scenario, source) for source in fact.sources]}
            for fact in found.fact
        ],
    }


def guide(one: Ready, lang: str) -> dict[str, Any]:
    """What the facilitator prints, in one language."""
    return {
        "id": one.id,
        "name": one.name[lang],
        "about": one.about[lang],
        "minutes": one.minutes,
        "setup": one.setup.model_dump() | {"exercise": one.id},
        "estimate": estimate(one.setup)._asdict(),
        "plan": [{"minute": step.minute, "text": step.text[lang]} for step in one.plan],
        "questions": [asked.text[lang] for asked in one.question],
    }


def work(scenario: Scenario, citation: str) -> str:
    """A citation as a reader knows it: author, title, year."""
    key, _, where = citation.partition(" ")
    found = scenario.sources[key]
    return f"{found.author}: {found.title} ({found.year})" + (f", {where}" if where else "")
