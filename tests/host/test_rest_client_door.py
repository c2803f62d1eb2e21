"""pycadvisor_fast.rest through the door of a live daemon: TLS, and each way to log in."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from pycadvisor_fast.rest import AsyncClient, Client, RestError, RestUnavailableError
from tests.host.http_daemon import HttpDaemon, http_daemon

pytestmark = pytest.mark.root

TOKEN = "a-token-that-is-long-enough"


@dataclass
class Guarded:
    """A daemon with TLS and three ways to log in; ``ca`` is whom to trust."""

    daemon: HttpDaemon
    url: str
    ca: str


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("door")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=one", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"]
    command = ["openssl", "req", "-x509", "-nodes", *made, *subject, "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    hashed = hashlib.sha256(b"digger:localhost:spade").hexdigest()
    files = {
        "token_file": f"program {TOKEN} metrics,stats\n",
        "http_auth_file": "basic:{SHA}" + _sha1_base64("pass:word") + "\n",
        "http_digest_file": f"digger:localhost:{hashed}\n",
    }
    flags = [f"--tls_cert={cert}", f"--tls_key={key}"]
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
        flags.append(f"--{name}={folder / name}")
    with http_daemon("--housekeeping_interval=200ms", *flags) as running:
        yield Guarded(running, running.url.replace("http:", "https:"), str(cert))


def _sha1_base64(password: str) -> str:
    return base64.b64encode(hashlib.sha1(password.encode(), usedforsecurity=False).digest()).decode()


WAYS: dict[str, dict[str, Any]] = {
    "token": {"token": TOKEN},
    "basic": {"auth": ("basic", "pass:word")},
    "digest": {"auth": httpx2.DigestAuth("digger", "spade")},
}


@pytest.mark.parametrize("way", WAYS)
def test_each_login_opens_the_door(guarded: Guarded, way: str) -> None:
    with Client(guarded.url, ca=guarded.ca, **WAYS[way]) as client:
        assert client.machine().num_cores
        assert client.machine().num_cores  # digest: the second request has the nonce of the first
        assert client.container("/", num_stats=1).name == "/"

    async def main() -> bool:
        async with AsyncClient(guarded.url, ca=guarded.ca, **WAYS[way]) as client:
            return await client.is_healthy()

    assert asyncio.run(main())


@pytest.mark.parametrize("wrong", [{}, {"token": "x" * 20}, {"auth": ("basic", "word")}])
def test_without_the_right_one_it_stays_shut(guarded: Guarded, wrong: dict[str, Any]) -> None:
    with Client(guarded.url, ca=guarded.ca, **wrong) as client:
        with pytest.raises(RestError) as caught:
            client.machine()
        assert caught.value.status == 401
        assert "x" * 20 not in str(caught.value)
        assert not client.is_healthy(), "the probe is behind the door as well"


def test_a_scope_that_is_missing_is_named(guarded: Guarded) -> None:
    with Client(guarded.url, ca=guarded.ca, token=TOKEN) as client:
        with pytest.raises(RestError, match="processes") as caught:
            client.processes("/")
        assert caught.value.status == 403


def test_a_server_that_is_not_trusted(guarded: Guarded) -> None:
    with (
        Client(guarded.url, token=TOKEN) as client,
        pytest.raises(RestUnavailableError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.machine()
