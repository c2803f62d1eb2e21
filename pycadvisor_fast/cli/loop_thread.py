"""An event loop in a thread of its own, so that the main thread is free for signals."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class LoopThread:
    """Runs from construction to ``end``."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, coroutine: Coroutine[Any, Any, _Result], timeout: float | None = None) -> _Result:
        """What the coroutine gives, run in the loop. Raises concurrent.futures.TimeoutError, and what it raises."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout)

    def end(self) -> None:
        """Stops the loop; one that does not stop within a second is left to end with the process."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(1)
        if not self._thread.is_alive():
            self._loop.close()

    def _run(self) -> None:
        # Python tells the kernel its threads' names from 3.14 on only.
        with contextlib.suppress(OSError):
            name = self._thread.name
            Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(name, encoding="ascii")
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
