"""A process number is used again by a process of another container: nobody's network becomes somebody else's."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycadvisor_fast import Collector
from tests.host.cgroup_tree import CgroupTree

pytestmark = [pytest.mark.root, pytest.mark.guest_inside]

LAST_PID = Path("/proc/sys/kernel/ns_last_pid")
OWN = ("unshare", "--net", "sleep", "600")


def interface(process: subprocess.Popen[bytes], name: str) -> None:
    """Puts an interface of this name into the process's network namespace."""
    until = time.monotonic() + 30
    while Path(f"/proc/{process.pid}/ns/net").stat().st_ino == Path("/proc/self/ns/net").stat().st_ino:
        assert time.monotonic() < until, "unshare did not come to its namespace"
        time.sleep(0.01)
    command = f"ip link add {name} type veth peer name {name}peer && ip link set {name} up"
    subprocess.run(["nsenter", "-t", str(process.pid), "-n", "sh", "-c", command], check=True)


def with_number(tree: CgroupTree, below: str, number: int) -> subprocess.Popen[bytes]:
    """A process of this number, in a namespace and a cgroup of its own; others take numbers too: it may need tries."""
    for _ in range(2000):
        LAST_PID.write_text(str(number - 1))
        process = subprocess.Popen(OWN, stdin=subprocess.DEVNULL)
        if process.pid == number:
            tree.adopt(below, process)
            return process
        process.kill()
        process.wait()
    raise AssertionError(f"process number {number} was never to be had")


@pytest.fixture(params=["pread", "openat"])
def collector(request: pytest.FixtureRequest, cgroups: CgroupTree) -> Iterator[Collector]:
    options = {"docker": None, "history": 30, "include": (f"{cgroups.name}*",), "groups": ("pids", "network")}
    with Collector(interval=0.05, reader=request.param, **options) as made:
        yield made


def keys_of(collector: Collector, path: str) -> set[str]:
    """Interfaces that the container has shown in any tick so far."""
    container = collector.container(path)
    assert container is not None
    window = collector.window("network", 30)
    keys = window.keys if window.keys is not None else []
    return {key for key, slot in zip(keys, window.slots, strict=True) if slot == container.slot}


def eventually_shows(collector: Collector, path: str, key: str) -> None:
    until = time.monotonic() + 60
    while collector.container(path) is None or key not in keys_of(collector, path):
        assert time.monotonic() < until, f"{path} never showed {key}"
        time.sleep(0.02)


def test_a_reused_process_number_moves_no_interface(collector: Collector, cgroups: CgroupTree) -> None:
    first, second = cgroups.make("first"), cgroups.make("second")
    process = cgroups.spawn("first", *OWN)
    interface(process, "pcfone")
    eventually_shows(collector, first, "pcfone")
    process.kill()
    process.wait()
    again = with_number(cgroups, "second", process.pid)
    interface(again, "pcftwo")
    eventually_shows(collector, second, "pcftwo")
    tick = collector.wait()
    collector.wait(tick + 10, timeout=60)
    assert "pcftwo" not in keys_of(collector, first)
    assert "pcfone" not in keys_of(collector, second)
    latest = collector.latest("network")
    assert latest.keys is not None
    assert "pcfone" not in latest.keys, "its namespace is gone, and nothing kept it alive"
    wrong: list[object] = []
    assert collector.verify(wrong.append)[0] == 0, wrong
