"""Requests for events, checked."""

from __future__ import annotations

from dataclasses import dataclass

from pycadvisor_fast.errors import SelectionError
from pycadvisor_fast.events import Match, PastQuery, kinds_of
from pycadvisor_fast.v1 import service_pb2 as pb
from pycadvisor_fast.views.event_selection import matcher

from .requests import check_texts, selector

SHORTEST_HEARTBEAT_MS = 100
LONGEST_HEARTBEAT_MS = 24 * 3600 * 1000
DEFAULT_LIMIT = 1000
MOST = 10_000
_LATEST_NS = 2**63 - 1  # the year 2262; above it, it is no time in nanoseconds


@dataclass(frozen=True, slots=True)
class StreamQuery:
    """A StreamEventsRequest."""

    kinds: frozenset[str]
    match: Match | None
    since: int | None
    since_ns: int
    epoch: str
    heartbeat_s: float | None


def stream_query(request: pb.StreamEventsRequest) -> StreamQuery:
    """Raises SelectionError naming the part that is wrong."""
    since = request.since_seq if request.HasField("since_seq") else None
    if since is not None and request.since_unix_ns:
        raise SelectionError("since_seq and since_unix_ns: give one of the two")
    _check_time("since_unix_ns", request.since_unix_ns)
    beat = request.heartbeat_ms
    if beat and not SHORTEST_HEARTBEAT_MS <= beat <= LONGEST_HEARTBEAT_MS:
        raise SelectionError(
            f"heartbeat_ms: {beat} is not within {SHORTEST_HEARTBEAT_MS} and a day ({LONGEST_HEARTBEAT_MS}); 0: none"
        )
    return StreamQuery(
        kinds=_kinds(request.kinds),
        match=matcher(selector(request.selector)),
        since=since,
        since_ns=request.since_unix_ns,
        epoch=request.epoch,
        heartbeat_s=beat / 1000 if beat else None,
    )


def past_query(request: pb.GetEventsRequest) -> tuple[PastQuery, Match | None]:
    """Raises SelectionError naming the part that is wrong."""
    for field in ("from_unix_ns", "to_unix_ns"):
        _check_time(field, getattr(request, field))
    if request.to_unix_ns and request.from_unix_ns > request.to_unix_ns:
        raise SelectionError(
            f"from_unix_ns: {request.from_unix_ns} is after to_unix_ns, {request.to_unix_ns}; exchange the two"
        )
    if request.before_seq and request.after_seq >= request.before_seq:
        raise SelectionError(f"after_seq: {request.after_seq} is not below before_seq, {request.before_seq}")
    if request.limit > MOST:
        raise SelectionError(f"limit: {request.limit} is above {MOST}; ask again where the answer says `more`")
    query = PastQuery(
        kinds=_kinds(request.kinds),
        from_ns=request.from_unix_ns,
        to_ns=request.to_unix_ns,
        after_seq=request.after_seq,
        before_seq=request.before_seq,
        limit=request.limit or DEFAULT_LIMIT,
        is_newest_first=request.newest_first,
    )
    return query, matcher(selector(request.selector))


def _kinds(names: object) -> frozenset[str]:
    kinds = tuple(names)  # type: ignore[arg-type, var-annotated]
    check_texts("kinds", kinds)
    return kinds_of(kinds)


def _check_time(field: str, ns: int) -> None:
    if ns > _LATEST_NS:
        raise SelectionError(f"{field}: {ns} is beyond the year 2262; it is in nanoseconds since 1970")
