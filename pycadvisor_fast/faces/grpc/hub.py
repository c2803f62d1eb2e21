"""Who gets what when: one channel for each distinct selection, each tick encoded once, nobody waits for anybody.

A tick arrives from the collector's thread. A channel with subscribers notes what is due (numbers only). The first
subscriber that asks for a batch has it encoded, in a worker thread; the others get the same bytes. A subscriber that
comes back late takes the newest batch and is told how many it missed; what waits for it is never more than a few
entries a channel, however slow it is.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from pycadvisor_fast.native.encoder import Encoder, Regions

from ..sampler import Sampler
from . import batches
from .batches import Base, Batch
from .members import Membership
from .schedule import Spec

if TYPE_CHECKING:
    from pycadvisor_fast.feed import Feed

    from .requests import Query

log = logging.getLogger(__name__)
_T = TypeVar("_T")

BACKLOG = 4  # batches a subscriber may be behind before it skips: rides out jitter, bounds memory
BACKLOG_BYTES = 4 << 20  # encoded batches kept in a channel beside the newest


class ShutdownError(Exception):
    """The server stops: streams end."""


class Thread:
    """One thread that takes calls."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, name)
        self._is_closed = False

    async def run(self, call: Callable[[], _T]) -> _T:
        """``call()`` in the thread. Raises ShutdownError when it has ended."""
        if self._is_closed:
            raise ShutdownError
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def close(self) -> None:
        self._is_closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)


class Worker(Thread):
    """A thread with an encoder of its own."""

    def __init__(self, regions: Regions, name: str) -> None:
        super().__init__(name)
        self.encoder = Encoder(regions)


class Entry:
    """A batch that is due: encoded when somebody asks, once for each state a subscriber may be in."""

    def __init__(self, channel: Channel, spec: Spec, seq: int, after: int) -> None:
        self.spec = spec
        self.seq = seq
        self.after = after  # tick of the entry before it
        self._channel = channel
        self._encoded: dict[tuple[object, ...], asyncio.Task[Batch]] = {}

    async def batch(self, base: Base | None) -> Batch:
        """The batch for a subscriber that has ``base``. Raises TornError when the ring has moved on."""
        key = base.key(self.spec) if base is not None else ()
        task = self._encoded.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._channel.encode(self.spec, base))
            self._encoded[key] = task
        return await asyncio.shield(task)  # a subscriber that leaves must not cancel it for the others

    def size(self) -> int:
        """Bytes it keeps."""
        done = [task for task in self._encoded.values() if task.done() and not task.cancelled()]
        return sum(len(task.result().data) for task in done if task.exception() is None)

    def drop(self) -> None:
        """Forgets what is encoded; it can be encoded again."""
        self._encoded = {key: task for key, task in self._encoded.items() if not task.done()}


class Channel:
    """One selection, its schedule, and the newest batches."""

    def __init__(self, hub: Hub, query: Query) -> None:
        self.hub = hub
        self.query = query
        self.schedule = query.schedule(hub.regions)
        self.content = query.content(hub.regions)
        self.membership = Membership(hub.feed, query.select, handles_only=query.handles_only)
        self.position = self.began = self.schedule.newest()  # the last tick looked at
        self.entries: deque[Entry] = deque(maxlen=BACKLOG)
        self.subscribers = 0
        self.seq = 0  # of the last entry
        self._waiting: set[asyncio.Future[None]] = set()

    def advance(self, tick: int) -> None:
        """The pass ``tick`` is complete: notes what is due and wakes who waits. Event loop only."""
        begin = max(self.position, self.schedule.oldest() - 1)  # before that nobody sampled
        skipped = self.schedule.count(begin, tick) - 2 * BACKLOG
        if skipped > 0:  # the loop stood still: not worth encoding
            self.seq += skipped
            begin = max(begin, tick - max(self.schedule.strides) * 2 * BACKLOG)
        points = list(self.schedule.points(begin, tick))[-2 * BACKLOG :]
        for point in points:
            if spec := self.schedule.spec(point):
                self.seq += 1
                after = self.entries[-1].spec.tick if self.entries else self.began
                self.entries.append(Entry(self, spec, self.seq, after))
        if tick > self.position:
            self.position = tick
        if self.entries:
            self._trim()
            self.wake()

    @property
    def floor(self) -> int:
        """Every batch after this tick is in ``entries``, or will be."""
        return self.entries[0].after if self.entries else self.began

    def _trim(self) -> None:
        room = BACKLOG_BYTES
        for entry in list(self.entries)[-2::-1]:
            room -= entry.size()
            if room < 0:
                entry.drop()

    def wake(self) -> None:
        """Wakes all who wait for the next entry."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self) -> None:
        """Until the next entry or the end. Raises ShutdownError."""
        if self.hub.is_closing:
            raise ShutdownError
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)  # a stream that was cancelled: the next entry may be a day away
        if self.hub.is_closing:
            raise ShutdownError

    async def encode(self, spec: Spec, base: Base | None) -> Batch:
        """Encodes in the worker thread."""
        worker = self.hub.live
        batch = await worker.run(
            lambda: batches.encode(worker.encoder, self.content, self.schedule, spec, self.membership.current(), base)
        )
        self.hub.status.encoded(batch)
        return batch


class Status:
    """What the server did so far."""

    def __init__(self) -> None:
        self.batches_encoded = 0
        self.batches_sent = 0
        self.bytes_sent = 0
        self.missed_ticks = 0
        self.encode_ns = 0

    def encoded(self, batch: Batch) -> None:
        self.batches_encoded += 1
        self.encode_ns += batch.encode_ns

    def sent(self, data: bytes, missed: int) -> None:
        self.batches_sent += 1
        self.bytes_sent += len(data)
        self.missed_ticks += missed


class Hub:
    """All channels of a server. Made in the event loop that serves."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.regions = Regions(feed.ring.path, feed.ring.groups)
        self.status = Status()
        self.is_closing = False
        self.epoch = f"{self.regions.boot_id}/{self.regions.base_ns}"
        self.live = Worker(self.regions, "pcf-grpc-live")
        self.bulk = Worker(self.regions, "pcf-grpc-bulk")  # history: must not hold up the live batches
        self.events = Thread("pcf-grpc-events")
        self.sample = Sampler(feed.sample).sample
        self.channels: dict[Query, Channel] = {}
        self._at_end: list[Callable[[], None]] = []
        self._loop = asyncio.get_running_loop()
        self._remove_listener = feed.add_tick_listener(self._tick_from_thread)

    @property
    def subscribers(self) -> int:
        """How many streams are open."""
        return sum(channel.subscribers for channel in self.channels.values())

    def _tick_from_thread(self, tick: int) -> None:
        try:
            self._loop.call_soon_threadsafe(self._on_tick, tick)
        except RuntimeError:  # the loop is closed: the program ends
            pass

    def _on_tick(self, tick: int) -> None:
        for channel in list(self.channels.values()):
            try:
                channel.advance(tick)
            except Exception:
                log.exception("gRPC: tick %d could not be offered to the subscribers of %s", tick, channel.query)

    def join(self, query: Query) -> Channel:
        """The channel of ``query``, made when it is the first of its kind; leave() it afterwards."""
        channel = self.channels.get(query)
        if channel is None:
            channel = self.channels[query] = Channel(self, query)
        channel.subscribers += 1
        return channel

    def leave(self, channel: Channel) -> None:
        """The last one to leave closes the channel."""
        channel.subscribers -= 1
        if channel.subscribers == 0:
            self.channels.pop(channel.query, None)

    def at_end(self, call: Callable[[], None]) -> None:
        """``call()`` when all streams are to end."""
        self._at_end.append(call)

    def end_streams(self) -> None:
        """All streams that wait for a tick end now; those in the middle of a write end after it."""
        if self.is_closing:
            return
        self.is_closing = True
        self._remove_listener()
        for channel in self.channels.values():
            channel.wake()
        for call in self._at_end:
            call()

    def close(self) -> None:
        """Ends the threads and unmaps the ring; no stream may be open any more."""
        self.end_streams()
        self.live.close()
        self.bulk.close()
        self.events.close()
        self.regions.close()
