"""Spawns: how many of a storm are told or counted as lost, and what one costs with programs attached."""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import time
from types import TracebackType

from pycadvisor_fast.client import Client

from .cgroups import Cgroups, hierarchies
from .listening import Listener, followed, until
from .programs import program
from .report import Part, Table, Target
from .served import Daemon

_SETTLE_SECONDS = 0.5
_SLICES = 10  # of a round; the cheapest counts
_PROCESS_KINDS = ("fork", "exec", "exit")


def storm(part: Part, daemon: Daemon, count: int) -> None:
    rows = []
    worst = 0
    with Cgroups(1, name="storm") as cgroups:
        path = cgroups.paths[0]
        procs = [str(mount / path.lstrip("/") / "cgroup.procs") for mount, _ in hierarchies()]
        until(lambda: followed(daemon, [path]) == 1)
        for kind in _PROCESS_KINDS:
            before = _lost(daemon, kind)
            with Spawner(*procs) as spawner, Listener(daemon, kind, path=path) as listener:
                time.sleep(_SETTLE_SECONDS)
                told_before = listener.count()  # the spawner's own beginning
                wall, _ = spawner.spawn(count)
                with contextlib.suppress(TimeoutError):
                    until(lambda ear=listener, had=told_before: ear.count() - had + ear.missed() >= count)  # type: ignore[misc]
                time.sleep(_SETTLE_SECONDS)
                told, missed = listener.count() - told_before, listener.missed()
            lost = _lost(daemon, kind) - before
            rows.append((kind, count, told, missed, lost, count / wall * 1e9))
            worst = max(worst, abs(count - told - missed - lost))
    part.tables.append(
        Table(
            f"A storm of {count} spawns, followed by a gRPC client in Python",
            ("kind", "spawns", "told", "missed by the client", "lost before the log", "spawns/s"),
            tuple(rows),
        )
    )
    is_full = count >= 20_000
    part.targets.append(
        Target("storm of 20 000 spawns: spawns neither told nor counted as lost", 0, worst if is_full else None, "")
    )


def _lost(daemon: Daemon, kind: str) -> int:
    with Client(f"unix:{daemon.socket}") as client:
        events = client.status().collector["events"]
        return int(events["kinds"][kind]["lost"])


class Spawner:
    """bench/spawner.c in some cgroups."""

    def __init__(self, *procs: str) -> None:
        command = [program("spawner"), program("true", "-static"), *procs]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def spawn(self, count: int) -> tuple[int, int]:
        """(wall, CPU) nanoseconds of so many spawns, CPU of the children included."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"%d\n" % count)
        self._process.stdin.flush()
        wall, cpu = self._process.stdout.readline().split()
        return int(wall), int(cpu)

    def __enter__(self) -> Spawner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


def cost(part: Part, rounds: int, spawns: int) -> None:
    """Rounds of all states in turn: nothing attached, counters, counters and single events that somebody follows."""
    cpu: dict[str, list[float]] = {}
    states = ("no daemon", "no events", "counters", "followed")
    for turn in range(rounds + 1):
        for state in states[turn % len(states) :] + states[: turn % len(states)]:
            with contextlib.ExitStack() as stack:
                _enter_state(state, stack)
                with Spawner() as spawner:
                    spawner.spawn(50)
                    slice_ = spawns // _SLICES
                    used = [spawner.spawn(slice_)[1] / slice_ for _ in range(_SLICES)]
            if turn:
                cpu.setdefault(state, []).append(min(used) / 1000)  # what else ran can only have made it dearer
    base = cpu["no events"]
    rows = [(state, statistics.median(values), _ratio(values, base)) for state, values in cpu.items()]
    part.tables.append(
        Table(
            "fork, exec and wait of a static program that does nothing",
            ("daemon", "CPU of a spawn, us", "against no events, %"),
            tuple(rows),
            "Median over the rounds of the cheapest slice; each round takes all states in turn, the last column is the "
            "median of its ratios. counters: programs attached, nobody follows single events.",
        )
    )
    is_full = rounds >= 9
    part.targets.append(
        Target("cost of a spawn with counters", 2, _ratio(cpu["counters"], base) if is_full else None, "%")
    )


def _enter_state(state: str, stack: contextlib.ExitStack) -> None:
    if state == "no daemon":
        return
    flags = ["--housekeeping_interval=10s", *(["--events=off"] if state == "no events" else [])]
    daemon = stack.enter_context(Daemon(*flags))
    daemon.ready()
    if state == "followed":
        stack.enter_context(Listener(daemon, *_PROCESS_KINDS))
    time.sleep(_SETTLE_SECONDS)


def _ratio(values: list[float], base: list[float]) -> float:
    return 100 * (statistics.median(value / other for value, other in zip(values, base, strict=True)) - 1)
