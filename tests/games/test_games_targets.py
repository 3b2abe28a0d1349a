"""Published and independently computed equilibria: the solver must agree with them."""

import math

import numpy as np
import pytest
from games_kit import PUBLISHED, chances, deterrence, kuhn, published, rows

from detente.games import play, quantal
from detente.games.normal import Table, estimate

TARGETS = rows("aqre_targets.csv")
CASES = sorted({(row["game"], float(row["lambda"])) for row in TARGETS})


def test_all_seven_games_are_there():
    assert len(PUBLISHED) == 7
    assert len(CASES) == 28


@pytest.mark.parametrize(("name", "precision"), CASES)
def test_logit_equilibria_are_gambits(name, precision):
    found = quantal.solve(published(name), precision)
    ours = chances(found.game, found.probabilities)
    told = {
        (row["player"], row["infoset"], row["action"]): float(row["prob"])
        for row in TARGETS
        if row["game"] == name and float(row["lambda"]) == precision
    }
    assert found.converged
    assert found.residual <= 1e-9
    assert {key: pytest.approx(p, abs=1e-5) for key, p in told.items()} == ours


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_files_are_the_published_trees(name):
    told = [row for row in rows("game_trees.csv") if row["game"] == name]
    game = published(name)
    ours = []
    for ending, node in enumerate(game.terminals):
        steps = []
        while game.parent[node] >= 0:
            above = int(game.parent[node])
            one = game.infosets[game.infoset[above]]
            who = f"P{one.player}.I{one.label}" if one.player else "chance"
            steps.append(f"{who}:{one.actions[game.branch[node]]}")
            node = above
        ours.append((" > ".join(reversed(steps)), math.exp(game.log_chance[ending]), *game.payoffs[ending]))
    for (history, chance, *payoffs), row in zip(ours, told, strict=True):
        assert history == row["terminal_history"]
        assert chance == pytest.approx(float(row["chance_prob"]), abs=1e-9)
        assert payoffs == [float(row["payoff1"]), float(row["payoff2"])]


@pytest.mark.parametrize("precision", [0.0, 0.3, 1.0, 4.0])
def test_seltens_figure_2_has_a_closed_form(precision):
    def logistic(x):
        return 1 / (1 + math.exp(-x))

    r = logistic(-2 * precision)
    two = logistic(precision * (2 - 3 * r))
    one = logistic(precision * (1 - 2 * (1 - r) * (1 - two)))
    found = quantal.solve(published("selten75_fig2"), precision).probabilities
    assert found == pytest.approx([one, 1 - one, r, 1 - r, two, 1 - two], abs=1e-12)


LIMITS = {
    "myerson_poker": {("Alice", "1", "Raise"): 1, ("Alice", "2", "Raise"): 1 / 3, ("Bob", "1", "Meet"): 2 / 3},
    "selten75_fig2": {("Player 1", "1", "R"): 1, ("Player 1", "2", "l"): 1, ("Player 2", "1", "R"): 1},
    "watson_signal": [1, 0, 0, 1, 1, 0, 0, 1],
    "bagwell": [0.99, 0.01, 1, 0, 24 / 49, 25 / 49],
    "my_fig4_2": [0.25, 0.75, 1, 0, 0.5, 0.5],
    "cent2": [0, 1, 0.902256, 0.097744, 1, 1, 0.684210, 0.315790, 1, 0, 1, 1],
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_the_sequential_equilibria_that_gambit_finds(name):
    found = quantal.limit(published(name))
    ours, told = chances(found.game, found.probabilities), LIMITS[name]
    assert found.converged
    assert found.residual <= 1e-9
    assert found.precision >= 1e4
    assert max(found.play.regret) < 1e-5
    if isinstance(told, list):
        assert list(ours.values()) == pytest.approx(told, abs=2e-3 if name == "bagwell" else 1e-3)
    else:
        assert {key: ours[key] for key in told} == pytest.approx(told, abs=1e-3)


def test_an_equilibrium_of_agents_need_not_be_one_of_players():
    """Myerson's figure 4.2: no agent of (B1, Z1, W2) regrets, player 1 does."""
    game = published("my_fig4_2")
    at = play.Play(game, play.profile(game, np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.0])))
    assert at.agent_regret[0] == pytest.approx(0.0)
    assert at.regret[0] == pytest.approx(1.0)


PENNIES = Table(
    "Ochs 1995, matching pennies",
    ("row", "column"),
    (("1", "2"), ("1", "2")),
    np.stack([[[1.1141, 0], [0, 0.2785]], [[0, 1.1141], [1.1141, 0]]], axis=-1),
)


@pytest.mark.parametrize(
    ("precision", "row", "column"), [(1, 0.586784, 0.451807), (2, 0.617522, 0.371982), (3, 0.616897, 0.314016)]
)
def test_matching_pennies_of_mckelvey_and_palfrey(precision, row, column):
    found = quantal.solve(PENNIES.tree, precision).probabilities
    assert found[[0, 2]] == pytest.approx([row, column], abs=1e-5)


def test_the_precision_of_recorded_play_is_found_again():
    counts = 128 * np.array([0.527, 0.473, 0.366, 0.634])
    found = estimate(PENNIES, counts)
    assert found.precision == pytest.approx(1.845610, abs=1e-4)
    assert found.log_likelihood == pytest.approx(-174.764532, abs=1e-5)
    assert found.equilibrium.probabilities[[0, 2]] == pytest.approx([0.615651, 0.383291], abs=1e-5)


def test_kuhn_poker_played_blindly_is_exploited_by_eleven_twelfths():
    game = kuhn()
    assert play.Play(game, play.uniform(game)).nash_conv == pytest.approx(11 / 12, abs=1e-12)


def test_kuhn_poker_in_equilibrium_is_worth_minus_an_eighteenth():
    game = kuhn()
    bluff = 0.2
    told = {
        "J": ("bet", bluff),
        "Q": ("bet", 0.0),
        "K": ("bet", 3 * bluff),
        "J after check and bet": ("call", 0.0),
        "Q after check and bet": ("call", bluff + 1 / 3),
        "K after check and bet": ("call", 1.0),
        "J after check": ("bet", 1 / 3),
        "Q after check": ("bet", 0.0),
        "K after check": ("bet", 1.0),
        "J after bet": ("call", 0.0),
        "Q after bet": ("call", 1 / 3),
        "K after bet": ("call", 1.0),
    }
    table = {}
    for one in game.infosets[1:]:
        action, p = told[one.label]
        table[game.players[one.player - 1], one.label] = {a: p if a == action else 1 - p for a in one.actions}
    at = play.Play(game, play.profile(game, table))
    assert at.values == pytest.approx([-1 / 18, 1 / 18], abs=1e-12)
    assert at.nash_conv == pytest.approx(0.0, abs=1e-12)


def test_the_limit_of_kuhn_poker_is_an_equilibrium():
    found = quantal.limit(kuhn())
    assert found.converged
    assert found.play.nash_conv < 1e-3
    assert found.play.values[0] == pytest.approx(-1 / 18, abs=1e-3)


@pytest.mark.parametrize(
    ("priors", "told"),
    [
        ((0.3, 0.2), (0.40, 0.36, 0.12, 0.12)),
        ((0.7, 0.2), (0.0, 0.80, 0.06, 0.14)),
        ((0.3, 0.5), (0.70, 0.15, 0.0, 0.15)),
        ((0.3, 0.7), (1.0, 0.0, 0.0, 0.0)),
    ],
)
def test_deterrence_with_private_resolve_ends_as_its_closed_form_says(priors, told):
    found = quantal.limit(deterrence(*priors))
    game, shares = found.game, dict.fromkeys(("cooperate", "concede", "back down", "fight"), 0.0)
    for p, node in zip(found.play.ends, game.terminals, strict=True):
        above = game.infosets[game.infoset[game.parent[node]]]
        shares[above.actions[game.branch[node]]] += float(p)
    assert list(shares.values()) == pytest.approx(told, abs=1e-3)
