"""systemd: what its units are, over D-Bus where there is one. By path alone they have their names all the same.

A unit has no id but its cgroup's path, which no other runtime's ids look like: that is what ``ask`` takes and
``Identity.id`` gives. Units below ``user@<uid>.service`` belong to that user's own manager, on that user's bus; it is
believed about them only.
"""

from __future__ import annotations

import asyncio
import logging
import re

from ...errors import ConfigError
from . import CONNECTED, MISSING, IdentitySink, Runtime
from .systemd_manager import PING_S, SystemdManager

log = logging.getLogger(__name__)

SYSTEM_BUS = "unix:///run/dbus/system_bus_socket"
USER_BUS = "/run/user/{uid}/bus"
_PRIVATE = "/run/systemd/private"  # as root, where no daemon carries the system bus
MOST_USERS = 64  # whose buses are kept connected
_USER = re.compile(r"/user@(\d{1,10})\.service/")


class SystemdRuntime(Runtime):
    """The system's manager behind the bus at ``endpoint``, and users' managers as their units appear.

    ``user_bus``: where a user's bus listens, "{uid}" stands for the user; "" = users' managers are not asked.
    Raises ConfigError for an endpoint that is no unix socket.
    """

    name = "systemd"

    def __init__(
        self,
        endpoint: str = SYSTEM_BUS,
        *,
        timeout_s: float = 5.0,
        user_bus: str = USER_BUS,
        ping_s: float = PING_S,
    ) -> None:
        super().__init__()
        self._timeout_s = timeout_s
        self._ping_s = ping_s
        self._user_bus = user_bus
        self._managers: dict[str, SystemdManager] = {}  # uid, "" = the system's -> manager
        self._sink: IdentitySink | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._add("", _socket(endpoint))

    async def run(self, sink: IdentitySink) -> None:
        """See Runtime."""
        self._sink = sink
        try:
            async with asyncio.TaskGroup() as group:
                self._tasks = group
                for uid in self._managers:
                    self._start(uid)
                await asyncio.Event().wait()
        finally:
            self._tasks = None

    def ask(self, ident: str, runtime: str) -> None:
        """``ident`` is the path of a unit's cgroup, ``runtime`` "systemd"; all others are not ours."""
        if runtime == "systemd" and ident.startswith("/"):
            manager = self._manager(ident, may_add=True)
            if manager is not None:
                manager.ask(ident, runtime)

    def forget(self, ident: str) -> None:
        """See Runtime."""
        manager = self._manager(ident, may_add=False) if ident.startswith("/") else None
        if manager is not None:
            manager.forget(ident)

    def known(self) -> int:
        """How many units have been told."""
        return sum(manager.known() for manager in self._managers.values())

    def _manager(self, path: str, *, may_add: bool) -> SystemdManager | None:
        match = _USER.search(path)
        uid = match[1] if match else ""
        if uid and may_add and uid not in self._managers and self._user_bus and len(self._managers) <= MOST_USERS:
            self._add(uid, self._user_bus.format(uid=uid))
            self._start(uid)
        return self._managers.get(uid)

    def _add(self, uid: str, socket: str) -> None:
        private = "" if uid or socket != _socket(SYSTEM_BUS) else _PRIVATE
        self._managers[uid] = SystemdManager(
            f"unix://{socket}", self._show, private, timeout_s=self._timeout_s, ping_s=self._ping_s
        )

    def _start(self, uid: str) -> None:
        if self._tasks is not None and self._sink is not None:
            self._tasks.create_task(self._managers[uid].run(self._sink))

    def _show(self) -> None:
        """The system manager's state; users' managers are told of when they answer or misbehave."""
        system = self._managers[""].status()
        users = [manager.status() for uid, manager in self._managers.items() if uid]
        connected = sum(user["state"] == CONNECTED for user in users)
        details = [system["detail"], f"managers of {connected} users" if connected else ""]
        details += [user["detail"] for user in users if user["state"] not in (CONNECTED, MISSING)]
        self.set_state(system["state"], "; ".join(filter(None, details)))


def _socket(endpoint: str) -> str:
    path = endpoint.removeprefix("unix://").removeprefix("unix:path=")
    if not path.startswith("/"):
        raise ConfigError(f"systemd: {endpoint!r} is no D-Bus socket; write {SYSTEM_BUS!r}")
    return path
