"""Extra passes for whoever wants fresh values, shared by all who ask at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Sampler:
    """At most one pass is taken and one waits, however many ask. For one event loop."""

    def __init__(self, sample: Callable[[], int]) -> None:
        self._sample = sample
        self._running: asyncio.Task[int] | None = None
        self._next: asyncio.Task[int] | None = None

    async def sample(self) -> int:
        """A pass that begins after the call: the one after the one that is being taken, shared by all who wait."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(self._after(self._running))
        return await asyncio.shield(self._next)

    async def _after(self, running: asyncio.Task[int] | None) -> int:
        if running is not None:
            await asyncio.wait([running])
        self._running, self._next = self._next, None
        return await asyncio.to_thread(self._sample)
