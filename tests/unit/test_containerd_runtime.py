"""The containerd adapter against a fake daemon: names, events, and every way a socket can fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pycadvisor_fast.discovery.runtimes.api import containerd_pb2 as pb
from pycadvisor_fast.discovery.runtimes.containerd import ContainerdRuntime
from tests.unit.containerd_fake import GET, LIST, MOUNTS, TASK, TASKS, VERSION, FakeContainerd
from tests.unit.grpc_fake import FakeSocket
from tests.unit.heard import Running

A, B, C = "a1" * 32, "b2" * 32, "c3" * 32
KUBE = {
    "io.kubernetes.pod.name": "shop-1",
    "io.kubernetes.pod.namespace": "prod",
    "io.kubernetes.pod.uid": "0b1f-uid",
}


@dataclass
class Bench:
    """A fake daemon and the adapter in its loop."""

    containerd: FakeContainerd
    running: Running

    @property
    def heard(self) -> Any:
        return self.running.heard

    def start(self) -> None:
        self.containerd.start()
        self.running.loop.start()

    def connect(self) -> None:
        self.start()
        self.running.wait_state("connected")
        self.containerd.wait_for_subscriber()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    path = tmp_path / "c.sock"
    made = Bench(FakeContainerd(path), Running(ContainerdRuntime(f"unix://{path}", timeout_s=1.0, ping_s=0.2)))
    yield made
    made.running.loop.stop()
    made.containerd.stop()


def test_the_first_list_names_everything_in_every_namespace(bench: Bench) -> None:
    spec = {"process": {"env": ["A=1", "B=x=y", "broken", 7]}, "linux": {"namespaces": [{"type": "pid"}]}}
    bench.containerd.add("web", labels={"tier": "front"}, spec=spec, pid=4242)
    bench.containerd.add(A, namespace="nerd", labels={"nerdctl/name": "db", "nerdctl/networks": '["bridge"]'}, pid=7)
    bench.containerd.add(
        B,
        namespace="k8s.io",
        labels={**KUBE, "io.kubernetes.container.name": "main", "io.cri-containerd.kind": "container"},
    )
    bench.containerd.add(C, namespace="k8s.io", labels={**KUBE, "io.cri-containerd.kind": "sandbox"}, pid=9)
    bench.start()
    web = bench.heard.wait_for("web", pid=4242, layer_path="/layers/web/fs")
    assert (web.name, web.image, web.network_mode, web.namespace) == ("web", "busybox:1", "host", "containerd")
    assert (dict(web.labels), dict(web.envs)) == ({"tier": "front"}, {"A": "1", "B": "x=y"})
    assert (web.created_ns, web.layer_driver, web.runtime_state) == (1_700_000_000_123_456_789, "overlayfs", "running")
    database = bench.heard.wait_for(A, pid=7)
    assert (database.name, database.network_mode) == ("db", "bridge")
    main, sandbox = bench.heard.wait_for(B), bench.heard.wait_for(C, pid=9)
    assert (main.name, main.kind, main.pod_uid, main.container_name) == (
        "prod/shop-1/main", "container", "0b1f-uid", "main",
    )  # fmt: skip
    assert (sandbox.name, sandbox.kind, sandbox.pod_name, sandbox.pod_namespace) == (
        "prod/shop-1", "sandbox", "shop-1", "prod",
    )  # fmt: skip
    status = bench.running.wait_state("connected")
    assert (status["detail"], status["containers"], status["reconnects"]) == ("containerd 9.9.9", 3, 0)


def test_one_namespace_only(tmp_path: Path) -> None:
    path = tmp_path / "c.sock"
    containerd = FakeContainerd(path)
    containerd.add("web")
    containerd.add("other", namespace="other")
    containerd.start()
    with Running(ContainerdRuntime(f"unix://{path}", namespace="other, third", timeout_s=1.0)) as running:
        running.heard.wait_for("other", name="other")
        containerd.wait_for_subscriber()
        running.loop.ask("raw", "web")
        containerd.wait_calls(GET, 2)
        running.loop.ask("raw", "other")
        running.heard.wait_for("other")
    containerd.stop()
    assert running.heard.strangers == [], "it may be in a namespace that is not looked at"
    assert set(running.heard.identities) == {"other"}
    assert 'namespace=="other",topic=="/tasks/exit"' in containerd.filters
    assert 'namespace=="third",topic=="/tasks/exit"' in containerd.filters


def test_dockers_containers_are_left_to_docker(bench: Bench) -> None:
    bench.containerd.add(A, namespace="moby", labels={"com.docker/engine.bundle.path": "/x"}, spec=b"no JSON", pid=5)
    bench.start()
    known = bench.heard.wait_for(A, pid=5, layer_path=f"/layers/{A}/fs")
    assert (known.runtime, known.name, known.image, dict(known.labels), dict(known.envs)) == (
        "containerd",
        "",
        "",
        {},
        {},
    )
    bench.running.loop.ask("docker", B)
    bench.running.loop.ask("containerd", C)
    bench.containerd.wait_calls(GET, 2)  # C in both namespaces; B is Docker's to know
    bench.running.loop.ask("containerd", "d4" * 32)
    bench.containerd.wait_calls(GET, 4)
    assert bench.containerd.calls.count(GET) == 4


def test_events_name_start_pause_and_forget(bench: Bench) -> None:
    bench.connect()
    bench.containerd.add("web")
    bench.containerd.event("/containers/create", pb.ContainerEvent(id="web"))
    assert bench.heard.wait_for("web", name="web").runtime_state == ""
    bench.containerd.set_task("web", 77, pb.Task.RUNNING)
    bench.containerd.event("/tasks/start", pb.TaskStart(container_id="web", pid=77))
    started = bench.heard.wait_for("web", pid=77, layer_path="/layers/web/fs")
    assert (started.runtime_state, started.started_ns) == ("running", 1_700_000_001_500_000_000)
    bench.containerd.event("/tasks/paused", pb.TaskEvent(container_id="web"))
    bench.heard.wait_for("web", runtime_state="paused")
    bench.containerd.event("/tasks/resumed", pb.TaskEvent(container_id="web"))
    bench.heard.wait_for("web", runtime_state="running")
    assert bench.running.runtime.known() == 1
    bench.containerd.event("/containers/delete", pb.ContainerEvent(id="web"))
    bench.containerd.add("next", namespace="new")
    bench.containerd.event("/containers/create", pb.ContainerEvent(id="next"), namespace="new")
    bench.heard.wait_for("next", name="next")
    assert bench.running.runtime.known() == 0


def test_an_update_changes_labels(bench: Bench) -> None:
    bench.containerd.add("web", labels={"a": "1"}, pid=3)
    bench.connect()
    bench.heard.wait_for("web", pid=3)
    bench.containerd.add("web", labels={"a": "2"}, pid=3)
    bench.containerd.event("/containers/update", pb.ContainerEvent(id="web"))
    bench.heard.wait(lambda known: dict(known["web"].labels) == {"a": "2"})
    assert bench.heard.identities["web"].pid == 3


def test_an_end_is_told_once_with_exit_code_and_reason(bench: Bench) -> None:
    bench.containerd.add("web", pid=3)
    bench.containerd.add("db", pid=4)
    bench.connect()
    bench.heard.wait_for("db", pid=4)
    bench.containerd.event("/tasks/exit", pb.TaskExit(container_id="web", id="some-exec", exit_status=9))
    bench.containerd.event("/tasks/oom", pb.TaskEvent(container_id="web"))
    for _ in range(2):
        bench.containerd.event("/tasks/exit", pb.TaskExit(container_id="web", id="web", exit_status=137))
    bench.containerd.event("/tasks/exit", pb.TaskExit(container_id="db", id="db", exit_status=0))
    ends = bench.heard.wait_ends(2)
    assert [(end.id, end.exit_code, end.is_oom_killed) for end in ends] == [("web", 137, True), ("db", 0, False)]


def test_a_container_that_runs_again_in_place_ends_again(bench: Bench) -> None:
    bench.containerd.add(A, pid=3)
    bench.connect()
    bench.heard.wait_for(A, pid=3)
    bench.containerd.event("/tasks/exit", pb.TaskExit(container_id=A, id=A, exit_status=3))
    bench.containerd.event("/tasks/start", pb.TaskStart(container_id=A, pid=8))
    bench.heard.wait_for(A, pid=8, runtime_state="running")
    bench.containerd.event("/tasks/exit", pb.TaskExit(container_id=A, id=A, exit_status=4))
    assert [end.exit_code for end in bench.heard.wait_ends(2)] == [3, 4]


def test_an_end_missed_while_containerd_was_away_is_found(bench: Bench) -> None:
    bench.containerd.add("web", pid=3)
    bench.containerd.add("old", pid=4, status=pb.Task.STOPPED, exit_status=1)
    bench.connect()
    bench.heard.wait_for("web", pid=3)
    bench.containerd.stop()
    bench.running.wait_state("missing")
    assert bench.running.runtime.known() == 1
    bench.containerd.set_task("web", 3, pb.Task.STOPPED, 7)
    bench.containerd.start()
    (end,) = bench.heard.wait_ends(1)
    assert (end.id, end.exit_code, end.time_ns) == ("web", 7, 1_700_000_005_000_000_000)
    assert bench.running.wait_state("connected")["reconnects"] == 1


def test_a_cgroup_that_is_not_known_is_asked_for_in_every_namespace(bench: Bench) -> None:
    bench.containerd.containers["other"] = {}
    bench.connect()
    bench.containerd.add(A, namespace="other", labels={"nerdctl/name": "late"}, pid=6)
    bench.running.loop.ask("containerd", A)
    bench.heard.wait_for(A, name="late", pid=6)
    bench.running.loop.ask("containerd", A)
    bench.running.loop.ask("crio", B)
    bench.running.loop.ask("raw", C)
    assert bench.heard.wait_strangers(1) == [("containerd", C)]
    assert set(bench.heard.identities) == {A}


def test_a_chosen_id_comes_with_its_cgroup_and_is_told_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pycadvisor_fast.discovery.runtimes.containerd.TELL_AGAIN_S", 0.05)
    bench.containerd.add("web", spec={"linux": {"cgroupsPath": "/default/web"}}, pid=4)
    bench.containerd.add("unit", spec={"linux": {"cgroupsPath": "system.slice:x:unit"}}, pid=5)
    bench.containerd.add(A, spec={"linux": {"cgroupsPath": f"/default/{A}"}}, pid=6)
    bench.start()
    for ident, path in (("web", "/default/web"), ("unit", ""), (A, "")):
        assert bench.heard.wait_for(ident, layer_driver="overlayfs").path == path
    bench.heard.identities.clear()
    bench.heard.wait_for("web", pid=4)
    assert set(bench.heard.identities) == {"web"}


def test_what_happened_before_the_events_began_is_found_a_moment_later(bench: Bench) -> None:
    bench.connect()
    bench.containerd.add("quiet", pid=12)
    bench.heard.wait_for("quiet", pid=12)


@pytest.mark.parametrize(
    ("habit", "state"), [("hang", "hanging"), ("garbage", "error"), ("close", "error"), ("cut", "error")]
)
def test_a_socket_that_speaks_no_grpc(bench: Bench, habit: str, state: str) -> None:
    fake = FakeSocket(bench.containerd.path, habit)
    bench.running.loop.start()
    try:
        assert str(bench.containerd.path) in str(bench.running.wait_state(state)["detail"])
    finally:
        fake.stop()
    bench.containerd.add("web")
    bench.containerd.start()
    bench.running.wait_state("connected")
    bench.heard.wait_for("web", name="web")


@pytest.mark.parametrize(
    ("habit", "state", "text"),
    [
        ("hang", "hanging", "no answer within 1 s"),
        ("garbage", "error", "the answer is no"),
        ("huge", "error", "resource_exhausted"),
        ("error", "error", "it is broken"),
    ],
)
@pytest.mark.parametrize("method", [VERSION, LIST])
def test_wrong_answers_are_a_named_state_and_recover(
    bench: Bench, method: str, habit: str, state: str, text: str
) -> None:
    bench.containerd.add("web")
    bench.containerd.habits[method] = habit
    bench.start()
    assert text in str(bench.running.wait_state(state)["detail"])
    bench.containerd.habits.clear()
    bench.running.wait_state("connected")
    bench.heard.wait_for("web", name="web")


def test_a_daemon_that_begins_to_hang_is_noticed_without_any_event(bench: Bench) -> None:
    bench.connect()
    bench.containerd.habits[""] = "hang"
    bench.running.wait_state("hanging")


@pytest.mark.parametrize("habit", ["hang", "garbage", "error"])
@pytest.mark.parametrize("methods", [(TASKS, TASK), (MOUNTS,)])
def test_names_do_not_depend_on_shims_and_snapshots(bench: Bench, methods: tuple[str, ...], habit: str) -> None:
    for method in methods:
        bench.containerd.habits[method] = habit
    bench.containerd.add("web", labels={"a": "b"}, pid=3)
    bench.start()
    bench.heard.wait_for("web", name="web")
    bench.running.wait_state("connected")
    bench.containerd.habits.clear()
    bench.heard.wait_for("web", pid=3, layer_path="/layers/web/fs")
    assert bench.running.runtime.status()["reconnects"] == 0


def test_a_missing_socket_is_a_state_and_found_when_it_appears(bench: Bench) -> None:
    bench.running.loop.start()
    assert str(bench.containerd.path) in str(bench.running.wait_state("missing")["detail"])
    bench.containerd.start()
    bench.running.wait_state("connected")


def test_names_survive_a_restart_and_changes_meanwhile_are_found(bench: Bench) -> None:
    bench.containerd.add("web", labels={"a": "1"}, pid=3)
    bench.containerd.add("gone", pid=4)
    bench.connect()
    bench.heard.wait_for("web", pid=3, layer_path="/layers/web/fs")
    bench.containerd.stop()
    bench.running.wait_state("missing")
    bench.containerd.add("web", labels={"a": "2"}, pid=3)
    del bench.containerd.containers["default"]["gone"]
    bench.containerd.start()
    bench.heard.wait(lambda known: dict(known["web"].labels) == {"a": "2"})
    bench.running.wait_state("connected")
    assert bench.heard.identities["web"].layer_path == "/layers/web/fs"
    assert bench.running.runtime.known() <= 1


def test_broken_events_end_the_connection_and_a_new_one_follows(bench: Bench) -> None:
    bench.connect()
    bench.containerd.event("/tasks/start", b"\xff\xff\xff nonsense")
    bench.containerd.add("web")
    bench.heard.wait_for("web", name="web")
    assert bench.running.wait_state("connected")["reconnects"] >= 1


def test_events_of_no_interest_are_passed_over(bench: Bench) -> None:
    bench.connect()
    bench.containerd.event("/images/create", b"\xff\xff anything")
    bench.containerd.event("/tasks/paused", pb.TaskEvent(container_id="nobody"))
    bench.containerd.add("web")
    bench.containerd.event("/containers/create", pb.ContainerEvent(id="web"))
    bench.heard.wait_for("web", name="web")
    assert bench.running.runtime.status()["reconnects"] == 0


def test_odd_texts_and_specifications(bench: Bench) -> None:
    bench.containerd.add(
        "web", labels={b"\xff": b"\xfe\n", "big": "x" * (1 << 20)}, spec=b"[" * 100_000, image=b"\xff:1"
    )
    bench.containerd.add("list", spec=[1, 2])
    bench.containerd.add("types", spec={"process": [], "linux": {"namespaces": 5}, "annotations": {"a": 1}})
    bench.containerd.add("large", spec=b" " * (2 << 20))
    bench.start()
    web = bench.heard.wait_for("web", name="web")
    assert (web.labels["\ufffd"], len(web.labels["big"]), web.image) == ("\ufffd\n", 1 << 20, "\ufffd:1")
    for ident in ("list", "types", "large"):
        assert dict(bench.heard.wait_for(ident, name=ident).envs) == {}


def test_a_daemon_that_drops_every_connection_is_asked_less_and_less(bench: Bench) -> None:
    bench.containerd.habits[LIST] = "error"
    bench.start()
    bench.running.wait_state("error")
    threading.Event().wait(1.5)
    assert bench.containerd.calls.count(LIST) <= 5, "pauses are 0.2, 0.4, 0.8 ... s"


def test_stopping_while_connecting_hanging_or_never_started(tmp_path: Path) -> None:
    path = tmp_path / "c.sock"
    running = Running(ContainerdRuntime(f"unix://{path}", timeout_s=5.0))
    running.loop.stop()
    fake = FakeSocket(path, "hang")
    running.loop.start()
    running.loop.ask("containerd", A)
    running.loop.stop()
    running.loop.stop()
    running.loop.ask("containerd", A)
    fake.stop()


def test_ending_leaves_nothing_to_other_loops_of_grpcio(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """grpcio tells the ends of calls to any loop that is awake, which cannot pass them to a closed one."""
    containerd = FakeContainerd(tmp_path / "c.sock")
    containerd.start()
    with Running(ContainerdRuntime(f"unix://{containerd.path}", timeout_s=1.0)) as awake:
        awake.wait_state("connected")
        for _ in range(10):
            with Running(ContainerdRuntime(f"unix://{containerd.path}", timeout_s=1.0)) as ending:
                ending.wait_state("connected")
        awake.loop.ask("raw", A)
        containerd.wait_calls(GET, 1)
    containerd.stop()
    errors = [record.getMessage() for record in caplog.records if record.name == "asyncio" and record.levelno >= 40]
    assert errors == []
