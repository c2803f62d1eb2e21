"""Whole block devices and their partitions: /sys/block."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from .model import Disk, Partition
from .root import Root

_SECTOR = 512  # sysfs counts these whatever the device's own block size is
_KINDS = (
    ("nvme", "nvme"),
    ("mmcblk", "mmc"),
    ("loop", "loop"),
    ("zram", "zram"),
    ("ram", "ram"),
    ("vd", "virtio"),
    ("xvd", "xen"),
    ("sd", "scsi"),
    ("sr", "optical"),
    ("nbd", "nbd"),
    ("rbd", "rbd"),
    ("drbd", "drbd"),
    ("bcache", "bcache"),
    ("pmem", "pmem"),
    ("dasd", "dasd"),
    ("zd", "zvol"),
    ("fd", "floppy"),
    ("md", "md"),
    ("dm-", "dm"),
)
_NOT_CADVISORS = ("loop", "ram", "sr")


def read(root: Root) -> tuple[Disk, ...]:
    """All of them, by name; loop, ram and hidden devices too."""
    base = root.sys / "block"
    found = [root.part(f"disk {name}", partial(_disk, base / name), None) for name in root.entries(base)]
    return tuple(disk for disk in found if disk is not None)


def _disk(directory: Path, root: Root) -> Disk | None:
    numbers = _numbers(root, directory)
    if numbers is None:
        return None
    name = directory.name.replace("!", "/")  # cciss!c0d0: sysfs' way to write a slash
    is_hidden = root.flag(directory / "hidden") or False
    return Disk(
        name=name,
        major=numbers[0],
        minor=numbers[1],
        kind=_kind(directory),
        size_bytes=_size(root, directory),
        scheduler=_scheduler(root, directory),
        logical_block_bytes=root.count(directory / "queue/logical_block_size") or None,
        is_rotational=root.flag(directory / "queue/rotational"),
        is_removable=root.flag(directory / "removable"),
        is_read_only=root.flag(directory / "ro"),
        model=root.text(directory / "device/model", may_refuse=True),
        serial=_serial(root, directory),
        label=_label(root, directory),
        parts_of=tuple(root.entries(directory / "slaves")),
        partitions=_partitions(root, directory),
        is_in_cadvisor=not (is_hidden or name.startswith(_NOT_CADVISORS)),
    )


def _kind(directory: Path) -> str:
    for marker, kind in (("dm", "dm"), ("md", "md"), ("bcache", "bcache")):
        if (directory / marker).is_dir():
            return kind
    return next((kind for prefix, kind in _KINDS if directory.name.startswith(prefix)), "other")


def _numbers(root: Root, directory: Path) -> tuple[int, int] | None:
    text = root.text(directory / "dev")
    match = re.fullmatch(r"(\d+):(\d+)", text or "")
    if match is None:
        if text is not None or (directory / "size").exists():
            root.note(directory / "dev", "there is no device number in it")
        return None
    return int(match[1]), int(match[2])


def _size(root: Root, directory: Path) -> int | None:
    sectors = root.count(directory / "size")
    return None if sectors is None else sectors * _SECTOR


def _scheduler(root: Root, directory: Path) -> str | None:
    """The bracketed word of queue/scheduler; "none" where the device may have one and has none."""
    text = root.text(directory / "queue/scheduler")
    match = re.search(r"\[([^\]]+)\]", text or "")
    return match[1] if match else text if text == "none" else None


def _serial(root: Root, directory: Path) -> str | None:
    for name in ("serial", "device/serial"):
        serial = root.text(directory / name, may_refuse=True)
        if serial:
            return serial
    return None


def _label(root: Root, directory: Path) -> str | None:
    for name in ("dm/name", "md/level", "loop/backing_file"):
        label = root.text(directory / name, may_refuse=True)
        if label:
            return label
    return None


def _partitions(root: Root, directory: Path) -> tuple[Partition, ...]:
    out = []
    for name in root.entries(directory):
        if name.startswith(directory.name) and (directory / name / "partition").exists():
            numbers = _numbers(root, directory / name)
            if numbers is not None:
                out.append(Partition(name.replace("!", "/"), *numbers, _size(root, directory / name)))
    return tuple(sorted(out, key=lambda part: part.minor))
