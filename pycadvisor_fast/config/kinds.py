"""cAdvisor's metric kinds and the groups of ours that each one switches. Plain data."""

from __future__ import annotations

from collections.abc import Collection

# The 22 kinds of cAdvisor's -disable_metrics and -enable_metrics. A kind without groups is not collected yet: it is
# accepted, so that command lines written for cAdvisor start.
GROUPS_OF_KIND: dict[str, tuple[str, ...]] = {
    "advtcp": ("tcp_advanced",),
    "app": (),
    "cpu": ("cpu",),
    "cpuLoad": (),
    "cpu_topology": (),
    "cpuset": ("cpuset",),
    "disk": (),
    "diskIO": ("io", "io_scheduler"),
    "hugetlb": ("hugetlb",),
    "memory": ("memory", "memory_stat", "memory_events", "memory_swap", "memory_kernel"),
    "memory_numa": ("memory_numa",),
    "network": ("network", "network_errors"),
    "oom_event": ("memory_events",),
    "percpu": ("cpu_percpu",),
    "perf_event": (),
    "pressure": ("pressure",),
    "process": ("pids", "tasks"),
    "referenced_memory": (),
    "resctrl": (),
    "sched": ("schedstat",),
    "tcp": ("tcp", "tcp6"),
    "udp": ("udp", "udp6"),
}


def groups_off(enabled: Collection[str], disabled: Collection[str]) -> frozenset[str]:
    """Groups that no kind left on asks for.

    As in cAdvisor: when any kind is enabled by name, exactly those are on and ``disabled`` is ignored. A group that no
    kind names (limits, host, tick) is always on.
    """
    on = set(enabled) or set(GROUPS_OF_KIND) - set(disabled)
    wanted = {group for kind in on for group in GROUPS_OF_KIND[kind]}
    return frozenset(group for groups in GROUPS_OF_KIND.values() for group in groups) - wanted


def is_on(kind: str, enabled: Collection[str], disabled: Collection[str]) -> bool:
    """Whether a kind is on, by the same rule."""
    return kind in enabled if enabled else kind not in disabled
