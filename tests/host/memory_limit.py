"""Cgroups that may not have much memory, and processes that want more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.host.cgroup_tree import CgroupTree

MIB = 2**20
LIMIT = 16 * MIB
HOG = "import sys\ngiven = [bytearray(1 << 20) for _ in range(64)]\nsys.exit(3)"


def limited(tree: CgroupTree, below: str, limit: int = LIMIT) -> str:
    """Makes a cgroup with a memory limit and without swap; returns its path."""
    path = tree.make(below)
    for mount in tree.mounts:
        here = Path(f"{mount}{path}")
        if (here / "memory.limit_in_bytes").exists():
            (here / "memory.limit_in_bytes").write_text(str(limit))
        elif (here / "memory.max").exists():
            (here / "memory.max").write_text(str(limit))
            if (here / "memory.swap.max").exists():
                (here / "memory.swap.max").write_text("0")
    return path


def hog(tree: CgroupTree, below: str) -> subprocess.Popen[bytes]:
    """A process in the cgroup that wants four times its limit."""
    return tree.spawn(below, sys.executable, "-S", "-c", HOG)


def kernel_kills(tree: CgroupTree, below: str) -> int:
    """How many processes of the cgroup the kernel says it has killed."""
    for mount in tree.mounts:
        for name in ("memory.oom_control", "memory.events"):
            file = Path(f"{mount}{tree.path(below)}/{name}")
            if file.exists():
                found = dict(line.split() for line in file.read_text().splitlines())
                return int(found["oom_kill"])
    raise AssertionError("no memory controller")
