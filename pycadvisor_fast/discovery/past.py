"""Containers that are gone, for a while: what happened to them is told, and asked for, after they went."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..container import Container

MOST = 10_000  # about 2 KiB each with the labels that runtimes give
LONGEST_S = 24 * 3600.0  # as long as events are kept by default


class Past:
    """The newest ``MOST`` removed containers of the last day. Thread-safe."""

    def __init__(self, most: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = MOST if most is None else most
        self._clock = clock
        self._lock = threading.Lock()
        self._by_handle: OrderedDict[int, tuple[float, Container]] = OrderedDict()  # the oldest first
        self._by_id: dict[str, int] = {}
        self._by_path: dict[str, int] = {}

    def put(self, container: Container) -> None:
        """A container has been removed."""
        with self._lock:
            now = self._clock()
            self._by_handle.pop(container.handle, None)
            self._by_handle[container.handle] = (now, container)
            self._by_path[container.path] = container.handle
            if container.id:
                self._by_id[container.id] = container.handle
            while self._by_handle:
                removed, oldest = next(iter(self._by_handle.values()))
                if len(self._by_handle) <= self._most and now - removed < LONGEST_S:
                    return
                self._drop(oldest)

    def by_handle(self, handle: int) -> Container | None:
        """The one that had this handle."""
        found = self._by_handle.get(handle)
        return None if found is None else found[1]

    def by_path(self, path: str) -> Container | None:
        """The newest one that was at this cgroup path."""
        return self.by_handle(self._by_path.get(path, -1))

    def by_id(self, ident: str) -> Container | None:
        """The newest one with this runtime id."""
        return self.by_handle(self._by_id.get(ident, -1))

    def update(self, handle: int, **changes: Any) -> Container | None:
        """Replaces fields of one that was named late; returns it, or None when it is forgotten."""
        with self._lock:
            found = self._by_handle.get(handle)
            if found is None:
                return None
            changed = replace(found[1], **changes)
            self._by_handle[handle] = (found[0], changed)
            return changed

    def __len__(self) -> int:
        return len(self._by_handle)

    def _drop(self, container: Container) -> None:
        del self._by_handle[container.handle]
        for index, key in ((self._by_path, container.path), (self._by_id, container.id)):
            if index.get(key) == container.handle:
                del index[key]
