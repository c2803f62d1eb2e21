"""A ring written by hand through libpcf's writer API, and a feed over it: what the gRPC tests run against."""

from __future__ import annotations

import dataclasses
import threading
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from pycadvisor_fast.columns import GROUPS, Group
from pycadvisor_fast.container import Container
from pycadvisor_fast.errors import SelectionError
from pycadvisor_fast.events import Bus
from pycadvisor_fast.filesystem import Storage
from pycadvisor_fast.machine.model import Machine
from pycadvisor_fast.native import ABSENT, ffi, lib, new_error, text
from pycadvisor_fast.process import Process, ProcessList
from pycadvisor_fast.sampling import Ring
from pycadvisor_fast.sampling.group import GroupRing
from pycadvisor_fast.spec import UNLIMITED, Limits, Spec
from pycadvisor_fast.summaries.gathering import Summaries
from pycadvisor_fast.views.summary import Summary

BY_NAME = {group.name: group for group in GROUPS}
MONOTONIC_NS = 1_000_000_000_000
REALTIME_NS = 1_700_000_000_000_000_000

Values = Mapping[str, int]


class RingWriter:
    """Regions of some groups, written tick by tick."""

    def __init__(
        self,
        directory: Path,
        intervals_ms: Mapping[str, int],
        *,
        base_ms: int = 100,
        ring_len: int = 64,
        capacity: int = 64,
        absent_columns: Sequence[str] = (),
    ) -> None:
        self.path = directory
        self.base_ns = base_ms * 1_000_000
        self.regions: dict[str, Any] = {}
        self.strides = {name: interval // base_ms for name, interval in intervals_ms.items()}
        directory.mkdir(parents=True, exist_ok=True)
        for name, interval in intervals_ms.items():
            group = BY_NAME[name]
            present = ffi.new(
                "uint8_t[]", bytes(f"{name}.{column.name}" not in absent_columns for column in group.columns)
            )
            directory_text = ffi.new("char[]", str(directory).encode())
            spec = ffi.new(
                "pcf_region_spec *",
                {
                    "dir": directory_text,
                    "group": group.index,
                    "interval_ns": interval * 1_000_000,
                    "base_ns": self.base_ns,
                    "ring_len": ring_len,
                    "row_capacity": capacity,
                    "present": present,
                },
            )
            out, taken, err = ffi.new("pcf_region **"), ffi.new("int *"), new_error()
            rc = lib.pcf_region_create(out, spec, taken, err)
            assert rc == 0, (rc, text(err.text))
            self.regions[name] = out[0]

    def close(self) -> None:
        for region in self.regions.values():
            lib.pcf_region_close(region)
        self.regions = {}

    def write(
        self,
        tick: int,
        rows: Mapping[tuple[str, int, int, str], Values],
        *,
        offset_usec: int = 0,
        groups: Sequence[str] = (),
    ) -> None:
        """One pass: ``rows`` by (group, slot, generation, key) ("" = no key) as values by column name. Groups that
        are due and without rows are written empty."""
        due = groups or [name for name, stride in self.strides.items() if tick % stride == 0]
        for name in due:
            region, group = self.regions[name], BY_NAME[name]
            claimed = [(self._claim(region, where, tick), values) for where, values in rows.items() if where[0] == name]
            lib.pcf_region_begin(region, tick, MONOTONIC_NS + tick * self.base_ns, REALTIME_NS + tick * self.base_ns)
            for row, values in claimed:
                lib.pcf_region_store(region, row, offset_usec, self._values(group, values))
            lib.pcf_region_end(region, 1000, 500)

    def begin_only(self, name: str, tick: int) -> None:
        """Leaves a tick half written."""
        lib.pcf_region_begin(self.regions[name], tick, MONOTONIC_NS + tick * self.base_ns, REALTIME_NS)

    def release(self, name: str, slot: int, generation: int, tick: int) -> None:
        lib.pcf_region_slot_release(self.regions[name], slot, generation, tick)

    def _claim(self, region: Any, where: tuple[str, int, int, str], tick: int) -> int:
        _, slot, generation, key = where
        encoded = key.encode("utf-8", "surrogateescape")
        row = ffi.new("uint32_t *")
        rc = lib.pcf_region_row_claim(region, slot, generation, encoded, len(encoded), tick, row)
        assert rc == 0, (where, rc)
        return int(row[0])

    @staticmethod
    def _values(group: Group, values: Values) -> Any:
        known = {column.name for column in group.columns}
        assert set(values) <= known, set(values) - known
        return ffi.new("uint64_t[]", [values.get(column.name, ABSENT) for column in group.columns])


@contextmanager
def groups_of(writer: RingWriter) -> Iterator[Ring]:
    """The groups of a ring that has no list of containers: as much of sampling.Ring as views need."""
    groups = {name: GroupRing(str(writer.path), name) for name in writer.regions}
    try:
        yield cast("Ring", types.SimpleNamespace(groups=groups, group=groups.__getitem__))
    finally:
        for group in groups.values():
            group.close()


class FakeFeed:
    """feed.Feed over a RingWriter."""

    def __init__(self, writer: RingWriter, containers: Sequence[Container] = ()) -> None:
        self.writer = writer
        self.ring = types.SimpleNamespace(path=str(writer.path), groups=tuple(writer.regions))
        self._containers = tuple(containers)
        self._version = 1
        self._listeners: list[Callable[[int], None]] = []
        self._lock = threading.Lock()
        self.sampled = 0
        self._specs: dict[int, Spec] = {}
        self.events_bus: Bus | None = None
        self.machines = [Machine()]  # as read first, and when read again
        self.storage = Storage()
        self.asked_fresh: list[bool] = []

    def containers(self) -> tuple[Container, ...]:
        return self._containers

    def specs(self) -> tuple[Spec, ...]:
        return tuple(self.spec_of(one) for one in self.containers())

    def is_followed(self, path: str) -> bool:
        return not path.startswith("/left-out")

    def spec_of(self, one: Container) -> Spec:
        known = self._specs.get(one.handle)
        if known is None or known.container is not one:
            known = self._specs[one.handle] = Spec(one, Limits(cpu_shares=2, memory_bytes=UNLIMITED), has_memory=True)
        return known

    def containers_version(self) -> int:
        return self._version

    def set_containers(self, containers: Sequence[Container]) -> None:
        self._containers = tuple(containers)
        self._version += 1

    def add_tick_listener(self, listener: Callable[[int], None]) -> Callable[[], None]:
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def tick(self, tick: int, rows: Mapping[tuple[str, int, int, str], Values], **how: Any) -> None:
        """Writes a pass and tells the listeners, as the collector's thread does."""
        self.writer.write(tick, rows, **how)
        for listener in list(self._listeners):
            listener(tick)

    def processes(self, *containers: str, recursive: bool = True, fds: bool = False) -> ProcessList:
        """What was asked, as a process."""
        if "nobody" in containers:
            raise SelectionError("no container is called 'nobody'")
        of, at = (
            (7, 1, 33, "w\udcffb", 150.0, 3.0, 12.5, 4096, 8192, "S", 2, 1, 5, 2.0, "a"),
            (containers, "/c", 9, "web"),
        )
        asked = Process(*of, *at)
        return ProcessList((dataclasses.replace(asked, fd_count=4 if fds else None),), 11, recursive, "hidden")

    def sample(self) -> int:
        self.sampled += 1
        return 0

    def filesystems(self, *, fresh: bool = False) -> Storage:
        self.asked_fresh.append(fresh)
        return self.storage

    def summary(self, metrics: Sequence[str] = ()) -> Mapping[str, Summary]:
        with groups_of(self.writer) as ring:
            return Summaries(ring, 60.0).summary(metrics)

    def host(self) -> dict[str, Any]:
        return {
            "facts": {"kernel": "6.18", "cores": 2, "huge": 2**63, "psi": True, "nothing": None, "nan": float("nan")},
            "plan": {"groups": [{"name": "cpu", "source": "file"}]},
            "notes": ["history: new"],
        }

    def machine(self, *, fresh: bool = False) -> Machine:
        return self.machines[-1 if fresh else 0]

    def status(self) -> dict[str, Any]:
        return {"ticks": 12, "runtimes": {"docker": "connected"}, "events": {"off": "events=off"}}


def container(slot: int, generation: int = 1, **fields: Any) -> Container:
    """A container with a path and a name made from its slot."""
    base = Container(
        path=f"/docker/c{slot}",
        slot=slot,
        generation=generation,
        runtime="docker",
        id=f"{slot:064x}",
        name=f"web-{slot}",
    )
    return dataclasses.replace(base, **fields)


def rows_for(slots: Sequence[int], tick: int, generation: int = 1) -> dict[tuple[str, int, int, str], dict[str, int]]:
    """cpu, memory and io rows whose values say which slot and tick they are of."""
    rows: dict[tuple[str, int, int, str], dict[str, int]] = {}
    for slot in slots:
        rows["cpu", slot, generation, ""] = {"usage_ns": slot * 10**9 + tick * 1000, "periods": tick}
        rows["memory", slot, generation, ""] = {"usage_bytes": (slot + 1) * 4096 * tick}
        rows["io", slot, generation, "8:0"] = {"read_bytes": slot, "write_bytes": tick}
    return rows
