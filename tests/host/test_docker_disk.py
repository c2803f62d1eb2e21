"""What real Docker containers hold on disk: the layer and the log that Docker names, against du."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from pycadvisor_fast import Collector
from pycadvisor_fast.filesystem import TreeUsage
from tests.host.docker_engine import DockerEngine

pytestmark = [pytest.mark.root, pytest.mark.docker]

WRITTEN = 3 << 20
NAME = "pcf-disk"


@pytest.fixture
def ident(docker_engine: DockerEngine) -> Iterator[str]:
    command = f"head -c {WRITTEN} /dev/urandom >/data; ln /data /again; echo hello; touch /done; sleep 600"
    ident = docker_engine.run(NAME, "sh", "-c", command)
    yield ident
    docker_engine.remove(ident)


def du(path: str, *options: str) -> int:
    done = subprocess.run(["du", "-sx", *options, path], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])


def trees(collector: Collector, kinds: set[str]) -> dict[str, TreeUsage]:
    """The trees of the container once all of these are measured."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        container = collector.container(NAME)
        found = collector.filesystems().containers.get(container.handle, ()) if container else ()
        measured = {tree.kind: tree for tree in found if tree.measured_ns}
        if kinds <= measured.keys() and (measured["layer"].apparent_bytes or 0) >= WRITTEN:
            return measured
        time.sleep(0.05)
    raise AssertionError(f"not measured: {collector.status()['storage']}, {collector.filesystems().containers}")


def test_layer_and_log_of_a_container(docker_engine: DockerEngine, ident: str) -> None:
    with Collector(docker=docker_engine.endpoint, history=5, disk_usage_interval=0.2, disk_usage_cpu=1.0) as collector:
        found = trees(collector, {"layer", "log"})
        layer, log = found["layer"], found["log"]
        assert layer.bytes == du(layer.path, "--block-size=1")
        assert layer.inodes == du(layer.path, "--inodes")
        assert WRITTEN <= (layer.apparent_bytes or 0) < 2 * WRITTEN  # its second name does not count
        assert log.path.endswith(ident)
        assert log.bytes == du(log.path, "--block-size=1")
