"""cAdvisor's REST API and v3 over a live collector: real cgroups, real containers of a private Docker."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from pycadvisor_fast import Collector
from pycadvisor_fast.faces.http.app import application
from pycadvisor_fast.faces.http.context import Context
from pycadvisor_fast.faces.rest.go_values import parse_time
from tests.host.cgroup_tree import CgroupTree
from tests.host.docker_engine import DockerEngine
from tests.host.memory_limit import LIMIT, limited

pytestmark = pytest.mark.root
NAP = ("-c", "import time\ntime.sleep(600)")


def eventually(condition: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


def requests(collector: Collector) -> TestClient:
    return TestClient(application(Context(collector), ("127.0.0.1",)), "http://host", follow_redirects=False)


@pytest.fixture(scope="module")
def tree() -> Iterator[CgroupTree]:
    with CgroupTree() as made:
        for below in ("foo", "foo/bar", "foobar"):
            made.make(below)
        made.spawn("foo/bar", sys.executable, "-c", "import time\nwhile 1: sum(range(20000)); time.sleep(.01)")
        made.spawn("foobar", sys.executable, *NAP)
        yield made


@pytest.fixture(scope="module")
def collector(tree: CgroupTree) -> Iterator[Collector]:
    with Collector(interval=0.1, docker=None, history=10) as made:
        eventually(lambda: made.container(tree.path("foo/bar")))
        tick = made.wait(timeout=20)
        made.wait(tick + 1, timeout=20)
        yield made


@pytest.fixture(scope="module")
def http(collector: Collector) -> TestClient:
    return requests(collector)


def got(http: TestClient, path: str) -> Any:
    answer = http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_containers_and_what_is_below(http: TestClient, tree: CgroupTree) -> None:
    foo = tree.path("foo")
    one = got(http, f"/api/v1.0/containers{foo}")
    assert one["name"] == foo
    assert [below["name"] for below in one["subcontainers"]] == [f"{foo}/bar"]
    assert {each["name"] for each in got(http, f"/api/v1.1/subcontainers{foo}")} == {foo, f"{foo}/bar"}
    assert set(got(http, f"/api/v2.0/spec{foo}?recursive=true")) == {foo, f"{foo}/bar"}
    every = {each["name"] for each in got(http, "/api/v1.3/subcontainers/")}
    assert {"/", foo, f"{foo}/bar", f"{foo}bar"} <= every


def test_a_young_container_has_its_limits_before_the_ring_has_them() -> None:
    with (
        CgroupTree() as own,
        Collector(interval={"default": 0.1, "limits": 60.0}, docker=None, history=10) as collector,
    ):
        asks = requests(collector)
        path = limited(own, "young")
        eventually(lambda: collector.container(path))
        collector.wait(collector.wait() + 2, timeout=20)
        (info,) = got(asks, f"/api/v2.1/stats{path}?count=1").values()
        spec = info["spec"]
        assert (spec["has_cpu"], spec["has_memory"], spec["has_processes"]) == (True, True, True)
        assert spec["memory"]["limit"] == LIMIT
        assert spec["cpu"]["limit"] == 1024
        assert {"cpu", "memory"} <= set(info["stats"][0])


def test_samples_say_what_the_container_does(http: TestClient, tree: CgroupTree) -> None:
    busy = tree.path("foo/bar")

    def samples() -> list[Any]:
        return list(got(http, f"/api/v2.1/stats{busy}?count=-1")[busy]["stats"])

    eventually(
        lambda: len(samples()) >= 5 and samples()[-1]["cpu"]["usage"]["total"] > samples()[0]["cpu"]["usage"]["total"]
    )
    found = samples()
    times = [parse_time(sample["timestamp"]) for sample in found]
    assert times == sorted(set(times))
    assert found[-1]["memory"]["usage"] >= found[-1]["memory"]["working_set"] > 0
    assert got(http, f"/api/v2.0/stats{busy}?count=1")[busy][0]["has_cpu"] is True


def test_max_age_zero_is_fresh(http: TestClient, collector: Collector, tree: CgroupTree) -> None:
    foo = tree.path("foo")
    passes: list[int] = []
    sample = collector.sample

    def counted() -> int:
        passes.append(1)
        return sample()

    collector.sample = counted  # type: ignore[method-assign]
    try:
        before = time.time_ns()
        found = got(http, f"/api/v2.1/stats{foo}?max_age=0&count=1")
        assert parse_time(found[foo]["stats"][-1]["timestamp"]) >= before
        assert len(passes) == 1
        got(http, f"/api/v2.1/stats{foo}?max_age=1h")
        assert len(passes) == 1
    finally:
        del collector.sample


def test_what_the_host_is(http: TestClient, collector: Collector) -> None:
    machine = got(http, "/api/v1.3/machine")
    assert machine["num_cores"] == collector.machine().topology.cpus_online
    attributes = got(http, "/api/v2.1/attributes")
    assert attributes["memory_capacity"] == machine["memory_capacity"] > 0
    root = got(http, "/api/v2.1/machinestats?count=2")
    assert root[-1]["cpu"]["usage"]["total"] > 0
    eventually(lambda: got(http, "/api/v2.0/storage"))
    assert all(one["capacity"] > 0 for one in got(http, "/api/v2.0/storage"))
    assert got(http, "/api/v3/host")["facts"]
    assert got(http, "/api/v3/status")["collector"]["containers"] == len(collector.containers())
    assert got(http, "/api/v3/machine")["kernel_version"] == collector.machine().kernel_version


def test_processes_of_the_cgroup_alone(http: TestClient, tree: CgroupTree) -> None:
    assert got(http, f"/api/v2.0/ps{tree.path('foo')}") == []
    (one,) = got(http, f"/api/v2.0/ps{tree.path('foobar')}")
    assert one["cmd"].startswith("python")
    assert one["fd_count"] > 0
    assert one["pid"] in {process["pid"] for process in got(http, "/api/v2.0/ps/")}
    assert got(http, f"/api/v3/processes?container={tree.path('foobar')}")["processes"][0]["arguments"][1:] == list(NAP)


def test_summary_of_what_runs(http: TestClient, tree: CgroupTree) -> None:
    busy = tree.path("foo/bar")
    eventually(lambda: got(http, f"/api/v2.0/summary{busy}")[busy]["minute_usage"]["cpu"]["count"] > 3)
    found = got(http, f"/api/v2.0/summary{busy}")[busy]
    assert found["latest_usage"]["memory"] > 0
    for span in ("minute", "hour", "day"):
        assert found[f"{span}_usage"]["memory"]["present"]
    cpu = found["minute_usage"]["cpu"]
    assert 0 < cpu["mean"] <= cpu["max"]


def test_columns_and_the_ring_agree(http: TestClient, collector: Collector, tree: CgroupTree) -> None:
    found = got(http, f"/api/v3/columns?columns=cpu.usage_ns&last=2s&path={tree.path('foo/bar')}")["groups"]["cpu"]
    busy = collector.container(tree.path("foo/bar"))
    assert busy is not None
    assert found["handles"] == [busy.handle]
    window = collector.ring.group("cpu").window(columns=["usage_ns"])
    row = window.handles.tolist().index(busy.handle)
    values = dict(zip(window.ticks.tolist(), window.integers("usage_ns")[:, row].tolist(), strict=True))
    both = [tick for tick in found["ticks"] if tick in values]
    assert both
    assert [found["columns"]["usage_ns"][found["ticks"].index(tick)][0] for tick in both] == [values[t] for t in both]


def test_creation_and_deletion_are_events(http: TestClient, collector: Collector, tree: CgroupTree) -> None:
    path = tree.make("brief")
    process = tree.spawn("brief", sys.executable, *NAP)
    eventually(lambda: collector.container(path))
    process.kill()
    process.wait()
    tree.remove("brief")

    def kinds() -> list[str]:
        events = got(http, f"/api/v1.3/events{path}?all_events=true&max_events=-1")
        return [event["event_type"] for event in events]

    eventually(lambda: kinds()[-1:] == ["containerDeletion"])
    assert kinds() == ["containerCreation", "containerDeletion"]
    both = got(http, f"/api/v2.1/events{tree.path()}?creation_events=1&subcontainers=true&max_events=-1")
    assert path in {event["container_name"] for event in both}
    own = got(http, f"/api/v3/events?path={path}&order=oldest")["events"]
    assert [event["kind"] for event in own if event["kind"].startswith("container_")] == [
        "container_start",
        "container_exit",
    ]


@pytest.mark.docker
def test_docker_containers_by_name_id_and_prefix(docker_engine: DockerEngine) -> None:
    idents = [docker_engine.run(name) for name in ("pcf-rest-1", "pcf-rest-2")]
    try:
        with Collector(interval=0.1, docker=docker_engine.endpoint, history=5) as collector:
            http = requests(collector)
            eventually(lambda: all(getattr(collector.container(ident), "name", "") for ident in idents))
            eventually(lambda: len(got(http, "/api/v1.2/docker")) == 2)
            path = collector.container(idents[0]).path  # type: ignore[union-attr]
            for called in ("pcf-rest-1", idents[0], idents[0][:40]):
                (one,) = got(http, f"/api/v1.3/docker/{called}").values()
                assert (one["name"], one["id"], one["namespace"]) == (path, idents[0], "docker")
                assert one["aliases"] == ["pcf-rest-1", idents[0]]
                assert list(got(http, f"/api/v2.0/spec/{called}?type=docker")) == [path]
                assert list(got(http, f"/api/v2.1/stats/{called}?type=docker&count=1")) == [path]
            several = http.get("/api/v1.3/docker/pcf-rest")
            assert several.status_code == 500
            assert several.text.endswith('Container "pcf-rest" is not unique\n')
            assert len(got(http, "/api/v2.0/stats/?type=docker&recursive=true&count=1")) == 2
            assert [p["cmd"] for p in got(http, "/api/v2.0/ps/pcf-rest-2?type=docker")]
            assert json.dumps(idents[0]) in http.get("/api/v3/containers?name=pcf-rest-1").text
    finally:
        for ident in idents:
            docker_engine.remove(ident)
