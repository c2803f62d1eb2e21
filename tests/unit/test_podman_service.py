"""The podman adapter against a stand-in service: names, pods, events, and every way a socket can fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pycadvisor_fast.discovery.runtimes import Ended, Identity
from pycadvisor_fast.discovery.runtimes.loop import RuntimeLoop
from pycadvisor_fast.discovery.runtimes.podman import PodmanRuntime
from pycadvisor_fast.errors import ConfigError
from tests.unit.podman_fake import FakePodman
from tests.unit.test_docker_runtime import Heard

A, B, C, POD = "a1" * 32, "b2" * 32, "c3" * 32, "d4" * 32


class Bench:
    """A stand-in service, the adapter in its loop, and what it told."""

    def __init__(self, path: Path) -> None:
        self.podman = FakePodman(path)
        self.runtime = PodmanRuntime(f"unix://{path}", timeout_s=0.3, ping_s=0.2, poll_s=0.05, places=())
        self.heard = Heard()
        self.loop = RuntimeLoop([self.runtime], self.heard)

    def wait_state(self, state: str, detail: str = "") -> dict[str, object]:
        tick = threading.Event()
        for _ in range(1000):
            status = self.runtime.status()
            if status["state"] == state and detail in status["detail"]:
                return status
            tick.wait(0.01)
        raise AssertionError(f"never {state}: {self.runtime.status()}")

    def wait_complete(self, ident: str, also: Callable[[Identity], bool] = lambda one: True) -> Identity:
        self.heard.wait(lambda known: ident in known and known[ident].is_complete and also(known[ident]))
        return self.heard.identities[ident]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "podman.sock")
    yield made
    made.loop.stop()
    made.podman.stop()


def start(bench: Bench) -> None:
    bench.podman.start()
    bench.loop.start()
    bench.wait_state("connected")


def test_a_container_with_all_that_podman_says(bench: Bench) -> None:
    bench.podman.add(A, "web", labels={"tier": "front"}, restarts=3, health="healthy")
    start(bench)
    web = bench.wait_complete(A)
    assert web == Identity(
        "podman",
        A,
        name="web",
        aliases=("web",),
        image="busybox:1",
        labels={"tier": "front"},
        envs={"A": "1", "B": "x=y"},
        namespace="podman",
        created_ns=1_700_000_000_123_456_789,
        started_ns=1_700_000_001_500_000_000,
        pid=4242,
        restart_count=3,
        network_mode="bridge",
        ip_addresses=("10.88.0.2", "fd00::2"),
        health="healthy",
        runtime_state="running",
        log_path=f"/s/{A[:8]}/ctr.log",
        layer_path=f"/s/overlay/{A[:8]}/diff",
        layer_driver="overlay",
        is_complete=True,
    )
    status = bench.wait_state("connected")
    assert (status["detail"], status["containers"], status["reconnects"]) == ("Podman 99.1.2", 1, 0)


def test_pods_their_infra_containers_and_the_others(bench: Bench) -> None:
    bench.podman.pods[POD] = {"name": "shop", "labels": {"app": "shop"}}
    bench.podman.add(A, "d4-infra", pod=POD, infra=True)
    bench.podman.add(B, "cart", pod=POD)
    start(bench)
    infra, cart = bench.wait_complete(A), bench.wait_complete(B)
    assert (infra.kind, infra.pod_uid, infra.pod_name, infra.sandbox_id) == ("sandbox", POD, "shop", "")
    assert (cart.kind, cart.pod_uid, cart.pod_name, cart.sandbox_id) == ("container", POD, "shop", A)
    pod = bench.heard.identities[POD]
    assert (pod.kind, pod.name, pod.sandbox_id, dict(pod.labels)) == ("pod", "shop", A, {"app": "shop"})


def test_a_pod_that_is_made_later_is_asked_for(bench: Bench) -> None:
    start(bench)
    bench.podman.wait_for_stream()
    bench.podman.pods[POD] = {"name": "late"}
    bench.podman.add(A, "in-it", pod=POD)
    bench.podman.event("create", A)
    assert bench.wait_complete(A).pod_name == "late"
    assert sum(f"/pods/{POD}/json" in target for target in bench.podman.requests) == 1


def test_a_cgroup_that_podman_has_not_listed_is_inspected(bench: Bench) -> None:
    start(bench)
    bench.podman.add(A, "late")
    bench.loop.ask("docker", B)
    bench.loop.ask("podman", A)
    bench.wait_complete(A)
    assert not any(B in target for target in bench.podman.requests)


def test_events_name_rename_pause_and_forget(bench: Bench) -> None:
    start(bench)
    bench.podman.wait_for_stream()
    bench.podman.add(A, "one")
    bench.podman.event("create", A)
    bench.heard.wait_name(A, "one")
    bench.podman.containers[A]["name"] = "two"
    bench.podman.event("rename", A)
    bench.heard.wait_name(A, "two")
    bench.podman.containers[A]["state"] = "paused"
    bench.podman.event("pause", A)
    bench.wait_complete(A, lambda one: one.runtime_state == "paused")
    bench.podman.containers[A]["health"] = "unhealthy"
    bench.podman.event("health_status", A)
    bench.wait_complete(A, lambda one: one.health == "unhealthy")
    del bench.podman.containers[A]
    bench.podman.event("remove", A)
    bench.podman.add(B, "next")
    bench.podman.event("start", B)
    bench.wait_complete(B)
    assert bench.runtime.known() == 1


def test_an_end_says_its_code_and_whether_memory_was_the_reason(bench: Bench) -> None:
    bench.podman.add(A, "web")
    bench.podman.add(B, "rm")
    start(bench)
    bench.podman.wait_for_stream()
    bench.wait_complete(A)
    bench.podman.containers[A] |= {"exit_code": 137, "oom_killed": True, "running": False}
    bench.podman.event("die", A, exitCode="137")
    assert bench.heard.wait_ends(1) == [Ended("podman", A, 137, True, 1_700_000_005_000_000_000)]
    del bench.podman.containers[B]  # --rm: an inspection finds nothing, the event has to do
    bench.podman.event("die", B, exitCode="3")
    bench.podman.event("remove", B)
    assert bench.heard.wait_ends(2)[1] == Ended("podman", B, 3, False, 0)


def test_each_run_of_a_container_ends_once(bench: Bench) -> None:
    bench.podman.add(A, "again")
    start(bench)
    bench.podman.wait_for_stream()
    for code in (1, 2):
        bench.podman.containers[A] |= {"exit_code": code, "running": False}
        bench.podman.event("die", A, exitCode=str(code))
        bench.heard.wait_ends(code)
        bench.podman.event("die", A, exitCode=str(code))
        del bench.podman.containers[A]["exit_code"]
        bench.podman.containers[A]["running"] = True
        bench.heard.identities.pop(A, None)
        bench.podman.event("start", A)
        bench.wait_complete(A)
    assert [end.exit_code for end in bench.heard.ends] == [1, 2]


def test_without_events_the_list_is_asked_for_again(bench: Bench) -> None:
    bench.podman.has_events = False
    start(bench)
    assert "keeps no events" in str(bench.runtime.status()["detail"])
    bench.podman.add(A, "found")
    bench.heard.wait_name(A, "found")


@pytest.mark.parametrize(
    ("habit", "state"),
    [
        ("hang", "hanging"),
        ("garbage", "error"),
        ("json", "error"),
        ("huge", "error"),
        ("cut", "error"),
        ("500", "error"),
        ("flood", "error"),
    ],
)
def test_a_service_that_misbehaves_is_tried_until_it_answers(bench: Bench, habit: str, state: str) -> None:
    bench.podman.habit = habit
    bench.podman.add(A, "web")
    bench.podman.start()
    bench.loop.start()
    bench.wait_state(state)
    bench.podman.habit = ""
    bench.wait_complete(A)


def test_docker_at_podmans_address_is_said_so(bench: Bench) -> None:
    bench.podman.version = {"Version": "26.1", "Components": [{"Name": "Engine", "Version": "26.1"}]}
    bench.podman.start()
    bench.loop.start()
    assert "this is not podman" in str(bench.wait_state("error")["detail"])


def test_a_service_that_dies_and_comes_back_tells_what_happened_meanwhile(bench: Bench) -> None:
    bench.podman.add(A, "stays")
    bench.podman.add(B, "ends")
    bench.loop.start()
    bench.wait_state("missing")
    bench.podman.start()
    bench.wait_complete(A)
    bench.wait_complete(B)
    bench.podman.stop(keep_socket=True)
    bench.wait_state("missing")
    assert bench.runtime.known() == 2
    bench.podman.containers[B] |= {"exit_code": 9, "running": False}
    bench.podman.add(C, "new")
    bench.podman.start()
    bench.wait_complete(C)
    assert bench.heard.wait_ends(1)[0].exit_code == 9
    assert bench.wait_state("connected")["reconnects"] == 1


def test_hostile_fields_are_left_out(bench: Bench) -> None:
    bench.podman.add(A, "web", labels={"big": "x" * (1 << 20), "lines": "a\nb", "number": 7})
    bench.podman.add("../../etc", "no id")
    start(bench)
    web = bench.wait_complete(A)
    assert set(web.labels) == {"big", "lines"}
    assert bench.runtime.known() == 1


def test_two_services_are_one_runtime(tmp_path: Path) -> None:
    first, second = FakePodman(tmp_path / "1.sock"), FakePodman(tmp_path / "2.sock")
    runtime = PodmanRuntime(f"unix://{first.path}, unix://{second.path}", timeout_s=0.3, places=())
    heard = Heard()
    loop = RuntimeLoop([runtime], heard)
    first.add(A, "root")
    second.add(B, "rootless")
    try:
        second.start()
        loop.start()
        heard.wait_name(B, "rootless")
        assert runtime.status()["state"] == "connected"
        assert "1.sock: No such file" in runtime.status()["detail"]
        first.start()
        heard.wait_name(A, "root")
    finally:
        loop.stop()
        first.stop()
        second.stop()


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="podman: 'ftp://x' is no endpoint"):
        PodmanRuntime("ftp://x")
