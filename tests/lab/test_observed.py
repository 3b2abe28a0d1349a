"""What was measured is small, cited, reproducible, and never both a Shock and a target."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from detente.lab import observed
from detente.lab.observed import derive, luck

SCENARIO = Path(str(resources.files("detente"))) / "scenarios" / "coexistence"
ENTRIES = observed.catalogue()
ACTORS = {*derive.COW.values(), "new-states", "other-west"}


def sources() -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for path in SCENARIO.glob("sources*.toml"):
        tables |= tomllib.loads(path.read_text(encoding="utf-8"))["source"]
    return tables


def shocks() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((SCENARIO / "shocks.toml").read_text(encoding="utf-8"))["shock"]
    return table


def put(folder: Path, entry: observed.Entry, text: str) -> Path:
    (folder / entry.input).write_text(text, encoding="utf-8")
    return folder


def columns(text: str) -> dict[str, dict[str, str]]:
    head, *rows = [line.split(",") for line in text.splitlines()]
    return {name: {row[0]: row[i] for row in rows} for i, name in enumerate(head)}


# The catalogue


def test_every_csv_has_an_entry_and_every_entry_a_csv_and_a_derivation():
    assert {path.stem for path in observed.HOME.glob("*.csv")} == set(ENTRIES) == set(derive.DERIVATIONS)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_an_entry_says_what_whose_and_how(entry):
    assert all(text.strip() for text in (entry.unit, entry.producer, entry.licence, *entry.title.values()))
    assert set(entry.title) == set(entry.note) == {"en", "ru"}
    assert entry.derivation == f"python -m detente.lab.observed.derive --data DIR {entry.name}"
    assert entry.sources
    assert set(entry.sources) <= set(sources())
    assert set(entry.actors) <= ACTORS


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_a_series_holds_each_period_of_1953_to_1964_once_and_nothing_else(entry):
    table = columns(entry.path.read_text(encoding="utf-8"))
    assert list(table) == [entry.frequency, *entry.model_series]
    assert list(table[entry.frequency]) == list(entry.periods)
    assert {period[:4] for period in entry.periods} == {str(year) for year in range(1953, 1965)}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_every_named_model_series_was_measured_at_least_once(entry):
    assert all(observed.read(entry)[series] for series in entry.model_series)


def test_a_model_series_is_observed_once():
    names = [series for entry in ENTRIES.values() for series in entry.model_series]
    assert len(names) == len(set(names))


def test_known_facts_stand_in_the_series():
    tests, removals = observed.read(ENTRIES["tests"]), observed.read(ENTRIES["removals"])
    assert tests["tests.prc"]["1964-10"] == 1  # the first Chinese bomb
    assert sum(tests["tests.ussr"][f"1959-{month:02d}"] for month in range(1, 13)) == 0  # the moratorium
    assert tests["tests.ussr"]["1961-09"] > 20  # its end
    assert removals["removals.ussr"]["1964"] == 1
    assert observed.read(ENTRIES["crises"])["crises.month"]["1962-10"] == 1
    missiles = observed.read(ENTRIES["icbm"])
    assert missiles["icbm.usa"]["1962"] > missiles["icbm.ussr"]["1962"] > 0
    assert "1964" not in observed.read(ENTRIES["un_ideal"])["un_ideal.usa"]  # one roll call is no measurement


# Shocks stand apart


def test_no_shock_is_a_target():
    targets = {series for entry in ENTRIES.values() for series in entry.model_series}
    assert not targets & set(shocks())
    assert not {series.split(".")[0] for series in targets} & {"growth", "output", "refugees"}


def test_no_work_feeds_both_a_shock_and_a_target():
    cited = {key for shock in shocks().values() for key in shock["source"]}
    assert not cited & {key for entry in ENTRIES.values() for key in entry.sources}


@pytest.mark.parametrize("name", shocks())
def test_a_shock_is_cited_and_covers_the_span(name):
    shock = shocks()[name]
    assert name.split(".")[1] in ACTORS
    assert set(shock["source"]) <= set(sources())
    assert shock["unit"]
    assert shock["producer"]
    assert shock["licence"]
    assert list(shock["values"]) == [str(year) for year in range(1953, 1965)]
    assert len(shock["profile"]) == 12
    assert min(shock["profile"]) >= 0 < sum(shock["profile"])


# Against the public files


@pytest.mark.data
@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_the_public_files_give_each_series_byte_for_byte(entry, data):
    assert derive.table(entry, data).encode() == entry.path.read_bytes()


@pytest.mark.data
def test_the_public_files_give_the_shocks(data):
    derived, told = luck.values(data), shocks()
    assert set(derived) == set(told)
    for name, series in derived.items():
        assert series == {year: told[name]["values"][str(year)] for year in series}
    assert set(range(1953, 1965)) - set(derived["refugees.gdr"]) == {1962, 1963, 1964}


# The same arithmetic on files made up here


def test_conflict_is_the_sum_of_both_directions_turned_round(tmp_path):
    entry = ENTRIES["tension"]
    head = "year,month,us2ussr,ussr2us,us2fra\n"
    put(tmp_path, entry, head + "1952,12,-9,-9,0\n1953,1,-10,-2.5,7\n1953,2,3,1.25,0\n1953,3,0,0,0\n")
    series = columns(derive.table(entry, tmp_path))["tension_usa_ussr"]
    assert [series[f"1953-0{month}"] for month in (1, 2, 3, 4)] == ["12.5", "-4.25", "0", ""]
    assert "1952-12" not in series


def test_missiles_are_read_on_the_right_side_of_the_right_pair(tmp_path):
    entry = ENTRIES["icbm"]
    head = "ccode1,ccode2,year,land_launchers1,bombers1,land_launchers2,bombers2\n"
    put(tmp_path, entry, head + "2,200,1960,99,99,99,99\n2,365,1960,12,450,2,121\n")
    table = columns(derive.table(entry, tmp_path))
    assert (table["icbm.usa"]["1960"], table["icbm.ussr"]["1960"]) == ("12", "2")
    assert table["icbm.usa"]["1961"] == ""


def test_counts_add_up_and_silence_is_none(tmp_path):
    entry = ENTRIES["crises"]
    rows = "1956-10-15,0,1\n1956-10-23,1,1\n1956-11-02,0,0\n1965-01-01,1,1\n"
    put(tmp_path, entry, "trigger_date,usa_actor,ussr_actor\n" + rows)
    series = columns(derive.table(entry, tmp_path))["crises.month"]
    assert (series["1956-10"], series["1956-11"], series["1953-01"]) == ("2", "0", "0")


def test_death_is_no_removal_and_assassination_is(tmp_path):
    entry = ENTRIES["removals"]
    rows = (
        "365,1953-03-05,Natural Death\n365,1964-10-15,Regular\n2,1963-11-22,Irregular\n710,1963-12-31,Still in Office"
    )
    put(tmp_path, entry, "gw_ccode,enddate,exit\n" + rows)
    table = columns(derive.table(entry, tmp_path))
    assert (table["removals.ussr"]["1953"], table["removals.ussr"]["1964"]) == ("0", "1")
    assert (table["removals.usa"]["1963"], table["removals.prc"]["1963"]) == ("1", "0")


def test_the_burden_is_a_share_and_tests_are_summed(tmp_path):
    put(tmp_path, ENTRIES["milex"], "entity,year,milex_share_gdp_pct\nRussia,1955,28.5\nChad,1955,1\n")
    assert columns(derive.table(ENTRIES["milex"], tmp_path))["milex.ussr"]["1955"] == "0.285"
    put(tmp_path, ENTRIES["tests"], "country,year,month,n_tests\nfr,1960,2,1\nfr,1960,2,2\n")
    assert columns(derive.table(ENTRIES["tests"], tmp_path))["tests.france"]["1960-02"] == "3"


def test_too_few_votes_are_no_position(tmp_path):
    entry = ENTRIES["un_ideal"]
    put(tmp_path, entry, "ccode,year,n_votes,ideal_point\n310,1955,6,-2.8\n310,1956,42,-2.83231\n")
    series = columns(derive.table(entry, tmp_path))["un_ideal.hungary"]
    assert (series["1955"], series["1956"]) == ("", "-2.83231")


def test_trade_counts_both_ways_and_leaves_out_zeros_that_mean_silence(tmp_path):
    entry = replace(ENTRIES["trade_ussr"], model_series=("trade_ussr.romania", "trade_ussr.prc"))
    head = "ccode1,ccode2,year,imports_of_1_from_2_musd,imports_of_2_from_1_musd,bloc_zero_suspect\n"
    put(tmp_path, entry, head + "360,365,1960,293,281,0\n365,710,1960,0,0,1\n2,365,1960,5,5,0\n")
    table = columns(derive.table(entry, tmp_path))
    assert (table["trade_ussr.romania"]["1960"], table["trade_ussr.prc"]["1960"]) == ("574", "")


def test_two_values_of_one_measurement_are_an_error(tmp_path):
    entry = ENTRIES["warheads"]
    put(tmp_path, entry, "country,year,warheads_stockpile\nFrance,1964,4\nFrance,1964,5\n")
    with pytest.raises(ValueError, match=r"two values of warheads\.france for 1964"):
        derive.table(entry, tmp_path)


def test_growth_is_read_from_maddison_except_for_divided_nations(tmp_path):
    (tmp_path / luck.MADDISON).write_text("ccode,year,gdp_growth_pct\n2,1953,4.5943\n731,1953,\n2,1952,9\n")
    (tmp_path / luck.ANDERS).write_text("ccode,year,anders_gdp_2011usd\n265,1952,100\n265,1953,108.14\n2,1953,7\n")
    (tmp_path / luck.REFUGEES).write_text("year,refugees_thousands\n1949,129\n1953,331\n1962,21\n")
    values = luck.values(tmp_path)
    assert values == {"growth.usa": {1953: 4.6}, "growth.gdr": {1953: 8.1}, "refugees.gdr": {1953: 331.0}}


def test_the_command_names_what_is_missing(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("DETENTE_DATA", raising=False)
    for wrong in (["icbm"], ["--data", str(tmp_path), "sputniks"], ["--data", str(tmp_path), "icbm"]):
        with pytest.raises(SystemExit) as stop:
            derive.main(wrong)
        assert stop.value.code
    told = capsys.readouterr().err
    assert "DETENTE_DATA" in told
    assert "sputniks" in told
    assert ENTRIES["icbm"].input in told
