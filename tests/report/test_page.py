"""The page of a run stands alone: no network, a table beside every picture, both languages. The numbers are made up."""

from __future__ import annotations

import io
import re
from functools import lru_cache

import numpy as np
import pytest
from rich.console import Console

from detente import answers, nature, scenario, structure
from detente.lab.ensemble import Ensemble
from detente.lab.store import dataset
from detente.ladder.tree import LINES, typical
from detente.report import charts, pages, tallies
from detente.report.summary import summary

LANGS = ("en", "ru")
WORLDS, MONTHS = 12, 144


@lru_cache
def made_up() -> Ensemble:
    """An ensemble of noise: the shapes are those of a run, the numbers mean nothing."""
    sc = scenario.load()
    st = structure.structure(sc)
    rng = np.random.default_rng(1)
    moves = np.full((WORLDS, MONTHS, 3, len(st.deciders)), -1, dtype=np.int16)
    for d, rows in enumerate(st.seat_rows):
        moves[:, :, 0, d] = np.where(
            rng.random((WORLDS, MONTHS)) < 0.2, rng.integers(rows.start, rows.stop, (WORLDS, MONTHS)), -1
        )

    def seldom(width: int, high: int, share: float = 0.02) -> np.ndarray:
        value = rng.integers(0, high, (WORLDS, MONTHS, width))
        return np.where(rng.random(value.shape) < share, value, -1).astype(np.int8)

    short_of_war = np.array([n for n, line in enumerate(LINES) if line.end != "war"], np.int16)
    ladder = seldom(len(st.showdown), 100)
    ladder = np.where(ladder >= 0, short_of_war[ladder], -1).astype(np.int16)
    ladder[0, 100, 0] = typical("war", 1)
    trace = {
        "said": seldom(len(answers.consent_rows(st)), 2, 0.5),
        "nature": (rng.random((WORLDS, MONTHS, len(nature.names(st).all))) < 0.005).astype(np.int8),
        "successor": np.stack([seldom(1, len(persons), 0.01)[..., 0] for persons in st.leaders], axis=-1),
        "meeting": seldom(2 * len(st.issues), 2, 0.01),
        "deadline": seldom(len(st.showdown), 3),
        "discovery": seldom(len(nature.secret_pairs(st)[0]), 4),
        "ladder": ladder,
    }
    values = {name: rng.random((WORLDS, MONTHS)).astype(np.float32) for name in sc.series}
    values["at_war"] = np.zeros((WORLDS, MONTHS), np.float32)
    values["at_war"][0, 100:] = 1.0
    return Ensemble(
        sc,
        st,
        1,
        WORLDS,
        MONTHS,
        dataset(st, MONTHS, values),
        moves,
        trace,
        "0" * 64,
        {"nature": "given", "worlds_per_second": 1.0},
    )


@lru_cache
def page(lang: str) -> str:
    return pages.html(made_up(), lang)


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_asks_nothing_of_the_network(lang: str) -> None:
    cited = re.sub(r'<ul class="works">.*?</ul>', "", page(lang), flags=re.S)
    assert not re.search(r"https?://", cited)
    assert not re.search(r"<(?:script|link|img|iframe)\b|@import|url\((?!#)", page(lang))


@pytest.mark.parametrize("lang", LANGS)
def test_every_picture_has_a_title_a_description_and_a_table(lang: str) -> None:
    figures = re.findall(r"<figure>.*?</figure>", page(lang), flags=re.S)
    assert len(figures) > 50
    for figure in figures:
        assert re.search(r"<title [^>]*>[^<]+</title><desc [^>]*>[^<]+</desc>", figure)
        assert "<table>" in figure


@pytest.mark.parametrize("lang", LANGS)
def test_ids_on_the_page_are_unique(lang: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page(lang))
    assert len(ids) == len(set(ids))
    assert f'<html lang="{lang}">' in page(lang)


def test_the_story_stands_beside_the_record_and_ends_with_war() -> None:
    told = pages.html(made_up(), "en", world=0)
    assert "War has ended this world." in told
    assert "Winston Churchill, eighty years old and after two strokes, resigns." in told


def test_nothing_is_counted_after_war() -> None:
    ens = made_up()
    moves = ens.moves.copy()
    moves[0, 101:] = -1
    quiet = Ensemble(ens.scenario, ens.structure, 1, WORLDS, MONTHS, ens.series, moves, ens.trace, "", {})
    assert np.array_equal(tallies.tally(ens).row_mean, tallies.tally(quiet).row_mean)
    assert tallies.tally(ens).war >= 1 / WORLDS


def test_offices_are_filled_by_exactly_one_person_at_any_time() -> None:
    assert np.allclose(tallies.tally(made_up()).office.sum(axis=2), 1.0)


def test_the_corners_of_a_triangle_are_its_poles() -> None:
    assert np.allclose(charts.flat(np.eye(3)), charts.CORNERS)


@pytest.mark.parametrize("lang", LANGS)
def test_the_summary_fits_a_screen(lang: str) -> None:
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(summary(made_up(), lang))
    text = console.export_text()
    assert text.count("\n") < 62
    assert "berlin-wall" in text
