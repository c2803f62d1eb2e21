"""Every call of the API as data: path, query or body, and what the answer is. Both clients carry these out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypedDict, TypeVar
from urllib.parse import quote

from pycadvisor_fast.errors import SelectionError

from .decode import decode, rfc3339
from .models import (
    Attributes,
    ContainerInfo,
    ContainerInfoV2,
    ContainerSpecV2,
    DerivedStats,
    Event,
    FsInfo,
    MachineInfo,
    MachineStats,
    MetricValBasic,
    ProcessInfo,
)

T = TypeVar("T")
V1, V2 = "/api/v1.3", "/api/v2.1"

Naming = Literal["name", "docker", "podman"]
"""How a v2 call names containers: by cgroup path, or by name, id or beginning of an id in a runtime."""
EventType = Literal["oom", "oomKill", "containerCreation", "containerDeletion"]
_EVENT_FLAGS: Mapping[str, str] = {
    "oom": "oom_events",
    "oomKill": "oom_kill_events",
    "containerCreation": "creation_events",
    "containerDeletion": "deletion_events",
}


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request and the type of its answer."""

    path: str
    answer: Any  # what decode takes; tuple[X, ...] and Mapping[str, X] are no classes, so type[T] cannot say it
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    @property
    def method(self) -> str:
        """POST with a body, GET without one: what cAdvisor's own clients do."""
        return "GET" if self.body is None else "POST"

    def read(self, text: bytes) -> T:
        """The answer. Raises ValueError when it is not what this call answers."""
        found: T = decode(self.answer, json.loads(text))
        return found


class V1Args(TypedDict, total=False):
    """Which samples of a v1 call: the newest ``num_stats`` (-1: all, 0: none) between two moments (wall-clock ns)."""

    num_stats: int
    start: int
    end: int


class V2Args(TypedDict, total=False):
    """Of which containers, and which samples. ``max_age``: seconds that the newest sample may be old; 0 samples now."""

    naming: Naming
    recursive: bool
    count: int
    max_age: float


class NamesArgs(TypedDict, total=False):
    """V2Args of calls that answer no samples."""

    naming: Naming
    recursive: bool
    max_age: float


class EventArgs(TypedDict, total=False):
    """Which events: of the container and (``subcontainers``) those below it; ``types`` default to all four."""

    types: Iterable[EventType]
    subcontainers: bool


# ---- v1.3


def container(name: str, args: V1Args) -> Call[ContainerInfo]:
    return Call(f"{V1}/containers{_path(name)}", ContainerInfo, body=_body(args))


def subcontainers(name: str, args: V1Args) -> Call[tuple[ContainerInfo, ...]]:
    return Call(f"{V1}/subcontainers{_path(name)}", tuple[ContainerInfo, ...], body=_body(args))


def docker(name: str, args: V1Args) -> Call[Mapping[str, ContainerInfo]]:
    return Call(f"{V1}/docker{_path(name)}", Mapping[str, ContainerInfo], body=_body(args))


def machine() -> Call[MachineInfo]:
    return Call(f"{V1}/machine", MachineInfo)


def events(name: str, max_events: int, start: int | None, end: int | None, args: EventArgs) -> Call[tuple[Event, ...]]:
    query = {**_event_query(args), "max_events": str(max_events)}
    for word, moment in (("start_time", start), ("end_time", end)):
        if moment is not None:
            query[word] = rfc3339(moment)
    return Call(f"{V1}/events{_path(name)}", tuple[Event, ...], query)


def stream_events(name: str, args: EventArgs) -> Call[Event]:
    return Call(f"{V1}/events{_path(name)}", Event, {**_event_query(args), "stream": "true"})


# ---- v2.1


def version() -> Call[str]:
    return Call(f"{V2}/version", str)


def attributes() -> Call[Attributes]:
    return Call(f"{V2}/attributes", Attributes)


def machine_stats(args: V2Args) -> Call[tuple[MachineStats, ...]]:
    return Call(f"{V2}/machinestats", tuple[MachineStats, ...], _query(args))


def stats(name: str, args: V2Args) -> Call[Mapping[str, ContainerInfoV2]]:
    return Call(f"{V2}/stats{_path(name)}", Mapping[str, ContainerInfoV2], _query(args))


def specs(name: str, args: NamesArgs) -> Call[Mapping[str, ContainerSpecV2]]:
    return Call(f"{V2}/spec{_path(name)}", Mapping[str, ContainerSpecV2], _query(args))


def summary(name: str, args: NamesArgs) -> Call[Mapping[str, DerivedStats]]:
    return Call(f"{V2}/summary{_path(name)}", Mapping[str, DerivedStats], _query(args))


def storage(label: str) -> Call[tuple[FsInfo, ...]]:
    return Call(f"{V2}/storage", tuple[FsInfo, ...], {"label": label} if label else {})


def storage_by_uuid(uuid: str) -> Call[FsInfo]:
    return Call(f"{V2}/storage", FsInfo, {"uuid": uuid})


def processes(name: str, naming: Naming) -> Call[tuple[ProcessInfo, ...]]:
    return Call(f"{V2}/ps{_path(name)}", tuple[ProcessInfo, ...], _query({"naming": naming}))


def app_metrics(name: str, args: V2Args) -> Call[Mapping[str, Mapping[str, Mapping[str, tuple[MetricValBasic, ...]]]]]:
    kind = Mapping[str, Mapping[str, Mapping[str, tuple[MetricValBasic, ...]]]]
    return Call(f"{V2}/appmetrics{_path(name)}", kind, _query(args))


# ---- how they are written


def _path(name: str) -> str:
    """A container's name behind the route. "." and ".." would name another path: raises SelectionError."""
    parts = name.split("/")
    if any(part in (".", "..") for part in parts):
        raise SelectionError(f'"{name}" names no container: a path must not have "." or ".." in it')
    return "/" + "/".join(quote(part, safe="") for part in parts if part)


def _body(args: V1Args) -> bytes:
    wanted: dict[str, Any] = {}
    if "num_stats" in args:
        wanted["num_stats"] = args["num_stats"]
    if "start" in args:
        wanted["start"] = rfc3339(args["start"])
    if "end" in args:
        wanted["end"] = rfc3339(args["end"])
    return json.dumps(wanted).encode()


def _query(args: V2Args | NamesArgs) -> dict[str, str]:
    given: Mapping[str, Any] = args
    query = {"type": str(given["naming"])} if "naming" in given else {}
    if "recursive" in given:
        query["recursive"] = "true" if given["recursive"] else "false"
    if "count" in given:
        query["count"] = str(given["count"])
    if "max_age" in given:
        query["max_age"] = f"{round(given['max_age'] * 10**9)}ns"
    return query


def _event_query(args: EventArgs) -> dict[str, str]:
    query = {"subcontainers": "true"} if args.get("subcontainers", True) else {}
    types = args.get("types")
    if types is None:
        return {**query, "all_events": "true"}
    for kind in types:
        if kind not in _EVENT_FLAGS:
            raise SelectionError(f'"{kind}" is no type of event; {", ".join(_EVENT_FLAGS)} are')
        query[_EVENT_FLAGS[kind]] = "true"
    return query
