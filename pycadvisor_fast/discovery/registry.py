"""Between who is found, who follows and who names: a cgroup becomes a container here, and gets its identity."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..container import Container
from ..errors import NativeError
from .attributes import Attributes, sound
from .claims import IN_PARTS, Claims, rank
from .happenings import happenings
from .past import Past
from .patterns import Recognition, recognise
from .roster import Roster
from .runtimes import Ended, Identity
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

    def __init__(self, slots: Slots, roster: Roster, attributes: Attributes | None = None) -> None:
        self._slots = slots
        self._roster = roster
        self._attributes = attributes or Attributes()
        self._claims = Claims()
        self._past = Past()
        self._ask: Callable[[str, str], None] = lambda runtime, ident: None
        self._forget: Callable[[str], None] = lambda ident: None
        self._ended: Callable[[str, Ended], None] = lambda path, end: None
        self._changed: Callable[[str, str, str], None] = lambda kind, path, words: None
        self._lock = threading.Lock()  # an identity and a removal of one container come from two threads
        self._refused_logged = -REFUSED_LOG_S
        self._network_seq = 0
        self._network_checked = 0.0
        self.refused = 0

    def connect(self, ask: Callable[[str, str], None], forget: Callable[[str], None]) -> None:
        """``ask(runtime, id)`` and ``forget(id)`` tell the runtimes what appears and vanishes from now on."""
        self._ask, self._forget = ask, forget

    def on_end(self, ended: Callable[[str, Ended], None]) -> None:
        """``ended(path, end)`` is told of each container of which a runtime says that it has ended."""
        self._ended = ended

    def on_change(self, changed: Callable[[str, str, str], None]) -> None:
        """``changed(kind, path, words)`` is told of each "health_change" and "restart" of a container."""
        self._changed = changed

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
        elif found.runtime == "systemd":
            self._ask(container.runtime, path)
        return handle

    def refresh(self, handle: Handle) -> None:
        """See watcher.Sink."""
        self._slots.refresh(*handle)

    def remove(self, handle: Handle) -> None:
        """See watcher.Sink."""
        self._slots.remove(*handle)
        with self._lock:
            gone = self._roster.drop(*handle)
            if gone is not None:
                self._past.put(gone)
                self._claims.drop(gone.handle)
            is_there = gone is not None and self._roster.by_id(gone.id) is not None
        if gone is not None and gone.runtime == "systemd":
            self._forget(gone.path)
        elif gone is not None and gone.id and not is_there:  # restarted in place: the new cgroup came first
            self._forget(gone.id)

    def vanished(self) -> list[Handle]:
        """See watcher.Sink."""
        return self._slots.vanished()

    # ---- from the runtimes ----
    def identified(self, identity: Identity) -> None:
        """See runtimes.IdentitySink."""
        with self._lock:
            container = self._meant(identity)
            if container is None:
                self._name_late(identity)
                return
            before = self._past.by_id(container.id) if container.id and not container.started_ns else container
            self._learn(container, identity)
            now = self._roster.by_slot(container.slot)
        if now is not None and now is not container:
            for kind, words in happenings(before, now):
                self._changed(kind, now.path, words)

    def unknown(self, runtime: str, ident: str) -> None:
        """See runtimes.IdentitySink. The container goes on, as a raw one when nobody else knows it."""
        with self._lock:
            for container in self._roster.all_by_id(ident):
                if self._claims.deny(container.handle, runtime):
                    self._change(container, self._owner(container))

    def ended(self, end: Ended) -> None:
        """See runtimes.IdentitySink."""
        with self._lock:
            container = self._of_runtime(end.runtime, end.id) or self._past.by_id(end.id)
        if container is not None:
            self._ended(container.path, end)

    def _meant(self, identity: Identity) -> Container | None:
        path = identity.path or (identity.id if identity.id.startswith("/") else "")
        at_path = self._roster.by_path(path) if path else None
        if at_path is not None and (not identity.path or not identity.id or at_path.id in ("", identity.id)):
            return at_path
        return self._of_runtime(identity.runtime, identity.id) if identity.id else None

    def _of_runtime(self, runtime: str, ident: str) -> Container | None:
        """Of those with this id the one whose path speaks most for the runtime."""
        return min(self._roster.all_by_id(ident), key=lambda one: rank(runtime, recognise(one.path)), default=None)

    def _learn(self, container: Container, identity: Identity) -> None:
        found = recognise(container.path)
        if identity.runtime == "systemd" and found.runtime not in ("systemd", "raw"):
            # the unit that a runtime has made for its container, which is not called by the unit's name
            self._change(container, {"description": identity.description} if identity.description else {})
        elif self._claims.claim(container.handle, found, identity.runtime):
            self._change(container, self._given(container, identity) | self._owner(container))

    def _change(self, container: Container, changes: Mapping[str, Any]) -> None:
        known = self._roster.update(container.slot, container.generation, **changes)
        if known is not None and _shown(known) != _shown(container):
            self._describe(known)

    def _owner(self, container: Container) -> dict[str, str]:
        runtime = self._claims.owner(container.handle, recognise(container.path))
        return {"runtime": runtime, "namespace": runtime if runtime in NAMESPACES else ""}

    # ---- whom an event is about ----
    def who(self, handle: int, path: str) -> Container | None:
        """The container at a cgroup path, or the one whose part that cgroup is; it may have been removed meanwhile.

        ``handle`` tells tenants of one path apart, 0 = not known. Of a cgroup that is not followed (yet) what its path
        says, with handle 0; None: that is nothing.
        """
        found = self._followed(handle, path)
        if found is None:
            found = _stranger(path)
        if found is not None and found.kind == "child":
            return self.who(0, path.rpartition("/")[0]) or found
        return found

    def _followed(self, handle: int, path: str) -> Container | None:
        if not handle:
            return self._roster.by_path(path) or self._past.by_path(path)
        live = self._roster.by_slot(handle & 0xFFFFFFFF)
        return live if live is not None and live.handle == handle else self._past.by_handle(handle)

    def _name_late(self, identity: Identity) -> None:
        gone = self._past.by_id(identity.id) if identity.id else None
        if gone is None:
            return
        changes = self._given(gone, identity)
        if not recognise(gone.path).is_certain:
            changes |= {"runtime": identity.runtime, "namespace": identity.namespace}
        self._past.update(gone.handle, **changes)

    def _given(self, container: Container, identity: Identity) -> dict[str, Any]:
        """Fields that the identity gives; what it does not give stays as it is."""
        changes: dict[str, Any] = {name: sound(value) for name in _KEPT_FIELDS if (value := getattr(identity, name))}
        if identity.id.startswith("/"):
            changes.pop("id", None)  # a path stands for the id where there is none
        is_whole = identity.is_complete and identity.runtime not in IN_PARTS
        for name in _EMPTIED_FIELDS:
            if (value := getattr(identity, name)) or is_whole:
                changes[name] = sound(value)
        if identity.labels or identity.started_ns or identity.is_complete:  # an inspection gives all, an event none
            changes["labels"] = self._attributes.labels(identity.labels)
        if identity.envs or identity.is_complete:
            changes["envs"] = self._attributes.envs(identity.envs)
        return {name: value for name, value in changes.items() if value != getattr(container, name)}

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


def _stranger(path: str) -> Container | None:
    found = recognise(path)
    return _container(path, (0, 0), found, 0) if found.kind else None


_KEPT_FIELDS = (  # what an identity leaves empty stays as it is
    "id", "name", "image", "kind", "pod_uid", "created_ns", "started_ns", "pid", "restart_count", "pod_name",
    "pod_namespace", "container_name", "sandbox_id", "attempt", "log_path", "network_mode", "layer_path",
    "layer_driver", "runtime_state",
)  # fmt: skip
_EMPTIED_FIELDS = ("aliases", "health", "ip_addresses", "description", "volumes")  # a complete one empties them


def _shown(container: Container) -> tuple[str, str, str, str]:
    """What slots.dir holds."""
    return container.runtime, container.id, container.name, container.image
