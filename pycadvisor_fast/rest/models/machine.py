"""What a machine is: info/v1 MachineInfo and info/v2 Attributes. Plain data; see decode.py for what is None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..decode import Flag, Number, Text, Time, mapping, renamed


@dataclass(frozen=True, slots=True)
class MemoryInfo:
    """Memory modules of one type (EDAC)."""

    capacity: Number = None  # bytes
    dimm_count: Number = None


@dataclass(frozen=True, slots=True)
class NvmInfo:
    """Non-volatile memory; cAdvisor itself sends zeros since it has lost its reader."""

    memory_mode_capacity: Number = None
    app_direct_mode_capacity: Number = renamed("app direct_mode_capacity")  # with a space: a slip that clients know
    avg_power_budget: Number = None  # watts


@dataclass(frozen=True, slots=True)
class HugePagesInfo:
    """Huge pages of one size."""

    page_size: Number = None  # kB
    num_pages: Number = None


@dataclass(frozen=True, slots=True)
class FilesystemInfo:
    """A filesystem of the host."""

    device: Text = None
    capacity: Number = None  # bytes
    type: Text = None  # "vfs", "zfs" or "devicemapper"
    inodes: Number = None
    has_inodes: Flag = None


@dataclass(frozen=True, slots=True)
class DiskInfo:
    """A block device."""

    name: Text = None
    major: Number = None
    minor: Number = None
    size: Number = None  # bytes
    scheduler: Text = None


@dataclass(frozen=True, slots=True)
class NetInfo:
    """A network device."""

    name: Text = None
    mac_address: Text = None
    speed: Number = None  # Mbit/s, 0: not known
    mtu: Number = None


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """A processor cache."""

    id: Number = None
    size: Number = None  # bytes
    type: Text = None  # "Data", "Instruction", "Unified"
    level: Number = None


@dataclass(frozen=True, slots=True)
class CoreInfo:
    """A physical core."""

    core_id: Number = None
    thread_ids: tuple[int, ...] = ()
    caches: tuple[CacheInfo, ...] = ()
    uncore_caches: tuple[CacheInfo, ...] = ()
    socket_id: Number = None
    book_id: Text = None  # s390x
    drawer_id: Text = None  # s390x


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """A NUMA node."""

    node_id: Number = None
    memory: Number = None  # bytes
    hugepages: tuple[HugePagesInfo, ...] = ()
    cores: tuple[CoreInfo, ...] = ()
    caches: tuple[CacheInfo, ...] = ()
    distances: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MachineInfo:
    """The machine. ``disk_map`` is by "major:minor"."""

    timestamp: Time = None
    vendor_id: Text = None
    num_cores: Number = None
    num_physical_cores: Number = None
    num_sockets: Number = None
    num_books: Number = None
    num_drawers: Number = None
    cpu_frequency_khz: Number = None
    memory_capacity: Number = None
    swap_capacity: Number = None
    memory_by_type: Mapping[str, MemoryInfo] = mapping()
    nvm: NvmInfo | None = None
    hugepages: tuple[HugePagesInfo, ...] = ()
    machine_id: Text = None
    system_uuid: Text = None
    boot_id: Text = None
    filesystems: tuple[FilesystemInfo, ...] = ()
    disk_map: Mapping[str, DiskInfo] = mapping()
    network_devices: tuple[NetInfo, ...] = ()
    topology: tuple[NodeInfo, ...] = ()
    cloud_provider: Text = None
    instance_type: Text = None
    instance_id: Text = None


@dataclass(frozen=True, slots=True)
class Attributes:
    """v2: machine and software together."""

    kernel_version: Text = None
    container_os_version: Text = None
    docker_version: Text = None
    docker_api_version: Text = None
    cadvisor_version: Text = None
    num_cores: Number = None
    cpu_frequency_khz: Number = None
    memory_capacity: Number = None
    machine_id: Text = None
    system_uuid: Text = None
    hugepages: tuple[HugePagesInfo, ...] = ()
    filesystems: tuple[FilesystemInfo, ...] = ()
    disk_map: Mapping[str, DiskInfo] = mapping()
    network_devices: tuple[NetInfo, ...] = ()
    topology: tuple[NodeInfo, ...] = ()
    cloud_provider: Text = None
    instance_type: Text = None
