"""HTTP of a live daemon: where it listens, what it says of it, what it does without its packages, and under attack."""

from __future__ import annotations

import http.client
import json
import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pycadvisor_fast import Client
from tests.host.test_cli_daemon import Daemon, call

pytestmark = pytest.mark.root

FOLDER = Path(f"/dev/shm/pcf-test-{os.getpid()}-http")
WAIT = 30.0


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    FOLDER.mkdir()
    yield FOLDER
    for running in Daemon.all:
        running.end(signal.SIGKILL)
    subprocess.run(["rm", "-rf", str(FOLDER)], check=True)


@pytest.fixture(scope="module")
def daemon(folder: Path) -> Iterator[Daemon]:
    running = Daemon(folder, "--port=0", "--housekeeping_interval=100ms", f"--http_listen=unix:{folder}/http.sock")
    running.ready()
    yield running
    assert running.end() == 0


def port_of(daemon: Daemon) -> int:
    found = re.search(r"serving .*http://127\.0\.0\.1:(\d+)", daemon.ready())
    assert found, daemon.ready()
    return int(found[1])


def get(daemon: Daemon, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(daemon), timeout=WAIT)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_ready_names_what_http_serves(daemon: Daemon, folder: Path) -> None:
    assert f"unix:{folder}/http.sock" in daemon.ready()
    assert get(daemon, "/healthz") == (200, b"ok")


def test_grpc_tells_what_http_was_asked(daemon: Daemon) -> None:
    with Client(daemon.target) as client:
        before = client.status().http
        _, body = get(daemon, "/api/v2.1/version")
        after = client.status().http
    assert after.requests - before.requests == after.accepted - before.accepted == 1
    assert after.bytes_sent - before.bytes_sent == len(body)
    assert after.failures == 0


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_of_a_daemon_that_is_well(daemon: Daemon, path: str) -> None:
    assert get(daemon, path) == (200, b"ok")
    status, text = get(daemon, f"{path}?verbose")
    assert status == 200
    assert text.startswith(b"[+]running: sampling\n")


def test_the_report_is_of_this_host(daemon: Daemon) -> None:
    text = get(daemon, "/validate/")[1].decode()
    assert f"Kernel version is {os.uname().release}" in text
    found = json.loads(get(daemon, "/validate/?format=json")[1])
    assert next(one for one in found["checks"] if one["title"] == "Cgroup setup")["verdict"].startswith("Supported")


def test_a_loopback_address_is_no_news(daemon: Daemon) -> None:
    assert "OPEN TO THE WORLD" not in daemon.log.read_text()


def test_the_whole_world_is(folder: Path) -> None:
    place = folder / "open"
    place.mkdir()
    running = Daemon(place, "--port=0", "--listen_ip=")
    running.ready()
    (line,) = [line for line in running.log.read_text().splitlines() if "OPEN TO THE WORLD" in line]
    assert " warning " in line
    assert "without authentication" in line
    assert running.end() == 0


@pytest.mark.parametrize("kind", ["port", "path"])
def test_a_busy_address_is_one_line_and_nothing_is_made(daemon: Daemon, folder: Path, kind: str) -> None:
    ring = folder / "unmade"
    flag = f"--port={port_of(daemon)}" if kind == "port" else f"--http_listen=unix:{folder}/http.sock"
    found = call("run", "--http=true", "--port=0", flag, "--grpc_listen=", f"--ring_dir={ring}")
    assert found.returncode == 4, found.stderr
    (line,) = found.stderr.splitlines()
    assert "HTTP" in line or "http_listen" in line
    assert not ring.exists()
    assert get(daemon, "/healthz") == (200, b"ok")


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--port=70000", "port: 70000 is no TCP port"),
        ("--http_listen=nonsense", "http_listen: 'nonsense' is neither host:port nor unix:/path"),
        ("--url_base_prefix=/a/../b", 'url_base_prefix: "/a/../b" is no plain path'),
        ("--prometheus_endpoint=metrics", 'prometheus_endpoint: "metrics" is no path of its own'),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_code_2(flag: str, message: str) -> None:
    found = call("run", "--http=true", flag)
    assert found.returncode == 2
    (line,) = found.stderr.splitlines()
    assert message in line


def hidden(folder: Path, package: str) -> dict[str, str]:
    """An environment in which a package looks as if it were not installed."""
    place = folder / f"without-{package}"
    place.mkdir(exist_ok=True)
    (place / f"{package}.py").write_text(f"raise ModuleNotFoundError('not here', name='{package}')\n")
    return {"PYTHONPATH": f"{place}:{Path(__file__).resolve().parents[2]}"}


@pytest.mark.parametrize("package", ["httptools", "starlette", "uvicorn"])
def test_without_its_packages_there_is_no_http_and_it_says_so(folder: Path, package: str) -> None:
    place = folder / f"ring-{package}"
    place.mkdir()
    running = Daemon(place, **hidden(folder, package), PYCADVISOR_FAST_HTTP="")
    line = running.ready()
    assert "http://" not in line
    assert f"no HTTP: HTTP needs {package}, which is not installed" in running.log.read_text()
    assert running.end() == 0


def test_without_its_packages_who_asks_for_http_is_told(folder: Path) -> None:
    found = call("run", "--port=0", "--http=true", f"--ring_dir={folder}/unmade", **hidden(folder, "uvicorn"))
    assert found.returncode == 5
    (line,) = found.stderr.splitlines()
    assert "pip install 'pycadvisor-fast[http]'" in line


def test_streams_and_ticks_go_on_under_attack(daemon: Daemon) -> None:
    """Five hundred connections of every bad kind, while a subscriber follows every tick of 100 ms."""
    port = port_of(daemon)
    is_over = threading.Event()

    def attack() -> None:
        with ExitStack() as stack:
            number = 0
            while not is_over.is_set():
                number += 1
                sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=WAIT))
                try:
                    sock.sendall(ATTACKS[number % len(ATTACKS)])
                except ConnectionError:
                    pass
                if number % 250 == 0:
                    stack.close()

    attackers = [threading.Thread(target=attack) for _ in range(2)]
    before = get_status(daemon)
    with Client(daemon.target) as client:
        stream = client.stream(groups=["cpu"])
        next(stream)
        for attacker in attackers:
            attacker.start()
        try:
            ticks = [next(stream).tick for _ in range(30)]
        finally:
            is_over.set()
            for attacker in attackers:
                attacker.join()
    assert ticks == sorted(set(ticks))
    after = get_status(daemon)
    assert after["http"]["accepted"] > before["http"]["accepted"] + 100
    assert after["http"]["failures"] == 0
    assert get(daemon, "/healthz") == (200, b"ok")
    assert "Traceback" not in daemon.log.read_text()


ATTACKS = (
    b"",
    b"GET /metr",
    b"\0" * 1000,
    b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20,
    b"POST /api/v1.3/containers/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"ffff\r\n" + b"[" * 65535 + b"\r\n",
    b"POST /api/v1.3/containers/ HTTP/1.1\r\nContent-Length: 4\r\n\r\n{{{{",
    b"GET /api/v1.3/subcontainers/ HTTP/1.1\r\nHost: x\r\n\r\n",
)


def get_status(daemon: Daemon) -> dict[str, dict[str, int]]:
    until = time.monotonic() + WAIT
    while True:
        status, body = get(daemon, "/api/v3/status")
        if status != 503:  # right after an attack: its questions are still waiting for a worker
            break
        assert time.monotonic() < until, body
        time.sleep(0.1)
    assert status == 200
    found: dict[str, dict[str, int]] = json.loads(body)
    return found


def wakeups(daemon: Daemon) -> int:
    """How often the thread of HTTP has been woken so far."""
    for task in Path(f"/proc/{daemon.process.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == "pcf-http":
            found = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text(), re.MULTILINE)
            assert found
            return int(found[1])
    raise AssertionError("no thread is called pcf-http")


def test_without_a_connection_nothing_of_it_runs(folder: Path) -> None:
    """Not once in two seconds; a second later than the last connection ended, at the latest."""
    place = folder / "idle"
    place.mkdir()
    running = Daemon(place, "--port=0", "--housekeeping_interval=100ms")
    running.ready()
    assert get(running, "/metrics")[0] == 200
    until = time.monotonic() + WAIT
    before = -1
    while (now := wakeups(running)) != before:
        assert time.monotonic() < until, "it never rests"
        before = now
        time.sleep(2)
    assert running.end() == 0


def test_five_thousand_idle_connections(daemon: Daemon) -> None:
    """Which is five times as many as there may be: everybody who asks is answered, and the ticks go on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    before = get_status(daemon)
    try:
        with ExitStack() as stack:
            for _ in range(5000):
                stack.enter_context(socket.create_connection(("127.0.0.1", port_of(daemon)), timeout=WAIT))
            for path in ("/healthz", "/metrics", "/api/v1.3/machine"):
                assert get(daemon, path)[0] == 200
            after = get_status(daemon)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert after["http"]["accepted"] >= before["http"]["accepted"] + 5000
    assert after["http"]["connections"] <= 1000
    assert after["http"]["turned_away"] == before["http"]["turned_away"]
    assert after["collector"]["latest_tick"] > before["collector"]["latest_tick"]


def test_it_ends_at_once_with_streams_open(folder: Path) -> None:
    place = folder / "ending"
    place.mkdir()
    running = Daemon(place, "--port=0", "--housekeeping_interval=100ms", f"--http_listen=unix:{place}/http.sock")
    running.ready()
    with socket.create_connection(("127.0.0.1", port_of(running)), timeout=WAIT) as sock:
        sock.sendall(b"GET /api/v3/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 200 ")
        assert running.end() == 0
    assert "cut off" not in running.log.read_text()
    assert not (place / "http.sock").exists()
