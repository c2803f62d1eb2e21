"""ContainerReference and ContainerSpec of cAdvisor's API, field by field."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from pycadvisor_fast.container import Container
from pycadvisor_fast.faces.rest import spec_json
from pycadvisor_fast.spec import UNLIMITED, Limits, Spec

from .handmade_ring import container

V2 = spec_json.Host(True, 8, 16 << 30, frozenset(("cpu", "memory", "io", "pids", "network", "hugetlb")))
V1 = dataclasses.replace(V2, is_v2=False)
WEB = container(
    1,
    path="/docker/aa",
    id="aa",
    name="web",
    aliases=("web", "web-alias"),
    namespace="docker",
    image="nginx:1",
    labels={"z": "<1>", "app": "web"},
    envs={"SECRET": "x", "A": "1"},
    created_ns=1_700_000_000_500_000_000,
    started_ns=1_700_000_001_000_000_000,
    restart_count=2,
    layer_path="/var/lib/docker/x",
)
LIMITS = Limits(
    cpu_shares=512,
    cpu_weight=59,
    cpu_quota_usec=50_000,
    cpu_period_usec=100_000,
    cpu_mask="0-3,8",
    memory_bytes=1 << 30,
    memory_reservation_bytes=1 << 29,
    swap_bytes=0,
    pids=100,
)
SPEC = Spec(
    WEB, LIMITS, has_cpu=True, has_memory=True, has_pids=True, has_io=True, has_network=True, has_filesystem=True
)


def v1(spec: Spec, host: spec_json.Host = V2, *, with_envs: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(spec_json.spec_v1(spec, host, with_envs=with_envs))
    return found


def limited(host: spec_json.Host = V2, of: Container = WEB, **limits: Any) -> dict[str, Any]:
    return v1(dataclasses.replace(SPEC, container=of, limits=Limits(**limits)), host)


def test_a_spec_of_v1() -> None:
    assert spec_json.spec_v1(SPEC, V2, with_envs=False) == (
        b'{"creation_time":"2023-11-14T22:13:20.5Z","start_time":"2023-11-14T22:13:21Z",'
        b'"labels":{"app":"web","restartcount":"2","z":"\\u003c1\\u003e"},'
        b'"has_cpu":true,"cpu":{"limit":512,"max_limit":0,"mask":"0-3,8","quota":50000,"period":100000},'
        b'"has_memory":true,"memory":{"limit":1073741824,"reservation":536870912},'
        b'"has_hugetlb":false,"has_network":true,"has_processes":true,"processes":{"limit":100},'
        b'"has_filesystem":true,"has_diskio":true,"has_custom_metrics":false,"image":"nginx:1"}'
    )


def test_a_spec_of_v2() -> None:
    assert spec_json.spec_v2(SPEC, V2, with_envs=True) == (
        b'{"creation_time":"2023-11-14T22:13:20.5Z","start_time":"2023-11-14T22:13:21Z",'
        b'"aliases":["web","web-alias","aa"],"namespace":"docker",'
        b'"labels":{"app":"web","restartcount":"2","z":"\\u003c1\\u003e"},"envs":{"A":"1","SECRET":"x"},'
        b'"has_cpu":true,"cpu":{"limit":512,"max_limit":0,"mask":"0-3,8","quota":50000,"period":100000},'
        b'"has_memory":true,"memory":{"limit":1073741824,"reservation":536870912},'
        b'"has_hugetlb":false,"has_custom_metrics":false,"has_processes":true,"processes":{"limit":100},'
        b'"has_network":true,"has_filesystem":true,"has_diskio":true,"image":"nginx:1"}'
    )


def test_what_is_not_known_is_there_and_empty() -> None:
    plain = Container("/user.slice", 2, 1)
    found = v1(Spec(plain, Limits()), dataclasses.replace(V2, cores=0, memory_bytes=0, groups=frozenset()))
    assert found == {
        "creation_time": "0001-01-01T00:00:00Z",
        "start_time": "0001-01-01T00:00:00Z",
        "has_cpu": False,
        "cpu": {"limit": 0, "max_limit": 0},
        "has_memory": False,
        "memory": {},
        "has_hugetlb": False,
        "has_network": False,
        "has_processes": False,
        "processes": {},
        "has_filesystem": False,
        "has_diskio": False,
        "has_custom_metrics": False,
    }


def test_environment_values_are_shown_to_those_who_may_see_them() -> None:
    assert "envs" not in v1(SPEC)
    assert v1(SPEC, with_envs=True)["envs"] == {"A": "1", "SECRET": "x"}
    assert b"SECRET" not in spec_json.spec_v2(SPEC, V2, with_envs=False)


def test_no_memory_limit() -> None:
    assert limited(memory_bytes=UNLIMITED)["memory"] == {"limit": 2**64 - 1}
    assert limited(V1, memory_bytes=UNLIMITED)["memory"] == {"limit": 9_223_372_036_854_771_712}
    assert limited(memory_bytes=0)["memory"] == {"limit": 16 << 30}, "0 is shown as the machine's memory"
    assert limited()["memory"] == {"limit": 16 << 30}


def test_swap_limits_are_those_of_the_kernel_interface() -> None:
    both = {"memory_bytes": 100, "swap_bytes": 50, "memory_and_swap_bytes": 150}
    assert limited(V1, **both)["memory"] == {"limit": 100, "swap_limit": 150}
    assert limited(memory_bytes=100, swap_bytes=50)["memory"] == {"limit": 100, "swap_limit": 50}
    assert limited(swap_bytes=UNLIMITED)["memory"]["swap_limit"] == 2**64 - 1


def test_quota_and_pids_without_a_limit() -> None:
    found = limited(cpu_quota_usec=UNLIMITED, cpu_period_usec=100_000, pids=UNLIMITED, cpu_shares=1024)
    assert found["cpu"] == {"limit": 1024, "max_limit": 0, "mask": "0-7", "period": 100_000}
    assert found["processes"] == {"limit": 2**64 - 1}


def test_the_root() -> None:
    root = Container("/", 0, 1)
    spec = Spec(root, Limits(memory_bytes=16 << 30, swap_bytes=1 << 30), has_cpu=True, has_memory=True)
    found = v1(spec)
    assert found["has_filesystem"]
    assert found["has_processes"]
    assert found["memory"] == {"limit": 16 << 30, "swap_limit": 1 << 30}
    assert spec_json.reference(root) == b'{"name":"/"}'


def test_parts_that_are_not_sampled_are_not_there() -> None:
    has = spec_json.has(SPEC, dataclasses.replace(V2, groups=frozenset(("memory",))))
    assert (has.cpu, has.memory, has.network, has.processes, has.diskio) == (False, True, False, False, False)
    assert spec_json.has(Spec(WEB, Limits()), V1).cpu is False
    assert spec_json.has(Spec(WEB, Limits()), V2).cpu is True, "v2 has cpu.stat in every cgroup"


def test_references() -> None:
    assert spec_json.reference(WEB) == (
        b'{"id":"aa","name":"/docker/aa","aliases":["web","web-alias","aa"],"namespace":"docker"}'
    )
    odd = dataclasses.replace(WEB, path="/a\udcffb", name="", aliases=(), namespace="crio")
    assert spec_json.reference(odd) == b'{"id":"aa","name":"/a\\ufffdb","aliases":["aa"],"namespace":"crio"}'


def test_a_label_of_that_name_wins() -> None:
    labelled = dataclasses.replace(WEB, labels={"restartcount": "9"})
    assert v1(dataclasses.replace(SPEC, container=labelled))["labels"] == {"restartcount": "9"}


def test_kept_as_long_as_the_spec_is_the_same_object() -> None:
    made: list[Spec] = []

    def make(spec: Spec) -> bytes:
        made.append(spec)
        return b"%d" % len(made)

    kept = spec_json.Kept(make)
    again = dataclasses.replace(SPEC)
    assert [kept(SPEC), kept(SPEC), kept(again), kept(again)] == [b"1", b"1", b"2", b"2"]
    for slot in range(100):
        kept(dataclasses.replace(SPEC, container=container(slot)))
    live: Mapping[int, Any] = {container(5).handle: 1}
    kept.prune(live)
    before = len(made)
    kept(dataclasses.replace(SPEC, container=container(6)))
    assert len(made) == before + 1
