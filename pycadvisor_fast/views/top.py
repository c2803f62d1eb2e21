"""The largest of many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def top(values: NDArray[np.float64], k: int) -> NDArray[np.intp]:
    """Indexes of the ``k`` largest values, largest first, earlier index first among equals; NaN never counts.

    Fewer than ``k`` when there are not that many values.
    """
    known = np.flatnonzero(~np.isnan(values))
    if k <= 0 or not len(known):
        return known[:0]
    if k < len(known):
        bound = np.partition(values[known], len(known) - k)[len(known) - k]
        known = known[values[known] >= bound]
    order = np.argsort(-values[known], kind="stable")
    return known[order][:k]
