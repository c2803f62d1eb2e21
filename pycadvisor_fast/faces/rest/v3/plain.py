"""Data classes as plain data for JSON and msgpack: what is not known is left out. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from pycadvisor_fast.spec import UNLIMITED

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container
    from pycadvisor_fast.spec import Spec

UNLIMITED_WORD = "unlimited"
_EMPTY: tuple[object, ...] = (None, "", (), {}, [])


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
    """The same text with U+FFFD for bytes that are no UTF-8: JSON has no way to write those."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def container(one: Container, *, with_envs: bool) -> dict[str, Any]:
    """Who it is. ``with_envs`` False: environment values are left out."""
    known = plain(one)
    if not with_envs:
        known.pop("envs", None)
    for name in ("created_ns", "started_ns", "pid", "netns"):
        if not known.get(name):
            known.pop(name, None)
    if known["netns_owner"] < 0:
        del known["netns_owner"]
    return {"handle": one.handle, **known}


def spec(one: Spec, *, with_envs: bool) -> dict[str, Any]:
    """Who it is, what it is allowed, and which of its numbers there are. Limits that are not set are "unlimited"."""
    known = plain(one)
    limits = {name: UNLIMITED_WORD if value == UNLIMITED else value for name, value in known["limits"].items()}
    return {**known, "container": container(one.container, with_envs=with_envs), "limits": limits}


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | tuple | list | Mapping) and not value)
