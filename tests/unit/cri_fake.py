"""A CRI server made of dictionaries, behind the fake gRPC server."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc

from pycadvisor_fast.discovery.runtimes.api import cri_pb2 as pb
from tests.unit.grpc_fake import FakeGrpc, FaultError

SERVICE = "runtime.v1.RuntimeService/"
VERSION, PODS, CONTAINERS = f"{SERVICE}Version", f"{SERVICE}ListPodSandbox", f"{SERVICE}ListContainers"
POD, CONTAINER, EVENTS = f"{SERVICE}PodSandboxStatus", f"{SERVICE}ContainerStatus", f"{SERVICE}GetContainerEvents"
RUNNING, EXITED = 1, 2


class FakeCri(FakeGrpc):
    """``pods`` and ``containers`` by id; ``runtime`` is what it calls itself."""

    def __init__(self, path: Path, runtime: str = "cri-o", *, has_events: bool = True) -> None:
        super().__init__(path)
        self.runtime = runtime
        self.pods: dict[str, pb.Sandbox] = {}
        self.containers: dict[str, pb.Container] = {}
        self.ends: dict[str, tuple[int, str]] = {}
        self.networks: dict[str, list[str]] = {}
        self.verbose: dict[str, bytes] = {}
        self._subscribers: list[queue.Queue[bytes | None]] = []
        self.methods = {
            VERSION: self._version,
            PODS: lambda request, _: pb.Sandboxes(items=self.pods.values()).SerializeToString(),
            CONTAINERS: lambda request, _: pb.Containers(containers=self.containers.values()).SerializeToString(),
            POD: self._pod,
            CONTAINER: self._container,
        }
        if has_events:
            self.streams = {EVENTS}
            self.methods[EVENTS] = self._events

    def stop(self) -> None:
        for subscriber in self._subscribers:
            subscriber.put(None)
        self._subscribers.clear()
        super().stop()

    def add_pod(self, ident: str, name: str, namespace: str, uid: str, *addresses: str) -> None:
        metadata = pb.SandboxMetadata(name=name, namespace=namespace, uid=uid, attempt=2)
        self.pods[ident] = pb.Sandbox(id=ident, metadata=metadata, created_at=1_700_000_000_000_000_000)
        self.pods[ident].labels.add(key=b"app", value=b"shop")
        self.networks[ident] = list(addresses)

    def add(
        self, ident: str, pod: str, name: str, *, state: int = RUNNING, attempt: int = 0, restarts: str = ""
    ) -> None:
        made = pb.Container(
            id=ident,
            pod_sandbox_id=pod,
            metadata=pb.ContainerMetadata(name=name, attempt=attempt),
            image=pb.Image(image="sha256:77", user_specified_image="shop:2"),
            state=state,
            created_at=1_700_000_001_000_000_000,
        )
        made.labels.add(key=b"tier", value=b"fr\xffont")
        if restarts:
            made.annotations.add(key=b"io.kubernetes.container.restartCount", value=restarts.encode())
        self.containers[ident] = made
        spec = {"process": {"env": ["COLOUR=blue", 5]}}
        self.verbose[ident] = json.dumps({"pid": 4242, "runtimeSpec": spec}).encode()

    def end(self, ident: str, exit_code: int, reason: str) -> None:
        self.containers[ident].state = EXITED
        self.ends[ident] = exit_code, reason

    def event(self, data: bytes = b"") -> None:
        for subscriber in self._subscribers:
            subscriber.put(data)

    def wait_for_subscriber(self) -> None:
        for _ in range(1000):
            if self._subscribers:
                return
            self.stopping.wait(0.01)
        raise AssertionError("nobody subscribed")

    # ---- methods ----
    def _version(self, request: bytes, _: str) -> bytes:
        return pb.Version(runtime_name=self.runtime, runtime_version="9.9").SerializeToString()

    def _pod(self, request: bytes, _: str) -> bytes:
        ident = pb.SandboxId.FromString(request).pod_sandbox_id
        pod = self.pods.get(ident)
        if pod is None:
            raise FaultError(grpc.StatusCode.NOT_FOUND, "no such pod")
        answer = pb.OneSandbox(status=pb.SandboxStatus(id=ident, state=pod.state))
        addresses = self.networks[ident]
        if addresses:
            answer.status.network.ip = addresses[0]
            for address in addresses[1:]:
                answer.status.network.additional_ips.add(ip=address)
        else:
            answer.status.linux.namespaces.options.network = 2
        answer.info.add(key=b"info", value=b'{"pid": 77}')
        return answer.SerializeToString()

    def _container(self, request: bytes, _: str) -> bytes:
        ident = pb.ContainerId.FromString(request).container_id
        found = self.containers.get(ident)
        if found is None:
            raise FaultError(grpc.StatusCode.NOT_FOUND, "no such container")
        answer = pb.OneContainer()
        status: Any = answer.status
        status.id, status.state, status.log_path = ident, found.state, f"/var/log/pods/{ident[:4]}.log"
        status.started_at = 1_700_000_002_000_000_000
        if ident in self.ends:
            status.exit_code, status.reason = self.ends[ident]
            status.finished_at = 1_700_000_009_000_000_000
        answer.info.add(key=b"info", value=self.verbose[ident])
        return answer.SerializeToString()

    def _events(self, request: bytes, _: str) -> Iterator[bytes]:
        events: queue.Queue[bytes | None] = queue.Queue()
        self._subscribers.append(events)
        yield from self.queued(events)
