"""What rests on which work, and where sources disagree."""

from pathlib import Path

import pytest

from detente import console, provenance
from detente.scenario import ASSUMPTION, load

PARAGRAPHS = "\n\n".join(f"Paragraph {n}." for n in range(1, 21))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> provenance.Provenance:
    folder = tmp_path_factory.mktemp("texts")
    (folder / "000_first.txt").write_text(PARAGRAPHS, encoding="utf-8")
    (folder / "003_second.txt").write_text("Only one paragraph.\n\n", encoding="utf-8")
    return provenance.trace("coexistence", folder)


def test_every_declared_work_is_there_with_what_rests_on_it(found):
    assert set(found.works) == set(load().sources)
    assert all(found.uses.get(key) for key in found.works)


def test_the_ledger_stands_among_what_rests_on_a_work(found):
    assert [use for use in found.uses["text-003"] if use.place == "claims/movement.toml: S12.3" and use.locator == "¶2"]
    assert "own" not in found.uses


def test_works_on_which_most_rests_come_first(found):
    counts = [len(found.uses.get(key, [])) for key in found.works]
    assert counts == sorted(counts, reverse=True)


def test_assumptions_are_told_apart_from_works(found):
    assert ASSUMPTION not in found.works
    assert found.assumed


def test_every_disagreement_of_the_chronicle_is_listed_by_date(found):
    ids = [dispute.event for dispute in found.disputes]
    assert set(ids) == {event.id for event in load().chronicle if event.disagreement}
    assert [d.date for d in found.disputes] == sorted(d.date for d in found.disputes)


@pytest.mark.parametrize(
    ("locator", "paragraphs"), [("¶4", [4]), ("¶4, 6", [4, 6]), ("¶4–6", [4, 5, 6]), ("pp. 4–6", []), ("", [])]
)
def test_locators_are_read(locator, paragraphs):
    assert provenance.Use("somewhere", locator).paragraphs == paragraphs


def test_a_place_and_its_locator_are_told_apart():
    use = provenance._use("chronicle/1961.toml: berlin-wall (disagreement) ¶10")
    assert (use.place, use.paragraphs) == ("chronicle/1961.toml: berlin-wall (disagreement)", [10])
    assert provenance._use("actors/usa.toml: output").place == "actors/usa.toml: output"


def test_passages_are_the_non_blank_paragraphs_and_know_what_rests_on_them(found):
    assert found.passages["text-000"][4] == "Paragraph 4."
    assert list(found.passages["text-003"]) == [1]
    rests = found.resting("text-000", 4)
    assert rests == [use.place for use in found.uses["text-000"] if 4 in use.paragraphs]
    assert rests


def test_a_citation_of_a_paragraph_that_the_text_lacks_is_told(found):
    assert any("text-003" in line for line in found.lost)


def test_a_folder_without_the_texts_is_refused(tmp_path):
    with pytest.raises(console.WrongError, match="holds none of the texts"):
        provenance.trace("coexistence", tmp_path)


@pytest.mark.parametrize(("lang", "word"), [("en", "Sources disagree"), ("ru", "Источники расходятся")])
def test_the_screen_and_the_json_show_the_same(found, lang, word):
    screen = console.screen()
    with screen.capture() as kept:
        screen.print(provenance.shown(found, lang))
    table = found.table(lang)
    assert word in kept.get()
    assert len(table["works"]) == len(found.works)
    assert table["passages"]["text-000"][3]["uses"] == found.resting("text-000", 4)


@pytest.mark.data
def test_the_texts_themselves_hold_every_paragraph_cited(data: Path):
    texts = data.parent / "seeds"
    if not texts.is_dir():
        pytest.skip("the source texts are not beside the public data")
    assert provenance.trace("coexistence", texts).lost == []
