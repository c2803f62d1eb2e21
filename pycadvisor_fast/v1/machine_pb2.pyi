from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetMachineRequest(_message.Message):
    __slots__ = ("fresh",)
    FRESH_FIELD_NUMBER: _ClassVar[int]
    fresh: bool
    def __init__(self, fresh: bool = ...) -> None: ...

class GetMachineResponse(_message.Message):
    __slots__ = ("machine",)
    MACHINE_FIELD_NUMBER: _ClassVar[int]
    machine: Machine
    def __init__(self, machine: _Optional[_Union[Machine, _Mapping]] = ...) -> None: ...

class Machine(_message.Message):
    __slots__ = ("time_ns", "hostname", "machine_id", "system_uuid", "boot_id", "boot_time_ns", "architecture", "kernel_version", "os_id", "os_name", "vendor_id", "cpu_model", "hardware", "clock", "topology", "memory", "disks", "network_devices", "filesystems", "runtimes", "cloud", "cadvisor", "notes")
    TIME_NS_FIELD_NUMBER: _ClassVar[int]
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    MACHINE_ID_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_UUID_FIELD_NUMBER: _ClassVar[int]
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    BOOT_TIME_NS_FIELD_NUMBER: _ClassVar[int]
    ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    KERNEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    OS_ID_FIELD_NUMBER: _ClassVar[int]
    OS_NAME_FIELD_NUMBER: _ClassVar[int]
    VENDOR_ID_FIELD_NUMBER: _ClassVar[int]
    CPU_MODEL_FIELD_NUMBER: _ClassVar[int]
    HARDWARE_FIELD_NUMBER: _ClassVar[int]
    CLOCK_FIELD_NUMBER: _ClassVar[int]
    TOPOLOGY_FIELD_NUMBER: _ClassVar[int]
    MEMORY_FIELD_NUMBER: _ClassVar[int]
    DISKS_FIELD_NUMBER: _ClassVar[int]
    NETWORK_DEVICES_FIELD_NUMBER: _ClassVar[int]
    FILESYSTEMS_FIELD_NUMBER: _ClassVar[int]
    RUNTIMES_FIELD_NUMBER: _ClassVar[int]
    CLOUD_FIELD_NUMBER: _ClassVar[int]
    CADVISOR_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    time_ns: int
    hostname: str
    machine_id: str
    system_uuid: str
    boot_id: str
    boot_time_ns: int
    architecture: str
    kernel_version: str
    os_id: str
    os_name: str
    vendor_id: str
    cpu_model: str
    hardware: MachineHardware
    clock: MachineClock
    topology: MachineTopology
    memory: MachineMemory
    disks: _containers.RepeatedCompositeFieldContainer[MachineDisk]
    network_devices: _containers.RepeatedCompositeFieldContainer[MachineNetworkDevice]
    filesystems: _containers.RepeatedCompositeFieldContainer[MachineFilesystem]
    runtimes: _containers.RepeatedCompositeFieldContainer[MachineRuntime]
    cloud: MachineCloud
    cadvisor: MachineCadvisorNumbers
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, time_ns: _Optional[int] = ..., hostname: _Optional[str] = ..., machine_id: _Optional[str] = ..., system_uuid: _Optional[str] = ..., boot_id: _Optional[str] = ..., boot_time_ns: _Optional[int] = ..., architecture: _Optional[str] = ..., kernel_version: _Optional[str] = ..., os_id: _Optional[str] = ..., os_name: _Optional[str] = ..., vendor_id: _Optional[str] = ..., cpu_model: _Optional[str] = ..., hardware: _Optional[_Union[MachineHardware, _Mapping]] = ..., clock: _Optional[_Union[MachineClock, _Mapping]] = ..., topology: _Optional[_Union[MachineTopology, _Mapping]] = ..., memory: _Optional[_Union[MachineMemory, _Mapping]] = ..., disks: _Optional[_Iterable[_Union[MachineDisk, _Mapping]]] = ..., network_devices: _Optional[_Iterable[_Union[MachineNetworkDevice, _Mapping]]] = ..., filesystems: _Optional[_Iterable[_Union[MachineFilesystem, _Mapping]]] = ..., runtimes: _Optional[_Iterable[_Union[MachineRuntime, _Mapping]]] = ..., cloud: _Optional[_Union[MachineCloud, _Mapping]] = ..., cadvisor: _Optional[_Union[MachineCadvisorNumbers, _Mapping]] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...

class MachineHugePages(_message.Message):
    __slots__ = ("size_bytes", "pages", "free_pages", "surplus_pages")
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PAGES_FIELD_NUMBER: _ClassVar[int]
    FREE_PAGES_FIELD_NUMBER: _ClassVar[int]
    SURPLUS_PAGES_FIELD_NUMBER: _ClassVar[int]
    size_bytes: int
    pages: int
    free_pages: int
    surplus_pages: int
    def __init__(self, size_bytes: _Optional[int] = ..., pages: _Optional[int] = ..., free_pages: _Optional[int] = ..., surplus_pages: _Optional[int] = ...) -> None: ...

class MachineCpu(_message.Message):
    __slots__ = ("number", "is_online", "node", "capacity", "min_khz", "max_khz", "model")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    IS_ONLINE_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    MIN_KHZ_FIELD_NUMBER: _ClassVar[int]
    MAX_KHZ_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    number: int
    is_online: bool
    node: int
    capacity: int
    min_khz: int
    max_khz: int
    model: str
    def __init__(self, number: _Optional[int] = ..., is_online: bool = ..., node: _Optional[int] = ..., capacity: _Optional[int] = ..., min_khz: _Optional[int] = ..., max_khz: _Optional[int] = ..., model: _Optional[str] = ...) -> None: ...

class MachineCore(_message.Message):
    __slots__ = ("cpus", "core_id", "cluster_id", "die_id", "socket_id", "book_id", "drawer_id", "node")
    CPUS_FIELD_NUMBER: _ClassVar[int]
    CORE_ID_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    DIE_ID_FIELD_NUMBER: _ClassVar[int]
    SOCKET_ID_FIELD_NUMBER: _ClassVar[int]
    BOOK_ID_FIELD_NUMBER: _ClassVar[int]
    DRAWER_ID_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    cpus: _containers.RepeatedScalarFieldContainer[int]
    core_id: int
    cluster_id: int
    die_id: int
    socket_id: int
    book_id: int
    drawer_id: int
    node: int
    def __init__(self, cpus: _Optional[_Iterable[int]] = ..., core_id: _Optional[int] = ..., cluster_id: _Optional[int] = ..., die_id: _Optional[int] = ..., socket_id: _Optional[int] = ..., book_id: _Optional[int] = ..., drawer_id: _Optional[int] = ..., node: _Optional[int] = ...) -> None: ...

class MachineCache(_message.Message):
    __slots__ = ("level", "kind", "cpus", "id", "size_bytes", "line_bytes", "ways")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CPUS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    LINE_BYTES_FIELD_NUMBER: _ClassVar[int]
    WAYS_FIELD_NUMBER: _ClassVar[int]
    level: int
    kind: str
    cpus: _containers.RepeatedScalarFieldContainer[int]
    id: int
    size_bytes: int
    line_bytes: int
    ways: int
    def __init__(self, level: _Optional[int] = ..., kind: _Optional[str] = ..., cpus: _Optional[_Iterable[int]] = ..., id: _Optional[int] = ..., size_bytes: _Optional[int] = ..., line_bytes: _Optional[int] = ..., ways: _Optional[int] = ...) -> None: ...

class MachineNodeDistance(_message.Message):
    __slots__ = ("node", "distance")
    NODE_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_FIELD_NUMBER: _ClassVar[int]
    node: int
    distance: int
    def __init__(self, node: _Optional[int] = ..., distance: _Optional[int] = ...) -> None: ...

class MachineNumaNode(_message.Message):
    __slots__ = ("number", "cpus", "memory_bytes", "hugepages", "distances")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CPUS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    HUGEPAGES_FIELD_NUMBER: _ClassVar[int]
    DISTANCES_FIELD_NUMBER: _ClassVar[int]
    number: int
    cpus: _containers.RepeatedScalarFieldContainer[int]
    memory_bytes: int
    hugepages: _containers.RepeatedCompositeFieldContainer[MachineHugePages]
    distances: _containers.RepeatedCompositeFieldContainer[MachineNodeDistance]
    def __init__(self, number: _Optional[int] = ..., cpus: _Optional[_Iterable[int]] = ..., memory_bytes: _Optional[int] = ..., hugepages: _Optional[_Iterable[_Union[MachineHugePages, _Mapping]]] = ..., distances: _Optional[_Iterable[_Union[MachineNodeDistance, _Mapping]]] = ...) -> None: ...

class MachineTopology(_message.Message):
    __slots__ = ("cpus_online", "cpus_present", "cpus_possible", "cores", "sockets", "dies", "clusters", "books", "drawers", "is_smt_active", "isolated_cpus", "cpus", "physical_cores", "caches", "nodes")
    CPUS_ONLINE_FIELD_NUMBER: _ClassVar[int]
    CPUS_PRESENT_FIELD_NUMBER: _ClassVar[int]
    CPUS_POSSIBLE_FIELD_NUMBER: _ClassVar[int]
    CORES_FIELD_NUMBER: _ClassVar[int]
    SOCKETS_FIELD_NUMBER: _ClassVar[int]
    DIES_FIELD_NUMBER: _ClassVar[int]
    CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    BOOKS_FIELD_NUMBER: _ClassVar[int]
    DRAWERS_FIELD_NUMBER: _ClassVar[int]
    IS_SMT_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    ISOLATED_CPUS_FIELD_NUMBER: _ClassVar[int]
    CPUS_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_CORES_FIELD_NUMBER: _ClassVar[int]
    CACHES_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    cpus_online: int
    cpus_present: int
    cpus_possible: int
    cores: int
    sockets: int
    dies: int
    clusters: int
    books: int
    drawers: int
    is_smt_active: bool
    isolated_cpus: _containers.RepeatedScalarFieldContainer[int]
    cpus: _containers.RepeatedCompositeFieldContainer[MachineCpu]
    physical_cores: _containers.RepeatedCompositeFieldContainer[MachineCore]
    caches: _containers.RepeatedCompositeFieldContainer[MachineCache]
    nodes: _containers.RepeatedCompositeFieldContainer[MachineNumaNode]
    def __init__(self, cpus_online: _Optional[int] = ..., cpus_present: _Optional[int] = ..., cpus_possible: _Optional[int] = ..., cores: _Optional[int] = ..., sockets: _Optional[int] = ..., dies: _Optional[int] = ..., clusters: _Optional[int] = ..., books: _Optional[int] = ..., drawers: _Optional[int] = ..., is_smt_active: bool = ..., isolated_cpus: _Optional[_Iterable[int]] = ..., cpus: _Optional[_Iterable[_Union[MachineCpu, _Mapping]]] = ..., physical_cores: _Optional[_Iterable[_Union[MachineCore, _Mapping]]] = ..., caches: _Optional[_Iterable[_Union[MachineCache, _Mapping]]] = ..., nodes: _Optional[_Iterable[_Union[MachineNumaNode, _Mapping]]] = ...) -> None: ...

class MachineClock(_message.Message):
    __slots__ = ("max_khz", "min_khz", "base_khz", "source", "cadvisor_khz")
    MAX_KHZ_FIELD_NUMBER: _ClassVar[int]
    MIN_KHZ_FIELD_NUMBER: _ClassVar[int]
    BASE_KHZ_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    CADVISOR_KHZ_FIELD_NUMBER: _ClassVar[int]
    max_khz: int
    min_khz: int
    base_khz: int
    source: str
    cadvisor_khz: int
    def __init__(self, max_khz: _Optional[int] = ..., min_khz: _Optional[int] = ..., base_khz: _Optional[int] = ..., source: _Optional[str] = ..., cadvisor_khz: _Optional[int] = ...) -> None: ...

class MachineMemoryType(_message.Message):
    __slots__ = ("kind", "capacity_bytes", "modules", "source", "speed_mts")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_BYTES_FIELD_NUMBER: _ClassVar[int]
    MODULES_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SPEED_MTS_FIELD_NUMBER: _ClassVar[int]
    kind: str
    capacity_bytes: int
    modules: int
    source: str
    speed_mts: int
    def __init__(self, kind: _Optional[str] = ..., capacity_bytes: _Optional[int] = ..., modules: _Optional[int] = ..., source: _Optional[str] = ..., speed_mts: _Optional[int] = ...) -> None: ...

class MachineSwapArea(_message.Message):
    __slots__ = ("path", "kind", "size_bytes", "priority")
    PATH_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    path: str
    kind: str
    size_bytes: int
    priority: int
    def __init__(self, path: _Optional[str] = ..., kind: _Optional[str] = ..., size_bytes: _Optional[int] = ..., priority: _Optional[int] = ...) -> None: ...

class MachineNvm(_message.Message):
    __slots__ = ("app_direct_bytes", "modules", "regions")
    APP_DIRECT_BYTES_FIELD_NUMBER: _ClassVar[int]
    MODULES_FIELD_NUMBER: _ClassVar[int]
    REGIONS_FIELD_NUMBER: _ClassVar[int]
    app_direct_bytes: int
    modules: int
    regions: int
    def __init__(self, app_direct_bytes: _Optional[int] = ..., modules: _Optional[int] = ..., regions: _Optional[int] = ...) -> None: ...

class MachineMemory(_message.Message):
    __slots__ = ("capacity_bytes", "swap_bytes", "by_type", "swap_areas", "hugepages", "nvm")
    CAPACITY_BYTES_FIELD_NUMBER: _ClassVar[int]
    SWAP_BYTES_FIELD_NUMBER: _ClassVar[int]
    BY_TYPE_FIELD_NUMBER: _ClassVar[int]
    SWAP_AREAS_FIELD_NUMBER: _ClassVar[int]
    HUGEPAGES_FIELD_NUMBER: _ClassVar[int]
    NVM_FIELD_NUMBER: _ClassVar[int]
    capacity_bytes: int
    swap_bytes: int
    by_type: _containers.RepeatedCompositeFieldContainer[MachineMemoryType]
    swap_areas: _containers.RepeatedCompositeFieldContainer[MachineSwapArea]
    hugepages: _containers.RepeatedCompositeFieldContainer[MachineHugePages]
    nvm: MachineNvm
    def __init__(self, capacity_bytes: _Optional[int] = ..., swap_bytes: _Optional[int] = ..., by_type: _Optional[_Iterable[_Union[MachineMemoryType, _Mapping]]] = ..., swap_areas: _Optional[_Iterable[_Union[MachineSwapArea, _Mapping]]] = ..., hugepages: _Optional[_Iterable[_Union[MachineHugePages, _Mapping]]] = ..., nvm: _Optional[_Union[MachineNvm, _Mapping]] = ...) -> None: ...

class MachinePartition(_message.Message):
    __slots__ = ("name", "major", "minor", "size_bytes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MAJOR_FIELD_NUMBER: _ClassVar[int]
    MINOR_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    major: int
    minor: int
    size_bytes: int
    def __init__(self, name: _Optional[str] = ..., major: _Optional[int] = ..., minor: _Optional[int] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class MachineDisk(_message.Message):
    __slots__ = ("name", "major", "minor", "kind", "size_bytes", "scheduler", "logical_block_bytes", "is_rotational", "is_removable", "is_read_only", "model", "serial", "label", "parts_of", "partitions", "is_in_cadvisor")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MAJOR_FIELD_NUMBER: _ClassVar[int]
    MINOR_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SCHEDULER_FIELD_NUMBER: _ClassVar[int]
    LOGICAL_BLOCK_BYTES_FIELD_NUMBER: _ClassVar[int]
    IS_ROTATIONAL_FIELD_NUMBER: _ClassVar[int]
    IS_REMOVABLE_FIELD_NUMBER: _ClassVar[int]
    IS_READ_ONLY_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SERIAL_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    PARTS_OF_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    IS_IN_CADVISOR_FIELD_NUMBER: _ClassVar[int]
    name: str
    major: int
    minor: int
    kind: str
    size_bytes: int
    scheduler: str
    logical_block_bytes: int
    is_rotational: bool
    is_removable: bool
    is_read_only: bool
    model: str
    serial: str
    label: str
    parts_of: _containers.RepeatedScalarFieldContainer[str]
    partitions: _containers.RepeatedCompositeFieldContainer[MachinePartition]
    is_in_cadvisor: bool
    def __init__(self, name: _Optional[str] = ..., major: _Optional[int] = ..., minor: _Optional[int] = ..., kind: _Optional[str] = ..., size_bytes: _Optional[int] = ..., scheduler: _Optional[str] = ..., logical_block_bytes: _Optional[int] = ..., is_rotational: bool = ..., is_removable: bool = ..., is_read_only: bool = ..., model: _Optional[str] = ..., serial: _Optional[str] = ..., label: _Optional[str] = ..., parts_of: _Optional[_Iterable[str]] = ..., partitions: _Optional[_Iterable[_Union[MachinePartition, _Mapping]]] = ..., is_in_cadvisor: bool = ...) -> None: ...

class MachineNetworkDevice(_message.Message):
    __slots__ = ("name", "index", "kind", "mac", "mtu", "speed_mbit", "duplex", "state", "driver", "master", "is_virtual", "is_in_cadvisor")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MAC_FIELD_NUMBER: _ClassVar[int]
    MTU_FIELD_NUMBER: _ClassVar[int]
    SPEED_MBIT_FIELD_NUMBER: _ClassVar[int]
    DUPLEX_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DRIVER_FIELD_NUMBER: _ClassVar[int]
    MASTER_FIELD_NUMBER: _ClassVar[int]
    IS_VIRTUAL_FIELD_NUMBER: _ClassVar[int]
    IS_IN_CADVISOR_FIELD_NUMBER: _ClassVar[int]
    name: str
    index: int
    kind: str
    mac: str
    mtu: int
    speed_mbit: int
    duplex: str
    state: str
    driver: str
    master: str
    is_virtual: bool
    is_in_cadvisor: bool
    def __init__(self, name: _Optional[str] = ..., index: _Optional[int] = ..., kind: _Optional[str] = ..., mac: _Optional[str] = ..., mtu: _Optional[int] = ..., speed_mbit: _Optional[int] = ..., duplex: _Optional[str] = ..., state: _Optional[str] = ..., driver: _Optional[str] = ..., master: _Optional[str] = ..., is_virtual: bool = ..., is_in_cadvisor: bool = ...) -> None: ...

class MachineFilesystem(_message.Message):
    __slots__ = ("device", "mountpoint", "kind", "major", "minor", "capacity_bytes", "inodes")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    MOUNTPOINT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MAJOR_FIELD_NUMBER: _ClassVar[int]
    MINOR_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_BYTES_FIELD_NUMBER: _ClassVar[int]
    INODES_FIELD_NUMBER: _ClassVar[int]
    device: str
    mountpoint: str
    kind: str
    major: int
    minor: int
    capacity_bytes: int
    inodes: int
    def __init__(self, device: _Optional[str] = ..., mountpoint: _Optional[str] = ..., kind: _Optional[str] = ..., major: _Optional[int] = ..., minor: _Optional[int] = ..., capacity_bytes: _Optional[int] = ..., inodes: _Optional[int] = ...) -> None: ...

class MachineRuntime(_message.Message):
    __slots__ = ("name", "version", "api_version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    API_VERSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    api_version: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., api_version: _Optional[str] = ...) -> None: ...

class MachineHardware(_message.Message):
    __slots__ = ("vendor", "product", "product_version", "board", "bios", "hypervisor")
    VENDOR_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_VERSION_FIELD_NUMBER: _ClassVar[int]
    BOARD_FIELD_NUMBER: _ClassVar[int]
    BIOS_FIELD_NUMBER: _ClassVar[int]
    HYPERVISOR_FIELD_NUMBER: _ClassVar[int]
    vendor: str
    product: str
    product_version: str
    board: str
    bios: str
    hypervisor: str
    def __init__(self, vendor: _Optional[str] = ..., product: _Optional[str] = ..., product_version: _Optional[str] = ..., board: _Optional[str] = ..., bios: _Optional[str] = ..., hypervisor: _Optional[str] = ...) -> None: ...

class MachineCloud(_message.Message):
    __slots__ = ("provider", "source", "instance_type", "instance_id", "region", "zone")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    ZONE_FIELD_NUMBER: _ClassVar[int]
    provider: str
    source: str
    instance_type: str
    instance_id: str
    region: str
    zone: str
    def __init__(self, provider: _Optional[str] = ..., source: _Optional[str] = ..., instance_type: _Optional[str] = ..., instance_id: _Optional[str] = ..., region: _Optional[str] = ..., zone: _Optional[str] = ...) -> None: ...

class MachineCadvisorNumbers(_message.Message):
    __slots__ = ("physical_cores", "sockets")
    PHYSICAL_CORES_FIELD_NUMBER: _ClassVar[int]
    SOCKETS_FIELD_NUMBER: _ClassVar[int]
    physical_cores: int
    sockets: int
    def __init__(self, physical_cores: _Optional[int] = ..., sockets: _Optional[int] = ...) -> None: ...
