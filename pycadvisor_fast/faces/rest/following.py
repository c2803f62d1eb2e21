"""Followers of the event log in the HTTP loop: a place in the log for each, nothing queued for anybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING

from pycadvisor_fast.errors import NotServedError, PycadvisorError

from .waiting import when_free

if TYPE_CHECKING:
    from pycadvisor_fast.events import Bus, Match, Subscription, Taken

    from ..http.context import Context

MOST = 256
"""Event streams open at once; each costs a place in the log and a connection."""
_INLINE = 32  # so few events are decoded in the event loop: a thread would take longer to hand them over


class FullError(PycadvisorError):
    """So many streams are open as this server allows."""


class Followers:
    """All event streams of the HTTP server. The bus tells of news only while there are any."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: set[asyncio.Future[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unlisten: Callable[[], None] | None = None
        self.count = 0

    @property
    def bus(self) -> Bus:
        """Raises NotServedError when there is none."""
        bus = self._context.feed.events_bus
        if bus is None:
            why = self._context.feed.status().get("events", {}).get("off", "the collector has none")
            raise NotServedError(f"there are no events here: {why}")
        return bus

    def follow(
        self, kinds: frozenset[str], match: Match | None = None, *, since: int | None = None, since_ns: int = 0
    ) -> Follower:
        """Begins to follow; close it. Raises NotServedError, FullError."""
        if self.count >= MOST:
            raise FullError(f"{MOST} event streams are open, which is the limit of this server")
        bus = self.bus
        subscription = bus.follow(kinds, match, since=since, since_ns=since_ns)
        self.count += 1
        if self._unlisten is None:
            self._loop = asyncio.get_running_loop()
            self._unlisten = bus.listen(self._tell)
        return Follower(self, bus, subscription)

    def left(self) -> None:
        """A follower was closed; the last one ends the thread of the bus."""
        self.count -= 1
        if not self.count and self._unlisten is not None:
            self._unlisten()
            self._unlisten = None

    async def news(self, bus: Bus, seq: int, seconds: float | None) -> bool:
        """Waits until the log is beyond ``seq``; False when that takes longer."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            if bus.latest > seq:  # came between the last look and the line above
                return True
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(future)
        return True

    async def take(self, subscription: Subscription, bus: Bus) -> Taken | None:
        """What there is now, decoded in a worker when it is much."""
        if bus.latest - subscription.seq <= _INLINE:
            return subscription.take()
        return await when_free(self._context, subscription.take)

    def _tell(self, seq: int) -> None:
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


class Follower:
    """One stream's place in the log."""

    def __init__(self, followers: Followers, bus: Bus, subscription: Subscription) -> None:
        self._followers = followers
        self._bus = bus
        self._is_closed = False
        self.subscription = subscription

    async def taken(self, beat_s: float | None = None) -> AsyncGenerator[Taken | None, None]:
        """What it gets, as it comes; None whenever nothing has come for ``beat_s`` seconds. Closes at the end."""
        try:
            while True:
                found = await self._followers.take(self.subscription, self._bus)
                if found is None:
                    if not await self._followers.news(self._bus, self.subscription.seq, beat_s):
                        yield None
                elif found.events or found.missed:
                    yield found
                else:
                    await asyncio.sleep(0)  # others' events, perhaps many: nobody else is to wait for that
        finally:
            self.close()

    def close(self) -> None:
        """It is not followed any more. May be called again."""
        if not self._is_closed:
            self._is_closed = True
            self._bus.leave(self.subscription)
            self._followers.left()
