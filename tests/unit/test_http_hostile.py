"""Clients that are slow, broken or mean, one behaviour a test. None of them may cost others anything."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.routing import Router

from pycadvisor_fast.faces.http.context import BusyError, Context, Workers
from pycadvisor_fast.faces.http.settings import HttpSettings
from pycadvisor_fast.faces.http.shaping import Shaping
from tests.unit.door_rig import certificates, door
from tests.unit.http_rig import BIG, SHORT, WAIT, Feed, Reply, Served, ended, read_all, serving

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running
        assert running.get("/healthz").text == "ok", "it serves others as before"


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0\1\2\3" * 100,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS to a plain port
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nno colon here\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"CONNECT 10.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_garbage_is_answered_400_and_closed(served: Served, garbage: bytes) -> None:
    reply = served.ask(garbage)
    assert reply.status == 400
    assert reply.fields["connection"] == "close"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /healthz?" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: " + b"a" * (1 << 20) + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"a" * (1 << 20), 431),
        (b"POST /t/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n", 413),
        (b"POST /t/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
        (b"POST /t/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
         + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 40, 413),
        (b"POST /t/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 600_000, 413),
        (b"POST /t/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"e" * (4 << 20), 413),
        (b"POST /t/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"t: x\r\n" * 1000, 431),
    ],
    ids=["path", "query", "field", "fields", "endless-field", "length", "length-of-23-digits", "chunks", "crumbs",
         "chunk-extension", "trailers"],
)  # fmt: skip
def test_too_much_is_refused(request_bytes: bytes, status: int) -> None:
    with serving(replace(SHORT, head_time=WAIT, body_time=WAIT)) as served:
        reply = served.ask(request_bytes)
        assert reply.status == status
        assert reply.text.endswith("\n")
        assert served.counts()["refused"] == 1
        assert served.get("/healthz").text == "ok"


@pytest.mark.parametrize("path", ["/t/echo", "/healthz", "/nowhere"])
def test_a_body_is_never_unpacked(served: Served, path: str) -> None:
    bomb = gzip.compress(bytes(64 << 20))
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    reply = served.ask(head.encode() + bomb)
    assert reply.status == 415


def test_a_body_nobody_reads_is_bounded_too(served: Served) -> None:
    """The probe answers before the body is there; what follows counts all the same."""
    with served.connect() as sock:
        sock.sendall(b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
        endless = (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 1000
        with pytest.raises(ConnectionError):
            sock.sendall(endless)


@pytest.mark.parametrize(
    "beginning",
    [b"", b"GET", b"GET /healthz HTTP/1.1\r\nHost:", b"POST /t/echo HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"],
)
def test_who_does_not_go_on_is_cut_off(served: Served, beginning: bytes) -> None:
    with served.connect() as sock:
        sock.sendall(beginning)
        answer = read_all(sock) if beginning else b""
        assert ended(sock)
    if beginning:
        assert Reply(answer).status == 408


def test_slowloris_is_cut_off(served: Served) -> None:
    """A byte now and then does not buy time."""
    with served.connect() as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\n")
        sock.settimeout(0.05)
        for number in range(1000):
            try:
                sock.sendall(b"a: %d\r\n" % number)
                if sock.recv(100) == b"" or number > 300:
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert number < 300
    served.until(lambda: served.counts()["connections"] == 0)


def test_who_stops_reading_a_big_answer_is_cut_off(served: Served) -> None:
    with served.connect() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.sendall(b"GET /t/big HTTP/1.1\r\nHost: x\r\n\r\n")
        served.until(lambda: served.counts()["cut_off"] == 1)
        served.until(lambda: served.counts()["connections"] == 0)
    assert served.counts()["bytes_sent"] < len(BIG) // 2


def test_who_reads_on_gets_all_of_it(served: Served) -> None:
    with served.connect() as sock:
        sock.sendall(b"GET /t/big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert read_all(sock).endswith(BIG)


def test_who_asks_and_leaves_costs_nothing_more(served: Served) -> None:
    for path in (b"/t/big", b"/t/stream", b"/t/wait", b"/t/text?times=100000"):
        for _ in range(5):
            with served.connect() as sock:
                sock.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    served.until(lambda: served.counts()["connections"] == 0)
    assert served.counts()["failures"] == 0


def test_a_small_answer_that_is_not_taken_holds_no_connection() -> None:
    """It fits into the transport, so nothing waits for it; the connection ends all the same."""
    with serving(replace(SHORT, idle_time=0.2)) as served, served.connect() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.sendall(b"GET /t/text?times=300000 HTTP/1.1\r\nHost: x\r\n\r\n")
        served.until(lambda: served.counts()["connections"] == 1)
        served.until(lambda: served.counts()["connections"] == 0)


@pytest.mark.parametrize("path", ["/healthz", "/t/wait", "/t/text?times=100000"])
def test_half_closed_is_answered(served: Served, path: str) -> None:
    with served.connect() as sock:
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        sock.shutdown(socket.SHUT_WR)
        reply = Reply(read_all(sock))
    assert reply.status == 200
    assert len(reply.body) == int(reply.fields["content-length"])


def test_half_closed_in_the_middle_of_a_request_is_over(served: Served) -> None:
    with served.connect() as sock:
        sock.sendall(b"POST /t/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        sock.shutdown(socket.SHUT_WR)
        assert ended(sock)


def test_a_stream_ends_when_its_reader_stops_sending(served: Served) -> None:
    """It is how a client that has gone looks like."""
    with served.connect() as sock:
        sock.sendall(b"GET /t/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        assert sock.recv(10)
        sock.shutdown(socket.SHUT_WR)
        assert ended(sock)


def test_requests_sent_ahead_are_answered_in_order(served: Served) -> None:
    ahead = b"".join(b"GET /t/path/%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(8))
    last = b"GET /t/path/last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with served.connect() as sock:
        sock.sendall(ahead + last)
        got = read_all(sock)
    bodies = [part.partition(b"HTTP/1.1")[0] for part in got.split(b"\r\n\r\n")[1:]]
    assert bodies == [*(b"%d" % number for number in range(8)), b"last"]


def test_a_thousand_requests_sent_ahead_are_too_many(served: Served) -> None:
    with served.connect() as sock:
        sock.sendall(b"GET /t/wait HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
        got = read_all(sock)
    assert got.count(b"HTTP/1.1 200 OK") == 1
    assert served.counts()["requests"] <= 20


def test_bad_request_after_good_ones_does_not_disturb_them(served: Served) -> None:
    with served.connect() as sock:
        sock.sendall(b"GET /t/wait HTTP/1.1\r\nHost: x\r\n\r\n" + b"\0garbage\r\n\r\n")
        got = read_all(sock)
    assert got.startswith(b"HTTP/1.1 200 OK")
    assert got.endswith(b"waited")


def test_upgrades_are_not_taken(served: Served) -> None:
    reply = served.ask(
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert (reply.status, reply.text) == (200, "ok")


def test_idle_connections_make_room() -> None:
    """Ten times as many as there may be: a new client gets in each time, and those that work are left alone."""
    with serving(replace(SHORT, connections=50, head_time=100.0)) as served, ExitStack() as stack:
        busy = [stack.enter_context(served.connect()) for _ in range(10)]
        for sock in busy:
            sock.sendall(b"GET /t/stream HTTP/1.1\r\nHost: x\r\n\r\n")
            assert sock.recv(1)
        idle = [stack.enter_context(served.connect()) for _ in range(500)]
        for number in range(0, 500, 50):
            idle[number].sendall(b"GET /hea")
        served.until(lambda: served.counts()["accepted"] == 510)
        for _ in range(20):
            assert served.get("/healthz").text == "ok"
        counts = served.counts()
        assert counts["connections"] <= 50
        assert counts["evicted"] >= 460
        assert counts["turned_away"] == 0
        assert ended(idle[0])
        for sock in busy:
            assert sock.recv(1), "still streaming"


def test_when_all_are_busy_a_new_one_is_turned_away() -> None:
    with serving(replace(SHORT, connections=5)) as served, ExitStack() as stack:
        busy = [stack.enter_context(served.connect()) for _ in range(5)]
        for sock in busy:
            sock.sendall(b"GET /t/stream HTTP/1.1\r\nHost: x\r\n\r\n")
            assert sock.recv(1)
        with served.connect() as sock:
            assert read_all(sock).startswith(b"HTTP/1.1 503 ")
        assert served.counts()["turned_away"] == 1
        busy[0].close()
        served.until(lambda: served.counts()["connections"] == 4)
        assert served.get("/healthz").text == "ok"


def test_more_calls_than_workers_and_places_to_wait_are_told_so() -> None:
    """A bounded number waits. What needs no worker goes on; what would be compressed goes as it is."""
    go_on = threading.Event()

    async def main() -> None:
        context = Context(Feed(), HttpSettings(), workers=Workers(1, 1))
        held = [asyncio.create_task(context.run(lambda: go_on.wait(WAIT))) for _ in range(2)]
        await asyncio.sleep(0)
        assert context.workers.taken == 2
        with pytest.raises(BusyError) as busy:
            await context.run(lambda: True)
        assert (busy.value.status_code, busy.value.headers) == (503, {"Retry-After": "1"})
        assert await Shaping(Router(), context).compressed(b"x" * (1 << 20)) is None
        go_on.set()
        assert await asyncio.gather(*held) == [True, True]
        assert await context.run(lambda: 3) == 3
        context.workers.stop()

    asyncio.run(main())


def test_big_answers_of_all_clients_are_bounded() -> None:
    limits = replace(SHORT, unsent=100 << 20, stall_time=100.0)
    with serving(limits) as served, ExitStack() as stack:
        socks = [stack.enter_context(served.connect()) for _ in range(2)]
        for sock in socks:
            sock.sendall(b"GET /t/big HTTP/1.1\r\nHost: x\r\n\r\n")
            assert sock.recv(1)
        reply = served.get("/t/big")
        assert (reply.status, reply.fields["retry-after"]) == (503, "1")
        for sock in socks:
            sock.close()
        served.until(lambda: served.counts()["connections"] == 0)
        assert served.get("/t/big").status == 200


def test_the_end_does_not_wait_for_streams() -> None:
    """Nor for idle connections; what is being answered is finished."""
    with serving() as served, ExitStack() as stack:
        stream, idle, waiting = (stack.enter_context(served.connect()) for _ in range(3))
        stream.sendall(b"GET /t/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        assert stream.recv(1)
        waiting.sendall(b"GET /t/wait HTTP/1.1\r\nHost: x\r\n\r\n")
        served.until(lambda: served.counts()["requests"] == 2 and served.counts()["connections"] == 3)
        asyncio.run_coroutine_threadsafe(served.server.stop(1000), served.loop).result(WAIT)
        assert ended(stream)
        assert ended(idle)
        assert read_all(waiting).endswith(b"waited")


def test_tls_that_is_never_agreed_on_makes_room_as_well(tmp_path: Path) -> None:
    """Connections that send nothing, or garbage, to a TLS port count, and the oldest of them goes first."""
    authority = certificates(tmp_path)
    certificate, key = authority.issue("server", "localhost")
    guarded = door(tls_cert=certificate, tls_key=key)
    with serving(replace(SHORT, connections=20, handshake_time=100.0), door=guarded) as served, ExitStack() as stack:
        assert served.server.addresses[0].startswith("https://127.0.0.1:")
        silent = [stack.enter_context(served.connect()) for _ in range(100)]
        served.until(lambda: served.counts()["accepted"] == 100)
        assert ended(silent[0])
        with served.connect() as plain:
            plain.sendall(GET)
            assert ended(plain)
        context = ssl.create_default_context(cafile=str(authority.ca))
        with context.wrap_socket(served.connect(), server_hostname="localhost") as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert Reply(read_all(sock)).text == "ok"
