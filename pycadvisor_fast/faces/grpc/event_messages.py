"""Events as protobuf messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pycadvisor_fast.container import Container
from pycadvisor_fast.event import (
    PAYLOADS,
    CgroupLife,
    ContainerExit,
    ContainerStart,
    Event,
    Exec,
    Exit,
    Fork,
    Lost,
    Note,
    Oom,
    OomKill,
    Throttle,
    known,
)
from pycadvisor_fast.v1 import events_pb2 as pb

from .messages import clean

# The names inside are those of the dataclasses.
_MESSAGES: dict[type, Any] = {
    OomKill: pb.OomKill,
    Oom: pb.Oom,
    CgroupLife: pb.CgroupLife,
    Fork: pb.ProcessFork,
    Exec: pb.ProcessExec,
    Exit: pb.ProcessExit,
    Throttle: pb.Throttle,
    ContainerStart: pb.ContainerStart,
    ContainerExit: pb.ContainerExit,
    Lost: pb.EventsLost,
}


def event_message(event: Event) -> pb.Event:
    """The event as a message; what is not known is not set."""
    message = pb.Event(
        seq=event.seq,
        time_unix_ns=event.time_ns,
        time_monotonic_ns=event.monotonic_ns,
        kind=event.kind,
        cgroup_path=clean(event.cgroup_path),
        source=event.source,
        caveats=event.caveats,
        cgroup_id=event.cgroup_id,
        hierarchy_id=event.hierarchy_id,
        logged_monotonic_ns=event.logged_ns,
        container=_container(event.container) if event.container is not None else None,
    )
    payload = event.payload
    if isinstance(payload, Note):
        message.note = clean(payload.text)
        return message
    said = _MESSAGES[type(payload)](**{name: _value(value) for name, value in known(payload).items()})
    if isinstance(payload, ContainerExit) and payload.life_ns is not None:
        said.life_ns = payload.life_ns
    getattr(message, PAYLOADS[type(payload)]).CopyFrom(said)
    return message


def counts(by_kind: Mapping[str, int]) -> list[pb.KindCount]:
    """Counts that are not 0, by kind."""
    return [pb.KindCount(kind=kind, count=count) for kind, count in sorted(by_kind.items()) if count]


def framed(message: bytes) -> bytes:
    """An encoded Event as an element of ``events`` in EventBatch and GetEventsResponse: tag, length, bytes."""
    length, size = bytearray(), len(message)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return b"\x0a" + bytes(length) + message  # field 1, length-delimited


def _container(container: Container) -> pb.EventContainer:
    return pb.EventContainer(
        handle=container.handle,
        path=clean(container.path),
        runtime=container.runtime,
        id=clean(container.id),
        name=clean(container.name),
        image=clean(container.image),
        labels={clean(key): clean(value) for key, value in container.labels.items()},
        namespace=clean(container.namespace),
        kind=container.kind,
        pod_uid=clean(container.pod_uid),
        created_unix_ns=container.created_ns,
    )


def _value(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value
