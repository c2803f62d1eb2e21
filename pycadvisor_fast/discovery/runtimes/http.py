"""As much of HTTP/1.1 as container engines speak on their sockets, with bounds on every size and time.

One request a connection: on a unix socket connecting costs less than keeping a pool right.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

from ...errors import PycadvisorError
from ...options import Endpoint, Tls

HEAD_LIMIT = 64 * 1024  # bytes of status line and headers; engines send some hundred
LINE_LIMIT = 1024  # of a chunk size line with its extensions
PIECE = 64 * 1024


class HttpError(PycadvisorError):
    """The other side answers, but not what HTTP or the engine's API allows."""


class AnswerTooLongError(HttpError):
    """The answer is larger than it is worth; it was not read to its end."""


class HttpTimeoutError(PycadvisorError):
    """The other side does not answer in time."""


class Exchange:
    """One request and its answer. ``status`` and ``headers`` (lower-case names) are there once it is open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, where: str) -> None:
        self._reader = reader
        self._writer = writer
        self._where = where
        self.status = 0
        self.headers: dict[str, str] = {}

    @classmethod
    async def open(cls, endpoint: Endpoint, target: str, timeout_s: float) -> Exchange:
        """Sends ``GET target`` and reads the head of the answer.

        Raises OSError when nobody listens, HttpTimeoutError when no head comes in time, HttpError when it is none.
        """
        where = f"{endpoint}{target.partition('?')[0]}"
        exchange: Exchange | None = None
        try:
            async with asyncio.timeout(timeout_s):
                exchange = cls(*await _connect(endpoint), where)
                await exchange._send(target)
                await exchange._read_head()
                return exchange
        except TimeoutError as error:
            if exchange is not None:
                exchange.close()
            raise HttpTimeoutError(f"{where}: no answer within {timeout_s:g} s") from error
        except BaseException:
            if exchange is not None:
                exchange.close()
            raise

    def close(self) -> None:
        """Drops the connection."""
        self._writer.close()

    async def body(self, limit: int) -> bytes:
        """The whole body; raises HttpError when it is longer than ``limit`` bytes."""
        parts: list[bytes] = []
        size = 0
        async for piece in self.pieces():
            size += len(piece)
            if size > limit:
                raise AnswerTooLongError(f"{self._where}: the answer is larger than {limit} bytes and was not read")
            parts.append(piece)
        return b"".join(parts)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes in, in pieces of at most 64 KiB."""
        if self.status in (204, 304):
            return
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            async for piece in self._chunks():
                yield piece
        elif "content-length" in self.headers:
            async for piece in self._counted(self._length(self.headers["content-length"], 10)):
                yield piece
        else:
            while piece := await self._reader.read(PIECE):
                yield piece

    # ---- sending, head ----
    async def _send(self, target: str) -> None:
        self._writer.write(
            f"GET {target} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: pycadvisor-fast\r\n"
            "Accept: application/json\r\nConnection: close\r\n\r\n".encode("ascii")
        )
        await self._writer.drain()

    async def _read_head(self) -> None:
        head = await self._until(b"\r\n\r\n", "head")
        status_line, *lines = head[:-4].decode("latin-1").split("\r\n")
        parts = status_line.split(" ", 2)
        if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or len(parts[1]) != 3 or not parts[1].isdigit():
            raise HttpError(f"{self._where}: this is no HTTP: {status_line[:60]!r}")
        self.status = int(parts[1])
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise HttpError(f"{self._where}: a header line without colon: {line[:60]!r}")
            self.headers[name.strip().lower()] = value.strip()

    # ---- body ----
    async def _chunks(self) -> AsyncIterator[bytes]:
        while True:
            line = await self._until(b"\r\n", "chunk size")
            size = self._length(line[:-2].partition(b";")[0].strip().decode("latin-1"), 16)
            if size == 0:
                return  # trailers mean nothing to us, and the connection ends here
            async for piece in self._counted(size):
                yield piece
            if await self._exactly(2) != b"\r\n":
                raise HttpError(f"{self._where}: a chunk is longer than its size")

    async def _counted(self, size: int) -> AsyncIterator[bytes]:
        while size:
            piece = await self._reader.read(min(size, PIECE))
            if not piece:
                raise HttpError(f"{self._where}: the answer ends {size} bytes early")
            size -= len(piece)
            yield piece

    def _length(self, text: str, base: int) -> int:
        digits = "0123456789abcdef"[:base]
        if not text or len(text) > 16 or any(char not in digits for char in text.lower()):
            raise HttpError(f"{self._where}: {text[:40]!r} is no length")
        return int(text, base)

    async def _exactly(self, count: int) -> bytes:
        try:
            return await self._reader.readexactly(count)
        except asyncio.IncompleteReadError as error:
            raise HttpError(f"{self._where}: the connection was closed within the answer") from error

    async def _until(self, end: bytes, what: str) -> bytes:
        try:
            data = await self._reader.readuntil(end)
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise HttpError(
                    f"{self._where}: the connection was closed within the {what}: {error.partial[:60]!r}"
                ) from error
            raise HttpError(f"{self._where}: the connection was closed before the {what}") from error
        except asyncio.LimitOverrunError as error:
            raise HttpError(f"{self._where}: the {what} is longer than {HEAD_LIMIT} bytes") from error
        if what == "chunk size" and len(data) > LINE_LIMIT:
            raise HttpError(f"{self._where}: the chunk size line is longer than {LINE_LIMIT} bytes")
        return data


async def get(endpoint: Endpoint, target: str, *, timeout_s: float, limit: int) -> tuple[int, bytes]:
    """Status and whole body of ``GET target``; ``timeout_s`` bounds all of it. Raises as ``Exchange.open`` does."""
    try:
        async with asyncio.timeout(timeout_s):
            exchange = await Exchange.open(endpoint, target, timeout_s)
            try:
                return exchange.status, await exchange.body(limit)
            finally:
                exchange.close()
    except TimeoutError as error:
        raise HttpTimeoutError(f"{endpoint}{target}: no answer within {timeout_s:g} s") from error


async def _connect(endpoint: Endpoint) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if endpoint.path:
        return await asyncio.open_unix_connection(endpoint.path, limit=HEAD_LIMIT)
    context = _tls_context(endpoint.tls) if endpoint.tls is not None else None
    return await asyncio.open_connection(endpoint.host, endpoint.port, limit=HEAD_LIMIT, ssl=context)


def _tls_context(tls: Tls) -> ssl.SSLContext:
    """Made anew for each connection: the files are renewed while the collector runs. Raises HttpError naming them."""
    try:
        context = ssl.create_default_context(cafile=tls.authorities)
        context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join((tls.certificate, tls.key, tls.authorities))
        raise HttpError(f"TLS with the files {files}: {error}") from error
    return context
