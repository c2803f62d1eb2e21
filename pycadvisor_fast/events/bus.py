"""The bus of a running collector: who is told, and what the kernel is asked to tell.

No event is looked at while nobody follows: the log is written by libpcf, and followers hold a place in it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any, Protocol

from ..errors import NotServedError
from ..event import PROCESS_KINDS
from ..native.ticks import TickNotifier
from .reader import Log, Match, Reader, Resolve
from .retention import Retention
from .subscription import Subscription


class Writer(Log, Protocol):
    """What is needed of native.events.EventWriter."""

    def want(self, kinds: Collection[str]) -> None: ...
    def facts(self) -> dict[str, Any]: ...


class Bus(Reader):
    """Thread-safe. ``process_events``: "off", "demand" (told while somebody follows them) or "on"."""

    def __init__(
        self, log: Writer, resolve: Resolve, retention: Retention | None = None, process_events: str = "demand"
    ) -> None:
        super().__init__(log, resolve, retention)
        self._writer = log
        self._process_events = process_events
        self._wanted: Counter[str] = Counter()
        self._wanting = threading.Lock()
        self._notifier = TickNotifier(log.wait, "pcf-events")

    def start(self) -> None:
        """Listeners are told from now on."""
        if self._process_events == "on":
            self._writer.want(PROCESS_KINDS)
        self._notifier.start()

    def stop(self) -> None:
        """No listener is told after this returns."""
        self._notifier.stop()

    def listen(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Calls ``listener(seq)`` from the thread "pcf-events" when there are new events; it must only hand over.

        Returns a function that ends it. Without listeners that thread does not exist.
        """
        return self._notifier.add(listener)

    def follow(
        self, kinds: frozenset[str], match: Match | None = None, *, since: int | None = None, since_ns: int = 0
    ) -> Subscription:
        """A place in the log; call ``leave`` with it afterwards. Raises NotServedError for kinds that are off."""
        off = kinds & PROCESS_KINDS if self._process_events == "off" else frozenset()
        if off:
            raise NotServedError(
                f"kinds: {', '.join(sorted(off))}: single process events are switched off here (process_events=off)"
            )
        self._want(kinds, 1)
        try:
            return Subscription(self, kinds, match, since=since, since_ns=since_ns)
        except BaseException:
            self._want(kinds, -1)
            raise

    def leave(self, subscription: Subscription) -> None:
        """It is not followed any more."""
        self._want(subscription.kinds, -1)

    def status(self) -> dict[str, Any]:
        """Sources, losses and counts by kind; who follows."""
        with self._wanting:
            followed = {kind: count for kind, count in sorted(self._wanted.items()) if count}
        return {
            **self._writer.facts(),
            "latest_seq": self.latest,
            "process_events": self._process_events,
            "followers_of_process_events": followed,
        }

    def _want(self, kinds: frozenset[str], change: int) -> None:
        single = kinds & PROCESS_KINDS
        if not single or self._process_events != "demand":
            return
        with self._wanting:
            before = {kind for kind in PROCESS_KINDS if self._wanted[kind]}
            for kind in single:
                self._wanted[kind] += change
            after = {kind for kind in PROCESS_KINDS if self._wanted[kind]}
            if after != before:
                self._writer.want(after)
