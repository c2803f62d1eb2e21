"""What another process pays that reads the ring."""

from __future__ import annotations

import time

from pycadvisor_fast.sampling import attach
from pycadvisor_fast.sampling.cost import attach_cost, read_costs

from .cgroups import Cgroups
from .report import Part, Table
from .served import Daemon

_WINDOW_SECONDS = 2.0


def measure(count: int) -> Part:
    """Attaches to a daemon over ``count`` containers."""
    part = Part("Attaching to the ring")
    with Cgroups(count, name="attached"), Daemon("--housekeeping_interval=100ms") as daemon:
        daemon.first_sample(count)
        time.sleep(_WINDOW_SECONDS)
        map_us = attach_cost(str(daemon.ring_dir)) / 1000
        with attach(daemon.ring_dir) as ring:
            costs = read_costs(ring)
            rows = [
                (
                    name,
                    int(found["rows"]),
                    int(found["columns"]),
                    found["snapshot_ns"] / 1000,
                    found["reading_ns"] / 1000,
                    found.get("column_ns", 0.0) / 1000,
                    _window_us(ring.group(name).window),
                )
                for name, found in costs.items()
            ]
    part.tables.append(
        Table(
            f"{count} containers at 10 Hz, microseconds of a call",
            (
                "group",
                "rows",
                "columns",
                "snapshot (copy)",
                "reading (no copy)",
                "one column, float64",
                "window of 2 s",
            ),
            tuple(rows),
            f"Mapping the whole ring: {map_us:.0f} microseconds. A window of 2 s holds 20 ticks, all columns.",
        )
    )
    return part


def _window_us(window: object) -> float:
    assert callable(window)
    began = time.perf_counter_ns()
    for _ in range(3):
        window(_WINDOW_SECONDS)
    return (time.perf_counter_ns() - began) / 3000
