"""What --help shows: flags under headings, wrapped to the terminal. Pure: text in, text out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from ..config import LATER, Setting

_COLUMN = 30  # where the descriptions begin
_NARROWEST = 60


def flags_text(settings: Iterable[Setting], width: int) -> str:
    """Settings under their headings, in the order of the table."""
    groups: dict[str, list[Setting]] = {}
    for setting in settings:
        groups.setdefault(setting.group, []).append(setting)
    return "\n\n".join(f"{_heading(group, some)}\n{_entries(some, width)}" for group, some in groups.items())


def entry(left: str, text: str, width: int, indent: int = 2) -> str:
    """One line of a two-column list, wrapped; a long left side gets a line of its own."""
    width = max(width, _NARROWEST)
    lines = textwrap.wrap(text, width - _COLUMN, break_long_words=False, break_on_hyphens=False) or [""]
    head = " " * indent + left
    if len(head) >= _COLUMN - 1:
        return "\n".join([head, *(" " * _COLUMN + line for line in lines)])
    first = head.ljust(_COLUMN) + lines[0]
    return "\n".join([first.rstrip(), *(" " * _COLUMN + line for line in lines[1:])])


def _heading(group: str, settings: Sequence[Setting]) -> str:
    note = " (accepted, not served yet)" if all(setting.state == LATER for setting in settings) else ""
    return f"{group}{note}:"


def _entries(settings: Sequence[Setting], width: int) -> str:
    return "\n".join(entry(_usage(setting), _description(setting), width) for setting in settings)


def _usage(setting: Setting) -> str:
    return f"--{setting.name}" if setting.type.name == "bool" else f"--{setting.name} {setting.type.name}"


def _description(setting: Setting) -> str:
    if setting.default in ("", (), None) or setting.default == {}:
        return setting.help
    shown = setting.type.show(setting.default)
    return setting.help if shown == "false" else f"{setting.help} (default {shown})"
