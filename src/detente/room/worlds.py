"""Worlds and answers as what can be kept: bytes and plain data, and back to the bit."""

from __future__ import annotations

import io
from typing import Any

import jax
import numpy as np

from detente.resume import LUCK, Answers
from detente.structure import Structure
from detente.world import World


def packed(world: World) -> bytes:
    """A World as bytes."""
    raw = io.BytesIO()
    np.savez_compressed(raw, allow_pickle=False, **{f"a{k}": leaf for k, leaf in enumerate(jax.tree.leaves(world))})
    return raw.getvalue()


def unpacked(blob: bytes, like: World) -> World:
    """The World again; like: any World of the same scenario."""
    with np.load(io.BytesIO(blob)) as file:
        leaves = [file[f"a{k}"] for k in range(len(file.files))]
    return jax.tree.unflatten(jax.tree.structure(like), leaves)


def plain(answers: Answers) -> dict[str, Any]:
    """A month's answers as JSON knows them; single precision is kept to the bit."""
    return {name: np.asarray(value).tolist() for name, value in answers._asdict().items()}


def told(data: dict[str, Any]) -> Answers:
    """The answers again."""
    parts: dict[str, Any] = {
        name: np.array(data[name], np.float32 if name in LUCK else np.int32) for name in Answers._fields
    }
    return Answers(**parts)


def row(st: Structure, name: str) -> int:
    """The menu row of a name; a name that is none is an error of the caller."""
    return rows(st)[name]


_ROWS: dict[int, dict[str, int]] = {}


def rows(st: Structure) -> dict[str, int]:
    """Menu rows by name."""
    if id(st) not in _ROWS:
        _ROWS[id(st)] = {r.name: k for k, r in enumerate(st.rows)}
    return _ROWS[id(st)]
