"""Asking a runtime what a layer holds that has no directory on the host."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import replace

from ..filesystem import TreeUsage
from .trees import Asked

Ask = Callable[[str, str], "Future[TreeUsage | None]"]
"""(id, cgroup path) -> what the runtime says; None: no runtime knows it."""

_LIMIT_S = 60.0  # a runtime's own time limit is shorter; this one is for a loop that is busy
_SLICE_S = 0.2  # how soon it is noticed that all ends
_UNKNOWN = "its runtime says neither where it is nor what it holds"


def nobody(ident: str, cgroup: str) -> Future[TreeUsage | None]:
    """An ``Ask`` that no runtime answers."""
    future: Future[TreeUsage | None] = Future()
    future.set_result(None)
    return future


def layer_of(ask: Ask, asked: Asked, is_ending: Callable[[], bool], limit_s: float = _LIMIT_S) -> tuple[TreeUsage, int]:
    """What the runtime says, and how long (ns) it was at work for it; an error where it says nothing."""
    begun = time.monotonic_ns()
    usage = _waited(ask(*asked), begun + round(limit_s * 1e9), is_ending)
    took_ns = time.monotonic_ns() - begun
    if usage is None:
        return TreeUsage("layer", "", error=_UNKNOWN), took_ns
    if usage.error:
        return usage, took_ns
    return replace(usage, measured_ns=time.time_ns(), took_ns=took_ns), took_ns


def _waited(future: Future[TreeUsage | None], end_ns: int, is_ending: Callable[[], bool]) -> TreeUsage | None:
    while not is_ending() and time.monotonic_ns() < end_ns:
        try:
            return future.result(_SLICE_S)
        except TimeoutError:
            continue
        except CancelledError:
            return TreeUsage("layer", "", error="ended")
        except Exception as error:
            return TreeUsage("layer", "", error=str(error) or type(error).__name__)
    future.cancel()
    return TreeUsage("layer", "", error="ended" if is_ending() else "its runtime does not answer")
