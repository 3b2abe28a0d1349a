"""A laboratory for the Cold War of 1953–1964."""

from importlib.metadata import version

__version__ = version("detente")
