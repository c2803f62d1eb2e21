"""container_fs_*: filesystems and block devices of "/", and what containers hold on disk. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from pycadvisor_fast.container import Container
from pycadvisor_fast.filesystem import BlockDevice, Filesystem, Storage, TreeUsage
from pycadvisor_fast.native.exposition import Given

from .given import Number, labelled
from .labels import Pairs

Item = tuple[str, int, Pairs, Number]

_SECTOR = 512
_NAMELESS = ("tmpfs", "ramfs")
_OWN_TREES = ("layer", "log")  # cAdvisor's usage of a container; volumes are not its own
_DISK: tuple[tuple[str, Callable[[BlockDevice], int]], ...] = (
    ("sector_reads", lambda device: device.read_bytes // _SECTOR),
    ("sector_writes", lambda device: device.written_bytes // _SECTOR),
    ("reads_merged", lambda device: device.reads_merged),
    ("writes_merged", lambda device: device.writes_merged),
    ("read_seconds", lambda device: device.read_ms),
    ("write_seconds", lambda device: device.write_ms),
    ("io_time_weighted_seconds", lambda device: device.weighted_ms),
    ("io_time_seconds", lambda device: device.busy_ms),
    ("io_current", lambda device: device.in_flight),
)


def device_names(storage: Storage) -> dict[str, str]:
    """What each block device is called, by "major:minor": as the filesystem on it is, else /dev and its name."""
    names = {f"{device.major}:{device.minor}": f"/dev/{device.name}" for device in storage.devices}
    for one in storage.filesystems:
        if one.device is not None and one.source.startswith("/dev/"):
            names[f"{one.device.major}:{one.device.minor}"] = one.source
    return names


def label_of(one: Filesystem) -> str:
    """The label ``device`` of a filesystem, as cAdvisor has it: those that are all called alike go by their numbers
    (overlay) or mount points (tmpfs, and what has no source)."""
    if one.type == "overlay":
        return f"{one.source}_{one.major}-{one.minor}"
    return one.mount_point if one.type in _NAMELESS or one.source in ("", "none", one.type) else one.source


def samples(
    storage: Storage, containers: Sequence[Container], form: int, *, with_disks: bool, is_strict: bool
) -> dict[str, Given]:
    """By name of the given samples; ``with_disks``: those of block devices as well."""
    found: dict[str, dict[tuple[int, Pairs], Number]] = {}
    items = [*_of_root(storage, containers, with_disks=with_disks), *_of_containers(storage, containers, is_strict)]
    for name, index, pairs, value in items:
        found.setdefault(name, {}).setdefault((index, pairs), value)  # the first of those called alike
    time_ms = storage.taken_ns // 10**6
    return {
        name: labelled(((index, pairs, value) for (index, pairs), value in values.items()), form, time_ms)
        for name, values in found.items()
    }


def _of_root(storage: Storage, containers: Sequence[Container], *, with_disks: bool) -> Iterator[Item]:
    root = next((index for index, container in enumerate(containers) if container.path == "/"), None)
    if root is None:
        return
    for one in storage.filesystems:
        yield from _filesystem(root, one, one.used_bytes, one.inodes, one.inodes_free)
    names = device_names(storage)
    for device in storage.devices if with_disks else ():
        if device.reads or device.writes or device.in_flight:
            yield from _device(root, device, names)


def _device(index: int, device: BlockDevice, names: Mapping[str, str]) -> Iterator[Item]:
    pairs = (("device", names[f"{device.major}:{device.minor}"]),)
    for name, value in _DISK:
        yield f"disk.{name}", index, pairs, value(device)


def _filesystem(
    index: int, one: Filesystem, used: int | None, inodes: int | None, inodes_free: int | None
) -> Iterator[Item]:
    pairs = (("device", label_of(one)),)
    values = (
        ("limit_bytes", one.capacity_bytes),
        ("usage_bytes", used),
        ("inodes_total", inodes),
        ("inodes_free", inodes_free),
    )
    for name, value in values:
        if value is not None:
            yield f"fs.{name}", index, pairs, value


def _of_containers(storage: Storage, containers: Sequence[Container], is_strict: bool) -> Iterator[Item]:
    if not storage.containers:
        return
    mounts = sorted(storage.filesystems, key=lambda one: len(one.mount_point), reverse=True)
    known: dict[str, Filesystem | None] = {}
    for index, container in enumerate(containers):
        trees = storage.containers.get(container.handle, ())
        for tree in trees:
            yield from _tree(index, tree)
        own = [tree for tree in trees if tree.kind in _OWN_TREES and tree.bytes is not None]
        layer = next((tree for tree in own if tree.kind == "layer"), None)
        if layer is None:
            continue
        if not layer.path:  # counted by its snapshotter, on a device that nobody names
            yield "fs.usage_bytes", index, (("device", container.layer_driver),), sum(tree.bytes or 0 for tree in own)
            continue
        place = layer.path.rpartition("/")[0].rpartition("/")[0]
        if place not in known:
            known[place] = next((one for one in mounts if _covers(one.mount_point, layer.path)), None)
        if (one := known[place]) is not None:
            used = sum(tree.bytes or 0 for tree in own)
            total, free = (layer.inodes, 0) if is_strict else (one.inodes, one.inodes_free)
            yield from _filesystem(index, one, used, total, free)


def _tree(index: int, tree: TreeUsage) -> Iterator[Item]:
    pairs = (("kind", tree.kind), ("path", tree.path))
    for name, value in (("bytes", tree.bytes), ("inodes", tree.inodes)):
        if value is not None:
            yield f"tree.{name}", index, pairs, value


def _covers(mount_point: str, path: str) -> bool:
    return mount_point in ("/", path) or path.startswith(mount_point + "/")
