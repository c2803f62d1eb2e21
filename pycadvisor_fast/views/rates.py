"""How fast counters grow, by the true time between the two reads of each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import SelectionError
from ..sampling import Window

Floats = NDArray[np.float64]
_LARGEST = np.uint64(0xFFFFFFFFFFFFFFFD)  # above: PCF_UNLIMITED, PCF_ABSENT


class Sampled(Protocol):
    """One group at one tick: what the views need of a Snapshot, so that they serve what came from elsewhere too.

    Arrays have one element a row. ``rows`` numbers them alike in two samples of a group, ascending in the earlier.
    """

    @property
    def group(self) -> str: ...
    @property
    def rows(self) -> NDArray[np.integer[Any]]: ...
    @property
    def handles(self) -> NDArray[np.uint64]: ...
    @property
    def keys(self) -> NDArray[Any] | None: ...
    @property
    def sampled_ns(self) -> NDArray[np.int64]: ...
    def column(self, name: str) -> Floats: ...
    def integers(self, name: str) -> NDArray[np.uint64]: ...
    def __len__(self) -> int: ...


@dataclass(frozen=True, eq=False)
class Pair:
    """Two snapshots of one group, aligned: arrays have one element for each row of ``after``.

    ``matched`` says which rows were there before with the same tenant and key; ``earlier`` is their index in
    ``before``. Aligned once, asked for many columns.
    """

    before: Sampled
    after: Sampled
    matched: NDArray[np.bool_]
    earlier: NDArray[np.intp]
    seconds: Floats
    """Between the two reads of each row; NaN where not matched."""

    def change(self, column: str) -> Floats:
        """How much a counter grew: NaN for a new row, an absent value, or a counter that went backwards (never < 0).

        The difference is taken in integers, so it is exact also for counters too large for a float64.
        Raises SelectionError for an unknown column.
        """
        now = self.after.integers(column)
        then = np.zeros_like(now)
        then[self.matched] = self.before.integers(column)[self.earlier[self.matched]]
        return _change(then, now, self.matched)

    def rate(self, column: str) -> Floats:
        """Growth per second, in the column's unit; NaN as in ``change``. A counter of ns divided by 1e9 is cores."""
        return _per_second(self.change(column), self.seconds)


def pair(before: Sampled, after: Sampled) -> Pair:
    """Aligns two snapshots of the same group. Raises SelectionError when they are of different groups."""
    if before.group != after.group:
        raise SelectionError(f"rates need two snapshots of one group, not of {before.group} and {after.group}")
    earlier = np.searchsorted(before.rows, after.rows)
    inside = np.minimum(earlier, max(len(before) - 1, 0))
    matched = np.zeros(len(after), np.bool_)
    if len(before):
        matched = (before.rows[inside] == after.rows) & (before.handles[inside] == after.handles)
        if before.keys is not None and after.keys is not None:
            matched &= before.keys[inside] == after.keys
    seconds = np.full(len(after), np.nan)
    seconds[matched] = (after.sampled_ns[matched] - before.sampled_ns[inside[matched]]) / 1e9
    return Pair(before, after, matched, inside, seconds)


def rates(before: Sampled, after: Sampled, column: str) -> Floats:
    """Growth per second of one counter for each row of ``after``, NaN where there is none; for several use ``pair``."""
    return pair(before, after).rate(column)


def window_rates(window: Window, column: str) -> Floats:
    """[ticks - 1, rows]: growth per second from each tick to the next; NaN where either lacks the row or value, or the
    counter went backwards. Raises SelectionError for an unknown column or one left out of the window."""
    values, sampled = window.integers(column), window.sampled_ns
    both = window.present[1:] & window.present[:-1]
    seconds = np.where(both, (sampled[1:] - sampled[:-1]) / 1e9, np.nan)
    return _per_second(_change(values[:-1], values[1:], both), seconds)


def _change(then: NDArray[np.uint64], now: NDArray[np.uint64], known: NDArray[np.bool_]) -> Floats:
    good = known & (then <= now) & (now <= _LARGEST)
    return np.where(good, (now - then).astype(np.float64), np.nan)


def _per_second(change: Floats, seconds: Floats) -> Floats:
    out = np.full(change.shape, np.nan)
    np.divide(change, seconds, out=out, where=seconds > 0)
    return out
