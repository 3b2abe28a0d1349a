"""`detente solve`: what it shows and writes, and how it fails."""

import json
import re

import pytest
from games_kit import HOME, grown
from typer.testing import CliRunner, Result

from detente import cli
from detente.games import quantal
from detente.interop import gambit
from detente.report import gamepage
from detente.report.solved import solved

POKER = HOME / "myerson_poker.efg"


def detente(*words: object) -> Result:
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def sentence(result: Result, status: int) -> str:
    assert result.exit_code == status, result.output
    assert result.stderr.startswith("detente: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_json_has_the_keys_that_scripts_read():
    result = detente("solve", POKER, "--precision", 1, "--json", "-")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert {"version", "precision", "residual", "regret", "agent_regret", "values", "infosets"} <= set(data)
    assert data["precision"] == 1.0
    assert data["residual"] <= 1e-9
    first, second, third = data["infosets"]
    assert (first["player"], first["label"]) == ("Alice", "1")
    assert first["actions"]["Raise"] == pytest.approx(0.931785, abs=1e-5)
    assert second["actions"]["Raise"] == pytest.approx(0.539087, abs=1e-5)
    assert third["beliefs"][0]["history"] == "King · Raise"
    assert data["values"]["Alice"] == pytest.approx(-data["values"]["Bob"])


def test_without_a_precision_the_limit_is_read():
    data = json.loads(detente("solve", POKER, "--json", "-").stdout)
    assert data["limit"]
    assert data == json.loads(detente("solve", POKER, "--limit", "--json", "-").stdout)
    assert data["infosets"][1]["actions"]["Raise"] == pytest.approx(1 / 3, abs=1e-3)


@pytest.mark.parametrize(
    ("lang", "told"), [("en", "believes at 1: King · Raise"), ("ru", "полагает в «1»: King · Raise")]
)
def test_the_screen_has_strategies_beliefs_values_and_regrets(lang, told):
    result = detente("solve", POKER, "--precision", 1, "--lang", lang)
    assert result.exit_code == 0
    for part in ("Alice", "Bob", "0.931785", "0.614444", told):
        assert part in result.stdout


def test_a_table_is_solved_too(tmp_path):
    file = tmp_path / "pennies.nfg"
    file.write_text(
        'NFG 1 R "Pennies" { "row" "column" } { 2 2 } 1.1141 0 0 1.1141 0 1.1141 0.2785 0\n', encoding="utf-8"
    )
    data = json.loads(detente("solve", file, "--precision", 2, "--json", "-").stdout)
    assert data["infosets"][0]["actions"]["1"] == pytest.approx(0.617522, abs=1e-5)


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_page_needs_nothing_else_and_carries_the_branch(tmp_path, lang):
    file = tmp_path / "poker.html"
    assert detente("solve", POKER, "--precision", 1, "--html", file, "--lang", lang).exit_code == 0
    page = file.read_text(encoding="utf-8")
    assert f'<html lang="{lang}">' in page
    assert not re.search(r'(src|href)="?https?:|@import|url\(', page)
    data = json.loads(re.search(r'type="application/json">(.*?)</script>', page, re.DOTALL).group(1))
    assert data["precision"][0] == "0"
    assert "1" in data["precision"]
    assert len(data["choices"]) == len(data["values"]) == len(data["regrets"]) > 10
    assert len(data["above"]) == page.count('class="branch"') == page.count('class="act"') == 10
    asked = data["precision"].index("1")
    assert f'value="{asked}"' in page
    assert data["choices"][asked][0] == pytest.approx(0.93179, abs=1e-5)


def test_names_from_a_file_cannot_break_out_of_the_page():
    nasty = '</script><script>alert("x")</script>'
    text = POKER.read_text(encoding="utf-8").replace('"Raise"', '"' + nasty.replace('"', '\\"') + '"')
    page = gamepage.html(solved(gambit.parse(text), 1.0))
    assert nasty not in page
    assert page.count("<script") == 2


def test_a_large_tree_is_drawn_where_it_is_likely_to_go():
    game = grown(3, depth=5, types=3)
    found = solved(game, 0.2)
    kept = gamepage.shown_nodes(found)
    drawn = gamepage.layout(game, kept)
    assert len(game.terminals) > gamepage.ENDS
    assert sum(not any(n.above == k for n in drawn) for k in range(len(drawn))) <= gamepage.ENDS
    assert sum(n.hidden for n in drawn) + len(drawn) == len(game.parent)
    for node in kept - {0}:
        assert set(game.children[game.parent[node]]) <= kept


def test_what_does_not_converge_is_shown_and_said(monkeypatch):
    monkeypatch.setattr(quantal, "STEPS", 3)
    result = detente("solve", POKER, "--precision", 50)
    assert result.exit_code == 1
    assert "Not converged: 3 steps lead only to precision" in " ".join(result.stdout.split())


def test_wrong_arguments_end_in_a_sentence(tmp_path):
    broken = tmp_path / "broken.efg"
    broken.write_text('EFG 2 R "g" { "A" }\np "" 1 1 "" { "x" } 0', encoding="utf-8")
    binary = tmp_path / "binary.efg"
    binary.write_bytes(bytes(range(256)))
    assert "there is no such file" in sentence(detente("solve", tmp_path / "none.efg"), 1)
    assert "broken.efg: line 2: the file ends" in sentence(detente("solve", broken), 1)
    assert "line 1: there should be 'EFG' or 'NFG'" in sentence(detente("solve", binary), 1)
    assert "0 (blind play) or more" in sentence(detente("solve", POKER, "--precision", -1), 1)
    assert "must be a number" in sentence(detente("solve", POKER, "--precision", "nan"), 1)
    assert "ask for the limit" in sentence(detente("solve", POKER, "--precision", "inf"), 1)
    assert "exclude each other" in sentence(detente("solve", POKER, "--precision", 1, "--limit"), 1)
    sentence(detente("solve", POKER, "--precision", "much"), 2)
    sentence(detente("solve", tmp_path), 1)
