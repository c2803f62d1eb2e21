"""What a machine is: plain data, no I/O. What this machine does not tell is None or an empty tuple, never 0.

Field names are those of proto/pycadvisor_fast/v1/machine.proto; docs/machine.md says which file each comes from.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HugePages:
    """One size of huge pages, of the machine or of a NUMA node. ``pages``: all there are, free ones included."""

    size_bytes: int
    pages: int
    free_pages: int | None = None
    surplus_pages: int | None = None


@dataclass(frozen=True, slots=True)
class Cpu:
    """A logical CPU, as the kernel numbers them; offline ones too."""

    number: int
    is_online: bool
    node: int | None = None
    capacity: int | None = None
    """Share of the strongest CPU's speed, 1024 = all of it; where CPUs differ (big.LITTLE) or the kernel says it."""
    min_khz: int | None = None
    max_khz: int | None = None
    model: str | None = None
    """Named where CPUs of one machine differ, or as the first one's: "AMD EPYC", "ARM Cortex-A53 part 0xd03"."""


@dataclass(frozen=True, slots=True)
class Core:
    """A physical core: the online CPUs that are its threads, and where it sits. Ids are the hardware's, with gaps."""

    cpus: tuple[int, ...]
    core_id: int | None = None
    cluster_id: int | None = None
    die_id: int | None = None
    socket_id: int | None = None
    book_id: int | None = None
    drawer_id: int | None = None
    node: int | None = None


@dataclass(frozen=True, slots=True)
class Cache:
    """One cache. ``cpus``: the online CPUs that share it."""

    level: int
    kind: str  # "Data", "Instruction", "Unified", as sysfs has it
    cpus: tuple[int, ...]
    id: int | None = None
    size_bytes: int | None = None
    line_bytes: int | None = None
    ways: int | None = None


@dataclass(frozen=True, slots=True)
class NodeDistance:
    """How far another NUMA node's memory is, 10 = as near as its own."""

    node: int
    distance: int


@dataclass(frozen=True, slots=True)
class NumaNode:
    """A NUMA node that is online; one without CPUs holds memory only (CXL, HBM)."""

    number: int
    cpus: tuple[int, ...] = ()
    memory_bytes: int | None = None
    hugepages: tuple[HugePages, ...] = ()
    distances: tuple[NodeDistance, ...] = ()


@dataclass(frozen=True, slots=True)
class Topology:
    """Processors, from the outside in. Counts of parts that this hardware does not have are None."""

    cpus_online: int | None = None
    cpus_present: int | None = None
    """Plugged in, online or not."""
    cpus_possible: int | None = None
    """What may ever be plugged in while this kernel runs."""
    cores: int | None = None
    """Physical cores with at least one CPU online."""
    sockets: int | None = None
    dies: int | None = None
    clusters: int | None = None
    books: int | None = None
    drawers: int | None = None
    is_smt_active: bool | None = None
    """Some core runs more than one thread."""
    isolated_cpus: tuple[int, ...] = ()
    """Taken from the scheduler by isolcpus."""
    cpus: tuple[Cpu, ...] = ()
    physical_cores: tuple[Core, ...] = ()
    caches: tuple[Cache, ...] = ()
    nodes: tuple[NumaNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Clock:
    """CPU frequency. ``max_khz`` is the fastest CPU's."""

    max_khz: int | None = None
    min_khz: int | None = None
    base_khz: int | None = None
    """Without turbo, where the driver says it."""
    source: str = ""
    """Of ``max_khz``: "cpufreq", "cpuinfo", "device-tree" or "smbios"; "" = there is none."""
    cadvisor_khz: int = 0
    """cAdvisor's cpu_frequency_khz: the first CPU's, 0 where it finds none."""


@dataclass(frozen=True, slots=True)
class MemoryType:
    """Memory modules of one type. ``kind`` is EDAC's name of it, "Unbuffered-DDR4", or SMBIOS' type, "DDR5"."""

    kind: str
    capacity_bytes: int
    modules: int
    source: str  # "edac" or "smbios"
    speed_mts: int | None = None
    """Megatransfers a second as configured, of the slowest module."""


@dataclass(frozen=True, slots=True)
class SwapArea:
    """One swap device or file."""

    path: str
    kind: str  # "partition" or "file"
    size_bytes: int
    priority: int


@dataclass(frozen=True, slots=True)
class Nvm:
    """Persistent memory. ``app_direct_bytes``: what regions of it hold; the devices below them in ``modules``."""

    app_direct_bytes: int
    modules: int
    regions: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Main memory and swap, as the kernel counts them."""

    capacity_bytes: int | None = None
    """MemTotal: what the kernel manages, less than what is plugged in."""
    swap_bytes: int | None = None
    by_type: tuple[MemoryType, ...] = ()
    swap_areas: tuple[SwapArea, ...] = ()
    hugepages: tuple[HugePages, ...] = ()
    nvm: Nvm | None = None


@dataclass(frozen=True, slots=True)
class Partition:
    """A part of a disk that is a block device of its own."""

    name: str
    major: int
    minor: int
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Disk:
    """A whole block device. ``kind``: "nvme", "scsi", "virtio", "mmc", "md", "dm", "loop", "zram", "ram", "optical",
    "nbd", "xen", "pmem", "dasd", "bcache", "drbd", "rbd", "zvol", "floppy" or "other"."""

    name: str
    major: int
    minor: int
    kind: str
    size_bytes: int | None = None
    scheduler: str | None = None
    """The one in use; None = the device takes none."""
    logical_block_bytes: int | None = None
    is_rotational: bool | None = None
    is_removable: bool | None = None
    is_read_only: bool | None = None
    model: str | None = None
    serial: str | None = None
    label: str | None = None
    """Of a dm device its name, of an md device its level, of a loop device its file."""
    parts_of: tuple[str, ...] = ()
    """Devices it is made of (dm, md, bcache)."""
    partitions: tuple[Partition, ...] = ()
    is_in_cadvisor: bool = False
    """cAdvisor's disk_map has it: neither loop, ram, sr nor hidden."""


@dataclass(frozen=True, slots=True)
class NetworkDevice:
    """A network device of the host. ``kind``: "ethernet", "loopback", "bridge", "bond", "vlan", "wlan", "tun", "dummy",
    "infiniband", "tunnel", ... or "virtual"."""

    name: str
    index: int | None = None
    kind: str = "other"
    mac: str | None = None
    mtu: int | None = None
    speed_mbit: int | None = None
    """None = the device does not say (virtual, or without a link)."""
    duplex: str | None = None
    state: str | None = None
    driver: str | None = None
    master: str | None = None
    """The bridge or bond it belongs to."""
    is_virtual: bool = False
    is_in_cadvisor: bool = False
    """cAdvisor's network_devices has it: its name begins with neither lo, veth, docker nor nerdctl."""


@dataclass(frozen=True, slots=True)
class Filesystem:
    """A filesystem of the host; what it holds at present is told elsewhere."""

    device: str
    mountpoint: str
    kind: str
    major: int = 0
    minor: int = 0
    capacity_bytes: int | None = None
    inodes: int | None = None


@dataclass(frozen=True, slots=True)
class RuntimeVersion:
    """A container runtime that answers."""

    name: str
    version: str
    api_version: str = ""


@dataclass(frozen=True, slots=True)
class Hardware:
    """What the firmware says (DMI, or the device tree's model)."""

    vendor: str | None = None
    product: str | None = None
    product_version: str | None = None
    board: str | None = None
    bios: str | None = None
    hypervisor: str | None = None


@dataclass(frozen=True, slots=True)
class Cloud:
    """The cloud this machine is rented from. ``provider``: "AWS", "GCE", "Azure", ... ``source``: what told it."""

    provider: str
    source: str
    instance_type: str | None = None
    instance_id: str | None = None
    region: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class CadvisorNumbers:
    """Counts as cAdvisor makes them, for clients that depend on them; right ones are in Topology."""

    physical_cores: int = 0
    """Distinct core ids: sockets that number theirs alike are counted once."""
    sockets: int = 0


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything about the host. ``notes``: what could not be read, and why."""

    time_ns: int = 0
    """Wall clock when it was read, 0 = not yet."""
    hostname: str | None = None
    machine_id: str | None = None
    system_uuid: str | None = None
    boot_id: str | None = None
    boot_time_ns: int | None = None
    architecture: str | None = None
    kernel_version: str | None = None
    os_id: str | None = None
    os_name: str | None = None
    vendor_id: str | None = None
    cpu_model: str | None = None
    hardware: Hardware = Hardware()
    clock: Clock = Clock()
    topology: Topology = Topology()
    memory: Memory = Memory()
    disks: tuple[Disk, ...] = ()
    network_devices: tuple[NetworkDevice, ...] = ()
    filesystems: tuple[Filesystem, ...] = ()
    runtimes: tuple[RuntimeVersion, ...] = ()
    cloud: Cloud | None = None
    cadvisor: CadvisorNumbers = CadvisorNumbers()
    notes: tuple[str, ...] = field(default=())
