"""What happens in real cgroups, as a collector, its gRPC clients and other processes see it."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast import Collector, attach_events
from pycadvisor_fast.client import AsyncClient, Client
from pycadvisor_fast.errors import RingError
from pycadvisor_fast.event import ContainerExit, Event, Exec, Exit, Note, OomKill
from pycadvisor_fast.events import EventStream
from pycadvisor_fast.faces.grpc import serve
from pycadvisor_fast.v1.events_pb2 import Event as Message
from pycadvisor_fast.views.selection import Selector
from tests.host.cgroup_tree import CgroupTree
from tests.host.memory_limit import LIMIT, hog, kernel_kills, limited

pytestmark = pytest.mark.root
WAIT = 30.0


@pytest.fixture
def collector(cgroups: CgroupTree) -> Iterator[Collector]:
    """One that follows our own cgroups."""
    with Collector(interval=0.1, docker=None, history=5, include=(f"{cgroups.name}*",)) as made:
        yield made


def ours(cgroups: CgroupTree) -> Selector:
    return Selector(paths=(cgroups.name, f"{cgroups.name}/*"))


def first(stream: EventStream, condition: Callable[[Event], bool]) -> Event:
    """The first event for which the condition holds; TimeoutError after ``WAIT`` seconds of silence."""
    return next(event for event in stream if condition(event))


# ---- OOM ----
def test_an_oom_kill_names_victim_cgroup_and_limit(cgroups: CgroupTree, collector: Collector) -> None:
    path = limited(cgroups, "small")
    with collector.events(["oom_kill"], containers=ours(cgroups), timeout=WAIT) as stream:
        process = hog(cgroups, "small")
        assert process.wait(WAIT) == -signal.SIGKILL
        event = next(stream)
    kill = event.payload
    assert isinstance(kill, OomKill)
    assert (event.cgroup_path, kill.tgid) == (path, process.pid)
    assert event.container is not None
    assert event.container.path == path
    assert kill.comm.startswith("python")
    assert kill.constraint in ("memcg", "unknown")
    if event.source in ("bpf", "bcc"):
        assert (kill.limit_bytes, kill.uid, kill.memcg_path) == (LIMIT, os.getuid(), path)
        assert 0 < (kill.anon_rss_bytes or 0) <= LIMIT  # mapped files are charged to whoever read them first
    assert event.monotonic_ns <= event.logged_ns <= time.monotonic_ns()
    assert abs(event.time_ns - time.time_ns()) < WAIT * 1e9


def test_every_kill_of_a_burst_comes_with_its_cgroup_also_over_grpc(cgroups: CgroupTree, collector: Collector) -> None:
    names = [f"c{index}" for index in range(10)]
    paths = [limited(cgroups, name) for name in names]

    async def listen() -> list[Message]:
        server = await serve(collector, "127.0.0.1:0")
        out: list[Message] = []
        try:
            async with AsyncClient(server.addresses[0]) as client:
                stream = client.stream_events(kinds="oom_kill", paths=f"{cgroups.name}/*")
                await anext(stream)
                processes = await asyncio.to_thread(lambda: [hog(cgroups, name) for name in names])
                async with asyncio.timeout(WAIT):
                    while len(out) < len(names):
                        out += (await anext(stream)).events
                await stream.aclose()  # type: ignore[attr-defined]
            for process in processes:
                process.wait(WAIT)
            return sorted(out, key=lambda event: event.oom_kill.tgid)
        finally:
            await server.stop(0.2)

    found = run(listen())
    assert {event.container.path for event in found} == set(paths)
    assert [kernel_kills(cgroups, name) for name in names] == [1] * len(names)


# ---- cgroups and containers ----
WORK = """
import sys
held = [bytearray(1 << 20) for _ in range(30)]
for _ in range(60):
    sum(range(40000))
sys.exit(5)
"""


def test_the_life_of_a_cgroup_is_told_in_order_once(cgroups: CgroupTree, collector: Collector) -> None:
    wanted = ["cgroup_created", "populated", "empty", "cgroup_removed", "container_start", "container_exit"]
    with collector.events(wanted, containers=ours(cgroups), timeout=WAIT) as stream:
        path = cgroups.make("brief")
        process = cgroups.spawn("brief", "sleep", "0.1")
        process.wait(WAIT)
        cgroups.remove("brief")
        # The exit is the last of it, or the removal: whichever is noted later.
        seen: list[Event] = []
        while not {"cgroup_removed", "container_exit"} <= {event.kind for event in seen}:
            event = next(stream)
            seen += [event] if event.cgroup_path == path else []
    kinds = [event.kind for event in seen]
    assert sorted(kinds) == sorted(wanted)
    places = {kind: kinds.index(kind) for kind in kinds}
    assert places["cgroup_created"] < places["populated"] < places["empty"]
    assert places["populated"] < places["container_exit"]


def test_a_container_that_lived_a_moment_leaves_its_numbers(cgroups: CgroupTree, collector: Collector) -> None:
    with collector.events(["container_exit"], containers=ours(cgroups), timeout=WAIT) as stream:
        path = cgroups.make("worker")
        process = cgroups.spawn("worker", sys.executable, "-S", "-c", WORK)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        cgroups.remove("worker")
        event = first(stream, lambda event: event.cgroup_path == path)
    end = event.payload
    assert isinstance(end, ContainerExit)
    assert (end.code, process.returncode) == (5, 5)
    assert end.cpu_ns is not None
    cpu_ns = (used.ru_utime + used.ru_stime) * 1e9
    # The shell before it entered the cgroup is in what wait4 counts, a few milliseconds.
    assert 0.7 * cpu_ns < end.cpu_ns < 1.1 * cpu_ns + 5e6
    assert (end.memory_peak_bytes or 0) > 30 * 2**20
    assert end.life_ns
    (past,) = collector.past_events(["container_exit"], containers=Selector(paths=(path,)))
    assert past == event


def test_the_past_is_there_when_the_cgroup_is_gone_and_the_clock_is_that_of_samples(
    cgroups: CgroupTree, collector: Collector
) -> None:
    before, tick_before = time.time_ns(), collector.sample()
    path = cgroups.make("gone")
    cgroups.remove("gone")
    found: list[Event] = []
    end = time.monotonic() + WAIT
    while len(found) < 2:
        assert time.monotonic() < end, found
        found = collector.past_events(["cgroup_created", "cgroup_removed"], containers=Selector(paths=(path,)))
    assert [event.kind for event in found] == ["cgroup_created", "cgroup_removed"]
    collector.wait(tick_before + 1, WAIT)
    window = collector.window("cpu", 60)
    assert window.monotonic_ns[0] <= found[0].monotonic_ns <= time.monotonic_ns()
    assert before <= found[0].time_ns <= found[1].time_ns <= time.time_ns()
    assert collector.past_events(containers=Selector(paths=(path,)), to_ns=before - 10**9) == []


# ---- processes ----
def test_process_events_are_told_while_somebody_follows_them(cgroups: CgroupTree, collector: Collector) -> None:
    cgroups.make("shell")
    assert collector.status()["events"]["wanted"] == []
    with collector.events(["exec", "exit"], containers=ours(cgroups), timeout=WAIT) as stream:
        assert set(collector.status()["events"]["wanted"]) == {"exec", "exit"}
        process = cgroups.spawn("shell", "sh", "-c", "/bin/true; exit 9")
        process.wait(WAIT)
        seen: list[Event] = []
        while not any(isinstance(event.payload, Exit) and event.payload.pid == process.pid for event in seen):
            seen.append(next(stream))
    assert collector.status()["events"]["wanted"] == []
    last = seen[-1].payload
    assert isinstance(last, Exit)
    assert last.exit_code == 9
    execs = [event.payload for event in seen if isinstance(event.payload, Exec)]
    assert any(one.filename.endswith("/true") for one in execs)
    assert all(not event.caveats or event.source != "bpf" for event in seen)


# ---- what the collector says itself ----
def test_a_kill_that_only_a_runtime_saw_and_a_note_of_the_collectors_own(
    cgroups: CgroupTree, collector: Collector
) -> None:
    path = cgroups.make("seen")
    following = collector._opened().following
    following._has_kernel_ooms = False
    following.ended(path, None, is_oom_killed=True)
    assert following._writer is not None
    seq = following._writer.append_note("column_demoted", "cpu.usage_ns differs by 5")
    kill, note = collector.past_events(["oom_kill", "column_demoted"])[-2:]
    assert (kill.source, kill.cgroup_path, set(kill.caveats)) == ("runtime", path, {"late", "partial"})
    assert kill.payload == OomKill(memcg_path="")
    assert (note.seq, note.source, note.payload) == (seq, "collector", Note("cpu.usage_ns differs by 5"))
    assert note.container is None
    assert abs(note.time_ns - time.time_ns()) < WAIT * 1e9


# ---- other processes ----
LISTEN = """
import sys
from pycadvisor_fast import Client
with Client(sys.argv[1]) as client:
    got = missed = 0
    for batch in client.stream_events(kinds="exec", paths=sys.argv[2]):
        got += len(batch.events)
        missed += sum(one.count for one in batch.missed)
        print(got, missed, flush=True)
"""


def test_a_stopped_subscriber_is_told_what_it_missed(cgroups: CgroupTree, project_root: Path, tmp_path: Path) -> None:
    """The log holds fewer exec events than happen while the subscriber's process is stopped."""
    path = cgroups.make("storm")
    spawns = 4000  # more than sockets and flow control hold
    options: dict[str, Any] = {"event_counts": {"default": 100, "exec": 1}}

    def stop_and_go_on(target: str) -> tuple[int, int]:
        environment = {**os.environ, "PYTHONPATH": str(project_root)}
        command = [sys.executable, "-c", LISTEN, target, path]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as stuck:
            assert stuck.stdout is not None
            assert stuck.stdout.readline() == "0 0\n"
            stuck.send_signal(signal.SIGSTOP)
            shell = f"i=0; while [ $i -lt {spawns} ]; do {'/' * 150}bin/true; i=$((i+1)); done"  # large events
            assert cgroups.spawn("storm", "sh", "-c", shell).wait(2 * WAIT) == 0
            time.sleep(0.3)  # the last ones are drained at most 100 ms later
            stuck.send_signal(signal.SIGCONT)
            end = time.monotonic() + WAIT
            got = missed = 0
            while got + missed < spawns:
                assert time.monotonic() < end, (got, missed)
                got, missed = map(int, stuck.stdout.readline().split())
            stuck.kill()
        return got, missed

    async def main() -> tuple[int, int, int]:
        with Collector(interval=1, docker=None, history=5, include=(path,), **options) as collector:
            server = await serve(collector, f"unix:{tmp_path}/grpc.sock")  # holds less than a TCP connection
            try:
                got, missed = await asyncio.to_thread(stop_and_go_on, server.addresses[0])
            finally:
                await server.stop(0.2)
            return got, missed, collector.status()["events"]["kinds"]["exec"]["lost"]

    got, missed, lost = run(main())
    assert missed > 0
    assert got > 0
    assert got + missed + lost >= spawns + 1  # the shell's own


def test_another_process_reads_and_follows_the_log(cgroups: CgroupTree, collector: Collector) -> None:
    with attach_events(collector.ring.path) as log, closing(log.events(["cgroup_created"], timeout=WAIT)) as stream:
        assert log.is_alive
        path = cgroups.make("new")
        assert first(stream, lambda event: event.cgroup_path == path).seq <= log.latest
        found = log.past_events(["cgroup_created"], match=lambda event: event.cgroup_path == path)
        assert [event.cgroup_path for event in found] == [path]
        collector.close()
        with pytest.raises(RingError, match="no collector writes"):
            list(itertools.islice(stream, 1000))


def test_a_thousand_questions_while_events_come(cgroups: CgroupTree, collector: Collector) -> None:
    def ask(target: str) -> int:
        most = 0
        with Client(target) as client:
            for index in range(1000):
                if index % 20 == 0:
                    cgroups.make(f"q{index}")
                found = client.past_events(count=5, newest_first=True)
                assert [event.seq for event in found] == sorted((event.seq for event in found), reverse=True)
                most = max(most, found[0].seq if found else 0)
        return most

    async def main() -> int:
        server = await serve(collector, "127.0.0.1:0")
        try:
            return await asyncio.to_thread(ask, server.addresses[0])
        finally:
            await server.stop(0.2)

    assert run(main()) >= 50


def run(main: Coroutine[Any, Any, Any]) -> Any:
    async def bounded() -> Any:
        async with asyncio.timeout(6 * WAIT):
            return await main

    return asyncio.run(bounded())
