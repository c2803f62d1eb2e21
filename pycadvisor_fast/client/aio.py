"""The asyncio client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from types import TracebackType
from typing import Any, TypeVar, Unpack

import grpc
import grpc.aio

from pycadvisor_fast.v1 import service_pb2 as pb
from pycadvisor_fast.v1.service_pb2_grpc import ContainerStatsServiceStub

from .arguments import SelectArgs, StatsArgs, StreamArgs, selector, stats_request, stream_request
from .channel import DEFAULT_TARGET, OPTIONS, target_of
from .errors import translate
from .retry import Retry, StreamState
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
    ) -> None:
        self.target = target_of(target)
        self._timeout = timeout
        self._retry = retry
        self._channel: grpc.aio.Channel | None = None
        self._made_stub: Any = None

    @property
    def _stub(self) -> Any:
        if self._channel is None:  # made here: a channel belongs to the loop that runs now
            self._channel = grpc.aio.insecure_channel(self.target, options=OPTIONS)
            self._made_stub = ContainerStatsServiceStub(self._channel)  # type: ignore[no-untyped-call]
        return self._made_stub

    async def stream(self, *, timeout: float | None = None, **args: Unpack[StreamArgs]) -> AsyncIterator[pb.StatsBatch]:
        """Batches for ever; see Client.stream."""
        async for batch in self._follow("StreamStats", args, timeout):
            yield batch

    async def stream_columns(
        self, *, timeout: float | None = None, **args: Unpack[StreamArgs]
    ) -> AsyncIterator[ColumnsSnapshot]:
        """Ticks as numpy columns for ever; see Client.stream_columns."""
        roster = Roster()
        async for batch in self._follow("StreamColumns", args, timeout):
            yield snapshot(batch, roster)

    async def _follow(self, method: str, args: StreamArgs, timeout: float | None) -> AsyncIterator[Any]:
        state = StreamState(stream_request(args), self._retry, self.target)
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

    async def columns(self) -> list[pb.GroupDescription]:
        """Groups and columns of the host."""
        request = pb.DescribeColumnsRequest()
        return list((await self._call(self._stub.DescribeColumns(request, timeout=self._timeout))).groups)

    async def host(self) -> pb.GetHostResponse:
        """Facts and plan of the host."""
        return await self._call(self._stub.GetHost(pb.GetHostRequest(), timeout=self._timeout))

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
