"""Docker over TLS: both sides show a certificate, and what is wrong with one is said."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest

from pycadvisor_fast.discovery.runtimes.http import HttpError, get
from pycadvisor_fast.options import CollectorOptions, Endpoint, Tls

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def certificate(directory: Path, name: str) -> Tls:
    """A certificate that is its own authority, for 127.0.0.1."""
    key, cert = directory / f"{name}.key", directory / f"{name}.pem"
    subject = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"]
    command = ["openssl", "req", "-x509", "-nodes", *made, *subject, "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return Tls(str(cert), str(key), str(cert))


def ask(server: Tls, client: Tls | None) -> tuple[int, bytes]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    async def main() -> tuple[int, bytes]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=server.authorities)
        context.load_cert_chain(server.certificate, server.key)
        context.verify_mode = ssl.CERT_REQUIRED
        listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            return await get(Endpoint(host="127.0.0.1", port=port, tls=client), "/x", timeout_s=10, limit=100)

    return asyncio.run(main())


def test_both_sides_are_checked(tmp_path: Path) -> None:
    one, other = certificate(tmp_path, "one"), certificate(tmp_path, "other")
    assert ask(one, one) == (200, b"{}")
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(other, one)


def test_files_that_are_missing_are_named(tmp_path: Path) -> None:
    one = certificate(tmp_path, "one")
    with pytest.raises(HttpError, match=r"TLS with the files .*gone\.pem"):
        ask(one, Tls(f"{tmp_path}/gone.pem", one.key, one.authorities))


def test_the_option_reaches_the_endpoint() -> None:
    from pycadvisor_fast.discovery.runtimes.catalogue import make_runtimes
    from pycadvisor_fast.discovery.runtimes.docker import DockerRuntime

    options = CollectorOptions(docker="tcp://127.0.0.1:2376", docker_tls=("c.pem", "k.pem", "a.pem"))
    docker = next(one for one in make_runtimes(options) if isinstance(one, DockerRuntime))
    assert docker._endpoint == Endpoint(host="127.0.0.1", port=2376, tls=Tls("c.pem", "k.pem", "a.pem"))
