"""A machine from a daemon's message."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType
from typing import Any, get_args, get_type_hints

from ..machine import model
from ..machine.model import Machine


def machine(message: Any) -> Machine:
    """What the message holds; what is not set in it is None or has its default."""
    found: Machine = _read(Machine, message)
    return found


def _read(kind: Any, message: Any) -> Any:
    known = {field.name for field in message.DESCRIPTOR.fields}
    values = {
        field.name: _value(_hints(kind)[field.name], message, field.name)
        for field in fields(kind)
        if field.name in known
    }
    return kind(**{name: value for name, value in values.items() if value is not None})


def _value(hint: Any, message: Any, name: str) -> Any:
    """None = not set. An optional field's hint is X | None, a repeated one's tuple[X, ...]."""
    kinds: list[Any] = [kind for kind in get_args(hint) if kind not in (NoneType, Ellipsis)] or [hint]
    value = getattr(message, name)
    if getattr(hint, "__origin__", None) is tuple:
        return tuple(_read(kinds[0], item) if is_dataclass(kinds[0]) else item for item in value)
    if (NoneType in get_args(hint) or is_dataclass(kinds[0])) and not message.HasField(name):
        return None
    return _read(kinds[0], value) if is_dataclass(kinds[0]) else value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, vars(model))
