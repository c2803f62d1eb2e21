"""Memory for answers that are kept as a whole: one mapping, written over when nobody reads it any more.

The kernel has to clear a page for each 4 KiB that malloc has given back and takes anew: half of the time that an answer
of 18 MB takes. Huge pages were slower still in a virtual machine (50 ms in place of 18).
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Iterable
from typing import Any

UNUSED_S = 120.0  # Prometheus asks once a minute at the slowest
_ROUND = 1 << 20


class Paper:
    """One thread at a time."""

    def __init__(self) -> None:
        self._sheet: mmap.mmap | None = None
        self._used_at = 0.0

    def written(self, pieces: Iterable[Any], expected: int) -> memoryview:
        """``pieces`` one after another, in about ``expected`` bytes: a bad guess costs a copy, nothing else."""
        sheet, size = self._free(expected), 0
        for piece in pieces:
            end = size + len(piece)
            if end > len(sheet):
                sheet = _copy(sheet, size, 2 * end)
            sheet[size:end] = piece
            size = end
        self._sheet, self._used_at = sheet, time.monotonic()
        return memoryview(sheet)[:size].toreadonly()

    def put_away(self, unused_s: float = UNUSED_S) -> None:
        """Gives the memory back, as soon as nobody reads it, when it was last written so long ago."""
        if time.monotonic() - self._used_at >= unused_s:
            self._sheet = None

    def _free(self, size: int) -> mmap.mmap:
        """The sheet of last time when it is big enough and nobody has a view of it, else a new one."""
        sheet, self._sheet = self._sheet, None
        if sheet is not None and len(sheet) >= size:
            try:
                sheet.resize(len(sheet))  # refused while there are views
                return sheet
            except BufferError:
                pass
        return _mapping(size)


def _mapping(size: int) -> mmap.mmap:
    """At least ``size`` bytes; pages never written take no memory."""
    length = max(1, -(-size // _ROUND)) * _ROUND
    return mmap.mmap(-1, length, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def _copy(sheet: mmap.mmap, size: int, wanted: int) -> mmap.mmap:
    bigger = _mapping(wanted)
    bigger[:size] = sheet[:size]
    sheet.close()
    return bigger
