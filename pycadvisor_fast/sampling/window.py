"""A span of ticks of a group, copied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SelectionError
from .cells import Bools, Columns, Floats, Integers, floats, integers


@dataclass(frozen=True, eq=False)
class Window:
    """Ticks of a group, oldest first, by rows: arrays are [ticks, rows], times and ``ticks`` [ticks], owners [rows].

    A row is there when it was sampled in at least one of the ticks by its present (or last) tenant; ``present`` says
    in which. What an earlier tenant of the row left behind is not shown.
    """

    columns: Columns
    ticks: NDArray[np.uint64]
    times_ns: NDArray[np.int64]
    """Wall clock when each pass began, ns since 1970."""
    monotonic_ns: NDArray[np.int64]
    durations_ns: NDArray[np.int64]
    rows: NDArray[np.int64]
    slots: NDArray[np.int64]
    generations: NDArray[np.uint32]
    keys: NDArray[np.str_] | None
    present: Bools
    offsets_usec: NDArray[np.uint32] = field(repr=False)
    cells: Mapping[str, NDArray[Any]] = field(repr=False)

    def __len__(self) -> int:
        return len(self.ticks)

    @property
    def group(self) -> str:
        """Name of the group."""
        return self.columns.group.name

    @property
    def sampled_ns(self) -> NDArray[np.int64]:
        """[ticks, rows] CLOCK_MONOTONIC at which each row was read, ns; meaningless where not present."""
        return self.offsets_usec.astype(np.int64) * 1000 + self.monotonic_ns[:, np.newaxis]

    @property
    def handles(self) -> NDArray[np.uint64]:
        """generation << 32 | slot of each row."""
        return self.generations.astype(np.uint64) << np.uint64(32) | self.slots.astype(np.uint64)

    def column(self, name: str) -> Floats:
        """[ticks, rows] in the column's unit: NaN = absent or not sampled, inf = unlimited. Raises SelectionError."""
        if self._is_kept(name):
            return floats(self.cells[name], self.columns.by_name[name].cell, self.present)
        return np.full(self.present.shape, np.nan)

    def integers(self, name: str) -> Integers:
        """[ticks, rows] exact, with native.ABSENT and native.UNLIMITED. Raises SelectionError."""
        if self._is_kept(name):
            return integers(self.cells[name], self.columns.by_name[name].cell, self.present)
        return np.full(self.present.shape, 0xFFFFFFFFFFFFFFFF, np.uint64)

    def _is_kept(self, name: str) -> bool:
        if self.columns.find(name) is None:
            return False
        if name not in self.cells:
            raise SelectionError(f"{self.group}.{name} was left out of this window: name it in columns=")
        return True
