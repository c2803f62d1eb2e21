"""Container statistics many times a second, for almost nothing.

``Collector`` samples this host; ``attach`` maps a running collector's ring, ``attach_events`` its event log; ``Client``
and ``AsyncClient`` subscribe over gRPC. They are imported when first used: ``import pycadvisor_fast`` alone loads
neither numpy nor grpc.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import AsyncClient as AsyncClient
    from .client import Client as Client
    from .collector import Collector as Collector
    from .container import Container as Container
    from .event import Event as Event
    from .events import attach_events as attach_events
    from .options import CollectorOptions as CollectorOptions
    from .sampling import attach as attach

__version__ = "0.1.0"

_HOMES = {
    "AsyncClient": "client",
    "Client": "client",
    "Collector": "collector",
    "CollectorOptions": "options",
    "Container": "container",
    "Event": "event",
    "attach": "sampling",
    "attach_events": "events",
}
__all__ = [
    "AsyncClient",
    "Client",
    "Collector",
    "CollectorOptions",
    "Container",
    "Event",
    "__version__",
    "attach",
    "attach_events",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
