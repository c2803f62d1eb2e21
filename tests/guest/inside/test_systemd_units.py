"""Units of a real systemd, over its own socket (this boot has no D-Bus daemon): what they are, restarts, a scope."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from pycadvisor_fast.discovery.runtimes.loop import RuntimeLoop
from pycadvisor_fast.discovery.runtimes.systemd import SystemdRuntime
from tests.unit.test_docker_runtime import Heard

pytestmark = [pytest.mark.guest_inside, pytest.mark.systemd]

LONG_S = 120.0  # an emulated machine


@pytest.fixture
def heard() -> Iterator[tuple[RuntimeLoop, Heard, SystemdRuntime]]:
    sink = Heard()
    runtime = SystemdRuntime(timeout_s=60)
    loop = RuntimeLoop([runtime], sink)
    loop.start()
    yield loop, sink, runtime
    loop.stop()


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_service_and_its_restart(heard: tuple[RuntimeLoop, Heard, SystemdRuntime]) -> None:
    loop, sink, runtime = heard
    path = "/system.slice/pcf-unit.service"
    run(
        "systemd-run", "--unit=pcf-unit", "--description=A unit of ours", "-p", "DefaultDependencies=no",
        "-p", "Restart=always", "-p", "RestartSec=10ms", "sleep", "1000",
    )  # fmt: skip
    try:
        loop.ask("systemd", path)
        sink.wait(lambda known: path in known and known[path].pid > 0, LONG_S)
        first = sink.identities[path]
        assert (first.description, first.kind, first.runtime_state) == ("A unit of ours", "service", "running")
        assert first.started_ns > 10**18
        assert runtime.status()["state"] == "connected"
        run("systemctl", "kill", "--signal=KILL", "pcf-unit.service")
        sink.wait(lambda known: known[path].restart_count == 1 and known[path].pid not in (0, first.pid), LONG_S)
    finally:
        run("systemctl", "stop", "pcf-unit.service")


def test_slices(heard: tuple[RuntimeLoop, Heard, SystemdRuntime]) -> None:
    loop, sink, _ = heard
    for path in ("/system.slice", "/init.scope"):
        loop.ask("systemd", path)
        sink.wait(lambda known, path=path: path in known and bool(known[path].description), LONG_S)
    assert sink.identities["/init.scope"].kind == "scope"
