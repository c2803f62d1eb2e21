"""The walk through kernel memory on this kernel: it serves, and says what the text says, under real load."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast import Collector
from pycadvisor_fast.columns import GROUPS
from tests.guest.inside.test_collector import LAYOUT, V2, directory, enable
from tests.host.cgroup_tree import CgroupTree

pytestmark = pytest.mark.guest_inside

FAULTS = "import os, time\nwhile 1: kept = bytearray(2 << 20); os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)"
CACHE = """
with open("/dev/nullb0", "r+b", buffering=0) as disk:
    while True:
        disk.seek(0)
        for _ in range(400):
            disk.write(bytes(65536))
"""
SWAPS = "import time\nkept = bytearray(b'x' * (40 << 20))\nwhile 1: sum(kept[::4096]); time.sleep(.05)"
VICTIM = "kept = bytearray(b'x' * (96 << 20))"
NEEDED = {
    "v2": {"cpu", "memory", "memory_events", "memory_stat", "memory_swap", "pids", "limits", "pressure"},
    "v1": {"cpu", "cpu_percpu", "memory", "memory_events", "pids", "limits"},
    "hybrid": {"cpu", "cpu_percpu", "pids"},
}


@pytest.fixture(scope="module")
def swap() -> Iterator[bool]:
    """Swap on a block device in memory; False: this kernel has no such device."""
    made = subprocess.run(["modprobe", "brd", "rd_nr=1", "rd_size=131072"], check=False).returncode == 0
    if made:
        subprocess.run(["mkswap", "/dev/ram0"], check=True, capture_output=True)
        subprocess.run(["swapon", "/dev/ram0"], check=True)
    yield made
    if made:
        subprocess.run(["swapoff", "/dev/ram0"], check=True)


def limit(tree: CgroupTree, below: str, size: int) -> None:
    with contextlib.suppress(StopIteration, FileNotFoundError):  # hybrid: memory is nobody's
        place = directory(tree, below, "memory")
        (place / ("memory.max" if LAYOUT == "v2" else "memory.limit_in_bytes")).write_text(str(size))


def throttle(tree: CgroupTree, below: str) -> None:
    place = directory(tree, below, "cpu")
    if LAYOUT == "v2":
        (place / "cpu.max").write_text("10000 50000")
        return
    (place / "cpu.cfs_period_us").write_text("50000")
    (place / "cpu.cfs_quota_us").write_text("10000")


def give_way(tree: CgroupTree) -> None:
    """All of it together may take a tenth of what this process gets: emulated CPUs are slow enough for who measures."""
    place = directory(tree, "", "cpu")
    (place / ("cpu.weight" if LAYOUT == "v2" else "cpu.shares")).write_text("10" if LAYOUT == "v2" else "100")


@pytest.fixture(scope="module")
def tree(swap: bool) -> Iterator[CgroupTree]:
    """Cgroups that fault, fork, fill the page cache to their limit, swap, stand at their quota, and are killed."""
    with CgroupTree() as made:
        if LAYOUT == "v2":
            enable(V2 / made.name.strip("/"))
        subprocess.run(["modprobe", "null_blk", "nr_devices=1", "gb=1", "queue_mode=2"], check=True)
        for name in ("faults", "cache", "throttled", "small", "swaps", "outer/inner", "background", "idle"):
            made.make(name)
        limit(made, "cache", 8 << 20)
        limit(made, "small", 24 << 20)
        if swap:
            limit(made, "swaps", 24 << 20)
            made.spawn("swaps", sys.executable, "-c", SWAPS)
        throttle(made, "throttled")
        give_way(made)
        made.spawn("faults", sys.executable, "-c", FAULTS)
        made.spawn("outer/inner", sys.executable, "-c", FAULTS)
        made.spawn("cache", sys.executable, "-c", CACHE)
        made.spawn("throttled", "sh", "-c", "while :; do :; done")
        yield made


@pytest.fixture(scope="module")
def running(tree: CgroupTree) -> Iterator[Collector]:
    # A verification waits for a sample of every group: none is to be slow.
    slow = {group.name: 1.0 for group in GROUPS if group.interval_ms > 1000}
    with Collector(interval={"default": 0.2, **slow}, docker=None, history=10) as made:
        deadline = time.monotonic() + 60
        while stats(made)["walks"] < 30:
            assert time.monotonic() < deadline, stats(made)
            time.sleep(0.2)
        yield made


def stats(running: Collector) -> dict[str, Any]:
    found: dict[str, Any] = dict(running.status())
    return found


def plan(running: Collector) -> dict[str, Any]:
    groups: dict[str, Any] = running.host()["plan"]["groups"]
    return groups


def test_the_walk_serves_what_this_layout_has(running: Collector) -> None:
    served = {name for name, group in plan(running).items() if group["walked"]}
    assert NEEDED[LAYOUT] <= served


def check(running: Collector) -> None:
    """Everything is as the text says, and the walk said it."""
    before = stats(running)
    wrong: list[object] = []
    outside, checked = running.verify(wrong.append)
    after = stats(running)
    assert wrong == [], running.host()["notes"]
    assert (outside, after["columns_demoted"], after["walk_errors"]) == (0, 0, 0), running.host()["notes"]
    assert checked > 200
    walks = after["walks"] - before["walks"]
    assert walks > 0
    # Rows of a few containers that memory.stat could not tell yet, or whose block IO is not added up.
    print(f"{walks} walks, {after['walk_misses'] - before['walk_misses']} misses, {checked} values")
    assert after["walk_misses"] - before["walk_misses"] < walks * len(running.containers())


def test_every_column_is_true_under_load(running: Collector, tree: CgroupTree) -> None:
    check(running)


def test_what_is_odd_is_true_as_well(running: Collector, tree: CgroupTree) -> None:
    """An OOM kill, limits that are rounded, a group that runs when nobody else does, a controller without files."""
    if LAYOUT == "v2":
        (directory(tree, "small", "memory") / "memory.swap.max").write_text("0")
        io_alone(V2 / tree.path("background").strip("/"))
    if LAYOUT != "hybrid":
        victim = tree.spawn("small", sys.executable, "-c", VICTIM)
        assert victim.wait(120) != 0
    place = directory(tree, "idle", "cpu")
    odd = {"cpu.weight": "1", "cpu.max.burst": "1234"} if LAYOUT == "v2" else {"cpu.shares": "3"}
    for name, text in {**odd, "cpu.idle": "1"}.items():
        if (place / name).exists():
            (place / name).write_text(text)
    check(running)


def io_alone(parent: Path) -> None:
    """io needs memory: a cgroup that was given io alone is counted, but has none of memory's files."""
    child = parent / "child"
    child.mkdir()
    (parent / "cgroup.subtree_control").write_text("+io")
    assert not (child / "memory.current").exists()


@pytest.mark.skipif(LAYOUT != "v1", reason="the v1 memory controller is in the v1 guest")
def test_lines_of_memory_stat_that_this_kernel_keeps_elsewhere(running: Collector) -> None:
    """6.1 computes a cgroup's own events from each CPU's: two lines are the text's, and host names them."""
    found = plan(running)["memory_stat"]
    assert set(found["columns"]) - set(found["walked"]) == {"local_pgfault", "local_pgmajfault"}
