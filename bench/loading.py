"""What eBPF costs before the first tick: time and CPU to load every program, and the memory that stays."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .kernel_memory import ebpf_memory
from .programs import HERE
from .report import Part, Table, Target

# source of the numbers, events on
STATES: Mapping[str, tuple[str, bool]] = {
    "without eBPF": ("file", False),
    "the walk": ("auto", False),
    "events": ("file", True),
    "walk and events": ("auto", True),
}
_NONE, _ALL = "without eBPF", "walk and events"
# psi's clock is learnt by a thread, with programs that are closed again: on a busy machine it takes its time.
_SETTLE_SECONDS = 1.0
_MOST_LOOKS = 20


def measure(rounds: int) -> Part:
    """Opens a collector in a process of its own, in each state in turn."""
    part = Part("Loading eBPF")
    seen: dict[str, list[Mapping[str, float]]] = {name: [] for name in STATES}
    for turn in range(rounds + 1):
        for name in STATES:
            found = _ask(name)
            if turn:  # the first one reads everything from disk
                seen[name].append(found)
    medians = {
        name: {key: statistics.median(one[key] for one in some) for key in some[0]} for name, some in seen.items()
    }
    part.tables.append(
        Table(
            "Opening a collector, which loads and attaches all of its programs (median)",
            ("state", "wall, ms", "CPU, ms", "programs", "RSS, MiB", "PSS, MiB", "kernel memory of eBPF, MiB"),
            tuple(
                (name, *(found[key] for key in ("wall_ms", "cpu_ms", "programs", "rss", "pss", "kernel")))
                for name, found in medians.items()
            ),
            "Wall and CPU end when the collector is open; memory is what is left a second after its start. "
            "Finding out what the kernel allows, with trial loads of its own, is part of every state.",
        )
    )
    is_full = rounds >= 5
    beyond = medians[_ALL]["wall_ms"] - medians[_NONE]["wall_ms"]
    part.targets.append(
        Target(
            "loading the walk and the events' programs, beyond a start without eBPF",
            150,
            beyond if is_full else None,
            "ms",
        )
    )
    return part


def _ask(name: str) -> Mapping[str, float]:
    command = [sys.executable, "-m", "bench.loading", name]
    out = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, check=True).stdout
    found: dict[str, float] = json.loads(out)
    return found


def _smaps(*names: str) -> list[float]:
    """MiB of this process."""
    lines = (line.split() for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:])
    found = {words[0].rstrip(":"): int(words[1]) / 1024 for words in lines}
    return [found[name] for name in names]


def _settled() -> tuple[int, int]:
    """What ``ebpf_memory`` says once two looks agree."""
    before = (-1, -1)
    for _ in range(_MOST_LOOKS):
        time.sleep(_SETTLE_SECONDS)
        now = ebpf_memory("self")
        if now[1] == before[1]:
            return now
        before = now
    raise SystemExit(f"bench: eBPF programs keep coming and going: {before[1]} after {_MOST_LOOKS} looks")


def _open(words: Sequence[str]) -> None:
    from pycadvisor_fast.native.collector import EventSettings, NativeCollector
    from pycadvisor_fast.options import CollectorOptions

    folder = tempfile.mkdtemp(prefix="pcf-bench-", dir="/dev/shm")
    source, has_events = STATES[words[0]]
    options, events = CollectorOptions(source=source), EventSettings(is_on=has_events)
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    collector = NativeCollector(options, folder, events)
    wall, cpu = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
    collector.start()
    kernel, programs = _settled()
    rss, pss = _smaps("Rss", "Pss")
    collector.close()
    shutil.rmtree(folder, ignore_errors=True)
    found = {"wall_ms": wall / 1e6, "cpu_ms": cpu / 1e6, "programs": programs, "rss": rss, "pss": pss}
    print(json.dumps({**found, "kernel": kernel / 2**20}))


if __name__ == "__main__":
    _open(sys.argv[1:])
