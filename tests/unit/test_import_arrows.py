"""Who may import whom: the picture in docs/architecture.md, checked on every file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "pycadvisor_fast"
CSRC = ROOT / "csrc"

PLAIN = {
    "errors",
    "durations",
    "config",
    "options",
    "schema",
    "columns",
    "container",
    "spec",
    "event",
    "filesystem",
    "process",
    "feed",
}
ENGINE = PLAIN | {"native", "sampling"}
PYTHON = {
    "errors": set(),
    "durations": set(),
    "columns": set(),
    "schema": {"errors", "columns"},
    "container": {"errors", "schema", "columns"},
    "event": {"container"},
    "filesystem": set(),
    "spec": {"container"},
    "process": set(),
    "config": PLAIN,
    "options": PLAIN,
    "feed": PLAIN | {"sampling", "events", "machine", "views"},  # for types only
    "native": PLAIN,
    "sampling": PLAIN | {"native"},
    "discovery": ENGINE,
    "machine": ENGINE,
    "events": ENGINE,
    "filesystems": ENGINE,
    "summaries": ENGINE | {"views"},
    "processes": PLAIN,
    "views": PLAIN | {"sampling", "events"},
    "v1": set(),  # generated from the .proto
    "faces": PLAIN | {"sampling", "events", "machine", "views", "v1", "native", "door"},
    "door": {"errors"},
    "client": {"errors", "columns", "schema", "v1"},
    "rest": {"errors", "columns", "schema"},
    "cli": PLAIN | {"sampling", "events", "machine", "views", "client", "faces", "collector", "v1", "door"},
    "collector": None,  # the composition root sees everything
    "__init__": PLAIN | {"sampling", "events", "collector", "client"},
    "__main__": {"cli"},
}
"""Room of the package -> rooms it may import; None: all."""

C_ROOMS = {
    "schema": set(),
    "parse": {"schema"},
    "slot": {"schema", "ring"},
    "bpf": set(),  # programs for the kernel
    "btf": {"schema"},
    "host": {"schema", "parse", "source", "btf"},
    "ring": {"schema"},
    "event": {"schema", "parse", "host", "btf", "bpf", "ring"},
    "source": {"schema", "parse", "slot", "host", "btf", "bpf"},
    "tick": {"schema", "parse", "slot", "host", "source", "ring", "event"},
    "watch": {"schema"},
    "usage": {"schema"},
    "encode": {"schema", "ring"},
}
"""C room -> rooms whose private headers it may include. pcf.h, the public declarations, is for everyone."""


def room_of(path: Path, base: Path) -> str:
    """First part of a path below ``base``, without suffix."""
    return path.relative_to(base).parts[0].removesuffix(".py")


def python_files() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent.name != "v1" and path.name != "_build.py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, absolute dotted name) of every import in a file, those inside functions and TYPE_CHECKING too."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            # "from pycadvisor_fast import native" names a room, "from pycadvisor_fast.native import lib" does not
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def imported_rooms(path: Path) -> Iterator[tuple[int, str]]:
    """(line, room) of what a file imports from our own package."""
    for line, name in imports(path):
        parts = name.split(".")
        if parts[0] == "pycadvisor_fast" and len(parts) > 1 and not parts[1].startswith("__version"):
            yield line, parts[1]


def test_every_room_is_in_the_table() -> None:
    assert {room_of(path, PACKAGE) for path in python_files()} <= set(PYTHON)
    assert {path.name for path in CSRC.iterdir() if any(path.rglob("*.c"))} <= {*C_ROOMS, "tests", "fuzz"}


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_python_arrows(path: Path) -> None:
    room = room_of(path, PACKAGE)
    allowed = PYTHON[room]
    if allowed is None:
        return
    wrong = [
        f"line {line}: {room} imports {other}" for line, other in imported_rooms(path) if other not in {room, *allowed}
    ]
    assert not wrong, f"{path.relative_to(ROOT)}: {'; '.join(wrong)}"


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_cffi_stays_in_native(path: Path) -> None:
    """Others get cdata only through the classes of native/: neither cffi nor the raw ``ffi`` and ``lib``."""
    if room_of(path, PACKAGE) == "native":
        return
    names = [name for _, name in imports(path)]
    assert not [name for name in names if name.partition(".")[0] == "cffi"]
    raw = {"pycadvisor_fast.native.ffi", "pycadvisor_fast.native.lib", "pycadvisor_fast.native._pcf"}
    assert not raw & set(names), f"{path.relative_to(ROOT)} uses {raw & set(names)}"


def test_faces_take_the_machine_as_data() -> None:
    """They never ask the kernel: of the room machine they see what is known, not what reads it."""
    data = ("pycadvisor_fast.machine.model", "pycadvisor_fast.machine.cadvisor")
    used = {name for path in python_files() if room_of(path, PACKAGE) in ("faces", "feed") for _, name in imports(path)}
    machine = {name for name in used if name.startswith("pycadvisor_fast.machine")}
    assert machine
    assert not {name for name in machine if not name.startswith(data)} - {"pycadvisor_fast.machine"}


def test_grpc_stays_in_its_rooms() -> None:
    allowed = {"faces", "client", "v1", "discovery", "door"}  # discovery: containerd and CRI speak it
    users = {room_of(path, PACKAGE) for path in python_files() for _, name in imports(path) if name.startswith("grpc")}
    assert users <= allowed, f"grpc is imported in {users - allowed}"


def c_includes() -> list[tuple[Path, str]]:
    """(file, included name) for each #include "..." in a room."""
    files = [path for room in C_ROOMS for pattern in ("*.c", "*.h") for path in sorted((CSRC / room).rglob(pattern))]
    quoted = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
    return [(path, name) for path in files for name in quoted.findall(path.read_text())]


@pytest.mark.parametrize(("path", "name"), c_includes(), ids=lambda value: str(value).removeprefix(f"{CSRC}/"))
def test_c_arrows(path: Path, name: str) -> None:
    room = room_of(path, CSRC)
    if name in ("pcf.h", "columns.def", "pcf/columns.def"):
        return
    if name.endswith(".skel.h"):  # built from csrc/bpf/NAME.bpf.c
        assert (CSRC / "bpf" / name.replace(".skel.h", ".bpf.c")).exists()
        assert "bpf" in C_ROOMS[room]
        return
    beside = path.parent / name
    target = beside if beside.exists() else CSRC / name
    assert target.exists(), f"{path.relative_to(ROOT)} includes {name}, which is neither beside it nor under csrc/"
    other = room_of(target.resolve(), CSRC)
    assert other == room or other in C_ROOMS[room], f"{path.relative_to(ROOT)}: {room} includes {other}'s {name}"


def test_c_knows_no_python() -> None:
    files = [*CSRC.rglob("*.c"), *CSRC.rglob("*.h")]
    assert not [path for path in files if "Python.h" in path.read_text()]


def test_parsers_open_nothing() -> None:
    """A parser takes a buffer: no system call that fetches one."""
    call = re.compile(r"\b(open|openat|fopen|read|pread|ioctl|socket)\s*\(")
    files = [*(CSRC / "parse").rglob("*.c")]
    assert not [path.name for path in files if call.search(re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL))]
