"""Disks of a sample (info/v1 DiskIoStats, FsStats), and the pressure that its parts share. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..decode import Flag, Number, Real, Text, mapping


@dataclass(frozen=True, slots=True)
class PsiData:
    """Pressure: ``total`` in µs, averages in percent."""

    total: Number = None
    avg10: Real = None
    avg60: Real = None
    avg300: Real = None


@dataclass(frozen=True, slots=True)
class PsiStats:
    """Time in which all tasks (full) or at least one (some) waited."""

    full: PsiData | None = None
    some: PsiData | None = None


@dataclass(frozen=True, slots=True)
class PerDiskStats:
    """One device; ``stats`` by operation: "Read", "Write", "Sync", "Async", "Discard", "Total", "Count"."""

    device: Text = None
    major: Number = None
    minor: Number = None
    stats: Mapping[str, int] = mapping()


@dataclass(frozen=True, slots=True)
class DiskIoStats:
    """Block IO by device. Times in ns, costs in µs; which lists there are depends on the cgroup version."""

    io_service_bytes: tuple[PerDiskStats, ...] = ()
    io_serviced: tuple[PerDiskStats, ...] = ()
    io_queued: tuple[PerDiskStats, ...] = ()
    sectors: tuple[PerDiskStats, ...] = ()
    io_service_time: tuple[PerDiskStats, ...] = ()
    io_wait_time: tuple[PerDiskStats, ...] = ()
    io_merged: tuple[PerDiskStats, ...] = ()
    io_time: tuple[PerDiskStats, ...] = ()
    io_cost_usage: tuple[PerDiskStats, ...] = ()
    io_cost_wait: tuple[PerDiskStats, ...] = ()
    io_cost_indebt: tuple[PerDiskStats, ...] = ()
    io_cost_indelay: tuple[PerDiskStats, ...] = ()
    psi: PsiStats | None = None


@dataclass(frozen=True, slots=True)
class FsStats:
    """A filesystem: of the host, or what a container holds on disk. Sizes in bytes, times in ms."""

    device: Text = None
    type: Text = None
    capacity: Number = None
    usage: Number = None
    base_usage: Number = None
    available: Number = None
    has_inodes: Flag = None
    inodes: Number = None
    inodes_free: Number = None
    reads_completed: Number = None
    reads_merged: Number = None
    sectors_read: Number = None
    read_time: Number = None
    writes_completed: Number = None
    writes_merged: Number = None
    sectors_written: Number = None
    write_time: Number = None
    io_in_progress: Number = None
    io_time: Number = None
    weighted_io_time: Number = None
