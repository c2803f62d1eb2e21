"""Somebody who listens to a daemon's events, and waiting for what was heard."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType

from pycadvisor_fast.client import Client
from pycadvisor_fast.sampling import attach
from pycadvisor_fast.v1.events_pb2 import Event, EventBatch

from .served import Daemon

WITHIN_SECONDS = 20.0


class Listener:
    """Collects the batches of StreamEvents in a thread, each with the moment it arrived."""

    def __init__(self, daemon: Daemon, *kinds: str, path: str = "") -> None:
        self.batches: list[tuple[int, EventBatch]] = []
        self._client = Client(f"unix:{daemon.socket}")
        stream = self._client.stream_events(kinds=kinds, **({"paths": [path, f"{path}/*"]} if path else {}))
        self.start = next(stream).start
        self._stream = stream
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        for batch in self._stream:
            self.batches.append((time.monotonic_ns(), batch))

    def __enter__(self) -> Listener:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        self._thread.join()

    def events(self) -> Iterator[tuple[int, Event]]:
        """(moment of arrival, event)"""
        for moment, batch in list(self.batches):
            for event in batch.events:
                yield moment, event

    def count(self) -> int:
        """Events that arrived."""
        return sum(len(batch.events) for _, batch in list(self.batches))

    def missed(self) -> int:
        """Events this listener was told that it missed."""
        return sum(one.count for _, batch in list(self.batches) for one in batch.missed)


def followed(daemon: Daemon, paths: list[str]) -> int:
    with attach(daemon.ring_dir) as ring:
        return len({container.path for container in ring.containers()} & set(paths))


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("bench: not seen within twenty seconds")
        time.sleep(0.005)
