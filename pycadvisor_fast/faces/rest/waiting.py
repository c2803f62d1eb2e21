"""Work for streams, which wait for a free worker instead of being refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from ..http.context import BusyError, Context

Result = TypeVar("Result")
_PAUSE_S = 0.2


async def when_free(context: Context, call: Callable[[], Result]) -> Result:
    """``call()`` in a worker, as soon as one can be had."""
    while True:
        try:
            return await context.run(call)
        except BusyError:
            await asyncio.sleep(_PAUSE_S)
