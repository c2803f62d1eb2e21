"""Parameters of the events routes of v1.3 and v2.x. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pycadvisor_fast.event import Event
from pycadvisor_fast.events import cadvisor

from .errors import BAD_REQUEST, RestError
from .go_values import parse_bool, parse_integer
from .options import Query, moment_ns

DEFAULT_MOST = 10
_KINDS = {
    "oom_events": "oom",
    "oom_kill_events": "oom_kill",
    "creation_events": "container_start",
    "deletion_events": "container_exit",
}


@dataclass(frozen=True, slots=True)
class EventRequest:
    """What is asked for. ``most``: the newest so many, -1 = all. Times are wall-clock ns, both included, 0 = open."""

    kinds: frozenset[str]
    is_stream: bool = False
    has_subcontainers: bool = False
    most: int = DEFAULT_MOST
    start_ns: int = 0
    end_ns: int = 0

    def match(self, name: str) -> Callable[[Event], bool] | None:
        """Whether an event is of the container ``name``, or of one below it when those are wanted; None: all are."""
        if name == "/" and self.has_subcontainers:
            return None
        below = f"{name}/"

        def matches(event: Event) -> bool:
            path = cadvisor.container_name(event)
            return path == name or (self.has_subcontainers and path.startswith(below))

        return matches


def event_request(query: Query) -> EventRequest:
    """Values that make no sense are taken as not given, as cAdvisor does; times may be RFC 3339 or seconds since 1970.

    Raises RestError: a max_events below -1 (cAdvisor breaks down), times given with stream.
    """
    wanted = [kind for name, kind in _KINDS.items() if parse_bool(query.first(name))]
    if parse_bool(query.first("all_events")):
        wanted = list(_KINDS.values())
    request = EventRequest(
        kinds=frozenset(wanted),
        is_stream=bool(parse_bool(query.first("stream"))),
        has_subcontainers=bool(parse_bool(query.first("subcontainers"))),
        most=_most(query.first("max_events")),
        start_ns=_time(query.first("start_time")),
        end_ns=_time(query.first("end_time")),
    )
    if request.is_stream and (request.start_ns or request.end_ns):
        raise RestError("a stream begins now: start_time and end_time must not be given with stream=true")
    return request


def _most(text: str) -> int:
    try:
        most = parse_integer(text, 64)
    except ValueError:
        return DEFAULT_MOST
    if most < -1:
        raise RestError(f"max_events: only -1 and larger values allowed, not {most}", BAD_REQUEST)
    return most


def _time(text: str) -> int:
    try:
        return moment_ns(text)
    except ValueError:
        return 0
