"""Where an ensemble lies: in memory while it is small, in a folder when it is asked for or large.

A folder holds `manifest.json` (settings, and the digest once the run is whole), `blocks/` (one file a finished block,
until the run is whole), then `series.zarr`, `trace.zarr`, with `--keep world` also `world.zarr`, and the tidy tables
`moves.parquet`, `nature.parquet`, `forced.parquet`. Every file and folder is written under another name first and
renamed when it is whole, so a kill or a full disk leaves nothing that looks finished and is not.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import xarray as xr
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec

from detente.lab.tables import Tables
from detente.scenario import month_name
from detente.structure import Structure

Arrays = dict[str, NDArray[Any]]
"""Arrays of some worlds, the world axis first."""

CHUNK = 1024
"""Worlds in a chunk of the Zarr stores: many enough to read one series fast, few enough to convert in little memory."""
WORLD = "world."
"""Prefix of the arrays of a whole World in a block."""
FLOATS = ("series", "residual", "precision")
"""Arrays of a block that hold floats, besides those of a World."""


class RunError(Exception):
    """A run that cannot go on, or must not begin: one sentence for the person who asked for it."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn the system's refusals to write into one clear sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            said = f"The disk is full at {folder}: make room and give the same command again, finished blocks are kept."
        else:
            said = f"Cannot write to {folder}: {error.strerror or error}."
        raise RunError(said) from error


def put(path: Path, content: bytes) -> None:
    """Write a file so that it is either whole or not there."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def digest_of_worlds(arrays: Arrays) -> NDArray[np.uint8]:
    """What identifies each world, uint8 [world, 16]: a hash of the bytes of its series and of its moves."""
    out = [
        blake2b(one.tobytes() + two.tobytes(), digest_size=16).digest()
        for one, two in zip(arrays["series"].astype("<f4"), arrays["moves"].astype("<i2"), strict=True)
    ]
    return np.frombuffer(b"".join(out), dtype=np.uint8).reshape(-1, 16)


def digest(worlds: NDArray[np.uint8]) -> str:
    """The digest of an ensemble: a hash of its worlds' digests in the order of the worlds."""
    return blake2b(worlds.tobytes(), digest_size=32).hexdigest()


# ---- one block ----


def pack(arrays: Arrays) -> bytes:
    """A block as bytes: float arrays byte by byte in planes, since that is how they shrink."""
    planes = {name: _planes(a) if a.dtype == np.float32 else a for name, a in arrays.items()}
    raw = io.BytesIO()
    np.savez(raw, allow_pickle=False, **planes)
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(raw.getbuffer())
    return bytes(sink.getvalue().to_pybytes())


def unpack(content: bytes) -> Arrays:
    """The arrays of a block."""
    with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
        raw = io.BytesIO(stream.read())
    with np.load(raw, allow_pickle=False) as file:
        found = {name: file[name] for name in file.files}
    return {name: _floats(a) if name in FLOATS or name.startswith(WORLD) else a for name, a in found.items()}


def _planes(values: NDArray[Any]) -> NDArray[np.uint8]:
    flat = np.ascontiguousarray(values, dtype="<f4")
    return np.ascontiguousarray(np.moveaxis(flat.view(np.uint8).reshape(*flat.shape, 4), -1, 0))


def _floats(planes: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.ascontiguousarray(np.moveaxis(planes, 0, -1)).view("<f4")[..., 0]


# ---- stores ----


@dataclass
class Result:
    """What a store gives back when a run is whole."""

    series: xr.Dataset
    moves: Any
    trace: dict[str, Any]
    digest: str


def dataset(st: Structure, months: int, values: dict[str, Any]) -> xr.Dataset:
    """Named series with their labels: one variable a series, dimensions world and month."""
    data = xr.Dataset(
        {name: (("world", "month"), array, attributes(st, name)) for name, array in values.items()},
        coords={"month": [month_name(m) for m in range(months)]},
    )
    return data.assign_attrs(scenario=st.scenario.name)


def attributes(st: Structure, name: str) -> dict[str, str]:
    """What a series is called and in what unit it is."""
    entry = st.scenario.series[name]
    return {"long_name": entry.name.en, "long_name_ru": entry.name.ru, "units": entry.unit}


class Memory:
    """A store in memory, filled block by block."""

    def __init__(self, st: Structure, worlds: int, months: int, names: tuple[str, ...]) -> None:
        self.st, self.worlds, self.months, self.names = st, worlds, months, names
        self.kept: Arrays = {}
        self.digests = np.zeros((worlds, 16), dtype=np.uint8)

    def missing(self, block: int) -> list[int]:
        """First worlds of the blocks still to be computed."""
        return list(range(0, self.worlds, block))

    def add(self, first: int, arrays: Arrays) -> None:
        """Take a block."""
        n = len(arrays["moves"])
        for name, array in arrays.items():
            if name not in self.kept:
                self.kept[name] = np.empty((self.worlds, *array.shape[1:]), dtype=array.dtype)
            self.kept[name][first : first + n] = array
        self.digests[first : first + n] = digest_of_worlds(arrays)

    def finish(self) -> Result:
        """The whole run."""
        trace: dict[str, Any] = dict(self.kept)
        series, moves = trace.pop("series"), trace.pop("moves")
        named = {name: series[:, :, k] for k, name in enumerate(self.names)}
        return Result(dataset(self.st, self.months, named), moves, trace, digest(self.digests))


class Folder:
    """A store on disk: blocks first, converted to Zarr and Parquet when the last one is there."""

    def __init__(self, st: Structure, path: Path, manifest: dict[str, Any], names: tuple[str, ...]) -> None:
        self.st, self.path, self.manifest, self.names = st, path, manifest, names
        self.worlds, self.months = int(manifest["worlds"]), int(manifest["months"])
        self.block = int(manifest["block"])
        self.blocks = path / "blocks"

    def file(self, first: int) -> Path:
        """Where a block lies."""
        return self.blocks / f"{first:08d}.npz.zst"

    def missing(self, block: int) -> list[int]:
        """First worlds of the blocks that are neither on disk nor converted."""
        done = self._converted()
        return [k for k in range(0, self.worlds, block) if k >= done and not self.file(k).exists()]

    def add(self, first: int, arrays: Arrays) -> None:
        """Write a block, whole or not at all."""
        with writing(self.path):
            self.blocks.mkdir(parents=True, exist_ok=True)
            put(self.file(first), pack(arrays | {"digest": digest_of_worlds(arrays)}))

    def finish(self) -> Result:
        """Convert what is left, rename, and note the digest: the run is whole."""
        if not self.manifest.get("digest"):
            with writing(self.path):
                self._finish()
        return opened(self.st, self.path, self.manifest)

    def _finish(self) -> None:
        for first in range(self._converted(), self.worlds, self.per_chunk):
            self._convert(first, min(first + self.per_chunk, self.worlds))
        trace = _group(self._now("trace.zarr"), "r+")
        tables = Tables(self.st, self.path)
        with tables:
            for first in range(0, self.worlds, CHUNK):
                cut = slice(first, first + CHUNK)
                tables.add(first, {name: np.asarray(_array(trace, name)[cut]) for name in trace.array_keys()})
        found = digest(np.asarray(_array(trace, "digest")[:]))
        for part in sorted(self.path.glob("*.zarr.part")):
            part.replace(part.with_name(part.name.removesuffix(".part")))
        note(self.path, self.manifest | {"digest": found})
        self.manifest["digest"] = found
        shutil.rmtree(self.blocks, ignore_errors=True)

    @property
    def per_chunk(self) -> int:
        """Worlds converted at a time: whole blocks, near CHUNK."""
        return max(CHUNK // self.block, 1) * self.block

    def _now(self, name: str) -> Path:
        part = self.path / f"{name}.part"
        return part if part.exists() or not (self.path / name).exists() else self.path / name

    def _converted(self) -> int:
        """Worlds already in the Zarr stores."""
        if self.manifest.get("digest"):
            return self.worlds
        try:
            return int(json.loads((self.blocks / "converted.json").read_text(encoding="utf-8"))["worlds"])
        except (OSError, ValueError, KeyError):
            return 0

    def _convert(self, first: int, last: int) -> None:
        """Move some blocks into the Zarr stores; they are removed only when that is noted."""
        pieces: list[Arrays] = []
        for start in range(first, last, self.block):
            arrays = unpack(self.file(start).read_bytes())
            whole = {k: arrays.pop(k) for k in list(arrays) if k.startswith(WORLD)}
            self._lay("world.zarr", start, {k.removeprefix(WORLD): v for k, v in whole.items()}, self.block)
            pieces.append(arrays)
        joined = {name: np.concatenate([p[name] for p in pieces]) for name in pieces[0]}
        series = joined.pop("series")
        named = {name: np.ascontiguousarray(series[:, :, k]) for k, name in enumerate(self.names)}
        self._lay("series.zarr", first, named, self.per_chunk)
        self._lay("trace.zarr", first, joined, self.per_chunk)
        put(self.blocks / "converted.json", json.dumps({"worlds": last}).encode())
        for start in range(first, last, self.block):
            self.file(start).unlink(missing_ok=True)

    def _lay(self, name: str, first: int, arrays: Arrays, chunk: int) -> None:
        if not arrays:
            return
        path = self._now(name)
        path = path if path.exists() else self.path / f"{name}.part"
        group = _group(path, "a")
        if name == "series.zarr" and "month" not in group:
            _month_axis(group, self.months)
        for key, array in arrays.items():
            if key not in group:
                _create(
                    group, key, array, self.worlds, chunk, attributes(self.st, key) if name == "series.zarr" else {}
                )
            _array(group, key)[first : first + len(array)] = array


def _group(path: Path, mode: Any) -> zarr.Group:
    return zarr.open_group(str(path), mode=mode, zarr_format=3)


def _array(group: zarr.Group, name: str) -> Any:
    return group[name]


def _create(group: zarr.Group, name: str, like: NDArray[Any], worlds: int, chunk: int, attrs: dict[str, Any]) -> None:
    names = ["world", "month", *(f"{name}.{k}" for k in range(like.ndim - 2))]
    group.create_array(
        name,
        shape=(worlds, *like.shape[1:]),
        chunks=(min(chunk, worlds), *like.shape[1:]),
        dtype=like.dtype,
        compressors=BloscCodec(cname="zstd", clevel=3, shuffle="shuffle", typesize=like.dtype.itemsize),
        dimension_names=names if name != "digest" else ["world", "byte"],
        attributes=attrs,
    )


def _month_axis(group: zarr.Group, months: int) -> None:
    first = np.datetime64("1953-01-01")
    days = (np.arange("1953-01", months + np.datetime64("1953-01"), dtype="M8[M]").astype("M8[D]") - first).astype("i4")
    said: dict[str, Any] = {"units": "days since 1953-01-01", "calendar": "proleptic_gregorian"}
    axis = group.create_array("month", shape=(months,), dtype=np.int32, dimension_names=["month"], attributes=said)
    axis[:] = days


def opened(st: Structure, path: Path, manifest: dict[str, Any]) -> Result:
    """A whole run on disk, read only as far as it is asked for."""
    with writing(path):
        series = xr.open_zarr(path / "series.zarr", chunks=None, consolidated=False, decode_times=False)
        group = _group(path / "trace.zarr", "r")
    trace: dict[str, Any] = {name: group[name] for name in group.array_keys() if name != "digest"}
    named = series.assign_coords(month=[month_name(m) for m in range(manifest["months"])])
    return Result(named.assign_attrs(scenario=st.scenario.name), trace.pop("moves"), trace, manifest["digest"])


# ---- the manifest ----

FREE = ("devices", "digest", "worlds_per_second", "seconds", "block")
"""Entries in which a folder may differ from the settings with which it is gone on with."""


def note(path: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest."""
    put(path / "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=2).encode() + b"\n")


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a folder, or the file itself."""
    file = path / "manifest.json" if path.is_dir() else path
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"There is no manifest at {file}.") from None
    except (OSError, ValueError) as error:
        raise RunError(f"{file} is no manifest of a run: {error}.") from None
    if not isinstance(found, dict) or "seed" not in found:
        raise RunError(f"{file} is no manifest of a run.")
    return found


def claim(path: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Make the folder of a run, or go on with one that was made with the same settings; refuse any other."""
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
        if not (path / "manifest.json").exists():
            if any(path.iterdir()):
                raise RunError(f"{path} holds other files and no manifest of a run: name an empty folder.")
            note(path, manifest)
            return manifest
    old = read_manifest(path)
    for key, value in manifest.items():
        if key not in FREE and old.get(key) != value:
            said = (
                f"{path} was made with {key} = {old.get(key)}, not {value}: name another folder or the same settings."
            )
            raise RunError(said)
    for scrap in [*path.glob("*.part"), *path.glob("blocks/*.part")]:
        if scrap.is_file():
            scrap.unlink()
    return old
