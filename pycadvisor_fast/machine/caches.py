"""Caches and who shares them: /sys/devices/system/cpu/cpu*/cache/index*."""

from __future__ import annotations

import re
from pathlib import Path

from .model import Cache
from .root import Root
from .topology import cpu_directory

_SIZE = re.compile(r"(\d+)([KMG]?)")
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}


def read(root: Root, online: tuple[int, ...]) -> tuple[Cache, ...]:
    """Each cache once, ordered by level, kind and first CPU. Empty where the kernel knows none (some ARM, VMs)."""
    found: dict[tuple[int, str, tuple[int, ...]], Cache] = {}
    known: dict[tuple[int, str], set[int]] = {}
    for cpu in online:
        for _, directory in root.numbered(cpu_directory(root) / f"cpu{cpu}/cache", "index"):
            level, kind = root.count(directory / "level"), root.text(directory / "type")
            if level is None or kind is None or cpu in known.get((level, kind), ()):
                continue  # not told, or read already from a CPU that shares it
            cache = _cache(root, directory, cpu, level, kind)
            known.setdefault((level, kind), set()).update(cache.cpus)
            found.setdefault((level, kind, cache.cpus), cache)
    return tuple(sorted(found.values(), key=lambda cache: (cache.level, cache.kind, cache.cpus)))


def _cache(root: Root, directory: Path, cpu: int, level: int, kind: str) -> Cache:
    return Cache(
        level=level,
        kind=kind,
        cpus=root.cpus(directory / "shared_cpu_list") or (cpu,),
        id=root.count(directory / "id"),
        size_bytes=_size(root, directory / "size"),
        line_bytes=root.count(directory / "coherency_line_size") or None,
        ways=root.count(directory / "ways_of_associativity") or None,
    )


def _size(root: Root, path: Path) -> int | None:
    text = root.text(path)
    if text is None:
        return None
    match = _SIZE.fullmatch(text)
    if match is None:
        root.note(path, f"{text[:40]!r} is no size")
        return None
    return int(match[1]) * _UNITS[match[2]] or None
