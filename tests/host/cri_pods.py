"""Makes pods through a CRI socket, as kubelet does: requests written by hand, field by field (runtime.v1)."""

from __future__ import annotations

from typing import Any

import grpc

Value = bytes | str | int | list[Any] | dict[str, str]
NODE = 2  # NamespaceMode


class Pods:
    """Pods in the host's network (no CNI plugin is needed), below one cgroup parent."""

    def __init__(self, socket: str, cgroup_parent: str, log_directory: str) -> None:
        self._channel = grpc.insecure_channel(f"unix://{socket}", options=[("grpc.default_authority", "localhost")])
        self._parent = cgroup_parent
        self._logs = log_directory
        self._configs: dict[str, bytes] = {}

    def close(self) -> None:
        """Removes all pods."""
        for sandbox in list(self._configs):
            self.remove(sandbox)
        self._channel.close()

    def run(self, name: str, namespace: str, uid: str, attempt: int = 0) -> str:
        """RunPodSandbox; the sandbox's id."""
        labels = {
            "io.kubernetes.pod.name": name,
            "io.kubernetes.pod.namespace": namespace,
            "io.kubernetes.pod.uid": uid,
        }
        security = message({1: message({1: NODE})})
        config = message(
            {
                1: message({1: name, 2: uid, 3: namespace, 4: attempt}),
                3: f"{self._logs}/{namespace}_{name}_{uid}",
                6: labels,
                8: message({1: self._parent, 2: security}),
            }
        )
        sandbox = text(self._call("RunPodSandbox", message({1: config})))
        self._configs[sandbox] = config
        return sandbox

    def start(self, sandbox: str, name: str, image: str, *command: str, attempt: int = 0, restarts: int = 0) -> str:
        """CreateContainer and StartContainer; the container's id."""
        config = message(
            {
                1: message({1: name, 2: attempt}),
                2: message({1: image}),
                3: list(command),
                6: [message({1: "COLOUR", 2: "blue"})],
                9: {"io.kubernetes.container.name": name},
                10: {"io.kubernetes.container.restartCount": str(restarts)},
                11: f"{name}/{attempt}.log",
            }
        )
        ident = text(self._call("CreateContainer", message({1: sandbox, 2: config, 3: self._configs[sandbox]})))
        self._call("StartContainer", message({1: ident}))
        return ident

    def stop(self, ident: str) -> None:
        """StopContainer without patience; it stays known, as ended."""
        self._call("StopContainer", message({1: ident}))

    def remove(self, sandbox: str) -> None:
        """The pod with all its containers."""
        self._call("StopPodSandbox", message({1: sandbox}))
        self._call("RemovePodSandbox", message({1: sandbox}))
        self._configs.pop(sandbox, None)

    def _call(self, method: str, request: bytes) -> bytes:
        answer: bytes = self._channel.unary_unary(f"/runtime.v1.RuntimeService/{method}")(request, timeout=60)
        return answer


def message(fields: dict[int, Value]) -> bytes:
    """Protobuf of field number -> value; a list repeats the field, a dict is a map<string, string>."""
    return b"".join(_field(number, value) for number, value in fields.items())


def text(answer: bytes) -> str:
    """Field 1, a short string, of an answer that has no other."""
    assert answer[:1] == b"\x0a"
    return answer[2 : 2 + answer[1]].decode()


def _field(number: int, value: Value) -> bytes:
    if isinstance(value, list):
        return b"".join(_field(number, one) for one in value)
    if isinstance(value, dict):
        return b"".join(_field(number, message({1: key, 2: one})) for key, one in value.items())
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value) if value else b""
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes((value & 127 | 128,))
        value >>= 7
    return out + bytes((value,))
