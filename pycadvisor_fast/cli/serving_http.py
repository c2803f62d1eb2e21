"""HTTP beside gRPC: sockets bound before anything is started, then a server in a thread of its own."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING

from ..errors import ConfigError, MissingDependencyError
from ..faces.http import listening
from ..faces.http.server import HttpServer, check_installed, serve
from ..faces.http.settings import HttpSettings, http_settings
from .addresses import AddressError
from .loop_thread import LoopThread

if TYPE_CHECKING:
    from ..config import Settings
    from ..door import Door
    from ..faces.http.listening import Listener
    from ..feed import Feed

log = logging.getLogger(__name__)

# Whoever gives one of these wants HTTP; a daemon that cannot serve it must not start then.
_ASKS_FOR_HTTP = ("http", "http_listen", "listen_ip", "port", "url_base_prefix", "prometheus_endpoint")


class HttpDoorway:
    """What HTTP needs before sampling starts: settings that make sense, and sockets."""

    def __init__(self, settings: HttpSettings, listeners: Sequence[Listener]) -> None:
        self.settings = settings
        self.listeners = tuple(listeners)

    def close(self) -> None:
        """Gives the sockets back."""
        for listener in self.listeners:
            listener.close()


def open_doorway(settings: Settings) -> HttpDoorway | None:
    """Binds what is to be served; None: HTTP is off, or its packages are missing and nobody asked for it.

    Raises ConfigError for settings that make no sense, MissingDependencyError, AddressError for an address that
    cannot be had.
    """
    if not settings["http"]:
        return None
    addresses = listening.wanted(settings["listen_ip"], settings["port"], settings["http_listen"])
    wanted = http_settings(settings)
    try:
        check_installed()
    except MissingDependencyError as error:
        if any(settings.is_given(name) for name in _ASKS_FOR_HTTP):
            raise
        log.warning("no HTTP: %s", error)
        return None
    try:
        return HttpDoorway(wanted, listening.open_all(addresses))
    except ConfigError as error:
        raise AddressError(str(error)) from error


class HttpThread:
    """Serves from construction to ``stop``."""

    def __init__(self, feed: Feed, doorway: HttpDoorway, door: Door) -> None:
        self._thread = LoopThread("pcf-http")
        try:
            self.server: HttpServer = self._thread.do(serve(feed, doorway.listeners, doorway.settings, door))
        except BaseException:
            self._thread.end()
            raise

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it listens, as people write it."""
        return tuple(self.server.addresses)

    def stop(self, grace: float) -> None:
        """Ends; what is being answered has ``grace`` seconds."""
        with contextlib.suppress(FutureTimeoutError):
            self._thread.do(self.server.stop(grace), 2 * grace)
        self._thread.end()
