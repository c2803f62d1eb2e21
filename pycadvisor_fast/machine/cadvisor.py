"""The machine in cAdvisor's words (info/v1, type MachineInfo): for faces that speak its API. Pure.

Where cAdvisor counts wrongly and clients depend on the number, it is cAdvisor's number here: ``num_physical_cores``,
``cpu_frequency_khz``. What it leaves empty (cloud, memory_by_type without EDAC, nvm) is filled where it is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from .model import Cache, Core, Disk, Filesystem, HugePages, Machine, NetworkDevice, NumaNode

_UNKNOWN = "Unknown"
_OWN_TYPES = {"zfs": "zfs", "devicemapper": "devicemapper"}  # all others are "vfs" to cAdvisor
_PRIVATE_LEVEL = 2  # caches up to here may be a core's, those beyond a node's


def machine_info(machine: Machine) -> dict[str, Any]:
    """The object of /api/v1.x/machine, its fields in cAdvisor's order; lists that Go would leave nil are None,
    maps are sorted by key, as Go writes them."""
    topology, cloud = machine.topology, machine.cloud
    info: dict[str, Any] = {
        "timestamp": go_time(machine.time_ns),
        "vendor_id": machine.vendor_id or "",
        "num_cores": topology.cpus_online or 0,
        "num_physical_cores": machine.cadvisor.physical_cores,
        "num_sockets": machine.cadvisor.sockets,
        "num_books": topology.books,
        "num_drawers": topology.drawers,
        "cpu_frequency_khz": machine.clock.cadvisor_khz,
        "memory_capacity": machine.memory.capacity_bytes or 0,
        "swap_capacity": machine.memory.swap_bytes or 0,
        "memory_by_type": _by_key(
            {
                kind.kind: {"capacity": kind.capacity_bytes, "dimm_count": kind.modules}
                for kind in machine.memory.by_type
            }
        ),
        "nvm": {
            "memory_mode_capacity": 0,
            "app direct_mode_capacity": machine.memory.nvm.app_direct_bytes if machine.memory.nvm else 0,
            "avg_power_budget": 0,
        },
        "hugepages": _hugepages(machine.memory.hugepages),
        "machine_id": machine.machine_id or "",
        "system_uuid": machine.system_uuid or "",
        "boot_id": machine.boot_id or "",
        "filesystems": [_filesystem(found) for found in machine.filesystems] or None,
        "disk_map": _by_key(
            {f"{disk.major}:{disk.minor}": _disk(disk) for disk in machine.disks if disk.is_in_cadvisor}
        ),
        "network_devices": [_network(device) for device in machine.network_devices if device.is_in_cadvisor],
        "topology": _topology(machine),
        "cloud_provider": cloud.provider if cloud else _UNKNOWN,
        "instance_type": (cloud.instance_type if cloud else None) or _UNKNOWN,
        "instance_id": (cloud.instance_id if cloud else None) or "",
    }
    return {key: value for key, value in info.items() if value is not None or key not in ("num_books", "num_drawers")}


_OF_MACHINE = (
    "num_cores",
    "cpu_frequency_khz",
    "memory_capacity",
    "machine_id",
    "system_uuid",
    "hugepages",
    "filesystems",
    "disk_map",
    "network_devices",
    "topology",
    "cloud_provider",
    "instance_type",
)


def attributes(machine: Machine, version: str) -> dict[str, Any]:
    """The object of /api/v2.x/attributes. ``version``: ours, in place of cAdvisor's.

    Docker's versions are those of the daemon that answers; cAdvisor leaves them empty. ``container_os_version`` is the
    host's: cAdvisor says that of its own container.
    """
    docker = next((found for found in machine.runtimes if found.name == "docker"), None)
    info = machine_info(machine)
    return {
        "kernel_version": machine.kernel_version or "",
        "container_os_version": machine.os_name or "",
        "docker_version": docker.version if docker else "",
        "docker_api_version": docker.api_version if docker else "",
        "cadvisor_version": version,
        **{name: info[name] for name in _OF_MACHINE},
    }


def go_time(ns: int) -> str:
    """Wall-clock ns as Go's JSON has a time: RFC 3339, fractions without trailing zeros, Go's zero time for 0."""
    if not ns:
        return "0001-01-01T00:00:00Z"
    fraction = f".{ns % 10**9:09d}".rstrip("0").rstrip(".")
    return f"{datetime.fromtimestamp(ns // 10**9, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _hugepages(pages: Iterable[HugePages]) -> list[dict[str, int]] | None:
    return [{"page_size": size.size_bytes // 1024, "num_pages": size.pages} for size in pages] or None


def _filesystem(found: Filesystem) -> dict[str, Any]:
    return {
        "device": found.device,
        "capacity": found.capacity_bytes or 0,
        "type": _OWN_TYPES.get(found.kind, "vfs"),
        "inodes": found.inodes or 0,
        "has_inodes": found.inodes is not None,
    }


def _by_key(entries: dict[str, Any]) -> dict[str, Any]:
    """As Go writes a map."""
    return dict(sorted(entries.items()))


def _disk(disk: Disk) -> dict[str, Any]:
    return {
        "name": disk.name,
        "major": disk.major,
        "minor": disk.minor,
        "size": disk.size_bytes or 0,
        "scheduler": disk.scheduler or "none",
    }


def _network(device: NetworkDevice) -> dict[str, Any]:
    return {
        "name": device.name,
        "mac_address": device.mac or "",
        "speed": device.speed_mbit or 0,
        "mtu": device.mtu or 0,
    }


def _topology(machine: Machine) -> list[dict[str, Any]]:
    """Nodes, or one for each socket on a kernel without NUMA."""
    cores = [core for core in machine.topology.physical_cores if core.core_id is not None]
    nodes: Sequence[NumaNode] = machine.topology.nodes
    if nodes:
        return [_node(machine, node, [core for core in cores if core.node == node.number]) for node in nodes]
    sockets = sorted({core.socket_id for core in cores if core.socket_id is not None})
    return [
        _node(machine, NumaNode(socket), [core for core in cores if core.socket_id == socket]) for socket in sockets
    ]


def _node(machine: Machine, node: NumaNode, cores: Sequence[Core]) -> dict[str, Any]:
    threads = {cpu for core in cores for cpu in core.cpus}
    outer = [cache for cache in machine.topology.caches if cache.level > _PRIVATE_LEVEL]
    return {
        "node_id": node.number,
        "memory": node.memory_bytes or 0,
        "hugepages": _hugepages(node.hugepages),
        "cores": [_core(machine, core, threads) for core in cores] or None,
        "caches": [_cache(cache) for cache in outer if threads and set(cache.cpus) == threads] or None,
        "distances": [found.distance for found in node.distances] or None,
    }


def _core(machine: Machine, core: Core, threads: set[int]) -> dict[str, Any]:
    mine = set(core.cpus)
    around = [cache for cache in machine.topology.caches if core.cpus[0] in cache.cpus]
    own = [cache for cache in around if cache.level <= _PRIVATE_LEVEL and set(cache.cpus) == mine]
    outer = [cache for cache in around if cache.level > _PRIVATE_LEVEL and set(cache.cpus) != threads]
    out: dict[str, Any] = {
        "core_id": core.core_id,
        "thread_ids": list(core.cpus),
        "caches": [_cache(cache) for cache in own] or None,
        "uncore_caches": [_cache(cache) for cache in outer] or None,
        "socket_id": core.socket_id or 0,
    }
    for key, ident in (("book_id", core.book_id), ("drawer_id", core.drawer_id)):
        if ident is not None:
            out[key] = str(ident)
    return out


def _cache(cache: Cache) -> dict[str, Any]:
    return {"id": cache.id or 0, "size": cache.size_bytes or 0, "type": cache.kind, "level": cache.level}
