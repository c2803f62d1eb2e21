"""What was sampled of some containers in one or more ticks: the data that the snapshot format carries. Plain numpy."""

from __future__ import annotations

from collections.abc import Mapping
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


@dataclass(frozen=True)
class Capture:
    """Containers, and for each group what was sampled of them."""

    containers: tuple[Container, ...]
    groups: Mapping[str, GroupCapture]
    hostname: str = ""
    boot_id: str = ""
    notes: tuple[str, ...] = field(default=())
