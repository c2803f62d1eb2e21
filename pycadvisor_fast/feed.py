"""What a face may see: the protocol between the composition root and the faces. Plain declarations, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .container import Container
    from .sampling import Ring


class Feed(Protocol):
    """Read-only view of a running collector, safe to call from any thread.

    ``pycadvisor_fast.Collector`` is one; a face never sees more of it than this.
    """

    @property
    def ring(self) -> Ring:
        """The ring as numpy (see sampling.Ring); the C encoder maps the same files by ``ring.path``."""

    def containers(self) -> Sequence[Container]:
        """Live containers in ascending slot order: an immutable tuple, replaced (not changed) on changes."""

    def containers_version(self) -> int:
        """Grows whenever ``containers()`` would answer differently: compare before recomputing a selection."""

    def add_tick_listener(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Calls ``listener(tick)`` from a collector thread after each pass; it must only hand over and return.

        Returns a function that removes it.
        """

    def sample(self) -> int:
        """An extra pass now: returns the number of a tick that began after the call (blocking, seconds at most)."""

    def host(self) -> Mapping[str, Any]:
        """Facts and plan as plain data: {"facts": {...}, "plan": {...}, "notes": [...]}; see docs/architecture.md."""

    def status(self) -> Mapping[str, Any]:
        """Own cost and state as plain data: ticks, lateness, cpu, slots, ring bytes, runtimes, watch, subscribers."""
