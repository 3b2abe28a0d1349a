"""A government's aims in plain words, and how far they are met in a World.

The weights are those of `seats/preferences.py`; how far an aim is met is read from quantities of the World that the
seat itself knows, on a scale from 0 to 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detente.room.kernel import Kernel
from detente.scenario import ENDS, Bilingual
from detente.structure import Structure

Floats = NDArray[Any]

TEXTS = {
    "security": Bilingual(
        en="Security: no neighbour or rival to be afraid of", ru="Безопасность: не бояться ни соседа, ни соперника"
    ),
    "prosperity": Bilingual(
        en="Prosperity: growth no worse than people expect", ru="Благосостояние: рост не хуже, чем ждут люди"
    ),
    "prestige": Bilingual(en="Prestige: to be met as an equal or a leader", ru="Престиж: чтобы считались как с равным"),
    "influence": Bilingual(
        en="Influence: others lean to our pole", ru="Влияние: чтобы другие тяготели к нашему полюсу"
    ),
    "unity": Bilingual(en="Unity of our camp", ru="Единство своего лагеря"),
    "survival": Bilingual(en="To stay in office", ru="Удержаться у власти"),
    "peace": Bilingual(en="Peace: little fear of war", ru="Мир: чтобы не жить в страхе войны"),
    "orthodoxy": Bilingual(
        en="Doctrine: the movement keeps close to our line", ru="Учение: чтобы движение держалось нашей линии"
    ),
}
"""The ends, in words."""
EVEN = 0.05
"""A unit, no law: growth five points a year above what people expect counts as wholly met, five below as not at all."""


class Aim(NamedTuple):
    """One aim of a seat."""

    end: str
    text: Bilingual
    weight: float  # of the leader in office
    share: float  # of all this leader's weights
    met: float  # 0-1


def aims(kernel: Kernel, values: NDArray[np.float32], known: dict[str, Floats], seat: int) -> list[Aim]:
    """The aims of the leader in office, the weightiest first; known: what the seat knows (`views.of`)."""
    st = kernel.st
    place = {name: k for k, name in enumerate(kernel.names)}
    mean = np.array([values[place[f"preferences.ends.{end}"]] for end in ENDS])
    person = np.asarray(known["public.leader"])[seat]
    weights = mean * np.exp(st.deviations[:, seat] @ person)
    reached = met(st, known, seat)
    out = [
        Aim(end, TEXTS[end], float(w), float(w / weights.sum()), reached[end])
        for end, w in zip(ENDS, weights, strict=True)
    ]
    return sorted(out, key=lambda aim: -aim.weight)


def met(st: Structure, known: dict[str, Floats], seat: int) -> dict[str, float]:
    """How far each end is met, 0-1, from what the seat knows."""
    own, pole = int(st.dec[seat]), int(st.pole[seat])
    camp = st.camp[pole] * st.weight
    others = st.weight * (np.arange(len(st.actors)) != own)
    lean = np.asarray(known["public.government"])[pole]
    line = np.asarray(known["public.line"])
    movement = st.party_rules * st.weight
    found = {
        "security": 1.0 - float(known["public.threat"][own]),
        "prosperity": 0.5 + float(known["public.surprise"][own]) / (2 * EVEN),
        "prestige": 0.5 + 0.5 * float(known["public.prestige"][seat]),
        "influence": float((lean * others).sum() / others.sum()),
        "unity": float((lean * camp).sum() / camp.sum()),
        "survival": float(known["standing"]),
        "peace": 1.0 - float(known["fear"]),
        "orthodoxy": 1.0 - 0.5 * float((np.abs(line - line[own]) * movement).sum() / movement.sum()),
    }
    return {end: float(np.clip(found[end], 0.0, 1.0)) for end in ENDS}
