"""`detente explain`: the record replayed up to one entry, in float64; what its author then saw, could do and wanted.

Utilities are in units of the choice noise: a row one unit better than another of its nest, at a nest scale of 1, is
chosen 2.7 times as often.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import ArrayLike, NDArray
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from detente import answers, laws, nature, views
from detente.console import WrongError, said
from detente.decisions import BANNED, ROUTINE, Chance, Decision, Question, Shock
from detente.deeds import LADDER_ENDS
from detente.drive import Utilities, begin, drive
from detente.lab import ensemble
from detente.ladder.tree import LINE_END
from detente.report.transcript import ENDS, transcript
from detente.scenario import ANSWERS, MONTHS, Bilingual, Event, load, nearest
from detente.seats.record import Record, nature_index, record, row_of
from detente.structure import NESTS, Structure, structure
from detente.views import View
from detente.world import NEVER, World

Floats = NDArray[Any]
TOP = 12
"""Rows shown on screen; the JSON has the whole menu."""


class Heard(NamedTuple):
    """What was asked in one month of the replay, and what each answer was worth to those who were asked."""

    world: World  # as it stood when the month began
    view: View
    masks: Array  # [SLOTS, N, world] what the World allowed in each slot
    wish: Array  # [N, world] utilities of rows
    chance: Array  # [E, world] log odds of nature's events
    forced: dict[str, tuple[Array, Array, Array]]  # kind → mask, asked, utilities


@dataclass(frozen=True)
class Option:
    """One thing that could have been chosen."""

    name: Bilingual
    nest: str
    allowed: bool
    utility: float
    probability: float
    chosen: bool
    flip: float | None
    """By how much its utility would have had to be higher to be as probable as the recorded choice."""


@dataclass(frozen=True)
class Figure:
    """One thing that the seat knew."""

    name: Bilingual
    value: float
    unit: str = ""


@dataclass(frozen=True)
class Asked:
    """A question that the month put, with everything that could be answered."""

    title: Bilingual
    asked: bool
    options: list[Option]
    needed: float = 0.0
    """By how much the recorded choice would have had to be worth more to be the most probable."""

    @property
    def chosen(self) -> Option | None:
        """What the record says."""
        return next((option for option in self.options if option.chosen), None)

    @property
    def rank(self) -> int | None:
        """Place of the recorded answer by probability, 1 the most probable."""
        told = self.chosen
        return 1 + sum(o.probability > told.probability for o in self.options) if told else None

    @property
    def open(self) -> int:
        """How many options there were."""
        return sum(option.allowed or option.chosen for option in self.options)

    @property
    def flip(self) -> Option | None:
        """The single smallest rise of another option's utility that makes it as probable as the recorded one."""
        others = [o for o in self.options if o.allowed and not o.chosen and o.flip is not None]
        return min(others, key=lambda o: abs(o.flip or 0.0), default=None)


@dataclass(frozen=True)
class Explanation:
    """An entry of the record, explained."""

    event: str
    scenario: str
    date: str
    text: Bilingual
    leader: Bilingual | None
    view: list[Figure]
    questions: list[Asked]
    transcript: dict[str, list[str]]
    """By language: the recorded line of play of the crisis that the entry opens or belongs to; empty without one."""

    def table(self, lang: str = "en") -> dict[str, Any]:
        """The same as JSON has it."""
        head = {"event": self.event, "scenario": self.scenario, "date": self.date, "text": self.text[lang]}
        figures = [{"name": f.name[lang], "value": f.value, "unit": f.unit} for f in self.view]
        questions = [
            {
                "title": q.title[lang],
                "asked": q.asked,
                "rank": q.rank,
                "needed": q.needed,
                "options": [{**asdict(o), "name": o.name[lang]} for o in q.options],
            }
            for q in self.questions
        ]
        return {
            **head,
            "leader": self.leader[lang] if self.leader else None,
            "view": figures,
            "questions": questions,
            "transcript": self.transcript.get(lang, []),
        }


# ---- the replay ----


def replay(st: Structure, told: Record, until: int) -> Heard:
    """Replay the record in one world, laws at their medians, and listen to its last month."""
    return next(heard for month, heard in walk(st, told) if month == until)


def walk(st: Structure, told: Record) -> Iterator[tuple[int, Heard]]:
    """Replay the record in one world, laws at their medians, and listen to every month of it in turn."""
    coefficients = laws.best(st.scenario)

    @jax.jit
    def step(world: World, when: Array) -> tuple[World, Heard]:
        return listen(world, coefficients, st, told, when)

    world = begin(st, coefficients, 1, jnp.float64)
    for month in range(MONTHS):
        world, heard = step(world, jnp.asarray(month))
        yield month, heard


def listen(world: World, coefficients: Any, st: Structure, told: Record, when: Array) -> tuple[World, Heard]:
    """One month as it was recorded, with everything that was asked in it."""
    wish, told = Utilities(coefficients, st), jax.tree.map(jnp.asarray, told)
    log: dict[str, Any] = {"masks": [], "forced": {}}

    def answer(question: Question) -> Array:
        if isinstance(question, Chance):
            log["chance"] = question.logit
            return jnp.broadcast_to(told.nature[when][:, None], question.logit.shape)
        if isinstance(question, Shock):
            kind = question.names[0].split(".")[0]
            value, known = (getattr(told, name)[when][:, None] for name in (kind, f"{kind}_known"))
            return jnp.where(known > 0, value, question.mean)
        if question.kind == "slot":
            log["view"], log["wish"] = question.view, wish(question)
            log["masks"].append(question.mask)
            return _recorded(told.rows[when, question.slot], question)
        log["forced"][question.kind] = (question.mask, question.asked, wish(question))
        return _recorded(getattr(told, question.kind)[when], question)

    new = drive(world, coefficients, st, when, given=True, answer=answer)
    return new, Heard(world, log["view"], jnp.stack(log["masks"]), log["wish"], log["chance"], log["forced"])


def _recorded(value: Array, question: Decision) -> Array:
    return jnp.broadcast_to(value[:, None], question.asked.shape).astype(jnp.int32)


# ---- from utilities to probabilities ----


def chances(utility: Floats, nest: NDArray[np.int64], allowed: NDArray[Any], scale: float) -> tuple[float, Floats]:
    """Probability of routine, and of every row of one seat, by the nested logit of `decisions.nested`."""
    row = np.where(allowed, utility / scale, BANNED)
    worth = np.full(len(NESTS), BANNED)
    for q in range(len(NESTS)):
        inside = row[(nest == q) & allowed]
        if len(inside):
            worth[q] = scale * np.logaddexp.reduce(inside)
    total = np.logaddexp.reduce([0.0, *worth])
    log = np.where(allowed, row + worth[nest] * (1 - 1 / scale) - total, -np.inf)
    return float(np.exp(-total)), np.exp(log)


def _rise(utility: Floats, nest: NDArray[np.int64], allowed: NDArray[Any], scale: float, row: int, told: int) -> float:
    """How much more (or, negative, less) a row would have had to be worth to be as probable as what was recorded."""

    def ahead(change: float) -> bool:
        trial = utility.copy()
        trial[row] += change
        routine, rows = chances(trial, nest, allowed, scale)
        return bool(rows[row] > (rows[told] if told != ROUTINE else routine))

    low, high = -60.0, 60.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if ahead(middle) else (middle, high)
    return high


# ---- the questions ----


def explain(name: str, event_id: str) -> Explanation:
    """Replay a scenario's record up to an entry, and say how its author came to it."""
    sc = load(name)
    if event_id not in sc.chronicle.events:
        raise WrongError(f"the chronicle has no entry '{event_id}': {nearest(event_id, sc.chronicle.events)}")
    ensemble.prepare(1)
    with jax.enable_x64(new_val=True):
        st = structure(sc)
        told = record(st)
        event = sc.chronicle.events[event_id]
        return of(st, told, event, replay(st, told, event.month))


def of(st: Structure, told: Record, event: Event, month: Heard) -> Explanation:
    """An entry, explained from what was heard in its month."""
    heard: Heard = jax.tree.map(lambda x: np.asarray(x)[..., 0], month)
    seat = st.deciders.index(event.actor) if event.actor in st.deciders else -1
    person, figures = (_leader(heard, st, seat), _figures(heard, st, seat, event)) if seat >= 0 else (None, [])
    return Explanation(
        event.id,
        st.scenario.name,
        str(event.date),
        event.text,
        person,
        figures,
        _questions(heard, st, told, event),
        _transcript(st, event),
    )


def _transcript(st: Structure, event: Event) -> dict[str, list[str]]:
    named = event.crisis or event.crisis_move
    if not named:
        return {}
    return {lang: transcript(st.scenario.crises[named], st.scenario, lang) for lang in ("en", "ru")}


def _questions(heard: Heard, st: Structure, told: Record, event: Event) -> list[Asked]:
    """Every question that the entry answers."""
    out = []
    if event.instrument:
        out += [_slot(heard, st, told, event), *_consent(heard, st, told, event)]
    if event.decision:
        out += _forced(heard, st, told, event)
    if event.nature:
        out += _nature(heard, st, told, event)
    if event.crisis or event.crisis_move:
        out += _ladder(heard, st, told, event)
    return out


def row_name(st: Structure, row: int) -> Bilingual:
    """A menu row in words: instrument, issue, target."""
    entry, sc = st.rows[row], st.scenario

    def words(lang: str) -> str:
        parts = [sc.instruments[entry.instrument].name[lang]]
        parts += [sc.issues[entry.issue].name[lang]] if entry.issue else []
        parts += [sc.actors[entry.target].name[lang]] if entry.target else []
        return " · ".join(parts)

    return Bilingual(en=words("en"), ru=words("ru"))


def _slot(heard: Heard, st: Structure, told: Record, event: Event) -> Asked:
    seat, row = st.deciders.index(event.actor), row_of(event, st)
    slot = int(np.flatnonzero(told.rows[event.month, :, seat] == row)[0])
    rows = st.seat_rows[seat]
    utility, nest = np.asarray(heard.wish[rows], float), st.row_nest[rows]
    allowed, local = np.asarray(heard.masks[slot][rows]) > 0.5, row - rows.start
    open_ = allowed.copy()
    open_[local] = True
    scale = float(laws.coefficient(st.scenario, "preferences.nest.scale").best)
    routine, chance = chances(utility, nest, open_, scale)
    flips = [
        _rise(utility, nest, open_, scale, k, local) if open_[k] and k != local else None for k in range(len(utility))
    ]
    options = [
        Option(
            row_name(st, rows.start + k),
            NESTS[nest[k]],
            bool(allowed[k]),
            float(utility[k]),
            float(chance[k]),
            k == local,
            flips[k],
        )
        for k in range(len(utility))
    ]
    calm = Bilingual(en="(routine: no move)", ru="(обычный ход дел: без шага)")
    even = float(np.log(chance[local]) - np.log(routine))
    options.append(Option(calm, "", allowed=True, utility=0.0, probability=routine, chosen=False, flip=even))
    title = Bilingual(en=f"Move {slot + 1} of the month", ru=f"Шаг {slot + 1} этого месяца")
    best = ROUTINE if routine > chance.max() else int(chance.argmax())
    needed = 0.0 if best == local else _rise(utility, nest, open_, scale, local, best)
    return Asked(title, asked=True, options=sorted(options, key=lambda o: -o.probability), needed=needed)


def _flat(
    title: Bilingual, names: list[Bilingual], mask: ArrayLike, utility: ArrayLike, told: int, asked: bool
) -> Asked:
    """A flat logit question."""
    mask, utility = np.asarray(mask), np.asarray(utility)
    worth = np.where(mask > 0.5, utility, BANNED)
    chance = np.exp(worth - np.logaddexp.reduce(worth))
    options = [
        Option(
            name,
            "",
            bool(mask[k] > 0.5),
            float(utility[k]),
            float(chance[k]),
            k == told,
            float(worth[told] - worth[k]) if k != told and mask[k] > 0.5 else None,
        )
        for k, name in enumerate(names)
    ]
    return Asked(title, asked, sorted(options, key=lambda o: -o.probability), float(worth.max() - worth[told]))


YES_NO = (Bilingual(en="yes", ru="да"), Bilingual(en="no", ru="нет"))
REPLIES = {
    "enforce": Bilingual(en="enforce it", ru="исполнить угрозу"),
    "extend": Bilingual(en="move the date", ru="перенести срок"),
    "drop": Bilingual(en="drop it", ru="снять"),
    "attend": Bilingual(en="attend", ru="участвовать"),
    "leave": Bilingual(en="leave", ru="уйти"),
    "accept": Bilingual(en="accept the fact", ru="смириться"),
    "demand": Bilingual(en="demand withdrawal", ru="требовать вывода"),
    "blockade": Bilingual(en="blockade", ru="блокада"),
    "strike": Bilingual(en="strike", ru="удар"),
}
KINDS = {
    "deadline": Bilingual(en="A deadline falls due", ru="Истёк срок"),
    "meeting": Bilingual(en="An agreed conference meets", ru="Согласованная встреча"),
    "discovery": Bilingual(en="A hidden deployment is found", ru="Обнаружено тайное размещение"),
}


def _consent(heard: Heard, st: Structure, told: Record, event: Event) -> list[Asked]:
    """What the other side said to a proposal."""
    rows, row = answers.consent_rows(st), row_of(event, st)
    if row not in rows:
        return []
    at = int(np.flatnonzero(rows == row)[0])
    mask, asked, utility = (part[at] for part in heard.forced["consent"])
    who = st.scenario.actors[event.target].name
    title = Bilingual(en=f"The answer of {who.en}", ru=f"Ответ: {who.ru}")
    return [_flat(title, list(YES_NO), mask, utility, int(told.consent[event.month, at]), bool(asked > 0.5))]


def _forced(heard: Heard, st: Structure, told: Record, event: Event) -> list[Asked]:
    names = [REPLIES[word] for word in ANSWERS[event.decision]]
    mask, asked, utility = heard.forced[event.decision]
    answered = getattr(told, event.decision)[event.month]
    return [
        _flat(KINDS[event.decision], names, mask[b], utility[b], int(answered[b]), bool(asked[b] > 0.5))
        for b in _places(st, event)
    ]


def _places(st: Structure, event: Event) -> list[int]:
    """Which questions of the batch are put to the entry's actor on its issue."""
    issue, seat = st.issues.index(event.issue), st.deciders.index(event.actor)
    if event.decision == "meeting":
        return [side * len(st.issues) + issue for side in (0, 1) if st.principals[issue, side] == seat]
    if event.decision == "deadline":
        return [int(np.flatnonzero(st.showdown == issue)[0])]
    authors, hosts = nature.secret_pairs(st)
    found = []
    for b, (author, host) in enumerate(zip(authors, hosts, strict=True)):
        at = st.host_issue[host]
        if at >= 0 and st.showdown[at] == issue and st.cen_dec[st.rival_centre[author]] == seat:
            found.append(b)
    return found


def _nature(heard: Heard, st: Structure, told: Record, event: Event) -> list[Asked]:
    """The hazard of an event of nature, and who could follow a leader who fell."""
    out, at = [], nature_index(event, st)
    if at >= 0:
        odds = float(heard.chance[at])
        chance = 1 / (1 + np.exp(-odds))
        title = Bilingual(en="Does it happen this month?", ru="Происходит ли это в этом месяце?")
        yes, no = YES_NO
        happens = Option(yes, "", allowed=True, utility=odds, probability=chance, chosen=True, flip=None)
        calm = Option(no, "", allowed=True, utility=0.0, probability=1 - chance, chosen=False, flip=odds)
        out.append(Asked(title, asked=True, options=[happens, calm], needed=max(-odds, 0.0)))
    if event.successor and event.on in st.deciders:
        seat = st.deciders.index(event.on)
        persons = [person.name for person in st.scenario.actors[event.on].leader]
        mask, asked, weight = (
            part[seat][: len(persons)] if part.ndim > 1 else part[seat] for part in heard.forced["succession"]
        )
        title = Bilingual(en="Who follows?", ru="Кто становится преемником?")
        out.append(_flat(title, persons, mask, weight, int(told.succession[event.month, seat]), bool(asked > 0.5)))
    return out


def _ladder(heard: Heard, st: Structure, told: Record, event: Event) -> list[Asked]:
    """How the crisis could end, in its equilibrium; ways of running summed."""
    crisis = st.scenario.crises[event.crisis or event.crisis_move]
    issue = st.issues.index(crisis.issue)
    if issue not in st.showdown:
        return []
    at = int(np.flatnonzero(st.showdown == issue)[0])
    _, asked, log = heard.forced["ladder"]
    ends = np.array([np.logaddexp.reduce(log[at][LINE_END == end]) for end in range(len(LADDER_ENDS))])
    title = Bilingual(en=f"The crisis: {crisis.name.en}", ru=f"Кризис: {crisis.name.ru}")
    return [
        _flat(
            title,
            [ENDS[end] for end in LADDER_ENDS],
            np.ones(len(ends)),
            ends,
            LADDER_ENDS.index(crisis.outcome),
            bool(asked[at] > 0.5),
        )
    ]


# ---- what the seat knew ----


def _leader(heard: Heard, st: Structure, seat: int) -> Bilingual:
    people = st.scenario.actors[st.deciders[seat]].leader
    return people[int(np.argmax(heard.view.public.leader[seat][: len(people)]))].name


def _figures(heard: Heard, st: Structure, seat: int, event: Event) -> list[Figure]:
    """The key figures of the seat's view: its own, and those of the issue and target in question."""
    known = {k: np.asarray(v) for k, v in views.of(heard.view, st, seat).items()}
    rival = st.scenario.actors[st.centres[st.rival_centre[seat]]].name
    out = [
        _figure("own ICBM launchers", "свои МБР", np.expm1(known["own_missiles"])),
        _figure(
            f"ICBM launchers it believes {rival.en} to have",
            f"МБР противника ({rival.ru}), по её оценке",
            np.expm1(known["rival_missiles"]),
        ),
        _figure(
            "strategic leverage as the world sees it", "стратегический вес в глазах мира", known["leverage"], "0–1"
        ),
        _figure(
            "strategic leverage as it knows it", "стратегический вес, известный ей самой", known["real_leverage"], "0–1"
        ),
        _figure("standing of the leader", "прочность положения лидера", known["standing"], "0–1"),
        _figure("fear of war", "страх войны", known["fear"], "0–1"),
        _figure("unrest at home", "волнения в стране", known["public.unrest"][st.dec[seat]], "0–1"),
    ]
    return [*out, *_towards(known, st, event), *_about(known, st, seat, event)]


def _towards(known: dict[str, Floats], st: Structure, event: Event) -> list[Figure]:
    if not event.target:
        return []
    a, name = st.actors.index(event.target), st.scenario.actors[event.target].name
    out = [
        _figure(f"tension with {name.en}", f"напряжённость с: {name.ru}", known["tension"][a], "0–1"),
        _figure(f"affinity to {name.en}", f"близость к: {name.ru}", known["affinity"][a]),
    ]
    if event.target in st.deciders:
        d = st.deciders.index(event.target)
        out.append(_figure(f"trust in {name.en}", f"доверие к: {name.ru}", known["trust"][d], "0–1"))
        out.append(
            _figure(f"resolve it expects of {name.en}", f"ожидаемая решимость: {name.ru}", known["resolve"][d], "0–1")
        )
    return out


def _about(known: dict[str, Floats], st: Structure, seat: int, event: Event) -> list[Figure]:
    if not event.issue:
        return []
    i, name = st.issues.index(event.issue), st.scenario.issues[event.issue].name
    side = 0 if st.stake[i, st.dec[seat]] > 0 else 1
    left = float(known["public.deadline"][i])
    out = [
        _figure(
            f"{name.en}: status (1: as the changing side wants it)",
            f"{name.ru}: состояние (1: как хочет сторона перемен)",
            known["public.status"][i],
            "0–1",
        ),
        _figure(
            f"{name.en}: own commitment",
            f"{name.ru}: своя связанность словом",
            known["public.commitment"][i, side],
            "0–1",
        ),
        _figure(
            f"{name.en}: own share of local force", f"{name.ru}: своя доля силы на месте", known["local"][i], "0–1"
        ),
    ]
    return out + (
        [_figure(f"{name.en}: months to the deadline", f"{name.ru}: месяцев до срока", left)] if left < NEVER else []
    )


def _figure(en: str, ru: str, value: Any, unit: str = "") -> Figure:
    return Figure(Bilingual(en=en, ru=ru), float(value), unit)


# ---- on screen ----


def shown(found: Explanation, lang: str = "en") -> RenderableType:
    """The entry, the view, and every question with its options."""
    parts: list[RenderableType] = [Text(f"{found.date}  {found.event}", style="bold"), Text(found.text[lang])]
    if found.leader:
        parts.append(Text(said(lang, f"In office: {found.leader.en}", f"У власти: {found.leader.ru}")))
    if found.view:
        parts += [Text(said(lang, "\nWhat the seat knew", "\nЧто было известно"), style="bold"), _known(found, lang)]
    for question in found.questions:
        parts += [Text(f"\n{question.title[lang]}", style="bold"), *_asked(question, lang)]
    if found.transcript:
        head = said(lang, "\nThe crisis, move by move", "\nКризис ход за ходом")
        parts += [Text(head, style="bold"), *map(Text, found.transcript[lang])]
    return Group(*parts)


def _known(found: Explanation, lang: str) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for figure in found.view:
        table.add_row(Text(figure.name[lang]), f"{figure.value:.2f}", figure.unit)
    return table


def _asked(question: Asked, lang: str) -> list[RenderableType]:
    parts: list[RenderableType] = [_options(question, lang)]
    banned = sum(not o.allowed for o in question.options)
    if banned:
        parts.append(
            Text(
                said(
                    lang,
                    f"{len(question.options) - banned} rows allowed, {banned} not",
                    f"Допустимо строк: {len(question.options) - banned}, недопустимо: {banned}",
                )
            )
        )
    if not question.asked:
        parts.append(
            Text(
                said(
                    lang,
                    "In the replay this question did not come up in this month.",
                    "При воспроизведении этот вопрос в этом месяце не возник.",
                ),
                style="yellow",
            )
        )
    told = question.chosen
    if told and not told.allowed:
        parts.append(
            Text(
                said(
                    lang,
                    "The replayed World did not allow the recorded choice.",
                    "В воспроизведённом мире этот шаг был недопустим.",
                ),
                style="yellow",
            )
        )
    if turning(question, lang):
        parts.append(Text(turning(question, lang)))
    return parts


def turning(question: Asked, lang: str) -> str:
    """What would have flipped the recorded choice, in words; nothing where there was no other."""
    told, flip, best = question.chosen, question.flip, question.options[0]
    if not told or not flip or flip.flip is None:
        return ""
    rise = flip.flip
    rank = said(
        lang,
        f"The recorded choice ranks {question.rank} of {question.open}. ",
        f"Записанный выбор — {question.rank}-й из {question.open} по вероятности. ",
    )
    if best is told or best.flip is None:
        return rank + said(
            lang,
            f"The nearest rival: “{flip.name.en}”; {rise:+.2f} in its utility would have made it as likely.",
            f"Ближайший соперник: «{flip.name.ru}»; {rise:+.2f} к его полезности сделали бы его столь же вероятным.",
        )
    return rank + said(
        lang,
        f"The most likely was “{best.name.en}”; {best.flip:+.2f} in its utility, "
        f"or {question.needed:+.2f} in that of the recorded choice, would have put the two level.",
        f"Самым вероятным было «{best.name.ru}»; {best.flip:+.2f} к его полезности "
        f"или {question.needed:+.2f} к полезности записанного выбора уравняли бы оба.",
    )


def _options(question: Asked, lang: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for en, ru in (
        ("", ""),
        ("option", "вариант"),
        ("utility", "полезность"),
        ("probability", "вероятность"),
        ("to flip", "до перемены"),
    ):
        table.add_column(said(lang, en, ru), justify="left" if en in ("", "option") else "right")
    allowed = [o for o in question.options if o.allowed or o.chosen]
    kept = [o for k, o in enumerate(allowed) if k < TOP or o.chosen]
    for option in kept:
        flip = f"{option.flip:+.2f}" if option.flip is not None else ""
        style = "bold" if option.chosen else ""
        table.add_row(
            "→" if option.chosen else "",
            Text(option.name[lang]),
            f"{option.utility:.2f}",
            f"{option.probability:.2%}",
            flip,
            style=style,
        )
    if len(kept) < len(allowed):
        table.add_row(
            "",
            Text(
                said(
                    lang,
                    f"… {len(allowed) - len(kept)} more (--json has all)",
                    f"… ещё {len(allowed) - len(kept)} (все в --json)",
                )
            ),
        )
    return table
