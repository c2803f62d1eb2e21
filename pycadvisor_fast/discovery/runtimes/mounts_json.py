"""What Docker and podman say that they have mounted into a container: ``Mounts`` of an inspection. Pure."""

from __future__ import annotations

from typing import Any

from ...container import Volume
from .answers import as_list, as_object, text

_KINDS = ("volume", "bind")  # tmpfs is memory, an image or a cluster's volume no directory that is the container's


def volumes(mounts: Any) -> tuple[Volume, ...]:
    """Volumes and bind mounts that have a directory (or file) on this host, by destination: Docker has no order."""
    found = (_volume(one) for one in as_list(mounts))
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.destination))


def _volume(mount: Any) -> Volume | None:
    entry = as_object(mount)
    kind, source, destination = (text(entry, key) for key in ("Type", "Source", "Destination"))
    if kind not in _KINDS or not source.startswith("/") or not destination:
        return None
    return Volume(kind, source, destination, text(entry, "Name"), entry.get("RW") is False)
