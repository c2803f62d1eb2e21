"""Samples of a ring as cAdvisor's JSON, written in C: bytes, without a Python object for any value.

One sample is one tick of the base groups (cpu, memory, ...); slower groups give their newest tick that is not after it.
``StatsEncoder`` may be used by several threads at once; calls release the GIL.
"""

from __future__ import annotations

import enum
import errno
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from pycadvisor_fast.errors import RingError, TornError
from pycadvisor_fast.native import ffi, lib
from pycadvisor_fast.native.encoder import Regions

ENOUGH = 1 << 18  # bytes written before the ring is checked and they are handed over
_ATTEMPTS = 8  # a tick that was overwritten is not asked for again: only a stopped reader could fail them all

# pcf_json_wanted
_WANTED = np.dtype(
    {
        "names": [
            *("slot", "generation", "count", "start_ns", "end_ns", "filesystem", "accelerators", "health", "head"),
            *("filesystem_len", "accelerators_len", "health_len", "has", "is_host", "head_len"),
        ],
        "formats": ["u4", "u4", "i8", "u8", "u8", "u8", "u8", "u8", "u8", "u4", "u4", "u4", "u4", "u4", "u4"],
        "offsets": [0, 4, 8, 16, 24, 32, 40, 48, 56, 64, 68, 72, 76, 80, 84],
        "itemsize": ffi.sizeof("pcf_json_wanted"),
    }
)


class Has(enum.IntFlag):
    """The has_* of a container's spec (PCF_JSON_*)."""

    CPU = 1
    MEMORY = 2
    HUGETLB = 4
    NETWORK = 8
    PROCESSES = 16
    FILESYSTEM = 32
    DISKIO = 64


ALL = Has(127)


class Wanted(NamedTuple):
    """Which samples of a container: the ``newest`` so many (negative: all) between two moments, wall-clock ns,
    inclusive, 0 = open. ``has``: the parts that v2.1 has, the flags of v2.0. ``is_host``: it is "/". ``filesystem``,
    ``accelerators`` and ``health`` are JSON values that stand in each sample; b"" = the field is left out. ``head`` is
    an object without its last brace: the array becomes its member "stats", left out where there are no samples."""

    handle: int
    newest: int = -1
    start_ns: int = 0
    end_ns: int = 0
    has: int = ALL
    is_host: bool = False
    filesystem: bytes = b""
    accelerators: bytes = b""
    health: bytes = b""
    head: bytes = b""


class _Devices(NamedTuple):
    """Names of block devices as C wants them; ``names`` keeps the texts alive."""

    known: Mapping[tuple[int, int], str]
    table: Any
    names: Sequence[Any]


class StatsEncoder:
    """Arrays of ContainerStats, one for each container wanted."""

    def __init__(self, directory: str, groups: Iterable[str] | None = None, *, is_strict: bool = False) -> None:
        """``groups``: names of those that are sampled; None = all that have a ring in ``directory``.

        ``is_strict``: block IO of cgroup v2 without ``Discard`` and ``Total``. Raises RingError.
        """
        self._regions = Regions(directory, groups)
        self._flags = lib.PCF_JSON_STRICT if is_strict else 0
        self._idle: dict[int, list[Any]] = {shape: [] for shape in range(lib.PCF_JSON_SHAPES)}
        self._devices = _Devices({}, ffi.new("pcf_json_device[]", 1), ())

    def close(self) -> None:
        """Lets go of the ring; no call may be under way."""
        for idle in self._idle.values():
            idle.clear()
        self._regions.close()

    def name_devices(self, names: Mapping[tuple[int, int], str]) -> None:
        """What block devices are called, by (major, minor); calls that begin from now on use it."""
        if names == self._devices.known:
            return
        table = ffi.new("pcf_json_device[]", max(1, len(names)))
        texts = []
        for item, (number, name) in zip(table, sorted(names.items()), strict=False):
            text = ffi.new("char[]", json.dumps(name.encode("utf-8", "replace").decode()).encode())
            item.major, item.minor = number
            item.name, item.name_len = text, len(text) - 1
            texts.append(text)
        self._devices = _Devices(dict(names), table, texts)

    def v1(self, containers: Sequence[Wanted]) -> Iterator[bytes]:
        """A JSON array of ContainerStats (info/v1) for each container, oldest sample first, or an object with one.

        Containers are encoded some at a time, as the iterator is asked for them. Raises TornError when the ring is
        overwritten faster than it is read.
        """
        return self._arrays(lib.PCF_JSON_V1, containers)

    def v20(self, containers: Sequence[Wanted]) -> Iterator[bytes]:
        """The same in the shape of API v2.0 (DeprecatedContainerStats)."""
        return self._arrays(lib.PCF_JSON_V20, containers)

    def v2(self, containers: Sequence[Wanted]) -> Iterator[bytes]:
        """The same in the shape of API v2.1 (ContainerStats of info/v2)."""
        return self._arrays(lib.PCF_JSON_V21, containers)

    def machine(self, containers: Sequence[Wanted]) -> Iterator[bytes]:
        """The same as MachineStats of API v2.1; ``containers`` is "/" alone."""
        return self._arrays(lib.PCF_JSON_MACHINE, containers)

    def _arrays(self, shape: int, containers: Sequence[Wanted]) -> Iterator[bytes]:
        table, texts = _table(containers)
        devices = self._devices
        first = 0
        while first < len(containers):
            with self._borrowed(shape) as encoder:
                arrays = self._some(encoder, table[first:], devices)
            yield from arrays
            first += len(arrays)
        del texts  # what the table points at

    def _some(self, encoder: Any, table: Any, devices: _Devices) -> list[bytes]:
        """Arrays of the first containers of ``table``."""
        wanted = ffi.from_buffer("pcf_json_wanted[]", table)
        ends, data = ffi.new("size_t[]", len(table)), ffi.new("const char **")
        count, known = len(table), len(devices.known)
        for _ in range(_ATTEMPTS):
            done = lib.pcf_json_encode(encoder, wanted, count, devices.table, known, ENOUGH, ends, data)
            if done >= 0:
                limits = [0, *ffi.unpack(ends, done)]
                written = ffi.buffer(data[0], limits[-1])
                return [written[begin:end] for begin, end in itertools.pairwise(limits)]
            if done == -errno.ENOMEM:
                raise MemoryError("no memory to encode samples")
        raise TornError(f"samples were overwritten {_ATTEMPTS} times while they were encoded")

    @contextmanager
    def _borrowed(self, shape: int) -> Iterator[Any]:
        """An encoder that nobody else uses meanwhile."""
        try:
            encoder = self._idle[shape].pop()
        except IndexError:
            encoder = self._new(shape)
        try:
            yield encoder
        finally:
            self._idle[shape].append(encoder)

    def _new(self, shape: int) -> Any:
        encoder = ffi.gc(lib.pcf_json_new(self._regions.pointers, shape, self._flags), lib.pcf_json_free)
        if encoder == ffi.NULL:
            raise RingError("no group that samples can be made of is sampled, or there is no memory for an encoder")
        return encoder


def _table(containers: Sequence[Wanted]) -> tuple[Any, Any]:
    """The containers as C wants them, and the buffer their texts are in."""
    rows: Any = np.zeros(len(containers), _WANTED)
    if not containers:
        return rows, b""
    handle, newest, start_ns, end_ns, has, is_host, *texts = zip(*containers, strict=True)
    handles = np.array(handle, np.uint64)
    rows["slot"], rows["generation"] = handles & np.uint64(0xFFFFFFFF), handles >> np.uint64(32)
    rows["count"], rows["start_ns"], rows["end_ns"], rows["has"], rows["is_host"] = (
        newest,
        start_ns,
        end_ns,
        has,
        is_host,
    )
    joined = b"".join(itertools.chain(*texts)) or b"\0"
    at = int(ffi.cast("uintptr_t", ffi.from_buffer(joined)))
    for name, values in zip(("filesystem", "accelerators", "health", "head"), texts, strict=True):
        lengths = np.fromiter(map(len, values), np.uint64, len(values))
        ends = np.cumsum(lengths)
        rows[name], rows[f"{name}_len"] = np.uint64(at) + ends - lengths, lengths
        at += int(ends[-1])
    return rows, joined
