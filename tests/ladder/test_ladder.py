"""The ladder: a finite game solved exactly, whose endings move as its equations say."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from detente import laws
from detente.deeds import LADDER_ENDS
from detente.ladder.quantal import MOVES, Solution, solve
from detente.ladder.stakes import RUNGS, Payoffs, Positions, payoffs
from detente.scenario import Scenario

CASES = 64
BACK, GIVE, SETTLED, HOLD, WAR = range(5)
assert LADDER_ENDS == ("challenger-backs-down", "defender-backs-down", "settled", "hold", "war")


@pytest.fixture(scope="module")
def tree(coexistence: Scenario) -> laws.Laws:
    return laws.best(coexistence)


def situations(**changed: Any) -> Positions:
    """Many situations at once, one a world; `changed` puts one feature elsewhere in all of them."""
    rng = np.random.default_rng(7)

    def draw(low: float, high: float) -> Any:
        return jnp.asarray(rng.uniform(low, high, (1, CASES)))

    base = Positions(
        stake=(draw(0.3, 1.0), draw(0.3, 1.0)),
        local=draw(0.2, 0.8),
        leverage=draw(0.2, 0.8),
        audience=(draw(0.1, 0.8), draw(0.1, 0.8)),
        side_payment=(draw(0.0, 0.2), draw(0.0, 0.2)),
        safety=jnp.ones((1, CASES)),
    )
    return base._replace(**changed)


@pytest.fixture(scope="module")
def endings(tree: laws.Laws) -> Any:
    """Probability of each ending, [5, case], of situations under the shipped laws."""
    with jax.enable_x64(new_val=True):
        compiled = jax.jit(lambda x, precision: solve(payoffs(x, tree), precision).ending.sum(axis=1)[:, 0])
        best = tree.ladder.quantal.precision

        def of(x: Positions, precision: float | None = None) -> np.ndarray:
            with jax.enable_x64(new_val=True):
                return np.asarray(compiled(x, jnp.asarray(best if precision is None else precision)))

        return of


def made() -> Any:
    with jax.enable_x64(new_val=True):
        return situations()


def moved(field: str, change: Any) -> Positions:
    with jax.enable_x64(new_val=True):
        base = situations()
        return base._replace(**{field: jax.tree.map(change, getattr(base, field))})


def one_side(field: str, side: int, change: Any) -> Positions:
    with jax.enable_x64(new_val=True):
        base = situations()
        pair = list(getattr(base, field))
        pair[side] = change(pair[side])
        return base._replace(**{field: tuple(pair)})


def test_endings_are_probabilities_and_sum_to_one(endings: Any) -> None:
    p = endings(made())
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=0), 1.0, atol=1e-12)


def test_every_ending_is_possible_somewhere(endings: Any) -> None:
    assert (endings(made()).max(axis=1) > 1e-3).all()


# ---- the same game by brute force ----


def payoff_set() -> Payoffs:
    rng = np.random.default_rng(3)

    def pair() -> tuple[Any, Any]:
        return jnp.asarray(rng.normal(size=(RUNGS, 1))), jnp.asarray(rng.normal(size=(RUNGS, 1)))

    five = [pair() for _ in range(5)]
    five[-1] = tuple(jnp.broadcast_to(x[:1], x.shape) for x in five[-1])  # a war costs the same from any rung
    return Payoffs(*five, jnp.asarray(rng.uniform(0, 0.3, (RUNGS, 1))))


class Tree:
    """The game written out as a tree of histories: no table, no shared node, plain numbers."""

    def __init__(self, x: Payoffs, precision: float) -> None:
        self.x, self.precision = x, precision

    def at(self, name: str, rung: int) -> tuple[float, float]:
        one, two = getattr(self.x, name)
        return float(one[rung, 0]), float(two[rung, 0])

    def lottery(self, move: int, rung: int) -> tuple[tuple[float, float], dict[tuple[str, int], float]]:
        """The rung may slip into war of its own accord; else the next moves."""
        risk = float(self.x.risk[rung, 0])
        value, ends = self.node(move, rung)
        war = self.at("war", rung)
        mixed = defaultdict(float, {key: (1 - risk) * p for key, p in ends.items()})
        mixed["war", rung] += risk
        return ((1 - risk) * value[0] + risk * war[0], (1 - risk) * value[1] + risk * war[1]), mixed

    def node(self, move: int, rung: int) -> tuple[tuple[float, float], dict[tuple[str, int], float]]:
        """Values to both, and the chance of every ending from here."""
        if move == MOVES:
            return self.at("held", rung), {("hold", rung): 1.0}
        mover = 1 - move % 2
        press = self.lottery(move + 1, min(rung + 1, RUNGS - 1))
        hold = self.lottery(move + 1, rung)
        split = self.at("settled", rung)
        yes = 1 / (1 + math.exp(-self.precision * (split[1 - mover] - hold[0][1 - mover])))
        talks = defaultdict(float, {key: (1 - yes) * p for key, p in hold[1].items()})
        talks["settled", rung] += yes
        offer = tuple(yes * s + (1 - yes) * h for s, h in zip(split, hold[0], strict=True)), talks
        give = (
            ("challenger-backs-down", "challenger_yields") if mover == 0 else ("defender-backs-down", "defender_yields")
        )
        back = self.at(give[1], rung), {(give[0], rung): 1.0}
        options = [press, hold, offer, back]
        weights = [math.exp(self.precision * value[mover]) for value, _ in options]
        chance = [w / sum(weights) for w in weights]
        ends: dict[tuple[str, int], float] = defaultdict(float)
        for share, (_, after) in zip(chance, options, strict=True):
            for key, p in after.items():
                ends[key] += share * p
        worth = [sum(c * value[side] for c, (value, _) in zip(chance, options, strict=True)) for side in (0, 1)]
        return (worth[0], worth[1]), ends


@pytest.mark.parametrize("start", [1, 4])
def test_the_solution_agrees_with_the_tree_written_out(start: int) -> None:
    with jax.enable_x64(new_val=True):
        x, first = payoff_set(), (np.arange(RUNGS) == start)[:, None] * 1.0
        solved: Solution = solve(x, jnp.asarray(1.3), jnp.asarray(first))
        value, ends = Tree(x, 1.3).node(0, start)
    np.testing.assert_allclose([float(v[0]) for v in solved.value], value, rtol=1e-9)
    table = np.asarray(solved.ending)[..., 0]
    assert sum(ends.values()) == pytest.approx(1.0)
    for e, name in enumerate(LADDER_ENDS):
        by_rung = [ends.get((name, rung), 0.0) for rung in range(RUNGS)]
        np.testing.assert_allclose(table[e].sum(), sum(by_rung), atol=1e-9, err_msg=name)
        np.testing.assert_allclose(table[e], by_rung, atol=1e-9, err_msg=f"{name}, rung by rung")


def test_without_precision_every_play_is_as_likely_as_every_other() -> None:
    with jax.enable_x64(new_val=True):
        solved = solve(payoff_set(), jnp.asarray(0.0))
    for move in solved.plays:
        np.testing.assert_allclose(np.asarray(move), 0.25, atol=1e-12)


# ---- directions ----


def test_war_is_more_likely_where_each_rung_carries_more_risk(endings: Any) -> None:
    riskier = moved("safety", lambda x: 1.5 * x)
    for precision in (0.0, None):
        assert (endings(riskier, precision)[WAR] > endings(made(), precision)[WAR]).all()


def test_the_side_with_the_smaller_stake_yields_more(endings: Any) -> None:
    small = one_side("stake", 0, lambda x: 0.5 * x), one_side("stake", 1, lambda x: 0.5 * x)
    base = endings(made())
    assert (endings(small[0])[BACK] > base[BACK]).mean() > 0.95
    assert (endings(small[1])[GIVE] > base[GIVE]).mean() > 0.95


def test_between_equals_the_defender_with_the_smaller_stake_yields_more_than_with_the_larger(endings: Any) -> None:
    with jax.enable_x64(new_val=True):
        even = {"local": jnp.full((1, CASES), 0.5), "leverage": jnp.full((1, CASES), 0.5)}
        same = (jnp.full((1, CASES), 0.4),) * 2
        none = (jnp.zeros((1, CASES)),) * 2
        low = situations(
            **even, audience=same, side_payment=none, stake=(jnp.full((1, CASES), 0.9), jnp.full((1, CASES), 0.3))
        )
        high = low._replace(stake=low.stake[::-1])
    assert (endings(low)[GIVE] > endings(high)[GIVE]).all()
    assert (endings(low)[BACK] < endings(high)[BACK]).all()


def test_local_strength_lets_the_challenger_prevail(endings: Any) -> None:
    stronger = moved("local", lambda x: x + 0.15)
    a, b = endings(made()), endings(stronger)
    assert (b[GIVE] > a[GIVE]).mean() > 0.95
    assert (b[BACK] < a[BACK]).mean() > 0.95


def test_strategic_leverage_lets_the_challenger_prevail(endings: Any) -> None:
    a, b = endings(made()), endings(moved("leverage", lambda x: x + 0.15))
    assert (b[GIVE] > a[GIVE]).mean() > 0.95
    assert (b[BACK] < a[BACK]).mean() > 0.95


def test_something_to_give_in_exchange_makes_settlement_likelier(endings: Any) -> None:
    """Missiles on the other's doorstep that can be traded: settled more often, fought less often."""
    a, b = endings(made()), endings(moved("side_payment", lambda x: x + 0.5))
    assert (b[SETTLED] > a[SETTLED]).mean() > 0.9
    assert (b[WAR] < a[WAR]).mean() > 0.9


def test_a_defender_thought_resolute_yields_less(endings: Any, tree: laws.Laws) -> None:
    """Resolve weighs the stake: 1 + coefficient × (2 resolve - 1), as in `stakes.positions`."""
    weight = float(tree.ladder.stakes.resolve)
    assert weight > 0
    firm = one_side("stake", 1, lambda x: x * (1 + weight * 0.6))
    soft = one_side("stake", 1, lambda x: x * (1 - weight * 0.6))
    assert (endings(firm)[GIVE] < endings(soft)[GIVE]).mean() > 0.95


def test_what_was_said_aloud_makes_backing_down_rarer(endings: Any) -> None:
    tied = one_side("audience", 0, lambda x: x + 0.4)
    assert (endings(tied)[BACK] < endings(made())[BACK]).mean() > 0.9


def test_the_hotline_lowers_the_risk_of_war(endings: Any) -> None:
    assert (endings(moved("safety", lambda x: 0.5 * x))[WAR] < endings(made())[WAR]).all()
