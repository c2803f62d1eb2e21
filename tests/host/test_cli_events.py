"""The command ``events`` and the daemon's log: live, past, without a daemon, and after kill -9."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.cgroup_tree import CgroupTree
from tests.host.memory_limit import hog, limited
from tests.host.test_cli_daemon import PROGRAM, Daemon, call, environment

pytestmark = pytest.mark.root
WAIT = 30


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(f"/dev/shm/pcf-test-{os.getpid()}-events")
    path.mkdir()
    began = len(Daemon.all)
    yield path
    for daemon in Daemon.all[began:]:
        daemon.process.kill()
        daemon.process.wait()
    subprocess.run(["rm", "-rf", str(path)], check=True)


def started(folder: Path, cgroups: CgroupTree, *flags: str) -> Daemon:
    daemon = Daemon(folder, f"--raw_cgroup_prefix_whitelist={cgroups.name}", *flags)
    daemon.ready()
    return daemon


def past(*where: str) -> list[dict[str, object]]:
    found = call("events", "--past", "--format=jsonl", *where)
    assert found.returncode == 0, found.stderr
    return [json.loads(text) for text in found.stdout.splitlines()]


@pytest.mark.parametrize("where", ["daemon", "ring"])
def test_live_lines_begin_now_and_end_with_ctrl_c(cgroups: CgroupTree, folder: Path, where: str) -> None:
    daemon = started(folder, cgroups)
    limited(cgroups, "before")
    origin = f"--target={daemon.target}" if where == "daemon" else f"--ring_dir={daemon.ring}"
    words = [*PROGRAM, "events", f"{cgroups.name}/*", origin, "--kind=oom_kill,cgroup_created"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment()) as shown:
        assert shown.stdout is not None
        lines: list[str] = []
        for index in range(100):  # until it listens: a cgroup a try
            cgroups.make(f"try{index}")
            if select_readable(shown, 0.3):
                break
        while "before" not in "".join(lines):
            process = hog(cgroups, "before")
            process.wait(WAIT)
            while not lines or "oom_kill" not in lines[-1]:
                lines.append(shown.stdout.readline())
        shown.send_signal(signal.SIGINT)
        assert shown.wait(WAIT) == 0
    assert not any("cgroup_created" in line and "before" in line for line in lines)
    assert f"{cgroups.name}/before" in lines[-1]
    assert "killed python" in lines[-1]
    assert daemon.end() == 0


def test_events_survive_kill_9_and_the_next_start_goes_on_with_them(cgroups: CgroupTree, folder: Path) -> None:
    daemon = started(folder, cgroups)
    path = limited(cgroups, "victim")
    hog(cgroups, "victim").wait(WAIT)
    kill = f"--target={daemon.target}", "--kind=oom_kill", path
    (before,) = past(*kill)
    daemon.process.send_signal(signal.SIGKILL)
    assert daemon.process.wait(WAIT) == -signal.SIGKILL
    (alone,) = past(f"--ring_dir={daemon.ring}", "--kind=oom_kill", path)
    assert alone["seq"] == before["seq"]
    again = started(folder, cgroups)
    (after,) = past(f"--target={again.target}", "--kind=oom_kill", path)
    assert (after["seq"], after["oom_kill"], after["time_unix_ns"]) == tuple(
        before[name] for name in ("seq", "oom_kill", "time_unix_ns")
    )
    hog(cgroups, "victim").wait(WAIT)
    two = past(f"--target={again.target}", "--kind=oom_kill", path)
    assert two[0]["seq"] == before["seq"]
    assert int(str(two[1]["seq"])) > int(str(two[0]["seq"]))
    assert past(f"--target={again.target}", "--kind=oom_kill", path, f"--since={before['seq']}") == two[1:]
    assert past(f"--target={again.target}", "--kind=oom_kill", path, "--count=1") == two[1:]


def test_retention_and_off(cgroups: CgroupTree, folder: Path) -> None:
    daemon = started(folder, cgroups, "--event_storage_event_limit=default=-1,cgroup_created=0", "--process_events=off")
    for index in range(5):
        cgroups.make(f"c{index}")
        cgroups.remove(f"c{index}")
    path = f"{cgroups.name}/*"
    while len(past(f"--target={daemon.target}", path, "--kind=cgroup_removed")) < 5:
        pass
    assert past(f"--target={daemon.target}", path, "--kind=cgroup_created") == []
    refused = call("events", f"--target={daemon.target}", "--kind=exec")
    assert refused.returncode == 1
    assert "process_events=off" in refused.stderr
    daemon.end()
    off = started(folder, cgroups, "--events=off")
    refused = call("events", f"--target={off.target}")
    assert "events=off" in refused.stderr


def select_readable(process: subprocess.Popen[str], seconds: float) -> bool:
    import select

    return bool(select.select([process.stdout], [], [], seconds)[0])
