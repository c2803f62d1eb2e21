"""A connection to a D-Bus daemon: calls with a time limit, and signals."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

from .socket_runtime import SessionError, SessionTimeoutError
from .systemd_wire import CALL, ERROR, HEAD, REPLY, SIGNAL, Message, WireError, decoded, length

BUS = "org.freedesktop.DBus"
_LINE_LIMIT = 1024  # bytes of an answer while logging in; daemons send some forty


class BusError(SessionError):
    """The daemon or the service refuses a call, or closes the connection."""


class BusTimeoutError(BusError, SessionTimeoutError):
    """No answer in time."""


class Bus:
    """One connection. Use ``open``, then run ``read`` as a task: it ends only by raising."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, where: str, timeout_s: float
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._where = where
        self._timeout_s = timeout_s
        self._serial = 0
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self.on_signal: Callable[[Message], None] = lambda message: None

    @classmethod
    async def open(cls, path: str, timeout_s: float) -> Bus:
        """Connects to the unix socket at ``path`` and logs in as the user of this process.

        Raises OSError when nobody listens, BusTimeoutError when it does not answer, BusError when it refuses.
        """
        where = f"unix:path={path}"
        bus: Bus | None = None
        try:
            async with asyncio.timeout(timeout_s):
                bus = cls(*await asyncio.open_unix_connection(path, limit=_LINE_LIMIT), where, timeout_s)
                await bus._log_in()
                return bus
        except BaseException as error:
            if bus is not None:
                bus.close()
            if isinstance(error, TimeoutError):
                raise BusTimeoutError(f"{where}: no answer within {timeout_s:g} s") from error
            raise

    def close(self) -> None:
        """Drops the connection."""
        self._writer.close()

    async def _log_in(self) -> None:
        """SASL's EXTERNAL: the daemon asks the kernel who we are.

        BEGIN goes along, as sd-bus's own clients send it. A systemd that is behind would read a BEGIN that comes
        after its OK together with the first call, and then wait for more before it looks at that call.
        """
        self._writer.write(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\nBEGIN\r\n")
        try:
            line = await self._reader.readuntil(b"\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError) as error:
            raise BusError(f"{self._where}: the connection was closed while logging in") from error
        if not line.startswith(b"OK "):
            raise BusError(f"{self._where}: the daemon does not let user {os.geteuid()} in: {line[:60]!r}")

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise BusError(f"{self._where}: the connection was closed") from error

    async def read(self) -> None:
        """Hands answers to their calls and signals to ``on_signal``; raises when the connection is over."""
        try:
            while True:
                head = await self._reader.readexactly(HEAD)
                rest = await self._reader.readexactly(length(head) - HEAD)
                self._take(decoded(head + rest))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise BusError(f"{self._where}: the connection was closed") from error
        except WireError as error:
            raise BusError(f"{self._where}: {error}") from error

    def _take(self, message: Message) -> None:
        if message.kind == SIGNAL:
            self.on_signal(message)
        elif message.kind in (REPLY, ERROR):
            future = self._waiting.get(message.reply_to)
            if future is not None and not future.done():
                future.set_result(message)

    async def call(
        self, destination: str, path: str, interface: str, member: str, signature: str = "", *arguments: Any
    ) -> tuple[Any, ...]:
        """The body of the answer; raises BusError when it is an error, BusTimeoutError when none comes in time."""
        self._serial += 1
        serial = self._serial
        message = Message(
            CALL,
            serial,
            path=path,
            interface=interface,
            member=member,
            destination=destination,
            signature=signature,
            body=arguments,
        )
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[serial] = future
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._write(message.encoded())
                answer = await future
        except TimeoutError as error:
            raise BusTimeoutError(f"{self._where}: {member}: no answer within {self._timeout_s:g} s") from error
        finally:
            del self._waiting[serial]
        if answer.kind == ERROR:
            said = answer.body[0] if answer.body and isinstance(answer.body[0], str) else ""
            raise BusError(f"{self._where}: {member}: {answer.error}: {said[:120]}")
        return tuple(answer.body)

    async def follow(self, sender: str, interface: str, member: str) -> None:
        """From now on these signals come."""
        rule = f"type='signal',sender='{sender}',interface='{interface}',member='{member}'"
        await self.call(BUS, "/org/freedesktop/DBus", BUS, "AddMatch", "s", rule)
