"""A collector that follows real containers of a private containerd: names reach the roster and the events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from pycadvisor_fast import Collector
from tests.host.containerd_engine import IMAGE, ContainerdEngine
from tests.host.cri_pods import Pods
from tests.host.docker_engine import DockerEngine

pytestmark = [pytest.mark.root, pytest.mark.docker]

NERD = "d7" * 32
UID = "3b5f0d1c-0000-4000-8000-000000000001"


def eventually(condition: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


@pytest.fixture
def collector(pod_engine: ContainerdEngine) -> Iterator[Collector]:
    with Collector(
        interval=0.1,
        docker=None,
        podman=None,
        systemd=None,
        crio=None,
        containerd=pod_engine.endpoint,
        cri=(pod_engine.endpoint,),
        env_prefixes=("COLOUR",),
        history=5,
    ) as made:
        eventually(lambda: made.status()["runtimes"]["containerd"]["state"] == "connected")
        yield made


def test_random_and_chosen_ids_are_named(pod_engine: ContainerdEngine, collector: Collector) -> None:
    pod_engine.run(NERD, namespace="nerd", labels={"nerdctl/name": "shop"}, envs={"COLOUR": "blue"})
    pod_engine.run("web", labels={"tier": "front"})
    for name, ident, namespace in (("shop", NERD, "nerd"), ("web", "web", "default")):
        eventually(lambda name=name: getattr(collector.container(name), "layer_path", ""))
        found = collector.container(name)
        assert found is not None
        assert (found.id, found.runtime, found.image, found.kind) == (ident, "containerd", IMAGE, "container")
        assert (found.path, found.pid) == (f"/{pod_engine.parent}/{ident}", pod_engine.pid(ident, namespace))
    shop = collector.container("shop")
    assert shop is not None
    assert (dict(shop.envs), shop.runtime_state) == ({"COLOUR": "blue"}, "running")
    pod_engine.remove(NERD, "nerd")
    pod_engine.remove("web")
    eventually(lambda: collector.container("shop") is None and collector.container("web") is None)


def test_what_ran_before_is_named(pod_engine: ContainerdEngine) -> None:
    pod_engine.run("before", labels={"tier": "front"})
    with Collector(
        interval=0.1, docker=None, podman=None, containerd=pod_engine.endpoint, cri=(), history=5
    ) as collector:
        eventually(lambda: getattr(collector.container("before"), "pid", 0))
        assert collector.container(f"/{pod_engine.parent}/before") is collector.container("before")
    pod_engine.remove("before")


def test_a_pod_is_named_by_both_interfaces_together(pod_engine: ContainerdEngine, collector: Collector) -> None:
    pods = Pods(str(pod_engine.socket), f"/{pod_engine.parent}", str(pod_engine.root / "logs"))
    try:
        sandbox = pods.run("shop-1", "prod", UID)
        ident = pods.start(sandbox, "main", IMAGE, "sh", "-c", "sleep 100000", attempt=1)
        eventually(lambda: getattr(collector.container(ident), "log_path", ""))
        eventually(lambda: getattr(collector.container(ident), "layer_path", ""))
        main, pod = collector.container("prod/shop-1/main"), collector.container("prod/shop-1")
        assert main is not None
        assert pod is not None
        assert (main.id, main.pod_uid, main.attempt, main.sandbox_id) == (ident, UID, 1, sandbox)
        assert (main.pid, main.image) == (pod_engine.pid(ident, "k8s.io"), IMAGE)
        assert main.labels["io.kubernetes.container.name"] == "main"
        assert main.labels["io.cri-containerd.kind"] == "container"
        assert (pod.kind, pod.id, pod.network_mode) == ("sandbox", sandbox, "host")
        assert dict(main.envs) == {"COLOUR": "blue"}
        with collector.events(["container_exit"], timeout=20) as events:
            pods.stop(ident)
            deleted = next(event for event in events if event.container is not None and event.container.id == ident)
        assert deleted.name == "prod/shop-1/main"
    finally:
        pods.close()


def test_dockers_containers_stay_dockers(docker_engine: DockerEngine) -> None:
    containerd = docker_engine.containerd_endpoint
    with Collector(
        interval=0.1, docker=docker_engine.endpoint, containerd=containerd, cri=(containerd,), podman=None, history=5
    ) as collector:
        eventually(lambda: collector.status()["runtimes"]["containerd"]["state"] == "connected")
        ident = docker_engine.run("pcf-moby", Labels={"tier": "front"})
        try:
            eventually(lambda: getattr(collector.container("pcf-moby"), "pid", 0))
            eventually(lambda: collector.status()["runtimes"]["containerd"]["containers"] == 1)
            found = collector.container("pcf-moby")
            assert found is not None
            assert (found.id, found.runtime, dict(found.labels)) == (ident, "docker", {"tier": "front"})
            cri = collector.status()["runtimes"]["cri-c"]
            assert (cri["state"], "not served there" in cri["detail"]) == ("missing", True)
        finally:
            docker_engine.remove(ident)
