"""Fresh samples for max_age: how old the newest one is, and one extra pass for all who find it too old."""

from __future__ import annotations

import asyncio
import time
import weakref
from typing import TYPE_CHECKING

from ..sampler import Sampler

if TYPE_CHECKING:
    from pycadvisor_fast.feed import Feed

BASE_GROUPS = ("cpu", "memory")
"""A sample, to cAdvisor's clients, is a tick of these; slower groups are as old as they are."""


class Freshness:
    """Knows how old the newest sample is; has one taken when that is too old."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._samplers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Sampler] = weakref.WeakKeyDictionary()

    def age_ns(self) -> int | None:
        """Of the newest sample; None: there is none yet."""
        groups = self._feed.ring.groups
        group = groups[next((name for name in BASE_GROUPS if name in groups), next(iter(groups)))]
        if not group.latest_tick:
            return None
        # A tick's number is the monotonic clock in steps of the base interval; see docs/architecture.md, "Time".
        return time.monotonic_ns() - group.latest_tick * (group.interval_ns // group.stride)

    async def at_most(self, max_age_ns: int | None) -> None:
        """Returns at once when the newest sample is younger (or None is given), else after an extra pass that began
        after the call. However many call it, at most one pass is taken and one waits."""
        if max_age_ns is None:
            return
        age = self.age_ns()
        if age is None or age > max_age_ns:
            await self.sample()

    async def sample(self) -> int:
        """An extra pass that begins after the call: its tick."""
        loop = asyncio.get_running_loop()
        sampler = self._samplers.setdefault(loop, Sampler(self._feed.sample))
        return await sampler.sample()
