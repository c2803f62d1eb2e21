"""What this host is, for the head of the report."""

from __future__ import annotations

import os
import platform
import resource
import time
from pathlib import Path
from typing import Any

from .cgroups import hierarchies


def facts() -> dict[str, Any]:
    """Name to value, in the order shown."""
    versions = sorted({version for _, version in hierarchies()})
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return {
        "date": time.strftime("%Y-%m-%d"),
        "kernel": platform.release(),
        "cpu": f"{_cpu()}, {os.cpu_count()} cores, {_virtual()}",
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB",
        "cgroups": " and ".join(f"v{version}" for version in versions) + f", {len(hierarchies())} hierarchies",
        "descriptors": f"limit {soft}, at most {hard}",
        "load": " ".join(f"{value:.2f}" for value in os.getloadavg()) + " before",
        "python": platform.python_version(),
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(("model name", "Model", "cpu model")):
            return line.partition(":")[2].strip()
    return platform.machine()


def _virtual() -> str:
    return "in a virtual machine" if "hypervisor" in Path("/proc/cpuinfo").read_text() else "no hypervisor seen"
