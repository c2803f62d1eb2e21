"""A live table: one line a container, one column for each number a person looks at first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..container import Container
from ..errors import SelectionError
from ..sampling import Ring, Snapshot
from ..schema import near
from .rates import Pair, Sampled, pair
from .top import top

Floats = NDArray[np.float64]

GROUPS = ("cpu", "memory", "memory_stat", "limits", "pids", "network", "io", "pressure")
"""What a table is made of; a group that is missing leaves its columns NaN."""

COLUMNS = (
    "cpu_percent",
    "throttled_percent",
    "memory_usage_bytes",
    "memory_working_set_bytes",
    "memory_limit_bytes",
    "pids",
    "rx_bytes_per_sec",
    "tx_bytes_per_sec",
    "read_bytes_per_sec",
    "write_bytes_per_sec",
    "cpu_pressure_percent",
    "memory_pressure_percent",
    "io_pressure_percent",
)


@dataclass(frozen=True, eq=False)
class Table:
    """``columns[name]`` is float64 [containers]: NaN = not given or not two samples yet, inf = unlimited.

    cpu_percent is of one core, throttled_percent of the time; the working set is usage less inactive page cache, as
    cAdvisor and the kubelet count it; network and io are summed over interfaces (the machine's own less loopback) and
    devices.
    """

    containers: tuple[Container, ...]
    columns: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.containers)

    def sorted_by(self, column: str, k: int | None = None) -> Table:
        """The lines with the largest values first, at most ``k``; those without a value last. Raises SelectionError."""
        if column not in self.columns:
            raise SelectionError(f"the table has no column {column!r}{near(column, self.columns)}")
        values = self.columns[column]
        order = np.concatenate([top(values, len(values)), np.flatnonzero(np.isnan(values))])[:k]
        containers = tuple(self.containers[index] for index in order.tolist())
        return Table(containers, {name: values[order] for name, values in self.columns.items()})

    def lines(self) -> list[dict[str, object]]:
        """For printing: name, path, runtime and the numbers, None where there is none."""
        numbers = {name: _plain(values) for name, values in self.columns.items()}
        return [
            {"name": c.display_name, "path": c.path, "runtime": c.runtime, **{n: numbers[n][i] for n in numbers}}
            for i, c in enumerate(self.containers)
        ]


def latest(ring: Ring) -> dict[str, Snapshot]:
    """The latest snapshot of each group a table needs; groups that are off or have no tick yet are left out."""
    groups = [ring.groups[name] for name in GROUPS if name in ring.groups]
    return {group.name: group.snapshot() for group in groups if group.latest_tick}


def table(containers: Sequence[Container], before: Mapping[str, Sampled], after: Mapping[str, Sampled]) -> Table:
    """The table of ``containers`` from two sets of snapshots by group (see ``latest``)."""
    lines = _Lines(containers)
    pairs = {name: pair(before[name], snapshot) for name, snapshot in after.items() if name in before}
    usage = lines.gauge(after.get("memory"), "usage_bytes")
    inactive = lines.gauge(after.get("memory_stat"), "inactive_file_bytes")
    columns = {
        "cpu_percent": lines.rate(pairs.get("cpu"), "usage_ns") / 1e7,
        "throttled_percent": lines.rate(pairs.get("cpu"), "throttled_ns") / 1e7,
        "memory_usage_bytes": usage,
        "memory_working_set_bytes": np.maximum(usage - inactive, 0.0),
        "memory_limit_bytes": lines.gauge(after.get("limits"), "memory_bytes"),
        "pids": lines.gauge(after.get("pids"), "current"),
        "rx_bytes_per_sec": lines.network_rate(pairs.get("network"), "rx_bytes"),
        "tx_bytes_per_sec": lines.network_rate(pairs.get("network"), "tx_bytes"),
        "read_bytes_per_sec": lines.rate(pairs.get("io"), "read_bytes"),
        "write_bytes_per_sec": lines.rate(pairs.get("io"), "write_bytes"),
        "cpu_pressure_percent": lines.gauge(after.get("pressure"), "cpu_some_avg10"),
        "memory_pressure_percent": lines.gauge(after.get("pressure"), "memory_some_avg10"),
        "io_pressure_percent": lines.gauge(after.get("pressure"), "io_some_avg10"),
    }
    return Table(tuple(containers), columns)


class _Lines:
    """Adds up rows by container."""

    def __init__(self, containers: Sequence[Container]) -> None:
        self._handles = np.array([c.handle for c in containers], np.uint64)
        by_slot = {c.slot: c for c in containers}
        owners = [c if c.is_host_network else by_slot.get(c.netns_owner, c) for c in containers]
        self._network_handles = np.array([c.handle for c in owners], np.uint64)

    def gauge(self, snapshot: Sampled | None, column: str) -> Floats:
        if snapshot is None:
            return np.full(len(self._handles), np.nan)
        return _sum_by(self._handles, snapshot.handles, snapshot.column(column))

    def rate(self, two: Pair | None, column: str) -> Floats:
        if two is None:
            return np.full(len(self._handles), np.nan)
        return _sum_by(self._handles, two.after.handles, two.rate(column))

    def network_rate(self, two: Pair | None, column: str) -> Floats:
        """Containers that share a namespace show what its owner's rows say."""
        if two is None:
            return np.full(len(self._handles), np.nan)
        values = two.rate(column)
        if two.after.keys is not None:
            values = np.where(two.after.keys == "lo", np.nan, values)
        return _sum_by(self._network_handles, two.after.handles, values)


def _sum_by(wanted: NDArray[np.uint64], handles: NDArray[np.uint64], values: Floats) -> Floats:
    """For each wanted handle the sum of its values, NaN left out; NaN where it has none."""
    known = ~np.isnan(values)
    unique, index = np.unique(handles[known], return_inverse=True)
    if not len(unique):
        return np.full(len(wanted), np.nan)
    sums = np.bincount(index, values[known], len(unique))
    place = np.minimum(np.searchsorted(unique, wanted), len(unique) - 1)
    return np.where(unique[place] == wanted, sums[place], np.nan)


def _plain(values: Floats) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]
