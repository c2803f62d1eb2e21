"""The collector on this kernel: every number equals the kernel's text, whatever the cgroup layout."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pycadvisor_fast import Collector
from pycadvisor_fast.errors import RingError
from pycadvisor_fast.schema import group, groups
from tests.host.cgroup_tree import CgroupTree

pytestmark = pytest.mark.guest_inside

LAYOUT = os.environ.get("PCF_GUEST", "none-none").split("-")[1]
V2 = Path("/sys/fs/cgroup")
PAGES = "import time; kept = bytearray(24 << 20); [time.sleep(0.01) or sum(range(20000)) for _ in iter(int, 1)]"


@pytest.fixture
def tree() -> Iterator[CgroupTree]:
    """A test cgroup in every hierarchy; on v2 with all controllers for the cgroups below it."""
    with CgroupTree() as made:
        if LAYOUT == "v2":
            enable(V2 / made.name.strip("/"))
        yield made


def enable(directory: Path) -> None:
    controllers = (directory / "cgroup.controllers").read_text().split()
    (directory / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in controllers))


def directory(tree: CgroupTree, below: str, controller: str) -> Path:
    mount = V2 if LAYOUT == "v2" else next(m for m in tree.mounts if controller in m.name.split(","))
    return Path(f"{mount}{tree.path(below)}")


def collector(**options: object) -> Collector:
    return Collector(interval=0.2, docker=None, history=10, **options)  # type: ignore[arg-type]


Row = dict[str, int | float | None]


def latest(running: Collector, name: str, path: str, wanted: Callable[[Row], bool] = lambda row: True) -> Row:
    """The row of a container in the newest tick of a group, once it is there and as wanted."""
    row: Row = {}
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        slot = next((c.slot for c in running.containers() if c.path == path), None)
        with contextlib.suppress(RingError):  # no tick yet
            snapshot = running.latest(name)
            if slot is not None and slot in snapshot.slots:
                row = dict(snapshot.row(slot))
                if wanted(row):
                    return row
        time.sleep(0.1)
    raise AssertionError(f"{name} of {path}: {row or 'no row'}")


def test_every_column_of_every_container_lies_between_two_readings(tree: CgroupTree) -> None:
    for name in ("busy", "idle"):
        tree.make(name)
    tree.spawn("busy", sys.executable, "-c", PAGES)
    tree.spawn("idle", "sleep", "600")
    wrong: list[object] = []
    # What is read every ten seconds is read the slow way; what is rarer would only be waited for.
    rare = {one.name: 10.0 for one in groups() if one.interval_ms > 10_000}
    with Collector(interval={"default": 0.2, **rare}, docker=None, history=10) as running:
        latest(running, "memory", tree.path("busy"))
        outside, checked = running.verify(wrong.append)
    assert wrong == []
    assert outside == 0
    assert checked > 200


def test_the_controllers_of_this_layout_serve_their_groups(tree: CgroupTree) -> None:
    tree.make("one")
    tree.spawn("one", sys.executable, "-c", PAGES)
    with collector() as running:
        latest(running, "memory", tree.path("one"), lambda row: (row["usage_bytes"] or 0) > 20 << 20)
        assert int(latest(running, "memory_stat", tree.path("one"))["anon_bytes"] or 0) > 20 << 20
        assert latest(running, "pids", tree.path("one"))["current"] == 1
        assert int(latest(running, "cpu", tree.path("one"))["usage_ns"] or 0) > 0
        if LAYOUT == "v2":
            assert latest(running, "pressure", tree.path("one"))["cpu_some_usec"] is not None
        plan = running.host()["plan"]
    served = {entry["name"] if isinstance(entry, dict) else entry for entry in plan["groups"]}
    assert {"cpu", "memory", "memory_stat", "pids", "limits"} <= served


def test_a_throttled_container_shows_its_throttling(tree: CgroupTree) -> None:
    tree.make("slow")
    place = directory(tree, "slow", "cpu")
    if LAYOUT == "v2":
        (place / "cpu.max").write_text("10000 100000")
    else:
        (place / "cpu.cfs_quota_us").write_text("10000")
    tree.spawn("slow", sys.executable, "-c", "while True: pass")
    with collector() as running:
        time.sleep(2)
        row = latest(running, "cpu", tree.path("slow"))
        limits = latest(running, "limits", tree.path("slow"))
    assert int(row["throttled_periods"] or 0) > 0
    assert int(row["throttled_ns"] or 0) > 0
    assert (limits["cpu_quota_usec"], limits["cpu_period_usec"]) == (10000, 100000)


def test_an_oom_kill_is_counted(tree: CgroupTree) -> None:
    tree.make("small")
    place = directory(tree, "small", "memory")
    (place / ("memory.max" if LAYOUT == "v2" else "memory.limit_in_bytes")).write_text(str(32 << 20))
    if LAYOUT == "v2":
        (place / "memory.swap.max").write_text("0")
    with collector() as running:
        before = latest(running, "memory_events", tree.path("small"))["oom_kill"]
        victim = tree.spawn("small", sys.executable, "-c", "import time; time.sleep(2); x = bytearray(128 << 20)")
        assert victim.wait(60) != 0
        deadline = time.monotonic() + 20
        while latest(running, "memory_events", tree.path("small"))["oom_kill"] == before:
            assert time.monotonic() < deadline, "the kill was never counted"
            time.sleep(0.1)


def test_io_of_a_device_is_counted(tree: CgroupTree) -> None:
    subprocess.run(["modprobe", "null_blk", "nr_devices=1", "gb=1", "queue_mode=2"], check=True)
    tree.make("writer")
    device = "{}:{}".format(*Path("/sys/block/nullb0/dev").read_text().strip().split(":"))
    if LAYOUT != "v2":  # the v1 throttler counts what a rule applies to
        rule = directory(tree, "writer", "blkio") / "blkio.throttle.write_bps_device"
        rule.write_text(f"{device} 1099511627776")
    writer = ["dd", "if=/dev/zero", "of=/dev/nullb0", "bs=64k", "count=64", "oflag=direct"]
    with collector() as running:
        tree.spawn("writer", "sh", "-c", f"sleep 1; {' '.join(writer)}; exec sleep 600")
        deadline = time.monotonic() + 30
        while (written := written_bytes(running, tree.path("writer"), device)) != 64 * 65536:
            assert time.monotonic() < deadline, f"{device} shows {written} bytes"
            time.sleep(0.2)


def written_bytes(running: Collector, path: str, device: str) -> float | None:
    """What a container wrote to a device, in the newest tick; None = no such row."""
    snapshot = running.latest("io")
    slot = next((c.slot for c in running.containers() if c.path == path), -1)
    keys = snapshot.keys if snapshot.keys is not None else []
    rows = zip(snapshot.slots, keys, snapshot.column("write_bytes"), strict=True)
    return next((float(written) for owner, key, written in rows if (owner, key) == (slot, device)), None)


@pytest.mark.parametrize("reader", ["pread", "openat", "uring"])
def test_each_reader_gives_the_same_numbers(tree: CgroupTree, reader: str) -> None:
    tree.make("same")
    tree.spawn("same", "sleep", "600")
    with collector(reader=reader) as running:
        row = latest(running, "memory", tree.path("same"))
        assert running.host()["plan"]["reader"] == reader
    file = "memory.current" if LAYOUT == "v2" else "memory.usage_in_bytes"
    text = int((directory(tree, "same", "memory") / file).read_text())
    assert abs(int(row["usage_bytes"] or 0) - text) <= 64 * 4096  # per-CPU charge stocks drain between readings


def test_columns_of_a_group_are_those_of_the_table() -> None:
    with collector() as running:
        row = latest(running, "host", "/")
    assert set(row) <= {column.name for column in group("host").columns}
    assert int(row["memory_total_bytes"] or 0) > 1 << 30
