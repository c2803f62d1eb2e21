"""The walk through kernel memory in a whole daemon: asked for or not, hidden from it, with cgroups that come and go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from pycadvisor_fast import Client
from tests.host.cgroup_tree import CgroupTree
from tests.host.churn import churn
from tests.host.test_cli_daemon import PROGRAM, Daemon, environment

pytestmark = pytest.mark.root

BUSY = """
import os, time
while True:
    time.sleep(0.02)
    kept = bytearray(1 << 20)
    sum(range(20000))
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
"""
GROUPS = ("cpu", "memory", "memory_stat", "memory_events", "pids", "limits")
NO_BTF = (
    "unshare",
    "--mount",
    "--propagation=private",
    "sh",
    "-c",
    'mount -t tmpfs none /sys/kernel/btf && exec "$@"',
    "sh",
)
UNFOLLOWED = 600  # more than the walk has room for when it starts


@pytest.fixture(scope="module")
def tree() -> Iterator[CgroupTree]:
    """Cgroups at work, one of them at its quota of CPU time, one with another one inside, one with nothing to do."""
    with CgroupTree() as made:
        for name in ("busy", "throttled", "outer/inner", "idle"):
            made.make(name)
        throttle(made, "throttled")
        for name in ("busy", "throttled", "outer/inner"):
            made.spawn(name, "nice", sys.executable, "-c", BUSY)
        yield made


def throttle(tree: CgroupTree, below: str) -> None:
    for mount in tree.mounts:
        directory = Path(f"{mount}{tree.path(below)}")
        if (directory / "cpu.cfs_quota_us").exists():
            (directory / "cpu.cfs_quota_us").write_text("20000")
        elif (directory / "cpu.max").exists():
            (directory / "cpu.max").write_text("20000 100000")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder on tmpfs; a daemon that a failed test left in it is ended."""
    path = Path(f"/dev/shm/pcf-test-{os.getpid()}-walk")
    path.mkdir()
    began = len(Daemon.all)
    yield path
    for daemon in Daemon.all[began:]:
        daemon.process.kill()
        daemon.process.wait()
    subprocess.run(["rm", "-rf", str(path)], check=True)


def started(folder: Path, *flags: str, prefix: tuple[str, ...] = ()) -> Daemon:
    daemon = Daemon(folder, "--housekeeping_interval=100ms", *flags, prefix=prefix)
    daemon.ready()
    return daemon


def asked(*words: str, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, *PROGRAM, *words], capture_output=True, text=True, timeout=300, env=environment(), check=False
    )


def status(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = MessageToDict(client.status().collector)
    return found


def awaited(client: Client, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The status once it is so."""
    until = time.monotonic() + 60
    while not is_so(found := status(client)):
        assert time.monotonic() < until, found
        time.sleep(0.2)
    return found


def plan(prefix: tuple[str, ...] = (), *words: str) -> dict[str, Any]:
    done = asked("host", "--json", *words, prefix=prefix)
    assert done.returncode == 0, done.stderr
    groups: dict[str, Any] = json.loads(done.stdout)["plan"]["groups"]
    return groups


# ---- each source
@pytest.mark.parametrize("source", ["auto", "bpf", "file"])
def test_numbers_are_true_from_each_source(tree: CgroupTree, source: str) -> None:
    verified = asked("host", "--verify", f"--source={source}", f"--raw_cgroup_prefix_whitelist={tree.name}")
    assert verified.returncode == 0, verified.stdout
    assert ", 0 wrong" in verified.stdout


@pytest.mark.parametrize("source", ["auto", "bpf"])
def test_the_walk_serves_and_status_shows_it(tree: CgroupTree, folder: Path, source: str) -> None:
    daemon = started(folder, f"--source={source}", f"--raw_cgroup_prefix_whitelist={tree.name}")
    with Client(daemon.target) as client:
        found = awaited(client, lambda now: now["walks"] > 50)
        misses = found["walk_misses"]
        later = awaited(client, lambda now: now["walks"] > found["walks"] + 20)
    assert later["walk_errors"] == 0
    assert later["columns_demoted"] == 0
    assert later["walk_ns"] > 0
    # Five containers, ten groups: some rows while memory.stat is still being learnt.
    assert later["walk_misses"] - misses < (later["walks"] - found["walks"]) * 5
    # What the walk gives keeps no file open: here that leaves block IO and the network.
    assert later["descriptors"] < 5 * 10
    assert daemon.end() == 0


def test_by_file_there_is_no_walk(tree: CgroupTree, folder: Path) -> None:
    daemon = started(folder, "--source=file")
    with Client(daemon.target) as client:
        batch = client.get(fresh=True, groups=GROUPS, paths=tree.path("busy"))
        assert batch.containers[0].cpu.usage_ns > 0
        found = status(client)
    assert (found["walks"], found["walk_misses"]) == (0, 0)
    assert daemon.end() == 0


def test_a_group_can_have_a_source_of_its_own(tree: CgroupTree) -> None:
    groups = plan((), "--source=auto,memory=file")
    assert (groups["memory"]["source"], groups["memory"]["walked"]) == ("file", [])
    assert groups["cpu"]["source"] == "bpf"


# ---- no BTF
def test_without_btf_files_serve_and_the_reason_is_named(tree: CgroupTree, folder: Path) -> None:
    for name, group in plan(NO_BTF).items():
        assert group["walked"] == [], name
    assert "btf" in plan(NO_BTF)["memory"]["reason"].lower()
    verified = asked("host", "--verify", f"--raw_cgroup_prefix_whitelist={tree.name}", prefix=NO_BTF)
    assert verified.returncode == 0, verified.stdout
    daemon = started(folder, prefix=NO_BTF)
    with Client(daemon.target) as client:
        batch = client.get(fresh=True, groups=GROUPS, paths=tree.path("busy"))
        assert batch.containers[0].memory.usage_bytes > 0
        assert status(client)["walks"] == 0
    assert daemon.end() == 0


def test_bpf_that_was_asked_for_and_is_not_there_is_said(tree: CgroupTree) -> None:
    assert "bpf was asked for and is not there" in plan(NO_BTF, "--source=bpf")["memory"]["reason"]


# ---- coming and going
def test_no_row_is_missing_after_churn(tree: CgroupTree, folder: Path) -> None:
    daemon = started(folder, f"--raw_cgroup_prefix_whitelist={tree.name}")
    number = churn(tree, 3)
    names = [f"c{number + index}" for index in range(50)]
    for name in names:
        tree.make(name)
    with Client(daemon.target) as client:
        awaited(client, lambda now: now["slots_live"] >= 50 + 5)
        batch = client.get(fresh=True, groups=GROUPS, paths=f"{tree.name}/c*")
        assert len(batch.containers) == len(names)
        for container in batch.containers:
            assert container.pids.current == 0
            for group, column in (("cpu", "usage_ns"), ("memory", "usage_bytes"), ("memory_stat", "pgfault")):
                assert getattr(container, group).HasField(column), f"{group}.{column}: {container}"
        found = status(client)
    assert (found["walk_errors"], found["columns_demoted"]) == (0, 0)
    for name in names:
        tree.remove(name)
    assert daemon.end() == 0


def test_cgroups_that_are_not_followed_take_nothing_from_those_that_are(tree: CgroupTree, folder: Path) -> None:
    """The walk passes them all: it needs room for them before it comes to ours."""
    with CgroupTree() as others:
        for index in range(UNFOLLOWED):
            others.make(f"o{index}")
        late = tree.make("late")  # the last of the hierarchy
        daemon = started(folder, f"--raw_cgroup_prefix_whitelist={late}")
        with Client(daemon.target) as client:
            found = awaited(client, lambda now: now["walks"] > 50)
            later = awaited(client, lambda now: now["walks"] > found["walks"] + 20)
            assert later["walk_misses"] == found["walk_misses"]
            assert status(client)["slots_live"] == 2  # with "/"
        assert daemon.end() == 0
    tree.remove("late")
