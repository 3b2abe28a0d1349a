"""What happened in an exercise, month by month, and who may know of it."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from detente.report.annals import Deed, simulated
from detente.resume import Answers
from detente.room.rules import rules
from detente.structure import Structure

FLOWS = ("open", "close")
"""Operations on a flow, of which both of its ends know."""


class Known(NamedTuple):
    """A deed, and who knows of it: everybody, or only these seats."""

    deed: Deed
    public: bool
    seats: tuple[str, ...]

    def by(self, seat: str) -> bool:
        """Whether a seat may know of it."""
        return self.public or seat in self.seats


def of(st: Structure, past: Sequence[Answers], since: int) -> list[Known]:
    """The deeds from a month on, of a world whose every month since January 1953 is told."""
    if not past:
        return []
    arrays = {name: np.stack([np.asarray(getattr(m, name)) for m in past])[None] for name in Answers._fields}
    renamed = {"said": "consent", "successor": "succession"}
    trace = {name: arrays[renamed.get(name, name)] for name in TRACE}
    world: Any = SimpleNamespace(
        structure=st, scenario=st.scenario, moves=arrays["rows"], trace=trace, series={}, months=len(past)
    )
    return [known(st, deed) for deed in simulated(world, 0) if deed.month >= since]


TRACE = ("said", "nature", "successor", "meeting", "deadline", "discovery", "ladder")
"""What the reader of a simulated world needs besides moves."""


def known(st: Structure, deed: Deed) -> Known:
    """Who may know of a deed: all, unless it is hidden or too quiet; then its author, and the other end of a flow."""
    if deed.kind != "deed":
        return Known(deed, public=True, seats=())
    instrument = st.scenario.instruments[deed.path[-1]]
    if not instrument.hidden and instrument.publicity >= rules(st.scenario).public_from.value:
        return Known(deed, public=True, seats=())
    ends = [deed.actor, *([deed.target] if instrument.operation in FLOWS else [])]
    return Known(deed, public=False, seats=tuple(dict.fromkeys(ends)))
