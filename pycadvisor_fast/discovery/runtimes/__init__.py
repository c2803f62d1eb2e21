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

_NO_LABELS: Mapping[str, str] = MappingProxyType({})

CONNECTING = "connecting"
CONNECTED = "connected"
MISSING = "missing"
ERROR = "error"
HANGING = "hanging"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a runtime says about one of its containers. Times are wall-clock ns, 0 = not given or not yet."""

    runtime: str
    id: str
    name: str = ""
    image: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: _NO_LABELS)
    kind: str = "container"
    namespace: str = ""
    pod_uid: str = ""
    created_ns: int = 0
    started_ns: int = 0
    pid: int = 0
    restart_count: int = 0
    network_mode: str = ""


class IdentitySink(Protocol):
    """Takes what runtimes say; called in the thread of the runtimes, returns at once."""

    def identified(self, identity: Identity) -> None:
        """A container is known, or known better than before; it may have no cgroup (yet)."""


class Runtime(ABC):
    """One container engine. All methods are called in the loop's thread, except ``status``."""

    name: str

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
        """A cgroup with this id, by its path of ``runtime``, has appeared: tell the sink who it is, soon."""

    @abstractmethod
    def forget(self, ident: str) -> None:
        """The cgroup with this id is gone."""

    @abstractmethod
    def known(self) -> int:
        """How many containers it has identified."""

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
