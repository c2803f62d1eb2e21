"""``ps``: what runs in containers."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..config import Setting, Settings, collector_options
from ..config.values import BOOL, choice
from ..errors import PycadvisorError
from ..process import Process, ProcessList
from . import access, exits, logs, origin
from .command import TARGET_FLAGS, Command, Invocation, settings_named
from .overview import printable
from .quantities import percent, size, span, whole

_DAY_SECONDS = 86400
_ORDERS: dict[str, Callable[[Process], float]] = {
    "pid": lambda process: process.pid,
    "cpu": lambda process: -process.cpu_percent,
    "memory": lambda process: -process.rss_bytes,
}
_HEAD = (
    *("PID", "PPID", "USER", "%CPU", "%MEM", "RSS", "VSZ", "THR", "FDS", "S"),
    *("START", "TIME", "CONTAINER", "COMMAND"),
)

if TYPE_CHECKING:
    from ..client import Access
_NUMBERS = frozenset(("PID", "PPID", "%CPU", "%MEM", "RSS", "VSZ", "THR", "FDS"))


def run(invocation: Invocation) -> int:
    """Prints the processes of the containers named, or of the machine."""
    settings, own = invocation.settings, invocation.own
    logs.set_up(settings["log_format"], settings["log_level"], sys.stderr)
    found, label = _processes(settings, own, invocation.words)
    if own["json"]:
        print(
            json.dumps({"is_complete": found.is_complete, "reason": found.reason, "processes": plain(found)}, indent=1)
        )
    else:
        for line in table(found, has_fds=own["fds"], is_long=own["long"]):
            print(line)
    print(f"{len(found.processes)} processes, from {label}", file=sys.stderr)
    if not found.is_complete:
        print(f"not all: {found.reason}", file=sys.stderr)
    return exits.OK


def table(found: ProcessList, *, has_fds: bool = False, is_long: bool = False) -> list[str]:
    """Aligned columns; the command, which may be long, is last."""
    rows: list[tuple[str, ...]] = [_HEAD]
    rows += [_row(process, found.time_unix_ns, is_long=is_long) for process in found.processes]
    if not has_fds:
        rows = [(*row[:8], *row[9:]) for row in rows]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    right = {index for index, name in enumerate(rows[0]) if name in _NUMBERS}
    return ["  ".join((*_aligned(row, widths, right), row[-1])) for row in rows]


def _aligned(row: Sequence[str], widths: Sequence[int], right: set[int]) -> list[str]:
    cells = zip(row, widths, strict=False)
    return [cell.rjust(width) if index in right else cell.ljust(width) for index, (cell, width) in enumerate(cells)]


def plain(found: ProcessList) -> list[dict[str, Any]]:
    """Processes as JSON has them: all fields."""
    return [asdict(process) for process in found.processes]


def _row(process: Process, now_ns: int, *, is_long: bool) -> tuple[str, ...]:
    return (
        str(process.pid),
        str(process.ppid),
        printable(process.user),
        percent(process.cpu_percent),
        percent(process.memory_percent),
        size(process.rss_bytes),
        size(process.virtual_bytes),
        str(process.threads),
        whole(process.fd_count),
        process.state,
        _start(process.started_unix_ns, now_ns),
        span(process.cpu_seconds),
        printable(process.container_name or process.cgroup_path),
        printable(" ".join(process.arguments) if is_long and process.arguments else process.command),
    )


def _start(started_ns: int, now_ns: int) -> str:
    """The time of day, as ps shows it: local; the day when it is more than a day ago."""
    started = time.localtime(started_ns / 1e9)
    return time.strftime("%H:%M" if now_ns - started_ns < _DAY_SECONDS * 10**9 else "%b %d", started)


def _processes(settings: Settings, own: Mapping[str, Any], words: Sequence[str]) -> tuple[ProcessList, str]:
    order = _ORDERS[own["sort"]]
    target = own["target"] or next((each for each in settings["grpc_listen"] if origin.answers(each)), "")
    recursive, fds = not own["only"], own["fds"]
    if target:
        found, label = _ask(target, words, access.of(own), recursive=recursive, fds=fds), f"the daemon at {target}"
    else:
        from ..collector import Collector

        with Collector(collector_options(settings, ring_dir=None, reader="pread", max_descriptors=1)) as collector:
            found = collector.processes(*words, recursive=recursive, fds=fds)
        label = "a look around of its own: no daemon answers"
    ordered = tuple(sorted(found.processes, key=order))
    return ProcessList(ordered, found.time_unix_ns, found.is_complete, found.reason), label


def _ask(target: str, words: Sequence[str], shown: Access | None, *, recursive: bool, fds: bool) -> ProcessList:
    try:
        from ..client import Client
    except ImportError as error:
        raise PycadvisorError(f"gRPC is not installed ({error}), and the daemon is asked by it") from error
    with Client(target, access=shown) as client:
        answer = client.processes(*words, recursive=recursive, fds=fds)
    processes = tuple(
        Process(
            pid=each.pid,
            ppid=each.parent_pid,
            uid=each.uid,
            user=each.user,
            cpu_percent=each.cpu_percent,
            cpu_seconds=each.cpu_seconds,
            memory_percent=each.memory_percent,
            rss_bytes=each.rss_bytes,
            virtual_bytes=each.virtual_bytes,
            state=each.state,
            threads=each.threads,
            processor=each.processor,
            started_unix_ns=each.started_unix_ns,
            running_seconds=each.running_seconds,
            command=each.command,
            arguments=tuple(each.arguments),
            cgroup_path=each.cgroup_path,
            container=each.container,
            container_name=each.container_name,
            fd_count=each.fd_count if each.HasField("fd_count") else None,
        )
        for each in answer.processes
    )
    return ProcessList(processes, answer.time_unix_ns, not answer.incomplete, answer.reason)


COMMAND = Command(
    name="ps",
    summary="list what runs in containers",
    run=run,
    settings=settings_named("grpc_listen", "docker", "sysroot", "config", "log_format", "log_level", "version"),
    own=(
        *TARGET_FLAGS,
        Setting("only", BOOL, False, "Which processes", "only of the cgroup itself, none of cgroups below"),
        Setting("sort", choice(*_ORDERS), "pid", "Output", "pid, or the greatest first by cpu or memory"),
        Setting("fds", BOOL, False, "Output", "how many files each has open"),
        Setting("long", BOOL, False, "Output", "the command line with its arguments"),
        Setting("json", BOOL, False, "Output", "print JSON"),
    ),
    words="[NAME|/PATH|ID ...]",
    most_words=1000,
    about="No name: all of the machine. %CPU is since the start of a process, as in ps. Stderr says where it is from.",
    examples=("ps web", "ps --sort cpu", "ps /system.slice --fds --long"),
)
