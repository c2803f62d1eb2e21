"""Memory: /proc/meminfo, modules by type, swap, huge pages, persistent memory."""

from __future__ import annotations

import re
from pathlib import Path

from . import smbios
from .model import Memory, MemoryType, Nvm, SwapArea
from .nodes import hugepages
from .root import Root

_ESCAPED = re.compile(r"\\([0-7]{3})")


def read(root: Root) -> Memory:
    """All of it."""
    text = root.text(root.proc / "meminfo") or ""
    return Memory(
        capacity_bytes=_meminfo(root, text, "MemTotal"),
        swap_bytes=_meminfo(root, text, "SwapTotal"),
        by_type=root.part("memory by type", _by_type, ()),
        swap_areas=root.part("swap", _swaps, ()),
        hugepages=hugepages(root, root.sys / "kernel/mm/hugepages"),
        nvm=root.part("persistent memory", _nvm, None),
    )


def _meminfo(root: Root, text: str, key: str) -> int | None:
    match = re.search(rf"^{key}:\s+(\d+) kB", text, re.MULTILINE)
    if match is None:
        root.note(root.proc / "meminfo", f"there is no {key}")
        return None
    return int(match[1]) * 1024


def _by_type(root: Root) -> tuple[MemoryType, ...]:
    """From the memory controllers' driver (EDAC) where one is loaded, else from the firmware's tables."""
    return _edac(root) or smbios.memory(root)


def _edac(root: Root) -> tuple[MemoryType, ...]:
    """mc*/dimm*, or rank* where a controller tells no more; Documentation/driver-api/edac.rst. Sizes are MiB."""
    sizes: dict[str, list[int]] = {}
    for _, controller in root.numbered(root.sys / "devices/system/edac/mc", "mc"):
        for prefix in ("dimm", "rank"):
            for _, module in root.numbered(controller, prefix):
                size, kind = root.count(module / "size"), root.text(module / "dimm_mem_type")
                if size and kind:
                    sizes.setdefault(kind, []).append(size * 2**20)
    return tuple(MemoryType(kind, sum(found), len(found), "edac") for kind, found in sorted(sizes.items()))


def _swaps(root: Root) -> tuple[SwapArea, ...]:
    """/proc/swaps; blanks in names are octal escapes there."""
    out = []
    for line in (root.text(root.proc / "swaps") or "").splitlines()[1:]:
        fields = line.split()
        if len(fields) != 5 or not fields[2].isdecimal():
            root.note(root.proc / "swaps", f"a line with {len(fields)} fields")
            continue
        path = _ESCAPED.sub(lambda match: chr(int(match[1], 8)), fields[0])
        out.append(SwapArea(path, fields[1], int(fields[2]) * 1024, int(fields[4])))
    return tuple(out)


def _nvm(root: Root) -> Nvm | None:
    """libnvdimm's bus: regions are what can be used; Documentation/driver-api/nvdimm/nvdimm.rst."""
    base = root.sys / "bus/nd/devices"
    regions = [size for _, region in root.numbered(base, "region") if (size := _region_size(root, region)) is not None]
    modules = sum(1 for _ in root.numbered(base, "nmem"))
    return Nvm(sum(regions), modules, len(regions)) if regions or modules else None


def _region_size(root: Root, region: Path) -> int | None:
    text = root.text(region / "size")
    try:
        return int(text, 0) if text else None
    except ValueError:
        root.note(region / "size", f"{text!r} is no size")
        return None
