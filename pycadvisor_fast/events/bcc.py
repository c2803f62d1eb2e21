"""Events by iovisor's bcc, where the kernel has no BTF: compiled here, at start, against the kernel's header files.

Optional: Debian's python3-bpfcc (pure Python and ctypes, so that it works from any virtual environment), libclang and
libLLVM behind it (190 MB), and the header files of the running kernel. Half a second and 130 MB to load; the package
that PyPI calls bcc is a crystal lattice and has nothing to do with it.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import logging
import os
import platform
import struct
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import NotServedError
from ..event import KINDS
from . import bcc_source

log = logging.getLogger(__name__)

PLACES = ("/usr/lib/python3/dist-packages",)
"""Where Debian installs bcc: not on the path of a virtual environment."""
TRACEFS = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
POLL_MS = 100
"""Process events wait for so long at most; all others wake the thread."""

_KIND_NAMES = {number: name for name, number in KINDS.items()}
_RECORD = struct.Struct(bcc_source.RECORD)


@dataclass(frozen=True, slots=True)
class Seen:
    """One record of the programs. Numbers the kernel did not give are None, names "" and ids 0."""

    kind: str
    monotonic_ns: int
    pid: int
    parent_pid: int
    comm: str
    cgroup_id: int
    """Of the cgroup; for processes in cgroup2 (the helper knows no other), 0 = not known."""
    hierarchy_id: int
    level: int
    path: str
    """Of the cgroup as the kernel shows it from the hierarchy's root; "" in process events."""
    filename: str
    born_ns: int | None
    """CLOCK_MONOTONIC of its fork."""
    uid: int | None
    oom_score_adj: int | None
    sizes: tuple[int | None, ...]
    """Bytes: total_vm, anon, file, shmem, page tables of the victim."""


def seen_of(data: bytes) -> Seen:
    """A record as it lies in the ring buffer."""
    kind, pid, parent, hierarchy, level, adj, time_ns, cgroup, born, *numbers, comm, text = _RECORD.unpack(data)
    given = [None if number == 2**64 - 1 else number for number in numbers]
    words = _text(text)
    is_cgroup = kind not in (KINDS["oom_kill"], KINDS["fork"], KINDS["exec"], KINDS["exit"])
    return Seen(
        kind=_KIND_NAMES[kind],
        monotonic_ns=time_ns,
        pid=pid,
        parent_pid=parent,
        comm=_text(comm),
        cgroup_id=cgroup,
        hierarchy_id=hierarchy,
        level=level,
        path=words if is_cgroup else "",
        filename="" if is_cgroup else words,
        born_ns=born or None,
        uid=given[4],
        oom_score_adj=adj if given[4] is not None else None,
        sizes=tuple(None if size is None else size * 1024 for size in (*given[:4], given[5])),
    )


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "surrogateescape")


# ---- what has to be there ----
def find(places: Collection[str] = PLACES) -> ModuleType:
    """iovisor's bcc, imported. Raises NotServedError with what to do about it."""
    spec = importlib.util.find_spec("bcc") if "bcc" not in sys.modules else sys.modules["bcc"].__spec__
    folders = [folder for folder in (spec.submodule_search_locations or ()) if spec] if spec else []
    unrelated = [folder for folder in folders if not _is_iovisor(folder)]
    candidates = [*folders, *(f"{place}/bcc" for place in places)]
    folder = next((folder for folder in candidates if _is_iovisor(folder)), None)
    if folder is None:
        hint = "apt install python3-bpfcc"
        if unrelated:
            raise NotServedError(
                f"the package bcc in {unrelated[0]} is not iovisor's (PyPI's bcc is something else): "
                f"pip uninstall bcc; {hint}"
            )
        raise NotServedError(f"bcc is not installed: {hint}")
    return _imported(folder)


def _is_iovisor(folder: str) -> bool:
    return Path(folder, "libbcc.py").is_file()


def _imported(folder: str) -> ModuleType:
    """The package in that folder under its own name, whatever else has it: its files import each other relatively."""
    known = sys.modules.get("bcc")
    if known is not None and _is_iovisor(str(Path(known.__file__ or "").parent)):
        return known
    spec = importlib.util.spec_from_file_location("bcc", f"{folder}/__init__.py", submodule_search_locations=[folder])
    if spec is None or spec.loader is None:
        raise NotServedError(f"bcc in {folder} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules["bcc"] = module
    try:
        spec.loader.exec_module(module)
    except (ImportError, OSError, AttributeError) as error:  # ctypes: OSError names the library that is missing
        for name in [name for name in sys.modules if name == "bcc" or name.startswith("bcc.")]:
            del sys.modules[name]
        if known is not None:
            sys.modules["bcc"] = known
        raise NotServedError(f"bcc cannot be loaded: {error}: apt install libbpfcc libclang-cpp14 libllvm14") from None
    return module


def headers(release: str | None = None, environment: Mapping[str, str] = os.environ) -> str:
    """Where bcc finds the kernel's header files. Raises NotServedError when it will not."""
    release = platform.release() if release is None else release
    given = environment.get("BCC_KERNEL_SOURCE")
    modules = f"/lib/modules/{release}"
    places = [given] if given else [f"{modules}/build", f"{modules}/source", "/sys/kernel/kheaders.tar.xz"]
    for place in places:
        if Path(place, "include").is_dir() or (place.endswith(".xz") and Path(place).is_file()):
            return place
    raise NotServedError(
        f"no header files of kernel {release} ({', '.join(places)}): apt install linux-headers-{release}, "
        "or point BCC_KERNEL_SOURCE to them"
    )


def formats(places: Collection[str] = TRACEFS) -> dict[str, str]:
    """Tracepoint -> its description, of those this kernel has. Raises NotServedError without tracefs."""
    for place in places:
        if Path(place, "events").is_dir():
            found = {}
            for name in bcc_source.TRACEPOINTS:
                with suppress(OSError):
                    found[name] = Path(place, "events", name, "format").read_text()
            return found
    raise NotServedError(f"no tracefs ({', '.join(places)}): mount -t tracefs tracefs {TRACEFS[0]}")


# ---- the programs ----
class Programs:
    """Compiled, loaded and attached by the constructor; closed by ``close``. One thread polls."""

    def __init__(self, tell: Callable[[Seen], None]) -> None:
        """``tell`` is called from ``poll`` for each record. Raises NotServedError with the reason."""
        module = find()
        headers()
        descriptions = formats()
        self.refused = bcc_source.missing(descriptions)
        """Tracepoint -> why it serves nothing here."""
        if len(self.refused) == len(bcc_source.TRACEPOINTS):
            raise NotServedError("; ".join(self.refused.values()))
        self._tell = tell
        self._lost: dict[str, int] = {}
        with _quiet() as words:
            try:
                self._bpf: Any = module.BPF(text=bcc_source.program(descriptions).encode())
                self._bpf[b"records"].open_ring_buffer(self._on_record)
            except Exception as error:  # bcc raises plain Exception
                raise NotServedError(_why(error, words())) from None
        with suppress(AttributeError):
            self._bpf.free_bcc_memory()  # clang's: two thirds of what loading took

    @property
    def kinds(self) -> frozenset[str]:
        """What is served."""
        return frozenset(
            kind for name, kinds in bcc_source.TRACEPOINTS.items() if name not in self.refused for kind in kinds
        )

    def poll(self, timeout_ms: int = POLL_MS) -> None:
        """Waits for events and tells them; those that wake nobody are told as well."""
        self._bpf.ring_buffer_poll(timeout_ms)
        self._bpf.ring_buffer_consume()

    def want(self, kinds: Collection[str]) -> None:
        """Single process events of these kinds are told from now on, of others not."""
        table = self._bpf[b"wanted"]
        for kind in ("fork", "exec", "exit"):
            table[ctypes.c_int(KINDS[kind])] = ctypes.c_uint64(kind in kinds)

    def lost(self) -> dict[str, int]:
        """Kind -> how many more than at the last call found no room in the ring buffer; only those that lost some."""
        table = self._bpf[b"lost"]
        now = {kind: int(table[ctypes.c_int(number)].value) for kind, number in KINDS.items()}
        more = {kind: count - self._lost.get(kind, 0) for kind, count in now.items()}
        self._lost = now
        return {kind: count for kind, count in more.items() if count}

    def close(self) -> None:
        """Detaches and unloads."""
        self._bpf.cleanup()

    def _on_record(self, context: object, data: int, size: int) -> None:
        self._tell(seen_of(ctypes.string_at(data, _RECORD.size)))


@contextmanager
def _quiet() -> Iterator[Callable[[], str]]:
    """What C libraries write to standard error is kept (the compiler's messages, the verifier's) instead of shown."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as scratch:
        os.dup2(scratch.fileno(), 2)

        def words() -> str:
            return os.pread(scratch.fileno(), 65536, 0).decode(errors="replace")

        try:
            yield words
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            if said := words():
                log.debug("bcc: %s", said)


def _why(error: Exception, words: str) -> str:
    """One line out of what the compiler and the kernel said."""
    if "Operation not permitted" in words or "Operation not permitted" in str(error):
        return "bcc: the kernel refuses BPF programs: no CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN)"
    lines = [line.strip() for line in words.splitlines() if "error" in line.lower()]
    return f"bcc: {error}{': ' if lines else ''}{lines[0] if lines else ''}"


class Follower:
    """The thread that polls ("pcf-bcc")."""

    def __init__(self, programs: Programs, lose: Callable[[str, int], None]) -> None:
        """``lose(kind, count)``: so many more could not be told."""
        self._programs = programs
        self._lose = lose
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pcf-bcc", daemon=True)

    def start(self) -> None:
        """Events are told from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, tells what is left and unloads the programs."""
        self._stopping.set()
        self._thread.join()
        self._turn(0)
        self._programs.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._turn(POLL_MS)

    def _turn(self, timeout_ms: int) -> None:
        self._programs.poll(timeout_ms)
        for kind, count in self._programs.lost().items():
            self._lose(kind, count)
