from pycadvisor_fast.v1 import selector_pb2 as _selector_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetFilesystemsRequest(_message.Message):
    __slots__ = ("selector", "fresh")
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    FRESH_FIELD_NUMBER: _ClassVar[int]
    selector: _selector_pb2.Selector
    fresh: bool
    def __init__(self, selector: _Optional[_Union[_selector_pb2.Selector, _Mapping]] = ..., fresh: bool = ...) -> None: ...

class GetFilesystemsResponse(_message.Message):
    __slots__ = ("taken_unix_ns", "filesystems", "devices", "containers", "notes")
    TAKEN_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    FILESYSTEMS_FIELD_NUMBER: _ClassVar[int]
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    taken_unix_ns: int
    filesystems: _containers.RepeatedCompositeFieldContainer[Filesystem]
    devices: _containers.RepeatedCompositeFieldContainer[BlockDevice]
    containers: _containers.RepeatedCompositeFieldContainer[ContainerTrees]
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, taken_unix_ns: _Optional[int] = ..., filesystems: _Optional[_Iterable[_Union[Filesystem, _Mapping]]] = ..., devices: _Optional[_Iterable[_Union[BlockDevice, _Mapping]]] = ..., containers: _Optional[_Iterable[_Union[ContainerTrees, _Mapping]]] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...

class Filesystem(_message.Message):
    __slots__ = ("source", "type", "mount_point", "major", "minor", "labels", "is_read_only", "capacity_bytes", "free_bytes", "available_bytes", "inodes", "inodes_free", "asked_unix_ns", "hangs_since_unix_ns", "error", "device", "uuid")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    MOUNT_POINT_FIELD_NUMBER: _ClassVar[int]
    MAJOR_FIELD_NUMBER: _ClassVar[int]
    MINOR_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    IS_READ_ONLY_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_BYTES_FIELD_NUMBER: _ClassVar[int]
    FREE_BYTES_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_BYTES_FIELD_NUMBER: _ClassVar[int]
    INODES_FIELD_NUMBER: _ClassVar[int]
    INODES_FREE_FIELD_NUMBER: _ClassVar[int]
    ASKED_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    HANGS_SINCE_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    UUID_FIELD_NUMBER: _ClassVar[int]
    source: str
    type: str
    mount_point: str
    major: int
    minor: int
    labels: _containers.RepeatedScalarFieldContainer[str]
    is_read_only: bool
    capacity_bytes: int
    free_bytes: int
    available_bytes: int
    inodes: int
    inodes_free: int
    asked_unix_ns: int
    hangs_since_unix_ns: int
    error: str
    device: str
    uuid: str
    def __init__(self, source: _Optional[str] = ..., type: _Optional[str] = ..., mount_point: _Optional[str] = ..., major: _Optional[int] = ..., minor: _Optional[int] = ..., labels: _Optional[_Iterable[str]] = ..., is_read_only: bool = ..., capacity_bytes: _Optional[int] = ..., free_bytes: _Optional[int] = ..., available_bytes: _Optional[int] = ..., inodes: _Optional[int] = ..., inodes_free: _Optional[int] = ..., asked_unix_ns: _Optional[int] = ..., hangs_since_unix_ns: _Optional[int] = ..., error: _Optional[str] = ..., device: _Optional[str] = ..., uuid: _Optional[str] = ...) -> None: ...

class BlockDevice(_message.Message):
    __slots__ = ("name", "major", "minor", "disk", "reads", "reads_merged", "read_bytes", "read_ms", "writes", "writes_merged", "written_bytes", "write_ms", "in_flight", "busy_ms", "weighted_ms", "discards", "discards_merged", "discarded_bytes", "discard_ms", "flushes", "flush_ms")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MAJOR_FIELD_NUMBER: _ClassVar[int]
    MINOR_FIELD_NUMBER: _ClassVar[int]
    DISK_FIELD_NUMBER: _ClassVar[int]
    READS_FIELD_NUMBER: _ClassVar[int]
    READS_MERGED_FIELD_NUMBER: _ClassVar[int]
    READ_BYTES_FIELD_NUMBER: _ClassVar[int]
    READ_MS_FIELD_NUMBER: _ClassVar[int]
    WRITES_FIELD_NUMBER: _ClassVar[int]
    WRITES_MERGED_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_BYTES_FIELD_NUMBER: _ClassVar[int]
    WRITE_MS_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    BUSY_MS_FIELD_NUMBER: _ClassVar[int]
    WEIGHTED_MS_FIELD_NUMBER: _ClassVar[int]
    DISCARDS_FIELD_NUMBER: _ClassVar[int]
    DISCARDS_MERGED_FIELD_NUMBER: _ClassVar[int]
    DISCARDED_BYTES_FIELD_NUMBER: _ClassVar[int]
    DISCARD_MS_FIELD_NUMBER: _ClassVar[int]
    FLUSHES_FIELD_NUMBER: _ClassVar[int]
    FLUSH_MS_FIELD_NUMBER: _ClassVar[int]
    name: str
    major: int
    minor: int
    disk: str
    reads: int
    reads_merged: int
    read_bytes: int
    read_ms: int
    writes: int
    writes_merged: int
    written_bytes: int
    write_ms: int
    in_flight: int
    busy_ms: int
    weighted_ms: int
    discards: int
    discards_merged: int
    discarded_bytes: int
    discard_ms: int
    flushes: int
    flush_ms: int
    def __init__(self, name: _Optional[str] = ..., major: _Optional[int] = ..., minor: _Optional[int] = ..., disk: _Optional[str] = ..., reads: _Optional[int] = ..., reads_merged: _Optional[int] = ..., read_bytes: _Optional[int] = ..., read_ms: _Optional[int] = ..., writes: _Optional[int] = ..., writes_merged: _Optional[int] = ..., written_bytes: _Optional[int] = ..., write_ms: _Optional[int] = ..., in_flight: _Optional[int] = ..., busy_ms: _Optional[int] = ..., weighted_ms: _Optional[int] = ..., discards: _Optional[int] = ..., discards_merged: _Optional[int] = ..., discarded_bytes: _Optional[int] = ..., discard_ms: _Optional[int] = ..., flushes: _Optional[int] = ..., flush_ms: _Optional[int] = ...) -> None: ...

class ContainerTrees(_message.Message):
    __slots__ = ("handle", "trees")
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    TREES_FIELD_NUMBER: _ClassVar[int]
    handle: int
    trees: _containers.RepeatedCompositeFieldContainer[TreeUsage]
    def __init__(self, handle: _Optional[int] = ..., trees: _Optional[_Iterable[_Union[TreeUsage, _Mapping]]] = ...) -> None: ...

class TreeUsage(_message.Message):
    __slots__ = ("kind", "path", "bytes", "apparent_bytes", "inodes", "source", "measured_unix_ns", "took_ns", "skipped", "error", "own_bytes", "name", "destination", "is_read_only")
    KIND_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    APPARENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    INODES_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    MEASURED_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    TOOK_NS_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    OWN_BYTES_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    IS_READ_ONLY_FIELD_NUMBER: _ClassVar[int]
    kind: str
    path: str
    bytes: int
    apparent_bytes: int
    inodes: int
    source: str
    measured_unix_ns: int
    took_ns: int
    skipped: int
    error: str
    own_bytes: int
    name: str
    destination: str
    is_read_only: bool
    def __init__(self, kind: _Optional[str] = ..., path: _Optional[str] = ..., bytes: _Optional[int] = ..., apparent_bytes: _Optional[int] = ..., inodes: _Optional[int] = ..., source: _Optional[str] = ..., measured_unix_ns: _Optional[int] = ..., took_ns: _Optional[int] = ..., skipped: _Optional[int] = ..., error: _Optional[str] = ..., own_bytes: _Optional[int] = ..., name: _Optional[str] = ..., destination: _Optional[str] = ..., is_read_only: bool = ...) -> None: ...
