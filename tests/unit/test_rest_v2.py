"""v2.0 and v2.1: every route, the options all of them have, errors word by word."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from pycadvisor_fast.errors import PycadvisorError
from pycadvisor_fast.faces.rest.processes import cpu_time, start_time
from pycadvisor_fast.filesystem import Filesystem, Storage
from pycadvisor_fast.machine.model import Machine
from pycadvisor_fast.process import Process, ProcessList

from .grpc_rig import run
from .rest_rig import CONTAINERS, TICKS, WAIT, FakeDoor, RestFeed, asked, client, feeding, served

WEB = "/docker/aa11" + "0" * 60
DOCKER = sorted(one.path for one in CONTAINERS if one.namespace == "docker")


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[RestFeed]:
    with feeding(tmp_path) as made:
        yield made


@pytest.fixture
def http(feed: RestFeed) -> TestClient:
    return client(feed)


def fails(http: TestClient, path: str, text: str, status: int = 500) -> None:
    answer = http.get(path)
    assert (answer.status_code, answer.text) == (status, text + "\n"), path
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


EVERY = (
    *("version", "attributes", "machine", "machinestats", "storage", "events"),
    *("summary/", "stats/", "spec/", "ps/", "appmetrics/"),
)
BAD_OPTIONS = {
    "type=x": "unknown 'type' \"x\"",
    "type=%22%0a": 'unknown \'type\' "\\"\\n"',
    "count=x": "failed to parse 'count' option: x",
    "count=1.5": "failed to parse 'count' option: 1.5",
    "count=%201": "failed to parse 'count' option:  1",
    "count=2147483648": "failed to parse 'count' option: 2147483648",
    "count=-99999999999999999999": "failed to parse 'count' option: -99999999999999999999",
    "count=-2": "invalid 'count' option: only -1 and larger values allowed, not -2",
    "count=-2147483648": "invalid 'count' option: only -1 and larger values allowed, not -2147483648",
    "max_age=5": "failed to parse 'max_age' option: time: missing unit in duration \"5\"",
    "max_age=x": "failed to parse 'max_age' option: time: invalid duration \"x\"",
    "max_age=5y": 'failed to parse \'max_age\' option: time: unknown unit "y" in duration "5y"',
    "max_age=.s": "failed to parse 'max_age' option: time: invalid duration \".s\"",
    "max_age=9999999999h": "failed to parse 'max_age' option: time: invalid duration \"9999999999h\"",
    "start_time=x": "failed to parse 'start_time' option: x",
}


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("query", BAD_OPTIONS)
def test_options_are_parsed_for_every_request(http: TestClient, kind: str, query: str) -> None:
    if query.startswith("start_time") and kind == "events":
        assert http.get(f"/api/v2.1/{kind}?{query}").status_code == 500
        return
    fails(http, f"/api/v2.1/{kind}?{query}", BAD_OPTIONS[query])


def test_of_an_option_the_first_counts_and_bad_escapes_are_not_there(http: TestClient) -> None:
    for query in ("count=1&count=x", "count=&type=", "count=%zz", "a;count=x", "count=%2B1", "recursive=True"):
        assert http.get(f"/api/v2.0/version?{query}").status_code == 200, query


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("spec/x", 'unknown container "/x"'),
        ("spec/x?recursive=true", 'unknown container: "/x"'),
        ("spec/foo/b?recursive=true", 'unknown container: "/foo/b"'),
        ("stats/x", 'unknown container "/x"'),
        ("summary/x", 'unknown container "/x"'),
        ("appmetrics/x", 'unknown container "/x"'),
        ("ps/x", 'process listing failed: unknown container "/x"'),
        ("ps/x?recursive=true", 'process listing failed: unknown container "/x"'),
        ("spec/x?type=docker", 'unable to find container "x" in "docker" namespace'),
        ("spec/box?type=docker", 'unable to find container "box" in "docker" namespace'),
        ("spec/?type=docker", 'unable to find container in "docker" namespace. Container "" is not unique'),
        ("spec/a?type=docker", 'unable to find container in "docker" namespace. Container "a" is not unique'),
        ("spec/web?type=docker", 'unable to find container in "docker" namespace. Container "web" is not unique'),
        ("spec/web-1?type=podman", 'unable to find container "web-1" in "podman" namespace'),
        ("spec/x?type=docker&recursive=true", 'invalid request for docker container "/x" with subcontainers'),
        ("spec/x?type=podman&recursive=true", 'invalid request for podman container "/x" with subcontainers'),
    ],
)
@pytest.mark.parametrize("version", ["v2.0", "v2.1"])
def test_names_that_are_none(http: TestClient, version: str, path: str, text: str) -> None:
    fails(http, f"/api/{version}/{path}", text)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("foo?", ["/foo"]),
        ("foo?recursive=true", ["/foo", "/foo/bar"]),
        ("foo?recursive=1", ["/foo"]),
        ("?recursive=true", sorted(one.path for one in CONTAINERS)),
        ("web-1?type=docker", [WEB]),
        ("aa11?type=docker", [WEB]),
        ("d?type=docker", ["/docker/bb33" + "0" * 60]),
        ("?type=docker&recursive=true", DOCKER),
        ("box?type=podman", ["/pod/x"]),
        ("c?type=podman&count=1", ["/pod/x"]),
    ],
)
def test_names_that_are_some(http: TestClient, query: str, names: list[str]) -> None:
    assert list(http.get(f"/api/v2.0/spec/{query}").json()) == names
    assert list(http.get(f"/api/v2.0/stats/{query}").json()) == names
    assert list(http.get(f"/api/v2.1/appmetrics/{query}").json()) == names
    assert list(http.get(f"/api/v2.1/stats/{query}").json()) == [name for name in names if name != "/"]
    assert sorted(http.get(f"/api/v2.1/summary/{query}").json()) == names


def test_stats_of_nobody_and_of_the_root(http: TestClient, feed: RestFeed) -> None:
    assert http.get("/api/v2.1/stats/").json() == {}
    assert list(http.get("/api/v2.0/stats/").json()) == ["/"]
    feed.set_containers(CONTAINERS[:1])
    assert http.get("/api/v2.1/stats/?type=docker&recursive=true").text == "{}"


def test_stats_count_and_span(http: TestClient) -> None:
    def samples(query: str) -> list[Any]:
        return list(http.get(f"/api/v2.1/stats/foo?{query}").json()["/foo"].get("stats", []))

    every = samples("count=-1")
    assert len(every) == len(TICKS)
    assert samples("") == samples("count=64") == samples("count=2147483647") == every
    assert samples("count=3") == every[-3:]
    assert samples("count=0") == []
    begin, end = every[5]["timestamp"], every[8]["timestamp"]
    assert samples(f"start_time={begin}&end_time={end}") == every[5:9]
    assert samples("start_time=1700000001") == [one for one in every if one["timestamp"] >= "2023-11-14T22:13:21"]
    assert len(http.get("/api/v2.0/stats/foo?count=2").json()["/foo"]) == 2


def test_version_attributes_machine(http: TestClient, feed: RestFeed) -> None:
    feed.machines = [Machine(kernel_version="6.18")]
    assert client(feed, version='1"<').get("/api/v2.0/version").text == '"1\\"\\u003c"'
    told = http.get("/api/v2.1/attributes").json()
    assert (told["kernel_version"], told["disk_map"], told["filesystems"]) == ("6.18", {}, None)
    assert http.get("/api/v2.0/machine").json() == http.get("/api/v1.0/machine").json()


def test_machinestats(http: TestClient, feed: RestFeed) -> None:
    found = http.get("/api/v2.1/machinestats?count=2").json()
    assert len(found) == 2
    assert found[1]["memory"]["usage"] == 4096 * TICKS[-1]
    feed.set_containers(CONTAINERS[1:])
    assert http.get("/api/v2.1/machinestats").text == "null"


def test_storage_by_uuid_and_label(http: TestClient, feed: RestFeed) -> None:
    root = Filesystem("/dev/sda1", "ext4", "/", 8, 1, ("root",), capacity_bytes=100, free_bytes=40, available_bytes=30)
    root = dataclasses.replace(root, uuid="12-ab", inodes=7, inodes_free=3)
    images = Filesystem(
        "/dev/sdb1", "xfs", "/var/lib/docker", 8, 17, ("docker-images",), capacity_bytes=9, free_bytes=9
    )
    dead = Filesystem("host:/", "nfs", "/mnt", 0, 44)
    feed.storage = Storage((root, images, dead))
    every = http.get("/api/v2.0/storage").json()
    assert [one["device"] for one in every] == ["/dev/sda1", "/dev/sdb1"]
    assert (every[0]["usage"], every[0]["inodes"], every[0]["labels"]) == (60, 7, ["root"])
    assert "inodes" not in every[1]
    assert http.get("/api/v2.0/storage?label=docker-images").json() == every[1:]
    assert http.get("/api/v2.1/storage?label=x&uuid=12-ab").json() == every[0]  # the uuid wins
    fails(http, "/api/v2.0/storage?label=x", 'non-existent label "x"')
    fails(http, "/api/v2.0/storage?uuid=../../etc/passwd", "cadvisor: no such device")
    assert feed.asked_fresh == [False] * 5
    http.get("/api/v2.0/storage?max_age=0")
    assert feed.asked_fresh[-1]


def test_ps_of_a_container_and_of_the_machine(
    http: TestClient, feed: RestFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []

    def processes(*containers: str, recursive: bool = True, fds: bool = False) -> ProcessList:
        calls.append((containers, recursive, fds))
        one = Process(
            7, 1, 33, "www", 149.96, 90061.0, 12.54, 4096, 8192, "S", 2, 1, 0, 2.0, "nginx", ("nginx", "-s"), "/c"
        )
        return ProcessList((dataclasses.replace(one, started_unix_ns=time.time_ns(), fd_count=4),), time.time_ns())

    monkeypatch.setattr(feed, "processes", processes)
    found = http.get("/api/v2.0/ps/web-1?type=docker").json()
    assert calls == [((WEB,), False, True)]
    assert found[0].pop("start_time")[2] == ":"
    assert found == [
        {
            "user": "www",
            "pid": 7,
            "parent_pid": 1,
            "percent_cpu": 150,
            "percent_mem": 12.5,
            "rss": 4096,
            "virtual_size": 8192,
            "status": "Sl",
            "running_time": "1-01:01:01",
            "cgroup_path": "",
            "cmd": "nginx",
            "fd_count": 4,
            "psr": 1,
        }
    ]
    assert http.get("/api/v2.1/ps/?recursive=true").json()[0]["cgroup_path"] == "/c"
    assert calls[1] == ((), True, True)
    text = "process listing failed: this needs the scope 'processes'"
    fails(client(feed, FakeDoor({"stats"})), "/api/v2.0/ps/", text, 403)
    assert len(calls) == 2
    assert client(feed, FakeDoor({"stats", "processes"})).get("/api/v2.0/ps/").status_code == 200


def test_ps_that_fails(http: TestClient, feed: RestFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    def processes(*_: str, **__: bool) -> ProcessList:
        raise PycadvisorError("/proc cannot be read")

    monkeypatch.setattr(feed, "processes", processes)
    fails(http, "/api/v2.0/ps/", "process listing failed: /proc cannot be read")


def test_times_as_ps_writes_them() -> None:
    from datetime import datetime

    now = datetime(2026, 3, 5, 12, 0)
    for moment, text in (
        (datetime(2026, 3, 5, 0, 1), "00:01"),
        (datetime(2026, 3, 4, 23, 59), "Mar04"),
        (datetime(2026, 1, 1), "Jan01"),
        (datetime(2025, 12, 31), "2025"),
    ):
        assert start_time(round(moment.timestamp() * 1e9), now) == text
    assert [cpu_time(seconds) for seconds in (0.9, 61, 3600, 200_000.5)] == [
        "00:00:00",
        "00:01:01",
        "01:00:00",
        "2-07:33:20",
    ]


def test_appmetrics_are_empty(http: TestClient) -> None:
    assert http.get("/api/v2.0/appmetrics/foo?recursive=true").json() == {"/foo": {}, "/foo/bar": {}}


def test_summary_is_right_for_what_there_is(http: TestClient) -> None:
    found = http.get("/api/v2.0/summary/foo").json()["/foo"]
    assert found["timestamp"] == "2023-11-14T22:13:22Z"
    working_sets = [6 * 4096 * tick - 4096 for tick in TICKS]  # slot 5, see rows_for
    assert found["latest_usage"] == {"cpu": 0, "memory": working_sets[-1]}
    for span, expected in (("minute", 600), ("hour", 36_000), ("day", 864_000)):
        usage = found[f"{span}_usage"]
        assert usage["percent_complete"] == round(100 * len(TICKS) / expected)
        memory = usage["memory"]
        assert (memory["present"], memory["count"], memory["max"]) == (True, len(TICKS), working_sets[-1])
        assert memory["mean"] == round(sum(working_sets) / len(TICKS))
        assert memory["fifty"] == pytest.approx(working_sets[9], rel=0.06)
        assert memory["fifty"] <= memory["ninety"] <= memory["ninetyfive"] <= memory["max"]
        assert usage["cpu"]["count"] == len(TICKS) - 1
    young = http.get("/api/v2.0/summary/young").json()["/young"]
    assert young["day_usage"] == {
        "percent_complete": 0,
        "cpu": {"present": False, "mean": 0, "std": 0, "max": 0, "fifty": 0, "ninety": 0, "ninetyfive": 0, "count": 0},
        "memory": {
            "present": False,
            "mean": 0,
            "std": 0,
            "max": 0,
            "fifty": 0,
            "ninety": 0,
            "ninetyfive": 0,
            "count": 0,
        },
    }


def test_max_age_samples_anew_when_the_newest_is_older(tmp_path: Path) -> None:
    now = time.monotonic_ns() // 100_000_000
    with feeding(tmp_path, range(now - 5, now + 1)) as feed:
        http = client(feed)
        for query, passes in (("", 0), ("max_age=1h", 0), ("max_age=0", 1), ("max_age=-5s", 2), ("max_age=1ns", 3)):
            assert http.get(f"/api/v2.1/stats/foo?{query}").status_code == 200
            assert feed.sampled == passes, query
        fails(http, "/api/v2.1/stats/x?max_age=0", 'unknown container "/x"')
        assert feed.sampled == 3  # nobody is sampled for a name that is none
        for path in ("spec/foo", "summary/foo", "appmetrics/foo", "machinestats"):
            http.get(f"/api/v2.1/{path}?max_age=0")
        assert feed.sampled == 7


def test_the_answer_is_compact_json_without_a_newline(http: TestClient) -> None:
    for kind in EVERY:
        if kind == "events":
            continue
        answer = http.get(f"/api/v2.1/{kind}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json"), kind
        assert not answer.text.endswith("\n")
        json.loads(answer.text)


def test_all_who_wait_for_fresh_samples_share_a_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, may_end = threading.Event(), threading.Event()
    passes: list[int] = []

    def sample() -> int:
        passes.append(1)
        begun.set()
        assert may_end.wait(WAIT)
        return 0

    async def main() -> None:
        with feeding(tmp_path) as feed:
            monkeypatch.setattr(feed, "sample", sample)
            path = "/api/v2.1/stats/foo?max_age=0&count=1"
            async with served(feed) as place, AsyncExitStack() as stack:
                first = await stack.enter_async_context(asked(place, path))
                await asyncio.to_thread(begun.wait, WAIT)
                crowd = [await stack.enter_async_context(asked(place, path)) for _ in range(40)]
                # They have been read when this one, on a connection after theirs, is answered.
                last = await stack.enter_async_context(asked(place, "/healthz"))
                await last.head()
                may_end.set()
                for stream in (first, *crowd):
                    assert (await stream.head())[0] == 200
        assert len(passes) == 2  # the one that was under way, and one that began after all had asked

    run(main())
