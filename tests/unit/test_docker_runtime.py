"""The Docker adapter against a fake daemon: names, events, and every way a socket can fail."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pycadvisor_fast.discovery.runtimes import Identity
from pycadvisor_fast.discovery.runtimes.docker import DockerRuntime
from pycadvisor_fast.discovery.runtimes.loop import RuntimeLoop
from tests.unit.docker_fake import FakeDocker

A, B, C = "a1" * 32, "b2" * 32, "c3" * 32


class Heard:
    """A sink that remembers the newest identity of each id and can be waited on."""

    def __init__(self) -> None:
        self.identities: dict[str, Identity] = {}
        self.changed = threading.Condition()

    def identified(self, identity: Identity) -> None:
        with self.changed:
            self.identities[identity.id] = identity
            self.changed.notify_all()

    def wait(self, condition: Callable[[dict[str, Identity]], bool], seconds: float = 10.0) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self.identities), seconds), self.identities

    def wait_name(self, ident: str, name: str) -> None:
        self.wait(lambda known: ident in known and known[ident].name == name)


class Bench:
    """A fake daemon, the adapter in its loop, and what it told."""

    def __init__(self, path: Path) -> None:
        self.docker = FakeDocker(path)
        self.runtime = DockerRuntime(f"unix://{path}", timeout_s=0.3, ping_s=0.2)
        self.heard = Heard()
        self.loop = RuntimeLoop([self.runtime], self.heard)

    def wait_state(self, state: str) -> dict[str, object]:
        tick = threading.Event()
        for _ in range(1000):
            status = self.runtime.status()
            if status["state"] == state:
                return status
            tick.wait(0.01)
        raise AssertionError(f"never {state}: {self.runtime.status()}")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "docker.sock")
    yield made
    made.loop.stop()
    made.docker.stop()


def test_the_first_list_names_everything(bench: Bench) -> None:
    bench.docker.add(A, "web", labels={"tier": "front"}, network="host", restarts=3)
    bench.docker.add(B, "db", labels={"io.kubernetes.docker.type": "podsandbox", "io.kubernetes.pod.uid": "u-1"})
    bench.docker.start()
    bench.loop.start()
    bench.heard.wait(lambda known: len(known) == 2 and all(one.pid for one in known.values()))
    web, sandbox = bench.heard.identities[A], bench.heard.identities[B]
    assert (web.name, web.image, web.network_mode, web.restart_count) == ("web", "busybox:1", "host", 3)
    assert dict(web.labels) == {"tier": "front"}
    assert web.created_ns == 1_700_000_000_123_456_789
    assert web.started_ns == 1_700_000_001_000_000_000
    assert (sandbox.kind, sandbox.pod_uid) == ("sandbox", "u-1")
    status = bench.wait_state("connected")
    assert (status["detail"], status["containers"], status["reconnects"]) == ("Docker 99.1", 2, 0)


def test_a_cgroup_that_docker_has_not_listed_is_inspected(bench: Bench) -> None:
    bench.docker.start()
    bench.loop.start()
    bench.wait_state("connected")
    bench.docker.add(A, "late", is_running=False)
    bench.loop.ask("docker", A)
    bench.heard.wait_name(A, "late")


def test_a_cgroup_that_was_there_before_the_connection_is_inspected(bench: Bench) -> None:
    bench.docker.add(A, "starting", is_running=False)
    bench.loop.start()
    bench.loop.ask("raw", A)
    bench.docker.start()
    bench.heard.wait_name(A, "starting")


def test_the_id_of_somebody_else_is_asked_for_once_and_never_named(bench: Bench) -> None:
    bench.docker.start()
    bench.loop.start()
    bench.wait_state("connected")
    bench.loop.ask("docker", B)
    bench.loop.ask("containerd", C)
    bench.docker.add(A, "mine")
    bench.loop.ask("docker", A)
    bench.heard.wait_name(A, "mine")
    assert set(bench.heard.identities) == {A}
    assert not any(C in target for target in bench.docker.requests)


def test_events_name_rename_and_forget(bench: Bench) -> None:
    bench.docker.start()
    bench.loop.start()
    bench.wait_state("connected")
    bench.docker.wait_for_stream()
    bench.docker.add(A, "one")
    bench.docker.event("create", A)
    bench.heard.wait_name(A, "one")
    bench.docker.containers[A]["name"] = "two"
    bench.docker.event("rename", A, oldName="/one")
    bench.heard.wait_name(A, "two")
    bench.docker.event("exec_create: ls", A, name="three")
    bench.docker.event("destroy", A)
    bench.docker.add(B, "next")
    bench.docker.event("start", B)
    bench.heard.wait_name(B, "next")
    assert bench.runtime.known() == 1
    assert bench.heard.identities[A].name == "two"


def test_a_known_container_whose_cgroup_appears_is_told_again_without_asking(bench: Bench) -> None:
    bench.docker.add(A, "web")
    bench.docker.start()
    bench.loop.start()
    bench.heard.wait(lambda known: A in known and known[A].pid > 0)
    bench.heard.identities.clear()
    asked = len([target for target in bench.docker.requests if A in target])
    bench.loop.ask("docker", A)
    bench.heard.wait_name(A, "web")
    assert len([target for target in bench.docker.requests if A in target]) == asked


def test_names_survive_a_restart_and_changes_meanwhile_are_found(bench: Bench) -> None:
    bench.docker.add(A, "web")
    bench.docker.start()
    bench.loop.start()
    bench.heard.wait(lambda known: A in known and known[A].pid > 0)
    bench.docker.stop()
    bench.wait_state("missing")
    assert bench.runtime.known() == 1
    bench.docker.containers[A]["name"] = "renamed"
    bench.docker.start()
    bench.heard.wait_name(A, "renamed")
    status = bench.wait_state("connected")
    assert status["reconnects"] == 1


def test_a_missing_socket_is_a_state_and_found_when_it_appears(bench: Bench) -> None:
    bench.loop.start()
    status = bench.wait_state("missing")
    assert str(bench.docker.path) in str(status["detail"])
    bench.docker.start()
    bench.wait_state("connected")


def test_a_socket_nobody_listens_on_is_missing(bench: Bench) -> None:
    bench.docker.start()
    bench.docker.stop(keep_socket=True)
    bench.loop.start()
    bench.wait_state("missing")


def test_a_socket_that_may_not_be_used_is_named_with_the_mend(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(path: str, **how: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(asyncio, "open_unix_connection", refused)  # root, who runs this, may use any
    bench.loop.start()
    detail = str(bench.wait_state("error")["detail"])
    assert f"{bench.docker.path}: Permission denied; run as root or in the group" in detail


def test_a_hanging_daemon_is_a_state_and_recovers(bench: Bench) -> None:
    bench.docker.habit = "hang"
    bench.docker.start()
    bench.loop.start()
    status = bench.wait_state("hanging")
    assert "no answer within 0.3 s" in str(status["detail"])
    bench.docker.habit = ""
    bench.wait_state("connected")


def test_a_daemon_that_begins_to_hang_is_noticed_without_any_event(bench: Bench) -> None:
    bench.docker.start()
    bench.loop.start()
    bench.wait_state("connected")
    bench.docker.habit = "hang"
    bench.wait_state("hanging")


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        ("garbage", "this is no HTTP"),
        ("huge", "head is longer than"),
        ("cut", "ends 999 bytes early"),
        ("json", "the answer is no JSON"),
        ("500", "status 500"),
    ],
)
def test_nonsense_is_a_named_error_and_recovers(bench: Bench, habit: str, text: str) -> None:
    bench.docker.habit = habit
    bench.docker.start()
    bench.loop.start()
    assert text in str(bench.wait_state("error")["detail"])
    bench.docker.habit = ""
    bench.wait_state("connected")


def test_one_container_that_cannot_be_inspected_disturbs_no_other(bench: Bench) -> None:
    bench.docker.add(A, "stuck")
    bench.docker.start()
    bench.docker.inspect_habit = "hang"
    bench.loop.start()
    bench.heard.wait_name(A, "stuck")  # from the list
    bench.docker.inspect_habit = ""
    bench.heard.wait(lambda known: known[A].pid > 0)
    assert bench.runtime.status()["state"] == "connected"


@pytest.mark.parametrize(
    "line", [b"[]\n", b'"x"\n', b"{}\n", b'{"Type":"container","Actor":[],"id":5}\n', b'{"Type":"network"}\n']
)
def test_odd_events_are_passed_over(bench: Bench, line: bytes) -> None:
    bench.docker.start()
    bench.loop.start()
    bench.docker.wait_for_stream()
    bench.docker.raw_event(line)
    bench.docker.add(A, "web")
    bench.docker.event("start", A)
    bench.heard.wait_name(A, "web")
    assert bench.runtime.status()["reconnects"] == 0


@pytest.mark.parametrize("line", [b"\xff\xfe nonsense\n", b"{" * 100_000 + b"\n", b"x" * ((1 << 20) + 1)])
def test_broken_events_end_the_connection_and_a_new_one_follows(bench: Bench, line: bytes) -> None:
    bench.docker.start()
    bench.loop.start()
    bench.wait_state("connected")
    bench.docker.wait_for_stream()
    bench.docker.raw_event(line)
    bench.docker.add(A, "web")
    bench.heard.wait_name(A, "web")
    assert bench.wait_state("connected")["reconnects"] == 1


def test_a_daemon_that_drops_every_connection_is_asked_less_and_less(bench: Bench) -> None:
    bench.docker.add(A, "web")
    bench.docker.ends_events = True
    bench.docker.start()
    bench.loop.start()
    bench.heard.wait_name(A, "web")
    threading.Event().wait(1.5)
    assert bench.docker.requests.count("/containers/json?all=0") <= 5, "pauses are 0.2, 0.4, 0.8 ... s"


def test_stopping_while_connecting_hanging_or_never_started(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "docker.sock")
    bench.loop.stop()
    bench.docker.habit = "hang"
    bench.docker.start()
    bench.loop.start()
    bench.loop.ask("docker", A)
    bench.loop.stop()
    bench.loop.stop()
    bench.loop.ask("docker", A)
    bench.docker.stop()
