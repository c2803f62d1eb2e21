"""Programs, maps and links of a daemon live as long as it does: kill -9 leaves none, two daemons do not meet."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast import Client
from tests.host.test_cli_daemon import Daemon

pytestmark = pytest.mark.root

BPFTOOL = shutil.which("bpftool", path=f"{os.environ['PATH']}:/usr/sbin") or "bpftool"
KINDS = ("prog", "map", "link")
Held = dict[str, set[int]]


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(f"/dev/shm/pcf-test-{os.getpid()}-left")
    path.mkdir()
    began = len(Daemon.all)
    yield path
    for daemon in Daemon.all[began:]:
        daemon.process.kill()
        daemon.process.wait()
    subprocess.run(["rm", "-rf", str(path)], check=True)


def started(folder: Path, name: str) -> Daemon:
    (folder / name).mkdir(exist_ok=True)
    daemon = Daemon(folder / name, "--housekeeping_interval=100ms")
    daemon.ready()
    return daemon


def held_by(pid: int) -> Held:
    """Ids of what a process holds descriptors of, by kind, as /proc/PID/fdinfo names them."""
    held: Held = {kind: set() for kind in KINDS}
    for entry in Path(f"/proc/{pid}/fdinfo").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
            for kind, number in re.findall(r"^(prog|map|link)_id:\t(\d+)$", entry.read_text(), re.MULTILINE):
                held[kind].add(int(number))
    return held


def in_kernel(kind: str) -> dict[int, dict[str, Any]]:
    """What bpftool shows of a kind, by id, with the files that pin it."""
    shown = subprocess.run([BPFTOOL, "-j", "-f", kind, "show"], capture_output=True, text=True, check=True).stdout
    return {entry["id"]: entry for entry in json.loads(shown or "[]")}


def left(held: Held) -> Held:
    """Those that the kernel still has after a while: it frees what nobody holds once no CPU runs it."""
    until = time.monotonic() + 20
    while True:
        rest = {kind: ids & in_kernel(kind).keys() for kind, ids in held.items()}
        if not any(rest.values()) or time.monotonic() > until:
            return rest
        time.sleep(0.05)


def ticks_on(daemon: Daemon) -> None:
    """Two samples, one after the other, so that its programs run."""
    with Client(daemon.target) as client:
        first = client.get(fresh=True, groups=["cpu"], paths="/")
        assert client.get(fresh=True, groups=["cpu"], paths="/").tick > first.tick


def test_a_killed_daemon_leaves_nothing_in_the_kernel(folder: Path) -> None:
    daemon = started(folder, "one")
    held = held_by(daemon.process.pid)
    assert all(held.values()), f"the daemon holds programs, maps and links: {held}"
    for kind in KINDS:
        shown = in_kernel(kind)
        assert held[kind] <= shown.keys()
        assert [shown[each] for each in held[kind] if shown[each].get("pinned")] == []
    daemon.end(signal.SIGKILL)
    assert left(held) == {kind: set() for kind in KINDS}


def test_what_is_ours_is_named_so(folder: Path) -> None:
    """Whoever looks with bpftool sees whose programs these are."""
    daemon = started(folder, "named")
    held, shown = held_by(daemon.process.pid), in_kernel("prog")
    names = {shown[each]["name"] for each in held["prog"]}
    assert names
    assert [name for name in names if not name.startswith("pcf_")] == []


def test_two_daemons_do_not_meet(folder: Path) -> None:
    one, two = started(folder, "one"), started(folder, "two")
    mine, theirs = held_by(one.process.pid), held_by(two.process.pid)
    assert all(mine.values())
    assert all(theirs.values())
    assert [mine[kind] & theirs[kind] for kind in KINDS] == [set(), set(), set()]
    one.end(signal.SIGKILL)
    assert left(mine) == {kind: set() for kind in KINDS}
    ticks_on(two)
    theirs = held_by(two.process.pid)
    assert all(theirs.values())
    assert two.end() == 0
    assert left(theirs) == {kind: set() for kind in KINDS}


def test_a_restart_after_kill_9_loads_anew(folder: Path) -> None:
    for _ in range(3):
        daemon = started(folder, "again")
        held = held_by(daemon.process.pid)
        assert all(held.values())
        ticks_on(daemon)
        daemon.end(signal.SIGKILL)
        assert left(held) == {kind: set() for kind in KINDS}
    daemon = started(folder, "again")
    ticks_on(daemon)
    assert daemon.end() == 0
