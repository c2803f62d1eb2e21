"""Taking turns and medians: every method in every round, in changing order, so that what disturbs one disturbs all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Cost:
    """What one pass took, in nanoseconds; ``parts`` by name, as whoever measured it could tell."""

    cpu_ns: float
    wall_ns: float
    parts: Mapping[str, float] = field(default_factory=dict)


def interleaved(methods: Mapping[str, Callable[[], Cost]], rounds: int, before: Callable[[], None]) -> dict[str, Cost]:
    """Median cost of each method over ``rounds``; ``before`` runs ahead of every single pass (the kick).

    Each pass begins after the same pause: a real one comes a second after the last, with caches as cold as others have
    left them, and a method must not profit from what the one before it has just read.

    One round more is run first and thrown away: caches, lazily opened descriptors.
    """
    seen: dict[str, list[Cost]] = {name: [] for name in methods}
    names = list(methods)
    for turn in range(rounds + 1):
        for name in names:
            before()
            time.sleep(_PAUSE_SECONDS)
            cost = methods[name]()
            if turn:
                seen[name].append(cost)
        names = names[1:] + names[:1]
    return {name: median(costs) for name, costs in seen.items()}


def median(costs: list[Cost]) -> Cost:
    """Median of CPU, of wall time and of each part, each by itself."""
    parts: dict[str, list[float]] = {}
    for cost in costs:
        for name, value in cost.parts.items():
            parts.setdefault(name, []).append(value)
    return Cost(
        statistics.median(c.cpu_ns for c in costs),
        statistics.median(c.wall_ns for c in costs),
        {name: statistics.median(values) for name, values in parts.items()},
    )


def of_this_process(work: Callable[[], object]) -> Cost:
    """Cost of a call in this process, all its threads."""
    cpu, wall = time.process_time_ns(), time.perf_counter_ns()
    work()
    return Cost(time.process_time_ns() - cpu, time.perf_counter_ns() - wall)


def process_cpu_ns(pid: int) -> int:
    """CPU time a process has used, from /proc/<pid>/schedstat of its threads (ns; /proc/<pid>/stat has 10 ms steps)."""
    from pathlib import Path

    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total
