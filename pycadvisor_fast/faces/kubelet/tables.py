"""The newest tick of the groups that a summary needs, read once each, looked up by container from then on.

Reading is numpy; what is handed out are Python numbers, None where the kernel gave none.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pycadvisor_fast.errors import RingError, TornError
from pycadvisor_fast.spec import UNLIMITED
from pycadvisor_fast.views.rates import pair

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container
    from pycadvisor_fast.sampling import Ring, Snapshot
    from pycadvisor_fast.sampling.group import GroupRing

RATE_SECONDS = 10.0
"""Span of usageNanoCores: kubelet's own window, its housekeeping interval of 10 s."""


class Table:
    """One tick of a group. An empty one stands for a group that is not sampled here."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self.snapshot = snapshot
        self.time_ns = 0 if snapshot is None else snapshot.time_ns
        self._rows: dict[int, list[int]] = defaultdict(list)
        self._integers: dict[str, list[int]] = {}
        self._reals: dict[str, list[float]] = {}
        if snapshot is not None:
            for row, handle in enumerate(snapshot.handles.tolist()):
                self._rows[handle].append(row)

    def has(self, one: Container) -> bool:
        """Whether the container was sampled in this tick."""
        return one.handle in self._rows

    def integer(self, one: Container, column: str) -> int | None:
        """A value of its first row; None: absent or unlimited."""
        rows = self._rows.get(one.handle)
        return self._integer(rows[0], column) if rows else None

    def real(self, one: Container, column: str) -> float | None:
        """A value with a fraction, as an average of PSI has."""
        rows = self._rows.get(one.handle)
        if not rows or self.snapshot is None:
            return None
        if column not in self._reals:
            self._reals[column] = self.snapshot.column(column).tolist()
        value = self._reals[column][rows[0]]
        return value if math.isfinite(value) else None

    def by_key(self, one: Container, *columns: str) -> dict[str, list[int | None]]:
        """Of a keyed group: the columns of each of its rows, by key."""
        if self.snapshot is None or self.snapshot.keys is None:
            return {}
        rows = self._rows.get(one.handle, [])
        return {str(self.snapshot.keys[row]): [self._integer(row, column) for column in columns] for row in rows}

    def rates(self, before: Snapshot | None, column: str) -> dict[int, float]:
        """Growth per second since an earlier tick, by handle, of those that were there."""
        if self.snapshot is None or before is None:
            return {}
        rates = pair(before, self.snapshot).rate(column)
        known = np.isfinite(rates)
        return dict(zip(self.snapshot.handles[known].tolist(), rates[known].tolist(), strict=True))

    def _integer(self, row: int, column: str) -> int | None:
        if self.snapshot is None:
            return None
        if column not in self._integers:
            self._integers[column] = self.snapshot.integers(column).tolist()
        value = self._integers[column][row]
        return value if value < UNLIMITED else None


class Tables:
    """The groups of one summary; each is read when it is first asked for."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._tables: dict[str, Table] = {}

    def __getitem__(self, group: str) -> Table:
        if group not in self._tables:
            self._tables[group] = Table(self._snapshot(group))
        return self._tables[group]

    def cpu_rates(self) -> dict[int, float]:
        """usage_ns a second, by handle: over RATE_SECONDS, for younger containers since the tick before."""
        table = self["cpu"]
        if table.snapshot is None:
            return {}
        group, tick = self._ring.groups["cpu"], table.snapshot.tick
        most = max(1, round(RATE_SECONDS * 1e9 / group.interval_ns))
        recent = table.rates(_earlier(group, tick, 1, lambda steps: steps + 1, most), "usage_ns")
        return recent | table.rates(_earlier(group, tick, most, lambda steps: steps // 2, most), "usage_ns")

    def _snapshot(self, group: str) -> Snapshot | None:
        found = self._ring.groups.get(group)
        if found is None:
            return None
        try:
            return found.snapshot()
        except TornError:
            raise
        except RingError:  # no tick yet: the group is slow, and the collector has just begun
            return None


def _earlier(group: GroupRing, tick: int, first: int, following: Callable[[int], int], most: int) -> Snapshot | None:
    """A tick some steps before ``tick`` that is whole: a pass that ran late has skipped some."""
    steps = first
    while 0 < steps <= most:
        try:
            return group.snapshot(tick - steps * group.stride)
        except TornError:
            steps = following(steps)
    return None
