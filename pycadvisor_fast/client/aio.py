"""The asyncio client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from types import TracebackType
from typing import Any, TypeVar, Unpack

import grpc
import grpc.aio

from pycadvisor_fast.v1 import service_pb2 as pb
from pycadvisor_fast.v1.events_pb2 import Event, EventBatch
from pycadvisor_fast.v1.filesystems_pb2 import GetFilesystemsRequest, GetFilesystemsResponse
from pycadvisor_fast.v1.machine_pb2 import GetMachineRequest, Machine
from pycadvisor_fast.v1.processes_pb2 import ListProcessesRequest, ListProcessesResponse
from pycadvisor_fast.v1.service_pb2_grpc import ContainerStatsServiceStub
from pycadvisor_fast.v1.summary_pb2 import ContainerSummary, GetSummaryRequest

from .arguments import (
    DEFAULT_COUNT,
    MOST_AT_ONCE,
    EventStreamArgs,
    PastEventArgs,
    SelectArgs,
    StatsArgs,
    StreamArgs,
    event_stream_request,
    go_on,
    past_events_request,
    selector,
    stats_request,
    stream_request,
)
from .channel import DEFAULT_TARGET, Access, channel_to, stub_for, target_of
from .errors import translate
from .retry import EventStreamState, Retry, StreamState
from .snapshots import ColumnsSnapshot, Roster, snapshot

_T = TypeVar("_T")


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class AsyncClient:
    """The gRPC service, for programs with an event loop. The blocking twin, ``Client``, explains the methods.

    Use from one event loop. ``timeout``: seconds for each call that is no stream.
    """

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        timeout: float = 10.0,
        retry: Retry | None = Retry(),  # noqa: B008
        access: Access | None = None,
    ) -> None:
        self.target = target_of(target)
        self._timeout = timeout
        self._retry = retry
        self._access = access
        self._channel: grpc.aio.Channel | None = None
        self._made_stub: Any = None

    @property
    def _stub(self) -> Any:
        if self._channel is None:  # made here: a channel belongs to the loop that runs now
            self._channel = channel_to(self.target, self._access, grpc.aio)
            stub = ContainerStatsServiceStub(self._channel)  # type: ignore[no-untyped-call]
            self._made_stub = stub_for(stub, self._access)
        return self._made_stub

    async def stream(self, *, timeout: float | None = None, **args: Unpack[StreamArgs]) -> AsyncIterator[pb.StatsBatch]:
        """Batches for ever; see Client.stream."""
        state = StreamState(stream_request(args), self._retry, self.target)
        async for batch in self._follow("StreamStats", state, timeout):
            yield batch

    async def stream_columns(
        self, *, timeout: float | None = None, **args: Unpack[StreamArgs]
    ) -> AsyncIterator[ColumnsSnapshot]:
        """Ticks as numpy columns for ever; see Client.stream_columns."""
        roster = Roster()
        state = StreamState(stream_request(args), self._retry, self.target)
        async for batch in self._follow("StreamColumns", state, timeout):
            yield snapshot(batch, roster)

    async def stream_events(
        self, *, timeout: float | None = None, **args: Unpack[EventStreamArgs]
    ) -> AsyncIterator[EventBatch]:
        """Events as they happen; see Client.stream_events."""
        state = EventStreamState(event_stream_request(args), self._retry, self.target)
        async for batch in self._follow("StreamEvents", state, timeout):
            yield batch

    async def past_events(self, **args: Unpack[PastEventArgs]) -> list[Event]:
        """What happened; see Client.past_events."""
        request = past_events_request(args)
        left = args.get("count", DEFAULT_COUNT)
        out: list[Event] = []
        while left > 0:
            request.limit = min(left, MOST_AT_ONCE)
            response: Any = await self._call(self._stub.GetEvents(request, timeout=self._timeout))
            out.extend(response.events)
            left -= len(response.events)
            if not response.more:
                break
            go_on(request, response)
        return out

    async def _follow(self, method: str, state: StreamState, timeout: float | None) -> AsyncIterator[Any]:
        deadline = None if timeout is None else asyncio.get_running_loop().time() + timeout
        while True:
            left = None if deadline is None else max(0.0, deadline - asyncio.get_running_loop().time())
            stub = self._stub
            channel = self._channel
            call = getattr(stub, method)(state.request(), timeout=left)
            try:
                async for batch in call:
                    yield state.accept(batch)
                delay = state.ended(await call.trailing_metadata())
            except grpc.aio.AioRpcError as error:
                delay = 0.0 if self._channel is not channel else state.lost(error)
            except asyncio.CancelledError:
                # gRPC raises it here also when close() ended the call, and nobody wants this task to end
                if self._channel is channel or _is_cancelled():
                    raise
                return
            finally:
                call.cancel()
            await asyncio.sleep(delay)
            if self._channel is not channel:
                return

    async def get(self, *, fresh: bool = False, **args: Unpack[StatsArgs]) -> pb.StatsBatch:
        """The latest values; see Client.get."""
        response = await self._call(self._stub.GetStats(stats_request(args, fresh=fresh), timeout=self._timeout))
        batches: Any = response.batches
        return batches[0] if batches else pb.StatsBatch()

    async def window(
        self, last: float | None = None, *, since: int | None = None, **args: Unpack[StatsArgs]
    ) -> list[pb.StatsBatch]:
        """Batches of the past; see Client.window."""
        out: list[pb.StatsBatch] = []
        request = stats_request(args, last_ms=round(last * 1000) if last else 0, since=since if not last else None)
        while True:
            response = await self._call(self._stub.GetStats(request, timeout=self._timeout))
            out.extend(response.batches)
            if not response.more or not response.batches:
                return out
            request.last_ms, request.since = 0, out[-1].tick

    async def containers(self, **args: Unpack[SelectArgs]) -> list[pb.ContainerInfo]:
        """Who matches; see Client.containers."""
        request = pb.ListContainersRequest(selector=selector(args))
        return list((await self._call(self._stub.ListContainers(request, timeout=self._timeout))).containers)

    async def processes(self, *containers: str, recursive: bool = True, fds: bool = False) -> ListProcessesResponse:
        """What runs in containers; see Client.processes."""
        request = ListProcessesRequest(containers=containers, not_recursive=not recursive, file_descriptors=fds)
        return await self._call(self._stub.ListProcesses(request, timeout=self._timeout))

    async def columns(self) -> list[pb.GroupDescription]:
        """Groups and columns of the host."""
        request = pb.DescribeColumnsRequest()
        return list((await self._call(self._stub.DescribeColumns(request, timeout=self._timeout))).groups)

    async def filesystems(self, *, fresh: bool = False, **args: Unpack[SelectArgs]) -> GetFilesystemsResponse:
        """The host's filesystems and block devices, and what containers hold on disk."""
        request = GetFilesystemsRequest(selector=selector(args), fresh=fresh)
        return await self._call(self._stub.GetFilesystems(request, timeout=self._timeout))

    async def summary(self, metrics: Sequence[str] = (), **args: Unpack[SelectArgs]) -> list[ContainerSummary]:
        """Averages and percentiles over the last minute, hour and day."""
        request = GetSummaryRequest(selector=selector(args), metrics=metrics)
        return list((await self._call(self._stub.GetSummary(request, timeout=self._timeout))).containers)

    async def host(self) -> pb.GetHostResponse:
        """Facts and plan of the host."""
        return await self._call(self._stub.GetHost(pb.GetHostRequest(), timeout=self._timeout))

    async def machine(self, *, fresh: bool = False) -> Machine:
        """What the host is; see Client.machine."""
        request = GetMachineRequest(fresh=fresh)
        response: Any = await self._call(self._stub.GetMachine(request, timeout=self._timeout))
        machine: Machine = response.machine
        return machine

    async def status(self) -> pb.GetStatusResponse:
        """Cost and losses of the collector."""
        return await self._call(self._stub.GetStatus(pb.GetStatusRequest(), timeout=self._timeout))

    async def _call(self, call: Awaitable[_T]) -> _T:
        try:
            return await call
        except grpc.aio.AioRpcError as error:
            raise translate(error, self.target) from error

    async def close(self) -> None:
        """Ends all streams of this client; their iterators stop."""
        if self._channel is not None:
            channel, self._channel = self._channel, None
            await channel.close(None)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
