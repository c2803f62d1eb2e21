"""Filesystems in cAdvisor's words."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from pycadvisor_fast.faces.rest import storage_json
from pycadvisor_fast.filesystem import BlockDevice, Filesystem, Storage, TreeUsage

from .handmade_ring import container

SDA1 = BlockDevice("sda1", 8, 1, "sda", 10, 1, 5120, 7, 20, 2, 10240, 9, 3, 40, 50)
ROOT = Filesystem(
    *("/dev/sda1", "ext4", "/", 8, 1, ("root", "docker-images"), False, 1000, 400, 350, 100, 60),
    asked_ns=1_700_000_000_000_000_000,
    device=SDA1,
)
TMP = Filesystem("tmpfs", "tmpfs", "/run", 0, 22, capacity_bytes=50, free_bytes=40, available_bytes=40, inodes=5)
OVER = Filesystem("overlay", "overlay", "/var/lib/x/merged", 0, 51, capacity_bytes=1000, free_bytes=1)
DEAD = Filesystem("nas:/export", "nfs4", "/mnt", 0, 60, error="Stale file handle")
WEB = container(1, layer_path="/var/lib/docker/overlay2/l/diff")
TREES = (TreeUsage("layer", "/l", 300, 290, 7), TreeUsage("log", "/log", 20, 19, 2))
STORAGE = Storage((ROOT, TMP, OVER, DEAD), (SDA1,), containers={WEB.handle: TREES})
COUNTERS = {
    "reads_completed": 10,
    "reads_merged": 1,
    "sectors_read": 10,
    "read_time": 7,
    "writes_completed": 20,
    "writes_merged": 2,
    "sectors_written": 20,
    "write_time": 9,
    "io_in_progress": 3,
    "io_time": 40,
    "weighted_io_time": 50,
}


def read(text: bytes) -> Any:
    return json.loads(text)


def test_the_hosts() -> None:
    root, tmp, over = read(storage_json.host_stats(STORAGE))
    assert list(root.items()) == [
        ("device", "/dev/sda1"), ("type", "vfs"), ("capacity", 1000), ("usage", 600), ("base_usage", 0),
        ("available", 350), ("has_inodes", True), ("inodes", 100), ("inodes_free", 60), *COUNTERS.items(),
    ]  # fmt: skip
    assert (tmp["device"], tmp["type"], tmp["usage"]) == ("/run", "vfs", 10)
    assert over["device"] == "overlay_0-51"
    assert over["has_inodes"] is False
    assert storage_json.host_stats(Storage()) == b""


def test_a_containers() -> None:
    (one,) = read(storage_json.container_stats(WEB, STORAGE))
    assert list(one.items()) == [
        ("device", "/dev/sda1"), ("type", "vfs"), ("capacity", 1000), ("usage", 320), ("base_usage", 300),
        ("available", 0), ("has_inodes", False), ("inodes", 7), ("inodes_free", 0), *COUNTERS.items(),
    ]  # fmt: skip
    usage = read(storage_json.container_usage(WEB, STORAGE))
    assert usage == {"totalUsageBytes": 320, "baseUsageBytes": 300, "containter_inode_usage": 7}


def test_a_container_that_is_not_measured() -> None:
    unmeasured = Storage((ROOT,), containers={WEB.handle: (TreeUsage("layer", "/l"), TREES[1])})
    for storage in (Storage(), unmeasured):
        assert storage_json.container_stats(WEB, storage) == b""
        assert storage_json.container_usage(WEB, storage) == b""


def test_a_layer_on_an_unknown_filesystem() -> None:
    (one,) = read(storage_json.container_stats(WEB, dataclasses.replace(STORAGE, filesystems=(TMP,))))
    assert "device" not in one
    assert (one["usage"], one["base_usage"], one["inodes"], one["capacity"]) == (320, 300, 7, 0)


def test_mount_points_are_compared_by_their_parts() -> None:
    near = dataclasses.replace(ROOT, mount_point="/var/lib/dock", source="/dev/near")
    deep = dataclasses.replace(ROOT, mount_point="/var/lib/docker", source="/dev/deep")
    storage = dataclasses.replace(STORAGE, filesystems=(deep, near, ROOT))
    assert read(storage_json.container_stats(WEB, storage))[0]["device"] == "/dev/deep"


def test_the_machines() -> None:
    root, tmp, _ = read(storage_json.machine_stats(STORAGE))
    assert list(root)[:6] == ["device", "type", "capacity", "usage", "available", "inodes_free"]
    assert root["inline"] == {
        "reads_completed": 10,
        "reads_merged": 1,
        "sectors_read": 10,
        "read_duration": 7_000_000,
        "writes_completed": 20,
        "writes_merged": 2,
        "sectors_written": 20,
        "write_duration": 9_000_000,
        "io_in_progress": 3,
        "io_duration": 40_000_000,
        "weighted_io_duration": 50_000_000,
    }
    assert "inodes_free" not in tmp
    assert set(tmp["inline"].values()) == {0}


def test_what_storage_answers() -> None:
    assert storage_json.info(ROOT) == (
        b'{"timestamp":"2023-11-14T22:13:20Z","device":"/dev/sda1","mountpoint":"/","capacity":1000,"available":350,'
        b'"usage":600,"labels":["root","docker-images"],"inodes":100,"inodes_free":60}'
    )
    dead = read(storage_json.info(DEAD))
    assert dead["labels"] is None
    assert dead["timestamp"] == "0001-01-01T00:00:00Z"
    assert "inodes" not in dead
    assert read(storage_json.infos((ROOT, DEAD))) == [read(storage_json.info(ROOT)), dead]
    assert storage_json.infos(()) == b"[]"
