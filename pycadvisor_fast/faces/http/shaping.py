"""Answers on their way out: header fields for browsers, entity tags, gzip off the loop, big bodies in slices."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pycadvisor_fast.faces.exposition.compression import compressed

from .answers import problem
from .context import BusyError, Context

GONE = "pcf_gone"  # in a scope: whoever asked is not there any more (protocol.py)
SLICE = 256 * 1024  # what the loop hands to a connection at a time; the transport copies what the socket does not take
BIG = 1 << 20  # from here on an answer counts against limits.unsent
LEAST_GZIP = 1400  # what fits into one Ethernet frame gains nothing
MOST_GZIP_ON_LOOP = 16 * 1024  # 0.2 ms of the loop's time; handing over to a thread takes as long

# No page of ours comes from elsewhere or may stand in a frame; nothing of an answer is to be taken for another type.
BROWSER_FIELDS: tuple[tuple[str, str], ...] = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
)

_COMPRESSIBLE = ("text/", "application/json", "application/openmetrics-text", "application/msgpack")


class Shaping:
    """ASGI: what ``app`` answers, made fit for the wire."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app = app
        self._context = context
        self.counts = context.counts
        self._unsent = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, _Answer(self, scope, receive, send).take)

    async def compressed(self, body: bytes) -> bytes | None:
        """gzip of a body, in a thread when it takes long; None: too many wait for a thread, and it goes as it is."""
        if len(body) <= MOST_GZIP_ON_LOOP:
            return _gzip(body)
        try:
            return await self._context.run(lambda: _gzip(body))
        except BusyError:
            return None

    def reserve(self, size: int) -> bool:
        """Counts a big answer; False: too much is on its way already."""
        if self._unsent and self._unsent + size > self._context.settings.limits.unsent:
            return False
        self._unsent += size
        return True

    def release(self, size: int) -> None:
        """It has been sent, or its client is gone."""
        self._unsent -= size


class _Answer:
    """One answer. Its start is held back until its first body is there: only then is its length known."""

    def __init__(self, shaping: Shaping, scope: Scope, receive: Receive, send: Send) -> None:
        self._shaping = shaping
        self._scope = scope
        self._receive = receive
        self._send = send
        self._start: Message | None = None
        self._is_over = False

    async def take(self, message: Message) -> None:
        """What the application sends."""
        if self._is_over:
            return
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            await self._body(message)

    async def _body(self, message: Message) -> None:
        start, self._start = self._start, None
        is_more = message.get("more_body", False)
        if start is None:
            await self._send_body(message.get("body", b""), is_more=is_more)
            return
        headers = MutableHeaders(raw=start.setdefault("headers", []))
        for name, value in BROWSER_FIELDS:
            headers.setdefault(name, value)
        # What carries a tag may be kept, if it is asked after each time; numbers of now are not to be kept at all.
        headers.setdefault("Cache-Control", "no-cache" if "etag" in headers else "no-store")
        if self._scope["method"] == "HEAD" and is_more:
            self._is_over = True  # a stream would go on for ever; its reader is told by receive() that this is the end
            await self._send(start)
            await self._send({"type": "http.response.body", "body": b""})
        elif is_more:
            await self._send(start)
            await self._send_body(message.get("body", b""), is_more=True)
        else:
            await self._whole(start, headers, message.get("body", b""))

    async def _whole(self, start: Message, headers: MutableHeaders, body: bytes) -> None:
        """An answer that is there in one piece."""
        asked = Headers(scope=self._scope)
        if start["status"] == 200 and _is_known(headers.get("etag"), asked.get("if-none-match")):
            start["status"] = 304
            del headers["content-length"]
            del headers["content-type"]
            body = b""
        elif len(body) >= LEAST_GZIP and _may_be_compressed(headers):
            headers.add_vary_header("Accept-Encoding")
            if accepts_gzip(asked.get("accept-encoding", "")):
                small = await self._shaping.compressed(body)
                if small is not None:
                    body = small
                    headers["Content-Encoding"] = "gzip"
                    headers["Content-Length"] = str(len(body))
        if len(body) < BIG:
            await self._send(start)
            await self._send_body(body, is_more=False)
        elif self._shaping.reserve(len(body)):
            try:
                await self._send(start)
                await self._slices(body)
            finally:
                self._shaping.release(len(body))
        else:
            text = "too many big answers are on their way to other clients; try again in a second"
            await problem(503, text, {"Retry-After": "1"})(self._scope, self._receive, self._send)

    async def _send_body(self, body: bytes | memoryview, *, is_more: bool) -> None:
        self._shaping.counts.bytes_sent += len(body)
        await self._send({"type": "http.response.body", "body": body, "more_body": is_more})

    async def _slices(self, body: bytes) -> None:
        """In pieces, each when the one before has mostly been taken: no copy of it all waits in the transport."""
        view = memoryview(body)
        for offset in range(0, len(body), SLICE):
            if GONE in self._scope:
                return
            is_more = offset + SLICE < len(body)
            await self._send_body(view[offset : offset + SLICE], is_more=is_more)
            await asyncio.sleep(0)  # a fast client on the same host would have the loop for itself


def _gzip(body: bytes) -> bytes:
    return compressed([body])[0]


def _is_known(tag: str | None, known: str | None) -> bool:
    """If-None-Match, RFC 9110 section 13.1.2: weak comparison."""
    if tag is None or known is None:
        return False
    wanted = tag.removeprefix("W/")
    return any(one.strip() in ("*", wanted, f"W/{wanted}") for one in known.split(","))


def _may_be_compressed(headers: Headers) -> bool:
    return "content-encoding" not in headers and headers.get("content-type", "").startswith(_COMPRESSIBLE)


def accepts_gzip(field: str) -> bool:
    """Accept-Encoding, RFC 9110 section 12.5.3: gzip or "*", unless its quality is 0."""
    qualities: dict[str, float] = {}
    for entry in field.split(","):
        coding, _, rest = entry.partition(";")
        name, _, value = rest.strip().partition("=")
        try:
            quality = float(value) if name.strip().lower() == "q" else 1.0
        except ValueError:
            quality = 0.0
        qualities[coding.strip().lower()] = quality
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0.0
