"""Positions: what stands fixed for a scenario, as NumPy arrays with named axes.

Axes: A actors · D deciders (seats) · P centres · I issues · N menu rows, seat by seat · E ends · L leaders of a seat.
Nothing here depends on the chronicle.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from detente.menus import RURAL, Row, distance, menus, principal, rivals, same_camp
from detente.scenario import ENDS, MONTHS, Scenario

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NESTS = ("pressure", "conciliation", "talk", "force", "bloc", "aid", "home")
"""Families of rows between which the second level of a choice decides."""
SHOWDOWN_FORMS = ("ultimatum", "show-force")
"""An issue that can be pressed in one of these forms can come to the ladder."""


@dataclass(frozen=True, eq=False)
class Structure:
    """Everything positional that menus and laws read."""

    scenario: Scenario
    actors: tuple[str, ...]
    deciders: tuple[str, ...]
    centres: tuple[str, ...]
    issues: tuple[str, ...]
    rows: tuple[Row, ...]
    given: bool = True
    order: dict[str, int] = field(default_factory=dict)

    # ---- axes ----
    @cached_property
    def dec(self) -> Ints:
        """Actor index of each decider [D]."""
        return np.array([self.actors.index(d) for d in self.deciders])

    @cached_property
    def cen(self) -> Ints:
        """Actor index of each centre [P]."""
        return np.array([self.actors.index(c) for c in self.centres])

    @cached_property
    def cen_dec(self) -> Ints:
        """Decider index of each centre [P]."""
        return np.array([self.deciders.index(c) for c in self.centres])

    def opening(self, name: str) -> Floats:
        """One opening quantity of every actor, 0 where it says none [A]."""
        found = [getattr(self.scenario.actors[a].opening, name) for a in self.actors]
        return np.array([number.value if number is not None else 0.0 for number in found])

    # ---- actors ----
    @cached_property
    def party_rules(self) -> Floats:
        """1 where a communist party rules at the opening [A]."""
        return np.array([float(self.scenario.actors[a].party_rules) for a in self.actors])

    @cached_property
    def camp(self) -> Floats:
        """1 where the actor belongs to the centre's camp, the centre itself included [P, A]."""
        acts = self.scenario.actors
        return np.array([[float(c == a or acts[a].camp == c) for a in self.actors] for c in self.centres])

    @cached_property
    def patron(self) -> Ints:
        """Centre index of the camp that each actor is in at the opening, -1 for none [A]."""
        camps = [self.scenario.actors[a].camp for a in self.actors]
        return np.array([self.centres.index(camp) if camp in self.centres else -1 for camp in camps])

    @cached_property
    def friends(self) -> Floats:
        """1 where decider and actor stand in one camp at the opening [D, A]."""
        acts = self.scenario.actors
        return np.array([[float(d == a or same_camp(acts[d], acts[a])) for a in self.actors] for d in self.deciders])

    @cached_property
    def hostile(self) -> Floats:
        """1 where decider and actor stand in opposed camps at the opening [D, A]."""
        acts = self.scenario.actors
        aligned = np.array([acts[a].camp != "none" or acts[a].centre for a in self.actors])
        both = aligned[self.dec][:, None] & aligned[None, :]
        return np.where(both, 1.0 - self.friends, 0.0)

    @cached_property
    def leader_of_camp(self) -> Ints:
        """Index of the centre whose camp a decider is in, its own index for a leading centre, -1 for none [D]."""
        out = []
        for d in self.deciders:
            camp = self.scenario.actors[d].camp
            out.append(
                self.centres.index(camp)
                if camp in self.centres
                else (self.centres.index(d) if d in self.centres else -1)
            )
        return np.array(out)

    @cached_property
    def pole(self) -> Ints:
        """Centre that a decider speaks for: itself, else its camp's, else the first [D]."""
        cen = list(self.cen)
        camps = np.maximum(self.leader_of_camp, 0)
        return np.array(
            [cen.index(a) if a in cen else camp for a, camp in zip(self.dec, camps, strict=True)], dtype=int
        )

    @cached_property
    def rival_centre(self) -> Ints:
        """Index of the strongest centre of the other camp, as seen from each decider [D]."""
        acts = self.scenario.actors
        out = []
        for d in self.deciders:
            options = sorted(rivals(self.scenario, acts[d]), key=lambda c: -c.opening.cinc.value)
            out.append(self.centres.index(options[0].id))
        return np.array(out)

    @cached_property
    def distance(self) -> Floats:
        """Great circle between capitals, thousand km [A, A]."""
        acts = self.scenario.actors
        return np.array([[distance(acts[a], acts[b]) / 1000.0 for b in self.actors] for a in self.actors])

    @cached_property
    def neighbours(self) -> Floats:
        """1 where two actors border each other [A, A]."""
        acts = self.scenario.actors
        m = np.array([[float(b in acts[a].neighbours) for b in self.actors] for a in self.actors])
        return np.maximum(m, m.T)

    @cached_property
    def weight(self) -> Floats:
        """Worth of an actor's allegiance: share of world capability to the power one half, mean 1 over actors [A]."""
        w = np.sqrt(self.opening("cinc"))
        return w / w.mean()

    @cached_property
    def third_world(self) -> Floats:
        """1 for the non-aligned that are not industrialised (weights of 'the third world') [A]."""
        none = np.array([self.scenario.actors[a].camp == "none" for a in self.actors])
        return np.where(none & (self.party_rules == 0) & (self.opening("industry") < RURAL), self.weight, 0.0)

    @cached_property
    def garrison(self) -> Floats:
        """1 where the decider keeps troops with the actor at the opening [D, A]."""
        return np.array([[float(d in self.scenario.actors[a].garrisons) for a in self.actors] for d in self.deciders])

    @cached_property
    def trade(self) -> Floats:
        """Share of each actor's trade with each centre at the opening [P, A]."""
        return np.array([self.scenario.actors[a].opening.trade_share.values(self.centres) for a in self.actors]).T

    @cached_property
    def poles(self) -> tuple[str, ...]:
        """Poles of governments: a centre's capital each, in the order of centres, and none."""
        return (*(self.scenario.actors[c].capital.city.lower() for c in self.centres), "none")

    @cached_property
    def red(self) -> Ints:
        """Centre indices of the centres that a communist party rules [R]."""
        return np.array([k for k, c in enumerate(self.centres) if self.scenario.actors[c].party_rules])

    @cached_property
    def party_poles(self) -> tuple[str, ...]:
        """Poles of parties: the communist centres, and a party's own way."""
        return (*(self.poles[k] for k in self.red), "own")

    @cached_property
    def leaning(self) -> Floats:
        """Government leanings at the opening [pole, A]."""
        return np.array([self.scenario.actors[a].opening.leaning.values(self.poles) for a in self.actors]).T

    @cached_property
    def party_leaning(self) -> Floats:
        """Party leanings at the opening [party pole, A]."""
        return np.array([self.scenario.actors[a].opening.party_leaning.values(self.party_poles) for a in self.actors]).T

    @cached_property
    def subordinate(self) -> Floats:
        """1 for a centre that stood in another centre's camp at the opening [P]."""
        return np.array([float(self.leader_of_camp[self.cen_dec[c]] != c) for c in range(len(self.cen))])

    @cached_property
    def about(self) -> Ints:
        """Actor whose government an issue is about, -1 for none [I]."""
        named = [self.scenario.issues[i].government for i in self.issues]
        return np.array([self.actors.index(a) if a else -1 for a in named])

    @cached_property
    def host_issue(self) -> Ints:
        """For each actor, the showdown issue (place in `showdown`) in which its stake is largest, -1 for none [A]."""
        stakes = np.abs(self.stake[self.showdown])
        return np.where(stakes.max(axis=0) > 0, stakes.argmax(axis=0), -1)

    @cached_property
    def open_border(self) -> Floats:
        """1 where people can leave an actor to a neighbour of another camp [A]."""
        return np.array([float(bool(self.scenario.actors[a].open_border_to)) for a in self.actors])

    @cached_property
    def open_border_to(self) -> Ints:
        """Where they go: actor index, the actor itself where no border is open [A]."""
        acts = self.scenario.actors
        return np.array([self.actors.index(acts[a].open_border_to or a) for a in self.actors])

    @cached_property
    def seat_of_actor(self) -> Ints:
        """Decider index of each actor, D where it does not decide [A]."""
        out = np.full(len(self.actors), len(self.deciders))
        out[self.dec] = np.arange(len(self.deciders))
        return out

    # ---- issues ----
    @cached_property
    def stake(self) -> Floats:
        """Signed stakes at the opening [I, A]."""
        return np.array([[self.scenario.issues[i].stakes.get(a, 0.0) for a in self.actors] for i in self.issues])

    @cached_property
    def status(self) -> Floats:
        """Opening status [I]."""
        return np.array([self.scenario.issues[i].opening for i in self.issues])

    @cached_property
    def principals(self) -> Ints:
        """Decider index of the principal of each side, (+, -); -1 where a side has none [I, 2]."""
        out = []
        for i in self.issues:
            pair = [principal(self.scenario, i, +1), principal(self.scenario, i, -1)]
            out.append([self.deciders.index(p) if p else -1 for p in pair])
        return np.array(out)

    @cached_property
    def showdown(self) -> Ints:
        """Indices of the issues that can come to the ladder [K]."""
        forms = [set(self.scenario.issues[i].forms) & set(SHOWDOWN_FORMS) for i in self.issues]
        return np.array([k for k, f in enumerate(forms) if f and (self.principals[k] >= 0).all()])

    @cached_property
    def drains(self) -> Ints:
        """For each actor with an open border, the showdown issue that its drain concerns, else -1 [A]."""
        out = np.full(len(self.actors), -1)
        for a in range(len(self.actors)):
            to = self.open_border_to[a]
            if to != a:
                opposed = [k for k in self.showdown if self.stake[k, a] * self.stake[k, to] < 0]
                if opposed:
                    out[a] = max(opposed, key=lambda k: abs(self.stake[k, a]))
        return out

    # ---- rows ----
    def _index(self, words: tuple[str, ...], field_: str) -> Ints:
        table = {word: k for k, word in enumerate(words)}
        return np.array([table.get(getattr(row, field_), -1) for row in self.rows])

    @cached_property
    def row_seat(self) -> Ints:
        """Decider index of each row [N]."""
        return self._index(self.deciders, "seat")

    @cached_property
    def row_issue(self) -> Ints:
        """Issue index of each row, -1 for none [N]."""
        return self._index(self.issues, "issue")

    @cached_property
    def row_target(self) -> Ints:
        """Actor index of the target of each row, -1 for none [N]."""
        return self._index(self.actors, "target")

    @cached_property
    def row_target_dec(self) -> Ints:
        """Decider index of the target of each row, -1 where it does not decide [N]."""
        return self._index(self.deciders, "target")

    @cached_property
    def instruments(self) -> tuple[str, ...]:
        """Names of the instruments, in the order of the file."""
        return tuple(self.scenario.instruments)

    @cached_property
    def row_instrument(self) -> Ints:
        """Instrument index of each row [N]."""
        return self._index(self.instruments, "instrument")

    @cached_property
    def row_nest(self) -> Ints:
        """Nest index of each row [N]."""
        return np.array([NESTS.index(self.scenario.instruments[row.instrument].nest) for row in self.rows])

    def coordinate(self, name: str) -> Floats:
        """One coordinate of each row's instrument [N]."""
        return np.array([float(getattr(self.scenario.instruments[row.instrument], name) or 0.0) for row in self.rows])

    def where(self, *instruments: str) -> Ints:
        """Indices of the rows with one of these instruments."""
        return np.array([k for k, row in enumerate(self.rows) if row.instrument in instruments], dtype=np.int64)

    @cached_property
    def contrary(self) -> Ints:
        """Rows that a row rules out in its month, padded with N [N, width].

        Deeds of which one takes back the other (`undone_by`), by one seat, where their targets or issues do not differ.
        """
        undone = {key: set(one.undone_by) for key, one in self.scenario.instruments.items()}
        out: list[list[int]] = [[] for _ in self.rows]
        for rows in self.seat_rows:
            for i in range(rows.start, rows.stop):
                for j in range(rows.start, rows.stop):
                    one, other = self.rows[i], self.rows[j]
                    apart = any(a and b and a != b for a, b in ((one.target, other.target), (one.issue, other.issue)))
                    if other.instrument in undone[one.instrument] and not apart:
                        out[i].append(j)
                        out[j].append(i)
        width = max(1, *(len(set(found)) for found in out))
        return np.array([[*sorted(set(found)), *[len(out)] * (width - len(set(found)))] for found in out])

    @cached_property
    def seat_rows(self) -> list[slice]:
        """The stretch of rows that is each seat's menu."""
        seats = self.row_seat
        return [
            slice(int(np.argmax(seats == d)), int(np.argmax(seats == d) + (seats == d).sum()))
            for d in range(len(self.deciders))
        ]

    @cached_property
    def find(self) -> dict[tuple[str, str, str, str], int]:
        """Row index by (seat, instrument, issue, target)."""
        return {(r.seat, r.instrument, r.issue, r.target): k for k, r in enumerate(self.rows)}

    # ---- leaders ----
    @cached_property
    def leaders(self) -> list[list[str]]:
        """Persons of each seat in the order of the file [D][L]."""
        return [[person.id for person in self.scenario.actors[d].leader] for d in self.deciders]

    @cached_property
    def n_leaders(self) -> int:
        """Length of the leader axis."""
        return max(len(persons) for persons in self.leaders)

    def leader_table(self, name: str, fill: float = 0.0) -> Floats:
        """A trait of every person [D, L]."""
        out = np.full((len(self.deciders), self.n_leaders), fill)
        for d, seat in enumerate(self.deciders):
            for k, person in enumerate(self.scenario.actors[seat].leader):
                out[d, k] = getattr(person, name)
        return out

    @cached_property
    def deviations(self) -> Floats:
        """Deviation of each person's weights from the shared mean, log units [E, D, L]."""
        out = np.zeros((len(ENDS), len(self.deciders), self.n_leaders))
        for d, seat in enumerate(self.deciders):
            for k, person in enumerate(self.scenario.actors[seat].leader):
                for e, end in enumerate(ENDS):
                    out[e, d, k] = person.deviations.get(end, 0.0)
        return out

    @cached_property
    def opening_leader(self) -> Ints:
        """Index of the person in office at the opening [D]."""
        return np.array([[p.opening for p in self.scenario.actors[d].leader].index(True) for d in self.deciders])

    @cached_property
    def turnover(self) -> Floats:
        """Changes of leader a year, by the ordinary means of the state, in the years before the opening [D]."""
        return self.opening("turnover")[self.dec]

    @cached_property
    def eligible(self) -> Floats:
        """1 where a person could take office in that month [month, D, L]."""
        out = np.zeros((MONTHS, len(self.deciders), self.n_leaders))
        for d, seat in enumerate(self.deciders):
            for k, person in enumerate(self.scenario.actors[seat].leader):
                first = (person.eligible.start.year - 1953) * 12 + person.eligible.start.month - 1
                last = (person.eligible.end.year - 1953) * 12 + person.eligible.end.month - 1
                out[max(first, 0) : max(last + 1, 0), d, k] = 1.0
        return out

    # ---- the calendar ----
    @cached_property
    def ends_of_office(self) -> Floats:
        """1 where the calendar ends a leader's time in office [month, D]."""
        out = np.zeros((MONTHS, len(self.deciders)))
        for given in self.scenario.calendar.values():
            if given.nature in ("death", "term-ends") and given.on in self.deciders and 0 <= given.month < MONTHS:
                out[given.month, self.deciders.index(given.on)] = 1.0
        return out

    @cached_property
    def independence(self) -> Floats:
        """Share of the new states' people that becomes independent in a month [month]."""
        out = np.zeros(MONTHS)
        for given in self.scenario.calendar.values():
            if given.nature == "independence" and 0 <= given.month < MONTHS:
                out[given.month] += given.weight
        return out

    @cached_property
    def awaited(self) -> Floats:
        """Share of the new states' people that must be independent before an issue is in dispute [I]."""
        out = np.zeros(len(self.issues))
        for k, issue in enumerate(self.issues):
            if key := self.scenario.issues[issue].begins_with:
                given = self.scenario.calendar[key]
                out[k] = self.independence[: given.month + 1].sum() - 0.5 * given.weight
        return out


def structure(scenario: Scenario) -> Structure:
    """Derive every position from a checked scenario."""
    return Structure(
        scenario=scenario,
        actors=tuple(scenario.actors),
        deciders=scenario.deciders,
        centres=scenario.centres,
        issues=tuple(scenario.issues),
        rows=tuple(menus(scenario)),
    )


def to_actors(st: Structure, x: Array, axis: int = 0) -> Array:
    """Spread a decider axis over all actors, 0 for those that do not decide."""
    decides = st.seat_of_actor < len(st.deciders)
    shape = [-1 if k == axis else 1 for k in range(x.ndim)]
    spread = jnp.take(x, np.where(decides, st.seat_of_actor, 0), axis=axis)
    return spread * jnp.asarray(decides, x.dtype).reshape(shape)
