"""One of our readers in a process of its own, so that each has the whole descriptor limit to itself.

``python -m bench.pass_worker READER`` reads cgroup paths from stdin up to an empty line, answers "ready" with
the numbers of the collector, and then for each line "fast" or "slow" runs one pass and answers "CPU_NS WALL_NS". fast:
the groups whose files are kept open, in a steady collector. slow: the groups that are read every ten seconds.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence

from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.native.collector import NativeCollector
from pycadvisor_fast.options import CollectorOptions
from pycadvisor_fast.sampling import Ring

SLOW = tuple(group.name for group in GROUPS if group.interval_ms >= 10_000)
# The pass asked for begins at the next deadline: the sooner, the less time others have to cool the caches.
_SHORTEST = 0.01
FAST = tuple(group.name for group in GROUPS if group.interval_ms < 10_000)


class Reader:
    """A collector that passes when told to."""

    def __init__(self, paths: Sequence[str], reader: str, interval: float, groups: tuple[str, ...]) -> None:
        self._folder = tempfile.mkdtemp(prefix="pcf-bench-", dir="/dev/shm")
        options = CollectorOptions(
            interval=interval,
            groups=groups,
            history=32 * interval,
            reader=reader,
            source="file",
            max_containers=len(paths) + 16,
        )
        self.native = NativeCollector(options, self._folder)
        for path in paths:
            self.native.add(path, 0)
        self._ring = Ring(self._folder)
        self._tick = 0

    def steady(self) -> tuple[int, int]:
        """CPU and wall time of the next scheduled pass."""
        self.native.start()
        while (tick := self.native.wait(self._tick, 60_000)) is None:
            pass
        self.native.stop()
        self._tick = tick
        # Of exactly that pass: another may have begun before the thread stopped.
        return self._cost(tick)

    def first(self) -> tuple[int, int]:
        """CPU and wall time of the first pass after the start."""
        self.native.start()
        tick = self.native.sample()
        self.native.stop()
        return self._cost(tick)

    def close(self) -> None:
        """Removes the ring."""
        self._ring.close()
        self.native.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _cost(self, tick: int) -> tuple[int, int]:
        infos = [group.region.tick(tick) for group in self._ring.groups.values()]
        return sum(info.cpu_ns for info in infos if info), sum(info.duration_ns for info in infos if info)


def main() -> int:
    """See the module."""
    reader = sys.argv[1]
    paths = []
    while path := sys.stdin.readline().strip():
        paths.append(path)
    steady = Reader(paths, reader, _SHORTEST, FAST)
    steady.steady()
    stats = steady.native.stats()
    print(
        json.dumps({name: stats[name] for name in ("descriptors", "slots_openat", "slots_live", "ring_bytes")}),
        flush=True,
    )
    for line in sys.stdin:
        if line.strip() == "fast":
            cpu_ns, wall_ns = steady.steady()
        else:
            slow = Reader(paths, reader, 10.0, SLOW)
            cpu_ns, wall_ns = slow.first()
            slow.close()
        print(cpu_ns, wall_ns, flush=True)
    steady.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
