"""A crisis as a game of the general solver: the same ladder, the same equilibrium, and words to read it by."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from typer.testing import CliRunner

from detente import cli, crisis, laws
from detente.games import quantal
from detente.games.tree import Game
from detente.interop import gambit
from detente.ladder import game as ladder_game
from detente.ladder.quantal import CAREFUL, Solution, solve
from detente.ladder.stakes import Payoffs, Positions, payoffs
from detente.ladder.tree import LINE_NAMES, PLAYS
from detente.report.solved import solved
from detente.report.transcript import transcript
from detente.scenario import load

WORLDS = 4
SC = load("coexistence")
TRANSCRIPTS = Path(__file__).parent / "data" / "transcripts"


@pytest.fixture(scope="module")
def stakes() -> Payoffs:
    """Payoffs of situations as crises have them, one a world."""
    best, rng = laws.best(SC), np.random.default_rng(3)

    def pair(low: float, high: float):
        return tuple(jnp.asarray(rng.uniform(low, high, WORLDS)) for _ in range(2))

    with jax.enable_x64(new_val=True):
        places = Positions(
            stake=pair(0.3, 1.0),
            favour=pair(-0.6, 0.6),
            audience=pair(0.1, 1.2),
            side_payment=pair(0.0, 1.0),
            resolve=pair(0.1, 0.9),
            safety=jnp.ones(WORLDS),
            rung=jnp.asarray([1.0, 1.0, 2.0, 4.0]),
        )
        return payoffs(places, best)


@pytest.fixture(scope="module")
def fast(stakes: Payoffs) -> Solution:
    """The ladder's own solution at the law's precision."""
    precision = laws.coefficient(SC, "ladder.quantal.precision").best
    with jax.enable_x64(new_val=True):
        return jax.jit(lambda x: solve(x, jnp.asarray(precision), CAREFUL._replace(enough=1e-8)))(stakes)


def path(game: Game, node: int) -> list[str]:
    steps: list[str] = []
    while node:
        above = int(game.parent[node])
        steps.insert(0, game.infosets[game.infoset[above]].actions[game.branch[node]])
        node = above
    return steps


def by_line(found: quantal.Equilibrium) -> np.ndarray:
    """Probability of each way of running, read off the tree."""
    game, total = found.game, dict.fromkeys(LINE_NAMES, 0.0)
    for node in game.terminals:
        plays = [step for step in path(game, node) if step in PLAYS]
        total[f"{'.'.join(plays)}:{game.outcomes[game.outcome[node]].label}"] += np.exp(found.play.log_nodes[node])
    return np.array(list(total.values()))


@pytest.mark.parametrize("world", range(WORLDS))
def test_the_ladder_and_the_general_solver_agree(stakes, fast, world):
    found = quantal.solve(ladder_game.game(stakes, world=world), float(fast.precision[world]))
    assert found.converged
    assert found.residual <= 1e-9
    assert by_line(found) == pytest.approx(np.asarray(fast.line[:, world]), abs=1e-4)
    prior, value = (np.asarray(pair)[:, :, world] for pair in (stakes.prior, fast.value))
    assert found.play.values == pytest.approx((prior * value).sum(axis=1), abs=1e-4)


def test_information_sets_are_called_by_type_and_history(stakes):
    game = ladder_game.game(stakes)
    told = {one.label for one in game.infosets if one.player == 1}
    assert {"resolute, after press", "irresolute, offered", "resolute, offered after press, offer refused"} <= told
    assert len(game.personal) == 2 * 2 * 40


@pytest.mark.parametrize("lang", ["en", "ru"])
@pytest.mark.parametrize("named", sorted(SC.crises))
def test_a_named_crisis_is_a_game_that_reads_back_from_its_file(stakes, named, lang):
    """Whatever the stakes: the words are the scenario's own."""
    stands = Positions(*([(jnp.ones(1), jnp.zeros(1))] * 5), jnp.ones(1), jnp.ones(1))
    found = crisis.Situation(SC, SC.crises[named], stands, jax.tree.map(lambda a: a[..., :1], stakes), 0.9)
    game = found.game(lang)
    back = gambit.parse(gambit.write(game))
    assert isinstance(back, Game)
    assert back.players == game.players == found.sides(lang)
    assert back.comment == game.comment
    assert all(line in game.comment for line in transcript(SC.crises[named], SC, lang))
    assert found.table(lang)["situation"]["stake"] == {"challenger": 1.0, "defender": 0.0}
    blind = solved(back, 0.0)
    assert sum(blind.endings.values()) == pytest.approx(1)
    assert len(blind.endings) == 5


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_transcript_of_cuba_is_as_expected(lang):
    told = "\n".join(transcript(SC.crises["cuba-1962"], SC, lang)) + "\n"
    assert told == (TRANSCRIPTS / f"cuba-1962.{lang}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--crisis", "cuba-1961"], "did you mean 'cuba-1962'?"),
        (["--crisis", "cuba-1962", "--limit", "--precision", "1"], "these exclude each other"),
        (["--crisis", "cuba-1962", "game.efg"], "these exclude each other"),
        (["--save", "a.efg", "game.efg"], "Use --save with --crisis"),
        ([], "nothing to solve"),
    ],
)
def test_what_cannot_be_solved_is_said_in_a_sentence(words, told):
    result = CliRunner().invoke(cli.app, ["solve", *words])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert told in result.stderr
