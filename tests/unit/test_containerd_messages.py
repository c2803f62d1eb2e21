"""What containerd's answers are taken for, without a socket: layers, places in Kubernetes, starts of processes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pycadvisor_fast.discovery.runtimes import Identity
from pycadvisor_fast.discovery.runtimes.api import containerd_pb2 as pb
from pycadvisor_fast.discovery.runtimes.containerd_messages import Entry, filters, layer_path, time_ns, with_task
from pycadvisor_fast.discovery.runtimes.kubernetes import place_of
from pycadvisor_fast.discovery.runtimes.process_start import process_start_ns


@pytest.mark.parametrize(
    ("kind", "source", "options", "path"),
    [
        ("overlay", "overlay", ["workdir=/s/9/work", "upperdir=/s/9/fs", "lowerdir=/s/1/fs:/s/2/fs"], "/s/9/fs"),
        ("overlay", "overlay", ["lowerdir=/s/1/fs:/s/2/fs"], ""),
        ("overlay", "overlay", ["upperdir=relative"], ""),
        ("bind", "/s/9", ["rbind", "rw"], "/s/9"),
        ("bind", "/s/9", ["rbind", "ro"], ""),
        ("bind", "s", ["rw"], ""),
        ("ext4", "/dev/mapper/pool-snap-9", ["discard"], ""),
        ("btrfs", "/dev/sda1", ["subvolid=9"], ""),
    ],
)
def test_the_writable_layer_is_read_off_the_mounts(kind: str, source: str, options: list[str], path: str) -> None:
    assert layer_path([pb.Mount(type=kind, source=source, options=options)]) == path


def test_no_mounts_no_layer() -> None:
    assert layer_path([]) == ""


def test_filters_ask_for_each_namespace() -> None:
    everywhere = filters(()).filters
    assert 'topic=="/tasks/exit"' in everywhere
    assert not [text for text in everywhere if "namespace" in text]
    assert 'namespace=="a",topic=="/tasks/exit"' in filters(("a", "b")).filters
    assert len(filters(("a", "b")).filters) == 2 * len(everywhere)


def test_a_time_before_1970_is_none() -> None:
    container = pb.Container()
    assert time_ns(container.created_at) == 0
    container.created_at.seconds = -62135596800  # Go's zero time
    assert time_ns(container.created_at) == 0


def test_a_start_that_an_event_told_is_kept() -> None:
    entry = Entry("default", Identity("containerd", "web", pid=5, started_ns=77))
    task = pb.Task(container_id="web", pid=5, status=pb.Task.PAUSED)
    assert with_task(entry, task, 99).identity.started_ns == 77
    assert with_task(entry, task, 99).identity.runtime_state == "paused"
    task.pid = 6
    assert with_task(entry, task, 99).identity.started_ns == 99


def test_places_in_kubernetes() -> None:
    assert (place_of({}, {}).name, place_of({}, {}).kind) == ("", "container")
    sandbox = {"io.kubernetes.cri.container-type": "sandbox", "io.kubernetes.cri.sandbox-name": "pod"}
    assert (place_of({}, sandbox).name, place_of({}, sandbox).kind) == ("pod", "sandbox")
    crio = {"io.kubernetes.container.name": "POD", "io.kubernetes.pod.name": "pod", "io.kubernetes.pod.namespace": "n"}
    assert (place_of(crio).name, place_of(crio).kind, place_of(crio).container_name) == ("n/pod", "sandbox", "")
    for text, count in (("12", 12), ("-1", 0), ("x", 0), ("9" * 30, 0)):
        assert place_of({"io.kubernetes.container.restartCount": text}).restart_count == count


def test_the_start_of_a_process(tmp_path: Path) -> None:
    own = Path("/proc/self/cgroup").read_text().rpartition("/")[2].strip()
    assert abs(process_start_ns(os.getpid(), own) - time.time_ns()) < 3600 * 10**9
    assert process_start_ns(os.getpid(), "no-such-id-" + "0" * 64) == 0
    assert process_start_ns(0, own) == 0
    assert process_start_ns(os.getpid(), own, tmp_path) == 0
    folder = tmp_path / "7"
    folder.mkdir()
    (folder / "cgroup").write_text("0::/default/web\n")
    (folder / "stat").write_text("7 (odd ) name) S " + " ".join("0" for _ in range(18)) + " 500 0 0\n")
    boot_ns = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    since_boot_s = (process_start_ns(7, "web", tmp_path) - boot_ns) / 1e9
    assert since_boot_s == pytest.approx(500 / os.sysconf("SC_CLK_TCK"), abs=0.5)
    (folder / "stat").write_text("7 (cut")
    assert process_start_ns(7, "web", tmp_path) == 0
