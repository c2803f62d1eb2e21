"""bcc as a loader of events: what is said when something is missing, and the programs as text. No kernel is asked."""

from __future__ import annotations

import dataclasses
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pycadvisor_fast.errors import NotServedError
from pycadvisor_fast.event import KINDS
from pycadvisor_fast.events import bcc, bcc_events, bcc_source

OLD_OOM = "name: mark_victim\nformat:\n\tfield:unsigned short common_type;\toffset:0;\n\n\tfield:int pid;\toffset:8;\n"
NEW_OOM = OLD_OOM + (
    "\tfield:__data_loc char[] comm;\toffset:12;\n\tfield:unsigned long total_vm;\toffset:16;\n"
    "\tfield:uid_t uid;\toffset:48;\n\tfield:short oom_score_adj;\toffset:64;\n"
)
CGROUP = "".join(
    f"\tfield:{kind};\toffset:8;\n" for kind in ("int root", "int level", "u64 id", "__data_loc char[] path")
)


@pytest.fixture
def no_bcc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No package of that name is imported or on the path; what a test imports is forgotten."""
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if not Path(entry, "bcc").exists()])
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "bcc"}
    for name in kept:
        del sys.modules[name]
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "bcc"]:
        del sys.modules[name]
    sys.modules.update(kept)


def package(folder: Path, files: dict[str, str]) -> Path:
    (folder / "bcc").mkdir(parents=True)
    for name, text in files.items():
        (folder / "bcc" / name).write_text(text)
    return folder


@pytest.mark.usefixtures("no_bcc")
def test_missing_bcc_names_the_package(tmp_path: Path) -> None:
    with pytest.raises(NotServedError, match="bcc is not installed: apt install python3-bpfcc"):
        bcc.find([str(tmp_path)])


@pytest.mark.usefixtures("no_bcc")
def test_unrelated_bcc_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = package(tmp_path, {"__init__.py": "raise RuntimeError('imported')"})
    monkeypatch.syspath_prepend(str(other))
    with pytest.raises(NotServedError, match=r"is not iovisor's .*pip uninstall bcc"):
        bcc.find([])


@pytest.mark.usefixtures("no_bcc")
def test_the_right_bcc_is_found_behind_the_unrelated_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = package(tmp_path / "wrong", {"__init__.py": "raise RuntimeError('imported')"})
    right = package(tmp_path / "right", {"__init__.py": "from .libbcc import lib", "libbcc.py": "lib = 'iovisor'"})
    monkeypatch.syspath_prepend(str(wrong))
    assert bcc.find([str(right)]).lib == "iovisor"
    assert bcc.find([]).lib == "iovisor", "once imported it is found again"


@pytest.mark.usefixtures("no_bcc")
def test_missing_library_is_named(tmp_path: Path) -> None:
    text = "raise OSError('libclang-cpp.so.14: cannot open shared object file')"
    place = package(tmp_path, {"__init__.py": "from . import libbcc", "libbcc.py": text})
    with pytest.raises(NotServedError, match=r"libclang-cpp\.so\.14.*apt install libbpfcc"):
        bcc.find([str(place)])
    assert "bcc" not in sys.modules


def test_header_files(tmp_path: Path) -> None:
    with pytest.raises(NotServedError, match=r"no header files of kernel 1\.2\.3 .*linux-headers-1\.2\.3"):
        bcc.headers("1.2.3", {})
    with pytest.raises(NotServedError, match="BCC_KERNEL_SOURCE"):
        bcc.headers("1.2.3", {"BCC_KERNEL_SOURCE": str(tmp_path)})
    (tmp_path / "include").mkdir()
    assert bcc.headers("1.2.3", {"BCC_KERNEL_SOURCE": str(tmp_path)}) == str(tmp_path)


def test_missing_tracefs(tmp_path: Path) -> None:
    with pytest.raises(NotServedError, match=r"no tracefs.*mount -t tracefs"):
        bcc.formats([str(tmp_path)])


def test_formats_of_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "events" / "oom" / "mark_victim").mkdir(parents=True)
    (tmp_path / "events" / "oom" / "mark_victim" / "format").write_text(OLD_OOM)
    assert bcc.formats([str(tmp_path / "no"), str(tmp_path)]) == {"oom/mark_victim": OLD_OOM}


def test_fields_are_the_tracepoints_own() -> None:
    assert bcc_source.fields_of(NEW_OOM) == {"pid", "comm", "total_vm", "uid", "oom_score_adj"}
    assert bcc_source.fields_of("\tfield:char comm[16];\toffset:8;\n\tfield:char other[TASK];\t") == {"comm", "other"}


def test_tracepoints_that_lack_something_are_left_out() -> None:
    formats = {"oom/mark_victim": "", "cgroup/cgroup_mkdir": CGROUP}
    missing = bcc_source.missing(formats)
    assert missing["oom/mark_victim"] == "tracepoint oom/mark_victim has no field pid"
    assert missing["sched/sched_process_exit"] == "this kernel has no tracepoint sched/sched_process_exit"
    assert "cgroup/cgroup_mkdir" not in missing
    text = bcc_source.program(formats)
    assert "TRACEPOINT_PROBE(cgroup, cgroup_mkdir)" in text
    assert "mark_victim" not in text


@pytest.mark.parametrize(("description", "told"), [(OLD_OOM, set()), (NEW_OOM, {"total_vm", "uid"})])
def test_only_fields_that_are_there_are_read(description: str, told: set[str]) -> None:
    text = bcc_source.program({"oom/mark_victim": description})
    assert {name for name in bcc_source.OOM_NUMBERS if f"args->{name}" in text} == told
    assert ("args->data_loc_comm" in text) is bool(told)


def record(kind: str, numbers: tuple[int, ...] = (2**64 - 1,) * 6, text: bytes = b"") -> bytes:
    head = (KINDS[kind], 7, 3, 4, 1, -5, 99, 42, 0)
    return struct.pack(bcc_source.RECORD, *head, *numbers, b"worker\0junk", text)


def test_record_of_a_process() -> None:
    seen = bcc.seen_of(record("exec", text=b"/bin/sh\0rest"))
    assert (seen.kind, seen.pid, seen.parent_pid, seen.comm) == ("exec", 7, 3, "worker")
    assert (seen.filename, seen.path, seen.born_ns) == ("/bin/sh", "", None)
    assert seen.uid is None
    assert seen.oom_score_adj is None, "0 would look like an answer"


def test_record_of_a_cgroup() -> None:
    seen = bcc.seen_of(record("cgroup_removed", text=b"/docker/9f\0"))
    assert (seen.path, seen.filename) == ("/docker/9f", "")
    assert (seen.cgroup_id, seen.hierarchy_id, seen.level) == (42, 4, 1)


def test_record_of_a_kill() -> None:
    seen = bcc.seen_of(record("oom_kill", (10, 5, 4, 0, 1000, 44)))
    assert seen.sizes == (10240, 5120, 4096, 0, 45056)
    assert (seen.uid, seen.oom_score_adj) == (1000, -5)
    assert bcc.seen_of(record("oom_kill")).sizes == (None,) * 5


# ---- as a source ----
class ToldTo:
    """Stands in for native.telling.Teller."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *given, **named: self.calls.append((name, {"given": given, **named}))


class FakePrograms:
    kinds = frozenset({"oom_kill"})
    refused: ClassVar[dict[str, str]] = {}

    def __init__(self, tell: Any) -> None:
        self.tell = tell


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(bcc_events, "Programs", FakePrograms)
    told = ToldTo()

    def make(**options: Any) -> tuple[Any, ToldTo]:
        return bcc_events.BccEvents(told, **options), told  # type: ignore[arg-type]

    return make


def test_cgroups_outside_of_what_is_mounted_are_nobodys(source: Any) -> None:
    events, told = source(is_unified=True, root="/kubepods")
    events._on_seen(bcc.seen_of(record("populated", text=b"/other/x")))
    events._on_seen(bcc.seen_of(record("populated", text=b"/kubepods/pod1")))
    assert [(name, call["path"], call["cgroup_id"]) for name, call in told.calls] == [("cgroup", "/pod1", 42)]


def test_process_has_its_id_on_cgroup2_and_its_path_elsewhere(source: Any) -> None:
    mine = bcc.seen_of(record("exec", text=b"/bin/sh"))
    mine = dataclasses.replace(mine, pid=os.getpid())
    events, told = source(is_unified=True)
    events._on_seen(mine)
    assert (told.calls[0][1]["cgroup_id"], told.calls[0][1]["path"]) == (42, "")
    events, told = source(is_unified=False)
    events._on_seen(mine)
    assert told.calls[-1][1]["cgroup_id"] == 0
    assert told.calls[-1][1]["path"].startswith("/")


def test_place_is_remembered_for_the_end(source: Any) -> None:
    events, told = source(is_unified=False)
    events._places[2**22 + 1] = "/docker/9f"  # no process has that number
    events._on_seen(dataclasses.replace(bcc.seen_of(record("exit")), pid=2**22 + 1, born_ns=9))
    assert told.calls[0][1]["path"] == "/docker/9f"
    assert told.calls[0][1]["run_ns"] == 90
    assert not events._places


@pytest.mark.parametrize(
    ("text", "is_unified", "path"),
    [
        ("4:memory:/docker/9f\n0::/u\n", False, "/docker/9f"),
        ("4:memory:/\n3:cpu,pids:/p\n0::/u\n", False, "/p"),
        ("0::/a:b (deleted)\n", True, "/a:b"),
        ("0::/\n", True, "/"),
        ("", False, ""),
    ],
)
def test_path_of_a_process(text: str, is_unified: bool, path: str) -> None:
    assert bcc_events.path_in(text, is_unified) == path
