"""All runtimes at once, as the README shows it: each container has one row, with the name its own runtime gave it."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.host.cgroup_tree import CgroupTree
from tests.host.containerd_engine import IMAGE, ContainerdEngine
from tests.host.cri_pods import Pods
from tests.host.docker_engine import DockerEngine
from tests.host.podman_engine import PodmanEngine
from tests.host.test_cli_daemon import Daemon, call

pytestmark = [pytest.mark.root, pytest.mark.docker]

UID = "3b5f0d1c-0000-4000-8000-000000000001"
PATIENCE_S = 60


def listed(daemon: Daemon) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = json.loads(call("ls", "--json", f"--target={daemon.target}").stdout)
    return shown


def test_five_runtimes_and_a_path_at_once(
    docker_engine: DockerEngine,
    pod_engine: ContainerdEngine,
    podman: PodmanEngine,
    cgroups: CgroupTree,
    tmp_path: Path,
) -> None:
    podman.serve()
    pods = Pods(str(pod_engine.socket), f"/{pod_engine.parent}/kubepods/pod{UID}", str(pod_engine.root / "logs"))
    daemon = Daemon(
        tmp_path,
        f"--docker={docker_engine.endpoint}",
        f"--containerd={pod_engine.endpoint}",
        f"--cri={pod_engine.endpoint}",
        f"--podman={podman.endpoint}",
    )
    with ExitStack() as ending:
        ending.callback(pods.close)
        docker_id = docker_engine.run("web")
        ending.callback(docker_engine.remove, docker_id)
        pod_engine.run("queue")
        podman_id = podman.run("cache")
        sandbox = pods.run("shop-1", "prod", UID)
        main = pods.start(sandbox, "main", IMAGE, "sleep", "100000")
        unit = cgroups.make("system.slice/nginx.service")
        lxc = cgroups.make("lxc.payload.mail")
        plain = cgroups.make("batch")
        daemon.ready()
        ending.callback(daemon.end)
        expected = {
            "web": ("docker", docker_id),
            "queue": ("containerd", "queue"),
            "cache": ("podman", podman_id),
            "prod/shop-1": ("containerd", sandbox),
            "prod/shop-1/main": ("containerd", main),
            "nginx.service": ("systemd", ""),
            "mail": ("lxc", ""),
        }
        until = time.monotonic() + PATIENCE_S
        while True:
            rows = listed(daemon)
            found = {entry["name"]: entry for entry in rows if entry["name"]}
            named = {name: (found[name]["runtime"], found[name]["id"]) for name in expected if name in found}
            runtimes = {entry["path"]: entry["runtime"] for entry in rows}
            if named == expected and runtimes.get(plain) == "raw":
                break
            assert time.monotonic() < until, found
            time.sleep(0.2)
        assert len(runtimes) == len(rows)
        assert (found["nginx.service"]["path"], found["mail"]["path"]) == (unit, lxc)
        assert found["prod/shop-1"]["kind"] == "sandbox"
        assert found["prod/shop-1/main"]["pod_uid"] == UID
        print(call("ls", f"--target={daemon.target}").stdout)
