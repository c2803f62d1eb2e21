"""Events by the programs that bcc compiles, on a real kernel: a kill, a process and a cgroup. Compiled once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pycadvisor_fast import Collector
from pycadvisor_fast.event import Event, Exec, Exit, Fork, OomKill
from tests.host.cgroup_tree import CgroupTree
from tests.host.memory_limit import LIMIT, hog, limited

pytestmark = [
    pytest.mark.guest_inside,
    pytest.mark.skipif(
        "BCC_KERNEL_SOURCE" not in os.environ, reason="needs the kernel's header files, which the 6.1-v2 guest is given"
    ),
]
WAIT = 120.0
KINDS = ("oom_kill", "fork", "exec", "exit", "cgroup_created", "populated", "empty", "cgroup_removed")


@dataclass
class Told:
    """What one collector told of one life in one cgroup."""

    path: str
    victim: int
    sources: dict[str, str]
    reasons: dict[str, str]
    events: list[Event]

    def one(self, kind: str, *, pid: int = 0) -> Event:
        """The only event of a kind, in the cgroup or of a process."""
        same = [event for event in self.events if event.kind == kind]
        (found,) = [event for event in same if (event.payload.pid == pid if pid else event.cgroup_path == self.path)]  # type: ignore[union-attr]
        return found


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    with CgroupTree() as tree, Collector(interval=1, docker=None, history=5, events="bcc") as collector:
        kinds = collector.status()["events"]["kinds"]
        with collector.events(KINDS, timeout=WAIT) as stream:
            path = limited(tree, "victim")
            process = hog(tree, "victim")
            assert process.wait(WAIT) == -signal.SIGKILL
            tree.remove("victim")
            events = []
            while not events or (events[-1].kind, events[-1].cgroup_path) != ("cgroup_removed", path):
                events.append(next(stream))
        facts = {name: fact["source"] for name, fact in kinds.items()}
        yield Told(path, process.pid, facts, {name: fact["reason"] for name, fact in kinds.items()}, events)


def test_every_kind_comes_from_bcc_and_is_told_once(told: Told) -> None:
    assert {told.sources[kind] for kind in KINDS} == {"bcc"}
    assert {told.reasons[kind] for kind in KINDS} == {"asked for by name"}
    assert told.sources["oom"] == "kmsg", "what bcc cannot serve stays where it was"
    assert {event.source for event in told.events} == {"bcc"}


def test_kill(told: Told) -> None:
    event = told.one("oom_kill")
    assert isinstance(event.payload, OomKill)
    assert (event.payload.tgid, event.payload.uid) == (told.victim, 0)
    assert event.payload.comm.startswith("python")
    assert 0 < (event.payload.anon_rss_bytes or 0) <= LIMIT, "6.1 as Debian has it tells the sizes"
    assert event.cgroup_path == told.path


def test_process(told: Told) -> None:
    fork, ended = told.one("fork", pid=told.victim), told.one("exit", pid=told.victim)
    assert isinstance(fork.payload, Fork)
    assert fork.payload.parent_pid == os.getpid()
    execs = [event for event in told.events if isinstance(event.payload, Exec) and event.payload.pid == told.victim]
    assert [Path(event.payload.filename).name for event in execs] == ["sh", Path(sys.executable).name]  # type: ignore[union-attr]
    assert isinstance(ended.payload, Exit)
    assert ended.payload.exit_code is None, "no tracepoint tells it"
    assert ended.payload.run_ns is not None
    assert ended.cgroup_path == told.path
    assert fork.monotonic_ns <= execs[0].monotonic_ns < execs[1].monotonic_ns < ended.monotonic_ns


def test_cgroup(told: Told) -> None:
    times = [told.one(kind).monotonic_ns for kind in ("cgroup_created", "populated", "empty", "cgroup_removed")]
    assert times == sorted(times)


def test_missing_header_files_are_one_reason() -> None:
    environment = {**os.environ, "BCC_KERNEL_SOURCE": "/nowhere"}
    code = (
        "from pycadvisor_fast.events import bcc\nfrom pycadvisor_fast.errors import NotServedError\n"
        "try:\n    bcc.Programs(print)\nexcept NotServedError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "no header files of kernel" in done.stdout
