"""Real pods, made through the CRI plugin of a private containerd, by CRI alone and beside containerd's own API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pycadvisor_fast.discovery.runtimes.containerd import ContainerdRuntime
from pycadvisor_fast.discovery.runtimes.cri import CriRuntime
from tests.host.containerd_engine import IMAGE, ContainerdEngine
from tests.host.cri_pods import Pods
from tests.unit.heard import Running

pytestmark = [pytest.mark.root, pytest.mark.docker]

UID = "3b5f0d1c-0000-4000-8000-000000000001"


@pytest.fixture
def pods(pod_engine: ContainerdEngine) -> Iterator[Pods]:
    made = Pods(str(pod_engine.socket), f"/{pod_engine.parent}", str(pod_engine.root / "logs"))
    yield made
    made.close()


def test_a_pod_by_cri(pod_engine: ContainerdEngine, pods: Pods) -> None:
    sandbox = pods.run("shop-1", "prod", UID, attempt=2)
    with Running(CriRuntime(pod_engine.endpoint, poll_s=0.5)) as running:
        known = running.heard.wait_for(sandbox, kind="sandbox", pid=pod_engine.pid(sandbox, "k8s.io"))
        assert (known.name, known.pod_uid, known.attempt, known.network_mode) == ("prod/shop-1", UID, 2, "host")
        ident = pods.start(sandbox, "main", IMAGE, "sh", "-c", "sleep 100000", attempt=1, restarts=1)
        running.loop.ask("containerd", ident)
        main = running.heard.wait_for(ident, runtime_state="running", pid=pod_engine.pid(ident, "k8s.io"))
        assert (main.runtime, main.name, main.image) == ("containerd", "prod/shop-1/main", IMAGE)
        assert (main.pod_uid, main.sandbox_id, main.attempt, main.restart_count) == (UID, sandbox, 1, 1)
        assert main.log_path == f"{pod_engine.root}/logs/prod_shop-1_{UID}/main/1.log"
        assert main.started_ns >= main.created_ns > known.created_ns > 0
        assert main.envs["COLOUR"] == "blue"
        pods.stop(ident)
        running.loop.forget(ident)
        (end,) = running.heard.wait_ends(1)
        assert (end.id, end.exit_code, end.is_oom_killed) == (ident, 137, False)


def test_a_pod_by_containerds_own_api(pod_engine: ContainerdEngine, pods: Pods) -> None:
    with Running(ContainerdRuntime(pod_engine.endpoint)) as running:
        running.wait_state("connected")
        sandbox = pods.run("shop-2", "prod", UID)
        ident = pods.start(sandbox, "main", IMAGE, "sleep", "100000")
        known = running.heard.wait_for(sandbox, kind="sandbox", pid=pod_engine.pid(sandbox, "k8s.io"))
        assert (known.name, known.pod_uid, known.sandbox_id, known.network_mode) == (
            "prod/shop-2",
            UID,
            sandbox,
            "host",
        )
        main = running.heard.wait_for(ident, pid=pod_engine.pid(ident, "k8s.io"), layer_driver="native")
        assert (main.name, main.kind, main.image, main.container_name) == (
            "prod/shop-2/main",
            "container",
            IMAGE,
            "main",
        )
        assert (main.pod_name, main.pod_namespace, main.sandbox_id) == ("shop-2", "prod", sandbox)
