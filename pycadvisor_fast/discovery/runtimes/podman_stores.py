"""Podman's stores, looked at again and again: what their files say of the containers that no service names."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ...errors import PycadvisorError
from . import Identity, IdentitySink
from .podman_files import Listed, Place, Store
from .podman_places import find_places

log = logging.getLogger(__name__)

LOOK_S = 2.0  # a few stats for each store
FIND_S = 60.0  # how soon the store of a user who has had none is found; at once when a container is unknown
END_S = 0.5  # what a read that is out when all ends may still take; one that hangs is left behind
REST_S = 0.2  # between two looks, however many containers appear

T = TypeVar("T")


class PodmanStores:
    """All stores of this host, or those at ``places``. ``is_named``: a service names that id, it knows better."""

    def __init__(
        self,
        is_named: Callable[[str], bool],
        changed: Callable[[], None],
        *,
        places: Sequence[Place] | None = None,
        sysroot: str = "",
        timeout_s: float = 5.0,
        look_s: float = LOOK_S,
    ) -> None:
        self._is_named = is_named
        self._changed = changed
        self._places = places
        self._sysroot = sysroot
        self._timeout_s = timeout_s
        self._look_s = look_s
        self._sink: IdentitySink | None = None
        self._stores: dict[Place, Store] = {}
        self._listed: dict[Place, dict[str, Listed]] = {}
        self._problems: dict[Place, str] = {}
        self._threads: dict[Place | None, threading.Thread] = {}  # the last of each; None: that looked for stores
        self._alive: set[str] = set()
        self._fresh: set[str] = set()  # their details are to be read
        self._wake = asyncio.Event()  # of the loop that runs
        self._found_at = -FIND_S

    def ask(self, ident: str, runtime: str) -> None:
        if runtime in ("podman", "raw") or self._find(ident) is not None:
            self._alive.add(ident)
            self._fresh.add(ident)
            self._wake.set()

    def forget(self, ident: str) -> None:
        self._alive.discard(ident)
        self._fresh.discard(ident)

    def known(self) -> set[str]:
        """Ids that the files name."""
        return {ident for listed in self._listed.values() for ident in listed}

    def detail(self) -> str:
        """Which stores are read and which cannot be; "" when there is none."""
        read = [str(place.root) for place in self._listed if place not in self._problems]
        parts = [f"storage files of {', '.join(read)}"] if read else []
        return "; ".join([*parts, *self._problems.values()])

    def is_read(self) -> bool:
        """Whether at least one store could be read."""
        return any(place not in self._problems for place in self._listed)

    async def run(self, sink: IdentitySink) -> None:
        """Ends only by being cancelled."""
        self._sink, self._wake = sink, asyncio.Event()
        try:
            await self._keep_looking()
        finally:
            end = time.monotonic() + END_S
            for thread in self._threads.values():
                thread.join(max(0.0, end - time.monotonic()))

    async def _keep_looking(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            unknown = any(self._find(ident) is None and not self._is_named(ident) for ident in self._fresh)
            if loop.time() - self._found_at >= (REST_S if unknown else FIND_S):
                await self._find_stores()
            for store in tuple(self._stores.values()):
                await self._look(store)
            self._fresh.clear()
            await asyncio.sleep(REST_S)
            try:
                await asyncio.wait_for(self._wake.wait(), self._look_s)
            except TimeoutError:
                pass

    async def _find_stores(self) -> None:
        self._found_at = asyncio.get_running_loop().time()
        try:
            places = self._places
            if places is None and not self._is_busy(None):
                places = await self._read(None, find_places, self._sysroot)
        except (OSError, TimeoutError) as error:
            log.debug("looking for podman's stores: %s", error)
            return
        if places is None:
            return
        self._stores = {place: self._stores.get(place) or Store(place) for place in places}
        for place in self._listed.keys() - self._stores.keys():
            del self._listed[place]
            self._problems.pop(place, None)
            self._changed()

    async def _look(self, store: Store) -> None:
        place, problem = store.place, ""
        if self._is_busy(place):
            return
        try:
            found = await self._read(place, store.changed)
            if found is not None:
                self._take(place, found)
            await self._tell(store)
        except TimeoutError:
            problem = f"{place.root}: its files do not answer within {self._timeout_s:g} s"
        except (OSError, PycadvisorError) as error:
            problem = f"{place.root}: {error.strerror}" if isinstance(error, OSError) else str(error)
        if problem != self._problems.get(place, ""):
            self._problems[place] = problem
            if not problem:
                del self._problems[place]
            self._changed()

    def _take(self, place: Place, found: dict[str, Listed]) -> None:
        before = self._listed.get(place)
        self._listed[place] = found
        for ident in self._alive & found.keys():
            if before is None or before.get(ident) != found[ident]:
                self._fresh.add(ident)
        if before is None:
            self._changed()

    async def _tell(self, store: Store) -> None:
        listed = self._listed.get(store.place, {})
        for ident in self._fresh & listed.keys():
            if self._owner(ident) == store.place and not self._is_named(ident) and self._sink is not None:
                identity: Identity = await self._read(store.place, store.detailed, listed[ident])
                self._sink.identified(identity)

    def _owner(self, ident: str) -> Place | None:
        """The first store that lists it: root's stands first, so that no user's file can rename root's containers."""
        return next((place for place in self._stores if ident in self._listed.get(place, {})), None)

    def _find(self, ident: str) -> Listed | None:
        place = self._owner(ident)
        return self._listed[place][ident] if place is not None else None

    def _is_busy(self, place: Place | None) -> bool:
        """Whether a thread is still reading it: its filesystem hangs."""
        thread = self._threads.get(place)
        return thread is not None and thread.is_alive()

    async def _read(self, place: Place | None, function: Callable[..., T], *arguments: Any) -> T:
        """``function`` in a thread of its own, which may hang for good; raises TimeoutError when it takes too long."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def finish(result: T | None, error: BaseException | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]

        def work() -> None:
            try:
                outcome: tuple[T | None, BaseException | None] = function(*arguments), None
            except Exception as error:
                outcome = None, error
            try:
                loop.call_soon_threadsafe(finish, *outcome)
            except RuntimeError:  # the loop has ended meanwhile
                pass

        self._threads[place] = threading.Thread(target=work, name="pcf-podman-files", daemon=True)
        self._threads[place].start()
        async with asyncio.timeout(self._timeout_s):
            return await future
