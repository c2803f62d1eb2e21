"""The whole daemon: CPU with nobody listening, memory inside and outside the ring, time to the first sample."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from pycadvisor_fast.sampling import attach

from .cgroups import Cgroups
from .measure import process_cpu_ns
from .report import Part, Table, Target
from .served import Daemon

_SETTLE_SECONDS = 2.0


def measure(count: int, seconds: float) -> Part:
    """Starts daemons over ``count`` containers and looks at them from outside."""
    part = Part("The daemon")
    starts: list[float] = []
    cpu: dict[str, float] = {}
    memory: dict[str, float] = {}
    for state in ("idle", "busy"):
        with Cgroups(count, is_busy=state == "busy", name="daemon") as cgroups, Daemon() as daemon:
            starts.append(daemon.first_sample(count))
            daemon.ready()
            _every_second(_SETTLE_SECONDS, cgroups.kick)
            began, cpu_began = time.monotonic(), process_cpu_ns(daemon.process.pid)
            _every_second(seconds, cgroups.kick)
            used = process_cpu_ns(daemon.process.pid) - cpu_began
            cpu[state] = used / (time.monotonic() - began) / 1e7
            memory = _memory(daemon, count)
    part.tables.append(
        Table(
            f"{count} containers, 1 Hz, everything, file source, no subscriber",
            ("what", "value", "unit"),
            (
                ("CPU, idle containers", cpu["idle"], "% of a core"),
                ("CPU, busy containers", cpu["busy"], "% of a core"),
                ("process start to first complete sample", max(starts), "s"),
                ("resident (RSS)", memory["rss"], "MiB"),
                ("PSS outside the ring", memory["outside"], "MiB"),
                ("ring, with two minutes of history of everything", memory["ring"], "MiB"),
                ("PSS in all, once the ring is full", memory["outside"] + memory["ring"], "MiB"),
                ("ring bytes of each container and second", memory["bytes"], "bytes"),
            ),
            "The ring's memory is reserved when a container appears, so its size does not have to be waited for.",
        )
    )
    is_full = count >= 1000
    part.targets += [
        Target(
            "daemon, 1000 busy containers at 1 Hz, no subscriber", 6, cpu["busy"] if is_full else None, "% of a core"
        ),
        Target(
            "PSS with 120 s of history of everything",
            160,
            memory["outside"] + memory["ring"] if is_full else None,
            "MiB",
        ),
        Target("PSS outside the ring", 75, memory["outside"] if is_full else None, "MiB"),
        Target("process start to first complete sample of 1000 containers", 1.5, max(starts) if is_full else None, "s"),
    ]
    return part


def _every_second(seconds: float, kick: Callable[[], None]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        kick()
        time.sleep(min(1.0, max(0.0, until - time.monotonic())))


def _memory(daemon: Daemon, count: int) -> dict[str, float]:
    """MiB by name. What the ring takes of tmpfs is counted once, however often the process maps it."""
    mib = 2**20
    rolled = _fields(Path(f"/proc/{daemon.process.pid}/smaps_rollup").read_text())
    inside = 0
    mapping = ""
    for line in Path(f"/proc/{daemon.process.pid}/smaps").read_text().splitlines():
        words = line.split()
        if "-" in words[0] and not words[0].endswith(":"):
            mapping = line
        elif words[0] == "Pss:" and str(daemon.ring_dir) in mapping:
            inside += int(words[1]) * 1024
    ring = sum(path.stat().st_blocks * 512 for path in daemon.ring_dir.iterdir())
    seconds = _history_seconds(daemon)
    return {
        "rss": rolled["Rss"] / mib,
        "outside": (rolled["Pss"] - inside) / mib,
        "ring": ring / mib,
        "bytes": ring / count / seconds,
    }


def _history_seconds(daemon: Daemon) -> float:
    with attach(daemon.ring_dir) as ring:
        return max(
            group.ring_len * group.interval_ns / 1e9 for group in ring.groups.values() if group.interval_ns < 10**10
        )


def _fields(text: str) -> dict[str, int]:
    """Bytes by name of a smaps_rollup."""
    found = (line.split() for line in text.splitlines()[1:])
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in found}
