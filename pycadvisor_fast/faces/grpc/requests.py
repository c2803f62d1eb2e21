"""Requests as plain, comparable data: two that ask for the same share one channel. Errors name what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pycadvisor_fast import schema
from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.durations import LONGEST_INTERVAL_NS, MILLISECOND
from pycadvisor_fast.errors import NotServedError, SelectionError
from pycadvisor_fast.native.encoder import Regions, column_mask
from pycadvisor_fast.v1 import service_pb2 as pb
from pycadvisor_fast.views.selection import Selector, is_glob

from .batches import Content
from .schedule import Schedule

if TYPE_CHECKING:
    from pycadvisor_fast.container import Container

MAX_TEXTS = 10_000  # conditions, groups and columns in one request
MAX_TEXT = 1024  # characters in each
MAX_GLOBS = 256  # of the texts, those with wildcards: each is tried on each container, the others are looked up
MAX_GLOB_CHARACTERS = 16_384  # in all of them
MAX_INTERVAL_MS = LONGEST_INTERVAL_NS // MILLISECOND


class NothingSampledError(NotServedError):
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
    hides_envs: bool = False
    """Its subscribers may not see environment variables."""

    def select(self, containers: Sequence[Container]) -> Sequence[Container]:
        """The containers that match."""
        chosen = self.selector.select(containers)
        return without_envs(chosen) if self.hides_envs else chosen

    def schedule(self, regions: Regions) -> Schedule:
        """Its ticks. Raises NothingSampledError when all its groups are off."""
        base_ms_ns = regions.base_ns
        interval = -(-self.interval_ms * MILLISECOND // base_ms_ns)
        present = [(index, regions.by_group[index]) for index, _ in self.columns if index in regions.by_group]
        if not present:
            names = ", ".join(GROUPS[index].name for index, _ in self.columns)
            raise NothingSampledError(f"not sampled on this host: {names}; DescribeColumns lists what is")
        return Schedule(present, interval)

    def content(self, regions: Regions) -> Content:
        """What the encoder is asked for."""
        masks = {index: column_mask(index, chosen) for index, chosen in self.columns if index in regions.by_group}
        return Content(masks, self.is_columns, self.changed_only, self.rates)


def without_envs(containers: Sequence[Container]) -> Sequence[Container]:
    """The same, as those see them who may not see environment variables."""
    return [replace(container, envs={}) if container.envs else container for container in containers]


def stream_query(request: pb.StreamRequest, *, is_columns: bool, hides_envs: bool = False) -> Query:
    """The query of a stream. Raises SelectionError naming the part that is wrong."""
    return Query(
        selector=selector(request.selector),
        columns=choose_columns(request.groups, request.columns),
        interval_ms=check_interval(request.interval_ms),
        is_columns=is_columns,
        changed_only=request.changed_only,
        rates=request.rates,
        handles_only=request.handles_only,
        hides_envs=hides_envs,
    )


def stats_query(request: pb.GetStatsRequest, *, hides_envs: bool = False) -> Query:
    """The query of GetStats. Raises SelectionError naming the part that is wrong."""
    if request.HasField("since") and request.last_ms:
        raise SelectionError("since and last_ms: give one of the two")
    return Query(
        selector=selector(request.selector),
        columns=choose_columns(request.groups, request.columns),
        interval_ms=check_interval(request.interval_ms),
        rates=request.rates,
        handles_only=request.handles_only,
        hides_envs=hides_envs,
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
    fields = ("paths", "id_prefixes", "names", "images", "labels", "runtimes", "exclude")
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
    globs = [value for value in values if is_glob(value)]
    if len(globs) > MAX_GLOBS:
        raise SelectionError(f"{field}: {len(globs)} entries with wildcards; at most {MAX_GLOBS}, others {MAX_TEXTS}")
    if sum(map(len, globs)) > MAX_GLOB_CHARACTERS:
        raise SelectionError(f"{field}: the entries with wildcards are longer than {MAX_GLOB_CHARACTERS} characters")


def choose_columns(groups: Sequence[str], columns: Sequence[str]) -> tuple[tuple[int, frozenset[int] | None], ...]:
    """Group and column names as indexes, ascending. Raises SelectionError with near misses."""
    check_texts("groups", groups)
    check_texts("columns", columns)
    if not groups and not columns:
        return tuple((group.index, None) for group in schema.groups())
    chosen: dict[str, set[int]] = {}
    for column in schema.columns([*groups, *columns]):
        chosen.setdefault(column.group, set()).add(column.index)
    found = []
    for name, indexes in chosen.items():
        group = schema.group(name)
        found.append((group.index, None if len(indexes) == len(group.columns) else frozenset(indexes)))
    return tuple(sorted(found, key=lambda item: item[0]))
