"""All connections of the server: who comes in, who has to make room, and one sweep for all their times.

Nothing here runs while there is no connection: no timer, no tick.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Sequence
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from uvicorn.server import ServerState

from pycadvisor_fast.door import with_peers

from .counts import Counts
from .limits import Limits
from .listening import Listener
from .protocol import Connection, configuration

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from pycadvisor_fast.door import Door

log = logging.getLogger(__name__)

ACCEPTED_AT_ONCE = 64  # then the loop has its turn
PAUSE = 1.0  # seconds, when the process has no descriptor left
# A peer that is gone without a word is noticed within two minutes, also by a stream that has nothing to send.
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4))
_UNACKNOWLEDGED_MS = 120_000
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 26\r\n\r\n"
    b"every connection is in use"
)


class Gate:
    """Takes connections from listening sockets and serves ``app`` on them."""

    def __init__(self, app: ASGIApp, limits: Limits, counts: Counts, door: Door | None = None) -> None:
        self.limits = limits
        self.counts = counts
        self.state = ServerState()
        self._tls = None if door is None else door.ssl_context()
        self._connection: type[Connection] = Connection if door is None else with_peers(Connection)
        self._config = configuration(app, limits)
        self.loop = asyncio.get_running_loop()
        self._listening: list[socket.socket] = []
        self._open: set[Connection] = set()
        self._idle: dict[Connection, None] = {}  # longest idle first
        self._greeting: dict[socket.socket, asyncio.Task[Any]] = {}  # being made, TLS agreed on; oldest first
        self._sweep: asyncio.TimerHandle | None = None
        self._date = 0
        self._is_full_told = False

    @property
    def has_tls(self) -> bool:
        """Whether TCP is served over TLS."""
        return self._tls is not None

    # ---- life
    def listen(self, listeners: Sequence[Listener]) -> None:
        """Takes connections from now on."""
        for listener in listeners:
            self._listening.append(listener.sock)
            self.loop.add_reader(listener.sock, self._accept, listener.sock)

    async def stop(self, grace: float) -> None:
        """Takes no more; streams end at once, other answers have ``grace`` seconds."""
        for sock in self._listening:
            self.loop.remove_reader(sock)
        self._listening = []
        greeting = list(self._greeting.values())
        for task in greeting:
            task.cancel()
        for connection in list(self._open):
            connection.end()
        until = self.loop.time() + grace
        while any(connection.is_answering for connection in self._open) and self.loop.time() < until:
            await asyncio.sleep(0.01)
        for connection in list(self._open):
            connection.transport.abort()
        for task in list(self.state.tasks):
            task.cancel()
        await asyncio.gather(*self.state.tasks, *greeting, return_exceptions=True)
        if self._sweep is not None:
            self._sweep.cancel()

    # ---- what connections tell
    def opened(self, connection: Connection) -> None:
        """It is there, and nothing has come yet."""
        self._greeting.pop(connection.sock, None)
        self._open.add(connection)
        self._idle[connection] = None
        self._count()
        if self._sweep is None:
            self._sweep = self.loop.call_later(self.limits.sweep_time, self._look)

    def closed(self, connection: Connection) -> None:
        """It is gone."""
        self._open.discard(connection)
        self._idle.pop(connection, None)
        self._count()

    def became_idle(self, connection: Connection) -> None:
        """It waits for its next request."""
        self._idle.pop(connection, None)
        self._idle[connection] = None

    def became_busy(self, connection: Connection) -> None:
        """The head of a request is complete. Before that the connection may have to make room: a head takes one packet,
        unless somebody means to hold connections."""
        self._idle.pop(connection, None)

    def refresh_date(self) -> None:
        """The Date field, made once a second at most, and only when somebody asks for something."""
        now = int(time.time())
        if now != self._date:
            self._date = now
            self.state.default_headers = [(b"date", formatdate(now, usegmt=True).encode())]

    # ---- coming in
    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                sock, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(listening, error)
                return
            self.counts.accepted += 1
            if self._has_room():
                self._take(sock)
            else:
                self._turn_away(sock)

    def _pause(self, listening: socket.socket, error: OSError) -> None:
        """No descriptor or no memory: those that knock wait in the kernel."""
        log.warning("HTTP: no connection can be taken: %s; trying again every %g s", error.strerror, PAUSE)
        self.loop.remove_reader(listening)

        def resume() -> None:
            if listening in self._listening:
                self.loop.add_reader(listening, self._accept, listening)

        self.loop.call_later(PAUSE, resume)

    def _has_room(self) -> bool:
        """Makes room where something idle can go. More than one may have to: one being made is counted twice for a
        moment, and one that was stopped while it was made opens all the same before it ends."""
        while len(self._open) + len(self._greeting) >= self.limits.connections:
            if self._idle:
                connection = next(iter(self._idle))
                self.closed(connection)
                connection.evict()
            elif self._greeting:
                self._greeting.pop(next(iter(self._greeting))).cancel()
            else:
                return False
            self.counts.evicted += 1
            self._tell_full()
        return True

    def _turn_away(self, sock: socket.socket) -> None:
        self.counts.turned_away += 1
        self._tell_full()
        with sock:
            sock.setblocking(False)
            try:
                if self._tls_of(sock) is None:
                    sock.send(_FULL)
            except OSError:
                pass

    def _tell_full(self) -> None:
        """Once: a client that opens connections without end would fill the log as well."""
        if not self._is_full_told:
            self._is_full_told = True
            log.warning("HTTP: %d connections are open, all there may be: idle ones make room", self.limits.connections)

    def _take(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in _KEEPALIVE:
                sock.setsockopt(socket.IPPROTO_TCP, option, value)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
        task = self.loop.create_task(self._greet(sock))
        self._greeting[sock] = task

        def greeted(done: asyncio.Task[Any]) -> None:
            self._greeting.pop(sock, None)
            if done.cancelled() or done.exception() is not None:
                sock.close()  # also of a task that was cancelled before its first step

        task.add_done_callback(greeted)

    async def _greet(self, sock: socket.socket) -> None:
        """Makes a connection of it; raises OSError when no TLS can be agreed on."""
        tls = self._tls_of(sock)
        await self.loop.connect_accepted_socket(
            lambda: self._connection(self._config, self, sock),
            sock,
            ssl=tls,
            ssl_handshake_timeout=None if tls is None else self.limits.handshake_time,
        )

    def _tls_of(self, sock: socket.socket) -> ssl.SSLContext | None:
        """Nobody listens in on a unix socket, and the kernel tells who is at its other end."""
        return None if sock.family == socket.AF_UNIX else self._tls

    # ---- times
    def _look(self) -> None:
        now = self.loop.time()
        self.counts.cut_off += sum(connection.look(now) for connection in list(self._open))
        is_any = self._open or self._greeting
        self._sweep = self.loop.call_later(self.limits.sweep_time, self._look) if is_any else None

    def _count(self) -> None:
        self.counts.connections = len(self._open)
