"""Docker: names, images and labels from its socket, kept true by its event stream.

A connection is: /version, then /events (from now on nothing is missed), then the list of running containers, which
names everything at once; after that each new container is inspected as its cgroup or its event appears. Docker may
be missing, hang, die or talk nonsense: the state says so, and whoever was named stays named.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from ...errors import PycadvisorError
from ...options import Endpoint, Tls, parse_endpoint
from . import CONNECTED, ERROR, HANGING, MISSING, Ended, Identity, IdentitySink, Runtime
from .docker_json import HEALTH, DockerEvent, EventLines, inspected, listed, parse_json
from .docker_layers import DEFAULT_ROOT, found_layer
from .http import AnswerTooLongError, Exchange, HttpError, HttpTimeoutError, get

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 10.0
STEADY_S = 10.0  # a connection that held so long is tried again at once: a daemon that drops each is not
LOOK_S = 0.5  # how often a missing or replaced socket is looked for: one stat
PING_S = 5.0  # a hanging daemon is noticed even when nothing is asked of it
INSPECTORS = 4
INSPECT_RETRIES = 6  # 0.25 s, 0.5 s ... 8 s: one container can hang while the daemon answers for others
SMALL_LIMIT = 1 << 20
INSPECT_LIMIT = 8 << 20
LIST_LIMIT = 64 << 20  # about 2 KiB a container, some have long labels
NOW, LATER = 0, 1  # a container without a name goes before details of one that has it

_WANTED = ("create", "start", "rename", "oom", "die", "destroy", "pause", "unpause", "health_status")
_EVENTS = quote(json.dumps({"type": ["container"], "event": _WANTED}))
_HEALTH = "health_status: "  # how the action begins; the new state follows


class DockerRuntime(Runtime):
    """The Docker daemon at one endpoint."""

    name = "docker"

    def __init__(
        self,
        endpoint: str,
        *,
        timeout_s: float = 5.0,
        ping_s: float = PING_S,
        tls: Tls | None = None,
        sysroot: str = "",
    ) -> None:
        """``sysroot``: where the host's root is mounted, for the files that say where layers are."""
        super().__init__()
        self._endpoint: Endpoint = replace(parse_endpoint(endpoint), tls=tls)
        self._timeout_s = timeout_s
        self._ping_s = ping_s
        self._sysroot = sysroot
        self._root = ""  # Docker's own directory, asked for when it is needed
        self._sink: IdentitySink | None = None
        self._known: dict[str, Identity] = {}
        self._alive: dict[str, str] = {}  # ids of cgroups that are there -> runtime by their path
        self._queue: asyncio.PriorityQueue[tuple[int, int, str, int]] | None = None
        self._queued: dict[str, int] = {}  # id -> priority
        self._versions: dict[str, str] = {}
        self._oomed: set[str] = set()  # running ones that Docker saw run out of memory
        self._ended: set[str] = set()  # known ones whose end has been told
        self._inspecting: dict[str, int] = {}  # id -> number of its newest inspection; destroyed ones are taken out
        self._sequence = 0

    # ---- asked from outside ----
    def ask(self, ident: str, runtime: str) -> None:
        """Tells who it is: at once when known, else after an inspection (not for ids that are hardly Docker's)."""
        self._alive[ident] = runtime
        known = self._known.get(ident)
        if known is not None:
            self._tell(known)
        elif runtime in ("docker", "raw"):
            self._enqueue(ident, NOW)

    def forget(self, ident: str) -> None:
        self._alive.pop(ident, None)

    def known(self) -> int:
        return len(self._known)

    def status(self) -> dict[str, Any]:
        """As every runtime's, with the versions of the daemon and of its API where it has said them."""
        return {**super().status(), **self._versions}

    # ---- connections, one after another ----
    async def run(self, sink: IdentitySink) -> None:
        self._sink = sink
        pause = FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._session()
            except BaseExceptionGroup as group:
                self._failed(_first(group))
            except (OSError, PycadvisorError) as error:
                self._failed(error)
            finally:
                was_connected = self._queue is not None
                self._queue = None
                self._queued.clear()
            is_steady = was_connected and loop.time() - began >= STEADY_S
            pause = FIRST_PAUSE_S if is_steady else min(2 * pause, LONGEST_PAUSE_S)
            await self._pause(pause)

    async def _session(self) -> None:
        """One connection: returns never, raises when it is over."""
        version = parse_json(await self._ask_daemon("/version", SMALL_LIMIT), f"{self._endpoint}/version")
        events = await Exchange.open(self._endpoint, f"/events?filters={_EVENTS}", self._timeout_s)
        try:
            if events.status != 200:
                raise HttpError(f"{self._endpoint}/events: status {events.status}")
            found = await self._list()
            self._queue = asyncio.PriorityQueue()
            self._root = ""
            self._connected(version, found)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow(events))
                group.create_task(self._ping())
                for _ in range(INSPECTORS):
                    group.create_task(self._inspector(self._queue))
        finally:
            events.close()

    async def _list(self) -> list[Identity]:
        """The running ones; none when that is more than can be taken at once: then each is inspected by itself."""
        target = "/containers/json?all=0"
        try:
            return listed(await self._ask_daemon(target, LIST_LIMIT), f"{self._endpoint}/containers/json")
        except AnswerTooLongError as error:
            log.warning("%s; each container is asked for by itself", error)
            return []

    def _connected(self, version: object, found: list[Identity]) -> None:
        said = version if isinstance(version, dict) else {}
        number = said.get("Version", "?")
        keys = (("version", "Version"), ("api_version", "ApiVersion"))
        self._versions = {name: said[key] for name, key in keys if isinstance(said.get(key), str)}
        if self.set_state(CONNECTED, f"Docker {number}"):
            log.info("connected to Docker %s at %s: %d containers", number, self._endpoint, len(found))
        ids = {identity.id for identity in found}
        missed = [ident for ident in self._known if ident not in ids and ident not in self._ended]
        self._known = {ident: known for ident, known in self._known.items() if ident in self._alive or ident in ids}
        self._ended &= self._known.keys() - ids
        self._oomed &= ids
        for identity in found:
            self._learn(_with_details(identity, self._known.get(identity.id)))
            self._enqueue(identity.id, LATER)
        for ident in missed:  # ended while we were not listening: an inspection says how
            self._enqueue(ident, LATER)
        for ident, runtime in self._alive.items():
            if ident not in ids and runtime in ("docker", "raw"):
                self._enqueue(ident, NOW)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, HttpTimeoutError):
            state = HANGING
        elif isinstance(error, (FileNotFoundError, ConnectionRefusedError)):
            state = MISSING
        elif isinstance(error, (OSError, PycadvisorError)):
            state = ERROR
        else:
            raise error
        detail = str(error) if isinstance(error, PycadvisorError) else f"{self._endpoint}: {error.strerror or error}"
        if isinstance(error, PermissionError):
            detail += "; run as root or in the group that owns the socket"
        if self.set_state(state, detail):
            level = logging.INFO if state == MISSING else logging.WARNING
            log.log(level, "Docker is %s (%s); sampling goes on, names come when it answers", state, detail)

    async def _pause(self, seconds: float) -> None:
        """Waits before the next attempt, but no longer than until the socket is a new one."""
        before = self._socket()
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            await asyncio.sleep(min(LOOK_S, left))
            if self._socket() not in (before, None):
                return

    def _socket(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._endpoint.path)  # noqa: PTH116
        except OSError:
            return None
        return found.st_ino, found.st_ctime_ns

    async def _ask_daemon(self, target: str, limit: int) -> bytes:
        status, body = await get(self._endpoint, target, timeout_s=self._timeout_s, limit=limit)
        if status != 200:
            raise HttpError(f"{self._endpoint}{target}: status {status}: {body[:120].decode(errors='replace')!r}")
        return body

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self._ping_s)
            await self._ask_daemon("/_ping", SMALL_LIMIT)

    # ---- events ----
    async def _follow(self, events: Exchange) -> None:
        lines = EventLines(f"{self._endpoint}/events")
        async for piece in events.pieces():
            for event in lines.feed(piece):
                self._happened(event)
        raise HttpError(f"{self._endpoint}/events: Docker ended the event stream")

    def _happened(self, event: DockerEvent) -> None:
        if event.action == "destroy":
            self._known.pop(event.id, None)
            self._inspecting.pop(event.id, None)
            self._ended.discard(event.id)
            self._oomed.discard(event.id)
        elif event.action == "oom":
            self._oomed.add(event.id)
        elif event.action == "die":
            self._end(Ended("docker", event.id, event.exit_code, event.id in self._oomed, event.time_ns))
        elif event.action in ("pause", "unpause") or event.action.startswith(_HEALTH):
            self._update(event)
        elif event.action in ("create", "start", "rename"):
            known = self._known.get(event.id)
            if known is None:
                known = Identity("docker", event.id, image=event.image, namespace="docker")
            if event.action == "start":
                self._ended.discard(event.id)
                self._oomed.discard(event.id)
            if event.name:
                self._learn(replace(known, name=event.name))
            self._enqueue(event.id, NOW)

    def _update(self, event: DockerEvent) -> None:
        known = self._known.get(event.id)
        if known is None:
            self._enqueue(event.id, NOW)
        elif event.action.startswith(_HEALTH):
            health = event.action.removeprefix(_HEALTH)
            self._learn(replace(known, health=health if health in HEALTH else ""))
        else:
            self._learn(replace(known, runtime_state="paused" if event.action == "pause" else "running"))

    # ---- inspecting ----
    def _enqueue(self, ident: str, priority: int, attempt: int = 0) -> None:
        if self._queue is None or self._queued.get(ident, LATER + 1) <= priority:
            return
        self._queued[ident] = priority
        self._sequence += 1
        self._queue.put_nowait((priority, self._sequence, ident, attempt))

    async def _inspector(self, queue: asyncio.PriorityQueue[tuple[int, int, str, int]]) -> None:
        while True:
            _, number, ident, attempt = await queue.get()
            if self._queued.pop(ident, None) is None:
                continue  # done already, with the higher priority
            self._inspecting[ident] = number
            try:
                await self._inspect(ident)
            except (OSError, PycadvisorError) as error:
                log.debug("inspecting %s: %s", ident[:12], error)
                if attempt < INSPECT_RETRIES:
                    delay = 0.25 * 2**attempt
                    asyncio.get_running_loop().call_later(delay, self._enqueue, ident, NOW, attempt + 1)
            finally:
                if self._inspecting.get(ident) == number:
                    del self._inspecting[ident]

    async def _inspect(self, ident: str) -> None:
        target = f"/containers/{ident}/json"
        status, body = await get(self._endpoint, target, timeout_s=self._timeout_s, limit=INSPECT_LIMIT)
        if status == 404:  # some other engine's, or gone meanwhile
            if self._sink is not None and ident not in self._known:
                self._sink.unknown("docker", ident)
            return
        if status != 200:
            raise HttpError(f"{self._endpoint}{target}: status {status}")
        identity, end = inspected(body, f"{self._endpoint}{target}")
        if not identity.layer_path and identity.layer_driver:
            layer = found_layer(identity.layer_driver, ident, identity.pid, await self._find_root(), self._sysroot)
            identity = replace(identity, layer_path=layer.path)
        if ident in self._inspecting:
            self._learn(identity)
        if end is not None:
            self._end(end)

    async def _find_root(self) -> str:
        if not self._root:
            try:
                info = parse_json(await self._ask_daemon("/info", SMALL_LIMIT), f"{self._endpoint}/info")
            except (OSError, PycadvisorError) as error:
                log.debug("where Docker keeps its layers: %s", error)
                info = {}
            root = info.get("DockerRootDir") if isinstance(info, dict) else None
            self._root = root if isinstance(root, str) and root.startswith("/") else DEFAULT_ROOT
        return self._root

    # ---- what is known ----
    def _learn(self, identity: Identity) -> None:
        other = identity.network_mode.removeprefix("container:")
        if other != identity.network_mode and not identity.ip_addresses and other in self._known:
            identity = replace(identity, ip_addresses=self._known[other].ip_addresses)
        self._known[identity.id] = identity
        self._tell(identity)

    def _tell(self, identity: Identity) -> None:
        if self._sink is not None:
            self._sink.identified(identity)

    def _end(self, end: Ended) -> None:
        if self._sink is not None and end.id not in self._ended:
            self._ended.add(end.id)
            self._sink.ended(end)


def _with_details(identity: Identity, before: Identity | None) -> Identity:
    """A list entry keeps what an earlier inspection found."""
    if before is None or before.started_ns == 0:
        return identity
    return replace(
        before,
        name=identity.name,
        image=identity.image,
        labels=identity.labels,
        runtime_state=identity.runtime_state or before.runtime_state,
    )


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
