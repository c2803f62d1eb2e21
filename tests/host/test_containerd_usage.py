"""What a real containerd says that a layer holds, against du and our own walk."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace

import pytest

from pycadvisor_fast.container import Container
from pycadvisor_fast.discovery.runtimes.containerd import ContainerdRuntime
from pycadvisor_fast.filesystem import TreeUsage
from pycadvisor_fast.filesystems.measuring import TreeMeasuring
from tests.host.containerd_engine import ContainerdEngine
from tests.unit.heard import Running

pytestmark = [pytest.mark.root, pytest.mark.docker]


def du(path: str, *options: str) -> int:
    done = subprocess.run(["du", "-sx", *options, path], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])


def until_measured(measuring: TreeMeasuring, handle: int) -> TreeUsage:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = measuring.current().get(handle, ())
        if found and (found[0].measured_ns or found[0].error):
            return found[0]
        time.sleep(0.02)
    raise AssertionError(f"not measured: {measuring.current()}, {measuring.status()}")


def test_a_snapshotters_figure_is_what_du_says(containerd: ContainerdEngine) -> None:
    containerd.run("full", "sh", "-c", "dd if=/dev/zero of=/data bs=1M count=3; sync; sleep 100000")
    with Running(ContainerdRuntime(containerd.endpoint)) as running:
        known = running.heard.wait_for("full", layer_driver="native", pid=containerd.pid("full"))
        end = time.monotonic() + 60
        while du(known.layer_path, "--block-size=1") < 3 << 20 and time.monotonic() < end:
            time.sleep(0.02)
        walked = Container("/full", 1, 1, runtime="containerd", id="full", layer_path=known.layer_path)
        asked = replace(walked, slot=2, layer_path="", layer_driver="native")  # as one that has no directory
        measuring = TreeMeasuring(lambda: (walked, asked), ask=running.loop.layer_usage, interval_s=3600, cpu_share=1.0)
        measuring.start()
        try:
            by_walk, by_snapshotter = (until_measured(measuring, one.handle) for one in (walked, asked))
        finally:
            measuring.stop()
    containerd.remove("full")
    assert (by_walk.source, by_snapshotter.source) == ("walk", "snapshotter")
    assert by_snapshotter.error == ""
    assert by_snapshotter.bytes == by_walk.bytes
    assert by_snapshotter.inodes == by_walk.inodes
    assert (by_snapshotter.bytes or 0) >= 3 << 20
