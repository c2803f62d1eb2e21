"""The blocking client."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Unpack

import grpc

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


class Client:
    """The gRPC service of a collector. Safe to use from several threads.

    ``target``: "host:port" or "unix:/path". ``timeout``: seconds for each call that is no stream. ``retry``: how
    streams reconnect; None = an error instead. ``access``: TLS, and who the caller is, for a daemon behind a door.

    All methods raise SelectionError for a wrong request, ServiceUnavailableError when nobody answers, TimeoutError, and
    ServiceError for anything else the service says.
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
        self._closed = threading.Event()
        self._channel = channel_to(self.target, access, grpc)
        self._stub: Any = stub_for(ContainerStatsServiceStub(self._channel), access)  # type: ignore[no-untyped-call]

    def stream(self, *, timeout: float | None = None, **args: Unpack[StreamArgs]) -> Iterator[pb.StatsBatch]:
        """A StatsBatch for each tick, until close() or the caller stops.

        When the connection breaks it is made again and the stream goes on after the last batch; what the ring no longer
        holds then is in ``missed_ticks``. The first batch of each connection (it has ``stream`` set) holds all
        containers in ``added``, the others say what changed.

        ``timeout``: seconds for the whole stream, then TimeoutError. For the rest see arguments.StreamArgs.
        """
        state = StreamState(stream_request(args), self._retry, self.target)
        yield from self._follow(self._stub.StreamStats, state, timeout)

    def stream_columns(self, *, timeout: float | None = None, **args: Unpack[StreamArgs]) -> Iterator[ColumnsSnapshot]:
        """The same as numpy arrays, one for each column."""
        roster = Roster()
        state = StreamState(stream_request(args), self._retry, self.target)
        for batch in self._follow(self._stub.StreamColumns, state, timeout):
            yield snapshot(batch, roster)

    def stream_events(self, *, timeout: float | None = None, **args: Unpack[EventStreamArgs]) -> Iterator[EventBatch]:
        """Events as they happen, several in a batch when they come in bursts, until close() or the caller stops.

        The first batch comes at once: its ``start`` says where the stream begins and what each kind comes from. When
        the connection breaks it is made again and the stream goes on after the last event; ``missed`` counts what the
        host's log no longer had by then. ``timeout`` as in ``stream``; for the rest see arguments.EventStreamArgs.
        """
        state = EventStreamState(event_stream_request(args), self._retry, self.target)
        yield from self._follow(self._stub.StreamEvents, state, timeout)

    def past_events(self, **args: Unpack[PastEventArgs]) -> list[Event]:
        """What happened, also to containers that are gone: the oldest first, or the newest with ``newest_first``.

        For the arguments see arguments.PastEventArgs.
        """
        request = past_events_request(args)
        left = args.get("count", DEFAULT_COUNT)
        out: list[Event] = []
        while left > 0:
            request.limit = min(left, MOST_AT_ONCE)
            response = self._call(self._stub.GetEvents, request)
            out.extend(response.events)
            left -= len(response.events)
            if not response.more:
                break
            go_on(request, response)
        return out

    def _follow(self, method: Any, state: StreamState, timeout: float | None) -> Iterator[Any]:
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

    def processes(self, *containers: str, recursive: bool = True, fds: bool = False) -> ListProcessesResponse:
        """What runs in containers called so (paths, names, beginnings of ids; none: on the machine), as ps lists it.

        ``recursive``: in cgroups below as well. ``fds``: also how many files each has open.
        """
        request = ListProcessesRequest(containers=containers, not_recursive=not recursive, file_descriptors=fds)
        response: ListProcessesResponse = self._call(self._stub.ListProcesses, request)
        return response

    def columns(self) -> list[pb.GroupDescription]:
        """All groups and columns, and which of them this host gives."""
        return list(self._call(self._stub.DescribeColumns, pb.DescribeColumnsRequest()).groups)

    def filesystems(self, *, fresh: bool = False, **args: Unpack[SelectArgs]) -> GetFilesystemsResponse:
        """The host's filesystems and block devices, and what the containers that match hold on disk.

        ``fresh``: those filesystems that answer at all are asked first.
        """
        request = GetFilesystemsRequest(selector=selector(args), fresh=fresh)
        response: GetFilesystemsResponse = self._call(self._stub.GetFilesystems, request)
        return response

    def summary(self, metrics: Sequence[str] = (), **args: Unpack[SelectArgs]) -> list[ContainerSummary]:
        """Averages and percentiles of the containers that match, over the last minute, hour and day.

        ``metrics``: names as in summary.proto; none = all.
        """
        request = GetSummaryRequest(selector=selector(args), metrics=metrics)
        return list(self._call(self._stub.GetSummary, request).containers)

    def host(self) -> pb.GetHostResponse:
        """Facts found about the host, and the plan made from them."""
        response: pb.GetHostResponse = self._call(self._stub.GetHost, pb.GetHostRequest())
        return response

    def machine(self, *, fresh: bool = False) -> Machine:
        """What the host is: processors, memory, disks, network devices, names. ``fresh``: has it read again first."""
        machine: Machine = self._call(self._stub.GetMachine, GetMachineRequest(fresh=fresh)).machine
        return machine

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
