"""A runtime that is made only when its socket is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pycadvisor_fast.discovery.runtimes import Runtime
from pycadvisor_fast.discovery.runtimes.containerd import ContainerdRuntime
from pycadvisor_fast.discovery.runtimes.deferred import DeferredRuntime
from tests.unit.containerd_fake import FakeContainerd
from tests.unit.heard import Running

A, B = "a1" * 32, "b2" * 32


def test_it_takes_over_what_was_asked_before_the_socket_was_there(tmp_path: Path) -> None:
    containerd = FakeContainerd(tmp_path / "c.sock")
    made: list[Runtime] = []

    def make() -> Runtime:
        made.append(ContainerdRuntime(f"unix://{containerd.path}", timeout_s=1.0))
        return made[-1]

    containerd.add(A, labels={"nerdctl/name": "early"}, pid=4)
    with Running(DeferredRuntime("containerd", f"unix://{containerd.path}", make)) as running:
        status = running.wait_state("missing")
        assert str(containerd.path) in str(status["detail"])
        running.loop.ask("containerd", A)
        running.loop.ask("containerd", B)
        running.loop.forget(B)
        assert not made
        containerd.start()
        running.heard.wait_for(A, name="early", pid=4)
        assert running.wait_state("connected")["containers"] == running.runtime.known() == 1
        containerd.stop()
        running.wait_state("missing")
        containerd.start()
        running.wait_state("connected")
        assert len(made) == 1
    containerd.stop()


def test_without_sockets_grpcio_is_not_imported() -> None:
    program = (
        "import sys\n"
        "from pycadvisor_fast.discovery.runtimes.catalogue import make_runtimes\n"
        "from pycadvisor_fast.options import CollectorOptions\n"
        "made = make_runtimes(CollectorOptions(containerd='/nowhere/c.sock', cri=('/nowhere/cri.sock',)))\n"
        "assert {'containerd', 'cri-cri'} <= {one.name for one in made}, made\n"
        "assert 'grpc' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
