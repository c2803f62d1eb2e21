"""The live table."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from pycadvisor_fast.errors import SelectionError
from pycadvisor_fast.sampling import attach
from pycadvisor_fast.views import tables
from tests.unit.ring_writer import Writer


def write(writer: Writer) -> None:
    for group in ("cpu", "memory", "memory_stat", "limits", "network", "io", "pressure"):
        writer.open(group)
    for path in ("/a", "/b", "/c"):
        slot, generation = writer.claim(path)
        for group in ("cpu", "memory", "memory_stat", "limits", "pressure"):
            writer.row(group, slot, generation)
    for key in ("eth0", "eth1", "lo"):
        writer.row("network", 0, 1, key)
    for key in ("8:0", "8:16"):
        writer.row("io", 1, 1, key)
    writer.describe(2, netns=7, netns_owner=0)  # /c lives in the network namespace of /a


def fill(writer: Writer, tick: int) -> None:
    writer.tick("cpu", tick, {0: {"usage_ns": tick * 500_000}, 1: {"usage_ns": tick * 1_000_000}})
    writer.tick("memory", tick, {0: {"usage_bytes": 40960}, 1: {"usage_bytes": 4096}})
    writer.tick("memory_stat", tick, {0: {"inactive_file_bytes": 8192}, 1: {"inactive_file_bytes": 8192}})
    writer.tick("limits", tick, {0: {"memory_bytes": 2**64 - 2}, 1: {"memory_bytes": 8192}})
    writer.tick("network", tick, {row: {"rx_bytes": tick * 10, "tx_bytes": tick} for row in range(3)})
    writer.tick("io", tick, {row: {"read_bytes": tick * 4, "write_bytes": 5} for row in range(2)})
    writer.tick("pressure", tick, {0: {"memory_some_avg10": 250}})


def test_table(tmp_path: Path) -> None:
    with Writer(tmp_path) as writer, attach_after(writer) as ring:
        before = tables.latest(ring)
        fill(writer, 2)
        table = tables.table(ring.containers(), before, tables.latest(ring))
    columns = table.columns
    assert set(columns) == set(tables.COLUMNS)
    np.testing.assert_allclose(columns["cpu_percent"], [50, 100, math.nan])
    np.testing.assert_allclose(columns["memory_working_set_bytes"], [32768, 0, math.nan])
    np.testing.assert_allclose(columns["memory_limit_bytes"], [math.inf, 8192, math.nan])
    np.testing.assert_allclose(columns["rx_bytes_per_sec"], [20000, math.nan, 20000])  # loopback left out; shared
    np.testing.assert_allclose(columns["read_bytes_per_sec"], [math.nan, 8000, math.nan])
    np.testing.assert_allclose(columns["write_bytes_per_sec"], [math.nan, 0, math.nan])
    np.testing.assert_allclose(columns["memory_pressure_percent"], [2.5, math.nan, math.nan])
    assert np.isnan(columns["pids"]).all()  # the group is off
    by_cpu = table.sorted_by("cpu_percent")
    assert [container.path for container in by_cpu.containers] == ["/b", "/a", "/c"]
    assert [container.path for container in table.sorted_by("cpu_percent", 1).containers] == ["/b"]
    line = by_cpu.lines()[0]
    assert (line["name"], line["cpu_percent"], line["pids"]) == ("/b", 100.0, None)
    with pytest.raises(SelectionError, match="did you mean 'cpu_percent'"):
        table.sorted_by("cpu_percnt")


def test_without_an_earlier_sample(tmp_path: Path) -> None:
    with Writer(tmp_path) as writer, attach_after(writer) as ring:
        table = tables.table(ring.containers(), {}, tables.latest(ring))
    assert np.isnan(table.columns["cpu_percent"]).all()
    assert table.columns["memory_usage_bytes"][0] == 40960
    assert len(tables.table([], {}, {})) == 0


def attach_after(writer: Writer) -> tables.Ring:
    write(writer)
    fill(writer, 1)
    return attach(writer.path)
