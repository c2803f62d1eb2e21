"""The Docker adapter against a fake daemon: names, events, and every way a socket can fail."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pycadvisor_fast.discovery.runtimes import Ended, Identity, docker_json
from pycadvisor_fast.discovery.runtimes import docker as docker_module
from pycadvisor_fast.discovery.runtimes.docker import DockerRuntime
from pycadvisor_fast.discovery.runtimes.docker_layers import found_layer, said_layer, upper_directory
from pycadvisor_fast.discovery.runtimes.loop import RuntimeLoop
from tests.unit.docker_fake import FakeDocker

A, B, C = "a1" * 32, "b2" * 32, "c3" * 32


class Heard:
    """A sink that remembers the newest identity of each id and can be waited on."""

    def __init__(self) -> None:
        self.identities: dict[str, Identity] = {}
        self.ends: list[Ended] = []
        self.unknowns: list[tuple[str, str]] = []
        self.changed = threading.Condition()

    def identified(self, identity: Identity) -> None:
        with self.changed:
            self.identities[identity.id] = identity
            self.changed.notify_all()

    def unknown(self, runtime: str, ident: str) -> None:
        with self.changed:
            self.unknowns.append((runtime, ident))
            self.changed.notify_all()

    def ended(self, end: Ended) -> None:
        with self.changed:
            self.ends.append(end)
            self.changed.notify_all()

    def wait_ends(self, count: int) -> list[Ended]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.ends) >= count, 10.0), self.ends
            return list(self.ends)

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
    assert (status["version"], status["api_version"]) == ("99.1", "1.99")


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
def test_broken_events_end_the_connection_and_a_new_one_follows(
    bench: Bench, line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_json, "EVENT_LIMIT", 1 << 20)
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


def test_an_end_is_told_once_with_exit_code_and_reason(bench: Bench) -> None:
    bench.docker.add(A, "web")
    bench.docker.add(B, "db")
    bench.docker.start()
    bench.loop.start()
    bench.docker.wait_for_stream()
    bench.heard.wait_name(B, "db")
    bench.docker.event("oom", A)
    bench.docker.add(A, "web", is_running=False, exit_code=137, oom_killed=True)
    bench.docker.event("die", A, exitCode="137")
    bench.docker.event("rename", A)  # has it inspected: that says the same end again
    bench.docker.event("die", B, exitCode="0")
    ends = bench.heard.wait_ends(2)
    assert [(end.id, end.exit_code, end.is_oom_killed) for end in ends] == [(A, 137, True), (B, 0, False)]


def test_a_container_that_runs_again_ends_again(bench: Bench) -> None:
    bench.docker.add(A, "web")
    bench.docker.start()
    bench.loop.start()
    bench.docker.wait_for_stream()
    bench.docker.event("die", A, exitCode="3")
    bench.docker.event("start", A)
    bench.docker.event("die", A, exitCode="odd")
    assert [end.exit_code for end in bench.heard.wait_ends(2)] == [3, None]


def test_an_end_missed_while_docker_was_away_is_found_by_inspection(bench: Bench) -> None:
    bench.docker.add(A, "web")
    bench.docker.start()
    bench.loop.start()
    bench.heard.wait_name(A, "web")
    bench.docker.stop()
    bench.wait_state("missing")
    bench.docker.add(A, "web", is_running=False, exit_code=7)
    bench.docker.start()
    (end,) = bench.heard.wait_ends(1)
    assert (end.id, end.exit_code, end.is_oom_killed) == (A, 7, False)
    assert end.time_ns == 1_700_000_005_000_000_000


def test_an_inspection_gives_all_that_docker_knows(bench: Bench) -> None:
    networks = {
        "IPAddress": "172.17.0.2",
        "Networks": {
            "bridge": {"IPAddress": "172.17.0.2", "GlobalIPv6Address": "fd00::2"},
            "back": {"IPAddress": "10.1.0.5", "GlobalIPv6Address": ""},
        },
    }
    upper = "/var/lib/docker/overlay2/abc/diff"
    bench.docker.add(
        A,
        "web",
        env=["PATH=/bin", "EMPTY=", "EQUALS=a=b", "broken", "=x"],
        health="starting",
        networks=networks,
        log="/var/lib/docker/containers/x/x-json.log",
        driver={"GraphDriver": {"Name": "overlay2", "Data": {"UpperDir": upper}}},
    )
    bench.docker.add(B, "side", network=f"container:{A}")
    bench.docker.start()
    bench.loop.start()
    bench.heard.wait(lambda known: len(known) == 2 and all(one.pid for one in known.values()))
    web = bench.heard.identities[A]
    assert dict(web.envs) == {"PATH": "/bin", "EMPTY": "", "EQUALS": "a=b"}
    assert (web.health, web.runtime_state, web.aliases, web.is_complete) == ("starting", "running", ("web", A), True)
    assert web.ip_addresses == ("172.17.0.2", "fd00::2", "10.1.0.5")
    assert (web.layer_driver, web.layer_path) == ("overlay2", upper)
    assert web.log_path.endswith("x-json.log")
    bench.docker.event("rename", B)  # whichever was inspected first: the other one's addresses are known by now
    bench.heard.wait(lambda known: known[B].ip_addresses == web.ip_addresses)
    assert bench.heard.identities[B].network_mode == f"container:{A}"


def test_health_and_pauses_come_with_their_events(bench: Bench) -> None:
    bench.docker.add(A, "web", health="starting")
    bench.docker.start()
    bench.loop.start()
    bench.heard.wait(lambda known: A in known and known[A].health == "starting")
    bench.docker.wait_for_stream()
    for action, expected in (
        ("health_status: healthy", ("healthy", "running")),
        ("health_status: unhealthy", ("unhealthy", "running")),
        ("pause", ("unhealthy", "paused")),
        ("unpause", ("unhealthy", "running")),
        ("health_status: none", ("", "running")),
    ):
        bench.docker.event(action, A)
        bench.heard.wait(lambda known, e=expected: (known[A].health, known[A].runtime_state) == e)
    assert len([one for one in bench.docker.requests if one.startswith(f"/containers/{A}")]) == 1


def test_what_docker_does_not_know_is_said_once(bench: Bench) -> None:
    bench.docker.add(A, "web")
    bench.docker.start()
    bench.loop.start()
    bench.heard.wait_name(A, "web")
    bench.loop.ask("docker", B)
    with bench.heard.changed:
        assert bench.heard.changed.wait_for(lambda: bench.heard.unknowns, 10.0)
    assert bench.heard.unknowns == [("docker", B)]


def test_one_that_is_removed_while_it_is_inspected_stays_who_it_was(bench: Bench) -> None:
    bench.docker.add(A, "web")
    bench.docker.start()
    bench.loop.start()
    bench.heard.wait(lambda known: A in known and known[A].pid > 0)
    bench.docker.wait_for_stream()
    del bench.docker.containers[A]
    bench.loop.ask("docker", A)
    bench.docker.event("start", A, name="web")  # has it inspected again: 404
    bench.docker.add(B, "next")
    bench.docker.event("start", B)
    bench.heard.wait(lambda known: B in known and known[B].pid > 0)
    assert bench.heard.unknowns == []
    assert bench.heard.identities[A].name == "web"


def test_labels_of_a_megabyte_newlines_and_bytes_that_are_no_text(bench: Bench) -> None:
    labels = {"huge": "x" * 1_000_000, "line": "a\nb", "quoted": "\ud800"}
    bench.docker.add(A, "web", labels=labels)
    bench.docker.start()
    bench.loop.start()
    bench.heard.wait(lambda known: A in known and known[A].pid > 0)
    assert dict(bench.heard.identities[A].labels) == labels
    bench.docker.wait_for_stream()
    bench.docker.add(B, "next", labels=labels)
    bench.docker.event("start", B, **labels)  # as Docker does: all labels in the event
    bench.heard.wait_name(B, "next")
    assert bench.runtime.status()["reconnects"] == 0


def test_bytes_that_are_no_utf8_cost_no_other_container_its_name(bench: Bench) -> None:
    entry = b'{"Id":"%s","Names":["/%s"],"Image":"i","Labels":{"l":"%s"}}'
    bench.docker.add(A, "bad", labels={"l": "x"}, is_running=True)
    bench.docker.add(B, "good")
    bench.docker.list_body = b"[%s,%s]" % (
        entry % (A.encode(), b"bad", b"\xff\xfe"),
        entry % (B.encode(), b"good", b"fine"),
    )
    bench.docker.start()
    bench.loop.start()
    bench.heard.wait(lambda known: B in known and known[B].name == "good")
    assert bench.heard.identities[B].name == "good"


def test_a_list_of_a_hundred_megabytes_is_not_taken_and_names_come_one_by_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_module, "LIST_LIMIT", 1 << 20)
    bench.docker.add(A, "web")
    bench.docker.list_body = b"[" + b" " * (100 << 20) + b"]"
    bench.loop.ask("docker", A)
    bench.docker.start()
    bench.loop.start()
    bench.loop.ask("docker", A)
    bench.heard.wait_name(A, "web")
    assert bench.wait_state("connected")["detail"] == "Docker 99.1"


def test_layers_of_drivers_that_say_nothing_of_them(bench: Bench, tmp_path: Path) -> None:
    mount_id = "d4" * 32
    for driver in ("vfs", "overlay2"):
        place = tmp_path / f"image/{driver}/layerdb/mounts/{A}"
        place.mkdir(parents=True)
        (place / "mount-id").write_text(mount_id)
    assert found_layer("vfs", A, 0, str(tmp_path)) == ("vfs", f"{tmp_path}/vfs/dir/{mount_id}")
    assert found_layer("overlay2", A, 0, str(tmp_path)) == ("overlay2", f"{tmp_path}/overlay2/{mount_id}/diff")
    assert found_layer("vfs", B, 0, str(tmp_path)) == ("vfs", "")
    bench.docker.root = str(tmp_path)
    bench.docker.add(A, "web", driver={"GraphDriver": {"Name": "vfs", "Data": None}})
    bench.docker.start()
    bench.loop.start()
    bench.heard.wait(lambda known: A in known and bool(known[A].layer_path))
    assert bench.heard.identities[A].layer_path == f"{tmp_path}/vfs/dir/{mount_id}"


def test_layers_of_the_containerd_image_store_stand_in_the_mount(tmp_path: Path) -> None:
    assert said_layer({"Storage": {"RootFS": {"Snapshot": {"Name": "overlayfs"}}}}) == ("overlayfs", "")
    snapshots = "/var/lib/docker/containerd/daemon/io.containerd.snapshotter.v1.overlayfs/snapshots"
    lines = (
        "22 1 0:5 / /proc rw - proc proc rw\n"
        f"700 600 0:99 / / rw,relatime - overlay overlay rw,lowerdir={snapshots}/1/fs,"
        f"upperdir={snapshots}/a\\040b/fs,workdir={snapshots}/2/work\n"
        "701 700 0:98 / /data rw - overlay overlay rw,upperdir=/other\n"
    )
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/mountinfo").write_text(lines)
    found = found_layer("overlayfs", A, 7, "/nowhere", str(tmp_path))
    assert found == ("overlayfs", f"{snapshots}/a b/fs")
    assert upper_directory("700 600 8:1 / / rw - ext4 /dev/sda1 rw\n") == ""
    assert upper_directory("nonsense\n\n") == ""
