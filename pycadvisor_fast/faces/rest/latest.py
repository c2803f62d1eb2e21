"""What each container uses at this moment: CPU between the newest two samples, and the working set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pycadvisor_fast.views.summary import Metric, named, values

if TYPE_CHECKING:
    from pycadvisor_fast.sampling import Ring, Window

_NONE: Mapping[int, int] = {}


@dataclass(frozen=True)
class Usage:
    """By handle: ``cpu`` in thousandths of a core, ``memory`` in bytes. ``time_ns``: wall clock, of the newest."""

    time_ns: int
    cpu: Mapping[int, int]
    memory: Mapping[int, int]

    def of(self, handle: int) -> dict[str, int]:
        """cAdvisor's InstantUsage; 0 for what is not known."""
        return {"cpu": self.cpu.get(handle, 0), "memory": self.memory.get(handle, 0)}


def latest_usage(ring: Ring) -> Usage:
    """Of all containers in the ring."""
    cores, memory = _metric("cpu_cores"), _metric("working_set_bytes")
    used = _window(ring, cores.group, cores.column, 2)
    held = _window(ring, memory.group, memory.column, 1)
    assert memory.less is not None
    less = _window(ring, *memory.less, 1)
    times = [int(window.times_ns[-1]) for window in (used, held) if window is not None and len(window)]
    return Usage(
        max(times, default=0),
        _by_handle(used, cores, 1000) if used is not None and len(used) > 1 else _NONE,
        _by_handle(held, memory, 1, less) if held is not None and len(held) else _NONE,
    )


def _metric(name: str) -> Metric:
    return named([name])[0]


def _window(ring: Ring, group: str, column: str, ticks: int) -> Window | None:
    found = ring.groups.get(group)
    return None if found is None else found.window(ticks=ticks, columns=[column])


def _by_handle(window: Window, metric: Metric, scale: int, less: Window | None = None) -> dict[int, int]:
    newest = values(window, metric, less)[-1] * scale
    pairs = zip(window.handles.tolist(), newest.tolist(), strict=True)
    return {handle: round(value) for handle, value in pairs if value == value}
