"""Which containers have ended lately: followed in the log of events from scrape to scrape, and no further back."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from pycadvisor_fast.event import Event
from pycadvisor_fast.events.reader import PAGE

if TYPE_CHECKING:
    from pycadvisor_fast.events import Bus
    from pycadvisor_fast.feed import Feed

MOST = 2000
"""Exits that are kept: of more within a grace period, the newest; see FollowedExits.left_out."""

_KINDS = frozenset(("container_exit",))
_SETTLED_NS = 10 * 10**9  # until then a runtime may still tell exit code and name: such records are read again


class FollowedExits:
    """One thread at a time; nothing is read between two calls."""

    def __init__(self, feed: Feed, grace_ns: int) -> None:
        self._feed = feed
        self._grace_ns = grace_ns
        self._epoch = ""
        self._seq = 0  # up to here everything has settled
        self._settled: deque[Event] = deque()
        self.left_out = 0
        """Exits given up before their grace period ended, for newer ones."""

    def newest(self, now_ns: int) -> list[Event]:
        """The newest exit at each cgroup path within the grace period, in the order they were noted."""
        bus = self._feed.events_bus
        if bus is None or not self._grace_ns:
            return []
        if bus.epoch != self._epoch:  # numbers of another log mean nothing in this one
            self._epoch, self._seq = bus.epoch, 0
            self._settled.clear()
        unsettled = self._take(bus, now_ns)
        while self._settled and not self._is_recent(self._settled[0], now_ns):
            self._settled.popleft()
        by_path: dict[bytes, Event] = {}
        for event in (*self._settled, *unsettled):
            if event.container is not None and self._is_recent(event, now_ns):
                path = event.container.path.encode("utf-8", "replace")  # as the label "id" shows it
                by_path.pop(path, None)
                by_path[path] = event
        return list(by_path.values())[-MOST:]

    def _take(self, bus: Bus, now_ns: int) -> deque[Event]:
        """Keeps what has settled since the last call; returns what has not."""
        unsettled: deque[Event] = deque(maxlen=MOST)
        first_unsettled, seq = 0, self._seq
        latest = bus.latest
        while True:
            events = bus.after(seq, _KINDS, from_ns=max(0, now_ns - self._grace_ns))
            for event in events:
                seq = event.seq
                if not first_unsettled and event.time_ns >= now_ns - _SETTLED_NS:
                    first_unsettled = seq
                if not self._is_of_container(event):
                    continue
                if first_unsettled:
                    unsettled.append(event)
                else:
                    self._keep(event, now_ns)
            if len(events) < PAGE:
                self._seq = first_unsettled - 1 if first_unsettled else max(latest, seq)
                return unsettled

    def _keep(self, event: Event, now_ns: int) -> None:
        self._settled.append(event)
        if len(self._settled) > MOST:
            self.left_out += self._is_recent(self._settled.popleft(), now_ns)

    def _is_recent(self, event: Event, now_ns: int) -> bool:
        """Also not of a time to come: the clock may have been set back."""
        return abs(now_ns - event.time_ns) <= self._grace_ns

    def _is_of_container(self, event: Event) -> bool:
        """Not of a cgroup within a container, and not of one that the options leave out."""
        container, path = event.container, event.cgroup_path
        if container is None or container.path == "/":
            return False
        if "path_cut" in event.caveats:
            is_own = bool(container.handle) and container.path.endswith(path.removeprefix("..."))
        else:
            is_own = container.path == path
        return is_own and self._feed.is_followed(container.path)
