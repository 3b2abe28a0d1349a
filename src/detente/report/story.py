"""One world told month by month, and the record told in the same words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from detente.lab.ensemble import Ensemble
from detente.report.annals import Deed, recorded, simulated
from detente.report.words import Words
from detente.scenario import FIRST_YEAR, MONTHS, Scenario
from detente.structure import structure

MONTH_NAMES = {
    "en": "January February March April May June July August September October November December".split(),
    "ru": "Январь Февраль Март Апрель Май Июнь Июль Август Сентябрь Октябрь Ноябрь Декабрь".split(),
}
WEIGHTY = 5.0
"""Deeds from this weight of Goldstein's scale, either way, stand out in a story."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of a story: what kind of deed, by whom, and whether it stands out."""

    text: str
    kind: str
    actor: str = ""
    strong: bool = False
    day: str = ""


@dataclass(frozen=True)
class Month:
    """A month of a story, with the record of that month beside it."""

    index: int
    title: str
    told: list[Sentence] = field(default_factory=list)
    recorded: list[Sentence] = field(default_factory=list)

    @property
    def year(self) -> int:
        """The year it belongs to."""
        return FIRST_YEAR + self.index // 12


def title(month: int, lang: str) -> str:
    """A month's name, as `March 1953` or `Март 1953`."""
    return f"{MONTH_NAMES[lang][month % 12]} {FIRST_YEAR + month // 12}"


def tell(ensemble: Ensemble, world: int, lang: str = "en") -> list[Month]:
    """One world month by month, every deed a sentence; beside it what is recorded of that month."""
    words = Words(ensemble.scenario, lang)
    told = by_month(simulated(ensemble, world))
    record = chronicle(ensemble.scenario, lang)
    last = max(told, default=0)
    months = []
    for m in range(ensemble.months):
        sentences = phrase(told.get(m, []), words)
        if m > last and _at_war(ensemble, world):
            sentences = [Sentence(words.pattern("other", "over") or "", "over")] if m == last + 1 else []
        months.append(Month(m, title(m, lang), sentences, record.get(m, [])))
    return months


def tell_record(scenario: Scenario, lang: str = "en", *, dates: bool = True, same_words: bool = True) -> list[Month]:
    """The recorded chronicle month by month: in the words in which a simulated world is told, or in its own.

    Without dates the titles say only which month of which year of the story it is, so that simulated and recorded
    years can be compared blind.
    """
    words = Words(scenario, lang)
    told = by_month(recorded(scenario, structure(scenario))) if same_words else {}
    own = chronicle(scenario, lang) if not same_words else {}
    titles = [title(m, lang) if dates else f"{m // 12 + 1}.{m % 12 + 1}" for m in range(MONTHS)]
    return [Month(m, titles[m], phrase(told[m], words) if m in told else own.get(m, [])) for m in range(MONTHS)]


def story_text(months: Iterable[Month], lang: str = "en", *, titles: bool = True) -> str:
    """A story as plain text, a paragraph a month; months in which nothing is told say so."""
    quiet = {"en": "A quiet month.", "ru": "Тихий месяц."}[lang]
    lines = []
    for month in months:
        body = " ".join(s.text for s in month.told) or quiet
        lines.append(f"{month.title}. {body}" if titles else body)
    return "\n\n".join(lines)


def chronicle(scenario: Scenario, lang: str) -> dict[int, list[Sentence]]:
    """The chronicle and the calendar in their own words, by month, in the order of days."""
    out: dict[int, list[tuple[str, Sentence]]] = {}
    for entry in [*scenario.chronicle, *scenario.calendar.values()]:
        day = str(entry.date.day) if entry.precision == "day" else ""
        sentence = Sentence(entry.text[lang], "record", getattr(entry, "actor", ""), day=day)
        out.setdefault(entry.month, []).append((f"{entry.date}", sentence))
    return {m: [s for _, s in sorted(entries, key=lambda pair: pair[0])] for m, entries in out.items()}


def by_month(deeds: Iterable[Deed]) -> dict[int, list[Deed]]:
    """Deeds gathered under their month, in their order."""
    out: dict[int, list[Deed]] = {}
    for deed in deeds:
        out.setdefault(deed.month, []).append(deed)
    return out


def phrase(deeds: Iterable[Deed], words: Words) -> list[Sentence]:
    """The sentences of a month; like deeds of one actor are told in one sentence."""
    groups: dict[tuple[object, ...], list[Deed]] = {}
    for deed in deeds:
        groups.setdefault(_alike(deed), []).append(deed)
    return [_sentence(group, words) for group in groups.values()]


def _alike(deed: Deed) -> tuple[object, ...]:
    """Deeds with the same key are told in one sentence."""
    if deed.kind == "deed":
        return (deed.path, deed.actor, deed.issue, deed.reply)
    if deed.path == ("nature", "overture"):
        return (deed.path, deed.actor)
    return (deed.path,) if deed.path[-1] in ("unrest", "attack") else (id(deed),)


def _sentence(group: list[Deed], words: Words) -> Sentence:
    deed = group[0]
    pattern = words.pattern(*deed.path)
    phrases = {"I": words.issue(deed.issue) if deed.issue else ""}
    if deed.actor and deed.new:
        phrases |= {"old": words.leader(deed.actor, deed.old), "new": words.leader(deed.actor, deed.new)}
    if pattern is None:
        pattern, phrases["what"] = words.pattern("other", "deed") or "", _name(deed, words)
    actors = {
        "A": _unique(d.actor for d in group),
        "T": _unique(d.target for d in group),
        "H": _unique(d.host for d in group),
    }
    text = words.sentence(pattern, actors, phrases)
    if len(deed.plays) > 1:  # one move alone is what the sentence has said
        text += " " + move_by_move(deed.plays, words)
    if deed.reply:
        text += " " + (words.pattern("reply", deed.reply) or "")
    return Sentence(text, deed.kind, deed.actor, _strong(deed, words.scenario))


def move_by_move(plays: Sequence[tuple[str, str]], words: Words) -> str:
    """Who did what on a ladder, in one sentence; the same done twice running by one side is said once."""
    told = [play for n, play in enumerate(plays) if n == 0 or play != plays[n - 1]]
    clauses = [words.clause(words.pattern("play", play) or "", {"A": [actor]}, {}) for actor, play in told]
    text = ", ".join(clauses)
    return f"{text[:1].upper()}{text[1:]}."


def _name(deed: Deed, words: Words) -> str:
    instrument = words.scenario.instruments.get(deed.path[-1])
    return instrument.name[words.lang] if instrument else deed.path[-1]


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name))


def _strong(deed: Deed, scenario: Scenario) -> bool:
    if deed.kind == "deed":
        instrument = scenario.instruments[deed.path[-1]]
        return abs(instrument.goldstein) >= WEIGHTY and instrument.finality + instrument.commitment >= 1.0
    return deed.kind in ("ladder", "answer") or bool(deed.new)


def _at_war(ensemble: Ensemble, world: int) -> bool:
    return "at_war" in ensemble.series and bool(np.asarray(ensemble.series["at_war"][world, -1]) > 0.5)


MAIN_SERIES = ("tension.usa.ussr", "tension.ussr.prc", "leaning.cuba.moscow", "output.ussr", "icbm.ussr")


def typical(
    ensemble: Ensemble, names: Iterable[str] = MAIN_SERIES, first: int = 1000, among: np.ndarray | None = None
) -> int:
    """An ordinary world: free of war if any is, and its series nearest to the medians; `among`: worlds to choose of."""
    kept = [n for n in names if n in ensemble.series] or [str(n) for n in ensemble.series][:5]
    worlds = min(first, ensemble.worlds)
    far = np.zeros(worlds)
    for name in kept:
        values = np.asarray(ensemble.series[name][:worlds], dtype=float)
        spread = values.std(axis=0) + 1e-9
        far += (np.abs(values - np.median(values, axis=0)) / spread).mean(axis=1)
    war = np.array([_at_war(ensemble, world) for world in range(worlds)])
    out = np.zeros(worlds, dtype=bool) if among is None else ~among[:worlds]
    return int((far + np.where(war & ~war.all(), 1e6, 0.0) + np.where(out, 1e9, 0.0)).argmin())
