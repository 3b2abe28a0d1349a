"""The ledger: claims are data, verdicts are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detente import laws
from detente.lab import claims, interventions, measures
from detente.lab.claims import Claim, Values
from detente.lab.store import RunError
from detente.structure import Structure


def claim(**other: object) -> Claim:
    made = {
        "id": "T1",
        "sentence": {"en": "A.", "ru": "А."},
        "sources": ["own"],
        "arms": {"without": ["berlin-wall"]},
        "measure": "mean:tension.usa.ussr",
        "direction": "raises",
        "smallest": 0.1,
        "carried_by": "bloc.quarrel",
        "path": ["bloc.quarrel", "home.fear", "decision:slot"],
        "placebo": "issues.embargo",
        "refuted_by": {"en": "B.", "ru": "Б."},
    }
    return Claim.model_validate(made | other)


def test_the_shipped_claims_are_whole(st: Structure) -> None:
    ledger = claims.read(st)
    assert len(ledger.claims) >= 15
    for one in ledger.claims.values():
        assert one.carried_by in one.path or any(step.startswith(one.carried_by) for step in one.path)
        assert one.placebo not in one.path


@pytest.mark.parametrize(
    ("low", "high", "raises", "lowers"),
    [
        (0.2, 0.3, "supported", "contradicted"),
        (-0.3, -0.2, "contradicted", "supported"),
        (-0.05, 0.05, "contradicted", "contradicted"),
        (0.05, 0.3, "undecided", "undecided"),
        (-0.5, 0.5, "undecided", "undecided"),
    ],
)
def test_verdicts_follow_interval_and_direction(low: float, high: float, raises: str, lowers: str) -> None:
    assert claims.verdict(claim(), low, high) == raises
    assert claims.verdict(claim(direction="lowers"), low, high) == lowers


def test_an_effect_that_one_law_reads_back_is_assumed(st: Structure) -> None:
    assert not claims.earned(st.scenario, claim(path=["bloc.quarrel", "decision:slot"]))
    assert not claims.earned(st.scenario, claim(path=["bloc.quarrel", "home.fear"]))


def test_a_finding_weighs_twins_with_laws_off_against_each_other(st: Structure, tmp_path: Path) -> None:
    """Made up: the cause adds 0.5, the carrying law all of it, the placebo nothing; kept values are found again."""
    one, worlds = claim(), 128
    plan, values = claims.experiment(st, one), Values(st, 128, 1, tmp_path)
    rng = np.random.default_rng(3)
    base = rng.normal(size=worlds)
    effects = {plan.own: -0.5, plan.without[0]: 0.2, plan.without[1]: 0.2, plan.placebo[0]: 0.0, plan.placebo[1]: -0.5}
    for arm, shift in effects.items():
        np.save(tmp_path / f"{values.key(arm, one)}.npy", np.stack([base, base + shift]))
        values.run(arm, [one])
    found = claims.finding(st.scenario, one, plan, values, np.arange(worlds) % laws.DRAWS)
    assert found.effect == pytest.approx(0.5)
    assert found.effect_without == pytest.approx(0.0)
    assert found.effect_with_placebo_off == pytest.approx(0.5)
    assert found.verdict in ("supported", "assumed")


def test_laws_are_switched_off_from_the_month_of_the_intervention(st: Structure) -> None:
    plan = claims.experiment(st, claim())
    alone, both = plan.without
    assert claims.first(alone) == claims.first(plan.own)
    assert set(both) == {*plan.own, *alone}
    assert isinstance(alone[0], interventions.Intervention)
    assert measures.read(st, claim().measure, 0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"carried_by": "bloc.quarel"}, "did you mean 'bloc.quarrel'?"),
        ({"sources": ["text-00 ¶3"]}, "cites 'text-00': did you mean"),
        ({"smallest": 0.0}, "above 0"),
        ({"measure": "outcome:cuba-1962"}, "name one"),
    ],
)
def test_a_wrong_claim_ends_as_one_sentence(st: Structure, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(RunError) as error:
        claims._check(st, claim(**wrong), "claims/test.toml")
    assert said in str(error.value)
    assert str(error.value).startswith("claims/test.toml: T1")
