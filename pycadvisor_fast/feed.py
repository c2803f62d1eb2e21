"""What a face may see: the protocol between the composition root and the faces. Plain declarations, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .container import Container
    from .events import Bus
    from .filesystem import Storage
    from .machine.model import Machine
    from .process import ProcessList
    from .sampling import Ring
    from .spec import Spec
    from .views.summary import Summary


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

    def is_followed(self, path: str) -> bool:
        """Whether the options let a cgroup at this path be followed; it need not be there (any more)."""

    def specs(self) -> Sequence[Spec]:
        """What the live containers are allowed, in ascending slot order; the same objects until something changes."""

    def processes(self, *containers: str, recursive: bool = True, fds: bool = False) -> ProcessList:
        """What runs in the containers called so (none: on the machine); see Collector.processes. Reads /proc."""

    def add_tick_listener(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Calls ``listener(tick)`` from a collector thread after each pass; it must only hand over and return.

        Returns a function that removes it.
        """

    @property
    def events_bus(self) -> Bus | None:
        """What happens, and what happened (see events.Bus); None: events are switched off."""

    def sample(self) -> int:
        """An extra pass now: returns the number of a tick that began after the call (blocking, seconds at most)."""

    def filesystems(self, *, fresh: bool = False) -> Storage:
        """Filesystems, block devices and what containers hold on disk; ``fresh``: asks the filesystems now (blocking,
        seconds at most)."""

    def summary(self, metrics: Sequence[str] = ()) -> Mapping[str, Summary]:
        """By metric: averages and percentiles of all containers over the last minute, hour and day (blocking, tens of
        milliseconds). Raises SelectionError for a name that is no metric."""

    def host(self) -> Mapping[str, Any]:
        """Facts and plan as plain data: {"facts": {...}, "plan": {...}, "notes": [...]}; see docs/architecture.md."""

    def machine(self, *, fresh: bool = False) -> Machine:
        """What the host is, as last read (see machine.model); ``fresh``: reads it again first. It may block."""

    def status(self) -> Mapping[str, Any]:
        """Own cost and state as plain data: ticks, lateness, cpu, slots, ring bytes, runtimes, watch, subscribers."""
