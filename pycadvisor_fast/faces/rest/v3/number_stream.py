"""/api/v3/stream: batches of numbers as server-sent events, at the client's rate."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from pycadvisor_fast.durations import LONGEST_INTERVAL_NS
from pycadvisor_fast.errors import TornError

from ..streamed import Streamed
from . import sse
from .batches import Batches, Moment
from .column_data import epoch
from .column_query import CHOOSING, ColumnQuery, column_query
from .parameters import Parameters
from .ticks import Ticks

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from pycadvisor_fast.feed import Feed

    from ..serving import Serving

PARAMETERS = (*CHOOSING, "interval", "last_event_id")
DEFAULT_INTERVAL_NS = 10**9


class NumberStreams:
    """All streams of numbers of a server."""

    def __init__(self, serving: Serving) -> None:
        self._feed = serving.feed
        self._ticks = Ticks(serving.feed)
        self._batches = Batches(serving.context)

    async def stream(self, request: Request) -> Response:
        """The answer to a request."""
        parameters = Parameters(request.scope["query_string"], PARAMETERS)
        query = column_query(parameters, tuple(self._feed.ring.groups), has_identities=False)
        interval_ns = parameters.duration_ns("interval", DEFAULT_INTERVAL_NS, least=1, most=LONGEST_INTERVAL_NS)
        resumed = sse.place(request.headers.get("last-event-id", "") or parameters.text("last_event_id"))
        self._ticks.join()
        place = Place(self._feed, query, interval_ns or DEFAULT_INTERVAL_NS, resumed)
        return Streamed(self._messages(place), sse.HEADERS, self._left)

    def _left(self) -> None:
        self._ticks.leave()
        if not self._ticks.count:
            self._batches.forget()

    async def _messages(self, place: Place) -> AsyncGenerator[bytes, None]:
        yield sse.RETRY + sse.told("start", place.start())
        while True:
            moment, missed = place.next()
            if missed:
                yield sse.told("missed", {"batches": missed})
            if moment is None:
                if not await self._ticks.wait(sse.BEAT_S, place.is_due):
                    yield sse.BEAT
                continue
            try:
                data = await self._batches.batch(place.query, moment)
            except TornError:  # overwritten before it was read
                yield sse.told("missed", {"batches": 1})
                continue
            if data is not None:
                yield sse.message(data, ident=sse.ident(place.epoch, moment.tick))


class Place:
    """One stream's place on the timeline. Its moments are the multiples of its interval in ticks."""

    def __init__(self, feed: Feed, query: ColumnQuery, interval_ns: int, resumed: tuple[str, int] | None) -> None:
        self.query = query
        self.epoch = epoch(feed)
        self._groups = [feed.ring.groups[name] for name, _ in query.chosen]
        self._base_ns = self._groups[0].interval_ns // self._groups[0].stride
        self._stride = max(1, -(-interval_ns // self._base_ns))
        is_ours = resumed is not None and resumed[0] == self.epoch and resumed[1] <= self._latest()
        self.is_restarted = resumed is not None and not is_ours
        self._sent = resumed[1] // self._stride if resumed is not None and is_ours else -1  # counted in moments
        self._is_first = not is_ours
        self._replays_to = self._latest() // self._stride if is_ours else -1

    def start(self) -> dict[str, object]:
        """What a stream begins with."""
        return {
            "epoch": self.epoch,
            "interval_ns": self._stride * self._base_ns,
            "interval_ticks": self._stride,
            "restarted": self.is_restarted,
        }

    def is_due(self) -> bool:
        """Whether there is a moment that was not sent."""
        return self._newest() > self._sent

    def next(self) -> tuple[Moment | None, int]:
        """(the moment to send now, None: not yet; how many are lost). Those that were missed before it resumed come one
        after another as long as the ring has them; a client that is too slow gets the newest."""
        newest = self._newest()
        if newest <= self._sent or not newest:
            return None, 0
        wanted = newest
        if self._sent < self._replays_to:
            oldest = -(-min(group.oldest_tick for group in self._groups) // self._stride)
            wanted = max(self._sent + 1, min(oldest, newest))
        missed = wanted - self._sent - 1 if self._sent >= 0 else 0
        moment = Moment(wanted * self._stride, self._stride, self._is_first)
        self._sent, self._is_first = wanted, False
        return moment, missed

    def _newest(self) -> int:
        return self._latest() // self._stride

    def _latest(self) -> int:
        return max(group.latest_tick for group in self._groups)
