"""Trees, play and the branch: properties that hold for every game, and what is refused."""

import re
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from games_kit import chances, deterrence, grown, kuhn, mirrored, published
from hypothesis import given, settings
from hypothesis import strategies as st

import detente as dt
from detente.games import batch, play, quantal
from detente.games.normal import Table, estimate
from detente.games.tree import Game, GameError, Infoset, Outcome, Tree

SEEDS = st.integers(0, 10_000)
PRECISIONS = st.floats(0, 8)
few = settings(max_examples=15, deadline=None)


# ---- properties ----
@few
@given(SEEDS, PRECISIONS)
def test_an_equilibrium_answers_itself(seed, precision):
    found = quantal.solve(grown(seed), precision)
    assert found.converged
    assert found.residual <= 1e-9
    assert play.by_set(found.game, found.probabilities) == pytest.approx(np.ones(len(found.game.sizes)))
    assert found.play.ends.sum() == pytest.approx(1.0)
    assert min(found.play.regret) >= 0
    assert min(found.play.agent_regret) >= 0


@few
@given(SEEDS, PRECISIONS)
def test_it_does_not_matter_what_things_are_called_or_in_which_order(seed, precision):
    game = grown(seed)
    other = mirrored(game)
    told = chances(game, quantal.solve(game, precision).probabilities)
    assert chances(other, quantal.solve(other, precision).probabilities) == pytest.approx(told, abs=1e-8)


@few
@given(SEEDS, st.floats(0.1, 5), st.floats(0.01, 100), st.floats(-50, 50))
def test_units_of_payoffs_are_units_of_precision(seed, precision, unit, shift):
    game = grown(seed)
    other = game.paid(game.payoffs * unit + shift)
    told = quantal.solve(game, precision).probabilities
    assert quantal.solve(other, precision / unit).probabilities == pytest.approx(told, abs=1e-7)


@few
@given(SEEDS)
def test_a_best_reply_is_no_worse_than_any_other(seed):
    game, rng = grown(seed, depth=3), np.random.default_rng(seed)
    at = play.Play(game, play.log_softmax(game, rng.normal(size=len(game.owner))))
    for player in range(2):
        for _ in range(5):
            other = np.where(game.owner == player, rng.normal(size=len(game.owner)) * 20, at.log_profile)
            mixed = np.where(game.owner == player, play.log_softmax(game, other), at.log_profile)
            assert play.Play(game, mixed).values[player] <= at.best[player] + 1e-9


@few
@given(SEEDS)
def test_beliefs_and_reach_follow_from_play(seed):
    game, rng = grown(seed, depth=3), np.random.default_rng(seed)
    at = play.Play(game, play.log_softmax(game, rng.normal(size=len(game.owner))))
    for k, index in enumerate(game.personal):
        nodes = np.flatnonzero(game.infoset == index)
        reached = np.exp(at.log_nodes[nodes])
        assert at.reach[k] == pytest.approx(reached.sum())
        assert at.beliefs[nodes] == pytest.approx(reached / reached.sum())


def test_slopes_of_values_are_those_of_finite_differences():
    game, rng = grown(5, depth=3), np.random.default_rng(5)
    log_profile = play.log_softmax(game, rng.normal(size=len(game.owner)))
    exact = play.Play(game, log_profile).slopes
    for k, unit in enumerate(np.eye(len(log_profile))):
        ahead, behind = (play.Play(game, log_profile + e * unit).action_values for e in (1e-6, -1e-6))
        assert exact[:, k] == pytest.approx((ahead - behind) / 2e-6, abs=1e-7)


def test_beliefs_after_a_move_that_is_never_made_are_those_of_a_tremble():
    game = published("watson_signal")
    at = play.Play(game, play.profile(game, np.array([1.0, 0, 1, 0, 1, 0, 1, 0])))
    assert at.beliefs[game.infoset == game.personal[3]].tolist() == pytest.approx([1 / 3, 2 / 3])


def test_the_branch_is_followed_around_its_turns():
    game = turning()
    found = quantal.limit(game)
    assert found.converged
    assert found.folds == 2
    paces = [point.pace for point in found.path]
    assert any(b < a for a, b in pairwise(paces))
    unit = quantal.scale(game)
    assert max(quantal.residual(game, p.pace / unit, p.log_profile) for p in found.path) <= 1e-9


def turning() -> Game:
    """Figure 5.15 of Shoham and Leyton-Brown 2008: what pays most for player 2 hides behind what player 1 avoids."""
    tree = Tree("turning", ["1", "2"])
    (left,), (centre,), (right,) = tree.move("1", [0], ["L", "C", "R"])
    up, down = tree.move("2", [centre, right], ["U", "D"])
    for node, payoffs in zip((left, *up, *down), ((1, 1), (0, 1000), (1, 0), (0, 0), (3, 1)), strict=True):
        tree.end(node, *payoffs)
    return tree.game()


def test_a_game_with_a_symmetry_says_that_other_branches_were_crossed():
    battle = np.array([[[3, 2], [0, 0]], [[0, 0], [2, 3.0]]])
    found = quantal.solve(Table("battle", ("A", "B"), (("1", "2"),) * 2, battle).tree, 3.0)
    assert found.forks == 1
    assert found.probabilities[0] == pytest.approx(found.probabilities[3])


def test_a_player_without_choices_and_a_game_of_chance_alone_are_games():
    tree = Tree("lottery", ["A"])
    for node, worth in zip(tree.chance({"win": 0.25, "lose": 0.75}), (4.0, 0.0), strict=True):
        tree.end(node, worth)
    found = quantal.solve(tree.game(), 2.0)
    assert found.play.values.tolist() == [1.0]
    assert found.converged
    assert quantal.limit(tree.game()).converged
    assert quantal.limit(Tree("nothing", ["A"]).game()).play.values.tolist() == [0.0]


# ---- many games at once ----
@pytest.fixture(scope="module")
def many():
    game, rng = published("myerson_poker"), np.random.default_rng(2)
    payoffs = game.payoffs + 0.5 * rng.normal(size=(40, *game.payoffs.shape))
    return game, payoffs, np.linspace(0.0, 4.0, 40)


def test_games_solved_together_are_those_solved_alone(many):
    game, payoffs, precisions = many
    found = batch.solve(game, payoffs, precisions, chunk=16)
    assert found.converged.all()
    assert found.residual.max() <= 1e-9
    for k in range(0, 40, 5):
        alone = quantal.solve(game.paid(payoffs[k]), precisions[k])
        assert found.probabilities[k] == pytest.approx(alone.probabilities, abs=1e-9)


def test_a_branch_that_turns_is_followed_alone():
    game = turning()
    found = batch.solve(game, game.payoffs[None], 50.0, chunk=1)
    assert found.turned.all()
    assert found.converged.all()
    assert found.probabilities[0] == pytest.approx(quantal.solve(game, 50.0).probabilities, abs=1e-9)


def test_derivatives_are_those_of_finite_differences(many):
    """Of all probabilities, in all payoffs and in precision."""
    game, payoffs, _ = many
    with jax.enable_x64(new_val=True):
        u, pace = jnp.asarray(payoffs[3]), jnp.asarray(1.7)
        weights = np.random.default_rng(0).normal(size=len(game.owner))

        def told(u, pace):
            return weights @ jnp.exp(batch.log_profile(game, u, pace))

        by_payoff, by_precision = jax.jit(jax.grad(told, argnums=(0, 1)))(u, pace)

    def at(u, pace):
        return float(weights @ quantal.solve(game.paid(u), pace).probabilities)

    step = 1e-5
    for place in np.ndindex(payoffs[3].shape):
        moved = np.zeros_like(payoffs[3])
        moved[place] = step
        slope = (at(payoffs[3] + moved, 1.7) - at(payoffs[3] - moved, 1.7)) / (2 * step)
        assert float(by_payoff[place]) == pytest.approx(slope, abs=1e-5)
    slope = (at(payoffs[3], 1.7 + step) - at(payoffs[3], 1.7 - step)) / (2 * step)
    assert float(by_precision) == pytest.approx(slope, abs=1e-5)


def test_the_batch_solver_wants_float64():
    game = published("myerson_poker")
    with pytest.raises(GameError, match="enable_x64"):
        batch.log_profile(game, jnp.asarray(game.payoffs), jnp.asarray(1.0))


# ---- wrong input ----
@pytest.mark.parametrize(
    ("precision", "sentence"),
    [(-1.0, "0 \\(blind play\\) or more"), (float("nan"), "must be a number"), (float("inf"), "ask for the limit")],
)
def test_a_wrong_precision_is_refused(precision, sentence):
    with pytest.raises(GameError, match=sentence):
        quantal.solve(kuhn(), precision)


def poker(**changes: object) -> Game:
    return replace(published("myerson_poker"), **changes)


def broken() -> dict[str, object]:
    game = published("myerson_poker")
    first = game.outcomes[0]
    chance = game.infosets[0]
    return {
        "is not a finite number": {"outcomes": (replace(first, payoffs=(float("nan"), 1.0)), *game.outcomes[1:])},
        "has 1 payoffs for 2 players": {"outcomes": (replace(first, payoffs=(1.0,)), *game.outcomes[1:])},
        "probabilities sum to 1.1": {"infosets": (replace(chance, probabilities=(0.5, 0.6)), *game.infosets[1:])},
        "negative or not a number": {"infosets": (replace(chance, probabilities=(-0.5, 1.5)), *game.infosets[1:])},
        "2 actions and 1 probabilities": {"infosets": (replace(chance, probabilities=(1.0,)), *game.infosets[1:])},
        "belongs to player 5, who is not": {"infosets": (replace(chance, player=5), *game.infosets[1:])},
        "two players are called 'A'": {"players": ("A", "A")},
        "two actions of information set '1' of Alice are called 'x'": {
            "infosets": (chance, replace(game.infosets[1], actions=("x", "x")), *game.infosets[2:])
        },
        "must come after its parent": {"parent": np.where(game.parent == 1, 9, game.parent)},
        "an action that is not there": {"branch": np.where(game.branch == 1, 7, game.branch)},
        "must be followed by one node an action": {"branch": np.zeros_like(game.branch)},
        "names an information set or an outcome that is not": {"infosets": game.infosets[:2]},
        "no node lies in information set 'x' of Bob": {"infosets": (*game.infosets, Infoset(2, "x", ("y",)))},
        "must have one entry a node": {"branch": game.branch[1:]},
        "it has no node": {name: [] for name in ("parent", "branch", "infoset", "outcome")},
    }


@pytest.mark.parametrize("sentence", broken())
def test_arrays_that_are_no_game_are_refused_in_a_sentence(sentence):
    with pytest.raises(GameError) as caught:
        poker(**broken()[sentence])
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_player_that_forgets_is_refused():
    tree = Tree("forgetful", ["A"])
    one, two = tree.move("A", [0], ["x", "y"], "first")
    tree.move("A", one + two, ["x", "y"], "second")
    with pytest.raises(GameError, match="A forgets an own choice at information set 'second' of A"):
        tree.game()


def test_an_absent_minded_player_is_refused():
    nodes = {"parent": [-1, 0, 1, 1, 0], "branch": [-1, 0, 0, 1, 1], "infoset": [0, 0, -1, -1, -1]}
    with pytest.raises(GameError, match="imperfect recall"):
        Game("driver", ("A",), (Infoset(1, "", ("on", "off")),), outcome=[-1] * 5, outcomes=(), **nodes)


def test_growing_wrongly_is_refused():
    tree = Tree("t", ["A"])
    tree.move("A", [0], ["x"])
    with pytest.raises(GameError, match="a move stands at node 1 already"):
        tree.move("A", [0], ["x"])
    with pytest.raises(GameError, match="there is no player 'B'"):
        tree.move("B", [1], ["x"])


def test_a_profile_that_does_not_fit_is_refused():
    game = published("myerson_poker")
    for wrong, sentence in (
        (np.ones(3), "6 probabilities"),
        (np.array([0.5, 0.6, 1, 0, 1, 0]), "the profile sums to 1.1"),
        (np.array([np.nan, 1, 1, 0, 1, 0]), "negative or not a number"),
        ({("Alice", "1"): {"Raise": 1.0}}, "says nothing of information set '2' of Alice"),
    ):
        with pytest.raises(GameError, match=sentence):
            play.profile(game, wrong)


def test_a_batch_that_does_not_fit_is_refused(many):
    game, payoffs, _ = many
    spoilt = payoffs.copy()
    spoilt[7, 0, 0] = np.nan
    for u, precision, sentence in (
        (payoffs[0], 1.0, "give \\(games, 6 endings, 2 players\\)"),
        (spoilt, 1.0, "payoffs of game 7 are not all finite"),
        (payoffs, -1.0, "a precision is negative"),
        (payoffs, [1.0, 2.0], "2 precisions for 40 games"),
        (payoffs, np.inf, "infinite"),
    ):
        with pytest.raises(GameError, match=sentence):
            batch.solve(game, u, precision)


def test_tables_and_counts_that_do_not_fit_are_refused():
    with pytest.raises(GameError, match="the names ask for"):
        Table("t", ("A",), (("x", "y"),), np.zeros((3, 1)))
    with pytest.raises(GameError, match="not a finite number"):
        Table("t", ("A",), (("x", "y"),), np.array([[np.inf], [0]]))
    table = Table("t", ("A",), (("x", "y"),), np.array([[1.0], [0]]))
    with pytest.raises(GameError, match="2 counts are needed"):
        estimate(table, [1, 2, 3])
    with pytest.raises(GameError, match="0 or more"):
        estimate(table, [-1, 2])


def test_a_tree_too_wide_to_be_evaluated_is_refused_quickly():
    begun = time.perf_counter()
    depth = 5_000
    parent, branch, infoset = [-1], [-1], [0]
    for k in range(depth):
        parent += [2 * k, 2 * k]
        branch += [0, 1]
        infoset += [-1, k + 1 if k + 1 < depth else -1]
    # branch 0 ends at once, branch 1 goes on: in preorder the end stands first
    sets = tuple(Infoset(1, "", ("stop", "go")) for _ in range(depth))
    game = Game("long", ("A",), sets, [-1] + [p for k in range(depth) for p in (2 * k, 2 * k)], branch, infoset,
                [-1] * (2 * depth + 1), ())  # fmt: skip
    with pytest.raises(GameError, match="too large"):
        quantal.solve(game, 1.0)
    with pytest.raises(GameError, match="too large to be evaluated"):
        play.Play(game, play.uniform(game)).values  # noqa: B018
    assert time.perf_counter() - begun < 20


def test_a_branch_that_cannot_be_followed_says_so_and_why(monkeypatch):
    monkeypatch.setattr(quantal, "STEPS", 3)
    found = quantal.solve(kuhn(), 5.0)
    assert not found.converged
    assert found.reason.startswith("3 steps lead only to precision")
    assert 0 < found.precision < 5
    assert found.residual <= 1e-9


def test_ctrl_c_stops_a_solve():
    code = """
        import signal
        from detente.games import quantal
        from games_kit import grown
        signal.signal(signal.SIGINT, signal.default_int_handler)  # where the tests were begun without it
        game = grown(1, depth=6)
        print("ready", flush=True)
        quantal.limit(game)
    """
    run = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=path()) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in process.communicate(timeout=30)[1]


def path() -> dict[str, str]:
    import os

    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def test_the_python_face():
    found = dt.solve(deterrence(0.3, 0.2), precision=3.0)
    assert found.table()["precision"] == 3.0
    assert dt.Game is Game
    assert dt.solve(Table("t", ("A",), (("x", "y"),), np.array([[1.0], [0]])), limit=True).table()["values"] == {
        "A": pytest.approx(1.0)
    }
    assert Outcome("", (1.0,)).payoffs == (1.0,)


def test_games_know_nothing_of_the_world():
    home = Path(quantal.__file__).parent
    named = {
        name for file in home.glob("*.py") for name in re.findall(r"(?:from|import) (detente[\w.]*)", file.read_text())
    }
    assert named
    assert all(name.startswith("detente.games") for name in named)
