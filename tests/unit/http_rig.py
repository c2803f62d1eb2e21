"""An HTTP server in this process, over a feed that is not one, and raw sockets to be rude to it with."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from pycadvisor_fast.faces.http import listening
from pycadvisor_fast.faces.http.limits import Limits
from pycadvisor_fast.faces.http.server import HttpServer, serve
from pycadvisor_fast.faces.http.settings import HttpSettings
from pycadvisor_fast.machine.model import Machine

WAIT = 20.0  # seconds until a hang is a failure; no test waits for it otherwise
SHORT = Limits(head_time=0.5, body_time=0.5, stall_time=0.5, linger_time=0.3, sweep_time=0.05)
"""Times a test can wait for."""


class Feed:
    """As much of feed.Feed as the server's own routes ask. ``state`` is what ``status`` answers."""

    def __init__(self) -> None:
        self.base_ns = 100_000_000
        self.state: dict[str, Any] = {
            "running": True,
            "ring_dir": "/dev/shm/x",
            "ring_bytes": 4096,
            "containers": 3,
            "rows_refused": 0,
            "slots_refused": 0,
            "read_errors": 0,
            "walk_errors": 0,
            "last_error": "",
            "discovery": {"mechanism": "fanotify", "reason": "", "cgroups": 3, "last_error": "", "notes": []},
            "runtimes": {"docker": {"state": "connected", "detail": "", "containers": 2}},
            "events": {"kinds": {}, "notes": []},
            "storage": {"filesystems": 2, "hanging": [], "error": ""},
        }
        self.ring = SimpleNamespace(path="/dev/shm/x", groups={}, is_stale=False)
        self.is_ticking = True
        self.events_bus = None
        self.raises: Exception | None = None

    def status(self) -> dict[str, Any]:
        if self.raises is not None:
            raise self.raises
        tick = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // self.base_ns if self.is_ticking else 1
        return {**self.state, "latest_tick": tick}

    def host(self) -> dict[str, Any]:
        groups = {"cpu": {"source": "bpf", "interval_ns": self.base_ns, "reason": "kernel memory"}}
        facts = {"kernel": "6.18", "layout": "v2", "controllers": {}, "abilities": {}, "files": [], "is_root": True}
        return {"facts": facts, "plan": {"base_ns": self.base_ns, "groups": groups}, "events": {}, "notes": []}

    def machine(self, *, fresh: bool = False) -> Machine:
        return Machine()

    def containers(self) -> tuple[Any, ...]:
        return ()


class Served:
    """A running server: its feed, its address, and its server object."""

    def __init__(self, feed: Feed, server: HttpServer, loop: asyncio.AbstractEventLoop) -> None:
        self.feed = feed
        self.server = server
        self.loop = loop
        host, _, port = server.addresses[0].partition("://")[2].rpartition(":")
        self.place = (host, int(port))

    def connect(self) -> socket.socket:
        return socket.create_connection(self.place, timeout=WAIT)

    def ask(self, request: bytes | str) -> Reply:
        """Sends the bytes and reads until the server closes: for requests that say ``Connection: close``."""
        with self.connect() as sock:
            sock.sendall(request.encode() if isinstance(request, str) else request)
            return Reply(read_all(sock))

    def get(self, path: str, *fields: str, method: str = "GET") -> Reply:
        lines = "".join(f"{field}\r\n" for field in ("Host: x", "Connection: close", *fields))
        return self.ask(f"{method} {path} HTTP/1.1\r\n{lines}\r\n")

    def until(self, condition: Callable[[], bool]) -> None:
        """Waits until something that happens in the server has happened."""
        end = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < end, f"it did not happen: {self.server.status()}"
            time.sleep(0.005)

    def counts(self) -> dict[str, int]:
        return self.server.status()


class Reply:
    """An answer as it came."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        head, _, self.body = data.partition(b"\r\n\r\n")
        status, *fields = head.decode("latin-1").split("\r\n")
        assert status.startswith("HTTP/1.1 "), data[:200]
        self.status = int(status.split()[1])
        self.fields = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}

    @property
    def text(self) -> str:
        return self.body.decode()


def read_all(sock: socket.socket) -> bytes:
    """Until the other side closes."""
    data = bytearray()
    while chunk := sock.recv(65536):
        data += chunk
    return bytes(data)


def ended(sock: socket.socket) -> bool:
    """Waits until the connection is over, politely or not; False: it has not ended within the time of a hang."""
    try:
        while sock.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


BIG = b"x" * (40 << 20)


def rude_routes() -> list[BaseRoute]:
    """What the tests want answered, and no room of ours does."""

    async def echo(request: Request) -> Response:
        return Response(await request.body(), media_type="text/plain")

    async def big(request: Request) -> Response:
        return Response(BIG, media_type="application/octet-stream")

    async def text(request: Request) -> Response:
        return Response("all work and no play " * int(request.query_params.get("times", "1")), media_type="text/plain")

    async def fault(request: Request) -> Response:
        raise RuntimeError("secret of the house")

    async def late_fault(request: Request) -> Response:
        async def pieces() -> Any:
            yield b"a beginning"
            raise RuntimeError("secret of the house")

        return StreamingResponse(pieces(), media_type="text/plain")

    async def stream(request: Request) -> Response:
        async def pieces() -> Any:
            while True:
                yield b"tick\n"
                await asyncio.sleep(0.02)

        return StreamingResponse(pieces(), media_type="text/plain")

    async def path(request: Request) -> Response:
        return Response(request.path_params["rest"].encode("utf-8", "surrogateescape"))

    async def wait(request: Request) -> Response:
        await asyncio.sleep(0.2)
        return Response("waited")

    return [
        Route("/t/echo", echo, methods=["GET", "POST"]),
        Route("/t/big", big),
        Route("/t/text", text),
        Route("/t/fault", fault),
        Route("/t/late", late_fault),
        Route("/t/stream", stream),
        Route("/t/wait", wait),
        Route("/t/path/{rest:path}", path),
    ]


@contextmanager
def serving(
    limits: Limits = SHORT,
    *,
    listen: Sequence[str] = (),
    feed: Any = None,
    door: Any = None,
    **settings: Any,
) -> Iterator[Served]:
    """A server on a free port of the loopback, in a thread of its own."""
    fed = Feed() if feed is None else feed
    listeners = listening.open_all(listening.wanted("127.0.0.1", 0, listen))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        told = replace(HttpSettings(**settings), limits=limits)
        starting = serve(fed, listeners, told, door, more=rude_routes())
        server = asyncio.run_coroutine_threadsafe(starting, loop).result(WAIT)
        try:
            yield Served(fed, server, loop)
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(0.1), loop).result(WAIT)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WAIT)
        loop.close()
        for listener in listeners:
            listener.close()
