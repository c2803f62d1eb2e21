"""OOM kills and ends of real Docker containers, by name, and through an engine that dies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from pycadvisor_fast import Collector
from pycadvisor_fast.event import ContainerExit, Event, OomKill
from pycadvisor_fast.views.selection import Selector
from tests.host.docker_engine import DockerEngine

pytestmark = [pytest.mark.root, pytest.mark.docker]
WAIT = 30.0
MEMORY = 16 * 2**20
HOG = ("dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1")
SMALL = {"HostConfig": {"Memory": MEMORY, "MemorySwap": MEMORY}}


@pytest.fixture
def collector(docker_engine: DockerEngine) -> Iterator[Collector]:
    with Collector(interval=0.1, docker=docker_engine.endpoint, docker_timeout=2, history=5) as made:
        eventually(lambda: made.status()["runtimes"]["docker"]["state"] == "connected")
        yield made


def eventually(condition: Callable[[], object]) -> None:
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.005)


def of(collector: Collector, ident: str, kind: str) -> list[Event]:
    return collector.past_events([kind], containers=Selector(id_prefixes=(ident,)))


def test_a_container_killed_for_memory_is_told_by_name_with_the_engines_exit_code(
    docker_engine: DockerEngine, collector: Collector
) -> None:
    with collector.events(["oom_kill"], containers=Selector(runtimes=("docker",)), timeout=WAIT) as stream:
        ident = docker_engine.run("pcf-hog", *HOG, Labels={"tier": "back"}, **SMALL)
        event = next(stream)
    assert event.container is not None
    assert event.container.id == ident
    kill = event.payload
    assert isinstance(kill, OomKill)
    assert kill.comm == "dd"
    eventually(lambda: of(collector, ident, "container_exit"))
    docker_engine.remove(ident)

    def ended() -> bool:
        (exit_,) = of(collector, ident, "container_exit")
        return isinstance(exit_.payload, ContainerExit) and exit_.payload.runtime_code == 137

    eventually(ended)
    (end,) = of(collector, ident, "container_exit")
    assert isinstance(end.payload, ContainerExit)
    assert end.payload.code == 137
    assert end.payload.oom_kills == 1
    assert end.payload.memory_limit_bytes == MEMORY
    # It is gone, and still named as its engine had named it.
    eventually(lambda: collector.container(ident) is None)
    (past,) = of(collector, ident, "oom_kill")
    assert past.container is not None
    assert (past.container.name, past.container.labels["tier"]) == ("pcf-hog", "back")
    assert past.container.image.startswith("pcf-test")


def test_no_kill_is_lost_when_the_engine_is_killed_in_a_storm_of_them(
    docker_engine: DockerEngine, collector: Collector
) -> None:
    loop = f"while :; do {' '.join(HOG)} 2>/dev/null; done"
    ident = docker_engine.run("pcf-storm", "sh", "-c", loop, **SMALL)
    try:
        eventually(lambda: len(of(collector, ident, "oom_kill")) >= 2)
        docker_engine.kill()
        had = len(of(collector, ident, "oom_kill"))
        eventually(lambda: len(of(collector, ident, "oom_kill")) >= had + 3)
        docker_engine.start()
        eventually(lambda: collector.status()["runtimes"]["docker"]["state"] == "connected")
        had = len(of(collector, ident, "oom_kill"))
        eventually(lambda: len(of(collector, ident, "oom_kill")) >= had + 2)
        told = of(collector, ident, "oom_kill")
        assert {event.container.name for event in told if event.container is not None} == {"pcf-storm"}
    finally:
        docker_engine.remove(ident)
    eventually(lambda: of(collector, ident, "container_exit"))
    (end,) = of(collector, ident, "container_exit")
    assert isinstance(end.payload, ContainerExit)
    kills = [event for event in of(collector, ident, "oom_kill") if "was_dying" not in event.caveats]
    assert len(kills) == end.payload.oom_kills
    assert collector.status()["events"]["kinds"]["oom_kill"]["lost"] == 0
