"""`detente room`: the room served, with the addresses by which it can be reached, and the operator's link."""

from __future__ import annotations

import logging
import os
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn

from detente import console
from detente.console import WrongError, aside, said
from detente.room.pages.site import loopback

EVERY = ("0.0.0.0", "::", "")
"""Hosts that stand for all addresses of a machine."""
PATIENCE = 5
"""Seconds for which open pages are waited for when the room is closed."""


def serve(
    scenario: str,
    host: str,
    port: int,
    db: str,
    public_url: str,
    data: Path | None,
    claims: Path | None,
    tls: tuple[Path, Path] | None,
    lang: str,
) -> None:
    """Serve the room until it is stopped."""
    checked(host, port, public_url, claims, tls)
    if data:
        console.folder(data)
        os.environ.setdefault("NICEGUI_STORAGE_PATH", str(data / "nicegui"))
    import platformdirs

    os.environ.setdefault("NICEGUI_STORAGE_PATH", str(platformdirs.user_data_path("detente") / "nicegui"))
    from detente.room.app import create

    own = loopback(host)
    names = [] if own else list(addresses(host))
    scheme = "https" if tls else "http"
    urls = [public_url.rstrip("/")] if public_url else [f"{scheme}://{bare(name)}:{port}" for name in names or [host]]
    screen = aside()
    screen.print(said(lang, "The room is open at:", "Комната открыта по адресу:"))
    for url in urls:
        screen.print(f"  {url}", markup=False, soft_wrap=True)
    if not own and not tls and not public_url.startswith("https:"):
        warning = (
            "Plain HTTP: whoever shares this network can read what is sent, links included. Use --tls, or a proxy.",
            "Обычный HTTP: кто в этой сети, может прочесть всё, в том числе ссылки. Используйте --tls или прокси.",
        )
        screen.print(said(lang, *warning), style="yellow")

    def announce(token: str) -> None:
        screen.print(said(lang, "The operator's link (keep it to yourself):", "Ссылка хозяина (никому не давайте):"))
        screen.print(f"  {urls[0]}/enter#{token}", markup=False, soft_wrap=True)

    app = create(
        scenario,
        data,
        claims,
        db,
        ("localhost", "127.0.0.1", "[::1]", host, *map(bare, names)),
        public_url,
        loopback=own and not public_url,
        announce=announce,
    )
    warnings.filterwarnings("ignore", message=r"os\.fork\(\) was called")  # the child runs another program at once
    logging.getLogger("nicegui").setLevel(logging.WARNING)
    files: dict[str, Any] = {"ssl_certfile": tls[0], "ssl_keyfile": tls[1]} if tls else {}
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(public_url),
        timeout_graceful_shutdown=PATIENCE,
        **files,
    )


def checked(host: str, port: int, public_url: str, claims: Path | None, tls: tuple[Path, Path] | None) -> None:
    """Find out before anything is opened that it can be."""
    if public_url and not public_url.startswith(("http://", "https://")):
        raise WrongError(f"--public-url {public_url}: write it with http:// or https://")
    for option, path in (("--claims", claims), *(("--tls", file) for file in tls or ())):
        if path and not path.is_file():
            raise WrongError(f"{option} {path}: there is no such file. Correct the path")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise WrongError(
                f"--host {host} --port {port}: it cannot be opened ({reason}). Name another port or host"
            ) from None


def addresses(host: str) -> Iterator[str]:
    """The addresses by which a class can reach a host."""
    if host not in EVERY:
        yield host
        return
    seen = set()
    for *_, where in socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM):
        address = str(where[0])
        if not loopback(address) and "%" not in address:
            seen.add(address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
        try:
            route.connect(("192.0.2.1", 9))  # a documentation address: nothing is sent, only a route is chosen
            seen.add(route.getsockname()[0])
        except OSError:
            pass
    yield from sorted(address for address in seen if not loopback(address)) or ["localhost"]


def bare(host: str) -> str:
    """A host as an address writes it."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
