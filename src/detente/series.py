"""Named scalar series of a World: which numbers of the state are kept by default, and under what name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.scenario import ScenarioError
from detente.structure import Structure
from detente.world import AXES, World


@dataclass(frozen=True)
class Series:
    """Names, and where each stands in the World."""

    names: tuple[str, ...]
    places: tuple[tuple[tuple[str, tuple[int, ...]], ...], ...]
    transforms: tuple[str, ...]


def labels(st: Structure, axis: str) -> tuple[str, ...]:
    """What the positions of an axis are called."""
    return {
        "A": st.actors,
        "D": st.deciders,
        "P": st.centres,
        "I": st.issues,
        "K": tuple(st.issues[k] for k in st.showdown),
        "pole": st.poles,
        "party": st.party_poles,
        "share": ("consumption", "investment", "conventional", "strategic", "aid"),
        "side": ("+", "-"),
        "L": tuple(str(k) for k in range(st.n_leaders)),
        "N": tuple(row.name for row in st.rows),
    }[axis]


def declared(st: Structure) -> Series:
    """The series that the scenario declares in series.toml, located in the World."""
    names, places, transforms = [], [], []
    for name, entry in st.scenario.series.items():
        found = []
        for term in [entry.of, *entry.plus]:
            axes = AXES.get(entry.path)
            if axes is None or len(term) != len(axes):
                raise ScenarioError(
                    "series.toml", name, f"'{entry.path}' with {term} is no place in the World", f"Its axes are {axes}"
                )
            where = []
            for word, axis in zip(term, axes, strict=True):
                words = labels(st, axis)
                if word not in words:
                    raise ScenarioError(
                        "series.toml",
                        name,
                        f"there is no '{word}' on the axis {axis} of {entry.path}",
                        f"Known: {', '.join(words)}",
                    )
                where.append(words.index(word))
            found.append((entry.path, tuple(where)))
        names.append(name)
        places.append(tuple(found))
        transforms.append(entry.transform)
    return Series(tuple(names), tuple(places), tuple(transforms))


def read(world: World, series: Series) -> Array:
    """The named series of a World, [series, world]."""
    out = []
    for terms, transform in zip(series.places, series.transforms, strict=True):
        total = sum(_at(world, path, where) for path, where in terms)
        out.append(jnp.expm1(total) if transform == "expm1" else jnp.asarray(total))
    return jnp.stack(out).astype(np.float32)


def _at(world: World, path: str, where: tuple[int, ...]) -> Array:
    value: Any = world
    for part in path.split("."):
        value = getattr(value, part)
    return value[where]
