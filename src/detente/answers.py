"""From answers to consequences.

Proposals, conferences, deadlines, discoveries, ladders, in shapes that mechanisms read.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.deeds import Consequences, Ladders
from detente.ladder.play import Outcome
from detente.masks import CONSENTING
from detente.nature import pair_names, secret_pairs
from detente.structure import Structure
from detente.sums import most
from detente.world import World


class Pairs(NamedTuple):
    """Possible hidden deployments: author (decider), host (actor), and the showdown they would open."""

    names: tuple[str, ...]
    author: np.ndarray
    host: np.ndarray
    issue: np.ndarray  # position in showdown, -1 for none
    side: np.ndarray  # side of the discoverer

    def state(self, world: World) -> tuple[np.ndarray, np.ndarray, Array]:
        """Author, host and readiness of each."""
        return self.author, self.host, world.arsenals.ripe[self.author, self.host]


def marked(row: Array, st: Structure, like: Array) -> Array:
    """0/1 [N, world] of the rows that seats chose in a slot; ROUTINE marks none."""
    index = np.arange(len(st.rows))[:, None]
    return (row[st.row_seat] == index).astype(like.dtype)


def shut(chosen: Array, st: Structure) -> Array:
    """0/1 [N, world] of the rows that are no longer open in a month: those chosen, and what would take them back."""
    told = jnp.concatenate([chosen, jnp.zeros_like(chosen[:1])])
    some = np.flatnonzero(st.contrary[:, 0] < len(st.rows))
    return chosen.at[some].max(most(told[st.contrary[some]], 1), unique_indices=True, indices_are_sorted=True)


def proposals(chosen: Array, st: Structure) -> tuple[Rows, Array]:
    """Rows that need another seat's consent, and which of them were proposed, [B, world]."""
    index = consent_rows(st)
    return Rows(st, index), chosen[index]


def consent_rows(st: Structure) -> np.ndarray:
    """Rows whose target must agree and decides."""
    consenting = np.array([st.scenario.instruments[r.instrument].consent for r in st.rows])
    return np.flatnonzero(consenting & (st.row_target_dec >= 0))


def enact(chosen: Array, rows: Rows, asked: Array, said: Array, world: World, st: Structure) -> tuple[Array, Array]:
    """What took effect and what was refused, [N + 1, world] each. A partner that does not decide agrees as it leans."""
    yes = asked * (said == 0)
    enacted = chosen.at[rows.index].set(yes)
    consenting = np.array([st.scenario.instruments[r.instrument].consent for r in st.rows])
    silent = np.flatnonzero(consenting & (st.row_target_dec < 0) & (st.row_target >= 0))
    if len(silent):
        own = st.pole[st.row_seat[silent]]
        willing = world.influence.government[own, st.row_target[silent]] > CONSENTING
        enacted = enacted.at[silent].multiply(willing.astype(chosen.dtype))
    refused = jnp.zeros_like(chosen).at[rows.index].set(asked * (said == 1))
    none = jnp.zeros_like(chosen[:1])
    return jnp.concatenate([enacted, none]), jnp.concatenate([refused, none])


def due_meetings(world: World, st: Structure) -> Array:
    """1 where an agreed conference falls due, for the principal of each side, [2 I, world]."""
    q = world.issues.meeting
    due = ((q <= 1.0) & (q > 0.0)).astype(world.war.dtype)
    sides = [due * (st.principals[:, s] >= 0)[:, None] for s in (0, 1)]
    return jnp.concatenate(sides)


def meeting_names(st: Structure) -> tuple[str, ...]:
    """Addresses of the questions whether to attend, sides one after the other."""
    return tuple(f"{issue}:{side}" for side in ("+", "-") for issue in st.issues)


def due_deadlines(world: World, enacted: Array, st: Structure) -> Array:
    """1 where a deadline falls due and was not just moved or dropped, [K, world]."""
    q = world.issues
    own = [_rows_on(st, k, "extend-deadline", "withdraw-demand") for k in st.showdown]
    width = max(len(rows) for rows in own)
    table = np.array([np.pad(rows, (0, width - len(rows)), constant_values=len(st.rows)) for rows in own])
    touched = most(enacted[table], 1)
    due = (q.deadline[st.showdown] <= 1.0) & (most(q.demand[st.showdown], 1) > 0.5) & (touched < 0.5)
    return due.astype(world.war.dtype)


def _rows_on(st: Structure, issue: int, *instruments: str) -> np.ndarray:
    index = st.where(*instruments)
    own = index[st.row_issue[index] == issue]
    return own if len(own) else np.array([len(st.rows)])


def discoveries(world: World, event: Array, st: Structure) -> tuple[Pairs, Array]:
    """The hidden deployments that nature lets be found this month, [pair, world]."""
    author, host = secret_pairs(st)
    issue = st.host_issue[host]
    finder = st.dec[st.cen_dec[st.rival_centre[author]]]
    side = np.where(st.stake[st.showdown[np.maximum(issue, 0)], finder] > 0, 0, 1)
    found = event * (world.arsenals.hidden[author, host] > 0.5)
    return Pairs(pair_names(st), author, host, issue, side), found


class Forced(NamedTuple):
    """What fell due in a month, and how it was answered (the position of the answer)."""

    called: Array  # [2 I, world] conferences due, by side and issue
    attends: Array  # [2 I, world]
    due: Array  # [K, world] deadlines due
    dated: Array  # [K, world]
    pairs: Pairs
    found: Array  # [pair, world] hidden deployments found
    met: Array  # [pair, world]


def consequences(world: World, st: Structure, enacted: Array, forced: Forced, result: Outcome) -> Consequences:
    """Everything that mechanisms read about answers and ladders."""
    dtype, shape = world.war.dtype, world.war.shape
    n_i, n_d, n_a = len(st.issues), len(st.deciders), len(st.actors)
    options = _one_hot(forced.dated, 3, forced.due)
    deadline = jnp.zeros((n_i, 3, *shape), dtype).at[st.showdown].set(options)
    came, left = (
        jnp.swapaxes((forced.called * (forced.attends == answer)).reshape(2, n_i, *shape), 0, 1) for answer in (0, 1)
    )
    pair = forced.pairs.author, forced.pairs.host
    reply = jnp.zeros((n_d, n_a, 4, *shape), dtype).at[pair].set(_one_hot(forced.met, 4, forced.found))
    seen = jnp.zeros((n_d, n_a, *shape), dtype).at[pair].set(forced.found)

    lad = result.ladders
    gives = _given_up(lad)
    seat = jnp.asarray(_seats_of_ladders(st), dtype)
    over = jnp.asarray(st.showdown[None] == np.arange(n_i)[:, None], dtype)
    lapsed = options[:, 2][:, None] * world.issues.demand[st.showdown]
    return Consequences(
        deadline=deadline,
        attended=came,
        left=left,
        discovery=reply,
        found=seen,
        removed=_removed(world, st, seat, gives, lad.end[:, 2]),
        granted=granted_appeals(enacted, st),
        yielded=_by_seat(seat, gives),
        stood=_by_seat(seat, gives[:, ::-1]),
        deadline_dropped=_by_seat(seat, lapsed),
        ladder_heat=_heat(seat, lad.rung / 5.0),
        ladder_over=over @ (lad.opened * (jnp.abs(result.still) < 0.5)),
        ladder_open=result.still,
        ladder_rung=result.rung,
    )


def _one_hot(answer: Array, options: int, asked: Array) -> Array:
    """Answers as 0/1 [question, option, world], 0 where nothing was asked."""
    return (answer[:, None] == np.arange(options)[:, None]).astype(asked.dtype) * asked[:, None]


def _given_up(lad: Ladders) -> Array:
    """1 for the side, changing or keeping, that gave way on a ladder, [K, 2, world]."""
    one = (lad.challenger > 0).astype(lad.end.dtype)
    lost, won = lad.end[:, 0], lad.end[:, 1]
    return jnp.stack([one * lost + (1 - one) * won, one * won + (1 - one) * lost], axis=1)


def _by_seat(seat: Array, sides: Array) -> Array:
    """Whether anything marked by showdown and side [K, 2, world] concerns a seat, [D, world]."""
    return jnp.minimum(jnp.einsum("dks,ksw->dw", seat, sides), 1.0)


def _heat(seat: Array, height: Array) -> Array:
    """Height of the ladders a seat stands on, or three tenths of the highest that it watches, [D, world]."""
    own = jnp.einsum("dks,kw->dw", seat, height)
    return jnp.clip(jnp.maximum(own, 0.3 * most(height, 0)), 0.0, 1.0)


def _removed(world: World, st: Structure, seat: Array, gives: Array, settled: Array) -> Array:
    """Share of a seat's missiles with a host that a ladder takes away, [D, A, world].

    All where their author gave way or settled over that host; half of the others where a settlement about missiles
    trades them.
    """
    hosts = jnp.asarray(st.host_issue[:, None] == np.arange(len(st.showdown)), seat.dtype)
    local = jnp.einsum("dks,ksw,ak->daw", seat, jnp.maximum(gives, settled[:, None]), hosts)
    stationed = most(world.arsenals.hidden + jnp.minimum(world.arsenals.hosted, 1.0), 0)
    about_missiles = jnp.minimum(jnp.einsum("aw,ak->kw", stationed, hosts), 1.0)
    traded = jnp.einsum("dks,kw->dw", seat, settled * about_missiles)[:, None]
    return jnp.clip(jnp.maximum(local, 0.5 * traded), 0.0, 1.0)


def _seats_of_ladders(st: Structure) -> np.ndarray:
    """1 where a seat is the principal of a side of a showdown issue, [D, K, 2]."""
    return (st.principals[st.showdown][None] == np.arange(len(st.deciders))[:, None, None]).astype(float)


def granted_appeals(enacted: Array, st: Structure) -> Array:
    """Who granted whose appeal, [D, A, world]."""
    table = np.full((len(st.deciders), len(st.actors)), len(st.rows))
    for i in st.where("appeal"):
        table[st.row_target_dec[i], st.dec[st.row_seat[i]]] = i
    return enacted[table]


class Rows:
    """The rows of one family with static look-ups: seat s, target t (actor), issue k."""

    def __init__(self, st: Structure, index: np.ndarray) -> None:
        self.st, self.index = st, index
        self.s, self.t, self.k = st.row_seat[index], st.row_target[index], st.row_issue[index]
        self.td = st.row_target_dec[index]
        self.a = st.dec[self.s]
        self.tz, self.kz, self.tdz = np.maximum(self.t, 0), np.maximum(self.k, 0), np.maximum(self.td, 0)
        self.side = np.where(st.stake[self.kz, self.a] > 0, 0, 1)
        self.pole = st.pole[self.s]
        self.is_centre = np.isin(self.a, st.cen).astype(float)[:, None]
        self.friend = st.friends[self.s, self.tz][:, None]
        self.hostile = st.hostile[self.s, self.tz][:, None]

    def named(self, instrument: str) -> np.ndarray:
        """1 for the rows of one instrument, [n, 1]."""
        return np.array([float(self.st.rows[i].instrument == instrument) for i in self.index])[:, None]
