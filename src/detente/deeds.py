"""What was done in a month, gathered so that a mechanism can ask: who did this to whom, on what?"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.structure import Structure

LADDER_ENDS = ("challenger-backs-down", "defender-backs-down", "settled", "hold", "war")
"""How a ladder can end, from the challenger's side first; `hold` leaves it open."""


class Ladders(NamedTuple):
    """What came of the ladders of a month, by showdown issue."""

    opened: Array  # [K, world]
    challenger: Array  # [K, world] +1 where the changing side challenged, -1 the keeping side
    rung: Array  # [K, world] highest rung reached
    end: Array  # [K, 5, world] one-hot over LADDER_ENDS, all 0 where no ladder


class Deeds(NamedTuple):
    """Enacted rows, forced answers, events of nature and ladders of one month."""

    st: Structure
    enacted: Array  # [N + 1, world] 0/1, the last row zero
    refused: Array  # [N + 1, world] proposals turned down
    deadline: Array  # [I, 3, world] one-hot enforce, extend, drop where one fell due
    attended: Array  # [I, 2, world] agreed conferences held, by side
    left: Array  # [I, 2, world] ... and left
    discovery: Array  # [D, A, 4, world] answers to a discovery: accept, demand, blockade, strike
    nature: dict[str, Array]
    ladders: Ladders

    def to(self, *instruments: str) -> Array:
        """Who did this to whom, [D, A, world]."""
        return _sum(self.enacted, self.st, instruments, "target", len(self.st.actors))

    def on(self, *instruments: str) -> Array:
        """Who did this on what issue, [D, I, world]."""
        return _sum(self.enacted, self.st, instruments, "issue", len(self.st.issues))

    def own(self, *instruments: str) -> Array:
        """Who did this, [D, world]."""
        return _sum(self.enacted, self.st, instruments, "none", 1)[:, 0]

    def refusals(self, *instruments: str) -> Array:
        """Whose proposal was refused by whom, [D, A, world]."""
        return _sum(self.refused, self.st, instruments, "target", len(self.st.actors))

    @property
    def pressure(self) -> Array:
        """Pressure of each seat on each actor, louder deeds weighing more, [D, A, world]."""
        return self.weighed(self.st.coordinate("pressure") * (0.5 + 0.5 * self.st.coordinate("publicity")))

    @property
    def conciliation(self) -> Array:
        """Conciliation of each seat towards each actor, louder deeds weighing more, [D, A, world]."""
        return self.weighed(self.st.coordinate("conciliation") * (0.5 + 0.5 * self.st.coordinate("publicity")))

    @property
    def alarm(self) -> Array:
        """Pressure that is addressed to nobody by name (boasts, tests, armament), [D, world]."""
        rows = np.where(self.st.row_target < 0, self.st.coordinate("pressure"), 0.0)
        return jnp.stack([jnp.asarray(rows[s], self.enacted.dtype) @ self.enacted[s] for s in self.st.seat_rows])

    def refused_by_seat(self) -> Array:
        """How many proposals of each seat were turned down, [D, world]."""
        return jnp.stack([self.refused[rows].sum(axis=0) for rows in self.st.seat_rows])

    def weighed(self, coordinate: np.ndarray) -> Array:
        """Sum of a coordinate over what each seat did to each actor, [D, A, world]."""
        st = self.st
        cells = np.where(st.row_target >= 0, st.row_seat * len(st.actors) + st.row_target, -1)
        out = []
        for d, rows in enumerate(st.seat_rows):
            inside = (cells[rows][None, :] == (d * len(st.actors) + np.arange(len(st.actors)))[:, None]) * coordinate[rows]
            out.append(jnp.asarray(inside, self.enacted.dtype) @ self.enacted[rows])
        return jnp.stack(out)


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
