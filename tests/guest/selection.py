"""What runs inside a guest: the C tests of the rooms that meet the kernel, and the tests marked guest_inside."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from tests.guest.kernels import ROOT

ROOMS = ("parse", "ring", "source", "host", "watch", "slot", "tick", "net")


def c_tests(build: Path) -> list[Path]:
    """Built C tests whose names say that they belong to one of ``ROOMS``."""
    programs = [path for path in build.glob("test_*") if path.is_file() and os.access(path, os.X_OK)]
    return sorted(path for path in programs if any(room in path.name for room in ROOMS))


def marked_files() -> list[Path]:
    """Test files that carry the marker: only these are imported in the guest, where imports are slow."""
    inside = (ROOT / "tests" / "guest" / "inside").glob("test_*.py")
    outside = [path for folder in ("unit", "host") for path in (ROOT / "tests" / folder).rglob("test_*.py")]
    return sorted([*inside, *(path for path in outside if "mark.guest_inside" in path.read_text())])


def script(build: Path, marks: str) -> str:
    """A bash script: every C test (one line of verdict each in /guest/c-tests), then pytest (/guest/junit.xml)."""
    lines = [": >/guest/c-tests"]
    for program in c_tests(build):
        lines.append(f"{shlex.quote(str(program))}; echo {program.name} $? >>/guest/c-tests")
    return "\n".join([*lines, python_script(marks)])


def python_script(marks: str) -> str:
    """The pytest part alone: of the files that carry the marker, the tests that ``marks`` selects."""
    pytest = [sys.executable, "-m", "pytest", "-m", marks, "-p", "no:cacheprovider"]
    return shlex.join([*pytest, "--junitxml=/guest/junit.xml", "-q", *map(str, marked_files())])
