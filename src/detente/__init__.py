"""A laboratory for the Cold War of 1953–1964.

import detente as dt

ens = dt.run(dt.load("coexistence"), worlds=1000)
ens.series            # an xarray.Dataset, dimensions world and month

dt.solve(dt.read_game("poker.efg"), precision=2.0).table()
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detente.games.tree import Game as Game
    from detente.interop.gambit import read as read_game
    from detente.lab.ensemble import run as run
    from detente.lab.whatif import whatif as whatif
    from detente.report.solved import solved as solve
    from detente.scenario import load as load

__version__ = version("detente")
__all__ = ["Game", "__version__", "load", "read_game", "run", "solve", "whatif"]

_HOMES = {
    "Game": ("detente.games.tree", "Game"),
    "load": ("detente.scenario", "load"),
    "read_game": ("detente.interop.gambit", "read"),
    "run": ("detente.lab.ensemble", "run"),
    "solve": ("detente.report.solved", "solved"),
    "whatif": ("detente.lab.whatif", "whatif"),
}


def __getattr__(name: str) -> Any:
    """Load the public functions when they are asked for, so that reading one module does not start the kernel."""
    if name not in _HOMES:
        raise AttributeError(f"module 'detente' has no attribute '{name}'")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
