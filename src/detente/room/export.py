"""An exercise as one file, and back: the whole log, tables in the form of ensembles, and a manifest."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from detente.lab.tables import Tables
from detente.resume import Answers
from detente.room.deeds import TRACE
from detente.room.exercise import Exercise
from detente.room.setup import RoomError
from detente.room.store import Entry
from detente.scenario import MONTHS, month_name

FORMAT = 1
LARGEST = 256 * 2**20
"""Most bytes that an exercise may have unpacked."""
RENAMED = {"said": "consent", "successor": "succession", "moves": "rows"}


def packed(ex: Exercise, *, letters: bool = True) -> bytes:
    """The exercise as a ZIP; letters can be left out."""
    log = [e for e in ex.log if letters or e.kind != "letter"]
    seen = ex.store.seen(ex.id)
    if not letters:
        seen = [row | {"data": row["data"] | {"letters": []}} for row in seen]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("manifest.json", _json(manifest(ex, letters=letters)))
        file.writestr("log.json", _json([e._asdict() for e in log]))
        file.writestr("shown.json", _json(seen))
        if ex.readable:
            for name, text in tables(ex).items():
                file.writestr(name, text)
    return out.getvalue()


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def manifest(ex: Exercise, *, letters: bool = True) -> dict[str, Any]:
    """What the file holds, and from what it can be played again."""
    return {
        "format": FORMAT,
        "kind": "exercise",
        "version": version("detente"),
        "model": ex.version,
        "scenario": ex.kernel.scenario.name,
        "seed": ex.setup.seed,
        "worlds": 1,
        "setup": ex.setup.model_dump(),
        "months": [{"month": month_name(m.month), "digest": m.digest} for m in ex.state.months],
        "ended": ex.state.ended,
        "letters": letters,
        "parent": ex.parent,
    }


def tables(ex: Exercise) -> dict[str, str]:
    """Moves, events of nature, forced answers and series as CSV, in the columns of ensembles."""
    none = [_blank(ex.kernel.none)] * ex.setup.first
    past = [*none, *(m.answers for m in ex.state.months)]
    out = {"series.csv": series(ex)}
    if not ex.state.months:
        return out
    arrays: dict[str, Any] = {
        name: np.stack([np.asarray(getattr(month, RENAMED.get(name, name))) for month in past])[None]
        for name in (*TRACE, "moves")
    }
    with tempfile.TemporaryDirectory() as folder:
        with Tables(ex.st, Path(folder)) as writers:
            writers.add(0, arrays)
        for path in sorted(Path(folder).glob("*.parquet")):
            raw = io.BytesIO()
            table = pq.read_table(path)
            pacsv.write_csv(table.cast(_flat(table.schema)), raw)
            out[f"{path.stem}.csv"] = raw.getvalue().decode("utf-8")
    return out


def _flat(schema: Any) -> Any:
    import pyarrow as pa

    fields = [pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in schema]
    return pa.schema(fields)


def _blank(none: Answers) -> Answers:
    """A month in which nothing was decided."""
    parts: dict[str, Any] = {
        name: np.full(np.shape(value), 0 if name == "nature" else -1, np.int32)
        for name, value in none._asdict().items()
    }
    return Answers(**parts)


def series(ex: Exercise) -> str:
    """The named series at the end of every month, one row a month and series."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["world", "month", "series", "value"])
    for month, values in zip(ex.state.months, ex.series(), strict=True):
        for name, value in zip(ex.kernel.series.names, values, strict=True):
            writer.writerow([0, month_name(month.month), name, repr(float(np.float32(value)))])
    return out.getvalue()


def unpacked(blob: bytes) -> tuple[dict[str, Any], list[Entry], list[dict[str, Any]]]:
    """The manifest, the log and what was shown; a clear error where a file is none of ours."""
    try:
        with zipfile.ZipFile(io.BytesIO(blob)) as file:
            if sum(part.file_size for part in file.infolist()) > LARGEST:
                raise RoomError("size", "The exercise is too large.", "Файл учения слишком велик.")
            told = json.loads(file.read("manifest.json"))
            log = [Entry(**line) for line in json.loads(file.read("log.json"))]
            seen = json.loads(file.read("shown.json"))
        whole = told["kind"] == "exercise" and told["format"] == FORMAT and log[0].kind == "made"
        numbered = [e.number for e in log] == sorted({e.number for e in log})
    except (zipfile.BadZipFile, KeyError, IndexError, TypeError, ValueError) as error:
        what = type(error).__name__
        raise RoomError(
            "import", f"This is no exported exercise ({what}).", f"Это не выгруженное учение ({what})."
        ) from None
    if not (whole and numbered):
        raise RoomError(
            "import", "This is no exported exercise of this format.", "Это не выгруженное учение этого формата."
        )
    if not 0 <= log[-1].month <= MONTHS:
        raise RoomError("import", "The log names no month of the span.", "Журнал называет месяц вне промежутка.")
    return told, log, seen
