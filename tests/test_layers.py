"""Data flow down the list of layers and never back. Read from the imports, so nothing is run."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "detente"

LAYERS = (
    "scenario",
    "menus",
    "structure",
    "world",
    "noise",
    "sums",
    "games",
    "laws",
    "decisions",
    "deeds",
    "mechanisms",
    "views",
    "masks",
    "nature",
    "ladder",
    "answers",
    "month",
    "seats",
    "series",
    "drive",
    "resume",
    "twin",
    "lab",
    "report",
    "interop",
    "console",
    "explain",
    "crisis",
    "room",
    "check",
    "provenance",
    "start",
    "cli",
)
FRONT = ("__init__", "__main__")  # the package's public face: may import any layer, and only the cli imports it
CHRONICLE_READERS = (
    "scenario",
    "seats.record",
    "drive",
    "twin",
    "lab",
    "report",
    "room",
    "interop",
    "check",
    "provenance",
    "explain",
    "crisis",
    "start",
    "cli",
)
OBSERVED_READERS = ("lab",)


def within(module: str, owners: tuple[str, ...]) -> bool:
    return any(module == owner or module.startswith(f"{owner}.") for owner in owners)


def layer(module: str) -> str:
    return module.partition(".")[0]


def docstrings(tree: ast.Module) -> set[int]:
    """Strings that stand alone as statements: prose, not use."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    prose = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def imports(tree: ast.Module, package: str) -> Iterator[tuple[int, str]]:
    """Every module or name imported, as a full dotted path; `package` is what a relative import starts from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
    # import_module("detente.x"), files("detente.x") and their like
    yield from ((line, text) for line, text in strings(tree) if re.fullmatch(r"detente(\.\w+)+", text))


def words(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every identifier and string of a module, docstrings apart."""
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "asname", "module"):
            word = getattr(node, field, None)
            if isinstance(word, str):
                yield getattr(node, "lineno", 0), word
    yield from strings(tree)


def import_faults(module: str, tree: ast.Module, package: str) -> Iterator[tuple[int, str]]:
    for line, path in imports(tree, package):
        root, _, target = path.partition(".")
        if root != "detente":
            continue
        if within(target, ("lab.observed",)) and not within(module, OBSERVED_READERS):
            yield line, "opens lab/observed: only lab may"
        if module in FRONT or layer(target) == layer(module):
            continue
        if layer(target) not in LAYERS:
            if not re.fullmatch(r"__\w+__", target) and layer(module) != "cli":
                yield line, f"imports `{path}`: name a layer of LAYERS, not the package's face"
        elif LAYERS.index(layer(target)) > LAYERS.index(layer(module)):
            yield line, f"imports `{path}`: {layer(target)} stands below {layer(module)}"


def word_faults(module: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for line, word in words(tree):
        if re.search("chronicle", word, re.IGNORECASE) and not within(module, CHRONICLE_READERS):
            yield line, "uses the chronicle: only " + ", ".join(CHRONICLE_READERS) + " may"
        if re.search(r"lab/observed|^observed(/|$)", word) and not within(module, OBSERVED_READERS):
            yield line, "opens lab/observed: only lab may"


def faults(package: Path) -> list[str]:
    """Everything in a package that breaks the order of layers, as `file:line: what`."""
    found = []
    for file in sorted(package.rglob("*.py")):
        place = file.relative_to(package)
        parts = place.with_suffix("").parts
        if layer(parts[0]) == "scenarios":
            found.append(f"{place}:1: a scenario is data: no code in it")
            continue
        own = parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
        module = ".".join(own)
        if layer(module) not in (*LAYERS, *FRONT):
            found.append(f"{place}:1: `{layer(module)}` is no layer: give it a place in LAYERS or in one of them")
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
        home = ".".join(("detente", *parts[:-1]))
        marks = {*import_faults(module, tree, home), *word_faults(module, tree)}
        found += [f"{place}:{line}: {what}" for line, what in sorted(marks)]
    return found


def test_data_flow_down_the_layers_and_never_back():
    assert faults(PACKAGE) == []


def test_the_scenarios_are_data():
    assert not list((PACKAGE / "scenarios").rglob("*.py"))


def plant(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def test_a_lawful_package_has_no_faults(tmp_path):
    lawful = {
        "__init__.py": "from detente.drive import run\n__version__ = '0'\n",
        "scenario.py": "def chronicle(): ...\n",
        "world.py": "'''The chronicle is not used here.'''\nimport numpy\nfrom detente.scenario import Scenario\n",
        "mechanisms/economy.py": "from detente import world\nfrom detente.mechanisms import arsenals\n",
        "mechanisms/arsenals.py": "from . import economy\nfrom .economy import growth\nfrom ..world import World\n",
        "month.py": "from detente.mechanisms.economy import economy\nimport detente.ladder.play\n",
        "seats/record.py": "from detente.scenario import chronicle\n",
        "seats/preferences.py": "from detente.views import view\nfrom detente.decisions import menu\n",
        "drive.py": "from detente import __version__, month, seats\nx = scenario.chronicle\n",
        "lab/hindcast.py": "from detente.lab import observed\nx = files('detente.lab.observed')\n",
        "cli.py": "import detente\nfrom detente import run\n",
    }
    assert faults(plant(tmp_path, lawful)) == []


@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        ("world.py", "from detente.month import month", "month stands below world"),
        ("month.py", "from detente.seats.preferences import preferences", "seats stands below month"),
        ("month.py", "from detente import seats", "seats stands below month"),
        ("month.py", "import detente.seats.record as past", "seats stands below month"),
        ("month.py", "from .seats import preferences", "seats stands below month"),
        ("mechanisms/economy.py", "from ..drive import run", "drive stands below mechanisms"),
        ("mechanisms/economy.py", "def f():\n    from detente import drive", "drive stands below mechanisms"),
        ("mechanisms/__init__.py", "from .. import ladder", "ladder stands below mechanisms"),
        ("views.py", "import_module('detente.drive')", "drive stands below views"),
        ("drive.py", "from detente import run", "not the package's face"),
        ("drive.py", "import detente", "not the package's face"),
        ("utils.py", "", "`utils` is no layer"),
        ("scenarios/coexistence/laws.py", "", "no code in it"),
        ("report/charts.py", "from detente.lab.observed import tension", "only lab may"),
        ("report/charts.py", "from detente.lab import observed", "only lab may"),
        ("report/charts.py", "p = root / 'lab' / 'observed'", "only lab may"),
        ("__init__.py", "import detente.lab.observed", "only lab may"),
        ("decisions.py", "def menu(scenario): return scenario.chronicle", "uses the chronicle"),
        ("decisions.py", "from detente.scenario import load_chronicle", "uses the chronicle"),
        ("mechanisms/bloc.py", "from detente.scenario import Chronicle as C", "uses the chronicle"),
        ("seats/preferences.py", "path = here / 'chronicle'", "uses the chronicle"),
        ("month.py", "def month(world, chronicle): ...", "uses the chronicle"),
    ],
)
def test_a_planted_fault_is_caught(tmp_path, file, line, complaint):
    found = faults(plant(tmp_path, {file: line + "\n"}))
    assert len(found) == 1
    assert complaint in found[0]
    assert found[0].startswith(f"{file}:")
