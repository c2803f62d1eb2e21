"""The gRPC face: containers' statistics as streams. See docs/grpc.md."""

from __future__ import annotations

from .server import DEFAULT_LISTEN, GrpcServer, serve

__all__ = ["DEFAULT_LISTEN", "GrpcServer", "serve"]
