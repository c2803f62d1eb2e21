"""Containers as API v2.1 shows them (info/v2). Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..decode import Number, Real, Text, Time, mapping, renamed
from .cpu import CpuInstStats, CpuStats, LoadStats, PerfStat, PerfUncoreStat
from .disk import DiskIoStats
from .memory import HugetlbStats, MemoryStats, ResctrlStats
from .network import NetworkStats
from .spec import ContainerSpec
from .tasks import AcceleratorStats, MetricVal, ProcessStats


@dataclass(frozen=True, slots=True)
class ContainerSpecV2(ContainerSpec):
    """As in v1, with the names its runtime has for it. cAdvisor leaves ``cpu.quota``, ``cpu.period`` and
    ``processes`` out here."""

    aliases: tuple[str, ...] = ()
    namespace: Text = None


@dataclass(frozen=True, slots=True)
class FilesystemStats:
    """What a container holds on disk, bytes."""

    total_usage_bytes: Number = renamed("totalUsageBytes")
    base_usage_bytes: Number = renamed("baseUsageBytes")
    container_inode_usage: Number = renamed("containter_inode_usage")  # misspelt for ever


@dataclass(frozen=True, slots=True)
class ContainerStatsV2:
    """One sample. A part that the container or this host does not have is None."""

    timestamp: Time = None
    cpu: CpuStats | None = None
    cpu_inst: CpuInstStats | None = None
    disk_io: DiskIoStats | None = renamed("diskio")
    memory: MemoryStats | None = None
    hugetlb: Mapping[str, HugetlbStats] = mapping()
    network: NetworkStats | None = None
    processes: ProcessStats | None = None
    filesystem: FilesystemStats | None = None
    load_stats: LoadStats | None = None
    accelerators: tuple[AcceleratorStats, ...] = ()
    custom_metrics: Mapping[str, tuple[MetricVal, ...]] = mapping()
    perf_stats: tuple[PerfStat, ...] = ()
    perf_uncore_stats: tuple[PerfUncoreStat, ...] = ()
    referenced_memory: Number = None
    resctrl: ResctrlStats | None = None


@dataclass(frozen=True, slots=True)
class ContainerInfoV2:
    """A container with its samples, oldest first."""

    spec: ContainerSpecV2 | None = None
    stats: tuple[ContainerStatsV2, ...] = ()


@dataclass(frozen=True, slots=True)
class DiskStats:
    """Of a host filesystem's device; durations in ns."""

    reads_completed: Number = None
    reads_merged: Number = None
    sectors_read: Number = None
    read_duration: Number = None
    writes_completed: Number = None
    writes_merged: Number = None
    sectors_written: Number = None
    write_duration: Number = None
    io_in_progress: Number = None
    io_duration: Number = None
    weighted_io_duration: Number = None


@dataclass(frozen=True, slots=True)
class MachineFsStats:
    """A filesystem of the host."""

    device: Text = None
    type: Text = None
    capacity: Number = None
    usage: Number = None
    available: Number = None
    inodes_free: Number = None
    disk_stats: DiskStats | None = renamed("inline")  # the key is what is left of a Go tag that was meant to embed it


@dataclass(frozen=True, slots=True)
class MachineStats:
    """One sample of the machine."""

    timestamp: Time = None
    cpu: CpuStats | None = None
    cpu_inst: CpuInstStats | None = None
    memory: MemoryStats | None = None
    network: NetworkStats | None = None
    filesystem: tuple[MachineFsStats, ...] = ()
    load_stats: LoadStats | None = None


@dataclass(frozen=True, slots=True)
class InstantUsage:
    """Now: ``cpu`` in thousandths of a core, ``memory`` the working set in bytes."""

    cpu: Number = None
    memory: Number = None


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of a span of time, units as in InstantUsage; ``present`` is False when there were no samples."""

    present: bool | None = None
    mean: Number = None
    std: Number = None
    max: Number = None
    fifty: Number = None
    ninety: Number = None
    ninetyfive: Number = None
    count: Number = None


@dataclass(frozen=True, slots=True)
class Usage:
    """A minute, an hour or a day; ``percent_complete``: how much of it there are samples of."""

    percent_complete: Number = None
    cpu: Percentiles | None = None
    memory: Percentiles | None = None


@dataclass(frozen=True, slots=True)
class DerivedStats:
    """What summary answers for a container."""

    timestamp: Time = None
    latest_usage: InstantUsage | None = None
    minute_usage: Usage | None = None
    hour_usage: Usage | None = None
    day_usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class FsInfo:
    """A filesystem of the host, as storage answers."""

    timestamp: Time = None
    device: Text = None
    mountpoint: Text = None
    capacity: Number = None
    available: Number = None
    usage: Number = None
    labels: tuple[str, ...] = ()
    inodes: Number = None
    inodes_free: Number = None


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A process, as ps answers. ``start_time`` and ``running_time`` are ps' own texts."""

    user: Text = None
    pid: Number = None
    parent_pid: Number = None
    start_time: Text = None
    percent_cpu: Real = None
    percent_mem: Real = None
    rss: Number = None
    virtual_size: Number = None
    status: Text = None
    running_time: Text = None
    cgroup_path: Text = None
    cmd: Text = None
    fd_count: Number = None
    psr: Number = None


@dataclass(frozen=True, slots=True)
class MetricValBasic:
    """A value of an application's metric, as appmetrics answers."""

    timestamp: Time = None
    int_value: Number = None
    float_value: Real = None
