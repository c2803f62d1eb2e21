"""A GetFilesystemsResponse as plain data."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ..filesystem import BlockDevice, Filesystem, Storage, TreeUsage

_NAMES = {"asked_ns": "asked_unix_ns", "hangs_since_ns": "hangs_since_unix_ns", "measured_ns": "measured_unix_ns"}


def storage(response: Any) -> Storage:
    """What the daemon said."""
    devices = tuple(_plain(BlockDevice, one) for one in response.devices)
    by_name = {device.name: device for device in devices}
    return Storage(
        filesystems=tuple(
            _plain(Filesystem, one, labels=tuple(one.labels), device=by_name.get(one.device))
            for one in response.filesystems
        ),
        devices=devices,
        taken_ns=response.taken_unix_ns,
        containers={one.handle: tuple(_plain(TreeUsage, tree) for tree in one.trees) for one in response.containers},
        notes=tuple(response.notes),
    )


def _plain(kind: type[Any], message: Any, **given: Any) -> Any:
    """An object of a class whose fields have the names of the message's; what is not set is None."""
    values = dict(given)
    for field in fields(kind):
        name = _NAMES.get(field.name, field.name)
        if field.name in values:
            continue
        described = message.DESCRIPTOR.fields_by_name[name]
        values[field.name] = None if described.has_presence and not message.HasField(name) else getattr(message, name)
    return kind(**values)
