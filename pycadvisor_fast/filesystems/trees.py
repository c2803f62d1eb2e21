"""Which directory trees containers have, and which layers only their runtime can tell about. Pure."""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from ..container import Container, Volume
from ..filesystem import TreeUsage

_TELLING = ("docker", "containerd", "kubepods")  # runtimes by path whose containers containerd may know


class Asked(NamedTuple):
    """A container whose layer has no directory on the host: its runtime is asked. Ids may be chosen twice."""

    id: str
    cgroup: str


class Place(NamedTuple):
    """What is measured, once for all who have it: a tree of the host, or a layer by what its runtime says."""

    path: str
    asked: Asked | None = None


class Wanted(NamedTuple):
    """What is shown of a container: ``tree`` with the figures of ``place``; None: it is not measured."""

    place: Place | None
    tree: TreeUsage


def wanted(container: Container, *, with_binds: bool = False) -> tuple[Wanted, ...]:
    """What there is to be told of a container, as far as its runtime said where it is. ``with_binds``: bind mounts are
    measured as well, and not only named: they may be all of the host."""
    out = []
    if container.layer_path:
        out.append(_tree("layer", container.layer_path))
    elif container.layer_driver and container.id and container.runtime in _TELLING:
        out.append(Wanted(Place("", Asked(container.id, container.path)), TreeUsage("layer", "")))
    if container.log_path:
        out.append(_tree("log", log_tree(container)))
    return (*out, *(_volume(one, with_binds) for one in container.volumes))


def _tree(kind: str, path: str) -> Wanted:
    return Wanted(Place(path), TreeUsage(kind, path))


def _volume(volume: Volume, with_binds: bool) -> Wanted:
    tree = TreeUsage(
        volume.kind,
        volume.source,
        name=volume.name,
        destination=volume.destination,
        is_read_only=volume.is_read_only,
    )
    return Wanted(Place(volume.source) if with_binds or volume.kind == "volume" else None, tree)


def log_tree(container: Container) -> str:
    """The directory of the log where it is this container's alone, so that rotated logs count; else the log itself."""
    folder = posixpath.dirname(container.log_path)
    owners = [owner for owner in (container.id, container.pod_uid) if owner]
    return folder if any(owner in folder for owner in owners) else container.log_path
