"""Events of v1.3 and v2.x: arrays of the past, and lines as they happen."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast.event import ContainerExit, ContainerStart, Oom, OomKill
from pycadvisor_fast.faces.rest.go_values import parse_time
from pycadvisor_fast.machine.cadvisor import go_time

from . import fake_events
from .fake_events import FakeLog
from .grpc_rig import run
from .rest_rig import FakeDoor, RestFeed, asked, client, feeding, served

BEGAN_S = int(time.time()) // 60 * 60 - 1800
ALL = "all_events=true&max_events=-1"


@pytest.fixture
def log() -> FakeLog:
    return FakeLog()


@pytest.fixture
def feed(tmp_path: Path, log: FakeLog) -> Iterator[RestFeed]:
    with feeding(tmp_path) as made:
        bus = made.events_bus = fake_events.bus(log)
        yield made
        log.stop()
        bus.stop()


def happen(log: FakeLog) -> None:
    """One of each, in /docker/c0, in a cgroup below it, in another, and on the machine."""
    log.add("container_start", "/docker/c0", ContainerStart(pid=1), time_ns=at(1))
    log.add("oom", "/docker/c0/deep", Oom(constraint="memcg"), time_ns=at(2))
    log.add("oom_kill", "/docker/c1", OomKill(pid=8, tgid=7, comm="<hog>", constraint="memcg"), time_ns=at(3))
    log.add("container_exit", "/docker/c0", ContainerExit(exit_code=3), time_ns=at(4) + 500)
    log.add("fork", "/docker/c0", time_ns=at(5))
    log.add("oom_kill", "/", OomKill(tgid=9, comm="x", constraint="global"), time_ns=at(6))


def at(second: int) -> int:
    """So many seconds into a minute of the last hour."""
    return (BEGAN_S + second) * 10**9


def written(second: int) -> str:
    return go_time(at(second))


def times(feed: RestFeed, path: str) -> list[int]:
    answer = client(feed).get(path)
    assert answer.status_code == 200, answer.text
    return [parse_time(event["timestamp"]) // 10**9 - BEGAN_S for event in answer.json()]


@pytest.mark.parametrize("version", ["v1.3", "v2.0", "v2.1"])
def test_the_array(feed: RestFeed, log: FakeLog, version: str) -> None:
    happen(log)
    answer = client(feed).get(f"/api/{version}/events/?{ALL}&subcontainers=true")
    assert answer.headers["content-type"] == "application/json"
    assert "\\u003chog\\u003e" in answer.text
    found = answer.json()
    assert found[0] == {
        "container_name": "/docker/c0",
        "timestamp": written(1),
        "event_type": "containerCreation",
        "event_data": {},
    }
    assert [event["event_type"] for event in found] == [
        "containerCreation",
        "oom",
        "oomKill",
        "containerDeletion",
        "oomKill",
    ]
    assert found[2]["event_data"] == {"oom": {"pid": 7, "process_name": "<hog>", "constraint": "CONSTRAINT_MEMCG"}}
    assert found[3]["event_data"] == {"container_deletion": {"exit_code": 3}}
    assert found[3]["timestamp"] == written(4).replace("Z", ".0000005Z")
    assert found[4]["container_name"] == "/"


def test_what_is_asked_for_is_what_comes(feed: RestFeed, log: FakeLog) -> None:
    happen(log)
    for query, seconds in (
        ("", []),
        ("oom_events=1", []),
        ("oom_kill_events=t", [6]),
        ("oom_events=1&subcontainers=T", [2]),
        (f"{ALL}&subcontainers=yes", [6]),  # no word of Go's: as if it were not given
        (f"{ALL}&subcontainers=true", [1, 2, 3, 4, 6]),
        (f"{ALL}&subcontainers=true&oom_events=false", [1, 2, 3, 4, 6]),
        ("creation_events=1&deletion_events=1&subcontainers=1", [1, 4]),
        ("all_events=1&subcontainers=1&max_events=2", [4, 6]),
        ("all_events=1&subcontainers=1&max_events=0", []),
        ("all_events=1&subcontainers=1&max_events=x", [1, 2, 3, 4, 6]),
        ("all_events=1&subcontainers=1&max_events=1&max_events=9", [6]),
        (f"{ALL}&subcontainers=1&start_time={written(2)}&end_time={written(3)}", [2, 3]),
        (f"{ALL}&subcontainers=1&start_time={BEGAN_S + 3}", [3, 4, 6]),
        (f"{ALL}&subcontainers=1&start_time=yesterday&end_time=", [1, 2, 3, 4, 6]),
    ):
        assert times(feed, f"/api/v1.3/events?{query}") == seconds, query


def test_the_container_is_looked_at_before_the_events_are_cut(feed: RestFeed, log: FakeLog) -> None:
    happen(log)
    for _ in range(3000):
        log.add("oom_kill", "/docker/c9", time_ns=at(7))
    assert times(feed, "/api/v1.3/events/docker/c0?all_events=1&max_events=2") == [2, 4]  # of c0 and, in it, deep
    assert times(feed, "/api/v1.3/events/docker/c?all_events=1&max_events=-1&subcontainers=1") == []
    assert len(client(feed).get(f"/api/v2.0/events/docker?{ALL}&subcontainers=true").json()) == 3004
    assert times(feed, "/api/v1.3/events/gone?all_events=1") == []


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("max_events=-2", 400, "max_events: only -1 and larger values allowed, not -2"),
        (
            "stream=true&start_time=2026-01-01T00:00:00Z",
            500,
            "a stream begins now: start_time and end_time must not be given with stream=true",
        ),
    ],
)
def test_requests_that_make_no_sense(feed: RestFeed, query: str, status: int, text: str) -> None:
    answer = client(feed).get(f"/api/v1.3/events/?{query}")
    assert (answer.status_code, answer.text) == (status, text + "\n")


def test_without_events_the_reason_is_given(feed: RestFeed) -> None:
    feed.events_bus = None
    for path in ("/api/v1.3/events?all_events=1", "/api/v2.1/events?all_events=1&stream=1"):
        answer = client(feed).get(path)
        assert (answer.status_code, answer.text) == (500, "there are no events here: events=off\n")
    problem = client(feed).get("/api/v3/events")
    assert (problem.status_code, problem.json()["error"]["code"]) == (404, "not_served")


def test_a_stream_has_what_happens_from_now_on(feed: RestFeed, log: FakeLog) -> None:
    happen(log)

    async def main() -> None:
        async with (
            served(feed) as place,
            asked(place, "/api/v1.3/events/docker/c0?stream=true&all_events=true&max_events=1") as stream,
        ):
            status, fields = await stream.head()
            assert status == 200
            assert "content-type" not in fields
            assert fields["transfer-encoding"] == "chunked"
            log.add("oom_kill", "/docker/c1")
            for number in range(3):
                log.add("container_exit", "/docker/c0", ContainerExit(exit_code=number))
            lines: list[Any] = []
            while len(lines) < 3:
                chunk = await stream.chunk()
                assert chunk.endswith(b"\n")
                lines += [json.loads(line) for line in chunk.splitlines()]
            assert [line["event_data"]["container_deletion"]["exit_code"] for line in lines] == [0, 1, 2]

    run(main())


def test_the_log_is_listened_to_only_while_somebody_follows(feed: RestFeed, log: FakeLog) -> None:
    bus = feed.events_bus
    assert bus is not None
    listeners = bus._notifier._listeners  # a copy is put in its place at each change

    async def until(count: int) -> None:
        async with asyncio.timeout(20):
            while len(bus._notifier._listeners) != count:
                await asyncio.sleep(0.005)

    async def main() -> None:
        async with served(feed) as place:
            async with asked(place, "/api/v2.0/events?stream=1&all_events=1") as first:
                await first.head()
                async with asked(place, "/api/v3/events/stream?kinds=exec") as second:
                    await second.head()
                    assert len(bus._notifier._listeners) == 1
                    assert log.wanted[-1] == {"exec"}
            await until(0)
            assert log.wanted[-1] == frozenset()
            async with asked(place, "/api/v1.3/events?stream=1") as silent:  # no kinds: to cAdvisor none
                await silent.head()
                assert not bus._notifier._listeners

    assert not listeners
    run(main())


def test_a_client_that_does_not_read_holds_up_nobody(feed: RestFeed, log: FakeLog) -> None:
    """The log has room for a hundred events: the one who reads gets all, the other finds what is left, and the producer
    never waits for either."""
    log.room = 100
    path = "/api/v3/events/stream?kinds=oom_kill"

    async def main() -> None:
        async with served(feed) as place, asked(place, path, room=1024) as stopped, asked(place, path) as reader:
            for stream in (stopped, reader):
                await stream.head()
                assert b"event: start" in await stream.chunk()
            seen = 0
            for _ in range(200):
                for _ in range(50):
                    log.add("oom_kill", "/docker/c0", OomKill(comm="x" * 15, memcg_path="/docker/c0" + "y" * 2000))
                wanted = seen + 50
                while seen < wanted:
                    seen += (await reader.chunk()).count(b'data: {"seq":')
            assert log.latest == 10_000
            while b"event: missed" not in await stopped.chunk():  # what it had not taken, then what it missed
                pass

    run(main())


def test_single_process_events_are_for_those_who_may_see_processes(feed: RestFeed) -> None:
    http = client(feed, FakeDoor({"stats"}))
    for path in ("/api/v3/events?kinds=exec", "/api/v3/events?kinds=all", "/api/v3/events/stream?kinds=fork,oom"):
        answer = http.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden"), path
    assert http.get("/api/v3/events?kinds=oom_kill").status_code == 200
    assert client(feed, FakeDoor({"stats", "processes"})).get("/api/v3/events?kinds=exec").status_code == 200
