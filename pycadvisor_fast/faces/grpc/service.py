"""The RPCs: requests in, bytes out."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import grpc
import grpc.aio
from grpc.aio import ServicerContext

from pycadvisor_fast.door.grpc import may
from pycadvisor_fast.door.scopes import ENV
from pycadvisor_fast.errors import NotServedError, PycadvisorError, SelectionError
from pycadvisor_fast.v1 import machine_pb2, processes_pb2
from pycadvisor_fast.v1 import service_pb2 as pb
from pycadvisor_fast.v1.filesystems_pb2 import GetFilesystemsRequest, GetFilesystemsResponse
from pycadvisor_fast.v1.summary_pb2 import GetSummaryRequest, GetSummaryResponse

from . import filesystem_messages, messages, processes, requests, summary_messages, window
from .events import EventFollower, EventHub
from .hub import Hub, ShutdownError
from .machine_message import machine_message
from .members import Membership
from .specs import SpecAnswers
from .subscriber import Subscriber
from .window import Span

log = logging.getLogger(__name__)

SERVICE = pb.DESCRIPTOR.services_by_name["ContainerStatsService"].full_name
SHUTDOWN = (("pcf-reason", "shutdown"),)  # trailing metadata of streams that end with OK because the server stops

Handler = Callable[["Service", Any, Any], Coroutine[Any, Any, Any]]


async def refuse(context: ServicerContext[Any, Any], error: Exception) -> None:
    """Ends the call with the status that fits ``error``."""
    if isinstance(error, NotServedError):
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
    if isinstance(error, SelectionError):
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
    if isinstance(error, ShutdownError):
        await context.abort(grpc.StatusCode.UNAVAILABLE, "the server is shutting down", SHUTDOWN)
    log.error("gRPC: a call failed: %s", error, exc_info=not isinstance(error, PycadvisorError))
    await context.abort(grpc.StatusCode.INTERNAL, str(error) if isinstance(error, PycadvisorError) else repr(error))


def unary(method: Handler) -> Handler:
    """Turns errors of a call into statuses."""

    @functools.wraps(method)
    async def call(self: Service, request: Any, context: ServicerContext[Any, Any]) -> Any:
        try:
            return await method(self, request, context)
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            return await refuse(context, error)

    return call


class Service:
    """Handlers of pycadvisor_fast.v1.ContainerStatsService."""

    def __init__(self, hub: Hub, max_subscribers: int) -> None:
        self.hub = hub
        self.events = EventHub(hub, hub.feed.events_bus)
        self.specs = SpecAnswers(hub.feed)  # asked in the one thread of hub.bulk
        self.specs_without_envs = SpecAnswers(hub.feed, hides_envs=True)
        self.max_subscribers = max_subscribers
        self.http_status: Callable[[], Mapping[str, int]] | None = None
        hub.at_end(self.events.wake)

    def handler(self) -> grpc.GenericRpcHandler:
        """What to register with a server. The batches are bytes already."""

        def method(call: Callable[..., Any], request: Any, serializer: Any = None) -> grpc.RpcMethodHandler[Any, Any]:
            is_stream = call in (self.stream_stats, self.stream_columns, self.stream_events)
            make = grpc.unary_stream_rpc_method_handler if is_stream else grpc.unary_unary_rpc_method_handler
            return make(call, request_deserializer=request.FromString, response_serializer=serializer)

        def as_bytes(message: Any) -> bytes:
            return bytes(message.SerializeToString())

        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                "StreamStats": method(self.stream_stats, pb.StreamRequest),
                "StreamColumns": method(self.stream_columns, pb.StreamRequest),
                "GetStats": method(self.get_stats, pb.GetStatsRequest),
                "GetSpec": method(self.get_spec, pb.GetSpecRequest),
                "ListContainers": method(self.list_containers, pb.ListContainersRequest, as_bytes),
                "DescribeColumns": method(self.describe_columns, pb.DescribeColumnsRequest, as_bytes),
                "GetHost": method(self.get_host, pb.GetHostRequest, as_bytes),
                "GetMachine": method(self.get_machine, machine_pb2.GetMachineRequest, as_bytes),
                "GetStatus": method(self.get_status, pb.GetStatusRequest, as_bytes),
                "StreamEvents": method(self.stream_events, pb.StreamEventsRequest),
                "GetEvents": method(self.get_events, pb.GetEventsRequest),
                "GetFilesystems": method(self.get_filesystems, GetFilesystemsRequest, as_bytes),
                "GetSummary": method(self.get_summary, GetSummaryRequest, as_bytes),
                "ListProcesses": method(self.list_processes, processes_pb2.ListProcessesRequest, as_bytes),
            },
        )

    async def stream_stats(self, request: pb.StreamRequest, context: ServicerContext[Any, Any]) -> None:
        await self._stream(request, context, is_columns=False)

    async def stream_columns(self, request: pb.StreamRequest, context: ServicerContext[Any, Any]) -> None:
        await self._stream(request, context, is_columns=True)

    async def stream_events(self, request: pb.StreamEventsRequest, context: ServicerContext[Any, Any]) -> None:
        await self._send(lambda: EventFollower(self.hub, self.events, request), context)

    async def _stream(self, request: pb.StreamRequest, context: Any, *, is_columns: bool) -> None:
        def subscribe() -> Subscriber:
            since = request.since if request.HasField("since") else None
            query = requests.stream_query(request, is_columns=is_columns, hides_envs=not may(ENV))
            return Subscriber(self.hub, query, since, request.epoch)

        await self._send(subscribe, context)

    async def _send(self, subscribe: Callable[[], Subscriber | EventFollower], context: Any) -> None:
        try:
            if self.streams >= self.max_subscribers:
                await context.abort(
                    grpc.StatusCode.RESOURCE_EXHAUSTED,
                    f"{self.max_subscribers} streams are open, which is the limit of this server",
                )
            subscriber = subscribe()
            try:
                while True:
                    await context.write(await subscriber.next())  # waits for a slow client, holding one batch
            finally:
                subscriber.close()
        except ShutdownError:
            context.set_trailing_metadata(SHUTDOWN)
        except (grpc.aio.AbortError, asyncio.CancelledError):
            raise
        except Exception as error:
            await refuse(context, error)

    @property
    def streams(self) -> int:
        """How many are open."""
        return self.hub.subscribers + self.events.streams

    @unary
    async def get_stats(self, request: pb.GetStatsRequest, context: ServicerContext[Any, Any]) -> bytes:
        query = requests.stats_query(request, hides_envs=not may(ENV))
        span = Span(request.since if request.HasField("since") else None, request.last_ms * 1_000_000, request.limit)
        if request.epoch and request.epoch != self.hub.epoch and span.since is not None:
            raise SelectionError(
                "since: it belongs to another epoch (the host or the base interval changed); leave it out"
            )
        if request.fresh:
            await self.hub.sample()
        schedule, content = query.schedule(self.hub.regions), query.content(self.hub.regions)
        worker = self.hub.bulk

        def encode() -> bytes:
            members = Membership(self.hub.feed, query.select, handles_only=query.handles_only).current()
            if span.is_latest:
                return window.latest(worker.encoder, content, schedule, members)
            return window.window(worker.encoder, content, schedule, members, span)

        return await worker.run(encode)

    @unary
    async def get_events(self, request: pb.GetEventsRequest, context: ServicerContext[Any, Any]) -> bytes:
        return await self.events.past(request)

    @unary
    async def list_containers(
        self, request: pb.ListContainersRequest, context: ServicerContext[Any, Any]
    ) -> pb.ListContainersResponse:
        selector = requests.selector(request.selector)
        shows_envs = may(ENV)

        def listed() -> pb.ListContainersResponse:
            every = self.hub.feed.containers()
            chosen = selector.select(every)
            shown = chosen if shows_envs else requests.without_envs(chosen)
            return pb.ListContainersResponse(containers=messages.container_infos(shown, every))

        return await self.hub.bulk.run(listed)  # thousands of containers or conditions must not hold up the streams

    @unary
    async def get_filesystems(
        self, request: GetFilesystemsRequest, context: ServicerContext[Any, Any]
    ) -> GetFilesystemsResponse:
        selector = requests.selector(request.selector)

        def answered() -> GetFilesystemsResponse:
            storage = self.hub.feed.filesystems(fresh=request.fresh)
            return filesystem_messages.response(storage, selector.select(self.hub.feed.containers()))

        return await asyncio.to_thread(answered)

    @unary
    async def get_summary(self, request: GetSummaryRequest, context: ServicerContext[Any, Any]) -> GetSummaryResponse:
        selector = requests.selector(request.selector)

        def answered() -> GetSummaryResponse:
            summaries = self.hub.feed.summary(tuple(request.metrics))
            return summary_messages.response(summaries, selector.select(self.hub.feed.containers()))

        return await asyncio.to_thread(answered)

    @unary
    async def get_spec(self, request: pb.GetSpecRequest, context: ServicerContext[Any, Any]) -> bytes:
        selector = requests.selector(request.selector)
        specs = self.specs if may(ENV) else self.specs_without_envs
        return await self.hub.bulk.run(lambda: specs.answer(selector))

    @unary
    async def list_processes(
        self, request: processes_pb2.ListProcessesRequest, context: ServicerContext[Any, Any]
    ) -> processes_pb2.ListProcessesResponse:
        feed = self.hub.feed

        def look() -> processes_pb2.ListProcessesResponse:
            recursive, fds = not request.not_recursive, request.file_descriptors
            return processes.response(feed.processes(*request.containers, recursive=recursive, fds=fds))

        return await asyncio.to_thread(look)  # not the worker of the history: a full /proc takes a while

    @unary
    async def describe_columns(
        self, request: pb.DescribeColumnsRequest, context: ServicerContext[Any, Any]
    ) -> pb.DescribeColumnsResponse:
        regions = self.hub.regions
        return pb.DescribeColumnsResponse(
            groups=messages.group_descriptions(regions), base_interval_ns=regions.base_ns, epoch=self.hub.epoch
        )

    @unary
    async def get_host(self, request: pb.GetHostRequest, context: ServicerContext[Any, Any]) -> pb.GetHostResponse:
        return messages.host_response(await asyncio.to_thread(self.hub.feed.host))

    @unary
    async def get_machine(
        self, request: machine_pb2.GetMachineRequest, context: ServicerContext[Any, Any]
    ) -> machine_pb2.GetMachineResponse:
        def read() -> machine_pb2.GetMachineResponse:
            return machine_pb2.GetMachineResponse(machine=machine_message(self.hub.feed.machine(fresh=request.fresh)))

        return await asyncio.to_thread(read)

    @unary
    async def get_status(
        self, request: pb.GetStatusRequest, context: ServicerContext[Any, Any]
    ) -> pb.GetStatusResponse:
        collector = await asyncio.to_thread(self.hub.feed.status)
        return pb.GetStatusResponse(
            collector=messages.struct(collector),
            server=pb.ServerStatus(**self.status()),
            http=pb.HttpStatus(**self.http_status()) if self.http_status is not None else None,
        )

    def status(self) -> dict[str, int]:
        """Fields of ServerStatus."""
        return {
            "subscribers": self.hub.subscribers,
            "selections": len(self.hub.channels),
            "event_streams": self.events.streams,
            **vars(self.hub.status),
        }
