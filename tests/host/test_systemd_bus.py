"""systemd's units over a real dbus-daemon with a stand-in manager: what they are, that it follows them, and faults."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pycadvisor_fast import Collector
from pycadvisor_fast.discovery.runtimes import Identity
from pycadvisor_fast.discovery.runtimes.loop import RuntimeLoop
from pycadvisor_fast.discovery.runtimes.systemd import SystemdRuntime
from pycadvisor_fast.errors import ConfigError
from tests.host.cgroup_tree import CgroupTree
from tests.host.systemd_fake import BusDaemon, FakeSystemd
from tests.unit.test_docker_runtime import Heard

WEB = "/system.slice/web@a-b.service"
USERS = "/user.slice/user-1000.slice/user@1000.service"
NOTES = f"{USERS}/app.slice/notes.service"


class Bench:
    def __init__(self, folder: Path) -> None:
        self.bus = BusDaemon(folder / "bus")
        self.runtime = SystemdRuntime(
            f"unix://{self.bus.path}", timeout_s=0.5, user_bus=f"{folder}/user-{{uid}}", ping_s=0.2
        )
        self.heard = Heard()
        self.loop = RuntimeLoop([self.runtime], self.heard)

    def wait_state(self, state: str, part: str = "") -> None:
        tick = threading.Event()
        for _ in range(2000):
            status = self.runtime.status()
            if status["state"] == state and part in status["detail"]:
                return
            tick.wait(0.01)
        raise AssertionError(self.runtime.status())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    if BusDaemon.missing():
        pytest.skip(f"no bus: {BusDaemon.missing()}; CI installs it")
    made = Bench(tmp_path)
    yield made
    made.loop.stop()
    made.bus.stop()


@pytest.fixture
def systemd(bench: Bench) -> Iterator[FakeSystemd]:
    bench.bus.start()
    made = FakeSystemd(bench.bus.path)
    bench.loop.start()
    bench.wait_state("connected", "systemd 252.99")
    yield made
    made.stop()


def test_a_service_with_all_that_systemd_says(bench: Bench, systemd: FakeSystemd) -> None:
    systemd.add(
        "web@a-b.service",
        WEB,
        "Web server für ü",
        MainPID=("u", 4242),
        NRestarts=("u", 3),
        ExecMainStartTimestamp=("t", 1_700_000_001_000_002),
    )
    bench.loop.ask("systemd", WEB)
    bench.heard.wait(lambda known: WEB in known)
    assert bench.heard.identities[WEB] == Identity(
        "systemd",
        WEB,
        name="web@a-b.service",
        kind="service",
        description="Web server für ü",
        runtime_state="running",
        started_ns=1_700_000_001_000_002_000,
        pid=4242,
        restart_count=3,
        is_complete=True,
    )
    assert bench.runtime.known() == 1


def test_slices_and_scopes(bench: Bench, systemd: FakeSystemd) -> None:
    systemd.add("system.slice", "/system.slice", "System Slice")
    systemd.add("init.scope", "/init.scope", "System and Service Manager")
    for path in ("/system.slice", "/init.scope"):
        bench.loop.ask("systemd", path)
        bench.heard.wait(lambda known, path=path: path in known)
    one = bench.heard.identities["/init.scope"]
    assert (one.kind, one.pid, one.started_ns) == ("scope", 0, 1_700_000_000_000_000_000)
    assert bench.heard.identities["/system.slice"].description == "System Slice"


def test_what_was_there_before_the_connection_is_asked_about(bench: Bench) -> None:
    bench.loop.start()
    bench.loop.ask("systemd", WEB)
    bench.wait_state("missing")
    bench.bus.start()
    bench.wait_state("error", "ServiceUnknown")
    systemd = FakeSystemd(bench.bus.path)
    systemd.add("web@a-b.service", WEB, "late")
    bench.heard.wait(lambda known: WEB in known)
    systemd.stop()


def test_a_finished_job_is_followed(bench: Bench, systemd: FakeSystemd) -> None:
    systemd.add("web@a-b.service", WEB, "web", MainPID=("u", 1))
    bench.loop.ask("systemd", WEB)
    bench.heard.wait(lambda known: WEB in known)
    systemd.add("web@a-b.service", WEB, "web", MainPID=("u", 2), NRestarts=("u", 1))
    systemd.job_removed("other.service")
    systemd.job_removed("web@a-b.service")
    bench.heard.wait(lambda known: known[WEB].pid == 2 and known[WEB].restart_count == 1)


def test_a_unit_that_stands_elsewhere_is_not_what_is_at_this_path(bench: Bench, systemd: FakeSystemd) -> None:
    systemd.add("web@a-b.service", "/other.slice/web@a-b.service", "not this one")
    systemd.add("sshd.service", "/system.slice/sshd.service", "this one")
    bench.loop.ask("systemd", WEB)
    bench.loop.ask("systemd", "/system.slice/unknown.service")
    bench.loop.ask("docker", "a" * 64)
    bench.loop.ask("systemd", "/system.slice/sshd.service")
    bench.heard.wait(lambda known: "/system.slice/sshd.service" in known)
    assert set(bench.heard.identities) == {"/system.slice/sshd.service"}


def test_what_has_gone_is_forgotten(bench: Bench, systemd: FakeSystemd) -> None:
    systemd.add("web@a-b.service", WEB, "web")
    bench.loop.ask("systemd", WEB)
    bench.heard.wait(lambda known: WEB in known)
    bench.loop.forget(WEB)
    systemd.add("b.service", "/b.service")
    bench.loop.ask("systemd", "/b.service")
    bench.heard.wait(lambda known: "/b.service" in known)
    assert bench.runtime.known() == 1


def test_users_units_are_their_own_managers(bench: Bench, systemd: FakeSystemd, tmp_path: Path) -> None:
    systemd.add("notes.service", NOTES, "a lie of the system's manager")
    bus = BusDaemon(tmp_path / "user-1000")
    bus.start()
    user = FakeSystemd(bus.path)
    user.add("notes.service", NOTES, "Notes")
    user.add("web@a-b.service", WEB, "a user's lie")
    systemd.add("web@a-b.service", WEB, "true")
    systemd.add("user@1000.service", USERS, "User Manager for UID 1000")
    try:
        for path in (NOTES, WEB, USERS):
            bench.loop.ask("systemd", path)
            bench.heard.wait(lambda known, path=path: path in known)
        told = [bench.heard.identities[path].description for path in (NOTES, WEB, USERS)]
        assert told == ["Notes", "true", "User Manager for UID 1000"]
        bench.wait_state("connected", "managers of 1 users")
    finally:
        user.stop()
        bus.stop()
    bench.wait_state("connected", "systemd 252.99")


def test_a_manager_that_hangs_and_one_that_is_gone(bench: Bench) -> None:
    bench.bus.start()
    systemd = FakeSystemd(bench.bus.path)
    bench.loop.start()
    bench.wait_state("connected")
    systemd.hangs = True
    bench.wait_state("hanging", "no answer within 0.5 s")
    systemd.stop()
    bench.wait_state("error", "ServiceUnknown")
    again = FakeSystemd(bench.bus.path)
    again.add("web@a-b.service", WEB, "back")
    bench.loop.ask("systemd", WEB)
    bench.heard.wait(lambda known: WEB in known)
    again.stop()


def test_a_bus_that_dies_and_comes_back(bench: Bench) -> None:
    bench.bus.start()
    systemd = FakeSystemd(bench.bus.path)
    bench.loop.start()
    bench.wait_state("connected")
    bench.bus.stop()
    systemd.stop()
    bench.wait_state("missing")
    bench.bus.start()
    systemd = FakeSystemd(bench.bus.path)
    bench.wait_state("connected")
    systemd.stop()


def hold(connection: socket.socket) -> None:
    connection.recv(1 << 16)
    connection.recv(1)


def refuse(connection: socket.socket) -> None:
    connection.recv(1 << 16)
    connection.sendall(b"REJECTED EXTERNAL\r\n")
    connection.recv(1)


def after_login(data: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(b"OK 0123\r\n")
        connection.recv(1 << 16)
        connection.sendall(data)
        while data and connection.recv(1 << 16):
            pass

    return serve


@pytest.mark.parametrize(
    ("serve", "state", "part"),
    [
        (hold, "hanging", "no answer within"),
        (refuse, "error", "does not let user"),
        (lambda connection: connection.sendall(b"x" * 4096), "error", "while logging in"),
        (after_login(b""), "error", "the connection was closed"),
        (after_login(b"l\2\0\1" + b"\0" * 8), "hanging", "no answer within"),
        (after_login(b"<html>it works</html>"), "error", "no D-Bus message"),
        (after_login(b"l\2\0\1" + (100 << 20).to_bytes(4, "little") + b"\0" * 104857), "error", "was not read"),
        (after_login(b"l\2\0\1\0\0\0\0\1\0\0\0\4\0\0\0\5\1u\0\0\0\0\0"), "error", "no D-Bus message"),
    ],
    ids=["silent", "refused", "no login", "closed", "half a head", "html", "100 MB", "cut field"],
)
def test_a_socket_that_is_no_bus(tmp_path: Path, serve: Callable[[socket.socket], None], state: str, part: str) -> None:
    path = tmp_path / "bus"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(8)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    serve(connection)
                except OSError:
                    pass

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    bench = Bench(tmp_path)
    bench.loop.start()
    try:
        bench.wait_state(state, part)
    finally:
        bench.loop.stop()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="systemd: 'tcp:host=x' is no D-Bus socket"):
        SystemdRuntime("tcp:host=x")


@pytest.mark.root
def test_a_collector_shows_what_systemd_says_of_a_unit(bench: Bench, systemd: FakeSystemd, cgroups: CgroupTree) -> None:
    path = cgroups.make("web.service")
    systemd.add("web.service", path, "Web server", MainPID=("u", 4242), NRestarts=("u", 2))
    nobody = {"docker": None, "containerd": None, "cri": (), "crio": None, "podman": None}
    tick = threading.Event()
    with Collector(interval=0.1, history=5, systemd=f"unix://{bench.bus.path}", **nobody) as collector:
        for _ in range(2000):
            found = collector.container(path)
            if found is not None and found.description:
                break
            tick.wait(0.01)
        assert found is not None
        said = (found.runtime, found.kind, found.name, found.description, found.pid, found.restart_count, found.id)
        assert said == ("systemd", "service", "web.service", "Web server", 4242, 2, "")
