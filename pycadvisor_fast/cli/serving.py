"""The gRPC server on an event loop in a thread of its own, so that the main thread is free for signals."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..faces.grpc import GrpcServer, serve
from .addresses import AddressError

if TYPE_CHECKING:
    from ..door import Door
    from ..feed import Feed


class ServerThread:
    """Serves from construction to ``stop``. Raises AddressError when an address cannot be had."""

    def __init__(self, feed: Feed, listen: str, *, require_all: bool, door: Door | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="pcf-grpc", daemon=True)
        self._thread.start()
        try:
            self._server: GrpcServer = self._submit(_serve(feed, listen, require_all, door)).result()
        except BaseException as error:
            self._end()
            if isinstance(error, ConfigError):
                raise AddressError(str(error)) from error
            raise

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it listens, as clients write it."""
        return tuple(self._server.addresses)

    def stop(self, grace: float) -> None:
        """Ends all streams; those that do not take it within ``grace`` seconds are cut off."""
        with contextlib.suppress(FutureTimeoutError):
            self._submit(self._server.stop(grace)).result(timeout=2 * grace)
        self._end()

    def _submit(self, coroutine: object) -> Future:  # type: ignore[type-arg]
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)  # type: ignore[arg-type]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(1)
        if not self._thread.is_alive():
            self._loop.close()


async def _serve(feed: Feed, listen: str, require_all: bool, door: Door | None) -> GrpcServer:
    return await serve(feed, listen, require_all=require_all, door=door)
