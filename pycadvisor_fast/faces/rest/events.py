"""Events as v1.3 and v2.x give them: an array of the past, or lines as they happen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import Response

from pycadvisor_fast.errors import NotServedError
from pycadvisor_fast.event import Event
from pycadvisor_fast.events import PastPage, PastQuery, cadvisor
from pycadvisor_fast.machine.cadvisor import go_time

from . import go_json
from .errors import RestError
from .event_requests import EventRequest
from .following import Follower, FullError
from .streamed import Streamed

if TYPE_CHECKING:
    from pycadvisor_fast.events import Bus, Match

    from ..http.context import Context
    from .following import Followers

_AT_ONCE = 1000  # events asked of the log in one go


def as_json(event: Event) -> bytes:
    """cAdvisor's Event."""
    return go_json.dumps(
        {
            "container_name": cadvisor.container_name(event),
            "timestamp": go_time(event.time_ns),
            "event_type": cadvisor.event_type(event.kind),
            "event_data": cadvisor.event_data(event),
        }
    )


def past(bus: Bus, request: EventRequest, name: str) -> bytes:
    """The array: of this container the newest so many, oldest first. The container is looked at before they are cut."""
    match = request.match(name)
    left = request.most
    query = PastQuery(request.kinds, request.start_ns, request.end_ns, is_newest_first=True)
    found: list[Event] = []
    page = PastPage((), bool(request.kinds) and left != 0, 0)
    while page.has_more:
        query = replace(query, before_seq=page.seq, limit=_AT_ONCE if left < 0 else min(left, _AT_ONCE))
        page = bus.past(query, match)
        found += page.events
        left -= len(page.events) if left > 0 else 0
        if left == 0:
            break
    found.sort(key=lambda event: (event.time_ns, event.seq))
    return b"[" + b",".join(map(as_json, found)) + b"]"


async def answer(context: Context, followers: Followers, request: EventRequest, name: str) -> Response:
    """The answer to an events request. Raises RestError."""
    try:
        if request.is_stream:
            return _stream(followers, request, request.match(name))
        bus = followers.bus
        body = await context.run(lambda: past(bus, request, name))
    except (NotServedError, FullError) as error:
        raise RestError(str(error)) from error
    return Response(body, media_type="application/json")


def _stream(followers: Followers, request: EventRequest, match: Match | None) -> Response:
    """One object and a newline for each event that happens from now on; as cAdvisor, without Content-Type."""
    if not request.kinds:  # to the log no kinds are all of them; to cAdvisor none
        return Streamed(_silence())
    follower = followers.follow(request.kinds, match)
    return Streamed(_lines(follower), on_close=follower.close)


async def _lines(follower: Follower) -> AsyncGenerator[bytes, None]:
    async for taken in follower.taken():
        if taken is not None and taken.events:
            yield b"".join(as_json(event) + b"\n" for event in taken.events)


async def _silence() -> AsyncGenerator[bytes, None]:
    await asyncio.Event().wait()
    yield b""
