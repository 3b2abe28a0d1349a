"""Intelligence: truth, each rival's private estimate, and the public estimate on which a bluffer acts.

could_have_built a capable state is credited with what it could have built since its first test; kalman1960
observation corrects it; bluff boasts feed it; disclosure makes it common; jervis1970 resolve and readiness to concede
are read from deeds.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array

from detente.deeds import Deeds
from detente.laws import Laws
from detente.structure import Structure
from detente.sums import add, most
from detente.world import Intelligence, World


def step(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Intelligence:
    """Beliefs at the end of the month."""
    i = world.intelligence
    recon = reconnaissance(world, deeds, laws, st)
    mean, variance = kalman1960(world, deeds, recon, laws, st)
    public, disclosed = common_estimate(world, deeds, mean, laws, st)
    resolve, concede = jervis1970(world, deeds, laws, st)
    return Intelligence(mean, variance, public, recon, resolve, concede, jnp.maximum(i.disclosed, disclosed))


def reconnaissance(world: World, deeds: Deeds, laws: Laws, st: Structure) -> Array:
    """Quality of observation of each centre by each decider, [D, P, world]; allies are told a part."""
    p = laws.intelligence.reconnaissance
    flights = deeds.to("overflight")[:, st.cen]
    orbits = deeds.own("satellite")[:, None] * (world.arsenals.satellite_age[st.dec] > 0)[:, None]
    own = p.memory * world.intelligence.recon + p.overflight * flights + p.satellite * orbits
    told = p.shared * own[st.cen_dec[np.maximum(st.leader_of_camp, 0)]] * (st.leader_of_camp >= 0)[:, None, None]
    return jnp.clip(jnp.maximum(own, told), 0.0, 4.0)


def could_have_built(world: World, laws: Laws, st: Structure) -> Array:
    """What a capable state could have deployed since its first test, log(1 + launchers), [P, world].

    The worst-case arithmetic of the missile gap: Prados, The Soviet Estimate (1982).
    """
    p = laws.intelligence.could_have_built
    return jnp.log1p(p.pace * world.arsenals.icbm_age[st.cen])


def kalman1960(world: World, deeds: Deeds, recon: Array, laws: Laws, st: Structure) -> tuple[Array, Array]:
    """Private mean and variance of log(1 + launchers), [D, P, world] each: prior pull, boasts, then observation."""
    i, p = world.intelligence, laws.intelligence
    prior = could_have_built(world, laws, st)[None]
    unsure = jnp.maximum(i.force_variance - p.could_have_built.known, 0.0)
    boasts = deeds.own("boast")[st.cen_dec][None]
    mean = i.force_mean + p.could_have_built.pull * unsure * jnp.maximum(prior - i.force_mean, 0.0)
    mean = mean + p.bluff.private * boasts * unsure
    variance = i.force_variance + p.kalman1960.forgetting * (world.arsenals.icbm_age[st.cen] > 0)[None]
    sharpness = p.kalman1960.sharpness * recon + p.kalman1960.rumour
    gain = variance * sharpness / (1.0 + variance * sharpness)
    truth = jnp.log1p(world.arsenals.icbm[st.cen])[None]
    return mean + gain * (truth - mean), variance * (1.0 - gain)


def common_estimate(world: World, deeds: Deeds, mean: Array, laws: Laws, st: Structure) -> tuple[Array, Array]:
    """The public estimate and whether it has been disclosed, [P, world] each."""
    i, p = world.intelligence, laws.intelligence.bluff
    prior = could_have_built(world, laws, st)
    hidden = 1.0 - i.disclosed
    best = jnp.stack([mean[st.cen_dec[_watcher(st, c)], c] for c in range(len(st.cen))])
    told = jnp.stack([most(deeds.to("disclose")[:, st.cen[c]], 0) for c in range(len(st.cen))])
    boasts = deeds.own("boast")[st.cen_dec]
    public = i.public + hidden * (p.public * jnp.maximum(prior - i.public, 0.0) + p.boast * boasts * (prior > 0))
    public = public + p.leak * (best - public) + i.disclosed * p.after * (best - public)
    return jnp.where(told > 0, best, public), told


def _watcher(st: Structure, centre: int) -> int:
    """The strongest centre hostile to another."""
    power = st.opening("cinc")[st.cen]
    hostile = [st.hostile[st.cen_dec[w], st.cen[centre]] > 0 for w in range(len(st.cen))]
    return int(np.argmax(np.where(hostile, power, -1.0)))


def _principal_seats(st: Structure) -> np.ndarray:
    """1 where two deciders are the principals of an issue, [D, D, I]."""
    out = np.zeros((len(st.deciders), len(st.deciders), len(st.issues)))
    for n, (one, other) in enumerate(st.principals):
        if one >= 0 and other >= 0:
            out[one, other, n] = out[other, one, n] = 1.0
    return out


def jervis1970(world: World, deeds: Deeds, laws: Laws, st: Structure) -> tuple[Array, Array]:
    """Belief in another's resolve and in its readiness to concede, [D, D, world] each (row believes of column).

    Jervis, The Logic of Images (1970): what was stood through or given up speaks, demands let go and missiles taken
    back in the open among it; a new leader is read afresh.
    """
    i, p = world.intelligence, laws.intelligence.jervis1970
    firm = add(deeds.firm[:, st.dec], 1)
    yielded = deeds.after.yielded
    stood = deeds.after.stood
    fiasco = add(deeds.to("covert-action") * (1.0 - world.home.unrest)[None], 1)
    fresh = (world.home.tenure < 1.0).astype(firm.dtype)[None]
    memory = p.memory * (1.0 - p.fresh * fresh)
    resolve = 0.5 + memory * (i.resolve - 0.5)
    up = p.stand * (firm + p.ladder * stood)[None]
    gave = deeds.own("withdraw-demand") + deeds.after.deadline_dropped
    back = deeds.gave_back(world.arsenals.hosted + world.arsenals.hidden)
    down = (p.yielding * (p.ladder * yielded + fiasco) + p.climbdown * gave + p.withdrawn * back)[None]
    resolve = jnp.clip(resolve + up * (1 - i.resolve) - down * i.resolve, 0.02, 0.98)
    kind = jnp.swapaxes((deeds.to("summit", "reassure", "conference", "summit-conference", "trade"))[:, st.dec], 0, 1)
    hosted = deeds.to("summit")[:, st.dec]
    stiff = jnp.swapaxes(
        (deeds.to("threaten", "protest", "disclose", "ultimatum", "show-force") + deeds.refusals("treaty"))[:, st.dec],
        0,
        1,
    )
    seats = jnp.asarray(_principal_seats(st), kind.dtype)
    kind = kind + jnp.einsum("ijn,nw->ijw", seats, deeds.after.attended.min(axis=1))
    stiff = stiff + jnp.einsum("ijn,nw->ijw", seats, most(deeds.after.left, 1))
    concede = p.caution + p.memory * (1.0 - p.fresh * fresh) * (i.concede - p.caution)
    concede = jnp.clip(concede + p.warmth * (kind + hosted) * (1 - i.concede) - p.chill * stiff * i.concede, 0.02, 0.98)
    return resolve, concede
