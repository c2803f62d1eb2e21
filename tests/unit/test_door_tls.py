"""Certificates: what is wrong is named at the start; what turns wrong later is not taken."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from pycadvisor_fast.door.tls import OPTIONAL, Tls
from pycadvisor_fast.errors import ConfigError

from .door_rig import Certificates, Clock, certificates, written

MINE = "localhost"


@pytest.fixture
def made(tmp_path: Path) -> Certificates:
    return certificates(tmp_path)


def handshake(context: ssl.SSLContext, client: ssl.SSLContext) -> tuple[dict[str, object], dict[str, object] | None]:
    """One connection; (certificate the client saw, certificate the server saw). Raises what the client met."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.settimeout(20)
    seen: list[dict[str, object] | None] = []

    def serve() -> None:
        try:
            with ours, context.wrap_socket(ours, server_side=True) as connection:
                seen.append(connection.getpeercert())
                connection.sendall(b"x")
        except (ssl.SSLError, OSError):
            pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with theirs, client.wrap_socket(theirs, server_hostname=MINE) as connection:
            if connection.recv(1) != b"x":  # TLS 1.3: a certificate is refused after the client's handshake
                raise ConnectionResetError
            return connection.getpeercert() or {}, (seen[0] or None)
    finally:
        thread.join()


def client_of(authority: Path, own: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority))
    if own is not None:
        context.load_cert_chain(*map(str, own))
    return context


def serial(context: ssl.SSLContext, client: ssl.SSLContext) -> object:
    return handshake(context, client)[0]["serialNumber"]


def tls(made: Certificates, clock: Clock, *ca: str) -> Tls:
    certificate, key = made.issue("server", MINE)
    return Tls(str(certificate), str(key), *ca, clock=clock)


def test_old_protocols_are_not_spoken(made: Certificates) -> None:
    context = tls(made, Clock()).context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    client = client_of(made.ca)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert serial(context, client)
    assert context.num_tickets == 0


def test_a_new_certificate_is_served_to_the_next_who_connects(made: Certificates) -> None:
    clock = Clock()
    served = tls(made, clock)
    context, client = served.context(), client_of(made.ca)
    before = serial(context, client)
    made.issue("server", MINE)
    assert serial(context, client) == before, "looked at once a second"
    clock.now += 2
    after = serial(context, client)
    assert after != before
    assert served.version == 2
    nameless = client_of(made.ca)
    nameless.check_hostname = False
    assert serial(context, nameless) == after


def spoil_certificate(made: Certificates) -> str:
    written(made.folder / "server.pem", b"\0garbage")
    return "tls_cert: {folder}/server.pem holds no certificate in PEM form"


def spoil_base64(made: Certificates) -> str:
    text = (made.folder / "server.pem").read_text().replace("MII", "M!!")
    written(made.folder / "server.pem", text)
    return "tls_cert: {folder}/server.pem is no certificate"


def empty_certificate(made: Certificates) -> str:
    written(made.folder / "server.pem", b"")
    return "tls_cert: {folder}/server.pem holds no certificate"


def swap_files(made: Certificates) -> str:
    certificate = (made.folder / "server.pem").read_bytes()
    written(made.folder / "server.key", certificate)
    return "tls_key: {folder}/server.key holds no private key in PEM form"


def other_key(made: Certificates) -> str:
    other = made.authority.issue_cert(MINE).private_key_pem.bytes()
    written(made.folder / "server.key", other)
    return "tls_key: {folder}/server.key is not the key of {folder}/server.pem"


def lock_key(made: Certificates) -> str:
    from cryptography.hazmat.primitives import serialization as s

    key = s.load_pem_private_key((made.folder / "server.key").read_bytes(), None)
    sealed = s.BestAvailableEncryption(b"passphrase")
    written(made.folder / "server.key", key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, sealed))
    return "tls_key: {folder}/server.key has a passphrase"


def remove_key(made: Certificates) -> str:
    (made.folder / "server.key").unlink()
    return "tls_key: {folder}/server.key cannot be read: No such file or directory"


def spoil_ca(made: Certificates) -> str:
    written(made.folder / "ca.pem", b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    return "tls_client_ca: {folder}/ca.pem is no certificate"


SPOILERS = [spoil_certificate, spoil_base64, empty_certificate, swap_files, other_key, lock_key, remove_key, spoil_ca]
Spoiler = Callable[[Certificates], str]


@pytest.mark.parametrize("spoil", SPOILERS)
def test_what_is_wrong_at_the_start_is_named(made: Certificates, spoil: Spoiler) -> None:
    authority = made.ca
    certificate, key = made.issue("server", MINE)
    message = spoil(made).format(folder=made.folder)
    with pytest.raises(ConfigError) as caught:
        Tls(str(certificate), str(key), str(authority))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("spoil", SPOILERS)
def test_garbage_later_is_said_and_the_earlier_certificate_serves_on(
    made: Certificates, caplog: pytest.LogCaptureFixture, spoil: Spoiler
) -> None:
    clock = Clock()
    served = tls(made, clock, str(made.ca))
    context = served.context()
    authority = written(made.folder / "for-clients.pem", made.authority.cert_pem.bytes())
    client = client_of(authority, made.issue("client", "client.example"))
    before, material = serial(context, client), served.current()
    message = spoil(made).format(folder=made.folder)
    for _ in range(3):
        clock.now += 2
        assert serial(context, client) == before
    assert served.current() is material, "gRPC is given the same"
    assert served.trouble.startswith(message)
    assert "kept" in served.trouble
    assert len(caplog.records) == 1
    assert caplog.records[0].getMessage() == served.trouble
    made.issue("server", MINE)
    assert made.ca
    clock.now += 2
    assert serial(context, client) != before
    assert served.trouble == ""


def test_without_a_certificate_of_the_authority_nobody_connects(made: Certificates) -> None:
    context = tls(made, Clock(), str(made.ca)).context()
    _, seen = handshake(context, client_of(made.ca, made.issue("client", "scraper.example.org")))
    assert seen is not None
    stranger = certificates(made.folder / "stranger")
    for own in (None, stranger.issue("client", "scraper.example.org")):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            handshake(context, client_of(made.ca, own))


def test_an_optional_certificate_is_looked_at_when_it_comes(made: Certificates) -> None:
    context = tls(made, Clock(), str(made.ca), OPTIONAL).context()
    assert handshake(context, client_of(made.ca))[1] is None
    assert handshake(context, client_of(made.ca, made.issue("client", "scraper.example.org")))[1] is not None
    stranger = certificates(made.folder / "stranger").issue("client", "scraper.example.org")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(context, client_of(made.ca, stranger))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_authority_that_was_replaced_vouches_for_nobody(made: Certificates, version: ssl.TLSVersion) -> None:
    clock = Clock()
    authority = written(made.folder / "clients.pem", made.authority.cert_pem.bytes())
    served = tls(made, clock, str(authority))
    context = served.context()
    client = client_of(made.ca, made.issue("client", "scraper.example.org"))
    client.maximum_version = version
    assert handshake(context, client)[1] is not None
    written(authority, trustme.CA().cert_pem.bytes())
    clock.now += 2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(context, client)


def test_a_key_that_everybody_may_read_is_named(made: Certificates, caplog: pytest.LogCaptureFixture) -> None:
    certificate, key = made.issue("server", MINE)
    key.chmod(0o644)
    Tls(str(certificate), str(key))
    assert f"everybody on this host may read {key}" in caplog.text
