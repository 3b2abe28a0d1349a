"""What has been estimated, how well it agrees with what others found, and who forecasts crises best: tables.

python -m detente.lab.estimate [--out docs/estimation.md]
"""

from __future__ import annotations

import argparse
import datetime
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jinja2 import Environment, StrictUndefined
from numpy.typing import NDArray
from rich.console import Console

from detente.lab import icb, landscape, published, strategic
from detente.lab.maximise import Fit, Posterior
from detente.lab.observed import tables

Floats = NDArray[np.float64]
COMMAND = "python -m detente.lab.estimate"
NOT_LEARNED = 0.9
"""Posterior sd / prior sd above which a quantity is called not learned."""
PARTITIONS = (1, 2, 3, 4, 5)
SPREADS = (1.0, 3.0, 10.0, 30.0)
CLIMBS = 20


@dataclass(frozen=True)
class Table:
    """A heading for each column, and rows of cells."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The table as Markdown."""
        lines = [self.head, tuple("---" for _ in self.head), *self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


@dataclass(frozen=True)
class Report:
    """Every table by name, and the sentences that follow from them."""

    tables: dict[str, Table]
    verdicts: dict[str, str]


def report(draws: int = 500, warmup: int = 300, seed: int = 1) -> Report:
    """Run every estimate: about two minutes. The folds and the bootstrap are fixed; `seed` is the sampler's."""
    known = icb.crises()
    fitted = icb.estimate(icb.ladder(), known)
    sampled = icb.draws(icb.ladder(), known, number=draws, warmup=warmup, seed=seed)
    folded = icb.scoreboard(known, icb.folds(len(known.names)))
    era = icb.scoreboard(known, icb.era_fold(known))
    return Report(
        {
            "published": published_table(),
            "climbs": climbs_table(),
            "landscape": landscape_table(),
            "endings": endings_table(known),
            "stakes": stakes_table(fitted, sampled),
            "folds": scores_table(folded),
            "era": scores_table(era),
            "partitions": partitions_table(known),
            "reliability": reliability_table(known),
        },
        {
            "folds": verdict(folded, "On ten folds"),
            "era": verdict(era, "On the crises of 1953–1964"),
            "sampler": f"{len(sampled.draws)} draws in two chains, {sampled.divergences} divergent; largest R-hat "
            f"{sampled.r_hat.max():.3f}, smallest effective sample {sampled.effective.min():.0f}.",
            "learned": f"{sum(shares(sampled) > NOT_LEARNED)} of {len(sampled.names)} quantities are not learned.",
        },
    )


def published_table() -> Table:
    """Ours beside what others found."""
    rows = []
    for case in published.cases():
        found = published.again(case)
        off = max(abs(found.estimate - case.estimates), default=None) if case.estimates else None
        rows.append(
            (
                case.name,
                f"{case.loglik:.5f}",
                f"{found.value:.5f}",
                f"{abs(found.value - case.loglik):.0e}",
                "–" if off is None else f"{off:.0e}",
            )
        )
    return Table(
        ("case", "log-likelihood, published", "ours", "difference", "largest difference of an estimate"), (*rows,)
    )


def climbs_table() -> Table:
    """What a single start would have found, by how bad it is."""
    known, ladder = icb.crises(), icb.ladder()
    cases: list[tuple[str, strategic.Model, strategic.Data, float | Floats]] = [
        ("war1800, probit", published.disputes(), published.war1800(published.complete()), np.inf),
        ("crisis ladder, with its priors", ladder, known.data, icb.prior(ladder)),
    ]
    rows = []
    for name, model, data, prior in cases:
        for spread in SPREADS:
            starts = model.starts(data, CLIMBS + 1, seed=7, spread=spread)[1:]
            found = strategic.fit(model, data, starts=starts, prior=prior)
            worst = np.nanmin(found.climbs)
            rows.append((name, f"{spread:g}", f"{found.false_maxima:.0%}", f"{worst:.3f}", f"{found.value:.3f}"))
    return Table(
        ("model", "spread of starts in utility", "climbs ending in a false maximum", "worst end", "the best of all"),
        (*rows,),
    )


def landscape_table(draws: int = 60) -> Table:
    """Counts of stable alignments of 1936 beside those printed."""
    states = landscape.europe1936()
    sizes = [state.size for state in states]
    europe = landscape.axelrod_bennett1993(sizes, -1.0)
    jittered = landscape.jittered(sizes, 0.01, draws=draws, seed=1)
    great = [s.size for s in states if s.name in ("Britain", "France", "Germany", "Italy", "USSR")]
    powers = landscape.axelrod_bennett1993(great, -1.0).stable()
    strict, weak = len(europe.minima(strict=True)), len(europe.minima())
    return Table(
        ("landscape, all pairs rivals", "printed", "ours"),
        (
            (
                "17 states: stable alignments of 65,536",
                "209",
                f"{strict} strict, {weak} with ties; sizes jittered within rounding {jittered.mean():.1f} on average",
            ),
            ("5 great powers: stable alignments of 16", "4", f"{len(powers)}, lowest energy {powers[0].energy:.4f}"),
            ("share of size on the right side in 1936", "96 %", f"{landscape.share_correct(states):.2%}"),
        ),
    )


def endings_table(known: icb.Crises) -> Table:
    """How many crises end in what way, in all and in the years of the laboratory."""
    era = icb.era_fold(known) == 0
    inside = Counter(np.array(known.data.endings)[era].tolist())
    everywhere = Counter(known.data.endings)
    rows = [(end, str(everywhere[end]), str(inside[end])) for end in icb.ENDINGS]
    return Table(("ending", "1945–1991", "1953–1964"), (*rows, ("all", str(len(era)), str(era.sum()))))


def shares(sampled: Posterior) -> Floats:
    """Posterior sd of each quantity as a share of its prior's."""
    return np.asarray(sampled.draws.std(axis=0) / icb.prior(icb.ladder()))


def stakes_table(fitted: Fit, sampled: Posterior) -> Table:
    """Each estimated quantity: the maximum a posteriori, its error, the posterior."""
    low, high = np.quantile(sampled.draws, [0.05, 0.95], axis=0)
    rows = [
        (
            f"`{name}`",
            f"{fitted.estimate[i]:.2f}",
            f"{fitted.error[i]:.2f}",
            f"{sampled.draws[:, i].mean():.2f}",
            f"{low[i]:.2f} … {high[i]:.2f}",
            f"{share:.2f}" + (" not learned" if share > NOT_LEARNED else ""),
        )
        for i, (name, share) in enumerate(zip(fitted.names, shares(sampled), strict=True))
    ]
    return Table(
        ("whose utility : of which ending : from what", "maximum", "error", "mean", "5–95 %", "sd / prior sd"), (*rows,)
    )


def scores_table(lines: Iterable[icb.Line]) -> Table:
    """The scoreboard, intervals in brackets."""
    rows = [
        (
            line.forecaster,
            shown(line.log_score),
            shown(line.brier),
            f"{line.miscalibration:.3f}",
            "" if line.forecaster == icb.OWN else shown(line.ladder_log),
            "" if line.forecaster == icb.OWN else shown(line.ladder_brier),
        )
        for line in lines
    ]
    return Table(
        ("forecaster", "log score", "Brier", "miscalibration", "ladder better by, log", "ladder better by, Brier"),
        (*rows,),
    )


def partitions_table(known: icb.Crises) -> Table:
    """How much hangs on which crises share a fold: the ladder's lead in log score under other partitions."""
    rivals = [name for name in icb.FORECASTERS if name != icb.OWN]
    rows = []
    for seed in PARTITIONS:
        lines = {line.forecaster: line for line in icb.scoreboard(known, icb.folds(len(known.names), seed=seed))}
        rows.append((str(seed), *(shown(lines[name].ladder_log) for name in rivals)))
    return Table(("partition", *(f"lead over {name}" for name in rivals)), (*rows,))


def reliability_table(known: icb.Crises) -> Table:
    """What the ladder said of unseen crises, and how often it came."""
    said = icb.unseen(known, icb.FORECASTERS[icb.OWN], icb.folds(len(known.names)))
    rows = [(str(b.forecasts), f"{b.mean:.2f}", f"{b.happened:.2f}") for b in icb.reliability(said, known.ends)]
    return Table(("forecasts", "mean probability said", "share that happened"), (*rows,))


def verdict(lines: Sequence[icb.Line], where: str) -> str:
    """Who wins, in a sentence: the ladder, a rival, or nobody where the interval holds zero."""
    parts = []
    for line in lines:
        if line.forecaster == icb.OWN:
            continue
        for measure, lead in (("log score", line.ladder_log), ("Brier", line.ladder_brier)):
            won = (
                "the ladder beats" if lead.low > 0 else "the ladder loses to" if lead.high < 0 else "no winner against"
            )
            parts.append(f"{won} {line.forecaster} by {measure} ({shown(lead)})")
    return f"{where}: " + "; ".join(parts) + "."


def shown(score: icb.Score) -> str:
    """A mean with its interval."""
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"


def page(found: Report, day: str) -> str:
    """The report as a page of the documentation."""
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701
    text = (Path(__file__).parent / "estimation.md.j2").read_text(encoding="utf-8")
    rule = tomllib.loads((tables.HOME / "crises.toml").read_text(encoding="utf-8"))
    markdown = {name: table.markdown() for name, table in found.tables.items()}
    return environment.from_string(text).render(
        tables=markdown,
        verdicts=found.verdicts,
        rule=rule,
        day=day,
        command=COMMAND,
        catalogue=tables.catalogue(),
        quantities=len(icb.ladder().names),
        rival_quantities=len(icb.ridge().names),
    )


def main(argv: list[str] | None = None) -> int:
    """Run every estimate and write the page."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Run every estimate and write the page of results.")
    parser.add_argument("--out", type=Path, default=Path("docs/estimation.md"), help="where the page goes")
    asked = parser.parse_args(argv)
    if not asked.out.parent.is_dir():
        parser.error(f"{asked.out.parent} is no folder: make it or name another with --out")
    try:
        found = report()
    except ModuleNotFoundError as missing:
        parser.error(f"{missing.name} is not installed: install the extra `estimate`")
    asked.out.write_text(page(found, datetime.datetime.now(tz=datetime.UTC).date().isoformat()), encoding="utf-8")
    for sentence in found.verdicts.values():
        Console().print(sentence, highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
