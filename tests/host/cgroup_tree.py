"""Cgroups of a test: below one directory of its own in each hierarchy, removed with all that is in them."""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from pathlib import Path

CONTROLLERS = ("cpu", "cpuacct", "memory", "blkio", "pids", "cpuset", "hugetlb", "unified")
_numbers = itertools.count()


def hierarchies() -> list[Path]:
    """Mount points of the hierarchies that carry numbers: v1 controllers and cgroup2."""
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, mount, kind, options, *_ = line.split()
        if kind == "cgroup2" or (kind == "cgroup" and set(options.split(",")) & set(CONTROLLERS)):
            found.append(Path(mount))
    return list({mount.stat().st_dev: mount for mount in reversed(found)}.values())[::-1]  # one for each hierarchy


class CgroupTree:
    """``with CgroupTree() as tree:`` ``tree.make("a/b")`` makes /pcf-test-<pid>-<n>/a/b in every hierarchy."""

    def __init__(self) -> None:
        self.name = f"/pcf-test-{os.getpid()}-{next(_numbers)}"
        self.mounts = hierarchies()
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> CgroupTree:
        self.make("")
        return self

    def __exit__(self, *exc: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        for mount in self.mounts:
            top = Path(f"{mount}{self.name}")
            for directory, _, _ in os.walk(top, topdown=False):
                _rmdir(Path(directory))

    def path(self, below: str = "") -> str:
        """The cgroup path of ``below``, as the collector shows it."""
        return f"{self.name}/{below}".rstrip("/")

    def make(self, below: str, mounts: list[Path] | None = None) -> str:
        """Makes a cgroup in all (or some) hierarchies and returns its path."""
        path = self.path(below)
        for mount in self.mounts if mounts is None else mounts:
            here = mount
            for part in path.strip("/").split("/"):
                _hand_down(here)
                here = here / part
                here.mkdir(exist_ok=True)
        return path

    def remove(self, below: str, mounts: list[Path] | None = None) -> None:
        """Removes a cgroup; it must be empty."""
        for mount in self.mounts if mounts is None else mounts:
            _rmdir(Path(f"{mount}{self.path(below)}"))

    def spawn(self, below: str, *command: str) -> subprocess.Popen[bytes]:
        """Starts a process and moves it into the cgroup; killed at the end."""
        # It begins when it is there: what it allocated before would be charged elsewhere.
        gate = ("sh", "-c", 'read _; exec "$@"', "sh")
        process = subprocess.Popen((*gate, *command), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.adopt(below, process)
        assert process.stdin is not None
        with process.stdin as go:
            go.write(b"\n")
        return process

    def adopt(self, below: str, process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        """Moves a process into the cgroup; killed at the end."""
        self._processes.append(process)
        for mount in self.mounts:
            directory = Path(f"{mount}{self.path(below)}")
            if (directory / "cgroup.clone_children").exists() and (directory / "cpuset.mems").exists():
                self._fill_cpuset(mount, below)
            (directory / "cgroup.procs").write_text(str(process.pid))
        return process

    def _fill_cpuset(self, mount: Path, below: str) -> None:
        """A v1 cpuset takes no process before its cores and nodes are set, top down."""
        parts = self.path(below).strip("/").split("/")
        for count in range(1, len(parts) + 1):
            here = mount.joinpath(*parts[:count])
            for name in ("cpuset.cpus", "cpuset.mems"):
                if not (here / name).read_text().strip():
                    (here / name).write_text((here.parent / name).read_text())


def _hand_down(parent: Path) -> None:
    """v2: what the parent has, its children get too (they have the files of no other controller)."""
    try:
        wanted = set((parent / "cgroup.controllers").read_text().split())
        given = set((parent / "cgroup.subtree_control").read_text().split())
    except FileNotFoundError:
        return  # v1
    for controller in sorted(wanted - given):
        try:
            (parent / "cgroup.subtree_control").write_text(f"+{controller}")
        except OSError:
            pass  # cpu with realtime tasks, cpuset without cores: the rest is enough


def _rmdir(path: Path) -> None:
    for _ in range(100):  # a killed process leaves its cgroup a little later
        try:
            path.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)
    path.rmdir()
