from google.protobuf import struct_pb2 as _struct_pb2
from pycadvisor_fast.v1 import stats_pb2 as _stats_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Selector(_message.Message):
    __slots__ = ("paths", "id_prefixes", "names", "images", "labels", "runtimes", "max_depth", "leaves_only", "exclude")
    PATHS_FIELD_NUMBER: _ClassVar[int]
    ID_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    RUNTIMES_FIELD_NUMBER: _ClassVar[int]
    MAX_DEPTH_FIELD_NUMBER: _ClassVar[int]
    LEAVES_ONLY_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FIELD_NUMBER: _ClassVar[int]
    paths: _containers.RepeatedScalarFieldContainer[str]
    id_prefixes: _containers.RepeatedScalarFieldContainer[str]
    names: _containers.RepeatedScalarFieldContainer[str]
    images: _containers.RepeatedScalarFieldContainer[str]
    labels: _containers.RepeatedScalarFieldContainer[str]
    runtimes: _containers.RepeatedScalarFieldContainer[str]
    max_depth: int
    leaves_only: bool
    exclude: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, paths: _Optional[_Iterable[str]] = ..., id_prefixes: _Optional[_Iterable[str]] = ..., names: _Optional[_Iterable[str]] = ..., images: _Optional[_Iterable[str]] = ..., labels: _Optional[_Iterable[str]] = ..., runtimes: _Optional[_Iterable[str]] = ..., max_depth: _Optional[int] = ..., leaves_only: bool = ..., exclude: _Optional[_Iterable[str]] = ...) -> None: ...

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
    selector: Selector
    groups: _containers.RepeatedScalarFieldContainer[str]
    columns: _containers.RepeatedScalarFieldContainer[str]
    interval_ms: int
    since: int
    epoch: str
    changed_only: bool
    rates: bool
    handles_only: bool
    def __init__(self, selector: _Optional[_Union[Selector, _Mapping]] = ..., groups: _Optional[_Iterable[str]] = ..., columns: _Optional[_Iterable[str]] = ..., interval_ms: _Optional[int] = ..., since: _Optional[int] = ..., epoch: _Optional[str] = ..., changed_only: bool = ..., rates: bool = ..., handles_only: bool = ...) -> None: ...

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
    __slots__ = ("handle", "path", "runtime", "id", "name", "image", "labels", "namespace", "kind", "pod_uid", "created_unix_ns", "network_namespace", "network_owner", "is_host_network")
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
    NETWORK_NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NETWORK_OWNER_FIELD_NUMBER: _ClassVar[int]
    IS_HOST_NETWORK_FIELD_NUMBER: _ClassVar[int]
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
    def __init__(self, handle: _Optional[int] = ..., path: _Optional[str] = ..., runtime: _Optional[str] = ..., id: _Optional[str] = ..., name: _Optional[str] = ..., image: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., namespace: _Optional[str] = ..., kind: _Optional[str] = ..., pod_uid: _Optional[str] = ..., created_unix_ns: _Optional[int] = ..., network_namespace: _Optional[int] = ..., network_owner: _Optional[int] = ..., is_host_network: bool = ...) -> None: ...

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
    selector: Selector
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
    def __init__(self, selector: _Optional[_Union[Selector, _Mapping]] = ..., groups: _Optional[_Iterable[str]] = ..., columns: _Optional[_Iterable[str]] = ..., since: _Optional[int] = ..., last_ms: _Optional[int] = ..., interval_ms: _Optional[int] = ..., limit: _Optional[int] = ..., rates: bool = ..., handles_only: bool = ..., fresh: bool = ..., epoch: _Optional[str] = ...) -> None: ...

class GetStatsResponse(_message.Message):
    __slots__ = ("batches", "more")
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    batches: _containers.RepeatedCompositeFieldContainer[StatsBatch]
    more: bool
    def __init__(self, batches: _Optional[_Iterable[_Union[StatsBatch, _Mapping]]] = ..., more: bool = ...) -> None: ...

class ListContainersRequest(_message.Message):
    __slots__ = ("selector",)
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    selector: Selector
    def __init__(self, selector: _Optional[_Union[Selector, _Mapping]] = ...) -> None: ...

class ListContainersResponse(_message.Message):
    __slots__ = ("containers",)
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    containers: _containers.RepeatedCompositeFieldContainer[ContainerInfo]
    def __init__(self, containers: _Optional[_Iterable[_Union[ContainerInfo, _Mapping]]] = ...) -> None: ...

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
    __slots__ = ("collector", "server")
    COLLECTOR_FIELD_NUMBER: _ClassVar[int]
    SERVER_FIELD_NUMBER: _ClassVar[int]
    collector: _struct_pb2.Struct
    server: ServerStatus
    def __init__(self, collector: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., server: _Optional[_Union[ServerStatus, _Mapping]] = ...) -> None: ...

class ServerStatus(_message.Message):
    __slots__ = ("subscribers", "selections", "batches_encoded", "batches_sent", "bytes_sent", "missed_ticks", "encode_ns")
    SUBSCRIBERS_FIELD_NUMBER: _ClassVar[int]
    SELECTIONS_FIELD_NUMBER: _ClassVar[int]
    BATCHES_ENCODED_FIELD_NUMBER: _ClassVar[int]
    BATCHES_SENT_FIELD_NUMBER: _ClassVar[int]
    BYTES_SENT_FIELD_NUMBER: _ClassVar[int]
    MISSED_TICKS_FIELD_NUMBER: _ClassVar[int]
    ENCODE_NS_FIELD_NUMBER: _ClassVar[int]
    subscribers: int
    selections: int
    batches_encoded: int
    batches_sent: int
    bytes_sent: int
    missed_ticks: int
    encode_ns: int
    def __init__(self, subscribers: _Optional[int] = ..., selections: _Optional[int] = ..., batches_encoded: _Optional[int] = ..., batches_sent: _Optional[int] = ..., bytes_sent: _Optional[int] = ..., missed_ticks: _Optional[int] = ..., encode_ns: _Optional[int] = ...) -> None: ...
