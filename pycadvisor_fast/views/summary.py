"""What is summarised of each container, and how a stretch of the ring becomes numbers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import SelectionError
from ..sampling import Window
from .digests import Digests
from .percentiles import percentiles_of
from .rates import window_rates

Floats = NDArray[np.float64]
PERCENTILES = (50.0, 90.0, 95.0, 99.0)
SHORT_NS = (10_000_000, 100_000_000, 1_000_000_000)


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure that is summarised: a gauge as it is, a counter by its growth per second, both times ``scale``.

    ``less``: group and column of a gauge that is taken off it, at its newest tick not after; never below 0.
    """

    name: str
    group: str
    column: str
    is_rate: bool
    scale: float = 1.0
    less: tuple[str, str] | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """Those it is made of."""
        return (self.group,) if self.less is None else (self.group, self.less[0])


METRICS = (
    Metric("cpu_cores", "cpu", "usage_ns", True, 1e-9),
    Metric("memory_bytes", "memory", "usage_bytes", False),
    Metric("working_set_bytes", "memory", "usage_bytes", False, less=("memory_stat", "inactive_file_bytes")),
    Metric("tasks", "pids", "current", False),
    Metric("cpu_waiting_share", "pressure", "cpu_some_usec", True, 1e-6),
    Metric("memory_waiting_share", "pressure", "memory_some_usec", True, 1e-6),
    Metric("io_waiting_share", "pressure", "io_some_usec", True, 1e-6),
)


@dataclass(frozen=True, eq=False)
class Stretch:
    """A figure over a stretch of time, one element a handle, NaN where there was no sample.

    ``count`` says how many samples there were, ``expected`` how many there are in a stretch without gaps: the
    container was not there in the others, or was not sampled.
    """

    from_ns: int  # wall clock
    to_ns: int
    expected: int
    handles: NDArray[np.uint64]
    count: NDArray[np.int64]
    mean: Floats
    deviation: Floats
    least: Floats
    most: Floats
    percentiles: Floats  # [len(PERCENTILES), n]
    is_exact: bool  # of every sample as it was; else within digests.RELATIVE_ERROR


def values(window: Window, metric: Metric, less: Window | None = None) -> Floats:
    """[samples, rows] of a metric. For a rate the first tick is only where it starts from.

    ``less``: the window of what is taken off. Raises SelectionError for a column that was left out of a window.
    """
    found = window_rates(window, metric.column) if metric.is_rate else window.column(metric.column)
    if metric.less is not None and less is not None:
        found = np.maximum(found - _at(less, metric.less[1], window), 0.0)
    return found * metric.scale


def _at(other: Window, column: str, window: Window) -> Floats:
    """[ticks, rows of ``window``] of a column of another group, at its newest tick not after; NaN where there is none.

    What a container has in no tick of the other group is NaN in all.
    """
    out = np.full(window.present.shape, np.nan)
    if not len(other) or not len(other.handles):
        return out
    order = np.argsort(other.handles)
    place = order[np.minimum(np.searchsorted(other.handles, window.handles, sorter=order), len(order) - 1)]
    tick = np.searchsorted(other.ticks, window.ticks, side="right") - 1
    has_tick, has_row = tick >= 0, other.handles[place] == window.handles
    out[np.ix_(has_tick, has_row)] = other.column(column)[np.ix_(tick[has_tick], place[has_row])]
    return out


def stretch(window: Window, found: Floats, expected: int) -> Stretch:
    """Exact figures of a window's ``values``."""
    found = np.where(np.isfinite(found), found, np.nan)
    count = (~np.isnan(found)).sum(axis=0)
    empty = count == 0
    kept = np.nan_to_num(found)
    mean = np.where(empty, np.nan, kept.sum(axis=0) / np.maximum(count, 1))
    apart = np.where(np.isnan(found), 0.0, found - mean) ** 2
    times = window.times_ns
    return Stretch(
        from_ns=int(times[0]) if len(times) else 0,
        to_ns=int(times[-1]) if len(times) else 0,
        expected=expected,
        handles=window.handles,
        count=count,
        mean=mean,
        deviation=np.where(empty, np.nan, np.sqrt(apart.sum(axis=0) / np.maximum(count, 1))),
        least=np.where(empty, np.nan, np.where(np.isnan(found), np.inf, found).min(axis=0, initial=np.inf)),
        most=np.where(empty, np.nan, np.where(np.isnan(found), -np.inf, found).max(axis=0, initial=-np.inf)),
        percentiles=percentiles_of(found, PERCENTILES),
        is_exact=True,
    )


def stretch_of(found: Digests, from_ns: int, to_ns: int, expected: int) -> Stretch:
    """The same from digests: percentiles are off by at most digests.RELATIVE_ERROR, the rest is exact."""
    return Stretch(
        from_ns=from_ns,
        to_ns=to_ns,
        expected=expected,
        handles=found.handles,
        count=found.count,
        mean=found.mean,
        deviation=found.deviation,
        least=found.least,
        most=found.most,
        percentiles=found.quantiles(PERCENTILES),
        is_exact=False,
    )


@dataclass(frozen=True, eq=False)
class ShortWindows:
    """Percentiles of the average use in windows of one length: a peak that a longer average hides is in them."""

    window_ns: int
    count: NDArray[np.int64]  # [n] windows
    percentiles: Floats  # [len(PERCENTILES), n]
    most: Floats


def short_windows(window: Window, metric: Metric, length_ns: int, interval_ns: int) -> ShortWindows | None:
    """Of a counter, in windows of ``length_ns`` side by side; None: it is not sampled that fast, or is no counter.

    A window counts only when its first and last tick were sampled.
    """
    ticks = length_ns // interval_ns
    if not metric.is_rate or not ticks or length_ns % interval_ns or len(window) <= ticks:
        return None
    found = window_rates(every(window, ticks), metric.column) * metric.scale
    # A missed tick lets two neighbours lie further apart than a window: what is between them is no such window.
    apart = np.diff(window.monotonic_ns[::-ticks][::-1])
    found[apart > length_ns + interval_ns // 2] = np.nan
    count = (~np.isnan(found)).sum(axis=0)
    most = np.where(np.isnan(found), -np.inf, found).max(axis=0, initial=-np.inf)
    return ShortWindows(length_ns, count, percentiles_of(found, PERCENTILES), np.where(count > 0, most, np.nan))


def every(window: Window, ticks: int) -> Window:
    """The same window with only each ``ticks``-th tick, the last one among them."""
    chosen = slice(None, None, -ticks)
    return replace(
        window,
        ticks=window.ticks[chosen][::-1],
        times_ns=window.times_ns[chosen][::-1],
        monotonic_ns=window.monotonic_ns[chosen][::-1],
        durations_ns=window.durations_ns[chosen][::-1],
        present=window.present[chosen][::-1],
        offsets_usec=window.offsets_usec[chosen][::-1],
        cells={name: cells[chosen][::-1] for name, cells in window.cells.items()},
    )


@dataclass(frozen=True, eq=False)
class Summary:
    """One metric of all containers over the last minute, hour and day. ``peaks``: of the minute, with its handles."""

    metric: Metric
    interval_ns: int
    minute: Stretch
    hour: Stretch
    day: Stretch
    peaks: tuple[ShortWindows, ...]


def named(names: Sequence[str]) -> tuple[Metric, ...]:
    """The metrics of these names, all when there are none. Raises SelectionError for a name that is none."""
    known = {metric.name: metric for metric in METRICS}
    for name in names:
        if name not in known:
            raise SelectionError(f"there is no summary of {name!r}; there are {', '.join(known)}")
    return tuple(known[name] for name in names) or METRICS
