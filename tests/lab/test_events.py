"""The kind of a recorded event is found in its window, where it counts, and nowhere else."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from detente import answers, nature, scenario, structure
from detente.lab import events, observed, prior
from detente.lab.tables import alive
from detente.ladder.tree import typical
from detente.seats.record import nature_index, row_of

SC = scenario.load("coexistence")
ST = structure.structure(SC)
MONTHS = 144


def silent(worlds=2, months=MONTHS):
    sizes = {
        "said": len(answers.consent_rows(ST)),
        "successor": len(ST.deciders),
        "meeting": 2 * len(ST.issues),
        "deadline": len(ST.showdown),
        "discovery": len(nature.secret_pairs(ST)[0]),
        "ladder": len(ST.showdown),
    }
    out = {name: np.full((worlds, months, n), -1, np.int8) for name, n in sizes.items()}
    out["moves"] = np.full((worlds, months, 3, len(ST.deciders)), -1, np.int16)
    out["ladder"] = out["ladder"].astype(np.int16)
    out["nature"] = np.zeros((worlds, months, len(nature.names(ST).all)), np.int8)
    return out


def share(event, arrays, months=MONTHS):
    found = {e["id"]: e["probability"] for e in events.shares(ST, months, [arrays])}
    return found[event]


def put(event, arrays, month, world=0):
    entry = SC.chronicle.events[event]
    row = row_of(entry, ST)
    arrays["moves"][world, month, 1, ST.deciders.index(entry.actor)] = row
    return row, entry


def test_every_entry_outside_crises_is_there_once():
    found = [e["id"] for e in events.shares(ST, MONTHS, [silent()])]
    assert sorted(found) == sorted(e.id for e in SC.chronicle if not e.crisis_move)


def test_entries_after_the_last_month_are_left_out():
    found = {e["id"] for e in events.shares(ST, 12, [silent(months=12)])}
    assert found == {e.id for e in SC.chronicle if not e.crisis_move and e.date.year == 1953}


@pytest.mark.parametrize(("shift", "expected"), [(0, 0.5), (12, 0.5), (-12, 0.5), (13, 0.0), (-13, 0.0)])
def test_a_move_counts_within_its_window_only(shift, expected):
    arrays = silent()
    entry = SC.chronicle.events["secret-speech"]
    put("secret-speech", arrays, entry.month + shift)
    assert entry.window == 12
    assert share("secret-speech", arrays) == expected


def test_the_same_row_of_another_seat_does_not_count():
    arrays = silent()
    row, entry = put("secret-speech", arrays, 40)
    arrays["moves"][:] = -1
    arrays["moves"][0, entry.month, 0, ST.deciders.index("albania")] = row
    assert share("secret-speech", arrays) == 0


def test_an_accepted_proposal_counts_only_where_it_is_accepted():
    arrays = silent(4)
    b = list(answers.consent_rows(ST)).index(row_of(SC.chronicle.events["camp-david"], ST))
    for world in (0, 1, 2):
        _, entry = put("camp-david", arrays, SC.chronicle.events["camp-david"].month, world)
    arrays["said"][0, entry.month, b] = 0
    arrays["said"][1:3, entry.month, b] = 1
    assert share("camp-david", arrays) == 0.25


def test_a_refused_proposal_counts_wherever_it_is_made():
    arrays = silent()
    refused = next(e for e in SC.chronicle if e.refused_by and not e.accepted_by and e.target in ST.deciders)
    put(refused.id, arrays, refused.month)
    assert share(refused.id, arrays) == 0.5


def test_an_event_of_nature_counts_by_its_name():
    arrays = silent()
    entry = SC.chronicle.events["first-icbm"]
    arrays["nature"][1, entry.month + 3, nature_index(entry, ST)] = 1
    assert share("first-icbm", arrays) == 0.5


def test_forced_answers_count_by_seat_issue_and_answer():
    arrays = silent()
    german = ST.issues.index("german-settlement")
    side = list(ST.principals[german]).index(ST.deciders.index("ussr"))
    month = SC.chronicle.events["paris-summit-fails"].month
    arrays["meeting"][0, month, side * len(ST.issues) + german] = 1
    assert share("paris-summit-fails", arrays) == 0.5
    arrays["meeting"][0, month, side * len(ST.issues) + german] = 0
    arrays["meeting"][0, month, (1 - side) * len(ST.issues) + german] = 1
    assert share("paris-summit-fails", arrays) == 0


def test_nothing_counts_after_a_war():
    arrays = silent()
    entry = SC.chronicle.events["first-icbm"]
    arrays["nature"][:, entry.month, nature_index(entry, ST)] = 1
    arrays["ladder"][0, entry.month - 1, 0] = typical("war", 2)
    arrays["ladder"][1, entry.month, 0] = typical("war", 2)
    assert share("first-icbm", arrays) == 0.5
    assert alive(arrays["ladder"]).sum(axis=1).tolist() == [entry.month, entry.month + 1]


# Coverage of what was measured


def ensemble(worlds=200, months=24):
    rng = np.random.default_rng(1)
    arrays = silent(worlds, months)
    values = {name: rng.normal(10, 2, (worlds, months)).astype(np.float32) for name in SC.series}
    return SimpleNamespace(
        structure=ST,
        months=months,
        month_names=[scenario.month_name(m) for m in range(months)],
        series=values,
        values=values.__getitem__,
        alive=alive(arrays["ladder"]),
        pieces=lambda: iter([arrays]),
    )


def test_crps_agrees_with_its_definition():
    x = np.random.default_rng(2).normal(size=50)
    expected = np.abs(x - 0.3).mean() - np.abs(x[:, None] - x[None, :]).mean() / 2
    assert prior.crps(x, 0.3) == pytest.approx(expected)


def test_every_observed_series_has_a_row_and_those_without_counterpart_no_score():
    rows = prior.coverage(ensemble())
    assert [r.series for r in rows] == [s for e in observed.catalogue().values() for s in e.model_series]
    by_name = {r.series: r for r in rows}
    assert by_name["trade_ussr.romania"].coverage is None
    assert 0 <= by_name["tension_usa_ussr"].coverage <= 1
    assert by_name["removals.albania"].coverage == 1
    assert by_name["removals.albania"].crps == 0
    assert by_name["warheads.usa"].coverage == 0
    assert by_name["warheads.usa"].points == 2
