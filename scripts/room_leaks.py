"""Alter everything that a seat may not know, in many random worlds, and compare what it is shown to the byte.

Usage: python scripts/room_leaks.py [WORLDS]

The worlds are those that exercises of random seeds come to after random months, at whatever stage is open. The
alterations are those of tests/room/room_kit.py.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "room")]


def main() -> int:
    """Alter, compare, and say what was found."""
    from room_kit import made, play, veil

    from detente import scenario
    from detente.room import briefing
    from detente.room.kernel import Kernel
    from detente.room.service import Room
    from detente.room.store import Store

    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    kernel, rng = Kernel(scenario.load("coexistence")), random.Random(1)
    done, leaks, began, stages = 0, [], time.time(), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        room = Room(Store(f"sqlite:///{folder}/room.db"), kernel)
        boss = room.enter(room.operator_link())
        while done < wanted:
            seats = rng.sample(list(kernel.st.deciders), 3)
            first = rng.randrange(0, 140)
            name = f"{1953 + first // 12}-{first % 12 + 1:02d}"
            opens = rng.choice(["record", "simulated"])
            seed, draw = rng.randrange(40), rng.randrange(-1, 2)
            table = made(room, boss, seats=seats, start=name, end="1964-12", opens=opens, seed=seed, draw=draw)
            for stage in range(6):
                ex = table.live
                if ex.state.ended or ex.state.stage is None:
                    break
                stages[ex.state.stage.kind] += len(seats)
                for seat in seats:
                    before = json.dumps(briefing.brief(kernel, briefing.known(ex, seat)))
                    other = veil(ex, seat, rng.randrange(2**31))
                    after = json.dumps(briefing.brief(kernel, briefing.known(other, seat)))
                    done += 1
                    leaks += [f"{ex.state.stage.key} {seat}"] if after != before else []

                def brief(seat: str, table=table) -> dict:  # type: ignore[no-untyped-def,type-arg]
                    return room.brief(table.seats[seat])

                try:
                    play(brief, lambda s, *a, table=table: room.file(table.seats[s], *a), seats, stage, 1)
                except AssertionError:  # one round only: the exercise goes on
                    continue
    print(
        json.dumps(
            {
                "worlds": done,
                "leaks": len(leaks),
                "where": leaks[:5],
                "stages": stages,
                "seconds": round(time.time() - began),
            }
        )
    )
    return int(bool(leaks))


if __name__ == "__main__":
    sys.exit(main())
