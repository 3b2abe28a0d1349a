"""The ledger of claims on screen and as a page of documentation."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from detente.lab.claims import Finding, Unrunnable, Verdict

VERDICTS: dict[Verdict, tuple[str, str]] = {
    "contradicted": ("contradicted", "опровергнуто"),
    "undecided": ("undecided", "не решено"),
    "assumed": ("assumed", "заложено"),
    "supported": ("supported", "подтверждено"),
}
HEADS = {
    "en": ("claim", "verdict", "effect", "5–95 %", "smallest", "law off", "placebo off"),
    "ru": ("тезис", "вердикт", "эффект", "5–95 %", "порог", "без закона", "без плацебо"),
}
HEAD = """\
# The ledger of claims

Written by `detente claims --page` from what was run, {worlds} twins an arm. A verdict is about the model: *supported*
says that the effect lies beyond the smallest one worth caring about, in the direction stated; *contradicted*, that it
lies beyond it the other way or wholly within it; *assumed*, that it would be supported, but is a law read back rather
than found; *undecided*, all else. Effects are those of the cause: with it minus without it.
"""


def _number(value: float) -> str:
    return f"{value:+.3f}"


def _row(found: Finding, lang: str) -> list[str]:
    verdict = VERDICTS[found.verdict][lang == "ru"]
    span = f"{_number(found.low)} … {_number(found.high)}"
    mark = {"raises": "≥ +", "lowers": "≤ −"}[found.claim.direction]
    rest = (found.effect_without, found.effect_with_placebo_off)
    return [verdict, _number(found.effect), span, f"{mark}{found.claim.smallest:g}", *map(_number, rest)]


def summary(found: Sequence[Finding], others: Sequence[Unrunnable], lang: str = "en") -> RenderableType:
    """Every claim with its effect, interval and verdict; then those that cannot be run."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for k, head in enumerate(HEADS[lang]):
        table.add_column(head, justify="left" if k < 2 else "right", max_width=48 if k == 0 else None)
    for one in found:
        table.add_row(f"{one.claim.id} {one.claim.sentence[lang]}", *_row(one, lang))
    rest = [Text(f"{other.id} {other.sentence[lang]} – {other.reason[lang]}", style="dim") for other in others]
    return Group(table, *rest)


def page(found: Sequence[Finding], others: Sequence[Unrunnable], worlds: int) -> str:
    """The ledger as Markdown, contradicted claims first."""
    lines = [HEAD.format(worlds=worlds)]
    for verdict in VERDICTS:
        of = [one for one in found if one.verdict == verdict]
        if of:
            lines += [f"## {verdict.capitalize()}: {len(of)}", ""]
            lines += [line for one in of for line in (*_entry(one), "")]
    if others:
        lines += [f"## Not runnable: {len(others)}", ""]
        lines += [f"- **{other.id}** {other.sentence.en} {other.reason.en}" for other in others] + [""]
    return "\n".join(lines)


def _entry(one: Finding) -> list[str]:
    claim = one.claim
    arms = " ".join(f"--{option} {text}" for option, texts in claim.arms.items() for text in texts)
    verdict, effect, span, smallest, without, placebo = _row(one, "en")
    del verdict
    return [
        f"**{claim.id}** {claim.sentence.en} ({', '.join(claim.sources)})",
        "",
        f"- `{arms} --measure {claim.measure}`: effect {effect} ({span}), expected {smallest}.",
        f"- Carried by `{claim.carried_by}`: {without} without it; placebo `{claim.placebo}`: {placebo} without it.",
        f"- {_why(one)}",
    ]


def _why(one: Finding) -> str:
    """One sentence on why the verdict is what it is."""
    claim = one.claim
    if one.verdict == "contradicted":
        return f"{claim.refuted_by.en} That is what the model finds."
    if one.verdict == "undecided":
        return "The interval reaches across the smallest effect worth caring about."
    if one.verdict == "assumed":
        return f"The path ({', '.join(claim.path)}) is too short, or `{claim.carried_by}` may not be absent."
    return f"The effect comes by {', '.join(claim.path)}."
