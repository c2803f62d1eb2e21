"""Look-ups in the table of metrics (columns.py). Plain data, no I/O."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterable

from .columns import GROUPS, Column, Group
from .errors import SelectionError

_GROUP_BY_NAME = {group.name: group for group in GROUPS}
_COLUMN_BY_NAME = {f"{column.group}.{column.name}": column for group in GROUPS for column in group.columns}
_GLOB = frozenset("*?[")


def groups() -> tuple[Group, ...]:
    """All groups in the order of the table."""
    return GROUPS


def group(name: str) -> Group:
    """The group called ``name``. Raises SelectionError with near misses when there is none."""
    found = _GROUP_BY_NAME.get(name)
    if found is None:
        raise SelectionError(f"there is no group {name!r}{near(name, _GROUP_BY_NAME)}")
    return found


def column(name: str) -> Column:
    """The column called ``name``, like "memory.usage_bytes". Raises SelectionError with near misses."""
    found = _COLUMN_BY_NAME.get(name)
    if found is None:
        raise SelectionError(_no_column(name))
    return found


def columns(selectors: Iterable[str]) -> tuple[Column, ...]:
    """The columns that any of the selectors names, in the order of the table, each once.

    A selector is a group ("cpu": all its columns), a column ("memory.usage_bytes"), or a glob over either
    ("*.rx_bytes", "memory.*", "memory*"). Raises SelectionError for one that names nothing.
    """
    chosen: set[Column] = set()
    for selector in selectors:
        found = _expand(selector)
        if not found:
            raise SelectionError(_no_column(selector))
        chosen.update(found)
    return tuple(item for item in _COLUMN_BY_NAME.values() if item in chosen)


def by_group(chosen: Iterable[Column]) -> dict[str, tuple[str, ...]]:
    """Column names by group name, both in the order given."""
    out: dict[str, tuple[str, ...]] = {}
    for item in chosen:
        out[item.group] = (*out.get(item.group, ()), item.name)
    return out


def near(name: str, names: Iterable[str]) -> str:
    """The end of a message: "; did you mean 'cpu'?", or "" when nothing is close."""
    matches = difflib.get_close_matches(name, list(names), n=3, cutoff=0.6)
    return "; did you mean " + " or ".join(repr(match) for match in matches) + "?" if matches else ""


def _expand(selector: str) -> list[Column]:
    if "." not in selector:
        names = fnmatch.filter(_GROUP_BY_NAME, selector) if _GLOB & set(selector) else [selector]
        return [item for name in names if name in _GROUP_BY_NAME for item in _GROUP_BY_NAME[name].columns]
    if not _GLOB & set(selector):
        return [_COLUMN_BY_NAME[selector]] if selector in _COLUMN_BY_NAME else []
    return [item for name, item in _COLUMN_BY_NAME.items() if fnmatch.fnmatchcase(name, selector)]


def _no_column(name: str) -> str:
    group_name, dot, _ = name.partition(".")
    if not name:
        return "a column selector is empty; name a group like 'cpu' or a column like 'cpu.usage_ns'"
    if not dot and not _GLOB & set(name):
        return f"there is no group {name!r}{near(name, _GROUP_BY_NAME)}"
    if dot and group_name not in _GROUP_BY_NAME and not _GLOB & set(group_name):
        return f"there is no column {name!r}: no group {group_name!r}{near(group_name, _GROUP_BY_NAME)}"
    return f"there is no column {name!r}{near(name, _COLUMN_BY_NAME)}"
