"""The C encoder: ticks of a ring directory as protobuf bytes, without a Python object for any value.

``Regions`` maps the ring (any thread may ask it); an ``Encoder`` turns rows into bytes and serves one thread at a
time. Calls release the GIL.
"""

from __future__ import annotations

import copy
import errno
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pycadvisor_fast import schema
from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.errors import RingError, TornError
from pycadvisor_fast.native import ffi, lib, region

CHANGED = 1  # PCF_ENCODE_CHANGED
RATES = 2  # PCF_ENCODE_RATES
WHOLE = 1  # PCF_ENCODE_WHOLE

# pcf_encode_container
_CONTAINER = np.dtype(
    {
        "names": ["slot", "generation", "identity", "identity_len", "flags"],
        "formats": ["u4", "u4", "u8", "u4", "u4"],
        "offsets": [0, 4, 8, 16, 20],
        "itemsize": ffi.sizeof("pcf_encode_container"),
    }
)


class Region(region.Region):
    """One group's ring with its arithmetic."""

    @property
    def base_ns(self) -> int:
        """Nanoseconds from one tick number to the next."""
        return self.shape.base_ns

    @property
    def stride(self) -> int:
        """Tick numbers from one tick of the group to its next."""
        return self.shape.interval_ns // self.shape.base_ns


class Regions:
    """The regions of a ring directory by group index; groups that are off are not in it."""

    def __init__(self, directory: str, groups: Iterable[str] | None = None) -> None:
        """``groups``: names of those that are sampled; None = all that have a ring there.

        Raises RingError when one cannot be mapped, or there is none.
        """
        if groups is None:
            groups = [group.name for group in GROUPS if Path(directory, f"{group.name}.ring").exists()]
        self.by_group: dict[int, Region] = {}
        self.pointers = ffi.new("pcf_region *[]", len(GROUPS))
        for name in groups:
            index = schema.group(name).index
            self.by_group[index] = Region(directory, name)
            self.pointers[index] = self.by_group[index].handle
        if not self.by_group:
            raise RingError(f"{directory}: no group is sampled there")
        first = next(iter(self.by_group.values()))
        self.base_ns = first.base_ns
        self.boot_id = first.shape.boot_id

    def close(self) -> None:
        """Lets go of the ring; no encoder may be at work."""
        for index, mapped in self.by_group.items():
            self.pointers[index] = ffi.NULL
            mapped.close()
        self.by_group = {}


class Table:
    """Containers as the encoder wants them: identities in one buffer, pointers into it."""

    def __init__(self, handles: Sequence[int], identities: Sequence[bytes]) -> None:
        """``handles`` ascending by slot; ``identities``: encoded identity fields of ContainerStats, one each."""
        lengths = np.fromiter(map(len, identities), dtype=np.uint64, count=len(identities))
        keys = np.array(handles, dtype=np.uint64)
        self.handles: NDArray[np.uint64] = keys
        self._identities = b"".join(identities) or b"\0"
        base = int(ffi.cast("uintptr_t", ffi.from_buffer(self._identities)))
        self._rows = np.zeros(max(1, len(keys)), dtype=_CONTAINER)
        rows = self._rows[: len(keys)]
        rows["slot"] = keys & np.uint64(0xFFFFFFFF)
        rows["generation"] = keys >> np.uint64(32)
        rows["identity"] = np.uint64(base) + np.cumsum(lengths) - lengths
        rows["identity_len"] = lengths
        self.count = len(keys)
        self.pointer: Any = ffi.from_buffer("pcf_encode_container[]", self._rows)

    def joined_since(self, known: Table) -> Table:
        """The same table with the containers that are not in ``known`` marked: their rows count as changed."""
        if known is self:
            return self
        marked = copy.copy(self)
        marked._rows = self._rows.copy()
        marked._rows["flags"][: self.count] = np.where(np.isin(self.handles, known.handles), 0, WHOLE)
        marked.pointer = ffi.from_buffer("pcf_encode_container[]", marked._rows)
        return marked


def column_mask(group: int, columns: frozenset[int] | None) -> Any:
    """The C form of a choice of columns (indexes) of a group; None: all."""
    if columns is None:
        return ffi.NULL
    return ffi.new("uint8_t[]", bytes(index in columns for index in range(len(GROUPS[group].columns))))


@dataclass(slots=True)
class GroupAt:
    """One group in a batch: which tick, and which earlier one for changes and rates (0 = none)."""

    group: int
    tick: int
    previous: int = 0
    mask: Any = field(default_factory=lambda: ffi.NULL)  # see column_mask
    is_whole: bool = False  # all rows count as changed


class Encoder:
    """Rows to bytes. One thread at a time."""

    def __init__(self, regions: Regions) -> None:
        self.regions = regions
        self._encoder = ffi.gc(lib.pcf_encoder_new(), lib.pcf_encoder_free)
        if self._encoder == ffi.NULL:
            raise MemoryError("no memory for an encoder")
        self._data = ffi.new("const uint8_t **")
        self._size = ffi.new("size_t *")

    def containers(self, prefix: bytes, table: Table, groups: Sequence[GroupAt], flags: int = 0) -> bytes:
        """``prefix`` followed by StatsBatch.containers for all containers of ``table`` that have a row.

        Raises TornError when a tick was overwritten meanwhile.
        """
        return self._encode(lib.pcf_encode_containers, prefix, table, groups, flags)

    def columns(self, prefix: bytes, table: Table, groups: Sequence[GroupAt], flags: int = 0) -> bytes:
        """``prefix`` followed by ColumnsBatch.groups. Raises TornError when a tick was overwritten meanwhile."""
        return self._encode(lib.pcf_encode_columns, prefix, table, groups, flags)

    def _encode(self, function: Any, prefix: bytes, table: Table, groups: Sequence[GroupAt], flags: int) -> bytes:
        wanted = ffi.new("pcf_encode_group[]", max(1, len(groups)))
        for item, group in zip(wanted, groups, strict=False):
            item.group, item.tick, item.previous_tick = group.group, group.tick, group.previous
            item.columns, item.flags = group.mask, WHOLE if group.is_whole else 0
        rc = function(
            self._encoder,
            self.regions.pointers,
            table.pointer,
            table.count,
            wanted,
            len(groups),
            flags,
            self._data,
            self._size,
        )
        if rc == -errno.ESTALE:
            raise TornError(f"a tick of {[GROUPS[g.group].name for g in groups]} was overwritten while it was encoded")
        if rc == -errno.ENOMEM:
            raise MemoryError("no memory to encode a batch")
        if rc < 0:
            raise RingError(f"cannot encode groups {[GROUPS[g.group].name for g in groups]}: {errno.errorcode[-rc]}")
        return b"".join((prefix, ffi.buffer(self._data[0], self._size[0])))
