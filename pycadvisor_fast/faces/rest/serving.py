"""What the handlers of all versions share: containers by name, their specs, fresh samples, cAdvisor's JSON."""

from __future__ import annotations

import asyncio
import threading
import zlib
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from starlette.responses import Response

from pycadvisor_fast.errors import TornError

from ..http.context import BusyError
from ..http.shaping import accepts_gzip
from .following import Followers
from .fresh import Freshness
from .names import latest_names
from .stats_json import Answers, in_chunks
from .streamed import Streamed

if TYPE_CHECKING:
    from starlette.requests import Request

    from pycadvisor_fast.container import Container
    from pycadvisor_fast.spec import Spec

    from ..http.context import Context

Result = TypeVar("Result")
_ATTEMPTS = 3  # a newer tick is there each time
_TURN_S = 0.02  # between two tries for a worker, of an answer that has begun
_GZIP = 16 + zlib.MAX_WBITS


class Serving:
    """Made once for a server. Handlers run in its event loop, what they compute in the workers of its context."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.feed = context.feed
        self.names = latest_names(context.feed)
        self.fresh = Freshness(context.feed)
        self.followers = Followers(context)
        self._making = threading.Lock()
        self._answers: Answers | None = None

    def answers(self) -> Answers:
        """cAdvisor's JSON; made when it is first asked for, by a worker: it maps the ring."""
        with self._making:
            if self._answers is None:
                self._answers = Answers(self.feed, is_strict=self.context.settings.is_strict)
            return self._answers

    def specs(self, containers: Iterable[Container]) -> Sequence[Spec]:
        """Of these containers, in their order; those that have gone are left out."""
        known = {spec.container.handle: spec for spec in self.feed.specs()}
        return [known[one.handle] for one in containers if one.handle in known]

    async def json(self, make: Callable[[], bytes]) -> Response:
        """An answer whose body a worker makes; again when the ring has moved on meanwhile."""
        return as_json(await self.context.run(lambda: untorn(make)))

    async def json_in_chunks(self, request: Request, make: Callable[[], Iterable[bytes]]) -> Response:
        """An answer that may be large: workers make it a chunk at a time, each when the client has room for it, so that
        a hundred megabytes are never there at once. One of a single chunk is an ordinary answer.

        What fails before the first chunk is an error as ever; later the connection is cut, as Go does it.
        """
        chunks, first, second = await self.context.run(lambda: untorn(lambda: _begun(make)))
        if second is None:
            return as_json(first)
        headers = {"Content-Type": "application/json", "Vary": "Accept-Encoding"}
        if accepts_gzip(request.headers.get("accept-encoding", "")):
            headers["Content-Encoding"] = "gzip"
            return Streamed(self._chunks(_packed((first, second), chunks)), headers)
        return Streamed(self._chunks(_all((first, second), chunks)), headers)

    async def _chunks(self, chunks: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
        while True:
            try:
                chunk = await self.context.run(lambda: next(chunks, None))
            except BusyError:  # it has begun: it waits for its turn
                await asyncio.sleep(_TURN_S)
                continue
            if chunk is None:
                return
            yield chunk


def _begun(make: Callable[[], Iterable[bytes]]) -> tuple[Iterator[bytes], bytes, bytes | None]:
    """The chunks of an answer, and the first two of them."""
    chunks = in_chunks(make())
    return chunks, next(chunks, b""), next(chunks, None)


def _all(first: Iterable[bytes], more: Iterator[bytes]) -> Iterator[bytes]:
    yield from first
    yield from more


def _packed(first: Iterable[bytes], more: Iterator[bytes]) -> Iterator[bytes]:
    """The same as gzip, at the level that costs least."""
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    for chunk in _all(first, more):
        yield packer.compress(chunk)
    yield packer.flush()


def as_json(body: bytes) -> Response:
    """An answer as Go writes them: no charset, no newline."""
    return Response(body, media_type="application/json")


def untorn(make: Callable[[], Result]) -> Result:
    """What ``make`` makes of the ring. Raises TornError when that cannot be read as fast as it is written."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return make()
        except TornError:
            pass
    return make()
