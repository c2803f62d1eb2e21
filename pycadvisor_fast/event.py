"""What happened: one event, and what each kind says beside whom and when. Plain data, no I/O.

None stands for what the source did not give: it is never 0. Where a fact comes from is in docs/events.md; the records
behind these are csrc/include/pcf/events.h.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, TypeAlias

from .container import Container

KINDS: Mapping[str, int] = MappingProxyType(
    {
        "oom_kill": 1,
        "oom": 2,
        "cgroup_created": 3,
        "cgroup_removed": 4,
        "populated": 5,
        "empty": 6,
        "fork": 7,
        "exec": 8,
        "exit": 9,
        "throttle_begin": 10,
        "throttle_end": 11,
        "container_start": 12,
        "container_exit": 13,
        "lost": 14,
        "column_demoted": 15,
        "health_change": 16,
        "limit_change": 17,
        "restart": 18,
    }
)
"""Every kind and its number in the log (PCF_EVENT_*)."""

PROCESS_KINDS: frozenset[str] = frozenset({"fork", "exec", "exit"})
"""Kinds that come by the thousand: told one by one only while somebody asks for them by name."""

USUAL_KINDS: frozenset[str] = frozenset(KINDS) - PROCESS_KINDS
"""What one gets who names no kinds."""

CADVISOR_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "oom": "oom",
        "oom_kill": "oomKill",
        "container_start": "containerCreation",
        "container_exit": "containerDeletion",
    }
)
"""cAdvisor's names of the kinds that it has (info/v1, type EventType)."""

UNLIMITED = 2**64 - 2
"""A limit that is not set."""


@dataclass(frozen=True, slots=True)
class OomKill:
    """The kernel killed a process for want of memory (tracepoint oom/mark_victim, or what the fallback could tell).

    Process numbers are those of the host. Resident memory is by kind, as in /proc/<pid>/status.
    """

    pid: int | None = None
    """The thread the kernel chose."""
    tgid: int | None = None
    """Its process: what ps shows."""
    comm: str = ""
    uid: int | None = None
    oom_score_adj: int | None = None
    total_vm_bytes: int | None = None
    anon_rss_bytes: int | None = None
    file_rss_bytes: int | None = None
    shmem_rss_bytes: int | None = None
    page_table_bytes: int | None = None
    constraint: str = "unknown"
    """"memcg" (a cgroup's limit), "global" (the machine), "cpuset", "mempolicy", "unknown"."""
    memcg_path: str = ""
    """The cgroup that was out of memory: the victim's own or one above it, "/" for the machine, "" = not known."""
    limit_bytes: int | None = None
    """Of that cgroup at that moment; UNLIMITED = none set."""
    usage_bytes: int | None = None
    trigger_pid: int | None = None
    """Who asked for the memory that was not there."""
    trigger_comm: str = ""

    @property
    def rss_bytes(self) -> int | None:
        """Resident memory of all kinds together; None when none of them is known."""
        parts = [part for part in (self.anon_rss_bytes, self.file_rss_bytes, self.shmem_rss_bytes) if part is not None]
        return sum(parts) if parts else None


@dataclass(frozen=True, slots=True)
class Oom:
    """A cgroup was out of memory and nobody was killed. Fields as in OomKill."""

    constraint: str = "unknown"
    memcg_path: str = ""
    limit_bytes: int | None = None
    usage_bytes: int | None = None
    trigger_pid: int | None = None
    trigger_comm: str = ""


@dataclass(frozen=True, slots=True)
class CgroupLife:
    """Of cgroup_created, cgroup_removed, populated and empty. ``level`` is below the hierarchy's root."""

    level: int = 0
    hierarchies: int = 0
    """In how many (v1: one directory each) it is or was."""


@dataclass(frozen=True, slots=True)
class Fork:
    """A new process (threads are none)."""

    pid: int = 0
    parent_pid: int | None = None
    comm: str = ""
    uid: int | None = None


@dataclass(frozen=True, slots=True)
class Exec:
    """A process began another program. ``filename`` as it was given to execve(2), cut after 199 bytes."""

    pid: int = 0
    parent_pid: int | None = None
    comm: str = ""
    uid: int | None = None
    filename: str = ""


@dataclass(frozen=True, slots=True)
class Exit:
    """A process ended: its last thread did. The numbers are of the whole process."""

    pid: int = 0
    parent_pid: int | None = None
    comm: str = ""
    uid: int | None = None
    exit_code: int | None = None
    """0 to 255; None: a signal ended it, or it is not known."""
    signal: int | None = None
    """The signal that ended it; None: none did."""
    is_core_dumped: bool = False
    threads: int | None = None
    run_ns: int | None = None
    """From its start to its end."""
    cpu_ns: int | None = None
    max_rss_bytes: int | None = None
    read_bytes: int | None = None
    """From disks, as /proc/<pid>/io counts."""
    write_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Throttle:
    """Of throttle_begin and throttle_end. ``throttled_ns``: for how long, known at the end."""

    throttled_ns: int | None = None


@dataclass(frozen=True, slots=True)
class ContainerStart:
    """A cgroup got the first process of its own. Times are CLOCK_MONOTONIC ns."""

    pid: int | None = None
    comm: str = ""
    created_monotonic_ns: int | None = None
    started_monotonic_ns: int | None = None


@dataclass(frozen=True, slots=True)
class ContainerExit:
    """How a container ended, and its last numbers, taken when it was removed or had stayed empty.

    Times are CLOCK_MONOTONIC ns, as ``Event.monotonic_ns``. The numbers are the cgroup's own unless the event's
    caveats say otherwise.
    """

    pid: int | None = None
    """The process whose status this is: the init of its process namespace, else the first one."""
    comm: str = ""
    exit_code: int | None = None
    """0 to 255; None: a signal ended it, or it was not seen."""
    signal: int | None = None
    is_core_dumped: bool = False
    runtime_code: int | None = None
    """As the runtime says (128 + signal for a signal); None: it has not, or not yet."""
    last_status: int | None = None
    """Wait status (waitpid(2)) of the process that ended last; None: none was seen."""
    created_monotonic_ns: int | None = None
    started_monotonic_ns: int | None = None
    emptied_monotonic_ns: int | None = None
    removed_monotonic_ns: int | None = None
    cpu_ns: int | None = None
    cpu_user_ns: int | None = None
    cpu_system_ns: int | None = None
    memory_usage_bytes: int | None = None
    memory_peak_bytes: int | None = None
    memory_limit_bytes: int | None = None
    """UNLIMITED = none set."""
    ooms: int | None = None
    oom_kills: int | None = None
    pids_peak: int | None = None
    periods: int | None = None
    throttled_periods: int | None = None
    throttled_ns: int | None = None
    read_bytes: int | None = None
    write_bytes: int | None = None
    read_ops: int | None = None
    write_ops: int | None = None
    processes: int | None = None
    """That were forked in it or moved into it."""
    threads: int | None = None
    execs: int | None = None
    exits: int | None = None

    @property
    def life_ns(self) -> int | None:
        """From its first process (else its creation) to the moment it was empty (else removed)."""
        begin = self.created_monotonic_ns if self.started_monotonic_ns is None else self.started_monotonic_ns
        end = self.removed_monotonic_ns if self.emptied_monotonic_ns is None else self.emptied_monotonic_ns
        return None if begin is None or end is None else max(0, end - begin)

    @property
    def code(self) -> int | None:
        """Its exit code as shells and runtimes count: the runtime's, else the kernel's, 128 + signal for a signal."""
        if self.runtime_code is not None:
            return self.runtime_code
        return 128 + self.signal if self.signal is not None else self.exit_code


@dataclass(frozen=True, slots=True)
class Lost:
    """So many events of a kind were seen by a source and could not be told."""

    kind: str = ""
    source: str = ""
    count: int = 0
    total: int = 0
    """Of this kind since the collector started."""


@dataclass(frozen=True, slots=True)
class Note:
    """Of column_demoted, health_change, limit_change and restart: what happened, in words."""

    text: str = ""


Payload: TypeAlias = (
    OomKill | Oom | CgroupLife | Fork | Exec | Exit | Throttle | ContainerStart | ContainerExit | Lost | Note
)


PAYLOADS: Mapping[type, str] = MappingProxyType(
    {
        OomKill: "oom_kill",
        Oom: "oom",
        CgroupLife: "cgroup",
        Fork: "fork",
        Exec: "exec",
        Exit: "exit",
        Throttle: "throttle",
        ContainerStart: "container_start",
        ContainerExit: "container_exit",
        Lost: "lost",
        Note: "note",
    }
)
"""Name of each payload in JSON, and its field in the message Event."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. ``time_ns`` is wall-clock, ``monotonic_ns`` CLOCK_MONOTONIC: the clocks of samples."""

    seq: int
    """Its place in the log: 1, 2, 3, ... within one boot of the machine, over restarts of the collector."""
    kind: str
    time_ns: int
    monotonic_ns: int
    logged_ns: int
    """CLOCK_MONOTONIC when it was noted: less ``monotonic_ns``, how long that took."""
    container: Container | None
    """Whom it is about; it may be gone. Slot and generation are 0 when it was not followed. None: the machine."""
    cgroup_path: str
    """The cgroup in which it happened: the container's, or one below it. "": not known."""
    source: str
    """Who said so: "bpf", "bcc", "connector", "kmsg", "memory_events", "watch", "runtime", "derived", "collector"."""
    caveats: tuple[str, ...]
    """How it falls short of exact, see docs/events.md; () = it does not."""
    payload: Payload
    cgroup_id: int = 0
    """Inode of the cgroup's directory; 0 = not known."""
    hierarchy_id: int = 0
    nth: int | None = field(default=None, compare=False)
    """Which of its kind: a gap is what a reader missed. None: not known."""

    @property
    def name(self) -> str:
        """The container's name, else the cgroup path; "/" for the machine."""
        return self.container.display_name if self.container is not None else self.cgroup_path or "/"

    def plain(self) -> dict[str, Any]:
        """For JSON: what is known of it, nothing else. The payload's fields stand under its name."""
        head: dict[str, Any] = {
            "seq": self.seq,
            "kind": self.kind,
            "time_unix_ns": self.time_ns,
            "time_monotonic_ns": self.monotonic_ns,
        }
        if self.container is not None:
            head["container"] = _plain_container(self.container)
        head |= {"cgroup_path": self.cgroup_path} if self.cgroup_path else {}
        head |= {"source": self.source} | ({"caveats": list(self.caveats)} if self.caveats else {})
        return head | {PAYLOADS[type(self.payload)]: known(self.payload)}


def _plain_container(container: Container) -> dict[str, Any]:
    given = {
        "path": container.path,
        "handle": container.handle,
        "runtime": container.runtime,
        "id": container.id,
        "name": container.name,
        "image": container.image,
        "labels": dict(container.labels),
        "pod_uid": container.pod_uid,
    }
    return {name: value for name, value in given.items() if value not in ("", 0, {})}


def known(payload: Payload) -> dict[str, Any]:
    """Fields of a payload that the source gave; absent texts are left out too."""
    values = {item.name: getattr(payload, item.name) for item in fields(payload)}
    return {name: value for name, value in values.items() if value is not None and value != ""}
