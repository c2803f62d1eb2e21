"""Types of settings: text from a flag or the environment, or a TOML value, to a Python value. Pure, no I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ..durations import check_interval, parse_duration, show_duration

_BYTE_UNITS = {"": 1, "B": 1, "K": 2**10, "KIB": 2**10, "M": 2**20, "MIB": 2**20, "G": 2**30, "GIB": 2**30}
_BYTES = re.compile(r"(\d+)\s*([A-Za-z]*)")
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})  # the words Go's strconv.ParseBool knows
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


@dataclass(frozen=True)
class ValueType:
    """How values of one type are written.

    ``parse`` takes the text of a flag or environment variable, ``convert`` a value from TOML; both return the Python
    value or raise ValueError with the reason. ``expected`` says in words what is right.
    """

    name: str
    expected: str
    parse: Callable[[str], Any]
    convert: Callable[[Any], Any]
    show: Callable[[Any], str]
    is_merged: bool = False  # later values add to earlier ones instead of replacing them


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean "x"?`` when a known word is close, else nothing."""
    flat = {name.lower().replace("-", "_"): name for name in known}
    close = get_close_matches(word.lower().replace("-", "_"), flat, n=1, cutoff=0.6)
    return f'; did you mean "{flat[close[0]]}"?' if close else ""


def parse_bool(text: str) -> bool:
    """A boolean in the words Go's flag package takes."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(f'"{text}" is neither true nor false')


def parse_int(text: str) -> int:
    """A whole number as Go reads it: decimal, 0x, 0o, 0b, a leading 0 for octal, underscores between digits."""
    octal = re.fullmatch(r"([+-]?)0(_?[0-7]+)", text)
    try:
        number = int(octal[1] + octal[2].lstrip("_"), 8) if octal else int(text, 0)
    except ValueError:
        raise ValueError(f'"{text}" is not a whole number') from None
    if not -(2**63) <= number < 2**63:
        raise ValueError(f'"{text}" does not fit into 64 bits')
    return number


def parse_uint(text: str) -> int:
    """A whole number that is not negative."""
    number = parse_int(text)
    if number < 0:
        raise ValueError(f'"{text}" is negative')
    return number


def parse_float(text: str) -> float:
    """A number."""
    try:
        return float(text)
    except ValueError:
        raise ValueError(f'"{text}" is not a number') from None


def parse_interval(text: str) -> int:
    """Nanoseconds of a sampling interval."""
    return check_interval(parse_duration(text), f'"{text}"')


def parse_positive_duration(text: str) -> int:
    """Nanoseconds of a duration above zero."""
    ns = parse_duration(text)
    if ns <= 0:
        raise ValueError(f'"{text}" is not longer than zero')
    return ns


def parse_bytes(text: str) -> int:
    """Bytes: ``268435456``, ``256MiB``, ``256M`` and ``1G`` count in powers of 1024."""
    match = _BYTES.fullmatch(text.strip())
    if match is None or match[2].upper() not in _BYTE_UNITS:
        raise ValueError(f'"{text}" is not a size')
    return int(match[1]) * _BYTE_UNITS[match[2].upper()]


def show_bytes(count: int) -> str:
    """The shortest exact way to write a size: ``256MiB``."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count and count % size == 0:
            return f"{count // size}{unit}"
    return str(count)


def split_list(text: str) -> tuple[str, ...]:
    """Entries of a comma list, blanks around them and empty ones dropped."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def parse_intervals(text: str) -> dict[str, int]:
    """``all=1s,cpu=100ms`` as {group: ns}, applied left to right (``all`` forgets what stood before it); off is 0."""
    out: dict[str, int] = {}
    for entry in split_list(text):
        group, sign, duration = (part.strip() for part in entry.partition("="))
        if not sign or not group or not duration:
            raise ValueError(f'"{entry}" is not GROUP=DURATION')
        out = merge_intervals(out, {group: _group_interval(duration)})
    if not out:
        raise ValueError("it names no group")
    return out


def merge_intervals(earlier: Mapping[str, int], later: Mapping[str, int]) -> dict[str, int]:
    """Intervals by group after ``later`` was said on top of ``earlier``."""
    return dict(later) if "all" in later else {**earlier, **later}


def _group_interval(duration: str) -> int:
    return 0 if duration in ("0", "off") else parse_interval(duration)


def _from_text(parse: Callable[[str], Any]) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError(f"{_toml_name(value)} was given")
        return parse(value)

    return convert


def _exactly(check: Callable[[Any], bool], after: Callable[[Any], Any] = lambda value: value) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if not check(value):
            raise ValueError(f"{_toml_name(value)} was given")
        return after(value)

    return convert


def _toml_name(value: Any) -> str:
    """What a TOML value is, in the words of the TOML specification."""
    names = {bool: "a boolean", int: "an integer", float: "a float", str: "a string", list: "an array", dict: "a table"}
    return names.get(type(value), "a date or time")


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def list_from_toml(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return split_list(value)
    if not isinstance(value, list):
        raise ValueError(f"{_toml_name(value)} was given")
    for entry in value:
        if not isinstance(entry, str):
            raise ValueError(f"an array with {_toml_name(entry)} was given")
    return tuple(value)


def _intervals_from_toml(value: Any) -> dict[str, int]:
    if not isinstance(value, dict):
        return parse_intervals(",".join(list_from_toml(value)))
    out: dict[str, int] = {}
    # A table has no order one should rely on: "all" first, the groups on top of it.
    for group in sorted(value, key=lambda name: name != "all"):
        duration = value[group]
        if not isinstance(duration, str):
            raise ValueError(f"{_toml_name(duration)} was given for {group}")
        out[group] = _group_interval(duration)
    return out


def _show_intervals(value: Mapping[str, int]) -> str:
    return ",".join(f"{group}={show_duration(ns) if ns else 'off'}" for group, ns in value.items())


def choice(*words: str) -> ValueType:
    """One of some words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f'"{text}" is none of {", ".join(words)}{nearest(text, words)}')
        return text

    return ValueType("|".join(words), f"one of {', '.join(words)}", parse, _from_text(parse), str)


def words_of(known: Iterable[str], what: str) -> ValueType:
    """A comma list whose entries all have to be known."""
    names = tuple(known)

    def check(entries: tuple[str, ...]) -> tuple[str, ...]:
        for entry in entries:
            if entry not in names:
                raise ValueError(f'"{entry}" is no {what}{nearest(entry, names)}')
        return entries

    return ValueType(
        "set",
        f"a comma list or an array of {what}s",
        lambda text: check(split_list(text)),
        lambda value: check(list_from_toml(value)),
        ",".join,
    )


def intervals_of(groups: Iterable[str]) -> ValueType:
    """Intervals by group name; the name ``all`` stands for every group."""
    names = ("all", *groups)

    def check(intervals: dict[str, int]) -> dict[str, int]:
        for name in intervals:
            if name not in names:
                raise ValueError(f'there is no group "{name}"{nearest(name, names)}')
        return intervals

    return ValueType(
        "GROUP=DURATION",
        'GROUP=DURATION, the duration whole milliseconds and at least 10ms, or "off", such as "cpu=100ms"',
        lambda text: check(parse_intervals(text)),
        lambda value: check(_intervals_from_toml(value)),
        _show_intervals,
        is_merged=True,
    )


def sources_of(groups: Iterable[str], words: Iterable[str]) -> ValueType:
    """A source for all groups, for single ones, or both: ``auto``, ``cpu=file``, ``bpf,pressure=file``."""
    names, choices = tuple(groups), tuple(words)

    def check(sources: dict[str, str]) -> dict[str, str]:
        for group, source in sources.items():
            if group not in names and group != "default":
                raise ValueError(f'there is no group "{group}"{nearest(group, names)}')
            if source not in choices:
                raise ValueError(f'"{source}" is none of {", ".join(choices)}{nearest(source, choices)}')
        return sources

    def parse(text: str) -> dict[str, str]:
        pairs = [entry.partition("=") for entry in split_list(text)]
        if not pairs:
            raise ValueError("it names no source")
        return check({(a.strip() if sign else "default"): (b if sign else a).strip() for a, sign, b in pairs})

    def convert(value: Any) -> dict[str, str]:
        if isinstance(value, dict):
            return parse(",".join(f"{group}={source}" for group, source in value.items()))
        return parse(",".join(list_from_toml(value)))

    def show(value: Mapping[str, str]) -> str:
        return ",".join(source if group == "default" else f"{group}={source}" for group, source in value.items())

    return ValueType(
        "SOURCE or GROUP=SOURCE",
        f'{", ".join(choices)}, or one of these for a group, such as "auto,pressure=file"',
        parse,
        convert,
        show,
        is_merged=True,
    )


def _bool_word(value: bool) -> str:
    return "true" if value else "false"


BOOL = ValueType("bool", "true or false", parse_bool, _exactly(lambda value: isinstance(value, bool)), _bool_word)
INT = ValueType("int", "a whole number", parse_int, _exactly(_is_int), str)
UINT = ValueType(
    "uint", "a whole number, 0 or more", parse_uint, _exactly(_is_int, lambda value: parse_uint(str(value))), str
)
FLOAT = ValueType(
    "float", "a number", parse_float, _exactly(lambda value: isinstance(value, float) or _is_int(value), float), str
)
STRING = ValueType("string", "a string", str, _from_text(str), str)
DURATION = ValueType(
    "duration", 'a duration such as "1s" or "1m30s"', parse_duration, _from_text(parse_duration), show_duration
)
POSITIVE_DURATION = ValueType(
    "duration",
    'a duration above zero such as "2m"',
    parse_positive_duration,
    _from_text(parse_positive_duration),
    show_duration,
)
INTERVAL = ValueType(
    "duration",
    'whole milliseconds, at least 10ms, such as "100ms" or "1s"',
    parse_interval,
    _from_text(parse_interval),
    show_duration,
)
BYTES = ValueType(
    "bytes",
    'a size such as 1073741824 or "1GiB"',
    parse_bytes,
    lambda value: value if _is_int(value) and value >= 0 else _from_text(parse_bytes)(value),
    show_bytes,
)
LIST = ValueType("list", "a comma list or an array of strings", split_list, list_from_toml, ",".join)
