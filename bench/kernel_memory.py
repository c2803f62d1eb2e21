"""What a process's eBPF maps and programs take of the kernel's memory."""

from __future__ import annotations

import contextlib
from pathlib import Path

_KINDS = ("anon_inode:bpf-map", "anon_inode:bpf-prog")


def ebpf_memory(pid: int | str) -> tuple[int, int]:
    """(bytes, number of programs), from "memlock" of /proc/<pid>/fdinfo: kernel/bpf/syscall.c, bpf_map_show_fdinfo.

    Maps and programs are counted once each, by their id; a program that only a link holds has no descriptor and is not
    counted.
    """
    seen: dict[tuple[str, str], int] = {}
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            kind = str(link.readlink())
            if kind in _KINDS:
                fields = _fields(Path(f"/proc/{pid}/fdinfo/{link.name}").read_text())
                seen[kind, fields.get("map_id") or fields.get("prog_id", link.name)] = int(fields.get("memlock", 0))
    return sum(seen.values()), sum(kind == "anon_inode:bpf-prog" for kind, _ in seen)


def _fields(text: str) -> dict[str, str]:
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}
