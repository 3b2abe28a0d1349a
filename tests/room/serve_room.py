"""A room of its own process for tests in a browser: `python serve_room.py PORT DATA`; its first line is a token."""

import os
import sys
from pathlib import Path

import uvicorn

sys.path.insert(0, str(Path(__file__).parents[1]))


def main() -> None:
    port, data = int(sys.argv[1]), Path(sys.argv[2])
    os.environ["NICEGUI_STORAGE_PATH"] = str(data / "nicegui")
    from detente.room.app import create
    from detente.room.kernel import Kernel
    from fixtures_kernel import FAST

    app = create(data=data, announce=lambda token: print(token, flush=True), kernel=lambda sc: Kernel(sc, FAST))  # noqa: T201
    uvicorn.run(app, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
