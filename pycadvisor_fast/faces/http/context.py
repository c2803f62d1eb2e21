"""What every room of the HTTP face gets: the feed, the settings, the door, and threads for work that blocks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.exceptions import HTTPException

from .counts import Counts
from .limits import Limits
from .settings import MOST_WORKERS, HttpSettings

if TYPE_CHECKING:
    from pycadvisor_fast.door import Door
    from pycadvisor_fast.feed import Feed

Result = TypeVar("Result")


class BusyError(HTTPException):
    """Too many calls wait for a worker: answered 503."""

    def __init__(self) -> None:
        super().__init__(503, "too many requests are waiting; try again in a second", {"Retry-After": "1"})


class Workers:
    """A few threads for calls that may block or compute, with a bound on how many calls wait for one."""

    def __init__(self, threads: int = MOST_WORKERS, waiting: int = Limits.waiting) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pcf-http-work")
        self._most = threads + waiting
        self._lock = threading.Lock()
        self._taken = 0

    @property
    def taken(self) -> int:
        """Calls that run or wait."""
        return self._taken

    async def run(self, call: Callable[[], Result]) -> Result:
        """Runs ``call`` in one of the threads. Raises BusyError when too many wait, and whatever it raises."""
        with self._lock:
            if self._taken >= self._most:
                raise BusyError
            self._taken += 1
        future = self._pool.submit(call)
        future.add_done_callback(self._given_back)
        return await asyncio.wrap_future(future)

    def stop(self) -> None:
        """Drops what waits; what runs is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _given_back(self, _: Future[Any]) -> None:
        with self._lock:
            self._taken -= 1


@dataclass(frozen=True)
class Context:
    """Given to each room's ``routes(context)``."""

    feed: Feed
    settings: HttpSettings = field(default_factory=HttpSettings)
    door: Door | None = None
    """Who may do what; None: there is none, and everybody may see everything."""
    workers: Workers = field(default_factory=Workers)
    counts: Counts = field(default_factory=Counts)
    """What this server has done so far."""

    async def run(self, call: Callable[[], Result]) -> Result:
        """Runs what may block (feed.sample, feed.processes, encoding) off the event loop; see Workers.run."""
        return await self.workers.run(call)


def allowed(scope: Any, what: str) -> bool:
    """Whether whoever sent the request may see ``what`` ("metrics", "stats", "processes", "env"); a request or its
    ASGI scope. Without a door everybody may who can connect."""
    user = (scope if isinstance(scope, dict) else scope.scope).get("pcf_user")
    return user is None or bool(user.may(what))
