"""Every law of the mechanisms has a unit experiment that shows it moving its own slice."""

import ast
from pathlib import Path

import pytest
from deeds_kit import Bench

ELSEWHERE = ("preferences", "ladder")  # of seats and of the ladder: tried in tests/seats and tests/ladder


def tried() -> set[str]:
    """The laws named by @experiment in the modules beside this one."""
    found = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "experiment":
                found.add(ast.literal_eval(node.args[0]))
    return found


def test_every_law_has_its_experiment(bench: Bench) -> None:
    laws = {
        f"{mechanism}.{law}"
        for mechanism, table in bench.scenario.laws.items()
        if mechanism not in ELSEWHERE
        for law in table
    }
    assert not laws - tried(), f"laws without an experiment: {', '.join(sorted(laws - tried()))}"
    assert not tried() - laws, f"experiments on laws that do not exist: {', '.join(sorted(tried() - laws))}"


def test_an_unknown_place_or_row_is_told(bench: Bench) -> None:
    with pytest.raises((ValueError, AssertionError)):
        bench.row("usa:denounce:moon")
    with pytest.raises(ValueError, match="not in tuple"):
        bench.read(bench.world, "relations.tension[usa,moon]")
