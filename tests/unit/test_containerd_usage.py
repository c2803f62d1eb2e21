"""What snapshotters say that layers hold, from a fake containerd to the figures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pycadvisor_fast.container import Container
from pycadvisor_fast.discovery.runtimes.api import containerd_pb2 as pb
from pycadvisor_fast.discovery.runtimes.containerd import ContainerdRuntime
from pycadvisor_fast.discovery.runtimes.containerd_messages import usage_of
from pycadvisor_fast.filesystem import TreeUsage
from pycadvisor_fast.filesystems.layers import layer_of, nobody
from pycadvisor_fast.filesystems.measuring import TreeMeasuring
from pycadvisor_fast.filesystems.trees import Asked
from tests.unit.containerd_fake import USAGE, FakeContainerd
from tests.unit.heard import Running

A = "a1" * 32


@pytest.fixture
def containerd(tmp_path: Path) -> Iterator[FakeContainerd]:
    made = FakeContainerd(tmp_path / "c.sock")
    yield made
    made.stop()


@pytest.fixture
def running(containerd: FakeContainerd) -> Iterator[Running]:
    made = Running(ContainerdRuntime(f"unix://{containerd.path}", timeout_s=1.0))
    yield made
    made.loop.stop()


def begin(containerd: FakeContainerd, running: Running) -> None:
    containerd.start()
    running.loop.start()
    running.wait_state("connected")


def said(running: Running, ident: str, cgroup: str = "") -> TreeUsage | None:
    return running.loop.layer_usage(ident, cgroup).result(20)


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (pb.Usage(size=4096, inodes=17), (4096, 17)),
        (pb.Usage(size=4096, inodes=-1), (4096, None)),  # zfs
        (pb.Usage(size=4096), (4096, None)),  # devmapper
        (pb.Usage(size=1 << 30, inodes=1), (1 << 30, None)),  # blockfile
        (pb.Usage(size=-8192), (0, None)),  # devmapper, of a parent that was bigger
    ],
)
def test_what_is_not_counted_is_absent(answer: pb.Usage, wanted: tuple[int, int | None]) -> None:
    usage = usage_of(answer)
    assert (usage.bytes, usage.inodes) == wanted
    assert (usage.apparent_bytes, usage.source) == (None, "snapshotter")


def test_a_snapshotter_is_asked_in_the_containers_own_namespace(containerd: FakeContainerd, running: Running) -> None:
    containerd.add("web", snapshotter="devmapper")
    containerd.add("web", namespace="other", snapshotter="zfs", spec={"linux": {"cgroupsPath": "/other/web"}})
    containerd.add(A, namespace="moby", snapshotter="devmapper", snapshot_key=b"key")
    containerd.add("plain", snapshotter="", snapshot_key=b"")
    containerd.usages = {
        ("default", "devmapper", "web"): pb.Usage(size=1),
        ("other", "zfs", "web"): pb.Usage(size=2),
        ("moby", "devmapper", "key"): pb.Usage(size=3),
    }
    begin(containerd, running)
    found = said(running, A)
    assert found is not None
    assert found.bytes == 3
    assert said(running, "web", "/elsewhere") is None, "there are two of that name"
    other = said(running, "web", "/other/web")
    assert other is not None
    assert other.bytes == 2
    assert said(running, "plain") is None
    assert said(running, "nobody") is None


def test_a_snapshotter_that_fails_or_hangs_is_told_and_names_come_all_the_same(
    containerd: FakeContainerd, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pycadvisor_fast.discovery.runtimes.containerd._USAGE_S", 0.5)
    containerd.add("web", snapshotter="devmapper", pid=5)
    begin(containerd, running)
    missing = said(running, "web")
    assert missing is not None
    assert "snapshot does not exist" in missing.error
    containerd.habits[USAGE] = "hang"
    hanging = running.loop.layer_usage("web", "")
    containerd.wait_calls(USAGE, 2)
    containerd.add("late")
    containerd.event("/containers/create", pb.ContainerEvent(id="late"))
    running.heard.wait_for("late", name="late")
    found = hanging.result(20)
    assert found is not None
    assert "no answer within 0.5 s" in found.error
    assert running.runtime.status()["state"] == "connected"


def test_a_layer_without_a_directory_is_shown_with_its_snapshotters_figure(
    containerd: FakeContainerd, running: Running
) -> None:
    containerd.add("web", snapshotter="devmapper", pid=5)
    containerd.usages["default", "devmapper", "web"] = pb.Usage(size=4096)
    begin(containerd, running)
    running.heard.wait_for("web", layer_driver="devmapper", layer_path="")
    live = tuple(
        Container(f"/{ident}", slot, 1, runtime="containerd", id=ident, layer_driver="devmapper")
        for slot, ident in enumerate(("web", "gone"))
    )
    measuring = TreeMeasuring(lambda: live, ask=running.loop.layer_usage, interval_s=0.1, cpu_share=1.0)
    measuring.start()
    try:
        until(lambda: measuring.status()["asked"] >= 4)
        (web,), (gone,) = (measuring.current()[one.handle] for one in live)
    finally:
        measuring.stop()
    assert (web.kind, web.path, web.bytes, web.inodes, web.source) == ("layer", "", 4096, None, "snapshotter")
    assert 0 < web.measured_ns <= time.time_ns()
    assert (gone.bytes, gone.measured_ns) == (None, 0)
    assert "its runtime says neither" in gone.error


def test_ending_does_not_wait_for_an_answer(containerd: FakeContainerd, running: Running) -> None:
    containerd.add("web", snapshotter="devmapper", pid=5)
    containerd.habits[USAGE] = "hang"
    begin(containerd, running)
    one = Container("/web", 1, 1, runtime="containerd", id="web", layer_driver="devmapper")
    measuring = TreeMeasuring(lambda: (one,), ask=running.loop.layer_usage, interval_s=0.1, cpu_share=1.0)
    measuring.start()
    containerd.wait_calls(USAGE, 1)
    measuring.stop()
    assert "pcf-trees" not in {thread.name for thread in threading.enumerate()}
    assert measuring.current()[one.handle][0].error == ""


def test_a_loop_that_does_not_run_says_nothing(running: Running) -> None:
    assert said(running, "web") is None
    usage, _ = layer_of(nobody, Asked("web", "/web"), lambda: False)
    assert usage.error
