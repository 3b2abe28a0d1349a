"""A named crisis told move by move, as the record has it, in English and Russian."""

from __future__ import annotations

import datetime as dt

from detente.report.words import Words
from detente.scenario import Bilingual, Crisis, Scenario

MONTHS = {
    "en": "Jan Feb Mar Apr May June July Aug Sept Oct Nov Dec".split(),
    "ru": "янв. фев. марта апр. мая июня июля авг. сент. окт. нояб. дек.".split(),
}
ENDS = {
    "challenger-backs-down": Bilingual(en="the challenger backs down", ru="уступает бросивший вызов"),
    "defender-backs-down": Bilingual(en="the defender backs down", ru="уступает обороняющийся"),
    "settled": Bilingual(en="settled by both", ru="улажено обеими сторонами"),
    "hold": Bilingual(en="it stays open", ru="остаётся открытым"),
    "war": Bilingual(en="war", ru="война"),
}
"""How a ladder ends, in words."""
SECRET = {"en": "in secret", "ru": "втайне"}
OUTCOME = {"en": "Outcome", "ru": "Исход"}


def transcript(crisis: Crisis, scenario: Scenario, lang: str = "en") -> list[str]:
    """A line for each recorded move, in order: day, who does what, and how it was done; the outcome last."""
    words = Words(scenario, lang)
    lines = []
    for move in crisis.move:
        what = words.clause(words.pattern("play", move.play) or "", {"A": [move.actor]}, {})
        secretly = f" {SECRET[lang]}" if move.secret else ""
        lines.append(f"{day(move.date, lang)}: {what}{secretly}: {move.text[lang]}")
    return [*lines, f"{day(crisis.end, lang)}: {OUTCOME[lang]}: {ENDS[crisis.outcome][lang]}."]


def day(date: dt.date, lang: str) -> str:
    """A day as people write it: `22 Oct 1962`, `22 окт. 1962`."""
    return f"{date.day} {MONTHS[lang][date.month - 1]} {date.year}"
