"""What one pass over N containers costs, for the same numbers: naive Python, C open/read/close, our readers of files,
and our walk through kernel memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pycadvisor_fast.native.collector import NativeCollector
from pycadvisor_fast.options import CollectorOptions

from . import walking
from .answering import Answering, ReaderAnswering
from .cgroups import Cgroups
from .measure import Cost, interleaved, of_this_process
from .pass_worker import FILE_READERS, SLOW
from .programs import program
from .report import Part, Table, Target
from .walking import WALK_NAMES

NAIVE = "naive Python"
C_OPEN = "C open/read/close"
C_KEPT = "C pread, kept"  # no ring, no values: the least that kept descriptors can cost
METHODS = (NAIVE, C_OPEN, C_KEPT, *FILE_READERS, *WALK_NAMES)
FEW = (C_OPEN, "pread", *WALK_NAMES)
STATES = ("idle", "busy")

Found = Mapping[tuple[str, str], Cost]


def measure(
    counts: Sequence[int],
    rounds: int,
    chosen: Sequence[str] = METHODS,
    kinds: Sequence[str] = ("fast", "slow"),
    states: Sequence[str] = STATES,
) -> Part:
    """Tables for each number of containers, idle and busy; of the ``chosen`` methods and kinds of files."""
    part = Part("Reading the kernel's numbers")
    files, slow_share = files_of_a_container()
    full: dict[int, dict[str, float]] = {}
    busy: dict[int, Found] = {}
    rows: list[tuple[Any, ...]] = []
    parts_of_a_tick: list[tuple[Any, ...]] = []
    walked: list[str] = []
    for count in counts:
        for state in states:
            with (
                Cgroups(count, is_busy=state == "busy", name="readers") as cgroups,
                _Methods(cgroups, files, chosen) as methods,
            ):
                found = methods.measure(_rounds(rounds, count), kinds)
                walked = walked or methods.walked
            whole = _full_set(found, methods.names, slow_share)
            rows += [(count, state, name, *_cells(found, name, whole, count)) for name in methods.names]
            parts_of_a_tick += walking.rows(found, walked, count, state)
            part.notes += [f"N = {count}, {state}: {note}" for note in methods.notes]
            if state == "busy":
                full[count], busy[count] = whole, found
    part.tables.append(_table(rows, files, slow_share))
    if parts_of_a_tick:
        part.tables.append(walking.table(parts_of_a_tick, walked))
    part.targets += [*_targets(full.get(1000)), *walking.targets(busy.get(1000), walked)]
    return part


def _full_set(found: Found, names: Sequence[str], slow_share: float) -> dict[str, float]:
    """CPU time of a second by method: the files read every second, and of the others their share."""
    slow = {name: found[name, "slow"].cpu_ns if (name, "slow") in found else 0.0 for name in names}
    return {name: found[name, "fast"].cpu_ns + slow[name] * slow_share for name in names}


def _table(rows: Sequence[tuple[Any, ...]], files: Mapping[str, Sequence[str]], slow_share: float) -> Table:
    return Table(
        "One pass, microseconds of each container (median)",
        ("N", "", "method", "CPU", "wall", "slow files, CPU", "full set, CPU", "C open / this", "Python / this"),
        tuple(rows),
        f"CPU and wall: the {len(files['fast'])} files read every second. Slow files: the {len(files['slow'])} "
        f"read every 10 or 30 seconds, on average {slow_share:.3f} times a second. Full set: a second of both at "
        "these intervals, CPU + that share of slow; all methods give the same numbers at the same intervals, and the "
        "ratios are of this column. Our readers also parse into typed values and write the ring. "
        f"{walking.WALK}: from kernel memory, statistics flushed in each pass, as reading the files does; "
        f"{walking.WALK_STALE}: without. What the walk does not give, it reads with pread.",
    )


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
    """The chosen methods over one set of cgroups; a context manager that ends their processes."""

    def __init__(self, cgroups: Cgroups, files: dict[str, list[str]], chosen: Sequence[str]) -> None:
        self._cgroups = cgroups
        self._chosen = chosen
        self.notes: list[str] = []
        self._paths = {
            kind: [file.format(path) for path in cgroups.paths for file in some] for kind, some in files.items()
        }

    def __enter__(self) -> _Methods:
        self._baselines = {kind: Answering([program("baseline")], paths) for kind, paths in self._paths.items()}
        # What is slow is not kept by anybody.
        self._kept = {
            "fast": Answering([program("baseline"), "keep"], self._paths["fast"]),
            "slow": self._baselines["slow"],
        }
        ours = {**{name: name for name in FILE_READERS}, **WALK_NAMES}
        self._readers = {
            name: ReaderAnswering(method, self._cgroups.paths) for name, method in ours.items() if name in self._chosen
        }
        for name in [name for name, reader in self._readers.items() if not self._is_usable(name, reader)]:
            self._readers.pop(name).close()
        return self

    def __exit__(self, *error: object) -> None:
        for process in (*self._baselines.values(), self._kept["fast"], *self._readers.values()):
            process.close()

    @property
    def names(self) -> tuple[str, ...]:
        """The methods there are, in order."""
        return tuple(name for name in self._chosen if name in self._readers or name in (NAIVE, C_OPEN, C_KEPT))

    @property
    def walked(self) -> list[str]:
        """Groups that the walk gives here."""
        return next((reader.walked for reader in self._readers.values() if reader.walked), [])

    def measure(self, rounds: int, kinds: Sequence[str]) -> dict[tuple[str, str], Cost]:
        """Median cost by (method, fast or slow)."""
        out = {}
        for kind in kinds:
            self._settle(kind)
            costs = interleaved(
                self._calls(kind), rounds if kind == "fast" else max(2, rounds // 2), self._cgroups.kick
            )
            out.update({(name, kind): cost for name, cost in costs.items()})
        return out

    def _is_usable(self, name: str, reader: ReaderAnswering) -> bool:
        state = reader.state
        if state["slots_openat"] and name not in ("openat", *WALK_NAMES):
            self.notes.append(
                f"{name} keeps {state['descriptors']} descriptors, as many as the limit allows; "
                f"{state['slots_openat']} of {state['slots_live']} containers are read by openat"
            )
        if name in WALK_NAMES and not reader.walked:
            self.notes.append(f"no {name}: {state['reason']}")
            return False
        return True

    def _settle(self, kind: str) -> None:
        for name in WALK_NAMES:
            if name in self._readers:
                left = self._readers[name].settle(kind, self._cgroups.kick)
                if left:
                    self.notes.append(f"{name}, {kind}: {left} files of walked groups are read all the same")

    def _calls(self, kind: str) -> dict[str, Callable[[], Cost]]:
        calls: dict[str, Callable[[], Cost]] = {
            NAIVE: lambda: of_this_process(lambda: naive(self._paths[kind])),
            C_OPEN: lambda: self._baselines[kind].ask("x"),
            C_KEPT: lambda: self._kept[kind].ask("x"),
        }
        for name, reader in self._readers.items():
            calls[name] = lambda reader=reader: reader.ask(kind)  # type: ignore[misc]
        return {name: calls[name] for name in self.names}


def _cells(found: Found, name: str, full: dict[str, float], count: int) -> tuple[float | None, ...]:
    fast, slow = found[name, "fast"], found.get((name, "slow"))
    us = 1000 * count
    return (
        fast.cpu_ns / us,
        fast.wall_ns / us,
        None if slow is None else slow.cpu_ns / us,
        full[name] / us,
        full[C_OPEN] / full[name] if C_OPEN in full else None,
        full[NAIVE] / full[name] if NAIVE in full else None,
    )


def _targets(full: Mapping[str, float] | None) -> list[Target]:
    """Of 1000 busy containers."""
    best = min(full[name] for name in FILE_READERS if name in full) if full else 0.0
    return [
        Target(
            "our reader of files at 1000 busy containers, full set, of the CPU time of C open/read/close",
            100 / 3,
            100 * best / full[C_OPEN] if full and C_OPEN in full else None,
            "%",
        ),
        Target(
            "our reader of files at 1000 busy containers, full set, of the CPU time of naive Python",
            100 / 8,
            100 * best / full[NAIVE] if full and NAIVE in full else None,
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
