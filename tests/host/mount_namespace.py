"""Tests that mount: each in a process with a mount namespace of its own, so that nothing of this host changes."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

_UMOUNTS = 15  # some five seconds


def in_mount_namespace(test: Callable[[Path], None]) -> Callable[[Path], None]:
    """Runs a test function that takes ``tmp_path`` in a namespace of its own; what it mounts is gone with it."""

    @functools.wraps(test)
    def run(tmp_path: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("needs root to mount; CI runs as root")
        code = f"import pathlib; from {test.__module__} import {test.__name__} as test; "
        code += f"test.__wrapped__(pathlib.Path({str(tmp_path)!r}))"
        command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


def mount(*arguments: str | Path) -> None:
    """mount(8)."""
    subprocess.run(["mount", *map(str, arguments)], check=True)


def umount(*arguments: str | Path) -> None:
    """umount(8); again while it is busy: a thread may be asking the filesystem at this very moment."""
    for attempt in range(_UMOUNTS):
        done = subprocess.run(["umount", *map(str, arguments)], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        assert "busy" in done.stderr, done.stderr
        time.sleep(0.05 * attempt)
    raise AssertionError(done.stderr)
