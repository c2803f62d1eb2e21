"""How the values of many containers were distributed over a stretch of time, small enough to keep for a day. Pure.

A digest counts values in buckets whose bounds grow by a fixed ratio, so that a percentile is off by at most 1 % of its
value, and adds up over stretches without getting worse. Count, mean, deviation, least and most are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import SelectionError

Floats = NDArray[np.float64]

RELATIVE_ERROR = 0.01
_RATIO = 1.02  # a bucket's middle is within sqrt(1.02) - 1 = 0.995 % of whatever is in it
_LEAST = 1e-6  # below: nothing. A millionth of a core, or of a byte
_ROW = np.int64(1 << 16)
_TABLE = 1 << 23


@dataclass(frozen=True, eq=False)
class Digests:
    """One digest for each handle, ascending: arrays of [n], and the buckets of all of them one after another.

    ``ends[i]`` is where the buckets of row i end in ``buckets`` and ``counts``.
    """

    handles: NDArray[np.uint64]
    count: NDArray[np.int64]
    total: Floats
    squares: Floats
    """Sum of the squares of the distances from the mean."""
    least: Floats
    most: Floats
    ends: NDArray[np.int64]
    buckets: NDArray[np.uint16]
    counts: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.handles)

    @property
    def mean(self) -> Floats:
        """[n] of all samples."""
        return self.total / self.count

    @property
    def deviation(self) -> Floats:
        """[n] standard deviation, as of a whole population."""
        return np.sqrt(self.squares / self.count)

    def quantiles(self, q: Sequence[float]) -> Floats:
        """[len(q), n]: the values at these percentiles, within RELATIVE_ERROR of a sample that is there.

        The sample meant is the one at floor(q / 100 * (count - 1)) in ascending order. Raises SelectionError for a q
        outside 0..100.
        """
        wanted = np.asarray(q, np.float64)
        if not ((wanted >= 0) & (wanted <= 100)).all():
            raise SelectionError(f"percentiles are between 0 and 100, not {list(q)}")
        before = np.concatenate(([0], np.cumsum(self.count)[:-1])) if len(self) else np.zeros(0, np.int64)
        place = np.floor(wanted[:, np.newaxis] / 100 * (self.count - 1)).astype(np.int64) + before
        at = np.searchsorted(np.cumsum(self.counts, dtype=np.int64), place, side="right")
        return np.clip(_value(self.buckets[at]), self.least, self.most)


def digest(values: Floats, handles: NDArray[np.uint64]) -> Digests:
    """The digests of values [samples, rows]; rows without any value are left out. NaN is no value, nor is inf."""
    good = np.isfinite(values)
    rows = np.flatnonzero(good.any(axis=0))
    rows = rows[np.argsort(handles[rows], kind="stable")]
    values, good = values[:, rows], good[:, rows]
    count = good.sum(axis=0)
    kept = np.where(good, values, 0.0)
    total = kept.sum(axis=0)
    with np.errstate(invalid="ignore"):
        mean = total / np.maximum(count, 1)
    squares = np.where(good, (kept - mean) ** 2, 0.0).sum(axis=0)
    row = np.broadcast_to(np.arange(len(rows), dtype=np.int64), values.shape)[good]
    places, counts = _counted(row, _bucket(values[good]), len(rows))
    return Digests(
        handles=handles[rows],
        count=count.astype(np.int64),
        total=total,
        squares=squares,
        least=np.where(good, values, np.inf).min(axis=0, initial=np.inf),
        most=np.where(good, values, -np.inf).max(axis=0, initial=-np.inf),
        ends=np.searchsorted(places, np.arange(1, len(rows) + 1) * _ROW),
        buckets=(places % _ROW).astype(np.uint16),
        counts=counts.astype(np.uint32),
    )


def merge(parts: Sequence[Digests]) -> Digests:
    """The digests of several stretches as one."""
    if len(parts) == 1:
        return parts[0]
    every = np.concatenate([part.handles for part in parts]) if parts else np.zeros(0, np.uint64)
    handles, row = np.unique(every, return_inverse=True)
    size = len(handles)
    joined = {name: np.concatenate([getattr(part, name) for part in parts] or [np.zeros(0)]) for name in _SUMMED}
    count = np.bincount(row, joined["count"], size).astype(np.int64)
    total = np.bincount(row, joined["total"], size).astype(np.float64)
    # Deviations of the parts, and of their means from the common one.
    apart = joined["total"] / joined["count"] - (total / count)[row]
    squares = np.bincount(row, joined["squares"] + joined["count"] * apart**2, size).astype(np.float64)
    least, most = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(least, row, joined["least"])
    np.maximum.at(most, row, joined["most"])
    places, counts = _merged_buckets(parts, row)
    return Digests(
        handles=handles,
        count=count,
        total=total,
        squares=squares,
        least=least,
        most=most,
        ends=np.searchsorted(places, np.arange(1, size + 1) * _ROW),
        buckets=(places % _ROW).astype(np.uint16),
        counts=counts,
    )


def _counted(
    row: NDArray[np.int64], bucket: NDArray[np.int64], rows: int
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """(row << 16 | bucket, ascending; how many) of values. Counted in a table where it is small: no sorting."""
    lowest = int(bucket.min(initial=_ROW))
    span = int(bucket.max(initial=0)) - lowest + 1
    if rows * span > _TABLE:
        return np.unique(row * _ROW + bucket, return_counts=True)
    table = np.bincount(row * span + (bucket - lowest), minlength=max(rows * span, 0))
    used = np.flatnonzero(table)
    return used // max(span, 1) * _ROW + used % max(span, 1) + lowest, table[used]


_SUMMED = ("count", "total", "squares", "least", "most")


def _merged_buckets(parts: Sequence[Digests], row: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """(row << 16 | bucket, ascending; how many values) of all parts; ``row``: of each of their handles in turn."""
    sizes = [np.diff(part.ends, prepend=0) for part in parts]
    owners = np.repeat(row.astype(np.int64), np.concatenate(sizes)) if parts else np.zeros(0, np.int64)
    buckets = np.concatenate([part.buckets for part in parts]) if parts else np.zeros(0, np.uint16)
    places, where = np.unique(owners * _ROW + buckets, return_inverse=True)
    weights = np.concatenate([part.counts for part in parts]) if parts else np.zeros(0, np.uint32)
    return places, np.bincount(where, weights, len(places)).astype(np.uint32)


def _bucket(values: Floats) -> NDArray[np.int64]:
    """0 = less than _LEAST; else 1 and up."""
    out = np.zeros(len(values), np.int64)
    real = values >= _LEAST
    out[real] = 1 + np.clip(np.round(np.log(values[real] / _LEAST) / np.log(_RATIO)), 0, _ROW - 2).astype(np.int64)
    return out


def _value(buckets: NDArray[np.uint16]) -> Floats:
    return np.where(buckets > 0, _LEAST * _RATIO ** (buckets.astype(np.float64) - 1), 0.0)
