"""Who a container is and what it is allowed (info/v1 ContainerReference, ContainerSpec). Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..decode import Flag, Number, Text, Time, mapping

UNLIMITED = 2**64 - 1
"""How cgroup v2's "max" is sent; on v1 a limit that is not set is a number near 2**63."""


@dataclass(frozen=True, slots=True)
class ContainerReference:
    """Who a container is: ``name`` is its cgroup path, ``aliases`` are its names in its runtime's ``namespace``."""

    id: Text = None
    name: Text = None
    aliases: tuple[str, ...] = ()
    namespace: Text = None  # "docker", "podman", "containerd", "crio"; None: a plain cgroup


@dataclass(frozen=True, slots=True)
class CpuSpec:
    """What of the CPU it may have."""

    limit: Number = None  # shares; v2's weight comes as shares
    max_limit: Number = None
    mask: Text = None  # "0-3,8"
    quota: Number = None  # µs a period; None: no limit
    period: Number = None  # µs


@dataclass(frozen=True, slots=True)
class MemorySpec:
    """Limits in bytes. A limit of 0 comes as the machine's capacity."""

    limit: Number = None
    reservation: Number = None
    swap_limit: Number = None


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """pids.max."""

    limit: Number = None


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """An application's own metric."""

    name: Text = None
    type: Text = None  # "gauge", "cumulative"
    format: Text = None  # "int", "float"
    units: Text = None


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """What a container is allowed, and which parts its samples have."""

    creation_time: Time = None
    start_time: Time = None
    labels: Mapping[str, str] = mapping()
    envs: Mapping[str, str] = mapping()
    has_cpu: Flag = None
    cpu: CpuSpec | None = None
    has_memory: Flag = None
    memory: MemorySpec | None = None
    has_hugetlb: Flag = None
    has_network: Flag = None
    has_processes: Flag = None
    processes: ProcessSpec | None = None
    has_filesystem: Flag = None
    has_diskio: Flag = None
    has_custom_metrics: Flag = None
    custom_metrics: tuple[MetricSpec, ...] = ()
    image: Text = None
