"""What reading an attached ring costs, for bench/ and for the curious."""

from __future__ import annotations

import time
from collections.abc import Callable

from .group import GroupRing
from .ring import Ring


def read_costs(ring: Ring, seconds_each: float = 0.05) -> dict[str, dict[str, float]]:
    """By group, ns for one call of: latest_tick, snapshot (copy), reading (no copy, checked), column (float64 of a
    snapshot); and rows in the snapshot. Groups without a complete tick are left out."""
    return {name: _group_costs(group, seconds_each) for name, group in ring.groups.items() if group.latest_tick}


def attach_cost(path: str, seconds: float = 0.2) -> float:
    """ns to map a whole ring directory and let go of it."""

    def once() -> None:
        Ring(path).close()

    return _ns_each(once, seconds)


def _group_costs(group: GroupRing, seconds: float) -> dict[str, float]:
    snapshot = group.snapshot()
    out = {"rows": float(len(snapshot)), "columns": float(len(group.columns.names))}
    out["latest_tick_ns"] = _ns_each(lambda: group.latest_tick, seconds)
    out["snapshot_ns"] = _ns_each(lambda: group.snapshot(), seconds)
    out["reading_ns"] = _ns_each(lambda: group.reading().check(), seconds)
    if group.columns.names:
        name = group.columns.names[0]
        out["column_ns"] = _ns_each(lambda: snapshot.column(name), seconds)
    return out


def _ns_each(call: Callable[[], object], seconds: float) -> float:
    count, begin = 0, time.perf_counter_ns()
    end = begin + round(seconds * 1e9)
    while count == 0 or time.perf_counter_ns() < end:
        call()
        count += 1
    return (time.perf_counter_ns() - begin) / count
