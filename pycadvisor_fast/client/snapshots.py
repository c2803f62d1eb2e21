"""Columns of a tick as numpy arrays that share the memory of the message: no object for any container."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.v1 import service_pb2 as pb

ABSENT = np.uint64(2**64 - 1)
"""In uint64 columns: the kernel gave no value."""

UNLIMITED = np.uint64(2**64 - 2)
"""In uint64 columns: a limit that is not set."""

_GROUPS = {group.name: {column.number: column for column in group.columns} for group in GROUPS}


@dataclass(frozen=True, slots=True)
class GroupArrays:
    """One group of a tick; R rows."""

    name: str
    tick: int
    time_unix_ns: int
    time_monotonic_ns: int
    handles: NDArray[np.uint64]
    """Shape (R,): whose row it is; see ColumnsSnapshot.containers."""
    offsets_usec: NDArray[np.uint32]
    """Shape (R,): microseconds from the group's time to the moment the row was read."""
    keys: Sequence[str]
    """For keyed groups R keys (device, interface, core, page size), else empty."""
    columns: Mapping[str, NDArray[Any]]
    """By name, shape (R,), read-only: uint64 with ABSENT and UNLIMITED, or float64 with NaN. Columns that this host
    does not give are not there."""
    rates: Mapping[str, NDArray[np.float64]]
    """By counter name, shape (R,): change per second, NaN = unknown. Empty unless asked for."""

    def floats(self, column: str) -> NDArray[np.float64]:
        """A column as float64: NaN = absent, inf = no limit set."""
        values = self.columns[column]
        if values.dtype == np.float64:
            return values
        out = values.astype(np.float64)
        out[values == ABSENT] = np.nan
        out[values == UNLIMITED] = np.inf
        return out


@dataclass(frozen=True, slots=True)
class ColumnsSnapshot:
    """One batch of StreamColumns."""

    tick: int
    time_unix_ns: int
    time_monotonic_ns: int
    groups: Mapping[str, GroupArrays]
    containers: Mapping[int, pb.ContainerInfo]
    """All containers of the selection by handle, as of this batch. Do not keep it: later batches update it."""
    added: Sequence[pb.ContainerInfo]
    changed: Sequence[pb.ContainerInfo]
    removed: Sequence[pb.ContainerRemoved]
    missed_ticks: int
    replayed: bool
    is_first: bool
    """First batch of a connection: ``added`` holds everybody."""

    def __getitem__(self, group: str) -> GroupArrays:
        return self.groups[group]


class Roster:
    """Who is in a stream's selection, kept up to date from its batches."""

    def __init__(self) -> None:
        self.containers: dict[int, pb.ContainerInfo] = {}

    def update(self, batch: pb.StatsBatch | pb.ColumnsBatch) -> None:
        """Applies what ``batch`` says about containers."""
        if batch.HasField("stream"):
            self.containers.clear()
        for info in (*batch.added, *batch.changed):
            self.containers[info.handle] = info
        for removed in batch.removed:
            self.containers.pop(removed.handle, None)


def snapshot(batch: pb.ColumnsBatch, roster: Roster) -> ColumnsSnapshot:
    """A batch as arrays; updates ``roster`` first."""
    roster.update(batch)
    return ColumnsSnapshot(
        tick=batch.tick,
        time_unix_ns=batch.time_unix_ns,
        time_monotonic_ns=batch.time_monotonic_ns,
        groups={group.group: _arrays(group) for group in batch.groups},
        containers=roster.containers,
        added=batch.added,
        changed=batch.changed,
        removed=batch.removed,
        missed_ticks=batch.missed_ticks,
        replayed=batch.replayed,
        is_first=batch.HasField("stream"),
    )


def _arrays(group: pb.GroupColumns) -> GroupArrays:
    known = _GROUPS.get(group.group, {})
    columns: dict[str, NDArray[Any]] = {}
    for item in group.columns:
        column = known.get(item.number)
        dtype = "<f8" if column and column.cell == "C16" else "<u8"
        # A newer server may have columns that this client's table lacks.
        columns[column.name if column else f"#{item.number}"] = np.frombuffer(item.values, dtype)
    rates = {known[item.number].name: np.frombuffer(item.values, "<f8") for item in group.rates if item.number in known}
    return GroupArrays(
        name=group.group,
        tick=group.tick,
        time_unix_ns=group.time_unix_ns,
        time_monotonic_ns=group.time_monotonic_ns,
        handles=np.frombuffer(group.handles, "<u8"),
        offsets_usec=np.frombuffer(group.offsets_usec, "<u4"),
        keys=group.keys,
        columns=columns,
        rates=rates,
    )
