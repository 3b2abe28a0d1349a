"""The pages say what the program is: nothing public goes unnamed, no page or link is left behind."""

import importlib.util
import re
from pathlib import Path

import pytest

from detente.scenario import load

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PACKAGE = ROOT / "src" / "detente"
PAGES = sorted(DOCS.rglob("*.md"))
MODULES = sorted(
    ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
    for file in PACKAGE.rglob("*.py")
    if not file.stem.startswith("_")
)
MECHANISMS = sorted(file.stem for file in (PACKAGE / "mechanisms").glob("*.py") if not file.stem.startswith("_"))


@pytest.fixture(scope="module")
def scenario():
    return load("coexistence")


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def generator():
    spec = importlib.util.spec_from_file_location("docs_data", ROOT / "scripts" / "docs_data.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_numbers_is_what_the_scenario_holds(scenario):
    assert read(DOCS / "data.md") == generator().page(scenario), "out of date: run ./scripts/docs_data"


def test_every_coefficient_and_every_work_stands_on_the_page_of_numbers(scenario):
    text = read(DOCS / "data.md")
    names = [f"`{law}.{key}`" for laws in scenario.laws.values() for law, table in laws.items() for key in table]
    assert [name for name in [*names, *(f"`{key}`" for key in scenario.sources)] if name not in text] == []


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_mechanism_has_a_page_that_the_protocol_links(mechanism):
    assert (DOCS / "model" / f"{mechanism}.md").exists()
    assert f"({mechanism}.md)" in read(DOCS / "model" / "index.md")


def test_every_law_is_named_on_the_page_of_its_mechanism(scenario):
    missing = [
        f"{mechanism}.{law}"
        for mechanism, laws in scenario.laws.items()
        for law in laws
        if f"`{law}`" not in read(DOCS / "model" / f"{mechanism}.md")
    ]
    assert missing == []


def test_every_public_module_is_named_in_the_index():
    text = read(DOCS / "index.md")
    assert [module for module in MODULES if f"`{module}`" not in text] == []


def test_the_index_names_no_module_that_is_not_there():
    part = read(DOCS / "index.md").partition("## Modules")[2]
    named = re.findall(r"^\| `([a-z_.]+)`", part, re.MULTILINE)
    assert named
    assert [module for module in named if module not in MODULES] == []


def test_every_page_can_be_reached_from_the_index():
    seen: set[Path] = set()
    todo = [DOCS / "index.md"]
    while todo:
        page = todo.pop().resolve()
        if page not in seen and page.exists():
            seen.add(page)
            todo += [page.parent / link for link in links(page) if link.endswith(".md")]
    assert [page.name for page in PAGES if page.resolve() not in seen] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_no_link_leads_nowhere(page):
    assert [link for link in links(page) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_no_page_knows_the_machine_it_was_written_on(page):
    assert re.findall(r"(?<![\w.~])/(?:home|root|work|tmp|usr|mnt|Users)/\S+", read(page)) == []


def links(page: Path) -> list[str]:
    """Relative links of a page, without their anchors."""
    found = re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", read(page))
    return [link for link in found if "://" not in link]
