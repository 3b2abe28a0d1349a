"""The gradient table: does the likelihood of the record answer every law, and does autodiff agree with differences.

    .venv/bin/python scripts/gradients.py [--months 144] [--scenario coexistence] > docs/model/gradients.md

One line a law: the norm of its gradient in prior scales (log units for a move across half the prior's 90 % interval),
the slope along one direction of random signs by reverse mode and by a four-point central difference, and how far
these differ. Laws without any gradient on the record are listed with the reason. Prints the likelihood table too.
"""

import argparse
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from detente import laws
from detente.drive import Score, follower
from detente.lab import likelihood
from detente.laws import Laws
from detente.scenario import MONTHS, Scenario, load
from detente.seats.record import record
from detente.structure import Structure, structure

STEP = 2e-4
FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
"""Compiling costs more than running here: let the compiler do as little as it may."""
REASONS = {
    "home.lesson": "nobody backs down in a recorded crisis, so no lesson is learned",
    "issues.deadline": "its length decides in which month a deadline falls due: a step, which has no slope",
    "preferences.deadline": "every recorded deadline is moved or dropped before it falls due, so nobody is asked",
}
TOP = """# Gradients of the record's likelihood

Made by `.venv/bin/python scripts/gradients.py > docs/model/gradients.md`, in double precision: do not edit it by hand.

One line a law: the norm of the gradient in prior scales (log units for a move across half the prior's 90 % interval),
the slope along one direction of random signs by reverse mode and by a four-point central difference, and how far these
differ, relative to the larger.
"""


def total(score: Score) -> jax.Array:
    """Log-probability of the whole record: choices, forced answers, nature and shocks."""
    return score.act.sum() + score.what.sum() + score.forced.sum() + score.nature.sum() + score.shock.sum()


def likelihood_of(st: Structure, months: int) -> Callable[[Laws], jax.Array]:
    """The summed log-likelihood as a function of the laws."""
    follow = follower(st, record(st), months)
    return lambda values: total(follow(values)[1])


def scales(scenario: Scenario) -> Laws:
    """Half of each prior's 90 % interval."""
    entries = {name: laws.coefficient(scenario, name) for name in laws.names(scenario)}
    return laws.tree({name: np.float64((e.high - e.low) / 2) for name, e in entries.items()})


def directions(scenario: Scenario, seed: int = 1) -> dict[str, dict[str, float]]:
    """For each law a direction of random signs, one prior scale long in every coefficient."""
    rng, size = np.random.default_rng(seed), scales(scenario)
    return {
        f"{m}.{law}": {key: float(scale) * rng.choice([-1.0, 1.0]) for key, scale in table.items()}
        for m, group in size.items()
        for law, table in group.items()
    }


def along(values: Laws, law: str, way: dict[str, float], step: float) -> Laws:
    """The laws moved by `step` along the direction of one law."""
    mechanism, name = law.split(".")
    table = values[mechanism][name]
    moved = Laws({key: table[key] + step * way[key] for key in table})
    return Laws(values | {mechanism: Laws(values[mechanism] | {name: moved})})


def differences(
    f: Callable[[Any], Any], values: Laws, ways: dict[str, dict[str, float]], batch: int = 32
) -> dict[str, float]:
    """Slopes by the four-point central difference, evaluated many at a time."""
    points = [(law, k) for law in ways for k in (-2, -1, 1, 2)]
    out: dict[tuple[str, int], float] = {}
    for start in range(0, len(points), batch):
        some = (points[start : start + batch] + [points[-1]] * batch)[:batch]
        stack = jax.tree.map(lambda *xs: jnp.stack(xs), *(along(values, law, ways[law], k * STEP) for law, k in some))
        out |= dict(zip(some, np.asarray(f(stack)).tolist(), strict=True))
    return {law: (out[law, -2] - 8 * out[law, -1] + 8 * out[law, 1] - out[law, 2]) / (12 * STEP) for law in ways}


def table(scenario: Scenario, months: int) -> None:
    """Print everything."""
    st, values, size = structure(scenario), laws.best(scenario), scales(scenario)
    f = likelihood_of(st, months)
    value, slope = jax.jit(jax.value_and_grad(f), compiler_options=FAST)(values)
    ways = directions(scenario)
    measured = differences(jax.jit(jax.vmap(f), compiler_options=FAST), values, ways)
    print(f"{TOP}\nLog-likelihood of {months} months: {float(value):.4f}\n")
    print("| law | norm | by reverse mode | by differences | relative difference |\n|---|---:|---:|---:|---:|")
    idle, silent, worst = [], [], 0.0
    for law, way in ways.items():
        mechanism, name = law.split(".")
        own, unit = slope[mechanism][name], size[mechanism][name]
        norm = float(np.sqrt(sum((float(own[k]) * float(unit[k])) ** 2 for k in own)))
        silent += [f"`{law}.{k}`" for k in own if float(own[k]) == 0.0]
        if norm == 0.0:
            idle.append(law)
            continue
        exact = float(sum(float(own[k]) * way[k] for k in own))
        apart = abs(exact - measured[law]) / max(abs(exact), abs(measured[law]))
        worst = max(worst, apart)
        print(f"| `{law}` | {norm:.3g} | {exact:.8g} | {measured[law]:.8g} | {apart:.1e} |")
    print(f"\nLargest relative difference: {worst:.1e}.\n\n## Laws without gradient on the record\n")
    print("\n".join(f"- `{law}`: {REASONS.get(law, 'reason not known')}" for law in idle) or "None.")
    print(f"\nCoefficients without gradient: {', '.join(silent) or 'none'}.\n\n## Likelihood by seat\n")
    print(likelihood.text(likelihood.table(scenario, months)))


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=MONTHS)
    parser.add_argument("--scenario", default="coexistence")
    args = parser.parse_args()
    with jax.enable_x64(new_val=True):
        table(load(args.scenario), args.months)


if __name__ == "__main__":
    main()
