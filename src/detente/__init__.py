"""A laboratory for the Cold War of 1953–1964.

import detente as dt

ens = dt.run(dt.load("coexistence"), worlds=1000)
ens.series            # an xarray.Dataset, dimensions world and month
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detente.lab.ensemble import run as run
    from detente.scenario import load as load

__version__ = version("detente")
__all__ = ["__version__", "load", "run"]


def __getattr__(name: str) -> Any:
    """Load the public functions when they are asked for, so that reading one module does not start the kernel."""
    if name == "load":
        from detente.scenario import load

        return load
    if name == "run":
        from detente.lab.ensemble import run

        return run
    raise AttributeError(f"module 'detente' has no attribute '{name}'")
