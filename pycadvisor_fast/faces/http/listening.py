"""Where HTTP listens: addresses from settings, and sockets bound before anything else of the daemon is started."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Sequence

from pycadvisor_fast.errors import ConfigError
from pycadvisor_fast.faces.grpc import addresses as places
from pycadvisor_fast.faces.grpc.addresses import Address

BACKLOG = 1024  # the kernel bounds it by net.core.somaxconn


def wanted(listen_ip: str, port: int, more: Sequence[str]) -> list[Address]:
    """cAdvisor's two settings and our list as addresses; an empty ``listen_ip`` is every address of the host.

    Raises ConfigError for one that is none.
    """
    if not 0 <= port <= 65535:
        raise ConfigError(f"port: {port} is no TCP port; give one from 0 (any free one) to 65535")
    host = listen_ip.removeprefix("[").removesuffix("]")
    found = [Address(host or "::", port), *(places.parse_one(text, "http_listen") for text in more if text.strip())]
    return list(dict.fromkeys(found))


class Listener:
    """A bound, listening socket."""

    def __init__(self, sock: socket.socket, address: Address) -> None:
        self.sock = sock
        self.address = address

    def url(self, scheme: str) -> str:
        """As people write it: http://127.0.0.1:8080, unix:/run/x.sock."""
        return self.address.target if self.address.path else f"{scheme}://{self.address.target}"

    def close(self) -> None:
        """Stops listening; the file of a unix socket goes."""
        self.sock.close()
        with contextlib.suppress(OSError):
            places.clear(self.address)


def open_all(addresses: Sequence[Address]) -> list[Listener]:
    """Binds all of them or none. Raises ConfigError naming the one that cannot be had, and what to do."""
    opened: list[Listener] = []
    try:
        for address in addresses:
            opened.append(_open(address))
    except BaseException:
        for listener in opened:
            listener.close()
        raise
    return opened


def _open(address: Address) -> Listener:
    if address.path:
        places.prepare(address, "http_listen")
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        return _bound(sock, address, address.path)
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise ConfigError(f"HTTP: {address.host!r} is no address of this host: {error}; see listen_ip") from error
    family, kind, proto, _, place = found[0]
    if address.host == "::" and not socket.has_dualstack_ipv6():
        family, place = socket.AF_INET, ("0.0.0.0", address.port)
    sock = socket.socket(family, kind | socket.SOCK_CLOEXEC, proto)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    return _bound(sock, address, place)


def _bound(sock: socket.socket, address: Address, place: object) -> Listener:
    try:
        sock.bind(place)  # type: ignore[arg-type]
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        is_busy = error.errno == errno.EADDRINUSE
        mend = "another process has it; give another --port, or --http=false" if is_busy else "choose another address"
        raise ConfigError(f"HTTP: {address.target}: {error.strerror}; {mend}") from error
    if not address.path:
        address = address._replace(port=sock.getsockname()[1])
    places.protect(address)
    return Listener(sock, address)
