"""Events to subscribers: a place in the log for each, nothing queued, each event encoded once for all."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pycadvisor_fast.errors import NotServedError, SelectionError
from pycadvisor_fast.event import Event
from pycadvisor_fast.v1 import service_pb2 as spb
from pycadvisor_fast.v1.events_pb2 import EventBatch, EventStreamStart, KindSource

from . import event_requests
from .event_messages import counts, event_message, framed
from .hub import ShutdownError

if TYPE_CHECKING:
    from pycadvisor_fast.events import Bus, Taken

    from .hub import Hub

_INLINE = 32  # so few events are decoded in the event loop: a thread would take longer to hand them over
_ENCODED_KEPT = 1024
_ANSWER_BYTES = 3_500_000  # below the 4 MiB that gRPC clients take unless told otherwise


class EventHub:
    """All event streams of a server. The bus tells it of news only while there are any."""

    def __init__(self, hub: Hub, bus: Bus | None) -> None:
        self._hub = hub
        self._bus = bus
        self._loop = asyncio.get_running_loop()
        self._unlisten: Callable[[], None] | None = None
        self._waiting: set[asyncio.Future[None]] = set()
        self._encoded: OrderedDict[int, tuple[Event, bytes]] = OrderedDict()
        self.streams = 0

    @property
    def bus(self) -> Bus:
        """Raises NotServedError when there is none."""
        if self._bus is None:
            why = self._hub.feed.status().get("events", {}).get("off", "the collector has none")
            raise NotServedError(f"there are no events here: {why}")
        return self._bus

    @property
    def epoch(self) -> str:
        """Of the log."""
        return self.bus.epoch

    def join(self) -> None:
        """A stream begins."""
        self.streams += 1
        if self._unlisten is None:
            self._unlisten = self.bus.listen(self._tell)

    def leave(self) -> None:
        """A stream ended; the last one ends the thread of the bus."""
        self.streams -= 1
        if not self.streams and self._unlisten is not None:
            self._unlisten()
            self._unlisten = None

    def wake(self) -> None:
        """All who wait look again. Event loop only."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self, seq: int, seconds: float | None) -> bool:
        """Until the log is beyond ``seq``; False when that takes longer. Raises ShutdownError."""
        future = self._loop.create_future()
        self._waiting.add(future)
        try:
            if self._hub.is_closing:
                raise ShutdownError
            if self.bus.latest > seq:  # came between the last look and the line above
                return True
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(future)
        if self._hub.is_closing:
            raise ShutdownError
        return True

    def encode(self, events: Sequence[Event]) -> bytes:
        """As the field ``events``."""
        return b"".join(self._encode(event) for event in events)

    async def past(self, request: spb.GetEventsRequest) -> bytes:
        """A GetEventsResponse."""
        query, match = event_requests.past_query(request)
        if request.epoch and request.epoch != self.epoch and (query.after_seq or query.before_seq):
            raise SelectionError("after_seq, before_seq: they belong to another epoch: the log is a new one")
        bus = self.bus

        def answer() -> bytes:
            page = bus.past(query, match)
            parts: list[bytes] = []
            size, seq, more = 0, page.seq, page.has_more
            for before, event in enumerate(page.events):
                part = framed(event_message(event).SerializeToString())
                size += len(part)
                if size > _ANSWER_BYTES:
                    seq, more = page.events[before - 1].seq, True
                    break
                parts.append(part)
            return b"".join(parts) + spb.GetEventsResponse(more=more, seq=seq, epoch=self.epoch).SerializeToString()

        return await self._hub.events.run(answer)

    def _encode(self, event: Event) -> bytes:
        kept = self._encoded.get(event.seq)
        if kept is None or kept[0] is not event:
            kept = self._encoded[event.seq] = (event, framed(event_message(event).SerializeToString()))
            if len(self._encoded) > _ENCODED_KEPT:
                self._encoded.popitem(last=False)
        return kept[1]

    def _tell(self, seq: int) -> None:
        try:
            self._loop.call_soon_threadsafe(self.wake)
        except RuntimeError:  # the loop is closed: the program ends
            pass


class EventFollower:
    """One StreamEvents call."""

    def __init__(self, hub: Hub, events: EventHub, request: spb.StreamEventsRequest) -> None:
        self._hub = hub
        self._events = events
        self._query = query = event_requests.stream_query(request)
        is_other = query.since is not None and bool(query.epoch) and query.epoch != events.epoch
        since = None if is_other else query.since
        bus = events.bus
        self._subscription = bus.follow(query.kinds, query.match, since=since, since_ns=query.since_ns)
        self._is_restarted = is_other or self._subscription.is_restarted
        self._is_begun = False
        self._beat_at = time.monotonic()
        events.join()

    def close(self) -> None:
        self._events.leave()
        self._events.bus.leave(self._subscription)

    async def next(self) -> bytes:
        """The next batch. Raises ShutdownError."""
        if not self._is_begun:
            self._is_begun = True
            return self._start()
        while True:
            if self._hub.is_closing:
                raise ShutdownError
            taken = await self._take()
            if taken is not None and (taken.events or taken.missed):
                self._beat_at = time.monotonic()
                return self._batch(taken)
            left = self._until_beat()
            if left is not None and left <= 0:
                return self._heartbeat()
            if taken is None:
                await self._events.wait(self._subscription.seq, left)
            else:
                await asyncio.sleep(0)  # others' events, perhaps many: nobody else is to wait for that

    async def _take(self) -> Taken | None:
        behind = self._events.bus.latest - self._subscription.seq
        if behind <= _INLINE:
            return self._subscription.take()
        return await self._hub.events.run(self._subscription.take)

    def _until_beat(self) -> float | None:
        beat = self._query.heartbeat_s
        return None if beat is None else self._beat_at + beat - time.monotonic()

    def _batch(self, taken: Taken) -> bytes:
        tail = EventBatch(seq=taken.seq, missed=counts(taken.missed), replayed=taken.is_replay)
        return self._events.encode(taken.events) + tail.SerializeToString()

    def _heartbeat(self) -> bytes:
        self._beat_at = time.monotonic()
        kinds = self._events.bus.status()["kinds"]
        return EventBatch(
            seq=self._subscription.seq,
            lost=counts({kind: facts["lost"] for kind, facts in kinds.items()}),
            time_unix_ns=time.time_ns(),
        ).SerializeToString()

    def _start(self) -> bytes:
        kinds = self._events.bus.status()["kinds"]
        sources = [
            KindSource(kind=kind, source=facts["source"], reason=facts["reason"], caveats=facts["caveats"])
            for kind, facts in kinds.items()
            if kind in self._query.kinds
        ]
        start = EventStreamStart(
            epoch=self._events.epoch,
            latest_seq=self._subscription.began,
            restarted=self._is_restarted,
            sources=sources,
        )
        return EventBatch(seq=self._subscription.seq, start=start).SerializeToString()
