"""What is known of filesystems and block devices: plain data, no I/O.

A number that the kernel does not give is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_NO_CONTAINERS: Mapping[int, tuple[TreeUsage, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class BlockDevice:
    """A line of /proc/diskstats (Documentation/admin-guide/iostats.rst). Counters since boot; bytes are its sectors
    of 512. Discards came with kernel 4.18, flushes with 5.5."""

    name: str
    major: int
    minor: int
    disk: str  # the whole disk that this is a partition of; "" = it is one itself
    reads: int
    reads_merged: int
    read_bytes: int
    read_ms: int
    writes: int
    writes_merged: int
    written_bytes: int
    write_ms: int
    in_flight: int  # a gauge
    busy_ms: int
    weighted_ms: int
    discards: int | None = None
    discards_merged: int | None = None
    discarded_bytes: int | None = None
    discard_ms: int | None = None
    flushes: int | None = None
    flush_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Filesystem:
    """A mounted filesystem of the host. Sizes in bytes; None = never answered, or it counts no such thing.

    ``asked_ns`` is when it last answered, ``hangs_since_ns`` when the call that has not come back was made (wall-clock
    ns, 0 = never, or it does not hang): while it hangs the numbers are those of ``asked_ns``. ``error`` is why it gave
    no answer.
    """

    source: str  # device, "host:/export", dataset, ...: as mountinfo has it
    type: str  # the kernel's name: "ext4", "tmpfs", ...
    mount_point: str  # as the host calls it
    major: int
    minor: int
    labels: tuple[str, ...] = ()  # "root", "docker-images", ...
    is_read_only: bool = False
    capacity_bytes: int | None = None
    free_bytes: int | None = None
    available_bytes: int | None = None  # to others than root
    inodes: int | None = None
    inodes_free: int | None = None
    asked_ns: int = 0
    hangs_since_ns: int = 0
    error: str = ""
    device: BlockDevice | None = None
    uuid: str = ""  # of its block device, as /dev/disk/by-uuid has it; "" = none is known

    @property
    def used_bytes(self) -> int | None:
        """Capacity less what is free, as df counts."""
        if self.capacity_bytes is None or self.free_bytes is None:
            return None
        return self.capacity_bytes - self.free_bytes

    @property
    def inodes_used(self) -> int | None:
        """Inodes less those free."""
        return None if self.inodes is None or self.inodes_free is None else self.inodes - self.inodes_free

    @property
    def is_stale(self) -> bool:
        """Whether its numbers are older than the last attempt to get them."""
        return bool(self.hangs_since_ns or self.error)


@dataclass(frozen=True, slots=True)
class TreeUsage:
    """What one directory tree of a container holds. ``kind`` is "layer" (writable), "log", "volume" or "bind".

    ``bytes`` is what it takes on disk (blocks of 512), ``apparent_bytes`` the lengths of its files, ``inodes`` counts
    the tree itself, its directories and its files; a file with several names counts once. ``own_bytes`` is what of
    ``bytes`` no other subvolume shares, told by btrfs. ``source`` says who counted: "walk", "quota" (project quota),
    "qgroup" (btrfs), "snapshotter" (containerd), "" = nobody yet; what that one does not count is None.
    ``measured_ns``: wall clock when that ended, 0 = not yet. A layer without a directory on the host has no ``path``.
    """

    kind: str
    path: str
    bytes: int | None = None
    apparent_bytes: int | None = None
    inodes: int | None = None
    source: str = ""
    measured_ns: int = 0
    took_ns: int = 0  # from the beginning of the walk to its end
    skipped: int = 0  # directories that could not be read, and other filesystems mounted in it
    error: str = ""
    own_bytes: int | None = None
    name: str = ""  # of a volume
    destination: str = ""  # where a volume or bind mount is in the container
    is_read_only: bool = False  # to the container


@dataclass(frozen=True, slots=True)
class Storage:
    """What the host's filesystems, block devices and containers' trees are like at one moment."""

    filesystems: tuple[Filesystem, ...] = ()  # in the order they were mounted
    devices: tuple[BlockDevice, ...] = ()  # as /proc/diskstats has them
    taken_ns: int = 0  # wall clock
    containers: Mapping[int, tuple[TreeUsage, ...]] = field(default_factory=lambda: _NO_CONTAINERS)  # by handle
    notes: tuple[str, ...] = ()
