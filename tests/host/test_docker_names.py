"""Real containers of a private Docker: named as they start, renamed, and through a daemon that dies or freezes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pycadvisor_fast import Collector, Container
from pycadvisor_fast.spec import Limits
from tests.host.docker_engine import IMAGE, DockerEngine
from tests.unit.docker_fake import FakeDocker

pytestmark = [pytest.mark.root, pytest.mark.docker]


def eventually(condition: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.005)


def named(collector: Collector, name: str) -> Container:
    eventually(lambda: collector.container(name))
    found = collector.container(name)
    assert found is not None
    return found


def docker(collector: Collector) -> dict[str, object]:
    status: dict[str, object] = collector.status()["runtimes"]["docker"]
    return status


@pytest.fixture
def collector(docker_engine: DockerEngine) -> Iterator[Collector]:
    with Collector(interval=0.1, docker=docker_engine.endpoint, docker_timeout=1, history=5) as made:
        eventually(lambda: docker(made)["state"] == "connected")
        yield made


@pytest.fixture
def run(docker_engine: DockerEngine) -> Iterator[Callable[..., str]]:
    started: list[str] = []

    def start(name: str, *command: str, **config: object) -> str:
        started.append(docker_engine.run(name, *command, **config))
        return started[-1]

    yield start
    for ident in started:
        docker_engine.remove(ident)


def test_containers_are_named(collector: Collector, run: Callable[..., str]) -> None:
    idents = [run(f"pcf-quick-{index}", Labels={"n": str(index)}) for index in range(5)]
    for index, ident in enumerate(idents):
        eventually(lambda ident=ident: getattr(collector.container(ident), "name", ""))
        container = collector.container(ident)
        assert container is not None
        assert (container.name, container.image, container.runtime) == (f"pcf-quick-{index}", IMAGE, "docker")
        eventually(lambda ident=ident: getattr(collector.container(ident), "pid", 0))
        container = collector.container(ident)
        assert container is not None
        assert dict(container.labels) == {"n": str(index)}
        assert container.started_ns >= container.created_ns > 0
        assert Path(f"/proc/{container.pid}/cgroup").read_text().count(container.path)


def test_what_ran_before_is_named_at_once(docker_engine: DockerEngine, run: Callable[..., str]) -> None:
    idents = [run(f"pcf-before-{index}") for index in range(3)]
    with Collector(interval=0.1, docker=docker_engine.endpoint, history=5) as collector:
        eventually(lambda: all(getattr(collector.container(ident), "name", "") for ident in idents))
        by_name = named(collector, "pcf-before-1")
        assert by_name.id == idents[1]
        assert collector.container(idents[1][:12]) is by_name


def test_a_container_shows_its_use(collector: Collector, run: Callable[..., str]) -> None:
    run("pcf-busy", "sh", "-c", "while true; do :; done", HostConfig={"Memory": 64 << 20, "NetworkMode": "none"})
    container = named(collector, "pcf-busy")
    eventually(lambda: (collector.latest("cpu").row(container.slot).get("usage_ns") or 0) > 50_000_000)
    eventually(lambda: (collector.latest("memory").row(container.slot).get("usage_bytes") or 0) > 0)
    collector.stop()
    collector.start()  # limits are sampled at once, their interval is 10 s
    eventually(lambda: collector.latest("limits").row(container.slot).get("memory_bytes") == 64 << 20)


def test_all_that_docker_knows_is_told(docker_engine: DockerEngine, run: Callable[..., str]) -> None:
    options = {"docker": docker_engine.endpoint, "history": 5, "env_prefixes": ("PCF_",)}
    with Collector(interval=0.1, **options) as collector:
        ident = run(
            "pcf-told",
            Env=["PCF_A=1", "OTHER=2"],
            Labels={"line": "a\nb", "big": "x" * 100_000},
            HostConfig={"Memory": 64 << 20, "CpuShares": 512, "CpuQuota": 50_000, "CpuPeriod": 100_000},
        )
        eventually(lambda: named(collector, "pcf-told").pid)
        container = named(collector, "pcf-told")
        said = docker_engine.inspect(ident)
        assert dict(container.envs) == {"PCF_A": "1"}
        assert container.labels["line"] == "a\nb"
        assert container.aliases == ("pcf-told", ident)
        assert (container.runtime_state, container.health) == ("running", "")
        assert container.network_mode == said["HostConfig"]["NetworkMode"]
        assert container.ip_addresses == tuple(
            network["IPAddress"] for network in said["NetworkSettings"]["Networks"].values() if network["IPAddress"]
        )
        assert container.log_path == said["LogPath"]
        assert container.layer_driver == said["GraphDriver"]["Name"]
        assert (Path(container.layer_path) / "bin/busybox").exists(), container.layer_path

        spec = collector.spec("pcf-told")
        assert spec is not None
        assert (spec.container.image, spec.has_filesystem) == (IMAGE, True)
        collector.stop()
        collector.start()  # limits are sampled at once, their interval is 10 s

        def limits() -> Limits:
            spec = collector.spec("pcf-told")
            assert spec is not None
            return spec.limits

        eventually(lambda: limits().memory_bytes == 64 << 20)
        assert (limits().cpu_shares, limits().cpu_quota_usec, limits().cpu_period_usec) == (512, 50_000, 100_000)
        assert limits().cpu_mask


def test_a_paused_container_is_told(collector: Collector, run: Callable[..., str], docker_engine: DockerEngine) -> None:
    ident = run("pcf-paused")
    named(collector, "pcf-paused")
    docker_engine.request("POST", f"/containers/{ident}/pause", allow=(204,))
    eventually(lambda: named(collector, "pcf-paused").runtime_state == "paused")
    docker_engine.request("POST", f"/containers/{ident}/unpause", allow=(204,))
    eventually(lambda: named(collector, "pcf-paused").runtime_state == "running")


def test_health_and_a_restart_in_place_are_events(
    collector: Collector, run: Callable[..., str], docker_engine: DockerEngine
) -> None:
    second = 1_000_000_000
    check = {"Test": ["CMD", "cat", "/tmp/well"], "Interval": second, "Timeout": 5 * second, "Retries": 1}
    ident = run("pcf-health", "sh", "-c", "echo x > /tmp/well; exec sleep 100000", Healthcheck=check)
    eventually(lambda: named(collector, "pcf-health").health == "healthy")
    before = named(collector, "pcf-health")
    docker_engine.request("POST", f"/containers/{ident}/restart?t=0", allow=(204,))
    eventually(lambda: named(collector, "pcf-health").handle != before.handle)
    eventually(lambda: named(collector, "pcf-health").started_ns > before.started_ns)
    after = named(collector, "pcf-health")
    assert (after.id, after.name) == (ident, "pcf-health")
    assert after.pid != before.pid

    def told() -> set[tuple[str, str]]:
        events = collector.past_events(["health_change", "restart"])
        return {(one.kind, one.source) for one in events if one.container is not None and one.container.id == ident}

    eventually(lambda: told() == {("health_change", "runtime"), ("restart", "runtime")})


def test_names_are_in_the_ring_for_other_processes(collector: Collector, run: Callable[..., str]) -> None:
    ident = run("pcf-shared")
    named(collector, "pcf-shared")
    from pycadvisor_fast import attach

    with attach(collector.ring.path) as ring:
        found = [one for one in ring.containers() if one.id == ident]
        assert [(one.name, one.image, one.runtime) for one in found] == [("pcf-shared", IMAGE, "docker")]


def test_a_rename_is_followed(collector: Collector, run: Callable[..., str], docker_engine: DockerEngine) -> None:
    ident = run("pcf-old")
    handle = named(collector, "pcf-old").handle
    docker_engine.rename(ident, "pcf-new")
    assert named(collector, "pcf-new").handle == handle
    assert collector.container("pcf-old") is None


def test_short_lived_containers_come_and_go(
    collector: Collector, run: Callable[..., str], docker_engine: DockerEngine
) -> None:
    before = collector.status()["slots_live"]
    seen: set[str] = set()
    remove = collector.on_tick(lambda tick: seen.update(one.name for one in collector.containers()))
    names = [f"pcf-short-{index}" for index in range(6)]
    for name in names:
        ident = run(name, "sleep", "0.3")
        eventually(lambda ident=ident: not docker_engine.inspect(ident)["State"]["Running"])
    remove()
    eventually(lambda: not any(collector.container(name) for name in names))
    assert seen >= set(names)
    eventually(lambda: collector.status()["slots_live"] <= before)


def test_host_network_and_shared_namespaces_are_told_apart(collector: Collector, run: Callable[..., str]) -> None:
    first = run("pcf-net-own", HostConfig={"NetworkMode": "none"})
    run("pcf-net-shared", HostConfig={"NetworkMode": f"container:{first}"})
    run("pcf-net-host", HostConfig={"NetworkMode": "host"})
    eventually(lambda: all(named(collector, f"pcf-net-{kind}").netns for kind in ("own", "shared", "host")))
    own, shared, host = (named(collector, f"pcf-net-{kind}") for kind in ("own", "shared", "host"))
    assert host.is_host_network
    assert not own.is_host_network
    assert not shared.is_host_network
    assert own.netns == shared.netns != host.netns
    assert own.netns_owner == shared.netns_owner


def test_a_killed_and_restarted_daemon_costs_no_name_and_no_sample(
    collector: Collector, run: Callable[..., str], docker_engine: DockerEngine
) -> None:
    run("pcf-survivor")
    container = named(collector, "pcf-survivor")
    docker_engine.kill()
    try:
        eventually(lambda: docker(collector)["state"] in ("missing", "error"))
        skipped = collector.status()["skipped"]
        tick = collector.wait()
        collector.wait(tick + 5, timeout=20)
        assert collector.status()["skipped"] - skipped <= 2
        assert named(collector, "pcf-survivor").handle == container.handle
        assert container.slot in collector.latest("memory").slots
    finally:
        docker_engine.start()
    eventually(lambda: docker(collector)["state"] == "connected")
    assert docker(collector)["reconnects"] >= 1
    assert named(collector, "pcf-survivor").handle == container.handle
    run("pcf-after")
    named(collector, "pcf-after")


def test_a_frozen_daemon_is_seen_and_holds_up_nothing(
    collector: Collector, run: Callable[..., str], docker_engine: DockerEngine
) -> None:
    run("pcf-frozen")
    named(collector, "pcf-frozen")
    docker_engine.freeze()
    try:
        eventually(lambda: docker(collector)["state"] == "hanging")
        tick = collector.wait()
        assert collector.wait(tick + 5, timeout=20) > tick
        assert named(collector, "pcf-frozen")
    finally:
        docker_engine.thaw()
    eventually(lambda: docker(collector)["state"] == "connected")


@pytest.mark.parametrize(
    ("habit", "state"),
    [("hang", "hanging"), ("garbage", "error"), ("huge", "error"), ("json", "error"), ("", "missing")],
)
def test_a_socket_that_is_no_docker_holds_up_nothing(
    tmp_path: Path, run: Callable[..., str], habit: str, state: str
) -> None:
    ident = run(f"pcf-unnamed-{habit or 'missing'}")
    fake = FakeDocker(tmp_path / "d.sock")
    fake.habit = habit
    if habit:
        fake.start()
    try:
        with Collector(interval=0.1, docker=f"unix://{fake.path}", docker_timeout=0.3, history=5) as collector:
            eventually(lambda: docker(collector)["state"] == state)
            assert docker(collector)["detail"]
            tick = collector.wait()
            assert collector.wait(tick + 5, timeout=20) > tick
            container = collector.container(ident)
            assert container is not None
            assert (container.runtime, container.name) == ("docker", "")
            assert container.slot in collector.latest("memory").slots
    finally:
        fake.stop()
