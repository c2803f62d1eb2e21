"""Memory of a sample (info/v1 MemoryStats). Plain data; bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..decode import Number, mapping
from .disk import PsiStats


@dataclass(frozen=True, slots=True)
class MemoryNumaStats:
    """Pages by node (cgroup v1)."""

    file: Mapping[str, int] = mapping()
    anon: Mapping[str, int] = mapping()
    unevictable: Mapping[str, int] = mapping()


@dataclass(frozen=True, slots=True)
class MemoryFaults:
    """Page faults of the container alone, or with those below it."""

    pgfault: Number = None
    pgmajfault: Number = None
    numa_stats: MemoryNumaStats | None = None


@dataclass(frozen=True, slots=True)
class MemoryEvents:
    """How often a limit of cgroup v2 was met."""

    high: Number = None
    max: Number = None


@dataclass(frozen=True, slots=True)
class MemoryStats:
    """Memory of one sample, bytes; ``working_set`` is usage without the inactive file cache."""

    usage: Number = None
    max_usage: Number = None
    cache: Number = None
    rss: Number = None
    swap: Number = None
    mapped_file: Number = None
    working_set: Number = None
    total_active_file: Number = None
    total_inactive_file: Number = None
    failcnt: Number = None
    kernel: Number = None
    file_dirty: Number = None
    file_writeback: Number = None
    pgscan: Number = None
    pgsteal: Number = None
    workingset_refault_file: Number = None
    workingset_refault_anon: Number = None
    container_data: MemoryFaults | None = None
    hierarchical_data: MemoryFaults | None = None
    psi: PsiStats | None = None
    events: MemoryEvents | None = None


@dataclass(frozen=True, slots=True)
class HugetlbStats:
    """Huge pages of one size, bytes."""

    usage: Number = None
    max_usage: Number = None
    failcnt: Number = None


@dataclass(frozen=True, slots=True)
class MemoryBandwidthStats:
    """resctrl, by monitoring domain; bytes."""

    mbm_total_bytes: Number = None
    mbm_local_bytes: Number = None


@dataclass(frozen=True, slots=True)
class CacheStats:
    """resctrl, by monitoring domain; bytes."""

    llc_occupancy: Number = None


@dataclass(frozen=True, slots=True)
class ResctrlStats:
    """Memory bandwidth and last-level cache."""

    memory_bandwidth: tuple[MemoryBandwidthStats, ...] = ()
    cache: tuple[CacheStats, ...] = ()


@dataclass(frozen=True, slots=True)
class CpusetStats:
    """cpuset.memory_migrate."""

    memory_migrate: Number = None
