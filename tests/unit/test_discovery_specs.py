"""Limits from files of both cgroup versions, and specs that are made again only when something has changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pycadvisor_fast.columns import Column
from pycadvisor_fast.container import Container
from pycadvisor_fast.discovery.limit_files import FileLimits, LimitFiles, number
from pycadvisor_fast.discovery.specs import FILES_S, LIMIT_COLUMNS, ROUND_S, Specs, limits_of
from pycadvisor_fast.errors import RingError
from pycadvisor_fast.spec import UNLIMITED, IoLimit

ABSENT = 2**64 - 1
MIB = 2**20


def test_files_of_cgroup_v2(tmp_path: Path) -> None:
    place = tmp_path / "a/b"
    place.mkdir(parents=True)
    for name, text in {
        "cpuset.cpus.effective": "0-3,8\n",
        "io.max": "8:16 rbps=2097152 wbps=max riops=max wiops=120\n8:0 rbps=max wbps=1024 riops=max wiops=max\n",
        "io.latency": "8:0 target=5000\n",
        "io.weight": "default 100\n8:16 200\n",
        "hugetlb.2MB.max": "max\n",
        "hugetlb.1GB.max": "1073741824\n",
    }.items():
        (place / name).write_text(text)
    facts = {"layout": "v2", "controllers": {"unified": {"mount": str(tmp_path)}}}
    found = LimitFiles(facts, ("1GB", "2MB", "64KB")).read("/a/b")
    assert found == FileLimits(
        cpu_mask="0-3,8",
        io_weight=100,
        io=(
            IoLimit("8:0", UNLIMITED, 1024, UNLIMITED, UNLIMITED, latency_usec=5000),
            IoLimit("8:16", 2_097_152, UNLIMITED, UNLIMITED, 120, weight=200),
        ),
        hugetlb_bytes={"1GB": 2**30, "2MB": UNLIMITED},
    )
    assert LimitFiles(facts, ()).read("/gone") == FileLimits()


def test_files_of_cgroup_v1(tmp_path: Path) -> None:
    mounts = {"cpuset": "cpuset", "io": "blkio", "hugetlb": "hugetlb"}
    for mount in mounts.values():
        (tmp_path / mount / "docker/x").mkdir(parents=True)
    for name, text in {
        "cpuset/docker/x/cpuset.cpus": "0-1\n",
        "blkio/docker/x/blkio.throttle.read_bps_device": "8:0 1048576\n",
        "blkio/docker/x/blkio.throttle.write_iops_device": "8:0 50\n7:1 9\n",
        "blkio/docker/x/blkio.weight": "500\n",
        "hugetlb/docker/x/hugetlb.2MB.limit_in_bytes": "9223372036852678656\n",
    }.items():
        (tmp_path / name).write_text(text)
    facts = {
        "layout": "hybrid",
        "controllers": {name: {"mount": str(tmp_path / mount)} for name, mount in mounts.items()},
    }
    assert LimitFiles(facts, ("2MB",)).read("/docker/x") == FileLimits(
        cpu_mask="0-1",
        io_weight=500,
        io=(IoLimit("7:1", write_ops_per_second=9), IoLimit("8:0", 1_048_576, write_ops_per_second=50)),
        hugetlb_bytes={"2MB": UNLIMITED},
    )


@pytest.mark.parametrize("layout", ["v1", "v2"])
def test_the_groups_limits_by_text(tmp_path: Path, layout: str) -> None:
    texts = {
        "v1": {
            "memory.limit_in_bytes": "67108864", "memory.memsw.limit_in_bytes": "9223372036854771712",
            "cpu.shares": "512", "cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "100000", "pids.max": "max",
        },
        "v2": {
            "memory.max": "67108864", "memory.swap.max": "max", "cpu.weight": "20", "cpu.max": "max 100000",
            "pids.max": "max",
        },
    }[layout]  # fmt: skip
    for name, text in texts.items():
        (tmp_path / "c").mkdir(exist_ok=True)
        (tmp_path / "c" / name).write_text(text + "\n")
    names = ("cpu", "memory", "pids") if layout == "v1" else ("unified",)
    facts = {"layout": layout, "controllers": {name: {"mount": str(tmp_path)} for name in names}}
    names_of = [column.name for column in LIMIT_COLUMNS]
    found = dict(zip(names_of, LimitFiles(facts, ()).row("/c", LIMIT_COLUMNS), strict=True))
    known = {name: value for name, value in found.items() if value != ABSENT}
    common = {"memory_bytes": 64 * MIB, "cpu_quota_usec": UNLIMITED, "cpu_period_usec": 100_000, "pids": UNLIMITED}
    own = {"v1": {"memsw_bytes": UNLIMITED, "cpu_shares": 512}, "v2": {"swap_bytes": UNLIMITED, "cpu_weight": 20}}
    assert known == common | own[layout]
    assert set(LimitFiles(facts, ()).row("/gone", LIMIT_COLUMNS)) == {ABSENT}


@pytest.mark.parametrize("text", ["", "x", "-1", "1 2", "\N{SUPERSCRIPT TWO}"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert number(text) is None


class Rows:
    """Of the group limits, as a snapshot has them."""

    def __init__(self) -> None:
        self.tick = 0
        self.by_handle: dict[int, dict[str, int]] = {}

    def __call__(self) -> Rows:
        if not self.tick:
            raise RingError("nothing was sampled yet")
        return self

    @property
    def handles(self) -> Any:
        return np.array(list(self.by_handle), np.uint64)

    def integers(self, name: str) -> Any:
        return np.array([row.get(name, ABSENT) for row in self.by_handle.values()], np.uint64)

    def say(self, handle: int, **limits: int) -> None:
        self.tick += 1
        self.by_handle = {**self.by_handle, handle: limits}


class Files:
    def __init__(self) -> None:
        self.limits = FileLimits(cpu_mask="0-3")
        self.reads: list[str] = []
        self.rows: dict[str, dict[str, int]] = {}

    def read(self, path: str) -> FileLimits:
        self.reads.append(path)
        return self.limits

    def row(self, path: str, columns: Iterable[Column]) -> tuple[int, ...]:
        return tuple(self.rows.get(path, {}).get(column.name, ABSENT) for column in columns)


class Rig:
    def __init__(self) -> None:
        self.rows, self.files, self.now = Rows(), Files(), 100.0
        self.containers = (Container("/", 0, 1), Container("/docker/a", 1, 1, name="web", netns=7, netns_owner=1))
        self.told: list[tuple[str, str]] = []
        self.specs = Specs(lambda: self.containers, self.rows, self.files, is_v2=True, clock=lambda: self.now)
        self.specs.on_change(lambda path, words: self.told.append((path, words)))


def test_the_same_objects_until_something_changes_and_no_file_is_read_for_a_question() -> None:
    rig = Rig()
    first = rig.specs.all()
    assert [spec.container.path for spec in first] == ["/", "/docker/a"]
    assert rig.files.reads == ["/", "/docker/a"]
    assert rig.specs.all() is first
    assert rig.specs.of(rig.containers[1]) is first[1]
    assert (first[1].limits.cpu_mask, first[1].limits.memory_bytes, first[1].has_memory) == ("0-3", None, False)
    assert (first[1].has_network, first[1].has_filesystem, first[1].has_health) == (True, False, False)
    named = replace(rig.containers[1], name="other", health="healthy", layer_path="/x", netns_owner=0)
    rig.containers = (rig.containers[0], named)
    second = rig.specs.all()
    assert second[0] is first[0]
    assert (second[1].container.name, second[1].has_network) == ("other", False)
    assert (second[1].has_filesystem, second[1].has_health) == (True, True)
    assert rig.files.reads == ["/", "/docker/a"]


def test_a_container_that_the_ring_has_not_yet_is_known_by_its_files() -> None:
    rig = Rig()
    rig.rows.say(rig.containers[0].handle, memory_bytes=5)
    rig.files.rows["/docker/a"] = {"memory_bytes": 64 * MIB, "cpu_weight": 100}
    spec = rig.specs.all()[1]
    assert (spec.limits.memory_bytes, spec.limits.cpu_shares, spec.has_cpu, spec.has_pids) == (
        64 * MIB,
        1024,
        True,
        False,
    )
    rig.specs.refresh()
    assert rig.specs.all()[1] is spec
    rig.rows.say(rig.containers[1].handle, memory_bytes=64 * MIB, cpu_weight=100, pids=7)
    rig.specs.refresh()
    assert rig.specs.all()[1].limits.pids == 7
    assert (rig.told, rig.specs._young) == ([], {})


def test_one_that_the_thread_has_seen_first_is_known_by_its_files_when_it_is_asked_for() -> None:
    rig = Rig()
    rig.rows.say(rig.containers[0].handle, memory_bytes=5)
    rig.files.rows["/docker/a"] = {"pids": 9}
    rig.specs.refresh()
    assert rig.specs.of(rig.containers[1]).limits.pids == 9
    assert rig.files.reads == ["/", "/docker/a"]


def test_limits_come_with_the_ring_and_changes_are_told_once() -> None:
    rig = Rig()
    rig.specs.all()
    handle = rig.containers[1].handle
    rig.rows.say(handle, memory_bytes=64 * MIB, cpu_weight=100, pids=UNLIMITED)
    rig.specs.refresh()
    assert rig.told == [], "known for the first time"
    spec = rig.specs.all()[1]
    assert (spec.limits.memory_bytes, spec.limits.cpu_weight, spec.limits.cpu_shares) == (64 * MIB, 100, 1024)
    assert (spec.limits.pids, spec.has_memory, spec.has_cpu, spec.has_pids) == (UNLIMITED, True, True, True)
    rig.rows.say(handle, memory_bytes=UNLIMITED, cpu_weight=200, pids=UNLIMITED)
    for _ in range(3):
        rig.specs.refresh()
    assert rig.told == [
        ("/docker/a", "cpu_weight: 100 -> 200"),
        ("/docker/a", f"memory_bytes: {64 * MIB} -> max"),
    ]
    assert rig.specs.all()[1].limits.memory_bytes == UNLIMITED
    assert rig.files.reads == ["/", "/docker/a"]


def test_files_are_read_again_after_a_while_and_what_changed_is_told() -> None:
    rig = Rig()
    rig.specs.all()
    rig.rows.say(rig.containers[1].handle, pids=5)
    rig.specs.refresh()
    rig.files.limits = FileLimits(cpu_mask="0")
    rig.now += ROUND_S
    rig.specs.refresh()
    assert rig.specs.all()[1].limits.cpu_mask == "0-3"
    rig.now += FILES_S
    rig.specs.refresh()
    assert rig.specs.all()[1].limits.cpu_mask == "0"
    assert rig.told == [("/docker/a", "cpu_mask: 0-3 -> 0")]


def test_what_is_gone_is_forgotten_and_another_tenant_begins_anew() -> None:
    rig = Rig()
    rig.specs.all()
    rig.rows.say(rig.containers[1].handle, memory_bytes=5)
    rig.specs.refresh()
    rig.containers = (rig.containers[0], replace(rig.containers[1], generation=2))
    assert rig.specs.all()[1].limits.memory_bytes is None
    rig.containers = rig.containers[:1]
    assert len(rig.specs.all()) == 1
    assert rig.specs._limits.keys() == {rig.containers[0].handle}


def test_swap_of_v1_is_what_is_above_the_memory_limit() -> None:
    row = dict.fromkeys(range(12), ABSENT)
    for memory, both, swap in ((64, 96, 32), (64, UNLIMITED, UNLIMITED), (96, 64, 0)):
        row |= {0: memory, 4: both, 6: 1024, 1: 50}
        limits = limits_of(tuple(row.values()), FileLimits(), is_v2=False)
        assert (limits.swap_bytes, limits.memory_and_swap_bytes, limits.cpu_weight) == (swap, both, 100)
        assert (limits.memory_reservation_bytes, limits.memory_high_bytes) == (50, None)
