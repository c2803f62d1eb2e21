"""Events without eBPF: the process connector, the kernel's log with each cgroup's counters, and the watched tree."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycadvisor_fast import Collector
from pycadvisor_fast.event import ContainerExit, Event, Exit, OomKill
from pycadvisor_fast.views.selection import Selector
from tests.host.cgroup_tree import CgroupTree
from tests.host.memory_limit import LIMIT, hog, kernel_kills, limited

pytestmark = pytest.mark.root
WAIT = 60.0
KILLS = 10
SPAWNS = 200


@pytest.fixture
def collector(cgroups: CgroupTree) -> Iterator[Collector]:
    """One that uses no BPF, and follows our own cgroups."""
    options = {"interval": 0.5, "docker": None, "history": 5, "include": (f"{cgroups.name}*",)}
    with Collector(**options, events="fallback") as made:
        yield made


def ours(cgroups: CgroupTree) -> Selector:
    return Selector(paths=(cgroups.name, f"{cgroups.name}/*"))


@pytest.mark.guest_inside
def test_kinds_have_other_sources_and_say_why(collector: Collector) -> None:
    kinds = collector.status()["events"]["kinds"]
    sources = {name: fact["source"] for name, fact in kinds.items()}
    assert {sources[name] for name in ("fork", "exec", "exit")} == {"connector"}
    assert sources["oom_kill"] == "kmsg"
    assert {sources[name] for name in ("cgroup_created", "cgroup_removed", "populated", "empty")} == {"watch"}
    assert {sources[name] for name in ("container_start", "container_exit")} == {"derived"}
    assert all("bpf: switched off" in kinds[name]["reason"] for name in ("fork", "oom_kill", "empty"))


@pytest.mark.guest_inside
def test_ten_kills_are_ten_events_of_their_cgroups(cgroups: CgroupTree, collector: Collector) -> None:
    """Two in each of five: the kernel's log leaves out where most of them were."""
    names = [f"c{index}" for index in range(KILLS // 2)]
    paths = [limited(cgroups, name) for name in names]
    with collector.events(["oom_kill"], containers=ours(cgroups), timeout=WAIT) as stream:
        killed = []
        for name in names * 2:
            process = hog(cgroups, name)
            assert process.wait(WAIT) == -signal.SIGKILL
            killed.append(process.pid)
        events = [next(stream) for _ in range(KILLS)]
    assert Counter(event.cgroup_path for event in events) == Counter(paths * 2)
    assert [kernel_kills(cgroups, name) for name in names] == [2] * len(names)
    victims = [event.payload for event in events if isinstance(event.payload, OomKill)]
    assert sorted(kill.tgid or 0 for kill in victims) == sorted(killed)
    assert {event.source for event in events} == {"kmsg"}
    assert all(kill.constraint == "memcg" and 0 < (kill.anon_rss_bytes or 0) <= 4 * LIMIT for kill in victims)
    time.sleep(1.0)  # what the counters miss is told half a second later
    assert len(collector.past_events(["oom_kill"], containers=ours(cgroups))) == KILLS


def test_each_process_of_a_burst_is_told_of(collector: Collector) -> None:
    before = collector.status()["events"]["kinds"]
    with collector.events(["fork", "exec", "exit"], timeout=WAIT) as stream:
        pids = set()
        for _ in range(SPAWNS):
            process = subprocess.Popen(["/bin/true"])
            pids.add(process.pid)
            process.wait(WAIT)
        seen: dict[str, set[int]] = {"fork": set(), "exec": set(), "exit": set()}
        while not pids <= seen["exit"]:
            event = next(stream)
            seen[event.kind].add(event.payload.pid)  # type: ignore[union-attr, arg-type]
    assert pids <= seen["fork"]
    assert pids <= seen["exec"]
    after = collector.status()["events"]["kinds"]
    assert all(after[kind]["seen"] - before[kind]["seen"] >= SPAWNS for kind in seen)
    assert all(after[kind]["lost"] == 0 for kind in seen)


WORK = "import sys, time\nheld = bytearray(20 << 20)\nwhile time.process_time() < 0.4: pass\nsys.exit(5)"


@pytest.mark.guest_inside
def test_the_last_record_of_a_container_has_its_numbers(cgroups: CgroupTree, collector: Collector) -> None:
    with collector.events(["container_exit"], containers=ours(cgroups), timeout=WAIT) as stream:
        path = cgroups.make("worker")
        process = cgroups.spawn("worker", sys.executable, "-S", "-c", WORK)
        assert process.wait(WAIT) == 5
        events: list[Event] = []
        while not events or events[-1].cgroup_path != path:
            events.append(next(stream))
    end = events[-1].payload
    assert isinstance(end, ContainerExit)
    assert end.exit_code == 5
    assert end.cpu_ns is not None
    assert 0.2e9 < end.cpu_ns < 10e9
    assert end.memory_peak_bytes is None or end.memory_peak_bytes > 20 * 2**20
    assert end.started_monotonic_ns is not None
    assert end.emptied_monotonic_ns is not None
    assert end.started_monotonic_ns < end.emptied_monotonic_ns
    assert (end.execs or 0) >= 1
    assert end.exits == 1
    assert end.threads is None, "nobody tells of threads here"


def test_the_exit_of_a_process_has_code_and_place(cgroups: CgroupTree, collector: Collector) -> None:
    path = cgroups.make("shell")
    with collector.events(["exit"], containers=ours(cgroups), timeout=WAIT) as stream:
        process = cgroups.spawn("shell", "sh", "-c", "sleep 0.3; exit 9")
        assert process.wait(WAIT) == 9
        ends = iter(stream)
        event = next(one for one in ends if isinstance(one.payload, Exit) and one.payload.pid == process.pid)
    assert isinstance(event.payload, Exit)
    assert (event.payload.exit_code, event.payload.signal) == (9, None)
    assert event.cgroup_path == path
    assert event.source == "connector"
    assert event.payload.run_ns is not None
    assert event.payload.cpu_ns is None


FACTS = """
import json, sys
from pycadvisor_fast import Collector
with Collector(ring_dir=sys.argv[1], docker=None, history=5, events="fallback", include=("/none",)) as collector:
    print(json.dumps(collector.status()["events"]["kinds"]))
"""


def test_without_rights_each_source_says_which(tmp_path: Path) -> None:
    """CAP_NET_ADMIN is not asked for by the connector since 6.6; the log is closed to whoever lacks CAP_SYSLOG."""
    lacking = "-net_admin,-syslog,-sys_admin"
    command = ["setpriv", f"--inh-caps={lacking}", f"--bounding-set={lacking}", sys.executable, "-c", FACTS]
    done = subprocess.run([*command, str(tmp_path / "ring")], capture_output=True, text=True, check=True, timeout=WAIT)
    kinds = json.loads(done.stdout)
    if Path("/proc/sys/kernel/dmesg_restrict").read_text().strip() == "1":
        assert "kmsg: /dev/kmsg: no CAP_SYSLOG" in kinds["oom_kill"]["reason"]
        assert kinds["oom_kill"]["source"] == "memory_events"
        assert set(kinds["oom_kill"]["caveats"]) == {"late", "partial"}
    if kinds["fork"]["source"] != "connector":
        assert "connector: process connector: no CAP_NET_ADMIN" in kinds["fork"]["reason"]
    assert kinds["cgroup_created"]["source"] == "watch"
