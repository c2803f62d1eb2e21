from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ContainerSpec(_message.Message):
    __slots__ = ("handle", "path", "runtime", "id", "name", "image", "created_unix_ns", "started_unix_ns", "labels", "envs", "aliases", "limits", "has_cpu", "has_memory", "has_pids", "has_io", "has_hugetlb", "has_network", "has_filesystem", "has_health", "restart_count")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class EnvsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    CREATED_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    STARTED_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ENVS_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    HAS_CPU_FIELD_NUMBER: _ClassVar[int]
    HAS_MEMORY_FIELD_NUMBER: _ClassVar[int]
    HAS_PIDS_FIELD_NUMBER: _ClassVar[int]
    HAS_IO_FIELD_NUMBER: _ClassVar[int]
    HAS_HUGETLB_FIELD_NUMBER: _ClassVar[int]
    HAS_NETWORK_FIELD_NUMBER: _ClassVar[int]
    HAS_FILESYSTEM_FIELD_NUMBER: _ClassVar[int]
    HAS_HEALTH_FIELD_NUMBER: _ClassVar[int]
    RESTART_COUNT_FIELD_NUMBER: _ClassVar[int]
    handle: int
    path: str
    runtime: str
    id: str
    name: str
    image: str
    created_unix_ns: int
    started_unix_ns: int
    labels: _containers.ScalarMap[str, str]
    envs: _containers.ScalarMap[str, str]
    aliases: _containers.RepeatedScalarFieldContainer[str]
    limits: Limits
    has_cpu: bool
    has_memory: bool
    has_pids: bool
    has_io: bool
    has_hugetlb: bool
    has_network: bool
    has_filesystem: bool
    has_health: bool
    restart_count: int
    def __init__(self, handle: _Optional[int] = ..., path: _Optional[str] = ..., runtime: _Optional[str] = ..., id: _Optional[str] = ..., name: _Optional[str] = ..., image: _Optional[str] = ..., created_unix_ns: _Optional[int] = ..., started_unix_ns: _Optional[int] = ..., labels: _Optional[_Mapping[str, str]] = ..., envs: _Optional[_Mapping[str, str]] = ..., aliases: _Optional[_Iterable[str]] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., has_cpu: bool = ..., has_memory: bool = ..., has_pids: bool = ..., has_io: bool = ..., has_hugetlb: bool = ..., has_network: bool = ..., has_filesystem: bool = ..., has_health: bool = ..., restart_count: _Optional[int] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("cpu_shares", "cpu_weight", "cpu_quota_usec", "cpu_period_usec", "cpu_burst_usec", "cpu_mask", "memory_bytes", "memory_reservation_bytes", "memory_high_bytes", "memory_low_bytes", "memory_min_bytes", "swap_bytes", "memory_and_swap_bytes", "pids", "io_weight", "io", "hugetlb_bytes")
    class HugetlbBytesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    CPU_SHARES_FIELD_NUMBER: _ClassVar[int]
    CPU_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    CPU_QUOTA_USEC_FIELD_NUMBER: _ClassVar[int]
    CPU_PERIOD_USEC_FIELD_NUMBER: _ClassVar[int]
    CPU_BURST_USEC_FIELD_NUMBER: _ClassVar[int]
    CPU_MASK_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_RESERVATION_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_HIGH_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_LOW_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_MIN_BYTES_FIELD_NUMBER: _ClassVar[int]
    SWAP_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_AND_SWAP_BYTES_FIELD_NUMBER: _ClassVar[int]
    PIDS_FIELD_NUMBER: _ClassVar[int]
    IO_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    IO_FIELD_NUMBER: _ClassVar[int]
    HUGETLB_BYTES_FIELD_NUMBER: _ClassVar[int]
    cpu_shares: int
    cpu_weight: int
    cpu_quota_usec: int
    cpu_period_usec: int
    cpu_burst_usec: int
    cpu_mask: str
    memory_bytes: int
    memory_reservation_bytes: int
    memory_high_bytes: int
    memory_low_bytes: int
    memory_min_bytes: int
    swap_bytes: int
    memory_and_swap_bytes: int
    pids: int
    io_weight: int
    io: _containers.RepeatedCompositeFieldContainer[IoLimit]
    hugetlb_bytes: _containers.ScalarMap[str, int]
    def __init__(self, cpu_shares: _Optional[int] = ..., cpu_weight: _Optional[int] = ..., cpu_quota_usec: _Optional[int] = ..., cpu_period_usec: _Optional[int] = ..., cpu_burst_usec: _Optional[int] = ..., cpu_mask: _Optional[str] = ..., memory_bytes: _Optional[int] = ..., memory_reservation_bytes: _Optional[int] = ..., memory_high_bytes: _Optional[int] = ..., memory_low_bytes: _Optional[int] = ..., memory_min_bytes: _Optional[int] = ..., swap_bytes: _Optional[int] = ..., memory_and_swap_bytes: _Optional[int] = ..., pids: _Optional[int] = ..., io_weight: _Optional[int] = ..., io: _Optional[_Iterable[_Union[IoLimit, _Mapping]]] = ..., hugetlb_bytes: _Optional[_Mapping[str, int]] = ...) -> None: ...

class IoLimit(_message.Message):
    __slots__ = ("device", "read_bytes_per_second", "write_bytes_per_second", "read_ops_per_second", "write_ops_per_second", "weight", "latency_usec")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    READ_BYTES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    WRITE_BYTES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    READ_OPS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    WRITE_OPS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    LATENCY_USEC_FIELD_NUMBER: _ClassVar[int]
    device: str
    read_bytes_per_second: int
    write_bytes_per_second: int
    read_ops_per_second: int
    write_ops_per_second: int
    weight: int
    latency_usec: int
    def __init__(self, device: _Optional[str] = ..., read_bytes_per_second: _Optional[int] = ..., write_bytes_per_second: _Optional[int] = ..., read_ops_per_second: _Optional[int] = ..., write_ops_per_second: _Optional[int] = ..., weight: _Optional[int] = ..., latency_usec: _Optional[int] = ...) -> None: ...
