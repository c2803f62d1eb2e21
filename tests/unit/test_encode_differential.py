"""The C encoder against protobuf itself: the same bytes, and the values that were written."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycadvisor_fast.columns import GROUPS, Column
from pycadvisor_fast.errors import RingError, TornError
from pycadvisor_fast.faces.grpc.messages import identity
from pycadvisor_fast.native import ABSENT, UNLIMITED
from pycadvisor_fast.native.encoder import CHANGED, RATES, WHOLE, Encoder, GroupAt, Regions, Table, column_mask
from pycadvisor_fast.v1 import service_pb2 as pb

from .handmade_ring import BY_NAME, RingWriter, container

FACTOR = {"P32": 4096, "K32": 1024, "U32": 1, "C16": 1}
LIMIT = {"U64": 2**64 - 3, "P32": (2**32 - 3) * 4096, "K32": (2**32 - 3) * 1024, "U32": 2**32 - 3, "C16": 10000}
NAMES = ("cpu", "memory_stat", "pressure", "io", "network", "limits", "cpuset")
ALL = dict.fromkeys(NAMES, 100)


def cell_value(column: Column) -> st.SearchStrategy[int]:
    """Values a column can hold: small, of any length, absent, unlimited."""
    factor, limit = FACTOR.get(column.cell, 1), LIMIT[column.cell]
    lengths = st.integers(0, limit.bit_length()).flatmap(lambda bits: st.integers(0, min(limit, 2**bits)))
    special = [ABSENT] if column.cell == "C16" else [ABSENT, UNLIMITED]
    return st.one_of(lengths.map(lambda value: value // factor * factor), st.sampled_from(special))


def row(name: str) -> st.SearchStrategy[dict[str, int]]:
    columns = BY_NAME[name].columns
    return st.fixed_dictionaries({}, optional={c.name: cell_value(c) for c in columns})


def tick_rows() -> st.SearchStrategy[dict[tuple[str, int, int, str], dict[str, int]]]:
    def entries(name: str) -> st.SearchStrategy[tuple[tuple[str, int, int, str], dict[str, int]]]:
        keys = {
            "device": st.sampled_from(["8:0", "8:16", "253:4"]),
            "interface": st.sampled_from(["eth0", "lo", "é", "a" * 15]),
        }.get(BY_NAME[name].key, st.just(""))
        where = st.tuples(st.just(name), st.integers(0, 5), st.just(1), keys)
        return st.tuples(where, row(name))

    return st.lists(st.sampled_from(NAMES).flatmap(entries), max_size=14).map(dict)


@pytest.fixture(scope="module")
def shared_memory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ring")


class Rig:
    """A ring, an encoder over it, and six containers."""

    def __init__(self, directory: Path, **how: Any) -> None:
        self.writer = RingWriter(directory, how.pop("intervals", ALL), **how)
        self.regions = Regions(str(directory), self.writer.regions)
        self.encoder = Encoder(self.regions)
        self.containers = [container(slot) for slot in range(6)]
        self.table = Table([c.handle for c in self.containers], [identity(c) for c in self.containers])

    def groups(self, tick: int, previous: int = 0, **how: Any) -> list[GroupAt]:
        return [GroupAt(BY_NAME[name].index, tick, previous, **how) for name in self.writer.regions]

    def stats(self, tick: int, previous: int = 0, flags: int = 0, **how: Any) -> pb.StatsBatch:
        data = self.encoder.containers(b"", self.table, self.groups(tick, previous, **how), flags)
        batch = pb.StatsBatch.FromString(data)
        assert batch.SerializeToString() == data
        return batch

    def columns(self, tick: int, previous: int = 0, flags: int = 0, **how: Any) -> pb.ColumnsBatch:
        data = self.encoder.columns(b"", self.table, self.groups(tick, previous, **how), flags)
        batch = pb.ColumnsBatch.FromString(data)
        assert batch.SerializeToString() == data
        return batch

    def close(self) -> None:
        self.regions.close()
        self.writer.close()


@pytest.fixture
def rig(tmp_path: Path) -> Any:
    made = Rig(tmp_path)
    yield made
    made.close()


def expected_field(column: Column, value: int) -> int | float | None:
    if value == ABSENT:
        return None
    if column.cell == "C16":
        return value / 100.0
    return 2**64 - 1 if value == UNLIMITED else value


def check_stats(batch: pb.StatsBatch, rows: dict[tuple[str, int, int, str], dict[str, int]]) -> None:
    seen = set()
    assert [c.handle & 0xFFFFFFFF for c in batch.containers] == sorted({where[1] for where in rows})
    for stats in batch.containers:
        slot = stats.handle & 0xFFFFFFFF
        assert (stats.name, stats.id) == (f"web-{slot}", f"{slot:064x}")
        for group in GROUPS:
            if group.key == "none":
                messages = [getattr(stats, group.name)] if stats.HasField(group.name) else []
            else:
                messages = list(getattr(stats, group.name))
            for message in messages:
                where = (group.name, slot, 1, getattr(message, group.key) if group.key != "none" else "")
                seen.add(where)
                assert message.sample_offset_usec == 77
                for column in group.columns:
                    given_value = expected_field(column, rows[where].get(column.name, ABSENT))
                    field = getattr(message, column.name) if message.HasField(column.name) else None
                    assert field == given_value, (where, column.name)
    assert seen == set(rows)


def check_columns(batch: pb.ColumnsBatch, rows: dict[tuple[str, int, int, str], dict[str, int]]) -> None:
    for group in batch.groups:
        definition = BY_NAME[group.group]
        handles = np.frombuffer(group.handles, "<u8")
        keys = list(group.keys) or [""] * len(handles)
        wheres = [(group.group, int(h) & 0xFFFFFFFF, 1, key) for h, key in zip(handles, keys, strict=True)]
        assert sorted(wheres) == sorted(where for where in rows if where[0] == group.group)
        assert group.rows == len(wheres)
        assert set(np.frombuffer(group.offsets_usec, "<u4").tolist()) <= {77}
        by_number = {column.number: column for column in definition.columns}
        for item in group.columns:
            column = by_number[item.number]
            written = [rows[where].get(column.name, ABSENT) for where in wheres]
            if column.cell == "C16":
                values = np.frombuffer(item.values, "<f8")
                assert [math.isnan(v) for v in values] == [w == ABSENT for w in written]
                assert [v for v in values if not math.isnan(v)] == [w / 100 for w in written if w != ABSENT]
            else:
                assert np.frombuffer(item.values, "<u8").tolist() == written


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=tick_rows())
def test_bytes_are_what_protobuf_writes(
    shared_memory: Path, rows: dict[tuple[str, int, int, str], dict[str, int]]
) -> None:
    directory = shared_memory / "one"
    rig = Rig(directory)
    try:
        tick = 10 + max(region.latest for region in rig.regions.by_group.values())
        rig.writer.write(tick, rows, offset_usec=77)
        check_stats(rig.stats(tick), rows)
        check_columns(rig.columns(tick), rows)
    finally:
        rig.close()


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=tick_rows(), now=tick_rows(), flags=st.sampled_from([RATES, CHANGED, RATES | CHANGED]))
def test_rates_and_changes_keep_to_protobuf_too(shared_memory: Path, before: Any, now: Any, flags: int) -> None:
    rig = Rig(shared_memory / "two")
    try:
        tick = 10 + max(region.latest for region in rig.regions.by_group.values())
        rig.writer.write(tick, before)
        rig.writer.write(tick + 1, now)
        rig.stats(tick + 1, tick, flags)
        rig.columns(tick + 1, tick, flags)
    finally:
        rig.close()


def test_a_rate_is_the_change_over_the_time_between_the_two_samples(rig: Rig) -> None:
    rig.writer.write(1, {("cpu", 2, 1, ""): {"usage_ns": 1000, "periods": 5, "bursts": 9}}, offset_usec=500)
    rig.writer.write(2, {("cpu", 2, 1, ""): {"usage_ns": 3000, "periods": 5, "bursts": 3}}, offset_usec=1500)
    rates = rig.stats(2, 1, RATES).containers[0].cpu_rates
    assert rates.usage_ns_per_sec == pytest.approx(2000 / 0.101)
    assert rates.HasField("periods_per_sec")
    assert rates.periods_per_sec == 0
    assert not rates.HasField("bursts_per_sec"), "a counter that went back has no rate"
    assert not rates.HasField("user_ns_per_sec"), "an absent one neither"
    group = rig.columns(2, 1, RATES).groups[0]
    by_number = {item.number: np.frombuffer(item.values, "<f8") for item in group.rates}
    assert by_number[1][0] == pytest.approx(2000 / 0.101)
    assert math.isnan(by_number[8][0])


def test_gauges_have_no_rates(rig: Rig) -> None:
    for tick in (1, 2):
        rig.writer.write(tick, {("cpuset", 0, 1, ""): {"cpus": tick}})
    (stats,) = rig.stats(2, 1, RATES).containers
    assert [field.name for field, _ in stats.ListFields()] == ["handle", "name", "id", "cpuset"]


def test_only_changed_rows(rig: Rig) -> None:
    rig.writer.write(1, {("cpu", slot, 1, ""): {"usage_ns": slot} for slot in range(4)})
    rig.writer.write(2, {("cpu", slot, 1, ""): {"usage_ns": slot + (slot == 2)} for slot in range(5)})
    slots = [c.handle & 0xFFFFFFFF for c in rig.stats(2, 1, CHANGED).containers]
    assert slots == [2, 4], "the one that changed and the one that is new"
    assert len(rig.stats(2, 1, CHANGED, is_whole=True).containers) == 5
    assert len(rig.stats(2, 0, CHANGED).containers) == 5, "without an earlier tick everything is new"


def test_a_container_that_joined_is_sent_whole(rig: Rig) -> None:
    for tick in (1, 2):
        rig.writer.write(tick, {("cpu", slot, 1, ""): {"usage_ns": slot} for slot in range(4)})
    known = Table([rig.containers[0].handle, rig.containers[2].handle], [b"", b""])
    data = rig.encoder.containers(b"", rig.table.joined_since(known), rig.groups(2, 1), CHANGED)
    assert [c.handle & 0xFFFFFFFF for c in pb.StatsBatch.FromString(data).containers] == [1, 3]
    assert WHOLE == 1


def test_only_the_columns_asked_for(rig: Rig) -> None:
    rig.writer.write(1, {("cpu", 0, 1, ""): {"usage_ns": 5, "user_ns": 6, "periods": 7}})
    (stats,) = rig.stats(1, mask=column_mask(0, frozenset({1}))).containers
    assert [field.name for field, _ in stats.cpu.ListFields()] == ["user_ns"]


def test_a_column_that_the_host_lacks_is_absent(tmp_path: Path) -> None:
    rig = Rig(tmp_path, intervals={"cpu": 100}, absent_columns=("cpu.user_ns", "cpu.usage_ns"))
    rig.writer.write(1, {("cpu", 0, 1, ""): {"usage_ns": 5, "user_ns": 6, "periods": 7}})
    (stats,) = rig.stats(1).containers
    assert [field.name for field, _ in stats.cpu.ListFields()] == ["periods"]
    given_numbers = [c.number for c in BY_NAME["cpu"].columns if c.name not in ("user_ns", "usage_ns")]
    assert [item.number for item in rig.columns(1).groups[0].columns] == given_numbers
    rig.close()


def test_a_row_of_an_earlier_tenant_is_nobodys(rig: Rig) -> None:
    rig.writer.write(1, {("cpu", 0, 1, ""): {"usage_ns": 5}, ("io", 0, 1, "8:0"): {"read_bytes": 1}})
    for name in ("cpu", "io"):
        rig.writer.release(name, 0, 1, 2)
    rig.writer.write(2, {("cpu", 0, 2, ""): {"usage_ns": 9}, ("io", 0, 2, "8:0"): {"read_bytes": 2}})
    second = container(0, generation=2)
    table = Table([second.handle], [identity(second)])
    now = pb.StatsBatch.FromString(rig.encoder.containers(b"", table, rig.groups(2), 0))
    assert now.containers[0].cpu.usage_ns == 9
    assert [item.read_bytes for item in now.containers[0].io] == [2]
    past = pb.StatsBatch.FromString(rig.encoder.containers(b"", table, rig.groups(1), 0))
    assert not past.containers, "tick 1 belongs to generation 1"
    assert not rig.stats(2).containers, "generation 1 is gone"


def test_a_row_that_was_not_sampled_in_a_tick_is_absent(rig: Rig) -> None:
    rig.writer.write(1, {("cpu", 0, 1, ""): {"usage_ns": 5}, ("cpu", 1, 1, ""): {"usage_ns": 6}})
    rig.writer.write(2, {("cpu", 1, 1, ""): {"usage_ns": 7}})
    assert [c.name for c in rig.stats(2).containers] == ["web-1"]


def test_interface_names_that_are_no_utf8(rig: Rig) -> None:
    rig.writer.write(1, {("network", 0, 1, "e\udcffth"): {"rx_bytes": 1}})
    assert rig.stats(1).containers[0].network[0].interface == "e?th"
    assert list(rig.columns(1).groups[4].keys) == ["e?th"]


def test_ticks_that_cannot_be_had(rig: Rig) -> None:
    rig.writer.write(1, {("cpu", 0, 1, ""): {"usage_ns": 5}})
    with pytest.raises(TornError):
        rig.stats(2)
    rig.writer.begin_only("cpu", 2)
    with pytest.raises(TornError):
        rig.stats(2)
    with pytest.raises(RingError, match="EINVAL"):
        rig.encoder.containers(b"", rig.table, [GroupAt(0, 1), GroupAt(0, 1)])
    with pytest.raises(RingError, match="EINVAL"):
        rig.encoder.containers(b"", rig.table, [GroupAt(BY_NAME["pids"].index, 1)])


def test_a_previous_tick_that_is_gone_is_done_without(rig: Rig) -> None:
    for tick in (100, 101):
        rig.writer.write(tick, {("cpu", 0, 1, ""): {"usage_ns": 5}})
    (stats,) = rig.stats(101, 7, RATES | CHANGED).containers
    assert stats.cpu.usage_ns == 5
    assert not stats.HasField("cpu_rates")


def test_no_containers_and_no_groups(rig: Rig) -> None:
    rig.writer.write(1, {})
    assert rig.encoder.containers(b"x", Table([], []), rig.groups(1)) == b"x"
    assert rig.encoder.containers(b"x", rig.table, []) == b"x"
    assert rig.encoder.columns(b"x", rig.table, []) == b"x"
    batch = rig.columns(1)
    assert (batch.groups[0].group, batch.groups[0].tick, batch.groups[0].rows) == ("cpu", 1, 0)


def test_big_batches(tmp_path: Path) -> None:
    rig = Rig(tmp_path, intervals={"memory_stat": 100}, capacity=3000)
    names = [column.name for column in BY_NAME["memory_stat"].columns]
    rows = {
        ("memory_stat", slot, 1, ""): {n: (slot + 1) * (i + 1) << 12 for i, n in enumerate(names)}
        for slot in range(3000)
    }
    rig.writer.write(1, rows)
    rig.containers = [container(slot) for slot in range(3000)]
    rig.table = Table([c.handle for c in rig.containers], [identity(c) for c in rig.containers])
    batch = rig.stats(1)
    assert len(batch.containers) == 3000
    assert batch.containers[2999].memory_stat.anon_bytes == 3000 << 12
    columns = rig.columns(1).groups[0]
    assert struct.unpack_from("<Q", columns.columns[0].values, 2999 * 8) == (3000 << 12,)
    rig.close()
