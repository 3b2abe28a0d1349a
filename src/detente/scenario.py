"""TOML → a checked, frozen Scenario.

Every rule of the data stands here as a Pydantic model or as one cross-check; a violation names the file, the key,
what is wrong and how to mend it. The chronicle is read and checked here and handed over apart from the rest.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

FIRST_YEAR, LAST_YEAR = 1953, 1964
MONTHS = 12 * (LAST_YEAR - FIRST_YEAR + 1)
SLOTS = 3
"""How many moves a seat may make in one month (design, section 3)."""
ENDS = (
    "security",
    "prosperity",
    "prestige",
    "influence",
    "unity",
    "survival",
    "peace",
    "orthodoxy",
)
"""The ends that every leader weighs; the order of the axis everywhere."""
LANGUAGES = ("en", "ru")

OPERATIONS = (
    "demand extend withdraw join leave recognise call speak disclose look raise cut station remove "
    "open close ask reform repress mediate intervene"
).split()
ANSWERS = {
    "deadline": ("enforce", "extend", "drop"),
    "meeting": ("attend", "leave"),
    "discovery": ("accept", "demand", "blockade", "strike"),
}
"""Forced Decisions that the record may name, and their answers.

The first default that no ban removes is in `month.py`.
"""
PLAYS = ("press", "hold", "offer", "back-down")
DRAWN = (
    "removal succession unrest defiance overture attack shoot-down leak discovery accident first-bomb "
    "first-h-bomb first-icbm first-satellite first-crewed-flight constitution"
).split()
GIVEN = ("death", "term-ends", "election", "independence")
ASSUMPTION = "assumption"


M = TypeVar("M", bound=BaseModel)


class ScenarioError(Exception):
    """Something in a scenario is wrong: where, what, and how to mend it."""

    def __init__(self, file: str, key: str, wrong: str, mend: str) -> None:
        self.file, self.key, self.wrong, self.mend = file, key, wrong, mend
        super().__init__(f"{file}: {key}: {wrong}. {mend}")


class Strict(BaseModel):
    """A table in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Bilingual(Strict):
    """Text that a person reads, in both languages of the sources."""

    en: str = Field(min_length=1)
    ru: str = Field(min_length=1)

    def __getitem__(self, lang: str) -> str:
        return self.ru if lang == "ru" else self.en


Sources = Annotated[list[str], Field(min_length=1)]


class Source(Strict):
    """A work that something rests on."""

    author: str
    title: str
    year: int
    kind: Literal["book", "article", "chapter", "document", "dataset", "text", "own"]
    publisher: str = ""
    journal: str = ""
    doi: str = ""
    url: str = ""
    licence: str = ""
    note: str = ""


class Number(Strict):
    """A measured or assumed quantity with its unit and source."""

    value: float
    unit: str
    source: Sources
    note: str = ""
    why: str = ""

    @model_validator(mode="after")
    def _assumption_says_why(self) -> Self:
        if self.source == [ASSUMPTION] and not (self.note or self.why):
            raise ValueError("an assumption needs a `note` that says why")
        return self


class Table(Strict):
    """Several quantities that belong together (shares, leanings)."""

    model_config = ConfigDict(extra="allow", frozen=True)

    unit: str
    source: Sources
    note: str = ""

    def values(self, keys: Iterable[str]) -> list[float]:
        """The quantities named, in that order."""
        extra = self.model_extra or {}
        return [float(extra.get(key, 0.0)) for key in keys]


class Span(Strict):
    """A stretch of time, both ends included."""

    start: dt.date = Field(alias="from")
    end: dt.date = Field(alias="to")
    note: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end < self.start:
            raise ValueError("it ends before it begins")
        return self


class Leader(Strict):
    """A person who decides, or could: traits, and how their weights differ from the shared mean."""

    id: str
    name: Bilingual
    opening: bool = False
    in_office: list[Span] = []
    in_office_note: str = ""
    eligible: Span
    weight: float = Field(ge=0, le=1)
    risk: float = Field(ge=-1, le=1)
    line: float = Field(ge=-1, le=1)
    optimism: float = Field(ge=-1, le=1)
    deviations: dict[str, float] = {}
    why: str = ""
    sources: Sources

    @model_validator(mode="after")
    def _known_ends(self) -> Self:
        for end, value in self.deviations.items():
            if end not in ENDS:
                raise ValueError(f"unknown end '{end}' in deviations; the ends are {', '.join(ENDS)}")
            if abs(value) > 0.7:
                raise ValueError(f"deviation of {end} is {value}; it must lie within ±0.7")
        if any(self.deviations.values()) and not self.why:
            raise ValueError("deviations need a `why`")
        return self


class Opening(Strict):
    """Stocks and structure of January 1953."""

    population: Number
    output: Number
    growth: Number
    consumption: Number
    investment: Number
    conventional: Number
    strategic: Number
    aid: Number
    cinc: Number
    military_personnel: Number
    industry: Number
    bombers: Number
    mrbm: Number
    icbm: Number
    warheads: Number
    tests: Number
    bomb: Number
    h_bomb: Number
    trade_share: Table
    un_ideal_point: Number
    leaning: Table
    party_leaning: Table
    standing: Number
    unrest: Number
    liberalisation: Number
    protection_need: Number
    line: Number
    share_independent: Number | None = None
    turnover: Number | None = None
    work: Number | None = None

    @model_validator(mode="after")
    def _sums(self) -> Self:
        parts = (self.consumption, self.investment, self.conventional, self.strategic, self.aid)
        if abs(sum(part.value for part in parts) - 1.0) > 1e-6:
            raise ValueError("consumption, investment, conventional, strategic and aid must sum to 1")
        for name, table in (("leaning", self.leaning), ("party_leaning", self.party_leaning)):
            if abs(sum((table.model_extra or {}).values()) - 1.0) > 1e-6:
                raise ValueError(f"{name} must sum to 1 over its poles")
        return self


class Capital(Strict):
    """Where the government sits; distances are great circles between capitals."""

    city: str
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    source: Sources
    note: str = ""


class Actor(Strict):
    """A state, or a group of states taken as one."""

    id: str
    name: Bilingual
    cow: int
    cow_members: list[int] = []
    capital: Capital
    decides: bool
    centre: bool
    party_rules: bool
    camp: str
    neighbours: list[str]
    garrisons: list[str]
    open_border_to: str = ""
    sources: dict[str, list[str]]
    notes: dict[str, str] = {}
    opening: Opening
    leader: list[Leader] = []

    @model_validator(mode="after")
    def _deciders_have_leaders(self) -> Self:
        if self.decides and (len(self.leader) < 2 or sum(person.opening for person in self.leader) != 1):
            raise ValueError("an actor that decides needs one opening leader and at least one heir")
        if self.decides and (self.opening.turnover is None or self.opening.turnover.value < 0):
            raise ValueError(
                "an actor that decides needs `opening.turnover`: how often a year its leader changed before the opening"
            )
        return self


class Issue(Strict):
    """Something in dispute, whose stake it is, and which issue-bound instruments make sense.

    direct_line: a settlement opens direct communication between its principals, which makes accidental war less likely.
    begins_with: the independence, an entry of the calendar, before which there is nothing to dispute.
    government: the actor whose government is in dispute, if that is what the issue is about.
    """

    name: Bilingual
    about: Bilingual
    stakes: dict[str, float]
    opening: float = Field(ge=0, le=1)
    forms: list[str]
    direct_line: bool = False
    begins_with: str = ""
    government: str = ""
    source: Sources


class Instrument(Strict):
    """One operation of the closed list with its coordinates (design, section 5)."""

    name: Bilingual
    operation: str
    whom: str
    forms: list[str] = []
    nest: str
    weis: str
    cameo: str
    goldstein: float = Field(ge=-10, le=10)
    flow: str = ""
    force: str = ""
    hidden: bool = False
    by_force: bool = False
    consent: bool = False
    needs: list[str] = []
    undone_by: list[str] = []
    deadline: int = 0
    lead: int = 0
    bias: float = 0.0
    ideology: float = 0.0
    liberalisation: float = 0.0
    knowledge: float = 0.0
    doctrine: float | None = None
    commitment: float = Field(ge=0, le=1)
    publicity: float = Field(ge=0, le=1)
    cost: float = Field(ge=-1, le=1)
    finality: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _closed_list(self) -> Self:
        if self.operation not in OPERATIONS:
            raise ValueError(f"unknown operation '{self.operation}'; the closed list is {', '.join(OPERATIONS)}")
        return self

    @property
    def pressure(self) -> float:
        """Pressure on the target, from Goldstein's weight."""
        return max(0.0, -self.goldstein) / 10.0

    @property
    def conciliation(self) -> float:
        """Conciliation towards the target, from Goldstein's weight."""
        return max(0.0, self.goldstein) / 10.0


class Coefficient(Strict):
    """A number of a law: its prior, the value that switches the law off, and its source."""

    meaning: str
    unit: str
    low: float
    best: float
    high: float
    family: Literal["normal", "lognormal", "logit"] = "normal"
    bounds: tuple[float, float]
    neutral: float
    kind: Literal["effect", "pace", "base", "size"] = "effect"
    """What causes it speaks of: one thing moving another; how fast that comes or fades; how things are without any
    cause; or a unit, a reference, a threshold."""
    source: Sources
    why: str = ""
    fitted: str = ""  # how, and to what data, where it is no prior

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.best <= self.high:
            raise ValueError("low ≤ best ≤ high does not hold")
        if not self.bounds[0] <= self.low or not self.high <= self.bounds[1]:
            raise ValueError("low and high must lie within bounds")
        if self.family == "lognormal" and self.low <= 0:
            raise ValueError("a lognormal prior needs low > 0")
        if self.family == "logit" and not (0 < self.low and self.high < 1):
            raise ValueError("a logit prior needs 0 < low and high < 1")
        if ASSUMPTION in self.source and not self.why:
            raise ValueError("an assumption needs a `why`")
        return self


class Disagreement(Strict):
    """Where sources differ from each other or from established scholarship."""

    en: str
    ru: str
    sources: Sources


class Event(Strict):
    """A dated deed, an answer to a forced Decision, a move inside a crisis, or an event of nature."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    date: dt.date
    precision: Literal["day", "month"]
    actor: str
    instrument: str = ""
    issue: str = ""
    target: str = ""
    decision: str = ""
    answer: str = ""
    nature: str = ""
    on: str = ""
    towards: str = ""
    successor: str = ""
    crisis_move: str = ""
    play: str = ""
    text: Bilingual
    sources: Sources
    window: int = Field(default=12, ge=0, le=144)
    accepted_by: list[str] = []
    refused_by: list[str] = []
    also: list[str] = []
    disagreement: Disagreement | None = None
    unknown: bool = False
    crisis: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [bool(self.instrument), bool(self.decision), bool(self.nature), bool(self.crisis_move)]
        if sum(kinds) != 1:
            raise ValueError("an entry names exactly one of instrument, decision, nature, crisis_move")
        if self.decision and self.answer not in ANSWERS.get(self.decision, ()):
            raise ValueError(f"unknown forced answer '{self.decision}: {self.answer}'; known: {ANSWERS}")
        if self.nature and (self.actor != "nature" or self.nature not in DRAWN):
            raise ValueError(f"nature entries have actor 'nature' and one of {', '.join(DRAWN)}")
        if self.crisis_move and self.play not in PLAYS:
            raise ValueError(f"a crisis move plays one of {', '.join(PLAYS)}")
        return self

    @property
    def month(self) -> int:
        """Months since January 1953."""
        return month_of(self.date)


class Given(Strict):
    """An event of the calendar: it falls on its date in every world unless nature is drawn."""

    id: str
    date: dt.date
    precision: Literal["day", "month"]
    nature: Literal["death", "term-ends", "election", "independence"]
    on: str
    states: list[str] = []
    weight: float = 0.0
    successor: str = ""
    text: Bilingual
    sources: Sources

    @property
    def month(self) -> int:
        """Months since January 1953."""
        return month_of(self.date)


class Move(Strict):
    """One move in the recorded line of play of a crisis."""

    date: dt.date
    actor: str
    play: Literal["press", "hold", "offer", "back-down"]
    secret: bool = False
    text: Bilingual
    sources: Sources


class Crisis(Strict):
    """A named crisis: dates, pair, issue, recorded line of play. No payoffs."""

    id: str
    name: Bilingual
    issue: str
    challenger: str
    defender: str
    opened_by: str
    start: dt.date
    end: dt.date
    icb: int
    coded_by_us: bool = False
    outcome: Literal["challenger-backs-down", "defender-backs-down", "settled", "hold", "war"]
    note: str = ""
    sources: Sources
    move: list[Move] = []


class Named(Strict):
    """A named scalar series: a place in the World, and what people call it."""

    name: Bilingual
    unit: str
    path: str
    of: list[str] = []
    plus: list[list[str]] = []
    transform: Literal["", "expm1"] = ""
    group: str


class Series(Strict):
    """An observed yearly series that answers a Shock."""

    unit: str
    producer: str
    licence: str
    source: Sources
    values: dict[int, float]
    profile: list[float] = Field(min_length=12, max_length=12)
    note: str = ""


class Chronicle(Strict):
    """What happened, apart from the rest of the scenario."""

    events: dict[str, Event]
    files: dict[str, str]
    shocks: dict[str, Series]

    def __iter__(self) -> Iterator[Event]:  # type: ignore[override]
        return iter(self.events.values())


class Scenario(Strict):
    """The whole system as data, checked and frozen; the chronicle apart."""

    name: str
    root: str
    sources: dict[str, Source]
    actors: dict[str, Actor]
    issues: dict[str, Issue]
    instruments: dict[str, Instrument]
    laws: dict[str, dict[str, dict[str, Coefficient]]]
    series: dict[str, Named]
    calendar: dict[str, Given]
    crises: dict[str, Crisis]
    chronicle: Chronicle

    @property
    def deciders(self) -> tuple[str, ...]:
        """Actors that hold a seat."""
        return tuple(a.id for a in self.actors.values() if a.decides)

    @property
    def centres(self) -> tuple[str, ...]:
        """The poles of the system."""
        return tuple(a.id for a in self.actors.values() if a.centre)


def month_of(date: dt.date) -> int:
    """Months since January 1953 (0–143 within the span)."""
    return (date.year - FIRST_YEAR) * 12 + date.month - 1


def month_name(month: int) -> str:
    """The month as YYYY-MM."""
    return f"{FIRST_YEAR + month // 12}-{month % 12 + 1:02d}"


def parse_month(text: str) -> int:
    """Months since January 1953 of `YYYY-MM`; a clear error outside the span."""
    match = re.fullmatch(r"(\d{4})-(\d{2})", text)
    if not match or not 1 <= int(match[2]) <= 12:
        raise ValueError(f"'{text}' is no month; write it as 1962-10")
    month = (int(match[1]) - FIRST_YEAR) * 12 + int(match[2]) - 1
    if not 0 <= month < MONTHS:
        raise ValueError(f"{text} lies outside the span {FIRST_YEAR}-01 to {LAST_YEAR}-12")
    return month


def nearest(word: str, words: Iterable[str]) -> str:
    """A phrase that names the nearest known word, for error messages."""
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else "it is not declared"


def home_of(name: str) -> Path:
    """The folder of a scenario given by name or by path."""
    shipped = Path(str(resources.files("detente"))) / "scenarios" / name
    if re.fullmatch(r"[a-z0-9-]+", name) and shipped.is_dir():
        return shipped
    path = Path(name)
    if not path.is_dir():
        raise ScenarioError(
            name,
            "scenario",
            "there is no such scenario or folder",
            "Name a shipped scenario (coexistence) or a folder made by `detente new DIR`",
        )
    return path


def _read(root: Path, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScenarioError(
            str(path.relative_to(root)), "file", "it is missing", "Restore it, or start anew with `detente new DIR`"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(
            str(path.relative_to(root)), "file", f"it is no valid TOML: {error}", "Mend the line that is named"
        ) from None


def _make(model: type[M], data: Any, file: str, key: str) -> M:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([key, *(str(part) for part in first["loc"])])
        wrong = first["msg"].removeprefix("Value error, ")
        mend = "Remove the key, or correct its spelling" if first["type"] == "extra_forbidden" else "Correct the value"
        if first["type"] == "missing":
            mend = "Add the key"
        raise ScenarioError(file, where, wrong, mend) from None


def _tables(root: Path, file: str, head: str, model: type[M]) -> dict[str, M]:
    data = _read(root, root / file)
    unknown = set(data) - {head}
    if unknown:
        raise ScenarioError(file, sorted(unknown)[0], "unknown table", f"This file holds [{head}.…] tables only")
    return {key: _make(model, value, file, f"{head}.{key}") for key, value in data.get(head, {}).items()}


def load(name: str = "coexistence") -> Scenario:
    """Read a scenario from its folder, check every file by itself and all against each other."""
    root = home_of(name)
    sources: dict[str, Source] = {}
    for path in sorted(root.glob("sources*.toml")):
        sources |= _tables(root, path.name, "source", Source)
    actors = {}
    for path in sorted((root / "actors").glob("*.toml")):
        actor = _make(Actor, _read(root, path), f"actors/{path.name}", path.stem)
        actors[actor.id] = actor
    if not actors:
        raise ScenarioError(
            "actors/", "folder", "it holds no actor", "Restore it, or start anew with `detente new DIR`"
        )
    laws = {}
    for path in sorted((root / "laws").glob("*.toml")):
        file = f"laws/{path.name}"
        laws[path.stem] = {
            law: {key: _make(Coefficient, value, file, f"{law}.{key}") for key, value in table.items()}
            for law, table in _read(root, path).items()
        }
    calendar = {}
    if (root / "calendar.toml").exists():
        for table in _read(root, root / "calendar.toml").get("given", []):
            given = _make(Given, table, "calendar.toml", str(table.get("id", "given")))
            calendar[given.id] = given
    crises = {}
    for path in sorted((root / "crises").glob("*.toml")):
        crisis = _make(Crisis, _read(root, path), f"crises/{path.name}", path.stem)
        crises[crisis.id] = crisis
    scenario = Scenario(
        name=name if "/" not in name else root.name,
        root=str(root),
        sources=sources,
        actors=actors,
        issues=_tables(root, "issues.toml", "issue", Issue),
        instruments=_tables(root, "instruments.toml", "instrument", Instrument),
        laws=laws,
        series=_tables(root, "series.toml", "series", Named),
        calendar=calendar,
        crises=crises,
        chronicle=_chronicle(root),
    )
    cross_check(scenario)
    return scenario


def _chronicle(root: Path) -> Chronicle:
    events: dict[str, Event] = {}
    files: dict[str, str] = {}
    for path in sorted((root / "chronicle").glob("*.toml")):
        file = f"chronicle/{path.name}"
        for table in _read(root, path).get("event", []):
            event = _make(Event, table, file, str(table.get("id", "event")))
            if event.id in events:
                raise ScenarioError(
                    file, event.id, f"this id stands already in {files[event.id]}", "Give one of them another id"
                )
            if path.stem.isdigit() and event.date.year != int(path.stem):
                raise ScenarioError(
                    file,
                    f"{event.id}.date",
                    f"{event.date} is not in {path.stem}",
                    "Move the entry to the file of its year",
                )
            events[event.id], files[event.id] = event, file
    shocks = {}
    if (root / "shocks.toml").exists():
        shocks = _tables(root, "shocks.toml", "shock", Series)
    return Chronicle(events=events, files=files, shocks=shocks)


def _known(file: str, key: str, word: str, words: Iterable[str], what: str) -> None:
    """A name that is used must be declared."""
    if word not in words:
        mend = f"Declare it or correct it: {nearest(word, words)}"
        raise ScenarioError(file, key, f"there is no {what} '{word}'", mend)


def cross_check(scenario: Scenario) -> None:
    """Every name used is declared, every date lies in the span."""
    for actor in scenario.actors.values():
        _known(f"actors/{actor.id}.toml", "camp", actor.camp, (*scenario.actors, "none"), "actor")
        near = [*actor.neighbours, *actor.garrisons, *([actor.open_border_to] if actor.open_border_to else [])]
        for other in near:
            _known(f"actors/{actor.id}.toml", "neighbours/garrisons/open_border_to", other, scenario.actors, "actor")
    _check_issues_and_instruments(scenario)
    for event in scenario.chronicle:
        _check_event(scenario, event)
    for given in scenario.calendar.values():
        _known("calendar.toml", f"{given.id}.on", given.on, scenario.actors, "actor")
    for crisis in scenario.crises.values():
        _check_crisis(scenario, crisis)


def _check_issues_and_instruments(scenario: Scenario) -> None:
    for key, issue in scenario.issues.items():
        for actor_id in issue.stakes:
            _known("issues.toml", f"issue.{key}.stakes", actor_id, scenario.actors, "actor")
        for form in issue.forms:
            _known("issues.toml", f"issue.{key}.forms", form, scenario.instruments, "instrument")
        if issue.begins_with:
            _known("issues.toml", f"issue.{key}.begins_with", issue.begins_with, scenario.calendar, "given event")
        if issue.government:
            _known("issues.toml", f"issue.{key}.government", issue.government, scenario.actors, "actor")
    for key, instrument in scenario.instruments.items():
        for other in instrument.undone_by:
            _known("instruments.toml", f"instrument.{key}.undone_by", other, scenario.instruments, "instrument")


def _check_event(scenario: Scenario, event: Event) -> None:
    file, actors = scenario.chronicle.files[event.id], scenario.actors
    if not FIRST_YEAR <= event.date.year <= LAST_YEAR:
        wrong = f"{event.date} lies outside {FIRST_YEAR}–{LAST_YEAR}"
        raise ScenarioError(file, f"{event.id}.date", wrong, "Correct the date")
    for field in ("actor", "target", "on", "towards"):
        word = getattr(event, field)
        if word and word != "nature":
            _known(file, f"{event.id}.{field}", word, actors, "actor")
    for word in [*event.also, *event.accepted_by, *event.refused_by]:
        _known(file, f"{event.id}.also/accepted_by/refused_by", word, actors, "actor")
    if event.instrument:
        _known(file, f"{event.id}.instrument", event.instrument, scenario.instruments, "instrument")
        _known(file, f"{event.id}.actor", event.actor, scenario.deciders, "deciding actor")
        if scenario.instruments[event.instrument].consent and not (event.accepted_by or event.refused_by):
            wrong = f"'{event.instrument}' needs another's consent"
            raise ScenarioError(file, event.id, wrong, "Add accepted_by or refused_by")
    if event.issue:
        _known(file, f"{event.id}.issue", event.issue, scenario.issues, "issue")
    for word in filter(None, (event.crisis, event.crisis_move)):
        _known(file, f"{event.id}.crisis", word, scenario.crises, "named crisis")


def _check_crisis(scenario: Scenario, crisis: Crisis) -> None:
    file = f"crises/{crisis.id}.toml"
    for word in (crisis.challenger, crisis.defender, *(move.actor for move in crisis.move)):
        _known(file, "challenger/defender/move.actor", word, scenario.actors, "actor")
    _known(file, "issue", crisis.issue, scenario.issues, "issue")
    if scenario.chronicle.events:
        _known(file, "opened_by", crisis.opened_by, scenario.chronicle.events, "event")


def citations(scenario: Scenario) -> dict[str, list[str]]:
    """What rests on each source: source key → places (file: key), locators kept."""
    uses: dict[str, list[str]] = {}
    for place, cited in _citing(scenario):
        for citation in cited:
            key, _, locator = citation.partition(" ")
            uses.setdefault(key, []).append(f"{place} {locator}".strip())
    return uses


def _citing(scenario: Scenario) -> Iterator[tuple[str, Iterable[str]]]:
    """Every place that cites, with what it cites."""
    for actor in scenario.actors.values():
        yield from _cited_by_actor(actor)
    for key, issue in scenario.issues.items():
        yield f"issues.toml: {key}", issue.source
    for mechanism, laws in scenario.laws.items():
        for law, table in laws.items():
            for key, coefficient in table.items():
                yield f"laws/{mechanism}.toml: {law}.{key}", coefficient.source
    for given in scenario.calendar.values():
        yield f"calendar.toml: {given.id}", given.sources
    for crisis in scenario.crises.values():
        yield f"crises/{crisis.id}.toml", crisis.sources
        for move in crisis.move:
            yield f"crises/{crisis.id}.toml: {move.date}", move.sources
    yield from _cited_by_chronicle(scenario.chronicle)


def _cited_by_chronicle(chronicle: Chronicle) -> Iterator[tuple[str, Iterable[str]]]:
    for event in chronicle:
        place = f"{chronicle.files[event.id]}: {event.id}"
        yield place, event.sources
        if event.disagreement:
            yield f"{place} (disagreement)", event.disagreement.sources
    for key, series in chronicle.shocks.items():
        yield f"shocks.toml: {key}", series.source


def _cited_by_actor(actor: Actor) -> Iterator[tuple[str, Iterable[str]]]:
    place = f"actors/{actor.id}.toml"
    yield place, [cited for cites in actor.sources.values() for cited in cites]
    yield place, actor.capital.source
    for field in Opening.model_fields:
        value = getattr(actor.opening, field)
        if value is not None:
            yield f"{place}: {field}", value.source
    for leader in actor.leader:
        yield f"{place}: {leader.id}", leader.sources
