"""Between who is found, who follows and who names: a cgroup becomes a container here, and gets its identity."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from ..container import Container
from ..errors import NativeError
from .patterns import Recognition, recognise
from .roster import Roster
from .runtimes import Identity
from .watcher import Handle

log = logging.getLogger(__name__)

NAMESPACES = ("docker", "containerd", "crio", "podman")  # runtimes whose name is cAdvisor's namespace too
NETWORK_CHECK_S = 0.25  # how old the view of network namespaces may be
REFUSED_LOG_S = 60.0


class Slots(Protocol):
    """What the registry needs of native.collector.NativeCollector."""

    def add(self, path: str, created_ns: int) -> Handle | None: ...
    def refresh(self, slot: int, generation: int) -> None: ...
    def remove(self, slot: int, generation: int) -> None: ...
    def vanished(self) -> list[Handle]: ...
    def describe(self, slot: int, generation: int, *, runtime: str, ident: str, name: str, image: str) -> None: ...
    def slots_seq(self) -> int: ...
    def networks(self, slots: list[Handle]) -> Mapping[int, Any]: ...


class Registry:
    """The sink of the watcher (its thread) and of the runtimes (theirs). Keeps ``roster`` and slots.dir the same."""

    def __init__(self, slots: Slots, roster: Roster) -> None:
        self._slots = slots
        self._roster = roster
        self._ask: Callable[[str, str], None] = lambda runtime, ident: None
        self._forget: Callable[[str], None] = lambda ident: None
        self._lock = threading.Lock()  # an identity and a removal of one container come from two threads
        self._refused_logged = -REFUSED_LOG_S
        self._network_seq = 0
        self._network_checked = 0.0
        self.refused = 0

    def connect(self, ask: Callable[[str, str], None], forget: Callable[[str], None]) -> None:
        """``ask(runtime, id)`` and ``forget(id)`` tell the runtimes what appears and vanishes from now on."""
        self._ask, self._forget = ask, forget

    # ---- from the watcher ----
    def add(self, path: str, created_ns: int) -> Handle | None:
        """See watcher.Sink."""
        found = recognise(path)
        try:
            handle = self._slots.add(path, created_ns)
        except NativeError as error:
            self._refuse(path, error)
            return None
        if handle is None:
            return None
        container = _container(path, handle, found, created_ns)
        with self._lock:
            self._roster.put(container)
            self._describe(container)
        if container.id and found.is_container:
            self._ask(container.runtime, container.id)
        return handle

    def refresh(self, handle: Handle) -> None:
        """See watcher.Sink."""
        self._slots.refresh(*handle)

    def remove(self, handle: Handle) -> None:
        """See watcher.Sink."""
        self._slots.remove(*handle)
        with self._lock:
            gone = self._roster.drop(*handle)
        if gone is not None and gone.id:
            self._forget(gone.id)

    def vanished(self) -> list[Handle]:
        """See watcher.Sink."""
        return self._slots.vanished()

    # ---- from the runtimes ----
    def identified(self, identity: Identity) -> None:
        """See runtimes.IdentitySink."""
        with self._lock:
            container = self._roster.by_id(identity.id)
            if container is None:
                return
            known = self._roster.update(container.slot, container.generation, **_changes(container, identity))
            if known is not None and _shown(known) != _shown(container):
                self._describe(known)

    # ---- from the tick thread, by way of slots.dir ----
    def follow_networks(self) -> None:
        """Takes over what the tick thread has found out about network namespaces. Cheap when nothing changed."""
        now = time.monotonic()
        if now - self._network_checked < NETWORK_CHECK_S:
            return
        self._network_checked = now
        seq = self._slots.slots_seq()
        if seq == self._network_seq:
            return
        self._network_seq = seq
        containers = self._roster.containers()
        found = self._slots.networks([(one.slot, one.generation) for one in containers])
        for one in containers:
            network = found.get(one.slot)
            if network is not None:
                self._roster.update(
                    one.slot,
                    one.generation,
                    netns=network.netns,
                    netns_owner=network.owner,
                    is_host_network=network.is_host,
                )

    def _describe(self, container: Container) -> None:
        runtime, ident, name, image = _shown(container)
        self._slots.describe(container.slot, container.generation, runtime=runtime, ident=ident, name=name, image=image)

    def _refuse(self, path: str, error: NativeError) -> None:
        self.refused += 1
        now = time.monotonic()
        if now - self._refused_logged >= REFUSED_LOG_S:
            self._refused_logged = now
            log.warning("%s is not followed: %s (%d refused so far; told once a minute)", path, error, self.refused)


def _container(path: str, handle: Handle, found: Recognition, created_ns: int) -> Container:
    slot, generation = handle
    return Container(
        path=path,
        slot=slot,
        generation=generation,
        runtime=found.runtime,
        id=found.id,
        name=found.name,
        kind=found.kind,
        pod_uid=found.pod_uid,
        namespace=found.runtime if found.runtime in NAMESPACES and found.is_container else "",
        created_ns=created_ns,
    )


def _changes(container: Container, identity: Identity) -> dict[str, Any]:
    """Fields that the identity gives; what it does not give stays as it is."""
    given = {
        "runtime": identity.runtime,
        "name": identity.name,
        "image": identity.image,
        "namespace": identity.namespace,
        "kind": identity.kind,
        "pod_uid": identity.pod_uid,
        "created_ns": identity.created_ns,
        "started_ns": identity.started_ns,
        "pid": identity.pid,
        "restart_count": identity.restart_count,
    }
    changes: dict[str, Any] = {name: value for name, value in given.items() if value}
    if identity.labels or identity.started_ns:  # an inspection gives all labels; an event none
        changes["labels"] = MappingProxyType(dict(identity.labels))
    return {name: value for name, value in changes.items() if value != getattr(container, name)}


def _shown(container: Container) -> tuple[str, str, str, str]:
    """What slots.dir holds."""
    return container.runtime, container.id, container.name, container.image
