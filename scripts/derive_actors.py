"""Re-derive the measured values that stand in the scenario's actor files.

    DETENTE_DATA=/path/to/data python scripts/derive_actors.py            # print them, one line a value
    DETENTE_DATA=/path/to/data python scripts/derive_actors.py --check    # compare them with actors/*.toml
    DETENTE_DATA=/path/to/data python scripts/derive_actors.py --json     # the same as JSON

The TOML files are the source of truth; this script only shows where their measured numbers come from.
Only the standard library is used. Rules (year = 1953 unless said otherwise):

population
    NMC `tpop_k` / 1000, million; if 1953 is missing, the nearest later year up to 1955; else Anders et al.
output
    Fariss et al. GDP per head (Maddison anchored, 2011 int$) x population, billion. Where Fariss has no 1953 value
    (FRG, GDR, Austria; a few members of the aggregates), Anders et al. GDP per head x the median ratio Fariss / Anders
    over the states that have both.
growth
    Mean log growth of Fariss output 1950-53; of Anders output where Fariss is missing. A trend known at the opening.
military_share
    conventional + strategic: OWID (COW milex / CEPII GDP); SIPRI for the FRG. Corrections from the literature stand
    in the TOML with a note and are not derived here.
industry
    Mean over steel and energy of ln(1 + x/x0) / ln(1 + xmax/x0), x = tons (coal tons) per head, x0 = 0.01 t of steel,
    0.1 t of energy, xmax the highest of the 24 actors.
cinc, military_personnel
    NMC, nearest year as above. other-west: sum over members. new-states: sum, each member in its first NMC year.
bombers
    Suh, dyad USA-USSR 1953: platforms whose range exceeds the distance between the capitals.
warheads, tests
    FAS / Kristensen-Norris at the end of 1952; NRDC, sum of years up to 1952 (the opening is January 1953).
trade_share
    (imports + exports with the centre) / (all imports + exports), COW Trade; for each centre the first year 1953-55
    that is reported and not a suspected zero of bloc reporting; the total is of the same year.
un_ideal_point
    Bailey-Strezhnev-Voeten 1953; for later members the first year with votes up to 1956.
liberalisation
    V-Dem electoral democracy index (v2x_polyarchy), nearest year.
protection_need
    Exposure = max over threats j of cinc_j / (cinc_j + cinc_i). Threats: adjacent states (homelands) of the other camp
    or in a strategic rivalry in 1953 (Thompson et al.), members of aggregates singly; garrisons of the other camp in
    adjacent states; open territorial claims (FRG on the lands east of the Oder-Neisse line). See THREATS.
turnover
    Deciders only. Archigos: leaders a year who left office by regular means (`exit` = Regular: no death, coup or
    revolution) from 1946, or the state's first leader after it, to the end of 1952.
calendar
    Weight of an independence = 1953 population of its states / that of all states independent 1956-64.
leaders
    risk_measured = clip((theta - mean) / (2 sd), -1, 1), theta = Carter-Smith latent willingness to use force, mean and
    sd over all leader spells of the file. Where the literature has a view, `risk` in the TOML is half of each; the
    entry's `why` gives both.
"""

import csv
import datetime as dt
import json
import math
import os
import statistics
import sys
import tomllib
from pathlib import Path

Row = dict[str, str]
Found = tuple[float | None, str]
YEARS = (1953, 1954, 1955)
PEACE, EVE = dt.date(1946, 1, 1), dt.date(1952, 12, 31)
ACTORS = Path(__file__).resolve().parent.parent / "src/detente/scenarios/coexistence/actors"

COW = {
    "usa": 2,
    "uk": 200,
    "france": 220,
    "frg": 260,
    "turkey": 640,
    "ussr": 365,
    "gdr": 265,
    "poland": 290,
    "czechoslovakia": 315,
    "hungary": 310,
    "romania": 360,
    "bulgaria": 355,
    "albania": 339,
    "prc": 710,
    "north-korea": 731,
    "yugoslavia": 345,
    "cuba": 40,
    "finland": 375,
    "austria": 305,
    "india": 750,
    "indonesia": 850,
    "egypt": 651,
    "new-states": 0,
    "other-west": 0,
}
# States independent between January 1956 and December 1964 (COW codes; Zanzibar with Tanganyika apart).
NEW_STATES = [
    625,
    600,
    616,
    452,
    820,
    438,
    471,
    461,
    433,
    432,
    580,
    490,
    520,
    434,
    436,
    439,
    437,
    483,
    482,
    484,
    352,
    481,
    475,
    435,
    451,
    690,
    510,
    990,
    517,
    516,
    615,
    51,
    52,
    500,
    501,
    511,
    553,
    338,
    551,
]
# Washington's side otherwise: NATO, ANZUS, pacts and clients of 1953-54 (Latin America apart from Cuba is left out).
OTHER_WEST = [
    20,
    211,
    210,
    212,
    385,
    390,
    395,
    235,
    325,
    350,
    230,
    740,
    732,
    713,
    817,
    840,
    800,
    770,
    666,
    900,
    920,
]
CENTRES = {"usa": 2, "ussr": 365, "prc": 710}
OWID = {
    "usa": "United States",
    "uk": "United Kingdom",
    "france": "France",
    "turkey": "Turkey",
    "ussr": "Russia",
    "poland": "Poland",
    "hungary": "Hungary",
    "romania": "Romania",
    "bulgaria": "Bulgaria",
    "albania": "Albania",
    "prc": "China",
    "cuba": "Cuba",
    "finland": "Finland",
    "austria": "Austria",
    "india": "India",
    "indonesia": "Indonesia",
    "egypt": "Egypt",
    "czechoslovakia": "Czechoslovakia",
    "frg": "West Germany",
}
NUCLEAR = {"usa": "United States", "ussr": "USSR/Russia", "uk": "United Kingdom", "france": "France", "prc": "China"}
# Who threatens whom (COW codes), under the rule in the head of this file.
THREATS = {
    "usa": [365],  # across the Bering Strait
    "uk": [],  # homelands only, colonies apart (Hong Kong is left out)
    "france": [],  # no neighbour of the other camp
    "frg": [265, 315, 365],  # GDR, Czechoslovakia; Soviet forces in the GDR
    "turkey": [365, 355],
    "ussr": [2, 640, 345],  # Bering Strait, Turkey, rivalry with Yugoslavia
    "gdr": [260, 2, 200, 220],  # FRG and the three Western garrisons in it
    "poland": [390, 260],  # Denmark; the claim to the lands east of the Oder-Neisse line
    "czechoslovakia": [260, 2],  # FRG and American forces in it
    "hungary": [345, 2, 200, 220],  # Yugoslavia; Western garrisons in Austria
    "romania": [345],
    "bulgaria": [345, 640, 350],
    "albania": [345, 350],
    "prc": [713, 732, 750, 2],  # Taiwan, Korea, rivalry with India, American forces in Korea
    "north-korea": [732, 2],
    "yugoslavia": [
        310,
        360,
        355,
        339,
        365,
        325,
    ],  # bloc neighbours, Soviet forces in them, rivalry with Italy over Trieste
    "cuba": [],  # allied to its only strong neighbour in 1953
    "finland": [365],  # another camp than none; Porkkala
    "austria": [365, 310, 315],
    "india": [770, 710],
    "indonesia": [210],  # rivalry over West Irian
    "egypt": [666, 200],  # rivalry with Israel; British forces on the Canal
}
# In the leaders' file, by name as spelled there.
LEADERS = {
    "eisenhower": (2, "Eisenhower"),
    "kennedy": (2, "Kennedy"),
    "johnson": (2, "Johnson"),
    "nixon": (2, "Nixon"),
    "stalin": (365, "Stalin"),
    "malenkov": (365, "Malenkov"),
    "khrushchev": (365, "Khrushchev"),
    "brezhnev": (365, "Brezhnev"),
    "mao": (710, "Mao"),
    "churchill": (200, "Churchill"),
    "eden": (200, "Eden"),
    "macmillan": (200, "MacMillan"),
    "home": (200, "Douglas-Home"),
    "wilson": (200, "Wilson"),
    "attlee": (200, "Atlee"),
    "mayer": (220, "Mayer"),
    "laniel": (220, "Laniel"),
    "mendes-france": (220, "Mendes"),
    "faure": (220, "Faure"),
    "mollet": (220, "Mollet"),
    "bourges-maunoury": (220, "Bourges"),
    "gaillard": (220, "Gaillard"),
    "pflimlin": (220, "Pflim"),
    "de-gaulle": (220, "De Gaulle"),
    "adenauer": (260, "Adenauer"),
    "erhard": (260, "Erhard"),
    "brandt": (260, "Brandt"),
    "ulbricht": (265, "Ulbricht"),
    "gheorghiu-dej": (360, "Georghiu"),
    "ceausescu": (360, "Ceausescu"),
    "hoxha": (339, "Hoxha"),
    "batista": (40, "Batista"),
    "castro": (40, "Castro"),
    "nehru": (750, "Nehru"),
    "shastri": (750, "Shastri"),
    "prio": (40, "Prio"),
    "desai": (750, "Desai"),
}

MEMBERS = {"new-states": NEW_STATES, "other-west": OTHER_WEST}
# Keys of the data sets themselves; any other key beside a number says that it was corrected.
MEASURED = {
    "singer-bremer-stuckey1972",
    "fariss2022",
    "anders-fariss-markowitz2020",
    "owid-milex",
    "sipri2021",
    "suh2022",
    "kristensen-norris2013",
    "norris-arkin1998",
    "barbieri-keshk-pollins2009",
    "bailey-strezhnev-voeten2017",
    "coppedge2021",
    "thompson2021",
    "goemans-gleditsch-chiozza2009",
}
# Malaysia is Malaya (820, independent in 1957) with Singapore, Sabah and Sarawak (September 1963), without own rows.
MALAYSIA_ADDED = 2.1  # million about 1953; assumption: Singapore 1.2, Sarawak 0.6, North Borneo 0.35, rounded


def read(folder: str, name: str) -> list[Row]:
    """One data file as rows."""
    with (Path(folder) / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def number(text: str | None) -> float | None:
    """A cell; empty means missing."""
    return float(text) if text not in (None, "") else None


def by_state(rows: list[Row]) -> dict[tuple[int, int], Row]:
    """Rows by (COW code, year)."""
    return {(int(row["ccode"]), int(row["year"])): row for row in rows}


class Data:
    """The files that the actor entries rest on, indexed."""

    def __init__(self, folder: str) -> None:
        self.nmc = by_state(read(folder, "cow_nmc_v6_1945_1991.csv"))
        self.gdp = by_state(read(folder, "gdp_population_fariss_anders_1945_1991.csv"))
        self.votes = by_state(read(folder, "un_ideal_points_bsv_apr2020_1946_1991.csv"))
        self.democracy = by_state(read(folder, "democracy_key_1945_1991.csv"))
        self.totals = by_state(read(folder, "cow_trade_v4_national_key_1945_1991.csv"))
        share = "milex_share_gdp_pct"
        owid, sipri = (
            read(folder, "owid_milex_share_gdp_1945_1991.csv"),
            read(folder, "sipri_milex_2021ed_1949_1991.csv"),
        )
        self.owid = {(r["entity"], int(r["year"])): number(r[share]) for r in owid}
        self.sipri = {(r["country"], int(r["year"])): number(r[share]) for r in sipri}
        self.names = {int(r["ccode"]): r["name"] for r in read(folder, "country_codes_cow.csv")}
        stocks = read(folder, "nuclear_warhead_stockpiles_fas_1945_1991.csv")
        self.warheads = {(r["country"], int(r["year"])): number(r["warheads_stockpile"]) for r in stocks}
        self.tests = read(folder, "nuclear_tests_by_year_nrdc_1945_1991.csv")
        self.suh = read(folder, "suh_strategic_nuclear_forces_dyadic_to1991.csv")
        self.leaders = read(folder, "archigos_41_leaders_1945_1991.csv")
        pairs = read(folder, "cow_trade_v4_dyadyear_key_1945_1991.csv")
        self.trade = {(int(r["ccode1"]), int(r["ccode2"]), int(r["year"])): r for r in pairs if int(r["year"]) in YEARS}
        self.ratio = statistics.median(
            f / a
            for (_, year), row in self.gdp.items()
            if year == 1953
            and (f := number(row["fariss_gdppc_2011intd"]))
            and (a := number(row["anders_gdppc_2011usd"]))
        )

    def nearest(
        self, table: dict[tuple[int, int], Row], code: int, field: str, years: tuple[int, ...] | range = YEARS
    ) -> tuple[float | None, int | None]:
        """The first value among the years, and its year."""
        for year in years:
            value = number(table.get((code, year), {}).get(field))
            if value is not None:
                return value, year
        return None, None

    def cinc(self, code: int) -> float:
        """Share of world capability; 0 where NMC has no row."""
        return self.nearest(self.nmc, code, "cinc")[0] or 0.0

    def population(self, code: int) -> tuple[float, str]:
        """Million persons and where from."""
        value, year = self.nearest(self.nmc, code, "tpop_k")
        if value is not None:
            return value / 1000, f"NMC {year}"
        value, year = self.nearest(self.gdp, code, "anders_pop", range(1953, 1966))
        return (value or 0.0) / 1e6, f"Anders {year}"

    def per_head(self, code: int) -> tuple[float, str]:
        """Output per head, 2011 int$, and where from."""
        row = self.gdp.get((code, 1953), {})
        fariss = number(row.get("fariss_gdppc_2011intd"))
        if fariss:
            return fariss, "Fariss"
        return (number(row.get("anders_gdppc_2011usd")) or 0.0) * self.ratio, f"Anders x {self.ratio:.3f}"

    def anders(self, code: int, year: int) -> float | None:
        """Output in Anders et al."""
        return number(self.gdp.get((code, year), {}).get("anders_gdp_2011usd"))

    def fariss(self, code: int, year: int) -> float | None:
        """Output in Fariss et al."""
        row = self.gdp.get((code, year), {})
        head, people = number(row.get("fariss_gdppc_2011intd")), number(row.get("fariss_pop_mil"))
        return head * people if head and people else None

    def growth(self, code: int) -> Found:
        """Mean log growth 1950-53."""
        for how, name in ((self.fariss, "Fariss 1950-53"), (self.anders, "Anders 1950-53")):
            first, last = how(code, 1950), how(code, 1953)
            if first and last:
                return round(math.log(last / first) / 3, 4), name
        return None, ""

    def flows(self, code: int, centre: int, year: int) -> tuple[float, float] | None:
        """Trade with a centre and all trade; nothing where it is not reported."""
        row = self.trade.get((min(code, centre), max(code, centre), year))
        total = self.totals.get((code, year))
        if not row or not total or row["bloc_zero_suspect"] == "1":
            return None
        parts = [number(row["imports_of_1_from_2_musd"]), number(row["imports_of_2_from_1_musd"])]
        whole = [number(total["imports_total_musd"]), number(total["exports_total_musd"])]
        if None in whole or parts == [None, None]:
            return None
        return sum(x or 0.0 for x in parts), sum(x or 0.0 for x in whole)

    def military(self, actor: str) -> Found:
        """Military spending as a share of output."""
        if actor == "frg":
            return round((self.sipri["Germany", 1953] or 0.0) / 100, 4), "SIPRI 1953, Germany = FRG"
        for year in YEARS:
            value = self.owid.get((OWID.get(actor, ""), year))
            if value:
                return round(value / 100, 4), f"OWID {year}"
        return None, ""


def industry(data: Data) -> dict[str, float]:
    """Index of steel and energy per head for every actor."""
    heads: dict[str, list[float]] = {}
    for actor, code in COW.items():
        codes = [c for c in MEMBERS.get(actor, [code]) if data.nearest(data.nmc, c, "tpop_k")[0]]
        sums = [
            sum(data.nearest(data.nmc, c, f)[0] or 0.0 for c in codes)
            for f in ("tpop_k", "irst_ktons", "pec_kcoaltons")
        ]
        heads[actor] = [x / sums[0] if sums[0] else 0.0 for x in sums[1:]]
    tops = [max(h[k] for h in heads.values()) for k in (0, 1)]
    floors = (0.01, 0.1)
    return {
        actor: round(
            sum(math.log(1 + x / x0) / math.log(1 + top / x0) for x, x0, top in zip(h, floors, tops, strict=True)) / 2,
            3,
        )
        for actor, h in heads.items()
    }


def group(data: Data, actor: str) -> dict[str, Found]:
    """Values of an aggregate that both aggregates have."""
    members = MEMBERS[actor]
    people = sum(data.population(c)[0] for c in members)
    output = sum(data.population(c)[0] * data.per_head(c)[0] for c in members) / 1000
    pairs = [(a, b) for c in members if (a := data.anders(c, 1950)) and (b := data.anders(c, 1953))]
    growth = math.log(sum(b for _, b in pairs) / sum(a for a, _ in pairs)) / 3
    years, how = (
        (range(1953, 1966), "sum of members, each in its first NMC year")
        if actor == "new-states"
        else (YEARS, "sum of members")
    )
    return {
        "population": (round(people, 2), "sum of members"),
        "output": (round(output, 1), "sum of members"),
        "growth": (round(growth, 4), "Anders, members together, 1950-53"),
        "cinc": (round(sum(data.nearest(data.nmc, c, "cinc", years)[0] or 0.0 for c in members), 5), how),
        "military_personnel": (
            round(sum(data.nearest(data.nmc, c, "milper_k", years)[0] or 0.0 for c in members)),
            how,
        ),
    }


def west(data: Data) -> dict[str, Found]:
    """Values that only the rest of Washington's side has."""
    arms = [
        (s / 100, data.population(c)[0] * data.per_head(c)[0])
        for c in OTHER_WEST
        if (s := data.owid.get((data.names.get(c, ""), 1953)))
    ]
    points = [number(data.votes[c, 1953]["ideal_point"]) or 0.0 for c in OTHER_WEST if (c, 1953) in data.votes]
    out: dict[str, Found] = {
        "protection_need": (round(data.cinc(710) / (data.cinc(710) + data.cinc(713)), 2), "China against Taiwan"),
        "military_share": (
            round(sum(s * y for s, y in arms) / sum(y for _, y in arms), 4),
            "OWID 1953, weighted by output",
        ),
        "un_ideal_point": (round(statistics.mean(points), 2), f"mean of {len(points)} members, 1953"),
    }
    for centre, code in CENTRES.items():
        known = [f for c in OTHER_WEST if (f := data.flows(c, code, 1953))]
        out[f"trade_share.{centre}"] = (
            round(sum(p for p, _ in known) / sum(w for _, w in known), 3),
            "members with totals, 1953",
        )
    return out


def forces(data: Data, actor: str) -> dict[str, Found]:
    """Nuclear forces."""
    if actor not in NUCLEAR:
        return {}
    done = sum(
        float(r["tests_total"] or 0) for r in data.tests if r["country"] == NUCLEAR[actor] and int(r["year"]) <= 1952
    )
    out: dict[str, Found] = {
        "warheads": (int(data.warheads.get((NUCLEAR[actor], 1952)) or 0), "FAS end of 1952"),
        "tests": (int(done), "NRDC to 1952"),
    }
    side = {"usa": "bombers1", "ussr": "bombers2"}.get(actor)
    for row in data.suh:
        if side and (row["ccode1"], row["ccode2"], row["year"]) == ("2", "365", "1953"):
            out["bombers"] = (int(float(row[side])), "Suh dyad USA-USSR 1953")
    return out


def ties(data: Data, code: int) -> dict[str, Found]:
    """Trade with the centres and votes."""
    out: dict[str, Found] = {}
    for centre, other in CENTRES.items():
        for year in YEARS:
            found = data.flows(code, other, year) if other != code else None
            if found:
                out[f"trade_share.{centre}"] = (round(found[0] / found[1], 3), f"COW Trade {year}")
                break
    value, when = data.nearest(data.votes, code, "ideal_point", (*YEARS, 1956))
    if value is not None:
        out["un_ideal_point"] = (round(value, 2), f"BSV {when}")
    return out


def exposure(data: Data, actor: str) -> Found:
    """The strongest threat against the actor's own capability."""
    own = data.cinc(COW[actor])
    threats = [(data.cinc(j) / (data.cinc(j) + own), j) for j in THREATS[actor]]
    if not threats:
        return 0.0, "no threat under the rule"
    worst, j = max(threats)
    return round(worst, 2), f"strongest threat: {data.names.get(j, j)}"


def decides(actor: str) -> bool:
    """Whether the actor's file says that it decides."""
    return bool(tomllib.loads((ACTORS / f"{actor}.toml").read_text(encoding="utf-8"))["decides"])


def turnover(data: Data, code: int) -> Found:
    """Leaders who left office by regular means in the years of peace before the opening, a year."""
    spells = [row for row in data.leaders if int(row["gw_ccode"]) == code]
    since = max(PEACE, min(dt.date.fromisoformat(row["startdate"]) for row in spells))
    left = [row for row in spells if row["exit"] == "Regular" and since <= dt.date.fromisoformat(row["enddate"]) <= EVE]
    years = (EVE - since).days / 365.25
    return round(len(left) / years, 3), f"Archigos: {len(left)} in {years:.1f} years, {since.year}-52"


def state(data: Data, actor: str) -> dict[str, Found]:
    """Values of one state."""
    code = COW[actor]
    people, how = data.population(code)
    head, source = data.per_head(code)
    men, men_year = data.nearest(data.nmc, code, "milper_k")
    democracy, year = data.nearest(data.democracy, code, "v2x_polyarchy")
    return {
        "population": (round(people, 2), how),
        "output": (round(people * head / 1000, 1), f"{source} x {how}"),
        "growth": data.growth(code),
        "military_share": data.military(actor),
        "cinc": (round(data.cinc(code), 5), f"NMC {data.nearest(data.nmc, code, 'cinc')[1]}"),
        "military_personnel": (round(men or 0), f"NMC {men_year}"),
        **forces(data, actor),
        **ties(data, code),
        "liberalisation": (round(democracy, 3) if democracy is not None else None, f"V-Dem {year}"),
        "protection_need": exposure(data, actor),
        **({"turnover": turnover(data, code)} if decides(actor) else {}),
    }


def measured(data: Data) -> dict[str, dict[str, Found]]:
    """Every measured value: {actor: {field: (value, how)}}."""
    index = industry(data)
    out: dict[str, dict[str, Found]] = {}
    for actor, code in COW.items():
        values = state(data, actor) if code else group(data, actor)
        if actor == "other-west":
            values |= west(data)
        if actor != "new-states":
            values["industry"] = (index[actor], "NMC irst and pec per head")
        out[actor] = {field: found for field, found in values.items() if found[0] is not None}
    return out


def weights(data: Data) -> dict[int, float]:
    """Share of each state in the people of the new states; key 0 is what joined Malaya in 1963."""
    people = {c: data.population(c)[0] for c in NEW_STATES} | {0: MALAYSIA_ADDED}
    return {c: p / sum(people.values()) for c, p in people.items()}


def risk(data: Data) -> dict[str, tuple[float, float]]:
    """Measured risk acceptance and its theta: {leader: (value, theta)}."""
    thetas = [float(r["lwuf_theta1_mean"]) for r in data.leaders if r["lwuf_theta1_mean"]]
    mean, sd = statistics.mean(thetas), statistics.stdev(thetas)
    out = {}
    for leader, (code, name) in LEADERS.items():
        for row in data.leaders:
            if int(row["gw_ccode"]) == code and row["leader"].startswith(name) and row["lwuf_theta1_mean"]:
                theta = float(row["lwuf_theta1_mean"])
                out[leader] = (round(max(-1.0, min(1.0, (theta - mean) / (2 * sd))), 2), round(theta, 2))
                break
    return out


def entry(opening: dict, field: str) -> tuple[float, list[str], float]:
    """Value, sources and tolerance of a field as it stands in the file."""
    if field == "military_share":  # the file rounds it to three places and splits it in two
        parts = [opening["conventional"], opening["strategic"]]
        return sum(p["value"] for p in parts), [s for p in parts for s in p["source"]], 6e-4
    if field.startswith("trade_share."):
        table = opening["trade_share"]
        return table[field.split(".")[1]], table["source"], 1e-9
    return opening[field]["value"], opening[field]["source"], 1e-9


def check(values: dict[str, dict[str, Found]]) -> int:
    """Compare with the files; the number of unexplained differences."""
    count = {"equal": 0, "corrected": 0, "DIFFERS": 0}
    for actor, fields in values.items():
        opening = tomllib.loads((ACTORS / f"{actor}.toml").read_text(encoding="utf-8"))["opening"]
        for field, (value, how) in fields.items():
            stands, sources, tolerance = entry(opening, field)
            verdict = "equal" if abs(stands - (value or 0.0)) <= tolerance else "DIFFERS"
            if verdict == "DIFFERS" and set(sources) - MEASURED:
                verdict = "corrected"
            count[verdict] += 1
            if verdict != "equal":
                print(f"{verdict:10} {actor:15} {field:20} data {value}  file {stands:.4g}  ({how})")
    print(
        f"{count['equal']} equal, {count['corrected']} corrected with a reason in the file, {count['DIFFERS']} differ"
    )
    return count["DIFFERS"]


def main() -> None:
    """Print, check or dump."""
    folder = os.environ.get("DETENTE_DATA")
    if not folder or not Path(folder).is_dir():
        sys.exit("Set DETENTE_DATA to the folder that holds the public data files.")
    data = Data(folder)
    values = measured(data)
    if "--check" in sys.argv:
        sys.exit(1 if check(values) else 0)
    if "--json" in sys.argv:
        print(json.dumps({"actors": values, "weights": weights(data), "risk": risk(data)}, indent=1))
        return
    for actor, fields in values.items():
        for field, (value, how) in fields.items():
            print(f"{actor:15} {field:20} {value!s:>10}  {how}")
    for code, share in weights(data).items():
        print(f"calendar weight {data.names.get(code, 'joined Malaya 1963'):35} {share:.4f}")
    for leader, (value, theta) in risk(data).items():
        print(f"leader {leader:18} risk_measured {value:>6}  theta {theta}")


if __name__ == "__main__":
    main()
