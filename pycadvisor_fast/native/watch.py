"""Thin class over pcf/watch.h: cgroup directories coming and going, and the walk over those that are there."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import check, ffi, lib, new_error, text

CREATED = 1
DELETED = 2
OVERFLOW = 3
MECHANISMS = {"auto": 0, "fanotify": 1, "inotify": 2}
_BATCH = 256  # events a read: 260 KiB, made once


class Event(NamedTuple):
    """A directory of hierarchy ``mount`` (index from ``Watch.add_mount``) came or went."""

    kind: int
    mount: int
    path: str


class Watch:
    """Watches cgroup mounts. One thread reads; ``wake`` may be called from any."""

    def __init__(self, mechanism: str = "auto") -> None:
        """Raises NativeError when the kernel offers the mechanism to nobody or not to us."""
        err = new_error()
        out = ffi.new("pcf_watch **")
        check(lib.pcf_watch_open(out, MECHANISMS[mechanism], err), err, "watching cgroups")
        self._watch: Any = out[0]
        self._events = ffi.new("pcf_watch_event[]", _BATCH)

    @property
    def mechanism(self) -> str:
        """Which one serves: "fanotify" or "inotify"."""
        number = lib.pcf_watch_mechanism(self._watch)
        return next(name for name, value in MECHANISMS.items() if value == number)

    @property
    def degraded(self) -> str:
        """What is not watched and why (inotify's limit of watches); "" while everything is."""
        return text(lib.pcf_watch_degraded(self._watch))

    @property
    def reason(self) -> str:
        """Why a mount is watched with inotify although fanotify comes first; "" when none is."""
        return text(lib.pcf_watch_reason(self._watch))

    def add_mount(self, mount: str) -> int:
        """Watches the cgroup mount at ``mount`` and returns its index; walk it afterwards."""
        err = new_error()
        index = ffi.new("int *")
        check(lib.pcf_watch_add_mount(self._watch, mount.encode("utf-8", "surrogateescape"), index, err), err, mount)
        return int(index[0])

    def read(self, timeout_s: float | None) -> list[Event]:
        """The events that are there, waiting up to ``timeout_s`` for the first (None = until one comes or ``wake``)."""
        timeout_ms = -1 if timeout_s is None else max(0, round(timeout_s * 1000))
        count = check(lib.pcf_watch_read(self._watch, self._events, _BATCH, timeout_ms), None, "reading cgroup events")
        events = self._events
        return [Event(events[i].kind, events[i].mount, text(events[i].path)) for i in range(count)]

    def wake(self) -> None:
        """Makes a waiting ``read`` return."""
        if self._watch is not None:
            lib.pcf_watch_wake(self._watch)

    def close(self) -> None:
        """Gives the descriptors back; nobody may be reading."""
        if self._watch is not None:
            lib.pcf_watch_close(self._watch)
            self._watch = None


def walk(mount: str) -> list[str]:
    """Paths ("/..." below ``mount``) of every cgroup directory under the mount, parents first.

    Directories that vanish meanwhile are left out. Raises NativeError when the mount itself cannot be read.
    """
    err = new_error()
    name = mount.encode("utf-8", "surrogateescape")
    size = 1 << 16
    while True:
        buffer = ffi.new("char[]", size)
        needed = check(lib.pcf_walk_paths(name, buffer, size, err), err, mount)
        if needed <= size:
            break
        size = needed + (needed >> 2)  # the tree may have grown between the two walks
    data = bytes(ffi.buffer(buffer, needed))
    return [part.decode("utf-8", "surrogateescape") for part in data.split(b"\0") if part]
