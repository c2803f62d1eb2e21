"""The command as people run it: a daemon, the commands that ask it, its end, and what keeps it from starting."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from pycadvisor_fast.faces.snapshot import decode, read
from tests.host.cgroup_tree import CgroupTree

pytestmark = pytest.mark.root

PROGRAM = [sys.executable, "-m", "pycadvisor_fast"]
ROOT = Path(__file__).resolve().parents[2]
NAME = f"pcf-test-{os.getpid()}-cli"


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYCADVISOR_FAST_")}
    # Without HTTP, whose default port many daemons at once would want: those who ask for it say --http and a port.
    return {**kept, "PYTHONPATH": str(ROOT), "PYCADVISOR_FAST_HTTP": "false", **more}


def call(*words: str, timeout: float = 60, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words], capture_output=True, text=True, timeout=timeout, env=environment(**more), check=False
    )


class Daemon:
    """A running daemon with a ring and a socket of its own."""

    all: ClassVar[list[Daemon]] = []

    def __init__(self, folder: Path, *flags: str, prefix: tuple[str, ...] = (), **more: str) -> None:
        self.ring = folder / "ring"
        self.target = f"unix:{folder}/grpc.sock"
        self.log = folder / f"log-{len(self.all)}"
        words = ["run", f"--ring_dir={self.ring}", f"--grpc_listen={self.target}", "--docker=", *flags]
        if any(flag.startswith(("--port", "--http_listen")) for flag in flags):
            words.append("--http=true")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*prefix, *PROGRAM, *words], stderr=log, stdout=log, env=environment(**more)
            )
        self.all.append(self)

    def ready(self) -> str:
        """Waits for the readiness line and returns it."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            found = [line for line in self.log.read_text().splitlines() if "ready after" in line]
            if found:
                return found[-1]
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.01)
        raise AssertionError(f"not ready within 30 s: {self.log.read_text()}")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends the signal and waits; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture(scope="module")
def shared_memory() -> Iterator[Path]:
    """A folder on tmpfs; daemons that a failed test left in it are ended."""
    folder = Path(f"/dev/shm/{NAME}")
    folder.mkdir()
    yield folder
    for running in Daemon.all:
        running.end(signal.SIGKILL)
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.fixture(scope="module")
def cgroup() -> Iterator[str]:
    """A cgroup in every hierarchy, with a process in it that uses some CPU."""
    with CgroupTree() as tree:
        path = tree.make("cli")
        tree.spawn("cli", sys.executable, "-c", "import time\nwhile 1: sum(range(20000)); time.sleep(.01)")
        yield path


@pytest.fixture(scope="module")
def daemon(shared_memory: Path, cgroup: str) -> Iterator[Daemon]:
    folder = shared_memory / "daemon"
    folder.mkdir()
    running = Daemon(folder, "--housekeeping_interval=100ms")
    running.ready()
    yield running
    assert running.end() == 0


def test_ready_names_addresses_layout_reader_and_containers(daemon: Daemon) -> None:
    line = daemon.ready()
    assert re.search(
        r"ready after [\d.]+ s: \d+ containers, cgroup (v1|hybrid|v2), reader (pread|openat|uring), ", line
    )
    assert str(daemon.ring) in line
    assert daemon.target in line


def test_ls_finds_the_container_by_grpc_and_by_ring(daemon: Daemon, cgroup: str) -> None:
    for where in (f"--target={daemon.target}", f"--ring_dir={daemon.ring}"):
        found = call("ls", where, "--json", cgroup)
        assert found.returncode == 0, found.stderr
        (entry,) = json.loads(found.stdout)
        assert (entry["path"], entry["runtime"]) == (cgroup, "raw")
    table = call("ls", f"--target={daemon.target}", "--path", f"{cgroup}*")
    assert cgroup in table.stdout
    assert "1 containers, from the daemon at" in table.stderr


def test_ls_takes_the_target_from_the_environment(daemon: Daemon, cgroup: str) -> None:
    assert cgroup in call("ls", PYCADVISOR_FAST_TARGET=daemon.target).stdout


def test_ls_without_daemon_and_ring_looks_around_itself(cgroup: str, tmp_path: Path) -> None:
    found = call(
        "ls",
        "--docker=",
        cgroup,
        PYCADVISOR_FAST_RING_DIR=f"{tmp_path}/none",
        PYCADVISOR_FAST_GRPC_LISTEN=f"unix:{tmp_path}/none.sock",
    )
    assert cgroup in found.stdout, found.stderr
    assert "a look around of its own" in found.stderr


@pytest.mark.parametrize("where", ["target", "ring"])
def test_get_shows_numbers_and_a_window(daemon: Daemon, cgroup: str, where: str) -> None:
    origin = f"--target={daemon.target}" if where == "target" else f"--ring_dir={daemon.ring}"
    latest = json.loads(call("get", cgroup, "--json", origin).stdout)
    assert latest["container"]["path"] == cgroup
    assert latest["groups"]["cpu"]["values"]["usage_ns"] > 0
    assert latest["groups"]["limits"]["values"]["memory_bytes"] == "max"
    window = json.loads(call("get", cgroup, "--json", "--window=1s", "--column=cpu.usage_ns", origin).stdout)
    assert list(window["groups"]) == ["cpu"]
    usage = window["groups"]["cpu"]["values"]["usage_ns"]
    assert len(usage) == len(window["groups"]["cpu"]["tick"]) >= 2
    assert usage == sorted(usage)
    text = call("get", cgroup, "--group=cpu", origin)
    assert re.search(r"\n  usage_ns +\d+\n", text.stdout)


def test_get_of_nobody_names_the_nearest(daemon: Daemon, cgroup: str) -> None:
    found = call("get", cgroup + "x", f"--target={daemon.target}")
    assert found.returncode == 1
    assert found.stderr.strip().endswith(f'there is no container "{cgroup}x"; did you mean "{cgroup}"?')


@pytest.mark.parametrize("where", ["target", "ring"])
def test_watch_as_text_and_json_lines(daemon: Daemon, cgroup: str, where: str) -> None:
    origin = f"--target={daemon.target}" if where == "target" else f"--ring_dir={daemon.ring}"
    text = call("watch", cgroup, "--count=4", origin)
    lines = text.stdout.splitlines()
    assert lines[0].startswith("TIME\tNAME\tRUNTIME\tCPU%")
    last = dict(zip(lines[0].split("\t"), lines[-1].split("\t"), strict=True))
    assert last["NAME"] == cgroup
    assert float(last["CPU%"]) > 0
    found = call("watch", cgroup, "--count=3", "--format=jsonl", "--group=cpu,pids", origin)
    objects = [json.loads(line) for line in found.stdout.splitlines()]
    assert [set(entry["groups"]) for entry in objects] == [{"cpu", "pids"}] * 3
    ticks = [entry["tick"] for entry in objects]
    assert ticks == sorted(set(ticks))


def test_watch_says_when_it_is_asked_for_more_than_is_sampled(daemon: Daemon) -> None:
    found = call("watch", f"--ring_dir={daemon.ring}", "--count=1", "--interval=20ms")
    assert "samples every 100ms; for 20ms start it with --housekeeping_interval=20ms" in found.stderr


def test_watch_ends_quietly_with_its_pipe(daemon: Daemon) -> None:
    with subprocess.Popen(
        [*PROGRAM, "watch", f"--target={daemon.target}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as watch:
        assert watch.stdout is not None
        assert watch.stderr is not None
        assert watch.stdout.readline()
        watch.stdout.close()
        assert watch.wait(20) == 0
        assert watch.stderr.read() == b""


def test_watch_is_a_live_table_in_a_terminal(daemon: Daemon, cgroup: str) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        words = [*PROGRAM, "watch", f"--target={daemon.target}", cgroup]
        os.execve(PROGRAM[0], words, environment(COLUMNS="100", LINES="20", TERM="xterm"))
    seen = b""
    pictures = 0
    until = time.monotonic() + 30
    while pictures < 8 and time.monotonic() < until:
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 65536)
            pictures = seen.count(b"\x1b[H")
            if pictures == 4:
                os.write(terminal, b"m")
    os.write(terminal, b"q")
    try:
        while chunk := os.read(terminal, 65536):
            seen += chunk
    except OSError:
        pass  # how a terminal says that its other end is gone
    assert os.waitpid(pid, 0)[1] == 0
    assert cgroup.encode() in seen
    assert b"CPU%" in seen
    assert seen.startswith(b"\x1b[?1049h")
    assert seen.rstrip().endswith(b"\x1b[?1049l")


@pytest.mark.parametrize("where", ["target", "ring"])
def test_snapshot_to_file_and_stdout(daemon: Daemon, cgroup: str, tmp_path: Path, where: str) -> None:
    origin = f"--target={daemon.target}" if where == "target" else f"--ring_dir={daemon.ring}"
    out = tmp_path / "containers.msgpack"
    out.write_text("older")
    assert call("snapshot", cgroup, origin, "--window=1s", "--group=cpu,pids", f"--output={out}").returncode == 0
    capture = read(out)
    assert [container.path for container in capture.containers] == [cgroup]
    usage = capture.groups["cpu"].columns["usage_ns"]
    assert usage.shape == capture.groups["cpu"].shape
    assert len(usage) >= 2
    assert np.all(np.diff(usage[:, 0].astype(np.int64)) >= 0)
    assert os.listdir(tmp_path) == ["containers.msgpack"]  # noqa: PTH208
    piped = subprocess.run(
        [*PROGRAM, "snapshot", origin], capture_output=True, env=environment(), check=True, timeout=60
    )
    assert {"cpu", "memory", "limits"} <= set(decode(piped.stdout).groups)


def test_a_busy_address_is_one_line_and_nothing_is_made(daemon: Daemon, tmp_path: Path, shared_memory: Path) -> None:
    ring = shared_memory / "unmade"
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        for address in (f"127.0.0.1:{port}", daemon.target):
            found = call("run", f"--grpc_listen={address}", f"--ring_dir={ring}")
            assert found.returncode == 4
            assert len(found.stderr.splitlines()) == 1
            assert address in found.stderr
    assert not ring.exists()


@pytest.mark.parametrize("ring", ["/proc/nowhere", "/dev/null/ring"])
def test_a_ring_that_cannot_be_made_is_one_line(ring: str) -> None:
    found = call("run", f"--ring_dir={ring}", "--grpc_listen=")
    assert found.returncode == 3
    (line,) = found.stderr.splitlines()
    assert ring in line


def test_no_space_for_the_ring_is_one_line_naming_it(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(tmp_path)], check=True)
    try:
        found = call("run", f"--ring_dir={tmp_path}/ring", "--grpc_listen=", "--docker=")
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert found.returncode == 3, found.stderr
    assert str(tmp_path) in found.stderr.splitlines()[-1]


def test_a_ring_that_another_collector_writes_is_refused(daemon: Daemon) -> None:
    found = call("run", f"--ring_dir={daemon.ring}", "--grpc_listen=")
    assert found.returncode == 3
    assert str(daemon.ring) in found.stderr
    assert daemon.process.poll() is None


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--housekeeping_interval=5ms"], '--housekeeping_interval: "5ms" is shorter than the shortest interval, 10ms'),
        (["--interval", "cpuu=1s"], 'there is no group "cpuu"; did you mean "cpu"'),
        (["--grpc_listen=nonsense"], "grpc_listen: 'nonsense' is neither host:port nor unix:/path"),
        (["--docker=ftp://x"], "docker: 'ftp://x' is no endpoint"),
        (["--config=/nowhere.toml"], "config file /nowhere.toml does not exist"),
        (["extra"], 'run: unexpected argument "extra"'),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_code_2(flags: list[str], message: str) -> None:
    found = call("run", *flags)
    assert found.returncode == 2
    (line,) = found.stderr.splitlines()
    assert message in line


@pytest.mark.parametrize("command", ["ls", "get", "watch", "snapshot"])
def test_a_selector_or_column_that_does_not_exist(daemon: Daemon, command: str, cgroup: str) -> None:
    flags = {
        "ls": ["--runtime=dockr"],
        "get": [cgroup, "--column=cpu.usage"],
        "watch": ["--format=jsonl", "--group=cpuu"],
    }
    for origin in (f"--target={daemon.target}", f"--ring_dir={daemon.ring}"):
        found = call(command, *flags.get(command, ["--column=memory.usage"]), origin)
        assert found.returncode == 2, found.stderr
        assert "did you mean" in found.stderr
        assert len(found.stderr.splitlines()) == 1


def test_nobody_answers_at_the_target(tmp_path: Path) -> None:
    found = call("watch", f"--target=unix:{tmp_path}/none")
    assert found.returncode == 4
    assert f"nobody answers at unix:{tmp_path}/none" in found.stderr


def test_flags_alone_mean_run_and_later_ones_are_one_warning(shared_memory: Path) -> None:
    folder = shared_memory / "alone"
    folder.mkdir()
    running = Daemon(folder, "-logtostderr", "-v=4", "--bq_id=x", "--storage_driver=influxdb")
    running.ready()
    assert running.end(signal.SIGINT) == 0
    warnings = [line for line in running.log.read_text().splitlines() if " warning " in line]
    assert len(warnings) == 1
    assert warnings[0].endswith("accepted, not served yet: storage_driver, bq_id")


def test_the_next_start_goes_on_with_the_history(shared_memory: Path, cgroup: str) -> None:
    folder = shared_memory / "again"
    folder.mkdir()
    first = Daemon(folder, "--housekeeping_interval=50ms")
    first.ready()
    time.sleep(0.5)
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    dead = json.loads(call("get", cgroup, "--window=1m", "--group=pids", "--json", f"--ring_dir={first.ring}").stdout)
    second = Daemon(folder, "--housekeeping_interval=50ms")
    second.ready()
    alive = json.loads(call("get", cgroup, "--window=1m", "--group=pids", "--json", f"--target={second.target}").stdout)
    assert second.end() == 0
    before, after = dead["groups"]["pids"]["tick"], alive["groups"]["pids"]["tick"]
    assert set(before) <= set(after)
    assert after[-1] > before[-1]


def test_sigterm_ends_it_also_with_a_subscriber_that_does_not_read(shared_memory: Path) -> None:
    folder = shared_memory / "stuck"
    folder.mkdir()
    running = Daemon(folder, "--housekeeping_interval=10ms")
    running.ready()
    with subprocess.Popen(
        [*PROGRAM, "watch", "--format=msgpack", f"--target={running.target}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
    ) as stuck:
        assert stuck.stdout is not None
        assert stuck.stdout.read(1)  # connected; and from here on nobody reads
        assert running.end() == 0
        stuck.kill()
    assert "ended" in running.log.read_text()


def test_the_service_manager_is_told(shared_memory: Path) -> None:
    folder = shared_memory / "notified"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        manager.settimeout(30)
        running = Daemon(folder, NOTIFY_SOCKET=str(folder / "notify"))
        assert manager.recv(100) == b"READY=1"
        running.end()
        assert manager.recv(100) == b"STOPPING=1"


def test_logs_as_json(shared_memory: Path) -> None:
    folder = shared_memory / "json"
    folder.mkdir()
    running = Daemon(folder, "--log_format=json")
    running.ready()
    running.end()
    for line in running.log.read_text().splitlines():
        assert {"time", "level", "logger", "message"} <= set(json.loads(line))


def test_host_says_what_and_why(cgroup: str) -> None:
    found = json.loads(call("host", "--json").stdout)
    assert found["facts"]["layout"] in ("v1", "hybrid", "v2")
    assert set(found["plan"]["reader_ns"]) >= {"pread", "openat"}
    text = call("host").stdout
    for word in ("<- chosen", "us a container and tick", "KEPT OPEN", "memory_stat"):
        assert word in text


def test_verify_finds_every_value_inside_its_bracket(cgroup: str) -> None:
    found = call("host", "--verify", timeout=120)
    assert found.returncode == 0, found.stdout
    assert re.search(r"[1-9]\d* values of [1-9]\d* containers checked, 0 wrong", found.stdout)
