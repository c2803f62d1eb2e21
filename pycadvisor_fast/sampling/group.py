"""One group's ring as numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..columns import GROUPS, Column, Group
from ..errors import RingError, TornError
from ..native.region import TICK, Region
from .cells import Columns, row_dtype
from .owners import Owners, read_owners
from .snapshot import Reading, Snapshot
from .window import Window

_ATTEMPTS = 8  # a newer tick is there each time: only a stopped reader could fail them all
_LOW = np.uint64(0xFFFFFFFF)
_NO_TICKS: NDArray[Any] = np.zeros(0, TICK)
_KINDS = {1: "counter", 2: "gauge", 3: "limit"}
_CELLS = {1: "U64", 2: "U32", 3: "P32", 4: "K32", 5: "C16"}


class GroupRing:
    """The ring of one group, mapped read-only. Safe to use from several threads."""

    def __init__(self, directory: str, name: str) -> None:
        """Raises RingError when the file is missing or cannot be trusted."""
        region = Region(directory, name)
        shape = region.shape
        self.region = region
        self.group = _group(region)
        self.columns = Columns(self.group, region.columns)
        self.dtype = row_dtype(region.columns, shape.row_bytes, region.path)
        whole, strides = (shape.ring_len, shape.row_capacity), (shape.tick_bytes, shape.row_bytes)
        self._cells = region.array(self.dtype, whole, shape.cells_offset, strides)
        # The same as opaque rows: numpy copies those in one piece, structured ones field by field.
        self._blocks = region.array(np.dtype((np.void, shape.row_bytes)), whole, shape.cells_offset, strides)
        self._ticks = region.array(TICK, (shape.ring_len,), shape.ticks_offset, (TICK.itemsize,))
        self._owners: Owners | None = None

    @property
    def name(self) -> str:
        """Name of the group."""
        return self.group.name

    @property
    def is_keyed(self) -> bool:
        """Whether a container has a row for each key (device, interface, ...) instead of one."""
        return self.region.shape.key != 0

    @property
    def interval_ns(self) -> int:
        """Time from tick to tick, ns."""
        return self.region.shape.interval_ns

    @property
    def stride(self) -> int:
        """Tick numbers of this group are multiples of this."""
        return self.region.shape.interval_ns // self.region.shape.base_ns

    @property
    def ring_len(self) -> int:
        """Ticks the ring can hold."""
        return self.region.shape.ring_len

    @property
    def latest_tick(self) -> int:
        """Number of the newest complete tick, 0 = none yet."""
        return self.region.latest

    @property
    def oldest_tick(self) -> int:
        """Number of the oldest tick still whole, 0 = none."""
        return self.region.oldest

    @property
    def cells(self) -> NDArray[Any]:
        """The ring itself, no copy: structured [ring_len, rows in use], read-only, changing under the reader.

        ``position(tick)`` says where a tick lies; check with ``reading``. Rows past the highest used have no memory
        and are not shown: reading them would allocate it.
        """
        return self._cells[:, : self.region.row_high]

    def position(self, tick: int) -> int:
        """First index of ``cells`` for a tick."""
        return self.region.position(tick)

    def rows(self) -> NDArray[Any]:
        """The row table (dtype native.region.ROW: slot, generation, key, born_tick, gone_tick): a consistent copy."""
        return self._read_owners().table

    def snapshot(self, tick: int | None = None) -> Snapshot:
        """A copy of one tick, by default the latest.

        Raises TornError when the tick asked for is not (or no longer) whole, RingError when there is none yet.
        """
        for _ in range(_ATTEMPTS):
            found = self._copy(self._latest() if tick is None else tick)
            if found is not None:
                return found
            if tick is not None:
                break
        raise TornError(self._torn(tick))

    def reading(self, tick: int | None = None) -> Reading:
        """One tick in the ring itself, without a copy; a context manager that checks at its end.

        Raises TornError, here when the tick is not whole and at the end of the block when it was overwritten.
        """
        wanted = self._latest() if tick is None else tick
        info = self.region.tick(wanted)
        if info is None:
            raise TornError(self._torn(wanted))
        owners = self._read_owners()
        high = min(info.row_high, len(owners))
        cells = self._cells[self.position(wanted), :high]
        present = (cells["tick"] == wanted & 0xFFFFFFFF) & owners.had(np.array([wanted], np.uint64))[0, :high]
        generations = owners.table["generation"][:high]
        keys = None if owners.keys is None else owners.keys[:high]
        return Reading(self.region, self.columns, info, owners.slots[:high], generations, keys, present, cells)

    def window(
        self,
        seconds: float | None = None,
        since: int | None = None,
        ticks: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> Window:
        """A copy of the ticks the ring holds: all, or those of the last ``seconds``, after tick ``since``, the last
        ``ticks``; the conditions add up.

        ``columns`` names those to copy (default all): a window of two columns costs a fraction of one of seventy.
        Ticks that are overwritten meanwhile are left out at the old end. May be empty.
        """
        wanted = None if columns is None else [name for name in columns if self.columns.find(name)]
        chosen = self._choose(seconds, since, ticks)
        owners = self._read_owners()  # after the choice: who comes later was not sampled in these ticks
        numbers = chosen["tick"]
        positions = (numbers // np.uint64(self.stride) % np.uint64(self.ring_len)).astype(np.intp)
        stamps = self._cells["tick"][positions, : len(owners)] if len(numbers) else np.empty((0, len(owners)), "u4")
        present = (stamps == (numbers & _LOW).astype(np.uint32)[:, np.newaxis]) & owners.had(numbers)
        rows = np.flatnonzero(present.any(axis=0))
        offsets, cells = self._copy_cells(np.ix_(positions, rows), wanted)
        whole = np.array([self.region.check(int(tick)) for tick in numbers], bool)
        chosen = chosen[whole]
        return Window(
            columns=self.columns,
            ticks=chosen["tick"],
            times_ns=chosen["realtime_ns"].astype(np.int64),
            monotonic_ns=chosen["monotonic_ns"].astype(np.int64),
            durations_ns=chosen["duration_ns"].astype(np.int64),
            rows=rows,
            slots=owners.slots[rows],
            generations=owners.table["generation"][rows],
            keys=None if owners.keys is None else owners.keys[rows],
            present=present[:, rows][whole],
            offsets_usec=offsets if whole.all() else offsets[whole],
            cells=cells if whole.all() else {name: values[whole] for name, values in cells.items()},
        )

    def close(self) -> None:
        """Lets go of the file; snapshots and windows stay valid."""
        self.region.close()
        self._cells, self._blocks, self._ticks = self._cells[:0, :0].copy(), self._blocks[:0, :0].copy(), _NO_TICKS

    def _latest(self) -> int:
        latest = self.region.latest
        if latest == 0:
            raise RingError(f"{self.region.path}: no tick is complete yet")
        return latest

    def _torn(self, tick: int | None) -> str:
        if tick is None:
            return f"{self.name}: ticks are overwritten faster than they can be read: {self.ring_len} are too few"
        span = f"{self.oldest_tick} to {self.latest_tick}"
        return f"{self.name}: the ring holds ticks {span}; tick {tick} is not whole there"

    def _read_owners(self) -> Owners:
        owners = self._owners
        if owners is None or owners.seq != self.region.rows_seq or len(owners) != self.region.row_high:
            owners = self._owners = read_owners(self.region, self.is_keyed)
        return owners

    def _copy(self, tick: int) -> Snapshot | None:
        info = self.region.tick(tick)
        if info is None:
            return None
        live = self._cells[self.position(tick), : info.row_high]
        sampled = np.flatnonzero(live["tick"] == tick & 0xFFFFFFFF)
        blocks = self._blocks[self.position(tick), : info.row_high]
        cells = (blocks.copy() if len(sampled) == len(blocks) else blocks[sampled]).view(self.dtype)
        if not self.region.check(tick):
            return None
        owners = self._read_owners()  # after the cells: rows of this tick are in it
        mine = owners.had(np.array([tick], np.uint64))[0, sampled]
        if not mine.all():
            sampled, cells = sampled[mine], cells[mine]
        cells.flags.writeable = False
        generations = owners.table["generation"][sampled]
        keys = None if owners.keys is None else owners.keys[sampled]
        return Snapshot(self.columns, info, sampled, owners.slots[sampled], generations, keys, cells)

    def _copy_cells(
        self, where: tuple[Any, ...], names: list[str] | None
    ) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
        """The sampling offsets and the named columns (None: all) at some places of the ring."""
        if names is not None:
            return self._cells["offset_usec"][where], {name: self._cells[name][where] for name in names}
        block = self._blocks[where].view(self.dtype)
        return block["offset_usec"], {name: block[name] for name in self.columns.names}

    def _choose(self, seconds: float | None, since: int | None, ticks: int | None) -> NDArray[Any]:
        """Tick table entries that are complete and asked for, by tick."""
        latest = self.region.latest
        table = self._ticks.copy()
        oldest = max(latest - self.ring_len * self.stride, 0)
        complete = (table["state"] == table["tick"] * np.uint64(2) + np.uint64(2)) & (table["tick"] > oldest)
        chosen: NDArray[Any] = table[complete & (table["tick"] <= latest)]
        chosen = chosen[np.argsort(chosen["tick"])]
        if since is not None:
            chosen = chosen[chosen["tick"] > since]
        if seconds is not None and len(chosen):
            begin = max(int(chosen["monotonic_ns"][-1]) - round(seconds * 1e9), 0)
            chosen = chosen[chosen["monotonic_ns"] >= begin]
        return chosen if ticks is None else chosen[len(chosen) - min(ticks, len(chosen)) :]


def _group(region: Region) -> Group:
    """The group as the table has it; one that a newer collector added is described by the ring itself."""
    name = region.shape.group
    for group in GROUPS:
        if group.name == name:
            return group
    columns = tuple(
        Column(name, c.name, c.index, c.number, _CELLS[c.cell], _KINDS.get(c.kind, "gauge"), "", "", "", "")
        for c in sorted(region.columns, key=lambda c: c.index)
    )
    interval_ms = region.shape.interval_ns // 1_000_000
    return Group(name, -1, 0, "none" if region.shape.key == 0 else "key", interval_ms, "", columns)
