"""The model of `reduced.py` as Mesa's users write one: a Model, its Agents, a DataCollector, one object a world."""

from __future__ import annotations

import mesa  # type: ignore[import-untyped]
import numpy as np

from benchmarks.reduced import DEEDS, FORGET, GRIEVANCE, MONTHS, OPENING, REACT, SEATS, menu


class Seat(mesa.Agent):  # type: ignore[misc]
    """One seat: what it feels towards the others, and its menu."""

    def __init__(self, model: Reduced, number: int) -> None:
        super().__init__(model)
        self.number = number
        self.hostility = OPENING[number].copy()
        self.menu = menu(number)
        self.base = np.array([DEEDS[deed].base for deed, _ in self.menu])
        self.pull = np.array([DEEDS[deed].pull for deed, _ in self.menu])
        self.row = 0

    def choose(self) -> None:
        """Take a row: utilities and Gumbel noise, the largest."""
        mean = self.hostility.sum() / (len(SEATS) - 1)
        felt = np.array([mean if target is None else self.hostility[target] for _, target in self.menu])
        self.row = int(np.argmax(self.base + self.pull * (felt - 1) + self.model.rng.gumbel(size=len(self.menu))))

    def received(self, other: Seat) -> float:
        """What the other's deed does to this seat's hostility."""
        deed, target = other.menu[other.row]
        return DEEDS[deed].effect if target in (None, self.number) else 0.0


class Reduced(mesa.Model):  # type: ignore[misc]
    """One world."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed=seed)
        self.seats = [Seat(self, number) for number in range(len(SEATS))]
        self.data = mesa.DataCollector(
            model_reporters={"tension": "tension", "moves": lambda model: [seat.row for seat in model.seats]}
        )

    @property
    def tension(self) -> float:
        """Mean hostility over the six pairs."""
        return float(sum(seat.hostility.sum() for seat in self.seats) / 6)

    def step(self) -> None:
        """One month."""
        self.agents.do("choose")
        self.react()
        self.data.collect(self)

    def react(self) -> None:
        """Richardson's equation for the six pairs at once."""
        before = np.stack([seat.hostility for seat in self.seats])
        for seat in self.seats:
            for other in self.seats:
                if other is not seat:
                    i, j = seat.number, other.number
                    new = before[i, j] + REACT * before[j, i] - FORGET * before[i, j] + GRIEVANCE[i, j]
                    seat.hostility[j] = max(0.0, new + seat.received(other))


def tension(seed: int) -> list[float]:
    """Run one world to its end: its tension month by month."""
    world = Reduced(seed)
    for _ in range(MONTHS):
        world.step()
    return [float(value) for value in world.data.model_vars["tension"]]
