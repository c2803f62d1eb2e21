"""Which mounts are shown as filesystems of the host, and what they are called. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .mountinfo import Mount

# They hold no data of anybody and have no size. What is not listed and says that it has no blocks is left out too.
_WITHOUT_DATA = frozenset(
    (
        *("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "cpuset", "debugfs", "devpts", "devtmpfs"),
        *("efivarfs", "fusectl", "fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal", "hugetlbfs", "mqueue", "nsfs", "nfsd"),
        *("pipefs", "proc", "pstore", "resctrl", "rpc_pipefs", "securityfs", "selinuxfs", "smackfs", "sockfs"),
        *("sysfs", "tracefs"),
    )
)
_ONE_A_MOUNT = frozenset(("tmpfs", "ramfs", "overlay", "aufs", "fuse.fuse-overlayfs"))  # their source says nothing
_NO_SOURCE = frozenset(("", "none"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A filesystem and the mounts through which it can be asked, the best first."""

    key: tuple[str, str]
    mounts: tuple[Mount, ...]
    prefix: str

    def path(self, mount: Mount) -> str:
        """The mount point as this process reaches it."""
        return self.prefix + mount.mount_point if mount.mount_point != "/" else self.prefix or "/"


def candidates(mounts: Iterable[Mount], prefix: str = "") -> list[Candidate]:
    """One for each source; for tmpfs, overlay and what has no source one for each mount point. In mount order.

    ``prefix``: where the host's root is mounted, such as "/rootfs": only what lies below is the host's, and is named as
    the host names it.
    """
    found: dict[tuple[str, str], list[Mount]] = {}
    for mount in below(mounts, prefix):
        if mount.type not in _WITHOUT_DATA:
            found.setdefault(key(mount), []).append(mount)
    return [Candidate(name, tuple(_best_first(name, same)), prefix) for name, same in found.items()]


def key(mount: Mount) -> tuple[str, str]:
    """What makes two mounts the same filesystem."""
    if mount.type in _ONE_A_MOUNT or mount.source in _NO_SOURCE or mount.source == mount.type:
        return (mount.type, mount.mount_point)
    return ("", mount.source)


def below(mounts: Iterable[Mount], prefix: str) -> list[Mount]:
    """Mounts at or under ``prefix``, with mount points as seen from there."""
    if not prefix:
        return list(mounts)
    out = []
    for mount in mounts:
        if mount.mount_point == prefix or mount.mount_point.startswith(prefix + "/"):
            out.append(replace(mount, mount_point=mount.mount_point[len(prefix) :] or "/"))
    return out


def labelled(mount_points: Sequence[str], places: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Labels by mount point: "root" is the mount of "/", each other label the longest mount that covers one of its
    places. As cAdvisor names them."""
    out: dict[str, list[str]] = {}
    if "/" in mount_points:
        out["/"] = ["root"]
    for label, paths in places.items():
        for path in paths:
            covering = [point for point in mount_points if covers(point, path)]
            if covering and label not in (labels := out.setdefault(max(covering, key=len), [])):
                labels.append(label)
    return out


def covers(mount_point: str, path: str) -> bool:
    """Whether ``path`` is the mount point or below it."""
    return mount_point in ("/", path) or path.startswith(mount_point + "/")


def _best_first(name: tuple[str, str], mounts: list[Mount]) -> list[Mount]:
    """Whole filesystems before bind mounts of a part; of several on one mount point the last, which is on top."""
    if name[0]:
        return mounts[::-1]
    return sorted(mounts, key=lambda mount: mount.root != "/")
