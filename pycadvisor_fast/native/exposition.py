"""A scrape in C: newest ticks of a ring directory as Prometheus text, OpenMetrics or protobuf, without a Python object
for any sample of the ring.

``Table`` holds what there is (families and their series), ``Members`` whose it is, ``Given`` samples that no ring
holds. A ``Writer`` makes an answer of them and serves one thread at a time; it releases the GIL.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pycadvisor_fast.columns import GROUPS
from pycadvisor_fast.errors import RingError, TornError
from pycadvisor_fast.native import ffi, lib
from pycadvisor_fast.native.encoder import GroupAt, Regions

TEXT, OPENMETRICS, PROTOBUF = 0, 1, 2  # PCF_EXPOSITION_*
CREATED, TIMESTAMPS = 1, 2
COUNTER, GAUGE, UNKNOWN = 0, 1, 3  # PCF_FAMILY_*
LEFT_OUT, ZERO, MINUS_ONE = 0, 1, 2  # PCF_UNLIMITED_*
NO_KEY, PLAIN, CORE, DEVICE, NUMBERS = 0, 1, 2, 3, 4  # PCF_LABEL_*
NOT_ZERO, MACHINE, SINCE_BORN, TIMED = 1, 2, 4, 8  # PCF_SERIES_*
HIDDEN = 1  # PCF_CONTAINER_HIDDEN; the other bits are the caller's
NO_CONTAINER = 2**32 - 1  # PCF_NO_CONTAINER

_CONTAINER = np.dtype(
    {
        "names": ["slot", "generation", "labels", "labels_len", "flags", "created_ns"],
        "formats": ["u4", "u4", "u8", "u4", "u4", "u8"],
        "offsets": [ffi.offsetof("pcf_exposition_container", name) for name in ("slot", "generation", "labels")]
        + [ffi.offsetof("pcf_exposition_container", name) for name in ("labels_len", "flags", "created_ns")],
        "itemsize": ffi.sizeof("pcf_exposition_container"),
    }
)

SAMPLE = np.dtype(
    [("container", "u4"), ("labels_len", "u4"), ("labels_at", "u8"), ("value", "u8"), ("is_double", "u8")]
)
"""pcf_exposition_sample."""

assert SAMPLE.itemsize == ffi.sizeof("pcf_exposition_sample")


class SeriesRow(NamedTuple):
    """pcf_exposition_series; see pcf/exposition.h. ``labels``: encoded in the format of the table."""

    group: int = -1
    column: int = 0
    else_group: int = -1
    else_column: int = 0
    less_group: int = -1
    less_column: int = 0
    divisor: int = 1
    decimals: int = 0
    unlimited: int = LEFT_OUT
    key: int = NO_KEY
    flags: int = 0
    needs: int = 0
    key_label: str = ""
    labels: bytes = b""
    given: str = ""
    """Which of the given samples are its own, when ``group`` is -1."""


class FamilyRow(NamedTuple):
    """pcf_exposition_family and its series. Texts are escaped as the format wants them."""

    name: str
    sample: str
    help: str
    unit: str
    type: int
    series: tuple[SeriesRow, ...]


class Given(NamedTuple):
    """Samples that come from elsewhere: ``rows`` (dtype SAMPLE), offsets in it count within ``labels``."""

    rows: NDArray[Any]
    labels: bytes = b""
    timestamp_ms: int = 0


class Table:
    """Families and series as C has them, for one format."""

    def __init__(self, families: Sequence[FamilyRow]) -> None:
        rows = [row for family in families for row in family.series]
        self.count = len(families)
        self.given = [(index, row.given) for index, row in enumerate(rows) if row.given]
        self.groups = frozenset(
            group for row in rows for group in (row.group, row.else_group, row.less_group) if group >= 0
        )
        self._texts: dict[bytes, Any] = {}
        self.families = ffi.new("pcf_exposition_family[]", max(1, len(families)))
        for out, family in zip(self.families, families, strict=False):
            out.name, out.sample = self._text(family.name), self._text(family.sample)
            out.help, out.unit = self._text(family.help), self._text(family.unit)
            out.type, out.series = family.type, len(family.series)
        self.series = ffi.new("pcf_exposition_series[]", max(1, len(rows)))
        for out, row in zip(self.series, rows, strict=False):
            for name in SeriesRow._fields[:12]:
                setattr(out, name, getattr(row, name))
            out.key_label = self._text(row.key_label)
            out.labels = ffi.cast("const uint8_t *", self._bytes(row.labels))
            out.labels_len = len(row.labels)

    def _text(self, text: str) -> Any:
        return self._bytes(text.encode())

    def _bytes(self, data: bytes) -> Any:
        """The same memory for the same bytes, for as long as the table lives."""
        if data not in self._texts:
            self._texts[data] = ffi.new("char[]", data)
        return self._texts[data]


class Members:
    """Containers of a scrape, ascending by slot, with their labels encoded in the format of the table."""

    def __init__(
        self, handles: Sequence[int], labels: Sequence[bytes], flags: Sequence[int], created_ns: Sequence[int]
    ) -> None:
        lengths = np.fromiter(map(len, labels), dtype=np.uint64, count=len(labels))
        keys = np.array(handles, dtype=np.uint64)
        self.count = len(keys)
        self._labels = b"".join(labels) or b"\0"
        base = int(ffi.cast("uintptr_t", ffi.from_buffer(self._labels)))
        self._rows = np.zeros(max(1, self.count), dtype=_CONTAINER)
        rows = self._rows[: self.count]
        rows["slot"] = keys & np.uint64(0xFFFFFFFF)
        rows["generation"] = keys >> np.uint64(32)
        rows["labels"] = np.uint64(base) + np.cumsum(lengths) - lengths
        rows["labels_len"] = lengths
        rows["flags"] = flags
        rows["created_ns"] = created_ns
        self.pointer: Any = ffi.from_buffer("pcf_exposition_container[]", self._rows)


class Names:
    """What devices are called, by "major:minor"; escaped as the format wants it."""

    def __init__(self, names: Mapping[str, bytes]) -> None:
        ordered = sorted((key.encode(), name) for key, name in names.items() if len(key) <= lib.PCF_KEY_BYTES)
        self.count = len(ordered)
        self._kept = [ffi.new("char[]", name) for _, name in ordered]
        self.pointer = ffi.new("pcf_exposition_name[]", max(1, self.count))
        for out, (key, name), kept in zip(self.pointer, ordered, self._kept, strict=False):
            ffi.memmove(out.key, key, len(key))
            out.name, out.name_len = kept, len(name)


class Writer:
    """Makes answers. One thread at a time."""

    def __init__(self, regions: Regions) -> None:
        self.regions = regions
        self._exposition = ffi.gc(lib.pcf_exposition_new(), lib.pcf_exposition_free)
        if self._exposition == ffi.NULL:
            raise MemoryError("no memory for a scrape")
        self._request = ffi.new("pcf_exposition_request *")
        self._data = ffi.new("const uint8_t **")
        self._size = ffi.new("size_t *")

    def write(
        self,
        form: int,
        table: Table,
        members: Members,
        groups: Sequence[GroupAt],
        given: Mapping[str, Given],
        names: Names,
        flags: int = 0,
    ) -> Iterator[Any]:
        """The answer in pieces: buffers that are good until the next one is asked for.

        Raises TornError, perhaps at the last piece, when a tick was overwritten meanwhile: begin again with newer ones.
        """
        wanted = ffi.new("pcf_encode_group[]", max(1, len(groups)))
        for item, group in zip(wanted, groups, strict=False):
            item.group, item.tick = group.group, group.tick
        rows, count, labels = _joined(table, given)
        request = self._request
        request.format, request.flags = form, flags
        request.families, request.series, request.family_count = table.families, table.series, table.count
        request.containers, request.container_count = members.pointer, members.count
        request.groups, request.group_count = wanted, len(groups)
        request.samples = ffi.cast("pcf_exposition_sample *", ffi.from_buffer(rows))
        request.sample_count = count
        request.labels, request.labels_len = ffi.from_buffer("uint8_t[]", labels), len(labels)
        request.names, request.name_count = names.pointer, names.count
        _check(lib.pcf_exposition_begin(self._exposition, self.regions.pointers, request), groups)
        while True:
            _check(lib.pcf_exposition_next(self._exposition, self._data, self._size), groups)
            if not self._size[0]:
                return
            yield ffi.buffer(self._data[0], self._size[0])


def _joined(table: Table, given: Mapping[str, Given]) -> tuple[bytes, int, bytes]:
    """All given samples one after another, how many, and their labels; the table's series are told which are theirs."""
    parts, texts = [], [b"\0"]
    places: dict[int, int] = {}  # of labels that several share
    at, offset = 0, 1
    for index, name in table.given:
        series, found = table.series[index], given.get(name)
        series.first, series.count, series.timestamp_ms = at, 0, 0
        if found is None or not len(found.rows):
            continue
        rows = found.rows
        if found.labels:
            if id(found.labels) not in places:
                places[id(found.labels)] = offset
                texts.append(found.labels)
                offset += len(found.labels)
            rows = rows.copy()
            rows["labels_at"] += np.uint64(places[id(found.labels)])
        parts.append(rows.tobytes())
        series.count, series.timestamp_ms = len(rows), found.timestamp_ms
        at += len(rows)
    return b"".join(parts) or bytes(SAMPLE.itemsize), at, b"".join(texts)


def _check(rc: int, groups: Sequence[GroupAt]) -> None:
    if rc == 0:
        return
    names = [GROUPS[group.group].name for group in groups]
    if rc == -errno.ESTALE:
        raise TornError(f"a tick of {names} was overwritten while it was written out")
    if rc == -errno.ENOMEM:
        raise MemoryError("no memory for the answer to a scrape")
    raise RingError(f"cannot write out groups {names}: {errno.errorcode[-rc]}")
