"""JSON as Go writes it into frozen dataclasses, and RFC 3339 times into nanoseconds. Pure, no I/O.

A field that does not come is None; so is the zero time, by which Go says that a time is not set. Lists and maps that do
not come, or come as ``null``, are empty: Go does not tell these apart either. Fields that a class does not have are
passed over, so that a newer server can be read.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

Convert = Callable[[Any], Any]

_IS_TIME = "RFC 3339"
Time = Annotated[int | None, _IS_TIME]
"""Wall clock in ns since 1970; None: not set."""
Number = int | None
Real = float | None
Text = str | None
Flag = bool | None

_TIME = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EMPTY: Mapping[str, Any] = MappingProxyType({})
_SCALARS = (int, float, str, bool)


def renamed(name: str) -> Any:
    """A field that JSON calls otherwise: ``free: Number = renamed("inline_free")``."""
    return dataclasses.field(default=None, metadata={"json": name})


def mapping() -> Any:
    """A field that is a map, empty when nothing came."""
    return dataclasses.field(default_factory=lambda: _EMPTY)


def decode(kind: Any, value: Any) -> Any:
    """What json.loads gives as a ``kind``: a dataclass, ``tuple[X, ...]``, ``Mapping[str, X]`` or a scalar.

    Raises ValueError when it has another shape.
    """
    return converter(kind)(value)


def time_ns(text: str) -> int | None:
    """An RFC 3339 time with any offset and up to nine digits of a second, exactly; None for Go's zero time."""
    parts = _TIME.fullmatch(text)
    if parts is None:
        raise ValueError(f'"{text[:80]}" is no RFC 3339 time')
    if text.startswith("0001-01-01T"):
        return None
    whole = datetime.fromisoformat(f"{parts[1]}{parts[3].replace('Z', '+00:00').replace('z', '+00:00')}")
    return (whole - _EPOCH) // timedelta(seconds=1) * 10**9 + int((parts[2] or "0").ljust(9, "0"))


def rfc3339(ns: int) -> str:
    """A time for a request, in UTC with nine digits."""
    seconds, rest = divmod(ns, 10**9)
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.{rest:09}Z"


@cache
def converter(kind: Any) -> Convert:
    """What turns a JSON value into ``kind``; made once a kind."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated and _IS_TIME in arguments:
        return _time
    if origin in (Union, UnionType):
        (inner,) = (argument for argument in arguments if argument is not NoneType)
        return _scalar(inner, or_none=True) if inner in _SCALARS else _optional(converter(inner))
    if origin is tuple:
        return _tuple(converter(arguments[0]))
    if origin is Mapping:
        return _map(converter(arguments[1]))
    if dataclasses.is_dataclass(kind):
        return _object(kind)
    return _scalar(kind)


def _time(value: Any) -> int | None:
    return None if value is None else time_ns(value)


def _scalar(kind: type, *, or_none: bool = False) -> Convert:
    """One call a value, which is what decoding many samples costs most."""
    accepted = {kind, int} if kind is float else {kind}
    if or_none:
        accepted.add(NoneType)

    def convert(value: Any) -> Any:
        if type(value) not in accepted:  # exactly: True is no number
            raise ValueError(f"{str(value)[:80]!r} is no {kind.__name__}")
        return value

    return convert


def _optional(inner: Convert) -> Convert:
    return lambda value: None if value is None else inner(value)


def _tuple(inner: Convert) -> Convert:
    def convert(value: Any) -> Any:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise ValueError(f"{str(value)[:80]!r} is no array")
        return tuple(map(inner, value))

    return convert


def _map(inner: Convert) -> Convert:
    def convert(value: Any) -> Any:
        if value is None:
            return _EMPTY
        return {name: inner(one) for name, one in _items(value)}

    return convert


def _object(kind: Any) -> Convert:
    hints = get_type_hints(kind, include_extras=True)
    fields = {
        field.metadata.get("json", field.name): (field.name, converter(hints[field.name]))
        for field in dataclasses.fields(kind)
    }

    def convert(value: Any) -> Any:
        given, name = {}, ""
        try:
            for name, one in _items(value):
                found = fields.get(name)
                if found is not None:
                    given[found[0]] = found[1](one)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{name}: {error}" if name else str(error)) from None
        return kind(**given)

    return convert


def _items(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{str(value)[:80]!r} is no object")
    return value.items()
