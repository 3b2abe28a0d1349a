"""The decisions of an ensemble as tidy tables: one row a move, an event of nature, a forced answer."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from detente import answers, nature
from detente.deeds import LADDER_ENDS
from detente.ladder.tree import LINE_END, LINES
from detente.scenario import ANSWERS, MONTHS, month_name
from detente.structure import Structure

Arrays = dict[str, NDArray[Any]]
WAR = LADDER_ENDS.index("war")
ROWS_IN_MEMORY = 2**19
"""Rows of a table that are written at once."""
FORCED = ("succession", "meeting", "deadline", "discovery", "ladder")
"""Forced Decisions in the table `forced` (consent stands beside the move, as `accepted`)."""


def alive(ladder: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a world still goes on, [world, month]: the month in which a ladder ends in war is the last."""
    war = ((ladder >= 0) & (LINE_END[ladder] == WAR)).any(axis=2)
    before = np.cumsum(war, axis=1) - war
    return np.asarray(before == 0)


def until_war(arrays: Arrays) -> Arrays:
    """The same decisions with those of months after war taken out."""
    lives = alive(arrays["ladder"])
    out = {}
    for name, array in arrays.items():
        if array.ndim < 3:
            out[name] = array
            continue
        keep = lives.reshape(*lives.shape, *([1] * (array.ndim - 2)))
        out[name] = np.where(keep, array, np.array(0 if name == "nature" else -1, dtype=array.dtype))
    return out


def forced_names(st: Structure, kind: str) -> list[str]:
    """What a forced Decision was about, in the order of its array."""
    showdown = [st.issues[k] for k in st.showdown]
    return {
        "succession": list(st.deciders),
        "meeting": list(answers.meeting_names(st)),
        "deadline": showdown,
        "discovery": list(nature.pair_names(st)),
        "ladder": showdown,
    }[kind]


def _words(codes: NDArray[Any], words: list[str]) -> pa.DictionaryArray:
    """Words by number; a number below zero is no word."""
    index = pa.array(codes.astype(np.int16), mask=np.asarray(codes < 0))
    return pa.DictionaryArray.from_arrays(index, pa.array(words, type=pa.string()))


class Tables:
    """Writers of the three tables, fed chunk by chunk; the files appear when all is written."""

    def __init__(self, st: Structure, folder: Path) -> None:
        self.st, self.folder = st, folder
        self.writers: dict[str, pq.ParquetWriter] = {}
        self.months = [month_name(m) for m in range(MONTHS)]
        self.consent = np.full(len(st.rows), -1)
        self.consent[answers.consent_rows(st)] = np.arange(len(answers.consent_rows(st)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for name, writer in self.writers.items():
            part = self.folder / f"{name}.parquet.part"
            try:
                writer.close()
                if kind is None:
                    part.replace(self.folder / f"{name}.parquet")
            finally:
                part.unlink(missing_ok=True)

    def add(self, first: int, arrays: Arrays) -> None:
        """Add the decisions of some worlds."""
        cut = until_war(arrays)
        self._moves(first, cut)
        world, month, event = np.nonzero(cut["nature"] > 0)
        words = list(nature.names(self.st).all)
        self._put("nature", self._when(first, world, month) | {"event": _words(event, words)})
        for kind in FORCED:
            self._forced(first, kind, cut["successor" if kind == "succession" else kind])

    def _when(self, first: int, world: NDArray[Any], month: NDArray[Any]) -> dict[str, Any]:
        return {"world": pa.array((first + world).astype(np.int32)), "month": _words(month, self.months)}

    def _moves(self, first: int, cut: Arrays) -> None:
        st, moves = self.st, cut["moves"]
        world, month, slot, _ = at = np.nonzero(moves >= 0)
        row = moves[at].astype(np.int64)
        b = self.consent[row]
        said = cut["said"][world, month, np.maximum(b, 0)]
        self._put(
            "moves",
            self._when(first, world, month)
            | {
                "seat": _words(st.row_seat[row], list(st.deciders)),
                "slot": pa.array(slot.astype(np.int8)),
                "instrument": _words(st.row_instrument[row], list(st.instruments)),
                "issue": _words(st.row_issue[row], list(st.issues)),
                "target": _words(st.row_target[row], list(st.actors)),
                "accepted": pa.array(np.asarray(said == 0), mask=np.asarray(b < 0)),
            },
        )

    def _forced(self, first: int, kind: str, array: NDArray[Any]) -> None:
        world, month, about = at = np.nonzero(array >= 0)
        answer = array[at].astype(np.int64)
        line: list[str | None] = [None] * len(answer)
        if kind == "ladder":
            line, answer = [" ".join(LINES[n].plays) for n in answer], LINE_END[answer]
        words = list(LADDER_ENDS) if kind == "ladder" else list(ANSWERS.get(kind, ()))
        if kind == "succession":
            words = sorted({person for seat in self.st.leaders for person in seat})
            known = np.array(
                [[words.index(p) for p in seat] + [-1] * (self.st.n_leaders - len(seat)) for seat in self.st.leaders]
            )
            answer = known[about, answer]
        self._put(
            "forced",
            self._when(first, world, month)
            | {
                "kind": pa.array([kind] * len(world), type=pa.string()),
                "about": _words(about, forced_names(self.st, kind)).cast(pa.string()),
                "answer": _words(answer, words).cast(pa.string()),
                "line": pa.array(line, type=pa.string()),
            },
        )

    def _put(self, name: str, columns: dict[str, Any]) -> None:
        table = pa.table(columns)
        if name not in self.writers:
            part = self.folder / f"{name}.parquet.part"
            self.writers[name] = pq.ParquetWriter(part, table.schema, compression="zstd")
        self.writers[name].write_table(table, row_group_size=ROWS_IN_MEMORY)
