"""What every test may ask for."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["fixtures_kernel"]


def data_folder() -> Path | None:
    """The folder of public data named by DETENTE_DATA; None where it is not set."""
    named = os.environ.get("DETENTE_DATA")
    if not named:
        return None
    folder = Path(named)
    if not folder.is_dir():
        raise pytest.UsageError(f"DETENTE_DATA names {named}, which is no folder: mend it or unset it.")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if data_folder() is None:
        skip = pytest.mark.skip(reason="needs the public data: set DETENTE_DATA to their folder")
        for item in items:
            if item.get_closest_marker("data"):
                item.add_marker(skip)


@pytest.fixture(scope="session")
def data() -> Path:
    """The public data; only tests marked `data` may ask for them."""
    folder = data_folder()
    if folder is None:
        pytest.fail("a test that uses the public data must be marked `data`")
    return folder
