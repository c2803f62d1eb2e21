"""/proc/diskstats: every block device, whatever its name (NVMe, md, dm, mmcblk, loop, nbd, ...)."""

from __future__ import annotations

from collections.abc import Callable

from ..filesystem import BlockDevice

_SECTOR = 512  # on every device, Documentation/block/stat.rst
_LEAST = 14  # numbers, name and the eleven counters that every kernel gives
_DISCARDS, _FLUSHES = 18, 20


def parse(
    text: str, disk_of: Callable[[int, int, str], str] = lambda major, minor, name: ""
) -> tuple[BlockDevice, ...]:
    """The devices in the kernel's order. ``disk_of(major, minor, name)`` names the whole disk of a partition, "" of a
    disk. Lines that cannot be read are left out."""
    return tuple(device for line in text.splitlines() if (device := _device(line.split(), disk_of)) is not None)


def _device(fields: list[str], disk_of: Callable[[int, int, str], str]) -> BlockDevice | None:
    if len(fields) < _LEAST:
        return None
    try:
        major, minor, *numbers = [int(field) for field in (*fields[:2], *fields[3:])]
    except ValueError:
        return None
    discards = numbers[11:15] if len(fields) >= _DISCARDS else [None] * 4
    flushes = numbers[15:17] if len(fields) >= _FLUSHES else [None] * 2
    return BlockDevice(
        name=fields[2],
        major=major,
        minor=minor,
        disk=disk_of(major, minor, fields[2]),
        reads=numbers[0],
        reads_merged=numbers[1],
        read_bytes=numbers[2] * _SECTOR,
        read_ms=numbers[3],
        writes=numbers[4],
        writes_merged=numbers[5],
        written_bytes=numbers[6] * _SECTOR,
        write_ms=numbers[7],
        in_flight=numbers[8],
        busy_ms=numbers[9],
        weighted_ms=numbers[10],
        discards=discards[0],
        discards_merged=discards[1],
        discarded_bytes=None if discards[2] is None else discards[2] * _SECTOR,
        discard_ms=discards[3],
        flushes=flushes[0],
        flush_ms=flushes[1],
    )
