"""Data classes as plain data for JSON and msgpack: what is not known is left out. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pycadvisor_fast.container import Container
from pycadvisor_fast.spec import UNLIMITED, Spec

UNLIMITED_WORD = "unlimited"
_SURROGATE = re.compile("[\ud800-\udfff]")
_IDENTITY = tuple(item.name for item in fields(Container))
_HAS = tuple(item.name for item in fields(Spec) if item.name.startswith("has_"))
_LEAST = {"created_ns": 1, "started_ns": 1, "pid": 1, "netns": 1}  # below it the number says that it is not known


def plain(value: Any) -> Any:
    """Fields that are None or empty are left out, bytes that are no UTF-8 replaced, NaN is null."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {clean(str(key)): plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        found = ((item.name, getattr(value, item.name)) for item in fields(value))
        return {name: plain(item) for name, item in found if not _is_empty(item)}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in (value if isinstance(value, list | tuple) else sorted(value))]
    return clean(str(value))


def clean(text: str) -> str:
    """The same text with U+FFFD for bytes that are no UTF-8, which are surrogates here: JSON cannot write those."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def container(one: Container, *, with_envs: bool) -> dict[str, Any]:
    """Who it is. ``with_envs`` False: environment values are left out."""
    known: dict[str, Any] = {"handle": one.handle}
    for name in _IDENTITY:
        value = getattr(one, name)
        if isinstance(value, str):
            if value:
                known[name] = clean(value)
        elif isinstance(value, int):
            if value >= _LEAST.get(name, 0):
                known[name] = value
        elif value and (with_envs or name != "envs"):
            known[name] = plain(value)
    return known


def spec(one: Spec, *, with_envs: bool) -> dict[str, Any]:
    """Who it is, what it is allowed, and which of its numbers there are. Limits that are not set are "unlimited"."""
    limits = {name: UNLIMITED_WORD if value == UNLIMITED else value for name, value in plain(one.limits).items()}
    has = {name: getattr(one, name) for name in _HAS}
    return {"container": container(one.container, with_envs=with_envs), "limits": limits, **has}


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | tuple | list | Mapping) and not value)
