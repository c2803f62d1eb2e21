"""The walk through kernel memory beside our reader of files: the parts of a tick, and what was promised of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .measure import Cost
from .report import Table, Target

WALK, WALK_STALE = "bpf walk", "bpf walk, no flush"
WALK_NAMES = {WALK: "bpf", WALK_STALE: "bpf-stale"}  # as shown; as pass_worker calls it
_FILES = "pread"

Found = Mapping[tuple[str, str], Cost]


def rows(found: Found, walked: Sequence[str], count: int, state: str) -> list[tuple[Any, ...]]:
    """For each of the two walks what its tick is made of, and what its groups cost from files, in microseconds."""
    return [
        (count, state, name, *parts_of(found[name, "fast"], walked, count), *_against(found, name, walked))
        for name in WALK_NAMES
        if (name, "fast") in found
    ]


def table(rows_of_all: Sequence[tuple[Any, ...]], walked: Sequence[str]) -> Table:
    """Their table."""
    return Table(
        "What a tick by the walk is made of, CPU microseconds of each container (median)",
        ("N", "", "method", "tick", "flush", "walk", "to the ring", "others", "pread / tick", "pread / walked groups"),
        tuple(rows_of_all),
        f"Walked groups: {', '.join(walked)}; flush, walk and to the ring are theirs. Others: groups still read "
        "from files or netlink. The walk passes over every cgroup of the machine, the bench's or not. pread / tick "
        "compares all groups of the tick with all of our pread reader's, pread / walked groups those of the walk with "
        "the same ones of pread.",
    )


def targets(busy: Found | None, walked: Sequence[str]) -> list[Target]:
    """Of 1000 busy containers; None: not measured."""
    found = busy if busy and (WALK, "fast") in busy and (_FILES, "fast") in busy else None
    limit = 100 / 6
    tick = walk = us = None
    if found:
        ours, files = found[WALK, "fast"], found[_FILES, "fast"]
        tick = 100 * ours.cpu_ns / files.cpu_ns
        walk = 100 * _of(ours, walked) / _of(files, walked)
        us = ours.cpu_ns / 1e6
    return [
        Target("tick by eBPF with flush, 1000 busy containers, all groups, of our pread reader", limit, tick, "%"),
        Target("the same, groups that the walk gives", limit, walk, "%"),
        Target("tick by eBPF with flush, 1000 busy containers, of each", 7, us, "us"),
    ]


def _of(cost: Cost, groups: Sequence[str]) -> float:
    return sum(cost.parts.get(name, 0.0) for name in groups)


def parts_of(cost: Cost, walked: Sequence[str], count: int) -> tuple[float | None, ...]:
    """CPU microseconds of a container: the tick; flush, walk and copying to the ring of walked groups; the others."""
    us = 1000 * count
    mine = _of(cost, walked)
    flush, walk = cost.parts.get("flush_ns"), cost.parts.get("walk_ns")
    copy = None if flush is None or walk is None else mine - flush - walk
    return tuple(
        None if value is None else value / us for value in (cost.cpu_ns, flush, walk, copy, cost.cpu_ns - mine)
    )


def _against(found: Found, name: str, walked: Sequence[str]) -> tuple[float | None, float | None]:
    if (_FILES, "fast") not in found:
        return None, None
    ours, files = found[name, "fast"], found[_FILES, "fast"]
    return files.cpu_ns / ours.cpu_ns, _of(files, walked) / _of(ours, walked)
