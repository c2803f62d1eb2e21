"""What both clients say to gRPC."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import grpc

from pycadvisor_fast.errors import ConfigError

DEFAULT_TARGET = "127.0.0.1:8081"

OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", -1),  # a batch of 10 000 containers is larger than the default 4 MiB
    ("grpc.keepalive_time_ms", 20_000),  # a server that is gone without a word is noticed after 30 s
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.enable_http_proxy", 0),  # a proxy of the environment is for the web, not for hosts of our own
    ("grpc.enable_retries", 0),  # streams resume by tick number instead
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5_000),  # also how long one attempt to connect may take on a busy machine
    ("grpc.max_reconnect_backoff_ms", 1_000),  # client.Retry decides when to try
)

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Access:
    """How a client shows who it is, and checks who answers.

    ``token``, or ``user`` and ``password``. ``tls_ca``: the file (PEM) of the authority that signed the server's
    certificate, or "system" for those the system trusts; empty = no TLS. ``tls_cert``, ``tls_key``: the client's own
    certificate. Over a unix socket TLS is left out.
    """

    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    tls_ca: str = ""
    tls_cert: str = ""
    tls_key: str = field(default="", repr=False)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What goes with each call."""
        if self.token:
            return (("authorization", f"Bearer {self.token}"),)
        if self.user:
            pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            return (("authorization", f"Basic {pair}"),)
        return ()

    def credentials(self, target: str) -> grpc.ChannelCredentials | None:
        """For a channel to ``target``; None: no TLS. Raises ConfigError for a file that cannot be read."""
        if not self.tls_ca or target.startswith("unix:"):
            return None
        authority = None if self.tls_ca == SYSTEM else _read(self.tls_ca)
        pair = (_read(self.tls_key), _read(self.tls_cert)) if self.tls_cert else (None, None)
        return grpc.ssl_channel_credentials(authority, *pair)


class WithMetadata:
    """A stub whose calls all carry some metadata."""

    def __init__(self, stub: Any, metadata: tuple[tuple[str, str], ...]) -> None:
        self._stub = stub
        self._metadata = metadata

    def __getattr__(self, name: str) -> Any:
        return partial(getattr(self._stub, name), metadata=self._metadata)


def stub_for(stub: Any, access: Access | None) -> Any:
    """The stub as ``access`` wants it called."""
    metadata = access.metadata if access is not None else ()
    return WithMetadata(stub, metadata) if metadata else stub


def channel_to(target: str, access: Access | None, grpc_module: Any) -> Any:
    """A channel; ``grpc_module``: grpc or grpc.aio."""
    credentials = access.credentials(target) if access is not None else None
    if credentials is None:
        return grpc_module.insecure_channel(target, options=OPTIONS)
    return grpc_module.secure_channel(target, credentials, options=OPTIONS)


def target_of(text: str) -> str:
    """A target as gRPC wants it: ":8081" is this host, unix paths are taken as they are."""
    return f"127.0.0.1{text}" if text.startswith(":") else text


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
