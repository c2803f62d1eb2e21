"""Flags that say which containers and which numbers; the same in ls, watch, get and snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..config import Setting
from ..config.values import BOOL, UINT, ValueType, split_list
from ..views.selection import RUNTIMES, Selector

# Comma lists that add up when the flag is repeated.
WORDS = ValueType("list", "a comma list; the flag may be repeated", split_list, tuple, ",".join, is_merged=True)
_LABELS = ValueType("key[=value]", "a label; repeat the flag for more", lambda t: (t,), tuple, ",".join, is_merged=True)

CONTAINER_FLAGS: tuple[Setting, ...] = (
    Setting("path", WORDS, (), "Which containers", 'cgroup paths, globs: "/docker/*" matches at any depth below'),
    Setting("id", WORDS, (), "Which containers", "beginnings of runtime ids"),
    Setting("name", WORDS, (), "Which containers", "names given by the runtime, globs"),
    Setting("image", WORDS, (), "Which containers", 'images, globs: "nginx:*"'),
    Setting("label", _LABELS, (), "Which containers", "labels; the value is a glob"),
    Setting("runtime", WORDS, (), "Which containers", ", ".join(RUNTIMES)),
    Setting("depth", UINT, None, "Which containers", "at most so many path components; / has none"),
    Setting("leaves", BOOL, False, "Which containers", "only cgroups without a followed cgroup below them"),
)
NUMBER_FLAGS: tuple[Setting, ...] = (
    Setting("group", WORDS, (), "Which numbers", "groups, such as cpu,memory; default: all"),
    Setting("column", WORDS, (), "Which numbers", 'single columns, globs: "cpu.usage_ns,memory_stat.pg*"'),
)


@dataclass(frozen=True)
class Query:
    """What to ask for: of which containers, and which groups and columns; none named is all."""

    selector: Selector = field(default_factory=Selector)
    groups: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def query(own: Mapping[str, Any], words: Sequence[str]) -> Query:
    """The query of a command line; a word that begins with / is a path, any other a name. Raises SelectionError."""
    selector = Selector(
        paths=(*own["path"], *(word for word in words if word.startswith("/"))),
        id_prefixes=tuple(own["id"]),
        names=(*own["name"], *(word for word in words if not word.startswith("/"))),
        images=tuple(own["image"]),
        labels=tuple(own["label"]),
        runtimes=tuple(own["runtime"]),
        max_depth=own["depth"],
        leaves_only=own["leaves"],
    )
    return Query(selector, groups=tuple(own.get("group", ())), columns=tuple(own.get("column", ())))
