"""The client: typed batches, numpy columns, and what it does when the server goes away."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from pycadvisor_fast.client import (
    ABSENT,
    UNLIMITED,
    AsyncClient,
    Client,
    Retry,
    ServiceError,
    ServiceUnavailableError,
)
from pycadvisor_fast.client.arguments import stream_request
from pycadvisor_fast.client.retry import StreamState
from pycadvisor_fast.errors import SelectionError
from pycadvisor_fast.faces.grpc import serve
from pycadvisor_fast.v1 import service_pb2 as pb

from .grpc_rig import INTERVALS, WAIT, run, running
from .handmade_ring import FakeFeed, RingWriter, container, rows_for

QUICK = Retry(first=0.01, longest=0.05)


class Background:
    """A server in a thread with a loop of its own, for the blocking client. Ticks are written by the test's thread."""

    def __init__(self, feed: FakeFeed, listen: str) -> None:
        self.feed = feed
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.server = self.call(serve(feed, listen))

    def call(self, main: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(main, self._loop).result(WAIT)

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.002)

    def subscribed(self, count: int = 1) -> None:
        self.wait(lambda: self.server.status()["subscribers"] == count)

    def ticks(self, *numbers: int) -> None:
        for number in numbers:
            self.feed.tick(number, rows_for([c.slot for c in self.feed.containers()], number))

    def stop(self) -> None:
        self.call(self.server.stop(0.2))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT)
        self._loop.close()


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[FakeFeed]:
    writer = RingWriter(tmp_path / "ring", INTERVALS)
    yield FakeFeed(writer, [container(slot) for slot in range(3)])
    writer.close()


@pytest.fixture
def server(feed: FakeFeed) -> Iterator[Background]:
    running_server = Background(feed, "127.0.0.1:0")
    yield running_server
    running_server.stop()


@pytest.fixture
def client(server: Background) -> Iterator[Client]:
    with Client(server.server.addresses[0], retry=QUICK) as made:
        yield made


def test_calls(server: Background, client: Client) -> None:
    assert client.get().tick == 0, "no tick yet"
    server.ticks(*range(1, 11))
    batch = client.get(groups="cpu", names="web-1")
    assert (batch.tick, [c.name for c in batch.containers]) == (10, ["web-1"])
    assert [b.tick for b in client.window(0.3, groups=["cpu"])] == [8, 9, 10]
    assert [b.tick for b in client.window(since=7, groups=["cpu"], interval=0.2)] == [8, 10]
    assert [c.name for c in client.containers(paths="/docker/c[01]")] == ["web-0", "web-1"]
    assert client.containers(labels={"tier": "db"}) == []
    assert client.columns()[0].name == "cpu"
    assert client.host().facts["kernel"] == "6.18"
    assert client.status().server.subscribers == 0


def test_wrong_requests_raise_selection_errors(client: Client) -> None:
    with pytest.raises(SelectionError, match="did you mean 'cpu'"):
        client.get(groups="cpuu")
    with pytest.raises(SelectionError, match="did you mean 'cpu'"):
        next(client.stream(groups="cpuu"))
    with pytest.raises(TypeError, match="unknown argument 'group'; there are"):
        client.get(group="cpu")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="interval"):
        client.get(interval=-1)
    with pytest.raises(ServiceError) as caught:
        client.get(groups="hugetlb")
    assert caught.value.code == grpc.StatusCode.FAILED_PRECONDITION


def test_a_window_is_put_together_from_pages(
    server: Background, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pycadvisor_fast.faces.grpc.window.RESPONSE_BYTES", 1500)
    server.ticks(*range(1, 31))
    assert [b.tick for b in client.window(since=2, groups=["cpu"])] == list(range(3, 31))


def test_a_stream(server: Background, client: Client) -> None:
    stream = client.stream(groups=["cpu"])
    feeding = threading.Thread(target=lambda: (server.subscribed(), server.ticks(1, 2, 3)))
    feeding.start()
    batches = [next(stream) for _ in range(3)]
    feeding.join()
    assert [b.tick for b in batches] == [1, 2, 3]
    assert [c.name for c in batches[0].added] == ["web-0", "web-1", "web-2"]
    stream.close()  # type: ignore[attr-defined]
    server.subscribed(0)


def test_columns_are_numpy_arrays(server: Background, client: Client, feed: FakeFeed) -> None:
    stream = client.stream_columns(groups=["cpu", "io", "limits"], rates=True)

    def work() -> None:
        server.subscribed()
        server.ticks(8, 9)
        rows: Any = rows_for(range(3), 10)
        rows["limits", 1, 1, ""] = {"memory_bytes": 2**64 - 2, "pids": 7}
        feed.tick(10, rows)

    thread = threading.Thread(target=work)
    thread.start()
    snapshots = [next(stream) for _ in range(3)]
    thread.join()
    feed.set_containers([container(0), container(1, name="renamed")])
    server.ticks(11)
    snapshots.append(next(stream))
    first, last = snapshots[0], snapshots[-1]
    assert first.is_first
    assert not last.is_first
    assert [s.tick for s in snapshots] == [8, 9, 10, 11]
    cpu = snapshots[2]["cpu"]
    assert cpu.columns["usage_ns"].tolist() == [10_000, 10**9 + 10_000, 2 * 10**9 + 10_000]
    assert cpu.columns["user_ns"].tolist() == [int(ABSENT)] * 3
    assert np.isnan(cpu.floats("user_ns")).all()
    assert cpu.rates["usage_ns"].tolist() == pytest.approx([10_000.0] * 3)
    assert snapshots[2]["io"].keys == ["8:0", "8:0", "8:0"]
    limits = snapshots[2]["limits"]
    assert limits.columns["memory_bytes"][0] == UNLIMITED
    assert limits.floats("memory_bytes")[0] == np.inf
    assert limits.handles.tolist() == [1 << 32 | 1]
    assert {c.name for c in last.containers.values()} == {"web-0", "renamed"}
    assert [c.name for c in last.changed] == ["renamed"]
    assert len(last.removed) == 1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_nobody_there_is_said_at_once() -> None:
    target = f"127.0.0.1:{free_port()}"
    with Client(target) as client:
        for call in (client.get, lambda: next(client.stream())):
            with pytest.raises(ServiceUnavailableError, match=f"{target}: not reachable.*--grpc_listen"):
                call()  # type: ignore[operator]
    waiting = Retry(first=0.01, longest=0.02, wait_for_server=True, give_up_after=0.2)
    with Client(target, retry=waiting) as client, pytest.raises(ServiceUnavailableError):
        next(client.stream())


def test_a_stream_survives_a_restart_of_the_server(feed: FakeFeed) -> None:
    target = f"127.0.0.1:{free_port()}"
    server = Background(feed, target)
    with Client(target, retry=QUICK) as client:
        stream = client.stream(groups=["cpu"])
        feeding = threading.Thread(target=lambda: (server.subscribed(), server.ticks(1, 2)))
        feeding.start()
        assert [next(stream).tick for _ in range(2)] == [1, 2]
        feeding.join()
        server.stop()
        for number in (3, 4, 5):  # nobody serves; the ring goes on
            feed.tick(number, rows_for(range(3), number))
        second = Background(feed, target)
        try:
            batches = [next(stream) for _ in range(3)]
            assert [b.tick for b in batches] == [3, 4, 5]
            assert all(b.replayed for b in batches)
            assert len(batches[0].added) == 3
            assert sum(b.missed_ticks for b in batches) == 0
        finally:
            second.stop()


def test_without_retry_the_end_of_the_server_is_an_error(server: Background) -> None:
    with Client(server.server.addresses[0], retry=None) as client:
        stream = client.stream()
        ending = threading.Thread(target=lambda: (server.subscribed(), server.call(server.server.stop(0.1))))
        ending.start()
        with pytest.raises(ServiceUnavailableError, match="it shuts down"):
            next(stream)
        ending.join()


def test_close_ends_the_streams_of_other_threads(server: Background) -> None:
    client = Client(server.server.addresses[0])
    ended = threading.Event()

    def follow() -> None:
        for _ in client.stream():
            pass
        ended.set()

    thread = threading.Thread(target=follow)
    thread.start()
    server.subscribed()
    client.close()
    assert ended.wait(WAIT)
    thread.join()


def test_a_deadline_ends_a_stream(client: Client) -> None:
    with pytest.raises(TimeoutError):
        next(client.stream(timeout=0.2))


def test_delays_grow_to_a_bound_with_jitter() -> None:
    retry = Retry(first=0.1, factor=2, longest=3)
    for attempt, bound in ((1, 0.1), (2, 0.2), (6, 3), (500, 3)):
        delays = {retry.delay(attempt) for _ in range(20)}
        assert len(delays) > 1
        assert all(bound / 2 <= delay <= bound for delay in delays)


def test_a_stream_resumes_where_it_was_and_forgets_failures_once_it_lives() -> None:
    state = StreamState(stream_request({"groups": "cpu", "labels": {"a": "b"}}), QUICK, "x")
    assert not state.request().HasField("since")
    state.accept(pb.StatsBatch(tick=7, stream=pb.StreamStart(epoch="e")))
    request = state.request()
    assert (request.since, request.epoch, list(request.selector.labels)) == (7, "e", ["a=b"])
    delays = [state.ended([("pcf-reason", "shutdown")]) for _ in range(20)]
    assert max(delays) > 0.02
    state.accept(pb.StatsBatch(tick=8))
    assert state.ended(None) <= 0.01


def test_unix_sockets(feed: FakeFeed, tmp_path: Path) -> None:
    server = Background(feed, f"unix:{tmp_path}/x.sock")
    try:
        with Client(f"unix:{tmp_path}/x.sock") as client:
            assert len(client.containers()) == 3
    finally:
        server.stop()


@asynccontextmanager
async def asynchronous(tmp_path: Path) -> AsyncIterator[tuple[Any, AsyncClient]]:
    async with running(tmp_path) as rig, AsyncClient(rig.server.addresses[0], retry=QUICK) as client:
        yield rig, client


def test_the_asyncio_client(tmp_path: Path) -> None:
    async def main() -> None:
        async with asynchronous(tmp_path) as (rig, client):
            rig.ticks(range(1, 11))
            assert (await client.get(groups="cpu")).tick == 10
            assert [b.tick for b in await client.window(0.3, groups="cpu")] == [8, 9, 10]
            assert len(await client.containers()) == 3
            assert len(await client.columns()) > 10
            assert (await client.host()).collector_version
            assert (await client.status()).server.subscribers == 0
            with pytest.raises(SelectionError):
                await client.get(groups="cpuu")
            seen: list[int] = []
            async with contextlib.aclosing(client.stream_columns(groups="cpu", since=8)) as stream:  # type: ignore[type-var]
                async for snapshot in stream:
                    seen.append(snapshot.tick)
                    assert len(snapshot.containers) == 3
                    if len(seen) == 2:
                        break
            assert seen == [9, 10]
            await rig.subscribed(0)
            with pytest.raises(TimeoutError):
                async for _ in client.stream(timeout=0.1):
                    pass

    run(main())


def test_closing_the_asyncio_client_stops_its_iterators(tmp_path: Path) -> None:
    async def main() -> None:
        async with asynchronous(tmp_path) as (rig, client):
            seen: list[int] = []

            async def follow() -> str:
                async for batch in client.stream(groups="cpu"):
                    seen.append(batch.tick)
                return "went on after the loop"

            flowing, cancelled = asyncio.create_task(follow()), asyncio.create_task(follow())
            await rig.subscribed(2)
            rig.ticks([1])
            await rig.until(lambda: seen == [1, 1])
            cancelled.cancel()
            await rig.subscribed(1)
            assert cancelled.cancelled()
            await client.close()
            async with asyncio.timeout(WAIT):
                assert await flowing == "went on after the loop"
            await rig.subscribed(0)

    run(main())


def test_an_asyncio_client_that_is_closed_while_it_waits_does_not_connect_again(tmp_path: Path) -> None:
    async def main() -> None:
        client = AsyncClient("", retry=Retry(first=0.3, longest=0.3))
        async with running(tmp_path) as rig:
            client.target = rig.server.addresses[0]
            stream = client.stream(groups="cpu")
            first = asyncio.ensure_future(anext(stream))
            await rig.subscribed(1)
            rig.ticks([1])
            assert (await first).tick == 1
            second = asyncio.ensure_future(anext(stream))
            await rig.server.stop(0)
            await asyncio.sleep(0.05)
            await client.close()
            async with asyncio.timeout(WAIT):
                with pytest.raises(StopAsyncIteration):
                    await second
            assert client._channel is None

    run(main())


def test_the_asyncio_client_says_when_nobody_is_there() -> None:
    async def main() -> None:
        async with AsyncClient(f"127.0.0.1:{free_port()}") as client:
            with pytest.raises(ServiceUnavailableError):
                async for _ in client.stream():
                    pass

    run(main())
