"""A runtime behind a socket: one connection after another, with pauses between them, and how each fared.

A subclass has ``_session``: one connection, from the first request to the error that ends it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from abc import abstractmethod
from pathlib import PurePosixPath

from ...errors import PycadvisorError
from ...options import Endpoint, parse_endpoint
from . import CONNECTED, ERROR, HANGING, MISSING, IdentitySink, Runtime

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 10.0
STEADY_S = 10.0  # a connection that held so long is tried again at once: a runtime that drops each is not
UNSERVED_PAUSE_S = 300.0  # what is not served will not be before the server is a new one, which is seen sooner
LOOK_S = 0.5  # how often a missing or replaced socket is looked for: one stat


class SessionError(PycadvisorError):
    """The other side answers, but not what its API allows, or it ended the connection."""


class SessionTimeoutError(PycadvisorError):
    """The other side does not answer in time."""


class NotThereError(PycadvisorError):
    """The other side is there but does not serve what is asked for, and will not before it is restarted."""


def called(kind: str, endpoint: str) -> str:
    """What one of several runtimes of a kind is called in status: "cri-crio" for the socket ".../crio.sock"."""
    where = parse_endpoint(endpoint, kind)
    return f"{kind}-{PurePosixPath(where.path).stem or where.host}"


class SocketRuntime(Runtime):
    """A runtime at one endpoint. ``title`` is its name in messages."""

    title: str

    def __init__(self, endpoint: str, *, timeout_s: float) -> None:
        super().__init__()
        self._endpoint: Endpoint = parse_endpoint(endpoint)
        self._timeout_s = timeout_s
        self._sink: IdentitySink | None = None

    @abstractmethod
    async def _session(self) -> None:
        """One connection: calls ``_is_connected`` when it has listed; returns never, raises when it is over."""

    async def run(self, sink: IdentitySink) -> None:
        """See Runtime."""
        self._sink = sink
        pause = FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._reach()
                await self._session()
                reason: BaseException = SessionError(f"{self._endpoint}: the connection was ended")
            except BaseExceptionGroup as group:
                reason = _first(group)
            except (OSError, PycadvisorError) as error:
                reason = error
            was_steady = self._failed(reason) and loop.time() - began >= STEADY_S
            pause = FIRST_PAUSE_S if was_steady else min(2 * pause, LONGEST_PAUSE_S)
            await self._pause(UNSERVED_PAUSE_S if isinstance(reason, NotThereError) else pause)

    def _is_connected(self, detail: str, count: int) -> None:
        """What it talks to, with version, and how many containers that has."""
        if self.set_state(CONNECTED, detail):
            log.info("connected to %s at %s: %d containers", detail, self._endpoint, count)

    async def _reach(self) -> None:
        """Raises OSError when nobody listens: it names the cause better than what is put on top of the socket."""
        if self._endpoint.path:
            async with asyncio.timeout(self._timeout_s):
                _, writer = await asyncio.open_unix_connection(self._endpoint.path)
            writer.close()

    def _failed(self, error: BaseException) -> bool:
        """Sets the state that an error means; True when there was a connection."""
        was_connected = self._state == CONNECTED
        if isinstance(error, (SessionTimeoutError, TimeoutError)):
            state = HANGING
        elif isinstance(error, (FileNotFoundError, ConnectionRefusedError, NotThereError)):
            state = MISSING
        elif isinstance(error, (OSError, PycadvisorError)):
            state = ERROR
        else:
            raise error
        if self.set_state(state, self._reason(error)):
            level = logging.INFO if state == MISSING else logging.WARNING
            message = "%s is %s (%s); sampling goes on, names come when it answers"
            log.log(level, message, self.title, state, self._reason(error))
        return was_connected

    def _reason(self, error: BaseException) -> str:
        if isinstance(error, PycadvisorError):
            return str(error)
        if isinstance(error, TimeoutError):
            return f"{self._endpoint}: no answer within {self._timeout_s:g} s"
        reason = f"{self._endpoint}: {getattr(error, 'strerror', None) or error}"
        return f"{reason}; run as root" if isinstance(error, PermissionError) else reason

    async def _pause(self, seconds: float) -> None:
        """Waits before the next attempt, but no longer than until the socket is a new one."""
        before = self._socket()
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            await asyncio.sleep(min(LOOK_S, left))
            if self._socket() not in (before, None):
                return

    def _socket(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._endpoint.path)  # noqa: PTH116
        except OSError:
            return None
        return found.st_ino, found.st_ctime_ns


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
