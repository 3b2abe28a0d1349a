"""The ledger of claims: every causal sentence of the sources as an experiment that can fail.

A claim names what is taken out of the record (or brought into it), what is measured, which way and how far it must move
to matter, the law said to carry it, and a placebo, a law not said to. Three effects are found with the same luck: as
the laws are; with the carrying law off from the month of the intervention; with the placebo off. A verdict is about the
model; no verdict is written into data.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from detente import laws
from detente.lab import interventions, measures, whatif
from detente.lab.interventions import Intervention
from detente.lab.store import RunError
from detente.scenario import Bilingual, Scenario, Sources, Strict, load, month_name, nearest
from detente.structure import Structure, structure

Floats = NDArray[np.float64]
Verdict = Literal["supported", "contradicted", "undecided", "assumed"]
ORDER: tuple[Verdict, ...] = ("contradicted", "undecided", "assumed", "supported")
OWN = "own"
"""What a hypothesis of ours cites."""


class Claim(Strict):
    """One causal sentence, as an experiment."""

    id: str
    sentence: Bilingual
    sources: Sources
    arms: dict[Literal["without", "forbid", "with", "move", "set", "off"], list[str]]
    removes: bool = True
    """Whether the arms take the cause out (its effect is record minus twin) or bring it in."""
    measure: str
    direction: Literal["raises", "lowers"]
    smallest: float
    carried_by: str
    path: list[str]
    placebo: str
    refuted_by: Bilingual


class Unrunnable(Strict):
    """A sentence that the model cannot put to the test, and why."""

    id: str
    sentence: Bilingual
    sources: Sources
    reason: Bilingual


class Ledger(NamedTuple):
    """All that a scenario claims."""

    claims: dict[str, Claim]
    not_runnable: dict[str, Unrunnable]


@dataclass(frozen=True)
class Finding:
    """A claim after its experiment."""

    claim: Claim
    verdict: Verdict
    effect: float
    low: float
    high: float
    error: float
    effect_without: float
    effect_with_placebo_off: float

    def table(self) -> dict[str, Any]:
        """As JSON has it (design, section 10)."""
        return {
            "id": self.claim.id,
            "verdict": self.verdict,
            "effect": self.effect,
            "low": self.low,
            "high": self.high,
            "error": self.error,
            "smallest": self.claim.smallest,
            "direction": self.claim.direction,
            "carried_by": self.claim.carried_by,
            "effect_without": self.effect_without,
            "effect_with_placebo_off": self.effect_with_placebo_off,
            "score": "no data",
        }


# ---- reading ----
def read(st: Structure) -> Ledger:
    """The claims of a scenario's folder, each checked as far as it can be without running it."""
    claims: dict[str, Claim] = {}
    others: dict[str, Unrunnable] = {}
    for path in sorted((Path(st.scenario.root) / "claims").glob("*.toml")):
        file = f"claims/{path.name}"
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RunError(f"{file}: it is no valid TOML: {error}.") from None
        for table in data.get("claim", []):
            claim = _made(Claim, table, file)
            _check(st, claim, file)
            claims[claim.id] = claim
        for table in data.get("not-runnable", []):
            other = _made(Unrunnable, table, file)
            _cited(st.scenario, other.id, other.sources, file)
            others[other.id] = other
    return Ledger(claims, others)


def _made(model: Any, table: dict[str, Any], file: str) -> Any:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([str(table.get("id", "claim")), *map(str, first["loc"])])
        raise RunError(f"{file}: {where}: {first['msg']}.") from None


def _cited(scenario: Scenario, name: str, sources: Iterable[str], file: str) -> None:
    for citation in sources:
        key = citation.partition(" ")[0]
        if key not in (OWN, *scenario.sources):
            raise RunError(f"{file}: {name} cites '{key}': {nearest(key, scenario.sources)}")


def _check(st: Structure, claim: Claim, file: str) -> None:
    _cited(st.scenario, claim.id, claim.sources, file)
    known = {name.rpartition(".")[0] for name in laws.names(st.scenario)}
    for law in (claim.carried_by, claim.placebo, *(p for p in claim.path if not p.startswith("decision:"))):
        if law not in known:
            raise RunError(f"{file}: {claim.id}: there is no law '{law}': {nearest(law, known)}")
    if claim.smallest <= 0:
        raise RunError(f"{file}: {claim.id}: smallest must be above 0.")
    found = arms(st, claim)
    if len(measures.read(st, claim.measure, first(found))) != 1:
        raise RunError(f"{file}: {claim.id}: {claim.measure} names several measures; name one.")


# ---- experiments ----
Arm = tuple[Intervention, ...]


def arms(st: Structure, claim: Claim) -> Arm:
    """What is done to the twin."""
    return interventions.read(st, **claim.arms)


def first(arm: Arm) -> int:
    """The first month that an arm touches."""
    return min(one.first for one in arm)


class Experiment(NamedTuple):
    """The arms of a claim: its own, and for each law switched off that alone and with its own."""

    own: Arm
    without: tuple[Arm, Arm]
    placebo: tuple[Arm, Arm]


def experiment(st: Structure, claim: Claim) -> Experiment:
    """Lay out the runs of a claim."""
    own = arms(st, claim)
    since = month_name(first(own))

    def off(law: str) -> tuple[Arm, Arm]:
        alone = interventions.read(st, off=f"{law}@{since}")
        return alone, (*own, *alone)

    return Experiment(own, off(claim.carried_by), off(claim.placebo))


def key(arm: Arm, measure: str, begin: int, worlds: int, seed: int) -> str:
    """What identifies the values of one measure in one arm."""
    text = "\0".join([*sorted(one.name for one in arm), measure, str(begin), str(worlds), str(seed)])
    return blake2b(text.encode(), digest_size=12).hexdigest()


class Values:
    """Measures by arm: every arm is run once for all that is asked of it, and kept in a folder if one is named."""

    def __init__(self, st: Structure, worlds: int, seed: int, folder: Path | None = None) -> None:
        self.st, self.worlds, self.seed, self.folder = st, worlds, seed, folder
        self.known: dict[str, tuple[Floats, Floats]] = {}

    def key(self, arm: Arm, claim: Claim) -> str:
        """The address of a claim's measure in an arm."""
        return key(arm, claim.measure, first(arms(self.st, claim)), self.worlds, self.seed)

    def have(self, name: str) -> bool:
        """Whether the values are there already, here or in the folder."""
        if name not in self.known and self.folder and (self.folder / f"{name}.npy").exists():
            one, two = np.load(self.folder / f"{name}.npy")
            self.known[name] = one, two
        return name in self.known

    def run(self, arm: Arm, asked: Sequence[Claim], devices: int | None = None) -> None:
        """Run an arm, and measure all that these claims ask of it."""
        lacking = [claim for claim in asked if not self.have(self.key(arm, claim))]
        if not lacking:
            return
        found = whatif.ask(self.st, arm, self.worlds, self.seed, devices=devices)
        for claim in lacking:
            (measure,) = measures.read(self.st, claim.measure, first(arms(self.st, claim)))
            name, pair = self.key(arm, claim), tuple(measure.read(half) for half in found.halves)
            self.known[name] = (pair[0], pair[1])
            if self.folder:
                self.folder.mkdir(parents=True, exist_ok=True)
                with (part := self.folder / f"{name}.part").open("wb") as file:
                    np.save(file, np.stack(pair))
                part.replace(self.folder / f"{name}.npy")

    def of(self, arm: Arm, claim: Claim) -> tuple[Floats, Floats]:
        """The measure in the record and in the twins of an arm."""
        return self.known[self.key(arm, claim)]


def judge(
    scenario: Scenario | str = "coexistence",
    names: Sequence[str] = (),
    worlds: int = 300,
    seed: int = 1,
    out: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    devices: int | None = None,
) -> tuple[list[Finding], list[Unrunnable]]:
    """Run the claims named (all, if none) and judge them; equal arms run once; `out` keeps what was run."""
    sc = load(scenario) if isinstance(scenario, str) else scenario
    st = structure(sc)
    ledger = read(st)
    every = {**ledger.claims, **ledger.not_runnable}
    for name in names:
        if name not in every:
            raise RunError(f"There is no claim '{name}': {nearest(name, every)}")
    chosen = [claim for claim in ledger.claims.values() if not names or claim.id in names]
    values = Values(st, worlds, seed, out)
    plan = [(claim, experiment(st, claim)) for claim in chosen]
    asked: dict[Arm, list[Claim]] = {}
    for claim, plan_of in plan:
        for arm in (plan_of.own, *plan_of.without, *plan_of.placebo):
            asked.setdefault(arm, []).append(claim)
    for k, (arm, claims) in enumerate(asked.items()):
        if progress:
            progress(k, len(asked))
        values.run(arm, claims, devices)
    if progress:
        progress(len(asked), len(asked))
    draw = np.arange(worlds) % laws.DRAWS
    found = [finding(sc, claim, plan_of, values, draw) for claim, plan_of in plan]
    others = [other for other in ledger.not_runnable.values() if not names or other.id in names]
    return sorted(found, key=lambda f: ORDER.index(f.verdict)), others


def finding(scenario: Scenario, claim: Claim, plan: Experiment, values: Values, draw: NDArray[np.int64]) -> Finding:
    """Effects and verdict of a claim from the values of its arms."""
    sign = -1.0 if claim.removes else 1.0

    def between(pair: tuple[Arm, Arm]) -> float:
        alone, both = (values.of(arm, claim)[1] for arm in pair)
        return measures.interval(sign * (both - alone), draw)[0]

    factual, twins = values.of(plan.own, claim)
    effect, low, high, error = measures.interval(sign * (twins - factual), draw)
    said = verdict(claim, low, high)
    if said == "supported" and not earned(scenario, claim):
        said = "assumed"
    return Finding(claim, said, effect, low, high, error, between(plan.without), between(plan.placebo))


def verdict(claim: Claim, low: float, high: float) -> Verdict:
    """Supported beyond `smallest` in the direction stated; contradicted beyond it in the other, or wholly within it."""
    if claim.direction == "lowers":
        low, high = -high, -low
    if low > claim.smallest:
        return "supported"
    if high < -claim.smallest or (low > -claim.smallest and high < claim.smallest):
        return "contradicted"
    return "undecided"


def earned(scenario: Scenario, claim: Claim) -> bool:
    """Whether an effect can be called found rather than put in.

    Two laws and a decision lie on its path, and the carrying law is free to be absent: its prior reaches its neutral
    value, or it is fitted to data.
    """
    decisions = [step for step in claim.path if step.startswith("decision:")]
    if len(claim.path) - len(decisions) < 2 or not decisions:
        return False
    mechanism, law = claim.carried_by.split(".")
    entries = scenario.laws[mechanism][law].values()
    free = any(entry.low <= entry.neutral <= entry.high for entry in entries)
    return free or any("itted" in citation for entry in entries for citation in entry.source)
