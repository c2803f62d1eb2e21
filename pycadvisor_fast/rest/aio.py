"""The asyncio client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import TypeVar, Unpack

import httpx2

from . import calls
from .calls import Call, EventArgs, NamesArgs, Naming, V1Args, V2Args
from .connection import DEFAULT_URL, Connection, Lines, read, refused, shown, translated, understand
from .models import (
    Attributes,
    ContainerInfo,
    ContainerInfoV2,
    ContainerSpecV2,
    DerivedStats,
    Event,
    FsInfo,
    MachineInfo,
    MachineStats,
    MetricValBasic,
    ProcessInfo,
)

T = TypeVar("T")


class AsyncClient:
    """API v1.3 and v2.1, for programs with an event loop. The blocking twin, ``Client``, explains the methods."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        timeout: float = 10.0,
        auth: tuple[str, str] | httpx2.Auth | None = None,
        token: str | None = None,
        ca: str | None = None,
        cert: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Connects to nobody yet. Raises ConfigError for an address or a TLS file that cannot be used."""
        self.connection = Connection(url, timeout, auth, token, ca, cert, headers or {})
        transport = httpx2.AsyncHTTPTransport(verify=self.connection.tls(), uds=self.connection.socket)
        self._http = httpx2.AsyncClient(transport=transport, **self.connection.options())

    # ---- v1.3: samples oldest first; see calls.V1Args
    async def container(self, name: str = "/", **args: Unpack[V1Args]) -> ContainerInfo:
        """See Client.container."""
        return await self._do(calls.container(name, args))

    async def subcontainers(self, name: str = "/", **args: Unpack[V1Args]) -> tuple[ContainerInfo, ...]:
        """See Client.subcontainers."""
        return await self._do(calls.subcontainers(name, args))

    async def docker(self, **args: Unpack[V1Args]) -> Mapping[str, ContainerInfo]:
        """See Client.docker."""
        return await self._do(calls.docker("/", args))

    async def docker_container(self, name: str, **args: Unpack[V1Args]) -> ContainerInfo:
        """See Client.docker_container."""
        return next(iter((await self._do(calls.docker(name, args))).values()))

    async def machine(self) -> MachineInfo:
        """See Client.machine."""
        return await self._do(calls.machine())

    async def events(
        self,
        name: str = "/",
        *,
        max_events: int = 10,
        start: int | None = None,
        end: int | None = None,
        **args: Unpack[EventArgs],
    ) -> tuple[Event, ...]:
        """See Client.events."""
        return await self._do(calls.events(name, max_events, start, end, args))

    async def stream_events(self, name: str = "/", **args: Unpack[EventArgs]) -> AsyncIterator[Event]:
        """See Client.stream_events."""
        call = calls.stream_events(name, args)
        patience = httpx2.Timeout(self.connection.timeout, read=None)
        with translated(self.connection, call):
            async with self._http.stream(**self.connection.request(call), timeout=patience) as response:
                if response.status_code != httpx2.codes.OK:
                    raise refused(shown(response), response.status_code, await response.aread())
                lines = Lines()
                async for piece in response.aiter_bytes():
                    for line in lines.take(piece):
                        yield understand(call, shown(response), line)

    # ---- v2.1: see calls.V2Args
    async def version(self) -> str:
        """See Client.version."""
        return await self._do(calls.version())

    async def attributes(self) -> Attributes:
        """See Client.attributes."""
        return await self._do(calls.attributes())

    async def machine_stats(self, **args: Unpack[V2Args]) -> tuple[MachineStats, ...]:
        """See Client.machine_stats."""
        return await self._do(calls.machine_stats(args))

    async def stats(self, name: str = "/", **args: Unpack[V2Args]) -> Mapping[str, ContainerInfoV2]:
        """See Client.stats."""
        return await self._do(calls.stats(name, args))

    async def specs(self, name: str = "/", **args: Unpack[NamesArgs]) -> Mapping[str, ContainerSpecV2]:
        """See Client.specs."""
        return await self._do(calls.specs(name, args))

    async def summary(self, name: str = "/", **args: Unpack[NamesArgs]) -> Mapping[str, DerivedStats]:
        """See Client.summary."""
        return await self._do(calls.summary(name, args))

    async def storage(self, label: str = "") -> tuple[FsInfo, ...]:
        """See Client.storage."""
        return await self._do(calls.storage(label))

    async def storage_by_uuid(self, uuid: str) -> FsInfo:
        """See Client.storage_by_uuid."""
        return await self._do(calls.storage_by_uuid(uuid))

    async def processes(self, name: str = "/", naming: Naming = "name") -> tuple[ProcessInfo, ...]:
        """See Client.processes."""
        return await self._do(calls.processes(name, naming))

    async def app_metrics(
        self, name: str = "/", **args: Unpack[V2Args]
    ) -> Mapping[str, Mapping[str, Mapping[str, tuple[MetricValBasic, ...]]]]:
        """See Client.app_metrics."""
        return await self._do(calls.app_metrics(name, args))

    async def is_healthy(self) -> bool:
        """See Client.is_healthy."""
        call: Call[str] = Call("/healthz", str)
        with translated(self.connection, call):
            response = await self._http.request(**self.connection.request(call))
        return response.status_code == httpx2.codes.OK

    # ---- life
    async def _do(self, call: Call[T]) -> T:
        with translated(self.connection, call):
            response = await self._http.request(**self.connection.request(call))
        return read(call, response)

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
