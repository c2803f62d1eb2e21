"""The blocking client."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Unpack

import grpc

from pycadvisor_fast.v1 import service_pb2 as pb
from pycadvisor_fast.v1.service_pb2_grpc import ContainerStatsServiceStub

from .arguments import SelectArgs, StatsArgs, StreamArgs, selector, stats_request, stream_request
from .channel import DEFAULT_TARGET, OPTIONS, target_of
from .errors import translate
from .retry import Retry, StreamState
from .snapshots import ColumnsSnapshot, Roster, snapshot


class Client:
    """The gRPC service of a collector. Safe to use from several threads.

    ``target``: "host:port" or "unix:/path". ``timeout``: seconds for each call that is no stream. ``retry``: how
    streams reconnect; None = an error instead.

    All methods raise SelectionError for a wrong request, ServiceUnavailableError when nobody answers, TimeoutError, and
    ServiceError for anything else the service says.
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
        self._closed = threading.Event()
        self._channel = grpc.insecure_channel(self.target, options=OPTIONS)
        self._stub: Any = ContainerStatsServiceStub(self._channel)  # type: ignore[no-untyped-call]

    def stream(self, *, timeout: float | None = None, **args: Unpack[StreamArgs]) -> Iterator[pb.StatsBatch]:
        """A StatsBatch for each tick, until close() or the caller stops.

        When the connection breaks it is made again and the stream goes on after the last batch; what the ring no longer
        holds then is in ``missed_ticks``. The first batch of each connection (it has ``stream`` set) holds all
        containers in ``added``, the others say what changed.

        ``timeout``: seconds for the whole stream, then TimeoutError. For the rest see arguments.StreamArgs.
        """
        yield from self._follow(self._stub.StreamStats, args, timeout)

    def stream_columns(self, *, timeout: float | None = None, **args: Unpack[StreamArgs]) -> Iterator[ColumnsSnapshot]:
        """The same as numpy arrays, one for each column."""
        roster = Roster()
        for batch in self._follow(self._stub.StreamColumns, args, timeout):
            yield snapshot(batch, roster)

    def _follow(self, method: Any, args: StreamArgs, timeout: float | None) -> Iterator[Any]:
        state = StreamState(stream_request(args), self._retry, self.target)
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._closed.is_set():
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            call = method(state.request(), timeout=left)
            try:
                for batch in call:
                    yield state.accept(batch)
                delay = state.ended(call.trailing_metadata())
            except grpc.RpcError as error:
                if self._closed.is_set():
                    return
                delay = state.lost(error)
            finally:
                call.cancel()
            self._closed.wait(delay)

    def get(self, *, fresh: bool = False, **args: Unpack[StatsArgs]) -> pb.StatsBatch:
        """The latest row of each group, with ``added`` saying who the containers are. ``fresh``: samples first.

        Before the first tick the batch is empty (tick 0).
        """
        response = self._call(self._stub.GetStats, stats_request(args, fresh=fresh))
        return response.batches[0] if response.batches else pb.StatsBatch()

    def window(
        self, last: float | None = None, *, since: int | None = None, **args: Unpack[StatsArgs]
    ) -> list[pb.StatsBatch]:
        """Batches of the last ``last`` seconds, or those after tick ``since``, oldest first, from the ring."""
        out: list[pb.StatsBatch] = []
        request = stats_request(args, last_ms=round(last * 1000) if last else 0, since=since if not last else None)
        while True:
            response = self._call(self._stub.GetStats, request)
            out.extend(response.batches)
            if not response.more or not response.batches:
                return out
            request.last_ms, request.since = 0, out[-1].tick

    def containers(self, **args: Unpack[SelectArgs]) -> list[pb.ContainerInfo]:
        """The live containers that match."""
        return list(self._call(self._stub.ListContainers, pb.ListContainersRequest(selector=selector(args))).containers)

    def columns(self) -> list[pb.GroupDescription]:
        """All groups and columns, and which of them this host gives."""
        return list(self._call(self._stub.DescribeColumns, pb.DescribeColumnsRequest()).groups)

    def host(self) -> pb.GetHostResponse:
        """Facts found about the host, and the plan made from them."""
        response: pb.GetHostResponse = self._call(self._stub.GetHost, pb.GetHostRequest())
        return response

    def status(self) -> pb.GetStatusResponse:
        """What the collector costs, and what it lost."""
        response: pb.GetStatusResponse = self._call(self._stub.GetStatus, pb.GetStatusRequest())
        return response

    def _call(self, method: Callable[..., Any], request: Any) -> Any:
        try:
            return method(request, timeout=self._timeout)
        except grpc.RpcError as error:
            raise translate(error, self.target) from error

    def close(self) -> None:
        """Ends all streams of this client; their iterators stop."""
        self._closed.set()
        self._channel.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
