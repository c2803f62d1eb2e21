"""Events: from an OOM kill and from mkdir to whoever listens; what a spawn costs; a storm of spawns."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import time
from pathlib import Path

from pycadvisor_fast.client import Client
from pycadvisor_fast.events import attach_events
from pycadvisor_fast.sampling import attach

from . import spawns
from .cgroups import Cgroups, hierarchies
from .listening import WITHIN_SECONDS, Listener, followed, until
from .programs import program
from .report import Part, Table, Target
from .served import Daemon

KILLS = 40
_LIMIT_MIB = 4
_HOG_MIB = 32
_KERN_ERR = 3  # at which the kernel says whom it killed (mm/oom_kill.c)


def measure(*, is_quick: bool) -> Part:
    """Starts daemons of its own; ``is_quick``: nothing to conclude from."""
    part = Part("Events")
    kills, creates, rounds, spawned, storm = (5, 20, 2, 100, 500) if is_quick else (KILLS, 300, 9, 1500, 20_000)
    load = os.getloadavg()[0]
    part.notes.append(f"load average {load:.1f} on {os.cpu_count()} cores when it began: latencies need an idle one")
    part.notes += _consoles()
    with Daemon("--housekeeping_interval=100ms") as daemon:
        daemon.ready()
        part.notes += _sources(daemon)
        _oom(part, daemon, kills)
        _creation(part, daemon, creates)
        spawns.storm(part, daemon, storm)
    spawns.cost(part, rounds, spawned)
    return part


def _consoles() -> list[str]:
    """The kernel prints each OOM kill on its consoles, with a CPU held for milliseconds where one is a serial line."""
    names = [line.split()[0] for line in Path("/proc/consoles").read_text().splitlines()]
    level = int(Path("/proc/sys/kernel/printk").read_text().split()[0])
    is_told = level > _KERN_ERR and bool(names)
    where = ", ".join(names) or "none"
    return [f"consoles: {where}, log level {level}: an OOM kill is {'' if is_told else 'not '}printed there meanwhile"]


def _sources(daemon: Daemon) -> list[str]:
    with Client(f"unix:{daemon.socket}") as client:
        found = next(client.stream_events(kinds="all")).start.sources
    by_source: dict[str, list[str]] = {}
    for one in found:
        by_source.setdefault(one.source, []).append(one.kind)
    return [f"events of {source}: {', '.join(kinds)}" for source, kinds in sorted(by_source.items())]


# ---- OOM ----
def _oom(part: Part, daemon: Daemon, kills: int) -> None:
    with Cgroups(kills, name="oom") as cgroups:
        procs = [_limited(path) for path in cgroups.paths]
        until(lambda: followed(daemon, cgroups.paths) == kills)
        with Listener(daemon, "oom_kill") as listener:
            began = time.monotonic()
            hog = subprocess.run([program("hog"), str(_HOG_MIB), *procs], stdout=subprocess.PIPE, check=True)
            took = time.monotonic() - began
            victims = [int(line.split()[0]) for line in hog.stdout.splitlines() if line.split()[1] == b"9"]
            with contextlib.suppress(TimeoutError):
                until(lambda: listener.count() >= len(victims))
            arrived = {event.oom_kill.tgid: (moment, event) for moment, event in listener.events()}
        right = sum(
            victim in arrived and arrived[victim][1].cgroup_path == path
            for victim, path in zip(victims, cgroups.paths, strict=False)
        )
    latencies = [(moment - event.time_monotonic_ns) / 1e6 for moment, event in arrived.values()]
    logged = [(event.logged_monotonic_ns - event.time_monotonic_ns) / 1e6 for _, event in arrived.values()]
    part.tables.append(
        Table(
            f"{len(victims)} OOM kills in {took:.2f} s, each in a cgroup of its own",
            ("from the kill to", "median, ms", "p99, ms", "most, ms"),
            (("the log", *_spread(logged)), ("a gRPC client in Python", *_spread(latencies))),
            f"{right} arrived with the right cgroup.",
        )
    )
    is_full = kills == KILLS
    part.targets += [
        Target("OOM kill to a gRPC client, p99", 10, _spread(latencies)[1] if is_full else None, "ms"),
        Target("OOM kills that arrive with the right cgroup, of 40", 40, right if is_full else None, "", at_least=True),
    ]


def _limited(path: str) -> str:
    """Gives a cgroup a memory limit; returns the file that lets a process in."""
    for mount, version in hierarchies():
        here = mount / path.lstrip("/")
        if version == 1 and (here / "memory.limit_in_bytes").exists():
            (here / "memory.limit_in_bytes").write_text(str(_LIMIT_MIB << 20))
            return str(here / "cgroup.procs")
        if version == 2 and (here / "memory.max").exists():
            (here / "memory.max").write_text(str(_LIMIT_MIB << 20))
            with contextlib.suppress(FileNotFoundError):
                (here / "memory.swap.max").write_text("0")
            return str(here / "cgroup.procs")
    raise SystemExit("bench: no memory controller")


# ---- cgroups ----
def _creation(part: Part, daemon: Daemon, count: int) -> None:
    made: dict[str, tuple[int, int]] = {}
    read: dict[str, int] = {}
    logged: dict[str, int] = {}
    with (
        Cgroups(1, name="creation") as cgroups,
        attach_events(daemon.ring_dir) as log,
        Listener(daemon, "cgroup_created") as listener,
    ):
        parent = cgroups.paths[0]
        stream = log.events(["cgroup_created"], timeout=WITHIN_SECONDS)
        for index in range(count):
            path = f"{parent}/n{index}"
            made[path] = _make(path)
            for event in stream:
                if event.cgroup_path == path:
                    read[path], logged[path] = time.monotonic_ns(), event.logged_ns
                    break
            time.sleep(0.002)
        stream.close()
        until(lambda: listener.count() >= count)
        arrived = {event.cgroup_path: moment for moment, event in listener.events()}
        ticks = _first_samples(daemon, made)
        for path in made:
            _remove(path)
    rows = [
        ("the log, from the first mkdir's begin", [(logged[path] - begin) / 1e6 for path, (begin, _) in made.items()]),
        ("the log, from the first mkdir's end", [(logged[path] - end) / 1e6 for path, (_, end) in made.items()]),
        ("a process with attach_events", [(read[path] - end) / 1e6 for path, (_, end) in made.items()]),
        (
            "a gRPC client in Python",
            [(arrived[path] - end) / 1e6 for path, (_, end) in made.items()],
        ),
    ]
    part.tables.append(
        Table(
            f"{count} cgroups made in {len(hierarchies())} hierarchies",
            ("from mkdir to", "median, ms", "p99, ms", "most, ms"),
            tuple((name, *_spread(values)) for name, values in rows),
            f"First sample {max(ticks):.2f} ticks of 100 ms later at most, median {statistics.median(ticks):.2f}.",
        )
    )
    is_full = count >= 300
    part.targets += [
        Target("cgroup made to event in the log, p99", 1, _spread(rows[1][1])[1] if is_full else None, "ms"),
        Target("cgroup made to its first sample", 1, max(ticks) if is_full else None, "ticks"),
    ]


def _make(path: str) -> tuple[int, int]:
    """Makes it everywhere; the moments at which the first mkdir began and ended."""
    begin = end = 0
    for mount, _ in hierarchies():
        began = time.monotonic_ns()
        (mount / path.lstrip("/")).mkdir()
        if not begin:
            begin, end = began, time.monotonic_ns()
    return begin, end


def _remove(path: str) -> None:
    for mount, _ in hierarchies():
        with contextlib.suppress(FileNotFoundError):
            (mount / path.lstrip("/")).rmdir()


def _first_samples(daemon: Daemon, made: dict[str, tuple[int, int]]) -> list[float]:
    """Ticks between the end of mkdir and the first tick that has a row of it."""
    time.sleep(0.3)
    with attach(daemon.ring_dir) as ring:
        slots = {container.slot: container.path for container in ring.containers() if container.path in made}
        window, interval = ring.window("pids", 60), ring.group("pids").interval_ns
    first: dict[str, int] = {}
    for at in range(len(window.ticks)):
        for row in window.present[at].nonzero()[0]:
            path = slots.get(int(window.slots[row]))
            if path is not None:
                first.setdefault(path, int(window.monotonic_ns[at]))
    return [max(0, moment - made[path][1]) / interval for path, moment in first.items()]


def _spread(values: list[float]) -> tuple[float, float, float]:
    ordered = sorted(values) or [float("nan")]
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], ordered[-1]
