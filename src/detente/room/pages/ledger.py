"""The ledger of claims: a forest plot for each subsystem, and a page for each claim, from kept results."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from detente.lab import claims as book
from detente.lab.claims import Claim, Estimate, Finding, Ledger, Rival, Shares, Verdicts
from detente.lab.prior import Row
from detente.report import ledger as told
from detente.report.words import texts
from detente.room.pages import shell
from detente.room.pages.explore import closed_page, works
from detente.room.pages.site import Site, closed, missing, of

router = APIRouter(include_in_schema=False)
SHIPPED = "results/claims.json"
MINUTES = 25
"""What a ledger of 128 twins an arm takes on two cores."""
NOWHERE = math.nan


class Kept(NamedTuple):
    """Results of `detente claims --json` as they were written."""

    found: Verdicts
    worlds: int
    seed: int
    stamp: str


# ---- results ----
def kept(site: Site) -> Kept | None:
    """Results from the file named, else those shipped; None where there are none."""
    place = site.claims or Path(str(resources.files("detente.room.pages").joinpath(SHIPPED)))
    try:
        return _read(place, place.stat().st_mtime_ns, site)
    except OSError:
        return None


@lru_cache(maxsize=2)
def _read(place: Path, changed: int, site: Site) -> Kept:
    data = json.loads(place.read_text(encoding="utf-8"))
    ledger = entries(site)
    findings = [_finding(ledger.claims[row["id"]], row) for row in data["claims"] if row["id"] in ledger.claims]
    rivals = [_shares(ledger.rivals[row["id"]], row) for row in data["rivals"] if row["id"] in ledger.rivals]
    found = Verdicts(findings, rivals, list(ledger.not_runnable.values()))
    return Kept(found, int(data["worlds"]), int(data["seed"]), str(data.get("stamp", "")))


@lru_cache(maxsize=2)
def entries(site: Site) -> Ledger:
    """The claims of the scenario."""
    return book.read(site.st)


def _number(value: Any) -> float:
    return NOWHERE if value is None else float(value)


def _estimate(row: Any) -> Estimate | None:
    return Estimate(*(_number(row[k]) for k in ("value", "low", "high", "error"))) if row else None


def _finding(claim: Claim, row: dict[str, Any]) -> Finding:
    """A finding from its row of JSON."""
    effect = Estimate(*(_number(row[k]) for k in ("effect", "low", "high", "error")))
    without, placebo = (
        Estimate(_number(row[k]), NOWHERE, NOWHERE, NOWHERE) for k in ("effect_without", "effect_with_placebo_off")
    )
    measured = row["score"] if isinstance(row["score"], list) else []
    score = [
        Row("", r["series"], 0, _number(r["coverage"]), _number(r["crps"]), _number(r["persistence"])) for r in measured
    ]
    paths = {law: Estimate(_number(x), NOWHERE, NOWHERE, NOWHERE) for law, x in row["paths"].items()}
    return Finding(
        claim,
        row["verdict"],
        tuple(row["reasons"]),
        _number(row["factual"]),
        _number(row["twin"]),
        effect,
        without,
        placebo,
        _estimate(row["necessity"]),
        _estimate(row["sufficiency"]),
        _estimate(row["necessity_and_sufficiency"]),
        score,
        paths,
    )


def _shares(rival: Rival, row: dict[str, Any]) -> Shares:
    total = _estimate(row["total"]) or Estimate(NOWHERE, NOWHERE, NOWHERE, NOWHERE)
    shares = {k: (_number(x["median"]), _number(x["low"]), _number(x["high"])) for k, x in row["shares"].items()}
    return Shares(rival, total, {k: x for k, x in shares.items() if k in rival.hypotheses})


# ---- pages ----
@router.get("/explore/claims")
async def ledger_page(request: Request) -> Response:
    """The whole ledger."""
    if await closed(request):
        return closed_page(request)
    site, lang = of(request), shell.language(request)
    found, ledger = kept(site), entries(site)
    judged = {f.claim.id: f for f in found.found.findings} if found else {}
    telling = told.Telling(found.found, lang, found.worlds) if found else None
    names = sorted({told.subsystem(name) for name in (*ledger.claims, *ledger.rivals)}, key=told._order)
    parts = [
        {
            "id": name,
            "title": _subsystem(name, lang),
            "forest": _forest(telling, [f for f in found.found.findings if told.subsystem(f.claim.id) == name], name)
            if telling and found
            else "",
            "claims": [_line(c, judged.get(c.id), lang) for c in _within(ledger.claims, name)],
        }
        for name in names
    ]
    return shell.page(
        request,
        "ledger.html.j2",
        tab="ledger",
        found=found,
        stale=bool(found and found.stamp != site.stamp),
        minutes=MINUTES,
        counts=[(key, told_verdict(key, lang), count) for key, count in telling.counts.items()] if telling else [],
        meanings=[str(texts("ledger")["meaning"][key][lang]) for key in book.ORDER],
        parts=[part for part in parts if part["claims"]],
        rivals=[(r.id, r.sentence[lang]) for r in _sorted(ledger.rivals)],
        others=[(o.id, o.sentence[lang]) for o in _sorted(ledger.not_runnable)],
    )


def _sorted(entries_: dict[str, Any]) -> list[Any]:
    return sorted(entries_.values(), key=lambda one: told._order(one.id))


def _within(entries_: dict[str, Any], name: str) -> list[Any]:
    return [one for one in _sorted(entries_) if told.subsystem(one.id) == name]


def _subsystem(name: str, lang: str) -> str:
    known = texts("ledger")["subsystem"]
    return str(known[name][lang]) if name in known else name


def told_verdict(verdict: str, lang: str) -> str:
    """A verdict in words."""
    return str(texts("ledger")["verdict"][verdict][lang])


def _line(claim: Claim, finding: Finding | None, lang: str) -> dict[str, str]:
    verdict = finding.verdict if finding else ""
    return {
        "id": claim.id,
        "sentence": claim.sentence[lang],
        "verdict": verdict,
        "said": told_verdict(verdict, lang) if verdict else shell.text(lang, "ledger.untested"),
    }


def _forest(telling: told.Telling, findings: list[Finding], name: str) -> Markup:
    """The forest plot with links to the claims' pages."""
    ordered = sorted(findings, key=lambda f: told._order(f.claim.id))
    drawn = str(told.forest(telling, ordered)).replace('href="#', 'href="/explore/claims/')
    return Markup(drawn.replace('role="img"', 'role="group"', 1))


@router.get("/explore/claims/{name}")
async def claim_page(request: Request, name: str) -> Response:
    """One claim, one rival reading, or one sentence that cannot be run."""
    if await closed(request):
        return closed_page(request)
    site, lang = of(request), shell.language(request)
    ledger = entries(site)
    one: Any = ledger.claims.get(name) or ledger.rivals.get(name) or ledger.not_runnable.get(name)
    if one is None:
        return missing(request)
    found = kept(site)
    own = [key for key in one.sources if key != book.OWN]
    values: dict[str, Any] = {
        "tab": "ledger",
        "one": one,
        "kind": "claim" if name in ledger.claims else "rival" if name in ledger.rivals else "other",
        "subsystem": _subsystem(told.subsystem(name), lang),
        "works": works(own, site.scenario),
        "own": book.OWN in one.sources,
        "found": found,
        "stale": bool(found and found.stamp != site.stamp),
        "finding": None,
        "shares": [],
    }
    if found and name in ledger.claims:
        values |= _finding_values(found, name, lang)
    if name in ledger.claims:
        values["ask"] = "/ask?" + urlencode(
            [*((k, v) for k, vs in one.arms.items() for v in vs), ("measure", one.measure)]
        )
    if found and name in ledger.rivals:
        values["shares"] = [row for r in found.found.rivals if r.rival.id == name for row in _share_rows(r, lang)]
    return shell.page(request, "claim.html.j2", **values)


def _finding_values(found: Kept, name: str, lang: str) -> dict[str, Any]:
    finding = next((f for f in found.found.findings if f.claim.id == name), None)
    if finding is None:
        return {}
    telling = told.Telling(found.found, lang, found.worlds)
    keep = ("effect", "record", "without", "placebo", "necessity", "sufficiency", "both", "score")
    heads = {str(texts("ledger")["head"][key][lang]) for key in keep}
    return {
        "finding": finding,
        "verdict": told_verdict(finding.verdict, lang),
        "why": telling.why(finding).replace("`", ""),
        "facts": [(k, v.replace(" (– … –)", "")) for k, v in telling.facts(finding) if k in heads],
        "forest": _forest(telling, [finding], name),
    }


def _share_rows(one: Shares, lang: str) -> list[dict[str, Any]]:
    return [
        {
            "sentence": one.rival.hypotheses[name].sentence[lang],
            "share": 0.0 if math.isnan(of_[0]) else min(max(of_[0], 0.0), 1.0),
            "text": told.share(Estimate(*of_, 0.0)) or "–",
        }
        for name, of_ in one.shares.items()
    ]
