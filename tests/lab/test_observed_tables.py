"""Tables for estimates: cited, reproducible, counted exactly, and cut by a rule that never looks at the ending."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from detente.lab.observed import tables
from detente.lab.observed.tables import derive

ENTRIES = tables.catalogue()
OUTCOMES = list(derive.OUTCOMES.values())
VIOLENCE = list(derive.VIOLENCE.values())


def total(names: list[str], first: int, last: int) -> list[int]:
    rows = [row for row in tables.read("icb_outcomes") if first <= int(row["year"]) <= last]
    return [sum(int(row[name]) for row in rows) for name in names]


def test_every_table_has_an_entry_a_derivation_and_a_licence_line():
    assert {path.stem for path in tables.HOME.glob("*.csv")} == set(ENTRIES) == set(derive.DERIVATIONS)
    for entry in ENTRIES.values():
        assert all((entry.rows, entry.producer, entry.licence, entry.citation, entry.note))
        assert entry.derivation == f"python -m detente.lab.observed.tables.derive --data DIR {entry.name}"


def test_crisis_outcomes_of_1953_to_1964_are_counted_exactly():
    assert total(OUTCOMES, 1953, 1964) == [67, 26, 41, 30, 2]
    assert total(VIOLENCE, 1953, 1964) == [23, 26, 20, 6]
    assert sum(total(VIOLENCE, 1953, 1964)) == 75


def test_the_whole_public_file_is_counted_exactly():
    assert total(OUTCOMES, 1945, 1991) == [246, 117, 152, 110, 3]
    assert sum(total(VIOLENCE, 1945, 1991)) == 303
    whole = ENTRIES["icb_outcomes"].note
    assert "375 victories, 239 compromises, 240 stalemates, 210 defeats, 12 others" in whole
    assert 375 + 239 + 240 + 210 + 12 + 2 == 1078


@pytest.mark.data
@pytest.mark.parametrize("name", ENTRIES)
def test_a_table_is_remade_byte_for_byte(data, name):
    assert derive.table(name, data) == ENTRIES[name].path.read_text(encoding="utf-8")


@pytest.mark.data
def test_the_superpowers_outcomes_are_those_of_the_record(data):
    with (data / "formal" / "icb2v14_actors_1953_1964.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 166
    found = {(row["crisname"], row["actor"]): row["outcom"] for row in rows if row["actor"] in ("USA", "RUS")}
    assert found["BERLIN DEADLINE", "USA"] == found["BERLIN DEADLINE", "RUS"] == "3"
    assert (found["BERLIN WALL", "USA"], found["BERLIN WALL", "RUS"]) == ("2", "1")
    assert (found["CUBAN MISSILES", "USA"], found["CUBAN MISSILES", "RUS"]) == ("1", "4")


# The rule, on files of our own making

ACTORS = """crisno,crisname,cracid,actor_trigger_date,trigent,outcom,viol,regime,allycap,gravty,triggr
1,"MISSILES, FAR",2,1960-10-16,365,1,2,1,4,6,4
1,"MISSILES, FAR",365,1960-10-22,2,4,1,2,4,6,7
2,DEADLINE,220,1958-11-27,365,1,1,1,3,4,2
2,DEADLINE,2,1958-11-27,365,3,1,1,4,7,2
3,UPRISING,365,1956-10-23,996,1,3,2,4,5,4
4,OLD WAR,2,1959-01-01,710,4,4,1,4,5,9
5,CLASH,710,1961-03-01,2,1,4,2,1,3,8
6,ALL WON,365,1962-03-01,710,1,1,2,4,2,7
6,ALL WON,710,1962-03-02,365,1,1,2,1,2,7
"""
FILES = {
    "icb_v14_actors_1945_1991.csv": ACTORS,
    "icb_v14_crises_1945_1991.csv": "crisno,yrtrig,viol\n1,1960,2\n2,1958,1\n3,1956,3\n4,1959,4\n5,1961,4\n6,1962,1\n",
    "cow_nmc_v6_1945_1991.csv": "ccode,year,cinc\n"
    + "".join(
        f"{code},{year},{cinc}\n"
        for year in range(1955, 1963)
        for code, cinc in ((2, 0.2), (220, 0.04), (365, 0.17), (710, 0.1))
    ),
    "cow_interstate_war_dyadyear_1945_1991.csv": "ccode1,ccode2,year\n2,710,1958\n",
    "gml_mid_221_dyadyear_all_1945_1991.csv": "ccode1,ccode2,year,onset_year\n"
    "2,365,1955,1\n2,365,1956,0\n2,365,1949,1\n",
    "nuclear_warhead_stockpiles_fas_1945_1991.csv": "country,year,warheads_stockpile\n"
    "United States,1959,9\nUSSR/Russia,1959,0\nWorld,1959,9\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_outcomes_are_counted_by_year_on_files_of_our_own(folder):
    rows = list(csv.DictReader(derive.table("icb_outcomes", folder).splitlines()))
    by_year = {row["year"]: row for row in rows}
    assert [by_year["1958"][name] for name in OUTCOMES] == ["1", "0", "1", "0", "0"]
    assert [by_year["1961"][name] for name in VIOLENCE] == ["0", "0", "0", "1"]


def test_the_rule_names_a_pair_and_an_ending(folder):
    rows = {row["crisis"]: row for row in csv.DictReader(derive.table("crises1945", folder).splitlines())}
    assert set(rows) == {"1", "2", "5", "6"}  # 3: no state triggered it; 4: the pair was at war the year before
    assert [(row["challenger"], row["defender"], row["ending"]) for row in rows.values()] == [
        ("365", "2", "challenger-backs-down"),
        ("365", "2", "hold"),  # of those challenged on one day the strongest counts
        ("2", "710", "war"),  # violence goes before outcome
        ("710", "365", "settled"),  # both won: nobody backed down
    ]
    assert rows["1"]["name"] == "MISSILES, FAR"
    assert (rows["1"]["nuclear_defender"], rows["1"]["nuclear_challenger"]) == ("1", "0")
    assert rows["1"]["disputes"] == "1"
    assert rows["2"]["stake"] == ""
    assert rows["5"]["trigger_violent"] == "1"
    assert (rows["1"]["same_region"], rows["6"]["same_region"]) == ("0", "0")


def test_the_record_the_rule_yields():
    rows = tables.read("crises1945")
    named = {row["name"]: (row["challenger"], row["defender"], row["ending"]) for row in rows}
    assert named["CUBAN MISSILES"] == ("365", "2", "challenger-backs-down")
    assert named["BERLIN DEADLINE"] == ("365", "2", "hold")
    assert named["BERLIN WALL"] == ("365", "2", "settled")
    assert set(derive.crisis_rule()["columns"]) == set(rows[0])
    assert {row["ending"] for row in rows} == set(derive.crisis_rule()["ending"]["order"])
    assert len({row["crisis"] for row in rows}) == len(rows)


@pytest.mark.parametrize(("arguments", "says"), [(["--data", "nowhere"], "no folder"), (["x"], "nothing is called x")])
def test_a_wrong_argument_gets_one_sentence(folder, arguments, says):
    given = arguments if "--data" in arguments else ["--data", str(folder), *arguments]
    run = subprocess.run(
        [sys.executable, "-m", "detente.lab.observed.tables.derive", *given],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert says in run.stderr
    assert "Traceback" not in run.stderr
