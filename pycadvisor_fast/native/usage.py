"""Thin class over pcf/usage.h: a thread that finds out how much a directory tree holds, slowly."""

from __future__ import annotations

import errno
import os
from typing import Any, NamedTuple

from . import check, ffi, lib, new_error

SOURCES = {lib.PCF_USAGE_WALK: "walk", lib.PCF_USAGE_QUOTA: "quota", lib.PCF_USAGE_QGROUP: "qgroup"}


class Tree(NamedTuple):
    """What was counted; see pcf_usage_tree. ``error`` is "" for a tree that was walked to its end. None: whoever
    counted does not count that. ``project``: with its filesystem's device, of a tree counted by a project quota."""

    bytes: int
    apparent_bytes: int | None
    inodes: int | None
    skipped: int
    entries: int
    cpu_ns: int
    wall_ns: int
    error: str
    source: str = "walk"
    own_bytes: int | None = None
    project: tuple[int, int] | None = None


class TreeWalker:
    """Walks one tree at a time. For one thread, except ``cancel``."""

    def __init__(self, cpu_share: float = 0.02, io_share: float = 0.25) -> None:
        """``cpu_share``: of one core; ``io_share``: of the time, waiting for disks. Raises NativeError."""
        err, out = new_error(), ffi.new("pcf_usage **")
        check(lib.pcf_usage_open(out, _permille(cpu_share), _permille(io_share), err), err, "walking trees")
        self._usage: Any = out[0]
        self._tree = ffi.new("pcf_usage_tree *")

    def begin(self, path: str, *, only_walk: bool = False) -> None:
        """Begins a tree; ``only_walk``: also where its filesystem keeps a sum. Raises NativeError while it is at
        another."""
        check(lib.pcf_usage_begin(self._usage, os.fsencode(path), only_walk), None, path)

    def look(self) -> tuple[bool, Tree]:
        """Whether it is at its end, and what was counted. Raises NativeError when nothing was begun."""
        is_done = check(lib.pcf_usage_look(self._usage, self._tree), None, "walking trees")
        found, source = self._tree, self._tree.source
        return bool(is_done), Tree(
            bytes=found.bytes,
            apparent_bytes=found.apparent_bytes if source == lib.PCF_USAGE_WALK else None,
            inodes=found.inodes if source != lib.PCF_USAGE_QGROUP else None,
            skipped=found.skipped,
            entries=found.entries,
            cpu_ns=found.cpu_ns,
            wall_ns=found.wall_ns,
            error=_reason(found.error),
            source=SOURCES[source],
            own_bytes=found.own_bytes if source == lib.PCF_USAGE_QGROUP else None,
            project=(found.device, found.project) if source == lib.PCF_USAGE_QUOTA else None,
        )

    def fileno(self) -> int:
        """Readable once the tree is at its end."""
        return int(lib.pcf_usage_fd(self._usage))

    def cancel(self) -> None:
        """Ends the tree it is at."""
        lib.pcf_usage_cancel(self._usage)

    def close(self) -> None:
        """Ends the thread, or leaves it behind when it hangs: up to a second."""
        if self._usage is not None:
            lib.pcf_usage_close(self._usage)
            self._usage = None


def _permille(share: float) -> int:
    return min(1000, max(1, round(share * 1000)))


def _reason(code: int) -> str:
    return os.strerror(code) if code and code != errno.ECANCELED else "ended" if code else ""
