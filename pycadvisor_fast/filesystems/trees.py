"""Which directory trees containers have, and which layers only their runtime can tell about. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import NamedTuple

from ..container import Container
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
    """What is shown of one container: ``tree`` with the figures of ``place``."""

    handle: int
    place: Place
    tree: TreeUsage


def wanted(containers: Iterable[Container]) -> list[Wanted]:
    """What there is to be told of each container whose runtime said where it is."""
    out = []
    for one in containers:
        if one.layer_path:
            out.append(Wanted(one.handle, Place(one.layer_path), TreeUsage("layer", one.layer_path)))
        elif one.layer_driver and one.id and one.runtime in _TELLING:
            out.append(Wanted(one.handle, Place("", Asked(one.id, one.path)), TreeUsage("layer", "")))
        if one.log_path:
            path = log_tree(one)
            out.append(Wanted(one.handle, Place(path), TreeUsage("log", path)))
    return out


def log_tree(container: Container) -> str:
    """The directory of the log where it is this container's alone, so that rotated logs count; else the log itself."""
    folder = posixpath.dirname(container.log_path)
    owners = [owner for owner in (container.id, container.pod_uid) if owner]
    return folder if any(owner in folder for owner in owners) else container.log_path
