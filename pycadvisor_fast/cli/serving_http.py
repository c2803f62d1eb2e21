"""HTTP beside gRPC: sockets bound before anything is started, then a server on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ConfigError, MissingDependencyError
from ..faces.http import listening
from ..faces.http.server import HttpServer, check_installed, serve
from ..faces.http.settings import HttpSettings, http_settings
from .addresses import AddressError

if TYPE_CHECKING:
    from ..config import Settings
    from ..door import Door
    from ..faces.http.listening import Listener
    from ..feed import Feed

log = logging.getLogger(__name__)

_Result = TypeVar("_Result")
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
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="pcf-http", daemon=True)
        self._thread.start()
        try:
            self.server: HttpServer = self._do(serve(feed, doorway.listeners, doorway.settings, door))
        except BaseException:
            self._end()
            raise

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it listens, as people write it."""
        return tuple(self.server.addresses)

    def stop(self, grace: float) -> None:
        """Ends; what is being answered has ``grace`` seconds."""
        with contextlib.suppress(FutureTimeoutError):
            self._do(self.server.stop(grace), 2 * grace)
        self._end()

    def _do(self, coroutine: Coroutine[Any, Any, _Result], timeout: float | None = None) -> _Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout)

    def _run(self) -> None:
        # Python tells the kernel its threads' names from 3.14 on only.
        with contextlib.suppress(OSError):
            Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text("pcf-http", encoding="ascii")
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(1)
        if not self._thread.is_alive():
            self._loop.close()
