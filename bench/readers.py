"""What one pass over N containers costs: naive Python, C open/read/close, and our readers, on the same files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pycadvisor_fast.native.collector import NativeCollector
from pycadvisor_fast.options import CollectorOptions

from .cgroups import Cgroups
from .measure import Cost, interleaved, of_this_process
from .pass_worker import SLOW
from .programs import HERE, program
from .report import Part, Table, Target

READERS = ("pread", "openat", "uring")
_NAIVE = "naive Python"
_C_OPEN = "C open/read/close"
_C_KEPT = "C pread, kept"  # no ring, no values: the least that kept descriptors can cost


def measure(counts: Sequence[int], rounds: int) -> Part:
    """Tables for each number of containers, idle and busy."""
    part = Part("Reading the kernel's files")
    files, slow_share = files_of_a_container()
    ours: dict[int, dict[str, float]] = {}
    rows = []
    for count in counts:
        for is_busy in (False, True):
            with Cgroups(count, is_busy=is_busy, name="readers") as cgroups, _Methods(cgroups, files) as methods:
                found = methods.measure(_rounds(rounds, count))
            full = {
                name: found[name, "fast"].cpu_ns + found[name, "slow"].cpu_ns * slow_share for name in methods.names
            }
            if is_busy:
                ours[count] = full
            state = "busy" if is_busy else "idle"
            rows += [(count, state, name, *_cells(found, name, full, count)) for name in methods.names]
            part.notes += [f"N = {count}, {state}: {note}" for note in methods.notes]
    part.tables.append(
        Table(
            "One pass, microseconds of each container (median)",
            ("N", "", "method", "CPU", "wall", "slow files, CPU", "full set, CPU", "C open / this", "Python / this"),
            tuple(rows),
            f"CPU and wall: the {len(files['fast'])} files read every second. Slow files: the {len(files['slow'])} "
            f"read every 10 or 30 seconds, on average {slow_share:.3f} times a second. Full set: a second of both at "
            "these intervals, CPU + that share of slow; all methods read "
            "the same files at the same intervals, and the ratios are of this column. Our readers also parse into "
            "typed values and write the ring.",
        )
    )
    part.targets += _targets(ours)
    return part


def files_of_a_container() -> tuple[dict[str, list[str]], float]:
    """What our readers read of a container, as paths with {} for the cgroup path, and how often a second a slow file.

    fast: the files a collector keeps open, as /proc/self/fd shows them. slow: those its plan names.
    """
    with Cgroups(1, name="probe") as cgroups:
        (path,) = cgroups.paths
        native = NativeCollector(CollectorOptions(interval=1.0, reader="pread", source="file"), _folder())
        try:
            native.add(path, 0)
            facts, plan = native.facts(), native.plan()
            fast = [link.replace(path, "{}") for link in _open_files() if path in link]
        finally:
            native.close()
    slow = _slow_files(facts, plan)
    return {"fast": sorted(fast), "slow": sorted(slow)}, sum(slow.values()) / max(len(slow), 1)


def _open_files() -> list[str]:
    """Regular files of a cgroup filesystem that this process has open; directories are kept for openat."""
    links = [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return [link for link in links if link.startswith("/") and Path(link).is_file()]


def _slow_files(facts: Mapping[str, Any], plan: Mapping[str, Any]) -> dict[str, float]:
    """Each slow file with how often a second it is read."""
    mounts = {name: found["mount"] for name, found in facts["controllers"].items()}
    mounts["blkio"] = mounts.get("io", "")  # what v1 calls it
    where: dict[str, str] = {}
    for line in facts["files"]:
        controller, _, file = line.partition("/")
        where.setdefault(file, controller)  # v1 before cgroup2, where both have it
    groups = [plan["groups"][name] for name in SLOW if plan["groups"][name]["source"] == "file"]
    return {
        f"{mounts[where[file]]}{{}}/{file}": 1e9 / group["interval_ns"]
        for group in groups
        for file in group["file_names"]
        if file in where
    }


def naive(paths: Sequence[str]) -> int:
    """What one writes first: open, read, split, int. Returns how many numbers there were."""
    count = 0
    for path in paths:
        values = {}
        try:
            with open(path) as file:
                for line in file.read().splitlines():
                    *key, value = line.split()
                    if value.isdigit():
                        values[" ".join(key)] = int(value)
        except OSError:
            continue
        count += len(values)
    return count


class _Methods:
    """All methods over one set of cgroups; a context manager that ends their processes."""

    names = (_NAIVE, _C_OPEN, _C_KEPT, *READERS)

    def __init__(self, cgroups: Cgroups, files: dict[str, list[str]]) -> None:
        self._cgroups = cgroups
        self.notes: list[str] = []
        self._paths = {
            kind: [file.format(path) for path in cgroups.paths for file in some] for kind, some in files.items()
        }

    def __enter__(self) -> _Methods:
        self._baselines = {kind: _Answering([program("baseline")], paths) for kind, paths in self._paths.items()}
        # What is slow is not kept by anybody.
        self._kept = {
            "fast": _Answering([program("baseline"), "keep"], self._paths["fast"]),
            "slow": self._baselines["slow"],
        }
        command = [sys.executable, "-m", "bench.pass_worker"]
        self._readers = {name: _Answering([*command, name], self._cgroups.paths) for name in READERS}
        for name, reader in self._readers.items():
            state = json.loads(reader.read())
            if state["slots_openat"] and name != "openat":
                self.notes.append(
                    f"{name} keeps {state['descriptors']} descriptors, as many as the limit allows; "
                    f"{state['slots_openat']} of {state['slots_live']} containers are read by openat"
                )
        return self

    def __exit__(self, *error: object) -> None:
        for process in (*self._baselines.values(), self._kept["fast"], *self._readers.values()):
            process.close()

    def measure(self, rounds: int) -> dict[tuple[str, str], Cost]:
        """Median cost by (method, fast or slow)."""
        out = {}
        for kind in ("fast", "slow"):
            costs = interleaved(
                self._calls(kind), rounds if kind == "fast" else max(2, rounds // 2), self._cgroups.kick
            )
            out.update({(name, kind): cost for name, cost in costs.items()})
        return out

    def _calls(self, kind: str) -> dict[str, Callable[[], Cost]]:
        calls: dict[str, Callable[[], Cost]] = {
            _NAIVE: lambda: of_this_process(lambda: naive(self._paths[kind])),
            _C_OPEN: lambda: self._baselines[kind].ask("x"),
            _C_KEPT: lambda: self._kept[kind].ask("x"),
        }
        for name, reader in self._readers.items():
            calls[name] = lambda reader=reader: reader.ask(f"{kind}\n")  # type: ignore[misc]
        return calls


class _Answering:
    """A process that is given a list once and then answers each question with two numbers."""

    def __init__(self, command: list[str], lines: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, cwd=HERE.parent
        )
        assert self._process.stdin is not None
        self._process.stdin.write("\n".join(lines) + "\n\n")
        self._process.stdin.flush()

    def ask(self, question: str) -> Cost:
        """One pass."""
        assert self._process.stdin is not None
        self._process.stdin.write(question)
        self._process.stdin.flush()
        cpu_ns, wall_ns, *_ = self.read().split()
        return Cost(float(cpu_ns), float(wall_ns))

    def read(self) -> str:
        """One line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args} ended with status {self._process.wait()}")
        return line

    def close(self) -> None:
        """Ends it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


def _cells(
    found: dict[tuple[str, str], Cost], name: str, full: dict[str, float], count: int
) -> tuple[float, float, float, float, float, float]:
    fast, slow = found[name, "fast"], found[name, "slow"]
    us = 1000 * count
    return (
        fast.cpu_ns / us,
        fast.wall_ns / us,
        slow.cpu_ns / us,
        full[name] / us,
        full[_C_OPEN] / full[name],
        full[_NAIVE] / full[name],
    )


def _targets(ours: dict[int, dict[str, float]]) -> list[Target]:
    full = ours.get(1000)
    best = min(full[name] for name in READERS) if full else 0.0
    return [
        Target(
            "our reader at 1000 busy containers, full set, of the CPU time of C open/read/close",
            100 / 3,
            100 * best / full[_C_OPEN] if full else None,
            "%",
        ),
        Target(
            "our reader at 1000 busy containers, full set, of the CPU time of naive Python",
            100 / 8,
            100 * best / full[_NAIVE] if full else None,
            "%",
        ),
    ]


def _rounds(rounds: int, count: int) -> int:
    return max(3, rounds if count <= 1000 else rounds // 2)


def _folder() -> str:
    import atexit
    import shutil
    import tempfile

    path = Path(tempfile.mkdtemp(prefix="pcf-bench-", dir="/dev/shm"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return str(path)
