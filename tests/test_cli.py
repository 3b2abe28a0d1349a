"""The command line: each verb calls one thing, and whatever is wrong ends as one sentence, never as a traceback."""

import errno
import json
import math
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from detente import __version__, cli, console
from detente.lab import ensemble
from detente.scenario import home_of

ROOT = Path(__file__).parents[1]


def detente(*words: object) -> Result:
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def sentence(result: Result, status: int = 1) -> str:
    """The one sentence in which a verb failed."""
    assert result.exit_code == status, result.output
    assert result.stderr.startswith("detente: ")
    assert "Traceback" not in result.output
    assert result.stderr.count("\n") == 1
    return result.stderr


class Faked(SimpleNamespace):
    """An ensemble that took no time."""

    def events(self) -> list[dict[str, object]]:
        return [{"id": "vienna", "probability": 0.25}]

    def quantiles(self) -> dict[str, object]:
        return {"tension": {"month": ["1953-01"], "median": [0.5], "low": [math.nan], "high": [0.9]}}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the laboratory is asked for, with an answer at once."""
    seen: dict[str, object] = {}

    def run(scenario: object, progress: object, **settings: object) -> Faked:
        seen.update(settings, scenario=scenario)
        progress(0, settings["worlds"])
        progress(settings["worlds"], settings["worlds"])
        head = {"seed": settings["seed"], "worlds": settings["worlds"], "digest": "abc", "worlds_per_second": 300.0}
        return Faked(scenario=scenario, solving={}, **head)

    monkeypatch.setattr(ensemble, "run", run)
    monkeypatch.setattr(console, "load_scenario", lambda name: SimpleNamespace(name=name))
    monkeypatch.setattr(console, "summarise", lambda found, lang: f"summary in {lang}")
    monkeypatch.setattr(console, "report", lambda found, path, lang: console.whole(path, "<html>"))
    return seen


def test_run_asks_for_a_thousand_worlds_of_seed_one(asked):
    result = detente("run")
    assert result.exit_code == 0, result.output
    assert "summary in en" in result.stdout
    assert asked["worlds"] == 1000
    assert asked["seed"] == 1
    assert (asked["until"], asked["nature"], asked["scenario"].name) == ("1964-12", "given", "coexistence")


def test_every_option_of_run_reaches_the_laboratory(asked, monkeypatch, tmp_path):
    out = tmp_path / "out"
    words = "--worlds 8 --seed 7 --until 1953-03 --nature drawn --keep world --lang ru --block 16 --devices 1".split()
    monkeypatch.setattr(console, "size_of", lambda *_: "")
    result = detente("run", *words, "--out", out)
    assert result.exit_code == 0, result.output
    assert "summary in ru" in result.stdout
    wanted = {"worlds": 8, "seed": 7, "until": "1953-03", "nature": "drawn", "keep": "world", "block": 16, "devices": 1}
    assert {key: asked[key] for key in wanted} == wanted
    assert asked["out"] == out


def test_json_on_standard_output_is_nothing_but_json(asked):
    result = detente("run", "--worlds", 8, "--json", "-")
    found = json.loads(result.stdout)
    assert found["version"] == __version__
    assert (found["scenario"], found["seed"], found["worlds"]) == ("coexistence", 1, 8)
    assert (found["digest"], found["worlds_per_second"]) == ("abc", 300.0)
    assert found["events"] == [{"id": "vienna", "probability": 0.25}]
    assert found["series"]["tension"] == {"month": ["1953-01"], "median": [0.5], "low": [None], "high": [0.9]}


def test_report_and_json_are_written_beside_the_summary(asked, tmp_path):
    result = detente("run", "--html", tmp_path / "new" / "report.html", "--json", tmp_path / "run.json")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "new" / "report.html").read_text(encoding="utf-8") == "<html>"
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["digest"] == "abc"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("run --worlds 0", "greater than or equal to 1"),
        ("run --worlds many", "--worlds"),
        ("run --seed -1", "--seed"),
        ("run --until 1066-10", "lies outside the span 1953-01 to 1964-12"),
        ("run --until October", "write it as 1962-10"),
        ("run --nature free", "--nature"),
        ("run --lang de", "--lang"),
        ("run --block 3", "--block"),
        ("run --worldz 3", "did you mean --worlds?"),
        ("run --scenaro x", "did you mean --scenario?"),
        ("run 10", "10"),
        ("runn", "Did you mean 'run'?"),
        ("explain", "EVENT"),
    ],
)
def test_a_wrong_option_is_told_with_the_nearest_right_one(words, told):
    result = detente(*words.split())
    assert told in sentence(result, 2)
    assert "--help`" in result.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("run --scenario nowhere", "there is no such scenario or folder"),
        ("check nowhere", "there is no such scenario or folder"),
        ("explain vienne", "did you mean 'vienna'?"),
        ("sources --texts nowhere", "there is no such folder"),
        ("replay nowhere.json", "no manifest"),
        ("run --keep world", "--out DIR"),
        ("run --out {file}", "this is a file, not a folder"),
        ("run --html {folder}", "this is a folder"),
        ("run --json {file}/x.json", "cannot be written"),
        ("new {folder}", "not empty"),
        ("new {file}", "this is a file"),
        ("replay {file}", "manifest"),
    ],
)
def test_a_wrong_file_is_told_before_the_work_begins(words, told, tmp_path):
    (tmp_path / "file").write_text("nothing", encoding="utf-8")
    result = detente(*words.format(file=tmp_path / "file", folder=tmp_path).split())
    assert told in sentence(result)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_may_not_be_written(asked, tmp_path):
    tmp_path.chmod(0o500)
    assert "cannot be written" in sentence(detente("run", "--out", tmp_path / "out"))


def test_a_folder_on_a_disk_that_may_not_be_written(asked):
    assert "cannot be written" in sentence(detente("run", "--out", "/proc/out"))


def raising(error: BaseException):
    def run(*_: object, **__: object) -> None:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (KeyboardInterrupt(), 130, "stopped"),
        (OSError(errno.ENOSPC, "No space left on device", "detente-out/blocks/00000000"), 1, "the disk is full"),
        (ensemble.RunError("detente-out was made with seed = 1, not 2."), 1, "made with seed = 1"),
        (MemoryError(), 1, "--block"),
        (PermissionError(errno.EACCES, "Permission denied", "x.html"), 1, "x.html: it may not be written"),
        (ValueError("a fault of ours"), 70, "internal fault"),
    ],
)
def test_whatever_happens_in_the_laboratory_ends_as_one_sentence(asked, monkeypatch, error, status, told):
    monkeypatch.setattr(ensemble, "run", raising(error))
    assert told in sentence(detente("run"), status)


def test_a_full_disk_leaves_no_half_written_file(asked, monkeypatch, tmp_path):
    written = Path.write_text

    def full(path: Path, text: str, **more: object) -> int:
        written(path, text[: len(text) // 2], **more)
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    result = detente("run", "--json", tmp_path / "run.json")
    assert "the disk is full" in sentence(result).replace("\n", " ")
    assert list(tmp_path.iterdir()) == []


def test_check_counts_problems_and_fails(tmp_path):
    shipped = home_of("coexistence")
    (tmp_path / "issues.toml").write_bytes((shipped / "issues.toml").read_bytes())
    result = detente("check", tmp_path)
    assert result.exit_code == 1
    assert "problems." in result.stdout
    assert json.loads(detente("check", tmp_path, "--json", "-").stdout)["problems"]


def test_a_new_scenario_has_no_problems_but_those_of_the_shipped_one(tmp_path):
    result = detente("new", tmp_path / "mine")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "mine" / "README.md").exists()
    assert not list((tmp_path / "mine" / "chronicle").iterdir())
    assert detente("check", tmp_path / "mine").exit_code == 0


def test_a_new_scenario_that_cannot_be_finished_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.copyfile", raising(OSError(errno.ENOSPC, "No space left on device", "x.toml")))
    assert "the disk is full" in sentence(detente("new", tmp_path / "mine"))
    assert list(tmp_path.iterdir()) == []


def test_every_verb_has_a_line_of_help():
    for name, command in get_command(cli.app).commands.items():
        assert command.help, name
        assert all(p.help for p in command.params if p.name != "help"), name


def test_the_page_of_verbs_is_as_the_program_would_write_it():
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == console.page(get_command(cli.app)), "run ./scripts/docs"


@pytest.mark.slow
def test_a_run_repeats_to_the_bit(tmp_path):
    """The whole way, with the real kernel: three months of eight worlds, and the same again from the manifest."""
    program = ROOT / ".venv" / "bin" / "detente"
    words = ["run", "--worlds", "8", "--until", "1953-03", "--json", "-", "--out", str(tmp_path / "out")]
    found = subprocess.run([program, *words], capture_output=True, text=True, check=True)
    again = subprocess.run(
        [program, "replay", tmp_path / "out", "--json", "-"], capture_output=True, text=True, check=True
    )
    assert json.loads(again.stdout)["same"]
    assert json.loads(found.stdout)["digest"] == json.loads(again.stdout)["digest"]
