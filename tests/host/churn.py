"""Cgroups that come and go."""

from __future__ import annotations

import time

from tests.host.cgroup_tree import CgroupTree


def churn(cgroups: CgroupTree, seconds: float, first: int = 0) -> int:
    """Makes and removes 100 a second, named c<first> and up; returns the number after the last."""
    end, number = time.monotonic() + seconds, first
    while time.monotonic() < end:
        due = time.monotonic() + 0.1
        names = [f"c{number + index}" for index in range(10)]
        number += len(names)
        for name in names:
            cgroups.make(name)
        for name in names:
            cgroups.remove(name)
        time.sleep(max(0.0, due - time.monotonic()))
    return number
