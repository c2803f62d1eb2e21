"""pycadvisor_fast.rest against a live daemon with a private Docker: every call, blocking and asyncio, typed."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pycadvisor_fast import attach
from pycadvisor_fast.rest import AsyncClient, Client, RestError, models
from tests.host.docker_engine import IMAGE, DockerEngine
from tests.host.http_daemon import HttpDaemon, eventually, http_daemon

pytestmark = [pytest.mark.root, pytest.mark.docker]

NAME = f"pcf-rest-{os.getpid()}"
LIMIT = 64 << 20


@pytest.fixture(scope="module")
def ident(docker_engine: DockerEngine) -> Iterator[str]:
    command = ("sh", "-c", "while :; do :; done")
    made = docker_engine.run(NAME, *command, Labels={"team": "a"}, HostConfig={"Memory": LIMIT})
    yield made
    docker_engine.remove(made)


@pytest.fixture(scope="module")
def daemon(docker_engine: DockerEngine, ident: str) -> Iterator[HttpDaemon]:
    with http_daemon("--housekeeping_interval=100ms", f"--docker={docker_engine.endpoint}") as running:
        with Client(running.url) as client:
            eventually(lambda: any(NAME in one.aliases and len(one.stats) > 3 for one in client.docker().values()))
        yield running


@pytest.fixture
def client(daemon: HttpDaemon) -> Iterator[Client]:
    with Client(daemon.url) as made:
        yield made


def test_a_docker_container(client: Client, daemon: HttpDaemon, ident: str) -> None:
    ring = attach(daemon.ring)
    (slot,) = [one.slot for one in ring.containers() if one.id == ident]
    before = ring.latest("cpu").row(slot)["usage_ns"]
    found = client.docker_container(NAME, num_stats=3)
    after = ring.latest("cpu").row(slot)["usage_ns"]
    assert (found.id, found.namespace, found.aliases[0]) == (ident, "docker", NAME)
    assert found.spec is not None
    assert found.spec.memory is not None
    assert (found.spec.image, found.spec.labels["team"], found.spec.memory.limit) == (IMAGE, "a", LIMIT)
    assert found.spec.creation_time is not None
    times = [sample.timestamp for sample in found.stats]
    assert times == sorted(times)  # type: ignore[type-var]
    assert len(times) == 3
    newest = found.stats[-1]
    assert newest.cpu is not None
    assert newest.cpu.usage is not None
    assert before <= newest.cpu.usage.total <= after  # type: ignore[operator]
    assert found == client.docker_container(ident[:12], start=times[0], end=times[-1], num_stats=3)
    assert newest.network is not None
    assert newest.network.tcp_advanced is not None


def test_everything_else_is_answered(client: Client) -> None:
    root = client.container("/", num_stats=1)
    assert root.name == "/"
    assert any(one.name == "/docker" for one in root.subcontainers)
    below = {one.name for one in client.subcontainers("/docker", num_stats=0)}
    assert "/docker" in below
    machine = client.machine()
    assert machine.num_cores == os.cpu_count()
    attributes = client.attributes()
    assert attributes.kernel_version == os.uname().release
    assert attributes.memory_capacity == machine.memory_capacity
    assert client.version() == attributes.cadvisor_version
    assert client.machine_stats(count=1)[0].memory is not None
    assert client.is_healthy()
    stats = client.stats("/", recursive=True, count=2)
    assert set(stats) >= below
    assert all(isinstance(one, models.ContainerInfoV2) for one in stats.values())
    (path,) = client.stats(NAME, naming="docker")
    assert client.specs(NAME, naming="docker")[path].aliases[0] == NAME
    summary = client.summary(path)[path]
    assert summary.latest_usage is not None
    assert [one.cmd for one in client.processes(NAME, "docker")] == ["sh"]
    assert "root" in {label for one in client.storage() for label in one.labels}
    assert client.app_metrics(path) == {path: {}}


def test_max_age_has_a_sample_taken_now(client: Client) -> None:
    def newest() -> int:
        sample = client.stats(NAME, naming="docker", count=1, max_age=0).popitem()[1].stats[-1]  # type: ignore[attr-defined]
        assert sample.timestamp is not None
        return int(sample.timestamp)

    assert newest() < newest() < newest()


def test_an_unknown_container_is_said(client: Client) -> None:
    with pytest.raises(RestError, match="unknown container") as caught:
        client.container("/no/such")
    assert caught.value.status == 500


def test_asyncio_answers_the_same(client: Client, daemon: HttpDaemon) -> None:
    async def main() -> tuple[object, ...]:
        async with AsyncClient(daemon.url) as found:
            calls = found.machine(), found.version(), found.specs(NAME, naming="docker"), found.storage("root")
            return tuple(await asyncio.gather(*calls))

    machine, version, specs, storage = asyncio.run(main())
    assert (machine, version) == (client.machine(), client.version())
    assert specs == client.specs(NAME, naming="docker")
    assert [one.device for one in storage] == [one.device for one in client.storage("root")]  # type: ignore[attr-defined]


def test_events_are_followed_and_found_again(daemon: HttpDaemon, client: Client, docker_engine: DockerEngine) -> None:
    heard: list[models.Event] = []

    def listen() -> None:
        with Client(daemon.url) as mine, closing(mine.stream_events(types=["containerDeletion"])) as stream:  # type: ignore[type-var]
            heard.append(next(stream))

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()

    def come_and_go() -> bool:
        docker_engine.remove(docker_engine.run())
        return bool(heard)

    eventually(come_and_go)
    listener.join(20)
    (event,) = heard
    assert event.event_type == "containerDeletion"
    assert event.event_data is not None
    assert event.event_data.container_deletion is not None
    past = client.events("/", types=["containerDeletion"], max_events=-1)
    assert (event.container_name, event.timestamp) in {(one.container_name, one.timestamp) for one in past}
    assert Path(str(event.container_name)).is_absolute()
