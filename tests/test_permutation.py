"""No actor is special by its place or its name: permuted and renamed with all structure, the system does the same."""

from __future__ import annotations

import re
from typing import Any

import jax
import numpy as np
import pytest
from pydantic import BaseModel

from detente import answers, laws, nature, series, structure
from detente.scenario import Scenario
from detente.seats.record import record
from detente.structure import Structure
from detente.world import AXES
from fixtures_kernel import WORLDS, Kernel, compiled, drawn

MONTHS = 3
OF_ACTORS = {"A", "D", "P"}
NAMES = {
    "said": lambda st: [st.rows[i].name for i in answers.consent_rows(st)],
    "nature": lambda st: list(nature.names(st).all),
    "successor": lambda st: list(st.deciders),
    "meeting": lambda st: list(answers.meeting_names(st)),
    "deadline": lambda st: [st.issues[k] for k in st.showdown],
    "ladder": lambda st: [st.issues[k] for k in st.showdown],
    "discovery": lambda st: [n.removeprefix("discovery:") for n in nature.names(st).all if n.startswith("discovery:")],
}
"""What the choices of a month are called, by field of a Trace."""


def alias(name: str) -> str:
    """Another id of the same length class that says nothing: letters turned, a sign in front."""
    return "q" + name.translate(str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm"))


def renaming(value: Any, table: dict[str, str], only: bool = True) -> Any:
    """The same data under other ids; `only` says whether a bare string here is an id at all."""
    if isinstance(value, BaseModel):
        fields = {k: renaming(getattr(value, k), table, k in ID_FIELDS) for k in type(value).model_fields}
        extra = {table.get(k, k): v for k, v in (value.model_extra or {}).items()}
        return type(value).model_construct(**fields, **extra)
    if isinstance(value, dict):
        return {table.get(k, k): renaming(v, table, only) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(renaming(v, table, only) for v in value)
    return table.get(value, value) if only and isinstance(value, str) else value


ID_FIELDS = set(
    "id camp neighbours garrisons open_border_to stakes actors actor target on towards accepted_by refused_by also "
    "challenger defender".split()
)
"""Fields of the scenario's models whose strings are ids of actors (an id of something else is left as it is)."""


def renamed(sc: Scenario, table: dict[str, str]) -> Scenario:
    """Actors under other ids everywhere that an id is used."""
    out = renaming(
        sc.model_copy(update={"laws": {}, "sources": {}, "instruments": {}, "issues": {}, "series": {}}), table
    )
    issues = {
        key: issue.model_copy(
            update={
                "stakes": {table.get(a, a): s for a, s in issue.stakes.items()},
                "government": table.get(issue.government, issue.government),
            }
        )
        for key, issue in sc.issues.items()
    }
    told = {key: entry.model_copy(update=_places(entry, table)) for key, entry in sc.series.items()}
    shocks = {
        ".".join(table.get(part, part) for part in key.split(".")): value for key, value in sc.chronicle.shocks.items()
    }
    events = {
        key: event.model_copy(
            update={
                f: renaming(getattr(event, f), table)
                for f in ("actor", "target", "on", "towards", "accepted_by", "refused_by", "also")
            }
        )
        for key, event in sc.chronicle.events.items()
    }
    chronicle = sc.chronicle.model_copy(update={"events": events, "shocks": shocks})
    calendar = {
        key: given.model_copy(update={"on": table.get(given.on, given.on)}) for key, given in sc.calendar.items()
    }
    same = {"laws": sc.laws, "sources": sc.sources, "instruments": sc.instruments, "calendar": calendar}
    return out.model_copy(update=same | {"issues": issues, "series": told, "chronicle": chronicle})


def _places(entry: Any, table: dict[str, str]) -> dict[str, Any]:
    axes = AXES[entry.path]

    def term(words: list[str]) -> list[str]:
        return [table.get(w, w) if axis in OF_ACTORS else w for w, axis in zip(words, axes, strict=True)]

    return {"of": term(entry.of), "plus": [term(words) for words in entry.plus]}


def reversed_order(sc: Scenario) -> Scenario:
    """The same actors, the last first: of any two that tie, the other now comes first."""
    return sc.model_copy(update={"actors": dict(reversed(sc.actors.items()))})


@pytest.fixture(scope="module")
def table(coexistence: Scenario) -> dict[str, str]:
    return {actor: alias(actor) for actor in coexistence.actors}


@pytest.fixture(scope="module")
def other(coexistence: Scenario, table: dict[str, str]) -> Structure:
    """The scenario with its actors in reverse order and under other names."""
    return structure.structure(renamed(reversed_order(coexistence), table))


def plain(name: str, table: dict[str, str]) -> str:
    """A compound name with the old ids of the actors."""
    back = {new: old for old, new in table.items()}
    return "".join(back.get(part, part) for part in re.split(r"([:.])", name))


def test_the_other_scenario_shares_no_id_with_the_shipped_one(st: Structure, other: Structure) -> None:
    assert not set(st.actors) & set(other.actors)
    assert len(st.actors) == len(other.actors)


def test_menus_are_the_same_under_other_names_and_in_another_order(
    st: Structure, other: Structure, table: dict[str, str]
) -> None:
    ours, theirs = {row.name for row in st.rows}, {plain(row.name, table) for row in other.rows}
    assert ours - theirs == set()
    assert theirs - ours == set()


@pytest.mark.parametrize("axis", ["principals", "rival_centre", "leader_of_camp", "host_issue", "drains"])
def test_positions_of_seats_and_actors_do_not_hang_on_their_order(
    st: Structure, other: Structure, table: dict[str, str], axis: str
) -> None:
    def read(s: Structure) -> dict[str, Any]:
        value = getattr(s, axis)
        words = {
            "principals": (s.issues, s.deciders),
            "rival_centre": (s.deciders, s.centres),
            "leader_of_camp": (s.deciders, s.centres),
            "host_issue": (s.actors, [s.issues[k] for k in s.showdown]),
            "drains": (s.actors, s.issues),
        }[axis]
        named = {
            key: [words[1][k] if k >= 0 else "" for k in np.atleast_1d(v)]
            for key, v in zip(words[0], value, strict=True)
        }
        return {plain(key, table): [plain(word, table) for word in line] for key, line in named.items()}

    assert read(st) == read(other)


def test_the_record_says_the_same_of_actors_under_other_names(
    st: Structure, other: Structure, table: dict[str, str]
) -> None:
    one, two = record(st), record(other)
    place = {plain(d, table): k for k, d in enumerate(other.deciders)}
    turn = [place[d] for d in st.deciders]
    ours, theirs = named_moves(st, one.rows[..., None], {}), named_moves(other, two.rows[..., None], table)
    assert (ours == theirs[:, :, turn]).all()
    events = [plain(name, table) for name in nature.names(other).all]
    index = [events.index(name) for name in nature.names(st).all]
    np.testing.assert_array_equal(one.nature, two.nature[:, index])


def named_moves(s: Structure, moves: np.ndarray, table: dict[str, str]) -> np.ndarray:
    """Row numbers → names, "" for routine."""
    names = np.array([plain(row.name, table) for row in s.rows] + [""])
    return names[moves]


@pytest.fixture(scope="module")
def runs(kernel: Kernel, other: Structure, table: dict[str, str]) -> tuple[list[Any], list[Any]]:
    """Traces of the shipped scenario and of the other, month by month, with the same laws and the same luck."""
    with jax.enable_x64(new_val=True):
        tree = drawn(kernel.st.scenario)
    twin = compiled(other, lambda name: plain(name, table))
    return kernel.run(MONTHS, tree)[1], twin.run(MONTHS, tree)[1]


def test_the_same_laws_are_drawn_whatever_the_actors_are_called(st: Structure, other: Structure) -> None:
    ours, theirs = laws.draw(st.scenario, 1), laws.draw(other.scenario, 1)
    assert all((ours[name] == theirs[name]).all() for name in ours | theirs)


def test_every_seat_makes_the_same_moves(runs: Any, st: Structure, other: Structure, table: dict[str, str]) -> None:
    theirs_order = [plain(d, table) for d in other.deciders]
    turn = [theirs_order.index(d) for d in st.deciders]
    for month, (a, b) in enumerate(zip(*runs, strict=True)):
        ours, theirs = named_moves(st, a.moves, {}), named_moves(other, b.moves, table)[:, turn]
        wrong = np.argwhere(ours != theirs)
        said = [(st.deciders[d], f"world {w}", ours[s, d, w], theirs[s, d, w]) for s, d, w in wrong[:5]]
        assert not len(wrong), f"month {month}: {len(wrong)} moves differ, as {said}"
    assert (runs[0][0].moves >= 0).any()


@pytest.mark.parametrize("field", NAMES)
def test_forced_answers_and_nature_are_the_same(
    runs: Any, st: Structure, other: Structure, table: dict[str, str], field: str
) -> None:
    ours, theirs = NAMES[field](st), [plain(name, table) for name in NAMES[field](other)]
    assert sorted(ours) == sorted(theirs)
    index = [theirs.index(name) for name in ours]
    for a, b in zip(*runs, strict=True):
        np.testing.assert_array_equal(getattr(a, field), getattr(b, field)[index])


def test_named_series_agree_within_a_hundred_thousandth(runs: Any, st: Structure) -> None:
    names = series.declared(st).names
    for month, (a, b) in enumerate(zip(*runs, strict=True)):
        assert a.series.shape == (len(names), WORLDS)
        gap = np.abs(a.series - b.series) / np.maximum(1.0, np.abs(a.series))
        worst = {names[k]: float(gap[k].max()) for k in np.argsort(-gap.max(axis=1))[:5] if gap[k].max() > 1e-5}
        assert not worst, f"month {month}: {worst}"
