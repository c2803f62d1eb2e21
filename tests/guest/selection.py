"""What runs inside a guest: the C tests of the rooms that meet the kernel, and the tests marked guest_inside."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from tests.guest.kernels import ROOT

ROOMS = ("ring", "source", "host", "watch", "slot", "tick", "net", "bpf", "event", "walk_", "usage_kept")
ALIKE = (  # no kernel makes a difference
    "parse_network",
    "ring",
    "ring_hostile",
    "ring_takeover",
    "ring_tenants",
    "ring_torn",
    "slots",
    "event_log",
    "walk_cputime",
    "walk_demotion",
    "walk_fill",
    "walk_hierarchies",
    "walk_match",
    "walk_memory_stat",
)
HEADING = "--- C test: "
LAYOUTLESS = (
    "net",
    "net_parts",
    "bpf_psi",
    "connector",
    "kmsg",
    "processes",
    "usage_kept",
)  # the kernel's, whatever is mounted


def c_tests(build: Path, *, only_layout: bool = False) -> list[Path]:
    """Built C tests whose names say that they belong to one of ``ROOMS``, without those that are ``ALIKE``.

    ``only_layout``: another guest of the same kernel runs those that are ``LAYOUTLESS``.
    """
    programs = [path for path in build.glob("test_*") if path.is_file() and os.access(path, os.X_OK)]
    elsewhere = (*ALIKE, *(LAYOUTLESS if only_layout else ()))
    met = (path for path in programs if any(room in path.name for room in ROOMS))
    return sorted(path for path in met if not path.name.endswith(elsewhere))


def marked_files(*, only_inside: bool = False) -> list[Path]:
    """Test files that carry the marker: only these are imported in the guest, where imports are slow.

    ``only_inside``: without those of tests/host, for a layout that other guests of the kernel cover in parts.
    """
    inside = (ROOT / "tests" / "guest" / "inside").glob("test_*.py")
    if only_inside:
        return sorted(inside)
    outside = [path for folder in ("unit", "host") for path in (ROOT / "tests" / folder).rglob("test_*.py")]
    return sorted([*inside, *(path for path in outside if "mark.guest_inside" in path.read_text())])


def script(build: Path, marks: str, layout: str) -> str:
    """A bash script: every C test (one line of verdict each in /guest/c-tests), then pytest (/guest/junit.xml).

    What a C test prints comes after a line with its name: see said_by.

    Ends with pytest's status, after what spoils the machine for everything else.
    """
    lines = [": >/guest/c-tests"]
    for program in c_tests(build, only_layout=layout != "v2"):
        lines.append(c_test_line(program.name, str(program)))
    locked = c_test_line("test_host_bpf-lockdown", str(build / "test_host_bpf"), "lockdown")
    python = python_script(marks, only_inside=layout == "hybrid")
    return "\n".join([*lines, python, "status=$?", locked, "exit $status"])


def c_test_line(name: str, *command: str) -> str:
    """A line of that script for one C test."""
    return f"echo {HEADING}{name}; {shlex.join(command)}; echo {name} $? >>/guest/c-tests"


def said_by(name: str, output: str) -> str:
    """What the C test of that name printed, of all that a guest printed."""
    _, found, rest = output.partition(f"{HEADING}{name}\n")
    return rest.partition(HEADING)[0].strip() if found else "nothing"


def python_script(marks: str, *, only_inside: bool = False) -> str:
    """The pytest part alone: of the files that carry the marker, the tests that ``marks`` selects."""
    pytest = [sys.executable, "-m", "pytest", "-m", marks, "-p", "no:cacheprovider"]
    return shlex.join([*pytest, "--junitxml=/guest/junit.xml", "-q", *map(str, marked_files(only_inside=only_inside))])
