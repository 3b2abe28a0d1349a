"""The page of estimates: sentences follow from the numbers, and everything on it is computed."""

import re
from dataclasses import replace

import pytest

from detente.lab import estimate, icb
from detente.lab.icb import Line, Score

EVEN = Score(0.0, -0.1, 0.1)
BETTER, WORSE = Score(0.2, 0.1, 0.3), Score(-0.2, -0.3, -0.1)
RIVAL = Line("base rates", EVEN, EVEN, 0.0, EVEN, EVEN)
NAMES = ("published", "climbs", "landscape", "endings", "stakes", "folds", "era", "partitions", "reliability")


@pytest.mark.parametrize(
    ("lead", "says"),
    [(EVEN, "no winner against"), (BETTER, "the ladder beats"), (WORSE, "the ladder loses to")],
)
def test_the_verdict_follows_the_interval(lead, says):
    own = replace(RIVAL, forecaster=icb.OWN)
    said = estimate.verdict([own, replace(RIVAL, ladder_log=lead)], "Here")
    assert said.startswith(f"Here: {says} base rates by log score")
    assert said.count("base rates") == 2


def test_the_page_holds_every_table_and_the_rule():
    table = estimate.Table(("a", "b"), (("1", "2"),))
    verdicts = dict.fromkeys(("folds", "era", "sampler", "learned"), "So it is.")
    page = estimate.page(estimate.Report(dict.fromkeys(NAMES, table), verdicts), "1964-10-14")
    assert page.count("| a | b |\n| --- | --- |\n| 1 | 2 |") == len(NAMES)
    assert "> The defender is the crisis actor" in page
    assert "on 1964-10-14" in page
    assert not re.search(r"[{}]{2}", page)


def test_counts_of_endings_add_up():
    rows = estimate.endings_table(icb.crises()).rows
    assert [sum(int(row[i]) for row in rows[:-1]) for i in (1, 2)] == [int(rows[-1][1]), int(rows[-1][2])] == [225, 54]


def test_landscapes_are_counted_on_the_page():
    rows = estimate.landscape_table(draws=2).rows
    assert rows[0][2].startswith("195 strict, 226 with ties")


def test_a_page_without_a_place_gets_one_sentence(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        estimate.main(["--out", str(tmp_path / "nowhere" / "page.md")])
    assert left.value.code == 2
    assert "is no folder" in capsys.readouterr().err


def test_a_missing_library_is_named(monkeypatch, tmp_path, capsys):
    def lacks():
        raise ModuleNotFoundError("no", name="numpyro")

    monkeypatch.setattr(estimate, "report", lacks)
    with pytest.raises(SystemExit):
        estimate.main(["--out", str(tmp_path / "page.md")])
    assert "numpyro is not installed: install the extra `estimate`" in capsys.readouterr().err
