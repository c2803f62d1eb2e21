"""Processes as `ps` of v2.x gives them (info/v2, type ProcessInfo), in the words of ps(1)."""

from __future__ import annotations

import glob
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pycadvisor_fast.process import Process, ProcessList

from . import go_json
from .names import ROOT

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container
    from pycadvisor_fast.feed import Feed

_DAY_S, _HOUR_S, _MINUTE_S = 86_400, 3600, 60


def listed(feed: Feed, container: Container) -> bytes:
    """The array: processes in the container's own cgroup, of "/" all of the machine. Raises PycadvisorError."""
    if container.path == ROOT:
        return _array(feed.processes(fds=True), is_machine=True)
    # A path is a pattern there; directories may have brackets in their names.
    return _array(feed.processes(glob.escape(container.path), recursive=False, fds=True), is_machine=False)


def _array(found: ProcessList, *, is_machine: bool) -> bytes:
    now = datetime.fromtimestamp(found.time_unix_ns / 1e9)
    return go_json.dumps([_info(process, now, is_machine=is_machine) for process in found.processes])


def _info(process: Process, now: datetime, *, is_machine: bool) -> dict[str, Any]:
    """``cgroup_path`` is given in the list of the machine only, ``cmd`` is never the command line: as cAdvisor."""
    return {
        "user": process.user,
        "pid": process.pid,
        "parent_pid": process.ppid,
        "start_time": start_time(process.started_unix_ns, now),
        "percent_cpu": round(process.cpu_percent, 1),
        "percent_mem": round(process.memory_percent, 1),
        "rss": process.rss_bytes,
        "virtual_size": process.virtual_bytes,
        "status": process.state + ("l" if process.threads > 1 else ""),
        "running_time": cpu_time(process.cpu_seconds),
        "cgroup_path": process.cgroup_path if is_machine else "",
        "cmd": process.command,
        "fd_count": process.fd_count or 0,
        "psr": process.processor,
    }


def start_time(started_unix_ns: int, now: datetime) -> str:
    """Column STIME of ps(1): 15:04 on the same day, Jan02 in the same year, else the year; local time."""
    began = datetime.fromtimestamp(started_unix_ns / 1e9)
    if began.year != now.year:
        return f"{began:%Y}"
    return f"{began:%H:%M}" if began.date() == now.date() else f"{began:%b%d}"


def cpu_time(seconds: float) -> str:
    """Column TIME of ps(1): [days-]hh:mm:ss."""
    days, rest = divmod(int(seconds), _DAY_S)
    hours, rest = divmod(rest, _HOUR_S)
    return (f"{days}-" if days else "") + f"{hours:02d}:{rest // _MINUTE_S:02d}:{rest % _MINUTE_S:02d}"
