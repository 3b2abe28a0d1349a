"""Grammar: a deed told in a plain sentence, in English or Russian, from the patterns of `words.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from detente.scenario import Scenario

CASES = ("nom", "gen", "dat", "acc", "ins", "loc")
_AND = {"en": " and ", "ru": " и "}
_PLACE = re.compile(r"\{(\w+)(?:\.(\w+))?\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_VERB = re.compile(r"<(?:(\w):)?([^/<>]*)/([^<>]*)>")


@lru_cache
def texts(name: str) -> dict[str, Any]:
    """What `NAME.toml` beside this module says in each language."""
    return tomllib.loads(resources.files("detente.report").joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def table() -> dict[str, Any]:
    """The patterns and names of `words.toml`."""
    return texts("words")


@dataclass(frozen=True)
class Words:
    """The words of one language for one scenario."""

    scenario: Scenario
    lang: str

    def actor(self, actor: str, case: str = "nom") -> str:
        """An actor's name in a case; as the scenario writes it where `words.toml` does not know it."""
        entry = table()["actor"].get(actor)
        if entry is None:
            name = self.scenario.actors[actor].name[self.lang]
            return f"в стране {name}" if self.lang == "ru" and case == "loc" else name
        if self.lang == "en":
            return str(entry["en"])
        return str(entry["ru"]).split("|")[CASES.index(case)]

    def many(self, actors: Sequence[str]) -> bool:
        """Whether a verb stands in the plural with them."""
        return len(actors) > 1 or any(self.lang in table()["actor"].get(a, {}).get("many", []) for a in actors)

    def actors(self, actors: Sequence[str], case: str = "nom") -> str:
        """Several actors in one phrase."""
        names = [self.actor(a, case) for a in actors]
        return names[0] if len(names) == 1 else ", ".join(names[:-1]) + _AND[self.lang] + names[-1]

    def issue(self, issue: str) -> str:
        """An issue with its preposition."""
        entry = table()["issue"].get(issue)
        if entry is not None:
            return str(entry[self.lang])
        name = self.scenario.issues[issue].name[self.lang]
        return f"по вопросу «{name}»" if self.lang == "ru" else f"over “{name}”"

    def leader(self, seat: str, person: str) -> str:
        """A person's name."""
        return next((p.name[self.lang] for p in self.scenario.actors[seat].leader if p.id == person), person)

    def pattern(self, *path: str) -> str | None:
        """A pattern of this language, None where there is none."""
        at: Any = table()
        for part in path:
            if not isinstance(at, Mapping) or part not in at:
                return None
            at = at[part]
        return str(at[self.lang])

    def sentence(self, pattern: str, actors: Mapping[str, Sequence[str]], phrases: Mapping[str, str]) -> str:
        """A filled pattern that begins with a capital."""
        text = self.clause(pattern, actors, phrases)
        return text[:1].upper() + text[1:]

    def clause(self, pattern: str, actors: Mapping[str, Sequence[str]], phrases: Mapping[str, str]) -> str:
        """Fill a pattern: names in their cases, verbs in their number, absent parts left out."""

        def known(part: str) -> bool:
            return all(actors.get(m[1]) or phrases.get(m[1]) for m in _PLACE.finditer(part))

        def name(match: re.Match[str]) -> str:
            who = actors.get(match[1])
            return self.actors(who, match[2] or "nom") if who else phrases[match[1]]

        text = _OPTIONAL.sub(lambda m: m[1] if known(m[1]) else "", pattern)
        text = _VERB.sub(lambda m: m[3] if self.many(actors.get(m[1] or "A", ())) else m[2], text)
        return _PLACE.sub(name, text)
