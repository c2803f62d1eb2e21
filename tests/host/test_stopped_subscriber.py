"""A subscriber's process is stopped while its stream is full: it goes on where it was, and is told what it missed."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pycadvisor_fast import Client, Collector
from pycadvisor_fast.faces.grpc import serve
from tests.host.cgroup_tree import CgroupTree

pytestmark = [pytest.mark.root, pytest.mark.slow]

STOPPED_SECONDS = float(os.environ.get("PCF_STOPPED_SECONDS", "14"))  # gRPC's defaults cut a peer off after less
LISTEN = """
import sys
from pycadvisor_fast import Client
with Client(sys.argv[1]) as client:
    for batch in client.stream_columns():
        print(batch.tick, batch.missed_ticks, int(batch.is_first), flush=True)
"""


def test_a_stopped_process_goes_on_and_is_told_what_it_missed(cgroups: CgroupTree, project_root: Path) -> None:
    for index in range(100):
        cgroups.make(f"c{index}")
    brisk: list[tuple[int, int]] = []

    def listen(target: str) -> None:
        end = time.monotonic() + STOPPED_SECONDS
        with Client(target) as client:
            for batch in client.stream_columns(groups="pids"):
                brisk.append((batch.tick, batch.missed_ticks))
                if time.monotonic() > end:
                    break

    def stop_and_go_on(target: str) -> list[list[int]]:
        environment = {**os.environ, "PYTHONPATH": str(project_root)}
        command = [sys.executable, "-c", LISTEN, target]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as stuck:
            assert stuck.stdout is not None
            seen = [list(map(int, stuck.stdout.readline().split()))]
            other = threading.Thread(target=listen, args=(target,), daemon=True)
            other.start()
            stuck.send_signal(signal.SIGSTOP)
            time.sleep(STOPPED_SECONDS)
            stuck.send_signal(signal.SIGCONT)
            until = time.monotonic() + 30
            while not any(missed for _, missed, _ in seen[1:]):
                assert time.monotonic() < until, "it never heard that it missed something"
                seen.append(list(map(int, stuck.stdout.readline().split())))
            stuck.kill()
            other.join()
        return seen

    async def main() -> list[list[int]]:
        with Collector(interval=0.05, docker=None, history=5, include=(f"{cgroups.name}*",)) as collector:
            server = await serve(collector, "127.0.0.1:0")
            try:
                return await asyncio.to_thread(stop_and_go_on, server.addresses[0])
            finally:
                await server.stop(0.2)

    seen = asyncio.run(main())
    assert [first for _, _, first in seen] == [1] + (len(seen) - 1) * [0], "it had to connect again"
    assert seen[-1][1] > 20
    assert all(later[0] > earlier[0] for earlier, later in itertools.pairwise(seen))
    assert len(brisk) > STOPPED_SECONDS * 5
    assert sum(missed for _, missed in brisk) == 0
