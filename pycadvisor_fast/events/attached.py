"""The event log of a collector in another process, running or not."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from ..container import Container
from ..errors import RingError
from ..event import Event
from ..native.events import EventLog
from ..native.region import Slots
from ..sampling.ring import DEFAULT_PATH
from ..sampling.tenants import Tenants
from .kinds import kinds_of
from .reader import Match, PastPage, PastQuery, Reader
from .stream import EventStream
from .subscription import Subscription


class AttachedEvents:
    """Reads what a collector of this machine noted. Safe to use from several threads.

    Runtime labels and images of containers are not in the log. Single process events are there while somebody follows
    them at the daemon, or when it runs with process_events=on; an attached process cannot ask for them.
    """

    def __init__(self, path: str | os.PathLike[str] = DEFAULT_PATH) -> None:
        """Raises RingError when there is no event log, or one that cannot be trusted."""
        self.path = os.fspath(path)
        self._log = EventLog(self.path)
        self._names = _Names(self.path)
        self._reader = Reader(self._log, self._names.who)

    @property
    def is_alive(self) -> bool:
        """Whether a collector writes the log at the moment."""
        return self._log.is_written

    @property
    def latest(self) -> int:
        """Number of the newest event; 0 = there is none."""
        return self._log.latest

    def events(
        self,
        kinds: Iterable[str] = (),
        *,
        match: Match | None = None,
        since: int | None = None,
        since_ns: int = 0,
        timeout: float | None = None,
    ) -> EventStream:
        """Events from now on, or after the event number ``since`` or the wall-clock ns ``since_ns``, and on for ever.

        ``timeout``: seconds to wait for one. The stream raises RingError when no collector writes the log any more.
        """
        subscription = Subscription(self._reader, kinds_of(kinds), match, since=since, since_ns=since_ns)
        return EventStream(self._reader, subscription, check=self._check, timeout=timeout)

    def past(self, query: PastQuery | None = None, match: Match | None = None) -> PastPage:
        """Events that the log still has; default: the oldest thousand of all usual kinds."""
        return self._reader.past(query or PastQuery(kinds_of(())), match)

    def past_events(self, kinds: Iterable[str] = (), *, match: Match | None = None, count: int = 1000) -> list[Event]:
        """The newest ``count`` events, oldest first."""
        page = self.past(PastQuery(kinds_of(kinds), limit=count, is_newest_first=True), match)
        return list(reversed(page.events))

    def close(self) -> None:
        """Lets go of the files; nobody may be in another method."""
        self._log.close()
        self._names.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check(self) -> None:
        if self._log.is_replaced:
            raise RingError(f"{self.path}: a new collector began another event log; attach again")
        if not self._log.is_written:
            raise RingError(f"{self.path}: no collector writes it; start one with: pycadvisor-fast run")


class _Names:
    """Who a handle is, live or gone, as slots.dir says."""

    def __init__(self, path: str) -> None:
        self._slots = Slots(path)
        self._tenants = Tenants(self._slots)
        self._lock = threading.Lock()
        self._version = -1
        self._known: dict[int, Container] = {}

    def who(self, recorded: Container, path: str) -> Container | None:
        with self._lock:
            known = self._known.get(recorded.handle)
            if (known is None or not known.name) and recorded.id and self._version != self._tenants.version:
                self._version = self._tenants.version
                self._known = {container.handle: container for container in self._tenants.containers(gone=True)}
                known = self._known.get(recorded.handle)
            return known

    def close(self) -> None:
        self._slots.close()


def attach_events(path: str | os.PathLike[str] = DEFAULT_PATH) -> AttachedEvents:
    """Maps the event log of a collector of this machine, running or not, into this process. Raises RingError."""
    return AttachedEvents(path)
