"""/stats/summary of a live daemon over real pods: who they are, and numbers beside the ring's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pycadvisor_fast import attach
from tests.host.containerd_engine import IMAGE, ContainerdEngine
from tests.host.cri_pods import Pods
from tests.host.http_daemon import HttpDaemon, eventually, http_daemon

pytestmark = [pytest.mark.root, pytest.mark.docker]

UID = "3b5f0d1c-0000-4000-8000-00000000000a"


@pytest.fixture(scope="module")
def pods(pod_engine: ContainerdEngine) -> Iterator[Pods]:
    parent = f"/{pod_engine.parent}/kubepods/pod{UID}"
    made = Pods(str(pod_engine.socket), parent, str(pod_engine.root / "logs"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def daemon(pod_engine: ContainerdEngine, pods: Pods) -> Iterator[HttpDaemon]:
    sandbox = pods.run("shop-1", "prod", UID)
    pods.start(sandbox, "main", IMAGE, "sh", "-c", "while :; do :; done")
    pods.start(sandbox, "side", IMAGE, "sh", "-c", "dd if=/dev/zero of=/file bs=1M count=3; sleep 100000")
    runtimes = [f"--cri={pod_engine.endpoint}", f"--containerd={pod_engine.socket}", "--disk_usage_interval=1s"]
    with http_daemon("--housekeeping_interval=100ms", *runtimes) as running:
        eventually(lambda: named(running, "main", "side"), why=lambda: running.json("/stats/summary")["pods"])
        yield running


def our_pod(daemon: HttpDaemon, query: str = "") -> dict[str, Any]:
    """The pod of this test, {} while it is not known."""
    found = daemon.json(f"/stats/summary{query}")["pods"]
    return next((pod for pod in found if pod["podRef"]["uid"] == UID), {})


def named(daemon: HttpDaemon, *names: str) -> bool:
    pod = our_pod(daemon)
    members = {one["name"]: one for one in pod.get("containers", [])}
    return set(members) == set(names) and all("usageNanoCores" in one.get("cpu", {}) for one in members.values())


def test_the_pod_and_who_is_in_it(daemon: HttpDaemon) -> None:
    pod = our_pod(daemon)
    assert pod["podRef"] == {"name": "shop-1", "namespace": "prod", "uid": UID}
    assert [one["name"] for one in pod["containers"]] == ["main", "side"]
    for one in (pod, *pod["containers"]):
        assert one["startTime"].endswith("Z")
        assert one["cpu"]["usageCoreNanoSeconds"] > 0
        assert 0 < one["memory"]["workingSetBytes"] <= one["memory"]["usageBytes"]
    assert "network" not in pod, "it is in the host's network"


def test_cpu_time_lies_between_two_looks_at_the_ring(daemon: HttpDaemon) -> None:
    ring = attach(daemon.ring)
    paths = {one.path: one.slot for one in ring.containers()}
    (slot,) = [slot for path, slot in paths.items() if path.endswith(f"/pod{UID}")]
    before = ring.latest("cpu").row(slot)["usage_ns"]
    found = our_pod(daemon)["cpu"]["usageCoreNanoSeconds"]
    after = ring.latest("cpu").row(slot)["usage_ns"]
    assert isinstance(before, int)
    assert isinstance(after, int)
    assert before <= found <= after


def test_the_pod_has_at_least_what_its_busy_container_has(daemon: HttpDaemon) -> None:
    pod = our_pod(daemon)
    main = next(one for one in pod["containers"] if one["name"] == "main")
    assert pod["cpu"]["usageCoreNanoSeconds"] >= main["cpu"]["usageCoreNanoSeconds"]
    assert main["cpu"]["usageNanoCores"] > 0


def test_what_a_container_wrote_is_in_its_layer(daemon: HttpDaemon) -> None:
    def written() -> int:
        side = next(one for one in our_pod(daemon)["containers"] if one["name"] == "side")
        return int(side.get("rootfs", {}).get("usedBytes", 0))

    eventually(lambda: written() >= 3 << 20)
    pod = our_pod(daemon)
    assert pod["ephemeral-storage"]["usedBytes"] >= 3 << 20
    assert pod["ephemeral-storage"]["capacityBytes"] > 0


def test_cpu_and_memory_alone(daemon: HttpDaemon) -> None:
    pod = our_pod(daemon, "?only_cpu_and_memory=true")
    assert set(pod) == {"podRef", "startTime", "containers", "cpu", "memory"}
    whole = daemon.json("/stats/summary")
    assert whole["node"]["memory"]["availableBytes"] > 0
    assert whole["node"]["fs"]["capacityBytes"] > 0
