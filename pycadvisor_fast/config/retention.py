"""Types of the two event retention settings, in cAdvisor's syntax: ``default=24h,oomKill=168h``. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..durations import parse_duration, show_duration
from ..event import CADVISOR_NAMES, KINDS
from .values import ValueType, list_from_toml, nearest, parse_int, split_list

DEFAULT = "default"
UNLIMITED = -1

# Both spellings of each kind; cAdvisor's on the command line, ours everywhere else.
_KIND_OF: dict[str, str] = {
    DEFAULT: DEFAULT,
    **{kind: kind for kind in KINDS},
    **{theirs: ours for ours, theirs in CADVISOR_NAMES.items()},
}


def _parse_age(text: str) -> int:
    ns = parse_duration(text)
    if ns < 0:
        raise ValueError(f'"{text}" is negative; 0 keeps none')
    return ns


def _parse_count(text: str) -> int:
    count = parse_int(text)
    if count < UNLIMITED:
        raise ValueError(f'"{text}" is neither a count nor -1, which is no limit')
    return count


def _limits(entries: tuple[str, ...], parse: Callable[[str], int]) -> dict[str, int]:
    """``{kind or "default": limit}``; a later entry of one kind wins. Raises ValueError."""
    out: dict[str, int] = {}
    for entry in entries:
        name, sign, limit = (part.strip() for part in entry.partition("="))
        if not sign or not name or not limit:
            raise ValueError(f'"{entry}" is not KIND=LIMIT')
        if name not in _KIND_OF:
            raise ValueError(f'there is no event kind "{name}"{nearest(name, _KIND_OF)}')
        out[_KIND_OF[name]] = parse(limit)
    if not out:
        raise ValueError("it names no kind")
    return out


def _type(word: str, expected: str, parse: Callable[[str], int], show: Callable[[int], str]) -> ValueType:
    def from_toml(value: Any) -> dict[str, int]:
        if isinstance(value, Mapping):
            return _limits(tuple(f"{name}={limit}" for name, limit in value.items()), parse)
        return _limits(list_from_toml(value), parse)

    return ValueType(
        f"KIND={word}",
        f'a comma list of KIND={word}, "default" standing for the other kinds, such as "{expected}"',
        lambda text: _limits(split_list(text), parse),
        from_toml,
        lambda limits: ",".join(f"{kind}={show(limit)}" for kind, limit in limits.items()),
    )


AGES = _type("DURATION", "default=24h,oom_kill=168h", _parse_age, lambda ns: show_duration(ns))
COUNTS = _type("COUNT", "default=100000,exec=0,oom_kill=-1", _parse_count, str)


def limit_of(limits: Mapping[str, int], kind: str, otherwise: int) -> int:
    """The limit that holds for a kind; ``otherwise`` when neither it nor "default" is named."""
    return limits.get(kind, limits.get(DEFAULT, otherwise))
