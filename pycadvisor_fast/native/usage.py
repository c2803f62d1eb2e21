"""Thin class over pcf/usage.h: a thread that finds out how much a directory tree holds, slowly."""

from __future__ import annotations

import errno
import os
from typing import Any, NamedTuple

from . import check, ffi, lib, new_error


class Tree(NamedTuple):
    """What was counted; see pcf_usage_tree. ``error`` is "" for a tree that was walked to its end."""

    bytes: int
    apparent_bytes: int
    inodes: int
    skipped: int
    entries: int
    cpu_ns: int
    wall_ns: int
    error: str


class TreeWalker:
    """Walks one tree at a time. For one thread, except ``cancel``."""

    def __init__(self, cpu_share: float = 0.02, io_share: float = 0.25) -> None:
        """``cpu_share``: of one core; ``io_share``: of the time, waiting for disks. Raises NativeError."""
        err, out = new_error(), ffi.new("pcf_usage **")
        check(lib.pcf_usage_open(out, _permille(cpu_share), _permille(io_share), err), err, "walking trees")
        self._usage: Any = out[0]
        self._tree = ffi.new("pcf_usage_tree *")

    def begin(self, path: str) -> None:
        """Begins a tree. Raises NativeError while it is at another."""
        check(lib.pcf_usage_begin(self._usage, os.fsencode(path)), None, path)

    def look(self) -> tuple[bool, Tree]:
        """Whether it is at its end, and what was counted. Raises NativeError when nothing was begun."""
        is_done = check(lib.pcf_usage_look(self._usage, self._tree), None, "walking trees")
        found = self._tree
        return bool(is_done), Tree(
            bytes=found.bytes,
            apparent_bytes=found.apparent_bytes,
            inodes=found.inodes,
            skipped=found.skipped,
            entries=found.entries,
            cpu_ns=found.cpu_ns,
            wall_ns=found.wall_ns,
            error=_reason(found.error),
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
