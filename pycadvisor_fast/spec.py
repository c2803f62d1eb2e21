"""What a container is allowed, beside who it is: plain data and the conversion of CPU shares. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .container import Container

UNLIMITED = 2**64 - 2
"""A limit that is not set, as in columns of kind LIMIT."""
DEFAULT_SHARES, DEFAULT_WEIGHT = 1024, 100  # kernel: kernel/sched/core.c, include/linux/cgroup.h
_LEAST_SHARES, _MOST_SHARES, _MOST_WEIGHT = 2, 262_144, 10_000
_NO_SIZES: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class IoLimit:
    """Of one block device, "major:minor". None: not given here; UNLIMITED: none set."""

    device: str
    read_bytes_per_second: int | None = None
    write_bytes_per_second: int | None = None
    read_ops_per_second: int | None = None
    write_ops_per_second: int | None = None
    weight: int | None = None
    latency_usec: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a cgroup. None: this kernel does not give it, or it was not read yet; UNLIMITED: none set.

    Numbers of the group ``limits`` are as old as its newest tick; ``cpu_mask``, io and huge pages are read when the
    container appears and once a minute.
    """

    cpu_shares: int | None = None
    """v1: cpu.shares. v2: worked out of the weight by ``shares_of_weight``."""
    cpu_weight: int | None = None
    """v2: cpu.weight. v1: worked out of the shares by ``weight_of_shares``."""
    cpu_quota_usec: int | None = None
    cpu_period_usec: int | None = None
    cpu_burst_usec: int | None = None
    cpu_mask: str = ""
    """Cores it may use, as the kernel writes lists: "0-3,8"."""
    memory_bytes: int | None = None
    memory_reservation_bytes: int | None = None
    """v1: memory.soft_limit_in_bytes. v2: memory.low, which is where runtimes put a reservation."""
    memory_high_bytes: int | None = None
    memory_low_bytes: int | None = None
    memory_min_bytes: int | None = None
    swap_bytes: int | None = None
    """Of swap alone. v1: memory.memsw.limit_in_bytes less the memory limit."""
    memory_and_swap_bytes: int | None = None
    pids: int | None = None
    io_weight: int | None = None
    io: tuple[IoLimit, ...] = ()
    hugetlb_bytes: Mapping[str, int] = field(default_factory=lambda: _NO_SIZES)
    """By page size, as the kernel names them: "2MB"."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A container with its limits, and which of its numbers there are."""

    container: Container
    limits: Limits
    has_cpu: bool = False
    has_memory: bool = False
    has_pids: bool = False
    has_io: bool = False
    has_hugetlb: bool = False
    has_network: bool = False
    """It has interfaces of its own: not the host's, and not those of another container."""
    has_filesystem: bool = False
    """The host directory of its writable layer is known."""
    has_health: bool = False


def weight_of_shares(shares: int) -> int:
    """cpu.weight (v2) that runtimes make of CPU shares (v1): 10 ** ((l² + 125 l) / 612 - 7 / 34), l = log2(shares).

    What runc (since 1.3.2) and crun (since 1.23) do: 2 -> 1, 1024 -> 100, 262144 -> 10000, so that the defaults of both
    interfaces are the same. ``weight_of_shares_linear`` is what they did before.
    """
    if shares <= _LEAST_SHARES:
        return 1
    if shares >= _MOST_SHARES:
        return _MOST_WEIGHT
    exponent = math.log2(shares)
    return math.ceil(round(10 ** ((exponent * exponent + 125 * exponent) / 612 - 7 / 34), 9))


def shares_of_weight(weight: int) -> int:
    """The inverse of ``weight_of_shares``, rounded.

    The weight alone does not say which formula made it. This one is taken since it is today's, and since a cgroup whose
    weight nobody has set (100) has the shares nobody has set (1024) by it; by the linear one it would have 2597.
    """
    if weight <= 1:
        return _LEAST_SHARES
    if weight >= _MOST_WEIGHT:
        return _MOST_SHARES
    constant = 612 * (math.log10(weight) + 7 / 34)
    return round(2 ** ((math.sqrt(125 * 125 + 4 * constant) - 125) / 2))


def weight_of_shares_linear(shares: int) -> int:
    """1 + (shares - 2) * 9999 / 262142: of runc before 1.3.2, crun before 1.23, and kubelet; 1024 -> 39."""
    return 1 + (min(max(shares, _LEAST_SHARES), _MOST_SHARES) - 2) * 9999 // 262_142


def shares_of_weight_linear(weight: int) -> int:
    """2 + (weight - 1) * 262142 / 9999: what cAdvisor shows as cpu.limit on cgroup v2; 100 -> 2597."""
    return 2 + (min(max(weight, 1), _MOST_WEIGHT) - 1) * 262_142 // 9999


def plain(limits: Limits) -> dict[str, Any]:
    """The limits that are given, by name; ``io`` as a list of such dicts."""
    given = {name: getattr(limits, name) for name in Limits.__slots__ if name not in ("io", "hugetlb_bytes")}
    out: dict[str, Any] = {name: value for name, value in given.items() if value not in (None, "")}
    if limits.io:
        out["io"] = [
            {name: value for name in IoLimit.__slots__ if (value := getattr(one, name)) is not None}
            for one in limits.io
        ]
    if limits.hugetlb_bytes:
        out["hugetlb_bytes"] = dict(limits.hugetlb_bytes)
    return out
