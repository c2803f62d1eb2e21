"""Calls of a gRPC API on a unix socket (containerd, CRI), with bounds on every size and time.

Messages are parsed here and not by grpcio, which answers bytes that are no message with a log line instead of an error.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import DecodeError, Message

from ...options import Endpoint
from .socket_runtime import NotThereError, SessionError, SessionTimeoutError

MESSAGE_LIMIT = 16 << 20  # bytes of one message: containerd's own bound for what it sends
LAST_WORDS_S = 0.05
_SHOWN = 200  # characters of an error's text that go into a message

_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.default_authority", "localhost"),  # servers in Go refuse the path of a socket there
    ("grpc.use_local_subchannel_pool", 1),  # a new channel is a new connection: it inherits no backing off
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 0),
)

M = TypeVar("M", bound=Message)
Metadata = tuple[tuple[str, str], ...]


class CallError(SessionError):
    """A call was answered with an error. ``is_not_found``: of the one thing it asked for."""

    def __init__(self, text: str, code: grpc.StatusCode) -> None:
        super().__init__(text)
        self.is_not_found = code is grpc.StatusCode.NOT_FOUND


class GrpcSocket:
    """One connection. Made in the running loop; ``close`` ends it with all its calls."""

    def __init__(self, endpoint: Endpoint, timeout_s: float) -> None:
        self._where = str(endpoint)
        self._timeout_s = timeout_s
        target = f"unix://{endpoint.path}" if endpoint.path else f"{endpoint.host}:{endpoint.port}"
        self._channel = grpc.aio.insecure_channel(target, options=_OPTIONS)

    async def close(self) -> None:
        """Ends the connection, and waits for what grpcio still has to say of calls that were cut off.

        It says so to the loop, also to one that has been closed meanwhile: then another loop of the process, such as
        a server's, logs an error.
        """
        await self._channel.close()
        await asyncio.sleep(LAST_WORDS_S)

    async def call(
        self,
        method: str,
        request: Message,
        answer: type[M],
        metadata: Metadata = (),
        *,
        timeout_s: float | None = None,
    ) -> M:
        """One request, one answer; within ``timeout_s``, where that is not the limit of every call.

        Raises SessionTimeoutError when none comes in time, NotThereError when the method is not served there,
        CallError when the answer is an error, SessionError when it is no ``answer``.
        """
        method = f"/{method}"
        function: Any = self._channel.unary_unary(method)
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        try:
            data = await function(request.SerializeToString(), timeout=timeout_s, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            raise self._error(method, error, timeout_s) from error
        return self._parse(method, data, answer)

    async def stream(
        self, method: str, request: Message, answer: type[M], metadata: Metadata = (), *, is_endless: bool = False
    ) -> AsyncIterator[M]:
        """One request, answers as they come, all within the time limit unless endless. Raises as ``call`` does."""
        method = f"/{method}"
        function: Any = self._channel.unary_stream(method)
        timeout = None if is_endless else self._timeout_s
        call = function(request.SerializeToString(), timeout=timeout, metadata=metadata)
        try:
            async for data in call:
                yield self._parse(method, data, answer)
        except grpc.aio.AioRpcError as error:
            raise self._error(method, error, self._timeout_s) from error
        finally:
            call.cancel()

    def _parse(self, method: str, data: bytes, answer: type[M]) -> M:
        message = answer()
        try:
            message.ParseFromString(data)
        except DecodeError as error:
            raise SessionError(f"{self._where}{method}: the answer is no {answer.__name__}: {data[:60]!r}") from error
        return message

    def _error(self, method: str, error: grpc.aio.AioRpcError, timeout_s: float) -> Exception:
        code, text = error.code(), (error.details() or "")[:_SHOWN]
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return SessionTimeoutError(f"{self._where}{method}: no answer within {timeout_s:g} s")
        if code is grpc.StatusCode.UNIMPLEMENTED:
            return NotThereError(f"{self._where}{method}: not served there: {text}")
        return CallError(f"{self._where}{method}: {code.name.lower()}: {text}", code)
