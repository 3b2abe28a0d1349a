"""Strategic probit and logit against the published estimators, and against plays that a known model drew."""

from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_allclose

from detente.lab import published, strategic, ultimatum
from detente.lab.observed import tables
from detente.lab.strategic import Decision, Model

PROBIT, DATA, TREE, STAKES = (
    published.disputes(),
    published.war1800(published.complete()),
    published.DISPUTE,
    published.STAKES,
)


@pytest.mark.parametrize("case", published.cases(), ids=lambda case: case.model)
def test_what_others_found_is_found_again(case):
    found = published.again(case)
    assert found.value == pytest.approx(case.loglik, abs=case.tolerance["loglik"])
    if case.estimates:
        assert_allclose(found.estimate, case.estimates, atol=case.tolerance["estimates"])
    if case.errors:
        assert_allclose(found.error, case.errors, atol=2e-3, rtol=5e-4)
    assert found.slope < 1e-5


def test_the_published_disputes_are_all_there():
    assert len(tables.read("war1800")) == 313
    assert Counter(DATA.endings) == {"sq": 124, "capit": 83, "war": 75}
    assert sum(int(row["year"]) >= 1850 for row in published.complete()) == 214
    assert len(tables.read("ultimatum2010")) == 32


def test_from_bad_starts_the_best_maximum_is_found_though_some_climbs_end_in_false_ones():
    bad = PROBIT.starts(DATA, 21, seed=7, spread=30.0)[1:]
    found = strategic.fit(PROBIT, DATA, starts=bad)
    assert 0 < found.false_maxima < 1
    assert found.value == pytest.approx(-286.12375, abs=1e-3)
    alone = [strategic.fit(PROBIT, DATA, starts=bad[i]).value for i in np.flatnonzero(found.climbs < -287)[:2]]
    assert max(alone) < -287  # a single start would have been believed


def test_an_offer_beyond_the_prize_is_refused():
    with pytest.raises(ValueError, match="offers lie between 0 and the prize"):
        ultimatum.fit(published.ULTIMATUM, {"gender1": [0], "gender2": [0]}, [-1.0], [True])


# Any tree: plays drawn from a model of known stakes

DEEP = Decision(
    "a",
    {
        "rest": "quiet",
        "threaten": Decision(
            "b",
            {
                "yield": "won",
                "offer": Decision("c", {"accept": "deal", "refuse": "quiet"}),
                "resist": Decision("a", {"stop": "lost", "fight": "war"}),
            },
        ),
    },
)
KNOWN = Model(
    DEEP,
    {"a": {"won": ("1", "x"), "war": ("1",), "deal": 0.5}, "b": {"war": ("y",), "won": -1.0}, "c": {"deal": ("1",)}},
    link="logit",
)
TRUTH = np.array([1.0, 1.5, -1.0, -1.2, 0.8])


def drawn(plays, seed):
    random = np.random.default_rng(seed)
    columns = {"x": random.normal(size=plays), "y": random.normal(size=plays)}
    blank = strategic.Data(columns, [KNOWN.endings[0]] * plays)
    chances = KNOWN.probabilities(TRUTH, blank).cumsum(axis=1)
    picks = (random.uniform(size=(plays, 1)) > chances).sum(axis=1)
    return strategic.Data(columns, [KNOWN.endings[i] for i in picks])


def test_known_stakes_are_recovered_on_a_tree_of_four_decisions():
    plays = drawn(3000, seed=3)
    found = strategic.fit(KNOWN, plays, starts=2)
    assert found.names == ("a:won:1", "a:won:x", "a:war:1", "b:war:y", "c:deal:1")
    assert np.all(np.abs(found.estimate - TRUTH) < 3.5 * found.error)
    assert_allclose(KNOWN.probabilities(found.estimate, plays).sum(axis=1), 1)


@pytest.mark.slow
def test_the_posterior_of_well_measured_stakes_is_that_of_the_maximum():
    small = Model(TREE, {"1": {"sq": ("1",)}, "2": {"war": ("balanc",)}}, link="logit")
    top = strategic.fit(small, DATA, starts=1, prior=5.0)
    found = strategic.posterior(small, DATA, prior=5.0, draws=200, warmup=100)
    assert np.all(found.r_hat < 1.05)
    assert found.divergences == 0
    assert np.all(np.abs(found.draws.mean(axis=0) - top.estimate) < 0.3 * top.error)
    assert_allclose(found.draws.std(axis=0), top.error, rtol=0.2)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Model(DEEP, {}), "3 actions somewhere"),
        (lambda: Model(TREE, {"3": {"war": 1.0}}), "who never decides"),
        (lambda: Model(TREE, {"1": {"peace": 1.0}}), "name endings peace"),
        (lambda: Model(TREE, STAKES, link="logit", errors="private"), "use the probit link"),
        (lambda: Model(TREE, STAKES, scale="estimated"), "needs a fixed utility"),
        (lambda: Model(Decision("a", {"x": "u", "y": Decision("a", {"x": "v", "y": "w"})}), {}, errors="private"), "a"),
        (lambda: PROBIT.arrays(strategic.Data({}, ["sq"])), "the data have no column s_wt_re1"),
        (lambda: PROBIT.arrays(strategic.Data(DATA.covariates, ["peace"])), "no ending peace"),
        (lambda: PROBIT.arrays(strategic.Data({**DATA.covariates, "balanc": [np.nan]}, ["sq"])), "missing values"),
    ],
)
def test_what_cannot_be_estimated_is_refused_in_a_sentence(build, says):
    with pytest.raises(ValueError, match=says):
        build()
