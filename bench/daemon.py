"""The whole daemon, with the walk and with files: CPU with nobody listening, memory, time to the first sample."""

from __future__ import annotations

import contextlib
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.sampling import attach

from .cgroups import Cgroups
from .kernel_memory import ebpf_memory
from .measure import process_cpu_ns
from .report import Part, Table, Target
from .served import FIRST, Daemon

_SETTLE_SECONDS = 1.0
_ROUNDS = 3
_LEAST_BETWEEN_KICKS = 0.1  # to let a thousand processes fault takes two cores some milliseconds
_FILE, _AUTO = "file", "auto"
_SOURCES = (_FILE, _AUTO)


@dataclass(frozen=True)
class _Load:
    """A rate, groups (None: all) and whether the containers are busy; ``most``: what was promised, % of a core."""

    hz: int
    groups: tuple[str, ...] | None
    is_busy: bool
    most: float | None

    @property
    def name(self) -> str:
        what = "everything" if self.groups is None else ", ".join(self.groups)
        return f"{self.hz} Hz, {what}, {'busy' if self.is_busy else 'idle'}"

    def flags(self, source: str) -> list[str]:
        flags = [f"--source={source}", f"--housekeeping_interval={1000 // self.hz}ms"]
        off = [group.name for group in GROUPS if self.groups and group.name not in (*self.groups, "tick")]
        return [*flags, f"--interval={','.join(f'{name}=off' for name in off)}"] if off else flags


LOADS = (
    _Load(1, None, False, None),
    _Load(1, None, True, 1.0),
    _Load(10, None, True, 8.0),
    _Load(100, ("cpu", "memory"), True, 33.0),
)


def measure(count: int, seconds: float) -> Part:
    """Starts daemons over ``count`` containers and looks at them from outside."""
    part = Part("The daemon")
    rounds = _ROUNDS if seconds >= _ROUNDS else 1
    cpu = {load: _cpu(part, load, count, seconds, rounds) for load in LOADS}
    part.tables.append(_cpu_table(cpu, count))
    starts, memory = _starts(count, rounds)
    part.tables.append(_start_table(starts, memory, count))
    part.targets += _targets(cpu, starts, memory, is_full=count >= 1000)
    return part


# ---- CPU ----
def _cpu(part: Part, load: _Load, count: int, seconds: float, rounds: int) -> Mapping[str, float]:
    """Percent of a core by source. Both daemons are there, one at a time runs: they take turns."""
    used: dict[str, list[float]] = {source: [] for source in _SOURCES}
    window = max(1, round(seconds / 2))  # whole ticks
    with Cgroups(count, is_busy=load.is_busy, name="daemon") as cgroups, contextlib.ExitStack() as stack:
        daemons = {source: stack.enter_context(Daemon(*load.flags(source))) for source in _SOURCES}
        for source, daemon in daemons.items():
            daemon.first_sample(count, load.groups or FIRST)
            daemon.ready()
            if source == _AUTO and not daemon.settled(count):
                part.notes.append(f"{load.name}: with source auto, files of walked groups are read all the same")
            daemon.process.send_signal(signal.SIGSTOP)
        for turn in range(rounds):
            for source in _SOURCES if turn % 2 else _SOURCES[::-1]:
                with _running(daemons[source]):
                    _kicking(_SETTLE_SECONDS, load, cgroups.kick)
                    began, before = time.monotonic(), process_cpu_ns(daemons[source].process.pid)
                    _kicking(window, load, cgroups.kick)
                    spent = process_cpu_ns(daemons[source].process.pid) - before
                    used[source].append(spent / (time.monotonic() - began) / 1e7)
        for daemon in daemons.values():
            daemon.process.send_signal(signal.SIGCONT)
    return {source: statistics.median(values) for source, values in used.items()}


@contextlib.contextmanager
def _running(daemon: Daemon) -> Iterator[None]:
    daemon.process.send_signal(signal.SIGCONT)
    try:
        yield
    finally:
        daemon.process.send_signal(signal.SIGSTOP)


def _kicking(seconds: float, load: _Load, kick: Callable[[], None]) -> None:
    until = time.monotonic() + seconds
    between = max(1 / load.hz, _LEAST_BETWEEN_KICKS)
    while (left := until - time.monotonic()) > 0:
        kick()
        time.sleep(min(between, max(0.0, left)))


def _cpu_table(cpu: Mapping[_Load, Mapping[str, float]], count: int) -> Table:
    return Table(
        f"{count} containers, no subscriber, percent of a core",
        ("rate and groups", "source auto", "source file", "auto / file, %"),
        tuple(
            (load.name, found[_AUTO], found[_FILE], 100 * found[_AUTO] / found[_FILE]) for load, found in cpu.items()
        ),
        f"All threads of the daemon, events on. Busy: containers fault pages before each tick, at most "
        f"{1 / _LEAST_BETWEEN_KICKS:.0f} times a second. Both daemons are there, one runs while the other is stopped.",
    )


# ---- start and memory ----
def _starts(count: int, rounds: int) -> tuple[dict[str, float], dict[str, Mapping[str, float]]]:
    """By source: seconds to the first complete sample, the longest of the rounds; what memory the last one took."""
    starts: dict[str, float] = {}
    memory: dict[str, Mapping[str, float]] = {}
    with Cgroups(count, is_busy=True, name="daemon") as cgroups:
        for _ in range(rounds):
            for source in _SOURCES:
                with Daemon(f"--source={source}") as daemon:
                    starts[source] = max(starts.get(source, 0.0), daemon.first_sample(count))
                    daemon.ready()
                    cgroups.kick()
                    time.sleep(2 * _SETTLE_SECONDS)
                    memory[source] = _memory(daemon, count)
    return starts, memory


def _start_table(starts: Mapping[str, float], memory: Mapping[str, Mapping[str, float]], count: int) -> Table:
    def row(name: str, unit: str, value: Callable[[str], float]) -> tuple[Any, ...]:
        return (name, value(_AUTO), value(_FILE), unit)

    return Table(
        f"{count} containers, 1 Hz, everything",
        ("what", "source auto", "source file", "unit"),
        (
            row("process start to first complete sample, longest", "s", lambda source: starts[source]),
            row("resident (RSS)", "MiB", lambda source: memory[source]["rss"]),
            row("PSS outside the ring", "MiB", lambda source: memory[source]["outside"]),
            row("ring, with two minutes of history of everything", "MiB", lambda source: memory[source]["ring"]),
            row("PSS in all, once the ring is full", "MiB", lambda source: _pss(memory[source])),
            row("ring bytes of each container and second", "bytes", lambda source: memory[source]["bytes"]),
            row("maps and programs in the kernel", "MiB", lambda source: memory[source]["kernel"]),
            row("descriptors kept", "", lambda source: memory[source]["descriptors"]),
        ),
        "The ring's memory is reserved when a container appears, so its size does not have to be waited for. The first "
        "samples always come from files, until the walk has been compared with them. Programs of events are there with "
        "either source. A kept descriptor of a cgroup file costs the kernel 5 KiB more.",
    )


def _memory(daemon: Daemon, count: int) -> dict[str, float]:
    """MiB by name. What the ring takes of tmpfs is counted once, however often the process maps it."""
    mib = 2**20
    pid = daemon.process.pid
    rolled = _fields(Path(f"/proc/{pid}/smaps_rollup").read_text())
    inside = 0
    mapping = ""
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        words = line.split()
        if "-" in words[0] and not words[0].endswith(":"):
            mapping = line
        elif words[0] == "Pss:" and str(daemon.ring_dir) in mapping:
            inside += int(words[1]) * 1024
    ring = sum(path.stat().st_blocks * 512 for path in daemon.ring_dir.iterdir())
    return {
        "rss": rolled["Rss"] / mib,
        "outside": (rolled["Pss"] - inside) / mib,
        "ring": ring / mib,
        "bytes": ring / count / _history_seconds(daemon),
        "kernel": ebpf_memory(pid)[0] / mib,
        "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir())),
    }


def _pss(memory: Mapping[str, float]) -> float:
    return memory["outside"] + memory["ring"]


def _history_seconds(daemon: Daemon) -> float:
    with attach(daemon.ring_dir) as ring:
        return max(
            group.ring_len * group.interval_ns / 1e9 for group in ring.groups.values() if group.interval_ns < 10**10
        )


def _fields(text: str) -> dict[str, int]:
    """Bytes by name of a smaps_rollup."""
    found = (line.split() for line in text.splitlines()[1:])
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in found}


# ---- promises ----
def _targets(
    cpu: Mapping[_Load, Mapping[str, float]],
    starts: Mapping[str, float],
    memory: Mapping[str, Mapping[str, float]],
    *,
    is_full: bool,
) -> list[Target]:
    def target(name: str, limit: float, value: float, unit: str) -> Target:
        return Target(name, limit, value if is_full else None, unit)

    once = next(found for load, found in cpu.items() if load.hz == 1 and load.is_busy)
    return [
        *(
            target(f"daemon, 1000 containers, {load.name}, no subscriber", load.most, found[_AUTO], "% of a core")
            for load, found in cpu.items()
            if load.most is not None
        ),
        target("the same at 1 Hz, of what it costs with files", 10, 100 * once[_AUTO] / once[_FILE], "%"),
        target("daemon with files, 1000 busy containers at 1 Hz, no subscriber", 6, once[_FILE], "% of a core"),
        target("PSS with 120 s of history of everything", 160, _pss(memory[_AUTO]), "MiB"),
        target("PSS outside the ring", 75, memory[_AUTO]["outside"], "MiB"),
        target("process start to first complete sample of 1000 containers", 1.5, starts[_AUTO], "s"),
    ]
