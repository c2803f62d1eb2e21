"""What nodes, pods and containers hold on disk, in kubelet's words (FsStats). Pure functions of a Storage."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .usage import Object, known, moment

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container
    from pycadvisor_fast.filesystem import Filesystem, Storage, TreeUsage

KUBELET_ROOT = "/var/lib/kubelet"
"""Whose filesystem is the node's "fs": kubelet's --root-dir, by default here."""


class Disks:
    """FsStats from what is known of filesystems and of containers' trees."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def node(self) -> Object | None:
        """The filesystem kubelet keeps its pods on."""
        found = self._filesystem_of(KUBELET_ROOT)
        return None if found is None else _filesystem(found)

    def images(self) -> Object | None:
        """The filesystem of the runtime's images, where one is known."""
        for found in self._storage.filesystems:
            if any(label.endswith("-images") for label in found.labels):
                return _filesystem(found)
        return None

    def root(self, one: Container) -> Object | None:
        """A container's writable layer."""
        return self._tree(one, "layer")

    def logs(self, one: Container) -> Object | None:
        """A container's log."""
        return self._tree(one, "log")

    def volumes(self, members: Iterable[Container]) -> list[Object]:
        """VolumeStats of a pod; a volume that several containers mount is one."""
        found = {tree.path: tree for one in members for tree in self._trees(one) if tree.kind == "volume"}
        return [{**self._measured(tree), "name": PurePosixPath(path).name} for path, tree in sorted(found.items())]

    def ephemeral(self, members: Iterable[Container]) -> Object | None:
        """A pod's layers and logs together, beside what its node's filesystem has. Volumes are not counted in: which of
        them end with the pod only the API server knows."""
        trees = [tree for one in members for tree in self._trees(one) if tree.kind in ("layer", "log")]
        measured = [tree for tree in trees if tree.bytes is not None]
        if not measured:
            return None
        inodes = sum(tree.inodes or 0 for tree in measured)
        used = known(usedBytes=sum(tree.bytes or 0 for tree in measured), inodesUsed=inodes)
        return {**(self.node() or {}), "time": moment(max(tree.measured_ns for tree in measured)), **used}

    def _trees(self, one: Container) -> tuple[TreeUsage, ...]:
        return self._storage.containers.get(one.handle, ())

    def _tree(self, one: Container, kind: str) -> Object | None:
        trees = [tree for tree in self._trees(one) if tree.kind == kind and tree.bytes is not None]
        return self._measured(trees[0]) if trees else None

    def _measured(self, tree: TreeUsage) -> Object:
        """The tree's own use, and what its filesystem has, where it is in one."""
        found = self._filesystem_of(tree.path)
        around = {} if found is None else _filesystem(found)
        own = known(time=moment(tree.measured_ns), usedBytes=tree.bytes, inodesUsed=tree.inodes)
        return {name: value for name, value in around.items() if name not in ("usedBytes", "inodesUsed")} | own

    def _filesystem_of(self, path: str) -> Filesystem | None:
        """The filesystem mounted nearest above ``path``; of several at one place the last, which hides the others. None
        for "": a layer that only its snapshotter knows has no directory."""
        best: Filesystem | None = None
        for found in self._storage.filesystems:
            if _is_below(path, found.mount_point) and (best is None or len(found.mount_point) >= len(best.mount_point)):
                best = found
        return best


def _filesystem(found: Filesystem) -> Object:
    return known(
        time=moment(found.asked_ns),
        availableBytes=found.available_bytes,
        capacityBytes=found.capacity_bytes,
        usedBytes=found.used_bytes,
        inodesFree=found.inodes_free,
        inodes=found.inodes,
        inodesUsed=found.inodes_used,
    )


def _is_below(path: str, mount_point: str) -> bool:
    return bool(path) and (mount_point == "/" or path == mount_point or path.startswith(f"{mount_point}/"))
