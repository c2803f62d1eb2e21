"""Where events come from: the daemon over gRPC, or the log it left in shared memory."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from ..client import Client
from ..container import Container
from ..event import (
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
    Payload,
    Throttle,
)
from ..events import AttachedEvents, PastPage, PastQuery, attach_events, kinds_of
from ..views.event_selection import matcher
from ..views.selection import Selector


@dataclass(frozen=True)
class EventsAsked:
    """What to show. ``since_seq`` and ``ago_ns`` say where to begin; neither: now, or for the past the newest."""

    selector: Selector = field(default_factory=Selector)
    kinds: tuple[str, ...] = ()
    since_seq: int | None = None
    ago_ns: int = 0

    @property
    def from_ns(self) -> int:
        """The moment that ``ago_ns`` means, wall clock; 0: none."""
        return max(1, time.time_ns() - self.ago_ns) if self.ago_ns else 0


@dataclass(frozen=True)
class Batch:
    """Events, and how many of each kind were missed before them."""

    events: list[Event]
    missed: Mapping[str, int] = field(default_factory=dict)


class EventOrigin(Protocol):
    """Events of a host. Raises SelectionError for what does not exist."""

    def follow(self, asked: EventsAsked) -> Iterator[Batch]:
        """Events as they happen."""

    def past(self, asked: EventsAsked, count: int) -> list[Event]:
        """The newest ``count`` of those asked for, oldest first; after ``since_seq`` the oldest ``count``."""


class GrpcEvents:
    """An EventOrigin. ``select`` gives a selector's conditions as the client calls them."""

    def __init__(self, client: Client, select: Any) -> None:
        self._client = client
        self._select = select

    def follow(self, asked: EventsAsked) -> Iterator[Batch]:
        """See EventOrigin. Goes on when the daemon is restarted."""
        where: dict[str, Any] = {} if asked.since_seq is None else {"since": asked.since_seq}
        if asked.ago_ns:
            where["since_time"] = asked.from_ns / 1e9
        stream = self._client.stream_events(kinds=asked.kinds, **where, **self._select(asked.selector))
        with closing(stream):  # type: ignore[type-var]
            for batch in stream:
                yield Batch([event(one) for one in batch.events], {one.kind: one.count for one in batch.missed})

    def past(self, asked: EventsAsked, count: int) -> list[Event]:
        """See EventOrigin."""
        where: dict[str, Any] = {"begin": asked.from_ns / 1e9} if asked.ago_ns else {}
        if asked.since_seq is not None:
            where["after"] = asked.since_seq
        newest_first = asked.since_seq is None
        found = self._client.past_events(
            kinds=asked.kinds, count=count, newest_first=newest_first, **where, **self._select(asked.selector)
        )
        events = [event(one) for one in found]
        return events[::-1] if newest_first else events


class RingEvents:
    """An EventOrigin. Process events are there only as far as somebody asked the daemon for them."""

    def __init__(self, path: str) -> None:
        """Raises RingError."""
        self._log: AttachedEvents = attach_events(path)

    def follow(self, asked: EventsAsked) -> Iterator[Batch]:
        """See EventOrigin. Raises RingError when no collector writes the log."""
        stream = self._log.events(
            kinds_of(asked.kinds), match=matcher(asked.selector), since=asked.since_seq, since_ns=asked.from_ns
        )
        told: dict[str, int] = {}
        for one in stream:
            missed = {kind: count - told.get(kind, 0) for kind, count in stream.missed.items()}
            told = dict(stream.missed)
            yield Batch([one], {kind: count for kind, count in missed.items() if count})

    def past(self, asked: EventsAsked, count: int) -> list[Event]:
        """See EventOrigin."""
        newest_first = asked.since_seq is None
        after, before = asked.since_seq or 0, 0
        out: list[Event] = []
        page = PastPage((), True, 0)
        while page.has_more and len(out) < count:
            query = PastQuery(
                kinds_of(asked.kinds),
                from_ns=asked.from_ns,
                after_seq=after,
                before_seq=before,
                limit=count - len(out),
                is_newest_first=newest_first,
            )
            page = self._log.past(query, matcher(asked.selector))
            after, before = (after, page.seq) if newest_first else (page.seq, before)
            out += page.events
        return out[::-1] if newest_first else out

    def close(self) -> None:
        """Lets go of the log."""
        self._log.close()


_KINDS: dict[str, type] = {
    PAYLOADS[kind]: kind
    for kind in (OomKill, Oom, CgroupLife, Fork, Exec, Exit, Throttle, ContainerStart, ContainerExit, Lost)
}


def event(message: Any) -> Event:
    """A message Event as plain data."""
    return Event(
        seq=message.seq,
        kind=message.kind,
        time_ns=message.time_unix_ns,
        monotonic_ns=message.time_monotonic_ns,
        logged_ns=message.logged_monotonic_ns,
        container=_container(message.container) if message.HasField("container") else None,
        cgroup_path=message.cgroup_path,
        source=message.source,
        caveats=tuple(message.caveats),
        payload=_payload(message),
        cgroup_id=message.cgroup_id,
        hierarchy_id=message.hierarchy_id,
    )


def _payload(message: Any) -> Payload:
    name = message.WhichOneof("payload")
    if name not in _KINDS:
        return Note(message.note)  # also of a daemon that is newer and knows more kinds
    said, kind = getattr(message, name), _KINDS[name]
    values = {}
    for item in fields(kind):
        has_presence = said.DESCRIPTOR.fields_by_name[item.name].has_presence
        values[item.name] = None if has_presence and not said.HasField(item.name) else getattr(said, item.name)
    made: Payload = kind(**values)
    return made


def _container(message: Any) -> Container:
    return Container(
        path=message.path,
        slot=message.handle & 0xFFFFFFFF,
        generation=message.handle >> 32,
        runtime=message.runtime,
        id=message.id,
        name=message.name,
        image=message.image,
        labels=dict(message.labels),
        namespace=message.namespace,
        kind=message.kind,
        pod_uid=message.pod_uid,
        created_ns=message.created_unix_ns,
    )
