"""A source of events outside libpcf: what it saw, written into the collector's log as if it came from inside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ..event import KINDS
from . import ABSENT, check, event_records, ffi, lib
from .collector import EVENT_SOURCES
from .events import EventWriter, mask

NO_CODE: int = lib.PCF_EVENT_NO_CODE
_FLAGS = {name: bit for bit, name in event_records.CAVEATS}
_SIZES = ("total_vm_bytes", "anon_rss_bytes", "file_rss_bytes", "shmem_rss_bytes", "page_table_bytes")
_NOT_TOLD = ("cpu_ns", "max_rss_bytes", "read_bytes", "write_bytes")


def _bytes(value: str, room: int) -> bytes:
    return value.encode("utf-8", "surrogateescape").replace(b"\0", b"?")[: room - 1]


class Teller:
    """Of one source. May be used from several threads at a time, as long as the writer is open."""

    def __init__(self, writer: EventWriter, source: str) -> None:
        self._writer = writer
        self._source = EVENT_SOURCES[source]

    def serve(self, kinds: Collection[str], reason: str = "", caveats: Collection[str] = ()) -> None:
        """These kinds come from here from now on, and from nobody else; ``reason``: why no better source has them."""
        flags = sum(_FLAGS[name] for name in caveats)
        lib.pcf_events_serve(self._writer.pointer, mask(kinds), self._source, flags, _bytes(reason, 160))

    def lost(self, kind: str, count: int) -> None:
        """So many more of a kind could not be told."""
        lib.pcf_events_tell_lost(self._writer.pointer, KINDS[kind], self._source, count)

    def cgroup(self, kind: str, monotonic_ns: int, *, path: str, cgroup_id: int, hierarchy_id: int, level: int) -> None:
        """A directory of one hierarchy: created, removed, populated or empty."""
        record = self._record(kind, monotonic_ns, path, cgroup_id, hierarchy_id)
        record.of.cgroup.level = level
        self._tell(record)

    def process(
        self,
        kind: str,
        monotonic_ns: int,
        *,
        pid: int,
        parent_pid: int = 0,
        comm: str = "",
        filename: str = "",
        run_ns: int | None = None,
        path: str = "",
        cgroup_id: int = 0,
    ) -> None:
        """A fork, exec or exit, in the cgroup at ``path`` or of that id in cgroup2. How it ended is not known."""
        record = self._record(kind, monotonic_ns, path, cgroup_id, 0)
        process = record.of.process
        process.pid, process.parent_pid, process.uid = pid, parent_pid, 0xFFFFFFFF
        process.comm, process.filename = _bytes(comm, 16), _bytes(filename, 200)
        process.exit_code = NO_CODE
        process.run_ns = ABSENT if run_ns is None else run_ns
        for name in _NOT_TOLD:
            setattr(process, name, ABSENT)
        record.flags |= lib.PCF_EVENT_PARTIAL if kind == "exit" else 0
        self._tell(record)

    def oom_kill(
        self,
        monotonic_ns: int,
        *,
        pid: int,
        comm: str,
        uid: int | None,
        oom_score_adj: int | None,
        trigger_pid: int,
        sizes: Sequence[int | None],
        path: str = "",
        cgroup_id: int = 0,
    ) -> None:
        """A kill for want of memory. ``sizes``: total_vm, anon, file, shmem and page tables in bytes."""
        record = self._record("oom_kill", monotonic_ns, path, cgroup_id, 0)
        oom = record.of.oom
        oom.pid, oom.tgid, oom.trigger_pid = pid, pid, trigger_pid
        oom.uid = 0xFFFFFFFF if uid is None else uid
        oom.oom_score_adj = oom_score_adj or 0
        oom.comm = _bytes(comm, 16)
        for name, size in zip(_SIZES, sizes, strict=True):
            setattr(oom, name, ABSENT if size is None else size)
        oom.limit_bytes = oom.usage_bytes = ABSENT
        record.flags |= lib.PCF_EVENT_PARTIAL
        self._tell(record)

    def _record(self, kind: str, monotonic_ns: int, path: str, cgroup_id: int, hierarchy_id: int) -> Any:
        record = ffi.new("pcf_event *")  # zeroed
        record.kind, record.source = KINDS[kind], self._source
        record.monotonic_ns = monotonic_ns
        record.cgroup_id, record.hierarchy_id = cgroup_id, hierarchy_id
        record.path = _bytes(path, 448)
        if not path and not cgroup_id:
            record.flags |= lib.PCF_EVENT_NO_CGROUP
        return record

    def _tell(self, record: Any) -> None:
        check(lib.pcf_events_tell(self._writer.pointer, record), None, "telling an event")
