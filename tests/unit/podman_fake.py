"""A podman API service made of a unix socket and dictionaries: Docker's stand-in with libpod's endpoints."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from tests.unit.docker_fake import FakeDocker

PREFIX = "/v99.1.2/libpod"
VERSION = {
    "Version": "99.1.2",
    "ApiVersion": "1.41",
    "Components": [
        {"Name": "Conmon", "Version": "2"},
        {"Name": "Podman Engine", "Version": "99.1.2", "Details": {"APIVersion": "99.1.2"}},
    ],
}


class FakePodman(FakeDocker):
    """``containers`` as in FakeDocker, with ``pod`` and ``infra``; ``pods`` by id.

    ``habit`` "flood": 100 MB of body.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.pods: dict[str, dict[str, Any]] = {}
        self.version: dict[str, Any] = VERSION
        self.has_events = True

    def _answer(self, connection: socket.socket, target: str) -> None:
        if self.habit == "flood" and not target.startswith("/events"):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")
            for _ in range(1600):
                connection.sendall(b" " * 65536)
        elif target.startswith("/events") and not self.has_events:
            self._send(connection, 500, b'{"cause":"cannot read events with the \\"none\\" backend"}')
        else:
            super()._answer(connection, target.removeprefix(PREFIX))

    def _route(self, target: str, is_inspect: bool) -> tuple[int, bytes]:
        if target == "/version":
            return 200, json.dumps(self.version).encode()
        if target == "/_ping":
            return 200, b"OK"
        path = target.partition("?")[0]
        if path == "/containers/json":
            return 200, json.dumps([self._entry(*one) for one in self.containers.items()] or None).encode()
        if path == "/pods/json":
            return 200, json.dumps([self._pod(ident) for ident in self.pods]).encode()
        kind, ident = path.split("/")[1:3]
        if kind == "pods" and ident in self.pods:
            return 200, json.dumps(self._pod(ident)).encode()
        if kind == "containers" and ident in self.containers:
            return 200, json.dumps(self._inspect(ident, self.containers[ident])).encode()
        return 404, b'{"cause":"no such container","response":404}'

    def _pod(self, ident: str) -> dict[str, Any]:
        entry = self.pods[ident]
        infra = next((one for one, other in self.containers.items() if other.get("infra")), "")
        return {
            "Id": ident,
            "Name": entry["name"],
            "Labels": entry.get("labels"),
            "InfraId": infra,
            "InfraContainerID": infra,
            "Created": "2023-11-14T22:13:20Z",
        }

    def _entry(self, ident: str, entry: dict[str, Any]) -> dict[str, Any]:
        pod = entry.get("pod", "")
        return {
            "Id": ident,
            "Names": [entry["name"]],
            "Image": entry["image"],
            "Labels": entry["labels"] or None,
            "Created": "2023-11-14T22:13:20.123456789Z",
            "StartedAt": 1_700_000_001 if entry["running"] else -62_135_596_800,
            "Pid": 4242 if entry["running"] else 0,
            "Pod": pod,
            "PodName": self.pods[pod]["name"] if pod else "",
            "IsInfra": entry.get("infra", False),
            "State": entry.get("state", "running" if entry["running"] else "exited"),
            "Status": entry.get("health", ""),
        }

    def _inspect(self, ident: str, entry: dict[str, Any]) -> dict[str, Any]:
        state = {
            "Status": entry.get("state", "running" if entry["running"] else "exited"),
            "Running": entry["running"],
            "Pid": 4242,
            "StartedAt": "2023-11-14T22:13:21.5Z",
            "FinishedAt": "0001-01-01T00:00:00Z",
            "Health": {"Status": entry.get("health", "")},
        }
        if "exit_code" in entry:
            state |= {
                "ExitCode": entry["exit_code"],
                "OOMKilled": entry.get("oom_killed", False),
                "Running": False,
                "FinishedAt": "2023-11-14T22:13:25Z",
            }
        return {
            "Id": ident,
            "Name": entry["name"],
            "ImageName": entry["image"],
            "Created": "2023-11-14T22:13:20.123456789Z",
            "State": state,
            "Pod": entry.get("pod", ""),
            "IsInfra": entry.get("infra", False),
            "RestartCount": entry.get("restarts", 0),
            "GraphDriver": {"Name": "overlay", "Data": {"UpperDir": f"/s/overlay/{ident[:8]}/diff"}},
            "NetworkSettings": {
                "IPAddress": "",
                "Networks": {"podman": {"IPAddress": "10.88.0.2", "GlobalIPv6Address": "fd00::2"}},
            },
            "Config": {"Labels": entry["labels"] or None, "Env": ["A=1", "B=x=y", "broken"]},
            "HostConfig": {"NetworkMode": "bridge", "LogConfig": {"Path": f"/s/{ident[:8]}/ctr.log"}},
        }
