"""``snapshot``: a tick or a window as one msgpack document, for fleet agents."""

from __future__ import annotations

import sys

from ..config import Setting
from ..config.values import DURATION, STRING
from ..errors import ConfigError
from ..faces.snapshot import encode, write
from . import access, exits, logs, origin
from .command import TARGET_FLAGS, Command, Invocation, settings_named
from .selecting import CONTAINER_FLAGS, NUMBER_FLAGS, query


def run(invocation: Invocation) -> int:
    """Writes one document to a file, whole or not at all, or to stdout."""
    settings, own = invocation.settings, invocation.own
    logs.set_up(settings["log_format"], settings["log_level"], sys.stderr)
    to_stdout = own["output"] in ("", "-")
    if to_stdout and sys.stdout.isatty():
        raise ConfigError("snapshot: msgpack is nothing for a terminal; redirect it or give --output FILE")
    source = origin.find(settings, own["target"], access.of(own))
    try:
        asked = query(own, invocation.words)
        capture = source.window(asked, own["window"] / 1e9) if own["window"] else source.latest(asked)
        label = source.label
    finally:
        source.close()
    if to_stdout:
        sys.stdout.buffer.write(encode(capture))
        sys.stdout.buffer.flush()
    else:
        count = write(own["output"], capture)
        print(f"{count} bytes, {len(capture.containers)} containers, from {label}", file=sys.stderr)
    return exits.OK


COMMAND = Command(
    name="snapshot",
    summary="write the latest numbers, or a stretch of history, as columns in msgpack",
    run=run,
    settings=settings_named("ring_dir", "grpc_listen", "config", "log_format", "log_level", "version"),
    own=(
        *TARGET_FLAGS,
        *CONTAINER_FLAGS,
        *NUMBER_FLAGS,
        Setting("window", DURATION, 0, "Which numbers", "the history of so long, instead of the latest"),
        Setting("output", STRING, "-", "Output", "file to replace, whole or not at all; - is stdout"),
    ),
    words="[NAME|/PATH ...]",
    most_words=1000,
    about=(
        "The file is read with pycadvisor_fast.faces.snapshot.read(path), which gives numpy arrays without parsing a\n"
        "number; the format is described there."
    ),
    examples=(
        "snapshot --output /run/agent/containers.msgpack",
        "snapshot --window 60s --group cpu,memory > cpu.msgpack",
    ),
)
