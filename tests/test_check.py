"""What `detente check` finds: every fault of a scenario, where it is, and how to mend it."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from detente import check, console, scenario
from detente.scenario import citations, home_of
from detente.structure import structure

SHIPPED = home_of("coexistence")
load = cache(scenario.load)
EVENT = """
[[event]]
id = "{id}"
date = {date}
precision = "month"
actor = "{actor}"
instrument = "{instrument}"
{more}
text = {{ en = "A move.", ru = "Шаг." }}
sources = ["{source}"]
"""


@pytest.fixture(scope="session")
def usual() -> set[check.Problem]:
    """What is wrong with the shipped scenario anyway: each test asks what its own change adds."""
    return set(check.check("coexistence").problems)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "mine"))


@pytest.fixture
def added(mine: Path, usual: set[check.Problem]) -> Callable[[], list[check.Problem]]:
    return lambda: [p for p in check.check(str(mine)).problems if p not in usual]


def alter(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def move(**changes: str) -> str:
    plain = {
        "id": "a-move",
        "date": "1954-08-15",
        "actor": "usa",
        "instrument": "protest",
        "more": "",
        "source": cited(),
    }
    return EVENT.format(**plain | changes)


def cited() -> str:
    return next(key for key in citations(load("coexistence")) if key in load("coexistence").sources)


def test_the_shipped_scenario_has_no_problems():
    assert check.check("coexistence").problems == ()


def test_it_reports_menus_coverage_and_assumptions():
    found = check.check("coexistence")
    st = structure(load("coexistence"))
    assert sum(found.menus.values()) == found.rows == len(st.rows)
    assert found.entries == sum(found.years.values()) == sum(found.seats.values())
    assert found.early == sum(count for year, count in found.years.items() if int(year) < 1958)
    assert 0 < found.assumed < found.coefficients
    assert 2 / 3 <= found.unseen < 1


def test_a_missing_file_is_named(mine, added):
    (mine / "issues.toml").unlink()
    (problem,) = added()
    assert (problem.file, problem.wrong) == ("issues.toml", "it is missing")
    assert "detente new" in problem.mend


def test_bad_toml_is_named_with_its_line(mine, added):
    append(mine / "calendar.toml", "\n[[given]\n")
    assert any(p.file == "calendar.toml" and "no valid TOML" in p.wrong and "line" in p.wrong for p in added())


def test_an_unknown_key_is_named_and_the_nearest_known_one_told(mine, added):
    append(mine / "chronicle/1954.toml", move(more='traget = "ussr"'))
    assert any(p.key == "a-move.traget" and p.wrong == "unknown key" and "'target'" in p.mend for p in added())


def test_an_unknown_table_is_no_silence(mine, added):
    append(mine / "chronicle/1954.toml", '\n[[evnet]]\nid = "lost"\n')
    assert any(p.key == "evnet" and p.wrong == "unknown table" for p in added())


def test_a_wrong_type_shows_what_it_is(mine, added):
    append(mine / "chronicle/1954.toml", move(date='"August"'))
    assert any(p.key == "a-move.date" and "'August'" in p.wrong for p in added())


def test_every_fault_of_one_entry_is_told_at_once(mine, added):
    append(mine / "chronicle/1954.toml", move(date='"August"', more='traget = "ussr"\nwindow = -3'))
    assert {"a-move.date", "a-move.traget", "a-move.window"} <= {p.key for p in added()}


def test_a_file_that_nothing_reads_is_named(mine, added):
    (mine / "actor").mkdir()
    (mine / "actor" / "usa.toml").write_text("", encoding="utf-8")
    assert [p.file for p in added()] == ["actor/usa.toml"]


def test_an_id_given_twice_is_named(mine, added):
    first = next(iter(load("coexistence").chronicle))
    file = load("coexistence").chronicle.files[first.id]
    append(mine / "chronicle/1954.toml", move(id=first.id))
    assert any(
        p.key == first.id and "stands already" in p.wrong and file in (p.file, p.wrong.rpartition(" ")[2])
        for p in added()
    )


def test_a_date_outside_the_span_and_one_in_another_years_file(mine, added):
    append(mine / "chronicle/1954.toml", move(date="1066-10-14"))
    assert any(p.key == "a-move.date" and "1066" in p.wrong for p in added())
    append(mine / "chronicle/1954.toml", move(id="b-move", date="1955-10-14"))
    assert any(p.key == "b-move.date" and "is not in 1954" in p.wrong for p in added())


def test_an_actor_that_does_not_exist_and_the_nearest_that_does(mine, added):
    append(mine / "chronicle/1954.toml", move(actor="usra"))
    assert any(p.key == "a-move.actor" and "'usra'" in p.wrong and "did you mean" in p.mend for p in added())


def test_an_issue_that_waits_for_nothing_in_the_calendar(mine, added):
    alter(mine / "issues.toml", 'begins_with = "independence-june-1960"', 'begins_with = "independence-june-1961"')
    (problem,) = [p for p in added() if p.file == "issues.toml"]
    assert problem.key == "issue.congo.begins_with"
    assert "independence-june-1960" in problem.mend


def test_unknown_actors_are_found_everywhere_at_once(mine, added):
    append(mine / "chronicle/1954.toml", move(actor="atlantis"))
    append(mine / "chronicle/1957.toml", move(id="b-move", date="1957-01-15", actor="lemuria"))
    alter(mine / "calendar.toml", 'on = "', 'on = "mu-')
    wrong = " ".join(p.wrong for p in added())
    assert all(word in wrong for word in ("atlantis", "lemuria", "mu-"))


def test_a_source_that_is_not_declared(mine, added):
    append(mine / "chronicle/1954.toml", move(source="nobody1999"))
    assert any("'nobody1999'" in p.wrong and "not declared" in p.wrong for p in added())


def test_a_source_that_nothing_cites(mine, added):
    path = sorted(mine.glob("sources*.toml"))[0]
    append(path, '\n[source.idle1999]\nauthor = "Idle"\ntitle = "Unread"\nyear = 1999\nkind = "book"\n')
    assert [(p.file, p.key, p.wrong) for p in added()] == [(path.name, "source.idle1999", "nothing cites this work")]


def copied(mine: Path, old: str, new: str, more: str) -> None:
    """Add an instrument that is like another but for its name and one line."""
    text = (mine / "instruments.toml").read_text(encoding="utf-8")
    block = text.partition(f"[instrument.{old}]")[2].partition("\n[instrument.")[0]
    append(mine / "instruments.toml", f"\n[instrument.{new}]{block.rstrip()}\n{more}\n")


def test_an_instrument_in_no_seats_menu(mine, added):
    copied(mine, "close-border", "idle", 'needs = ["launcher"]')
    assert [(p.key, p.wrong) for p in added()] == [("idle", "this instrument stands in no seat's menu")]


def test_an_instrument_that_needs_an_issue_and_has_none(mine, added):
    copied(mine, "protest", "loose", "")
    assert any(p.key == "loose" and "no issue lists it" in p.wrong for p in added())


def test_a_move_that_is_no_row_of_its_seats_menu(mine, added):
    append(mine / "chronicle/1954.toml", move(more='target = "usa"'))
    assert any(p.key == "a-move" and "no menu row" in p.wrong and "Rows of this instrument" in p.mend for p in added())


def test_a_month_with_more_moves_than_slots(mine, added):
    rows = [
        row
        for row in structure(load("coexistence")).rows
        if row.seat == "romania" and not load("coexistence").instruments[row.instrument].consent
    ][:4]
    for k, row in enumerate(rows):
        more = "".join(f'{key} = "{value}"\n' for key, value in (("issue", row.issue), ("target", row.target)) if value)
        append(
            mine / "chronicle/1954.toml", move(id=f"move-{k}", actor="romania", instrument=row.instrument, more=more)
        )
    assert any(p.key == "romania 1954-08" and "of 3 slots" in p.wrong for p in added())


def test_a_forced_answer_that_nobody_could_be_asked_for(mine, added):
    entry = move(instrument="", more='decision = "deadline"\nanswer = "drop"\nissue = "west-berlin"', actor="albania")
    append(mine / "chronicle/1954.toml", entry)
    assert any(p.key == "a-move.actor" and "not put to albania" in p.wrong for p in added())


def test_problems_are_shown_with_their_count_in_both_languages(mine):
    append(mine / "chronicle/1954.toml", move(source="nobody1999"))
    found = check.check(str(mine))
    for lang, word in (("en", "problem"), ("ru", "Ошибок")):
        screen = console.screen()
        with screen.capture() as kept:
            screen.print(check.shown(found, lang))
        assert word in kept.get()
        assert "nobody1999" in kept.get()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('carried_by = "bloc.quarrel"', 'carried_by = "bloc.quarel"', "did you mean 'bloc.quarrel'?"),
        ('without = ["partial-test-ban"]', 'without = ["partial-test-bann"]', "did you mean 'partial-test-ban'?"),
        ("[[claim]]", "[[claim", "no valid TOML"),
    ],
)
def test_a_claim_that_cannot_be_read_is_a_problem(
    mine: Path, added: Callable[[], list[check.Problem]], old: str, new: str, said: str
) -> None:
    alter(mine / "claims" / "movement.toml", old, new)
    (problem,) = added()
    assert problem.file == "claims/movement.toml"
    assert said in problem.wrong
