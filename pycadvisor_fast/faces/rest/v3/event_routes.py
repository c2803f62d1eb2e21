"""/api/v3/events and /api/v3/events/stream: what happened, and what happens."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from pycadvisor_fast.event import PROCESS_KINDS, Event
from pycadvisor_fast.events import PastQuery, kinds_of
from pycadvisor_fast.views.event_selection import matcher

from ...http.context import allowed
from ..streamed import Streamed
from . import documents, sse
from .errors import ApiError
from .parameters import SELECTING, Parameters, wrong
from .plain import plain

if TYPE_CHECKING:
    from ..following import Follower
    from ..serving import Serving

PAST_PARAMETERS = ("kinds", "start", "end", "after_seq", "before_seq", "limit", "order", "format", *SELECTING)
STREAM_PARAMETERS = ("kinds", "since_seq", "since", "last_event_id", *SELECTING)
DEFAULT_LIMIT, MOST = 1000, 10_000


def kinds_asked(request: Request, parameters: Parameters) -> frozenset[str]:
    """The kinds; those of single processes only for who may see processes. Raises SelectionError, ApiError."""
    kinds = kinds_of(parameters.words("kinds"))
    single = kinds & PROCESS_KINDS
    if single and not allowed(request, "processes"):
        raise ApiError(403, "forbidden", f"kinds: {', '.join(sorted(single))}: this needs the scope 'processes'")
    return kinds


async def past(serving: Serving, request: Request) -> Response:
    """Events of the past."""
    parameters = Parameters(request.scope["query_string"], PAST_PARAMETERS)
    form = documents.form_of(request, parameters)
    match = matcher(parameters.selector())
    query = PastQuery(
        kinds=kinds_asked(request, parameters),
        from_ns=parameters.moment_ns("start"),
        to_ns=parameters.moment_ns("end"),
        after_seq=parameters.integer("after_seq", 0) or 0,
        before_seq=parameters.integer("before_seq", 0) or 0,
        limit=parameters.integer("limit", DEFAULT_LIMIT, least=1, most=MOST) or DEFAULT_LIMIT,
        is_newest_first=parameters.choice("order", ("newest", "oldest"), "newest") == "newest",
    )
    if query.to_ns and query.from_ns > query.to_ns:
        raise wrong("start", "it is after end; exchange the two")
    bus = serving.followers.bus

    def made() -> bytes:
        page = bus.past(query, match)
        events = [as_plain(event) for event in page.events]
        return documents.encode({"epoch": bus.epoch, "events": events, "more": page.has_more, "seq": page.seq}, form)

    return documents.answer(await serving.context.run(made), form)


async def stream(serving: Serving, request: Request) -> Response:
    """Events as they happen, as server-sent events."""
    parameters = Parameters(request.scope["query_string"], STREAM_PARAMETERS)
    match, kinds = matcher(parameters.selector()), kinds_asked(request, parameters)
    resumed = sse.place(request.headers.get("last-event-id", "") or parameters.text("last_event_id"))
    since, since_ns = parameters.integer("since_seq"), parameters.moment_ns("since")
    if since is not None and since_ns:
        raise wrong("since_seq", "not together with since: give one of the two")
    is_other = False
    if resumed is not None:
        is_other = resumed[0] != serving.followers.bus.epoch
        since, since_ns = (None, 0) if is_other else (resumed[1], 0)
    follower = serving.followers.follow(kinds, match, since=since, since_ns=since_ns)
    is_restarted = is_other or follower.subscription.is_restarted
    messages = _messages(follower, serving.followers.bus.epoch, is_restarted=is_restarted)
    return Streamed(messages, sse.HEADERS, follower.close)


async def _messages(follower: Follower, epoch: str, *, is_restarted: bool) -> AsyncGenerator[bytes, None]:
    began = follower.subscription.began
    yield sse.RETRY + sse.told("start", {"epoch": epoch, "latest_seq": began, "restarted": is_restarted})
    async for taken in follower.taken(sse.BEAT_S):
        if taken is None:
            yield sse.BEAT
            continue
        if taken.missed:
            yield sse.told("missed", dict(taken.missed))
        if taken.events:
            yield b"".join(_message(event, epoch) for event in taken.events)


def _message(event: Event, epoch: str) -> bytes:
    return sse.message(json.dumps(as_plain(event), separators=(",", ":")).encode(), ident=sse.ident(epoch, event.seq))


def as_plain(event: Event) -> dict[str, Any]:
    """All that is known of it, as ``pycadvisor-fast events --format jsonl`` prints it."""
    found: dict[str, Any] = plain(event.plain())
    return found
