"""Plain data of the feed as protobuf messages."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from google.protobuf.struct_pb2 import ListValue, Struct, Value

from pycadvisor_fast import __version__
from pycadvisor_fast.columns import GROUPS, Column
from pycadvisor_fast.v1 import service_pb2 as pb
from pycadvisor_fast.v1 import stats_pb2

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container, Volume
    from pycadvisor_fast.native.encoder import Regions

_EXACT = 2**53  # integers up to here are exact as a double, which is what Struct holds

_KINDS = {
    "counter": pb.ColumnDescription.KIND_COUNTER,
    "gauge": pb.ColumnDescription.KIND_GAUGE,
    "limit": pb.ColumnDescription.KIND_LIMIT,
}

_TEXTS = (  # fields of ContainerInfo that are named as the container's
    "pod_name", "pod_namespace", "container_name", "sandbox_id", "log_path", "health", "network_mode", "layer_path",
    "layer_driver", "description", "runtime_state",
)  # fmt: skip


def clean(text: str) -> str:
    """``text`` as protobuf takes it: bytes that were no UTF-8 (surrogate escapes) become "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")


def identity(container: Container, *, handles_only: bool = False) -> bytes:
    """The encoded identity fields of ContainerStats."""
    if handles_only:
        return stats_pb2.ContainerStats(handle=container.handle).SerializeToString()
    message = stats_pb2.ContainerStats(
        handle=container.handle, name=clean(container.display_name), id=clean(container.id)
    )
    return message.SerializeToString()


def container_info(container: Container) -> pb.ContainerInfo:
    """Who a container is."""
    texts: dict[str, Any] = {name: clean(text) for name in _TEXTS if (text := getattr(container, name))}
    return pb.ContainerInfo(
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
        network_namespace=container.netns,
        is_host_network=container.is_host_network,
        started_unix_ns=container.started_ns,
        pid=container.pid,
        restart_count=container.restart_count,
        aliases=[clean(alias) for alias in container.aliases],
        envs={clean(key): clean(value) for key, value in container.envs.items()},
        attempt=container.attempt,
        ip_addresses=list(container.ip_addresses),
        volumes=[_volume(volume) for volume in container.volumes],
        **texts,
    )


def _volume(volume: Volume) -> pb.Volume:
    return pb.Volume(
        kind=volume.kind,
        source=clean(volume.source),
        destination=clean(volume.destination),
        name=clean(volume.name),
        is_read_only=volume.is_read_only,
    )


def container_infos(containers: Sequence[Container], every: Iterable[Container]) -> list[pb.ContainerInfo]:
    """The same for several; ``every``: all live containers, to name the owners of shared network namespaces."""
    by_slot = {container.slot: container.handle for container in every}
    infos = []
    for container in containers:
        info = container_info(container)
        if container.netns_owner in by_slot:
            info.network_owner = by_slot[container.netns_owner]
        infos.append(info)
    return infos


def group_descriptions(regions: Regions) -> list[pb.GroupDescription]:
    """All groups of the table; those that are off have interval 0."""
    out = []
    for group in GROUPS:
        region = regions.by_group.get(group.index)
        present = {cell.index for cell in region.columns} if region else set()
        description = pb.GroupDescription(
            name=group.name,
            number=group.number,
            key="" if group.key == "none" else group.key,
            help=group.help,
            interval_ns=region.shape.interval_ns if region else 0,
            oldest_tick=region.oldest if region else 0,
            latest_tick=region.latest if region else 0,
            columns=[_column_description(column, column.index in present) for column in group.columns],
        )
        out.append(description)
    return out


def _column_description(column: Column, is_present: bool) -> pb.ColumnDescription:
    return pb.ColumnDescription(
        name=column.name,
        number=column.number,
        kind=_KINDS[column.kind],
        type=pb.ColumnDescription.TYPE_DOUBLE if column.cell == "C16" else pb.ColumnDescription.TYPE_UINT64,
        help=column.help,
        present=is_present,
    )


def value(data: Any) -> Value:
    """Any plain data as a protobuf Value; integers beyond 2^53 and floats JSON has no word for become texts."""
    if data is None:
        return Value(null_value=0)  # type: ignore[arg-type]
    if isinstance(data, bool):
        return Value(bool_value=data)
    if isinstance(data, int):
        return Value(number_value=data) if abs(data) <= _EXACT else Value(string_value=str(data))
    if isinstance(data, float):
        return Value(number_value=data) if math.isfinite(data) else Value(string_value=str(data))
    if isinstance(data, Mapping):
        return Value(struct_value=struct(data))
    if isinstance(data, (list, tuple, set, frozenset)):
        return Value(list_value=ListValue(values=[value(item) for item in data]))
    return Value(string_value=clean(str(data)))


def struct(data: Mapping[Any, Any]) -> Struct:
    """A mapping as a protobuf Struct."""
    return Struct(fields={clean(str(key)): value(item) for key, item in data.items()})


def host_response(host: Mapping[str, Any]) -> pb.GetHostResponse:
    """Feed.host() as a message."""
    return pb.GetHostResponse(
        hostname=clean(platform.node()),
        collector_version=__version__,
        facts=struct(host.get("facts", {})),
        plan=struct(host.get("plan", {})),
        notes=[clean(str(note)) for note in host.get("notes", ())],
    )
