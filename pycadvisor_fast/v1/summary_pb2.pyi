from pycadvisor_fast.v1 import selector_pb2 as _selector_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetSummaryRequest(_message.Message):
    __slots__ = ("selector", "metrics")
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    selector: _selector_pb2.Selector
    metrics: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, selector: _Optional[_Union[_selector_pb2.Selector, _Mapping]] = ..., metrics: _Optional[_Iterable[str]] = ...) -> None: ...

class GetSummaryResponse(_message.Message):
    __slots__ = ("containers", "relative_error")
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_ERROR_FIELD_NUMBER: _ClassVar[int]
    containers: _containers.RepeatedCompositeFieldContainer[ContainerSummary]
    relative_error: float
    def __init__(self, containers: _Optional[_Iterable[_Union[ContainerSummary, _Mapping]]] = ..., relative_error: _Optional[float] = ...) -> None: ...

class ContainerSummary(_message.Message):
    __slots__ = ("handle", "metrics")
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    handle: int
    metrics: _containers.RepeatedCompositeFieldContainer[MetricSummary]
    def __init__(self, handle: _Optional[int] = ..., metrics: _Optional[_Iterable[_Union[MetricSummary, _Mapping]]] = ...) -> None: ...

class MetricSummary(_message.Message):
    __slots__ = ("metric", "interval_ns", "minute", "hour", "day", "peaks")
    METRIC_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_NS_FIELD_NUMBER: _ClassVar[int]
    MINUTE_FIELD_NUMBER: _ClassVar[int]
    HOUR_FIELD_NUMBER: _ClassVar[int]
    DAY_FIELD_NUMBER: _ClassVar[int]
    PEAKS_FIELD_NUMBER: _ClassVar[int]
    metric: str
    interval_ns: int
    minute: Stretch
    hour: Stretch
    day: Stretch
    peaks: _containers.RepeatedCompositeFieldContainer[ShortWindows]
    def __init__(self, metric: _Optional[str] = ..., interval_ns: _Optional[int] = ..., minute: _Optional[_Union[Stretch, _Mapping]] = ..., hour: _Optional[_Union[Stretch, _Mapping]] = ..., day: _Optional[_Union[Stretch, _Mapping]] = ..., peaks: _Optional[_Iterable[_Union[ShortWindows, _Mapping]]] = ...) -> None: ...

class Stretch(_message.Message):
    __slots__ = ("from_unix_ns", "to_unix_ns", "count", "expected", "mean", "deviation", "min", "max", "p50", "p90", "p95", "p99", "is_exact")
    FROM_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    TO_UNIX_NS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    DEVIATION_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    P50_FIELD_NUMBER: _ClassVar[int]
    P90_FIELD_NUMBER: _ClassVar[int]
    P95_FIELD_NUMBER: _ClassVar[int]
    P99_FIELD_NUMBER: _ClassVar[int]
    IS_EXACT_FIELD_NUMBER: _ClassVar[int]
    from_unix_ns: int
    to_unix_ns: int
    count: int
    expected: int
    mean: float
    deviation: float
    min: float
    max: float
    p50: float
    p90: float
    p95: float
    p99: float
    is_exact: bool
    def __init__(self, from_unix_ns: _Optional[int] = ..., to_unix_ns: _Optional[int] = ..., count: _Optional[int] = ..., expected: _Optional[int] = ..., mean: _Optional[float] = ..., deviation: _Optional[float] = ..., min: _Optional[float] = ..., max: _Optional[float] = ..., p50: _Optional[float] = ..., p90: _Optional[float] = ..., p95: _Optional[float] = ..., p99: _Optional[float] = ..., is_exact: bool = ...) -> None: ...

class ShortWindows(_message.Message):
    __slots__ = ("window_ns", "count", "p50", "p90", "p95", "p99", "max")
    WINDOW_NS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    P50_FIELD_NUMBER: _ClassVar[int]
    P90_FIELD_NUMBER: _ClassVar[int]
    P95_FIELD_NUMBER: _ClassVar[int]
    P99_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    window_ns: int
    count: int
    p50: float
    p90: float
    p95: float
    p99: float
    max: float
    def __init__(self, window_ns: _Optional[int] = ..., count: _Optional[int] = ..., p50: _Optional[float] = ..., p90: _Optional[float] = ..., p95: _Optional[float] = ..., p99: _Optional[float] = ..., max: _Optional[float] = ...) -> None: ...
