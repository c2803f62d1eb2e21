"""Numbers as people read them. Pure; an absent number is shown as "-", never as 0."""

from __future__ import annotations

from datetime import UTC, datetime

ABSENT = "-"
_UNITS = ("", "K", "M", "G", "T", "P", "E")


def size(count: float | None) -> str:
    """Bytes in powers of 1024, at most five characters: ``812``, ``1.2K``, ``64.0M``, ``112G``."""
    if count is None:
        return ABSENT
    value = float(count)
    for unit in _UNITS[:-1]:
        if abs(value) < 1000:  # 1000 and not 1024: four digits would not fit
            return _short(value) + unit if unit else f"{value:.0f}"
        value /= 1024
    return _short(value) + _UNITS[-1]


def percent(value: float | None) -> str:
    """``0.3``, ``12.5``, ``1600``."""
    return ABSENT if value is None else (f"{value:.1f}" if value < 1000 else f"{value:.0f}")


def whole(value: float | None) -> str:
    """A count."""
    return ABSENT if value is None else f"{value:.0f}"


def moment(unix_ns: int) -> str:
    """UTC with milliseconds, RFC 3339."""
    return f"{datetime.fromtimestamp(unix_ns // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{unix_ns // 10**6 % 1000:03d}Z"


def span(seconds: float) -> str:
    """A duration in the unit that suits it: ``41 ms``, ``1.3 s``, ``5 min``, ``3 h``, ``12 d``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    for unit, length in (("min", 60), ("h", 3600), ("d", 86400)):
        if seconds < 120 * length or unit == "d":
            break
    return f"{seconds / length:.0f} {unit}"


def _short(value: float) -> str:
    return f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"
