"""The record's lines of play: one rule from moves to a line of the ladder, and what it scores."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from detente.decisions import Decision
from detente.drive import _log_of
from detente.ladder.tree import LINE_END, LINES
from detente.scenario import Crisis, load
from detente.seats.record import line_of_play

SC = load("coexistence")
CUBA = SC.crises["cuba-1962"]


def played(moves: str, outcome: str = "settled") -> tuple[str, ...] | None:
    """The line of moves written `c press, d hold`: who of challenger, defender and a third, and what."""
    seats = {"c": CUBA.challenger, "d": CUBA.defender, "x": "cuba"}
    told = [one.split() for one in moves.split(", ")] if moves else []
    made = [CUBA.move[0].model_copy(update={"actor": seats[who], "play": play}) for who, play in told]
    at = line_of_play(CUBA.model_copy(update={"move": made, "outcome": outcome}))
    assert at is None or LINES[at].end == outcome
    return None if at is None else LINES[at].plays


@pytest.mark.parametrize(
    ("moves", "outcome", "line"),
    [
        ("c press, d back-down", "defender-backs-down", ("back-down",)),
        ("c press, c press, d hold, d press, c back-down", "challenger-backs-down", ("press", "back-down")),
        ("c press, d offer, c offer", "settled", ("offer",)),
        ("c press, d offer, c hold, c offer, d offer", "settled", ("offer", "offer")),
        ("c press, d offer, c offer, c offer", "settled", ("offer",)),
        ("c press, d hold, c press, d press", "war", ("hold", "press", "press")),
        ("c press, d offer", "settled", ("offer",)),
        ("d hold, c hold, d hold, c hold", "hold", ("hold",) * 4),
    ],
)
def test_moves_become_a_line(moves: str, outcome: str, line: tuple[str, ...]) -> None:
    assert played(moves, outcome) == line


@pytest.mark.parametrize(
    ("moves", "outcome"),
    [
        ("", "settled"),
        ("c press", "settled"),
        ("c press, d hold, c hold", "hold"),  # a ladder is left open after four moves
        ("c press, d hold, c press, d hold, c press, d offer", "settled"),  # six are too many
        ("c press, d offer, c offer, d press", "settled"),  # it goes on after its end
        ("c press, d hold, x hold, c offer", "settled"),
        ("c press, d back-down", "settled"),  # moves and outcome disagree
    ],
)
def test_what_is_no_line_is_none(moves: str, outcome: str) -> None:
    assert played(moves, outcome) is None


@pytest.mark.parametrize(
    ("crisis", "line"),
    [
        ("berlin-deadline-1958", None),
        ("berlin-wall-1961", "press press offer"),
        ("cuba-1962", "hold offer"),
        ("suez-1956", "back-down"),
        ("taiwan-1954", "hold press press offer"),
        ("taiwan-1958", "press offer offer"),
        ("u2-paris-1960", "hold press offer hold"),
    ],
)
def test_named_crises_read_by_hand(crisis: str, line: str | None) -> None:
    told: Crisis = SC.crises[crisis]
    at = line_of_play(told)
    assert (at if at is None else " ".join(LINES[at].plays)) == line
    assert at is None or LINES[at].end == told.outcome


def test_a_known_line_is_scored_by_itself_and_an_ending_by_all_its_lines() -> None:
    rng = np.random.default_rng(1)
    odds = rng.dirichlet(np.ones(len(LINES)), size=(3, 2)).swapaxes(1, 2)  # [ladder, line, world]
    reply = np.array([[5, 5], [17, 17], [280, 280]])
    asked = Decision("ladder", (), (), jnp.ones(odds.shape), jnp.ones(reply.shape))
    exact = jnp.asarray([[1.0], [0.0], [0.0]])
    found = np.exp(_log_of(asked, jnp.log(jnp.asarray(odds)), jnp.asarray(reply), exact))
    np.testing.assert_allclose(found[0], odds[0, 5], rtol=1e-5)
    for k in (1, 2):
        np.testing.assert_allclose(found[k], odds[k, LINE_END == LINE_END[reply[k, 0]]].sum(axis=0), rtol=1e-5)
