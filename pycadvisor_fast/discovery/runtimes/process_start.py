"""When a process started, for runtimes that do not say when a container did."""

from __future__ import annotations

import os
import time
from pathlib import Path

_STARTTIME = 19  # proc_pid_stat(5): field 22, the 20th after the name, in clock ticks since boot
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def process_start_ns(pid: int, ident: str, proc: Path = Path("/proc")) -> int:
    """Wall-clock ns of the start of a container's first process, within a clock tick; 0 = not to be told.

    ``ident`` must stand in the process's cgroup: a pid of another pid namespace, or one that was used again, is not
    the container's. Reads two files of /proc, which wait for nobody.
    """
    folder = proc / str(pid)
    try:
        if pid <= 0 or ident not in (folder / "cgroup").read_text():
            return 0
        fields = (folder / "stat").read_text().rpartition(") ")[2].split()
        since_boot_ns = int(fields[_STARTTIME]) * 10**9 // _TICKS_PER_S
    except (OSError, ValueError, IndexError):
        return 0
    return time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME) + since_boot_ns
