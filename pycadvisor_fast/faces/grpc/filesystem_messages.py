"""filesystem.Storage as protobuf messages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from pycadvisor_fast.v1 import filesystems_pb2 as pb

from .messages import clean

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container
    from pycadvisor_fast.filesystem import BlockDevice, Filesystem, Storage, TreeUsage


def response(storage: Storage, containers: Iterable[Container]) -> pb.GetFilesystemsResponse:
    """What is known of the host, and of the trees of these containers."""
    handles = (container.handle for container in containers)
    return pb.GetFilesystemsResponse(
        taken_unix_ns=storage.taken_ns,
        filesystems=[filesystem(one) for one in storage.filesystems],
        devices=[block_device(one) for one in storage.devices],
        containers=[
            pb.ContainerTrees(handle=handle, trees=[tree(one) for one in storage.containers[handle]])
            for handle in handles
            if handle in storage.containers
        ],
        notes=[clean(note) for note in storage.notes],
    )


def filesystem(one: Filesystem) -> pb.Filesystem:
    """A filesystem; what it did not tell stays unset."""
    return pb.Filesystem(
        source=clean(one.source),
        type=clean(one.type),
        mount_point=clean(one.mount_point),
        major=one.major,
        minor=one.minor,
        labels=one.labels,
        is_read_only=one.is_read_only,
        capacity_bytes=one.capacity_bytes,
        free_bytes=one.free_bytes,
        available_bytes=one.available_bytes,
        inodes=one.inodes,
        inodes_free=one.inodes_free,
        asked_unix_ns=one.asked_ns,
        hangs_since_unix_ns=one.hangs_since_ns,
        error=clean(one.error),
        device=clean(one.device.name) if one.device else "",
        uuid=clean(one.uuid),
    )


def block_device(one: BlockDevice) -> pb.BlockDevice:
    """A block device: its fields have the names of the message's."""
    values: dict[str, Any] = {field.name: getattr(one, field.name) for field in fields(one)}
    return pb.BlockDevice(**{**values, "name": clean(one.name), "disk": clean(one.disk)})


def tree(one: TreeUsage) -> pb.TreeUsage:
    """A container's tree; without numbers before it was measured."""
    return pb.TreeUsage(
        kind=one.kind,
        path=clean(one.path),
        bytes=one.bytes,
        apparent_bytes=one.apparent_bytes,
        inodes=one.inodes,
        source=one.source,
        measured_unix_ns=one.measured_ns,
        took_ns=one.took_ns,
        skipped=one.skipped,
        error=clean(one.error),
        own_bytes=one.own_bytes,
        name=clean(one.name),
        destination=clean(one.destination),
        is_read_only=one.is_read_only,
    )
