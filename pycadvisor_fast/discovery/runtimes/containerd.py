"""containerd: names, images, labels, processes and layers from its gRPC socket, kept true by its events.

A connection is: Version, then Subscribe, then the containers of every namespace (which names everything), then their
tasks (pid, state), then the layer of each that runs. containerd does not say when a subscription has begun, so the
tasks are looked at once more a moment later; a cgroup with an unknown id is asked for in each namespace.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.message import DecodeError

from ...errors import PycadvisorError
from ...filesystem import TreeUsage
from . import Ended
from .api import containerd_pb2 as pb
from .containerd_messages import (
    DOCKERS,
    Entry,
    end_of,
    entry_of,
    filters,
    layer_path,
    time_ns,
    usage_of,
    with_task,
)
from .grpc_socket import CallError, GrpcSocket, M, Metadata
from .process_start import process_start_ns
from .socket_runtime import SessionError, SessionTimeoutError, SocketRuntime

log = logging.getLogger(__name__)

PING_S = 5.0  # a hanging daemon is noticed even when nothing is asked of it
SECOND_LOOK_S = 1.0
TELL_AGAIN_S = 30.0
INSPECTORS = 4
INSPECT_RETRIES = 6  # 0.25 s, 0.5 s ... 8 s: one shim can hang while containerd answers for others
NOW, LATER = 0, 1  # a container without a name goes before details of one that has it
ASKED_FOR = ("containerd", "raw")  # runtimes by path whose ids may be containerd's; Docker's come with its events

_VERSION = "containerd.services.version.v1.Version/Version"
_NAMESPACES = "containerd.services.namespaces.v1.Namespaces/List"
_SUBSCRIBE = "containerd.services.events.v1.Events/Subscribe"
_CONTAINERS = "containerd.services.containers.v1.Containers/ListStream"
_CONTAINER = "containerd.services.containers.v1.Containers/Get"
_TASKS = "containerd.services.tasks.v1.Tasks/List"
_TASK = "containerd.services.tasks.v1.Tasks/Get"
_MOUNTS = "containerd.services.snapshots.v1.Snapshots/Mounts"
_USAGE = "containerd.services.snapshots.v1.Snapshots/Usage"
_USAGE_S = 30.0  # some snapshotters compare whole trees for their answer


@dataclass(frozen=True, slots=True, order=True)
class _Job:
    """Something to ask about a container; the order is that of the queue."""

    priority: int
    number: int
    namespace: str  # "": it may be in any
    id: str
    is_refresh: bool = True  # of the container and its task; else of its layer alone, unless it is not known
    attempt: int = 0


class ContainerdRuntime(SocketRuntime):
    """containerd at one endpoint: all its namespaces, or those of ``namespace`` (a comma list)."""

    name = title = "containerd"

    def __init__(
        self,
        endpoint: str,
        *,
        namespace: str = "",
        timeout_s: float = 5.0,
        sysroot: str = "",
        ping_s: float = PING_S,
    ) -> None:
        super().__init__(endpoint, timeout_s=timeout_s)
        self._proc = Path(f"{sysroot}/proc")
        self._only = tuple(part.strip() for part in namespace.split(",") if part.strip())
        self._ping_s = ping_s
        self._known: dict[str, dict[str, Entry]] = {}  # namespace -> id
        self._alive: dict[str, str] = {}  # ids of cgroups that are there -> runtime by their path
        self._queue: asyncio.PriorityQueue[_Job] | None = None
        self._connection: GrpcSocket | None = None
        self._waiting: dict[tuple[str, str], _Job] = {}
        self._oomed: set[tuple[str, str]] = set()  # (namespace, id) of which containerd saw one run out of memory
        self._ended: set[tuple[str, str]] = set()  # whose end has been told
        self._sequence = 0

    # ---- asked from outside ----
    def ask(self, ident: str, runtime: str) -> None:
        """Tells who it is: at once when known, else after asking each namespace (not for ids of other runtimes)."""
        self._alive[ident] = runtime
        found = [entries[ident] for entries in self._known.values() if ident in entries]
        for entry in found:
            self._tell(entry)
        if not found and runtime in ASKED_FOR:
            self._enqueue("", ident, NOW)

    def forget(self, ident: str) -> None:
        self._alive.pop(ident, None)

    def known(self) -> int:
        """Those that run."""
        return sum(entry.is_running for entries in list(self._known.values()) for entry in list(entries.values()))

    async def layer_usage(self, ident: str, cgroup: str) -> TreeUsage | None:
        """What its snapshotter says; None where it is not containerd that keeps its layer. See Runtime."""
        same = [entries[ident] for entries in self._known.values() if ident in entries]
        found = same if len(same) == 1 else [entry for entry in same if entry.identity.path == cgroup]
        if len(found) != 1 or not found[0].snapshot_key:
            return None
        entry, socket = found[0], self._connection
        if socket is None:
            return TreeUsage("layer", "", error="containerd is not connected")
        request = pb.Snapshot(snapshotter=entry.snapshotter, key=entry.snapshot_key.encode())
        try:
            return usage_of(await socket.call(_USAGE, request, pb.Usage, _in(entry.namespace), timeout_s=_USAGE_S))
        except (OSError, PycadvisorError) as error:
            return TreeUsage("layer", "", error=str(error))

    # ---- one connection ----
    async def _session(self) -> None:
        socket = GrpcSocket(self._endpoint, self._timeout_s)
        try:
            version = (await socket.call(_VERSION, pb.Nothing(), pb.Version)).version
            queue: asyncio.PriorityQueue[_Job] = asyncio.PriorityQueue()
            self._queue, self._connection = queue, socket
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow(socket))
                count = await self._list(socket)
                self._is_connected(f"containerd {version.removeprefix('v') or '?'}", count)
                group.create_task(self._look_again(socket))
                group.create_task(self._ping(socket))
                for _ in range(INSPECTORS):
                    group.create_task(self._inspector(socket, queue))
        finally:
            self._queue = self._connection = None
            self._waiting.clear()
            await socket.close()

    async def _ping(self, socket: GrpcSocket) -> None:
        while True:
            await asyncio.sleep(self._ping_s)
            await socket.call(_VERSION, pb.Nothing(), pb.Version)

    async def _namespaces(self, socket: GrpcSocket) -> tuple[str, ...]:
        if self._only:
            return self._only
        listed = await socket.call(_NAMESPACES, pb.Nothing(), pb.Namespaces)
        return tuple(namespace.name for namespace in listed.namespaces)

    async def _list(self, socket: GrpcSocket) -> int:
        """Names everything there is; returns how many."""
        names = await self._namespaces(socket)
        for gone in self._known.keys() - set(names):
            del self._known[gone]
        for name in names:
            await self._list_namespace(socket, name)
        there = {(name, ident) for name, entries in self._known.items() for ident in entries}
        self._ended &= there
        self._oomed &= there
        for ident, runtime in self._alive.items():
            if runtime in ASKED_FOR and not any(ident in entries for entries in self._known.values()):
                self._enqueue("", ident, NOW)
        return sum(map(len, self._known.values()))

    async def _list_namespace(self, socket: GrpcSocket, name: str) -> None:
        before = self._known.setdefault(name, {})
        found: set[str] = set()
        async for answer in socket.stream(_CONTAINERS, pb.Nothing(), pb.OneContainer, _in(name)):
            found.add(answer.container.id)
            self._learn(self._merged(entry_of(name, answer.container)))
        for gone in before.keys() - found:
            self._forget_container(name, gone)
        try:
            await self._list_tasks(socket, name)
        except (SessionError, SessionTimeoutError) as error:  # one shim that hangs holds them all up
            log.debug("tasks of namespace %s are asked for one by one: %s", name, error)
            for ident in found:
                self._enqueue(name, ident, LATER)

    async def _list_tasks(self, socket: GrpcSocket, name: str) -> None:
        for task in (await socket.call(_TASKS, pb.Nothing(), pb.Tasks, _in(name))).tasks:
            ident = task.container_id or task.id
            entry = self._known[name].get(ident)
            if entry is None:
                self._enqueue(name, ident, NOW)
            else:
                self._learn_task(entry, task)

    async def _look_again(self, socket: GrpcSocket) -> None:
        """For what happened between the list and the beginning of the events.

        And for containers whose cgroup's path has no id in it, which nobody asks for: these are told again.
        """
        await asyncio.sleep(SECOND_LOOK_S)
        for name in list(self._known):
            with suppress(SessionError, SessionTimeoutError):
                await self._list_tasks(socket, name)
        while True:
            for entry in [one for entries in self._known.values() for one in entries.values()]:
                if entry.identity.path and entry.is_running:
                    self._tell(entry)
            await asyncio.sleep(TELL_AGAIN_S)

    # ---- events ----
    async def _follow(self, socket: GrpcSocket) -> None:
        async for event in socket.stream(_SUBSCRIBE, filters(self._only), pb.Envelope, is_endless=True):
            self._happened(event)
        raise SessionError(f"{self._endpoint}: containerd ended the event stream")

    def _happened(self, event: pb.Envelope) -> None:
        name, topic, data = event.namespace, event.topic, event.event.value
        if topic == "/containers/delete":
            self._forget_container(name, _parsed(pb.ContainerEvent, data).id)
        elif topic in ("/containers/create", "/containers/update"):
            self._enqueue(name, _parsed(pb.ContainerEvent, data).id, NOW)
        elif topic == "/tasks/start":
            self._started(name, _parsed(pb.TaskStart, data), time_ns(event.timestamp))
        elif topic == "/tasks/oom":
            self._oomed.add((name, _parsed(pb.TaskEvent, data).container_id))
        elif topic == "/tasks/exit":
            self._exited(name, _parsed(pb.TaskExit, data))
        elif topic in ("/tasks/paused", "/tasks/resumed"):
            entry = self._entry(name, _parsed(pb.TaskEvent, data).container_id)
            if entry is not None:
                self._learn(entry.having(runtime_state="paused" if topic == "/tasks/paused" else "running"))

    def _started(self, name: str, start: pb.TaskStart, at_ns: int) -> None:
        key = name, start.container_id
        self._ended.discard(key)
        self._oomed.discard(key)
        entry = self._entry(*key)
        if entry is None:
            self._enqueue(*key, NOW)
            return
        self._learn(entry.having(runtime_state="running", pid=start.pid, started_ns=at_ns))
        if entry.wants_layer:
            self._enqueue(*key, LATER, is_refresh=False)

    def _exited(self, name: str, task: pb.TaskExit) -> None:
        if task.id not in ("", task.container_id):
            return  # of a process that was put into it
        ident = task.container_id
        entry = self._entry(name, ident)
        if entry is not None:
            self._known[name][ident] = entry.having(runtime_state="stopped", pid=0)
        self._end(name, Ended("containerd", ident, task.exit_status, time_ns=time_ns(task.exited_at)))

    # ---- asking for one ----
    def _enqueue(self, name: str, ident: str, priority: int, *, is_refresh: bool = True, attempt: int = 0) -> None:
        waiting = self._waiting.get((name, ident))
        if self._queue is None or not ident:
            return
        if waiting is not None and waiting.priority <= priority and waiting.is_refresh >= is_refresh:
            return
        self._sequence += 1
        job = _Job(priority, self._sequence, name, ident, is_refresh, attempt)
        self._waiting[name, ident] = job
        self._queue.put_nowait(job)

    async def _inspector(self, socket: GrpcSocket, queue: asyncio.PriorityQueue[_Job]) -> None:
        while True:
            job = await queue.get()
            if self._waiting.get((job.namespace, job.id)) is not job:
                continue  # a newer one asks for more
            del self._waiting[job.namespace, job.id]
            try:
                await self._inspect(socket, job)
            except (OSError, PycadvisorError) as error:
                if isinstance(error, CallError) and error.is_not_found:
                    continue  # gone meanwhile
                log.debug("asking for %s: %s", job.id[:12], error)
                if job.attempt < INSPECT_RETRIES:
                    asyncio.get_running_loop().call_later(0.25 * 2**job.attempt, self._again, job)

    def _again(self, job: _Job) -> None:
        self._enqueue(job.namespace, job.id, job.priority, is_refresh=job.is_refresh, attempt=job.attempt + 1)

    async def _inspect(self, socket: GrpcSocket, job: _Job) -> None:
        entry = self._entry(job.namespace, job.id)
        if entry is None or job.is_refresh:
            entry = await self._look_up(socket, job.namespace, job.id)
            if entry is None:
                self._deny(job)
                return
            entry = await self._ask_task(socket, entry)
        if entry.wants_layer and entry.is_running:
            await self._ask_layer(socket, entry)

    async def _look_up(self, socket: GrpcSocket, namespace: str, ident: str) -> Entry | None:
        for name in (namespace,) if namespace else await self._namespaces(socket):
            try:
                answer = await socket.call(_CONTAINER, pb.ContainerId(id=ident), pb.OneContainer, _in(name))
            except CallError as error:
                if not error.is_not_found:
                    raise
                continue
            entry = self._merged(entry_of(name, answer.container))
            self._learn(entry)
            return entry
        return None

    async def _ask_task(self, socket: GrpcSocket, entry: Entry) -> Entry:
        name, ident = entry.namespace, entry.identity.id
        try:
            answer = await socket.call(_TASK, pb.TaskEvent(container_id=ident), pb.OneTask, _in(name))
        except CallError as error:
            if not error.is_not_found:
                raise
            return entry  # created and not started, or ended
        return self._learn_task(self._entry(name, ident) or entry, answer.process)

    async def _ask_layer(self, socket: GrpcSocket, entry: Entry) -> None:
        name, ident = entry.namespace, entry.identity.id
        request = pb.Snapshot(snapshotter=entry.snapshotter, key=entry.snapshot_key.encode())
        path = layer_path((await socket.call(_MOUNTS, request, pb.Mounts, _in(name))).mounts)
        now = self._entry(name, ident)
        if now is not None and (path or entry.snapshotter):
            self._learn(now.having(layer_path=path, layer_driver=entry.snapshotter))

    # ---- what is known ----
    def _entry(self, name: str, ident: str) -> Entry | None:
        return self._known.get(name, {}).get(ident)

    def _merged(self, entry: Entry) -> Entry:
        """A container as listed keeps what its task and its snapshot have said."""
        before = self._entry(entry.namespace, entry.identity.id)
        if before is None:
            return entry
        known = before.identity
        entry = entry.having(pid=known.pid, started_ns=known.started_ns, runtime_state=known.runtime_state)
        if before.snapshot_key == entry.snapshot_key:
            entry = entry.having(layer_path=known.layer_path, layer_driver=known.layer_driver)
        return entry

    def _learn_task(self, entry: Entry, task: pb.Task) -> Entry:
        ident = entry.identity.id
        end = end_of(task)
        if end is not None:
            if entry.is_running:
                self._end(entry.namespace, end)
            entry = with_task(entry, task, 0)
            self._known[entry.namespace][ident] = entry
            return entry
        started_ns = 0 if entry.identity.pid == task.pid else process_start_ns(task.pid, ident, self._proc)
        self._ended.discard((entry.namespace, ident))
        entry = with_task(entry, task, started_ns)
        self._learn(entry)
        if entry.wants_layer:
            self._enqueue(entry.namespace, ident, LATER, is_refresh=False)
        return entry

    def _learn(self, entry: Entry) -> None:
        entries = self._known.setdefault(entry.namespace, {})
        if entries.get(entry.identity.id) != entry:
            entries[entry.identity.id] = entry
            self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        if self._sink is not None:
            self._sink.identified(entry.identity)

    def _end(self, name: str, end: Ended) -> None:
        key = name, end.id
        if self._sink is None or key in self._ended:
            return
        self._ended.add(key)
        # Docker tells of its own that it saw them run out of memory
        is_oom_killed = key in self._oomed and name != DOCKERS
        self._sink.ended(Ended(end.runtime, end.id, end.exit_code, is_oom_killed, end.time_ns))

    def _deny(self, job: _Job) -> None:
        """It is in no namespace: some other runtime's, or none's. Of namespaces not looked at nothing is said."""
        if self._sink is not None and not job.namespace and not self._only:
            self._sink.unknown("containerd", job.id)

    def _forget_container(self, name: str, ident: str) -> None:
        self._known.get(name, {}).pop(ident, None)
        self._ended.discard((name, ident))
        self._oomed.discard((name, ident))


def _in(namespace: str) -> Metadata:
    return (("containerd-namespace", namespace),)


def _parsed(kind: type[M], data: bytes) -> M:
    message = kind()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise SessionError(f"containerd: an event is no {kind.__name__}: {data[:60]!r}") from error
    return message
