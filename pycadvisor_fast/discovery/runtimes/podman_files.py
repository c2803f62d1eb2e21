"""Podman's storage files: who its containers are when no service answers. Blocking; called in threads of their own.

A store is what github.com/containers/storage keeps below one directory. ``<driver>-containers/containers.json`` has
ids, names, images and layers (``volatile-containers.json`` those of ``--rm``); ``<id>/userdata/config.json``
is the OCI spec of the last start. Labels, health, restarts and pods' names stand in podman's database alone
and are not given. Nothing is written or locked: podman replaces its files, it does not change them.

A rootless store belongs to its user, who may put anything there. So only plain files of that user are read (no FIFO to
wait at, no link to what others own), each up to a bound, and what they hold is never quoted.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...errors import PycadvisorError
from . import Identity
from .answers import as_list, as_object, environment, text
from .docker_json import time_ns

LIST_LIMIT = 64 << 20  # bytes of a containers.json; about 600 a container
CONFIG_LIMIT = 4 << 20
DRIVERS = ("overlay", "vfs", "btrfs", "zfs", "devicemapper", "aufs", "overlay2")
_LAYERS = {"overlay": "overlay/{}/diff", "vfs": "vfs/dir/{}", "btrfs": "btrfs/subvolumes/{}"}
_ID = re.compile(r"[0-9a-f]{64}")
_POD = re.compile(r"libpod_pod_([0-9a-f]{64})|/([0-9a-f]{64})/libpod-[0-9a-f]{64}$")
_INFRA = re.compile(r"([0-9a-f]{12})-infra")  # how podman names what holds a pod's namespaces
_NOT_THERE = (FileNotFoundError, NotADirectoryError)


class StoreError(PycadvisorError):
    """A store's file is not what podman writes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one store lies; ``uid`` owns it."""

    root: Path
    run: Path
    uid: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """A container as a store lists it."""

    identity: Identity
    driver: str


class Store:
    """One store, read again when its lists change."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._seen: tuple[tuple[str, int, int, int], ...] | None = None

    def changed(self) -> dict[str, Listed] | None:
        """All containers by id; None when the lists are the same as at the last call.

        Raises OSError when they cannot be read and StoreError when they are no lists of containers.
        """
        lists = [(driver, path) for driver in DRIVERS for path in self._lists(driver)]
        seen = tuple(mark for _, path in lists if (mark := _mark(path)) is not None)
        if seen == self._seen:
            return None
        found = {one.identity.id: one for driver, path in lists for one in self._read(driver, path)}
        self._seen = seen
        return found

    def detailed(self, one: Listed) -> Identity:
        """``one`` with what its spec says: environment, pod, process; without, when there is no (sound) spec."""
        ident = one.identity.id
        try:
            spec = as_object(self._json(self._home(one) / "config.json", CONFIG_LIMIT))
        except (OSError, StoreError):
            return one.identity
        identity = _specified(one.identity, spec)
        log = self._home(one) / "ctr.log"
        pid, started_ns = self._process(self.place.run / f"{one.driver}-containers" / ident / "userdata" / "pidfile")
        return replace(identity, log_path=str(log) if log.is_file() else "", pid=pid, started_ns=started_ns)

    def _home(self, one: Listed) -> Path:
        return self.place.root / f"{one.driver}-containers" / one.identity.id / "userdata"

    def _lists(self, driver: str) -> tuple[Path, ...]:
        above = f"{driver}-containers"
        volatile = "volatile-containers.json"  # beside the other; in the run directory of a transient store
        places = (self.place.root / above / "containers.json", self.place.root / above / volatile)
        return (*places, self.place.run / above / volatile)

    def _read(self, driver: str, path: Path) -> Iterator[Listed]:
        try:
            items = self._json(path, LIST_LIMIT)
        except _NOT_THERE:
            return
        if not isinstance(items, list):
            raise StoreError(f"{path}: this is no list of containers")
        for item in map(as_object, items):
            if _ID.fullmatch(text(item, "id")):
                yield Listed(self._identity(driver, item), driver)

    def _identity(self, driver: str, item: Mapping[str, Any]) -> Identity:
        names = tuple(name for name in as_list(item.get("names")) if isinstance(name, str))
        layer = text(item, "layer")
        known = driver in _LAYERS and _ID.fullmatch(layer)
        return Identity(
            "podman",
            text(item, "id"),
            name=names[0] if names else "",
            aliases=names,
            image=_image(text(item, "metadata")),
            kind="sandbox" if names and _INFRA.fullmatch(names[0]) else "container",
            namespace="podman",
            created_ns=time_ns(text(item, "created")),
            layer_path=str(self.place.root / _LAYERS[driver].format(layer)) if known else "",
            layer_driver=driver,
        )

    def _process(self, pidfile: Path) -> tuple[int, int]:
        """First process and when it started (the file is written at each start); zeros when it is not there."""
        try:
            with os.fdopen(self._open(pidfile), "rb") as file:
                digits, started_ns = file.read(20).strip(), os.fstat(file.fileno()).st_mtime_ns
        except (OSError, StoreError):
            return 0, 0
        is_there = digits.isdigit() and Path(f"/proc/{digits.decode()}").exists()
        return (int(digits), started_ns) if is_there else (0, 0)

    def _json(self, path: Path, limit: int) -> Any:
        with os.fdopen(self._open(path), "rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise StoreError(f"{path}: larger than {limit} bytes and not read")
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise StoreError(f"{path}: this is no JSON") from None

    def _open(self, path: Path) -> int:
        """A descriptor of a plain file that the store's owner owns: nothing that could block or is somebody else's."""
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        status = os.fstat(file)
        if stat.S_ISREG(status.st_mode) and status.st_uid == self.place.uid:
            return file
        os.close(file)
        raise StoreError(f"{path}: no plain file of user {self.place.uid}, not read")


def _mark(path: Path) -> tuple[str, int, int, int] | None:
    """What changes when podman writes the file anew; None when it is not there."""
    try:
        status = path.stat(follow_symlinks=False)
    except _NOT_THERE:
        return None
    return str(path), status.st_ino, status.st_mtime_ns, status.st_size


def _image(metadata: str) -> str:
    try:
        return text(as_object(json.loads(metadata)), "image-name") if metadata else ""
    except (ValueError, RecursionError):
        return ""


def _specified(identity: Identity, spec: Mapping[str, Any]) -> Identity:
    linux, annotations = as_object(spec.get("linux")), as_object(spec.get("annotations"))
    match = _POD.search(text(linux, "cgroupsPath"))
    sandbox = text(annotations, "io.kubernetes.cri-o.SandboxID")
    return replace(
        identity,
        envs=environment(as_object(spec.get("process")).get("env")),
        pod_uid=(match[1] or match[2]) if match else "",
        sandbox_id=sandbox if _ID.fullmatch(sandbox) and sandbox != identity.id else "",
        network_mode="" if _has_network(linux) else "host",
    )


def _has_network(linux: Mapping[str, Any]) -> bool:
    kinds = {text(as_object(one), "type") for one in as_list(linux.get("namespaces"))}
    return "network" in kinds or not kinds
