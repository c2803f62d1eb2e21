"""cAdvisor's JSON from the ring, byte for byte: against tests/unit/cadvisor_reference.py, whatever the numbers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycadvisor_fast.columns import GROUPS, Column
from pycadvisor_fast.faces.rest import go_json
from pycadvisor_fast.native import ABSENT, UNLIMITED
from pycadvisor_fast.native.cadvisor_json import ALL, Has, StatsEncoder, Wanted

from .cadvisor_reference import Rows, Sample, instant
from .handmade_ring import REALTIME_NS, RingWriter

NAMES = (
    *(
        "cpu",
        "cpu_percpu",
        "memory",
        "memory_stat",
        "memory_events",
        "pressure",
        "pids",
        "io",
        "io_scheduler",
        "network",
    ),
    *("network_errors", "hugetlb", "memory_kernel", "limits", "cpuset", "memory_numa", "tcp", "tcp6", "udp", "udp6"),
    *("tcp_advanced", "tasks", "schedstat"),
)
BY_NAME = {group.name: group for group in GROUPS}
KEYS = {
    "core": ("0", "1", "3", "11"),
    "device": ("8:0", "8:16", "253:4", "259:10"),
    "interface": ("eth0", "lo", "e<t>h\"\\'\u00e9", "veth1", "docker0"),
    "pagesize": ("2MB", "1GB", "64KB"),
    "node": ("0", "1", "10"),
}
DEVICES = {(8, 0): "/dev/sda", (253, 4): '/dev/dm"4'}
DEVICE_NAMES = {f"{major}:{minor}": name for (major, minor), name in DEVICES.items()}
COLUMNS = [(f"{column.group}.{column.name}", column) for group in GROUPS for column in group.columns]
V1_ONLY = {name for name, column in COLUMNS if column.v1 and not column.v2 and not column.root}
V2_ONLY = {name for name, column in COLUMNS if column.v2 and not column.v1 and not column.root}
FS = [{"device": "/dev/sda1", "type": "vfs"}]
HAS = {"cpu": 1, "memory": 2, "hugetlb": 4, "network": 8, "processes": 16, "filesystem": 32, "diskio": 64}


def cell_value(rng: random.Random, column: Column) -> int:
    """A value that the column can hold: of any length, absent, unlimited."""
    choice = rng.random()
    if choice < 0.1:
        return ABSENT
    if choice < 0.15 and column.kind == "limit":
        return UNLIMITED
    bits, factor = {"U64": (64, 1), "P32": (32, 4096), "K32": (32, 1024), "U32": (32, 1), "C16": (14, 1)}[column.cell]
    return min(rng.getrandbits(rng.randint(0, bits)), 2**bits - 3) * factor


def some_rows(rng: random.Random, lacking: frozenset[str]) -> dict[tuple[str, str], dict[str, int]]:
    """Rows of a container in a tick; each group and key may be missing."""
    rows: dict[tuple[str, str], dict[str, int]] = {}
    for name in NAMES:
        for key in KEYS.get(BY_NAME[name].key, ("",)):
            if rng.random() < 0.85:
                columns = [column for column in BY_NAME[name].columns if f"{name}.{column.name}" not in lacking]
                rows[name, key] = {column.name: cell_value(rng, column) for column in columns}
    return rows


class Rig:
    """A ring of all groups on a host of one cgroup version, and an encoder of it."""

    def __init__(self, path: Path, *, is_v2: bool, groups: tuple[str, ...] = NAMES, is_strict: bool = False) -> None:
        self.is_v2, self.groups = is_v2, groups
        self.lacking = frozenset(V1_ONLY if is_v2 else V2_ONLY)
        self.writer = RingWriter(path, dict.fromkeys(groups, 100), ring_len=16, absent_columns=sorted(self.lacking))
        self.encoder = StatsEncoder(str(path), groups, is_strict=is_strict)
        self.encoder.name_devices(DEVICES)
        self.tick = 10

    def close(self) -> None:
        self.encoder.close()
        self.writer.close()

    def write(self, rows: Rows, offset_usec: int = 0) -> Sample:
        self.tick += 1
        mine = {(name, 3, 7, key): values for (name, key), values in rows.items() if name in self.groups}
        self.writer.write(self.tick, mine, offset_usec=offset_usec)
        return Sample(
            {(name, key): values for name, _, _, key in mine for values in (mine[name, 3, 7, key],)},
            REALTIME_NS + self.tick * self.writer.base_ns + offset_usec * 1000,
            is_v2=self.is_v2,
            devices=DEVICE_NAMES,
            extras={"filesystem": FS, "health": "healthy"},
            has_io="io" in self.groups,
        )

    def wanted(self, **fields: Any) -> Wanted:
        return Wanted(7 << 32 | 3, **{"filesystem": go_json.dumps(FS), "health": b'"healthy"', **fields})


@pytest.fixture(scope="module", params=[False, True], ids=["v1-host", "v2-host"])
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(tmp_path_factory.mktemp("ring"), is_v2=request.param)
    # Interfaces are shown in the order of their rows, which is that of their first appearance.
    rig.write({("network", key): {} for key in KEYS["interface"]})
    yield rig
    rig.close()


def has_of(bits: int) -> dict[str, bool]:
    return {name: bool(bits & bit) for name, bit in HAS.items()}


def test_has_bits_are_those_of_the_library() -> None:
    assert {str(flag.name).lower(): flag.value for flag in Has} == HAS
    assert sum(HAS.values()) == ALL


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), bits=st.integers(0, 127), offset_usec=st.integers(0, 2**31))
def test_every_field_of_every_shape(host: Rig, seed: int, bits: int, offset_usec: int) -> None:
    rng = random.Random(seed)
    samples = [host.write(some_rows(rng, host.lacking) | {("pids", ""): {"current": 1}}, offset_usec) for _ in range(2)]
    wanted = host.wanted(newest=2, has=bits)
    assert_same(host.encoder.v1([wanted]), [sample.v1() for sample in samples])
    inst = [None, instant(samples[0], samples[1], host.writer.base_ns)]
    has = has_of(bits)
    assert_same(host.encoder.v20([wanted]), [s.v20(has, i) for s, i in zip(samples, inst, strict=True)])
    assert_same(host.encoder.v2([wanted]), [s.v21(has, i) for s, i in zip(samples, inst, strict=True)])
    assert_same(host.encoder.machine([wanted]), [s.machine(has, i) for s, i in zip(samples, inst, strict=True)])


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_counters_that_grow_have_rates(host: Rig, seed: int) -> None:
    """Unlike random ones, which mostly fall somewhere and then have none."""
    rng = random.Random(seed)
    first = {name: rng.getrandbits(40) for name in ("usage_ns", "user_ns", "system_ns")}
    cores = {key: rng.getrandbits(40) for key in KEYS["core"]}
    before = host.write(
        {("cpu", ""): first, **{("cpu_percpu", key): {"usage_ns": value} for key, value in cores.items()}}
    )
    grown = {("cpu", ""): {name: value + rng.getrandbits(30) for name, value in first.items()}}
    now = host.write({**grown, **{("cpu_percpu", k): {"usage_ns": v + rng.getrandbits(30)} for k, v in cores.items()}})
    expected = instant(before, now, host.writer.base_ns)
    assert expected is not None
    (text,) = host.encoder.v2([host.wanted(newest=2)])
    found = json.loads(text)
    assert "cpu_inst" not in found[0]
    assert found[1]["cpu_inst"] == expected


def assert_same(texts: Iterator[bytes], samples: list[dict[str, Any]]) -> None:
    (text,) = texts
    assert text == go_json.dumps(samples)


def test_numbers_no_kernel_gives_do_not_break_it(host: Rig) -> None:
    """What a damaged ring could hold: every cell at its largest, its sentinels, and 0."""
    for value in (0, UNLIMITED, ABSENT):
        rows = {
            (name, key): {c.name: value for c in BY_NAME[name].columns if f"{name}.{c.name}" not in host.lacking}
            for name in NAMES
            for key in KEYS.get(BY_NAME[name].key, ("",))
        }
        sample = host.write(rows)
        assert_same(host.encoder.v1([host.wanted(newest=1)]), [sample.v1()])


@pytest.mark.parametrize("groups", [("cpu",), ("memory", "memory_stat"), ("pids", "io"), ("pressure", "network")])
def test_groups_that_are_off_are_zeros(tmp_path: Path, groups: tuple[str, ...]) -> None:
    rig = Rig(tmp_path, is_v2=True, groups=groups)
    sample = rig.write(some_rows(random.Random(1), rig.lacking))
    assert_same(rig.encoder.v1([rig.wanted()]), [sample.v1()])
    assert_same(rig.encoder.v20([rig.wanted()]), [sample.v20(has_of(127))])
    assert ("diskio" in json.loads(next(rig.encoder.v1([rig.wanted()])))[0]) == ("io" in groups)
    rig.close()


def test_strict_block_io_has_cadvisors_keys_alone(tmp_path: Path) -> None:
    values = {"read_bytes": 5, "write_bytes": 6, "discard_bytes": 7, "read_ops": 1, "write_ops": 2, "discard_ops": 3}
    for is_v2, is_strict, keys in (
        (True, True, ["Read", "Write"]),
        (True, False, ["Discard", "Read", "Total", "Write"]),
        (False, True, ["Async", "Discard", "Read", "Sync", "Total", "Write"]),
    ):
        rig = Rig(tmp_path / f"{is_v2}{is_strict}", is_v2=is_v2, groups=("cpu", "io"), is_strict=is_strict)
        given_values = values if is_v2 else {**values, "sync_bytes": 1, "async_bytes": 2, "sync_ops": 3, "async_ops": 4}
        rig.write({("cpu", ""): {"usage_ns": 1}, ("io", "8:0"): given_values})
        disk = json.loads(next(rig.encoder.v1([rig.wanted()])))[0]["diskio"]
        assert list(disk["io_service_bytes"][0]["stats"]) == keys
        assert disk["io_service_bytes"][0]["stats"].get("Total", 18) == 18
        assert list(disk["io_serviced"][0]["stats"]) == keys
        rig.close()


def test_interfaces_that_only_the_host_hides(tmp_path: Path) -> None:
    rig = Rig(tmp_path, is_v2=True, groups=("cpu", "network"))
    names = ("docker0", "lo", "veth12", "lowpan0", "nerdctl0", "eth0")
    rig.write({("cpu", ""): {"usage_ns": 1}, **{("network", name): {"rx_bytes": 1} for name in names}})

    def shown(**fields: Any) -> tuple[str, list[str]]:
        network: Mapping[str, Any] = json.loads(next(rig.encoder.v1([rig.wanted(**fields)])))[0]["network"]
        return network["name"], [one["name"] for one in network["interfaces"]]

    assert shown() == ("docker0", ["docker0", "veth12", "lowpan0", "nerdctl0", "eth0"])
    assert shown(is_host=True) == ("lowpan0", ["lowpan0", "eth0"])
    rig.close()


def test_device_names_can_change(tmp_path: Path) -> None:
    rig = Rig(tmp_path, is_v2=True, groups=("cpu", "io"))
    rig.write({("cpu", ""): {"usage_ns": 1}, ("io", "8:16"): {"read_bytes": 1}})

    def name() -> str:
        return str(json.loads(next(rig.encoder.v1([rig.wanted()])))[0]["diskio"]["io_service_bytes"][0]["device"])

    assert name() == ""
    rig.encoder.name_devices({**DEVICES, (8, 16): "/dev/sdb<&>"})
    assert name() == "/dev/sdb<&>"
    rig.encoder.name_devices({})
    assert name() == ""
    rig.close()


def test_a_core_number_beyond_any_kernel_is_left_out(tmp_path: Path) -> None:
    rig = Rig(tmp_path, is_v2=False, groups=("cpu", "cpu_percpu"))
    rig.write({("cpu", ""): {}, ("cpu_percpu", "2"): {"usage_ns": 5}, ("cpu_percpu", "4294967290"): {"usage_ns": 6}})
    usage = json.loads(next(rig.encoder.v1([rig.wanted()])))[0]["cpu"]["usage"]
    assert usage["per_cpu_usage"] == [0, 0, 5]
    rig.close()
