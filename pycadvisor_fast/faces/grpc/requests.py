"""Requests as plain, comparable data: two that ask for the same share one channel. Errors name what is wrong."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pycadvisor_fast.columns import GROUPS, Group
from pycadvisor_fast.errors import SelectionError
from pycadvisor_fast.native.encoder import Regions, column_mask
from pycadvisor_fast.v1 import service_pb2 as pb
from pycadvisor_fast.views.selection import Selector

from .batches import Content
from .schedule import Schedule

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container

MAX_TEXTS = 10_000  # conditions, groups and columns in one request
MAX_TEXT = 1024  # characters in each
MAX_INTERVAL_MS = 86_400_000

_BY_NAME = {group.name: group for group in GROUPS}


class NothingSampledError(SelectionError):
    """What is asked for exists, and this host samples none of it."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to send of whom: the key of a channel."""

    selector: Selector
    columns: tuple[tuple[int, frozenset[int] | None], ...]
    """Group index, and the column indexes wanted of it; None = all."""
    interval_ms: int = 0
    is_columns: bool = False
    changed_only: bool = False
    rates: bool = False
    handles_only: bool = False

    def select(self, containers: Sequence[Container]) -> Sequence[Container]:
        """The containers that match."""
        return self.selector.select(containers)

    def schedule(self, regions: Regions) -> Schedule:
        """Its ticks. Raises NothingSampledError when all its groups are off."""
        base_ms_ns = regions.base_ns
        interval = -(-self.interval_ms * 1_000_000 // base_ms_ns)
        present = [(index, regions.by_group[index]) for index, _ in self.columns if index in regions.by_group]
        if not present:
            names = ", ".join(GROUPS[index].name for index, _ in self.columns)
            raise NothingSampledError(f"not sampled on this host: {names}; DescribeColumns lists what is")
        return Schedule(present, interval)

    def content(self, regions: Regions) -> Content:
        """What the encoder is asked for."""
        masks = {index: column_mask(index, chosen) for index, chosen in self.columns if index in regions.by_group}
        return Content(masks, self.is_columns, self.changed_only, self.rates)


def stream_query(request: pb.StreamRequest, *, is_columns: bool) -> Query:
    """The query of a stream. Raises SelectionError naming the part that is wrong."""
    return Query(
        selector=selector(request.selector),
        columns=choose_columns(request.groups, request.columns),
        interval_ms=check_interval(request.interval_ms),
        is_columns=is_columns,
        changed_only=request.changed_only,
        rates=request.rates,
        handles_only=request.handles_only,
    )


def stats_query(request: pb.GetStatsRequest) -> Query:
    """The query of GetStats. Raises SelectionError naming the part that is wrong."""
    if request.HasField("since") and request.last_ms:
        raise SelectionError("since and last_ms: give one of the two")
    return Query(
        selector=selector(request.selector),
        columns=choose_columns(request.groups, request.columns),
        interval_ms=check_interval(request.interval_ms),
        rates=request.rates,
        handles_only=request.handles_only,
    )


def check_interval(interval_ms: int) -> int:
    """Raises SelectionError when it is longer than a day: most likely given in another unit."""
    if interval_ms > MAX_INTERVAL_MS:
        raise SelectionError(
            f"interval_ms: {interval_ms} is more than a day ({MAX_INTERVAL_MS}); it is in milliseconds"
        )
    return interval_ms


def selector(request: pb.Selector) -> Selector:
    """The request's conditions. Raises SelectionError."""
    fields = ("paths", "id_prefixes", "names", "images", "labels", "runtimes")
    texts = {field: tuple(getattr(request, field)) for field in fields}
    for field, values in texts.items():
        check_texts(f"selector.{field}", values)
    return Selector(
        **texts,
        max_depth=request.max_depth if request.HasField("max_depth") else None,
        leaves_only=request.leaves_only,
    )


def check_texts(field: str, values: Sequence[str]) -> None:
    """Bounds what one request may make the server do."""
    if len(values) > MAX_TEXTS:
        raise SelectionError(f"{field}: {len(values)} entries; at most {MAX_TEXTS}")
    for value in values:
        if not value:
            raise SelectionError(f"{field}: an entry is empty; leave it out to put no condition")
        if len(value) > MAX_TEXT:
            raise SelectionError(f"{field}: {value[:40]!r}... is longer than {MAX_TEXT} characters")


def choose_columns(groups: Sequence[str], columns: Sequence[str]) -> tuple[tuple[int, frozenset[int] | None], ...]:
    """Group and column names as indexes, ascending. Raises SelectionError with near misses."""
    check_texts("groups", groups)
    check_texts("columns", columns)
    if not groups and not columns:
        return tuple((group.index, None) for group in GROUPS)
    whole = {_group(name).index for name in groups}
    partial: dict[int, set[int]] = {}
    for text in columns:
        for group, index in _columns(text):
            partial.setdefault(group.index, set()).add(index)
    chosen = whole | set(partial)
    return tuple((index, None if index in whole else frozenset(partial[index])) for index in sorted(chosen))


def _group(name: str) -> Group:
    if name not in _BY_NAME:
        raise SelectionError(f"groups: there is no group {name!r}{near(name, _BY_NAME)}")
    return _BY_NAME[name]


def _columns(text: str) -> list[tuple[Group, int]]:
    group_text, dot, column_text = text.partition(".")
    if not dot:
        raise SelectionError(f"columns: {text!r} is not of the form group.column, like cpu.usage_ns")
    groups = [group for name, group in _BY_NAME.items() if fnmatch.fnmatchcase(name, group_text)]
    if not groups:
        raise SelectionError(f"columns: {text!r}: there is no group {group_text!r}{near(group_text, _BY_NAME)}")
    found = [(g, c.index) for g in groups for c in g.columns if fnmatch.fnmatchcase(c.name, column_text)]
    if not found:
        names = [f"{group.name}.{column.name}" for group in groups for column in group.columns]
        raise SelectionError(f"columns: there is no column {text!r}{near(text, names)}")
    return found


def near(name: str, names: Iterable[str]) -> str:
    """ "; did you mean ...?" or "", to end a message."""
    matches = difflib.get_close_matches(name, list(names), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(matches)}?" if matches else "; DescribeColumns lists them all"
