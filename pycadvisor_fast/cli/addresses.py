"""Addresses to serve on or to call: host:port, [v6]:port, unix:/path. Checks that one is free, by trying."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ConfigError, NativeError


class AddressError(NativeError):
    """An address cannot be served, or nobody answers there. ``errno`` says which."""


@dataclass(frozen=True)
class Address:
    """``path`` for a unix socket, else ``host`` and ``port``."""

    text: str
    path: str = ""
    host: str = ""
    port: int = 0


def parse(text: str, what: str) -> Address:
    """An address taken apart. Raises ConfigError naming ``what`` it was given for."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        path = "/" + path.lstrip("/") if path.startswith("///") else path
        if not path.startswith("/"):
            raise ConfigError(f'{what}: "{text}": the path of a unix socket starts with /')
        if len(os.fsencode(path)) > 107:  # sun_path of sockaddr_un less its zero byte, unix(7)
            raise ConfigError(f'{what}: "{text}": the path of a unix socket has at most 107 bytes')
        return Address(text, path=path)
    host, colon, port = text.rpartition(":")
    is_plain = ":" not in host or (host.startswith("[") and host.endswith("]"))
    if not colon or not is_plain or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f'{what}: "{text}" is no address: write host:port, [v6]:port or unix:/path')
    return Address(text, host=host.strip("[]"), port=int(port))


def check_free(addresses: Sequence[str]) -> None:
    """Raises AddressError for the first address that cannot be served, ConfigError for one that is none."""
    for address in [parse(text, "grpc_listen") for text in addresses]:
        if address.path:
            _check_path(address)
        else:
            _check_port(address)


def _check_port(address: Address) -> None:
    try:
        found = socket.getaddrinfo(address.host or None, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise _refused(address, errno.EADDRNOTAVAIL, error.strerror or "unknown host") from None
    for family, kind, _, _, where in found[:1]:
        with socket.socket(family, kind | socket.SOCK_CLOEXEC) as sock:
            # As servers do: connections of a predecessor that linger must not count as "in use".
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(where)
                sock.listen(1)
            except OSError as error:
                raise _refused(address, error.errno or errno.EADDRINUSE, error.strerror or str(error)) from None


def _check_path(address: Address) -> None:
    """A socket somebody answers on is busy; one nobody answers on is a leftover, and the server replaces it."""
    try:
        mode = os.stat(address.path).st_mode  # noqa: PTH116
    except FileNotFoundError:
        return
    except OSError as error:
        raise _refused(address, error.errno or errno.EACCES, error.strerror or str(error)) from None
    if not stat.S_ISSOCK(mode):
        raise _refused(address, errno.EEXIST, "there is a file of that name that is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as sock:
        sock.settimeout(1)
        try:
            sock.connect(address.path)
        except OSError:
            return
    raise _refused(address, errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _refused(address: Address, code: int, reason: str) -> AddressError:
    mend = {
        errno.EADDRINUSE: "is another collector running? stop it or give another --grpc_listen",
        errno.EADDRNOTAVAIL: "give an address of this host in --grpc_listen",
        errno.EACCES: "run as root or give another --grpc_listen",
    }.get(code, "give another --grpc_listen")
    return AddressError(code, f"cannot serve {address.text}: {reason}; {mend}")
