"""Every file of a host in turn holds garbage: the machine is read all the same, and can be sent."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pycadvisor_fast.faces.grpc.machine_message import machine_message
from pycadvisor_fast.machine import reading
from pycadvisor_fast.machine import root as files
from pycadvisor_fast.machine.model import Machine
from pycadvisor_fast.machine.reading import Sources

from . import machine_trees as trees

GARBAGE = (b"\xff\xfe\x00:-1 kB\n\n= [", b"99999999999999999999999", b"-7\n")


def part_of(path: str) -> str:
    for prefix, part in (
        ("sys/devices/system/edac", "memory"),
        ("sys/devices", "processors"),
        ("proc/cpuinfo", "processors"),
        ("sys/block", "disks"),
        ("sys/class/net", "network"),
        ("proc/meminfo", "memory"),
        ("proc/swaps", "memory"),
        ("sys/bus", "memory"),
        ("sys/kernel/mm", "memory"),
    ):
        if path.startswith(prefix):
            return part
    return "identity"


def kinds_of_files(base: Path) -> list[list[Path]]:
    """Files that have the same name and belong to the same part, such as core_id of all CPUs."""
    out: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(base.rglob("*")):
        if path.is_file() and not path.is_symlink():
            out.setdefault((part_of(str(path.relative_to(base))), path.name), []).append(path)
    return list(out.values())


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_in_each_file_in_turn(tmp_path: Path, garbage: bytes) -> None:
    tree = trees.two_sockets(tmp_path)
    whole = reading.read(root=tree.root)
    kinds = kinds_of_files(tmp_path)
    assert len(kinds) > 60
    for paths in kinds:
        part = part_of(str(paths[0].relative_to(tmp_path)))
        before = [path.read_bytes() for path in paths]
        for path in paths:
            path.write_bytes(garbage)
        found = reading.compose([reading.read_part(part, tree.root, Sources())])
        assert isinstance(found, Machine)
        assert not [note for note in found.notes if "not read" in note], f"{paths[0]}: a reader gave up"
        machine_message(found).SerializeToString()
        for path, content in zip(paths, before, strict=True):
            path.write_bytes(content)
    again = reading.read(root=tree.root)
    assert (again.topology, again.disks, again.memory) == (whole.topology, whole.disks, whole.memory)


def test_what_only_root_may_read_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = trees.two_sockets(tmp_path)
    whole = files._read

    def as_a_user(path: Path) -> bytes:
        if path.name == "product_uuid":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return whole(path)

    monkeypatch.setattr(files, "_read", as_a_user)
    found = reading.read(root=tree.root)
    assert found.system_uuid is None
    assert found.hardware.vendor == "Dell Inc."
    assert found.notes == (f"{tmp_path}/sys/class/dmi/id/product_uuid: Permission denied",)
