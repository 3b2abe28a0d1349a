"""Counts over all worlds of an ensemble, made in one pass: moves, crises, who is in office."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.deeds import LADDER_ENDS
from detente.lab.ensemble import Ensemble
from detente.lab.tables import until_war
from detente.ladder.tree import LINE_END
from detente.report.annals import in_office
from detente.scenario import MONTHS, Scenario
from detente.seats.record import row_of
from detente.structure import Structure

Floats = NDArray[np.float64]
CHUNK = 512
"""Worlds counted at a time."""


@dataclass(frozen=True)
class Tally:
    """What the worlds did, as means and shares."""

    worlds: int
    row_mean: Floats  # [N] times a world
    row_share: Floats  # [N] share of worlds in which it is done at all
    ladders: Floats  # [month, K, end] mean number
    ladder_share: Floats  # [K] share of worlds with a crisis on the issue
    office: Floats  # [month, D, L] share of worlds, leader in office at the end of the month
    ever: Floats  # [D, L] share of worlds in which a person is ever in office
    changes: Floats  # [world, D] changes of leader
    war: float


def pieces(ensemble: Ensemble) -> Iterator[dict[str, NDArray[Any]]]:
    """The decisions of some worlds at a time, with the months after war taken out."""
    for first in range(0, ensemble.worlds, CHUNK):
        cut = slice(first, min(first + CHUNK, ensemble.worlds))
        yield until_war(
            {
                "moves": np.asarray(ensemble.moves[cut]),
                "ladder": np.asarray(ensemble.trace["ladder"][cut]),
                "heirs": np.asarray(ensemble.trace["successor"][cut]),
            }
        )


def tally(ensemble: Ensemble) -> Tally:
    """Count everything once."""
    st: Structure = ensemble.structure
    months, n = ensemble.months, len(st.rows)
    total, worlds_with = np.zeros(n), np.zeros(n)
    ladders = np.zeros((months, len(st.showdown), len(LADDER_ENDS)))
    crises = np.zeros(len(st.showdown))
    office = np.zeros((months, len(st.deciders), st.n_leaders))
    ever = np.zeros((len(st.deciders), st.n_leaders))
    changes, war = [], 0
    for piece in pieces(ensemble):
        done = piece["moves"].reshape(len(piece["moves"]), -1).astype(np.int64)
        total += np.bincount(done.ravel() + 1, minlength=n + 1)[1:]
        seen = np.zeros((len(done), n + 1), dtype=bool)
        seen[np.arange(len(done))[:, None], done] = True
        worlds_with += seen[:, :n].sum(axis=0)
        end = np.where(piece["ladder"] >= 0, LINE_END[piece["ladder"]], -1)
        ladders += np.stack([(end == e).sum(axis=0) for e in range(len(LADDER_ENDS))], axis=-1)
        crises += (piece["ladder"] >= 0).any(axis=1).sum(axis=0)
        war += int((end == LADDER_ENDS.index("war")).any(axis=(1, 2)).sum())
        who = in_charge(piece["heirs"], st)
        office += np.stack([(who == person).sum(axis=0) for person in range(st.n_leaders)], axis=-1)
        ever += np.stack([(who == person).any(axis=1).sum(axis=0) for person in range(st.n_leaders)], axis=-1)
        changes.append((piece["heirs"] >= 0).sum(axis=1).astype(float))
    w = ensemble.worlds
    return Tally(
        w, total / w, worlds_with / w, ladders / w, crises / w, office / w, ever / w, np.concatenate(changes), war / w
    )


def in_charge(heirs: NDArray[Any], st: Structure) -> NDArray[np.int64]:
    """Who is in office, [world, month, D]: the last to have followed."""
    months = np.arange(heirs.shape[1])[None, :, None]
    at = np.maximum.accumulate(np.where(heirs >= 0, months, -1), axis=1)
    held = np.take_along_axis(heirs, np.maximum(at, 0), axis=1)
    return np.where(at >= 0, held, st.opening_leader[None, None, :]).astype(np.int64)


def pressure(per_row: Floats, st: Structure) -> Floats:
    """Pressure of each seat on each actor, [D, A]: moves weighed by what they press with."""
    out = np.zeros((len(st.deciders), len(st.actors)))
    aimed = st.row_target >= 0
    np.add.at(out, (st.row_seat[aimed], st.row_target[aimed]), (per_row * st.coordinate("pressure"))[aimed])
    return out


def recorded_rows(scenario: Scenario, st: Structure, months: int = MONTHS) -> Floats:
    """How often each row was done in the record, [N]."""
    out = np.zeros(len(st.rows))
    for event in scenario.chronicle:
        if event.instrument and event.month < months:
            out[row_of(event, st)] += 1
    return out


def recorded_holder(scenario: Scenario, seat: str, month: int) -> str:
    """Who held office in the record in a month."""
    held = [who for since, who in in_office(scenario, seat) if since <= month]
    return held[-1] if held else next(p.id for p in scenario.actors[seat].leader if p.opening)
