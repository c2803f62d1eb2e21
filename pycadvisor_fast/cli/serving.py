"""The gRPC server in a thread of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..faces.grpc import GrpcServer, serve
from .addresses import AddressError
from .loop_thread import LoopThread

if TYPE_CHECKING:
    from ..door import Door
    from ..feed import Feed


class ServerThread:
    """Serves from construction to ``stop``. Raises AddressError when an address cannot be had."""

    def __init__(self, feed: Feed, listen: str, *, require_all: bool, door: Door | None = None) -> None:
        self._thread = LoopThread("pcf-grpc")
        try:
            self._server: GrpcServer = self._thread.do(serve(feed, listen, require_all=require_all, door=door))
        except BaseException as error:
            self._thread.end()
            if isinstance(error, ConfigError):
                raise AddressError(str(error)) from error
            raise

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it listens, as clients write it."""
        return tuple(self._server.addresses)

    def beside_http(self, status: Callable[[], Mapping[str, int]]) -> None:
        """See GrpcServer."""
        self._server.beside_http(status)

    def stop(self, grace: float) -> None:
        """Ends all streams; those that do not take it within ``grace`` seconds are cut off."""
        with contextlib.suppress(FutureTimeoutError):
            self._thread.do(self._server.stop(grace), 2 * grace)
        self._thread.end()
