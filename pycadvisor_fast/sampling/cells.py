"""From cells to numbers: the dtype of a cell row, and what its narrow integers mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..columns import Group
from ..errors import RingError, SelectionError
from ..native import ABSENT, UNLIMITED
from ..native.region import Cell
from ..schema import near

Floats = NDArray[np.float64]
Integers = NDArray[np.uint64]
Bools = NDArray[np.bool_]

# PCF_CELL_*: numpy type, units in one, divisor of the value shown (csrc/include/pcf/base.h)
_TYPES: Final[Mapping[int, tuple[str, int, int]]] = {
    1: ("u8", 1, 1),  # U64
    2: ("u4", 1, 1),  # U32
    3: ("u4", 4096, 1),  # P32: pages
    4: ("u4", 1024, 1),  # K32
    5: ("u2", 1, 100),  # C16: hundredths
}


def row_dtype(columns: Sequence[Cell], row_bytes: int, path: str) -> np.dtype[Any]:
    """The structured dtype of a cell row: "tick", "offset_usec", then the columns. Raises RingError."""
    try:
        return np.dtype(
            {
                "names": ["tick", "offset_usec", *(column.name for column in columns)],
                "formats": ["u4", "u4", *(_TYPES[column.cell][0] for column in columns)],
                "offsets": [0, 4, *(column.offset for column in columns)],
                "itemsize": row_bytes,
            }
        )
    except (KeyError, ValueError) as error:
        raise RingError(f"{path}: cannot be trusted: its columns make no row: {error}") from error


class Columns:
    """The columns a ring holds: iterates over their names in the order of the table."""

    def __init__(self, group: Group, cells: Sequence[Cell]) -> None:
        self.group = group
        self.by_name = {cell.name: cell for cell in cells}
        self.names = tuple(sorted(self.by_name, key=lambda name: self.by_name[name].index))
        self._known = {column.name for column in group.columns} | set(self.by_name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def find(self, name: str) -> Cell | None:
        """The cell; None when the table has the column and this host does not give it. Raises SelectionError."""
        if name not in self._known:
            raise SelectionError(f"group {self.group.name} has no column {name!r}{near(name, self._known)}")
        return self.by_name.get(name)


def integers(cells: NDArray[Any], cell: int, present: Bools | None = None) -> Integers:
    """Values in the column's unit (C16: hundredths), with ABSENT and UNLIMITED; where not ``present``, ABSENT."""
    kind, unit, _ = _TYPES[cell]
    ones = np.iinfo(kind).max
    out = cells.astype(np.uint64)
    if unit != 1:
        out *= np.uint64(unit)
    if kind != "u8":
        out[cells == ones - 1] = UNLIMITED
        out[cells == ones] = ABSENT
    if present is not None:
        out[~present] = ABSENT
    return out


def floats(cells: NDArray[Any], cell: int, present: Bools | None = None) -> Floats:
    """Values in the column's unit: NaN where absent, inf where unlimited.

    Exact up to 2**53; beyond (counters in ns after 104 days of one core) use integers and subtract first.
    """
    kind, unit, divisor = _TYPES[cell]
    ones = np.iinfo(kind).max
    out = cells.astype(np.float64)
    if unit != 1:
        out *= unit
    elif divisor != 1:
        out /= divisor
    unlimited = cells == ones - 1
    if unlimited.any():
        out[unlimited] = np.inf
    absent = cells == ones
    if present is not None:
        absent |= ~present
    out[absent] = np.nan
    return out


def scale(cell: int) -> int:
    """What an integer of ``integers`` is divided by to give the value of ``floats``."""
    return _TYPES[cell][2]
