"""Wakes streams at each tick; the collector is asked to tell only while there are streams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..following import FullError

if TYPE_CHECKING:
    from pycadvisor_fast.feed import Feed

MOST = 256
"""Streams of numbers open at once."""


class Ticks:
    """For one event loop at a time."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._waiting: set[asyncio.Future[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unlisten: Callable[[], None] | None = None
        self.count = 0

    def join(self) -> None:
        """A stream begins. Raises FullError."""
        if self.count >= MOST:
            raise FullError(f"{MOST} streams are open, which is the limit of this server")
        self.count += 1
        if self._unlisten is None:
            self._loop = asyncio.get_running_loop()
            self._unlisten = self._feed.add_tick_listener(self._tell)

    def leave(self) -> None:
        """A stream ended."""
        self.count -= 1
        if not self.count and self._unlisten is not None:
            self._unlisten()
            self._unlisten = None

    async def wait(self, seconds: float, is_due: Callable[[], bool]) -> bool:
        """Waits for the next tick; False when there is none for so long. Returns at once when ``is_due()`` already."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            if is_due():  # came between the last look and the line above
                return True
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(future)
        return True

    def _tell(self, tick: int) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._wake)
        except RuntimeError:  # the loop is closed: the program ends
            pass

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)
