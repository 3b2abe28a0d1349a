"""The ledger of claims: every causal sentence of the sources as an experiment that can fail.

A claim names what is taken out of the record (or brought into it), what is measured, which way and how far it must move
to matter, the law said to carry it, and a placebo, a law not said to. Three effects are found with the same luck: as
the laws are; with the carrying law off from the month of the intervention; with the placebo off. A verdict is about the
model; no verdict is written into data.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import tomllib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations
from math import factorial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from detente import laws
from detente.lab import ensemble, interventions, measures, prior, tables, whatif
from detente.lab.interventions import Intervention
from detente.lab.measures import Measure
from detente.lab.prior import Row
from detente.lab.store import RunError, put
from detente.scenario import Bilingual, Scenario, Sources, Strict, load, month_name, nearest
from detente.structure import Structure, structure

Floats = NDArray[np.float64]
Verdict = Literal["supported", "contradicted", "undecided", "assumed"]
ORDER: tuple[Verdict, ...] = ("contradicted", "undecided", "assumed", "supported")
OWN = "own"
"""What a hypothesis of ours cites."""
Arms = dict[Literal["without", "forbid", "with", "move", "set", "off"], list[str]]
LEAST = 50
"""Draws of the laws, and so twins, that a verdict needs."""
BOOTSTRAP = 2000
"""Resamplings of the draws behind the interval of a rival's share."""


class Claim(Strict):
    """One causal sentence, as an experiment."""

    id: str
    sentence: Bilingual
    sources: Sources
    arms: Arms
    removes: bool = True
    """Whether the arms take the cause out (its effect is record minus twin) or bring it in."""
    measure: str
    direction: Literal["raises", "lowers", "leaves"]
    """`leaves`: the sentence says that nothing worth caring about follows."""
    smallest: float
    carried_by: str
    path: list[str]
    placebo: str
    refuted_by: Bilingual
    assumed: bool = False
    """Whether its author knows that its effect is one coefficient read back."""
    note: Bilingual | None = None


class Hypothesis(Strict):
    """One of several causes between which readings differ, and how to take it out."""

    sentence: Bilingual
    arms: Arms


class Rival(Strict):
    """A question to which the sources, or they and others, give several answers."""

    id: str
    sentence: Bilingual
    sources: Sources
    measure: str
    hypotheses: dict[str, Hypothesis]
    note: Bilingual | None = None


class Unrunnable(Strict):
    """A sentence that the model cannot put to the test, and why."""

    id: str
    sentence: Bilingual
    sources: Sources
    reason: Bilingual


class Ledger(NamedTuple):
    """All that a scenario claims."""

    claims: dict[str, Claim]
    rivals: dict[str, Rival]
    not_runnable: dict[str, Unrunnable]


class Estimate(NamedTuple):
    """An effect of the cause: mean, 5–95 % over draws of the laws, Monte Carlo error."""

    value: float
    low: float
    high: float
    error: float


@dataclass(frozen=True)
class Finding:
    """A claim after its experiment."""

    claim: Claim
    verdict: Verdict
    reasons: tuple[str, ...]
    """What keeps an effect beyond `smallest` from being called supported: keys of `REASONS`."""
    factual: float
    twin: float
    effect: Estimate
    without: Estimate
    placebo: Estimate
    necessity: Estimate | None
    """Of the worlds with the outcome, the share that lacks it without the cause (Pearl 2000)."""
    sufficiency: Estimate | None
    """Of the worlds without cause and outcome, the share that has it with the cause."""
    both: Estimate | None
    """Of all worlds, the share that has the outcome with the cause and lacks it without, luck drawn anew."""
    score: list[Row]
    """Prior predictive score of the measured series on which the measure rests; empty where there are no data."""
    paths: dict[str, Estimate]
    """The effect with each law of the path off, where it was asked for."""

    def table(self) -> dict[str, Any]:
        """As JSON has it (design, section 10)."""
        return {
            "id": self.claim.id,
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "measure": self.claim.measure,
            "factual": self.factual,
            "twin": self.twin,
            "effect": self.effect.value,
            "low": self.effect.low,
            "high": self.effect.high,
            "error": self.effect.error,
            "smallest": self.claim.smallest,
            "direction": self.claim.direction,
            "carried_by": self.claim.carried_by,
            "effect_without": self.without.value,
            "effect_with_placebo_off": self.placebo.value,
            "necessity": self.necessity._asdict() if self.necessity else None,
            "sufficiency": self.sufficiency._asdict() if self.sufficiency else None,
            "necessity_and_sufficiency": self.both._asdict() if self.both else None,
            "paths": {law: found.value for law, found in self.paths.items()},
            "score": [
                {"series": r.series, "coverage": r.coverage, "crps": r.crps, "persistence": r.persistence}
                for r in self.score
            ]
            or "no data",
        }


@dataclass(frozen=True)
class Shares:
    """A rival after its experiment: what part of the effect of taking all causes out falls to each."""

    rival: Rival
    total: Estimate
    shares: dict[str, tuple[float, float, float]]
    """Median, 5 % and 95 %; NaN where no cause moves the measure."""

    def table(self) -> dict[str, Any]:
        """As JSON has it (design, section 10)."""
        named = ("median", "low", "high")
        return {
            "id": self.rival.id,
            "measure": self.rival.measure,
            "total": self.total._asdict(),
            "shares": {name: dict(zip(named, found, strict=True)) for name, found in self.shares.items()},
        }


class Verdicts(NamedTuple):
    """The ledger as it came out."""

    findings: list[Finding]
    rivals: list[Shares]
    not_runnable: list[Unrunnable]


# ---- reading ----
def read(st: Structure) -> Ledger:
    """The claims of a scenario's folder, each checked as far as it can be without running it."""
    claims: dict[str, Claim] = {}
    rivals: dict[str, Rival] = {}
    others: dict[str, Unrunnable] = {}
    for path in sorted((Path(st.scenario.root) / "claims").glob("*.toml")):
        file = f"claims/{path.name}"
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RunError(f"{file}: the file: it is no valid TOML ({error}).") from None
        for table in data.get("claim", []):
            claim = _made(Claim, table, file)
            _check(st, claim, file)
            claims[_new(claim.id, file, claims, rivals, others)] = claim
        for table in data.get("rival", []):
            rival = _made(Rival, table, file)
            _check_rival(st, rival, file)
            rivals[_new(rival.id, file, claims, rivals, others)] = rival
        for table in data.get("not-runnable", []):
            other = _made(Unrunnable, table, file)
            _cited(st.scenario, other.id, other.sources, file)
            others[_new(other.id, file, claims, rivals, others)] = other
    return Ledger(claims, rivals, others)


def cited(scenario: Scenario) -> dict[str, list[str]]:
    """What the ledger cites: source key -> where; a file that is no TOML is passed over, `read` refuses it."""
    found: dict[str, list[str]] = {}
    for path in sorted((Path(scenario.root) / "claims").glob("*.toml")):
        with contextlib.suppress(tomllib.TOMLDecodeError, UnicodeDecodeError):
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            for table in (one for kind in ("claim", "rival", "not-runnable") for one in data.get(kind, [])):
                for citation in table.get("sources", []):
                    key, _, locator = str(citation).partition(" ")
                    place = f"claims/{path.name}: {table.get('id', '')} {locator}".strip()
                    found.setdefault(key, []).append(place)
    return found


def _new(name: str, file: str, *known: Iterable[str]) -> str:
    if any(name in names for names in known):
        raise RunError(f"{file}: {name} stands in the ledger twice; give one of them another id.")
    return name


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
    try:
        _measure(st, claim.measure, first(arms(st, claim)))
    except RunError as error:
        raise RunError(f"{file}: {claim.id}: {error}") from None


def _check_rival(st: Structure, rival: Rival, file: str) -> None:
    _cited(st.scenario, rival.id, rival.sources, file)
    if len(rival.hypotheses) < 2:
        raise RunError(f"{file}: {rival.id}: rivals are two at least.")
    try:
        _measure(st, rival.measure, first(_together(st, rival, rival.hypotheses)))
    except RunError as error:
        raise RunError(f"{file}: {rival.id}: {error}") from None


# ---- experiments ----
Arm = tuple[Intervention, ...]


def arms(st: Structure, claim: Claim) -> Arm:
    """What is done to the twin."""
    return interventions.read(st, **claim.arms)


def first(arm: Arm) -> int:
    """The first month that an arm touches."""
    return min(one.first for one in arm)


def _together(st: Structure, rival: Rival, names: Iterable[str]) -> Arm:
    """Several hypotheses taken out at once."""
    return tuple(one for name in names for one in interventions.read(st, **rival.hypotheses[name].arms))


def _measure(st: Structure, text: str, begin: int) -> Measure:
    """The one measure that a text names."""
    found = measures.read(st, text, begin)
    if len(found) != 1:
        raise RunError(f"{text} names several measures; name one.")
    return found[0]


class Experiment(NamedTuple):
    """The arms of a claim: its own, and for each law switched off that alone and with its own."""

    own: Arm
    without: tuple[Arm, Arm]
    placebo: tuple[Arm, Arm]
    afresh: tuple[Arm, Arm] | None
    """With and without the cause, luck drawn anew from the month after it; for chances of causes taken out."""
    paths: dict[str, tuple[Arm, Arm]]


def experiment(st: Structure, claim: Claim, *, paths: bool = False) -> Experiment:
    """Lay out the runs of a claim."""
    own = arms(st, claim)
    since = month_name(first(own))

    def off(law: str) -> tuple[Arm, Arm]:
        alone = interventions.read(st, off=f"{law}@{since}")
        return alone, (*own, *alone)

    others = [p for p in claim.path if not p.startswith("decision:") and p != claim.carried_by] if paths else []
    laws_ = {law: off(law) for law in others}
    measure = _measure(st, claim.measure, first(own))
    chance = measure.chance and set(claim.arms) == {"without"}
    return Experiment(own, off(claim.carried_by), off(claim.placebo), _afresh(own, measure) if chance else None, laws_)


def _afresh(own: Arm, measure: Measure) -> tuple[Arm, Arm] | None:
    """The future with luck of its own; None where the measure looks at months in which the record is still followed."""
    last = max(cell.last for one in own for cell in one.cells)
    if measure.first <= last:
        return None
    drawn = interventions.afresh(last + 1)
    return (drawn,), (*own, drawn)


class Asked(NamedTuple):
    """A measure asked of an arm."""

    arm: Arm
    text: str
    begin: int


class Values:
    """Measures by arm: every arm is run once for all that is asked of it, and kept in a folder if one is named."""

    def __init__(self, st: Structure, worlds: int, seed: int, folder: Path | None = None) -> None:
        self.st, self.worlds, self.seed, self.folder = st, worlds, seed, folder
        self.known: dict[str, tuple[Floats, Floats]] = {}
        self.stamp = whatif.stamp(st.scenario) + inspect.getsource(measures)

    def key(self, asked: Asked) -> str:
        """What identifies the values of a measure in an arm: all that decides them."""
        done = sorted(one.name for one in asked.arm)
        what = [self.stamp, *done, asked.text, str(asked.begin), str(self.worlds), str(self.seed)]
        return blake2b("\0".join(what).encode(), digest_size=12).hexdigest()

    def have(self, asked: Asked) -> bool:
        """Whether the values are there already, here or in the folder."""
        name = self.key(asked)
        if name not in self.known and self.folder and (self.folder / f"{name}.npy").exists():
            one, two = np.load(self.folder / f"{name}.npy")
            self.known[name] = one, two
        return name in self.known

    def run(self, arm: Arm, asked: Sequence[Asked], devices: int | None = None) -> None:
        """Run an arm until the last month that is asked for, and measure all that is asked of it."""
        wanted = {self.key(one): _measure(self.st, one.text, one.begin) for one in asked if not self.have(one)}
        if not wanted:
            return
        end = max(measure.last for measure in wanted.values()) + 1
        parts: dict[str, list[tuple[Floats, Floats]]] = {name: [] for name in wanted}
        for start, factual, twins, _ in whatif.walks(self.st, arm, self.worlds, self.seed, end, devices=devices):
            lane = (start + np.arange(len(twins["moves"]))) % laws.DRAWS
            halves = [tables.until_war(half) for half in (factual, twins)]
            for name, measure in wanted.items():
                one, two = (measure.read(half) for half in halves)
                parts[name].append((one[lane], two))
        for name, found in parts.items():
            pair = np.concatenate([one for one, _ in found]), np.concatenate([two for _, two in found])
            self.known[name] = pair
            if self.folder:
                _keep(self.folder / f"{name}.npy", np.stack(pair))

    def of(self, asked: Asked) -> tuple[Floats, Floats]:
        """The measure in the record and in the twins of an arm."""
        return self.known[self.key(asked)]


def _keep(path: Path, values: Floats) -> None:
    """Write values whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = io.BytesIO()
    np.save(raw, values)
    put(path, raw.getvalue())


def plan_of(st: Structure, claim: Claim, *, paths: bool = False) -> list[Asked]:
    """All that a claim asks for."""
    plan = experiment(st, claim, paths=paths)
    pairs = [plan.without, plan.placebo, *([plan.afresh] if plan.afresh else []), *plan.paths.values()]
    return [Asked(arm, claim.measure, first(plan.own)) for arm in (plan.own, *(arm for pair in pairs for arm in pair))]


def subsets(names: Iterable[str]) -> list[tuple[str, ...]]:
    """All non-empty subsets, each in the order of the names."""
    known = list(names)
    return [found for size in range(1, len(known) + 1) for found in combinations(known, size)]


def plan_of_rival(st: Structure, rival: Rival) -> dict[tuple[str, ...], Asked]:
    """Every set of hypotheses taken out at once."""
    begin = first(_together(st, rival, rival.hypotheses))
    return {names: Asked(_together(st, rival, names), rival.measure, begin) for names in subsets(rival.hypotheses)}


def judge(
    scenario: Scenario | str = "coexistence",
    names: Sequence[str] = (),
    worlds: int = 300,
    seed: int = 1,
    out: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    devices: int | None = None,
    *,
    paths: bool = False,
) -> Verdicts:
    """Run the claims named (all, if none) and judge them; equal arms run once; `out` keeps what was run.

    `paths` also switches off every law on a claim's path, one by one.
    """
    sc = load(scenario) if isinstance(scenario, str) else scenario
    if worlds < LEAST:
        raise RunError(
            f"worlds = {worlds}: a verdict needs at least {LEAST}, one for each of so many draws of the laws."
        )
    st = structure(sc)
    ledger = chosen(read(st), names)
    values = Values(st, worlds, seed, out)
    asked: dict[Arm, list[Asked]] = {}
    for claim in ledger.claims.values():
        for one in plan_of(st, claim, paths=paths):
            asked.setdefault(one.arm, []).append(one)
    for rival in ledger.rivals.values():
        for one in plan_of_rival(st, rival).values():
            asked.setdefault(one.arm, []).append(one)
    _run(values, asked, progress, devices)
    measured = any(rests_on(st, claim.measure) for claim in ledger.claims.values())
    rows = scores(sc, seed, devices) if measured else []
    found = [finding(st, claim, values, rows, paths=paths) for claim in ledger.claims.values()]
    found = sorted(found, key=lambda f: ORDER.index(f.verdict))
    return Verdicts(found, [shared(st, r, values) for r in ledger.rivals.values()], list(ledger.not_runnable.values()))


def _run(
    values: Values, asked: dict[Arm, list[Asked]], progress: Callable[[int, int], None] | None, devices: int | None
) -> None:
    """Run every arm, one a core at a time, those that begin early first; a stop leaves what was run as it is."""
    arms = sorted(asked.items(), key=lambda item: first(item[0]))
    hands = ThreadPoolExecutor(ensemble.prepare(devices), "arms")
    try:
        running = [hands.submit(values.run, arm, wanted, devices) for arm, wanted in arms]
        for k, done in enumerate(running):
            if progress:
                progress(k, len(arms))
            done.result()
        if progress:
            progress(len(arms), len(arms))
    finally:
        hands.shutdown(cancel_futures=True)


def chosen(ledger: Ledger, names: Sequence[str]) -> Ledger:
    """The claims named, or all; a name without a letter stands for those with one, and `S5` for a subsystem."""
    every = [*ledger.claims, *ledger.rivals, *ledger.not_runnable]
    for name in names:
        if not any(_named(one, name) for one in every):
            raise RunError(f"There is no claim '{name}': {nearest(name, every)}")

    def cut(part: dict[str, Any]) -> dict[str, Any]:
        return {k: x for k, x in part.items() if not names or any(_named(k, name) for name in names)}

    return Ledger(*(cut(part) for part in ledger))


def _named(one: str, name: str) -> bool:
    return one == name or one.startswith(f"{name}.")


# ---- judging ----
def finding(st: Structure, claim: Claim, values: Values, rows: Sequence[Row] = (), *, paths: bool = False) -> Finding:
    """Effects and verdict of a claim from the values of its arms."""
    plan, draw = experiment(st, claim, paths=paths), np.arange(values.worlds) % laws.DRAWS

    def of(arm: Arm) -> tuple[Floats, Floats]:
        return values.of(Asked(arm, claim.measure, first(plan.own)))

    def worth(one: Floats, two: Floats) -> Estimate:
        return Estimate(*measures.difference(*((two, one) if claim.removes else (one, two)), draw))

    def between(pair: tuple[Arm, Arm]) -> Estimate:
        return worth(of(pair[0])[1], of(pair[1])[1])

    factual, twins = of(plan.own)
    effect = worth(factual, twins)
    without, placebo = between(plan.without), between(plan.placebo)
    reasons = tuple(_reasons(st.scenario, claim, effect, without, placebo))
    chance = _measure(st, claim.measure, first(plan.own)).chance
    there, here = (factual, twins) if claim.removes else (twins, factual)
    necessity = attributed(*_outcome(claim, there, here), draw) if chance else None
    sufficiency = both = None
    if plan.afresh:
        with_cause, without_cause = _outcome(claim, of(plan.afresh[0])[1], of(plan.afresh[1])[1])
        sufficiency = attributed(1.0 - without_cause, 1.0 - with_cause, draw)
        both = attributed(np.ones_like(with_cause), np.where(with_cause > 0.5, without_cause, 1.0), draw)
    return Finding(
        claim,
        judged(claim, effect, reasons),
        reasons,
        float(np.nanmean(factual)),
        float(np.nanmean(twins)),
        effect,
        without,
        placebo,
        necessity,
        sufficiency,
        both,
        [row for row in rows if row.series in rests_on(st, claim.measure)],
        {law: between(pair) for law, pair in plan.paths.items()},
    )


def _outcome(claim: Claim, one: Floats, two: Floats) -> tuple[Floats, Floats]:
    """What the cause is said to bring: that something happens, or, where it lowers a chance, that it does not."""
    return (1.0 - one, 1.0 - two) if claim.direction == "lowers" else (one, two)


def attributed(had: Floats, other: Floats, draw: NDArray[np.int64]) -> Estimate | None:
    """Of the worlds that have something, the share whose pair lacks it; None where no world has it."""
    where = had > 0.5
    if not where.any():
        return None
    found = measures.given((other < 0.5).astype(float), where, draw)
    return Estimate(found["value"], found["low"], found["high"], found["error"])


def judged(claim: Claim, effect: Estimate, reasons: Sequence[str]) -> Verdict:
    """The verdict: an effect that would support the claim does so only if nothing speaks against its having been found.

    What was put in is `assumed`; what the runs with laws off do not bear out is `undecided`.
    """
    said = verdict(claim, effect.low, effect.high)
    if said != "supported" or not reasons:
        return said
    return "assumed" if any(reason in ASSUMES for reason in reasons) else "undecided"


def verdict(claim: Claim, low: float, high: float) -> Verdict:
    """Supported beyond `smallest` in the direction stated; contradicted beyond it in the other, or wholly within it.

    A claim that nothing worth caring about follows is supported wholly within, and contradicted beyond on either side.
    """
    within = low > -claim.smallest and high < claim.smallest
    if claim.direction == "leaves":
        beyond = low > claim.smallest or high < -claim.smallest
        return "supported" if within else "contradicted" if beyond else "undecided"
    if claim.direction == "lowers":
        low, high = -high, -low
    if low > claim.smallest:
        return "supported"
    return "contradicted" if within or high < -claim.smallest else "undecided"


ASSUMES = ("read back", "short path", "law cannot be absent")
"""Reasons for which an effect counts as put in rather than found."""
REASONS = (*ASSUMES, "law does not carry", "placebo moves it")
"""What keeps an effect from supporting its claim."""


def _reasons(scenario: Scenario, claim: Claim, effect: Estimate, without: Estimate, placebo: Estimate) -> list[str]:
    decisions = [step for step in claim.path if step.startswith("decision:")]
    half = max(claim.smallest, abs(effect.value) / 2)
    tests = {
        "read back": claim.assumed,
        "short path": len(claim.path) - len(decisions) < 2 or not decisions,
        "law cannot be absent": not free(scenario, claim.carried_by),
        "law does not carry": claim.direction != "leaves" and abs(without.value) > half,
        "placebo moves it": abs(placebo.value - effect.value) > half,
    }
    return [reason for reason in REASONS if tests[reason]]


def free(scenario: Scenario, name: str) -> bool:
    """Whether a law may be absent: each of its effects is fitted to data, or its prior reaches its neutral value.

    Paces, bases and sizes do not count: without the effects of its law they move nothing that a cause does.
    """
    mechanism, law = name.split(".")
    found = [e for e in scenario.laws[mechanism][law].values() if e.kind == "effect" and e.best != e.neutral]
    return bool(found) and all(entry.low <= entry.neutral <= entry.high or entry.fitted for entry in found)


# ---- rivals ----
def shared(st: Structure, rival: Rival, values: Values) -> Shares:
    """Shares of the hypotheses in the effect of taking all of them out: their Shapley values (Shapley 1953).

    A hypothesis's value is the mean over all orders of what taking it out adds to what is out already. Shares are of
    the values above nought; their interval comes from resampling the draws of the laws.
    """
    draw = np.arange(values.worlds) % laws.DRAWS
    effects: dict[tuple[str, ...], Floats] = {}
    for names, asked in plan_of_rival(st, rival).items():
        factual, twins = values.of(asked)
        effects[names] = np.array(
            [np.nanmean((factual - twins)[draw == d]) for d in range(min(values.worlds, laws.DRAWS))]
        )
    every = tuple(rival.hypotheses)
    factual, twins = values.of(plan_of_rival(st, rival)[every])
    total = Estimate(*measures.difference(twins, factual, draw))
    worths = np.stack([shapley1953(every, name, effects) for name in every])
    rng = np.random.default_rng(values.seed)
    chosen_ = rng.integers(0, worths.shape[1], (BOOTSTRAP, worths.shape[1]))
    means = np.maximum(worths[:, chosen_].mean(axis=2), 0.0)
    sums = means.sum(axis=0)
    part = np.where(sums > 0, means / np.where(sums > 0, sums, 1.0), np.nan)
    if not (sums > 0).any():
        return Shares(rival, total, dict.fromkeys(every, (np.nan, np.nan, np.nan)))
    middle, low, high = (np.nanquantile(part, q, axis=1) for q in (0.5, 0.05, 0.95))
    return Shares(rival, total, {n: (float(middle[k]), float(low[k]), float(high[k])) for k, n in enumerate(every)})


def shapley1953(players: tuple[str, ...], player: str, worth: dict[tuple[str, ...], Floats]) -> Floats:
    """A player's Shapley value; worth: of every non-empty coalition in the order of the players."""
    n, out = len(players), np.zeros_like(next(iter(worth.values())))
    for others in [(), *(names for names in worth if player not in names)]:
        weight = factorial(len(others)) * factorial(n - len(others) - 1) / factorial(n)
        joined = tuple(name for name in players if name in others or name == player)
        out = out + weight * (worth[joined] - (worth[others] if others else 0.0))
    return out


# ---- scores ----
def rests_on(st: Structure, measure: str) -> tuple[str, ...]:
    """The measured series on which a measure rests, as `lab/observed` names them."""
    kind, _, rest = measure.partition(":")
    of = rest.partition("@")[0]
    if kind in ("mean", "max", "min", "at"):
        return tuple("tension_usa_ussr" if name == "tension.usa.ussr" else name for name in measures.parts(of))
    event = st.scenario.chronicle.events.get(of)
    if kind in ("p", "date") and event and event.nature == "removal":
        return (f"removals.{event.on}",)
    return ("crises.month",) if kind == "outcome" else ()


def scores(scenario: Scenario, seed: int, devices: int | None = None) -> list[Row]:
    """Prior predictive coverage and CRPS against persistence of every measured series, from worlds with no record."""
    rows = prior.coverage(ensemble.run(scenario, SCORED, seed, devices=devices))
    return [row for row in rows if row.crps is not None]


SCORED = 4 * laws.DRAWS
"""Worlds of the ensemble that is compared with what was measured."""
