"""CRI-O by its own HTTP API: GET /info and /containers/<id>, which is what cAdvisor reads of it.

It has no list and no events: a container is asked for when its cgroup appears, and again as long as CRI-O does not know
it yet or gives no process. CRI (cri.py), on the same socket, knows pods and tells of ends.
"""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import quote

from ...errors import PycadvisorError
from . import Identity
from .crio_json import inspected, storage_driver
from .http import HttpError, HttpTimeoutError, get
from .socket_runtime import SessionError, SessionTimeoutError, SocketRuntime

log = logging.getLogger(__name__)

PING_S = 5.0  # a hanging daemon is noticed even when nothing is asked of it
INSPECTORS = 4
RETRIES = 6  # 0.1 s, 0.2 s ... 3.2 s: the cgroup is made before CRI-O answers for it
FIRST_RETRY_S = 0.1
INFO_LIMIT = 1 << 20
INSPECT_LIMIT = 8 << 20


class CrioRuntime(SocketRuntime):
    """CRI-O's HTTP API at one endpoint."""

    name = "crio"
    title = "CRI-O"

    def __init__(
        self, endpoint: str, *, timeout_s: float = 5.0, ping_s: float = PING_S, retries: int = RETRIES
    ) -> None:
        super().__init__(endpoint, timeout_s=timeout_s)
        self._ping_s = ping_s
        self._retries = retries
        self._driver = ""
        self._known: dict[str, Identity] = {}
        self._alive: set[str] = set()  # ids of cgroups that are there and may be CRI-O's
        self._queue: asyncio.Queue[tuple[str, int]] | None = None

    # ---- asked from outside ----
    def ask(self, ident: str, runtime: str) -> None:
        """Tells who it is: at once when known, else after asking CRI-O (not for ids of other runtimes)."""
        if runtime not in ("crio", "raw"):
            return
        self._alive.add(ident)
        known = self._known.get(ident)
        if known is not None and self._sink is not None:
            self._sink.identified(known)
        else:
            self._enqueue(ident, 0)

    def forget(self, ident: str) -> None:
        self._alive.discard(ident)
        self._known.pop(ident, None)

    def known(self) -> int:
        return len(self._known)

    # ---- one connection ----
    async def _session(self) -> None:
        self._driver = storage_driver(await self._ask("/info", INFO_LIMIT), f"{self._endpoint}/info")
        queue: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        self._queue = queue
        self._is_connected(f"CRI-O, storage {self._driver or '?'}", len(self._known))
        for ident in self._alive:
            self._enqueue(ident, 0)  # also known ones: a restarted CRI-O may say more
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ping())
                for _ in range(INSPECTORS):
                    group.create_task(self._inspector(queue))
        finally:
            self._queue = None

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self._ping_s)
            await self._ask("/info", INFO_LIMIT)

    async def _ask(self, target: str, limit: int) -> bytes:
        status, body = await self._get(target, limit)
        if status != 200:
            raise SessionError(f"{self._endpoint}{target}: status {status}: {body[:120].decode(errors='replace')!r}")
        return body

    async def _get(self, target: str, limit: int) -> tuple[int, bytes]:
        try:
            return await get(self._endpoint, target, timeout_s=self._timeout_s, limit=limit)
        except HttpTimeoutError as error:
            raise SessionTimeoutError(str(error)) from error
        except HttpError as error:
            raise SessionError(str(error)) from error

    # ---- one container ----
    def _enqueue(self, ident: str, attempt: int) -> None:
        if self._queue is not None and ident in self._alive:
            self._queue.put_nowait((ident, attempt))

    async def _inspector(self, queue: asyncio.Queue[tuple[str, int]]) -> None:
        while True:
            ident, attempt = await queue.get()
            identity = None
            is_answered = True
            try:
                identity = await self._inspect(ident)
            except (OSError, PycadvisorError) as error:
                log.debug("asking for %s: %s", ident[:12], error)
                is_answered = False
            if identity is not None and identity.pid > 0:
                continue
            if attempt < self._retries:
                delay = FIRST_RETRY_S * 2**attempt
                asyncio.get_running_loop().call_later(delay, self._enqueue, ident, attempt + 1)
            elif is_answered and identity is None and ident in self._alive and self._sink is not None:
                self._known.pop(ident, None)
                self._sink.unknown("crio", ident)

    async def _inspect(self, ident: str) -> Identity | None:
        """What CRI-O says of a container; None: it has none of this id."""
        target = f"/containers/{quote(ident, safe='')}"
        status, body = await self._get(target, INSPECT_LIMIT)
        if status == 404:
            return None
        if status != 200:
            raise SessionError(f"{self._endpoint}{target}: status {status}")
        identity = inspected(ident, body, f"{self._endpoint}{target}", self._driver)
        if ident in self._alive and self._sink is not None:
            self._known[ident] = identity
            self._sink.identified(identity)
        return identity
