"""Numbers from a daemon over gRPC: as columns, so that no object is made for any value."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from typing import Any

import numpy as np

from .. import schema
from ..client import Access, Client, ColumnsSnapshot, GroupArrays
from ..container import Container, Volume
from ..errors import PycadvisorError
from ..faces.snapshot import Capture, GroupCapture, stack
from ..filesystem import Storage
from ..views.selection import Selector
from .origin_events import GrpcEvents
from .origin_filesystems import storage
from .selecting import Query

_ONE_GROUP_WITHIN_SECONDS = 10.0


class GrpcOrigin:
    """An Origin."""

    def __init__(self, target: str, access: Access | None = None) -> None:
        self._client = Client(target, access=access)
        self.label = f"the daemon at {target}"
        self._host: tuple[str, str] | None = None

    def containers(self, query: Query) -> tuple[Container, ...]:
        """See Origin."""
        return tuple(container(info) for info in self._client.containers(**_select(query)))

    def interval_ns(self, query: Query) -> int:
        """See Origin."""
        return min(int(group.interval_ns) for group in self._chosen(query))

    def latest(self, query: Query) -> Capture:
        """See Origin."""
        return self._replayed(query, 0.0)

    def window(self, query: Query, seconds: float) -> Capture:
        """See Origin."""
        return self._replayed(query, seconds)

    def follow(self, query: Query, interval_ns: int) -> Iterator[Capture]:
        """See Origin. Goes on when the daemon is restarted."""
        # What slow groups said last, which the stream would send when they are due next.
        yield self.latest(query)
        stream = self._client.stream_columns(interval=interval_ns / 1e9, **_what(query), **_select(query))
        with closing(stream):  # type: ignore[type-var]
            for batch in stream:
                yield self._capture(_containers(batch), {name: _group(group) for name, group in batch.groups.items()})

    @property
    def events(self) -> GrpcEvents:
        """See Origin."""
        return GrpcEvents(self._client, conditions)

    def filesystems(self, query: Query) -> Storage:
        """See Origin."""
        return storage(self._client.filesystems(fresh=True, **_select(query)))

    def close(self) -> None:
        """See Origin."""
        self._client.close()

    def _chosen(self, query: Query) -> list[Any]:
        """Descriptions of the groups asked for that are sampled. Raises SelectionError for what does not exist."""
        names = None
        if query.groups or query.columns:
            names = set(schema.by_group(schema.columns((*query.groups, *query.columns))))
        found = [g for g in self._client.columns() if g.interval_ns and (names is None or g.name in names)]
        if not found:
            raise PycadvisorError("nothing of what is asked for is sampled on this host; pycadvisor-fast host says why")
        return found

    def _replayed(self, query: Query, seconds: float) -> Capture:
        """The ticks of the last ``seconds`` of each group, or with 0 its newest: replayed from the daemon's ring."""
        described = self._client.columns()
        base = math.gcd(*(int(group.interval_ns) for group in described if group.interval_ns))
        groups: dict[str, GroupCapture] = {}
        for group in self._chosen(query):
            latest = int(group.latest_tick)
            if not latest:
                continue
            since = max(0, latest - max(1, round(seconds * 1e9 / base)))
            parts = self._group_since(query, group.name, since, latest)
            if parts:
                groups[group.name] = stack(parts)
        return self._capture(self.containers(query), groups)

    def _group_since(self, query: Query, name: str, since: int, until: int) -> list[GroupCapture]:
        columns = [text for text in query.columns if name in schema.by_group(schema.columns([text]))]
        what: dict[str, Any] = {"groups": [name]}
        if columns and name not in query.groups:
            what = {"columns": _only(name, columns)}
        stream = self._client.stream_columns(since=since, timeout=_ONE_GROUP_WITHIN_SECONDS, **what, **_select(query))
        parts = []
        with closing(stream):  # type: ignore[type-var]
            for batch in stream:
                if name in batch.groups:
                    parts.append(_group(batch.groups[name]))
                if batch.tick >= until:
                    break
        return parts

    def _capture(self, containers: tuple[Container, ...], groups: dict[str, GroupCapture]) -> Capture:
        if self._host is None:
            host = self._client.host()
            facts = dict(host.facts)
            self._host = (host.hostname, str(facts.get("boot_id", "")))
        return Capture(containers, groups, hostname=self._host[0], boot_id=self._host[1])


_TEXTS = (
    "pod_name", "pod_namespace", "container_name", "sandbox_id", "log_path", "health", "network_mode", "layer_path",
    "layer_driver", "description", "runtime_state",
)  # fmt: skip


def container(info: Any) -> Container:
    """A ContainerInfo message as plain data."""
    owner = int(info.network_owner) & 0xFFFFFFFF if info.HasField("network_owner") else -1
    return Container(
        path=info.path,
        slot=int(info.handle) & 0xFFFFFFFF,
        generation=int(info.handle) >> 32,
        runtime=info.runtime,
        id=info.id,
        name=info.name,
        image=info.image,
        labels=dict(info.labels),
        namespace=info.namespace,
        kind=info.kind,
        pod_uid=info.pod_uid,
        created_ns=int(info.created_unix_ns),
        netns=int(info.network_namespace),
        netns_owner=owner,
        is_host_network=info.is_host_network,
        started_ns=int(info.started_unix_ns),
        pid=info.pid,
        restart_count=info.restart_count,
        aliases=tuple(info.aliases),
        envs=dict(info.envs),
        attempt=info.attempt,
        ip_addresses=tuple(info.ip_addresses),
        volumes=tuple(
            Volume(one.kind, one.source, one.destination, one.name, one.is_read_only) for one in info.volumes
        ),
        **{name: getattr(info, name) for name in _TEXTS},
    )


def _containers(batch: ColumnsSnapshot) -> tuple[Container, ...]:
    return tuple(
        container(batch.containers[handle]) for handle in sorted(batch.containers, key=lambda h: h & 0xFFFFFFFF)
    )


def _group(group: GroupArrays) -> GroupCapture:
    return GroupCapture(
        name=group.name,
        ticks=np.array([group.tick], np.uint64),
        time_unix_ns=np.array([group.time_unix_ns], np.uint64),
        time_monotonic_ns=np.array([group.time_monotonic_ns], np.uint64),
        handles=group.handles.astype(np.uint64),
        keys=tuple(group.keys),
        offsets_usec=group.offsets_usec[np.newaxis].astype(np.uint32),
        columns={name: values[np.newaxis] for name, values in group.columns.items()},
    )


def _only(name: str, columns: list[str]) -> list[str]:
    """Column selectors narrowed to one group: "*.rx_bytes" asked of network is network.rx_bytes."""
    return [f"{name}.{column}" for column in schema.by_group(schema.columns(columns))[name]]


def _select(query: Query) -> dict[str, Any]:
    """Conditions as the client calls them; what is not asked for is left out."""
    return conditions(query.selector)


def conditions(selector: Selector) -> dict[str, Any]:
    """The same of a selector."""
    args = {field.name: getattr(selector, field.name) for field in fields(selector)}
    args["ids"] = args.pop("id_prefixes")
    return {name: value for name, value in args.items() if value not in ((), None, False)}


def _what(query: Query) -> dict[str, Any]:
    return {name: value for name, value in (("groups", query.groups), ("columns", query.columns)) if value}
