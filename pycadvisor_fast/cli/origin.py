"""Where a command takes its numbers from: the daemon over gRPC, else the ring it left in shared memory."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from ..config import Settings
from ..container import Container
from ..errors import PycadvisorError, RingError
from ..faces.snapshot import Capture
from ..filesystem import Storage
from .addresses import AddressError
from .origin_events import EventOrigin
from .selecting import Query

if TYPE_CHECKING:
    from ..client import Access

_ANSWERS_WITHIN_SECONDS = 0.5


class Origin(Protocol):
    """Numbers of a host. Raises SelectionError for a query that names what does not exist."""

    label: str

    def containers(self, query: Query) -> tuple[Container, ...]:
        """Who matches now."""

    def latest(self, query: Query) -> Capture:
        """The newest sample of each group asked for."""

    def window(self, query: Query, seconds: float) -> Capture:
        """The ticks of the last ``seconds``."""

    def follow(self, query: Query, interval_ns: int) -> Iterator[Capture]:
        """One capture for each tick from now on, with the groups due in it; 0 = every tick."""

    def interval_ns(self, query: Query) -> int:
        """The shortest interval among the groups asked for."""

    @property
    def events(self) -> EventOrigin:
        """What happens there. Raises RingError when there is no log of it."""

    def filesystems(self, query: Query) -> Storage | None:
        """Filesystems, block devices, and the trees of those who match; None: it does not know them."""

    def close(self) -> None:
        """Lets go of it; ends a ``follow`` that waits."""


def find(settings: Settings, target: str, access: Access | None = None) -> Origin:
    """The daemon at ``target``, else the one of the settings, else the ring.

    A ring directory given on the command line is taken without asking any daemon. Raises AddressError or RingError when
    there is nothing.
    """
    if target:
        return _daemon(target, access)
    if settings.origin("ring_dir") != "flag":
        for address in _by_cost(settings["grpc_listen"]):
            if answers(address):
                return _daemon(address, access)
    from .origin_ring import RingOrigin

    try:
        return RingOrigin(settings["ring_dir"])
    except RingError as error:
        if settings.origin("ring_dir") == "flag":
            raise
        tried = ", ".join(settings["grpc_listen"]) or "no address"
        raise RingError(
            f"no daemon answers at {tried}, and there is no ring: {error}; start one with: pycadvisor-fast run"
        ) from error


def answers(address: str, what: str = "grpc_listen") -> bool:
    """Whether something listens there; says so much faster than a gRPC channel gives up. Raises ConfigError."""
    try:
        family, where = _place(address, what)
        with socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as sock:
            sock.settimeout(_ANSWERS_WITHIN_SECONDS)
            sock.connect(where)
    except (OSError, UnicodeError):  # nobody there; a text that can be no host name
        return False
    return True


def _daemon(target: str, access: Access | None) -> Origin:
    if not answers(target, "target"):
        raise AddressError(f"nobody answers at {target}; is the daemon running? start it with: pycadvisor-fast run")
    try:
        from .origin_grpc import GrpcOrigin
    except ImportError as error:
        raise PycadvisorError(f"gRPC is not installed ({error}); use --ring_dir to read the ring itself") from error
    return GrpcOrigin(target, access)


def _by_cost(addresses: Sequence[str]) -> list[str]:
    """Unix sockets first."""
    return sorted(addresses, key=lambda address: not address.startswith("unix:"))


def _place(address: str, what: str) -> tuple[socket.AddressFamily, str | tuple[str, int]]:
    from ..faces.grpc import addresses as places

    place = places.parse_one(address, what)
    if place.path:
        return socket.AF_UNIX, place.path
    # "all addresses" is where a server listens; whoever calls means this machine.
    host = {"::": "::1", "0.0.0.0": "127.0.0.1"}.get(place.host, place.host)
    found = socket.getaddrinfo(host, place.port, type=socket.SOCK_STREAM)
    return found[0][0], found[0][4][:2]  # type: ignore[return-value]
