"""``get``: one container's numbers, the latest or a stretch of history."""

from __future__ import annotations

import glob
import json
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt

from ..columns import GROUPS
from ..config import Setting
from ..config.values import BOOL, DURATION
from ..container import Container
from ..errors import ConfigError, PycadvisorError
from ..faces.snapshot import ABSENT, UNLIMITED, Capture, GroupCapture
from ..views.selection import Selector
from . import access, exits, logs, origin
from .command import TARGET_FLAGS, Command, Invocation, settings_named
from .ls import plain
from .overview import printable
from .quantities import moment
from .selecting import NUMBER_FLAGS, Query

_KINDS = {(group.name, column.name): column.kind for group in GROUPS for column in group.columns}


def run(invocation: Invocation) -> int:
    """Prints what is known of the one container the word names."""
    settings, own = invocation.settings, invocation.own
    logs.set_up(settings["log_format"], settings["log_level"], sys.stderr)
    if not invocation.words:
        raise ConfigError("get: name a container: its name, the beginning of its id, or its cgroup path")
    source = origin.find(settings, own["target"], access.of(own))
    try:
        container = find(invocation.words[0], source.containers(Query()))
        asked = Query(Selector(paths=(glob.escape(container.path),)), tuple(own["group"]), tuple(own["column"]))
        seconds = own["window"] / 1e9
        capture = source.window(asked, seconds) if seconds else source.latest(asked)
    finally:
        source.close()
    if own["json"]:
        print(json.dumps(as_json(container, capture, is_window=bool(seconds)), indent=1))
    else:
        print("\n".join(as_text(container, capture, is_window=bool(seconds))))
    return exits.OK


def find(word: str, containers: Sequence[Container]) -> Container:
    """The container with that path or name, else the one whose id begins so. PycadvisorError unless it is one."""
    exact = [one for one in containers if word in (one.path, one.name, one.id)]
    found = exact or [one for one in containers if one.id.startswith(word)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(sorted(one.path for one in found)[:5])
        raise PycadvisorError(f'"{word}" names {len(found)} containers: {names}; give a path')
    known = [text for one in containers for text in (one.name, one.path) if text]
    close = get_close_matches(word, known, n=1)
    raise PycadvisorError(f'there is no container "{word}"' + (f'; did you mean "{close[0]}"?' if close else ""))


def as_text(container: Container, capture: Capture, *, is_window: bool) -> Iterator[str]:
    """Lines for people; a column without a value is left out."""
    yield f"{printable(container.display_name)}  {container.runtime}  {container.path}"
    for group in capture.groups.values():
        for row in _rows_of(group, container):
            key = f"[{group.keys[row]}]" if group.keys else ""
            yield ""
            yield f"{group.name}{key}  {_when(group)}"
            yield from _window_lines(group, row) if is_window else _latest_lines(group, row)


def as_json(container: Container, capture: Capture, *, is_window: bool) -> dict[str, Any]:
    """Groups by name; keyed groups by key; a column is its value, or with a window the list of its values."""
    groups: dict[str, Any] = {}
    for group in capture.groups.values():
        rows = {group.keys[row] if group.keys else "": row for row in _rows_of(group, container)}
        values = {key: row_values(group, row, is_window=is_window) for key, row in rows.items()}
        if not values:
            continue
        times: dict[str, Any] = {"tick": group.ticks.tolist(), "time_unix_ns": group.time_unix_ns.tolist()}
        if not is_window:
            times = {name: found[-1] for name, found in times.items()}
        groups[group.name] = {**times, "values": values if group.keys else values[""]}
    return {"container": plain(container), "groups": groups}


def row_values(group: GroupCapture, row: int, *, is_window: bool = False) -> dict[str, Any]:
    """Columns of one row by name. Absent ones are left out (None inside a window); no limit is the kernel's "max"."""
    out = {}
    for name, column in group.columns.items():
        values = [_value(value) for value in column[:, row].tolist()]
        if any(value is not None for value in values):
            out[name] = values if is_window else values[-1]
    return {name: value for name, value in out.items() if value is not None}


def _value(value: float) -> float | str | None:
    if value == int(UNLIMITED):
        return "max"
    return None if value == int(ABSENT) or value != value else value


def _rows_of(group: GroupCapture, container: Container) -> list[int]:
    return [row for row, handle in enumerate(group.handles.tolist()) if handle == container.handle]


def _when(group: GroupCapture) -> str:
    if len(group.ticks) == 1:
        return f"at {moment(int(group.time_unix_ns[0]))}, tick {group.ticks[0]}"
    return f"{len(group.ticks)} ticks, {moment(int(group.time_unix_ns[0]))} to {moment(int(group.time_unix_ns[-1]))}"


def _latest_lines(group: GroupCapture, row: int) -> Iterator[str]:
    for name, value in row_values(group, row).items():
        yield f"  {name:<28} {value}"


def _window_lines(group: GroupCapture, row: int) -> Iterator[str]:
    seconds = (group.time_monotonic_ns.astype(np.float64) + group.offsets_usec[:, row] * 1e3) / 1e9
    for name, column in group.columns.items():
        values = _finite(column[:, row])
        known = ~np.isnan(values)
        if not known.any():
            continue
        if _KINDS.get((group.name, name)) == "counter":
            change, span = np.ptp(values[known]), np.ptp(seconds[known])
            yield f"  {name:<28} {values[known][-1]:.0f}" + (f"  ({change / span:.6g} a second)" if span else "")
        else:
            few = values[known]
            spread = f"least {few.min():.10g}, mean {few.mean():.10g}, most {few.max():.10g}"
            yield f"  {name:<28} {few[-1]:.10g}  ({spread})"


def _finite(column: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    values = column.astype(np.float64)
    if column.dtype.kind == "u":
        values[column >= UNLIMITED] = np.nan
    return values


COMMAND = Command(
    name="get",
    summary="show one container's latest numbers, or a stretch of its history",
    run=run,
    settings=settings_named("ring_dir", "grpc_listen", "config", "log_format", "log_level", "version"),
    own=(
        *TARGET_FLAGS,
        *NUMBER_FLAGS,
        Setting("window", DURATION, 0, "Which numbers", "the history of so long, instead of the latest"),
        Setting("json", BOOL, False, "Output", "print JSON"),
    ),
    words="NAME|ID|/PATH",
    most_words=1,
    examples=("get web", "get web --group cpu,memory", "get 3f2a --window 30s --column 'memory.*' --json", "get /"),
)
