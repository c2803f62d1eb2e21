"""A daemon with HTTP on a port of its own, and Docker containers with known work for whoever asks it."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.host.docker_engine import DockerEngine
from tests.host.test_cli_daemon import Daemon

QUOTA_CORES = 0.25
MEMORY_LIMIT = 96 << 20
FILE_BYTES = 24 << 20


def free_port() -> int:
    """A TCP port of the loopback that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(condition: Callable[[], Any], seconds: float = 60.0, why: Callable[[], object] = lambda: "") -> Any:
    """What ``condition`` answers once it is true. A hang is a failure, which says ``why``."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"it did not come true: {why()}"
        time.sleep(0.05)
    return found


class HttpDaemon:
    """``url`` is the root of its HTTP face, ``ring`` its ring directory, ``target`` its gRPC address."""

    def __init__(self, folder: Path, *flags: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.daemon = Daemon(folder, "--listen_ip=127.0.0.1", f"--port={port}", *flags)
        self.daemon.ready()
        self.ring, self.target = self.daemon.ring, self.daemon.target

    def get(self, path: str, **headers: str) -> bytes:
        """Body of an answer; raises urllib.error.HTTPError for a status that is not 2xx."""
        request = urllib.request.Request(self.url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as response:
            body: bytes = response.read()
        return body

    def json(self, path: str) -> Any:
        """The answer as JSON."""
        return json.loads(self.get(path))


@contextmanager
def http_daemon(*flags: str) -> Iterator[HttpDaemon]:
    """A daemon with its ring on tmpfs, ended at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pcf-test-http-", dir="/dev/shm"))
    running: HttpDaemon | None = None
    try:
        running = HttpDaemon(folder, *flags)
        yield running
        assert running.daemon.end() == 0, running.daemon.log.read_text()
    finally:
        if running is not None:
            running.daemon.end(signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


class Shop:
    """Three containers: one that wants more CPU than its quota, one that holds memory and a file and serves it, and
    one that fetches the file again and again."""

    def __init__(self, engine: DockerEngine, prefix: str) -> None:
        self.engine = engine
        self.busy, self.store, self.buyer = (f"{prefix}-{name}" for name in ("busy", "store", "buyer"))
        quota = {"CpuPeriod": 100_000, "CpuQuota": int(100_000 * QUOTA_CORES)}
        self.ids = {self.busy: engine.run(self.busy, "sh", "-c", "while :; do :; done", HostConfig=quota)}
        fill = f"mkdir -p /www; dd if=/dev/urandom of=/www/file bs=1M count={FILE_BYTES >> 20}"
        serve = "httpd -f -p 8000 -h /www"
        self.ids[self.store] = engine.run(
            self.store,
            "sh", "-c", f"{fill}; exec {serve}",
            HostConfig={"Memory": MEMORY_LIMIT},
            Labels={"shop.owner": "ada", "shop-owner": "bob"},  # equal once they are cleaned
        )  # fmt: skip
        networks = engine.inspect(self.ids[self.store])["NetworkSettings"]["Networks"]
        address = next(iter(networks.values()))["IPAddress"]
        fetch = f"while :; do wget -q -O /dev/null http://{address}:8000/file || sleep 1; sleep .2; done"
        self.ids[self.buyer] = engine.run(self.buyer, "sh", "-c", fetch)

    def stats(self, name: str) -> dict[str, Any]:
        """What ``docker stats`` shows, before it is rounded: one shot of the Engine API."""
        found: dict[str, Any] = self.engine.request(
            "GET", f"/containers/{self.ids[name]}/stats?stream=false&one-shot=1"
        )
        return found

    def received(self, name: str) -> int:
        """Bytes received by all interfaces, as docker stats counts."""
        return sum(int(one["rx_bytes"]) for one in self.stats(name).get("networks", {}).values())

    def close(self) -> None:
        """Removes the containers."""
        for ident in self.ids.values():
            self.engine.remove(ident)


@contextmanager
def shop(engine: DockerEngine, prefix: str) -> Iterator[Shop]:
    """The containers, with their traffic begun."""
    made = Shop(engine, prefix)
    try:
        eventually(lambda: made.received(made.buyer) > FILE_BYTES, why=lambda: made.stats(made.buyer))
        yield made
    finally:
        made.close()
