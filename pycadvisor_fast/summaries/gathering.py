"""The thread that digests the ring once a minute, for all containers at once, and what it knows."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import RingError
from ..sampling import Ring, Window
from ..views.digests import digest
from ..views.summary import (
    METRICS,
    SHORT_NS,
    Floats,
    Metric,
    Summary,
    named,
    short_windows,
    stretch,
    stretch_of,
    values,
)
from .keeping import DAY_NS, HOUR_NS, MINUTE_NS, Kept, Part

log = logging.getLogger(__name__)

_MINUTE_S = 60.0
_FRESH_S = 5.0  # whoever asks every second must not fill the store with parts of a second


class Summaries:
    """Keeps digests of the ring. ``start`` and ``stop`` for one thread, ``summary`` for any."""

    def __init__(self, ring: Ring, history_s: float, metrics: Sequence[Metric] = METRICS) -> None:
        """``history_s``: how far the ring reaches; it is digested before half of that is overwritten."""
        self._ring = ring
        self._every_s = min(_MINUTE_S, max(1.0, history_s / 2))
        self._kept = {metric.name: Kept() for metric in metrics}
        self._last_tick: dict[str, int] = {}
        self._lock = threading.Lock()
        self._rounds = 0
        self._gathered_at = float("-inf")
        self._took_ns = 0
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins."""
        if self._thread is None:
            self._end.clear()
            self._thread = threading.Thread(target=self._run, name="pcf-summary", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends it; what was digested stays."""
        if self._thread is not None:
            self._end.set()
            self._thread.join()
            self._thread = None

    def gather(self) -> None:
        """Digests what was sampled since the last call."""
        begun = time.thread_time_ns()
        with self._lock:
            for metric in METRICS:
                if metric.name in self._kept and self._is_sampled(metric):
                    self._digest(metric, self._kept[metric.name])
            self._rounds += 1
            self._gathered_at = time.monotonic()
            self._took_ns = time.thread_time_ns() - begun

    def summary(self, names: Sequence[str] = ()) -> Mapping[str, Summary]:
        """By name of the metric; those whose group is not sampled here are left out. Raises SelectionError for a name
        that is none."""
        wanted = named(names)
        if time.monotonic() - self._gathered_at > _FRESH_S:
            self.gather()
        with self._lock:
            return {
                metric.name: self._summary(metric, self._kept[metric.name])
                for metric in wanted
                if self._is_sampled(metric)
            }

    def status(self) -> dict[str, Any]:
        """Counters for ``Collector.status``."""
        return {"rounds": self._rounds, "last_round_cpu_ns": self._took_ns}

    def _run(self) -> None:
        while not self._end.wait(self._every_s):
            try:
                self.gather()
            except RingError as error:
                log.debug("summaries: %s", error)
            except Exception:
                log.exception("summaries: this minute is lost")

    def _digest(self, metric: Metric, kept: Kept) -> None:
        last = self._last_tick.get(metric.name, 0)
        # A rate needs the last tick again: it is what the first new one grew from.
        window = self._window(metric, since=last - 1 if metric.is_rate and last else last)
        if len(window) > (1 if metric.is_rate else 0):
            times = window.times_ns
            kept.add(Part(int(times[0]), int(times[-1]), digest(self._values(window, metric), window.handles)))
            self._last_tick[metric.name] = int(window.ticks[-1])

    def _is_sampled(self, metric: Metric) -> bool:
        return all(group in self._ring.groups for group in metric.groups)

    def _values(self, window: Window, metric: Metric) -> Floats:
        if metric.less is None or not len(window):
            return values(window, metric)
        group, column = metric.less
        other = self._ring.group(group)
        since = int(window.ticks[0]) - other.stride  # one tick of the slower group is at or before the first
        return values(window, metric, other.window(since=max(since, 0), columns=[column]))

    def _window(self, metric: Metric, **which: Any) -> Window:
        return self._ring.group(metric.group).window(columns=[metric.column], **which)

    def _summary(self, metric: Metric, kept: Kept) -> Summary:
        interval_ns = self._ring.group(metric.group).interval_ns
        window = self._window(metric, seconds=_MINUTE_S)
        now_ns = int(window.times_ns[-1]) if len(window) else time.time_ns()
        hour, day = kept.hour(now_ns), kept.day(now_ns)
        peaks = (short_windows(window, metric, length, interval_ns) for length in SHORT_NS)
        return Summary(
            metric,
            interval_ns,
            stretch(window, self._values(window, metric), MINUTE_NS // interval_ns),
            stretch_of(hour.digests, hour.from_ns, hour.to_ns, HOUR_NS // interval_ns),
            stretch_of(day.digests, day.from_ns, day.to_ns, DAY_NS // interval_ns),
            tuple(found for found in peaks if found is not None),
        )
