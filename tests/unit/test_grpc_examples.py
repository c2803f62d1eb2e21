"""The examples that subscribe, run as they are against a server."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pycadvisor_fast.event import ContainerExit, OomKill

from .fake_events import FakeLog, bus
from .grpc_rig import Rig, run, running


async def output_of(rig: Rig, command: list[str], cwd: Path, **environment: str) -> str:
    """Runs ``command`` while the server ticks, and returns what it printed."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )

    async def tick() -> None:
        for number in range(1, 100_000):
            rig.ticks([number])
            await asyncio.sleep(0.01)

    ticking = asyncio.create_task(tick())
    try:
        async with asyncio.timeout(50):
            out, _ = await process.communicate()
    finally:
        ticking.cancel()
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, out.decode()
    return out.decode()


def test_subscribe_py(tmp_path: Path, project_root: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as rig:
            command = [sys.executable, "examples/subscribe.py", rig.server.addresses[0], "3"]
            text = await output_of(rig, command, project_root, PYTHONPATH=str(project_root))
            assert "+ web-1 (docker)" in text
            assert "web-2: 0.000 cores, " in text
            # The last lines are from the columns: five rows at most, three containers here.
            assert text.splitlines()[-1].endswith("0.000 cores")

    run(main())


def test_events_py(tmp_path: Path, project_root: Path) -> None:
    log = FakeLog()
    log.add(path="/docker/c2", payload=OomKill(pid=8, tgid=7, comm="hog", limit_bytes=64 << 20))
    log.add("empty", path="/docker/c2")
    log.add("container_exit", path="/docker/c2", payload=ContainerExit(exit_code=3, cpu_ns=1_500_000_000))
    log.add("container_exit", path="", payload=ContainerExit())

    async def main() -> None:
        made = bus(log)
        async with running(tmp_path, events=made) as rig:
            command = [sys.executable, "examples/events.py", rig.server.addresses[0], "3"]
            lines = (await output_of(rig, command, project_root, PYTHONPATH=str(project_root))).splitlines()
        made.stop()
        assert [line.partition(" ")[2] for line in lines] == [
            "web-2: out of memory, killed hog (7), limit 64 MiB",
            "web-2: ended with code 3, 1.50 s of CPU",
            "the machine: ended with unknown code",
        ]

    run(main())


def test_a_subscriber_in_node_written_from_the_proto_alone(tmp_path: Path, project_root: Path) -> None:
    if not shutil.which("npm"):
        pytest.skip("npm is not installed; the CI machine has it")
    example = project_root / "examples" / "node-subscriber"
    copy = tmp_path / "examples" / "node-subscriber"  # so that node_modules stays out of the source tree
    shutil.copytree(example, copy, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copytree(project_root / "proto", tmp_path / "proto")
    install = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(install, cwd=copy, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr

    async def main() -> None:
        async with running(tmp_path) as rig:
            text = await output_of(rig, ["node", "subscribe.js", rig.server.addresses[0], "3"], copy)
            assert "+ web-0" in text
            assert "web-2 cpu=0.0% memory=" in text
            assert len({line.split()[0] for line in text.splitlines() if line[0].isdigit()}) == 3

    run(main())
