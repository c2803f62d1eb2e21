"""Who the rows of a group belong to: the row table as arrays, read again only when it changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..native.region import Region


@dataclass(frozen=True, slots=True)
class Owners:
    """Arrays by row. ``generation`` 0: a row nobody has. ``keys`` is None in scalar groups."""

    seq: int
    table: NDArray[Any]
    slots: NDArray[np.int64]
    keys: NDArray[np.str_] | None

    def __len__(self) -> int:
        return len(self.table)

    def had(self, ticks: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """[ticks, rows]: whether the row's present (or last) tenant had it in that tick already."""
        used = self.table["generation"] != 0
        out: NDArray[np.bool_] = used & (self.table["born_tick"] <= ticks[:, np.newaxis])
        return out


def read_owners(region: Region, is_keyed: bool) -> Owners:
    """The row table as it is now."""
    seq = region.rows_seq  # before the table: a change in between makes the next look read it again
    table = region.rows()
    table.flags.writeable = False
    keys = np.char.decode(table["key"], "utf-8", "replace") if is_keyed else None
    slots = table["slot"].astype(np.int64)
    return Owners(seq, table, slots, keys)
