from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Event(_message.Message):
    __slots__ = ("seq", "time_unix_ns", "time_monotonic_ns", "kind", "container", "cgroup_path", "source", "caveats", "cgroup_id", "hierarchy_id", "logged_monotonic_ns", "oom_kill", "oom", "cgroup", "fork", "exec", "exit", "throttle", "container_start", "container_exit", "lost", "note")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    TIME_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    TIME_MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    CGROUP_PATH_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    CAVEATS_FIELD_NUMBER: _ClassVar[int]
    CGROUP_ID_FIELD_NUMBER: _ClassVar[int]
    HIERARCHY_ID_FIELD_NUMBER: _ClassVar[int]
    LOGGED_MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    OOM_KILL_FIELD_NUMBER: _ClassVar[int]
    OOM_FIELD_NUMBER: _ClassVar[int]
    CGROUP_FIELD_NUMBER: _ClassVar[int]
    FORK_FIELD_NUMBER: _ClassVar[int]
    EXEC_FIELD_NUMBER: _ClassVar[int]
    EXIT_FIELD_NUMBER: _ClassVar[int]
    THROTTLE_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_START_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_EXIT_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    seq: int
    time_unix_ns: int
    time_monotonic_ns: int
    kind: str
    container: EventContainer
    cgroup_path: str
    source: str
    caveats: _containers.RepeatedScalarFieldContainer[str]
    cgroup_id: int
    hierarchy_id: int
    logged_monotonic_ns: int
    oom_kill: OomKill
    oom: Oom
    cgroup: CgroupLife
    fork: ProcessFork
    exec: ProcessExec
    exit: ProcessExit
    throttle: Throttle
    container_start: ContainerStart
    container_exit: ContainerExit
    lost: EventsLost
    note: str
    def __init__(self, seq: _Optional[int] = ..., time_unix_ns: _Optional[int] = ..., time_monotonic_ns: _Optional[int] = ..., kind: _Optional[str] = ..., container: _Optional[_Union[EventContainer, _Mapping]] = ..., cgroup_path: _Optional[str] = ..., source: _Optional[str] = ..., caveats: _Optional[_Iterable[str]] = ..., cgroup_id: _Optional[int] = ..., hierarchy_id: _Optional[int] = ..., logged_monotonic_ns: _Optional[int] = ..., oom_kill: _Optional[_Union[OomKill, _Mapping]] = ..., oom: _Optional[_Union[Oom, _Mapping]] = ..., cgroup: _Optional[_Union[CgroupLife, _Mapping]] = ..., fork: _Optional[_Union[ProcessFork, _Mapping]] = ..., exec: _Optional[_Union[ProcessExec, _Mapping]] = ..., exit: _Optional[_Union[ProcessExit, _Mapping]] = ..., throttle: _Optional[_Union[Throttle, _Mapping]] = ..., container_start: _Optional[_Union[ContainerStart, _Mapping]] = ..., container_exit: _Optional[_Union[ContainerExit, _Mapping]] = ..., lost: _Optional[_Union[EventsLost, _Mapping]] = ..., note: _Optional[str] = ...) -> None: ...

class EventContainer(_message.Message):
    __slots__ = ("handle", "path", "runtime", "id", "name", "image", "labels", "namespace", "kind", "pod_uid", "created_unix_ns")
    class LabelsEntry(_message.Message):
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
    LABELS_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    POD_UID_FIELD_NUMBER: _ClassVar[int]
    CREATED_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    handle: int
    path: str
    runtime: str
    id: str
    name: str
    image: str
    labels: _containers.ScalarMap[str, str]
    namespace: str
    kind: str
    pod_uid: str
    created_unix_ns: int
    def __init__(self, handle: _Optional[int] = ..., path: _Optional[str] = ..., runtime: _Optional[str] = ..., id: _Optional[str] = ..., name: _Optional[str] = ..., image: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., namespace: _Optional[str] = ..., kind: _Optional[str] = ..., pod_uid: _Optional[str] = ..., created_unix_ns: _Optional[int] = ...) -> None: ...

class OomKill(_message.Message):
    __slots__ = ("pid", "tgid", "comm", "uid", "oom_score_adj", "total_vm_bytes", "anon_rss_bytes", "file_rss_bytes", "shmem_rss_bytes", "page_table_bytes", "constraint", "memcg_path", "limit_bytes", "usage_bytes", "trigger_pid", "trigger_comm")
    PID_FIELD_NUMBER: _ClassVar[int]
    TGID_FIELD_NUMBER: _ClassVar[int]
    COMM_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    OOM_SCORE_ADJ_FIELD_NUMBER: _ClassVar[int]
    TOTAL_VM_BYTES_FIELD_NUMBER: _ClassVar[int]
    ANON_RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    FILE_RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHMEM_RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    PAGE_TABLE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CONSTRAINT_FIELD_NUMBER: _ClassVar[int]
    MEMCG_PATH_FIELD_NUMBER: _ClassVar[int]
    LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    USAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_PID_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_COMM_FIELD_NUMBER: _ClassVar[int]
    pid: int
    tgid: int
    comm: str
    uid: int
    oom_score_adj: int
    total_vm_bytes: int
    anon_rss_bytes: int
    file_rss_bytes: int
    shmem_rss_bytes: int
    page_table_bytes: int
    constraint: str
    memcg_path: str
    limit_bytes: int
    usage_bytes: int
    trigger_pid: int
    trigger_comm: str
    def __init__(self, pid: _Optional[int] = ..., tgid: _Optional[int] = ..., comm: _Optional[str] = ..., uid: _Optional[int] = ..., oom_score_adj: _Optional[int] = ..., total_vm_bytes: _Optional[int] = ..., anon_rss_bytes: _Optional[int] = ..., file_rss_bytes: _Optional[int] = ..., shmem_rss_bytes: _Optional[int] = ..., page_table_bytes: _Optional[int] = ..., constraint: _Optional[str] = ..., memcg_path: _Optional[str] = ..., limit_bytes: _Optional[int] = ..., usage_bytes: _Optional[int] = ..., trigger_pid: _Optional[int] = ..., trigger_comm: _Optional[str] = ...) -> None: ...

class Oom(_message.Message):
    __slots__ = ("constraint", "memcg_path", "limit_bytes", "usage_bytes", "trigger_pid", "trigger_comm")
    CONSTRAINT_FIELD_NUMBER: _ClassVar[int]
    MEMCG_PATH_FIELD_NUMBER: _ClassVar[int]
    LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    USAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_PID_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_COMM_FIELD_NUMBER: _ClassVar[int]
    constraint: str
    memcg_path: str
    limit_bytes: int
    usage_bytes: int
    trigger_pid: int
    trigger_comm: str
    def __init__(self, constraint: _Optional[str] = ..., memcg_path: _Optional[str] = ..., limit_bytes: _Optional[int] = ..., usage_bytes: _Optional[int] = ..., trigger_pid: _Optional[int] = ..., trigger_comm: _Optional[str] = ...) -> None: ...

class CgroupLife(_message.Message):
    __slots__ = ("level", "hierarchies")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    HIERARCHIES_FIELD_NUMBER: _ClassVar[int]
    level: int
    hierarchies: int
    def __init__(self, level: _Optional[int] = ..., hierarchies: _Optional[int] = ...) -> None: ...

class ProcessFork(_message.Message):
    __slots__ = ("pid", "parent_pid", "comm", "uid")
    PID_FIELD_NUMBER: _ClassVar[int]
    PARENT_PID_FIELD_NUMBER: _ClassVar[int]
    COMM_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    pid: int
    parent_pid: int
    comm: str
    uid: int
    def __init__(self, pid: _Optional[int] = ..., parent_pid: _Optional[int] = ..., comm: _Optional[str] = ..., uid: _Optional[int] = ...) -> None: ...

class ProcessExec(_message.Message):
    __slots__ = ("pid", "parent_pid", "comm", "uid", "filename")
    PID_FIELD_NUMBER: _ClassVar[int]
    PARENT_PID_FIELD_NUMBER: _ClassVar[int]
    COMM_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    pid: int
    parent_pid: int
    comm: str
    uid: int
    filename: str
    def __init__(self, pid: _Optional[int] = ..., parent_pid: _Optional[int] = ..., comm: _Optional[str] = ..., uid: _Optional[int] = ..., filename: _Optional[str] = ...) -> None: ...

class ProcessExit(_message.Message):
    __slots__ = ("pid", "parent_pid", "comm", "uid", "exit_code", "signal", "is_core_dumped", "threads", "run_ns", "cpu_ns", "max_rss_bytes", "read_bytes", "write_bytes")
    PID_FIELD_NUMBER: _ClassVar[int]
    PARENT_PID_FIELD_NUMBER: _ClassVar[int]
    COMM_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    IS_CORE_DUMPED_FIELD_NUMBER: _ClassVar[int]
    THREADS_FIELD_NUMBER: _ClassVar[int]
    RUN_NS_FIELD_NUMBER: _ClassVar[int]
    CPU_NS_FIELD_NUMBER: _ClassVar[int]
    MAX_RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    READ_BYTES_FIELD_NUMBER: _ClassVar[int]
    WRITE_BYTES_FIELD_NUMBER: _ClassVar[int]
    pid: int
    parent_pid: int
    comm: str
    uid: int
    exit_code: int
    signal: int
    is_core_dumped: bool
    threads: int
    run_ns: int
    cpu_ns: int
    max_rss_bytes: int
    read_bytes: int
    write_bytes: int
    def __init__(self, pid: _Optional[int] = ..., parent_pid: _Optional[int] = ..., comm: _Optional[str] = ..., uid: _Optional[int] = ..., exit_code: _Optional[int] = ..., signal: _Optional[int] = ..., is_core_dumped: bool = ..., threads: _Optional[int] = ..., run_ns: _Optional[int] = ..., cpu_ns: _Optional[int] = ..., max_rss_bytes: _Optional[int] = ..., read_bytes: _Optional[int] = ..., write_bytes: _Optional[int] = ...) -> None: ...

class Throttle(_message.Message):
    __slots__ = ("throttled_ns",)
    THROTTLED_NS_FIELD_NUMBER: _ClassVar[int]
    throttled_ns: int
    def __init__(self, throttled_ns: _Optional[int] = ...) -> None: ...

class ContainerStart(_message.Message):
    __slots__ = ("pid", "comm", "created_monotonic_ns", "started_monotonic_ns")
    PID_FIELD_NUMBER: _ClassVar[int]
    COMM_FIELD_NUMBER: _ClassVar[int]
    CREATED_MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    STARTED_MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    pid: int
    comm: str
    created_monotonic_ns: int
    started_monotonic_ns: int
    def __init__(self, pid: _Optional[int] = ..., comm: _Optional[str] = ..., created_monotonic_ns: _Optional[int] = ..., started_monotonic_ns: _Optional[int] = ...) -> None: ...

class ContainerExit(_message.Message):
    __slots__ = ("pid", "comm", "exit_code", "signal", "is_core_dumped", "runtime_code", "last_status", "created_monotonic_ns", "started_monotonic_ns", "emptied_monotonic_ns", "removed_monotonic_ns", "life_ns", "cpu_ns", "cpu_user_ns", "cpu_system_ns", "memory_usage_bytes", "memory_peak_bytes", "memory_limit_bytes", "ooms", "oom_kills", "pids_peak", "periods", "throttled_periods", "throttled_ns", "read_bytes", "write_bytes", "read_ops", "write_ops", "processes", "threads", "execs", "exits")
    PID_FIELD_NUMBER: _ClassVar[int]
    COMM_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    IS_CORE_DUMPED_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_CODE_FIELD_NUMBER: _ClassVar[int]
    LAST_STATUS_FIELD_NUMBER: _ClassVar[int]
    CREATED_MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    STARTED_MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    EMPTIED_MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    REMOVED_MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    LIFE_NS_FIELD_NUMBER: _ClassVar[int]
    CPU_NS_FIELD_NUMBER: _ClassVar[int]
    CPU_USER_NS_FIELD_NUMBER: _ClassVar[int]
    CPU_SYSTEM_NS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_USAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_PEAK_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEMORY_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    OOMS_FIELD_NUMBER: _ClassVar[int]
    OOM_KILLS_FIELD_NUMBER: _ClassVar[int]
    PIDS_PEAK_FIELD_NUMBER: _ClassVar[int]
    PERIODS_FIELD_NUMBER: _ClassVar[int]
    THROTTLED_PERIODS_FIELD_NUMBER: _ClassVar[int]
    THROTTLED_NS_FIELD_NUMBER: _ClassVar[int]
    READ_BYTES_FIELD_NUMBER: _ClassVar[int]
    WRITE_BYTES_FIELD_NUMBER: _ClassVar[int]
    READ_OPS_FIELD_NUMBER: _ClassVar[int]
    WRITE_OPS_FIELD_NUMBER: _ClassVar[int]
    PROCESSES_FIELD_NUMBER: _ClassVar[int]
    THREADS_FIELD_NUMBER: _ClassVar[int]
    EXECS_FIELD_NUMBER: _ClassVar[int]
    EXITS_FIELD_NUMBER: _ClassVar[int]
    pid: int
    comm: str
    exit_code: int
    signal: int
    is_core_dumped: bool
    runtime_code: int
    last_status: int
    created_monotonic_ns: int
    started_monotonic_ns: int
    emptied_monotonic_ns: int
    removed_monotonic_ns: int
    life_ns: int
    cpu_ns: int
    cpu_user_ns: int
    cpu_system_ns: int
    memory_usage_bytes: int
    memory_peak_bytes: int
    memory_limit_bytes: int
    ooms: int
    oom_kills: int
    pids_peak: int
    periods: int
    throttled_periods: int
    throttled_ns: int
    read_bytes: int
    write_bytes: int
    read_ops: int
    write_ops: int
    processes: int
    threads: int
    execs: int
    exits: int
    def __init__(self, pid: _Optional[int] = ..., comm: _Optional[str] = ..., exit_code: _Optional[int] = ..., signal: _Optional[int] = ..., is_core_dumped: bool = ..., runtime_code: _Optional[int] = ..., last_status: _Optional[int] = ..., created_monotonic_ns: _Optional[int] = ..., started_monotonic_ns: _Optional[int] = ..., emptied_monotonic_ns: _Optional[int] = ..., removed_monotonic_ns: _Optional[int] = ..., life_ns: _Optional[int] = ..., cpu_ns: _Optional[int] = ..., cpu_user_ns: _Optional[int] = ..., cpu_system_ns: _Optional[int] = ..., memory_usage_bytes: _Optional[int] = ..., memory_peak_bytes: _Optional[int] = ..., memory_limit_bytes: _Optional[int] = ..., ooms: _Optional[int] = ..., oom_kills: _Optional[int] = ..., pids_peak: _Optional[int] = ..., periods: _Optional[int] = ..., throttled_periods: _Optional[int] = ..., throttled_ns: _Optional[int] = ..., read_bytes: _Optional[int] = ..., write_bytes: _Optional[int] = ..., read_ops: _Optional[int] = ..., write_ops: _Optional[int] = ..., processes: _Optional[int] = ..., threads: _Optional[int] = ..., execs: _Optional[int] = ..., exits: _Optional[int] = ...) -> None: ...

class EventsLost(_message.Message):
    __slots__ = ("kind", "source", "count", "total")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    kind: str
    source: str
    count: int
    total: int
    def __init__(self, kind: _Optional[str] = ..., source: _Optional[str] = ..., count: _Optional[int] = ..., total: _Optional[int] = ...) -> None: ...

class EventBatch(_message.Message):
    __slots__ = ("events", "seq", "missed", "replayed", "lost", "time_unix_ns", "start")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    MISSED_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    TIME_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    seq: int
    missed: _containers.RepeatedCompositeFieldContainer[KindCount]
    replayed: bool
    lost: _containers.RepeatedCompositeFieldContainer[KindCount]
    time_unix_ns: int
    start: EventStreamStart
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., seq: _Optional[int] = ..., missed: _Optional[_Iterable[_Union[KindCount, _Mapping]]] = ..., replayed: bool = ..., lost: _Optional[_Iterable[_Union[KindCount, _Mapping]]] = ..., time_unix_ns: _Optional[int] = ..., start: _Optional[_Union[EventStreamStart, _Mapping]] = ...) -> None: ...

class KindCount(_message.Message):
    __slots__ = ("kind", "count")
    KIND_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    count: int
    def __init__(self, kind: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class EventStreamStart(_message.Message):
    __slots__ = ("epoch", "latest_seq", "restarted", "sources")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    LATEST_SEQ_FIELD_NUMBER: _ClassVar[int]
    RESTARTED_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    latest_seq: int
    restarted: bool
    sources: _containers.RepeatedCompositeFieldContainer[KindSource]
    def __init__(self, epoch: _Optional[str] = ..., latest_seq: _Optional[int] = ..., restarted: bool = ..., sources: _Optional[_Iterable[_Union[KindSource, _Mapping]]] = ...) -> None: ...

class KindSource(_message.Message):
    __slots__ = ("kind", "source", "reason", "caveats")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CAVEATS_FIELD_NUMBER: _ClassVar[int]
    kind: str
    source: str
    reason: str
    caveats: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, kind: _Optional[str] = ..., source: _Optional[str] = ..., reason: _Optional[str] = ..., caveats: _Optional[_Iterable[str]] = ...) -> None: ...
