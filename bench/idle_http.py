"""HTTP: what it costs while nobody asks, and what a small question costs."""

from __future__ import annotations

import contextlib
import http.client
import re
import signal
import socket
import statistics
import time
from pathlib import Path

from .cgroups import Cgroups
from .measure import process_cpu_ns
from .report import Part, Table, Target
from .served import Daemon

_OFF, _ON, _CONNECTED = "off", "on, nobody there", "on, 500 idle connections"
_IDLE = 500
_ROUNDS = 5
_QUESTIONS = ("/healthz", "/api/v1.3/machine", "/api/v2.1/stats/?count=1&recursive=true", "/metrics")
_ASKED = 200


def measure(count: int, seconds: float) -> Part:
    """Two daemons over ``count`` idle containers take turns; then one is asked."""
    part = Part("HTTP")
    with Cgroups(count, is_busy=False, name="idlehttp"), contextlib.ExitStack() as stack:
        off, on = stack.enter_context(Daemon("--http=false")), stack.enter_context(Daemon())
        for daemon in (off, on):
            daemon.first_sample(count)
            daemon.ready()
        port = _port(on)
        _ask(port, "/healthz", 1)
        idle, woken = _idle(off, on, port, max(1, round(seconds / 2)), _ROUNDS if seconds >= _ROUNDS else 1)
        part.tables.append(_idle_table(idle, woken, (off, on), count))
        part.tables.append(_questions_table(on, port, count))
        part.targets.append(
            Target("HTTP on and nobody there: more CPU than HTTP off", 0.1, idle[_ON] - idle[_OFF], "% of a core")
        )
    return part


def _idle(off: Daemon, on: Daemon, port: int, window: int, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Percent of a core, and wake-ups a second of the thread of HTTP, by way."""
    cpu: dict[str, list[float]] = {_OFF: [], _ON: [], _CONNECTED: []}
    woken: dict[str, list[float]] = {_ON: [], _CONNECTED: []}
    for daemon in (off, on):
        daemon.process.send_signal(signal.SIGSTOP)
    for _ in range(rounds):
        cpu[_OFF].append(_window(off, window)[0])
        _add(_window(on, window), cpu[_ON], woken[_ON])
        with contextlib.ExitStack() as stack:
            for _ in range(_IDLE):  # the kernel takes them: they wait in the backlog of a process that stands still
                stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            _window(on, 1)
            _add(_window(on, window), cpu[_CONNECTED], woken[_CONNECTED])
        _window(on, 2)
    for daemon in (off, on):
        daemon.process.send_signal(signal.SIGCONT)
    return _medians(cpu), _medians(woken)


def _add(found: tuple[float, float], cpu: list[float], woken: list[float]) -> None:
    cpu.append(found[0])
    woken.append(found[1])


def _medians(found: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in found.items()}


def _window(daemon: Daemon, seconds: float) -> tuple[float, float]:
    """Percent of a core while only this one runs, and wake-ups a second of its thread of HTTP."""
    daemon.process.send_signal(signal.SIGCONT)
    time.sleep(0.5)
    began, before, woken = time.monotonic(), process_cpu_ns(daemon.process.pid), _wakeups(daemon)
    time.sleep(seconds)
    spent, woken = process_cpu_ns(daemon.process.pid) - before, _wakeups(daemon) - woken
    daemon.process.send_signal(signal.SIGSTOP)
    took = time.monotonic() - began
    return spent / took / 1e7, woken / took


def _idle_table(idle: dict[str, float], woken: dict[str, float], daemons: tuple[Daemon, Daemon], count: int) -> Table:
    rows = [(name, used, woken.get(name, 0.0)) for name, used in idle.items()]
    memory = " and ".join(f"{_resident_mb(daemon):.1f}" for daemon in daemons)
    return Table(
        f"The daemon over {count} containers at 1 Hz, percent of a core",
        ("HTTP", "CPU, %", "wake-ups of its thread, a second"),
        tuple(rows),
        f"Memory of its own (RssAnon) without and with HTTP: {memory} MB.",
    )


def _questions_table(daemon: Daemon, port: int, count: int) -> Table:
    rows = []
    for path in _QUESTIONS:
        _ask(port, path, 3)
        before = process_cpu_ns(daemon.process.pid)
        size, seconds = _ask(port, path, _ASKED)
        used = process_cpu_ns(daemon.process.pid) - before
        rows.append((path, size, used / _ASKED / 1e6, 1000 * statistics.median(seconds)))
    return Table(
        f"One question after another on a kept connection, {count} containers",
        ("path", "bytes", "CPU of the daemon, ms", "time, ms (median)"),
        tuple(rows),
        "CPU with what the daemon does meanwhile. Without gzip.",
    )


def _ask(port: int, path: str, times: int) -> tuple[int, list[float]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    size, seconds = 0, []
    for _ in range(times):
        began = time.monotonic()
        connection.request("GET", path)
        size = len(connection.getresponse().read())
        seconds.append(time.monotonic() - began)
    connection.close()
    return size, seconds


def _port(daemon: Daemon) -> int:
    found = re.search(r"http://127\.0\.0\.1:(\d+)", daemon.log_text())
    assert found, daemon.log_text()
    return int(found[1])


def _wakeups(daemon: Daemon) -> int:
    for task in Path(f"/proc/{daemon.process.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == "pcf-http":
            return _number(task / "status", "voluntary_ctxt_switches")
    return 0


def _resident_mb(daemon: Daemon) -> float:
    return _number(Path(f"/proc/{daemon.process.pid}/status"), "RssAnon") / 1024


def _number(path: Path, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", path.read_text(), re.MULTILINE)
    assert found
    return int(found[1])
