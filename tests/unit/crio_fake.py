"""CRI-O's HTTP API made of a unix socket and a dictionary: GET /info and /containers/<id>, as CRI-O documents them."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any


class FakeCrio:
    """``containers`` by id.

    ``habit`` is asked before each answer: "hang" = never answers, "garbage" = bytes that are no HTTP, "json" = HTTP
    with bytes that are no JSON, "huge" = 100 MB, "cut" = half an answer, "500". ``inspect_habit``: only of containers.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.containers: dict[str, Any] = {}
        self.habit = self.inspect_habit = ""
        self.requests: list[str] = []
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self.path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(32)
        self._threads = [threading.Thread(target=self._accept, args=(self._listener,))]
        self._threads[0].start()

    def stop(self) -> None:
        if self._listener is None:
            return
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
        self._open.clear()
        self._listener.close()
        self._listener = None
        self.path.unlink()

    def add(self, ident: str, **fields: Any) -> None:
        """A container as CRI-O describes one of a pod."""
        labels = {
            "io.kubernetes.container.name": "main",
            "io.kubernetes.pod.name": "shop-1",
            "io.kubernetes.pod.namespace": "prod",
            "io.kubernetes.pod.uid": "0b1f-uid",
        }
        self.containers[ident] = {
            "name": "k8s_main_shop-1_prod_0b1f-uid_0",
            "pid": 4242,
            "image": "shop:2",
            "created_time": 1_700_000_000_123_456_789,
            "labels": labels,
            "annotations": {"io.kubernetes.container.restartCount": "2"},
            "log_path": "/var/log/pods/main.log",
            "root": "/var/lib/containers/storage/overlay/77/merged",
            "sandbox": "ee" * 32,
            "ip_addresses": ["10.0.0.7", "fd00::7"],
            **fields,
        }

    def wait_requests(self, target: str, count: int) -> None:
        event = threading.Event()
        for _ in range(2000):
            if self.requests.count(target) >= count:
                return
            event.wait(0.01)
        raise AssertionError(f"{target} was asked for {self.requests.count(target)} times")

    # ---- serving ----
    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            request = connection.recv(65536)
            if request:
                self._answer(connection, request.split(b" ")[1].decode())
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _answer(self, connection: socket.socket, target: str) -> None:
        self.requests.append(target)
        habit = self.habit or (self.inspect_habit if target.startswith("/containers/") else "")
        if habit == "hang":
            connection.recv(1)
        elif habit == "garbage":
            connection.sendall(b"\x00\x01 no HTTP \r\n\r\n")
        elif habit == "cut":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        elif habit == "json":
            _send(connection, 200, b"<html>not you</html>")
        elif habit == "huge":
            _send(connection, 200, bytes(100_000_000))
        elif habit == "500":
            _send(connection, 500, b"broken")
        elif target == "/info":
            _send(connection, 200, b'{"storage_driver":"overlay","storage_root":"/var/lib/containers/storage"}')
        elif (entry := self.containers.get(target.removeprefix("/containers/"))) is not None:
            _send(connection, 200, json.dumps(entry).encode())
        else:
            _send(connection, 404, b"can't find the container")


def _send(connection: socket.socket, status: int, body: bytes) -> None:
    connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
