"""Real containers and pods of a private podman: by its service, by its files, root's and a user's."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from pycadvisor_fast import Collector
from pycadvisor_fast.container import Volume
from pycadvisor_fast.discovery.patterns import recognise
from pycadvisor_fast.discovery.runtimes.loop import RuntimeLoop
from pycadvisor_fast.discovery.runtimes.podman import PodmanRuntime
from pycadvisor_fast.discovery.runtimes.podman_files import Place
from tests.host.podman_engine import IMAGE, PodmanEngine
from tests.unit.test_docker_runtime import Heard

pytestmark = [pytest.mark.root]


class Bench:
    def __init__(self, engine: PodmanEngine, uid: int = 0) -> None:
        place = Place(engine.root, engine.run_root, uid)
        self.runtime = PodmanRuntime(engine.endpoint, timeout_s=20, places=[place], look_s=0.2)
        self.heard = Heard()
        self.loop = RuntimeLoop([self.runtime], self.heard)
        self.loop.start()

    def wait_detail(self, part: str) -> None:
        tick = threading.Event()
        for _ in range(6000):
            if part in self.runtime.status()["detail"]:
                return
            tick.wait(0.01)
        raise AssertionError(self.runtime.status())


def cgroup_of(pid: int) -> str:
    """Path in the pids hierarchy, or in the only one."""
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    return next((line for line in lines if ":pids:" in line), lines[-1]).split(":", 2)[2]


def test_the_service_names_containers_pods_and_ends(podman: PodmanEngine) -> None:
    mounts = ("--volume=pcf-data:/data", f"--volume={podman.base}:/host:ro")
    before = podman.run("pcf-before", "--label=tier=front", "--env=A=1", *mounts)
    podman.serve()
    bench = Bench(podman)
    try:
        heard = bench.heard
        heard.wait(lambda known: before in known and known[before].is_complete, 60)
        web = heard.identities[before]
        assert (web.name, web.image, web.kind, web.runtime_state) == ("pcf-before", IMAGE, "container", "running")
        assert (dict(web.labels), web.envs["A"], web.network_mode) == ({"tier": "front"}, "1", "none")
        assert web.started_ns >= web.created_ns > 0
        assert Path(web.layer_path).is_dir()
        assert Path(web.log_path).is_file()
        data, bind = web.volumes
        assert (data.kind, data.name, data.destination, data.is_read_only) == ("volume", "pcf-data", "/data", False)
        assert Path(data.source).is_dir()
        assert bind == Volume("bind", str(podman.base), "/host", is_read_only=True)
        assert (recognise(cgroup_of(web.pid)).id, recognise(cgroup_of(web.pid)).runtime) == (before, "podman")

        pod = podman.pod("pcf-shop", "--label=app=shop")
        cart = podman.run("pcf-cart", "--pod", "pcf-shop")
        heard.wait(lambda known: cart in known and known[cart].is_complete and known[cart].pid > 0, 60)
        member = heard.identities[cart]
        heard.wait(lambda known: known[member.sandbox_id].is_complete, 60)
        infra = heard.identities[member.sandbox_id]
        assert (member.pod_uid, member.pod_name, infra.kind, infra.pod_name) == (pod, "pcf-shop", "sandbox", "pcf-shop")
        assert (heard.identities[pod].name, dict(heard.identities[pod].labels)) == ("pcf-shop", {"app": "shop"})
        inside = recognise(cgroup_of(member.pid))
        assert (inside.id, inside.runtime) == (cart, "podman")

        podman.podman("rename", "pcf-before", "pcf-after")
        heard.wait(lambda known: known[before].name == "pcf-after", 60)
        podman.podman("pause", "pcf-after")
        heard.wait(lambda known: known[before].runtime_state == "paused", 60)
        podman.podman("unpause", "pcf-after")
        quick = podman.run("pcf-quick", command=("sh", "-c", "exit 7"))
        heard.wait_ends(1)
        assert [(end.id, end.exit_code, end.is_oom_killed) for end in heard.ends] == [(quick, 7, False)]
        bench.wait_detail("Podman ")

        podman.kill()
        bench.wait_detail("Connection refused")
        assert "storage files of" in bench.runtime.status()["detail"]
        alone = podman.run("pcf-alone")
        bench.loop.ask("podman", alone)
        heard.wait_name(alone, "pcf-alone")
    finally:
        bench.loop.stop()


def test_the_files_name_what_runs_without_a_service(podman: PodmanEngine) -> None:
    ident = podman.run("pcf-files", "--rm", "--env=B=2")
    bench = Bench(podman)
    try:
        bench.loop.ask("podman", ident)
        bench.heard.wait(lambda known: ident in known and bool(known[ident].envs), 60)
        one = bench.heard.identities[ident]
        assert (one.name, one.image, one.envs["B"], one.kind) == ("pcf-files", IMAGE, "2", "container")
        assert recognise(cgroup_of(one.pid)).id == ident
        assert Path(one.layer_path).is_dir()
        assert one.created_ns > 0
        assert one.started_ns >= one.created_ns
    finally:
        bench.loop.stop()


def test_a_users_containers_are_named_by_the_files_in_their_home() -> None:
    missing = PodmanEngine.missing()
    if missing:
        pytest.skip(f"no private podman: {missing}; CI installs it")
    user = f"pcf-{os.getpid()}"
    engine = PodmanEngine(user)
    home = f"--home-dir={engine.home}"
    subprocess.run(["useradd", "--no-create-home", home, user], check=True, capture_output=True)
    try:
        with engine:
            ident = engine.podman("run", "-d", "--name=pcf-rootless", "--network=none", IMAGE, "sleep", "100000")
            bench = Bench(engine, engine.home.stat().st_uid)
            try:
                bench.loop.ask("podman", ident)
                bench.heard.wait(lambda known: ident in known and bool(known[ident].envs), 60)
                one = bench.heard.identities[ident]
                assert (one.name, one.image, one.layer_driver) == ("pcf-rootless", IMAGE, "vfs")
                assert Path(f"/proc/{one.pid}").stat().st_uid != 0
                assert Path(one.layer_path).is_dir()
            finally:
                bench.loop.stop()
    finally:
        subprocess.run(["userdel", user], check=False, capture_output=True)


def test_a_collector_shows_what_podmans_containers_use(podman: PodmanEngine) -> None:
    ident = podman.run("pcf-collected", "--label=tier=front")
    podman.serve()
    nobody = {"docker": None, "containerd": None, "cri": (), "crio": None, "systemd": None}
    tick = threading.Event()
    try:
        with Collector(interval=0.1, history=5, podman=podman.endpoint, **nobody) as collector:
            for _ in range(3000):
                container = collector.container("pcf-collected")
                row = collector.latest("memory").row(container.slot) if container is not None else None
                if container is not None and container.health == "" and container.labels and row:
                    break
                tick.wait(0.01)
            assert container is not None
            assert row is not None
            assert (container.id, container.runtime, container.namespace) == (ident, "podman", "podman")
            assert (container.image, dict(container.labels)) == (IMAGE, {"tier": "front"})
            assert container.path == f"{podman.cgroup}/libpod-{ident}"
            assert (row.get("usage_bytes") or 0) > 0
            assert collector.status()["runtimes"]["podman"]["state"] == "connected"
    finally:
        podman.kill()
