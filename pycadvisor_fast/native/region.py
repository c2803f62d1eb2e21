"""Thin classes over pcf/ring.h: a group's ring and slots.dir, mapped read-only.

Arrays over the mapping keep it alive: closing only lets go, so a view somebody still holds stays readable.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pycadvisor_fast.errors import RingError

from . import ffi, lib, new_error, text

ROW = np.dtype(
    [
        ("seq", "u4"),
        ("slot", "u4"),
        ("generation", "u4"),
        ("key_len", "u4"),
        ("born_tick", "u8"),
        ("gone_tick", "u8"),
        ("key", f"S{lib.PCF_KEY_BYTES}"),
    ]
)
"""pcf_region_row: who a row belongs to."""

TICK = np.dtype(
    [
        ("state", "u8"),
        ("tick", "u8"),
        ("monotonic_ns", "u8"),
        ("realtime_ns", "u8"),
        ("duration_ns", "u8"),
        ("cpu_ns", "u8"),
        ("rows", "u4"),
        ("row_high", "u4"),
        ("spare", "u8"),
    ]
)
"""pcf_region_tick: when and how a tick was taken."""

assert ROW.itemsize == ffi.sizeof("pcf_region_row")
assert TICK.itemsize == ffi.sizeof("pcf_region_tick")


class Shape(NamedTuple):
    """What does not change while a ring lives; checked by libpcf against the size of the file."""

    group: str
    key: int
    interval_ns: int
    base_ns: int
    ring_len: int
    row_capacity: int
    row_bytes: int
    rows_offset: int
    ticks_offset: int
    cells_offset: int
    tick_bytes: int
    file_bytes: int
    boot_id: str


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a column lies in a cell row. ``cell`` and ``kind`` are PCF_CELL_* and PCF_KIND_*."""

    name: str
    index: int
    number: int
    offset: int
    cell: int
    kind: int


class TickInfo(NamedTuple):
    """When a complete tick was taken; times in ns, ``time_ns`` is wall clock."""

    tick: int
    monotonic_ns: int
    time_ns: int
    duration_ns: int
    cpu_ns: int
    rows: int
    row_high: int


class Record(NamedTuple):
    """A record of slots.dir: who holds (``is_live``) or last held a slot."""

    slot: int
    generation: int
    is_live: bool
    flags: int
    created_ns: int
    born_tick: int
    gone_tick: int
    cgroup_id: int
    netns: int
    netns_owner: int
    runtime: str
    id: str
    name: str
    image: str
    path: str


def _attach(kind: str, attach: Any, *where: str) -> Any:
    out, err = ffi.new(f"{kind} **"), new_error()
    if attach(out, *(os.fsencode(part) for part in where), err) < 0:
        raise RingError(text(err.text))
    return out[0]


def _let_go(handle: Any, _: Any) -> None:
    """Does nothing: being bound to a view's memory is what kept the handle alive."""


def _memory(handle: Any, head: Any, size: int) -> Any:
    """A buffer over a mapping that lives as long as the buffer, or any array made of it, does."""
    return ffi.buffer(ffi.gc(ffi.cast("char *", head), functools.partial(_let_go, handle)), size)


class _Mapping:
    """What both kinds of file have in common."""

    path: str

    def __init__(self, handle: Any) -> None:
        self._open: Any = handle

    @property
    def handle(self) -> Any:
        """The C object, for other classes of this package. Raises RingError after close()."""
        if self._open is None:
            raise RingError(f"{self.path}: the ring was closed; attach again")
        return self._open

    @property
    def is_open(self) -> bool:
        """False after close()."""
        return self._open is not None

    def close(self) -> None:
        """Lets go of the mapping; it disappears with the last array made of it."""
        self._open = None


class Region(_Mapping):
    """One group's ring file. Safe to use from several threads."""

    def __init__(self, directory: str, group: str) -> None:
        """Raises RingError naming the file when it is missing or cannot be trusted."""
        self.path = f"{directory}/{group}.ring"
        super().__init__(ffi.gc(_attach("pcf_region", lib.pcf_region_attach, directory, group), lib.pcf_region_close))
        head = lib.pcf_region_head(self._open)
        numbers = {name: int(getattr(head, name)) for name in Shape._fields if name not in ("group", "boot_id")}
        self.shape = Shape(group=text(head.group), boot_id=text(head.boot_id), **numbers)
        columns = lib.pcf_region_columns(self._open)
        self.columns = tuple(
            Cell(text(c.name), c.index, c.number, c.offset, c.cell, c.kind)
            for c in (columns[i] for i in range(head.column_count))
        )
        self._buffer: Any = _memory(self._open, head, self.shape.file_bytes)

    def array(
        self, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int, strides: tuple[int, ...]
    ) -> NDArray[Any]:
        """A read-only array over the mapping; it keeps the mapping alive."""
        self.handle  # noqa: B018  raises when closed
        view: NDArray[Any] = np.ndarray(shape, dtype, self._buffer, offset, strides)
        view.flags.writeable = False
        return view

    @property
    def latest(self) -> int:
        """Number of the newest complete tick, 0 = none yet."""
        return int(lib.pcf_region_latest(self.handle))

    @property
    def oldest(self) -> int:
        """Number of the oldest tick that is still whole, 0 = none."""
        return int(lib.pcf_region_oldest(self.handle))

    @property
    def row_high(self) -> int:
        """Rows with a higher number were never used and have no memory."""
        handle = self.handle  # held while the head is read: another thread may close
        return int(min(lib.pcf_region_head(handle).row_high, self.shape.row_capacity))

    @property
    def rows_seq(self) -> int:
        """Changes when the row table changes."""
        handle = self.handle
        return int(lib.pcf_region_head(handle).rows_seq)

    @property
    def writer_pid(self) -> int:
        """Process id of the collector that wrote last, in its own pid namespace."""
        handle = self.handle
        return int(lib.pcf_region_head(handle).writer_pid)

    def close(self) -> None:
        """Lets go of the mapping; it disappears with the last array made of it."""
        super().close()
        self._buffer = None

    def next(self, tick: int) -> int:
        """Number of the first complete tick after ``tick``, 0 = none."""
        return int(lib.pcf_region_next(self.handle, tick))

    def tick(self, tick: int) -> TickInfo | None:
        """When ``tick`` was taken; None when it is not complete, or no longer there."""
        out = ffi.new("pcf_region_tick *")
        if tick <= 0 or lib.pcf_region_tick_read(self.handle, tick, out) < 0:
            return None
        high = min(out.row_high, self.row_high)
        return TickInfo(tick, out.monotonic_ns, out.realtime_ns, out.duration_ns, out.cpu_ns, out.rows, high)

    def check(self, tick: int) -> bool:
        """Whether all that was read of ``tick`` until now is whole."""
        return bool(lib.pcf_region_check(self.handle, tick) == 0)

    def position(self, tick: int) -> int:
        """Where ``tick`` lies in the ring."""
        return tick // (self.shape.interval_ns // self.shape.base_ns) % self.shape.ring_len

    def rows(self) -> NDArray[Any]:
        """The row table up to ``row_high``: a consistent copy (dtype ROW); entries in use have generation > 0."""
        out: NDArray[Any] = np.zeros(self.row_high, ROW)
        if len(out):
            lib.pcf_region_rows_read(self.handle, 0, len(out), ffi.cast("pcf_region_row *", ffi.from_buffer(out)))
        return out

    @property
    def is_replaced(self) -> bool:
        """Whether the file's name now belongs to another file, or to none."""
        return bool(lib.pcf_region_replaced(self.handle) != 0)

    @property
    def is_written(self) -> bool:
        """Whether a collector has it open for writing: asks the kernel, so a stale pid cannot mislead."""
        return bool(lib.pcf_region_is_written(self.handle) == 1)


class Slots(_Mapping):
    """slots.dir: who the containers are. Safe to use from several threads."""

    def __init__(self, directory: str) -> None:
        """Raises RingError naming the file when it is missing or cannot be trusted."""
        self.path = f"{directory}/slots.dir"
        super().__init__(ffi.gc(_attach("pcf_slots", lib.pcf_slots_attach, directory), lib.pcf_slots_close))
        head = lib.pcf_slots_head(self._open)
        self.capacity = int(head.capacity)
        self.epoch = int(head.epoch)
        memory, offset = _memory(self._open, head, int(head.file_bytes)), int(head.records_offset)
        stride = ffi.sizeof("pcf_slot_record")
        self._seqs: NDArray[np.uint32] = np.ndarray((self.capacity,), np.uint32, memory, offset, (stride,))

    @property
    def seq(self) -> int:
        """Changes when any record changes."""
        handle = self.handle  # held while the head is read: another thread may close
        return int(lib.pcf_slots_head(handle).seq)

    @property
    def high(self) -> int:
        """Slots with a higher number were never used."""
        handle = self.handle
        return int(min(lib.pcf_slots_head(handle).high, self.capacity))

    def close(self) -> None:
        """Lets go of the mapping."""
        super().close()
        self._seqs = np.zeros(0, np.uint32)

    def record_seqs(self) -> NDArray[np.uint32]:
        """By slot below ``high``: a number that changes when its record does (odd while it changes)."""
        return self._seqs[: self.high].copy()

    def read(self, slot: int) -> Record | None:
        """A consistent copy of a record; None when the slot was never used (or its writer died changing it)."""
        out = ffi.new("pcf_slot_record *")
        if lib.pcf_slots_read(self.handle, slot, out) < 0:
            return None
        numbers = (out.created_ns, out.born_tick, out.gone_tick, out.cgroup_id, out.netns, out.netns_owner)
        texts = (text(out.runtime), text(out.id), text(out.name), text(out.image), text(out.path))
        return Record(slot, out.generation, out.state == lib.PCF_SLOT_LIVE, out.flags, *numbers, *texts)

    @property
    def is_replaced(self) -> bool:
        """Whether the file's name now belongs to another file, or to none."""
        return bool(lib.pcf_slots_replaced(self.handle) != 0)

    @property
    def is_written(self) -> bool:
        """Whether a collector has it open for writing."""
        return bool(lib.pcf_slots_is_written(self.handle) == 1)


def is_host_network(record: Record) -> bool:
    """Whether the container shares the machine's own network namespace."""
    return bool(record.flags & lib.PCF_SLOT_FLAG_HOST_NETWORK)
