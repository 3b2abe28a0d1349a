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

from detente import answers, menus, scenario
from detente.masks import allowed
from detente.scenario import Scenario
from detente.seats import preferences
from detente.seats.record import record
from detente.structure import NESTS, Structure
from detente.world import World, opening

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


def test_a_deed_rules_out_what_would_take_it_back_to_the_same_actor_by_the_same_seat(st: Structure) -> None:
    names = [row.name for row in st.rows]
    aid, cut, other = (names.index(f"ussr:{deed}") for deed in ("aid:albania", "cut-aid:albania", "cut-aid:romania"))
    barred = np.asarray(answers.shut(jnp.zeros((len(names), 1)).at[aid].set(1.0), st))[:, 0]
    assert barred[aid] == barred[cut] == 1.0
    assert barred[other] == 0.0
    seats = st.row_seat[np.flatnonzero(barred)]
    assert (seats == st.row_seat[aid]).all()
    for one in range(len(names)):
        for two in (int(row) for row in st.contrary[one] if row < len(names)):
            assert one in st.contrary[two]


def test_no_month_of_the_record_takes_back_what_it_does(st: Structure) -> None:
    for month in record(st).rows:
        for d in range(len(st.deciders)):
            done = [int(row) for row in month[:, d] if row >= 0]
            assert not any(two in st.contrary[one] for one in done for two in done)


def open_rows(st: Structure, world: World) -> set[str]:
    return {row.name for row, free in zip(st.rows, np.asarray(allowed(world, st))[:, 0], strict=True) if free > 0.5}


def test_who_has_what_he_wants_does_not_press_unless_the_other_demands(st: Structure) -> None:
    world, k = opening(st, 1), st.issues.index("west-berlin")
    show = "usa:show-force:west-berlin:ussr"
    calm = world._replace(issues=world.issues._replace(status=world.issues.status.at[k].set(0.05)))
    pressed = calm._replace(issues=calm.issues._replace(demand=calm.issues.demand.at[k, 0].set(1.0)))
    lost = calm._replace(issues=calm.issues._replace(status=calm.issues.status.at[k].set(0.5)))
    assert show not in open_rows(st, calm)
    assert show in open_rows(st, pressed)
    assert show in open_rows(st, lost)


def test_nobody_joins_a_centre_while_bound_to_one_of_the_other_camp(st: Structure) -> None:
    world = opening(st, 1)
    member, patron = st.actors.index("romania"), st.centres.index("ussr")
    free = world.bloc.alliance.at[patron, member].set(0.0)
    assert "romania:alliance:usa" not in open_rows(st, world)
    assert "romania:alliance:usa" in open_rows(st, world._replace(bloc=world.bloc._replace(alliance=free)))


def test_nobody_arms_a_government_that_leans_to_the_other_side(st: Structure) -> None:
    world = opening(st, 1)
    pole, member = st.centres.index("ussr"), st.actors.index("albania")
    away = world.influence.government.at[pole, member].set(0.1)
    assert "usa:arms:albania" not in open_rows(st, world)
    assert "usa:arms:albania" in open_rows(st, world._replace(influence=world.influence._replace(government=away)))
