"""Containers that have ended within the grace period: their last numbers, as the event container_exit has them.

LAST are gauges: each series is one number that does not change any more, and ends with the grace period.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pycadvisor_fast.event import UNLIMITED, ContainerExit, Event
from pycadvisor_fast.native.exposition import NO_CONTAINER, PROTOBUF, SAMPLE, Given

from .exits_followed import MOST, FollowedExits
from .family import Family, Series, counter, gauge, given, of
from .given import Number, lone, row
from .labels import Policy, block
from .query import Query

if TYPE_CHECKING:
    from pycadvisor_fast.feed import Feed

PREFIX = "exit."
_LEFT_OUT = "left_out"


def _last(name: str, said: str = "", **more: Any) -> Series:
    return given(f"{PREFIX}{name}", f"`container_exit`: {said or f'`{name}`'}", **more)


def _of_kind(kind: str, *families: Family) -> tuple[Family, ...]:
    return of(kind, "Containers that have ended", *families, is_extra=True)


LAST: tuple[Family, ...] = (
    *_of_kind(
        "",
        gauge(
            "pycadvisor_container_exit_code",
            "Exit code as shells count, 128 and the number for a signal; absent when nobody saw it.",
            _last("code", "`runtime_code`, else `exit_code` or `signal`"),
        ),
        gauge(
            "pycadvisor_container_exit_time_seconds",
            "When it ended, as Unix time.",
            _last("time_ns", "its time", decimals=9),
        ),
        gauge(
            "pycadvisor_container_exit_start_time_seconds",
            "When its first process came, as Unix time.",
            _last("start_ns", "its time less what has passed since `started_monotonic_ns`", decimals=9),
        ),
        gauge(
            "pycadvisor_container_exit_lifetime_seconds",
            "From its first process, else its creation, to its end.",
            _last("life_ns", "`emptied_monotonic_ns` less `started_monotonic_ns`", decimals=9),
        ),
    ),
    *_of_kind(
        "cpu",
        gauge("pycadvisor_container_exit_cpu_seconds", "CPU time in all.", _last("cpu_ns", decimals=9)),
        gauge("pycadvisor_container_exit_cpu_user_seconds", "CPU time in user mode.", _last("cpu_user_ns", decimals=9)),
        gauge(
            "pycadvisor_container_exit_cpu_system_seconds",
            "CPU time in the kernel.",
            _last("cpu_system_ns", decimals=9),
        ),
        gauge("pycadvisor_container_exit_cpu_periods", "Periods of its CPU quota.", _last("periods")),
        gauge(
            "pycadvisor_container_exit_cpu_throttled_periods",
            "Periods in which its CPU quota was used up.",
            _last("throttled_periods"),
        ),
        gauge(
            "pycadvisor_container_exit_cpu_throttled_seconds",
            "Time it was throttled for its CPU quota.",
            _last("throttled_ns", decimals=9),
        ),
    ),
    *_of_kind(
        "memory",
        gauge("pycadvisor_container_exit_memory_peak_bytes", "Most memory ever in use.", _last("memory_peak_bytes")),
        gauge(
            "pycadvisor_container_exit_memory_limit_bytes",
            "Memory limit at the end; absent where none was set.",
            _last("memory_limit_bytes"),
        ),
    ),
    *_of_kind(
        "oom_event",
        gauge("pycadvisor_container_exit_oom_kills", "Processes killed for want of memory.", _last("oom_kills")),
    ),
    *_of_kind(
        "diskIO",
        gauge("pycadvisor_container_exit_io_read_bytes", "Bytes read from disks.", _last("read_bytes")),
        gauge("pycadvisor_container_exit_io_written_bytes", "Bytes written to disks.", _last("write_bytes")),
        gauge("pycadvisor_container_exit_io_reads", "Reads from disks.", _last("read_ops")),
        gauge("pycadvisor_container_exit_io_writes", "Writes to disks.", _last("write_ops")),
    ),
    *_of_kind(
        "process",
        gauge(
            "pycadvisor_container_exit_processes",
            "Processes that were forked in it or moved into it.",
            _last("processes"),
        ),
        gauge("pycadvisor_container_exit_pids_peak", "Most tasks it ever had.", _last("pids_peak")),
    ),
)
FAMILIES: tuple[Family, ...] = (
    *LAST,
    *_of_kind(
        "",
        counter(
            "pycadvisor_container_exits_left_out_total",
            "Containers whose series went before the grace period was over, for those of newer ones.",
            given(f"{PREFIX}{_LEFT_OUT}", f"exits beyond the newest {MOST}"),
        ),
    ),
)


def _start_ns(event: Event, end: ContainerExit) -> int | None:
    """Wall-clock ns: the record has it on the monotonic clock."""
    began = end.started_monotonic_ns
    return None if began is None else event.time_ns - (event.monotonic_ns - began)


_OF_EVENT: Mapping[str, Callable[[Event, ContainerExit], Number | None]] = {
    "time_ns": lambda event, _: event.time_ns,
    "start_ns": _start_ns,
}
_NAMES = tuple(series.given.removeprefix(PREFIX) for family in LAST for series in family.series)


class Exits:
    """Samples of FAMILIES. One thread at a time."""

    def __init__(self, feed: Feed, policy: Policy, grace_ns: int) -> None:
        self._followed = FollowedExits(feed, grace_ns)
        self._policy = policy
        self._blocks: dict[tuple[bool, bool], dict[int, tuple[object, bytes]]] = {}

    def samples(self, query: Query, form: int, now: float) -> dict[str, Given]:
        """By name, of those a question selects; ``now``: wall clock, seconds."""
        events = self._followed.newest(round(now * 1e9))
        texts = self._labels(events, form, with_envs=query.with_envs)
        wanted = {id(one) for one in query.select(event.container for event in events if event.container is not None)}
        rows: dict[str, list[tuple[int, int, int, int, int]]] = {}
        labels, at = [], 0
        for event, text in zip(events, texts, strict=True):
            end = event.payload
            if not isinstance(end, ContainerExit) or id(event.container) not in wanted:
                continue
            for name in _NAMES:
                value = _OF_EVENT[name](event, end) if name in _OF_EVENT else getattr(end, name)
                if value not in (None, UNLIMITED):
                    rows.setdefault(name, []).append(row(NO_CONTAINER, value, at, len(text)))
            labels.append(text)
            at += len(text)
        shared = b"".join(labels)
        told = {f"{PREFIX}{name}": Given(np.array(found, SAMPLE), shared) for name, found in rows.items()}
        return {**told, f"{PREFIX}{_LEFT_OUT}": lone(self._followed.left_out)}

    def _labels(self, events: list[Event], form: int, *, with_envs: bool) -> list[bytes]:
        """One block for each event; made again when its container is another object, as after a late name."""
        key = (form == PROTOBUF, with_envs)
        known, kept = self._blocks.get(key, {}), {}
        for event in events:
            assert event.container is not None
            found = known.get(event.seq)
            if found is None or found[0] != event.container:
                pairs = self._policy.pairs(event.container, with_envs=with_envs)
                found = (event.container, block(pairs, form))
            kept[event.seq] = found
        self._blocks[key] = kept
        return [text for _, text in kept.values()]
