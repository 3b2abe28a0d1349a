"""A named crisis as a game: the stakes of the moment at which the record opens it, and its ladder to be solved.

The record is followed to the month in which the crisis opens, laws at their medians; what both sides then had at
stake, believed of forces and of each other is all that the payoffs are made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from detente import laws
from detente.console import WrongError, aside, said, wait, whole
from detente.deeds import LADDER_ENDS
from detente.explain import Heard, replay
from detente.games.tree import Game
from detente.interop import gambit
from detente.lab import ensemble
from detente.ladder import game as ladder_game
from detente.ladder.stakes import Payoffs, Positions, payoffs, positions
from detente.report.solved import Solved, solved
from detente.report.transcript import ENDS, day, transcript
from detente.report.words import Words
from detente.scenario import Bilingual, Crisis, Scenario, load, nearest
from detente.seats.record import record
from detente.structure import Structure, structure

FIGURES = {
    "stake": Bilingual(en="stake (0–1)", ru="ставка (0–1)"),
    "favour": Bilingual(
        en="balance of forces in its favour, as it believes (−1 to 1)",
        ru="баланс сил в её пользу, по её представлению (от −1 до 1)",
    ),
    "audience": Bilingual(en="how loud it has committed itself", ru="насколько громко она связала себя словом"),
    "side_payment": Bilingual(
        en="what a secret part of a settlement could bring it", ru="что могла бы дать ей тайная часть соглашения"
    ),
    "resolve": Bilingual(
        en="chance, to the other's mind, that it is resolute", ru="вероятность её решимости в глазах другой"
    ),
}
"""What the payoffs of each side are made of."""
WORDS = {
    "ru": ladder_game.Names(
        types=("нерешительная", "решительная"),
        plays=("нажим", "стойкость", "предложение", "отступление"),
        replies=("принять", "отклонить"),
        luck=("без войны", "война"),
        first="первый ход",
        after="после: {plays}",
        offered="ответ на предложение",
        refused="{play} отклонено",
    ),
    "en": ladder_game.Names(plays=("press", "hold", "offer", "back down")),
}
"""The words of a ladder as a game; a type in Russian is that of a side (сторона)."""


@dataclass(frozen=True)
class Situation:
    """A named crisis as it stood when the record opened it."""

    scenario: Scenario
    crisis: Crisis
    stands: Positions  # [1] world
    payoffs: Payoffs  # [.., 1]
    precision: float

    def figures(self) -> dict[str, tuple[float, float]]:
        """What the payoffs are made of, (challenger, defender)."""
        pairs = {name: getattr(self.stands, name) for name in FIGURES}
        return {name: (float(one[0]), float(other[0])) for name, (one, other) in pairs.items()}

    def told(self, lang: str) -> list[str]:
        """The situation in words, a line for each thing that the payoffs are made of."""
        sides = self.sides(lang)
        lines = [
            f"{FIGURES[name][lang]}: {sides[0]} {one:.2f}, {sides[1]} {other:.2f}"
            for name, (one, other) in self.figures().items()
        ]
        rung, risk = float(self.stands.rung[0]), float(self.payoffs.risk[0, 0])
        opened = day(self.scenario.chronicle.events[self.crisis.opened_by].date, lang)
        head = said(lang, f"As things stood on {opened}", f"Каким было положение на {opened}")
        return [
            f"{head}:",
            *lines,
            said(
                lang,
                f"rung {rung:.0f} at the opening; chance that a move there slips into war {risk:.3f}",
                f"ступень в начале {rung:.0f}; вероятность, что ход на ней сорвётся в войну, {risk:.3f}",
            ),
        ]

    def transcript(self, lang: str) -> list[str]:
        """The recorded line of play."""
        return transcript(self.crisis, self.scenario, lang)

    def sides(self, lang: str) -> tuple[str, str]:
        """Challenger and defender by name."""
        words = Words(self.scenario, lang)
        one, other = (words.actor(seat) for seat in (self.crisis.challenger, self.crisis.defender))
        return one.removeprefix("the "), other.removeprefix("the ")

    def game(self, lang: str = "en") -> Game:
        """The crisis as a game in extensive form, in the words of a language; its comment tells the situation."""
        names = WORDS[lang]._replace(sides=self.sides(lang), ends=tuple(ENDS[end][lang] for end in LADDER_ENDS))
        head = said(lang, "The record:", "Как было:")
        comment = "\n".join([*self.told(lang), "", head, *self.transcript(lang)])
        return ladder_game.game(self.payoffs, names, self.crisis.name[lang], comment)

    def table(self, lang: str) -> dict[str, Any]:
        """The same as JSON has it."""
        crisis = self.crisis
        sides = ("challenger", "defender")
        return {
            "id": crisis.id,
            "scenario": self.scenario.name,
            "challenger": crisis.challenger,
            "defender": crisis.defender,
            "opened_by": crisis.opened_by,
            "outcome": crisis.outcome,
            "situation": {name: dict(zip(sides, pair, strict=True)) for name, pair in self.figures().items()},
            "rung": float(self.stands.rung[0]),
            "risk": float(self.payoffs.risk[0, 0]),
            "transcript": self.transcript(lang),
        }


def situation(name: str, crisis_id: str) -> Situation:
    """Follow a scenario's record to the opening of a named crisis.

    Raises
    ------
    WrongError
        Where the scenario has no such crisis.
    """
    sc = load(name)
    if crisis_id not in sc.crises:
        hint = nearest(crisis_id, sc.crises)
        known = f". It has {', '.join(sc.crises)}" if sc.crises and not hint.startswith("did") else ""
        raise WrongError(f"--crisis {crisis_id}: the scenario has no such crisis: {hint}{known}")
    ensemble.prepare(1)
    with jax.enable_x64(new_val=True):
        st, crisis = structure(sc), sc.crises[crisis_id]
        return stands(st, crisis, replay(st, record(st), sc.chronicle.events[crisis.opened_by].month))


def solution(
    scenario: str, named: str, precision: float | None, limit: bool, save: Path | None, lang: str
) -> tuple[Solved, dict[str, Any]]:
    """The equilibrium of a crisis at the law's precision, unless another or the limit is asked for; and its JSON.

    save: write the game there in Gambit's format.
    """
    with wait(lang):
        stands = situation(scenario, named)
    game = stands.game(lang)
    if save:
        whole(save, gambit.write(game))
        aside().print(f"{said(lang, 'game', 'игра')}: {save}", markup=False)
    at = stands.precision if precision is None and not limit else precision
    with aside().status(said(lang, "following the branch", "прослеживается ветвь")):
        return solved(game, at, limit), {"crisis": stands.table(lang)}


def stands(st: Structure, crisis: Crisis, heard: Heard) -> Situation:
    """A named crisis from what was heard in the month that opened it."""
    sc, best = st.scenario, laws.best(st.scenario)
    issue = st.issues.index(crisis.issue)
    seats = [st.deciders[d] for d in st.principals[issue]]
    if sorted(seats) != sorted((crisis.challenger, crisis.defender)):
        raise WrongError(
            f"crises/{crisis.id}.toml: {crisis.challenger} and {crisis.defender} are not the principals of the issue "
            f"{crisis.issue}, which are {seats[0]} and {seats[1]}. Name these, or another issue"
        )
    side = seats.index(crisis.challenger)
    rung, at = 1.0, np.flatnonzero(st.showdown == issue)
    if len(at) and float(jnp.abs(heard.world.issues.open[at[0], 0])) > 0:
        rung = float(heard.world.issues.rung[at[0], 0])
    here = positions(heard.view, best, st, side, believed=False, on=np.array([issue]))
    at_it: Positions = jax.tree.map(lambda a: a[0], here._replace(rung=jnp.full_like(here.rung, rung)))
    return Situation(sc, crisis, at_it, payoffs(at_it, best), float(best.ladder.quantal.precision))
