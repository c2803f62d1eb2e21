"""cAdvisor's JSON of a live collector, between two readings of the kernel's own text."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast import Collector
from pycadvisor_fast.faces.rest.stats_json import Answers, Range
from tests.host.cgroup_tree import CgroupTree

pytestmark = pytest.mark.root

BUSY = "b = bytearray(24 << 20)\nwhile True:\n    open('/proc/self/stat').read()"


def read_first(mounts: list[Path], path: str, *names: str) -> str:
    """The text of the first of these files that the cgroup has in any hierarchy."""
    for name in names:
        for mount in mounts:
            try:
                return Path(f"{mount}{path}/{name}").read_text()
            except FileNotFoundError:
                continue
    raise AssertionError(f"{path} has none of {names}")


def usage_ns(mounts: list[Path], path: str) -> int:
    text = read_first(mounts, path, "cpuacct.usage", "cpu.stat")
    words = text.split()
    return int(words[0]) if len(words) == 1 else int(words[words.index("usage_usec") + 1]) * 1000


def memory_bytes(mounts: list[Path], path: str) -> int:
    return int(read_first(mounts, path, "memory.usage_in_bytes", "memory.current"))


def tasks(mounts: list[Path], path: str) -> int:
    return int(read_first(mounts, path, "pids.current"))


def eventually(condition: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


def newest(answers: Answers, collector: Collector, path: str) -> dict[str, Any]:
    (spec,) = [spec for spec in collector.specs() if spec.container.path == path]
    info = json.loads(answers.info_v1(spec, Range(1)))
    (sample,) = info["stats"]
    return dict(sample)


def test_numbers_are_the_kernels(cgroups: CgroupTree) -> None:
    path = cgroups.make("busy")
    cgroups.spawn("busy", sys.executable, "-c", BUSY)
    with Collector(interval=0.05, docker=None, history=5, include=(f"{cgroups.name}*", "/")) as collector:
        collector.wait(timeout=30)
        answers = Answers(collector)
        eventually(lambda: newest(answers, collector, path)["memory"]["usage"] > 24 << 20)

        before_cpu, before_tasks = usage_ns(cgroups.mounts, path), tasks(cgroups.mounts, path)
        before_ns = time.time_ns()
        collector.sample()
        sample = newest(answers, collector, path)
        after_cpu, after_tasks = usage_ns(cgroups.mounts, path), tasks(cgroups.mounts, path)

        assert before_cpu <= sample["cpu"]["usage"]["total"] <= after_cpu
        assert before_tasks == sample["processes"]["threads_current"] == after_tasks == 1
        taken = time.strptime(sample["timestamp"][:19], "%Y-%m-%dT%H:%M:%S")
        assert before_ns // 10**9 <= time.mktime(taken) - time.timezone <= time.time_ns() // 10**9 + 1
        # The kernel's own counter lags by a batch of pages a core.
        assert abs(sample["memory"]["usage"] - memory_bytes(cgroups.mounts, path)) < 8 << 20
        assert sample["memory"]["working_set"] <= sample["memory"]["usage"]
        answers.close()


def test_every_shape_of_a_live_ring_is_json(cgroups: CgroupTree) -> None:
    path = cgroups.make("busy")
    cgroups.spawn("busy", sys.executable, "-c", BUSY)
    with Collector(interval=0.02, docker=None, history=2) as collector:
        tick = collector.wait(timeout=30)
        for _ in range(5):
            tick = collector.wait(tick, timeout=20)
        answers = Answers(collector)
        specs, everything = collector.specs(), Range(-1)
        v1 = json.loads(b"".join(answers.map_v1(specs, everything)))
        v20 = json.loads(b"".join(answers.stats_v20(specs, everything)))
        v21 = json.loads(b"".join(answers.stats_v21(specs, everything)))
        machine = json.loads(answers.machine_stats(everything))
        answers.close()
    assert set(v1) == {"/", *v21} == set(v20)
    assert v21[path]["spec"]["has_cpu"]
    rates = [sample["cpu_inst"]["usage"]["total"] for sample in v21[path]["stats"] if "cpu_inst" in sample]
    assert any(rate > 0 for rate in rates)
    times = [sample["timestamp"] for sample in v1[path]["stats"]]
    assert len(times) > 3
    assert v1["/"]["stats"][-1]["memory"]["usage"] > 0
    assert machine[-1]["memory"]["usage"] > 0
    assert machine[-1]["cpu"]["usage"]["total"] > 0
