"""A gRPC server over a ring written by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from pycadvisor_fast.client.channel import OPTIONS
from pycadvisor_fast.faces.grpc import GrpcServer, serve
from pycadvisor_fast.v1 import service_pb2_grpc

from .handmade_ring import FakeFeed, RingWriter, container, rows_for

INTERVALS = {"cpu": 100, "memory": 100, "io": 100, "limits": 1000}
WAIT = 20.0  # seconds until a hang is a failure; no test waits for it otherwise


class Rig:
    """Server, feed and stub."""

    def __init__(self, feed: FakeFeed, server: GrpcServer, stub: Any) -> None:
        self.feed = feed
        self.server = server
        self.stub = stub

    def ticks(self, numbers: Iterable[int]) -> None:
        """Writes these passes, rows for all containers of the feed."""
        for number in numbers:
            for live in [self.feed.containers()]:
                rows: dict[tuple[str, int, int, str], dict[str, int]] = {}
                for one in live:
                    rows |= rows_for([one.slot], number, one.generation)
                self.feed.tick(number, rows)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits until something that happens in the event loop has happened."""
        async with asyncio.timeout(WAIT):
            while not condition():
                await asyncio.sleep(0.002)

    async def subscribed(self, count: int) -> None:
        """Waits until the server has that many subscribers."""
        await self.until(lambda: self.server.status()["subscribers"] == count)


@asynccontextmanager
async def running(directory: Path, *, slots: int = 3, **how: Any) -> AsyncIterator[Rig]:
    writer = RingWriter(directory / "ring", how.pop("intervals", INTERVALS), ring_len=how.pop("ring_len", 64))
    feed = FakeFeed(writer, [container(slot) for slot in range(slots)])
    feed.events_bus = how.pop("events", None)
    server = await serve(feed, how.pop("listen", "127.0.0.1:0"), **how)
    try:
        async with grpc.aio.insecure_channel(server.addresses[0], options=OPTIONS) as channel:
            yield Rig(feed, server, service_pb2_grpc.ContainerStatsServiceStub(channel))  # type: ignore[no-untyped-call]
    finally:
        await server.stop(0.2)
        writer.close()
        assert feed.listeners == 0


async def take(call: Any, count: int) -> list[Any]:
    """The next ``count`` messages of a stream."""
    async with asyncio.timeout(WAIT):
        return [await call.read() for _ in range(count)]


def run(main: Coroutine[Any, Any, None]) -> None:
    """Runs a test's coroutine; a hang is a failure."""

    async def bounded() -> None:
        async with asyncio.timeout(3 * WAIT):
            await main

    asyncio.run(bounded())
