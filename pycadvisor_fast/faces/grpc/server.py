"""The gRPC server's life: bind, serve, end streams cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from pycadvisor_fast.errors import ConfigError, MissingDependencyError

from . import addresses as places
from .hub import Hub
from .service import SERVICE, Service

if TYPE_CHECKING:
    from pycadvisor_fast.door import Door
    from pycadvisor_fast.feed import Feed

log = logging.getLogger(__name__)

DEFAULT_LISTEN = "127.0.0.1:8081,unix:/run/pycadvisor-fast/grpc.sock"
MAX_SUBSCRIBERS = 1000
MAX_STREAMS_PER_CONNECTION = 1000
MAX_REQUEST_BYTES = 1 << 20

OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.so_reuseport", 0),  # a busy port is an error, not shared
    ("grpc.max_concurrent_streams", MAX_STREAMS_PER_CONNECTION),
    ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
    ("grpc.max_send_message_length", -1),
    # A peer that is gone without a word is noticed after two minutes. Not sooner: a process that was stopped for a
    # minute answers no ping either, and this is also the TCP_USER_TIMEOUT after which the kernel cuts it off.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 90_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),  # clients may ping that often
)


class GrpcServer:
    """A running server. Made by serve()."""

    def __init__(self, hub: Hub, service: Service, server: grpc.aio.Server, door: Door | None) -> None:
        self._hub = hub
        self._service = service
        self._server = server
        self._door = door
        self._credentials = door.grpc_credentials() if door is not None else None
        self._health: Any = None
        self._bound: list[places.Address] = []
        self.notes: list[str] = []
        """Addresses that could not be taken and were not insisted on, with the reason."""

    @property
    def addresses(self) -> list[str]:
        """Where it listens, as clients write it, e.g. ["127.0.0.1:8081", "unix:/run/pycadvisor-fast/grpc.sock"]."""
        return [address.target for address in self._bound]

    def status(self) -> dict[str, int]:
        """subscribers, selections, batches_encoded, batches_sent, bytes_sent, missed_ticks, encode_ns."""
        return self._service.status()

    def beside_http(self, status: Callable[[], Mapping[str, int]]) -> None:
        """GetStatus also tells what the HTTP server of this process counts: fields of HttpStatus."""
        self._service.http_status = status

    async def stop(self, grace: float = 0.5) -> None:
        """Ends all streams with OK and trailing metadata ``pcf-reason: shutdown``; those that do not take it within
        ``grace`` seconds are cancelled. Returns when nothing is left."""
        if self._health is not None:
            await self._health.enter_graceful_shutdown()
        self._hub.end_streams()
        await self._server.stop(grace)
        for address in self._bound:
            with contextlib.suppress(OSError):
                places.clear(address)
        await asyncio.to_thread(self._hub.close)

    async def bind(self, addresses: list[places.Address], *, require_all: bool) -> None:
        """Takes the addresses. Raises ConfigError naming the one that cannot be had."""
        for address in addresses:
            try:
                self._bound.append(self._bind_one(address))
            except ConfigError as error:
                if require_all or len(addresses) == 1:
                    raise
                self.notes.append(str(error))
                log.warning("%s", error)
        if not self._bound:
            raise ConfigError("; ".join(self.notes) or "grpc_listen: no address given")

    def _bind_one(self, address: places.Address) -> places.Address:
        places.prepare(address)
        try:
            if self._credentials is None or address.path:  # what goes through a unix socket leaves no wire
                port = self._server.add_insecure_port(address.target)
            else:
                port = self._server.add_secure_port(address.target, self._credentials)
        except RuntimeError as error:
            raise ConfigError(f"grpc_listen: cannot listen on {address.target}: {error}") from error
        if not port:
            raise ConfigError(f"grpc_listen: cannot listen on {address.target}")
        places.protect(address)
        if address.path and self._door is not None:
            self._door.protect_socket(address.path)
        return address if address.path else address._replace(port=port)

    async def add_standard_services(self) -> None:
        """grpc.health.v1 and reflection, so that grpcurl and probes work without our .proto."""
        try:
            from grpc_health.v1 import health, health_pb2, health_pb2_grpc
            from grpc_reflection.v1alpha import reflection
        except ImportError as error:
            raise MissingDependencyError(
                f"{error.name} is not installed; pip install grpcio-health-checking grpcio-reflection"
            ) from error
        servicers: Any = health  # grpc-stubs does not know its aio part
        self._health = servicers.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        for name in ("", SERVICE):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        names = (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)


async def serve(
    feed: Feed,
    listen: str = DEFAULT_LISTEN,
    *,
    max_subscribers: int = MAX_SUBSCRIBERS,
    require_all: bool = True,
    door: Door | None = None,
) -> GrpcServer:
    """Serves ``feed`` in the running event loop until GrpcServer.stop().

    ``listen``: addresses separated by commas. ``require_all``: False = addresses that cannot be taken are only noted
    as long as one can. ``door``: who may call what, and TLS for TCP; None: everybody everything.

    Raises ConfigError: an address is malformed, busy, or not allowed. RingError: the feed's ring cannot be mapped.
    """
    wanted = places.parse(listen)
    hub = Hub(feed)
    service = Service(hub, max_subscribers)
    hosts = [address.host for address in wanted]
    server = grpc.aio.server(options=OPTIONS, interceptors=door.grpc_interceptors(hosts) if door is not None else ())
    running = GrpcServer(hub, service, server, door)
    try:
        server.add_generic_rpc_handlers((service.handler(),))
        await running.add_standard_services()
        await running.bind(wanted, require_all=require_all)
        await server.start()
    except BaseException:
        await running.stop(0)
        raise
    for warning in door.warnings("gRPC", hosts) if door is not None else ():
        log.warning("%s", warning)
    log.info("gRPC: serving on %s", ", ".join(running.addresses))
    return running
