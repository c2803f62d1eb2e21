"""Podman: by the API of its services where one answers, by its storage files where none does.

Podman needs no daemon: containers run with or without ``podman system service``. The service knows more (labels,
pods, health, restarts, addresses, ends), so what it says counts; the files name whatever no service names, and they are
all there is for the containers of users (rootless) whose service nobody has configured. Users' sockets are not
looked for: a connection starts a service (and a process that stays) in each user's session.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ...errors import ConfigError
from . import CONNECTED, IdentitySink, Runtime
from .podman_files import Place
from .podman_service import PING_S, POLL_S, PodmanService
from .podman_stores import LOOK_S, PodmanStores


class PodmanRuntime(Runtime):
    """Podman's services at ``endpoint`` (several are parted by commas) and its stores.

    ``places``: the stores to read, None = those of this host (below ``sysroot``). Raises ConfigError for an endpoint
    that is none.
    """

    name = "podman"

    def __init__(
        self,
        endpoint: str,
        *,
        timeout_s: float = 5.0,
        sysroot: str = "",
        places: Sequence[Place] | None = None,
        ping_s: float = PING_S,
        poll_s: float = POLL_S,
        look_s: float = LOOK_S,
    ) -> None:
        super().__init__()
        self._services = [
            _service(one.strip(), self._show, timeout_s=timeout_s, ping_s=ping_s, poll_s=poll_s)
            for one in endpoint.split(",")
            if one.strip()
        ]
        self._stores = PodmanStores(
            self._is_named, self._show, places=places, sysroot=sysroot, timeout_s=timeout_s, look_s=look_s
        )

    async def run(self, sink: IdentitySink) -> None:
        """See Runtime."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stores.run(sink))
            for service in self._services:
                group.create_task(service.run(sink))

    def ask(self, ident: str, runtime: str) -> None:
        """Tells who it is: at once when a service knows it, else after an inspection or a look at the files."""
        for service in self._services:
            service.ask(ident, runtime)
        if not self._is_named(ident):
            self._stores.ask(ident, runtime)

    def forget(self, ident: str) -> None:
        """See Runtime."""
        for service in self._services:
            service.forget(ident)
        self._stores.forget(ident)

    def known(self) -> int:
        """How many containers services and files name."""
        return len(self._stores.known().union(*(service.identities for service in self._services)))

    def _is_named(self, ident: str) -> bool:
        return any(ident in service.identities for service in self._services)

    def _show(self) -> None:
        """One state out of all: connected when any service is or any store can be read; the detail has each."""
        services = [service.status() for service in self._services]
        states = [service["state"] for service in services]
        is_there = CONNECTED in states or self._stores.is_read()
        details = [*(service["detail"] for service in services), self._stores.detail()]
        self.set_state(CONNECTED if is_there or not states else states[0], "; ".join(filter(None, details)))


def _service(endpoint: str, changed: Callable[[], None], **times: float) -> PodmanService:
    try:
        return PodmanService(endpoint, changed, **times)
    except ConfigError as error:
        raise ConfigError(str(error).replace("docker", "podman")) from None
