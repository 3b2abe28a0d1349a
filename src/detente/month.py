"""The order of causes in one month: the only place that knows it.

1 nature   2 who follows   3 luck that is measured   4 three slots of moves   5 answers to proposals
6 conferences due   7 deadlines due   8 discoveries   9 ladders   10 the eight mechanisms

`month` never knows who answers: it yields questions and goes on with the answers.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from detente import answers
from detente.decisions import ROUTINE, Chance, Decision, Question, Shock, one_hot
from detente.deeds import Deeds
from detente.ladder.play import Ground, ladders, outcome
from detente.ladder.tree import LINE_NAMES
from detente.laws import Laws
from detente.masks import allowed
from detente.mechanisms import arsenals, bloc, economy, home, influence, intelligence, issues, relations
from detente.nature import Omens, omens
from detente.scenario import ANSWERS, SLOTS
from detente.structure import Structure
from detente.views import view
from detente.world import World

Month = Generator[Question, Any, World]


def month(world: World, laws: Laws, st: Structure, when: Array, given: bool = True) -> Month:
    """One month of one block of worlds. when: months since January 1953, a traced integer."""
    luck: Omens = omens(world, laws, st, when, given)
    happened = yield Chance(luck.names, luck.logit, luck.given)
    n = luck.read(happened)

    changed = jnp.maximum(n["removal"], luck.vacant)
    heirs = home.heirs(world, jnp.asarray(st.eligible, world.war.dtype)[when], laws, st)
    follow = Decision(
        "succession",
        st.deciders,
        tuple(str(k) for k in range(st.n_leaders)),
        (heirs > -1e8) * 1.0,
        changed,
        state=heirs,
    )
    successor = yield follow
    n |= {"changed": changed, "successor": one_hot(successor, st.n_leaders, world.war.dtype)}

    due = (when % 12 == 0).astype(world.war.dtype)
    growth = yield Shock(tuple(f"growth.{a}" for a in st.actors), *economy.growth(world, laws, st), due)
    leaving = yield Shock(tuple(f"refugees.{a}" for a in st.actors), *issues.refugees(world, laws, st), due)
    yearly = jnp.where(due > 0, growth, world.economy.growth)
    streams = jnp.where(due > 0, leaving, world.issues.leaving)

    seen = view(home.stirred(world, n["unrest"], laws), laws, st)
    mask = allowed(world, st)
    chosen = jnp.zeros_like(mask)
    busy = jnp.ones((len(st.deciders), *world.war.shape), world.war.dtype)
    for slot in range(SLOTS):
        row = yield Decision(
            "slot", st.deciders, (), mask * (1.0 - answers.shut(chosen, st)), busy, view=seen, slot=slot
        )
        row = jnp.where(busy > 0, row, ROUTINE)
        chosen = chosen + answers.marked(row, st, chosen)
        busy = busy * (row != ROUTINE)

    proposals, asked = answers.proposals(chosen, st)
    said = yield Decision(
        "consent",
        tuple(st.rows[i].name for i in proposals.index),
        ("yes", "no"),
        _all(2, asked),
        asked,
        view=seen,
        state=proposals,
    )
    enacted, refused = answers.enact(chosen, proposals, asked, said, world, st)

    called = answers.due_meetings(world, st)
    attends = yield Decision(
        "meeting", answers.meeting_names(st), ANSWERS["meeting"], _all(2, called), called, view=seen, state=n["exposed"]
    )
    clock = answers.due_deadlines(world, enacted, st)
    dated = yield Decision(
        "deadline", tuple(st.issues[k] for k in st.showdown), ANSWERS["deadline"], _all(3, clock), clock, view=seen
    )
    pairs, found = answers.discoveries(world, n["discovery"], st)
    met = yield Decision(
        "discovery", pairs.names, ANSWERS["discovery"], _all(4, found), found, view=seen, state=pairs.state(world)
    )

    ground = Ground(enacted, n["accident"], clock, dated, pairs.issue, pairs.side, found, met)
    game = ladders(world, seen, laws, st, ground)
    ended = yield Decision(
        "ladder",
        tuple(st.issues[k] for k in st.showdown),
        LINE_NAMES,
        _all(len(LINE_NAMES), game.open),
        game.open,
        view=seen,
        state=game,
    )
    result = outcome(game, ended)

    forced = answers.Forced(called, attends, clock, dated, pairs, found, met)
    after = answers.consequences(world, st, enacted, forced, result)
    deeds = Deeds(st, enacted, refused, after, n, result.ladders)
    new = World(
        economy=economy.step(world, deeds, yearly, laws, st),
        arsenals=arsenals.step(world, deeds, n["firsts"], laws, st),
        intelligence=intelligence.step(world, deeds, laws, st),
        influence=influence.step(world, deeds, laws, st),
        bloc=bloc.step(world, deeds, laws, st),
        issues=issues.step(world, deeds, streams, laws, st),
        relations=relations.step(world, deeds, laws, st),
        home=home.step(world, deeds, laws, st),
        war=jnp.maximum(world.war, result.war),
    )
    return jax.tree.map(lambda old, fresh: jnp.where(world.war > 0, old, fresh), world, new)


def _all(options: int, asked: Array) -> Array:
    return jnp.broadcast_to(jnp.ones_like(asked)[:, None], (asked.shape[0], options, asked.shape[-1]))
