"""What a metric family is made of: plain data, and short ways to write it down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from pycadvisor_fast import schema
from pycadvisor_fast.native import exposition as native
from pycadvisor_fast.native.exposition import FamilyRow, SeriesRow

from .labels import block, escaped_help

ROOT, NOT_ROOT, HAS_QUOTA = 2, 4, 8
"""What a container may be (bits of pcf_exposition_container.flags), and a series may need."""

COUNTER, GAUGE = "counter", "gauge"
_TYPES = {COUNTER: native.COUNTER, GAUGE: native.GAUGE}
_UNITS = ("seconds", "bytes", "watts")
PER_CORE, IN_TOTAL = "per core", "in total"


@dataclass(frozen=True, slots=True)
class Series:
    """Where some samples of a family come from: a column of the ring, or ``given`` ones (see given.py, machine.py).

    ``column``: "group.column"; ``instead``: the one that stands in where a container has no value there; ``less``: one
    that is subtracted. ``labels`` are those of all its samples, ``key_label`` names the label made of a row's key.
    ``decimals``: 9 = the column counts nanoseconds and the series seconds. ``shown``: PER_CORE or IN_TOTAL, for what a
    host gives in one way or the other.
    """

    column: str = ""
    instead: str = ""
    less: str = ""
    given: str = ""
    source: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    key: int = native.NO_KEY
    key_label: str = ""
    decimals: int = 0
    divisor: int = 1
    unlimited: int = native.LEFT_OUT
    needs: int = 0
    is_of_machine: bool = False
    is_nonzero: bool = False
    shown: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns it reads."""
        return tuple(name for name in (self.column, self.instead, self.less) if name)

    @property
    def groups(self) -> frozenset[str]:
        """The groups it needs."""
        return frozenset(name.partition(".")[0] for name in self.columns)

    def row(self, form: int, *, is_timed: bool, is_counter: bool) -> SeriesRow:
        """As C wants it."""
        group, column = _place(self.column)
        else_group, else_column = _place(self.instead)
        less_group, less_column = _place(self.less)
        flags = native.NOT_ZERO if self.is_nonzero else 0
        flags |= native.MACHINE if self.is_of_machine else 0
        flags |= native.TIMED if is_timed else 0
        flags |= native.SINCE_BORN if is_counter and not self.is_of_machine and not self._is_younger else 0
        return SeriesRow(
            *(group, column, else_group, else_column, less_group, less_column, self.divisor, self.decimals),
            *(self.unlimited, self.key, flags, self.needs, self.key_label, block(self.labels, form), self.given),
        )

    @property
    def _is_younger(self) -> bool:
        """Counters of ours began with the collector and not with the container."""
        return bool(self.given) or self.column.startswith(("process.", "scheduling.", "schedstat."))


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name, type and series.

    ``kind`` is cAdvisor's metric kind that switches it, "" = always on; ``also``: a second one that must be on.
    ``is_timed``: samples have timestamps in strict mode. ``is_extra``: only there when asked for. ``differs``: what is
    different from cAdvisor, for the documentation.
    """

    name: str
    type: str
    help: str
    series: tuple[Series, ...]
    kind: str = ""
    also: str = ""
    topic: str = ""
    is_timed: bool = True
    is_extra: bool = False
    differs: str = ""
    labels: tuple[str, ...] = ()
    """Names of labels that given samples bring, for the documentation."""

    @property
    def unit(self) -> str:
        """The unit in its name, "" = none."""
        base = self.name.removesuffix("_total") if self.type == COUNTER else self.name
        return next((unit for unit in _UNITS if base.endswith(f"_{unit}")), "")

    @property
    def groups(self) -> frozenset[str]:
        """Groups of the ring that its series read."""
        return frozenset(group for series in self.series for group in series.groups)

    @property
    def label_names(self) -> tuple[str, ...]:
        """Labels beside those of a container."""
        names: list[str] = list(self.labels)
        for series in self.series:
            own = [series.key_label] if series.key_label else []
            own += ["major", "minor"] if series.key == native.NUMBERS else []
            names += [name for name in (*own, *(name for name, _ in series.labels)) if name not in names]
        return tuple(names)

    def row(self, form: int, shown: str) -> FamilyRow:
        """As C wants it. OpenMetrics knows no counter whose name does not end in _total: such a family keeps its name
        and is of unknown type there, so that nobody's queries change with the format."""
        kind, name = _TYPES[self.type], self.name
        if form == native.OPENMETRICS and self.type == COUNTER:
            is_regular = name.endswith("_total")
            kind, name = (kind, name.removesuffix("_total")) if is_regular else (native.UNKNOWN, name)
        is_timed = self.is_timed and self.name.startswith(("container_", "machine_"))
        rows = tuple(
            series.row(form, is_timed=is_timed, is_counter=self.type == COUNTER)
            for series in self.series
            if series.shown in ("", shown)
        )
        return FamilyRow(name, self.name, escaped_help(self.help, form), self.unit, kind, rows)


def _place(column: str) -> tuple[int, int]:
    if not column:
        return -1, 0
    found = schema.column(column)
    return schema.group(found.group).index, found.index


def col(column: str, decimals: int = 0, **more: Any) -> Series:
    """A series that is a column."""
    return Series(column=column, decimals=decimals, **more)


def split(label: str, columns: Iterable[tuple[str, str]], **more: Any) -> tuple[Series, ...]:
    """One series for each (value of the label, column)."""
    return tuple(Series(column=name, labels=((label, value),), **more) for value, name in columns)


def counter(name: str, text: str, *series: Series, **more: Any) -> Family:
    """A counter."""
    return Family(name, COUNTER, text, series, **more)


def gauge(name: str, text: str, *series: Series, **more: Any) -> Family:
    """A gauge."""
    return Family(name, GAUGE, text, series, **more)


def given(name: str, source: str, **more: Any) -> Series:
    """A series whose samples are no column of the ring; ``source`` says where they are from."""
    return Series(given=name, source=source, **more)


def of(kind: str, topic: str, *families: Family, **more: Any) -> tuple[Family, ...]:
    """Families that have something in common."""
    return tuple(replace(family, kind=kind, topic=topic, **more) for family in families)
