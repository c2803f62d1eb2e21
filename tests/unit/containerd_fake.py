"""A containerd made of dictionaries, behind the fake gRPC server."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc

from pycadvisor_fast.discovery.runtimes.api import containerd_pb2 as pb
from tests.unit.grpc_fake import FakeGrpc, FaultError

V1 = "containerd.services."
VERSION, NAMESPACES = f"{V1}version.v1.Version/Version", f"{V1}namespaces.v1.Namespaces/List"
LIST, GET = f"{V1}containers.v1.Containers/ListStream", f"{V1}containers.v1.Containers/Get"
TASKS, TASK = f"{V1}tasks.v1.Tasks/List", f"{V1}tasks.v1.Tasks/Get"
MOUNTS, SUBSCRIBE = f"{V1}snapshots.v1.Snapshots/Mounts", f"{V1}events.v1.Events/Subscribe"
USAGE = f"{V1}snapshots.v1.Snapshots/Usage"


class FakeContainerd(FakeGrpc):
    """``containers`` and ``tasks`` by namespace and id; ``event`` sends one to every subscriber."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.containers: dict[str, dict[str, pb.Container]] = {"default": {}}
        self.tasks: dict[str, dict[str, pb.Task]] = {"default": {}}
        self.usages: dict[tuple[str, str, str], pb.Usage] = {}
        """By containerd's namespace, snapshotter and key."""
        self.filters: list[str] = []
        self._subscribers: list[queue.Queue[bytes | None]] = []
        self.streams = {LIST, SUBSCRIBE}
        self.methods = {
            VERSION: lambda request, namespace: pb.Version(version="v9.9.9").SerializeToString(),
            NAMESPACES: self._namespaces,
            LIST: self._list,
            GET: self._get,
            TASKS: self._tasks,
            TASK: self._task,
            MOUNTS: self._mounts,
            USAGE: self._usage,
            SUBSCRIBE: self._subscribe,
        }

    def stop(self) -> None:
        self.end_events()
        super().stop()

    def add(
        self,
        ident: str,
        *,
        namespace: str = "default",
        labels: dict[str | bytes, str | bytes] | None = None,
        spec: Any = None,
        pid: int = 0,
        status: int = pb.Task.RUNNING,
        exit_status: int = 0,
        **fields: Any,
    ) -> None:
        """A container, with a task when ``pid`` is given."""
        container = pb.Container(id=ident, image=b"busybox:1", snapshotter="overlayfs", snapshot_key=ident.encode())
        for key, value in (labels or {}).items():
            container.labels.add(key=_bytes(key), value=_bytes(value))
        container.spec.value = spec if isinstance(spec, bytes) else json.dumps(spec or {}).encode()
        container.created_at.FromNanoseconds(1_700_000_000_123_456_789)
        for name, value in fields.items():
            setattr(container, name, value)
        self.containers.setdefault(namespace, {})[ident] = container
        self.set_task(ident, pid, status, exit_status, namespace)

    def set_task(self, ident: str, pid: int, status: int, exit_status: int = 0, namespace: str = "default") -> None:
        tasks = self.tasks.setdefault(namespace, {})
        tasks.pop(ident, None)
        if pid:
            tasks[ident] = pb.Task(container_id=ident, id=ident, pid=pid, status=status, exit_status=exit_status)
            if status == pb.Task.STOPPED:
                tasks[ident].exited_at.FromNanoseconds(1_700_000_005_000_000_000)

    def event(self, topic: str, message: Any, namespace: str = "default") -> None:
        envelope = pb.Envelope(namespace=namespace, topic=topic)
        envelope.timestamp.FromNanoseconds(1_700_000_001_500_000_000)
        envelope.event.value = message if isinstance(message, bytes) else message.SerializeToString()
        self.raw_event(envelope.SerializeToString())

    def raw_event(self, data: bytes) -> None:
        for subscriber in self._subscribers:
            subscriber.put(data)

    def end_events(self) -> None:
        for subscriber in self._subscribers:
            subscriber.put(None)
        self._subscribers.clear()

    # ---- methods ----
    def _namespaces(self, request: bytes, namespace: str) -> bytes:
        names = [pb.Namespace(name=name) for name in self.containers]
        return pb.Namespaces(namespaces=names).SerializeToString()

    def _list(self, request: bytes, namespace: str) -> Iterator[bytes]:
        for container in list(self.containers.get(namespace, {}).values()):
            yield pb.OneContainer(container=container).SerializeToString()

    def _get(self, request: bytes, namespace: str) -> bytes:
        found = self.containers.get(namespace, {}).get(pb.ContainerId.FromString(request).id)
        if found is None:
            raise FaultError(grpc.StatusCode.NOT_FOUND, "not found")
        return pb.OneContainer(container=found).SerializeToString()

    def _tasks(self, request: bytes, namespace: str) -> bytes:
        return pb.Tasks(tasks=self.tasks.get(namespace, {}).values()).SerializeToString()

    def _task(self, request: bytes, namespace: str) -> bytes:
        found = self.tasks.get(namespace, {}).get(pb.TaskEvent.FromString(request).container_id)
        if found is None:
            raise FaultError(grpc.StatusCode.NOT_FOUND, "no running task")
        return pb.OneTask(process=found).SerializeToString()

    def _mounts(self, request: bytes, namespace: str) -> bytes:
        snapshot = pb.Snapshot.FromString(request)
        key = snapshot.key.decode()
        if snapshot.snapshotter == "devmapper":
            return pb.Mounts(mounts=[pb.Mount(type="ext4", source=f"/dev/mapper/{key}")]).SerializeToString()
        options = ["index=off", f"upperdir=/layers/{key}/fs", "lowerdir=/layers/1/fs"]
        return pb.Mounts(mounts=[pb.Mount(type="overlay", source="overlay", options=options)]).SerializeToString()

    def _usage(self, request: bytes, namespace: str) -> bytes:
        snapshot = pb.Snapshot.FromString(request)
        found = self.usages.get((namespace, snapshot.snapshotter, snapshot.key.decode()))
        if found is None:
            raise FaultError(grpc.StatusCode.NOT_FOUND, "snapshot does not exist")
        return found.SerializeToString()

    def _subscribe(self, request: bytes, namespace: str) -> Iterator[bytes]:
        self.filters = list(pb.Filters.FromString(request).filters)
        events: queue.Queue[bytes | None] = queue.Queue()
        self._subscribers.append(events)
        yield from self.queued(events)

    def wait_for_subscriber(self) -> None:
        for _ in range(1000):
            if self._subscribers:
                return
            self.stopping.wait(0.01)
        raise AssertionError("nobody subscribed")


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
