"""One stream's place in time: what it has, and what it gets next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycadvisor_fast.errors import TornError
from pycadvisor_fast.v1 import service_pb2 as pb

from . import batches
from .batches import Base, Batch
from .hub import ShutdownError

if TYPE_CHECKING:
    from .hub import Entry, Hub
    from .members import Members
    from .requests import Query
    from .schedule import Spec


class Subscriber:
    """One stream: what it has, and what it gets next."""

    def __init__(self, hub: Hub, query: Query, since: int | None, epoch: str) -> None:
        self._hub = hub
        self._query = query
        self.channel = hub.join(query)
        self._is_resumed = since is not None and (not epoch or epoch == hub.epoch)
        newest = self.channel.schedule.newest()
        if since is not None and since > newest + 1:
            self._is_resumed = False  # from another boot: tick numbers are smaller now
        self._stream: pb.StreamStart | None = pb.StreamStart(
            epoch=hub.epoch,
            base_interval_ns=hub.regions.base_ns,
            interval_ticks=self.channel.schedule.interval,
            restarted=since is not None and not self._is_resumed,
        )
        self._tick = since if since is not None and self._is_resumed else self.channel.position
        self._replays_to = newest if self._is_resumed else 0
        self._seq = self.channel.seq
        self._missed = 0
        self._known: Members | None = None
        self._base: Base | None = None

    def close(self) -> None:
        self._hub.leave(self.channel)

    async def next(self) -> bytes:
        """The next batch, complete. Raises ShutdownError."""
        while True:
            if self._hub.is_closing:
                raise ShutdownError
            entry = self._entry()
            try:
                if entry is not None:
                    return self._finish(await entry.batch(self._base))
                if not self._is_live() and (batch := await self._replay()):
                    return self._finish(batch)
            except TornError:
                self._missed += 1  # overwritten before it was encoded
                if entry is not None:
                    self._tick = entry.spec.tick
                continue
            if self._is_live():
                await self.channel.wait()

    def _is_live(self) -> bool:
        """Whether everything after what it has is, or will be, in the channel's entries."""
        return self._tick >= self.channel.floor

    def _entry(self) -> Entry | None:
        """The entry to take now: the one that follows, or the newest when that has been dropped meanwhile."""
        later = [entry for entry in self.channel.entries if entry.spec.tick > self._tick]
        if not later or (self._is_resumed and not self._is_live()):
            return None
        entry = later[0] if self._tick >= later[0].after else later[-1]
        if self._is_resumed:
            self._is_resumed = False
        else:
            self._missed += entry.seq - self._seq - 1
        self._seq = entry.seq
        return entry

    async def _replay(self) -> Batch | None:
        """The next batch from the ring; None: caught up with the channel."""
        schedule, floor = self.channel.schedule, self.channel.floor
        oldest = schedule.oldest()
        if oldest > self._tick + 1:
            self._missed += schedule.count(self._tick, oldest - 1)
            self._tick = oldest - 1
        for point in schedule.held(self._tick, floor):
            spec = schedule.spec(point)
            self._tick = point
            if spec is None:
                self._missed += self._is_gone(point)
                continue
            return await self._encode_alone(spec)
        self._tick = max(self._tick, floor)
        return None

    def _is_gone(self, point: int) -> int:
        """1 for a batch that was there once, 0 for a tick that the collector skipped."""
        return int(point < self.channel.schedule.oldest())

    async def _encode_alone(self, spec: Spec) -> Batch:
        worker, channel = self._hub.bulk, self.channel
        members = await self._hub.live.run(channel.membership.current)
        batch = await worker.run(
            lambda: batches.encode(worker.encoder, channel.content, channel.schedule, spec, members, self._base)
        )
        self._hub.status.encoded(batch)
        return batch

    def _finish(self, batch: Batch) -> bytes:
        """Appends what only this subscriber is told; nothing, in the normal case."""
        own = batch.members.introduction() if self._known is None else batch.members.changes(self._known)
        own += batches.tail(missed=self._missed, replayed=batch.tick <= self._replays_to, stream=self._stream)
        is_slow = self._stream is None  # the first batch's: it asked for what the ring no longer holds
        missed, self._missed, self._stream = self._missed, 0, None
        self._known, self._tick = batch.members, batch.tick
        if self._query.changed_only:
            self._base = Base(batch.sent, batch.members)
        data = batch.data + own if own else batch.data
        self._hub.status.sent(data, missed if is_slow else 0)
        return data
