"""One process in /proc (proc(5)), and what the machine says beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_HERTZ = os.sysconf("SC_CLK_TCK")  # 100 on every Linux: USER_HZ is part of its interface
_ARGUMENTS_BYTES = 4096  # what ps shows of a command line; some are megabytes long


@dataclass(frozen=True, slots=True)
class Machine:
    """What ages and shares are worked out from."""

    booted_unix_ns: int
    uptime_seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Stat:
    """Fields of /proc/<pid>/stat."""

    command: str
    state: str
    ppid: int
    cpu_seconds: float
    threads: int
    start_seconds: float  # after boot
    virtual_bytes: int
    rss_bytes: int
    processor: int


def machine(proc: Path) -> Machine:
    """Raises OSError, ValueError: /proc is not there, or is not the kernel's."""
    booted = next(line for line in _text(proc / "stat").splitlines() if line.startswith("btime "))
    total = next(line for line in _text(proc / "meminfo").splitlines() if line.startswith("MemTotal:"))
    return Machine(
        booted_unix_ns=int(booted.split()[1]) * 1_000_000_000,
        uptime_seconds=float(_text(proc / "uptime").split()[0]),
        memory_bytes=int(total.split()[1]) * 1024,
    )


def stat(directory: Path) -> Stat:
    """Raises OSError when the process has gone or may not be looked at, ValueError when the text is no such file."""
    return parse_stat(_text(directory / "stat"))


def parse_stat(text: str) -> Stat:
    """The command is in parentheses and may hold any character, parentheses and newlines too."""
    opening, closing = text.index("("), text.rindex(")")
    fields = text[closing + 2 :].split()
    if len(fields) < 37:
        raise ValueError(f"/proc/<pid>/stat has {len(fields) + 2} fields instead of 39 or more")
    return Stat(
        command=text[opening + 1 : closing],
        state=fields[0],
        ppid=int(fields[1]),
        cpu_seconds=(int(fields[11]) + int(fields[12])) / _HERTZ,
        threads=int(fields[17]),
        start_seconds=int(fields[19]) / _HERTZ,
        virtual_bytes=int(fields[20]),
        rss_bytes=int(fields[21]) * _PAGE,
        processor=int(fields[36]),
    )


def uid(directory: Path) -> int:
    """The effective user; the owner of the directory would be root for a process that may not be dumped."""
    for line in _text(directory / "status").splitlines():
        if line.startswith("Uid:"):
            return int(line.split()[2])
    raise ValueError("/proc/<pid>/status names no user")


def arguments(directory: Path) -> tuple[str, ...]:
    """The command line, cut off at 4 KiB; empty where there is none or it may not be read."""
    try:
        with open(directory / "cmdline", "rb") as file:
            text = file.read(_ARGUMENTS_BYTES)
    except OSError:
        return ()
    return tuple(os.fsdecode(part) for part in text.rstrip(b"\0").split(b"\0")) if text else ()


def cgroups(directory: Path) -> tuple[str, ...]:
    """Its cgroup paths, cgroup2's first, then the memory controller's; each once."""
    found = []
    for line in _text(directory / "cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        order = 0 if not controllers else 1 if "memory" in controllers.split(",") else 2
        found.append((order, path))
    return tuple(dict.fromkeys(path for _, path in sorted(found, key=lambda each: each[0])))


def fd_count(directory: Path, *, has_size: bool) -> int | None:
    """How many files it has open; None: it may not be looked at. ``has_size``: the kernel says so (Linux 6.2)."""
    try:
        if has_size:
            return (directory / "fd").stat().st_size
        with os.scandir(directory / "fd") as entries:
            return sum(1 for _ in entries)
    except OSError:
        return None


def has_fd_size(proc: Path) -> bool:
    """Whether stat of /proc/<pid>/fd says how many there are."""
    try:
        return (proc / "self" / "fd").stat().st_size > 0
    except OSError:
        return False


def _text(path: Path) -> str:
    with open(path, "rb") as file:
        return os.fsdecode(file.read())
