"""The door under uvicorn: TLS, and each way in, asked for by curl and httpx."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pycadvisor_fast.door import Door, with_peers

from .door_rig import HTPASSWD, TOKEN, Certificates, certificates, door, greeting, written

PROTOCOLS = pytest.mark.parametrize("protocol", [H11Protocol, HttpToolsProtocol])


@asynccontextmanager
async def served(made: Door, protocol: type = HttpToolsProtocol, path: Path | None = None) -> AsyncIterator[int]:
    """An application behind the door, on a port of its own or on a unix socket."""
    family = socket.AF_INET if path is None else socket.AF_UNIX
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0) if path is None else str(path))
    context = made.ssl_context() if path is None else None
    config = uvicorn.Config(
        made.asgi(greeting),
        http=with_peers(protocol),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        ssl_context_factory=(lambda *_: context) if context is not None else None,
    )
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]  # those are the process's
    task = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield listener.getsockname()[1] if path is None else 0
    finally:
        server.should_exit = True
        await task
        listener.close()
        made.close()


async def curl(*words: Any) -> tuple[int, str]:
    """(status, body); status 0 when there was no answer, the body then says why."""
    command = ["curl", "-s", "-S", "--max-time", "20", "--noproxy", "*", "-w", "\n%{http_code}", *map(str, words)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    body, _, status = done.stdout.rpartition("\n")
    return int(status or 0), body.strip() or done.stderr.strip()


def run(main: Any) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await main

    asyncio.run(bounded())


@pytest.fixture
def made(tmp_path: Path) -> Certificates:
    return certificates(tmp_path / "tls")


def htdigest(folder: Path, *algorithms: str, realm: str = "r") -> Path:
    lines = [f"dave:{realm}:{hashlib.new(a, f'dave:{realm}:pw'.encode()).hexdigest()}" for a in algorithms]
    return written(folder / "htdigest", "\n".join(lines) + "\n")


@PROTOCOLS
def test_curl_with_password_token_and_digest(tmp_path: Path, made: Certificates, protocol: type) -> None:
    certificate, key = made.issue("server", "localhost")

    async def main() -> None:
        here = door(
            tls_cert=certificate,
            tls_key=key,
            http_auth_file=written(tmp_path / "htpasswd", HTPASSWD),
            token_file=written(tmp_path / "tokens", f"prometheus {TOKEN}\n"),
            http_digest_file=htdigest(tmp_path, "md5", "sha256"),
            http_digest_realm="r",
        )
        async with served(here, protocol) as port:
            url, secure = f"https://localhost:{port}/api/v1.3/machine?a=b%20c", ("--cacert", made.ca)
            assert await curl(*secure, url) == (401, "credentials are needed")
            assert await curl(*secure, "-u", "alice:secret", url) == (200, "alice metrics,stats basic")
            assert (await curl(*secure, "-u", "alice:wrong", url))[0] == 401
            bearer = ("-H", f"Authorization: Bearer {TOKEN}")
            assert await curl(*secure, *bearer, url) == (200, "prometheus metrics,stats token")
            assert await curl(*secure, "--digest", "-u", "dave:pw", url) == (200, "dave metrics,stats digest")
            assert (await curl(*secure, "--digest", "-u", "dave:wrong", url))[0] == 401
            assert (await curl(*secure, "--digest", "-u", "nobody:pw", url))[0] == 401
            posted = await curl(*secure, "--digest", "-u", "dave:pw", "-d", "{}", url)
            assert posted == (200, "dave metrics,stats digest")
            plain = await curl(f"http://localhost:{port}/")
            assert plain[0] == 0, "no plain HTTP where TLS is set"
            assert "certificate" in (await curl(url))[1], "the authority is not one that the system trusts"
            old = ("--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0")
            assert (await curl(*secure, *old, url))[0] == 0

    run(main())


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_digest_of_one_algorithm_by_curl_and_httpx(tmp_path: Path, algorithm: str) -> None:
    async def main() -> None:
        here = door(http_digest_file=htdigest(tmp_path, algorithm), http_digest_realm="r")
        async with served(here) as port:
            url = f"http://127.0.0.1:{port}/metrics"
            assert await curl("--digest", "-u", "dave:pw", url) == (200, "dave metrics,stats digest")
            async with httpx.AsyncClient(auth=httpx.DigestAuth("dave", "pw"), trust_env=False) as client:
                for _ in range(3):  # the second goes on with the nonce and its next count
                    answer = await client.get(url)
                    assert (answer.status_code, answer.text) == (200, "dave metrics,stats digest")
                several = await asyncio.gather(*(client.get(url) for _ in range(10)))
                assert {answer.status_code for answer in several} == {200}

    run(main())


@PROTOCOLS
def test_a_certificate_instead_of_a_password(tmp_path: Path, made: Certificates, protocol: type) -> None:
    certificate, key = made.issue("server", "localhost")
    own_certificate, own_key = made.issue("client", "scraper.example.org", "spiffe.example", common_name="scraper")
    stranger, strange_key = certificates(tmp_path / "stranger").issue("client", "scraper.example.org")
    users = written(tmp_path / "users", "user prometheus metrics\ncert dns:scraper.example.org prometheus\n")

    async def main() -> None:
        here = door(
            tls_cert=certificate, tls_key=key, tls_client_ca=made.ca, users_file=users, tls_client_auth="optional"
        )
        async with served(here, protocol) as port:
            url, secure = f"https://localhost:{port}/metrics", ("--cacert", made.ca)
            mine = (*secure, "--cert", own_certificate, "--key", own_key)
            assert await curl(*mine, url) == (200, "prometheus metrics certificate")
            assert (await curl(*mine, f"https://localhost:{port}/api/v1.3/machine"))[0] == 403
            assert await curl(*secure, url) == (401, "credentials are needed")
            assert (await curl(*secure, "--cert", stranger, "--key", strange_key, url))[0] == 0

    run(main())


@PROTOCOLS
def test_the_kernel_says_who_is_at_a_unix_socket(tmp_path: Path, protocol: type) -> None:
    async def main() -> None:
        path = tmp_path / "http.sock"
        async with served(door(peer_uids=str(os.geteuid())), protocol, path):
            status, body = await curl("--unix-socket", path, "http://here/metrics")
            assert status == 200
            assert body.endswith(" peer")
        other = tmp_path / "other.sock"
        async with served(door(peer_uids=str(os.geteuid() + 1)), protocol, other):
            assert (await curl("--unix-socket", other, "http://here/metrics"))[0] == 401

    run(main())


def test_a_certificate_replaced_while_clients_are_connected(
    tmp_path: Path, made: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pycadvisor_fast.door import tls

    monkeypatch.setattr(tls, "LOOK_EVERY_SECONDS", 0.0)
    certificate, key = made.issue("server", "localhost")

    async def serial(port: int) -> Any:
        context = ssl.create_default_context(cafile=str(made.ca))
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
        found = writer.get_extra_info("ssl_object").getpeercert()["serialNumber"]
        writer.close()
        await writer.wait_closed()
        return found

    async def main() -> None:
        here = door(tls_cert=certificate, tls_key=key)
        async with served(here) as port:
            before = await serial(port)
            context = ssl.create_default_context(cafile=str(made.ca))
            async with httpx.AsyncClient(verify=context, trust_env=False) as client:
                url = f"https://localhost:{port}/metrics"
                assert (await client.get(url)).status_code == 200
                written(certificate, "garbage")
                assert await serial(port) == before, "the old one is kept"
                assert here.status()["trouble"][0].startswith(f"tls_cert: {certificate} holds no certificate")
                made.issue("server", "localhost")
                assert await serial(port) != before
                assert (await client.get(url)).status_code == 200, "on the connection it had"
            assert here.status()["trouble"] == []

    run(main())
