"""docs/performance.md from what was measured."""

from __future__ import annotations

from typing import Any

Row = tuple[str, str, str]
Found = dict[str, Any]

TEXT = """\
# Performance

Made by `.venv/bin/python -m benchmarks --full`, which measures, prints and writes this page anew: do not edit it by
hand. Without `--full` the run of 100,000 worlds is left out. The numbers belong to the machine and version named here.
{warning}
## Machine

{machine}

## The whole model

{model}

Cold means an empty cache of compiled kernels, warm the cache that the cold run left. `Whole process` runs from the
start of Python to the last result in memory, with loading of the scenario; the HTML report is not part of it.
{lanes} worlds is the smallest block the model computes, so one world costs as much as {lanes}.

## Share of the machine's peak

{peak}

The peak is measured in the same run, one process a core at once, data in cache: the best of an XLA loop of fused
multiply-adds in registers and a product of small matrices (an FMA counts as two operations), and the best of XLA's and
NumPy's exponential. What the model does is XLA's own count of the compiled month (`cost_analysis`): each elementary
operation on each number, comparisons, selections and integer steps of the random numbers included, counts as one, and
what the compiler computes twice inside fused loops counts twice; logarithms, exponentials and powers are counted apart.
The combined share adds the time that both would take at their peaks. The rest is not arithmetic: loads and stores
between fused loops, the start of each loop, and operations that have no multiply to fuse with (a pure add, compare or
select reaches half of the FMA count at best).

## Crises, here and in Gambit

{solve}

The model's ladder, {sets} information sets with private resolve, at positions drawn anew for every variant: the agent
quantal response equilibrium at precision {precision:g} (`benchmarks/crises.py`). Ours are solved in double precision in
one batch on all cores, Gambit's one by one in the same process, reading the file apart. Only ladders that settle at the
full precision are compared; `benchmarks/solve.py` does the same for the general solver and any tree.

## A reduced model, here and in Mesa

{reduced}

Three seats, ten-row logit menus, Richardson tension, 144 months: `benchmarks/reduced.py` describes it and has it in our
style, `benchmarks/reduced_mesa.py` in Mesa's. Same numbers, same run, one core each; means of the last month's tension
agree within {apart:.1f} standard errors (the luck of the two differs).
"""


def write(found: Found, date: str) -> str:
    """The page."""
    m, model = found["machine"], found["kernel"]
    return TEXT.format(
        warning=_warning(m["busy"], found["quick"], found["cold"]["code"] != found["warm"]["code"]),
        machine=_table(("", "", ""), _machine(m, found, date)),
        model=_table(("measure", "value", "note"), _model(found)),
        lanes=model["lanes"],
        peak=_table(("measure", "value", "note"), _peak(found)),
        solve=_table(("measure", "value", "note"), _solve(found["solve"])),
        sets=found["solve"]["information_sets"],
        precision=found["solve"]["precision"],
        reduced=_table(("form", "worlds/s", "note"), _reduced(found["reduced"])),
        apart=found["reduced"]["apart"],
    )


def _warning(busy: float, quick: bool, changed: bool) -> str:
    said = []
    if busy > 0.1:
        said.append(f"other processes used {busy:.0%} of the processor when this run began: its times are too long")
    if changed:
        said.append("the code changed between the cold and the warm run, so that the warm one compiled again")
    if quick:
        said.append("this was a `--quick` run of small size")
    return (
        f"\n**Not a fair measurement:** {'; '.join(said)}. Run the command again on a quiet machine.\n" if said else ""
    )


def _machine(m: Found, found: Found, date: str) -> list[Row]:
    packages = ", ".join(f"{name} {number}" for name, number in m["packages"].items())
    run = found["warm"]
    return [
        ("date", date, ""),
        ("processor", m["processor"], f"{m['vectors']}, L2 {m['l2']}"),
        ("cores used", str(m["cores"]), f"{m['busy']:.0%} busy with other work before the run"),
        ("memory", _bytes(m["memory"]), ""),
        ("software", f"Python {m['python']} on {m['system']}", packages),
        ("detente", run["version"], f"code {run['code']}"),
    ]


def _model(found: Found) -> list[Row]:
    cold, warm, one, month, disk = (found[k] for k in ("cold", "warm", "one", "month", "disk"))
    cores = f"{warm['devices']} cores"
    rows = [
        ("1 world", f"{one['worlds_per_second']:.3g} worlds/s", "one core, compiled, results read"),
        (f"{warm['worlds']:,} worlds", f"{warm['worlds_per_second']:,.0f} worlds/s", f"{cores}, in memory"),
    ]
    if disk:
        rows.append(
            (f"{disk['worlds']:,} worlds", f"{disk['worlds_per_second']:,.0f} worlds/s", f"{cores}, blocks to disk")
        )
        rows.append(
            ("the same with tables", f"{disk['with_tables']:,.0f} worlds/s", "Zarr and Parquet written as well")
        )
    else:
        rows.append(("100,000 worlds", "not measured", "give `--full`"))
    rows += [
        ("compilation, cold", f"{cold['compile']:.1f} s", "tracing and XLA, empty cache"),
        ("compilation, warm", f"{warm['compile']:.1f} s", "tracing, kernel read from the cache"),
        ("whole process, cold", f"{cold['total']:.1f} s", f"{cold['worlds']:,} worlds"),
        ("whole process, warm", f"{warm['total']:.1f} s", f"of it {warm['start']:.1f} s to load package and scenario"),
        ("one month of one world", f"{1e3 * month['median']:.2f} ms", f"95 % below {1e3 * month['slow']:.2f} ms"),
        ("peak memory, cold", _bytes(cold["memory"]), f"{cold['worlds']:,} worlds, the compiler included"),
        ("peak memory, warm", _bytes(warm["memory"]), f"{warm['worlds']:,} worlds"),
    ]
    if disk:
        rows.append((f"peak memory, {disk['worlds']:,} worlds", _bytes(disk["memory"]), "streamed to disk"))
        rows.append((f"on disk, {disk['worlds']:,} worlds", _bytes(disk["disk"]), "series, moves and all answers"))
    return rows


def shares(found: Found) -> dict[str, float]:
    """Operations a second that the model reaches, and their shares of the measured peak."""
    model, cores = found["kernel"], found["peak"]
    fma = sum(max(core["fma_jax"], core["fma_numpy"]) for core in cores)
    exp = sum(max(core["exp_jax"], core["exp_numpy"]) for core in cores)
    rate = model["worlds_per_second"] * model["months"]
    reached, functions = rate * model["operations"], rate * model["transcendentals"]
    return {
        "fma": fma,
        "fma_jax": sum(core["fma_jax"] for core in cores),
        "exp": exp,
        "reached": reached,
        "functions": functions,
        "of_fma": reached / fma,
        "of_exp": functions / exp,
        "bytes": rate * model["bytes"],
    }


def _peak(found: Found) -> list[Row]:
    model, s = found["kernel"], shares(found)
    loops = model["loops"]
    read = model["worlds_per_second"] / model["read_per_second"]
    return [
        (
            "peak, multiply-add",
            f"{s['fma'] / 1e9:.0f} GFLOP/s",
            f"float32, all cores; XLA alone {s['fma_jax'] / 1e9:.0f}",
        ),
        ("peak, exponential", f"{s['exp'] / 1e9:.2f} G/s", "float32, all cores"),
        (
            "the model's kernel alone",
            f"{model['worlds_per_second']:,.0f} worlds/s",
            f"all cores, blocks of {model['block']}",
        ),
        (
            "operations a world-month",
            f"{model['operations']:,.0f}",
            f"and {model['transcendentals']:,.0f} transcendental",
        ),
        ("operations reached", f"{s['reached'] / 1e9:.1f} G/s", f"**{s['of_fma']:.1%} of the FMA peak**"),
        ("transcendentals reached", f"{s['functions'] / 1e9:.3f} G/s", f"{s['of_exp']:.1%} of the peak of exp"),
        ("combined share", f"{s['of_fma'] + s['of_exp']:.1%}", "time at both peaks / time taken"),
        (
            "traffic between loops",
            f"{s['bytes'] / 1e9:.1f} GB/s",
            f"XLA's count, {model['bytes'] / 1e6:.2f} MB a world-month",
        ),
        ("loops a month", f"{loops:,}" if loops else "unknown", "fused loops and calls of one block's month"),
        ("reading results", f"× {read:.2f}", "time with results on the host, world first / kernel alone"),
    ]


def _solve(s: Found) -> list[Row]:
    same = f"largest difference of a probability {s['largest_difference']:.1g}"
    return [
        ("ours", f"{1 / s['seconds_a_game']:,.0f} ladders/s", f"{s['variants']:,}, of them {s['settled']:,} settled"),
        ("largest residual", f"{s['largest_residual']:.1g}", f"compilation {s['compile']:.0f} s apart"),
        ("Gambit", f"{1 / s['gambit_seconds_a_game']:.3g} ladders/s", f"{s['gambit_games']} of the settled"),
        ("ratio", f"{s['times_faster']:,.0f}", f"{same}; {s['elsewhere']} at another equilibrium"),
    ]


def _reduced(r: Found) -> list[Row]:
    return [
        ("ours (JAX)", f"{r['ours']:,.0f}", f"mean tension at the end {r['our_mean']:.3f}"),
        ("Mesa", f"{r['mesa']:,.1f}", f"mean tension at the end {r['mesa_mean']:.3f}, {r['mesa_worlds']} worlds"),
        ("ratio", f"{r['ours'] / r['mesa']:,.0f}", ""),
    ]


def _bytes(n: float) -> str:
    return f"{n / 2**30:.2f} GiB" if n >= 2**30 else f"{n / 2**20:.0f} MiB"


def _table(head: Row, rows: list[Row]) -> str:
    lines = [head, ("---", "---", "---"), *rows]
    return "\n".join(f"| {a} | {b} | {c} |" for a, b, c in lines)
