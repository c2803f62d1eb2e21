"""One tick of a group: a copy (Snapshot), or the ring itself under watch (Reading)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SelectionError, TornError
from ..native.region import Region, TickInfo
from .cells import Bools, Columns, Floats, Integers, floats, integers, scale

Value = int | float | None


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One tick of a group, copied: nothing can change it any more. Arrays have one element for each sampled row.

    ``rows`` are row numbers in the ring, ascending; ``slots`` and ``generations`` say whose they are; ``keys`` (keyed
    groups only, else None) is the device, interface, core, ... A row that was not sampled in this tick is not there.
    """

    columns: Columns
    info: TickInfo
    rows: NDArray[np.int64]
    slots: NDArray[np.int64]
    generations: NDArray[np.uint32]
    keys: NDArray[np.str_] | None
    cells: NDArray[Any] = field(repr=False)
    """Structured, as in the ring: "tick", "offset_usec" and the narrow cells."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def group(self) -> str:
        """Name of the group."""
        return self.columns.group.name

    @property
    def tick(self) -> int:
        """Number of the tick: CLOCK_MONOTONIC / base interval."""
        return self.info.tick

    @property
    def time_ns(self) -> int:
        """Wall clock when the pass began, ns since 1970."""
        return self.info.time_ns

    @property
    def monotonic_ns(self) -> int:
        """CLOCK_MONOTONIC when the pass began, ns."""
        return self.info.monotonic_ns

    @property
    def duration_ns(self) -> int:
        """How long sampling this group took, ns."""
        return self.info.duration_ns

    @property
    def sampled_ns(self) -> NDArray[np.int64]:
        """CLOCK_MONOTONIC at which each row was read, ns (in steps of a microsecond)."""
        return self.cells["offset_usec"].astype(np.int64) * 1000 + self.info.monotonic_ns

    @property
    def handles(self) -> NDArray[np.uint64]:
        """generation << 32 | slot of each row."""
        return self.generations.astype(np.uint64) << np.uint64(32) | self.slots.astype(np.uint64)

    def column(self, name: str) -> Floats:
        """Values in the column's unit as float64 [rows]: NaN = the kernel gave none, inf = unlimited.

        All NaN when this host does not give the column at all. Raises SelectionError when the group has no such column.
        """
        found = self.columns.find(name)
        return np.full(len(self), np.nan) if found is None else floats(self.cells[name], found.cell)

    def integers(self, name: str) -> Integers:
        """Exact values as uint64 [rows] with the sentinels native.ABSENT and native.UNLIMITED; hundredths where
        ``column`` shows a fraction (PSI averages). Raises SelectionError."""
        found = self.columns.find(name)
        if found is None:
            return np.full(len(self), 0xFFFFFFFFFFFFFFFF, np.uint64)
        return integers(self.cells[name], found.cell)

    def raw(self, name: str) -> NDArray[Any]:
        """The cells themselves (pages, KiB, hundredths; all ones = absent), no copy. Raises SelectionError."""
        if self.columns.find(name) is None:
            raise SelectionError(f"this host does not give {self.group}.{name}: its ring has no such cells")
        return self.cells[name]

    def row(self, slot: int, key: str = "") -> dict[str, Value]:
        """The values of one row by column: int, or float for fractions, None = absent, math.inf = unlimited.

        Empty when the slot was not sampled in this tick. In a keyed group ``key`` says which of its rows.
        """
        at = self._index(slot, key)
        if at is None:
            return {}
        return {name: _value(self, name, at) for name in self.columns.names}

    def keys_of(self, slot: int) -> list[str]:
        """The keys of a slot's rows, in row order; [] in a scalar group."""
        if self.keys is None:
            return []
        return [str(key) for key in self.keys[self.slots == slot]]

    def _index(self, slot: int, key: str) -> int | None:
        hits = self.slots == slot
        if self.keys is not None:
            hits &= self.keys == key
        found = np.flatnonzero(hits)
        return int(found[-1]) if len(found) else None


def _value(snapshot: Snapshot, name: str, at: int) -> Value:
    cell = snapshot.columns.by_name[name].cell
    value = int(integers(snapshot.cells[name][at : at + 1], cell)[0])
    if value >= 0xFFFFFFFFFFFFFFFE:
        return None if value == 0xFFFFFFFFFFFFFFFF else math.inf
    return value if scale(cell) == 1 else value / scale(cell)


@dataclass(frozen=True, eq=False)
class Reading:
    """One tick in the ring itself, no copy: what is read of it counts only once ``check`` has passed.

    Use as ``with group.reading() as view: ...``; leaving the block checks. Arrays have one element for each row below
    the highest used, sampled (``present``) or not.
    """

    region: Region
    columns: Columns
    info: TickInfo
    slots: NDArray[np.int64]
    generations: NDArray[np.uint32]
    keys: NDArray[np.str_] | None
    present: Bools
    cells: NDArray[Any] = field(repr=False)

    @property
    def tick(self) -> int:
        """Number of the tick."""
        return self.info.tick

    def raw(self, name: str) -> NDArray[Any]:
        """The cells in the ring, read-only; those of rows that are not ``present`` mean nothing.

        Raises SelectionError."""
        if self.columns.find(name) is None:
            group = self.columns.group.name
            raise SelectionError(f"this host does not give {group}.{name}: its ring has no such cells")
        return self.cells[name]

    def column(self, name: str) -> Floats:
        """As Snapshot.column, with NaN for rows that are not present."""
        found = self.columns.find(name)
        if found is None:
            return np.full(len(self.cells), np.nan)
        return floats(self.cells[name], found.cell, self.present)

    def integers(self, name: str) -> Integers:
        """As Snapshot.integers, with ABSENT for rows that are not present."""
        found = self.columns.find(name)
        if found is None:
            return np.full(len(self.cells), 0xFFFFFFFFFFFFFFFF, np.uint64)
        return integers(self.cells[name], found.cell, self.present)

    def check(self) -> None:
        """Raises TornError when the tick was overwritten since the reading began."""
        if not self.region.check(self.tick):
            group = self.columns.group.name
            raise TornError(f"{group}: tick {self.tick} was overwritten while it was read: take a newer one")

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self.check()
