"""`detente sources`: every work, what rests on it, where sources disagree; passages where the texts are at hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from detente.console import WrongError, said
from detente.lab import claims, prior
from detente.room import ready
from detente.scenario import ASSUMPTION, Bilingual, Scenario, Source, citations, load

PLACE = re.compile(r"(?P<place>.*?)(?: (?P<locator>(?:¶|pp?\.|ch\.|§|no\.).*))?")
"""Where something stands that cites a work, and where in the work."""


@dataclass(frozen=True)
class Use:
    """One place that rests on a work: file and entry, and where in the work."""

    place: str
    locator: str

    @property
    def paragraphs(self) -> list[int]:
        """Numbers of the paragraphs meant by `¶4`, `¶4, 6` or `¶4–6`."""
        out: list[int] = []
        for first, last in re.findall(r"(\d+)(?:\s*[–-]\s*(\d+))?", self.locator if "¶" in self.locator else ""):
            out += range(int(first), int(last or first) + 1)
        return out


@dataclass(frozen=True)
class Dispute:
    """An entry on which sources differ from each other or from established scholarship."""

    event: str
    date: str
    text: Bilingual
    sources: list[str]


@dataclass(frozen=True)
class Provenance:
    """What a scenario rests on."""

    scenario: str
    works: dict[str, Source]
    uses: dict[str, list[Use]]
    disputes: list[Dispute]
    passages: dict[str, dict[int, str]]

    @property
    def assumed(self) -> list[Use]:
        """What rests on an assumption."""
        return self.uses.get(ASSUMPTION, [])

    def resting(self, key: str, paragraph: int) -> list[str]:
        """Places that rest on one paragraph of a text."""
        return [use.place for use in self.uses.get(key, []) if paragraph in use.paragraphs]

    @property
    def lost(self) -> list[str]:
        """Citations of paragraphs that the texts at hand do not have."""
        return [
            f"{use.place}: {key} {use.locator}"
            for key, passages in self.passages.items()
            for use in self.uses.get(key, [])
            if set(use.paragraphs) - set(passages)
        ]

    def table(self, lang: str = "en") -> dict[str, Any]:
        """The same as JSON has it."""
        works = [
            {
                "key": key,
                **work.model_dump(),
                "uses": [{"place": u.place, "locator": u.locator} for u in self.uses.get(key, [])],
            }
            for key, work in self.works.items()
        ]
        texts = {
            key: [{"paragraph": n, "text": text, "uses": self.resting(key, n)} for n, text in passages.items()]
            for key, passages in self.passages.items()
        }
        return {
            "scenario": self.scenario,
            "works": works,
            "assumptions": [use.place for use in self.assumed],
            "disagreements": [
                {"event": d.event, "date": d.date, "text": d.text[lang], "sources": d.sources} for d in self.disputes
            ],
            "passages": texts,
            "lost": self.lost,
        }


def trace(name: str = "coexistence", texts: Path | None = None) -> Provenance:
    """Gather what a scenario rests on; with a folder of texts, their passages too."""
    sc = load(name)
    found = citations(sc), claims.cited(sc), prior.cited(), ready.cited(sc)
    keys = dict.fromkeys(key for part in found for key in part if key != claims.OWN)
    uses = {key: [_use(place) for part in found for place in part.get(key, [])] for key in keys}
    disputes = [
        Dispute(e.id, str(e.date), Bilingual(en=e.disagreement.en, ru=e.disagreement.ru), e.disagreement.sources)
        for e in sorted(sc.chronicle, key=lambda e: e.date)
        if e.disagreement
    ]
    order = sorted(sc.sources, key=lambda key: (-len(uses.get(key, [])), key))
    return Provenance(
        sc.name, {key: sc.sources[key] for key in order}, uses, disputes, passages(sc, texts) if texts else {}
    )


def _use(place: str) -> Use:
    match = PLACE.fullmatch(place)
    return Use(match["place"], match["locator"] or "") if match else Use(place, "")


def passages(sc: Scenario, folder: Path) -> dict[str, dict[int, str]]:
    """Non-blank paragraphs, numbered from 1, of every text in a folder: `text-000` is the file that begins with 000."""
    if not folder.is_dir():
        raise WrongError(
            f"--texts {folder}: there is no such folder. Name the folder that holds the source texts (000….txt)"
        )
    keys = {key for key in (*sc.sources, *citations(sc)) if key.startswith("text-")}
    out = {}
    for key in sorted(keys):
        files = sorted(folder.glob(f"{key.removeprefix('text-')}*.txt"))
        if files:
            lines = files[0].read_text(encoding="utf-8").splitlines()
            out[key] = dict(enumerate((line.strip() for line in lines if line.strip()), start=1))
    if not out:
        raise WrongError(
            f"--texts {folder}: it holds none of the texts ({', '.join(sorted(keys))}). "
            "A text's file begins with its number"
        )
    return out


# ---- on screen ----

SHOWN = 4
"""Places shown a work; the JSON has all."""


def shown(found: Provenance, lang: str = "en") -> RenderableType:
    """Works by how much rests on them, disagreements, passages."""
    parts: list[RenderableType] = [
        Text(said(lang, f"{len(found.works)} works\n", f"Работ: {len(found.works)}\n"), style="bold")
    ]
    for key, work in found.works.items():
        parts += _work(found, key, work, lang)
    parts.append(
        _heading(
            said(
                lang,
                f"Assumptions of our own: {len(found.assumed)} places",
                f"Собственные допущения: мест {len(found.assumed)}",
            )
        )
    )
    parts.append(
        _heading(
            said(
                lang,
                f"Sources disagree: {len(found.disputes)} entries",
                f"Источники расходятся: записей {len(found.disputes)}",
            )
        )
    )
    for dispute in found.disputes:
        parts.append(Text(f"{dispute.date}  {dispute.event}", style="bold"))
        parts.append(_in(f"{dispute.text[lang]} ({', '.join(dispute.sources)})"))
    for key, texts in found.passages.items():
        parts += _passages(found, key, texts, lang)
    if found.lost:
        parts.append(_heading(said(lang, "Cited, but not in the texts", "Цитируется, но в текстах нет")))
        parts += [_in(line) for line in found.lost]
    return Group(*parts)


def _work(found: Provenance, key: str, work: Source, lang: str) -> list[RenderableType]:
    uses = found.uses.get(key, [])
    count = said(lang, f"{len(uses)} places rest on it", f"на ней стоит мест: {len(uses)}")
    year = f" ({work.year})" if work.year > 0 else ""
    line = Text.assemble((key, "bold"), f"  {work.author.removesuffix('.')}. {work.title}{year}. {count}")
    places = [f"{use.place} {use.locator}".strip() for use in uses[:SHOWN]]
    more = [said(lang, f"and {len(uses) - SHOWN} more", f"и ещё {len(uses) - SHOWN}")] if len(uses) > SHOWN else []
    return [line, *([_in("; ".join([*places, *more]))] if uses else [])]


def _passages(found: Provenance, key: str, texts: dict[int, str], lang: str) -> list[RenderableType]:
    parts: list[RenderableType] = [_heading(said(lang, f"Passages of {key}", f"Отрывки: {key}"))]
    for number, text in texts.items():
        places = found.resting(key, number)
        rests = "; ".join(places) or said(lang, "nothing rests on it", "на нём ничего не стоит")
        parts += [Text(f"¶{number}", style="bold"), _in(text), _in(f"→ {rests}", "dim")]
    return parts


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _in(text: str, style: str = "") -> RenderableType:
    return Padding(Text(text, style=style), (0, 0, 0, 4))
