"""An event as one line that people read. Pure."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from ..event import (
    UNLIMITED,
    CgroupLife,
    ContainerExit,
    ContainerStart,
    Event,
    Exec,
    Exit,
    Fork,
    Lost,
    Note,
    Oom,
    OomKill,
    Throttle,
)
from .overview import printable
from .quantities import moment, size, span

_KIND_WIDTH = 15
_NAME_WIDTH = 24
_QUIET_SOURCES = ("bpf", "derived", "collector")  # the best there is: not worth a word in every line


def line(event: Event) -> str:
    """Time, kind, container, what."""
    said = _SAYS[type(event.payload)](event, event.payload)
    name = printable(event.name)
    parts = [f"{moment(event.time_ns)}  {event.kind:<{_KIND_WIDTH}}  {name:<{_NAME_WIDTH}}", printable(said)]
    if event.container is not None and event.cgroup_path not in ("", event.container.path, event.name):
        parts.append(f"in {printable(event.cgroup_path)}")
    if event.caveats or event.source not in _QUIET_SOURCES:
        caveats = f": {', '.join(event.caveats)}" if event.caveats else ""
        parts.append(f"[{event.source}{caveats}]")
    return "  ".join(part for part in parts if part).rstrip()


def signal_name(number: int) -> str:
    """ "SIGKILL"; "signal 99" for one without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _limit(count: int | None) -> str:
    return "no limit" if count == UNLIMITED else f"limit {size(count)}"


def _who(comm: str, pid: int | None) -> str:
    if pid is None:
        return comm
    return f"{comm or 'process'} ({pid})"


def _of_memory(event: Event, payload: OomKill | Oom) -> list[str]:
    out = []
    if payload.limit_bytes is not None:
        out.append(_limit(payload.limit_bytes))
    if payload.usage_bytes is not None:
        out.append(f"usage {size(payload.usage_bytes)}")
    if payload.constraint == "global":
        out.append("the machine was out of memory")
    elif payload.memcg_path not in ("", event.cgroup_path):
        out.append(f"of {payload.memcg_path}")
    if payload.trigger_pid is not None or payload.trigger_comm:
        out.append(f"asked for by {_who(payload.trigger_comm, payload.trigger_pid)}")
    return out


def _oom_kill(event: Event, payload: OomKill) -> str:
    pid = payload.pid if payload.tgid is None else payload.tgid
    out = [f"killed {_who(payload.comm, pid) or 'a process'}"]
    if payload.rss_bytes is not None:
        out.append(f"rss {size(payload.rss_bytes)}")
    return ", ".join(out + _of_memory(event, payload))


def _oom(event: Event, payload: Oom) -> str:
    return ", ".join(["nobody killed", *_of_memory(event, payload)])


def _cgroup(event: Event, payload: CgroupLife) -> str:
    return ""


def _fork(event: Event, payload: Fork) -> str:
    return f"{_who(payload.comm, payload.pid)}, child of {payload.parent_pid}"


def _exec(event: Event, payload: Exec) -> str:
    return f"{_who(payload.comm, payload.pid)}: {payload.filename}"


def _exit(event: Event, payload: Exit) -> str:
    out = [f"{_who(payload.comm, payload.pid)} {_ended(payload.exit_code, payload.signal)}"]
    out += ["core dumped"] if payload.is_core_dumped else []
    return ", ".join(out + _numbers(payload, ("ran", "run_ns"), ("cpu", "cpu_ns"), ("rss", "max_rss_bytes")))


def _throttle(event: Event, payload: Throttle) -> str:
    return "" if payload.throttled_ns is None else f"for {span(payload.throttled_ns / 1e9)}"


def _container_start(event: Event, payload: ContainerStart) -> str:
    return _who(payload.comm, payload.pid)


def _container_exit(event: Event, payload: ContainerExit) -> str:
    code = payload.code
    out = [_ended(payload.exit_code if payload.exit_code is not None else code, payload.signal)]
    out += ["core dumped"] if payload.is_core_dumped else []
    out += _numbers(payload, ("lived", "life_ns"), ("cpu", "cpu_ns"), ("memory peak", "memory_peak_bytes"))
    if payload.memory_limit_bytes not in (None, UNLIMITED):
        out.append(_limit(payload.memory_limit_bytes))
    if payload.oom_kills:
        out.append(f"{payload.oom_kills} OOM kill{'s' if payload.oom_kills > 1 else ''}")
    if payload.processes is not None:
        out.append(f"{payload.processes} process{'es' if payload.processes != 1 else ''}")
    return ", ".join(out + _numbers(payload, ("read", "read_bytes"), ("wrote", "write_bytes")))


def _ended(code: int | None, number: int | None) -> str:
    if number is not None:
        return f"ended by {signal_name(number)}"
    if code is None:
        return "exit code not known"
    return f"exit {code}" + (f" ({signal_name(code - 128)})" if 128 < code < 128 + signal.NSIG else "")


def _numbers(payload: Any, *wanted: tuple[str, str]) -> list[str]:
    """ "cpu 3 ms" for each that is known."""
    known = [(word, name, getattr(payload, name)) for word, name in wanted]
    return [
        f"{word} {span(value / 1e9) if name.endswith('_ns') else size(value)}"
        for word, name, value in known
        if value is not None
    ]


def _lost(event: Event, payload: Lost) -> str:
    return f"{payload.count} {payload.kind} events of {payload.source} could not be told, {payload.total} so far"


def _note(event: Event, payload: Note) -> str:
    return payload.text


_SAYS: dict[type, Callable[[Event, Any], str]] = {
    OomKill: _oom_kill,
    Oom: _oom,
    CgroupLife: _cgroup,
    Fork: _fork,
    Exec: _exec,
    Exit: _exit,
    Throttle: _throttle,
    ContainerStart: _container_start,
    ContainerExit: _container_exit,
    Lost: _lost,
    Note: _note,
}
