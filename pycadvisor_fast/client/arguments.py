"""Keyword arguments of the client's methods as requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from pycadvisor_fast.v1 import service_pb2 as pb

Texts = str | Iterable[str]
DEFAULT_COUNT = 1000  # past events
MOST_AT_ONCE = 10_000  # that the service gives in one answer


class SelectArgs(TypedDict, total=False):
    """Which containers: every condition that is given must hold. Globs (``*``, ``?``, ``[abc]``) are allowed."""

    paths: Texts
    ids: Texts
    """Beginnings of runtime ids."""
    names: Texts
    images: Texts
    labels: Texts | Mapping[str, str]
    """"key", "key=value", or a mapping."""
    runtimes: Texts
    max_depth: int
    leaves_only: bool
    exclude: Texts
    """Cgroup paths or names to leave out after all."""


class StatsArgs(SelectArgs, total=False):
    """What of them."""

    groups: Texts
    columns: Texts
    """Single columns, "cpu.usage_ns"."""
    interval: float
    """Seconds; 0 = every tick."""
    rates: bool
    handles_only: bool


class StreamArgs(StatsArgs, total=False):
    """How a stream begins and what it holds."""

    since: int
    """Resume after this tick."""
    epoch: str
    changed_only: bool


class EventArgs(SelectArgs, total=False):
    """Which events."""

    kinds: Texts
    """"oom_kill", "container_exit", ...; "all"; none = all but fork, exec and exit."""


class EventStreamArgs(EventArgs, total=False):
    """Where a stream of events begins, and how often it says that it lives."""

    since: int
    """After this event."""
    since_time: float
    """From this moment on, seconds since 1970; not together with ``since``."""
    epoch: str
    heartbeat: float
    """Seconds without a batch after which an empty one comes; 0 = never."""


class PastEventArgs(EventArgs, total=False):
    """Which of the past."""

    begin: float
    """Seconds since 1970."""
    after: int
    """Only those after this event."""
    end: float
    count: int
    """At most so many; default 1000."""
    newest_first: bool


def texts(value: Texts) -> list[str]:
    """One text or several as a list."""
    return [value] if isinstance(value, str) else list(value)


def selector(args: Mapping[str, Any]) -> pb.Selector:
    """The selector part of a request."""
    labels = args.get("labels", ())
    if isinstance(labels, Mapping):
        labels = [f"{key}={value}" for key, value in labels.items()]
    return pb.Selector(
        paths=texts(args.get("paths", ())),
        id_prefixes=texts(args.get("ids", ())),
        names=texts(args.get("names", ())),
        images=texts(args.get("images", ())),
        labels=texts(labels),
        runtimes=texts(args.get("runtimes", ())),
        max_depth=args.get("max_depth"),
        leaves_only=args.get("leaves_only", False),
        exclude=texts(args.get("exclude", ())),
    )


def _check_names(args: Mapping[str, Any], known: Iterable[str]) -> None:
    unknown = set(args) - set(known)
    if unknown:
        raise TypeError(f"unknown argument {sorted(unknown)[0]!r}; there are {', '.join(sorted(known))}")


def _shared(args: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    _check_names(args, known)
    interval = args.get("interval", 0.0)
    if not 0 <= interval <= 4_000_000:
        raise ValueError(f"interval: {interval!r} is not a number of seconds from 0 on")
    return {
        "selector": selector(args),
        "groups": texts(args.get("groups", ())),
        "columns": texts(args.get("columns", ())),
        "interval_ms": max(1, round(interval * 1000)) if interval else 0,
        "rates": args.get("rates", False),
        "handles_only": args.get("handles_only", False),
    }


def stream_request(args: Mapping[str, Any]) -> pb.StreamRequest:
    """A StreamRequest. Raises TypeError for an unknown argument."""
    return pb.StreamRequest(
        **_shared(args, _names(StreamArgs)),
        since=args.get("since"),
        epoch=args.get("epoch", ""),
        changed_only=args.get("changed_only", False),
    )


def stats_request(args: Mapping[str, Any], **more: Any) -> pb.GetStatsRequest:
    """A GetStatsRequest. Raises TypeError for an unknown argument."""
    return pb.GetStatsRequest(**_shared(args, _names(StatsArgs)), **more)


def event_stream_request(args: Mapping[str, Any]) -> pb.StreamEventsRequest:
    """A StreamEventsRequest. Raises TypeError for an unknown argument, ValueError for a heartbeat that is none."""
    _check_names(args, _names(EventStreamArgs))
    heartbeat = args.get("heartbeat", 0.0)
    if not 0 <= heartbeat <= 4_000_000:
        raise ValueError(f"heartbeat: {heartbeat!r} is not a number of seconds from 0 on")
    return pb.StreamEventsRequest(
        kinds=texts(args.get("kinds", ())),
        selector=selector(args),
        since_seq=args.get("since"),
        since_unix_ns=_ns("since_time", args.get("since_time", 0.0)),
        epoch=args.get("epoch", ""),
        heartbeat_ms=max(1, round(heartbeat * 1000)) if heartbeat else 0,
    )


def past_events_request(args: Mapping[str, Any]) -> pb.GetEventsRequest:
    """A GetEventsRequest. Raises TypeError for an unknown argument, ValueError for a time that is none."""
    _check_names(args, _names(PastEventArgs))
    return pb.GetEventsRequest(
        kinds=texts(args.get("kinds", ())),
        selector=selector(args),
        from_unix_ns=_ns("begin", args.get("begin", 0.0)),
        to_unix_ns=_ns("end", args.get("end", 0.0)),
        after_seq=args.get("after", 0),
        newest_first=args.get("newest_first", False),
    )


def go_on(request: pb.GetEventsRequest, response: pb.GetEventsResponse) -> None:
    """Makes the request ask for what follows the response."""
    request.epoch = response.epoch
    if request.newest_first:
        request.before_seq = response.seq
    else:
        request.after_seq = response.seq


def _ns(name: str, seconds: float) -> int:
    if not 0 <= seconds < 2**63 / 1e9:
        raise ValueError(f"{name}: {seconds!r} is not a time in seconds since 1970")
    return round(seconds * 1e9)


def _names(kind: Any) -> frozenset[str]:
    names: frozenset[str] = kind.__optional_keys__
    return names
