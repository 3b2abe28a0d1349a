"""The ladder: a game of private resolve whose solution is an equilibrium, and moves as its equations say."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ladder_kit import WIDTH, as_profile, drawn, spread, written_out

from detente import drive, laws
from detente.deeds import LADDER_ENDS
from detente.games import quantal as general
from detente.games.play import Play, profile
from detente.ladder import foresight, play, quantal, stakes, tree
from detente.ladder.quantal import Care, Solution
from detente.ladder.stakes import Positions, payoffs
from detente.laws import Laws
from detente.scenario import Scenario
from detente.structure import Structure, structure
from detente.views import view
from detente.world import World
from fixtures_kernel import FAST, Kernel
from fixtures_kernel import drawn as drawn_laws

BACK, GIVE, SETTLED, HOLD, WAR = range(5)
assert LADDER_ENDS == ("challenger-backs-down", "defender-backs-down", "settled", "hold", "war")
EXACT = Care(200, 1, 1e-9)
SETTLES = 1e-8
"""Residual under which an exact solution has settled."""


@pytest.fixture(scope="module")
def best(coexistence: Scenario) -> Laws:
    return laws.best(coexistence)


def solver(care: Care) -> Callable[[Positions, Laws], Solution]:
    """Compiled once for all calls of one width and precision."""

    def solved(x: Positions, tree_: Laws) -> Solution:
        return quantal.solve(payoffs(x, tree_), tree_.ladder.quantal.precision, care)

    compiled = jax.jit(solved, compiler_options=FAST)

    def of(x: Positions, tree_: Laws) -> Solution:
        with jax.enable_x64(new_val=True):
            found: Solution = jax.tree.map(np.asarray, compiled(x, tree_))
            return found

    return of


@pytest.fixture(scope="module")
def careful() -> Callable[[Positions, Laws], Solution]:
    return solver(quantal.CAREFUL)


@pytest.fixture(scope="module")
def exact() -> Callable[[Positions, Laws], Solution]:
    return solver(EXACT)


def positions(seed: int = 1, dtype: Any = np.float64, **changed: Any) -> Positions:
    """Random positions; each field named is passed through a function, or each side of it through one of a pair."""
    with jax.enable_x64(new_val=True):
        x = drawn(seed, dtype=dtype)
        for name, change in changed.items():
            old = getattr(x, name)
            pair = change if isinstance(change, tuple) else (change, change)
            new = tuple(f(a) for f, a in zip(pair, old, strict=True)) if isinstance(old, tuple) else change(old)
            x = x._replace(**{name: new})
        return x


def copies(best: Laws, dtype: Any = np.float64, **changed: float) -> Laws:
    with jax.enable_x64(new_val=True):
        tree_ = spread(best, dtype=dtype)
        for name, value in changed.items():
            law, key = name.split("_", 1)
            tree_ = laws.replaced(tree_, {f"ladder.{law}.{key}": jnp.full(WIDTH, value, dtype)})
        return tree_


def same(x: Any) -> Any:
    return x


def ends(found: Solution) -> np.ndarray:
    """Probability of each ending, [5, ladder]."""
    return np.stack([found.line[tree.LINE_END == e].sum(axis=0) for e in range(len(LADDER_ENDS))])


# ---- the tree ----


def test_every_way_of_running_is_counted_once() -> None:
    inner = sum(3**d for d in range(tree.MOVES))  # nodes with a move: two endings, and three ways to slip into war
    assert len(tree.LINES) == 5 * inner + 3**tree.MOVES == 281
    assert len({(line.plays, line.end) for line in tree.LINES}) == len(tree.LINES)
    assert len(set(tree.LINE_NAMES)) == len(tree.LINES)


def test_a_line_counts_its_presses_and_ends_as_its_last_move_says() -> None:
    for line, end, climbed in zip(tree.LINES, tree.LINE_END, tree.LINE_CLIMBED, strict=True):
        assert line.climbed == climbed == line.plays.count("press")
        assert line.end == LADDER_ENDS[end]
        assert "back-down" not in line.plays[:-1]
        last = tree.mover(len(line.plays) - 1)
        if line.plays[-1] == "back-down":
            assert line.end == ("challenger-backs-down", "defender-backs-down")[last]
        else:
            assert line.end in ("settled", "war", "hold")
            assert line.end != "settled" or line.plays[-1] == "offer"
            assert line.end != "hold" or len(line.plays) == tree.MOVES


def test_the_defender_moves_first_and_then_in_turn() -> None:
    assert [tree.mover(move) for move in range(tree.MOVES)] == [1, 0, 1, 0]


def test_nodes_of_a_depth_count_the_presses_that_led_to_them() -> None:
    for depth in range(tree.MOVES + 1):
        count = tree.climbed(depth)
        assert count.shape == (3**depth,)
        digits = [np.base_repr(node, 3).zfill(depth)[-depth:] if depth else "" for node in range(3**depth)]
        assert count.tolist() == [d.count("0") for d in digits]


def test_the_typical_line_is_the_shortest_that_ends_so() -> None:
    for end in LADDER_ENDS:
        for climbed in {line.climbed for line in tree.LINES if line.end == end}:
            line = tree.LINES[tree.typical(end, climbed)]
            assert (line.end, line.climbed) == (end, climbed)
            rivals = [other for other in tree.LINES if (other.end, other.climbed) == (end, climbed)]
            assert len(line.plays) == min(len(other.plays) for other in rivals)
    assert tree.LINES[tree.typical("defender-backs-down", 0)].plays == ("back-down",)
    with pytest.raises(ValueError, match=r"empty|argument"):
        tree.typical("settled", 4)  # the last move is the settlement, so four presses leave no room for it


# ---- an equilibrium ----


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lines_sum_to_one_and_the_residual_is_small(careful: Any, best: Laws, dtype: Any) -> None:
    lowered = []
    for seed in (1, 2):
        found = careful(positions(seed, dtype), copies(best, dtype))
        assert found.line.dtype == dtype
        assert (found.line >= 0).all()
        np.testing.assert_allclose(found.line.sum(axis=0), 1.0, atol=20 * np.finfo(dtype).eps)
        assert found.residual.max() <= 1.1 * quantal.CAREFUL.enough
        lowered.append(found.precision < 0.999 * best.ladder.quantal.precision)
    assert np.mean(lowered) < 0.1  # a few in a hundred


def against_the_branch(found: Solution, x: Positions, tree_: Laws, one: int, moves: int, lines: Any) -> None:
    """The fast solution is the point of the principal branch that the general solver finds."""
    game, line, labels = written_out(payoffs(x, tree_), one, moves, lines)
    slow = general.solve(game, float(tree_.ladder.quantal.precision[one]))
    assert slow.converged, slow.reason
    np.testing.assert_allclose(as_profile(game, labels, found, one), slow.probabilities, atol=1e-6)
    here = np.bincount(line, slow.play.ends, minlength=len(lines))
    np.testing.assert_allclose(found.line[:, one], here, atol=1e-6)
    values = [(v[:, one] * p[:, one]).sum() for v, p in zip(found.value, payoffs(x, tree_).prior, strict=True)]
    np.testing.assert_allclose(values, slow.play.values, atol=1e-6)


def test_the_solution_is_an_equilibrium_of_the_same_game_written_out(exact: Any, best: Laws) -> None:
    """Every choice is the logit reply, by the general evaluator's beliefs and values."""
    x, tree_ = positions(), copies(best)
    found = exact(x, tree_)
    settled = np.flatnonzero(found.residual <= SETTLES)[:2]
    with jax.enable_x64(new_val=True):
        for one in settled:
            game, line, labels = written_out(payoffs(x, tree_), one, tree.MOVES, tree.LINES)
            known = profile(game, as_profile(game, labels, found, one))
            assert general.residual(game, float(best.ladder.quantal.precision), known) <= 10 * SETTLES
            here = np.bincount(line, Play(game, known).ends, minlength=len(tree.LINES))
            np.testing.assert_allclose(found.line[:, one], here, atol=1e-10)


@pytest.mark.slow
def test_the_solution_lies_on_the_principal_branch(exact: Any, best: Laws) -> None:
    x, tree_ = positions(), copies(best)
    found = exact(x, tree_)
    one = int(np.flatnonzero(found.residual <= SETTLES)[0])
    with jax.enable_x64(new_val=True):
        against_the_branch(found, x, tree_, one, tree.MOVES, tree.LINES)


def test_ladders_of_fewer_moves_lie_on_the_principal_branch(best: Laws, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two moves the general solver takes a moment, so that it can be asked at many payoffs and precisions."""
    for module in (tree, quantal):
        monkeypatch.setattr(module, "MOVES", 2)
    lines, many = tree._lines(), 12
    assert len(lines) == 29
    with jax.enable_x64(new_val=True):
        x, tree_ = drawn(4, many), spread(best, many)
        sharper = jnp.asarray(np.geomspace(0.2, 1.8, many))
        tree_ = laws.replaced(tree_, {"ladder.quantal.precision": sharper})
    found = solver(EXACT)(x, tree_)
    settled = np.flatnonzero(found.residual <= SETTLES)
    assert len(settled) >= many / 2
    with jax.enable_x64(new_val=True):
        for one in settled:
            against_the_branch(found, x, tree_, int(one), 2, lines)


def test_without_precision_every_play_is_as_likely_as_every_other(exact: Any, best: Laws) -> None:
    found = exact(positions(), copies(best, quantal_precision=0.0))
    for strategy in found.strategies:
        np.testing.assert_allclose(strategy.play, 0.25, atol=1e-12)
        np.testing.assert_allclose(strategy.yes, 0.5, atol=1e-12)


def test_where_the_iteration_does_not_settle_the_ladder_is_played_more_bluntly(careful: Any, best: Laws) -> None:
    """At three times the prior's precision many circle; what is given is an equilibrium of the precision reported."""
    asked = 3.0 * float(best.ladder.quantal.precision)
    found = careful(positions(), copies(best, quantal_precision=asked))
    tries = np.log(found.precision / asked) / np.log(quantal.BLUNTER)
    np.testing.assert_allclose(tries, tries.round(), atol=1e-9)
    assert (tries.round() > 0).any()
    settled = found.residual <= quantal.CAREFUL.enough
    again = careful(positions(), laws.replaced(copies(best), {"ladder.quantal.precision": found.precision}))
    kept = settled & np.isclose(again.precision, found.precision)
    assert kept.mean() > 0.7
    np.testing.assert_allclose(np.median(abs(again.line - found.line)[:, kept].max(axis=0)), 0.0, atol=1e-4)


# ---- directions ----


@pytest.fixture(scope="module")
def moved(careful: Any, best: Laws) -> Any:
    """How the endings, and the challenger's value of opening, change from the random positions to changed ones."""
    base = careful(positions(), copies(best))
    full = 0.999 * float(best.ladder.quantal.precision)

    def of(x: Positions | None = None, tree_: Laws | None = None) -> tuple[np.ndarray, np.ndarray]:
        found = careful(x or positions(), tree_ or copies(best))
        alike = (found.precision > full) & (base.precision > full)
        assert alike.mean() > 0.85
        change = ends(found) - ends(base)
        return change[:, alike], (found.value[0] - base.value[0])[:, alike]

    return of


def more(by: float) -> Callable[[Any], Any]:
    return lambda a: a + by


def surer(belief: Any) -> Any:
    return jnp.minimum(belief + 0.2, 0.95)


def times(factor: float) -> Callable[[Any], Any]:
    return lambda a: factor * a


def test_whom_the_balance_favours_as_he_believes_it_backs_down_less_and_the_other_more(moved: Any) -> None:
    ends_, value = moved(positions(favour=(more(0.2), same)))
    assert (ends_[BACK] < 0).all()
    assert (ends_[GIVE] > 0).mean() > 0.97
    assert (value > 0).mean() > 0.97
    ends_, value = moved(positions(favour=(same, more(0.2))))
    assert (ends_[GIVE] < 0).all()
    assert (ends_[BACK] > 0).mean() > 0.97
    assert (value < 0).mean() > 0.97


def test_who_has_less_at_stake_backs_down_more_and_the_other_less(moved: Any) -> None:
    ends_, _ = moved(positions(stake=(times(0.7), same)))
    assert (ends_[BACK] > 0).all()
    assert (ends_[GIVE] < 0).mean() > 0.97
    ends_, value = moved(positions(stake=(same, times(0.7))))
    assert (ends_[GIVE] > 0).all()
    assert (ends_[BACK] < 0).mean() > 0.97
    assert (value > 0).mean() > 0.97


def test_who_has_spoken_louder_backs_down_less_and_a_settlement_is_harder(moved: Any) -> None:
    """Fearon 1994: audience costs tie hands; the challenger's make the other yield more."""
    ends_, _ = moved(positions(audience=(more(0.4), same)))
    assert (ends_[BACK] < 0).mean() > 0.8
    assert (ends_[GIVE] > 0).mean() > 0.9
    ends_, _ = moved(positions(audience=(same, more(0.4))))
    assert (ends_[BACK] > 0).mean() > 0.9
    assert (ends_[SETTLED] < 0).mean() > 0.97


def test_a_secret_side_payment_makes_settlements(moved: Any) -> None:
    ends_, value = moved(positions(side_payment=more(0.5)))
    assert (ends_[SETTLED] > 0).mean() > 0.97
    assert (value > 0).mean() > 0.7
    ends_, _ = moved(positions(side_payment=(same, more(0.5))))
    assert (ends_[SETTLED] > 0).mean() > 0.97


def test_against_one_thought_resolute_it_is_worth_less_to_open(moved: Any) -> None:
    ends_, value = moved(positions(resolve=(same, surer)))
    assert (value < 0).mean() > 0.97
    assert (ends_[GIVE] < 0).mean() > 0.97
    assert (ends_[BACK] > 0).mean() > 0.97


def test_who_is_thought_resolute_has_the_better_of_it(moved: Any) -> None:
    ends_, value = moved(positions(resolve=(surer, same)))
    assert (ends_[GIVE] > 0).mean() > 0.95
    assert (value > 0).mean() > 0.9


def test_a_direct_line_lowers_the_risk_of_war_and_a_steeper_rung_raises_it(moved: Any, best: Laws) -> None:
    ends_, _ = moved(positions(safety=times(0.5)))
    assert (ends_[WAR] < 0).all()
    ends_, _ = moved(tree_=copies(best, stakes_risk=2.0 * float(best.ladder.stakes.risk)))
    assert (ends_[WAR] > 0).all()


def test_being_seen_to_settle_makes_settlements_rarer(moved: Any, best: Laws) -> None:
    for name in ("seen", "indivisible"):
        ends_, _ = moved(tree_=copies(best, **{f"stakes_{name}": float(best.ladder.stakes[name]) + 1.0}))
        assert (ends_[SETTLED] < 0).mean() > 0.95


def test_shares_of_endings_respond_to_balance_resolve_and_side_payment(moved: Any) -> None:
    """Or three in four crises would settle whatever the balance: the mean shares themselves move, by 3 in 100."""
    for field, change, end in (
        ("favour", (more(0.2), more(-0.2)), GIVE),
        ("favour", (more(0.2), more(-0.2)), BACK),
        ("resolve", (same, surer), GIVE),
        ("side_payment", more(0.5), SETTLED),
    ):
        ends_, _ = moved(positions(**{field: change}))
        assert abs(ends_[end].mean()) > 0.025, (field, LADDER_ENDS[end])


def test_no_ending_is_that_of_nearly_every_ladder(careful: Any, best: Laws) -> None:
    shares = ends(careful(positions(), copies(best)))
    assert (shares.mean(axis=1)[:WAR] > 0.1).all()
    assert (shares.mean(axis=1) < 0.5).all()
    assert (shares.std(axis=1)[:WAR] > 0.1).all()  # they depend on the position


# ---- the gradient ----


@pytest.mark.slow
def test_the_gradient_agrees_with_finite_differences(best: Laws) -> None:
    """Of log-probabilities of endings in every coefficient, as elasticities; each ladder has an ending of its own."""
    care, size, step = Care(120, 1, 1e-13), 10, 1e-4

    def score(factors: dict[str, Any], x: Positions) -> tuple[Any, Any]:
        tree_ = laws.replaced(Laws(ladder=blunt.ladder), {n: value_of(blunt, n) * f for n, f in factors.items()})
        found = quantal.solve(payoffs(x, tree_), tree_.ladder.quantal.precision, care)
        shares = jnp.stack([found.line[tree.LINE_END == e].sum(axis=0) for e in range(len(LADDER_ENDS))])
        ladder = jnp.arange(shares.shape[1])
        each = jnp.log(shares[ladder % len(LADDER_ENDS), ladder])
        return each.sum(), (each, found.residual)

    blunt = laws.replaced(best, {"ladder.quantal.precision": 0.5})  # settles to the last digit in few steps
    beside = ("backing", "hotline", "leverage", "local")  # these enter before, in the position
    names = [f"ladder.stakes.{key}" for key in best.ladder.stakes if key not in beside] + ["ladder.quantal.precision"]
    with jax.enable_x64(new_val=True):
        x, blocks = drawn(9, size), 2 * len(names)
        many: Positions = jax.tree.map(lambda a: jnp.tile(a, blocks), x)
        shift = np.ones((len(names), blocks, size))
        for n in range(len(names)):
            shift[n, 2 * n], shift[n, 2 * n + 1] = 1.0 + step, 1.0 - step
        plain = jax.jit(lambda f, y: score(f, y)[1], compiler_options=FAST)
        slopes = jax.jit(jax.grad(score, has_aux=True), compiler_options=FAST)
        each, residual = plain({name: jnp.asarray(shift[n].reshape(-1)) for n, name in enumerate(names)}, many)
        gradient, _ = slopes({name: jnp.ones(size) for name in names}, x)
    settled = np.asarray(residual).reshape(blocks, size).max(axis=0) < 1e-12
    assert settled.sum() >= size // 2
    up, down = np.asarray(each).reshape(len(names), 2, size).swapaxes(0, 1)
    by_difference = (up - down) / (2.0 * step)
    by_rule = np.stack([np.asarray(gradient[name]) for name in names])
    np.testing.assert_allclose(by_rule[:, settled], by_difference[:, settled], atol=1e-5, rtol=1e-5)
    assert (abs(by_rule[:, settled]).max(axis=1) > 1e-4).all()


def value_of(tree_: Laws, name: str) -> float:
    mechanism, law, key = name.split(".")
    return float(tree_[mechanism][law][key])


# ---- company ----


def test_a_ladder_does_not_know_which_others_are_solved_beside_it(careful: Any, best: Laws) -> None:
    x, tree_ = positions(), copies(best)
    alone = careful(x, tree_)
    order = np.random.default_rng(0).permutation(WIDTH)
    half = np.arange(WIDTH) % 2 == 0
    with jax.enable_x64(new_val=True):
        shuffled = jax.tree.map(lambda a: a[order], x)
        mixed = jax.tree.map(lambda a, b: jnp.where(half, a, b), x, positions(2))
    again, beside = careful(shuffled, tree_), careful(mixed, tree_)
    for name in ("line", "residual", "precision"):
        base = getattr(alone, name)
        np.testing.assert_array_equal(getattr(again, name), base[..., order], err_msg=name)
        np.testing.assert_array_equal(getattr(beside, name)[..., half], base[..., half], err_msg=name)


def test_gathering_the_open_ladders_changes_nothing(best: Laws) -> None:
    x, tree_ = positions(), copies(best)
    all_ = solver(quantal.EXACT)(x, tree_)
    with jax.enable_x64(new_val=True):
        drained = jax.jit(partial(play._drained, care=quantal.EXACT), compiler_options=FAST)
        for share in (0.0, 0.3):
            open_ = np.random.default_rng(1).random(WIDTH) < share
            line, residual, precision = (np.asarray(a) for a in drained(jnp.asarray(open_), x, tree_.ladder))
            np.testing.assert_allclose(line[:, open_], all_.line[:, open_], atol=1e-12)
            np.testing.assert_allclose(residual[open_], all_.residual[open_], atol=1e-12)
            np.testing.assert_array_equal(line[:, ~open_], 1.0 / len(tree.LINES))
            np.testing.assert_array_equal(residual[~open_], 0.0)
            share = all_.precision / np.asarray(tree_.ladder.quantal.precision)
            np.testing.assert_allclose(precision[open_], share[open_], atol=1e-12)
            np.testing.assert_array_equal(precision[~open_], 1.0)


# ---- what a challenger foresees ----


DEPTHS = (1, 2, foresight.DEPTH, 8)
SLOWLY = 0.2
"""Share of the correction in a step of the comparison: what circles in larger steps settles."""


@partial(jax.jit, compiler_options=FAST)
def true_and_foreseen(x: Positions, tree_: Laws) -> tuple[Any, Any, Any]:
    """What opening is worth in equilibrium, the residual there, and what is foreseen at each of DEPTHS."""
    y, precision = payoffs(x, tree_), tree_.ladder.quantal.precision

    def step(s: Any, _: None) -> tuple[Any, None]:
        return s + SLOWLY * (quantal.respond(y, precision, s)[1] - s), None

    known = jax.lax.scan(step, quantal.flat(y), None, length=400)[0]
    (value, _), replies = quantal.respond(y, precision, known)
    seen = jnp.stack([foresight.worth(x, tree_, depth) for depth in DEPTHS])
    return value.mean(axis=0), abs(replies - known).max(axis=0), seen  # both types are as likely


def off_by(x: Positions, tree_: Laws) -> np.ndarray:
    """How far the values foreseen are from those of the equilibrium, in units of the stake, [DEPTHS, ladder]."""
    with jax.enable_x64(new_val=True):
        true, residual, seen = (np.asarray(a) for a in true_and_foreseen(x, tree_))
        prize = np.asarray(tree_.ladder.stakes.prize) * np.maximum(x.stake[0], 0.05)
    settled = residual <= 1e-4
    assert settled.mean() > 0.95
    return (abs(seen - true) / prize)[:, settled]


def before_opening(seed: int) -> Positions:
    """Random positions on the first rung, of a challenger who does not know what he is taken for."""
    return positions(seed, resolve=(lambda r: 0.0 * r + 0.5, same), rung=lambda r: 0.0 * r + 1.0)


def test_what_a_challenger_foresees_is_within_a_hundredth_of_the_stake(best: Laws) -> None:
    """At random positions; the deeper, the closer."""
    off = off_by(before_opening(3), copies(best))
    mean, high = off.mean(axis=1), np.quantile(off, 0.95, axis=1)
    at = DEPTHS.index(foresight.DEPTH)
    assert mean[at] < 0.01
    assert high[at] < 0.01
    assert list(mean) == sorted(mean, reverse=True)
    assert mean[-1] < 0.1 * mean[0]


def test_without_precision_once_is_enough(best: Laws) -> None:
    """Every move is as likely whatever is believed."""
    x, tree_ = before_opening(5), copies(best, quantal_precision=0.0)
    with jax.enable_x64(new_val=True):
        once, often = (foresight.worth(x, tree_, depth) for depth in (1, 5))
    np.testing.assert_allclose(once, often, atol=1e-12)


@pytest.mark.slow
def test_in_simulated_worlds_it_is_as_close_in_the_mean(kernel: Kernel) -> None:
    with jax.enable_x64(new_val=True):
        tree_ = drawn_laws(kernel.st.scenario)
    worlds, _ = kernel.run(48, tree_)
    with jax.enable_x64(new_val=True):
        stands = [jax.tree.map(np.asarray, positions_of(world, tree_, kernel.st)) for world in worlds[::12]]
        x = jax.tree.map(lambda *each: np.concatenate(each), *stands)
        lanes = Laws(ladder=jax.tree.map(partial(np.resize, new_shape=x.rung.shape), tree_.ladder))
    off = off_by(x, lanes)[DEPTHS.index(foresight.DEPTH)]  # each world under its own draw of the laws
    assert off.mean() < 0.01
    assert np.median(off) < 0.001


def positions_of(world: World, tree_: Laws, st: Structure) -> Positions:
    """Where every showdown issue stands for either side as a challenger, issue and side and world in one axis."""
    seen = view(world, tree_, st)
    both = [stakes.positions(seen, tree_, st, side, believed=True) for side in (0, 1)]
    x: Positions = jax.tree.map(lambda one, other: jnp.concatenate([one, other]).reshape(-1), *both)
    return x._replace(resolve=(jnp.full_like(x.rung, 0.5), x.resolve[1]))


# ---- allies ----


def test_allies_back_or_desert_by_their_own_stake(coexistence: Scenario, best: Laws) -> None:
    """Who wants the same strengthens its principal as far as it leans to it; who wants the opposite weakens it."""
    st = structure(coexistence)
    start = drive.begin(st, best, 1, np.float32)
    at = list(st.showdown).index(list(st.issues).index("west-berlin"))
    side = 0 if st.stake[st.showdown[at], st.actors.index("usa")] > 0 else 1
    ally, pole = st.actors.index("uk"), st.pole[st.deciders.index("usa")]

    def favour(leaning: float, values: Laws, sign: float = 1.0) -> tuple[float, float]:
        """Of the United States and its opponent, each by its own belief."""
        lean = start.influence.government.at[:, ally].set((1.0 - leaning) / 3).at[pole, ally].set(leaning)
        stake = st.stake.copy()
        stake[st.showdown[at], ally] *= sign
        world = start._replace(influence=start.influence._replace(government=lean))
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(st.__dict__, "stake", stake)
            seen = view(world, values, st)
            x = stakes.positions(seen, values, st, side, believed=False)
        return float(x.favour[0][at, 0]), float(x.favour[1][at, 0])

    own, other = favour(0.9, best)
    cooler, bolder = favour(0.2, best)
    assert own > cooler
    assert other < bolder
    np.testing.assert_allclose(own - cooler, bolder - other, rtol=1e-3)
    left, _ = favour(0.9, best, sign=-1.0)
    assert left < own
    alone = laws.replaced(best, {"ladder.stakes.backing": 0.0})
    np.testing.assert_allclose(favour(0.9, alone), favour(0.2, alone), atol=1e-6)
