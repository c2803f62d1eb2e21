"""CPU, memory, IO pressure, swap and network of one cgroup in kubelet's words (Summary API, stats/v1alpha1).

A number that there is none of is left out, as kubelet does: its fields are pointers with omitempty.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container

    from .tables import Tables

Object = dict[str, Any]
MAIN_INTERFACE = "eth0"
"""Whose numbers stand beside the list of interfaces: kubelet's choice (DefaultNetworkInterfaceName)."""


def moment(ns: int) -> str | None:
    """A time as metav1.Time is written: whole seconds, UTC; None for 0."""
    return _written(ns // 10**9) if ns else None


@lru_cache(maxsize=4096)  # samples of one pass have one time, and starts stay what they are
def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def known(**fields: Any) -> Object:
    """The fields that there are."""
    return {name: value for name, value in fields.items() if value is not None}


class Usage:
    """What cgroups use, from the tables of one moment."""

    def __init__(self, tables: Tables, capacity_bytes: int | None) -> None:
        """``capacity_bytes``: the machine's memory, which is the root's limit."""
        self._tables = tables
        self._rates = tables.cpu_rates()
        self._capacity = capacity_bytes

    def cpu(self, one: Container) -> Object | None:
        """CPUStats; PSI totals are in µs, as the kernel counts and kubelet hands on."""
        table = self._tables["cpu"]
        if not table.has(one):
            return None
        rate = self._rates.get(one.handle)
        return known(
            time=moment(table.time_ns),
            usageNanoCores=None if rate is None else round(rate),
            usageCoreNanoSeconds=table.integer(one, "usage_ns"),
            psi=self._pressure(one, "cpu"),
        )

    def memory(self, one: Container) -> Object | None:
        """MemoryStats. ``availableBytes``: what the limit leaves beside the working set; no limit, no number."""
        table, stat = self._tables["memory"], self._tables["memory_stat"]
        usage = table.integer(one, "usage_bytes")
        if usage is None:
            return None
        working = max(0, usage - (stat.integer(one, "inactive_file_bytes") or 0))
        limit = self._capacity if one.path == "/" else self._tables["limits"].integer(one, "memory_bytes")
        return known(
            time=moment(table.time_ns),
            availableBytes=None if limit is None else max(0, limit - working),
            usageBytes=usage,
            workingSetBytes=working,
            rssBytes=stat.integer(one, "anon_bytes"),
            pageFaults=stat.integer(one, "pgfault"),
            majorPageFaults=stat.integer(one, "pgmajfault"),
            psi=self._pressure(one, "memory"),
        )

    def io(self, one: Container) -> Object | None:
        """IOStats: pressure alone."""
        pressure = self._pressure(one, "io")
        return known(time=moment(self._tables["pressure"].time_ns), psi=pressure) if pressure else None

    def swap(self, one: Container, capacity_bytes: int | None = None) -> Object | None:
        """SwapStats; ``capacity_bytes``: the machine's swap, for the root."""
        table = self._tables["memory"]
        usage = table.integer(one, "swap_bytes")
        if usage is None:  # cgroup v1 tells it in memory.stat
            table = self._tables["memory_stat"]
            usage = table.integer(one, "swap_bytes")
        if usage is None:
            return None
        limit = capacity_bytes if one.path == "/" else self._tables["limits"].integer(one, "swap_bytes")
        available = None if limit is None else max(0, limit - usage)
        return known(time=moment(table.time_ns), swapAvailableBytes=available, swapUsageBytes=usage)

    def processes(self, one: Container) -> Object | None:
        """ProcessStats: processes where they are counted (group tasks), else tasks, which pids.current counts."""
        count = self._tables["tasks"].integer(one, "processes")
        if count is None:
            count = self._tables["pids"].integer(one, "current")
        return None if count is None else {"process_count": count}

    def network(self, owner: Container) -> Object | None:
        """NetworkStats of the container whose namespace it is."""
        table, errors = self._tables["network"], self._tables["network_errors"]
        counted = table.by_key(owner, "rx_bytes", "tx_bytes")
        if not counted:
            return None
        failed = errors.by_key(owner, "rx_errors", "tx_errors")
        interfaces = [_interface(name, counted[name], failed) for name in sorted(counted)]
        main = next((one for one in interfaces if one["name"] == MAIN_INTERFACE), interfaces[0])
        return known(time=moment(table.time_ns), **main, interfaces=interfaces)

    def _pressure(self, one: Container, what: str) -> Object | None:
        found = known(full=self._waiting(one, f"{what}_full"), some=self._waiting(one, f"{what}_some"))
        return found or None

    def _waiting(self, one: Container, columns: str) -> Object | None:
        table = self._tables["pressure"]
        total = table.integer(one, f"{columns}_usec")
        if total is None:
            return None
        averages = {f"avg{seconds}": table.real(one, f"{columns}_avg{seconds}") for seconds in (10, 60, 300)}
        return known(total=total, **averages)


def _interface(name: str, counted: list[int | None], failed: Mapping[str, list[int | None]]) -> Object:
    received, sent = counted
    wrong = failed.get(name, [None, None])
    return known(name=name, rxBytes=received, rxErrors=wrong[0], txBytes=sent, txErrors=wrong[1])
