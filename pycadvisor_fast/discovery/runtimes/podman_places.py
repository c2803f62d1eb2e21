"""Where podman's stores lie on this host: root's, and one in each user's home. Blocking; called in a thread.

Defaults of containers-storage.conf(5): ``/var/lib/containers/storage`` with ``/run/containers/storage`` for root,
``~/.local/share/containers/storage`` with ``/run/user/<uid>/containers`` for others.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from .answers import as_object, text
from .podman_files import Place

MOST_STORES = 64
_FILE_LIMIT = 8 << 20


def find_places(sysroot: str = "") -> list[Place]:
    """The stores that are there; only what can be told without asking a directory service (users of /etc/passwd)."""
    return [place for place in (_of_root(sysroot), *_of_users(sysroot)) if place.root.is_dir()][:MOST_STORES]


def _of_root(sysroot: str) -> Place:
    graph, run = "/var/lib/containers/storage", "/run/containers/storage"
    for name in ("/usr/share/containers/storage.conf", "/etc/containers/storage.conf"):
        try:
            settings = as_object(as_object(tomllib.loads(_read(Path(sysroot + name)))).get("storage"))
        except (OSError, ValueError):
            continue
        graph, run = _absolute(text(settings, "graphroot"), graph), _absolute(text(settings, "runroot"), run)
    return Place(Path(sysroot + graph), Path(sysroot + run))


def _absolute(path: str, default: str) -> str:
    return path if path.startswith("/") else default


def _of_users(sysroot: str) -> Iterator[Place]:
    try:
        lines = _read(Path(sysroot + "/etc/passwd")).splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        fields = line.split(":")
        if len(fields) == 7 and fields[2].isascii() and fields[2].isdigit() and fields[5].startswith("/"):
            uid = int(fields[2])
            if uid > 0:
                home = Path(sysroot + fields[5])
                yield Place(home / ".local/share/containers/storage", Path(f"{sysroot}/run/user/{uid}/containers"), uid)


def _read(path: Path) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read(_FILE_LIMIT)
