"""Keyword arguments of the client's methods as requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from pycadvisor_fast.v1 import service_pb2 as pb

Texts = str | Iterable[str]


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


def _shared(args: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    unknown = set(args) - set(known)
    if unknown:
        raise TypeError(f"unknown argument {sorted(unknown)[0]!r}; there are {', '.join(sorted(known))}")
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


def _names(kind: Any) -> frozenset[str]:
    names: frozenset[str] = kind.__optional_keys__
    return names
