"""JSON as Go's encoding/json writes it: what cAdvisor's clients were made against. Pure.

Differences from Python's json that a client can see: ``<``, ``>``, ``&``, U+2028 and U+2029 are escaped, bytes that are
no UTF-8 become ``\\ufffd``, floats are in the shortest form and without exponent from 1e-6 to 1e21, and whole ones have
no fraction. Go writes structs in the order of their fields and maps sorted by key: a dict is written in its own order
here, ``sorted_map`` makes one for a map.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from ...machine.cadvisor import go_time

Value = TypeVar("Value")
_ESCAPED = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
_SURROGATE = re.compile("[\ud800-\udfff]")  # how Python holds bytes that are no UTF-8
_LEAST_PLAIN, _LEAST_EXPONENT = 1e-6, 1e21  # encoding/json: exponents outside of these only


def dumps(value: Any) -> bytes:
    """``value`` as JSON without white space.

    Of dicts with str keys, lists, tuples, str, bool, int, float and None, and bytes, which are JSON already. Raises
    TypeError for anything else and ValueError for a float that is no number, as Go refuses it.
    """
    if value is None:
        return b"null"
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, float):
        return number(value)
    if isinstance(value, Mapping):
        return members((key, dumps(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return b"[" + b",".join(map(dumps, value)) + b"]"
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def members(items: Iterable[tuple[str, bytes]]) -> bytes:
    """An object of members whose values are JSON already, in the order given."""
    return b"{" + b",".join(text(key) + b":" + item for key, item in items) + b"}"


def sorted_map(mapping: Mapping[str, Value]) -> dict[str, Value]:
    """In the order in which Go writes a map's keys: that of their UTF-8 bytes."""
    return dict(sorted(mapping.items()))


def text(value: str) -> bytes:
    """A quoted string."""
    if not value.isprintable() or not value.isascii():
        # Go writes the replacement of a broken byte escaped, and a U+FFFD that was there as it is.
        parts = [json.dumps(part, ensure_ascii=False)[1:-1] for part in _SURROGATE.split(value)]
        quoted = '"' + "\\ufffd".join(parts) + '"'
    else:
        quoted = json.dumps(value)
    return quoted.translate(_ESCAPED).encode()


def number(value: float) -> bytes:
    """A float. Raises ValueError for NaN and infinities."""
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be written as JSON")
    size = abs(value)
    if size and not _LEAST_PLAIN <= size < _LEAST_EXPONENT:
        mantissa, exponent = repr(value).split("e")
        sign, digits = exponent[0], exponent[1:].lstrip("0")
        return f"{mantissa.removesuffix('.0')}e{sign}{digits}".encode()
    plain = repr(value)
    return (f"{_plain(plain)}" if "e" in plain else plain.removesuffix(".0")).encode()


def _plain(shortest: str) -> str:
    """The digits of "1.5e-05" or "1.2e+20" without exponent: no digit is added that the shortest form has not."""
    mantissa, exponent = shortest.split("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.removeprefix("-").partition(".")
    digits, point = whole + fraction, len(whole) + int(exponent)
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return sign + digits.ljust(point, "0") if point >= len(digits) else f"{sign}{digits[:point]}.{digits[point:]}"


def time(ns: int) -> bytes:
    """Wall-clock ns as a quoted RFC 3339 time in UTC; 0 is Go's zero time."""
    return b'"' + go_time(ns).encode() + b'"'
