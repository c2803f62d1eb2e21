"""Values out of JSON that somebody else wrote: of the wanted type, or empty. Nothing here raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any


def as_object(value: Any) -> Mapping[str, Any]:
    """``value`` when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> Sequence[Any]:
    """``value`` when it is a JSON list, else an empty one."""
    return value if isinstance(value, list) else []


def text(entry: Mapping[str, Any], key: str) -> str:
    """The text at ``key``, or ""."""
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def number(entry: Mapping[str, Any], key: str) -> int:
    """The positive whole number at ``key``, or 0."""
    value = entry.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def texts(value: Any) -> Mapping[str, str]:
    """Those entries of a JSON object that are texts."""
    return MappingProxyType({key: one for key, one in as_object(value).items() if isinstance(one, str)})


def environment(value: Any) -> Mapping[str, str]:
    """A JSON list of "NAME=value" as a mapping; the last one of a name counts, as in a process's environment."""
    pairs = (one.partition("=") for one in as_list(value) if isinstance(one, str))
    return MappingProxyType({name: rest for name, equals, rest in pairs if name and equals})
