"""What else a sample has: processes, accelerators, applications' metrics, health (info/v1). Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..decode import Number, Real, Text, Time, mapping


@dataclass(frozen=True, slots=True)
class UlimitSpec:
    """A resource limit; -1: none."""

    name: Text = None
    soft_limit: Number = None
    hard_limit: Number = None


@dataclass(frozen=True, slots=True)
class ProcessStats:
    """Processes and what they have open."""

    process_count: Number = None
    fd_count: Number = None
    socket_count: Number = None
    threads_current: Number = None
    threads_max: Number = None
    ulimits: tuple[UlimitSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class AcceleratorStats:
    """A GPU; sizes in bytes, ``duty_cycle`` in percent."""

    make: Text = None
    model: Text = None
    id: Text = None
    memory_total: Number = None
    memory_used: Number = None
    duty_cycle: Number = None


@dataclass(frozen=True, slots=True)
class MetricVal:
    """A value of an application's metric."""

    label: Text = None
    labels: Mapping[str, str] = mapping()
    timestamp: Time = None
    int_value: Number = None
    float_value: Real = None


@dataclass(frozen=True, slots=True)
class Health:
    """``status``: "starting", "healthy", "unhealthy", "" = no check."""

    status: Text = None
