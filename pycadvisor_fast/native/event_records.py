"""A pcf_event as an Event: each number that is absent becomes None."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..container import Container
from ..event import (
    KINDS,
    CgroupLife,
    ContainerExit,
    ContainerStart,
    Event,
    Exec,
    Exit,
    Fork,
    Lost,
    Note,
    Oom,
    OomKill,
    Payload,
    Throttle,
)
from . import ABSENT, ffi, lib, text

KIND_NAMES: dict[int, str] = {number: name for name, number in KINDS.items()}
CAVEATS: tuple[tuple[int, str], ...] = (
    (lib.PCF_EVENT_PATH_CUT, "path_cut"),
    (lib.PCF_EVENT_LATE, "late"),
    (lib.PCF_EVENT_GUESSED, "guessed"),
    (lib.PCF_EVENT_PARTIAL, "partial"),
    (lib.PCF_EVENT_BEFORE_START, "before_start"),
    (lib.PCF_EVENT_CPU_OF_TASKS, "cpu_of_tasks"),
    (lib.PCF_EVENT_IO_OF_TASKS, "io_of_tasks"),
    (lib.PCF_EVENT_WAS_DYING, "was_dying"),
    (lib.PCF_EVENT_AMENDED, "amended"),
    (lib.PCF_EVENT_NO_CGROUP, "no_cgroup"),
)
CONSTRAINTS = ("unknown", "memcg", "global", "cpuset", "mempolicy")
NO_CODE: int = lib.PCF_EVENT_NO_CODE

_CONTAINER_TIMES = ("created", "started", "emptied", "removed")
_CONTAINER_NUMBERS = (
    *("cpu_ns", "cpu_user_ns", "cpu_system_ns"),
    *("memory_usage_bytes", "memory_peak_bytes", "memory_limit_bytes", "ooms", "oom_kills", "pids_peak"),
    *("periods", "throttled_periods", "throttled_ns", "read_bytes", "write_bytes", "read_ops", "write_ops"),
    *("processes", "threads", "execs", "exits"),
)


def names(flags: int) -> tuple[str, ...]:
    """Caveats of a record's flags."""
    return tuple(name for bit, name in CAVEATS if flags & bit)


def source_name(number: int) -> str:
    """ "bpf", "kmsg", ...; the number of one that is newer than this program."""
    name = lib.pcf_event_source_name(number)
    return text(name) if name != ffi.NULL else str(number)


def event(record: Any) -> Event:
    """The record as plain data, with the identity it had when it was written."""
    kind = KIND_NAMES.get(record.kind, str(record.kind))
    path = text(record.path)
    make = _PAYLOADS.get(kind)
    return Event(
        seq=record.seq,
        kind=kind,
        time_ns=record.realtime_ns,
        monotonic_ns=record.monotonic_ns,
        logged_ns=record.logged_ns,
        container=_container(record, path) if path and path != "/" else None,
        cgroup_path=path,
        source=source_name(record.source),
        caveats=names(record.flags),
        payload=make(record, path) if make is not None else Note(text(record.of.text)),
        cgroup_id=record.cgroup_id,
        hierarchy_id=record.hierarchy_id,
        nth=record.nth or None,
    )


def _container(record: Any, path: str) -> Container:
    handle = record.handle
    return Container(
        path=path,
        slot=handle & 0xFFFFFFFF,
        generation=handle >> 32,
        runtime=text(record.runtime) or "raw",
        id=text(record.id),
        name=text(record.name),
    )


def _number(value: int) -> int | None:
    return None if value == ABSENT else value


def _pid(value: int) -> int | None:
    return value or None


def _code(value: int) -> int | None:
    return None if value == NO_CODE else value


def _oom_fields(oom: Any, path: str) -> dict[str, Any]:
    known = oom.constraint < len(CONSTRAINTS)
    return {
        "constraint": CONSTRAINTS[oom.constraint] if known else str(oom.constraint),
        "memcg_path": path.encode("utf-8", "surrogateescape")[: oom.memcg_path_len].decode("utf-8", "surrogateescape"),
        "limit_bytes": _number(oom.limit_bytes),
        "usage_bytes": _number(oom.usage_bytes),
        "trigger_pid": _pid(oom.trigger_pid),
        "trigger_comm": text(oom.trigger_comm),
    }


def _oom_kill(record: Any, path: str) -> Payload:
    oom = record.of.oom
    return OomKill(
        pid=_pid(oom.pid),
        tgid=_pid(oom.tgid),
        comm=text(oom.comm),
        uid=_uid(oom.uid),
        oom_score_adj=oom.oom_score_adj if oom.pid or oom.tgid else None,
        total_vm_bytes=_number(oom.total_vm_bytes),
        anon_rss_bytes=_number(oom.anon_rss_bytes),
        file_rss_bytes=_number(oom.file_rss_bytes),
        shmem_rss_bytes=_number(oom.shmem_rss_bytes),
        page_table_bytes=_number(oom.page_table_bytes),
        **_oom_fields(oom, path),
    )


def _oom(record: Any, path: str) -> Payload:
    return Oom(**_oom_fields(record.of.oom, path))


def _cgroup(record: Any, path: str) -> Payload:
    return CgroupLife(record.of.cgroup.level, record.of.cgroup.hierarchies)


def _uid(value: int) -> int | None:
    return None if value == 0xFFFFFFFF else value  # (uid_t)-1 is nobody's


def _who(process: Any) -> dict[str, Any]:
    return {
        "pid": process.pid,
        "parent_pid": _pid(process.parent_pid),
        "comm": text(process.comm),
        "uid": _uid(process.uid),
    }


def _fork(record: Any, path: str) -> Payload:
    return Fork(**_who(record.of.process))


def _exec(record: Any, path: str) -> Payload:
    return Exec(**_who(record.of.process), filename=text(record.of.process.filename))


def _exit(record: Any, path: str) -> Payload:
    process = record.of.process
    return Exit(
        **_who(process),
        exit_code=_code(process.exit_code),
        signal=process.signal or None,
        is_core_dumped=bool(process.is_core_dumped),
        threads=process.threads or None,
        run_ns=_number(process.run_ns),
        cpu_ns=_number(process.cpu_ns),
        max_rss_bytes=_number(process.max_rss_bytes),
        read_bytes=_number(process.read_bytes),
        write_bytes=_number(process.write_bytes),
    )


def _throttle(record: Any, path: str) -> Payload:
    return Throttle(_number(record.of.throttle.throttled_ns))


def _start(record: Any, path: str) -> Payload:
    container = record.of.container
    return ContainerStart(
        pid=_pid(container.pid),
        comm=text(container.comm),
        created_monotonic_ns=_number(container.created_ns),
        started_monotonic_ns=_number(container.started_ns),
    )


def _container_exit(record: Any, path: str) -> Payload:
    container = record.of.container
    return ContainerExit(
        pid=_pid(container.pid),
        comm=text(container.comm),
        exit_code=_code(container.exit_code),
        signal=container.signal or None,
        is_core_dumped=bool(container.is_core_dumped),
        runtime_code=_code(container.runtime_code),
        last_status=_code(container.last_code),
        **{f"{name}_monotonic_ns": _number(getattr(container, f"{name}_ns")) for name in _CONTAINER_TIMES},
        **{name: _number(getattr(container, name)) for name in _CONTAINER_NUMBERS},
    )


def _lost(record: Any, path: str) -> Payload:
    lost = record.of.lost
    return Lost(KIND_NAMES.get(lost.kind, str(lost.kind)), source_name(lost.source), lost.count, lost.total)


_PAYLOADS: dict[str, Callable[[Any, str], Payload]] = {
    "oom_kill": _oom_kill,
    "oom": _oom,
    **dict.fromkeys(("cgroup_created", "cgroup_removed", "populated", "empty"), _cgroup),
    "fork": _fork,
    "exec": _exec,
    "exit": _exit,
    **dict.fromkeys(("throttle_begin", "throttle_end"), _throttle),
    "container_start": _start,
    "container_exit": _container_exit,
    "lost": _lost,
}
