"""CPU of a sample (info/v1 CpuStats). Plain data; times in ns."""

from __future__ import annotations

from dataclasses import dataclass

from ..decode import Number, Real, Text
from .disk import PsiStats


@dataclass(frozen=True, slots=True)
class CpuUsage:
    """CPU time in ns; ``per_cpu_usage`` is empty where the kernel does not count by core."""

    total: Number = None
    per_cpu_usage: tuple[int, ...] = ()
    user: Number = None
    system: Number = None


@dataclass(frozen=True, slots=True)
class CpuCfs:
    """Bandwidth control; times in ns."""

    periods: Number = None
    throttled_periods: Number = None
    throttled_time: Number = None
    bursts_periods: Number = None
    burst_time: Number = None


@dataclass(frozen=True, slots=True)
class CpuSchedstat:
    """Sums of /proc/<pid>/schedstat; times in ns."""

    run_time: Number = None
    runqueue_time: Number = None
    run_periods: Number = None


@dataclass(frozen=True, slots=True)
class CpuStats:
    """CPU of one sample."""

    usage: CpuUsage | None = None
    cfs: CpuCfs | None = None
    schedstat: CpuSchedstat | None = None
    load_average: Number = None  # times 1000
    load_d_average: Number = None  # times 1000
    psi: PsiStats | None = None


@dataclass(frozen=True, slots=True)
class CpuInstUsage:
    """CPU in nanocores, against the sample before."""

    total: Number = None
    per_cpu_usage: tuple[int, ...] = ()
    user: Number = None
    system: Number = None


@dataclass(frozen=True, slots=True)
class CpuInstStats:
    """What was used since the sample before."""

    usage: CpuInstUsage | None = None


@dataclass(frozen=True, slots=True)
class LoadStats:
    """Tasks by state."""

    nr_sleeping: Number = None
    nr_running: Number = None
    nr_stopped: Number = None
    nr_uninterruptible: Number = None
    nr_io_wait: Number = None


@dataclass(frozen=True, slots=True)
class PerfValue:
    """A perf event: ``value`` is scaled by ``scaling_ratio``, the part of the time it was counted in."""

    scaling_ratio: Real = None
    value: Number = None
    name: Text = None


@dataclass(frozen=True, slots=True)
class PerfStat(PerfValue):
    """By core."""

    cpu: Number = None


@dataclass(frozen=True, slots=True)
class PerfUncoreStat(PerfValue):
    """By socket and unit."""

    socket: Number = None
    pmu: Text = None
