"""Collector on this host's real cgroups: life, samples, discovery, embedding, faults."""

from __future__ import annotations

import asyncio
import errno
import gc
import itertools
import logging
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pycadvisor_fast import Collector, CollectorOptions, attach
from pycadvisor_fast.discovery import past
from pycadvisor_fast.errors import ConfigError, NativeError, PycadvisorError
from pycadvisor_fast.sampling.home import PRIVATE_PREFIX, SHARED_MEMORY
from tests.host.cgroup_tree import CgroupTree
from tests.host.churn import churn

pytestmark = pytest.mark.root

FAST = {"interval": 0.05, "docker": None, "history": 5}


def eventually(condition: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.005)


def private_rings() -> set[Path]:
    return set(SHARED_MEMORY.glob(f"{PRIVATE_PREFIX}*"))


def our_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("pcf-")]


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def own_memory() -> int:
    """Bytes that are this process's alone: not the ring and the event log, whose files have bounds of their own."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon:"))


@pytest.fixture
def collector(cgroups: CgroupTree) -> Iterator[Collector]:
    with Collector(**FAST, include=(f"{cgroups.name}*",)) as made:
        made.wait(timeout=10)
        yield made


# ---- samples ----
@pytest.mark.guest_inside
def test_a_busy_cgroup_is_seen_with_its_numbers(cgroups: CgroupTree) -> None:
    path = cgroups.make("busy")
    process = cgroups.spawn("busy", sys.executable, "-c", "b = bytearray(32 << 20)\nwhile True: pass")
    with Collector(**FAST) as collector:
        collector.wait(timeout=30)
        container = collector.container(path)
        assert container is not None
        eventually(lambda: (collector.latest("memory").row(container.slot).get("usage_bytes") or 0) > 32 << 20)
        tick = collector.wait()
        for _ in range(5):  # one after another: a machine that is busy skips some
            tick = collector.wait(tick, timeout=20)
        used = collector.window("cpu", 5).column("usage_ns")[:, _row(collector, container.slot)]
        used = used[~np.isnan(used)]
        assert len(used) > 3
        assert used[-1] > used[0]
        assert all(later >= earlier for earlier, later in itertools.pairwise(used))
        root = collector.latest("host").row(0)
        assert root["memory_total_bytes"]
    process.kill()


def _row(collector: Collector, slot: int) -> int:
    return list(collector.window("cpu", 5).slots).index(slot)


@pytest.mark.guest_inside
def test_a_new_cgroup_is_sampled_in_the_next_ticks(collector: Collector, cgroups: CgroupTree) -> None:
    path = cgroups.make("new/child")
    eventually(lambda: collector.container(path))
    container = collector.container(path)
    assert container is not None
    tick = collector.wait()
    collector.wait(tick + 1, timeout=10)
    snapshot = collector.latest("memory")
    assert container.slot in snapshot.slots
    assert not math.isnan(snapshot.column("usage_bytes")[list(snapshot.slots).index(container.slot)])


@pytest.mark.guest_inside
def test_a_removed_cgroup_leaves_the_list_and_its_slot(collector: Collector, cgroups: CgroupTree) -> None:
    path = cgroups.make("short")
    eventually(lambda: collector.container(path))
    slots = collector.status()["slots_live"]
    cgroups.remove("short")
    eventually(lambda: collector.container(path) is None)
    assert collector.status()["slots_live"] == slots - 1


def test_containers_are_one_tuple_until_something_changes(collector: Collector, cgroups: CgroupTree) -> None:
    eventually(lambda: collector.containers() is collector.containers())
    before, version = collector.containers(), collector.containers_version()
    path = cgroups.make("x")
    eventually(lambda: collector.container(path))
    assert collector.containers_version() > version
    assert collector.containers() is not before
    slots = [one.slot for one in collector.containers()]
    assert slots == sorted(slots)


@pytest.mark.guest_inside
def test_v2_controllers_that_are_enabled_later_are_found_by_the_safety_walk(cgroups: CgroupTree) -> None:
    top = Path(f"{cgroups.mounts[0]}{cgroups.name}")
    if len(cgroups.mounts) > 1 or "memory" not in (top / "cgroup.controllers").read_text().split():
        pytest.skip("not pure v2 with the memory controller; the 6.12-v2 guest is")
    (top / "late").mkdir()
    assert not (top / "late/memory.current").exists()
    with Collector(**FAST, rescan=0.3) as collector:
        collector.wait(timeout=30)
        container = collector.container(cgroups.path("late"))
        assert container is not None
        (top / "cgroup.subtree_control").write_text("+memory")
        eventually(lambda: collector.latest("memory").row(container.slot).get("usage_bytes") is not None)


# ---- embedding ----
def test_nothing_is_left_behind() -> None:
    files, rings = descriptors(), private_rings()
    for _ in range(3):
        with Collector(**FAST) as collector:
            collector.wait(timeout=10)
            assert private_rings() - rings
            collector.add_tick_listener(lambda tick: None)
    assert private_rings() <= rings
    assert our_threads() == []
    assert descriptors() == files


def test_several_in_one_process(cgroups: CgroupTree, tmp_path: Path) -> None:
    del tmp_path
    path = cgroups.make("shared")
    with Collector(**FAST) as one, Collector(**{**FAST, "interval": 0.1}, groups=["cpu"]) as two:
        for collector in (one, two):
            collector.wait(timeout=10)
            assert collector.container(path)
        assert one.ring.path != two.ring.path
        assert list(two.ring.groups) == ["cpu"]
    assert our_threads() == []


@pytest.mark.guest_inside
def test_life() -> None:
    collector = Collector(**FAST)
    with pytest.raises(PycadvisorError, match=r"not open; call start"):
        collector.containers()
    assert not collector.is_running
    collector.open()
    assert collector.host()["facts"]["layout"] in ("v1", "hybrid", "v2")
    with pytest.raises(PycadvisorError, match="does not run"):
        collector.wait(timeout=1)
    collector.start()
    collector.start()
    assert collector.is_running
    tick = collector.wait(timeout=10)
    collector.stop()
    collector.stop()
    assert collector.latest("cpu").tick >= tick
    with pytest.raises(PycadvisorError, match="does not run"):
        collector.wait(10**15, timeout=1)
    collector.start()
    assert collector.wait(tick, timeout=10) > tick
    collector.close()
    collector.close()
    for use in (collector.containers, collector.status, collector.start, lambda: collector.ring):
        with pytest.raises(PycadvisorError, match=r"is closed; make a new one"):
            use()


@pytest.mark.guest_inside
def test_stopped_and_started_again_it_knows_what_changed_meanwhile(collector: Collector, cgroups: CgroupTree) -> None:
    gone, stays = cgroups.make("gone"), cgroups.make("stays")
    eventually(lambda: collector.container(gone) and collector.container(stays))
    kept = collector.container(stays)
    collector.stop()
    cgroups.remove("gone")
    fresh = cgroups.make("fresh")
    collector.start()
    assert collector.container(gone) is None
    assert collector.container(fresh)
    assert kept is not None
    assert collector.container(stays) == kept


def test_a_wait_can_time_out(collector: Collector) -> None:
    with pytest.raises(TimeoutError, match=r"within 0\.1 s"):
        collector.wait(10**15, timeout=0.1)


def test_sample_began_after_the_call(collector: Collector) -> None:
    before = time.time_ns()
    collector.sample()
    assert collector.latest("memory").time_ns >= before - 10_000_000


def test_listeners_are_called_and_removed_and_one_that_fails_is_dropped(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[int] = []
    fails: list[int] = []

    def fail(tick: int) -> None:
        fails.append(tick)
        raise ValueError("on purpose")

    with caplog.at_level(logging.ERROR):
        remove = collector.add_tick_listener(heard.append)
        collector.on_tick(fail)
        eventually(lambda: len(heard) > 3)
    assert heard == sorted(set(heard))
    assert len(fails) == 1
    assert "on purpose" in caplog.text
    remove()
    remove()
    count = len(heard)
    tick = collector.wait()
    collector.wait(tick + 3, timeout=10)
    assert len(heard) <= count + 1
    eventually(lambda: "pcf-ticks" not in our_threads())
    collector.add_tick_listener(heard.append)
    eventually(lambda: len(heard) > count + 2)


def test_in_a_program_with_its_own_event_loop(cgroups: CgroupTree) -> None:
    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[int] = asyncio.Queue()
        with Collector(**FAST) as collector:
            collector.on_tick(lambda tick: loop.call_soon_threadsafe(queue.put_nowait, tick))
            return [await asyncio.wait_for(queue.get(), 10) for _ in range(3)]

    cgroups.make("x")
    ticks = asyncio.run(main())
    assert ticks == sorted(ticks)
    assert our_threads() == []


def test_forgotten_collectors_are_closed() -> None:
    rings = private_rings()
    Collector(**FAST).start()
    gc.collect()
    eventually(lambda: private_rings() <= rings and our_threads() == [])


def test_a_program_that_just_ends_leaves_nothing() -> None:
    rings = private_rings()
    code = f"from pycadvisor_fast import Collector\nc = Collector(**{FAST!r}).start()\nprint(c.wait(timeout=10))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) > 0
    assert done.stderr == ""
    assert private_rings() <= rings


def test_the_example_runs(project_root: Path) -> None:
    command = [sys.executable, str(project_root / "examples/embed.py"), "0.5"]
    environment = {**os.environ, "PYTHONPATH": str(project_root)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment)
    head, *rows, last = done.stdout.splitlines()
    assert head.split() == ["cores", "peak", "MiB", "container"]
    assert any(row.endswith("  /") for row in rows)
    assert "ticks of" in last


def test_a_killed_program_leaves_a_private_ring_that_the_next_one_removes() -> None:
    code = (
        f"import os\nfrom pycadvisor_fast import Collector\nc = Collector(**{FAST!r}).start()\nos.kill(os.getpid(), 9)"
    )
    rings = private_rings()
    subprocess.run([sys.executable, "-c", code], timeout=60, check=False)
    left = private_rings() - rings
    assert len(left) == 1
    with Collector(**FAST):
        assert not left & private_rings()


def test_after_a_fork_it_belongs_to_the_parent(collector: Collector) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        text = b"no error"
        try:
            collector.containers()
        except PycadvisorError as error:
            text = str(error).encode()
        collector.close()
        os.write(writer, text)
        os._exit(0)
    os.close(writer)
    text = os.read(reader, 4096).decode()
    os.close(reader)
    os.waitpid(child, 0)
    assert f"made by process {os.getpid()}" in text
    tick = collector.wait()
    assert collector.wait(tick, timeout=10) > tick


# ---- the ring ----
def test_a_given_ring_is_kept_and_another_process_may_attach(cgroups: CgroupTree) -> None:
    path, ring_dir = cgroups.make("x"), f"/dev/shm/pcf-test-{os.getpid()}"
    options = {**FAST, "ring_dir": ring_dir}
    try:
        with Collector(**options) as collector:
            first = collector.wait(timeout=10)
            with attach(ring_dir) as ring:
                assert path in [container.path for container in ring.containers()]
            with pytest.raises((NativeError, PycadvisorError)) as refused:
                Collector(**options).start()
            assert getattr(refused.value, "errno", None) == errno.EBUSY
        with Collector(**options) as collector:
            notes = " ".join(collector.host()["notes"])
            assert "history of an earlier collector goes on" in notes
            collector.wait(first, timeout=10)
            assert collector.ring.group("cpu").oldest_tick <= first
    finally:
        subprocess.run(["rm", "-rf", ring_dir], check=True)


def test_a_ring_that_is_larger_than_is_allowed_now_is_not_taken_over(cgroups: CgroupTree) -> None:
    for number in range(20):
        cgroups.make(f"x{number}")
    ring_dir = f"/dev/shm/pcf-test-{os.getpid()}-bound"
    try:
        with Collector(**FAST, ring_dir=ring_dir) as collector:
            collector.wait()
            before = collector.status()["ring_bytes"]
        with Collector(**FAST, ring_dir=ring_dir) as collector:
            assert not any("ring_memory" in note for note in collector.host()["notes"]), "the same bound"
        bound = before // 2
        with Collector(**FAST, ring_dir=ring_dir, ring_memory=bound) as collector:
            collector.wait()
            assert collector.status()["ring_bytes"] <= bound
            assert any("larger than ring_memory allows" in note for note in collector.host()["notes"])
            assert collector.latest("cpu").handles.size
    finally:
        subprocess.run(["rm", "-rf", ring_dir], check=True)


@pytest.mark.parametrize("ring_dir", ["/proc/nowhere", "/dev/null/ring"])
def test_a_ring_that_cannot_be_made_is_one_clear_error(ring_dir: str) -> None:
    files = descriptors()
    with pytest.raises((NativeError, PycadvisorError), match=ring_dir):
        Collector(**FAST, ring_dir=ring_dir).start()
    assert descriptors() == files
    assert our_threads() == []


def test_a_group_that_does_not_exist() -> None:
    rings = private_rings()
    with pytest.raises(ConfigError, match="there is no group 'cup'"):
        Collector(**FAST, groups=["cup"]).start()
    assert private_rings() <= rings


def test_more_containers_than_slots_are_refused_and_told(cgroups: CgroupTree) -> None:
    for index in range(8):
        cgroups.make(f"c{index}")
    with Collector(**FAST, max_containers=4) as collector:
        collector.wait(timeout=10)
        assert len(collector.containers()) == 4
        assert collector.status()["refused"] > 0


# ---- scale ----
def test_a_thousand_that_are_there_are_added_quickly(cgroups: CgroupTree) -> None:
    """No bound on the time (other work shares the machine), but every one is there after start()."""
    for index in range(1000):
        cgroups.make(f"c{index}")
    with Collector(CollectorOptions(docker=None, include=(f"{cgroups.name}/*",))) as collector:
        assert len(collector.containers()) == 1001
        assert collector.wait(timeout=30)


def test_a_cgroup_called_as_a_file_of_another_hierarchy(collector: Collector, cgroups: CgroupTree) -> None:
    """A cgroup2 cgroup "tasks" beside the file of v1: followed where it is a directory, and no error elsewhere."""
    cgroups.make("with")
    free = [mount for mount in cgroups.mounts if not Path(f"{mount}{cgroups.path('with')}/tasks").exists()]
    path = cgroups.make("with/tasks", free)
    if free:
        eventually(lambda: collector.container(path))
    for _ in range(3):
        collector.sample()
    status = collector.status()
    assert status["read_errors"] == 0, status["last_error"]


@pytest.fixture
def short_past(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many removed containers are remembered: soon as many as ever will be."""
    monkeypatch.setattr(past, "MOST", 100)
    return past.MOST


def test_churn_leaves_descriptors_slots_and_memory_as_they_were(
    short_past: int, collector: Collector, cgroups: CgroupTree
) -> None:
    """100 a second come and go: a few seconds here, two minutes with PCF_CHURN_SECONDS=120."""
    seconds = float(os.environ.get("PCF_CHURN_SECONDS", "8"))
    assert churn(cgroups, max(1.5, seconds / 20)) > short_past
    marker = cgroups.make("marker")
    eventually(lambda: collector.container(marker))
    files, slots, memory = _usage(collector)
    made = churn(cgroups, seconds, first=10_000) - 10_000
    cgroups.remove("marker")
    cgroups.make("marker")
    eventually(lambda: collector.container(marker))
    eventually(lambda: collector.status()["slots_live"] == slots)
    after = _usage(collector)
    assert after[0] <= files + 2
    assert after[2] - memory < 8 << 20, f"{made} cgroups later the process has grown by {after[2] - memory} bytes"
    status = collector.status()
    assert status["read_errors"] == 0, status["last_error"]
    assert status["discovery"]["errors"] == 0


def _usage(collector: Collector) -> tuple[int, int, int]:
    """Open descriptors, live slots and memory once nothing moves: a new cgroup is refreshed some time after it came."""
    gc.collect()
    before = -1
    while before != (before := descriptors()):
        tick = collector.wait()
        collector.wait(tick + 5, timeout=20)
    return before, int(collector.status()["slots_live"]), own_memory()


def test_status_says_what_the_process_costs(collector: Collector) -> None:
    process = collector.status()["process"]
    assert process["cpu_ns"] > 0
    assert process["rss_bytes"] >= process["rss_shared_bytes"] > 0
