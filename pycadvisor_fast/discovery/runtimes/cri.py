"""CRI, the interface kubelet uses: the pods and containers of containerd's CRI plugin and of CRI-O by one client.

A connection is: Version, then the lists of pods and containers, which name everything; then the status of each new one
(process, log, addresses). The lists are asked for again when a cgroup appears that is not known, when one of ours is
gone, when the runtime tells an event (where it can), and every few seconds, which also notices a runtime that hangs.
"""

from __future__ import annotations

import asyncio
import logging

from ...errors import PycadvisorError
from . import Ended, Identity
from .api import cri_pb2 as pb
from .cri_messages import (
    RUNTIMES,
    Detail,
    container_detail,
    container_identity,
    end_of,
    sandbox_detail,
    sandbox_identity,
)
from .grpc_socket import GrpcSocket
from .socket_runtime import SocketRuntime, called

log = logging.getLogger(__name__)

POLL_S = 5.0
GATHER_S = 0.1  # several containers that come at once are one poll
INSPECTORS = 4

_SERVICE = "runtime.v1.RuntimeService"
_NOTHING = Detail()


class CriRuntime(SocketRuntime):
    """A CRI server at one endpoint, called "cri-" and its socket's name.

    ``is_supplement``: containerd's own API is read as well, which says more of labels, processes and ends and says it
    sooner; then only what Kubernetes knows is told.
    """

    title = "CRI"

    def __init__(
        self, endpoint: str, *, timeout_s: float = 5.0, is_supplement: bool = False, poll_s: float = POLL_S
    ) -> None:
        super().__init__(endpoint, timeout_s=timeout_s)
        self.name = called("cri", endpoint)
        self._is_supplement = is_supplement
        self._poll_s = poll_s
        self._runtime = ""
        self._sandboxes: dict[str, pb.Sandbox] = {}
        self._containers: dict[str, pb.Container] = {}
        self._details: dict[str, Detail] = {}
        self._told: dict[str, Identity] = {}
        self._running: set[str] = set()  # ids of cgroups that have been there and whose end has not been told
        self._alive: set[str] = set()  # ids of cgroups that are there
        self._queue: asyncio.Queue[str] | None = None
        self._waiting: set[str] = set()
        self._wake = asyncio.Event()

    # ---- asked from outside ----
    def ask(self, ident: str, runtime: str) -> None:
        """Tells who it is: at once when known, else after the next list, which follows soon."""
        self._alive.add(ident)
        self._running.add(ident)
        known = self._told.get(ident)
        if known is not None:
            self._tell(known)
        elif runtime in ("containerd", "crio", "raw"):
            self._wake.set()

    def forget(self, ident: str) -> None:
        self._alive.discard(ident)
        if ident in self._told:
            self._wake.set()  # it has ended: the list says so, its status says how

    def known(self) -> int:
        """Those that run, sandboxes too."""
        return sum(one.runtime_state == "running" for one in list(self._told.values()))

    # ---- one connection ----
    async def _session(self) -> None:
        socket = GrpcSocket(self._endpoint, self._timeout_s)
        try:
            version = await socket.call(f"{_SERVICE}/Version", pb.VersionRequest(), pb.Version)
            self._runtime = RUNTIMES.get(version.runtime_name, version.runtime_name)
            queue: asyncio.Queue[str] = asyncio.Queue()
            self._queue = queue
            await self._list(socket)
            self._is_connected(f"CRI of {version.runtime_name} {version.runtime_version}", len(self._told))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow(socket))
                group.create_task(self._poll(socket))
                for _ in range(INSPECTORS):
                    group.create_task(self._inspector(socket, queue))
        finally:
            self._queue = None
            self._waiting.clear()
            await socket.close()

    async def _follow(self, socket: GrpcSocket) -> None:
        """Events make the next poll come at once; a runtime that tells none (containerd before 1.7) is only polled."""
        method = f"{_SERVICE}/GetContainerEvents"
        try:
            async for _ in socket.stream(method, pb.EventsRequest(), pb.Event, is_endless=True):
                self._wake.set()
        except PycadvisorError as error:
            log.debug("%s without events: %s", self._endpoint, error)

    async def _poll(self, socket: GrpcSocket) -> None:
        while True:
            try:
                async with asyncio.timeout(self._poll_s):
                    await self._wake.wait()
                await asyncio.sleep(GATHER_S)
            except TimeoutError:
                pass
            self._wake.clear()
            await self._list(socket)

    async def _list(self, socket: GrpcSocket) -> None:
        pods = await socket.call(f"{_SERVICE}/ListPodSandbox", pb.ListSandboxes(), pb.Sandboxes)
        listed = await socket.call(f"{_SERVICE}/ListContainers", pb.ListContainersRequest(), pb.Containers)
        before = self._states()
        self._containers = {one.id: one for one in listed.containers}
        self._sandboxes = {one.id: one for one in pods.items}
        states = self._states()
        there = states.keys()
        self._running &= there | self._alive
        for known in (self._details, self._told):
            for gone in known.keys() - there:
                del known[gone]
        for ident in there:
            self._show(ident)
            if ident not in self._details or before.get(ident) != states[ident]:
                self._enqueue(ident)

    def _states(self) -> dict[str, int]:
        pods = {ident: pod.state for ident, pod in self._sandboxes.items()}
        return pods | {ident: container.state for ident, container in self._containers.items()}

    # ---- one container ----
    def _enqueue(self, ident: str) -> None:
        if self._queue is not None and ident not in self._waiting:
            self._waiting.add(ident)
            self._queue.put_nowait(ident)

    async def _inspector(self, socket: GrpcSocket, queue: asyncio.Queue[str]) -> None:
        while True:
            ident = await queue.get()
            try:
                await self._inspect(socket, ident)
            except (OSError, PycadvisorError) as error:
                log.debug("asking for %s: %s", ident[:12], error)  # the next poll has it asked for again
            finally:
                self._waiting.discard(ident)

    async def _inspect(self, socket: GrpcSocket, ident: str) -> None:
        if ident in self._sandboxes:
            request = pb.SandboxId(pod_sandbox_id=ident, verbose=True)
            detail = sandbox_detail(await socket.call(f"{_SERVICE}/PodSandboxStatus", request, pb.OneSandbox))
            end = None
        else:
            asked = pb.ContainerId(container_id=ident, verbose=True)
            answer = await socket.call(f"{_SERVICE}/ContainerStatus", asked, pb.OneContainer)
            detail, end = container_detail(answer), end_of(self._runtime, answer.status)
        if ident not in self._sandboxes and ident not in self._containers:
            return  # gone meanwhile
        self._details[ident] = detail
        self._show(ident)
        for other, container in self._containers.items():
            if container.pod_sandbox_id == ident:
                self._show(other)
        if end is not None and ident in self._running:
            self._running.discard(ident)
            self._end(end)

    def _show(self, ident: str) -> None:
        """Tells who it is, when that is news."""
        identity = self._identity(ident)
        if self._told.get(ident) != identity:
            self._told[ident] = identity
            self._tell(identity)

    def _identity(self, ident: str) -> Identity:
        detail = self._details.get(ident, _NOTHING)
        if ident in self._sandboxes:
            identity = sandbox_identity(self._runtime, self._sandboxes[ident], detail)
        else:
            container = self._containers[ident]
            pod = container.pod_sandbox_id
            identity = container_identity(
                self._runtime, container, self._sandboxes.get(pod), detail, self._details.get(pod, _NOTHING)
            )
        return _of_kubernetes(identity) if self._is_supplement else identity

    def _tell(self, identity: Identity) -> None:
        if self._sink is not None:
            self._sink.identified(identity)

    def _end(self, end: Ended) -> None:
        if self._sink is not None and not self._is_supplement:
            self._sink.ended(end)


def _of_kubernetes(identity: Identity) -> Identity:
    """Without what containerd's own API says as well and better: labels and environment, process and state."""
    return Identity(
        identity.runtime,
        identity.id,
        name=identity.name,
        kind=identity.kind,
        namespace=identity.namespace,
        pod_uid=identity.pod_uid,
        restart_count=identity.restart_count,
        network_mode=identity.network_mode,
        pod_name=identity.pod_name,
        pod_namespace=identity.pod_namespace,
        container_name=identity.container_name,
        sandbox_id=identity.sandbox_id,
        attempt=identity.attempt,
        log_path=identity.log_path,
        ip_addresses=identity.ip_addresses,
    )
