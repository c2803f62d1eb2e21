"""Percentiles over the ticks of a window, for all rows at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import SelectionError
from ..sampling import Window
from .rates import window_rates

Floats = NDArray[np.float64]
DEFAULT = (50.0, 90.0, 95.0, 99.0)


def percentiles(window: Window, column: str, q: Sequence[float] = DEFAULT) -> Floats:
    """[len(q), rows]: percentiles of a gauge over the window, absent values left out; NaN where there is no value.

    Unlimited counts as inf. Raises SelectionError for an unknown column or a q outside 0..100.
    """
    return percentiles_of(window.column(column), q)


def rate_percentiles(window: Window, column: str, q: Sequence[float] = DEFAULT) -> Floats:
    """[len(q), rows]: percentiles of a counter's growth per second from tick to tick."""
    return percentiles_of(window_rates(window, column), q)


def percentiles_of(values: Floats, q: Sequence[float]) -> Floats:
    """[len(q), n] of values [m, n] along the first axis, NaN left out, linear between neighbours as numpy's default."""
    wanted = np.asarray(q, np.float64)
    if not ((wanted >= 0) & (wanted <= 100)).all():
        raise SelectionError(f"percentiles are between 0 and 100, not {list(q)}")
    out = np.full((len(wanted), values.shape[1]), np.nan)
    if values.shape[0] == 0 or not len(wanted):
        return out
    ordered = np.sort(values, axis=0)  # NaN last
    count = (~np.isnan(values)).sum(axis=0)
    place = wanted[:, np.newaxis] / 100 * np.maximum(count - 1, 0)
    low = np.floor(place).astype(np.intp)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    below, above = np.take_along_axis(ordered, low, 0), np.take_along_axis(ordered, high, 0)
    with np.errstate(invalid="ignore"):
        between = below + (above - below) * (place - low)
    # inf - inf: equal neighbours need no interpolation
    out[:] = np.where((below == above) | (place == low), below, between)
    out[:, count == 0] = np.nan
    return out
