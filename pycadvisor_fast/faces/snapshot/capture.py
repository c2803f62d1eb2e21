"""What was sampled of some containers in one or more ticks: the data that the snapshot format carries. Plain numpy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ...container import Container

Numbers = npt.NDArray[np.uint64] | npt.NDArray[np.float64]

ABSENT = np.uint64(0xFFFFFFFFFFFFFFFF)  # as in the ring: the kernel gave no value
UNLIMITED = np.uint64(0xFFFFFFFFFFFFFFFE)  # a limit that is not set


@dataclass(frozen=True)
class GroupCapture:
    """One group: T ticks by R rows.

    ``ticks``, ``time_unix_ns``, ``time_monotonic_ns``: uint64, shape (T,), oldest first; when each pass began.
    ``handles``: uint64, shape (R,), whose row it is; ``keys``: R texts for keyed groups (device, interface, core), else
    empty. ``offsets_usec``: uint32, shape (T, R), from the tick's time to the moment the row was read.
    ``columns``: by name an array of shape (T, R): uint64 with ABSENT and UNLIMITED, or float64 with NaN for absent.
    """

    name: str
    ticks: npt.NDArray[np.uint64]
    time_unix_ns: npt.NDArray[np.uint64]
    time_monotonic_ns: npt.NDArray[np.uint64]
    handles: npt.NDArray[np.uint64]
    keys: tuple[str, ...]
    offsets_usec: npt.NDArray[np.uint32]
    columns: Mapping[str, Numbers]

    @property
    def shape(self) -> tuple[int, int]:
        """(ticks, rows)"""
        return len(self.ticks), len(self.handles)

    def rows(self) -> Iterator[tuple[int, str]]:
        """(handle, key) of each row; the key is empty in a group without keys."""
        return zip(self.handles.tolist(), self.keys or ("",) * len(self.handles), strict=True)


@dataclass(frozen=True)
class Capture:
    """Containers, and for each group what was sampled of them."""

    containers: tuple[Container, ...]
    groups: Mapping[str, GroupCapture]
    hostname: str = ""
    boot_id: str = ""
    notes: tuple[str, ...] = field(default=())


def stack(parts: Sequence[GroupCapture]) -> GroupCapture:
    """Captures of one group, oldest first and at least one, as one: all their rows, absent where a part lacks one."""
    rows: dict[tuple[int, str], int] = {}
    for part in parts:
        for row in part.rows():
            rows.setdefault(row, len(rows))
    names = list(dict.fromkeys(name for part in parts for name in part.columns))
    ticks = sum(len(part.ticks) for part in parts)
    columns = {name: _blank(parts, name, (ticks, len(rows))) for name in names}
    offsets = np.zeros((ticks, len(rows)), np.uint32)
    at = 0
    for part in parts:
        where = np.array([rows[row] for row in part.rows()], np.intp)
        here = slice(at, at + len(part.ticks))
        for name, values in part.columns.items():
            columns[name][here, where] = values
        offsets[here, where] = part.offsets_usec
        at += len(part.ticks)
    is_keyed = any(part.keys for part in parts)
    return GroupCapture(
        name=parts[0].name,
        ticks=np.concatenate([part.ticks for part in parts]),
        time_unix_ns=np.concatenate([part.time_unix_ns for part in parts]),
        time_monotonic_ns=np.concatenate([part.time_monotonic_ns for part in parts]),
        handles=np.array([handle for handle, _ in rows], np.uint64),
        keys=tuple(key for _, key in rows) if is_keyed else (),
        offsets_usec=offsets,
        columns=columns,
    )


def _blank(parts: Sequence[GroupCapture], name: str, shape: tuple[int, int]) -> Numbers:
    dtype = next(part.columns[name].dtype for part in parts if name in part.columns)
    return np.full(shape, np.nan) if dtype.kind == "f" else np.full(shape, ABSENT)
