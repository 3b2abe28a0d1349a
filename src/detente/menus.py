"""Who may do what to whom: menu rows derived from structure, never from the chronicle.

A row is (seat, instrument, issue, target). `whom` of an instrument names one rule below; each reads only positions:
camps, borders, distances, stakes, garrisons, industry, party rule. The World masks rows month by month; it adds none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from detente.scenario import Actor, Instrument, Scenario, ScenarioError

MENU_LIMIT = 150
"""Rows a seat may have: a world power has three times the addressees of a small state."""
STRIKE_RANGE = 2600.0
"""Range of the intermediate missiles of the time (Thor, Jupiter) in km.

A nearer host can threaten the rival centre, and be a base for flights over it.
"""
SHORT_STRIKE_RANGE = 2100.0
"""Range of the medium missiles that can be moved and hidden (R-12), km."""
SERIOUS = 0.3
"""Stake from which a centre leads its side of an issue, and from which a seat presses one."""
MODEST = 0.2
"""Stake from which a power present everywhere shows force over an issue."""
EVERYWHERE = 0.25
"""Share of world capability from which a centre's fleets are present everywhere."""
POWER = 0.02
"""Share of world capability from which a state acts beyond its borders."""
LATE_INDUSTRY = 0.62
"""Below this index of industry (see actors) a state still imports its industrialisation."""
RURAL = 0.3
"""Below this index a state outside the camps belongs to the third world."""


@dataclass(frozen=True, order=True)
class Row:
    """One option of one seat."""

    seat: str
    instrument: str
    issue: str = ""
    target: str = ""

    @property
    def name(self) -> str:
        """The row's address: stable, readable, unique."""
        return ":".join(part for part in (self.seat, self.instrument, self.issue, self.target) if part)


def distance(one: Actor, other: Actor) -> float:
    """Great circle between two capitals, km (haversine, mean radius 6371)."""
    a, b = math.radians(one.capital.lat), math.radians(other.capital.lat)
    dlon = math.radians(one.capital.lon - other.capital.lon)
    h = math.sin((a - b) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(dlon / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(h))


def patron(scenario: Scenario, actor: Actor) -> str:
    """The centre whose camp an actor is in at the opening; a centre in another's camp has that patron too."""
    return actor.camp if actor.camp in scenario.actors and actor.camp != actor.id else ""


def same_camp(one: Actor, other: Actor) -> bool:
    """Allied to the same centre, or one is the other's centre."""
    camps = {one.camp, one.id} if one.centre else {one.camp}
    return (
        one.camp != "none"
        and other.camp != "none"
        and bool(camps & {other.camp, other.id if other.centre else other.camp})
    )


def rivals(scenario: Scenario, actor: Actor) -> list[Actor]:
    """Centres of the other camp; for the non-aligned, every centre."""
    return [c for c in scenario.actors.values() if c.centre and c.id != actor.id and not same_camp(actor, c)]


def principal(scenario: Scenario, issue: str, sign: int) -> str:
    """The decider that leads a side of an issue.

    The centre with the largest stake, if it is a serious one, else the largest; of equals, the stronger (CINC).
    """
    stakes = scenario.issues[issue].stakes
    side = [a for a in scenario.actors.values() if a.decides and stakes.get(a.id, 0.0) * sign > 0]
    side.sort(
        key=lambda a: (a.centre and abs(stakes[a.id]) >= SERIOUS, abs(stakes[a.id]), a.opening.cinc.value), reverse=True
    )
    return side[0].id if side else ""


def opponent(scenario: Scenario, actor: Actor, issue: str) -> str:
    """The principal on the other side of an issue; for a party without stake, nobody."""
    stake = scenario.issues[issue].stakes.get(actor.id, 0.0)
    return principal(scenario, issue, -1 if stake > 0 else 1) if stake else ""


Rule = Callable[[Scenario, Actor, Actor], bool]


def _power(actor: Actor) -> bool:
    """Large enough to act beyond its borders: at least one fiftieth of the world's capability (CINC)."""
    return actor.opening.cinc.value >= POWER


def _poor(actor: Actor) -> bool:
    return actor.opening.industry.value < LATE_INDUSTRY


def _stands_abroad(scenario: Scenario, actor: Actor) -> bool:
    """It has troops on foreign soil, and so the means to send more."""
    return any(actor.id in other.garrisons for other in scenario.actors.values())


def _third_world(actor: Actor) -> bool:
    return actor.camp == "none" and not actor.party_rules and actor.opening.industry.value < RURAL


def _near_rival(scenario: Scenario, one: Actor, host: Actor, reach: float) -> bool:
    return any(distance(host, rival) < reach for rival in rivals(scenario, one))


def _host_secret(scenario: Scenario, one: Actor, host: Actor) -> bool:
    """A small state without party rule near the rival: a friend already, or one that may change sides."""
    small = not host.centre and not _power(host) and not host.party_rules
    return small and (host.decides or same_camp(one, host)) and _near_rival(scenario, one, host, SHORT_STRIKE_RANGE)


TARGETS: dict[str, Rule] = {
    "adversary": lambda s, i, j: (
        not same_camp(i, j)
        and j.camp != "none"
        and (j.centre or (j.decides and i.centre and _power(j)) or (i.id in j.neighbours and (j.decides or i.centre)))
    ),
    "peer": lambda s, i, j: (
        j.decides and (j.centre or (i.id in j.neighbours and (i.centre or _power(j))) or (_power(i) and _power(j)))
    ),
    "rival-power": lambda s, i, j: (
        not same_camp(i, j)
        and j.camp != "none"
        and (j.centre or (i.centre and j.decides and bool(j.opening.bomb.value)))
    ),
    "courted": lambda s, i, j: (
        not j.decides and j.camp == "none" and (_power(i) or i.id in j.neighbours) and len(j.neighbours) > 0
    ),
    "recipient": lambda s, i, j: (
        (i.centre and same_camp(i, j) and j.decides and _poor(j))
        or ((i.centre or not _poor(i)) and (_third_world(j) or (j.camp == "none" and j.party_rules)))
        or (i.centre and j.decides and not _power(j) and not j.centre)
    ),
    "dependent": lambda s, i, j: (
        i.centre
        and (
            (same_camp(i, j) and j.decides and _poor(j))
            or (_third_world(j) and not j.decides and len(j.neighbours) > 0)
            or (j.decides and not _power(j) and _poor(j))
            or (j.camp == "none" and j.party_rules)
        )
    ),
    "armable": lambda s, i, j: (
        _power(i)
        and (
            _third_world(j)
            or (
                j.decides
                and not _power(j)
                and not same_camp(i, j)
                and j.camp != "none"
                and i.id != j.camp
                and _poor(j)
                and i.centre
            )
            or (i.centre and j.centre and same_camp(i, j))
        )
    ),
    "advised": lambda s, i, j: i.centre and same_camp(i, j) and _poor(j) and j.decides and j.camp == i.id,
    "movement": lambda s, i, j: (
        i.party_rules
        and j.party_rules
        and (j.centre or j.camp == "none" or (i.centre and j.decides and not j.garrisons))
    ),
    "host-open": lambda s, i, j: not j.centre and same_camp(i, j) and _near_rival(s, i, j, STRIKE_RANGE),
    "host-secret": _host_secret,
    "garrison": lambda s, i, j: (
        i.id in j.garrisons or (i.centre and i.opening.strategic.value > 0 and _host_secret(s, i, j))
    ),
    "reachable": lambda s, i, j: (
        not j.centre
        and (
            (i.id in j.garrisons and same_camp(i, j) and j.party_rules)
            or (
                i.id in j.neighbours
                and not _power(j)
                and i.opening.cinc.value > 4 * j.opening.cinc.value
                and ((same_camp(i, j) and j.party_rules) or j.decides)
            )
            or (not i.centre and _stands_abroad(s, i) and _third_world(j) and not _power(j))
            or (
                _power(i)
                and _poor(i)
                and _power(j)
                and i.id in j.neighbours
                and not same_camp(i, j)
                and not j.opening.bomb.value
            )
        )
    ),
    "subvertible": lambda s, i, j: (
        (
            i.centre
            and not same_camp(i, j)
            and not j.centre
            and j.opening.cinc.value < POWER
            and (_third_world(j) or (j.decides and not j.party_rules))
        )
        or (i.centre and j.decides and i.id in j.neighbours and not _power(j) and not j.party_rules)
    ),
    "own-centre": lambda s, i, j: (j.centre and i.camp == j.id) or (j.centre and not i.centre and not _power(i)),
    "patron": lambda s, i, j: j.centre and not i.centre and (i.camp in (j.id, "none") or not _power(i)),
    "alliable": lambda s, i, j: (
        (i.centre and j.camp == i.id and not j.centre and j.decides)
        or (not i.centre and j.centre and (i.camp == j.id or not _power(i)))
    ),
    "unrecognised": lambda s, i, j: (
        j.decides
        and not same_camp(i, j)
        and j.camp != "none"
        and (
            (j.centre and not j.opening.bomb.value)
            or (i.centre and not j.opening.bomb.value and (len(j.garrisons) > 1 or (_poor(j) and not j.party_rules)))
        )
    ),
    "breakable": lambda s, i, j: (
        (
            i.centre
            and same_camp(i, j)
            and j.decides
            and not _power(j)
            and _poor(j)
            and not (i.id in j.garrisons and j.party_rules)
        )
        or (j.party_rules and j.camp == "none")
        or (not i.centre and j.centre and not _power(i))
    ),
    "trading-partner": lambda s, i, j: (
        j.decides
        and (
            (not same_camp(i, j) and (j.centre or (i.centre and _power(j) and j.camp != "none")))
            or (i.centre and not i.party_rules and not _power(j) and i.id in j.neighbours and j.camp == i.id)
        )
    ),
    "drain": lambda s, i, j: i.open_border_to == j.id,
    "blockadable": lambda s, i, j: (
        not j.centre
        and j.decides
        and i.centre
        and not j.party_rules
        and not _power(j)
        and j.camp != "none"
        and distance(i, j) < 2500
        and not j.opening.bomb.value
        and i.id in j.neighbours
    ),
    "rival-centre": lambda s, i, j: _power(i) and j in rivals(s, i),
    "within-reach": lambda s, i, j: (
        _power(i)
        and j in rivals(s, i)
        and any(same_camp(i, base) and distance(base, j) < STRIKE_RANGE for base in s.actors.values())
    ),
    "nuclear-pupil": lambda s, i, j: i.centre and same_camp(i, j) and j.decides and _power(j),
}
"""Structural rules for targets.

May `i` address `j` with such an instrument? Camps, borders, distances, size, never names.
"""

NEEDS: dict[str, Callable[[Actor], bool]] = {
    "bomb": lambda i: _power(i) and (i.opening.strategic.value > 0 or i.centre or not _poor(i)),
    "power": _power,
    "party-rules": lambda i: i.party_rules,
    "aircraft": lambda i: i.centre and i.opening.strategic.value > 0,
    "launcher": lambda i: i.centre and i.opening.strategic.value > 0,
}
"""What an author must be able to have within the span; whether it has it yet, the World's mask says."""


def _addressees(scenario: Scenario, instrument: Instrument, actor: Actor, issue: str) -> Iterator[str]:
    if instrument.whom == "none":
        yield ""
    elif instrument.whom == "opponent":
        target = opponent(scenario, actor, issue)
        if target:
            yield target
    elif instrument.whom == "bloc":
        yield ""
    elif instrument.whom == "ally-in-dispute":
        stakes = scenario.issues[issue].stakes
        if abs(stakes.get(actor.id, 0.0)) < 0.1 and actor.id in stakes:
            yield ""
    else:
        if instrument.whom not in TARGETS:
            raise ScenarioError(
                "instruments.toml",
                f"whom = {instrument.whom}",
                "there is no such rule",
                f"Rules: none, opponent, bloc, ally-in-dispute, {', '.join(TARGETS)}",
            )
        rule = TARGETS[instrument.whom]
        for other in scenario.actors.values():
            if other.id != actor.id and rule(scenario, actor, other):
                yield other.id


def bound_to(scenario: Scenario, instrument: str) -> list[str]:
    """The issues on which an instrument can act; empty for one that is bound to no issue."""
    forms = set(scenario.instruments[instrument].forms) or {instrument}
    return [key for key, issue in scenario.issues.items() if forms & set(issue.forms)]


def menu(scenario: Scenario, seat: str) -> list[Row]:
    """All rows of one seat, in the order of instruments, issues, actors."""
    actor = scenario.actors[seat]
    rows: list[Row] = []
    for key, instrument in scenario.instruments.items():
        if not all(NEEDS[need](actor) for need in instrument.needs):
            continue
        for issue in bound_to(scenario, key) or [""]:
            if issue and not _concerned(scenario, actor, issue, instrument):
                continue
            rows.extend(Row(seat, key, issue, target) for target in _addressees(scenario, instrument, actor, issue))
    return rows


def _concerned(scenario: Scenario, actor: Actor, issue: str, instrument: Instrument) -> bool:
    stakes = scenario.issues[issue].stakes
    stake = abs(stakes.get(actor.id, 0.0))
    if instrument.operation == "mediate":
        return (
            not actor.centre and ((actor.id in stakes and stake < 0.3) or actor.camp == "none")
        ) or instrument.whom != "none"
    if instrument.whom == "opponent" and instrument.nest == "bloc" and actor.camp == actor.id:
        return False
    if actor.opening.cinc.value >= EVERYWHERE and instrument.operation == "intervene":
        return stake >= MODEST
    if instrument.deadline or (instrument.operation == "withdraw" and "demand" not in scenario.issues[issue].forms):
        return stakes.get(actor.id, 0.0) >= SERIOUS
    return stake >= (SERIOUS if instrument.nest == "pressure" or instrument.operation == "withdraw" else 0.1)


def menus(scenario: Scenario) -> list[Row]:
    """Every row of every seat, seats in the order of actors; an empty or overfull menu is an error."""
    rows: list[Row] = []
    for seat in scenario.deciders:
        own = menu(scenario, seat)
        if not own:
            raise ScenarioError(
                "instruments.toml", seat, "this seat has no menu row at all", "Widen a rule or the forms of an issue"
            )
        if len(own) > MENU_LIMIT:
            raise ScenarioError(
                "instruments.toml", seat, f"this seat has {len(own)} menu rows, more than {MENU_LIMIT}", "Narrow a rule"
            )
        rows.extend(own)
    used = {row.instrument for row in rows}
    for key in scenario.instruments:
        if key not in used:
            raise ScenarioError(
                "instruments.toml", key, "this instrument stands in no seat's menu", "Widen its rule, or remove it"
            )
    return rows
