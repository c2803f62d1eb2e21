"""cAdvisor's ContainerStats from rows of the ring, field by field: what the C encoder is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.native import ABSENT, UNLIMITED

Rows = Mapping[tuple[str, str], Mapping[str, int]]
"""Values by column, of one container in one tick, by (group, key); key "" in groups without."""

NO_LOAD = dict.fromkeys(("nr_sleeping", "nr_running", "nr_stopped", "nr_uninterruptible", "nr_io_wait"), 0)
PARTS_V21 = ("cpu", "diskio", "memory", "hugetlb", "network", "processes", "filesystem")
STATES = ("Established", "SynSent", "SynRecv", "FinWait1", "FinWait2", "TimeWait", "Close", "CloseWait", "LastAck",
          "Listen", "Closing")  # fmt: skip


class Sample:
    """One sample's rows; ``is_v2`` of cgroup v2, ``extras``: the fields that the caller gives."""

    def __init__(
        self,
        rows: Rows,
        unix_ns: int,
        *,
        is_v2: bool,
        devices: Mapping[str, str] | None = None,
        extras: Mapping[str, Any] | None = None,
        has_io: bool = True,
        is_host: bool = False,
    ) -> None:
        self.rows, self.unix_ns, self.is_v2, self.is_host = rows, unix_ns, is_v2, is_host
        self.devices, self.extras, self.has_io = devices or {}, extras or {}, has_io

    def raw(self, group: str, column: str, key: str = "") -> int:
        return self.rows.get((group, key), {}).get(column, ABSENT)

    def number(self, group: str, *columns: str, key: str = "") -> int:
        """Of the first column that has a value; "no limit" is 2^64 - 1."""
        values = [value for column in columns if (value := self.raw(group, column, key)) != ABSENT]
        return 0 if not values else 2**64 - 1 if values[0] == UNLIMITED else values[0]

    def keys(self, group: str) -> list[str]:
        return [key for name, key in self.rows if name == group]

    def v1(self) -> dict[str, Any]:
        out = {
            "timestamp": time_text(self.unix_ns),
            "cpu": self.cpu(),
            "diskio": self.disk_io(),
            "memory": self.memory(),
            "hugetlb": self.hugetlb(),
            "network": {**self.interface(self.interfaces()[0] if self.interfaces() else None), **self.network()},
            "filesystem": self.extras.get("filesystem"),
            "task_stats": NO_LOAD,
            "accelerators": self.extras.get("accelerators"),
            "processes": self.processes(),
            "resctrl": {},
            "cpuset": {"memory_migrate": self.number("cpuset", "memory_migrate")},
            "oom_events": self.number("memory_events", "oom_kill") or None,
            "health": {"status": self.extras.get("health", "")},
        }
        if not self.has_io:
            out["diskio"] = None
        return {key: value for key, value in out.items() if value is not None}

    def v20(self, has: Mapping[str, bool], instant: dict[str, Any] | None = None) -> dict[str, Any]:
        out = {
            "timestamp": time_text(self.unix_ns),
            "has_cpu": has["cpu"],
            "cpu": self.cpu(),
            "cpu_inst": instant,
            "has_diskio": has["diskio"],
            "diskio": self.disk_io(),
            "has_memory": has["memory"],
            "memory": self.memory(),
            "has_hugetlb": has["hugetlb"],
            "hugetlb": self.hugetlb(),
            "has_network": has["network"],
            "network": self.network(),
            "has_processes": has["processes"],
            "processes": self.processes(),
            "has_filesystem": has["filesystem"],
            "filesystem": self.extras.get("filesystem"),
            "has_load": False,
            "load_stats": NO_LOAD,
            "has_custom_metrics": False,
            "resctrl": {},
        }
        return {key: value for key, value in out.items() if value is not None}

    def v21(self, has: Mapping[str, bool], instant: dict[str, Any] | None = None) -> dict[str, Any]:
        whole = self.v20(has, instant)
        out: dict[str, Any] = {"timestamp": whole["timestamp"]}
        for part in PARTS_V21:
            if has[part] and part in whole:
                out[part] = whole[part]
            if part == "cpu" and has[part] and instant:
                out["cpu_inst"] = instant
        if "accelerators" in self.extras:
            out["accelerators"] = self.extras["accelerators"]
        return {**out, "resctrl": {}}

    def machine(self, has: Mapping[str, bool], instant: dict[str, Any] | None = None) -> dict[str, Any]:
        parts = ("timestamp", "cpu", "cpu_inst", "memory", "network", "filesystem")
        return {key: value for key, value in self.v21(has, instant).items() if key in parts}

    def cpu(self) -> dict[str, Any]:
        usage: dict[str, Any] = {"total": self.number("cpu", "usage_ns")}
        if cores := self.cores():
            usage["per_cpu_usage"] = [cores.get(core, 0) for core in range(max(cores) + 1)]
        usage |= {"user": self.number("cpu", "user_ns"), "system": self.number("cpu", "system_ns")}
        return {
            "usage": usage,
            "cfs": {
                "periods": self.number("cpu", "periods"),
                "throttled_periods": self.number("cpu", "throttled_periods"),
                "throttled_time": self.number("cpu", "throttled_ns"),
                "bursts_periods": self.number("cpu", "bursts"),
                "burst_time": self.number("cpu", "burst_ns"),
            },
            "schedstat": {
                "run_time": self.number("schedstat", "run_ns"),
                "runqueue_time": self.number("schedstat", "wait_ns"),
                "run_periods": self.number("schedstat", "slices"),
            },
            "load_average": 0,
            "load_d_average": 0,
            "psi": self.psi("cpu"),
        }

    def cores(self) -> dict[int, int]:
        values = {int(key): self.raw("cpu_percpu", "usage_ns", key) for key in self.keys("cpu_percpu")}
        return {core: value for core, value in values.items() if value < UNLIMITED}

    def psi(self, what: str) -> dict[str, Any]:
        return {line: self.psi_line(f"{what}_{line}") for line in ("full", "some")}

    def psi_line(self, name: str) -> dict[str, Any]:
        hundredths = {f"avg{s}": self.raw("pressure", f"{name}_avg{s}") for s in (10, 60, 300)}
        averages = {key: value / 100 if value < UNLIMITED else 0 for key, value in hundredths.items()}
        return {"total": self.number("pressure", f"{name}_usec"), **averages}

    def disk_io(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, group, operations in _DISK_LISTS:
            devices = [self.disk(group, device, operations) for device in sorted(self.keys(group), key=_device_order)]
            found = [device for device in devices if device["stats"]]
            if found:
                out[key] = found
        return {**out, "psi": self.psi("io")}

    def disk(self, group: str, device: str, operations: Mapping[str, str | tuple[str, ...]]) -> dict[str, Any]:
        major, minor = _device_order(device)
        stats = {}
        for name, columns in operations.items():
            every = columns if isinstance(columns, tuple) else (columns,)
            values = [value for column in every if (value := self.raw(group, column, device)) < UNLIMITED]
            if values:
                stats[name] = sum(values) % 2**64
        return {"device": self.devices.get(device, ""), "major": major, "minor": minor, "stats": stats}

    def memory(self) -> dict[str, Any]:
        usage, peak = self.number("memory", "usage_bytes"), self.raw("limits", "memory_peak_bytes")
        failcnt = ("memory_events", "max") if self.is_v2 else ("limits", "memory_failcnt")
        kernel = ("memory_stat", "kernel_bytes") if self.is_v2 else ("memory_kernel", "usage_bytes")
        swap = self.raw("memory", "swap_bytes")
        return {
            "usage": usage,
            "max_usage": max(usage, peak) if peak < UNLIMITED else 0,
            "cache": self.number("memory_stat", "file_bytes"),
            "rss": self.number("memory_stat", "anon_bytes"),
            "swap": self.number("memory", "swap_bytes") if swap != ABSENT else self.number("memory_stat", "swap_bytes"),
            "mapped_file": self.number("memory_stat", "file_mapped_bytes"),
            "working_set": max(0, usage - self.number("memory_stat", "inactive_file_bytes")),
            "total_active_file": self.number("memory_stat", "active_file_bytes"),
            "total_inactive_file": self.number("memory_stat", "inactive_file_bytes"),
            "file_dirty": self.number("memory_stat", "file_dirty_bytes"),
            "file_writeback": self.number("memory_stat", "file_writeback_bytes"),
            "pgscan": self.number("memory_stat", "pgscan"),
            "pgsteal": self.number("memory_stat", "pgsteal"),
            "workingset_refault_file": self.number("memory_stat", "workingset_refault_file"),
            "workingset_refault_anon": self.number("memory_stat", "workingset_refault_anon"),
            "failcnt": self.number(*failcnt),
            "kernel": self.number(*kernel),
            "container_data": {
                "pgfault": self.number("memory_stat", *(("pgfault",) if self.is_v2 else ("local_pgfault", "pgfault"))),
                "pgmajfault": self.number(
                    "memory_stat", *(("pgmajfault",) if self.is_v2 else ("local_pgmajfault", "pgmajfault"))
                ),
                "numa_stats": self.numa() if self.is_v2 else {},
            },
            "hierarchical_data": {
                "pgfault": self.number("memory_stat", "pgfault"),
                "pgmajfault": self.number("memory_stat", "pgmajfault"),
                "numa_stats": self.numa(),
            },
            "psi": self.psi("memory"),
            "events": {"high": self.number("memory_events", "high"), "max": self.number("memory_events", "max")},
        }

    def numa(self) -> dict[str, dict[str, int]]:
        out = {}
        for name in ("file", "anon", "unevictable"):
            nodes = {key: self.raw("memory_numa", f"{name}_bytes", key) for key in sorted(self.keys("memory_numa"))}
            if pages := {key: value // 4096 for key, value in nodes.items() if value < UNLIMITED}:
                out[name] = pages
        return out

    def hugetlb(self) -> dict[str, Any] | None:
        sizes = {
            key: {
                **{name: value for name, value in self._pages(key).items() if value},  # omitempty in cAdvisor's struct
                "failcnt": self.number("hugetlb", "failcnt", key=key),
            }
            for key in sorted(self.keys("hugetlb"))
        }
        return sizes or None

    def _pages(self, key: str) -> dict[str, int]:
        columns = {"usage": "usage_bytes", "max_usage": "peak_bytes"}
        return {name: self.number("hugetlb", column, key=key) for name, column in columns.items()}

    def interfaces(self) -> list[str]:
        hidden = ("veth", "docker", "nerdctl") if self.is_host else ()
        return [key for key in self.keys("network") if key != "lo" and not key.startswith(hidden or ("\0",))]

    def interface(self, key: str | None) -> dict[str, Any]:
        def pair(way: str) -> dict[str, int]:
            wanted = {"bytes": "network", "packets": "network", "errors": "network_errors", "dropped": "network_errors"}
            return {
                f"{way}_{n}": 0 if key is None else self.number(g, f"{way}_{n}", key=key) for n, g in wanted.items()
            }

        return {"name": key or "", **pair("rx"), **pair("tx")}

    def network(self) -> dict[str, Any]:
        interfaces = [self.interface(key) for key in self.interfaces()]
        out: dict[str, Any] = {"interfaces": interfaces} if interfaces else {}
        for group in ("tcp", "tcp6"):
            out[group] = {state: self.number(group, _snake(state)) for state in STATES}
        for group in ("udp", "udp6"):
            out[group] = {
                "Listen": self.number(group, "sockets"),
                "Dropped": self.number(group, "drops"),
                "RxQueued": self.number(group, "rx_queued_bytes"),
                "TxQueued": self.number(group, "tx_queued_bytes"),
            }
        out["tcp_advanced"] = {name: self.number("tcp_advanced", column) for name, column in ADVANCED.items()}
        if self.raw("tcp_advanced", "max_conn") == UNLIMITED:
            out["tcp_advanced"]["MaxConn"] = -1
        return out

    def processes(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "process_count": self.number("tasks", "processes"),
            "fd_count": self.number("tasks", "fds"),
            "socket_count": self.number("tasks", "sockets"),
        }
        for key, group, column in (("threads_current", "pids", "current"), ("threads_max", "limits", "pids")):
            value = self.raw(group, column)
            if value and value < UNLIMITED:
                out[key] = value
        soft, hard = self.raw("tasks", "open_files_soft"), self.raw("tasks", "open_files_hard")
        if soft != ABSENT:
            limits = {"soft_limit": soft, "hard_limit": hard}
            plain = {key: -1 if value >= UNLIMITED else value for key, value in limits.items()}
            out["ulimits"] = [{"name": "max_open_files", **plain}]
        return out


def instant(before: Sample, now: Sample, elapsed_ns: int) -> dict[str, Any] | None:
    """cpu_inst; None where it is left out: nothing to compare with, a counter that fell, a core that came or went."""

    def rate(later: int, earlier: int) -> int:
        if later >= UNLIMITED or earlier >= UNLIMITED:
            return 0
        return min(int((later - earlier) / float(elapsed_ns) * 1e9), 2**64 - 1)

    columns = ("usage_ns", "user_ns", "system_ns")
    pairs = {name: (now.raw("cpu", name), before.raw("cpu", name)) for name in columns}
    cores, earlier = now.cores(), before.cores()
    is_same = cores.keys() == earlier.keys() and ("cpu", "") in now.rows and ("cpu", "") in before.rows
    both = [*pairs.values(), *((value, earlier.get(core, 0)) for core, value in cores.items())]
    if elapsed_ns <= 0 or not is_same or any(a < b < UNLIMITED for a, b in both):
        return None
    total, user, system = (rate(*pairs[name]) for name in columns)
    usage: dict[str, Any] = {"total": total}
    if cores:
        rates = {core: rate(value, earlier[core]) for core, value in cores.items()}
        usage["per_cpu_usage"] = [rates.get(core, 0) for core in range(max(cores) + 1)]
    return {"usage": {**usage, "user": user, "system": system}}


def time_text(ns: int) -> str:
    """RFC 3339 in UTC, fractions without trailing zeros."""
    fraction = f"{ns % 10**9:09d}".rstrip("0")
    whole = datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


def _snake(state: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in state).lstrip("_")


def _device_order(key: str) -> tuple[int, int]:
    major, minor = key.split(":")
    return int(major), int(minor)


def _columns(group: str) -> dict[str, str]:
    """The kernel's own words by column: columns.def names them as sources."""
    columns = next(one for one in GROUPS if one.name == group).columns
    return {column.v1.partition(":")[2]: column.name for column in columns}


ADVANCED = _columns("tcp_advanced")
_DISK_LISTS: tuple[tuple[str, str, Mapping[str, str | tuple[str, ...]]], ...] = (
    *(
        (
            key,
            "io",
            {
                "Async": f"async_{unit}",
                "Discard": f"discard_{unit}",
                "Read": f"read_{unit}",
                "Sync": f"sync_{unit}",
                "Total": (f"read_{unit}", f"write_{unit}", f"discard_{unit}"),
                "Write": f"write_{unit}",
            },
        )
        for key, unit in (("io_service_bytes", "bytes"), ("io_serviced", "ops"))
    ),
    ("io_queued", "io_scheduler", {"Total": "queued"}),
    ("sectors", "io_scheduler", {"Count": "sectors"}),
    ("io_service_time", "io_scheduler", {"Total": "service_time_ns"}),
    ("io_wait_time", "io_scheduler", {"Total": "wait_time_ns"}),
    ("io_merged", "io_scheduler", {"Total": "merged"}),
    ("io_time", "io_scheduler", {"Count": "time_ms"}),
    *((f"io_cost_{name}", "io", {"Count": f"cost_{name}_usec"}) for name in ("usage", "wait", "indebt", "indelay")),
)
