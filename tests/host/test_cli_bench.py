"""The bench measures on cgroups of its own, and nothing of it is left, however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.cgroups import PREFIX, hierarchies

pytestmark = pytest.mark.root

ROOT = Path(__file__).resolve().parents[2]


def left_behind(pid: int) -> list[Path]:
    """Directories of the bench with this pid, in all hierarchies."""
    return [path for mount, _ in hierarchies() for path in mount.glob(f"{PREFIX}{pid}*")]


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_short_bench_measures_and_leaves_nothing() -> None:
    results = ROOT / "bench/results/latest.json"
    chosen = ["readers", "activity", "daemon", "loading", "discovery", "attach"]
    words = [sys.executable, "-m", "bench", *chosen, "--quick"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as bench:
        assert bench.stdout is not None
        shown = bench.stdout.read()
        assert bench.wait() == 0
    assert "C open/read/close" in shown
    parts = json.loads(results.read_text())["parts"]
    assert [part["title"] for part in parts] == [
        "Reading the kernel's numbers",
        "Activity",
        "The daemon",
        "Loading eBPF",
        "Discovery",
        "Attaching to the ring",
    ]
    costs = [row[3] for row in parts[0]["tables"][0]["rows"]]
    assert len(costs) == 16  # eight methods, idle and busy
    assert all(cost > 0 for cost in costs)
    walks = parts[0]["tables"][1]["rows"]
    assert [row[2] for row in walks] == ["bpf walk", "bpf walk, no flush"] * 2
    for _, _, name, tick, flush, walk, *_ in walks:
        assert tick > walk > 0
        assert (flush == 0) == (name == "bpf walk, no flush")
    activity = parts[1]["tables"][0]["rows"]
    assert [row[:2] for row in activity] == [
        [share, name] for share in ("1 %", "10 %", "100 %") for name in ("pread", "bpf walk")
    ]
    cpu = parts[2]["tables"][0]["rows"]
    assert all(auto > 0 and file > 0 for _, auto, file, _ in cpu)
    loading = {row[0]: row[3] for row in parts[3]["tables"][0]["rows"]}  # programs
    assert loading["without eBPF"] == 0
    assert loading["walk and events"] == loading["the walk"] + loading["events"] > loading["the walk"] > 0
    assert left_behind(bench.pid) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_bench_that_is_killed_leaves_nothing(number: signal.Signals) -> None:
    code = (
        "import time\nfrom bench.cgroups import Cgroups\n"
        "with Cgroups(20, is_busy=True) as made:\n    made.kick()\n    print('made', flush=True)\n    time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as bench:
        assert bench.stdout is not None
        assert bench.stdout.readline() == b"made\n"
        processes = Path(left_behind(bench.pid)[0] / "c00000/cgroup.procs").read_text().split()
        bench.send_signal(number)
        bench.wait()
    wait_for(lambda: left_behind(bench.pid) == [])
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes))
