"""Measure everything, print it, and write docs/performance.md.

python -m benchmarks            some minutes, most of them the compiler's
python -m benchmarks --full     with 100,000 worlds streamed to disk (some 5 GB of room in the temporary folder) and
                                10,000 ladders solved, a hundred of them by Gambit too (the test extra has it)
python -m benchmarks --quick    small sizes, to see that it works
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import machine, page

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """The command."""
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="detente-kernels-") as cache:
        found = measure(asked.full, asked.quick, cache)
    text = page.write(found, datetime.datetime.now(datetime.UTC).date().isoformat())
    print(text)
    part = asked.out.with_name(f"{asked.out.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(asked.out)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    said = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    said.add_argument("--full", action="store_true", help="also 100,000 worlds to disk")
    said.add_argument("--quick", action="store_true", help="small sizes")
    said.add_argument("--out", type=Path, default=ROOT / "docs" / "performance.md", metavar="FILE", help="the page")
    said.add_argument("--json", type=Path, metavar="FILE", help="everything that was measured")
    return said.parse_args()


def measure(full: bool, quick: bool, cache: str) -> dict[str, Any]:
    """Every measurement, one after the other, each in a process of its own."""
    worlds = 128 if quick else 1000
    found: dict[str, Any] = {"quick": quick, "machine": machine.describe()}
    found["peak"] = _together("peak", range(len(machine.cores())), cache)
    found["cold"] = _measured("ensemble", worlds, cache)
    found["warm"] = _measured("ensemble", worlds, cache)
    found["kernel"] = _measured("kernel", 0, cache)
    found["one"] = _measured("one", 0, cache)
    found["month"] = _measured("month", 0, cache)
    found["reduced"] = _measured("reduced", 20 if quick else 100, cache)
    found["solve"] = _measured("solve", 10_000 if full else 1000, cache)
    found["disk"] = _measured("disk", 1000 if quick else 100_000, cache) if full else None
    return found


def _measured(name: str, number: int, cache: str) -> dict[str, Any]:
    return _together(name, [number], cache)[0]


def _together(name: str, numbers: Any, cache: str) -> list[dict[str, Any]]:
    """One process a number, at the same time."""
    print(f"… {name} {', '.join(map(str, numbers))}", file=sys.stderr, flush=True)
    settings = {
        "JAX_COMPILATION_CACHE_DIR": cache,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "1",
        "JAX_PLATFORMS": "cpu",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    if name == "peak":
        settings |= {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    begun = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.measure", name, str(number)],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in numbers
    ]
    said = [process.communicate()[0] for process in begun]
    if any(process.returncode for process in begun):
        raise SystemExit(f"benchmarks: '{name}' failed; the lines above say why. Nothing was written.")
    found = [json.loads(text.splitlines()[-1]) for text in said]
    print(json.dumps(found), file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    main()
