"""What all tests share: where things are, and which tests this machine can run."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


# A shell that starts this in the background has SIGINT ignored, and so would every command that a test sends Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The root of the source tree."""
    return ROOT


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips, by name, what needs root where the run has none; CI runs as root."""
    if os.geteuid() == 0:
        return
    for item in items:
        if item.get_closest_marker("root") or item.get_closest_marker("docker"):
            item.add_marker(pytest.mark.skip(reason="needs root (cgroups are made and processes moved)"))
