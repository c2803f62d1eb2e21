"""The gRPC face: containers' statistics as streams. See docs/grpc.md.

grpc itself is imported with the first of these names, not with the package: ``addresses`` needs none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import DEFAULT_LISTEN, GrpcServer, serve

__all__ = ["DEFAULT_LISTEN", "GrpcServer", "serve"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import server

    return getattr(server, name)
