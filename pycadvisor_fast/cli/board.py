"""The live overview: latest and previous sample of each group, and one line of numbers for each container.

Pure: captures in, lines out. Groups are sampled at different intervals, so each remembers its own two samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..container import Container
from ..faces.snapshot import ABSENT, UNLIMITED, Capture, GroupCapture

# What the overview needs; asked for when the user names no groups.
GROUPS = ("cpu", "memory", "memory_stat", "limits", "pids", "network", "io", "pressure")
# In the root's row the interfaces are those of the host, where a container's traffic passes several times.
_LOOPBACK = "lo"

Values = dict[int, float]  # by container handle


@dataclass(frozen=True)
class Line:
    """One container. None is "the kernel gave no value", or for a rate "not two samples yet"."""

    container: Container
    cpu_percent: float | None  # of one core
    throttled_percent: float | None  # of the time
    memory_bytes: float | None  # working set: usage less inactive page cache, as cAdvisor and kubelet count it
    memory_limit_bytes: float | None
    read_per_sec: float | None
    write_per_sec: float | None
    rx_per_sec: float | None
    tx_per_sec: float | None
    pids: float | None
    pressure_percent: float | None  # the worst of cpu, memory and io, some avg10

    @property
    def memory_percent(self) -> float | None:
        """Of the container's limit; None without one."""
        if self.memory_bytes is None or not self.memory_limit_bytes:
            return None
        return 100 * self.memory_bytes / self.memory_limit_bytes


class Board:
    """What is known by now."""

    def __init__(self) -> None:
        self.containers: tuple[Container, ...] = ()
        self.tick = 0
        self.time_unix_ns = 0
        self._now: dict[str, GroupCapture] = {}
        self._before: dict[str, GroupCapture] = {}

    def update(self, capture: Capture) -> None:
        """Takes a capture in; its containers replace those known."""
        self.containers = capture.containers
        for name, group in capture.groups.items():
            if not len(group.ticks):
                continue
            latest = self._now.get(name)
            if latest is not None and group.ticks[-1] > latest.ticks[-1]:
                self._before[name] = latest
            self._now[name] = group
            if int(group.ticks[-1]) >= self.tick:
                self.tick, self.time_unix_ns = int(group.ticks[-1]), int(group.time_unix_ns[-1])

    def lines(self) -> list[Line]:
        """One line for each container that has any number."""
        columns = {
            "cpu_percent": _scaled(self._rate("cpu", "usage_ns"), 100 / 1e9),
            "throttled_percent": _scaled(self._rate("cpu", "throttled_ns"), 100 / 1e9),
            "memory_bytes": self._working_set(),
            "memory_limit_bytes": self._gauge("limits", "memory_bytes"),
            "read_per_sec": self._rate("io", "read_bytes"),
            "write_per_sec": self._rate("io", "write_bytes"),
            "rx_per_sec": self._shared(self._rate("network", "rx_bytes")),
            "tx_per_sec": self._shared(self._rate("network", "tx_bytes")),
            "pids": self._gauge("pids", "current"),
            "pressure_percent": self._pressure(),
        }
        out = []
        for container in self.containers:
            numbers = {name: values.get(container.handle) for name, values in columns.items()}
            if any(value is not None for value in numbers.values()):
                out.append(Line(container, **numbers))
        return out

    def _gauge(self, group: str, column: str) -> Values:
        return gauge(self._now.get(group), column)

    def _rate(self, group: str, column: str) -> Values:
        return rate(self._before.get(group), self._now.get(group), column)

    def _shared(self, values: Values) -> Values:
        """Containers of one network namespace (a pod) show what the rows of its owner say."""
        by_slot = {container.slot: container.handle for container in self.containers}
        out = dict(values)
        for container in self.containers:
            owner = by_slot.get(container.netns_owner)
            if not container.is_host_network and owner in values:
                out.setdefault(container.handle, values[owner])
        return out

    def _working_set(self) -> Values:
        usage = self._gauge("memory", "usage_bytes")
        inactive = self._gauge("memory_stat", "inactive_file_bytes")
        return {handle: max(0.0, value - inactive.get(handle, 0.0)) for handle, value in usage.items()}

    def _pressure(self) -> Values:
        out: Values = {}
        for column in ("cpu_some_avg10", "memory_some_avg10", "io_some_avg10"):
            for handle, value in self._gauge("pressure", column).items():
                out[handle] = max(out.get(handle, 0.0), value)
        return out


def gauge(group: GroupCapture | None, column: str) -> Values:
    """Latest value of a column by container, rows of one container added up; absent and unlimited ones left out."""
    if group is None or column not in group.columns:
        return {}
    return _added(group.handles, _numbers(group.columns[column][-1]))


def rate(before: GroupCapture | None, now: GroupCapture | None, column: str) -> Values:
    """Change per second of a counter by container; rows that are new, or ran backwards, are left out."""
    if before is None or now is None or column not in now.columns or column not in before.columns:
        return {}
    earlier = {row: index for index, row in enumerate(before.rows())}
    pairs = [(earlier[row], index) for index, row in enumerate(now.rows()) if row in earlier and row[1] != _LOOPBACK]
    if not pairs:
        return {}
    first, last = (np.array(side, dtype=np.intp) for side in zip(*pairs, strict=True))
    change = _numbers(now.columns[column][-1])[last] - _numbers(before.columns[column][-1])[first]
    seconds = (_read_at(now)[last] - _read_at(before)[first]) / 1e9
    with np.errstate(invalid="ignore", divide="ignore"):
        per_second = np.where((change >= 0) & (seconds > 0), change / seconds, np.nan)
    return _added(now.handles[last], per_second)


def _read_at(group: GroupCapture) -> npt.NDArray[np.float64]:
    """When each row was read, ns on the monotonic clock."""
    return np.asarray(float(group.time_monotonic_ns[-1]) + group.offsets_usec[-1] * 1e3, dtype=np.float64)


def _numbers(column: npt.NDArray[np.uint64] | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if column.dtype.kind == "f":
        return column.astype(np.float64)
    out = column.astype(np.float64)
    out[(column == ABSENT) | (column == UNLIMITED)] = np.nan
    return out


def _added(handles: npt.NDArray[np.uint64], values: npt.NDArray[np.float64]) -> Values:
    out: Values = {}
    for handle, value in zip(handles.tolist(), values.tolist(), strict=True):
        if value == value:  # not NaN
            out[handle] = out.get(handle, 0.0) + value
    return out


def _scaled(values: Mapping[int, float], factor: float) -> Values:
    return {handle: value * factor for handle, value in values.items()}
