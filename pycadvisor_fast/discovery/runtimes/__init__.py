"""Runtimes say who their containers are. Each is one module here; none touches a slot or is waited for.

A runtime runs as one asyncio task in the thread "pcf-runtimes" (see ``loop.py``). It learns what containers there
are from the runtime's own list and events, tells each ``Identity`` to an ``IdentitySink``, and answers ``ask``
for the id of a cgroup that discovery has just seen. How it fares is plain data for GetStatus.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from ...container import Volume
from ...filesystem import TreeUsage

_NO_TEXTS: Mapping[str, str] = MappingProxyType({})

CONNECTING = "connecting"
CONNECTED = "connected"
MISSING = "missing"
ERROR = "error"
HANGING = "hanging"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a runtime says about one of its containers. Times are wall-clock ns, 0 = not given or not yet.

    What is empty or 0 says nothing, so that a line of an event may be told; only with ``is_complete`` do empty labels,
    envs, addresses, aliases, health, description and volumes mean that there are none. container.Container explains the
    fields.
    """

    runtime: str
    id: str
    """What has none is known by its cgroup: its path ("/...") stands here, or in ``path``."""
    name: str = ""
    image: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)
    kind: str = "container"
    namespace: str = ""
    pod_uid: str = ""
    created_ns: int = 0
    started_ns: int = 0
    pid: int = 0
    restart_count: int = 0
    network_mode: str = ""
    aliases: tuple[str, ...] = ()
    envs: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)
    """All of them: the registry keeps those the allow list names."""
    pod_name: str = ""
    pod_namespace: str = ""
    container_name: str = ""
    sandbox_id: str = ""
    attempt: int = 0
    log_path: str = ""
    health: str = ""
    ip_addresses: tuple[str, ...] = ()
    layer_path: str = ""
    layer_driver: str = ""
    description: str = ""
    runtime_state: str = ""
    volumes: tuple[Volume, ...] = ()
    path: str = ""
    """Its cgroup, where the runtime knows it and the id does not stand in the path."""
    is_complete: bool = False
    """All that the runtime knows of it, as an inspection gives."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a runtime says about the end of one of its containers."""

    runtime: str
    id: str
    exit_code: int | None = None
    """Of its first process; 128 + signal when one killed it. None: the runtime did not say."""
    is_oom_killed: bool = False
    """The runtime saw the kernel kill something in it for want of memory."""
    time_ns: int = 0
    """Wall-clock ns, 0 = not given."""


class IdentitySink(Protocol):
    """Takes what runtimes say; called in the thread of the runtimes, returns at once."""

    def identified(self, identity: Identity) -> None:
        """A container is known, or known better than before; it may have no cgroup (yet)."""

    def unknown(self, runtime: str, ident: str) -> None:
        """``runtime`` was asked for an id and has no such container."""

    def ended(self, end: Ended) -> None:
        """A container has ended; its cgroup may be gone already. Told once for each run of it."""


class Runtime(ABC):
    """One container engine. All methods are called in the loop's thread, except ``status``."""

    name: str
    """What ``status`` calls it: two of one kind need two names."""

    def __init__(self) -> None:
        self._state = CONNECTING
        self._detail = ""
        self._since = time.time()
        self._reconnects = 0

    @abstractmethod
    async def run(self, sink: IdentitySink) -> None:
        """Connects, lists, follows events, connects again; ends only by being cancelled, never by an error."""

    @abstractmethod
    def ask(self, ident: str, runtime: str) -> None:
        """A cgroup with this id, by its path of ``runtime``, has appeared: tell the sink who it is, soon.

        For ``runtime`` "systemd" the cgroup's path stands for the id.
        """

    @abstractmethod
    def forget(self, ident: str) -> None:
        """The cgroup with this id is gone."""

    @abstractmethod
    def known(self) -> int:
        """How many containers it has identified."""

    async def layer_usage(self, ident: str, cgroup: str) -> TreeUsage | None:
        """What the writable layer of a container holds, by the runtime's own figures; None: it keeps none.

        Asked for layers without a directory on the host, seldom and one at a time: it may take its time, within limits.
        """
        return None

    def set_state(self, state: str, detail: str = "") -> bool:
        """Records how the connection fares; True when that is news."""
        is_news = (state, detail) != (self._state, self._detail)
        if state != self._state:
            self._since = time.time()
            self._reconnects += state == CONNECTED
        self._state, self._detail = state, detail
        return is_news

    def status(self) -> dict[str, Any]:
        """``since``: wall-clock seconds of the last change of state. ``reconnects``: connections after the first."""
        return {
            "state": self._state,
            "detail": self._detail,
            "since": self._since,
            "containers": self.known(),
            "reconnects": max(0, self._reconnects - 1),
        }
