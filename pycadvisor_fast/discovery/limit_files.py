"""Limits of a cgroup that no group of the ring holds: cores allowed, block IO by device, huge pages; and those of the
group ``limits`` while the ring has no tick of it yet.

These change when somebody sets them, once in the life of most containers: they are read when a container appears and at
a slow interval, by the thread of the specs and never by one that samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..columns import Column
from ..spec import UNLIMITED, IoLimit

ABSENT = 2**64 - 1
_NO_SIZES: Mapping[str, int] = MappingProxyType({})
_MOST_BYTES = 64 * 1024  # of one file: io.max has a line of some 60 bytes for each device
_WORDS = {"": 0, "quota": 0, "period": 1}  # "max 100000" of cpu.max
_IO_MAX = {
    "rbps": "read_bytes_per_second",
    "wbps": "write_bytes_per_second",
    "riops": "read_ops_per_second",
    "wiops": "write_ops_per_second",
}
_THROTTLE = {  # v1, below blkio.throttle.
    "read_bps_device": "read_bytes_per_second",
    "write_bps_device": "write_bytes_per_second",
    "read_iops_device": "read_ops_per_second",
    "write_iops_device": "write_ops_per_second",
}


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What the files of one cgroup say; fields as in spec.Limits."""

    cpu_mask: str = ""
    io_weight: int | None = None
    io: tuple[IoLimit, ...] = ()
    hugetlb_bytes: Mapping[str, int] = field(default_factory=lambda: _NO_SIZES)


class LimitFiles:
    """Reads them, wherever the controllers are mounted (facts of the host: {"layout": ..., "controllers": {...}})."""

    def __init__(self, facts: Mapping[str, Any], page_sizes: tuple[str, ...] | None = None) -> None:
        self._is_unified = facts["layout"] == "v2"
        self._mounts = {name: Path(fact["mount"]) for name, fact in facts["controllers"].items() if fact["mount"]}
        self._sizes = page_sizes if page_sizes is not None else _page_sizes()

    def read(self, path: str) -> FileLimits:
        """Of the cgroup at ``path``; what is not there is left out, and a cgroup that is gone has none."""
        return self._read_v2(path) if self._is_unified else self._read_v1(path)

    def row(self, path: str, columns: Iterable[Column]) -> tuple[int, ...]:
        """What the ring would hold of these columns of the group ``limits``, from their files; ABSENT: no such file."""
        return tuple(self._value(path, column.v2 if self._is_unified else column.v1) for column in columns)

    def _value(self, path: str, source: str) -> int:
        """``source`` as columns.def has it: "memory.max", or "cpu.max:quota" for a word of a line."""
        name, _, key = source.partition(":")
        place = self._place("unified" if self._is_unified else name.partition(".")[0], path) if name else None
        if place is None:
            return ABSENT
        words = _text(place / name).split()
        word = words[_WORDS[key]] if len(words) > _WORDS[key] else ""
        value = UNLIMITED if word == "-1" else number(word)
        return ABSENT if value is None else value

    def _read_v2(self, path: str) -> FileLimits:
        place = self._place("unified", path)
        if place is None:
            return FileLimits()
        devices: dict[str, dict[str, int]] = {}
        for device, text in _lines(place / "io.max"):
            devices[device] = {
                _IO_MAX[key]: limit
                for key, value in (item.partition("=")[::2] for item in text.split())
                if key in _IO_MAX and (limit := number(value)) is not None
            }
        for device, text in _lines(place / "io.latency"):
            if (latency := number(text.removeprefix("target="))) is not None:
                devices.setdefault(device, {})["latency_usec"] = latency
        weight = self._weights(devices, place / "io.bfq.weight") or self._weights(devices, place / "io.weight")
        return FileLimits(
            _text(place / "cpuset.cpus.effective"), weight, _io(devices), self._huge(place, "hugetlb.{}.max")
        )

    def _read_v1(self, path: str) -> FileLimits:
        cpuset, blkio, huge = (self._place(name, path) for name in ("cpuset", "io", "hugetlb"))
        devices: dict[str, dict[str, int]] = {}
        weight = None
        if blkio is not None:
            for name, field_name in _THROTTLE.items():
                for device, text in _lines(blkio / f"blkio.throttle.{name}"):
                    if (limit := number(text)) is not None:
                        devices.setdefault(device, {})[field_name] = limit
            weight = number(_text(blkio / "blkio.bfq.weight")) or number(_text(blkio / "blkio.weight"))
        mask = (_text(cpuset / "cpuset.effective_cpus") or _text(cpuset / "cpuset.cpus")) if cpuset is not None else ""
        sizes = self._huge(huge, "hugetlb.{}.limit_in_bytes") if huge is not None else _NO_SIZES
        return FileLimits(mask, weight, _io(devices), sizes)

    def _place(self, controller: str, path: str) -> Path | None:
        mount = self._mounts.get(controller)
        return None if mount is None else mount / path.lstrip("/")

    def _weights(self, devices: dict[str, dict[str, int]], path: Path) -> int | None:
        """ "default 100" and a line for each device that has a weight of its own."""
        found = None
        for first, text in _lines(path):
            weight = number(text)
            if weight is None:
                continue
            if first == "default":
                found = weight
            else:
                devices.setdefault(first, {})["weight"] = weight
        return found

    def _huge(self, place: Path, name: str) -> Mapping[str, int]:
        found = {size: number(_text(place / name.format(size))) for size in self._sizes}
        return MappingProxyType({size: limit for size, limit in found.items() if limit is not None})


def number(text: str) -> int | None:
    """ "max" is UNLIMITED; so is v1's largest number, which it rounds down to whole pages. None: no number."""
    text = text.strip()
    if text == "max":
        return UNLIMITED
    if not (text.isascii() and text.isdigit()):
        return None
    value = int(text)
    return UNLIMITED if value >= 2**63 - 2**30 else value  # hugetlb v1: the largest multiple of the page size


def _io(devices: Mapping[str, Mapping[str, int]]) -> tuple[IoLimit, ...]:
    return tuple(IoLimit(device, **limits) for device, limits in sorted(devices.items()) if limits)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for line in _text(path).splitlines():
        first, _, rest = line.partition(" ")
        if rest:
            yield first, rest


def _text(path: Path) -> str:
    try:
        with path.open("rb", buffering=0) as file:
            return file.read(_MOST_BYTES).decode("ascii", "replace").strip()
    except OSError:
        return ""


def _page_sizes(root: Path = Path("/sys/kernel/mm/hugepages")) -> tuple[str, ...]:
    """ "2MB", "1GB": as the kernel names the files (mm/hugetlb_cgroup.c, mem_fmt)."""
    sizes = []
    for entry in sorted(root.glob("hugepages-*kB")):
        kib = int(entry.name.removeprefix("hugepages-").removesuffix("kB"))
        whole = [(kib >> shift, unit) for unit, shift in (("GB", 20), ("MB", 10), ("KB", 0)) if kib >> shift]
        sizes.append(f"{whole[0][0]}{whole[0][1]}")
    return tuple(sizes)
