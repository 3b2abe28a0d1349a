"""`detente room` as it is started: over TLS, and behind a proxy with an address of its own."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.slow  # the first start compiles the month in which people play


@contextmanager
def started(tmp_path: Path, *options: str) -> Iterator[tuple[int, list[str]]]:
    """The room by its command on a free port, and what it has printed when its operator's link is out."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [str(Path(sys.executable).with_name("detente")), "room", "--port", str(port)]
    command += ["--data", str(tmp_path / "data"), *options]
    with (tmp_path / "said").open("w") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        try:
            for _ in range(1200):
                told = (tmp_path / "said").read_text()
                if "/enter#" in told:
                    break
                assert process.poll() is None, told
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(0.5)
            yield port, re.findall(r"https?://\S+", told)
        finally:
            process.terminate()
            process.wait(30)


def test_tls_serves_over_tls_and_its_cookies_go_nowhere_else(tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("needs openssl to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    make += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(make, check=True, capture_output=True)
    with started(tmp_path, "--tls", str(certificate), str(key)) as (port, urls):
        assert urls[0] == f"https://127.0.0.1:{port}"
        with httpx.Client(verify=ssl.create_default_context(cafile=str(certificate)), timeout=60) as client:
            assert client.get(f"{urls[0]}/").status_code == 200
            found = client.post(f"{urls[0]}/api/v1/enter", json={"token": urls[-1].partition("#")[2]})
            assert found.status_code == 200
            assert "secure" in found.headers["set-cookie"].lower()
            assert client.get(f"{urls[0]}/seats/new").status_code == 200
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{port}/", timeout=10)


def test_a_public_url_is_the_address_of_links_and_the_name_that_is_answered(tmp_path: Path) -> None:
    with started(tmp_path, "--public-url", "https://room.example") as (port, urls):
        assert urls[0] == "https://room.example"
        assert urls[-1].startswith("https://room.example/enter#")
        here = f"http://127.0.0.1:{port}"
        proxied = {"host": "room.example", "x-forwarded-proto": "https", "origin": "https://room.example"}
        with httpx.Client(timeout=60) as client:
            assert client.get(f"{here}/", headers=proxied).status_code == 200
            assert client.get(f"{here}/", headers={"host": "elsewhere.example"}).status_code == 421
            foreign = proxied | {"origin": "https://elsewhere.example"}
            assert client.post(f"{here}/seats/alone", data={"exercise": "x"}, headers=foreign).status_code == 403
            found = client.post(f"{here}/enter", data={"token": urls[-1].partition("#")[2]}, headers=proxied)
            assert found.status_code == 303
            assert "secure" in found.headers["set-cookie"].lower()
            # whoever comes by a public address may not set the machine to work
            alone = client.post(f"{here}/seats/alone", data={"exercise": "cuba-thirty-minutes"}, headers=proxied)
            assert alone.status_code == 403
