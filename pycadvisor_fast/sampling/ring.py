"""The ring directory: all groups and who the containers are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from .. import schema
from ..container import Container
from ..errors import RingError, SelectionError
from ..native.region import Slots
from .group import GroupRing
from .snapshot import Snapshot
from .tenants import Tenants
from .window import Window

DEFAULT_PATH = "/dev/shm/pycadvisor-fast"


class Ring:
    """A ring directory mapped read-only, whether a collector runs or not. Safe to use from several threads.

    Everything the kernel of this machine told the collector is here without asking it: attaching costs one mmap a
    group. After the collector was restarted with other options its files are new: ``refresh`` maps them.
    """

    def __init__(self, path: str | os.PathLike[str] = DEFAULT_PATH) -> None:
        """Raises RingError when there is no ring, or one that cannot be trusted."""
        self.path = os.fspath(path)
        self._tenants = Tenants(Slots(self.path))
        self._groups: dict[str, GroupRing] = {}
        self._is_closed = False
        try:
            self._groups = {name: group for name in self._names() if (group := self._map(name)) is not None}
        except RingError:
            self.close()
            raise

    @property
    def groups(self) -> Mapping[str, GroupRing]:
        """The groups that are sampled, by name, in the order of the table of metrics."""
        return MappingProxyType(self._groups)

    def group(self, name: str) -> GroupRing:
        """The ring of a group. Raises SelectionError when there is no such group, or it is not sampled here."""
        found = self._groups.get(name)
        if found is None:
            schema.group(name)
            sampled = ", ".join(self._groups) or "none"
            raise SelectionError(f"{self.path}: group {name!r} is not sampled there; {sampled} are")
        return found

    def latest(self, group: str) -> Snapshot:
        """The newest complete tick of a group: GroupRing.snapshot. Raises SelectionError, RingError."""
        return self.group(group).snapshot()

    def window(self, group: str, seconds: float | None = None, columns: Sequence[str] | None = None) -> Window:
        """The ticks of a group in the last ``seconds`` (default: all): GroupRing.window. Raises SelectionError."""
        return self.group(group).window(seconds, columns=columns)

    def containers(self, gone: bool = False) -> list[Container]:
        """The live containers in ascending slot order; with ``gone``, also those that left and whose slot nobody took.

        Runtime labels are not in the ring. Costs what changed since the last call.
        """
        return self._tenants.containers(gone)

    @property
    def containers_version(self) -> int:
        """Changes whenever ``containers`` would answer differently."""
        return self._tenants.version

    @property
    def is_alive(self) -> bool:
        """Whether a collector writes this ring at the moment."""
        return self._tenants.slots.is_written

    @property
    def is_stale(self) -> bool:
        """Whether a newer collector put other files in place of those mapped: time to ``refresh``."""
        return self._tenants.slots.is_replaced or any(group.region.is_replaced for group in self._groups.values())

    def refresh(self) -> bool:
        """Maps anew what was replaced, adds groups that appeared, drops those that are gone. Returns whether anything
        changed. Snapshots, windows and arrays taken before stay valid. Raises RingError."""
        self._check_open()
        changed = False
        if self._tenants.slots.is_replaced:
            self._tenants = Tenants(Slots(self.path))
            changed = True
        groups: dict[str, GroupRing] = {}
        for name in self._names():
            old = self._groups.get(name)
            is_new = old is None or old.region.is_replaced
            group = self._map(name) if is_new else old
            if group is not None:
                groups[name] = group
            changed |= is_new
        changed |= groups.keys() != self._groups.keys()
        self._groups = groups
        return changed

    def close(self) -> None:
        """Lets go of all files. Snapshots, windows and arrays stay valid; asking for more raises RingError."""
        self._is_closed = True
        self._tenants.slots.close()
        for group in self._groups.values():
            group.close()

    def __enter__(self) -> Ring:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise RingError(f"{self.path}: the ring was closed; attach again")

    def _map(self, name: str) -> GroupRing | None:
        """None when a starting collector removed the file meanwhile. Raises RingError."""
        try:
            return GroupRing(self.path, name)
        except RingError:
            if not (Path(self.path) / f"{name}.ring").exists():
                return None
            raise

    def _names(self) -> list[str]:
        try:
            found = {entry.stem for entry in Path(self.path).iterdir() if entry.suffix == ".ring"}
        except OSError as error:
            raise RingError(f"{self.path}: cannot list the ring directory: {error.strerror}") from error
        known = [group.name for group in schema.groups() if group.name in found]
        return known + sorted(found.difference(known))


def attach(path: str | os.PathLike[str] = DEFAULT_PATH) -> Ring:
    """Maps the ring of a collector of this machine, running or not, into this process.

    Raises RingError when ``path`` holds no ring, or one that cannot be trusted.
    """
    return Ring(path)
