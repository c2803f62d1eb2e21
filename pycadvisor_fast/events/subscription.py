"""One follower's place in the log: what it has, what it gets next, and what it missed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..event import Event
from .reader import Match, Reader


class Taken(NamedTuple):
    """What a follower gets at once."""

    events: Sequence[Event]
    seq: int
    """Everything it asked for up to here has been given, or is counted in ``missed``: go on after it."""
    missed: Mapping[str, int]
    """Events by kind, of all containers, that the log no longer had when they were due."""
    is_replay: bool
    """They had happened before it began to follow."""


class Subscription:
    """Follows the events of some kinds from some place on. Nothing waits for it: it holds a number, no queue.

    ``since``: after this event, None = from now on. For one thread at a time.
    """

    def __init__(
        self,
        reader: Reader,
        kinds: frozenset[str],
        match: Match | None = None,
        *,
        since: int | None = None,
        since_ns: int = 0,
    ) -> None:
        self.kinds = kinds
        self._reader = reader
        self._match = match
        self.began = reader.latest
        self._from_ns = since_ns
        if since is None:
            since = 0 if since_ns else self.began
        self.is_restarted = since > self.began
        """``since`` is a number that this log has not come to: it is another boot's. Followed from now on."""
        self.seq = min(since, self.began)
        self._nth = self._places()

    @property
    def is_replaying(self) -> bool:
        """Whether what comes next had happened before it began."""
        return self.seq < self.began

    def take(self) -> Taken | None:
        """What there is now; None: nothing new. Events that others ask for move it on, with nothing in them."""
        latest = self._reader.latest
        if latest <= self.seq:
            return None
        is_replay = self.is_replaying
        page = self._reader.page(self.seq, self.kinds, latest)
        self.seq = page.seq
        missed = self._missed(page.events)
        events = [event for event in page.events if self._is_wanted(event)]
        return Taken(events, page.seq, missed, is_replay)

    def _is_wanted(self, event: Event) -> bool:
        if event.seq <= self.began:
            retention = self._reader.retention
            floor = max(self._from_ns, time.time_ns() - retention.age_ns(event.kind))
            if event.time_ns < floor or not retention.is_kept(event.kind):
                return False
        return self._match is None or self._match(event)

    def _places(self) -> dict[str, int]:
        """Number of the newest event of each kind that it has."""
        out = {}
        for kind in self.kinds:
            newest = self._reader.newest(kind, self.seq)
            if newest is not None and newest.nth is not None:
                out[kind] = newest.nth
            elif self.seq == self.began:
                out[kind] = 0
        return out

    def _missed(self, events: Sequence[Event]) -> dict[str, int]:
        missed: dict[str, int] = {}
        for event in events:
            if event.nth is None:
                continue
            gap = event.nth - self._nth.get(event.kind, event.nth - 1) - 1
            if gap > 0:
                missed[event.kind] = missed.get(event.kind, 0) + gap
            self._nth[event.kind] = event.nth
        return missed
