"""A runtime whose module is imported when its socket is there: grpcio costs 70 ms and 20 MB, most hosts have none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...filesystem import TreeUsage
from ...options import parse_endpoint
from . import MISSING, IdentitySink, Runtime

log = logging.getLogger(__name__)

LOOK_S = 0.5  # how often the socket is looked for: one stat


class DeferredRuntime(Runtime):
    """Stands for the runtime called ``name`` at ``endpoint`` until ``make`` can be called for it, then hands all over.

    ``make`` is called in a thread of its own, once, and may take its time to import; what it raises ends ``run``.
    """

    def __init__(self, name: str, endpoint: str, make: Callable[[], Runtime]) -> None:
        super().__init__()
        self.name = name
        self._endpoint = parse_endpoint(endpoint, name)
        self._make = make
        self._made: Runtime | None = None
        self._alive: dict[str, str] = {}  # what was asked before

    async def run(self, sink: IdentitySink) -> None:
        """See Runtime."""
        while self._made is None:
            if self._endpoint.path and not Path(self._endpoint.path).exists():
                if self.set_state(MISSING, f"{self._endpoint}: No such file or directory"):
                    log.debug("%s is missing (%s)", self.name, self._endpoint)
                await asyncio.sleep(LOOK_S)
                continue
            self._made = await asyncio.to_thread(self._make)
            for ident, runtime in self._alive.items():
                self._made.ask(ident, runtime)
            self._alive.clear()
        await self._made.run(sink)

    def ask(self, ident: str, runtime: str) -> None:
        """See Runtime."""
        if self._made is not None:
            self._made.ask(ident, runtime)
        else:
            self._alive[ident] = runtime

    def forget(self, ident: str) -> None:
        """See Runtime."""
        if self._made is not None:
            self._made.forget(ident)
        else:
            self._alive.pop(ident, None)

    async def layer_usage(self, ident: str, cgroup: str) -> TreeUsage | None:
        """See Runtime."""
        return await self._made.layer_usage(ident, cgroup) if self._made is not None else None

    def known(self) -> int:
        """See Runtime."""
        return self._made.known() if self._made is not None else 0

    def status(self) -> dict[str, Any]:
        """See Runtime."""
        return self._made.status() if self._made is not None else super().status()
