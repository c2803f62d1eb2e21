"""Numbers from the ring in shared memory: no daemon has to be asked, or even run."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from .. import schema
from ..container import Container
from ..errors import RingError, TornError
from ..faces.snapshot import Capture, GroupCapture
from ..sampling import Snapshot, Window, attach
from .origin_events import RingEvents
from .quantities import span
from .selecting import Query

_POLL_SECONDS = 0.002  # how often a tick that is due is looked for


class RingOrigin:
    """An Origin. Labels are not in the ring: a query for labels finds nobody."""

    def __init__(self, path: str) -> None:
        """Raises RingError."""
        self._ring = attach(path)
        self._closed = threading.Event()
        self._events: RingEvents | None = None
        self.label = f"the ring {path}"
        if not self._ring.is_alive:
            self.label += f" (no collector writes it; its newest sample is {self._age()} old)"

    def containers(self, query: Query) -> tuple[Container, ...]:
        """See Origin."""
        return tuple(query.selector.select(self._ring.containers()))

    def interval_ns(self, query: Query) -> int:
        """See Origin."""
        return min(self._ring.group(name).interval_ns for name in self._chosen(query))

    def latest(self, query: Query) -> Capture:
        """See Origin."""
        return self._capture(query, self._chosen(query), {})

    def window(self, query: Query, seconds: float) -> Capture:
        """See Origin."""
        containers = self.containers(query)
        handles = _handles(containers)
        groups = {}
        for name, columns in self._chosen(query).items():
            window = self._ring.group(name).window(seconds, columns=columns)
            if len(window):
                groups[name] = _of_window(window, columns, handles)
        return self._capture_of(containers, groups)

    def follow(self, query: Query, interval_ns: int) -> Iterator[Capture]:
        """See Origin. Raises RingError when no collector writes the ring."""
        seen: dict[str, int] = {}
        pause = interval_ns or self.interval_ns(query)
        while not self._closed.is_set():
            if self._ring.is_stale:
                self._ring.refresh()
                seen.clear()
            began = time.monotonic_ns()
            capture = self._capture(query, self._chosen(query), seen)
            if capture.groups:
                yield capture
                # Sleeps until shortly before the next one is due, then looks often: a tick takes its time too.
                self._closed.wait(max(0, pause - (time.monotonic_ns() - began)) * 0.95e-9)
            elif not self._ring.is_alive:
                raise RingError(f"{self._ring.path}: no collector writes it; start one with: pycadvisor-fast run")
            else:
                self._closed.wait(_POLL_SECONDS)

    @property
    def events(self) -> RingEvents:
        """See Origin."""
        if self._events is None:
            self._events = RingEvents(self._ring.path)
        return self._events

    def filesystems(self, query: Query) -> None:
        """See Origin: the ring has no filesystems."""

    def close(self) -> None:
        """See Origin."""
        self._closed.set()
        if self._events is not None:
            self._events.close()
        self._ring.close()

    def _chosen(self, query: Query) -> dict[str, tuple[str, ...]]:
        """Columns by group, of what this ring holds. Raises SelectionError for what does not exist at all."""
        wanted = schema.columns((*query.groups, *query.columns)) if query.groups or query.columns else None
        if wanted is None:
            return {name: group.columns.names for name, group in self._ring.groups.items()}
        out = {}
        for name, columns in schema.by_group(wanted).items():
            group = self._ring.groups.get(name)
            if group is not None:
                out[name] = tuple(column for column in columns if column in group.columns.by_name)
        if not out:
            raise RingError(f"{self._ring.path}: nothing of what is asked for is sampled there")
        return out

    def _capture(self, query: Query, chosen: dict[str, tuple[str, ...]], seen: dict[str, int]) -> Capture:
        """The newest tick of each group that is newer than the one in ``seen``, which is brought up to date."""
        containers = self.containers(query)
        handles = _handles(containers)
        groups = {}
        for name, columns in chosen.items():
            ring = self._ring.group(name)
            tick = ring.latest_tick
            if not tick or tick <= seen.get(name, 0):
                continue
            try:
                snapshot = ring.snapshot()
            except TornError:
                continue  # the ring is very short: the next look finds a newer one
            seen[name] = snapshot.tick
            groups[name] = _of_snapshot(snapshot, columns, handles)
        return self._capture_of(containers, groups)

    def _capture_of(self, containers: tuple[Container, ...], groups: dict[str, GroupCapture]) -> Capture:
        return Capture(containers, groups, hostname=socket.gethostname(), boot_id=_boot_id())

    def _age(self) -> str:
        newest = max((self._newest_ns(name) for name in self._ring.groups), default=0)
        return span((time.time_ns() - newest) / 1e9) if newest else "unknown time"

    def _newest_ns(self, name: str) -> int:
        group = self._ring.group(name)
        try:
            return group.snapshot().time_ns if group.latest_tick else 0
        except RingError:
            return 0


def _of_snapshot(snapshot: Snapshot, columns: Sequence[str], handles: npt.NDArray[np.uint64]) -> GroupCapture:
    mine = np.isin(snapshot.handles, handles)
    return GroupCapture(
        name=snapshot.group,
        ticks=np.array([snapshot.tick], np.uint64),
        time_unix_ns=np.array([snapshot.time_ns], np.uint64),
        time_monotonic_ns=np.array([snapshot.monotonic_ns], np.uint64),
        handles=snapshot.handles[mine],
        keys=() if snapshot.keys is None else tuple(snapshot.keys[mine].tolist()),
        offsets_usec=snapshot.cells["offset_usec"][mine][np.newaxis].astype(np.uint32),
        columns={name: _numbers(snapshot, name)[mine][np.newaxis] for name in columns},
    )


def _of_window(window: Window, columns: Sequence[str], handles: npt.NDArray[np.uint64]) -> GroupCapture:
    mine = np.isin(window.handles, handles)
    return GroupCapture(
        name=window.group,
        ticks=window.ticks.astype(np.uint64),
        time_unix_ns=window.times_ns.astype(np.uint64),
        time_monotonic_ns=window.monotonic_ns.astype(np.uint64),
        handles=window.handles[mine],
        keys=() if window.keys is None else tuple(window.keys[mine].tolist()),
        offsets_usec=window.offsets_usec[:, mine].astype(np.uint32),
        columns={name: _numbers(window, name)[:, mine] for name in columns},
    )


def _numbers(source: Snapshot | Window, name: str) -> npt.NDArray[np.uint64] | npt.NDArray[np.float64]:
    is_fraction = schema.column(f"{source.group}.{name}").cell == "C16"
    return source.column(name) if is_fraction else source.integers(name)


def _handles(containers: Sequence[Container]) -> npt.NDArray[np.uint64]:
    return np.array([container.handle for container in containers], np.uint64)


def _boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()
