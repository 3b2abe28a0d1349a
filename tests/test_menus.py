"""Menus come from structure: not from the record, and not from anybody's name."""

from __future__ import annotations

import ast
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from detente import menus, scenario
from detente.masks import allowed
from detente.scenario import Scenario
from detente.seats import preferences
from detente.seats.record import record
from detente.structure import NESTS, Structure
from detente.world import opening

PACKAGE = Path(menus.__file__).parent
READS_NAMES = ("lab/observed/", "lab/prior.py", "report/")
"""Where actors may be called by name: observed series are about them, and a report shows them in their colours."""


def bytes_of(sc: Scenario) -> bytes:
    return "\n".join(f"{row.name} {row!r}" for row in menus.menus(sc)).encode()


def test_emptying_the_chronicle_leaves_every_menu_byte_for_byte_the_same(coexistence: Scenario, tmp_path: Path) -> None:
    copy = tmp_path / "emptied"
    shutil.copytree(coexistence.root, copy)
    for file in (copy / "chronicle").iterdir():
        file.write_text("")
    emptied = scenario.load(str(copy))
    assert not emptied.chronicle.events
    assert coexistence.chronicle.events
    assert bytes_of(emptied) == bytes_of(coexistence)


def test_every_row_has_a_name_of_its_own(st: Structure) -> None:
    assert [name for name, times in Counter(row.name for row in st.rows).items() if times > 1] == []
    assert len(st.find) == len(st.rows)


def test_every_row_names_things_that_exist_and_never_its_own_seat(st: Structure) -> None:
    for row in st.rows:
        assert row.seat in st.deciders
        assert row.instrument in st.instruments
        assert row.issue in {"", *st.issues}
        assert row.target in {"", *st.actors} - {row.seat}, f"{row.name} is aimed at its author"


def test_rows_of_a_seat_stand_together(st: Structure) -> None:
    for d, own in enumerate(st.seat_rows):
        assert (st.row_seat[own] == d).all()
    assert sum(own.stop - own.start for own in st.seat_rows) == len(st.rows)


def test_no_seat_has_more_rows_than_the_limit_or_only_one_kind_of_deed(st: Structure) -> None:
    for d, own in enumerate(st.seat_rows):
        assert own.stop - own.start <= menus.MENU_LIMIT
        assert len(set(st.row_nest[own])) >= len(NESTS) - 2, f"{st.deciders[d]} knows too few kinds of deed"


def constants(path: Path) -> Iterator[tuple[int, str]]:
    """Strings that a module uses; prose that stands alone is not use."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def test_no_rule_calls_an_actor_by_name(coexistence: Scenario) -> None:
    names = set(coexistence.actors)
    named = []
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if not place.startswith(READS_NAMES):
            named += [f"{place}:{line}: {word!r}" for line, word in constants(path) if word in names]
    assert named == []


def test_no_rule_looks_at_the_spelling_of_a_name() -> None:
    """`startswith` on an id is a name in disguise; structure has its own fields."""
    spelled = []
    for place in ("menus.py", "masks.py", "structure.py", "views.py", "month.py"):
        for node in ast.walk(ast.parse((PACKAGE / place).read_text(encoding="utf-8"))):
            of_id = (
                isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "id"
            )
            if of_id and node.attr in ("startswith", "endswith", "find", "split"):
                spelled.append(f"{place}:{node.lineno}")
    assert spelled == []


def test_every_instrument_belongs_to_exactly_one_family(coexistence: Scenario) -> None:
    count = Counter(name for _, instruments in preferences.FAMILIES for name in instruments)
    assert {name: count[name] for name in coexistence.instruments if count[name] != 1} == {}
    assert set(count) <= set(coexistence.instruments), "a family of instruments that do not exist"


def test_every_instrument_stands_in_somebodys_menu_and_in_a_known_nest(st: Structure) -> None:
    assert {row.instrument for row in st.rows} == set(st.instruments)
    assert {entry.nest for entry in st.scenario.instruments.values()} == set(NESTS)


def test_at_least_two_thirds_of_the_rows_never_occur_in_the_record(st: Structure) -> None:
    told = record(st)
    used = set(told.rows[told.rows >= 0].tolist())
    assert used, "the record is empty"
    assert 1 - len(used) / len(st.rows) >= 2 / 3


def test_an_issue_is_led_on_each_side_by_one_who_has_a_stake_in_it(st: Structure) -> None:
    for k, (plus, minus) in enumerate(st.principals):
        assert plus < 0 or st.stake[k, st.dec[plus]] > 0, st.issues[k]
        assert minus < 0 or st.stake[k, st.dec[minus]] < 0, st.issues[k]


@pytest.mark.parametrize("instrument", ["demand", "ultimatum", "withdraw-demand", "extend-deadline"])
def test_demands_are_addressed_to_the_other_side(st: Structure, instrument: str) -> None:
    rows = st.where(instrument)
    assert len(rows)
    for i in rows:
        issue = st.row_issue[i]
        ours, theirs = st.stake[issue, st.dec[st.row_seat[i]]], st.stake[issue, st.row_target[i]]
        assert ours * theirs < 0, st.rows[i].name


def test_an_issue_that_an_independence_begins_cannot_be_raised_before_it(st: Structure) -> None:
    """Its rows open in the month after the calendar's event, with as much of the new states' people free."""
    (k,) = np.flatnonzero(st.awaited)
    rows = [n for n, row in enumerate(st.rows) if row.issue == st.issues[k]]
    born = st.scenario.calendar[st.scenario.issues[st.issues[k]].begins_with].month
    world = opening(st, 1)
    for month, may in ((born, False), (born + 1, True)):
        free = jnp.full_like(world.influence.independent, st.independence[:month].sum())
        then = world._replace(influence=world.influence._replace(independent=free))
        assert (np.asarray(allowed(then, st))[rows] > 0.5).any() == may
