"""What real Docker containers hold on disk: the layer and the log that Docker names, against du."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture
def with_volumes(docker_engine: DockerEngine, tmp_path: Path) -> Iterator[str]:
    """A container with a named volume that it writes, and a bind mount of ``tmp_path`` that it may not write."""
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    command = f"head -c {WRITTEN} /dev/urandom >/volume/data; sleep 600"
    binds = ["pcf-volume:/volume", f"{tmp_path}:/host:ro"]
    ident = docker_engine.run(NAME, "sh", "-c", command, HostConfig={"Binds": binds})
    yield ident
    docker_engine.remove(ident)
    docker_engine.request("DELETE", "/volumes/pcf-volume", allow=(204,))


def du(path: str, *options: str) -> int:
    done = subprocess.run(["du", "-sx", *options, path], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])


def trees(collector: Collector, kinds: set[str], full: str = "layer") -> dict[str, TreeUsage]:
    """The trees of the container once all of these are measured, and ``full`` is."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        container = collector.container(NAME)
        found = collector.filesystems().containers.get(container.handle, ()) if container else ()
        measured = {tree.kind: tree for tree in found if tree.measured_ns}
        if kinds <= measured.keys() and (measured[full].apparent_bytes or 0) >= WRITTEN:
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


@pytest.mark.parametrize("with_binds", [False, True])
def test_volumes_of_a_container(
    docker_engine: DockerEngine, with_volumes: str, tmp_path: Path, with_binds: bool
) -> None:
    options = {"docker": docker_engine.endpoint, "history": 5, "disk_usage_interval": 0.2, "disk_usage_cpu": 1.0}
    with Collector(**options, disk_usage_binds=with_binds) as collector:
        found = trees(collector, {"volume", "bind"} if with_binds else {"volume"}, "volume")
        container = collector.container(with_volumes)
        assert container is not None
        every = {tree.kind: tree for tree in collector.filesystems().containers[container.handle]}
    volume, bind = found["volume"], every["bind"]
    assert (volume.name, volume.destination, volume.is_read_only) == ("pcf-volume", "/volume", False)
    assert volume.path.endswith("/volumes/pcf-volume/_data")
    assert (volume.bytes, volume.inodes) == (du(volume.path, "--block-size=1"), 2)
    assert (bind.path, bind.destination, bind.is_read_only, bind.name) == (str(tmp_path), "/host", True, "")
    assert bind.apparent_bytes == (100_000 if with_binds else None)
    assert [(one.kind, one.source) for one in container.volumes] == [(tree.kind, tree.path) for tree in (bind, volume)]
