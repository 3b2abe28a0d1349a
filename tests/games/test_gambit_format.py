"""Gambit's formats: what Gambit reads we read, what we write it reads; a fault is told by line and reason."""

import io
import math
import time

import numpy as np
import pytest
from games_kit import PUBLISHED, deterrence, grown, kuhn, published

from detente.games import play, quantal
from detente.games.normal import Table
from detente.games.tree import GameError, Tree
from detente.interop import gambit

FULL = r"""EFG 2 D "A \"small\" game" { "Alice" "Alice" "" }
"Comment: names twice, fractions,
outcomes on the way"

c "root" 1 "deal" { "left" 1/3 "right" 2/3 } 7 "fee" { -.5, +1 0 }
p "" 1 1 "" { "x" "x" } 0
t "" 1 "" { 1e1 2/4, -3. }
t "end" 2 "second" { 0, 0, 0 }
p "" 1 1 1
t "" 2
p "" 3 5 "guess" { "only" } 0 t "" 0
"""


def test_the_whole_grammar_is_read():
    game = gambit.parse(FULL)
    assert game.title == 'A "small" game'
    assert game.comment.startswith("Comment: names twice")
    assert game.players == ("Alice_1", "Alice_2", "_1")
    assert game.infosets[0].probabilities == (1 / 3, 2 / 3)
    assert game.infosets[1].actions == ("x_1", "x_2")
    assert game.infosets[2].label == "guess"
    assert game.labels[0] == "root"
    assert game.payoffs.tolist() == [[9.5, 1.5, -3.0], [-0.5, 1.0, 0.0], [9.5, 1.5, -3.0], [9.5, 1.5, -3.0]]


def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path):
    file = tmp_path / "game.efg"
    file.write_bytes(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode())
    assert gambit.read(file).payoffs.tolist() == gambit.parse(FULL).payoffs.tolist()


HEAD = 'EFG 2 R "g" { "A" "B" }\n'
FAULTS = {
    "": "line 1: the file ends where there should be 'EFG' or 'NFG'",
    "{": "line 1: there should be 'EFG' or 'NFG'",
    'EFG 3 R "g" { }': "line 1: there should be the version 2, and there is 3",
    'EFG 2 X "g" { }': "line 1: there should be R or D",
    "EFG 2 R g": "line 1: there should be the title in quotation marks",
    'EFG 2 R "g': "line 1: a quoted name begins here and never ends",
    HEAD + 'q "" 1': "line 2: there should be a node: c, p or t",
    HEAD + 'p "" 1 1 "" { "x" "y" } 0\nt "" 0': "line 3: the file ends where there should be a node",
    HEAD + 'p "" 3 1 "" { "x" } 0 t "" 0': "line 2: there is no player 3",
    HEAD + 'p "" 1 1 0': "line 2: information set 1 of A is named here before its actions were given",
    HEAD + 'p "" 1 1 "" { "x" "y" } 0\nt "" 0\np "" 2 1 "" { "x" } 0\nt "" 4': "line 5: outcome 4 is named here before",
    HEAD + 'p "" 1 1 "" { } 0': "line 2: there should be an action in quotation marks",
    HEAD + 't "" 1 "" { 1, nan }': "line 2: there should be a payoff for each of 2 players, a number, and there is nan",
    HEAD + 't "" 1 "" { 1, inf }': "a number, and there is inf",
    HEAD + 't "" 1 "" { 1, 1/0 }': "a finite number, and there is 1/0",
    HEAD + 't "" 1 "" { 1, 1e999 }': "a finite number, and there is 1e999",
    HEAD + 't "" 1 "" { 1 }': "line 2: there should be a payoff for each of 2 players",
    HEAD + 't "" 1 "" { 1 2 3 }': "line 2: there should be } after 2 payoffs",
    HEAD + 't "" 0 "" { 1 2 }': "line 2: outcome 0 means that nothing is received",
    HEAD
    + 'c "" 1 "" { "x" 1/2 "y" 1/3 } 0 t "" 0 t "" 0': "line 2: the probabilities of information set 1 of chance sum",
    HEAD + 'c "" 1 "" { "x" 2 "y" -1 } 0 t "" 0 t "" 0': "or one is negative",
    HEAD + 't "" 0\nt "" 0': "line 3: there should be nothing more",
    HEAD + 'p "" 1 1 "" { "x" "y" } 0\nt "" 0\np "" 1 1 "" { "x" "z" } 0': "line 4: information set 1 of A has",
    HEAD + 'p "" 1 1 "" { "x" "y" } 0\nt "" 1 "" { 1 2 }\nt "" 1 "" { 1 3 }': "line 4: outcome 1 has another label",
    HEAD + 'p "" 1 1 "" { "x" "y" } 0\nt "" 0\np "" 1 1 0\nt "" 0\nt "" 0': "line 4: imperfect recall: A forgets",
    'NFG 1 R "g" { "A" "B" } { 2 }': "strategies are given for 1 of 2 players",
    'NFG 1 R "g" { "A" "B" } { 2 2 } 1 2 3': "the file ends where there should be payoff 3",
    'NFG 1 R "g" { "A" } { 1 } 1 2': "there should be nothing more after 1 cells",
    'NFG 1 R "g" { "A" } { { "x" } } { { "" 1 } } 2': "there is no outcome 2; 1 are given",
}


@pytest.mark.parametrize("text", FAULTS, ids=lambda text: FAULTS[text][:40])
def test_a_fault_is_told_by_line_and_reason(text, tmp_path):
    file = tmp_path / "wrong.efg"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(GameError) as caught:
        gambit.read(file)
    assert FAULTS[text] in str(caught.value)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


PAYOFFS = 'NFG 1 D "t" { "A" "B" } { 2 3 } "c" 1 2 3 4 5 6 7 8 9 10 11 12'
OUTCOMES = """NFG 1 R "t" { "A" "B" } { { "up" "down" } { "l" "m" "r" } }
{ { "" 1, 2 } { "x" 3 4 } } 1 2 1 0 2 2"""


def test_tables_are_read_with_the_first_player_fastest():
    table = gambit.parse(PAYOFFS)
    assert table.payoffs[1, 0].tolist() == [3, 4]
    assert table.payoffs[0, 2].tolist() == [9, 10]
    assert table.strategies == (("1", "2"), ("1", "2", "3"))


def test_tables_with_outcomes_are_read():
    table = gambit.parse(OUTCOMES)
    assert table.payoffs[1, 0].tolist() == [3, 4]
    assert table.payoffs[1, 1].tolist() == [0, 0]


@pytest.mark.parametrize("outcomes", [False, True])
def test_a_table_survives_writing(outcomes):
    table = gambit.parse(OUTCOMES)
    again = gambit.parse(gambit.write(table, outcomes=outcomes))
    assert again.payoffs.tolist() == table.payoffs.tolist()
    assert again.strategies == table.strategies


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_tree_survives_writing(name):
    game = published(name)
    assert gambit.write(gambit.parse(gambit.write(game))) == gambit.write(game)


def test_probabilities_are_written_so_that_they_sum_to_one_exactly():
    tree = Tree("thirds", ["A"])
    for node in tree.chance({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}):
        tree.end(node, 0.1)
    assert gambit.write(tree.game()).count(" 1/3 ") == 3


def test_a_name_that_the_format_cannot_hold_is_refused():
    with pytest.raises(GameError, match="ends in a backslash"):
        gambit.write(Tree("a\\", ["A"]).game())


def test_a_game_of_a_million_nodes_is_read_and_refused_in_a_sentence():
    """A chain of half a million moves: deep enough that a recursive reader would fail."""
    moves = 100_000
    chain = "".join(f'p "" 1 {k} "" {{ "x" "y" }} 0\nt "" 0\n' for k in range(1, moves + 1))
    begun = time.perf_counter()
    game = gambit.parse(HEAD + chain + 't "" 1 "" { 1 2 }\n')
    assert len(game.parent) == 2 * moves + 1
    with pytest.raises(GameError, match="too large to be solved: 200,000 choices at 100,000 information sets"):
        quantal.solve(game, 1.0)
    assert time.perf_counter() - begun < 60


# ---- against Gambit itself ----
def classics():
    """Games of other shapes than the published seven: tables, three players, random trees, poker, deterrence."""
    rng = np.random.default_rng(7)
    yield "kuhn", kuhn(), 2.0
    yield "deterrence", deterrence(0.3, 0.2), 5.0
    yield "whole grammar", gambit.parse(FULL), 0.5
    yield "battle", Table("b", ("A", "B"), (("1", "2"),) * 2, np.array([[[4, 2], [0, 0]], [[0, 0], [2, 3.0]]])), 1.0
    yield "dilemma", Table("d", ("A", "B"), (("c", "d"),) * 2, np.array([[[3, 3], [0, 5]], [[5, 0], [1, 1.0]]])), 0.7
    yield "three", Table("t", tuple("ABC"), (("1", "2"),) * 3, rng.normal(size=(2, 2, 2, 3))), 1.5
    yield "four by three", Table("f", ("A", "B"), (tuple("1234"), tuple("123")), rng.normal(size=(4, 3, 2))), 3.0
    for seed in range(6):
        yield f"random {seed}", grown(seed, depth=2 + seed % 2, types=2, players=2), 1.0 + seed
    for seed in (10, 11):
        yield f"three players {seed}", grown(seed, depth=3, players=3), 1.5


@pytest.mark.parametrize(("name", "game", "precision"), list(classics()), ids=lambda x: x if isinstance(x, str) else "")
def test_equilibria_of_other_games_are_gambits(name, game, precision):
    pygambit = pytest.importorskip("pygambit", reason="compares with pygambit: install the extra `test`")
    reader = pygambit.read_nfg if isinstance(game, Table) else pygambit.read_efg
    theirs = reader(io.StringIO(gambit.write(game)))
    told = pygambit.qre.logit_solve_lambda(theirs, precision)
    told = told[0] if isinstance(told, list) else told
    found = quantal.solve(game.tree if isinstance(game, Table) else game, precision)
    assert found.residual <= 1e-9
    assert found.probabilities == pytest.approx([told[k] for k in range(len(found.probabilities))], abs=1e-6)


@pytest.mark.parametrize("name", ["bcp2", "cent2", "myerson_poker"])
def test_values_reach_beliefs_and_regrets_are_gambits(name):
    pygambit = pytest.importorskip("pygambit", reason="compares with pygambit: install the extra `test`")
    game = published(name)
    theirs = pygambit.read_efg(io.StringIO(gambit.write(game)))
    profile = np.exp(play.log_softmax(game, np.random.default_rng(3).normal(size=len(game.owner))))
    at = play.Play(game, play.profile(game, profile))
    left = iter(profile)
    mixed = theirs.mixed_behavior_profile(
        [[[float(next(left)) for _ in choice] for _, choice in sets] for sets in theirs.mixed_behavior_profile()]
    )
    assert at.values == pytest.approx([v for _, v in mixed.payoffs])
    assert at.reach == pytest.approx([v for _, v in mixed.infoset_probs])
    assert at.action_values == pytest.approx([v for _, told in mixed.action_values for _, v in told])
    personal = (game.infoset >= 0) & (game.mover > 0)
    assert np.where(personal, at.beliefs, 0.0) == pytest.approx([v or 0.0 for _, v in mixed.beliefs])
    assert math.isclose(at.ends.sum(), 1.0)
