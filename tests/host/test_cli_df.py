"""df of a real daemon, and of a look around without one, against the system's own."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.test_cli_daemon import Daemon, call

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    folder = Path(f"/dev/shm/pcf-test-{os.getpid()}-df")
    folder.mkdir()
    daemon = Daemon(folder)
    daemon.ready()
    yield daemon
    daemon.end()
    shutil.rmtree(folder)


def test_a_daemon_tells_filesystems_devices_and_the_machine(daemon: Daemon) -> None:
    done = call("df", "--json", f"--target={daemon.target}")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    root = next(one for one in found["filesystems"] if one["mount_point"] == "/")
    system = os.statvfs("/")
    assert root["capacity_bytes"] == system.f_blocks * system.f_frsize
    assert root["labels"][0] == "root"
    assert root["hangs_since_ns"] == 0
    names = {line.split()[2] for line in Path("/proc/diskstats").read_text().splitlines()}
    assert {one["name"] for one in found["devices"]} == names


def test_as_a_table(daemon: Daemon) -> None:
    done = call("df", f"--target={daemon.target}")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split()[:4] == ["SOURCE", "TYPE", "SIZE", "USED"]
    assert any(line.endswith("  /") for line in lines[1:])
    assert "from the daemon at" in done.stderr
    by_container = call("df", "--containers", f"--target={daemon.target}")
    assert by_container.stdout.split()[:2] == ["NAME", "KIND"]


def test_without_a_daemon_it_looks_itself(tmp_path: Path) -> None:
    done = call("df", "--docker=", f"--grpc_listen=unix:{tmp_path}/none.sock", PYCADVISOR_FAST_RING_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert any(line.endswith("  /") for line in done.stdout.splitlines())
    assert "a look around of its own" in done.stderr
