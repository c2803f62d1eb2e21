"""Answers that go on until the client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Streamed(Response):
    """Sends what ``chunks`` yields, each at once, until it ends or the client is gone; then closes it.

    Sending waits for the client: nothing is taken from ``chunks`` that there is no room for. Without a Content-Type
    unless ``headers`` has one. To HEAD only the head is sent.
    """

    def __init__(
        self,
        chunks: AsyncGenerator[bytes, None],
        headers: Mapping[str, str] | None = None,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(headers=headers)
        del self.headers["content-length"]
        self._chunks = chunks
        self._on_close = on_close  # a generator that was never begun has no finally that runs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if scope["method"] != "HEAD":
                # The head goes out with the first piece: an empty one, for the first event may be hours away.
                await send({"type": "http.response.body", "body": b"", "more_body": True})
                await self._until_gone(receive, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:  # the client is gone: how servers of ASGI 2.4 say so
            pass
        finally:
            await self._chunks.aclose()
            self._on_close()

    async def _until_gone(self, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        async for chunk in self._chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
