"""A Docker daemon made of a unix socket and a dictionary, with every bad habit a test may want."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any


class FakeDocker:
    """Serves /version, /_ping, /events, /containers/json and /containers/<id>/json from ``containers``.

    ``habit`` is asked before each answer: "" = answer well, "hang" = never answer, "garbage" = bytes that are no
    HTTP, "json" = HTTP with bytes that are no JSON, "huge" = a head without end, "cut" = half an answer, "500".
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.containers: dict[str, dict[str, Any]] = {}
        self.habit = ""
        self.inspect_habit = ""
        self.root = "/var/lib/docker"
        self.list_body = b""  # sent in place of the list
        self.ends_events = False  # as soon as they have begun
        self.requests: list[str] = []
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._streams: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self.path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(64)
        self._spawn(self._accept, self._listener)

    def stop(self, *, keep_socket: bool = False) -> None:
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        with self._lock:
            for connection in self._open:
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        if not keep_socket:
            self.path.unlink(missing_ok=True)

    def add(self, ident: str, name: str, *, is_running: bool = True, **more: Any) -> None:
        self.containers[ident] = {"name": name, "image": "busybox:1", "labels": {}, "running": is_running, **more}

    def event(self, action: str, ident: str, **attributes: str) -> None:
        entry = self.containers.get(ident, {})
        names = {"name": entry.get("name", ""), "image": entry.get("image", ""), **attributes}
        event = {"Type": "container", "Action": action, "Actor": {"ID": ident, "Attributes": names}}
        self.raw_event(json.dumps(event).encode() + b"\n")

    def raw_event(self, data: bytes) -> None:
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            try:
                stream.sendall(b"%x\r\n%s\r\n" % (len(data), data))
            except OSError:
                pass

    def wait_for_stream(self, seconds: float = 10.0) -> None:
        event = threading.Event()
        for _ in range(int(seconds / 0.01)):
            if self._streams:
                return
            event.wait(0.01)
        raise AssertionError("nobody asked for events")

    # ---- serving ----
    def _spawn(self, function: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
            self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(4096)
                if not piece:
                    return
                head += piece
            target = head.split(b" ", 2)[1].decode()
            self.requests.append(target)
            self._answer(connection, target)
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
                self._streams.discard(connection)
            connection.close()

    def _answer(self, connection: socket.socket, target: str) -> None:
        is_inspect = target.startswith("/containers/") and not target.startswith("/containers/json")
        habit = self.inspect_habit if is_inspect and self.inspect_habit else self.habit
        if habit == "hang":
            connection.recv(1)
        elif habit == "garbage":
            connection.sendall(b"\x00\xff\x13 SSH-2.0 what do you want\r\n\r\n" * 10)
        elif habit == "huge":
            while True:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 65536)
        elif habit == "cut":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        elif habit == "json":
            self._send(connection, 200, b"<html>not you</html>")
        elif habit == "500":
            self._send(connection, 500, b'{"message":"server error"}')
        elif target.startswith("/events"):
            self._stream(connection)
        else:
            self._send(connection, *self._route(target, is_inspect))

    def _stream(self, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        if self.ends_events:
            connection.sendall(b"0\r\n\r\n")
            return
        with self._lock:
            self._streams.add(connection)
        connection.recv(1)

    def _route(self, target: str, is_inspect: bool) -> tuple[int, bytes]:
        if target == "/version":
            return 200, b'{"Version":"99.1","ApiVersion":"1.99"}'
        if target == "/info":
            return 200, json.dumps({"DockerRootDir": self.root}).encode()
        if target == "/_ping":
            return 200, b"OK"
        if is_inspect:
            ident = target.split("/")[2]
            entry = self.containers.get(ident)
            return (
                (200, json.dumps(_inspect(ident, entry)).encode())
                if entry
                else (404, b'{"message":"no such container"}')
            )
        if self.list_body:
            return 200, self.list_body
        running = [_list_entry(ident, entry) for ident, entry in self.containers.items() if entry["running"]]
        return 200, json.dumps(running).encode()

    def _send(self, connection: socket.socket, status: int, body: bytes) -> None:
        connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))


def _list_entry(ident: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "Id": ident,
        "Names": ["/other/alias", "/" + entry["name"]],
        "Image": entry["image"],
        "Labels": entry["labels"],
        "Created": 1_700_000_000,
        "HostConfig": {"NetworkMode": entry.get("network", "bridge")},
    }


def _inspect(ident: str, entry: dict[str, Any]) -> dict[str, Any]:
    health = {"Health": {"Status": entry["health"]}} if "health" in entry else {}
    return {
        "Id": ident,
        "Name": "/" + entry["name"],
        "Created": "2023-11-14T22:13:20.123456789Z",
        "State": {
            "Status": entry.get("state", "running"),
            "Pid": entry.get("pid", 4242),
            "StartedAt": entry.get("started", "2023-11-14T22:13:21Z"),
            **health,
            **_end(entry),
        },
        "RestartCount": entry.get("restarts", 0),
        "Config": {"Image": entry["image"], "Labels": entry["labels"], "Env": entry.get("env", [])},
        "HostConfig": {"NetworkMode": entry.get("network", "bridge")},
        "NetworkSettings": entry.get("networks", {}),
        "LogPath": entry.get("log", ""),
        **entry.get("driver", {}),
    }


def _end(entry: dict[str, Any]) -> dict[str, Any]:
    if "exit_code" not in entry:
        return {"Running": entry["running"], "FinishedAt": "0001-01-01T00:00:00Z"}
    how = {"ExitCode": entry["exit_code"], "OOMKilled": entry.get("oom_killed", False)}
    return {"Running": False, "FinishedAt": "2023-11-14T22:13:25Z", **how}
