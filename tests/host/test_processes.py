"""Processes of real cgroups, by the collector, over gRPC and by the command; and a /proc that hides those of others."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from pycadvisor_fast import Collector
from pycadvisor_fast.client import AsyncClient
from pycadvisor_fast.errors import SelectionError
from pycadvisor_fast.faces.grpc import serve
from pycadvisor_fast.process import ProcessList
from tests.host.cgroup_tree import CgroupTree

pytestmark = pytest.mark.root
SLEEP = ("sleep", "600")
BUSY = "import time\nuntil = time.process_time() + 0.5\nwhile time.process_time() < until: pass\ntime.sleep(600)"

# Runs in a mount namespace of its own, whose /proc (at argv[1]) hides the processes of others from everybody else.
HIDDEN = """
import json, os, sys
from pycadvisor_fast.processes import Listing
listing = Listing(sys.argv[1])
seen = listing.look(None, ())
os.setgroups([])
os.setresgid(65534, 65534, 65534)  # group 0 may see all unless the mount says another
os.setresuid(65534, 65534, 65534)
hidden = listing.look(None, ())
print(json.dumps([len(seen.processes), seen.is_complete, [p.pid for p in hidden.processes], hidden.is_complete,
                  hidden.reason, os.getpid()]))
"""


def pids(found: ProcessList) -> set[int]:
    return {process.pid for process in found.processes}


def test_processes_of_a_container(cgroups: CgroupTree) -> None:
    path, below, beside = cgroups.make("box"), cgroups.make("box/below"), cgroups.make("boxer")
    cgroups.make("box/busy")  # cgroup2 has processes in leaves only
    one = cgroups.spawn("box/busy", sys.executable, "-c", BUSY)
    two = cgroups.spawn("box/below", *SLEEP)
    three = cgroups.spawn("boxer", *SLEEP)
    with Collector(interval=1.0, docker=None, include=(path, f"{cgroups.name}/boxer")) as collector:
        assert pids(collector.processes(path)) == {one.pid, two.pid}
        assert pids(collector.processes(path, recursive=False)) == set()
        assert pids(collector.processes(path, beside, recursive=False)) == {three.pid}
        machine = collector.processes()
        assert {one.pid, two.pid, three.pid, os.getpid(), 1} <= pids(machine)
        assert machine.is_complete
        container = collector.container(path)
        assert container is not None
        until = time.monotonic() + 30
        while True:
            busy, quiet = collector.processes(container, fds=True).processes
            if busy.cpu_seconds >= 0.45 or time.monotonic() > until:
                break
            time.sleep(0.05)
        assert busy.cpu_seconds >= 0.45
        assert busy.cpu_percent == pytest.approx(100 * busy.cpu_seconds / busy.running_seconds)
        assert busy.memory_percent > 0
        assert busy.arguments == (sys.executable, "-c", BUSY)
        assert (quiet.command, quiet.arguments, quiet.state) == ("sleep", SLEEP, "S")
        assert quiet.user == "root"
        assert quiet.ppid == os.getpid()
        assert (quiet.cgroup_path, quiet.container, quiet.container_name) == (below, container.handle, path)
        assert quiet.fd_count == len(list(Path(f"/proc/{two.pid}/fd").iterdir()))
        assert quiet.started_unix_ns == pytest.approx(time.time_ns(), abs=120e9)
        two.kill()
        two.wait()
        assert pids(collector.processes(path)) == {one.pid}
        with pytest.raises(SelectionError, match="no container is called"):
            collector.processes("nobody-has-this-name")


def test_over_grpc_and_by_the_command(cgroups: CgroupTree) -> None:
    path = cgroups.make("asked")
    process = cgroups.spawn("asked", *SLEEP)

    async def main() -> None:
        with Collector(interval=1.0, docker=None, include=(f"{cgroups.name}*",)) as collector:
            server = await serve(collector, "127.0.0.1:0")
            async with AsyncClient(server.addresses[0]) as client:
                answer = await client.processes(path, fds=True)
                (info,) = answer.processes
                assert not answer.incomplete
                assert (info.pid, info.command, info.cgroup_path) == (process.pid, "sleep", path)
                assert info.fd_count == len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
                assert not (await client.processes(path)).processes[0].HasField("fd_count")
                with pytest.raises(SelectionError, match="no container is called"):
                    await client.processes("nobody-has-this-name")
                command = [sys.executable, "-m", "pycadvisor_fast", "ps", f"--target={server.addresses[0]}", path]
                shown = await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, text=True)
                head, row = shown.stdout.splitlines()
                assert head.split()[:3] == ["PID", "PPID", "USER"]
                assert row.split()[0] == str(process.pid)
                assert row.split()[-1] == "sleep"
                plain = await asyncio.to_thread(
                    subprocess.run, [*command, "--json"], check=True, capture_output=True, text=True
                )
                assert [each["pid"] for each in json.loads(plain.stdout)["processes"]] == [process.pid]
            await server.stop(0.2)

    asyncio.run(main())


def test_hidden_processes_are_told() -> None:
    with TemporaryDirectory() as place:
        Path(place).chmod(0o755)  # nobody has to get there
        Path(place, "proc").mkdir()
        seen, is_complete, hidden, is_all, reason, own = look_hidden(place)
    assert seen > 1
    assert is_complete
    assert hidden == [own]
    assert not is_all
    assert "hidepid" in reason


def look_hidden(place: str) -> Any:
    script = 'mount -t proc -o hidepid=2 proc "$1/proc" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
    shown = subprocess.run([*command, place, sys.executable, HIDDEN], check=False, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    return json.loads(shown.stdout)
