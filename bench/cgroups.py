"""Cgroups of the bench's own: made under pcf-bench-<pid> in every hierarchy, gone again whatever happens.

A reaper, a process of its own session, holds the other end of a pipe: when the bench ends, be it by SIGKILL, the pipe
closes and the reaper empties and removes the cgroups. ``python -m bench clean`` removes what even that left behind.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from .programs import program

PREFIX = "pcf-bench-"
PAGES_PER_KICK = 8  # faults of each container between ticks when busy
_REMOVE_WITHIN_SECONDS = 20.0
_V2_CONTROLLERS = ("cpu", "memory", "io", "pids", "hugetlb", "cpuset")


def hierarchies() -> list[tuple[Path, int]]:
    """(mount point, version) of every cgroup hierarchy, from /proc/self/mountinfo; one mount of each."""
    found: dict[str, tuple[Path, int]] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        kind = right.split()[0]
        _, _, device, _, mount = left.split()[:5]
        if kind in ("cgroup", "cgroup2"):
            found.setdefault(device, (Path(mount), 1 if kind == "cgroup" else 2))
    return list(found.values())


class Cgroups:
    """``count`` cgroups; a context manager. With ``is_busy`` each holds a process that faults pages on ``kick()``."""

    def __init__(self, count: int, *, is_busy: bool = False, name: str = "") -> None:
        self.count = count
        self.is_busy = is_busy
        self.parent = f"{PREFIX}{os.getpid()}{'-' + name if name else ''}"
        self._busy: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Cgroups:
        self._reaper = _start_reaper(self.parent)
        try:
            self._make()
            if self.is_busy:
                self._busy = _start_busy(self.count, self._dirs(processes=True))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def paths(self) -> list[str]:
        """Cgroup paths, the same in every hierarchy."""
        return [f"/{self.parent}/{name}" for name in self._names()]

    def kick(self, every: int = 1) -> None:
        """Lets every so manieth container fault pages; returns when all of them have. Does nothing when idle."""
        if self._busy is not None:
            assert self._busy.stdin is not None
            self._busy.stdin.write(b"%d\n" % every)
            self._busy.stdin.flush()
            _expect(self._busy, b"done\n")

    def _names(self) -> Iterator[str]:
        return (f"c{index:05d}" for index in range(self.count))

    def _dirs(self, *, processes: bool = False) -> list[Path]:
        dirs = [mount / self.parent for mount, _ in hierarchies()]
        # Each migration costs; freezer, devices and named hierarchies account nothing that is read here.
        quiet = ("freezer", "devices", "systemd", "net_cls", "net_prio")
        return [path for path in dirs if not (processes and path.parent.name in quiet)]

    def _make(self) -> None:
        for mount, version in hierarchies():
            parent = mount / self.parent
            parent.mkdir()
            if version == 2:
                _enable_controllers(mount, parent)
            elif (parent / "cgroup.clone_children").exists():
                # cpuset v1: a new cgroup has no cores, and no task may enter it, unless it copies its parent's.
                (parent / "cgroup.clone_children").write_text("1")
                _copy_cpuset(mount, parent)
            for name in self._names():
                (parent / name).mkdir()

    def _end(self) -> None:
        if self._busy is not None:
            assert self._busy.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                self._busy.stdin.close()
            self._busy.wait(30)
        assert self._reaper.stdin is not None
        self._reaper.stdin.close()
        self._reaper.wait(60)


def clean(parents: Iterable[str] | None = None) -> int:
    """Removes cgroups of benches that are gone (or exactly ``parents``); returns how many directories went."""
    removed = 0
    for mount, _ in hierarchies():
        for path in sorted(mount.glob(f"{PREFIX}*")):
            wanted = path.name in parents if parents is not None else not _is_alive(path.name)
            if wanted:
                removed += _remove(path)
    return removed


def _is_alive(name: str) -> bool:
    pid = name.removeprefix(PREFIX).partition("-")[0]
    return pid.isdigit() and Path(f"/proc/{pid}").exists()


def _remove(parent: Path) -> int:
    """Empties and removes a directory of ours with its children; a killed process needs a moment to leave."""
    until = time.monotonic() + _REMOVE_WITHIN_SECONDS
    left = [Path(folder) for folder, _, _ in os.walk(parent, topdown=False)]
    total = len(left)
    while left and time.monotonic() < until:
        left = [path for path in left if not _removed(path)]
        if left:
            time.sleep(0.02)
    if left:
        print(f"bench: {len(left)} cgroups below {parent} could not be removed", file=sys.stderr)
    return total - len(left)


def _removed(path: Path) -> bool:
    try:
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        with contextlib.suppress(OSError):
            for pid in (path / "cgroup.procs").read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
        return False
    return True


def _enable_controllers(mount: Path, parent: Path) -> None:
    """cgroup2: what the root can give to its children, our parent gives to its own."""
    available = (mount / "cgroup.controllers").read_text().split()
    for controller in _V2_CONTROLLERS:
        if controller in available:
            for path in (mount, parent):
                with contextlib.suppress(OSError):
                    (path / "cgroup.subtree_control").write_text(f"+{controller}")


def _copy_cpuset(mount: Path, parent: Path) -> None:
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (parent / name).exists():
            (parent / name).write_text((mount / name).read_text())


def _start_busy(count: int, dirs: list[Path]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [program("busy"), str(count), str(PAGES_PER_KICK), *map(str, dirs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    _expect(process, b"ready\n")
    return process


def _expect(process: subprocess.Popen[bytes], line: bytes) -> None:
    out: IO[bytes] | None = process.stdout
    assert out is not None
    if out.readline() != line:
        raise RuntimeError(f"busy ended early with status {process.poll()}")


def _start_reaper(parent: str) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C is not for it.
    return subprocess.Popen(
        [sys.executable, "-m", "bench.cgroups", parent],
        stdin=subprocess.PIPE,
        start_new_session=True,
        cwd=Path(__file__).resolve().parents[1],
    )


def _reap() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    clean({sys.argv[1]})


if __name__ == "__main__":
    _reap()
