"""Thin class over pcf/collector.h and pcf/host.h: slots, the tick thread, facts and plan as plain data."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from ..columns import GROUPS
from ..errors import NativeError, PycadvisorError
from ..event import KINDS
from ..options import READERS, CollectorOptions, duration_ns
from . import check, ffi, lib, new_error, text

LAYOUTS = ("none", "v1", "hybrid", "v2")
ANSWERS = ("no", "yes", "unknown")
CONTROLLERS = (
    *("cpu", "cpuacct", "memory", "io", "pids", "cpuset", "hugetlb", "rdma", "misc"),
    *("unified", "name=systemd"),
)
PLAN_SOURCES = {0: "auto", 1: "file", 2: "netlink", 3: "proc", 4: "self", 5: "bpf", 6: "trace", 9: "none"}
SOURCE_NUMBERS = {"auto": 0, "file": 1, "bpf": 5}  # PCF_SOURCE_*
FACTS = (
    "psi",
    "irq_psi",
    "fanotify",
    "inotify",
    "io_uring",
    "netlink_stats",
    "setns",
    "pidfd",
    "procfs",
    "rlimit_raise",
    "btf",
    "bpf",
    "bpf_tracing",
    "css_iter",
    "memcg_kfuncs",
    "cgroup_iter",
)  # fields of type pcf_fact
EVENT_SOURCES = {
    text(lib.pcf_event_source_name(number)): number for number in range(lib.PCF_EVENT_SOURCES)
}  # PCF_EVENT_SOURCE_*
SLOT_LIVE = 1
HOST_NETWORK = 1  # PCF_SLOT_FLAG_HOST_NETWORK
STATS = (
    "ticks",
    "skipped",
    "latest_tick",
    "lateness_max_ns",
    "cpu_ns",
    "rows",
    "reads",
    "read_errors",
    "unrepresentable",
    "slots_live",
    "slots_refused",
    "rows_refused",
    "descriptors",
    "slots_openat",
    "ring_bytes",
    "netns",
    "truncated",
    "walks",
    "walk_ns",
    "flushes",
    "flush_ns",
    "walk_errors",
    "walk_misses",
    "columns_demoted",
)


class Network(NamedTuple):
    """Which network namespace a slot's container is in, as the tick thread found it."""

    netns: int
    owner: int
    is_host: bool


class Disagreement(NamedTuple):
    """A column whose sample lies outside what the kernel said before and after it."""

    group: str
    column: str
    container: str
    key: str
    before: int
    sample: int
    after: int


class EventSettings(NamedTuple):
    """What a collector does for events. ``limits``: records kept, by kind; one left out: libpcf's default."""

    is_on: bool = True
    sources: tuple[str, ...] | None = None
    """Names of the sources that may be used, None = all."""
    age_ns: int = 0
    limits: Mapping[str, int] = MappingProxyType({})
    max_bytes: int = 0


class NativeCollector:
    """A pcf_collector. All methods but ``close`` may be called from several threads at a time."""

    def __init__(self, options: CollectorOptions, ring_dir: str, events: EventSettings | None = None) -> None:
        """Opens the ring and probes the host; raises NativeError, and nothing is left half made."""
        err = new_error()
        out = ffi.new("pcf_collector **")
        settings = _settings(options, ring_dir, events or EventSettings(is_on=False))
        check(lib.pcf_collector_open(out, settings.struct, err), err, f"collector in {ring_dir}")
        self._settings = settings  # libpcf may keep pointers into it
        self._collector: Any = out[0]
        self._slot_record = ffi.typeof("pcf_slot_record")

    @property
    def _open(self) -> Any:
        if self._collector is None:
            raise PycadvisorError("the collector is closed; make a new one")
        return self._collector

    @property
    def pointer(self) -> Any:
        """The pcf_collector itself, for the other classes of this room."""
        return self._open

    # ---- what the host is ----
    def facts(self) -> dict[str, Any]:
        """pcf_host as plain data."""
        host = lib.pcf_collector_host(self._open)
        return {
            "kernel": text(host.kernel),
            "boot_id": text(host.boot_id),
            "layout": _name(LAYOUTS, host.layout),
            "controllers": {
                name: {"version": fact.version, "mount": text(fact.mount), "root": text(fact.root)}
                for name, fact in zip(CONTROLLERS, host.controllers, strict=True)
                if fact.version
            },
            **{
                name: int(getattr(host, name))
                for name in ("cores_online", "cores_present", "cores_possible", "memory_bytes", "page_bytes")
            },
            **{name: int(getattr(host, name)) for name in ("nofile_soft", "nofile_hard", "nofile_raised")},
            "is_root": bool(host.is_root),
            "abilities": {name: _fact(getattr(host, name)) for name in FACTS},
            "files": text(host.files).split(),
            "memory_stat_keys": text(host.memory_stat_keys).split(),
        }

    def plan(self) -> dict[str, Any]:
        """pcf_plan as plain data; ``groups`` by name."""
        plan = lib.pcf_collector_plan(self._open)
        return {
            "reader": _name(READERS, plan.reader),
            "reader_reason": text(plan.reader_reason),
            "reader_ns": {name: plan.reader_ns[i] for i, name in enumerate(READERS) if plan.reader_ns[i] > 0},
            "base_ns": int(plan.base_ns),
            "descriptors": int(plan.descriptors),
            "groups": {group.name: _group_plan(group, plan.group[group.index]) for group in GROUPS[: plan.groups]},
        }

    def notes(self) -> list[str]:
        """What is worth telling a person: history taken over or why not, degradations."""
        return [line for line in text(lib.pcf_collector_notes(self._open)).splitlines() if line]

    # ---- life ----
    def start(self) -> None:
        """Starts the tick thread."""
        err = new_error()
        check(lib.pcf_collector_start(self._open, err), err, "starting to sample")

    def stop(self) -> None:
        """Ends the tick thread; the ring stays readable."""
        check(lib.pcf_collector_stop(self._open), None, "ending the tick thread")

    def close(self) -> None:
        """Gives everything back but the files; nobody may be in another method."""
        if self._collector is not None:
            lib.pcf_collector_close(self._collector)
            self._collector = None

    # ---- containers ----
    def add(self, path: str, created_ns: int) -> tuple[int, int] | None:
        """(slot, generation) of the cgroup, sampled from the next tick on; None when it is gone again.

        Raises NativeError when there is no slot or no room (ENOSPC) or it cannot be read.
        """
        err = new_error()
        slot, generation = ffi.new("uint32_t *"), ffi.new("uint32_t *")
        rc = lib.pcf_collector_add(self._open, _bytes(path), created_ns, slot, generation, err)
        if rc == -errno.ENOENT:
            return None
        check(rc, err, path)
        return int(slot[0]), int(generation[0])

    def refresh(self, slot: int, generation: int) -> None:
        """Opens what has appeared since; no error when the container is gone."""
        _gone_is_fine(lib.pcf_collector_refresh(self._open, slot, generation), "opening more of a cgroup")

    def remove(self, slot: int, generation: int) -> None:
        """Ends sampling before the next tick; no error when the container is gone."""
        _gone_is_fine(lib.pcf_collector_remove(self._open, slot, generation), "removing a cgroup")

    def vanished(self) -> list[tuple[int, int]]:
        """(slot, generation) of those whose files the tick thread found gone, each told once."""
        most = 256
        slots, generations = ffi.new("uint32_t[]", most), ffi.new("uint32_t[]", most)
        count = check(lib.pcf_collector_vanished(self._open, slots, generations, most), None, "asking what vanished")
        return [(int(slots[i]), int(generations[i])) for i in range(count)]

    def describe(self, slot: int, generation: int, *, runtime: str, ident: str, name: str, image: str) -> None:
        """Writes the identity where other processes read it (slots.dir); no error when the container is gone."""
        rc = lib.pcf_collector_describe(
            self._open, slot, generation, _bytes(runtime), _bytes(ident), _bytes(name), _bytes(image)
        )
        _gone_is_fine(rc, "describing a container")

    def settle(self) -> None:
        """After the first walk: what an earlier collector followed and is not there any more is released."""
        check(lib.pcf_collector_settle(self._open), None, "releasing what is gone")

    def slots_seq(self) -> int:
        """Changes when any record of slots.dir does."""
        return int(lib.pcf_slots_head(lib.pcf_collector_slots(self._open)).seq)

    def networks(self, slots: Sequence[tuple[int, int]]) -> dict[int, Network]:
        """Network namespaces by slot, for the given (slot, generation) as far as they are still live."""
        table = lib.pcf_collector_slots(self._open)
        record = ffi.new("pcf_slot_record *")
        found = {}
        for slot, generation in slots:
            if lib.pcf_slots_read(table, slot, record) == 0 and record.generation == generation:
                is_host = bool(record.flags & HOST_NETWORK)
                owner = int(record.netns_owner) if record.netns else -1
                found[slot] = Network(int(record.netns), owner, is_host)
        return found

    # ---- ticks ----
    def wait(self, tick: int, timeout_ms: int) -> int | None:
        """The newest complete tick once it is newer than ``tick``; None when that takes longer than ``timeout_ms``.

        Raises PycadvisorError when the tick thread does not run.
        """
        latest = ffi.new("uint64_t *")
        rc = lib.pcf_collector_wait(self._open, tick, timeout_ms, latest)
        if rc == -errno.ETIMEDOUT:
            return None
        if rc == -errno.ESHUTDOWN:
            raise PycadvisorError("the collector does not run: no tick will come; call start()")
        check(rc, None, "waiting for a tick")
        return int(latest[0])

    def sample(self, groups: int = 0) -> int:
        """Returns when the groups (a bit for each, 0 = all) have samples begun after the call: the newest tick then."""
        tick = ffi.new("uint64_t *")
        check(lib.pcf_collector_sample(self._open, groups, tick), None, "sampling now")
        return int(tick[0])

    def stats(self) -> dict[str, Any]:
        """pcf_collector_stats as plain data."""
        stats = ffi.new("pcf_collector_stats *")
        lib.pcf_collector_stats_get(self._open, stats)
        return {
            **{name: int(getattr(stats, name)) for name in STATS},
            "running": bool(stats.running),
            "last_error": text(stats.last_error),
        }

    def verify(self, report: Callable[[Disagreement], None]) -> tuple[int, int]:
        """Checks every column of every container against the kernel's text; (columns outside, columns checked)."""

        @ffi.callback("pcf_verify_report")  # type: ignore[untyped-decorator, unused-ignore]
        def told(
            _: Any, group: Any, column: Any, container: Any, key: Any, before: int, sample: int, after: int
        ) -> None:
            report(Disagreement(text(group), text(column), text(container), text(key), before, sample, after))

        checked = ffi.new("uint64_t *")
        outside = lib.pcf_collector_verify(self._open, told, ffi.NULL, checked)
        return check(outside, None, "verifying samples"), int(checked[0])


class _settings:  # noqa: N801 -- a struct and what keeps its texts alive
    def __init__(self, options: CollectorOptions, ring_dir: str, events: EventSettings) -> None:
        self.struct = struct = ffi.new("pcf_options *")
        lib.pcf_options_default(struct)
        self.texts = (ffi.new("char[]", _bytes(ring_dir)), ffi.new("char[]", _bytes(options.sysroot)))
        struct.ring_dir, struct.sysroot = self.texts
        intervals = options.resolve_intervals((group.name, group.interval_ms) for group in GROUPS)
        for group, interval in zip(GROUPS, intervals, strict=True):
            struct.interval_ns[group.index] = interval
        struct.history_ns = duration_ns(options.history, "history")
        struct.ring_bytes = options.ring_memory
        if options.max_containers:
            struct.max_containers = options.max_containers
        struct.reader = READERS.index(options.reader)
        default, by_group = options.resolve_sources(group.name for group in GROUPS)
        struct.source = SOURCE_NUMBERS[default]
        for group in GROUPS:
            struct.source_of[group.index] = SOURCE_NUMBERS[by_group.get(group.name, "auto")]
        struct.flush_ns = duration_ns(options.flush_interval, "flush_interval")
        struct.max_descriptors = options.max_descriptors
        struct.descriptor_bytes = options.descriptor_memory
        struct.disable_root = options.disable_root
        struct.disable_events = not events.is_on
        struct.event_age_ns, struct.event_bytes = events.age_ns, events.max_bytes
        if events.sources is not None:
            struct.event_sources = sum(1 << EVENT_SOURCES[name] for name in events.sources)
        for kind, limit in events.limits.items():
            struct.event_limit[KINDS[kind]] = limit


def _group_plan(group: Any, plan: Any) -> dict[str, Any]:
    return {
        "source": PLAN_SOURCES.get(plan.source, str(plan.source)),
        "interval_ns": int(plan.interval_ns),
        "ring_len": int(plan.ring_len),
        "keep_open": bool(plan.keep_open),
        "files": int(plan.files),
        "file_names": text(plan.file_names).split(),
        "columns": [column.name for column in group.columns if plan.present[column.index]],
        "walked": [column.name for column in group.columns if plan.walked[column.index]],
        "reason": text(plan.reason),
    }


def _fact(fact: Any) -> dict[str, str]:
    return {"answer": _name(ANSWERS, fact.answer), "reason": text(fact.reason)}


def _name(names: Sequence[str], number: int) -> str:
    return names[number] if 0 <= number < len(names) else str(number)


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape").replace(b"\0", b"?")


def _gone_is_fine(rc: int, what: str) -> None:
    if rc not in (-errno.ENOENT, -errno.ESTALE):
        check(rc, None, what)


__all__ = ["Disagreement", "EventSettings", "NativeCollector", "NativeError", "Network"]
