"""cAdvisor's series by device and interface: filesystems, block IO, network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pycadvisor_fast import schema
from pycadvisor_fast.native.exposition import DEVICE, NUMBERS, PLAIN

from .family import NOT_ROOT, Family, Series, col, counter, gauge, given, of, split

_DEVICE: dict[str, Any] = {"key": DEVICE, "key_label": "device"}
_HOST_DISK = "of `/` only: the kernel counts it by device, not by container"
_ONE_SOURCE = "one series a device: block IO of the cgroup, and never the filesystem's counters beside it"


def _disk(name: str) -> Series:
    return given(f"disk.{name}", "/proc/diskstats, for `/`")


FILESYSTEM = (
    *of(
        "disk",
        "Filesystems and disks",
        *(
            gauge(
                f"container_fs_{name}",
                text,
                given(f"fs.{name}", "statfs; what a container holds: a walk of its tree"),
                labels=("device",),
                differs=differs,
            )
            for name, text, differs in (
                ("inodes_free", "Inodes that are not in use on the filesystem.", ""),
                (
                    "inodes_total",
                    "Inodes of the filesystem.",
                    "of the filesystem for containers as well, not those used",
                ),
                ("limit_bytes", "Size of the filesystem.", ""),
                ("usage_bytes", "Bytes in use: of the whole filesystem for `/`, held by a container otherwise.", ""),
            )
        ),
    ),
    *of(
        "diskIO",
        "Filesystems and disks",
        counter("container_fs_reads_bytes_total", "Bytes read.", col("io.read_bytes", **_DEVICE)),
        counter("container_fs_writes_bytes_total", "Bytes written.", col("io.write_bytes", **_DEVICE)),
        counter("container_fs_reads_total", "Reads completed.", col("io.read_ops", **_DEVICE), differs=_ONE_SOURCE),
        counter("container_fs_writes_total", "Writes completed.", col("io.write_ops", **_DEVICE), differs=_ONE_SOURCE),
        *(
            counter(
                f"container_fs_{name}_total", text, _disk(name), labels=("device",), also="disk", differs=_HOST_DISK
            )
            for name, text in (
                ("sector_reads", "Sectors of 512 bytes read."),
                ("sector_writes", "Sectors of 512 bytes written."),
                ("reads_merged", "Reads merged with others."),
                ("writes_merged", "Writes merged with others."),
            )
        ),
        *(
            counter(
                f"container_fs_{name}_seconds_total",
                text,
                replace(_disk(f"{name}_seconds"), decimals=3),
                labels=("device",),
                also="disk",
                differs=f"true seconds, where cAdvisor is 10^6 too small; {_HOST_DISK}",
            )
            for name, text in (
                ("read", "Time spent reading, added up over requests."),
                ("write", "Time spent writing, added up over requests."),
                ("io_time_weighted", "Time requests were under way, added up over requests."),
            )
        ),
        counter(
            "container_fs_io_time_seconds_total",
            "Time in which requests were under way.",
            replace(_disk("io_time_seconds"), decimals=3),
            col("io_scheduler.service_time_ns", 9, needs=NOT_ROOT, **_DEVICE),
            labels=("device",),
            differs="true seconds, where cAdvisor is 10^6 too small; of containers only with cgroup v1 and bfq or cfq",
        ),
        gauge(
            "container_fs_io_current",
            "Requests under way.",
            _disk("io_current"),
            col("io_scheduler.queued", needs=NOT_ROOT, **_DEVICE),
            labels=("device",),
            differs="of containers only with cgroup v1 and bfq or cfq",
        ),
        *(
            counter(
                f"container_fs_io_cost_{name}_seconds_total",
                text,
                col(f"io.cost_{name}_usec", 6, **_DEVICE),
            )
            for name, text in (
                ("usage", "Device time used, by the kernel's model of the device (io.cost)."),
                ("wait", "Time requests waited for their share (io.cost)."),
                ("indebt", "Time in debt (io.cost)."),
                ("indelay", "Time tasks were held up to pay debt (io.cost)."),
            )
        ),
        counter(
            "container_blkio_device_usage_total",
            "Bytes by device and operation.",
            *split(
                "operation",
                (
                    ("Read", "io.read_bytes"),
                    ("Write", "io.write_bytes"),
                    ("Discard", "io.discard_bytes"),
                    ("Sync", "io.sync_bytes"),
                    ("Async", "io.async_bytes"),
                ),
                key=NUMBERS,
                key_label="device",
            ),
            differs="Discard as well; no Total, which is the sum of the others",
        ),
    ),
)

_INTERFACE: dict[str, Any] = {"key": PLAIN, "key_label": "interface"}
_SHARED = "a namespace that several containers share is counted once, with the oldest of them"
TCP_STATES = (
    ("established", "established"), ("synsent", "syn_sent"), ("synrecv", "syn_recv"), ("finwait1", "fin_wait1"),
    ("finwait2", "fin_wait2"), ("timewait", "time_wait"), ("close", "close"), ("closewait", "close_wait"),
    ("lastack", "last_ack"), ("listen", "listen"), ("closing", "closing"),
)  # fmt: skip
_UDP = (
    ("listen", "sockets"), ("dropped", "drops"), ("rxqueued", "rx_queued_bytes"), ("txqueued", "tx_queued_bytes"),
)  # fmt: skip
_MISNAMED = "a gauge in spite of its name, as there; `pycadvisor_container_network_*` has right names"


def _network(direction: str, what: str, column: str, text: str) -> Family:
    name = f"container_network_{direction}_{what}_total"
    return counter(name, text, col(column, **_INTERFACE), differs=_SHARED)


NETWORK = (
    *of(
        "network",
        "Network",
        _network("receive", "bytes", "network.rx_bytes", "Bytes received."),
        _network("receive", "packets", "network.rx_packets", "Packets received."),
        _network("receive", "packets_dropped", "network_errors.rx_dropped", "Received packets dropped."),
        _network("receive", "errors", "network_errors.rx_errors", "Errors while receiving."),
        _network("transmit", "bytes", "network.tx_bytes", "Bytes sent."),
        _network("transmit", "packets", "network.tx_packets", "Packets sent."),
        _network("transmit", "packets_dropped", "network_errors.tx_dropped", "Packets dropped before they were sent."),
        _network("transmit", "errors", "network_errors.tx_errors", "Errors while sending."),
    ),
    *of(
        "tcp",
        "Network",
        *(
            gauge(
                f"container_network_{group}_usage_total",
                f"TCP sockets by state, {version}.",
                *split("tcp_state", ((state, f"{group}.{column}") for state, column in TCP_STATES)),
                differs=_MISNAMED,
            )
            for group, version in (("tcp", "IPv4"), ("tcp6", "IPv6"))
        ),
    ),
    *of(
        "udp",
        "Network",
        *(
            gauge(
                f"container_network_{group}_usage_total",
                f"UDP sockets, packets they dropped and bytes queued, {version}.",
                *split("udp_state", ((state, f"{group}.{column}") for state, column in _UDP)),
                differs=f"{_MISNAMED}; rxqueued and txqueued are not exchanged",
            )
            for group, version in (("udp", "IPv4"), ("udp6", "IPv6"))
        ),
    ),
    *of(
        "advtcp",
        "Network",
        gauge(
            "container_network_advance_tcp_stats_total",
            "Counters of the kernel's TCP, of the network namespace.",
            *split(
                "tcp_state",
                (
                    (column.name.replace("_", ""), f"tcp_advanced.{column.name}")
                    for column in schema.group("tcp_advanced").columns
                ),
            ),
            differs=_MISNAMED,
        ),
    ),
)
