"""The live overview: latest and previous sample of each group, and one line of numbers for each container.

Pure: captures in, lines out. Groups are sampled at different intervals, so each remembers its own two samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..container import Container
from ..faces.snapshot import ABSENT, UNLIMITED, Capture, GroupCapture
from ..views import tables

# What the overview needs; asked for when the user names no groups.
GROUPS = tables.GROUPS


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
        columns = tables.table(self.containers, *self._samples()).columns
        pressures = [columns[f"{name}_pressure_percent"] for name in ("cpu", "memory", "io")]
        # Where inactive page cache is not sampled, usage is the closest there is.
        memory = np.fmin(columns["memory_working_set_bytes"], columns["memory_usage_bytes"])
        shown = {
            "cpu_percent": columns["cpu_percent"],
            "throttled_percent": columns["throttled_percent"],
            "memory_bytes": memory,
            "memory_limit_bytes": columns["memory_limit_bytes"],
            "read_per_sec": columns["read_bytes_per_sec"],
            "write_per_sec": columns["write_bytes_per_sec"],
            "rx_per_sec": columns["rx_bytes_per_sec"],
            "tx_per_sec": columns["tx_bytes_per_sec"],
            "pids": columns["pids"],
            "pressure_percent": np.fmax.reduce(pressures),
        }
        plain = {name: [v if np.isfinite(v) else None for v in values.tolist()] for name, values in shown.items()}
        out = []
        for index, container in enumerate(self.containers):
            numbers = {name: values[index] for name, values in plain.items()}
            if any(value is not None for value in numbers.values()):
                out.append(Line(container, **numbers))
        return out

    def _samples(self) -> tuple[Mapping[str, _Sample], Mapping[str, _Sample]]:
        """The two samples of each group, with rows numbered alike."""
        before, after = {}, {}
        for name, group in self._now.items():
            earlier = self._before.get(name)
            numbers: dict[tuple[int, str], int] = {}
            if earlier is not None:
                before[name] = _Sample(earlier, numbers)
            after[name] = _Sample(group, numbers)
        return before, after


class _Sample:
    """The newest tick of a capture as views read it (views.rates.Sampled)."""

    def __init__(self, capture: GroupCapture, numbers: dict[tuple[int, str], int]) -> None:
        """``numbers``: of the rows seen by now; those of this capture are added."""
        self._capture = capture
        self.group = capture.name
        self.rows = np.array([numbers.setdefault(row, len(numbers)) for row in capture.rows()], np.intp)
        self.handles = capture.handles
        self.keys: NDArray[Any] | None = np.array(capture.keys, np.str_) if capture.keys else None

    def __len__(self) -> int:
        return len(self.handles)

    @property
    def sampled_ns(self) -> NDArray[np.int64]:
        offsets: NDArray[np.int64] = self._capture.offsets_usec[-1].astype(np.int64) * 1000
        return offsets + int(self._capture.time_monotonic_ns[-1])

    def column(self, name: str) -> NDArray[np.float64]:
        values = self._values(name)
        out = values.astype(np.float64)
        if values.dtype.kind != "f":
            out[values == UNLIMITED] = np.inf
            out[values == ABSENT] = np.nan
        return out

    def integers(self, name: str) -> NDArray[np.uint64]:
        return self._values(name).astype(np.uint64)

    def _values(self, name: str) -> NDArray[Any]:
        values = self._capture.columns.get(name)
        return np.full(len(self), ABSENT) if values is None else values[-1]
