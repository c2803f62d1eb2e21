"""One of our readers in a process of its own, so that each has the whole descriptor limit to itself.

``python -m bench.pass_worker METHOD`` reads cgroup paths from stdin up to an empty line, answers with the numbers of
the collector, and then for each line "fast" or "slow" runs one pass and answers with its cost, as JSON: ``_answer``.
fast: the groups whose files are kept open, in a steady collector. slow: the groups that are read every ten seconds.

Methods: the readers of the file source, "bpf" (the walk through kernel memory, with a flush of the kernel's statistics
in each pass) and "bpf-stale" (without).
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.native.collector import NativeCollector
from pycadvisor_fast.options import CollectorOptions
from pycadvisor_fast.sampling import Ring

FILE_READERS = ("pread", "openat", "uring")
WALKS = ("bpf", "bpf-stale")
_NEVER = 24 * 3600.0
_NO_FILES = ("process", "scheduling", "host", "tick")  # counted by programs of their own, or of "/" alone
SLOW = tuple(group.name for group in GROUPS if group.interval_ms >= 10_000)
FAST = tuple(group.name for group in GROUPS if 0 < group.interval_ms < 10_000 and group.name not in _NO_FILES)
# The pass asked for begins at the next deadline: the sooner, the less time others have to cool the caches.
_SHORTEST = 0.01
# What a collector that is asked for it every ten seconds does not keep open, one that is asked now must not either.
_FEW_DESCRIPTORS = 1


class Reader:
    """A collector that passes when told to."""

    def __init__(
        self, paths: Sequence[str], method: str, groups: tuple[str, ...], interval: float, **more: Any
    ) -> None:
        self._folder = tempfile.mkdtemp(prefix="pcf-bench-", dir="/dev/shm")
        groups = (*groups, "tick")
        options = CollectorOptions(
            interval={"default": interval, **dict.fromkeys(groups, interval)},
            groups=groups,
            history=32 * interval,
            reader="pread" if method in WALKS else method,
            source="auto" if method in WALKS else "file",
            flush_interval=_NEVER if method == "bpf-stale" else 0.0,
            events="off",
            max_containers=len(paths) + 16,
            **more,
        )
        self.native = NativeCollector(options, self._folder)
        self._ring = Ring(self._folder)
        self._walked = self.walked()
        self._tick = self._of_root = 0
        self._before = self._counters()
        if self._walked:
            self._of_root = self.steady().get("reads", 0)  # "/" is always read from files
        for path in paths:
            self.native.add(path, 0)

    def steady(self) -> dict[str, Any]:
        """The next scheduled pass."""
        self.native.start()
        while (tick := self.native.wait(self._tick, 60_000)) is None:
            pass
        self.native.stop()
        self._tick = tick
        # Of exactly that pass: another may have begun before the thread stopped.
        return self._answer(tick)

    def first(self) -> dict[str, Any]:
        """The first pass after the start."""
        self.native.start()
        tick = self.native.sample()
        self.native.stop()
        return self._answer(tick)

    def walked(self) -> list[str]:
        """Groups that the walk gives here."""
        return [name for name, plan in self.native.plan()["groups"].items() if plan["source"] == "bpf"]

    def why_no_walk(self) -> str:
        """What the plan says of the group that every host could have from the walk."""
        return str(self.native.plan()["groups"]["cpu"]["reason"])

    def close(self) -> None:
        """Removes the ring."""
        self._ring.close()
        self.native.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answer(self, tick: int) -> dict[str, Any]:
        """cpu_ns, wall_ns; groups: CPU time by group. Only when this was the only pass: walk_ns, flush_ns, and reads,
        how many files of containers were read for groups that the walk gives.
        """
        infos = {name: group.region.tick(tick) for name, group in self._ring.groups.items()}
        groups = {name: info.cpu_ns for name, info in infos.items() if info and name != "tick"}
        now, before = self._counters(), self._before
        self._before = now
        passed = {name: now[name] - before[name] for name in now}
        passed["reads"] -= self._of_root
        alone = {name: passed[name] for name in ("walk_ns", "flush_ns", "reads")} if passed["ticks"] == 1 else {}
        return {
            "cpu_ns": sum(groups.values()),
            "wall_ns": sum(info.duration_ns for name, info in infos.items() if info and name != "tick"),
            "groups": groups,
            **alone,
        }

    def _counters(self) -> dict[str, int]:
        stats = self.native.stats()
        counters = {name: int(stats[name]) for name in ("ticks", "walk_ns", "flush_ns")}
        ticks = self._ring.group("tick")
        if not ticks.latest_tick:
            return {**counters, "reads": 0}
        latest = ticks.snapshot()
        reads = dict(zip(latest.keys if latest.keys is not None else (), latest.integers("reads"), strict=True))
        return {**counters, "reads": sum(int(reads.get(name, 0)) for name in self._walked)}


def _slow_reader(paths: Sequence[str], method: str) -> Reader:
    """The walk is trusted only after some passes, so its collector stays; that of the files is new each time."""
    if method in WALKS:
        return Reader(paths, method, SLOW, _SHORTEST, max_descriptors=_FEW_DESCRIPTORS)
    return Reader(paths, method, SLOW, 10.0)


def _slow(paths: Sequence[str], method: str, kept: list[Reader]) -> dict[str, Any]:
    reader = kept.pop() if kept else _slow_reader(paths, method)
    if method in WALKS:
        kept.append(reader)
        return reader.steady()
    answer = reader.first()
    reader.close()
    return answer


def main() -> int:
    """See the module."""
    method = sys.argv[1]
    paths = []
    while path := sys.stdin.readline().strip():
        paths.append(path)
    steady = Reader(paths, method, FAST, _SHORTEST)
    stats = steady.native.stats()
    state = {name: stats[name] for name in ("descriptors", "slots_openat", "slots_live", "ring_bytes")}
    print(json.dumps({**state, "walked": steady.walked(), "reason": steady.why_no_walk()}), flush=True)
    slow: list[Reader] = []
    for line in sys.stdin:
        answer = steady.steady() if line.strip() == "fast" else _slow(paths, method, slow)
        print(json.dumps(answer), flush=True)
    for reader in (steady, *slow):
        reader.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
