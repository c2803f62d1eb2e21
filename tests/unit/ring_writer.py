"""Writes rings for tests, through libpcf: what a collector would have left there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pycadvisor_fast import schema
from pycadvisor_fast.native import ABSENT, check, ffi, lib, new_error, text

MS = 1_000_000


class Writer:
    """A slots.dir and rings below ``path``. Ticks are small numbers; the base interval is 1 ms."""

    def __init__(self, path: Path, capacity: int = 64) -> None:
        self.path = str(path)
        self.notes: list[str] = []
        self._regions: dict[str, Any] = {}
        err, out, taken = new_error(), ffi.new("pcf_slots **"), ffi.new("int *")
        check(lib.pcf_slots_create(out, os.fsencode(self.path), capacity, taken, err), err)
        self.slots = out[0]
        self.taken = int(taken[0])

    def open(
        self, group: str, ring_len: int = 8, rows: int = 64, interval_ms: int = 1, absent: tuple[str, ...] = ()
    ) -> int:
        """Makes (or takes over) a group's ring; returns PCF_TAKEN_*."""
        definition = schema.group(group)
        present = ffi.new("uint8_t[]", [column.name not in absent for column in definition.columns])
        directory = ffi.new("char[]", os.fsencode(self.path))
        spec = ffi.new("pcf_region_spec *")
        spec.dir, spec.group, spec.present = directory, definition.index, present
        spec.interval_ns, spec.base_ns = interval_ms * MS, MS
        spec.ring_len, spec.row_capacity = ring_len, rows
        err, out, taken = new_error(), ffi.new("pcf_region **"), ffi.new("int *")
        check(lib.pcf_region_create(out, spec, taken, err), err)
        self._regions[group] = out[0]
        self.notes.append(text(err.text))
        return int(taken[0])

    def claim(self, path: str, cgroup_id: int = 1, tick: int = 1) -> tuple[int, int]:
        """Slot and generation for a cgroup."""
        slot, generation = ffi.new("uint32_t *"), ffi.new("uint32_t *")
        check(lib.pcf_slots_claim(self.slots, os.fsencode(path), cgroup_id, tick, slot, generation))
        return int(slot[0]), int(generation[0])

    def describe(self, slot: int, **fields: Any) -> None:
        """Identity of a slot: fields of pcf_slot_record."""
        record = ffi.new("pcf_slot_record *")
        for name, value in fields.items():
            setattr(record, name, value.encode() if isinstance(value, str) else value)
        check(lib.pcf_slots_write(self.slots, slot, record))

    def row(self, group: str, slot: int, generation: int, key: str = "", tick: int = 1) -> int:
        """The row of (slot, generation, key)."""
        out = ffi.new("uint32_t *")
        data = key.encode()
        check(lib.pcf_region_row_claim(self._regions[group], slot, generation, data, len(data), tick, out), None, group)
        return int(out[0])

    def release(self, slot: int, generation: int, tick: int) -> None:
        """The container went."""
        check(lib.pcf_slots_release(self.slots, slot, generation, tick))
        for region in self._regions.values():
            lib.pcf_region_slot_release(region, slot, generation, tick)

    def begin(self, group: str, tick: int) -> None:
        """A tick at ``tick`` ms on the monotonic clock, 1000 s later on the wall clock."""
        lib.pcf_region_begin(self._regions[group], tick, tick * MS, tick * MS + 1000_000 * MS)

    def store(self, group: str, row: int, values: Mapping[str, int], offset_usec: int = 0) -> int:
        """One row; columns not named are absent. Returns how many did not fit."""
        array = ffi.new("uint64_t[]", [values.get(c.name, ABSENT) for c in schema.group(group).columns])
        return int(lib.pcf_region_store(self._regions[group], row, offset_usec, array))

    def end(self, group: str) -> None:
        """Completes the tick."""
        lib.pcf_region_end(self._regions[group], 5000, 4000)

    def tick(self, group: str, tick: int, rows: Mapping[int, Mapping[str, int]]) -> None:
        """A whole tick: values by row number."""
        self.begin(group, tick)
        for row, values in rows.items():
            self.store(group, row, values)
        self.end(group)

    def close(self) -> None:
        """As if the collector ended; the files stay."""
        for region in self._regions.values():
            lib.pcf_region_close(region)
        self._regions.clear()
        if self.slots is not None:
            lib.pcf_slots_close(self.slots)
            self.slots = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
