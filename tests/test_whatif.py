"""Questions to the record: what is written is read right, and what is wrong ends as one clear sentence."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from detente import drive, laws, twin
from detente.lab import interventions, measures, whatif
from detente.lab.interventions import Cell
from detente.lab.store import RunError
from detente.ladder.tree import typical
from detente.scenario import MONTHS, Chronicle, parse_month
from detente.seats.record import record
from detente.structure import Structure, structure
from test_cli import detente, sentence

ULTIMATUM = "berlin-ultimatum-1958"


def refused(st: Structure, **written: object) -> str:
    with pytest.raises(RunError) as error:
        interventions.read(st, **written)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
    return str(error.value)


# ---- interventions ----
def test_without_takes_one_option_out_of_one_month(st: Structure) -> None:
    (one,) = interventions.read(st, without="berlin-wall")
    month = parse_month("1961-08")
    (cell,) = one.cells
    assert (cell.array, cell.first, cell.last, cell.way) == ("rows", month, month, -1)
    assert st.rows[cell.place[0]].instrument == "close-border"
    assert st.rows[cell.place[0]].seat == "gdr"


def test_an_event_of_nature_and_a_forced_answer_have_places_too(st: Structure) -> None:
    nature, forced = interventions.read(st, without=["u2-shootdown", "paris-summit-fails"])
    assert nature.cells[0].array == "nature"
    assert forced.cells[0].array == "meeting"


def test_forbid_closes_a_window_and_move_shifts(st: Structure) -> None:
    forbid, move = interventions.read(st, forbid=f"{ULTIMATUM}@1958-01..1959-12", move="vienna=1961-09")
    assert (forbid.first, forbid.cells[0].last) == (parse_month("1958-01"), parse_month("1959-12"))
    assert [cell.way for cell in move.cells] == [-1, 1]
    assert move.cells[1].first == parse_month("1961-09")


def test_with_names_a_move_by_parts_of_its_name(st: Structure) -> None:
    (one,) = interventions.read(st, with_="1960-06:ussr:ultimatum:berlin")
    assert one.cells == (Cell("rows", (st.find["ussr", "ultimatum", "west-berlin", "usa"],), 89, 89, 1),)


def test_a_coefficient_is_set_from_a_month_on_and_a_law_switched_off(st: Structure) -> None:
    one, two = interventions.read(st, set="nest.scale=0.9@1958-01", off="influence.example")
    assert one.turns == (("preferences.nest.scale", 0.9, 60),)
    assert {turn.coefficient.rpartition(".")[0] for turn in two.turns} == {"influence.example"}
    drawn = {name: np.arange(3.0) for name in laws.names(st.scenario)}
    altered = interventions.altered(drawn, (one, two))
    assert (altered["preferences.nest.scale"] == 0.9).all()
    np.testing.assert_array_equal(altered["nature.leak.base"], np.arange(3.0))


def test_interventions_become_arrays_and_leave_the_empty_ones_empty(st: Structure) -> None:
    none = twin.unchanged(st, twin.told_by(record(st)), len(laws.names(st.scenario)))
    found = interventions.read(st, without="berlin-wall", set="nest.scale=0.9@1958-01")
    laid = interventions.lay(none, found, laws.names(st.scenario))
    assert [len(np.argwhere(x)) for x in laid[:3]] == [1, 0, 0]
    assert laid.rows[1].any()
    assert sorted(set(laid.since)) == [60, MONTHS]
    assert not none.rows.any()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"without": "u2-shotdown"}, "did you mean 'u2-shootdown'?"),
        ({"forbid": "berlin-wall@1962-01..1961-01"}, "empty"),
        ({"forbid": "berlin-wall@1966-01..1967-01"}, "outside the span"),
        ({"with_": "1965-06:ussr:ultimatum:berlin"}, "outside the span"),
        ({"with_": "1960-06:usr:ultimatum:berlin"}, "did you mean 'ussr'?"),
        ({"with_": "1960-06:ussr:ultimatun:berlin"}, "did you mean 'ultimatum'?"),
        ({"with_": "1960-06:ussr:ultimatum:mars"}, "there is no such move"),
        ({"with_": "1960-06:nature:shootdown:usa"}, "did you mean 'shoot-down:usa'?"),
        ({"set": "preferences.nest.skale=0.5"}, "did you mean 'preferences.nest.scale'?"),
        ({"set": "preferences.nest.scale=7"}, "lies between"),
        ({"set": "preferences.nest.scale"}, "write it as"),
        ({"off": "influence.exemple"}, "did you mean 'influence.example'?"),
        ({"move": "vienna=1961-06"}, "this is the month in which it happened"),
        ({"move": "vienna"}, "write it as"),
        ({"without": "berlin-wall", "with_": "1961-08:gdr:close-border:frg"}, "contradict each other"),
        ({"set": ["nest.scale=0.9", "nest.scale=0.8"]}, "contradict each other"),
        ({"witout": "vienna"}, "did you mean 'without'?"),
    ],
)
def test_what_is_wrong_ends_as_one_sentence(st: Structure, written: dict[str, object], said: str) -> None:
    assert said in refused(st, **written)


def test_without_a_chronicle_there_is_nothing_to_change(st: Structure) -> None:
    bare = structure(st.scenario.model_copy(update={"chronicle": Chronicle(events={}, files={}, shocks={})}))
    assert "no chronicle" in refused(bare, without="vienna")


# ---- measures ----
WORLDS = 4


def half(st: Structure) -> dict[str, np.ndarray]:
    """Some quiet worlds."""
    none = twin.unchanged(st, twin.told_by(record(st)), 1)
    shapes = {"said": none.consent, "successor": none.succession, "meeting": none.meeting, "discovery": none.discovery}
    out = {name: np.full((WORLDS, MONTHS, x.shape[2]), -1) for name, x in shapes.items()}
    out |= {name: np.full((WORLDS, MONTHS, len(st.showdown)), -1) for name in ("deadline", "ladder")}
    return out | {
        "moves": np.full((WORLDS, MONTHS, 3, len(st.deciders)), -1),
        "nature": np.zeros((WORLDS, MONTHS, none.nature.shape[2]), int),
        "series": np.zeros((WORLDS, MONTHS, len(st.scenario.series)), np.float32),
    }


def value(st: Structure, text: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    (found,) = measures.read(st, text, 0)
    return found.read(arrays)


def test_an_event_is_counted_in_its_window_and_dated(st: Structure) -> None:
    arrays = half(st)
    (cell,) = interventions.read(st, without="berlin-wall")[0].cells
    arrays["moves"][1, 100, 2, st.deciders.index("gdr")] = cell.place[0]
    assert value(st, "p:berlin-wall", arrays).tolist() == [0, 1, 0, 0]
    assert value(st, "p:berlin-wall@1953-01..1955-12", arrays).sum() == 0
    assert value(st, "date:berlin-wall", arrays).tolist() == [MONTHS, 100, MONTHS, MONTHS]


def test_series_office_moves_and_their_turns(st: Structure) -> None:
    arrays = half(st)
    k = list(st.scenario.series).index("tension.usa.ussr")
    arrays["series"][2, 10:20, k] = 1.0
    assert value(st, "max:tension.usa.ussr@1953-01..1953-11", arrays).tolist() == [0, 0, 1, 0]
    assert value(st, "at:tension.usa.ussr@1954-01", arrays)[2] == 1.0
    assert value(st, "mean:tension.usa.ussr@1953-01..1954-08", arrays)[2] == pytest.approx(0.5)
    arrays["successor"][3, 7, st.deciders.index("ussr")] = 2
    assert value(st, "tenure:ussr", arrays).tolist() == [MONTHS, MONTHS, MONTHS, 7]
    d = st.deciders.index("ussr")
    for month, name in enumerate(("threaten", "visit", "threaten")):
        arrays["moves"][0, month, 0, d] = next(r for r in st.where(name) if st.row_seat[r] == d)
    assert value(st, "moves:ussr", arrays).tolist() == [3, 0, 0, 0]
    assert value(st, "moves:ussr:visit", arrays).tolist() == [1, 0, 0, 0]
    assert value(st, "alternation:ussr", arrays)[0] == 1.0


def test_outcomes_of_a_crisis_share_all_worlds_out(st: Structure) -> None:
    arrays = half(st)
    k = int(np.flatnonzero(st.showdown == st.issues.index("cuba"))[0])
    arrays["ladder"][0, 117, k] = typical("settled", 1)
    found = {m.name: m.read(arrays) for m in measures.read(st, "outcome:cuba-1962", 0)}
    np.testing.assert_array_equal(sum(found.values()), 1.0)
    assert found["outcome:cuba-1962=settled"][0] == 1.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("q:vienna", "is no measure"),
        ("p:viena", "did you mean 'vienna'?"),
        ("mean:tension.usa.usr", "did you mean 'tension.usa.ussr'?"),
        ("mean:tension.usa.ussr@1962-01..1961-01", "empty"),
        ("outcome:cuba-1963", "did you mean 'cuba-1962'?"),
        ("tenure:ussrr", "did you mean 'ussr'?"),
        ("moves:ussr:visits", "did you mean 'visit'?"),
    ],
)
def test_a_wrong_measure_ends_as_one_sentence(st: Structure, text: str, said: str) -> None:
    with pytest.raises(RunError, match="measure") as error:
        measures.read(st, text, 0)
    assert said in str(error.value)


# ---- intervals ----
def test_the_interval_covers_the_mean_over_draws_and_leaves_luck_out() -> None:
    """Known answer: draws' means are normal (0.3, 0.1), luck within them (sd 1, 400 worlds a draw)."""
    rng, draw = np.random.default_rng(1), np.arange(64 * 400) % 64
    x = rng.normal(0.3, 0.1, 64)[draw] + rng.normal(size=len(draw))
    middle, low, high, error = measures.interval(x, draw)
    assert middle == pytest.approx(0.3, abs=0.05)
    assert high - low == pytest.approx(2 * 1.645 * 0.1, rel=0.25)
    assert error == pytest.approx(1 / np.sqrt(len(draw)), rel=0.05)


def made_draws(kind: str, rng: np.random.Generator, size: int) -> np.ndarray:
    """True effects of draws of the laws, of known shape; luck has spread one."""
    return {
        "none": lambda: np.zeros(size),
        "small": lambda: rng.normal(0.0, 0.2, size),
        "large": lambda: rng.normal(0.0, 0.5, size),
        "skew": lambda: 0.3 * np.exp(rng.normal(size=size)),
        "chance": lambda: rng.beta(2, 8, size),
        "rare": lambda: rng.beta(1, 19, size),
        "one-chance": lambda: np.full(size, 0.01),
    }[kind]()


@pytest.mark.parametrize("worlds", [128, 300])
@pytest.mark.parametrize("kind", ["none", "small", "large", "skew", "chance", "rare", "one-chance"])
def test_nine_in_ten_effects_of_a_new_draw_lie_in_the_interval(kind: str, worlds: int) -> None:
    """Known truth: 200 made-up experiments, each scored on new draws of the laws; 0.90 is stated, 0.84 must hold."""
    rng, draw, covered = np.random.default_rng(7), np.arange(worlds) % 64, []
    chance = kind in ("chance", "rare", "one-chance")
    for _ in range(200):
        true = made_draws(kind, rng, 64)[draw]
        x = (rng.random(worlds) < true).astype(float) if chance else true + rng.normal(size=worlds)
        _, low, high, _ = measures.interval(x, draw, whole=chance)
        new = made_draws(kind, rng, 500)
        covered.append(((low <= new) & (new <= high)).mean())
    assert np.mean(covered) > 0.84


def test_one_world_a_draw_tells_nothing_of_luck_and_all_spread_counts() -> None:
    x = np.random.default_rng(2).normal(size=64)
    _, low, high, error = measures.interval(x, np.arange(64))
    assert error == pytest.approx(x.std(ddof=1) / 8)
    assert high - low > 2.5


def test_what_was_seen_in_no_world_may_still_be_seldom() -> None:
    """None of 128: the rule of three says at most 2.3 in a hundred; a series that nowhere moved did not move."""
    none, draw = np.zeros(128), np.arange(128) % 64
    assert measures.interval(none, draw, whole=True)[2] == pytest.approx(3 / 128, rel=0.15)
    assert measures.interval(none, draw)[1:3] == (0.0, 0.0)
    assert measures.whole(none, np.array([2.0, np.nan]))
    assert not measures.whole(none, np.array([0.5]))
    assert measures.effect("moves", none, none, draw).high > 0.0
    sure = measures.effect("p:", none, (draw % 8 > 0).astype(float), draw)
    assert sure.low < sure.effect < sure.high <= 1.0
    share = measures.given(none, none == 0.0, draw)
    assert share["low"] == 0.0 < share["high"]


# ---- twins ----
def test_twins_begin_with_the_past_of_the_lane_they_belong_to() -> None:
    """Twin w belongs to lane w mod the number of draws; months before the walk are its lane's."""
    months, begin, lanes = 5, 3, laws.DRAWS + whatif.TWINS
    walked = np.arange(months * 2 * lanes, dtype=np.float32).reshape(months, 2, lanes)
    past = np.arange(laws.DRAWS * begin * 2, dtype=np.float32).reshape(laws.DRAWS, begin, 2)
    trace = drive.Trace(*[walked] * len(drive.Trace._fields))
    result = twin.Walked(trace, twin.Why(*[walked[0]] * len(twin.Why._fields)), None)
    kept = whatif.Kept(dict.fromkeys(drive.Trace._fields, past), None)
    factual, twins, why = whatif.Kernel.read(None, result, kept, begin, months)
    owner = np.arange(whatif.TWINS) % laws.DRAWS
    for name in drive.Trace._fields:
        assert factual[name].shape == (laws.DRAWS, months, 2)
        assert (factual[name][:, :begin] == past).all()
        assert (twins[name][:, :begin] == past[owner]).all()
        assert (twins[name][:, begin:] == np.moveaxis(walked[begin:, :, laws.DRAWS :], -1, 0)).all()
    assert why["month"].shape == (lanes, 2)


def test_what_was_done_to_a_twin_is_no_divergence(st: Structure) -> None:
    one, two = half(st), half(st)
    found = interventions.read(st, without="berlin-wall")
    seat, month = st.deciders.index("gdr"), parse_month("1961-08")
    one["moves"][:, month, 0, seat] = found[0].cells[0].place[0]
    assert (whatif.parted(st, one, two, found) == MONTHS).all()
    two["ladder"][1, 120, 0] = 3
    assert whatif.parted(st, one, two, found).tolist() == [MONTHS, 120, MONTHS, MONTHS]


# ---- the command line ----
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no intervention is named"),
        (("--without", "u2-shotdown"), "did you mean 'u2-shootdown'?"),
        (("--without", "vienna", "--measure", "p:viena"), "did you mean 'vienna'?"),
        (("--with", "1965-01:ussr:demand:berlin"), "outside the span"),
    ],
)
def test_the_verb_refuses_in_one_sentence(words: tuple[str, ...], said: str) -> None:
    assert said in sentence(detente("whatif", *words))


def test_a_file_holds_the_same_options(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}

    def ask(sc: object, worlds: int, seed: int, **written: object) -> object:
        seen.update(written)
        return SimpleNamespace(table=lambda: {"worlds": worlds})

    monkeypatch.setattr(whatif, "whatif", ask)
    file = tmp_path / "question.toml"  # type: ignore[operator]
    file.write_text('without = "vienna"\nmeasure = ["p:berlin-wall"]\n')
    assert detente("whatif", "--file", file, "--off", "influence.example", "--json", "-").exit_code == 0
    assert seen["without"] == ["vienna"]
    assert seen["measure"] == ["p:berlin-wall"]
    assert seen["off"] == ["influence.example"]
    file.write_text("wihtout = 'vienna'\n")
    assert "there is no key 'wihtout'" in sentence(detente("whatif", "--file", file))
