"""StreamEvents and GetEvents: what arrives, what is refused, slow readers, both clients."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from pathlib import Path
from typing import Any

import grpc
import pytest

from pycadvisor_fast.client import AsyncClient, Client, ServiceError
from pycadvisor_fast.container import Container
from pycadvisor_fast.errors import SelectionError
from pycadvisor_fast.event import (
    PAYLOADS,
    CgroupLife,
    ContainerExit,
    ContainerStart,
    Event,
    Exec,
    Exit,
    Fork,
    Lost,
    Note,
    Oom,
    OomKill,
    Payload,
    Throttle,
)
from pycadvisor_fast.faces.grpc.event_messages import event_message, framed
from pycadvisor_fast.v1 import service_pb2 as pb
from pycadvisor_fast.v1.events_pb2 import Event as EventMessage
from pycadvisor_fast.v1.events_pb2 import EventBatch

from .fake_events import FakeLog, bus
from .grpc_rig import Rig, run, running, take

NOW = 1_800_000_000_000_000_000


# ---- messages ----
PAYLOAD_SAMPLES: tuple[Payload, ...] = (
    OomKill(8, 7, "hog\udce9", 1000, -998, 1, 2, 3, 4, 5, "memcg", "/a", 2**64 - 2, 9, 6, "trigger"),
    OomKill(),
    Oom("memcg", "/a", 5, 6, 7, "t"),
    CgroupLife(3, 5),
    Fork(5, 4, "sh", 0),
    Exec(5, 4, "sh", 0, "/bin/ls"),
    Exit(5, 4, "sh", 0, 0, None, False, 1, 2, 3, 4, 5, 6),
    Exit(5, signal=11, is_core_dumped=True),
    Throttle(9),
    ContainerStart(1, "init", 10, 20),
    ContainerExit(pid=1, comm="init", exit_code=0, started_monotonic_ns=5, emptied_monotonic_ns=15, cpu_ns=0),
    Lost("exec", "bpf", 5, 50),
    Note("cpu.usage_ns differs"),
)


@pytest.mark.parametrize("payload", PAYLOAD_SAMPLES, ids=lambda payload: type(payload).__name__)
def test_every_payload_arrives_whole_and_absent_stays_absent(payload: Payload) -> None:
    container = Container("/docker/x", 3, 2, "docker", "ab", "web", "nginx", labels={"a": "b"}, created_ns=5)
    event = Event(7, "k", NOW, 9, 10, container, "/docker/x/y", "bpf", ("late",), payload, 11, 12)
    message = EventMessage.FromString(event_message(event).SerializeToString())
    assert (message.seq, message.time_unix_ns, message.time_monotonic_ns, message.logged_monotonic_ns) == (
        7,
        NOW,
        9,
        10,
    )
    assert (message.container.handle, message.container.labels["a"]) == (2 << 32 | 3, "b")
    assert (message.cgroup_id, message.hierarchy_id, list(message.caveats)) == (11, 12, ["late"])
    field = PAYLOADS[type(payload)]
    assert message.WhichOneof("payload") == field
    if isinstance(payload, Note):
        assert message.note == payload.text
        return
    said = getattr(message, field)
    for item in dataclasses.fields(payload):
        value = getattr(payload, item.name)
        if value is None:
            assert not said.HasField(item.name), item.name
        else:
            assert getattr(said, item.name) == (value.replace("\udce9", "?") if isinstance(value, str) else value)
            assert not said.DESCRIPTOR.fields_by_name[item.name].has_presence or said.HasField(item.name)
    if isinstance(payload, ContainerExit):
        assert said.life_ns == 10


@pytest.mark.parametrize("length", [0, 127, 128, 20_000])
def test_framed_events_are_the_field_events(length: int) -> None:
    one = EventMessage(kind="x" * length)
    data = framed(one.SerializeToString()) * 2
    assert list(EventBatch.FromString(data).events) == [one, one]
    assert list(pb.GetEventsResponse.FromString(data).events) == [one, one]


# ---- streams ----
def with_log(main: Any, tmp_path: Path, log: FakeLog, **how: Any) -> None:
    async def body() -> None:
        made = bus(log, **how)
        async with running(tmp_path, events=made) as rig:
            await main(rig)
        made.stop()

    run(body())


def test_events_arrive_as_they_happen_with_names(tmp_path: Path) -> None:
    log = FakeLog()
    log.add()

    async def main(rig: Rig) -> None:
        call = rig.stub.StreamEvents(pb.StreamEventsRequest(kinds=["oomKill"]))
        (start,) = await take(call, 1)
        assert (start.start.latest_seq, start.seq, start.start.restarted) == (1, 1, False)
        assert [(one.kind, one.source) for one in start.start.sources] == [("oom_kill", "bpf")]
        assert rig.server.status()["event_streams"] == 1
        log.add("empty")
        log.add(path="/docker/c2/inner")
        (batch,) = await take(call, 1)
        (event,) = batch.events
        assert (event.seq, event.kind, event.container.name, event.cgroup_path) == (
            3,
            "oom_kill",
            "web-2",
            "/docker/c2/inner",
        )
        assert event.oom_kill.comm == "hog"
        assert not batch.replayed
        call.cancel()
        await rig.until(lambda: rig.server.status()["event_streams"] == 0)

    with_log(main, tmp_path, log)


def test_history_then_live_by_number_and_by_time(tmp_path: Path) -> None:
    log = FakeLog()
    for index in range(600):
        log.add(time_ns=time.time_ns() - (600 - index) * 10**9)

    async def main(rig: Rig) -> None:
        ago = time.time_ns() - 100 * 10**9
        for request in (pb.StreamEventsRequest(since_seq=500), pb.StreamEventsRequest(since_unix_ns=ago)):
            call = rig.stub.StreamEvents(request)
            got: list[int] = []
            while not got or got[-1] < log.latest:
                (batch,) = await take(call, 1)
                assert batch.replayed or not batch.events
                got += [event.seq for event in batch.events]
            assert got[-1] == log.latest
            assert got == list(range(got[0], log.latest + 1))
            assert abs(got[0] - 501) <= 2
            log.add()
            (batch,) = await take(call, 1)
            assert [event.seq for event in batch.events] == [log.latest]
            assert not batch.replayed
            call.cancel()

    with_log(main, tmp_path, log)


def test_a_number_of_another_epoch_is_not_used(tmp_path: Path) -> None:
    log = FakeLog()
    log.add()

    async def main(rig: Rig) -> None:
        for request in (pb.StreamEventsRequest(since_seq=0, epoch="other"), pb.StreamEventsRequest(since_seq=77)):
            call = rig.stub.StreamEvents(request)
            (start,) = await take(call, 1)
            assert start.start.restarted
            assert start.seq == log.latest
            call.cancel()

    with_log(main, tmp_path, log)


def test_a_quiet_stream_says_that_it_lives(tmp_path: Path) -> None:
    log = FakeLog()

    async def main(rig: Rig) -> None:
        call = rig.stub.StreamEvents(pb.StreamEventsRequest(heartbeat_ms=100, kinds=["oom"]))
        _, beat = await take(call, 2)
        assert not beat.events
        assert beat.time_unix_ns
        assert {one.kind: one.count for one in beat.lost}["oom"] == 2
        log.add("empty")  # not for us: the next heartbeat moves on
        later = beat
        while later.seq == beat.seq:
            (later,) = await take(call, 1)
        assert (later.seq, list(later.events)) == (1, [])
        call.cancel()

    with_log(main, tmp_path, log)


def test_who_does_not_read_is_told_what_it_missed(tmp_path: Path) -> None:
    log = FakeLog(room=200)

    async def main(rig: Rig) -> None:
        call = rig.stub.StreamEvents(pb.StreamEventsRequest(kinds=["exec", "oom"]))
        await take(call, 1)
        filler = "x" * 1000
        for _ in range(300):  # what does not fit into the connection's window stays in the log until it is overwritten
            for _ in range(20):
                log.add("exec", payload=Exec(5, filename=filler))
            await asyncio.sleep(0)
        log.add("oom")
        got: dict[str, int] = {}
        missed: dict[str, int] = {}
        while "oom" not in got:
            (batch,) = await take(call, 1)
            for event in batch.events:
                got[event.kind] = got.get(event.kind, 0) + 1
            for one in batch.missed:
                missed[one.kind] = missed.get(one.kind, 0) + one.count
        assert missed["exec"] > 0
        assert got["exec"] + missed["exec"] == 6000
        call.cancel()

    with_log(main, tmp_path, log)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (pb.StreamEventsRequest(kinds=["oom_kil"]), "no event kind 'oom_kil'"),
        (pb.StreamEventsRequest(kinds=[""]), "an entry is empty"),
        (pb.StreamEventsRequest(since_seq=1, since_unix_ns=1), "give one of the two"),
        (pb.StreamEventsRequest(since_unix_ns=2**63), "beyond the year 2262"),
        (pb.StreamEventsRequest(heartbeat_ms=5), "heartbeat_ms: 5 is not within 100"),
        (pb.StreamEventsRequest(selector=pb.Selector(leaves_only=True)), "leaves_only"),
        (pb.StreamEventsRequest(selector=pb.Selector(runtimes=["dokcer"])), "docker"),
        (pb.GetEventsRequest(kinds=["exit", "nothing"]), "no event kind 'nothing'"),
        (pb.GetEventsRequest(from_unix_ns=5, to_unix_ns=4), "from_unix_ns: 5 is after to_unix_ns"),
        (pb.GetEventsRequest(to_unix_ns=2**63), "to_unix_ns"),
        (pb.GetEventsRequest(after_seq=5, before_seq=5), "after_seq: 5 is not below before_seq"),
        (pb.GetEventsRequest(limit=10_001), "limit: 10001 is above 10000"),
        (pb.GetEventsRequest(after_seq=5, epoch="other"), "another epoch"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_wrong_requests_are_refused_with_the_reason(tmp_path: Path, request_: Any, reason: str) -> None:
    async def main(rig: Rig) -> None:
        is_stream = isinstance(request_, pb.StreamEventsRequest)
        call = rig.stub.StreamEvents(request_).read() if is_stream else rig.stub.GetEvents(request_)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert reason in (caught.value.details() or "")

    with_log(main, tmp_path, FakeLog())


def test_where_there_are_no_events_it_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            for call in (
                rig.stub.StreamEvents(pb.StreamEventsRequest()).read(),
                rig.stub.GetEvents(pb.GetEventsRequest()),
            ):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await call
                assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
                assert "events=off" in (caught.value.details() or "")

    run(main())


def test_process_events_that_are_off_are_refused(tmp_path: Path) -> None:
    async def main(rig: Rig) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await rig.stub.StreamEvents(pb.StreamEventsRequest(kinds=["all"])).read()
        assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
        assert "process_events=off" in (caught.value.details() or "")

    with_log(main, tmp_path, FakeLog(), process_events="off")


def test_streams_end_well_when_the_server_stops(tmp_path: Path) -> None:
    async def main(rig: Rig) -> None:
        call = rig.stub.StreamEvents(pb.StreamEventsRequest())
        await take(call, 1)
        await rig.server.stop(0.5)
        assert await call.read() == grpc.aio.EOF
        assert ("pcf-reason", "shutdown") in [tuple(item) for item in await call.trailing_metadata()]

    with_log(main, tmp_path, FakeLog())


# ---- the past ----
def test_the_past_in_pages_both_ways(tmp_path: Path) -> None:
    log = FakeLog()
    for index in range(20):
        log.add(path=f"/docker/c{index % 2}")

    async def main(rig: Rig) -> None:
        selector = pb.Selector(names=["web-1"])
        first = await rig.stub.GetEvents(pb.GetEventsRequest(selector=selector, limit=4))
        assert ([event.seq for event in first.events], first.more) == ([2, 4, 6, 8], True)
        rest = await rig.stub.GetEvents(pb.GetEventsRequest(selector=selector, after_seq=first.seq, epoch=first.epoch))
        assert ([event.seq for event in rest.events], rest.more) == ([10, 12, 14, 16, 18, 20], False)
        newest = await rig.stub.GetEvents(pb.GetEventsRequest(limit=2, newest_first=True))
        assert [event.seq for event in newest.events] == [20, 19]
        older = await rig.stub.GetEvents(pb.GetEventsRequest(limit=1, newest_first=True, before_seq=newest.seq))
        assert [event.seq for event in older.events] == [18]

    with_log(main, tmp_path, log)


def test_an_answer_fits_into_what_clients_take(tmp_path: Path) -> None:
    log = FakeLog()
    for _ in range(2000):
        log.add("exec", payload=Exec(1, filename="x" * 4000))

    async def main(rig: Rig) -> None:
        got: list[int] = []
        request = pb.GetEventsRequest(kinds=["exec"], limit=10_000)
        for _ in range(10):
            answer = await rig.stub.GetEvents(request)
            assert answer.ByteSize() < 4 << 20
            got += [event.seq for event in answer.events]
            request.after_seq = answer.seq
            if not answer.more:
                break
        assert got == list(range(1, 2001))

    with_log(main, tmp_path, log)


def test_a_thousand_questions_while_events_come(tmp_path: Path) -> None:
    log = FakeLog(room=500)

    async def main(rig: Rig) -> None:
        async def ask() -> None:
            for _ in range(50):
                log.add()
                answer = await rig.stub.GetEvents(pb.GetEventsRequest(limit=3, newest_first=True))
                assert [event.seq for event in answer.events] == sorted((e.seq for e in answer.events), reverse=True)
                assert answer.events[0].seq <= log.latest

        await asyncio.gather(*(ask() for _ in range(20)))

    with_log(main, tmp_path, log)


# ---- clients ----
def test_both_clients(tmp_path: Path) -> None:
    log = FakeLog()
    for _ in range(5):
        log.add()

    def blocking(target: str) -> None:
        with Client(target) as client:
            stream = client.stream_events(kinds="oom_kill", names="web-*", since=3)
            assert next(stream).HasField("start")
            assert [event.seq for event in next(stream).events] == [4, 5]
            assert [event.seq for event in client.past_events(count=2, newest_first=True)] == [5, 4]
            assert len(client.past_events(begin=time.time() - 60, end=time.time() + 60)) == 5
            with pytest.raises(SelectionError, match="no event kind"):
                client.past_events(kinds=["x"])
            with pytest.raises(SelectionError, match="no event kind"):
                next(client.stream_events(kinds=["x"]))
            with pytest.raises(TypeError, match="unknown argument 'kind'"):
                client.past_events(kind="oom")  # type: ignore[call-arg]
            with pytest.raises(ValueError, match="begin"):
                client.past_events(begin=-1.0)

    async def main(rig: Rig) -> None:
        await asyncio.to_thread(blocking, rig.server.addresses[0])
        async with AsyncClient(rig.server.addresses[0]) as client:
            stream = client.stream_events(since=4, heartbeat=0.1)
            assert (await anext(stream)).HasField("start")
            assert [event.seq for event in (await anext(stream)).events] == [5]
            assert not (await anext(stream)).events
            await stream.aclose()  # type: ignore[attr-defined]
            assert [event.seq for event in await client.past_events()] == [1, 2, 3, 4, 5]

    with_log(main, tmp_path, log)


def test_a_client_goes_on_where_it_was_when_the_server_comes_back(tmp_path: Path) -> None:
    log = FakeLog()
    where = f"unix:{tmp_path}/grpc.sock"
    got: list[int] = []

    async def listen() -> None:
        async with AsyncClient(where) as client:
            async for batch in client.stream_events():
                got.extend(event.seq for event in batch.events)
                if log.latest == 3 and got[-1:] == [3]:
                    return

    async def until(count: int) -> None:
        while len(got) < count:
            await asyncio.sleep(0.01)

    async def main() -> None:
        made = bus(log)
        async with running(tmp_path / "a", events=made, listen=where) as rig:
            task = asyncio.create_task(listen())
            await rig.until(lambda: rig.server.status()["event_streams"] == 1)
            log.add()
            await until(1)
        log.add()  # while nobody serves
        async with running(tmp_path / "b", events=made, listen=where):
            await until(2)
            log.add()
            await task
        made.stop()
        assert got == [1, 2, 3]

    run(main())


def test_an_error_of_the_log_ends_the_call_with_its_text(tmp_path: Path) -> None:
    log = FakeLog()

    async def main(rig: Rig) -> None:
        def fail(**_: Any) -> list[Event]:
            raise OSError(5, "the log cannot be read")

        log.read = fail  # type: ignore[method-assign]
        with pytest.raises(ServiceError, match="cannot be read"):
            async with AsyncClient(rig.server.addresses[0]) as client:
                await client.past_events()

    with_log(main, tmp_path, log)
