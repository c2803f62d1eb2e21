"""``run``: the daemon. Sampling starts first; what serves it is imported while the first samples are taken."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..config import Settings, collector_options
from ..errors import NativeError, RingError, UnsupportedError
from . import exits, logs
from .addresses import check_free
from .command import Command, Invocation
from .signals import Signals
from .systemd import notify

if TYPE_CHECKING:
    from ..collector import Collector
    from ..door import Door
    from ..options import CollectorOptions
    from .serving import ServerThread
    from .serving_http import HttpDoorway, HttpThread

log = logging.getLogger(__name__)

_SWITCH_SECONDS = 0.0005
_END_WITHIN_SECONDS = 0.9  # of a SIGTERM; streams are told, then whatever is left is cut off
_STREAMS_END_WITHIN_SECONDS = 0.4
_ANSWERS_END_WITHIN_SECONDS = 0.2  # over HTTP, whose streams end at once


def run(invocation: Invocation) -> int:
    """Samples and serves until SIGTERM or SIGINT. Raises PycadvisorError for what keeps it from starting."""
    settings = invocation.settings
    logs.set_up(settings["log_format"], settings["log_level"], sys.stderr)
    for warning in settings.warnings:
        log.warning("%s", warning)
    options = collector_options(settings)
    door = _door(settings)
    # An event passes three threads on its way to a subscriber; by default each may wait 5 ms for one that computes.
    sys.setswitchinterval(_SWITCH_SECONDS)
    # Before anything is made, so that a busy port leaves nothing behind.
    check_free(settings["grpc_listen"], require_all=settings.is_given("grpc_listen"))
    with Signals() as signals, contextlib.ExitStack() as stack:
        stack.callback(door.close)
        doorway = _http_doorway(settings, stack)
        collector = _sampling(options, stack)
        if not signals.wait(0):
            grpc = _serving(collector, settings, door, stack)
            http = _serving_http(collector, doorway, door, stack)
            if grpc is not None and http is not None:
                grpc.beside_http(http.server.status)
            if not signals.received:
                _tell_ready(collector, settings, [at for server in (grpc, http) if server for at in server.addresses])
            signals.wait()
        assert signals.received is not None
        notify("STOPPING=1")
        log.info("%s: ending", signals.received.name)
        _end_in_time()
    log.info("ended")
    return exits.OK


def _sampling(options: CollectorOptions, stack: contextlib.ExitStack) -> Collector:
    from ..collector import Collector

    collector = Collector(options)
    stack.callback(collector.close)
    try:
        collector.open()
    except NativeError as error:
        # What is opened first and can fail for a person's reasons is the ring; a host without cgroups says ENOTSUP.
        if error.errno in (errno.ENOTSUP, errno.ENOSYS, errno.ENODEV):
            raise UnsupportedError(str(error)) from error
        raise RingError(str(error)) from error
    collector.start()
    # Without waiting for the first deadline, which may be a whole interval away.
    collector.sample()
    return collector


def _door(settings: Settings) -> Door:
    """Who may see what. Made before anything else: a daemon whose password file is broken does not start."""
    from ..door import Door

    return Door.from_settings(settings)


def _serving(collector: Collector, settings: Settings, door: Door, stack: contextlib.ExitStack) -> ServerThread | None:
    """Starts the gRPC server, if it is wanted."""
    listen = settings["grpc_listen"]
    if not listen:
        return None
    # Its C core writes to stderr in a format of its own; what matters reaches us as an error.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from .serving import ServerThread

    # Of the default addresses one is enough: a user who is not root cannot make the socket below /run.
    server = ServerThread(collector, ",".join(listen), require_all=settings.is_given("grpc_listen"), door=door)
    stack.callback(server.stop, _STREAMS_END_WITHIN_SECONDS)
    return server


def _http_doorway(settings: Settings, stack: contextlib.ExitStack) -> HttpDoorway | None:
    """Sockets of HTTP, before sampling starts: whoever connects early waits a moment instead of being refused."""
    from .serving_http import open_doorway

    doorway = open_doorway(settings)
    if doorway is not None:
        stack.callback(doorway.close)
    return doorway


def _serving_http(
    collector: Collector, doorway: HttpDoorway | None, door: Door, stack: contextlib.ExitStack
) -> HttpThread | None:
    """Starts the HTTP server, if there is a doorway."""
    if doorway is None:
        return None
    from .serving_http import HttpThread

    server = HttpThread(collector, doorway, door)
    stack.callback(server.stop, _ANSWERS_END_WITHIN_SECONDS)
    return server


def _tell_ready(collector: Collector, settings: Settings, served: Sequence[str]) -> None:
    host = collector.host()
    for note in host["notes"]:
        log.info("%s", note)
    log.info(
        "ready after %.2f s: %d containers, cgroup %s, reader %s, ring %s, serving %s",
        _process_age(),
        len(collector.containers()),
        host["facts"]["layout"],
        host["plan"]["reader"],
        settings["ring_dir"],
        ", ".join(served) or "nothing",
    )
    notify("READY=1")


def _end_in_time() -> None:
    """Ends the process hard when the orderly end takes too long. The ring stays readable: its rows are stamped."""

    def cut_off() -> None:
        log.error("the orderly end took longer than %.1f s: cut off", _END_WITHIN_SECONDS)
        os._exit(exits.OK)

    timer = threading.Timer(_END_WITHIN_SECONDS, cut_off)
    timer.daemon = True
    timer.start()


def _process_age() -> float:
    """Seconds since the kernel made this process: starttime of /proc/self/stat, see proc(5), field 22."""
    with open("/proc/self/stat", encoding="utf-8", errors="replace") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


COMMAND = Command(
    name="run",
    summary="sample this host and serve it (the daemon)",
    run=run,
    about=(
        "Ends within one second of SIGTERM or SIGINT; tells a service manager when it is ready (sd_notify). The ring\n"
        "stays behind, and the next start goes on with its history."
    ),
    examples=(
        "run",
        "run --housekeeping_interval=100ms --interval memory_stat=1s",
        "run --grpc_listen=unix:/run/pycadvisor-fast/grpc.sock --storage_duration=10m",
    ),
)
