"""The HTTP server's life in the running event loop: application, connections, end."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pycadvisor_fast.errors import MissingDependencyError

from .limits import connections_within_descriptors
from .listening import Listener
from .settings import HttpSettings

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from pycadvisor_fast.door import Door
    from pycadvisor_fast.feed import Feed

    from .context import Context
    from .gate import Gate

log = logging.getLogger(__name__)


class HttpServer:
    """A running server. Made by serve()."""

    def __init__(self, context: Context, gate: Gate, listeners: Sequence[Listener]) -> None:
        self._context = context
        self._gate = gate
        self._listeners = tuple(listeners)

    @property
    def addresses(self) -> list[str]:
        """Where it listens, as people write it: "http://127.0.0.1:8080", "unix:/run/x.sock"."""
        return [listener.url("https" if self._gate.has_tls else "http") for listener in self._listeners]

    def status(self) -> dict[str, int]:
        """See counts.Counts."""
        return self._context.counts.as_dict()

    async def stop(self, grace: float = 0.5) -> None:
        """Ends: what is being answered has ``grace`` seconds."""
        for listener in self._listeners:
            listener.close()
        await self._gate.stop(grace)
        self._context.workers.stop()


async def serve(
    feed: Feed,
    listeners: Sequence[Listener],
    settings: HttpSettings,
    door: Door | None = None,
    *,
    more: Sequence[BaseRoute] = (),
) -> HttpServer:
    """Serves ``feed`` on bound sockets (listening.open_all) in the running event loop until HttpServer.stop().

    ``more``: routes beside those of the rooms. Raises MissingDependencyError where the extra ``http`` is not installed.
    """
    check_installed()
    from .app import application
    from .context import Context, Workers
    from .gate import Gate

    # Everything it has to say is said by us, in our words; its tracebacks are in the log already (faults.py).
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    limits = settings.limits
    bound = connections_within_descriptors(limits.connections)
    if bound < limits.connections:
        log.info("HTTP: %d connections at most: the limit of open files allows no more", bound)
        limits = replace(limits, connections=bound)
        settings = replace(settings, limits=limits)
    context = Context(feed, settings, door, Workers(settings.workers, limits.waiting))
    hosts = [listener.address.host for listener in listeners]
    gate = Gate(application(context, hosts, more), limits, context.counts, door)
    gate.listen(listeners)
    if door is not None:
        for warning in door.warnings("HTTP", hosts):
            log.warning("%s%s", "" if door.is_closed else "OPEN TO THE WORLD: ", warning)
    return HttpServer(context, gate, listeners)


def check_installed() -> None:
    """Raises MissingDependencyError naming what is missing."""
    try:
        import httptools  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"HTTP needs {error.name}, which is not installed: pip install 'pycadvisor-fast[http]', or --http=false"
        ) from error
