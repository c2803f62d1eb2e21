"""Events one after another, for programs that wait for them in a thread of their own."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ..errors import PycadvisorError
from ..event import Event
from .reader import Reader
from .subscription import Subscription

LOOK_MS = 250  # a wait looks this often whether the stream was closed; events end it at once


class EventStream:
    """An iterator of events that waits for the next one; made by ``Collector.events`` and ``attach_events``.

    For one thread; ``close`` may be called from any and ends the iteration. ``missed``: how many of each kind it did
    not get, because the log no longer had them when it came to them.
    """

    def __init__(
        self,
        reader: Reader,
        subscription: Subscription,
        *,
        on_close: Callable[[], None] = lambda: None,
        check: Callable[[], None] = lambda: None,
        timeout: float | None = None,
    ) -> None:
        self._reader = reader
        self._subscription = subscription
        self._on_close = on_close
        self._check = check
        self._timeout = timeout
        self._ready: deque[Event] = deque()
        self._closed = threading.Event()
        self.missed: dict[str, int] = {}

    @property
    def seq(self) -> int:
        """Everything up to here has been looked at: give it as ``since`` to go on later."""
        return self._ready[0].seq - 1 if self._ready else self._subscription.seq

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        """The next event. Raises TimeoutError after ``timeout`` seconds without one, StopIteration once closed."""
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        while not self._ready:
            if self._closed.is_set():
                raise StopIteration
            if not self._take():
                self._wait(deadline)
        return self._ready.popleft()

    def close(self) -> None:
        """Ends it; what the kernel tells for its sake alone is switched off."""
        if not self._closed.is_set():
            self._closed.set()
            self._on_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self) -> bool:
        taken = self._subscription.take()
        if taken is None:
            return False
        for kind, count in taken.missed.items():
            self.missed[kind] = self.missed.get(kind, 0) + count
        self._ready.extend(taken.events)
        return True

    def _wait(self, deadline: float | None) -> None:
        left_ms = LOOK_MS if deadline is None else max(0, round((deadline - time.monotonic()) * 1000))
        try:
            news = self._reader.wait(self._subscription.seq, min(left_ms, LOOK_MS))
        except PycadvisorError:
            if self._closed.is_set():
                raise StopIteration from None
            raise
        if news is None:
            self._check()
            if left_ms == 0:
                raise TimeoutError(f"no event within {self._timeout:g} s")
