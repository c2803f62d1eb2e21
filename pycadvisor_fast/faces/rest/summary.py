"""Derived statistics as `summary` of v2.x gives them (info/v2, type DerivedStats). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pycadvisor_fast.machine.cadvisor import go_time

from . import go_json

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container
    from pycadvisor_fast.views.summary import Stretch, Summary

    from .latest import Usage

METRICS = ("cpu_cores", "working_set_bytes", "memory_bytes")
"""What cAdvisor summarises: CPU and the working set; all of the memory where its parts are not sampled."""
_MILLI = 1000
_EMPTY = {"present": False, "mean": 0, "std": 0, "max": 0, "fifty": 0, "ninety": 0, "ninetyfive": 0, "count": 0}


def answer(containers: Sequence[Container], summaries: Mapping[str, Summary], latest: Usage) -> bytes:
    """The object: DerivedStats by name of the container."""
    rows = {name: _Rows(summary, _MILLI if name == "cpu_cores" else 1) for name, summary in summaries.items()}
    cpu, memory = rows.get("cpu_cores"), rows.get("working_set_bytes") or rows.get("memory_bytes")
    return go_json.dumps(
        {
            one.path: {
                "timestamp": go_time(latest.time_ns),
                "latest_usage": latest.of(one.handle),
                **{f"{span}_usage": _usage(span, one.handle, cpu, memory) for span in ("minute", "hour", "day")},
            }
            for one in containers
        }
    )


def _usage(span: str, handle: int, cpu: _Rows | None, memory: _Rows | None) -> dict[str, Any]:
    return {
        "percent_complete": max((rows.percent(span, handle) for rows in (cpu, memory) if rows), default=0),
        "cpu": cpu.percentiles(span, handle) if cpu else _EMPTY,
        "memory": memory.percentiles(span, handle) if memory else _EMPTY,
    }


class _Rows:
    """One metric, to be asked container by container."""

    def __init__(self, summary: Summary, scale: int) -> None:
        self._stretches = {"minute": summary.minute, "hour": summary.hour, "day": summary.day}
        self._places = {span: _places(found.handles) for span, found in self._stretches.items()}
        self._scale = scale

    def percent(self, span: str, handle: int) -> int:
        """How much of the time there are samples of."""
        stretch, at = self._stretches[span], self._places[span].get(handle)
        if at is None or not stretch.expected:
            return 0
        return min(100, round(100 * int(stretch.count[at]) / stretch.expected))

    def percentiles(self, span: str, handle: int) -> dict[str, Any]:
        """cAdvisor's Percentiles."""
        stretch, at = self._stretches[span], self._places[span].get(handle)
        if at is None or not stretch.count[at]:
            return _EMPTY
        return self._numbers(stretch, at)

    def _numbers(self, stretch: Stretch, at: int) -> dict[str, Any]:
        fifty, ninety, ninety_five = stretch.percentiles[:3, at]
        found = {
            "mean": stretch.mean[at],
            "std": stretch.deviation[at],
            "max": stretch.most[at],
            "fifty": fifty,
            "ninety": ninety,
            "ninetyfive": ninety_five,
        }
        whole = {name: max(0, round(float(value) * self._scale)) for name, value in found.items()}
        return {"present": True, **whole, "count": int(stretch.count[at])}


def _places(handles: NDArray[np.uint64]) -> dict[int, int]:
    return {handle: place for place, handle in enumerate(handles.tolist())}
