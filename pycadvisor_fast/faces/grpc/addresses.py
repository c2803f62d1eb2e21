"""Where to listen: addresses from text, and sockets that are free to take."""

from __future__ import annotations

import errno
import os
import socket
import stat
from pathlib import Path
from typing import NamedTuple

from pycadvisor_fast.errors import ConfigError

SOCKET_MODE = 0o660  # root and a group an administrator may give it to


class Address(NamedTuple):
    """One place to listen. ``host`` is empty for a unix socket."""

    host: str
    port: int
    path: str = ""

    @property
    def target(self) -> str:
        """As gRPC writes it."""
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse(text: str) -> list[Address]:
    """Addresses of a list like "127.0.0.1:8081,unix:/run/x.sock". Raises ConfigError naming the entry.

    ":8081" means all addresses of the host; port 0 a free port.
    """
    return [parse_one(part.strip()) for part in text.split(",") if part.strip()]


def parse_one(text: str, what: str = "grpc_listen") -> Address:
    """One address; ``what`` was given it. Raises ConfigError."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        path = path.removeprefix("//") if path.startswith("///") else path
        if not path.startswith("/"):
            raise ConfigError(f"{what}: {text!r}: a unix socket needs an absolute path, like unix:/run/x.sock")
        if len(os.fsencode(path)) > 107:  # sun_path, unix(7)
            raise ConfigError(f"{what}: {text!r}: the kernel allows 107 bytes for the path of a unix socket")
        return Address("", 0, path)
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ConfigError(f"{what}: {text!r} is neither host:port nor unix:/path")
    return Address(host or "::", int(port))


def prepare(address: Address, what: str = "grpc_listen") -> None:
    """Makes sure that ``address``, which ``what`` was given, can be taken.

    Raises ConfigError saying by whom it is held, or why it cannot be.
    """
    if address.path:
        _prepare_path(address, what)
    else:
        _prepare_port(address)


def _prepare_path(address: Address, what: str) -> None:
    path = Path(address.path)
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        mode = path.lstat().st_mode
        if not stat.S_ISSOCK(mode):
            raise ConfigError(f"{what}: {address.path} exists and is no socket; move it away or choose another path")
        if _is_answered(address.path, what):
            raise ConfigError(f"{what}: another process listens on {address.target}; stop it or choose another path")
        path.unlink()  # left behind by a process that was killed
    except FileNotFoundError:
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise ConfigError(f"{what}: {address.target}: no permission to create a socket in {path.parent}") from None
    except OSError as error:
        raise ConfigError(f"{what}: {address.target}: {error.strerror} ({error.filename or address.path})") from error


def _is_answered(path: str, what: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        result = probe.connect_ex(path)
    if result in (errno.ECONNREFUSED, errno.ENOENT):
        return False
    if result == errno.EACCES:
        raise ConfigError(f"{what}: no permission to look who listens on unix:{path}")
    return True


def _prepare_port(address: Address) -> None:
    """Binds once for the sake of the error: gRPC itself only says that it failed."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise ConfigError(
            f"grpc_listen: {address.target}: {address.host!r} is no address of this host: {error}"
        ) from error
    family, kind, proto, _, place = found[0]
    try:
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            probe.bind(place)
    except OSError as error:
        mend = "choose another port" if error.errno == errno.EADDRINUSE else "choose another address"
        raise ConfigError(f"grpc_listen: {address.target}: {error.strerror}; {mend}") from error


def protect(address: Address) -> None:
    """After binding: who may connect to a unix socket."""
    if address.path:
        Path(address.path).chmod(SOCKET_MODE)


def clear(address: Address) -> None:
    """After stopping: takes the socket file away."""
    if address.path:
        Path(address.path).unlink(missing_ok=True)
