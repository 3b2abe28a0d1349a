"""Which menu rows the World allows this month: only what is public, or the author's own."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.structure import Structure
from detente.world import NEVER, World

CONSENTING = 0.5
"""Leaning from which a host or a non-deciding partner agrees."""
AWAY = 0.25
"""Lead of one centre over its rival in a host's leaning from which the host takes missiles in secret."""
SATISFIED = 0.15
"""Part of an issue still wanting to a side from which it presses for more, unless the other side demands."""
RENEWED = 0.1
"""Recent use below which an old deed may be done again."""


FORGOTTEN = 0.01
"""Recent use below which relations may be opened or broken off once more: some five years."""


def allowed(world: World, st: Structure) -> Array:
    """1 where a row may be chosen, [N, world]."""
    parts, order = [], []
    for instrument in st.instruments:
        index = st.where(instrument)
        if len(index):
            rule = RULES.get(instrument)
            parts.append(
                rule(world, st, index).astype(world.war.dtype)
                if rule
                else jnp.ones((len(index), *world.war.shape), world.war.dtype)
            )
            order.append(index)
    free = jnp.concatenate(parts)[np.argsort(np.concatenate(order))]
    awaited = np.array([st.awaited[k] if row.issue else 0.0 for row, k in zip(st.rows, st.row_issue, strict=True)])
    return free * (world.influence.independent >= awaited[:, None])


def _seat(st: Structure, index: np.ndarray) -> np.ndarray:
    return st.dec[st.row_seat[index]]


def _side(st: Structure, index: np.ndarray) -> np.ndarray:
    return np.where(st.stake[st.row_issue[index], _seat(st, index)] > 0, 0, 1)


def _centre(st: Structure, actors: np.ndarray) -> np.ndarray:
    cen = list(st.cen)
    return np.array([cen.index(a) if a in cen else -1 for a in actors])


def _pole(st: Structure, index: np.ndarray) -> np.ndarray:
    return st.pole[st.row_seat[index]]


def _can_demand(w: World, st: Structure, i: np.ndarray) -> Array:
    k = st.row_issue[i]
    return (w.issues.demand[k, _side(st, i)] < 0.5) & (w.issues.treaty[k] < 0.5) & _wanting(w, st, i)


def _wanting(w: World, st: Structure, i: np.ndarray) -> Array:
    """Something is left to win on the issue, or to keep from the other side that demands it."""
    k, side = st.row_issue[i], _side(st, i)
    gap = jnp.where(((side == 0) | (st.about[k] >= 0))[:, None], 1.0 - w.issues.status[k], w.issues.status[k])
    return (gap > SATISFIED) | (w.issues.demand[k, 1 - side] > 0.5)


def _can_extend(w: World, st: Structure, i: np.ndarray) -> Array:
    k = st.row_issue[i]
    return (w.issues.demand[k, _side(st, i)] > 0.5) & (w.issues.deadline[k] < NEVER)


def _has_demand(w: World, st: Structure, i: np.ndarray) -> Array:
    return w.issues.demand[st.row_issue[i], _side(st, i)] > 0.5


def _unsettled(w: World, st: Structure, i: np.ndarray) -> Array:
    """No settlement stands; and a dispute about a government is one."""
    k = st.row_issue[i]
    idle = jnp.asarray(st.about[k] >= 0)[:, None] & (w.issues.status[k] > 1.0 - SATISFIED)
    return (w.issues.treaty[k] < 0.5) & ~idle


def _no_meeting(w: World, st: Structure, i: np.ndarray) -> Array:
    return w.issues.meeting[st.row_issue[i]] >= NEVER


def _has_bomb(w: World, st: Structure, i: np.ndarray) -> Array:
    return w.arsenals.bomb[_seat(st, i)] > 0.5


def _may_stop_tests(w: World, st: Structure, i: np.ndarray) -> Array:
    return _has_bomb(w, st, i) & (w.issues.moratorium[st.row_seat[i]] < 0.5)


def _not_taken(w: World, st: Structure, i: np.ndarray) -> Array:
    """The recipient does not lean to the other side's centre."""
    lean, n = w.influence.government[:, st.row_target[i]], np.arange(len(i))
    return lean[st.rival_centre[st.row_seat[i]], n] <= CONSENTING


def _host_willing(w: World, st: Structure, i: np.ndarray) -> Array:
    lean = w.influence.government[_pole(st, i), st.row_target[i]]
    free = w.arsenals.hosted[st.row_seat[i], st.row_target[i]] + w.arsenals.hidden[st.row_seat[i], st.row_target[i]]
    rockets = (w.arsenals.icbm_age > 0)[_seat(st, i)] | (w.arsenals.h_bomb[_seat(st, i)] > 0.5)
    return (lean > CONSENTING) & (free < 0.5) & rockets


def _host_exposed(w: World, st: Structure, i: np.ndarray) -> Array:
    """In secret also a host that leans to nobody wholly, but clearly away from the rival."""
    lean, n = w.influence.government[:, st.row_target[i]], np.arange(len(i))
    own, rival = lean[_pole(st, i), n], lean[st.rival_centre[st.row_seat[i]], n]
    return (
        ((own > CONSENTING) | (own - rival > AWAY))
        & (_missiles(w, st, i) < 0.5)
        & (w.arsenals.icbm_age[_seat(st, i)] > 0)
    )


def _missiles(w: World, st: Structure, i: np.ndarray) -> Array:
    return w.arsenals.hosted[st.row_seat[i], st.row_target[i]] + w.arsenals.hidden[st.row_seat[i], st.row_target[i]]


def _member(st: Structure, i: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    to_centre = _centre(st, st.row_target[i])
    return np.where(to_centre >= 0, to_centre, _centre(st, _seat(st, i))), np.where(
        to_centre >= 0, _seat(st, i), st.row_target[i]
    )


def _not_allied(w: World, st: Structure, i: np.ndarray) -> Array:
    """Not bound already, or long ago; and to no centre of an opposed camp, since treaties of both camps forbid it."""
    centre, member = _member(st, i)
    opposed = jnp.asarray(st.hostile[st.cen_dec][:, st.cen][centre], w.war.dtype)  # [row, P]
    bound = jnp.einsum("np,pnw->nw", opposed, w.bloc.alliance[:, member])
    return ((w.bloc.alliance[centre, member] < 0.5) | (w.home.fatigue[i] < RENEWED)) & (bound < 0.5)


def _allied(w: World, st: Structure, i: np.ndarray) -> Array:
    centre, member = _member(st, i)
    return w.bloc.alliance[centre, member] > 0.5


def _garrisoned(w: World, st: Structure, i: np.ndarray) -> Array:
    return (w.bloc.garrison[st.row_seat[i], st.row_target[i]] > 0.5) | (_missiles(w, st, i) > 0.05)


def _dependent(w: World, st: Structure, i: np.ndarray) -> Array:
    return w.bloc.dependence[_pole(st, i), st.row_target[i]] + w.bloc.experts[_pole(st, i), st.row_target[i]] > 0.05


def _advised(w: World, st: Structure, i: np.ndarray) -> Array:
    return w.bloc.experts[_pole(st, i), st.row_target[i]] > 0.05


def _pupil(w: World, st: Structure, i: np.ndarray) -> Array:
    a, pupil = w.arsenals, st.row_target[i]
    return _has_bomb(w, st, i) & ((a.h_bomb[pupil] < 0.5) | (a.icbm_age[pupil] <= 0))


def _open_border(w: World, st: Structure, i: np.ndarray) -> Array:
    return w.issues.closed[_seat(st, i)] < 0.5


def _some_trade(w: World, st: Structure, i: np.ndarray) -> Array:
    return w.issues.embargo[st.row_seat[i], st.row_target[i]] < 0.95


def _some_embargo(w: World, st: Structure, i: np.ndarray) -> Array:
    return w.issues.embargo[st.row_seat[i], st.row_target[i]] > 0.02


def _undone(w: World, st: Structure, i: np.ndarray) -> Array:
    return w.home.fatigue[i] < FORGOTTEN


def _unused(w: World, st: Structure, i: np.ndarray) -> Array:
    return w.home.fatigue[i] < 0.5


def _orbit(w: World, st: Structure, i: np.ndarray) -> Array:
    return w.arsenals.satellite_age[_seat(st, i)] > 0


def _something_to_disclose(w: World, st: Structure, i: np.ndarray) -> Array:
    return w.arsenals.icbm_age[st.row_target[i]] > 0


def _published(w: World, st: Structure, i: np.ndarray) -> Array:
    return (w.home.unpublished[st.row_seat[i]] < 0.5) | _unused(w, st, i)


def _peaceful(w: World, st: Structure, i: np.ndarray) -> Array:
    at = np.array([list(st.showdown).index(k) if k in st.showdown else -1 for k in st.row_issue[i]])
    quiet = (jnp.abs(w.issues.open[np.maximum(at, 0)]) < 0.5) | jnp.asarray(at < 0)[:, None]
    return quiet & _wanting(w, st, i)


RULES = {
    "demand": _can_demand,
    "ultimatum": _can_demand,
    "extend-deadline": _can_extend,
    "withdraw-demand": _has_demand,
    "treaty": _unsettled,
    "conference": _no_meeting,
    "summit-conference": _no_meeting,
    "moratorium": _may_stop_tests,
    "test-series": _has_bomb,
    "boast": _has_bomb,
    "massive-retaliation": _has_bomb,
    "flexible-response": _has_bomb,
    "build-missiles": _has_bomb,
    "station-missiles": _host_willing,
    "deploy-secretly": _host_exposed,
    "alliance": _not_allied,
    "leave-alliance": _allied,
    "withdraw-forces": _garrisoned,
    "cut-aid": _dependent,
    "withdraw-experts": _advised,
    "arms": _not_taken,
    "nuclear-aid": _pupil,
    "end-nuclear-aid": _pupil,
    "close-border": _open_border,
    "embargo": _some_trade,
    "trade": _some_embargo,
    "recognise": _undone,
    "break-relations": _undone,
    "satellite": _orbit,
    "disclose": _something_to_disclose,
    "criticise-past": _published,
    "show-force": _peaceful,
}
"""Instruments with a condition on the World; the others are always open."""
