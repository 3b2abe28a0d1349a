"""Write docs/data.md: every coefficient and every opening number of the shipped scenario, with its source.

Run `./scripts/docs_data` after a change of the scenario; `tests/test_docs.py` says when it is due.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from detente.scenario import ASSUMPTION, Coefficient, Number, Opening, Scenario, Table, load

PAGE = Path(__file__).parents[1] / "docs" / "data.md"

HEAD = """\
# Every number and its source

Written by `./scripts/docs_data` from the scenario's TOML files; a test holds the two together. Change a number in its
TOML file, never here.

A coefficient is a prior, not a constant: *low* is its 5 %, *best* its 50 % and *high* its 95 % point, in the family
named; *off* is the neutral value at which its law stops working; *kind* says whether one thing moves another (effect),
how fast (pace), how things are without a cause (base), or a unit or threshold (size). `assumption` marks a size that no
work gives; a work beside it gives the direction or an example, and the reason follows. Keys of works are resolved at
the end of the page.
"""


def page(sc: Scenario) -> str:
    """The whole page."""
    parts = [HEAD, *_counts(sc), "## Coefficients of the laws", *_laws(sc)]
    parts += ["## Openings: January 1953", *_openings(sc), "## Persons", *_persons(sc)]
    parts += ["## Stakes and opening status of issues", _issues(sc), "## Coordinates of instruments", _instruments(sc)]
    parts += ["## Works", _works(sc)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines
    )


def number(value: float | bool) -> str:
    """A value as a person writes it."""
    return ("yes" if value else "no") if isinstance(value, bool) else f"{value:.6g}"


def cited(source: Iterable[str], why: str = "") -> str:
    """Keys of works and, for an assumption, its reason."""
    keys = ", ".join(source)
    return f"{keys}: {why}" if why else keys


def _counts(sc: Scenario) -> Iterator[str]:
    laws = [c for m in sc.laws.values() for law in m.values() for c in law.values()]
    assumed = sum(ASSUMPTION in c.source for c in laws)
    numbers = [n for a in sc.actors.values() for _, n in _of(a.opening)]
    guessed = sum(n.source == [ASSUMPTION] for n in numbers)
    yield (
        f"{len(laws)} coefficients, {assumed} of them of assumed size; {len(numbers)} opening entries, {guessed} of "
        f"them assumed outright; {len(sc.sources)} works cited anywhere in the scenario."
    )


def _laws(sc: Scenario) -> Iterator[str]:
    for mechanism, laws in sc.laws.items():
        yield f"### laws/{mechanism}.toml"
        heads = ("coefficient", "meaning", "unit", "low", "best", "high", "family", "off", "kind", "source")
        yield table(heads, (_coefficient(f"{law}.{key}", c) for law, t in laws.items() for key, c in t.items()))


def _coefficient(name: str, c: Coefficient) -> list[str]:
    values = [number(x) for x in (c.low, c.best, c.high)]
    origin = f"Fitted: {c.fitted}" if c.fitted else c.why
    return [f"`{name}`", c.meaning, c.unit, *values, c.family, number(c.neutral), c.kind, cited(c.source, origin)]


def _of(opening: Opening) -> Iterator[tuple[str, Number | Table]]:
    for name in Opening.model_fields:
        value = getattr(opening, name)
        if value is not None:
            yield name, value


def _openings(sc: Scenario) -> Iterator[str]:
    for actor in sc.actors.values():
        yield f"### actors/{actor.id}.toml"
        yield table(
            ("quantity", "value", "unit", "source"), (_opening(name, value) for name, value in _of(actor.opening))
        )


def _opening(name: str, value: Number | Table) -> list[str]:
    if isinstance(value, Number):
        return [f"`{name}`", number(value.value), value.unit, cited(value.source, value.note or value.why)]
    parts = ", ".join(f"{key} {number(share)}" for key, share in (value.model_extra or {}).items())
    return [f"`{name}`", parts, value.unit, cited(value.source, value.note)]


def _persons(sc: Scenario) -> Iterator[str]:
    heads = ("person", "weight", "risk", "line", "optimism", "deviations, log units", "source")
    rows = []
    for actor in sc.actors.values():
        for p in actor.leader:
            own = ", ".join(f"{end} {number(x)}" for end, x in p.deviations.items() if x) or "none"
            traits = [number(x) for x in (p.weight, p.risk, p.line, p.optimism)]
            rows.append([f"{actor.id}: {p.name.en}", *traits, own, cited(p.sources, p.why)])
    yield table(heads, rows)


def _issues(sc: Scenario) -> str:
    rows = []
    for key, issue in sc.issues.items():
        stakes = ", ".join(f"{actor} {number(x)}" for actor, x in issue.stakes.items())
        rows.append([f"`{key}`", number(issue.opening), stakes, cited(issue.source)])
    return table(("issue", "status", "stakes (+ changes, − keeps)", "source"), rows)


def _instruments(sc: Scenario) -> str:
    names = ("goldstein", "commitment", "publicity", "cost", "finality")
    rows = [
        [f"`{key}`", i.operation, i.nest, f"{i.weis} / {i.cameo}", *(number(getattr(i, name)) for name in names)]
        for key, i in sc.instruments.items()
    ]
    note = (
        "Pressure and conciliation follow from the weight of the WEIS code (goldstein1992); the other coordinates are "
        "assumptions on [0, 1]."
    )
    return note + "\n\n" + table(("instrument", "operation", "nest", "WEIS / CAMEO", *names), rows)


def _works(sc: Scenario) -> str:
    rows = [[f"`{key}`", w.author, w.title, str(w.year) if w.year > 0 else ""] for key, w in sorted(sc.sources.items())]
    return table(("key", "author", "title", "year"), rows)


def main() -> None:
    """Write the page, or only say whether it is up to date."""
    text = page(load("coexistence"))
    fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
    if "--check" in sys.argv:
        sys.exit(0 if fresh else "docs/data.md is out of date. Run ./scripts/docs_data")
    if not fresh:
        PAGE.write_text(text, encoding="utf-8")
        print("written: docs/data.md")


if __name__ == "__main__":
    main()
