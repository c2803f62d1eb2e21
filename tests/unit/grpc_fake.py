"""A gRPC server on a unix socket whose methods are functions over bytes, and sockets that speak no gRPC at all."""

from __future__ import annotations

import queue
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

Answer = Callable[[bytes, str], bytes | Iterator[bytes]]
"""(request, containerd-namespace or "") -> the answer, or an iterator of them. Raises FaultError for an error."""


class FaultError(Exception):
    """What a method answers instead of a message."""

    def __init__(self, code: grpc.StatusCode, text: str = "") -> None:
        super().__init__(text)
        self.code = code


class FakeGrpc(grpc.GenericRpcHandler):
    """``methods`` by full name without the leading slash; those in ``streams`` answer with an iterator.

    ``habits`` by method name (or "" for all) is asked before each answer: "hang" = never answers, "garbage" = bytes
    that are no message, "huge" = 100 MB, "error" = an error.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.methods: dict[str, Answer] = {}
        self.streams: set[str] = set()
        self.habits: dict[str, str] = {}
        self.calls: list[str] = []
        self._server: grpc.Server | None = None
        self.stopping = threading.Event()

    def start(self) -> None:
        self.path.unlink(missing_ok=True)
        self.stopping = threading.Event()  # those that serve for the last start keep theirs
        server = grpc.server(
            ThreadPoolExecutor(32),
            options=[("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)],
        )
        server.add_generic_rpc_handlers((self,))
        assert server.add_insecure_port(f"unix:{self.path}")
        server.start()
        self._server = server

    def stop(self) -> None:
        self.stopping.set()
        if self._server is not None:
            self._server.stop(0).wait()
            self._server = None
        self.path.unlink(missing_ok=True)

    def queued(self, events: queue.Queue[bytes | None]) -> Iterator[bytes]:
        """What comes in, until None comes or the server is stopped: a thread of a pool that waits longer is joined."""
        stopping = self.stopping
        while not stopping.is_set():
            try:
                data = events.get(timeout=0.05)
            except queue.Empty:
                continue
            if data is None:
                return
            yield data

    def wait_calls(self, method: str, count: int) -> None:
        for _ in range(2000):
            if self.calls.count(method) >= count:
                return
            self.stopping.wait(0.01)
        raise AssertionError(f"{method} was called {self.calls.count(method)} times")

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        name = details.method.removeprefix("/")
        answer = self.methods.get(name)
        if answer is None:
            return None
        metadata = dict(details.invocation_metadata or ())
        namespace = str(metadata.get("containerd-namespace", ""))
        self.calls.append(name)

        def one(request: bytes, context: Any) -> Any:
            habit = self.habits.get(name) or self.habits.get("")
            if habit == "hang":
                self.stopping.wait(30)
            elif habit == "garbage":
                return b"\xff\xff\xff\xff nonsense"
            elif habit == "huge":
                return bytes(100_000_000)
            elif habit == "error":
                context.abort(grpc.StatusCode.INTERNAL, "it is broken")
            try:
                return answer(request, namespace)
            except FaultError as fault:
                context.abort(fault.code, str(fault))

        def several(request: bytes, context: Any) -> Iterator[bytes]:
            found = one(request, context)
            yield from ([found] if isinstance(found, bytes) else found)

        return (
            grpc.unary_stream_rpc_method_handler(several)
            if name in self.streams
            else grpc.unary_unary_rpc_method_handler(one)
        )


class FakeSocket:
    """A unix socket that accepts and then: "hang" = never says a word, "close" = closes, "garbage" = sends bytes that
    are no HTTP/2, "cut" = begins a gRPC answer and closes within its message."""

    def __init__(self, path: Path, habit: str) -> None:
        self.habit = habit
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(16)
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads[1:]:
            thread.join()
        for connection in self._open:
            connection.close()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self.habit == "garbage":
                connection.sendall(b"\x00garbage that is no HTTP/2 frame of any kind" * 20)
            elif self.habit == "cut":
                self._cut(connection)
            if self.habit != "hang":
                connection.shutdown(socket.SHUT_RDWR)
                return
            while connection.recv(65536):
                pass
        except OSError:
            pass

    def _cut(self, connection: socket.socket) -> None:
        connection.sendall(_frame(4, 0, 0, b""))  # SETTINGS
        data = b""
        while b"\x00\x00\x00\x04\x01" not in data and len(data) < 400:  # until it has acknowledged and asked
            piece = connection.recv(65536)
            if not piece:
                return
            data += piece
        head = b"\x88\x5f\x10application/grpc"  # :status 200, content-type
        connection.sendall(_frame(1, 4, 1, head) + _frame(0, 0, 1, struct.pack(">BI", 0, 1000) + b"ten bytes."))


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload
