"""JSON of the REST API into dataclasses: names, times, nulls, big numbers, and what is not understood."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycadvisor_fast import schema
from pycadvisor_fast.rest import models
from pycadvisor_fast.rest.decode import decode, rfc3339, time_ns

KINDS = [getattr(models, name) for name in models.__all__ if name != "UNLIMITED"]


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.000000001Z", 1_000_000_001),
        ("2026-11-24T12:00:00.5+02:00", 1_795_514_400_500_000_000),
        ("2026-11-24T10:00:00.123456789Z", 1_795_514_400_123_456_789),
        ("2026-11-24T04:30:00-05:30", 1_795_514_400_000_000_000),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_times_are_exact(text: str, ns: int | None) -> None:
    assert time_ns(text) == ns


@given(st.integers(0, 2**63 - 1))
def test_a_time_comes_back(ns: int) -> None:
    assert time_ns(rfc3339(ns)) == ns


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-24", "2026-11-24T10:00:00", "2026-13-24T10:00:00Z"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        time_ns(text)


def test_a_container_of_v1() -> None:
    text = """{"id":"57e8","name":"/docker/57e8","aliases":["web","57e8"],"namespace":"docker","subcontainers":null,
    "spec":{"creation_time":"2026-11-24T10:00:00Z","start_time":"0001-01-01T00:00:00Z","has_cpu":true,
      "cpu":{"limit":1024,"max_limit":0,"mask":"0-1"},"has_memory":true,"memory":{"limit":18446744073709551615},
      "processes":{},"labels":{"a<b":"c"},"invented_by_a_newer_server":{"deep":[1]}},
    "stats":[{"timestamp":"2026-11-24T10:00:01.25Z","cpu":{"usage":{"total":5,"user":3,"system":2},"load_average":0},
      "diskio":{"io_service_bytes":[{"device":"/dev/vda","major":254,"minor":0,"stats":{"Read":7}}],"psi":{"full":{}}},
      "network":{"name":"eth0","rx_bytes":9,"interfaces":[{"name":"eth0","rx_bytes":9}],
        "tcp":{"Established":4,"SynSent":1},"udp":{"RxQueued":8},"tcp_advanced":{"TCPLossProbes":3,"TW":2}},
      "health":{"status":"healthy"},"cpuset":{}}]}"""
    found: models.ContainerInfo = decode(models.ContainerInfo, json.loads(text))
    assert (found.id, found.name, found.aliases, found.subcontainers) == ("57e8", "/docker/57e8", ("web", "57e8"), ())
    assert found.spec is not None
    assert found.spec.creation_time == 1_795_514_400_000_000_000
    assert found.spec.start_time is None
    assert found.spec.memory == models.MemorySpec(limit=models.UNLIMITED)
    assert found.spec.cpu == models.CpuSpec(limit=1024, max_limit=0, mask="0-1")
    assert found.spec.processes == models.ProcessSpec()
    assert found.spec.labels == {"a<b": "c"}
    (sample,) = found.stats
    assert sample.timestamp == 1_795_514_401_250_000_000
    assert sample.memory is None
    assert sample.filesystem == ()
    assert sample.disk_io is not None
    assert sample.disk_io.io_service_bytes[0].stats == {"Read": 7}
    assert sample.disk_io.psi == models.PsiStats(full=models.PsiData())
    assert sample.network is not None
    assert (sample.network.name, sample.network.rx_bytes, sample.network.tx_bytes) == ("eth0", 9, None)
    assert sample.network.tcp == models.TcpStat(established=4, syn_sent=1)
    assert sample.network.udp == models.UdpStat(rx_queued=8)
    assert sample.network.tcp_advanced == models.TcpAdvancedStat(tcp_loss_probes=3, tw=2)
    assert sample.health == models.Health("healthy")


def test_odd_names_of_v2() -> None:
    stats: models.ContainerStatsV2 = decode(
        models.ContainerStatsV2,
        {"filesystem": {"totalUsageBytes": 3, "baseUsageBytes": 2, "containter_inode_usage": 1}},
    )
    assert stats.filesystem == models.FilesystemStats(3, 2, 1)
    machine: models.MachineInfo = decode(models.MachineInfo, {"nvm": {"app direct_mode_capacity": 5}})
    assert machine.nvm == models.NvmInfo(app_direct_mode_capacity=5)
    disk: models.MachineFsStats = decode(models.MachineFsStats, {"inline": {"io_duration": 4}})
    assert disk.disk_stats == models.DiskStats(io_duration=4)


def test_advanced_tcp_is_named_as_our_columns() -> None:
    names = {column.name for column in schema.group("tcp_advanced").columns}
    assert {field.name for field in dataclasses.fields(models.TcpAdvancedStat)} == names


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_every_model_is_frozen_slotted_and_may_be_empty(kind: type) -> None:
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert not hasattr(kind(), "__dict__")
    assert decode(kind, {}) == kind()
    assert decode(kind, {field.metadata.get("json", field.name): None for field in dataclasses.fields(kind)}) == kind()


def test_every_model_that_is_reached_is_exported() -> None:
    reached: set[type] = set()

    def reach(hint: object) -> None:
        if dataclasses.is_dataclass(hint) and isinstance(hint, type) and hint not in reached:
            reached.add(hint)
            reach_all(get_type_hints(hint).values())
        reach_all(getattr(hint, "__args__", ()))

    def reach_all(hints: object) -> None:
        for hint in hints:  # type: ignore[attr-defined]
            reach(hint)

    reach_all(KINDS)
    assert reached == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (models.ContainerInfo, [], "is no object"),
        (models.ContainerInfo, {"stats": {}}, "stats: '{}' is no array"),
        (
            models.ContainerInfo,
            {"stats": [{"cpu": {"usage": {"total": "5"}}}]},
            "stats: cpu: usage: total: '5' is no int",
        ),
        (models.ContainerInfo, {"spec": {"has_cpu": 1}}, "spec: has_cpu: '1' is no bool"),
        (models.ContainerInfo, {"spec": {"creation_time": "noon"}}, 'spec: creation_time: "noon" is no RFC 3339 time'),
        (models.CpuSpec, {"limit": True}, "limit: 'True' is no int"),
        (Mapping[str, int], {"a": None}, "'None' is no int"),
        (tuple[str, ...], [1], "'1' is no str"),
    ],
)
def test_what_has_another_shape_is_named(kind: object, value: object, said: str) -> None:
    with pytest.raises(ValueError, match="no ") as caught:
        decode(kind, value)
    assert said in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["stats", "spec", "cpu", "timestamp", "x"]), inner),
)


@given(JSON)
def test_no_answer_does_worse_than_a_value_error(value: object) -> None:
    for kind in (models.ContainerInfo, models.MachineInfo, Mapping[str, models.ContainerInfoV2]):
        try:
            decode(kind, value)
        except ValueError:
            continue
