"""One connection: uvicorn's protocol over httptools, with a bound on everything a client decides.

uvicorn itself bounds neither the head of a request nor the time it takes, waits for ever for a client that does not
read, and gives up on one that has closed only its sending side. What is added here costs nothing while a connection is
idle: times are looked at by one sweep for all connections (gate.py).
"""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .shaping import GONE

if TYPE_CHECKING:
    import asyncio
    import socket

    from .gate import Gate

MOST_PIPELINED = 16  # requests sent ahead; no client that is meant well sends any
MOST_DISCARDED = 8  # times the size of a body: what a refused client may send on and still see the answer
_NEVER = math.inf


class RefusalError(Exception):
    """Raised in a parser's callback: the request is not taken. httptools hands it on as its cause."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Connection(HttpToolsProtocol):
    """A connection of the server ``gate`` belongs to."""

    def __init__(self, config: Config, gate: Gate, sock: socket.socket) -> None:
        super().__init__(config, gate.state, {}, gate.loop)
        self.access_log = False  # uvicorn looks for handlers of any logger above its own
        self.sock = sock
        self._gate = gate
        self._limits = gate.limits
        self._deadline = _NEVER  # of what is awaited from the client
        self._stalled_until = _NEVER  # for taking what has been written
        self._is_in_message = False
        self._is_in_body = False
        self._is_refused = False
        self._has_ended_sending = False
        self._fed = 0  # bytes of this message, as they came
        self._body_bytes = 0
        self._head_bytes = 0

    # ---- life
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._gate.opened(self)
        self._deadline = self.loop.time() + self._limits.head_time

    def connection_lost(self, exc: Exception | None) -> None:
        if self.is_answering:
            self._leave_route()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self.pipeline.clear()
        self._gate.closed(self)

    @property
    def is_answering(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def evict(self) -> None:
        """Closed to make room: nothing of a request is being answered."""
        self.transport.abort()

    @property
    def is_streaming(self) -> bool:
        """Whether it is an answer whose end nobody knows."""
        return self.is_answering and bool(self.cycle.chunked_encoding)

    def end(self) -> None:
        """The server ends: a stream is cut, another answer is the connection's last."""
        if self.is_streaming:
            self._leave_route()
            self.transport.close()
        else:
            self.shutdown()

    def look(self, now: float) -> bool:
        """The sweep: ends what takes too long; returns whether that was so."""
        if now >= self._stalled_until or (self._has_ended_sending and self.is_streaming):
            self.transport.abort()
        elif self.transport.is_closing():
            # Closed, but something written is not taken: from now on it has as long as any other client that stalls.
            self._stalled_until = min(self._stalled_until, now + self._limits.stall_time)
            return False
        elif now < self._deadline:
            return False
        elif self._is_refused or not self._is_in_message:
            self.transport.abort()
        else:
            self._refuse(408, f"the request was not complete within {self._time_allowed():g} s")
        return True

    def _time_allowed(self) -> float:
        return self._limits.body_time if self._is_in_body else self._limits.head_time

    # ---- what comes
    def data_received(self, data: bytes) -> None:
        self._gate.counts.bytes_received += len(data)
        self._fed += len(data)
        if self._is_refused:
            if self._fed > MOST_DISCARDED * self._limits.body:
                self.transport.abort()
            return
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # answered as any request, and it was the connection's last: see on_headers_complete
        except httptools.HttpParserError as error:
            self._refuse_for(error)
            return
        if self._is_in_message:
            self._check_fed()

    def _check_fed(self) -> None:
        """The parser's callbacks do not see a field that has no end yet, nor what stands beside the data of chunks."""
        limits = self._limits
        if not self._is_in_body and self._fed > limits.head + limits.url:
            self._refuse(431, f"the head of a request may have {limits.head} bytes")
        elif self._is_in_body and self._fed > 2 * limits.body + limits.head + limits.url:
            self._refuse(413, f"a request's body may have {limits.body} bytes")

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends no more. It may still read: an answer under way is finished."""
        self._has_ended_sending = True
        if self._is_in_message or not self.is_answering or self.scheme == "https":
            return False
        for cycle in (self.cycle, *(cycle for cycle, _ in self.pipeline)):
            cycle.keep_alive = cycle.keep_alive and cycle is not self.cycle
        return True

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_message, self._is_in_body = True, False
        self._body_bytes = self._head_bytes = 0
        # While an earlier request is answered, the head of the next one may take its time: nothing more is read.
        self._deadline = self.loop.time() + self._limits.head_time

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self._limits.url:
            raise RefusalError(414, f"a request's target may have {self._limits.url} bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > self._limits.head:
            raise RefusalError(431, f"the head of a request may have {self._limits.head} bytes")
        if len(self.headers) >= self._limits.fields:
            raise RefusalError(431, f"a request may have {self._limits.fields} header fields")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= MOST_PIPELINED:
            raise RefusalError(429, f"{MOST_PIPELINED} requests may be sent ahead")
        self._check_head()
        self._is_in_body = True
        self._deadline = self.loop.time() + self._limits.body_time
        self._gate.became_busy(self)
        self._gate.counts.requests += 1
        self._gate.refresh_date()
        super().on_headers_complete()
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False

    def _check_head(self) -> None:
        for name, value in self.headers:
            if name == b"content-length" and (not value.isdigit() or int(value[:19]) > self._limits.body):
                raise RefusalError(413, f"a request's body may have {self._limits.body} bytes")
            if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
                raise RefusalError(415, "a request's body has to come as it is, without Content-Encoding")

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.body:
            raise RefusalError(413, f"a request's body may have {self._limits.body} bytes")
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_in_message = self._is_in_body = False
        self._fed = 0
        self._deadline = _NEVER
        if not self.is_answering:
            self._gate.became_idle(self)  # the answer was there before the end of the request

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.is_answering and not self._is_in_message and not self.transport.is_closing():
            self._gate.became_idle(self)

    # ---- what goes
    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled_until = self.loop.time() + self._limits.stall_time

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled_until = _NEVER

    # ---- refusing
    def _refuse_for(self, error: httptools.HttpParserError) -> None:
        cause = error.__context__ or error.__cause__
        if isinstance(cause, RefusalError):
            self._refuse(cause.status, str(cause))
        else:
            self._refuse(400, "this is no HTTP/1.1 request")

    def _refuse(self, status: int, text: str) -> None:
        """Answers in place of a route, where that is possible, and takes nothing more."""
        self._gate.counts.refused += 1
        self._is_refused = True
        if self.pipeline or (self.is_answering and not self._is_of_refused()):
            self.cycle.keep_alive = False  # an earlier request is answered first; its end is the connection's
            self.pipeline.clear()
            self._deadline = self.loop.time() + self._limits.stall_time
            return
        if self.is_answering:
            self._leave_route()
        self._write_refusal(status, text)

    def _is_of_refused(self) -> bool:
        """Whether the request being answered is the one refused, and nothing has been sent for it."""
        return self._is_in_body and not self.cycle.response_started

    def _leave_route(self) -> None:
        """For the route it looks as if the client had gone."""
        self.cycle.disconnected = True
        scope: dict[str, Any] = self.cycle.scope  # type: ignore[assignment]
        scope[GONE] = True
        self.cycle.message_event.set()

    def _write_refusal(self, status: int, text: str) -> None:
        body = text.encode() + b"\n"
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
            "content-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        if self._has_ended_sending or not self.transport.can_write_eof():
            self.transport.close()
            return
        # Closing while bytes come in would reset the connection, and the answer be lost with it.
        self.transport.write_eof()
        self._deadline = self.loop.time() + self._limits.linger_time


def configuration(app: Any, limits: Any) -> Config:
    """uvicorn's configuration: as little as possible of what it would do by itself."""
    config = Config(
        app,
        http=Connection,  # only for load(): connections are made by gate.py
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # nobody says who they are by a header
        server_header=False,
        date_header=False,  # gate.py
        timeout_keep_alive=limits.idle_time,
    )
    config.load()
    return config
