"""Columns taken from the ring: for each group its ticks, its rows, and arrays of [ticks, rows]. No Python a sample."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pycadvisor_fast.native import ABSENT, UNLIMITED
from pycadvisor_fast.sampling.cells import scale

from .column_query import ColumnQuery, Times
from .errors import ApiError

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container
    from pycadvisor_fast.feed import Feed
    from pycadvisor_fast.sampling import GroupRing, Window
    from pycadvisor_fast.views.selection import Selector

MOST_CELLS = 32_000_000
"""Numbers in one answer: 256 MB as numpy bytes."""
_SELECTIONS_KEPT = 64


@dataclass(frozen=True, eq=False)
class GroupData:
    """One group's part of an answer. Arrays are [ticks, rows], ``handles`` and ``keys`` [rows]."""

    name: str
    interval_ns: int
    window: Window

    @property
    def names(self) -> Sequence[str]:
        """Its columns, in the order of the table."""
        return [name for name in self.window.columns.names if name in self.window.cells]

    def exact(self, name: str) -> NDArray[np.uint64]:
        """As the kernel counts (PSI averages in hundredths), with native.ABSENT and native.UNLIMITED."""
        return self.window.integers(name)

    def floats(self, name: str) -> NDArray[np.float64]:
        """In the column's unit; NaN = absent, inf = unlimited."""
        return self.window.column(name)

    def listed(self, name: str) -> list[list[Any]]:
        """For JSON: integers, or floats for fractions; None = absent, "unlimited"."""
        exact = self.exact(name)
        divisor = scale(self.window.columns.by_name[name].cell)
        special = exact >= UNLIMITED
        values: NDArray[Any] = exact if divisor == 1 else exact / divisor
        if special.any():
            values = values.astype(object)
            values[special] = None
            values[exact == UNLIMITED] = "unlimited"
        found: list[list[Any]] = values.tolist()
        return found


@dataclass(frozen=True, eq=False)
class ColumnData:
    """An answer: its groups, and the containers whose rows they are when those were asked for."""

    epoch: str
    groups: Sequence[GroupData]
    containers: Sequence[Container]


@dataclass(frozen=True, eq=False)
class Selection:
    """Chosen containers. ``handles``: theirs; None = all, also those of rows whose container has just gone."""

    containers: Sequence[Container]
    handles: NDArray[np.uint64] | None


Choose = Callable[["GroupRing", Sequence[str] | None], "Window"]
"""(group, its columns or None for all) -> the ticks wanted of it."""


class Selections:
    """Which containers selectors choose: worked out again only when the containers have changed. For any thread."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._known: OrderedDict[Selector, tuple[int, Selection]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, selector: Selector) -> Selection:
        """Raises nothing: selectors are checked when they are made."""
        version = self._feed.containers_version()
        with self._lock:
            found = self._known.get(selector)
        if found is not None and found[0] == version:
            return found[1]
        containers = tuple(selector.select(self._feed.containers()))
        handles = None if selector.is_everything else np.array([one.handle for one in containers], np.uint64)
        made = Selection(containers, handles)
        with self._lock:
            self._known[selector] = (version, made)
            self._known.move_to_end(selector)
            if len(self._known) > _SELECTIONS_KEPT:
                self._known.popitem(last=False)
        return made


def take(feed: Feed, query: ColumnQuery, selection: Selection, choose: Choose) -> ColumnData:
    """Reads what ``choose`` says. Raises ApiError when it is too much for one answer."""
    groups: list[GroupData] = []
    cells = 0
    for name, columns in query.chosen:
        group = feed.ring.groups[name]
        window = choose(group, columns)
        if selection.handles is not None:
            window = _rows(window, np.isin(window.handles, selection.handles))
        cells += window.present.size * len(window.cells)
        if cells > MOST_CELLS:
            raise ApiError(413, "too_large", f"more than {MOST_CELLS} numbers: ask for fewer groups, columns or ticks")
        groups.append(GroupData(name, group.interval_ns, window))
    return ColumnData(epoch(feed), groups, selection.containers if query.has_identities else ())


def chooser(times: Times) -> Choose:
    """Takes the ticks of some times."""

    def choose(group: GroupRing, columns: Sequence[str] | None) -> Window:
        if times.is_latest:
            return group.window(ticks=1, columns=columns)
        seconds = None if times.last_ns is None else times.last_ns / 1e9
        if not times.start_ns and not times.end_ns:
            return group.window(seconds, times.since, times.ticks, columns)
        window = group.window(seconds, times.since, None, columns)
        inside = window.times_ns >= times.start_ns
        if times.end_ns:
            inside &= window.times_ns <= times.end_ns
        found = np.flatnonzero(inside)
        return only_ticks(window, found if times.ticks is None else found[-times.ticks :])

    return choose


def only_ticks(window: Window, places: NDArray[np.intp]) -> Window:
    """The same window with some of its ticks."""
    return replace(
        window,
        ticks=window.ticks[places],
        times_ns=window.times_ns[places],
        monotonic_ns=window.monotonic_ns[places],
        durations_ns=window.durations_ns[places],
        present=window.present[places],
        offsets_usec=window.offsets_usec[places],
        cells={name: values[places] for name, values in window.cells.items()},
    )


def epoch(feed: Feed) -> str:
    """Names the timeline: tick numbers of one mean nothing in another."""
    shape = next(iter(feed.ring.groups.values())).region.shape
    return f"{shape.boot_id}/{shape.base_ns}"


def _rows(window: Window, kept: NDArray[np.bool_]) -> Window:
    return replace(
        window,
        rows=window.rows[kept],
        slots=window.slots[kept],
        generations=window.generations[kept],
        keys=None if window.keys is None else window.keys[kept],
        present=window.present[:, kept],
        offsets_usec=window.offsets_usec[:, kept],
        cells={name: values[:, kept] for name, values in window.cells.items()},
    )


assert ABSENT > UNLIMITED  # ``listed`` takes both for special by one comparison
