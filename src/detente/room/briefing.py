"""What a seat is shown: plain data, built from nothing but what that seat may know.

`Known` is the door: everything in it is either public, the seat's own, or was sent to it. The builders read `Known` and
the scenario and nothing else, so that what they hand out cannot tell more. Texts are pairs `{"en": …, "ru": …}` until
`spoken` takes one language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from detente import views
from detente.answers import consent_rows
from detente.explain import KINDS, REPLIES, row_name
from detente.nature import secret_pairs
from detente.report.story import phrase
from detente.report.words import Words
from detente.resume import Heard
from detente.room import aims, deeds
from detente.room.exercise import ANSWER, CRISIS, HUMAN, PLAN, Exercise, Letter, Stage
from detente.room.kernel import Kernel
from detente.scenario import LANGUAGES, SLOTS, Bilingual, month_name
from detente.seats import human
from detente.structure import NESTS
from detente.world import NEVER

RECENT = 3
"""Months of public events in a brief."""
FIELDS = (
    ("own_missiles", "own ICBM launchers", "свои МБР", "launchers", "expm1"),
    ("rival_missiles", "ICBM launchers the rival is believed to have", "МБР соперника, по нашей оценке", "", "expm1"),
    ("bluff", "ICBM launchers the world believes our side to have", "МБР нашей стороны в глазах мира", "", "expm1"),
    ("leverage", "strategic leverage in the eyes of the world", "стратегический вес в глазах мира", "0–1", ""),
    ("real_leverage", "strategic leverage as we know it", "стратегический вес, известный нам", "0–1", ""),
    ("standing", "standing of the leader", "прочность положения руководителя", "0–1", ""),
    ("fear", "fear of war at home", "страх войны в стране", "0–1", ""),
)
"""A seat's own figures: field of the view, names, unit, transform."""
OWN_PUBLIC = (
    ("output", "output, billion 2011 dollars a year", "выпуск, млрд долларов 2011 г. в год", "", ""),
    ("surprise", "growth against what people expect", "рост против ожиданий людей", "", ""),
    ("conventional", "conventional forces", "обычные силы", "strongest of 1953 = 1", ""),
    ("bombers", "intercontinental bombers", "межконтинентальные бомбардировщики", "", ""),
    ("tests", "nuclear tests so far", "ядерных испытаний всего", "", ""),
    ("unrest", "unrest at home", "волнения в стране", "0–1", ""),
    ("threat", "how threatened we are", "насколько нам угрожают", "0–1", ""),
)
"""Public figures of the seat's own country, by the axis of actors."""
NEST_NAMES = {
    "pressure": Bilingual(en="Pressure", ru="Давление"),
    "conciliation": Bilingual(en="Conciliation", ru="Примирение"),
    "talk": Bilingual(en="Talk", ru="Слова"),
    "force": Bilingual(en="Forces and weapons", ru="Войска и вооружения"),
    "bloc": Bilingual(en="Allies and movement", ru="Союзники и движение"),
    "aid": Bilingual(en="Aid and trade", ru="Помощь и торговля"),
    "home": Bilingual(en="At home", ru="Дома"),
}
STEP_NAMES = {
    "press": Bilingual(en="press on, one rung up", ru="усилить нажим, на ступень выше"),
    "hold": Bilingual(en="hold firm", ru="стоять на своём"),
    "offer": Bilingual(en="offer a settlement", ru="предложить уладить"),
    "back-down": Bilingual(en="back down", ru="отступить"),
    "accept": Bilingual(en="accept", ru="согласиться"),
    "refuse": Bilingual(en="refuse", ru="отказать"),
    "war": Bilingual(en="it slips into war", ru="срыв в войну"),
    "on": Bilingual(en="it goes on", ru="продолжается"),
}


class Known(NamedTuple):
    """Everything that a seat's page is made of."""

    seat: str
    month: int
    stage: str  # the open stage's address
    kind: str
    asked: tuple[str, ...]  # the seat's own open questions
    knows: dict[str, NDArray[Any]]  # `views.of`
    mask: NDArray[Any]  # its own menu rows
    worth: NDArray[Any]  # ... and what each is worth to it
    questions: tuple[tuple[human.Question, NDArray[Any]], ...]  # put to it, with what each answer is worth
    ladders: tuple[Ladder, ...]  # on which it stands
    heard_of: tuple[deeds.Known, ...]  # deeds of earlier months, the last before the opening too, that it may know of
    letters: tuple[Letter, ...]  # that it has received or written
    announced: tuple[tuple[int, str], ...]
    holders: dict[str, str]
    hotlines: tuple[str, ...]
    aims: tuple[aims.Aim, ...]


class Ladder(NamedTuple):
    """A crisis as one of its sides sees it: public moves, its own part, and what it believes it is worth."""

    place: int
    issue: str
    challenger: str
    defender: str
    rung: int
    path: tuple[str, ...]
    options: tuple[str, ...]
    worth: float


def knows(heard: Heard, ex: Exercise, seat: str) -> dict[str, NDArray[Any]]:
    """What a seat knows this month, by field of the view."""
    whole = jax.tree.map(np.asarray, heard.view)
    found = views.of(whole, ex.st, ex.st.deciders.index(seat))
    return {name: np.asarray(value) for name, value in found.items()}


def known(ex: Exercise, seat: str) -> Known:
    """Take what one seat may know out of an exercise."""
    heard, s, d = ex.heard(), ex.state, ex.st.deciders.index(seat)
    own, seen = ex.st.seat_rows[d], knows(heard, ex, seat)
    stage = s.stage
    mine = tuple(stage.asked.get(seat, ())) if stage else ()
    put = [q for q in ex.questions() if q.id in mine] if stage and stage.kind == ANSWER else []
    ladders = [_ladder(ex, k, seat, mine) for k in ex.ladders() if s.paths and seat in ex.sides(k)]
    return Known(
        seat,
        s.month,
        stage.key if stage else "",
        stage.kind if stage else "",
        mine,
        seen,
        np.asarray(heard.mask[own]),
        np.asarray(heard.worth.rows[own]),
        tuple((q, np.asarray(getattr(heard.worth, q.kind)[q.place])) for q in put),
        tuple(ladders) if stage and stage.kind == CRISIS else (),
        tuple(one for one in ex.happened(max(ex.setup.first - RECENT, 0)) if one.by(seat)),
        tuple(one for one in s.letters if one.sender == seat) + tuple(ex.arrived(seat)),
        tuple(s.announced),
        {other: s.holders.get(other, "autopilot") for other in ex.st.deciders},
        tuple(other for other in ex.st.deciders if other != seat and ex.hotline(seat, other)),
        tuple(aims.aims(ex.kernel, ex.values, seen, d)),
    )


def _ladder(ex: Exercise, k: int, seat: str, mine: Sequence[str]) -> Ladder:
    heard, path = ex.heard(), ex.state.paths.get(k, [])
    challenger, defender = ex.sides(k)
    issue, d = int(ex.st.showdown[k]), ex.st.deciders.index(seat)
    side = 0 if ex.st.principals[issue, 0] == d else 1
    rung = int(heard.crises.start[k]) + sum(step == "press" for step in path)
    options = ex.due(k)[0].options if f"ladder:{k}" in mine else ()
    worth = float(heard.worth.showdown[k, side])
    return Ladder(k, ex.st.issues[issue], challenger, defender, rung, tuple(path), options, worth)


# ---- words ----
def both(text: Bilingual) -> dict[str, str]:
    """A text in both languages, as data."""
    return {"en": text.en, "ru": text.ru}


def pair(en: str, ru: str) -> dict[str, str]:
    """The same of two strings."""
    return {"en": en, "ru": ru}


def spoken(data: Any, lang: str) -> Any:
    """The same data in one language."""
    if isinstance(data, dict):
        if set(data) == set(LANGUAGES):
            return data[lang]
        return {key: spoken(value, lang) for key, value in data.items()}
    return [spoken(value, lang) for value in data] if isinstance(data, list | tuple) else data


def number(value: Any) -> float:
    """A figure as it is shown: four digits that count."""
    return float(f"{float(value):.4g}")


# ---- the brief ----
def brief(kernel: Kernel, k: Known) -> dict[str, Any]:
    """A seat's page as data."""
    sc = kernel.st.scenario
    return {
        "seat": k.seat,
        "name": both(sc.actors[k.seat].name),
        "leader": _leader(kernel, k, k.seat),
        "month": month_name(k.month),
        "stage": {"key": k.stage, "kind": k.kind, "asked": list(k.asked)},
        "aims": [{"end": a.end, "text": both(a.text), "weight": number(a.share), "met": number(a.met)} for a in k.aims],
        "figures": figures(kernel, k),
        "rivals": _rivals(kernel, k),
        "relations": _relations(kernel, k),
        "issues": _issues(kernel, k),
        "deadlines": _deadlines(kernel, k),
        "events": events(kernel, k.heard_of, k.month - RECENT),
        "letters": _letters(k),
        "announcements": [{"month": month_name(m), "text": text} for m, text in k.announced],
        "plan": _plan(kernel, k) if k.kind == PLAN and k.asked else None,
        "questions": [_question(kernel, k, q, worth) for q, worth in k.questions],
        "crises": [_crisis(kernel, one) for one in k.ladders],
        "writable": [
            {
                "seat": other,
                "name": both(sc.actors[other].name),
                "read": k.holders[other] == HUMAN,
                "at_once": other in k.hotlines,
            }
            for other in kernel.st.deciders
            if other != k.seat
        ],
    }


def _leader(kernel: Kernel, k: Known, seat: str) -> dict[str, str]:
    people = kernel.st.scenario.actors[seat].leader
    at = int(np.argmax(k.knows["public.leader"][kernel.st.deciders.index(seat)][: len(people)]))
    return both(people[at].name)


def figures(kernel: Kernel, k: Known) -> list[dict[str, Any]]:
    """A seat's own stocks and standing, and what its services believe of its rival, with their doubt."""
    st, d = kernel.st, kernel.st.deciders.index(k.seat)
    out = [
        _figure(name, en, ru, unit, np.expm1(k.knows[name]) if how else k.knows[name])
        for name, en, ru, unit, how in FIELDS
    ]
    rival = int(st.rival_centre[d])
    mean, doubt = float(k.knows["rival_missiles"]), float(np.sqrt(max(float(k.knows["doubt"][rival]), 0.0)))
    out[1] |= {"low": number(np.expm1(max(mean - 1.645 * doubt, 0.0))), "high": number(np.expm1(mean + 1.645 * doubt))}
    out[1]["of"] = both(st.scenario.actors[st.centres[rival]].name)
    own = int(st.dec[d])
    return out + [_figure(name, en, ru, unit, k.knows[f"public.{name}"][own]) for name, en, ru, unit, _ in OWN_PUBLIC]


def _figure(name: str, en: str, ru: str, unit: str, value: Any) -> dict[str, Any]:
    return {"id": name, "name": pair(en, ru), "unit": unit, "value": number(value)}


def _rivals(kernel: Kernel, k: Known) -> list[dict[str, Any]]:
    """What the seat believes of the other governments."""
    st = kernel.st
    return [
        {
            "seat": other,
            "name": both(st.scenario.actors[other].name),
            "leader": _leader(kernel, k, other),
            "resolve": number(k.knows["resolve"][n]),
            "concede": number(k.knows["concede"][n]),
            "trust": number(k.knows["trust"][n]),
        }
        for n, other in enumerate(st.deciders)
        if other != k.seat
    ]


def _relations(kernel: Kernel, k: Known) -> list[dict[str, Any]]:
    """Every other actor: how it stands to us as we feel it, and where it leans in public."""
    st = kernel.st
    return [
        {
            "actor": actor,
            "name": both(st.scenario.actors[actor].name),
            "tension": number(k.knows["tension"][n]),
            "affinity": number(k.knows["affinity"][n]),
            "output": number(k.knows["public.output"][n]),
            "unrest": number(k.knows["public.unrest"][n]),
            "leaning": {pole: number(k.knows["public.government"][p][n]) for p, pole in enumerate(st.poles)},
        }
        for n, actor in enumerate(st.actors)
        if actor != k.seat
    ]


def _issues(kernel: Kernel, k: Known) -> list[dict[str, Any]]:
    """What is in dispute, and the seat's own part in it."""
    st, own = kernel.st, kernel.st.dec[kernel.st.deciders.index(k.seat)]
    out = []
    for n, issue in enumerate(st.issues):
        stake = float(st.stake[n, own])
        deadline, meeting = float(k.knows["public.deadline"][n]), float(k.knows["public.meeting"][n])
        sides = [st.deciders[p] if p >= 0 else None for p in st.principals[n]]
        out.append(
            {
                "issue": issue,
                "name": both(st.scenario.issues[issue].name),
                "about": both(st.scenario.issues[issue].about),
                "side": "change" if stake > 0 else "keep" if stake < 0 else "none",
                "stake": number(k.knows["public.stake"][n][own]),
                "status": number(k.knows["public.status"][n]),
                "demands": [
                    side for side, there in zip(sides, k.knows["public.demand"][n], strict=True) if there > 0.5
                ],
                "deadline": number(deadline) if deadline < NEVER else None,
                "meeting": number(meeting) if meeting < NEVER else None,
                "settled": number(k.knows["public.treaty"][n]),
                "publicity": number(k.knows["public.publicity"][n]),
                "local": number(k.knows["local"][n]),
                "principals": sides,
            }
        )
    return sorted(out, key=lambda one: (k.seat not in one["principals"], -abs(one["stake"])))


def _deadlines(kernel: Kernel, k: Known) -> list[dict[str, Any]]:
    """Standing deadlines and agreed conferences of which the seat is a principal, the nearest first."""
    found = [i for i in _issues(kernel, k) if k.seat in i["principals"] and (i["deadline"] or i["meeting"])]
    return sorted(
        (
            {"issue": i["issue"], "name": i["name"], "kind": kind, "months": i[kind]}
            for i in found
            for kind in ("deadline", "meeting")
            if i[kind] is not None
        ),
        key=lambda line: line["months"],
    )


def events(kernel: Kernel, heard_of: Sequence[deeds.Known], since: int) -> list[dict[str, Any]]:
    """What became known, month by month from one on, the latest first."""
    out = []
    for month in sorted({one.deed.month for one in heard_of if one.deed.month >= since}, reverse=True):
        told: dict[str, list[Any]] = {}
        for lang in LANGUAGES:
            words = Words(kernel.st.scenario, lang)
            for secret in (False, True):
                these = [one.deed for one in heard_of if one.deed.month == month and one.public != secret]
                told.setdefault(lang, []).extend((s.text, s.kind, s.strong, secret) for s in phrase(these, words))
        lines = [
            {"text": pair(en[0], ru[0]), "kind": en[1], "strong": en[2], "secret": en[3]}
            for en, ru in zip(told["en"], told["ru"], strict=True)
        ]
        out.append({"month": month_name(month), "events": lines})
    return out


def _letters(k: Known) -> list[dict[str, Any]]:
    """Letters received and sent, each numbered by itself: a number of the log would count others' deeds."""
    received = sorted((one for one in k.letters if one.sender != k.seat), key=lambda one: (one.arrives, one.number))
    sent = sorted((one for one in k.letters if one.sender == k.seat), key=lambda one: one.number)
    return [_letter(one, f"r{n}") for n, one in enumerate(received)] + [
        _letter(one, f"s{n}", sent=True) for n, one in enumerate(sent)
    ]


def _letter(one: Letter, ident: str, *, sent: bool = False) -> dict[str, Any]:
    return {
        "id": ident,
        "from": one.sender,
        "to": one.to,
        "text": one.text,
        "about": one.about,
        "month": month_name(one.month),
        "sent": sent,
    }


def _plan(kernel: Kernel, k: Known) -> dict[str, Any]:
    """The menu: every row that is open, by family, with what it costs and what the seat's own staff thinks of it."""
    st, d = kernel.st, kernel.st.deciders.index(k.seat)
    own, rows = st.seat_rows[d], []
    for n in np.flatnonzero(k.mask > 0.5):
        row = st.rows[own.start + int(n)]
        instrument = st.scenario.instruments[row.instrument]
        rows.append(
            {
                "id": row.name,
                "name": both(row_name(st, own.start + int(n))),
                "nest": NESTS[st.row_nest[own.start + int(n)]],
                "instrument": row.instrument,
                "issue": row.issue,
                "target": row.target,
                "cost": instrument.cost,
                "publicity": instrument.publicity,
                "commitment": instrument.commitment,
                "finality": instrument.finality,
                "goldstein": instrument.goldstein,
                "deadline": instrument.deadline,
                "consent": instrument.consent,
                "secret": instrument.hidden,
                "worth": number(k.worth[n]) if np.isfinite(k.worth[n]) else None,
                "fatigue": number(k.knows["fatigue"][n]),
                "meaning": _meaning(instrument),
            }
        )
    rows.sort(key=lambda row: (row["worth"] is None, -(row["worth"] or 0.0)))
    nests = dict.fromkeys([*(row["nest"] for row in rows), *NESTS])  # to which the government leans most, first
    return {"slots": SLOTS, "nests": {nest: both(NEST_NAMES[nest]) for nest in nests}, "rows": rows}


def _meaning(instrument: Any) -> dict[str, str]:
    """What a move would mean, from its coordinates, in words."""
    parts = [
        (instrument.pressure >= 0.5, "strong pressure", "сильное давление"),
        (0.0 < instrument.pressure < 0.5, "some pressure", "некоторое давление"),
        (instrument.conciliation >= 0.5, "a large step towards the other", "большой шаг навстречу"),
        (0.0 < instrument.conciliation < 0.5, "a small step towards the other", "малый шаг навстречу"),
        (instrument.commitment >= 0.5, "ties our hands", "связывает нам руки"),
        (instrument.finality >= 0.5, "hard to take back", "трудно взять назад"),
        (instrument.deadline > 0, f"falls due in {instrument.deadline} months", f"срок – {instrument.deadline} мес."),
        (instrument.consent, "needs the other's consent", "нужно согласие другой стороны"),
        (instrument.hidden, "secret until found out", "тайно, пока не раскроют"),
        (instrument.cost >= 0.3, "costly", "дорого"),
        (instrument.cost < 0.0, "saves money", "сберегает средства"),
    ]
    said = [(en, ru) for there, en, ru in parts if there] or [("little more than words", "почти одни слова")]
    return pair("; ".join(en for en, _ in said), "; ".join(ru for _, ru in said))


def _question(kernel: Kernel, k: Known, q: human.Question, worth: NDArray[Any]) -> dict[str, Any]:
    """A forced Decision, its options and its default."""
    return {
        "id": q.id,
        "kind": q.kind,
        "title": _title(kernel, q),
        "default": q.default,
        "options": [
            {"id": one, "name": named(q.kind, one), "worth": number(value)}
            for one, value in zip(q.options, worth, strict=True)
        ],
    }


def named(kind: str, option: str) -> dict[str, str]:
    """An answer to a forced Decision, in words."""
    return both(STEP_NAMES[option] if kind == "consent" else REPLIES[option])


def _title(kernel: Kernel, q: human.Question) -> dict[str, str]:
    st, sc = kernel.st, kernel.st.scenario
    if q.kind == "consent":
        row = st.rows[consent_rows(st)[q.place]]
        what, who = row_name(st, consent_rows(st)[q.place]), sc.actors[row.seat].name
        return pair(f"{who.en} proposes: {what.en}", f"{who.ru} предлагает: {what.ru}")
    if q.kind == "discovery":
        author, host = (where[q.place] for where in secret_pairs(st))
        one, two = sc.actors[st.deciders[author]].name, sc.actors[st.actors[host]].name
        head = KINDS[q.kind]
        return pair(f"{head.en}: {one.en}, {two.en}", f"{head.ru}: {one.ru}, {two.ru}")
    issue = q.place % len(st.issues) if q.kind == "meeting" else int(st.showdown[q.place])
    name, head = sc.issues[st.issues[issue]].name, KINDS[q.kind]
    return pair(f"{head.en}: {name.en}", f"{head.ru}: {name.ru}")


def _crisis(kernel: Kernel, one: Ladder) -> dict[str, Any]:
    """A ladder: how it ran so far, where it stands, and what may be done."""
    sc = kernel.st.scenario
    return {
        "id": f"ladder:{one.place}",
        "issue": one.issue,
        "name": both(sc.issues[one.issue].name),
        "challenger": both(sc.actors[one.challenger].name),
        "defender": both(sc.actors[one.defender].name),
        "rung": one.rung,
        "path": _path(sc, one),
        "options": [{"id": option, "name": both(STEP_NAMES[option])} for option in one.options],
        "default": human.HOLD if human.HOLD in one.options else human.REFUSED,
        "worth": number(one.worth),
    }


def _path(sc: Any, one: Ladder) -> list[dict[str, str]]:
    """What was done on a ladder so far, each play with who made it; that it went on is said by what follows."""
    who = {"challenger": sc.actors[one.challenger].name, "defender": sc.actors[one.defender].name}
    out = []
    for n, step in enumerate(one.path):
        mover = human.turn(one.path[:n]).who
        if mover in who:
            name, what = who[mover], STEP_NAMES[step]
            out.append(pair(f"{name.en}: {what.en}", f"{name.ru}: {what.ru}"))
        elif step == human.WAR:
            out.append(both(STEP_NAMES[step]))
    return out


def before(seen: dict[str, Any] | None) -> dict[str, Any] | None:
    """The figures that a seat was shown in an earlier month, so that it can see what is new."""
    if seen is None:
        return None
    told = seen["data"]
    return {
        "month": told["month"],
        "figures": {line["id"]: line["value"] for line in told["figures"]},
        "tension": {line["actor"]: line["tension"] for line in told["relations"]},
        "status": {line["issue"]: line["status"] for line in told["issues"]},
        "demands": {line["issue"]: line["demands"] for line in told["issues"]},
    }


def shown(ex: Exercise, stage: Stage) -> list[tuple[str, Any]]:
    """What the seats of people are shown when a stage opens: kept with the log."""
    del stage
    return [(seat, brief(ex.kernel, known(ex, seat))) for seat in ex.humans()]


def public(ex: Exercise) -> dict[str, Any]:
    """What a watcher sees: public events, and nothing of any seat."""
    heard = [one for one in ex.happened() if one.public]
    stage = ex.state.stage
    return {
        "title": ex.setup.title,
        "month": month_name(ex.state.month),
        "stage": stage.kind if stage else "",
        "ended": ex.state.ended,
        "paused": ex.state.paused,
        "events": events(ex.kernel, heard, ex.setup.first),
        "announcements": [{"month": month_name(m), "text": text} for m, text in ex.state.announced],
    }
