"""cAdvisor's container series: names, types, labels, and which column each one is. The contract of /metrics."""

from __future__ import annotations

from typing import Any

from pycadvisor_fast.native.exposition import CORE, MINUS_ONE, PLAIN, ZERO

from .devices import FILESYSTEM, NETWORK
from .family import HAS_QUOTA, IN_TOTAL, PER_CORE, col, counter, gauge, given, of

_PAGE = 4096


def _faults(kind: str, scope: str) -> tuple[tuple[str, str], ...]:
    return (("failure_type", kind), ("scope", scope))


SPEC = of(
    "",
    "Containers: what they are",
    gauge(
        "container_creation_time_seconds",
        "When the container was created, as Unix time.",
        given("spec.created", "the runtime, else the cgroup directory"),
        differs="absent while it is not known, where cAdvisor says the year 1 (as `--compat=strict` does)",
    ),
    gauge(
        "container_start_time_seconds",
        "When the container was started, as Unix time; when it was created, where nobody says.",
        given("spec.started", "the runtime, else the creation time"),
        differs="the runtime's own start time for containerd and CRI-O as well",
    ),
    gauge(
        "container_spec_cpu_period",
        "Period of the CPU quota, in microseconds.",
        given("spec.cpu_period", "cpu.max, cpu.cfs_period_us"),
    ),
    gauge(
        "container_spec_cpu_quota",
        "CPU time allowed in each period, in microseconds; absent without a quota.",
        given("spec.cpu_quota", "cpu.max, cpu.cfs_quota_us"),
    ),
    gauge(
        "container_spec_cpu_shares",
        "Relative share of CPU time.",
        given("spec.cpu_shares", "cpu.weight, cpu.shares"),
        differs="on cgroup v2 by the conversion that runc and crun use today; strict: by cAdvisor's linear one",
    ),
    gauge(
        "container_spec_memory_limit_bytes",
        "Memory limit; 0 where none is set.",
        given("spec.memory_limit", "memory.max, memory.limit_in_bytes"),
    ),
    gauge(
        "container_spec_memory_swap_limit_bytes",
        "Limit of swap (cgroup v2), of memory and swap together (v1); 0 where none is set.",
        given("spec.swap_limit", "memory.swap.max, memory.memsw.limit_in_bytes"),
    ),
    gauge(
        "container_spec_memory_reservation_limit_bytes",
        "Memory the container is meant to keep; 0 where nothing is set.",
        given("spec.memory_reservation", "memory.low, memory.soft_limit_in_bytes"),
        differs="memory.low, which is where runtimes write it; cAdvisor reads memory.min",
    ),
    gauge(
        "container_health_state",
        "1: healthy, 0: unhealthy or starting, -1: there is no health check.",
        given("spec.health", "the runtime"),
        differs="of each runtime that has health checks, not of Docker alone",
    ),
    is_timed=False,
)

LAST_SEEN = of(
    "",
    "Containers: what they are",
    gauge(
        "container_last_seen",
        "When this answer was made, as Unix time.",
        given("last_seen", "the clock"),
        differs="the same for all who ask within one tick",
    ),
)

_QUOTA: dict[str, Any] = {"needs": HAS_QUOTA}

CPU = of(
    "cpu",
    "CPU",
    counter("container_cpu_user_seconds_total", "CPU time in user mode.", col("cpu.user_ns", 9)),
    counter("container_cpu_system_seconds_total", "CPU time in the kernel.", col("cpu.system_ns", 9)),
    counter(
        "container_cpu_usage_seconds_total",
        "CPU time used, in total or by core.",
        col("cpu.usage_ns", 9, labels=(("cpu", "total"),), is_nonzero=True, shown=IN_TOTAL),
        col("cpu_percpu.usage_ns", 9, key=CORE, key_label="cpu", is_nonzero=True, shown=PER_CORE),
    ),
    counter(
        "container_cpu_cfs_periods_total",
        "Periods of the CPU quota that have passed; with a quota only.",
        col("cpu.periods", **_QUOTA),
    ),
    counter(
        "container_cpu_cfs_throttled_periods_total",
        "Periods in which it was throttled; with a quota only.",
        col("cpu.throttled_periods", **_QUOTA),
    ),
    counter(
        "container_cpu_cfs_throttled_seconds_total",
        "Time it was throttled, added up over cores; with a quota only.",
        col("cpu.throttled_ns", 9, **_QUOTA),
    ),
    counter(
        "container_cpu_cfs_burst_periods_total",
        "Periods in which it used more than the quota; with a quota only.",
        col("cpu.bursts", **_QUOTA),
    ),
    counter(
        "container_cpu_cfs_burst_seconds_total",
        "CPU time used above the quota; with a quota only.",
        col("cpu.burst_ns", 9, **_QUOTA),
    ),
)

SCHEDULER = of(
    "sched",
    "CPU",
    counter("container_cpu_schedstat_run_seconds_total", "Time its threads ran.", col("schedstat.run_ns", 9)),
    counter(
        "container_cpu_schedstat_runqueue_seconds_total",
        "Time its threads waited for a core.",
        col("schedstat.wait_ns", 9),
    ),
    counter(
        "container_cpu_schedstat_run_periods_total", "How often its threads were given a core.", col("schedstat.slices")
    ),
)

MEMORY = of(
    "memory",
    "Memory",
    gauge("container_memory_cache", "Page cache, in bytes.", col("memory_stat.file_bytes")),
    gauge("container_memory_rss", "Anonymous memory, in bytes.", col("memory_stat.anon_bytes")),
    gauge(
        "container_memory_kernel_usage",
        "Memory of the kernel for it, in bytes.",
        col("memory_stat.kernel_bytes", instead="memory_kernel.usage_bytes"),
        differs="filled on cgroup v2 as well",
    ),
    gauge("container_memory_mapped_file", "Mapped page cache, in bytes.", col("memory_stat.file_mapped_bytes")),
    gauge(
        "container_memory_swap",
        "Swap in use, in bytes.",
        col("memory.swap_bytes", instead="memory_stat.swap_bytes"),
    ),
    counter(
        "container_memory_failcnt",
        "How often usage was about to pass the limit.",
        col("limits.memory_failcnt", instead="memory_events.max"),
        differs="filled on cgroup v2 as well, from memory.events",
    ),
    gauge("container_memory_usage_bytes", "Memory charged, page cache included.", col("memory.usage_bytes")),
    gauge(
        "container_memory_max_usage_bytes",
        "Most memory ever charged.",
        col("limits.memory_peak_bytes"),
        differs="absent where the kernel does not count it, not 0",
    ),
    gauge(
        "container_memory_working_set_bytes",
        "Memory charged less page cache on the inactive list.",
        col("memory.usage_bytes", less="memory_stat.inactive_file_bytes"),
    ),
    gauge(
        "container_memory_total_active_file_bytes",
        "Page cache on the active list.",
        col("memory_stat.active_file_bytes"),
    ),
    gauge(
        "container_memory_total_inactive_file_bytes",
        "Page cache on the inactive list.",
        col("memory_stat.inactive_file_bytes"),
    ),
    counter(
        "container_memory_failures_total",
        "Page faults; scope hierarchy: with cgroups below it.",
        col("memory_stat.local_pgfault", instead="memory_stat.pgfault", labels=_faults("pgfault", "container")),
        col("memory_stat.pgfault", labels=_faults("pgfault", "hierarchy")),
        col(
            "memory_stat.local_pgmajfault", instead="memory_stat.pgmajfault", labels=_faults("pgmajfault", "container")
        ),
        col("memory_stat.pgmajfault", labels=_faults("pgmajfault", "hierarchy")),
        differs="on cgroup v1 the two scopes differ as the kernel counts them",
    ),
    counter("container_memory_events_high_total", "Times throttled above memory.high.", col("memory_events.high")),
    counter("container_memory_events_max_total", "Times usage was about to pass memory.max.", col("memory_events.max")),
    gauge("container_memory_file_dirty_bytes", "Changed page cache.", col("memory_stat.file_dirty_bytes")),
    gauge(
        "container_memory_file_writeback_bytes",
        "Page cache that is being written.",
        col("memory_stat.file_writeback_bytes"),
    ),
    counter("container_memory_pgscan_total", "Pages looked at to be reclaimed.", col("memory_stat.pgscan")),
    counter("container_memory_pgsteal_total", "Pages reclaimed.", col("memory_stat.pgsteal")),
    counter(
        "container_memory_workingset_refault_file_total",
        "File pages read again after they were reclaimed.",
        col("memory_stat.workingset_refault_file"),
    ),
    counter(
        "container_memory_workingset_refault_anon_total",
        "Anonymous pages read again after they were swapped out.",
        col("memory_stat.workingset_refault_anon"),
    ),
)

MEMORY_MORE = (
    *of(
        "cpuset",
        "Memory",
        gauge(
            "container_memory_migrate",
            "1: memory moves along when the nodes change (cgroup v1).",
            col("cpuset.memory_migrate"),
        ),
    ),
    *of(
        "memory_numa",
        "Memory",
        gauge(
            "container_memory_numa_pages",
            "Pages of 4 KiB on each memory node, with cgroups below.",
            *(
                col(
                    f"memory_numa.{kind}_bytes",
                    labels=(("type", kind), ("scope", "hierarchy")),
                    key=PLAIN,
                    key_label="node",
                    divisor=_PAGE,
                )
                for kind in ("file", "anon", "unevictable")
            ),
            differs="on cgroup v2 as well; no scope container, which no current kernel counts apart",
        ),
    ),
    *of(
        "hugetlb",
        "Memory",
        gauge(
            "container_hugetlb_usage_bytes",
            "Huge pages in use.",
            col("hugetlb.usage_bytes", key=PLAIN, key_label="pagesize"),
        ),
        gauge(
            "container_hugetlb_max_usage_bytes",
            "Most huge pages ever in use (cgroup v1).",
            col("hugetlb.peak_bytes", key=PLAIN, key_label="pagesize"),
            differs="absent on cgroup v2, whose kernel does not count it, not 0",
        ),
        counter(
            "container_hugetlb_failcnt",
            "How often the limit of huge pages was hit.",
            col("hugetlb.failcnt", key=PLAIN, key_label="pagesize"),
            differs="on cgroup v2 as well",
        ),
    ),
    *of(
        "oom_event",
        "Memory",
        counter(
            "container_oom_events_total",
            "Processes killed for want of memory, with cgroups below.",
            col("memory_events.oom_kill"),
            differs="what the kernel counts since the container was created, not lines of its log since the start",
        ),
    ),
)

PROCESS = of(
    "process",
    "Processes",
    gauge(
        "container_processes", "Processes, with cgroups below.", col("tasks.processes"), differs="cgroups below count"
    ),
    gauge("container_file_descriptors", "Open file descriptors.", col("tasks.fds"), differs="cgroups below count"),
    gauge("container_sockets", "Open sockets.", col("tasks.sockets"), differs="cgroups below count"),
    gauge("container_threads", "Threads.", col("pids.current", instead="tasks.threads")),
    gauge("container_threads_max", "Most threads allowed; 0: no limit.", col("limits.pids", unlimited=ZERO)),
    gauge(
        "container_ulimits_soft",
        "Most file descriptors that the first process may open; -1: no limit.",
        col("tasks.open_files_soft", unlimited=MINUS_ONE, labels=(("ulimit", "max_open_files"),)),
    ),
)

PRESSURE = of(
    "pressure",
    "Pressure",
    *(
        counter(
            f"container_pressure_{resource}_{word}_seconds_total",
            f"Time in which {who} tasks waited for {name}.",
            col(f"pressure.{resource}_{column}_usec", 6),
            also="diskIO" if resource == "io" else "",
        )
        for resource, name in (("cpu", "a CPU"), ("memory", "memory"), ("io", "IO"))
        for word, column, who in (("stalled", "full", "all"), ("waiting", "some", "some"))
    ),
)

FAMILIES = (
    *SPEC, *LAST_SEEN, *CPU, *SCHEDULER, *MEMORY, *MEMORY_MORE, *FILESYSTEM, *NETWORK, *PROCESS, *PRESSURE,
)  # fmt: skip
"""All of cAdvisor's container families that there are."""

ABSENT = (
    ("container_cpu_load_average_10s, container_cpu_load_d_average_10s", "cpuLoad",
     "cgroup v2 has no source for it; use `container_pressure_cpu_waiting_seconds_total`"),
    ("container_tasks_state", "cpuLoad", "the same"),
    ("container_referenced_bytes", "referenced_memory", "reading it resets what the kernel knows of a process's pages"),
    ("container_perf_events_total, container_perf_events_scaling_ratio, container_perf_uncore_events_total, "
     "container_perf_uncore_events_scaling_ratio", "perf_event", "not collected yet"),
    ("container_memory_bandwidth_bytes, container_memory_bandwidth_local_bytes, container_llc_occupancy_bytes",
     "resctrl", "not collected yet"),
    ("application metrics", "app", "not collected yet"),
    ("go_*", "", "there is no Go runtime here; `process_*` is there"),
)  # fmt: skip
"""Those that are not: names, kind, why."""
