"""What a facilitator sets before an exercise begins, checked; and how long it will take."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from detente.scenario import MONTHS, Bilingual, Scenario, nearest, parse_month

TITLE, LETTER, ANNOUNCEMENT = 200, 4000, 2000
"""Most characters of a title, a letter and an announcement."""
DAY = 86400.0


class RoomError(Exception):
    """Something that cannot be done: which kind, why in both languages, and what would have been legal."""

    def __init__(self, code: str, en: str, ru: str, legal: Any = None) -> None:
        self.code, self.text, self.legal = code, Bilingual(en=en, ru=ru), legal
        super().__init__(en)


class Strict(BaseModel):
    """A table in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Seconds = Annotated[int, Field(ge=0, le=7 * 86400)]


class Clocks(Strict):
    """Time for each kind of stage in seconds; 0: it waits for everybody."""

    plan: Seconds = 300
    answer: Seconds = 180
    crisis: Seconds = 120

    def of(self, kind: str) -> int:
        """Of one kind of stage."""
        return int(getattr(self, kind))


class Setup(Strict):
    """Everything that decides an exercise before its first answer."""

    title: str = Field(min_length=1, max_length=TITLE)
    start: str
    end: str
    opens: Literal["record", "simulated"] = "record"
    """In the factual World of the month before, or in one simulated by its seed."""
    seed: int = Field(default=1, ge=0, le=2**31 - 1)
    draw: int = Field(default=-1, ge=-1, le=63)
    """Which draw of the laws; -1 for their medians."""
    seats: list[str] = Field(min_length=1, max_length=16)
    clocks: Clocks = Clocks()
    fixed_times: bool = False
    """Every stage runs its full time, so that its length tells nothing."""
    quiet: int = Field(default=0, ge=0, le=MONTHS)
    """So many quiet months in a row pass by themselves; 0: every month is played."""
    closed: bool = True
    """Explore and Ask are closed to all but operator and facilitator while it runs."""
    measures: list[str] = Field(default=["war"], min_length=1, max_length=6)
    exercise: str = Field(default="", max_length=64)
    """The ready-made exercise that it was made from."""
    expires: int = Field(default=90, ge=1, le=3650)
    """Days after the last act on which links expire."""

    @model_validator(mode="after")
    def _in_order(self) -> Setup:
        if parse_month(self.start) > parse_month(self.end):
            raise ValueError(f"the end {self.end} lies before the start {self.start}")
        if len(set(self.seats)) < len(self.seats):
            raise ValueError("a seat is named twice")
        if self.fixed_times and min(self.clocks.plan, self.clocks.answer, self.clocks.crisis) < 1:
            raise ValueError("fixed times need a time for every kind of stage")
        return self

    @property
    def first(self) -> int:
        """Months since January 1953 of the first month."""
        return parse_month(self.start)

    @property
    def last(self) -> int:
        """... of the last month."""
        return parse_month(self.end)


def checked(scenario: Scenario, data: dict[str, Any]) -> Setup:
    """A set-up that this scenario can play, or a clear error."""
    try:
        setup = Setup.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "setup"
        what = first["msg"].removeprefix("Value error, ")
        raise RoomError("setup", f"{where}: {what}.", f"{where}: неверное значение ({what}).") from None
    for seat in setup.seats:
        if seat not in scenario.deciders:
            known = ", ".join(scenario.deciders)
            raise RoomError(
                "setup",
                f"seats: '{seat}' holds no seat; {nearest(seat, scenario.deciders)}",
                f"seats: у «{seat}» нет места за столом. Места: {known}",
                list(scenario.deciders),
            )
    for name in setup.measures:
        if name != "war" and name not in scenario.series:
            raise RoomError(
                "setup",
                f"measures: there is no series '{name}'; {nearest(name, scenario.series)}",
                f"measures: ряда «{name}» нет.",
                ["war", *scenario.series],
            )
    return setup


class Estimate(NamedTuple):
    """How long an exercise takes, in minutes."""

    least: float
    most: float
    months: int


TALK = 45.0
"""Seconds in which a practised seat files a quiet month; an assumption of the estimate alone."""
ANSWERED, CRISES, MOVES_MADE = 0.5, 0.08, 3.0
"""Share of months with a forced Decision, with a crisis, and moves a crisis; assumptions of the estimate alone."""


def estimate(setup: Setup) -> Estimate:
    """From everybody answering at once to every stage running its full time."""
    months, c = setup.last - setup.first + 1, setup.clocks
    played = months / (1 + setup.quiet)
    full = c.plan + c.answer * (1.0 if setup.fixed_times else ANSWERED) + c.crisis * CRISES * MOVES_MADE
    most = full * (months if setup.fixed_times else played) / 60
    least = most if setup.fixed_times else min(most or TALK * played / 60, TALK * played / 60)
    return Estimate(round(least, 1), round(max(most, least), 1), months)
