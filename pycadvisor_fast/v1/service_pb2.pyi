from google.protobuf import struct_pb2 as _struct_pb2
from pycadvisor_fast.v1 import events_pb2 as _events_pb2
from pycadvisor_fast.v1 import filesystems_pb2 as _filesystems_pb2
from pycadvisor_fast.v1 import machine_pb2 as _machine_pb2
from pycadvisor_fast.v1 import selector_pb2 as _selector_pb2
from pycadvisor_fast.v1 import spec_pb2 as _spec_pb2
from pycadvisor_fast.v1 import processes_pb2 as _processes_pb2
from pycadvisor_fast.v1 import stats_pb2 as _stats_pb2
from pycadvisor_fast.v1 import summary_pb2 as _summary_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union
from pycadvisor_fast.v1.selector_pb2 import Selector as Selector

DESCRIPTOR: _descriptor.FileDescriptor

class StreamRequest(_message.Message):
    __slots__ = ("selector", "groups", "columns", "interval_ms", "since", "epoch", "changed_only", "rates", "handles_only")
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    CHANGED_ONLY_FIELD_NUMBER: _ClassVar[int]
    RATES_FIELD_NUMBER: _ClassVar[int]
    HANDLES_ONLY_FIELD_NUMBER: _ClassVar[int]
    selector: _selector_pb2.Selector
    groups: _containers.RepeatedScalarFieldContainer[str]
    columns: _containers.RepeatedScalarFieldContainer[str]
    interval_ms: int
    since: int
    epoch: str
    changed_only: bool
    rates: bool
    handles_only: bool
    def __init__(self, selector: _Optional[_Union[_selector_pb2.Selector, _Mapping]] = ..., groups: _Optional[_Iterable[str]] = ..., columns: _Optional[_Iterable[str]] = ..., interval_ms: _Optional[int] = ..., since: _Optional[int] = ..., epoch: _Optional[str] = ..., changed_only: bool = ..., rates: bool = ..., handles_only: bool = ...) -> None: ...

class StatsBatch(_message.Message):
    __slots__ = ("tick", "time_unix_ns", "time_monotonic_ns", "groups", "containers", "added", "changed", "removed", "missed_ticks", "replayed", "stream")
    TICK_FIELD_NUMBER: _ClassVar[int]
    TIME_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    TIME_MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    ADDED_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    MISSED_TICKS_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    tick: int
    time_unix_ns: int
    time_monotonic_ns: int
    groups: _containers.RepeatedCompositeFieldContainer[GroupTick]
    containers: _containers.RepeatedCompositeFieldContainer[_stats_pb2.ContainerStats]
    added: _containers.RepeatedCompositeFieldContainer[ContainerInfo]
    changed: _containers.RepeatedCompositeFieldContainer[ContainerInfo]
    removed: _containers.RepeatedCompositeFieldContainer[ContainerRemoved]
    missed_ticks: int
    replayed: bool
    stream: StreamStart
    def __init__(self, tick: _Optional[int] = ..., time_unix_ns: _Optional[int] = ..., time_monotonic_ns: _Optional[int] = ..., groups: _Optional[_Iterable[_Union[GroupTick, _Mapping]]] = ..., containers: _Optional[_Iterable[_Union[_stats_pb2.ContainerStats, _Mapping]]] = ..., added: _Optional[_Iterable[_Union[ContainerInfo, _Mapping]]] = ..., changed: _Optional[_Iterable[_Union[ContainerInfo, _Mapping]]] = ..., removed: _Optional[_Iterable[_Union[ContainerRemoved, _Mapping]]] = ..., missed_ticks: _Optional[int] = ..., replayed: bool = ..., stream: _Optional[_Union[StreamStart, _Mapping]] = ...) -> None: ...

class GroupTick(_message.Message):
    __slots__ = ("group", "tick", "time_unix_ns", "time_monotonic_ns")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    TICK_FIELD_NUMBER: _ClassVar[int]
    TIME_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    TIME_MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    group: str
    tick: int
    time_unix_ns: int
    time_monotonic_ns: int
    def __init__(self, group: _Optional[str] = ..., tick: _Optional[int] = ..., time_unix_ns: _Optional[int] = ..., time_monotonic_ns: _Optional[int] = ...) -> None: ...

class StreamStart(_message.Message):
    __slots__ = ("epoch", "base_interval_ns", "interval_ticks", "restarted")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    BASE_INTERVAL_NS_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_TICKS_FIELD_NUMBER: _ClassVar[int]
    RESTARTED_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    base_interval_ns: int
    interval_ticks: int
    restarted: bool
    def __init__(self, epoch: _Optional[str] = ..., base_interval_ns: _Optional[int] = ..., interval_ticks: _Optional[int] = ..., restarted: bool = ...) -> None: ...

class ColumnsBatch(_message.Message):
    __slots__ = ("tick", "time_unix_ns", "time_monotonic_ns", "groups", "added", "changed", "removed", "missed_ticks", "replayed", "stream")
    TICK_FIELD_NUMBER: _ClassVar[int]
    TIME_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    TIME_MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    ADDED_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    MISSED_TICKS_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    tick: int
    time_unix_ns: int
    time_monotonic_ns: int
    groups: _containers.RepeatedCompositeFieldContainer[GroupColumns]
    added: _containers.RepeatedCompositeFieldContainer[ContainerInfo]
    changed: _containers.RepeatedCompositeFieldContainer[ContainerInfo]
    removed: _containers.RepeatedCompositeFieldContainer[ContainerRemoved]
    missed_ticks: int
    replayed: bool
    stream: StreamStart
    def __init__(self, tick: _Optional[int] = ..., time_unix_ns: _Optional[int] = ..., time_monotonic_ns: _Optional[int] = ..., groups: _Optional[_Iterable[_Union[GroupColumns, _Mapping]]] = ..., added: _Optional[_Iterable[_Union[ContainerInfo, _Mapping]]] = ..., changed: _Optional[_Iterable[_Union[ContainerInfo, _Mapping]]] = ..., removed: _Optional[_Iterable[_Union[ContainerRemoved, _Mapping]]] = ..., missed_ticks: _Optional[int] = ..., replayed: bool = ..., stream: _Optional[_Union[StreamStart, _Mapping]] = ...) -> None: ...

class GroupColumns(_message.Message):
    __slots__ = ("group", "tick", "time_unix_ns", "time_monotonic_ns", "rows", "handles", "offsets_usec", "keys", "columns", "rates")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    TICK_FIELD_NUMBER: _ClassVar[int]
    TIME_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    TIME_MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    HANDLES_FIELD_NUMBER: _ClassVar[int]
    OFFSETS_USEC_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    RATES_FIELD_NUMBER: _ClassVar[int]
    group: str
    tick: int
    time_unix_ns: int
    time_monotonic_ns: int
    rows: int
    handles: bytes
    offsets_usec: bytes
    keys: _containers.RepeatedScalarFieldContainer[str]
    columns: _containers.RepeatedCompositeFieldContainer[ColumnValues]
    rates: _containers.RepeatedCompositeFieldContainer[ColumnValues]
    def __init__(self, group: _Optional[str] = ..., tick: _Optional[int] = ..., time_unix_ns: _Optional[int] = ..., time_monotonic_ns: _Optional[int] = ..., rows: _Optional[int] = ..., handles: _Optional[bytes] = ..., offsets_usec: _Optional[bytes] = ..., keys: _Optional[_Iterable[str]] = ..., columns: _Optional[_Iterable[_Union[ColumnValues, _Mapping]]] = ..., rates: _Optional[_Iterable[_Union[ColumnValues, _Mapping]]] = ...) -> None: ...

class ColumnValues(_message.Message):
    __slots__ = ("number", "values")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    number: int
    values: bytes
    def __init__(self, number: _Optional[int] = ..., values: _Optional[bytes] = ...) -> None: ...

class ContainerInfo(_message.Message):
    __slots__ = ("handle", "path", "runtime", "id", "name", "image", "labels", "namespace", "kind", "pod_uid", "created_unix_ns", "network_namespace", "network_owner", "is_host_network", "started_unix_ns", "pid", "restart_count", "aliases", "envs", "pod_name", "pod_namespace", "container_name", "sandbox_id", "attempt", "log_path", "health", "ip_addresses", "network_mode", "layer_path", "layer_driver", "description", "runtime_state", "volumes")
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
    LABELS_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    POD_UID_FIELD_NUMBER: _ClassVar[int]
    CREATED_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    NETWORK_NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NETWORK_OWNER_FIELD_NUMBER: _ClassVar[int]
    IS_HOST_NETWORK_FIELD_NUMBER: _ClassVar[int]
    STARTED_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    RESTART_COUNT_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    ENVS_FIELD_NUMBER: _ClassVar[int]
    POD_NAME_FIELD_NUMBER: _ClassVar[int]
    POD_NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_NAME_FIELD_NUMBER: _ClassVar[int]
    SANDBOX_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    LOG_PATH_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    IP_ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    NETWORK_MODE_FIELD_NUMBER: _ClassVar[int]
    LAYER_PATH_FIELD_NUMBER: _ClassVar[int]
    LAYER_DRIVER_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_STATE_FIELD_NUMBER: _ClassVar[int]
    VOLUMES_FIELD_NUMBER: _ClassVar[int]
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
    network_namespace: int
    network_owner: int
    is_host_network: bool
    started_unix_ns: int
    pid: int
    restart_count: int
    aliases: _containers.RepeatedScalarFieldContainer[str]
    envs: _containers.ScalarMap[str, str]
    pod_name: str
    pod_namespace: str
    container_name: str
    sandbox_id: str
    attempt: int
    log_path: str
    health: str
    ip_addresses: _containers.RepeatedScalarFieldContainer[str]
    network_mode: str
    layer_path: str
    layer_driver: str
    description: str
    runtime_state: str
    volumes: _containers.RepeatedCompositeFieldContainer[Volume]
    def __init__(self, handle: _Optional[int] = ..., path: _Optional[str] = ..., runtime: _Optional[str] = ..., id: _Optional[str] = ..., name: _Optional[str] = ..., image: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., namespace: _Optional[str] = ..., kind: _Optional[str] = ..., pod_uid: _Optional[str] = ..., created_unix_ns: _Optional[int] = ..., network_namespace: _Optional[int] = ..., network_owner: _Optional[int] = ..., is_host_network: bool = ..., started_unix_ns: _Optional[int] = ..., pid: _Optional[int] = ..., restart_count: _Optional[int] = ..., aliases: _Optional[_Iterable[str]] = ..., envs: _Optional[_Mapping[str, str]] = ..., pod_name: _Optional[str] = ..., pod_namespace: _Optional[str] = ..., container_name: _Optional[str] = ..., sandbox_id: _Optional[str] = ..., attempt: _Optional[int] = ..., log_path: _Optional[str] = ..., health: _Optional[str] = ..., ip_addresses: _Optional[_Iterable[str]] = ..., network_mode: _Optional[str] = ..., layer_path: _Optional[str] = ..., layer_driver: _Optional[str] = ..., description: _Optional[str] = ..., runtime_state: _Optional[str] = ..., volumes: _Optional[_Iterable[_Union[Volume, _Mapping]]] = ...) -> None: ...

class Volume(_message.Message):
    __slots__ = ("kind", "source", "destination", "name", "is_read_only")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    IS_READ_ONLY_FIELD_NUMBER: _ClassVar[int]
    kind: str
    source: str
    destination: str
    name: str
    is_read_only: bool
    def __init__(self, kind: _Optional[str] = ..., source: _Optional[str] = ..., destination: _Optional[str] = ..., name: _Optional[str] = ..., is_read_only: bool = ...) -> None: ...

class ContainerRemoved(_message.Message):
    __slots__ = ("handle", "reason")
    class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        REASON_UNSPECIFIED: _ClassVar[ContainerRemoved.Reason]
        REASON_GONE: _ClassVar[ContainerRemoved.Reason]
        REASON_UNSELECTED: _ClassVar[ContainerRemoved.Reason]
    REASON_UNSPECIFIED: ContainerRemoved.Reason
    REASON_GONE: ContainerRemoved.Reason
    REASON_UNSELECTED: ContainerRemoved.Reason
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    handle: int
    reason: ContainerRemoved.Reason
    def __init__(self, handle: _Optional[int] = ..., reason: _Optional[_Union[ContainerRemoved.Reason, str]] = ...) -> None: ...

class GetStatsRequest(_message.Message):
    __slots__ = ("selector", "groups", "columns", "since", "last_ms", "interval_ms", "limit", "rates", "handles_only", "fresh", "epoch")
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    LAST_MS_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    RATES_FIELD_NUMBER: _ClassVar[int]
    HANDLES_ONLY_FIELD_NUMBER: _ClassVar[int]
    FRESH_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    selector: _selector_pb2.Selector
    groups: _containers.RepeatedScalarFieldContainer[str]
    columns: _containers.RepeatedScalarFieldContainer[str]
    since: int
    last_ms: int
    interval_ms: int
    limit: int
    rates: bool
    handles_only: bool
    fresh: bool
    epoch: str
    def __init__(self, selector: _Optional[_Union[_selector_pb2.Selector, _Mapping]] = ..., groups: _Optional[_Iterable[str]] = ..., columns: _Optional[_Iterable[str]] = ..., since: _Optional[int] = ..., last_ms: _Optional[int] = ..., interval_ms: _Optional[int] = ..., limit: _Optional[int] = ..., rates: bool = ..., handles_only: bool = ..., fresh: bool = ..., epoch: _Optional[str] = ...) -> None: ...

class GetStatsResponse(_message.Message):
    __slots__ = ("batches", "more")
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    batches: _containers.RepeatedCompositeFieldContainer[StatsBatch]
    more: bool
    def __init__(self, batches: _Optional[_Iterable[_Union[StatsBatch, _Mapping]]] = ..., more: bool = ...) -> None: ...

class StreamEventsRequest(_message.Message):
    __slots__ = ("kinds", "selector", "since_seq", "epoch", "since_unix_ns", "heartbeat_ms")
    KINDS_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    SINCE_SEQ_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SINCE_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_MS_FIELD_NUMBER: _ClassVar[int]
    kinds: _containers.RepeatedScalarFieldContainer[str]
    selector: _selector_pb2.Selector
    since_seq: int
    epoch: str
    since_unix_ns: int
    heartbeat_ms: int
    def __init__(self, kinds: _Optional[_Iterable[str]] = ..., selector: _Optional[_Union[_selector_pb2.Selector, _Mapping]] = ..., since_seq: _Optional[int] = ..., epoch: _Optional[str] = ..., since_unix_ns: _Optional[int] = ..., heartbeat_ms: _Optional[int] = ...) -> None: ...

class GetEventsRequest(_message.Message):
    __slots__ = ("kinds", "selector", "from_unix_ns", "to_unix_ns", "after_seq", "before_seq", "limit", "newest_first", "epoch")
    KINDS_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    FROM_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    TO_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQ_FIELD_NUMBER: _ClassVar[int]
    BEFORE_SEQ_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    NEWEST_FIRST_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    kinds: _containers.RepeatedScalarFieldContainer[str]
    selector: _selector_pb2.Selector
    from_unix_ns: int
    to_unix_ns: int
    after_seq: int
    before_seq: int
    limit: int
    newest_first: bool
    epoch: str
    def __init__(self, kinds: _Optional[_Iterable[str]] = ..., selector: _Optional[_Union[_selector_pb2.Selector, _Mapping]] = ..., from_unix_ns: _Optional[int] = ..., to_unix_ns: _Optional[int] = ..., after_seq: _Optional[int] = ..., before_seq: _Optional[int] = ..., limit: _Optional[int] = ..., newest_first: bool = ..., epoch: _Optional[str] = ...) -> None: ...

class GetEventsResponse(_message.Message):
    __slots__ = ("events", "more", "seq", "epoch")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_events_pb2.Event]
    more: bool
    seq: int
    epoch: str
    def __init__(self, events: _Optional[_Iterable[_Union[_events_pb2.Event, _Mapping]]] = ..., more: bool = ..., seq: _Optional[int] = ..., epoch: _Optional[str] = ...) -> None: ...

class ListContainersRequest(_message.Message):
    __slots__ = ("selector",)
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    selector: _selector_pb2.Selector
    def __init__(self, selector: _Optional[_Union[_selector_pb2.Selector, _Mapping]] = ...) -> None: ...

class ListContainersResponse(_message.Message):
    __slots__ = ("containers",)
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    containers: _containers.RepeatedCompositeFieldContainer[ContainerInfo]
    def __init__(self, containers: _Optional[_Iterable[_Union[ContainerInfo, _Mapping]]] = ...) -> None: ...

class GetSpecRequest(_message.Message):
    __slots__ = ("selector",)
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    selector: _selector_pb2.Selector
    def __init__(self, selector: _Optional[_Union[_selector_pb2.Selector, _Mapping]] = ...) -> None: ...

class GetSpecResponse(_message.Message):
    __slots__ = ("specs",)
    SPECS_FIELD_NUMBER: _ClassVar[int]
    specs: _containers.RepeatedCompositeFieldContainer[_spec_pb2.ContainerSpec]
    def __init__(self, specs: _Optional[_Iterable[_Union[_spec_pb2.ContainerSpec, _Mapping]]] = ...) -> None: ...

class DescribeColumnsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeColumnsResponse(_message.Message):
    __slots__ = ("groups", "base_interval_ns", "epoch")
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    BASE_INTERVAL_NS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    groups: _containers.RepeatedCompositeFieldContainer[GroupDescription]
    base_interval_ns: int
    epoch: str
    def __init__(self, groups: _Optional[_Iterable[_Union[GroupDescription, _Mapping]]] = ..., base_interval_ns: _Optional[int] = ..., epoch: _Optional[str] = ...) -> None: ...

class GroupDescription(_message.Message):
    __slots__ = ("name", "number", "key", "help", "interval_ns", "oldest_tick", "latest_tick", "columns")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    HELP_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_NS_FIELD_NUMBER: _ClassVar[int]
    OLDEST_TICK_FIELD_NUMBER: _ClassVar[int]
    LATEST_TICK_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    name: str
    number: int
    key: str
    help: str
    interval_ns: int
    oldest_tick: int
    latest_tick: int
    columns: _containers.RepeatedCompositeFieldContainer[ColumnDescription]
    def __init__(self, name: _Optional[str] = ..., number: _Optional[int] = ..., key: _Optional[str] = ..., help: _Optional[str] = ..., interval_ns: _Optional[int] = ..., oldest_tick: _Optional[int] = ..., latest_tick: _Optional[int] = ..., columns: _Optional[_Iterable[_Union[ColumnDescription, _Mapping]]] = ...) -> None: ...

class ColumnDescription(_message.Message):
    __slots__ = ("name", "number", "kind", "type", "help", "present")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[ColumnDescription.Kind]
        KIND_COUNTER: _ClassVar[ColumnDescription.Kind]
        KIND_GAUGE: _ClassVar[ColumnDescription.Kind]
        KIND_LIMIT: _ClassVar[ColumnDescription.Kind]
    KIND_UNSPECIFIED: ColumnDescription.Kind
    KIND_COUNTER: ColumnDescription.Kind
    KIND_GAUGE: ColumnDescription.Kind
    KIND_LIMIT: ColumnDescription.Kind
    class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        TYPE_UNSPECIFIED: _ClassVar[ColumnDescription.Type]
        TYPE_UINT64: _ClassVar[ColumnDescription.Type]
        TYPE_DOUBLE: _ClassVar[ColumnDescription.Type]
    TYPE_UNSPECIFIED: ColumnDescription.Type
    TYPE_UINT64: ColumnDescription.Type
    TYPE_DOUBLE: ColumnDescription.Type
    NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    HELP_FIELD_NUMBER: _ClassVar[int]
    PRESENT_FIELD_NUMBER: _ClassVar[int]
    name: str
    number: int
    kind: ColumnDescription.Kind
    type: ColumnDescription.Type
    help: str
    present: bool
    def __init__(self, name: _Optional[str] = ..., number: _Optional[int] = ..., kind: _Optional[_Union[ColumnDescription.Kind, str]] = ..., type: _Optional[_Union[ColumnDescription.Type, str]] = ..., help: _Optional[str] = ..., present: bool = ...) -> None: ...

class GetHostRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetHostResponse(_message.Message):
    __slots__ = ("hostname", "collector_version", "facts", "plan", "notes")
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    COLLECTOR_VERSION_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    hostname: str
    collector_version: str
    facts: _struct_pb2.Struct
    plan: _struct_pb2.Struct
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, hostname: _Optional[str] = ..., collector_version: _Optional[str] = ..., facts: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., plan: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...

class GetStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("collector", "server", "http")
    COLLECTOR_FIELD_NUMBER: _ClassVar[int]
    SERVER_FIELD_NUMBER: _ClassVar[int]
    HTTP_FIELD_NUMBER: _ClassVar[int]
    collector: _struct_pb2.Struct
    server: ServerStatus
    http: HttpStatus
    def __init__(self, collector: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., server: _Optional[_Union[ServerStatus, _Mapping]] = ..., http: _Optional[_Union[HttpStatus, _Mapping]] = ...) -> None: ...

class HttpStatus(_message.Message):
    __slots__ = ("connections", "accepted", "evicted", "turned_away", "requests", "refused", "cut_off", "failures", "bytes_received", "bytes_sent")
    CONNECTIONS_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    EVICTED_FIELD_NUMBER: _ClassVar[int]
    TURNED_AWAY_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    CUT_OFF_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    BYTES_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    BYTES_SENT_FIELD_NUMBER: _ClassVar[int]
    connections: int
    accepted: int
    evicted: int
    turned_away: int
    requests: int
    refused: int
    cut_off: int
    failures: int
    bytes_received: int
    bytes_sent: int
    def __init__(self, connections: _Optional[int] = ..., accepted: _Optional[int] = ..., evicted: _Optional[int] = ..., turned_away: _Optional[int] = ..., requests: _Optional[int] = ..., refused: _Optional[int] = ..., cut_off: _Optional[int] = ..., failures: _Optional[int] = ..., bytes_received: _Optional[int] = ..., bytes_sent: _Optional[int] = ...) -> None: ...

class ServerStatus(_message.Message):
    __slots__ = ("subscribers", "selections", "batches_encoded", "batches_sent", "bytes_sent", "missed_ticks", "encode_ns", "event_streams")
    SUBSCRIBERS_FIELD_NUMBER: _ClassVar[int]
    SELECTIONS_FIELD_NUMBER: _ClassVar[int]
    BATCHES_ENCODED_FIELD_NUMBER: _ClassVar[int]
    BATCHES_SENT_FIELD_NUMBER: _ClassVar[int]
    BYTES_SENT_FIELD_NUMBER: _ClassVar[int]
    MISSED_TICKS_FIELD_NUMBER: _ClassVar[int]
    ENCODE_NS_FIELD_NUMBER: _ClassVar[int]
    EVENT_STREAMS_FIELD_NUMBER: _ClassVar[int]
    subscribers: int
    selections: int
    batches_encoded: int
    batches_sent: int
    bytes_sent: int
    missed_ticks: int
    encode_ns: int
    event_streams: int
    def __init__(self, subscribers: _Optional[int] = ..., selections: _Optional[int] = ..., batches_encoded: _Optional[int] = ..., batches_sent: _Optional[int] = ..., bytes_sent: _Optional[int] = ..., missed_ticks: _Optional[int] = ..., encode_ns: _Optional[int] = ..., event_streams: _Optional[int] = ...) -> None: ...
