"""``df``: how full the host's filesystems are, and what containers hold on disk."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..config import Setting, Settings, collector_options
from ..config.values import BOOL
from ..container import Container
from ..errors import RingError
from ..filesystem import Filesystem, Storage, TreeUsage
from . import access, exits, logs, origin
from .command import TARGET_FLAGS, Command, Invocation, settings_named
from .overview import printable
from .quantities import percent, size, span, whole
from .selecting import CONTAINER_FLAGS, Query, query

_NS = 1e9


def run(invocation: Invocation) -> int:
    """Prints filesystems; with --containers, what each container holds."""
    settings, own = invocation.settings, invocation.own
    logs.set_up(settings["log_format"], settings["log_level"], sys.stderr)
    asked = query(own, invocation.words)
    storage, containers, label = _storage(settings, own, asked)
    if own["json"]:
        print(json.dumps(plain(storage, containers), indent=1))
        return exits.OK
    is_by_container = own["containers"] or bool(invocation.words)
    lines = trees(storage, containers, time.time_ns()) if is_by_container else table(storage, time.time_ns())
    print("\n".join(lines))
    for note in storage.notes:
        print(f"note: {printable(note)}", file=sys.stderr)
    print(f"from {label}", file=sys.stderr)
    return exits.OK


def table(storage: Storage, now_ns: int) -> list[str]:
    """Aligned columns of filesystems, the mount point last. A question mark: numbers of before, see STALE."""
    rows = [("SOURCE", "TYPE", "SIZE", "USED", "AVAIL", "USE%", "INODES%", "STALE", "LABELS", "MOUNTED ON")]
    rows += [
        (
            printable(one.source or "-"),
            printable(one.type),
            size(one.capacity_bytes),
            size(one.used_bytes),
            size(one.available_bytes),
            percent(_used_percent(one.used_bytes, one.available_bytes)),
            percent(_used_percent(one.inodes_used, one.inodes_free)),
            _staleness(one, now_ns),
            ",".join(one.labels) or "-",
            printable(one.mount_point),
        )
        for one in storage.filesystems
    ]
    return _aligned(rows, range(2, 7))


def trees(storage: Storage, containers: Sequence[Container], now_ns: int) -> list[str]:
    """One line for each tree of each container."""
    rows = [("NAME", "KIND", "ON DISK", "APPARENT", "INODES", "AGE", "BY", "PATH")]
    for container in containers:
        rows += [
            (
                printable(container.display_name),
                tree.kind,
                size(tree.bytes),
                size(tree.apparent_bytes),
                whole(tree.inodes),
                span(max(0, now_ns - tree.measured_ns) / _NS) if tree.measured_ns else "-",
                printable(tree.error or tree.source or ("not measured" if tree.kind == "bind" else "not measured yet")),
                printable(_where(tree)),
            )
            for tree in storage.containers.get(container.handle, ())
        ]
    return _aligned(rows, range(2, 6))


def plain(storage: Storage, containers: Sequence[Container]) -> dict[str, Any]:
    """All of it as JSON has it; containers by path."""
    return {
        "taken_ns": storage.taken_ns,
        "filesystems": [asdict(one) for one in storage.filesystems],
        "devices": [asdict(one) for one in storage.devices],
        "containers": {
            one.path: [asdict(tree) for tree in storage.containers[one.handle]]
            for one in containers
            if one.handle in storage.containers
        },
        "notes": list(storage.notes),
    }


def _where(tree: TreeUsage) -> str:
    """On the host; of a volume also in the container."""
    if not tree.destination:
        return tree.path or "-"
    named = f" ({tree.name})" if tree.name else ""
    return f"{tree.path} on {tree.destination}{named}{', read-only' if tree.is_read_only else ''}"


def _used_percent(used: int | None, available: int | None) -> float | None:
    """As df counts: of what is used and what others than root may still take."""
    if used is None or available is None or used + available <= 0:
        return None
    return 100 * used / (used + available)


def _staleness(one: Filesystem, now_ns: int) -> str:
    if not one.is_stale:
        return "-"
    return span(max(0, now_ns - one.asked_ns) / _NS) if one.asked_ns else "never"


def _aligned(rows: Sequence[Sequence[str]], right: range) -> list[str]:
    """The last column, which may be long, is not padded."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    out = []
    for row in rows:
        cells = (
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=False))
        )
        out.append("  ".join((*cells, row[-1])))
    return out


def _storage(settings: Settings, own: Mapping[str, Any], asked: Query) -> tuple[Storage, tuple[Container, ...], str]:
    try:
        source = origin.find(settings, own["target"], access.of(own))
    except RingError:
        return (*_look_once(settings, asked), "a look around of its own: no daemon answers")
    try:
        containers = source.containers(asked)
        storage = source.filesystems(asked)
        if storage is not None:
            return storage, containers, source.label
    finally:
        source.close()
    return (*_look_once(settings, asked), "a look around of its own: the ring does not hold filesystems")


def _look_once(settings: Settings, asked: Query) -> tuple[Storage, tuple[Container, ...]]:
    from ..collector import Collector

    options = collector_options(settings, ring_dir=None, reader="pread", max_descriptors=1, events="off")
    with Collector(options) as collector:
        return collector.filesystems(fresh=True), tuple(asked.selector.select(collector.containers()))


COMMAND = Command(
    name="df",
    summary="how full filesystems are, and what containers hold on disk",
    run=run,
    settings=settings_named(
        "ring_dir", "grpc_listen", "docker", "sysroot", "config", "log_format", "log_level", "version"
    ),
    own=(
        *TARGET_FLAGS,
        *CONTAINER_FLAGS,
        Setting("containers", BOOL, False, "Output", "what each container holds, in place of the host's filesystems"),
        Setting("json", BOOL, False, "Output", "print JSON: all of it, block devices too"),
    ),
    words="[NAME|/PATH ...]",
    most_words=1000,
    about=(
        "Asks the daemon; without one looks around once itself. STALE says how old the numbers are of a filesystem "
        "that does not answer at present."
    ),
    examples=("df", "df --containers", 'df "web-*"', "df --json"),
)
