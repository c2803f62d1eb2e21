"""Few descriptors, no root, no room: what can be sampled is served and is true, the rest is named."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from pycadvisor_fast import Client
from tests.host.cgroup_tree import CgroupTree
from tests.host.test_cli_daemon import PROGRAM, Daemon, environment

pytestmark = pytest.mark.root

# Root may raise any limit as long as it has this capability.
FEW_DESCRIPTORS = (
    *("prlimit", "--nofile=256:256"),
    *("setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource"),
)
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
CONTAINERS = 60


@pytest.fixture(scope="module")
def tree() -> Iterator[CgroupTree]:
    with CgroupTree() as made:
        for index in range(CONTAINERS):
            made.make(f"c{index}")
        made.spawn("c0", "sleep", "600")
        yield made


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder on tmpfs that belongs to nobody; a daemon that a failed test left is ended."""
    path = Path(f"/dev/shm/pcf-test-{os.getpid()}-shortages")
    path.mkdir()
    os.chown(path, 65534, 65534)
    began = len(Daemon.all)
    yield path
    for daemon in Daemon.all[began:]:
        daemon.process.kill()
        daemon.process.wait()
    subprocess.run(["rm", "-rf", str(path)], check=True)


def sampled(daemon: Daemon, tree: CgroupTree) -> dict[str, Any]:
    """Status of the daemon, once it is known that every container has its rows."""
    with Client(daemon.target) as client:
        batch = client.get(fresh=True, groups=["memory", "limits", "pids"], paths=f"{tree.name}/c*")
        assert len(batch.containers) == CONTAINERS
        for container in batch.containers:
            assert container.memory.HasField("usage_bytes"), container
            assert container.limits.HasField("memory_bytes"), container
        status: dict[str, Any] = MessageToDict(client.status().collector)
        return status


def asked(prefix: tuple[str, ...], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, *PROGRAM, *words], capture_output=True, text=True, timeout=300, env=environment(), check=False
    )


def test_256_descriptors_serve_every_container(tree: CgroupTree, folder: Path) -> None:
    daemon = Daemon(folder, "--housekeeping_interval=100ms", prefix=FEW_DESCRIPTORS)
    assert "reader openat" in daemon.ready()
    status = sampled(daemon, tree)
    assert status["descriptors"] < 256
    assert status["slots_openat"] >= CONTAINERS
    assert status["read_errors"] == 0, status["last_error"]
    assert any("the limit is 256" in note for note in status["notes"])
    assert len(list(Path(f"/proc/{daemon.process.pid}/fd").iterdir())) < 200
    assert daemon.end() == 0
    assert "the limit is 256" in daemon.log.read_text()
    assert "Too many open files" not in daemon.log.read_text()


def test_256_descriptors_are_named_by_host_and_the_numbers_are_true(tree: CgroupTree) -> None:
    found = json.loads(asked(FEW_DESCRIPTORS, "host", "--json").stdout)
    assert found["facts"]["nofile_raised"] == 256
    assert found["facts"]["abilities"]["rlimit_raise"]["answer"] == "no"
    assert found["plan"]["reader"] == "openat"
    assert any("RLIMIT_NOFILE" in note for note in found["notes"])
    verified = asked(FEW_DESCRIPTORS, "host", "--verify")
    assert verified.returncode == 0, verified.stdout
    assert ", 0 wrong" in verified.stdout


def test_without_root_what_can_be_read_is_served_and_the_rest_is_named(tree: CgroupTree, folder: Path) -> None:
    daemon = Daemon(folder, "--housekeeping_interval=100ms", prefix=NOBODY)
    daemon.ready()
    status = sampled(daemon, tree)
    with Client(daemon.target) as client:
        host = client.host()
    facts = MessageToDict(host.facts)
    assert facts["is_root"] is False
    for ability in ("fanotify", "setns"):
        fact = facts["abilities"][ability]
        assert fact["answer"] == "no"
        assert "Operation not permitted" in fact["reason"]
    (note,) = (note for note in status["notes"] if note.startswith("not root: "))
    assert "fanotify" in note
    assert note in host.notes
    assert status["discovery"]["mechanism"] == "inotify"
    path = tree.make("later")
    with Client(daemon.target) as client:
        for batch in client.stream(groups="memory", paths=path, timeout=30):
            if batch.containers:
                break
        else:
            raise AssertionError("a container that came later was never sampled")
    tree.remove("later")
    assert daemon.end() == 0
    assert "Traceback" not in daemon.log.read_text()
    assert not Path(daemon.target.removeprefix("unix:")).exists()


def test_without_root_a_place_that_is_closed_is_one_line(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    found = asked(NOBODY, "run", f"--ring_dir={closed}/ring", "--grpc_listen=", "--docker=")
    assert found.returncode == 3
    (line,) = [line for line in found.stderr.splitlines() if "Permission denied" in line]
    assert f"{closed}/ring" in line
    assert "Traceback" not in found.stderr
    assert list(closed.iterdir()) == []


@pytest.mark.parametrize("size", ["16k", "64k"])
def test_a_start_without_room_leaves_nothing(tmp_path: Path, size: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(tmp_path)], check=True)
    try:
        found = asked((), "run", f"--ring_dir={tmp_path}/ring", f"--grpc_listen=unix:{tmp_path}/sock", "--docker=")
        left = list(tmp_path.iterdir())
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert found.returncode == 3, found.stderr
    (line,) = found.stderr.splitlines()
    assert f"{tmp_path}/ring" in line
    assert "No space left on device: free some memory there or shorten the history" in line
    assert left == []
