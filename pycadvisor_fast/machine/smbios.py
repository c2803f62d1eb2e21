"""What the firmware's tables say about memory modules and processors: /sys/firmware/dmi/entries (root may read them).

Offsets and codes: DMTF DSP0134, System Management BIOS: processors are type 4, memory devices type 17.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from .model import MemoryType
from .root import Root

_MEMORY_TYPES = {
    0x0F: "SDRAM",
    0x12: "DDR",
    0x13: "DDR2",
    0x14: "DDR2 FB-DIMM",
    0x18: "DDR3",
    0x1A: "DDR4",
    0x1B: "LPDDR",
    0x1C: "LPDDR2",
    0x1D: "LPDDR3",
    0x1E: "LPDDR4",
    0x1F: "non-volatile",
    0x20: "HBM",
    0x21: "HBM2",
    0x22: "DDR5",
    0x23: "LPDDR5",
    0x24: "HBM3",
    0x07: "RAM",
}
_UNKNOWN_SIZE, _SIZE_IS_EXTENDED, _SIZE_IN_KIB = 0xFFFF, 0x7FFF, 0x8000


def processor_khz(root: Root) -> int | None:
    """The highest "current speed" of a processor (offset 16h, MHz): "max speed" is the board's."""
    speeds = [_word(data, 0x16) for data in _entries(root, 4)]
    return max((speed for speed in speeds if speed), default=0) * 1000 or None


def memory(root: Root) -> tuple[MemoryType, ...]:
    """Modules that are plugged in, by type."""
    sizes: dict[str, list[int]] = {}
    speeds: dict[str, list[int]] = {}
    for data in _entries(root, 17):
        size = _size(data)
        if not size or len(data) <= 0x12:
            continue  # an empty socket
        kind = _MEMORY_TYPES.get(data[0x12], f"type 0x{data[0x12]:02x}")
        sizes.setdefault(kind, []).append(size)
        speed = _word(data, 0x20) or _word(data, 0x15)
        if speed and speed != 0xFFFF:
            speeds.setdefault(kind, []).append(speed)
    return tuple(
        MemoryType(kind, sum(found), len(found), "smbios", min(speeds.get(kind, ()), default=None))
        for kind, found in sorted(sizes.items())
    )


def _size(data: bytes) -> int | None:
    size = _word(data, 0x0C)
    if size is None or size == _UNKNOWN_SIZE:
        return None
    if size == _SIZE_IS_EXTENDED:
        if len(data) < 0x20:
            return None
        return int(struct.unpack_from("<I", data, 0x1C)[0] & 0x7FFFFFFF) * 2**20
    return (size & 0x7FFF) * (1024 if size & _SIZE_IN_KIB else 2**20)


def _word(data: bytes, offset: int) -> int | None:
    """A 16-bit field; None = this version's structure ends before it."""
    # data[1] is the length of the formatted part; texts follow it
    return struct.unpack_from("<H", data, offset)[0] if offset + 2 <= min(len(data), data[1]) else None


def _entries(root: Root, kind: int) -> Iterator[bytes]:
    base = root.sys / "firmware/dmi/entries"
    for _, directory in root.numbered(base, f"{kind}-"):
        data = root.data(directory / "raw")
        if data and len(data) >= 4:
            yield data
