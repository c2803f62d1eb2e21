"""The host's block devices and their counters, and which of them a filesystem lies on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..filesystem import BlockDevice, Filesystem
from . import diskstats


class BlockDevices:
    """Reads /proc/diskstats below ``sysroot``. Never waits for a disk: it is all in the kernel's memory."""

    def __init__(self, sysroot: str = "") -> None:
        self._sysroot = sysroot
        self._disks: dict[tuple[int, int, str], str] = {}
        self._by_uuid = Path(f"{sysroot}/dev/disk/by-uuid")
        self._uuids_read = -1
        self._uuids: dict[str, str] = {}

    def read(self) -> tuple[BlockDevice, ...]:
        """The devices now; empty where /proc does not have the file."""
        try:
            with open(f"{self._sysroot}/proc/diskstats", encoding="utf-8", errors="surrogateescape") as text:
                found = diskstats.parse(text.read(), self._disk_of)
        except OSError:
            return ()
        if len(self._disks) > 2 * len(found) + 64:
            self._disks.clear()  # loop and dm devices come and go
        return found

    def _disk_of(self, major: int, minor: int, name: str) -> str:
        """Partitions have a file ``partition`` in sysfs, in the directory of their disk (block/partitions/core.c)."""
        key = (major, minor, name)
        if key not in self._disks:
            place = Path(f"{self._sysroot}/sys/dev/block/{major}:{minor}")
            self._disks[key] = place.resolve().parent.name if (place / "partition").exists() else ""
        return self._disks[key]

    def joined(self, filesystems: Sequence[Filesystem], devices: Sequence[BlockDevice]) -> tuple[Filesystem, ...]:
        """The filesystems, each with the device it lies on: by its number, else (btrfs has numbers of its own) by its
        source."""
        by_number = {(device.major, device.minor): device for device in devices}
        by_name = {device.name: device for device in devices}
        uuids = self._uuids_by_name()
        out = []
        for one in filesystems:
            device = by_number.get((one.major, one.minor))
            if device is None and one.source.startswith("/dev/"):
                device = by_name.get(one.source[len("/dev/") :]) or by_number.get(self._number(one.source))
            out.append(one if device is None else replace(one, device=device, uuid=uuids.get(device.name, "")))
        return tuple(out)

    def _uuids_by_name(self) -> dict[str, str]:
        """By name of the device: udev keeps a link for each. Read again when one was added or removed."""
        with contextlib.suppress(OSError):
            changed = self._by_uuid.stat().st_mtime_ns
            if changed != self._uuids_read:
                links = {link.name: link.readlink().name for link in self._by_uuid.iterdir()}
                self._uuids = {name: uuid for uuid, name in links.items()}
                self._uuids_read = changed
        return self._uuids

    def _number(self, source: str) -> tuple[int, int]:
        with contextlib.suppress(OSError):  # names such as /dev/mapper/data are links or nodes of another name
            number = Path(self._sysroot + source).stat().st_rdev
            return os.major(number), os.minor(number)
        return -1, -1
