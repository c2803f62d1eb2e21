"""The containers that are followed now, and who they are: shared by discovery, the runtimes and the faces."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from ..container import Container
from ..errors import SelectionError

MIN_PREFIX = 4  # shortest id prefix taken for one: as docker, which shows 12, but a word of three letters is a name


class Roster:
    """Thread-safe. Readers get an immutable tuple, made again only when something has changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_slot: dict[int, Container] = {}
        self._by_path: dict[str, int] = {}
        self._by_id: dict[str, list[int]] = {}  # the newest last; more than one: two runtimes' ids are the same
        self._version = 0
        self._made: tuple[int, tuple[Container, ...]] = (0, ())

    @property
    def version(self) -> int:
        """Grows with every change."""
        return self._version

    def containers(self) -> tuple[Container, ...]:
        """All containers in ascending slot order."""
        version, containers = self._made
        if version == self._version:
            return containers
        with self._lock:
            containers = tuple(self._by_slot[slot] for slot in sorted(self._by_slot))
            self._made = (self._version, containers)
        return containers

    def put(self, container: Container) -> None:
        """Adds a container, or replaces the one in its slot."""
        with self._lock:
            old = self._by_slot.get(container.slot)
            if old is not None:
                self._unlink(old)
            self._by_slot[container.slot] = container
            self._by_path[container.path] = container.slot
            self._link(container)
            self._version += 1

    def drop(self, slot: int, generation: int) -> Container | None:
        """Removes that tenant of the slot; returns it, or None when it is not there."""
        with self._lock:
            old = self._by_slot.get(slot)
            if old is None or old.generation != generation:
                return None
            self._unlink(old)
            del self._by_slot[slot]
            self._version += 1
            return old

    def update(self, slot: int, generation: int, **changes: Any) -> Container | None:
        """Replaces fields of that tenant; returns the new container, or None when it is gone or nothing differs."""
        with self._lock:
            old = self._by_slot.get(slot)
            if old is None or old.generation != generation:
                return None
            if all(getattr(old, name) == value for name, value in changes.items()):
                return None
            new = self._by_slot[slot] = replace(old, **changes)
            if new.id != old.id:
                self._unlink_id(old)
                self._link(new)
            self._version += 1
            return new

    def by_slot(self, slot: int) -> Container | None:
        """The container that has the slot now."""
        return self._by_slot.get(slot)

    def by_id(self, ident: str) -> Container | None:
        """The container with exactly this runtime id; of several, the newest."""
        found = self.all_by_id(ident)
        return found[0] if found else None

    def all_by_id(self, ident: str) -> tuple[Container, ...]:
        """All that have this runtime id, the newest first: ids are unique only within a runtime."""
        slots = tuple(self._by_id.get(ident, ()))
        return tuple(found for slot in reversed(slots) if (found := self._by_slot.get(slot)) is not None)

    def by_path(self, path: str) -> Container | None:
        """The container at exactly this cgroup path."""
        slot = self._by_path.get(path)
        return None if slot is None else self._by_slot.get(slot)

    def find(self, text: str) -> Container | None:
        """The container with this path, runtime name, id or id prefix; None when there is none.

        Raises SelectionError when several match equally well.
        """
        at_path = self.by_path(text)
        if at_path is not None:
            return at_path
        exact = self.all_by_id(text)
        if len(exact) == 1:
            return exact[0]
        everyone = self.containers()
        named = list(exact) or [container for container in everyone if container.name == text]
        if not named and len(text) >= MIN_PREFIX:
            named = [container for container in everyone if container.id.startswith(text)]
        if len(named) > 1:
            paths = ", ".join(container.path for container in named[:4])
            raise SelectionError(f"container {text!r} is not unique; name one by its path: {paths}")
        return named[0] if named else None

    def _link(self, new: Container) -> None:
        if new.id:
            slots = self._by_id.setdefault(new.id, [])
            if new.slot not in slots:
                slots.append(new.slot)

    def _unlink(self, old: Container) -> None:
        if self._by_path.get(old.path) == old.slot:
            del self._by_path[old.path]
        self._unlink_id(old)

    def _unlink_id(self, old: Container) -> None:
        slots = self._by_id.get(old.id, [])
        if old.slot in slots:
            slots.remove(old.slot)
            if not slots:
                del self._by_id[old.id]
