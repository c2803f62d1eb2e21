"""What a process is: plain data, no I/O."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Process:
    """One process (not each of its threads), as /proc showed it at one moment.

    ``cpu_percent`` is what ps shows: CPU time of all its threads since it started, divided by the time since then;
    above 100 when several ran at once. For the use between two looks take the difference of ``cpu_seconds``.
    ``state``: one letter as in proc_pid_stat(5), "R" running, "S" sleeping, "D" waiting for a disk, "Z" ended and not
    waited for, ... ``command``: its first 15 bytes, as the kernel has it; ``arguments``: the command line, empty for
    kernel threads and zombies, and where it may not be read.
    """

    pid: int
    ppid: int
    uid: int
    user: str  # the host's name of it, else the number
    cpu_percent: float
    cpu_seconds: float
    memory_percent: float  # rss of all memory of the machine
    rss_bytes: int
    virtual_bytes: int
    state: str
    threads: int
    processor: int  # the CPU it ran on last
    started_unix_ns: int
    running_seconds: float
    command: str
    arguments: tuple[str, ...]
    cgroup_path: str
    container: int = 0  # handle of the innermost followed container; 0: none
    container_name: str = ""  # its display name
    fd_count: int | None = None  # None: not asked for, or it may not be looked at


@dataclass(frozen=True, slots=True)
class ProcessList:
    """Processes in ascending order of their numbers.

    ``is_complete`` is False when /proc did not show all, or not all of them: ``reason`` says why and what to do.
    """

    processes: tuple[Process, ...]
    time_unix_ns: int
    is_complete: bool = True
    reason: str = ""
