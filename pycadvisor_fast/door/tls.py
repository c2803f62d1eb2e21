"""Certificate, key and client authority: read together, tried before they are used, and looked at again when a
connection comes, at most once a second. What turns out wrong then is not taken: the old ones serve on.
"""

from __future__ import annotations

import logging
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import ConfigError
from .files import LOOK_EVERY_SECONDS, is_world_readable, read, signature

log = logging.getLogger(__name__)

REQUIRE = "require"
OPTIONAL = "optional"

_MODES = {REQUIRE: ssl.CERT_REQUIRED, OPTIONAL: ssl.CERT_OPTIONAL}


@dataclass(frozen=True, slots=True)
class Material:
    """PEM bytes that fit together. ``client_ca``: empty = clients are not asked for certificates."""

    certificate: bytes
    key: bytes
    client_ca: bytes = b""


class Tls:
    """TLS as the settings tls_cert, tls_key, tls_client_ca and tls_client_auth say. Raises ConfigError.

    Safe to use from several threads.
    """

    def __init__(
        self,
        certificate: str,
        key: str,
        client_ca: str = "",
        client_auth: str = REQUIRE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.client_auth = client_auth if client_ca else ""
        """REQUIRE, OPTIONAL, or "": clients are not asked."""
        self.trouble = ""
        """Why the newest files are not those in use; empty when they are."""
        self.version = 1
        self._paths = {"tls_cert": certificate, "tls_key": key} | ({"tls_client_ca": client_ca} if client_ca else {})
        self._clock = clock
        self._lock = threading.Lock()
        self._signatures = self._look()
        self._material = self._read()
        self._context = self._made(self._material)
        self._looked = clock()
        if is_world_readable(key):
            log.warning("tls_key: everybody on this host may read %s; chmod 600 would change that", key)

    def current(self) -> Material:
        """What to serve with now."""
        self._refresh()
        return self._material

    def context(self) -> ssl.SSLContext:
        """For a server's whole life: each handshake takes the certificate of its moment."""
        outer = self._made(self._material)

        def switch(connection: ssl.SSLObject, _name: str | None, _outer: ssl.SSLContext) -> None:
            # OpenSSL calls it for each ClientHello, with a server name or without.
            self._refresh()
            connection.context = self._context

        outer.sni_callback = switch
        return outer

    def _refresh(self) -> None:
        now = self._clock()
        if now - self._looked < LOOK_EVERY_SECONDS:
            return
        with self._lock:
            if now - self._looked < LOOK_EVERY_SECONDS:
                return
            self._looked = now
            found = self._look()
            if found != self._signatures:
                self._signatures = found
                self._replace()

    def _replace(self) -> None:
        try:
            material = self._read()
            self._context, self._material = self._made(material), material
        except ConfigError as error:
            self.trouble = f"{error}; the earlier certificate is kept"
            log.error("%s", self.trouble)
            return
        self.trouble = ""
        self.version += 1
        log.info("tls: %s read again", ", ".join(self._paths.values()))

    def _look(self) -> tuple[object, ...]:
        return tuple(signature(path) for path in self._paths.values())

    def _read(self) -> Material:
        data = {what: read(path, what) for what, path in self._paths.items()}
        return Material(data["tls_cert"], data["tls_key"], data.get("tls_client_ca", b""))

    def _made(self, material: Material) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
        # No tickets: a client whose authority was taken away must not go on with the session it had.
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
        context.set_alpn_protocols(["http/1.1"])
        self._load(context, material)
        if material.client_ca:
            context.verify_mode = _MODES[self.client_auth or REQUIRE]
        return context

    def _load(self, context: ssl.SSLContext, material: Material) -> None:
        _expect(material.certificate, b"CERTIFICATE-----", f"tls_cert: {self._paths['tls_cert']}")
        _expect(material.key, b"PRIVATE KEY-----", f"tls_key: {self._paths['tls_key']}")
        with _as_path(material.certificate) as certificate, _as_path(material.key) as key:
            try:
                context.load_cert_chain(certificate, key, password=_no_passphrase)
            except _EncryptedError:
                raise ConfigError(
                    f"tls_key: {self._paths['tls_key']} has a passphrase; nobody could type it: openssl pkey removes it"
                ) from None
            except ssl.SSLError as error:
                raise ConfigError(self._pair_text(error, certificate)) from None
        if material.client_ca:
            path = self._paths["tls_client_ca"]
            _expect(material.client_ca, b"CERTIFICATE-----", f"tls_client_ca: {path}")
            try:
                context.load_verify_locations(cadata=material.client_ca.decode("ascii", "replace"))
            except (ssl.SSLError, ValueError) as error:
                raise ConfigError(f"tls_client_ca: {path} is no certificate: {_reason(error)}") from None

    def _pair_text(self, error: ssl.SSLError, certificate: str) -> str:
        cert_path, key_path = self._paths["tls_cert"], self._paths["tls_key"]
        if error.reason == "KEY_VALUES_MISMATCH":
            return f"tls_key: {key_path} is not the key of {cert_path}"
        try:  # which of the two is it?
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(certificate)
        except (ssl.SSLError, OSError):
            return f"tls_cert: {cert_path} is no certificate: {_reason(error)}"
        return f"tls_cert, tls_key: {cert_path} and {key_path} cannot be used: {_reason(error)}"


class _EncryptedError(Exception):
    pass


def _no_passphrase() -> str:
    raise _EncryptedError


def _expect(data: bytes, words: bytes, what: str) -> None:
    if b"-----BEGIN " not in data or words not in data:
        kind = "certificate" if words.startswith(b"CERT") else "private key"
        raise ConfigError(f"{what} holds no {kind} in PEM form (-----BEGIN ...)")


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return str(reason or error).replace("_", " ").lower()


@contextmanager
def _as_path(data: bytes) -> Iterator[str]:
    """A path that has these bytes. The ssl module takes files only, and the ones given may change under it: what was
    tried is exactly what is served, by HTTP and gRPC alike."""
    number = os.memfd_create("pcf-pem", os.MFD_CLOEXEC)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(number, view) :]
        yield f"/proc/self/fd/{number}"
    finally:
        os.close(number)
