"""Captured kernel text (tests/fixtures) as rows of the ring: columns.def says where each number comes from, and this
reads it there. In Python and apart from csrc/parse, so that what follows is checked against text a person can read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pycadvisor_fast.columns import GROUPS, Column
from pycadvisor_fast.native import UNLIMITED

NO_LIMIT_V1 = 9_223_372_036_854_771_712
GROUPS_OF_FILES = (
    *("cpu", "cpu_percpu", "memory", "memory_stat", "memory_events", "pressure", "pids", "io", "network"),
    *("network_errors", "hugetlb", "memory_kernel", "limits", "cpuset", "memory_numa"),
)
Rows = dict[tuple[str, str], dict[str, int]]


class Tree:
    """A captured host; ``is_v2``: which of a column's sources counts."""

    def __init__(self, folder: Path, *, is_v2: bool) -> None:
        self.folder, self.is_v2 = folder, is_v2

    def rows(self) -> Rows:
        """All that the tree gives, by group and key."""
        out: Rows = {}
        for group in GROUPS:
            if group.name in GROUPS_OF_FILES:
                for column in group.columns:
                    for key, value in self._values(column):
                        out.setdefault((group.name, key), {})[column.name] = value
        return out

    def missing(self) -> list[str]:
        """Columns this host does not give."""
        rows = self.rows()
        given = {f"{group}.{name}" for (group, _), values in rows.items() for name in values}
        names = [f"{group.name}.{column.name}" for group in GROUPS for column in group.columns]
        return [name for name in names if name not in given]

    def _values(self, column: Column) -> Iterator[tuple[str, int]]:
        source = column.v2 if self.is_v2 else column.v1
        file, _, key = source.partition(":")
        name, _, factor = key.partition("*")
        if not source:
            return
        for where, text in self._texts(file):
            for found, value in _numbers(column, file, name, text):
                yield where or found, value * int(factor or 1)

    def _texts(self, file: str) -> Iterator[tuple[str, str]]:
        """Contents of a file, and the key that its name carries."""
        if file == "net/dev":
            yield "", (self.folder / "proc/net/dev").read_text()
            return
        file = file.replace("blkio.io_", "blkio.throttle.io_") + ("_recursive" if file.startswith("blkio.io_") else "")
        names = re.compile(re.escape(file).replace("hugetlb\\.", r"hugetlb\.(\d+[KMG]B)\.", 1) + "$")
        for path in sorted(self.folder.rglob("*")):
            if path.parent.name != "proc" and (match := names.match(path.name)) and path.is_file():
                yield "".join(match.groups()), path.read_text()


def _numbers(column: Column, file: str, name: str, text: str) -> Iterator[tuple[str, int]]:
    """What ``name`` is in the text, with the key of the row that it belongs to."""
    if file.endswith(".pressure"):
        line, _, field = name.partition(".")
        found = dict(part.split("=") for part in next(x for x in text.splitlines() if x.startswith(line)).split()[1:])
        yield "", round(float(found[field]) * (100 if column.cell == "C16" else 1))
    elif file == "io.stat":
        for device, *fields in map(str.split, text.splitlines()):
            values = dict(field.split("=") for field in fields)
            if name in values:
                yield device, int(values[name])
    elif file.startswith("blkio."):
        rows = [line.split() for line in text.splitlines()]
        yield from ((row[0], int(row[2])) for row in rows if len(row) == 3 and row[1] == name)
    elif file == "memory.numa_stat":  # v1: "anon=9 N0=9" in pages; v2: "anon N0=36864"
        for line in text.splitlines():
            first, *nodes = line.split()
            unit = 4096 if "=" in first else 1
            if first.partition("=")[0] == name:
                yield from ((node[1:], int(value) * unit) for node, _, value in (n.partition("=") for n in nodes))
    elif file == "net/dev":
        yield from _network(name, text)
    elif file == "cpuacct.usage_percpu":
        yield from ((str(core), int(value)) for core, value in enumerate(text.split()) if int(value))
    elif file == "cpu.max":
        yield "", _limit(text.split()[name == "period"])
    elif column.group == "cpuset" and column.name != "memory_migrate":
        parts = [part.partition("-") for part in text.strip().split(",")]
        yield "", sum(int(last or first) - int(first) + 1 for first, _, last in parts)
    elif name:
        yield from (("", int(line.split()[1])) for line in text.splitlines() if line.split()[0] == name)
    else:
        yield "", _limit(text.strip()) if column.kind == "limit" else int(text)


def _limit(text: str) -> int:
    return UNLIMITED if text in ("max", "-1", str(NO_LIMIT_V1)) else int(text)


_NET_DEV = (
    *("bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast"),
    *("bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed"),
)


def _network(name: str, text: str) -> Iterator[tuple[str, int]]:
    way, _, field = name.partition("_")
    at = _NET_DEV.index(field, 0 if way == "rx" else 8)
    for line in text.splitlines()[2:]:
        interface, _, numbers = line.partition(":")
        yield interface.strip(), int(numbers.split()[at])
