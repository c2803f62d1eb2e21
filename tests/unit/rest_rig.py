"""The HTTP application over a ring written by hand: requests without a socket, and a server for streams."""

from __future__ import annotations

import asyncio
import socket
import types
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from pycadvisor_fast.container import Container
from pycadvisor_fast.faces.grpc.addresses import Address
from pycadvisor_fast.faces.http import listening
from pycadvisor_fast.faces.http.app import application
from pycadvisor_fast.faces.http.context import Context
from pycadvisor_fast.faces.http.server import serve
from pycadvisor_fast.faces.http.settings import HttpSettings
from pycadvisor_fast.sampling.group import GroupRing

from .handmade_ring import FakeFeed, RingWriter, container, rows_for

INTERVALS = {"cpu": 100, "memory": 100, "memory_stat": 100, "io": 100, "limits": 1000}
WAIT = 20.0  # seconds until a hang is a failure; no test waits for it otherwise


def docker(slot: int, ident: str, name: str) -> Container:
    return container(slot, id=ident, name=name, path=f"/docker/{ident}", namespace="docker", aliases=(name,))


CONTAINERS = (
    Container("/", 0, 1),
    Container("/docker", 1, 1),
    docker(2, "aa11" + "0" * 60, "web-1"),
    docker(3, "aa22" + "0" * 60, "web-2"),
    docker(4, "bb33" + "0" * 60, "db"),
    Container("/foo", 5, 1),
    Container("/foo/bar", 6, 1),
    Container("/foobar", 7, 1),
    container(8, path="/pod/x", id="cc44" + "0" * 60, name="box", runtime="podman", namespace="podman"),
    Container("/young", 9, 1),  # without a sample
)
TICKS = range(1, 21)


class RestFeed(FakeFeed):
    """With as much of a Ring as the REST face needs."""

    def __init__(self, writer: RingWriter, containers: Collection[Container] = CONTAINERS) -> None:
        super().__init__(writer, tuple(containers))
        self.groups = {name: GroupRing(str(writer.path), name) for name in writer.regions}
        self.ring = types.SimpleNamespace(
            path=str(writer.path), groups=types.MappingProxyType(self.groups), group=self.groups.__getitem__
        )

    def write(self, numbers: Collection[int]) -> None:
        """These passes, rows for all but the young."""
        for number in numbers:
            rows: dict[tuple[str, int, int, str], Mapping[str, int]] = {}
            for one in self.containers():
                if one.path != "/young":
                    rows |= rows_for([one.slot], number, one.generation)
                    rows["memory_stat", one.slot, one.generation, ""] = {"inactive_file_bytes": 4096}
            self.tick(number, rows)

    def close(self) -> None:
        for group in self.groups.values():
            group.close()


class FakeDoor:
    """Lets everybody in who may see so much."""

    is_closed = True  # one has to show who he is

    def __init__(self, scopes: Collection[str]) -> None:
        self._user = types.SimpleNamespace(may=lambda scope: scope in scopes)

    def asgi(self, app: Any, hosts: Any) -> Any:
        async def named(scope: Any, receive: Any, send: Any) -> None:
            scope["pcf_user"] = self._user
            await app(scope, receive, send)

        return named

    def ssl_context(self) -> None:
        return None


@contextmanager
def feeding(directory: Path, ticks: Collection[int] = TICKS, **how: Any) -> Iterator[RestFeed]:
    """A feed with some history."""
    writer = RingWriter(directory / "ring", how.pop("intervals", INTERVALS), ring_len=how.pop("ring_len", 64))
    feed = RestFeed(writer, **how)
    try:
        feed.write(ticks)
        yield feed
    finally:
        feed.close()
        writer.close()


def client(feed: RestFeed, door: Any = None, **settings: Any) -> TestClient:
    """Requests to the whole application."""
    context = Context(feed, HttpSettings(**settings), door)
    return TestClient(application(context, ("127.0.0.1",)), "http://host", follow_redirects=False)


@asynccontextmanager
async def served(feed: RestFeed) -> AsyncIterator[tuple[str, int]]:
    """A server on a free port."""
    listeners = listening.open_all([Address("127.0.0.1", 0)])
    server = await serve(feed, listeners, HttpSettings())
    try:
        yield "127.0.0.1", listeners[0].address.port
    finally:
        await server.stop(0.1)


@asynccontextmanager
async def asked(place: tuple[str, int], path: str, *fields: str, room: int | None = None) -> AsyncIterator[Stream]:
    """A GET over a socket of its own; ``room``: how much the client buffers before it takes no more."""
    sock = socket.socket()
    if room is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)  # the kernel would take megabytes for it
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, place)
    reader, writer = await asyncio.open_connection(sock=sock, **({} if room is None else {"limit": room}))
    try:
        head = "".join(f"{field}\r\n" for field in fields)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: host\r\n{head}\r\n".encode())
        yield Stream(reader)
    finally:
        writer.close()


class Stream:
    """An answer in chunks."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def head(self) -> tuple[int, dict[str, str]]:
        """Status and fields, names in small letters."""
        async with asyncio.timeout(WAIT):
            lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = (line.partition(": ") for line in lines[1:] if line)
        return int(lines[0].split()[1]), {name.lower(): value for name, _, value in fields}

    async def chunk(self) -> bytes:
        """The next one."""
        async with asyncio.timeout(WAIT):
            size = int(await self._reader.readline(), 16)
            return (await self._reader.readexactly(size + 2))[:-2]

    async def body(self, length: int) -> bytes:
        """Of an answer that says how long it is."""
        async with asyncio.timeout(WAIT):
            return await self._reader.readexactly(length)

    async def everything(self) -> bytes:
        """All that comes until the connection ends."""
        async with asyncio.timeout(WAIT):
            return await self._reader.read()
