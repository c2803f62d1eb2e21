"""Our own series of containers: what cAdvisor does not have. They are there when they are asked for."""

from __future__ import annotations

from pycadvisor_fast import schema
from pycadvisor_fast.native.exposition import DEVICE, PLAIN

from .devices import TCP_STATES
from .family import Family, Series, col, counter, gauge, given, of, split

_WINDOWS = ("10", "60", "300")
_RESOURCES = (("cpu", "some"), ("cpu", "full"), ("memory", "some"), ("memory", "full"), ("io", "some"), ("io", "full"))


def _averages() -> tuple[Series, ...]:
    return tuple(
        col(
            f"pressure.{resource}_{tasks}_avg{window}",
            4,  # hundredths of a percent
            labels=(("resource", resource), ("tasks", tasks), ("window", f"{window}s")),
        )
        for resource, tasks in (*_RESOURCES, ("irq", "full"))
        for window in _WINDOWS
    )


def _memory_stat(kind: str) -> tuple[Series, ...]:
    columns = [column for column in schema.group("memory_stat").columns if column.kind == kind]
    return split("key", ((column.name.removesuffix("_bytes"), f"memory_stat.{column.name}") for column in columns))


PRESSURE = of(
    "pressure",
    "Pressure",
    gauge("pycadvisor_container_pressure_ratio", "Share of the last 10, 60 or 300 s lost to waiting.", *_averages()),
    counter(
        "pycadvisor_container_pressure_irq_stalled_seconds_total",
        "Time lost to interrupts.",
        col("pressure.irq_full_usec", 6),
    ),
    is_extra=True,
)

MEMORY = of(
    "memory",
    "Memory",
    gauge("pycadvisor_container_memory_stat_bytes", "What the memory is, by memory.stat.", *_memory_stat("gauge")),
    counter("pycadvisor_container_memory_stat_total", "What reclaim did, by memory.stat.", *_memory_stat("counter")),
    counter(
        "pycadvisor_container_memory_events_total",
        "Events of memory.events, with cgroups below.",
        *split(
            "event",
            (
                (name, f"memory_events.{name}")
                for name in ("low", "high", "max", "oom", "oom_kill", "oom_group_kill", "sock_throttled")
            ),
        ),
    ),
    counter(
        "pycadvisor_container_swap_events_total",
        "Events of memory.swap.events.",
        *split("event", ((name, f"memory_swap.{name}_events") for name in ("high", "max", "fail"))),
    ),
    gauge(
        "pycadvisor_container_swap_peak_bytes",
        "Most swap ever in use.",
        col("memory_swap.peak_bytes"),
    ),
    gauge(
        "pycadvisor_container_memory_setting_bytes",
        "Limits and protections; absent where none is set.",
        *split(
            "setting",
            (
                ("limit", "limits.memory_bytes"),
                ("soft", "limits.memory_soft_bytes"),
                ("low", "limits.memory_low_bytes"),
                ("min", "limits.memory_min_bytes"),
                ("swap", "limits.swap_bytes"),
                ("memory_and_swap", "limits.memsw_bytes"),
            ),
        ),
    ),
    is_extra=True,
)

CPUSET = of(
    "cpuset",
    "CPU",
    gauge("pycadvisor_container_cpuset_cpus", "Cores it may use.", col("cpuset.cpus")),
    gauge("pycadvisor_container_cpuset_mems", "Memory nodes it may use.", col("cpuset.mems")),
    is_extra=True,
)

_EVENTS = (
    ("fork", "forks"),
    ("moved_in", "moved_in"),
    ("thread", "threads"),
    ("exec", "execs"),
    ("exit", "exits"),
    ("exit_failed", "failed"),
    ("exit_killed", "killed"),
    ("oom_kill", "oom_kills"),
)

PROCESSES = of(
    "",
    "Processes",
    counter(
        "pycadvisor_container_process_events_total",
        "Processes that came and went since the collector started, with cgroups below (eBPF).",
        *split("event", ((name, f"process.{column}") for name, column in _EVENTS)),
    ),
    counter(
        "pycadvisor_container_exited_cpu_seconds_total",
        "CPU time of threads that have ended since the collector started (eBPF).",
        col("process.exited_cpu_ns", 9),
    ),
    counter(
        "pycadvisor_container_restarts_total",
        "How often its runtime started it again.",
        given("spec.restarts", "the runtime"),
    ),
    gauge("pycadvisor_container_pids_peak", "Most tasks it ever had.", col("limits.pids_peak")),
    counter("pycadvisor_container_pids_max_events_total", "Forks refused at the limit.", col("limits.pids_max_events")),
    is_extra=True,
)

_WAITS = (("run_queue", "that could run waited for a CPU"), ("blocked", "slept without being able to be interrupted"))

WAITING = of(
    "",
    "CPU",
    *(
        family
        for name, text in _WAITS
        for family in (
            counter(
                f"pycadvisor_container_{name}_waits_total",
                f"How often tasks {text} (eBPF).",
                col(f"scheduling.{name}_count"),
            ),
            counter(
                f"pycadvisor_container_{name}_seconds_total",
                f"How long tasks {text} (eBPF).",
                col(f"scheduling.{name}_ns", 9),
            ),
        )
    ),
    is_extra=True,
)

DISKS = of(
    "diskIO",
    "Filesystems and disks",
    counter(
        "pycadvisor_container_fs_discards_total",
        "Discards completed.",
        col("io.discard_ops", key=DEVICE, key_label="device"),
    ),
    counter(
        "pycadvisor_container_fs_discards_bytes_total",
        "Bytes discarded.",
        col("io.discard_bytes", key=DEVICE, key_label="device"),
    ),
    is_extra=True,
)

TREES = of(
    "disk",
    "Filesystems and disks",
    gauge(
        "pycadvisor_container_disk_bytes",
        "What a container holds on disk: its writable layer, log and volumes.",
        given("tree.bytes", "a walk of the tree"),
        labels=("kind", "path"),
    ),
    gauge(
        "pycadvisor_container_disk_inodes",
        "Inodes that a container holds.",
        given("tree.inodes", "a walk of the tree"),
        labels=("kind", "path"),
    ),
    is_extra=True,
)


def _sockets(group: str, name: str, version: str, states: tuple[tuple[str, str], ...]) -> tuple[Series, ...]:
    return tuple(col(f"{group}.{column}", labels=(("version", version), (name, state))) for state, column in states)


NETWORK = (
    *of(
        "tcp",
        "Network",
        gauge(
            "pycadvisor_container_network_tcp_sockets",
            "TCP sockets by IP version and state.",
            *_sockets("tcp", "state", "4", TCP_STATES),
            *_sockets("tcp6", "state", "6", TCP_STATES),
        ),
        is_extra=True,
    ),
    *of(
        "udp",
        "Network",
        gauge(
            "pycadvisor_container_network_udp_sockets",
            "UDP sockets by IP version.",
            *_sockets("udp", "state", "4", (("open", "sockets"),)),
            *_sockets("udp6", "state", "6", (("open", "sockets"),)),
        ),
        gauge(
            "pycadvisor_container_network_udp_queued_bytes",
            "Bytes queued at UDP sockets.",
            *_sockets("udp", "direction", "4", (("receive", "rx_queued_bytes"), ("transmit", "tx_queued_bytes"))),
            *_sockets("udp6", "direction", "6", (("receive", "rx_queued_bytes"), ("transmit", "tx_queued_bytes"))),
        ),
        is_extra=True,
    ),
    *of(
        "advtcp",
        "Network",
        counter(
            "pycadvisor_container_network_tcp_events_total",
            "Counters of the kernel's TCP, of the network namespace.",
            *split(
                "event",
                (
                    (column.name, f"tcp_advanced.{column.name}")
                    for column in schema.group("tcp_advanced").columns
                    if column.name not in ("rto_algorithm", "rto_min", "rto_max", "max_conn", "curr_estab")
                ),
            ),
        ),
        is_extra=True,
    ),
)

RESOURCES = of(
    "",
    "Other resources",
    gauge(
        "pycadvisor_container_misc_usage",
        "Use of the misc controller.",
        col("misc.usage", key=PLAIN, key_label="resource"),
    ),
    gauge(
        "pycadvisor_container_rdma_handles", "RDMA handles.", col("rdma.hca_handles", key=PLAIN, key_label="adapter")
    ),
    gauge(
        "pycadvisor_container_rdma_objects", "RDMA objects.", col("rdma.hca_objects", key=PLAIN, key_label="adapter")
    ),
    is_extra=True,
)


FAMILIES: tuple[Family, ...] = (
    *PRESSURE, *MEMORY, *CPUSET, *PROCESSES, *WAITING, *DISKS, *TREES, *NETWORK, *RESOURCES,
)  # fmt: skip
