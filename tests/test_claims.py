"""The ledger: claims are data, verdicts are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detente import laws
from detente.lab import claims, interventions, measures
from detente.lab.claims import Claim
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


SUBSYSTEMS = 23
"""Subsystems that the sources describe, S24 (provenance) apart."""


def test_the_shipped_ledger_is_whole(st: Structure) -> None:
    """Every subsystem has its claims; what carries one lies on its path, and its placebo does not."""
    ledger = claims.read(st)
    names = {name.partition(".")[0] for part in ledger for name in part}
    assert names == {f"S{k}" for k in range(1, SUBSYSTEMS + 1)}
    for one in ledger.claims.values():
        assert one.carried_by in one.path, one.id
        assert one.placebo not in one.path, one.id
        assert one.sources, one.id


def test_no_verdict_stands_in_the_data(st: Structure) -> None:
    for file in sorted((Path(st.scenario.root) / "claims").glob("*.toml")):
        text = file.read_text(encoding="utf-8")
        assert not any(f'"{verdict}"' in text or f"{verdict} =" in text for verdict in ("supported", "contradicted"))


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


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(-0.05, 0.05, "supported"), (0.2, 0.3, "contradicted"), (-0.3, -0.2, "contradicted"), (0.0, 0.3, "undecided")],
)
def test_a_claim_that_nothing_follows_is_supported_within_the_threshold(low: float, high: float, said: str) -> None:
    assert claims.verdict(claim(direction="leaves"), low, high) == said


def estimate(value: float) -> claims.Estimate:
    return claims.Estimate(value, value - 0.01, value + 0.01, 0.001)


FREE = "preferences.constant"
"""A law whose coefficients are all fitted."""
BOUND = "issues.embargo"
"""A law that carries no claim and whose prior does not let it be absent."""


@pytest.mark.parametrize(
    ("other", "without", "placebo", "said"),
    [
        ({}, 0.0, 0.5, ()),
        ({"path": [FREE, "decision:slot"]}, 0.0, 0.5, ("short path",)),
        ({"path": [FREE, "home.fear"]}, 0.0, 0.5, ("short path",)),
        ({"assumed": True}, 0.0, 0.5, ("read back",)),
        ({"carried_by": BOUND}, 0.0, 0.5, ("law cannot be absent",)),
        ({}, 0.5, 0.5, ("law does not carry",)),
        ({}, 0.0, 0.0, ("placebo moves it",)),
    ],
)
def test_what_speaks_against_an_effect_having_been_found(
    st: Structure, other: dict[str, object], without: float, placebo: float, said: tuple[str, ...]
) -> None:
    one = claim(**({"carried_by": FREE, "path": [FREE, "home.fear", "decision:slot"]} | other))
    effects = estimate(0.5), estimate(without), estimate(placebo)
    assert tuple(claims._reasons(st.scenario, one, *effects)) == said
    wanted = "supported" if not said else "assumed" if said[0] in claims.ASSUMES else "undecided"
    assert claims.judged(one, effects[0], said) == wanted


def test_a_law_may_be_absent_only_if_each_of_its_effects_may(st: Structure) -> None:
    scenario = st.scenario
    assert claims.free(scenario, FREE)
    for name in (BOUND, "arsenals.stationing"):
        assert not claims.free(scenario, name)


def test_every_effect_of_a_law_that_carries_a_claim_may_be_absent(st: Structure) -> None:
    """The one rule of `docs/extend.md`: such a prior ends at its neutral value, whatever the claim and its verdict."""
    odd = []
    for mechanism, law in {tuple(c.carried_by.split(".")) for c in claims.read(st).claims.values()}:
        for key, e in st.scenario.laws[mechanism][law].items():
            effect = e.kind == "effect" and e.best != e.neutral and not e.fitted
            ends = {(e.low, e.bounds[0]), (e.high, e.bounds[1])}
            if effect and (e.family != "normal" or (e.neutral, e.neutral) not in ends):
                odd.append(f"{mechanism}.{law}.{key}")
        assert claims.free(st.scenario, f"{mechanism}.{law}")
    assert odd == []


def test_an_effect_that_may_be_absent_is_so_in_one_draw_of_twenty_and_its_median_stays(st: Structure) -> None:
    name = "home.fear.ladder"
    entry, drawn = laws.coefficient(st.scenario, name), laws.draw(st.scenario, 1, draws=2000)[name]
    assert (drawn == entry.neutral).mean() == pytest.approx(0.05, abs=0.02)
    assert np.median(drawn) == pytest.approx(entry.best, rel=0.05)
    assert drawn.min() == entry.neutral


def made_up(st: Structure, one: Claim, folder: Path, effect: float) -> claims.Values:
    """Values as if the cause added `effect`, the carrying law all of it, the placebo nothing."""
    values, plan, begin = (
        claims.Values(st, 128, 1, folder),
        claims.experiment(st, one),
        claims.first(claims.arms(st, one)),
    )
    base = np.random.default_rng(3).normal(size=128)
    shifts = {plan.own: -effect, plan.without[0]: 0.2, plan.without[1]: 0.2, plan.placebo[0]: 0.0}
    for arm, shift in (shifts | {plan.placebo[1]: -effect}).items():
        asked = claims.Asked(arm, one.measure, begin)
        np.save(folder / f"{values.key(asked)}.npy", np.stack([base, base + shift]))
        values.run(arm, [asked])
    return values


def test_a_finding_weighs_twins_with_laws_off_against_each_other(st: Structure, tmp_path: Path) -> None:
    """Made up: the cause adds 0.5, the carrying law all of it, the placebo nothing; kept values are found again."""
    one = claim(carried_by=BOUND, placebo="bloc.grip")
    found = claims.finding(st, one, made_up(st, one, tmp_path, 0.5))
    assert found.effect.value == pytest.approx(0.5)
    assert found.without.value == pytest.approx(0.0)
    assert found.placebo.value == pytest.approx(0.5)
    assert found.reasons == ("law cannot be absent",)
    assert found.verdict == "assumed"
    assert found.table()["score"] == "no data"


@pytest.mark.parametrize("shuffle", range(4))
def test_shuffled_directions_get_the_verdicts_that_the_effects_deserve(
    st: Structure, tmp_path: Path, shuffle: int
) -> None:
    """The same values under directions dealt at random: verdicts go by the effects, never by what was expected."""
    rng = np.random.default_rng(shuffle)
    for k, effect in enumerate((-0.5, 0.0, 0.5)):
        direction = str(rng.choice(["raises", "lowers", "leaves"]))
        one = claim(id=f"T{k}", direction=direction, carried_by=FREE, path=[FREE, "home.fear", "decision:slot"])
        (folder := tmp_path / str(k)).mkdir()
        found = claims.finding(st, one, made_up(st, one, folder, effect))
        true = "raises" if effect > 0 else "lowers" if effect < 0 else "leaves"
        assert found.verdict == ("supported" if direction == true else "contradicted"), (direction, effect)


@pytest.mark.slow
def test_shuffled_directions_follow_the_model_in_real_runs(st: Structure) -> None:
    """A claim of the ledger run as it stands and turned round: what supports the one contradicts the other."""
    one = claims.read(st).claims["S6.3"]
    values = claims.Values(st, 128, 1)
    for asked in claims.plan_of(st, one):
        values.run(asked.arm, [asked], 1)
    turned = one.model_copy(update={"direction": {"raises": "lowers", "lowers": "raises"}[one.direction]})
    here, there = (claims.finding(st, x, values) for x in (one, turned))
    assert here.effect == there.effect
    low, high = here.effect.low, here.effect.high
    assert abs(here.effect.value) > one.smallest
    assert {claims.verdict(one, low, high), claims.verdict(turned, low, high)} == {"supported", "contradicted"}


def test_what_was_left_over_after_a_change_of_code_is_not_taken(
    st: Structure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = claim()
    asked = claims.plan_of(st, one)[0]
    values = made_up(st, one, tmp_path, 0.5)
    assert values.have(asked)
    monkeypatch.setattr(claims.whatif, "stamp", lambda _: "another")
    assert not claims.Values(st, 128, 1, tmp_path).have(asked)


# ---- rivals ----
def test_shares_are_shapley_values() -> None:
    """Known answer: one cause brings 3, another 1, both together 6; the two that interact split what they add."""
    worth = {("a",): np.array([3.0]), ("b",): np.array([1.0]), ("a", "b"): np.array([6.0])}
    assert claims.shapley1953(("a", "b"), "a", worth)[0] == pytest.approx(4.0)
    assert claims.shapley1953(("a", "b"), "b", worth)[0] == pytest.approx(2.0)


def test_a_cause_that_does_nothing_has_no_share(st: Structure, tmp_path: Path) -> None:
    (rival,) = [r for r in claims.read(st).rivals.values() if r.id == "S6.4"]
    values = claims.Values(st, 128, 1, tmp_path)
    rng = np.random.default_rng(5)
    for names, asked in claims.plan_of_rival(st, rival).items():
        effect = 0.4 + 0.1 * rng.normal(size=64)[np.arange(128) % 64] if "shoot-down" in names else np.zeros(128)
        np.save(tmp_path / f"{values.key(asked)}.npy", np.stack([np.ones(128), 1.0 - effect]))
        values.run(asked.arm, [asked])
    found = claims.shared(st, rival, values)
    assert found.shares["shoot-down"][0] == pytest.approx(1.0, abs=0.03)
    assert found.shares["refusal"][0] < 0.05
    assert found.total.value == pytest.approx(0.4, abs=0.05)


# ---- arms ----
def test_laws_are_switched_off_from_the_month_of_the_intervention(st: Structure) -> None:
    plan = claims.experiment(st, claim())
    alone, both = plan.without
    assert claims.first(alone) == claims.first(plan.own)
    assert set(both) == {*plan.own, *alone}
    assert isinstance(alone[0], interventions.Intervention)
    assert measures.read(st, claim().measure, 0)
    assert [len(pair) for pair in claims.experiment(st, claim(), paths=True).paths.values()] == [2]


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


@pytest.mark.parametrize(
    ("measure", "series"),
    [
        ("mean:milex.ussr - milex.usa@1957-01..1964-12", ("milex.ussr", "milex.usa")),
        ("mean:tension.usa.ussr@1961-08..1961-12", ("tension_usa_ussr",)),
        ("p:khrushchev-removed@1962-11..1964-12", ("removals.ussr",)),
        ("outcome:cuba-1962=settled", ("crises.month",)),
        ("p:berlin-wall", ()),
    ],
)
def test_a_measure_rests_on_what_was_measured_of_it(st: Structure, measure: str, series: tuple[str, ...]) -> None:
    assert claims.rests_on(st, measure) == series


def test_necessity_of_what_lowers_a_chance_is_about_its_not_happening(st: Structure) -> None:
    one, two = np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 1.0])
    had, other = claims._outcome(claim(direction="lowers"), one, two)
    found = claims.attributed(had, other, np.arange(3))
    assert found is not None
    assert found.value == pytest.approx(0.5)
