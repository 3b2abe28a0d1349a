"""What was done in a month, gathered so that a mechanism can ask who did this to whom, and on what."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.structure import Structure, to_actors

LADDER_ENDS = ("challenger-backs-down", "defender-backs-down", "settled", "hold", "war")
"""How a ladder can end, from the challenger's side first; `hold` leaves it open."""


class Ladders(NamedTuple):
    """What came of the ladders of a month, by showdown issue."""

    opened: Array  # [K, world]
    challenger: Array  # [K, world] +1 where the changing side challenged, -1 the keeping side
    rung: Array  # [K, world] highest rung reached
    end: Array  # [K, 5, world] one-hot over LADDER_ENDS, all 0 where no ladder


class Consequences(NamedTuple):
    """What came of a month's forced answers and ladders."""

    deadline: Array  # [I, 3, world] one-hot enforce, extend, drop where one fell due
    attended: Array  # [I, 2, world] agreed conferences held, by side
    left: Array  # [I, 2, world] ... and left
    discovery: Array  # [D, A, 4, world] answers to a discovery, by author and host: accept, demand, blockade, strike
    found: Array  # [D, A, world] hidden deployments found, by author and host
    removed: Array  # [D, A, world] share of the missiles with a host that a ladder takes away
    granted: Array  # [D, A, world] who granted whose appeal
    yielded: Array  # [D, world] gave way on a ladder
    stood: Array  # [D, world] saw the other give way
    deadline_dropped: Array  # [D, world] let an own deadline pass
    ladder_heat: Array  # [D, world] how high the ladders went that a seat was on or watched, 0-1
    ladder_over: Array  # [I, world] a ladder ended
    ladder_open: Array  # [K, world] signed: a ladder carried into the next month
    ladder_rung: Array  # [K, world] its rung


@dataclass(frozen=True)
class Deeds:
    """Enacted rows, what came of forced answers and ladders, and events of nature of one month."""

    st: Structure
    enacted: Array  # [N + 1, world] 0/1, the last row zero
    refused: Array  # [N + 1, world] proposals turned down
    after: Consequences
    nature: dict[str, Array]  # events by kind, as nature's Omens reads them
    ladders: Ladders
    sums: dict[tuple[str, tuple[str, ...]], Array] = field(default_factory=dict)

    def to(self, *instruments: str) -> Array:
        """Who did this to whom, [D, A, world]."""
        return self._once("target", instruments, len(self.st.actors))

    def on(self, *instruments: str) -> Array:
        """Who did this on what issue, [D, I, world]."""
        return self._once("issue", instruments, len(self.st.issues))

    def own(self, *instruments: str) -> Array:
        """Who did this, [D, world]."""
        return self._once("none", instruments, 1)[:, 0]

    def _once(self, axis: str, instruments: tuple[str, ...], size: int) -> Array:
        """Each sum is made once a month, whoever asks for it again."""
        key = (axis, instruments)
        if key not in self.sums:
            self.sums[key] = _sum(self.enacted, self.st, instruments, axis, size)
        return self.sums[key]

    def refusals(self, *instruments: str) -> Array:
        """Whose proposal was refused by whom, [D, A, world]."""
        return _sum(self.refused, self.st, instruments, "target", len(self.st.actors))

    @cached_property
    def flows(self) -> Array:
        """What each seat did, summed over its rows by coordinate.

        [D, coordinate × target, world] in one product a seat.
        """
        return jnp.stack(
            [
                jnp.asarray(table, self.enacted.dtype) @ self.enacted[rows]
                for table, rows in zip(flow_tables(self.st), self.st.seat_rows, strict=True)
            ]
        )

    def _flow(self, n: int) -> Array:
        a = len(self.st.actors)
        return self.flows[:, n * a : (n + 1) * a]

    @property
    def pressure(self) -> Array:
        """Pressure of each seat on each actor, louder deeds weighing more, [D, A, world]."""
        return self._flow(0)

    @property
    def conciliation(self) -> Array:
        """Conciliation of each seat towards each actor, louder deeds weighing more, [D, A, world]."""
        return self._flow(1)

    @property
    def costly(self) -> Array:
        """Conciliation weighed by what it costs its author, [D, A, world]."""
        return self._flow(2)

    @property
    def firm(self) -> Array:
        """Pressure weighed by how far it ties its author's hands, [D, A, world]."""
        return self._flow(3)

    @property
    def agreed(self) -> Array:
        """Conciliation that lies in consent: who accepted what another proposed did it too, [D, A, world]."""
        return to_actors(self.st, jnp.swapaxes(self._flow(4)[:, self.st.dec], 0, 1), axis=1)

    @property
    def alarm(self) -> Array:
        """Pressure that is addressed to nobody by name (boasts, tests, armament), [D, world]."""
        return self.flows[:, 5 * len(self.st.actors)]

    @property
    def words(self) -> Array:
        """Commitment taken on in public on each issue, [D, I, world]."""
        return self.flows[:, 5 * len(self.st.actors) + 1 :]

    def gave_back(self, missiles: Array) -> Array:
        """Who took missiles away from a host in the open by a settlement, not having given way, [D, world] 0/1.

        missiles: with hosts, [D, A, world]. Those traded elsewhere in secret are a share and do not count.
        """
        open_ = jnp.floor(jnp.clip(self.after.removed, 0.0, 1.0)) * jnp.minimum(missiles, 1.0)
        return open_.max(axis=1) * (1.0 - self.after.yielded)

    def refused_by_seat(self) -> Array:
        """How many proposals of each seat were turned down, [D, world]."""
        return jnp.stack([self.refused[rows].sum(axis=0) for rows in self.st.seat_rows])


@lru_cache(maxsize=8)
def flow_tables(st: Structure) -> tuple[np.ndarray, ...]:
    """For each seat, the static table [coordinate × target, rows] behind `Deeds.flows`."""
    c = st.coordinate
    loud = 0.5 + 0.5 * c("publicity")
    asked = np.array([float(st.scenario.instruments[row.instrument].consent) for row in st.rows])
    by_target = (
        c("pressure") * loud,
        c("conciliation") * loud,
        c("conciliation") * 0.5 * (c("finality") + c("commitment")),
        c("pressure") * c("commitment"),
        c("conciliation") * loud * asked,
    )
    tied = c("commitment") * c("publicity") * (c("pressure") > 0)
    out = []
    for rows in st.seat_rows:
        target = st.row_target[rows][None] == np.arange(len(st.actors))[:, None]
        issue = st.row_issue[rows][None] == np.arange(len(st.issues))[:, None]
        nobody = (st.row_target[rows] < 0) * c("pressure")[rows]
        out.append(np.concatenate([*(target * x[rows] for x in by_target), nobody[None], issue * tied[rows]]))
    return tuple(out)


def _sum(enacted: Array, st: Structure, instruments: tuple[str, ...], axis: str, size: int) -> Array:
    """Add rows into [D, size] by static gathers: each layer holds at most one row a cell."""
    key = {"target": st.row_target, "issue": st.row_issue, "none": np.zeros(len(st.rows), dtype=int)}[axis]
    layers: list[np.ndarray] = []
    for row in st.where(*instruments):
        if key[row] < 0:
            continue
        for layer in layers:
            if layer[st.row_seat[row], key[row]] == len(st.rows):
                break
        else:
            layer = np.full((len(st.deciders), size), len(st.rows))
            layers.append(layer)
        layer[st.row_seat[row], key[row]] = row
    out = jnp.zeros((len(st.deciders), size, enacted.shape[-1]), enacted.dtype)
    for layer in layers:
        out = out + enacted[layer]
    return out
