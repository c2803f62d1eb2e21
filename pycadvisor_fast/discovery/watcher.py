"""Keeps the set of followed cgroups true: one walk, then changes only.

Order closes the races: first every hierarchy is watched, then walked. What appears in between is seen twice, which
does no harm, and nothing is missed. A cgroup of v1 lives in several hierarchies: it is added at its first directory
and removed with its last one.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from ..errors import NativeError
from ..native.watch import CREATED, DELETED, OVERFLOW, Event, Watch, walk

log = logging.getLogger(__name__)

Handle: TypeAlias = tuple[int, int]
"""(slot, generation)"""

SETTLE_S = 0.02  # runc makes the directories of a container in all hierarchies within a few milliseconds
POLL_S = 1.0  # walk interval where the kernel offers no way to watch
RETRY_S = 1.0  # pause after an error that is not about one cgroup


class Sink(Protocol):
    """Who follows cgroups. Called from the thread of the watcher (``begin``: the caller's)."""

    def add(self, path: str, created_ns: int) -> Handle | None:
        """Follows a cgroup; None when it is gone again or there is no room (tried again at the next rescan)."""

    def refresh(self, handle: Handle) -> None:
        """More of the cgroup's hierarchies or kernel files are there than when it was added."""

    def remove(self, handle: Handle) -> None:
        """The cgroup is gone."""

    def vanished(self) -> list[Handle]:
        """Those whose files were found to be gone since the last call, although nobody said so."""


class WatchLike(Protocol):
    """What the watcher needs of native.watch.Watch."""

    @property
    def mechanism(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def degraded(self) -> str: ...
    def add_mount(self, mount: str) -> int: ...
    def read(self, timeout_s: float | None) -> list[Event]: ...
    def wake(self) -> None: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class Node:
    """A cgroup path that is there: in which hierarchies (a bit each), and followed as what."""

    mask: int = 0
    is_accepted: bool = False
    handle: Handle | None = None
    controllers: bytes = b""
    inode: tuple[int, int] = (0, 0)  # (bit of a hierarchy, inode there); cgroup inodes are never used twice
    is_waiting: bool = False  # in the queue of refreshes


class Watcher:
    """Follows the cgroup tree in a thread of its own ("pcf-discovery")."""

    def __init__(
        self,
        sink: Sink,
        mounts: Sequence[str],
        accept: Callable[[str], bool],
        *,
        unified: str = "",
        mechanism: str = "auto",
        rescan_s: float = 60.0,
        open_watch: Callable[[str], WatchLike] = Watch,
        walk_mount: Callable[[str], list[str]] = walk,
    ) -> None:
        """``mounts``: one for each hierarchy. ``unified``: the cgroup2 mount whose controllers are sampled, if any."""
        self._sink = sink
        self._mounts = _distinct(mounts)
        self._accept = accept
        self._unified = unified
        self._wanted = mechanism
        self._rescan_s = rescan_s
        self._open_watch = open_watch
        self._walk_mount = walk_mount
        self._nodes: dict[str, Node] = {}
        self._below: dict[str, set[str]] = {}  # path -> paths of nodes right below it
        self._due: deque[tuple[float, str]] = deque()
        self._watch: WatchLike | None = None
        self._indices: dict[int, int] = {}  # index of the watch -> bit
        self._unwatched = 0
        self._next_rescan = 0.0
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._counts = {"created": 0, "deleted": 0, "overflows": 0, "rescans": 0, "errors": 0}
        self._notes: list[str] = []
        self._last_error = ""

    # ---- life ----
    def begin(self) -> int:
        """Watches every hierarchy and adds what is there; returns how many cgroups are followed. No thread yet."""
        self._open()
        self._rescan()
        return sum(node.handle is not None for node in self._nodes.values())

    def start(self) -> None:
        """Follows changes from now on; ``begin`` comes first."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="pcf-discovery", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and closes the watch. ``begin`` and ``start`` may follow: what was missed is found then."""
        self._stopping.set()
        if self._watch is not None:
            self._watch.wake()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def status(self) -> dict[str, Any]:
        """Plain data for GetStatus: mechanism, cgroups seen and followed, counts of events, degradations."""
        nodes = list(self._nodes.values())
        return {
            "mechanism": self._watch.mechanism if self._watch is not None else "walk",
            "reason": self._watch.reason if self._watch is not None else "",
            "mounts": list(self._mounts),
            "cgroups": len(nodes),
            "followed": sum(node.handle is not None for node in nodes),
            **self._counts,
            "notes": [*self._notes, *self._degraded()],
            "last_error": self._last_error,
        }

    # ---- opening ----
    def _open(self) -> None:
        self._indices, self._unwatched, self._notes = {}, 0, []
        try:
            self._watch = self._open_watch(self._wanted)
        except NativeError as error:
            self._watch = None
            self._unwatched = len(self._mounts)
            self._note(f"cgroups cannot be watched ({error}); the tree is walked every {POLL_S:g} s instead")
            return
        for bit, mount in enumerate(self._mounts):
            try:
                self._indices[self._watch.add_mount(mount)] = bit
            except NativeError as error:
                self._unwatched += 1
                self._note(f"{mount} cannot be watched ({error}); it is walked every {POLL_S:g} s instead")

    def _note(self, text: str) -> None:
        log.warning("%s", text)
        self._notes.append(text)

    def _degraded(self) -> list[str]:
        """What the watch has lost since it was opened: inotify has a limit of watches."""
        text = self._watch.degraded if self._watch is not None else ""
        return [text] if text else []

    # ---- the thread ----
    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except Exception as error:  # the thread must outlive any one failure: without it the set goes stale
                self._counts["errors"] += 1
                if str(error) != self._last_error:
                    log.exception("following cgroups failed; trying again in %g s", RETRY_S)
                self._last_error = str(error)
                self._next_rescan = 0.0
                self._stopping.wait(RETRY_S)

    def _turn(self) -> None:
        """One wait and what came of it."""
        events = self._wait()
        lost = False
        for event in events:
            if event.kind == OVERFLOW:
                self._counts["overflows"] += 1
                lost = True
            elif event.mount in self._indices:
                self._apply(event)
        now = time.monotonic()
        self._refresh_due(now)
        if lost or now >= self._next_rescan:
            self._rescan()

    def _wait(self) -> list[Event]:
        deadline = self._next_rescan
        if self._due:
            deadline = min(deadline, self._due[0][0])
        timeout = max(0.0, deadline - time.monotonic())
        if self._watch is None:
            self._stopping.wait(timeout)
            return []
        return self._watch.read(timeout)

    def _apply(self, event: Event) -> None:
        bit = 1 << self._indices[event.mount]
        if event.kind == CREATED:
            self._counts["created"] += 1
            self._appear(event.path, bit, time.time_ns())
        elif event.kind == DELETED:
            self._counts["deleted"] += 1
            self._vanish(event.path, bit)

    # ---- one cgroup ----
    def _appear(self, path: str, bits: int, created_ns: int) -> None:
        node = self._nodes.get(path)
        if node is None:
            node = self._nodes[path] = Node(is_accepted=self._accept(path))
            self._below.setdefault(_parent(path), set()).add(path)
        fresh = bits & ~node.mask
        node.mask |= bits
        if not node.is_accepted:
            return
        if node.handle is None:
            node.inode = self._inode(path, node.mask)
            node.handle = self._sink.add(path, created_ns)
            if node.handle is not None and self._unified:
                node.controllers = self._controllers(path)
                self._refresh_later(path, node)
        elif fresh:
            self._refresh_later(path, node)

    def _vanish(self, path: str, bits: int) -> None:
        """A directory is gone in some hierarchies, and with it all below it: of those no event need have told."""
        for child in tuple(self._below.get(path, ())) if path != "/" else ():
            self._vanish(child, bits)
        node = self._nodes.get(path)
        if node is None:
            return
        node.mask &= ~bits
        if node.mask:
            return
        del self._nodes[path]
        self._unlink(path)
        if node.handle is not None:
            self._sink.remove(node.handle)

    def _unlink(self, path: str) -> None:
        parent = _parent(path)
        siblings = self._below[parent]
        siblings.discard(path)
        if not siblings:
            del self._below[parent]

    # ---- more hierarchies, more files ----
    def _refresh_later(self, path: str, node: Node) -> None:
        if not node.is_waiting:
            node.is_waiting = True
            self._due.append((time.monotonic() + SETTLE_S, path))

    def _refresh_due(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            _, path = self._due.popleft()
            node = self._nodes.get(path)
            if node is None or not node.is_waiting:
                continue
            node.is_waiting = False
            if self._is_another(path, node):
                self._replace(path, node)
            elif node.handle is not None and (not self._unified or self._has_new_controllers(path, node)):
                self._sink.refresh(node.handle)

    def _controllers(self, path: str) -> bytes:
        """v2: files come and go with the parent's cgroup.subtree_control, without any event."""
        try:
            with open(f"{self._unified}{path}/cgroup.controllers", "rb") as file:
                return file.read()
        except OSError:
            return b""

    def _has_new_controllers(self, path: str, node: Node) -> bool:
        before, node.controllers = node.controllers, self._controllers(path)
        return before != node.controllers

    # ---- the whole tree ----
    def _rescan(self) -> None:
        """Walks every hierarchy and makes the differences good: at start, after lost events, and now and then."""
        self._counts["rescans"] += 1
        is_partial = self._unwatched or self._degraded()
        interval = min(POLL_S, self._rescan_s) if is_partial else self._rescan_s
        self._next_rescan = time.monotonic() + interval
        seen = self._walk_all()
        for path, node in list(self._nodes.items()):
            if path not in seen:
                self._vanish(path, node.mask)
            elif self._is_another(path, node):
                self._replace(path, node)
        for path, mask in seen.items():
            self._compare(path, mask)
        for handle in self._sink.vanished():
            self._sink.refresh(handle)

    def _compare(self, path: str, mask: int) -> None:
        """Makes one cgroup's node what the walk has found."""
        node = self._nodes.get(path)
        if node is None:
            self._appear(path, mask, self._directory_time(path, mask))
        elif node.mask != mask or (node.is_accepted and node.handle is None):
            node.mask &= mask
            self._appear(path, mask, 0)
        elif self._unified and node.handle is not None and self._has_new_controllers(path, node):
            self._sink.refresh(node.handle)

    def _walk_all(self) -> dict[str, int]:
        """Path -> bits of the hierarchies it is in, parents before children."""
        seen: dict[str, int] = {"/": (1 << len(self._mounts)) - 1}
        for bit, mount in enumerate(self._mounts):
            try:
                paths = self._walk_mount(mount)
            except NativeError as error:
                self._keep_known(seen, 1 << bit)
                self._last_error = str(error)
                log.warning("%s", error)
                continue
            for path in paths:
                seen[path] = seen.get(path, 0) | 1 << bit
        return seen

    def _keep_known(self, seen: dict[str, int], bit: int) -> None:
        """A hierarchy that cannot be walked now proves nothing about what is gone."""
        for path, node in self._nodes.items():
            if node.mask & bit:
                seen[path] = seen.get(path, 0) | bit

    def _replace(self, path: str, node: Node) -> None:
        """Removed and made again before all hierarchies had told: another container of the same path."""
        if node.handle is not None:
            self._sink.remove(node.handle)
        node.handle = None
        self._appear(path, node.mask, time.time_ns())

    def _is_another(self, path: str, node: Node) -> bool:
        """Whether the directory is a new one: events of different hierarchies have no order among them."""
        bit, inode = node.inode
        found = self._stat(bit, path) if node.handle is not None and inode else None
        return found is not None and found.st_ino != inode

    def _inode(self, path: str, mask: int) -> tuple[int, int]:
        bit = (mask & -mask).bit_length() - 1
        found = self._stat(bit, path)
        return (bit, found.st_ino) if found is not None else (0, 0)

    def _stat(self, bit: int, path: str) -> os.stat_result | None:
        try:
            return os.stat(self._mounts[bit] + path)  # noqa: PTH116 -- thousands a second: a Path each would cost more
        except OSError:
            return None

    def _directory_time(self, path: str, mask: int) -> int:
        """Oldest time of the cgroup's directories, 0 when they are gone.

        kernfs makes inodes on demand and dates them then (fs/kernfs/inode.c, set_default_inode_attr): the time is never
        before the creation, and the oldest of several hierarchies comes nearest to it.
        """
        found = [self._stat(bit, path) for bit in range(len(self._mounts)) if mask >> bit & 1]
        return min((stat.st_mtime_ns for stat in found if stat is not None), default=0)


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _distinct(mounts: Sequence[str]) -> tuple[str, ...]:
    """One mount point for each hierarchy: a second one of the same file system shows the same directories."""
    found: dict[object, str] = {}
    for mount in mounts:
        try:
            key: object = os.stat(mount).st_dev  # noqa: PTH116
        except OSError:
            key = mount
        found.setdefault(key, mount)
    return tuple(found.values())
