"""/api/v3: columns in three forms, facts, errors in JSON, and streams of numbers."""

from __future__ import annotations

import dataclasses
import json
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from starlette.testclient import TestClient

from pycadvisor_fast.errors import PycadvisorError
from pycadvisor_fast.machine.model import Machine

from .grpc_rig import run
from .rest_rig import CONTAINERS, TICKS, FakeDoor, RestFeed, asked, client, feeding, served

LAST = TICKS[-1]
NUMPY = "application/vnd.pycadvisor-fast.columns"


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[RestFeed]:
    with feeding(tmp_path) as made:
        yield made


@pytest.fixture
def http(feed: RestFeed) -> TestClient:
    return client(feed)


def columns(http: TestClient, query: str = "") -> dict[str, Any]:
    answer = http.get(f"/api/v3/columns?{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_the_newest_tick_of_each_group(http: TestClient) -> None:
    found = columns(http)
    assert set(found["groups"]) == {"cpu", "memory", "memory_stat", "io", "limits"}
    cpu = found["groups"]["cpu"]
    assert (cpu["ticks"], cpu["interval_ns"]) == ([LAST], 100_000_000)
    assert cpu["handles"] == [one.handle for one in CONTAINERS if one.path != "/young"]
    assert cpu["columns"]["usage_ns"] == [[slot * 10**9 + LAST * 1000 for slot in range(9)]]
    assert cpu["columns"]["user_ns"] == [[None] * 9]  # nothing given is null, never 0
    assert found["groups"]["io"]["keys"] == ["8:0"] * 9
    assert [one["name"] for one in found["containers"]][:4] == ["/", "/docker", "web-1", "web-2"]
    assert found["epoch"].endswith("/100000000")


@pytest.mark.parametrize(
    ("query", "ticks"),
    [
        ("ticks=3", list(TICKS)[-3:]),
        (f"since={LAST - 2}", [LAST - 1, LAST]),
        (f"since={LAST}", []),
        ("last=500ms", list(TICKS)[-6:]),
        ("last=0s", [LAST]),
        ("start=1700000001", list(range(10, 21))),
        ("start=1700000001&end=2023-11-14T22:13:21.3Z", [10, 11, 12, 13]),
        ("start=1700000001&end=1700000001.3&ticks=2", [12, 13]),
        ("end=1600000000", []),
    ],
)
def test_windows_of_time(http: TestClient, query: str, ticks: list[int]) -> None:
    group = columns(http, f"columns=memory.usage_bytes&path=/foo&{query}")["groups"]["memory"]
    assert group["ticks"] == ticks
    assert group["times_unix_ns"] == [1_700_000_000_000_000_000 + tick * 100_000_000 for tick in ticks]
    assert group["columns"] == {"usage_bytes": [[6 * 4096 * tick] for tick in ticks] if ticks else []}


@pytest.mark.parametrize(
    ("query", "slots"),
    [
        ("path=/foo", [5]),
        ("path=/foo*", [5, 6, 7]),
        ("name=web-*&name=db", [2, 3, 4]),
        ("id=aa1", [2]),
        ("runtime=docker,podman", [2, 3, 4, 8]),
        ("runtime=docker&exclude=web-2", [2, 4]),
        ("max_depth=0", [0]),
        ("leaves_only&path=/foo*", [6, 7]),
        ("name=nobody", []),
    ],
)
def test_containers_are_chosen(http: TestClient, query: str, slots: list[int]) -> None:
    found = columns(http, f"groups=cpu&{query}")
    assert [handle & 0xFFFFFFFF for handle in found["groups"]["cpu"]["handles"]] == slots
    listed = http.get(f"/api/v3/containers?{query}").json()["containers"]
    assert [one["slot"] for one in listed if one["slot"] != 9] == slots


def test_msgpack_is_the_same_document(http: TestClient) -> None:
    wanted = columns(http, "ticks=2")
    for how in (
        {"params": {"ticks": "2", "format": "msgpack"}},
        {"params": {"ticks": "2"}, "headers": {"Accept": "application/x-msgpack"}},
    ):
        answer = http.get("/api/v3/columns", **how)  # type: ignore[arg-type]
        assert answer.headers["content-type"] == "application/msgpack"
        assert msgpack.unpackb(answer.content) == wanted


def arrays(content: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """A client of the documented form: (header, arrays by group and column)."""
    magic, length, zero = struct.unpack_from("<8sII", content)
    assert (magic, zero) == (b"PCFCOLS1", 0)
    head = json.loads(content[16 : 16 + length])
    begin = 16 + length
    assert begin % 64 == 0

    def array(where: dict[str, Any]) -> Any:
        assert where["offset"] % 64 == 0
        count = int(np.prod(where["shape"], dtype=int))
        found = np.frombuffer(content, where["dtype"], count, begin + where["offset"])
        return found.reshape(where["shape"])

    def group(told: dict[str, Any]) -> dict[str, Any]:
        named = {name: array(told[name]) for name in ("ticks", "times_unix_ns", "monotonic_ns", "handles")}
        return named | {"columns": {name: array(where) for name, where in told["columns"].items()}}

    return head, {name: group(told) for name, told in head["groups"].items()}


def test_numpy_bytes_are_arrays_behind_a_header(http: TestClient) -> None:
    answer = http.get("/api/v3/columns?ticks=4&name=web-*", headers={"Accept": NUMPY})
    assert answer.headers["content-type"] == NUMPY
    head, found = arrays(answer.content)
    assert [one["name"] for one in head["containers"]] == ["web-1", "web-2"]
    assert head["groups"]["io"]["keys"] == ["8:0", "8:0"]
    cpu = found["cpu"]
    assert cpu["ticks"].tolist() == list(TICKS)[-4:]
    assert cpu["columns"]["usage_ns"].dtype == np.float64
    assert cpu["columns"]["usage_ns"].tolist() == [[slot * 1e9 + tick * 1000 for slot in (2, 3)] for tick in TICKS[-4:]]
    assert np.isnan(cpu["columns"]["user_ns"]).all()
    exact = arrays(http.get("/api/v3/columns?format=numpy&exact&groups=cpu&name=nobody").content)[1]["cpu"]
    assert exact["columns"]["usage_ns"].shape == (1, 0)
    exact = arrays(http.get("/api/v3/columns?format=numpy&exact=1&columns=cpu.user_ns").content)[1]["cpu"]
    assert exact["columns"]["user_ns"].dtype == np.uint64
    assert set(exact["columns"]["user_ns"].ravel().tolist()) == {2**64 - 1}


def test_limits_and_fractions_in_json(tmp_path: Path) -> None:
    with feeding(tmp_path, (), intervals={"limits": 100, "pressure": 100}) as feed:
        rows = {
            ("limits", 5, 1, ""): {"memory_bytes": 2**64 - 2, "pids": 7},
            ("pressure", 5, 1, ""): {"cpu_some_avg10": 1234, "cpu_some_usec": 2**63},
        }
        feed.tick(1, rows)
        groups = columns(client(feed))["groups"]
    limits, pressure = groups["limits"]["columns"], groups["pressure"]["columns"]
    assert (limits["memory_bytes"], limits["pids"], limits["swap_bytes"]) == ([["unlimited"]], [[7]], [[None]])
    assert (pressure["cpu_some_avg10"], pressure["cpu_some_usec"]) == ([[12.34]], [[2**63]])


BAD = {
    "columns?groups=cpuu": "there is no group 'cpuu'; did you mean 'cpu'",
    "columns?columns=cpu.x": "there is no column 'cpu.x'",
    "columns?colums=cpu": "colums: there is no such parameter here; did you mean 'columns'?",
    "columns?last=5": 'last: time: missing unit in duration "5"; write it like 500ms',
    "columns?last=-5s": "last: -5s is out of bounds",
    "columns?ticks=0": "ticks: 0 is not within 1 and 100000",
    "columns?ticks=x": "ticks: 'x' is no whole number",
    "columns?ticks=99999999999999999999999999": "ticks:",
    "columns?since=-1": "since: -1 is not within 0",
    "columns?start=now": "start: 'now' is no time",
    "columns?start=5&end=4": "start: it is after end",
    "columns?format=xml": "format: 'xml' is none of json, msgpack, numpy",
    "columns?exact=maybe": "exact: 'maybe' is neither true nor false",
    "columns?ticks=1&ticks=2": "ticks: given more than once",
    "columns?path=": "path: a value is empty",
    "columns?runtime=dokcer": "runtimes: there is no runtime 'dokcer'; did you mean 'docker'",
    "columns?label==x": "labels: '=x' names no key",
    "columns?max_depth=-1": "max_depth: -1 is not within 0",
    "columns?x=%zz": "the query has a % that",
    "columns?max_age=25h": "max_age: 25h is out of bounds",
    "containers?x=1": "x: there is no such parameter here; there are: exclude, format,",
    "containers?format=numpy": "format: 'numpy' is none of json, msgpack",
    "machine?fresh=2": "fresh: '2' is neither",
    "host?x": "x: there is no such parameter here; there are: format",
    "?x=1": "x: there is no such parameter here; there are: none",
    "summary?metrics=x": "there is no summary of 'x'",
    "processes?container=nobody": "no container is called 'nobody'",
    "stream?interval=0s": "interval: 0s is out of bounds",
    "stream?interval=25h": "interval: 25h is out of bounds",
    "stream?format=json": "format: there is no such parameter here",
}


@pytest.mark.parametrize("path", BAD)
def test_what_makes_no_sense_is_named(http: TestClient, path: str) -> None:
    answer = http.get(f"/api/v3/{path}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert error["code"] == "bad_request"
    assert error["message"].startswith(BAD[path])


@pytest.mark.parametrize("path", ["x", "containers/x", "v1", "columns/"])
def test_what_is_not_there_is_404(http: TestClient, path: str) -> None:
    answer = http.get(f"/api/v3/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_groups_that_this_host_does_not_sample(http: TestClient) -> None:
    answer = http.get("/api/v3/columns?groups=pressure")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_served")
    assert answer.json()["error"]["message"].startswith("not sampled on this host: pressure")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(http: TestClient, method: str) -> None:
    for path in ("/api/v3/", "/api/v3/columns", "/api/v3/events/stream", "/api/v3/stream", "/api/v3/x"):
        answer = http.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
        assert answer.json()["error"]["code"] == "method_not_allowed"


def test_failures_are_told_without_a_traceback(
    http: TestClient, feed: RestFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def host() -> Any:
        raise PycadvisorError("the collector is closed")

    monkeypatch.setattr(feed, "host", host)
    answer = http.get("/api/v3/host")
    assert (answer.status_code, answer.json()) == (
        500,
        {"error": {"code": "failed", "message": "the collector is closed"}},
    )


def test_too_much_for_one_answer(http: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pycadvisor_fast.faces.rest.v3.column_routes.MOST_IN_TEXT", 100)
    answer = http.get("/api/v3/columns")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert http.get("/api/v3/columns?format=numpy").status_code == 200
    monkeypatch.setattr("pycadvisor_fast.faces.rest.v3.column_routes.MOST_IN_ARRAYS", 100)
    assert http.get("/api/v3/columns?format=numpy").status_code == 413


def test_max_age_samples_anew(http: TestClient, feed: RestFeed) -> None:
    assert http.get("/api/v3/columns?max_age=0").status_code == 200
    assert feed.sampled == 1


def test_the_index_names_routes_that_answer(http: TestClient, feed: RestFeed) -> None:
    listed = http.get("/api/v3").json()
    assert http.get("/api/v3/").json() == listed
    assert listed["version"]
    for route in listed["routes"]:
        if not route.endswith(("stream", "events")):
            assert http.get(route).status_code == 200, route
    document = http.get("/openapi.json").json()["paths"]
    assert set(listed["routes"]) <= set(document)
    assert {"/api/v1.3/containers/{name}", "/api/v2.1/stats/{name}", "/api/{rest}"} <= set(document)


def test_facts(http: TestClient, feed: RestFeed) -> None:
    feed.machines = [Machine(kernel_version="6.18"), Machine(kernel_version="7.0")]
    assert http.get("/api/v3/machine").json()["kernel_version"] == "6.18"
    assert http.get("/api/v3/machine?fresh").json()["kernel_version"] == "7.0"
    assert http.get("/api/v3/host").json()["facts"]["nan"] is None
    status = http.get("/api/v3/status").json()
    assert status["collector"]["ticks"] == 12
    assert status["http"]
    schema = http.get("/api/v3/schema").json()["groups"]
    assert schema["cpu"]["columns"][0] == {"name": "usage_ns", "kind": "counter", "divisor": 1, "help": "CPU time used"}
    assert schema["io"]["key"] == "device"
    specs = http.get("/api/v3/specs?name=db").json()["specs"]
    assert (specs[0]["container"]["name"], specs[0]["limits"]) == ("db", {"cpu_shares": 2, "memory_bytes": "unlimited"})
    assert specs[0]["has_memory"] is True
    assert http.get("/api/v3/filesystems?fresh=1").json()["filesystems"] == []
    assert feed.asked_fresh == [True]


def test_summary_columns(http: TestClient) -> None:
    found = http.get("/api/v3/summary?metrics=memory_bytes&path=/foo&path=/young").json()
    assert [one["path"] for one in found["containers"]] == ["/foo", "/young"]
    minute = found["metrics"]["memory_bytes"]["minute"]
    assert (minute["count"], minute["most"]) == ([len(TICKS), 0], [6 * 4096.0 * LAST, None])
    assert len(minute["percentiles"]) == len(found["percentiles"]) == 4


def test_sensitive_things_need_their_scope(feed: RestFeed) -> None:
    feed.set_containers([dataclasses.replace(CONTAINERS[2], envs={"SECRET": "42"})])
    open_to_all, stats = client(feed), client(feed, FakeDoor({"stats"}))
    for route in ("containers", "specs"):
        assert "SECRET" in open_to_all.get(f"/api/v3/{route}").text
        assert "SECRET" not in stats.get(f"/api/v3/{route}").text
    assert "SECRET" in client(feed, FakeDoor({"stats", "env"})).get("/api/v3/containers").text
    refused = stats.get("/api/v3/processes")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    found = open_to_all.get("/api/v3/processes?container=web-1&recursive=false&fds").json()
    assert found["processes"][0]["arguments"] == ["web-1"]
    assert found["processes"][0]["fd_count"] == 4
    assert found["is_complete"] is False


def parsed(chunk: bytes) -> list[dict[str, str]]:
    """Messages of a chunk: their fields."""
    found = []
    for text in chunk.decode().split("\n\n"):
        if text and not text.startswith(":"):
            found.append(dict(line.split(": ", 1) for line in text.split("\n")))
    return found


def test_a_stream_gives_a_batch_an_interval(tmp_path: Path) -> None:
    async def main() -> None:
        with feeding(tmp_path) as feed:
            async with (
                served(feed) as place,
                asked(place, "/api/v3/stream?interval=200ms&groups=cpu,limits&path=/foo") as s,
            ):
                status, fields = await s.head()
                assert (status, fields["content-type"]) == (200, "text/event-stream; charset=utf-8")
                retry, start = parsed(await s.chunk())
                assert retry == {"retry": "1000"}
                assert json.loads(start["data"])["interval_ns"] == 200_000_000
                (first,) = parsed(await s.chunk())
                batch = json.loads(first["data"])
                assert (batch["tick"], set(batch["groups"])) == (20, {"cpu", "limits"})
                assert batch["groups"]["limits"]["ticks"] == [20]
                feed.write([21])
                feed.write([22])
                (second,) = parsed(await s.chunk())
                batch = json.loads(second["data"])
                assert second["id"] == batch["epoch"] + ":22"
                assert batch["groups"] == {
                    "cpu": {**batch["groups"]["cpu"], "ticks": [22], "handles": [CONTAINERS[5].handle]}
                }
                assert batch["groups"]["cpu"]["columns"]["usage_ns"] == [[5 * 10**9 + 22_000]]
                assert feed.listeners == 1
            assert feed.listeners == 0

    run(main())


def test_a_stream_goes_on_after_the_last_message(tmp_path: Path) -> None:
    async def main() -> None:
        with feeding(tmp_path, ring_len=8) as feed:
            epoch = columns(client(feed))["epoch"]
            path = "/api/v3/stream?interval=100ms&groups=cpu&path=/foo"
            async with served(feed) as place:
                async with asked(place, path, f"Last-Event-ID: {epoch}:17") as stream:
                    await stream.head()
                    assert json.loads(parsed(await stream.chunk())[1]["data"])["restarted"] is False
                    assert [parsed(await stream.chunk())[0]["id"] for _ in range(3)] == [
                        f"{epoch}:{n}" for n in (18, 19, 20)
                    ]
                async with asked(place, f"{path}&last_event_id={epoch}:5") as stream:  # the ring has no more than eight
                    await stream.head()
                    await stream.chunk()
                    missed = parsed(await stream.chunk())[0]
                    assert (missed["event"], json.loads(missed["data"])) == ("missed", {"batches": 7})
                    assert parsed(await stream.chunk())[0]["id"] == f"{epoch}:13"
                for other in ("elsewhere/1:17", f"{epoch}:9999", "garbage"):
                    async with asked(place, path, f"Last-Event-ID: {other}") as stream:
                        await stream.head()
                        start = json.loads(parsed(await stream.chunk())[1]["data"])
                        assert start["restarted"] is (other != "garbage")
                        assert parsed(await stream.chunk())[0]["id"] == f"{epoch}:20"

    run(main())


def test_streams_that_ask_for_the_same_share_what_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pycadvisor_fast.faces.rest.v3 import batches

    made: list[Any] = []
    document = batches.document
    monkeypatch.setattr(batches, "document", lambda data: made.append(data) or document(data))

    async def main() -> None:
        with feeding(tmp_path) as feed:
            path = "/api/v3/stream?interval=100ms"
            async with served(feed) as place, asked(place, path) as one, asked(place, path) as other:
                for stream in (one, other):
                    await stream.head()
                    await stream.chunk()
                    await stream.chunk()
                for tick in (21, 22, 23):
                    feed.write([tick])
                    assert await one.chunk() == await other.chunk()
        assert len(made) == 4

    run(main())


def test_a_slow_reader_of_numbers_gets_the_newest_and_is_told_what_it_missed(tmp_path: Path) -> None:
    async def main() -> None:
        with feeding(tmp_path) as feed:
            path = "/api/v3/stream?interval=100ms"
            async with served(feed) as place, asked(place, path, room=1024) as slow, asked(place, path) as quick:
                for stream in (slow, quick):
                    await stream.head()
                    await stream.chunk()
                    await stream.chunk()
                for tick in range(21, 300):
                    feed.write([tick])
                    assert parsed(await quick.chunk())[0]["id"].endswith(f":{tick}")
                while b"event: missed" not in (chunk := await slow.chunk()):
                    assert int(parsed(chunk)[0]["id"].rpartition(":")[2]) < 299
                assert parsed(await slow.chunk())[0]["id"].endswith(":299")

    run(main())


def test_events_as_documents(feed: RestFeed, http: TestClient) -> None:
    from . import fake_events

    log = fake_events.FakeLog()
    bus = feed.events_bus = fake_events.bus(log)
    try:
        now = time.time()
        for number in range(5):
            log.add("oom_kill", f"/docker/c{number % 2}")
        log.add("exec", "/docker/c0")
        newest = http.get("/api/v3/events?limit=2").json()
        assert ([one["seq"] for one in newest["events"]], newest["more"]) == ([5, 4], True)
        rest = http.get(f"/api/v3/events?before_seq={newest['seq']}").json()
        assert ([one["seq"] for one in rest["events"]], rest["more"]) == ([3, 2, 1], False)
        assert [one["seq"] for one in http.get("/api/v3/events?order=oldest&path=/docker/c1").json()["events"]] == [
            2,
            4,
        ]
        assert http.get(f"/api/v3/events?start={now + 3600}").json()["events"] == []
        one = msgpack.unpackb(http.get("/api/v3/events?kinds=exec&format=msgpack").content)["events"][0]
        assert (one["kind"], one["container"]["name"]) == ("exec", "web-0")
        for query in ("kinds=x", "limit=0", "limit=10001", "order=up", "start=2&end=1", "after_seq=-1"):
            assert http.get(f"/api/v3/events?{query}").status_code == 400, query
        assert http.get("/api/v3/events/stream?since_seq=1&since=5").status_code == 400
    finally:
        log.stop()
        bus.stop()


def test_a_stream_of_events_goes_on_after_the_last_message(feed: RestFeed) -> None:
    from . import fake_events

    log = fake_events.FakeLog()
    bus = feed.events_bus = fake_events.bus(log)

    async def main() -> None:
        for _ in range(3):
            log.add("oom_kill", "/docker/c0")
        async with served(feed) as place:
            for field, restarted, seqs in (("1234:1", False, [2, 3]), ("1234:99", True, []), ("77:1", True, [])):
                async with asked(place, "/api/v3/events/stream", f"Last-Event-ID: {field}") as stream:
                    await stream.head()
                    start = json.loads(parsed(await stream.chunk())[1]["data"])
                    assert (start["epoch"], start["restarted"]) == ("1234", restarted)
                    log.add("oom_kill", "/docker/c1")
                    messages: list[dict[str, str]] = []
                    while len(messages) <= len(seqs):
                        messages += parsed(await stream.chunk())
                    assert [message["id"] for message in messages] == [f"1234:{seq}" for seq in (*seqs, log.latest)]

    try:
        run(main())
    finally:
        log.stop()
        bus.stop()


def test_names_that_are_no_text_do_not_break_an_answer(feed: RestFeed, http: TestClient) -> None:
    odd = dataclasses.replace(CONTAINERS[2], name="a\udcff\ud800\u2028\x00", labels={"k\udcfe": "\udc80"})
    feed.set_containers([odd])
    for path in ("containers", "specs", "columns", "columns?format=msgpack", "columns?format=numpy", "summary"):
        assert http.get(f"/api/v3/{path}").status_code == 200, path
    listed = http.get("/api/v3/containers").json()["containers"][0]
    assert (listed["name"], listed["labels"]) == ("a\ufffd\ufffd\u2028\x00", {"k\ufffd": "\ufffd"})
    for path in ("v1.2/docker", "v2.0/spec/?recursive=true", "v2.1/stats/?type=docker&recursive=true"):
        assert http.get(f"/api/{path}").json(), path


def test_what_nobody_expected_is_told_without_a_traceback(
    feed: RestFeed, http: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(feed, "status", lambda: 1 / 0)
    answer = http.get("/api/v3/status")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "failed")
    assert "ZeroDivision" not in answer.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("route", ["containers", "specs", "machine"])
def test_what_changes_rarely_is_sent_once(http: TestClient, feed: RestFeed, route: str) -> None:
    first = http.get(f"/api/v3/{route}")
    again = http.get(f"/api/v3/{route}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    feed.set_containers(CONTAINERS[:2])
    feed.machines = [Machine(kernel_version="7.1")]
    assert http.get(f"/api/v3/{route}", headers={"If-None-Match": first.headers["etag"]}).status_code == 200
