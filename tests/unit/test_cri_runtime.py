"""The CRI adapter against a fake server that calls itself CRI-O or containerd: pods, ends, and every way to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pycadvisor_fast.discovery.runtimes.cri import CriRuntime
from tests.unit.cri_fake import CONTAINER, CONTAINERS, EVENTS, POD, PODS, VERSION, FakeCri
from tests.unit.grpc_fake import FakeSocket
from tests.unit.heard import Running

P, A, B, C = "a1" * 32, "b2" * 32, "c3" * 32, "d4" * 32
SLOW = 3600.0  # a poll that does not come within the test

Make = Callable[..., tuple[FakeCri, Running]]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[tuple[FakeCri, Running]] = []

    def one(
        runtime: str = "cri-o", *, poll_s: float = SLOW, is_supplement: bool = False, has_events: bool = True
    ) -> tuple[FakeCri, Running]:
        path = tmp_path / "crio.sock"
        adapter = CriRuntime(f"unix://{path}", timeout_s=1.0, is_supplement=is_supplement, poll_s=poll_s)
        made.append((FakeCri(path, runtime, has_events=has_events), Running(adapter)))
        return made[-1]

    yield one
    for cri, running in made:
        running.loop.stop()
        cri.stop()


def populate(cri: FakeCri) -> None:
    cri.add_pod(P, "shop-1", "prod", "0b1f-uid", "10.0.0.7", "fd00::7")
    cri.add(A, P, "main", attempt=3, restarts="4")


def test_pods_and_containers_are_named(make: Make) -> None:
    cri, running = make()
    populate(cri)
    cri.start()
    running.loop.start()
    main = running.heard.wait_for(A, pid=4242, ip_addresses=("10.0.0.7", "fd00::7"))
    assert (main.runtime, main.namespace, main.kind, main.name) == ("crio", "crio", "container", "prod/shop-1/main")
    assert (main.pod_name, main.pod_namespace, main.pod_uid, main.container_name, main.sandbox_id) == (
        "shop-1", "prod", "0b1f-uid", "main", P,
    )  # fmt: skip
    assert (main.image, main.attempt, main.restart_count, main.log_path) == ("shop:2", 3, 4, "/var/log/pods/b2b2.log")
    assert (dict(main.labels), dict(main.envs)) == ({"tier": "fr\ufffdont"}, {"COLOUR": "blue"})
    assert (main.created_ns, main.started_ns) == (1_700_000_001_000_000_000, 1_700_000_002_000_000_000)
    sandbox = running.heard.wait_for(P, pid=77)
    assert (sandbox.kind, sandbox.name, sandbox.attempt, dict(sandbox.labels)) == (
        "sandbox", "prod/shop-1", 2, {"app": "shop"},
    )  # fmt: skip
    status = running.wait_state("connected")
    assert (status["detail"], status["containers"], running.runtime.name) == ("CRI of cri-o 9.9", 2, "cri-crio")


def test_beside_containerds_own_api_only_kubernetes_is_told(make: Make) -> None:
    cri, running = make("containerd", is_supplement=True)
    cri.add_pod(P, "shop-1", "prod", "0b1f-uid")
    cri.add(A, P, "main")
    cri.start()
    running.loop.start()
    running.loop.ask("containerd", A)
    main = running.heard.wait_for(A, log_path="/var/log/pods/b2b2.log", network_mode="host")
    assert (main.runtime, main.name) == ("containerd", "prod/shop-1/main")
    assert (dict(main.labels), dict(main.envs), main.pid, main.started_ns, main.runtime_state) == ({}, {}, 0, 0, "")
    cri.end(A, 1, "Error")
    cri.wait_for_subscriber()
    polls = cri.calls.count(CONTAINERS)
    cri.event()
    cri.wait_calls(CONTAINERS, polls + 1)
    cri.wait_calls(CONTAINER, 2)
    assert running.heard.ends == []


def test_a_cgroup_that_is_not_known_has_the_list_asked_for(make: Make) -> None:
    cri, running = make(has_events=False)
    cri.start()
    running.loop.start()
    running.wait_state("connected")
    populate(cri)
    running.loop.ask("crio", A)
    running.heard.wait_for(A, pid=4242)
    running.heard.identities.clear()
    polls = cri.calls.count(CONTAINERS)
    running.loop.ask("crio", A)
    running.heard.wait_for(A, pid=4242)
    running.loop.ask("docker", B)
    assert cri.calls.count(CONTAINERS) == polls


def test_an_end_is_asked_for_when_the_cgroup_is_gone(make: Make) -> None:
    cri, running = make(has_events=False)
    populate(cri)
    cri.add(B, P, "side", state=2)
    cri.ends[B] = 1, "Error"  # before anybody looked
    cri.start()
    running.loop.start()
    running.loop.ask("crio", A)
    running.heard.wait_for(A, runtime_state="running", pid=4242)
    cri.end(A, 137, "OOMKilled")
    running.loop.forget(A)
    (end,) = running.heard.wait_ends(1)
    assert (end.runtime, end.id, end.exit_code, end.is_oom_killed) == ("crio", A, 137, True)
    assert end.time_ns == 1_700_000_009_000_000_000
    running.heard.wait_for(A, runtime_state="stopped")


def test_an_event_has_the_list_asked_for(make: Make) -> None:
    cri, running = make()
    cri.start()
    running.loop.start()
    running.wait_state("connected")
    cri.wait_for_subscriber()
    populate(cri)
    cri.event()
    running.heard.wait_for(A, pid=4242)


def test_polls_notice_what_nobody_tells_and_forget_what_is_gone(make: Make) -> None:
    cri, running = make(poll_s=0.1, has_events=False)
    cri.start()
    running.loop.start()
    running.wait_state("connected")
    populate(cri)
    running.heard.wait_for(A, pid=4242)
    cri.containers.clear()
    cri.pods.clear()
    cri.wait_calls(CONTAINERS, cri.calls.count(CONTAINERS) + 2)
    assert running.runtime.known() == 0


@pytest.mark.parametrize(
    ("habit", "state"), [("hang", "hanging"), ("garbage", "error"), ("close", "error"), ("cut", "error")]
)
def test_a_socket_that_speaks_no_grpc(make: Make, habit: str, state: str) -> None:
    cri, running = make()
    fake = FakeSocket(cri.path, habit)
    running.loop.start()
    try:
        assert str(cri.path) in str(running.wait_state(state)["detail"])
    finally:
        fake.stop()
    populate(cri)
    cri.start()
    running.heard.wait_for(A, pid=4242)


@pytest.mark.parametrize("method", [VERSION, PODS, CONTAINERS])
@pytest.mark.parametrize(
    ("habit", "state", "text"),
    [
        ("hang", "hanging", "no answer within 1 s"),
        ("garbage", "error", "the answer is no"),
        ("huge", "error", "resource_exhausted"),
        ("error", "error", "it is broken"),
    ],
)
def test_wrong_answers_are_a_named_state_and_recover(
    make: Make, method: str, habit: str, state: str, text: str
) -> None:
    cri, running = make()
    populate(cri)
    cri.habits[method] = habit
    cri.start()
    running.loop.start()
    assert text in str(running.wait_state(state)["detail"])
    cri.habits.clear()
    running.heard.wait_for(A, pid=4242)
    running.wait_state("connected")


@pytest.mark.parametrize("habit", ["hang", "garbage", "huge", "error"])
def test_names_do_not_depend_on_details(make: Make, habit: str) -> None:
    cri, running = make(poll_s=0.2)
    populate(cri)
    cri.habits[POD] = cri.habits[CONTAINER] = cri.habits[EVENTS] = habit
    cri.start()
    running.loop.start()
    running.heard.wait_for(A, name="prod/shop-1/main")
    running.wait_state("connected")
    cri.habits.clear()
    running.heard.wait_for(A, pid=4242, ip_addresses=("10.0.0.7", "fd00::7"))
    assert running.runtime.status()["reconnects"] == 0


@pytest.mark.parametrize(
    "info", [b"", b"[]", b"{" * 100_000, b'{"pid": "x", "runtimeSpec": {"process": 5}}', b"x" * (2 << 20)]
)
def test_odd_information_is_left_out(make: Make, info: bytes) -> None:
    cri, running = make()
    populate(cri)
    cri.verbose[A] = info
    cri.start()
    running.loop.start()
    main = running.heard.wait_for(A, log_path="/var/log/pods/b2b2.log")
    assert (main.pid, dict(main.envs)) == (0, {})


def test_a_runtime_without_the_interface_is_missing_and_not_asked_again(make: Make) -> None:
    cri, running = make("containerd")
    del cri.methods[VERSION]
    cri.start()
    running.loop.start()
    assert "not served there" in str(running.wait_state("missing")["detail"])
    cri.methods[VERSION] = cri._version
    cri.stop()
    cri.start()  # another socket: looked at again at once
    running.wait_state("connected")


def test_it_dies_and_comes_back(make: Make) -> None:
    cri, running = make()
    populate(cri)
    cri.start()
    running.loop.start()
    running.heard.wait_for(A, pid=4242)
    cri.stop()
    running.loop.ask("crio", C)  # has it polled: the loss is noticed at once
    running.wait_state("missing")
    assert running.runtime.known() == 2
    cri.add(C, P, "side")
    cri.start()
    running.heard.wait_for(C, name="prod/shop-1/side")
    assert running.wait_state("connected")["reconnects"] == 1
