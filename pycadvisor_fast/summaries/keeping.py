"""Digests of one metric over an hour and a day, the coarser the older."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from ..views.digests import Digests, merge

MINUTE_NS = 60_000_000_000
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
_TEN_NS = 10 * MINUTE_NS
_LONG_NS = 3 * HOUR_NS


class Part(NamedTuple):
    """What was sampled between two moments (wall clock)."""

    from_ns: int
    to_ns: int
    digests: Digests


class Kept:
    """For one thread at a time. Older parts are merged into longer ones: what they take stops growing."""

    def __init__(self) -> None:
        self._minutes: list[Part] = []  # after the last ten
        self._tens: deque[Part] = deque(maxlen=HOUR_NS // _TEN_NS)
        self._open: Part | None = None  # those tens again, since the last of the following
        self._longs: deque[Part] = deque(maxlen=DAY_NS // _LONG_NS)

    def add(self, part: Part) -> None:
        """Adds what came after everything before it; parts may be shorter than a minute."""
        if self._minutes and part.to_ns - self._minutes[0].from_ns > _TEN_NS:
            self._close_ten()
        self._minutes.append(part)

    def hour(self, now_ns: int) -> Part:
        """The last hour, to ten minutes."""
        return _joined(part for part in (*self._tens, *self._minutes) if part.to_ns > now_ns - HOUR_NS)

    def day(self, now_ns: int) -> Part:
        """The last day, to three hours."""
        parts = (*self._longs, *((self._open,) if self._open else ()), *self._minutes)
        return _joined(part for part in parts if part.to_ns > now_ns - DAY_NS)

    def _close_ten(self) -> None:
        ten = _joined(self._minutes)
        self._minutes = []
        self._tens.append(ten)
        if self._open and ten.to_ns - self._open.from_ns > _LONG_NS:
            self._longs.append(self._open)
            self._open = None
        self._open = _joined([self._open, ten]) if self._open else ten


def _joined(parts: Iterable[Part]) -> Part:
    every = list(parts)
    return Part(
        min((part.from_ns for part in every), default=0),
        max((part.to_ns for part in every), default=0),
        merge([part.digests for part in every]),
    )
