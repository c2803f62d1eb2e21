"""Containers as API v1 shows them (info/v1 ContainerInfo, ContainerStats). Plain data.

Counters go up from the moment the cgroup or device was made. CPU times are ns, sizes bytes, unless a comment says else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..decode import Number, Time, mapping, renamed
from .cpu import CpuInstStats, CpuStats, LoadStats, PerfStat, PerfUncoreStat
from .disk import DiskIoStats, FsStats
from .memory import CpusetStats, HugetlbStats, MemoryStats, ResctrlStats
from .network import NetworkStats
from .spec import ContainerReference, ContainerSpec
from .tasks import AcceleratorStats, Health, MetricVal, ProcessStats


@dataclass(frozen=True, slots=True)
class ContainerStats:
    """One sample. A part that the container or this host does not have is None."""

    timestamp: Time = None
    cpu: CpuStats | None = None
    cpu_inst: CpuInstStats | None = None
    disk_io: DiskIoStats | None = renamed("diskio")
    memory: MemoryStats | None = None
    hugetlb: Mapping[str, HugetlbStats] = mapping()
    network: NetworkStats | None = None
    filesystem: tuple[FsStats, ...] = ()
    task_stats: LoadStats | None = None
    accelerators: tuple[AcceleratorStats, ...] = ()
    processes: ProcessStats | None = None
    custom_metrics: Mapping[str, tuple[MetricVal, ...]] = mapping()
    perf_stats: tuple[PerfStat, ...] = ()
    perf_uncore_stats: tuple[PerfUncoreStat, ...] = ()
    referenced_memory: Number = None
    resctrl: ResctrlStats | None = None
    cpuset: CpusetStats | None = None
    oom_events: Number = None
    health: Health | None = None


@dataclass(frozen=True, slots=True)
class ContainerInfo(ContainerReference):
    """A container with its direct children, its limits and its samples, oldest first."""

    subcontainers: tuple[ContainerReference, ...] = ()
    spec: ContainerSpec | None = None
    stats: tuple[ContainerStats, ...] = ()
