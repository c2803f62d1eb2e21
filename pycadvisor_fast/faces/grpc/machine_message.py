"""A machine as a message: fields have the same names on both sides, what is absent is not set."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from pycadvisor_fast.v1 import machine_pb2

from .messages import clean

if TYPE_CHECKING:
    from pycadvisor_fast.machine.model import Machine


def machine_message(machine: Machine) -> machine_pb2.Machine:
    """The whole of it."""
    message = machine_pb2.Machine()
    _fill(machine, message)
    return message


def _fill(data: Any, message: Any) -> None:
    for field in fields(data):
        value = getattr(data, field.name)
        if value is None:
            continue
        if is_dataclass(value):
            target = getattr(message, field.name)
            target.SetInParent()
            _fill(value, target)
        elif isinstance(value, tuple):
            _extend(getattr(message, field.name), value)
        else:
            _set(message, field.name, value)


def _extend(target: Any, values: tuple[Any, ...]) -> None:
    for value in values:
        if is_dataclass(value):
            _fill(value, target.add())
        else:
            target.append(clean(value) if isinstance(value, str) else value)


def _set(message: Any, name: str, value: Any) -> None:
    try:
        setattr(message, name, clean(value) if isinstance(value, str) else value)
    except ValueError:
        pass  # a number that no such part can have (a file said so): absent
