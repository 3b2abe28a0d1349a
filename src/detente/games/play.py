"""A game played by given strategies: what is reached, believed and gained, and what a better reply would gain.

A profile is the log-probability of every choice, [choice] (`Game.set_of` names its information set). Logs keep what
is never quite zero: beliefs after unlikely moves are those of the trembles that led there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from detente.games.tree import TREMBLE, Floats, Game, GameError


def uniform(game: Game) -> Floats:
    """Every action as likely as any other, [choice] in logs: play at precision 0."""
    return -np.log(game.sizes[game.set_of].astype(float))


def profile(game: Game, probabilities: Floats | Mapping[tuple[str, str], Mapping[str, float]]) -> Floats:
    """A profile in logs from probabilities: an array [choice], or {(player, label): {action: probability}}.

    A probability of 0 is taken for a vanishing tremble, so that beliefs exist everywhere.
    """
    p = _table(game, probabilities) if isinstance(probabilities, Mapping) else np.array(probabilities, float)
    if p.shape != (len(game.owner),):
        raise GameError(
            f"{game.name}: a profile has {len(game.owner)} probabilities, one a choice; {p.size} were given"
        )
    if not np.isfinite(p).all() or (p < 0).any():
        raise GameError(f"{game.name}: a probability of the profile is negative or not a number")
    total = by_set(game, p)
    if len(p) and abs(total - 1.0).max() > 1e-6:
        worst = int(abs(total - 1.0).argmax())
        raise GameError(
            f"{game.name}: at {game.called(int(game.personal[worst]))} the profile sums to {total[worst]:.6g}"
        )
    return np.log(np.maximum(p, TREMBLE))


def _table(game: Game, table: Mapping[tuple[str, str], Mapping[str, float]]) -> Floats:
    p = []
    for index in game.personal:
        one = game.infosets[index]
        key = (game.players[one.player - 1], one.label)
        if key not in table:
            raise GameError(f"{game.name}: the profile says nothing of {game.called(int(index))}")
        p += [float(table[key].get(action, 0.0)) for action in one.actions]
    return np.array(p)


def by_set(game: Game, values: Floats) -> Floats:
    """Sum over the actions of each information set, [set]."""
    return np.add.reduceat(values, game.first) if len(values) else np.zeros(0)


def log_softmax(game: Game, utilities: Floats) -> Floats:
    """Log-probabilities proportional to exp(utility) within each information set, [choice]."""
    if not len(utilities):
        return utilities
    level = utilities - np.maximum.reduceat(utilities, game.first)[game.set_of]
    return level - np.log(by_set(game, np.exp(level)))[game.set_of]


@dataclass(frozen=True, eq=False)
class Play:
    """A profile at work; all quantities follow from it, exactly, for any number of players."""

    game: Game
    log_profile: Floats  # [choice]

    @cached_property
    def log_ends(self) -> Floats:
        """Log-probability of each ending, [ending]."""
        return self.game.log_chance + self.game.paths @ self.log_profile

    @cached_property
    def ends(self) -> Floats:
        """Probability of each ending, [ending]."""
        return np.exp(self.log_ends)

    @cached_property
    def values(self) -> Floats:
        """What the game is worth to each player, [player]."""
        return self.ends @ self.game.payoffs

    @cached_property
    def _shares(self) -> tuple[Floats, Floats]:
        """Probability of each ending given a choice on the way to it, [pair]; log-probability of each choice."""
        game = self.game
        if not len(self.log_profile):
            return np.zeros(0), np.zeros(0)
        start = game.ways.indptr[:-1]
        log_end = self.log_ends[game.ways.indices]
        top = np.maximum.reduceat(log_end, start)
        level = np.exp(log_end - top[game.taken])
        total = np.add.reduceat(level, start)
        return level / total[game.taken], top + np.log(total)

    @cached_property
    def action_values(self) -> Floats:
        """What each choice is worth to whoever makes it, once its information set is reached, [choice]."""
        shares, _ = self._shares
        return np.bincount(self.game.taken, shares * self.game.stake, minlength=len(self.log_profile)).astype(float)

    @cached_property
    def slopes(self) -> Floats:
        """How the value of each choice moves with the log-probability of every other, [choice, choice]."""
        game, (shares, _) = self.game, self._shares
        lift = shares * (game.stake - self.action_values[game.taken])
        moved = sparse.csc_array((lift, game.ways.indices, game.ways.indptr), shape=game.ways.shape)
        return (moved.T @ game.paths).toarray()

    @cached_property
    def reach(self) -> Floats:
        """Probability that each information set is reached, [set]."""
        if not len(self.log_profile):
            return np.zeros(0)
        _, log_reach = self._shares
        return by_set(self.game, np.exp(log_reach))

    @cached_property
    def log_nodes(self) -> Floats:
        """Log-probability that each node is reached, [node]."""
        game = self.game
        step = np.where(game.choice >= 0, np.append(self.log_profile, 0.0)[game.choice], 0.0)
        above, mover = game.parent.tolist(), game.mover
        for node, up in enumerate(above):
            if up >= 0:
                if mover[up] == 0:
                    chance = game.infosets[game.infoset[up]].probabilities[game.branch[node]]
                    step[node] += np.log(max(chance, TREMBLE))
                step[node] += step[up]
        return step

    @cached_property
    def beliefs(self) -> Floats:
        """Where a player believes itself to be: probability of each node given its set, [node]; 1 at ends."""
        held = np.flatnonzero(self.game.infoset >= 0)
        sets = self.game.infoset[held]
        found = np.ones(len(self.game.infoset))
        if len(held):
            top = np.full(len(self.game.infosets), -np.inf)
            np.maximum.at(top, sets, self.log_nodes[held])
            level = np.exp(self.log_nodes[held] - top[sets])
            total = np.bincount(sets, level, minlength=len(self.game.infosets))
            found[held] = level / total[sets]
        return found

    @cached_property
    def agent_regret(self) -> Floats:
        """What an agent at each information set would gain by its best action, all else as it is, [set].

        Conditional on the set being reached. An agent speaks for one information set and not for its player, so a
        profile without agent regret need not be a Nash equilibrium (Selten 1975; Myerson 1991).
        """
        if not len(self.log_profile):
            return np.zeros(0)
        q = self.action_values
        mean = by_set(self.game, np.exp(self.log_profile) * q)
        return np.maximum(np.maximum.reduceat(q, self.game.first) - mean, 0.0)

    @cached_property
    def best(self) -> Floats:
        """What each player could get by its best reply to the others, [player]."""
        return np.array([best_reply(self, player) for player in range(len(self.game.players))])

    @cached_property
    def regret(self) -> Floats:
        """What each player would gain by its best reply, [player]; 0 for all is a Nash equilibrium."""
        return np.maximum(self.best - self.values, 0.0)

    @property
    def nash_conv(self) -> float:
        """The regrets of all players together; in a two-player zero-sum game twice the exploitability."""
        return float(self.regret.sum())


def best_reply(play: Play, player: int) -> float:
    """The value of a player's best reply, by induction over its own sequences of choices.

    With perfect recall the own choices before an information set are known, so that the best action there can be
    found from the last set backwards (Koller, Megiddo and von Stengel 1996 call these paths of choices sequences).
    """
    game = play.game
    own = game.owner == player
    others = np.exp(game.log_chance + game.paths @ np.where(own, 0.0, play.log_profile))
    worth = others * game.payoffs[:, player]
    after, before = _sequences(game, player)
    gains = np.bincount(after + 1, worth, minlength=len(own) + 1)  # place 0: no own choice yet
    for one in sorted((s for s in range(len(game.sizes)) if before[s] >= -1), key=lambda s: -_depth(game, before, s)):
        start = game.first[one] + 1
        gains[before[one] + 1] += gains[start : start + game.sizes[one]].max()
    return float(gains[0])


def _sequences(game: Game, player: int) -> tuple[Floats, list[int]]:
    """The player's last choice before each ending, [ending], and before each of its sets (-2: another's)."""
    own = (np.append(game.owner, -1)[game.choice] == player).tolist()
    above, choice = game.parent.tolist(), game.choice.tolist()
    last = [-1] * len(above)
    for node, up in enumerate(above):
        if up >= 0:
            last[node] = choice[node] if own[node] else last[up]
    before = [-2] * len(game.sizes)
    rank = {int(index): place for place, index in enumerate(game.personal)}
    for node in np.flatnonzero(game.mover == player + 1).tolist():
        before[rank[int(game.infoset[node])]] = last[node]
    return np.array(last)[game.terminals], before


def _depth(game: Game, before: list[int], one: int) -> int:
    depth = 0
    while before[one] >= 0:
        one = int(game.set_of[before[one]])
        depth += 1
    return depth
