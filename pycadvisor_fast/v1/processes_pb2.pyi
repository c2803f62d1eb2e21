from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListProcessesRequest(_message.Message):
    __slots__ = ("containers", "not_recursive", "file_descriptors")
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    NOT_RECURSIVE_FIELD_NUMBER: _ClassVar[int]
    FILE_DESCRIPTORS_FIELD_NUMBER: _ClassVar[int]
    containers: _containers.RepeatedScalarFieldContainer[str]
    not_recursive: bool
    file_descriptors: bool
    def __init__(self, containers: _Optional[_Iterable[str]] = ..., not_recursive: bool = ..., file_descriptors: bool = ...) -> None: ...

class ListProcessesResponse(_message.Message):
    __slots__ = ("processes", "time_unix_ns", "incomplete", "reason")
    PROCESSES_FIELD_NUMBER: _ClassVar[int]
    TIME_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    INCOMPLETE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    processes: _containers.RepeatedCompositeFieldContainer[ProcessInfo]
    time_unix_ns: int
    incomplete: bool
    reason: str
    def __init__(self, processes: _Optional[_Iterable[_Union[ProcessInfo, _Mapping]]] = ..., time_unix_ns: _Optional[int] = ..., incomplete: bool = ..., reason: _Optional[str] = ...) -> None: ...

class ProcessInfo(_message.Message):
    __slots__ = ("pid", "parent_pid", "uid", "user", "cpu_percent", "cpu_seconds", "memory_percent", "rss_bytes", "virtual_bytes", "state", "threads", "processor", "started_unix_ns", "running_seconds", "command", "arguments", "cgroup_path", "container", "container_name", "fd_count")
    PID_FIELD_NUMBER: _ClassVar[int]
    PARENT_PID_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    CPU_PERCENT_FIELD_NUMBER: _ClassVar[int]
    CPU_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    VIRTUAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    THREADS_FIELD_NUMBER: _ClassVar[int]
    PROCESSOR_FIELD_NUMBER: _ClassVar[int]
    STARTED_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    RUNNING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    CGROUP_PATH_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_NAME_FIELD_NUMBER: _ClassVar[int]
    FD_COUNT_FIELD_NUMBER: _ClassVar[int]
    pid: int
    parent_pid: int
    uid: int
    user: str
    cpu_percent: float
    cpu_seconds: float
    memory_percent: float
    rss_bytes: int
    virtual_bytes: int
    state: str
    threads: int
    processor: int
    started_unix_ns: int
    running_seconds: float
    command: str
    arguments: _containers.RepeatedScalarFieldContainer[str]
    cgroup_path: str
    container: int
    container_name: str
    fd_count: int
    def __init__(self, pid: _Optional[int] = ..., parent_pid: _Optional[int] = ..., uid: _Optional[int] = ..., user: _Optional[str] = ..., cpu_percent: _Optional[float] = ..., cpu_seconds: _Optional[float] = ..., memory_percent: _Optional[float] = ..., rss_bytes: _Optional[int] = ..., virtual_bytes: _Optional[int] = ..., state: _Optional[str] = ..., threads: _Optional[int] = ..., processor: _Optional[int] = ..., started_unix_ns: _Optional[int] = ..., running_seconds: _Optional[float] = ..., command: _Optional[str] = ..., arguments: _Optional[_Iterable[str]] = ..., cgroup_path: _Optional[str] = ..., container: _Optional[int] = ..., container_name: _Optional[str] = ..., fd_count: _Optional[int] = ...) -> None: ...
