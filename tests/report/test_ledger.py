"""The ledger told: every claim once, in both languages, with all of it in one file."""

from __future__ import annotations

import dataclasses
import io
import math
import re
from pathlib import Path

import pytest
from rich.console import Console

from detente.lab import claims
from detente.lab.claims import Estimate, Finding, Shares, Verdicts
from detente.lab.prior import Row
from detente.report import ledger
from detente.structure import Structure

SHOWN = Path(__file__).parents[2] / "docs" / "claims.md"


@pytest.fixture(scope="module")
def found(st: Structure) -> Verdicts:
    """The shipped claims with made-up effects, one of every verdict and one without a number."""
    book, out = claims.read(st), []
    for k, one in enumerate(book.claims.values()):
        verdict = claims.ORDER[k % 4]
        value = math.nan if k == 7 else (k % 5 - 2) * one.smallest
        effect = Estimate(value, value - 0.1, value + 0.1, 0.01)
        rows = [Row("tension", "tension_usa_ussr", 144, 0.8, 0.5, 0.9)] if k % 3 == 0 else []
        reasons = claims.REASONS[k % 5 : k % 5 + 1]
        out.append(Finding(one, verdict, reasons, 0.5, 0.4, effect, effect, effect, effect, None, None, rows, {}))
    shares = [
        Shares(r, Estimate(0.3, 0.1, 0.5, 0.01), dict.fromkeys(r.hypotheses, (0.5, 0.2, 0.8)))
        for r in book.rivals.values()
    ]
    return Verdicts(out, shares, list(book.not_runnable.values()))


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_page_holds_every_claim_once_behind_its_place_in_the_forest(found: Verdicts, lang: str) -> None:
    text = ledger.html(found, 128, lang)
    for one in found.findings:
        assert text.count(f'id="{one.claim.id}"') == 1
        assert text.count(f'href="#{one.claim.id}"') == 1
        assert one.claim.smallest > 0
    assert "nan" not in re.sub(r"[a-z]*nan[a-z]+|[a-z]+nan[a-z]*", "", text)
    assert re.findall(r'(?:src|href)="(?!#)', text) == []


def test_a_mark_stands_right_where_the_effect_is_as_stated(found: Verdicts) -> None:
    for one in found.findings:
        if one.claim.direction == "lowers":
            assert ledger.place(-one.claim.smallest, one) > ledger.place(0.0, one)
        assert ledger.place(1e9, one) <= ledger.WIDTH
        assert ledger.place(-1e9, one) >= ledger.LEFT


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_screen_shows_counts_and_every_claim(found: Verdicts, lang: str) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(ledger.summary(found, 128, lang))
    text = console.export_text()
    assert all(one.claim.id in text for one in found.findings)
    assert all(one.id in text for one in found.not_runnable)


def test_the_page_of_documentation_begins_with_what_is_contradicted(found: Verdicts) -> None:
    text = ledger.page(found, 128, 64, "0")
    heads = re.findall(r"^## (\w+)", text, re.MULTILINE)
    assert heads[:4] == ["Contradicted", "Undecided", "Assumed", "Supported"]
    assert all(f"**{one.claim.id}**" in text for one in found.findings)
    counted = sum(int(n) for n in re.findall(r"^## (?:C|U|A|S)\w+: (\d+)", text, re.MULTILINE))
    assert counted == len(found.findings)


def test_the_ledger_that_is_shown_knows_every_claim(st: Structure) -> None:
    """Written by `detente claims --docs`; a claim that was added, dropped or reworded since is found here."""
    text, book = SHOWN.read_text(encoding="utf-8"), claims.read(st)
    for name in (name for part in book for name in part):
        assert f"**{name}**" in text, name
    for one in book.claims.values():
        assert one.sentence.en in text, one.id
        assert one.measure in text, one.id
    assert set(re.findall(r"^(?:- )?\*\*(S[\w.]+)\*\*", text, re.MULTILINE)) == {n for part in book for n in part}


@pytest.mark.parametrize(
    ("direction", "effect", "said"),
    [
        ("raises", (0.3, 0.05, 0.6), "likely"),
        ("lowers", (-0.3, -0.6, -0.05), "likely"),
        ("raises", (0.3, -0.2, 0.8), "open"),
        ("raises", (0.05, -0.2, 0.3), "small"),
        ("lowers", (0.3, -0.2, 0.8), "reverse"),
        ("leaves", (0.3, 0.05, 0.8), "beyond"),
        ("leaves", (0.05, -0.05, 0.3), "small"),
        ("raises", (0.0, -0.2, 0.2), "unseen"),
    ],
)
def test_what_is_open_is_said_in_words_of_its_own(
    found: Verdicts, direction: str, effect: tuple[float, float, float], said: str
) -> None:
    same = effect[0] == 0.0
    claim = found.findings[0].claim.model_copy(update={"direction": direction, "smallest": 0.1})
    one = dataclasses.replace(
        found.findings[0],
        claim=claim,
        verdict="undecided",
        reasons=(),
        effect=Estimate(*effect, 0.05),
        factual=0.5,
        twin=0.5 if same else 0.2,
    )
    assert ledger._unsure(one) == said
    for lang in ("en", "ru"):
        text = ledger.Telling(found, lang, 128).why(one)
        assert "{" not in text
        assert ("128" if same else f"{effect[0]:+.3f}") in text
