"""kill -9 in the middle of ticks, again and again: the next start serves the old history, and no row is torn."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pycadvisor_fast import attach
from pycadvisor_fast.sampling import Ring
from tests.host.cgroup_tree import CgroupTree
from tests.host.test_cli_daemon import Daemon

pytestmark = pytest.mark.root

ROUNDS = 5
BUSY = "import time\nwhile True:\n sum(range(20000)); time.sleep(.002)"


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(f"/dev/shm/pcf-test-{os.getpid()}-killed")
    path.mkdir()
    began = len(Daemon.all)
    yield path
    for daemon in Daemon.all[began:]:
        daemon.process.kill()
        daemon.process.wait()
    subprocess.run(["rm", "-rf", str(path)], check=True)


def history(ring: Ring, slot: int) -> dict[int, tuple[int, int]]:
    """By tick: when it began and what the container had used, of all ticks that are whole."""
    window = ring.window("cpu", 600)
    (row,) = np.flatnonzero(window.slots == slot)
    there = window.present[:, row]
    times = window.monotonic_ns[there].tolist()
    return dict(
        zip(
            window.ticks[there].tolist(),
            zip(times, window.integers("usage_ns")[there, row].tolist(), strict=True),
            strict=True,
        )
    )


def test_every_kill_leaves_whole_ticks_and_the_next_start_goes_on_with_them(folder: Path) -> None:
    """Every 10 ms a tick over 100 containers that are read the slow way: every few kills one falls into a tick."""
    with CgroupTree() as tree:
        for index in range(100):
            tree.make(f"c{index}")
        busy = tree.make("busy")
        tree.spawn("busy", sys.executable, "-c", BUSY)
        before: dict[int, tuple[int, int]] = {}
        for number in range(ROUNDS):
            flags = ["--housekeeping_interval=10ms", "--storage_duration=30s", "--reader=openat"]
            daemon = Daemon(folder, *flags, f"--raw_cgroup_prefix_whitelist={tree.name}")
            daemon.ready()
            log = daemon.log.read_text()
            assert ("history of an earlier collector goes on" in log) == (number > 0), log
            time.sleep(0.3 + random.random() / 10)
            daemon.process.send_signal(signal.SIGKILL)
            assert daemon.process.wait(20) == -signal.SIGKILL
            before = whole(daemon.ring, busy, before)


def whole(path: Path, busy: str, before: dict[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """The history after a kill: what was there before is there unchanged, more is, and it makes sense tick by tick."""
    with attach(str(path)) as ring:
        assert not ring.is_alive
        (slot,) = [container.slot for container in ring.containers() if container.path == busy]
        now = history(ring, slot)
        latest, oldest = ring.group("cpu").latest_tick, ring.group("cpu").oldest_tick
    kept = {tick: sample for tick, sample in before.items() if tick >= oldest}
    assert bool(kept) == bool(before)
    assert {tick: now.get(tick) for tick in kept} == kept
    assert latest in now
    assert latest > max(before, default=0)
    for (earlier, (began, used)), (later, (begins, uses)) in itertools.pairwise(sorted(now.items())):
        assert (earlier, began) < (later, begins)
        assert used <= uses <= used + 4 * (begins - began) + 10**8, "a row is half of one tick, half of another"
    return now
