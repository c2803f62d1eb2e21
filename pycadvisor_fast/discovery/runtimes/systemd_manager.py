"""One systemd manager, the system's or a user's: what it says of the units whose cgroups are there.

A connection is: the signals, then each unit that is asked for. A unit is asked about again when a job of it is done
(started, stopped, restarted). Interface and properties: org.freedesktop.systemd1(5).
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import stat
from collections.abc import Callable
from typing import Any

from . import Identity
from .socket_runtime import SocketRuntime
from .systemd_bus import BUS, Bus, BusError, BusTimeoutError
from .systemd_wire import Message

log = logging.getLogger(__name__)

PING_S = 30.0  # a manager that hangs is noticed even when nothing is asked of it
ASKERS = 4
SYSTEMD = "org.freedesktop.systemd1"
_ROOT = "/org/freedesktop/systemd1"
_MANAGER = f"{SYSTEMD}.Manager"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_PLAIN = re.compile(r"[A-Za-z0-9]")
_INTERFACES = {"service": "Service", "scope": "Scope", "slice": "Slice", "socket": "Socket"}
_UNIT_PROPERTIES = ("Description", "SubState", "ActiveEnterTimestamp")
_SERVICE_PROPERTIES = ("MainPID", "NRestarts", "ExecMainStartTimestamp")


class SystemdManager(SocketRuntime):
    """The manager behind the bus at ``endpoint``. Units are known by their cgroup's path.

    ``changed`` is called when its state has changed. ``private``: the manager's own socket, where it speaks D-Bus
    without a daemon in between; used while there is none.
    """

    name = "systemd"
    title = "systemd"

    def __init__(
        self, endpoint: str, changed: Callable[[], None], private: str = "", *, timeout_s: float, ping_s: float = PING_S
    ) -> None:
        super().__init__(endpoint, timeout_s=timeout_s)
        self._changed = changed
        self._private = private
        self._peer = SYSTEMD
        self._known: dict[str, Identity] = {}
        self._ping_s = ping_s
        self._alive: dict[str, str] = {}  # unit -> cgroup path
        self._queue: asyncio.Queue[str] | None = None
        self._queued: set[str] = set()

    def ask(self, ident: str, runtime: str) -> None:
        """The cgroup of a unit has appeared: ``ident`` is its path."""
        path = ident
        unit = path.rpartition("/")[2]
        self._alive[unit] = path
        if path in self._known and self._sink is not None:
            self._sink.identified(self._known[path])
        self._enqueue(unit)

    def forget(self, ident: str) -> None:
        """It has gone."""
        path = ident
        unit = path.rpartition("/")[2]
        if self._alive.get(unit) == path:
            del self._alive[unit]
        self._known.pop(path, None)

    def known(self) -> int:
        """See Runtime."""
        return len(self._known)

    def set_state(self, state: str, detail: str = "") -> bool:
        """See Runtime."""
        is_news = super().set_state(state, detail)
        self._changed()
        return is_news

    async def _reach(self) -> None:
        """Connecting to a bus says well enough who does not listen."""

    async def _session(self) -> None:
        """See SocketRuntime."""
        is_private = bool(self._private) and not _exists(self._endpoint.path) and _exists(self._private)
        self._peer = "" if is_private else SYSTEMD  # whoever is alone at the other end needs no address
        bus = await Bus.open(self._private if is_private else self._endpoint.path, self._timeout_s)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(bus.read())
                await self._begin(bus)
                group.create_task(self._ping(bus))
                for _ in range(ASKERS):
                    group.create_task(self._asker(bus, self._queue))
        finally:
            bus.close()
            self._queue = None
            self._queued.clear()

    async def _begin(self, bus: Bus) -> None:
        bus.on_signal = self._happened
        if self._peer:
            await bus.call(BUS, "/org/freedesktop/DBus", BUS, "Hello")
            for member in ("JobRemoved", "UnitNew"):
                await bus.follow(SYSTEMD, _MANAGER, member)
        await bus.call(self._peer, _ROOT, _MANAGER, "Subscribe")
        version = await self._property(bus, _ROOT, _MANAGER, "Version")
        self._queue = asyncio.Queue()
        for unit in self._alive:
            self._enqueue(unit)
        self._is_connected(f"systemd {version}" if isinstance(version, str) else "systemd", len(self._alive))

    async def _ping(self, bus: Bus) -> None:
        while True:
            await asyncio.sleep(self._ping_s)
            await bus.call(self._peer, _ROOT, "org.freedesktop.DBus.Peer", "Ping")

    def _happened(self, message: Message) -> None:
        """JobRemoved(id, job, unit, result); UnitNew(unit, object). A private socket tells more than these."""
        if message.member not in ("JobRemoved", "UnitNew"):
            return
        at = 2 if message.member == "JobRemoved" else 0
        unit = message.body[at] if len(message.body) > at else ""
        if isinstance(unit, str) and unit in self._alive:
            self._enqueue(unit)

    # ---- asking ----
    def _enqueue(self, unit: str) -> None:
        if self._queue is not None and unit not in self._queued:
            self._queued.add(unit)
            self._queue.put_nowait(unit)

    async def _asker(self, bus: Bus, queue: asyncio.Queue[str] | None) -> None:
        assert queue is not None
        while True:
            unit = await queue.get()
            self._queued.discard(unit)
            path = self._alive.get(unit)
            if path is None:
                continue
            try:
                identity = await self._asked(bus, unit, path)
            except BusTimeoutError:
                raise
            except BusError as error:  # removed meanwhile
                log.debug("asking about %s: %s", unit, error)
                continue
            if identity is not None and self._alive.get(unit) == path and self._sink is not None:
                self._known[path] = identity
                self._sink.identified(identity)

    async def _asked(self, bus: Bus, unit: str, path: str) -> Identity | None:
        """Who it is; None when this manager's unit of that name is not what stands at ``path``."""
        kind = unit.rpartition(".")[2]
        own = f"{SYSTEMD}.{_INTERFACES.get(kind, 'Unit')}"
        where = f"{_ROOT}/unit/{label(unit)}"
        if await self._property(bus, where, own, "ControlGroup") != path:
            return None
        values = {name: await self._property(bus, where, f"{SYSTEMD}.Unit", name) for name in _UNIT_PROPERTIES}
        if kind == "service":
            values |= {name: await self._property(bus, where, own, name) for name in _SERVICE_PROPERTIES}
        return _identity(path, unit, kind, values)

    async def _property(self, bus: Bus, path: str, interface: str, name: str) -> Any:
        body = await bus.call(self._peer, path, _PROPERTIES, "Get", "ss", interface, name)
        return body[0] if body else None


def _exists(socket: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(socket).st_mode)  # noqa: PTH116
    except OSError:
        return False


def label(unit: str) -> str:
    """A unit's name in the path of its object: all but letters and digits as _xx, and a digit in front too."""
    parts = [
        chr(byte) if _PLAIN.match(chr(byte)) and (place or not chr(byte).isdigit()) else f"_{byte:02x}"
        for place, byte in enumerate(unit.encode())
    ]
    return "".join(parts) or "_"


def _identity(path: str, unit: str, kind: str, values: dict[str, Any]) -> Identity:
    numbers = {name: value for name, value in values.items() if isinstance(value, int) and value > 0}
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    since_us = numbers.get("ExecMainStartTimestamp") or numbers.get("ActiveEnterTimestamp", 0)
    return Identity(
        "systemd",
        path,
        name=unit,
        kind=kind,
        description=texts.get("Description", ""),
        runtime_state=texts.get("SubState", ""),
        started_ns=since_us * 1000,
        pid=numbers.get("MainPID", 0),
        restart_count=numbers.get("NRestarts", 0),
        is_complete=True,
    )
