"""CRI-O's HTTP API by a server of our own that answers as CRI-O documents it; CRI-O itself cannot be had here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pycadvisor_fast.discovery.runtimes.crio import CrioRuntime
from tests.unit.crio_fake import FakeCrio
from tests.unit.heard import Running

A, B = "a1" * 32, "b2" * 32


@dataclass
class Bench:
    """A fake CRI-O and the adapter in its loop."""

    crio: FakeCrio
    running: Running

    def start(self) -> None:
        self.crio.start()
        self.running.loop.start()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    path = tmp_path / "crio.sock"
    made = Bench(FakeCrio(path), Running(CrioRuntime(f"unix://{path}", timeout_s=1.0, ping_s=0.2)))
    yield made
    made.running.loop.stop()
    made.crio.stop()


def test_a_container_is_named_when_its_cgroup_appears(bench: Bench) -> None:
    bench.crio.add(A)
    bench.start()
    assert bench.running.wait_state("connected")["detail"] == "CRI-O, storage overlay"
    bench.running.loop.ask("crio", A)
    bench.running.loop.ask("containerd", B)
    main = bench.running.heard.wait_for(A, name="prod/shop-1/main", pid=4242)
    assert (main.aliases, main.image, main.kind) == (("k8s_main_shop-1_prod_0b1f-uid_0",), "shop:2", "container")
    assert (main.pod_name, main.pod_namespace, main.pod_uid, main.container_name) == (
        "shop-1", "prod", "0b1f-uid", "main",
    )  # fmt: skip
    assert (main.sandbox_id, main.restart_count, main.log_path) == ("ee" * 32, 2, "/var/log/pods/main.log")
    assert (main.ip_addresses, main.created_ns) == (("10.0.0.7", "fd00::7"), 1_700_000_000_123_456_789)
    assert (main.layer_path, main.layer_driver) == ("/var/lib/containers/storage/overlay/77/diff", "overlay")
    assert not [target for target in bench.crio.requests if B in target]
    asked = bench.crio.requests.count(f"/containers/{A}")
    bench.running.loop.ask("crio", A)
    bench.crio.wait_requests("/info", bench.crio.requests.count("/info") + 2)
    assert bench.crio.requests.count(f"/containers/{A}") == asked


def test_one_that_crio_does_not_know_after_all_is_denied(tmp_path: Path) -> None:
    crio = FakeCrio(tmp_path / "crio.sock")
    running = Running(CrioRuntime(f"unix://{tmp_path / 'crio.sock'}", timeout_s=1.0, ping_s=0.2, retries=1))
    crio.add(B, pid=0)  # it knows this one, which has no process yet
    crio.start()
    running.loop.start()
    try:
        running.loop.ask("crio", A)
        running.loop.ask("crio", B)
        assert running.heard.wait_strangers(1) == [("crio", A)]
        running.heard.wait_for(B, pid=0)
        crio.wait_requests(f"/containers/{B}", 2)
        assert crio.requests.count(f"/containers/{A}") == 2
        assert running.heard.strangers == [("crio", A)]
    finally:
        running.loop.stop()
        crio.stop()


def test_a_sandbox_is_told_from_a_container(bench: Bench) -> None:
    bench.crio.add(A, labels={"io.kubernetes.container.name": "POD", "io.kubernetes.pod.name": "shop-1"}, sandbox=A)
    bench.start()
    bench.running.loop.ask("crio", A)
    sandbox = bench.running.heard.wait_for(A, kind="sandbox")
    assert (sandbox.name, sandbox.container_name) == ("shop-1", "")


def test_one_that_is_not_known_yet_is_asked_for_again(bench: Bench) -> None:
    bench.start()
    bench.running.loop.ask("crio", A)
    bench.crio.wait_requests(f"/containers/{A}", 2)
    bench.crio.add(A, pid=0)
    bench.running.heard.wait_for(A, pid=0)
    bench.crio.add(A)
    bench.running.heard.wait_for(A, pid=4242)
    bench.running.loop.forget(A)
    bench.crio.wait_requests("/info", bench.crio.requests.count("/info") + 2)
    assert bench.running.runtime.known() == 0


@pytest.mark.parametrize(
    ("habit", "state", "text"),
    [
        ("hang", "hanging", "no answer within 1 s"),
        ("garbage", "error", "this is no HTTP"),
        ("cut", "error", "ends 999 bytes early"),
        ("json", "error", "the answer is no JSON"),
        ("huge", "error", "larger than 1048576 bytes"),
        ("500", "error", "status 500"),
    ],
)
def test_nonsense_is_a_named_state_and_recovers(bench: Bench, habit: str, state: str, text: str) -> None:
    bench.crio.habit = habit
    bench.crio.add(A)
    bench.start()
    bench.running.loop.ask("crio", A)
    assert text in str(bench.running.wait_state(state)["detail"])
    bench.crio.habit = ""
    bench.running.heard.wait_for(A, pid=4242)
    bench.running.wait_state("connected")


@pytest.mark.parametrize("habit", ["hang", "garbage", "cut", "json", "huge", "500"])
def test_one_container_that_cannot_be_inspected_disturbs_nothing(bench: Bench, habit: str) -> None:
    bench.crio.add(A)
    bench.crio.inspect_habit = habit
    bench.start()
    bench.running.loop.ask("crio", A)
    bench.crio.wait_requests(f"/containers/{A}", 1)
    bench.crio.inspect_habit = ""
    bench.running.heard.wait_for(A, pid=4242)
    assert bench.running.runtime.status()["reconnects"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"name": 5, "labels": [1], "annotations": "x", "pid": "y", "ip_addresses": {}, "root": 7, "created_time": True},
        {"labels": {"a": 1}, "log_path": None, "sandbox": [], "root": "/elsewhere", "ip_addresses": [1, ""]},
    ],
)
def test_odd_types_are_left_out(bench: Bench, fields: dict[str, object]) -> None:
    bench.crio.add(A, **fields)
    bench.start()
    bench.running.loop.ask("crio", A)
    odd = bench.running.heard.wait_for(A, image="shop:2")
    assert (dict(odd.labels), odd.ip_addresses, odd.layer_path) == ({}, (), "")


def test_it_dies_and_comes_back(bench: Bench) -> None:
    bench.crio.add(A)
    bench.start()
    bench.running.loop.ask("crio", A)
    bench.running.heard.wait_for(A, pid=4242)
    bench.crio.stop()
    bench.running.wait_state("missing")
    assert bench.running.runtime.known() == 1
    bench.crio.add(A, pid=99)
    bench.crio.start()
    bench.running.heard.wait_for(A, pid=99)
    assert bench.running.wait_state("connected")["reconnects"] == 1
