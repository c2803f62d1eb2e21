"""``ls``: who is there."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from ..config import Setting, Settings, collector_options
from ..config.values import BOOL
from ..container import Container
from ..errors import RingError
from . import access, exits, logs, origin
from .command import TARGET_FLAGS, Command, Invocation, settings_named
from .overview import printable
from .quantities import span
from .selecting import CONTAINER_FLAGS, Query, query

_SHORT_ID = 12  # as docker ps
_NAMES_WITHIN_SECONDS = 1.0  # what a runtime may take to name what a one-off look found


def run(invocation: Invocation) -> int:
    """Prints the containers that match, by name or path."""
    settings = invocation.settings
    logs.set_up(settings["log_format"], settings["log_level"], sys.stderr)
    asked = query(invocation.own, invocation.words)
    containers, label = _containers(settings, invocation.own, asked)
    if invocation.own["json"]:
        print(json.dumps([plain(container) for container in containers], indent=1))
        return exits.OK
    for line in table(containers, time.time_ns()):
        print(line)
    print(f"{len(containers)} containers, from {label}", file=sys.stderr)
    return exits.OK


def table(containers: Sequence[Container], now_ns: int) -> list[str]:
    """Aligned columns; the path, which may be long, is last."""
    rows = [("NAME", "RUNTIME", "KIND", "ID", "IMAGE", "AGE", "PATH")]
    rows += [
        (
            printable(container.name or "-"),
            container.runtime,
            container.kind or "-",
            printable(container.id[:_SHORT_ID] or "-"),
            printable(container.image or "-"),
            span(max(0, now_ns - container.created_ns) / 1e9) if container.created_ns else "-",
            printable(container.path),
        )
        for container in containers
    ]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    return ["  ".join((*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[-1])) for row in rows]


def plain(container: Container) -> dict[str, Any]:
    """A container as JSON has it: all fields, and its handle."""
    plainly = replace(container, labels=dict(container.labels), envs=dict(container.envs))
    return {"handle": container.handle, **asdict(plainly)}


def _containers(settings: Settings, own: Mapping[str, Any], asked: Query) -> tuple[tuple[Container, ...], str]:
    try:
        source = origin.find(settings, own["target"], access.of(own))
    except RingError:
        if settings.origin("ring_dir") == "flag":
            raise
        return _look_once(settings, asked), "a look around of its own: no daemon answers and there is no ring"
    try:
        return source.containers(asked), source.label
    finally:
        source.close()


def _look_once(settings: Settings, asked: Query) -> tuple[Container, ...]:
    from ..collector import Collector

    # Forced reader: measuring which one is cheapest is not worth its time for one look.
    options = collector_options(settings, ring_dir=None, reader="pread", max_descriptors=1)
    with Collector(options) as collector:
        until = time.monotonic() + _NAMES_WITHIN_SECONDS
        while time.monotonic() < until and any(c.id and not c.name for c in collector.containers()):
            time.sleep(0.02)
        return tuple(asked.selector.select(collector.containers()))


COMMAND = Command(
    name="ls",
    summary="list the containers",
    run=run,
    settings=settings_named(
        "ring_dir",
        "grpc_listen",
        "docker",
        "containerd",
        "cri",
        "crio",
        "podman",
        "systemd",
        "sysroot",
        "config",
        "log_format",
        "log_level",
        "version",
    ),
    own=(*TARGET_FLAGS, *CONTAINER_FLAGS, Setting("json", BOOL, False, "Output", "print JSON")),
    words="[NAME|/PATH ...]",
    most_words=1000,
    about=(
        "Asks the daemon; without one reads the ring; without that looks around once itself. Stderr says which it was."
    ),
    examples=("ls", "ls --runtime docker", 'ls "web-*"', "ls /system.slice --json"),
)
