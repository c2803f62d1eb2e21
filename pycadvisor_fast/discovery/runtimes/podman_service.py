"""One podman API service: what it says of its containers, kept true by its event stream.

A connection is: /version, then /events (from now on nothing is missed), then libpod's lists of containers and pods,
which name everything at once; after that each container is inspected as its cgroup or its event appears. The event
stream is Docker's; lists and inspections are libpod's, because only they know pods, infra containers and restarts.
Podman keeps no events with ``events_logger = "none"``: then the list is asked for again and again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from ...errors import PycadvisorError
from . import Ended, Identity
from .docker_json import DockerEvent, EventLines
from .http import Exchange, HttpError, HttpTimeoutError, get
from .podman_json import Engine, Pod, engine, in_pod, inspected, listed, pod, pods
from .socket_runtime import SessionTimeoutError, SocketRuntime

log = logging.getLogger(__name__)

PING_S = 5.0  # a hanging service is noticed even when nothing is asked of it
POLL_S = 5.0  # how old the list may be where there are no events
INSPECTORS = 2
INSPECT_RETRIES = 6  # 0.25 s, 0.5 s ... 8 s: podman locks a container while it is made or removed
SMALL_LIMIT = 1 << 20
INSPECT_LIMIT = 8 << 20
LIST_LIMIT = 64 << 20  # about 700 bytes a container, some have long labels
MOST_PODS = 1024  # remembered, before those without containers are forgotten
NOW, LATER = 0, 1  # a container without a name goes before details of one that has it
_GONE = ("remove", "destroy")

_EVENTS = quote(json.dumps({"type": ["container"]}))


class PodmanService(SocketRuntime):
    """The service at one endpoint. Tells its sink; knows nothing of other services and of storage files.

    ``changed`` is called when its state has changed.
    """

    name = "podman"
    title = "Podman"

    def __init__(
        self,
        endpoint: str,
        changed: Callable[[], None],
        *,
        timeout_s: float,
        ping_s: float = PING_S,
        poll_s: float = POLL_S,
    ) -> None:
        super().__init__(endpoint, timeout_s=timeout_s)
        self._changed = changed
        self.identities: dict[str, Identity] = {}
        self._ping_s = ping_s
        self._poll_s = poll_s
        self._api = ""
        self._pods: dict[str, Pod] = {}
        self._alive: dict[str, str] = {}  # ids of cgroups that are there -> runtime by their path
        self._queue: asyncio.PriorityQueue[tuple[int, int, str, int]] | None = None
        self._queued: dict[str, int] = {}  # id -> priority
        self._inspecting: dict[str, int] = {}  # id -> number of its newest inspection; gone ones are taken out
        self._dying: dict[str, Ended] = {}  # what an event said; an inspection adds whether memory was the reason
        self._ended: set[str] = set()  # known ones whose end has been told
        self._sequence = 0

    # ---- asked from outside ----
    def ask(self, ident: str, runtime: str) -> None:
        """Tells who it is: at once when known, else after an inspection."""
        self._alive[ident] = runtime
        if (home := self._pods.get(ident)) is not None and self._sink is not None:
            self._sink.identified(home.identity())
            return
        known = self.identities.get(ident)
        if known is not None:
            self._tell(known)
            self._enqueue(ident, LATER)  # a cgroup that is new under a known id: restarted
        elif runtime in ("podman", "raw"):
            self._enqueue(ident, NOW)

    def forget(self, ident: str) -> None:
        self._alive.pop(ident, None)

    def known(self) -> int:
        """See Runtime."""
        return len(self.identities)

    def set_state(self, state: str, detail: str = "") -> bool:
        """See Runtime."""
        is_news = super().set_state(state, detail)
        self._changed()
        return is_news

    def _failed(self, error: BaseException) -> bool:
        return super()._failed(SessionTimeoutError(str(error)) if isinstance(error, HttpTimeoutError) else error)

    async def _session(self) -> None:
        """See SocketRuntime."""
        about = engine(await self._ask("/version", SMALL_LIMIT), f"{self._endpoint}/version")
        self._api = f"/v{about.api}/libpod"
        events = await Exchange.open(self._endpoint, f"/events?filters={_EVENTS}", self._timeout_s)
        try:
            found = await self._list()
            self._queue = asyncio.PriorityQueue()
            self._connected(about, found, events.status == 200)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow(events) if events.status == 200 else self._poll())
                group.create_task(self._ping())
                for _ in range(INSPECTORS):
                    group.create_task(self._inspector(self._queue))
        finally:
            events.close()
            self._queue = None
            self._queued.clear()

    async def _list(self) -> list[tuple[Identity, bool]]:
        where = f"{self._endpoint}{self._api}"
        found = listed(await self._ask(f"{self._api}/containers/json?all=true", LIST_LIMIT), f"{where}/containers/json")
        if any(identity.pod_uid for identity, _ in found):
            answer = await self._ask(f"{self._api}/pods/json", LIST_LIMIT)
            self._pods = {one.id: one for one in pods(answer, f"{where}/pods/json")}
        return found

    def _connected(self, about: Engine, found: list[tuple[Identity, bool]], has_events: bool) -> None:
        self._take(found)
        for ident, runtime in self._alive.items():
            if ident not in self.identities and runtime in ("podman", "raw"):
                self._enqueue(ident, NOW)
        detail = f"Podman {about.version}" + ("" if has_events else ", which keeps no events")
        self._is_connected(detail, len(self.identities))

    def _take(self, found: list[tuple[Identity, bool]]) -> None:
        ids = {identity.id for identity, _ in found}
        self.identities = {
            ident: known for ident, known in self.identities.items() if ident in ids or ident in self._alive
        }
        self._ended &= ids
        for identity, is_running in found:
            before = self.identities.get(identity.id)
            if is_running:
                self._ended.discard(identity.id)
            if before is None and not is_running:
                continue  # ended before we came: nobody waits for its name
            home = self._pods.get(identity.pod_uid)
            self._learn(_with_details(in_pod(identity, home) if home is not None else identity, before))
            if identity.id not in self._ended:
                self._enqueue(identity.id, LATER)

    async def _ask(self, target: str, limit: int) -> bytes:
        status, body = await get(self._endpoint, target, timeout_s=self._timeout_s, limit=limit)
        if status != 200:
            raise HttpError(f"{self._endpoint}{target}: status {status}: {body[:120].decode(errors='replace')!r}")
        return body

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self._ping_s)
            await self._ask("/_ping", SMALL_LIMIT)

    # ---- events ----
    async def _follow(self, events: Exchange) -> None:
        lines = EventLines(f"{self._endpoint}/events")
        async for piece in events.pieces():
            for event in lines.feed(piece):
                self._happened(event)
        raise HttpError(f"{self._endpoint}/events: podman ended the event stream")

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            self._take(await self._list())

    def _happened(self, event: DockerEvent) -> None:
        if event.action in _GONE:
            self._end(self._dying.pop(event.id, None))
            self.identities.pop(event.id, None)
            self._inspecting.pop(event.id, None)
            self._ended.discard(event.id)
            return
        if event.action in ("die", "died"):
            self._dying[event.id] = Ended("podman", event.id, event.exit_code, False, event.time_ns)
        if event.action == "start":
            self._end(self._dying.pop(event.id, None))
            self._ended.discard(event.id)
        if event.action in ("create", "start", "rename") and event.name:
            before = self.identities.get(event.id) or Identity(
                "podman", event.id, image=event.image, namespace="podman"
            )
            self._learn(replace(before, name=event.name))
        if event.id in self.identities:  # pause, unpause, health_status, restart ... : what has changed, it says itself
            self._enqueue(event.id, NOW)

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
                await self._inspect(ident, number)
            except (OSError, PycadvisorError) as error:
                log.debug("inspecting %s: %s", ident[:12], error)
                if attempt < INSPECT_RETRIES:
                    delay = 0.25 * 2**attempt
                    asyncio.get_running_loop().call_later(delay, self._enqueue, ident, NOW, attempt + 1)
                else:
                    self._end(self._dying.pop(ident, None))
            finally:
                if self._inspecting.get(ident) == number:
                    del self._inspecting[ident]

    async def _inspect(self, ident: str, number: int) -> None:
        target = f"{self._api}/containers/{ident}/json"
        status, body = await get(self._endpoint, target, timeout_s=self._timeout_s, limit=INSPECT_LIMIT)
        if status == 404:
            self._end(self._dying.pop(ident, None))
            return  # not podman's, or removed meanwhile
        if status != 200:
            raise HttpError(f"{self._endpoint}{target}: status {status}")
        identity, end = inspected(body, f"{self._endpoint}{target}")
        if identity.id != ident:
            raise HttpError(f"{self._endpoint}{target}: the answer is about {identity.id[:12]}")
        if identity.pod_uid:
            identity = await self._at_home(identity)
        if self._inspecting.get(ident) != number:
            return  # gone, or asked about again
        self._learn(identity)
        if end is not None:
            said = self._dying.pop(ident, None)
            self._end(end if said is None or end.exit_code is not None else said)

    async def _at_home(self, identity: Identity) -> Identity:
        """``identity`` with its pod's name; the pod's own cgroup is told of too, now that it has something in it."""
        home = self._pods.get(identity.pod_uid)
        if home is None:
            target = f"{self._api}/pods/{quote(identity.pod_uid, safe='')}/json"
            home = pod(await self._ask(target, INSPECT_LIMIT), f"{self._endpoint}{target}")
            if len(self._pods) >= MOST_PODS:
                used = {one.pod_uid for one in self.identities.values()}
                self._pods = {ident: one for ident, one in self._pods.items() if ident in used}
            self._pods[identity.pod_uid] = home
        return in_pod(identity, home)

    # ---- what is known ----
    def _learn(self, identity: Identity) -> None:
        self.identities[identity.id] = identity
        self._tell(identity)

    def _tell(self, identity: Identity) -> None:
        if self._sink is None:
            return
        self._sink.identified(identity)
        home = self._pods.get(identity.pod_uid)
        if home is not None:
            self._sink.identified(home.identity())

    def _end(self, end: Ended | None) -> None:
        if end is not None and self._sink is not None and end.id not in self._ended:
            self._ended.add(end.id)
            self._sink.ended(end)


def _with_details(identity: Identity, before: Identity | None) -> Identity:
    """A list entry keeps what an earlier inspection found of the same run."""
    if before is None or not before.is_complete or before.started_ns // 10**9 != identity.started_ns // 10**9:
        return identity
    return replace(
        before,
        name=identity.name or before.name,
        aliases=identity.aliases or before.aliases,
        health=identity.health,
        runtime_state=identity.runtime_state or before.runtime_state,
    )
