"""A story tells every deed in both languages, in plain sentences with nothing left unfilled."""

from __future__ import annotations

import re

import pytest

from detente import nature, scenario, structure
from detente.deeds import LADDER_ENDS
from detente.ladder.tree import LINES, Line
from detente.report import story
from detente.report.annals import Deed, moves
from detente.report.words import Words, table
from detente.scenario import ANSWERS, DRAWN, GIVEN

SC = scenario.load()
ST = structure.structure(SC)
LANGS = ("en", "ru")
UNFILLED = re.compile(r"[{}<>\[\]|]|  | [.,;]")


@pytest.mark.parametrize("lang", LANGS)
def test_every_instrument_answer_ending_and_event_of_nature_has_a_sentence(lang: str) -> None:
    words = Words(SC, lang)
    paths = [("deed", name) for name in SC.instruments]
    paths += [("answer", kind, answer) for kind, answers in ANSWERS.items() for answer in answers]
    paths += [("ladder", end) for end in LADDER_ENDS] + [("nature", kind) for kind in (*DRAWN, *GIVEN)]
    assert [path for path in paths if not words.pattern(*path)] == []


def test_every_actor_and_issue_of_the_scenario_has_words() -> None:
    assert set(table()["actor"]) >= set(SC.actors)
    assert set(table()["issue"]) >= set(SC.issues)
    assert all(len(entry["ru"].split("|")) == 6 for entry in table()["actor"].values())


@pytest.mark.parametrize("lang", LANGS)
def test_every_menu_row_is_told_with_nothing_left_unfilled(lang: str) -> None:
    words = Words(SC, lang)
    for row in ST.rows:
        deed = Deed(0, ("deed", row.instrument), row.seat, row.target, issue=row.issue, reply="accepted")
        text = story.phrase([deed], words)[0].text
        assert not UNFILLED.search(text), text
        assert text[0].isupper() or not text[0].isalpha(), text


@pytest.mark.parametrize("lang", LANGS)
def test_every_event_of_nature_is_told_with_nothing_left_unfilled(lang: str) -> None:
    words = Words(SC, lang)
    from detente.report.annals import natural

    for name in nature.names(ST).all:
        text = story.phrase([natural(0, name)], words)[0].text
        assert not UNFILLED.search(text), text


@pytest.mark.parametrize("lang", LANGS)
def test_verbs_agree_with_one_and_with_many(lang: str) -> None:
    words = Words(SC, lang)
    one = words.sentence("{A} <goes/go>", {"A": ["cuba"]}, {})
    many = words.sentence("{A} <goes/go>", {"A": ["cuba", "india"]}, {})
    assert one.endswith("goes")
    assert many.endswith("go")


def test_russian_names_stand_in_their_cases() -> None:
    deed = Deed(0, ("deed", "aid"), "ussr", "egypt")
    more = Deed(0, ("deed", "aid"), "ussr", "india")
    assert story.phrase([deed, more], Words(SC, "ru"))[0].text == "СССР предоставляет Египту и Индии помощь или кредит."


@pytest.mark.parametrize("lang", LANGS)
def test_the_record_is_told_in_the_same_words_and_can_hide_its_dates(lang: str) -> None:
    months = story.tell_record(SC, lang, dates=False)
    text = story.story_text(months, lang)
    assert len(months) == 144
    assert not re.search(r"\b19[56]\d\b", text)
    assert sum(len(m.told) for m in months) > 300


def test_the_record_in_its_own_words_keeps_every_entry() -> None:
    told = {s.text for m in story.tell_record(SC, "en", same_words=False) for s in m.told}
    assert all(event.text.en in told for event in SC.chronicle)


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        (
            "en",
            (
                "The Soviet Union holds firm, the United States presses, the Soviet Union offers terms in vain, "
                "the United States backs down."
            ),
        ),
        ("ru", "СССР стоит на своём, США давят, СССР тщетно предлагает условия, США отступают."),
    ],
)
def test_a_ladder_is_told_move_by_move(lang: str, told: str) -> None:
    line = Line(("hold", "press", "offer", "back-down"), "challenger-backs-down", 1)
    plays = moves(line, "usa", "ussr")
    deed = Deed(117, ("ladder", line.end), "usa", "ussr", issue="cuba", plays=plays)
    assert story.phrase([deed], Words(SC, lang))[0].text.endswith(told)


@pytest.mark.parametrize("lang", LANGS)
def test_every_way_a_ladder_can_run_is_told_with_nothing_left_unfilled(lang: str) -> None:
    for line in LINES:
        deed = Deed(0, ("ladder", line.end), "usa", "ussr", issue="cuba", plays=moves(line, "usa", "ussr"))
        text = story.phrase([deed], Words(SC, lang))[0].text
        assert not UNFILLED.search(text), text
    assert moves(Line(("offer",), "settled", 0), "usa", "ussr") == (("ussr", "offer"),)
