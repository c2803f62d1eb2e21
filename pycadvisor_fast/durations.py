"""Durations as Go writes them (``300ms``, ``1.5s``, ``1m30s``), in nanoseconds. Pure, no I/O."""

from __future__ import annotations

import re

MILLISECOND = 10**6
SHORTEST_INTERVAL_NS = 10 * MILLISECOND  # docs/architecture.md, "Time": whole milliseconds, at least 10
LONGEST_INTERVAL_NS = 86_400 * 10**9  # a day: longer is a mistyped unit

_UNIT_NS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")


def parse_duration(text: str) -> int:
    """Nanoseconds of a Go duration; exact. Raises ValueError, also for a bare number except 0."""
    body = text[1:] if text[:1] in ("+", "-") else text
    if body == "0":
        return 0
    total, position = 0, 0
    for part in _PART.finditer(body):
        if part.start() != position:
            break
        whole, _, fraction = part[1].partition(".")
        unit = _UNIT_NS[part[2]]
        total += int(whole or 0) * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)
        position = part.end()
    if not body or position != len(body):
        hint = f' (a unit is missing: "{text}s"?)' if re.fullmatch(r"[+-]?\d+\.?\d*", text) else ""
        raise ValueError(f'"{text}" is not a duration{hint}')
    if total >= 2**63:
        raise ValueError(f'"{text}" is longer than 292 years')
    return -total if text[0] == "-" else total


def show_duration(ns: int) -> str:
    """The shortest way to write a duration: ``1s``, ``100ms``, ``1m30s``."""
    if ns == 0:
        return "0"
    out, rest = "", abs(ns)
    for unit in ("h", "m"):
        count, rest = divmod(rest, _UNIT_NS[unit])
        out += f"{count}{unit}" if count else ""
    for unit in ("s", "ms", "us", "ns"):
        if rest and (rest % _UNIT_NS[unit] == 0 or unit == "ns"):
            out += f"{rest // _UNIT_NS[unit]}{unit}"
            break
    return f"-{out}" if ns < 0 else out


def check_interval(ns: int, text: str) -> int:
    """The same nanoseconds when they can be a sampling interval: whole milliseconds from 10 ms to a day.

    Raises ValueError, which names the interval as it was written.
    """
    if ns < SHORTEST_INTERVAL_NS:
        raise ValueError(f"{text} is shorter than the shortest interval, 10ms")
    if ns > LONGEST_INTERVAL_NS:
        raise ValueError(f"{text} is longer than the longest interval, 24h")
    if ns % MILLISECOND:
        raise ValueError(f"{text} is not a whole number of milliseconds")
    return ns
