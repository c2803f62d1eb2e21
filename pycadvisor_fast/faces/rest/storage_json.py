"""Filesystems as cAdvisor's JSON: FsStats (v1), FsInfo (v2 storage), MachineFsStats and FilesystemStats (v2.1). Pure.

Sizes are those of feed.filesystems(). Counters of the block device below stand in each entry, times in ms (v1) or
ns (v2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...container import Container
from ...filesystem import BlockDevice, Filesystem, Storage, TreeUsage
from . import go_json

_OWN_TYPES = {"zfs": "zfs", "devicemapper": "devicemapper"}  # all others are "vfs" to cAdvisor
_SECTOR = 512
_MS = 1_000_000
_NO_COUNTERS: Mapping[str, int] = {}


def host_stats(storage: Storage) -> bytes:
    """The ``filesystem`` array of "/": an FsStats for each of the host's. b"": there are none."""
    return _array([_fs_stats(one, one.used_bytes or 0) for one in storage.filesystems if _is_known(one)])


def container_stats(container: Container, storage: Storage) -> bytes:
    """The ``filesystem`` array of a container: one FsStats of its writable layer and its logs. b"": not measured.

    As cAdvisor has it: ``available`` and ``inodes_free`` are 0, and ``inodes`` are those that the layer uses.
    """
    used = _usage(container, storage)
    if used is None:
        return b""
    below = _filesystem_of(container.layer_path, storage)
    fields = _fs_stats(below, used["total"], base=used["layer"]) if below else _fs_fields("", "", 0, used["total"])
    fields |= {"base_usage": used["layer"], "available": 0, "has_inodes": False}
    return _array([fields | {"inodes": used["inodes"], "inodes_free": 0}])


def container_usage(container: Container, storage: Storage) -> bytes:
    """The ``filesystem`` object of a container in v2.1 (FilesystemStats). b"": not measured."""
    used = _usage(container, storage)
    if used is None:
        return b""
    return go_json.dumps(
        {
            "totalUsageBytes": used["total"],
            "baseUsageBytes": used["layer"],
            "containter_inode_usage": used["inodes"],  # cAdvisor's spelling
        }
    )


def machine_stats(storage: Storage) -> bytes:
    """The ``filesystem`` array of MachineStats. b"": there are none."""
    return _array([_machine_fs(one) for one in storage.filesystems if _is_known(one)])


def info(one: Filesystem) -> bytes:
    """An FsInfo: what /api/v2.x/storage has of a filesystem."""
    fields: dict[str, Any] = {
        "timestamp": go_json.time(one.asked_ns),
        "device": device_name(one),
        "mountpoint": one.mount_point,
        "capacity": one.capacity_bytes or 0,
        "available": one.available_bytes or 0,
        "usage": one.used_bytes or 0,
        "labels": list(one.labels) or None,
    }
    for key, value in (("inodes", one.inodes), ("inodes_free", one.inodes_free)):
        if value is not None:
            fields[key] = value
    return go_json.dumps(fields)


def infos(filesystems: Sequence[Filesystem]) -> bytes:
    """An array of FsInfo."""
    return b"[" + b",".join(map(info, filesystems)) + b"]"


def device_name(one: Filesystem) -> str:
    """What cAdvisor calls it: the mount point of a tmpfs, "overlay_<major>-<minor>", else the source."""
    if one.type == "tmpfs":
        return one.mount_point
    if one.type == "overlay":
        return f"{one.source}_{one.major}-{one.minor}"
    return one.source


def _is_known(one: Filesystem) -> bool:
    return one.capacity_bytes is not None


def _array(entries: Sequence[Mapping[str, Any]]) -> bytes:
    return go_json.dumps(list(entries)) if entries else b""


def _usage(container: Container, storage: Storage) -> dict[str, int] | None:
    trees = {tree.kind: tree for tree in storage.containers.get(container.handle, ())}
    layer = trees.get("layer")
    if layer is None or layer.bytes is None:
        return None
    log: TreeUsage | None = trees.get("log")
    logs = log.bytes if log is not None and log.bytes is not None else 0
    return {"total": layer.bytes + logs, "layer": layer.bytes, "inodes": layer.inodes or 0}


def _filesystem_of(path: str, storage: Storage) -> Filesystem | None:
    """The filesystem that ``path`` lies on: the longest mount point above it."""
    covering = [
        one
        for one in storage.filesystems
        if path == one.mount_point or path.startswith(one.mount_point.rstrip("/") + "/")
    ]
    return max(covering, key=lambda one: len(one.mount_point), default=None)


def _fs_stats(one: Filesystem, usage: int, base: int = 0) -> dict[str, Any]:
    kind = _OWN_TYPES.get(one.type, "vfs")
    fields = _fs_fields(device_name(one), kind, one.capacity_bytes or 0, usage, base)
    fields |= {
        "available": one.available_bytes or 0,
        "has_inodes": one.inodes is not None,
        "inodes": one.inodes or 0,
        "inodes_free": one.inodes_free or 0,
    }
    return {**fields, **_counters(one.device)}


def _fs_fields(device: str, kind: str, capacity: int, usage: int, base: int = 0) -> dict[str, Any]:
    """All fields of an FsStats in their order, what is not known as 0."""
    return {
        **({"device": device} if device else {}),
        "type": kind or "vfs",
        "capacity": capacity,
        "usage": usage,
        "base_usage": base,
        "available": 0,
        "has_inodes": False,
        "inodes": 0,
        "inodes_free": 0,
        "reads_completed": 0,
        "reads_merged": 0,
        "sectors_read": 0,
        "read_time": 0,
        "writes_completed": 0,
        "writes_merged": 0,
        "sectors_written": 0,
        "write_time": 0,
        "io_in_progress": 0,
        "io_time": 0,
        "weighted_io_time": 0,
    }


def _counters(device: BlockDevice | None) -> Mapping[str, int]:
    if device is None:
        return _NO_COUNTERS
    return {
        "reads_completed": device.reads,
        "reads_merged": device.reads_merged,
        "sectors_read": device.read_bytes // _SECTOR,
        "read_time": device.read_ms,
        "writes_completed": device.writes,
        "writes_merged": device.writes_merged,
        "sectors_written": device.written_bytes // _SECTOR,
        "write_time": device.write_ms,
        "io_in_progress": device.in_flight,
        "io_time": device.busy_ms,
        "weighted_io_time": device.weighted_ms,
    }


_DURATIONS = {
    "read_time": "read_duration",
    "write_time": "write_duration",
    "io_time": "io_duration",
    "weighted_io_time": "weighted_io_duration",
}


def _machine_fs(one: Filesystem) -> dict[str, Any]:
    fields: dict[str, Any] = {"device": device_name(one), "type": _OWN_TYPES.get(one.type, "vfs")}
    sizes = {
        "capacity": one.capacity_bytes,
        "usage": one.used_bytes,
        "available": one.available_bytes,
        "inodes_free": one.inodes_free,
    }
    fields |= {key: value for key, value in sizes.items() if value is not None}
    counters = {**_fs_fields("", "", 0, 0), **_counters(one.device)}
    # "inline" is a key: Go knows no such option, so the struct that was meant to be embedded is nested under its name.
    fields["inline"] = {
        _DURATIONS.get(key, key): value * _MS if key in _DURATIONS else value
        for key, value in counters.items()
        if key in _COUNTED
    }
    return fields


_COUNTED = frozenset(
    (
        *("reads_completed", "reads_merged", "sectors_read", "read_time", "writes_completed", "writes_merged"),
        *("sectors_written", "write_time", "io_in_progress", "io_time", "weighted_io_time"),
    )
)
