"""What the probes test: each check is one function of what a look at the collector showed. Pure.

A check says how bad it is when it fails: DEAD means that a restart is the remedy, UNREADY that numbers are missing or
old, NOTE that something is worth reading and no reason to send anybody elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

DEAD, UNREADY, NOTE = "dead", "unready", "note"

LATE_TICKS = 10  # shortest intervals without a pass until the tick counts as late,
LATE_NS = 5 * 10**9  # and at least so long: a loaded machine is no reason for a restart
DEAD_TICKS, DEAD_NS = 60, 60 * 10**9  # the same until it counts as stopped


@dataclass(frozen=True)
class Look:
    """One look at the collector. Times in ns of CLOCK_MONOTONIC."""

    status: Mapping[str, Any]
    """feed.status()."""
    base_ns: int
    """Of the timeline: tick number times this is its time."""
    shortest_ns: int
    """The shortest interval of a group."""
    now_ns: int
    is_ring_replaced: bool
    """Whether the files that are written are no longer those at the ring's path."""

    @property
    def age_ns(self) -> int:
        """Since the newest pass was due."""
        return self.now_ns - int(self.status["latest_tick"]) * self.base_ns


@dataclass(frozen=True)
class Finding:
    """What one check found. ``severity`` is "" when all is well."""

    name: str
    text: str
    severity: str = ""


def tick_running(look: Look) -> Finding:
    """The sampling thread lives: passes go on, be they late."""
    if not look.status["running"]:
        return Finding("running", "the collector has been stopped", DEAD)
    if look.age_ns > max(DEAD_NS, DEAD_TICKS * look.shortest_ns):
        return Finding("running", f"no pass for {_seconds(look.age_ns)}: the sampling thread hangs", DEAD)
    return Finding("running", "sampling")


def tick_on_time(look: Look) -> Finding:
    """Passes come when they are due."""
    if not look.status["latest_tick"]:
        return Finding("tick", "no pass is complete yet", UNREADY)
    age = f"{_seconds(look.age_ns)} ago, one is due every {_seconds(look.shortest_ns)}"
    if look.age_ns > max(LATE_NS, LATE_TICKS * look.shortest_ns):
        return Finding("tick", f"the newest pass was due {age}", UNREADY)
    return Finding("tick", f"the newest pass was due {age}")


def ring_there(look: Look) -> Finding:
    """What is sampled reaches readers: the files at the ring's path are those that are written."""
    where = str(look.status["ring_dir"])
    if look.is_ring_replaced:
        return Finding("ring", f"the files in {where} are gone or another collector's: nobody new can read", UNREADY)
    if not look.status["ring_bytes"]:
        return Finding("ring", f"the ring in {where} holds nothing", UNREADY)
    return Finding("ring", f"{look.status['ring_bytes']} bytes in {where}")


def ring_room(look: Look) -> Finding:
    """Everything found has a place in the ring."""
    slots, rows = int(look.status["slots_refused"]), int(look.status["rows_refused"])
    if slots or rows:
        text = f"{slots} containers and {rows} rows had no room: see max_containers and ring_memory"
        return Finding("room", text, NOTE)
    return Finding("room", "everything found has its place")


def discovery_alive(look: Look) -> Finding:
    """Containers that appear are seen."""
    found = look.status["discovery"]
    if not found["cgroups"]:
        return Finding("discovery", f"no cgroup has been found: {found['last_error'] or 'none there'}", UNREADY)
    text = f"{found['cgroups']} cgroups, by {found['mechanism'] or 'walking'}"
    if found["last_error"]:
        return Finding("discovery", f"{text}; last error: {found['last_error']}", NOTE)
    return Finding("discovery", text)


def sources_alive(look: Look) -> Finding:
    """Kernel files and the walk can be read."""
    errors = f"{look.status['read_errors']} read errors, {look.status['walk_errors']} failed walks"
    last = look.status["last_error"]
    return Finding("sources", f"{errors}; last error: {last}" if last else errors, NOTE if last else "")


def runtimes_answer(look: Look) -> Finding:
    """Without an answer, names are missing, never numbers."""
    runtimes = look.status["runtimes"]
    bad = [f"{name} {one['state']}" for name, one in sorted(runtimes.items()) if one["state"] not in _WELL]
    there = [name for name, one in sorted(runtimes.items()) if one["state"] == "connected"]
    if bad:
        return Finding("runtimes", f"names may be missing: {', '.join(bad)}", NOTE)
    return Finding("runtimes", f"connected: {', '.join(there) or 'none is there'}")


def filesystems_answer(look: Look) -> Finding:
    """One that hangs holds up nothing, and its numbers are old."""
    storage = look.status["storage"]
    if storage["hanging"]:
        return Finding("filesystems", f"hanging: {', '.join(map(str, storage['hanging']))}", NOTE)
    if storage["error"]:
        return Finding("filesystems", str(storage["error"]), NOTE)
    return Finding("filesystems", f"{storage['filesystems']} answer")


Check = Callable[[Look], Finding]
LIVE: tuple[Check, ...] = (tick_running,)
READY: tuple[Check, ...] = (
    tick_running,
    tick_on_time,
    ring_there,
    ring_room,
    discovery_alive,
    sources_alive,
    runtimes_answer,
    filesystems_answer,
)
HEALTHY: tuple[Check, ...] = (tick_running, tick_on_time, ring_there)

_WELL = ("connected", "missing")


def _seconds(ns: int) -> str:
    return f"{ns / 1e9:.3g} s"
