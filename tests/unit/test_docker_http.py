"""The HTTP of container engines: what is read, and what is refused by name."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycadvisor_fast.discovery.runtimes.http import HttpError, HttpTimeoutError, get
from pycadvisor_fast.options import Endpoint

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class Server:
    """Answers one request with given bytes, ``pieces`` at a time; then closes, or waits for the other side to."""

    def __init__(self, listener: socket.socket, answer: bytes, pieces: int = 1 << 20, *, closes: bool = True) -> None:
        self._listener, self._answer, self._pieces, self._closes = listener, answer, pieces, closes
        listener.listen()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            try:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += connection.recv(4096)
                for at in range(0, len(self._answer), self._pieces):
                    connection.sendall(self._answer[at : at + self._pieces])
                if not self._closes:
                    connection.recv(1)
            except ConnectionError:
                pass


async def ask(endpoint: Endpoint, timeout_s: float, limit: int) -> tuple[int, bytes]:
    try:
        return await get(endpoint, "/x", timeout_s=timeout_s, limit=limit)
    finally:
        await asyncio.sleep(0)  # the loop ends right here: let it close the connection


def fetch(
    answer: bytes, path: Path, *, pieces: int = 1 << 20, tcp: bool = False, closes: bool = True, timeout_s: float = 10
) -> tuple[int, bytes]:
    """Status and body of an answer."""
    if tcp:
        listener = socket.create_server(("127.0.0.1", 0))
        endpoint = Endpoint(host="127.0.0.1", port=listener.getsockname()[1])
    else:
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        endpoint = Endpoint(path=str(path))
    with Server(listener, answer, pieces, closes=closes):
        return asyncio.run(ask(endpoint, timeout_s, 1 << 20))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s"


@pytest.mark.parametrize("pieces", [1, 3, 1 << 20])
@pytest.mark.parametrize("tcp", [False, True], ids=["unix", "tcp"])
@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (OK + b"Content-Length: 5\r\n\r\nhello", 200, b"hello"),
        (OK + b"content-length:5\r\n\r\nhello and more", 200, b"hello"),
        (OK + b"\r\nuntil the end", 200, b"until the end"),
        (OK + b"Content-Length: 0\r\n\r\n", 200, b""),
        (CHUNKED + b"5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\n\r\n", 200, b"hello world"),
        (CHUNKED + b"A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n", 200, b"0123456789"),
        (b"HTTP/1.0 404 Not Found\r\n\r\nno", 404, b"no"),
        (b"HTTP/1.1 204 No Content\r\n\r\nignored", 204, b""),
    ],
)
def test_answers(path: Path, answer: bytes, status: int, body: bytes, pieces: int, tcp: bool) -> None:
    assert fetch(answer, path, pieces=pieces, tcp=tcp) == (status, body)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"", "closed before the head"),
        (b"HTTP/1.1 200", "closed within the head"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "this is no HTTP: 'SSH-2.0-OpenSSH'"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "this is no HTTP"),
        (OK + b"no colon\r\n\r\n", "without colon"),
        (OK + b"X: " + b"y" * 70_000, "head is longer than 65536 bytes"),
        (OK + b"Content-Length: -1\r\n\r\n", "'-1' is no length"),
        (OK + b"Content-Length: 1e3\r\n\r\n", "'1e3' is no length"),
        (OK + b"Content-Length: 10\r\n\r\nshort", "ends 5 bytes early"),
        (CHUNKED + b"zz\r\n", "'zz' is no length"),
        (CHUNKED + b"-5\r\nhello\r\n", "'-5' is no length"),
        (CHUNKED + b"5\r\nhello!!\r\n", "longer than its size"),
        (CHUNKED + b"5\r\nhel", "ends 2 bytes early"),
        (CHUNKED + b"5\r\nhello", "closed within the answer"),
        (CHUNKED + b"5;" + b"x" * 2000 + b"\r\nhello\r\n", "chunk size line is longer"),
        (CHUNKED + b"ffffffffffffffffff\r\n", "is no length"),
        (OK + b"Content-Length: 2000000\r\n\r\n" + b"x" * 2_000_000, "larger than 1048576 bytes"),
    ],
)
def test_what_is_refused(path: Path, answer: bytes, text: str) -> None:
    with pytest.raises(HttpError) as refused:
        fetch(answer, path)
    assert text in str(refused.value)
    assert str(refused.value).startswith(f"unix://{path}/x: ")


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_an_answer_or_a_named_error(path: Path, data: bytes) -> None:
    for head in (b"", OK + b"\r\n", CHUNKED):
        try:
            fetch(head + data, path)
        except HttpError:
            pass


def test_a_body_that_never_ends_is_a_timeout(path: Path) -> None:
    with pytest.raises(HttpTimeoutError, match=r"no answer within 0\.2 s"):
        fetch(OK + b"Content-Length: 10\r\n\r\n123", path, closes=False, timeout_s=0.2)
