"""Values as Go's strconv, time and net/url read and write them: cAdvisor's parameters and error texts. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import unquote_to_bytes

NANOSECONDS = 10**9
ZERO_TIME_NS = -62_135_596_800 * NANOSECONDS
"""Go's zero time, 0001-01-01T00:00:00Z, in ns since 1970."""

_MOST = 2**63  # a duration is an int64; its largest negative value is one more than the largest positive one
_MOST_DIGITS = 4000  # int() refuses texts of more
_UNIT_NS = {
    "ns": 1,
    "us": 10**3,
    "\u00b5s": 10**3,  # micro sign
    "\u03bcs": 10**3,  # Greek letter mu
    "ms": 10**6,
    "s": NANOSECONDS,
    "m": 60 * NANOSECONDS,
    "h": 3600 * NANOSECONDS,
}
_SHORT_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
}
_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))
_NUMBER = re.compile(r"([0-9]*)(?:(\.)([0-9]*))?")
_UNIT = re.compile(r"[^.0-9]*")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def quoted(text: str) -> str:
    """A text as the verb %q writes it. Bytes that are no UTF-8 are surrogates here and become \\xNN there."""
    return '"' + "".join(_quoted_character(character) for character in text) + '"'


def parse_duration(text: str) -> int:
    """Nanoseconds. Raises ValueError with the very text of time.ParseDuration."""
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    invalid = ValueError(f"time: invalid duration {_time_quoted(text)}")
    if not rest:
        raise invalid
    total = 0
    while rest:
        number = _NUMBER.match(rest)
        assert number is not None
        whole, _, fraction = number.groups()
        if not whole and not fraction:
            raise invalid
        rest = rest[number.end() :]
        unit = _unit(rest, text)
        rest = rest[len(unit) :]
        total += _part(whole, fraction or "", _UNIT_NS[unit])
        if total > _MOST:
            raise invalid
    if text[0] != "-" and total > _MOST - 1:
        raise invalid
    return -total if text[0] == "-" else total


def parse_integer(text: str, bits: int) -> int:
    """As strconv.ParseInt with base 10. Raises ValueError."""
    if _INTEGER.fullmatch(text) is None or len(text) > 4 * bits:
        raise ValueError(f"{text[:100]!r} is no integer")
    value = int(text)
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise ValueError(f"{text[:100]!r} has more than {bits} bits")
    return value


def parse_bool(text: str) -> bool | None:
    """As strconv.ParseBool; None for a word that is neither."""
    if text in _TRUE:
        return True
    return False if text in _FALSE else None


def parse_time(text: str) -> int:
    """Nanoseconds since 1970 of an RFC 3339 time, negative before. Raises ValueError."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:100]!r} is no time as RFC 3339 has them, like 2026-01-31T12:00:00Z")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    fraction, sign, offset_hours, offset_minutes = found.groups()[6:]
    zone = UTC
    if sign:
        if int(offset_hours) > 23 or int(offset_minutes) > 59:
            raise ValueError(f"{text[:100]!r}: there is no such time zone")
        offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes))
        zone = timezone(-offset if sign == "-" else offset)
    moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * NANOSECONDS + int(f"{fraction or '0':0<9}"[:9])


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Parameters of a URL in their order, as url.ParseQuery: those with a bad escape or a semicolon are left out."""
    pairs = []
    for part in query.split("&"):
        if not part or ";" in part or _BAD_ESCAPE.search(part):
            continue
        name, _, value = part.partition("=")
        pairs.append((_unescaped(name), _unescaped(value)))
    return pairs


def _unescaped(text: str) -> str:
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-8", "surrogateescape")


def _unit(rest: str, text: str) -> str:
    found = _UNIT.match(rest)
    unit = found[0] if found else ""
    if not unit:
        raise ValueError(f"time: missing unit in duration {_time_quoted(text)}")
    if unit not in _UNIT_NS:
        raise ValueError(f"time: unknown unit {_time_quoted(unit)} in duration {_time_quoted(text)}")
    return unit


def _part(whole: str, fraction: str, unit_ns: int) -> int:
    """Of one number and its unit. More than 2**63 stands for anything too long."""
    if len(whole) > _MOST_DIGITS:  # too long, unless all of them are zeros
        whole = whole.lstrip("0")[:_MOST_DIGITS]
    number, scale = 0, 1.0
    for digit in fraction[:_MOST_DIGITS]:
        longer = number * 10 + int(digit)
        if longer > _MOST:  # Go ignores the digits for which an int64 has no room
            break
        number, scale = longer, scale * 10
    return int(whole or 0) * unit_ns + int(float(number) * (unit_ns / scale))


def _quoted_character(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _time_quoted(text: str) -> str:
    """As package time quotes: anything but printable ASCII byte by byte."""
    out = []
    for byte in text.encode("utf-8", "surrogateescape"):
        if byte in b'"\\':
            out.append("\\" + chr(byte))
        else:
            out.append(chr(byte) if 0x20 <= byte < 0x80 else f"\\x{byte:02x}")
    return '"' + "".join(out) + '"'
