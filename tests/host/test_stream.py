"""Streams of a real collector over real cgroups: containers that come, work and go while somebody listens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pycadvisor_fast import Collector
from pycadvisor_fast.client import AsyncClient, Client
from pycadvisor_fast.faces.grpc import GrpcServer, serve
from tests.host.cgroup_tree import CgroupTree

pytestmark = pytest.mark.root
WAIT = 30.0


def run(main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(3 * WAIT):
            await main

    asyncio.run(bounded())


@asynccontextmanager
async def serving(cgroups: CgroupTree) -> AsyncIterator[tuple[Collector, GrpcServer, AsyncClient]]:
    """A collector of our own cgroups, ten times a second, and a client of its server."""
    with Collector(interval=0.1, docker=None, history=10, include=(f"{cgroups.name}*",)) as collector:
        server = await serve(collector, "127.0.0.1:0")
        try:
            async with AsyncClient(server.addresses[0]) as client:
                yield collector, server, client
        finally:
            await server.stop(0.2)


async def until(stream: AsyncIterator[Any], condition: Callable[[Any], object]) -> Any:
    """The first batch of ``stream`` for which ``condition`` holds."""
    async with asyncio.timeout(WAIT):
        async for batch in stream:
            if condition(batch):
                return batch
    raise AssertionError("the stream ended")


def test_a_container_joins_works_and_leaves(cgroups: CgroupTree) -> None:
    async def main() -> None:
        async with serving(cgroups) as (_, _, client):
            path = cgroups.path("guest")
            async with contextlib.aclosing(
                client.stream(paths=path, groups=["cpu", "memory", "pids"], rates=True)
            ) as stream:  # type: ignore[type-var]
                first = await anext(stream)
                assert not first.added
                cgroups.make("guest")
                batch = await until(stream, lambda b: b.added)
                (info,) = batch.added
                assert info.path == path
                worker = cgroups.spawn("guest", "sh", "-c", "while :; do :; done")
                batch = await until(stream, lambda b: b.containers and b.containers[0].cpu_rates.usage_ns_per_sec > 1e8)
                (stats,) = batch.containers
                assert stats.handle == info.handle
                assert stats.pids.current >= 1
                worker.kill()
                worker.wait()
                cgroups.remove("guest")
                batch = await until(stream, lambda b: b.removed)
                assert [r.handle for r in batch.removed] == [info.handle]

    run(main())


def test_streams_say_what_the_kernel_says(cgroups: CgroupTree) -> None:
    async def main() -> None:
        async with serving(cgroups) as (collector, _, client):
            path = cgroups.make("still")
            async with contextlib.aclosing(client.stream_columns(paths=path)) as stream:  # type: ignore[type-var]
                snapshot = await until(stream, lambda s: "cpu" in s.groups and len(s["cpu"].handles) == 1)
            latest = {c.path: c for c in collector.containers()}[path]
            assert snapshot["cpu"].handles.tolist() == [latest.handle]
            window = collector.window("cpu", 10)
            at = window.ticks.tolist().index(snapshot["cpu"].tick)
            shown = snapshot["cpu"].columns["usage_ns"][0]
            row = window.rows.tolist().index(latest.slot)
            assert int(window.integers("usage_ns")[at, row]) == int(shown)

    run(main())


def test_ticks_follow_each_other_without_a_gap(cgroups: CgroupTree) -> None:
    async def main() -> None:
        async with serving(cgroups) as (collector, _, client):
            cgroups.make("one")
            begin = await asyncio.to_thread(collector.wait)
            await asyncio.to_thread(collector.wait, begin + 5)
            ticks, missed, offsets = [], 0, []
            async with contextlib.aclosing(client.stream_columns(groups="cpu", since=begin)) as stream:  # type: ignore[type-var]
                async for snapshot in stream:
                    ticks.append(snapshot.tick)
                    missed += snapshot.missed_ticks
                    offsets.append(snapshot["cpu"].offsets_usec)
                    if len(ticks) == 15:
                        break
            status = (await client.status()).collector
            skipped = int(status["skipped"]) if "skipped" in status else 15
            assert ticks[0] == begin + 1
            assert ticks[-1] - ticks[0] - 14 <= skipped, (ticks, skipped)
            assert missed == 0
            assert all(np.all(offset < 60_000_000) for offset in offsets)  # none from before its tick: it would wrap

    run(main())


def test_the_end_of_the_server_waits_for_no_subscriber(cgroups: CgroupTree) -> None:
    async def main() -> None:
        async with serving(cgroups) as (_, server, client):
            stream = client.stream()
            await anext(stream)
            await asyncio.wait_for(server.stop(0.5), 30)  # a hang, not a measure
            await stream.aclose()  # type: ignore[attr-defined]

    run(main())


def test_describe_host_and_status_of_a_real_collector(cgroups: CgroupTree, tmp_path: Path) -> None:
    with Collector(interval=0.1, docker=None, include=(f"{cgroups.name}*",)) as collector:

        async def main() -> None:
            server = await serve(collector, f"unix:{tmp_path}/grpc.sock")
            try:
                await asyncio.to_thread(ask, server.addresses[0])
            finally:
                await server.stop(0.2)

        def ask(target: str) -> None:
            with Client(target) as client:
                collector.wait(timeout=WAIT)
                cpu = client.columns()[0]
                assert cpu.interval_ns == 100_000_000
                assert any(column.present for column in cpu.columns)
                host = client.host()
                assert host.facts.fields
                assert host.plan.fields
                assert client.status().collector.fields
                batch = client.get(groups="cpu", fresh=True)
                assert batch.containers
                assert len(client.window(1.0, groups="cpu")) >= 1

        asyncio.run(main())
