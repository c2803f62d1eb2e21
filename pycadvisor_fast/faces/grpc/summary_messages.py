"""Summaries as protobuf messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pycadvisor_fast.v1 import summary_pb2 as pb
from pycadvisor_fast.views.digests import RELATIVE_ERROR
from pycadvisor_fast.views.summary import ShortWindows, Stretch, Summary

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container

_NAMES = ("p50", "p90", "p95", "p99")  # views.summary.PERCENTILES


def response(summaries: Mapping[str, Summary], containers: Iterable[Container]) -> pb.GetSummaryResponse:
    """The summaries of these containers; a container without any sample has no metrics."""
    tables = [_Table(summary) for summary in summaries.values()]
    return pb.GetSummaryResponse(
        relative_error=RELATIVE_ERROR,
        containers=[
            pb.ContainerSummary(
                handle=one.handle,
                metrics=[message for table in tables if (message := table.message(one.handle)) is not None],
            )
            for one in containers
        ],
    )


class _Table:
    """One metric, with the row of each container."""

    def __init__(self, summary: Summary) -> None:
        self.summary = summary
        self._stretches = {"minute": summary.minute, "hour": summary.hour, "day": summary.day}
        self._rows = {
            name: {handle: row for row, handle in enumerate(one.handles.tolist())}
            for name, one in self._stretches.items()
        }

    def message(self, handle: int) -> pb.MetricSummary | None:
        found = {name: rows[handle] for name, rows in self._rows.items() if handle in rows}
        parts: dict[str, Any] = {name: _stretch(self._stretches[name], row) for name, row in found.items()}
        if not any(parts.values()):
            return None
        message = pb.MetricSummary(metric=self.summary.metric.name, interval_ns=self.summary.interval_ns, **parts)
        if "minute" in found:
            peaks = (_short(one, found["minute"]) for one in self.summary.peaks)
            message.peaks.extend(one for one in peaks if one is not None)
        return message


def _stretch(one: Stretch, row: int) -> pb.Stretch | None:
    if not one.count[row]:
        return None
    return pb.Stretch(
        from_unix_ns=one.from_ns,
        to_unix_ns=one.to_ns,
        count=int(one.count[row]),
        expected=one.expected,
        mean=one.mean[row],
        deviation=one.deviation[row],
        min=one.least[row],
        max=one.most[row],
        is_exact=one.is_exact,
        **_percentiles(one, row),
    )


def _short(one: ShortWindows, row: int) -> pb.ShortWindows | None:
    if not one.count[row]:
        return None
    return pb.ShortWindows(
        window_ns=one.window_ns, count=int(one.count[row]), max=one.most[row], **_percentiles(one, row)
    )


def _percentiles(one: Stretch | ShortWindows, row: int) -> dict[str, Any]:
    return dict(zip(_NAMES, one.percentiles[:, row].tolist(), strict=True))
