"""The guest is what it says it is, and libpcf reads a real kernel's files in it."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from pycadvisor_fast.native import lib, text

pytestmark = pytest.mark.guest_inside

SERIES, LAYOUT, *WITHOUT = os.environ.get("PCF_GUEST", "none-none").split("-")


def cgroup_mounts() -> dict[str, str]:
    """Mount point to file system type of everything that is a cgroup mount."""
    rows = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return {row[1]: row[2] for row in rows if row[2] in ("cgroup", "cgroup2")}


def test_kernel_is_of_the_series() -> None:
    assert platform.release().startswith(f"{SERIES}.")


def test_layout_is_the_one_asked_for() -> None:
    kinds = sorted(set(cgroup_mounts().values()))
    assert kinds == {"v2": ["cgroup2"], "v1": ["cgroup"], "hybrid": ["cgroup", "cgroup2"]}[LAYOUT]


def test_memory_controller_is_there() -> None:
    if LAYOUT == "v2":
        assert "memory" in Path("/sys/fs/cgroup/cgroup.controllers").read_text().split()
    else:
        assert Path("/sys/fs/cgroup/memory/memory.usage_in_bytes").exists()


def test_psi_is_as_asked_for() -> None:
    assert Path("/proc/pressure/memory").exists() == ("nopsi" not in WITHOUT)


def test_libpcf_loads() -> None:
    assert text(lib.pcf_group_at(lib.pcf_group_find(b"memory")).name) == "memory"
