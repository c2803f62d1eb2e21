"""cAdvisor's MachineInfo made of ours: its fields, its order, its numbers where clients depend on them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast.machine import reading
from pycadvisor_fast.machine.cadvisor import attributes, go_time, machine_info
from pycadvisor_fast.machine.model import Cloud, Filesystem, Machine, RuntimeVersion

from . import machine_trees as trees

FIELDS = [
    "timestamp",
    "vendor_id",
    "num_cores",
    "num_physical_cores",
    "num_sockets",
    "cpu_frequency_khz",
    "memory_capacity",
    "swap_capacity",
    "memory_by_type",
    "nvm",
    "hugepages",
    "machine_id",
    "system_uuid",
    "boot_id",
    "filesystems",
    "disk_map",
    "network_devices",
    "topology",
    "cloud_provider",
    "instance_type",
    "instance_id",
]


def info(path: Path, kind: Any) -> dict[str, Any]:
    return machine_info(reading.read(root=kind(path).root))


def test_two_sockets(tmp_path: Path) -> None:
    found = info(tmp_path, trees.two_sockets)
    assert list(found) == FIELDS
    json.dumps(found)
    assert (found["num_cores"], found["num_physical_cores"], found["num_sockets"]) == (15, 4, 2)
    assert found["memory_by_type"] == {"Registered-DDR4": {"capacity": 4 * 32 * 2**30, "dimm_count": 4}}
    assert found["nvm"]["app direct_mode_capacity"] == 2 * 270_582_939_648
    assert found["hugepages"] == [{"page_size": 2048, "num_pages": 128}, {"page_size": 1_048_576, "num_pages": 2}]
    assert list(found["disk_map"]) == ["104:0", "179:0", "253:1", "259:0", "8:0", "9:0"]
    assert found["disk_map"]["9:0"] == {"name": "md0", "major": 9, "minor": 0, "size": 8192 * 512, "scheduler": "none"}
    assert [device["name"] for device in found["network_devices"]] == ["bond0", "bond0.7", "eno1", "eno2"]
    assert found["network_devices"][3]["speed"] == 0
    assert (found["cloud_provider"], found["instance_type"], found["instance_id"]) == ("Unknown", "Unknown", "")


def test_a_sockets_cache_is_the_nodes_and_a_cores_is_the_cores(tmp_path: Path) -> None:
    first, second = info(tmp_path, trees.two_sockets)["topology"]
    assert [core["core_id"] for core in first["cores"]] == [0, 1, 2, 8]
    assert first["cores"][0]["thread_ids"] == [0, 8]
    assert first["cores"][0]["socket_id"] == 0
    assert [cache["level"] for cache in first["cores"][0]["caches"]] == [1, 1, 2]
    assert first["cores"][0]["uncore_caches"] is None
    assert [(cache["level"], cache["size"]) for cache in first["caches"]] == [(3, 22528 * 1024)]
    assert second["cores"][3]["thread_ids"] == [7]
    assert (first["node_id"], first["memory"], first["distances"]) == (0, 65_500_000 * 1024, [10, 21])


def test_a_complexs_cache_is_an_uncore_cache(tmp_path: Path) -> None:
    nodes = info(tmp_path, trees.epyc)["topology"]
    assert [len(node["cores"]) for node in nodes] == [8, 8, 8, 8]
    assert nodes[1]["caches"] is None
    assert nodes[1]["cores"][0]["uncore_caches"] == [{"id": 8, "size": 2**24, "type": "Unified", "level": 3}]


def test_without_numa_each_socket_is_a_node(tmp_path: Path) -> None:
    found = info(tmp_path, trees.big_little)
    assert [(node["node_id"], len(node["cores"]), node["memory"]) for node in found["topology"]] == [(0, 6, 0)]
    assert found["cpu_frequency_khz"] == 1_416_000
    assert found["vendor_id"] == ""


def test_s390_has_books_and_drawers(tmp_path: Path) -> None:
    found = info(tmp_path, trees.s390)
    assert (found["num_books"], found["num_drawers"]) == (2, 2)
    core = found["topology"][0]["cores"][-1]
    assert (core["book_id"], core["drawer_id"]) == ("1", "1")


def test_an_unknown_machine_has_every_field() -> None:
    found = machine_info(Machine())
    assert list(found) == FIELDS
    assert found["topology"] == []
    assert found["disk_map"] == {}
    assert found["filesystems"] is None
    assert found["timestamp"] == "0001-01-01T00:00:00Z"


def test_filesystems_and_cloud() -> None:
    machine = replace(
        Machine(),
        filesystems=(Filesystem("/dev/vda1", "/", "ext4", 254, 1, 100, 7), Filesystem("tank", "/t", "zfs")),
        cloud=Cloud("GCE", "dmi", "n1-standard-1", "42"),
    )
    found = machine_info(machine)
    assert found["filesystems"] == [
        {"device": "/dev/vda1", "capacity": 100, "type": "vfs", "inodes": 7, "has_inodes": True},
        {"device": "tank", "capacity": 0, "type": "zfs", "inodes": 0, "has_inodes": False},
    ]
    assert (found["cloud_provider"], found["instance_type"], found["instance_id"]) == ("GCE", "n1-standard-1", "42")


def test_attributes(tmp_path: Path) -> None:
    machine = reading.read(root=trees.two_sockets(tmp_path).root)
    found = attributes(replace(machine, runtimes=(RuntimeVersion("docker", "27.3.1", "1.47"),)), "1.2.3")
    assert list(found)[:6] == [
        "kernel_version",
        "container_os_version",
        "docker_version",
        "docker_api_version",
        "cadvisor_version",
        "num_cores",
    ]
    assert list(found.values())[:6] == ["6.12.1-test", "Debian GNU/Linux 12 (bookworm)", "27.3.1", "1.47", "1.2.3", 15]
    assert list(found)[-1] == "instance_type"
    assert len(found) == 17
    empty = attributes(Machine(), "1.2.3")
    assert (empty["docker_version"], empty["kernel_version"], empty["topology"]) == ("", "", [])


@pytest.mark.parametrize(
    ("ns", "text"),
    [(1_795_559_817_000_000_000, "2026-11-24T22:36:57Z"), (1_795_559_817_120_000_000, "2026-11-24T22:36:57.12Z")],
)
def test_times_as_go_writes_them(ns: int, text: str) -> None:
    assert go_time(ns) == text
