"""How a stream goes on after its connection broke."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import grpc

from pycadvisor_fast.v1 import service_pb2 as pb

from .errors import ServiceUnavailableError, translate

SHUTDOWN = ("pcf-reason", "shutdown")  # trailing metadata of a server that stops

# How a connection shows that breaks while batches arrive; without a batch before it, the server means it.
_BROKEN = (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL)


@dataclass(frozen=True, slots=True)
class Retry:
    """When to try again: delays grow from ``first`` by ``factor`` to ``longest`` seconds, each with random jitter.

    ``wait_for_server``: also keep trying when the first connection fails; else that raises at once. ``give_up_after``:
    seconds without a connection until ServiceUnavailableError; None = never.
    """

    first: float = 0.1
    factor: float = 2.0
    longest: float = 10.0
    wait_for_server: bool = False
    give_up_after: float | None = None

    def delay(self, attempt: int) -> float:
        """Seconds to wait before attempt 1, 2, ...: between half of the bound and the bound, so that the subscribers of
        a restarted server do not all come back at once."""
        bound = min(self.longest, self.first * self.factor ** min(attempt - 1, 64))
        return random.uniform(bound / 2, bound)


class AnyBatch(Protocol):
    """StatsBatch or ColumnsBatch."""

    @property
    def tick(self) -> int: ...
    @property
    def stream(self) -> pb.StreamStart: ...
    def HasField(self, name: Any, /) -> bool: ...  # noqa: N802


_B = TypeVar("_B", bound=AnyBatch)


class StreamState:
    """Where a stream is: what to ask for when it is opened again."""

    def __init__(self, request: Any, retry: Retry | None, target: str) -> None:
        self._request = request
        self._retry = retry
        self._target = target
        self._attempt = 0
        self._lost_at: float | None = None
        self._has_begun = False
        self._is_flowing = False  # a batch has arrived on this connection

    def request(self) -> Any:
        """The request for the next connection: resumes after the last batch that arrived."""
        self._is_flowing = False
        return self._request

    def accept(self, batch: _B) -> _B:
        """Notes that ``batch`` arrived."""
        self._arrived()
        if batch.HasField("stream"):
            self._request.epoch = batch.stream.epoch
        self._request.since = batch.tick
        return batch

    def _arrived(self) -> None:
        self._attempt, self._lost_at, self._has_begun, self._is_flowing = 0, None, True, True

    def lost(self, error: Any) -> float:
        """Seconds to wait before connecting again. Raises the error when there is no sense in that."""
        translated = translate(error, self._target)
        if self._retry is None or not self._is_broken(error.code()):
            raise translated from error
        if not self._has_begun and not self._retry.wait_for_server:
            raise translated from error
        return self._next_delay(translated)

    def _is_broken(self, code: grpc.StatusCode) -> bool:
        return code == grpc.StatusCode.UNAVAILABLE or (self._is_flowing and code in _BROKEN)

    def ended(self, trailing: Iterable[Any] | None) -> float:
        """The same after the server ended the stream with OK. Raises when there is to be no other."""
        reason = "it shuts down" if any(tuple(item) == SHUTDOWN for item in trailing or ()) else "without a reason"
        error = ServiceUnavailableError(
            grpc.StatusCode.UNAVAILABLE, f"{self._target}: the server ended the stream: {reason}"
        )
        if self._retry is None:
            raise error
        return self._next_delay(error)

    def _next_delay(self, error: Exception) -> float:
        assert self._retry is not None
        now = time.monotonic()
        self._lost_at = now if self._lost_at is None else self._lost_at
        if self._retry.give_up_after is not None and now - self._lost_at > self._retry.give_up_after:
            raise error
        self._attempt += 1
        return self._retry.delay(self._attempt)


class EventStreamState(StreamState):
    """The same for StreamEvents, which is resumed by event number."""

    def accept(self, batch: Any) -> Any:
        """Notes that ``batch`` arrived."""
        self._arrived()
        if batch.HasField("start"):
            self._request.epoch = batch.start.epoch
        self._request.since_seq = batch.seq
        self._request.since_unix_ns = 0
        return batch
