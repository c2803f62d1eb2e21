"""Real containers of a private containerd: named, followed, and through a daemon that dies or freezes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pycadvisor_fast.discovery.runtimes.containerd import ContainerdRuntime
from tests.host.containerd_engine import IMAGE, ContainerdEngine
from tests.unit.heard import Running

pytestmark = [pytest.mark.root, pytest.mark.docker]

NERD, KUBE = "a1" * 32, "b2" * 32
LABELS = {
    "io.cri-containerd.kind": "container",
    "io.kubernetes.pod.name": "shop-1",
    "io.kubernetes.pod.namespace": "prod",
    "io.kubernetes.pod.uid": "3b5f0d1c-0000-4000-8000-000000000001",
    "io.kubernetes.container.name": "main",
}


@pytest.fixture
def running(containerd: ContainerdEngine) -> Iterator[Running]:
    with Running(ContainerdRuntime(containerd.endpoint, timeout_s=2.0, ping_s=0.2)) as made:
        made.wait_state("connected")
        yield made


def test_what_ran_before_is_named_in_every_namespace(containerd: ContainerdEngine) -> None:
    containerd.run("early", labels={"tier": "front"}, envs={"COLOUR": "blue"})
    containerd.run(NERD, namespace="nerd", labels={"nerdctl/name": "shop", "nerdctl/networks": '["bridge"]'})
    containerd.run(KUBE, namespace="k8s.io", labels=LABELS)
    with Running(ContainerdRuntime(containerd.endpoint)) as running:
        early = running.heard.wait_for("early", name="early", pid=containerd.pid("early"), layer_driver="native")
        assert (early.image, early.labels["tier"], early.envs["COLOUR"]) == (IMAGE, "front", "blue")
        assert early.envs["FROM_IMAGE"] == "yes"
        assert early.started_ns >= early.created_ns > 0
        assert (Path(early.layer_path) / "bin" / "busybox").exists()
        running.heard.wait_for(NERD, name="shop", network_mode="bridge", pid=containerd.pid(NERD, "nerd"))
        main = running.heard.wait_for(KUBE, name="prod/shop-1/main", pid=containerd.pid(KUBE, "k8s.io"))
        assert (main.pod_name, main.pod_namespace, main.container_name) == ("shop-1", "prod", "main")
    for ident, namespace in (("early", "default"), (NERD, "nerd"), (KUBE, "k8s.io")):
        containerd.remove(ident, namespace)


def test_containers_are_followed_by_events(containerd: ContainerdEngine, running: Running) -> None:
    containerd.run("late", "sh", "-c", "sleep 100000; exit 3")
    late = running.heard.wait_for("late", pid=containerd.pid("late"), runtime_state="running", layer_driver="native")
    assert late.started_ns >= late.created_ns > 0
    assert f"/{containerd.parent}/late" in Path(f"/proc/{late.pid}/cgroup").read_text()
    containerd.ctr("tasks", "pause", "late")
    running.heard.wait_for("late", runtime_state="paused")
    containerd.ctr("tasks", "resume", "late")
    running.heard.wait_for("late", runtime_state="running")
    containerd.remove("late")
    (end,) = running.heard.wait_ends(1)
    assert (end.id, end.exit_code) == ("late", 137)


def test_an_exit_code_is_told(containerd: ContainerdEngine, running: Running) -> None:
    containerd.run("short", "sh", "-c", "exit 7")
    (end,) = running.heard.wait_ends(1)
    assert (end.id, end.exit_code, end.is_oom_killed) == ("short", 7, False)
    assert end.time_ns >= running.heard.identities["short"].created_ns
    containerd.remove("short")


def test_a_container_started_again_in_place_has_its_new_process(containerd: ContainerdEngine, running: Running) -> None:
    containerd.run("again", "sh", "-c", "sleep 100000")
    first = running.heard.wait_for("again", runtime_state="running")
    containerd.ctr("tasks", "kill", "--signal=9", "again")
    running.heard.wait_ends(1)
    while "again" in containerd.ctr("tasks", "list", "-q").split():
        containerd.try_ctr("tasks", "delete", "again")
    containerd.ctr("tasks", "start", "--detach", "again")
    running.heard.wait(lambda known: known["again"].pid not in (0, first.pid))
    second = running.heard.identities["again"]
    assert (second.pid, second.created_ns) == (containerd.pid("again"), first.created_ns)
    assert second.started_ns > first.started_ns
    containerd.remove("again")


def test_a_daemon_that_freezes_and_one_that_is_killed(containerd: ContainerdEngine, running: Running) -> None:
    containerd.run("steady")
    running.heard.wait_for("steady", pid=containerd.pid("steady"))
    containerd.freeze()
    assert "no answer within 2 s" in str(running.wait_state("hanging")["detail"])
    containerd.thaw()
    running.wait_state("connected")
    containerd.kill()
    running.wait_state("missing")
    assert running.runtime.known() == 1
    containerd.start()
    running.wait_state("connected")
    containerd.run("after")
    running.heard.wait_for("after", pid=containerd.pid("after"))
    containerd.remove("after")
    containerd.remove("steady")
    assert {end.id for end in running.heard.wait_ends(2)} == {"after", "steady"}
