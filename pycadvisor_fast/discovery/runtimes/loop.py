"""The thread "pcf-runtimes": one asyncio loop for all runtimes, apart from any loop of the embedding program."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from ...filesystem import TreeUsage
from . import IdentitySink, Runtime

log = logging.getLogger(__name__)

RESTART_S = 1.0  # after a runtime adapter failed in a way it should not


class RuntimeLoop:
    """Runs runtimes until stopped. ``ask`` and ``forget`` may be called from any thread and never block."""

    def __init__(self, runtimes: Sequence[Runtime], sink: IdentitySink) -> None:
        self._runtimes = tuple(runtimes)
        self._sink = sink
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the thread; a no-op without runtimes."""
        if not self._runtimes or self._thread is not None:
            return
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(self._loop,), name="pcf-runtimes", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cancels what runs and ends the thread."""
        thread, loop = self._thread, self._loop
        if thread is None or loop is None:
            return
        self._loop = self._thread = None
        loop.call_soon_threadsafe(_cancel_all, loop)
        thread.join()

    def ask(self, runtime: str, ident: str) -> None:
        """A cgroup of ``runtime`` (as its path says) with this id has appeared."""
        for engine in self._runtimes:
            self._call(engine.ask, ident, runtime)

    def forget(self, ident: str) -> None:
        """The cgroup with this id is gone."""
        for engine in self._runtimes:
            self._call(engine.forget, ident)

    def layer_usage(self, ident: str, cgroup: str) -> Future[TreeUsage | None]:
        """What the first runtime says that keeps a figure of this container's layer: see Runtime. Never blocks."""
        loop, asking = self._loop, self._layer_usage(ident, cgroup)
        try:
            if loop is not None:
                return asyncio.run_coroutine_threadsafe(asking, loop)
        except RuntimeError:  # the loop was closed in this moment
            pass
        asking.close()
        nothing: Future[TreeUsage | None] = Future()
        nothing.set_result(None)
        return nothing

    def status(self) -> dict[str, Any]:
        """State of each runtime by name."""
        return {engine.name: engine.status() for engine in self._runtimes}

    async def _layer_usage(self, ident: str, cgroup: str) -> TreeUsage | None:
        for engine in self._runtimes:
            usage = await engine.layer_usage(ident, cgroup)
            if usage is not None:
                return usage
        return None

    def _call(self, function: Callable[..., None], *arguments: str) -> None:
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(function, *arguments)
            except RuntimeError:  # the loop was closed in this moment
                pass

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(self._main())
        except asyncio.CancelledError:
            pass  # stop() was called
        finally:
            loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop), return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
            asyncio.set_event_loop(None)
            loop.close()

    async def _main(self) -> None:
        await asyncio.gather(*(self._keep(engine) for engine in self._runtimes), return_exceptions=True)

    async def _keep(self, engine: Runtime) -> None:
        while True:
            try:
                await engine.run(self._sink)
            except Exception as error:
                engine.set_state("error", f"{type(error).__name__}: {error}")
                log.exception("runtime %s failed; starting it again in %g s", engine.name, RESTART_S)
            await asyncio.sleep(RESTART_S)


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
