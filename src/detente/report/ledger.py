"""The ledger of claims on screen, as a page with a forest plot by subsystem, and as a page of documentation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from markupsafe import Markup
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from detente import __version__
from detente.lab.claims import ORDER, Estimate, Finding, Shares, Unrunnable, Verdicts
from detente.lab.prior import Row
from detente.lab.store import put
from detente.report.paper import environment
from detente.report.words import texts

INKS = {"supported": "#2f7d4f", "assumed": "#2b5c8a", "undecided": "#8a8378", "contradicted": "#b0362c"}
WIDTH, LEFT, LINE, REACH = 860, 90, 26, 12.0
"""Forest plot: width, room for ids, height of a line (pixels); units of `smallest` at its edges."""


@dataclass
class Telling:
    """The ledger in the words of one language."""

    found: Verdicts
    lang: str
    worlds: int

    def t(self, part: str, key: str, **values: object) -> str:
        """A text."""
        return str(texts("ledger")[part][key][self.lang]).format(**values)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many claims came out how; those supported on a measured series apart."""
        found: dict[str, int] = {v: sum(f.verdict == v for f in self.found.findings) for v in ORDER}
        return found | {"not_runnable": len(self.found.not_runnable)}

    def why(self, one: Finding) -> str:
        """One sentence or two on why the verdict is what it is."""
        claim, effect = one.claim, number(one.effect.value)
        words = {"law": f"`{claim.carried_by}`", "placebo": f"`{claim.placebo}`", "path": ", ".join(claim.path)}
        if one.verdict == "contradicted":
            return self.t("why", _against(one), refuted=claim.refuted_by[self.lang], effect=effect)
        if one.verdict == "supported":
            return self.t("why", "found", **words)
        if beyond(one):
            return " ".join(self.t("reason", reason, **words) for reason in one.reasons)
        return self.t("why", _unsure(one), effect=effect, worlds=self.worlds)

    def expected(self, one: Finding) -> str:
        """What the sentence expects of the effect."""
        return self.t("direction", one.claim.direction, x=f"{one.claim.smallest:g}")

    def score(self, rows: Sequence[Row]) -> str:
        """How the measured series under a measure scores, or that there are no data."""
        told = [
            self.t(
                "score",
                "row",
                series=row.series,
                inside=f"{row.coverage or 0.0:.0%}",
                crps=f"{row.crps:.3g}",
                persistence=f"{row.persistence:.3g}",
            )
            for row in rows
        ]
        return "; ".join(told) or self.t("score", "none")

    def facts(self, one: Finding) -> list[tuple[str, str]]:
        """All that is told of a claim under its sentence."""
        claim = one.claim
        rows = {
            "effect": f"{number(one.effect.value)} ({span(one.effect)}), {self.expected(one)}",
            "record": f"{one.factual:.3g} → {one.twin:.3g}",
            "without": f"{claim.carried_by}: {number(one.without.value)} ({span(one.without)})",
            "placebo": f"{claim.placebo}: {number(one.placebo.value)} ({span(one.placebo)})",
            "necessity": share(one.necessity),
            "sufficiency": share(one.sufficiency),
            "both": share(one.both),
            "path": " → ".join(_step(one, step) for step in claim.path),
            "score": self.score(one.score),
            "question": question(one),
            "refuted": claim.refuted_by[self.lang],
            "note": claim.note[self.lang] if claim.note else "",
            "sources": ", ".join(claim.sources),
        }
        return [(self.t("head", key), value) for key, value in rows.items() if value]


def _against(one: Finding) -> str:
    """How an effect contradicts its claim."""
    if unmoved(one):
        return "none"
    if one.claim.direction == "leaves":
        return "moves"
    within = abs(one.effect.low) < one.claim.smallest and abs(one.effect.high) < one.claim.smallest
    return "same" if within else "other"


def unmoved(one: Finding) -> bool:
    """Whether the measure came out the same with and without the cause."""
    return one.effect.value == 0.0 and one.factual == one.twin


def _unsure(one: Finding) -> str:
    """In what way an effect leaves its claim open."""
    least, low, high = one.claim.smallest, one.effect.low, one.effect.high
    if unmoved(one):
        return "unseen"
    if abs(one.effect.value) < least:
        return "small"
    if one.claim.direction == "leaves":
        return "beyond"
    raises = one.claim.direction == "raises"
    if (one.effect.value > 0) != raises:
        return "reverse"
    return "open" if (low < -least if raises else high > least) else "likely"


def beyond(one: Finding) -> bool:
    """Whether the effect alone would support the claim."""
    low, high, least = one.effect.low, one.effect.high, one.claim.smallest
    if one.claim.direction == "leaves":
        return low > -least and high < least
    return low > least if one.claim.direction == "raises" else high < -least


def _step(one: Finding, step: str) -> str:
    return f"{step} ({number(one.paths[step].value)})" if step in one.paths else step


def question(one: Finding) -> str:
    """The same question to `detente whatif`."""
    arms = " ".join(f"--{option} {_quoted(text)}" for option, texts_ in one.claim.arms.items() for text in texts_)
    return f"detente whatif {arms} --measure {_quoted(one.claim.measure)}"


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


def number(value: float) -> str:
    """A signed effect."""
    return "–" if math.isnan(value) else f"{value:+.3f}" if abs(value) < 100 else f"{value:+.0f}"


def span(found: Estimate) -> str:
    """An interval."""
    return f"{number(found.low)} … {number(found.high)}"


def share(found: Estimate | None) -> str:
    """A probability with its interval; nothing where there is none."""
    if found is None or math.isnan(found.value):
        return ""
    low, high = (min(max(x, 0.0), 1.0) for x in (found.low, found.high))
    return f"{found.value:.2f} ({low:.2f} … {high:.2f})"


def subsystem(name: str) -> str:
    """`S5` of `S5.10`."""
    return name.partition(".")[0]


def _order(name: str) -> tuple[int, str]:
    digits = subsystem(name).lstrip("S")
    rest = name.partition(".")[2]
    head = "".join(c for c in rest if c.isdigit())
    return (int(digits) if digits.isdigit() else 999), f"{int(head or 0):04d}{rest}"


# ---- on screen ----
def summary(found: Verdicts, worlds: int, lang: str = "en") -> RenderableType:
    """Counts; every claim with its effect, interval and verdict; rivals; those that cannot be run."""
    told = Telling(found, lang, worlds)
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(max_width=100)
    for one in found.findings:
        verdict = Text(told.t("verdict", one.verdict), style=INKS[one.verdict])
        table.add_row(one.claim.id, Text.assemble(one.claim.sentence[lang], " ", verdict))
        figures = {
            "effect": f"{number(one.effect.value)} ({span(one.effect)})",
            "smallest": told.expected(one),
            "without": number(one.without.value),
            "placebo": number(one.placebo.value),
        }
        table.add_row("", Text(" · ".join(f"{told.t('head', key)} {x}" for key, x in figures.items()), style="dim"))
    counts = " · ".join(f"{told.t('verdict', key)}: {count}" for key, count in told.counts.items() if count)
    rivals = [Text(f"{r.rival.id} {r.rival.sentence[lang]} {_parts(r)}") for r in found.rivals]
    rest_ = [Text(f"{other.id} {other.sentence[lang]} – {other.reason[lang]}", style="dim") for other in found[2]]
    return Group(Text(counts, style="bold"), table, *rivals, *rest_)


def _parts(found: Shares) -> str:
    shown = (f"{name} {share(Estimate(*of, 0.0)) or '–'}" for name, of in found.shares.items())
    return f"{'; '.join(shown)} [{number(found.total.value)} ({span(found.total)})]"


# ---- as a page ----
def html(found: Verdicts, worlds: int, lang: str = "en") -> str:
    """A page that needs no other file: a forest plot for each subsystem, and behind it each claim's own page."""
    told = Telling(found, lang, worlds)
    names = sorted({subsystem(f.claim.id) for f in found.findings}, key=_order)
    parts = [
        {
            "id": name,
            "title": _title(told, name),
            "forest": forest(told, mine),
            "claims": [_entry(told, f) for f in mine],
        }
        for name in names
        for mine in [_of(found.findings, name)]
    ]
    css = "".join(
        resources.files("detente.report").joinpath(f"templates/{name}").read_text(encoding="utf-8")
        for name in ("report.css", "ledger.css")
    )
    return (
        environment()
        .get_template("ledger.html.j2")
        .render(
            lang=lang,
            version=__version__,
            css=Markup(css),
            t=told.t,
            worlds=worlds,
            counts=[(told.t("verdict", key), count) for key, count in told.counts.items()],
            meanings=[told.t("meaning", verdict) for verdict in ORDER],
            parts=parts,
            rivals=[_rival(told, one) for one in sorted(found.rivals, key=lambda r: _order(r.rival.id))],
            others=[{"id": o.id, "sentence": o.sentence[lang], "reason": o.reason[lang]} for o in _sorted(found[2])],
        )
    )


def write(found: Verdicts, file: Path, worlds: int, lang: str = "en") -> None:
    """Write the page so that it is either whole or not there."""
    put(file, html(found, worlds, lang).encode())


def _sorted(others: Sequence[Unrunnable]) -> list[Unrunnable]:
    return sorted(others, key=lambda o: _order(o.id))


def _of(findings: Sequence[Finding], name: str) -> list[Finding]:
    return sorted((f for f in findings if subsystem(f.claim.id) == name), key=lambda f: _order(f.claim.id))


def _title(told: Telling, name: str) -> str:
    return told.t("subsystem", name) if name in texts("ledger")["subsystem"] else name


def _entry(told: Telling, one: Finding) -> dict[str, Any]:
    return {
        "id": one.claim.id,
        "sentence": one.claim.sentence[told.lang],
        "verdict": told.t("verdict", one.verdict),
        "ink": INKS[one.verdict],
        "why": told.why(one).replace("`", ""),
        "facts": told.facts(one),
    }


def _rival(told: Telling, one: Shares) -> dict[str, Any]:
    rows = [
        {
            "sentence": one.rival.hypotheses[name].sentence[told.lang],
            "share": of[0] if not math.isnan(of[0]) else 0.0,
            "text": share(Estimate(*of, 0.0)) or "–",
        }
        for name, of in one.shares.items()
    ]
    return {
        "id": one.rival.id,
        "sentence": one.rival.sentence[told.lang],
        "rows": rows,
        "total": f"{told.t('head', 'total')}: {number(one.total.value)} ({span(one.total)}), {one.rival.measure}",
        "note": one.rival.note[told.lang] if one.rival.note else "",
    }


def place(effect: float, one: Finding) -> float:
    """Where an effect stands on the forest plot's axis, pixels: in units of `smallest`, compressed far out."""
    sign = -1.0 if one.claim.direction == "lowers" else 1.0
    units = sign * effect / one.claim.smallest
    inside = max(-1.0, min(1.0, math.asinh(units) / math.asinh(REACH)))
    return round(LEFT + (WIDTH - LEFT - 20) * (inside + 1) / 2, 1)


def forest(told: Telling, findings: Sequence[Finding]) -> Markup:
    """Effects of a subsystem's claims: intervals, with the law off and with the placebo off; linked to their pages."""
    height = LINE * len(findings) + 26
    zero, low, high = (LEFT + (WIDTH - LEFT - 20) * (x + 1) / 2 for x in (0.0, *(_unit(s) for s in (-1.0, 1.0))))
    out = [
        f'<svg class="forest" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{told.t("head", "effect")}">',
        f'<rect x="{low:.1f}" y="0" width="{high - low:.1f}" height="{height - 20}" fill="#ece6d8"/>',
        f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{height - 20}" stroke="#5a6166"/>',
    ]
    out += [line for k, one in enumerate(findings) for line in _drawn(one, LINE * k + LINE / 2)]
    for units in (-10, -3, -1, 0, 1, 3, 10):
        x = LEFT + (WIDTH - LEFT - 20) * (_unit(units) + 1) / 2
        out.append(f'<text x="{x:.1f}" y="{height - 4}" text-anchor="middle">{units}</text>')
    return Markup("".join([*out, "</svg>"]))


def _unit(units: float) -> float:
    return math.asinh(units) / math.asinh(REACH)


def _drawn(one: Finding, y: float) -> list[str]:
    ink, name = INKS[one.verdict], one.claim.id
    label = f'<a href="#{name}"><text class="id" x="0" y="{y + 5}">{name}</text></a>'
    if math.isnan(one.effect.value):
        return [label]
    low, middle, high = (place(x, one) for x in (one.effect.low, one.effect.value, one.effect.high))
    marks = [
        label,
        f'<line x1="{low}" x2="{high}" y1="{y}" y2="{y}" stroke="{ink}" stroke-width="3"/>',
        f'<circle cx="{middle}" cy="{y}" r="5" fill="{ink}"/>',
    ]
    if not math.isnan(one.without.value):
        marks.append(f'<circle cx="{place(one.without.value, one)}" cy="{y}" r="5" fill="none" stroke="#20262b"/>')
    if not math.isnan(one.placebo.value):
        x = place(one.placebo.value, one)
        marks.append(f'<path d="M{x - 4} {y - 4}l8 8m0 -8l-8 8" stroke="#20262b" fill="none"/>')
    return marks


# ---- as documentation ----
HEAD = """\
# The ledger of claims

Written by `detente claims --worlds {worlds} --docs docs/claims.md` of scenario and code `{stamp}`: do not edit it by
hand. {worlds} twins an arm over {draws} prior draws of the laws. A verdict is about the model, not about history.
Effects are those of the cause: with it less without it; the interval is 5 to 95 % of the mean effect over draws of the
laws, luck taken out as far as the twins tell it from the laws. An arrow leads from the record to the twin.

{meanings}

| {heads} |
| {rule} |
| {counts} |

Of the supported, {scored} rest on a measured series; of the assumed, {measured}. Of the undecided, {unborne} lie beyond
the threshold as stated, but the runs with laws off do not bear them out.
"""


def page(found: Verdicts, worlds: int, draws: int, stamp: str) -> str:
    """The ledger as Markdown, contradicted claims first."""
    told = Telling(found, "en", worlds)
    scored = sum(f.verdict == "supported" and bool(f.score) for f in found.findings)
    lines = [
        HEAD.format(
            worlds=worlds,
            draws=draws,
            stamp=stamp,
            meanings="\n".join(f"- {told.t('meaning', verdict)}" for verdict in ORDER),
            heads=" | ".join(told.t("verdict", key) for key in told.counts),
            rule=" | ".join("---" for _ in told.counts),
            counts=" | ".join(map(str, told.counts.values())),
            scored=scored,
            unborne=sum(f.verdict == "undecided" and beyond(f) for f in found.findings),
            measured=sum(f.verdict == "assumed" and bool(f.score) for f in found.findings),
        )
    ]
    for verdict in ORDER:
        of = sorted((f for f in found.findings if f.verdict == verdict), key=lambda f: _order(f.claim.id))
        if of:
            lines += [f"## {verdict.capitalize()}: {len(of)}", ""]
            lines += [line for one in of for line in (*_told(told, one), "")]
    if found.rivals:
        lines += ["## Rivals", "", told.t("page", "shares"), ""]
        lines += [
            f"- **{r.rival.id}** {r.rival.sentence.en} `{r.rival.measure}`: {_parts(r)}."
            + (f" {r.rival.note.en}" if r.rival.note else "")
            for r in sorted(found.rivals, key=lambda r: _order(r.rival.id))
        ]
        lines.append("")
    if found.not_runnable:
        lines += [f"## Not runnable: {len(found.not_runnable)}", ""]
        lines += [f"- **{o.id}** {o.sentence.en} {o.reason.en}" for o in _sorted(found.not_runnable)] + [""]
    return "\n".join(lines)


def _told(told: Telling, one: Finding) -> list[str]:
    claim = one.claim
    extra = [
        f"{told.t('head', key)} {text}."
        for key, text in (
            ("necessity", share(one.necessity)),
            ("sufficiency", share(one.sufficiency)),
            ("both", share(one.both)),
        )
        if text
    ]
    return [
        f"**{claim.id}** {claim.sentence.en} ({', '.join(claim.sources)}) *{told.why(one)}*",
        "",
        f"- `{question(one)}`: {one.factual:.3g} → {one.twin:.3g}, effect {number(one.effect.value)} "
        f"({span(one.effect)}), expected {told.expected(one)}." + "".join(f" {x}" for x in extra),
        (
            f"- `{claim.carried_by}` off: {number(one.without.value)} ({span(one.without)}); "
            f"placebo `{claim.placebo}` off: {number(one.placebo.value)}. "
            f"Path: {' → '.join(_step(one, s) for s in claim.path)}."
        ),
        f"- Score: {told.score(one.score)}.",
    ]
