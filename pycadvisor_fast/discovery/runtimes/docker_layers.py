"""Where the writable layer of a Docker container lies on the host.

Docker says it for overlay2 (GraphDriver.Data.UpperDir). For its other drivers the name of the directory is the
container's mount id, which stands below ``image/<driver>/layerdb/mounts`` (docker: layer/filestore.go). With the
containerd image store there is no driver of Docker's: the mount itself says where its upper directory is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

DEFAULT_ROOT = "/var/lib/docker"
_BY_MOUNT_ID = {  # driver -> where it keeps the directory of a mount id, below Docker's root
    "overlay2": "overlay2/{}/diff",
    "fuse-overlayfs": "fuse-overlayfs/{}/diff",
    "vfs": "vfs/dir/{}",
    "btrfs": "btrfs/subvolumes/{}",
    "zfs": "zfs/graph/{}",
}
_MOUNT_ID = re.compile(r"[0-9a-f]{64}(?:-init)?")
_UPPER = re.compile(r"[ ,]upperdir=((?:\\.|[^,\s])+)")
_OCTAL = re.compile(r"\\([0-7]{3})")
_MOST_BYTES = 64 * 1024  # of mountinfo: the root is among its first lines


class Layer(NamedTuple):
    """``driver`` and ``path`` on the host, "" = not known."""

    driver: str = ""
    path: str = ""


def said_layer(entry: Mapping[str, Any]) -> Layer:
    """What an inspection itself says."""
    graph = _object(entry.get("GraphDriver"))
    driver, data = _text(graph.get("Name")), _object(graph.get("Data"))
    if not driver:  # Docker 29 and later with the containerd image store
        snapshot = _object(_object(_object(entry.get("Storage")).get("RootFS")).get("Snapshot"))
        driver = _text(snapshot.get("Name"))
    return Layer(driver, _text(data.get("UpperDir")) or _text(data.get("Mountpoint")))


def found_layer(driver: str, ident: str, pid: int, root: str, sysroot: str = "") -> Layer:
    """What the host's files say when the inspection does not. Reads two small files."""
    template = _BY_MOUNT_ID.get(driver)
    mount_id = (
        _read(Path(f"{sysroot}{root}/image/{driver}/layerdb/mounts/{ident}/mount-id")).strip() if template else ""
    )
    if template and _MOUNT_ID.fullmatch(mount_id):
        return Layer(driver, f"{root}/{template.format(mount_id)}")
    return Layer(driver, upper_directory(_read(Path(f"{sysroot}/proc/{pid}/mountinfo"))) if pid else "")


def upper_directory(mountinfo: str) -> str:
    """Of the overlay that is mounted at "/" (proc(5), /proc/<pid>/mountinfo); "" when there is none."""
    for line in mountinfo.splitlines():
        fields = line.split(" ")
        if len(fields) > 6 and fields[4] == "/" and " - overlay " in line:
            match = _UPPER.search(line)
            return _OCTAL.sub(lambda m: chr(int(m[1], 8)), match[1]) if match else ""
    return ""


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "surrogateescape")
    except OSError:
        return ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
