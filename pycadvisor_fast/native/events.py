"""Thin class over pcf/events.h: the log of events, read by any process, and written by the collector."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Collection
from typing import Any

from ..errors import PycadvisorError, RingError, UnsupportedError
from ..event import KINDS, Event
from . import ABSENT, check, event_records, ffi, lib, new_error, text
from .collector import NativeCollector

KIND_COUNT: int = lib.PCF_EVENT_KINDS
_OOM_NUMBERS = (
    *("total_vm_bytes", "anon_rss_bytes", "file_rss_bytes", "shmem_rss_bytes", "page_table_bytes"),
    *("limit_bytes", "usage_bytes"),
)
_BATCH = 256  # records a read: 256 KiB, made once


def mask(kinds: Collection[str]) -> int:
    """Bits of kinds."""
    return sum(1 << KINDS[kind] for kind in set(kinds))


class EventLog:
    """The log of a ring directory. All methods but ``close`` may be called from several threads at a time."""

    def __init__(self, path: str) -> None:
        """Maps the log, whether a collector writes it or not. Raises RingError when there is none to be trusted."""
        err = new_error()
        out = ffi.new("pcf_events **")
        rc = lib.pcf_events_attach(out, path.encode("utf-8", "surrogateescape"), err)
        if rc < 0:
            raise RingError(text(err.text) or f"{path}: cannot read its event log: errno {-rc}")
        self._take(out[0])

    def _take(self, events: Any) -> None:
        self._events: Any = events
        self._records = ffi.new("pcf_event[]", _BATCH)
        self._reading = threading.Lock()  # one buffer for all

    @property
    def _open(self) -> Any:
        if self._events is None:
            raise PycadvisorError("the event log is closed")
        return self._events

    @property
    def pointer(self) -> Any:
        """The pcf_events, for other classes of native/."""
        return self._open

    @property
    def latest(self) -> int:
        """Number of the newest event; 0 = there is none yet."""
        return int(lib.pcf_events_latest(self._open))

    @property
    def epoch(self) -> int:
        """When the log was begun, wall-clock ns: numbers of one log mean nothing in another."""
        return int(lib.pcf_events_epoch(self._open))

    @property
    def is_written(self) -> bool:
        """Whether a collector writes it at the moment."""
        return bool(lib.pcf_events_is_written(self._open) > 0)

    @property
    def is_replaced(self) -> bool:
        """Whether another file has its name now: time to attach again."""
        return bool(lib.pcf_events_replaced(self._open) > 0)

    def read(
        self,
        *,
        after_seq: int = 0,
        before_seq: int = 0,
        kinds: Collection[str] = (),
        from_ns: int = 0,
        to_ns: int = 0,
        path: str = "",
        newest_first: bool = False,
        limit: int = _BATCH,
    ) -> list[Event]:
        """Events in order of seq, at most ``limit`` (256 at most); 0, "" and () are no condition.

        ``after_seq`` and ``before_seq`` are excluded, ``from_ns`` and ``to_ns`` (wall clock) included. ``path``: of
        this cgroup and of all below it. Raises NativeError.
        """
        query = ffi.new("pcf_events_query *")  # zeroed
        query.after_seq, query.before_seq, query.kinds = after_seq, before_seq, mask(kinds)
        query.from_ns, query.to_ns, query.is_newest_first = from_ns, to_ns, newest_first
        if path:
            kept = ffi.new("char[]", path.encode("utf-8", "surrogateescape"))
            query.path, query.is_subtree = kept, 1
        with self._reading:
            count = lib.pcf_events_read(self._open, query, self._records, min(limit, _BATCH))
            check(count, None, "reading the event log")
            return [event_records.event(self._records[i]) for i in range(count)]

    def wait(self, after_seq: int, timeout_ms: int) -> int | None:
        """Number of the newest event once it is above ``after_seq``; None when that takes longer.

        Raises PycadvisorError when nobody writes the log (any more).
        """
        latest = ffi.new("uint64_t *")
        rc = lib.pcf_events_wait(self._open, after_seq, timeout_ms, latest)
        if rc == -errno.ETIMEDOUT:
            return None
        if rc == -errno.ESHUTDOWN:
            raise PycadvisorError("no event will come: nobody writes the log")
        check(rc, None, "waiting for an event")
        return int(latest[0])

    def close(self) -> None:
        """Lets go of it; nobody may be in another method."""
        if self._events is not None:
            lib.pcf_events_close(self._events)
            self._events = None


class EventWriter(EventLog):
    """The log of a collector in this process, which opens, starts, stops and closes it with itself."""

    def __init__(self, collector: NativeCollector) -> None:
        """Raises UnsupportedError when it has none; its notes say why."""
        events = lib.pcf_collector_events(collector.pointer)
        if events == ffi.NULL:
            raise UnsupportedError("the collector has no events")
        self._take(events)
        self.also_want: Callable[[Collection[str]], None] = lambda kinds: None
        """A source outside libpcf that is to know as well which single process events are wanted."""

    def close(self) -> None:
        """Forgets the collector's log; to be called before the collector is closed."""
        self._events = None

    def want(self, kinds: Collection[str]) -> None:
        """Single process events of these kinds, and of no others, are told from now on."""
        lib.pcf_events_want(self._open, mask(kinds))
        self.also_want(kinds)

    def append_note(self, kind: str, words: str, *, path: str = "", is_of_runtime: bool = False) -> int:
        """Writes an event of the collector's own, such as "column_demoted"; returns its seq. Raises NativeError.

        ``is_of_runtime``: a runtime has told it.
        """
        record = ffi.new("pcf_event *")
        source = lib.PCF_EVENT_SOURCE_RUNTIME if is_of_runtime else lib.PCF_EVENT_SOURCE_COLLECTOR
        record.kind, record.source = KINDS[kind], source
        record.path = path.encode("utf-8", "surrogateescape")[:447]
        record.of.text = words.encode("utf-8", "surrogateescape")[:295]
        seq = ffi.new("uint64_t *")
        check(lib.pcf_events_append(self._open, record, seq), None, f"writing an event of kind {kind}")
        return int(seq[0])

    def append_oom_kill(self, path: str) -> int:
        """Writes that a runtime saw a kill in the cgroup at ``path``: nothing else of it is known. Returns its seq."""
        record = ffi.new("pcf_event *")
        record.kind, record.source = lib.PCF_EVENT_OOM_KILL, lib.PCF_EVENT_SOURCE_RUNTIME
        record.flags = lib.PCF_EVENT_LATE | lib.PCF_EVENT_PARTIAL
        record.path = _text(path)[:447]
        for name in _OOM_NUMBERS:
            setattr(record.of.oom, name, ABSENT)
        record.of.oom.uid = 0xFFFFFFFF
        seq = ffi.new("uint64_t *")
        check(lib.pcf_events_append(self._open, record, seq), None, "writing a runtime's OOM kill")
        return int(seq[0])

    def runtime_exit(self, path: str, code: int) -> bool:
        """The runtime says how the container at ``path`` ended; False when nothing is known of such a container."""
        rc = lib.pcf_events_runtime_exit(self._open, _text(path), code)
        if rc == -errno.ENOENT:
            return False
        check(rc, None, f"noting how {path} ended")
        return True

    def facts(self) -> dict[str, Any]:
        """pcf_events_facts as plain data; ``kinds`` by name."""
        facts = ffi.new("pcf_events_facts *")
        lib.pcf_events_facts_get(self._open, facts)
        return {
            "kinds": {name: _kind_facts(facts.kind[number]) for name, number in KINDS.items()},
            "wanted": [name for name, number in KINDS.items() if facts.wanted >> number & 1],
            "load_ns": int(facts.load_ns),
            "cpu_ns": int(facts.cpu_ns),
            "log_bytes": int(facts.log_bytes),
            "notes": [line for line in text(facts.notes).splitlines() if line],
        }


def _kind_facts(facts: Any) -> dict[str, Any]:
    return {
        "source": event_records.source_name(facts.source),
        "caveats": list(event_records.names(facts.flags)),
        "reason": text(facts.reason),
        **{name: int(getattr(facts, name)) for name in ("seen", "logged", "lost", "kept", "limit")},
    }


def _text(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape").replace(b"\0", b"?")
