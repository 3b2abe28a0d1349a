"""What nature may do in a month, and how likely: the laws' hazards, gathered under stable names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.laws import Laws
from detente.mechanisms import arsenals, home
from detente.mechanisms.economy import threat
from detente.structure import Structure
from detente.sums import most
from detente.world import World

IMPOSSIBLE = -30.0


@dataclass(frozen=True)
class Names:
    """Every event of nature by kind, in a fixed order, and what it concerns."""

    all: tuple[str, ...]
    kinds: dict[str, slice]
    followers: tuple[int, ...]  # actors that do not decide


@dataclass
class Omens:
    """What nature is asked this month."""

    names: tuple[str, ...]
    logit: Array
    given: Array | None
    vacant: Array
    kinds: dict[str, slice]
    st: Structure
    independence: Array

    def read(self, happened: Array) -> dict[str, Array]:
        """Events by kind, in the shapes that mechanisms read."""
        st, k = self.st, self.kinds
        cut = {kind: happened[where] for kind, where in k.items()}
        world = happened.shape[-1]
        minor = np.array([a for a in range(len(st.actors)) if a not in st.dec])
        place = np.full(len(st.actors), len(minor))
        place[minor] = np.arange(len(minor))

        def over_actors(x: Array) -> Array:
            return jnp.concatenate([x, jnp.zeros_like(x[..., :1, :])], axis=-2)[..., place, :]

        return {
            "removal": cut["removal"],
            "unrest": cut["unrest"],
            "defiance": over_actors(cut["defiance"]),
            "overture": over_actors(cut["overture"].reshape(len(st.cen), len(minor), world)),
            "attack": over_actors(cut["attack"]),
            "exposed": cut["shoot-down"],
            "leak": cut["leak"],
            "discovery": cut["discovery"],
            "accident": cut["accident"],
            "constitution": cut["constitution"],
            "firsts": cut["firsts"].reshape(len(arsenals.FIRSTS), len(st.deciders), world),
            "independence": self.independence,
        }


def secret_pairs(st: Structure) -> tuple[np.ndarray, np.ndarray]:
    """Author (decider) and host (actor) of every possible hidden deployment."""
    index = st.where("deploy-secretly")
    return st.row_seat[index], st.row_target[index]


def pair_names(st: Structure) -> tuple[str, ...]:
    """Every possible hidden deployment as author:host, in the order of `secret_pairs`."""
    return tuple(f"{st.deciders[d]}:{st.actors[a]}" for d, a in zip(*secret_pairs(st), strict=True))


@lru_cache(maxsize=8)
def _names(key: tuple[tuple[str, ...], ...]) -> Names:
    actors, deciders, centres, crises, pairs = key
    minor = [a for a in actors if a not in deciders]
    groups = {
        "removal": [f"removal:{d}" for d in deciders],
        "unrest": [f"unrest:{a}" for a in actors],
        "defiance": [f"defiance:{a}" for a in minor],
        "overture": [f"overture:{a}:{c}" for c in centres for a in minor],
        "attack": [f"attack:{a}" for a in minor],
        "shoot-down": [f"shoot-down:{d}" for d in deciders],
        "leak": [f"leak:{d}" for d in deciders],
        "discovery": [f"discovery:{p}" for p in pairs],
        "accident": [f"accident:{k}" for k in crises],
        "firsts": [f"{first}:{d}" for first in arsenals.FIRSTS for d in deciders],
        "constitution": [f"constitution:{d}" for d in deciders],
    }
    kinds, start, flat = {}, 0, []
    for kind, words in groups.items():
        kinds[kind] = slice(start, start + len(words))
        start += len(words)
        flat += words
    return Names(tuple(flat), kinds, tuple(actors.index(a) for a in minor))


def names(st: Structure) -> Names:
    """All names of nature's events for a scenario."""
    return _names((st.actors, st.deciders, st.centres, tuple(st.issues[k] for k in st.showdown), pair_names(st)))


def _flights(world: World, st: Structure) -> Array:
    """Recent overflights of each seat, remembered as its own use of the instrument, [D, world]."""
    index = st.where("overflight")
    seats = (st.row_seat[index][None] == np.arange(len(st.deciders))[:, None]).astype(float)
    return jnp.asarray(seats, world.war.dtype) @ world.home.fatigue[index]


def omens(world: World, laws: Laws, st: Structure, when: Array, given: bool) -> Omens:
    """Log odds of every event of nature this month, and what the calendar says."""
    known = names(st)
    p, dtype = laws.nature, world.war.dtype
    minor = np.array(known.followers)
    authors, hosts = secret_pairs(st)
    recent = _flights(world, st)
    felt = threat(world, st)
    red = jnp.asarray(st.party_rules, dtype)[:, None]
    lean = world.influence.government
    patron = np.maximum(st.patron, 0)
    bound = jnp.asarray(st.patron >= 0, dtype)[:, None]
    away = bound * (1.0 - lean[patron, np.arange(len(st.actors))])
    grip = world.bloc.control * red
    defy = (
        p.defiance.base
        + p.defiance.unrest * world.home.unrest
        + p.defiance.hope * world.home.liberalisation * grip
        + p.defiance.away * away
    )
    open_ = lean[:-1][:, minor]
    overture = (
        p.overture.base
        + p.overture.lean * open_ * (1 - open_)
        + p.overture.goodwill * world.influence.goodwill[:, minor]
    )
    heat = jnp.stack([world.relations.tension[st.principals[k, 0], st.dec[st.principals[k, 1]]] for k in st.showdown])
    pressed = most(world.issues.demand[st.showdown], 1)
    held = bound * world.bloc.alliance[patron, np.arange(len(st.actors))] * (1.0 - away)
    attack = (
        p.attack.base
        + p.attack.threat * felt[minor]
        + p.attack.unrest * world.home.unrest[minor]
        - p.attack.restraint * held[minor]
    )
    shot = jnp.where(
        recent > 0.05,
        p.shoot_down.base
        + p.shoot_down.rate * jnp.log(recent + 1e-3)
        + p.shoot_down.defence * jnp.log1p(most(world.arsenals.icbm_age, 0)),
        IMPOSSIBLE,
    )
    secret = world.home.unpublished
    leak = jnp.where(secret > 0.5, p.leak.base, IMPOSSIBLE)
    deployed = world.arsenals.hidden[authors, hosts]
    rival = st.cen_dec[st.rival_centre[authors]]
    watched = (
        world.intelligence.recon[rival, [list(st.cen_dec).index(d) for d in authors]] if len(authors) else deployed
    )
    away_by = jnp.asarray(st.distance[st.dec[rival], hosts], dtype)[:, None] if len(authors) else deployed
    near = jnp.exp(-away_by / p.discovery.reach)
    found = jnp.where(
        deployed > 0.5,
        p.discovery.base
        + p.discovery.recon * watched
        + p.discovery.near * near
        + p.discovery.ripe * world.arsenals.ripe[authors, hosts],
        IMPOSSIBLE,
    )
    accident = p.accident.base + p.accident.tension * heat + p.accident.demand * pressed
    logit = jnp.concatenate(
        [
            home.ousting(world, laws, st),
            home.turmoil(world, laws, st),
            defy[minor],
            overture.reshape(-1, *world.war.shape),
            attack,
            shot,
            leak,
            found,
            accident,
            arsenals.firsts(world, laws, st).reshape(-1, *world.war.shape),
            home.linz1978(world, laws, st),
        ]
    )
    ends = jnp.asarray(st.ends_of_office, dtype)[when]
    freed = jnp.asarray(st.independence, dtype)[when]
    if not given:
        mean_ends = jnp.asarray(st.ends_of_office.mean(axis=0), dtype)
        where = known.kinds["removal"]
        odds = jnp.log(mean_ends[:, None] / (1 - mean_ends[:, None]) + 1e-9)
        logit = logit.at[where].set(jnp.logaddexp(logit[where], odds))
        ends, freed = 0.0 * ends, jnp.asarray(st.independence.mean(), dtype)
    vacant = jnp.broadcast_to(ends[:, None], (len(st.deciders), *world.war.shape))
    return Omens(known.all, logit, None, vacant, known.kinds, st, jnp.broadcast_to(freed, world.war.shape))
