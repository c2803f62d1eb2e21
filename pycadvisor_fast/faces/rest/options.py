"""Options of requests: parameters of v2, the body of v1. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from .errors import BAD_REQUEST, RestError
from .go_values import NANOSECONDS, ZERO_TIME_NS, parse_duration, parse_integer, parse_time, query_pairs, quoted

KINDS = ("name", "docker", "podman")
MOST_NS = 2**63 - 1
_BODY_FIELDS = ("num_stats", "start", "end")
_DECODE_ERROR = "unable to decode the json value: "


class Query:
    """Parameters of a URL, read as Go does: of one that is repeated the first counts, an empty one is not there."""

    def __init__(self, query_string: bytes) -> None:
        self._first: dict[str, str] = {}
        for name, value in query_pairs(query_string.decode("latin-1")):
            self._first.setdefault(name, value)

    def first(self, name: str) -> str:
        """The value; "" when it was not given."""
        return self._first.get(name, "")


@dataclass(frozen=True, slots=True)
class Span:
    """Which samples of a container: the newest ``count`` (-1 = all) between two moments, wall clock ns, both included.

    0 = open.
    """

    count: int
    start_ns: int = 0
    end_ns: int = 0

    @property
    def is_open(self) -> bool:
        """Whether a container that has any sample has one in it."""
        return self.count != 0 and not self.start_ns and not self.end_ns


DEFAULT_V1 = Span(60)
DEFAULT_V2 = Span(64)


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """The options that every v2 request has. ``max_age_ns``: None = what there is will do; 0 or less = sample now."""

    kind: str = "name"
    is_recursive: bool = False
    max_age_ns: int | None = None
    span: Span = DEFAULT_V2


def request_options(query: Query) -> RequestOptions:
    """Raises RestError with cAdvisor's texts. ``start_time`` and ``end_time`` are ours: cAdvisor has no span here."""
    options = RequestOptions()
    if kind := query.first("type"):
        if kind not in KINDS:
            raise RestError(f"unknown 'type' {quoted(kind)}")
        options = replace(options, kind=kind)
    if count := query.first("count"):
        options = replace(options, span=replace(options.span, count=_count(count)))
    if age := query.first("max_age"):
        options = replace(options, max_age_ns=_max_age(age))
    start, end = (_moment(query, name) for name in ("start_time", "end_time"))
    span = replace(options.span, start_ns=start, end_ns=end)
    return replace(options, is_recursive=query.first("recursive") == "true", span=span)


def moment_ns(text: str) -> int:
    """A time as RFC 3339 or in seconds since 1970, as a bound: 0 = open, else at least 1. Raises ValueError."""
    try:
        ns = round(float(text) * NANOSECONDS) if _is_number(text) else parse_time(text)
    except OverflowError as error:
        raise ValueError(f"{text[:100]!r} is no time: too large") from error
    return bound(ns)


def bound(ns: int) -> int:
    """A time as a bound of a span: Go's zero time is open, times before 1970 are all the same."""
    return 0 if ns == ZERO_TIME_NS else min(max(ns, 1), MOST_NS)


def body_span(body: bytes) -> Span:
    """The span that the body of a v1 request asks for; an empty one asks for the last 60 samples.

    Raises RestError: no JSON, or a field that does not fit; 400 for a count below -1, at which cAdvisor breaks down.
    """
    text = body.decode("utf-8", "replace").lstrip(" \t\r\n")
    if not text:
        return DEFAULT_V1
    try:
        value, _ = json.JSONDecoder(parse_constant=_no_constant).raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise RestError(f"{_DECODE_ERROR}{_reason(error)}") from None
    if value is None:
        return DEFAULT_V1
    if not isinstance(value, dict):
        raise RestError(
            f"{_DECODE_ERROR}json: cannot unmarshal {_go_kind(value)} into Go value of type v1.ContainerInfoRequest"
        )
    return _span_of(_fields(value.items()))


def _span_of(fields: Mapping[str, Any]) -> Span:
    count = fields.get("num_stats", DEFAULT_V1.count)
    if isinstance(count, bool) or not isinstance(count, int) or not -(2**63) <= count < 2**63:
        _mismatch(count, "num_stats", "int")
    if count < -1:
        raise RestError(f"num_stats: only -1 and larger values allowed, not {count}", BAD_REQUEST)
    start, end = (_body_time(fields, name) for name in ("start", "end"))
    return Span(count, start, end)


def _fields(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Go matches names without regard to case, ignores null, and of several the last counts."""
    return {name.lower(): value for name, value in items if name.lower() in _BODY_FIELDS and value is not None}


def _body_time(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    if value is None:
        return 0
    if not isinstance(value, str):
        _mismatch(value, name, "time.Time")
    try:
        return bound(parse_time(value))
    except (ValueError, OverflowError) as error:
        raise RestError(f"{_DECODE_ERROR}{name}: {error}") from None


def _mismatch(value: Any, name: str, kind: str) -> NoReturn:
    given = f"number {value}"[:100] if _go_kind(value) == "number" else _go_kind(value)
    raise RestError(
        f"{_DECODE_ERROR}json: cannot unmarshal {given} into Go struct field ContainerInfoRequest.{name} of type {kind}"
    )


def _go_kind(value: Any) -> str:
    names = {bool: "bool", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "number")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"invalid character '{name[0]}' looking for beginning of value")


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "exceeded max depth"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at offset {error.pos}"
    return str(error)


def _count(text: str) -> int:
    try:
        count = parse_integer(text, 32)
    except ValueError:
        raise RestError(f"failed to parse 'count' option: {text}") from None
    if count < -1:
        raise RestError(f"invalid 'count' option: only -1 and larger values allowed, not {count}")
    return count


def _max_age(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise RestError(f"failed to parse 'max_age' option: {error}") from None


def _moment(query: Query, name: str) -> int:
    text = query.first(name)
    if not text:
        return 0
    try:
        return moment_ns(text)
    except ValueError:
        raise RestError(f"failed to parse '{name}' option: {text}") from None


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit()
